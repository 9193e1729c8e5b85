/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3.c - the JSON report of iperf3 (seen of 3.12; later ones add members). Its server
 * can put into it what it likes: every figure is checked for type and range, every text
 * for length and printable characters. */
#include "iperf3.h"

#include <bw/err.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

static const double FIGURE_MAX = 9e15; /* below 2^53: exact, and 128 of them fit */
static const double WINDOW_MAX_US = 1e12;
static const double TOLERANCE = 1.02;
static const double LATE_US = 1e5; /* a receiver may come to its first reading so late */
enum {
    DATAGRAM_MAX = 65535,
    STREAMS_MAX = 128,
    INTERVALS_MAX = 4096
};

/* Any number that is not negative, a fraction cut off; unknown otherwise. */
static int64_t figure(const json_t *object, const char *name, double scale)
{
    const json_t *j = json_object_get(object, name);
    double v = json_is_number(j) ? json_number_value(j) * scale : -1;
    return isfinite(v) && v >= 0 && v <= FIGURE_MAX ? (int64_t)v : BW_UNKNOWN;
}

/* Zero where iperf3 means "not measured". */
static int64_t positive(const json_t *object, const char *name)
{
    int64_t v = figure(object, name, 1);
    return v > 0 ? v : BW_UNKNOWN;
}

static void text(const json_t *object, const char *name, char *ret, size_t cap)
{
    const char *from = json_string_value(json_object_get(object, name));
    size_t i = 0;
    for (; from && from[i] && i + 1 < cap; i++) {
        ret[i] = from[i];
        if (from[i] < ' ' || from[i] > '~') {
            ret[i] = '?';
        }
    }
    ret[i] = '\0';
}

static uint8_t family_of(const json_t *start)
{
    const json_t *one = json_array_get(json_object_get(start, "connected"), 0);
    const char *host = json_string_value(json_object_get(one, "remote_host"));
    if (!host) {
        return 0;
    }
    return strchr(host, ':') ? 6 : strchr(host, '.') ? 4 : 0;
}

/* The mean (or least) of a figure over the senders; those that have none do not count. */
static int64_t over_senders(const json_t *end, const char *name, bool least)
{
    const json_t *streams = json_object_get(end, "streams");
    size_t n = json_array_size(streams);
    int64_t sum = 0; /* of at most STREAMS_MAX figures of FIGURE_MAX: fits */
    int64_t low = BW_UNKNOWN;
    int64_t counted = 0;
    for (size_t i = 0; i < n && i < STREAMS_MAX; i++) {
        const json_t *sender = json_object_get(json_array_get(streams, i), "sender");
        int64_t v = positive(sender, name);
        if (v != BW_UNKNOWN) {
            sum += v;
            low = low == BW_UNKNOWN || v < low ? v : low;
            counted++;
        }
    }
    return least || counted == 0 ? low : sum / counted;
}

/* Adds to a sum that is unknown until then; one that would leave the range stays. */
static void add(int64_t *sum, int64_t v)
{
    int64_t had = *sum == BW_UNKNOWN ? 0 : *sum;
    if (v != BW_UNKNOWN && had <= (int64_t)FIGURE_MAX - v) {
        *sum = had + v;
    }
}

/* The streams' congestion windows at one moment; unknown unless each has one. */
static int64_t cwnd_of(const json_t *streams)
{
    size_t n = json_array_size(streams);
    int64_t sum = BW_UNKNOWN;
    for (size_t i = 0; i < n && i < STREAMS_MAX; i++) {
        int64_t v = positive(json_array_get(streams, i), "snd_cwnd");
        if (v == BW_UNKNOWN) {
            return BW_UNKNOWN;
        }
        add(&sum, v);
    }
    return sum;
}

/* Seen of 3.12: where the end of the warm-up falls into a report, the warm-up's last second
 * has no interval, and the next one says it took two seconds. So time is read elsewhere. */
static void read_intervals(const json_t *whole, struct bw_iperf3_report *r)
{
    const json_t *intervals = json_object_get(whole, "intervals");
    size_t n = json_array_size(intervals);
    r->total_bytes = BW_UNKNOWN;
    r->omitted_bytes = BW_UNKNOWN;
    r->cwnd_bytes = BW_UNKNOWN;
    r->pmtu = BW_UNKNOWN;
    for (size_t i = 0; i < n && i < INTERVALS_MAX; i++) {
        const json_t *one = json_array_get(intervals, i);
        const json_t *sum = json_object_get(one, "sum");
        const json_t *streams = json_object_get(one, "streams");
        int64_t bytes = figure(sum, "bytes", 1);
        int64_t cwnd = cwnd_of(streams);
        int64_t pmtu = positive(json_array_get(streams, 0), "pmtu");
        add(&r->total_bytes, bytes);
        if (json_is_true(json_object_get(sum, "omitted"))) {
            add(&r->omitted_bytes, bytes);
        }
        r->cwnd_bytes = cwnd > r->cwnd_bytes ? cwnd : r->cwnd_bytes; /* unknown: least */
        r->pmtu = pmtu != BW_UNKNOWN && pmtu <= 65535 ? pmtu : r->pmtu;
    }
}

static void read_start(const json_t *whole, struct bw_iperf3_report *r)
{
    const json_t *start = json_object_get(whole, "start");
    const json_t *test = json_object_get(start, "test_start");
    const char *protocol = json_string_value(json_object_get(test, "protocol"));
    r->family = family_of(start);
    r->udp = protocol && strcmp(protocol, "UDP") == 0;
    r->reverse = figure(test, "reverse", 1) == 1;
    r->streams = positive(test, "num_streams");
    r->block_bytes = positive(test, "blksize");
    r->mss = positive(start, "tcp_mss");
    if (r->mss == BW_UNKNOWN) {
        r->mss = positive(start, "tcp_mss_default");
    }
}

