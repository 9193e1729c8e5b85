/* SPDX-License-Identifier: GPL-3.0-or-later
 * fields.c - what a field may hold, and how it is shown and compared.
 *
 * Invariant: a value that a check lets pass has one form in JSON. */
#include "fields.h"
#include "fields_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8.h>

static const char *const unit_names[] = {
    [BW_UNIT_NONE] = "",     [BW_UNIT_BPS] = "bps",   [BW_UNIT_KBPS] = "Kbps",
    [BW_UNIT_MBPS] = "Mbps", [BW_UNIT_GBPS] = "Gbps",
};

static const int64_t unit_bps[] = {
    [BW_UNIT_NONE] = 0,       [BW_UNIT_BPS] = 1,           [BW_UNIT_KBPS] = 1000,
    [BW_UNIT_MBPS] = 1000000, [BW_UNIT_GBPS] = 1000000000,
};

const char *bw_speed_unit_name(enum bw_speed_unit unit)
{
    return unit_names[unit];
}

enum bw_speed_unit bw_speed_unit_parse(const char *text)
{
    static const struct {
        const char *word;
        enum bw_speed_unit unit;
    } words[] = {
        {"bps", BW_UNIT_BPS},     {"bit/s", BW_UNIT_BPS}, {"kbps", BW_UNIT_KBPS},
        {"kbit/s", BW_UNIT_KBPS}, {"kb/s", BW_UNIT_KBPS}, {"mbps", BW_UNIT_MBPS},
        {"mbit/s", BW_UNIT_MBPS}, {"mb/s", BW_UNIT_MBPS}, {"gbps", BW_UNIT_GBPS},
        {"gbit/s", BW_UNIT_GBPS}, {"gb/s", BW_UNIT_GBPS},
    };
    for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i].word) == 0) {
            return words[i].unit;
        }
    }
    return BW_UNIT_NONE;
}

int bw_speed_settle(struct bw_speed *s)
{
    int64_t bps;
    int r = bw_decimal_whole(&s->filed, unit_bps[s->unit], &bps);
    if (r == 0 && (bps <= 0 || bps > BW_SPEED_BPS_MAX_G * INT64_C(1000000000))) {
        r = -ERANGE;
    }
    s->bps = r == 0 ? bps : BW_UNKNOWN;
    return r;
}

static bool all_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

bool bw_date_valid(const char *text)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int part[3] = {0};
    size_t k = 0;
    if (strlen(text) != BW_DATE_LEN) {
        return false;
    }
    for (size_t i = 0; i < BW_DATE_LEN; i++) {
        if (i == 4 || i == 7) {
            if (text[i] != '-') {
                return false;
            }
            k++;
        } else if (text[i] < '0' || text[i] > '9') {
            return false;
        } else {
            part[k] = part[k] * 10 + (text[i] - '0');
        }
    }
    bool leap = part[0] % 4 == 0 && (part[0] % 100 != 0 || part[0] % 400 == 0);
    return part[0] >= 1990 && part[0] < 2200 && part[1] >= 1 && part[1] <= 12 &&
           part[2] >= 1 && part[2] <= days[part[1] - 1] &&
           (part[1] != 2 || part[2] < 29 || leap);
}

int bw_numbers_add(struct bw_numbers *list, const char *number)
{
    size_t len = strlen(number);
    size_t at = 0;
    if (len == 0 || len > BW_NUMBER_MAX || !all_digits(number)) {
        return -EINVAL;
    }
    while (at < list->n && strcmp(list->text[at], number) < 0) {
        at++;
    }
    if (at < list->n && strcmp(list->text[at], number) == 0) {
        return 0;
    }
    if (list->n == BW_NUMBERS_MAX) {
        return -E2BIG;
    }
    void *grown = realloc(list->text, (list->n + 1) * sizeof(list->text[0]));
    if (!grown) {
        return -ENOMEM;
    }
    list->text = grown;
    memmove(list->text + at + 1, list->text + at, (list->n - at) * sizeof(list->text[0]));
    memset(list->text[at], 0, sizeof(list->text[at])); /* lists are compared as bytes */
    memcpy(list->text[at], number, len);
    list->n++;
    return 0;
}

