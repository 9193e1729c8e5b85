/* SPDX-License-Identifier: GPL-3.0-or-later
 * who.c - whose line it is, by what numbers it is known, and how much of the time the
 * page rests on.
 *
 * Invariant: a number that is not on file is named as missing, never made up. */
#include "packs_private.h"

#include <bw/records.h>
#include <civil.h>
#include <claimline.h>
#include <filed.h>
#include <pages_private.h>
#include <stdio.h>
#include <tz.h>
#include <words.h>

static void line(struct bw_pack_made *m, const char *name, const char *text)
{
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, name);
    bw_doc_put(m->doc, text);
}

/* A number of the claim; what has none is not a row but counted together. */
static void
number(struct bw_pack_made *m, const char *name, const char *figure, const char *text)
{
    if (text[0]) {
        line(m, name, text);
        bw_pack_word(m, figure, text);
    }
}

static void key_of(const struct bw_claimline *c, char out[BW_CLAIM_ABOUT_MAX + 1])
{
    (void)snprintf(out, BW_CLAIM_ABOUT_MAX + 1, "%s%s%s", c->frn[0] ? c->frn : c->own,
                   c->frn[0] && c->line[0] ? "." : "", c->frn[0] ? c->line : "");
}

/* "2699000001.001; Form 471 261000001; SPIN 143000555; Heron Fiber" */
static void numbers_of(const struct bw_claimline *c, const char *key, char out[512])
{
    (void)snprintf(out, 512, "%s%s%s%s%s%s%s", key, c->application[0] ? "; Form 471 " : "",
                   c->application, c->spin[0] ? "; SPIN " : "", c->spin,
                   c->provider[0] ? "; " : "", c->provider);
}

/* Where claims begin or end within the period: each with its days. */
static void held(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);

    for (size_t i = 0; i < f->n_held && bw_pack_held_changes(m); i++) {
        const struct bw_claimline *c = &f->held[i].line;
        char key[BW_CLAIM_ABOUT_MAX + 1];
        char days[160];
        char what[180];
        char text[512];
        key_of(c, key);
        numbers_of(c, key, text);
        bw_pack_held_days(&f->held[i], days);
        (void)snprintf(what, sizeof(what), "Bound %s", days);
        line(m, what, text);
        bw_pack_held_figures(m, i);
    }
}

/* Why there are no numbers of the filing of the period's last day. */
static const char *no_numbers(const struct bw_pack_made *m)
{
    return bw_pack_filed_of(m, 0)->n_held > 0
               ? "No claim is bound to this circuit on the period's last day; those of the "
                 "days before it are told with their days."
               : "No claim is bound to this circuit in this period.";
}

/* Claims that are billed apart: each is one of the circuit's. */
static void others(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);

    for (size_t i = 0; i < f->n_others; i++) {
        const struct bw_claimline *c = &f->others[i];
        char key[BW_CLAIM_ABOUT_MAX + 1];
        char text[512];
        char figure[64];
        key_of(c, key);
        numbers_of(c, key, text);
        (void)snprintf(figure, sizeof(figure), "also_bound.%zu", i + 1);
        line(m, "Bound as well, billed apart", text);
        bw_pack_word(m, figure, key);
    }
}

static void filed(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    const struct bw_claimline *c = f->line;
    char frn[32];

    if (!c) {
        return;
    }
    (void)snprintf(frn, sizeof(frn), "%s%s%s", c->frn, c->line[0] ? "." : "", c->line);
    number(m, "FRN and line item", "frn", frn);
    number(m, "Contract of one's own", "own", c->own);
    number(m, "Form 471 application", "form_471", c->application);
    number(m, "Service provider (SPIN)", "spin", c->spin);
    number(m, "Provider", "provider", c->provider);
    number(m, "Contract", "contract", c->contract);
    number(m, "Billed entity number (BEN)", "ben", c->payer);
    number(m, "Billed entity", "billed_entity", c->payer_name);
    number(m, "Purpose as filed", "purpose", c->purpose);
    number(m, "Service start as filed", "service_start", c->service_start);
    line(m, "Where these come from", f->origin);
    others(m);
}

