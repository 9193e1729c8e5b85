/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar.c - the instructional calendar: days without lessons, and half days.
 *
 * A line that cannot be read is a fault with its number, never a day that is passed over:
 * a test in class because of a typing error would be worse than none. */
#include "calendar.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <file.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_MAX = 256 * 1024,
    LINE_BYTES_MAX = 255
};

struct off {
    int64_t from_day;
    int64_t to_day;
    int until_min;
};

struct bw_calendar {
    struct off *list;
    size_t n;
};

static const char *skip_space(const char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

static bool is_dash(const char **p)
{
    static const char *const forms[] = {"..", "-", "to "};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strncmp(*p, forms[i], strlen(forms[i])) == 0) {
            *p += strlen(forms[i]);
            return true;
        }
    }
    return false;
}

/* One line without its comment. What is wrong with it, or NULL. */
static const char *read_line(const char *p, struct off *ret)
{
    struct off o = {.until_min = 0};
    if (bw_civil_date_parse(p, &o.from_day) < 0) {
        return "a line is a date like 2026-11-26, a range like 2026-12-21 - 2027-01-02, "
               "or a half day like 2026-11-25 until 12:00";
    }
    o.to_day = o.from_day;
    p = skip_space(p + BW_CIVIL_DATE_LEN);
    if (is_dash(&p)) {
        p = skip_space(p);
        if (bw_civil_date_parse(p, &o.to_day) < 0) {
            return "after the dash stands the range's last day, like 2027-01-02";
        }
        if (o.to_day < o.from_day) {
            return "the range ends before it begins";
        }
        p = skip_space(p + BW_CIVIL_DATE_LEN);
    }
    if (strncmp(p, "until ", 6) == 0) {
        char at[6] = "";
        p = skip_space(p + 6);
        (void)snprintf(at, sizeof(at), "%.5s", p);
        o.until_min = bw_civil_minute_parse(at);
        if (o.until_min <= 0) {
            return "after \"until\" stands the time at which lessons end, like 12:00";
        }
        p = skip_space(p + 5);
    }
    if (*p) {
        return "something stands behind the date; a comment begins with #";
    }
    *ret = o;
    return NULL;
}

static int add(struct bw_calendar *c, const struct off *o)
{
    if ((c->n & (c->n - 1)) == 0) {
        struct off *list = reallocarray(c->list, c->n ? c->n * 2 : 1, sizeof(*list));
        if (!list) {
            return -ENOMEM;
        }
        c->list = list;
    }
    c->list[c->n++] = *o;
    return 0;
}

static int take_line(struct bw_calendar *c,
                     const char *text,
                     size_t n,
                     const char *name,
                     int number,
                     struct bw_err *reterr)
{
    char line[LINE_BYTES_MAX + 1];
    struct off o;
    const char *hash = memchr(text, '#', n);
    n = hash ? (size_t)(hash - text) : n;
    while (n > 0 && strchr(" \t\r", text[n - 1])) {
        n--;
    }
    if (n > LINE_BYTES_MAX || memchr(text, '\0', n)) {
        return bw_err_set(reterr, -EINVAL, "%s:%d: not a line of a calendar", name, number);
    }
    memcpy(line, text, n);
    line[n] = '\0';
    const char *p = skip_space(line);
    if (!*p) {
        return 0;
    }
    const char *wrong = read_line(p, &o);
    if (wrong) {
        return bw_err_set(reterr, -EINVAL, "%s:%d: %s", name, number, wrong);
    }
    if (c->n == BW_CALENDAR_LINES_MAX) {
        return bw_err_set(reterr, -EINVAL, "%s:%d: more than %d dates", name, number,
                          BW_CALENDAR_LINES_MAX);
    }
    return add(c, &o) < 0 ? bw_err_set(reterr, -ENOMEM, "out of memory") : 0;
}

int bw_calendar_parse(const char *text,
                      size_t n,
                      const char *name,
                      struct bw_calendar **ret,
                      struct bw_err *reterr)
{
    struct bw_calendar *c = calloc(1, sizeof(*c));
    int r = 0;
    int number = 1;
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t at = 0; r == 0 && at < n; number++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - (text + at)) : n - at;
        r = take_line(c, text + at, len, name, number, reterr);
        at += len + 1;
    }
    if (r < 0) {
        bw_calendar_free(c);
        return r;
    }
    *ret = c;
    return 0;
}

int bw_calendar_load(const char *path, struct bw_calendar **ret, struct bw_err *reterr)
{
    struct bw_buf text;
    bw_buf_init(&text, BYTES_MAX);
    int r = bw_file_read(path, BYTES_MAX, &text, reterr);
    if (r == 0) {
        r = bw_calendar_parse(text.data ? text.data : "", text.len, path, ret, reterr);
    }
    bw_buf_done(&text);
    return r;
}

void bw_calendar_free(struct bw_calendar *c)
{
    if (c) {
        free(c->list);
        free(c);
    }
}

int bw_calendar_until_min(const struct bw_calendar *c, int64_t day)
{
    int until = BW_CALENDAR_WHOLE_DAY;
    for (size_t i = 0; c && i < c->n; i++) {
        const struct off *o = &c->list[i];
        if (day >= o->from_day && day <= o->to_day && o->until_min < until) {
            until = o->until_min;
        }
    }
    return until;
}
