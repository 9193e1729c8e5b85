/* SPDX-License-Identifier: GPL-3.0-or-later
 * traffic_sum.c - what a line was full of, added up over records.
 *
 * Invariant: bytes of different layers never meet in one share. Intervals are independent
 * samples of packets, so half widths of their errors add as squares, weighted by their
 * bytes. Flows are drawn by one key for about an hour: a connection that lasts is in all
 * of an hour's intervals or in none, and half widths add up within an hour. */
#include "traffic_sum.h"

#include "hist.h"
#include "payload.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION 1e6

enum {
    HOUR_S = 3600
};

static const char *const row_order[] = {
    "tls",     "quic",     "http",      "dns",   "mail", "vpn",    "ssh",
    "ntp",     "icmp",     "ipv4",      "ipv6",  "0-63", "64-127", "128-255",
    "256-511", "512-1023", "1024-1518", "1519-", "other"};

/* A weighted ratio on the way: sums of weight × ppm, and of the squares of weight × half
 * width. */
struct ratio {
    int64_t n; /* intervals that tell it */
    double sum;
    double below;
    double above;
};

struct way {
    int64_t n;
    int64_t bytes;
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t length_s;
    int64_t captured;
    double told; /* sum of bytes × told ppm */
    struct ratio classes[BW_TRAFFIC_CLASSES_MAX];
};

struct resent {
    int64_t n;
    int64_t bytes;
    int64_t resent_bytes;
    double weight;      /* payload seen, times one in how many flows it was seen in */
    struct ratio ratio; /* of the hours before */
    int64_t hour;       /* of the records last added: hours since 1970 */
    double hour_below;  /* sums of weight × half width in it */
    double hour_above;
};

enum {
    LAYERS = BW_LAYER_GOODPUT + 1
};

struct table {
    char classes[BW_TRAFFIC_CLASSES_MAX][16];
    size_t n_classes;
    struct way way[LAYERS][BW_DIRECTIONS];
};

/* The shares of one record. */
struct shares {
    const struct bw_traffic_share *rows;
    size_t n;
};

struct bw_traffic_maker {
    char circuit[BW_NAME_MAX + 1];
    struct bw_traffic_sum sum; /* counts; the rest is made at the end */
    struct table by[BW_BYS];
    struct bw_hist flow_sizes;
    struct resent resent[BW_DIRECTIONS];
    struct bw_hist wan;
    struct bw_hist wan_min;
    struct bw_hist lan;
    struct bw_hist saturated;
    struct bw_hist others;
    struct bw_payload payload; /* of the record before */
};

int bw_traffic_sum_begin(const char *circuit, struct bw_traffic_maker **ret)
{
    struct bw_traffic_maker *m = calloc(1, sizeof(*m));

    if (!m) {
        return -ENOMEM;
    }
    (void)snprintf(m->circuit, sizeof(m->circuit), "%s", circuit);
    m->sum.captured = m->sum.drops = m->sum.flows = m->sum.devices_most = BW_UNKNOWN;
    m->sum.sizes.from_unix_s = m->sum.sizes.to_unix_s = BW_UNKNOWN;
    *ret = m;
    return 0;
}

void bw_traffic_sum_free(struct bw_traffic_maker *m)
{
    free(m);
}

