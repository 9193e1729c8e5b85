/* SPDX-License-Identifier: GPL-3.0-or-later
 * keeper.h - keeps the log beside the ledger: takes over what is new of its leaves, signs a
 * checkpoint every hour, at the start and at an orderly stop.
 *
 * A thread of its own, the log's only writer; it reads the ledger through a handle of its
 * own. What is signed lies in the ledger durably before. It signs nothing where ledger and
 * log do not fit each other, and says so. */
#ifndef BW_KEEPER_H
#define BW_KEEPER_H

#include <stddef.h>
#include <stdint.h>

struct bw_config_log;
struct bw_err;
struct bw_keeper;
struct bw_key;
struct uv_loop_s;

struct bw_keeper_opts {
    const char *ledger_folder;
    const char *log_folder;
    const struct bw_key *log_key;     /* borrowed */
    const struct bw_config_log *conf; /* copied */
};

/* A new checkpoint or more signatures on it, told on the loop; lent until it returns. */
typedef void (*bw_keeper_cb)(void *owner, const char *note, size_t n);

struct bw_keeper_stats {
    int64_t size;               /* leaves of the newest checkpoint; unknown: none */
    int64_t checkpoint_unix_ms; /* when it was signed, or last found to be the newest */
    int64_t leaves;             /* taken over since the start */
    int64_t failures;           /* rounds that ended in trouble */
};

/* Opens the log for writing, then works on its thread. The ledger must be open for writing
 * in this process already. -EINVAL: the log bears another name. */
int bw_keeper_start(struct uv_loop_s *loop,
                    const struct bw_keeper_opts *opts,
                    bw_keeper_cb on_checkpoint,
                    void *owner,
                    struct bw_keeper **ret,
                    struct bw_err *reterr);

/* The newest checkpoint, whole, "" while there is none; lent until the next call on the
 * loop. */
const char *bw_keeper_note(struct bw_keeper *k);
/* NULL, or why nothing is signed; lent likewise. */
const char *bw_keeper_trouble(struct bw_keeper *k);
/* The name that stands on its checkpoints. */
const char *bw_keeper_origin(const struct bw_keeper *k);
void bw_keeper_stats(struct bw_keeper *k, struct bw_keeper_stats *ret);

/* One more round with what the ledger has now, then the thread ends; cb later on the loop.
 * Call it when nothing writes the ledger any more. */
void bw_keeper_stop(struct bw_keeper *k, void (*cb)(void *owner), void *owner);

#endif
