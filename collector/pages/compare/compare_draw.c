/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_draw.c - figures in words, and strips: a box from the lower to the upper quartile
 * with the median in it, a whisker between the ends, a stroke for each that is seen.
 *
 * Invariant: a strip stands beside its numbers and has none that does not stand there. */
#include "compare_parts.h"

#include <page_parts.h>

enum {
    WIDE = 300, /* of a strip, in its own units */
    HIGH = 30,
    STROKES = 120, /* of one strip, at most */
    MINUTES = 60
};

static void tenths(struct bw_buf *b, int64_t ppm)
{
    int64_t t = (ppm + 500) / 1000;
    bw_buf_printf(b, "%lld.%lld&nbsp;%%", (long long)(t / 10), (long long)(t % 10));
}

void bw_compare_value_words(struct bw_buf *b, enum bw_compare_measure m, int64_t v)
{
    if (v == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
        return;
    }
    switch (m) {
    case BW_COMPARE_STUDENTS:
        bw_page_rate(b, v);
        break;
    case BW_COMPARE_LATENCY:
        bw_page_ms(b, v);
        break;
    case BW_COMPARE_OUTAGE:
        bw_page_span(b, v);
        break;
    case BW_COMPARE_PRICE:
    case BW_COMPARE_PRICE_TESTED:
        bw_buf_printf(b, "$%lld.%02lld", (long long)(v / 100), (long long)(v % 100));
        break;
    case BW_COMPARE_FULL: { /* of an hour, in tenths of a minute */
        int64_t t = (v * MINUTES * 10 + 500000) / 1000000;
        bw_buf_printf(b, "%lld.%lld&nbsp;min", (long long)(t / 10), (long long)(t % 10));
        break;
    }
    case BW_COMPARE_TESTED:
    case BW_COMPARE_USED:
    case BW_COMPARE_MEASURES:
    default:
        tenths(b, v);
        break;
    }
}

void bw_compare_about(struct bw_buf *b, enum bw_compare_measure m, int64_t v, bool rounded)
{
    if (rounded && v != BW_UNKNOWN && v != 0) {
        bw_buf_puts(b, "about ");
    }
    bw_compare_value_words(b, m, v);
}

/* ---- the scale --------------------------------------------------------------------------
 */

void bw_compare_scale_value(struct bw_compare_scale *s, int64_t v)
{
    if (v != BW_UNKNOWN && v > s->top) {
        s->top = v;
    }
}

void bw_compare_scale_begin(struct bw_compare_scale *s, int64_t target)
{
    s->top = 0;
    if (target != BW_UNKNOWN) {
        bw_compare_scale_value(s, target + target / 4);
    }
}

/* Far ends do not press all else together: half as far again as the upper quartile is told,
 * what lies beyond stands at the edge. */
void bw_compare_scale_take(struct bw_compare_scale *s, const struct bw_compare_spread *x)
{
    int64_t far = x->q3 != BW_UNKNOWN ? x->q3 : x->median;

    if (x->hidden || far == BW_UNKNOWN) {
        return;
    }
    far += far / 2;
    if (far == 0) { /* most are nought: to see the others at all */
        bw_compare_scale_value(s, x->high);
    }
    bw_compare_scale_value(s, x->high != BW_UNKNOWN && x->high < far ? x->high : far);
}

/* The next round number. */
void bw_compare_scale_end(struct bw_compare_scale *s, enum bw_compare_measure m)
{
    static const int64_t steps[] = {10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100};
    int64_t unit = 1;

    if (s->top <= 0) {
        s->top = m == BW_COMPARE_TESTED || m == BW_COMPARE_USED || m == BW_COMPARE_FULL
                     ? 1000000
                     : 1;
        return;
    }
    while (unit < INT64_MAX / 1000 && s->top > unit * 100) {
        unit *= 10;
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i] * unit >= s->top) {
            s->top = steps[i] * unit;
            return;
        }
    }
}

static int at(const struct bw_compare_scale *s, int64_t v)
{
    int64_t x = v >= s->top ? WIDE
                : v <= 0    ? 0
                            : (int64_t)((double)v * WIDE / (double)s->top);
    return (int)x + 5;
}

void bw_compare_axis(struct bw_buf *b,
                     const struct bw_compare_scale *s,
                     enum bw_compare_measure m)
{
    bw_buf_puts(b, "<div class=\"axis\"><span>");
    bw_compare_value_words(b, m, 0);
    bw_buf_puts(b, "</span><span>");
    bw_compare_value_words(b, m, s->top / 2);
    bw_buf_puts(b, "</span><span>");
    bw_compare_value_words(b, m, s->top);
    bw_buf_puts(b, "</span></div>");
}

static void stroke(struct bw_buf *b, int x, int from, int to, const char *css)
{
    bw_buf_printf(b, "<path class=\"%s\" d=\"M%d %dV%d\"/>", css, x, from, to);
}

void bw_compare_strip(struct bw_buf *b,
                      const struct bw_compare_scale *s,
                      const struct bw_compare_spread *x,
                      const int64_t *values,
                      size_t n,
                      int64_t target)
{
    bw_buf_printf(b,
                  "<svg class=\"strip\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\" "
                  "focusable=\"false\"><path class=\"base\" d=\"M5 15H%d\"/>",
                  WIDE + 10, HIGH, WIDE + 5);
    if (target != BW_UNKNOWN) {
        stroke(b, at(s, target), 0, HIGH, "target");
    }
    if (!x->hidden && x->low != BW_UNKNOWN) {
        bw_buf_printf(b, "<path class=\"ends\" d=\"M%d 15H%d\"/>", at(s, x->low),
                      at(s, x->high));
    }
    if (!x->hidden && x->q1 != BW_UNKNOWN) {
        int from = at(s, x->q1);
        int wide = at(s, x->q3) - from;
        bw_buf_printf(b,
                      "<rect class=\"box\" x=\"%d\" y=\"6\" width=\"%d\" height=\"18\"/>",
                      from, wide > 1 ? wide : 2);
    }
    if (n > 0 && n <= STROKES) {
        bw_buf_puts(b, "<path class=\"each\" d=\"");
        for (size_t i = 0; i < n; i++) {
            bw_buf_printf(b, "M%d 10v10", at(s, values[i]));
        }
        bw_buf_puts(b, "\"/>");
    }
    if (!x->hidden && x->median != BW_UNKNOWN) {
        stroke(b, at(s, x->median), 3, HIGH - 3, "mid");
    }
    bw_buf_puts(b, "</svg>");
}
