/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_load.c - the load and its feedback (RFC 9097 section 8, RFC 9946).
 *
 * Downstream we receive: every half millisecond all that came is read in large batches (a
 * wake-up a datagram would cost ten times as much), the kernel's stamps say when each came,
 * and a Status goes out every trial interval. Upstream we send by the row of the newest
 * Status, and the server's figures of each second are the result. Either way the seconds
 * are the receiver's. */
#include "udpst_flow_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <string.h>

enum {
    DRAIN_US = 500,
    BATCHES_MAX = 16, /* a wake-up, then the loop's turn */
    BURSTS_MAX = 64,
    EARLIEST_US = 20,   /* a wake-up before that costs more than the burst */
    OVER_PERCENT = 110, /* of max_rate may come before it is too much */
    QUEUED_MS = 1000    /* a report's way and the line's queue: what drains in a second may
                         * have been sent so long before it */
};

static int64_t ip_bytes(const struct udpst_flow *f, uint64_t payload, uint64_t datagrams)
{
    return (int64_t)(payload + datagrams * f->header);
}

/* ---- seconds */

static void begin_second(struct udpst_flow *f)
{
    f->second_cpu_us = udpst_cpu_us();
    f->second_drops = f->io.own_drops;
    f->pace.capped = false;
    f->pace.late = false;
    f->second_foretold = false;
}

static void foretell_second(struct udpst_flow *f, int64_t t0_mono_ns, int64_t now_ns)
{
    if (!f->second_foretold &&
        now_ns - t0_mono_ns >= UDPST_SECOND_NEAR_MS * UDPST_NS_PER_MS) {
        f->second_foretold = true;
        f->plan.second(f->plan.owner);
    }
}

/* Of two rates the higher, without a division's loss. */
static bool is_faster(const struct udpst_second *a, int times, const struct udpst_second *b)
{
    return (double)a->ip_bytes * (double)(b->t1_mono_ns - b->t0_mono_ns) >
           (double)b->ip_bytes * (double)(a->t1_mono_ns - a->t0_mono_ns) * times;
}

/* A full second: is it the best so far? The plan's owner hears of each. */
static void take_second(struct udpst_flow *f, struct udpst_second *s, bool may_be_best)
{
    int64_t span_ns = s->t1_mono_ns - s->t0_mono_ns;
    s->busy_ppm = (udpst_cpu_us() - f->second_cpu_us) * 1000000000 / span_ns;
    s->capped = f->plan.direction == BW_UP && f->pace.capped;
    s->late = f->plan.direction == BW_UP && f->pace.late;
    s->dropped = f->io.own_drops != f->second_drops;
    if (may_be_best && (!f->have_best || is_faster(s, 1, &f->best))) {
        f->best = *s;
        f->have_best = true;
    }
    begin_second(f);
    f->plan.second(f->plan.owner);
}

static int64_t
over_least_us(const struct udpst_flow *f, const struct udpst_span *s, int64_t raw_ns)
{
    return s->n_delays > 0 ? (raw_ns - f->count.delay_least_ns) / 1000 : BW_UNKNOWN;
}

static void close_received_second(struct udpst_flow *f, int64_t t1_mono_ns)
{
    struct udpst_span *span = &f->count.second;
    struct udpst_second s = {.t0_mono_ns = span->t0_mono_ns,
                             .t1_mono_ns = t1_mono_ns,
                             .ip_bytes = ip_bytes(f, span->bytes, span->datagrams),
                             .loss_ppm = udpst_loss_ppm(span->lost, span->datagrams),
                             .rtt_us = BW_UNKNOWN};
    s.delay_min_us = over_least_us(f, span, span->delay_min_ns);
    s.delay_max_us = over_least_us(f, span, span->delay_max_ns);
    if (span->n_rtts > 0) {
        s.rtt_us = span->rtt_sum_ns / span->n_rtts / 1000;
    }
    udpst_count_saved(&f->count, span, t1_mono_ns, &f->saved);
    f->accumulated_us += (t1_mono_ns - span->t0_mono_ns) / 1000;
    f->saved.accumulated_ms = (uint32_t)(f->accumulated_us / 1000);
    f->subinterval_seq++;
    udpst_span_init(span, t1_mono_ns);
    take_second(f, &s, true);
}

/* What it is more than that can have come in a second; NULL: it may be. A deep queue drains
 * what is older, but at the rate of the seconds before; a line that stood still gives at
 * once what it held back. Neither is a rate of the line that was measured. */
