/* SPDX-License-Identifier: GPL-3.0-or-later
 * price.c - what the line costs, against what was claimed, delivered and used.
 *
 * Invariant: a cost for each Mbit/s used never stands without the room that is left, the
 * time in which the line was full and its growth: alone it would praise a full line. */
#include "packs_private.h"

#include <bill.h>
#include <canvas.h>
#include <claimline.h>
#include <errno.h>
#include <growth.h>
#include <pages_private.h>
#include <sharing.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

enum {
    MBIT = 1000000,
    NO_PRICE_MAX = 512
};

/* "$1,250.00" */
void bw_pack_money(int64_t cents, char out[BW_WORDS_MAX])
{
    char whole[BW_WORDS_MAX];

    bw_words_count(cents / 100, whole);
    (void)snprintf(out, BW_WORDS_MAX, "$%.32s.%02d", whole, (int)(cents % 100));
}

/* Line 0 is the claim that is told first, the others follow. */
static const struct bw_claimline *line_of(const struct bw_pack_filed *f, size_t i)
{
    return i == 0 ? f->line : &f->others[i - 1];
}

static struct bw_bills bills_of(const struct bw_pack_filed *f)
{
    return (struct bw_bills){.line = f->line,
                             .others = f->others,
                             .n_others = f->n_others,
                             .circuits = f->circuits};
}

int64_t
bw_pack_monthly_cents(const struct bw_pack_made *m, size_t i, enum bw_pack_part *ret)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, i);
    const struct bw_bills b = bills_of(f);
    enum bw_bill_part part = BW_BILL_ALL;
    int64_t cents = bw_bill_monthly_cents(&b, &part);

    if (cents != BW_UNKNOWN) {
        *ret = part == BW_BILL_ELIGIBLE ? BW_PRICE_ELIGIBLE : BW_PRICE_ALL;
        return cents;
    }
    *ret = BW_PRICE_TYPED;
    return bw_decimal_whole(&f->monthly, 100, &cents) == 0 ? cents : BW_UNKNOWN;
}

static void unit_row(struct bw_pack_made *m,
                     const char *what,
                     const char *small,
                     const char *figure,
                     int64_t cents,
                     int64_t bps,
                     enum bw_layer layer,
                     int64_t n)
{
    char text[BW_WORDS_MAX];
    int64_t each = BW_UNKNOWN;

    if (bps != BW_UNKNOWN && bps > 0 && cents <= INT64_MAX / MBIT / 2) {
        each = (cents * MBIT + bps / 2) / bps;
    }
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, what);
    bw_doc_span(m->doc, BW_SPAN_SMALL, small);
    bw_sheet_rate(m->doc, bps);
    if (each == BW_UNKNOWN) {
        bw_doc_put(m->doc, "–");
    } else {
        bw_pack_money(each, text);
        bw_doc_put(m->doc, text);
    }
    bw_pack_figure(m, figure, each, "cents", layer, "a month and Mbit/s", n,
                   BW_METHOD_UNIT_COST);
}

/* Room left, full time, growth: what a cost of use is read with. */
static void beside(struct bw_pack_made *m, const struct bw_pack_use *u)
{
    int64_t claim = u->peak_claim_bps[BW_DOWN];
    struct bw_growth g;
    char text[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];

    bw_doc_facts(m->doc);
    if (claim != BW_UNKNOWN && u->peak_bps[BW_DOWN] != BW_UNKNOWN) {
        int64_t left = claim - u->peak_bps[BW_DOWN];
        bw_words_percent(bw_words_ppm(left > 0 ? left : 0, claim), text);
        bw_doc_fact(m->doc, text);
        bw_doc_text(m->doc, "of the claim is left above the busiest school day's P95, "
                            "download (" BW_METHOD_PEAK_DAY ")");
    } else {
        bw_doc_fact(m->doc, "not known");
        bw_doc_text(m->doc, "room left above the busiest school day");
    }
    if (u->full_s[BW_DOWN] != BW_UNKNOWN) {
        bw_words_length(u->full_s[BW_DOWN] * 1000, text);
        bw_words_length(u->counted_s[BW_DOWN] * 1000, of);
        bw_doc_fact(m->doc, text);
        bw_doc_printf(
            m->doc, BW_SPAN_PLAIN,
            "of %s of class hours at 90 %% of the claim or more (" BW_METHOD_FULL ")", of);
    } else {
        bw_doc_fact(m->doc, "not known");
        bw_doc_text(m->doc, "how long the line was full");
    }
    if (bw_pack_growth(u, BW_DOWN, &g) == 0 && g.state == BW_GROWTH_MADE &&
        g.year_ppm[BW_GROWTH_MID] != BW_UNKNOWN) {
        bw_pack_growth_words(&g, BW_GROWTH_MID, text);
        bw_pack_growth_words(&g, BW_GROWTH_LOW, of);
        bw_doc_fact(m->doc, text);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "growth a year, between %s", of);
        bw_pack_growth_words(&g, BW_GROWTH_HIGH, text);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, " and %s (" BW_METHOD_GROWTH ")", text);
    } else {
        bw_doc_fact(m->doc, "not known");
        bw_doc_text(m->doc, "growth: too little is on record (" BW_METHOD_GROWTH ")");
    }
}

