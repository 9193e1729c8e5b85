/* SPDX-License-Identifier: GPL-3.0-or-later
 * ahead.c - use day by day, how it grows, and when the line will be full.
 *
 * Invariant: nothing is said further ahead than the growth's method lets it be said, and
 * no month without the interval that it lies in. */
#include "packs_private.h"

#include <canvas.h>
#include <civil.h>
#include <errno.h>
#include <growth.h>
#include <pages_private.h>
#include <plot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>

enum {
    SHARE_OF_CLAIM_PERCENT = 75 /* where "full soon" begins (docs/packs.md) */
};

static void day_words(int64_t day, char out[BW_WORDS_MAX])
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    bw_words_date(y, m, d, bw_civil_weekday(day), out);
}

static void month_words(int64_t day, char out[BW_WORDS_MAX])
{
    int y;
    int mo;
    int d;

    bw_civil_from_days(day, &y, &mo, &d);
    (void)snprintf(out, BW_WORDS_MAX, "%s %d", bw_words_month(mo), y);
}

/* "in February 2027, between October 2026 (…) and …": each line of the growth by itself. */
static void soon_words(struct bw_pack_made *m,
                       const struct bw_growth *g,
                       int64_t bps,
                       const char *claim)
{
    static const struct {
        int line;
        const char *figure;
    } lines[] = {{BW_GROWTH_MID, "at_75_percent_of_claim.down"},
                 {BW_GROWTH_HIGH, "at_75_percent_of_claim.down.early"},
                 {BW_GROWTH_LOW, "at_75_percent_of_claim.down.late"}};
    char months[3][BW_WORDS_MAX + 16];
    char end[BW_WORDS_MAX];
    char date[BW_CIVIL_DATE_LEN + 1];

    month_words(g->ahead_day, end);
    for (int i = 0; i < 3; i++) {
        int64_t day = bw_growth_reaches(g, lines[i].line, bps);
        if (day == BW_UNKNOWN) {
            (void)snprintf(months[i], sizeof(months[i]), "later than %s", end);
        } else {
            month_words(day, months[i]);
            bw_civil_date(day, date);
            bw_pack_word(m, lines[i].figure, date);
        }
    }
    bw_doc_span(m->doc, BW_SPAN_STRONG, "75 % of ");
    bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s: %s", claim, months[0]);
    if (strcmp(months[1], months[2]) == 0) {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                      ". So says the trend of class hours, as do both ends of its 95 %% "
                      "interval; %s is as far as can be told (" BW_METHOD_SOON ").",
                      end);
        return;
    }
    bw_doc_printf(
        m->doc, BW_SPAN_PLAIN,
        ". So says the trend of class hours; its 95 %% interval reaches from %s to "
        "%s, and %s is as far as can be told (" BW_METHOD_SOON ").",
        months[1], months[2], end);
}

void bw_pack_full_soon(struct bw_pack_made *m,
                       const struct bw_pack_use *u,
                       const struct bw_growth *g)
{
    const struct bw_report_claim *c = bw_pack_claim(m->r);
    int64_t bps;
    char claim[BW_WORDS_MAX];

    if (!u->at_claim || !c || c->bps[BW_DOWN] <= 0 || g->state != BW_GROWTH_MADE) {
        return;
    }
    bps = c->bps[BW_DOWN] * SHARE_OF_CLAIM_PERCENT / 100;
    bw_words_rate(c->bps[BW_DOWN], claim);
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    if (g->level_bps >= bps) {
        bw_doc_span(m->doc, BW_SPAN_STRONG, "75 % of ");
        bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s: already", claim);
        bw_doc_text(m->doc,
                    ". The trend of class hours is there now (" BW_METHOD_SOON ").");
        bw_pack_word(m, "at_75_percent_of_claim.down", "already");
    } else {
        soon_words(m, g, bps, claim);
    }
}

/* ---- day by day ----------------------------------------------------------------- */

static void
keep_day(struct bw_pack_made *m, const struct bw_pack_use *u, const struct bw_pack_day *x)
{
    char date[BW_CIVIL_DATE_LEN + 1];
    char name[64];

    bw_civil_date(x->day, date);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const char *dir = bw_words_direction(way);
        (void)snprintf(name, sizeof(name), "day.%s.p95.%s", date, dir);
        bw_pack_figure(m, name, x->p95_bps[way], "bit/s", u->layer, "P95", x->n[way],
                       BW_METHOD_PEAK_DAY);
        (void)snprintf(name, sizeof(name), "day.%s.full.%s", date, dir);
        bw_pack_figure(m, name, x->full_s[way], "s", u->layer, "sum", x->n[way],
                       BW_METHOD_FULL);
    }
}

static void days_table(struct bw_pack_made *m, const struct bw_pack_use *u)
{
    static const char *const names[] = {"Day", "Download P95", "Upload P95",
                                        "Intervals counted", "At 90 % of the claim"};
    char text[BW_WORDS_MAX];

    bw_doc_details(m->doc, false);
    bw_doc_text(m->doc, "The school days in a table");
    bw_sheet_table(m->doc, "days", BW_TABLE_PLAIN, names, 5, 1);
    bw_doc_printf(
        m->doc, BW_SPAN_PLAIN,
        "Class hours, at %s, intervals with a test of ours left out. Days without "
        "class hours on record are not listed.",
        bw_words_layer_long(u->layer));
    for (size_t i = 0; i < u->n_days; i++) {
        const struct bw_pack_day *x = &u->days[i];
        if (x->n[BW_DOWN] == 0 && x->n[BW_UP] == 0) {
            continue;
        }
        keep_day(m, u, x);
        day_words(x->day, text);
        bw_doc_row(m->doc);
        bw_doc_put(m->doc, text);
        bw_doc_span(m->doc, BW_SPAN_SMALL, x->usable ? "" : "too little for a peak day");
        bw_sheet_rate(m->doc, x->p95_bps[BW_DOWN]);
        bw_sheet_rate(m->doc, x->p95_bps[BW_UP]);
        bw_sheet_count(m->doc, x->n[BW_DOWN]);
        bw_sheet_length(m->doc, x->full_s[BW_DOWN] == BW_UNKNOWN
                                    ? BW_UNKNOWN
                                    : x->full_s[BW_DOWN] * 1000);
    }
    bw_doc_end(m->doc);
}

