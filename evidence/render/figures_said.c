/* SPDX-License-Identifier: GPL-3.0-or-later
 * figures_said.c - what people said, as rows of the flat list: only where somebody did. */
#include "figures.h"

#include <annotation.h>
#include <bound.h>
#include <bw/units.h>
#include <model.h>
#include <stdio.h>
#include <words.h>

enum {
    NAME_CAP = 240
};

struct walk {
    bw_figure_cb cb;
    void *owner;
    int rc;
    const char *section;
    const char *method;
};

static void
put(struct walk *w, const char *figure, int64_t value, const char *text, const char *unit)
{
    struct bw_figure f = {.section = w->section,
                          .figure = figure,
                          .value = value,
                          .text = text,
                          .unit = unit,
                          .layer = "",
                          .statistic = "",
                          .n = BW_UNKNOWN,
                          .method = w->method};
    if (w->rc == 0) {
        w->rc = w->cb(w->owner, &f);
    }
}

/* Who says which claims are about this circuit. */
static void bindings(struct walk *w, const struct bw_report *r)
{
    char name[NAME_CAP];
    char when[32];

    w->section = "bindings";
    w->method = "";
    for (size_t i = 0; i < r->n_bindings; i++) {
        const struct bw_bound *b = &r->bindings[i];
        bw_words_utc_s(b->said_unix_s, when);
        (void)snprintf(name, sizeof(name), "%s %s/%s%s", b->binding.claim, b->first_day,
                       b->last_day,
                       b->never  ? " for no day"
                       : b->idle ? " not for this period"
                                 : "");
        put(w, name, b->bps[BW_DOWN], NULL, "bit/s");
        if (b->typed_wrong || b->void_as[0]) {
            (void)snprintf(name, sizeof(name), "%s in doubt", b->binding.claim);
            put(w, name, BW_UNKNOWN, b->void_as[0] ? b->void_as : "typed wrong?", "");
        }
        (void)snprintf(name, sizeof(name), "%s said by", b->binding.claim);
        put(w, name, BW_UNKNOWN, b->by, "");
        (void)snprintf(name, sizeof(name), "%s said at", b->binding.claim);
        put(w, name, BW_UNKNOWN, when, "");
        if (b->claim_id[0]) {
            bw_words_utc_s(b->claim_said_unix_s, when);
            (void)snprintf(name, sizeof(name), "%s %s/%s %s by %s at", b->binding.claim,
                           b->first_day, b->last_day,
                           b->replaced ? "as corrected" : "as said", b->claim_by);
            put(w, name, BW_UNKNOWN, when, "");
        }
        if (b->ended_by[0]) {
            bw_words_utc_s(b->ended_unix_s, when);
            (void)snprintf(name, sizeof(name), "%s ended by %s at", b->binding.claim,
                           b->ended_who);
            put(w, name, BW_UNKNOWN, when, "");
        }
    }
}

static void annotations(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_outages *o = &r->outages;
    const struct bw_report_notes *notes = &r->notes;
    char name[NAME_CAP];
    char from[32];
    char to[32];

    if (notes->n == 0 && notes->n_unread == 0) {
        return;
    }
    w->section = "annotations";
    w->method = BW_METHOD_EXCLUDED;
    put(w, "annotations", (int64_t)notes->n, NULL, "1");
    put(w, "annotations_not_readable", notes->n_unread, NULL, "1");
    put(w, "excluded_time", notes->excluded_s, NULL, "s");
    put(w, "outage_in_excluded_time", o->excluded_ms, NULL, "ms");
    put(w, "outage_without_excluded_time",
        o->total_ms == BW_UNKNOWN ? BW_UNKNOWN : o->total_ms - o->excluded_ms, NULL, "ms");
    for (size_t i = 0; i < notes->n; i++) {
        const struct bw_annotation_said *a = &notes->list[i];
        bw_words_utc_s(a->annotation.from_unix_s, from);
        bw_words_utc_s(a->annotation.to_unix_s, to);
        (void)snprintf(name, sizeof(name), "%s/%s %s%s, by %s", from, to,
                       bw_cause_name((enum bw_cause)a->annotation.cause),
                       a->annotation.exclude == 1 ? " (excluded)" : "", a->by);
        put(w, name, BW_UNKNOWN, a->annotation.text, "");
    }
}