static void add_known(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

/* From the first one's start to the last one's end, in whatever order they come. */
static void widen(int64_t *from_unix_s, int64_t *to_unix_s, const struct bw_summary *s)
{
    if (*from_unix_s == BW_UNKNOWN || s->start_unix_s < *from_unix_s) {
        *from_unix_s = s->start_unix_s;
    }
    if (*to_unix_s == BW_UNKNOWN || s->end_unix_s > *to_unix_s) {
        *to_unix_s = s->end_unix_s;
    }
}

/* ---- shares ---------------------------------------------------------------------- */

/* The last place is kept for "other". */
static size_t class_at(struct table *m, const char *klass)
{
    for (size_t i = 0; i < m->n_classes; i++) {
        if (strcmp(m->classes[i], klass) == 0) {
            return i;
        }
    }
    if (m->n_classes == BW_TRAFFIC_CLASSES_MAX) {
        return m->n_classes - 1;
    }
    if (m->n_classes == BW_TRAFFIC_CLASSES_MAX - 1 && strcmp(klass, "other") != 0) {
        return class_at(m, "other");
    }
    (void)snprintf(m->classes[m->n_classes], sizeof(m->classes[0]), "%s", klass);
    return m->n_classes++;
}

/* Half widths; what has no border is exact on that side. */
static double below(int64_t ppm, int64_t low_ppm)
{
    return low_ppm == BW_UNKNOWN ? 0 : (double)(ppm - low_ppm);
}

static double above(int64_t ppm, int64_t high_ppm)
{
    return high_ppm == BW_UNKNOWN ? 0 : (double)(high_ppm - ppm);
}

static void
add_ratio(struct ratio *r, double weight, int64_t ppm, int64_t low_ppm, int64_t high_ppm)
{
    double b = weight * below(ppm, low_ppm);
    double a = weight * above(ppm, high_ppm);

    r->n++;
    r->sum += weight * (double)ppm;
    r->below += b * b;
    r->above += a * a;
}

static void take_share(const struct bw_traffic_share *p, int d, int64_t ret[3])
{
    ret[0] = d == BW_DOWN ? p->down_ppm : p->up_ppm;
    ret[1] = d == BW_DOWN ? p->down_low_ppm : p->up_low_ppm;
    ret[2] = d == BW_DOWN ? p->down_high_ppm : p->up_high_ppm;
    if (ret[1] == BW_UNKNOWN && ret[2] == BW_UNKNOWN && p->error_ppm != BW_UNKNOWN) {
        ret[1] = ret[0] - p->error_ppm;
        ret[2] = ret[0] + p->error_ppm;
    }
}

static struct shares shares_by(const struct bw_traffic *t, enum bw_traffic_by by)
{
    return by == BW_BY_CLASS    ? (struct shares){t->mix, t->n_mix}
           : by == BW_BY_FAMILY ? (struct shares){t->families, t->n_families}
                                : (struct shares){t->sizes, t->n_sizes};
}

static void add_mix(struct bw_traffic_maker *m,
                    const struct bw_summary *s,
                    const struct bw_circuit_summary *c,
                    const struct bw_traffic *t,
                    enum bw_traffic_by by,
                    int d)
{
    struct shares shares = shares_by(t, by);
    struct bw_mix_basis *b = &m->sum.by[by].basis[d];
    struct table *table = &m->by[by];
    struct way *w = &table->way[(int)c->layer < LAYERS ? (int)c->layer : 0][d];
    double bytes = (double)c->flow[d].bytes;
    bool told = false;
    int64_t v[3];

    for (size_t i = 0; i < shares.n; i++) {
        take_share(&shares.rows[i], d, v);
        told = told || v[0] != BW_UNKNOWN;
    }
    if (!told || c->flow[d].bytes == BW_UNKNOWN) {
        b->n_untold++;
        return;
    }
    if (bw_traffic_has_test(s, t)) {
        b->n_with_test++;
        return;
    }
    if (t->covered_s != BW_UNKNOWN && 2 * t->covered_s < s->end_unix_s - s->start_unix_s) {
        b->n_short++;
        return;
    }
    if (w->n++ == 0) {
        w->from_unix_s = w->to_unix_s = w->captured = BW_UNKNOWN;
    }
    w->bytes += c->flow[d].bytes;
    w->length_s += s->end_unix_s - s->start_unix_s;
    widen(&w->from_unix_s, &w->to_unix_s, s);
    add_known(&w->captured, t->captured);
    for (size_t i = 0; i < shares.n; i++) {
        take_share(&shares.rows[i], d, v);
        if (v[0] != BW_UNKNOWN) {
            add_ratio(&w->classes[class_at(table, shares.rows[i].klass)], bytes, v[0], v[1],
                      v[2]);
            w->told += bytes * (double)v[0];
        }
    }
}

static void end_hour(struct resent *r)
{
    r->ratio.below += r->hour_below * r->hour_below;
    r->ratio.above += r->hour_above * r->hour_above;
    r->hour_below = r->hour_above = 0;
}

/* Seen in one flow of M, a byte stands for M: M may differ from interval to interval. */
static void add_resent(struct resent *r,
                       const struct bw_summary *s,
                       const struct bw_traffic *t,
                       const struct bw_tcp_way *w)
{
    double weight = (double)w->bytes * (t->flows_1_in > 0 ? (double)t->flows_1_in : 1);

    if (w->bytes == BW_UNKNOWN || w->resent_ppm == BW_UNKNOWN) {
        return;
    }
    if (s->start_unix_s / HOUR_S != r->hour) {
        end_hour(r);
        r->hour = s->start_unix_s / HOUR_S;
    }
    r->n++;
    r->bytes += w->bytes;
    add_known(&r->resent_bytes, w->resent_bytes);
    r->weight += weight;
    r->ratio.n++;
    r->ratio.sum += weight * (double)w->resent_ppm;
    r->hour_below += weight * below(w->resent_ppm, w->resent_low_ppm);
    r->hour_above += weight * above(w->resent_ppm, w->resent_high_ppm);
}

/* ---- round trips ----------------------------------------------------------------- */

static int add_hist(struct bw_hist *h, const char *text)
{
    return text ? bw_hist_decode(text, strlen(text), h) : 0;
}

/* All of them less those of the saturated seconds. */
static void add_less(struct bw_hist *to, const struct bw_hist *all, const struct bw_hist *h)
{
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        uint32_t n = all->count[i] > h->count[i] ? all->count[i] - h->count[i] : 0;
        to->count[i] += n;
        to->total += n;
    }
}

