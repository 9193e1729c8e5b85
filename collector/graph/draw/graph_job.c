/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_job.c - a job for a drawing process as the arguments of rrd_graph_v(). Pure.
 *
 * What every picture says: the layer, the statistic, the unit, the claim, and where
 * nothing was measured. Colours keep apart for every kind of sight (Okabe and Ito's set),
 * and line widths and dashes repeat what colour says. */
#include "graph_args.h"
#include "graph_worker.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ARG_BYTES_MAX = 2 * PATH_MAX + 128
};

enum { /* places of a latency series; in the others: by direction, twice */
    P50,
    P95,
    LOSS
};

/* --- arguments --------------------------------------------------------------------------
 */

void graph_arg(struct args *a, const char *fmt, ...)
{
    if (a->error < 0 || a->n == GRAPH_ARGS_MAX) {
        a->error = -E2BIG;
        return;
    }
    char *one = malloc(ARG_BYTES_MAX);
    if (!one) {
        a->error = -ENOMEM;
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(one, ARG_BYTES_MAX, fmt, ap);
    va_end(ap);
    a->list[a->n++] = one;
    if (n < 0 || n >= ARG_BYTES_MAX) {
        a->error = -E2BIG;
    }
}

/* Colons end a part of an argument, backslashes escape: put one before both. */
static const char *escaped(const char *in, char *out, size_t cap)
{
    size_t n = 0;
    for (; *in && n + 2 < cap; in++) {
        if (*in == ':' || *in == '\\') {
            out[n++] = '\\';
        }
        out[n++] = *in;
    }
    out[n] = '\0';
    return out;
}

static const struct look light = {.back = "FFFFFF",
                                  .canvas = "FFFFFF",
                                  .font = "1F2933",
                                  .grid = "E4E7EB",
                                  .mgrid = "C3CAD2",
                                  .axis = "7B8794",
                                  .gap = "CBD2D9AA",
                                  .claim = "1F2933",
                                  .down = "0072B2",
                                  .up = "C85A00",
                                  .worse = "B3005E",
                                  .still = "3E7D52"};
static const struct look dark = {.back = "161B22",
                                 .canvas = "161B22",
                                 .font = "E6EDF3",
                                 .grid = "262D36",
                                 .mgrid = "3A434E",
                                 .axis = "8B97A5",
                                 .gap = "4A5562AA",
                                 .claim = "E6EDF3",
                                 .down = "56B4E9",
                                 .up = "F0A23B",
                                 .worse = "F778BA",
                                 .still = "7FD49B"};

static void frame(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    graph_arg(a, "graph");
    graph_arg(a, "-");
    graph_arg(a, "--imgformat=%s", j->format == BW_GRAPH_SVG ? "SVG" : "PNG");
    graph_arg(a, "--start=%lld", (long long)j->from_unix_s);
    graph_arg(a, "--end=%lld", (long long)j->to_unix_s);
    graph_arg(a, "--width=%lld", (long long)j->width);
    graph_arg(a, "--height=%lld", (long long)j->height);
    graph_arg(a, "--full-size-mode");
    graph_arg(a, "--slope-mode");
    graph_arg(a, "--border=0");
    graph_arg(a, "--disable-rrdtool-tag");
    if (strcmp(j->topic, "traffic") == 0) { /* it has two sides */
        graph_arg(a, "--alt-autoscale");
    } else {
        graph_arg(a, "--lower-limit=0");
        graph_arg(a, "--alt-autoscale-max");
    }
    graph_arg(a, "--title=%s", j->title);
    graph_arg(a, "--font=DEFAULT:9:DejaVu Sans");
    graph_arg(a, "--font=TITLE:11:DejaVu Sans Bold");
    graph_arg(a, "--font=LEGEND:9:DejaVu Sans Mono");
    graph_arg(a, "--color=BACK#%s", l->back);
    graph_arg(a, "--color=CANVAS#%s", l->canvas);
    graph_arg(a, "--color=SHADEA#%s", l->back);
    graph_arg(a, "--color=SHADEB#%s", l->back);
    graph_arg(a, "--color=FONT#%s", l->font);
    graph_arg(a, "--color=GRID#%s", l->grid);
    graph_arg(a, "--color=MGRID#%s", l->mgrid);
    graph_arg(a, "--color=AXIS#%s", l->axis);
    graph_arg(a, "--color=ARROW#%s", l->axis);
    graph_arg(a, "--color=FRAME#%s", l->back);
    graph_arg(a, "--grid-dash=1:2");
}

void graph_def_of(
    struct args *a, const char *rrd, const char *name, const char *ds, const char *cf)
{
    char path[2 * PATH_MAX];
    graph_arg(a, "DEF:%s=%s:%s:%s", name, escaped(rrd, path, sizeof(path)), ds, cf);
}

void graph_def(struct args *a,
               const struct bw_graph_job *j,
               const char *name,
               const char *ds,
               const char *cf)
{
    graph_def_of(a, j->rrd, name, ds, cf);
}

/* "5 min", "10 s" */
static const char *length(int64_t s, char out[24])
{
    if (s % 60 == 0) {
        (void)snprintf(out, 24, "%lld min", (long long)(s / 60));
    } else {
        (void)snprintf(out, 24, "%lld s", (long long)s);
    }
    return out;
}

static void rate_text(int64_t bps, char out[32])
{
    if (bps % 1000000000 == 0) {
        (void)snprintf(out, 32, "%lld Gbit/s", (long long)(bps / 1000000000));
    } else if (bps >= 1000000) {
        (void)snprintf(out, 32, bps % 1000000 ? "%.1f Mbit/s" : "%.0f Mbit/s",
                       (double)bps / 1e6);
    } else {
        (void)snprintf(out, 32, "%.0f kbit/s", (double)bps / 1e3);
    }
}

static void day_text(int64_t unix_s, char out[16])
{
    struct tm tm;
    time_t at = (time_t)unix_s;
    out[0] = '\0';
    if (localtime_r(&at, &tm)) {
        (void)strftime(out, 16, "%Y-%m-%d", &tm);
    }
}

/* "100 Mbit/s (ip layer) from 2026-07-01 to 2027-07-01", edges outside the picture left
 * out. */
static void claim_words(const struct bw_graph_job *j,
                        const struct bw_graph_claim *c,
                        int d,
                        char out[128])
{
    char rate[32];
    char from[16] = "";
    char to[16] = "";
    const char *layer = c->layer;
    rate_text(c->bps[d], rate);
    if (c->from_unix_s > j->from_unix_s) {
        day_text(c->from_unix_s, from);
    }
    if (c->to_unix_s < j->to_unix_s) {
        day_text(c->to_unix_s, to);
    }
    (void)snprintf(out, 128, "%s%s%s%s%s%s%s%s", rate, layer[0] ? " (" : "", layer,
                   layer[0] ? " layer)" : "", from[0] ? " from " : "", from,
                   to[0] ? " to " : "", to);
}

/* The value of each moment: librrd's TIME is the end of a step. */
static void claim_steps(struct args *a, const struct bw_graph_job *j, int d)
{
    char rpn[BW_GRAPH_CLAIMS_MAX * 96 + 64];
    size_t n = 0;
    size_t ifs = 0;
    for (size_t i = 0; i < j->n_claims; i++) {
        const struct bw_graph_claim *c = &j->claims[i];
        char rate[24] = "UNKN";
        if (c->bps[d] != BW_UNKNOWN) {
            (void)snprintf(rate, sizeof(rate), "%lld", (long long)c->bps[d]);
        }
        n +=
            (size_t)snprintf(rpn + n, sizeof(rpn) - n, "TIME,%lld,LE,UNKN,TIME,%lld,LE,%s,",
                             (long long)c->from_unix_s, (long long)c->to_unix_s, rate);
        ifs += 2;
    }
    n += (size_t)snprintf(rpn + n, sizeof(rpn) - n, "UNKN");
    for (; ifs > 0; ifs--) {
        n += (size_t)snprintf(rpn + n, sizeof(rpn) - n, ",IF");
    }
    graph_arg(a, "CDEF:claim%d=down,POP,%s", d, rpn);
}

static void claim(struct args *a, const struct bw_graph_job *j, const struct look *l, int d)
{
    static const char *const names[] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    const char *colour = d == BW_DOWN ? l->down : l->up;
    const char *dashes = d == BW_DOWN ? "9,3" : "3,3";
    char words[128];
    size_t n = 0;
    for (size_t i = 0; i < j->n_claims; i++) {
        const struct bw_graph_claim *c = &j->claims[i];
        if (c->bps[d] == BW_UNKNOWN) {
            continue;
        }
        claim_words(j, c, d, words);
        if (n++ > 0) {
            graph_arg(a, "COMMENT:   then %s", words);
        } else if (j->n_claims == 1 && c->from_unix_s <= j->from_unix_s &&
                   c->to_unix_s >= j->to_unix_s) {
            graph_arg(a, "LINE1.5:%lld#%s:Claimed %s %s:dashes=%s", (long long)c->bps[d],
                      colour, names[d], words, dashes);
        } else {
            claim_steps(a, j, d);
            graph_arg(a, "LINE1.5:claim%d#%s:Claimed %s %s:dashes=%s", d, colour, names[d],
                      words, dashes);
        }
    }
    if (n > 1) {
        graph_arg(a, "COMMENT:\\l");
    }
}

void graph_foot(struct args *a, const struct bw_graph_job *j)
{
    char zone[16] = "";
    char step[24];
    char text_[256];
    struct tm tm;
    time_t at = (time_t)j->to_unix_s;
    if (localtime_r(&at, &tm)) {
        (void)strftime(zone, sizeof(zone), "%Z", &tm);
    }
    char line[192];
    (void)snprintf(
        line, sizeof(line),
        "Intervals of %s. Time zone: %s. A picture; the records are the evidence.",
        length(j->step_s, step), j->zone[0] ? j->zone : zone);
    graph_arg(a, "COMMENT:%s\\l", escaped(line, text_, sizeof(text_)));
    if (j->seen[0]) {
        graph_arg(a, "COMMENT:%s\\l", escaped(j->seen, text_, sizeof(text_)));
    }
}

/* The figures behind a name in the legend; librrd would print "-nan" where nothing is
 * known. */
void graph_stats(struct args *a,
                 int mean_ds,
                 const char *mean,
                 int peak_ds,
                 const char *peak,
                 const char *unit)
{
    if (a->blank[mean_ds]) {
        graph_arg(a, "COMMENT:nothing in this range\\l");
        return;
    }
    graph_arg(a, "VDEF:v%s=%s,AVERAGE", mean, mean);
    graph_arg(a, "GPRINT:v%s:mean %%6.2lf %s", mean, unit);
    if (a->blank[peak_ds]) {
        graph_arg(a, "COMMENT:\\l");
        return;
    }
    graph_arg(a, "VDEF:v%s=%s,MAXIMUM", peak, peak);
    graph_arg(a, "GPRINT:v%s:highest %%6.2lf %s\\l", peak, unit);
}

void graph_rate_label(struct args *a, const struct bw_graph_job *j)
{
    graph_arg(a, "--vertical-label=%sbit/s, %s layer", j->at_least ? "at least, " : "",
              j->layer[0] ? j->layer : "unnamed");
}

void graph_at_least(struct args *a, const struct bw_graph_job *j)
{
    if (j->at_least) {
        graph_arg(a, "COMMENT:Counted at a mirror port, which can miss traffic\\: the line "
                     "carried this much or more.\\l");
    }
}

static void draw_link(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    const char *how = j->at_least ? "at least, mean of interval" : "mean of interval";
    graph_rate_label(a, j);
    graph_def(a, j, "down", "down", "AVERAGE");
    graph_def(a, j, "up", "up", "AVERAGE");
    graph_def(a, j, "dpeak", "down_peak", "MAX");
    graph_def(a, j, "upeak", "up_peak", "MAX");
    graph_arg(a, "CDEF:gap=down,UN,up,UN,*,INF,UNKN,IF");
    graph_arg(a, "AREA:gap#%s", l->gap);
    graph_marks(a, j, l, "down");
    graph_arg(a, "AREA:down#%s55", l->down);
    graph_arg(a, "LINE1:dpeak#%s88", l->down);
    graph_arg(a, "LINE1:upeak#%s88:dashes=2,2", l->up);
    graph_arg(a, "LINE1.6:down#%s:Down, %s ", l->down, how);
    graph_stats(a, BW_DOWN, "down", BW_DIRECTIONS + BW_DOWN, "dpeak", "%sbit/s");
    graph_arg(a, "LINE1.6:up#%s:Up, %s   ", l->up, how);
    graph_stats(a, BW_UP, "up", BW_DIRECTIONS + BW_UP, "upeak", "%sbit/s");
    claim(a, j, l, BW_DOWN);
    claim(a, j, l, BW_UP);
    if (j->n_claims > 0) {
        graph_arg(a, "COMMENT:\\l");
    }
    graph_p95(a, j, l);
    graph_arg(a, "AREA:0#%s:Not measured", l->gap);
    graph_marks_legend(a, j, l);
    graph_arg(a, "COMMENT:\\l");
    if (!(j->at_least && j->blank[BW_DIRECTIONS + BW_DOWN] &&
          j->blank[BW_DIRECTIONS + BW_UP])) { /* a mirror has no peak */
        graph_arg(a, "COMMENT:Thin lines and \"highest\"\\: the highest second.\\l");
    }
    graph_at_least(a, j);
    graph_foot(a, j);
}

static void draw_latency(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    graph_arg(a, "--vertical-label=round trip, ms");
    graph_arg(a, "--units-exponent=0");
    graph_def(a, j, "p50s", "p50", "AVERAGE");
    graph_def(a, j, "p95s", "p95", "AVERAGE");
    graph_def(a, j, "p95ms", "p95", "MAX");
    graph_def(a, j, "loss", "loss", "AVERAGE");
    graph_arg(a, "CDEF:p50=p50s,1000,*");
    graph_arg(a, "CDEF:p95=p95s,1000,*");
    graph_arg(a, "CDEF:p95top=p95ms,1000,*");
    graph_arg(a, "CDEF:losspct=loss,100,*");
    graph_arg(a, "CDEF:gap=loss,UN,INF,UNKN,IF");
    graph_arg(a, "CDEF:some=losspct,0.1,GE,losspct,2,LE,*,INF,UNKN,IF");
    graph_arg(a, "CDEF:much=losspct,2,GT,losspct,99.9,LT,*,INF,UNKN,IF");
    graph_arg(a, "CDEF:all=losspct,99.9,GE,INF,UNKN,IF");
    graph_arg(a, "AREA:gap#%s", l->gap);
    graph_marks(a, j, l, "loss");
    graph_arg(a, "AREA:some#%s2A", l->worse);
    graph_arg(a, "AREA:much#%s66", l->worse);
    graph_arg(a, "AREA:all#%sCC", l->worse);
    graph_arg(a, "LINE1:p95#%s:P95 of interval    :dashes=4,2", l->up);
    graph_stats(a, P95, "p95", P95, "p95top", "ms");
    graph_arg(a, "LINE1.6:p50#%s:Median of interval ", l->down);
    if (a->blank[P50]) {
        graph_arg(a, "COMMENT:\\l");
    } else {
        graph_arg(a, "VDEF:vp50=p50,AVERAGE");
        graph_arg(a, "GPRINT:vp50:mean %%6.2lf ms\\l");
    }
    graph_arg(a, "AREA:0#%s2A:Lost 0.1 to 2 %%", l->worse);
    graph_arg(a, "AREA:0#%s66:more", l->worse);
    graph_arg(a, "AREA:0#%sCC:all", l->worse);
    graph_arg(a, "AREA:0#%s:Not measured", l->gap);
    if (a->blank[LOSS]) {
        graph_arg(a, "COMMENT:\\l");
    } else {
        graph_arg(a, "VDEF:vloss=losspct,AVERAGE");
        graph_arg(a, "GPRINT:vloss:Mean loss %%.3lf %%%%\\l");
    }
    graph_marks_legend(a, j, l);
    graph_foot(a, j);
}

static void
draw_throughput(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    graph_arg(a, "--vertical-label=bit/s, layer in the legend");
    graph_def(a, j, "down", "down", "AVERAGE");
    graph_def(a, j, "up", "up", "AVERAGE");
    graph_def(a, j, "dmax", "down", "MAX");
    graph_def(a, j, "umax", "up", "MAX");
    graph_def(a, j, "ldown", "line_down", "AVERAGE");
    graph_def(a, j, "lup", "line_up", "AVERAGE");
    graph_arg(a, "CDEF:hdown=down,UN,PREV,down,IF");
    graph_arg(a, "CDEF:hup=up,UN,PREV,up,IF");
    graph_marks(a, j, l, "down");
    graph_arg(a, "LINE1:hdown#%s66", l->down);
    graph_arg(a, "LINE1:hup#%s66:dashes=2,2", l->up);
    graph_arg(a, "LINE3:ldown#%s55", l->down);
    graph_arg(a, "LINE3:lup#%s55", l->up);
    graph_arg(a, "LINE4:down#%s:Tested down, goodput ", l->down);
    graph_stats(a, BW_DOWN, "down", BW_DOWN, "dmax", "%sbit/s");
    graph_arg(a, "LINE4:up#%s:Tested up, goodput   ", l->up);
    graph_stats(a, BW_UP, "up", BW_UP, "umax", "%sbit/s");
    graph_arg(
        a, "LINE3:0#%s55:Pale marks\\: the line's counter in the same seconds, %s layer\\l",
        l->axis, j->layer[0] ? j->layer : "unnamed");
    claim(a, j, l, BW_DOWN);
    claim(a, j, l, BW_UP);
    graph_arg(a, "COMMENT:\\l");
    graph_arg(a, "COMMENT:Thin lines hold the last test until the next.\\l");
    graph_marks_legend(a, j, l);
    graph_foot(a, j);
}

int bw_graph_args(const struct bw_graph_job *j, char ***ret, int *ret_n)
{
    struct args a = {.blank = j->blank};
    const struct look *l = j->dark ? &dark : &light;
    frame(&a, j, l);
    if (strcmp(j->topic, "link") == 0) {
        draw_link(&a, j, l);
    } else if (strcmp(j->topic, "latency") == 0) {
        draw_latency(&a, j, l);
    } else if (strcmp(j->topic, "throughput") == 0) {
        draw_throughput(&a, j, l);
    } else if (graph_draw_traffic(&a, j, l) < 0) {
        a.error = -EINVAL;
    }
    char **list = a.error < 0 ? NULL : malloc((size_t)(a.n + 1) * sizeof(*list));
    if (!list) {
        for (int i = 0; i < a.n; i++) {
            free(a.list[i]);
        }
        return a.error < 0 ? a.error : -ENOMEM;
    }
    memcpy(list, a.list, (size_t)a.n * sizeof(*list));
    list[a.n] = NULL;
    *ret = list;
    *ret_n = a.n;
    return 0;
}

void bw_graph_args_free(char **args, int n)
{
    for (int i = 0; args && i < n; i++) {
        free(args[i]);
    }
    free(args);
}
