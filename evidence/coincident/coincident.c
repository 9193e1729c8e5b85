/* SPDX-License-Identifier: GPL-3.0-or-later
 * coincident.c - circuits' rates in bins of five minutes, added up where enough of them are
 * known.
 *
 * Invariant: a bin in which a circuit is not known never counts it as 0: where fewer are
 * known than were asked for the bin is in no figure at all. */
#include "coincident.h"

#include <civil.h>
#include <errno.h>
#include <model.h>
#include <stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    P95 = 950000,
    MILLION = 1000000,
    FULL_TENTHS = 9,    /* 90 % */
    ACTIVE_PPM = 10000, /* 1 % of the claim, or of the link where there is none */
    FLAG_TOLD = 1,      /* it can be told whether it was in use, and it … */
    FLAG_USED = 2,      /* … was */
    FLAG_CLAIM = 4,  /* a claim held at the layer of the sum, and in this direction … */
    FLAG_FULL = 8,   /* … it was full; the next two of the other direction */
    FLAG_CLASS = 64, /* class time by its own calendar */
    DIRECTION_SHIFT = 2
};

/* What is kept of one circuit for each bin. */
struct rates {
    int64_t *bps[BW_DIRECTIONS]; /* unknown: not known in it */
    uint8_t *flags;
};

struct work {
    size_t n_bins;
    uint16_t *in_class;  /* of each bin: at so many circuits */
    struct rates *rates; /* of each circuit; those that are not in the sum have none */
    uint32_t *known;     /* of each bin: circuits with both directions */
};

/* ---- begin, end --------------------------------------------------------------------- */

static void free_rates(struct rates *r)
{
    free(r->bps[BW_DOWN]);
    free(r->bps[BW_UP]);
    free(r->flags);
    *r = (struct rates){.flags = NULL};
}

static void free_work(struct bw_coincident *c)
{
    struct work *w = c->work;

    for (size_t i = 0; w && w->rates && i < c->n; i++) {
        free_rates(&w->rates[i]);
    }
    if (w) {
        free(w->rates);
        free(w->in_class);
        free(w->known);
        free(w);
    }
    c->work = NULL;
}

void bw_coincident_free(struct bw_coincident *c)
{
    if (c) {
        free_work(c);
        free(c->circuits);
        free(c);
    }
}

int bw_coincident_new(const struct bw_coincident_ask *ask, struct bw_coincident **ret)
{
    int64_t span = ask->to_unix_s - ask->from_unix_s;
    size_t bins = span > 0 ? (size_t)(span / BW_COINCIDENT_BIN_S) : 0;
    struct bw_coincident *c;
    struct work *w;

    if (bins == 0 || ask->n_circuits == 0 || ask->from_unix_s % BW_COINCIDENT_BIN_S ||
        ask->to_unix_s % BW_COINCIDENT_BIN_S) {
        return -EINVAL;
    }
    if (ask->n_circuits > UINT16_MAX ||
        bins > BW_COINCIDENT_BYTES_MAX / (2 * sizeof(int64_t) + 1) / ask->n_circuits) {
        return -E2BIG;
    }
    c = calloc(1, sizeof(*c));
    w = calloc(1, sizeof(*w));
    if (c && w) {
        c->work = w;
        c->ask = *ask;
        w->n_bins = bins;
        w->in_class = calloc(bins, sizeof(*w->in_class));
        w->known = calloc(bins, sizeof(*w->known));
        w->rates = calloc(ask->n_circuits, sizeof(*w->rates));
        c->circuits = calloc(ask->n_circuits, sizeof(*c->circuits));
    }
    if (!c || !w || !w->in_class || !w->known || !w->rates || !c->circuits) {
        if (!c) {
            free(w);
        }
        bw_coincident_free(c);
        return -ENOMEM;
    }
    *ret = c;
    return 0;
}

static struct bw_coincident_circuit *
next(struct bw_coincident *c, const char *site, const char *circuit)
{
    struct bw_coincident_circuit *x = &c->circuits[c->n++];

    (void)snprintf(x->site, sizeof(x->site), "%s", site);
    (void)snprintf(x->circuit, sizeof(x->circuit), "%s", circuit);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        x->claim_bps[way] = BW_UNKNOWN;
        x->way[way].peak_bps = BW_UNKNOWN;
        x->way[way].p95_bps = BW_UNKNOWN;
        x->way[way].then_bps = BW_UNKNOWN;
    }
    return x;
}

