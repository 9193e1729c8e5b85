/* SPDX-License-Identifier: GPL-3.0-or-later
 * clock.c - every reading of time in the project, and its text form.
 *
 * Invariant: with a fake set, no function here asks the kernel. */
#include "clock.h"

#include <bw/units.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

/* The kernel's ceiling of maxerror (NTP_PHASE_LIMIT, include/linux/timex.h): there it
 * has stopped counting, so the error is not known. */
enum {
    MAX_ERROR_CEILING_US = 16000000
};

static _Atomic(const struct bw_clock_fake *) fake;

void bw_clock_fake(const struct bw_clock_fake *f)
{
    atomic_store(&fake, f);
}

static int64_t read_ns(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t bw_clock_mono_ns(void)
{
    const struct bw_clock_fake *f = atomic_load(&fake);
    return f ? f->mono_ns : read_ns(CLOCK_MONOTONIC);
}

int64_t bw_clock_mono_ms(void)
{
    return bw_clock_mono_ns() / 1000000;
}

int64_t bw_clock_boot_ms(void)
{
    const struct bw_clock_fake *f = atomic_load(&fake);
    return (f ? f->boot_ns : read_ns(CLOCK_BOOTTIME)) / 1000000;
}

int64_t bw_clock_unix_ns(void)
{
    const struct bw_clock_fake *f = atomic_load(&fake);
    return f ? f->unix_ns : read_ns(CLOCK_REALTIME);
}

int64_t bw_clock_unix_ms(void)
{
    return bw_clock_unix_ns() / 1000000;
}

void bw_clock_state_read(struct bw_clock_state *ret)
{
    const struct bw_clock_fake *f = atomic_load(&fake);
    struct timex tx;
    int state;

    if (f) {
        *ret = f->state;
        return;
    }
    memset(&tx, 0, sizeof(tx));
    *ret = (struct bw_clock_state){.synced = false, .max_error_us = BW_UNKNOWN};
    state = adjtimex(&tx);
    if (state < 0) {
        return;
    }
    ret->synced = state != TIME_ERROR && !(tx.status & STA_UNSYNC);
    if (tx.maxerror >= 0 && tx.maxerror < MAX_ERROR_CEILING_US) {
        ret->max_error_us = tx.maxerror;
    }
}

/* Days since 1970-01-01 of a proleptic Gregorian date; years counted from March, so
 * that the leap day is the last of its year. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
    *ret_month = (int)(m < 10 ? m + 3 : m - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static char *put_digits(char *at, int64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        at[i] = (char)('0' + (char)(v % 10));
        v /= 10;
    }
    return at + n;
}

static void format_time(int64_t unix_s, int ms, char buf[32])
{
    int64_t days = floor_div(unix_s, 86400);
    int64_t rest = unix_s - days * 86400;
    int64_t year;
    int month;
    int day;
    char *at = buf;

    date_of_days(days, &year, &month, &day);
    if (year < 0 || year > 9999) { /* RFC 3339 has no words for it */
        (void)snprintf(buf, 32, "@%lld", (long long)unix_s);
        return;
    }
    at = put_digits(at, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at++ = 'T';
    at = put_digits(at, rest / 3600, 2);
    *at++ = ':';
    at = put_digits(at, rest / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, rest % 60, 2);
    if (ms >= 0) {
        *at++ = '.';
        at = put_digits(at, ms, 3);
    }
    *at++ = 'Z';
    *at = '\0';
}

/* Beyond this (some 300 million years) the calendar's sums could overflow. */
#define FORMAT_LIMIT_S ((int64_t)10000000000000000)

void bw_time_format_s(int64_t unix_s, char buf[32])
{
    if (unix_s == BW_UNKNOWN) {
        buf[0] = '\0';
    } else if (unix_s > FORMAT_LIMIT_S || unix_s < -FORMAT_LIMIT_S) {
        (void)snprintf(buf, 32, "@%lld", (long long)unix_s);
    } else {
        format_time(unix_s, -1, buf);
    }
}

void bw_time_format_ms(int64_t unix_ms, char buf[32])
{
    int64_t s;

    if (unix_ms == BW_UNKNOWN) {
        buf[0] = '\0';
        return;
    }
    s = floor_div(unix_ms, 1000);
    format_time(s, (int)(unix_ms - s * 1000), buf);
}

/* n decimal digits at *at, moved on; -1 when there are fewer. */
static int take_digits(const char **at, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return -1;
        }
        v = v * 10 + (c - '0');
    }
    *at += n;
    return v;
}

static int take_char(const char **at, char c)
{
    if (**at != c) {
        return -1;
    }
    (*at)++;
    return 0;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* ".250" with one to nine digits into milliseconds, cut; 0 when absent; -1: bad. */
static int take_fraction_ms(const char **at)
{
    int ms = 0;
    int n = 0;

    if (**at != '.') {
        return 0;
    }
    (*at)++;
    for (; **at >= '0' && **at <= '9'; (*at)++, n++) {
        if (n < 3) {
            ms = ms * 10 + (**at - '0');
        }
    }
    if (n == 0 || n > 9) {
        return -1;
    }
    for (int i = n; i < 3; i++) {
        ms *= 10;
    }
    return ms;
}

/* "Z", "+05:30" or "-07:00" in seconds east; INT32_MAX: bad. */
static int take_offset_s(const char **at)
{
    int sign = **at == '-' ? -1 : 1;
    int hour;
    int minute;

    if (**at == 'Z') {
        (*at)++;
        return 0;
    }
    if (**at != '+' && **at != '-') {
        return INT32_MAX;
    }
    (*at)++;
    hour = take_digits(at, 2);
    if (hour < 0 || hour > 23 || take_char(at, ':') < 0) {
        return INT32_MAX;
    }
    minute = take_digits(at, 2);
    if (minute < 0 || minute > 59) {
        return INT32_MAX;
    }
    return sign * (hour * 3600 + minute * 60);
}

int bw_time_parse(const char *text, int64_t *ret_unix_ms)
{
    const char *at = text;
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    int ms;
    int offset_s;
    int64_t unix_s;

    year = take_digits(&at, 4);
    if (year < 0 || take_char(&at, '-') < 0) {
        return -EINVAL;
    }
    month = take_digits(&at, 2);
    if (month < 1 || month > 12 || take_char(&at, '-') < 0) {
        return -EINVAL;
    }
    day = take_digits(&at, 2);
    if (day < 1 || day > days_in_month(year, month)) {
        return -EINVAL;
    }
    unix_s = days_of_date(year, month, day) * 86400;
    if (*at == '\0') {
        *ret_unix_ms = unix_s * 1000;
        return 0;
    }
    if (take_char(&at, 'T') < 0) {
        return -EINVAL;
    }
    hour = take_digits(&at, 2);
    if (hour < 0 || hour > 23 || take_char(&at, ':') < 0) {
        return -EINVAL;
    }
    minute = take_digits(&at, 2);
    if (minute < 0 || minute > 59 || take_char(&at, ':') < 0) {
        return -EINVAL;
    }
    second = take_digits(&at, 2);
    if (second < 0 || second > 59) {
        return -EINVAL;
    }
    ms = take_fraction_ms(&at);
    if (ms < 0) {
        return -EINVAL;
    }
    offset_s = take_offset_s(&at);
    if (offset_s == INT32_MAX || *at != '\0') {
        return -EINVAL;
    }
    unix_s += (int64_t)hour * 3600 + (int64_t)minute * 60 + second - offset_s;
    *ret_unix_ms = unix_s * 1000 + ms;
    return 0;
}
