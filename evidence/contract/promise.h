/* SPDX-License-Identifier: GPL-3.0-or-later
 * promise.h - what the contract of a line promises, as somebody said: the body of a
 * statement of kind "terms", about the claim's key (docs/terms-v1.md). */
#ifndef BW_PROMISE_H
#define BW_PROMISE_H

#include <bw/units.h>
#include <fields.h>
#include <stddef.h>

struct bw_buf;
struct bw_err;

enum bw_promise_limits {
    BW_PROMISE_CLAUSES_MAX = 12000, /* bytes, without NUL */
    BW_PROMISE_TEXT_MAX = 240
};

struct bw_promise {
    char from[BW_DATE_LEN + 1];               /* first day; "" as long as the claim holds */
    char to[BW_DATE_LEN + 1];                 /* last day */
    char text[BW_PROMISE_TEXT_MAX + 1];       /* which paper, in words; "" */
    char clauses[BW_PROMISE_CLAUSES_MAX + 1]; /* as bandwitness-rules(5) has them */
};

extern const struct bw_field bw_promise_fields[];
extern const size_t bw_promise_n_fields;

void bw_promise_init(struct bw_promise *p);
/* As bw_fields_encode and bw_fields_decode; the last day is not before the first. What the
 * clauses say is not looked at: terms.h reads them. */
int bw_promise_encode(const struct bw_promise *p,
                      struct bw_buf *out,
                      struct bw_err *reterr);
int bw_promise_decode(const char *text,
                      size_t n,
                      struct bw_promise *ret,
                      struct bw_err *reterr);

#endif
