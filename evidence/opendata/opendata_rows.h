/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata_rows.h - one line's day as it is published: the columns of docs/open-data-v1.md
 * as a table, and a row as CSV and as JSON.
 *
 * Invariant: a row has figures of a whole local day and nothing of when within it; no
 * count of devices, no address, no version, no kind of day. The same figures give the same
 * bytes. */
#ifndef BW_OPENDATA_ROWS_H
#define BW_OPENDATA_ROWS_H

#include <catalogue.h>
#include <roomday.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_jw;

#define BW_OPENDATA_SCHEMA "open-data/1"

enum bw_opendata_row_limits {
    BW_OPENDATA_FEW = 30 /* students: what fewer do on a line is not published */
};

/* Whose row it is. */
struct bw_opendata_place {
    int64_t number;                              /* the circuit's in room.db */
    char circuit[BW_SITE_MAX + BW_NAME_MAX + 2]; /* SITE.CIRCUIT */
    char site[BW_SITE_MAX + 1];
    char school[BW_ENTITY_MAX + 1];
    char school_name[BW_LABEL_MAX + 1];
    char district[BW_ENTITY_MAX + 1]; /* who reviews it */
    char district_name[BW_LABEL_MAX + 1];
    int64_t students;    /* on file for the circuit; unknown */
    int64_t filled_from; /* days from this one on are known; unknown: none is */
};

/* Why figures of use are not given: "", "few-students", "students-unknown". */
const char *bw_opendata_withheld(const struct bw_opendata_place *p);

struct bw_opendata_column {
    const char *name;
    const char *about;  /* one sentence */
    const char *method; /* "util-p95/2"; NULL: no figure */
    const char *layer;  /* the column that names it; NULL: none */
    const char *unit;   /* "bps"; NULL: none */
    size_t at;          /* in struct bw_room_day, where it is a number */
    bool narrow;        /* int32_t, else int64_t */
    bool use;           /* of what people do: withheld where they are few */
    int text;           /* not 0: a word (opendata_rows.c) */
};
extern const struct bw_opendata_column bw_opendata_columns[];
extern const size_t bw_opendata_n_columns;

/* The line of names; a row. Lines end with CR LF. `named`: with the names that people gave,
 * else those two fields are empty, as it is hashed. */
void bw_opendata_csv_head(struct bw_buf *b);
void bw_opendata_csv_row(struct bw_buf *b,
                         const struct bw_opendata_place *p,
                         const struct bw_room_day *d,
                         bool named);
/* An object; what is not known is no member. */
void bw_opendata_json_row(struct bw_jw *w,
                          const struct bw_opendata_place *p,
                          const struct bw_room_day *d);
/* A Frictionless table schema of the columns. */
void bw_opendata_table_schema(struct bw_jw *w);

/* A column's value as text; false: not known, or withheld. */
bool bw_opendata_cell(const struct bw_opendata_column *c,
                      const struct bw_opendata_place *p,
                      const struct bw_room_day *d,
                      struct bw_buf *out);

#endif
