/* SPDX-License-Identifier: GPL-3.0-or-later
 * starts.c - the start times that a day's secret draws.
 *
 * Integers only, and no state: the same arguments give the same milliseconds on every
 * machine and in ten years. docs/summary-v1.md, section 7, says the same in words. */
#include "starts.h"

#include "buf.h"
#include "hash.h"

#include <bw/summary.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MINUTE_MS = 60000,
    GAP_MIN_PPM = 100000,
    GAP_MAX_PPM = 2500000,
    FRACTION_BITS = 30
};

/* ln 2 in units of 10^-8. */
#define LN2_E8 69314718

/* 2^32 / 8 */
#define ONE_IN_EIGHT (UINT32_C(1) << 29)

/* log2(u) with 30 fractional bits, a bit a squaring (the classical digit-by-digit way). */
static int64_t log2_q30(uint32_t u)
{
    int whole = 31 - __builtin_clz(u);
    uint64_t x = (uint64_t)u << (31 - whole); /* [1, 2) with 31 fractional bits */
    int64_t log = whole;
    for (int i = 0; i < FRACTION_BITS; i++) {
        x *= x; /* [1, 4) with 62 fractional bits */
        log *= 2;
        if (x >> 63) {
            log += 1;
            x >>= 32;
        } else {
            x >>= 31;
        }
    }
    return log;
}

int64_t bw_starts_neg_ln_ppm(uint32_t u)
{
    int64_t halvings = ((int64_t)32 << FRACTION_BITS) - log2_q30(u ? u : 1);
    return ((halvings * LN2_E8 >> FRACTION_BITS) + 50) / 100;
}

