/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_ask.h - which pack somebody asks for, from a query of strangers to the words of the
 * command that makes it. Pure; any thread. */
#ifndef BW_PACK_ASK_H
#define BW_PACK_ASK_H

#include <bw/summary.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;

enum bw_pack_ask_limits {
    BW_PACK_ASK_WORDS = 32,
    BW_PACK_ASK_TEXT = 40
};

/* The parameters as they came; NULL: not given. */
struct bw_pack_query {
    const char *purpose; /* "for" */
    const char *format;
    const char *year;
    const char *month;
    const char *from;
    const char *to;
    const char *tz;
    const char *paper;
    const char *letter;
    const char *certificate;
};

/* Checked: nothing in it can be taken for another word of a command, or for a path. */
struct bw_pack_ask {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char purpose[16];
    char format[8]; /* html, pdf, csv, json */
    char year[BW_PACK_ASK_TEXT];
    char month[BW_PACK_ASK_TEXT];
    char from[BW_PACK_ASK_TEXT];
    char to[BW_PACK_ASK_TEXT];
    char tz[64];
    char paper[8];
    bool letter;
    bool certificate;
};

/* site and circuit are left as they are. -EINVAL names the parameter and what it can be. */
int bw_pack_ask_read(const struct bw_pack_query *q,
                     struct bw_pack_ask *ret,
                     struct bw_err *reterr);

/* Everything but the format, for a cache's key. */
void bw_pack_ask_key(const struct bw_pack_ask *a, char out[512]);
/* The words of `bandwitness`, NULL behind them, which borrow from a and from what is given:
 * all forms of the pack into a folder. id[BW_SITE_MAX + BW_NAME_MAX + 2] is written. */
void bw_pack_ask_words(const struct bw_pack_ask *a,
                       const char *ledger,
                       const char *folder,
                       char *id,
                       const char *ret[BW_PACK_ASK_WORDS]);
/* "text/html; charset=utf-8" */
const char *bw_pack_ask_type(const char *format);
/* The period as a part of a file's name, "FY2026". */
void bw_pack_ask_period(const struct bw_pack_ask *a, char out[192]);
/* Days end everywhere within a day of UTC's: from then on, and after the days in which a
 * pack is provisional, only what comes late or is said later changes it. Unknown for a
 * period that has no end by itself. */
int64_t bw_pack_ask_settled_unix_s(const struct bw_pack_ask *a);

#endif
