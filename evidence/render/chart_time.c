/* SPDX-License-Identifier: GPL-3.0-or-later
 * chart_time.c - charts over time: coverage, use, throughput runs.
 *
 * Invariant: nothing is drawn where nothing was measured; missing time is shaded in every
 * chart; one chart holds rates of one layer, a claim of another layer is converted. */
#include "chart_private.h"
#include "chart_svg.h"

#include <buf.h>
#include <stdio.h>
#include <text.h>
#include <tz.h>
#include <words.h>

enum {
    WIDTH = 9600,
    LEFT = 760,
    RIGHT = 200,
    TOP = 300,
    BOTTOM = 280,
    HEIGHT = 2200,
    COLUMNS_MAX = 860,
    MANY_RUNS = 300,
    DAYS_MIN = 4, /* fewer: by intervals */
    CELL_W = 230,
    CELL_H = 170,
    CELL_STEP_X = 250,
    CELL_STEP_Y = 200
};

static struct bw_chart board(const struct bw_report *r)
{
    return (struct bw_chart){.left = LEFT,
                             .top = TOP,
                             .width = WIDTH - LEFT - RIGHT,
                             .height = HEIGHT,
                             .from_unix_s = r->from_unix_s,
                             .to_unix_s = r->until_unix_s};
}

/* ---- coverage --------------------------------------------------------------- */

static void coverage_strip(const struct bw_report *r, struct bw_buf *out)
{
    struct bw_chart c = board(r);

    c.top = 40;
    c.height = 320;
    bw_chart_open(
        out, "cover", WIDTH / 10, (int)((c.top + c.height + BOTTOM) / 10),
        "Time covered by records",
        "A strip from the period's start to its end: filled where records cover the "
        "time, hatched where none does, marked above where the line was out.");
    bw_chart_rect(out, c.left, c.top, c.width, c.height, "full");
    bw_chart_shade(r, &c, out);
    for (size_t i = 0; i < r->outages.n; i++) {
        int64_t x = bw_chart_x(&c, r->outages.list[i].clipped_from_unix_ms);
        int64_t w = bw_chart_x(&c, r->outages.list[i].clipped_to_unix_ms) - x;
        bw_chart_rect(out, x, c.top, w > 15 ? w : 15, c.height / 2, "out");
    }
    bw_chart_time_axis(r, &c, out);
    bw_chart_close(out);
}

static void
coverage_cell(const struct bw_report_day *d, int64_t x, int64_t y, struct bw_buf *out)
{
    int64_t length = d->to_unix_s - d->from_unix_s;
    int64_t filled = length > 0 ? d->recorded_s * CELL_H / length : 0;
    char date[BW_WORDS_MAX];
    char missing[BW_WORDS_MAX];
    char outage[BW_WORDS_MAX];

    /* Never let a little look like nothing, nor almost all like all. */
    if (d->recorded_s > 0 && filled < 15) {
        filled = 15;
    }
    if (d->missing_s > 0 && filled > CELL_H - 15) {
        filled = CELL_H - 15;
    }
    bw_words_date(d->year, d->month, d->day, d->weekday, date);
    bw_words_length(d->missing_s * 1000, missing);
    bw_words_length(d->outage_ms, outage);
    bw_buf_puts(out, "<g><title>");
    bw_text_html(out, date);
    bw_buf_printf(out, ": %s missing, %s%s</title>", missing,
                  d->outage_ms == BW_UNKNOWN ? "outages " : outage,
                  d->outage_ms == BW_UNKNOWN ? "not measured" : " out");
    if (filled < CELL_H) {
        bw_chart_rect(out, x, y, CELL_W, CELL_H - filled, "gap");
    }
    if (filled > 0) {
        bw_chart_rect(out, x, y + CELL_H - filled, CELL_W, filled, "full");
    }
    if (d->outage_ms > 0) {
        bw_chart_rect(out, x, y, CELL_W, 50, "out");
    }
    bw_buf_puts(out, "</g>");
}

