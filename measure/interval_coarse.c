/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_coarse.c - circuits whose counters are somebody else's: readings that come when
 * the source has new counts, some of them seconds old.
 *
 * The bytes of an interval are settled when its grace is over, so that the reading that
 * reaches over its end is there and is divided. A test's line is never read off such
 * counts between two instants; it is the test's own bytes, which are known, and its share
 * of what the counts around the whole run hold besides. */
#include "interval_private.h"

#include <bw/units.h>
#include <errno.h>

enum {
    LINE_ERROR_MAX_PPM = 50000 /* beyond it nothing is said */
};

static const int64_t NS_PER_MS = 1000000;

void bw_interval_refresh(struct bw_interval *iv,
                         uint32_t circuit,
                         int64_t refresh_ms,
                         int64_t late_ms)
{
    struct circuit *c = iv->circuits[circuit];
    if (!c->rates || !c->conf.coarse) {
        return;
    }
    c->conf.resolution_ms = refresh_ms;
    bw_rates_set_coarse(c->rates,
                        refresh_ms == BW_UNKNOWN ? BW_UNKNOWN : refresh_ms * NS_PER_MS);
    if (late_ms * NS_PER_MS > iv->grace_ns) {
        iv->grace_ns = late_ms * NS_PER_MS;
    }
}

static void settle(struct bw_interval *iv, struct piece *p, uint32_t circuit)
{
    if (p->unsettled[circuit]) {
        p->unsettled[circuit] = false;
        bw_rates_cut(iv->circuits[circuit]->rates, p->end_unix_s, p->end_unix_s,
                     &p->circuits[circuit]);
    }
}

void interval_settle_counts(struct bw_interval *iv, struct piece *p)
{
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        settle(iv, p, i);
    }
}

void interval_settle_counts_of(struct bw_interval *iv, uint32_t circuit)
{
    for (size_t i = 0; i < iv->n_pieces; i++) {
        settle(iv, iv->pieces[i], circuit);
    }
}

int interval_fill_coarse_line(const struct circuit *c, struct result *x)
{
    struct bw_throughput *t = &x->t;
    struct bw_rates_around around;
    int64_t own = interval_own_bytes(c, x);
    double window_s = (double)(x->t1_mono_ns - x->t0_mono_ns) / 1e9;
    double around_s;
    double whole; /* the run's own bytes, warm-up included */
    double others;
    double short_of = 0;
    double share;
    double error;
    int r;
    if (own == BW_UNKNOWN || own <= 0 || x->t.bytes <= 0 || x->total_bytes < x->t.bytes ||
        x->began_mono_ns <= 0 || x->began_mono_ns > x->t0_mono_ns) {
        return -ENODATA;
    }
    r = bw_rates_around(c->rates, t->direction, x->began_mono_ns, x->over_mono_ns, &around);
    if (r < 0) {
        return r;
    }
    whole = (double)own * (double)x->total_bytes / (double)x->t.bytes;
    others = (double)around.bytes - whole;
    around_s = (double)(around.to_mono_ns - around.from_mono_ns) / 1e9;
    if (around_s < window_s) {
        return -ENODATA;
    }
    if (others < 0) { /* headers are estimates; or these counters did not see the test */
        short_of = -others;
        others = 0;
    }
    /* They may all have been within the window, or none of them; and the headers are an
     * estimate, which a counter that sees none of them would take from the others. */
    share = others * window_s / around_s;
    error = (share > others - share ? share : others - share) + short_of +
            (double)(own - x->wire_bytes);
    if (error * 1e6 > LINE_ERROR_MAX_PPM * ((double)own + share)) {
        return -ENODATA;
    }
    t->line_bps = (int64_t)(((double)own + share) * 8 / window_s);
    t->line_error_ppm = (int64_t)(error * 1e6 / ((double)own + share));
    t->concurrent_bps = (int64_t)(share * 8 / window_s);
    return 0;
}
