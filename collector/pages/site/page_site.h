/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_site.h - a site's page. Handler of a route. */
#ifndef BW_PAGE_SITE_H
#define BW_PAGE_SITE_H

struct bw_http_req;

void bw_page_site(void *owner, struct bw_http_req *req);

#endif