static const char *beyond(const struct udpst_flow *f, const struct udpst_second *s)
{
    int64_t us = (s->t1_mono_ns - s->t0_mono_ns) / 1000;
    int64_t from_ns = s->t0_mono_ns - QUEUED_MS * UDPST_NS_PER_MS;
    if (s->ip_bytes > f->max_bps / 8000 * OVER_PERCENT / 100 * us / 1000) {
        return "max_rate allows";
    }
    return s->ip_bytes > f->total_ip_bytes - udpst_past_until(&f->past, from_ns)
               ? "was sent in two"
               : NULL;
}

/* The server's figures of a second that it counted. */
static void take_reported_second(struct udpst_flow *f, const struct bw_udpst_subinterval *r)
{
    int64_t now_ns = bw_clock_mono_ns();
    struct udpst_second s = {.t0_mono_ns = now_ns - (int64_t)r->delta_us * 1000,
                             .t1_mono_ns = now_ns,
                             .delay_min_us = BW_UNKNOWN,
                             .delay_max_us = BW_UNKNOWN,
                             .rtt_us = BW_UNKNOWN};
    const char *limit;
    if (r->bytes > f->sent_payload_bytes - f->reported_payload_bytes ||
        r->datagrams > f->sent_datagrams - f->reported_datagrams) {
        udpst_flow_fail(f, -EBADMSG, "the server says that it received more than was sent");
        return;
    }
    f->reported_payload_bytes += r->bytes;
    f->reported_datagrams += r->datagrams;
    f->live_mono_ns = now_ns;
    f->live_ip_bytes = 0;
    if (r->delta_us < UDPST_SECOND_LEAST_MS * 1000 ||
        r->delta_us > UDPST_SECOND_MOST_MS * 1000) {
        return; /* the last of a test is short, and is no second */
    }
    s.ip_bytes = ip_bytes(f, r->bytes, r->datagrams);
    limit = beyond(f, &s);
    if (limit && (!f->have_best || is_faster(&s, 2, &f->best))) {
        udpst_flow_fail(f, -EBADMSG,
                        "the server says that it received more in a second than %s", limit);
        return;
    }
    s.loss_ppm = udpst_loss_ppm(r->lost, r->datagrams);
    if (r->delay_min_ms != BW_UDPST_NO_DELAY) {
        s.delay_min_us = (int64_t)r->delay_min_ms * 1000;
        s.delay_max_us = (int64_t)r->delay_max_ms * 1000;
    }
    if (f->n_rtts > 0) {
        s.rtt_us = f->rtt_sum_ms * 1000 / f->n_rtts;
    }
    f->rtt_sum_ms = 0;
    f->n_rtts = 0;
    take_second(f, &s, !limit);
}

/* ---- stop */

static void send_status(struct udpst_flow *f, int64_t now_ns, uint8_t action);

static void send_last_load(struct udpst_flow *f)
{
    int64_t unix_ns = bw_clock_unix_ns();
    struct bw_udpst_load l = {.action = BW_UDPST_STOPPED,
                              .seq = ++f->load_seq,
                              .payload = BW_UDPST_LOAD_LEN,
                              .status_s = f->heard_s,
                              .status_ns = f->heard_ns,
                              .sent_s = (uint32_t)(unix_ns / UDPST_NS_PER_S),
                              .sent_ns = (uint32_t)(unix_ns % UDPST_NS_PER_S)};
    uint8_t pdu[BW_UDPST_LOAD_LEN];
    bw_udpst_load_write(pdu, &l);
    (void)udpst_io_send(&f->io, pdu, sizeof(pdu));
}

void udpst_load_say_stop(struct udpst_flow *f)
{
    if (f->plan.direction == BW_DOWN) {
        send_status(f, bw_clock_mono_ns(), BW_UDPST_STOPPED);
    } else {
        send_last_load(f);
    }
}

static void begin_confirming(struct udpst_flow *f, int64_t now_ns)
{
    int64_t ms = (now_ns - f->t0_mono_ns) / UDPST_NS_PER_MS;
    if (ms < (f->test_s - 1) * INT64_C(1000)) {
        udpst_flow_fail(f, -EPROTO, "the server ended the test after %lld.%lld s of %u s",
                        (long long)(ms / 1000), (long long)(ms % 1000 / 100),
                        (unsigned)f->test_s);
        return;
    }
    f->state = UDPST_CONFIRMING;
    f->stop_heard = false;
    f->stop_mono_ns = now_ns + UDPST_STOP_MS * UDPST_NS_PER_MS;
    udpst_flow_wake(f, UDPST_NEVER);
    udpst_flow_listen(f, true);
    udpst_load_say_stop(f);
}

