/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_load.c - what room.db has of days, runs and risks, at the start.
 *
 * Invariant: days that were folded in another way, or of what was on file then and is not
 * now, are folded anew. */
#include "roomkeeper_private.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <grow.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    DAY_S = 86400
};

int bw_keep_run(struct bw_roomkeeper *k,
                struct keep_circuit *c,
                const struct bw_room_run *t)
{
    struct bw_kept_run *room;

    if (t->state == BW_TEST_DEFERRED &&
        t->at_unix_ms < k->now_unix_ms - BW_KEEP_PUT_OFF_MS) {
        return 0; /* there may be very many */
    }
    room = bw_grow(c->runs, c->n_runs, &c->cap_runs, sizeof(*room));
    if (!room) {
        return -ENOMEM;
    }
    c->runs = room;
    room[c->n_runs++] = (struct bw_kept_run){.at_unix_ms = t->at_unix_ms,
                                             .compared_bps = t->compared_bps,
                                             .claim_bps = t->claim_bps,
                                             .server = bw_keep_server(k, t->server),
                                             .direction = t->direction,
                                             .state = t->state,
                                             .apart = t->apart,
                                             .egress = t->egress,
                                             .retest = t->retest,
                                             .reason = bw_keep_reason(k, t->reason)};
    k->runs_changed = true;
    return 0;
}

/* ---- what room.db has -------------------------------------------------------------------
 */

struct load {
    struct bw_roomkeeper *k;
    struct keep_circuit **by_id; /* [n_ids] */
    size_t n_ids;
    int64_t passed_unix_s;
    bool usable; /* folded as they are folded now, of what is on file now */
};

static struct keep_circuit *of_id(const struct load *l, int64_t id)
{
    return id >= 0 && (size_t)id < l->n_ids ? l->by_id[id] : NULL;
}

static int on_circuit(void *owner, const struct bw_roomstore_circuit *x)
{
    struct load *l = owner;
    struct keep_circuit *c = of_id(l, x->id);
    int64_t gap;

    if (!c || !l->usable || x->filled_from_day == BW_UNKNOWN) {
        return 0;
    }
    gap = c->day - bw_keep_day_of(c, l->passed_unix_s);
    if (gap < 0 || gap >= BW_KEEP_DIRTY_DAYS - 1) {
        return 0;
    }
    c->filled_from_day = x->filled_from_day;
    c->dirty = (UINT32_C(2) << gap) - 1;
    if (x->months_at != BW_UNKNOWN && x->months_at <= c->month) {
        c->month = x->months_at;
        c->months_due = (uint32_t)x->months_due & BW_KEEP_MONTHS_DUE;
        bw_keep_months_place(c);
    }
    /* Days whose marks were lost may lie in the month before. */
    bw_keep_months_mark(c, c->day - gap);
    return 0;
}

static int on_month(void *owner, int64_t circuit, const struct bw_room_month *m)
{
    struct keep_circuit *c = of_id(owner, circuit);

    if (c && m->month < c->month) {
        bw_keep_months_put(c, m);
    }
    return 0;
}

static int on_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct keep_circuit *c = of_id(owner, circuit);

    if (c && d->day == c->day) {
        c->today = *d;
    } else if (c && d->day == c->day - 1) {
        c->yesterday = *d;
    }
    return 0;
}

static int on_merged(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct keep_circuit *c = of_id(owner, circuit);

    if (c) {
        c->merged = *d;
        c->merged_day = d->day == c->day - BW_ROOM_DAYS_MERGED ? c->day : BW_UNKNOWN;
    }
    return 0;
}

static int on_run(void *owner, int64_t circuit, const struct bw_room_run *t)
{
    struct load *l = owner;
    struct keep_circuit *c = of_id(l, circuit);

    return c ? bw_keep_run(l->k, c, t) : 0;
}

static int on_risk(void *owner, const struct bw_roomstore_risk *x)
{
    struct keep_circuit *c = of_id(owner, x->circuit);

    if (c) {
        c->risk = *x;
        c->students = x->students;
    }
    return 0;
}

