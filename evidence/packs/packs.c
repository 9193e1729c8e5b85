/* SPDX-License-Identifier: GPL-3.0-or-later
 * packs.c - which contents each pack has, in which order, and the frame around them.
 *
 * Invariant: the table below is the only place where a pack's contents are chosen; every
 * pack ends with the names of the others and with what it does not show, made from what
 * was really absent. */
#include "packs_private.h"

#include <bw/err.h>
#include <doc_html.h>
#include <errno.h>
#include <pages_private.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>
#include <words.h>

enum {
    CONTENTS_MAX = 24
};

static const struct {
    const char *name;
    const char *title;   /* after the place's name */
    const char *purpose; /* one sentence without a full stop */
    int pages_max;       /* on paper; 0: as many as it takes */
    bw_pack_content_cb contents[CONTENTS_MAX];
} packs[BW_PACKS] = {
    [BW_PACK_SIZING] = {"sizing",
                        "how fast a line is needed",
                        "how fast the next line has to be, before Form 470 is filed",
                        1,
                        {bw_pack_sizing, bw_pack_use_chart, bw_pack_covered,
                         bw_pack_who_short}},
    [BW_PACK_PIA] = {"pia",
                     "claim and price against what was carried and tested",
                     "answers to a question of Program Integrity Assurance",
                     3,
                     {bw_pack_who, bw_pack_first, bw_pack_price, bw_pack_people,
                      bw_pack_coincident, bw_pack_diagram, bw_pack_covered}},
    [BW_PACK_INVOICE] = {"invoice",
                         "service month by month",
                         "what was delivered in the months that an invoice is for",
                         0,
                         {bw_pack_who, bw_pack_months, bw_pack_outages, bw_pack_covered,
                          bw_pack_keep_until}},
    [BW_PACK_DELIVERY] = {"delivery",
                          "what was contracted and what was delivered",
                          "whether the provider delivered, by the contract's own clauses",
                          0,
                          {bw_pack_who, bw_pack_first, bw_pack_clauses, bw_pack_outages,
                           bw_pack_outage_list, bw_pack_covered, bw_pack_replies,
                           bw_pack_letter}},
    [BW_PACK_AUDIT] = {"audit",
                       "everything on record",
                       "everything on record, with the methods and how long to keep it",
                       0,
                       {bw_pack_who, bw_pack_everything, bw_pack_ahead, bw_pack_the_rest,
                        bw_pack_price, bw_pack_people, bw_pack_keep_until, bw_pack_epc,
                        bw_pack_proof, bw_pack_method, bw_pack_certificate}},
    [BW_PACK_LEGISLATURE] = {"legislature",
                             "needs and progress",
                             "many districts at once: which lines need help",
                             0,
                             {bw_pack_needs, bw_pack_progress, bw_pack_districts,
                              bw_pack_all_lines, bw_pack_unmeasured}},
};

int bw_pack_parse(const char *name, enum bw_pack *ret)
{
    for (int i = 0; i < BW_PACKS; i++) {
        if (packs[i].name && strcmp(packs[i].name, name) == 0) {
            *ret = (enum bw_pack)i;
            return 0;
        }
    }
    return -EINVAL;
}

const char *bw_pack_name(enum bw_pack pack)
{
    return packs[pack].name;
}

const char *bw_pack_purpose(enum bw_pack pack)
{
    return packs[pack].purpose;
}

/* ---- figures -------------------------------------------------------------------- */

static void *grow(struct bw_pack_made *m, void *list, size_t n, size_t *cap, size_t size)
{
    size_t wanted = *cap ? *cap * 2 : 64;
    void *more;

    if (n < *cap) {
        return list;
    }
    more = realloc(list, wanted * size);
    if (!more) {
        m->error = -ENOMEM;
        return NULL;
    }
    *cap = wanted;
    return more;
}

static const char *kept(struct bw_pack_made *m, const char *text)
{
    const char *copy = text ? bw_doc_keep(m->doc, text, strlen(text) + 1) : NULL;

    return copy ? copy : "";
}

void bw_pack_keep(struct bw_pack_made *m, const struct bw_pack_figure *f)
{
    struct bw_pack_figure *list;

    if (m->error) {
        return;
    }
    list = grow(m, m->figures, m->n_figures, &m->cap_figures, sizeof(*list));
    if (list) {
        m->figures = list;
        m->figures[m->n_figures++] =
            (struct bw_pack_figure){.section = kept(m, f->section),
                                    .figure = kept(m, f->figure),
                                    .value = f->value,
                                    .text = f->text ? kept(m, f->text) : NULL,
                                    .unit = kept(m, f->unit),
                                    .layer = kept(m, f->layer),
                                    .statistic = kept(m, f->statistic),
                                    .n = f->n,
                                    .method = kept(m, f->method)};
    }
}

