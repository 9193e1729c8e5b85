/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_proof.c - sets of districts that span all columns, by elimination modulo a prime.
 *
 * Invariant: a cohort is taken only with as many such sets found as districts are demanded,
 * no district in two. That sets which are there are not found errs on the side of showing
 * less. Ranks are those modulo 2^31 - 1: of columns of noughts and ones, as many as here,
 * they are the true ones but where a determinant is a multiple of that prime. */
#include "compare_proof.h"

#include <stdlib.h>
#include <string.h>

enum {
    NONE_USED = 0
};

#define PRIME UINT64_C(2147483647)

/* Of a row what matters here: ten thousand of them are looked at for each cohort. */
struct light {
    uint64_t mask; /* in which of those taken; the candidate's bit too */
    uint32_t class[BW_COMPARE_BYS];
    uint32_t group; /* its district, from 0 */
    bool seen;
    bool meets;
    bool tells[BW_COMPARE_MEASURES + 1]; /* the last one: always */
};

/* Rows with one column: [first, end) of `order`. */
struct bunch {
    uint64_t mask;
    uint32_t first, end;
    uint32_t left; /* of them in districts that are in no set yet */
};

struct bw_compare_proof {
    size_t n;
    struct light *rows;     /* by district */
    struct light **counted; /* those that count now, by column */
    struct light **scratch;
    size_t n_counted;
    struct bunch *bunches; /* of those taken */
    size_t n_bunches;
    struct bunch *split; /* … and of what is being asked for */
    size_t n_split;
    uint8_t *used; /* of each district: the number of its set; 0 none */
    size_t n_taken;
    int measure;
    bool unseen;
    uint32_t pivots[BW_COMPARE_SHOWN_MAX][BW_COMPARE_SHOWN_MAX];
    bool has_pivot[BW_COMPARE_SHOWN_MAX];
};

static int by_group(const void *a, const void *b)
{
    const struct light *x = a;
    const struct light *y = b;

    return x->group < y->group ? -1 : x->group > y->group;
}

struct bw_compare_proof *bw_compare_proof_new(const struct bw_compare *c)
{
    struct bw_compare_proof *p = calloc(1, sizeof(*p));
    uint32_t group = 0;

    if (!p) {
        return NULL;
    }
    p->n = c->n;
    p->rows = calloc(c->n + 1, sizeof(*p->rows));
    p->counted = calloc(c->n + 1, sizeof(*p->counted));
    p->bunches = calloc(c->n + 1, sizeof(*p->bunches));
    p->used = calloc(c->n + 1, sizeof(*p->used));
    p->scratch = calloc(c->n + 1, sizeof(*p->scratch));
    p->split = calloc(c->n + 1, sizeof(*p->split));
    if (!p->rows || !p->counted || !p->bunches || !p->used || !p->scratch || !p->split) {
        bw_compare_proof_free(p);
        return NULL;
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_compare_row *x = &c->rows[i];
        struct light *row = &p->rows[i];
        *row = (struct light){
            .group = x->group, .seen = x->seen, .meets = bw_compare_meets(c, x) == 1};
        memcpy(row->class, x->class, sizeof(row->class));
        for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
            row->tells[m] = x->m[m].why == BW_COMPARE_KNOWN;
        }
        row->tells[BW_COMPARE_MEASURES] = true;
    }
    qsort(p->rows, p->n, sizeof(*p->rows), by_group);
    for (size_t i = 0; i < p->n; i++) { /* districts from 0, in their order */
        uint32_t was = p->rows[i].group;
        p->rows[i].group = group;
        group += i + 1 < p->n && p->rows[i + 1].group != was;
    }
    return p;
}

void bw_compare_proof_free(struct bw_compare_proof *p)
{
    if (p) {
        free(p->rows);
        free(p->counted);
        free(p->bunches);
        free(p->scratch);
        free(p->split);
        free(p->used);
        free(p);
    }
}

