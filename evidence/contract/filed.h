/* SPDX-License-Identifier: GPL-3.0-or-later
 * filed.h - what was filed for a circuit, from the catalogue: the claim that a person bound
 * to it, and how many students use it. Blocking; the catalogue's thread. */
#ifndef BW_EVIDENCE_FILED_H
#define BW_EVIDENCE_FILED_H

#include <bw/units.h>
#include <claimline.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;
struct bw_tz;

/* A claim with the days of the period on which it holds, in the version of the last of
 * them; another version that names another provider or request is one by itself. */
struct bw_filed_held {
    struct bw_claimline line;
    char key[BW_CLAIM_ABOUT_MAX + 1]; /* "frn:2699000001.001" */
    char first_day[BW_DATE_LEN + 1];
    char last_day[BW_DATE_LEN + 1];
};

struct bw_filed {
    bool has; /* a claim holds on the period's last day */
    struct bw_claimline line;
    struct bw_claimline *others; /* those that hold on it as well, by key */
    size_t n_others;
    int64_t
        *circuits; /* to how many each is bound on that day: the line, then the others */
    struct bw_filed_held *held; /* all that hold on some day of it, by first day and key */
    size_t n_held;
    char first_day[BW_DATE_LEN + 1]; /* of the period */
    char last_day[BW_DATE_LEN + 1];
    char origin[240];        /* by whom it was bound, in words */
    int64_t students;        /* of the claim, else of its recipients; unknown: none says */
    int64_t users;           /* of the claim */
    char people_origin[200]; /* which of the two, since when on file, in words */
    char people_open[160];   /* some are on file, and why they are not told; "" else */
};

/* The claims bound to SITE.CIRCUIT over [from, until), and apart from them the one that
 * holds on its last local day; of several the one for Internet access, else the first by
 * its key. None, or no
 * catalogue (NULL), is no failure. People are told of one line alone: not where a claim is
 * of several, and not where several claims are not for the same people. Free with
 * bw_filed_done(), also after a failure. */
int bw_filed_find(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  const struct bw_tz *tz,
                  int64_t from_unix_s,
                  int64_t until_unix_s,
                  struct bw_filed *ret,
                  struct bw_err *reterr);
/* The same for many circuits: `all` are bw_sharings_read() of this catalogue, lent. */
struct bw_sharings;
int bw_filed_find_among(struct bw_catalogue *c,
                        const struct bw_sharings *all,
                        const char *site,
                        const char *circuit,
                        const struct bw_tz *tz,
                        int64_t from_unix_s,
                        int64_t until_unix_s,
                        struct bw_filed *ret,
                        struct bw_err *reterr);
/* Do both name one provider: the same SPIN, where none is stated the same name? */
bool bw_filed_same_provider(const struct bw_claimline *a, const struct bw_claimline *b);
void bw_filed_done(struct bw_filed *f);

#endif
