/* SPDX-License-Identifier: GPL-3.0-or-later
 * chart_private.h - the small drawing board under the charts. Lengths are tenths of a
 * pixel. Private to this folder. */
#ifndef BW_EVIDENCE_CHART_PRIVATE_H
#define BW_EVIDENCE_CHART_PRIVATE_H

#include <stdint.h>

struct bw_buf;
struct bw_report;

/* Where a chart's plot lies and what its axes span. */
struct bw_chart {
    int64_t left;
    int64_t top;
    int64_t width;
    int64_t height;
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t top_value;
    int64_t step;
};

void bw_chart_px(struct bw_buf *out, int64_t tenths);
void bw_chart_open(struct bw_buf *out,
                   const char *id,
                   int width_px,
                   int height_px,
                   const char *title,
                   const char *description);
void bw_chart_close(struct bw_buf *out);
void bw_chart_rect(
    struct bw_buf *out, int64_t x, int64_t y, int64_t w, int64_t h, const char *klass);
void bw_chart_line(
    struct bw_buf *out, int64_t x1, int64_t y1, int64_t x2, int64_t y2, const char *klass);
/* Text classes: "e" ends at x, "m" is centred, "s" and "v" start, "h" is a heading. */
void bw_chart_text(
    struct bw_buf *out, int64_t x, int64_t y, const char *klass, const char *text);

int64_t bw_chart_x(const struct bw_chart *c, int64_t unix_ms);
int64_t bw_chart_y(const struct bw_chart *c, int64_t value);
/* Choose step and top of the value axis. */
void bw_chart_scale(struct bw_chart *c, int64_t highest);
void bw_chart_rate_axis(const struct bw_chart *c, struct bw_buf *out);
void bw_chart_time_axis(const struct bw_report *r,
                        const struct bw_chart *c,
                        struct bw_buf *out);
/* Missing time and time that has not come yet. */
void bw_chart_shade(const struct bw_report *r,
                    const struct bw_chart *c,
                    struct bw_buf *out);

#endif
