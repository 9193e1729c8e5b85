/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_forms.c - everything in a bag that is made from the report: its forms, and the
 * packs in theirs.
 *
 * Invariant: the list and its order are fixed: whoever packs and whoever checks walk it
 * alike. */
#include "bundle_private.h"

#include "buf.h"
#include "doc.h"
#include "packs.h"
#include "pages.h"
#include "render.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MAX = 256 * 1024 * 1024
};

/* For one circuit; `legislature` is of many. */
static const enum bw_pack packs[] = {BW_PACK_SIZING, BW_PACK_PIA, BW_PACK_INVOICE,
                                     BW_PACK_DELIVERY, BW_PACK_AUDIT};

struct forms {
    const struct bw_bundle_made *m;
    bool pages;      /* PDFs are in the bag … */
    bool same_pages; /* … and can be made here as they were */
    struct bw_buf text;
    bw_bundle_form_cb cb;
    void *owner;
    struct bw_err *err;
};

static int give(struct forms *f, const char *member, bool figures, int r)
{
    r = r < 0 ? r : bw_buf_error(&f->text);
    if (r < 0) {
        return f->err->text[0] ? r : bw_err_set(f->err, r, "out of memory");
    }
    return f->cb(f->owner, member, f->text.data ? f->text.data : "", f->text.len, figures);
}

/* A document as PDF, where the bag has such. */
static int
page_form(struct forms *f, const char *folder, const char *name, const struct bw_doc *d)
{
    char member[BW_BAG_NAME_MAX + 1];
    int r;

    (void)snprintf(member, sizeof(member), "%s%s.pdf", folder, name);
    if (!f->same_pages) {
        return f->cb(f->owner, member, NULL, 0, false);
    }
    bw_buf_clear(&f->text);
    r = bw_bundle_pages(f->m->report, d, &f->text, f->err);
    return give(f, member, false, r);
}

static int report_pages(struct forms *f)
{
    struct bw_doc *d = NULL;
    int r = f->pages ? bw_sheet_report(f->m->report, &d, f->err) : 0;

    r = r < 0 || !f->pages ? r : page_form(f, BW_IN_REPORTS, "report", d);
    bw_doc_free(d);
    return r;
}

static int report_forms(struct forms *f)
{
    static const struct {
        const char *name;
        int (*render)(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr);
        bool figures;
    } rows[] = {
        {"intervals.csv", bw_render_csv_intervals, false},
        {"report.csv", bw_render_csv, true},
        {"report.html", bw_render_html, false},
        {"report.json", bw_render_json, false},
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
        char member[BW_BAG_NAME_MAX + 1];
        (void)snprintf(member, sizeof(member), "%s%s", BW_IN_REPORTS, rows[i].name);
        bw_buf_clear(&f->text);
        r = rows[i].render(f->m->report, &f->text, f->err);
        r = give(f, member, rows[i].figures, r);
    }
    return r;
}

static struct bw_pack_asked
asked_of(const struct bw_bundle_made *m, struct bw_pack_filed *filed, enum bw_pack pack)
{
    const struct bw_bundle_query *q = &m->query;
    const struct bw_filed *found = &m->said.filed;
    bool typed = q->judged && q->students != BW_UNKNOWN;
    bool users = q->judged && q->users != BW_UNKNOWN;

    *filed = (struct bw_pack_filed){.line = found->has ? &found->line : NULL,
                                    .origin = found->has ? found->origin : "",
                                    .others = found->others,
                                    .n_others = found->n_others,
                                    .circuits = found->circuits,
                                    .held = found->held,
                                    .n_held = found->n_held,
                                    .monthly = BW_DECIMAL_NOT_STATED,
                                    .monthly_origin = BW_PACK_MONTHLY_WRITTEN};
    if (q->monthly_cents > 0) {
        filed->monthly = (struct bw_decimal){.n = q->monthly_cents, .scale = 2};
    }
    return (struct bw_pack_asked){
        .pack = pack,
        .filed = filed,
        .n_reports = 1,
        .students = typed        ? q->students
                    : found->has ? found->students
                                 : BW_UNKNOWN,
        .users = users        ? q->users
                 : found->has ? found->users
                              : BW_UNKNOWN,
        .users_are = users        ? q->users_are
                     : found->has ? found->line.users_are
                                  : "",
        .people_origin = typed || !found->has ? "given when the bag was made, not on file"
                                              : found->people_origin,
        .people_open = found->people_open};
}

