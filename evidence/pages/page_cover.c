/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_cover.c - how much of the time is on record, what was missing, and when the line
 * was out.
 *
 * Invariant: every stretch without a record is listed with the cause that records state,
 * and time in which nothing could be seen is never time without an outage. */
#include "pages_private.h"

#include <plot.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

static void share_row(struct bw_doc *d, const char *what, int64_t s, int64_t of_s)
{
    char text[BW_WORDS_MAX];

    bw_doc_row(d);
    bw_doc_put(d, what);
    bw_words_length(s == BW_UNKNOWN ? BW_UNKNOWN : s * 1000, text);
    bw_doc_put(d, text);
    bw_sheet_percent(d, s == BW_UNKNOWN ? BW_UNKNOWN : bw_words_ppm(s, of_s));
}

static void received(struct bw_doc *d, const struct bw_report_coverage *c)
{
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];
    char n[BW_WORDS_MAX];

    if (c->n_received <= 0) {
        bw_sheet_para(d, "When the records reached a collector is not known here.");
        return;
    }
    bw_words_percent(bw_words_ppm(c->n_within_1h, c->n_received), a);
    bw_words_percent(bw_words_ppm(c->n_within_1h + c->n_within_24h, c->n_received), b);
    bw_words_count(c->n_later, n);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "%s of the records reached the collector within an hour of their "
                  "interval, %s within a day; %s later.",
                  a, b, n);
}

void bw_sheet_coverage(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"What", "Time", "Of the time that has passed"};
    static const struct bw_doc_key key[] = {{BW_SWATCH_MID, "on record"},
                                            {BW_SWATCH_HATCH, "no record"},
                                            {BW_SWATCH_OUT, "line out"}};
    const struct bw_report_coverage *c = &r->coverage;
    struct bw_drawing figure;
    char text[192];

    bw_sheet_head(d, "coverage", "How much of the time is on record", "coverage/1");
    bw_plot_coverage(r, &figure);
    bw_sheet_chart(d, &figure, "covered", key, sizeof(key) / sizeof(key[0]));
    bw_sheet_table(d, "covered", BW_TABLE_PLAIN, names, 3, 1);
    share_row(d, "Covered by signed records", c->recorded_s, c->elapsed_s);
    share_row(d, "Counters of the line read", c->counted_s, c->elapsed_s);
    for (size_t i = 0; i < c->n_targets; i++) {
        char name[160];
        bw_words_target(c->targets[i].probe, c->targets[i].kind, c->targets[i].family, name,
                        sizeof(name));
        (void)snprintf(text, sizeof(text), "Round trip to %s asked", name);
        share_row(d, text, c->targets[i].covered_s, c->elapsed_s);
    }
    received(d, c);
    if (c->twice_s > 0) {
        bw_words_length(c->twice_s * 1000, text);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%s are covered by more than one record (the box's clock was set "
                      "back); they count once.",
                      text);
    }
    bw_doc_end(d);
}

/* ---- outages ---------------------------------------------------------------- */

/* What tells an outage, where it was not there. */
static void few_witnesses(struct bw_doc *d, const struct bw_report_outages *o)
{
    if (o->n_witnesses >= 2) {
        return;
    }
    bw_doc_para(d, BW_PARA_NONE);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "%s An outage is told by at least two targets that are asked every few "
                  "seconds, and %s was.",
                  o->total_ms == BW_UNKNOWN ? "Not measured."
                  : o->n > 0                ? "There may have been more than these."
                                            : "Only a carrier that is down could be seen.",
                  o->n_witnesses == 1 ? "one" : "none");
}

/* What people know of an outage: causes, with their numbers in the list below. */
static void
known_of(struct bw_doc *d, const struct bw_report *r, const struct bw_report_outage *x)
{
    bool any = false;
    char text[BW_WORDS_MAX];

    bw_doc_cell(d);
    for (size_t i = 0; i < r->notes.n; i++) {
        const struct bw_annotation *a = &r->notes.list[i].annotation;
        if (a->from_unix_s * 1000 >= x->clipped_to_unix_ms ||
            a->to_unix_s * 1000 <= x->clipped_from_unix_ms) {
            continue;
        }
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s (note %zu)", any ? ", " : "",
                      bw_cause_name((enum bw_cause)a->cause), i + 1);
        any = true;
    }
    if (x->excluded_ms > 0) {
        bw_words_length(x->excluded_ms, text);
        bw_doc_printf(d, BW_SPAN_PLAIN, "; %s of it excluded", text);
    }
    if (!any) {
        bw_doc_text(d, "–");
    }
}

