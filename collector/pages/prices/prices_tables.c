/* SPDX-License-Identifier: GPL-3.0-or-later
 * prices_tables.c - prices as tables: by class of speed with a picture of their spread, by
 * region and by provider, what has no price and why, and every line.
 *
 * Invariant: what a picture shows stands in the cells beside it. */
#include "prices_parts.h"
#include <page_entity.h>
#include <page_parts.h>

#include <errno.h>
#include <math.h>
#include <plural.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    LINES_SHOWN = 200,
    NAMES_SHOWN = 40, /* rows of a table by provider */
    PICTURE_W = 240,
    PICTURE_H = 26,
    EDGE = 6
};

static void money(struct bw_buf *b, int64_t udollars)
{
    char text[BW_PRICE_TEXT_MAX];

    if (udollars == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_price_text(udollars, text);
        bw_buf_puts(b, text);
    }
}

static void money_cell(struct bw_buf *b, int64_t udollars)
{
    bw_buf_puts(b, "<td class=\"n\">");
    money(b, udollars);
    bw_buf_puts(b, "</td>");
}

/* ---- the picture ----------------------------------------------------------------------
 */

/* Ten to the power of these, in millionths of a dollar, are the ends of the axis. */
struct axis {
    int low;
    int high;
};

static double power_of(int64_t udollars)
{
    return log10(udollars > 0 ? (double)udollars : 1.0);
}

static struct axis axis_of(const struct bw_price_group *g, size_t n)
{
    struct axis a = {.low = 12, .high = 0};

    for (size_t i = 0; i < n; i++) {
        int low = (int)floor(power_of(g[i].s.min));
        int high = (int)ceil(power_of(g[i].s.max));
        a.low = low < a.low ? low : a.low;
        a.high = high > a.high ? high : a.high;
    }
    a.high = a.high > a.low ? a.high : a.low + 1;
    return a;
}

static int place(const struct axis *a, double power)
{
    return EDGE + (int)((PICTURE_W - 2 * EDGE) * (power - a->low) / (a->high - a->low));
}

/* "$10" above its line, "10 ¢" below a dollar. */
static void axis_words(int power, char out[24])
{
    int64_t v = 1;

    for (int i = 0; i < (power < 6 ? power - 4 : power - 6); i++) {
        v *= 10;
    }
    if (power < 4) {
        (void)snprintf(out, 24, "%s", power == 3 ? "0.1 ¢" : "");
    } else {
        (void)snprintf(out, 24, power < 6 ? "%lld ¢" : "$%lld", (long long)v);
    }
}

static void write_axis(struct bw_buf *b, const struct axis *a)
{
    bw_buf_printf(b,
                  "<svg class=\"spread\" width=\"%d\" height=\"18\" viewBox=\"0 0 %d 18\" "
                  "aria-hidden=\"true\">",
                  PICTURE_W, PICTURE_W);
    for (int p = a->low; p <= a->high; p++) {
        char words[24];
        axis_words(p, words);
        bw_buf_printf(b, "<text x=\"%d\" y=\"13\" text-anchor=\"%s\">%s</text>",
                      p == a->low    ? 0
                      : p == a->high ? PICTURE_W
                                     : place(a, p),
                      p == a->low    ? "start"
                      : p == a->high ? "end"
                                     : "middle",
                      words);
    }
    bw_buf_puts(b, "</svg>");
}

static void
write_spread(struct bw_buf *b, const struct axis *a, const struct bw_price_spread *s)
{
    int low = place(a, power_of(s->min));
    int high = place(a, power_of(s->max));

    bw_buf_printf(b,
                  "<svg class=\"spread\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                  "aria-hidden=\"true\">",
                  PICTURE_W, PICTURE_H, PICTURE_W, PICTURE_H);
    for (int p = a->low; p <= a->high; p++) {
        bw_buf_printf(b, "<path class=\"g\" d=\"M%d 0v%d\"/>", place(a, p), PICTURE_H);
    }
    bw_buf_printf(b, "<path class=\"r\" d=\"M%d 13H%d\"/>", low,
                  high > low ? high : low + 1);
    if (s->q1 != BW_UNKNOWN) {
        int q1 = place(a, power_of(s->q1));
        int q3 = place(a, power_of(s->q3));
        bw_buf_printf(b, "<rect class=\"q\" x=\"%d\" y=\"6\" width=\"%d\" height=\"14\"/>",
                      q1, q3 > q1 ? q3 - q1 : 1);
    }
    bw_buf_printf(b, "<circle class=\"m\" cx=\"%d\" cy=\"13\" r=\"5\"/></svg>",
                  place(a, power_of(s->median)));
}

