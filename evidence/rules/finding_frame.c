/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_frame.c - what all forms of clauses stand on: stretches of days, windows, exact
 * arithmetic with parts of a million, and rows. */
#include "finding_private.h"

#include <civil.h>
#include <grow.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- stretches of days */

/* Which stretch a date is in, as a number that ascends; *ret_days: how long it is whole. */
static int64_t
unit_of(int64_t day, enum bw_evrule_each each, int64_t *ret_days, char name[24])
{
    int y;
    int m;
    int d;
    int from;
    int to;

    bw_civil_from_days(day, &y, &m, &d);
    switch (each) {
    case BW_EVRULE_MONTH:
        *ret_days = bw_civil_days(y, m + 1, 1) - bw_civil_days(y, m, 1);
        (void)snprintf(name, 24, "%04d-%02d", y, m);
        return (int64_t)y * 12 + m;
    case BW_EVRULE_QUARTER:
        from = (m - 1) / 3 * 3 + 1;
        to = from + 3;
        *ret_days = (to > 12 ? bw_civil_days(y + 1, 1, 1) : bw_civil_days(y, to, 1)) -
                    bw_civil_days(y, from, 1);
        (void)snprintf(name, 24, "%04d-Q%d", y, (m - 1) / 3 + 1);
        return (int64_t)y * 4 + (m - 1) / 3;
    case BW_EVRULE_YEAR:
        *ret_days = bw_civil_days(y + 1, 1, 1) - bw_civil_days(y, 1, 1);
        (void)snprintf(name, 24, "%04d", y);
        return y;
    case BW_EVRULE_DAY:
        *ret_days = 1;
        (void)snprintf(name, 24, "%04d-%02d-%02d", y, m, d);
        return day;
    case BW_EVRULE_PERIOD:
    default:
        *ret_days = 0;
        (void)snprintf(name, 24, "the period");
        return 0;
    }
}

bool bw_finding_unit(const struct bw_finding_inputs *in,
                     enum bw_evrule_each each,
                     size_t i,
                     struct bw_finding_unit *ret)
{
    size_t first = 0;

    for (size_t n = 0; first < in->n_days; n++) {
        char other[24];
        int64_t days;
        int64_t unit = unit_of(in->days[first].day, each, &ret->n_days, ret->name);
        size_t last = first;
        bool whole = true;
        while (last < in->n_days &&
               unit_of(in->days[last].day, each, &days, other) == unit) {
            whole = whole && in->days[last].whole;
            last++;
        }
        if (n == i) {
            ret->first = first;
            ret->last = last;
            ret->n_days = ret->n_days ? ret->n_days : (int64_t)(last - first);
            ret->whole = whole && (int64_t)(last - first) == ret->n_days;
            return true;
        }
        first = last;
    }
    return false;
}

size_t bw_finding_day_index(const struct bw_finding_inputs *in, int64_t day)
{
    int64_t at = in->n_days ? day - in->days[0].day : -1;

    return at >= 0 && at < (int64_t)in->n_days ? (size_t)at : in->n_days;
}

enum bw_finding_class bw_finding_in_window(const struct bw_finding_work *w,
                                           const struct bw_evrule_window *window,
                                           const struct bw_finding_when *when)
{
    size_t day = bw_finding_day_index(w->in, when->day);
    int weekday = bw_civil_weekday(when->day);
    enum bw_finding_class c = BW_FINDING_IN;

    if (day == w->in->n_days || !(window->weekdays >> weekday & 1u) ||
        when->minute < window->from_min || when->minute >= window->to_min) {
        return BW_FINDING_OUT;
    }
    switch (window->lessons) {
    case BW_EVRULE_IN_CLASS:
        c = when->lessons;
        break;
    case BW_EVRULE_OUT_OF_CLASS:
        c = when->lessons == BW_FINDING_UNKNOWN ? BW_FINDING_UNKNOWN
            : when->lessons == BW_FINDING_IN    ? BW_FINDING_OUT
                                                : BW_FINDING_IN;
        break;
    case BW_EVRULE_LESSON_DAYS:
        c = w->in->days[day].has_lessons;
        break;
    case BW_EVRULE_ANY:
    default:
        break;
    }
    return c;
}

/* ---- exact arithmetic */

int64_t bw_finding_part_of(int64_t of, int64_t ppm)
{
    int64_t whole = of / BW_PPM * ppm;
    int64_t rest = of % BW_PPM * ppm;

    return whole + rest / BW_PPM + (rest % BW_PPM > 0);
}

bool bw_finding_at_least(int64_t a, int64_t b, int64_t ppm)
{
    return a >= bw_finding_part_of(b, ppm);
}

const char *bw_finding_num(int64_t n, char out[32])
{
    char digits[24];
    size_t len;
    size_t at = 0;

    (void)snprintf(digits, sizeof(digits), "%" PRId64, n);
    len = strlen(digits);
    for (size_t i = 0; i < len && at + 2 < 32; i++) {
        size_t left = len - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-') {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *bw_finding_pct(int64_t ppm, char out[32])
{
    int n = snprintf(out, 32, "%" PRId64 ".%04d", ppm / 10000, (int)(ppm % 10000));

    while (n > 1 && out[n - 1] == '0') {
        n--;
    }
    n -= n > 1 && out[n - 1] == '.';
    (void)snprintf(out + n, 32 - (size_t)n, " %%");
    return out;
}

/* ---- rows */

void bw_finding_row(struct bw_finding_work *w,
                    struct bw_finding_part *p,
                    enum bw_row_unit unit,
                    int64_t value,
                    const char *fmt,
                    ...)
{
    va_list ap;
    struct bw_finding_row *row;
    void *room = bw_grow(p->rows, p->n_rows, &p->cap_rows, sizeof(*p->rows));

    if (!room) {
        w->no_memory = true;
        return;
    }
    p->rows = room;
    row = &p->rows[p->n_rows++];
    *row = (struct bw_finding_row){.value = value, .unit = unit};
    va_start(ap, fmt);
    (void)vsnprintf(row->words, sizeof(row->words), fmt, ap);
    va_end(ap);
}

void bw_finding_sum(struct bw_finding_work *w,
                    struct bw_finding_part *p,
                    const char *fmt,
                    ...)
{
    va_list ap;

    if (w->no_memory || p->n_rows == 0) {
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(p->rows[p->n_rows - 1].sum, sizeof(p->rows[0].sum), fmt, ap);
    va_end(ap);
}

void bw_finding_part_outcome(struct bw_finding_part *p,
                             enum bw_outcome outcome,
                             enum bw_unsure unsure)
{
    p->outcome = outcome;
    p->unsure = outcome == BW_OUTCOME_NOT_ENOUGH ? unsure : BW_UNSURE_NOT;
}
