/* SPDX-License-Identifier: GPL-3.0-or-later
 * optspec.c - one option's value: from text, to text, and onto the manual page.
 *
 * Invariant: what format writes, parse reads back to the same number; a number without
 * its unit, an octal, a fraction that is not exact are never guessed at. */
#include "buf.h"
#include "conf.h"
#include "conf_private.h"
#include "utf8.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *suffix;
    int64_t scale;
};

/* The largest first: format takes the first that divides. Spellings after the canonical
 * one of each scale are only read. */
static const struct unit duration_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};
static const struct unit rate_units[] = {
    {"G", 1000000000}, {"Gbit", 1000000000}, {"Gbit/s", 1000000000},
    {"M", 1000000},    {"Mbit", 1000000},    {"Mbit/s", 1000000},
    {"k", 1000},       {"kbit", 1000},       {"kbit/s", 1000},
    {"bit", 1},        {"bit/s", 1},         {NULL, 0},
};
static const struct unit size_units[] = {
    {"TB", 1000000000000}, {"GB", 1000000000}, {"MB", 1000000},
    {"kB", 1000},          {"B", 1},           {NULL, 0},
};

/* The words a message needs to name a type. */
static const struct {
    const char *word;    /* on the manual page */
    const char *article; /* in a sentence */
    const char *example;
    const struct unit *units;
} types[] = {
    [BW_OPT_INT] = {"number", "a whole number", "10", NULL},
    [BW_OPT_DURATION] = {"duration", "a duration", "200ms, 30s, 5min, 6h or 2d",
                         duration_units},
    [BW_OPT_RATE] = {"rate", "a rate", "64k, 100M, 1.544M or 1G (bits per second)",
                     rate_units},
    [BW_OPT_SIZE] = {"size", "a size", "500MB or 4GB (decimal)", size_units},
    [BW_OPT_BOOL] = {"yes|no", "yes or no", "yes", NULL},
    [BW_OPT_ENUM] = {"word", "one word", "", NULL},
    [BW_OPT_SET] = {"words", "words with commas between, or none", "", NULL},
    [BW_OPT_STRING] = {"text", "text", "", NULL},
};

const struct bw_optspec *bw_optspec_find(const struct bw_optspec *spec, const char *name)
{
    for (; spec && spec->type != BW_OPT_END; spec++) {
        if (strcmp(spec->name, name) == 0) {
            return spec;
        }
    }
    return NULL;
}

/* The value as a sentence may show it. */
static const char *shown(const struct bw_optspec *spec, const char *text)
{
    return spec->flags & BW_OPT_SECRET ? "(secret)" : text;
}

static int fault(const struct bw_optspec *spec,
                 const char *text,
                 struct bw_err *reterr,
                 const char *what)
{
    return bw_err_set(reterr, -EINVAL, "'%s' is '%.100s': %s", spec->name,
                      shown(spec, text), what);
}

/* Decimal digits into *ret, saturating at a value no range allows. */
static const char *take_number(const char *at, int64_t *ret)
{
    int64_t v = 0;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *at - '0', &v)) {
            v = INT64_MAX;
        }
    }
    *ret = v;
    return at;
}

/* "1.544M": whole, fraction and unit; -EINVAL with the sentence otherwise. */
static int parse_scaled(const struct bw_optspec *spec,
                        const char *text,
                        int64_t *ret,
                        struct bw_err *reterr)
{
    const struct unit *unit = types[spec->type].units;
    int64_t whole;
    int64_t fraction = 0;
    int64_t divisor = 1;
    int64_t extra;
    const char *at = take_number(text, &whole);

    if (at == text) {
        return bw_err_set(reterr, -EINVAL, "'%s' is '%.100s': must be %s, as in %s",
                          spec->name, shown(spec, text), types[spec->type].article,
                          types[spec->type].example);
    }
    if (text[0] == '0' && at - text > 1) {
        return fault(spec, text, reterr, "write it without the leading 0");
    }
    if (*at == '.') {
        const char *start = ++at;
        for (; *at >= '0' && *at <= '9' && at - start < 9; at++) {
            fraction = fraction * 10 + (*at - '0');
            divisor *= 10;
        }
        if (at == start || (*at >= '0' && *at <= '9')) {
            return fault(spec, text, reterr, "a fraction has 1 to 9 digits");
        }
    }
    if (*at == '\0') {
        return bw_err_set(reterr, -EINVAL, "'%s' is '%.100s': %s needs its unit, as in %s",
                          spec->name, shown(spec, text), types[spec->type].article,
                          types[spec->type].example);
    }
    while (unit->suffix && strcmp(unit->suffix, at) != 0) {
        unit++;
    }
    if (!unit->suffix) {
        return bw_err_set(reterr, -EINVAL,
                          "'%s' is '%.100s': unknown unit '%.20s'; %s is written as in %s",
                          spec->name, shown(spec, text), at, types[spec->type].article,
                          types[spec->type].example);
    }
    /* at most 9 digits times 10^12 fits */
    if (fraction * unit->scale % divisor != 0) {
        return fault(spec, text, reterr, "has more digits than its unit can hold");
    }
    extra = fraction * unit->scale / divisor;
    if (__builtin_mul_overflow(whole, unit->scale, &whole) ||
        __builtin_add_overflow(whole, extra, &whole)) {
        whole = INT64_MAX;
    }
    *ret = whole;
    return 0;
}