/* ---- by class
 * ---------------------------------------------------------------------------- */

static const struct bw_price_group *
of_class(const struct bw_price_group *g, size_t n, size_t speed)
{
    for (size_t i = 0; i < n; i++) {
        if (g[i].speed == speed) {
            return &g[i];
        }
    }
    return NULL;
}

static void class_row(struct bw_prices_job *j,
                      const struct axis *a,
                      const struct bw_price_group *g,
                      const struct bw_price_group *before)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"");
    bw_prices_url(j, "/prices", "class", bw_price_classes[g->speed].id);
    bw_buf_printf(b, "\">%s</a></th><td class=\"n\">", bw_price_classes[g->speed].words);
    bw_page_count(b, g->s.n);
    bw_buf_puts(b, "</td><td>");
    write_spread(b, a, &g->s);
    bw_buf_puts(b, "</td><td class=\"n\"><strong>");
    money(b, g->s.median);
    bw_buf_puts(b, "</strong></td>");
    money_cell(b, g->s.q1);
    money_cell(b, g->s.q3);
    money_cell(b, g->s.min);
    money_cell(b, g->s.max);
    bw_buf_puts(b, "<td class=\"n\">");
    money(b, before ? before->s.median : BW_UNKNOWN);
    if (before) {
        bw_buf_puts(b, " <span class=\"id\">of ");
        bw_page_count(b, before->s.n);
        bw_buf_puts(b, "</span>");
    }
    bw_buf_puts(b, "</td></tr>\n");
}

int bw_prices_classes(struct bw_prices_job *j)
{
    struct bw_buf *b = &j->out;
    struct bw_price_group *g = NULL;
    struct bw_price_group *old = NULL;
    size_t n = 0;
    size_t n_old = 0;
    int r = bw_prices_group(j->p, &j->seen, BW_PRICE_BY_SPEED, &g, &n);

    r = r < 0 ? r : bw_prices_group(j->p, &j->before, BW_PRICE_BY_SPEED, &old, &n_old);
    if (r == 0 && n > 0) {
        const struct axis a = axis_of(g, n);
        bw_buf_puts(b, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                       "aria-label=\"By class of speed\"><table><caption>A month for each "
                       "Mbit/s of download. Line: lowest to highest; bar: the middle half; "
                       "dot: the median.</caption><thead><tr><th scope=\"col\">Speed</th>"
                       "<th scope=\"col\" class=\"n\">Lines</th><th scope=\"col\">Spread ");
        write_axis(b, &a);
        bw_buf_printf(b,
                      "</th><th scope=\"col\" class=\"n\">Median</th><th scope=\"col\" "
                      "class=\"n\">A quarter is at or below</th><th scope=\"col\" "
                      "class=\"n\">Three quarters</th><th scope=\"col\" class=\"n\">Lowest"
                      "</th><th scope=\"col\" class=\"n\">Highest</th><th scope=\"col\" "
                      "class=\"n\">Median FY%lld</th></tr></thead><tbody>\n",
                      (long long)j->before.year);
        for (size_t i = 0; i < n; i++) {
            class_row(j, &a, &g[i], of_class(old, n_old, g[i].speed));
        }
        bw_page_table_end(b);
    }
    free(g);
    free(old);
    return r;
}

/* ---- by region, by provider
 * ---------------------------------------------------------------- */

/* Rows of a table: runs of groups with one name. */
struct row {
    const struct bw_price_group *first;
    size_t n;
    int64_t lines;
};

static int by_lines(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;

    return x->lines != y->lines ? (x->lines < y->lines) - (x->lines > y->lines)
                                : (x->first > y->first) - (x->first < y->first);
}

static uint32_t key_of(const struct bw_price_group *g, bool providers)
{
    return providers ? g->provider : g->region;
}

static void name_cell(struct bw_prices_job *j, uint32_t at, bool providers)
{
    struct bw_buf *b = &j->out;
    const struct bw_price_name *list = providers ? j->p->providers : j->p->regions;

    bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"");
    bw_prices_url(j, "/prices", providers ? "provider" : "region",
                  at == BW_PRICE_NONE ? "none" : list[at].id);
    bw_buf_puts(b, "\">");
    if (at == BW_PRICE_NONE) {
        bw_buf_puts(b, providers ? "not stated" : "in no region");
    } else {
        bw_page_name(b, list[at].name[0] ? list[at].name : list[at].id);
    }
    bw_buf_puts(b, "</a></th>");
}