void bw_pack_figure(struct bw_pack_made *m,
                    const char *figure,
                    int64_t value,
                    const char *unit,
                    enum bw_layer layer,
                    const char *statistic,
                    int64_t n,
                    const char *method)
{
    bw_pack_keep(m, &(struct bw_pack_figure){.section = m->section,
                                             .figure = figure,
                                             .value = value,
                                             .unit = unit,
                                             .layer = bw_words_layer(layer),
                                             .statistic = statistic,
                                             .n = n,
                                             .method = method});
}

void bw_pack_word(struct bw_pack_made *m, const char *figure, const char *text)
{
    bw_pack_keep(m, &(struct bw_pack_figure){.section = m->section,
                                             .figure = figure,
                                             .value = BW_UNKNOWN,
                                             .text = text,
                                             .unit = "",
                                             .layer = "",
                                             .statistic = "",
                                             .n = BW_UNKNOWN,
                                             .method = ""});
}

void bw_pack_count_absent(struct bw_pack_made *m, const char *what, const char *why)
{
    struct bw_pack_absent *list;

    if (m->error) {
        return;
    }
    list = grow(m, m->absent, m->n_absent, &m->cap_absent, sizeof(*list));
    if (list) {
        m->absent = list;
        m->absent[m->n_absent++] = (struct bw_pack_absent){kept(m, what), kept(m, why)};
    }
}

void bw_pack_absent(struct bw_pack_made *m, const char *what, const char *why)
{
    bw_doc_para(m->doc, BW_PARA_NONE);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, "%s: not here. %s", what, why);
    bw_pack_count_absent(m, what, why);
}

const struct bw_pack_filed *bw_pack_filed_of(const struct bw_pack_made *m, size_t i)
{
    static const struct bw_pack_filed nothing = {
        .origin = "", .monthly = {.n = BW_UNKNOWN}, .monthly_origin = ""};

    return m->asked->filed && i < m->asked->n_reports ? &m->asked->filed[i] : &nothing;
}

const struct bw_report_claim *bw_pack_claim(const struct bw_report *r)
{
    return bw_report_claim_at(r, r->until_unix_s - 1);
}

/* ---- the frame ------------------------------------------------------------------ */

static void provisional_note(struct bw_pack_made *m)
{
    const struct bw_report *r = m->r;
    char until[BW_WORDS_MAX];

    m->provisional = r->made_unix_s < r->to_unix_s + BW_PACK_PROVISIONAL_S;
    if (!m->provisional) {
        return;
    }
    bw_words_local(r->tz, r->to_unix_s + BW_PACK_PROVISIONAL_S, 0, until);
    bw_doc_note(m->doc, BW_NOTE_PROVISIONAL);
    bw_doc_span(m->doc, BW_SPAN_STRONG, "Provisional. ");
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "Records that come late can still change these figures until %s, seven "
                  "days after the period's end. Make the page again after that.",
                  until);
}

/* What errata and keys in other hands took out of the figures: on every pack's first page.
 */
static void set_apart(struct bw_pack_made *m)
{
    static const char *const sections[] = {"errata", "keys", NULL};

    if (m->asked->many) {
        bw_pack_many_apart(m);
    }
    for (size_t i = 0; i < m->asked->n_reports && !m->asked->many; i++) {
        bw_sheet_errata_note(m->doc, m->asked->reports[i]);
    }
    if (!m->asked->many && m->asked->pack != BW_PACK_AUDIT) { /* it has them all */
        bw_pack_report_figures(m, sections);
    }
}

static void others(struct bw_pack_made *m)
{
    bool first = true;

    bw_doc_section(m->doc, "others", "Other packs for the same period");
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    for (int i = 0; i < BW_PACKS; i++) {
        if (i != (int)m->asked->pack) {
            bw_doc_text(m->doc, first ? "" : "; ");
            bw_doc_span(m->doc, BW_SPAN_CODE, packs[i].name);
            bw_doc_printf(m->doc, BW_SPAN_PLAIN, ": %s", packs[i].purpose);
            first = false;
        }
    }
    bw_doc_text(m->doc, ".");
    bw_doc_end(m->doc);
}

static const char *const never_shown[] = {
    "Who used the line, or for what: no address, name or content is ever recorded.",
    "Wi-Fi and wiring inside the building, and servers beyond those named.",
    "That it keeps any programme's rules: it supports such a statement and is none."};