/* "; it ended on 31 December 2026": nothing is claimed any more at the period's end. */
static void
ended(const struct bw_report *r, const struct bw_report_claim *c, char out[BW_WORDS_MAX])
{
    struct bw_civil day;

    out[0] = '\0';
    if (c->to_unix_s != BW_UNKNOWN && c->to_unix_s < r->until_unix_s) {
        bw_tz_local(r->tz, c->to_unix_s - 1, &day);
        (void)snprintf(out, BW_WORDS_MAX, "; its last day was %d %s %d", day.day,
                       bw_words_month(day.month), day.year);
    }
}

static void claimed(struct bw_pack_made *m)
{
    const struct bw_report_claim *c = bw_report_claim_last(m->r);
    char down[BW_WORDS_MAX];
    char up[BW_WORDS_MAX];
    char last[BW_WORDS_MAX];
    char text[480];

    if (!c) {
        line(m, "Claimed", "no claim is on file for this period");
        bw_pack_count_absent(
            m, "A claim",
            "None is on file for this period, so nothing can be compared with one.");
        return;
    }
    bw_words_rate(c->bps[BW_DOWN], down);
    bw_words_rate(c->bps[BW_UP], up);
    ended(m->r, c, last);
    (void)snprintf(text, sizeof(text), "%s down, %s up, at %s%s; %s%s",
                   c->bps[BW_DOWN] == BW_UNKNOWN ? "nothing" : down,
                   c->bps[BW_UP] == BW_UNKNOWN ? "nothing" : up,
                   bw_words_layer_long(bw_report_claim_layer(m->r)),
                   c->layer == BW_LAYER_UNKNOWN ? " (the claim names no layer)" : "",
                   c->origin, last);
    line(m, "Claimed", text);
}

static void holds_words(const struct bw_bound *b, char out[120])
{
    if (b->idle && b->ends_day[0]) {
        (void)snprintf(out, 120, "for no day: it ends what was said before on %s",
                       b->ends_day);
    } else if (b->never) {
        (void)snprintf(out, 120, "for no day: the claim was over when this was said");
    } else if (b->idle) {
        (void)snprintf(out, 120, "but not for this period: it holds from %s", b->first_day);
    } else {
        (void)snprintf(out, 120, "from %s to %s", b->first_day, b->last_day);
    }
}

/* A claim that was corrected when the period was under way, or over. */
static void corrected(struct bw_pack_made *m)
{
    for (size_t i = 0; i < m->r->n_bindings; i++) {
        const struct bw_bound *b = &m->r->bindings[i];
        char when[BW_WORDS_MAX];
        char down[BW_WORDS_MAX];
        char holds[120];
        char text[480];
        if (!bw_report_changed_late(m->r, b) || b->ended_by[0]) {
            continue;
        }
        bw_words_local(m->r->tz, b->claim_said_unix_s, 1, when);
        bw_words_rate(b->bps[BW_DOWN], down);
        holds_words(b, holds);
        (void)snprintf(text, sizeof(text), "%s, by %s, %s: %s down, %s", b->binding.claim,
                       b->claim_by, when,
                       b->bps[BW_DOWN] == BW_UNKNOWN ? "no speed stated" : down, holds);
        line(m, "Claim corrected after the period began", text);
    }
}

static void vantage(struct bw_pack_made *m)
{
    const struct bw_report_facts *f = &m->r->facts[m->r->n_facts - 1];
    char behind[64];
    char text[240];

    bw_words_behind(f->behind, behind, sizeof(behind));
    (void)snprintf(text, sizeof(text), "%s%s%s; counters: %s%s%s",
                   bw_words_or(bw_vantage_name(f->vantage), "not stated"),
                   behind[0] ? ", behind " : "", behind,
                   bw_words_or(bw_source_name(f->source), "none"),
                   f->layer != BW_LAYER_UNKNOWN ? " at " : "",
                   f->layer != BW_LAYER_UNKNOWN ? bw_words_layer_long(f->layer) : "");
    line(m, "Where the box stands", text);
}