void bw_coincident_skip(struct bw_coincident *c,
                        const char *site,
                        const char *circuit,
                        enum bw_coincident_why why)
{
    if (c->n < c->ask.n_circuits) {
        next(c, site, circuit)->why = why;
    }
}

/* ---- one circuit --------------------------------------------------------------------- */

int64_t bw_coincident_active_from(const struct bw_report *r, int64_t unix_s)
{
    const struct bw_report_claim *c = bw_report_claim_at(r, unix_s);
    int64_t whole = c ? c->bps[BW_DOWN] : BW_UNKNOWN;

    if (whole == BW_UNKNOWN) {
        size_t i = r->n_facts - 1;
        while (i > 0 && r->facts[i].from_unix_s > unix_s) {
            i--;
        }
        whole = r->facts[i].link_bps;
    }
    return whole == BW_UNKNOWN ? BW_UNKNOWN : whole / MILLION * ACTIVE_PPM;
}

/* Does util-p95/2 count it? */
static bool counts(const struct bw_report_interval *v)
{
    return !v->with_test && !v->is_short && !v->at_least;
}

/* Its bytes at the layer of the sum; unknown where that cannot be said. */
static int64_t bytes_at(const struct bw_report_interval *v, int way, enum bw_layer layer)
{
    int64_t bytes = v->bytes[way];

    if (v->rate_bps[way] == BW_UNKNOWN) {
        return BW_UNKNOWN;
    }
    if (v->layer != layer) {
        bytes = bw_layer_convert_bytes(bytes, v->packets[way], v->layer, layer);
    }
    return bytes == BW_UNKNOWN || bytes > INT64_MAX / 8 ? BW_UNKNOWN : bytes;
}

/* The claim at a time at the layer of the sum. */
static int64_t
claim_at(const struct bw_report *r, int64_t unix_s, int way, enum bw_layer layer)
{
    const struct bw_report_claim *c = bw_report_claim_at(r, unix_s);

    return c && c->bps[way] > 0 &&
                   (c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer) == layer
               ? c->bps[way]
               : BW_UNKNOWN;
}

/* Of the intervals that start in one bin. */
struct part {
    int64_t covered_s;
    int64_t bytes[BW_DIRECTIONS];
    bool any;
    bool whole; /* all of them count, and can be said at the layer */
};

static void put(struct bw_coincident *c,
                const struct bw_report *r,
                struct rates *to,
                size_t bin,
                size_t end,
                const struct part *p)
{
    struct work *w = c->work;
    int64_t start = c->ask.from_unix_s + (int64_t)bin * BW_COINCIDENT_BIN_S;
    int64_t active = bw_coincident_active_from(r, start);
    unsigned flags = 0;

    if (!p->any || !p->whole || p->covered_s * 2 < BW_COINCIDENT_BIN_S) {
        return;
    }
    int64_t down = p->bytes[BW_DOWN] * 8 / p->covered_s;
    flags |= active != BW_UNKNOWN ? FLAG_TOLD : 0U;
    flags |= active != BW_UNKNOWN && down >= active ? FLAG_USED : 0U;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        int64_t claim = claim_at(r, start, way, c->ask.layer);
        int64_t bps = p->bytes[way] * 8 / p->covered_s;
        int shift = way * DIRECTION_SHIFT;
        flags |= claim != BW_UNKNOWN ? (unsigned)FLAG_CLAIM << shift : 0U;
        flags |= claim != BW_UNKNOWN && bps >= claim * FULL_TENTHS / 10
                     ? (unsigned)FLAG_FULL << shift
                     : 0U;
    }
    for (; bin < end && bin < w->n_bins; bin++) {
        to->bps[BW_DOWN][bin] = down;
        to->bps[BW_UP][bin] = p->bytes[BW_UP] * 8 / p->covered_s;
        to->flags[bin] = (uint8_t)(to->flags[bin] | flags);
    }
}

