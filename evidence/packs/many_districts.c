/* SPDX-License-Identifier: GPL-3.0-or-later
 * many_districts.c - many circuits by whose they are, what each district claims, and what
 * was claimed that nobody measures.
 *
 * Invariant: the only sum of speeds is that of claims, by the rule for it
 * (claimed-district/3); what lines carried is never added, for they are not full together.
 */
#include "packs_private.h"

#include "made_index.h"

#include <civil.h>
#include <district.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

void bw_pack_day_words(const char *day, char out[BW_WORDS_MAX])
{
    int64_t days;
    int y;
    int mo;
    int d;

    out[0] = '\0';
    if (day[0] && bw_civil_date_parse(day, &days) == 0) {
        bw_civil_from_days(days, &y, &mo, &d);
        (void)snprintf(out, BW_WORDS_MAX, "%d %s %d", d, bw_words_month(mo), y);
    }
}

struct sums {
    int64_t n;
    int64_t recorded;
    int64_t busy;
    int64_t busy_of;
    int64_t full;
    int64_t full_of;
    int64_t out;
    int64_t out_of;
};

static struct sums sum_of(const struct bw_pack_many *q, const char *number)
{
    struct sums s = {0};

    for (size_t i = 0; i < q->n_lines; i++) {
        const struct bw_pack_seen *x = &q->lines[i].now;
        int64_t share = bw_pack_busy_ppm(x);
        if (strcmp(q->lines[i].district, number) != 0) {
            continue;
        }
        s.n++;
        s.recorded += x->recorded;
        s.busy += bw_pack_is_busy(share);
        s.busy_of += share != BW_UNKNOWN;
        if (x->recorded) {
            s.full += x->full_s != BW_UNKNOWN && x->full_s > 0;
            s.full_of += x->full_s != BW_UNKNOWN;
            s.out += x->outage_ms != BW_UNKNOWN && x->n_outages > 0;
            s.out_of += x->outage_ms != BW_UNKNOWN;
        }
    }
    return s;
}

static void
part(struct bw_pack_made *m, const char *number, const char *what, int64_t n, int64_t of)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%s.%s", number[0] ? number : "not_told", what);
    bw_pack_figure(m, name, n, "1", BW_LAYER_UNKNOWN, "count", of, BW_METHOD_COUNT);
    bw_doc_cell(m->doc);
    if (of == 0) {
        bw_doc_span(m->doc, BW_SPAN_NONE, "–");
    } else {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "%lld of %lld", (long long)n, (long long)of);
    }
}

/* What a district claims, download; "at least" where lines could not be counted. */
static void claimed(struct bw_pack_made *m, const struct bw_district *d, const char *what)
{
    const struct bw_claimed_sum *s = d ? &d->claimed.sum[BW_DOWN] : NULL;
    char name[64];

    bw_sheet_rate(m->doc, s ? s->bps : BW_UNKNOWN);
    if (!s) {
        return;
    }
    if (s->bps != BW_UNKNOWN && s->at_least) {
        bw_doc_span(m->doc, BW_SPAN_SMALL, "at least");
    }
    if (s->two_layers) {
        bw_doc_span(m->doc, BW_SPAN_SMALL, "at unlike layers");
    }
    (void)snprintf(name, sizeof(name), "%s.%s%s", d->number, what,
                   s->at_least ? ".at_least" : "");
    bw_pack_figure(m, name, s->bps, "bit/s", BW_LAYER_UNKNOWN, "sum", (int64_t)d->claimed.n,
                   BW_CLAIMED_METHOD);
}

static void people(struct bw_pack_made *m, const struct bw_district *d)
{
    const struct bw_claimed_sum *s = d ? &d->claimed.sum[BW_DOWN] : NULL;
    int64_t students = d ? d->students : BW_UNKNOWN;
    int64_t each = BW_UNKNOWN;
    bool at_least = false;
    char name[64];

    if (s && s->bps != BW_UNKNOWN && students != BW_UNKNOWN && students > 0) {
        each = s->bps / students;
        at_least = s->at_least;
    }
    bw_sheet_count(m->doc, students);
    bw_sheet_rate(m->doc, each);
    if (at_least) {
        bw_doc_span(m->doc, BW_SPAN_SMALL, "at least");
    }
    if (d) {
        (void)snprintf(name, sizeof(name), "%s.students", d->number);
        bw_pack_figure(m, name, students, "1", BW_LAYER_UNKNOWN, "sum", d->n_schools,
                       BW_METHOD_COUNT);
        (void)snprintf(name, sizeof(name), "%s.claimed_each%s", d->number,
                       at_least ? ".at_least" : "");
        bw_pack_figure(m, name, each, "bit/s", BW_LAYER_UNKNOWN, "for each student",
                       students, BW_CLAIMED_METHOD);
    }
}

