/* SPDX-License-Identifier: GPL-3.0-or-later
 * made_index.c - what was made of each of many circuits.
 *
 * Invariant: every circuit that was chosen and every claim that was found is a row,
 * whatever came of it. */
#include "made_index.h"

#include <buf.h>
#include <bw/err.h>
#include <ctype.h>
#include <doc.h>
#include <doc_html.h>
#include <errno.h>
#include <finding.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <words.h>

static const char *const states[] = {[BW_MADE_IT] = "made",
                                     [BW_MADE_BAD] = "made, signatures do not hold",
                                     [BW_NO_RECORD] = "no record of the period",
                                     [BW_SET_APART] = BW_PACK_SET_APART,
                                     [BW_NOT_MADE] = "failed"};

static bool was_made(const struct bw_made_row *r)
{
    return r->made == BW_MADE_IT || r->made == BW_MADE_BAD;
}

static int64_t judged(const struct bw_made_row *r, enum bw_outcome outcome)
{
    int64_t n = 0;

    for (size_t i = 0; i < r->line.n_judged; i++) {
        n += r->line.judged[i].outcome == outcome;
    }
    return n;
}

void bw_made_line_words(const struct bw_selected_line *l, char out[240])
{
    int64_t missing = bw_selected_unmeasured(l);

    if (l->void_as[0]) {
        (void)snprintf(out, 240, "its request is %s", l->void_as);
    } else if (missing == BW_UNKNOWN) {
        (void)snprintf(out, 240,
                       "measured by nobody; of how many lines it is is not stated");
    } else if (missing == 0 && l->lines != BW_UNKNOWN && l->n_bound > l->lines) {
        (void)snprintf(out, 240,
                       "measured: all %lld; %lld circuits are bound to it at one time",
                       (long long)l->lines, (long long)l->n_bound);
    } else if (missing == 0) {
        (void)snprintf(out, 240, "measured: %lld of %lld", (long long)l->n_bound,
                       (long long)(l->lines == BW_UNKNOWN ? l->n_bound : l->lines));
    } else {
        (void)snprintf(out, 240, "%lld of %lld measured by nobody%s", (long long)missing,
                       (long long)l->lines,
                       l->shared && l->lines > 1
                           ? "; others use it too, and whether one of these serves here is "
                             "not told"
                           : "");
    }
    if (l->n_untold > 0) {
        size_t n = strlen(out);
        (void)snprintf(out + n, 240 - n,
                       "; of %lld bound to it nobody said where the box stands",
                       (long long)l->n_untold);
    }
}

/* ---- for people ------------------------------------------------------------------ */

static void summary(struct bw_doc *d, const struct bw_made_index *x)
{
    int64_t n[BW_NOT_MADE + 1] = {0};
    int64_t open = 0;
    char text[BW_WORDS_MAX];

    for (size_t i = 0; i < x->n_rows; i++) {
        n[x->rows[i].made]++;
    }
    for (size_t i = 0; i < x->chosen->n_lines; i++) {
        open += bw_selected_unmeasured(&x->chosen->lines[i]) != 0;
    }
    bw_words_counted((int64_t)x->n_rows, "circuit", "circuits", text);
    bw_doc_para(d, BW_PARA_LEAD);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "%s: %lld made, %lld without a record of the period, %lld failed.", text,
                  (long long)n[BW_MADE_IT] + (long long)n[BW_MADE_BAD],
                  (long long)n[BW_NO_RECORD], (long long)n[BW_NOT_MADE]);
    if (n[BW_SET_APART] > 0) {
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      " Of %lld " BW_PACK_SET_APART
                      "; whoever looks after the records can list these (errata list, key "
                      "list).",
                      (long long)n[BW_SET_APART]);
    }
    if (x->chosen->n_lines > 0) {
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      " Of %lld claims on file %lld have lines that nobody measures.",
                      (long long)x->chosen->n_lines, (long long)open);
    }
    if (x->chosen->n_maybe > 0) {
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      " %lld more have so many users that their list is not on file: "
                      "perhaps they serve here.",
                      (long long)x->chosen->n_maybe);
    }
    if (x->chosen->n_unread > 0) {
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      " %lld statements on file need a newer reader and count for nothing "
                      "here.",
                      (long long)x->chosen->n_unread);
    }
}

