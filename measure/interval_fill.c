/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_fill.c - one cut interval → struct bw_summary.
 *
 * Whatever was not measured stays as the initialisers left it: unknown. */
#include "interval_private.h"

#include <errno.h>
#include <log.h>
#include <stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ECHOES_NEEDED = 5, /* answers that a percentile of round trip must rest on */
    BUSY_PPM = 900000, /* of one core: beyond it the tester was the bottleneck */
    ETHERNET_HEADER = 14
};

static const int64_t NS_PER_S = 1000000000;
static const int64_t IDLE_SPAN_S = 60;  /* before a test: what counts as idle … */
static const int64_t IDLE_MARGIN_S = 5; /* … but for this much around any test */

static const char *dup_text(struct bw_summary *s, const char *text, bool *ret_failed)
{
    const char *copy;
    if (!text || text[0] == '\0') {
        return NULL;
    }
    copy = bw_summary_strdup(s, text);
    if (!copy) {
        *ret_failed = true;
    }
    return copy;
}

/* Circuits --------------------------------------------------------------------- */

static int
fill_circuits(const struct bw_interval *iv, const struct piece *p, struct bw_summary *s)
{
    s->circuits = bw_summary_alloc(s, iv->n_circuits * sizeof(*s->circuits) + 1);
    if (!s->circuits) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        const struct bw_interval_circuit *conf = &iv->circuits[i]->conf;
        struct bw_circuit_summary *c = &s->circuits[i];
        *c = p->circuits[i];
        (void)memcpy(c->id, conf->id, sizeof(c->id));
        c->vantage = conf->vantage;
        c->behind = conf->behind;
        c->source = conf->source;
        if (conf->source != BW_SOURCE_NONE) {
            c->layer = conf->coarse ? conf->layer : c->layer;
            c->resolution_ms = conf->resolution_ms;
        }
    }
    s->n_circuits = iv->n_circuits;
    return 0;
}

/* Latency ---------------------------------------------------------------------- */

int interval_fill_latency(const struct bw_interval *iv,
                          const struct piece *p,
                          uint32_t target,
                          size_t family,
                          struct bw_latency *l,
                          struct bw_summary *arena)
{
    const struct target *t = &iv->targets[target];
    const struct tally *y = &p->tallies[(size_t)target * FAMILIES + family];
    bw_latency_init(l);
    (void)memcpy(l->circuit, iv->circuits[t->conf.circuit]->conf.id, sizeof(l->circuit));
    (void)memcpy(l->probe, t->conf.name, sizeof(l->probe));
    (void)memcpy(l->kind, t->conf.kind, sizeof(l->kind));
    l->family = family == 1 ? 6 : 4;
    l->sent = y->sent;
    l->lost = y->lost;
    l->late = y->late;
    if (interval_fill_details(y, l, arena) < 0) {
        return -ENOMEM;
    }
    if (!y->hist || y->hist->total == 0) {
        return 0; /* nothing came back: no round trip to tell */
    }
    l->sum_us = y->sum_us;
    l->p50_us = bw_hist_percentile_us(y->hist, 500000);
    l->p95_us = bw_hist_percentile_us(y->hist, 950000);
    /* The percentile is the middle of its bucket and may lie below the exact minimum. */
    l->pdv_p95_us = l->p95_us > y->min_us ? l->p95_us - y->min_us : 0;
    return arena ? interval_hist_text(y->hist, arena, &l->rtt_hist) : 0;
}

static int
fill_latencies(const struct bw_interval *iv, const struct piece *p, struct bw_summary *s)
{
    size_t n = (size_t)iv->n_targets * FAMILIES;
    s->latency = bw_summary_alloc(s, n * sizeof(*s->latency) + 1);
    if (!s->latency) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (p->tallies[i].sent > 0) {
            int r = interval_fill_latency(iv, p, (uint32_t)(i / FAMILIES), i % FAMILIES,
                                          &s->latency[s->n_latency], s);
            if (r < 0) {
                return r;
            }
            s->n_latency++;
        }
    }
    return 0;
}

/* Outages ---------------------------------------------------------------------- */

/* The same start in every record that names the outage, whatever the clock did since. */
static int64_t start_of(struct circuit *c, const struct piece *p, int64_t from_mono_ns)
{
    uint64_t kept = c->n_starts < STARTS_MAX_KEPT ? c->n_starts : STARTS_MAX_KEPT;
    for (uint64_t i = 0; i < kept; i++) {
        if (c->starts[i].mono_ns == from_mono_ns) {
            return c->starts[i].unix_ms;
        }
    }
    return interval_unix_ms(p, from_mono_ns);
}

