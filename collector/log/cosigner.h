/* SPDX-License-Identifier: GPL-3.0-or-later
 * cosigner.h - this collector as a witness of others' logs (C2SP tlog-witness): it signs a
 * checkpoint that a known log signed and that continues the last one it signed.
 *
 * What it signed last lies in a store of its own, durably before the answer. */
#ifndef BW_COSIGNER_H
#define BW_COSIGNER_H

#include <log_config.h>

struct bw_err;
struct bw_http_req;
struct bw_cosigner;
struct uv_loop_s;

/* DATA_DIR/witness-key.jwk is made when there is none. *ret is NULL where the configuration
 * names no log to witness. `conf` is copied. */
int bw_cosigner_start(struct uv_loop_s *loop,
                      const char *data_dir,
                      const struct bw_config_log *conf,
                      struct bw_cosigner **ret,
                      struct bw_err *reterr);

/* POST /log/witness/add-checkpoint, GET /log/witness/key; w may be NULL: 404. */
void bw_cosigner_post(struct bw_cosigner *w, struct bw_http_req *req);
void bw_cosigner_key(struct bw_cosigner *w, struct bw_http_req *req);

/* Lets what runs end; cb later on the loop. */
void bw_cosigner_close(struct bw_cosigner *w, void (*cb)(void *owner), void *owner);

#endif