/* What errata take out of those that were made. */
static int apart(struct bw_doc *d, const struct bw_made_index *x)
{
    struct bw_pack_aparts all = {.n = 0};
    int r = 0;

    for (size_t i = 0; i < x->n_rows && r == 0; i++) {
        if (was_made(&x->rows[i])) {
            r = bw_pack_aparts_add(&all, &x->rows[i].line.now);
        }
    }
    bw_pack_aparts_tell(d, &all, "");
    bw_pack_aparts_done(&all);
    return r;
}

static void files(struct bw_doc *d, const struct bw_made_index *x, const char *name)
{
    char path[BW_SITE_MAX + BW_NAME_MAX + 80];

    bw_doc_cell(d);
    for (size_t i = 0; i < x->n_files; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", name, x->files[i]);
        bw_doc_text(d, i ? " " : "");
        bw_doc_file_link(d, path, x->files[i]);
    }
}

static void circuit(struct bw_doc *d, const struct bw_made_index *x, size_t at)
{
    const struct bw_made_row *r = &x->rows[at];
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    bool made = was_made(r);

    (void)snprintf(name, sizeof(name), "%s.%s", r->of->name.site, r->of->name.circuit);
    bw_doc_row(d);
    bw_doc_put(d, name);
    if (r->line.place[0]) {
        bw_doc_span(d, BW_SPAN_SMALL, r->line.place);
    }
    bw_doc_put(d, r->of->claims[0] ? r->of->claims : "–");
    bw_doc_span(d, BW_SPAN_SMALL, r->of->why);
    if (made) {
        files(d, x, name);
        bw_sheet_percent(d, bw_words_ppm(r->line.now.recorded_s, r->line.now.elapsed_s));
    } else {
        bw_doc_cell(d);
        bw_doc_span(d, BW_SPAN_NONE, states[r->made]);
        bw_doc_put(d, "–");
    }
    if (made && r->made == BW_MADE_BAD) {
        bw_doc_span(d, BW_SPAN_SMALL, states[r->made]);
    }
    bw_doc_cell(d);
    if (made && r->line.n_judged > 0) {
        bw_doc_printf(d, BW_SPAN_PLAIN, "%lld show, %lld do not, %lld not enough",
                      (long long)judged(r, BW_OUTCOME_SHOW),
                      (long long)judged(r, BW_OUTCOME_DO_NOT_SHOW),
                      (long long)judged(r, BW_OUTCOME_NOT_ENOUGH));
    } else {
        bw_doc_span(d, BW_SPAN_NONE, made ? "no rule governs" : r->why[0] ? r->why : "–");
    }
}

static void claims(struct bw_doc *d, const struct bw_made_index *x)
{
    static const char *const names[] = {"Claim", "Provider", "Role", "Download of one",
                                        "Measured"};
    const struct bw_selection *s = x->chosen;
    char words[240];

    if (s->n_lines == 0) {
        return;
    }
    bw_doc_section(d, "claims", "Claims on file, measured or not");
    bw_sheet_table(d, "claim-list", BW_TABLE_PLAIN, names, 5, 3);
    for (size_t i = 0; i < s->n_lines && i < BW_PAGE_ROWS_MAX; i++) {
        const struct bw_selected_line *l = &s->lines[i];
        const char *role = bw_claim_role_name(l->role);
        bw_made_line_words(l, words);
        bw_doc_row(d);
        bw_doc_put(d, l->about);
        bw_doc_put(d, l->provider[0] ? l->provider : "–");
        bw_doc_put(d, role && role[0] ? role : "not told");
        bw_sheet_rate(d, l->bps[BW_DOWN]);
        bw_doc_put(d, words);
    }
    bw_sheet_left_out(d, s->n_lines < BW_PAGE_ROWS_MAX ? s->n_lines : BW_PAGE_ROWS_MAX,
                      s->n_lines);
    bw_doc_end(d);
}