/* ---- received: downstream */

static void send_status(struct udpst_flow *f, int64_t now_ns, uint8_t action)
{
    int64_t unix_ns = bw_clock_unix_ns();
    struct bw_udpst_status s = {.action = action,
                                .seq = ++f->status_seq,
                                .subinterval_seq = f->subinterval_seq,
                                .saved = f->saved,
                                .sent_s = (uint32_t)(unix_ns / UDPST_NS_PER_S),
                                .sent_ns = (uint32_t)(unix_ns % UDPST_NS_PER_S)};
    uint8_t pdu[BW_UDPST_CONTROL_MAX];
    size_t n;
    s.rx_stopped = now_ns - f->heard_mono_ns > UDPST_QUIET_MS * UDPST_NS_PER_MS;
    udpst_count_trial(&f->count, now_ns, &s);
    n = bw_udpst_status_write(pdu, sizeof(pdu), f->version, &s, NULL);
    (void)udpst_io_send(&f->io, pdu, n); /* a lost one is one of twenty a second */
    f->echoes_unix_ns[f->status_seq % UDPST_ECHOES] = unix_ns;
}

/* A Load tells the send time of the newest Status that its sender heard: the first to tell
 * one of ours makes a round trip, less the time it lay there. */
static void
take_echo(struct udpst_flow *f, const struct bw_udpst_load *l, int64_t received_ns)
{
    int64_t echo_ns = (int64_t)l->status_s * UDPST_NS_PER_S + l->status_ns;
    int64_t rtt_ns = received_ns - echo_ns - l->response_ms * UDPST_NS_PER_MS;
    if (echo_ns <= f->echoed_unix_ns) {
        return;
    }
    for (size_t i = 0; i < UDPST_ECHOES; i++) {
        if (f->echoes_unix_ns[i] == echo_ns) {
            f->echoed_unix_ns = echo_ns;
            if (rtt_ns >= 0) {
                udpst_count_rtt(&f->count, rtt_ns);
            }
            return;
        }
    }
}

static void on_load(struct udpst_flow *f, const struct udpst_datagram *d, int64_t now_ns)
{
    struct bw_udpst_load l;
    int64_t received_ns = d->received_unix_ns;
    int64_t sent_ns;
    int r = bw_udpst_load_read(d->head, d->n, &l);
    if (r < 0 || l.seq == 0) {
        f->faults.checksums += r == -EILSEQ;
        f->faults.lengths += r != -EILSEQ;
        return;
    }
    if (received_ns == BW_UNKNOWN) {
        received_ns = bw_clock_unix_ns();
    }
    if (f->loads_begun_mono_ns == 0) {
        f->loads_begun_mono_ns = now_ns;
        udpst_span_init(&f->count.second, now_ns);
        udpst_span_init(&f->count.trial, now_ns);
        begin_second(f);
    }
    f->heard_mono_ns = now_ns;
    f->total_ip_bytes += ip_bytes(f, d->n, 1);
    f->stop_heard |= l.action != BW_UDPST_TESTING;
    sent_ns = (int64_t)l.sent_s * UDPST_NS_PER_S + l.sent_ns;
    udpst_count_load(&f->count, l.seq, (uint32_t)d->n, received_ns, sent_ns);
    take_echo(f, &l, received_ns);
}

static bool too_much(const struct udpst_flow *f, int64_t now_ns)
{
    const struct udpst_span *s = &f->count.second;
    int64_t ms = (now_ns - s->t0_mono_ns) / UDPST_NS_PER_MS;
    int64_t most = f->max_bps / 8000 * OVER_PERCENT / 100 * (ms > 1000 ? ms : 1000);
    return ip_bytes(f, s->bytes, s->datagrams) > most;
}

