/* SPDX-License-Identifier: GPL-3.0-or-later
 * apart.c - what errata and keys in other hands take out of the figures of many circuits.
 *
 * Invariant: an erratum stands once for each period, with how many circuits and how much of
 * them it concerns; a circuit of which nothing is left is counted, its records are not. */
#include "packs_private.h"

#include <errata.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>

enum {
    NOTES_MAX = 12 /* on a page; the figures have all that a circuit's line has room for */
};

_Static_assert(sizeof(((struct bw_pack_apart *)NULL)->key) > BW_ERRATUM_ABOUT_MAX,
               "what an erratum is about fits");

void bw_pack_apart_of(const struct bw_report *r, struct bw_pack_seen *ret)
{
    for (size_t i = 0; i < r->errata.n; i++) {
        const struct bw_report_erratum *x = &r->errata.list[i];
        struct bw_pack_apart *to = &ret->apart[ret->n_apart];
        if (ret->n_apart == BW_PACK_APART_MAX) {
            ret->n_apart_more++;
            continue;
        }
        ret->n_apart++;
        *to =
            (struct bw_pack_apart){.excluded = x->said.erratum.action == BW_ERRATUM_EXCLUDE,
                                   .n_circuits = 1,
                                   .n_records = x->n_records,
                                   .n_intervals = x->n_intervals,
                                   .n_runs = x->n_runs};
        (void)snprintf(to->id, sizeof(to->id), "%s", x->said.id);
        (void)snprintf(to->key, sizeof(to->key), "%s", x->said.key);
    }
    for (size_t i = 0; i < r->counts.n_keys; i++) {
        ret->n_key_apart += r->counts.keys[i].n_apart;
    }
}

int bw_pack_aparts_add(struct bw_pack_aparts *to, const struct bw_pack_seen *x)
{
    to->n_all += x->set_apart;
    to->n_more += x->n_apart_more > 0;
    to->n_key_circuits += x->n_key_apart > 0;
    to->n_key_records += x->n_key_apart;
    for (size_t i = 0; i < x->n_apart; i++) {
        const struct bw_pack_apart *a = &x->apart[i];
        size_t k = 0;
        while (k < to->n && strcmp(to->list[k].id, a->id) != 0) {
            k++;
        }
        if (k == to->n) {
            struct bw_pack_apart *more = realloc(to->list, (k + 1) * sizeof(*more));
            if (!more) {
                return -ENOMEM;
            }
            to->list = more;
            to->list[to->n++] = *a;
            continue;
        }
        to->list[k].n_circuits++;
        to->list[k].n_records += a->n_records;
        to->list[k].n_intervals += a->n_intervals;
        to->list[k].n_runs += a->n_runs;
    }
    return 0;
}

void bw_pack_aparts_done(struct bw_pack_aparts *x)
{
    free(x->list);
    *x = (struct bw_pack_aparts){.n = 0};
}

static void
erratum(struct bw_doc *d, const struct bw_pack_apart *x, bool at_least, const char *when)
{
    char n[4][BW_WORDS_MAX];

    bw_words_counted(x->n_circuits, "circuit", "circuits", n[0]);
    bw_words_counted(x->n_records, "record", "records", n[1]);
    bw_words_counted(x->n_intervals, "interval", "intervals", n[2]);
    bw_words_counted(x->n_runs, "test run", "test runs", n[3]);
    bw_doc_note(d, BW_NOTE_INFO);
    bw_doc_span(d, BW_SPAN_STRONG, x->excluded ? "Set apart: erratum. " : "Erratum. ");
    bw_doc_printf(d, BW_SPAN_PLAIN, "%sOf %s%s %s%s%s of %s %s: %s (%.8s).", when,
                  at_least ? "at least " : "", n[0], x->n_runs > 0 ? n[3] : "",
                  x->n_runs > 0 && x->n_intervals > 0 ? " and " : "",
                  x->n_intervals > 0 ? n[2] : "", n[1],
                  x->excluded ? "count nowhere here" : "are concerned and still count",
                  x->key, x->id);
}

void bw_pack_aparts_tell(struct bw_doc *d, const struct bw_pack_aparts *x, const char *when)
{
    char n[2][BW_WORDS_MAX];

    for (size_t i = 0; i < x->n && i < NOTES_MAX; i++) {
        erratum(d, &x->list[i], x->n_more > 0, when);
    }
    if (x->n > NOTES_MAX || x->n_more > 0) {
        bw_doc_note(d, BW_NOTE_INFO);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%sMore errata concern these circuits; each circuit's own report has "
                      "all of its own.",
                      when);
    }
    if (x->n_key_records > 0) {
        bw_words_counted(x->n_key_circuits, "circuit", "circuits", n[0]);
        bw_words_counted(x->n_key_records, "record", "records", n[1]);
        bw_doc_note(d, BW_NOTE_BAD);
        bw_doc_span(d, BW_SPAN_STRONG, "Set apart: key in other hands. ");
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%sOf %s %s count nowhere here; each circuit's own report says why.",
                      when, n[0], n[1]);
    }
    if (x->n_all > 0) {
        bw_words_counted(x->n_all, "circuit", "circuits", n[0]);
        bw_doc_note(d, BW_NOTE_BAD);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%sOf %s " BW_PACK_SET_APART ": it is not among those above.", when,
                      n[0]);
    }
}

static void figures(struct bw_pack_made *m, const struct bw_pack_aparts *x, const char *pre)
{
    const int64_t of = (int64_t)m->asked->many->n_lines;
    char name[240];

    for (size_t i = 0; i < x->n; i++) {
        const struct bw_pack_apart *a = &x->list[i];
        const struct {
            const char *what;
            int64_t n;
        } rows[] = {{"circuits", a->n_circuits},
                    {"records", a->n_records},
                    {"intervals", a->n_intervals},
                    {"runs", a->n_runs}};
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            (void)snprintf(name, sizeof(name), "%s%.8s %s %s %s", pre, a->id, a->key,
                           a->excluded ? "excluded" : "annotated", rows[k].what);
            bw_pack_figure(m, name, rows[k].n, "1", BW_LAYER_UNKNOWN, "count", of,
                           BW_METHOD_ERRATUM);
        }
    }
    if (x->n_more > 0) { /* each of those above is of as many at least */
        (void)snprintf(name, sizeof(name), "%scircuits with errata that are not counted",
                       pre);
        bw_pack_figure(m, name, x->n_more, "1", BW_LAYER_UNKNOWN, "count", of,
                       BW_METHOD_ERRATUM);
    }
    if (x->n_key_circuits > 0) {
        (void)snprintf(name, sizeof(name), "%skey in other hands records", pre);
        bw_pack_figure(m, name, x->n_key_records, "1", BW_LAYER_UNKNOWN, "count", of,
                       BW_METHOD_KEY_APART);
    }
}

void bw_pack_many_apart(struct bw_pack_made *m)
{
    const struct bw_pack_many *q = m->asked->many;

    m->section = "errata";
    for (int k = 0; k < 2; k++) {
        struct bw_pack_aparts all = {.n = 0};
        for (size_t i = 0; i < q->n_lines && !m->error; i++) {
            m->error = bw_pack_aparts_add(&all, k ? &q->lines[i].before : &q->lines[i].now);
        }
        bw_pack_aparts_tell(m->doc, &all, k ? "In the period before: " : "");
        figures(m, &all, k ? "before." : "");
        bw_pack_aparts_done(&all);
    }
}