static int pack_forms(struct forms *f, enum bw_pack pack)
{
    static const struct {
        const char *ending;
        int (*write)(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *e);
        bool figures;
    } rows[] = {{"csv", bw_pack_csv, true},
                {"html", bw_pack_html, false},
                {"json", bw_pack_json, false}};
    const struct bw_report *reports[] = {f->m->report};
    struct bw_pack_filed filed;
    struct bw_pack_asked asked = asked_of(f->m, &filed, pack);
    struct bw_pack_made *made = NULL;
    int r;

    asked.reports = reports;
    r = bw_pack_make(&asked, &made, f->err);
    for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
        char member[BW_BAG_NAME_MAX + 1];
        (void)snprintf(member, sizeof(member), "%s%s.%s", BW_IN_PACKS, bw_pack_name(pack),
                       rows[i].ending);
        bw_buf_clear(&f->text);
        r = rows[i].write(made, &f->text, f->err);
        r = give(f, member, rows[i].figures, r);
    }
    if (r == 0 && f->pages) {
        r = page_form(f, BW_IN_PACKS, bw_pack_name(pack), bw_pack_doc(made));
    }
    bw_pack_free(made);
    return r;
}

int bw_bundle_forms(const struct bw_bundle_made *m,
                    bw_bundle_form_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_err err = {""};
    struct forms f = {.m = m, .cb = cb, .owner = owner, .err = reterr ? reterr : &err};
    char mark[BW_HASH_LEN + 1];
    int r;

    f.pages = m->query.pages[0] != '\0';
    f.same_pages = f.pages && bw_bundle_pages_mark(mark, NULL) == 0 &&
                   strcmp(mark, m->query.pages) == 0;
    f.err->text[0] = '\0';
    bw_buf_init(&f.text, TEXT_MAX);
    r = report_forms(&f);
    r = r < 0 ? r : report_pages(&f);
    for (size_t i = 0; r == 0 && i < sizeof(packs) / sizeof(packs[0]); i++) {
        r = pack_forms(&f, packs[i]);
    }
    if (r == 0) {
        bw_buf_clear(&f.text);
        r = bw_bundle_readme(m, &f.text);
        r = give(&f, BW_IN_README, false, r);
    }
    bw_buf_done(&f.text);
    return r;
}

bool bw_bundle_is_form(const char *member)
{
    static const char *const reports[] = {"intervals.csv", "report.csv", "report.html",
                                          "report.json",   "report.pdf", NULL};
    size_t n = strlen(BW_IN_REPORTS);

    if (strcmp(member, BW_IN_README) == 0) {
        return true;
    }
    for (size_t i = 0; strncmp(member, BW_IN_REPORTS, n) == 0 && reports[i]; i++) {
        if (strcmp(member + n, reports[i]) == 0) {
            return true;
        }
    }
    n = strlen(BW_IN_PACKS);
    for (size_t i = 0;
         strncmp(member, BW_IN_PACKS, n) == 0 && i < sizeof(packs) / sizeof(packs[0]);
         i++) {
        const char *name = bw_pack_name(packs[i]);
        const char *ending = member + n + strlen(name);
        if (strncmp(member + n, name, strlen(name)) == 0 &&
            (strcmp(ending, ".csv") == 0 || strcmp(ending, ".html") == 0 ||
             strcmp(ending, ".json") == 0 || strcmp(ending, ".pdf") == 0)) {
            return true;
        }
    }
    return false;
}