static void
add_interval(const struct bw_report_interval *v, enum bw_layer layer, struct part *p)
{
    int64_t down = bytes_at(v, BW_DOWN, layer);
    int64_t up = bytes_at(v, BW_UP, layer);
    bool good = counts(v) && down != BW_UNKNOWN && up != BW_UNKNOWN;

    p->whole =
        (!p->any || p->whole) && good &&
        !__builtin_add_overflow(p->bytes[BW_DOWN], good ? down : 0, &p->bytes[BW_DOWN]) &&
        !__builtin_add_overflow(p->bytes[BW_UP], good ? up : 0, &p->bytes[BW_UP]) &&
        p->bytes[BW_DOWN] <= INT64_MAX / 8 && p->bytes[BW_UP] <= INT64_MAX / 8;
    p->any = true;
    p->covered_s += good ? v->covered_s : 0;
}

/* Its intervals, which ascend by start; one that is longer than a bin tells its mean for
 * each bin that it fills. */
static void fill(struct bw_coincident *c, const struct bw_report *r, struct rates *to)
{
    for (size_t i = 0; i < r->n_intervals;) {
        const struct bw_report_interval *v = &r->intervals[i];
        int64_t at = v->start_unix_s - c->ask.from_unix_s;
        struct part p = {.any = false};
        size_t bin = at < 0 ? 0 : (size_t)(at / BW_COINCIDENT_BIN_S);
        int64_t length = v->end_unix_s - v->start_unix_s;
        size_t bins =
            length > BW_COINCIDENT_BIN_S ? (size_t)(length / BW_COINCIDENT_BIN_S) : 1;
        if (at < 0 || bin >= ((struct work *)c->work)->n_bins) {
            i++;
            continue;
        }
        int64_t end = c->ask.from_unix_s + (int64_t)(bin + 1) * BW_COINCIDENT_BIN_S;
        do {
            add_interval(&r->intervals[i++], c->ask.layer, &p);
        } while (i < r->n_intervals && r->intervals[i].start_unix_s < end);
        put(c, r, to, bin, bin + bins, &p);
    }
}

/* A minute of a local day as an instant. */
static int64_t minute_s(const struct bw_report *r, const struct bw_report_day *d, int min)
{
    const struct bw_civil at = {.year = d->year,
                                .month = d->month,
                                .day = d->day + min / BW_CIVIL_DAY_MIN,
                                .hour = min % BW_CIVIL_DAY_MIN / 60,
                                .minute = min % 60};

    return bw_tz_unix(r->tz, &at);
}

/* Bins that start in its class hours, as its calendar has them. */
static void
mark_class(const struct bw_coincident *c, const struct bw_report *r, struct rates *to)
{
    const struct work *w = c->work;

    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        if (d->class_hours.from_min >= d->class_hours.to_min) {
            continue;
        }
        int64_t from = minute_s(r, d, d->class_hours.from_min) - c->ask.from_unix_s;
        int64_t end = minute_s(r, d, d->class_hours.to_min) - c->ask.from_unix_s;
        int64_t bin =
            from <= 0 ? 0 : (from + BW_COINCIDENT_BIN_S - 1) / BW_COINCIDENT_BIN_S;
        for (; bin < (int64_t)w->n_bins && bin * BW_COINCIDENT_BIN_S < end; bin++) {
            to->flags[bin] |= FLAG_CLASS;
        }
    }
}

static enum bw_coincident_why
why_not(const struct bw_report *r, const struct rates *to, size_t n)
{
    bool mirror = false;
    bool counted = false;
    bool known = false;

    for (size_t i = 0; i < r->n_intervals; i++) {
        mirror |= r->intervals[i].at_least;
        counted |= r->intervals[i].rate_bps[BW_DOWN] != BW_UNKNOWN;
    }
    for (size_t i = 0; i < n && !known; i++) {
        known = to->bps[BW_DOWN][i] != BW_UNKNOWN;
    }
    return known     ? BW_COINCIDENT_IN
           : counted ? BW_COINCIDENT_LAYER
           : mirror  ? BW_COINCIDENT_MIRROR
                     : BW_COINCIDENT_NOT_COUNTED;
}

