/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_look.c - what is new since the last look: sites and circuits, their newest
 * intervals, and which days have records that were not folded.
 *
 * Invariant: the cursor moves only behind records whose days are marked; marks that were
 * not worked off are found again after a start, for the cursor is kept with them. */
#include "roomkeeper_private.h"

#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <fold.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    POSITIONS_MAX = 20000, /* of one look */
    DAY_S = 86400
};

/* ---- lists -----------------------------------------------------------------------------
 */

static int by_site(const void *a, const void *b)
{
    const struct keep_site *const *x = a;
    const struct keep_site *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static int by_circuit(const void *a, const void *b)
{
    const struct keep_circuit *const *x = a;
    const struct keep_circuit *const *y = b;
    int c = strcmp((*x)->site_id, (*y)->site_id);

    return c ? c : strcmp((*x)->name, (*y)->name);
}

static const struct bw_room_spell never = {.since_unix_s = BW_UNKNOWN,
                                           .until_unix_s = BW_UNKNOWN};

/* Appended, to be sorted when all are there. */
static struct keep_site *add_site(struct bw_roomkeeper *k, const char *id)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
    void *room = bw_grow(k->sites, k->n_sites, &k->cap_sites, sizeof(*k->sites));
    struct keep_site *s = room ? calloc(1, sizeof(*s)) : NULL;

    k->sites = room ? room : k->sites;
    if (!s) {
        return NULL;
    }
    (void)snprintf(s->id, sizeof(s->id), "%s", id);
    (void)snprintf(s->row.id, sizeof(s->row.id), "%s", id);
    s->row.freshness = BW_NEVER;
    s->row.last_received_unix_ms = BW_UNKNOWN;
    s->row.last_end_unix_s = BW_UNKNOWN;
    s->row.interval_s = BW_UNKNOWN;
    s->first_start_unix_s = BW_UNKNOWN;
    s->fork_unix_s = BW_UNKNOWN;
    for (int i = 0; i < BW_ROOM_BELOW; i++) {
        s->spell[i] = never;
    }
    s->number = (uint32_t)k->n_sites; /* none ever goes */
    k->sites[k->n_sites++] = s;
    return s;
}

static struct keep_circuit *
add_circuit(struct bw_roomkeeper *k, const char *site, const char *name)
{
    void *room =
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        bw_grow(k->circuits, k->n_circuits, &k->cap_circuits, sizeof(*k->circuits));
    struct keep_circuit *c = room ? calloc(1, sizeof(*c)) : NULL;

    k->circuits = room ? room : k->circuits;
    if (!c) {
        return NULL;
    }
    (void)snprintf(c->site_id, sizeof(c->site_id), "%s", site);
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    c->id = BW_UNKNOWN;
    c->day = BW_UNKNOWN;
    c->filled_from_day = BW_UNKNOWN;
    c->month = BW_UNKNOWN;
    c->merged_day = BW_UNKNOWN;
    c->students = BW_UNKNOWN;
    c->newest_test_ms = BW_UNKNOWN;
    bw_room_day_init(&c->today);
    bw_room_day_init(&c->yesterday);
    bw_room_day_init(&c->merged);
    for (int i = 0; i < BW_ROOM_CONDITIONS - BW_ROOM_BELOW; i++) {
        c->spell[i] = never;
    }
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        c->claim_seen[way] = BW_UNKNOWN;
    }
    k->circuits[k->n_circuits++] = c;
    return c;
}

/* Those of the catalogue; a site that left it stays as long as the ledger has it. */
static int look_sites(struct bw_roomkeeper *k)
{
    size_t n = 0;
    const struct bw_known_site *list = bw_known_sites(k->known, &n);
    size_t sorted = k->n_sites;

    for (size_t i = 0; i < k->n_sites; i++) {
        k->sites[i]->named = false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t all = k->n_sites;
        k->n_sites = sorted; /* only those are sorted */
        struct keep_site *s = bw_keep_site(k, list[i].site.id);
        k->n_sites = all;
        s = s ? s : add_site(k, list[i].site.id);
        if (!s) {
            return -ENOMEM;
        }
        s->named = true;
        s->zone = NULL; /* calendars may be others */
    }
    if (k->n_sites > sorted) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        qsort(k->sites, k->n_sites, sizeof(*k->sites), by_site);
    }
    return 0;
}

/* ---- what the catalogue says ------------------------------------------------------------
 */

static void refill(struct keep_circuit *c)
{
    c->asked = false;
    c->merged_day = BW_UNKNOWN;
    if (c->day != BW_UNKNOWN) {
        c->dirty |= 3; /* today and yesterday at once; the others in their turn */
        c->filled_from_day = c->day + 1;
        c->months_due = BW_KEEP_MONTHS_DUE;
        c->unkept = true;
    }
}