static void keep_start(struct circuit *c, int64_t from_mono_ns, int64_t unix_ms)
{
    uint64_t kept = c->n_starts < STARTS_MAX_KEPT ? c->n_starts : STARTS_MAX_KEPT;
    for (uint64_t i = 0; i < kept; i++) {
        if (c->starts[i].mono_ns == from_mono_ns) {
            return;
        }
    }
    c->starts[c->n_starts++ % STARTS_MAX_KEPT] =
        (struct known_start){.mono_ns = from_mono_ns, .unix_ms = unix_ms};
}

static void list_outage(struct bw_summary *s,
                        const struct circuit *c,
                        int64_t from_unix_ms,
                        int64_t to_unix_ms,
                        enum bw_outage_why why)
{
    struct bw_outage *o = &s->outages[s->n_outages++];
    *o = (struct bw_outage){.from_unix_ms = from_unix_ms,
                            .to_unix_ms = to_unix_ms,
                            .why = why == BW_OUTAGE_CARRIER ? "carrier down"
                                                            : "targets silent"};
    (void)memcpy(o->circuit, c->conf.id, sizeof(o->circuit));
}

static void list_open(struct bw_summary *s,
                      struct circuit *c,
                      const struct piece *p,
                      const struct bw_outage_span *span)
{
    int64_t from_unix_ms = start_of(c, p, span->from_mono_ns);
    keep_start(c, span->from_mono_ns, from_unix_ms);
    list_outage(s, c, from_unix_ms, BW_UNKNOWN, span->why);
}

static int make_room(struct circuit *c, size_t n)
{
    struct told_later *grown;
    size_t cap = c->cap_later;
    while (cap < c->n_later + n) {
        cap = cap ? cap * 2 : 8;
    }
    if (cap == c->cap_later) {
        return 0;
    }
    grown = interval_array(c->later, cap, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    c->later = grown;
    c->cap_later = cap;
    return 0;
}

/* Outages that were over at the piece's end wait to be told; the others stay. */
static void sort_spans(struct bw_summary *s, struct circuit *c, const struct piece *p)
{
    size_t kept = 0;
    for (size_t k = 0; k < c->n_spans; k++) {
        const struct bw_outage_span *span = &c->spans[k];
        if (span->to_mono_ns < p->end_mono_ns) {
            c->later[c->n_later++] =
                (struct told_later){.from_unix_ms = start_of(c, p, span->from_mono_ns),
                                    .to_unix_ms = interval_unix_ms(p, span->to_mono_ns),
                                    .why = span->why};
            continue;
        }
        if (span->from_mono_ns < p->end_mono_ns) {
            list_open(s, c, p, span);
        }
        c->spans[kept++] = *span; /* the record of its end is still to come */
    }
    c->n_spans = kept;
}

/* The oldest of every circuit in turn, as many as the record takes. */
static void list_over(struct bw_interval *iv, struct bw_summary *s)
{
    size_t told[BW_CIRCUITS_MAX] = {0};
    bool more = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < iv->n_circuits && s->n_outages < OUTAGES_A_RECORD; i++) {
            const struct circuit *c = iv->circuits[i];
            if (told[i] < c->n_later) {
                const struct told_later *o = &c->later[told[i]++];
                list_outage(s, c, o->from_unix_ms, o->to_unix_ms, o->why);
                more = true;
            }
        }
    }
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        struct circuit *c = iv->circuits[i];
        c->n_later -= told[i];
        if (c->n_later > OUTAGES_MAX_KEPT) {
            size_t over = c->n_later - OUTAGES_MAX_KEPT;
            bw_log(BW_AREA_INTERVAL, BW_ERROR,
                   "circuit '%s' is out more often than records can tell: the %zu oldest "
                   "outages are in none",
                   c->conf.id, over);
            told[i] += over;
            c->n_later -= over;
        }
        if (c->n_later > 0 && told[i] > 0) {
            (void)memmove(c->later, c->later + told[i], c->n_later * sizeof(*c->later));
        }
    }
}

static int fill_outages(struct bw_interval *iv,
                        const struct piece *p,
                        int64_t now_ns,
                        struct bw_summary *s)
{
    size_t open_most = 0;
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        int r = make_room(iv->circuits[i], iv->circuits[i]->n_spans);
        if (r < 0) {
            return r;
        }
        open_most += iv->circuits[i]->n_spans + 1;
    }
    s->outages = bw_summary_alloc(s, (open_most + OUTAGES_A_RECORD) * sizeof(*s->outages));
    if (!s->outages) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        struct circuit *c = iv->circuits[i];
        struct bw_outage_span now;
        sort_spans(s, c, p);
        if (c->watch && bw_outage_now(c->watch, now_ns, &now) &&
            now.from_mono_ns < p->end_mono_ns) {
            list_open(s, c, p, &now);
        }
    }
    list_over(iv, s);
    return 0;
}

