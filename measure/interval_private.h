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
    FAMILIES = 2, /* 4 and 6 */
    TRACES = 16,  /* of one interval */
    CODES = 7,    /* answers of one target in an interval; others are "other" */
    CODE_WORD_MAX = 31,
    ECHOES = 2048,          /* answers kept to tell idle from loaded: of a run and the
                               minute before it, at 20 a second */
    WINDOWS = 16,           /* measured windows of tests, so that idle means idle */
    GAPS_MAX = 32,          /* of one interval */
    SPANS_MAX_KEPT = 512,   /* outages of 10 s in the longest interval, and spare */
    STARTS_MAX_KEPT = 16,   /* of outages that records named before they were over */
    OUTAGES_A_RECORD = 48,  /* more are told in the records after it */
    OUTAGES_MAX_KEPT = 1024 /* of one circuit, for those records */
};

/* Times of one kind: a phase of exchanges, or one way of packets. */
struct times {
    struct bw_hist *hist; /* NULL: none */
    int64_t sum_us;
};

/* What a target's samples of one interval told besides the round trip. */
struct details {
    struct times out;
    struct times back;
    struct times phases[BW_PHASES];
    int64_t one_way_error_us; /* the largest */
    int64_t cert_days;        /* the fewest */
    struct {
        char word[CODE_WORD_MAX + 1];
        int64_t n;
    } codes[CODES];
    size_t n_codes;
    int64_t other_codes; /* that found no room */
};

/* One target's packets of one family within one interval. */
struct tally {
    int64_t sent;
    int64_t lost;
    int64_t late;
    int64_t lost_out;
    int64_t lost_back;
    int64_t sum_us;
    int64_t min_us;
    struct bw_hist *hist; /* NULL: nothing came back */
    struct details *more; /* NULL: no sample had any */
};

/* A throughput result with all it points to. `t` lacks what only the time after the run
 * can tell until it is settled: line, concurrent, idle and loaded round trip. */
struct result {
    struct bw_throughput t;
    uint32_t circuit;
    bool measured;
    bool asked; /* the window below is known */
    int64_t t0_mono_ns;
    int64_t t1_mono_ns;
    int64_t wire_bytes;
    int64_t total_bytes;   /* payload of the whole run … */
    int64_t began_mono_ns; /* … which was between these; 0: not known */
    int64_t over_mono_ns;
    bool has_round_trips; /* told, or known to be unknown */
    bool has_line;        /* likewise */
    char method[64];
    char reason[256];
    char retest_of[96];
    char words[BW_INTERVAL_WORDS_MAX][32]; /* flags of the caller; "" ends them */
    char machine[BW_NAME_MAX + 1];
    char receipt[BW_RECEIPT_MAX + 1];
    char flags[BW_RUN_FLAGS_MAX][32]; /* of the probe; "" ends them */
};

/* A trace, its texts its own. */
struct trace {
    uint32_t target;
    struct bw_path p; /* hops is NULL: they are below */
    char flag[32];
    struct bw_hop hops[BW_PATH_HOPS_MAX];
    size_t n_hops; /* 0: as told before */
};

/* The way to a target as it is known, per family. */
struct way {
    bool known;
    bool whole; /* the target itself answered: n is the way's length; else it has more */
    size_t n;   /* the last hop that answered */
    char hash[BW_PATH_HOPS_MAX][BW_PATH_HASH_LEN + 1];
    char told[BW_HASH_LEN + 1]; /* its hash in the newest record with hops … */
    int64_t told_day;           /* … of this UTC day */
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
    struct bw_circuit_summary circuits[BW_CIRCUITS_MAX]; /* flow and port; at the cut … */
    bool unsettled[BW_CIRCUITS_MAX]; /* … or, where readings are late, when it is taken */
    struct result *results[BW_INTERVAL_RUNS_MAX];
    size_t n_results;
    struct trace *traces[TRACES];
    size_t n_traces;
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
    uint32_t n_targets;            /* that are watched */
    uint32_t reference;            /* the target whose echoes tell idle from loaded */
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
    int64_t unread_since_s; /* counters not readable; BW_UNKNOWN: they are … */
    int64_t unread_to_s;    /* … and surely until here */
};

struct target {
    struct bw_interval_target conf;
    bool watched;               /* sent to often enough that its silence means something */
    uint32_t index_in_circuit;  /* of the watched */
    struct way *ways[FAMILIES]; /* NULL: never traced */
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

/* interval_coarse.c: what the circuits with late readings carried in a cut piece, now; a
 * run's line and concurrent rates by counts that reach over it: -ERANGE when there are
 * none yet. */
void interval_settle_counts(struct bw_interval *iv, struct piece *p);
void interval_settle_counts_of(struct bw_interval *iv, uint32_t circuit);
int interval_fill_coarse_line(const struct circuit *c, struct result *x);

/* The test's own bytes in its window as the circuit's counter sees them, or unknown. */
int64_t interval_own_bytes(const struct circuit *c, const struct result *x);

/* A result with nothing known; the caller's, from malloc. NULL: no memory. */
struct result *interval_result_new(uint32_t circuit);

/* realloc() to n elements; the caller's. NULL (and array as it was): no memory. */
void *interval_array(void *array, size_t n, size_t size);

/* Tell line and round trips of the circuit's runs that were over a grace period before
 * now: what they rest on is kept for a minute or two, and records are made later. */
void interval_settle(struct bw_interval *iv, uint32_t circuit, int64_t now_mono_ns);

/* Make the summary of the oldest piece, at now. 0 or -ENOMEM; *ret is the caller's. */
int interval_fill(struct bw_interval *iv,
                  const struct piece *p,
                  int64_t now_mono_ns,
                  struct bw_summary *ret);

/* interval_path.c: */
void interval_ways_done(struct target *t);
int interval_fill_paths(const struct bw_interval *iv,
                        const struct piece *p,
                        struct bw_summary *s);

/* interval_detail.c: take a sample's details into a tally; free all a tally owns; its
 * details into l, texts and arrays only where there is an arena. 0 or -ENOMEM. */
void interval_add_details(struct tally *t, const struct bw_latency_detail *s);
void interval_tally_done(struct tally *t);
int interval_fill_details(const struct tally *t,
                          struct bw_latency *l,
                          struct bw_summary *arena);
/* A histogram's text in the arena. 0 or -ENOMEM. */
int interval_hist_text(const struct bw_hist *h, struct bw_summary *arena, const char **ret);

/* The figures of one tally; no histogram text where out is NULL. */
int interval_fill_latency(const struct bw_interval *iv,
                          const struct piece *p,
                          uint32_t target,
                          size_t family,
                          struct bw_latency *l,
                          struct bw_summary *arena);

#endif
