/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval.c - collects everything of an interval and cuts at its borders.
 *
 * The last piece is the open interval, those before it are cut and wait out their grace.
 * A packet goes by the instant it was sent to the piece that holds it; what no piece
 * holds any more is dropped, because its record is signed. */
#include "interval_private.h"

#include <bw/err.h>
#include <errno.h>
#include <scrub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NS_PER_MS = 1000000;

int64_t interval_unix_ms(const struct piece *p, int64_t mono_ns)
{
    int64_t ns = mono_ns - p->start_mono_ns;
    int64_t ms = ns / NS_PER_MS - (ns % NS_PER_MS < 0 ? 1 : 0);
    return p->start_unix_s * 1000 + ms;
}

static struct piece *open_piece(const struct bw_interval *iv)
{
    return iv->pieces[iv->n_pieces - 1];
}

static void piece_free(struct bw_interval *iv, struct piece *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; p->tallies && i < (size_t)iv->n_targets * FAMILIES; i++) {
        interval_tally_done(&p->tallies[i]);
    }
    for (size_t i = 0; i < p->n_results; i++) {
        free(p->results[i]);
    }
    for (size_t i = 0; i < p->n_traces; i++) {
        free(p->traces[i]);
    }
    free(p->tallies);
    free(p);
}

static struct piece *
piece_new(const struct bw_interval *iv, int64_t start_unix_s, int64_t mono_ns)
{
    struct piece *p = calloc(1, sizeof(*p));
    if (!p) {
        return NULL;
    }
    p->start_unix_s = start_unix_s;
    p->start_mono_ns = mono_ns;
    p->end_mono_ns = INT64_MAX;
    if (iv->n_targets > 0) {
        p->tallies = calloc((size_t)iv->n_targets * FAMILIES, sizeof(*p->tallies));
        if (!p->tallies) {
            free(p);
            return NULL;
        }
    }
    return p;
}

int bw_interval_new(int64_t start_unix_s,
                    int64_t start_mono_ns,
                    int64_t grace_ms,
                    struct bw_interval **ret)
{
    struct bw_interval *iv = calloc(1, sizeof(*iv));
    int r = iv ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    iv->grace_ns = grace_ms * NS_PER_MS;
    iv->pieces[0] = piece_new(iv, start_unix_s, start_mono_ns);
    if (!iv->pieces[0]) {
        r = -ENOMEM;
        goto out;
    }
    iv->n_pieces = 1;
    *ret = iv;
    iv = NULL;
out:
    bw_interval_free(iv);
    return r;
}

void bw_interval_free(struct bw_interval *iv)
{
    if (!iv) {
        return;
    }
    for (size_t i = 0; i < iv->n_pieces; i++) {
        piece_free(iv, iv->pieces[i]);
    }
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        bw_rates_free(iv->circuits[i]->rates);
        bw_outage_free(iv->circuits[i]->watch);
        free(iv->circuits[i]->later);
        free(iv->circuits[i]);
    }
    for (uint32_t i = 0; i < iv->n_targets; i++) {
        interval_ways_done(&iv->targets[i]);
    }
    free(iv->targets);
    free(iv);
}

int bw_interval_add_circuit(struct bw_interval *iv, const struct bw_interval_circuit *c)
{
    struct circuit *n;
    if (iv->n_circuits == BW_CIRCUITS_MAX) {
        return -ENOSPC;
    }
    n = calloc(1, sizeof(*n));
    if (!n) {
        return -ENOMEM;
    }
    n->conf = *c;
    n->unread_since_s = BW_UNKNOWN;
    if (c->source != BW_SOURCE_NONE) {
        n->rates = bw_rates_new(open_piece(iv)->start_unix_s, c->claim_bps);
        if (!n->rates) {
            free(n);
            return -ENOMEM;
        }
        if (c->coarse) {
            bw_rates_set_coarse(n->rates, BW_UNKNOWN);
        }
    }
    iv->circuits[iv->n_circuits] = n;
    return (int)iv->n_circuits++;
}