/* The n-th four bytes, big endian. */
static uint32_t word_of(const uint8_t mac[32], size_t n)
{
    const uint8_t *b = mac + n * 4;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t part_ms(int64_t mean_ms, int64_t ppm)
{
    return mean_ms / 1000 * ppm / 1000 + mean_ms % 1000 * ppm / 1000000;
}

static int64_t draw_gap_ms(const uint8_t secret[BW_STARTS_SECRET_LEN],
                           const char *name,
                           int64_t day_unix_s,
                           size_t k,
                           int64_t mean_ms)
{
    char text[192];
    uint8_t mac[32];
    int n = snprintf(text, sizeof(text), "bandwitness-start/1 %s %" PRId64 " %zu", name,
                     day_unix_s, k);
    bw_hmac_sha256(secret, BW_STARTS_SECRET_LEN, text, (size_t)n, mac);
    int64_t ppm = bw_starts_neg_ln_ppm(word_of(mac, 0));
    if (ppm < GAP_MIN_PPM) {
        ppm = GAP_MIN_PPM;
    }
    if (ppm > GAP_MAX_PPM) {
        ppm = GAP_MAX_PPM;
    }
    return part_ms(mean_ms, ppm);
}

size_t bw_starts_day(const uint8_t secret[BW_STARTS_SECRET_LEN],
                     const char *name,
                     int64_t day_unix_s,
                     int64_t mean_ms,
                     const uint8_t allowed[BW_STARTS_DAY_MIN],
                     int64_t *ret_start_ms,
                     size_t cap)
{
    size_t n = 0;
    size_t minute = 0;
    int64_t minute_at_ms = 0; /* allowed time before `minute` */
    int64_t target_ms = 0;    /* in allowed time */

    if (mean_ms <= 0) {
        return 0;
    }
    for (size_t k = 0; n < cap; k++) {
        target_ms += draw_gap_ms(secret, name, day_unix_s, k, mean_ms);
        while (minute < BW_STARTS_DAY_MIN &&
               (!allowed[minute] || target_ms >= minute_at_ms + MINUTE_MS)) {
            minute_at_ms += allowed[minute] ? MINUTE_MS : 0;
            minute++;
        }
        if (minute == BW_STARTS_DAY_MIN) {
            break;
        }
        ret_start_ms[n++] = (int64_t)minute * MINUTE_MS + (target_ms - minute_at_ms);
    }
    return n;
}

bool bw_starts_can(int64_t mean_ms, int64_t open_ms)
{
    return mean_ms > 0 && part_ms(mean_ms, GAP_MIN_PPM) < open_ms;
}

int bw_starts_outside(const uint8_t secret[BW_STARTS_SECRET_LEN],
                      const char *name,
                      int64_t day_unix_s,
                      size_t k,
                      size_t n_outside)
{
    char text[192];
    uint8_t mac[32];
    if (n_outside == 0) {
        return -1;
    }
    int n = snprintf(text, sizeof(text), "bandwitness-outside/1 %s %" PRId64 " %zu", name,
                     day_unix_s, k);
    bw_hmac_sha256(secret, BW_STARTS_SECRET_LEN, text, (size_t)n, mac);
    return word_of(mac, 0) < ONE_IN_EIGHT ? (int)(word_of(mac, 1) % n_outside) : -1;
}

int64_t bw_starts_slot(const uint8_t secret[BW_STARTS_SECRET_LEN],
                       const char *campaign,
                       const char *name,
                       int64_t from_unix_s,
                       size_t k,
                       int64_t slot_ms,
                       int64_t spacing_ms)
{
    char text[256];
    uint8_t mac[32];
    int n = snprintf(text, sizeof(text), "bandwitness-slot/1 %s %s %" PRId64 " %zu",
                     campaign, name, from_unix_s, k);
    bw_hmac_sha256(secret, BW_STARTS_SECRET_LEN, text, (size_t)n, mac);
    uint64_t free_ms = slot_ms > spacing_ms ? (uint64_t)(slot_ms - spacing_ms) : 0;
    return (int64_t)k * slot_ms + (int64_t)(free_ms * word_of(mac, 0) >> 32);
}

/* The length of the name that begins here. */
static size_t name_len(const char *at)
{
    return strcspn(at, "+");
}

int bw_starts_names_find(const char *text, const char *name)
{
    int i = 0;
    for (const char *at = text; at && *at; i++) {
        size_t n = name_len(at);
        if (strlen(name) == n && memcmp(at, name, n) == 0) {
            return i;
        }
        at += n + (at[n] == '+');
    }
    return -ENOENT;
}

int bw_starts_names_count(const char *text)
{
    int count = 0;
    if (!text || !*text) {
        return 0;
    }
    for (const char *at = text;; at++) {
        char name[BW_NAME_MAX + 1];
        size_t n = name_len(at);
        if (n > BW_NAME_MAX) {
            return -EINVAL;
        }
        memcpy(name, at, n);
        name[n] = '\0';
        if (!bw_name_valid(name) || bw_starts_names_find(text, name) != count) {
            return -EINVAL;
        }
        count++;
        at += n;
        if (*at == '\0') {
            return count;
        }
    }
}

int bw_starts_minutes_print(const uint8_t allowed[BW_STARTS_DAY_MIN],
                            char ret[BW_STARTS_MINUTES_MAX + 1])
{
    size_t n = 0;
    ret[0] = '\0';
    for (int from = 0; from < BW_STARTS_DAY_MIN;) {
        int to = from;
        while (to < BW_STARTS_DAY_MIN && allowed[to]) {
            to++;
        }
        if (to == from) {
            from++;
            continue;
        }
        int len = snprintf(ret + n, BW_STARTS_MINUTES_MAX + 1 - n, "%s%d-%d", n ? "+" : "",
                           from, to);
        n += (size_t)len;
        if (n > BW_STARTS_MINUTES_MAX) {
            ret[0] = '\0';
            return -E2BIG;
        }
        from = to;
    }
    return 0;
}

/* A number of at most four digits without leading zeros; moves *at. -1: none. */
static int read_minute(const char **at)
{
    const char *p = *at;
    int v = 0;
    while (*p >= '0' && *p <= '9' && p - *at < 4) {
        v = v * 10 + (*p++ - '0');
    }
    bool fine = p > *at && (**at != '0' || p == *at + 1) && v <= BW_STARTS_DAY_MIN;
    *at = p;
    return fine ? v : -1;
}

int bw_starts_minutes_parse(const char *text, uint8_t ret_allowed[BW_STARTS_DAY_MIN])
{
    int last = -1; /* ranges that touch would be one */
    memset(ret_allowed, 0, BW_STARTS_DAY_MIN);
    for (const char *at = text;; at++) {
        int from = read_minute(&at);
        if (from <= last || *at != '-') {
            return -EINVAL;
        }
        at++;
        int to = read_minute(&at);
        if (to <= from || (*at != '+' && *at != '\0')) {
            return -EINVAL;
        }
        memset(ret_allowed + from, 1, (size_t)(to - from));
        last = to;
        if (*at == '\0') {
            return 0;
        }
    }
}
