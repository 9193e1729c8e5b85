/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_fleet.h - the fleet: how far each box has come and why no further. Handlers of
 * routes; docs/room.md. */
#ifndef BW_PAGE_FLEET_H
#define BW_PAGE_FLEET_H

struct bw_http_req;

/* The page: ?stage=, ?why=, ?below=, ?page=. */
void bw_page_fleet(void *owner, struct bw_http_req *req);
/* Every site as JSON, or with format=csv as a table. */
void bw_api_fleet(void *owner, struct bw_http_req *req);

/* Tokens for many boxes, by a table of sites; for administrators. */
void bw_page_fleet_tokens(void *owner, struct bw_http_req *req);
void bw_page_fleet_tokens_post(void *owner, struct bw_http_req *req);

/* The keys of one site ({}), with the form that revokes one; for administrators. */
void bw_page_fleet_keys(void *owner, struct bw_http_req *req);
void bw_page_fleet_keys_post(void *owner, struct bw_http_req *req);

enum {
    BW_FLEET_FORM_BYTES = 800 * 1024 /* 256 KiB of a table, each byte as %XX */
};

#endif
