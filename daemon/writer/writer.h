/* SPDX-License-Identifier: GPL-3.0-or-later
 * writer.h - the storage thread of the box: chains, signs, appends to the journal, then
 * draws the RRD pictures.
 *
 * One thread, one journal connection, one job at a time in the order given. A summary
 * handed over is either durable or still in memory: with the disk full, read-only or
 * locked it waits there, up to a named maximum, and is tried again; what finds no room
 * there either is named as a gap, "storage full", by the next record that is written. All
 * functions are for the loop's thread and never block; every callback comes on the loop's
 * thread. */
#ifndef BW_WRITER_H
#define BW_WRITER_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_buf;
struct bw_courier_batch;
struct bw_enrolment;
struct bw_err;
struct bw_pubkey;
struct bw_writer;

enum {
    BW_WRITER_QUEUE_MAX = 4096, /* jobs waiting */
    BW_WRITER_HELD_MAX = 2048,  /* records in memory while storage refuses them */
    BW_WRITER_RETRY_MIN_MS = 500,
    BW_WRITER_RETRY_MAX_MS = 30000,
    BW_WRITER_BATCH_BYTES = BW_POST_BYTES_MAX
};

struct bw_writer_params {
    const char *state_dir; /* copied */
    int64_t interval_s;
    int64_t keep_s;
};

/* What is known about keys and journal; a copy, refreshed after every job. */
struct bw_writer_status {
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1]; /* BW_SITE_LOCAL: not enrolled */
    int64_t last_seq;           /* of the current key; 0: none yet */
    int64_t acked_seq;          /* of the current key */
    int64_t last_end_unix_s;    /* end of the newest durable summary; unknown: none */
    int64_t pending;            /* durable, neither acknowledged nor refused */
    int64_t rows;
    int64_t refused;           /* ever, of rows still kept */
    int64_t last_ack_unix_ms;  /* unknown: none */
    int64_t held;              /* records in memory, not durable */
    int64_t dropped;           /* lost because memory was full, since start */
    int64_t moved_day_s;       /* the UTC day when the next two were read */
    int64_t moved_today_bytes; /* by all probes, that day */
    int64_t moved_month_bytes; /* its calendar month */
    int64_t journal_bytes;
    int64_t disk_free_bytes; /* of the state directory's disk; unknown: it does not say */
    int storage_error;       /* errno of the trouble; 0: none */
    char trouble[256];       /* "" when storage works */
};

struct bw_writer_events {
    /* Something became durable, was acknowledged, or is in trouble. Coalesced. */
    void (*changed)(void *owner, const struct bw_writer_status *st);
    /* The answer to bw_writer_fetch(); moved out by the receiver. */
    void (*batch)(void *owner, struct bw_courier_batch *b);
    /* The answer to bw_writer_sign(): lent; NULL when it could not be signed. */
    void (*signed_)(void *owner, int64_t number, const char *jws);
    /* Storage is broken in a way that trying again does not mend: end the program. */
    void (*fatal)(void *owner, const char *why);
};

/* Open state directory, keys (the first is made here, 0400) and journal; no thread yet.
 * A failure here is a failure to start. */
int bw_writer_open(uv_loop_t *loop,
                   const struct bw_writer_params *p,
                   const struct bw_writer_events *ev,
                   void *owner,
                   struct bw_writer **ret,
                   struct bw_err *reterr);
/* A named value of the journal, before bw_writer_run(): -ENOENT when there is none. */
int bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out);
/* Start the thread. */
int bw_writer_run(struct bw_writer *w, struct bw_err *reterr);

/* State as of open, then as of the last `changed`. */
const struct bw_writer_status *bw_writer_status(const struct bw_writer *w);

/* The rate of a circuit over ten seconds, for its link-10s picture. */
struct bw_writer_ten {
    char circuit[BW_NAME_MAX + 1];
    int64_t end_unix_s;
    int64_t rate_bps[BW_DIRECTIONS];
};

/* Hand over one interval without site, seq, prev and chain: the thread fills them in.
 * *s is moved (and initialised again) whatever comes back. -ENOBUFS: the queue is full,
 * the summary is lost; log it, the next record says so. */
int bw_writer_summary(struct bw_writer *w,
                      struct bw_summary *s,
                      const struct bw_writer_ten *tens,
                      size_t n_tens);

/* Make a batch of the oldest rows that wait, none of the keys without_kids (a space between
 * them; "": of all); events.batch follows exactly once. */
int bw_writer_fetch(struct bw_writer *w,
                    size_t max_lines,
                    bool zstd,
                    const char *without_kids);

/* Sign a request (never a record) of this type with the current key; events.signed_
 * follows with this number. One at a time: a newer one takes an older one's place. */
int bw_writer_sign(struct bw_writer *w,
                   int64_t number,
                   const char *typ,
                   const char *payload);

/* What the collector said. */
int bw_writer_acked(struct bw_writer *w,
                    const char *kid,
                    int64_t through,
                    const char *receipt,
                    int64_t received_unix_ms);
/* It has lost what it acknowledged after record `through` of this hash ("" with 0): that
 * is to be sent again. */
int bw_writer_rewind(struct bw_writer *w,
                     const char *kid,
                     int64_t through,
                     const char *hash);
int bw_writer_refused(struct bw_writer *w,
                      const char *kid,
                      int64_t seq,
                      const char *type,
                      const char *detail);
/* Close that chain and go on under a new key that cites the fork; a no-op when it is
 * already closed. */
int bw_writer_forked(struct bw_writer *w, const char *kid, int64_t seq, const char *detail);
/* The collector knows the new key: it need not be told again. */
int bw_writer_key_known(struct bw_writer *w, const char *kid);

/* Keep a named value (NULL removes it); count bytes moved by a heavy test. */
int bw_writer_set(struct bw_writer *w, const char *name, const char *value);
int bw_writer_moved(struct bw_writer *w,
                    const char *circuit,
                    int64_t unix_s,
                    int64_t bytes);

/* Read enrolment.json again; a new site means a new chain. */
int bw_writer_reload(struct bw_writer *w, int64_t keep_s);

/* No new jobs; what is queued is written for at most flush_ms, the thread ends, all is
 * closed and freed, then cb. Works without bw_writer_run(), too. */
void bw_writer_close(struct bw_writer *w,
                     int64_t flush_ms,
                     void (*cb)(void *owner),
                     void *owner);

#endif
