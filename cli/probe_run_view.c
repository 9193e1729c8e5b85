/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_run_view.c - what `bandwitness probe` shows of a throughput run, and the live line.
 * A block has the same lines whatever happened: what is not known is said to be unknown. */
#include "json.h"
#include "plural.h"
#include "probe_beside.h"
#include "probe_view.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    BAR = 24,
    BUSY_PPM = 900000
};

static double mbps(int64_t bytes, const struct bw_run_sample *s)
{
    return (double)bytes * 8e3 / (double)(s->t1_mono_ns - s->t0_mono_ns);
}

static bool has_window(const struct bw_run_sample *s)
{
    return s->bytes != BW_UNKNOWN && s->t0_mono_ns > 0 && s->t1_mono_ns > s->t0_mono_ns;
}

static double seconds_of(const struct bw_run_sample *s)
{
    return (double)(s->t1_mono_ns - s->t0_mono_ns) / 1e9;
}

static const char *direction_word(int d)
{
    return d == BW_UP ? "up" : "down";
}

/* Is its figure a capacity, IP packets in the best second (RFC 9097)? */
static bool is_capacity(const struct probe_result *r)
{
    return strcmp(r->ops->name, "udpst") == 0;
}

/* ndt7 has no warm-up. */
static bool counts_ramp_up(const struct probe_result *r)
{
    return strcmp(r->ops->name, "ndt7") == 0;
}

/* What the payload lies on. */
static const char *transport_of(const struct probe_result *r, const struct bw_run_sample *s)
{
    return is_capacity(r) || (s->method && strstr(s->method, "udp")) ? "UDP" : "TCP";
}

/* The live line ---------------------------------------------------------------- */

static void live_run(const struct probe_result *r, const struct bw_run_sample *now)
{
    if (!now) {
        (void)fprintf(stderr, " %s", r->start_mono_ns == 0 ? "idle" : "connecting");
        return;
    }
    (void)fprintf(stderr, " %s", direction_word(now->direction));
    if (has_window(now)) {
        (void)fprintf(stderr, " %.1f Mbit/s (%s)", mbps(now->bytes, now),
                      is_capacity(r) ? "at IP" : "goodput");
    } else {
        (void)fprintf(stderr, " %s", now->total_bytes > 0 ? "warming up" : "connecting");
    }
}

