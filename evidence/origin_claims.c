/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin_claims.c - what is claimed for a circuit: by claims that people bound to it, and
 * where none of them holds, as it was written down for the circuit itself.
 *
 * Invariant: at any instant one claim counts at most; none is dropped for want of room. */
#include "origin.h"
#include "origin_private.h"

#include <bound.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct merged {
    struct bw_report_claim *list;
    size_t n;
    size_t cap;
    bool full; /* there was one more */
};

static void put(struct merged *m, const struct bw_report_claim *c)
{
    if (m->n < m->cap) {
        m->list[m->n++] = *c;
    } else {
        m->full = true;
    }
}

static void put_bound(struct merged *m, const struct bw_bound_claim *b)
{
    struct bw_report_claim c = {.from_unix_s = b->from_unix_s,
                                .to_unix_s = b->to_unix_s,
                                .bps = {b->bps[BW_DOWN], b->bps[BW_UP]},
                                .layer = (enum bw_layer)b->layer};
    bw_bound_claim_words(b, c.origin, sizeof(c.origin));
    put(m, &c);
}

/* What of `c` lies outside all that is bound (which is in order, and apart). */
static void put_rest(struct merged *m,
                     const struct bw_report_claim *c,
                     const struct bw_bound_claim *bound,
                     size_t n)
{
    int64_t from = c->from_unix_s;
    for (size_t i = 0; i < n; i++) {
        struct bw_report_claim part = *c;
        bool before = from == BW_UNKNOWN || from < bound[i].from_unix_s;
        if (from != BW_UNKNOWN && bound[i].to_unix_s <= from) {
            continue;
        }
        if (c->to_unix_s != BW_UNKNOWN && bound[i].from_unix_s >= c->to_unix_s) {
            break;
        }
        if (before) {
            part.from_unix_s = from;
            part.to_unix_s = bound[i].from_unix_s;
            put(m, &part);
        }
        from = bound[i].to_unix_s;
    }
    if (c->to_unix_s == BW_UNKNOWN || from == BW_UNKNOWN || from < c->to_unix_s) {
        struct bw_report_claim part = *c;
        part.from_unix_s = from;
        put(m, &part);
    }
}

static int by_from(const void *a, const void *b)
{
    const struct bw_report_claim *x = a;
    const struct bw_report_claim *y = b;
    int64_t xs = x->from_unix_s == BW_UNKNOWN ? INT64_MIN : x->from_unix_s;
    int64_t ys = y->from_unix_s == BW_UNKNOWN ? INT64_MIN : y->from_unix_s;
    return (xs > ys) - (xs < ys);
}

int bw_origin_dated_claims(struct bw_origin *s,
                           const char *site,
                           const char *circuit,
                           const struct bw_tz *tz,
                           int64_t from_unix_s,
                           int64_t to_unix_s,
                           struct bw_report_claim *ret,
                           size_t cap,
                           size_t *ret_n,
                           char place[128],
                           struct bw_err *reterr)
{
    struct merged m = {.list = ret, .cap = cap};
    struct bw_report_claim *typed = calloc(cap, sizeof(*typed));
    struct bw_bound_claim *bound = NULL;
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    size_t n_typed = 0;
    size_t n_bound = 0;
    int r = 0;
    if (!typed) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    r = bw_origin_claims(s, site, circuit, from_unix_s, to_unix_s, typed, cap, &n_typed,
                         place, reterr);
    if (r == 0 && s->catalogue) {
        r = bw_bound_claims(s->catalogue, name, tz, from_unix_s, to_unix_s, &bound,
                            &n_bound, reterr);
    }
    if (r < 0) {
        goto out;
    }
    for (size_t i = 0; i < n_bound; i++) {
        put_bound(&m, &bound[i]);
    }
    for (size_t i = 0; i < n_typed; i++) {
        put_rest(&m, &typed[i], bound, n_bound);
    }
    if (m.full) {
        r = bw_origin_claims_full(cap, reterr);
        goto out;
    }
    if (m.n > 1) {
        qsort(m.list, m.n, sizeof(*m.list), by_from);
    }
    *ret_n = m.n;
out:
    free(typed);
    free(bound);
    return r;
}

int bw_claims_dated(struct bw_catalogue *c,
                    const char *site,
                    const char *circuit,
                    const struct bw_tz *tz,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_report_claim *ret,
                    size_t cap,
                    size_t *ret_n,
                    struct bw_err *reterr)
{
    struct bw_origin s = {.catalogue = c};
    char place[128];
    return bw_origin_dated_claims(&s, site, circuit, tz, from_unix_s, to_unix_s, ret, cap,
                                  ret_n, place, reterr);
}

int bw_origin_bindings(struct bw_origin *s,
                       const char *site,
                       const char *circuit,
                       const struct bw_tz *tz,
                       int64_t from_unix_s,
                       int64_t to_unix_s,
                       struct bw_bound **ret,
                       size_t *ret_n,
                       struct bw_err *reterr)
{
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    int64_t unread = 0;
    *ret = NULL;
    *ret_n = 0;
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    return s->catalogue ? bw_bound_list(s->catalogue, name, tz, from_unix_s, to_unix_s, ret,
                                        ret_n, &unread, reterr)
                        : 0;
}