/* d NULL: of the circuits whose district is not told. */
static void row(struct bw_pack_made *m, const struct bw_district *d, size_t at)
{
    const struct bw_pack_many *q = m->asked->many;
    const char *number = d ? d->number : "";
    struct sums s = sum_of(q, number);

    bw_doc_row(m->doc);
    bw_doc_put(m->doc, d && d->name[0] ? d->name
                       : number[0]     ? number
                                       : "Whose is not told");
    if (d && d->name[0]) {
        bw_doc_span(m->doc, BW_SPAN_SMALL, number);
    }
    part(m, number, "on_record", s.recorded, s.n);
    part(m, number, "busy", s.busy, s.busy_of);
    part(m, number, "full", s.full, s.full_of);
    part(m, number, "out", s.out, s.out_of);
    claimed(m, d && q->districts_before ? &q->districts_before[at] : NULL,
            "claimed.before");
    claimed(m, d, "claimed.now");
    people(m, d);
}

void bw_pack_districts(struct bw_pack_made *m)
{
    static const char *const names[] = {"District",
                                        "Lines on record",
                                        "Busy",
                                        "Full",
                                        "Out",
                                        "Claimed before",
                                        "Claimed now",
                                        "Students",
                                        "Claimed for each"};
    const struct bw_pack_many *q = m->asked->many;
    char day[BW_WORDS_MAX];
    char before[BW_WORDS_MAX];

    bw_pack_day_words(q->day, day);
    bw_pack_day_words(q->day_before, before);
    m->section = "districts";
    bw_doc_section(m->doc, "districts", "By district");
    if (q->n_districts == 0) {
        bw_pack_absent(
            m, "Districts",
            "Nothing on file says whose these lines are (bandwitness import, claim "
            "confirm, site).");
        bw_doc_end(m->doc);
        return;
    }
    bw_sheet_table(m->doc, "district-list", BW_TABLE_TIGHT, names, 9, 1);
    bw_doc_printf(
        m->doc, BW_SPAN_PLAIN,
        "Of the lines of which it is known, busy: at 75 %% of the claim or more on the "
        "busiest school day; full: at 90 %% or more at some time in class hours; out: with "
        "an outage. Claimed: download, on %s%s%s, the sum of its Internet lines and, where "
        "Internet and its circuits are billed apart, the lesser of the two; at the "
        "layer that they name, IP where they name none; not told where these are unlike "
        "(" BW_CLAIMED_METHOD
        "). What lines carried is not added up: they are not full at the same "
        "time. Students: full-time, of its schools together.",
        day, before[0] ? " and before on " : "", before);
    for (size_t i = 0; i < q->n_districts; i++) {
        row(m, &q->districts[i], i);
    }
    if (sum_of(q, "").n > 0) {
        row(m, NULL, 0);
    }
    bw_doc_end(m->doc);
}

/* ---- claimed and not measured --------------------------------------------------- */

static void unmeasured_row(struct bw_pack_made *m, const struct bw_selected_line *l)
{
    char words[240];

    bw_made_line_words(l, words);
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, l->about);
    bw_doc_put(m->doc, l->payer_name[0] ? l->payer_name : l->payer);
    bw_doc_put(m->doc, l->provider[0] ? l->provider : "–");
    bw_sheet_rate(m->doc, l->bps[BW_DOWN]);
    bw_doc_put(m->doc, words);
}

void bw_pack_unmeasured(struct bw_pack_made *m)
{
    static const char *const names[] = {"Claim", "Payer", "Provider", "Download of one",
                                        "Measured"};
    const struct bw_selection *s = m->asked->many->chosen;
    char name[BW_CLAIM_ABOUT_MAX + 32];
    size_t n = 0;
    size_t shown = 0;

    m->section = "unmeasured";
    for (size_t i = 0; s && i < s->n_lines; i++) {
        n += bw_selected_unmeasured(&s->lines[i]) != 0;
    }
    bw_doc_section(m->doc, "unmeasured", "Claimed, and measured by nobody");
    bw_pack_figure(m, "claims", (int64_t)n, "1", BW_LAYER_UNKNOWN, "count",
                   s ? (int64_t)s->n_lines : 0, BW_METHOD_COUNT);
    if (!s || s->n_lines == 0) {
        bw_pack_absent(m, "Claims without a measured line", "No claim is on file.");
    } else if (n == 0) {
        bw_sheet_para(m->doc, "Every line of every claim on file has a measured circuit.");
    } else {
        bw_sheet_table(m->doc, "unmeasured-list", BW_TABLE_PLAIN, names, 5, 3);
    }
    for (size_t i = 0; n > 0 && i < s->n_lines; i++) {
        int64_t missing = bw_selected_unmeasured(&s->lines[i]);
        if (missing == 0) {
            continue;
        }
        if (shown < BW_PAGE_ROWS_MAX) {
            unmeasured_row(m, &s->lines[i]);
            shown++;
        }
        (void)snprintf(name, sizeof(name), "%s.lines", s->lines[i].about);
        bw_pack_figure(m, name, missing, "1", BW_LAYER_UNKNOWN, "count", s->lines[i].lines,
                       BW_METHOD_COUNT);
    }
    if (n > 0) {
        bw_sheet_left_out(m->doc, shown, n);
    }
    bw_doc_end(m->doc);
}
