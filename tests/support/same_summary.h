/* SPDX-License-Identifier: GPL-3.0-or-later
 * same_summary.h - for cmocka tests: parts of a summary and of its JSON say the same. An
 * unknown figure and an empty text are absent. */
#ifndef BW_SAME_SUMMARY_H
#define BW_SAME_SUMMARY_H

#include <bw/summary.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static inline void same_int(const json_t *o, const char *key, int64_t v)
{
    const json_t *j = json_object_get(o, key);
    if (v == BW_UNKNOWN) {
        assert_null(j);
        return;
    }
    assert_true(json_is_integer(j));
    assert_true(json_integer_value(j) == v);
}

static inline void same_text(const json_t *o, const char *key, const char *v)
{
    const json_t *j = json_object_get(o, key);
    if (!v || !*v) {
        assert_null(j);
        return;
    }
    assert_non_null(j);
    assert_string_equal(json_string_value(j), v);
}

static inline void same_flow(const json_t *o, const char *key, const struct bw_flow *f)
{
    const json_t *j = json_object_get(o, key);
    same_int(j, "bytes", f->bytes);
    same_int(j, "packets", f->packets);
    same_int(j, "p95_1s_bps", f->p95_1s_bps);
    same_int(j, "peak_1s_bps", f->peak_1s_bps);
    same_int(j, "peak_sliding_1s_bps", f->peak_sliding_1s_bps);
    same_int(j, "frame_offset_bytes", f->frame_offset_bytes);
    same_int(j, "drops", f->drops);
    same_int(j, "errors", f->errors);
    assert_true(!j || json_object_size(j) > 0);
}

static inline void same_shares(const json_t *o,
                               const char *key,
                               const struct bw_traffic_share *shares,
                               size_t n)
{
    assert_int_equal(json_array_size(json_object_get(o, key)), n);
    for (size_t k = 0; k < n; k++) {
        const json_t *j = json_array_get(json_object_get(o, key), k);
        same_text(j, "class", shares[k].klass);
        same_int(j, "down_ppm", shares[k].down_ppm);
        same_int(j, "down_low_ppm", shares[k].down_low_ppm);
        same_int(j, "down_high_ppm", shares[k].down_high_ppm);
        same_int(j, "up_ppm", shares[k].up_ppm);
        same_int(j, "up_low_ppm", shares[k].up_low_ppm);
        same_int(j, "up_high_ppm", shares[k].up_high_ppm);
        same_int(j, "error_ppm", shares[k].error_ppm);
    }
}

static inline void
same_tcp_way(const json_t *o, const char *key, const struct bw_tcp_way *w)
{
    const json_t *j = json_object_get(o, key);
    same_int(j, "bytes", w->bytes);
    same_int(j, "resent_bytes", w->resent_bytes);
    same_int(j, "resent_ppm", w->resent_ppm);
    same_int(j, "resent_low_ppm", w->resent_low_ppm);
    same_int(j, "resent_high_ppm", w->resent_high_ppm);
    same_int(j, "reordered_ppm", w->reordered_ppm);
    same_int(j, "reordered_low_ppm", w->reordered_low_ppm);
    same_int(j, "reordered_high_ppm", w->reordered_high_ppm);
    assert_true(!j || json_object_size(j) > 0);
}

static inline void same_traffic(const json_t *j, const struct bw_traffic *t)
{
    same_text(j, "circuit", t->circuit);
    same_text(j, "state", t->state);
    same_int(j, "covered_s", t->covered_s);
    same_int(j, "sampled_1_in", t->sampled_1_in);
    same_int(j, "captured", t->captured);
    same_int(j, "capture_drops", t->capture_drops);
    same_int(j, "flows_1_in", t->flows_1_in);
    same_shares(j, "mix", t->mix, t->n_mix);
    same_shares(j, "families", t->families, t->n_families);
    same_shares(j, "sizes", t->sizes, t->n_sizes);
    same_text(j, "tcp_rtt_hist", t->tcp_rtt_hist);
    same_text(j, "saturated_rtt_hist", t->saturated_rtt_hist);
    same_text(j, "wan_min_hist", t->wan_min_hist);
    same_text(j, "lan_rtt_hist", t->lan_rtt_hist);
    same_text(j, "lan_min_hist", t->lan_min_hist);
    same_text(j, "flow_size_hist", t->flow_size_hist);
    same_int(j, "flows", t->flows);
    same_int(j, "retransmit_ppm", t->retransmit_ppm);
    same_tcp_way(j, "tcp_down", &t->tcp[BW_DOWN]);
    same_tcp_way(j, "tcp_up", &t->tcp[BW_UP]);
    same_int(j, "devices_min", t->devices_min);
    assert_int_equal(json_array_size(json_object_get(j, "flags")), t->flags[0] ? 1 : 0);
    if (t->flags[0]) {
        assert_string_equal(
            json_string_value(json_array_get(json_object_get(j, "flags"), 0)), t->flags[0]);
    }
}

#endif
