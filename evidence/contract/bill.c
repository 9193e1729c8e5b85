/* SPDX-License-Identifier: GPL-3.0-or-later
 * bill.c - the price of one line.
 *
 * Invariant: a sum of bills is told where every one of them is known, all are of one part,
 * and none is for other users than the rest. */
#include "bill.h"

#include <sharing.h>
#include <string.h>

static const struct bw_claimline *line_of(const struct bw_bills *b, size_t i)
{
    return i == 0 ? b->line : &b->others[i - 1];
}

bool bw_bill_is_shared(const struct bw_bills *b, size_t i)
{
    return b->circuits && bw_sharing_is(&line_of(b, i)->quantity, b->circuits[i]);
}

int64_t bw_bill_of_one(const struct bw_bills *b, size_t i, enum bw_bill_part *ret)
{
    const struct bw_claimline *l = line_of(b, i);
    int64_t cents;
    int64_t n;

    *ret = BW_BILL_ELIGIBLE;
    if (bw_bill_is_shared(b, i)) {
        return BW_UNKNOWN;
    }
    if (bw_decimal_whole(&l->unit_eligible, 100, &cents) == 0) {
        return cents;
    }
    if (bw_decimal_whole(&l->monthly, 100, &cents) == 0 &&
        bw_decimal_whole(&l->quantity, 1, &n) == 0 && n > 0 && cents <= INT64_MAX - n) {
        return (cents + n / 2) / n;
    }
    *ret = BW_BILL_ALL;
    return bw_decimal_whole(&l->unit_monthly, 100, &cents) == 0 ? cents : BW_UNKNOWN;
}

static bool unlike(const struct bw_claimline *a, const struct bw_claimline *b)
{
    bool other = a->n_recipients != b->n_recipients;

    if (a->n_recipients == BW_UNKNOWN || b->n_recipients == BW_UNKNOWN) {
        return false;
    }
    for (size_t i = 0; !other && i < a->recipients.n && i < b->recipients.n; i++) {
        other = strcmp(a->recipients.text[i], b->recipients.text[i]) != 0; /* ascending */
    }
    return other;
}

bool bw_bill_unlike_users(const struct bw_bills *b)
{
    bool other = false;

    for (size_t i = 0; b->line && i < b->n_others; i++) {
        other = other || unlike(b->line, &b->others[i]);
        for (size_t k = 0; k < i; k++) {
            other = other || unlike(&b->others[k], &b->others[i]);
        }
    }
    return other;
}

/* Lawful where every bill is one of the two, and both are there. */
static int64_t of_both(const struct bw_bills *b, enum bw_bill_part *ret)
{
    bool seen[2] = {false, false};
    int64_t sum = 0;

    for (size_t i = 0; i <= b->n_others; i++) {
        const struct bw_claimline *l = line_of(b, i);
        enum bw_bill_part part;
        int64_t cents = bw_bill_of_one(b, i, &part);
        if (cents == BW_UNKNOWN || (i > 0 && part != *ret) ||
            (l->role != BW_ROLE_ISP_ONLY && l->role != BW_ROLE_TRANSPORT) ||
            __builtin_add_overflow(sum, cents, &sum)) {
            return BW_UNKNOWN;
        }
        seen[l->role == BW_ROLE_TRANSPORT] = true;
        *ret = part;
    }
    return seen[0] && seen[1] && !bw_bill_unlike_users(b) ? sum : BW_UNKNOWN;
}

int64_t bw_bill_monthly_cents(const struct bw_bills *b, enum bw_bill_part *ret)
{
    return !b->line           ? BW_UNKNOWN
           : b->n_others == 0 ? bw_bill_of_one(b, 0, ret)
                              : of_both(b, ret);
}
