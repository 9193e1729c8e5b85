/* SPDX-License-Identifier: GPL-3.0-or-later
 * chart_svg.c - frame, axes, shades and lines of the charts, and the chart of bars.
 *
 * Invariant: positions are integers in tenths of a pixel made by integer arithmetic, so
 * the same report draws the same bytes; colour never carries a meaning alone. */
#include "chart_svg.h"
#include "chart_private.h"

#include <buf.h>
#include <model.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <tz.h>
#include <words.h>

void bw_chart_px(struct bw_buf *out, int64_t tenths)
{
    if (tenths < 0) {
        bw_buf_putc(out, '-');
        tenths = -tenths;
    }
    bw_buf_i64(out, tenths / 10);
    if (tenths % 10) {
        bw_buf_putc(out, '.');
        bw_buf_i64(out, tenths % 10);
    }
}

static void attribute(struct bw_buf *out, const char *name, int64_t tenths)
{
    bw_buf_printf(out, " %s=\"", name);
    bw_chart_px(out, tenths);
    bw_buf_putc(out, '"');
}

void bw_chart_rect(
    struct bw_buf *out, int64_t x, int64_t y, int64_t w, int64_t h, const char *klass)
{
    bw_buf_puts(out, "<rect");
    attribute(out, "x", x);
    attribute(out, "y", y);
    attribute(out, "width", w);
    attribute(out, "height", h);
    bw_buf_printf(out, " class=\"%s\"/>", klass);
}

void bw_chart_line(
    struct bw_buf *out, int64_t x1, int64_t y1, int64_t x2, int64_t y2, const char *klass)
{
    bw_buf_puts(out, "<line");
    attribute(out, "x1", x1);
    attribute(out, "y1", y1);
    attribute(out, "x2", x2);
    attribute(out, "y2", y2);
    bw_buf_printf(out, " class=\"%s\"/>", klass);
}

void bw_chart_text(
    struct bw_buf *out, int64_t x, int64_t y, const char *klass, const char *text)
{
    bw_buf_puts(out, "<text");
    attribute(out, "x", x);
    attribute(out, "y", y);
    bw_buf_printf(out, " class=\"%s\">", klass);
    bw_text_html(out, text);
    bw_buf_puts(out, "</text>");
}

void bw_chart_open(struct bw_buf *out,
                   const char *id,
                   int width_px,
                   int height_px,
                   const char *title,
                   const char *description)
{
    bw_buf_printf(out,
                  "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\" "
                  "xmlns=\"http://www.w3.org/2000/svg\"><title id=\"%s-t\">",
                  width_px, height_px, id, id, id);
    bw_text_html(out, title);
    bw_buf_printf(out, "</title><desc id=\"%s-d\">", id);
    bw_text_html(out, description);
    bw_buf_puts(out, "</desc>");
}

void bw_chart_close(struct bw_buf *out)
{
    bw_buf_puts(out, "</svg>\n");
}

int64_t bw_chart_x(const struct bw_chart *c, int64_t unix_ms)
{
    int64_t span_ms = (c->to_unix_s - c->from_unix_s) * 1000;
    int64_t at_ms = unix_ms - c->from_unix_s * 1000;

    at_ms = at_ms < 0 ? 0 : at_ms > span_ms ? span_ms : at_ms;
    return c->left + (span_ms > 0 ? at_ms * c->width / span_ms : 0);
}

int64_t bw_chart_y(const struct bw_chart *c, int64_t value)
{
    int64_t v = value < 0 ? 0 : value > c->top_value ? c->top_value : value;

    /* top_value is below 10^13 and height below 10^5 */
    return c->top + c->height - (c->top_value > 0 ? v * c->height / c->top_value : 0);
}

/* 1, 2 or 5 times a power of ten, for four to eight steps. */
static int64_t nice_step(int64_t top)
{
    static const int64_t factor[] = {1, 2, 5};
    int64_t unit = 1;

    for (;; unit *= 10) {
        for (size_t i = 0; i < 3; i++) {
            if (unit * factor[i] * 7 >= top) {
                return unit * factor[i];
            }
        }
    }
}

