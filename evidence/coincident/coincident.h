/* SPDX-License-Identifier: GPL-3.0-or-later
 * coincident.h - what several circuits carry together: the highest sum of one five minutes,
 * not the sum of what each of them carried at its own busiest moment (coincident-peak/1),
 * and what speed to bid for. docs/worksheet.md has the arithmetic.
 *
 * Circuits are added one by one, each by the intervals of its own report, so that a figure
 * of one circuit is the report's. Rates meet at one layer alone: what cannot be said at it
 * exactly is left out and named. Pure; one thread at a time. */
#ifndef BW_COINCIDENT_H
#define BW_COINCIDENT_H

#include <bw/summary.h>
#include <bw/units.h>
#include <growth.h>
#include <speed_range.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_report;
struct bw_tz;

#define BW_METHOD_COINCIDENT_PEAK "coincident-peak/1"
#define BW_METHOD_COINCIDENT_DAY "coincident-peak-day/1"
#define BW_METHOD_DIVERSITY "diversity/1"
#define BW_METHOD_COINCIDENT "coincident-use/1" /* of two lines, in packs */
#define BW_METHOD_COINCIDENT_USE "coincident-use/2"

enum bw_coincident_limits {
    BW_COINCIDENT_BIN_S = 300,
    BW_COINCIDENT_BYTES_MAX = 512 * 1024 * 1024, /* of all circuits' rates */
    BW_COINCIDENT_ALL_PPM = 1000000
};

/* Why a circuit is not in the sum. */
enum bw_coincident_why {
    BW_COINCIDENT_IN,
    BW_COINCIDENT_UNKNOWN,     /* there is no such circuit, or not for who asks */
    BW_COINCIDENT_NO_RECORD,   /* no record of the period names it */
    BW_COINCIDENT_SET_APART,   /* all that do are set apart */
    BW_COINCIDENT_NOT_COUNTED, /* its box counts no traffic of it */
    BW_COINCIDENT_MIRROR,      /* counted at a mirror port: lower bounds alone */
    BW_COINCIDENT_LAYER,       /* its counts cannot be said at the layer of the sum */
    BW_COINCIDENT_NO_CLASS,    /* nothing of class hours was counted without a test */
    BW_COINCIDENT_WHYS
};

struct bw_coincident_ask {
    int64_t from_unix_s; /* multiples of BW_COINCIDENT_BIN_S */
    int64_t to_unix_s;
    const struct bw_tz *tz; /* in which its days are; must outlive it */
    enum bw_layer layer;    /* of the sum */
    int64_t need_ppm;       /* share of the circuits that must be known in a bin */
    size_t n_circuits;      /* at most */
};

/* One direction of one circuit, over the bins that count. */
struct bw_coincident_way {
    int64_t n;        /* bins of them in which it is known */
    int64_t peak_bps; /* its own highest; unknown: none */
    int64_t p95_bps;
    int64_t then_bps; /* in the bin of the coincident peak; unknown: not known in it */
    int64_t full_n;   /* at 90 % of its claim or more … */
    int64_t told_n;   /* … of so many in which that could be told */
};

struct bw_coincident_circuit {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    enum bw_coincident_why why;
    enum bw_layer layer;              /* of its counters */
    int64_t interval_s;               /* longer than a bin: its mean stands in each bin */
    int64_t claim_bps[BW_DIRECTIONS]; /* at the period's end, at the layer of the sum;
                                         unknown: none there */
    int64_t class_n;                  /* bins of class hours of the sum, known at all */
    int64_t use_n;                    /* bins that count in which it was in use, of … */
    int64_t use_of_n;                 /* … those in which that could be told */
    struct bw_coincident_way way[BW_DIRECTIONS];
};

struct bw_coincident_sum {
    int64_t peak_bps; /* the highest sum; unknown: no bin counts */
    int64_t peak_unix_s;
    int64_t peak_n;        /* circuits known in that bin */
    int64_t p95_bps;       /* of the sums */
    int64_t sum_peaks_bps; /* of the circuits' own highest, in the same bins */
    int64_t sum_p95_bps;
    int64_t diversity_ppm; /* sum_peaks / peak, rounded down; at least 1,000,000 */
    int64_t day_bps;       /* highest P95 of a day's sums, of days with half as many bins
                              as the fullest has */
    int64_t day;           /* that day, since 1970-01-01 */
    int64_t day_n;         /* its bins */
    int64_t claims_bps;    /* of all circuits in the sum; unknown: one has none */
    int64_t full_bins;     /* bins that count in which some circuit was full */
    struct bw_growth growth;
    struct bw_speed_range range;
};

struct bw_coincident {
    struct bw_coincident_ask ask;
    struct bw_coincident_circuit *circuits; /* as they were added */
    size_t n;
    int64_t n_in;       /* of them in the sum */
    int64_t need_n;     /* so many must be known in a bin that counts */
    int64_t class_bins; /* of the period: class time at half of those in it or more */
    int64_t bins;       /* of them that count */
    int64_t all_bins;   /* of them in which every circuit is known */
    int64_t unlike_class_bins; /* of class_bins: no class time at some circuit */
    int64_t all_use_n;         /* bins in which all were in use, of use_of_n; and none */
    int64_t none_use_n;
    int64_t use_of_n;
    int64_t n_full;      /* circuits that were full at some time */
    int64_t n_long;      /* whose interval is longer than a bin */
    int64_t n_converted; /* whose counts were said at another layer */
    int end_year;        /* the speed does until 30 June of it … */
    int64_t end_day;     /* … that day */
    struct bw_coincident_sum sum[BW_DIRECTIONS];
    void *work; /* rates, until it is settled */
};

/* -ENOMEM, -EINVAL (no period), -E2BIG (more than BYTES_MAX). */
int bw_coincident_new(const struct bw_coincident_ask *ask, struct bw_coincident **ret);
void bw_coincident_free(struct bw_coincident *c); /* NULL is fine */

/* One circuit by its report of the period, which may go then. -ENOMEM. */
int bw_coincident_add(struct bw_coincident *c, const struct bw_report *r);
/* One that has none. */
void bw_coincident_skip(struct bw_coincident *c,
                        const char *site,
                        const char *circuit,
                        enum bw_coincident_why why);
/* All were added: everything else. until: what of the period is over. -ENOMEM. */
int bw_coincident_settle(struct bw_coincident *c, int64_t until_unix_s);

/* From which download on a line is in use at a time, by claim and link of then: 1 %;
 * unknown where neither is. */
int64_t bw_coincident_active_from(const struct bw_report *r, int64_t unix_s);

const char *bw_coincident_why_name(enum bw_coincident_why why);
const char *bw_coincident_why_words(enum bw_coincident_why why);

/* ---- for programs and for the papers of a bid ---- */

/* What a circuit is called beside its id; "" where nothing is known. */
typedef const char *(*bw_coincident_name_cb)(void *owner,
                                             const struct bw_coincident_circuit *c);
void bw_coincident_json(const struct bw_coincident *c,
                        bw_coincident_name_cb name,
                        void *owner,
                        struct bw_buf *out);
/* RFC 4180: figure,direction,value,unit,layer,statistic,n,method; or a row a circuit. */
void bw_coincident_csv_sum(const struct bw_coincident *c, struct bw_buf *out);
void bw_coincident_csv_circuits(const struct bw_coincident *c,
                                bw_coincident_name_cb name,
                                void *owner,
                                struct bw_buf *out);

#endif