static void on_said(void *owner, const char *about)
{
    struct bw_roomkeeper *k = owner;
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    char site[BW_SITE_MAX + 1];
    size_t n = k->n_circuits;
    struct keep_circuit **list = k->circuits;

    if (about) {
        (void)snprintf(id, sizeof(id), "%s", strchr(about, ':') + 1);
        (void)snprintf(site, sizeof(site), "%.*s", (int)strcspn(id, "."), id);
        list = bw_keep_circuits_of(k, site, &n);
    }
    for (size_t i = 0; i < n; i++) {
        refill(list[i]);
    }
}

static int look_catalogue(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    bool changed = false;
    int r = bw_known_refresh(k->known, &k->said, on_said, k, &changed, reterr);

    if (r < 0 || !changed) {
        return r;
    }
    if (bw_known_claims_mark(k->known) != k->claims_mark) {
        if (k->claims_mark != 0) {
            on_said(k, NULL);
        }
        k->claims_mark = bw_known_claims_mark(k->known);
    }
    r = look_sites(k);
    return r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
}

/* ---- newest intervals -------------------------------------------------------------------
 */

struct walk {
    struct bw_roomkeeper *k;
    size_t sorted;
    size_t at;
};

static int on_ledger_site(void *owner, const struct bw_ledger_site *x)
{
    struct walk *w = owner;
    struct bw_roomkeeper *k = w->k;
    size_t all = k->n_sites;

    k->n_sites = w->sorted;
    struct keep_site *s = bw_keep_site(k, x->site);
    k->n_sites = all;
    s = s ? s : add_site(k, x->site);
    if (!s) {
        return -ENOMEM;
    }
    s->heard = true;
    s->row.last_received_unix_ms = x->received_unix_ms;
    s->row.last_end_unix_s = x->end_unix_s;
    s->row.interval_s = x->usual_s;
    s->row.clock_bad = x->clock_known && !x->clock_synced;
    memcpy(s->row.agent, x->agent, sizeof(s->row.agent));
    return 0;
}

static int on_ledger_circuit(void *owner, const struct bw_ledger_circuit *x)
{
    struct walk *w = owner;
    struct bw_roomkeeper *k = w->k;
    struct keep_circuit *c = NULL;

    /* Both lists are by site and name: the place moves along. */
    while (w->at < w->sorted) {
        int d = strcmp(k->circuits[w->at]->site_id, x->site);
        d = d ? d : strcmp(k->circuits[w->at]->name, x->facts.id);
        if (d >= 0) {
            c = d == 0 ? k->circuits[w->at] : NULL;
            break;
        }
        w->at++;
    }
    c = c ? c : add_circuit(k, x->site, x->facts.id);
    if (!c) {
        return -ENOMEM;
    }
    c->facts = x->facts;
    c->now_start_unix_s = x->start_unix_s;
    c->now_end_unix_s = x->end_unix_s;
    c->first_start_unix_s = x->first_start_unix_s;
    c->now_p50_us = x->latency_p50_us;
    c->now_out = x->silent;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        if (x->test[way].at_unix_ms > c->newest_test_ms) {
            c->hurry = true;
            c->newest_test_ms = x->test[way].at_unix_ms;
        }
    }
    return 0;
}

static int name_circuits(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int r = bw_roomstore_begin(k->store, reterr);

    for (size_t i = 0; r == 0 && i < k->n_circuits; i++) {
        struct keep_circuit *c = k->circuits[i];
        if (c->id == BW_UNKNOWN) {
            r = bw_roomstore_circuit(k->store, c->site_id, c->name, &c->id, reterr);
        }
    }
    r = r < 0 ? r : bw_roomstore_commit(k->store, reterr);
    if (r < 0) {
        bw_roomstore_rollback(k->store);
    }
    return r;
}

static int join(struct bw_roomkeeper *k)
{
    for (size_t i = 0; i < k->n_circuits; i++) {
        struct keep_circuit *c = k->circuits[i];
        struct keep_site *s = bw_keep_site(k, c->site_id);
        if (!s) {
            s = add_site(k, c->site_id);
            if (!s) {
                return -ENOMEM;
            }
            /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
            qsort(k->sites, k->n_sites, sizeof(*k->sites), by_site);
        }
        c->site = s;
        if (c->first_start_unix_s != BW_UNKNOWN &&
            (s->first_start_unix_s == BW_UNKNOWN ||
             c->first_start_unix_s < s->first_start_unix_s)) {
            s->first_start_unix_s = c->first_start_unix_s;
        }
    }
    return 0;
}

static void judge_sites(struct bw_roomkeeper *k)
{
    for (size_t i = 0; i < k->n_sites; i++) {
        struct keep_site *s = k->sites[i];
        const struct bw_known_site *known = bw_known_site(k->known, s->id);
        s->row.freshness =
            known && known->site.state == BW_SITE_RETIRED ? BW_RETIRED : BW_NEVER;
        if (s->heard && s->row.freshness != BW_RETIRED) {
            bw_site_row_judge(&s->row, k->now_unix_ms);
        }
    }
}

