/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin_find.c - which circuit is meant by what somebody typed.
 *
 * Invariant: a name is never guessed; two that fit are told as two. */
#include "origin.h"

#include <stdio.h>
#include <string.h>

static int look(void *owner, const struct bw_origin_circuit *c)
{
    struct bw_origin_found *f = owner;

    if (f->n < BW_ORIGIN_LISTED_MAX) {
        (void)snprintf(f->names[f->n], sizeof(f->names[0]), "%s.%s", c->site, c->circuit);
    }
    f->n++;
    if (f->n_match == 0 && (!f->site[0] || strcmp(f->site, c->site) == 0) &&
        (!f->circuit[0] || strcmp(f->circuit, c->circuit) == 0)) {
        f->from_unix_s = c->first_start_unix_s;
        f->to_unix_s = c->last_end_unix_s;
    }
    if ((!f->site[0] || strcmp(f->site, c->site) == 0) &&
        (!f->circuit[0] || strcmp(f->circuit, c->circuit) == 0)) {
        f->n_match++;
    }
    return 0;
}

/* The first that fits what was typed (and any site where nothing does). */
static int take(void *owner, const struct bw_origin_circuit *c)
{
    struct bw_origin_found *f = owner;

    if (f->n_match > 0 && ((f->site[0] && strcmp(f->site, c->site) != 0) ||
                           (f->circuit[0] && strcmp(f->circuit, c->circuit) != 0))) {
        return 0;
    }
    if (!f->site[0]) {
        memcpy(f->site, c->site, sizeof(f->site));
    }
    if (!f->circuit[0]) {
        memcpy(f->circuit, c->circuit, sizeof(f->circuit));
    }
    return 1;
}

int bw_origin_find(struct bw_origin *s,
                   const char *site,
                   const char *circuit,
                   struct bw_origin_found *ret,
                   struct bw_err *reterr)
{
    const char *dot = circuit ? strchr(circuit, '.') : NULL;
    int r;

    *ret = (struct bw_origin_found){.from_unix_s = BW_UNKNOWN, .to_unix_s = BW_UNKNOWN};
    (void)snprintf(ret->site, sizeof(ret->site), "%s", site ? site : "");
    if (dot && strncmp(circuit, "s-", 2) == 0) {
        if (!site) {
            (void)snprintf(ret->site, sizeof(ret->site), "%.*s", (int)(dot - circuit),
                           circuit);
        }
        circuit = dot + 1;
    }
    (void)snprintf(ret->circuit, sizeof(ret->circuit), "%s", circuit ? circuit : "");
    r = bw_origin_circuits(s, "", look, ret, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_origin_circuits(s, "", take, ret, reterr);
    return r < 0 ? r : 0;
}