int bw_interval_add_target(struct bw_interval *iv, const struct bw_interval_target *t)
{
    struct piece *p = open_piece(iv);
    struct tally *tallies;
    if (t->circuit >= iv->n_circuits) {
        return -EINVAL;
    }
    if (iv->n_targets == iv->cap_targets) {
        uint32_t cap = iv->cap_targets ? iv->cap_targets * 2 : 8;
        struct target *grown = realloc(iv->targets, cap * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        iv->targets = grown;
        iv->cap_targets = cap;
    }
    tallies =
        realloc(p->tallies, (size_t)(iv->n_targets + 1) * FAMILIES * sizeof(*tallies));
    if (!tallies) {
        return -ENOMEM;
    }
    p->tallies = tallies;
    (void)memset(&tallies[(size_t)iv->n_targets * FAMILIES], 0,
                 FAMILIES * sizeof(*tallies));
    iv->targets[iv->n_targets] =
        (struct target){.conf = *t, .watched = t->every_ms <= BW_OUTAGE_WATCHED_MS};
    if (iv->targets[iv->n_targets].watched) {
        struct circuit *c = iv->circuits[t->circuit];
        if (c->n_targets == 0) {
            c->reference = iv->n_targets;
        }
        iv->targets[iv->n_targets].index_in_circuit = c->n_targets++;
    }
    return (int)iv->n_targets++;
}

/* Counters --------------------------------------------------------------------- */

static struct bw_outage_watch *watch_of(struct circuit *c)
{
    if (!c->watch) {
        c->watch = bw_outage_new(c->n_targets, BW_OUTAGE_MIN_MS);
    }
    return c->watch;
}

static void collect_outages(struct circuit *c)
{
    struct bw_outage_span s;
    while (c->watch && bw_outage_take(c->watch, &s)) {
        if (c->n_spans == SPANS_MAX_KEPT) { /* the oldest were listed as not over */
            (void)memmove(c->spans, c->spans + 1, (c->n_spans - 1) * sizeof(*c->spans));
            c->n_spans--;
        }
        c->spans[c->n_spans++] = s;
    }
}

static void carrier_at(struct circuit *c, int64_t mono_ns, bool up)
{
    if (watch_of(c)) {
        bw_outage_carrier(c->watch, mono_ns, up);
        collect_outages(c);
    }
}

/* The gap lasts at least until the last second that could not be read: what was read first
 * may be put into one that is long before. */
static void end_unread(struct bw_interval *iv, struct circuit *c, int64_t unix_s)
{
    int64_t to_s = c->unread_to_s > unix_s ? c->unread_to_s : unix_s;
    if (c->unread_since_s != BW_UNKNOWN &&
        to_s > c->unread_since_s) { /* else all of it was in the interval before */
        (void)bw_interval_gap(iv, c->unread_since_s, to_s, BW_GAP_COUNTER);
    }
    c->unread_since_s = BW_UNKNOWN;
}

void bw_interval_reading(struct bw_interval *iv,
                         uint32_t circuit,
                         int64_t unix_s,
                         const struct bw_reading *r)
{
    struct circuit *c = iv->circuits[circuit];
    if (!c->rates) {
        return;
    }
    (void)bw_rates_add(c->rates, unix_s, r);
    if (!c->conf.coarse || r->layer != BW_LAYER_UNKNOWN) { /* coarse: its port says it */
        c->conf.layer = r->layer;
    }
    end_unread(iv, c, unix_s);
    if (!c->conf.coarse) {
        carrier_at(c, r->mono_ns, r->carrier);
    }
    interval_settle(iv, circuit, r->mono_ns);
}

void bw_interval_port(
    struct bw_interval *iv, uint32_t circuit, int64_t mono_ns, bool up, enum bw_layer layer)
{
    iv->circuits[circuit]->conf.layer = layer;
    carrier_at(iv->circuits[circuit], mono_ns, up);
}

void bw_interval_reading_extra(struct bw_interval *iv,
                               uint32_t circuit,
                               const struct bw_reading *r)
{
    if (iv->circuits[circuit]->rates) {
        bw_rates_add_extra(iv->circuits[circuit]->rates, r);
    }
}

void bw_interval_no_reading(
    struct bw_interval *iv, uint32_t circuit, int64_t unix_s, int64_t mono_ns, int error)
{
    struct circuit *c = iv->circuits[circuit];
    if (!c->rates) {
        return;
    }
    bw_rates_lost(c->rates);
    if (c->unread_since_s == BW_UNKNOWN) {
        c->unread_since_s = unix_s > open_piece(iv)->start_unix_s ? unix_s - 1 : unix_s;
    }
    c->unread_to_s = unix_s;
    if (error == -ENODEV) {
        carrier_at(c, mono_ns, false);
    }
    interval_settle(iv, circuit, mono_ns);
}

/* Latency ---------------------------------------------------------------------- */

static struct piece *piece_of(const struct bw_interval *iv, int64_t mono_ns)
{
    for (size_t i = iv->n_pieces; i-- > 0;) {
        struct piece *p = iv->pieces[i];
        if (mono_ns >= p->start_mono_ns) {
            return mono_ns < p->end_mono_ns ? p : NULL;
        }
    }
    return NULL;
}

static void tally_answer(struct tally *t, int64_t rtt_us)
{
    if (!t->hist) {
        t->hist = malloc(sizeof(*t->hist));
        if (!t->hist) {
            return; /* an answer less in the histogram, which says so by its total */
        }
        bw_hist_init(t->hist);
        t->min_us = rtt_us;
    }
    bw_hist_add(t->hist, rtt_us);
    t->sum_us += rtt_us;
    if (rtt_us < t->min_us) {
        t->min_us = rtt_us;
    }
}

void bw_interval_latency(struct bw_interval *iv,
                         uint32_t target,
                         const struct bw_latency_sample *s)
{
    struct target *t;
    struct circuit *c;
    struct piece *p;
    struct tally *y;
    if (target >= iv->n_targets) {
        return;
    }
    t = &iv->targets[target];
    c = iv->circuits[t->conf.circuit];
    if (t->watched && watch_of(c)) {
        bw_outage_sample(c->watch, t->index_in_circuit, s);
        collect_outages(c);
    }
    if (!c->rates || c->conf.coarse) { /* few readings come: the packets tell the time */
        interval_settle(iv, t->conf.circuit, s->sent_mono_ns);
    }
    p = piece_of(iv, s->sent_mono_ns);
    if (!p || (s->family != 4 && s->family != 6)) {
        return;
    }
    y = &p->tallies[(size_t)target * FAMILIES + (s->family == 6 ? 1 : 0)];
    switch (s->state) {
    case BW_OK:
        y->sent++;
        tally_answer(y, s->rtt_ns / 1000);
        if (t->watched && target == c->reference) {
            c->echoes[c->n_echoes++ % ECHOES] =
                (struct echo){.sent_mono_ns = s->sent_mono_ns, .rtt_us = s->rtt_ns / 1000};
        }
        break;
    case BW_LOST:
        y->sent++;
        y->lost++;
        break;
    case BW_LATE:
        if (y->late < y->lost) {
            y->late++;
        }
        break;
    case BW_LOST_OUT: /* of those that were given as lost here: no more than these */
        y->lost_out += y->lost_out + y->lost_back < y->lost;
        break;
    case BW_LOST_BACK:
        y->lost_back += y->lost_out + y->lost_back < y->lost;
        break;
    case BW_FAILED: /* not sent: says nothing about the line */
    case BW_SKIPPED:
        break;
    }
    if (s->detail && (s->state == BW_OK || s->state == BW_LOST)) {
        interval_add_details(y, s->detail);
    }
}

/* Throughput ------------------------------------------------------------------- */

static void copy_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from ? from : "");
}

