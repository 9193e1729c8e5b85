/* SPDX-License-Identifier: GPL-3.0-or-later
 * board.c - scales, axes, gaps and labels of the charts.
 *
 * Invariant: positions are made by integer arithmetic; a label is drawn only where no
 * label stands yet, by the widths of metrics.c. */
#include "board.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>
#include <words.h>

enum {
    LABEL_STEP = 9 * BW_PT, /* between base lines of labels that would collide */
    LABEL_GAP = 4 * BW_PT,
    NAME_GAP = 2500, /* between a line and its name above it */
    NAME_HEIGHT = 6 * BW_PT,
    TICK = 3 * BW_PT
};

struct bw_board
bw_board(const struct bw_report *r, struct bw_canvas *canvas, int64_t width_mpt)
{
    return (struct bw_board){.canvas = canvas,
                             .left = BW_BOARD_LEFT,
                             .top = BW_BOARD_TOP,
                             .width = width_mpt - BW_BOARD_LEFT - BW_BOARD_RIGHT,
                             .height = BW_BOARD_HEIGHT,
                             .from_unix_s = r->from_unix_s,
                             .to_unix_s = r->until_unix_s};
}

int64_t bw_board_figure_height(const struct bw_drawing *f, int64_t width_mpt)
{
    (void)width_mpt;
    return BW_BOARD_TOP + (f->flat ? BW_BOARD_FLAT : BW_BOARD_HEIGHT) + BW_BOARD_BOTTOM;
}

int64_t bw_board_x(const struct bw_board *b, int64_t unix_ms)
{
    int64_t span_s = b->to_unix_s - b->from_unix_s;
    int64_t at_ms = unix_ms - b->from_unix_s * 1000;

    at_ms = at_ms < 0 ? 0 : at_ms > span_s * 1000 ? span_s * 1000 : at_ms;
    /* at_ms is below 2^39 (17 years) and width below 2^20 */
    return b->left + (span_s > 0 ? at_ms * b->width / (span_s * 1000) : 0);
}

int64_t bw_board_y(const struct bw_board *b, int64_t value)
{
    int64_t v = value < 0 ? 0 : value > b->top_value ? b->top_value : value;

    /* top_value is below 10^13 and height below 10^6 */
    return b->top + b->height - (b->top_value > 0 ? v * b->height / b->top_value : 0);
}

/* 1, 2 or 5 times a power of ten, for three to seven steps. */
static int64_t nice_step(int64_t top)
{
    static const int64_t factor[] = {1, 2, 5};
    int64_t unit = 1;

    for (;; unit *= 10) {
        for (size_t i = 0; i < 3; i++) {
            if (unit * factor[i] * 6 >= top) {
                return unit * factor[i];
            }
        }
    }
}

void bw_board_scale(struct bw_board *b, int64_t highest, int64_t least)
{
    highest += highest / 16; /* a line at the very top would hide in the frame */
    highest = highest < least ? least : highest;
    b->step = nice_step(highest);
    b->top_value = (highest + b->step - 1) / b->step * b->step;
}

void bw_board_rate_axis(const struct bw_board *b, const char *what)
{
    int64_t unit = b->top_value >= 10000000000 ? 1000000000
                   : b->top_value >= 1000000   ? 1000000
                                               : 1000;
    const char *name = unit == 1000000000 ? "Gbit/s"
                       : unit == 1000000  ? "Mbit/s"
                                          : "kbit/s";
    char text[200];

    for (int64_t v = 0; v <= b->top_value; v += b->step) {
        int64_t y = bw_board_y(b, v);
        bw_canvas_line(b->canvas, b->left, y, b->left + b->width, y,
                       v ? BW_STYLE_GRID : BW_STYLE_AXIS);
        if (b->step % unit == 0) {
            (void)snprintf(text, sizeof(text), "%lld", (long long)(v / unit));
        } else {
            (void)snprintf(text, sizeof(text), "%lld.%lld", (long long)(v / unit),
                           (long long)(v % unit * 10 / unit));
        }
        bw_canvas_text(b->canvas, b->left - LABEL_GAP, y + 2800, BW_ROLE_LABEL,
                       BW_ANCHOR_END, text);
    }
    (void)snprintf(text, sizeof(text), "%s%s%s", name, what[0] ? ", " : "", what);
    bw_canvas_text(b->canvas, 0, 8 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_START, text);
}

/* ---- time --------------------------------------------------------------------- */

