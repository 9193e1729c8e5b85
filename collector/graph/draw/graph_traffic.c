/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_traffic.c - pictures of what users' packets tell: the mix of classes, round trips,
 * repeats, and what the round trip does while the line is full.
 *
 * Shares and repeats are drawn from a part of the packets: legends name no share, since
 * one without its error is not for reading off. Bands stand in the order of the legend,
 * from the axis outwards, with an edge between. */
#include "graph_args.h"
#include "graph_worker.h"

#include <errno.h>
#include <series.h>
#include <stdio.h>
#include <string.h>

/* By bw_series_classes; on light and on dark ground alike. */
static const char *const class_colours[BW_SERIES_CLASSES] = {
    "2C7FB8", "7CC4EA", "1B9E77", "E6C229", "D98CB3",
    "D55E00", "8B6BB8", "8C6D31", "4D4D4D", "9AA5B1"};

static void mix_side(struct args *a, int d)
{
    for (int i = 0; i < BW_SERIES_CLASSES; i++) {
        const char *stack = i > 0 ? ":STACK" : "";
        if (d == BW_DOWN) {
            graph_arg(a, "AREA:d%d#%s:%-5s%s", i, class_colours[i], bw_series_classes[i],
                      stack);
        } else {
            graph_arg(a, "AREA:n%d#%s:%s", i, class_colours[i], stack);
        }
    }
}

static void draw_mix(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    char name[16];
    graph_rate_label(a, j);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        for (int i = 0; i < BW_SERIES_CLASSES; i++) {
            (void)snprintf(name, sizeof(name), "%s%d", d == BW_DOWN ? "d" : "u", i);
            graph_def(a, j, name, bw_series_traffic.ds[d * BW_SERIES_CLASSES + i],
                      "AVERAGE");
            if (d == BW_UP) {
                graph_arg(a, "CDEF:n%d=u%d,-1,*", i, i);
            }
        }
    }
    /* Each way its own: one may be told without the other, and that is not nothing. */
    graph_arg(a, "CDEF:gap=d0,UN,INF,UNKN,IF");
    graph_arg(a, "CDEF:gapup=u0,UN,NEGINF,UNKN,IF");
    graph_arg(a, "AREA:gap#%s", l->gap);
    graph_arg(a, "AREA:gapup#%s", l->gap);
    mix_side(a, BW_DOWN);
    graph_arg(a, "COMMENT:\\l");
    mix_side(a, BW_UP);
    graph_arg(a, "HRULE:0#%s", l->axis);
    graph_arg(a, "AREA:0#%s:Not measured\\l", l->gap);
    graph_arg(a, "COMMENT:Down above 0, up below; bands in the order of the legend, from 0 "
                 "outwards.\\l");
    graph_arg(a,
              "COMMENT:Shares of drawn packets times counted bytes; how far off they may "
              "be stands in the report.\\l");
    graph_at_least(a, j);
    graph_foot(a, j);
}

/* A median in ms; nothing of it known: said so. */
static void median(struct args *a, int ds, const char *name, const char *words)
{
    if (ds >= 0 && a->blank[ds]) {
        graph_arg(a, "COMMENT:nothing in this range\\l");
        return;
    }
    graph_arg(a, "VDEF:v%s=%s,AVERAGE", name, name);
    graph_arg(a, "GPRINT:v%s:%s %%6.2lf ms\\l", name, words);
}

static void ms_of(struct args *a, const struct bw_graph_job *j, const char *ds)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "%.12ss", ds);
    graph_def(a, j, name, ds, "AVERAGE");
    graph_arg(a, "CDEF:%s=%s,1000,*", ds, name);
}

static void draw_rtt(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    static const char *const dashes[BW_GRAPH_BESIDE_MAX] = {"6,2", "2,2", "6,2,2,2"};
    graph_arg(a, "--vertical-label=round trip, ms");
    graph_arg(a, "--units-exponent=0");
    ms_of(a, j, "wan");
    ms_of(a, j, "wan_min");
    ms_of(a, j, "lan");
    graph_arg(a, "CDEF:gap=wan,UN,wan_min,UN,*,lan,UN,*,INF,UNKN,IF");
    graph_arg(a, "AREA:gap#%s", l->gap);
    for (size_t i = 0; i < j->n_beside && i < BW_GRAPH_BESIDE_MAX; i++) {
        graph_arg(a, "DEF:p%zus=%s:p50:AVERAGE", i, j->beside[i].rrd);
        graph_arg(a, "CDEF:p%zu=p%zus,1000,*", i, i);
        graph_arg(a, "LINE1:p%zu#%s:Probe to %s, median\\l:dashes=%s", i, l->axis,
                  j->beside[i].name, dashes[i]);
    }
    graph_arg(a, "LINE1.3:lan#%s:Users' TCP, school side, all       :dashes=2,3", l->up);
    median(a, BW_TCP_LAN, "lan", "mean of medians");
    graph_arg(a, "LINE1.6:wan_min#%s:Users' TCP, far side, flows' least :dashes=5,2",
              l->still);
    median(a, BW_TCP_WAN_MIN, "wan_min", "mean of medians");
    graph_arg(a, "LINE2:wan#%s:Users' TCP, far side, all          ", l->down);
    median(a, BW_TCP_WAN, "wan", "mean of medians");
    graph_arg(a, "AREA:0#%s:Not measured\\l", l->gap);
    graph_arg(a,
              "COMMENT:Medians of an interval; users' round trips from whole flows drawn, "
              "delayed answers included.\\l");
    graph_foot(a, j);
}