/* Throughput ------------------------------------------------------------------- */

static bool near_a_test(const struct circuit *c, int64_t ns)
{
    uint64_t kept = c->n_windows < WINDOWS ? c->n_windows : WINDOWS;
    for (uint64_t i = 0; i < kept; i++) {
        if (ns >= c->windows[i][0] - IDLE_MARGIN_S * NS_PER_S &&
            ns <= c->windows[i][1] + IDLE_MARGIN_S * NS_PER_S) {
            return true;
        }
    }
    return false;
}

static void fill_round_trips(const struct circuit *c, struct result *x)
{
    int64_t idle[ECHOES];
    int64_t loaded[ECHOES];
    size_t n_idle = 0;
    size_t n_loaded = 0;
    uint64_t kept = c->n_echoes < ECHOES ? c->n_echoes : ECHOES;
    for (uint64_t i = 0; i < kept; i++) {
        const struct echo *e = &c->echoes[i];
        if (e->sent_mono_ns >= x->t0_mono_ns && e->sent_mono_ns < x->t1_mono_ns) {
            loaded[n_loaded++] = e->rtt_us;
        } else if (e->sent_mono_ns < x->t0_mono_ns &&
                   e->sent_mono_ns >= x->t0_mono_ns - IDLE_SPAN_S * NS_PER_S &&
                   !near_a_test(c, e->sent_mono_ns)) {
            idle[n_idle++] = e->rtt_us;
        }
    }
    if (n_idle >= ECHOES_NEEDED) {
        x->t.rtt_idle_us = bw_stat_percentile(idle, n_idle, 500000);
    }
    if (n_loaded >= ECHOES_NEEDED) {
        x->t.rtt_loaded_p95_us = bw_stat_percentile(loaded, n_loaded, 950000);
    }
    x->has_round_trips = true;
}

int64_t interval_own_bytes(const struct circuit *c, const struct result *x)
{
    if (x->wire_bytes == BW_UNKNOWN || c->conf.layer == BW_LAYER_IP) {
        return x->wire_bytes;
    }
    if (c->conf.layer == BW_LAYER_ETHERNET && x->t.mtu > 0) {
        return x->wire_bytes + (x->wire_bytes / x->t.mtu + 1) * ETHERNET_HEADER;
    }
    return BW_UNKNOWN;
}

static void fill_line(const struct circuit *c, struct result *x)
{
    struct bw_throughput *t = &x->t;
    double seconds = (double)(x->t1_mono_ns - x->t0_mono_ns) / 1e9;
    int64_t bytes;
    int64_t error_bytes;
    int64_t own;
    int r;
    if (!c->rates || t->state != BW_TEST_OK) {
        x->has_line = true;
        return;
    }
    if (c->conf.coarse) {
        x->has_line = interval_fill_coarse_line(c, x) != -ERANGE;
        return;
    }
    r = bw_rates_window(c->rates, t->direction, x->t0_mono_ns, x->t1_mono_ns, &bytes,
                        &error_bytes);
    x->has_line = r != -ERANGE; /* else the reading after it may still come */
    if (r < 0) {
        return;
    }
    t->line_bps = (int64_t)((double)bytes * 8 / seconds);
    if (bytes > 0) {
        t->line_error_ppm = (int64_t)((double)error_bytes * 1e6 / (double)bytes);
    }
    own = interval_own_bytes(c, x);
    if (own == BW_UNKNOWN) {
        return;
    }
    if (bytes >= own) {
        t->concurrent_bps = (int64_t)((double)(bytes - own) * 8 / seconds);
    } else if (own - bytes <= error_bytes + own / 20) {
        t->concurrent_bps = 0; /* less than the two estimates are off */
    }
}

static void settle(const struct circuit *c, struct result *x)
{
    if (x->measured && !x->has_round_trips) {
        fill_round_trips(c, x);
    }
    if (x->measured && !x->has_line) {
        fill_line(c, x);
    }
}

void interval_settle(struct bw_interval *iv, uint32_t circuit, int64_t now_mono_ns)
{
    for (size_t i = 0; i < iv->n_pieces; i++) {
        for (size_t k = 0; k < iv->pieces[i]->n_results; k++) {
            struct result *x = iv->pieces[i]->results[k];
            if (x->circuit == circuit && now_mono_ns - x->t1_mono_ns >= iv->grace_ns) {
                settle(iv->circuits[circuit], x);
            }
        }
    }
}

