/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomkeeper.h - keeps the state's room: folds the days of circuits with new records, fills
 * days of the past slowly, sees what began and what ended, and makes rooms of it.
 *
 * A thread of its own with handles of its own, nice'd, that takes less than a tenth of one
 * core: what there is more of waits, the oldest first, and pages say until when figures
 * are known. It writes room.db only, which may be deleted at any time. */
#ifndef BW_ROOMKEEPER_H
#define BW_ROOMKEEPER_H

#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_collector_config;
struct bw_err;
struct bw_room;
struct bw_roomkeeper;
struct uv_loop_s;

struct bw_roomkeeper_opts {
    const char *data_dir; /* with ledger and catalogue */
    const char *log_folder;
    const char *rules;                      /* folder of rules; "" none */
    const struct bw_collector_config *conf; /* looked at before this returns */
};

struct bw_roomkeeper_stats {
    int64_t passes;
    int64_t failures; /* passes and days that ended in trouble */
    int64_t days_folded;
    int64_t days_to_fill; /* of the past year; unknown: not counted yet */
    int64_t waiting;      /* circuits with newer records than their today */
    int64_t lag_s;        /* age of the oldest today that waits; 0: none does */
    int64_t cpu_us;       /* of the thread */
    int64_t made_unix_ms; /* of the newest room; unknown: none */
    int64_t room_bytes;
    int64_t make_us; /* it took to make it */
};

/* The ledger and the catalogue are open for writing in this process already. */
int bw_roomkeeper_start(struct uv_loop_s *loop,
                        const struct bw_roomkeeper_opts *opts,
                        struct bw_roomkeeper **ret,
                        struct bw_err *reterr);

/* The newest room; NULL: none yet. See bw_room_take(). */
const struct bw_room *bw_roomkeeper_take(struct bw_roomkeeper *k);
void bw_roomkeeper_stats(struct bw_roomkeeper *k, struct bw_roomkeeper_stats *ret);
void bw_roomkeeper_metrics(struct bw_roomkeeper *k, struct bw_buf *b);

/* Records came. */
void bw_roomkeeper_news(struct bw_roomkeeper *k);

/* Around reading configuration elsewhere: its reader is for one thread at a time. */
void bw_roomkeeper_conf_lock(struct bw_roomkeeper *k);
void bw_roomkeeper_conf_unlock(struct bw_roomkeeper *k);

/* The thread ends soon; cb later on the loop. Every room was dropped before. */
void bw_roomkeeper_stop(struct bw_roomkeeper *k, void (*cb)(void *owner), void *owner);

#endif