static void table(struct bw_pack_made *m,
                  const struct bw_pack_use *u,
                  int64_t cents,
                  enum bw_layer layer)
{
    static const char *const names[] = {"Download", "Speed", "A month for each Mbit/s"};
    const struct bw_report_claim *c = bw_pack_claim(m->r);
    const struct bw_report_tested *t = &m->r->tested[BW_DOWN];

    bw_sheet_table(m->doc, "unit-costs", BW_TABLE_PLAIN, names, 3, 1);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, BW_METHOD_UNIT_COST ", all at %s",
                  bw_words_layer_long(layer));
    unit_row(m, "Claimed", "filed or contracted", "cost_claimed.down", cents,
             c ? c->bps[BW_DOWN] : BW_UNKNOWN, layer, BW_UNKNOWN);
    unit_row(m, "Delivered", "median of what throughput runs reached",
             "cost_delivered.down", cents,
             t->compared_layer == layer ? t->compared_bps.median : BW_UNKNOWN, layer,
             t->compared_bps.n);
    unit_row(m, "Used", "P95 of the busiest school day's class hours", "cost_used.down",
             cents, u->layer == layer ? u->peak_bps[BW_DOWN] : BW_UNKNOWN, layer,
             u->peak_n[BW_DOWN]);
    bw_sheet_para(m->doc,
                  "A line that is full costs least for each Mbit/s used. Read the last "
                  "row with these:");
}

static void key_of(const struct bw_claimline *l, char out[BW_CLAIM_ABOUT_MAX + 1])
{
    char about[BW_CLAIM_ABOUT_MAX + 1];

    out[0] = '\0';
    if (bw_claimline_about(l, about, NULL) == 0) {
        (void)snprintf(out, BW_CLAIM_ABOUT_MAX + 1, "%s", strchr(about, ':') + 1);
    }
}

/* What each of several bills is for, and what it comes to. */
static void bills(struct bw_pack_made *m)
{
    static const char *const names[] = {"Billed apart", "For", "A month for one line"};
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    const struct bw_bills b = bills_of(f);

    bw_sheet_table(m->doc, "bills", BW_TABLE_PLAIN, names, 3, 2);
    for (size_t i = 0; i <= f->n_others; i++) {
        const struct bw_claimline *l = line_of(f, i);
        enum bw_bill_part part = BW_BILL_ALL;
        int64_t cents = bw_bill_of_one(&b, i, &part);
        char key[BW_CLAIM_ABOUT_MAX + 1];
        char text[BW_SHARING_WORDS_MAX];
        char figure[64];
        key_of(l, key);
        bw_pack_money(cents == BW_UNKNOWN ? 0 : cents, text);
        bw_doc_row(m->doc);
        bw_doc_put(m->doc, key);
        bw_doc_span(m->doc, BW_SPAN_SMALL, l->provider);
        bw_doc_put(m->doc, l->role == BW_ROLE_ISP_ONLY    ? "Internet access"
                           : l->role == BW_ROLE_TRANSPORT ? "the circuit to it"
                           : l->role == BW_ROLE_UNKNOWN
                               ? "not stated"
                               : bw_claim_role_name((enum bw_claim_role)l->role));
        bw_doc_put(m->doc, bw_bill_is_shared(&b, i) ? "not known"
                           : cents == BW_UNKNOWN    ? "not on file"
                                                    : text);
        if (bw_bill_is_shared(&b, i)) {
            bw_sharing_words(&l->quantity, f->circuits[i], text);
        }
        bw_doc_span(m->doc, BW_SPAN_SMALL,
                    bw_bill_is_shared(&b, i)   ? text
                    : cents == BW_UNKNOWN      ? ""
                    : part == BW_BILL_ELIGIBLE ? "the eligible part"
                                               : "all of it");
        (void)snprintf(figure, sizeof(figure), "bill.%zu", i + 1);
        bw_pack_figure(m, figure, cents, "cents", BW_LAYER_UNKNOWN, "", BW_UNKNOWN, "");
    }
}

