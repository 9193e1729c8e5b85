/* SPDX-License-Identifier: GPL-3.0-or-later
 * mix.c - shares by random sampling (Horvitz-Thompson sums, ratio estimator).
 *
 * A packet drawn with probability 1/N stands for N, and adds N (N - 1) len^2 to the
 * estimated variance of the sum of lengths (Särndal, Swensson, Wretman, "Model Assisted
 * Survey Sampling", 1992, 3.2 and 5.6, for Bernoulli sampling). For r = C/T, class over
 * total, the variance is ((1-r)^2 Vc + r^2 (Vt - Vc)) / T^2; with one N for all that is
 * (1 - 1/N) ((1-r)^2 s2c + r^2 (s2 - s2c)) / s1^2. Of a class of few packets the longest
 * may not be among those drawn, and then its own squares are too small: a quarter of a
 * packet of the mean square of all is added to Vc.
 *
 * Invariant: N may change between blocks; every sum is already weighted, so sums of
 * blocks with different N add. */
#include "mix.h"

#include <math.h>
#include <string.h>

#define Z95 1.959963984540054 /* the 97.5 % point of the normal distribution */
#define PPM 1e6

void bw_mix_init(struct bw_mix_sums *m)
{
    (void)memset(m, 0, sizeof(*m));
    m->one_in = 1;
}

void bw_mix_key(struct bw_mix_sums *m, const uint8_t key[16])
{
    m->crowded = true;
    (void)memcpy(m->key, key, sizeof(m->key));
}

void bw_mix_block(struct bw_mix_sums *m, uint32_t one_in)
{
    m->one_in = one_in > 0 ? one_in : 1;
}

void bw_mix_add(struct bw_mix_sums *m, const struct bw_packet *p, enum bw_way way)
{
    enum bw_packet_class class = bw_packet_class(p);
    uint32_t band = bw_packet_band(p->wire_bytes);
    struct bw_mix_cell *c = &m->cell[way][class][p->family][band];
    double spread = (double)m->one_in * ((double)m->one_in - 1);
    double len = (double)p->wire_bytes;
    c->n++;
    c->packets += m->one_in;
    c->bytes += (int64_t)m->one_in * p->wire_bytes;
    c->packets_spread += spread;
    c->bytes_spread += spread * len * len;
    if (m->crowded) {
        struct bw_crowd who = bw_crowd_of(m->key, p, way);
        bw_crowd_join(&m->crowd[way].by_class[class], &who);
        bw_crowd_join(&m->crowd[way].by_family[p->family], &who);
        bw_crowd_join(&m->crowd[way].by_band[band], &who);
    }
}

uint32_t bw_mix_one_in(int64_t packets_per_s)
{
    int64_t n = packets_per_s / BW_MIX_WANTED_PPS;
    if (n < 1) {
        return 1;
    }
    return n > BW_MIX_ONE_IN_MAX ? BW_MIX_ONE_IN_MAX : (uint32_t)n;
}

static void add(struct bw_mix_cell *to, const struct bw_mix_cell *c)
{
    to->n += c->n;
    to->packets += c->packets;
    to->bytes += c->bytes;
    to->packets_spread += c->packets_spread;
    to->bytes_spread += c->bytes_spread;
}

/* Margins: the sums of one way by one of the others, into to[]. */
static void fold(const struct bw_mix_sums *m,
                 enum bw_mix_by by,
                 enum bw_way way,
                 struct bw_mix_cell to[BW_MIX_SHARES_MAX])
{
    (void)memset(to, 0, BW_MIX_SHARES_MAX * sizeof(*to));
    for (size_t w = 0; w < BW_WAYS; w++) {
        if (by != BW_MIX_BY_WAY && way != BW_WAYS && w != (size_t)way) {
            continue;
        }
        for (size_t c = 0; c < BW_PACKET_CLASSES; c++) {
            for (size_t f = 0; f < BW_PACKET_FAMILIES; f++) {
                for (size_t b = 0; b < BW_PACKET_BANDS; b++) {
                    size_t at = by == BW_MIX_BY_CLASS    ? c
                                : by == BW_MIX_BY_FAMILY ? f
                                : by == BW_MIX_BY_BAND   ? b
                                                         : w;
                    add(&to[at], &m->cell[w][c][f][b]);
                }
            }
        }
    }
}

static void sum(const struct bw_mix_cell from[BW_MIX_SHARES_MAX], struct bw_mix_cell *ret)
{
    (void)memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < BW_MIX_SHARES_MAX; i++) {
        add(ret, &from[i]);
    }
}

void bw_mix_total(const struct bw_mix_sums *m, enum bw_way way, struct bw_mix_total *ret)
{
    struct bw_mix_cell cells[BW_MIX_SHARES_MAX];
    struct bw_mix_cell all;
    fold(m, BW_MIX_BY_CLASS, way, cells);
    sum(cells, &all);
    ret->n = all.n;
    ret->packets = all.packets;
    ret->bytes = all.bytes;
    ret->packets_error = (int64_t)ceil(Z95 * sqrt(all.packets_spread));
    ret->bytes_error = (int64_t)ceil(Z95 * sqrt(all.bytes_spread));
}

