/* SPDX-License-Identifier: GPL-3.0-or-later
 * pages.h - what people see in a browser: what changed, the list of sites, a site, problems
 * explained, the style sheet. Handlers of routes; made on the server, nothing needs a
 * script. */
#ifndef BW_PAGES_H
#define BW_PAGES_H

struct bw_http_req;

void bw_page_changed(void *owner, struct bw_http_req *req);
void bw_page_sites(void *owner, struct bw_http_req *req);
void bw_page_districts(void *owner, struct bw_http_req *req);
void bw_page_district(void *owner, struct bw_http_req *req);
void bw_page_school(void *owner, struct bw_http_req *req);
void bw_page_site(void *owner, struct bw_http_req *req);
/* Alerts; one; that somebody knows of it. */
void bw_page_alerts(void *owner, struct bw_http_req *req);
void bw_page_alert(void *owner, struct bw_http_req *req);
void bw_page_alert_ack(void *owner, struct bw_http_req *req);
void bw_page_problem(void *owner, struct bw_http_req *req);
void bw_page_static(void *owner, struct bw_http_req *req);

#endif
