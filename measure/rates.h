/* SPDX-License-Identifier: GPL-3.0-or-later
 * rates.h - readings of one interface's counters → bytes, one-second rates, and the bytes
 * between two instants.
 *
 * A rate is always made of the measured monotonic time between two readings. A counter
 * that went backwards or rose by what its port cannot carry, an interface under another
 * index, or a hole of more than BW_RATES_BRIDGE_S seconds is a gap: never a negative, never
 * a huge rate. */
#ifndef BW_RATES_H
#define BW_RATES_H

#include <bw/counter.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <stdint.h>

struct bw_rates;

enum {
    BW_RATES_BRIDGE_S = 10,        /* readings missed for longer are a gap … */
    BW_RATES_COARSE_BRIDGE_S = 60, /* … and where they are coarse, this or more */
    BW_RATES_RECENT = 1024         /* readings kept for windows, extra ones included */
};

/* start_unix_s: the first second that may be counted. claim: bits per second, each may be
 * BW_UNKNOWN. NULL when out of memory. */
struct bw_rates *bw_rates_new(int64_t start_unix_s, const int64_t claim_bps[BW_DIRECTIONS]);
void bw_rates_free(struct bw_rates *r);
void bw_rates_set_claim(struct bw_rates *r, const int64_t claim_bps[BW_DIRECTIONS]);

/* Readings come when their source has new counts, some of them seconds old, in steps of
 * refresh_ns (unknown: not measured yet): there are no one-second rates. */
void bw_rates_set_coarse(struct bw_rates *r, int64_t refresh_ns);

/* How old the counts of a coarse reading are believed to be: in the middle of slack_ns, but
 * after a silence in the middle of one refresh, since no cache holds for longer (refresh_ms
 * unknown: two questions that are every_ms apart stand for it). */
int64_t bw_rates_age_ns(int64_t slack_ns, int64_t refresh_ms, int64_t every_ms);

/* A reading taken for the whole wall-clock second unix_s (in practice a few milliseconds
 * after it). 0, or -ESTALE when it could not be joined to the one before (first reading,
 * other ifindex, counter backwards, hole too long): the seconds between are not covered. */
int bw_rates_add(struct bw_rates *r, int64_t unix_s, const struct bw_reading *reading);

/* A reading at any other moment: sharpens bw_rates_window(); four a second, those for whole
 * seconds among them, give the sliding peak (sliding.h). Nothing else. */
void bw_rates_add_extra(struct bw_rates *r, const struct bw_reading *reading);

/* The interface could not be read: what the last reading said of the port (carrier, speed,
 * MTU) no longer holds. Seconds are only lost if the next reading cannot be joined. */
void bw_rates_lost(struct bw_rates *r);

/* What the seconds up to end_unix_s amount to; they are then forgotten, and counting goes
 * on at next_unix_s (which differs from end_unix_s only when the clock was stepped).
 * Seconds bridged over a missed reading count in bytes and covered_s, but give no
 * one-second rate; where they lie across the end their bytes are divided by time.
 *
 * Fills covered_s, link_bps, mtu, saturated_s and flow of *ret; nothing is touched but
 * those. All unknown (covered_s 0) when no second is covered. saturated_s needs a claim:
 * seconds in which either direction carried >= 90 % of it. */
void bw_rates_cut(struct bw_rates *r,
                  int64_t end_unix_s,
                  int64_t next_unix_s,
                  struct bw_circuit_summary *ret);

/* Bytes counted between two instants of CLOCK_MONOTONIC, of the readings around them.
 * Between two readings the count is taken to rise evenly; *ret_error_bytes is how far
 * off that can be at most. -ERANGE when readings do not reach around the window yet or
 * any more, -ESTALE when the counter is broken within it. */
int bw_rates_window(const struct bw_rates *r,
                    enum bw_direction dir,
                    int64_t t0_mono_ns,
                    int64_t t1_mono_ns,
                    int64_t *ret_bytes,
                    int64_t *ret_error_bytes);

/* What was counted between the two readings closest around a window: the first surely
 * taken before t0, the last surely after t1. Errors as above. */
struct bw_rates_around {
    int64_t bytes;
    int64_t from_mono_ns; /* not before this … */
    int64_t to_mono_ns;   /* … and not after that was it counted */
};
int bw_rates_around(const struct bw_rates *r,
                    enum bw_direction dir,
                    int64_t t0_mono_ns,
                    int64_t t1_mono_ns,
                    struct bw_rates_around *ret);

/* Mean rate of the last span_s seconds, as far as readings go back (at least one second
 * of them; where they are coarse, one step); BW_UNKNOWN when there is none or the last
 * reading is older than 3 s (and two steps). */
int64_t bw_rates_carried_bps(const struct bw_rates *r,
                             enum bw_direction dir,
                             int64_t span_s,
                             int64_t now_mono_ns);
/* The same of counts that were surely taken at or after an instant. */
int64_t bw_rates_carried_since_bps(const struct bw_rates *r,
                                   enum bw_direction dir,
                                   int64_t span_s,
                                   int64_t since_mono_ns,
                                   int64_t now_mono_ns);

/* Was the second that begins then one of saturated_s? 1, 0; -ENOENT: it is not counted, or
 * not yet, or in an interval that was cut. */
int bw_rates_saturated(const struct bw_rates *r, int64_t unix_s);

/* The newest reading, or NULL. Lent until the next call. */
const struct bw_reading *bw_rates_last(const struct bw_rates *r);

#endif
