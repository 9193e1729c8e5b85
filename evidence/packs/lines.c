/* SPDX-License-Identifier: GPL-3.0-or-later
 * lines.c - many circuits on one page: which lines are full, which were out, which are not
 * watched, what the rules that govern say.
 *
 * Invariant: every circuit that was asked for is a row, also one without records; counts
 * name how many circuits they rest on; every rate names its layer. */
#include "packs_private.h"

#include <district.h>
#include <errno.h>
#include <pages_private.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>

enum {
    BUSY_PPM = 750000, /* of the claim: act here, EducationSuperHighway's 71 to 77 % */
    RULES_MAX = 64
};

/* ---- from a report -------------------------------------------------------------- */

int bw_pack_seen_of(const struct bw_report *r, struct bw_pack_seen *ret)
{
    const struct bw_report_claim *c = bw_pack_claim(r);
    const struct bw_report_tested *t = &r->tested[BW_DOWN];
    struct bw_pack_use u;
    int rc = bw_pack_use_make(r, &u);

    if (rc < 0) {
        return rc;
    }
    *ret = (struct bw_pack_seen){.recorded = true,
                                 .claim_bps = c ? c->bps[BW_DOWN] : BW_UNKNOWN,
                                 .claim_layer = bw_report_claim_layer(r),
                                 .layer = u.layer,
                                 .at_claim = u.at_claim,
                                 .recorded_s = r->coverage.recorded_s,
                                 .elapsed_s = r->coverage.elapsed_s,
                                 .peak_bps = u.peak_bps[BW_DOWN],
                                 .peak_claim_bps = u.peak_claim_bps[BW_DOWN],
                                 .full_s = u.full_s[BW_DOWN],
                                 .tested_layer = t->compared_layer,
                                 .tested_bps = t->compared_bps.median,
                                 .n_tests = t->compared_bps.n,
                                 .n_outages = (int64_t)r->outages.n,
                                 .outage_ms = r->outages.total_ms,
                                 .n_records = r->counts.n_records};
    bw_pack_apart_of(r, ret);
    bw_pack_use_done(&u);
    return 0;
}

int bw_pack_line_of(const struct bw_report *r, struct bw_pack_line *ret)
{
    int rc = bw_pack_seen_of(r, &ret->now);

    if (rc < 0) {
        return rc;
    }
    (void)snprintf(ret->site, sizeof(ret->site), "%s", r->site);
    (void)snprintf(ret->circuit, sizeof(ret->circuit), "%s", r->circuit);
    (void)snprintf(ret->place, sizeof(ret->place), "%s", r->place);
    ret->n_judged = 0;
    for (size_t i = 0; i < r->findings.n && ret->n_judged < BW_PACK_JUDGED_MAX; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        if (f->governs) {
            struct bw_pack_judged *j = &ret->judged[ret->n_judged++];
            memcpy(j->id, f->id, sizeof(j->id));
            (void)snprintf(j->title, sizeof(j->title), "%s", f->rule->title);
            j->outcome = f->outcome;
        }
    }
    return 0;
}

int64_t bw_pack_busy_ppm(const struct bw_pack_seen *x)
{
    return x->recorded && x->peak_claim_bps != BW_UNKNOWN && x->peak_claim_bps > 0 &&
                   x->peak_bps != BW_UNKNOWN
               ? bw_words_ppm(x->peak_bps, x->peak_claim_bps)
               : BW_UNKNOWN;
}

bool bw_pack_is_busy(int64_t busy_ppm)
{
    return busy_ppm != BW_UNKNOWN && busy_ppm >= BUSY_PPM;
}

/* ---- needs ---------------------------------------------------------------------- */

static void need_fact(
    struct bw_pack_made *m, const char *figure, int64_t n, int64_t of, const char *what)
{
    char text[BW_WORDS_MAX];

    (void)snprintf(text, sizeof(text), "%lld of %lld", (long long)n, (long long)of);
    bw_doc_fact(m->doc, text);
    bw_doc_text(m->doc, what);
    bw_pack_figure(m, figure, n, "1", BW_LAYER_UNKNOWN, "count", of, BW_METHOD_COUNT);
}

static void need_facts(struct bw_pack_made *m)
{
    const struct bw_pack_many *q = m->asked->many;
    int64_t n[8] = {0};

    for (size_t i = 0; i < q->n_lines; i++) {
        const struct bw_pack_seen *x = &q->lines[i].now;
        int64_t share = bw_pack_busy_ppm(x);
        n[0] += x->recorded;
        n[1] += share != BW_UNKNOWN;
        n[2] += bw_pack_is_busy(share);
        n[3] += x->recorded && x->full_s != BW_UNKNOWN;
        n[4] += x->recorded && x->full_s != BW_UNKNOWN && x->full_s > 0;
        n[5] += x->recorded && x->outage_ms != BW_UNKNOWN;
        n[6] += x->recorded && x->outage_ms != BW_UNKNOWN && x->n_outages > 0;
    }
    bw_doc_facts(m->doc);
    need_fact(m, "lines_on_record", n[0], (int64_t)q->n_lines, "lines are on record");
    need_fact(m, "lines_busy", n[2], n[1],
              "lines that can be compared with a claim were at 75 % of it or more on the "
              "busiest school day, download (" BW_METHOD_PEAK_DAY ")");
    need_fact(
        m, "lines_full", n[4], n[3],
        "were at 90 % of the claim or more at some time in class hours (" BW_METHOD_FULL
        ")");
    need_fact(m, "lines_out", n[6], n[5],
              "that were watched for outages had one (" BW_METHOD_OUTAGE ")");
}

