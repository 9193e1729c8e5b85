/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns.c - typed columns beside the signed bytes.
 *
 * Invariant: bw_columns_get() gives back, for one circuit, exactly the members that
 * bw_columns_put() was given; absent stays absent (NULL). */
#include "columns.h"

#include "columns_lines.h"
#include "columns_traffic.h"
#include "sql.h"

#include <buf.h>

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum {
    PER_RECORD = 1024,
    LINES_CAP = 65536
};

void bw_columns_bind_facts(struct sqlite3_stmt *st,
                           int at,
                           const struct bw_circuit_summary *c)
{
    bw_sql_i64(st, at, (int64_t)c->vantage);
    bw_sql_i64(st, at + 1, (int64_t)c->behind);
    bw_sql_i64(st, at + 2, (int64_t)c->source);
    bw_sql_i64(st, at + 3, (int64_t)c->layer);
    bw_sql_i64(st, at + 4, c->resolution_ms);
    bw_sql_i64(st, at + 5, c->covered_s);
    bw_sql_i64(st, at + 6, c->link_bps);
    bw_sql_i64(st, at + 7, c->mtu);
    bw_sql_i64(st, at + 8, c->saturated_s);
    at += 9;
    for (int d = 0; d < BW_DIRECTIONS; d++, at += 6) {
        const struct bw_flow *f = &c->flow[d];
        bw_sql_i64(st, at, f->bytes);
        bw_sql_i64(st, at + 1, f->packets);
        bw_sql_i64(st, at + 2, f->p95_1s_bps);
        bw_sql_i64(st, at + 3, f->peak_1s_bps);
        bw_sql_i64(st, at + 4, f->drops);
        bw_sql_i64(st, at + 5, f->errors);
    }
}

static int put_circuit(struct bw_sql *s,
                       int64_t key,
                       const struct bw_circuit_summary *c,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_CIRCUIT, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_sql_i64(st, 1, key);
    bw_sql_text(st, 2, c->id);
    bw_columns_bind_facts(st, 3, c);
    bw_sql_i64(st, 24, c->port_full_s);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        bw_sql_i64(st, 25 + 2 * d, c->flow[d].peak_sliding_1s_bps);
        bw_sql_i64(st, 26 + 2 * d, c->flow[d].frame_offset_bytes);
    }
    return bw_sql_run(s, st, reterr);
}

static int
put_outage(struct bw_sql *s, int64_t key, const struct bw_outage *o, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_OUTAGE, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_sql_i64(st, 1, key);
    bw_sql_text(st, 2, o->circuit);
    bw_sql_i64(st, 3, o->from_unix_ms);
    bw_sql_i64(st, 4, o->to_unix_ms);
    bw_sql_text(st, 5, o->why);
    return bw_sql_run(s, st, reterr);
}

static int put_latency(struct bw_sql *s,
                       int64_t key,
                       const struct bw_latency *l,
                       struct bw_err *reterr)
{
    struct bw_buf codes;
    struct bw_buf phases;
    int r;
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_LATENCY, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_sql_i64(st, 1, key);
    bw_sql_text(st, 2, l->circuit);
    bw_sql_text(st, 3, l->probe);
    bw_sql_text(st, 4, l->kind);
    bw_sql_i64(st, 5, l->family);
    bw_sql_i64(st, 6, l->sent);
    bw_sql_i64(st, 7, l->lost);
    bw_sql_i64(st, 8, l->late);
    bw_sql_i64(st, 9, l->sum_us);
    bw_sql_text(st, 10, l->rtt_hist);
    bw_sql_i64(st, 11, l->p50_us);
    bw_sql_i64(st, 12, l->p95_us);
    bw_sql_i64(st, 13, l->pdv_p95_us);
    bw_sql_i64(st, 14, l->lost_out);
    bw_sql_i64(st, 15, l->lost_back);
    bw_sql_text(st, 16, l->out_hist);
    bw_sql_text(st, 17, l->back_hist);
    bw_sql_i64(st, 18, l->one_way_error_us);
    bw_buf_init(&codes, LINES_CAP);
    bw_buf_init(&phases, LINES_CAP);
    bw_columns_write_codes(l, &codes);
    bw_columns_write_phases(l, &phases);
    bw_sql_text(st, 19, codes.data);
    bw_sql_text(st, 20, phases.data);
    bw_sql_i64(st, 21, l->cert_days);
    r = bw_buf_error(&codes) < 0    ? bw_buf_error(&codes)
        : bw_buf_error(&phases) < 0 ? bw_buf_error(&phases)
                                    : 0;
    r = r < 0 ? bw_err_set(reterr, r, "the details of %s do not fit", l->probe)
              : bw_sql_run(s, st, reterr);
    bw_buf_done(&codes);
    bw_buf_done(&phases);
    return r;
}

