/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_queue.h - the support queue: whom to help first, as a page, as JSON and as a table.
 */
#ifndef BW_PAGE_QUEUE_H
#define BW_PAGE_QUEUE_H

struct bw_http_req;

void bw_page_queue(void *owner, struct bw_http_req *req);
void bw_api_queue(void *owner, struct bw_http_req *req);

#endif