void bw_compare_proof_begin(struct bw_compare_proof *p, int measure, bool unseen)
{
    p->measure = measure;
    p->unseen = unseen;
    p->n_taken = 0;
    p->n_counted = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->rows[i].mask = 0;
        if (p->rows[i].tells[measure] && (!unseen || !p->rows[i].seen)) {
            p->counted[p->n_counted++] = &p->rows[i];
        }
    }
    p->n_bunches = p->n_counted > 0;
    p->bunches[0] = (struct bunch){.end = (uint32_t)p->n_counted};
}

/* ---- one cohort by itself ------------------------------------------------------------ */

/* Of those it has, or those it leaves. */
struct side {
    uint32_t districts;
    uint32_t rows;
    uint32_t group; /* the newest one … */
    uint32_t run;   /* … and its rows */
    uint32_t most;  /* of any district */
};

static void count(struct side *s, uint32_t group)
{
    if (s->rows == 0 || s->group != group) {
        s->districts++;
        s->group = group;
        s->run = 0;
    }
    s->rows++;
    s->run++;
    s->most = s->run > s->most ? s->run : s->most;
}

static bool enough(const struct side *s, uint32_t districts)
{
    return s->rows == 0 || (s->districts >= districts && 2 * s->most <= s->rows);
}

static bool is_asked(const struct bw_compare_set *s, const struct light *x)
{
    return (s->by == BW_COMPARE_ALL || x->class[s->by] == s->class) &&
           (s->with == BW_COMPARE_ALL || x->class[s->with] == s->with_class);
}

/* Sets the bit of it in every row's mask. */
static bool is_large(struct bw_compare_proof *p,
                     const struct bw_compare_set *s,
                     size_t place,
                     uint32_t districts)
{
    uint64_t bit = UINT64_C(1) << place;
    struct side has = {.rows = 0};
    struct side leaves = {.rows = 0};
    struct side refuses = {.rows = 0}; /* asked for the target, and not meeting it */

    for (size_t i = 0; i < p->n; i++) {
        struct light *x = &p->rows[i];
        bool asked = is_asked(s, x);
        bool in = asked && (!s->meeting || x->meets);
        x->mask = in ? x->mask | bit : x->mask & ~bit;
        if (x->tells[p->measure] && (!p->unseen || !x->seen)) {
            count(in ? &has : &leaves, x->group);
            if (asked && !in) {
                count(&refuses, x->group);
            }
        }
    }
    /* Who meets the target is no attribute that anybody could know: some must and some must
     * not, else each of them is told. */
    return enough(&has, districts) && enough(&leaves, districts) &&
           (!s->meeting || p->measure != BW_COMPARE_MEASURES ||
            (has.rows > 0 && refuses.rows > 0 && enough(&refuses, districts)));
}

/* ---- columns ------------------------------------------------------------------------- */

static int by_left(const void *a, const void *b)
{
    const struct bunch *x = a;
    const struct bunch *y = b;

    if (x->left != y->left) {
        return x->left > y->left ? -1 : 1;
    }
    return x->mask < y->mask ? -1 : x->mask > y->mask;
}

/* The bunches of those taken, each cut by what is new in the masks. Rows of a bunch stay
 * together, so that its borders hold if the cut is not taken. */
static void split(struct bw_compare_proof *p, size_t n)
{
    p->n_split = 0;
    for (size_t b = 0; b < p->n_bunches; b++) {
        p->split[p->n_split++] = p->bunches[b];
    }
    for (size_t bit = p->n_taken; bit < n; bit++) {
        size_t was = p->n_split;
        for (size_t b = 0; b < was; b++) {
            struct bunch *x = &p->split[b];
            uint32_t in = x->first;
            uint32_t out = 0;
            for (uint32_t i = x->first; i < x->end; i++) {
                struct light *row = p->counted[i];
                if (row->mask >> bit & 1) {
                    p->counted[in++] = row;
                } else {
                    p->scratch[out++] = row;
                }
            }
            memcpy(&p->counted[in], p->scratch, out * sizeof(struct light *));
            if (in > x->first && out > 0) {
                p->split[p->n_split++] = (struct bunch){.first = in, .end = x->end};
                x->end = in;
            }
        }
    }
    for (size_t b = 0; b < p->n_split; b++) {
        p->split[b].mask = p->counted[p->split[b].first]->mask;
    }
}

