/* SPDX-License-Identifier: GPL-3.0-or-later
 * errata.c - the errata on file that may concern a circuit's records of a period.
 *
 * Invariant: whether one does concern a record only the record tells; here one is left out
 * for its key and its time alone. */
#include "errata.h"

#include <bw/err.h>
#include <errno.h>
#include <fold.h>
#include <said_list.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

struct reading {
    struct bw_said_list list;
    const char *site;
    const char *circuit;
    int64_t from_unix_s;
    int64_t to_unix_s;
};

int bw_erratum_take(const struct bw_statement *s,
                    struct bw_erratum_said *ret,
                    struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    if (s->kind != BW_STATEMENT_ERRATUM) {
        return bw_err_set(reterr, -EINVAL, "is no erratum");
    }
    if (!s->body) {
        return bw_err_set(reterr, -BW_ENEWER, "needs a newer reader");
    }
    int r = bw_erratum_decode(s->body, s->n_body, &ret->erratum, reterr);
    r = r < 0 ? r : bw_erratum_about_parse(s->about, &ret->about, reterr);
    r = r < 0 ? r : bw_erratum_check(&ret->about, &ret->erratum, reterr);
    if (r == 0) {
        (void)snprintf(ret->key, sizeof(ret->key), "%s", s->about);
        (void)snprintf(ret->by, sizeof(ret->by), "%s", s->by);
        ret->said_unix_s = s->said_unix_s;
        ret->position = BW_UNKNOWN;
    }
    return r;
}

/* A record that begins behind the period can tell of a run in it. */
static bool concerns(const struct reading *r, const struct bw_erratum_said *e)
{
    if (e->erratum.from_unix_s != BW_UNKNOWN &&
        e->erratum.from_unix_s >= r->to_unix_s + BW_FOLD_TAIL_S) {
        return false;
    }
    if (e->erratum.to_unix_s != BW_UNKNOWN && e->erratum.to_unix_s <= r->from_unix_s) {
        return false;
    }
    return !e->about.site[0] ||
           (strcmp(e->about.site, r->site) == 0 &&
            (!e->about.circuit[0] || strcmp(e->about.circuit, r->circuit) == 0));
}

static int take(void *owner, const struct bw_said *said)
{
    struct reading *r = owner;
    struct bw_erratum_said e;
    if (bw_erratum_take(said->statement, &e, NULL) < 0) {
        r->list.unread++;
        return 0;
    }
    if (!concerns(r, &e)) {
        return 0;
    }
    memcpy(e.id, said->id, sizeof(e.id));
    e.position = said->position;
    return bw_said_list_add(&r->list, &e);
}

int bw_errata_read(struct bw_catalogue *c,
                   const char *site,
                   const char *circuit,
                   int64_t from_unix_s,
                   int64_t to_unix_s,
                   int64_t as_of,
                   struct bw_erratum_said **ret,
                   size_t *ret_n,
                   int64_t *ret_unread,
                   struct bw_err *reterr)
{
    struct reading reading = {
        .list = {.size = sizeof(struct bw_erratum_said), .max = BW_ERRATA_MAX},
        .site = site,
        .circuit = circuit,
        .from_unix_s = from_unix_s,
        .to_unix_s = to_unix_s};
    int r = bw_said_list_read(
        c,
        &(struct bw_said_query){
            .kind = "erratum", .as_of = as_of != BW_UNKNOWN, .before_position = as_of},
        take, &reading, &reading.list, "errata of one period", reterr);
    if (r < 0) {
        return r;
    }
    *ret = reading.list.rows;
    *ret_n = reading.list.n;
    *ret_unread = reading.list.unread;
    return 0;
}