static void tick_down(struct udpst_flow *f)
{
    int64_t now_ns = bw_clock_mono_ns();
    int n = UDPST_RECEIVE_BATCH;
    for (int b = 0; b < BATCHES_MAX && n == UDPST_RECEIVE_BATCH; b++) {
        n = udpst_io_receive_batch(&f->io);
        for (int i = 0; i < n; i++) {
            struct udpst_datagram d;
            udpst_io_datagram(&f->io, (size_t)i, &d);
            on_load(f, &d, now_ns);
        }
    }
    if (n < 0) {
        f->faults.icmp = n;
    }
    now_ns = bw_clock_mono_ns();
    if (f->loads_begun_mono_ns != 0 && too_much(f, now_ns)) {
        udpst_flow_fail(f, -EOVERFLOW,
                        "the server sends more than max_rate (%lld Mbit/s) allows",
                        (long long)(f->max_bps / 1000000));
        return;
    }
    if (f->loads_begun_mono_ns != 0 && n < UDPST_RECEIVE_BATCH &&
        now_ns - f->count.second.t0_mono_ns >= UDPST_NS_PER_S) {
        close_received_second(f, now_ns);
    }
    if (f->loads_begun_mono_ns != 0) {
        foretell_second(f, f->count.second.t0_mono_ns, now_ns);
    }
    if (f->stop_heard) {
        if (f->heard_mono_ns - f->count.second.t0_mono_ns >=
            UDPST_SECOND_LEAST_MS * UDPST_NS_PER_MS) {
            close_received_second(f, f->heard_mono_ns);
        }
        begin_confirming(f, now_ns);
        return;
    }
    if (now_ns >= f->next_status_mono_ns) {
        send_status(f, now_ns, BW_UDPST_TESTING);
        f->next_status_mono_ns += f->trial_ms * UDPST_NS_PER_MS;
        if (f->next_status_mono_ns < now_ns) {
            f->next_status_mono_ns = now_ns + f->trial_ms * UDPST_NS_PER_MS;
        }
    }
    udpst_flow_wake(f, now_ns + DRAIN_US * INT64_C(1000));
}

/* ---- sent: upstream */

static void send_burst(struct udpst_flow *f, const struct udpst_burst *b, int64_t now_ns)
{
    int64_t unix_ns = bw_clock_unix_ns();
    int64_t since_ms = (now_ns - f->heard_mono_ns) / UDPST_NS_PER_MS;
    size_t n = b->n + (b->addon ? 1 : 0);
    uint32_t sizes[UDPST_SEND_BATCH] = {0};
    struct bw_udpst_load l = {.status_missed = f->status_missed,
                              .status_s = f->heard_s,
                              .status_ns = f->heard_ns,
                              .sent_s = (uint32_t)(unix_ns / UDPST_NS_PER_S),
                              .sent_ns = (uint32_t)(unix_ns % UDPST_NS_PER_S),
                              .response_ms =
                                  (uint16_t)(since_ms < 65535 ? since_ms : 65535)};
    int sent;
    for (size_t i = 0; i < n; i++) {
        sizes[i] = udpst_pace_size(&f->pace, i < b->n ? b->payload : b->addon);
        l.seq = f->load_seq + 1 + (uint32_t)i;
        l.payload = (uint16_t)sizes[i];
        bw_udpst_load_write(udpst_io_header(&f->io, i), &l);
        udpst_io_size(&f->io, i, sizes[i]);
    }
    sent = n > 0 ? udpst_io_send_batch(&f->io, n) : 0;
    /* What the interface's queue did not take was never sent: its numbers are used again,
     * or it would count as loss on the line. */
    for (int i = 0; i < sent; i++) {
        f->load_seq++;
        f->sent_datagrams++;
        f->sent_payload_bytes += sizes[i];
        f->total_ip_bytes += ip_bytes(f, sizes[i], 1);
    }
    if (sent == -EMSGSIZE) {
        udpst_flow_fail(f, sent, "datagrams of %u bytes do not fit the line's MTU",
                        (unsigned)(sizes[0] + f->header));
    } else if (sent < 0 && sent != -EAGAIN && sent != -ENOBUFS) {
        f->faults.icmp = sent;
    }
}

static void tick_up(struct udpst_flow *f)
{
    struct udpst_burst burst;
    int64_t now_ns = bw_clock_mono_ns();
    int64_t next_ns;
    for (int i = 0; i < BURSTS_MAX && f->state == UDPST_TESTING; i++) {
        if (!udpst_pace_take(&f->pace, now_ns, &burst)) {
            break;
        }
        send_burst(f, &burst, now_ns);
        now_ns = bw_clock_mono_ns();
    }
    udpst_past_note(&f->past, now_ns, f->total_ip_bytes);
    if (f->state == UDPST_TESTING) {
        foretell_second(f, f->live_mono_ns, now_ns);
        next_ns = udpst_pace_next(&f->pace);
        if (next_ns < now_ns + EARLIEST_US * INT64_C(1000)) {
            next_ns = now_ns + EARLIEST_US * INT64_C(1000);
        }
        udpst_flow_wake(f, next_ns);
    }
}

