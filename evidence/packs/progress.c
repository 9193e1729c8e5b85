/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress.c - this period against the one before, by the same statistics.
 *
 * Invariant: a figure compares the same lines in both periods, those of which it is known
 * in both; every other line is counted with the reason why it is left out. */
#include "packs_private.h"

#include <errno.h>
#include <pages_private.h>
#include <stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <words.h>

enum {
    HALF_PPM = 500000,
    WHOLE_PPM = 1000000
};

/* Why a line is in no comparison. */
enum left_out {
    COMPARED,
    NOT_NOW,
    NOT_BEFORE,
    SET_APART,
    TOO_LITTLE,
    LEFT_OUTS
};

struct both {
    int64_t n; /* lines of which it is known in both */
    int64_t before;
    int64_t now;
};

static enum left_out compare_line(const struct bw_pack_line *x)
{
    const struct bw_pack_seen *two[] = {&x->now, &x->before};

    if (x->now.set_apart || x->before.set_apart) {
        return SET_APART;
    }
    if (!x->now.recorded) {
        return NOT_NOW;
    }
    if (!x->before.recorded) {
        return NOT_BEFORE;
    }
    for (int i = 0; i < 2; i++) {
        int64_t share = bw_words_ppm(two[i]->recorded_s, two[i]->elapsed_s);
        if (share == BW_UNKNOWN || share < HALF_PPM) {
            return TOO_LITTLE;
        }
    }
    return COMPARED;
}

static void add(struct both *x, bool known, bool before, bool now)
{
    if (known) {
        x->n++;
        x->before += before;
        x->now += now;
    }
}

static void
row(struct bw_pack_made *m, const char *figure, const char *what, const struct both *x)
{
    char name[64];

    bw_doc_row(m->doc);
    bw_doc_put(m->doc, what);
    bw_sheet_count(m->doc, x->n ? x->before : BW_UNKNOWN);
    bw_sheet_count(m->doc, x->n ? x->now : BW_UNKNOWN);
    bw_sheet_count(m->doc, x->n);
    (void)snprintf(name, sizeof(name), "%s.before", figure);
    bw_pack_figure(m, name, x->n ? x->before : BW_UNKNOWN, "1", BW_LAYER_UNKNOWN, "count",
                   x->n, BW_METHOD_COUNT);
    (void)snprintf(name, sizeof(name), "%s.now", figure);
    bw_pack_figure(m, name, x->n ? x->now : BW_UNKNOWN, "1", BW_LAYER_UNKNOWN, "count",
                   x->n, BW_METHOD_COUNT);
}

/* The middle of how much the lines' busiest days changed; false: out of memory. */
static bool change(struct bw_pack_made *m)
{
    const struct bw_pack_many *q = m->asked->many;
    int64_t *ppm = calloc(q->n_lines + 1, sizeof(*ppm));
    char text[BW_WORDS_MAX];
    size_t n = 0;
    int64_t middle;

    if (!ppm) {
        return false;
    }
    for (size_t i = 0; i < q->n_lines; i++) {
        const struct bw_pack_seen *now = &q->lines[i].now;
        const struct bw_pack_seen *before = &q->lines[i].before;
        int64_t share = compare_line(&q->lines[i]) == COMPARED &&
                                now->layer == before->layer &&
                                now->peak_bps != BW_UNKNOWN &&
                                before->peak_bps != BW_UNKNOWN && before->peak_bps > 0
                            ? bw_words_ppm(now->peak_bps, before->peak_bps)
                            : BW_UNKNOWN;
        if (share != BW_UNKNOWN) {
            ppm[n++] = share - WHOLE_PPM;
        }
    }
    middle = bw_stat_percentile(ppm, n, HALF_PPM);
    bw_pack_figure(m, "peak_change", middle, "ppm", BW_LAYER_UNKNOWN, "median", (int64_t)n,
                   BW_METHOD_PEAK_CHANGE);
    free(ppm);
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    if (n == 0) {
        bw_doc_text(m->doc, "Of no line the busiest day is known in both periods at one "
                            "layer.");
        return true;
    }
    bw_words_percent(middle < 0 ? -middle : middle, text);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "P95 of the busiest school day, download: the middle of %zu %s is ", n,
                  n == 1 ? "line" : "lines");
    bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s%s", middle < 0 ? "−" : "+", text);
    bw_doc_text(m->doc, " (" BW_METHOD_PEAK_CHANGE ").");
    return true;
}

