/* SPDX-License-Identifier: GPL-3.0-or-later
 * model.c - numbers and histograms as few bits.
 *
 * The coder is a carryless binary range coder of 32 bits; a bit's probability moves by one
 * part in the times it was seen, at most LIMIT of them. A number is coded as the
 * difference to a prediction: whether it is 0, its length in bits, the two bits below the
 * first by what is usual for that length, the rest as it is. A histogram is coded bucket
 * by bucket against what its total and its shape so far let expect there. */
#include "model.h"

#include "buf.h"

#include <math.h>
#include <string.h>

enum {
    LIMIT = 60,
    HALF = 32768,
    SPARE = 64, /* bytes that a reader may want behind the end */
    COST_SHIFT = 4,
    SEEN_ONE = 64, /* mass of one value in a shape */
    SEEN_MAX = 65536,
    MASS_MAX = SEEN_ONE * 2048,
    DIRECT = 6, /* counts are coded as they are below this expectation */
    FRACTION = 4096,
    GROUP = 16, /* buckets that are counted together first: an octave */
    GROUPS = (BW_HIST_BUCKETS + GROUP - 1) / GROUP,
    PPM = 1000000
};

/* ---- the coder ------------------------------------------------------------------- */

static uint8_t next_byte(struct bw_coder *c)
{
    if (c->left == 0) {
        c->beyond++;
        return 0;
    }
    c->left--;
    return *c->in++;
}

void bw_coder_write(struct bw_coder *c, struct bw_buf *out)
{
    *c = (struct bw_coder){.out = out, .high = UINT32_MAX};
}

void bw_coder_read(struct bw_coder *c, const void *data, size_t n)
{
    *c = (struct bw_coder){.in = data, .left = n, .high = UINT32_MAX};
    for (int i = 0; i < 4; i++) {
        c->code = c->code << 8 | next_byte(c);
    }
}

void bw_coder_end(struct bw_coder *c)
{
    for (int i = 3; i >= 0; i--) {
        bw_buf_putc(c->out, (char)(uint8_t)(c->low >> (8 * i)));
    }
}

bool bw_coder_bad(const struct bw_coder *c)
{
    return c->beyond > SPARE;
}

/* p: of a 1, of 65536, neither 0 nor all. */
static bool code_bit(struct bw_coder *c, uint32_t p, bool bit)
{
    uint32_t mid = c->low + (uint32_t)(((uint64_t)(c->high - c->low) * p) >> 16);

    if (!c->out) {
        bit = c->code <= mid;
    }
    if (bit) {
        c->high = mid;
    } else {
        c->low = mid + 1;
    }
    while (((c->low ^ c->high) & 0xff000000u) == 0) {
        if (c->out) {
            bw_buf_putc(c->out, (char)(uint8_t)(c->high >> 24));
        } else {
            c->code = c->code << 8 | next_byte(c);
        }
        c->low <<= 8;
        c->high = c->high << 8 | 0xff;
    }
    return bit;
}

static bool code(struct bw_coder *c, struct bw_bit *b, bool bit)
{
    uint32_t p = b->p < 32 ? 32 : b->p > 65503 ? 65503 : b->p;

    bit = code_bit(c, p, bit);
    if (bit) {
        b->p = (uint16_t)(b->p + (65535 - b->p) / (b->n + 2));
    } else {
        b->p = (uint16_t)(b->p - b->p / (b->n + 2));
    }
    b->n = (uint8_t)(b->n < LIMIT ? b->n + 1 : b->n);
    return bit;
}

void bw_bits_init(struct bw_bit *bits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bits[i] = (struct bw_bit){.p = HALF};
    }
}

void bw_model_flag(struct bw_coder *c, struct bw_bit *b, int64_t *v)
{
    *v = code(c, b, *v != 0);
}

void bw_model_bytes(struct bw_coder *c, struct bw_bit nodes[256], uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n && !bw_coder_bad(c); i++) {
        unsigned node = 1;
        for (int k = 7; k >= 0; k--) {
            node = node << 1 | code(c, &nodes[node], c->out && (data[i] >> k & 1));
        }
        data[i] = (uint8_t)node;
    }
}

/* ---- one number ------------------------------------------------------------------ */

void bw_number_init(struct bw_number *n)
{
    n->zero = (struct bw_bit){.p = HALF};
    bw_bits_init(n->length, BW_MODEL_NODES);
    for (size_t i = 0; i < 65; i++) {
        bw_bits_init(n->upper[i], BW_MODEL_MANTISSA);
    }
}

