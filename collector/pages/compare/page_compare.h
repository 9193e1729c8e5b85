/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_compare.h - networks of peers: districts or schools beside others like them, as a
 * page, as JSON and as a table. */
#ifndef BW_PAGE_COMPARE_H
#define BW_PAGE_COMPARE_H

struct bw_http_req;

void bw_page_compare(void *owner, struct bw_http_req *req);
void bw_api_compare(void *owner, struct bw_http_req *req);

#endif
