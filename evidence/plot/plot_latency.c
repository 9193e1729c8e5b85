/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_latency.c - round trips, idle and loaded, as ranges on one scale of decades.
 *
 * Invariant: each row names its statistic; rows that rest on nothing are not drawn. */
#include "board.h"
#include "plot.h"

#include <stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <words.h>

enum {
    ROWS = 14,
    LEFT = 190 * BW_PT,
    RIGHT = 96 * BW_PT,
    TOP = 24 * BW_PT,
    ROW = 13 * BW_PT,
    THICK = 7 * BW_PT,
    BOTTOM = 16 * BW_PT
};

/* Four values in ascending order: a thin line from the first to the last, a thick one
 * between the two in the middle. */
struct range {
    char name[56];
    int64_t at_us[4];
    bool loaded;
};

struct ranges {
    struct range list[ROWS];
    size_t n;
};

static void add(struct ranges *s, struct range x)
{
    for (int i = 0; i < 4; i++) {
        if (x.at_us[i] == BW_UNKNOWN || x.at_us[i] <= 0) {
            return;
        }
    }
    if (s->n < ROWS) {
        s->list[s->n++] = x;
    }
}

static void of_runs(const struct bw_report *r, bool loaded, struct ranges *s)
{
    int64_t *values = calloc(r->n_runs + 1, sizeof(*values));
    struct range x = {.loaded = loaded};
    size_t n = 0;

    for (size_t i = 0; values && i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        int64_t v = loaded ? t->rtt_loaded_p95_us : t->rtt_idle_us;
        if (t->state == BW_TEST_OK && t->apart == BW_APART_NOT && v != BW_UNKNOWN) {
            values[n++] = v;
        }
    }
    if (n > 0) {
        (void)snprintf(x.name, sizeof(x.name), "%zu tests, %s", n,
                       loaded ? "P95 while loaded" : "idle, just before");
        x.at_us[1] = bw_stat_percentile(values, n, 500000); /* sorts */
        x.at_us[2] = bw_stat_percentile(values, n, 950000);
        x.at_us[0] = values[0];
        x.at_us[3] = values[n - 1];
        add(s, x);
    }
    free(values);
}

static void
of_times(const char *name, bool loaded, const struct bw_detail_times *t, struct ranges *s)
{
    struct range x = {.at_us = {t->min_us, t->p50_us, t->p95_us, t->p95_us},
                      .loaded = loaded};

    if (t->n > 0) {
        (void)snprintf(x.name, sizeof(x.name), "%s", name);
        add(s, x);
    }
}

static void rows_of(const struct bw_report *r, struct ranges *s)
{
    *s = (struct ranges){0};
    for (size_t i = 0; i < r->n_latency && s->n < ROWS - 4; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        struct range x = {.at_us = {l->min_us, l->p50_us, l->p95_us, l->p99_us}};
        if (l->answered > 0) {
            (void)snprintf(x.name, sizeof(x.name), "%.24s, %s hours", l->probe,
                           l->window == BW_WINDOW_CLASS ? "class" : "all");
            add(s, x);
        }
    }
    of_runs(r, false, s);
    of_runs(r, true, s);
    of_times("users' traffic, other seconds", false, &r->traffic.others.times, s);
    of_times("users' traffic, line saturated", true, &r->traffic.saturated.times, s);
}

/* Thousandths of the binary logarithm of v >= 1, by squaring; the same on any machine. */
static int64_t log2_milli(int64_t v)
{
    uint64_t m;
    int64_t whole = 0;
    int64_t bits = 0;

    while (v >> (whole + 1)) {
        whole++;
    }
    m = whole > 30 ? (uint64_t)v >> (whole - 30) : (uint64_t)v << (30 - whole);
    for (int i = 0; i < 14; i++) {
        m = m * m >> 30;
        bits <<= 1;
        if (m >> 31) {
            m >>= 1;
            bits |= 1;
        }
    }
    return whole * 1000 + (bits * 1000 >> 14);
}

struct span {
    int64_t low_us; /* 1, 2 or 5 times a power of ten */
    int64_t high_us;
};

static int64_t decade(int64_t v, bool up)
{
    static const int64_t factor[] = {1, 2, 5, 10};
    int64_t unit = 1;

    while (unit * 10 <= v) {
        unit *= 10;
    }
    for (int i = 0; i < 3; i++) {
        if (unit * factor[i + 1] > v) {
            return up && unit * factor[i] < v ? unit * factor[i + 1] : unit * factor[i];
        }
    }
    return unit;
}

static int64_t at_x(const struct span *s, int64_t width, int64_t us)
{
    int64_t low = log2_milli(s->low_us);
    int64_t high = log2_milli(s->high_us);

    return LEFT + (high > low ? (log2_milli(us) - low) * width / (high - low) : 0);
}

