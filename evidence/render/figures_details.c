/* SPDX-License-Identifier: GPL-3.0-or-later
 * figures_details.c - figures of what targets tell beside the round trip, and of what the
 * line is full of. */
#include "figures_private.h"

#include <stdio.h>

/* A figure of one target: NAME.PART. */
static void put_named(struct walk *w,
                      const char *name,
                      const char *part,
                      int64_t v,
                      const char *unit,
                      const char *statistic,
                      int64_t n)
{
    char figure[256];

    (void)snprintf(figure, sizeof(figure), "%s.%s", name, part);
    put(w, figure, v, unit, "", statistic, n);
}

static void
put_named_time(struct walk *w, const char *name, const char *part, int64_t unix_ms)
{
    char figure[256];
    char text[32];

    (void)snprintf(figure, sizeof(figure), "%s.%s", name, part);
    bw_words_utc_ms(unix_ms, text);
    put_text(w, figure, text);
}

static void put_times(struct walk *w,
                      const char *name,
                      const char *part,
                      const struct bw_detail_times *t)
{
    put_named(w, name, part, t->min_us, "us", "min", t->n);
    put_named(w, name, part, t->p50_us, "us", "P50", t->n);
    put_named(w, name, part, t->p95_us, "us", "P95", t->n);
}

static void one_target(struct walk *w, const char *name, const struct bw_detail_target *t)
{
    char part[48];

    w->method = BW_METHOD_ANSWERS;
    for (size_t i = 0; i < t->n_codes; i++) {
        (void)snprintf(part, sizeof(part), "answer.%s", t->codes[i].code);
        put_named(w, name, part, t->codes[i].n, "1", "count", t->sent);
    }
    if (bw_detail_is_exchange(t)) {
        put_named(w, name, "without_answer", t->sent - t->n_coded, "1", "count", t->sent);
    }
    w->method = BW_METHOD_PHASES;
    for (size_t i = 0; i < t->n_phases; i++) {
        (void)snprintf(part, sizeof(part), "phase.%s", t->phases[i].phase);
        put_times(w, name, part, &t->phases[i].times);
        put_named(w, name, part, t->phases[i].n_without, "1", "intervals without times",
                  t->phases[i].n_intervals);
    }
    w->method = BW_METHOD_CERT;
    if (t->n_cert > 0) {
        put_named(w, name, "certificate", t->cert_days, "days", "min", t->n_cert);
        put_named_time(w, name, "certificate.min_at", t->cert_unix_s * 1000);
        put_named(w, name, "certificate", t->cert_newest_days, "days", "newest", t->n_cert);
        put_named_time(w, name, "certificate.newest_at", t->cert_newest_unix_s * 1000);
    }
    w->method = BW_METHOD_LOSS_SIDE;
    if (t->lost_out != BW_UNKNOWN) {
        put_named(w, name, "lost_out", t->lost_out, "1", "sum", t->lost);
        put_named(w, name, "lost_back", t->lost_back, "1", "sum", t->lost);
        put_named(w, name, "lost_not_known_where", t->lost - t->lost_out - t->lost_back,
                  "1", "sum", t->lost);
    }
    w->method = BW_METHOD_ONE_WAY;
    if (t->out.n > 0) {
        put_times(w, name, "one_way_out", &t->out);
        put_times(w, name, "one_way_back", &t->back);
        put_named(w, name, "one_way_error", t->one_way_error_us, "us", "max", t->out.n);
    }
}

static void one_path(struct walk *w, const char *name, const struct bw_detail_path *p)
{
    char part[BW_NAME_MAX + 32];

    w->method = BW_METHOD_PATH;
    put_named(w, name, "traces", p->n_traces, "1", "count", p->n_traces);
    put_named(w, name, "reached", p->n_reached, "1", "count", p->n_traces);
    put_named(w, name, "changes", p->n_compared > 0 ? p->n_changes : BW_UNKNOWN, "1",
              "count", p->n_compared);
    if (p->changed_unix_ms != BW_UNKNOWN) {
        put_named_time(w, name, "last_change_at", p->changed_unix_ms);
        put_named(w, name, "last_change_hop", p->changed_ttl, "1", "first that differs", 1);
    }
    put_named_time(w, name, "newest_at", p->last_unix_ms);
    put_named(w, name, "mtu", p->mtu, "bytes", "newest", 1);
    for (size_t i = 0; i < p->n_hops; i++) {
        const struct bw_hop *h = &p->hops[i];
        (void)snprintf(part, sizeof(part), "hop.%d%s%s", (int)h->ttl, h->name[0] ? " " : "",
                       h->name);
        put_named(w, name, part, h->rtt_us, "us", "min", h->sent);
    }
}

static void targets(struct walk *w, const struct bw_report *r)
{
    char name[160];

    w->section = "targets";
    for (size_t i = 0; i < r->details.n_targets; i++) {
        const struct bw_detail_target *t = &r->details.targets[i];
        bw_words_target(t->probe, t->kind, t->family, name, sizeof(name));
        one_target(w, name, t);
    }
    w->section = "paths";
    for (size_t i = 0; i < r->details.n_paths; i++) {
        const struct bw_detail_path *p = &r->details.paths[i];
        bw_words_target(p->probe, p->method, p->family, name, sizeof(name));
        one_path(w, name, p);
    }
}