static void coverage_calendar(const struct bw_report *r, struct bw_buf *out)
{
    const struct bw_report_day *first = &r->days[0];
    const struct bw_report_day *last = &r->days[r->n_days - 1];
    int64_t months =
        (int64_t)(last->year - first->year) * 12 + last->month - first->month + 1;
    char text[BW_WORDS_MAX];

    bw_chart_open(
        out, "cover", WIDTH / 10, (int)((260 + months * CELL_STEP_Y) / 10),
        "Time covered by records, one cell a day",
        "A row a month. A cell is filled as far as records cover the day and hatched "
        "for the rest; a dark bar on top means the line was out at some time.");
    for (int d = 1; d <= 31; d++) {
        (void)snprintf(text, sizeof(text), "%d", d);
        bw_chart_text(out, 1100 + (d - 1) * CELL_STEP_X + CELL_W / 2, 140, "m", text);
    }
    for (int64_t m = 0; m < months; m++) {
        int month = (int)((first->month - 1 + m) % 12) + 1;
        int year = first->year + (int)((first->month - 1 + m) / 12);
        (void)snprintf(text, sizeof(text), "%s %d", bw_words_month(month), year);
        bw_chart_text(out, 1000, 220 + m * CELL_STEP_Y + 125, "e", text);
    }
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        int64_t row = (int64_t)(d->year - first->year) * 12 + d->month - first->month;
        coverage_cell(d, 1100 + (d->day - 1) * CELL_STEP_X, 220 + row * CELL_STEP_Y, out);
    }
    bw_chart_close(out);
}

void bw_chart_coverage(const struct bw_report *r, struct bw_buf *out)
{
    if (r->n_days < DAYS_MIN) {
        coverage_strip(r, out);
    } else {
        coverage_calendar(r, out);
    }
}

/* ---- claims as lines ---------------------------------------------------------- */

/* A claim's rate at the chart's layer; unknown when it cannot be converted. */
static int64_t claim_at(const struct bw_report *r,
                        const struct bw_report_claim *c,
                        int dir,
                        enum bw_layer layer)
{
    enum bw_layer own = c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer;

    return bw_layer_convert_bps(c->bps[dir], own, layer, r->facts[r->n_facts - 1].mtu);
}

static int64_t highest_claim(const struct bw_report *r, int dir, enum bw_layer layer)
{
    int64_t highest = 0;

    for (size_t i = 0; i < r->n_claims; i++) {
        int64_t v = claim_at(r, &r->claims[i], dir, layer);
        highest = v != BW_UNKNOWN && v > highest ? v : highest;
    }
    return highest;
}

static void claim_lines(const struct bw_report *r,
                        const struct bw_chart *c,
                        int dir,
                        enum bw_layer layer,
                        bool with_80,
                        struct bw_buf *out)
{
    for (size_t i = 0; i < r->n_claims; i++) {
        const struct bw_report_claim *claim = &r->claims[i];
        int64_t v = claim_at(r, claim, dir, layer);
        int64_t from =
            claim->from_unix_s == BW_UNKNOWN ? c->from_unix_s : claim->from_unix_s;
        int64_t to = claim->to_unix_s == BW_UNKNOWN ? c->to_unix_s : claim->to_unix_s;
        int64_t x1 = bw_chart_x(c, from * 1000);
        int64_t x2 = bw_chart_x(c, to * 1000);
        if (v == BW_UNKNOWN || x2 <= x1) {
            continue;
        }
        bw_chart_line(out, x1, bw_chart_y(c, v), x2, bw_chart_y(c, v), "claim");
        if (with_80) {
            int64_t y = bw_chart_y(c, v - v / 5);
            bw_chart_line(out, x1, y, x2, y, "claim80");
        }
    }
}

/* ---- use ---------------------------------------------------------------------- */

static void use_by_days(const struct bw_report *r,
                        const struct bw_chart *c,
                        int dir,
                        struct bw_buf *out)
{
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        int64_t x = bw_chart_x(c, d->from_unix_s * 1000);
        int64_t w = bw_chart_x(c, d->to_unix_s * 1000) - x;
        int64_t pad = w > 60 ? w / 8 : 0;
        bool class_day = d->class_p95_bps[dir] != BW_UNKNOWN;
        int64_t p95 = class_day ? d->class_p95_bps[dir] : d->p95_bps[dir];
        int64_t base = c->top + c->height;
        if (d->peak_bps[dir] == BW_UNKNOWN) {
            continue;
        }
        w = w - 2 * pad > 5 ? w - 2 * pad : 5;
        bw_chart_rect(out, x + pad, bw_chart_y(c, d->peak_bps[dir]), w,
                      base - bw_chart_y(c, d->peak_bps[dir]), "peak");
        bw_chart_rect(out, x + pad, bw_chart_y(c, p95), w, base - bw_chart_y(c, p95),
                      class_day ? "p95" : "p95w");
    }
}

