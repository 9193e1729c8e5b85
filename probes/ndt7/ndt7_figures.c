/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_figures.c - what one ndt7 test amounts to.
 *
 * Downwards the figure is what this end received in the ten seconds of load; upwards what
 * the server's kernel had received by the end of them, by the server's own clock, since
 * what is sent is not yet delivered. What still drains from queues and buffers afterwards
 * is no load and does not count. Either way the other end's count stands beside it. */
#include "ndt7_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum {
    PPM = 1000000,
    HANDSHAKE_BYTES = 65536, /* of TLS and the upgrade, at most */
    RECORD_SHARE = 16,       /* of what is sent TLS and frames add less than one … */
    CLOCK_SLACK_US = 3000000,
    LOAD_US = BW_NDT7_SEND_MS * 1000,
    NEAR_END_US = 1000000 /* as near to the load's end a measurement stands for it */
};

static int64_t cpu_us(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) < 0) {
        return 0;
    }
    return ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * PPM + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

/* Our socket -------------------------------------------------------------------- */

static bool read_near(struct ndt7_test *t, int64_t now_mono_ns, struct bw_ndt7_tcp *ret)
{
    return ndt7_socket_tcp(ndt7_link_fd(t->link), (now_mono_ns - t->f.t0_mono_ns) / 1000,
                           ret);
}

void ndt7_figures_begin(struct ndt7_test *t, int64_t now_mono_ns)
{
    struct ndt7_figures *f = &t->f;
    *f = (struct ndt7_figures){.t0_mono_ns = now_mono_ns,
                               .moved_mono_ns = now_mono_ns,
                               .cpu_t0_us = cpu_us(),
                               .busy_ppm = BW_UNKNOWN};
    f->has_near = read_near(t, now_mono_ns, &f->near0);
    f->near = f->near0;
    ndt7_socket_path(ndt7_link_fd(t->link), t->family, &f->path);
}

void ndt7_figures_look(struct ndt7_test *t)
{
    struct ndt7_figures *f = &t->f;
    int64_t now_ns = bw_clock_mono_ns();
    int64_t moved;
    int64_t queued;
    if (f->t1_mono_ns != 0) {
        return;
    }
    queued = ndt7_socket_queued_bytes(ndt7_link_fd(t->link));
    f->acked_bytes = f->sent_bytes > queued ? f->sent_bytes - queued : 0;
    moved = t->setup.direction == BW_UP ? f->acked_bytes : f->received_bytes;
    if (moved > f->moved_bytes) {
        f->moved_bytes = moved;
        f->moved_mono_ns = now_ns;
    }
    if (read_near(t, now_ns, &f->near)) {
        f->looks++;
        f->limited += f->near.app_limited == 1;
    }
    if (now_ns > f->t0_mono_ns) {
        f->busy_ppm = (cpu_us() - f->cpu_t0_us) * 1000 * PPM / (now_ns - f->t0_mono_ns);
    }
}

void ndt7_figures_finish(struct ndt7_test *t, int64_t now_mono_ns)
{
    ndt7_figures_look(t);
    if (t->f.t1_mono_ns == 0) {
        t->f.t1_mono_ns = now_mono_ns;
        t->f.counted_bytes = t->f.received_bytes;
    }
}

/* The server's ------------------------------------------------------------------ */

static bool known(int64_t v)
{
    return v != BW_UNKNOWN;
}

/* The last measurement within the load's time; one from after it only where there is none
 * of its last second. */
static void take_upload(struct ndt7_figures *f)
{
    if (known(f->far.bytes_received) && known(f->far.elapsed_us) &&
        (f->far.elapsed_us <= LOAD_US || f->far_us < LOAD_US - NEAR_END_US)) {
        f->far_bytes = f->far.bytes_received;
        f->far_us = f->far.elapsed_us;
    }
}

int ndt7_figures_take(struct ndt7_test *t,
                      const struct bw_ndt7_measurement *m,
                      struct bw_err *reterr)
{
    struct ndt7_figures *f = &t->f;
    int64_t own_us = (bw_clock_mono_ns() - f->t0_mono_ns) / 1000;
    if (!m->has_tcp) {
        return 0;
    }
    if (known(m->tcp.elapsed_us) && m->tcp.elapsed_us > own_us + CLOCK_SLACK_US) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "the server says that %.1f s have passed, and it was %.1f s",
                          (double)m->tcp.elapsed_us / 1e6, (double)own_us / 1e6);
    }
    if (t->setup.direction == BW_UP && known(m->tcp.bytes_received) &&
        m->tcp.bytes_received >
            f->sent_bytes + f->sent_bytes / RECORD_SHARE + HANDSHAKE_BYTES) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "the server says it received %lld bytes, and only %lld were sent",
                          (long long)m->tcp.bytes_received, (long long)f->sent_bytes);
    }
    f->far_looks++;
    f->far_limited += m->tcp.app_limited == 1;
    /* a measurement without what counts does not replace one that has it */
    if (f->has_far && t->setup.direction == BW_UP &&
        (!known(m->tcp.bytes_received) || !known(m->tcp.elapsed_us))) {
        return 0;
    }
    f->has_far = true;
    f->far = m->tcp;
    take_upload(f);
    return 0;
}

/* Samples ----------------------------------------------------------------------- */

