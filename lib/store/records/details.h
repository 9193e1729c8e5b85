/* SPDX-License-Identifier: GPL-3.0-or-later
 * details.h - what probes tell of their targets beside the round trip, over a period of one
 * circuit: answers by code, parts of exchanges, the certificate, on which way packets were
 * lost, one-way delays, and the way itself.
 *
 * Made from records in any order; within the limits below the same records give the same
 * details, and the same record next to itself counts once. Counts are sums, times come from
 * merged histograms. What no record tells is BW_UNKNOWN or rests on n = 0 values; it is
 * never a zero. Targets asked by ICMP echo have none of this and are left out. */
#ifndef BW_DETAILS_H
#define BW_DETAILS_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_details_maker;
struct bw_err;
struct bw_record;

enum {
    BW_DETAIL_TARGETS_MAX = 64, /* of a circuit and period; as many paths */
    BW_DETAIL_CODES_MAX = 32,   /* of a target; what finds no room counts as "other" */
    BW_DETAIL_PHASES_MAX = 8,
    BW_DETAIL_WAYS_MAX = 1024, /* of a path, whose hops are kept */
    BW_CERT_WARN_DAYS = 14     /* fewer are worth a warning */
};

/* Of merged histograms (stat.h): n values; the rest is unknown with none. */
struct bw_detail_times {
    int64_t n;
    int64_t min_us; /* lower edge of the lowest bucket */
    int64_t p50_us;
    int64_t p95_us;
};

struct bw_detail_phase {
    char phase[16];
    int64_t n_intervals; /* that name it */
    int64_t n_without;   /* of them, without its histogram: their times are not in here */
    struct bw_detail_times times;
};

struct bw_detail_target {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;          /* 0: not told */
    int64_t n_intervals; /* that name it */
    int64_t sent;
    int64_t lost;
    struct bw_code codes[BW_DETAIL_CODES_MAX]; /* most frequent first */
    size_t n_codes;
    int64_t n_coded; /* their sum; the rest of sent had no answer at all */
    struct bw_detail_phase phases[BW_DETAIL_PHASES_MAX]; /* in the order of an exchange */
    size_t n_phases;
    int64_t n_cert;      /* intervals that read a certificate; with none, all unknown: */
    int64_t cert_days;   /* fewest days left … */
    int64_t cert_unix_s; /* … first read in the interval that starts here */
    int64_t cert_newest_days;
    int64_t cert_newest_unix_s;
    int64_t lost_out;           /* of lost; unknown: no interval tells it … */
    int64_t lost_back;          /* … and what is in neither was lost nobody knows where */
    struct bw_detail_times out; /* one-way delays */
    struct bw_detail_times back;
    int64_t one_way_error_us; /* either may be off by this: the largest told */
};

struct bw_detail_path {
    char probe[BW_NAME_MAX + 1];
    char method[16]; /* what the packets were */
    int family;
    int64_t n_traces;
    int64_t n_reached;       /* of them, in which the target itself answered */
    int64_t n_compared;      /* of them, that could be held against the one before */
    int64_t n_changes;       /* of those, that found another way */
    int64_t changed_unix_ms; /* the last of these; unknown: none */
    int64_t changed_ttl;     /* first hop known to differ then; unknown: not told */
    int64_t last_unix_ms;    /* the newest trace, and what it found: */
    int64_t reached;         /* 0, 1 */
    int64_t mtu;
    char flag[32];
    struct bw_hop *hops; /* of its way, as told at … */
    size_t n_hops;       /* 0: no record of the period tells them */
    int64_t hops_unix_ms;
};

struct bw_details {
    struct bw_detail_target *targets; /* by name, kind, family */
    size_t n_targets;
    struct bw_detail_path *paths; /* by name, method, family */
    size_t n_paths;
    bool more; /* there were more than BW_DETAIL_TARGETS_MAX of one of them */
};

/* Details of one circuit. -ENOMEM. Any one thread. */
int bw_details_begin(const char *circuit, struct bw_details_maker **ret);
void bw_details_free(struct bw_details_maker *m); /* NULL is fine */

/* Add one decoded summary, borrowed until the call returns. -EINVAL (a damaged histogram),
 * -ENOMEM. */
int bw_details_add(struct bw_details_maker *m,
                   const struct bw_summary *s,
                   struct bw_err *reterr);
/* Add a signed record, whose signature is not looked at; one that holds no details is not
 * even decoded. A record of a newer version adds nothing. */
int bw_details_add_record(struct bw_details_maker *m,
                          const struct bw_record *rec,
                          struct bw_err *reterr);
/* The details of all that was added. -ENOMEM. */
int bw_details_finish(struct bw_details_maker *m, struct bw_details *ret);
void bw_details_done(struct bw_details *d); /* zeroed is fine */

/* Is it asked for answers that have a code (an exchange), whether or not one came? */
bool bw_detail_is_exchange(const struct bw_detail_target *t);

/* ---- the same words in reports and pages (details_words.c) ---- */

enum {
    BW_DETAIL_WORDS_MAX = 48
};

/* "89 days left", "ended 1 day before": before it was read. */
void bw_detail_days_words(int64_t days, char out[BW_DETAIL_WORDS_MAX]);
/* "first byte" for "first-byte"; a phase that is not known as it is. */
const char *bw_detail_phase_words(const char *phase);

#endif
