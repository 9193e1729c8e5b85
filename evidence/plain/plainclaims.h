/* SPDX-License-Identifier: GPL-3.0-or-later
 * plainclaims.h - claims from one plain table that anybody can write (docs/claims-csv.md):
 * contracts that E-rate does not pay for, corrections, states with their own networks. */
#ifndef BW_PLAINCLAIMS_H
#define BW_PLAINCLAIMS_H

#include <bw/units.h>
#include <claimline.h>
#include <hash.h>
#include <stddef.h>
#include <stdint.h>

struct bw_csv;
struct bw_err;
struct bw_plain;

enum {
    BW_PLAIN_ROWS_MAX = 20000
};

struct bw_plain_sum {
    int64_t rows;
    int64_t kept;
    int64_t refused;
    const char *refusals; /* "file:line: why" a line */
    int64_t doubtful;
    const char *doubts;
    char sha256[BW_HASH_LEN + 1];
};

/* Read all of it, to the end. `unit` is of speeds for which the file has none. A heading
 * that is wrong fails (-BW_EMALFORMED, file and column); rows are refused one by one.
 * -ENOSPC: too many rows. */
int bw_plain_read(struct bw_csv *csv,
                  enum bw_speed_unit unit,
                  struct bw_plain **ret,
                  struct bw_err *reterr);
void bw_plain_free(struct bw_plain *p);

const struct bw_plain_sum *bw_plain_sum(const struct bw_plain *p);
size_t bw_plain_claims(const struct bw_plain *p);
/* Claim i (done() it) and the line it began on: 1; 0: its row was refused after all. */
int bw_plain_claim(const struct bw_plain *p,
                   size_t i,
                   struct bw_claimline *ret,
                   int64_t *ret_line,
                   struct bw_err *reterr);

#endif
