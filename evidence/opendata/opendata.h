/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata.h - a state's open data: which rows there are, what districts said of them, and
 * the files that come of it (docs/open-data-v1.md).
 *
 * It reads a catalogue and room.db as they stand. Whoever reviews a site is its nearest
 * district at or above it, else its own entity; a site without an entity has nobody who
 * could, and is never published. A handle belongs to one thread at a time. */
#ifndef BW_OPENDATA_H
#define BW_OPENDATA_H

#include "opendata_rows.h"
#include "opendata_say.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;
struct bw_opendata;

enum bw_opendata_form {
    BW_OPENDATA_CSV,
    BW_OPENDATA_JSON
};

/* Who reviews, with what it said. */
struct bw_opendata_district {
    char id[BW_ENTITY_MAX + 1];
    char name[BW_LABEL_MAX + 1];
    size_t first, end;           /* its places */
    size_t said_first, said_end; /* its words */
};

/* One of its days. */
struct bw_opendata_row {
    const struct bw_opendata_place *place; /* lent */
    struct bw_room_day day;
};

struct bw_opendata_group {
    int64_t day;
    struct bw_opendata_row *rows; /* by site and circuit */
    size_t n;
    size_t n_unfilled;          /* places whose day is not read from its records yet */
    char hash[BW_HASH_LEN + 1]; /* of the rows without people's names; "" no row */
    struct bw_opendata_verdict verdict;
};

/* room_path: room.db; -ENOENT where there is none. The catalogue is lent until the end. */
int bw_opendata_open(struct bw_catalogue *c,
                     const char *room_path,
                     struct bw_opendata **ret,
                     struct bw_err *reterr);
void bw_opendata_close(struct bw_opendata *o); /* NULL is fine */

/* By id. */
size_t bw_opendata_n_districts(const struct bw_opendata *o);
const struct bw_opendata_district *bw_opendata_district(const struct bw_opendata *o,
                                                        size_t i);
/* NULL: it reviews nothing. */
const struct bw_opendata_district *bw_opendata_find(const struct bw_opendata *o,
                                                    const char *id);
const struct bw_opendata_place *bw_opendata_places(const struct bw_opendata *o);
const struct bw_opendata_words *bw_opendata_words(const struct bw_opendata *o);

/* The rows of one day with what holds for them; done with bw_opendata_group_done(). */
int bw_opendata_group(struct bw_opendata *o,
                      const struct bw_opendata_district *d,
                      int64_t day,
                      struct bw_opendata_group *ret,
                      struct bw_err *reterr);
void bw_opendata_group_done(struct bw_opendata_group *g);

/* Which days of [from, to] are in the published files: *ret_days[to - from + 1], true where
 * some word in force may let something be published. */
void bw_opendata_listed(const struct bw_opendata *o, int64_t from, int64_t to, bool *ret);

/* Takes a piece of a file; below 0 ends it. */
typedef int (*bw_opendata_put_cb)(void *owner, const char *data, size_t n);

/* What is published of [from, to]; the same facts give the same bytes. */
int bw_opendata_write(struct bw_opendata *o,
                      int64_t from_day,
                      int64_t to_day,
                      enum bw_opendata_form form,
                      bw_opendata_put_cb put,
                      void *owner,
                      struct bw_err *reterr);

/* A word of this kind about a district, checked and said: 0, and its id. For an approval
 * `seen` is made here, of what the days have now; where `want` is not NULL it has to be
 * this (bw_opendata_seen()), else -ESTALE. -EINVAL with a sentence. */
struct bw_opendata_saying {
    const struct bw_opendata_district *district;
    int64_t act;
    int64_t from_day;
    int64_t to_day; /* INT64_MAX: until further notice */
    const char *reason;
    const char *want;
    const char *by;
    const char *via;
    int64_t now_unix_ms;
};
int bw_opendata_say(struct bw_opendata *o,
                    const struct bw_opendata_saying *s,
                    char ret_id[BW_HASH_LEN + 1],
                    struct bw_err *reterr);
/* It is good no longer. */
int bw_opendata_withdraw(struct bw_opendata *o,
                         const char *id,
                         const char *by,
                         const char *via,
                         int64_t now_unix_ms,
                         struct bw_err *reterr);
/* The lines of the days [from, to] of a district, and their SHA-256. -EAGAIN: not all of
 * them were read from their records yet. */
int bw_opendata_seen(struct bw_opendata *o,
                     const struct bw_opendata_district *d,
                     int64_t from_day,
                     int64_t to_day,
                     struct bw_buf *out,
                     char ret_hash[BW_HASH_LEN + 1],
                     struct bw_err *reterr);

#endif
