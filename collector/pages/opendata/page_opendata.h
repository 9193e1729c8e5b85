/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_opendata.h - open data for everybody, and its review by districts. Handlers of
 * routes. */
#ifndef BW_PAGE_OPENDATA_H
#define BW_PAGE_OPENDATA_H

struct bw_err;
struct bw_http_req;
struct bw_collector;

enum {
    BW_REVIEW_FORM_BYTES = 4096
};

/* c->open_shelf; before the loop runs. */
int bw_page_opendata_start(struct bw_collector *c);

void bw_page_opendata(void *owner, struct bw_http_req *req);      /* /open-data */
void bw_page_opendata_file(void *owner, struct bw_http_req *req); /* /open-data/{} */
void bw_page_review(void *owner, struct bw_http_req *req);        /* /open-data/review */
void bw_page_review_rows(void *owner, struct bw_http_req *req);   /* …/review/rows.csv */
void bw_page_review_post(void *owner, struct bw_http_req *req);

#endif