void bw_chart_scale(struct bw_chart *c, int64_t highest)
{
    highest += highest / 16; /* a line at the very top would hide in the frame */
    if (highest < 1000) {
        highest = 1000;
    }
    c->step = nice_step(highest);
    c->top_value = (highest + c->step - 1) / c->step * c->step;
}

void bw_chart_rate_axis(const struct bw_chart *c, struct bw_buf *out)
{
    int64_t unit = c->top_value >= 10000000000 ? 1000000000
                   : c->top_value >= 10000000  ? 1000000
                   : c->top_value >= 1000000   ? 1000000
                                               : 1000;
    const char *name = unit == 1000000000 ? "Gbit/s"
                       : unit == 1000000  ? "Mbit/s"
                                          : "kbit/s";
    char text[BW_WORDS_MAX];

    for (int64_t v = 0; v <= c->top_value; v += c->step) {
        int64_t y = bw_chart_y(c, v);
        bw_chart_line(out, c->left, y, c->left + c->width, y, v ? "g" : "a");
        if (c->step % unit == 0) {
            (void)snprintf(text, sizeof(text), "%lld", (long long)(v / unit));
        } else {
            (void)snprintf(text, sizeof(text), "%lld.%lld", (long long)(v / unit),
                           (long long)(v % unit * 10 / unit));
        }
        bw_chart_text(out, c->left - 80, y + 40, "e", text);
    }
    bw_chart_text(out, c->left - 80, c->top - 150, "e", name);
}

static void
month_ticks(const struct bw_report *r, const struct bw_chart *c, struct bw_buf *out)
{
    struct bw_civil at;
    int64_t months = (c->to_unix_s - c->from_unix_s) / (INT64_C(30) * 86400);
    int every = months > 48 ? 12 : months > 26 ? 3 : months > 13 ? 2 : 1;

    bw_tz_local(r->tz, c->from_unix_s, &at);
    for (int m = at.month; m < at.month + 140; m++) {
        int64_t start = bw_tz_day_start(r->tz, at.year, m, 1);
        struct bw_civil first;
        char text[BW_WORDS_MAX];
        int64_t x;
        if (start >= c->to_unix_s) {
            return;
        }
        if (start < c->from_unix_s || (m - 1) % every) {
            continue;
        }
        bw_tz_local(r->tz, start, &first);
        x = bw_chart_x(c, start * 1000);
        bw_chart_line(out, x, c->top + c->height, x, c->top + c->height + 60, "a");
        if (first.month == 1 || start - c->from_unix_s < 86400 || every == 12) {
            (void)snprintf(text, sizeof(text), "%s %d", bw_words_month(first.month),
                           first.year);
        } else {
            (void)snprintf(text, sizeof(text), "%s", bw_words_month(first.month));
        }
        bw_chart_text(out, x, c->top + c->height + 190, "s", text);
    }
}

static void
day_ticks(const struct bw_report *r, const struct bw_chart *c, struct bw_buf *out)
{
    int64_t days = (c->to_unix_s - c->from_unix_s) / 86400 + 1;
    int64_t every = days > 32 ? 7 : days > 16 ? 3 : days > 9 ? 2 : 1;
    struct bw_civil at;

    bw_tz_local(r->tz, c->from_unix_s, &at);
    for (int64_t i = 0; i <= days; i++) {
        int64_t start = bw_tz_day_start(r->tz, at.year, at.month, at.day + (int)i);
        struct bw_civil day;
        char text[BW_WORDS_MAX];
        int64_t x;
        if (start < c->from_unix_s || start >= c->to_unix_s || i % every) {
            continue;
        }
        bw_tz_local(r->tz, start, &day);
        x = bw_chart_x(c, start * 1000);
        bw_chart_line(out, x, c->top + c->height, x, c->top + c->height + 60, "a");
        (void)snprintf(text, sizeof(text), "%s %d %s", bw_words_weekday(day.weekday),
                       day.day, bw_words_month(day.month));
        bw_chart_text(out, x, c->top + c->height + 190, "s", text);
    }
}

