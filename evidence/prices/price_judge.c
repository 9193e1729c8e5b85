/* SPDX-License-Identifier: GPL-3.0-or-later
 * price_judge.c - what one claim line costs for each Mbit/s, or why that is not known.
 *
 * Invariant: a price is made of figures as they were filed and of one division, rounded
 * down; of two figures that contradict each other none is taken. */
#include "prices.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define G INT64_C(1000000000)
#define M INT64_C(1000000)

enum {
    UDOLLARS = 1000000,
    DOLLARS_LONG = 10, /* from here on cents are enough */
    LETTERS = 160
};

/* Where classes begin: speeds that somebody set as a target or that a state's network sells
 * (docs/prices.md). */
const struct bw_price_class bw_price_classes[BW_PRICE_CLASSES] = {
    {"under-100m", "under 100 Mbit/s", 0, 100 * M, ""},
    {"100m", "100 to under 300 Mbit/s", 100 * M, 300 * M,
     "FCC 2014, libraries of places under 50,000; SETDA 2016, the least of a small "
     "district"},
    {"300m", "300 Mbit/s to under 1 Gbit/s", 300 * M, G,
     "SETDA 2016 and 2019, the least of a small district"},
    {"1g", "1 to under 2 Gbit/s", G, 2 * G,
     "BEAD, community anchor institutions; FCC 2014, other libraries"},
    {"2g", "2 to under 4 Gbit/s", 2 * G, 4 * G, "a port of ESC-20's consortium, Texas"},
    {"4g", "4 to under 10 Gbit/s", 4 * G, 10 * G, "the same"},
    {"10g", "10 Gbit/s and more", 10 * G, INT64_MAX, "the same; SETDA, between sites"},
};

size_t bw_price_class_of(int64_t bps)
{
    size_t i = 0;

    if (bps == BW_UNKNOWN || bps <= 0) {
        return BW_PRICE_CLASSES;
    }
    while (bps >= bw_price_classes[i].below_bps && i + 1 < BW_PRICE_CLASSES) {
        i++;
    }
    return i;
}

size_t bw_price_class_parse(const char *id)
{
    size_t i = 0;

    while (i < BW_PRICE_CLASSES && strcmp(bw_price_classes[i].id, id) != 0) {
        i++;
    }
    return i;
}

static const struct {
    const char *name;
    const char *words;
} whys[BW_PRICE_WHYS] = {
    [BW_PRICE_KNOWN] = {"", ""},
    [BW_PRICE_VOID] = {"void", "the request was denied, cancelled or not funded"},
    [BW_PRICE_NO_LINE] = {"no-line", "a tax, a fee or an installation, by its function or "
                                     "product"},
    [BW_PRICE_SPEED_1] = {"speed-1", "filed as 1 Mbit/s, as taxes and fees are"},
    [BW_PRICE_NO_SPEED] = {"no-speed", "no download speed is on file"},
    [BW_PRICE_SPEED_ODD] = {"speed-odd", "more than 101 Gbps was filed: perhaps Mbps was "
                                         "meant"},
    [BW_PRICE_SHARED] = {"shared", "more circuits are bound to it than it has lines: how "
                                   "much of the bill is one circuit's is stated nowhere"},
    [BW_PRICE_NO_COST] = {"no-cost", "no monthly cost of one line is on file"},
    [BW_PRICE_PART] = {"part", "the eligible part of the cost alone is on file"},
    [BW_PRICE_UNLIKE] = {"unlike", "what is filed of its cost does not agree with itself"},
    [BW_PRICE_ONE_TIME] = {"one-time", "nothing a month, one-time cost alone"},
    [BW_PRICE_FREE] = {"free", "0 a month was filed"},
};

static const struct {
    const char *name;
    const char *words;
} marks[BW_PRICE_MARKS] = {
    {"many", "one of several lines alike: the price of one"},
    {"one-time", "one-time cost besides (construction, installation), not in the price"},
    {"burst", "may burst above the speed that counts"},
    {"slow-up", "less up than down: the price is of the download"},
    {"part-ineligible", "part of the price is not eligible for discount"},
};

const char *bw_price_why_name(enum bw_price_why why)
{
    return whys[why].name;
}

const char *bw_price_why_words(enum bw_price_why why)
{
    return whys[why].words;
}

const char *bw_price_mark_name(unsigned bit)
{
    return marks[bit].name;
}

const char *bw_price_mark_words(unsigned bit)
{
    return marks[bit].words;
}

/* ---- money ------------------------------------------------------------------------ */

/* cost · 10^12 / (10^scale · bps), in two words of 64 bits: no digit is lost before the one
 * division. */