static void
outage_row(struct bw_doc *d, const struct bw_report *r, const struct bw_report_outage *x)
{
    char when[BW_WORDS_MAX];

    bw_doc_row(d);
    bw_words_local(r->tz, x->clipped_from_unix_ms / 1000, 1, when);
    bw_doc_put(d, when);
    bw_doc_text(d, x->from_unix_ms < x->clipped_from_unix_ms ? " (began before the period)"
                                                             : "");
    bw_words_local(r->tz, x->clipped_to_unix_ms / 1000, 1, when);
    bw_doc_put(d, when);
    bw_doc_text(d, x->open && x->clipped_to_unix_ms >= r->to_unix_s * 1000
                       ? " (still out at the end of the period)"
                   : x->open ? " (still out when the records stop)"
                   : x->to_unix_ms > x->clipped_to_unix_ms ? " (goes on after the period)"
                                                           : "");
    bw_doc_put(d, x->why);
    if (r->notes.n > 0) {
        known_of(d, r, x);
    }
    bw_sheet_length(d, x->clipped_to_unix_ms - x->clipped_from_unix_ms);
}

/* The targets by name, a name once. */
static void target_names(const struct bw_report *r, char *out, size_t n)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < r->coverage.n_targets && len + 2 < n; i++) {
        bool again = false;
        int w;
        for (size_t k = 0; k < i; k++) {
            again = again ||
                    strcmp(r->coverage.targets[k].probe, r->coverage.targets[i].probe) == 0;
        }
        if (!again) {
            w = snprintf(out + len, n - len, "%s%s", len ? ", " : "",
                         r->coverage.targets[i].probe);
            len = w < 0 || (size_t)w >= n - len ? n : len + (size_t)w;
        }
    }
}

void bw_sheet_outage_place(const struct bw_report *r, const char *why, char *out, size_t n)
{
    char names[240];

    target_names(r, names, sizeof(names));
    if (strcmp(why, "carrier down") == 0) {
        (void)snprintf(out, n,
                       "at the box's own port: its cable, or the device at the cable's "
                       "other end");
    } else if (strcmp(why, "targets silent") == 0) {
        (void)snprintf(out, n,
                       "on what the ways to all targets share: each that is asked every "
                       "few seconds was silent at "
                       "once (asked: %s)",
                       names);
    } else {
        (void)snprintf(out, n, "the records do not tell");
    }
}

/* One sentence for each cause. */
static void places(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_outages *o = &r->outages;
    char text[400];

    for (size_t i = 0; i < o->n; i++) {
        bool said = false;
        for (size_t k = 0; k < i && !said; k++) {
            said = strcmp(o->list[k].why, o->list[i].why) == 0;
        }
        if (!said) {
            bw_sheet_outage_place(r, o->list[i].why, text, sizeof(text));
            bw_doc_para(d, BW_PARA_PLAIN);
            bw_doc_printf(d, BW_SPAN_PLAIN, "Place of those with cause \"%s\": %s.",
                          o->list[i].why, text);
        }
    }
}

/* Excluded time is never left out without being shown. */
static void without_excluded(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_outages *o = &r->outages;
    char excluded[BW_WORDS_MAX];
    char within[BW_WORDS_MAX];
    char rest[BW_WORDS_MAX];

    if (r->notes.excluded_s == 0 || o->total_ms == BW_UNKNOWN) {
        return;
    }
    bw_words_length(r->notes.excluded_s * 1000, excluded);
    bw_words_length(o->excluded_ms, within);
    bw_words_length(o->total_ms - o->excluded_ms, rest);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "People exclude %s of this period (notes below). Of the outages %s "
                  "lie in it; without that time they come to %s (outage-excluded/1).",
                  excluded, o->excluded_ms > 0 ? within : "none", rest);
}

static void outages(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"From", "To", "Cause seen", "Length"};
    static const char *const known[] = {"From", "To", "Cause seen", "What people know",
                                        "Length"};
    static const struct bw_doc_key key[] = {{BW_SWATCH_OUT, "line out"},
                                            {BW_SWATCH_HATCH, "no record"}};
    const struct bw_report_outages *o = &r->outages;
    size_t shown = o->n < BW_PAGE_ROWS_MAX ? o->n : BW_PAGE_ROWS_MAX;
    char total[BW_WORDS_MAX];
    char longest[BW_WORDS_MAX];
    char observed[BW_WORDS_MAX];
    struct bw_drawing figure;

    bw_words_length(o->observed_s * 1000, observed);
    bw_doc_para(d, BW_PARA_PLAIN);
    if (o->n == 0) {
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "None was seen in the %s watched. Outside that time none can be seen.",
            observed);
        return;
    }
    bw_words_length(o->total_ms, total);
    bw_words_length(o->longest_ms, longest);
    bw_doc_printf(
        d, BW_SPAN_PLAIN,
        "%zu, with %s watched: %s in all, the longest %s. Outside the time watched "
        "none can be seen.",
        o->n, o->observed_s > 0 ? observed : "no time surely", total, longest);
    without_excluded(d, r);
    places(d, r);
    bw_plot_outages(r, &figure);
    bw_sheet_chart(d, &figure, "outage-list", key, sizeof(key) / sizeof(key[0]));
    if (r->notes.n > 0) {
        bw_sheet_table(d, "outage-list", BW_TABLE_PLAIN, known, 5, 4);
    } else {
        bw_sheet_table(d, "outage-list", BW_TABLE_PLAIN, names, 4, 3);
    }
    for (size_t i = 0; i < shown; i++) {
        outage_row(d, r, &o->list[i]);
    }
    bw_sheet_left_out(d, shown, o->n);
}