void probe_view_live(const struct probe_result *r,
                     double done,
                     const struct bw_run_sample *now)
{
    char bar[BAR + 1];
    bool latency = r->ops->klass == BW_CLASS_LATENCY;
    const struct probe_echoes *e = r->n_echoes > 0 ? &r->echoes[0] : NULL;
    if (r->n_echoes > 1 && e->sent == 0 && r->echoes[1].sent > 0) {
        e = &r->echoes[1];
    }
    done = done < 0 ? 0 : done > 1 ? 1 : done;
    for (int i = 0; i < BAR; i++) {
        bar[i] = i < (int)(done * BAR) ? '#' : '-';
    }
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r\033[K[%s]", bar);
    if (!latency) {
        live_run(r, now);
    }
    if (e && e->n > 0) {
        (void)fprintf(stderr, "  round trip %.1f ms",
                      (double)e->list[e->n - 1].rtt_ns / 1e6);
    }
    if (e && latency) {
        (void)fprintf(stderr, "  lost %" PRId64 " of %" PRId64, e->lost, e->sent);
    }
    (void)fflush(stderr);
}

void probe_view_live_end(void)
{
    (void)fprintf(stderr, "\r\033[K");
    (void)fflush(stderr);
}

/* The result block ------------------------------------------------------------- */

static void text_rate(const struct probe_result *r, const struct bw_run_sample *s)
{
    if (is_capacity(r)) {
        (void)printf("  capacity     %.2f Mbit/s   at IP: %" PRId64
                     " bytes in the best second, of %.2f s\n",
                     mbps(s->bytes, s), s->bytes, seconds_of(s));
        return;
    }
    (void)printf(
        "  goodput      %.2f Mbit/s   payload above %s, mean of the window: %" PRId64
        " bytes in %.2f s, %s\n",
        mbps(s->bytes, s), transport_of(r, s), s->bytes, seconds_of(s),
        counts_ramp_up(r) ? "the ramp-up included" : "after the warm-up");
    if (s->wire_bytes == BW_UNKNOWN) {
        (void)printf("  at IP        unknown\n");
    } else {
        (void)printf("  at IP        %.2f Mbit/s   estimated of packet size and headers\n",
                     mbps(s->wire_bytes, s));
    }
}

static void text_datagrams(const struct bw_run_sample *s)
{
    if (s->loss_ppm == BW_UNKNOWN) {
        (void)printf("  loss         unknown\n");
    } else {
        (void)printf("  loss         %.3f %% of datagrams\n", (double)s->loss_ppm / 1e4);
    }
    if (s->delay_min_us != BW_UNKNOWN && s->delay_max_us != BW_UNKNOWN) {
        (void)printf("  delay        %.1f to %.1f ms over the smallest\n",
                     (double)s->delay_min_us / 1e3, (double)s->delay_max_us / 1e3);
    }
    if (s->rtt_us != BW_UNKNOWN) {
        (void)printf("  UDP          round trip %.1f ms under load\n",
                     (double)s->rtt_us / 1e3);
    }
}

static void text_tcp(const struct bw_run_sample *s)
{
    (void)printf("  TCP          round trip ");
    if (s->rtt_us == BW_UNKNOWN) {
        (void)printf("unknown");
    } else {
        (void)printf("%.1f ms, smoothed, under load", (double)s->rtt_us / 1e3);
    }
    if (s->retransmit_ppm == BW_UNKNOWN) {
        (void)printf("; sent again: unknown\n");
    } else {
        (void)printf("; %.3f %% of segments sent again\n", (double)s->retransmit_ppm / 1e4);
    }
}

static void text_limits(const char *who, const struct bw_tcp_end *e)
{
    static const int64_t much_ppm = 100000;
    if (e->rwnd_limited_ppm != BW_UNKNOWN && e->rwnd_limited_ppm > much_ppm) {
        (void)printf("  beware       %s waited for the receiver %.0f %% of the time\n", who,
                     (double)e->rwnd_limited_ppm / 1e4);
    }
    if (e->app_limited_ppm != BW_UNKNOWN && e->app_limited_ppm > much_ppm) {
        (void)printf("  beware       %s had nothing to send %.0f %% of the time\n", who,
                     (double)e->app_limited_ppm / 1e4);
    }
}

static void text_method(const struct bw_run_sample *s)
{
    (void)printf("  method       %s", s->method ? s->method : "unknown");
    if (s->streams != BW_UNKNOWN) {
        (void)printf(", %" PRId64 " %s", s->streams,
                     bw_plural(s->streams, "connection", "connections"));
    }
    if (s->family != 0) {
        (void)printf(" over IPv%d", s->family);
    }
    if (s->mtu != BW_UNKNOWN) {
        (void)printf(", MTU %" PRId64, s->mtu);
    }
    (void)printf("%s%s\n", s->cc[0] ? ", " : "", s->cc);
    if (s->machine) {
        (void)printf("  server       %s\n", s->machine);
    }
    if (s->receipt) {
        (void)printf("  proof        %s\n",
                     s->grade == BW_GRADE_ARCHIVE ? s->receipt : "a receipt of the server");
    }
}

void probe_run_text(const struct probe_result *r, int d)
{
    const struct bw_run_sample *s = &r->runs[d].s;
    bool tcp = strcmp(transport_of(r, s), "TCP") == 0;
    (void)printf("%s %s, %s\n", r->ops->name, direction_word(d),
                 bw_opts_target(r->opts, 0)->address);
    if (s->state == BW_SKIPPED) {
        (void)printf("  interrupted  partial result, not a measurement\n");
    } else if (s->state != BW_OK) {
        (void)printf("  failed       %s\n", s->reason ? s->reason : bw_strerror(s->error));
    }
    if (has_window(s)) {
        text_rate(r, s);
        probe_load_text(r, s);
        if (tcp) {
            text_tcp(s);
        } else {
            text_datagrams(s);
        }
        text_method(s);
        text_limits("this end", &s->near);
        text_limits("the far end", &s->far);
    } else {
        (void)printf("  %s      unknown\n", is_capacity(r) ? "capacity" : "goodput ");
    }
    if (s->tester_busy_ppm != BW_UNKNOWN && s->tester_busy_ppm > BUSY_PPM) {
        (void)printf(
            "  beware       this machine's core was %.0f %% busy: it, not the line, "
            "may be the limit\n",
            (double)s->tester_busy_ppm / 1e4);
    }
    for (size_t i = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
        (void)printf("  flag         %s\n", s->flags[i]);
    }
}

/* JSON ------------------------------------------------------------------------- */

static void json_end(struct bw_jw *w, const char *name, const struct bw_tcp_end *e)
{
    if (e->rtt_us == BW_UNKNOWN && e->min_rtt_us == BW_UNKNOWN &&
        e->retransmit_ppm == BW_UNKNOWN && e->app_limited_ppm == BW_UNKNOWN &&
        e->rwnd_limited_ppm == BW_UNKNOWN && e->sndbuf_limited_ppm == BW_UNKNOWN) {
        return;
    }
    bw_jw_kobj(w, name);
    bw_jw_ki64(w, "rtt_us", e->rtt_us);
    bw_jw_ki64(w, "min_rtt_us", e->min_rtt_us);
    bw_jw_ki64(w, "retransmit_ppm", e->retransmit_ppm);
    bw_jw_ki64(w, "app_limited_ppm", e->app_limited_ppm);
    bw_jw_ki64(w, "rwnd_limited_ppm", e->rwnd_limited_ppm);
    bw_jw_ki64(w, "sndbuf_limited_ppm", e->sndbuf_limited_ppm);
    bw_jw_obj_end(w);
}

static void
json_figures(const struct probe_result *r, const struct bw_run_sample *s, struct bw_jw *w)
{
    if (has_window(s)) {
        bw_jw_ki64(w, "duration_ms", (s->t1_mono_ns - s->t0_mono_ns) / 1000000);
        bw_jw_ki64(w, "bytes", s->bytes);
        bw_jw_kstr(w, "layer", is_capacity(r) ? "ip" : "goodput");
        bw_jw_ki64(w, "goodput_bps", (int64_t)(mbps(s->bytes, s) * 1e6));
        if (s->wire_bytes != BW_UNKNOWN) {
            bw_jw_ki64(w, "ip_estimate_bps", (int64_t)(mbps(s->wire_bytes, s) * 1e6));
        }
    }
    bw_jw_ki64(w, "total_bytes", s->total_bytes);
    bw_jw_ki64(w, "mtu", s->mtu);
    bw_jw_kstr(w, "cc", s->cc[0] ? s->cc : NULL);
    if (has_window(s)) {
        probe_load_json(r, s, w);
    }
    bw_jw_ki64(w, "tcp_rtt_us", s->rtt_us);
    bw_jw_ki64(w, "retransmit_ppm", s->retransmit_ppm);
    bw_jw_ki64(w, "loss_ppm", s->loss_ppm);
    bw_jw_ki64(w, "delay_min_us", s->delay_min_us);
    bw_jw_ki64(w, "delay_max_us", s->delay_max_us);
    json_end(w, "near", &s->near);
    json_end(w, "far", &s->far);
    bw_jw_ki64(w, "tester_busy_ppm", s->tester_busy_ppm);
}

void probe_run_json(const struct probe_result *r, int d, struct bw_jw *w)
{
    const struct bw_run_sample *s = &r->runs[d].s;
    bw_jw_obj(w);
    bw_jw_kstr(w, "target", bw_opts_target(r->opts, 0)->address);
    bw_jw_kstr(w, "direction", direction_word(d));
    bw_jw_kstr(w, "state",
               s->state == BW_OK        ? "ok"
               : s->state == BW_SKIPPED ? "cancelled"
                                        : "failed");
    bw_jw_kstr(w, "reason", s->state == BW_OK ? NULL : s->reason);
    bw_jw_kstr(w, "method", s->method);
    bw_jw_kstr(w, "machine", s->machine);
    if (s->family != 0) {
        bw_jw_ki64(w, "family", s->family);
    }
    bw_jw_ki64(w, "streams", s->streams);
    json_figures(r, s, w);
    if (s->receipt) {
        bw_jw_kstr(w, "grade", bw_grade_name((enum bw_grade)s->grade));
        bw_jw_kstr(w, "receipt", s->receipt);
    }
    if (s->flags[0]) {
        bw_jw_karr(w, "flags");
        for (size_t i = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
            bw_jw_str(w, s->flags[i]);
        }
        bw_jw_arr_end(w);
    }
    bw_jw_obj_end(w);
}
