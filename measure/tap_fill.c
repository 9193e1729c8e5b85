/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap_fill.c - one interval's figures → struct bw_traffic.
 *
 * What fewer devices than `least` did is not in them any more. */
#include "tap_private.h"

#include <buf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PPM 1000000

enum {
    HIST_TEXT_MAX = 8192,
    NO_WAY_PERCENT = 90,
    STRAYS_PERCENT = 5
};

static void set_way(struct bw_traffic_share *to, int way, const struct bw_mix_share *s)
{
    bool exact = s->low_ppm == s->high_ppm;
    int64_t low = exact ? BW_UNKNOWN : s->low_ppm;
    int64_t high = exact ? BW_UNKNOWN : s->high_ppm;
    if (way == BW_DOWN) {
        to->down_ppm = s->share_ppm;
        to->down_low_ppm = low;
        to->down_high_ppm = high;
    } else {
        to->up_ppm = s->share_ppm;
        to->up_low_ppm = low;
        to->up_high_ppm = high;
    }
}

/* Each was rounded by itself: together they must not be more than the whole. */
static void trim(struct bw_mix_share *rows, size_t n)
{
    struct bw_mix_share *most = rows;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += rows[i].share_ppm;
        most = rows[i].share_ppm > most->share_ppm ? &rows[i] : most;
    }
    if (sum > PPM) {
        bool exact = most->low_ppm == most->high_ppm;
        most->share_ppm -= sum - PPM;
        if (exact || most->low_ppm > most->share_ppm) {
            most->low_ppm = most->share_ppm;
        }
        most->high_ppm = exact ? most->share_ppm : most->high_ppm;
    }
}

static struct bw_traffic_share *
row_of(struct bw_traffic_share *rows, size_t *n, const char *name)
{
    struct bw_traffic_share *r = &rows[*n];
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(rows[i].klass, name) == 0) {
            return &rows[i];
        }
    }
    *r = (struct bw_traffic_share){.down_ppm = BW_UNKNOWN,
                                   .down_low_ppm = BW_UNKNOWN,
                                   .down_high_ppm = BW_UNKNOWN,
                                   .up_ppm = BW_UNKNOWN,
                                   .up_low_ppm = BW_UNKNOWN,
                                   .up_high_ppm = BW_UNKNOWN,
                                   .error_ppm = BW_UNKNOWN};
    (void)snprintf(r->klass, sizeof(r->klass), "%s", name);
    (*n)++;
    return r;
}

static int fill_table(struct tap_table *t,
                      enum bw_mix_by by,
                      struct bw_summary *s,
                      struct bw_traffic_share **ret,
                      size_t *ret_n)
{
    struct bw_traffic_share rows[2 * BW_MIX_SHARES_MAX];
    size_t n = 0;
    for (uint32_t which = 0; which < BW_MIX_SHARES_MAX; which++) { /* in their order */
        for (int w = 0; w < TAP_WAYS_TOLD; w++) {
            for (size_t i = 0; i < t->n[w]; i++) {
                if (t->share[w][i].which == which) {
                    set_way(row_of(rows, &n, bw_mix_share_name(by, which)), w,
                            &t->share[w][i]);
                }
            }
        }
    }
    if (n == 0) {
        return 0;
    }
    *ret = bw_summary_alloc(s, n * sizeof(rows[0]));
    if (!*ret) {
        return -ENOMEM;
    }
    memcpy(*ret, rows, n * sizeof(rows[0]));
    *ret_n = n;
    return 0;
}

static int fill_hist(const struct bw_hist *h, struct bw_summary *s, const char **ret)
{
    struct bw_buf text;
    int r;
    if (h->total == 0) {
        return 0;
    }
    bw_buf_init(&text, HIST_TEXT_MAX);
    r = bw_hist_encode(h, &text);
    bw_buf_putc(&text, '\0');
    r = r < 0 ? r : bw_buf_error(&text);
    if (r == 0) {
        *ret = bw_summary_strdup(s, text.data);
        r = *ret ? 0 : -ENOMEM;
    }
    bw_buf_done(&text);
    return r;
}

static void fill_ratio(const struct tap_flows *f,
                       enum bw_flow_event event,
                       enum bw_way way,
                       struct bw_flow_ratio *ret)
{
    bw_flows_ratio(&f->figures, event, way, f->one_in, ret);
    if (ret->low_ppm == ret->high_ppm) {
        ret->low_ppm = ret->high_ppm = BW_UNKNOWN;
    }
}

