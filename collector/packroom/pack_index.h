/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_index.h - packs of an entity or a funding request: which circuits it has, and where
 * each one's pack is. Handlers of routes. */
#ifndef BW_PACK_INDEX_H
#define BW_PACK_INDEX_H

struct bw_http_req;

void bw_pack_index_entity(void *owner, struct bw_http_req *req);
void bw_pack_index_frn(void *owner, struct bw_http_req *req);

#endif
