/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_latency.c - what `bandwitness probe` keeps and shows of one latency target over one
 * family. What is not known is not printed. */
#include "json.h"
#include "plural.h"
#include "probe_view.h"
#include "stat.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ECHOES_MAX = 1000000
};

static const char *const phase_names[BW_PHASES] = {[BW_PHASE_DNS] = "dns",
                                                   [BW_PHASE_CONNECT] = "connect",
                                                   [BW_PHASE_TLS] = "tls",
                                                   [BW_PHASE_FIRST_BYTE] = "first_byte",
                                                   [BW_PHASE_TRANSFER] = "transfer"};

/* Keeping ---------------------------------------------------------------------- */

void probe_echo_init(struct probe_echoes *e)
{
    *e = (struct probe_echoes){.cert_days = BW_UNKNOWN, .one_way_error_ns = BW_UNKNOWN};
}

void probe_echo_done(struct probe_echoes *e)
{
    free(e->list);
    free(e->lost_at.ns);
    for (int i = 0; i < BW_PHASES; i++) {
        free(e->phases[i].ns);
    }
    free(e->out.ns);
    free(e->back.ns);
}

/* Room for one more in a list of items; false: there is none (any more). */
static bool make_room(void **list, size_t n, size_t *cap, size_t item)
{
    if (n == *cap && *cap < ECHOES_MAX) {
        size_t more = *cap ? *cap * 2 : 256;
        void *grown = realloc(*list, more * item);
        if (grown) {
            *list = grown;
            *cap = more;
        }
    }
    return n < *cap;
}

static void add_echo(struct probe_echoes *e, const struct bw_latency_sample *s)
{
    void *list = e->list;
    bool room = make_room(&list, e->n, &e->cap, sizeof(*e->list));
    e->list = list;
    if (room) {
        e->list[e->n++] =
            (struct probe_echo){.sent_mono_ns = s->sent_mono_ns, .rtt_ns = s->rtt_ns};
    }
}

static void add_time(struct probe_times *t, int64_t ns)
{
    void *list = t->ns;
    bool room = ns != BW_UNKNOWN && make_room(&list, t->n, &t->cap, sizeof(*t->ns));
    t->ns = list;
    if (room) {
        t->ns[t->n++] = ns;
    }
}

static void add_code(struct probe_echoes *e, const char *word)
{
    size_t i = 0;
    while (i < e->n_codes && strcmp(e->codes[i].word, word) != 0) {
        i++;
    }
    if (i == e->n_codes) {
        if (i >= PROBE_CODES_MAX - 1) { /* the last one is of all the others */
            i = PROBE_CODES_MAX - 1;
            word = "other";
        }
        e->n_codes = i + 1;
        (void)snprintf(e->codes[i].word, sizeof(e->codes[i].word), "%s", word);
    }
    e->codes[i].n++;
}

static void add_detail(struct probe_echoes *e, const struct bw_latency_detail *d)
{
    if (d->code) {
        add_code(e, d->code);
    }
    for (int i = 0; i < BW_PHASES; i++) {
        add_time(&e->phases[i], d->phase_ns[i]);
    }
    /* A one-way delay below 0 is a clock that is off by more than it says: no figure. */
    if (d->one_way_error_ns != BW_UNKNOWN && d->out_ns >= 0 && d->back_ns >= 0) {
        add_time(&e->out, d->out_ns);
        add_time(&e->back, d->back_ns);
        if (d->one_way_error_ns > e->one_way_error_ns) { /* unknown is the least of all */
            e->one_way_error_ns = d->one_way_error_ns;
        }
    }
    if (d->cert_days != BW_UNKNOWN &&
        (e->cert_days == BW_UNKNOWN || d->cert_days < e->cert_days)) {
        e->cert_days = d->cert_days;
    }
}

void probe_echo_add(struct probe_echoes *e, const struct bw_latency_sample *s)
{
    if (s->family != 0) {
        e->family = s->family;
    }
    switch (s->state) {
    case BW_OK:
        e->sent++;
        add_echo(e, s);
        break;
    case BW_LOST:
        e->sent++;
        e->lost++;
        add_time(&e->lost_at, s->sent_mono_ns);
        if (s->error != 0 && !(s->detail && s->detail->code)) {
            e->told_error = s->error; /* else the code says it */
        }
        break;
    case BW_LATE:
        e->late++;
        break;
    case BW_FAILED:
        e->failed++;
        e->error = s->error;
        break;
    case BW_SKIPPED:
        e->failed++;
        break;
    case BW_LOST_OUT:
        e->lost_out++;
        break;
    case BW_LOST_BACK:
        e->lost_back++;
        break;
    }
    if (s->detail && (s->state == BW_OK || s->state == BW_LOST)) {
        add_detail(e, s->detail);
    }
}

