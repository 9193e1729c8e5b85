/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_latency.c - latency and loss of each target from merged histograms.
 *
 * Invariant: percentiles and means come from the histograms' own counts; a target that
 * answered nothing has loss and no round trip at all. */
#include "model_private.h"

#include "stat.h"
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_US = 100000
};

static struct bw_model_target *find_target(struct bw_model *m,
                                           const struct bw_latency_cell *h)
{
    struct bw_model_target *t;

    for (size_t i = 0; i < m->n_targets; i++) {
        t = &m->targets[i];
        if (t->family == h->family && strcmp(t->probe, h->probe) == 0 &&
            strcmp(t->kind, h->kind) == 0) {
            return t;
        }
    }
    if (!m->targets) {
        m->targets = calloc(BW_REPORT_TARGETS_MAX, sizeof(*m->targets));
    }
    if (!m->targets || m->n_targets == BW_REPORT_TARGETS_MAX) {
        return NULL;
    }
    t = &m->targets[m->n_targets++];
    (void)snprintf(t->probe, sizeof(t->probe), "%s", h->probe);
    (void)snprintf(t->kind, sizeof(t->kind), "%s", h->kind);
    t->family = h->family;
    return t;
}

int bw_model_target(struct bw_model *m,
                    const struct bw_latency_cell *c,
                    size_t *ret,
                    struct bw_err *reterr)
{
    const struct bw_model_target *t = find_target(m, c);

    if (!t) {
        return bw_err_set(reterr, m->targets ? -E2BIG : -ENOMEM,
                          m->targets
                              ? "more than %d latency targets in one period; ask for a "
                                "shorter one"
                              : "out of memory for %d latency targets",
                          BW_REPORT_TARGETS_MAX);
    }
    *ret = (size_t)(t - m->targets);
    return 0;
}

static int64_t at_least_zero(int64_t v)
{
    return v == BW_UNKNOWN ? 0 : v;
}

int bw_model_latency_add(struct bw_model *m,
                         const struct bw_latency_cell *h,
                         unsigned windows,
                         struct bw_err *reterr)
{
    struct bw_model_target *t;
    struct bw_hist hist;
    size_t number = 0;
    int rc = bw_model_target(m, h, &number, reterr);

    if (rc < 0) {
        return rc;
    }
    t = &m->targets[number];
    bw_hist_init(&hist);
    if (h->rtt_hist && bw_hist_decode(h->rtt_hist, strlen(h->rtt_hist), &hist) < 0) {
        return bw_err_set(reterr, -EINVAL, "the delay histogram of target %s is damaged",
                          h->probe);
    }
    if (windows & 1u << BW_WINDOW_ALL) {
        t->covered_s += at_least_zero(h->covered_s);
    }
    for (int w = 0; w < BW_WINDOWS; w++) {
        if (!(windows & 1u << w)) {
            continue;
        }
        t->window[w].n_cells++;
        t->window[w].sent += at_least_zero(h->sent);
        t->window[w].lost += at_least_zero(h->lost);
        t->window[w].late += at_least_zero(h->late);
        t->window[w].late_unknown |= h->late == BW_UNKNOWN;
        t->window[w].sum_us += at_least_zero(h->sum_us);
        t->window[w].sum_unknown |= h->sum_us == BW_UNKNOWN && h->sent > h->lost;
        bw_hist_merge(&t->window[w].hist, &hist);
    }
    return 0;
}

static int64_t lowest_us(const struct bw_hist *h)
{
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        if (h->count[i]) {
            return bw_hist_lower_us(i);
        }
    }
    return BW_UNKNOWN;
}

static void summarise(const struct bw_model_target *t, int w, struct bw_report_latency *l)
{
    const struct bw_hist *h = &t->window[w].hist;

    (void)snprintf(l->probe, sizeof(l->probe), "%s", t->probe);
    (void)snprintf(l->kind, sizeof(l->kind), "%s", t->kind);
    l->family = t->family;
    l->window = w;
    l->sent = t->window[w].sent;
    l->lost = t->window[w].lost;
    l->late = t->window[w].late_unknown ? BW_UNKNOWN : t->window[w].late;
    l->answered = h->total;
    l->counted = l->sent - l->lost;
    l->loss_ppm = l->sent > 0 ? (l->lost * 2000000 + l->sent) / (2 * l->sent) : BW_UNKNOWN;
    bw_stat_wilson_ppm(l->lost, l->sent, &l->loss_low_ppm, &l->loss_high_ppm);
    l->min_us = lowest_us(h);
    l->p50_us = bw_hist_percentile_us(h, 500000);
    l->p95_us = bw_hist_percentile_us(h, 950000);
    l->p99_us = bw_hist_percentile_us(h, 990000);
    l->mean_us = l->sent > l->lost && !t->window[w].sum_unknown
                     ? t->window[w].sum_us / (l->sent - l->lost)
                     : BW_UNKNOWN;
    l->pdv_p95_us = h->total > 0 ? l->p95_us - l->min_us : BW_UNKNOWN;
    l->n_at_most_100ms = h->total > 0 ? bw_hist_at_most(h, LIMIT_US) : BW_UNKNOWN;
}

static int compare_targets(const void *a, const void *b)
{
    const struct bw_model_target *x = a;
    const struct bw_model_target *y = b;
    int by_name = strcmp(x->probe, y->probe);
    int by_kind = strcmp(x->kind, y->kind);

    return by_name ? by_name : by_kind ? by_kind : x->family - y->family;
}

int bw_model_latency(struct bw_model *m)
{
    struct bw_report *r = m->report;
    struct bw_report_latency *latency;
    struct bw_report_target_cover *covers;
    size_t n_latency = 0;

    if (m->n_targets == 0) {
        return 0;
    }
    qsort(m->targets, m->n_targets, sizeof(*m->targets), compare_targets);
    latency = bw_model_array(m->n_targets * BW_WINDOWS, sizeof(*latency));
    covers = bw_model_array(m->n_targets, sizeof(*covers));
    if (!latency || !covers) {
        free(latency);
        free(covers);
        return -ENOMEM;
    }
    for (size_t i = 0; i < m->n_targets; i++) {
        struct bw_report_target_cover *c = &covers[i];
        memcpy(c->probe, m->targets[i].probe, sizeof(c->probe));
        memcpy(c->kind, m->targets[i].kind, sizeof(c->kind));
        c->family = m->targets[i].family;
        c->covered_s = m->targets[i].covered_s;
        for (int w = 0; w < BW_WINDOWS; w++) {
            if (m->targets[i].window[w].n_cells > 0) {
                summarise(&m->targets[i], w, &latency[n_latency++]);
            }
        }
    }
    r->latency = latency;
    r->n_latency = n_latency;
    r->coverage.targets = covers;
    r->coverage.n_targets = m->n_targets;
    return 0;
}
