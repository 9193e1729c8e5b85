/* SPDX-License-Identifier: GPL-3.0-or-later
 * without.h - records as a report reads them: without what an erratum excludes, and without
 * those that came by a key after it was compromised.
 *
 * This is the only place where records become less. Whoever reads a report's records reads
 * them here, bytes and circuit-days alike; the records themselves are what they were, and
 * their signatures are checked elsewhere, as they are. */
#ifndef BW_WITHOUT_H
#define BW_WITHOUT_H

#include "errata.h"

#include <bw/records.h>

struct bw_without;

/* A key that was in other hands from an instant on. */
struct bw_without_key {
    char kid[BW_KID_LEN + 1];
    int64_t from_unix_s; /* records received then or later do not count */
};

/* What is asked. Everything is borrowed until bw_without_free(). */
struct bw_without_ask {
    struct bw_records *records;
    const char *site;
    const char *circuit;
    int64_t from_unix_s;
    int64_t to_unix_s;
    const struct bw_erratum_said *errata;
    size_t n_errata;
    const struct bw_without_key *keys;
    size_t n_keys;
};

/* What one erratum, or one key, came to in the period. What two of them touch counts in
 * both; a record that is left out counts for the first that leaves it out. */
struct bw_without_count {
    int64_t records;   /* that hold something of it */
    int64_t intervals; /* of them, that name the circuit, with more than runs touched */
    int64_t runs;      /* throughput runs of the circuit, whatever their state */
};

enum bw_without_kind {
    BW_WITHOUT_SPAN_ERRATUM, /* records left out for an erratum … */
    BW_WITHOUT_SPAN_KEY,     /* … for a key */
    BW_WITHOUT_SPAN_COUNTERS,
    BW_WITHOUT_SPAN_OUTAGES,
    BW_WITHOUT_SPANS
};

/* Intervals of the circuit that follow each other, of which this was taken. */
struct bw_without_span {
    enum bw_without_kind kind;
    int64_t from_unix_s;
    int64_t to_unix_s;
};

int bw_without_new(const struct bw_without_ask *ask,
                   struct bw_without **ret,
                   struct bw_err *reterr);
void bw_without_free(struct bw_without *a); /* NULL is fine */

/* Lent. Its each() over the whole period makes the counts, its days() the spans. */
struct bw_records *bw_without_records(struct bw_without *a);
const struct bw_without_count *bw_without_of_erratum(const struct bw_without *a, size_t i);
const struct bw_without_count *bw_without_of_key(const struct bw_without *a, size_t i);
/* By time within each kind. */
const struct bw_without_span *
bw_without_spans(const struct bw_without *a, enum bw_without_kind kind, size_t *ret_n);

#endif
