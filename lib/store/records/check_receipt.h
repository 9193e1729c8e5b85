/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_receipt.h - do the receipts of tests say what the records say (docs/receipt-v1.md,
 * section 3)?
 *
 * Part of check.h: it hears every run with grade `receipt` once. It keeps some 60 bytes a
 * receipt, to find one that is shown twice. */
#ifndef BW_CHECK_RECEIPT_H
#define BW_CHECK_RECEIPT_H

#include <bw/units.h>
#include <receipt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_check_receipts;
struct bw_err;
struct bw_pubkey;
struct bw_summary;

enum bw_check_receipt_fault {
    BW_CHECK_RECEIPT_FINE,
    BW_CHECK_RECEIPT_MALFORMED,
    BW_CHECK_RECEIPT_SIGNATURE,
    BW_CHECK_RECEIPT_KEY,
    BW_CHECK_RECEIPT_RUN,
    BW_CHECK_RECEIPT_WINDOW,
    BW_CHECK_RECEIPT_BYTES,
    BW_CHECK_RECEIPT_AGAIN
};

struct bw_receipt_counts {
    int64_t n;          /* runs with grade `receipt` */
    int64_t n_verified; /* … whose receipt a given log key signed, and which agree */
    int64_t n_no_key;   /* … whose receipt's key was not given: signature not checked; a
                           fault where any log key was given */
};

/* Log keys are borrowed until free. NULL: out of memory. */
/* some: a key that is none of these is not known, and no fault. */
struct bw_check_receipts *
bw_check_receipts_new(const struct bw_pubkey *log_keys, size_t n, bool some);
void bw_check_receipts_free(struct bw_check_receipts *c);

/* May this other key have asked for the site's tests, one before or after it? */
typedef bool (*bw_check_receipt_kin)(void *owner, const char *kid, const char *site);

/* Run i of a record. -ENOMEM, or 0 with *ret_fault and what is wrong in *reterr. */
int bw_check_receipt_add(struct bw_check_receipts *c,
                         const struct bw_summary *s,
                         size_t i,
                         const char *kid,
                         bw_check_receipt_kin kin,
                         void *owner,
                         enum bw_check_receipt_fault *ret_fault,
                         struct bw_err *reterr);

void bw_check_receipts_counts(const struct bw_check_receipts *c,
                              struct bw_receipt_counts *ret);

#endif