int64_t bw_price_each(const struct bw_decimal *cost, int64_t bps)
{
    uint64_t rest;
    uint64_t whole;
    uint64_t part = 0;

    if (cost->n == BW_UNKNOWN || cost->n < 0 || bps == BW_UNKNOWN || bps <= 0 ||
        bps > INT64_MAX / 10) {
        return BW_UNKNOWN;
    }
    /* n / bps, then twelve decimal places of it, one by one, less those of the scale. */
    whole = (uint64_t)cost->n / (uint64_t)bps;
    rest = (uint64_t)cost->n % (uint64_t)bps;
    for (int i = 0; i < 12 - cost->scale; i++) {
        if (whole > (uint64_t)INT64_MAX / 10 - 1) {
            return BW_UNKNOWN;
        }
        rest *= 10;
        part = rest / (uint64_t)bps;
        rest %= (uint64_t)bps;
        whole = whole * 10 + part;
    }
    return (int64_t)whole;
}

void bw_price_text(int64_t udollars, char out[BW_PRICE_TEXT_MAX])
{
    int64_t whole = udollars / UDOLLARS;
    int64_t part = udollars % UDOLLARS;

    if (udollars >= UDOLLARS) {
        (void)snprintf(out, BW_PRICE_TEXT_MAX, "$%" PRId64 ".%02d", whole,
                       (int)(part / 10000));
    } else {
        (void)snprintf(out, BW_PRICE_TEXT_MAX, "$0.%03d", (int)(part / 1000));
    }
}

void bw_price_exact(int64_t udollars, char out[BW_PRICE_TEXT_MAX])
{
    (void)snprintf(out, BW_PRICE_TEXT_MAX, "%" PRId64 ".%06d", udollars / UDOLLARS,
                   (int)(udollars % UDOLLARS));
}

static bool stated(const struct bw_decimal *d)
{
    return d->n != BW_UNKNOWN;
}

/* Decimals have one form, so equal values are equal members. */
static bool same(const struct bw_decimal *a, const struct bw_decimal *b)
{
    return a->n == b->n && a->scale == b->scale;
}

/* a - b, where it is known and more than 0; else not stated. */
static struct bw_decimal over(const struct bw_decimal *a, const struct bw_decimal *b)
{
    struct bw_decimal d = BW_DECIMAL_NOT_STATED;

    if (stated(a) && stated(b)) {
        const struct bw_decimal less = {.n = -b->n, .scale = b->scale};
        if (bw_decimal_add(a, &less, &d) < 0 || d.n <= 0) {
            d = BW_DECIMAL_NOT_STATED;
        }
    }
    return d;
}

static bool more(const struct bw_decimal *a, const struct bw_decimal *b)
{
    const struct bw_decimal d = over(a, b);

    return stated(&d);
}

static int64_t lines_of(const struct bw_claimline *l)
{
    int64_t n;

    return stated(&l->quantity) && bw_decimal_whole(&l->quantity, 1, &n) == 0 && n > 0
               ? n
               : BW_UNKNOWN;
}

/* What nobody pays by the month. */
static enum bw_price_why nothing_monthly(const struct bw_claimline *l)
{
    return stated(&l->pre_discount) && l->pre_discount.n > 0 ? BW_PRICE_ONE_TIME
                                                             : BW_PRICE_FREE;
}

/* All of the price of one line: as it was filed, else the sum of its two parts; where both
 * are filed they must agree, and the eligible cost of all lines must not be more. */
static enum bw_price_why cost_of(const struct bw_claimline *l, struct bw_decimal *ret)
{
    struct bw_decimal sum = BW_DECIMAL_NOT_STATED;
    struct bw_decimal all;
    int64_t lines = lines_of(l);

    if (stated(&l->unit_eligible) && stated(&l->unit_ineligible) &&
        bw_decimal_add(&l->unit_eligible, &l->unit_ineligible, &sum) < 0) {
        return BW_PRICE_UNLIKE;
    }
    if (stated(&l->unit_monthly)) {
        if ((stated(&sum) && !same(&sum, &l->unit_monthly)) ||
            more(&l->unit_eligible, &l->unit_monthly)) {
            return BW_PRICE_UNLIKE;
        }
        *ret = l->unit_monthly;
    } else if (stated(&sum)) {
        *ret = sum;
    } else if (stated(&l->unit_eligible) || stated(&l->monthly)) {
        return BW_PRICE_PART;
    } else {
        return stated(&l->pre_discount) && l->pre_discount.n > 0 && stated(&l->recurring) &&
                       l->recurring.n == 0
                   ? BW_PRICE_ONE_TIME
                   : BW_PRICE_NO_COST;
    }
    if (ret->n == 0) {
        return nothing_monthly(l);
    }
    if (stated(&l->monthly) && lines != BW_UNKNOWN &&
        (bw_decimal_times(ret, lines, &all) < 0 || more(&l->monthly, &all))) {
        return BW_PRICE_UNLIKE;
    }
    return BW_PRICE_KNOWN;
}

