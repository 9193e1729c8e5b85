/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_ask.c - what a query for a pack may say. */
#include "pack_ask.h"

#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    PROVISIONAL_DAYS = 8 /* seven, and one for time zones */
};

static const char *const purposes[] = {"sizing",   "pia",   "invoice",
                                       "delivery", "audit", NULL};
static const struct {
    const char *name;
    const char *type;
} formats[] = {{"html", "text/html; charset=utf-8"},
               {"pdf", "application/pdf"},
               {"csv", "text/csv; charset=utf-8; header=present"},
               {"json", "application/json"}};

enum {
    FORMATS = sizeof(formats) / sizeof(formats[0])
};

const char *bw_pack_ask_type(const char *format)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i].name, format) == 0) {
            return formats[i].type;
        }
    }
    return NULL;
}

static bool among(const char *const *words, const char *word)
{
    while (*words && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

/* Letters, digits and a few more, beginning with a letter or digit. */
static bool plain(const char *text, const char *more, size_t cap)
{
    size_t n = strlen(text);
    const char *begin = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (size_t i = 0; i < n; i++) {
        if (!strchr(begin, text[i]) && (i == 0 || !strchr(more, text[i]))) {
            return false;
        }
    }
    return n > 0 && n < cap && !strstr(text, "..");
}

static bool digits(const char *text, size_t n)
{
    return strlen(text) >= n && strspn(text, "0123456789") >= n;
}

static bool is_year(const char *text)
{
    text += strncmp(text, "FY", 2) == 0 ? 2 : 0;
    return strlen(text) == 4 && digits(text, 4) && text[0] != '0';
}

static bool is_month(const char *text)
{
    return strlen(text) == 7 && digits(text, 4) && text[4] == '-' && digits(text + 5, 2) &&
           strcmp(text + 5, "00") > 0 && strcmp(text + 5, "12") <= 0;
}

static int flag(const char *text, const char *name, bool *ret, struct bw_err *reterr)
{
    *ret = text && strcmp(text, "yes") == 0;
    return !text || *ret || strcmp(text, "no") == 0
               ? 0
               : bw_err_set(reterr, -EINVAL, "%s: yes or no", name);
}

static int
read_period(const struct bw_pack_query *q, struct bw_pack_ask *a, struct bw_err *reterr)
{
    if ((q->year != NULL) + (q->month != NULL) + (q->from || q->to) != 1 ||
        (q->from == NULL) != (q->to == NULL)) {
        return bw_err_set(reterr, -EINVAL,
                          "say one period: year (FY2026, 2026), month (2026-11), or from "
                          "and to (2026-11-02)");
    }
    if (q->year && !is_year(q->year)) {
        return bw_err_set(reterr, -EINVAL,
                          "year: FY2026 (1 July 2026 to 30 June 2027) or 2026");
    }
    if (q->month && !is_month(q->month)) {
        return bw_err_set(reterr, -EINVAL, "month: as in 2026-11");
    }
    if (q->from && (!plain(q->from, "-:.+", BW_PACK_ASK_TEXT) ||
                    !plain(q->to, "-:.+", BW_PACK_ASK_TEXT))) {
        return bw_err_set(reterr, -EINVAL,
                          "from, to: a day (2026-11-02) or an instant "
                          "(2026-11-02T14:00:00Z)");
    }
    (void)snprintf(a->year, sizeof(a->year), "%s", q->year ? q->year : "");
    (void)snprintf(a->month, sizeof(a->month), "%s", q->month ? q->month : "");
    (void)snprintf(a->from, sizeof(a->from), "%s", q->from ? q->from : "");
    (void)snprintf(a->to, sizeof(a->to), "%s", q->to ? q->to : "");
    return 0;
}

int bw_pack_ask_read(const struct bw_pack_query *q,
                     struct bw_pack_ask *ret,
                     struct bw_err *reterr)
{
    struct bw_pack_ask a = {.letter = false};
    int r;

    memcpy(a.site, ret->site, sizeof(a.site));
    memcpy(a.circuit, ret->circuit, sizeof(a.circuit));
    if (!q->purpose || !among(purposes, q->purpose)) {
        return bw_err_set(reterr, -EINVAL,
                          "for: sizing, pia, invoice, delivery or audit (the pack "
                          "legislature is of many circuits, by the command)");
    }
    (void)snprintf(a.purpose, sizeof(a.purpose), "%s", q->purpose);
    if (q->format && !bw_pack_ask_type(q->format)) {
        return bw_err_set(reterr, -EINVAL, "format: html, pdf, csv or json");
    }
    (void)snprintf(a.format, sizeof(a.format), "%s", q->format ? q->format : "html");
    if (q->tz && !plain(q->tz, "_+-/", sizeof(a.tz))) {
        return bw_err_set(reterr, -EINVAL, "tz: as in America/Chicago");
    }
    (void)snprintf(a.tz, sizeof(a.tz), "%s", q->tz ? q->tz : "");
    if (q->paper && strcmp(q->paper, "letter") != 0 && strcmp(q->paper, "a4") != 0) {
        return bw_err_set(reterr, -EINVAL, "paper: letter or a4");
    }
    (void)snprintf(a.paper, sizeof(a.paper), "%s", q->paper ? q->paper : "letter");
    r = flag(q->letter, "letter", &a.letter, reterr);
    r = r < 0 ? r : flag(q->certificate, "certificate", &a.certificate, reterr);
    if (r == 0 && a.letter && strcmp(a.purpose, "delivery") != 0) {
        return bw_err_set(reterr, -EINVAL, "letter goes with for=delivery");
    }
    if (r == 0 && a.certificate && strcmp(a.purpose, "audit") != 0) {
        return bw_err_set(reterr, -EINVAL, "certificate goes with for=audit");
    }
    r = r < 0 ? r : read_period(q, &a, reterr);
    if (r == 0) {
        *ret = a;
    }
    return r;
}

void bw_pack_ask_key(const struct bw_pack_ask *a, char out[512])
{
    (void)snprintf(out, 512, "%s.%s|%s|%s|%s|%s|%s|%s|%s|%d%d", a->site, a->circuit,
                   a->purpose, a->year, a->month, a->from, a->to, a->tz, a->paper,
                   a->letter, a->certificate);
}

void bw_pack_ask_words(const struct bw_pack_ask *a,
                       const char *ledger,
                       const char *folder,
                       char *id,
                       const char *ret[BW_PACK_ASK_WORDS])
{
    const struct {
        const char *option;
        const char *word;
    } optional[] = {{"--year", a->year}, {"--month", a->month}, {"--from", a->from},
                    {"--to", a->to},     {"--tz", a->tz},       {"--paper", a->paper}};
    size_t n = 0;

    (void)snprintf(id, BW_SITE_MAX + BW_NAME_MAX + 2, "%s.%s", a->site, a->circuit);
    const char *const fixed[] = {
        "report",   "--ledger",          ledger, "--circuit", id, "--for", a->purpose,
        "--format", "html,pdf,csv,json", "-o",   folder};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        ret[n++] = fixed[i];
    }
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        if (optional[i].word[0]) {
            ret[n++] = optional[i].option;
            ret[n++] = optional[i].word;
        }
    }
    if (a->from[0] || a->tz[0]) { /* anybody can think of ever new ones */
        ret[n++] = "--draft";
    }
    if (a->letter) {
        ret[n++] = "--letter";
    }
    if (a->certificate) {
        ret[n++] = "--certificate";
    }
    ret[n] = NULL;
}

void bw_pack_ask_period(const struct bw_pack_ask *a, char out[192])
{
    (void)snprintf(out, 192, "%s%s%s%s%s", a->year, a->month, a->from, a->to[0] ? "-" : "",
                   a->to);
    for (char *c = out; *c; c++) {
        if (*c == ':' || *c == '+') {
            *c = '_';
        }
    }
}

int64_t bw_pack_ask_settled_unix_s(const struct bw_pack_ask *a)
{
    int64_t day = BW_UNKNOWN;

    if (a->year[0] == 'F') {
        day = bw_civil_days((int)strtol(a->year + 2, NULL, 10) + 1, 7, 1);
    } else if (a->year[0]) {
        day = bw_civil_days((int)strtol(a->year, NULL, 10) + 1, 1, 1);
    } else if (a->month[0]) {
        int year = (int)strtol(a->month, NULL, 10);
        int month = (int)strtol(a->month + 5, NULL, 10);
        day = bw_civil_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1);
    }
    return day == BW_UNKNOWN ? BW_UNKNOWN : (day + PROVISIONAL_DAYS) * DAY_S;
}