static int64_t median(const struct probe_times *t)
{
    int64_t *values = calloc(t->n ? t->n : 1, sizeof(*values));
    int64_t result = BW_UNKNOWN;
    if (values && t->n > 0) {
        (void)memcpy(values, t->ns, t->n * sizeof(*values));
        result = bw_stat_percentile(values, t->n, 500000);
    }
    free(values);
    return result;
}

int64_t probe_echo_percentile(const struct probe_echoes *e,
                              int64_t p_ppm,
                              int64_t from_ns,
                              int64_t to_ns)
{
    int64_t *values = calloc(e->n ? e->n : 1, sizeof(*values));
    int64_t result = BW_UNKNOWN;
    size_t n = 0;
    for (size_t i = 0; values && i < e->n; i++) {
        if (e->list[i].sent_mono_ns >= from_ns && e->list[i].sent_mono_ns < to_ns) {
            values[n++] = e->list[i].rtt_ns;
        }
    }
    if (n > 0) {
        result = bw_stat_percentile(values, n, p_ppm);
    }
    free(values);
    return result;
}

/* Showing ---------------------------------------------------------------------- */

const char *probe_why_not_sent(const struct probe_echoes *e)
{
    if (e->error == 0) {
        return "this machine was too busy to send in time";
    }
    if (e->error == -EADDRNOTAVAIL) {
        return e->family == 6   ? "the name has no IPv6 address"
               : e->family == 4 ? "the name has no IPv4 address"
                                : "the name has no address";
    }
    return bw_strerror(e->error);
}

static void text_details(const struct probe_echoes *e)
{
    bool phases = false;
    for (size_t i = 0; i < e->n_codes; i++) {
        (void)printf("%s%s %" PRId64 "%s", i == 0 ? "  answers      " : "   ",
                     e->codes[i].word, e->codes[i].n, i + 1 == e->n_codes ? "\n" : "");
    }
    for (int i = 0; i < BW_PHASES; i++) {
        if (e->phases[i].n > 0) {
            const char *name = i == BW_PHASE_FIRST_BYTE ? "first byte" : phase_names[i];
            (void)printf("%s%s %.3f ms", phases ? "   " : "  phases, p50  ", name,
                         (double)median(&e->phases[i]) / 1e6);
            phases = true;
        }
    }
    if (phases) {
        (void)printf("\n");
    }
    if (e->cert_days != BW_UNKNOWN) {
        int64_t days = e->cert_days < 0 ? -e->cert_days : e->cert_days;
        (void)printf(e->cert_days < 0 ? "  certificate  ended %" PRId64 " %s ago\n"
                                      : "  certificate  %" PRId64 " %s left\n",
                     days, bw_plural(days, "day", "days"));
    }
}