static void left_out(struct bw_pack_made *m, const int64_t n[LEFT_OUTS])
{
    static const struct {
        const char *figure;
        const char *words;
    } reasons[LEFT_OUTS] = {
        [NOT_NOW] = {"left_out.no_record_now", "without a record of this period"},
        [NOT_BEFORE] = {"left_out.no_record_before",
                        "without a record of the period before"},
        [SET_APART] = {"left_out.set_apart",
                       "with every record of one of the periods set apart, by an erratum "
                       "or for its key"},
        [TOO_LITTLE] = {"left_out.too_little",
                        "with less than half of one of the periods on record"},
    };

    const char *between = "Not compared: ";
    int64_t any = 0;

    for (int i = NOT_NOW; i < LEFT_OUTS; i++) {
        any += n[i];
    }
    if (any > 0) {
        bw_doc_para(m->doc, BW_PARA_PLAIN);
    }
    for (int i = NOT_NOW; i < LEFT_OUTS; i++) {
        bw_pack_figure(m, reasons[i].figure, n[i], "1", BW_LAYER_UNKNOWN, "count",
                       (int64_t)m->asked->many->n_lines, BW_METHOD_COUNT);
        if (n[i] > 0) {
            bw_doc_printf(m->doc, BW_SPAN_PLAIN, "%s%lld %s", between, (long long)n[i],
                          reasons[i].words);
            between = "; ";
        }
    }
    if (any > 0) {
        bw_doc_text(m->doc, ".");
    }
}

static void compare(struct bw_pack_made *m)
{
    static const char *const names[] = {"Lines", "Before", "Now", "Known in both"};
    const struct bw_pack_many *q = m->asked->many;
    struct both busy = {0};
    struct both full = {0};
    struct both out = {0};
    int64_t n[LEFT_OUTS] = {0};

    for (size_t i = 0; i < q->n_lines; i++) {
        const struct bw_pack_seen *now = &q->lines[i].now;
        const struct bw_pack_seen *before = &q->lines[i].before;
        enum left_out why = compare_line(&q->lines[i]);
        int64_t share[] = {bw_pack_busy_ppm(before), bw_pack_busy_ppm(now)};
        n[why]++;
        if (why != COMPARED) {
            continue;
        }
        add(&busy, share[0] != BW_UNKNOWN && share[1] != BW_UNKNOWN,
            bw_pack_is_busy(share[0]), bw_pack_is_busy(share[1]));
        add(&full, before->full_s != BW_UNKNOWN && now->full_s != BW_UNKNOWN,
            before->full_s > 0, now->full_s > 0);
        add(&out, before->outage_ms != BW_UNKNOWN && now->outage_ms != BW_UNKNOWN,
            before->n_outages > 0, now->n_outages > 0);
    }
    bw_sheet_table(m->doc, "progress-list", BW_TABLE_PLAIN, names, 4, 1);
    row(m, "busy", "at 75 % of the claim or more on the busiest school day", &busy);
    row(m, "full", "at 90 % of it or more at some time in class hours", &full);
    row(m, "out", "with an outage", &out);
    if (!change(m)) {
        m->error = -ENOMEM;
    }
    left_out(m, n);
}

void bw_pack_progress(struct bw_pack_made *m)
{
    const struct bw_pack_many *q = m->asked->many;
    char from[BW_WORDS_MAX];
    char to[BW_WORDS_MAX];

    bw_pack_day_words(q->before_from, from);
    bw_pack_day_words(q->before_to, to);
    m->section = "progress";
    bw_doc_section(m->doc, "progress", "Progress since the period before");
    if (!q->before_from[0]) {
        bw_pack_absent(m, "Progress since the period before",
                       "Of this period no whole day has passed.");
    } else {
        bw_doc_para(m->doc, BW_PARA_PLAIN);
        bw_doc_printf(
            m->doc, BW_SPAN_PLAIN,
            "Against %s to %s%s. A figure is of those lines alone of which it is "
            "known in both periods, by the same methods, each by the claim of its "
            "own time.",
            from, to, q->running ? ", as many days as have passed of this one" : "");
        bw_pack_word(m, "before.from", q->before_from);
        bw_pack_word(m, "before.to", q->before_to);
        compare(m);
    }
    bw_doc_end(m->doc);
}
