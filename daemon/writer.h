/* SPDX-License-Identifier: GPL-3.0-or-later
 * writer.h - the storage thread of the box: chains, signs, appends to the journal, then
 * draws the RRD pictures.
 *
 * One thread, one journal connection, one job at a time in the order given. A summary
 * handed over is either durable or still in the queue: with the disk full, read-only or
 * locked it stays in memory, up to a named maximum, and is tried again. Every callback
 * comes on the loop's thread. */
#ifndef BW_WRITER_H
#define BW_WRITER_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_courier_batch;
struct bw_err;
struct bw_writer;

enum {
    BW_WRITER_QUEUE_MAX = 4096, /* jobs */
    BW_WRITER_HELD_MAX = 2048,  /* summaries in memory while storage refuses them */
    BW_WRITER_RETRY_MIN_MS = 500,
    BW_WRITER_RETRY_MAX_MS = 30000
};

struct bw_writer_params {
    const char *state_dir;
    int64_t interval_s;
    int64_t keep_days;
};

/* What is known about the journal; a copy, refreshed after every job. */
struct bw_writer_status {
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1]; /* "": not enrolled */
    int64_t last_seq;           /* of the current key; 0: none yet */
    int64_t last_end_unix_s;    /* end of the newest durable summary; unknown: none */
    int64_t pending;            /* durable, not acknowledged */
    int64_t acked;
    int64_t refused;
    int64_t held;               /* in memory, not durable */
    int64_t dropped;            /* lost because memory was full; becomes a gap */
    char trouble[256];          /* "" when storage works */
};

struct bw_writer_events {
    /* Storage changed: something durable, acked or in trouble. Coalesced. */
    void (*changed)(void *owner, const struct bw_writer_status *st);
    /* The answer to bw_writer_fetch(); body belongs to the receiver. */
    void (*batch)(void *owner, struct bw_courier_batch *b);
};

/* Opens the state directory, key (made at first start, 0400) and journal before it
 * returns, then starts the thread: a failure here is a failure to start. */
int bw_writer_start(uv_loop_t *loop,
                    const struct bw_writer_params *p,
                    const struct bw_writer_events *ev,
                    void *owner,
                    struct bw_writer **ret,
                    struct bw_err *reterr);

/* State as of start, then as of the last `changed`. Loop thread. */
const struct bw_writer_status *bw_writer_status(const struct bw_writer *w);

/* Hand over one interval's summary without site, seq, prev and chain: the thread fills
 * them in. *s is moved and initialised again. tens[n]: ten-second link rates for the
 * circuit's link-10s picture. -ENOBUFS when the queue is full (the caller logs a gap). */
struct bw_writer_ten {
    char circuit[BW_NAME_MAX + 1];
    int64_t end_unix_s;
    int64_t rate_bps[BW_DIRECTIONS];
};
int bw_writer_summary(struct bw_writer *w,
                      struct bw_summary *s,
                      const struct bw_writer_ten *tens,
                      size_t n_tens);

/* Make a batch of the oldest unacknowledged rows; events.batch follows exactly once. */
int bw_writer_fetch(struct bw_writer *w);

/* What the collector said. */
int bw_writer_acked(struct bw_writer *w, const char *kid, int64_t through, const char *receipt);
int bw_writer_refused(struct bw_writer *w, const char *kid, int64_t seq, const char *reason);
/* Make a new key whose chain cites the fork; a no-op when kid is not the current one. */
int bw_writer_forked(struct bw_writer *w, const char *kid, int64_t seq);

/* Small named values kept in the journal (schedule secrets, counters of the month). */
int bw_writer_meta(struct bw_writer *w, const char *name, const char *value);

/* No new jobs; what is queued is written for at most flush_ms, then cb on the loop. */
void bw_writer_close(struct bw_writer *w, int64_t flush_ms, void (*cb)(void *owner), void *owner);

#endif
