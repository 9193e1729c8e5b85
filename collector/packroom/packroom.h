/* SPDX-License-Identifier: GPL-3.0-or-later
 * packroom.h - packs over HTTP: who asks first has the command make all forms of a pack,
 * everybody who asks while nothing has changed gets the same bytes. Loop's thread. */
#ifndef BW_PACKROOM_H
#define BW_PACKROOM_H

#include "pack_ask.h"

#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_errands;
struct bw_http_req;
struct bw_packroom;
struct bw_readers;

struct bw_packroom_opts {
    const char *data_dir; /* lent; ledger and catalogue are in it */
    const char *shelf;    /* lent */
    struct bw_readers *readers;
    struct bw_errands *errands;
    int64_t limit_ms; /* for one pack */
    int64_t keep_bytes;
};

int bw_packroom_new(const struct bw_packroom_opts *opts,
                    struct bw_packroom **ret,
                    struct bw_err *reterr);
/* After the readers and the errands were closed: nothing is under way then. */
/* Before its errands are closed: nothing is made any more, who asks is told so. */
void bw_packroom_stop(struct bw_packroom *p);
void bw_packroom_free(struct bw_packroom *p);
void bw_packroom_metrics(const struct bw_packroom *p, struct bw_buf *b);

/* What every request for packs may say: what, in which form, of when. */
struct bw_pack_query bw_packroom_query(struct bw_http_req *req);

/* GET /api/v1/circuits/{}/pack */
void bw_packroom_get(void *owner, struct bw_http_req *req);

#endif
