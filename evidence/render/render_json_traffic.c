/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json_traffic.c - what the line was full of, for programs.
 *
 * Invariant: a share never stands there without its interval; how many devices there were
 * is not in a report. */
#include "render_json.h"

#include <json.h>
#include <model.h>
#include <words.h>

static void put_times(struct bw_jw *w, const char *name, const struct bw_detail_times *t)
{
    bw_jw_kobj(w, name);
    bw_jw_ki64(w, "n", t->n);
    bw_jw_ki64(w, "min_us", t->min_us);
    bw_jw_ki64(w, "p50_us", t->p50_us);
    bw_jw_ki64(w, "p95_us", t->p95_us);
    bw_jw_obj_end(w);
}

static void stretch(
    struct bw_jw *w, int64_t n, int64_t from_unix_s, int64_t to_unix_s, int64_t length_s)
{
    if (n > 0) {
        int64_t gaps_s = to_unix_s - from_unix_s - length_s;
        bw_json_time(w, "from", from_unix_s);
        bw_json_time(w, "to", to_unix_s);
        bw_jw_ki64(w, "gaps_s", gaps_s > 0 ? gaps_s : 0);
    }
}

static void mix_way(struct bw_jw *w, const struct bw_traffic_table *t, int d)
{
    const struct bw_mix_basis *b = &t->basis[d];

    bw_jw_kobj(w, bw_words_direction(d));
    bw_jw_ki64(w, "intervals", b->n);
    bw_jw_ki64(w, "bytes", b->bytes);
    stretch(w, b->n, b->from_unix_s, b->to_unix_s, b->length_s);
    bw_jw_ki64(w, "captured", b->captured);
    bw_jw_ki64(w, "untold_ppm", b->untold_ppm);
    bw_jw_kobj(w, "left_out");
    bw_jw_ki64(w, "own_test", b->n_with_test);
    bw_jw_ki64(w, "too_short", b->n_short);
    bw_jw_ki64(w, "untold", b->n_untold);
    bw_jw_ki64(w, "other_layer", b->n_other_layer);
    bw_jw_obj_end(w);
    bw_jw_karr(w, "classes");
    for (size_t i = 0; i < t->n; i++) {
        const struct bw_class_share *s = &t->rows[i].way[d];
        if (s->ppm == BW_UNKNOWN) {
            continue;
        }
        bw_jw_obj(w);
        bw_jw_kstr(w, "class", t->rows[i].klass);
        bw_jw_ki64(w, "bytes", s->bytes);
        bw_jw_ki64(w, "share_ppm", s->ppm);
        bw_jw_ki64(w, "share_low_ppm", s->low_ppm);
        bw_jw_ki64(w, "share_high_ppm", s->high_ppm);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void table(struct bw_jw *w, const char *name, const struct bw_traffic_table *t)
{
    bw_jw_kobj(w, name);
    bw_jw_kstr(w, "method", BW_METHOD_MIX);
    bw_json_word(w, "layer", bw_words_layer(t->layer));
    mix_way(w, t, BW_DOWN);
    mix_way(w, t, BW_UP);
    bw_jw_obj_end(w);
}

static void flow_sizes(struct bw_jw *w, const struct bw_flow_sizes *s)
{
    bw_jw_kobj(w, "flow_sizes");
    bw_jw_kstr(w, "method", BW_METHOD_FLOW_SIZES);
    bw_jw_ki64(w, "intervals", s->n_intervals);
    stretch(w, s->n_intervals, s->from_unix_s, s->to_unix_s, s->length_s);
    bw_jw_ki64(w, "n", s->n);
    bw_jw_ki64(w, "p10_bytes", s->p10_bytes);
    bw_jw_ki64(w, "p50_bytes", s->p50_bytes);
    bw_jw_ki64(w, "p90_bytes", s->p90_bytes);
    bw_jw_ki64(w, "p99_bytes", s->p99_bytes);
    bw_jw_obj_end(w);
}

static void resent_way(struct bw_jw *w, const struct bw_resent_sum *x, int d)
{
    bw_jw_kobj(w, bw_words_direction(d));
    bw_jw_ki64(w, "intervals", x->n);
    bw_jw_ki64(w, "payload_bytes", x->bytes);
    bw_jw_ki64(w, "resent_bytes", x->resent_bytes);
    bw_jw_ki64(w, "share_ppm", x->ppm);
    bw_jw_ki64(w, "share_low_ppm", x->low_ppm);
    bw_jw_ki64(w, "share_high_ppm", x->high_ppm);
    bw_jw_obj_end(w);
}

static void part(struct bw_jw *w, const char *name, const struct bw_saturated_part *p)
{
    bw_jw_kobj(w, name);
    bw_jw_ki64(w, "intervals", p->n);
    bw_jw_ki64(w, "seconds", p->seconds);
    put_times(w, "times", &p->times);
    bw_jw_obj_end(w);
}

void bw_json_traffic(struct bw_jw *w, const struct bw_report *r)
{
    const struct bw_traffic_sum *t = &r->traffic;

    if (t->n == 0) {
        return;
    }
    bw_jw_kobj(w, "traffic");
    bw_jw_ki64(w, "intervals", t->n);
    bw_jw_ki64(w, "intervals_interrupted", t->n_broken);
    bw_jw_ki64(w, "intervals_merged", t->n_merged);
    bw_jw_ki64(w, "intervals_flows_full", t->n_flows_full);
    bw_jw_ki64(w, "intervals_at_least", t->n_at_least);
    bw_jw_ki64(w, "length_s", t->length_s);
    bw_jw_ki64(w, "covered_s", t->covered_s);
    bw_jw_ki64(w, "captured", t->captured);
    bw_jw_ki64(w, "capture_drops", t->drops);
    bw_jw_ki64(w, "flows", t->flows);
    table(w, "mix", &t->by[BW_BY_CLASS]);
    table(w, "families", &t->by[BW_BY_FAMILY]);
    table(w, "sizes", &t->by[BW_BY_SIZE]);
    flow_sizes(w, &t->sizes);
    bw_jw_kobj(w, "round_trips");
    bw_jw_kstr(w, "method", BW_METHOD_USER_RTT);
    put_times(w, "wan", &t->wan);
    put_times(w, "wan_smallest_of_flows", &t->wan_min);
    put_times(w, "lan", &t->lan);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "resent");
    bw_jw_kstr(w, "method", BW_METHOD_RESENT);
    resent_way(w, &t->resent[BW_DOWN], BW_DOWN);
    resent_way(w, &t->resent[BW_UP], BW_UP);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "saturation");
    bw_jw_kstr(w, "method", BW_METHOD_SATURATED_RTT);
    part(w, "saturated", &t->saturated);
    part(w, "others", &t->others);
    bw_jw_ki64(w, "intervals_not_split", t->n_unsplit);
    bw_jw_obj_end(w);
    bw_jw_obj_end(w);
}
