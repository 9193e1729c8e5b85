/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest_private.h - what the stages of ingest hand to each other. A post belongs to one
 * thread at a time; queues are the only thing shared. */
#ifndef BW_INGEST_PRIVATE_H
#define BW_INGEST_PRIVATE_H

#include "batch.h"
#include "ingest.h"
#include "keycache.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <catalogue.h>
#include <ledger.h>
#include <log.h>
#include <pthread.h>
#include <uv.h>

/* One line of a post. */
struct bw_line {
    char kid[BW_KID_LEN + 1]; /* "" where the line does not tell, or not credibly */
    char sha256[BW_HASH_LEN + 1];
    int64_t seq;         /* unknown where the line does not tell */
    bool to_ledger;      /* goes to append() */
    const char *refused; /* the word; NULL: not refused */
    char detail[200];
    struct bw_summary summary; /* decoded when to_ledger */
    enum bw_egress egress;
    struct bw_ledger_result result;
};

struct bw_chain {
    char kid[BW_KID_LEN + 1];
    bool forked;
    int64_t seq; /* of the newest line of it that stands in the ledger; unknown: none */
    int64_t position;
    int64_t received_unix_ms;
    char sha256[BW_HASH_LEN + 1];
};

struct bw_post {
    struct bw_post *next;
    struct bw_http_req *req;
    const char *body; /* lent by the request */
    size_t body_len;
    bool zstd;
    char peer[64];
    int64_t received_unix_ms;
    struct bw_buf inflated;
    struct bw_line *lines;
    struct bw_batch_line *texts;
    size_t n_lines;
    size_t n_to_ledger;
    size_t checked_bytes; /* what the check made of it, in memory, records too */
    /* the answer */
    unsigned status;
    const char *type;
    int64_t retry_after_s; /* 0: none */
    struct bw_buf answer;
    struct bw_ingest_news *news;
    size_t n_news;
};

struct bw_queue {
    struct bw_post *head;
    struct bw_post *tail;
    size_t n;
};

/* What the posts of one commit say that is new of their circuits, on the way into the
 * catalogue. */
struct bw_facts_notes {
    struct bw_circuit_facts *list;
    struct bw_facts_print {
        size_t slot; /* in bw_ingest.facts */
        uint64_t hash;
    } * prints; /* one each */
    size_t n;
    size_t cap;
};

/* The wall clock as it was last believed. */
struct bw_cautious {
    int64_t unix_ms;
    int64_t mono_ms;             /* 0: never yet */
    int64_t ahead_since_mono_ms; /* 0: it is not ahead */
};

/* Sealing under way. */
struct bw_sealer {
    struct bw_seal *job;
    pthread_t thread; /* the builder's */
    bool building;    /* that thread is there */
    bool taking;      /* built, and taken over step by step */
    struct bw_complaint complaint;
    /* from the builder, under the lock */
    bool built;
    int build_r;
    struct bw_err build_err;
};

struct bw_people;

struct bw_ingest {
    struct bw_ingest_opts opts;
    bw_ingest_news_cb on_news;
    bw_ingest_broken_cb on_broken;
    void *owner;
    struct bw_catalogue *check_catalogue; /* checker's */
    struct bw_keycache *keys;             /* checker's */
    struct bw_ledger *ledger;             /* writer's */
    struct bw_catalogue *write_catalogue; /* writer's */
    uint64_t *facts;                      /* writer's: fingerprints of noted circuits */
    struct bw_facts_notes notes;          /* writer's */
    struct bw_sealer sealer;              /* writer's, but for what it says */
    struct bw_cautious cautious;          /* writer's */
    int64_t statements_taken;             /* writer's: into the log; below 0: not known */
    int64_t catalogue_version;            /* writer's: of which all is in the log */
    struct bw_people *people;             /* writer's; NULL: not there yet */
    int64_t people_version;               /* writer's: of which all acts are in the log */
    int64_t acts_taken;                   /* writer's: into the log */
    struct bw_complaint log_complaint;    /* writer's */
    struct bw_complaint acts_complaint;   /* writer's */
    pthread_t checker;
    pthread_t writer;
    bool threads;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t check_wake;
    pthread_cond_t write_wake;
    struct bw_queue to_check;
    struct bw_queue to_write;
    struct bw_queue done;
    size_t in_check; /* posts taken by the checker and not handed on */
    size_t queued_bytes;
    size_t checked_bytes; /* of the posts that are checked and not yet answered */
    bool stopping;
    bool checker_done;
    bool writer_done;
    struct bw_ingest_stats stats;
    char checkpoint[BW_INGEST_CHECKPOINT_MAX + 1]; /* told with every answer; "" none yet */
    char trouble[480];
    bool broken;
    int broken_in_a_row;
    /* loop's */
    uv_async_t wake;
    char trouble_shown[480];
    bool broken_told;
    struct bw_complaint complaint; /* writer's */
    void (*stopped_cb)(void *owner);
    void *stopped_owner;
};

void bw_queue_push(struct bw_queue *q, struct bw_post *p);
struct bw_post *bw_queue_pop(struct bw_queue *q);

/* Make the post's answer a problem about the whole of it. */
void bw_post_problem(struct bw_post *p,
                     unsigned status,
                     const char *word,
                     const char *title,
                     const char *detail);

/* ingest_check.c: fill lines[]; or make the answer at once (p->status is set then). */
void bw_ingest_check_post(struct bw_ingest *g, struct bw_post *p);

/* ingest_commit.c: append the records of n posts and make their answers. */
void bw_ingest_commit(struct bw_ingest *g, struct bw_post **posts, size_t n);
/* Give up waiting for missing records. */
void bw_ingest_expire(struct bw_ingest *g);

/* ingest.c, writer's thread: the wall clock, but a step forward is believed only after it
 * has stood as long as records are held. What depends on an age (giving up on missing
 * records, sealing a day) comes too late with a wrong clock, never too early. */
int64_t bw_ingest_cautious_unix_ms(struct bw_ingest *g);

/* ingest_seal.c, writer's thread: a look whether anything is due, or one short step; gives
 * the time (monotonic ms) of the next turn, INT64_MAX while a builder works (it sets
 * sealer.built and wakes the writer). */
int64_t bw_ingest_seal_turn(struct bw_ingest *g);
/* Break off: what is not taken over is begun again by the next start. */
void bw_ingest_seal_end(struct bw_ingest *g);

/* ingest_log.c, writer's thread: what the catalogue holds into the log. */
void bw_ingest_log_turn(struct bw_ingest *g);

void bw_post_free(struct bw_post *p);

#endif