/* ---- what kind of line ------------------------------------------------------------ */

/* Letters alone, in lower case, with one blank between words and around all. */
static void bare(const char *text, char out[LETTERS + 4])
{
    size_t n = 0;

    out[n++] = ' ';
    for (; *text && n < LETTERS; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalpha(c)) {
            out[n++] = (char)tolower(c);
        } else if (out[n - 1] != ' ') {
            out[n++] = ' ';
        }
    }
    if (out[n - 1] != ' ') {
        out[n++] = ' ';
    }
    out[n] = '\0';
}

/* The words under which what is no line is filed. */
static bool is_charge(const struct bw_claimline *l)
{
    static const char *const words[] = {" miscellaneous ", " tax ",         " taxes ",
                                        " fee ",           " fees ",        " surcharge ",
                                        " surcharges ",    " installation "};
    char function[LETTERS + 4];
    char product[LETTERS + 4];

    bare(l->function, function);
    bare(l->product, product);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(function, words[i]) || strstr(product, words[i])) {
            return true;
        }
    }
    return false;
}

static enum bw_price_why why_not(const struct bw_claimline *l, int64_t circuits)
{
    int64_t lines = lines_of(l);

    if (bw_claimline_void(l)) {
        return BW_PRICE_VOID;
    }
    if (is_charge(l)) {
        return BW_PRICE_NO_LINE;
    }
    if (l->flags & BW_CLAIM_MBPS_TYPED_WRONG) {
        return BW_PRICE_SPEED_ODD;
    }
    if (l->down.bps == BW_UNKNOWN || l->down.bps <= 0) {
        return BW_PRICE_NO_SPEED;
    }
    if (l->down.bps == M) {
        return BW_PRICE_SPEED_1;
    }
    return circuits > (lines == BW_UNKNOWN ? 1 : lines) ? BW_PRICE_SHARED : BW_PRICE_KNOWN;
}

static uint8_t marks_of(const struct bw_claimline *l, const struct bw_price_row *r)
{
    unsigned m = 0;

    m |= r->lines != BW_UNKNOWN && r->lines > 1 ? BW_PRICE_MARK_MANY : 0U;
    m |= stated(&r->one_off) ? BW_PRICE_MARK_ONE_TIME : 0U;
    m |=
        l->burst.bps != BW_UNKNOWN && l->burst.bps > l->down.bps ? BW_PRICE_MARK_BURST : 0U;
    m |= l->up.bps != BW_UNKNOWN && l->up.bps < l->down.bps ? BW_PRICE_MARK_SLOW_UP : 0U;
    m |= (stated(&l->unit_ineligible) && l->unit_ineligible.n > 0) ||
                 more(&l->unit_monthly, &l->unit_eligible)
             ? BW_PRICE_MARK_PART
             : 0U;
    return (uint8_t)m;
}

void bw_price_judge(const struct bw_claimline *l,
                    int64_t circuits,
                    struct bw_price_row *ret)
{
    enum bw_price_why why = why_not(l, circuits);
    enum bw_price_why cost;

    ret->cost = BW_DECIMAL_NOT_STATED;
    cost = cost_of(l, &ret->cost);
    ret->one_off = over(&l->pre_discount, &l->recurring);
    ret->bps[BW_DOWN] = l->down.bps;
    ret->bps[BW_UP] = l->up.bps;
    ret->lines = lines_of(l);
    ret->circuits = circuits;
    ret->year = (uint16_t)l->year;
    ret->role = (uint8_t)l->role;
    ret->layer = (uint8_t)l->layer;
    ret->speed = (uint8_t)bw_price_class_of(l->down.bps);
    ret->why = (uint8_t)(why != BW_PRICE_KNOWN ? why : cost);
    ret->marks = marks_of(l, ret);
    ret->price_udollars =
        ret->why == BW_PRICE_KNOWN ? bw_price_each(&ret->cost, l->down.bps) : BW_UNKNOWN;
    if (ret->why == BW_PRICE_KNOWN && ret->price_udollars == BW_UNKNOWN) {
        ret->why = BW_PRICE_UNLIKE; /* more than nine billion dollars for each */
    }
}