static int add_saturated(struct bw_traffic_maker *m,
                         const struct bw_circuit_summary *c,
                         const struct bw_traffic *t)
{
    struct bw_hist all;
    struct bw_hist full;
    int r;

    if (!t->tcp_rtt_hist) {
        return 0;
    }
    if (!bw_traffic_is_split(c, t)) {
        m->sum.n_unsplit++;
        return 0;
    }
    bw_hist_init(&all);
    bw_hist_init(&full);
    r = add_hist(&all, t->tcp_rtt_hist);
    r = r < 0 ? r : add_hist(&full, t->saturated_rtt_hist);
    if (r < 0) {
        return r;
    }
    bw_hist_merge(&m->saturated, &full);
    if (c->saturated_s < c->covered_s) { /* else there were no others */
        add_less(&m->others, &all, &full);
    }
    m->sum.saturated.n += c->saturated_s > 0;
    m->sum.saturated.seconds += c->saturated_s;
    m->sum.others.n += c->saturated_s < c->covered_s;
    m->sum.others.seconds += c->covered_s - c->saturated_s;
    return 0;
}

/* ---- records --------------------------------------------------------------------- */

static int add_one(struct bw_traffic_maker *m,
                   const struct bw_summary *s,
                   const struct bw_circuit_summary *c,
                   const struct bw_traffic *t)
{
    struct bw_traffic_sum *u = &m->sum;
    int r;

    u->n++;
    u->n_broken += t->state[0] != '\0';
    u->length_s += s->end_unix_s - s->start_unix_s;
    u->covered_s += t->covered_s == BW_UNKNOWN ? 0 : t->covered_s;
    add_known(&u->captured, t->captured);
    add_known(&u->drops, t->capture_drops);
    add_known(&u->flows, t->flows);
    u->n_merged += bw_traffic_has_flag(t, "merged-small");
    u->n_flows_full += bw_traffic_has_flag(t, "flows-full");
    u->n_at_least += c->source == BW_SOURCE_MIRROR;
    if (t->devices_min > u->devices_most) { /* unknown is below everything */
        u->devices_most = t->devices_min;
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        for (int by = 0; by < BW_BYS; by++) {
            add_mix(m, s, c, t, (enum bw_traffic_by)by, d);
        }
        add_resent(&m->resent[d], s, t, &t->tcp[d]);
    }
    r = add_hist(&m->wan, t->tcp_rtt_hist);
    r = r < 0 ? r : add_hist(&m->wan_min, t->wan_min_hist);
    r = r < 0 ? r : add_hist(&m->lan, t->lan_rtt_hist);
    r = r < 0 ? r : add_hist(&m->flow_sizes, t->flow_size_hist);
    if (t->flow_size_hist) {
        u->sizes.n_intervals++;
        u->sizes.length_s += s->end_unix_s - s->start_unix_s;
        widen(&u->sizes.from_unix_s, &u->sizes.to_unix_s, s);
    }
    return r < 0 ? r : add_saturated(m, c, t);
}

