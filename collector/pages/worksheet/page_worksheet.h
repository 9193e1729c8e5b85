/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_worksheet.h - the consortium's worksheet: circuits are chosen by region, district or
 * hand, and added up (docs/worksheet.md). One sum is made at a time. */
#ifndef BW_PAGE_WORKSHEET_H
#define BW_PAGE_WORKSHEET_H

struct bw_http_req;
struct bw_worksheets;

/* What one collector needs for it. NULL: out of memory. */
struct bw_worksheets *bw_worksheets_new(void);
/* Before the readers are closed: the sum that is being made ends. */
void bw_worksheets_stop(struct bw_worksheets *w);
void bw_worksheets_free(struct bw_worksheets *w); /* after them; NULL is fine */

/* GET /prices/worksheet ?below= &circuits= &SITE.CIRCUIT=out &days= &need= &make=1 */
void bw_page_worksheet(void *owner, struct bw_http_req *req);
/* GET /api/v1/worksheet, likewise, &of=sum|circuits &format=json|csv */
void bw_api_worksheet(void *owner, struct bw_http_req *req);

#endif
