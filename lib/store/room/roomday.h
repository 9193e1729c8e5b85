/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomday.h - what the state's room keeps of a circuit's day: figures of the evidence
 * library, made from the same records by the same functions (collector/room/facts.h).
 *
 * The same struct tells of one local day or of several together; n_days says of how many.
 * Unknown is never zero: an int64_t that nobody measured is BW_UNKNOWN; counts are what the
 * records name, so 0 is a counted zero. Rates are at the layer that stands beside them. */
#ifndef BW_ROOMDAY_H
#define BW_ROOMDAY_H

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

enum bw_room_limits {
    BW_ROOM_RUNS_MAX = 96, /* runs of a day that are kept, the newest */
    BW_ROOM_REASON_MAX = 63,
    BW_ROOM_DAYS_MERGED = 28, /* whole local days before today */
    BW_ROOM_MONTHS = 12       /* whole local months before this one */
};

enum bw_room_day_flags {     /* bits */
    BW_ROOM_DAY_RUNNING = 1, /* it is not over: figures so far */
    BW_ROOM_DAY_NO_CALENDAR =
        2,                  /* class hours are the usual ones: no calendar is on file */
    BW_ROOM_DAY_MIRROR = 4, /* counted at a mirror port: lower bounds, no rates of them */
    BW_ROOM_DAY_TWO_LAYERS =
        8, /* counters changed their layer: rates are of the longer one */
    BW_ROOM_DAY_RUNS_CUT =
        16 /* it had more runs than are kept one by one; counts have all */
};

/* One direction. Methods as docs/report.md names them. */
struct bw_room_way {
    int64_t claim_bps;     /* in force at the end of this time; at claim_layer */
    int64_t p95_bps;       /* util-p95/2: all hours … */
    int64_t peak_bps;      /* carried-max/2 */
    int64_t class_p95_bps; /* … and class hours */
    int64_t class_peak_bps;
    int64_t class_share_ppm;  /* claim-share/2: class-hour P95 at the claim's layer, of the
                                 claim */
    int64_t claimed_p95_bps;  /* class hours' P95 and highest at the claim's layer */
    int64_t claimed_peak_bps; /* (claim-share/2); unknown: not all could be converted */
    int64_t bytes;          /* bytes-sum/1, our own tests included; unknown: not counted */
    int64_t full_s;         /* day-bins/1: class hours at 90 % of the claim or more … */
    int64_t full_of_s;      /* … of so many in which that could be told */
    int64_t class_expected; /* day-bins/1: intervals of class hours that could have been */
    int64_t best_bps;       /* tested-dist/2: highest and median good run, the line's own
                               rate at the claim's layer */
    int64_t median_bps;
    int64_t idle_p50_us;   /* loaded-rtt/1: before runs … */
    int64_t loaded_p50_us; /* … and the P95s while they filled the line: their median */
    int64_t goodput_bps; /* tested-dist/2: median payload rate of the kind with most runs */
    int32_t class_known; /* … of class_expected: those that util-p95/2 counts */
    int32_t n_wanted; /* tests: made or put off; one that waits is put off at each look */
    int32_t n_made;   /* begun */
    int32_t n_ok;
    int32_t n_failed;
    int32_t n_deferred; /* times one was put off */
    int32_t n_apart;    /* of n_ok: set apart, in no figure */
    int32_t n_compared; /* of n_ok: with a figure to hold against a claim */
    int32_t n_at_80;    /* of them, at 80 % of it or more */
    int32_t n_at_90;
};

struct bw_room_day {
    int64_t day; /* days since 1970-01-01 of the local date (civil.h); the first one */
    int64_t from_unix_s;
    int64_t to_unix_s;         /* of a running day: until when it is known */
    int32_t n_days;            /* with any record, of those merged; 0: no record at all */
    int32_t day_kind;          /* enum bw_schoolday of schoolcal.h; of one day */
    uint32_t flags;            /* enum bw_room_day_flags */
    enum bw_layer layer;       /* of counted rates and bytes */
    enum bw_layer claim_layer; /* of claim_bps, best_bps, median_bps; unknown: no claim */
    int32_t n_records;         /* intervals */
    int32_t n_stepped;         /* clock/1: of them, in which the clock was set */
    int32_t n_egress_match;    /* of good runs, both ways */
    int32_t n_egress_other;
    int64_t recorded_s; /* coverage/1: covered by records */
    int64_t counted_s;  /* … and by counters */
    int64_t class_s;    /* class-hours/1: of the time that is over; unknown: nobody says */
    int64_t unsynced_s; /* clock/1: recorded by a clock that was not synchronised */
    int64_t unsynced_since_unix_s; /* the stretch of such intervals that the newest one
                                      ends; unknown: the newest was synchronised */
    int64_t sent;                  /* packets of all targets; unknown: none was asked */
    int64_t lost;
    int64_t rtt_p50_us; /* rtt-merged/1, of the target with the lowest P50, all hours */
    int64_t rtt_p95_us; /* of the same target */
    int64_t class_rtt_p95_us;   /* of the same target, class hours */
    int64_t outage_ms;          /* outage-union/1; unknown: nothing could tell one */
    int64_t outage_class_ms;    /* of it, in class hours */
    int64_t outage_excluded_ms; /* outage-excluded/1: of it, what people exclude */
    int64_t watched_s;          /* in which an outage would have been seen */
    struct bw_room_way way[BW_DIRECTIONS];
};

/* A whole local month of a circuit, downwards: what stays in memory of the past year. The
 * figures are those of the month's own report, not of its days. */
struct bw_room_month {
    int32_t month;             /* year * 12 + month - 1, local */
    int32_t n_days;            /* with any record */
    enum bw_layer claim_layer; /* of all rates; unknown: no claim */
    int32_t n_compared;        /* good runs behind the median */
    int64_t claim_bps;         /* in force at its end */
    int64_t median_bps;        /* tested-dist/2 */
    int64_t claimed_p95_bps;   /* class hours (claim-share/2) */
    int64_t class_known;       /* intervals of class hours that are counted … */
    int64_t class_expected;    /* … of so many; unknown: nobody says which hours */
};

/* One throughput run, as conditions and the servers' figures need it. */
struct bw_room_run {
    int64_t at_unix_ms;
    int64_t compared_bps; /* the line's rate at the claim's layer; unknown: none */
    int64_t claim_bps;    /* in force then; unknown: none */
    int64_t goodput_bps;
    uint8_t direction; /* enum bw_direction */
    uint8_t state;     /* enum bw_test_state */
    uint8_t apart;     /* enum bw_apart */
    uint8_t egress;    /* enum bw_egress */
    bool retest;
    char server[BW_NAME_MAX + 1];
    char reason[BW_ROOM_REASON_MAX + 1]; /* of one that is not good, in words; "" none */
};

/* Nothing known, nothing counted. */
void bw_room_day_init(struct bw_room_day *d);

/* Of the row of a whole month. */
void bw_room_month_take(const struct bw_room_day *d,
                        int32_t month,
                        struct bw_room_month *ret);

#endif