static int look_newest(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    struct bw_ledger *l = bw_known_ledger(k->known);
    struct walk w = {.k = k, .sorted = k->n_sites};
    size_t before = k->n_circuits;
    int r = l->ops->sites(l, NULL, on_ledger_site, &w, reterr);

    if (k->n_sites > w.sorted) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        qsort(k->sites, k->n_sites, sizeof(*k->sites), by_site);
    }
    if (r < 0) {
        return r;
    }
    w = (struct walk){.k = k, .sorted = k->n_circuits};
    r = l->ops->circuits(l, NULL, on_ledger_circuit, &w, reterr);
    if (k->n_circuits > before) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        qsort(k->circuits, k->n_circuits, sizeof(*k->circuits), by_circuit);
        r = r < 0 ? r : join(k);
        r = r < 0 ? r : name_circuits(k, reterr);
    }
    judge_sites(k);
    return r;
}

/* ---- days with new records --------------------------------------------------------------
 */

int64_t bw_keep_day_of(const struct keep_circuit *c, int64_t unix_s)
{
    struct bw_civil t;

    bw_tz_local(c->site->zone, unix_s, &t);
    return bw_civil_days(t.year, t.month, t.day);
}

static void mark_day(struct keep_circuit *c, int64_t day)
{
    int64_t ago = c->day - day;

    bw_keep_months_mark(c, day);
    if (ago >= 0 && ago < BW_KEEP_DIRTY_DAYS) {
        c->dirty |= UINT32_C(1) << ago;
    } else if (ago >= BW_KEEP_DIRTY_DAYS && c->filled_from_day <= day) {
        c->filled_from_day = day + 1; /* from there down once more */
        c->unkept = true;
    }
}

static int on_record(void *owner, const struct bw_record *rec)
{
    struct bw_roomkeeper *k = owner;
    size_t n = 0;
    struct keep_circuit **list = bw_keep_circuits_of(k, rec->site, &n);

    for (size_t i = 0; i < n; i++) {
        if (list[i]->day != BW_UNKNOWN) {
            mark_day(list[i], bw_keep_day_of(list[i], rec->start_unix_s));
            /* it may tell of a run, or of the end of an outage, of before its start */
            mark_day(list[i], bw_keep_day_of(list[i], rec->start_unix_s - BW_FOLD_TAIL_S));
        }
    }
    return 0;
}

static int look_records(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    struct bw_ledger *l = bw_known_ledger(k->known);
    struct bw_ledger_stat stat;
    int r = l->ops->stat(l, &stat, reterr);

    if (r < 0) {
        return r;
    }
    k->ledger = stat;
    if (k->cursor == BW_UNKNOWN || k->cursor > stat.n_positions) {
        k->cursor = stat.n_positions; /* all days are to be filled anyway */
    }
    for (int i = 0; r == 0 && k->cursor < stat.n_positions && i < POSITIONS_MAX; i++) {
        r = l->ops->at(l, k->cursor, on_record, k, reterr);
        r = r == -ENOENT || r == -BW_EMALFORMED ? 0 : r; /* one that is damaged */
        k->cursor += r == 0;
        if (r == 0 && i % 64 == 63 && !bw_keep_rest(k)) {
            break;
        }
    }
    return r;
}

/* ---- which day it is --------------------------------------------------------------------
 */

static int place(struct bw_roomkeeper *k, struct keep_circuit *c, struct bw_err *reterr)
{
    int r = 0;

    if (!c->site->zone) {
        r = bw_known_zone(k->known, c->site_id, &c->site->zone, reterr);
    }
    if (r < 0) {
        return r;
    }
    int64_t today = bw_keep_day_of(c, k->now_unix_ms / 1000);
    int64_t by = c->day == BW_UNKNOWN ? 0 : today - c->day;
    if (c->day == BW_UNKNOWN) {
        c->dirty = 3;
        c->filled_from_day = today + 1;
    } else if (by > 0) {
        c->asked = false; /* what is claimed from today on */
        c->yesterday = c->today;
        if (by > 1) {
            bw_room_day_init(&c->yesterday);
        }
        bw_room_day_init(&c->today);
        c->dirty = by < BW_KEEP_DIRTY_DAYS ? c->dirty << by | 3 : 3;
        if (by >= BW_KEEP_DIRTY_DAYS) {
            c->filled_from_day = today + 1;
        }
    }
    c->day = by < 0 ? c->day : today; /* a clock that was set back changes no day */
    bw_keep_months_place(c);
    return 0;
}

int bw_keep_look(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int r = look_catalogue(k, reterr);

    r = r < 0 ? r : look_newest(k, reterr);
    if (r == 0 && !k->placed) {
        r = bw_keep_load(k, reterr);
    }
    for (size_t i = 0; r == 0 && i < k->n_circuits; i++) {
        r = place(k, k->circuits[i], reterr);
    }
    r = r < 0 ? r : look_records(k, reterr);
    return r < 0 ? r : bw_keep_forks(k, reterr);
}