static int place_all(struct bw_roomkeeper *k, struct load *l, struct bw_err *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < k->n_circuits; i++) {
        struct keep_circuit *c = k->circuits[i];
        if (!c->site->zone) {
            r = bw_known_zone(k->known, c->site_id, &c->site->zone, reterr);
        }
        if (r == 0) {
            c->day = bw_keep_day_of(c, k->now_unix_ms / 1000);
            c->filled_from_day = c->day + 1;
            c->dirty = 3;
            bw_keep_months_place(c);
            l->n_ids = (size_t)c->id >= l->n_ids ? (size_t)c->id + 1 : l->n_ids;
        }
    }
    l->by_id = calloc(l->n_ids + 1, sizeof(struct keep_circuit *));
    for (size_t i = 0; l->by_id && i < k->n_circuits; i++) {
        l->by_id[k->circuits[i]->id] = k->circuits[i];
    }
    return r < 0 ? r : l->by_id ? 0 : -ENOMEM;
}

static int load_marks(struct bw_roomkeeper *k, struct load *l, struct bw_err *reterr)
{
    int64_t facts = BW_UNKNOWN;
    int64_t said = BW_UNKNOWN;
    int64_t claims = BW_UNKNOWN;
    int r = bw_roomstore_get(k->store, "facts", &facts, reterr);

    r = r < 0 ? r : bw_roomstore_get(k->store, "said", &said, reterr);
    r = r < 0 ? r : bw_roomstore_get(k->store, "claims", &claims, reterr);
    r = r < 0 ? r : bw_roomstore_get(k->store, "cursor", &k->cursor, reterr);
    r = r < 0 ? r : bw_roomstore_get(k->store, "passed", &l->passed_unix_s, reterr);
    r = r < 0 ? r : bw_roomstore_get(k->store, "watched", &k->watched_since_unix_s, reterr);
    l->usable = facts == BW_FACTS_VERSION && said == k->said &&
                claims == (int64_t)(k->claims_mark >> 1) && k->cursor != BW_UNKNOWN &&
                l->passed_unix_s != BW_UNKNOWN;
    if (r == 0 && k->watched_since_unix_s == BW_UNKNOWN) {
        k->watched_since_unix_s = k->now_unix_ms / 1000;
        r = bw_roomstore_set(k->store, "watched", k->watched_since_unix_s, reterr);
    }
    return r < 0 ? r : bw_roomstore_set(k->store, "facts", BW_FACTS_VERSION, reterr);
}

int bw_keep_load(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int64_t day = k->now_unix_ms / 1000 / DAY_S;
    struct load l = {.k = k, .passed_unix_s = BW_UNKNOWN};
    int r = place_all(k, &l, reterr);

    r = r < 0 ? r : load_marks(k, &l, reterr);
    r = r < 0 ? r : bw_roomstore_circuits(k->store, on_circuit, &l, reterr);
    if (r == 0 && l.usable) {
        r = bw_roomstore_days(k->store, BW_UNKNOWN, BW_ROOM_SPAN_DAY, day - 3, day + 3,
                              on_day, &l, reterr);
        r = r < 0 ? r
                  : bw_roomstore_days(k->store, BW_UNKNOWN, BW_ROOM_SPAN_MERGED, day - 40,
                                      day + 1, on_merged, &l, reterr);
        r = r < 0 ? r
                  : bw_roomstore_runs(k->store, BW_UNKNOWN,
                                      k->now_unix_ms - BW_KEEP_RUNS_MS, on_run, &l, reterr);
        r = r < 0 ? r : bw_roomstore_risks(k->store, on_risk, &l, reterr);
        r = r < 0
                ? r
                : bw_roomstore_months(k->store, bw_keep_month_of(day - 1) - BW_ROOM_MONTHS,
                                      on_month, &l, reterr);
    }
    r = r < 0 ? r : bw_keep_load_spells(k, reterr);
    free(l.by_id);
    k->placed = r == 0;
    return r;
}