static void
matrix_row(struct bw_prices_job *j, const struct row *x, const bool *used, bool providers)
{
    struct bw_buf *b = &j->out;

    name_cell(j, key_of(x->first, providers), providers);
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_count(b, x->lines);
    bw_buf_puts(b, "</td>");
    for (size_t s = 0; s < BW_PRICE_CLASSES; s++) {
        const struct bw_price_group *g = of_class(x->first, x->n, s);
        if (!used[s]) {
            continue;
        }
        bw_buf_puts(b, "<td class=\"n\">");
        if (g) {
            money(b, g->s.median);
            bw_buf_puts(b, " <span class=\"id\">of ");
            bw_page_count(b, g->s.n);
            bw_buf_puts(b, "</span>");
        } else {
            bw_buf_puts(b, "–");
        }
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
}

static void
matrix(struct bw_prices_job *j, const struct row *rows, size_t n, bool providers)
{
    struct bw_buf *b = &j->out;
    bool used[BW_PRICE_CLASSES] = {false};
    size_t shown = n < NAMES_SHOWN ? n : NAMES_SHOWN;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rows[i].n; k++) {
            used[rows[i].first[k].speed] = true;
        }
    }
    bw_buf_printf(b,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
                  "<table><caption>Medians, each with the number of lines.%s</caption>"
                  "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\" class=\"n\">"
                  "Lines</th>",
                  providers ? "By provider" : "By region",
                  providers && n > shown ? " Those with most lines; the CSV has all." : "",
                  providers ? "Provider" : "Region");
    for (size_t s = 0; s < BW_PRICE_CLASSES; s++) {
        if (used[s]) {
            bw_buf_printf(b, "<th scope=\"col\" class=\"n\">%s</th>",
                          bw_price_classes[s].words);
        }
    }
    bw_buf_puts(b, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < shown; i++) {
        matrix_row(j, &rows[i], used, providers);
    }
    bw_page_table_end(b);
}

int bw_prices_matrix(struct bw_prices_job *j, bool providers)
{
    struct bw_price_group *g = NULL;
    struct row *rows = NULL;
    size_t n = 0;
    size_t n_rows = 0;
    int r = bw_prices_group(j->p, &j->seen,
                            BW_PRICE_BY_SPEED | (unsigned)(providers ? BW_PRICE_BY_PROVIDER
                                                                     : BW_PRICE_BY_REGION),
                            &g, &n);

    rows = r < 0 ? NULL : calloc(n + 1, sizeof(*rows));
    if (!rows) {
        free(g);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || key_of(&g[i], providers) != key_of(&g[i - 1], providers)) {
            rows[n_rows++] = (struct row){.first = &g[i]};
        }
        rows[n_rows - 1].n++;
        rows[n_rows - 1].lines += g[i].s.n;
    }
    if (providers) {
        qsort(rows, n_rows, sizeof(*rows), by_lines);
    }
    if (n_rows > 0) {
        matrix(j, rows, n_rows, providers);
    }
    free(rows);
    free(g);
    return 0;
}

/* ---- what has no price, and what stands beside prices
 * ----------------------------------------
 */

static void count_row(struct bw_buf *b, const char *words, int64_t n)
{
    if (n > 0) {
        bw_buf_printf(b, "<tr><th scope=\"row\">%s</th><td class=\"n\">", words);
        bw_page_count(b, n);
        bw_buf_puts(b, "</td></tr>\n");
    }
}

void bw_prices_apart(struct bw_prices_job *j)
{
    static const char head[] = "<th scope=\"col\">What is the matter</th><th scope=\"col\" "
                               "class=\"n\">Lines</th>";
    struct bw_buf *b = &j->out;
    int64_t marked[BW_PRICE_MARKS] = {0};
    int64_t any = 0;

    for (size_t i = 0; i < j->seen.n; i++) {
        unsigned marks = j->p->rows[j->seen.rows[i]].marks;
        any += marks != 0;
        for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
            marked[bit] += (marks >> bit) & 1;
        }
    }
    bw_buf_puts(b, "<h2 id=\"apart\">Without a price: ");
    bw_page_count(b, (int64_t)j->seen.n_apart);
    bw_buf_puts(b,
                "</h2><p class=\"soft small\">These lines are in no median. A line counts "
                "under the first reason that fits.</p>");
    if (j->seen.n_apart > 0) {
        bw_page_table_begin(b, "Lines without a price", head);
        for (int i = BW_PRICE_KNOWN + 1; i < BW_PRICE_WHYS; i++) {
            count_row(b, bw_price_why_words((enum bw_price_why)i), j->seen.n_why[i]);
        }
        bw_page_table_end(b);
    }
    if (any > 0) {
        bw_buf_puts(b,
                    "<h2 id=\"marks\">Beside the price</h2><p class=\"soft small\">These "
                    "lines are in the medians.</p>");
        bw_page_table_begin(b, "What stands beside prices", head);
        for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
            count_row(b, bw_price_mark_words(bit), marked[bit]);
        }
        bw_page_table_end(b);
    }
    if (j->p->n_unread > 0) {
        bw_buf_printf(b,
                      "<p class=\"note\">%lld %s of a newer form that this program does "
                      "not read.</p>",
                      (long long)j->p->n_unread,
                      bw_plural(j->p->n_unread, "claim is", "claims are"));
    }
}

