/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_gather.h - the records that go into a bag: those of the period, with what of their
 * chains lies between them, in the order of their chains. */
#ifndef BW_BUNDLE_GATHER_H
#define BW_BUNDLE_GATHER_H

#include "bundle.h"

#include <buf.h>
#include <bw/units.h>
#include <logged.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

/* One key's chain, as far as it is in the bag. */
struct bw_bundle_chain {
    char kid[BW_KID_LEN + 1];
    int64_t first_seq;
    int64_t last_seq;
    int64_t n; /* records in the time that is read */
};

struct bw_bundle_gathered {
    char *lines; /* the records, one JWS a line, mapped; NULL: there are none */
    size_t n;    /* bytes of them */
    int fd;      /* of the file that they lie in; -1: none yet */
    int64_t n_records;
    struct bw_bundle_chain *chains;
    size_t n_chains;
    struct bw_buf taken;          /* data/records/taken.csv */
    bool some_taken;              /* it says more than its heading */
    struct bw_logged_list logged; /* what the log may have of them */
};

void bw_bundle_gathered_init(struct bw_bundle_gathered *g);
/* All that the options ask for. -E2BIG: records of too many keys. */
int bw_bundle_gather(const struct bw_bundle_options *o,
                     struct bw_bundle_gathered *ret,
                     struct bw_err *reterr);
void bw_bundle_gathered_done(struct bw_bundle_gathered *g); /* also after a failure */

#endif
