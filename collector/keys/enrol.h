/* SPDX-License-Identifier: GPL-3.0-or-later
 * enrol.h - POST /api/v1/enroll and /api/v1/keys: how keys come into the catalogue. */
#ifndef BW_ENROL_H
#define BW_ENROL_H

#include <jws.h>

struct bw_http_req;
struct bw_readers;

/* Both answer later, on the loop. The log key is lent for the request's life. */
void bw_enrol_post(struct bw_readers *p,
                   const struct bw_pubkey *log_key,
                   struct bw_http_req *req);
void bw_enrol_key_post(struct bw_readers *p, struct bw_http_req *req);

#endif