/* Loss of feedback, as the sender of the load sees it and tells in each Load. Is this one
 * newer than all before? */
static bool count_status(struct udpst_flow *f, uint32_t seq)
{
    uint32_t ahead = seq - f->heard_status_seq;
    if (ahead == 0 || ahead > INT32_MAX) {
        f->status_missed = UINT16_MAX; /* out of order, or twice */
        return false;
    }
    f->status_missed = (uint16_t)(ahead - 1 < UINT16_MAX ? ahead - 1 : UINT16_MAX);
    f->heard_status_seq = seq;
    return true;
}

static void follow_row(struct udpst_flow *f, const struct bw_udpst_row *row, int64_t now_ns)
{
    const char *why = NULL;
    if (bw_udpst_row_check(row, f->payload_max, &why) < 0) {
        udpst_flow_fail(f, -EPROTO, "the server asks for what cannot be sent: %s", why);
    } else if (memcmp(row, &f->pace.row, sizeof(*row)) != 0) {
        udpst_pace_set(&f->pace, row, now_ns);
        udpst_flow_wake(f, udpst_pace_next(&f->pace));
    }
}

static void on_status(struct udpst_flow *f, const uint8_t *p, size_t n)
{
    struct bw_udpst_status s;
    int64_t now_ns = bw_clock_mono_ns();
    int r = bw_udpst_status_read(p, n, &s);
    if (r < 0) {
        f->faults.checksums += r == -EILSEQ;
        f->faults.lengths += r != -EILSEQ;
        return;
    }
    if (!count_status(f, s.seq)) {
        return; /* overtaken: its second, row and times are not those of now */
    }
    f->heard_mono_ns = now_ns;
    f->heard_s = s.sent_s;
    f->heard_ns = s.sent_ns;
    f->live_ip_bytes += ip_bytes(f, s.trial_bytes, s.trial_datagrams);
    if (s.rtt_minimum_ms != BW_UDPST_NO_DELAY) {
        f->rtt_least_ms = s.rtt_minimum_ms;
        if (s.rtt_sample_ms != BW_UDPST_NO_DELAY) {
            f->rtt_sum_ms += (int64_t)s.rtt_minimum_ms + s.rtt_sample_ms;
            f->n_rtts++;
        }
    }
    if (s.subinterval_seq != f->subinterval_seq) {
        f->subinterval_seq = s.subinterval_seq;
        take_reported_second(f, &s.saved);
    }
    if (f->state == UDPST_TESTING && s.action != BW_UDPST_TESTING) {
        begin_confirming(f, now_ns);
    } else if (f->state == UDPST_TESTING) {
        follow_row(f, &s.row, now_ns);
    }
}

/* ---- both */

void udpst_load_begin(struct udpst_flow *f, const struct bw_udpst_row *row)
{
    int64_t now_ns = bw_clock_mono_ns();
    f->state = UDPST_TESTING;
    f->faults = (struct udpst_faults){.icmp = 0};
    f->t0_mono_ns = now_ns;
    f->heard_mono_ns = now_ns;
    f->live_mono_ns = now_ns;
    f->rtt_least_ms = BW_UNKNOWN;
    udpst_count_init(&f->count, now_ns);
    udpst_pace_init(&f->pace, f->max_bps, f->header, now_ns);
    f->saved.delay_min_ms = BW_UDPST_NO_DELAY;
    f->saved.rtt_min_ms = BW_UDPST_NO_DELAY;
    begin_second(f);
    if (f->plan.direction == BW_DOWN) {
        udpst_flow_listen(f, false); /* read by the tick */
        f->next_status_mono_ns = now_ns + f->trial_ms * UDPST_NS_PER_MS;
        udpst_flow_wake(f, now_ns + DRAIN_US * INT64_C(1000));
    } else {
        follow_row(f, row, now_ns);
    }
}

void udpst_load_tick(struct udpst_flow *f)
{
    if (f->plan.direction == BW_DOWN) {
        tick_down(f);
    } else {
        tick_up(f);
    }
}

/* What still comes while the stop is confirmed: out of the line's queues, which is traffic
 * but no measurement, or since the server did not hear us. */