/* Packets of the mean square of all that are added to the squares of a class. */
#define UNSEEN 0.25

/* Wilson's interval (1927) of as many draws as would give a share this variance: near 0
 * and 1 it stays within them and keeps its coverage, elsewhere it is the usual one. */
static void
interval(struct bw_mix_share *s, const struct bw_mix_cell *c, const struct bw_mix_cell *all)
{
    double total = (double)all->bytes;
    double r = (double)c->bytes / total;
    double rest = fmax(all->bytes_spread - c->bytes_spread, 0);
    double own = c->bytes_spread + UNSEEN * all->bytes_spread / (double)all->n;
    double variance = (1 - r) * (1 - r) * own + r * r * rest;
    double z2n =
        Z95 * Z95 * all->bytes_spread / (total * total); /* nothing but this class */
    double middle;
    double half;
    if (r > 0 && r < 1) {
        z2n = Z95 * Z95 * variance / (total * total) / (r * (1 - r));
    }
    middle = (r + z2n / 2) / (1 + z2n);
    half = sqrt(z2n * r * (1 - r) + z2n * z2n / 4) / (1 + z2n);
    s->low_ppm = (int64_t)floor(fmax(middle - half, 0) * PPM);
    s->high_ppm = (int64_t)ceil(fmin(middle + half, 1) * PPM);
}

static void set_share(struct bw_mix_share *s,
                      const struct bw_mix_cell *c,
                      const struct bw_mix_cell *all)
{
    s->n = c->n;
    s->packets = c->packets;
    s->bytes = c->bytes;
    s->share_ppm = llround((double)c->bytes / (double)all->bytes * PPM);
    s->low_ppm = s->share_ppm;
    s->high_ppm = s->share_ppm;
    if (all->bytes_spread > 0) {
        interval(s, c, all);
    }
}

static bool are_too_few(const struct bw_mix_cell cells[BW_MIX_SHARES_MAX],
                        struct bw_mix_cell *ret_all)
{
    sum(cells, ret_all);
    return ret_all->bytes <= 0 || (ret_all->bytes_spread > 0 && ret_all->n < BW_MIX_FEW);
}

static size_t rows_of(const struct bw_mix_cell cells[BW_MIX_SHARES_MAX],
                      struct bw_mix_share ret[BW_MIX_SHARES_MAX])
{
    struct bw_mix_cell all;
    size_t n = 0;
    if (are_too_few(cells, &all)) {
        return 0;
    }
    for (uint32_t i = 0; i < BW_MIX_SHARES_MAX; i++) {
        if (cells[i].n > 0) {
            ret[n].which = i;
            set_share(&ret[n++], &cells[i], &all);
        }
    }
    return n;
}

size_t bw_mix_shares(const struct bw_mix_sums *m,
                     enum bw_mix_by by,
                     enum bw_way way,
                     struct bw_mix_share ret[BW_MIX_SHARES_MAX])
{
    struct bw_mix_cell cells[BW_MIX_SHARES_MAX];
    fold(m, by, way, cells);
    return rows_of(cells, ret);
}

/* Small groups -------------------------------------------------------------------- */

struct group { /* the rows of one way, and who was in them */
    struct bw_mix_cell cell[BW_MIX_SHARES_MAX];
    struct bw_crowd seen[BW_MIX_SHARES_MAX];  /* addresses at the school's end … */
    struct bw_crowd crowd[BW_MIX_SHARES_MAX]; /* … of which something was sent */
    size_t rest;                              /* the row of those that are not told apart */
};

static size_t rows_by(enum bw_mix_by by)
{
    return by == BW_MIX_BY_CLASS    ? BW_PACKET_CLASSES
           : by == BW_MIX_BY_FAMILY ? BW_PACKET_FAMILIES
                                    : BW_PACKET_BANDS;
}

static const struct bw_crowd *
crowds_by(const struct bw_mix_sums *m, enum bw_mix_by by, size_t way)
{
    return by == BW_MIX_BY_CLASS    ? m->crowd[way].by_class
           : by == BW_MIX_BY_FAMILY ? m->crowd[way].by_family
                                    : m->crowd[way].by_band;
}

/* Whose the rows of a way are. The Internet sends to any address there is: one that packets
 * go to is a device's only when such come from it too (of any length, for an answer seldom
 * has that of what it answers). */
static void gather_way(const struct bw_mix_sums *m,
                       enum bw_mix_by by,
                       size_t way,
                       struct bw_crowd to[BW_MIX_SHARES_MAX])
{
    const struct bw_crowd *from = crowds_by(m, by, way);
    const struct bw_crowd *up = crowds_by(m, by, BW_WAY_UP);
    struct bw_crowd any = {.mac = 0};
    for (size_t i = 0; i < rows_by(by); i++) {
        bw_crowd_join(&any, &up[i]);
    }
    for (size_t i = 0; i < rows_by(by); i++) {
        struct bw_crowd who = from[i];
        if (way == BW_WAY_DOWN) {
            who = bw_crowd_both(&from[i], by == BW_MIX_BY_BAND ? &any : &up[i]);
        }
        bw_crowd_join(&to[i], &who);
    }
}

