/* SPDX-License-Identifier: GPL-3.0-or-later
 * until.c - up to when a report tells of its period, known before it is made.
 *
 * Invariant: the same of the same records, whoever asks: a report, a bag, its check. */
#include "until.h"

#include <bw/records.h>

enum {
    DAY_S = 86400 /* no interval is longer */
};

static int take_end(void *owner, const struct bw_circuit_day *d)
{
    int64_t *last = owner;

    for (size_t i = 0; i < d->n_slots; i++) {
        *last = d->slots[i].end_unix_s > *last ? d->slots[i].end_unix_s : *last;
    }
    return 0;
}

int bw_until_find(struct bw_records *records,
                  const char *site,
                  const char *circuit,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  int64_t made_unix_s,
                  int64_t *ret_unix_s,
                  struct bw_err *reterr)
{
    int64_t last = made_unix_s;
    int64_t first = made_unix_s - DAY_S > from_unix_s ? made_unix_s - DAY_S : from_unix_s;
    int r = 0;

    if (made_unix_s < to_unix_s) {
        r = bw_records_days(records, site, circuit, first, to_unix_s, take_end, &last,
                            reterr);
    }
    if (r == 0) {
        *ret_unix_s = last < to_unix_s ? last : to_unix_s;
    }
    return r;
}
