/* SPDX-License-Identifier: GPL-3.0-or-later
 * roster.h - a table of sites for which boxes are expected, and the tokens that are made
 * for them: columns id, name, entity, in any order, id or name needed. What is copied out
 * of a spreadsheet (tabs) is taken as well as a CSV file.
 *
 * A row with an id is a known site that has no box yet; one without becomes a new site.
 * Every wrong row is told with its line, and while one is wrong nothing is made. A token is
 * in the table that is given back, once; the catalogue keeps its hash. */
#ifndef BW_ROSTER_H
#define BW_ROSTER_H

#include <catalogue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_csv;
struct bw_err;
struct bw_roster;

enum {
    BW_ROSTER_ROWS_MAX = 2000,
    BW_ROSTER_BYTES_MAX = 256 * 1024, /* of a pasted table */
    BW_ROSTER_WRONG_MAX = 50          /* rows that are told one by one */
};

/* Text with tabs in its first line, and no comma there, as the same table with commas; else
 * as it is. Lines stay where they are. */
void bw_roster_pasted(const char *text, size_t n, struct bw_buf *out);

/* All rows. 0 also where rows are wrong (bw_roster_wrong()); -BW_EMALFORMED: it is no such
 * table, -E2BIG: too many rows. */
int bw_roster_read(struct bw_csv *csv, struct bw_roster **ret, struct bw_err *reterr);
void bw_roster_free(struct bw_roster *r); /* NULL is fine; tokens are wiped */

/* Held against what is on file; more rows may be wrong then. */
int bw_roster_look(struct bw_roster *r, struct bw_catalogue *c, struct bw_err *reterr);

size_t bw_roster_rows(const struct bw_roster *r);
size_t bw_roster_n_new(const struct bw_roster *r); /* that become new sites */
/* How many rows are wrong, and "FILE:LINE: why" a line of each of the first ones; lent
 * until it is asked again. */
size_t bw_roster_wrong(struct bw_roster *r, const char **ret_words);

/* Tokens for all of them, in one transaction. -EINVAL where a row is wrong or nothing is
 * asked for: nothing is made. */
int bw_roster_make(struct bw_roster *r,
                   struct bw_catalogue *c,
                   int64_t now_unix_s,
                   int64_t expires_unix_s,
                   struct bw_err *reterr);
/* id,name,entity,token,expires. */
void bw_roster_write(const struct bw_roster *r, struct bw_buf *out);

#endif