struct rule_count {
    const char *id;
    const char *title;
    int64_t n[3]; /* by outcome */
};

static struct rule_count *
count_of(struct rule_count *rules, size_t *n, const struct bw_pack_judged *j)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(rules[i].id, j->id) == 0) {
            return &rules[i];
        }
    }
    if (*n == RULES_MAX) {
        return NULL;
    }
    rules[*n] = (struct rule_count){.id = j->id, .title = j->title};
    return &rules[(*n)++];
}

static void rule_row(struct bw_pack_made *m, const struct rule_count *x)
{
    char name[BW_NAME_MAX + 48];
    int64_t of = x->n[0] + x->n[1] + x->n[2];

    bw_doc_row(m->doc);
    bw_doc_put(m->doc, x->title);
    bw_doc_span(m->doc, BW_SPAN_SMALL, x->id);
    for (int o = 0; o < 3; o++) {
        bw_sheet_count(m->doc, x->n[o]);
        (void)snprintf(name, sizeof(name), "judged.%s.%s", x->id,
                       bw_outcome_name((enum bw_outcome)o));
        bw_pack_figure(m, name, x->n[o], "1", BW_LAYER_UNKNOWN, "count", of,
                       BW_METHOD_FINDING);
    }
}

static void judged(struct bw_pack_made *m)
{
    static const char *const names[] = {"Rule", "The measurements show", "Do not show",
                                        "Not enough to tell"};
    const struct bw_pack_many *q = m->asked->many;
    struct rule_count rules[RULES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < q->n_lines; i++) {
        for (size_t k = 0; k < q->lines[i].n_judged; k++) {
            const struct bw_pack_judged *j = &q->lines[i].judged[k];
            struct rule_count *x = count_of(rules, &n, j);
            if (x) {
                x->n[j->outcome]++;
            }
        }
    }
    if (n == 0) {
        bw_pack_absent(m, "Rules that govern",
                       "No contract's terms are on file for these lines and no rule that "
                       "the state adopted.");
        return;
    }
    bw_sheet_table(m->doc, "rule-list", BW_TABLE_PLAIN, names, 4, 1);
    bw_doc_text(m->doc, "Lines by what rules that govern say of them (" BW_METHOD_FINDING
                        "); the arithmetic is in each line's own pack.");
    for (size_t i = 0; i < n; i++) {
        rule_row(m, &rules[i]);
    }
}

void bw_pack_needs(struct bw_pack_made *m)
{
    m->section = "needs";
    bw_doc_section(m->doc, "needs", "Which lines need help");
    need_facts(m);
    judged(m);
    bw_doc_end(m->doc);
}

/* ---- every line ----------------------------------------------------------------- */

static void keep(struct bw_pack_made *m, const struct bw_pack_line *line)
{
    const struct bw_pack_seen *x = &line->now;
    char name[BW_SITE_MAX + BW_NAME_MAX * 2 + 48];
    const struct {
        const char *what;
        int64_t value;
        const char *unit;
        enum bw_layer layer;
        const char *statistic;
        int64_t n;
        const char *method;
    } rows[] = {
        {"claimed", x->claim_bps, "bit/s", x->claim_layer, "", BW_UNKNOWN, ""},
        {"recorded", x->recorded_s, "s", BW_LAYER_UNKNOWN, "sum", x->n_records,
         BW_METHOD_COVERAGE},
        {"elapsed", x->elapsed_s, "s", BW_LAYER_UNKNOWN, "", BW_UNKNOWN,
         BW_METHOD_COVERAGE},
        {"peak_day", x->peak_bps, "bit/s", x->layer, "P95", BW_UNKNOWN, BW_METHOD_PEAK_DAY},
        {"full_time", x->full_s, "s", x->layer, "sum", BW_UNKNOWN, BW_METHOD_FULL},
        {"tested", x->tested_bps, "bit/s", x->tested_layer, "median", x->n_tests,
         BW_METHOD_TESTED},
        {"outage", x->outage_ms, "ms", BW_LAYER_UNKNOWN, "sum", x->n_outages,
         BW_METHOD_OUTAGE},
    };

    for (size_t i = 0; x->recorded && i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s.%s.%s", line->site, line->circuit,
                       rows[i].what);
        bw_pack_figure(m, name, rows[i].value, rows[i].unit, rows[i].layer,
                       rows[i].statistic, rows[i].n, rows[i].method);
    }
    if (!x->recorded) {
        (void)snprintf(name, sizeof(name), "%s.%s.state", line->site, line->circuit);
        bw_pack_word(m, name, x->set_apart ? BW_PACK_SET_APART : "no record of the period");
    }
    for (size_t i = 0; i < line->n_judged; i++) {
        (void)snprintf(name, sizeof(name), "%s.%s.finding.%s", line->site, line->circuit,
                       line->judged[i].id);
        bw_pack_word(m, name, bw_outcome_name(line->judged[i].outcome));
    }
}