struct result *interval_result_new(uint32_t circuit)
{
    struct result *x = calloc(1, sizeof(*x));
    if (x) {
        bw_throughput_init(&x->t);
        x->circuit = circuit;
        x->wire_bytes = BW_UNKNOWN;
        x->total_bytes = BW_UNKNOWN;
    }
    return x;
}

/* Did a trace of the circuit find another way than the one before it? */
static bool
path_changed(const struct bw_interval *iv, const struct piece *p, uint32_t circuit)
{
    for (size_t i = 0; i < p->n_traces; i++) {
        const struct trace *x = p->traces[i];
        if (x->p.changed == 1 && iv->targets[x->target].conf.circuit == circuit) {
            return true;
        }
    }
    return false;
}

static int
fill_results(const struct bw_interval *iv, const struct piece *p, struct bw_summary *s)
{
    bool failed = false;
    s->throughput = bw_summary_alloc(s, p->n_results * sizeof(*s->throughput) + 1);
    if (!s->throughput) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p->n_results; i++) {
        struct result *x = p->results[i];
        const struct circuit *c = iv->circuits[x->circuit];
        const struct bw_reading *last = c->rates ? bw_rates_last(c->rates) : NULL;
        struct bw_throughput *t = &s->throughput[s->n_throughput++];
        size_t n_flags = 0;
        settle(c, x);
        *t = x->t;
        t->method = dup_text(s, x->method, &failed);
        t->reason = dup_text(s, x->reason, &failed);
        t->retest_of = dup_text(s, x->retest_of, &failed);
        t->machine = dup_text(s, x->machine, &failed);
        t->receipt = dup_text(s, x->receipt, &failed);
        if (x->asked) {
            t->flags[n_flags++] = "asked";
        }
        for (size_t k = 0; k < BW_INTERVAL_WORDS_MAX && x->words[k][0] != '\0'; k++) {
            t->flags[n_flags++] = dup_text(s, x->words[k], &failed);
        }
        for (size_t k = 0; k < BW_RUN_FLAGS_MAX && x->flags[k][0] != '\0'; k++) {
            t->flags[n_flags++] = dup_text(s, x->flags[k], &failed);
        }
        if (!x->measured) {
            continue;
        }
        if (t->tester_busy_ppm != BW_UNKNOWN && t->tester_busy_ppm > BUSY_PPM) {
            t->flags[n_flags++] = "tester-busy";
        }
        if (last && last->link_bps != BW_UNKNOWN && t->goodput_bps != BW_UNKNOWN &&
            t->goodput_bps > last->link_bps) {
            t->flags[n_flags++] = "above-link";
        }
        if (path_changed(iv, p, x->circuit)) {
            t->flags[n_flags++] = "path-changed";
        }
    }
    return failed ? -ENOMEM : 0;
}

int interval_fill(struct bw_interval *iv,
                  const struct piece *p,
                  int64_t now_mono_ns,
                  struct bw_summary *ret)
{
    struct bw_summary s;
    int r;
    bw_summary_init(&s);
    s.start_unix_s = p->start_unix_s;
    s.end_unix_s = p->end_unix_s;
    s.mono_ms = p->end_boot_ms;
    s.clock.known = true;
    s.clock.synced = p->clock.synced;
    s.clock.max_error_us = p->clock.max_error_us;
    s.clock.step_us = p->step_us;
    s.gaps = bw_summary_alloc(&s, p->n_gaps * sizeof(*s.gaps) + 1);
    if (!s.gaps) {
        r = -ENOMEM;
        goto out;
    }
    (void)memcpy(s.gaps, p->gaps, p->n_gaps * sizeof(*s.gaps));
    s.n_gaps = p->n_gaps;
    r = fill_circuits(iv, p, &s);
    if (r < 0) {
        goto out;
    }
    r = fill_latencies(iv, p, &s);
    if (r < 0) {
        goto out;
    }
    r = interval_fill_paths(iv, p, &s);
    if (r < 0) {
        goto out;
    }
    r = fill_results(iv, p, &s);
    if (r < 0) {
        goto out;
    }
    r = fill_outages(iv, p, now_mono_ns, &s); /* last: it takes what it lists */
    if (r < 0) {
        goto out;
    }
    *ret = s;
    bw_summary_init(&s);
out:
    bw_summary_done(&s);
    return r;
}
