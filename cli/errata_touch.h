/* SPDX-License-Identifier: GPL-3.0-or-later
 * errata_touch.h - which records of which circuits an erratum concerns. */
#ifndef BW_CLI_ERRATA_TOUCH_H
#define BW_CLI_ERRATA_TOUCH_H

#include "cli.h"
#include "docket_asked.h"

#include <errata.h>
#include <without.h>

struct errata_touched {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    struct bw_without_count count;
};

struct errata_touch {
    struct errata_touched *list; /* circuits with any, by site and name; owned */
    size_t n;
    size_t cap;
    int64_t n_circuits; /* looked at */
    struct bw_without_count sum;
};

/* Read every record that it may concern, of every circuit here. Progress on a terminal. 0,
 * or the exit status after a sentence. free() ret->list. */
int errata_touch_find(const struct bw_verb *v,
                      const struct bw_docket *d,
                      const struct bw_erratum_said *e,
                      struct errata_touch *ret);
/* A line a circuit, at most 40, and their sum. */
void errata_touch_print(const struct errata_touch *t, const struct bw_erratum *e);

#endif