/* What people answered, as they wrote it. */
static void replies(struct walk *w, const struct bw_report *r)
{
    char name[NAME_CAP];
    char when[32];

    if (r->replies.n == 0 && r->replies.n_unread == 0) {
        return;
    }
    w->section = "replies";
    w->method = "";
    put(w, "replies", (int64_t)r->replies.n, NULL, "1");
    put(w, "replies_not_readable", r->replies.n_unread, NULL, "1");
    for (size_t i = 0; i < r->replies.n; i++) {
        const struct bw_reply_said *a = &r->replies.list[i];
        bw_words_utc_s(a->said_unix_s, when);
        (void)snprintf(name, sizeof(name), "%s to %s, kept by %s at %s",
                       bw_reply_from_name(a->reply.from), bw_reply_to_name(a->reply.to),
                       a->by, when);
        put(w, name, BW_UNKNOWN, a->reply.text, "");
    }
}

/* What errata came to, one row for each count. */
static void errata(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_errata *e = &r->errata;
    char name[NAME_CAP];
    char what[160];

    if (e->n == 0 && e->n_unread == 0) {
        return;
    }
    w->section = "errata";
    w->method = BW_METHOD_ERRATUM;
    put(w, "errata", (int64_t)e->n, NULL, "1");
    put(w, "errata_not_readable", e->n_unread, NULL, "1");
    for (size_t i = 0; i < e->n; i++) {
        const struct bw_report_erratum *x = &e->list[i];
        bool out = x->said.erratum.action == BW_ERRATUM_EXCLUDE;
        (void)snprintf(what, sizeof(what), "%.8s %s %s", x->said.id, x->said.key,
                       out ? "excluded" : "annotated");
        (void)snprintf(name, sizeof(name), "%s records", what);
        put(w, name, x->n_records, NULL, "1");
        (void)snprintf(name, sizeof(name), "%s intervals", what);
        put(w, name, x->n_intervals, NULL, "1");
        (void)snprintf(name, sizeof(name), "%s runs", what);
        put(w, name, x->n_runs, NULL, "1");
        (void)snprintf(name, sizeof(name), "%s reason", what);
        put(w, name, BW_UNKNOWN, x->said.erratum.reason, "");
    }
}

/* Keys that were in other hands: what came by them counts nowhere. */
static void keys_apart(struct walk *w, const struct bw_report *r)
{
    char name[NAME_CAP];
    char when[32];

    w->section = "keys";
    w->method = BW_METHOD_KEY_APART;
    for (size_t i = 0; i < r->counts.n_keys; i++) {
        const struct bw_report_key *k = &r->counts.keys[i];
        if (k->revoked_unix_s == BW_UNKNOWN) {
            continue;
        }
        bw_words_utc_s(k->revoked_unix_s, when);
        (void)snprintf(name, sizeof(name), "%s in other hands since", k->kid);
        put(w, name, BW_UNKNOWN, when, "");
        (void)snprintf(name, sizeof(name), "%s records set apart", k->kid);
        put(w, name, k->n_apart, NULL, "1");
    }
}

/* What the collector's log says of itself. */
static void log_facts(struct walk *w, const struct bw_report *r)
{
    char when[32];

    if (!r->log.there) {
        return;
    }
    w->section = "log";
    w->method = "";
    put(w, "name", BW_UNKNOWN, r->log.name, "");
    put(w, "entries", r->log.size, NULL, "1");
    bw_words_utc_s(r->log.signed_unix_s, when);
    put(w, "signed", BW_UNKNOWN, when, "");
    put(w, "witnesses", (int64_t)r->log.n_witnesses, NULL, "1");
    put(w, "stamps", (int64_t)r->log.n_stamps, NULL, "1");
    put(w, "seams", (int64_t)r->log.n_before, NULL, "1");
}

int bw_figures_said(const struct bw_report *r, bw_figure_cb cb, void *owner)
{
    struct walk w = {.cb = cb, .owner = owner};

    bindings(&w, r);
    annotations(&w, r);
    replies(&w, r);
    errata(&w, r);
    keys_apart(&w, r);
    log_facts(&w, r);
    return w.rc;
}