static void not_shown(struct bw_pack_made *m)
{
    const struct bw_report_coverage *c = &m->r->coverage;
    char missing[BW_WORDS_MAX];

    bw_doc_section(m->doc, "not", "What this page does not show");
    if (m->n_absent > 0) {
        bw_doc_para(m->doc, BW_PARA_PLAIN);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                      "Of this pack's contents %zu %s not here:", m->n_absent,
                      m->n_absent == 1 ? "is" : "are");
    }
    bw_doc_list(m->doc, false);
    for (size_t i = 0; i < m->n_absent; i++) {
        bw_doc_item(m->doc);
        bw_doc_span(m->doc, BW_SPAN_STRONG, m->absent[i].what);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, ": %s", m->absent[i].why);
    }
    if (c->missing_s > 0 && !m->asked->many) {
        bw_words_length(c->missing_s * 1000, missing);
        bw_doc_item(m->doc);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "Anything about the %s without a record.",
                      missing);
    }
    for (size_t i = 0; i < sizeof(never_shown) / sizeof(never_shown[0]); i++) {
        bw_doc_item(m->doc);
        bw_doc_text(m->doc, never_shown[i]);
    }
    bw_doc_end(m->doc);
}

/* Under the title of a page of many circuits. */
static void many_lead(struct bw_pack_made *m)
{
    char made[BW_WORDS_MAX];
    char records[BW_WORDS_MAX];
    int64_t n = 0;

    for (size_t i = 0; i < m->asked->many->n_lines; i++) {
        n += m->asked->many->lines[i].now.n_records;
    }
    bw_words_local(m->r->tz, m->r->made_unix_s, 0, made);
    bw_words_count(n, records);
    bw_doc_para(m->doc, BW_PARA_LEAD);
    bw_sheet_period(m->doc, m->r, BW_SPAN_STRONG);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, ", local time of %s.", m->r->tz_name);
    bw_doc_para(m->doc, BW_PARA_LEAD);
    bw_doc_printf(
        m->doc, BW_SPAN_PLAIN,
        "Made %s; %s signed records name them (a record that names two counts for "
        "both).",
        made, records);
}

static int build(struct bw_pack_made *m, struct bw_err *reterr)
{
    const bw_pack_content_cb *contents = packs[m->asked->pack].contents;
    int rc = m->asked->letter ? bw_pack_one_letter(m, reterr) : 0;

    if (rc < 0) {
        return rc;
    }
    if (m->asked->many) {
        many_lead(m);
    } else {
        bw_sheet_lead(m->doc, m->r);
    }
    bw_sheet_checked(m->doc, m->r);
    provisional_note(m);
    set_apart(m);
    for (size_t i = 0; i < CONTENTS_MAX && contents[i]; i++) {
        contents[i](m);
    }
    others(m);
    not_shown(m);
    rc = bw_doc_finish(m->doc, reterr);
    if (rc == 0 && m->error) {
        rc = bw_err_set(reterr, m->error, "the page does not fit into memory");
    }
    return rc;
}

int bw_pack_make(const struct bw_pack_asked *asked,
                 struct bw_pack_made **ret,
                 struct bw_err *reterr)
{
    struct bw_pack_made *m = calloc(1, sizeof(*m));
    char title[320];
    char subject[160];
    char kicker[64];
    int rc = 0;

    if (!m) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    m->r = asked->reports[0];
    (void)snprintf(title, sizeof(title), "%s%s%s.%s: %s", m->r->place,
                   m->r->place[0] ? ", circuit " : "Circuit ", m->r->site, m->r->circuit,
                   packs[asked->pack].title);
    (void)snprintf(subject, sizeof(subject), "Bandwidth evidence, %s: %s.%s",
                   packs[asked->pack].name, m->r->site, m->r->circuit);
    if (asked->many) {
        (void)snprintf(title, sizeof(title), "%zu circuits: %s", asked->many->n_lines,
                       packs[asked->pack].title);
        (void)snprintf(subject, sizeof(subject), "Bandwidth evidence, %s: %zu circuits",
                       packs[asked->pack].name, asked->many->n_lines);
    }
    (void)snprintf(kicker, sizeof(kicker), "Bandwidth evidence: %s",
                   packs[asked->pack].name);
    m->doc = bw_doc_new(&(struct bw_doc_head){.lang = "en",
                                              .kicker = kicker,
                                              .title = title,
                                              .subject = subject,
                                              .pages_max = packs[asked->pack].pages_max});
    if (!m->doc) {
        rc = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    m->asked = bw_doc_keep(m->doc, asked, sizeof(*asked));
    m->title = kept(m, title);
    m->section = "";
    rc = m->asked ? build(m, reterr) : bw_err_set(reterr, -ENOMEM, "out of memory");
    if (rc == 0) {
        *ret = m;
        m = NULL;
    }
out:
    bw_pack_free(m);
    return rc;
}

void bw_pack_free(struct bw_pack_made *m)
{
    if (m) {
        bw_doc_free(m->doc);
        free(m->figures);
        free(m->absent);
        free(m);
    }
}

const struct bw_doc *bw_pack_doc(const struct bw_pack_made *m)
{
    return m->doc;
}

int bw_pack_html(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_doc_html(m->doc, out, reterr);
}
