/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_range.c - words and forms into a stretch of time.
 *
 * Invariant: what comes out is ten minutes to eleven years long and begins before now,
 * whatever a stranger typed. */
#include "circuit_range.h"

#include <bw/units.h>
#include <civil.h>
#include <clock.h>
#include <errno.h>
#include <overview.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    STEP_S = 300, /* ends of named ranges, so that those who look share pictures */
    DAY_S = 86400,
    SHORTEST_S = 600,
    MONTH_DAYS = 31,
    JULY = 7,
    LOCAL_LEN = 16 /* 2026-11-01T08:00 */
};

#define LONGEST_S (INT64_C(11) * 366 * DAY_S)
#define EARLIEST_UNIX_S (INT64_C(20) * 366 * DAY_S) /* what pictures draw begins later */

enum {
    KIND_DAY,
    KIND_WEEK,
    KIND_MONTH,
    KIND_YEAR,
    KIND_SPAN
};

const char *const bw_circuit_range_words[BW_RANGE_WORDS] = {
    [KIND_DAY] = "day",
    [KIND_WEEK] = "week",
    [KIND_MONTH] = "month",
    [KIND_YEAR] = "year",
};

int64_t bw_circuit_funding_year(const struct bw_tz *tz, int64_t unix_s, int *ret_year)
{
    struct bw_civil c;
    bw_tz_local(tz, unix_s, &c);
    int year = c.month >= JULY ? c.year : c.year - 1;
    if (ret_year) {
        *ret_year = year;
    }
    return bw_tz_day_start(tz, year, JULY, 1);
}

/* "2026-11-01T08:00", seconds allowed, without a zone. */
static int read_local(const struct bw_tz *tz, const char *text, int64_t *ret)
{
    struct bw_civil c = {.hour = 0};
    char clock[6] = "00:00";
    char date[BW_CIVIL_DATE_LEN + 1];
    size_t n = strlen(text);
    int64_t day = 0;
    if (n != BW_CIVIL_DATE_LEN && n != LOCAL_LEN && n != LOCAL_LEN + 3) {
        return -EINVAL;
    }
    (void)snprintf(date, sizeof(date), "%.10s", text);
    if (bw_civil_date_parse(date, &day) < 0) {
        return -EINVAL;
    }
    if (n > BW_CIVIL_DATE_LEN) {
        const char *s = text + LOCAL_LEN;
        if ((text[10] != 'T' && text[10] != ' ') ||
            (*s && (s[0] != ':' || s[1] < '0' || s[1] > '5' || s[2] < '0' || s[2] > '9'))) {
            return -EINVAL;
        }
        (void)snprintf(clock, sizeof(clock), "%.5s", text + 11);
    }
    int minute = bw_civil_minute_parse(clock);
    if (minute < 0) {
        return -EINVAL;
    }
    bw_civil_from_days(day, &c.year, &c.month, &c.day);
    c.hour = minute / 60;
    c.minute = minute % 60;
    *ret = bw_tz_unix(tz, &c);
    return 0;
}

int bw_circuit_when(const struct bw_tz *tz, const char *text, int64_t *ret_unix_s)
{
    return read_local(tz, text, ret_unix_s) == 0 ? 0 : bw_when_parse(text, ret_unix_s);
}

static int64_t up(int64_t unix_s)
{
    return (unix_s + STEP_S - 1) / STEP_S * STEP_S;
}

static void named(const struct bw_tz *tz, int kind, struct bw_circuit_range *r)
{
    static const int64_t days[] = {
        [KIND_DAY] = 1, [KIND_WEEK] = 7, [KIND_MONTH] = MONTH_DAYS};
    r->kind = kind;
    r->to_unix_s = up(r->now_unix_s);
    if (kind != KIND_YEAR) {
        r->from_unix_s = r->to_unix_s - days[kind] * DAY_S;
        return;
    }
    r->from_unix_s = bw_circuit_funding_year(tz, r->now_unix_s, NULL);
    if (r->to_unix_s - r->from_unix_s < SHORTEST_S) { /* its first minutes */
        r->to_unix_s = r->from_unix_s + SHORTEST_S;
    }
}

/* As it was asked for, cut at now. */
static int span(struct bw_circuit_range *r, int64_t from, int64_t to)
{
    int64_t end = up(r->now_unix_s);
    to = to > end ? end : to;
    if (from < EARLIEST_UNIX_S || to - from < SHORTEST_S || to - from > LONGEST_S) {
        return -EINVAL;
    }
    r->kind = KIND_SPAN;
    r->from_unix_s = from;
    r->to_unix_s = to;
    return 0;
}

static int
two(const struct bw_tz *tz, const char *from, const char *to, struct bw_circuit_range *r)
{
    int64_t a = 0;
    int64_t b = 0;
    return bw_circuit_when(tz, from, &a) < 0 || bw_circuit_when(tz, to, &b) < 0
               ? -EINVAL
               : span(r, a, b);
}

int bw_circuit_range_read(const struct bw_tz *tz,
                          int64_t now_unix_s,
                          const char *word,
                          const char *from,
                          const char *to,
                          struct bw_circuit_range *ret)
{
    char first[BW_RANGE_TEXT];
    const char *dots = word ? strstr(word, "..") : NULL;
    ret->now_unix_s = now_unix_s;
    named(tz, KIND_DAY, ret);
    if (word && word[0]) {
        for (int i = 0; i < KIND_SPAN; i++) {
            if (strcmp(word, bw_circuit_range_words[i]) == 0) {
                named(tz, i, ret);
                return 0;
            }
        }
        if (!dots || (size_t)(dots - word) >= sizeof(first)) {
            return -EINVAL;
        }
        (void)snprintf(first, sizeof(first), "%.*s", (int)(dots - word), word);
        return two(tz, first, dots + 2, ret);
    }
    if (!from && !to) {
        return 0;
    }
    return from && to ? two(tz, from, to, ret) : -EINVAL;
}

void bw_circuit_range_text(const struct bw_circuit_range *r, char ret[BW_RANGE_TEXT])
{
    char from[32];
    char to[32];
    if (r->kind != KIND_SPAN) {
        (void)snprintf(ret, BW_RANGE_TEXT, "%s", bw_circuit_range_words[r->kind]);
        return;
    }
    bw_time_format_s(r->from_unix_s, from);
    bw_time_format_s(r->to_unix_s, to);
    (void)snprintf(ret, BW_RANGE_TEXT, "%.24s..%.24s", from, to);
}

bool bw_circuit_range_step(const struct bw_tz *tz,
                           const struct bw_circuit_range *r,
                           enum bw_range_step step,
                           struct bw_circuit_range *ret)
{
    int64_t from = r->from_unix_s;
    int64_t to = r->to_unix_s;
    int64_t length = to - from;
    *ret = *r;
    switch (step) {
    case BW_RANGE_EARLIER:
        if (r->kind == KIND_YEAR) {
            return span(ret, bw_circuit_funding_year(tz, from - 1, NULL), from) == 0;
        }
        return span(ret, from - length, from) == 0;
    case BW_RANGE_LATER:
        return to < r->now_unix_s && span(ret, to, to + length) == 0;
    case BW_RANGE_CLOSER:
        return length / 2 >= SHORTEST_S &&
               span(ret, from + length / 4, to - length / 4) == 0;
    case BW_RANGE_WIDER:
        to = to + length / 2 > up(r->now_unix_s) ? up(r->now_unix_s) : to + length / 2;
        return span(ret, to - 2 * length, to) == 0;
    default:
        return false;
    }
}