static void
note_row(struct bw_doc *d, const struct bw_report *r, const struct bw_annotation_said *a)
{
    char text[BW_WORDS_MAX];

    bw_words_local(r->tz, a->annotation.from_unix_s, 1, text);
    bw_doc_put(d, text);
    bw_words_local(r->tz, a->annotation.to_unix_s, 1, text);
    bw_doc_put(d, text);
    bw_doc_put(d, bw_cause_name((enum bw_cause)a->annotation.cause));
    bw_doc_text(d, a->annotation.exclude == 1 ? ", excluded" : "");
    bw_doc_put(d, a->annotation.text);
    bw_words_local(r->tz, a->said_unix_s, 1, text);
    bw_doc_put(d, a->by);
    bw_doc_printf(d, BW_SPAN_PLAIN, ", %s", text);
}

static void notes(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Note",  "From",           "To",
                                        "Cause", "In their words", "Said by, on"};
    size_t shown = r->notes.n < BW_PAGE_ROWS_MAX ? r->notes.n : BW_PAGE_ROWS_MAX;

    if (r->notes.n > 0) {
        bw_sheet_para(d,
                      "What people know of this time. It was said, not measured; nothing "
                      "measured is changed by it.");
        bw_sheet_table(d, "note-list", BW_TABLE_PLAIN, names, 6, 6);
        for (size_t i = 0; i < shown; i++) {
            bw_doc_row(d);
            bw_doc_cell(d);
            bw_doc_printf(d, BW_SPAN_PLAIN, "%zu", i + 1);
            note_row(d, r, &r->notes.list[i]);
        }
        bw_sheet_left_out(d, shown, r->notes.n);
    }
    if (r->notes.n_unread > 0) {
        bw_doc_para(d, BW_PARA_NONE);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%lld more were said in a form that only a newer program reads.",
                      (long long)r->notes.n_unread);
    }
}

void bw_sheet_outages(struct bw_doc *d, const struct bw_report *r)
{
    bw_sheet_head(d, "outages", "Outages",
                  r->notes.excluded_s > 0 ? "outage-union/1, outage-excluded/1"
                                          : "outage-union/1");
    few_witnesses(d, &r->outages);
    if (r->outages.total_ms != BW_UNKNOWN) {
        outages(d, r);
    }
    notes(d, r);
    bw_doc_end(d);
}

/* ---- gaps ------------------------------------------------------------------- */

static void gaps_table(struct bw_doc *d, const struct bw_report *r, size_t shown)
{
    static const char *const names[] = {"From", "To", "What", "Why", "Missing"};
    static const char *const kinds[] = {"no record", "counters incomplete",
                                        "put off or left out"};
    char text[BW_WORDS_MAX];

    bw_sheet_table(d, "gap-list", BW_TABLE_PLAIN, names, 5, 4);
    for (size_t i = 0; i < shown; i++) {
        const struct bw_report_gap *g = &r->coverage.gaps[i];
        bw_doc_row(d);
        bw_words_local(r->tz, g->from_unix_s, 1, text);
        bw_doc_put(d, text);
        bw_words_local(r->tz, g->to_unix_s, 1, text);
        bw_doc_put(d, text);
        bw_doc_put(d, kinds[g->kind]);
        bw_doc_put(d, g->why);
        bw_sheet_length(d, g->missing_s ? g->missing_s * 1000 : BW_UNKNOWN);
    }
}

/* How many are told though no time is missing. */
static size_t stated(const struct bw_report_coverage *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_gaps; i++) {
        n += c->gaps[i].kind == BW_RGAP_STATED;
    }
    return n;
}

void bw_sheet_gaps(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_coverage *c = &r->coverage;
    size_t shown = c->n_gaps < BW_PAGE_ROWS_MAX ? c->n_gaps : BW_PAGE_ROWS_MAX;
    bool many = c->n_gaps > 20;
    char text[BW_WORDS_MAX];

    bw_sheet_head(d, "gaps", "Gaps", "coverage/1");
    if (c->n_gaps == 0) {
        bw_sheet_para(d, "None: records cover all of the time that has passed, and their "
                         "counters all of theirs.");
        bw_doc_end(d);
        return;
    }
    bw_words_length(c->missing_s * 1000, text);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "%s without a record. Each is listed with the cause that the records "
                  "themselves state.",
                  text);
    if (stated(c) > 0) {
        bw_doc_text(d,
                    " Where something was put off or left out, a test as a rule, no time "
                    "is missing.");
    }
    if (many) {
        char missing[BW_WORDS_MAX];
        char left[BW_WORDS_MAX];
        bw_words_counted((int64_t)(c->n_gaps - stated(c)), "gap", "gaps", missing);
        bw_words_counted((int64_t)stated(c), "time", "times", left);
        bw_doc_details(d, true);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "All %zu: %s, and %s something was put off or left out", c->n_gaps,
                      missing, left);
    }
    gaps_table(d, r, shown);
    if (many) {
        bw_doc_end(d);
    }
    bw_sheet_left_out(d, shown, c->n_gaps);
    bw_doc_end(d);
}