static int
put_path(struct bw_sql *s, int64_t key, const struct bw_path *p, struct bw_err *reterr)
{
    struct bw_buf hops;
    int r;
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_PATH, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_buf_init(&hops, LINES_CAP);
    bw_columns_write_hops(p, &hops);
    bw_sql_i64(st, 1, key);
    bw_sql_text(st, 2, p->circuit);
    bw_sql_text(st, 3, p->probe);
    bw_sql_text(st, 4, p->method);
    bw_sql_i64(st, 5, p->family);
    bw_sql_i64(st, 6, p->at_unix_ms);
    bw_sql_i64(st, 7, p->reached);
    bw_sql_i64(st, 8, p->mtu);
    bw_sql_text(st, 9, p->hash);
    bw_sql_i64(st, 10, p->changed);
    bw_sql_text(st, 11, p->flag);
    bw_sql_text(st, 12, hops.data);
    r = bw_buf_error(&hops);
    r = r < 0 ? bw_err_set(reterr, r, "the hops to %s do not fit", p->probe)
              : bw_sql_run(s, st, reterr);
    bw_buf_done(&hops);
    return r;
}

static void bind_end(struct sqlite3_stmt *st, int at, const struct bw_tcp_figures *e)
{
    bw_sql_i64(st, at, e->rtt_us);
    bw_sql_i64(st, at + 1, e->min_rtt_us);
    bw_sql_i64(st, at + 2, e->retransmit_ppm);
    bw_sql_i64(st, at + 3, e->app_limited_ppm);
    bw_sql_i64(st, at + 4, e->rwnd_limited_ppm);
    bw_sql_i64(st, at + 5, e->sndbuf_limited_ppm);
}

static int put_throughput(struct bw_sql *s,
                          int64_t key,
                          const struct bw_throughput *t,
                          struct bw_err *reterr)
{
    char flags[BW_COLUMNS_FLAGS_CAP];
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_THROUGHPUT, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    if (!bw_columns_join_flags(t->flags, flags)) {
        return bw_err_set(reterr, -E2BIG, "throughput flags of %s are longer than %d bytes",
                          t->probe, BW_COLUMNS_FLAGS_CAP);
    }
    bw_sql_i64(st, 1, key);
    bw_sql_text(st, 2, t->circuit);
    bw_sql_text(st, 3, t->probe);
    bw_sql_text(st, 4, t->kind);
    bw_sql_text(st, 5, t->method);
    bw_sql_text(st, 6, t->server);
    bw_sql_i64(st, 7, (int64_t)t->direction);
    bw_sql_i64(st, 8, t->at_unix_ms);
    bw_sql_i64(st, 9, t->duration_ms);
    bw_sql_i64(st, 10, (int64_t)t->state);
    bw_sql_text(st, 11, t->reason);
    bw_sql_text(st, 12, t->retest_of);
    bw_sql_i64(st, 13, t->streams);
    bw_sql_text(st, 14, t->cc);
    bw_sql_i64(st, 15, t->mtu);
    bw_sql_i64(st, 16, (int64_t)t->grade);
    bw_sql_text(st, 17, t->receipt);
    bw_sql_i64(st, 18, (int64_t)t->egress);
    bw_sql_i64(st, 19, t->bytes);
    bw_sql_i64(st, 20, t->goodput_bps);
    bw_sql_i64(st, 21, t->line_bps);
    bw_sql_i64(st, 22, t->line_error_ppm);
    bw_sql_i64(st, 23, t->concurrent_bps);
    bw_sql_i64(st, 24, t->rtt_idle_us);
    bw_sql_i64(st, 25, t->rtt_loaded_p95_us);
    bw_sql_i64(st, 26, t->retransmit_ppm);
    bw_sql_i64(st, 27, t->tester_busy_ppm);
    bw_sql_text(st, 28, flags);
    bw_sql_text(st, 29, t->machine);
    bw_sql_i64(st, 30, t->loss_ppm);
    bw_sql_i64(st, 31, t->delay_min_us);
    bw_sql_i64(st, 32, t->delay_max_us);
    bind_end(st, 33, &t->near);
    bind_end(st, 39, &t->far);
    bw_sql_text(st, 45, t->campaign);
    return bw_sql_run(s, st, reterr);
}

