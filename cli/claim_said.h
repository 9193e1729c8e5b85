/* SPDX-License-Identifier: GPL-3.0-or-later
 * claim_said.h - what a person says of a claim on file, for the days on which it holds:
 * what `claim confirm` and `claim terms` share. */
#ifndef BW_CLI_CLAIM_SAID_H
#define BW_CLI_CLAIM_SAID_H

#include "claim_lines.h"
#include "saying.h"

enum {
    CLAIM_SAID_TEXT_MAX = 240
};

/* "" where it was not given. */
struct claim_said {
    struct bw_docket_asked docket;
    struct saying_asked saying;
    char from[BW_DATE_LEN + 1];
    char to[BW_DATE_LEN + 1];
    char text[CLAIM_SAID_TEXT_MAX + 1];
};

/* Rows of the options: from, to, text, those of the docket and of saying.h. */
/* clang-format off */
#define CLAIM_SAID_OPTIONS \
    BW_DOCKET_ASKED_OPTIONS, \
    BW_DOCKET_ASKED_BY, \
    SAYING_OPTIONS, \
    {"from", required_argument, NULL, 'f'}, \
    {"to", required_argument, NULL, 't'}, \
    {"text", required_argument, NULL, 'x'}
/* clang-format on */

/* Read them and find two words behind them, or nothing but --withdraw (with --text where a
 * withdrawal keeps `why`); `words` asks for the words. 0, or BW_EXIT_USAGE. */
int claim_said_read(const struct bw_verb *v,
                    int argc,
                    char **argv,
                    const struct option *longs,
                    bool why,
                    const char *words,
                    struct claim_said *a);

/* The days have none in common; "" without a bound. */
bool claim_said_apart(const char *from, const char *to, const char *from2, const char *to2);

/* The claim must be on file: nobody binds what nobody claimed, nor is promised what nobody
 * contracted. 0, or the exit status after a sentence; claim_lines_done() after both. */
int claim_said_find(const struct bw_verb *v,
                    const struct bw_docket *d,
                    const char *text,
                    struct claim_lines *lines,
                    const struct claim_row **ret);

#endif