int bw_coincident_add(struct bw_coincident *c, const struct bw_report *r)
{
    struct work *w = c->work;
    struct rates to = {.flags = calloc(w->n_bins, 1)};
    struct bw_coincident_circuit *x;

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        to.bps[way] = calloc(w->n_bins, sizeof(int64_t));
    }
    if (!to.flags || !to.bps[BW_DOWN] || !to.bps[BW_UP] || c->n == c->ask.n_circuits) {
        free_rates(&to);
        return c->n == c->ask.n_circuits ? -EINVAL : -ENOMEM;
    }
    for (size_t i = 0; i < w->n_bins; i++) {
        to.bps[BW_DOWN][i] = BW_UNKNOWN;
        to.bps[BW_UP][i] = BW_UNKNOWN;
    }
    fill(c, r, &to);
    x = next(c, r->site, r->circuit);
    x->layer = r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN;
    x->interval_s = r->counts.interval_s;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        x->claim_bps[way] = claim_at(r, r->until_unix_s - 1, way, c->ask.layer);
    }
    x->why = why_not(r, &to, w->n_bins);
    if (x->why == BW_COINCIDENT_IN) {
        mark_class(c, r, &to);
        w->rates[c->n - 1] = to;
        c->n_in++;
    } else {
        free_rates(&to);
    }
    return 0;
}

/* ---- all of them ----------------------------------------------------------------------
 */

/* Is a bin class time of the sum, and enough known in it? */
static bool is_class(const struct bw_coincident *c, size_t bin)
{
    const struct work *w = c->work;

    return c->n_in > 0 && (int64_t)w->in_class[bin] * 2 >= c->n_in;
}

static bool bin_counts(const struct bw_coincident *c, size_t bin)
{
    const struct work *w = c->work;

    return is_class(c, bin) && (int64_t)w->known[bin] >= c->need_n && w->known[bin] > 0;
}

