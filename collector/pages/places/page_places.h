/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_places.h - the list of sites, districts and schools. Handlers of routes. */
#ifndef BW_PAGE_PLACES_H
#define BW_PAGE_PLACES_H

struct bw_http_req;

void bw_page_sites(void *owner, struct bw_http_req *req);
void bw_page_districts(void *owner, struct bw_http_req *req);
void bw_page_district(void *owner, struct bw_http_req *req);
void bw_page_school(void *owner, struct bw_http_req *req);

#endif
