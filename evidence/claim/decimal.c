/* SPDX-License-Identifier: GPL-3.0-or-later
 * decimal.c - exact decimals in 64 bits.
 *
 * Invariant: one value has one form (no trailing zero in the fraction), and nothing is
 * ever rounded: what does not fit is refused. */
#include "decimal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define N_MAX ((INT64_C(1) << 53) - 1)

static const int64_t tens[BW_DECIMAL_PLACES_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static int settle(int64_t n, unsigned scale, struct bw_decimal *ret)
{
    while (scale > 0 && n % 10 == 0) {
        n /= 10;
        scale--;
    }
    if (n > N_MAX || n < -N_MAX || scale > BW_DECIMAL_PLACES_MAX) {
        return -ERANGE;
    }
    ret->n = n;
    ret->scale = (uint8_t)scale;
    return 0;
}

/* The whole part, in groups of three when it has commas at all. Gives its length. */
static size_t whole_part(const char *text, size_t n, int64_t *value, bool *too_large)
{
    size_t i = 0;
    size_t since = 0; /* digits since the start or the last comma */
    bool groups = false;
    for (; i < n && (digit(text[i]) || text[i] == ','); i++) {
        if (text[i] == ',') {
            if (since == 0 || since > 3 || (groups && since != 3)) {
                return 0;
            }
            groups = true;
            since = 0;
            continue;
        }
        since++;
        *too_large = *too_large || *value > N_MAX;
        *value = *too_large ? 0 : *value * 10 + (text[i] - '0');
    }
    return groups && since != 3 ? 0 : i;
}

int bw_decimal_parse(const char *text, size_t n, struct bw_decimal *ret)
{
    int64_t value = 0;
    unsigned scale = 0;
    bool minus = false;
    bool too_large = false;
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    if (n > 0 && *text == '-') {
        minus = true;
        text++;
        n--;
    }
    if (n > 0 && *text == '$') {
        text++;
        n--;
    }
    size_t whole = whole_part(text, n, &value, &too_large);
    if (whole == 0 || (whole < n && (text[whole] != '.' || whole + 1 == n))) {
        return -EINVAL;
    }
    size_t last = n; /* trailing zeros of the fraction say nothing */
    while (last > whole + 1 && text[last - 1] == '0') {
        last--;
    }
    for (size_t i = whole + 1; i < n; i++) {
        if (!digit(text[i])) {
            return -EINVAL;
        }
        if (i >= last) {
            continue;
        }
        too_large = too_large || value > N_MAX || scale == BW_DECIMAL_PLACES_MAX;
        value = too_large ? 0 : value * 10 + (text[i] - '0');
        scale++;
    }
    return too_large ? -ERANGE : settle(minus ? -value : value, scale, ret);
}

void bw_decimal_text(const struct bw_decimal *d,
                     unsigned places,
                     char ret[BW_DECIMAL_TEXT_MAX + 1])
{
    size_t cap = BW_DECIMAL_TEXT_MAX + 1;
    if (d->n == BW_UNKNOWN) {
        ret[0] = '\0';
        return;
    }
    int64_t positive = d->n < 0 ? -d->n : d->n;
    int64_t ten = tens[d->scale];
    int used = snprintf(ret, cap, "%s%" PRId64, d->n < 0 ? "-" : "", positive / ten);
    if (d->scale > 0) {
        used += snprintf(ret + used, cap - (size_t)used, ".%0*" PRId64, (int)d->scale,
                         positive % ten);
    } else if (places > 0) {
        ret[used++] = '.';
    }
    for (unsigned i = d->scale; i < places && (size_t)used + 1 < cap; i++) {
        ret[used++] = '0';
    }
    ret[used] = '\0';
}

int bw_decimal_whole(const struct bw_decimal *d, int64_t factor, int64_t *ret)
{
    unsigned scale = d->scale;
    int64_t product;
    if (d->n == BW_UNKNOWN) {
        return -EINVAL;
    }
    while (scale > 0 && factor % 10 == 0) {
        factor /= 10;
        scale--;
    }
    if (__builtin_mul_overflow(d->n, factor, &product) || product % tens[scale] != 0) {
        return -ERANGE;
    }
    *ret = product / tens[scale];
    return 0;
}

int bw_decimal_add(const struct bw_decimal *a,
                   const struct bw_decimal *b,
                   struct bw_decimal *ret)
{
    unsigned scale = a->scale > b->scale ? a->scale : b->scale;
    int64_t x;
    int64_t y;
    if (a->n == BW_UNKNOWN || b->n == BW_UNKNOWN) {
        return -EINVAL;
    }
    if (__builtin_mul_overflow(a->n, tens[scale - a->scale], &x) ||
        __builtin_mul_overflow(b->n, tens[scale - b->scale], &y) ||
        __builtin_add_overflow(x, y, &x)) {
        return -ERANGE;
    }
    return settle(x, scale, ret);
}

int bw_decimal_times(const struct bw_decimal *a, int64_t k, struct bw_decimal *ret)
{
    int64_t x;
    if (a->n == BW_UNKNOWN) {
        return -EINVAL;
    }
    return __builtin_mul_overflow(a->n, k, &x) ? -ERANGE : settle(x, a->scale, ret);
}