static void
clock_ticks(const struct bw_report *r, const struct bw_chart *c, struct bw_buf *out)
{
    static const int64_t steps[] = {10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600};
    int64_t span = c->to_unix_s - c->from_unix_s;
    int64_t step = 43200;
    int64_t first;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (span / steps[i] <= 10) {
            step = steps[i];
            break;
        }
    }
    first = (c->from_unix_s + step - 1) / step * step;
    for (int64_t t = first; t <= c->to_unix_s; t += step) {
        struct bw_civil at;
        char text[BW_WORDS_MAX];
        int64_t x = bw_chart_x(c, t * 1000);
        bw_tz_local(r->tz, t, &at);
        bw_chart_line(out, x, c->top + c->height, x, c->top + c->height + 60, "a");
        if (span > 86400) {
            (void)snprintf(text, sizeof(text), "%s %02d:%02d", bw_words_weekday(at.weekday),
                           at.hour, at.minute);
        } else if (step < 60) {
            (void)snprintf(text, sizeof(text), "%02d:%02d:%02d", at.hour, at.minute,
                           at.second);
        } else {
            (void)snprintf(text, sizeof(text), "%02d:%02d", at.hour, at.minute);
        }
        bw_chart_text(out, x, c->top + c->height + 190,
                      x > c->left + c->width - 150 ? "e"
                      : x < c->left + 150          ? "s"
                                                   : "m",
                      text);
    }
}

void bw_chart_time_axis(const struct bw_report *r,
                        const struct bw_chart *c,
                        struct bw_buf *out)
{
    int64_t span = c->to_unix_s - c->from_unix_s;

    if (span > INT64_C(75) * 86400) {
        month_ticks(r, c, out);
    } else if (span > 3 * 86400 + 7200) {
        day_ticks(r, c, out);
    } else {
        clock_ticks(r, c, out);
    }
}

void bw_chart_shade(const struct bw_report *r, const struct bw_chart *c, struct bw_buf *out)
{
    for (size_t i = 0; i < r->coverage.n_gaps; i++) {
        const struct bw_report_gap *g = &r->coverage.gaps[i];
        int64_t x = bw_chart_x(c, g->from_unix_s * 1000);
        int64_t w = bw_chart_x(c, g->to_unix_s * 1000) - x;
        if (g->kind == BW_RGAP_MISSING) {
            bw_chart_rect(out, x, c->top, w > 15 ? w : 15, c->height, "gap");
        }
    }
    if (r->until_unix_s < c->to_unix_s) {
        int64_t x = bw_chart_x(c, r->until_unix_s * 1000);
        bw_chart_rect(out, x, c->top, c->left + c->width - x, c->height, "later");
    }
}

/* ---- bars: claimed, tested, carried, used --------------------------------------- */

enum {
    BAR_WIDTH = 9600,
    BAR_LEFT = 1900,
    BAR_RIGHT = 2700,
    BAR_ROW = 300,
    BAR_HEIGHT = 180,
    BAR_GROUP = 480
};

struct bar {
    const char *name;
    const char *klass;
    int64_t value;
    enum bw_layer layer;
    const char *statistic;
};

