/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_servers.h - the fleet's view of each measurement server. Handlers of routes;
 * docs/room.md. */
#ifndef BW_PAGE_SERVERS_H
#define BW_PAGE_SERVERS_H

struct bw_http_req;

/* All of them, and one ({}: its name). */
void bw_page_servers(void *owner, struct bw_http_req *req);
void bw_page_server(void *owner, struct bw_http_req *req);
/* Every hour of every server as JSON. */
void bw_api_servers(void *owner, struct bw_http_req *req);

#endif