static unsigned length_of(uint64_t u)
{
    return u == 0 ? 0 : 64u - (unsigned)__builtin_clzll(u);
}

/* Any 64 bits. */
static uint64_t code_u64(struct bw_coder *c, struct bw_number *n, uint64_t u)
{
    unsigned len = length_of(u); /* 1 to 64 where u is not 0 */
    unsigned node = 1;
    uint64_t v = 1;

    if (code(c, &n->zero, u == 0)) {
        return 0;
    }
    for (int k = 5; k >= 0; k--) {
        node = node << 1 | code(c, &n->length[node], (len - 1) >> k & 1);
    }
    len = (node & 63) + 1;
    for (unsigned k = 1; k < len; k++) {
        bool bit = u >> (len - 1 - k) & 1;
        if (k <= 2) {
            unsigned at = k == 1 ? 0 : 1 + (unsigned)(v & 1);
            bit = code(c, &n->upper[len][at], bit);
        } else {
            bit = code_bit(c, HALF, bit);
        }
        v = v << 1 | bit;
    }
    return v;
}

static uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static uint64_t back(uint64_t u)
{
    return u >> 1 ^ (u & 1 ? UINT64_MAX : 0);
}

/* ---- a place --------------------------------------------------------------------- */

void bw_place_init(struct bw_place *p)
{
    memset(p, 0, sizeof(*p));
    bw_number_init(&p->number);
}

/* last * a / last_a: what grows with the number beside it. */
static uint64_t in_proportion(int64_t last, int64_t a, int64_t last_a)
{
    if (last < 0 || a < 0 || last_a <= 0) {
        return 0;
    }
    while (last > INT32_MAX || a > INT32_MAX || last_a > INT32_MAX) {
        /* the three keep their proportions to 31 bits, and the result its size */
        if (a > INT32_MAX || last_a > INT32_MAX) {
            a >>= 1;
            last_a >>= 1;
        } else {
            return (uint64_t)(last / (last_a ? last_a : 1)) * (uint64_t)a;
        }
    }
    return (uint64_t)last * (uint64_t)a / (uint64_t)(last_a ? last_a : 1);
}

/* The whole part of the root, whatever the rounding of sqrt(). */
static uint64_t root(uint64_t v)
{
    uint64_t r = (uint64_t)sqrt((double)v);

    while (r * r > v) {
        r--;
    }
    while ((r + 1) * (r + 1) <= v) {
        r++;
    }
    return r;
}

/* The lower end of a share's interval: as wide as last time, by sqrt(p (1 - p)). */
static uint64_t lower_end(int64_t last, int64_t a, int64_t last_a)
{
    uint64_t now;
    uint64_t then;

    if (last < 0 || a < 0 || last_a < last || a > PPM || last_a > PPM) {
        return 0;
    }
    now = root((uint64_t)a * (uint64_t)(PPM - a));
    then = root((uint64_t)last_a * (uint64_t)(PPM - last_a));
    now = (uint64_t)(last_a - last) * now / (then ? then : 1);
    return now < (uint64_t)a ? (uint64_t)a - now : 0;
}

void bw_model_number(struct bw_coder *c,
                     struct bw_place *p,
                     const struct bw_beside *beside,
                     int64_t *v)
{
    uint64_t guess[BW_MODEL_PREDICTORS] = {
        (uint64_t)p->last,
        0,
        (uint64_t)beside->a,
        (uint64_t)p->last + (uint64_t)beside->a - (uint64_t)beside->last_a,
        2 * (uint64_t)beside->b - (uint64_t)beside->a,
        2 * (uint64_t)p->last - (uint64_t)p->last2,
        (uint64_t)beside->b,
        in_proportion(p->last, beside->a, beside->last_a),
        lower_end(p->last, beside->a, beside->last_a),
    };
    size_t best = 0;

    for (size_t i = 0; i < BW_MODEL_HINTS; i++) {
        guess[BW_MODEL_PREDICTORS - BW_MODEL_HINTS + i] = (uint64_t)beside->hint[i];
    }
    for (size_t i = 1; i < BW_MODEL_PREDICTORS; i++) {
        best = p->cost[i] < p->cost[best] ? i : best;
    }
    if (c->out) {
        (void)code_u64(c, &p->number, zigzag((uint64_t)*v - guess[best]));
    } else {
        *v = (int64_t)(guess[best] + back(code_u64(c, &p->number, 0)));
    }
    for (size_t i = 0; i < BW_MODEL_PREDICTORS; i++) {
        unsigned bits = length_of(zigzag((uint64_t)*v - guess[i])) << 8;
        p->cost[i] =
            (uint16_t)(p->cost[i] - (p->cost[i] >> COST_SHIFT) + (bits >> COST_SHIFT));
    }
    p->last2 = p->last;
    p->last = *v;
}

