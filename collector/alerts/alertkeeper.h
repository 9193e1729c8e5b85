/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertkeeper.h - looks at each room that is made for what is worth telling, keeps
 * alerts.db and sends its messages.
 *
 * A thread with a loop of its own, which may wait for the disk; all else of it is in
 * alertkeeper_private.h. */
#ifndef BW_ALERTKEEPER_H
#define BW_ALERTKEEPER_H

#include <stdint.h>

struct bw_alertkeeper;
struct bw_buf;
struct bw_config_alerts;
struct bw_err;
struct bw_room;
struct uv_loop_s;

/* Files of secrets are read before this returns. */
struct bw_alertkeeper_opts {
    const char *data_dir;
    const struct bw_config_alerts *conf; /* copied, as all of this */
    const char *title;
    const char *url; /* of the collector; "" not told */
    /* The newest room, to be dropped by who gets it; NULL: none yet. On the starter's loop,
     * about once a second. */
    const struct bw_room *(*take)(void *owner);
    void *owner;
};

int bw_alertkeeper_start(struct uv_loop_s *loop,
                         const struct bw_alertkeeper_opts *opts,
                         struct bw_alertkeeper **ret,
                         struct bw_err *reterr);

void bw_alertkeeper_metrics(struct bw_alertkeeper *k, struct bw_buf *b);

/* What is under way is given up, and sent after the next start; cb later on the loop. */
void bw_alertkeeper_stop(struct bw_alertkeeper *k, void (*cb)(void *owner), void *owner);

#endif
