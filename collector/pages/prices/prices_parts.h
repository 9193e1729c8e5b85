/* SPDX-License-Identifier: GPL-3.0-or-later
 * prices_parts.h - what the files of the page of prices share: page_prices.c (requests, the
 * page), prices_tables.c (its tables and their picture). */
#ifndef BW_PRICES_PARTS_H
#define BW_PRICES_PARTS_H

#include <page_scope.h>
#include <prices.h>

#include <buf.h>
#include <bw/err.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_http_req;
struct bw_pricebook;

enum bw_prices_form {
    BW_PRICES_PAGE,
    BW_PRICES_JSON,
    BW_PRICES_CSV
};

enum {
    BW_PRICES_WORD_MAX = 159
};

struct bw_prices_job {
    struct bw_http_req *req;
    enum bw_prices_form form;
    const struct bw_room *r;
    struct bw_page_scope scope;
    struct bw_pricebook *book;
    const struct bw_prices *p;
    struct bw_price_ask ask;
    char region[BW_PRICES_WORD_MAX + 1]; /* as asked; ask borrows them */
    char provider[BW_PRICES_WORD_MAX + 1];
    bool groups; /* for programs: groups, not lines */
    char title[BW_LABEL_MAX + 1];
    struct bw_price_seen seen;
    struct bw_price_seen before; /* the year before */
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* A query like this one, for an attribute, with one word changed (value NULL: left out). */
void bw_prices_url(struct bw_prices_job *j,
                   const char *path,
                   const char *word,
                   const char *value);

/* Classes with their spread as a picture; regions and providers by class; what has no
 * price; every line. -ENOMEM. */
int bw_prices_classes(struct bw_prices_job *j);
int bw_prices_matrix(struct bw_prices_job *j, bool providers);
void bw_prices_apart(struct bw_prices_job *j);
void bw_prices_lines(struct bw_prices_job *j);

#endif