int bw_traffic_sum_add(struct bw_traffic_maker *m,
                       const struct bw_summary *s,
                       struct bw_err *reterr)
{
    const struct bw_circuit_summary *c = NULL;
    int r = 0;

    for (size_t i = 0; i < s->n_circuits; i++) {
        c = strcmp(s->circuits[i].id, m->circuit) == 0 ? &s->circuits[i] : c;
    }
    for (size_t i = 0; c && r == 0 && i < s->n_traffic; i++) {
        if (strcmp(s->traffic[i].circuit, m->circuit) == 0) {
            r = add_one(m, s, c, &s->traffic[i]);
        }
    }
    return r < 0 ? bw_err_set(reterr, r, "a histogram of the traffic of %s is damaged",
                              m->circuit)
                 : 0;
}

int bw_traffic_sum_add_record(struct bw_traffic_maker *m,
                              const struct bw_record *rec,
                              struct bw_err *reterr)
{
    static const char mark[] = "\"traffic\":[";
    struct bw_summary s;
    int r = bw_payload_take(&m->payload, rec, reterr);

    if (r <= 0) { /* damaged, or the same as before */
        return r;
    }
    /* In canonical bytes the mark cannot stand within a text. */
    if (!memmem(m->payload.json, m->payload.len, mark, sizeof(mark) - 1)) {
        return 0;
    }
    r = bw_summary_decode(m->payload.json, m->payload.len, &s, reterr);
    if (r < 0) {
        return r == -BW_ENEWER ? 0 : r;
    }
    r = bw_traffic_sum_add(m, &s, reterr);
    bw_summary_done(&s);
    return r;
}

/* ---- the end --------------------------------------------------------------------- */

static void take_times(const struct bw_hist *h, struct bw_detail_times *t)
{
    *t = (struct bw_detail_times){h->total, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
    if (h->total == 0) {
        return;
    }
    t->p50_us = bw_hist_percentile_us(h, 500000);
    t->p95_us = bw_hist_percentile_us(h, 950000);
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        if (h->count[i]) {
            t->min_us = bw_hist_lower_us(i);
            break;
        }
    }
}

/* The interval never narrower than what it is around, and within the whole. */
static void
take_ratio(const struct ratio *r, double weight, int64_t *ppm, int64_t *low, int64_t *high)
{
    if (r->n == 0 || weight <= 0) {
        *ppm = *low = *high = BW_UNKNOWN;
        return;
    }
    *ppm = llround(r->sum / weight);
    *low = llround(floor((r->sum - sqrt(r->below)) / weight));
    *high = llround(ceil((r->sum + sqrt(r->above)) / weight));
    *low = *low < 0 ? 0 : *low > *ppm ? *ppm : *low;
    *high = *high > 1000000 ? 1000000 : *high < *ppm ? *ppm : *high;
}

static size_t order_of(const char *klass)
{
    size_t i = 0;

    while (i < sizeof(row_order) / sizeof(row_order[0]) &&
           strcmp(row_order[i], klass) != 0) {
        i++;
    }
    return i;
}

static int by_class(const void *a, const void *b)
{
    const struct bw_class_sum *x = a;
    const struct bw_class_sum *y = b;
    size_t i = order_of(x->klass);
    size_t k = order_of(y->klass);

    return i != k ? (i < k ? -1 : 1) : strcmp(x->klass, y->klass);
}

