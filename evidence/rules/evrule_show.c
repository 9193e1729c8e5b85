/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule_show.c - a rule in words, and as JSON. Pure. */
#include "evrule.h"

#include <buf.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>

const char *bw_evrule_kind_words(enum bw_evrule_kind k)
{
    static const char *const words[] = {
        [BW_EVRULE_CAPACITY] = "what the line can carry, out of class hours",
        [BW_EVRULE_EXPERIENCE] = "what the school meets in class hours",
        [BW_EVRULE_USE] = "how much of the line is used",
        [BW_EVRULE_SIZE] = "whether the claimed speed is enough for so many people",
        [BW_EVRULE_SERVICE] = "whether the service was there"};
    return words[k];
}

const char *bw_evrule_form_name(enum bw_evrule_form f)
{
    static const char *const words[] = {[BW_EVRULE_TESTS] = "tests",
                                        [BW_EVRULE_BINS] = "bins",
                                        [BW_EVRULE_DELAY] = "delay",
                                        [BW_EVRULE_RATIO] = "ratio",
                                        [BW_EVRULE_OUTAGES] = "outages"};
    return words[f];
}

const char *bw_evrule_rate_words(enum bw_evrule_rate r)
{
    static const char *const words[] = {
        [BW_EVRULE_CLAIM] = "the claimed speed",
        [BW_EVRULE_NORMAL] = "the speed that the contract says is normally there",
        [BW_EVRULE_MINIMUM] = "the contract's minimum speed"};
    return words[r];
}

bool bw_evrule_is_figure(const struct bw_evrule_clause *c)
{
    return c->form == BW_EVRULE_BINS && c->part_ppm == BW_UNKNOWN;
}

static const char *place_words(enum bw_evrule_place p)
{
    static const char *const words[] = {
        [BW_EVRULE_CONTRACT] = "governs where the circuit's contract says so",
        [BW_EVRULE_ADOPTION] =
            "governs where the state has adopted it; else for comparison",
        [BW_EVRULE_COMPARISON] =
            "for comparison; it does not govern the services of schools"};
    return words[p];
}

void bw_evrule_show(const struct bw_evrule *r, struct bw_buf *out)
{
    bw_buf_printf(out, "%s, version %" PRId64 "\n  %s\n\n", r->name, r->version, r->title);
    bw_buf_printf(out, "What it says\n  %s\n\n", r->says);
    bw_buf_printf(out, "Whom it governs\n  %s\n  Here: %s.\n\n", r->whom,
                  place_words(r->place));
    bw_buf_puts(out, "What measurements may show\n");
    for (size_t i = 0; i < r->n_clauses; i++) {
        const struct bw_evrule_clause *c = &r->clauses[i];
        bw_buf_printf(out, "  %s (%s%s): %s%s\n", c->name, bw_evrule_kind_name(c->kind),
                      c->decides ? "" : ", told beside",
                      bw_evrule_is_figure(c) ? "" : "that ", c->shows);
    }
    if (r->days.count > 0) {
        bw_buf_printf(out,
                      "  on %" PRId64 " days within %" PRId64 ", %" PRId64
                      " days between two of them at least, once in each %s\n",
                      r->days.count, r->days.within, r->days.gap,
                      bw_evrule_each_name(r->days.each));
    }
    bw_buf_puts(out, "\nWhere it stands\n");
    for (size_t i = 0; i < r->n_citations; i++) {
        const struct bw_evrule_citation *c = &r->citations[i];
        bw_buf_printf(out, "  %s\n    %s (read on %s)\n", c->source, c->url, c->read);
    }
    if (r->ours[0]) {
        bw_buf_printf(out, "\nWhat is not in its sources\n  %s\n", r->ours);
    }
    bw_buf_printf(out, "\nSHA-256 of the file: %s\n", r->sha256);
}

void bw_evrule_json(const struct bw_evrule *r, struct bw_jw *w)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "rule", r->name);
    bw_jw_ki64(w, "version", r->version);
    bw_jw_kstr(w, "title", r->title);
    bw_jw_kstr(w, "says", r->says);
    bw_jw_kstr(w, "whom", r->whom);
    bw_jw_kstr(w, "place", bw_evrule_place_name(r->place));
    bw_jw_kstr(w, "ours", r->ours[0] ? r->ours : NULL);
    bw_jw_kstr(w, "sha256", r->sha256);
    bw_jw_karr(w, "citations");
    for (size_t i = 0; i < r->n_citations; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "source", r->citations[i].source);
        bw_jw_kstr(w, "url", r->citations[i].url);
        bw_jw_kstr(w, "read", r->citations[i].read);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "clauses");
    for (size_t i = 0; i < r->n_clauses; i++) {
        const struct bw_evrule_clause *c = &r->clauses[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "clause", c->name);
        bw_jw_kstr(w, "form", bw_evrule_form_name(c->form));
        bw_jw_kstr(w, "kind", bw_evrule_kind_name(c->kind));
        bw_jw_kstr(w, "shows", c->shows);
        bw_jw_kbool(w, "decides", c->decides);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}