/* A tick, and its word where there is room right of the one before. */
static void
time_tick(const struct bw_board *b, int64_t unix_s, const char *text, int64_t *taken)
{
    int64_t x = bw_board_x(b, unix_s * 1000);
    int64_t y = b->top + b->height;
    int64_t w = bw_canvas_text_mpt(BW_ROLE_LABEL, text);
    int64_t end = b->left + b->width + BW_BOARD_RIGHT;

    bw_canvas_line(b->canvas, x, y, x, y + TICK, BW_STYLE_AXIS);
    if (x < *taken || x + w > end) {
        return;
    }
    bw_canvas_text(b->canvas, x, y + TICK + 8 * BW_PT, BW_ROLE_LABEL, BW_ANCHOR_START,
                   text);
    *taken = x + w + LABEL_GAP;
}

static void month_ticks(const struct bw_report *r, const struct bw_board *b)
{
    struct bw_civil at;
    int64_t months = (b->to_unix_s - b->from_unix_s) / (INT64_C(30) * 86400);
    int every = months > 48 ? 12 : months > 26 ? 3 : 1;
    int64_t taken = 0;
    bool any = false;

    bw_tz_local(r->tz, b->from_unix_s, &at);
    for (int m = at.month; m < at.month + 140; m++) {
        int64_t start = bw_tz_day_start(r->tz, at.year, m, 1);
        struct bw_civil first;
        char text[BW_WORDS_MAX];
        if (start >= b->to_unix_s) {
            return;
        }
        if (start < b->from_unix_s || (m - 1) % every) {
            continue;
        }
        bw_tz_local(r->tz, start, &first);
        (void)snprintf(text, sizeof(text), "%s", bw_words_month(first.month));
        time_tick(b, start, text, &taken);
        if (first.month == 1 || !any) {
            /* the year below its first month */
            (void)snprintf(text, sizeof(text), "%d", first.year);
            bw_canvas_text(b->canvas, bw_board_x(b, start * 1000),
                           b->top + b->height + TICK + 16 * BW_PT, BW_ROLE_SMALL,
                           BW_ANCHOR_START, text);
        }
        any = true;
    }
}

static void day_ticks(const struct bw_report *r, const struct bw_board *b)
{
    int64_t days = (b->to_unix_s - b->from_unix_s) / 86400 + 1;
    int64_t every = days > 32 ? 7 : days > 16 ? 3 : days > 9 ? 2 : 1;
    struct bw_civil at;
    int64_t taken = 0;

    bw_tz_local(r->tz, b->from_unix_s, &at);
    for (int64_t i = 0; i <= days; i++) {
        int64_t start = bw_tz_day_start(r->tz, at.year, at.month, at.day + (int)i);
        struct bw_civil day;
        char text[BW_WORDS_MAX];
        if (start < b->from_unix_s || start >= b->to_unix_s || i % every) {
            continue;
        }
        bw_tz_local(r->tz, start, &day);
        (void)snprintf(text, sizeof(text), "%s %d %s", bw_words_weekday(day.weekday),
                       day.day, bw_words_month(day.month));
        time_tick(b, start, text, &taken);
    }
}

static void clock_ticks(const struct bw_report *r, const struct bw_board *b)
{
    static const int64_t steps[] = {10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600};
    int64_t span = b->to_unix_s - b->from_unix_s;
    int64_t step = 43200;
    int64_t taken = 0;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (span / steps[i] <= 10) {
            step = steps[i];
            break;
        }
    }
    for (int64_t t = (b->from_unix_s + step - 1) / step * step; t <= b->to_unix_s;
         t += step) {
        struct bw_civil at;
        char text[BW_WORDS_MAX];
        bw_tz_local(r->tz, t, &at);
        if (span > 86400) {
            (void)snprintf(text, sizeof(text), "%s %02d:%02d", bw_words_weekday(at.weekday),
                           at.hour, at.minute);
        } else if (step < 60) {
            (void)snprintf(text, sizeof(text), "%02d:%02d:%02d", at.hour, at.minute,
                           at.second);
        } else {
            (void)snprintf(text, sizeof(text), "%02d:%02d", at.hour, at.minute);
        }
        time_tick(b, t, text, &taken);
    }
}

void bw_board_time_axis(const struct bw_report *r, const struct bw_board *b)
{
    int64_t span = b->to_unix_s - b->from_unix_s;
    int64_t y = b->top + b->height;

    bw_canvas_line(b->canvas, b->left, y, b->left + b->width, y, BW_STYLE_AXIS);
    if (span > INT64_C(75) * 86400) {
        month_ticks(r, b);
    } else if (span > 3 * 86400 + 7200) {
        day_ticks(r, b);
    } else {
        clock_ticks(r, b);
    }
}

