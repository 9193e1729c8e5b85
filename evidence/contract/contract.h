/* SPDX-License-Identifier: GPL-3.0-or-later
 * contract.h - what a circuit is judged by besides records: the terms of its contract and
 * who uses it, from what people and imports said. Nothing is typed in; whoever has the same
 * statements gets the same. Blocking; the catalogue's thread. */
#ifndef BW_CONTRACT_H
#define BW_CONTRACT_H

#include <bw/units.h>
#include <finding.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;
struct bw_tz;

struct bw_contract {
    struct bw_finding_terms terms; /* .known: one set of them holds all the time */
    char terms_origin[432];        /* whose word they are, in words; "" none */
    char terms_open[240];          /* there are some, and why none of them is `terms` */
    int64_t students;              /* unknown: nobody says */
    char students_are[200];        /* who they are, since when it is said */
    int64_t users;
    char users_are[200];
    char people_open[160]; /* some are on file, and why none of them is told; "" else */
};

/* Of SITE.CIRCUIT over [from, until); days by `tz`. Terms that change within that time,
 * that hold for a part of it alone, or that two contracts have at once are `terms_open`:
 * the parts can be asked for. No catalogue (NULL) and nothing on file is no failure. */
int bw_contract_find(struct bw_catalogue *c,
                     const char *site,
                     const char *circuit,
                     const struct bw_tz *tz,
                     int64_t from_unix_s,
                     int64_t until_unix_s,
                     struct bw_contract *ret,
                     struct bw_err *reterr);

#endif
