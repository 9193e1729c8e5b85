/* SPDX-License-Identifier: GPL-3.0-or-later
 * series_traffic.c - what one summary says of a circuit's traffic, as a step of the series
 * "traffic" and "tcp".
 *
 * Invariant: box and collector draw the same, for both come through here; a share that is
 * not told, or whose bytes nobody counted, is unknown and never zero. What a report's table
 * leaves out is unknown here too: a test of ours is in the counted bytes and in the
 * saturated seconds, and nobody's use. */
#include "hist.h"
#include "series.h"

#include <bw/summary.h>
#include <bw/units.h>
#include <stddef.h>
#include <string.h>

static const struct bw_circuit_summary *circuit_of(const struct bw_summary *s,
                                                   const char *id)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        if (strcmp(s->circuits[i].id, id) == 0) {
            return &s->circuits[i];
        }
    }
    return NULL;
}

static int64_t median_us(const char *hist)
{
    struct bw_hist h;

    bw_hist_init(&h);
    return hist && bw_hist_decode(hist, strlen(hist), &h) == 0
               ? bw_hist_percentile_us(&h, 500000)
               : BW_UNKNOWN;
}

/* A class that a told mix does not name had no packet among those drawn, or too few
 * devices to be told apart: then it is within "other". */
static void put_way(const struct bw_circuit_summary *c,
                    const struct bw_traffic *t,
                    int d,
                    int64_t values[BW_SERIES_CLASSES])
{
    int64_t bytes = c->flow[d].bytes;
    bool told = false;

    if (bytes == BW_UNKNOWN || c->covered_s == BW_UNKNOWN || c->covered_s <= 0) {
        return;
    }
    for (size_t k = 0; k < t->n_mix; k++) {
        told = told || (d == BW_DOWN ? t->mix[k].down_ppm : t->mix[k].up_ppm) != BW_UNKNOWN;
    }
    for (size_t i = 0; told && i < BW_SERIES_CLASSES; i++) {
        values[i] = 0;
    }
    for (size_t k = 0; told && k < t->n_mix; k++) {
        int64_t ppm = d == BW_DOWN ? t->mix[k].down_ppm : t->mix[k].up_ppm;
        size_t i = 0;
        while (i < BW_SERIES_CLASSES - 1 &&
               strcmp(bw_series_classes[i], t->mix[k].klass) != 0) {
            i++; /* a class of later versions is "other" */
        }
        if (ppm != BW_UNKNOWN) {
            values[i] +=
                (int64_t)((double)bytes * (double)ppm * 8e-6 / (double)c->covered_s);
        }
    }
}

/* Looked at for half of the interval or more. */
static bool long_enough(const struct bw_summary *s, const struct bw_traffic *t)
{
    return t->covered_s == BW_UNKNOWN ||
           2 * t->covered_s >= s->end_unix_s - s->start_unix_s;
}

bool bw_series_traffic_values(const struct bw_summary *s,
                              const char *circuit,
                              int64_t mix[BW_SERIES_DS_MAX],
                              int64_t tcp[BW_SERIES_DS_MAX])
{
    const struct bw_circuit_summary *c = circuit_of(s, circuit);
    bool any = false;

    for (size_t i = 0; i < BW_SERIES_DS_MAX; i++) {
        mix[i] = tcp[i] = BW_UNKNOWN;
    }
    for (size_t i = 0; c && i < s->n_traffic; i++) {
        const struct bw_traffic *t = &s->traffic[i];
        if (strcmp(t->circuit, circuit) != 0) {
            continue;
        }
        bool tested = bw_traffic_has_test(s, t);
        tcp[BW_TCP_WAN] = median_us(t->tcp_rtt_hist);
        tcp[BW_TCP_WAN_MIN] = median_us(t->wan_min_hist);
        tcp[BW_TCP_LAN] = median_us(t->lan_rtt_hist);
        if (bw_traffic_is_split(c, t)) {
            tcp[BW_TCP_FULL_WAN] = median_us(t->saturated_rtt_hist);
        }
        if (c->saturated_s != BW_UNKNOWN && c->covered_s > 0 && !tested) {
            tcp[BW_TCP_FULL] = c->saturated_s * 1000000 / c->covered_s;
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            const struct bw_tcp_way *w = &t->tcp[d];
            if (!tested && long_enough(s, t)) {
                put_way(c, t, d, &mix[(ptrdiff_t)d * BW_SERIES_CLASSES]);
            }
            tcp[BW_TCP_RESENT + d] = w->resent_ppm;
            tcp[BW_TCP_RESENT_LOW + d] =
                w->resent_low_ppm == BW_UNKNOWN ? w->resent_ppm : w->resent_low_ppm;
            tcp[BW_TCP_RESENT_HIGH + d] =
                w->resent_high_ppm == BW_UNKNOWN ? w->resent_ppm : w->resent_high_ppm;
        }
    }
    for (size_t i = 0; i < BW_SERIES_DS_MAX; i++) {
        any = any || mix[i] != BW_UNKNOWN || tcp[i] != BW_UNKNOWN;
    }
    return any;
}