/* A share's value, interval and the number of intervals it rests on. */
static void put_share(
    struct walk *w, const char *figure, const char *layer, const int64_t ppm[3], int64_t n)
{
    put(w, figure, ppm[0], "ppm", layer, "share", n);
    put(w, figure, ppm[1], "ppm", layer, "share 95 % low", n);
    put(w, figure, ppm[2], "ppm", layer, "share 95 % high", n);
}

static void traffic_mix(struct walk *w, const struct bw_traffic_sum *sum, int by, int d)
{
    static const char *const words[BW_BYS] = {"class", "family", "size"};
    const struct bw_traffic_table *t = &sum->by[by];
    const struct bw_mix_basis *b = &t->basis[d];
    const char *layer = bw_words_layer(t->layer);
    const char *way = bw_words_direction(d);
    char name[64];

    w->method = BW_METHOD_MIX;
    if (by == BW_BY_CLASS) {
        (void)snprintf(name, sizeof(name), "%s.bytes", way);
        put(w, name, b->bytes, "bytes", layer, "sum", b->n);
    }
    (void)snprintf(name, sizeof(name), "%s.in_no_%s", way, words[by]);
    put(w, name, b->untold_ppm, "ppm", layer, "share", b->n);
    for (size_t i = 0; i < t->n; i++) {
        const struct bw_class_share *s = &t->rows[i].way[d];
        const int64_t ppm[3] = {s->ppm, s->low_ppm, s->high_ppm};
        (void)snprintf(name, sizeof(name), "%s.%s.%s", way, words[by], t->rows[i].klass);
        put(w, name, s->bytes, "bytes", layer, "share of sum", b->n);
        put_share(w, name, layer, ppm, b->n);
    }
}

static void
traffic_part(struct walk *w, const char *name, const struct bw_saturated_part *p)
{
    put(w, name, p->seconds, "s", "", "sum", p->n);
    put(w, name, p->times.p50_us, "us", "", "P50", p->times.n);
    put(w, name, p->times.p95_us, "us", "", "P95", p->times.n);
}

static void traffic(struct walk *w, const struct bw_report *r)
{
    const struct bw_traffic_sum *t = &r->traffic;
    char name[64];

    w->section = "traffic";
    w->method = BW_METHOD_MIX;
    put(w, "looked_at", t->n > 0 ? t->covered_s : BW_UNKNOWN, "s", "", "sum", t->n);
    if (t->n == 0) {
        return;
    }
    put(w, "packets_drawn", t->captured, "1", "", "sum", t->n);
    put(w, "packets_lost", t->drops, "1", "", "sum", t->n);
    put(w, "intervals_interrupted", t->n_broken, "1", "", "count", t->n);
    put(w, "intervals_merged", t->n_merged, "1", "", "count", t->n);
    put(w, "intervals_at_least", t->n_at_least, "1", "", "count", t->n);
    for (int by = 0; by < BW_BYS; by++) {
        traffic_mix(w, t, by, BW_DOWN);
        traffic_mix(w, t, by, BW_UP);
    }
    w->method = BW_METHOD_FLOW_SIZES;
    put(w, "flow_size", t->sizes.p10_bytes, "bytes", "", "P10", t->sizes.n);
    put(w, "flow_size", t->sizes.p50_bytes, "bytes", "", "P50", t->sizes.n);
    put(w, "flow_size", t->sizes.p90_bytes, "bytes", "", "P90", t->sizes.n);
    put(w, "flow_size", t->sizes.p99_bytes, "bytes", "", "P99", t->sizes.n);
    w->method = BW_METHOD_USER_RTT;
    put_times(w, "round_trip", "far_side", &t->wan);
    put_times(w, "round_trip", "far_side_smallest_of_flows", &t->wan_min);
    put_times(w, "round_trip", "school_side", &t->lan);
    w->method = BW_METHOD_RESENT;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_resent_sum *x = &t->resent[d];
        const int64_t ppm[3] = {x->ppm, x->low_ppm, x->high_ppm};
        (void)snprintf(name, sizeof(name), "sent_again.%s", bw_words_direction(d));
        put(w, name, x->bytes, "bytes", "goodput", "seen", x->n);
        put(w, name, x->resent_bytes, "bytes", "goodput", "sum", x->n);
        put_share(w, name, "goodput", ppm, x->n);
    }
    w->method = BW_METHOD_SATURATED_RTT;
    traffic_part(w, "round_trip.saturated_seconds", &t->saturated);
    traffic_part(w, "round_trip.other_seconds", &t->others);
    put(w, "intervals_not_split", t->n_unsplit, "1", "", "count", t->n);
}

void bw_figures_details(struct walk *w, const struct bw_report *r)
{
    targets(w, r);
    traffic(w, r);
}