void *interval_array(void *array, size_t n, size_t size)
{
    return realloc(array, n * size);
}

/* A run is worth more than a test that was put off: the oldest of these goes, and the
 * record tells of it by a gap. */
static bool make_room(struct bw_interval *iv, struct piece *p)
{
    for (size_t i = 0; i < p->n_results; i++) {
        struct result *x = p->results[i];
        int64_t at_s = x->t.at_unix_ms / 1000;
        if (x->t.state == BW_TEST_DEFERRED &&
            bw_interval_gap(iv, at_s, at_s, BW_GAP_DEFERRED) == 0) {
            free(x);
            p->n_results--;
            for (; i < p->n_results; i++) {
                p->results[i] = p->results[i + 1];
            }
            return true;
        }
    }
    return false;
}

static int add_result(struct bw_interval *iv,
                      const struct bw_interval_run *who,
                      enum bw_test_state state,
                      struct result **ret)
{
    struct piece *p = open_piece(iv);
    struct result *x;
    if (who->circuit >= iv->n_circuits ||
        (p->n_results == BW_INTERVAL_RUNS_MAX &&
         (state == BW_TEST_DEFERRED || !make_room(iv, p)))) {
        return -ENOSPC;
    }
    x = interval_result_new(who->circuit);
    if (!x) {
        return -ENOMEM;
    }
    copy_text(x->t.circuit, sizeof(x->t.circuit), iv->circuits[who->circuit]->conf.id);
    copy_text(x->t.probe, sizeof(x->t.probe), who->probe);
    copy_text(x->t.kind, sizeof(x->t.kind), who->kind);
    copy_text(x->t.server, sizeof(x->t.server), who->server);
    copy_text(x->retest_of, sizeof(x->retest_of), who->retest_of);
    x->asked = who->asked;
    copy_text(x->t.campaign, sizeof(x->t.campaign), who->campaign);
    for (size_t i = 0; i < BW_INTERVAL_WORDS_MAX && who->words[i]; i++) {
        copy_text(x->words[i], sizeof(x->words[i]), who->words[i]);
    }
    x->t.grade = BW_GRADE_SELF;
    x->t.egress = BW_EGRESS_UNKNOWN;
    p->results[p->n_results++] = x;
    *ret = x;
    return 0;
}

