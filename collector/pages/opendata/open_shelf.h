/* SPDX-License-Identifier: GPL-3.0-or-later
 * open_shelf.h - files that everybody may have: made on a reader's thread when somebody
 * asks, one at a time, kept in a folder for a little while, sent in pieces.
 *
 * Invariant: however many strangers ask, one reader at most makes files, and no file is in
 * memory whole; its ETag is the SHA-256 of its bytes. The folder is a cache. */
#ifndef BW_OPEN_SHELF_H
#define BW_OPEN_SHELF_H

#include <opendata_config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_http_req;
struct bw_open_shelf;
struct bw_opendata;
struct bw_readers;

enum bw_open_what {
    BW_OPEN_PAGE,    /* /open-data itself */
    BW_OPEN_PACKAGE, /* datapackage.json */
    BW_OPEN_SCHEMA,  /* schema.json */
    BW_OPEN_CSV,
    BW_OPEN_JSON
};

/* What is made; copied. */
struct bw_open_asked {
    enum bw_open_what what;
    char name[24];    /* of the file */
    int64_t from_day; /* of CSV and JSON */
    int64_t to_day;
    int64_t last_day; /* that may be published now */
    int64_t now_unix_s;
    char title[128]; /* of the collector */
    struct bw_config_opendata conf;
};

/* Writes what was asked for into the descriptor. -ENOENT: there is no such file. On a
 * reader's thread. */
typedef int (*bw_open_make_cb)(const struct bw_open_asked *asked,
                               struct bw_opendata *o,
                               int (*put)(void *owner, const char *data, size_t n),
                               void *owner,
                               struct bw_err *reterr);

int bw_open_shelf_new(struct bw_readers *const *readers,
                      const char *data_dir,
                      bw_open_make_cb make,
                      struct bw_open_shelf **ret);
void bw_open_shelf_free(struct bw_open_shelf *s); /* NULL is fine */

/* Answers, now or later. */
void bw_open_shelf_get(struct bw_open_shelf *s,
                       const struct bw_open_asked *asked,
                       struct bw_http_req *req);
/* Somebody said something: what is kept is not given any more. */
void bw_open_shelf_stale(struct bw_open_shelf *s);

#endif