void bw_board_shade(const struct bw_report *r, const struct bw_board *b)
{
    for (size_t i = 0; i < r->coverage.n_gaps; i++) {
        const struct bw_report_gap *g = &r->coverage.gaps[i];
        int64_t x = bw_board_x(b, g->from_unix_s * 1000);
        int64_t w = bw_board_x(b, g->to_unix_s * 1000) - x;
        if (g->kind == BW_RGAP_MISSING && x < b->left + b->width) {
            bw_canvas_rect(b->canvas, x, b->top, w > 800 ? w : 800, b->height,
                           BW_STYLE_GAP);
        }
    }
    if (r->until_unix_s < b->to_unix_s) {
        int64_t x = bw_board_x(b, r->until_unix_s * 1000);
        bw_canvas_rect(b->canvas, x, b->top, b->left + b->width - x, b->height,
                       BW_STYLE_LATER);
    }
}

/* ---- what lines are called ------------------------------------------------------ */

void bw_labels_add(struct bw_labels *l, int64_t y, const char *text)
{
    size_t at = l->n;

    if (l->n == BW_BOARD_LABELS) {
        return;
    }
    for (; at > 0 && l->list[at - 1].y > y; at--) {
        l->list[at] = l->list[at - 1];
    }
    l->list[at].y = y;
    (void)snprintf(l->list[at].text, sizeof(l->list[at].text), "%s", text);
    l->n++;
}

void bw_labels_draw(struct bw_labels *l, const struct bw_board *b)
{
    int64_t at[BW_BOARD_LABELS] = {0};
    int64_t lowest = b->top + b->height;
    int64_t x = b->left + b->width;

    /* Downwards each below the one before, then upwards where the last fell out. */
    for (size_t i = 0; i < l->n; i++) {
        at[i] = l->list[i].y;
        if (i > 0 && at[i] < at[i - 1] + LABEL_STEP) {
            at[i] = at[i - 1] + LABEL_STEP;
        }
    }
    for (size_t i = l->n; i-- > 0;) {
        int64_t most = i + 1 < l->n ? at[i + 1] - LABEL_STEP : lowest;
        at[i] = at[i] > most ? most : at[i];
    }
    for (size_t i = 0; i < l->n; i++) {
        if (at[i] != l->list[i].y) {
            bw_canvas_line(b->canvas, x, l->list[i].y, x + 3 * BW_PT, at[i], BW_STYLE_GRID);
        }
        bw_canvas_text(b->canvas, x + LABEL_GAP, at[i] + 2500, BW_ROLE_SMALL,
                       BW_ANCHOR_START, l->list[i].text);
    }
}

/* ---- claims ------------------------------------------------------------------- */

enum bw_layer bw_board_claim_layer(const struct bw_report *r)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);

    if (!c) {
        return BW_LAYER_UNKNOWN;
    }
    return c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer;
}

int64_t bw_board_claim_at(const struct bw_report *r,
                          const struct bw_report_claim *c,
                          int direction,
                          enum bw_layer layer)
{
    enum bw_layer own = c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer;

    return bw_layer_convert_bps(c->bps[direction], own, layer,
                                r->facts[r->n_facts - 1].mtu);
}

int64_t
bw_board_highest_claim(const struct bw_report *r, int direction, enum bw_layer layer)
{
    int64_t highest = 0;

    for (size_t i = 0; i < r->n_claims; i++) {
        int64_t v = bw_board_claim_at(r, &r->claims[i], direction, layer);
        highest = v != BW_UNKNOWN && v > highest ? v : highest;
    }
    return highest;
}

/* Nothing hatched lies there. */
static bool
on_record(const struct bw_report *r, const struct bw_board *b, int64_t x1, int64_t x2)
{
    for (size_t i = 0; i < r->coverage.n_gaps; i++) {
        const struct bw_report_gap *g = &r->coverage.gaps[i];
        if (g->kind == BW_RGAP_MISSING && bw_board_x(b, g->from_unix_s * 1000) < x2 &&
            bw_board_x(b, g->to_unix_s * 1000) > x1) {
            return false;
        }
    }
    return true;
}

/* The name of a line that ends within the plot stands on it, at its beginning or end; where
 * it is too short for that, or no record hatches it, above the plot as far as there is
 * room. */
