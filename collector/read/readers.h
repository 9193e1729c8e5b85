/* SPDX-License-Identifier: GPL-3.0-or-later
 * readers.h - a few threads with handles of their own on catalogue and ledger, for
 * everything that must look something up without stopping the loop. */
#ifndef BW_READERS_H
#define BW_READERS_H

#include <stddef.h>

struct bw_catalogue;
struct bw_err;
struct bw_ledger;
struct bw_readers;
struct bw_records;
struct bw_tlog;
struct uv_loop_s;

/* What a job may use while it runs; opened on demand, kept for the next one. */
struct bw_reader {
    struct bw_catalogue *catalogue; /* may be written, in short transactions */
    struct bw_ledger *ledger;       /* reading only */
    struct bw_records *records;     /* the same as records */
    struct bw_tlog *log;            /* by bw_reader_log() only */
    const char *log_folder;
};

/* On a thread of the pool. `r` is NULL, with the reason in err, when a handle could not
 * be opened. */
typedef void (*bw_reader_work_cb)(void *job, struct bw_reader *r, const struct bw_err *err);
/* On the loop, after work; or, when the pool closes first, without it: `cancelled`. */
typedef void (*bw_reader_after_cb)(void *job, int cancelled);

int bw_readers_new(struct uv_loop_s *loop,
                   const char *catalogue_path,
                   const char *ledger_folder,
                   const char *log_folder,
                   size_t n_readers,
                   struct bw_readers **ret);

/* `after` follows exactly once, never before this returns. -EBUSY when too many jobs
 * wait already, or `p` is NULL; nothing follows then. */
int bw_readers_run(struct bw_readers *p,
                   bw_reader_work_cb work,
                   bw_reader_after_cb after,
                   void *job);

/* Within a job: the log, opened when it is first wanted; reading only. -ENOENT: there is
 * none yet. */
int bw_reader_log(struct bw_reader *r, struct bw_tlog **ret, struct bw_err *reterr);

/* Jobs that wait or run. */
size_t bw_readers_busy(const struct bw_readers *p);

/* Cancel what waits, let what runs end, close the handles, free; cb later on the loop.
 * NULL is fine (cb is not called). */
void bw_readers_close(struct bw_readers *p, void (*cb)(void *owner), void *owner);

#endif
