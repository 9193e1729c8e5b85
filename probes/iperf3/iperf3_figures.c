/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3_figures.c - from a report to a sample: whether it is believed, and its figures. */
#include "iperf3_figures.h"

#include "iperf3.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    BYTES_MIN = 16 * 1024, /* in the window: less is no rate */
    TCP_HEADERS_4 = 52,    /* IP, TCP and its time stamps, as Linux sends them */
    TCP_HEADERS_6 = 72,
    UDP_HEADERS_4 = 28,
    UDP_HEADERS_6 = 48
};

static const int64_t BUSY_PPM = 900000;

/* What the error's words mean to a caller that branches on it. */
int iperf3_code(const char *error)
{
    static const struct {
        const char *words;
        int code;
    } known[] = {
        {"Connection refused", -ECONNREFUSED}, {"timed out", -ETIMEDOUT},
        {"No route to host", -EHOSTUNREACH},   {"Network is unreachable", -ENETUNREACH},
        {"not known", -EHOSTUNREACH},          {"control socket has closed", -ECONNRESET},
        {"reset by peer", -ECONNRESET},        {"access denied", -EACCES},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strstr(error, known[i].words)) {
            return known[i].code;
        }
    }
    return -EIO;
}

int iperf3_judge(const struct bw_iperf3_report *r,
                 enum bw_direction direction,
                 bool udp,
                 int64_t asked_us,
                 char *reason,
                 size_t cap)
{
    int64_t most = bw_iperf3_received_most(r);
    if (r->udp != udp || r->reverse != (direction == BW_DOWN)) {
        (void)snprintf(reason, cap, "iperf3 reports of another test");
        return -EPROTO;
    }
    if (r->bytes < BYTES_MIN) {
        (void)snprintf(reason, cap,
                       "only %lld bytes came through in %.1f s: too few to call it a rate",
                       (long long)r->bytes, (double)r->window_us / 1e6);
        return -ENODATA;
    }
    if (r->window_us < asked_us / 2 || r->window_us > asked_us * 2) {
        (void)snprintf(reason, cap, "the test took %.1f s, %.1f s were asked for",
                       (double)r->window_us / 1e6, (double)asked_us / 1e6);
        return -ENODATA;
    }
    if (direction == BW_UP && most != BW_UNKNOWN && r->bytes > most) {
        (void)snprintf(reason, cap,
                       "the server says it received %lld bytes in %.1f s: of what was sent "
                       "it can be %lld",
                       (long long)r->bytes, (double)r->window_us / 1e6, (long long)most);
        return -EPROTO;
    }
    return 0;
}

static int64_t wire_bytes(const struct bw_iperf3_report *r)
{
    int64_t unit = r->udp ? r->block_bytes : r->mss;
    int64_t headers = r->udp ? (r->family == 6 ? UDP_HEADERS_6 : UDP_HEADERS_4)
                             : (r->family == 6 ? TCP_HEADERS_6 : TCP_HEADERS_4);
    if (unit == BW_UNKNOWN || r->family == 0 || unit < 88 || unit > 65535 ||
        (r->udp && unit > 1472)) {
        return BW_UNKNOWN; /* a datagram in several packets: we do not know their size */
    }
    return r->bytes + (r->bytes + unit - 1) / unit * headers;
}

/* Segments sent again per million, of the bytes they carried. */
static int64_t retransmit_ppm(const struct bw_iperf3_report *r)
{
    double ppm;
    if (r->retransmits == BW_UNKNOWN || r->mss == BW_UNKNOWN ||
        r->sent_bytes == BW_UNKNOWN || r->sent_bytes == 0) {
        return BW_UNKNOWN;
    }
    ppm = (double)r->retransmits * (double)r->mss * 1e6 / (double)r->sent_bytes;
    return ppm <= 1e6 ? (int64_t)ppm : 1000000;
}

void iperf3_figures(const struct bw_iperf3_report *r,
                    enum bw_direction direction,
                    int64_t t0_mono_ns,
                    int64_t exit_mono_ns,
                    struct bw_run_sample *s)
{
    struct bw_tcp_end *sender = direction == BW_UP ? &s->near : &s->far;
    int64_t t0_ns = t0_mono_ns;
    if (t0_ns == BW_UNKNOWN || t0_ns + r->window_us * 1000 > exit_mono_ns) {
        t0_ns = exit_mono_ns - r->window_us * 1000;
    }
    s->t0_mono_ns = t0_ns;
    s->t1_mono_ns = t0_ns + r->window_us * 1000;
    s->bytes = r->bytes;
    s->wire_bytes = wire_bytes(r);
    if (r->total_bytes > s->total_bytes) { /* a report may miss a second; unknown: least */
        s->total_bytes = r->total_bytes;
    }
    s->family = r->family;
    s->mtu = r->pmtu;
    s->rtt_us = r->rtt_us;
    s->retransmit_ppm = retransmit_ppm(r);
    sender->retransmit_ppm = s->retransmit_ppm;
    s->near.rtt_us = r->rtt_us;
    s->near.min_rtt_us = r->min_rtt_us;
    s->tester_busy_ppm = r->here_busy_ppm;
    (void)memcpy(s->cc, r->cc, sizeof(s->cc));
    if (r->udp && r->packets > 0 && r->lost != BW_UNKNOWN && r->lost <= r->packets) {
        s->loss_ppm = (int64_t)((double)r->lost * 1e6 / (double)r->packets);
    }
    if (r->there_busy_ppm > BUSY_PPM) {
        s->flags[0] = "server-busy";
    }
}
