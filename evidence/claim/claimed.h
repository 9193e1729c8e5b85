/* SPDX-License-Identifier: GPL-3.0-or-later
 * claimed.h - the bandwidth that a district claims on a day, by its claim lines, with the
 * arithmetic as rows (method "claimed-district/3", docs/claim-v1.md): the sum of its
 * Internet lines, and where Internet and its transport are billed apart the lesser of the
 * two. */
#ifndef BW_CLAIMED_H
#define BW_CLAIMED_H

#include <bw/units.h>
#include <claimline.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_CLAIMED_METHOD "claimed-district/3"

enum bw_claimed_part {
    BW_CLAIMED_INTERNET,  /* counted: Internet with its circuit */
    BW_CLAIMED_ISP,       /* Internet, its circuit billed apart */
    BW_CLAIMED_TRANSPORT, /* that circuit */
    BW_CLAIMED_NOT,       /* not Internet of this district: nothing is missing for it */
    BW_CLAIMED_OPEN       /* perhaps Internet of this district; cannot be counted: `why` */
};

/* One line and what it adds. */
struct bw_claimed_row {
    char about[BW_CLAIM_ABOUT_MAX + 1];
    char provider[BW_CLAIM_NAME_MAX + 1];
    enum bw_claim_role role;
    enum bw_claimed_part part;
    int64_t quantity; /* lines; unknown where it is not stated or no whole number */
    int64_t each_bps[BW_DIRECTIONS];
    int64_t total_bps[BW_DIRECTIONS]; /* quantity · each; unknown where one of them is */
    enum bw_layer layer;
    char why[160]; /* of NOT and OPEN */
};

struct bw_claimed_sum {
    int64_t internet_bps;  /* unknown: no such line */
    int64_t isp_bps;       /* the same */
    int64_t transport_bps; /* the same */
    int64_t lesser_bps;    /* of the two above; unknown unless both are known */
    int64_t bps;           /* what is claimed; unknown: nothing can be told */
    bool two_layers;       /* lines that count are at unlike layers: bps is not known */
    bool at_least;         /* lines could not be counted: it may be more */
};

struct bw_claimed {
    struct bw_claimed_row *rows;
    size_t n;
    size_t cap;
    struct bw_claimed_sum sum[BW_DIRECTIONS];
    /* asked */
    char payer[BW_NUMBER_MAX + 1];
    int64_t year;
    char day[BW_DATE_LEN + 1];
    const struct bw_numbers *users; /* the district and its schools; may be NULL */
};

/* For the claims of payer `number` (BEN) that are good on `day` of funding year `year`.
 * users: whose use of a line that somebody else pays for is told; lent, in
 * ascending order (of any length), may be NULL. */
void bw_claimed_init(struct bw_claimed *c,
                     const char *number,
                     int64_t year,
                     const char *day,
                     const struct bw_numbers *users);
void bw_claimed_done(struct bw_claimed *c);

/* Look at one claim; those that have nothing to do with it make no row. -ENOMEM. */
int bw_claimed_add(struct bw_claimed *c,
                   const char *about,
                   const struct bw_claimline *line);
/* Reckon c->sum from the rows. */
void bw_claimed_settle(struct bw_claimed *c);

/* Is the day in the funding year? */
bool bw_claimed_day_in_year(const char *day, int64_t year);

#endif