static void resent_way(struct args *a, const char *way, const char *colour)
{
    graph_arg(a, "CDEF:%spct=%s,100,*", way, way);
    graph_arg(a, "CDEF:%slow=%s_low,100,*", way, way);
    graph_arg(a, "CDEF:%sband=%s_high,%s_low,-,100,*", way, way, way);
    graph_arg(a, "AREA:%slow", way);
    graph_arg(a, "AREA:%sband#%s33::STACK", way, colour);
}

/* No figure: a mean of intervals' shares, which nobody weighed, is not the period's. */
static void resent_line(struct args *a,
                        int d,
                        const char *name,
                        const char *colour,
                        const char *words,
                        const char *look)
{
    bool blank = a->blank[BW_TCP_RESENT + d];
    graph_arg(a, "LINE1.6:%s#%s:%s%s%s", name, colour, words,
              blank ? ", nothing in this range\\l" : "\\l", look);
}

static void draw_resent(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    static const char *const names[] = {"down",   "up",        "down_low",
                                        "up_low", "down_high", "up_high"};
    graph_arg(a, "--vertical-label=payload sent again, %%");
    graph_arg(a, "--units-exponent=0");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        graph_def(a, j, names[i], names[i], "AVERAGE");
    }
    graph_arg(a, "CDEF:gap=down,UN,up,UN,*,INF,UNKN,IF");
    graph_arg(a, "AREA:gap#%s", l->gap);
    resent_way(a, "down", l->down);
    resent_way(a, "up", l->up);
    resent_line(a, BW_DOWN, "downpct", l->down, "Down, of TCP payload bytes", "");
    resent_line(a, BW_UP, "uppct", l->up, "Up, of TCP payload bytes", ":dashes=4,2");
    graph_arg(a, "AREA:0#%s33:95 %% interval of each interval, mean of these where wider",
              l->axis);
    graph_arg(a, "AREA:0#%s:Not measured\\l", l->gap);
    graph_arg(a,
              "COMMENT:Of whole flows drawn; sent again by either end of a flow, seen at "
              "the box.\\l");
    graph_foot(a, j);
}

static void
draw_saturated(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    graph_arg(a, "--vertical-label=round trip, ms");
    graph_arg(a, "--units-exponent=0");
    ms_of(a, j, "wan");
    ms_of(a, j, "full_wan");
    graph_def(a, j, "full", "full", "AVERAGE");
    graph_arg(a, "CDEF:pct=full,100,*");
    graph_arg(a, "CDEF:gap=full,UN,INF,UNKN,IF");
    graph_arg(a, "CDEF:some=pct,0,GT,pct,10,LE,*,INF,UNKN,IF");
    graph_arg(a, "CDEF:much=pct,10,GT,pct,50,LE,*,INF,UNKN,IF");
    graph_arg(a, "CDEF:most=pct,50,GT,INF,UNKN,IF");
    graph_arg(a, "AREA:gap#%s", l->gap);
    graph_arg(a, "AREA:some#%s2A", l->worse);
    graph_arg(a, "AREA:much#%s66", l->worse);
    graph_arg(a, "AREA:most#%sCC", l->worse);
    graph_arg(a, "LINE1.6:wan#%s:Far side, all seconds, median       ", l->down);
    median(a, BW_TCP_WAN, "wan", "mean of medians");
    graph_arg(a, "LINE3:full_wan#%s:Far side, saturated seconds, median ", l->font);
    median(a, BW_TCP_FULL_WAN, "full_wan", "mean of medians");
    graph_arg(a, "AREA:0#%s2A:Saturated up to 10 %% of the time", l->worse);
    graph_arg(a, "AREA:0#%s66:to 50 %%", l->worse);
    graph_arg(a, "AREA:0#%sCC:more", l->worse);
    graph_arg(a, "AREA:0#%s:Not known", l->gap);
    if (a->blank[BW_TCP_FULL]) {
        graph_arg(a, "COMMENT:\\l");
    } else {
        graph_arg(a, "VDEF:vpct=pct,AVERAGE");
        graph_arg(a, "GPRINT:vpct:Mean %s%%.3lf %%%% of the time\\l",
                  j->at_least ? "at least " : "");
    }
    graph_arg(a,
              "COMMENT:Saturated\\: seconds at 90 %% of the claim and more, by the line's "
              "counter.\\l");
    if (j->at_least) {
        graph_arg(a, "COMMENT:Counted at a mirror port, which can miss traffic\\: the line "
                     "was full this long or longer.\\l");
    }
    graph_foot(a, j);
}

int graph_draw_traffic(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    if (strcmp(j->topic, "traffic") == 0) {
        draw_mix(a, j, l);
    } else if (strcmp(j->topic, "rtt") == 0) {
        draw_rtt(a, j, l);
    } else if (strcmp(j->topic, "resent") == 0) {
        draw_resent(a, j, l);
    } else if (strcmp(j->topic, "saturated") == 0) {
        draw_saturated(a, j, l);
    } else {
        return -EINVAL;
    }
    return 0;
}

const char *bw_graph_file(const char *series)
{
    static const char *const of_tcp[] = {"rtt", "resent", "saturated"};
    for (size_t i = 0; i < sizeof(of_tcp) / sizeof(of_tcp[0]); i++) {
        if (strcmp(series, of_tcp[i]) == 0) {
            return bw_series_tcp.topic;
        }
    }
    return series;
}
