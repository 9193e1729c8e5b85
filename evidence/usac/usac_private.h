/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac_private.h - the running import; shared by its four files. */
#ifndef BW_USAC_PRIVATE_H
#define BW_USAC_PRIVATE_H

#include "kept.h"
#include "usac.h"

#include <buf.h>
#include <csvrows.h>

struct bw_csv;
struct bw_err;

enum bw_usac_mark {
    BW_MARK_REFUSED = 1, /* two rows say different things of it */
    BW_MARK_WANTED = 2   /* an entity that a kept line names */
};

struct bw_usac_link {
    uint32_t next; /* BW_KEPT_NONE: the last */
    char number[BW_NUMBER_MAX + 1];
};

struct bw_usac {
    const struct bw_usac_options *options;
    struct bw_usac_sum sum;
    struct bw_buf refusals;
    struct bw_buf doubts;
    struct bw_kept asked;    /* FRNs that one of the asked entities uses */
    struct bw_kept lines;    /* "FRN.LINE" → a claim's body without its FRN's part */
    struct bw_kept frns;     /* FRN → what its status says, packed */
    struct bw_kept extras;   /* FRN → what its recipients' rows say of it, packed */
    struct bw_kept refused;  /* "FRN.LINE" of rows that were refused */
    struct bw_kept payers;   /* "BEN 2026" of each payer and year of which a line is kept */
    struct bw_kept entities; /* number → body */
    struct bw_usac_link *links;
    size_t n_links;
    size_t cap_links;
    bool any_lines; /* there is a file of line items */
};

/* A row in work. */
struct bw_usac_row {
    const struct bw_usac_heading *heading;
    const struct bw_csv_field *fields;
    struct bw_csv *csv;
    uint32_t file;
};

/* A cell's text; "" where the file has no such column. */
const char *bw_usac_cell(const struct bw_usac_row *row, enum bw_usac_column c);

/* Take one row; 0, or a failure that ends the import. */
int bw_usac_take_line(struct bw_usac *u,
                      const struct bw_usac_row *row,
                      struct bw_err *reterr);
int bw_usac_take_asked(struct bw_usac *u,
                       const struct bw_usac_row *row,
                       struct bw_err *reterr);
int bw_usac_take_status(struct bw_usac *u,
                        const struct bw_usac_row *row,
                        struct bw_err *reterr);
int bw_usac_take_recipient(struct bw_usac *u,
                           const struct bw_usac_row *row,
                           struct bw_err *reterr);
int bw_usac_take_entity(struct bw_usac *u,
                        const struct bw_usac_row *row,
                        struct bw_err *reterr);

void bw_usac_leave_out(struct bw_usac *u, enum bw_usac_left_out why);
/* Count a refused row and write its sentence down. Gives 0. */
int bw_usac_refuse(struct bw_usac *u, const struct bw_usac_row *row, const char *why);
/* Put bytes under a key: 1 new, 0 the same as before (counted), -EEXIST something else was
 * there (refused, both), or a failure with its sentence. */
int bw_usac_keep(struct bw_usac *u,
                 struct bw_kept *k,
                 const char *key,
                 const struct bw_usac_row *row,
                 const void *data,
                 size_t n,
                 struct bw_err *reterr);
int bw_usac_full(const struct bw_usac *u, int code, struct bw_err *reterr);

/* "1699048824.003" of its two cells into "FRN.LINE"; -EINVAL. line "" gives the FRN. */
int bw_usac_line_key(const char *frn,
                     const char *line,
                     char ret_frn[12],
                     char ret_line[8],
                     char ret_key[24]);
/* The current form version? (Also where the file has no such column.) */
bool bw_usac_current(const struct bw_usac_row *row);
bool bw_usac_payer_asked(const struct bw_usac *u, const char *number);
const struct bw_field *bw_usac_field(const char *name);

#endif
