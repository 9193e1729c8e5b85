/* SPDX-License-Identifier: GPL-3.0-or-later
 * prices_choose.c - which lines are meant, and medians of them.
 *
 * Invariant: a line that may not be seen is in no row, no count and no median. */
#include "prices.h"

#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    Q1 = 250000,
    MEDIAN = 500000,
    Q3 = 750000,
    QUARTILES_MIN = 4
};

static bool may_see(const struct bw_prices *p,
                    const struct bw_price_ask *ask,
                    const struct bw_price_row *row)
{
    return !ask->sees || ask->sees(ask->owner, p, row);
}

/* The years of which lines may be seen, newest first; rows ascend by year. */
static void find_years(const struct bw_prices *p,
                       const struct bw_price_ask *ask,
                       struct bw_price_seen *s)
{
    for (size_t i = p->n; i-- > 0 && s->n_years < BW_PRICE_YEARS_MAX;) {
        const struct bw_price_row *row = &p->rows[i];
        if ((s->n_years == 0 || s->years[s->n_years - 1] != row->year) &&
            may_see(p, ask, row)) {
            s->years[s->n_years++] = row->year;
        }
    }
}

/* A known name of the list, "" where none is known. */
static const char *name_id(const struct bw_price_name *list, uint32_t i)
{
    return i == BW_PRICE_NONE ? "" : list[i].id;
}

static bool fits_place(const struct bw_prices *p,
                       const struct bw_price_ask *ask,
                       const struct bw_price_row *row)
{
    const char *region = name_id(p->regions, p->payers[row->payer].region);

    return (!ask->region || strcmp(region, ask->region) == 0) &&
           (!ask->provider ||
            strcmp(name_id(p->providers, row->provider), ask->provider) == 0);
}

/* For qsort, which takes no context: what is sorted carries what it is sorted by. */
struct sorted {
    const struct bw_price_row *row;
    uint32_t at;
};

static int by_price(const void *a, const void *b)
{
    const struct bw_price_row *x = ((const struct sorted *)a)->row;
    const struct bw_price_row *y = ((const struct sorted *)b)->row;

    if (x->speed != y->speed) {
        return x->speed < y->speed ? -1 : 1;
    }
    if (x->price_udollars != y->price_udollars) {
        return x->price_udollars < y->price_udollars ? -1 : 1;
    }
    return strcmp(x->about, y->about);
}

static int by_why(const void *a, const void *b)
{
    const struct bw_price_row *x = ((const struct sorted *)a)->row;
    const struct bw_price_row *y = ((const struct sorted *)b)->row;

    return x->why != y->why ? (x->why > y->why) - (x->why < y->why)
                            : strcmp(x->about, y->about);
}

static int sorted_rows(const struct bw_prices *p,
                       uint32_t *rows,
                       size_t n,
                       int (*by)(const void *, const void *))
{
    struct sorted *list = calloc(n + 1, sizeof(*list));

    if (!list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = (struct sorted){&p->rows[rows[i]], rows[i]};
    }
    qsort(list, n, sizeof(*list), by);
    for (size_t i = 0; i < n; i++) {
        rows[i] = list[i].at;
    }
    free(list);
    return 0;
}

int bw_prices_choose(const struct bw_prices *p,
                     const struct bw_price_ask *ask,
                     struct bw_price_seen *ret)
{
    struct bw_price_seen s = {.year = ask->year};
    int r = -ENOMEM;

    memset(ret, 0, sizeof(*ret));
    s.rows = calloc(p->n + 1, sizeof(*s.rows));
    s.apart = calloc(p->n + 1, sizeof(*s.apart));
    if (!s.rows || !s.apart) {
        goto out;
    }
    find_years(p, ask, &s);
    if (s.year == BW_UNKNOWN && s.n_years > 0) {
        s.year = s.years[0];
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct bw_price_row *row = &p->rows[i];
        if (row->year != s.year || !fits_place(p, ask, row) || !may_see(p, ask, row)) {
            continue;
        }
        bool speed = ask->speed == BW_PRICE_CLASSES || row->speed == ask->speed;
        s.n_role[row->role] += speed && row->why == BW_PRICE_KNOWN;
        if (row->role != ask->role || !speed ||
            (ask->layer != BW_PRICE_ANY && row->layer != ask->layer)) {
            continue;
        }
        s.n_why[row->why]++;
        if (row->why == BW_PRICE_KNOWN) {
            s.rows[s.n++] = (uint32_t)i;
        } else {
            s.apart[s.n_apart++] = (uint32_t)i;
        }
    }
    r = sorted_rows(p, s.rows, s.n, by_price);
    r = r < 0 ? r : sorted_rows(p, s.apart, s.n_apart, by_why);
    if (r < 0) {
        goto out;
    }
    *ret = s;
    s.rows = NULL;
    s.apart = NULL;
out:
    bw_price_seen_done(&s);
    return r;
}

