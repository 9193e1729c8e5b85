/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin_log.c - what the collector's log says, for a report from its ledger. */
#include "origin.h"
#include "origin_private.h"

#include <bw/err.h>
#include <logged.h>
#include <stdio.h>

int bw_origin_log(struct bw_origin *s, struct bw_log_facts *ret, struct bw_err *reterr)
{
    char folder[PATH_MAX];
    struct bw_logged_source source = {.ledger = s->ledger, .folder = folder};
    int r;

    *ret = (struct bw_log_facts){.there = false};
    if (!s->ledger) {
        return 0;
    }
    (void)snprintf(folder, sizeof(folder), "%.4000s/log", s->data);
    r = bw_logged_facts(&source, ret, reterr);
    return r < 0 ? bw_err_prefix(reterr, r, "the log") : 0;
}
