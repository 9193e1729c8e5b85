/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_readiness.h - readiness for testing weeks: handlers of routes. */
#ifndef BW_PAGE_READINESS_H
#define BW_PAGE_READINESS_H

struct bw_http_req;

void bw_page_readiness(void *owner, struct bw_http_req *req);
void bw_api_readiness(void *owner, struct bw_http_req *req);

#endif
