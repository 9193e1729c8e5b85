/* SPDX-License-Identifier: GPL-3.0-or-later
 * lines.c - many circuits on one page: which lines are full, which were out, which are not
 * watched.
 *
 * Invariant: every circuit that was asked for is a row, also one without records; sums name
 * how many circuits they rest on. */
#include "packs_private.h"

#include <errno.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

enum {
    BUSY_PPM = 750000 /* of the claim: act here, EducationSuperHighway's 71 to 77 % */
};

int bw_pack_line_of(const struct bw_report *r, struct bw_pack_line *ret)
{
    const struct bw_report_claim *c = bw_pack_claim(r);
    const struct bw_report_tested *t = &r->tested[BW_DOWN];
    struct bw_pack_use u;
    int rc = bw_pack_use_make(r, &u);

    if (rc < 0) {
        return rc;
    }
    *ret = (struct bw_pack_line){.recorded = true,
                                 .claim_bps = c ? c->bps[BW_DOWN] : BW_UNKNOWN,
                                 .layer = u.layer,
                                 .at_claim = u.at_claim,
                                 .recorded_s = r->coverage.recorded_s,
                                 .elapsed_s = r->coverage.elapsed_s,
                                 .peak_bps = u.peak_bps[BW_DOWN],
                                 .full_s = u.full_s[BW_DOWN],
                                 .tested_bps = t->compared_bps.median,
                                 .n_tests = t->compared_bps.n,
                                 .n_outages = (int64_t)r->outages.n,
                                 .outage_ms = r->outages.total_ms,
                                 .n_records = r->counts.n_records};
    (void)snprintf(ret->site, sizeof(ret->site), "%s", r->site);
    (void)snprintf(ret->circuit, sizeof(ret->circuit), "%s", r->circuit);
    (void)snprintf(ret->place, sizeof(ret->place), "%s", r->place);
    for (size_t i = 0; i < r->findings.n && ret->n_judged < BW_PACK_JUDGED_MAX; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        if (f->governs) {
            struct bw_pack_judged *j = &ret->judged[ret->n_judged++];
            memcpy(j->id, f->id, sizeof(j->id));
            j->outcome = f->outcome;
        }
    }
    bw_pack_use_done(&u);
    return 0;
}

static int64_t share_ppm(const struct bw_pack_line *x)
{
    return x->at_claim && x->claim_bps != BW_UNKNOWN && x->claim_bps > 0 &&
                   x->peak_bps != BW_UNKNOWN
               ? bw_words_ppm(x->peak_bps, x->claim_bps)
               : BW_UNKNOWN;
}