static int64_t bits_per_second(int64_t bytes, int64_t ns)
{
    return ns >= NS_PER_MS ? (int64_t)((double)bytes * 8e9 / (double)ns) : BW_UNKNOWN;
}

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789._-/"
#define TOKEN WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZ:+"

/* A far end's text goes into a record only in the contract's letters; else not at all. */
static void keep_if(char *text, const char *letters)
{
    if (text[strspn(text, letters)] != '\0') {
        text[0] = '\0';
    }
}

static struct bw_tcp_figures tcp_figures(const struct bw_tcp_end *e)
{
    return (struct bw_tcp_figures){.rtt_us = e->rtt_us,
                                   .min_rtt_us = e->min_rtt_us,
                                   .retransmit_ppm = e->retransmit_ppm,
                                   .app_limited_ppm = e->app_limited_ppm,
                                   .rwnd_limited_ppm = e->rwnd_limited_ppm,
                                   .sndbuf_limited_ppm = e->sndbuf_limited_ppm};
}

int bw_interval_run(struct bw_interval *iv,
                    const struct bw_interval_run *who,
                    const struct bw_run_sample *s)
{
    struct result *x = NULL;
    struct circuit *c;
    enum bw_test_state state;
    int r;
    if (!s->final) {
        return 0;
    }
    state = s->state == BW_OK        ? BW_TEST_OK
            : s->state == BW_SKIPPED ? BW_TEST_CANCELLED
                                     : BW_TEST_FAILED;
    r = add_result(iv, who, state, &x);
    if (r < 0) {
        return r;
    }
    c = iv->circuits[who->circuit];
    x->t.direction = s->direction == BW_UP ? BW_UP : BW_DOWN;
    x->t.state = state;
    copy_text(x->method, sizeof(x->method), s->method);
    copy_text(x->reason, sizeof(x->reason), s->reason);
    bw_scrub_addresses(x->reason, sizeof(x->reason)); /* targets go by name */
    copy_text(x->t.cc, sizeof(x->t.cc), s->cc);
    copy_text(x->machine, sizeof(x->machine), s->machine);
    bw_scrub_addresses(x->machine, sizeof(x->machine));
    keep_if(x->machine, TOKEN);
    copy_text(x->receipt, sizeof(x->receipt), s->receipt);
    keep_if(x->receipt, TOKEN);
    for (size_t i = 0, n = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
        copy_text(x->flags[n], sizeof(x->flags[n]), s->flags[i]);
        keep_if(x->flags[n], WORD);
        n += x->flags[n][0] != '\0' ? 1 : 0;
    }
    x->t.grade = (enum bw_grade)s->grade;
    x->t.egress = (enum bw_egress)s->egress;
    x->t.streams = s->streams;
    x->t.mtu = s->mtu;
    if (x->receipt[0] == '\0') {
        x->t.grade = BW_GRADE_SELF; /* there is nothing to show for more */
    }
    x->measured = s->t0_mono_ns > 0 && s->t1_mono_ns >= s->t0_mono_ns + NS_PER_MS;
    x->t.at_unix_ms = interval_unix_ms(
        open_piece(iv), s->t0_mono_ns > 0 ? s->t0_mono_ns : bw_clock_mono_ns());
    if (x->measured) {
        x->t0_mono_ns = s->t0_mono_ns;
        x->t1_mono_ns = s->t1_mono_ns;
        x->t.duration_ms = (s->t1_mono_ns - s->t0_mono_ns) / NS_PER_MS;
        x->t.bytes = s->bytes;
        x->wire_bytes = s->wire_bytes;
        x->total_bytes = s->total_bytes;
        x->began_mono_ns = who->began_mono_ns;
        x->over_mono_ns = bw_clock_mono_ns();
        x->t.retransmit_ppm = s->retransmit_ppm;
        x->t.tester_busy_ppm = s->tester_busy_ppm;
        x->t.loss_ppm = s->loss_ppm;
        x->t.delay_min_us = s->delay_min_us;
        x->t.delay_max_us = s->delay_max_us;
        x->t.near = tcp_figures(&s->near);
        x->t.far = tcp_figures(&s->far);
        c->windows[c->n_windows % WINDOWS][0] = s->t0_mono_ns;
        c->windows[c->n_windows % WINDOWS][1] = s->t1_mono_ns;
        c->n_windows++;
    }
    if (s->state == BW_OK) {
        x->t.goodput_bps = s->bytes == BW_UNKNOWN
                               ? BW_UNKNOWN
                               : bits_per_second(s->bytes, s->t1_mono_ns - s->t0_mono_ns);
    }
    bw_throughput_forget_beyond(&x->t);
    if (s->state == BW_OK) {
        if (!x->measured || x->t.duration_ms == BW_UNKNOWN || x->t.bytes == BW_UNKNOWN ||
            x->t.goodput_bps == BW_UNKNOWN) { /* a probe that cannot count */
            x->t.state = BW_TEST_FAILED;
            x->t.goodput_bps = BW_UNKNOWN;
            copy_text(x->reason, sizeof(x->reason), "the run gave no window or no bytes");
        }
    }
    return 0;
}

