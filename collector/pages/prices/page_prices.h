/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_prices.h - what lines cost for each Mbit/s, by region, provider and class of speed
 * (docs/prices.md). */
#ifndef BW_PAGE_PRICES_H
#define BW_PAGE_PRICES_H

struct bw_http_req;

/* GET /prices ?year= &role= &region= &provider= &class= &layer= */
void bw_page_prices(void *owner, struct bw_http_req *req);
/* GET /api/v1/prices, likewise, &of=lines|groups &format=json|csv */
void bw_api_prices(void *owner, struct bw_http_req *req);

#endif
