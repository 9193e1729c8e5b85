/* SPDX-License-Identifier: GPL-3.0-or-later
 * decimal.h - money, quantities and speeds as they were filed: exact, never as floating
 * point. A value is n / 10^scale; its one form has no trailing zero in the fraction. */
#ifndef BW_DECIMAL_H
#define BW_DECIMAL_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_DECIMAL_PLACES_MAX = 9,
    BW_DECIMAL_TEXT_MAX = 31 /* bytes of its text, without NUL */
};

struct bw_decimal {
    int64_t n; /* BW_UNKNOWN: not stated; else within ±(2^53 - 1) */
    uint8_t scale;
};

#define BW_DECIMAL_NOT_STATED ((struct bw_decimal){.n = BW_UNKNOWN})

/* "1234.5", "$1,234.50", "-3", " 12 ". Refused: "1,23", "1.", "1e3", "". -EINVAL: no
 * decimal; -ERANGE: more digits than are kept. */
int bw_decimal_parse(const char *text, size_t n, struct bw_decimal *ret);
/* "1234.5"; with at least `places` digits after the point: "1234.50" for 2. */
void bw_decimal_text(const struct bw_decimal *d,
                     unsigned places,
                     char ret[BW_DECIMAL_TEXT_MAX + 1]);

/* d · factor as a whole number; -ERANGE where it is none, or too large. */
int bw_decimal_whole(const struct bw_decimal *d, int64_t factor, int64_t *ret);
/* a + b, a · k; -ERANGE. */
int bw_decimal_add(const struct bw_decimal *a,
                   const struct bw_decimal *b,
                   struct bw_decimal *ret);
int bw_decimal_times(const struct bw_decimal *a, int64_t k, struct bw_decimal *ret);

#endif
