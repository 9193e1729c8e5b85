/* SPDX-License-Identifier: GPL-3.0-or-later
 * witness.c - who could have told an outage, and for how long.
 *
 * Invariant: watched_s is the longest time of any target but the one that was asked the
 * longest, so no more than two of them can have shared. */
#include "witness.h"

#include <bw/units.h>

bool bw_witness_watches(int64_t sent, int64_t covered_s)
{
    return sent != BW_UNKNOWN && covered_s != BW_UNKNOWN && sent > 0 &&
           sent > (covered_s - 1) / BW_WITNESS_S;
}

void bw_witness_add(struct bw_witness_cell *c,
                    size_t target,
                    int64_t sent,
                    int64_t covered_s)
{
    if (!bw_witness_watches(sent, covered_s)) {
        return;
    }
    if (c->target == target + 1) {
        c->longest_s = covered_s > c->longest_s ? covered_s : c->longest_s;
    } else if (covered_s > c->longest_s) {
        c->watched_s = c->longest_s;
        c->longest_s = covered_s;
        c->target = target + 1;
    } else if (covered_s > c->watched_s) {
        c->watched_s = covered_s;
    }
}