static int64_t slice_s(const struct bw_report *r, const struct bw_chart *c)
{
    int64_t span = c->to_unix_s - c->from_unix_s;
    int64_t length = (span + COLUMNS_MAX - 1) / COLUMNS_MAX;
    int64_t own = r->counts.interval_s == BW_UNKNOWN ? 1 : r->counts.interval_s;

    return length > own ? (length + own - 1) / own * own : own;
}

/* Each column is the highest interval that starts in it. */
static void use_by_intervals(const struct bw_report *r,
                             const struct bw_chart *c,
                             int dir,
                             struct bw_buf *out)
{
    int64_t length = slice_s(r, c);
    int64_t base = c->top + c->height;
    size_t i = 0;

    for (int64_t t = c->from_unix_s / length * length; t < c->to_unix_s; t += length) {
        int64_t users = BW_UNKNOWN;
        int64_t with_test = BW_UNKNOWN;
        int64_t from = BW_UNKNOWN;
        int64_t to = BW_UNKNOWN;
        for (; i < r->n_intervals && r->intervals[i].start_unix_s < t + length; i++) {
            const struct bw_report_interval *v = &r->intervals[i];
            int64_t *which = v->with_test ? &with_test : &users;
            if (v->rate_bps[dir] == BW_UNKNOWN || v->layer != r->used[0].layer) {
                continue;
            }
            *which = *which == BW_UNKNOWN || v->rate_bps[dir] > *which ? v->rate_bps[dir]
                                                                       : *which;
            from = from == BW_UNKNOWN ? v->start_unix_s : from;
            to = v->end_unix_s;
        }
        if (from == BW_UNKNOWN) {
            continue;
        }
        int64_t x = bw_chart_x(c, from * 1000);
        int64_t w = bw_chart_x(c, to * 1000) - x;
        w = w > 20 ? w - 5 : w > 5 ? w : 5;
        if (with_test != BW_UNKNOWN) {
            int64_t y = bw_chart_y(c, with_test);
            bw_chart_rect(out, x, y, w, base - y, "own");
        }
        if (users != BW_UNKNOWN) {
            int64_t y = bw_chart_y(c, users);
            bw_chart_rect(out, x, y, w, base - y, "p95");
        }
    }
}

void bw_chart_use(const struct bw_report *r, int dir, struct bw_buf *out)
{
    static const char *const titles[] = {"Download use over time", "Upload use over time"};
    static const char *const ids[] = {"use-down", "use-up"};
    const struct bw_report_used *u = &r->used[0];
    struct bw_chart c = board(r);
    int64_t highest = highest_claim(r, dir, u->layer);
    int64_t p95 = u->window[BW_WINDOW_CLASS][dir].p95_bps;
    bool by_days = r->n_days >= DAYS_MIN;

    if (p95 == BW_UNKNOWN) {
        p95 = u->window[BW_WINDOW_ALL][dir].p95_bps;
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        if ((!by_days || !v->with_test) && v->rate_bps[dir] > highest) {
            highest = v->rate_bps[dir];
        }
    }
    bw_chart_scale(&c, highest);
    bw_chart_open(
        out, ids[dir], WIDTH / 10, (TOP + HEIGHT + BOTTOM) / 10, titles[dir],
        "Rates of the line's counter over time with the claim and the period's P95 "
        "as lines; time without records is hatched. The table below has the "
        "figures.");
    bw_chart_shade(r, &c, out);
    bw_chart_rate_axis(&c, out);
    if (by_days) {
        use_by_days(r, &c, dir, out);
    } else {
        use_by_intervals(r, &c, dir, out);
    }
    claim_lines(r, &c, dir, u->layer, false, out);
    if (p95 != BW_UNKNOWN) {
        int64_t y = bw_chart_y(&c, p95);
        bw_chart_line(out, c.left, y, c.left + c.width, y, "halo");
        bw_chart_line(out, c.left, y, c.left + c.width, y, "p95line");
    }
    bw_chart_time_axis(r, &c, out);
    bw_chart_close(out);
}