/* ---- histograms ------------------------------------------------------------------ */

void bw_counts_init(struct bw_counts *c)
{
    for (size_t i = 0; i < BW_MODEL_EXPECT; i++) {
        bw_number_init(&c->number[i]);
    }
}

void bw_shape_init(struct bw_shape *s)
{
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        s->weight[i] = 1;
    }
    bw_place_init(&s->total);
}

/* The counts of a record, smoothed over their neighbours, join the shape. Of a shape that
 * has seen much an eighth is forgotten. */
static void learn(struct bw_shape *s, const struct bw_hist *h)
{
    uint64_t mass = 0;

    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        uint32_t add = (h->count[i] > SEEN_MAX ? SEEN_MAX : h->count[i]) * SEEN_ONE;
        if (add == 0) {
            continue;
        }
        s->weight[i] += add / 2;
        s->weight[i > 0 ? i - 1 : i] += add / 4;
        s->weight[i + 1 < BW_HIST_BUCKETS ? i + 1 : i] += add / 4;
    }
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        mass += s->weight[i];
    }
    for (size_t i = 0; mass > MASS_MAX && i < BW_HIST_BUCKETS; i++) {
        s->weight[i] -= s->weight[i] >> 3;
    }
}

/* How many of `left` lie where `weight` of `mass` does; *v of them. */
static void code_count(struct bw_coder *c,
                       struct bw_counts *counts,
                       int64_t left,
                       uint64_t weight,
                       uint64_t mass,
                       int64_t *v)
{
    uint64_t fine;
    uint64_t expected;
    unsigned len;
    size_t step;
    struct bw_number *n;

    if (weight >= mass) { /* nowhere else */
        *v = left;
        return;
    }
    fine = (uint64_t)left * FRACTION * weight / mass;
    expected = fine / FRACTION;
    len = length_of(fine);
    step = len < 2 ? len : 2 * len - 2 + (size_t)(fine >> (len - 2) & 1);
    n = &counts->number[step < BW_MODEL_EXPECT ? step : BW_MODEL_EXPECT - 1];
    if (expected < DIRECT) {
        *v = (int64_t)code_u64(c, n, (uint64_t)*v);
    } else if (c->out) {
        (void)code_u64(c, n, zigzag((uint64_t)*v - expected));
    } else {
        *v = (int64_t)(expected + back(code_u64(c, n, 0)));
    }
    if (!c->out && (*v < 0 || *v > left)) {
        *v = left; /* damage */
    }
}

static size_t group_end(size_t from)
{
    return from + GROUP < BW_HIST_BUCKETS ? from + GROUP : BW_HIST_BUCKETS;
}

/* The buckets of one group, which hold `left`. */
static void code_group(struct bw_coder *c,
                       struct bw_counts *counts,
                       const struct bw_shape *shape,
                       size_t from,
                       int64_t left,
                       struct bw_hist *h)
{
    uint64_t mass = 0;

    for (size_t i = from; i < group_end(from); i++) {
        mass += shape->weight[i];
    }
    for (size_t i = from; i < group_end(from) && left > 0; i++) {
        int64_t v = h->count[i];
        code_count(c, counts, left, shape->weight[i], mass, &v);
        mass -= shape->weight[i];
        left -= v;
        h->count[i] = (uint32_t)v;
    }
}

void bw_model_hist(struct bw_coder *c,
                   struct bw_counts *counts,
                   struct bw_shape *shape,
                   const struct bw_beside *beside,
                   struct bw_hist *h)
{
    uint64_t weight[GROUPS] = {0};
    int64_t left = h->total;
    uint64_t mass = 0;

    bw_model_number(c, &shape->total, beside, &left);
    if (!c->out) {
        bw_hist_init(h);
        left = left < 0 || left > INT32_MAX ? 0 : left; /* damage: no record has that */
        h->total = left;
    }
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        weight[i / GROUP] += shape->weight[i];
        mass += shape->weight[i];
    }
    for (size_t g = 0; g < GROUPS && left > 0 && !bw_coder_bad(c); g++) {
        int64_t v = 0;
        for (size_t i = g * GROUP; c->out && i < group_end(g * GROUP); i++) {
            v += h->count[i];
        }
        code_count(c, counts, left, weight[g], mass, &v);
        code_group(c, counts, shape, g * GROUP, v, h);
        mass -= weight[g];
        left -= v;
    }
    learn(shape, h);
}
