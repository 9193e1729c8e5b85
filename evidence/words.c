/* SPDX-License-Identifier: GPL-3.0-or-later
 * words.c - how figures are said to people.
 *
 * Invariant: integer arithmetic only, so the same figure gives the same words anywhere. */
#include "words.h"

#include "model.h"
#include "plural.h"

#include "clock.h"
#include "tz.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char not_measured[] = "not measured";

const char *bw_words_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

const char *bw_words_direction(int direction)
{
    return direction == BW_DOWN ? "down" : "up";
}

const char *bw_words_layer(enum bw_layer layer)
{
    switch (layer) {
    case BW_LAYER_ETHERNET:
        return "ethernet";
    case BW_LAYER_IP:
        return "ip";
    case BW_LAYER_GOODPUT:
        return "goodput";
    case BW_LAYER_UNKNOWN:
    default:
        return "";
    }
}

const char *bw_words_layer_long(enum bw_layer layer)
{
    switch (layer) {
    case BW_LAYER_ETHERNET:
        return "Ethernet";
    case BW_LAYER_IP:
        return "IP";
    case BW_LAYER_GOODPUT:
        return "goodput";
    case BW_LAYER_UNKNOWN:
    default:
        return "layer not named";
    }
}

const char *bw_words_check(enum bw_report_check check)
{
    switch (check) {
    case BW_CHECK_GOOD:
        return "checked, good";
    case BW_CHECK_BAD:
        return "checked, bad";
    case BW_CHECK_NOT_DONE:
    default:
        return "not checked here";
    }
}

void bw_words_behind(uint32_t behind, char *out, size_t n)
{
    (void)snprintf(
        out, n, "%s%s%s%s%s", behind & BW_BEHIND_NAT ? "nat" : "",
        behind & BW_BEHIND_NAT && behind & (BW_BEHIND_FILTER | BW_BEHIND_PROXY) ? " " : "",
        behind & BW_BEHIND_FILTER ? "filter" : "",
        behind & BW_BEHIND_FILTER && behind & BW_BEHIND_PROXY ? " " : "",
        behind & BW_BEHIND_PROXY ? "proxy" : "");
}

void bw_words_target(const char *probe, const char *kind, int family, char *out, size_t n)
{
    if (family == 0) {
        (void)snprintf(out, n, "%s (%s)", probe, kind);
    } else {
        (void)snprintf(out, n, "%s (%s, IPv%d)", probe, kind, family);
    }
}

/* value / unit with so many decimals, rounded half up. */
static void scaled(int64_t value, int64_t unit, int decimals, const char *name, char *out)
{
    int64_t scale = 1;
    int64_t whole;
    int64_t rest;

    if (value < 0) { /* a figure that shrinks */
        *out++ = '-';
        value = -value;
    }
    whole = value / unit;
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    /* unit is at most 10^15 and scale at most 10^4, of units of 10^4: no overflow */
    rest = (value % unit * scale * 2 + unit) / (2 * unit);
    whole += rest / scale;
    rest %= scale;
    if (decimals == 0) {
        (void)snprintf(out, BW_WORDS_MAX - 1, "%lld%s", (long long)whole, name);
    } else {
        (void)snprintf(out, BW_WORDS_MAX - 1, "%lld.%0*lld%s", (long long)whole, decimals,
                       (long long)rest, name);
    }
}

/* Three significant figures or all digits before the point. */
static int decimals_for(int64_t value, int64_t unit)
{
    return value >= 100 * unit ? 0 : value >= 10 * unit ? 1 : 2;
}

void bw_words_rate(int64_t bps, char out[BW_WORDS_MAX])
{
    if (bps == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "%s", not_measured);
    } else if (bps >= 1000000000) {
        scaled(bps, 1000000000, 2, " Gbit/s", out);
    } else if (bps >= 1000000) {
        scaled(bps, 1000000, bps >= 100000000 ? 1 : decimals_for(bps, 1000000), " Mbit/s",
               out);
    } else if (bps >= 1000) {
        scaled(bps, 1000, decimals_for(bps, 1000), " kbit/s", out);
    } else {
        scaled(bps, 1, 0, " bit/s", out);
    }
}

void bw_words_delay(int64_t us, char out[BW_WORDS_MAX])
{
    if (us == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "%s", not_measured);
    } else if (us >= 1000000) {
        scaled(us, 1000000, 2, " s", out);
    } else {
        scaled(us, 1000, us >= 100000 ? 0 : us >= 10000 ? 1 : 2, " ms", out);
    }
}

/* "4 min 5 s", "5 min" */
static void two(int64_t a, const char *unit, int64_t b, const char *small, char *out)
{
    if (b == 0) {
        (void)snprintf(out, BW_WORDS_MAX, "%lld %s", (long long)a, unit);
    } else {
        (void)snprintf(out, BW_WORDS_MAX, "%lld %s %lld %s", (long long)a, unit,
                       (long long)b, small);
    }
}

void bw_words_length(int64_t ms, char out[BW_WORDS_MAX])
{
    int64_t s;

    if (ms == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "%s", not_measured);
        return;
    }
    if (ms < 60000) {
        scaled(ms, 1000, ms % 1000 ? 1 : 0, " s", out);
        return;
    }
    s = (ms + 500) / 1000;
    if (s < 3600) {
        two(s / 60, "min", s % 60, "s", out);
    } else if (s < 86400) {
        two(s / 3600, "h", s / 60 % 60, "min", out);
    } else {
        two(s / 86400, "d", s / 3600 % 24, "h", out);
    }
}

