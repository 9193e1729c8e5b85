/* SPDX-License-Identifier: GPL-3.0-or-later
 * outages.c - how long the line was out, by the cause that records saw and by what people
 * know of it, with the time that a stop-clock takes out shown beside the full one.
 *
 * Invariant: nothing that people say shortens a recorded outage; the two sums stand side by
 * side. */
#include "packs_private.h"

#include <civil.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>
#include <words.h>

enum {
    CAUSES_MAX = 16
};

struct cause {
    const char *why;
    int64_t n;
    int64_t total_ms;
    int64_t excluded_ms;
    int64_t longest_ms;
};

static size_t gather(const struct bw_report_outages *o, struct cause *causes)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n; i++) {
        const struct bw_report_outage *x = &o->list[i];
        int64_t length_ms = x->clipped_to_unix_ms - x->clipped_from_unix_ms;
        size_t k = 0;
        while (k < n && strcmp(causes[k].why, x->why) != 0) {
            k++;
        }
        if (k == n && n == CAUSES_MAX) {
            k = n - 1; /* counted with the last: there are not so many words */
        } else if (k == n) {
            causes[n++] = (struct cause){.why = x->why};
        }
        causes[k].n++;
        causes[k].total_ms += length_ms;
        causes[k].excluded_ms += x->excluded_ms;
        causes[k].longest_ms =
            length_ms > causes[k].longest_ms ? length_ms : causes[k].longest_ms;
    }
    return n;
}

static void cause_table(struct bw_pack_made *m)
{
    static const char *const names[] = {"Cause seen", "Outages",    "In all",
                                        "Longest",    "Stop-clock", "Left"};
    struct cause causes[CAUSES_MAX];
    size_t n = gather(&m->r->outages, causes);
    char name[96];
    char text[400];

    bw_sheet_table(m->doc, "causes", BW_TABLE_PLAIN, names, 6, 1);
    bw_doc_text(m->doc, "Stop-clock: time that people who know of it excluded; the pack "
                        "delivery lists each note with its author.");
    for (size_t i = 0; i < n; i++) {
        bw_doc_row(m->doc);
        bw_sheet_outage_place(m->r, causes[i].why, text, sizeof(text));
        bw_doc_put(m->doc, causes[i].why);
        bw_doc_printf(m->doc, BW_SPAN_SMALL, "place: %s", text);
        (void)snprintf(name, sizeof(name), "outage.%s.place", causes[i].why);
        bw_pack_word(m, name, text);
        bw_sheet_count(m->doc, causes[i].n);
        bw_sheet_length(m->doc, causes[i].total_ms);
        bw_sheet_length(m->doc, causes[i].longest_ms);
        bw_sheet_length(m->doc, causes[i].excluded_ms);
        bw_sheet_length(m->doc, causes[i].total_ms - causes[i].excluded_ms);
        (void)snprintf(name, sizeof(name), "outage.%s", causes[i].why);
        bw_pack_figure(m, name, causes[i].total_ms, "ms", BW_LAYER_UNKNOWN, "sum",
                       causes[i].n, BW_METHOD_OUTAGE);
    }
}

/* ---- month by month --------------------------------------------------------------- */

/* What of one cause lies in one local month: outage-months/1. */
static struct cause in_month(const struct bw_report_outages *o,
                             const char *why,
                             int64_t from_unix_ms,
                             int64_t to_unix_ms)
{
    struct cause x = {.why = why};

    for (size_t i = 0; i < o->n; i++) {
        const struct bw_report_outage *a = &o->list[i];
        int64_t from = a->clipped_from_unix_ms;
        int64_t to = a->clipped_to_unix_ms;
        if (strcmp(a->why, why) != 0 || from >= to_unix_ms || to <= from_unix_ms) {
            continue;
        }
        x.n += a->from_unix_ms >= from_unix_ms; /* of one from before the period, no */
        x.total_ms += (to < to_unix_ms ? to : to_unix_ms) -
                      (from > from_unix_ms ? from : from_unix_ms);
    }
    return x;
}

