/* SPDX-License-Identifier: GPL-3.0-or-later
 * fold.h - decoded summaries of one site become circuit-days of one circuit.
 *
 * The journal, the ledger and an exported file all make their days here, so the same
 * records give the same day wherever they are kept, and `verify` can make a stored day
 * again and compare. Nothing is averaged: every interval keeps its own slot, and delay
 * keeps its histograms, merged within cells of five minutes only.
 *
 * What belongs to a day (UTC, by wall clock as recorded):
 *  - slots, latency, gaps: summaries whose interval starts within the day;
 *  - tests: by at_unix_ms, even when the run ended in the first summary after midnight
 *    (that is why a summary that starts less than BW_FOLD_TAIL_S after the day is still
 *    wanted); an instant that is not near its summary counts as the summary's start;
 *  - outages: every outage that a summary of the day names, once, whole and unclipped.
 *    One that lasts over midnight is named by both days under the same from_unix_ms:
 *    whoever adds days up joins by (circuit, from_unix_ms), see bw_outages_join().
 * Where a period ends within a day, the day's later summaries are still heard about outages
 * and gaps that touch the period: how they ended and why is then the same as from a day
 * that was stored whole and cut. */
#ifndef BW_FOLD_H
#define BW_FOLD_H

#include <bw/records.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_fold;

enum {
    BW_FOLD_TAIL_S = 900,      /* longest from a run's start to the start of the summary
                                  that tells it */
    BW_FOLD_SLOTS_MAX = 90000, /* intervals of one circuit and day */
    BW_FOLD_LIST_MAX = 20000   /* tests, outages or gaps of one circuit and day */
};

/* What is known of a record beside its payload. BW_UNKNOWN where it is not known. */
struct bw_fold_meta {
    int64_t received_unix_ms; /* at the collector: makes the lateness flags */
};

/* A fold over [from, to): intervals that start outside are left out, tests outside too.
 * Days come to cb oldest first, each once, lent until cb returns; days of which nothing
 * is told do not come. Any one thread. -ENOMEM. */
int bw_fold_new(const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_fold **ret);

/* Summaries that start before this are wanted of a fold that ends at to_unix_s: the first
 * of BW_FOLD_TAIL_S, for runs, and those of the rest of its day. */
int64_t bw_fold_heard_to(int64_t to_unix_s);

/* Add one decoded summary, borrowed until the call returns. Summaries come in the order
 * of start_unix_s, equal starts in the order of (kid, seq) - for a box with a steady
 * clock that is chain order - and up to bw_fold_heard_to(), so that what crosses the border
 * is not lost. Summaries of other sites and those that do not name
 * the circuit are passed over.
 * -EINVAL: starts before the one before it. -E2BIG: one of the limits above. A callback's
 * non-zero answer is given back at once and ends the fold. */
int bw_fold_add(struct bw_fold *f,
                const struct bw_summary *s,
                const struct bw_fold_meta *meta, /* NULL: nothing known */
                struct bw_err *reterr);

/* Give the days still open to the callback. */
int bw_fold_finish(struct bw_fold *f, struct bw_err *reterr);
void bw_fold_free(struct bw_fold *f); /* NULL is fine */

/* ---- a day as bytes, for stored day rows (fold_blob.c) -------------------------- */

/* A day that owns what it points to. */
struct bw_day_owned {
    struct bw_circuit_day day;
    void *arena;
};

/* Append the day's compact, versioned, canonical form: the same day gives the same
 * bytes. -E2BIG, -ENOMEM, -EINVAL (times that do not fit the day). Any thread. */
int bw_day_encode(const struct bw_circuit_day *d,
                  struct bw_buf *out,
                  struct bw_err *reterr);
/* Read it back; *ret is written on success only. -BW_ENEWER: made by a newer version,
 * make it again from the records. -BW_EMALFORMED. Any thread. */
int bw_day_decode(const void *blob,
                  size_t n,
                  struct bw_day_owned *ret,
                  struct bw_err *reterr);
void bw_day_done(struct bw_day_owned *d); /* zeroed is fine */

/* Leave out of a decoded day what lies outside [from, to): slots by their start, tests by
 * their instant, latency by whole cells (one that is only partly inside stays), outages and
 * gaps that do not touch it. Counts are made again from what is left; n_vantage_changes and
 * max_clock_error_us stay those of the whole day. */
void bw_day_clip(struct bw_circuit_day *d, int64_t from_unix_s, int64_t to_unix_s);

/* Join outages of the same circuit and from_unix_ms, in place: the end is the latest
 * to_unix_ms that any of them tells, known_to_unix_ms the latest instant at which it was
 * still out. Sorted by start. Gives the new count. */
size_t bw_outages_join(struct bw_outage *o, size_t n);

#endif