static int64_t share_ppm(int64_t part, int64_t whole)
{
    if (!known(part) || !known(whole) || whole <= 0) {
        return BW_UNKNOWN;
    }
    return part >= whole ? PPM : (int64_t)((double)part * PPM / (double)whole);
}

static void end_of(const struct bw_ndt7_tcp *tcp,
                   bool sends,
                   int64_t limited,
                   int64_t looks,
                   struct bw_tcp_end *ret)
{
    ret->rtt_us = tcp->rtt_us;
    ret->min_rtt_us = tcp->min_rtt_us;
    if (sends) { /* the rest says nothing of one who only acknowledges */
        ret->retransmit_ppm = share_ppm(tcp->bytes_retrans, tcp->bytes_sent);
        ret->app_limited_ppm =
            known(tcp->app_limited) ? share_ppm(limited, looks) : BW_UNKNOWN;
        ret->rwnd_limited_ppm = share_ppm(tcp->rwnd_limited_us, tcp->elapsed_us);
        ret->sndbuf_limited_ppm = share_ppm(tcp->sndbuf_limited_us, tcp->elapsed_us);
    }
}

static int64_t grown(int64_t now, int64_t before)
{
    return known(now) && known(before) && now >= before ? now - before : BW_UNKNOWN;
}

/* On the line at IP. Downwards the kernel counted bytes of TCP and packets; upwards it is
 * what arrived, in full packets, and what was sent again. Acknowledgements flow the other
 * way. */
static int64_t wire_of(const struct ndt7_test *t, int64_t bytes)
{
    const struct ndt7_figures *f = &t->f;
    int64_t payload = known(f->path.mtu) ? f->path.mtu - f->path.header_bytes : 0;
    if (!f->has_near || payload <= 0) {
        return BW_UNKNOWN;
    }
    if (t->setup.direction == BW_DOWN) {
        int64_t tcp = grown(f->near.bytes_received, f->near0.bytes_received);
        int64_t packets = grown(f->near.data_segs_in, f->near0.data_segs_in);
        return known(tcp) && known(packets) ? tcp + packets * f->path.header_bytes
                                            : BW_UNKNOWN;
    }
    if (!known(bytes)) {
        return BW_UNKNOWN;
    }
    if (known(f->near.bytes_retrans) && known(f->near.bytes_sent) &&
        f->near.bytes_sent > 0) {
        bytes += (int64_t)((double)bytes * (double)f->near.bytes_retrans /
                           (double)f->near.bytes_sent);
    }
    return bytes + (bytes + payload - 1) / payload * f->path.header_bytes;
}

void ndt7_test_read(struct ndt7_test *t, struct bw_run_sample *ret)
{
    const struct ndt7_figures *f = &t->f;
    bool up = t->setup.direction == BW_UP;
    ret->direction = (uint8_t)t->setup.direction;
    ret->family = t->family;
    ret->method = t->tls ? "ndt7/wss" : "ndt7/ws";
    ret->streams = 1;
    if (!t->begun) {
        return;
    }
    ndt7_figures_look(t);
    ret->t0_mono_ns = f->t0_mono_ns;
    ret->t1_mono_ns = f->t1_mono_ns != 0 ? f->t1_mono_ns : bw_clock_mono_ns();
    ret->bytes = up                   ? f->acked_bytes
                 : f->t1_mono_ns != 0 ? f->counted_bytes
                                      : f->received_bytes;
    if (up && f->t1_mono_ns != 0 && f->far_us > 0) { /* by the server's count */
        ret->bytes = f->far_bytes;
        ret->t1_mono_ns = f->t0_mono_ns + f->far_us * 1000;
    }
    ret->total_bytes = f->received_bytes + f->sent_bytes;
    ret->wire_bytes = wire_of(t, ret->bytes);
    ret->mtu = f->path.mtu;
    ret->tester_busy_ppm = f->busy_ppm;
    if (f->has_near) {
        end_of(&f->near, up, f->limited, f->looks, &ret->near);
    }
    if (f->has_far) {
        end_of(&f->far, !up, f->far_limited, f->far_looks, &ret->far);
    }
    ret->rtt_us = up ? ret->near.rtt_us : ret->far.rtt_us;
    ret->retransmit_ppm = up ? ret->near.retransmit_ppm : ret->far.retransmit_ppm;
    if (up) {
        (void)memcpy(ret->cc, f->path.cc, sizeof(ret->cc));
    }
}

/* Whole-run means by either count, TLS and frames being some per mille. */
bool ndt7_test_ends_disagree(const struct ndt7_test *t)
{
    const struct ndt7_figures *f = &t->f;
    bool up = t->setup.direction == BW_UP;
    /* upwards the end is when the last byte had arrived, not when the server had closed */
    int64_t own_us = ((up ? f->moved_mono_ns : f->t1_mono_ns) - f->t0_mono_ns) / 1000;
    int64_t theirs = up ? f->far.bytes_received : f->far.bytes_acked;
    int64_t ours = up ? f->acked_bytes : f->counted_bytes;
    double own_rate;
    double far_rate;
    if (f->t1_mono_ns == 0 || own_us <= 0 || !f->has_far || !known(theirs) ||
        !known(f->far.elapsed_us) || f->far.elapsed_us <= own_us / 2) {
        return false;
    }
    own_rate = (double)ours / (double)own_us;
    far_rate = (double)theirs / (double)f->far.elapsed_us;
    return own_rate > far_rate * 1.1 || far_rate > own_rate * 1.1;
}
