/* SPDX-License-Identifier: GPL-3.0-or-later
 * graphs.h - pictures of a circuit: a cache of RRD files made from records when somebody
 * looks, and a few worker processes that draw them. Loop's thread. */
#ifndef BW_GRAPHS_H
#define BW_GRAPHS_H

#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_graphs;
struct bw_http_req;
struct bw_ingest_news;
struct bw_readers;
struct uv_loop_s;

struct bw_graphs_opts {
    const char *folder;  /* of the RRD files; made when missing */
    const char *room_db; /* of the state's room, for P95 of days */
    size_t n_workers;
    int64_t keep_s;     /* files nobody looked at for this long are removed */
    size_t cache_bytes; /* of finished pictures */
};

/* Looks through the folder (blocking); after an unclean end it is emptied, since a late
 * record may have been missed. `readers` is borrowed and must be closed after. */
int bw_graphs_new(struct uv_loop_s *loop,
                  const struct bw_graphs_opts *opts,
                  struct bw_readers *readers,
                  struct bw_graphs **ret,
                  struct bw_err *reterr);

/* GET /api/v1/circuits/{SITE.CIRCUIT}/graph/{SERIES.EXT}; the owner is the collector. */
void bw_graphs_get(void *owner, struct bw_http_req *req);

/* Records entered the ledger: one that is older than a file's end marks the file. */
void bw_graphs_news(struct bw_graphs *g, const struct bw_ingest_news *news, size_t n);

/* So many processes fewer draw, but always one: another job is done beside them. */
void bw_graphs_yield(struct bw_graphs *g, size_t n);

void bw_graphs_metrics(const struct bw_graphs *g, struct bw_buf *out);

/* Answer what waits with 503, end the workers, leave the folder clean, free; cb later on
 * the loop. NULL is fine (cb is not called). */
void bw_graphs_close(struct bw_graphs *g, void (*cb)(void *owner), void *owner);

#endif
