/* SPDX-License-Identifier: GPL-3.0-or-later
 * api.h - the reading API: sites, their keys, circuits, records. Handlers of routes. */
#ifndef BW_API_H
#define BW_API_H

struct bw_http_req;

void bw_api_sites(void *owner, struct bw_http_req *req);
void bw_api_site_keys(void *owner, struct bw_http_req *req);
void bw_api_circuits(void *owner, struct bw_http_req *req);
void bw_api_summaries(void *owner, struct bw_http_req *req);

#endif
