/* SPDX-License-Identifier: GPL-3.0-or-later
 * dates.c - dates of the E-rate year.
 *
 * Recurring services of funding year Y are received until 30 June Y+1; their invoices are
 * due 120 days after the last day to receive service (47 CFR 54.514(a)), which is 28
 * October, or 120 days after the notification of the Form 486 where that is later.
 * Non-recurring services are delivered until 30 September, so by 28 January. Records are
 * kept for ten years after the last day of the funding year or the delivery deadline, the
 * later (47 CFR 54.516(a)). */
#include "dates.h"

#include <civil.h>
#include <stdio.h>

enum {
    LATE_DIGEST = 2,
    KEEP_YEARS = 10
};

static struct bw_date *
add(struct bw_date *ret, size_t *n, int64_t today, int64_t day, const char *key, int year)
{
    if (today < day || today - day > BW_DATES_LATE || *n == BW_DATES_MAX) {
        return NULL;
    }
    struct bw_date *d = &ret[(*n)++];
    d->day = day;
    (void)snprintf(d->key, sizeof(d->key), "%s/%d", key, year);
    return d;
}

static void invoices(struct bw_date *d, const char *what, int fy, const char *due, int year)
{
    if (d) {
        (void)snprintf(d->title, sizeof(d->title),
                       "Invoices for %s services of FY%d: %s %d", what, fy, due, year);
        (void)snprintf(d->words, sizeof(d->words),
                       "BEAR and SPI forms for %s services of funding year %d are due by "
                       "%s %d: 120 days "
                       "after the last day to receive service, or after the notification "
                       "of the Form 486 "
                       "where that is later (47 CFR 54.514). What was delivered: "
                       "bandwitness report --for "
                       "invoice.",
                       what, fy, due, year);
    }
}

size_t bw_dates_due(int64_t day, struct bw_date ret[BW_DATES_MAX])
{
    size_t n = 0;
    int y;
    int m;
    int dd;

    bw_civil_from_days(day, &y, &m, &dd);
    for (int year = y - 1; year <= y; year++) { /* a week may begin in the year before */
        struct bw_date *d = add(ret, &n, day, bw_civil_days(year, 9, 1), "sizing", year);
        if (d) {
            (void)snprintf(d->title, sizeof(d->title), "Sizing for funding year %d",
                           year + 1);
            (void)snprintf(
                d->words, sizeof(d->words),
                "School has begun and bids for funding year %d come next: what each line "
                "carries and when it will be full is in bandwitness report --for sizing. "
                "The "
                "delivery deadline for non-recurring services of FY%d is 30 September %d.",
                year + 1, year - 1, year);
        }
        invoices(add(ret, &n, day, bw_civil_days(year, 9, 28), "invoices-30-days", year),
                 "recurring", year - 1, "28 October", year);
        invoices(add(ret, &n, day, bw_civil_days(year, 10, 21), "invoices-7-days", year),
                 "recurring", year - 1, "28 October", year);
        invoices(
            add(ret, &n, day, bw_civil_days(year, 1, 21), "invoices-once-7-days", year),
            "non-recurring", year - 2, "28 January", year);
        d = add(ret, &n, day, bw_civil_days(year, 7, 1), "retention", year);
        if (d) {
            int fy = year - KEEP_YEARS - 1;
            (void)snprintf(d->title, sizeof(d->title), "Retention of FY%d has ended", fy);
            (void)snprintf(
                d->words, sizeof(d->words),
                "The ten years for which records of recurring services of funding year %d "
                "are "
                "kept ended on 30 June %d (47 CFR 54.516); of non-recurring services they "
                "end "
                "on 30 September %d, later where the delivery deadline was extended. "
                "Nothing "
                "is removed by itself: look first whether an audit or an appeal is open.",
                fy, year, year);
        }
    }
    return n;
}

bool bw_dates_week(int64_t day, int64_t *ret_from, int64_t *ret_to)
{
    int since = (bw_civil_weekday(day) + 6) % 7; /* days since Monday */

    *ret_to = day - since;
    *ret_from = *ret_to - 7;
    return since <= LATE_DIGEST;
}

bool bw_dates_month(int64_t day, int64_t *ret_from, int64_t *ret_to)
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    *ret_to = bw_civil_days(y, m, 1);
    *ret_from = bw_civil_days(m == 1 ? y - 1 : y, m == 1 ? 12 : m - 1, 1);
    return d - 1 <= LATE_DIGEST;
}

void bw_dates_period(enum bw_dates_every every,
                     int64_t day,
                     int64_t after,
                     int64_t *ret_from,
                     int64_t *ret_to)
{
    int64_t at = day - after;
    int y;
    int m;
    int d;

    bw_civil_from_days(at, &y, &m, &d);
    if (every == BW_EVERY_WEEK) {
        *ret_to = at - (bw_civil_weekday(at) + 6) % 7; /* its Monday */
        *ret_from = *ret_to - 7;
    } else if (every == BW_EVERY_MONTH) {
        *ret_to = bw_civil_days(y, m, 1);
        *ret_from = m == 1 ? bw_civil_days(y - 1, 12, 1) : bw_civil_days(y, m - 1, 1);
    } else {
        y -= m < 7;
        *ret_to = bw_civil_days(y, 7, 1);
        *ret_from = bw_civil_days(y - 1, 7, 1);
    }
}