/* At how many circuits each bin is class time, and how many such bins each knows. */
static void count_class(struct bw_coincident *c, size_t bins)
{
    struct work *w = c->work;

    memset(w->in_class, 0, w->n_bins * sizeof(*w->in_class));
    for (size_t i = 0; i < c->n; i++) {
        for (size_t b = 0; c->circuits[i].why == BW_COINCIDENT_IN && b < bins; b++) {
            w->in_class[b] =
                (uint16_t)(w->in_class[b] + ((w->rates[i].flags[b] & FLAG_CLASS) != 0));
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        struct bw_coincident_circuit *x = &c->circuits[i];
        x->class_n = 0;
        for (size_t b = 0; x->why == BW_COINCIDENT_IN && b < bins; b++) {
            x->class_n += is_class(c, b) && w->rates[i].bps[BW_DOWN][b] != BW_UNKNOWN;
        }
    }
}

/* Those that were never counted in class hours are not in the sum: else no bin would count.
 * Without them other hours may be class time. */
static void leave_out(struct bw_coincident *c, size_t bins)
{
    struct work *w = c->work;
    bool any = true;

    while (any) {
        any = false;
        count_class(c, bins);
        for (size_t i = 0; i < c->n; i++) {
            struct bw_coincident_circuit *x = &c->circuits[i];
            if (x->why == BW_COINCIDENT_IN && x->class_n == 0) {
                x->why = BW_COINCIDENT_NO_CLASS;
                free_rates(&w->rates[i]);
                c->n_in--;
                any = true;
            }
        }
    }
}

static void count_bins(struct bw_coincident *c, size_t bins)
{
    struct work *w = c->work;
    int64_t need = c->ask.need_ppm;

    for (size_t i = 0; i < c->n; i++) {
        for (size_t b = 0; c->circuits[i].why == BW_COINCIDENT_IN && b < bins; b++) {
            w->known[b] += w->rates[i].bps[BW_DOWN][b] != BW_UNKNOWN;
        }
    }
    c->need_n = (c->n_in * need + MILLION - 1) / MILLION;
    for (size_t b = 0; b < bins; b++) {
        if (is_class(c, b)) {
            c->class_bins++;
            c->bins += bin_counts(c, b);
            c->all_bins += (int64_t)w->known[b] == c->n_in;
            c->unlike_class_bins += (int64_t)w->in_class[b] < c->n_in;
        }
    }
}

/* P95 and highest of one circuit in the bins that count. */
static void own(struct bw_coincident *c, size_t i, int way, size_t bins, int64_t *values)
{
    const struct work *w = c->work;
    struct bw_coincident_circuit *x = &c->circuits[i];
    struct bw_coincident_way *to = &x->way[way];
    int shift = way * DIRECTION_SHIFT;
    size_t n = 0;

    for (size_t b = 0; b < bins; b++) {
        int64_t bps = w->rates[i].bps[way][b];
        unsigned flags = w->rates[i].flags[b];
        if (!bin_counts(c, b) || bps == BW_UNKNOWN) {
            continue;
        }
        values[n++] = bps;
        to->peak_bps = bps > to->peak_bps ? bps : to->peak_bps; /* unknown is lowest */
        to->told_n += (flags & ((unsigned)FLAG_CLAIM << shift)) != 0;
        to->full_n += (flags & ((unsigned)FLAG_FULL << shift)) != 0;
        x->use_of_n += way == BW_DOWN && (flags & FLAG_TOLD);
        x->use_n += way == BW_DOWN && (flags & FLAG_USED);
    }
    to->n = (int64_t)n;
    to->p95_bps = bw_stat_percentile(values, n, P95);
}

static void add_known(int64_t *sum, int64_t v)
{
    *sum = *sum == BW_UNKNOWN || v == BW_UNKNOWN || __builtin_add_overflow(*sum, v, sum)
               ? BW_UNKNOWN
               : *sum;
}

/* The sum in one bin. */
static int64_t sum_at(const struct bw_coincident *c, int way, size_t b)
{
    const struct work *w = c->work;
    int64_t sum = 0;

    for (size_t i = 0; i < c->n; i++) {
        int64_t bps =
            c->circuits[i].why == BW_COINCIDENT_IN ? w->rates[i].bps[way][b] : BW_UNKNOWN;
        sum += bps == BW_UNKNOWN ? 0 : bps; /* rates of lines: no overflow of thousands */
    }
    return sum;
}

static void whole(struct bw_coincident *c, int way, size_t bins, int64_t *values)
{
    const struct work *w = c->work;
    struct bw_coincident_sum *s = &c->sum[way];
    unsigned full = (unsigned)FLAG_FULL << way * DIRECTION_SHIFT;
    size_t n = 0;

    *s = (struct bw_coincident_sum){.peak_bps = BW_UNKNOWN,
                                    .peak_unix_s = BW_UNKNOWN,
                                    .diversity_ppm = BW_UNKNOWN,
                                    .day_bps = BW_UNKNOWN,
                                    .day = BW_UNKNOWN};
    for (size_t b = 0; b < bins; b++) {
        bool some = false;
        if (!bin_counts(c, b)) {
            continue;
        }
        values[n] = sum_at(c, way, b);
        if (values[n] > s->peak_bps) {
            s->peak_bps = values[n];
            s->peak_unix_s = c->ask.from_unix_s + (int64_t)b * BW_COINCIDENT_BIN_S;
            s->peak_n = (int64_t)w->known[b];
        }
        for (size_t i = 0; !some && i < c->n; i++) {
            some = c->circuits[i].why == BW_COINCIDENT_IN &&
                   (w->rates[i].flags[b] & full) && w->rates[i].bps[way][b] != BW_UNKNOWN;
        }
        s->full_bins += some;
        n++;
    }
    s->p95_bps = bw_stat_percentile(values, n, P95);
    for (size_t i = 0; i < c->n; i++) {
        struct bw_coincident_circuit *x = &c->circuits[i];
        if (x->why != BW_COINCIDENT_IN) {
            continue;
        }
        add_known(&s->sum_peaks_bps, x->way[way].peak_bps);
        add_known(&s->sum_p95_bps, x->way[way].p95_bps);
        add_known(&s->claims_bps, x->claim_bps[way]);
        if (s->peak_unix_s != BW_UNKNOWN) {
            x->way[way].then_bps =
                w->rates[i]
                    .bps[way][(s->peak_unix_s - c->ask.from_unix_s) / BW_COINCIDENT_BIN_S];
        }
    }
    if (c->n_in == 0 || n == 0) {
        s->sum_peaks_bps = s->sum_p95_bps = BW_UNKNOWN;
        s->claims_bps = c->n_in == 0 ? BW_UNKNOWN : s->claims_bps;
    } else if (s->peak_bps > 0 && s->sum_peaks_bps != BW_UNKNOWN &&
               s->sum_peaks_bps <= INT64_MAX / MILLION) {
        s->diversity_ppm = s->sum_peaks_bps * MILLION / s->peak_bps;
    }
}

static int64_t local_day(const struct bw_coincident *c, size_t bin)
{
    struct bw_civil at;

    bw_tz_local(c->ask.tz, c->ask.from_unix_s + (int64_t)bin * BW_COINCIDENT_BIN_S, &at);
    return bw_civil_days(at.year, at.month, at.day);
}

/* P95 of each local day's sums; the highest of a day with half as many bins as the fullest
 * has; how they grow. */
static int days(struct bw_coincident *c, int way, size_t bins, int64_t *values)
{
    struct bw_coincident_sum *s = &c->sum[way];
    struct bw_growth_day *list =
        calloc(bins / (86400 / BW_COINCIDENT_BIN_S) + 3, sizeof(*list));
    int64_t *counted = calloc(bins / (86400 / BW_COINCIDENT_BIN_S) + 3, sizeof(*counted));
    size_t n_days = 0;
    size_t n = 0;
    int64_t most = 0;
    int r = -ENOMEM;

    if (!list || !counted) {
        goto out;
    }
    for (size_t b = 0; b <= bins; b++) {
        int64_t day = b < bins ? local_day(c, b) : BW_UNKNOWN;
        if (n > 0 && (b == bins || day != list[n_days].day)) {
            list[n_days].value_bps = bw_stat_percentile(values, n, P95);
            counted[n_days++] = (int64_t)n;
            most = (int64_t)n > most ? (int64_t)n : most;
            n = 0;
        }
        if (b < bins && bin_counts(c, b)) {
            list[n_days].day = day;
            values[n++] = sum_at(c, way, b);
        }
    }
    for (size_t i = 0; i < n_days; i++) {
        if (counted[i] * 2 < most) {
            list[i].value_bps = BW_UNKNOWN;
        } else if (list[i].value_bps > s->day_bps) {
            s->day_bps = list[i].value_bps;
            s->day = list[i].day;
            s->day_n = counted[i];
        }
    }
    r = bw_growth_make(list, n_days, &s->growth);
    if (r == 0) {
        bw_speed_range(s->day_bps, &s->growth, c->end_day, &s->range);
    }
out:
    free(list);
    free(counted);
    return r;
}

/* In how many bins all were in use at once, and none (coincident-use/2). */
static void use(struct bw_coincident *c, size_t bins)
{
    const struct work *w = c->work;

    for (size_t b = 0; b < bins; b++) {
        int64_t told = 0;
        int64_t used = 0;
        if (!bin_counts(c, b)) {
            continue;
        }
        for (size_t i = 0; i < c->n; i++) {
            if (c->circuits[i].why == BW_COINCIDENT_IN &&
                w->rates[i].bps[BW_DOWN][b] != BW_UNKNOWN) {
                told += (w->rates[i].flags[b] & FLAG_TOLD) != 0;
                used += (w->rates[i].flags[b] & FLAG_USED) != 0;
            }
        }
        if (told == c->n_in) {
            c->use_of_n++;
            c->all_use_n += used == told;
            c->none_use_n += used == 0;
        }
    }
}

int bw_coincident_settle(struct bw_coincident *c, int64_t until_unix_s)
{
    struct work *w = c->work;
    int64_t past = (until_unix_s - c->ask.from_unix_s) / BW_COINCIDENT_BIN_S;
    size_t bins = past <= 0 ? 0 : past < (int64_t)w->n_bins ? (size_t)past : w->n_bins;
    int64_t *values = calloc(bins + 1, sizeof(*values));
    int64_t until = until_unix_s < c->ask.to_unix_s ? until_unix_s : c->ask.to_unix_s;
    int r = 0;

    if (!values) {
        return -ENOMEM;
    }
    bw_speed_range_until(c->ask.tz, until, &c->end_year, &c->end_day);
    leave_out(c, bins);
    count_bins(c, bins);
    for (int way = 0; r == 0 && way < BW_DIRECTIONS; way++) {
        for (size_t i = 0; i < c->n; i++) {
            if (c->circuits[i].why == BW_COINCIDENT_IN) {
                own(c, i, way, bins, values);
            }
        }
        whole(c, way, bins, values);
        r = days(c, way, bins, values);
    }
    use(c, bins);
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_coincident_circuit *x = &c->circuits[i];
        bool in = x->why == BW_COINCIDENT_IN;
        c->n_full += in && (x->way[BW_DOWN].full_n > 0 || x->way[BW_UP].full_n > 0);
        c->n_long += in && x->interval_s > BW_COINCIDENT_BIN_S;
        c->n_converted += in && x->layer != c->ask.layer;
    }
    free(values);
    free_work(c);
    return r;
}
