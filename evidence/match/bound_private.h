/* SPDX-License-Identifier: GPL-3.0-or-later
 * bound_private.h - bindings with the versions of their claims, for bound.c and
 * bound_gather.c alone. */
#ifndef BW_BOUND_PRIVATE_H
#define BW_BOUND_PRIVATE_H

#include "bound.h"

#include <statement.h>

/* A binding and one version of its claim. */
struct bw_bound_kept {
    char about[BW_STATEMENT_ABOUT_MAX + 1]; /* "circuit:SITE.CIRCUIT" */
    struct bw_bound bound;
};

struct bw_bound_gathered {
    struct bw_bound_kept *list; /* free(); by circuit, first day, binding, version */
    size_t n;
    size_t cap;
    int64_t unread;
};

/* Bindings of a circuit (NULL: of all), with `ended` also those that hold no longer; with a
 * zone (of local days) each version of a claim that has days of its own by itself, without
 * one (NULL) the newest alone, which then has all days. Free the list in either case. */
int bw_bound_gather(struct bw_catalogue *c,
                    const char *circuit,
                    bool ended,
                    const struct bw_tz *tz,
                    struct bw_bound_gathered *g,
                    struct bw_err *reterr);

#endif
