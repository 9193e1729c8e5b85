/* SPDX-License-Identifier: GPL-3.0-or-later
 * months.c - service month by month: when it was first seen, how long it was out, what was
 * tested and carried.
 *
 * Invariant: a month is the local one; an outage belongs to the months in which its time
 * lies; a month of which nothing is on record is a row that says so. */
#include "packs_private.h"

#include <bw/records.h>
#include <civil.h>
#include <errno.h>
#include <pages_private.h>
#include <stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <tz.h>
#include <words.h>

enum {
    MONTHS_MAX = 11 * 12 + 2, /* a period is of eleven years at most */
    P50_PPM = 500000,
    P95_PPM = 950000
};

struct month {
    int year;
    int month;
    int64_t from_unix_s; /* clipped to the part of the period that has passed */
    int64_t to_unix_s;
    int64_t recorded_s;
    int64_t outage_ms;  /* unknown: could not be told on any of its days */
    int64_t blind_days; /* of which outages could not be told */
    int64_t n_tests[BW_DIRECTIONS];
    int64_t tested_bps[BW_DIRECTIONS]; /* median of the line's rate */
    int64_t carried_bps[BW_DIRECTIONS];
    int64_t p95_bps[BW_DIRECTIONS]; /* class hours */
    int64_t n_p95[BW_DIRECTIONS];
};

/* ---- gathering ------------------------------------------------------------------ */

static size_t make_months(const struct bw_report *r, struct month *months)
{
    struct bw_civil c;
    size_t n = 0;
    int64_t at = r->from_unix_s;

    while (at < r->until_unix_s && n < MONTHS_MAX) {
        struct month *x = &months[n++];
        int64_t next;
        bw_tz_local(r->tz, at, &c);
        next = bw_tz_day_start(r->tz, c.year, c.month + 1, 1);
        *x = (struct month){.year = c.year,
                            .month = c.month,
                            .from_unix_s = at,
                            .to_unix_s = next < r->until_unix_s ? next : r->until_unix_s,
                            .outage_ms = BW_UNKNOWN};
        at = next;
    }
    return n;
}

static void add_days(const struct bw_report *r, struct month *x)
{
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        if (d->year != x->year || d->month != x->month || d->from_unix_s >= x->to_unix_s) {
            continue;
        }
        x->recorded_s += d->recorded_s;
        if (d->outage_ms == BW_UNKNOWN) {
            x->blind_days++;
        } else {
            x->outage_ms = (x->outage_ms == BW_UNKNOWN ? 0 : x->outage_ms) + d->outage_ms;
        }
    }
}

static void add_use(const struct bw_report *r, int way, int64_t *values, struct month *x)
{
    enum bw_layer layer = r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN;
    size_t n = 0;

    x->carried_bps[way] = BW_UNKNOWN;
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        if (v->start_unix_s < x->from_unix_s || v->start_unix_s >= x->to_unix_s ||
            v->rate_bps[way] == BW_UNKNOWN || v->with_test || v->layer != layer) {
            continue;
        }
        if (x->carried_bps[way] == BW_UNKNOWN || v->rate_bps[way] > x->carried_bps[way]) {
            x->carried_bps[way] = v->rate_bps[way];
        }
        if (v->in_class) {
            values[n++] = v->rate_bps[way];
        }
    }
    x->n_p95[way] = (int64_t)n;
    x->p95_bps[way] = bw_stat_percentile(values, n, P95_PPM);
}

/* The line's rate at the claim's layer where it could be compared, as in tested-dist/2; not
 * at the layer of a claim before that meant another. */
static void add_tests(const struct bw_report *r, int way, int64_t *values, struct month *x)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        if (t->direction == (enum bw_direction)way && t->state == BW_TEST_OK &&
            t->apart == BW_APART_NOT && t->compared_bps != BW_UNKNOWN &&
            t->claim_layer == bw_report_claim_layer(r) &&
            t->at_unix_ms >= x->from_unix_s * 1000 && t->at_unix_ms < x->to_unix_s * 1000) {
            values[n++] = t->compared_bps;
        }
    }
    x->n_tests[way] = (int64_t)n;
    x->tested_bps[way] = bw_stat_percentile(values, n, P50_PPM);
}

/* ---- the table ------------------------------------------------------------------ */

static void two_rates(struct bw_doc *d, const int64_t bps[BW_DIRECTIONS])
{
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        bw_sheet_rate(d, bps[way]);
    }
}