void bw_fields_init(const struct bw_field *table, size_t n, void *object)
{
    for (size_t i = 0; i < n; i++) {
        const struct bw_field *f = &table[i];
        char *at = (char *)object + f->at;
        switch (f->kind) {
        case BW_FIELD_TEXT:
        case BW_FIELD_DIGITS:
        case BW_FIELD_DATE:
            memset(at, 0, f->size);
            break;
        case BW_FIELD_INT:
        case BW_FIELD_YES:
            *(int64_t *)(void *)at = BW_UNKNOWN;
            break;
        case BW_FIELD_CHOICE:
        case BW_FIELD_FLAGS:
            *(int64_t *)(void *)at = 0;
            break;
        case BW_FIELD_DECIMAL:
            *(struct bw_decimal *)(void *)at = BW_DECIMAL_NOT_STATED;
            break;
        case BW_FIELD_SPEED:
            *(struct bw_speed *)(void *)at =
                (struct bw_speed){.bps = BW_UNKNOWN, .filed = BW_DECIMAL_NOT_STATED};
            break;
        case BW_FIELD_NUMBERS:
            *(struct bw_numbers *)(void *)at = (struct bw_numbers){0};
            break;
        }
    }
}

void bw_fields_done(const struct bw_field *table, size_t n, void *object)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].kind == BW_FIELD_NUMBERS) {
            struct bw_numbers *list =
                (struct bw_numbers *)(void *)((char *)object + table[i].at);
            free(list->text);
            *list = (struct bw_numbers){0};
        }
    }
}

bool bw_field_stated(const struct bw_field *f, const void *object)
{
    const char *at = (const char *)object + f->at;
    switch (f->kind) {
    case BW_FIELD_TEXT:
    case BW_FIELD_DIGITS:
    case BW_FIELD_DATE:
        return at[0] != '\0';
    case BW_FIELD_INT:
    case BW_FIELD_YES:
        return bw_field_int(f, object) != BW_UNKNOWN;
    case BW_FIELD_CHOICE:
    case BW_FIELD_FLAGS:
        return bw_field_int(f, object) != 0;
    case BW_FIELD_DECIMAL:
        return bw_field_decimal(f, object)->n != BW_UNKNOWN;
    case BW_FIELD_SPEED:
        return bw_field_speed(f, object)->bps != BW_UNKNOWN;
    case BW_FIELD_NUMBERS:
        return bw_field_numbers(f, object)->n > 0;
    }
    return false;
}

static bool same_decimal(const struct bw_decimal *a, const struct bw_decimal *b)
{
    return a->n == b->n && (a->n == BW_UNKNOWN || a->scale == b->scale);
}

bool bw_field_same(const struct bw_field *f, const void *a, const void *b)
{
    if (!bw_field_stated(f, a) || !bw_field_stated(f, b)) {
        return bw_field_stated(f, a) == bw_field_stated(f, b);
    }
    switch (f->kind) {
    case BW_FIELD_TEXT:
    case BW_FIELD_DIGITS:
    case BW_FIELD_DATE:
        return strcmp((const char *)a + f->at, (const char *)b + f->at) == 0;
    case BW_FIELD_INT:
    case BW_FIELD_YES:
    case BW_FIELD_CHOICE:
    case BW_FIELD_FLAGS:
        return bw_field_int(f, a) == bw_field_int(f, b);
    case BW_FIELD_DECIMAL:
        return same_decimal(bw_field_decimal(f, a), bw_field_decimal(f, b));
    case BW_FIELD_SPEED: {
        const struct bw_speed *x = bw_field_speed(f, a);
        const struct bw_speed *y = bw_field_speed(f, b);
        return x->bps == y->bps && x->unit == y->unit && x->unit_asked == y->unit_asked &&
               same_decimal(&x->filed, &y->filed);
    }
    case BW_FIELD_NUMBERS: {
        const struct bw_numbers *x = bw_field_numbers(f, a);
        const struct bw_numbers *y = bw_field_numbers(f, b);
        return x->n == y->n && memcmp(x->text, y->text, x->n * sizeof(x->text[0])) == 0;
    }
    }
    return false;
}

int bw_field_copy(const struct bw_field *f, void *to, const void *from)
{
    if (f->kind != BW_FIELD_NUMBERS) {
        memcpy((char *)to + f->at, (const char *)from + f->at, f->size);
        return 0;
    }
    struct bw_numbers *list = (struct bw_numbers *)(void *)((char *)to + f->at);
    const struct bw_numbers *other = bw_field_numbers(f, from);
    struct bw_numbers copy = {.n = 0};
    if (other->n > 0) {
        copy.text = calloc(other->n, sizeof(copy.text[0]));
        if (!copy.text) {
            return -ENOMEM;
        }
        memcpy(copy.text, other->text, other->n * sizeof(copy.text[0]));
        copy.n = other->n;
    }
    free(list->text);
    *list = copy;
    return 0;
}

static void flags_text(const struct bw_field *f, int64_t flags, struct bw_buf *out)
{
    const char *gap = "";
    for (size_t i = 0; f->words[i]; i++) {
        if (flags >> i & 1) {
            bw_buf_printf(out, "%s%s", gap, f->words[i]);
            gap = ", ";
        }
    }
}