static void month_rows(struct bw_pack_made *m,
                       const struct cause *causes,
                       size_t n,
                       const struct bw_civil *c,
                       int64_t from_unix_s,
                       int64_t to_unix_s)
{
    char text[BW_WORDS_MAX];
    char name[96];

    for (size_t i = 0; i < n; i++) {
        struct cause x =
            in_month(&m->r->outages, causes[i].why, from_unix_s * 1000, to_unix_s * 1000);
        if (x.total_ms == 0) {
            continue;
        }
        (void)snprintf(text, sizeof(text), "%s %d", bw_words_month(c->month), c->year);
        bw_doc_row(m->doc);
        bw_doc_put(m->doc, text);
        bw_doc_put(m->doc, x.why);
        bw_sheet_count(m->doc, x.n);
        bw_sheet_length(m->doc, x.total_ms);
        (void)snprintf(name, sizeof(name), "%04d-%02d.outage.%s", c->year, c->month, x.why);
        bw_pack_figure(m, name, x.total_ms, "ms", BW_LAYER_UNKNOWN, "sum", x.n,
                       BW_METHOD_OUTAGE_MONTH);
    }
}

static void month_table(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {{.name = "Month", .header = true},
                                                   {.name = "Cause seen"},
                                                   {.name = "Began", .number = true},
                                                   {.name = "Out", .number = true}};
    const struct bw_report *r = m->r;
    struct cause causes[CAUSES_MAX];
    size_t n = gather(&r->outages, causes);
    int64_t at = r->from_unix_s;

    bw_doc_table(m->doc, "cause-months", BW_TABLE_PLAIN, columns, 4);
    bw_doc_text(m->doc, "By month: how many began in it, and how long the line was out of "
                        "it (" BW_METHOD_OUTAGE_MONTH "); months without any are left out");
    while (at < r->until_unix_s) {
        struct bw_civil c;
        int64_t next;
        bw_tz_local(r->tz, at, &c);
        next = bw_tz_day_start(r->tz, c.year, c.month + 1, 1);
        month_rows(m, causes, n, &c, at, next);
        at = next;
    }
}

void bw_pack_outages(struct bw_pack_made *m)
{
    const struct bw_report_outages *o = &m->r->outages;
    char total[BW_WORDS_MAX];
    char watched[BW_WORDS_MAX];

    m->section = "outages";
    bw_doc_section(m->doc, "by-cause", "Outages by cause");
    if (o->total_ms == BW_UNKNOWN) {
        bw_pack_absent(
            m, "Outages",
            "It takes two targets that are asked every few seconds, or counters.");
        bw_doc_end(m->doc);
        return;
    }
    bw_words_length(o->total_ms, total);
    bw_words_length(o->observed_s * 1000, watched);
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_printf(m->doc, BW_SPAN_STRONG, "%s in %zu %s", o->n ? total : "None", o->n,
                  o->n == 1 ? "outage" : "outages");
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  ", of %s watched. Outside the time watched none can be seen "
                  "(" BW_METHOD_OUTAGE ").",
                  watched);
    bw_pack_figure(m, "outage_total", o->total_ms, "ms", BW_LAYER_UNKNOWN, "sum",
                   (int64_t)o->n, BW_METHOD_OUTAGE);
    bw_pack_figure(m, "outage_excluded", o->excluded_ms, "ms", BW_LAYER_UNKNOWN, "sum",
                   (int64_t)o->n, BW_METHOD_EXCLUDED);
    bw_pack_figure(m, "outage_watched", o->observed_s, "s", BW_LAYER_UNKNOWN, "sum",
                   BW_UNKNOWN, BW_METHOD_OUTAGE);
    if (o->n > 0) {
        cause_table(m);
        month_table(m);
    }
    if (m->r->notes.n == 0) {
        bw_sheet_para(m->doc,
                      "Nobody noted anything about this time, so no clock was stopped "
                      "('bandwitness annotate').");
    }
    bw_doc_end(m->doc);
}
