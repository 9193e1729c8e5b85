/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_alerts.h - alerts; one; that somebody knows of it. Handlers of routes. */
#ifndef BW_PAGE_ALERTS_H
#define BW_PAGE_ALERTS_H

struct bw_http_req;

void bw_page_alerts(void *owner, struct bw_http_req *req);
void bw_page_alert(void *owner, struct bw_http_req *req);
void bw_page_alert_ack(void *owner, struct bw_http_req *req);

#endif
