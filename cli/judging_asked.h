/* SPDX-License-Identifier: GPL-3.0-or-later
 * judging_asked.h - by which rules a report judges: their folder, the contract's terms, and
 * which of them the state has adopted; for every verb that makes a report. */
#ifndef BW_CLI_JUDGING_ASKED_H
#define BW_CLI_JUDGING_ASKED_H

#include "cli.h"

#include <contract.h>
#include <model.h>

struct bw_origin;

enum {
    BW_JUDGING_ADOPT_MAX = 16,
    BW_JUDGING_OPT_ADOPT = 0xb00
};

/* Words as they were typed, NULL: not given. */
struct bw_judging_asked {
    const char *rules; /* a folder; "none" */
    const char *terms; /* a file */
    const char *adopt[BW_JUDGING_ADOPT_MAX];
    size_t n_adopt;
};

/* clang-format off */
#define BW_JUDGING_ASKED_HELP \
    "Findings (bandwitness-rules(5)):\n" \
    "  --rules DIR|none       rules to judge by (default /etc/bandwitness/rules)\n" \
    "  --adopt RULE           judge by this rule as one that the state adopted; several times\n" \
    "  --terms FILE           what the circuit's contract promises, in place of what is on\n" \
    "                         file (bandwitness claim terms)\n" \
    "  --students N           for rules by student, in place of what is on file\n" \
    "  --users N --users-are WORDS   the same by user, and who counts as one\n"
/* clang-format on */

/* One more --adopt: 0, or the exit status after a sentence. */
int bw_judging_adopt(const struct bw_verb *v, struct bw_judging_asked *a, const char *rule);

struct bw_judging {
    struct bw_report_judging j;
    struct bw_evrule *rules; /* must outlive the report */
    struct bw_adoption *adoptions;
    struct bw_contract said; /* what statements have of it; j lends from here */
};

/* Read it all; j.n_rules is 0 where there is nothing to judge by. 0, or the exit status
 * after a sentence. Done with in either case. */
int bw_judging_find(const struct bw_verb *v,
                    const struct bw_judging_asked *a,
                    struct bw_origin *origin,
                    struct bw_judging *ret);
void bw_judging_done(struct bw_judging *j);

#endif
