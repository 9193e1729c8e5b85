/* SPDX-License-Identifier: GPL-3.0-or-later
 * keeper_private.h - what the keeper's files share: keeper.c (leaves, signing, the thread),
 * keeper_others.c (witnesses and time stampers), keeper_stamp.c (RFC 3161). */
#ifndef BW_KEEPER_PRIVATE_H
#define BW_KEEPER_PRIVATE_H

#include "keeper.h"

#include <buf.h>
#include <leaf.h>
#include <log.h>
#include <log_config.h>
#include <note.h>
#include <pthread.h>
#include <stdbool.h>
#include <tlog_store.h>
#include <uv.h>

struct bw_ledger;

struct bw_keeper {
    /* constant while the thread runs */
    char origin[BW_NOTE_NAME_MAX + 1];
    char ledger_folder[4096];
    const struct bw_key *key;
    struct bw_config_log conf;
    bw_keeper_cb on_checkpoint;
    void *owner;
    pthread_t thread;
    /* the thread's */
    struct bw_tlog *log;
    struct bw_ledger *ledger;
    struct bw_leaf *chunk;
    size_t n_chunk;
    int64_t sign_due_mono_ms; /* 0: at once */
    int64_t signed_size;      /* of the newest checkpoint; 0: none */
    struct bw_complaint witness_complaint;
    struct bw_complaint stamp_complaint;
    struct bw_complaint complaint;
    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    bool ended;
    bool news;
    char note[BW_NOTE_MAX + 1];
    char trouble[480];
    struct bw_keeper_stats stats;
    /* the loop's */
    uv_async_t async;
    char shown[BW_NOTE_MAX + 1];
    char trouble_shown[480];
    void (*stopped_cb)(void *owner);
    void *stopped_owner;
};

/* keeper.c: what the newest checkpoint looks like now, to whoever wants it. */
int bw_keeper_publish(struct bw_keeper *k, int64_t size, struct bw_err *reterr);
/* Is the thread to end soon? */
bool bw_keeper_hurried(struct bw_keeper *k);

/* keeper_others.c: ask the witnesses and stampers that said nothing of the newest
 * checkpoint yet; true: one of them is still missing. */
bool bw_keeper_ask_others(struct bw_keeper *k);
/* A POST; 0 and *ret_status, or -EIO with the sentence. Blocking, the keeper's thread. */
int bw_keeper_post(struct bw_keeper *k,
                   const char *url,
                   const char *ca_file,
                   const char *type,
                   const void *body,
                   size_t n,
                   struct bw_buf *answer,
                   long *ret_status,
                   struct bw_err *reterr);

/* keeper_stamp.c: a request for a stamp on these bytes; whether an answer is a stamp on
 * them that was granted (imprint and nonce; whose signature it bears is for who verifies).
 */
int bw_stamp_request(const void *data, size_t n, struct bw_buf *out, struct bw_err *reterr);
int bw_stamp_answer(const void *request,
                    size_t n_request,
                    const void *answer,
                    size_t n_answer,
                    int64_t *ret_unix_s,
                    struct bw_err *reterr);

#endif
