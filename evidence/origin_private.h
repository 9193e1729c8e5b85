/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin_private.h - the body of an origin, for origin.c and origin_config.c alone. */
#ifndef BW_EVIDENCE_ORIGIN_PRIVATE_H
#define BW_EVIDENCE_ORIGIN_PRIVATE_H

#include "origin.h"

#include <limits.h>

struct bw_catalogue;
struct bw_journal;
struct bw_ledger;

struct bw_origin {
    enum bw_origin_from from;
    struct bw_records *records;
    struct bw_journal *journal;     /* of a journal */
    struct bw_ledger *ledger;       /* of a ledger */
    struct bw_catalogue *catalogue; /* beside ledger or journal; NULL when there is none */
    char path[PATH_MAX];
    char data[PATH_MAX]; /* of a ledger: the collector's data folder */
    char text[200];
};

struct bw_err;

/* There are more than cap: -E2BIG with its sentence. */
int bw_origin_claims_full(size_t cap, struct bw_err *reterr);

#endif
