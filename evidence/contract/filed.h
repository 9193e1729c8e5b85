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

struct bw_filed {
    bool has; /* a claim holds on that day */
    struct bw_claimline line;
    struct bw_claimline *others; /* those that hold on it as well, by key */
    size_t n_others;
    char origin[240];        /* by whom it was bound, in words */
    int64_t students;        /* of the claim, else of its recipients; unknown: none says */
    int64_t users;           /* of the claim */
    char people_origin[200]; /* which of the two, since when on file, in words */
    char people_open[160];   /* some are on file, and why they are not told; "" else */
};

/* The claim bound to SITE.CIRCUIT, in the version that holds on a day ("2026-07-01", of
 * tz); of several the one for Internet access, else the first by its key. None, or no
 * catalogue (NULL), is no failure. People are told of one line alone: not where a claim is
 * of several, and not where several claims are not for the same people. Free with
 * bw_filed_done(), also after a failure. */
int bw_filed_find(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  const struct bw_tz *tz,
                  const char *day,
                  struct bw_filed *ret,
                  struct bw_err *reterr);
void bw_filed_done(struct bw_filed *f);

#endif
