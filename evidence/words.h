/* SPDX-License-Identifier: GPL-3.0-or-later
 * words.h - how figures are said to people: rates, delays, lengths of time, dates, names.
 * Pure; text goes into the caller's buffer and is never cut in the middle of a number. */
#ifndef BW_EVIDENCE_WORDS_H
#define BW_EVIDENCE_WORDS_H

#include "model.h"

#include <bw/summary.h>
#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_tz;

enum {
    BW_WORDS_MAX = 64
};

const char *bw_words_or(const char *text, const char *otherwise); /* for NULL */
const char *bw_words_direction(int direction);                    /* "down", "up" */
const char *bw_words_layer(enum bw_layer layer);      /* "ethernet", "ip", "goodput", "" */
const char *bw_words_layer_long(enum bw_layer layer); /* "Ethernet", "IP", "TCP payload" */
const char *bw_words_check(
    enum bw_report_check check); /* "not checked", "checked, good", "checked, bad" */
void bw_words_behind(uint32_t behind, char *out, size_t n); /* "nat filter" */
/* "NAME (icmp, IPv4)" */
void bw_words_target(const char *probe, const char *kind, int family, char *out, size_t n);

/* "93.4 Mbit/s", "1.20 Gbit/s": three figures or more, rounded half up; "not measured". */
void bw_words_rate(int64_t bps, char out[BW_WORDS_MAX]);
/* "12.3 ms" from microseconds. */
void bw_words_delay(int64_t us, char out[BW_WORDS_MAX]);
/* "2 d 3 h", "4 min 5 s", "12.4 s" from milliseconds. */
void bw_words_length(int64_t ms, char out[BW_WORDS_MAX]);
/* "1.42 TB", decimal. */
void bw_words_bytes(int64_t bytes, char out[BW_WORDS_MAX]);
/* "0.95 %" to two decimals. */
void bw_words_percent(int64_t ppm, char out[BW_WORDS_MAX]);
/* The same with all that is known of it, two decimals at least: "99.9512 %". */
void bw_words_share(int64_t ppm, char out[BW_WORDS_MAX]);
/* "12,345" */
void bw_words_count(int64_t n, char out[BW_WORDS_MAX]);

/* "1 run", "12,345 runs" */
void bw_words_counted(int64_t n, const char *one, const char *many, char out[BW_WORDS_MAX]);

/* part of whole in ppm, rounded down; unknown when whole is 0 or unknown. */
int64_t bw_words_ppm(int64_t part, int64_t whole);

/* RFC 3339 in UTC; "" when unknown. */
void bw_words_utc_s(int64_t unix_s, char out[32]);
void bw_words_utc_ms(int64_t unix_ms, char out[32]);
/* "Mon 2 Nov 2026, 14:05" in the zone; with seconds when asked. */
void bw_words_local(const struct bw_tz *tz,
                    int64_t unix_s,
                    int with_seconds,
                    char out[BW_WORDS_MAX]);
/* "Mon 2 Nov 2026" */
void bw_words_date(int year, int month, int day, int weekday, char out[BW_WORDS_MAX]);
/* "2026-11-02" */
void bw_words_iso_date(int year, int month, int day, char out[16]);
const char *bw_words_weekday(int weekday); /* "Mon" */
const char *bw_words_month(int month);     /* "Nov", 1…12 */

/* Why a run is set apart: for a table's key ("egress") and for a sentence ("left by
 * another line"). */
const char *bw_words_apart_name(enum bw_apart a);
const char *bw_words_apart(enum bw_apart a);

/* The value of a row of arithmetic: "34", "80.0 Mbit/s", "80.95 %", "62.50"; "" when there
 * is none. */
struct bw_finding_row;
void bw_words_row(const struct bw_finding_row *row, char out[BW_WORDS_MAX]);

#endif