static void keep(struct bw_pack_made *m, const struct bw_pack_line *x)
{
    char name[BW_SITE_MAX + BW_NAME_MAX + 32];
    const struct {
        const char *what;
        int64_t value;
        const char *unit;
        enum bw_layer layer;
        const char *statistic;
        int64_t n;
        const char *method;
    } rows[] = {
        {"claimed", x->claim_bps, "bit/s", x->layer, "", BW_UNKNOWN, ""},
        {"recorded", x->recorded_s, "s", BW_LAYER_UNKNOWN, "sum", x->n_records,
         BW_METHOD_COVERAGE},
        {"elapsed", x->elapsed_s, "s", BW_LAYER_UNKNOWN, "", BW_UNKNOWN,
         BW_METHOD_COVERAGE},
        {"peak_day", x->peak_bps, "bit/s", x->layer, "P95", BW_UNKNOWN, BW_METHOD_PEAK_DAY},
        {"full_time", x->full_s, "s", x->layer, "sum", BW_UNKNOWN, BW_METHOD_FULL},
        {"tested", x->tested_bps, "bit/s", x->layer, "median", x->n_tests,
         BW_METHOD_TESTED},
        {"outage", x->outage_ms, "ms", BW_LAYER_UNKNOWN, "sum", x->n_outages,
         BW_METHOD_OUTAGE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s.%s.%s", x->site, x->circuit, rows[i].what);
        bw_pack_figure(m, name, rows[i].value, rows[i].unit, rows[i].layer,
                       rows[i].statistic, rows[i].n, rows[i].method);
    }
}

static void row(struct bw_pack_made *m, const struct bw_pack_line *x)
{
    char text[BW_WORDS_MAX];

    bw_doc_row(m->doc);
    bw_doc_put(m->doc, x->place[0] ? x->place : x->site);
    bw_doc_printf(m->doc, BW_SPAN_SMALL, "%s.%s", x->site, x->circuit);
    if (!x->recorded) {
        bw_doc_cell(m->doc);
        bw_doc_span(m->doc, BW_SPAN_NONE, "no record");
        for (int i = 0; i < 6; i++) {
            bw_doc_put(m->doc, "–");
        }
        return;
    }
    bw_page_percent(m->doc, bw_words_ppm(x->recorded_s, x->elapsed_s));
    bw_page_rate(m->doc, x->claim_bps);
    bw_page_rate(m->doc, x->tested_bps);
    bw_page_rate(m->doc, x->peak_bps);
    bw_page_percent(m->doc, share_ppm(x));
    bw_page_length(m->doc, x->full_s == BW_UNKNOWN ? BW_UNKNOWN : x->full_s * 1000);
    bw_words_length(x->outage_ms, text);
    bw_doc_put(m->doc, x->outage_ms == BW_UNKNOWN ? "not measured"
                       : x->n_outages == 0        ? "none seen"
                                                  : text);
    if (x->outage_ms != BW_UNKNOWN && x->n_outages > 0) {
        bw_doc_printf(m->doc, BW_SPAN_SMALL, "%lld", (long long)x->n_outages);
    }
}

static void need_fact(
    struct bw_pack_made *m, const char *figure, int64_t n, int64_t of, const char *what)
{
    char text[BW_WORDS_MAX];

    (void)snprintf(text, sizeof(text), "%lld of %lld", (long long)n, (long long)of);
    bw_doc_fact(m->doc, text);
    bw_doc_text(m->doc, what);
    bw_pack_figure(m, figure, n, "1", BW_LAYER_UNKNOWN, "count", of, BW_METHOD_COUNT);
}

static void needs(struct bw_pack_made *m)
{
    const struct bw_pack_asked *q = m->asked;
    int64_t n[8] = {0};

    for (size_t i = 0; i < q->n_lines; i++) {
        const struct bw_pack_line *x = &q->lines[i];
        int64_t share = share_ppm(x);
        n[0] += x->recorded;
        n[1] += share != BW_UNKNOWN;
        n[2] += share != BW_UNKNOWN && share >= BUSY_PPM;
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

void bw_pack_all_lines(struct bw_pack_made *m)
{
    static const char *const names[] = {"Place",    "On record",   "Claimed",
                                        "Tested",   "Busiest day", "Of the claim",
                                        "Full for", "Line out"};
    const struct bw_pack_asked *q = m->asked;

    m->section = "lines";
    bw_doc_section(m->doc, "needs", "Which lines need help");
    needs(m);
    bw_doc_end(m->doc);
    bw_doc_section(m->doc, "lines", "Every line");
    bw_page_table(m->doc, "line-list", BW_TABLE_TIGHT, names, 8, 1);
    bw_doc_text(m->doc,
                "Download. Tested: median of the line's rate in throughput runs. "
                "Busiest day: P95 of the class hours of the busiest school day. Full: "
                "at 90 % of the claim or more in class hours.");
    for (size_t i = 0; i < q->n_lines; i++) {
        row(m, &q->lines[i]);
        keep(m, &q->lines[i]);
    }
    bw_pack_count_absent(m, "Progress since the period before",
                         "One period was asked for; make the same pack of the other.");
    bw_doc_end(m->doc);
}