void bw_words_bytes(int64_t bytes, char out[BW_WORDS_MAX])
{
    static const char *const names[] = {" bytes", " kB", " MB", " GB", " TB", " PB"};
    int64_t unit = 1;
    size_t i = 0;

    if (bytes == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "%s", not_measured);
        return;
    }
    while (i + 1 < sizeof(names) / sizeof(names[0]) && bytes / unit >= 1000) {
        unit *= 1000;
        i++;
    }
    scaled(bytes, unit, i == 0 ? 0 : decimals_for(bytes, unit), names[i], out);
}

void bw_words_percent(int64_t ppm, char out[BW_WORDS_MAX])
{
    if (ppm == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "%s", not_measured);
    } else {
        scaled(ppm, 10000, 2, " %", out);
    }
}

void bw_words_share(int64_t ppm, char out[BW_WORDS_MAX])
{
    char *end;

    if (ppm == BW_UNKNOWN) {
        bw_words_percent(ppm, out);
        return;
    }
    scaled(ppm, 10000, 4, "", out);
    end = out + strlen(out);
    for (int i = 0; i < 2 && end[-1] == '0'; i++) {
        end--;
    }
    (void)snprintf(end, BW_WORDS_MAX - (size_t)(end - out), " %%");
}

void bw_words_count(int64_t n, char out[BW_WORDS_MAX])
{
    char digits[24];
    size_t len;
    size_t at = 0;

    if (n == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "%s", "unknown");
        return;
    }
    (void)snprintf(digits, sizeof(digits), "%lld", (long long)n);
    len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-') {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void bw_words_counted(int64_t n, const char *one, const char *many, char out[BW_WORDS_MAX])
{
    char number[32];

    bw_words_count(n, out);
    (void)snprintf(number, sizeof(number), "%.31s", out);
    (void)snprintf(out, BW_WORDS_MAX, "%s %.30s", number, bw_plural(n, one, many));
}

int64_t bw_words_ppm(int64_t part, int64_t whole)
{
    if (part == BW_UNKNOWN || whole == BW_UNKNOWN || whole <= 0 ||
        part > INT64_MAX / 1000000) {
        return BW_UNKNOWN;
    }
    return part * 1000000 / whole;
}

void bw_words_utc_s(int64_t unix_s, char out[32])
{
    out[0] = '\0';
    if (unix_s != BW_UNKNOWN) {
        bw_time_format_s(unix_s, out);
    }
}

void bw_words_utc_ms(int64_t unix_ms, char out[32])
{
    out[0] = '\0';
    if (unix_ms != BW_UNKNOWN) {
        bw_time_format_ms(unix_ms, out);
    }
}

const char *bw_words_weekday(int weekday)
{
    static const char *const names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

    return weekday >= 0 && weekday < 7 ? names[weekday] : "";
}

const char *bw_words_month(int month)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    return month >= 1 && month <= 12 ? names[month - 1] : "";
}

void bw_words_date(int year, int month, int day, int weekday, char out[BW_WORDS_MAX])
{
    (void)snprintf(out, BW_WORDS_MAX, "%s %d %s %d", bw_words_weekday(weekday), day,
                   bw_words_month(month), year);
}

void bw_words_iso_date(int year, int month, int day, char out[16])
{
    (void)snprintf(out, 16, "%04d-%02d-%02d", year % 10000, month % 100, day % 100);
}

void bw_words_local(const struct bw_tz *tz,
                    int64_t unix_s,
                    int with_seconds,
                    char out[BW_WORDS_MAX])
{
    struct bw_civil c;
    size_t n;

    if (unix_s == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "unknown");
        return;
    }
    bw_tz_local(tz, unix_s, &c);
    bw_words_date(c.year, c.month, c.day, c.weekday, out);
    n = strlen(out);
    (void)snprintf(out + n, BW_WORDS_MAX - n, ", %02d:%02d", c.hour, c.minute);
    if (with_seconds) {
        n = strlen(out);
        (void)snprintf(out + n, BW_WORDS_MAX - n, ":%02d", c.second);
    }
}

static const struct {
    const char *name;
    const char *sentence;
} aparts[BW_APARTS] = {
    [BW_APART_NOT] = {"not", "not set apart"},
    [BW_APART_EGRESS] = {"egress", "left by another line"},
    [BW_APART_TESTER] = {"tester", "with a tester too busy to measure the line"},
    [BW_APART_SERVER] = {"server", "with a busy server"},
    [BW_APART_UNTESTABLE] = {"untestable",
                             "of a claim beyond what this box's port or its servers carry"},
    [BW_APART_IMPLAUSIBLE] = {"implausible", "implausible"},
    [BW_APART_ERRATUM] = {"erratum", "that an erratum excludes"},
};

const char *bw_words_apart_name(enum bw_apart a)
{
    return aparts[a < BW_APARTS ? a : BW_APART_NOT].name;
}

const char *bw_words_apart(enum bw_apart a)
{
    return aparts[a < BW_APARTS ? a : BW_APART_NOT].sentence;
}

void bw_words_row(const struct bw_finding_row *row, char out[BW_WORDS_MAX])
{
    out[0] = '\0';
    if (row->value == BW_UNKNOWN) {
        return;
    }
    switch (row->unit) {
    case BW_ROW_BPS:
        bw_words_rate(row->value, out);
        break;
    case BW_ROW_PPM:
        bw_words_share(row->value, out);
        break;
    case BW_ROW_US:
        bw_words_delay(row->value, out);
        break;
    case BW_ROW_MS:
        bw_words_length(row->value, out);
        break;
    case BW_ROW_CENTS:
        (void)snprintf(out, BW_WORDS_MAX, "%" PRId64 ".%02d USD", row->value / 100,
                       (int)(row->value % 100));
        break;
    case BW_ROW_COUNT:
    default:
        bw_words_count(row->value, out);
        break;
    }
}
