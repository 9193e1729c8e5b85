/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_latest.c - the newest of each site and circuit, for pages.
 *
 * Invariant: these tables are a cache of the records, moved in the same transaction; an
 * interval that ended earlier than the one shown never replaces it, unless the one shown
 * has yet to end: one boot with a clock of next year would hide the site until then. */
#include "ledger_private.h"

#include <bw/err.h>
#include <columns.h>
#include <sqlite3.h>
#include <string.h>

static int put_site(struct ledger *l,
                    const struct bw_summary *u,
                    int64_t received_unix_ms,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, SITE_PUT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, u->site);
    bw_sql_i64(st, 2, u->start_unix_s);
    bw_sql_i64(st, 3, u->end_unix_s);
    bw_sql_i64(st, 4, received_unix_ms);
    bw_sql_text(st, 5, u->agent);
    bw_sql_i64(st, 6, u->clock.known ? u->clock.synced : BW_UNKNOWN);
    return bw_sql_run(&l->sql, st, reterr);
}

struct delay {
    int64_t sent;
    int64_t lost;
    int64_t p50_us;
    int64_t p95_us;
};

/* Packets that are answered at once, and nothing else in between: the line itself. */
static bool is_echo(const struct bw_latency *l)
{
    return strcmp(l->kind, "icmp") == 0 || strcmp(l->kind, "stamp") == 0;
}