int bw_interval_not_run(struct bw_interval *iv,
                        const struct bw_interval_run *who,
                        enum bw_direction direction,
                        int64_t at_unix_ms,
                        enum bw_test_state state,
                        const char *reason)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct result *x = NULL;
        int r;
        if (direction != BW_DIRECTIONS && (int)direction != d) {
            continue;
        }
        r = add_result(iv, who, state, &x);
        if (r == -ENOSPC && state == BW_TEST_DEFERRED && who->circuit < iv->n_circuits) {
            r = bw_interval_gap(iv, at_unix_ms / 1000, at_unix_ms / 1000, BW_GAP_DEFERRED);
            if (r < 0) {
                return r;
            }
            continue;
        }
        if (r < 0) {
            return r;
        }
        x->t.direction = d == 0 ? BW_DOWN : BW_UP;
        x->t.state = state;
        x->t.at_unix_ms = at_unix_ms;
        copy_text(x->reason, sizeof(x->reason), reason);
        bw_scrub_addresses(x->reason, sizeof(x->reason));
    }
    return 0;
}

int bw_interval_gap(struct bw_interval *iv,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    enum bw_gap_why why)
{
    struct piece *p = open_piece(iv);
    if (to_unix_s < from_unix_s) {
        return -EINVAL;
    }
    for (size_t i = 0; i < p->n_gaps; i++) {
        struct bw_gap *g = &p->gaps[i];
        if (g->why == why && from_unix_s <= g->to_unix_s && to_unix_s >= g->from_unix_s) {
            g->from_unix_s = from_unix_s < g->from_unix_s ? from_unix_s : g->from_unix_s;
            g->to_unix_s = to_unix_s > g->to_unix_s ? to_unix_s : g->to_unix_s;
            return 0;
        }
    }
    if (p->n_gaps == GAPS_MAX) {
        return -ENOSPC;
    }
    p->gaps[p->n_gaps++] =
        (struct bw_gap){.from_unix_s = from_unix_s, .to_unix_s = to_unix_s, .why = why};
    return 0;
}

