/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier.h - carries signed summaries from the journal to the collector over HTTPS.
 *
 * It lives on the loop (libcurl's multi interface) and never touches storage: it asks
 * its owner for a batch of durable rows and tells it what became of them. Nothing is
 * given up but what the collector refused for good, or for half a day while it went past
 * it; whatever else happens (no network, a wrong certificate, 500, garbage, a connection
 * cut mid-body) the rows stay and are posted again after a back-off with jitter. */
#ifndef BW_COURIER_H
#define BW_COURIER_H

#include "courier_answer.h"

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
    BW_COURIER_ANSWER_MAX = 1024 * 1024, /* bytes of an answer that are read; as JSON in
                                            memory some twenty times that */
    BW_COURIER_HEADERS_MAX = 64 * 1024,
    BW_COURIER_FORKS_MAX = 8, /* new keys in a day because the collector says "fork" */
    BW_COURIER_FORKS_SPAN_MS = 24 * 3600 * 1000,
    /* Between two times that it is believed to have lost records, well within the day that
     * it waits for missing ones: it may have us send years again. */
    BW_COURIER_REWIND_SPAN_MS = 6 * 3600 * 1000,
    BW_COURIER_ASIDE_KEYS = 4,                 /* left out of posts at a time */
    BW_COURIER_ASIDE_MAX_MS = 6 * 3600 * 1000, /* after half a day of longer and longer */
    BW_COURIER_WITHOUT_MAX = BW_COURIER_ASIDE_KEYS * (BW_KID_LEN + 1), /* with NUL */
    BW_COURIER_CONNECT_MS = 20000,
    BW_COURIER_POST_MS = 180000
};

/* What to send; all pointers are malloc'd and belong to the receiver. */
struct bw_courier_batch {
    struct bw_courier_ref *refs; /* line i of the body is refs[i] */
    size_t n_refs;
    char *body;
    size_t n_body;
    bool zstd;     /* body is compressed */
    bool more;     /* rows are left that did not fit */
    char *key_jws; /* a new key the collector must know first; NULL: none */
    char key_kid[BW_KID_LEN + 1];
};
void bw_courier_batch_done(struct bw_courier_batch *b); /* zeroed is fine */

/* All called on the loop's thread. */
struct bw_courier_ops {
    /* Prepare a batch of no record of the keys without_kids (a space between them; "": of
     * all); bw_courier_batch() follows later, exactly once. */
    void (*fetch)(void *owner, size_t max_lines, bool zstd, const char *without_kids);
    /* Everything of this chain up to `through` is settled over there. `receipt` is the
     * compact JWS as it came, over record `said` with this `hash`; where said is above
     * through the record may be none of ours and hash is "". NULL: a refused record, which
     * has none. 0, or -BW_ESIGNATURE with the sentence when the receipt does not fit: then
     * nothing counts as acknowledged and the courier backs off. */
    int (*acked)(void *owner,
                 const char *kid,
                 int64_t through,
                 int64_t said,
                 const char *hash,
                 const char *receipt,
                 struct bw_err *reterr);
    /* The collector knows of this chain, of which we just sent later records only, no more
     * than `through`, and this receipt says which record that is (NULL with 0): what it
     * acknowledged after that and lost is to be sent again. 0, or -BW_ESIGNATURE. */
    int (*rewind)(void *owner,
                  const char *kid,
                  int64_t through,
                  const char *receipt,
                  struct bw_err *reterr);
    /* Refused for good, or given up: never posted again, becomes a gap. */
    void (*refused)(
        void *owner, const char *kid, int64_t seq, const char *type, const char *detail);
    /* The collector holds another record under (kid, seq), or cannot link this one: go on
     * under a new key. */
    void (*forked)(void *owner, const char *kid, int64_t seq, const char *detail);
    void (*key_known)(void *owner, const char *kid);
    /* The answer carried a checkpoint of the log: text of the other side, a whole note if
     * it is none. NULL: nobody wants it. */
    void (*checkpoint)(void *owner, const char *note);
    /* For the one complaint line: records that wait. */
    int64_t (*pending)(void *owner);
};

struct bw_courier_params {
    const char *url;        /* base, "https://collector.example"; copied */
    const char *ca_file;    /* "": the system's certificates; copied */
    const char *agent;      /* User-Agent; copied */
    int64_t every_ms;       /* cadence, jittered by ± 10 % */
    int64_t backoff_min_ms; /* 0: the named constants */
    int64_t backoff_max_ms;
    int64_t post_ms;      /* the longest that a request may take; 0: the named constant */
    int64_t aside_max_ms; /* the longest that a refused key is left out; 0: likewise */
};

/* What a person wants to know. */
struct bw_courier_status {
    int64_t posts; /* answered as they should be */
    int64_t failures_in_a_row;
    int64_t last_ok_unix_ms; /* unknown: never */
    int64_t next_in_ms;      /* unknown: one is under way, or nothing to send */
    int64_t sent_bytes;      /* bodies, as they went over the line */
    char last_error[256];    /* "" after a success that left none of a key waiting */
};

/* Nothing is sent before the first bw_courier_wake(). */
int bw_courier_new(uv_loop_t *loop,
                   const struct bw_courier_params *p,
                   const struct bw_courier_ops *ops,
                   void *owner,
                   struct bw_courier **ret,
                   struct bw_err *reterr);

/* The answer to ops->fetch; moved. n_refs 0: nothing to send. */
void bw_courier_batch(struct bw_courier *c, struct bw_courier_batch *b);

/* There is something to send: it goes at the next beat of the cadence, with `now` at
 * once; a back-off is never cut short. */
void bw_courier_wake(struct bw_courier *c, bool now);

void bw_courier_status(const struct bw_courier *c, struct bw_courier_status *ret);

/* Ends a post under way (its rows stay), closes all handles, frees, then cb(owner). */
void bw_courier_close(struct bw_courier *c, void (*cb)(void *owner), void *owner);

/* Back-off after n failures in a row (n >= 1): min doubling up to max, of which `random`
 * takes off up to half. */
int64_t bw_courier_backoff_ms(int64_t n, int64_t min_ms, int64_t max_ms, uint32_t random);

#endif
