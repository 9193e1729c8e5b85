/* SPDX-License-Identifier: GPL-3.0-or-later
 * flows_figures.c - sums over flows, and the ratios made of them.
 *
 * Ratios are of bytes: a port that merges segments gives one frame in place of twenty, but
 * what is sent again is seldom merged. Flows are drawn, not bytes, and losses come in
 * bunches within a flow: so a ratio's variance is that of a ratio of sums over clusters
 * (Cochran, "Sampling Techniques", 1977, 6.4 and 9A.1),
 * V = (1 - 1/M) sum (n_i - R s_i)^2 / (sum s_i)^2, with n/(n-1). */
#include "flows_private.h"

#include <math.h>

#define Z95 1.959963984540054
#define PPM 1e6
/* A flow that sends more than this again gets hardly anything through. */
#define BAD_FLOW 0.125
/* What is lost at once: a full segment of Ethernet with time stamps. */
#define SEGMENT_BYTES 1448.0

void bw_flows_fold(struct bw_flows *f, struct flow *w)
{
    for (unsigned side = 0; side < 2; side++) {
        struct flow_side *s = &w->side[side];
        struct bw_flow_sums *sums = &f->figures.tcp[bw_flows_way(w, side)];
        double bytes = (double)s->bytes;
        if (s->bytes == 0) {
            continue;
        }
        bw_flows_join(w, &f->figures.of.tcp[bw_flows_way(w, side)]);
        sums->flows++;
        sums->bytes += s->bytes;
        sums->bytes2 += bytes * bytes;
        for (size_t e = 0; e < BW_FLOW_EVENTS; e++) {
            double n = (double)s->event[e];
            sums->event[e].bytes += s->event[e];
            sums->event[e].bytes2 += n * n;
            sums->event[e].cross += n * bytes;
            s->event[e] = 0;
        }
        s->bytes = 0;
    }
}

static bool hold_hist(struct bw_hist *h, const struct bw_crowd *of, int least)
{
    bool held = h->total > 0 && bw_crowd_devices(of) < least;
    if (held) {
        bw_hist_init(h);
    }
    return held;
}

bool bw_flows_hold_back(struct bw_flows_figures *g, int least)
{
    bool held = false;
    if (least <= 1) {
        return false;
    }
    for (size_t half = 0; half < BW_HALVES; half++) {
        held |= hold_hist(&g->rtt[half], &g->of.rtt[half], least);
        held |= hold_hist(&g->rtt_min[half], &g->of.rtt_min[half], least);
    }
    if (hold_hist(&g->size_bytes, &g->of.size, least)) {
        g->ended = BW_UNKNOWN;
        held = true;
    }
    for (size_t w = 0; w < BW_WAYS; w++) {
        bool few = w == BW_WAY_NEITHER || bw_crowd_devices(&g->of.tcp[w]) < least;
        held |= few && w != BW_WAY_NEITHER && g->tcp[w].bytes > 0;
        if (few) {
            g->tcp[w] = (struct bw_flow_sums){.flows = 0};
        }
    }
    return held;
}

static void
add(struct bw_flow_sums *to, const struct bw_flow_sums *from, enum bw_flow_event e)
{
    to->flows += from->flows;
    to->segments += from->segments;
    to->bytes += from->bytes;
    to->bytes2 += from->bytes2;
    to->event[e].segments += from->event[e].segments;
    to->event[e].bytes += from->event[e].bytes;
    to->event[e].bytes2 += from->event[e].bytes2;
    to->event[e].cross += from->event[e].cross;
}

/* How many independent segments would say as much as these clusters do. Most of what is
 * sent again is in few flows, and those may be among the flows not drawn: so what the drawn
 * ones say of their differences is not taken for less than if all of it were in flows that
 * send a certain share again. */
static double worth(const struct bw_flow_sums *s, enum bw_flow_event e, double drawn)
{
    double segments = (double)s->bytes / SEGMENT_BYTES;
    double segments2 = s->bytes2 / (SEGMENT_BYTES * SEGMENT_BYTES);
    double flows = (double)s->flows;
    double ratio = (double)s->event[e].bytes / (double)s->bytes;
    double alone = ratio * (1 - ratio) / segments;
    double bunched = 1 + BAD_FLOW * fmax(segments2 / segments - 1, 0);
    if (s->flows > 1 && alone > 0) {
        double variance =
            s->event[e].bytes2 - 2 * ratio * s->event[e].cross + ratio * ratio * s->bytes2;
        variance *= flows / (flows - 1) / ((double)s->bytes * (double)s->bytes);
        bunched = fmax(bunched, variance / alone);
    }
    return segments / bunched / drawn;
}

void bw_flows_ratio(const struct bw_flows_figures *g,
                    enum bw_flow_event event,
                    enum bw_way way,
                    uint32_t one_in,
                    struct bw_flow_ratio *ret)
{
    struct bw_flow_sums s = {.flows = 0};
    double ratio;
    double z2n;
    double middle;
    double half;
    for (size_t w = 0; w < BW_WAYS; w++) {
        if (way == BW_WAYS || (size_t)way == w) {
            add(&s, &g->tcp[w], event);
        }
    }
    ret->bytes = s.event[event].bytes;
    ret->of_bytes = s.bytes;
    ret->segments = s.event[event].segments;
    ret->of_segments = s.segments;
    ret->ppm = ret->low_ppm = ret->high_ppm = BW_UNKNOWN;
    if (s.bytes == 0) {
        return;
    }
    ratio = (double)ret->bytes / (double)s.bytes;
    ret->ppm = ret->low_ppm = ret->high_ppm = llround(ratio * PPM);
    if (one_in <= 1) {
        return;
    }
    /* Wilson's interval (1927) of that many segments. */
    z2n = Z95 * Z95 / worth(&s, event, 1 - 1 / (double)one_in);
    middle = (ratio + z2n / 2) / (1 + z2n);
    half = sqrt(z2n * ratio * (1 - ratio) + z2n * z2n / 4) / (1 + z2n);
    ret->low_ppm = (int64_t)floor(fmax(middle - half, 0) * PPM);
    ret->high_ppm = (int64_t)ceil(fmin(middle + half, 1) * PPM);
}

/* The ranks of the median's interval by the binomial distribution (Conover, "Practical
 * Nonparametric Statistics", 1999, 3.2), in its usual approximation. */
void bw_flows_median(const struct bw_hist *h, uint32_t one_in, struct bw_flow_median *ret)
{
    double drawn = one_in > 1 ? 1 - 1 / (double)one_in : 0;
    double half = h->total > 0 ? Z95 / 2 * sqrt(drawn / (double)h->total) : 0;
    double reach = fmin(half, 0.5);
    ret->n = h->total;
    ret->value = bw_hist_percentile_us(h, (int64_t)(PPM / 2));
    ret->low = bw_hist_percentile_us(h, (int64_t)floor((0.5 - reach) * PPM));
    ret->high = bw_hist_percentile_us(h, (int64_t)ceil((0.5 + reach) * PPM));
}