static int
fill_flows(const struct tap_flows *f, struct bw_summary *s, struct bw_traffic *ret)
{
    const struct bw_flows_figures *g = &f->figures;
    const struct {
        const struct bw_hist *from;
        const char **to;
    } hists[] = {
        {&g->rtt[BW_HALF_WAN], &ret->tcp_rtt_hist},
        {&f->saturated, &ret->saturated_rtt_hist},
        {&g->rtt_min[BW_HALF_WAN], &ret->wan_min_hist},
        {&g->rtt[BW_HALF_LAN], &ret->lan_rtt_hist},
        {&g->rtt_min[BW_HALF_LAN], &ret->lan_min_hist},
        {&g->size_bytes, &ret->flow_size_hist},
    };
    struct bw_flow_ratio ratio;
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(hists) / sizeof(hists[0]); i++) {
        r = fill_hist(hists[i].from, s, hists[i].to);
    }
    ret->flows = g->ended;
    fill_ratio(f, BW_FLOW_RESENT, BW_WAYS, &ratio);
    ret->retransmit_ppm = ratio.ppm;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_tcp_way *w = &ret->tcp[d];
        fill_ratio(f, BW_FLOW_RESENT, (enum bw_way)d, &ratio);
        if (ratio.ppm == BW_UNKNOWN) {
            continue;
        }
        w->bytes = ratio.of_bytes;
        w->resent_bytes = ratio.bytes;
        w->resent_ppm = ratio.ppm;
        w->resent_low_ppm = ratio.low_ppm;
        w->resent_high_ppm = ratio.high_ppm;
        fill_ratio(f, BW_FLOW_REORDERED, (enum bw_way)d, &ratio);
        w->reordered_ppm = ratio.ppm;
        w->reordered_low_ppm = ratio.low_ppm;
        w->reordered_high_ppm = ratio.high_ppm;
    }
    return r;
}

static int
fill_shares(const struct tap_piece *k, struct bw_summary *s, struct bw_traffic *ret)
{
    struct tap_table table[TAP_TABLES];
    int r;
    memcpy(table, k->table, sizeof(table));
    for (size_t i = 0; i < TAP_TABLES; i++) {
        for (int w = 0; w < TAP_WAYS_TOLD; w++) {
            trim(table[i].share[w], table[i].n[w]);
        }
    }
    ret->sampled_1_in = k->one_in;
    ret->captured = k->drawn;
    r = fill_table(&table[0], BW_MIX_BY_CLASS, s, &ret->mix, &ret->n_mix);
    r = r < 0
            ? r
            : fill_table(&table[1], BW_MIX_BY_FAMILY, s, &ret->families, &ret->n_families);
    return r < 0 ? r : fill_table(&table[2], BW_MIX_BY_BAND, s, &ret->sizes, &ret->n_sizes);
}

int tap_fill(const struct bw_tap *t,
             const struct tap_piece *k,
             struct bw_summary *s,
             struct bw_traffic *ret)
{
    size_t n = 0;
    int r = 0;
    bw_traffic_init(ret);
    (void)snprintf(ret->circuit, sizeof(ret->circuit), "%s", t->opts.circuit);
    (void)snprintf(ret->state, sizeof(ret->state), "%s", bw_tap_state_word(k->state));
    ret->covered_s = k->covered_s;
    if (k->covered_s == 0 && k->drawn == 0) {
        /* not looked at is not nothing seen */
    } else if (k->has[TAP_PACKETS]) {
        r = fill_shares(k, s, ret);
        ret->devices_min = k->at_least;
        ret->capture_drops = k->drops;
    }
    if (t->opts.what == BW_TAP_FLOWS && k->has[TAP_FLOWS] &&
        (k->covered_s > 0 || k->flows.figures.packets > 0)) {
        ret->flows_1_in = k->flows.one_in;
        r = r < 0 ? r : fill_flows(&k->flows, s, ret);
        if (k->flows.figures.full) {
            ret->flags[n++] = "flows-full";
        }
    }
    if (k->devices_full) {
        ret->flags[n++] = "devices-full";
    }
    if (k->drawn >= BW_MIX_FEW && (k->pathless * 100 >= k->drawn * NO_WAY_PERCENT ||
                                   k->strays * 100 >= k->drawn * STRAYS_PERCENT)) {
        ret->flags[n++] = "no-direction";
    }
    if (k->merged) {
        ret->flags[n++] = "merged-small";
    }
    if (k->paused) {
        ret->flags[n++] = "own-test";
    }
    return r;
}
