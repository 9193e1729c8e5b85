/* SPDX-License-Identifier: GPL-3.0-or-later
 * receipt_private.h - what receipt.c and ticket.c share: members by kind, and the proof
 * that bytes are canonical. */
#ifndef BW_RECEIPT_PRIVATE_H
#define BW_RECEIPT_PRIVATE_H

#include "json.h"
#include "receipt.h"

enum bw_receipt_text {
    BW_RECEIPT_NONCE,
    BW_RECEIPT_HASH,
    BW_RECEIPT_SITE,
    BW_RECEIPT_NAME
};

/* The index of a word, -1 when it is none of them. */
int bw_receipt_word(const char *const *words, const char *text);
/* -EINVAL naming the member. */
int bw_receipt_check_text(const char *name,
                          const char *text,
                          enum bw_receipt_text kind,
                          struct bw_err *reterr);
const char *bw_receipt_direction_name(enum bw_direction d);

/* All -BW_EMALFORMED naming the member. */
int bw_receipt_get_text(const json_t *o,
                        const char *name,
                        char *out,
                        size_t cap,
                        enum bw_receipt_text kind,
                        struct bw_err *reterr);
int bw_receipt_get_word(const json_t *o,
                        const char *name,
                        const char *const *words,
                        int *ret,
                        struct bw_err *reterr);
int bw_receipt_get_kind(const json_t *o, enum bw_test_kind *ret, struct bw_err *reterr);
int bw_receipt_get_direction(const json_t *o,
                             enum bw_direction *ret,
                             struct bw_err *reterr);

/* Is what was written again what was read? */
int bw_receipt_canonical(const struct bw_buf *again,
                         const char *text,
                         size_t n,
                         struct bw_err *reterr);

#endif
