/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_upgrade.h - a line before and after an upgrade: a handler of a route. */
#ifndef BW_PAGE_UPGRADE_H
#define BW_PAGE_UPGRADE_H

struct bw_http_req;

/* Of a circuit: ?at=2026-08-01, ?days=20 */
void bw_page_upgrade(void *owner, struct bw_http_req *req);

#endif
