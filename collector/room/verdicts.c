/* SPDX-License-Identifier: GPL-3.0-or-later
 * verdicts.c - what runs and days say of a circuit.
 *
 * Invariant: what does not tell changes nothing: a week without a test neither begins nor
 * ends anything. */
#include "verdicts.h"

#include <bw/summary.h>
#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOUR_MS = 3600000,
    DAY_MS = 86400000,
    MEDIAN = 500000,
    PPM = 1000000
};

bool bw_run_counts(const struct bw_kept_run *t)
{
    return t->state == BW_TEST_OK && t->apart == BW_APART_NOT &&
           t->compared_bps != BW_UNKNOWN && t->claim_bps != BW_UNKNOWN &&
           t->claim_bps > 0 && t->compared_bps >= 0 && t->compared_bps <= INT64_MAX / PPM &&
           t->claim_bps <= INT64_MAX / PPM;
}

bool bw_run_below(const struct bw_kept_run *t)
{
    return t->compared_bps * PPM / BW_BELOW_PPM < t->claim_bps;
}

/* ---- servers --------------------------------------------------------------------------
 */

/* One site at one server in one hour. */
struct site_hour {
    uint16_t server;
    uint8_t direction;
    int32_t hour;
    uint32_t site;
    int64_t ratio_ppm; /* its median of the hour over its median of all others */
};

struct bw_server_hours {
    size_t n;
    struct site_hour *list; /* by direction, hour, server */
};

bool bw_server_sample(const struct bw_kept_run *t,
                      uint32_t site,
                      struct bw_server_sample *ret)
{
    if (!bw_run_counts(t) || t->server == BW_SERVER_NONE) {
        return false;
    }
    *ret = (struct bw_server_sample){.server = t->server,
                                     .direction = t->direction,
                                     .hour = (int32_t)(t->at_unix_ms / HOUR_MS),
                                     .site = site,
                                     .share_ppm = t->compared_bps * PPM / t->claim_bps};
    return true;
}

static int by_site_at(const struct bw_server_sample *x, const struct bw_server_sample *y)
{
    if (x->server != y->server) {
        return x->server < y->server ? -1 : 1;
    }
    if (x->direction != y->direction) {
        return x->direction < y->direction ? -1 : 1;
    }
    return (x->site > y->site) - (x->site < y->site);
}

static int by_site_hour(const void *a, const void *b)
{
    const struct bw_server_sample *x = a;
    const struct bw_server_sample *y = b;
    int c = by_site_at(x, y);

    return c ? c : (x->hour > y->hour) - (x->hour < y->hour);
}

static int by_when(const struct site_hour *x, const struct site_hour *y)
{
    if (x->direction != y->direction) {
        return x->direction < y->direction ? -1 : 1;
    }
    return (x->hour > y->hour) - (x->hour < y->hour);
}

static int by_hour(const void *a, const void *b)
{
    const struct site_hour *x = a;
    const struct site_hour *y = b;
    int c = by_when(x, y);

    return c ? c : (x->server > y->server) - (x->server < y->server);
}

/* One sample in the order of shares, with its place in the order of hours. */
struct ranked {
    int64_t share_ppm;
    size_t at;
};

static int by_share(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    return (x->share_ppm > y->share_ppm) - (x->share_ppm < y->share_ppm);
}