static void axis(struct bw_canvas *c, const struct span *s, int64_t width, int64_t bottom)
{
    int64_t taken = 0;

    for (int64_t v = s->low_us; v <= s->high_us; v = decade(v + 1, true)) {
        int64_t x = at_x(s, width, v);
        char text[BW_WORDS_MAX];
        int64_t w;
        if (v % 1000 == 0) {
            (void)snprintf(text, sizeof(text), "%lld", (long long)(v / 1000));
        } else {
            (void)snprintf(text, sizeof(text), "0.%0*lld", v % 100 ? 3 : 1,
                           (long long)(v % 100 ? v : v / 100));
        }
        w = bw_canvas_text_mpt(BW_ROLE_LABEL, text);
        bw_canvas_line(c, x, TOP - 4 * BW_PT, x, bottom, BW_STYLE_GRID);
        if (x - w / 2 >= taken) {
            bw_canvas_text(c, x, bottom + 10 * BW_PT, BW_ROLE_LABEL, BW_ANCHOR_MIDDLE,
                           text);
            taken = x + w / 2 + 4 * BW_PT;
        }
    }
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    struct ranges s;
    struct span span = {INT64_MAX, 1};
    int64_t width = width_mpt - LEFT - RIGHT;
    char p50[BW_WORDS_MAX];
    char p95[BW_WORDS_MAX];
    char text[160];

    rows_of(f->of, &s);
    for (size_t i = 0; i < s.n; i++) {
        span.low_us = s.list[i].at_us[0] < span.low_us ? s.list[i].at_us[0] : span.low_us;
        span.high_us =
            s.list[i].at_us[3] > span.high_us ? s.list[i].at_us[3] : span.high_us;
    }
    if (s.n == 0) {
        return;
    }
    span = (struct span){decade(span.low_us, false), decade(span.high_us, true)};
    span.high_us = span.high_us > span.low_us ? span.high_us : 2 * span.low_us;
    bw_canvas_text(c, 0, 8 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_START,
                   "ms; thick: median to P95; thin: from the lowest on, of targets to P99, "
                   "of tests to "
                   "highest");
    axis(c, &span, width, TOP + (int64_t)s.n * ROW);
    for (size_t i = 0; i < s.n; i++) {
        const struct range *x = &s.list[i];
        int64_t y = TOP + (int64_t)i * ROW;
        int64_t at[4];
        for (int k = 0; k < 4; k++) {
            at[k] = at_x(&span, width, x->at_us[k]);
        }
        bw_canvas_text(c, LEFT - 6 * BW_PT, y + 7 * BW_PT, BW_ROLE_LABEL, BW_ANCHOR_END,
                       x->name);
        bw_canvas_line(c, at[0], y + THICK / 2 + BW_PT, at[3], y + THICK / 2 + BW_PT,
                       BW_STYLE_SERIES);
        bw_canvas_rect(c, at[1], y + BW_PT, at[2] - at[1] > 900 ? at[2] - at[1] : 900,
                       THICK, x->loaded ? BW_STYLE_DEEP : BW_STYLE_MID);
        bw_words_delay(x->at_us[1], p50);
        bw_words_delay(x->at_us[2], p95);
        (void)snprintf(text, sizeof(text), "%s, %s", p50, p95);
        bw_canvas_text(c, LEFT + width + 8 * BW_PT, y + 7 * BW_PT, BW_ROLE_LABEL,
                       BW_ANCHOR_START, text);
    }
}

static int64_t height(const struct bw_drawing *f, int64_t width_mpt)
{
    struct ranges s;
    (void)width_mpt;

    rows_of(f->of, &s);
    return TOP + (int64_t)s.n * ROW + BOTTOM;
}

bool bw_plot_has_latency(const struct bw_report *r)
{
    struct ranges s;

    rows_of(r, &s);
    return s.n > 0;
}

void bw_plot_latency(const struct bw_report *r, struct bw_drawing *ret)
{
    struct ranges s;
    char p50[BW_WORDS_MAX];
    char p95[BW_WORDS_MAX];

    *ret = (struct bw_drawing){.id = "delays",
                               .title = "Round trips, idle and loaded",
                               .height = height,
                               .draw = draw,
                               .of = r};
    bw_board_say(ret, "A row each, median and P95:");
    rows_of(r, &s);
    for (size_t i = 0; i < s.n; i++) {
        bw_words_delay(s.list[i].at_us[1], p50);
        bw_words_delay(s.list[i].at_us[2], p95);
        bw_board_say(ret, " %s: %s, %s%s", s.list[i].name, p50, p95,
                     i + 1 < s.n ? ";" : ".");
    }
}