static int
put_gap(struct bw_sql *s, int64_t key, const struct bw_gap *g, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_GAP, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_sql_i64(st, 1, key);
    bw_sql_i64(st, 2, g->from_unix_s);
    bw_sql_i64(st, 3, g->to_unix_s);
    bw_sql_i64(st, 4, (int64_t)g->why);
    return bw_sql_run(s, st, reterr);
}

int bw_columns_put(struct bw_sql *s,
                   int64_t record,
                   const struct bw_summary *u,
                   struct bw_err *reterr)
{
    int64_t base = record * PER_RECORD;
    int r = 0;
    if (u->n_circuits > PER_RECORD || u->n_outages > PER_RECORD ||
        u->n_latency > PER_RECORD || u->n_throughput > PER_RECORD ||
        u->n_paths > PER_RECORD || u->n_traffic > PER_RECORD || u->n_gaps > PER_RECORD) {
        return bw_err_set(reterr, -E2BIG, "a summary with more than %d entries of one kind",
                          PER_RECORD);
    }
    for (size_t i = 0; r == 0 && i < u->n_circuits; i++) {
        r = put_circuit(s, base + (int64_t)i, &u->circuits[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_outages; i++) {
        r = put_outage(s, base + (int64_t)i, &u->outages[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_latency; i++) {
        r = put_latency(s, base + (int64_t)i, &u->latency[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_throughput; i++) {
        r = put_throughput(s, base + (int64_t)i, &u->throughput[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_paths; i++) {
        r = put_path(s, base + (int64_t)i, &u->paths[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_traffic; i++) {
        r = bw_columns_put_traffic(s, base + (int64_t)i, &u->traffic[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < u->n_gaps; i++) {
        r = put_gap(s, base + (int64_t)i, &u->gaps[i], reterr);
    }
    return r;
}

/* ---- reading ------------------------------------------------------------------- */

/* A growing array whose last home is the summary's arena. */
struct rows {
    struct bw_summary *owner;
    void *data;
    size_t n;
    size_t cap;
    size_t size;
};

static void *rows_add(struct rows *a)
{
    if (a->n == a->cap) {
        size_t cap = a->cap ? a->cap * 4 : 4;
        void *bigger = bw_summary_alloc(a->owner, cap * a->size);
        if (!bigger) {
            return NULL;
        }
        if (a->n > 0) {
            memcpy(bigger, a->data, a->n * a->size);
        }
        a->data = bigger;
        a->cap = cap;
    }
    return (char *)a->data + a->size * a->n++;
}

/* NULL stays NULL; *failed is set when memory ran out. */
static const char *lend(struct bw_summary *u, struct sqlite3_stmt *st, int i, bool *failed)
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    char *copy = text ? bw_summary_strdup(u, text) : NULL;
    if (text && !copy) {
        *failed = true;
    }
    return copy;
}

void bw_columns_read_facts(struct sqlite3_stmt *st, int at, struct bw_circuit_summary *c)
{
    c->vantage = (enum bw_vantage)sqlite3_column_int(st, at);
    c->behind = (uint32_t)sqlite3_column_int(st, at + 1);
    c->source = (enum bw_source)sqlite3_column_int(st, at + 2);
    c->layer = (enum bw_layer)sqlite3_column_int(st, at + 3);
    c->resolution_ms = bw_sql_get(st, at + 4);
    c->covered_s = bw_sql_get(st, at + 5);
    c->link_bps = bw_sql_get(st, at + 6);
    c->mtu = bw_sql_get(st, at + 7);
    c->saturated_s = bw_sql_get(st, at + 8);
    at += 9;
    for (int d = 0; d < BW_DIRECTIONS; d++, at += 6) {
        struct bw_flow *f = &c->flow[d];
        f->bytes = bw_sql_get(st, at);
        f->packets = bw_sql_get(st, at + 1);
        f->p95_1s_bps = bw_sql_get(st, at + 2);
        f->peak_1s_bps = bw_sql_get(st, at + 3);
        f->drops = bw_sql_get(st, at + 4);
        f->errors = bw_sql_get(st, at + 5);
    }
}

static void read_circuit(struct sqlite3_stmt *st, struct bw_circuit_summary *c)
{
    bw_circuit_summary_init(c);
    bw_sql_copy(st, 1, c->id, sizeof(c->id));
    bw_columns_read_facts(st, 2, c);
    c->port_full_s = bw_sql_get(st, 23);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        c->flow[d].peak_sliding_1s_bps = bw_sql_get(st, 24 + 2 * d);
        c->flow[d].frame_offset_bytes = bw_sql_get(st, 25 + 2 * d);
    }
}

static void read_outage(struct bw_summary *u,
                        struct sqlite3_stmt *st,
                        struct bw_outage *o,
                        bool *failed)
{
    memset(o, 0, sizeof(*o));
    bw_sql_copy(st, 1, o->circuit, sizeof(o->circuit));
    o->from_unix_ms = bw_sql_get(st, 2);
    o->to_unix_ms = bw_sql_get(st, 3);
    o->known_to_unix_ms = BW_UNKNOWN;
    o->why = lend(u, st, 4, failed);
}

static void read_latency(struct bw_summary *u,
                         struct sqlite3_stmt *st,
                         struct bw_latency *l,
                         bool *failed)
{
    bw_latency_init(l);
    bw_sql_copy(st, 1, l->circuit, sizeof(l->circuit));
    bw_sql_copy(st, 2, l->probe, sizeof(l->probe));
    bw_sql_copy(st, 3, l->kind, sizeof(l->kind));
    l->family = bw_sql_get(st, 4);
    l->sent = bw_sql_get(st, 5);
    l->lost = bw_sql_get(st, 6);
    l->late = bw_sql_get(st, 7);
    l->sum_us = bw_sql_get(st, 8);
    l->rtt_hist = lend(u, st, 9, failed);
    l->p50_us = bw_sql_get(st, 10);
    l->p95_us = bw_sql_get(st, 11);
    l->pdv_p95_us = bw_sql_get(st, 12);
    l->lost_out = bw_sql_get(st, 13);
    l->lost_back = bw_sql_get(st, 14);
    l->out_hist = lend(u, st, 15, failed);
    l->back_hist = lend(u, st, 16, failed);
    l->one_way_error_us = bw_sql_get(st, 17);
    *failed = *failed ||
              bw_columns_read_codes(u, (const char *)sqlite3_column_text(st, 18), l) < 0 ||
              bw_columns_read_phases(u, (const char *)sqlite3_column_text(st, 19), l) < 0;
    l->cert_days = bw_sql_get(st, 20);
}

static void
read_path(struct bw_summary *u, struct sqlite3_stmt *st, struct bw_path *p, bool *failed)
{
    bw_path_init(p);
    bw_sql_copy(st, 1, p->circuit, sizeof(p->circuit));
    bw_sql_copy(st, 2, p->probe, sizeof(p->probe));
    bw_sql_copy(st, 3, p->method, sizeof(p->method));
    p->family = bw_sql_get(st, 4);
    p->at_unix_ms = bw_sql_get(st, 5);
    p->reached = bw_sql_get(st, 6);
    p->mtu = bw_sql_get(st, 7);
    bw_sql_copy(st, 8, p->hash, sizeof(p->hash));
    p->changed = bw_sql_get(st, 9);
    p->flag = lend(u, st, 10, failed);
    *failed = *failed ||
              bw_columns_read_hops(u, (const char *)sqlite3_column_text(st, 11), p) < 0;
}

static void read_end(struct sqlite3_stmt *st, int at, struct bw_tcp_figures *e)
{
    e->rtt_us = bw_sql_get(st, at);
    e->min_rtt_us = bw_sql_get(st, at + 1);
    e->retransmit_ppm = bw_sql_get(st, at + 2);
    e->app_limited_ppm = bw_sql_get(st, at + 3);
    e->rwnd_limited_ppm = bw_sql_get(st, at + 4);
    e->sndbuf_limited_ppm = bw_sql_get(st, at + 5);
}

static void read_throughput(struct bw_summary *u,
                            struct sqlite3_stmt *st,
                            struct bw_throughput *t,
                            bool *failed)
{
    bw_throughput_init(t);
    bw_sql_copy(st, 1, t->circuit, sizeof(t->circuit));
    bw_sql_copy(st, 2, t->probe, sizeof(t->probe));
    bw_sql_copy(st, 3, t->kind, sizeof(t->kind));
    t->method = lend(u, st, 4, failed);
    bw_sql_copy(st, 5, t->server, sizeof(t->server));
    t->direction = (enum bw_direction)sqlite3_column_int(st, 6);
    t->at_unix_ms = bw_sql_get(st, 7);
    t->duration_ms = bw_sql_get(st, 8);
    t->state = (enum bw_test_state)sqlite3_column_int(st, 9);
    t->reason = lend(u, st, 10, failed);
    t->retest_of = lend(u, st, 11, failed);
    t->streams = bw_sql_get(st, 12);
    bw_sql_copy(st, 13, t->cc, sizeof(t->cc));
    t->mtu = bw_sql_get(st, 14);
    t->grade = (enum bw_grade)sqlite3_column_int(st, 15);
    t->receipt = lend(u, st, 16, failed);
    t->egress = (enum bw_egress)sqlite3_column_int(st, 17);
    t->bytes = bw_sql_get(st, 18);
    t->goodput_bps = bw_sql_get(st, 19);
    t->line_bps = bw_sql_get(st, 20);
    t->line_error_ppm = bw_sql_get(st, 21);
    t->concurrent_bps = bw_sql_get(st, 22);
    t->rtt_idle_us = bw_sql_get(st, 23);
    t->rtt_loaded_p95_us = bw_sql_get(st, 24);
    t->retransmit_ppm = bw_sql_get(st, 25);
    t->tester_busy_ppm = bw_sql_get(st, 26);
    bw_columns_read_flags(u, (const char *)sqlite3_column_text(st, 27), t->flags);
    t->machine = lend(u, st, 28, failed);
    t->loss_ppm = bw_sql_get(st, 29);
    t->delay_min_us = bw_sql_get(st, 30);
    t->delay_max_us = bw_sql_get(st, 31);
    read_end(st, 32, &t->near);
    read_end(st, 38, &t->far);
    bw_sql_copy(st, 44, t->campaign, sizeof(t->campaign));
}

/* Walk one table's rows of the record into an arena array. */
static int get_table(struct bw_sql *s,
                     enum bw_columns_stmt which,
                     int64_t record,
                     const char *circuit,
                     struct rows *a,
                     struct bw_err *reterr)
{
    bool failed = false;
    int r = 0;
    struct sqlite3_stmt *st = bw_sql_stmt(s, which, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_sql_i64(st, 1, record * PER_RECORD);
    bw_sql_i64(st, 2, record * PER_RECORD + PER_RECORD - 1);
    if (which != BW_COLUMNS_GET_GAP) {
        bw_sql_text(st, 3, circuit);
    }
    while (!failed && (r = bw_sql_row(s, st, reterr)) > 0) {
        void *row = rows_add(a);
        if (!row) {
            failed = true;
        } else if (which == BW_COLUMNS_GET_CIRCUIT) {
            read_circuit(st, row);
        } else if (which == BW_COLUMNS_GET_OUTAGE) {
            read_outage(a->owner, st, row, &failed);
        } else if (which == BW_COLUMNS_GET_LATENCY) {
            read_latency(a->owner, st, row, &failed);
        } else if (which == BW_COLUMNS_GET_PATH) {
            read_path(a->owner, st, row, &failed);
        } else if (which == BW_COLUMNS_GET_TRAFFIC) {
            failed = bw_columns_read_traffic(a->owner, st, row) < 0;
        } else if (which == BW_COLUMNS_GET_THROUGHPUT) {
            read_throughput(a->owner, st, row, &failed);
        } else {
            struct bw_gap *g = row;
            g->from_unix_s = bw_sql_get(st, 1);
            g->to_unix_s = bw_sql_get(st, 2);
            g->why = (enum bw_gap_why)sqlite3_column_int(st, 3);
        }
    }
    (void)sqlite3_reset(st);
    return failed ? bw_err_set(reterr, -ENOMEM, "out of memory") : r;
}

int bw_columns_get(struct bw_sql *s,
                   int64_t record,
                   const char *circuit,
                   struct bw_summary *u,
                   struct bw_err *reterr)
{
    struct rows circuits = {.owner = u, .size = sizeof(struct bw_circuit_summary)};
    struct rows outages = {.owner = u, .size = sizeof(struct bw_outage)};
    struct rows latency = {.owner = u, .size = sizeof(struct bw_latency)};
    struct rows throughput = {.owner = u, .size = sizeof(struct bw_throughput)};
    struct rows paths = {.owner = u, .size = sizeof(struct bw_path)};
    struct rows traffic = {.owner = u, .size = sizeof(struct bw_traffic)};
    struct rows gaps = {.owner = u, .size = sizeof(struct bw_gap)};
    int r = get_table(s, BW_COLUMNS_GET_CIRCUIT, record, circuit, &circuits, reterr);
    if (r == 0 && circuits.n > 0) {
        r = get_table(s, BW_COLUMNS_GET_LATENCY, record, circuit, &latency, reterr);
    }
    if (r == 0) {
        r = get_table(s, BW_COLUMNS_GET_OUTAGE, record, circuit, &outages, reterr);
    }
    if (r == 0) {
        r = get_table(s, BW_COLUMNS_GET_THROUGHPUT, record, circuit, &throughput, reterr);
    }
    if (r == 0) {
        r = get_table(s, BW_COLUMNS_GET_PATH, record, circuit, &paths, reterr);
    }
    if (r == 0 && circuits.n > 0) {
        r = get_table(s, BW_COLUMNS_GET_TRAFFIC, record, circuit, &traffic, reterr);
    }
    if (r == 0) {
        r = get_table(s, BW_COLUMNS_GET_GAP, record, circuit, &gaps, reterr);
    }
    u->circuits = circuits.data;
    u->n_circuits = circuits.n;
    u->outages = outages.data;
    u->n_outages = outages.n;
    u->latency = latency.data;
    u->n_latency = latency.n;
    u->throughput = throughput.data;
    u->n_throughput = throughput.n;
    u->paths = paths.data;
    u->n_paths = paths.n;
    u->traffic = traffic.data;
    u->n_traffic = traffic.n;
    u->gaps = gaps.data;
    u->n_gaps = gaps.n;
    return r;
}

int bw_columns_drop(struct bw_sql *s, int64_t from, int64_t to, struct bw_err *reterr)
{
    int r = 0;
    for (size_t i = BW_COLUMNS_DROP_CIRCUITS; r == 0 && i <= BW_COLUMNS_DROP_TRAFFIC; i++) {
        struct sqlite3_stmt *st = bw_sql_stmt(s, i, reterr);
        if (!st) {
            return bw_sql_code(s);
        }
        bw_sql_i64(st, 1, from * PER_RECORD);
        bw_sql_i64(st, 2, to * PER_RECORD + PER_RECORD - 1);
        r = bw_sql_run(s, st, reterr);
    }
    return r;
}
