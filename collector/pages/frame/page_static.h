/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_static.h - pages that are the same for everybody: handlers of routes. */
#ifndef BW_PAGE_STATIC_H
#define BW_PAGE_STATIC_H

struct bw_http_req;

/* A problem of docs/openapi.yaml explained. */
void bw_page_problem(void *owner, struct bw_http_req *req);
/* Style sheet, script and icon. */
void bw_page_static(void *owner, struct bw_http_req *req);

#endif
