/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_changed.h - the first page. Handler of a route. */
#ifndef BW_PAGE_CHANGED_H
#define BW_PAGE_CHANGED_H

struct bw_http_req;

void bw_page_changed(void *owner, struct bw_http_req *req);

#endif
