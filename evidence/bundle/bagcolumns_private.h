/* SPDX-License-Identifier: GPL-3.0-or-later
 * bagcolumns_private.h - what writing and reading columns share. */
#ifndef BW_BUNDLE_COLUMNS_PRIVATE_H
#define BW_BUNDLE_COLUMNS_PRIVATE_H

#include "bagcolumns.h"
#include "buf.h"

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_COLUMNS_VERSION = 1,
    BW_COLUMNS_PREV = -1, /* in a template: the hash of the record before */
    BW_COLUMNS_TERMS = 4, /* of a rule: last, left, left of last, two to the left */
    BW_COLUMNS_MAX = 16384,
    BW_COLUMNS_HEADERS_MAX = 64,
    BW_COLUMNS_HEAD_MAX = 32 * 1024 * 1024, /* bytes of line 1; escapes and all: */
    BW_COLUMNS_TEXT_MAX = 4 * 1024 * 1024,  /* of headers and templates, as written */
    BW_COLUMNS_PIECES_MAX = 512 * 1024,     /* in all templates of a part */
    BW_COLUMNS_BLOB_MAX = 4096,             /* bytes of a histogram */
    BW_COLUMNS_DIGITS_MAX = 18,
    BW_COLUMNS_MARK = 1 /* stands in words for a token */
};

/* A histogram's item (first bucket, then the count of each bucket on, empty for none) as
 * base64url text. -BW_EMALFORMED. */
int bw_columns_hist(const char *item, size_t n, struct bw_buf *out);

struct bw_columns_token {
    char type; /* 'n' number, 'h' histogram, 's' word, 'p' the hash of the record before */
    uint64_t key; /* of its place */
    int64_t v;
    const char *word;
    size_t len;
};

struct bw_columns_scan {
    struct bw_columns_token *tokens;
    size_t n_tokens;
    struct bw_buf words; /* the payload with a mark for each token */
    struct bw_buf item;
};

struct bw_columns_scan *bw_columns_scan_new(void); /* NULL: no memory */
void bw_columns_scan_free(struct bw_columns_scan *e);
/* The payload p[n], without control characters, as words and tokens, lent by it; false:
 * keep the record as it is. prev: the hash of the record before, or "". */
bool bw_columns_take(struct bw_columns_scan *e, const char *p, size_t n, const char *prev);
/* p[n], base64url, as an item in e->item; false where it is no histogram to the bit. */
bool bw_columns_hist_item(struct bw_columns_scan *e, const char *p, size_t n);

#endif
