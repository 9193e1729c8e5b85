/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier.h - carries signed summaries from the journal to the collector over HTTPS.
 *
 * It lives on the loop (libcurl's multi interface) and never touches storage: it asks
 * its owner for a batch of durable rows and tells it what became of them. Nothing is
 * given up but what the collector refused for good; whatever else happens (no network,
 * a wrong certificate, 500, garbage, a connection cut mid-body) the rows stay and the
 * same ones are posted again after a back-off with jitter. */
#ifndef BW_COURIER_H
#define BW_COURIER_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_err;
struct bw_courier;

enum {
    BW_COURIER_BACKOFF_MIN_MS = 2000,
    BW_COURIER_BACKOFF_MAX_MS = 15 * 60 * 1000,
    BW_COURIER_RETRY_AFTER_MAX_MS = 6 * 3600 * 1000,
    BW_COURIER_ANSWER_MAX = 4 * 1024 * 1024, /* bytes of an answer that are read */
    BW_COURIER_REFUSED_MAX = BW_POST_LINES_MAX
};

/* Rows of one chain, oldest first. */
struct bw_courier_batch {
    char kid[BW_KID_LEN + 1];
    int64_t first_seq;
    int64_t last_seq;
    size_t n_lines;
    char *body; /* malloc'd, the courier frees it */
    size_t n_body;
    bool zstd; /* body is compressed */
};

/* What the collector would not take, and why; the texts are lent. */
struct bw_courier_refusal {
    char kid[BW_KID_LEN + 1];
    int64_t seq;
    const char *type;
    const char *detail;
};

/* All called on the loop's thread. */
struct bw_courier_ops {
    /* Prepare the next batch; bw_courier_batch() follows later, exactly once. */
    void (*fetch)(void *owner);
    /* Everything of this chain up to `through` is durable over there. `receipt` is the
     * compact JWS as it came (NULL: none). Returns false when the receipt does not
     * verify: then nothing counts as acknowledged and the courier backs off. */
    bool (*acked)(void *owner, const char *kid, int64_t through, const char *receipt);
    /* Refused for good: never posted again, becomes a gap. */
    void (*refused)(void *owner, const struct bw_courier_refusal *r);
    /* The collector holds another record under (kid, seq): go on under a new key. */
    void (*forked)(void *owner, const char *kid, int64_t seq);
    /* A checkpoint line or object as it came (may be NULL when absent). */
    void (*checkpoint)(void *owner, int64_t size, const char *root);
};

struct bw_courier_params {
    const char *url;     /* base, "https://collector.example" */
    const char *ca_file; /* "": the system's certificates */
    const char *agent;   /* User-Agent */
    int64_t every_ms;    /* cadence, jittered by ± 10 % */
    int64_t backoff_min_ms; /* 0: the named constants */
    int64_t backoff_max_ms;
};

/* What a person wants to know; texts are copies. */
struct bw_courier_status {
    int64_t posts;
    int64_t failures_in_a_row;
    int64_t last_ok_unix_ms;  /* unknown: never */
    int64_t next_in_ms;       /* unknown: a post is under way */
    int64_t sent_bytes;       /* on the wire, bodies only */
    char last_error[256];     /* "" after a success */
};

/* Nothing is sent before the first bw_courier_wake(). */
int bw_courier_new(uv_loop_t *loop,
                   const struct bw_courier_params *p,
                   const struct bw_courier_ops *ops,
                   void *owner,
                   struct bw_courier **ret,
                   struct bw_err *reterr);

/* The answer to ops->fetch. NULL or n_lines 0: nothing to send. Takes over *b->body. */
void bw_courier_batch(struct bw_courier *c, const struct bw_courier_batch *b);

/* There is something new: the next post goes at its cadence; `now` sends at once unless
 * backing off. */
void bw_courier_wake(struct bw_courier *c, bool now);

void bw_courier_status(const struct bw_courier *c, struct bw_courier_status *ret);

/* Ends a post under way (its rows stay), closes all handles, then cb(owner). */
void bw_courier_close(struct bw_courier *c, void (*cb)(void *owner), void *owner);

/* ---- pure parts, for tests and fuzzing */

/* Take a 200 answer apart, calling ops. -BW_EMALFORMED names what is wrong, and then no
 * op has been called. */
int bw_courier_read_answer(const char *text,
                           size_t n,
                           const struct bw_courier_batch *sent,
                           const struct bw_courier_ops *ops,
                           void *owner,
                           struct bw_err *reterr);

/* Back-off after n failures in a row (n >= 1): doubling from min to max, then `random`
 * (any 32 bits) takes off up to half. */
int64_t bw_courier_backoff_ms(int64_t n, int64_t min_ms, int64_t max_ms, uint32_t random);

#endif