static int by_rank(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

/* Room for the samples of one site. */
struct room {
    struct ranked *ranked;
    size_t *rank; /* of each sample in the order of hours */
    size_t *gone; /* ranks of those of one hour, in their order */
};

/* The median of n sorted samples without m of them, whose ranks are gone[m], in their
 * order: the sample at ceil(half) of those that are left, as bw_stat_percentile() has it.
 */
static int64_t median_without(const struct room *m, size_t n, size_t n_gone)
{
    size_t left = n - n_gone;
    size_t at = left == 0 ? 0 : (left + 1) / 2 - 1;

    if (left == 0) {
        return BW_UNKNOWN;
    }
    for (size_t i = 0; i < n_gone && m->gone[i] <= at; i++) {
        at++;
    }
    return m->ranked[at].share_ppm;
}

/* The hours of one site at one server, list[n]. */
static void add_site(struct bw_server_hours *h,
                     const struct bw_server_sample *list,
                     size_t n,
                     const struct room *m)
{
    for (size_t i = 0; i < n; i++) {
        m->ranked[i] = (struct ranked){list[i].share_ppm, i};
    }
    qsort(m->ranked, n, sizeof(*m->ranked), by_share);
    for (size_t i = 0; i < n; i++) {
        m->rank[m->ranked[i].at] = i;
    }
    for (size_t i = 0; i < n;) {
        size_t first = i;
        while (i < n && list[i].hour == list[first].hour) {
            m->gone[i - first] = m->rank[i];
            i++;
        }
        qsort(m->gone, i - first, sizeof(*m->gone), by_rank);
        int64_t usual = median_without(m, n, i - first);
        int64_t now = m->ranked[m->gone[(i - first + 1) / 2 - 1]].share_ppm;
        if (usual != BW_UNKNOWN && usual > 0) {
            h->list[h->n++] = (struct site_hour){
                .server = list[first].server,
                .direction = list[first].direction,
                .hour = list[first].hour,
                .site = list[first].site,
                .ratio_ppm = now > INT64_MAX / PPM ? INT64_MAX : now * PPM / usual};
        }
    }
}

struct bw_server_hours *bw_server_hours_new(struct bw_server_sample *list, size_t n)
{
    struct bw_server_hours *h = calloc(1, sizeof(*h));
    struct room m = {.ranked = calloc(n + 1, sizeof(*m.ranked)),
                     .rank = calloc(n + 1, sizeof(*m.rank)),
                     .gone = calloc(n + 1, sizeof(*m.gone))};

    if (h) {
        h->list = calloc(n + 1, sizeof(*h->list));
    }
    if (!h || !h->list || !m.ranked || !m.rank || !m.gone) {
        bw_server_hours_free(h);
        h = NULL;
        goto out;
    }
    if (n > 0) {
        qsort(list, n, sizeof(*list), by_site_hour);
    }
    for (size_t i = 0; i < n;) {
        size_t first = i;
        while (i < n && by_site_at(&list[first], &list[i]) == 0) {
            i++;
        }
        add_site(h, &list[first], i - first, &m);
    }
    if (h->n > 0) {
        qsort(h->list, h->n, sizeof(*h->list), by_hour);
    }
out:
    free(m.ranked);
    free(m.rank);
    free(m.gone);
    return h;
}

void bw_server_hours_free(struct bw_server_hours *h)
{
    if (h) {
        free(h->list);
        free(h);
    }
}

enum {
    OTHERS_MAX = 999 /* of one hour: more change no median worth a word */
};

/* Of list[n], all of one hour, that of one server without one site's; how many there are.
 * The first of another server in *ret_next. */
static int64_t median_at(const struct site_hour *list,
                         size_t n,
                         uint32_t but_site,
                         int32_t *ret_sites,
                         size_t *ret_next)
{
    int64_t ratios[OTHERS_MAX];
    size_t k = 0;
    size_t i = 0;

    *ret_sites = 0;
    for (; i < n && list[i].server == list[0].server; i++) {
        if (list[i].site != but_site) {
            ++*ret_sites;
            if (k < OTHERS_MAX) {
                ratios[k++] = list[i].ratio_ppm;
            }
        }
    }
    *ret_next = i;
    return k == 0 ? BW_UNKNOWN : bw_stat_percentile(ratios, k, MEDIAN);
}

/* Of list[n], all of one hour and direction: what became of one server, by `least` sites of
 * each. */
static enum bw_server_word judge(const struct site_hour *list,
                                 size_t n,
                                 uint16_t server,
                                 uint32_t but_site,
                                 int32_t least)
{
    enum bw_server_word word = BW_SERVER_UNKNOWN;
    bool second = false;
    bool second_fell = true;

    for (size_t i = 0; i < n;) {
        int32_t sites = 0;
        size_t next = 0;
        int64_t median = median_at(&list[i], n - i, but_site, &sites, &next);
        bool fell = median != BW_UNKNOWN && median < BW_SERVER_FELL_PPM;
        if (sites >= least && list[i].server == server) {
            word = fell ? BW_SERVER_ALONE : BW_SERVER_HEALTHY;
        } else if (sites >= least) {
            second = true;
            second_fell &= fell;
        }
        i += next;
    }
    if (word == BW_SERVER_ALONE && second) {
        word = second_fell ? BW_SERVER_ALL : BW_SERVER_FAULT;
    }
    return word;
}

/* Those of one direction and hour: the first, and how many. */
static size_t
when(const struct bw_server_hours *h, const struct site_hour *key, size_t *ret_n)
{
    size_t low = 0;
    size_t high = h->n;
    size_t end;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (by_when(&h->list[mid], key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (end = low; end < h->n && by_when(&h->list[end], key) == 0; end++) {
    }
    *ret_n = end - low;
    return low;
}

enum bw_server_word bw_server_hours_word(const struct bw_server_hours *h,
                                         const struct bw_kept_run *t,
                                         uint32_t but_site)
{
    const struct site_hour key = {.direction = t->direction,
                                  .hour = (int32_t)(t->at_unix_ms / HOUR_MS)};
    size_t n = 0;
    size_t first = h ? when(h, &key, &n) : 0;

    return !h || t->server == BW_SERVER_NONE
               ? BW_SERVER_UNKNOWN
               : judge(&h->list[first], n, t->server, but_site, 1);
}

int bw_server_hours_all(const struct bw_server_hours *h,
                        struct bw_server_hour **ret,
                        size_t *ret_n)
{
    struct bw_server_hour *list = calloc(h->n + 1, sizeof(*list));
    size_t n = 0;

    if (!list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < h->n;) {
        size_t all = 0;
        size_t first = i;
        while (i < h->n && by_when(&h->list[i], &h->list[first]) == 0) {
            i++;
        }
        all = i - first;
        for (size_t k = 0; k < all;) {
            const struct site_hour *x = &h->list[first + k];
            struct bw_server_hour *to = &list[n++];
            size_t next = 0;
            to->median_ppm = median_at(x, all - k, UINT32_MAX, &to->n_sites, &next);
            to->server = x->server;
            to->direction = x->direction;
            to->hour = x->hour;
            to->word = (uint8_t)judge(&h->list[first], all, x->server, UINT32_MAX,
                                      BW_SERVER_SITES_LEAST);
            k += next;
        }
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

/* ---- below the claim ------------------------------------------------------------------
 */

/* Does an earlier run of the series, within a day, make this one more than a single slip:
 * this is its retest, or another server says the same? */
static bool confirms(const struct bw_kept_run *runs,
                     const size_t *series,
                     size_t n,
                     const struct bw_kept_run *t,
                     bool *ret_other)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        const struct bw_kept_run *x = &runs[series[i]];
        bool other = x->server != t->server && x->server != BW_SERVER_NONE &&
                     t->server != BW_SERVER_NONE;
        if (t->at_unix_ms - x->at_unix_ms <= BW_CONFIRM_MS && (other || t->retest)) {
            any = true;
            *ret_other |= other;
        }
    }
    return any;
}

enum {
    SERIES_MAX = 256
};

struct bw_below bw_verdict_below(const struct bw_kept_run *runs,
                                 size_t n,
                                 enum bw_direction direction,
                                 const struct bw_server_hours *servers,
                                 uint32_t site)
{
    struct bw_below b = {.verdict = BW_VERDICT_NOT_TOLD, .at_unix_s = BW_UNKNOWN};
    size_t series[SERIES_MAX];
    size_t n_series = 0;

    for (size_t i = 0; i < n; i++) {
        const struct bw_kept_run *t = &runs[i];
        enum bw_server_word word;
        if (t->direction != direction || !bw_run_counts(t)) {
            continue;
        }
        if (!bw_run_below(t)) {
            b = (struct bw_below){.verdict = BW_VERDICT_OFF,
                                  .at_unix_s = b.verdict == BW_VERDICT_OFF
                                                   ? b.at_unix_s
                                                   : t->at_unix_ms / 1000};
            n_series = 0;
            continue;
        }
        word = bw_server_hours_word(servers, t, site);
        if (word == BW_SERVER_FAULT || word == BW_SERVER_ALONE) {
            continue;
        }
        bool other = b.verdict == BW_VERDICT_ON && b.other_server;
        if (confirms(runs, series, n_series, t, &other)) {
            b.verdict = BW_VERDICT_ON;
            b.at_unix_s = runs[series[0]].at_unix_ms / 1000;
            b.other_server = other;
        }
        if (b.verdict == BW_VERDICT_ON) {
            b.run = i;
            b.server_known = word == BW_SERVER_HEALTHY;
        }
        if (n_series < SERIES_MAX) {
            series[n_series++] = i;
        }
    }
    return b; /* below, and nobody confirmed it yet, is what it was before */
}

/* ---- the others -----------------------------------------------------------------------
 */

struct bw_told_at bw_verdict_egress(const struct bw_kept_run *runs, size_t n)
{
    struct bw_told_at v = {.verdict = BW_VERDICT_NOT_TOLD, .at_unix_s = BW_UNKNOWN};

    for (size_t i = 0; i < n; i++) {
        const struct bw_kept_run *t = &runs[i];
        enum bw_verdict told =
            t->egress == BW_EGRESS_OTHER ? BW_VERDICT_ON : BW_VERDICT_OFF;
        if (t->state == BW_TEST_OK && t->egress != BW_EGRESS_UNKNOWN && told != v.verdict) {
            v = (struct bw_told_at){.verdict = told, .at_unix_s = t->at_unix_ms / 1000};
        }
    }
    return v;
}

struct bw_told_at
bw_verdict_deferred(const struct bw_kept_run *runs, size_t n, int64_t now_unix_s)
{
    struct bw_told_at v = {.verdict = BW_VERDICT_NOT_TOLD, .at_unix_s = BW_UNKNOWN};
    int64_t since_ms = now_unix_s * 1000 - DAY_MS;
    int64_t good_ms = INT64_MIN;
    int64_t put_off_ms = INT64_MIN; /* the first since a good one */
    bool lately = false;

    for (size_t i = 0; i < n; i++) {
        const struct bw_kept_run *t = &runs[i];
        if (t->state == BW_TEST_OK) {
            good_ms = t->at_unix_ms;
            put_off_ms = INT64_MIN;
        } else if (t->state == BW_TEST_DEFERRED) {
            put_off_ms = put_off_ms == INT64_MIN ? t->at_unix_ms : put_off_ms;
            lately |= t->at_unix_ms >= since_ms;
        }
    }
    if (good_ms >= since_ms) {
        v = (struct bw_told_at){.verdict = BW_VERDICT_OFF, .at_unix_s = good_ms / 1000};
    } else if (lately) {
        v = (struct bw_told_at){.verdict = BW_VERDICT_ON, .at_unix_s = put_off_ms / 1000};
    }
    return v;
}

struct bw_told_at bw_verdict_full(const struct bw_room_day *d)
{
    struct bw_told_at v = {.verdict = BW_VERDICT_NOT_TOLD, .at_unix_s = d->from_unix_s};

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const struct bw_room_way *w = &d->way[way];
        if (w->class_known < BW_FULL_LEAST || w->class_share_ppm == BW_UNKNOWN) {
            continue;
        }
        if (w->class_share_ppm >= BW_FULL_PPM) {
            v.verdict = BW_VERDICT_ON;
        } else if (v.verdict == BW_VERDICT_NOT_TOLD) {
            v.verdict = BW_VERDICT_OFF;
        }
    }
    return v;
}