void bw_pack_who(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {{.header = true}, {.name = NULL}};
    const struct bw_report *r = m->r;
    char circuit[160];

    m->section = "identity";
    bw_doc_section(m->doc, "who", "Which line this is");
    bw_doc_table(m->doc, "identity", BW_TABLE_PLAIN, columns, 2);
    if (r->place[0]) {
        line(m, "Place", r->place);
        bw_pack_word(m, "place", r->place);
    }
    (void)snprintf(circuit, sizeof(circuit), "%s.%s", r->site, r->circuit);
    line(m, "Circuit", circuit);
    bw_pack_word(m, "circuit", circuit);
    claimed(m);
    corrected(m);
    filed(m);
    held(m);
    vantage(m);
    if (!bw_pack_filed_of(m, 0)->line) {
        bw_pack_absent(m, "FRN, SPIN and other numbers of the filing", no_numbers(m));
    }
    bw_doc_end(m->doc);
}

/* A number of the filing, where it is on file. */
static void
also(struct bw_pack_made *m, const char *name, const char *figure, const char *text)
{
    if (text[0]) {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "; %s %s", name, text);
        bw_pack_word(m, figure, text);
    }
}

static void others_short(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);

    for (size_t i = 0; i < f->n_others; i++) {
        char key[BW_CLAIM_ABOUT_MAX + 1];
        char figure[64];
        key_of(&f->others[i], key);
        (void)snprintf(figure, sizeof(figure), "also_bound.%zu", i + 1);
        also(m, "bound as well, billed apart:", figure, key);
    }
}

static void held_short(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);

    for (size_t i = 0; i < f->n_held && bw_pack_held_changes(m); i++) {
        char key[BW_CLAIM_ABOUT_MAX + 1];
        char days[160];
        key_of(&f->held[i].line, key);
        bw_pack_held_days(&f->held[i], days);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "; bound %s: %s", days, key);
        bw_pack_held_figures(m, i);
    }
}

void bw_pack_who_short(struct bw_pack_made *m)
{
    const struct bw_report *r = m->r;
    const struct bw_report_claim *c = bw_report_claim_last(r);
    const struct bw_report_facts *f = &r->facts[r->n_facts - 1];
    const struct bw_claimline *l = bw_pack_filed_of(m, 0)->line;
    char circuit[160];
    char frn[32];
    char down[BW_WORDS_MAX];
    char up[BW_WORDS_MAX];
    char last[BW_WORDS_MAX];

    m->section = "identity";
    (void)snprintf(circuit, sizeof(circuit), "%s.%s", r->site, r->circuit);
    bw_doc_section(m->doc, "who", "Which line this is");
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s%s%s", r->place, r->place[0] ? ", " : "",
                  circuit);
    bw_pack_word(m, "circuit", circuit);
    if (r->place[0]) {
        bw_pack_word(m, "place", r->place);
    }
    if (c) {
        bw_words_rate(c->bps[BW_DOWN], down);
        bw_words_rate(c->bps[BW_UP], up);
        ended(r, c, last);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "; claimed %s down, %s up at %s%s (%s%s)",
                      c->bps[BW_DOWN] == BW_UNKNOWN ? "nothing" : down,
                      c->bps[BW_UP] == BW_UNKNOWN ? "nothing" : up,
                      bw_words_layer_long(bw_report_claim_layer(r)),
                      c->layer == BW_LAYER_UNKNOWN ? ", which the claim does not name" : "",
                      c->origin, last);
    } else {
        bw_doc_text(m->doc, "; no claim is on file for this period");
        bw_pack_count_absent(
            m, "A claim",
            "None is on file for this period, so nothing can be compared with one.");
    }
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, "; the box stands at the %s, counters: %s%s%s",
                  bw_words_or(bw_vantage_name(f->vantage), "place that it does not state"),
                  bw_words_or(bw_source_name(f->source), "none"),
                  f->layer != BW_LAYER_UNKNOWN ? " at " : "",
                  f->layer != BW_LAYER_UNKNOWN ? bw_words_layer_long(f->layer) : "");
    if (l) {
        (void)snprintf(frn, sizeof(frn), "%s%s%s", l->frn, l->line[0] ? "." : "", l->line);
        also(m, "FRN", "frn", frn);
        also(m, "contract of one's own", "own", l->own);
        also(m, "Form 471", "form_471", l->application);
        also(m, "SPIN", "spin", l->spin);
        also(m, "BEN", "ben", l->payer);
        others_short(m);
    } else {
        bw_pack_count_absent(m, "FRN, SPIN and other numbers of the filing", no_numbers(m));
    }
    held_short(m);
    bw_doc_text(m->doc, ".");
    bw_doc_end(m->doc);
}

