/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_mark.c - what stands in a picture beside its series: P95 of days, outages, and time
 * of which somebody said something. What is shorter than a pixel gets a line, so that it
 * is seen all the same. */
#include "graph_args.h"
#include "graph_worker.h"

#include <stdio.h>
#include <string.h>

enum {
    RPN_MAX = 7168,
    ONE_MAX = 72
};

/* The value of each moment: librrd's TIME is the end of a step. */
static void
p95_way(struct args *a, const struct bw_graph_job *j, const struct look *l, int d)
{
    static const char *const names[] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    char rpn[RPN_MAX];
    char of[48] = "each day";
    size_t n = 0;
    size_t ifs = 0;
    bool any = false;
    for (size_t i = 0; i < j->n_p95 && n + ONE_MAX + 8 * BW_GRAPH_STEPS_MAX < sizeof(rpn);
         i++) {
        const struct bw_graph_step *s = &j->p95[i];
        char rate[24] = "UNKN";
        if (s->bps[d] != BW_UNKNOWN) {
            (void)snprintf(rate, sizeof(rate), "%lld", (long long)s->bps[d]);
            any = true;
        }
        n +=
            (size_t)snprintf(rpn + n, sizeof(rpn) - n, "TIME,%lld,LE,UNKN,TIME,%lld,LE,%s,",
                             (long long)s->from_unix_s, (long long)s->to_unix_s, rate);
        ifs += 2;
    }
    if (!any) {
        return;
    }
    n += (size_t)snprintf(rpn + n, sizeof(rpn) - n, "UNKN");
    for (; ifs > 0; ifs--) {
        n += (size_t)snprintf(rpn + n, sizeof(rpn) - n, ",IF");
    }
    if (j->p95_days > 1) {
        (void)snprintf(of, sizeof(of), "the highest of each %lld days",
                       (long long)j->p95_days);
    }
    graph_arg(a, "CDEF:p95%d=down,POP,%s", d, rpn);
    graph_arg(a, "LINE2.2:p95%d#%s:P95 of class hours, %s, %s:dashes=1,2", d,
              d == BW_DOWN ? l->down : l->up, of, names[d]);
}

void graph_p95(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    if (j->n_p95 == 0 || j->at_least) {
        return;
    }
    p95_way(a, j, l, BW_DOWN);
    p95_way(a, j, l, BW_UP);
    graph_arg(a, "COMMENT:\\l");
}

static void band(struct args *a,
                 const struct bw_graph_job *j,
                 enum bw_graph_mark_kind kind,
                 const char *base,
                 const char *name,
                 const char *colour,
                 const char *dashes)
{
    char rpn[RPN_MAX];
    int64_t pixel_s = (j->to_unix_s - j->from_unix_s) / (j->width > 0 ? j->width : 1);
    size_t n = (size_t)snprintf(rpn, sizeof(rpn), "%s,POP,0", base);
    size_t bands = 0;
    for (size_t i = 0; i < j->n_marks && n + ONE_MAX < sizeof(rpn); i++) {
        const struct bw_graph_mark *m = &j->marks[i];
        if (m->kind != kind) {
            continue;
        }
        if (m->from_unix_s >= j->from_unix_s) {
            graph_arg(a, "VRULE:%lld#%s99%s", (long long)m->from_unix_s, colour, dashes);
        }
        if (m->to_unix_s - m->from_unix_s > 2 * pixel_s) {
            n +=
                (size_t)snprintf(rpn + n, sizeof(rpn) - n, ",TIME,%lld,GT,TIME,%lld,LE,*,+",
                                 (long long)m->from_unix_s, (long long)m->to_unix_s);
            bands++;
        }
    }
    if (bands > 0) {
        (void)snprintf(rpn + n, sizeof(rpn) - n, ",0,GT,INF,UNKN,IF");
        graph_arg(a, "CDEF:%s=%s", name, rpn);
        graph_arg(a, "AREA:%s#%s30", name, colour);
    }
}

/* Before the series, so that these stand in front. */
void graph_marks(struct args *a,
                 const struct bw_graph_job *j,
                 const struct look *l,
                 const char *base)
{
    band(a, j, BW_GRAPH_KNOWN, base, "mknown", l->still, ":dashes=2,3");
    band(a, j, BW_GRAPH_OUTAGE, base, "moutage", l->worse, "");
}

void graph_marks_legend(struct args *a, const struct bw_graph_job *j, const struct look *l)
{
    bool any[2] = {false, false};
    bool days = j->to_unix_s - j->from_unix_s > 32 * INT64_C(86400);
    for (size_t i = 0; i < j->n_marks; i++) {
        any[j->marks[i].kind] = true;
    }
    if (any[BW_GRAPH_OUTAGE]) {
        graph_arg(a, "AREA:0#%s66:%s", l->worse, days ? "Day with an outage" : "Outage");
    }
    if (any[BW_GRAPH_KNOWN]) {
        graph_arg(a, "AREA:0#%s66:Somebody said something of this time", l->still);
    }
    if (any[0] || any[1]) {
        graph_arg(a, "COMMENT:%s\\l", j->marks_cut ? "(the longest ones)" : "");
    }
}