int bw_mix_devices(const struct bw_mix_sums *m, enum bw_way way)
{
    struct bw_crowd each[BW_MIX_SHARES_MAX] = {{.mac = 0}};
    struct bw_crowd all = {.mac = 0};
    for (size_t w = 0; w < BW_WAYS; w++) {
        if (way == BW_WAYS || w == (size_t)way) {
            gather_way(m, BW_MIX_BY_FAMILY, w, each);
        }
    }
    for (size_t i = 0; i < BW_MIX_SHARES_MAX; i++) {
        bw_crowd_join(&all, &each[i]);
    }
    return bw_crowd_devices(&all);
}

/* Beside the cells. */
static void
gather(const struct bw_mix_sums *m, enum bw_mix_by by, enum bw_way way, struct group *g)
{
    const struct bw_crowd *seen = crowds_by(m, by, (size_t)way);
    (void)memset(g->seen, 0, sizeof(g->seen));
    (void)memset(g->crowd, 0, sizeof(g->crowd));
    for (size_t i = 0; i < rows_by(by); i++) {
        g->seen[i] = seen[i];
    }
    gather_way(m, by, (size_t)way, g->crowd);
    g->rest = by == BW_MIX_BY_CLASS    ? BW_PACKET_OTHER
              : by == BW_MIX_BY_FAMILY ? BW_PACKET_NO_IP
                                       : BW_PACKET_BANDS;
}

static bool is_somebodys(const struct group *g, size_t i)
{
    return bw_crowd_devices(&g->seen[i]) > 0;
}

static bool is_small(const struct group *g, size_t i, int least)
{
    return is_somebodys(g, i) && bw_crowd_devices(&g->crowd[i]) < least;
}

static void put_into_rest(struct group *g, size_t i)
{
    add(&g->cell[g->rest], &g->cell[i]);
    bw_crowd_join(&g->seen[g->rest], &g->seen[i]);
    bw_crowd_join(&g->crowd[g->rest], &g->crowd[i]);
    g->cell[i] = (struct bw_mix_cell){.n = 0};
    g->seen[i] = (struct bw_crowd){.mac = 0};
    g->crowd[i] = (struct bw_crowd){.mac = 0};
}

/* The row of fewest bytes that is somebody's, beside the rest; the rest: there is none. */
static size_t smallest(const struct group *g)
{
    size_t best = g->rest;
    for (size_t i = 0; i < BW_MIX_SHARES_MAX; i++) {
        if (i != g->rest && is_somebodys(g, i) &&
            (best == g->rest || g->cell[i].bytes < g->cell[best].bytes)) {
            best = i;
        }
    }
    return best;
}

/* Small rows go into the rest, and as long as that is small itself, so that it would show
 * what they were, the next ones go too. */
static bool merge(struct group *g, int least)
{
    bool any = is_small(g, g->rest, least);
    for (size_t i = 0; i < BW_MIX_SHARES_MAX; i++) {
        if (i != g->rest && is_small(g, i, least)) {
            put_into_rest(g, i);
            any = true;
        }
    }
    while (any && bw_crowd_devices(&g->crowd[g->rest]) < least) {
        size_t next = smallest(g);
        if (next == g->rest) {
            break;
        }
        put_into_rest(g, next);
    }
    return any;
}

size_t bw_mix_told(const struct bw_mix_sums *m,
                   enum bw_mix_by by,
                   enum bw_way way,
                   int least,
                   struct bw_mix_share ret[BW_MIX_SHARES_MAX],
                   bool *ret_held)
{
    struct bw_mix_cell all;
    struct group g;
    bool held;
    size_t n = 0;
    if (ret_held) {
        *ret_held = false;
    }
    if (least <= 1 || by == BW_MIX_BY_WAY) {
        return bw_mix_shares(m, by, way, ret);
    }
    fold(m, by, way, g.cell);
    if (are_too_few(g.cell, &all)) {
        return 0;
    }
    held = way >= BW_WAY_NEITHER || bw_mix_devices(m, way) < least;
    if (!held) {
        gather(m, by, way, &g);
        held = merge(&g, least);
        n = rows_of(g.cell, ret);
    }
    if (ret_held) {
        *ret_held = held;
    }
    return n;
}

const char *bw_mix_share_name(enum bw_mix_by by, uint32_t which)
{
    switch (by) {
    case BW_MIX_BY_CLASS:
        return bw_packet_class_name((enum bw_packet_class)which);
    case BW_MIX_BY_FAMILY:
        return which == BW_PACKET_NO_IP
                   ? "other"
                   : bw_packet_family_name((enum bw_packet_family)which);
    case BW_MIX_BY_BAND:
        return which == BW_PACKET_BANDS ? "other" : bw_packet_band_name(which);
    case BW_MIX_BY_WAY:
        break;
    }
    return bw_way_name((enum bw_way)which);
}
