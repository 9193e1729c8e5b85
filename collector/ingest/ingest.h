/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest.h - POST /api/v1/summaries: from hostile bytes to a signed receipt.
 *
 * Three stages, one thread each: the loop takes a whole body and suspends its request; the
 * checker inflates, splits, verifies and decodes; the writer, the ledger's only one,
 * appends groups of records in one durable transaction and signs receipts. Answers go
 * back to the loop. A receipt exists only after the fsync of what it speaks of. */
#ifndef BW_INGEST_H
#define BW_INGEST_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_http_req;
struct bw_ingest;
struct bw_key;
struct uv_loop_s;

enum {
    BW_INGEST_CHECKPOINT_MAX = 16384 /* bytes */
};

struct bw_ingest_opts {
    const char *catalogue_path;
    const char *people_path; /* acts in it become leaves; lent for its life, NULL: none */
    const char *ledger_folder;
    const struct bw_key *log_key; /* borrowed */
    int64_t commit_delay_ms;      /* longest wait for company before a commit */
    int64_t commit_records;       /* commit at once with this many */
    int64_t queue_posts;          /* more waiting ones are told 429 */
    int64_t hold_s;               /* how long a missing record is waited for */
    int64_t keep_hot_days;        /* days before a day is sealed */
    int64_t seal_every_ms;
};

struct bw_ingest_stats {
    int64_t posts; /* answered by the stages below, whatever the answer */
    int64_t posts_refused_busy;
    int64_t bytes; /* of bodies as they came */
    int64_t lines;
    int64_t accepted;
    int64_t duplicates;
    int64_t held;
    int64_t forks;
    int64_t refused;
    int64_t commits;
    int64_t commit_us; /* spent in them, sum */
    int64_t check_us;  /* CPU of the checker, sum */
    int64_t sealed_segments;
    int64_t failed_commits;
    int64_t queued_now;
    int64_t last_commit_unix_ms; /* unknown: none yet */
};

/* What entered the ledger, told on the loop's thread after the answer was given. */
struct bw_ingest_news {
    char site[BW_SITE_MAX + 1];
    int64_t start_unix_s;
    int64_t end_unix_s;
};
typedef void (*bw_ingest_news_cb)(void *owner, const struct bw_ingest_news *news, size_t n);
/* The ledger is broken beyond retrying: the program should end and be started again. */
typedef void (*bw_ingest_broken_cb)(void *owner, const char *why);

/* Opens the ledger for writing (recovers, migrates: may take a while) and starts the
 * threads. */
int bw_ingest_start(struct uv_loop_s *loop,
                    const struct bw_ingest_opts *opts,
                    bw_ingest_news_cb on_news,
                    bw_ingest_broken_cb on_broken,
                    void *owner,
                    struct bw_ingest **ret,
                    struct bw_err *reterr);

/* The route's handler: answers later. */
void bw_ingest_post(struct bw_ingest *g, struct bw_http_req *req);

void bw_ingest_stats(struct bw_ingest *g, struct bw_ingest_stats *ret);
/* NULL while the ledger takes records, else the sentence why not; lent until the next
 * call on the loop. */
const char *bw_ingest_trouble(struct bw_ingest *g);

/* The log's newest checkpoint, told with every answer from now on (copied). */
void bw_ingest_checkpoint(struct bw_ingest *g, const char *note, size_t n);

/* Finish what is queued, answer it, join the threads, close the ledger; then `cb` on the
 * loop, and *g is gone. NULL is fine (cb is not called). */
void bw_ingest_stop(struct bw_ingest *g, void (*cb)(void *owner), void *owner);

#endif