static void still_stopping(struct udpst_flow *f, const struct udpst_datagram *d)
{
    struct bw_udpst_status s;
    struct bw_udpst_load l;
    if (f->plan.direction == BW_DOWN) {
        f->total_ip_bytes += ip_bytes(f, d->n, 1);
    }
    if (f->plan.direction == BW_DOWN
            ? bw_udpst_load_read(d->head, d->n, &l) == 0 && l.action != BW_UDPST_TESTING
            : bw_udpst_status_read(d->head, d->n, &s) == 0 &&
                  s.action != BW_UDPST_TESTING) {
        f->stop_heard = true;
    }
}

void udpst_load_read(struct udpst_flow *f)
{
    int n = udpst_io_receive_batch(&f->io);
    if (n < 0) {
        f->faults.icmp = n;
    }
    for (int i = 0; i < n; i++) {
        struct udpst_datagram d;
        udpst_io_datagram(&f->io, (size_t)i, &d);
        if (f->state == UDPST_TESTING && f->plan.direction == BW_UP) {
            on_status(f, d.head, d.n);
        } else if (f->state == UDPST_CONFIRMING) {
            still_stopping(f, &d);
        }
    }
}

/* Nothing came for too long. At the test's very end that is the stop that was lost. */
static void silent(struct udpst_flow *f, int64_t now_mono_ns)
{
    const struct udpst_faults *w = &f->faults;
    const char *what = f->plan.direction == BW_DOWN ? "load" : "feedback";
    const char *why = "";
    if (f->heard_mono_ns - f->t0_mono_ns >=
        f->test_s * UDPST_NS_PER_S - UDPST_STOP_MS * UDPST_NS_PER_MS) {
        begin_confirming(f, now_mono_ns);
        return;
    }
    if (w->checksums > 0) {
        why = ": what came had a wrong checksum";
    } else if (w->lengths > 0) {
        why = ": what came had a length or field that cannot be";
    } else if (w->icmp == -ECONNREFUSED) {
        why = ": its port is closed";
    }
    if (f->heard_mono_ns == f->t0_mono_ns) {
        udpst_flow_fail(f, -ETIMEDOUT, "no %s came from the server%s", what, why);
    } else {
        udpst_flow_fail(f, -ETIMEDOUT,
                        "the server went silent in the test: no %s for %.1f s%s", what,
                        (double)(now_mono_ns - f->heard_mono_ns) / 1e9, why);
    }
}

void udpst_load_watch(struct udpst_flow *f, int64_t now_mono_ns)
{
    int64_t end_ns =
        f->t0_mono_ns + f->test_s * UDPST_NS_PER_S + UDPST_OVERTIME_MS * UDPST_NS_PER_MS;
    int64_t silent_ms = (now_mono_ns - f->heard_mono_ns) / UDPST_NS_PER_MS;
    int error = udpst_io_errors(&f->io);
    f->faults.icmp = error < 0 ? error : f->faults.icmp;
    if (f->state == UDPST_CONFIRMING) {
        if (f->stop_heard) {
            f->stop_heard = false;
            udpst_load_say_stop(f);
        }
        if (now_mono_ns >= f->stop_mono_ns) {
            udpst_flow_succeed(f);
        }
    } else if (silent_ms > UDPST_SILENCE_MS ||
               (now_mono_ns >= end_ns && silent_ms > UDPST_QUIET_MS)) {
        silent(f, now_mono_ns);
    } else if (now_mono_ns >= end_ns) { /* it does not stop: we do */
        begin_confirming(f, now_mono_ns);
    }
}

void udpst_load_view(const struct udpst_flow *f, struct udpst_second *ret)
{
    int64_t now_ns = bw_clock_mono_ns();
    *ret = (struct udpst_second){.t1_mono_ns = now_ns,
                                 .loss_ppm = BW_UNKNOWN,
                                 .delay_min_us = BW_UNKNOWN,
                                 .delay_max_us = BW_UNKNOWN,
                                 .rtt_us = BW_UNKNOWN};
    if (f->plan.direction == BW_DOWN) {
        ret->t0_mono_ns = f->count.second.t0_mono_ns;
        ret->ip_bytes = ip_bytes(f, f->count.second.bytes, f->count.second.datagrams);
    } else {
        ret->t0_mono_ns = f->live_mono_ns;
        ret->t1_mono_ns = f->heard_mono_ns; /* as far as the feedback goes */
        ret->ip_bytes = f->live_ip_bytes;
    }
    ret->busy_ppm = now_ns > f->t0_mono_ns ? BW_UNKNOWN : 0;
}