static void bar_rows(const struct bw_report *r, int dir, struct bar bars[4])
{
    const struct bw_report_claim *c = bw_report_claim_last(r);
    const struct bw_report_tested *t = &r->tested[dir];
    const struct bw_report_used *u = r->n_used ? &r->used[0] : NULL;
    enum bw_layer at = bw_report_claim_layer(r);

    bars[0] = (struct bar){"Claimed", "b0", c ? c->bps[dir] : BW_UNKNOWN, at,
                           c ? "" : "no claim on file"};
    bars[1] =
        (struct bar){"Tested", "b1", t->compared_bps.median, t->compared_layer, "median"};
    if (t->compared_bps.n == 0 && t->n_line > 0) {
        bars[1].value = t->line[0].bps.median;
        bars[1].layer = t->line[0].layer;
    } else if (t->compared_bps.n == 0) {
        const struct bw_dist *d = bw_report_goodput(t);
        bars[1].value = d ? d->median : BW_UNKNOWN;
        bars[1].layer = BW_LAYER_GOODPUT;
    }
    bars[2] =
        (struct bar){"Carried", "b2", BW_UNKNOWN, BW_LAYER_UNKNOWN, "highest interval"};
    bars[3] = (struct bar){"Used", "b3", BW_UNKNOWN, BW_LAYER_UNKNOWN, "P95, class hours"};
    if (!u) {
        return;
    }
    for (int i = 2; i < 4; i++) {
        /* A period without class hours still has hours. */
        bool class = i == 3 && u->window[BW_WINDOW_CLASS][dir].n > 0;
        const struct bw_report_window *w =
            &u->window[class ? BW_WINDOW_CLASS : BW_WINDOW_ALL][dir];
        if (i == 3 && !class) {
            bars[3].statistic = "P95, all hours";
        }
        bool converted = w->converted_p95_bps != BW_UNKNOWN;
        int64_t plain = i == 2 ? w->peak_bps : w->p95_bps;
        bars[i].value = !converted ? plain
                        : i == 2   ? w->converted_peak_bps
                                   : w->converted_p95_bps;
        bars[i].layer = converted ? at : u->layer;
    }
}

static void one_bar(struct bw_buf *out,
                    const struct bar *b,
                    enum bw_layer claim_layer,
                    int64_t y,
                    int64_t highest)
{
    char rate[BW_WORDS_MAX];
    char text[256];
    int64_t room = BAR_WIDTH - BAR_LEFT - BAR_RIGHT;
    int64_t w = b->value == BW_UNKNOWN ? 0 : b->value * room / highest;

    bw_chart_text(out, BAR_LEFT - 100, y + 140, "e", b->name);
    if (b->value != BW_UNKNOWN) {
        bw_chart_rect(
            out, BAR_LEFT, y, w > 10 ? w : 10, BAR_HEIGHT,
            claim_layer != BW_LAYER_UNKNOWN && b->layer != claim_layer ? "bx" : b->klass);
        bw_words_rate(b->value, rate);
        (void)snprintf(text, sizeof(text), "%s %s%s%s", rate, bw_words_layer_long(b->layer),
                       b->statistic[0] ? ", " : "", b->statistic);
    } else {
        (void)snprintf(text, sizeof(text), "%s",
                       strcmp(b->name, "Claimed") == 0 ? b->statistic : "not measured");
    }
    /* All in one column: no line of the chart runs through them. */
    bw_chart_text(out, BAR_WIDTH - BAR_RIGHT + 120, y + 140, "v", text);
}

void bw_chart_bars(const struct bw_report *r, struct bw_buf *out)
{
    static const char *const heading[] = {"Download", "Upload"};
    int64_t y = 180;

    bw_chart_open(
        out, "bars", BAR_WIDTH / 10, (BW_DIRECTIONS * (BAR_GROUP + 4 * BAR_ROW)) / 10,
        "Claimed, tested, carried and used",
        "Bars of the figures in the table above, download and upload each on a scale "
        "of its own.");
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bar bars[4];
        int64_t highest = 1;
        bar_rows(r, d, bars);
        for (int i = 0; i < 4; i++) {
            highest = bars[i].value > highest ? bars[i].value : highest;
        }
        bw_chart_text(out, BAR_LEFT - 100, y, "h", heading[d]);
        y += 120;
        for (int i = 0; i < 4; i++) {
            one_bar(out, &bars[i], bw_report_claim_layer(r), y, highest);
            y += BAR_ROW;
        }
        if (bars[0].value != BW_UNKNOWN) {
            int64_t x =
                BAR_LEFT + bars[0].value * (BAR_WIDTH - BAR_LEFT - BAR_RIGHT) / highest;
            bw_chart_line(out, x, y - INT64_C(4) * BAR_ROW - 50, x,
                          y - BAR_ROW + BAR_HEIGHT + 50, "claim");
        }
        y += BAR_GROUP - 120;
    }
    bw_chart_close(out);
}
