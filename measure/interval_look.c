/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_look.c - the open interval as it stands, for whoever looks at it; nothing is
 * changed. */
#include "interval_private.h"

#include <errno.h>

int64_t bw_interval_start_unix_s(const struct bw_interval *iv)
{
    return iv->pieces[iv->n_pieces - 1]->start_unix_s;
}

int64_t bw_interval_carried_bps(const struct bw_interval *iv,
                                uint32_t circuit,
                                enum bw_direction dir,
                                int64_t span_s,
                                int64_t now_mono_ns)
{
    const struct circuit *c = iv->circuits[circuit];
    return c->rates ? bw_rates_carried_bps(c->rates, dir, span_s, now_mono_ns) : BW_UNKNOWN;
}

int64_t bw_interval_carried_since_bps(const struct bw_interval *iv,
                                      uint32_t circuit,
                                      enum bw_direction dir,
                                      int64_t span_s,
                                      int64_t since_mono_ns,
                                      int64_t now_mono_ns)
{
    const struct circuit *c = iv->circuits[circuit];
    return c->rates ? bw_rates_carried_since_bps(c->rates, dir, span_s, since_mono_ns,
                                                 now_mono_ns)
                    : BW_UNKNOWN;
}

const struct bw_reading *bw_interval_last_reading(const struct bw_interval *iv,
                                                  uint32_t circuit)
{
    const struct circuit *c = iv->circuits[circuit];
    return c->rates ? bw_rates_last(c->rates) : NULL;
}

int bw_interval_saturated(const struct bw_interval *iv, uint32_t circuit, int64_t unix_s)
{
    const struct circuit *c = iv->circuits[circuit];
    if (c->conf.coarse && (c->conf.resolution_ms == BW_UNKNOWN ||
                           c->conf.resolution_ms > BW_SATURATED_STEP_MAX_MS)) {
        return -ENOENT; /* known too late, and only of a step's last seconds */
    }
    return c->rates ? bw_rates_saturated(c->rates, unix_s) : -ENOENT;
}

bool bw_interval_out_now(const struct bw_interval *iv,
                         uint32_t circuit,
                         int64_t now_mono_ns,
                         int64_t *ret_since_unix_ms)
{
    const struct circuit *c = iv->circuits[circuit];
    struct bw_outage_span s;
    if (!c->watch || !bw_outage_now(c->watch, now_mono_ns, &s)) {
        return false;
    }
    if (ret_since_unix_ms) {
        *ret_since_unix_ms = interval_unix_ms(iv->pieces[iv->n_pieces - 1], s.from_mono_ns);
    }
    return true;
}

bool bw_interval_latency_now(const struct bw_interval *iv,
                             uint32_t target,
                             int family,
                             struct bw_latency *ret)
{
    const struct piece *p = iv->pieces[iv->n_pieces - 1];
    size_t f = family == 6 ? 1 : 0;
    (void)interval_fill_latency(iv, p, target, f, ret, NULL);
    return p->tallies[(size_t)target * FAMILIES + f].sent > 0;
}
