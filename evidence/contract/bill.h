/* SPDX-License-Identifier: GPL-3.0-or-later
 * bill.h - what one line costs a month, of the bills that are filed for it. Nothing is
 * shared out by guess: a bill of more circuits than it has lines is the price of none.
 * Pure. */
#ifndef BW_BILL_H
#define BW_BILL_H

#include <claimline.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_bill_part {
    BW_BILL_ELIGIBLE,
    BW_BILL_ALL
};

/* The claims bound to one circuit on a day. */
struct bw_bills {
    const struct bw_claimline *line; /* the one that is told first; NULL: none */
    const struct bw_claimline *others;
    size_t n_others;
    const int64_t *circuits; /* bound to the line and each of the others; NULL: one each */
};

/* Bill 0 is the line, the others follow. Are more circuits bound to it than it has lines?
 */
bool bw_bill_is_shared(const struct bw_bills *b, size_t i);
/* Cents a month for one line of bill i; unknown. A bill of several units is never set
 * against the speed of one. */
int64_t bw_bill_of_one(const struct bw_bills *b, size_t i, enum bw_bill_part *ret);
/* Are some of them stated to be for other users? How much of a bill for many schools is one
 * circuit's is stated nowhere. */
bool bw_bill_unlike_users(const struct bw_bills *b);
/* Cents a month for the circuit: of its one bill; or of a circuit and of Internet access
 * over it, billed apart, what both cost. Unknown where that cannot be told. */
int64_t bw_bill_monthly_cents(const struct bw_bills *b, enum bw_bill_part *ret);

#endif
