/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval.h - everything that was measured in one interval → struct bw_summary.
 *
 * Borders are cut at whole wall-clock seconds; a packet counts in the interval it was
 * sent in, however late its fate is known. So an interval is cut at its end, and taken a
 * grace period later: until then answers, losses and late answers still reach it. State
 * that lasts longer (an outage, the counters' last reading) is carried across.
 *
 * Whoever owns it calls, each second: bw_interval_reading() (or _no_reading()) for every
 * circuit with counters; at a border second after that bw_interval_cut(); then
 * bw_interval_take() until it gives -EAGAIN. One thread. */
#ifndef BW_INTERVAL_H
#define BW_INTERVAL_H

#include <bw/counter.h>
#include <bw/probe.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_interval;

enum {
    BW_INTERVAL_GRACE_MS = 5000, /* icmp: 2 s timeout, 2 s of late answers, 1 s to spare */
    BW_INTERVAL_RUNS_MAX = 16,   /* throughput results of one interval; of more the tests
                                    that were put off are gaps */
    BW_INTERVAL_WORDS_MAX = 4,   /* flags that the caller gives a result */
    BW_INTERVAL_UNSEALED_MAX = 4 /* cut and not yet taken: with short intervals */
};

/* One circuit as the configuration has it; copied. */
struct bw_interval_circuit {
    char id[BW_NAME_MAX + 1];
    enum bw_vantage vantage;
    uint32_t behind;
    enum bw_source source;
    enum bw_layer layer;   /* until a reading says; unknown with source none */
    int64_t resolution_ms; /* of the counters; unknown with source none */
    bool coarse; /* readings come when the source has new counts, some of them late:
                    resolution_ms is told by bw_interval_refresh() */
    int64_t claim_bps[BW_DIRECTIONS];
};

/* One latency target; copied. */
struct bw_interval_target {
    uint32_t circuit; /* index given by bw_interval_add_circuit() */
    char name[BW_NAME_MAX + 1];
    char kind[16];
    int64_t every_ms; /* between two packets: a target's silence counts towards an outage
                         only when that is at most BW_OUTAGE_WATCHED_MS */
};

/* Who a throughput result is about; copied. */
struct bw_interval_run {
    uint32_t circuit;
    const char *probe; /* the instance's name */
    const char *kind;
    const char *server;    /* the target's name */
    const char *retest_of; /* NULL: none */
    bool asked;            /* by a person, not by the drawn schedule: flag "asked" */
    const char *campaign;  /* NULL: none */
    int64_t began_mono_ns; /* none of its bytes flowed before; 0: nobody knows */
    const char *words[BW_INTERVAL_WORDS_MAX]; /* further flags; NULL ends it */
};

/* The first interval starts at start_unix_s, which is start_mono_ns on CLOCK_MONOTONIC. */
int bw_interval_new(int64_t start_unix_s,
                    int64_t start_mono_ns,
                    int64_t grace_ms,
                    struct bw_interval **ret);
void bw_interval_free(struct bw_interval *iv);

/* Add before the first reading or sample. Index (>= 0) or -ENOSPC, -ENOMEM. */
int bw_interval_add_circuit(struct bw_interval *iv, const struct bw_interval_circuit *c);
int bw_interval_add_target(struct bw_interval *iv, const struct bw_interval_target *t);

/* The reading of a circuit's counters for the whole second unix_s. */
void bw_interval_reading(struct bw_interval *iv,
                         uint32_t circuit,
                         int64_t unix_s,
                         const struct bw_reading *r);
/* One at any other moment: take one when a run's sample arrives, so that line_bps is
 * sharp. */
void bw_interval_reading_extra(struct bw_interval *iv,
                               uint32_t circuit,
                               const struct bw_reading *r);
/* The counters could not be read for the second unix_s; -ENODEV means that the interface
 * is gone, which is a carrier that is down. */
void bw_interval_no_reading(
    struct bw_interval *iv, uint32_t circuit, int64_t unix_s, int64_t mono_ns, int error);

/* For circuits with coarse readings: how often their source has new counts (unknown: not
 * measured yet), and how long after an interval's end a reading that reaches over it may
 * still come. The longest such time of all circuits is the grace of every interval. */
void bw_interval_refresh(struct bw_interval *iv,
                         uint32_t circuit,
                         int64_t refresh_ms,
                         int64_t late_ms);
/* … and what their port is like, at this instant; readings do not say. */
void bw_interval_port(struct bw_interval *iv,
                      uint32_t circuit,
                      int64_t mono_ns,
                      bool up,
                      enum bw_layer layer);

void bw_interval_latency(struct bw_interval *iv,
                         uint32_t target,
                         const struct bw_latency_sample *s);

/* A trace to a target: it belongs to the interval it began in, or the open one. What the
 * record tells of it: its hops when the way is new, and once a UTC day. */
void bw_interval_path(struct bw_interval *iv,
                      uint32_t target,
                      const struct bw_path_sample *s);

/* A throughput result: a sample with `final` set (others are ignored). Belongs to the
 * interval that is open when it arrives. Where there are too many, one that was only put
 * off makes room and becomes a gap; -ENOSPC when there is none. */
int bw_interval_run(struct bw_interval *iv,
                    const struct bw_interval_run *who,
                    const struct bw_run_sample *s);
/* A test that was due and not run, or was cancelled before it measured: both directions
 * of `direction` BW_DIRECTIONS. `reason` is copied. */
int bw_interval_not_run(struct bw_interval *iv,
                        const struct bw_interval_run *who,
                        enum bw_direction direction,
                        int64_t at_unix_ms,
                        enum bw_test_state state,
                        const char *reason);

/* Put into the open interval's record; equal ones are merged. */
int bw_interval_gap(struct bw_interval *iv,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    enum bw_gap_why why);

/* End the open interval at end_unix_s, which was end_mono_ns, and go on at next_unix_s:
 * the same second unless the wall clock was stepped between them by step_us (0 else).
 * Reads the state of the clock (clock.h). An interval without length is dropped. */
void bw_interval_cut(struct bw_interval *iv,
                     int64_t end_unix_s,
                     int64_t end_mono_ns,
                     int64_t next_unix_s,
                     int64_t step_us);

/* Fill *ret (initialised here, the caller's to bw_summary_done()) with the oldest cut
 * interval whose grace is over at now_mono_ns; INT64_MAX takes one at once (shutdown).
 * Members the interval does not know - site, seq, prev, chain, agent, config, boot, seen -
 * are left as bw_summary_init() has them. -EAGAIN: none is due. */
int bw_interval_take(struct bw_interval *iv, int64_t now_mono_ns, struct bw_summary *ret);

/* Go on with what `old` knows: iv has just been made with the new circuits and targets, and
 * starts at the second at which `old` was cut last (and taken). circuit_from[i] is the
 * circuit of `old` whose counters circuit i of iv reads, or -1. Outages go on where the
 * targets are the same. `old` can only be freed after that. */
void bw_interval_take_over(struct bw_interval *iv,
                           struct bw_interval *old,
                           const int circuit_from[BW_CIRCUITS_MAX]);

/* Where the open interval started. */
int64_t bw_interval_start_unix_s(const struct bw_interval *iv);

/* What the circuit carried in the last span_s seconds; BW_UNKNOWN without counters. */
int64_t bw_interval_carried_bps(const struct bw_interval *iv,
                                uint32_t circuit,
                                enum bw_direction dir,
                                int64_t span_s,
                                int64_t now_mono_ns);
/* Was the second that begins then one of saturated_s? 1, 0; -ENOENT: not known (yet), or of
 * an interval that was cut; or of counts in steps of more than BW_SATURATED_STEP_MAX_MS. */
int bw_interval_saturated(const struct bw_interval *iv, uint32_t circuit, int64_t unix_s);
/* The same of counts that were surely taken at or after an instant. */
int64_t bw_interval_carried_since_bps(const struct bw_interval *iv,
                                      uint32_t circuit,
                                      enum bw_direction dir,
                                      int64_t span_s,
                                      int64_t since_mono_ns,
                                      int64_t now_mono_ns);
/* The newest reading of a circuit, or NULL. */
const struct bw_reading *bw_interval_last_reading(const struct bw_interval *iv,
                                                  uint32_t circuit);
/* Is it out now? *ret_since_unix_ms (may be NULL) when. */
bool bw_interval_out_now(const struct bw_interval *iv,
                         uint32_t circuit,
                         int64_t now_mono_ns,
                         int64_t *ret_since_unix_ms);

/* Figures of a target so far in the open interval, over IPv4 or IPv6, for status pages;
 * false: nothing was sent over that yet. */
bool bw_interval_latency_now(const struct bw_interval *iv,
                             uint32_t target,
                             int family,
                             struct bw_latency *ret);

#endif
