/* SPDX-License-Identifier: GPL-3.0-or-later
 * box_asked.h - verbs that ask this box's daemon: which configuration, which socket. */
#ifndef BW_CLI_BOX_ASKED_H
#define BW_CLI_BOX_ASKED_H

#include "boxconf.h"
#include "cli.h"

#include <jansson.h>

struct box_asked {
    const char *config; /* NULL: the usual one */
    const char *socket; /* NULL: the configuration's */
    bool as_json;
};

/* The configuration, with its time zone in force for this process; NULL: *ret_exit says how
 * to end. */
struct bw_boxconf *
box_asked_config(const struct bw_verb *v, const struct box_asked *a, int *ret_exit);

/* Ask, with `request` taken over; *ret is the answer without "ok". An enum bw_exit. */
int box_asked(const struct bw_verb *v,
              const struct box_asked *a,
              const struct bw_boxconf *c,
              json_t *request,
              json_t **ret);

/* A member that is a number, or BW_UNKNOWN; a text, or "". */
int64_t box_number(const json_t *o, const char *name);
const char *box_text(const json_t *o, const char *name);
/* "Mon 23 Nov 18:00" by the time zone in force. */
const char *box_local(int64_t unix_s, char out[64]);
/* The answer as one JSON document. */
void box_print_json(const json_t *o);

#endif
