/* SPDX-License-Identifier: GPL-3.0-or-later
 * match.h - is this claim about this measured circuit? A proposal with its reasons and its
 * doubts (method claim-match/1), for a person to decide. Pure. */
#ifndef BW_MATCH_H
#define BW_MATCH_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

enum bw_match_limits {
    BW_MATCH_SAID_MAX = 8,   /* reasons, or doubts */
    BW_MATCH_TEXT_MAX = 199, /* bytes of one */
    BW_MATCH_WORTH = 30      /* fewer points are no proposal */
};

/* A circuit as it is known; "" and unknown where it is not. All lent. */
struct bw_match_circuit {
    const char *site_name;
    const char *entity_name;
    const char *entity_id; /* its digits, where it has some, are held against BENs */
    int64_t link_bps;      /* of the port that counts */
    int64_t tested_bps;    /* median of tests, towards the school */
    int64_t carried_bps;   /* the most that users drew in five minutes, towards it */
    int64_t written_bps;   /* a claim written down for the circuit itself */
    const char *provider;  /* the same */
    const char *spin;      /* the same */
};

/* A claim; all lent. */
struct bw_match_claim {
    const char *payer_name;
    const char *const *names; /* of recipients, as far as they are known */
    size_t n_names;
    const char *const *numbers; /* their BENs */
    size_t n_numbers;
    int64_t down_bps;
    int64_t role;     /* enum bw_claim_role */
    int64_t quantity; /* lines; unknown */
    const char *provider;
    const char *spin;
    int64_t n_bound; /* to other circuits, by bindings in force */
};

struct bw_match {
    int points; /* 0 to 100; a measure of what speaks for it, no probability */
    size_t n_reasons;
    char reasons[BW_MATCH_SAID_MAX][BW_MATCH_TEXT_MAX + 1];
    size_t n_doubts;
    char doubts[BW_MATCH_SAID_MAX][BW_MATCH_TEXT_MAX + 1];
};

void bw_match_judge(const struct bw_match_circuit *circuit,
                    const struct bw_match_claim *claim,
                    struct bw_match *ret);

#endif