/* ---- every line
 * --------------------------------------------------------------------------- */

static void payer_cell(struct bw_prices_job *j, const struct bw_price_row *x)
{
    struct bw_buf *b = &j->out;
    const struct bw_price_payer *payer = &j->p->payers[x->payer];
    uint32_t e = payer->entity[0] ? bw_room_entity_find(j->r, payer->entity) : BW_ROOM_NONE;

    bw_buf_puts(b, "<td>");
    if (e != BW_ROOM_NONE && bw_page_scope_entity(&j->scope, e)) {
        bw_page_entity_link(b, &j->scope, e);
    } else {
        bw_page_name(b, payer->name[0] ? payer->name : "not stated");
    }
    bw_buf_puts(b, "</td><td>");
    if (x->provider == BW_PRICE_NONE) {
        bw_buf_puts(b, "not stated");
    } else {
        const struct bw_price_name *name = &j->p->providers[x->provider];
        bw_page_name(b, name->name[0] ? name->name : name->id);
    }
    bw_buf_puts(b, "</td>");
}

static void line_row(struct bw_prices_job *j, const struct bw_price_row *x)
{
    struct bw_buf *b = &j->out;
    char cost[BW_DECIMAL_TEXT_MAX + 1];
    const char *key = strchr(x->about, ':');

    bw_buf_puts(b, "<tr><th scope=\"row\" class=\"iv\">");
    bw_text_html(b, key ? key + 1 : x->about);
    bw_buf_puts(b, "</th>");
    payer_cell(j, x);
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_rate(b, x->bps[BW_DOWN]);
    bw_decimal_text(&x->cost, 2, cost);
    bw_buf_printf(b, "</td><td class=\"n\">%s%s</td>", cost[0] ? "$" : "–", cost);
    money_cell(b, x->price_udollars);
    bw_buf_puts(b, "<td class=\"small words\">");
    if (x->why != BW_PRICE_KNOWN) {
        bw_buf_puts(b, bw_price_why_words((enum bw_price_why)x->why));
    } else {
        bool first = true;
        for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
            if (x->marks & (1U << bit)) {
                bw_buf_printf(b, "%s%s", first ? "" : "; ", bw_price_mark_words(bit));
                first = false;
            }
        }
        if (!x->open) {
            bw_buf_puts(b, first ? "not from open data" : "; not from open data");
        }
    }
    bw_buf_puts(b, "</td></tr>\n");
}

void bw_prices_lines(struct bw_prices_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = j->seen.n + j->seen.n_apart;

    if (n == 0) {
        return;
    }
    bw_buf_puts(b, "<h2 id=\"lines\">Lines</h2>");
    if (n > LINES_SHOWN) {
        bw_buf_puts(b, "<p>They are ");
        bw_page_count(b, (int64_t)n);
        bw_buf_printf(b,
                      ". Choose a region, a provider or a class to see %d or fewer here; "
                      "the CSV has all.</p>",
                      LINES_SHOWN);
        return;
    }
    bw_page_table_begin(b, "Every line",
                        "<th scope=\"col\">Line</th><th scope=\"col\">Who pays</th>"
                        "<th scope=\"col\">Provider</th><th scope=\"col\" class=\"n\">Down"
                        "</th><th scope=\"col\" class=\"n\">A month, one line</th>"
                        "<th scope=\"col\" class=\"n\">For each Mbit/s</th>"
                        "<th scope=\"col\">Beside it</th>");
    for (size_t i = 0; i < j->seen.n; i++) {
        line_row(j, &j->p->rows[j->seen.rows[i]]);
    }
    for (size_t i = 0; i < j->seen.n_apart; i++) {
        line_row(j, &j->p->rows[j->seen.apart[i]]);
    }
    bw_page_table_end(b);
}
