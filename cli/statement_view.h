/* SPDX-License-Identifier: GPL-3.0-or-later
 * statement_view.h - statements as verbs print them: a line each, or whole, or as JSON. */
#ifndef BW_CLI_STATEMENT_VIEW_H
#define BW_CLI_STATEMENT_VIEW_H

#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <catalogue.h>
#include <json.h>

struct statement_view {
    bool json;
    bool single; /* one object, not an array */
    size_t n;
    struct bw_buf text;
    struct bw_jw w;
};

void statement_view_begin(struct statement_view *view, bool json);
/* Prints the JSON where it is that and `status` is 0; gives the verb's exit status. */
int statement_view_end(const struct bw_verb *v, struct statement_view *view, int status);

/* For statements() and its kin, with the view as owner: a line or an element of the array;
 * the whole for people; the bytes alone. */
int statement_view_line(void *owner, const struct bw_said *said);
int statement_view_whole(void *owner, const struct bw_said *said);
int statement_view_raw(void *owner, const struct bw_said *said);

/* Those that q asks for, each by `each` with a view as owner, which counts them; where
 * there is none people are told `none` and the folder's name. The verb's exit status. */
int statement_view_list(const struct bw_verb *v,
                        const struct bw_docket_asked *asked,
                        const struct bw_said_query *q,
                        bool json,
                        bw_said_cb each,
                        const char *none);

#endif
