/* SPDX-License-Identifier: GPL-3.0-or-later
 * packmail.h - packs by mail: what sections `pack` of the collector's file ask for is made
 * by the command itself when its period is over, and put into the outbox of alerts.db with
 * its files. Loop's thread. */
#ifndef BW_PACKMAIL_H
#define BW_PACKMAIL_H

#include <stdint.h>

struct bw_buf;
struct bw_config_alerts;
struct bw_err;
struct bw_errands;
struct bw_packmail;
struct bw_readers;
struct uv_loop_s;

struct bw_packmail_opts {
    const char *data_dir; /* lent; ledger, catalogue and alerts.db are in it */
    const struct bw_config_alerts *conf; /* copied */
    const char *title;                   /* copied: whose collector this is */
    const char *url;                     /* copied; "" not told */
    struct bw_readers *readers;
    struct bw_errands *errands;
    int64_t limit_ms; /* for one pack */
};

/* *ret is NULL where none is asked for. -EINVAL: the zone is not known. */
int bw_packmail_new(struct uv_loop_s *loop,
                    const struct bw_packmail_opts *opts,
                    struct bw_packmail **ret,
                    struct bw_err *reterr);
/* NULL is fine (nothing is written). */
void bw_packmail_metrics(const struct bw_packmail *m, struct bw_buf *b);
/* Once its errands and readers take no more, or before; cb later. NULL is fine (no cb). */
void bw_packmail_close(struct bw_packmail *m, void (*cb)(void *owner), void *owner);

#endif