/* Growth for the chart: of its own days, at the counter's layer; NULL: none is known. */
static const struct bw_ahead *growth_ahead(struct bw_pack_made *m)
{
    const struct bw_report *r = m->r;
    struct bw_growth_day *days = calloc(r->n_days + 1, sizeof(*days));
    struct bw_ahead ahead = {.report = r, .direction = BW_DOWN};
    struct bw_growth g = {.state = BW_GROWTH_NOT};
    int64_t most = 0;

    for (size_t i = 0; i < r->n_days; i++) {
        most = r->days[i].class_n > most ? r->days[i].class_n : most;
    }
    for (size_t i = 0; days && i < r->n_days; i++) {
        const struct bw_report_day *x = &r->days[i];
        days[i] = (struct bw_growth_day){bw_civil_days(x->year, x->month, x->day),
                                         x->class_n > 0 && x->class_n * 2 >= most
                                             ? x->class_p95_bps[BW_DOWN]
                                             : BW_UNKNOWN};
    }
    if (!days || bw_growth_make(days, r->n_days, &g) < 0) {
        m->error = -ENOMEM;
    }
    free(days);
    if (g.state != BW_GROWTH_MADE || m->error) {
        return NULL;
    }
    ahead.growth = bw_doc_keep(m->doc, &g, sizeof(g));
    return ahead.growth ? bw_doc_keep(m->doc, &ahead, sizeof(ahead)) : NULL;
}

void bw_pack_use_chart(struct bw_pack_made *m)
{
    static const struct bw_doc_key key[] = {{BW_SWATCH_CLAIM, "claim"},
                                            {BW_SWATCH_P95, "P95 of the period"},
                                            {BW_SWATCH_HATCH, "no record"}};
    static const struct bw_doc_key key_ahead[] = {
        {BW_SWATCH_CLAIM, "claim"},
        {BW_SWATCH_NONE, "dash and dot: growth, as far as it may be said, in its interval; "
                         "grey ground: after the period"},
        {BW_SWATCH_HATCH, "no record"}};
    struct bw_pack_use u = {.n_days = 0};
    struct bw_drawing f;

    m->section = "use";
    if (m->r->n_used == 0) {
        return; /* said above */
    }
    bw_doc_section(m->doc, "use", "Download over the period");
    if (bw_pack_use_make(m->r, &u) < 0) {
        m->error = -ENOMEM;
    } else {
        const struct bw_ahead *ahead = growth_ahead(m);
        if (ahead) {
            bw_plot_ahead(ahead, &f);
            f.flat = true;
            bw_sheet_chart(m->doc, &f, "days", key_ahead,
                           sizeof(key_ahead) / sizeof(key_ahead[0]));
        } else {
            bw_plot_use(m->r, BW_DOWN, &f);
            f.flat = true;
            bw_sheet_chart(m->doc, &f, "days", key, sizeof(key) / sizeof(key[0]));
        }
        days_table(m, &u);
    }
    bw_doc_end(m->doc);
    bw_pack_use_done(&u);
}

/* ---- the same for a page that has room --------------------------------------------- */

void bw_pack_ahead(struct bw_pack_made *m)
{
    struct bw_pack_use u = {.n_days = 0};
    struct bw_growth g = {.state = BW_GROWTH_NOT};
    char low[BW_WORDS_MAX];
    char middle[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];

    m->section = "ahead";
    bw_doc_section(m->doc, "ahead", "How use grows");
    if (bw_pack_use_make(m->r, &u) < 0 || bw_pack_growth(&u, BW_DOWN, &g) < 0) {
        m->error = -ENOMEM;
    } else if (g.state != BW_GROWTH_MADE || g.year_ppm[BW_GROWTH_MID] == BW_UNKNOWN) {
        bw_pack_absent(m, "Growth of use",
                       "It takes half a year of school weeks to tell growth from chance.");
    } else {
        bw_pack_growth_words(&g, BW_GROWTH_LOW, low);
        bw_pack_growth_words(&g, BW_GROWTH_MID, middle);
        bw_pack_growth_words(&g, BW_GROWTH_HIGH, high);
        bw_doc_para(m->doc, BW_PARA_PLAIN);
        bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s a year", middle);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                      ", download in class hours, between %s and %s (95 %% interval, %lld "
                      "weeks; " BW_METHOD_GROWTH ").",
                      low, high, (long long)g.n_weeks);
        for (int i = 0; i < BW_GROWTH_LINES; i++) {
            static const char *const names[BW_GROWTH_LINES] = {
                [BW_GROWTH_LOW] = "growth_a_year_share.down.low",
                [BW_GROWTH_MID] = "growth_a_year_share.down.middle",
                [BW_GROWTH_HIGH] = "growth_a_year_share.down.high"};
            bw_pack_figure(m, names[i], g.year_ppm[i], "ppm", u.layer, "slope", g.n_weeks,
                           BW_METHOD_GROWTH);
        }
        bw_pack_full_soon(m, &u, &g);
    }
    bw_pack_use_done(&u);
    bw_doc_end(m->doc);
}