/* "$450.00 a month for one line, the eligible part of it, one of 3 lines (…)." */
static void price_words(struct bw_pack_made *m, int64_t cents, enum bw_pack_part part)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    char text[BW_WORDS_MAX];
    int64_t n;

    bw_pack_money(cents, text);
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_span(m->doc, BW_SPAN_STRONG, text);
    if (part == BW_PRICE_TYPED) {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, " a month (%s).", f->monthly_origin);
        return;
    }
    if (f->n_others > 0) {
        bw_doc_printf(
            m->doc, BW_SPAN_PLAIN,
            " a month for the circuit and Internet access over it, the sum of the "
            "bills below, one line of each, %s.",
            part == BW_PRICE_ELIGIBLE ? "the eligible part of them" : "all of them");
        return;
    }
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, " a month for one line, %s",
                  part == BW_PRICE_ELIGIBLE ? "the eligible part of it" : "all of it");
    if (bw_decimal_whole(&f->line->quantity, 1, &n) == 0 && n > 1) {
        bw_words_count(n, text);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, ", one of %s lines", text);
    }
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, " (%s).", f->origin);
}

static const char *no_price(const struct bw_pack_filed *f, char out[NO_PRICE_MAX])
{
    const struct bw_bills b = bills_of(f);

    for (size_t i = 0; f->line && i <= f->n_others; i++) {
        char key[BW_CLAIM_ABOUT_MAX + 1];
        char why[BW_SHARING_WORDS_MAX];
        if (bw_bill_is_shared(&b, i)) {
            key_of(line_of(f, i), key);
            bw_sharing_words(&line_of(f, i)->quantity, f->circuits[i], why);
            (void)snprintf(out, NO_PRICE_MAX,
                           "What %s costs a month is the price of no one circuit: %s, and "
                           "how much of it is this one's is stated nowhere "
                           "(--monthly-cost).",
                           key, why);
            return out;
        }
    }
    if (f->n_others > 0 && bw_bill_unlike_users(&b)) {
        return "The claims bound to this circuit are billed apart and are not for the same "
               "users: how much of the larger bill is this circuit's is stated nowhere "
               "(--monthly-cost).";
    }
    if (f->n_others > 0) {
        return "Several claims are bound to this circuit and billed apart; no one of their "
               "prices is its price, and their sum is not: it is told where all of them "
               "are a "
               "circuit or Internet access over it, both are there, and all prices are on "
               "file (--monthly-cost).";
    }
    if (f->line && f->line->monthly.n != BW_UNKNOWN) {
        return "The cost on file is that of all lines together, and how many they are is "
               "not on file (--monthly-cost).";
    }
    if (!f->line && f->n_held > 0) {
        return "No claim is bound to this circuit on the period's last day, and the price "
               "of "
               "one before is not taken for it: ask for its days by themselves "
               "(--monthly-cost).";
    }
    return "No monthly cost is on file for this circuit (--monthly-cost).";
}

void bw_pack_price(struct bw_pack_made *m)
{
    enum bw_pack_part part;
    int64_t cents = bw_pack_monthly_cents(m, 0, &part);
    struct bw_pack_use u = {.n_days = 0};
    enum bw_layer layer = bw_report_claim_layer(m->r);
    char why[NO_PRICE_MAX];

    m->section = "price";
    bw_doc_section(m->doc, "price", "What it costs");
    if (bw_pack_filed_of(m, 0)->n_others > 0) {
        bills(m);
    }
    if (cents == BW_UNKNOWN) {
        bw_pack_absent(m, "The price", no_price(bw_pack_filed_of(m, 0), why));
        bw_doc_end(m->doc);
        return;
    }
    price_words(m, cents, part);
    bw_pack_figure(m, "monthly_cost", cents, "cents", BW_LAYER_UNKNOWN, "", BW_UNKNOWN, "");
    if (layer == BW_LAYER_UNKNOWN) {
        layer = m->r->n_used ? m->r->used[0].layer : BW_LAYER_UNKNOWN;
    }
    if (bw_pack_use_make(m->r, &u) < 0) {
        m->error = -ENOMEM;
    } else {
        table(m, &u, cents, layer);
        beside(m, &u);
    }
    bw_pack_use_done(&u);
    bw_doc_end(m->doc);
}
