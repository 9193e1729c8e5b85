/* SPDX-License-Identifier: GPL-3.0-or-later
 * seal_private.h - one sealing under way: what its planner, its builder and its steps
 * hand to each other. At any moment it belongs to one thread; only `stop` is shared. */
#ifndef BW_STORE_SEAL_PRIVATE_H
#define BW_STORE_SEAL_PRIVATE_H

#include "ledger.h"

#include <segment.h>
#include <sql.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The part of one chain in the segment. */
struct bw_seal_part {
    int64_t chain;
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    int64_t from_seq;
    int64_t to_seq;
    int64_t min_start;
    int64_t max_start;
};

struct bw_seal_day {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t day_unix_s;
    int64_t offset;
    int64_t length;  /* 0: it could not be made, and the stored one misses records */
    int64_t through; /* every record below this position is in it */
    char sha256[BW_HASH_LEN + 1];
};

enum {
    BW_SEAL_ROWS = 500000 /* a segment: a longer day is several */
};

enum bw_seal_phase { /* in this order */
    BW_SEAL_BUILD,
    BW_SEAL_PARTS,
    BW_SEAL_DAYS,
    BW_SEAL_NAME,
    BW_SEAL_DROP,
    BW_SEAL_OVER
};

struct bw_seal {
    char *folder; /* of the ledger */
    int64_t now_unix_ms;
    int64_t keep_days;
    atomic_bool stop;
    enum bw_seal_phase phase;
    int64_t from; /* positions [from, to) */
    int64_t to;
    int64_t label;   /* the UTC day of arrival */
    int64_t n_ahead; /* rows with a time of arrival that a later row shows to be wrong */
    int64_t sure_at; /* bw_seal_label()'s: a row with a credible time of arrival, */
    int64_t sure_ms; /* and that time */
    struct bw_segment_made made;
    struct bw_seal_part *parts;
    size_t n_parts;
    size_t cap_parts;
    struct bw_seal_day *days;
    size_t n_days;
    size_t cap_days;
    /* the steps' */
    int64_t segment; /* its id; 0: none taken yet */
    size_t at;       /* parts or days entered */
    int64_t drop_at;
    int64_t slice; /* rows of the next step */
    bool named;    /* may have been: the file stays */
    struct bw_ledger_seal_report report;
};

/* The UTC day on which the row at `position` arrived. A time of arrival more than a day
 * ahead was stamped by a clock that was wrong: then the day of the next row with a credible
 * one, which came no earlier; INT64_MAX while there is none. Positions must not fall from
 * call to call. 1: so it was, 0: the row's own day. */
int bw_seal_label(struct bw_sql *db,
                  struct bw_seal *s,
                  int64_t position,
                  int64_t received_unix_ms,
                  int64_t *ret,
                  struct bw_err *reterr);

/* seal_build.c: which positions, the file, and the file read back. */
int bw_seal_build(struct bw_seal *s, struct bw_err *reterr);

#endif
