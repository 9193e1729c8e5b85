/* SPDX-License-Identifier: GPL-3.0-or-later
 * pricebook.h - the prices of all claims, read once and kept in memory until another
 * statement is made (or ten minutes have passed: regions may have changed). Any thread. */
#ifndef BW_PRICEBOOK_H
#define BW_PRICEBOOK_H

#include <prices.h>

struct bw_catalogue;
struct bw_err;
struct bw_pricebook;

struct bw_pricebook *bw_pricebook_new(void); /* NULL: out of memory */
/* When nobody has anything of it. NULL is fine. */
void bw_pricebook_free(struct bw_pricebook *b);

/* Prices as they are on file, to be given back once. While somebody reads them anew others
 * get those before, where there are some. Blocking; the catalogue's thread. */
int bw_pricebook_take(struct bw_pricebook *b,
                      struct bw_catalogue *c,
                      const struct bw_prices **ret,
                      struct bw_err *reterr);
void bw_pricebook_drop(struct bw_pricebook *b,
                       const struct bw_prices *p); /* NULL is fine */

#endif
