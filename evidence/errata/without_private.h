/* SPDX-License-Identifier: GPL-3.0-or-later
 * without_private.h - what one record becomes. */
#ifndef BW_WITHOUT_PRIVATE_H
#define BW_WITHOUT_PRIVATE_H

#include "without.h"

enum bw_without_outcome {
    BW_WITHOUT_SAME,
    BW_WITHOUT_CHANGED,
    BW_WITHOUT_DROPPED
};

/* What became of a record, and for whom. */
struct bw_without_done {
    enum bw_without_outcome outcome;
    enum bw_without_kind dropped_for;
    bool counters; /* were taken out */
    bool outages;
    bool runs; /* were marked; that alone changes nothing that a record says */
};

/* Take out of s (whose arena may grow) what errata exclude. count_errata[n_errata] and
 * count_keys[n_keys] are added to where not NULL; with `only_runs` the record begins behind
 * the period, and of it runs alone count. -ENOMEM. */
int bw_without_apply(const struct bw_without_ask *ask,
                     struct bw_summary *s,
                     const char *kid,
                     int64_t received_unix_ms,
                     bool only_runs,
                     struct bw_without_count *count_errata,
                     struct bw_without_count *count_keys,
                     struct bw_without_done *ret);

/* Take the marks of runs off again: what is left is never longer than the record was. */
void bw_without_unmark(struct bw_summary *s);

/* Did this key's record come when the key was in other hands? Which of ask->keys; -1. */
long bw_without_key_of(const struct bw_without_ask *ask,
                       const char *kid,
                       int64_t received_unix_ms);

#endif
