/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomcolumns.h - the members of struct bw_room_day, once: its table and the ways to and
 * from it are made of these lists. A member added to the struct is added here, and the
 * file's version rises. */
#ifndef BW_ROOMCOLUMNS_H
#define BW_ROOMCOLUMNS_H

/* X(column, member, type); of one day, all but `day` itself */
#define BW_ROOM_DAY_COLUMNS(X)                                                             \
    X(from_s, from_unix_s, int64_t)                                                        \
    X(to_s, to_unix_s, int64_t)                                                            \
    X(n_days, n_days, int32_t)                                                             \
    X(day_kind, day_kind, int32_t)                                                         \
    X(flags, flags, uint32_t)                                                              \
    X(layer, layer, enum bw_layer)                                                         \
    X(claim_layer, claim_layer, enum bw_layer)                                             \
    X(n_records, n_records, int32_t)                                                       \
    X(n_stepped, n_stepped, int32_t)                                                       \
    X(n_egress_match, n_egress_match, int32_t)                                             \
    X(n_egress_other, n_egress_other, int32_t)                                             \
    X(recorded_s, recorded_s, int64_t)                                                     \
    X(counted_s, counted_s, int64_t)                                                       \
    X(class_s, class_s, int64_t)                                                           \
    X(unsynced_s, unsynced_s, int64_t)                                                     \
    X(unsynced_since_s, unsynced_since_unix_s, int64_t)                                    \
    X(sent, sent, int64_t)                                                                 \
    X(lost, lost, int64_t)                                                                 \
    X(rtt_p50_us, rtt_p50_us, int64_t)                                                     \
    X(rtt_p95_us, rtt_p95_us, int64_t)                                                     \
    X(class_rtt_p95_us, class_rtt_p95_us, int64_t)                                         \
    X(outage_ms, outage_ms, int64_t)                                                       \
    X(outage_class_ms, outage_class_ms, int64_t)                                           \
    X(outage_excluded_ms, outage_excluded_ms, int64_t)                                     \
    X(watched_s, watched_s, int64_t)

/* X(way, member, type); `way` is down or up */
#define BW_ROOM_WAY_COLUMNS(X, way)                                                        \
    X(way, claim_bps, int64_t)                                                             \
    X(way, p95_bps, int64_t)                                                               \
    X(way, peak_bps, int64_t)                                                              \
    X(way, class_p95_bps, int64_t)                                                         \
    X(way, class_peak_bps, int64_t)                                                        \
    X(way, class_share_ppm, int64_t)                                                       \
    X(way, claimed_p95_bps, int64_t)                                                       \
    X(way, claimed_peak_bps, int64_t)                                                      \
    X(way, bytes, int64_t)                                                                 \
    X(way, full_s, int64_t)                                                                \
    X(way, full_of_s, int64_t)                                                             \
    X(way, class_expected, int64_t)                                                        \
    X(way, best_bps, int64_t)                                                              \
    X(way, median_bps, int64_t)                                                            \
    X(way, idle_p50_us, int64_t)                                                           \
    X(way, loaded_p50_us, int64_t)                                                         \
    X(way, goodput_bps, int64_t)                                                           \
    X(way, class_known, int32_t)                                                           \
    X(way, n_wanted, int32_t)                                                              \
    X(way, n_made, int32_t)                                                                \
    X(way, n_ok, int32_t)                                                                  \
    X(way, n_failed, int32_t)                                                              \
    X(way, n_deferred, int32_t)                                                            \
    X(way, n_apart, int32_t)                                                               \
    X(way, n_compared, int32_t)                                                            \
    X(way, n_at_80, int32_t)                                                               \
    X(way, n_at_90, int32_t)

/* X(column, member, type); of a month, all but `month` itself */
#define BW_ROOM_MONTH_COLUMNS(X)                                                           \
    X(n_days, n_days, int32_t)                                                             \
    X(claim_layer, claim_layer, enum bw_layer)                                             \
    X(n_compared, n_compared, int32_t)                                                     \
    X(claim_bps, claim_bps, int64_t)                                                       \
    X(median_bps, median_bps, int64_t)                                                     \
    X(claimed_p95_bps, claimed_p95_bps, int64_t)                                           \
    X(class_known, class_known, int64_t)                                                   \
    X(class_expected, class_expected, int64_t)

#endif