static void numbers_text(const struct bw_numbers *list, struct bw_buf *out)
{
    enum {
        SHOWN = 8
    };
    for (size_t i = 0; i < list->n && i < SHOWN; i++) {
        bw_buf_printf(out, "%s%s", i ? ", " : "", list->text[i]);
    }
    if (list->n > SHOWN) {
        bw_buf_printf(out, " and %zu more", list->n - SHOWN);
    }
}

void bw_field_text(const struct bw_field *f, const void *object, struct bw_buf *out)
{
    char text[BW_DECIMAL_TEXT_MAX + 1];
    if (!bw_field_stated(f, object)) {
        return;
    }
    switch (f->kind) {
    case BW_FIELD_TEXT:
    case BW_FIELD_DIGITS:
    case BW_FIELD_DATE:
        bw_buf_puts(out, (const char *)object + f->at);
        break;
    case BW_FIELD_INT:
        bw_buf_i64(out, bw_field_int(f, object));
        break;
    case BW_FIELD_YES:
        bw_buf_puts(out, bw_field_int(f, object) ? "yes" : "no");
        break;
    case BW_FIELD_CHOICE:
        bw_buf_puts(out, f->words[bw_field_int(f, object)]);
        break;
    case BW_FIELD_FLAGS:
        flags_text(f, bw_field_int(f, object), out);
        break;
    case BW_FIELD_DECIMAL:
        bw_decimal_text(bw_field_decimal(f, object), 0, text);
        bw_buf_puts(out, text);
        break;
    case BW_FIELD_SPEED:
        bw_decimal_text(&bw_field_speed(f, object)->filed, 0, text);
        bw_buf_printf(out, "%s %s", text, unit_names[bw_field_speed(f, object)->unit]);
        break;
    case BW_FIELD_NUMBERS:
        numbers_text(bw_field_numbers(f, object), out);
        break;
    }
}

static int wrong(const struct bw_field *f, const char *what, struct bw_err *reterr)
{
    return bw_err_set(reterr, -EINVAL, "%s: %s", f->name, what);
}

static int check_numbers(const struct bw_field *f,
                         const struct bw_numbers *list,
                         struct bw_err *reterr)
{
    if (list->n > BW_NUMBERS_MAX) {
        return wrong(f, "too many numbers", reterr);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (list->text[i][0] == '\0' || !all_digits(list->text[i])) {
            return wrong(f, "not a number of digits", reterr);
        }
        if (i > 0 && strcmp(list->text[i - 1], list->text[i]) >= 0) {
            return wrong(f, "not in ascending order", reterr);
        }
    }
    return 0;
}

static int check_speed(const struct bw_field *f, struct bw_speed s, struct bw_err *reterr)
{
    int64_t bps = s.bps;
    if (bw_speed_settle(&s) < 0 || s.bps != bps) {
        return wrong(f, "not what number and unit come to", reterr);
    }
    return 0;
}

int bw_field_check(const struct bw_field *f, const void *object, struct bw_err *reterr)
{
    const char *text = (const char *)object + f->at;
    if (!bw_field_stated(f, object)) {
        return f->needed ? wrong(f, "is needed", reterr) : 0;
    }
    switch (f->kind) {
    case BW_FIELD_TEXT:
        if (!bw_utf8_readable(text, strlen(text), f->max == 1)) {
            return wrong(f, "characters that are not for people to read", reterr);
        }
        return 0;
    case BW_FIELD_DIGITS:
        return !all_digits(text) || (int64_t)strlen(text) < f->min ||
                       (int64_t)strlen(text) > f->max
                   ? wrong(f, "not a number of the right length", reterr)
                   : 0;
    case BW_FIELD_DATE:
        return bw_date_valid(text) ? 0 : wrong(f, "no such day", reterr);
    case BW_FIELD_INT:
        return bw_field_int(f, object) < f->min || bw_field_int(f, object) > f->max
                   ? wrong(f, "out of range", reterr)
                   : 0;
    case BW_FIELD_DECIMAL:
        return bw_field_decimal(f, object)->n < 0 ? wrong(f, "is negative", reterr) : 0;
    case BW_FIELD_SPEED:
        return check_speed(f, *bw_field_speed(f, object), reterr);
    case BW_FIELD_NUMBERS:
        return check_numbers(f, bw_field_numbers(f, object), reterr);
    case BW_FIELD_YES:
    case BW_FIELD_CHOICE:
    case BW_FIELD_FLAGS:
        return 0;
    }
    return 0;
}