void bw_price_seen_done(struct bw_price_seen *s)
{
    free(s->rows);
    free(s->apart);
    s->rows = NULL;
    s->apart = NULL;
}

/* ---- groups ------------------------------------------------------------------------ */

struct member {
    const struct bw_prices *p;
    const struct bw_price_row *row;
    uint32_t region;
    uint32_t provider;
    size_t speed;
};

/* By name, those without one last; two of one name by their ids. */
static int compare_names(const struct bw_price_name *list, uint32_t a, uint32_t b)
{
    int order;

    if (a == b || a == BW_PRICE_NONE || b == BW_PRICE_NONE) {
        return a == b ? 0 : a == BW_PRICE_NONE ? 1 : -1;
    }
    order = strcmp(list[a].name, list[b].name);
    return order ? order : strcmp(list[a].id, list[b].id);
}

static int compare_keys(const struct member *x, const struct member *y)
{
    int order = compare_names(x->p->regions, x->region, y->region);

    order = order ? order : compare_names(x->p->providers, x->provider, y->provider);
    order = order ? order : (x->speed > y->speed) - (x->speed < y->speed);
    return order ? order
                 : (x->row->layer > y->row->layer) - (x->row->layer < y->row->layer);
}

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;
    int order = compare_keys(x, y);

    return order ? order
                 : (x->row->price_udollars > y->row->price_udollars) -
                       (x->row->price_udollars < y->row->price_udollars);
}

/* Of members that ascend by price. */
static void spread(const struct member *m, size_t n, struct bw_price_group *g)
{
    g->s = (struct bw_price_spread){
        .n = (int64_t)n,
        .min = m[0].row->price_udollars,
        .q1 = BW_UNKNOWN,
        .median = m[bw_stat_rank(n, MEDIAN) - 1].row->price_udollars,
        .q3 = BW_UNKNOWN,
        .max = m[n - 1].row->price_udollars,
    };
    if (n >= QUARTILES_MIN) {
        g->s.q1 = m[bw_stat_rank(n, Q1) - 1].row->price_udollars;
        g->s.q3 = m[bw_stat_rank(n, Q3) - 1].row->price_udollars;
    }
    for (size_t i = 0; i < n; i++) {
        for (int bit = 0; bit < BW_PRICE_MARKS; bit++) {
            g->n_marked[bit] += (m[i].row->marks >> bit) & 1;
        }
        g->n_private += !m[i].row->open;
    }
}

int bw_prices_group(const struct bw_prices *p,
                    const struct bw_price_seen *seen,
                    unsigned by,
                    struct bw_price_group **ret,
                    size_t *ret_n)
{
    struct member *list = calloc(seen->n + 1, sizeof(*list));
    struct bw_price_group *groups = calloc(seen->n + 1, sizeof(*groups));
    size_t n = 0;

    if (!list || !groups) {
        free(list);
        free(groups);
        return -ENOMEM;
    }
    for (size_t i = 0; i < seen->n; i++) {
        const struct bw_price_row *row = &p->rows[seen->rows[i]];
        list[i] = (struct member){
            .p = p,
            .row = row,
            .region =
                by & BW_PRICE_BY_REGION ? p->payers[row->payer].region : BW_PRICE_NONE,
            .provider = by & BW_PRICE_BY_PROVIDER ? row->provider : BW_PRICE_NONE,
            .speed = by & BW_PRICE_BY_SPEED ? row->speed : BW_PRICE_CLASSES};
    }
    qsort(list, seen->n, sizeof(*list), compare_members);
    for (size_t i = 0; i < seen->n;) {
        size_t end = i + 1;
        while (end < seen->n && compare_keys(&list[i], &list[end]) == 0) {
            end++;
        }
        groups[n] = (struct bw_price_group){.region = list[i].region,
                                            .provider = list[i].provider,
                                            .speed = list[i].speed,
                                            .layer = list[i].row->layer};
        spread(&list[i], end - i, &groups[n++]);
        i = end;
    }
    free(list);
    *ret = groups;
    *ret_n = n;
    return 0;
}
