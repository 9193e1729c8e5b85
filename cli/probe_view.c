/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_view.c - what `bandwitness probe` shows. Every Mbit/s stands beside its layer,
 * every loss beside its counts; what is not known is not printed. */
#include "probe_view.h"

#include "buf.h"
#include "json.h"
#include "plural.h"

#include <bw/err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAR = 24,
    JSON_MAX = 256 * 1024
};

static double mbps(int64_t bytes, const struct bw_run_sample *s)
{
    return (double)bytes * 8e3 / (double)(s->t1_mono_ns - s->t0_mono_ns);
}

static bool has_window(const struct bw_run_sample *s)
{
    return s->bytes != BW_UNKNOWN && s->t0_mono_ns > 0 && s->t1_mono_ns > s->t0_mono_ns;
}

static const char *direction_word(int d)
{
    return d == BW_UP ? "up" : "down";
}

/* The live line ---------------------------------------------------------------- */

void probe_view_live(const struct probe_result *r,
                     double done,
                     const struct bw_run_sample *now)
{
    char bar[BAR + 1];
    const struct probe_echoes *e = r->n_echoes > 0 ? &r->echoes[0] : NULL;
    if (r->paths) {
        (void)fprintf(stderr, "\r\033[Ktracing");
        (void)fflush(stderr);
        return;
    }
    if (r->n_echoes > 1 && e->sent == 0 && r->echoes[1].sent > 0) {
        e = &r->echoes[1];
    }
    done = done < 0 ? 0 : done > 1 ? 1 : done;
    for (int i = 0; i < BAR; i++) {
        bar[i] = i < (int)(done * BAR) ? '#' : '-';
    }
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r\033[K[%s]", bar);
    if (now) {
        (void)fprintf(stderr, " %s", direction_word(now->direction));
        if (has_window(now)) {
            (void)fprintf(stderr, " %.1f Mbit/s (goodput)", mbps(now->bytes, now));
        } else {
            (void)fprintf(stderr, " %s",
                          now->total_bytes > 0 ? "warming up" : "connecting");
        }
    }
    if (e && e->n > 0) {
        (void)fprintf(stderr, "  round trip %.1f ms",
                      (double)e->list[e->n - 1].rtt_ns / 1e6);
    }
    if (e && !now) {
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

static void text_loaded(const struct probe_result *r, const struct bw_run_sample *s)
{
    int64_t idle;
    int64_t loaded;
    if (r->n_echoes == 0) {
        return;
    }
    idle = probe_echo_percentile(&r->echoes[0], 500000, 0, r->start_mono_ns);
    loaded = probe_echo_percentile(&r->echoes[0], 950000, s->t0_mono_ns, s->t1_mono_ns);
    if (idle == BW_UNKNOWN || loaded == BW_UNKNOWN) {
        return;
    }
    (void)printf(
        "  round trip   p50 %.1f ms idle, p95 %.1f ms under load: the load adds %.1f "
        "ms (ICMP)\n",
        (double)idle / 1e6, (double)loaded / 1e6,
        loaded > idle ? (double)(loaded - idle) / 1e6 : 0.0);
}

/* The best second at IP, and what became of its datagrams. */
static void text_capacity(const struct bw_run_sample *s)
{
    (void)printf("  capacity     %.2f Mbit/s   at IP: %" PRId64
                 " bytes in the best second, of %.2f s\n",
                 mbps(s->bytes, s), s->bytes,
                 (double)(s->t1_mono_ns - s->t0_mono_ns) / 1e9);
    if (s->loss_ppm != BW_UNKNOWN) {
        (void)printf("  loss         %.3f %% of datagrams\n", (double)s->loss_ppm / 1e4);
    }
    if (s->delay_min_us != BW_UNKNOWN && s->delay_max_us != BW_UNKNOWN) {
        (void)printf("  delay        %.1f to %.1f ms over the smallest\n",
                     (double)s->delay_min_us / 1e3, (double)s->delay_max_us / 1e3);
    }
    for (size_t i = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
        (void)printf("  flag         %s\n", s->flags[i]);
    }
}

static void text_run(const struct probe_result *r, int d)
{
    const struct bw_run_sample *s = &r->runs[d].s;
    (void)printf("%s %s, %s\n", r->ops->name, direction_word(d),
                 bw_opts_target(r->opts, 0)->address);
    if (s->state == BW_SKIPPED) {
        (void)printf("  interrupted  partial result, not a measurement\n");
    } else if (s->state != BW_OK) {
        (void)printf("  failed       %s\n", s->reason ? s->reason : bw_strerror(s->error));
    }
    if (!has_window(s)) {
        return;
    }
    if (strcmp(r->ops->name, "udpst") == 0) {
        text_capacity(s);
    } else {
        (void)printf("  goodput      %.2f Mbit/s   payload above TCP: %" PRId64
                     " bytes in %.2f s, after the warm-up\n",
                     mbps(s->bytes, s), s->bytes,
                     (double)(s->t1_mono_ns - s->t0_mono_ns) / 1e9);
    }
    if (s->wire_bytes != BW_UNKNOWN && s->wire_bytes != s->bytes) {
        (void)printf("  at IP        %.2f Mbit/s   estimated of packet size and headers\n",
                     mbps(s->wire_bytes, s));
    }
    text_loaded(r, s);
    if (s->rtt_us != BW_UNKNOWN) {
        (void)printf("  %s          round trip %.1f ms under load",
                     strcmp(r->ops->name, "udpst") == 0 ? "UDP" : "TCP",
                     (double)s->rtt_us / 1e3);
        if (s->retransmit_ppm != BW_UNKNOWN) {
            (void)printf(", %.3f %% of segments sent again",
                         (double)s->retransmit_ppm / 1e4);
        }
        (void)printf("\n");
    }
    (void)printf("  method       %s, %" PRId64 " %s", s->method, s->streams,
                 bw_plural(s->streams, "connection", "connections"));
    if (s->family != 0) {
        (void)printf(" over IPv%d", s->family);
    }
    if (s->mtu != BW_UNKNOWN) {
        (void)printf(", MTU %" PRId64, s->mtu);
    }
    if (s->cc[0] != '\0') {
        (void)printf(", %s", s->cc);
    }
    (void)printf("\n");
    if (s->tester_busy_ppm != BW_UNKNOWN && s->tester_busy_ppm > 900000) {
        (void)printf(
            "  beware       this machine's core was %.0f %% busy: it, not the line, "
            "may be the limit\n",
            (double)s->tester_busy_ppm / 1e4);
    }
}

void probe_view_text(const struct probe_result *r)
{
    if (r->ops->klass == BW_CLASS_LATENCY) {
        for (size_t i = 0; i < r->n_paths; i++) {
            probe_path_text(r, i);
        }
        for (size_t i = 0; i < r->n_echoes; i++) {
            probe_latency_text(r, i);
        }
        return;
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (r->runs[d].known) {
            text_run(r, d);
        }
    }
}

/* JSON ------------------------------------------------------------------------- */

static int64_t us(int64_t ns)
{
    return ns == BW_UNKNOWN ? BW_UNKNOWN : ns / 1000;
}

static void json_run(const struct probe_result *r, int d, struct bw_jw *w)
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
    if (s->family != 0) {
        bw_jw_ki64(w, "family", s->family);
    }
    bw_jw_ki64(w, "streams", s->streams);
    if (has_window(s)) {
        bw_jw_ki64(w, "duration_ms", (s->t1_mono_ns - s->t0_mono_ns) / 1000000);
        bw_jw_ki64(w, "bytes", s->bytes);
        bw_jw_ki64(w, "goodput_bps", (int64_t)(mbps(s->bytes, s) * 1e6));
        if (s->wire_bytes != BW_UNKNOWN) {
            bw_jw_ki64(w, "ip_estimate_bps", (int64_t)(mbps(s->wire_bytes, s) * 1e6));
        }
    }
    bw_jw_ki64(w, "total_bytes", s->total_bytes);
    bw_jw_ki64(w, "mtu", s->mtu);
    bw_jw_kstr(w, "cc", s->cc[0] ? s->cc : NULL);
    if (r->n_echoes > 0 && has_window(s)) {
        const struct probe_echoes *e = &r->echoes[0];
        bw_jw_ki64(w, "rtt_idle_us",
                   us(probe_echo_percentile(e, 500000, 0, r->start_mono_ns)));
        bw_jw_ki64(w, "rtt_loaded_p95_us",
                   us(probe_echo_percentile(e, 950000, s->t0_mono_ns, s->t1_mono_ns)));
    }
    bw_jw_ki64(w, "tcp_rtt_us", s->rtt_us);
    bw_jw_ki64(w, "retransmit_ppm", s->retransmit_ppm);
    bw_jw_ki64(w, "loss_ppm", s->loss_ppm);
    bw_jw_ki64(w, "delay_min_us", s->delay_min_us);
    bw_jw_ki64(w, "delay_max_us", s->delay_max_us);
    bw_jw_ki64(w, "tester_busy_ppm", s->tester_busy_ppm);
    if (s->flags[0]) {
        bw_jw_karr(w, "flags");
        for (size_t i = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
            bw_jw_str(w, s->flags[i]);
        }
        bw_jw_arr_end(w);
    }
    bw_jw_obj_end(w);
}

void probe_view_json(const struct probe_result *r)
{
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, JSON_MAX);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "kind", r->ops->name);
    bw_jw_kbool(&w, "interrupted", r->interrupted);
    bw_jw_karr(&w, "results");
    if (r->ops->klass == BW_CLASS_LATENCY) {
        for (size_t i = 0; i < r->n_paths; i++) {
            probe_path_json(r, i, &w);
        }
        for (size_t i = 0; i < r->n_echoes; i++) {
            probe_latency_json(r, i, &w);
        }
    } else {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            if (r->runs[d].known) {
                json_run(r, d, &w);
            }
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    if (bw_buf_error(&out) == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
}
