/* SPDX-License-Identifier: GPL-3.0-or-later
 * outages.c - how long the line was out, by the cause that records saw and by what people
 * know of it, with the time that a stop-clock takes out shown beside the full one.
 *
 * Invariant: nothing that people say shortens a recorded outage; the two sums stand side by
 * side. */
#include "packs_private.h"

#include <pages_private.h>
#include <stdio.h>
#include <string.h>
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

    bw_page_table(m->doc, "causes", BW_TABLE_PLAIN, names, 6, 1);
    bw_doc_text(m->doc, "Stop-clock: time that people who know of it excluded; the pack "
                        "delivery lists each note with its author.");
    for (size_t i = 0; i < n; i++) {
        bw_doc_row(m->doc);
        bw_doc_put(m->doc, causes[i].why);
        bw_page_count(m->doc, causes[i].n);
        bw_page_length(m->doc, causes[i].total_ms);
        bw_page_length(m->doc, causes[i].longest_ms);
        bw_page_length(m->doc, causes[i].excluded_ms);
        bw_page_length(m->doc, causes[i].total_ms - causes[i].excluded_ms);
        (void)snprintf(name, sizeof(name), "outage.%s", causes[i].why);
        bw_pack_figure(m, name, causes[i].total_ms, "ms", BW_LAYER_UNKNOWN, "sum",
                       causes[i].n, BW_METHOD_OUTAGE);
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
    }
    if (m->r->notes.n == 0) {
        bw_page_para(m->doc,
                     "Nobody noted anything about this time, so no clock was stopped "
                     "('bandwitness annotate').");
    }
    bw_doc_end(m->doc);
}
