/* SPDX-License-Identifier: GPL-3.0-or-later
 * measure.h - the measurement server of a collector: a process of its own on a port of its
 * own, started again when it dies, and the bookings for it.
 *
 * The collector opens the sockets, so that the port stays while the process does not. */
#ifndef BW_MEASURE_H
#define BW_MEASURE_H

#include <tickets.h>

struct bw_collector_config;
struct bw_err;
struct bw_http_req;
struct bw_measure;
struct bw_readers;
struct uv_loop_s;
struct bw_buf;

/* *ret stays NULL where the configuration has no `measure`. Keys and certificates are read
 * here, once. */
int bw_measure_new(struct uv_loop_s *loop,
                   const struct bw_collector_config *conf,
                   const struct bw_key *log_key,
                   struct bw_measure **ret,
                   struct bw_err *reterr);

/* POST /api/v1/tickets: answers later, on the loop. `m` NULL: there is no server. */
void bw_measure_post(struct bw_measure *m,
                     struct bw_readers *readers,
                     struct bw_http_req *req);

/* For /metrics; NULL is fine. */
void bw_measure_metrics(const struct bw_measure *m, struct bw_buf *out);

/* End the process, close, free; cb later on the loop. NULL is fine (cb is not called). */
void bw_measure_close(struct bw_measure *m, void (*cb)(void *owner), void *owner);

/* Within the folder: is the process ready, and its bookings. */
bool bw_measure_ready(const struct bw_measure *m);
struct bw_tickets *bw_measure_tickets(struct bw_measure *m);

#endif