int bw_made_index_html(const struct bw_made_index *x,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    static const char *const names[] = {"Circuit", "Claims", "Files", "On record",
                                        "Rules that govern"};
    char title[400];
    char made[32];
    struct bw_doc *d;
    int r;

    (void)snprintf(title, sizeof(title), "%s, %s: %s", x->whose, x->period, x->pack);
    title[0] = (char)toupper((unsigned char)title[0]);
    d = bw_doc_new(&(struct bw_doc_head){.lang = "en",
                                         .kicker = "Bandwidth evidence: contents",
                                         .title = title,
                                         .subject = title});
    if (!d) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    summary(d, x);
    bw_words_utc_s(x->made_unix_s, made);
    bw_doc_para(d, BW_PARA_LEAD);
    bw_doc_printf(d, BW_SPAN_PLAIN, "Made %s. index.csv says the same to programs.", made);
    if (apart(d, x) < 0) {
        bw_doc_free(d);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_doc_section(d, "circuits", "Circuits");
    bw_sheet_table(d, "circuit-list", BW_TABLE_PLAIN, names, 5, 3);
    for (size_t i = 0; i < x->n_rows; i++) {
        circuit(d, x, i);
    }
    bw_doc_end(d);
    claims(d, x);
    r = bw_doc_finish(d, reterr);
    r = r < 0 ? r : bw_doc_html(d, out, reterr);
    bw_doc_free(d);
    return r;
}

/* ---- for programs ---------------------------------------------------------------- */

static void field(struct bw_buf *out, const char *text)
{
    bw_text_csv(out, text);
    bw_buf_putc(out, ',');
}

static void number(struct bw_buf *out, int64_t n)
{
    if (n != BW_UNKNOWN) {
        bw_buf_i64(out, n);
    }
    bw_buf_putc(out, ',');
}

static void csv_circuit(struct bw_buf *out, const struct bw_made_index *x, size_t at)
{
    const struct bw_made_row *r = &x->rows[at];
    char text[400];
    bool made = was_made(r);
    size_t n = 0;

    (void)snprintf(text, sizeof(text), "%s.%s", r->of->name.site, r->of->name.circuit);
    bw_buf_puts(out, "circuit,");
    field(out, text);
    field(out, r->line.place);
    field(out, r->of->district);
    field(out, r->of->claims);
    field(out, states[r->made]);
    text[0] = '\0';
    for (size_t i = 0; i < x->n_files && made; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s.%s/%s", i ? " " : "",
                              r->of->name.site, r->of->name.circuit, x->files[i]);
    }
    field(out, text);
    number(out, made ? r->line.now.recorded_s : BW_UNKNOWN);
    number(out, made ? r->line.now.elapsed_s : BW_UNKNOWN);
    for (int o = BW_OUTCOME_SHOW; o <= BW_OUTCOME_NOT_ENOUGH; o++) {
        number(out, made ? judged(r, (enum bw_outcome)o) : BW_UNKNOWN);
    }
    bw_buf_putc(out, ',');
    bw_text_csv(out, r->why[0] ? r->why : r->of->why);
    bw_buf_puts(out, "\r\n");
}

int bw_made_index_csv(const struct bw_made_index *x,
                      struct bw_buf *out,
                      struct bw_err *reterr)
{
    const struct bw_selection *s = x->chosen;
    char words[240];
    int r;

    bw_buf_puts(out,
                "what,name,place,district,claims,state,files,recorded_s,elapsed_s,show,"
                "do_not_show,not_enough,unmeasured_lines,why\r\n");
    for (size_t i = 0; i < x->n_rows; i++) {
        csv_circuit(out, x, i);
    }
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct bw_selected_line *l = &s->lines[i];
        int64_t missing = bw_selected_unmeasured(l);
        bw_made_line_words(l, words);
        bw_buf_puts(out, "claim,");
        field(out, l->about);
        bw_buf_putc(out, ',');
        field(out, l->payer);
        field(out, l->about);
        field(out, l->void_as[0]     ? "void"
                   : missing == 0    ? "measured"
                   : l->n_bound == 0 ? "not measured"
                                     : "measured in part");
        bw_buf_puts(out, ",,,,,,");
        number(out, missing);
        bw_text_csv(out, words);
        bw_buf_puts(out, "\r\n");
    }
    r = bw_buf_error(out);
    return r < 0 ? bw_err_set(reterr, r, "the table does not fit into memory") : 0;
}