void bw_pack_covered(struct bw_pack_made *m)
{
    const struct bw_report_coverage *c = &m->r->coverage;
    char recorded[BW_WORDS_MAX];
    char counted[BW_WORDS_MAX];
    char elapsed[BW_WORDS_MAX];
    char missing[BW_WORDS_MAX];
    char longest[BW_WORDS_MAX];
    char class_hours[160];
    int64_t longest_s = 0;
    int64_t n = 0;

    m->section = "coverage";
    bw_sheet_class_words(m->r, class_hours, sizeof(class_hours));
    for (size_t i = 0; i < c->n_gaps; i++) {
        if (c->gaps[i].kind == BW_RGAP_MISSING) {
            n++;
            longest_s = c->gaps[i].missing_s > longest_s ? c->gaps[i].missing_s : longest_s;
        }
    }
    bw_words_percent(bw_words_ppm(c->recorded_s, c->elapsed_s), recorded);
    bw_words_percent(bw_words_ppm(c->counted_s, c->elapsed_s), counted);
    bw_words_length(c->elapsed_s * 1000, elapsed);
    bw_words_length(c->missing_s * 1000, missing);
    bw_words_length(longest_s * 1000, longest);
    bw_doc_section(m->doc, "coverage", "What this rests on");
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s of %s is on record", recorded, elapsed);
    if (c->counted_s == BW_UNKNOWN) {
        bw_doc_text(m->doc, "; the line's counters were not read");
    } else {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "; the line's counters were read for %s of it",
                      counted);
    }
    if (n > 0) {
        bw_doc_printf(
            m->doc, BW_SPAN_PLAIN,
            ". %s missing in %lld %s, the longest %s (coverage/1). Each is listed "
            "with its cause in the pack audit.",
            missing, (long long)n, n == 1 ? "gap" : "gaps", longest);
    } else {
        bw_doc_text(m->doc, ". No gaps (coverage/1).");
    }
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, " Class hours: %s (%s).", class_hours,
                  m->r->class_time.by_calendar ? BW_METHOD_CLASS_CALENDAR
                                               : BW_METHOD_CLASS_HOURS);
    bw_pack_word(m, "class_hours", class_hours);
    bw_pack_figure(m, "elapsed", c->elapsed_s, "s", BW_LAYER_UNKNOWN, "", BW_UNKNOWN,
                   BW_METHOD_COVERAGE);
    bw_pack_figure(m, "recorded", c->recorded_s, "s", BW_LAYER_UNKNOWN, "sum",
                   m->r->counts.n_intervals, BW_METHOD_COVERAGE);
    bw_pack_figure(m, "missing", c->missing_s, "s", BW_LAYER_UNKNOWN, "sum", n,
                   BW_METHOD_COVERAGE);
    bw_pack_figure(m, "counted", c->counted_s, "s", BW_LAYER_UNKNOWN, "sum",
                   m->r->counts.n_intervals, BW_METHOD_COVERAGE);
    bw_doc_end(m->doc);
}