static int parse_int(const struct bw_optspec *spec,
                     const char *text,
                     int64_t *ret,
                     struct bw_err *reterr)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    int64_t v;
    const char *at = take_number(digits, &v);

    if (at == digits || *at != '\0') {
        return fault(spec, text, reterr, "must be a whole decimal number");
    }
    if (digits[0] == '0' && at - digits > 1) {
        return fault(spec, text, reterr, "write it without the leading 0");
    }
    *ret = text[0] == '-' ? -v : v;
    return 0;
}

static int find_word(const char *const *words, const char *word, size_t n)
{
    for (int i = 0; words[i]; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0) {
            return i;
        }
    }
    return -1;
}

static void put_words(struct bw_buf *b, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        bw_buf_printf(b, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
}

static int
word_fault(const struct bw_optspec *spec, const char *word, size_t n, struct bw_err *reterr)
{
    char copy[64];
    const char *near;
    struct bw_buf list;
    int r;

    n = n < sizeof(copy) ? n : sizeof(copy) - 1;
    memcpy(copy, word, n);
    copy[n] = '\0';
    near = bw_conf_nearest(copy, spec->words);
    bw_buf_init(&list, 300);
    put_words(&list, spec->words);
    r = bw_err_set(reterr, -EINVAL, "'%s' is '%s': must be %s%s%s%s", spec->name,
                   shown(spec, copy), list.data ? list.data : "another word",
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    bw_buf_done(&list);
    return r;
}

static int parse_set(const struct bw_optspec *spec,
                     const char *text,
                     int64_t *ret,
                     struct bw_err *reterr)
{
    int64_t bits = 0;
    const char *at = text;

    if (strcmp(text, "none") == 0 || text[0] == '\0') {
        *ret = 0;
        return 0;
    }
    for (;;) {
        size_t n;
        int i;
        at += strspn(at, " ");
        n = strcspn(at, ", ");
        i = find_word(spec->words, at, n);
        if (i < 0) {
            return word_fault(spec, at, n, reterr);
        }
        if (bits & (int64_t)1 << i) {
            return fault(spec, text, reterr, "names a word twice");
        }
        bits |= (int64_t)1 << i;
        at += n;
        at += strspn(at, " ");
        if (*at == '\0') {
            break;
        }
        if (*at != ',') {
            return fault(spec, text, reterr, "put commas between the words");
        }
        at++;
    }
    *ret = bits;
    return 0;
}

static int parse_text(const struct bw_optspec *spec,
                      const char *text,
                      int64_t *ret,
                      struct bw_err *reterr)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) {
            return bw_err_set(reterr, -EINVAL, "'%s' holds a control character",
                              spec->name);
        }
    }
    if (!bw_utf8_valid(text, n)) {
        return bw_err_set(reterr, -EINVAL, "'%s' is not in UTF-8", spec->name);
    }
    if (spec->max > 0 && ((int64_t)n < spec->min || (int64_t)n > spec->max)) {
        return bw_err_set(reterr, -EINVAL, "'%s' has %zu bytes: must have %lld to %lld",
                          spec->name, n, (long long)spec->min, (long long)spec->max);
    }
    *ret = (int64_t)n;
    return 0;
}

static bool is_number(const struct bw_optspec *spec)
{
    return spec->type == BW_OPT_INT || spec->type == BW_OPT_DURATION ||
           spec->type == BW_OPT_RATE || spec->type == BW_OPT_SIZE;
}

static int check_range(const struct bw_optspec *spec,
                       const char *text,
                       int64_t v,
                       struct bw_err *reterr)
{
    bool open_end = spec->min == 0 && spec->max == 0;
    int64_t max = open_end ? INT64_MAX - 1 : spec->max;
    struct bw_buf b;
    int r;

    if (v >= spec->min && v <= max) {
        return 0;
    }
    if (open_end) {
        return fault(spec, text, reterr, v < 0 ? "must not be negative" : "is too large");
    }
    bw_buf_init(&b, 100);
    bw_buf_puts(&b, "must be from ");
    bw_optspec_format(spec, spec->min, &b);
    bw_buf_puts(&b, " to ");
    bw_optspec_format(spec, max, &b);
    r = fault(spec, text, reterr, b.data ? b.data : "out of range");
    bw_buf_done(&b);
    return r;
}

int bw_optspec_parse(const struct bw_optspec *spec,
                     const char *text,
                     int64_t *ret,
                     struct bw_err *reterr)
{
    int64_t v = 0;
    int r = -EINVAL;