static uint64_t power(uint64_t v, uint64_t n)
{
    uint64_t r = 1;

    for (; n > 0; n >>= 1) {
        r = n & 1 ? r * v % PRIME : r;
        v = v * v % PRIME;
    }
    return r;
}

/* Is a column independent of those taken since the pivots were cleared? Then it is taken.
 */
static bool take(struct bw_compare_proof *p, uint64_t mask, size_t n)
{
    uint64_t v[BW_COMPARE_SHOWN_MAX];

    for (size_t i = 0; i < n; i++) {
        v[i] = mask >> i & 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i] == 0) {
            continue;
        }
        if (!p->has_pivot[i]) {
            uint64_t inverse = power(v[i], PRIME - 2);
            for (size_t k = i; k < n; k++) {
                p->pivots[i][k] = (uint32_t)(v[k] * inverse % PRIME);
            }
            p->has_pivot[i] = true;
            return true;
        }
        uint64_t times = PRIME - v[i];
        for (size_t k = i; k < n; k++) {
            v[k] = (v[k] + times * p->pivots[i][k]) % PRIME;
        }
    }
    return false;
}

/* A row of a bunch whose district is in no set, or in this one already. */
static struct light *
free_row(struct bw_compare_proof *p, const struct bunch *b, uint8_t number)
{
    struct light *found = NULL;

    for (uint32_t i = b->first; i < b->end; i++) {
        uint8_t used = p->used[p->counted[i]->group];
        if (used == number) {
            return p->counted[i];
        }
        if (used == NONE_USED && !found) {
            found = p->counted[i];
        }
    }
    return found;
}

/* How many independent columns, at most `want`; with a number: of districts in no other
 * set, and they are put into that one. Bunches with many go first, to keep the rare. */
static size_t span(struct bw_compare_proof *p, size_t n, uint8_t number, size_t want)
{
    size_t rank = 0;

    memset(p->has_pivot, 0, sizeof(p->has_pivot));
    for (size_t b = 0; b < p->n_split; b++) {
        struct bunch *x = &p->split[b];
        x->left = 0;
        for (uint32_t i = x->first; i < x->end; i++) {
            x->left += p->used[p->counted[i]->group] == NONE_USED;
        }
    }
    qsort(p->split, p->n_split, sizeof(*p->split), by_left);
    for (size_t b = 0; b < p->n_split && rank < want; b++) {
        struct light *row = free_row(p, &p->split[b], number);
        if (row && take(p, row->mask, n)) {
            rank++;
            p->used[row->group] = number;
        }
    }
    return rank;
}

/* With n of them: are there as many sets as districts are demanded? Then they are taken. */
static bool proves(struct bw_compare_proof *p, size_t n, uint32_t districts)
{
    split(p, n);
    memset(p->used, 0, p->n + 1);
    size_t rank = span(p, n, NONE_USED, n);
    for (uint32_t i = 0; i < districts; i++) {
        if (span(p, n, (uint8_t)(i + 1), rank) < rank) {
            return false;
        }
    }
    memcpy(p->bunches, p->split, p->n_split * sizeof(*p->split));
    p->n_bunches = p->n_split;
    p->n_taken = n;
    return true;
}

static uint32_t demanded(const struct bw_compare_proof *p)
{
    return p->unseen ? (uint32_t)BW_COMPARE_UNSEEN_MIN : (uint32_t)BW_COMPARE_DISTRICTS_MIN;
}

bool bw_compare_proof_add(struct bw_compare_proof *p, const struct bw_compare_set *s)
{
    return p->n_taken < BW_COMPARE_SHOWN_MAX && is_large(p, s, p->n_taken, demanded(p)) &&
           proves(p, p->n_taken + 1, demanded(p));
}

bool bw_compare_proof_all(struct bw_compare_proof *p,
                          const struct bw_compare_set *const *list,
                          size_t n)
{
    bool ok = p->n_taken == 0 && n <= BW_COMPARE_SHOWN_MAX;

    for (size_t i = 0; ok && i < n; i++) {
        ok = is_large(p, list[i], i, demanded(p));
    }
    return ok && proves(p, n, demanded(p));
}