/* Losses of the window. iperf3 3.12 adds those of the omitted part when its server counts,
 * so what arrived decides where that is said; else, in older versions, the losses do. */
static void count_datagrams(struct bw_iperf3_report *r)
{
    int64_t said = r->lost;
    r->lost = BW_UNKNOWN;
    if (r->packets == BW_UNKNOWN || r->block_bytes == BW_UNKNOWN ||
        r->block_bytes > DATAGRAM_MAX || r->packets > (int64_t)FIGURE_MAX / DATAGRAM_MAX) {
        return;
    }
    if (r->bytes != BW_UNKNOWN) {
        int64_t arrived = r->bytes / r->block_bytes;
        if (arrived <= r->packets) {
            r->lost = r->packets - arrived;
        }
    } else if (said != BW_UNKNOWN && said <= r->packets) {
        r->lost = said;
        r->bytes = (r->packets - said) * r->block_bytes;
    }
}

static void read_end(const json_t *end, struct bw_iperf3_report *r)
{
    const json_t *sent = json_object_get(end, "sum_sent");
    const json_t *received = json_object_get(end, "sum_received");
    const json_t *cpu = json_object_get(end, "cpu_utilization_percent");
    /* Older versions have one `sum` for UDP: the sender's bytes, the receiver's losses. */
    const json_t *datagrams = received;
    if (!json_is_object(received)) {
        datagrams = json_object_get(end, "sum");
    }
    r->window_us = figure(received, "seconds", 1e6);
    r->bytes = figure(received, "bytes", 1);
    r->sent_bytes = figure(sent, "bytes", 1);
    r->sent_us = figure(sent, "seconds", 1e6);
    r->retransmits = r->udp ? BW_UNKNOWN : figure(sent, "retransmits", 1);
    r->packets = BW_UNKNOWN;
    r->lost = BW_UNKNOWN;
    if (r->udp) {
        r->packets = figure(datagrams, "packets", 1);
        r->lost = figure(datagrams, "lost_packets", 1);
        if (r->window_us == BW_UNKNOWN) {
            r->window_us = figure(datagrams, "seconds", 1e6);
        }
        count_datagrams(r);
    }
    r->rtt_us = over_senders(end, "mean_rtt", false);
    r->min_rtt_us = over_senders(end, "min_rtt", true);
    r->here_busy_ppm = figure(cpu, "host_total", 1e4);
    r->there_busy_ppm = figure(cpu, "remote_total", 1e4);
    text(end, "sender_tcp_congestion", r->cc, sizeof(r->cc));
    r->measured = r->window_us != BW_UNKNOWN && r->window_us > 0 &&
                  (double)r->window_us <= WINDOW_MAX_US && r->bytes != BW_UNKNOWN;
}

int bw_iperf3_read(const char *json,
                   size_t n,
                   struct bw_iperf3_report *ret,
                   struct bw_err *reterr)
{
    static const char no_words[] = "an error without words";
    json_t *whole = NULL;
    struct bw_iperf3_report r = {.error = ""};
    json_error_t where = {.line = 0};
    int result = 0;
    if (n > BW_IPERF3_REPORT_MAX) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a report of more than %d bytes",
                          BW_IPERF3_REPORT_MAX);
    }
    /* Not by bw_json_parse(): iperf3 says some members once a stream. */
    whole = json_loadb(json, n, 0, &where);
    if (!json_is_object(whole)) {
        json_decref(whole);
        return bw_err_set(reterr, -BW_EMALFORMED, "no JSON object: line %d: %.120s",
                          where.line, where.text);
    }
    text(whole, "error", r.error, sizeof(r.error));
    if (r.error[0] == '\0' && json_object_get(whole, "error")) {
        (void)memcpy(r.error, no_words, sizeof(no_words));
    }
    r.busy = strstr(r.error, "server is busy") != NULL;
    read_start(whole, &r);
    read_end(json_object_get(whole, "end"), &r);
    read_intervals(whole, &r);
    if (r.error[0] == '\0' && !r.measured) {
        result = bw_err_set(reterr, -BW_EMALFORMED, "a report without a rate");
    }
    json_decref(whole);
    if (result == 0) {
        *ret = r;
    }
    return result;
}

int64_t bw_iperf3_received_most(const struct bw_iperf3_report *r)
{
    double rate; /* bytes a microsecond */
    double queued;
    if (r->sent_bytes == BW_UNKNOWN || r->sent_us == BW_UNKNOWN || r->sent_us == 0 ||
        r->window_us == BW_UNKNOWN) {
        return r->total_bytes == BW_UNKNOWN ? BW_UNKNOWN
                                            : (int64_t)((double)r->total_bytes * TOLERANCE);
    }
    rate = (double)r->sent_bytes / (double)r->sent_us;
    queued = rate * LATE_US;
    if (!r->udp && r->cwnd_bytes != BW_UNKNOWN) {
        queued += 2 * (double)r->cwnd_bytes;
    } else if (!r->udp && r->omitted_bytes != BW_UNKNOWN) {
        queued = (double)r->omitted_bytes;
    }
    if (r->omitted_bytes != BW_UNKNOWN) {
        queued = fmin(queued, (double)r->omitted_bytes);
    }
    return (int64_t)(rate * (double)r->window_us * TOLERANCE + queued);
}
