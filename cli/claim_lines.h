/* SPDX-License-Identifier: GPL-3.0-or-later
 * claim_lines.h - the claims on file (imported or of one's own) with what is bound to them,
 * for the verbs `claim …`. */
#ifndef BW_CLI_CLAIM_LINES_H
#define BW_CLI_CLAIM_LINES_H

#include "docket_asked.h"

#include <claimline.h>
#include <stddef.h>

struct bw_err;

struct claim_row {
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char id[BW_HASH_LEN + 1];
    char by[BW_STATEMENT_BY_MAX + 1];
    int64_t said_unix_s;
    struct bw_claimline line;
    char (
        *bound)[BW_DOCKET_CIRCUIT_MAX + 1]; /* circuits bound to it by bindings in force */
    size_t n_bound;
    size_t cap_bound;
};

struct claim_lines {
    struct claim_row *rows; /* by key */
    size_t n;
    size_t cap;
    int64_t year;   /* only this funding year; BW_UNKNOWN: all */
    int64_t unread; /* claims and bindings that only a newer program reads */
};

/* Read them; done() also after a failure. */
int claim_lines_read(const struct bw_docket *d,
                     int64_t year,
                     struct claim_lines *ret,
                     struct bw_err *reterr);
void claim_lines_done(struct claim_lines *l);

/* The one whose key this is: "frn:1699048824.003", or without "frn:". NULL: none. */
const struct claim_row *claim_lines_find(const struct claim_lines *l, const char *text);

/* "FY2026" or "2026". 0, or BW_EXIT_USAGE. */
int claim_lines_year(const struct bw_verb *v, const char *text, int64_t *ret);

/* Today and the funding year that runs, by the clock of a zone (NULL: this machine's). 0,
 * or the exit status after a sentence. */
int claim_lines_today(const struct bw_verb *v,
                      const char *zone,
                      int64_t now_unix_s,
                      char ret_day[BW_DATE_LEN + 1],
                      int64_t *ret_year);
/* A speed as it was filed, "500 Mbps"; "–" not stated. */
const char *claim_lines_speed(const struct bw_speed *s, char out[64]);

#endif
