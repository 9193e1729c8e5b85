/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_http.h - the log over HTTP: /log/checkpoint, /log/key, /log/tile/…, and proofs for
 * those who ask for one only. The owner is the collector. */
#ifndef BW_LOG_HTTP_H
#define BW_LOG_HTTP_H

struct bw_http_req;

void bw_log_checkpoint_get(void *owner, struct bw_http_req *req);
void bw_log_key_get(void *owner, struct bw_http_req *req);
void bw_log_tile_get(void *owner, struct bw_http_req *req);
void bw_log_inclusion_get(void *owner, struct bw_http_req *req);
void bw_log_growth_get(void *owner, struct bw_http_req *req);
void bw_log_epoch_get(void *owner, struct bw_http_req *req);
void bw_log_stamp_get(void *owner, struct bw_http_req *req);

#endif
