/* SPDX-License-Identifier: GPL-3.0-or-later
 * bytes.h - looks for addresses in bytes: as text, as text within base64, as bare bytes. */
#ifndef BW_PRIVACY_BYTES_H
#define BW_PRIVACY_BYTES_H

#include "excepted.h"
#include "report.h"
#include "seen.h"

/* What is looked for, and where it is told. */
struct bw_search {
    const struct bw_seen *seen; /* NULL: shapes only */
    const struct bw_excepted *excepted;
    struct bw_privacy_report *report;
    size_t file;
    const char *where; /* "": by offset */
    int64_t base;      /* offset of the first byte; unknown: none */
    size_t n_told;     /* hits at this offset and beyond belong to the next piece */
    bool hosts;        /* host names are findings, too */
    bool answers;      /* … but here they are what answered the box's own tests */
};

/* A text that somebody wrote as one: every shape counts. */
void bw_search_text(const struct bw_search *s, const char *text, size_t n);

/* What stands in it as base64 or base64url, at each of the four places that it can begin
 * at: text and bare bytes. Bytes that were no text make host names by chance: only those
 * that were seen are findings there. */
void bw_search_within(const struct bw_search *s, const char *text, size_t n);

enum bw_bytes_kind {
    BW_BYTES_LOOSE, /* of no known structure: an IPv4 address counts by itself */
    BW_BYTES_TABLE  /* of a data base or picture, whose own marks equal any four bytes */
};

/* Any bytes: text, bare bytes, and both within base64. */
void bw_search_bytes(const struct bw_search *s,
                     const uint8_t *bytes,
                     size_t n,
                     enum bw_bytes_kind kind);

/* A number that may be an IPv4 address. */
void bw_search_number(const struct bw_search *s, int64_t number);

/* Fill in what chance makes; findings that are no more than that are taken back. */
void bw_search_judge(const struct bw_seen *seen, struct bw_privacy_report *r);

#endif