static void take_sizes(const struct bw_hist *h, struct bw_flow_sizes *t)
{
    bool any = h->total > 0;

    t->n = h->total;
    t->p10_bytes = any ? bw_hist_percentile_us(h, 100000) : BW_UNKNOWN;
    t->p50_bytes = any ? bw_hist_percentile_us(h, 500000) : BW_UNKNOWN;
    t->p90_bytes = any ? bw_hist_percentile_us(h, 900000) : BW_UNKNOWN;
    t->p99_bytes = any ? bw_hist_percentile_us(h, 990000) : BW_UNKNOWN;
}

static void take_table(const struct table *m, struct bw_traffic_table *u)
{
    for (int l = 0; l < LAYERS; l++) {
        int64_t most = m->way[u->layer][BW_DOWN].n + m->way[u->layer][BW_UP].n;
        if (m->way[l][BW_DOWN].n + m->way[l][BW_UP].n > most) {
            u->layer = (enum bw_layer)l;
        }
    }
    u->n = m->n_classes;
    for (size_t i = 0; i < m->n_classes; i++) {
        memcpy(u->rows[i].klass, m->classes[i], sizeof(u->rows[i].klass));
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct way *w = &m->way[u->layer][d];
        struct bw_mix_basis *b = &u->basis[d];
        for (int l = 0; l < LAYERS; l++) {
            b->n_other_layer += l == (int)u->layer ? 0 : m->way[l][d].n;
        }
        b->n = w->n;
        b->bytes = w->n > 0 ? w->bytes : BW_UNKNOWN;
        b->from_unix_s = w->n > 0 ? w->from_unix_s : BW_UNKNOWN;
        b->to_unix_s = w->n > 0 ? w->to_unix_s : BW_UNKNOWN;
        b->length_s = w->length_s;
        b->captured = w->n > 0 ? w->captured : BW_UNKNOWN;
        b->untold_ppm =
            w->bytes > 0 ? 1000000 - llround(w->told / (double)w->bytes) : BW_UNKNOWN;
        for (size_t i = 0; i < m->n_classes; i++) {
            struct bw_class_share *s = &u->rows[i].way[d];
            take_ratio(&w->classes[i], (double)w->bytes, &s->ppm, &s->low_ppm,
                       &s->high_ppm);
            s->bytes =
                s->ppm == BW_UNKNOWN ? BW_UNKNOWN : llround(w->classes[i].sum / MILLION);
        }
    }
    qsort(u->rows, u->n, sizeof(u->rows[0]), by_class);
}

void bw_traffic_sum_finish(const struct bw_traffic_maker *m, struct bw_traffic_sum *ret)
{
    *ret = m->sum;
    for (int by = 0; by < BW_BYS; by++) {
        take_table(&m->by[by], &ret->by[by]);
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct resent x = m->resent[d];
        struct bw_resent_sum *r = &ret->resent[d];
        end_hour(&x);
        r->n = x.n;
        r->bytes = x.n > 0 ? x.bytes : BW_UNKNOWN;
        r->resent_bytes = x.n > 0 ? x.resent_bytes : BW_UNKNOWN;
        take_ratio(&x.ratio, x.weight, &r->ppm, &r->low_ppm, &r->high_ppm);
    }
    take_times(&m->wan, &ret->wan);
    take_times(&m->wan_min, &ret->wan_min);
    take_times(&m->lan, &ret->lan);
    take_sizes(&m->flow_sizes, &ret->sizes);
    take_times(&m->saturated, &ret->saturated.times);
    take_times(&m->others, &ret->others.times);
}

const char *
bw_traffic_row_name(enum bw_traffic_by by, const char *klass, char out[BW_TRAFFIC_ROW_MAX])
{
    int from = (int)strspn(klass, "0123456789");
    const char *rest = klass + from;

    if (by == BW_BY_FAMILY && strncmp(klass, "ipv", 3) == 0) {
        (void)snprintf(out, BW_TRAFFIC_ROW_MAX, "IPv%s", klass + 3);
    } else if (by == BW_BY_SIZE && from > 0 && rest[0] == '-') {
        (void)snprintf(out, BW_TRAFFIC_ROW_MAX, rest[1] ? "%.*s to %s" : "%.*s and more%s",
                       from, klass, rest + 1);
    } else {
        (void)snprintf(out, BW_TRAFFIC_ROW_MAX, "%s", klass);
    }
    return out;
}
