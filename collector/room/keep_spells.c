/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_spells.c - what began and what ended, of sites and circuits.
 *
 * Invariant: a spell changes only by something that tells; it begins when the records say
 * it began, not when it was noticed, wherever they say it. */
#include "roomkeeper_private.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one spell --------------------------------------------------------------------------
 */

static int keep(struct bw_roomkeeper *k,
                const char *scope,
                enum bw_room_condition what,
                const struct bw_room_spell *s,
                struct bw_err *reterr)
{
    struct bw_roomstore_spell row = {
        .what = what, .since_unix_s = s->since_unix_s, .until_unix_s = s->until_unix_s};

    (void)snprintf(row.scope, sizeof(row.scope), "%s", scope);
    return bw_roomstore_put_spell(k->store, &row, reterr);
}

/* true: it changed. */
static bool turn(struct bw_room_spell *s, enum bw_verdict verdict, int64_t at_unix_s)
{
    bool on = bw_room_spell_on(s);

    if (verdict == BW_VERDICT_ON && !on) {
        *s = (struct bw_room_spell){.since_unix_s = at_unix_s, .until_unix_s = BW_UNKNOWN};
        return true;
    }
    if (verdict == BW_VERDICT_ON && at_unix_s < s->since_unix_s) {
        s->since_unix_s = at_unix_s;
        return true;
    }
    if (verdict == BW_VERDICT_OFF && on) {
        s->until_unix_s = at_unix_s < s->since_unix_s ? s->since_unix_s : at_unix_s;
        return true;
    }
    return false;
}

static bool happen(struct bw_room_spell *s, int64_t at_unix_s)
{
    if (at_unix_s == BW_UNKNOWN ||
        (s->since_unix_s != BW_UNKNOWN && s->since_unix_s >= at_unix_s)) {
        return false;
    }
    *s = (struct bw_room_spell){.since_unix_s = at_unix_s, .until_unix_s = at_unix_s};
    return true;
}

/* ---- sites ------------------------------------------------------------------------------
 */

/* The stretch of unsynchronised intervals that its newest one ends, by its circuits. */
static int64_t unsynced_since(struct bw_roomkeeper *k, const struct keep_site *s)
{
    int64_t since = BW_UNKNOWN;
    size_t n = 0;
    struct keep_circuit **list = bw_keep_circuits_of(k, s->id, &n);

    for (size_t i = 0; i < n; i++) {
        const struct keep_circuit *c = list[i];
        int64_t at = c->today.unsynced_since_unix_s;
        bool all_day = at != BW_UNKNOWN && at <= c->today.from_unix_s;
        if (c->yesterday.unsynced_since_unix_s != BW_UNKNOWN &&
            (all_day || c->today.n_records == 0)) {
            at = c->yesterday.unsynced_since_unix_s;
        }
        since = at != BW_UNKNOWN && (since == BW_UNKNOWN || at < since) ? at : since;
    }
    return since == BW_UNKNOWN ? s->row.last_end_unix_s : since;
}

static int look_site(struct bw_roomkeeper *k, struct keep_site *s, struct bw_err *reterr)
{
    const struct bw_known_site *known = bw_known_site(k->known, s->id);
    bool gone = s->row.freshness == BW_RETIRED || s->row.freshness == BW_NEVER;
    int64_t heard_s = s->row.last_received_unix_ms == BW_UNKNOWN
                          ? BW_UNKNOWN
                          : s->row.last_received_unix_ms / 1000;
    bool changed[BW_ROOM_BELOW] = {false};
    int r = 0;

    if (gone) {
        for (int i = BW_ROOM_SILENT; i <= BW_ROOM_CLOCK; i++) {
            changed[i] = turn(&s->spell[i], BW_VERDICT_OFF, k->now_unix_ms / 1000);
        }
    } else {
        changed[BW_ROOM_SILENT] =
            turn(&s->spell[BW_ROOM_SILENT],
                 s->row.freshness == BW_SILENT ? BW_VERDICT_ON : BW_VERDICT_OFF, heard_s);
        changed[BW_ROOM_CLOCK] = turn(
            &s->spell[BW_ROOM_CLOCK], s->row.clock_bad ? BW_VERDICT_ON : BW_VERDICT_OFF,
            s->row.clock_bad ? unsynced_since(k, s) : s->row.last_end_unix_s);
    }
    if (known) {
        changed[BW_ROOM_MOVED] = happen(&s->spell[BW_ROOM_MOVED], known->moved_unix_s);
    }
    changed[BW_ROOM_CLONED] = happen(&s->spell[BW_ROOM_CLONED], s->fork_unix_s);
    for (int i = 0; r == 0 && i < BW_ROOM_BELOW; i++) {
        r = changed[i] ? keep(k, s->id, (enum bw_room_condition)i, &s->spell[i], reterr)
                       : 0;
    }
    return r;
}

