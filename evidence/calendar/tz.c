/* SPDX-License-Identifier: GPL-3.0-or-later
 * tz.c - local time of a named zone from a TZif file (RFC 9636).
 *
 * Invariant: times[] ascends strictly; type[i] < n_types. Before the first transition the
 * first type holds; after the last the footer's rule, where the file has one. */
#include "tz.h"

#include <bw/err.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = 1024 * 1024,
    HEADER_BYTES = 44,
    OFFSET_S_MAX = 26 * 3600, /* from Greenwich */
    DAY_S = 86400,
    NAME_MAX_BYTES = 64
};

/* When a rule of the footer changes to or from summer time (POSIX TZ "Mm.w.d/time",
 * "Jn" or "n"). */
struct rule {
    char form; /* 'M', 'J' or '0' */
    int month;
    int week;
    int day;
    int64_t time_s;
};

struct bw_tz {
    char name[NAME_MAX_BYTES];
    void *bytes; /* of its file */
    size_t n_bytes;
    size_t n_times;
    size_t n_types;
    int64_t *times;
    uint8_t *type;
    int64_t *offset_s; /* one a type */
    bool has_footer;
    bool has_summer;
    int64_t std_offset_s;
    int64_t summer_offset_s;
    struct rule begin;
    struct rule end;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Local seconds since 1970 (as if UTC) at which the rule falls in a year. */
static int64_t rule_local_s(const struct rule *r, int year)
{
    int64_t day;

    if (r->form == 'M') {
        int64_t first = bw_civil_days(year, r->month, 1);
        int64_t next = r->month == 12 ? bw_civil_days(year + 1, 1, 1)
                                      : bw_civil_days(year, r->month + 1, 1);
        day =
            first + (r->day - bw_civil_weekday(first) + 7) % 7 + (int64_t)(r->week - 1) * 7;
        while (day >= next) {
            day -= 7;
        }
    } else if (r->form == 'J') {
        day = bw_civil_days(year, 1, 1) + r->day - 1 + (r->day > 59 && is_leap(year));
    } else {
        day = bw_civil_days(year, 1, 1) + r->day;
    }
    return day * DAY_S + r->time_s;
}

static int64_t footer_offset_s(const struct bw_tz *tz, int64_t unix_s)
{
    int year;
    int month;
    int day;
    int64_t begin;
    int64_t end;
    bool summer;

    if (!tz->has_summer) {
        return tz->std_offset_s;
    }
    bw_civil_from_days(floor_div(unix_s + tz->std_offset_s, DAY_S), &year, &month, &day);
    begin = rule_local_s(&tz->begin, year) - tz->std_offset_s;
    end = rule_local_s(&tz->end, year) - tz->summer_offset_s;
    summer =
        begin < end ? unix_s >= begin && unix_s < end : unix_s >= begin || unix_s < end;
    return summer ? tz->summer_offset_s : tz->std_offset_s;
}

static int64_t offset_at(const struct bw_tz *tz, int64_t unix_s)
{
    size_t low = 0;
    size_t high = tz->n_times;

    if (tz->n_times == 0) {
        return tz->has_footer ? footer_offset_s(tz, unix_s) : tz->offset_s[0];
    }
    if (unix_s < tz->times[0]) {
        return tz->offset_s[0];
    }
    if (unix_s >= tz->times[tz->n_times - 1] && tz->has_footer) {
        return footer_offset_s(tz, unix_s);
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (tz->times[middle] <= unix_s) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return tz->offset_s[tz->type[low]];
}

void bw_tz_local(const struct bw_tz *tz, int64_t unix_s, struct bw_civil *ret)
{
    int64_t offset_s = offset_at(tz, unix_s);
    int64_t local = unix_s + offset_s;
    int64_t days = floor_div(local, DAY_S);
    int64_t second = local - days * DAY_S;

    bw_civil_from_days(days, &ret->year, &ret->month, &ret->day);
    ret->hour = (int)(second / 3600);
    ret->minute = (int)(second / 60 % 60);
    ret->second = (int)(second % 60);
    ret->weekday = bw_civil_weekday(days);
    ret->offset_s = offset_s;
}

/* The rule's next change after an instant; also one before the file's last transition,
 * which has no meaning there. */
static int64_t footer_next(const struct bw_tz *tz, int64_t unix_s)
{
    int64_t next = INT64_MAX;
    int year;
    int month;
    int day;

    if (!tz->has_footer || !tz->has_summer) {
        return next;
    }
    bw_civil_from_days(floor_div(unix_s + tz->std_offset_s, DAY_S), &year, &month, &day);
    for (int y = year - 1; y <= year + 1; y++) {
        int64_t begin = rule_local_s(&tz->begin, y) - tz->std_offset_s;
        int64_t end = rule_local_s(&tz->end, y) - tz->summer_offset_s;
        next = begin > unix_s && begin < next ? begin : next;
        next = end > unix_s && end < next ? end : next;
    }
    return next;
}

int64_t bw_tz_next_change(const struct bw_tz *tz, int64_t unix_s)
{
    int64_t offset_s = offset_at(tz, unix_s);
    int64_t last = tz->n_times ? tz->times[tz->n_times - 1] : INT64_MIN;

    for (size_t i = 0; i < tz->n_times; i++) {
        if (tz->times[i] > unix_s && offset_at(tz, tz->times[i]) != offset_s) {
            return tz->times[i];
        }
    }
    /* Two changes a year at most; a rule whose summer differs in nothing has none. */
    for (int i = 0; i < 4; i++) {
        int64_t at = footer_next(tz, unix_s > last ? unix_s : last);
        if (at == INT64_MAX || offset_at(tz, at) != offset_s) {
            return at;
        }
        unix_s = at;
    }
    return INT64_MAX;
}

int64_t bw_tz_unix(const struct bw_tz *tz, const struct bw_civil *c)
{
    int64_t local = bw_civil_days(c->year, c->month, c->day) * DAY_S +
                    (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
    int64_t before = offset_at(tz, local - offset_at(tz, local) - DAY_S);
    int64_t after = offset_at(tz, local - offset_at(tz, local) + DAY_S);
    int64_t first = local - (before > after ? before : after);
    int64_t second = local - (before > after ? after : before);

    if (first + offset_at(tz, first) == local) {
        return first;
    }
    if (second + offset_at(tz, second) == local) {
        return second;
    }
    /* Skipped: the reading under the offset before the jump lies behind the jump. */
    return local - before;
}

int64_t bw_tz_day_start(const struct bw_tz *tz, int year, int month, int day)
{
    int64_t months = (int64_t)year * 12 + month - 1;
    int64_t days = bw_civil_days((int)floor_div(months, 12),
                                 (int)(months - floor_div(months, 12) * 12) + 1, 1) +
                   day - 1;
    struct bw_civil c = {0};
    int64_t at;

    bw_civil_from_days(days, &c.year, &c.month, &c.day);
    at = bw_tz_unix(tz, &c);
    /* Where midnight is skipped the day begins at the jump, not an hour behind it. */
    for (struct bw_civil b; bw_tz_local(tz, at - 1, &b), b.day == c.day;) {
        at -= 1;
    }
    return at;
}

/* ---- the file -------------------------------------------------------------- */

static int64_t be(const uint8_t *p, size_t n)
{
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return (int64_t)v;
}

/* "EST", "<-03>": skipped. */
static const char *skip_abbreviation(const char *p)
{
    const char *start = p;

    if (*p == '<') {
        p = strchr(p, '>');
        return p ? p + 1 : NULL;
    }
    while (isalpha((unsigned char)*p)) {
        p++;
    }
    return p - start >= 3 ? p : NULL;
}

/* [+-]h[hh][:mm[:ss]] */
static const char *read_hms(const char *p, int64_t *ret_s)
{
    int64_t part[3] = {0, 0, 0};
    int64_t sign = *p == '-' ? -1 : 1;

    if (*p == '-' || *p == '+') {
        p++;
    }
    for (int i = 0; i < 3; i++) {
        int digits = 0;
        for (; isdigit((unsigned char)*p) && digits < 3; digits++) {
            part[i] = part[i] * 10 + (*p++ - '0');
        }
        if (digits == 0) {
            return NULL;
        }
        if (*p != ':') {
            break;
        }
        p++;
    }
    *ret_s = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return p;
}

static const char *read_int(const char *p, int low, int high, int *ret)
{
    int v = 0;
    int digits = 0;

    for (; isdigit((unsigned char)*p) && digits < 4; digits++) {
        v = v * 10 + (*p++ - '0');
    }
    if (digits == 0 || v < low || v > high) {
        return NULL;
    }
    *ret = v;
    return p;
}

static const char *read_rule(const char *p, struct rule *r)
{
    *r = (struct rule){.form = '0', .time_s = INT64_C(2) * 3600};
    if (*p++ != ',') {
        return NULL;
    }
    if (*p == 'M') {
        r->form = 'M';
        p = read_int(p + 1, 1, 12, &r->month);
        p = p && *p == '.' ? read_int(p + 1, 1, 5, &r->week) : NULL;
        p = p && *p == '.' ? read_int(p + 1, 0, 6, &r->day) : NULL;
    } else if (*p == 'J') {
        r->form = 'J';
        p = read_int(p + 1, 1, 365, &r->day);
    } else {
        p = read_int(p, 0, 365, &r->day);
    }
    if (p && *p == '/') {
        p = read_hms(p + 1, &r->time_s);
    }
    return p;
}

/* POSIX TZ: the sign counts hours west of Greenwich. */
static bool read_footer(struct bw_tz *tz, const char *p)
{
    int64_t west;

    p = skip_abbreviation(p);
    p = p ? read_hms(p, &west) : NULL;
    if (!p) {
        return false;
    }
    tz->std_offset_s = -west;
    if (*p == '\0') {
        return true;
    }
    p = skip_abbreviation(p);
    if (!p) {
        return false;
    }
    tz->summer_offset_s = tz->std_offset_s + 3600;
    if (*p != ',') {
        p = read_hms(p, &west);
        tz->summer_offset_s = -west;
    }
    p = p ? read_rule(p, &tz->begin) : NULL;
    p = p ? read_rule(p, &tz->end) : NULL;
    if (!p || *p) {
        return false;
    }
    tz->has_summer = true;
    return true;
}

struct counts {
    size_t isutc;
    size_t isstd;
    size_t leap;
    size_t time;
    size_t type;
    size_t chars;
};

/* Header of one block; false when it is none. */
static bool read_header(const uint8_t *p, size_t n, struct counts *c, char *ret_version)
{
    size_t *field[] = {&c->isutc, &c->isstd, &c->leap, &c->time, &c->type, &c->chars};

    if (n < HEADER_BYTES || memcmp(p, "TZif", 4) != 0) {
        return false;
    }
    *ret_version = (char)p[4];
    for (size_t i = 0; i < 6; i++) {
        int64_t v = be(p + 20 + 4 * i, 4);
        if (v < 0 || v > 65536) {
            return false;
        }
        *field[i] = (size_t)v;
    }
    return c->type >= 1 && c->type <= 256;
}

static size_t block_bytes(const struct counts *c, size_t width)
{
    return c->time * (width + 1) + c->type * 6 + c->chars + c->leap * (width + 4) +
           c->isstd + c->isutc;
}

static int
read_block(struct bw_tz *tz, const uint8_t *p, const struct counts *c, size_t width)
{
    tz->n_times = c->time;
    tz->n_types = c->type;
    tz->times = calloc(c->time + 1, sizeof(*tz->times));
    tz->type = calloc(c->time + 1, 1);
    tz->offset_s = calloc(c->type, sizeof(*tz->offset_s));
    if (!tz->times || !tz->type || !tz->offset_s) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < c->time; i++) {
        tz->times[i] = be(p + i * width, width);
        tz->type[i] = p[c->time * width + i];
        if (tz->type[i] >= c->type || (i > 0 && tz->times[i] <= tz->times[i - 1])) {
            return -EINVAL;
        }
    }
    p += c->time * (width + 1);
    for (size_t i = 0; i < c->type; i++) {
        tz->offset_s[i] = be(p + i * 6, 4);
        if (tz->offset_s[i] < -OFFSET_S_MAX || tz->offset_s[i] > OFFSET_S_MAX) {
            return -EINVAL;
        }
    }
    return 0;
}

static int parse_bytes(struct bw_tz *tz, const uint8_t *p, size_t n)
{
    struct counts c = {0};
    char version;
    size_t bytes;
    char footer[128];
    const uint8_t *stop;

    if (!read_header(p, n, &c, &version)) {
        return -EINVAL;
    }
    bytes = HEADER_BYTES + block_bytes(&c, 4);
    if (bytes > n) {
        return -EINVAL;
    }
    if (version < '2') {
        return read_block(tz, p + HEADER_BYTES, &c, 4);
    }
    p += bytes;
    n -= bytes;
    if (!read_header(p, n, &c, &version)) {
        return -EINVAL;
    }
    bytes = HEADER_BYTES + block_bytes(&c, 8);
    if (bytes > n) {
        return -EINVAL;
    }
    if (read_block(tz, p + HEADER_BYTES, &c, 8) < 0) {
        return -EINVAL;
    }
    p += bytes;
    n -= bytes;
    if (n < 2 || p[0] != '\n') {
        return 0;
    }
    stop = memchr(p + 1, '\n', n - 1);
    if (!stop || (size_t)(stop - p) >= sizeof(footer)) {
        return -EINVAL;
    }
    memcpy(footer, p + 1, (size_t)(stop - p) - 1);
    footer[stop - p - 1] = '\0';
    tz->has_footer = footer[0] && read_footer(tz, footer);
    return footer[0] && !tz->has_footer ? -EINVAL : 0;
}

int bw_tz_parse(
    const char *name, const void *data, size_t n, struct bw_tz **ret, struct bw_err *reterr)
{
    struct bw_tz *tz = calloc(1, sizeof(*tz));
    int r = tz ? 0 : -ENOMEM;

    if (r < 0) {
        goto out;
    }
    (void)snprintf(tz->name, sizeof(tz->name), "%s", name);
    r = parse_bytes(tz, data, n);
    if (r < 0) {
        r = bw_err_set(reterr, r, "time zone %s: its file is not in TZif format", name);
        goto out;
    }
    tz->bytes = malloc(n + 1);
    if (!tz->bytes) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    memcpy(tz->bytes, data, n);
    tz->n_bytes = n;
    *ret = tz;
    tz = NULL;
out:
    bw_tz_free(tz);
    return r;
}

const void *bw_tz_bytes(const struct bw_tz *tz, size_t *ret_n)
{
    *ret_n = tz->n_bytes;
    return tz->bytes;
}

void bw_tz_free(struct bw_tz *tz)
{
    if (tz) {
        free(tz->times);
        free(tz->type);
        free(tz->offset_s);
        free(tz->bytes);
        free(tz);
    }
}

const char *bw_tz_name(const struct bw_tz *tz)
{
    return tz->name;
}

/* A name below the zone folder and nothing else: no "..", no leading slash. */
static bool is_zone_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n >= NAME_MAX_BYTES || name[0] == '/' || strstr(name, "..")) {
        return false;
    }
    return strspn(name,
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-") ==
           n;
}

int bw_tz_load(const char *name, struct bw_tz **ret, struct bw_err *reterr)
{
    char path[128];
    uint8_t *data = NULL;
    struct stat st;
    int fd = -1;
    int r;

    if (!is_zone_name(name)) {
        return bw_err_set(reterr, -EINVAL,
                          "\"%.64s\" is not the name of a time zone; write one like "
                          "America/Chicago",
                          name);
    }
    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        r = bw_err_set(
            reterr, -ENOENT,
            "there is no time zone \"%s\" on this machine (no file %s); write one "
            "like America/Chicago, or install the package tzdata",
            name, path);
        goto out;
    }
    if (st.st_size > FILE_BYTES_MAX) {
        r = bw_err_set(reterr, -EINVAL, "%s is too big for a time zone", path);
        goto out;
    }
    data = malloc((size_t)st.st_size + 1);
    if (!data) {
        r = -ENOMEM;
        goto out;
    }
    if (read(fd, data, (size_t)st.st_size) != (ssize_t)st.st_size) {
        r = bw_err_set(reterr, -EIO, "%s cannot be read", path);
        goto out;
    }
    r = bw_tz_parse(name, data, (size_t)st.st_size, ret, reterr);
out:
    free(data);
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

void bw_tz_host_name(char *buf, size_t n)
{
    static const char folder[] = "/zoneinfo/";
    char text[256];
    const char *env = getenv("TZ"); /* NOLINT(concurrency-mt-unsafe): never set */
    const char *at;
    ssize_t len;
    FILE *f;

    if (env && is_zone_name(env + (env[0] == ':'))) {
        (void)snprintf(buf, n, "%s", env + (env[0] == ':'));
        return;
    }
    len = readlink("/etc/localtime", text, sizeof(text) - 1);
    if (len > 0) {
        text[len] = '\0';
        at = strstr(text, folder);
        if (at && is_zone_name(at + strlen(folder))) {
            (void)snprintf(buf, n, "%s", at + strlen(folder));
            return;
        }
    }
    f = fopen("/etc/timezone", "re");
    if (f) {
        bool read_one = fgets(text, sizeof(text), f) != NULL;
        (void)fclose(f);
        text[read_one ? strcspn(text, "\r\n") : 0] = '\0';
        if (is_zone_name(text)) {
            (void)snprintf(buf, n, "%s", text);
            return;
        }
    }
    (void)snprintf(buf, n, "UTC");
}