/* A rate with its layer under it. */
static void rate(struct bw_pack_made *m, int64_t bps, enum bw_layer layer)
{
    bw_sheet_rate(m->doc, bps);
    if (bps != BW_UNKNOWN && layer != BW_LAYER_UNKNOWN) {
        bw_doc_span(m->doc, BW_SPAN_SMALL, bw_words_layer_long(layer));
    }
}

static const char *district_name(const struct bw_pack_many *q, const char *number)
{
    for (size_t i = 0; i < q->n_districts; i++) {
        if (strcmp(q->districts[i].number, number) == 0 && q->districts[i].name[0]) {
            return q->districts[i].name;
        }
    }
    return number;
}

static void row(struct bw_pack_made *m, const struct bw_pack_line *line)
{
    const struct bw_pack_seen *x = &line->now;
    char text[BW_WORDS_MAX];

    bw_doc_row(m->doc);
    bw_doc_put(m->doc, line->place[0] ? line->place : line->site);
    bw_doc_printf(m->doc, BW_SPAN_SMALL, "%s.%s", line->site, line->circuit);
    if (line->district[0]) {
        bw_doc_printf(m->doc, BW_SPAN_SMALL, "%s",
                      district_name(m->asked->many, line->district));
    }
    if (!x->recorded) {
        bw_doc_cell(m->doc);
        bw_doc_span(m->doc, BW_SPAN_NONE, x->set_apart ? "set apart" : "no record");
        for (int i = 0; i < 6; i++) {
            bw_doc_put(m->doc, "–");
        }
        return;
    }
    bw_sheet_percent(m->doc, bw_words_ppm(x->recorded_s, x->elapsed_s));
    rate(m, x->claim_bps, x->claim_layer);
    rate(m, x->tested_bps, x->tested_layer);
    rate(m, x->peak_bps, x->layer);
    bw_sheet_percent(m->doc, bw_pack_busy_ppm(x));
    bw_sheet_length(m->doc, x->full_s == BW_UNKNOWN ? BW_UNKNOWN : x->full_s * 1000);
    bw_words_length(x->outage_ms, text);
    bw_doc_put(m->doc, x->outage_ms == BW_UNKNOWN ? "not measured"
                       : x->n_outages == 0        ? "none seen"
                                                  : text);
    if (x->outage_ms != BW_UNKNOWN && x->n_outages > 0) {
        bw_words_counted(x->n_outages, "outage", "outages", text);
        bw_doc_span(m->doc, BW_SPAN_SMALL, text);
    }
}

/* By district, as the districts stand above; those of nobody last. */
static int by_district(const void *a, const void *b)
{
    const struct bw_pack_line *x = *(const struct bw_pack_line *const *)a;
    const struct bw_pack_line *y = *(const struct bw_pack_line *const *)b;
    int r = strcmp(x->district, y->district);

    if (r != 0 && (!x->district[0] || !y->district[0])) {
        return x->district[0] ? -1 : 1;
    }
    return r ? r : x < y ? -1 : x > y; /* of one list: in its order */
}

void bw_pack_all_lines(struct bw_pack_made *m)
{
    static const char *const names[] = {"Place",    "On record",   "Claimed",
                                        "Tested",   "Busiest day", "Of the claim",
                                        "Full for", "Line out"};
    const struct bw_pack_many *q = m->asked->many;
    const struct bw_pack_line **rows = calloc(q->n_lines + 1, sizeof(const void *));

    if (!rows) {
        m->error = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < q->n_lines; i++) {
        rows[i] = &q->lines[i];
    }
    qsort(rows, q->n_lines, sizeof(const void *), by_district);
    m->section = "lines";
    bw_doc_section(m->doc, "lines", "Every line");
    bw_sheet_table(m->doc, "line-list", BW_TABLE_TIGHT, names, 8, 1);
    bw_doc_text(
        m->doc,
        "By district. Download. Tested: median of the line's rate in throughput runs. "
        "Busiest day: P95 of the class hours of the busiest school day. Full: "
        "at 90 % of the claim or more in class hours. Under each rate its layer.");
    for (size_t i = 0; i < q->n_lines; i++) {
        row(m, rows[i]);
        keep(m, &q->lines[i]); /* in files: in the circuits' order */
    }
    free(rows);
    bw_doc_end(m->doc);
}
