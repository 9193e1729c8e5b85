/* SPDX-License-Identifier: GPL-3.0-or-later
 * review_parts.h - one request for the review of open data, and its page. */
#ifndef BW_REVIEW_PARTS_H
#define BW_REVIEW_PARTS_H

#include <buf.h>
#include <bw/err.h>
#include <limits.h>
#include <opendata.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_collector;
struct bw_http_req;
struct bw_viewer;

enum {
    BW_REVIEW_REASON = BW_OPENDATA_REASON_MAX + 1
};

enum bw_review_what {
    BW_REVIEW_PAGE,
    BW_REVIEW_ROWS,
    BW_REVIEW_POST
};

struct bw_review {
    struct bw_http_req *req;
    struct bw_collector *c;
    const struct bw_viewer *viewer;
    enum bw_review_what what;
    char room_path[PATH_MAX];
    char title[128];
    bool on;
    int64_t now_ms;
    int64_t last_day;
    char entity[BW_ENTITY_MAX + 1];
    int64_t from_day;
    int64_t to_day;
    /* of a form */
    char act[16];
    char seen[BW_HASH_LEN + 1];
    char id[BW_HASH_LEN + 1];
    char reason[BW_REVIEW_REASON];
    bool ever; /* until further notice */
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* May this viewer see it? */
bool bw_review_sees(const struct bw_review *v, const struct bw_opendata_district *d);
void bw_review_day(struct bw_buf *b, int64_t day);
/* Whose rows there are to look at; one district's. */
void bw_review_list(struct bw_review *v, struct bw_opendata *o);
int bw_review_one(struct bw_review *v,
                  struct bw_opendata *o,
                  const struct bw_opendata_district *d);

#endif
