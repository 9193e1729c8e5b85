/* SPDX-License-Identifier: GPL-3.0-or-later
 * writer_private.h - what the two sides of the writer share: the struct, its jobs and
 * lists (writer_jobs.c). writer.c is the loop's side, writer_work.c the storage
 * thread's. */
#ifndef BW_WRITER_PRIVATE_H
#define BW_WRITER_PRIVATE_H

#include "chain.h"
#include "draw.h"
#include "writer.h"

#include <limits.h>
#include <log.h>

struct bw_journal;

enum {
    LOST_MAX = 8,       /* spans; neighbours are joined */
    VALUE_NAME_MAX = 95 /* bytes: a word before a name of the configuration, and it */
};

enum bw_job_kind {
    JOB_SUMMARY,
    JOB_SET,
    JOB_MOVED,
    JOB_FETCH,
    JOB_SIGN,
    JOB_ACKED,
    JOB_REWIND,
    JOB_REFUSED,
    JOB_FORKED,
    JOB_KEY_KNOWN,
    JOB_RELOAD
};

struct bw_job {
    struct bw_job *next;
    enum bw_job_kind kind;
    struct bw_summary summary;
    struct bw_chain_signed keep;
    struct bw_writer_ten *tens;
    size_t n_tens;
    char kid[BW_KID_LEN + 1];
    char name[VALUE_NAME_MAX + 1]; /* of the value, of the circuit */
    char *text;                    /* receipt, detail, value, keys */
    char type[64];
    size_t n_told; /* lost spans that its gaps name */
    int64_t seq;
    int64_t number; /* bytes, milliseconds, lines */
    bool flag;
};

struct bw_job_list {
    struct bw_job *first;
    struct bw_job **end;
    size_t n;
};

struct bw_writer {
    uv_loop_t *loop;
    uv_async_t async;
    uv_thread_t thread;
    bool running;
    struct bw_writer_events ev;
    void *owner;
    struct bw_writer_status shown; /* loop thread's copy */
    void (*closed)(void *owner);
    void *closed_owner;

    uv_mutex_t mutex; /* guards the rest of this block */
    uv_cond_t cond;
    struct bw_job_list queue;
    bool closing;
    int64_t deadline_mono_ms;
    bool changed;
    bool ended;
    struct bw_writer_status status;
    struct bw_courier_batch *batch;
    bool has_signed;
    int64_t signed_number;
    char *signed_jws; /* NULL: it could not be */
    char *fatal;
    struct bw_gap lost[LOST_MAX]; /* no room for these; no record tells them yet */
    size_t n_lost;
    size_t n_telling; /* the first of them are in a record that is being written */
    int64_t dropped;

    /* the storage thread's own, from run() to its end */
    char state_dir[PATH_MAX];
    int64_t keep_s;
    struct bw_journal *journal;
    struct bw_chain *chain;
    struct bw_draw *draw;
    struct bw_job_list held;
    size_t n_held_records; /* the summaries among them */
    int64_t retry_ms;
    int64_t retry_mono_ms;
    int64_t prune_mono_ms;
    bool broken;
    char trouble[256];
    int trouble_code;
    struct bw_complaint complaint;
    struct bw_complaint lost_complaint;
    struct bw_complaint ack_complaint;
};

/* An interval is lost for want of room: the next record says so. Either thread. */
void bw_writer_lost(struct bw_writer *w, const struct bw_summary *s);

/* Lists keep their order; not locked. */
void bw_job_list_init(struct bw_job_list *l);
void bw_job_list_put(struct bw_job_list *l, struct bw_job *j);
/* Or into one that is there: a value replaces the older one of its name, bytes are added
 * to those of the same circuit and day. Moves *j. */
void bw_job_list_join(struct bw_job_list *l, struct bw_job *j);
struct bw_job *bw_job_list_take(struct bw_job_list *l); /* NULL: empty */
void bw_job_list_done(struct bw_job_list *l);
void bw_job_free(struct bw_job *j); /* NULL is fine */

/* The storage thread, and a fresh look at journal and keys (by whoever owns them). */
void bw_writer_work(void *writer);
void bw_writer_refresh(struct bw_writer *w);

#endif