void probe_latency_text(const struct probe_result *r, size_t i)
{
    const struct probe_echoes *e = &r->echoes[i];
    const struct bw_target *t = bw_opts_target(r->opts, i / 2);
    int64_t low_ppm;
    int64_t high_ppm;
    if (e->sent + e->failed == 0) {
        return;
    }
    (void)printf("%s %s", r->ops->name, t->address);
    if (e->family != 0) {
        (void)printf(" over IPv%d", e->family);
    }
    (void)printf("%s\n", r->interrupted ? "  (interrupted: partial result)" : "");
    if (e->failed > 0) {
        (void)printf("  not sent     %" PRId64 " %s: %s\n", e->failed,
                     bw_plural(e->failed, "packet", "packets"), probe_why_not_sent(e));
    }
    if (e->sent == 0 && e->error == -EADDRNOTAVAIL && e->family != 0) {
        return;
    }
    if (e->sent == 0) {
        (void)printf("  no packet could be sent: nothing is known about the line\n");
        return;
    }
    bw_stat_wilson_ppm(e->lost, e->sent, &low_ppm, &high_ppm);
    (void)printf("  loss         %.2f %%   %" PRId64 " of %" PRId64
                 " lost; 95 %% interval %.2f to %.2f %%\n",
                 100.0 * (double)e->lost / (double)e->sent, e->lost, e->sent,
                 (double)low_ppm / 1e4, (double)high_ppm / 1e4);
    if (e->late > 0) {
        (void)printf("  late         %" PRId64
                     " of the lost were answered after the timeout\n",
                     e->late);
    }
    if (e->lost_out + e->lost_back > 0) {
        (void)printf("  direction    %" PRId64 " of the lost on the way there, %" PRId64
                     " on the way back\n",
                     e->lost_out, e->lost_back);
    }
    if (e->told_error != 0) {
        (void)printf("  told         %s\n", bw_strerror(e->told_error));
    }
    text_details(e);
    if (e->n == 0) {
        (void)printf("  round trip   unknown: nothing came back\n");
        return;
    }
    (void)printf("  %s   p50 %.3f ms   p95 %.3f ms   least %.3f ms   most %.3f ms   "
                 "(%zu %s)\n",
                 e->phases[BW_PHASE_TRANSFER].n > 0 ? "in all    " : "round trip",
                 (double)probe_echo_percentile(e, 500000, 0, INT64_MAX) / 1e6,
                 (double)probe_echo_percentile(e, 950000, 0, INT64_MAX) / 1e6,
                 (double)probe_echo_percentile(e, 1, 0, INT64_MAX) / 1e6,
                 (double)probe_echo_percentile(e, 1000000, 0, INT64_MAX) / 1e6, e->n,
                 bw_plural((int64_t)e->n, "answer", "answers"));
    if (e->out.n > 0) {
        (void)printf(
            "  one way      p50 %.3f ms there, %.3f ms back, each within %.3f ms\n",
            (double)median(&e->out) / 1e6, (double)median(&e->back) / 1e6,
            (double)e->one_way_error_ns / 1e6);
    }
}

static void json_details(const struct probe_echoes *e, struct bw_jw *w)
{
    char name[32];
    if (e->n_codes > 0) {
        bw_jw_kobj(w, "codes");
        for (size_t i = 0; i < e->n_codes; i++) {
            bw_jw_ki64(w, e->codes[i].word, e->codes[i].n);
        }
        bw_jw_obj_end(w);
    }
    for (int i = 0; i < BW_PHASES; i++) {
        (void)snprintf(name, sizeof(name), "%s_p50_ns", phase_names[i]);
        bw_jw_ki64(w, name, median(&e->phases[i]));
    }
    bw_jw_ki64(w, "cert_days", e->cert_days);
}

void probe_latency_json(const struct probe_result *r, size_t i, struct bw_jw *w)
{
    const struct probe_echoes *e = &r->echoes[i];
    const struct bw_target *t = bw_opts_target(r->opts, i / 2);
    const struct probe_echoes *other = &r->echoes[i ^ 1];
    if (e->sent + e->failed == 0 && (i % 2 == 1 || other->sent + other->failed > 0)) {
        return; /* a target that was never tried is said once */
    }
    bw_jw_obj(w);
    bw_jw_kstr(w, "target", t->address);
    if (e->family != 0) {
        bw_jw_ki64(w, "family", e->family);
    }
    bw_jw_ki64(w, "sent", e->sent);
    bw_jw_ki64(w, "lost", e->lost);
    bw_jw_ki64(w, "late", e->late);
    if (e->lost_out + e->lost_back > 0) {
        bw_jw_ki64(w, "lost_out", e->lost_out);
        bw_jw_ki64(w, "lost_back", e->lost_back);
    }
    bw_jw_ki64(w, "not_sent", e->failed);
    if (e->failed > 0) {
        bw_jw_kstr(w, "not_sent_reason", probe_why_not_sent(e));
    }
    if (e->told_error != 0) {
        bw_jw_kstr(w, "told", bw_strerror(e->told_error));
    }
    json_details(e, w);
    bw_jw_ki64(w, "rtt_min_ns", probe_echo_percentile(e, 1, 0, INT64_MAX));
    bw_jw_ki64(w, "rtt_p50_ns", probe_echo_percentile(e, 500000, 0, INT64_MAX));
    bw_jw_ki64(w, "rtt_p95_ns", probe_echo_percentile(e, 950000, 0, INT64_MAX));
    bw_jw_ki64(w, "rtt_max_ns", probe_echo_percentile(e, 1000000, 0, INT64_MAX));
    bw_jw_ki64(w, "out_p50_ns", median(&e->out));
    bw_jw_ki64(w, "back_p50_ns", median(&e->back));
    bw_jw_ki64(w, "one_way_error_ns", e->one_way_error_ns);
    bw_jw_obj_end(w);
}
