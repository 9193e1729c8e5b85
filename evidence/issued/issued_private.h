/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued_private.h - an entry of the register, and a report's figures as sorted rows. */
#ifndef BW_ISSUED_PRIVATE_H
#define BW_ISSUED_PRIVATE_H

#include "issued.h"

#include <buf.h>
#include <bundle_private.h>

#define BW_ISSUED_NAME "issued"        /* the folder, beside the catalogue */
#define BW_ISSUED_SUFFIX ".issued.zst" /* behind an entry's id */
#define BW_ISSUED_FINDINGS "findings"  /* section of rows */
#define BW_ISSUED_WRITING "writing-"   /* before the name of one program's own folder */

struct dirent;

enum {
    BW_ISSUED_HEAD_MAX = 256 * 1024, /* some thousand keys that were revoked */
    BW_ISSUED_ROWS_BYTES_MAX = 32 * 1024 * 1024,
    BW_ISSUED_ROW_PARTS = 6
};

/* section, figure, layer, statistic, unit, value: tabs between, a newline at the end; the
 * first five name it. */
struct bw_issued_row {
    const char *part[BW_ISSUED_ROW_PARTS]; /* NUL-ended, in the rows' text */
    size_t ordinal;                        /* of those with the same name */
};

struct bw_issued_rows {
    struct bw_buf text;
    struct bw_issued_row *list; /* sorted by name */
    size_t n;
};

/* A key that was revoked when the report was made. */
struct bw_issued_key {
    char kid[BW_KID_LEN + 1];
    int64_t revoked_unix_s;
};

/* A rule by which it judged, to the byte. */
struct bw_issued_rule {
    char name[BW_NAME_MAX + 1];
    int64_t version;
    char sha256[BW_HASH_LEN + 1];
};

struct bw_issued {
    struct bw_issued_head head;
    struct bw_issued_key *keys;
    size_t n_keys;
    bool has_keys; /* it says which were revoked: an entry of before says nothing */
    struct bw_issued_rule rules[BW_BUNDLE_RULES_MAX];
    size_t n_rules;
    struct bw_bundle_query query;
    struct bw_issued_rows rows;
};

/* An inflated entry: head, question, rows. rows.text of *e must be initialised; done with
 * bw_issued_done() in either case. -BW_EMALFORMED, -BW_ENEWER. */
int bw_issued_parse(struct bw_issued *e, const struct bw_buf *text, struct bw_err *reterr);

void bw_issued_done(struct bw_issued *e); /* what it holds, not e itself */

/* The figures of a report, its findings by outcomes and numbers; not what errata say of
 * themselves. */
int bw_issued_rows_text(const struct bw_report *r, struct bw_buf *out);
/* Take rows->text apart, in place. -BW_EMALFORMED. */
int bw_issued_rows_read(struct bw_issued_rows *rows, struct bw_err *reterr);
void bw_issued_rows_done(struct bw_issued_rows *rows);
/* Below, at or above 0, by name. */
int bw_issued_row_compare(const struct bw_issued_row *a, const struct bw_issued_row *b);
/* The row of the same name; NULL. */
const struct bw_issued_row *bw_issued_rows_find(const struct bw_issued_rows *rows,
                                                const struct bw_issued_row *like);

int bw_issued_is_entry(const struct dirent *d); /* by its name */
/* The register's folder beside an origin; -ENOENT: it can have none. */
int bw_issued_folder(struct bw_origin *origin, char *ret, size_t cap);

#endif