/* ---- circuits ---------------------------------------------------------------------------
 */

static void
below(struct bw_roomkeeper *k, struct keep_circuit *c, uint32_t site, bool *ret_changed)
{
    struct bw_room_spell *s = &c->spell[0];
    int64_t since = INT64_MAX;
    int64_t until = INT64_MIN;
    bool off = false;

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        struct bw_below *b = &c->below[way];
        *b = bw_verdict_below(c->runs, c->n_runs, (enum bw_direction)way, k->server_hours,
                              site);
        if (b->verdict == BW_VERDICT_ON) {
            since = b->at_unix_s < since ? b->at_unix_s : since;
        } else if (b->verdict == BW_VERDICT_OFF) {
            off = true;
            until = b->at_unix_s > until ? b->at_unix_s : until;
        }
    }
    if (since != INT64_MAX) {
        *ret_changed = turn(s, BW_VERDICT_ON, since);
    } else if (off) {
        *ret_changed = turn(s, BW_VERDICT_OFF, until);
    }
}

static bool full(struct keep_circuit *c)
{
    struct bw_told_at now = bw_verdict_full(&c->today);

    if (now.verdict == BW_VERDICT_NOT_TOLD) {
        now = bw_verdict_full(&c->yesterday);
    }
    return turn(&c->spell[BW_ROOM_FULL - BW_ROOM_BELOW], now.verdict, now.at_unix_s);
}

/* Another speed than at the last look; the first look tells nothing. */
static bool claim(struct bw_roomkeeper *k, struct keep_circuit *c)
{
    int64_t now_s = k->now_unix_ms / 1000;
    int64_t bps[BW_DIRECTIONS] = {BW_UNKNOWN, BW_UNKNOWN};
    int64_t from = BW_UNKNOWN;
    bool changed = false;

    if (!c->asked) {
        return false;
    }
    for (size_t i = c->n_claims; i-- > 0;) {
        const struct bw_report_claim *x = &c->claims[i];
        if ((x->from_unix_s == BW_UNKNOWN || x->from_unix_s <= now_s) &&
            (x->to_unix_s == BW_UNKNOWN || now_s < x->to_unix_s)) {
            memcpy(bps, x->bps, sizeof(bps));
            from = x->from_unix_s;
            break;
        }
    }
    changed = c->claim_known && memcmp(bps, c->claim_seen, sizeof(bps)) != 0;
    memcpy(c->claim_seen, bps, sizeof(bps));
    c->claim_known = true;
    /* One that holds since within the last day changed then; an older one was filed now. */
    if (from == BW_UNKNOWN || from < now_s - 86400) {
        from = now_s;
    } else if (c->n_claims > 1) {
        changed = true;
    }
    return changed && happen(&c->spell[BW_ROOM_CLAIM - BW_ROOM_BELOW], from);
}

static int
look_circuit(struct bw_roomkeeper *k, struct keep_circuit *c, struct bw_err *reterr)
{
    bool changed[BW_ROOM_CONDITIONS - BW_ROOM_BELOW] = {false};
    int64_t now_s = k->now_unix_ms / 1000;
    struct bw_told_at told;
    char scope[BW_SITE_MAX + BW_NAME_MAX + 2];
    int r = 0;

    below(k, c, c->site->number, &changed[0]);
    changed[BW_ROOM_FULL - BW_ROOM_BELOW] = full(c);
    told = bw_verdict_egress(c->runs, c->n_runs);
    changed[BW_ROOM_EGRESS - BW_ROOM_BELOW] =
        turn(&c->spell[BW_ROOM_EGRESS - BW_ROOM_BELOW], told.verdict, told.at_unix_s);
    told = bw_verdict_deferred(c->runs, c->n_runs, now_s);
    changed[BW_ROOM_DEFERRED - BW_ROOM_BELOW] =
        turn(&c->spell[BW_ROOM_DEFERRED - BW_ROOM_BELOW], told.verdict, told.at_unix_s);
    changed[BW_ROOM_CLAIM - BW_ROOM_BELOW] = claim(k, c);
    if (c->merged_day != BW_UNKNOWN) {
        changed[BW_ROOM_AT_RISK - BW_ROOM_BELOW] =
            turn(&c->spell[BW_ROOM_AT_RISK - BW_ROOM_BELOW],
                 c->risk.rule[0] ? BW_VERDICT_ON : BW_VERDICT_OFF, c->risk.made_unix_s);
    }
    (void)snprintf(scope, sizeof(scope), "%s.%s", c->site_id, c->name);
    for (int i = 0; r == 0 && i < BW_ROOM_CONDITIONS - BW_ROOM_BELOW; i++) {
        r = changed[i] ? keep(k, scope, (enum bw_room_condition)(i + BW_ROOM_BELOW),
                              &c->spell[i], reterr)
                       : 0;
    }
    return r;
}

