/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_months.h - months of a circuit from the days that the state's room keeps: each
 * figure of a day is a report's; of a month only what days give exactly (sums, the highest,
 * the median of days), and is called so. A reader's thread. */
#ifndef BW_CIRCUIT_MONTHS_H
#define BW_CIRCUIT_MONTHS_H

#include <bw/units.h>
#include <roomday.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_MONTHS_MAX = 140 /* more than eleven years */
};

struct bw_month {
    int year;
    int month;
    int n_days; /* with any record */
    int64_t period_s;
    int64_t recorded_s;
    int64_t unsynced_s;
    bool mirror;
    bool two_layers; /* counters changed theirs: no rate of the month is told */
    enum bw_layer layer;
    enum bw_layer claim_layer; /* of best_bps: of the newest day that has one */
    struct {
        int64_t p95_median_bps; /* of days' class-hour P95 (util-p95/2) */
        int64_t p95_max_bps;
        int n_p95;        /* days that have one */
        int64_t peak_bps; /* carried-max/2, the highest day's */
        int64_t best_bps; /* tested-dist/2, the best good run at the claim's layer */
        int n_ok, n_made, n_compared, n_at_80;
        int64_t full_s; /* class hours at 90 % of the claim or more; unknown */
    } way[BW_DIRECTIONS];
    int64_t sent;
    int64_t lost;
    int64_t p50_median_us; /* of days' medians (rtt-merged/1) of the nearest target */
    int64_t p95_max_us;    /* highest day's P95 */
    int64_t outage_ms;     /* sum of outage-union/1; unknown: no day could tell one */
};

/* Those with a day in [from, to), by local date. A room.db that is not there yet, or has
 * nothing of the circuit, gives none. */
int bw_months_read(const char *room_db,
                   const char *site,
                   const char *circuit,
                   int64_t from_day,
                   int64_t to_day,
                   struct bw_month ret[BW_MONTHS_MAX],
                   size_t *ret_n,
                   struct bw_err *reterr);

/* Of days in their order. Pure. */
size_t
bw_months_of(const struct bw_room_day *days, size_t n, struct bw_month ret[BW_MONTHS_MAX]);

#endif
