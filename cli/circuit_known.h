/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_known.h - what is known of each measured circuit, for holding claims against it:
 * what its place is called, what its records of the last days tell. */
#ifndef BW_CLI_CIRCUIT_KNOWN_H
#define BW_CLI_CIRCUIT_KNOWN_H

#include "docket_asked.h"

#include <match.h>

struct bw_tz;

struct circuit_known {
    char name[BW_DOCKET_CIRCUIT_MAX + 1]; /* "SITE.CIRCUIT" */
    char site_name[201];
    char entity_id[BW_ENTITY_MAX + 1];
    char entity_name[201];
    char provider[BW_LABEL_MAX + 1];
    char spin[12];
    int64_t link_bps;
    int64_t tested_bps;
    int64_t carried_bps;
    int64_t written_bps;
    int64_t n_tests;
};

typedef int (*circuit_known_cb)(void *owner, const struct circuit_known *k);

/* Every circuit of which there are records, or the one `only` ("SITE.CIRCUIT"); what `days`
 * before its last record tell (0: records are not read). Progress on a terminal. */
int circuit_known_each(const struct bw_docket *d,
                       const char *only,
                       int64_t days,
                       circuit_known_cb cb,
                       void *owner,
                       struct bw_err *reterr);

/* The same as the judge takes it; lent by *k. */
struct bw_match_circuit circuit_known_judged(const struct circuit_known *k);

#endif