static void month_row(struct bw_pack_made *m, const struct month *x)
{
    char text[BW_WORDS_MAX];
    char name[64];

    (void)snprintf(text, sizeof(text), "%s %d", bw_words_month(x->month), x->year);
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, text);
    bw_sheet_percent(m->doc, bw_words_ppm(x->recorded_s, x->to_unix_s - x->from_unix_s));
    bw_words_length(x->outage_ms, text);
    bw_doc_put(m->doc, x->outage_ms == BW_UNKNOWN ? "not measured"
                       : x->outage_ms == 0        ? "none seen"
                                                  : text);
    if (x->blind_days > 0 && x->outage_ms != BW_UNKNOWN) {
        bw_doc_printf(m->doc, BW_SPAN_SMALL, "%lld %s could not be told",
                      (long long)x->blind_days, x->blind_days == 1 ? "day" : "days");
    }
    two_rates(m->doc, x->tested_bps);
    two_rates(m->doc, x->carried_bps);
    two_rates(m->doc, x->p95_bps);
    (void)snprintf(name, sizeof(name), "%04d-%02d.recorded", x->year, x->month);
    bw_pack_figure(m, name, x->recorded_s, "s", BW_LAYER_UNKNOWN, "sum", BW_UNKNOWN,
                   BW_METHOD_COVERAGE);
    (void)snprintf(name, sizeof(name), "%04d-%02d.outage", x->year, x->month);
    bw_pack_figure(m, name, x->outage_ms, "ms", BW_LAYER_UNKNOWN, "sum", BW_UNKNOWN,
                   BW_METHOD_OUTAGE);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const char *dir = bw_words_direction(way);
        enum bw_layer layer = m->r->n_used ? m->r->used[0].layer : BW_LAYER_UNKNOWN;
        (void)snprintf(name, sizeof(name), "%04d-%02d.tested.%s", x->year, x->month, dir);
        bw_pack_figure(m, name, x->tested_bps[way], "bit/s", bw_report_claim_layer(m->r),
                       "median", x->n_tests[way], BW_METHOD_TESTED);
        (void)snprintf(name, sizeof(name), "%04d-%02d.carried.%s", x->year, x->month, dir);
        bw_pack_figure(m, name, x->carried_bps[way], "bit/s", layer, "max", BW_UNKNOWN,
                       BW_METHOD_CARRIED);
        (void)snprintf(name, sizeof(name), "%04d-%02d.used.%s", x->year, x->month, dir);
        bw_pack_figure(m, name, x->p95_bps[way], "bit/s", layer, "P95", x->n_p95[way],
                       BW_METHOD_UTIL_P95);
    }
}

/* The first local day on which the line carried anything, or a run was good. */
static void first_service(struct bw_pack_made *m)
{
    const struct bw_report *r = m->r;
    int64_t first = BW_UNKNOWN;
    struct bw_civil c;
    char text[BW_WORDS_MAX];
    char day[BW_CIVIL_DATE_LEN + 1];

    for (size_t i = 0; i < r->n_intervals && first == BW_UNKNOWN; i++) {
        if (r->intervals[i].bytes[BW_DOWN] != BW_UNKNOWN &&
            r->intervals[i].bytes[BW_DOWN] > 0) {
            first = r->intervals[i].start_unix_s;
        }
    }
    for (size_t i = 0; i < r->n_runs; i++) {
        if (r->runs[i].state == BW_TEST_OK && r->runs[i].apart != BW_APART_EGRESS &&
            r->runs[i].apart != BW_APART_IMPLAUSIBLE &&
            r->runs[i].apart != BW_APART_ERRATUM &&
            (first == BW_UNKNOWN || r->runs[i].at_unix_ms / 1000 < first)) {
            first = r->runs[i].at_unix_ms / 1000;
        }
    }
    if (first == BW_UNKNOWN) {
        bw_pack_absent(m, "The first day of service",
                       "The line's counters saw nothing and no test succeeded.");
        return;
    }
    bw_tz_local(r->tz, first, &c);
    bw_words_date(c.year, c.month, c.day, c.weekday, text);
    bw_civil_date(bw_civil_days(c.year, c.month, c.day), day);
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_text(m->doc, "The first day of the period on which the line was seen to carry "
                        "traffic, or a test succeeded, is ");
    bw_doc_span(m->doc, BW_SPAN_STRONG, text);
    bw_doc_text(m->doc, ". Service before that is neither shown nor denied.");
    bw_pack_word(m, "first_service", day);
}

void bw_pack_months(struct bw_pack_made *m)
{
    static const char *const names[] = {"Month",       "On record", "Line out",
                                        "Tested down", "Tested up", "Carried down",
                                        "Carried up",  "Used down", "Used up"};
    const struct bw_report *r = m->r;
    struct month months[MONTHS_MAX];
    int64_t *values = calloc(r->n_intervals + r->n_runs + 1, sizeof(*values));
    size_t n = make_months(r, months);

    m->section = "months";
    bw_doc_section(m->doc, "months", "Service month by month");
    if (!values) {
        m->error = -ENOMEM;
        goto out;
    }
    first_service(m);
    bw_sheet_table(m->doc, "month-list", BW_TABLE_TIGHT, names, 9, 1);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "Tested: median of the line's rate in throughput runs, at %s. Carried: "
                  "highest interval; used: P95 of class hours; both at %s.",
                  bw_words_layer_long(bw_report_claim_layer(r)),
                  bw_words_layer_long(r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN));
    for (size_t i = 0; i < n; i++) {
        add_days(r, &months[i]);
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            add_use(r, way, values, &months[i]);
            add_tests(r, way, values, &months[i]);
        }
        month_row(m, &months[i]);
    }
    if (r->n_used == 0) {
        bw_pack_count_absent(m, "What was carried and used",
                             "This box counts no traffic of the circuit.");
    }
    if (r->tested[BW_DOWN].n_compared + r->tested[BW_UP].n_compared == 0) {
        bw_pack_count_absent(m, "What was tested",
                             "No run of the period can be compared with a claim.");
    }
out:
    free(values);
    bw_doc_end(m->doc);
}
