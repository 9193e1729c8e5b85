/* SPDX-License-Identifier: GPL-3.0-or-later
 * reply_view.h - a reply as verbs print it for people. */
#ifndef BW_CLI_REPLY_VIEW_H
#define BW_CLI_REPLY_VIEW_H

#include <catalogue.h>
#include <stdbool.h>

struct reply_view {
    bool whole; /* all of its words */
    size_t n;
};

/* For statements() and its kin, with the view as owner. */
int reply_view_each(void *owner, const struct bw_said *said);

#endif