/* ---- runs --------------------------------------------------------------------- */

/* The one layer a chart of runs shows: the claim's, else the counter's, else goodput. */
static int64_t
run_value(const struct bw_report *r, const struct bw_report_run *t, enum bw_layer *layer)
{
    const struct bw_report_tested *x = &r->tested[t->direction];

    if (x->compared_bps.n > 0) {
        *layer = x->compared_layer;
        return t->compared_bps;
    }
    if (x->n_line > 0) {
        *layer = x->line[0].layer;
        return t->line_layer == *layer ? t->line_bps : BW_UNKNOWN;
    }
    *layer = BW_LAYER_GOODPUT;
    return t->goodput_bps;
}

static void run_dots(const struct bw_report *r,
                     const struct bw_chart *c,
                     int dir,
                     enum bw_test_state state,
                     const char *klass,
                     struct bw_buf *out)
{
    enum bw_layer layer;
    bool any = false;

    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        int64_t v = run_value(r, t, &layer);
        int64_t y = c->top + c->height;
        if (t->direction != (enum bw_direction)dir || t->state != state ||
            (state == BW_TEST_OK && v == BW_UNKNOWN)) {
            continue;
        }
        if (!any) {
            bw_buf_printf(out, "<path class=\"%s\" d=\"", klass);
            any = true;
        }
        if (state == BW_TEST_OK) {
            y = bw_chart_y(c, v);
        }
        bw_buf_putc(out, 'M');
        bw_chart_px(out, bw_chart_x(c, t->at_unix_ms) - (state == BW_TEST_FAILED ? 35 : 0));
        bw_buf_putc(out, ' ');
        if (state == BW_TEST_FAILED) {
            bw_chart_px(out, y - 95);
            bw_buf_puts(out, "l7 7m0-7l-7 7");
        } else if (state == BW_TEST_OK) {
            bw_chart_px(out, y);
            bw_buf_puts(out, "h0");
        } else {
            bw_chart_px(out, y);
            bw_buf_puts(out, "v-5");
        }
    }
    if (any) {
        bw_buf_puts(out, "\"/>");
    }
}

void bw_chart_runs(const struct bw_report *r, int dir, struct bw_buf *out)
{
    static const char *const titles[] = {"Download tests", "Upload tests"};
    static const char *const ids[] = {"runs-down", "runs-up"};
    struct bw_chart c = board(r);
    enum bw_layer layer = BW_LAYER_GOODPUT;
    int64_t highest = 0;

    for (size_t i = 0; i < r->n_runs; i++) {
        if (r->runs[i].direction == (enum bw_direction)dir) {
            int64_t v = run_value(r, &r->runs[i], &layer);
            highest = v > highest ? v : highest;
        }
    }
    {
        int64_t claim = highest_claim(r, dir, layer);
        highest = claim > highest ? claim : highest;
    }
    bw_chart_scale(&c, highest);
    bw_chart_open(
        out, ids[dir], WIDTH / 10, (TOP + HEIGHT + BOTTOM) / 10, titles[dir],
        "One dot a good run at its time and rate, with the claim and 80 percent of it "
        "as lines; crosses at the bottom are failed runs, short strokes deferred ones. "
        "The table below has the figures.");
    bw_chart_shade(r, &c, out);
    bw_chart_rate_axis(&c, out);
    run_dots(r, &c, dir, BW_TEST_DEFERRED, "put-off", out);
    run_dots(r, &c, dir, BW_TEST_FAILED, "failed", out);
    run_dots(r, &c, dir, BW_TEST_OK, r->n_runs > MANY_RUNS ? "dot many" : "dot", out);
    claim_lines(r, &c, dir, layer, true, out);
    bw_chart_time_axis(r, &c, out);
    bw_chart_close(out);
}
