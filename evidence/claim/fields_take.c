/* SPDX-License-Identifier: GPL-3.0-or-later
 * fields_take.c - values from the cells of a table that somebody else wrote.
 *
 * Invariant: a cell gives exactly what stands in it, or is refused; nothing is cut, padded
 * or guessed. */
#include "fields.h"
#include "fields_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8.h>

enum {
    CELL_SHOWN = 40 /* bytes of a cell that a message quotes */
};

static int wrong(int code,
                 const struct bw_field *f,
                 const char *cell,
                 const char *what,
                 struct bw_err *e)
{
    int shown = (int)bw_utf8_fit(cell, strlen(cell), CELL_SHOWN);
    return bw_err_set(e, code, "%s '%.*s'%s: %s", f->name, shown, cell,
                      cell[shown] ? " …" : "", what);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without white space at its ends, and one space for any within. */
static int squeeze(const char *cell, char *out, size_t cap)
{
    size_t n = 0;
    bool gap = false;
    for (; *cell; cell++) {
        if (blank(*cell)) {
            gap = n > 0;
            continue;
        }
        if (n + gap + 1 >= cap) {
            return -E2BIG;
        }
        if (gap) {
            out[n++] = ' ';
            gap = false;
        }
        out[n++] = *cell;
    }
    memset(out + n, 0, cap - n);
    return 0;
}

/* One to `max` digits; gives how many. */
static size_t digits(const char *text, size_t max, int *ret)
{
    size_t n = 0;
    *ret = 0;
    while (n < max && text[n] >= '0' && text[n] <= '9') {
        *ret = *ret * 10 + (text[n++] - '0');
    }
    return n;
}

/* "7/1/2026" as "2026-07-01"; gives the bytes used, 0: not of this form. */
static size_t month_first(const char *cell, char ret[BW_DATE_LEN + 1])
{
    char made[48];
    int month;
    int day;
    int year;
    size_t a = digits(cell, 2, &month);
    if (a == 0 || cell[a] != '/') {
        return 0;
    }
    size_t b = digits(cell + a + 1, 2, &day);
    if (b == 0 || cell[a + 1 + b] != '/' || digits(cell + a + b + 2, 4, &year) != 4) {
        return 0;
    }
    (void)snprintf(made, sizeof(made), "%04d-%02d-%02d", year, month, day);
    memcpy(ret, made, BW_DATE_LEN);
    ret[BW_DATE_LEN] = '\0';
    return a + b + 6;
}

/* "2026-07-01T00:00:00.000", "7/1/2026 12:00:00 AM": the day before any time of it. */
static int take_date(const char *cell, char ret[BW_DATE_LEN + 1])
{
    char text[BW_DATE_LEN + 1];
    size_t used = month_first(cell, text);
    if (used == 0) {
        used = BW_DATE_LEN;
        if (strlen(cell) < BW_DATE_LEN) {
            return -EINVAL;
        }
        memcpy(text, cell, BW_DATE_LEN);
        text[BW_DATE_LEN] = '\0';
    }
    char after = cell[used];
    if (!bw_date_valid(text) || (after != '\0' && after != ' ' && after != 'T')) {
        return -EINVAL;
    }
    memcpy(ret, text, sizeof(text));
    return 0;
}

static int take_int(const char *cell, int64_t min, int64_t max, int64_t *ret)
{
    struct bw_decimal d;
    int64_t v;
    if (bw_decimal_parse(cell, strlen(cell), &d) < 0 || bw_decimal_whole(&d, 1, &v) < 0) {
        return -EINVAL;
    }
    if (v < min || v > max) {
        return -ERANGE;
    }
    *ret = v;
    return 0;
}

static int take_yes(const char *cell, int64_t *ret)
{
    static const char *const words[2][3] = {{"no", "false", "n"}, {"yes", "true", "y"}};
    for (int yes = 0; yes < 2; yes++) {
        for (int i = 0; i < 3; i++) {
            if (strcasecmp(cell, words[yes][i]) == 0) {
                *ret = yes;
                return 0;
            }
        }
    }
    return -EINVAL;
}

static int take_choice(const struct bw_field *f, const char *cell, int64_t *ret)
{
    for (int64_t i = 1; f->words[i]; i++) {
        if (strcasecmp(cell, f->words[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

static int take_text(const struct bw_field *f, const char *cell, char *at, struct bw_err *e)
{
    if (squeeze(cell, at, f->size) < 0) {
        return wrong(-E2BIG, f, cell, "too long", e);
    }
    size_t n = strlen(at);
    if (bw_utf8_hidden(at, n) < n) {
        memset(at, 0, f->size);
        return wrong(-EINVAL, f, cell, "a character in it cannot be seen", e);
    }
    if (f->kind == BW_FIELD_DIGITS && n > 0 &&
        (at[strspn(at, "0123456789")] != '\0' || (int64_t)n < f->min ||
         (int64_t)n > f->max)) {
        memset(at, 0, f->size);
        return wrong(-EINVAL, f, cell, "not a number of the right length", e);
    }
    return 0;
}

int bw_field_take(const struct bw_field *f,
                  void *object,
                  const char *cell,
                  struct bw_err *reterr)
{
    char *at = (char *)object + f->at;
    char text[64];
    int r;
    if (f->kind == BW_FIELD_TEXT || f->kind == BW_FIELD_DIGITS) {
        return take_text(f, cell, at, reterr);
    }
    if (squeeze(cell, text, sizeof(text)) < 0) {
        return wrong(-E2BIG, f, cell, "too long", reterr);
    }
    if (text[0] == '\0') {
        bw_fields_init(f, 1, object);
        return 0;
    }
    switch (f->kind) {
    case BW_FIELD_DATE:
        return take_date(text, at) < 0
                   ? wrong(-EINVAL, f, cell, "no day like 2026-07-01", reterr)
                   : 0;
    case BW_FIELD_INT:
        r = take_int(text, f->min, f->max, (int64_t *)(void *)at);
        return r < 0 ? wrong(r, f, cell,
                             r == -ERANGE ? "out of range" : "not a whole number", reterr)
                     : 0;
    case BW_FIELD_DECIMAL:
        r = bw_decimal_parse(text, strlen(text), (struct bw_decimal *)(void *)at);
        if (r == 0 && bw_field_decimal(f, object)->n < 0) {
            bw_fields_init(f, 1, object);
            r = -ERANGE;
            return wrong(r, f, cell, "is negative", reterr);
        }
        return r < 0 ? wrong(r, f, cell,
                             r == -ERANGE ? "more digits than are kept" : "not a number",
                             reterr)
                     : 0;
    case BW_FIELD_YES:
        return take_yes(text, (int64_t *)(void *)at) < 0
                   ? wrong(-EINVAL, f, cell, "neither yes nor no", reterr)
                   : 0;
    case BW_FIELD_CHOICE:
        return take_choice(f, text, (int64_t *)(void *)at) < 0
                   ? wrong(-EINVAL, f, cell, "no word that is known here", reterr)
                   : 0;
    case BW_FIELD_TEXT:
    case BW_FIELD_DIGITS:
    case BW_FIELD_SPEED:
    case BW_FIELD_FLAGS:
    case BW_FIELD_NUMBERS:
        break;
    }
    return bw_err_set(reterr, -EINVAL, "%s: not taken from a cell", f->name);
}

int bw_speed_take(const char *number,
                  const char *unit,
                  enum bw_speed_unit asked,
                  struct bw_speed *ret,
                  bool *ret_zero,
                  struct bw_err *reterr)
{
    char text[64];
    char named[32];
    struct bw_speed s = {.bps = BW_UNKNOWN};
    *ret = (struct bw_speed){.bps = BW_UNKNOWN, .filed = BW_DECIMAL_NOT_STATED};
    *ret_zero = false;
    if (squeeze(number, text, sizeof(text)) < 0 ||
        squeeze(unit ? unit : "", named, sizeof(named)) < 0) {
        return bw_err_set(reterr, -E2BIG, "a speed that is too long");
    }
    if (text[0] == '\0') {
        return 0;
    }
    char *word = strchr(text, ' ');
    if (word) {
        *word++ = '\0';
        if (named[0] && bw_speed_unit_parse(word) != bw_speed_unit_parse(named)) {
            return bw_err_set(reterr, -EINVAL,
                              "speed '%s': its unit is %s here and %s there", number, word,
                              named);
        }
        (void)snprintf(named, sizeof(named), "%.31s", word);
    }
    int r = bw_decimal_parse(text, strlen(text), &s.filed);
    if (r < 0 || s.filed.n < 0) {
        return bw_err_set(reterr, -EINVAL, "speed '%s': not a number", number);
    }
    if (s.filed.n == 0) {
        *ret_zero = true;
        return 0;
    }
    s.unit = bw_speed_unit_parse(named);
    if (s.unit == BW_UNIT_NONE && named[0]) {
        return bw_err_set(reterr, -EINVAL,
                          "speed %s: its unit '%s' is none of bps, Kbps, Mbps, Gbps", text,
                          named);
    }
    if (s.unit == BW_UNIT_NONE) {
        s.unit = asked;
        s.unit_asked = true;
    }
    if (s.unit == BW_UNIT_NONE) {
        return bw_err_set(reterr, -ENODATA, "speed %s has no unit", text);
    }
    if (bw_speed_settle(&s) < 0) {
        return bw_err_set(reterr, -ERANGE,
                          "speed %s %s: no whole bits a second, or too many", text,
                          bw_speed_unit_name(s.unit));
    }
    *ret = s;
    return 0;
}