/* Borders ---------------------------------------------------------------------- */

static void drop_piece(struct bw_interval *iv, size_t i)
{
    piece_free(iv, iv->pieces[i]);
    iv->n_pieces--;
    for (; i < iv->n_pieces; i++) {
        iv->pieces[i] = iv->pieces[i + 1];
    }
}

void bw_interval_cut(struct bw_interval *iv,
                     int64_t end_unix_s,
                     int64_t end_mono_ns,
                     int64_t next_unix_s,
                     int64_t step_us)
{
    struct piece *p = open_piece(iv);
    struct piece *next;
    bool empty = end_unix_s <= p->start_unix_s;
    if (iv->n_pieces > BW_INTERVAL_UNSEALED_MAX) {
        return; /* the owner does not take: this interval grows instead of losing one */
    }
    next = piece_new(iv, next_unix_s, end_mono_ns);
    if (!next) {
        return; /* out of memory: likewise */
    }
    p->end_unix_s = end_unix_s;
    p->end_mono_ns = end_mono_ns;
    p->end_boot_ms = bw_clock_boot_ms();
    p->step_us = step_us;
    bw_clock_state_read(&p->clock);
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        struct circuit *c = iv->circuits[i];
        bw_circuit_summary_init(&p->circuits[i]);
        if (!c->rates) {
            continue;
        }
        if (c->conf.coarse && !empty && end_unix_s == next_unix_s) {
            p->unsettled[i] = true; /* what reaches over the border is still to come */
        } else {
            interval_settle_counts_of(iv, i);
            bw_rates_cut(c->rates, end_unix_s, next_unix_s, &p->circuits[i]);
            p->circuits[i].layer = c->conf.layer;
        }
        if (c->unread_since_s != BW_UNKNOWN) {
            if (!empty && c->unread_since_s < end_unix_s) {
                (void)bw_interval_gap(iv, c->unread_since_s, end_unix_s, BW_GAP_COUNTER);
            }
            c->unread_since_s = next_unix_s;
            c->unread_to_s = next_unix_s;
        }
    }
    if (empty) { /* what it was told meanwhile goes on */
        (void)memcpy(next->results, p->results, sizeof(p->results));
        next->n_results = p->n_results;
        p->n_results = 0;
        (void)memcpy(next->gaps, p->gaps, sizeof(p->gaps));
        next->n_gaps = p->n_gaps;
        drop_piece(iv, iv->n_pieces - 1);
    }
    iv->pieces[iv->n_pieces++] = next;
}

int bw_interval_take(struct bw_interval *iv, int64_t now_mono_ns, struct bw_summary *ret)
{
    struct piece *p = iv->pieces[0];
    int r;
    if (iv->n_pieces < 2 ||
        (now_mono_ns != INT64_MAX && now_mono_ns - p->end_mono_ns < iv->grace_ns)) {
        return -EAGAIN;
    }
    interval_settle_counts(iv, p);
    r = interval_fill(iv, p, now_mono_ns == INT64_MAX ? p->end_mono_ns : now_mono_ns, ret);
    if (r == 0) {
        drop_piece(iv, 0);
    }
    return r;
}