static void name_within(const struct bw_report *r,
                        const struct bw_board *b,
                        const int64_t x[2],
                        int64_t y,
                        const char *text,
                        int64_t *taken)
{
    int64_t w = bw_canvas_text_mpt(BW_ROLE_SMALL, text);
    int64_t first = x[0] + NAME_GAP;
    int64_t last = x[1] - NAME_GAP - w;
    bool room = first <= last && y - NAME_GAP - NAME_HEIGHT >= b->top;

    if (room && on_record(r, b, first, first + w)) {
        bw_canvas_text(b->canvas, first, y - NAME_GAP, BW_ROLE_SMALL, BW_ANCHOR_START,
                       text);
    } else if (room && on_record(r, b, last, last + w)) {
        bw_canvas_text(b->canvas, last, y - NAME_GAP, BW_ROLE_SMALL, BW_ANCHOR_START, text);
    } else if (x[0] >= *taken) {
        bw_canvas_text(b->canvas, x[0], b->top - 3 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_START,
                       text);
        *taken = x[0] + w + LABEL_GAP;
    }
}

void bw_board_claims(const struct bw_report *r,
                     const struct bw_board *b,
                     int direction,
                     enum bw_layer layer,
                     bool with_80,
                     struct bw_labels *labels)
{
    int64_t taken = b->left;

    for (size_t i = 0; i < r->n_claims; i++) {
        const struct bw_report_claim *c = &r->claims[i];
        int64_t v = bw_board_claim_at(r, c, direction, layer);
        int64_t from = c->from_unix_s == BW_UNKNOWN ? b->from_unix_s : c->from_unix_s;
        int64_t to = c->to_unix_s == BW_UNKNOWN ? b->to_unix_s : c->to_unix_s;
        int64_t x1 = bw_board_x(b, from * 1000);
        int64_t x2 = bw_board_x(b, to * 1000);
        int64_t y;
        char rate[BW_WORDS_MAX];
        char text[96];
        if (v == BW_UNKNOWN || x2 <= x1) {
            continue;
        }
        y = bw_board_y(b, v);
        bw_canvas_line(b->canvas, x1, y, x2, y, BW_STYLE_HALO);
        bw_canvas_line(b->canvas, x1, y, x2, y, BW_STYLE_CLAIM);
        bw_words_rate(c->bps[direction], rate);
        (void)snprintf(text, sizeof(text), "claim %s", rate);
        if (x2 == b->left + b->width) {
            bw_labels_add(labels, y, text);
        } else {
            name_within(r, b, (const int64_t[]){x1, x2}, y, text, &taken);
        }
        if (with_80) {
            int64_t y80 = bw_board_y(b, v - v / 5);
            bw_canvas_line(b->canvas, x1, y80, x2, y80, BW_STYLE_CLAIM_80);
            if (x2 == b->left + b->width) {
                bw_labels_add(labels, y80, "80 % of it");
            }
        }
    }
}

/* ---- words -------------------------------------------------------------------- */

void bw_board_period_words(const struct bw_report *r, char *out, size_t n)
{
    struct bw_civil a;
    struct bw_civil z;

    bw_tz_local(r->tz, r->from_unix_s, &a);
    bw_tz_local(r->tz, r->until_unix_s - 1, &z);
    if (a.year == z.year && a.month == z.month && a.day == z.day) {
        (void)snprintf(out, n, "%d %s %d", a.day, bw_words_month(a.month), a.year);
    } else {
        (void)snprintf(out, n, "%d %s %d to %d %s %d", a.day, bw_words_month(a.month),
                       a.year, z.day, bw_words_month(z.month), z.year);
    }
}

void bw_board_say(struct bw_drawing *f, const char *fmt, ...)
{
    size_t at = strlen(f->description);
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(f->description + at, sizeof(f->description) - at, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(f->description) - at) {
        f->description[at] = '\0';
    }
}

void bw_board_say_missing(const struct bw_report *r, struct bw_drawing *f)
{
    char length[BW_WORDS_MAX];

    if (r->coverage.missing_s <= 0) {
        bw_board_say(f, " No time is without records.");
        return;
    }
    bw_words_length(r->coverage.missing_s * 1000, length);
    bw_board_say(f, " Time without records, %s in all, is hatched.", length);
}

void bw_board_say_claim(const struct bw_report *r,
                        int direction,
                        enum bw_layer layer,
                        struct bw_drawing *f)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);
    char rate[BW_WORDS_MAX];

    if (!c || c->bps[direction] == BW_UNKNOWN) {
        bw_board_say(f, " No claim is on file.");
        return;
    }
    bw_words_rate(c->bps[direction], rate);
    if (bw_board_claim_at(r, c, direction, layer) == BW_UNKNOWN) {
        bw_board_say(f,
                     " The claim, %s, is not drawn: it cannot be converted to the layer "
                     "shown.",
                     rate);
    } else {
        bw_board_say(f, " The claim, %s%s, is a solid line.", rate,
                     r->n_claims > 1 ? " at the end of the period" : "");
    }
}