/* The circuit's echoes; where it has none, whatever it asks. */
static void sum_delay(const struct bw_summary *u, const char *circuit, struct delay *d)
{
    bool echoes = false;
    *d = (struct delay){BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
    for (size_t i = 0; i < u->n_latency; i++) {
        const struct bw_latency *l = &u->latency[i];
        echoes = echoes || (strcmp(l->circuit, circuit) == 0 && is_echo(l));
    }
    for (size_t i = 0; i < u->n_latency; i++) {
        const struct bw_latency *l = &u->latency[i];
        if (strcmp(l->circuit, circuit) != 0 || (echoes && !is_echo(l))) {
            continue;
        }
        if (l->sent != BW_UNKNOWN) {
            d->sent = (d->sent == BW_UNKNOWN ? 0 : d->sent) + l->sent;
        }
        if (l->lost != BW_UNKNOWN) {
            d->lost = (d->lost == BW_UNKNOWN ? 0 : d->lost) + l->lost;
        }
        if (l->p50_us != BW_UNKNOWN && (d->p50_us == BW_UNKNOWN || l->p50_us < d->p50_us)) {
            d->p50_us = l->p50_us;
            d->p95_us = l->p95_us;
        }
    }
}

static bool still_out(const struct bw_summary *u, const char *circuit)
{
    for (size_t i = 0; i < u->n_outages; i++) {
        if (u->outages[i].to_unix_ms == BW_UNKNOWN &&
            strcmp(u->outages[i].circuit, circuit) == 0) {
            return true;
        }
    }
    return false;
}

static int put_circuit(struct ledger *l,
                       const struct bw_summary *u,
                       const struct bw_circuit_summary *c,
                       int64_t received_unix_ms,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct delay d;
    int r = bw_sql_use(&l->sql, LATEST_PUT, &st, reterr);
    if (r < 0) {
        return r;
    }
    sum_delay(u, c->id, &d);
    bw_sql_text(st, 1, u->site);
    bw_sql_text(st, 2, c->id);
    bw_sql_i64(st, 3, u->start_unix_s);
    bw_sql_i64(st, 4, u->end_unix_s);
    bw_columns_bind_facts(st, 5, c);
    bw_sql_i64(st, 26, d.sent);
    bw_sql_i64(st, 27, d.lost);
    bw_sql_i64(st, 28, d.p50_us);
    bw_sql_i64(st, 29, d.p95_us);
    bw_sql_i64(st, 30, still_out(u, c->id));
    bw_sql_i64(st, 31, received_unix_ms);
    r = bw_sql_run(&l->sql, st, reterr);
    if (r < 0 || sqlite3_changes(l->sql.db) > 0) {
        return r;
    }
    /* Older than the newest: all it may change is since when the circuit is known. */
    r = bw_sql_use(&l->sql, LATEST_FIRST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, u->site);
    bw_sql_text(st, 2, c->id);
    bw_sql_i64(st, 3, u->start_unix_s);
    return bw_sql_run(&l->sql, st, reterr);
}

static int put_test(struct ledger *l,
                    const char *site,
                    const struct bw_throughput *t,
                    int64_t received_unix_ms,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, LATEST_TEST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_text(st, 2, t->circuit);
    bw_sql_i64(st, 3, (int64_t)t->direction);
    bw_sql_i64(st, 4, t->at_unix_ms);
    bw_sql_i64(st, 5, t->goodput_bps);
    bw_sql_i64(st, 6, t->line_bps);
    bw_sql_i64(st, 7, received_unix_ms);
    return bw_sql_run(&l->sql, st, reterr);
}

int bw_ledger_put_latest(struct ledger *l,
                         const struct bw_summary *u,
                         int64_t received_unix_ms,
                         struct bw_err *reterr)
{
    int r = put_site(l, u, received_unix_ms, reterr);
    for (size_t i = 0; r == 0 && i < u->n_circuits; i++) {
        r = put_circuit(l, u, &u->circuits[i], received_unix_ms, reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_throughput; i++) {
        if (u->throughput[i].state == BW_TEST_OK &&
            bw_throughput_apart(&u->throughput[i]) == BW_APART_NOT) {
            r = put_test(l, u->site, &u->throughput[i], received_unix_ms, reterr);
        }
    }
    return r;
}

int bw_ledger_do_sites(struct bw_ledger *base,
                       const char *site,
                       bw_ledger_site_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, site ? SITES_ONE : SITES_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    if (site) {
        bw_sql_text(st, 1, site);
    }
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        struct bw_ledger_site s = {.clock_known =
                                       sqlite3_column_type(st, 5) != SQLITE_NULL};
        bw_sql_copy(st, 0, s.site, sizeof(s.site));
        s.start_unix_s = bw_sql_get(st, 1);
        s.end_unix_s = bw_sql_get(st, 2);
        s.received_unix_ms = bw_sql_get(st, 3);
        bw_sql_copy(st, 4, s.agent, sizeof(s.agent));
        s.clock_synced = sqlite3_column_int(st, 5) != 0;
        s.usual_s = bw_sql_get(st, 6);
        if (s.usual_s == BW_UNKNOWN) { /* from before this was kept */
            s.usual_s = s.end_unix_s - s.start_unix_s;
        }
        r = cb(owner, &s);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

static void read_circuit(struct sqlite3_stmt *st, struct bw_ledger_circuit *c)
{
    struct bw_circuit_summary *f = &c->facts;
    memset(c, 0, sizeof(*c));
    bw_circuit_summary_init(f);
    bw_sql_copy(st, 0, c->site, sizeof(c->site));
    bw_sql_copy(st, 1, f->id, sizeof(f->id));
    c->start_unix_s = bw_sql_get(st, 2);
    c->end_unix_s = bw_sql_get(st, 3);
    c->first_start_unix_s = bw_sql_get(st, 4);
    bw_columns_read_facts(st, 5, f);
    c->latency_sent = bw_sql_get(st, 26);
    c->latency_lost = bw_sql_get(st, 27);
    c->latency_p50_us = bw_sql_get(st, 28);
    c->latency_p95_us = bw_sql_get(st, 29);
    c->silent = sqlite3_column_int(st, 30) != 0;
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        c->test[i].at_unix_ms = bw_sql_get(st, 31 + 3 * i);
        c->test[i].goodput_bps = bw_sql_get(st, 32 + 3 * i);
        c->test[i].line_bps = bw_sql_get(st, 33 + 3 * i);
    }
}

int bw_ledger_do_circuits(struct bw_ledger *base,
                          const char *site,
                          bw_ledger_circuit_cb cb,
                          void *owner,
                          struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    struct bw_ledger_circuit c;
    int r = bw_sql_use(&l->sql, site ? LATEST_ONE : LATEST_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    if (site) {
        bw_sql_text(st, 1, site);
    }
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        read_circuit(st, &c);
        r = cb(owner, &c);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}
