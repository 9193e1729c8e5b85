/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_private.h - what interval.c collects and interval_fill.c makes a summary of;
 * for these two files only. */
#ifndef BW_INTERVAL_PRIVATE_H
#define BW_INTERVAL_PRIVATE_H

#include "interval.h"
#include "outage.h"
#include "rates.h"

#include <clock.h>
#include <hist.h>

enum {
    FAMILIES = 2,           /* 4 and 6 */
    ECHOES = 512,           /* answers kept to tell idle from loaded */
    WINDOWS = 16,           /* measured windows of tests, so that idle means idle */
    GAPS_MAX = 32,          /* of one interval */
    SPANS_MAX_KEPT = 512,   /* outages of 10 s in the longest interval, and spare */
    STARTS_MAX_KEPT = 16,   /* of outages that records named before they were over */
    OUTAGES_A_RECORD = 48,  /* more are told in the records after it */
    OUTAGES_MAX_KEPT = 1024 /* of one circuit, for those records */
};

/* One target's packets of one family within one interval. */
struct tally {
    int64_t sent;
    int64_t lost;
    int64_t late;
    int64_t sum_us;
    int64_t min_us;
    struct bw_hist *hist; /* NULL: nothing came back */
};

/* A throughput result with all it points to. `t` lacks what only the end of the
 * interval's grace can tell: line, concurrent, idle and loaded round trip. */
struct result {
    struct bw_throughput t;
    uint32_t circuit;
    bool measured;
    bool asked; /* the window below is known */
    int64_t t0_mono_ns;
    int64_t t1_mono_ns;
    int64_t wire_bytes;
    char method[64];
    char reason[256];
    char retest_of[96];
};

/* One interval, open or cut. */
struct piece {
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t start_mono_ns;
    int64_t end_mono_ns; /* INT64_MAX while open */
    int64_t end_boot_ms;
    int64_t step_us;
    struct bw_clock_state clock;
    struct tally *tallies;                               /* [n_targets][FAMILIES] */
    struct bw_circuit_summary circuits[BW_CIRCUITS_MAX]; /* flow and port; at the cut */
    struct result *results[BW_INTERVAL_RUNS_MAX];
    size_t n_results;
    struct bw_gap gaps[GAPS_MAX];
    size_t n_gaps;
};

struct echo {
    int64_t sent_mono_ns;
    int64_t rtt_us;
};

/* An outage's start in a record's time, kept so that every record says the same. */
struct known_start {
    int64_t mono_ns;
    int64_t unix_ms;
};

/* An outage that is over, in a record's time, until a record tells it. */
struct told_later {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    enum bw_outage_why why;
};

struct circuit {
    struct bw_interval_circuit conf;
    struct bw_rates *rates;        /* NULL with source none */
    struct bw_outage_watch *watch; /* made with the first sample or reading */
    uint32_t n_targets;
    uint32_t reference; /* the target whose echoes tell idle from loaded */
    struct echo echoes[ECHOES];
    uint64_t n_echoes; /* ever */
    int64_t windows[WINDOWS][2];
    uint64_t n_windows; /* ever */
    struct bw_outage_span spans[SPANS_MAX_KEPT];
    size_t n_spans;
    struct known_start starts[STARTS_MAX_KEPT];
    uint64_t n_starts;        /* ever */
    struct told_later *later; /* oldest first */
    size_t n_later;
    size_t cap_later;
    int64_t unread_since_s; /* counters not readable; BW_UNKNOWN: they are */
};

struct target {
    struct bw_interval_target conf;
    uint32_t index_in_circuit;
};

struct bw_interval {
    int64_t grace_ns;
    struct circuit *circuits[BW_CIRCUITS_MAX];
    uint32_t n_circuits;
    struct target *targets;
    uint32_t n_targets;
    uint32_t cap_targets;
    struct piece *pieces[BW_INTERVAL_UNSEALED_MAX + 1]; /* oldest first; last is open */
    size_t n_pieces;
};

/* In the time of a piece's records: its start is exact, the rest follows the monotonic
 * clock. */
int64_t interval_unix_ms(const struct piece *p, int64_t mono_ns);

/* A result with nothing known; the caller's, from malloc. NULL: no memory. */
struct result *interval_result_new(uint32_t circuit);

/* realloc() to n elements; the caller's. NULL (and array as it was): no memory. */
void *interval_array(void *array, size_t n, size_t size);

/* Make the summary of the oldest piece, at now. 0 or -ENOMEM; *ret is the caller's. */
int interval_fill(struct bw_interval *iv,
                  const struct piece *p,
                  int64_t now_mono_ns,
                  struct bw_summary *ret);

/* The figures of one tally; no histogram text where out is NULL. */
int interval_fill_latency(const struct bw_interval *iv,
                          const struct piece *p,
                          uint32_t target,
                          size_t family,
                          struct bw_latency *l,
                          struct bw_summary *arena);

#endif