/* ---- forks, holes ---------------------------------------------------------------------
 */

static int on_fork(void *owner, const struct bw_ledger_fork *f)
{
    struct bw_roomkeeper *k = owner;
    struct keep_site *s = bw_keep_site(k, bw_known_site_of_key(k->known, f->kid));

    if (s) {
        s->n_forks++;
        s->fork_unix_s = f->received_unix_ms / 1000 > s->fork_unix_s
                             ? f->received_unix_ms / 1000
                             : s->fork_unix_s;
    }
    return 0;
}

static int on_hole(void *owner, const struct bw_ledger_hole *h)
{
    struct bw_roomkeeper *k = owner;
    struct keep_site *s = bw_keep_site(k, bw_known_site_of_key(k->known, h->kid));

    if (s) {
        s->n_holes++;
    }
    return 0;
}

/* Only when there are more of them than at the last look. */
int bw_keep_forks(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    struct bw_ledger *l = bw_known_ledger(k->known);
    struct bw_ledger_stat stat;
    int r = l->ops->stat(l, &stat, reterr);

    if (r < 0 || (stat.n_forks == k->forks_seen && stat.n_holes == k->holes_seen)) {
        return r;
    }
    for (size_t i = 0; i < k->n_sites; i++) {
        k->sites[i]->n_forks = 0;
        k->sites[i]->n_holes = 0;
    }
    r = l->ops->forks(l, NULL, on_fork, k, reterr);
    r = r < 0 ? r : l->ops->holes(l, NULL, on_hole, k, reterr);
    if (r == 0) {
        k->forks_seen = stat.n_forks;
        k->holes_seen = stat.n_holes;
    }
    return r;
}

int bw_keep_spells(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int r = bw_keep_servers(k);

    if (r < 0) {
        return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
    }
    r = bw_roomstore_begin(k->store, reterr);
    for (size_t i = 0; r == 0 && i < k->n_sites; i++) {
        r = look_site(k, k->sites[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < k->n_circuits; i++) {
        r = look_circuit(k, k->circuits[i], reterr);
    }
    r = r < 0 ? r : bw_roomstore_commit(k->store, reterr);
    if (r < 0) {
        bw_roomstore_rollback(k->store);
    }
    return r;
}

static int on_spell(void *owner, const struct bw_roomstore_spell *x)
{
    struct bw_roomkeeper *k = owner;
    const struct bw_room_spell spell = {.since_unix_s = x->since_unix_s,
                                        .until_unix_s = x->until_unix_s};
    const char *dot = strchr(x->scope, '.');
    char id[BW_SITE_MAX + 1];
    size_t n = 0;

    if (x->what < 0 || x->what >= BW_ROOM_CONDITIONS) {
        return 0;
    }
    (void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(x->scope, "."), x->scope);
    if (!dot && x->what < BW_ROOM_BELOW) {
        struct keep_site *s = bw_keep_site(k, id);
        if (s) {
            s->spell[x->what] = spell;
        }
        return 0;
    }
    struct keep_circuit **list = bw_keep_circuits_of(k, id, &n);
    for (size_t i = 0; dot && x->what >= BW_ROOM_BELOW && i < n; i++) {
        if (strcmp(list[i]->name, dot + 1) == 0) {
            list[i]->spell[x->what - BW_ROOM_BELOW] = spell;
        }
    }
    return 0;
}

int bw_keep_load_spells(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    return bw_roomstore_spells(k->store, on_spell, k, reterr);
}