    switch (spec->type) {
    case BW_OPT_INT:
        r = parse_int(spec, text, &v, reterr);
        break;
    case BW_OPT_DURATION:
    case BW_OPT_RATE:
    case BW_OPT_SIZE:
        r = parse_scaled(spec, text, &v, reterr);
        break;
    case BW_OPT_BOOL:
        v = strcmp(text, "yes") == 0;
        r = v || strcmp(text, "no") == 0 ? 0
                                         : fault(spec, text, reterr, "must be yes or no");
        break;
    case BW_OPT_ENUM:
        v = find_word(spec->words, text, strlen(text));
        r = v >= 0 ? 0 : word_fault(spec, text, strlen(text), reterr);
        break;
    case BW_OPT_SET:
        r = parse_set(spec, text, &v, reterr);
        break;
    case BW_OPT_STRING:
        r = parse_text(spec, text, &v, reterr);
        break;
    case BW_OPT_END:
        break;
    }
    if (r == 0 && is_number(spec)) {
        r = check_range(spec, text, v, reterr);
    }
    if (r == 0) {
        *ret = v;
    }
    return r;
}

void bw_optspec_format(const struct bw_optspec *spec, int64_t value, struct bw_buf *out)
{
    const struct unit *unit = types[spec->type].units;

    if (value == BW_UNKNOWN) {
        return;
    }
    if (unit) {
        while (value % unit->scale != 0 || (value == 0 && unit[1].suffix)) {
            unit++;
        }
        bw_buf_i64(out, value / unit->scale);
        bw_buf_puts(out, unit->suffix);
    } else if (spec->type == BW_OPT_BOOL) {
        bw_buf_puts(out, value ? "yes" : "no");
    } else if (spec->type == BW_OPT_ENUM) {
        bw_buf_puts(out, spec->words[value]);
    } else if (spec->type == BW_OPT_SET) {
        const char *comma = "";
        for (int i = 0; spec->words[i]; i++) {
            if (value & (int64_t)1 << i) {
                bw_buf_printf(out, "%s%s", comma, spec->words[i]);
                comma = ",";
            }
        }
        if (value == 0) {
            bw_buf_puts(out, "none");
        }
    } else {
        bw_buf_i64(out, value);
    }
}

int bw_optspec_take(const struct bw_optspec *spec,
                    const char *text,
                    int64_t *ret_held,
                    char **ret_text,
                    struct bw_err *reterr)
{
    struct bw_buf b;
    char *copy;
    int64_t held = 0;
    int r = bw_optspec_parse(spec, text, &held, reterr);

    if (r < 0) {
        return r;
    }
    bw_buf_init(&b, SIZE_MAX);
    if (spec->type == BW_OPT_STRING) {
        bw_buf_puts(&b, text);
    } else {
        bw_optspec_format(spec, held, &b);
    }
    copy = bw_buf_take(&b, NULL);
    bw_buf_done(&b);
    if (!copy) {
        return bw_err_set(reterr, -ENOMEM, "%s", bw_strerror(-ENOMEM));
    }
    *ret_held = held;
    *ret_text = copy;
    return 0;
}

void bw_man_escape(struct bw_buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("_*\\#~<>`", *text)) {
            bw_buf_putc(out, '\\');
        }
        bw_buf_putc(out, *text);
    }
}

void bw_optspec_man(const struct bw_optspec *spec, struct bw_buf *out)
{
    for (; spec && spec->type != BW_OPT_END; spec++) {
        bw_buf_puts(out, "*");
        bw_man_escape(out, spec->name);
        bw_buf_puts(out, "* = ");
        if (spec->type == BW_OPT_ENUM) {
            for (size_t i = 0; spec->words[i]; i++) {
                bw_buf_puts(out, i ? "|" : "");
                bw_man_escape(out, spec->words[i]);
            }
        } else {
            bw_buf_printf(out, "_%s_", types[spec->type].word);
        }
        bw_buf_puts(out, "\n\t");
        bw_man_escape(out, spec->doc ? spec->doc : "");
        if (spec->type == BW_OPT_SET) {
            bw_buf_puts(out, " Words: ");
            for (size_t i = 0; spec->words[i]; i++) {
                bw_buf_puts(out, i ? ", " : "");
                bw_man_escape(out, spec->words[i]);
            }
            bw_buf_putc(out, '.');
        }
        if (is_number(spec) && (spec->min != 0 || spec->max != 0)) {
            bw_buf_puts(out, " From ");
            bw_optspec_format(spec, spec->min, out);
            bw_buf_puts(out, " to ");
            bw_optspec_format(spec, spec->max, out);
            bw_buf_putc(out, '.');
        }
        if (!spec->def) {
            bw_buf_puts(out, " Required.");
        } else if (spec->def[0] == '\0') {
            /* many a sentence says itself what happens then */
            if (!spec->doc || !strstr(spec->doc, "Not set:")) {
                bw_buf_puts(out, " Not set by default.");
            }
        } else {
            bw_buf_puts(out, " Default: ");
            bw_man_escape(out, spec->def);
            bw_buf_putc(out, '.');
        }
        bw_buf_puts(out, "\n\n");
    }
}
