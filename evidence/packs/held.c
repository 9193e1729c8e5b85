/* SPDX-License-Identifier: GPL-3.0-or-later
 * held.c - the claims that hold within the period, each with its days, and whose they are.
 *
 * Invariant: one that ended or began within the period is never left out, and none stands
 * for days on which it does not hold. */
#include "packs_private.h"

#include <bw/err.h>
#include <civil.h>
#include <claimline.h>
#include <errno.h>
#include <filed.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

static void local_day(const struct bw_report *r, int64_t unix_s, char out[BW_DATE_LEN + 1])
{
    struct bw_civil c;

    bw_tz_local(r->tz, unix_s, &c);
    bw_civil_date(bw_civil_days(c.year, c.month, c.day), out);
}

bool bw_pack_held_changes(const struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    char first[BW_DATE_LEN + 1];
    char last[BW_DATE_LEN + 1];

    local_day(m->r, m->r->from_unix_s, first);
    local_day(m->r, m->r->until_unix_s - 1, last);
    for (size_t i = 0; i < f->n_held; i++) {
        if (strcmp(f->held[i].first_day, first) > 0 ||
            strcmp(f->held[i].last_day, last) < 0) {
            return true;
        }
    }
    return false;
}

void bw_pack_held_days(const struct bw_filed_held *h, char out[160])
{
    char from[BW_WORDS_MAX];
    char to[BW_WORDS_MAX];

    bw_pack_day_words(h->first_day, from);
    bw_pack_day_words(h->last_day, to);
    (void)snprintf(out, 160, "from %s to %s", from, to);
}

void bw_pack_held_figures(struct bw_pack_made *m, size_t i)
{
    const struct bw_filed_held *h = &bw_pack_filed_of(m, 0)->held[i];
    const struct {
        const char *name;
        const char *text;
    } rows[] = {{"", strchr(h->key, ':') ? strchr(h->key, ':') + 1 : h->key},
                {".from", h->first_day},
                {".to", h->last_day},
                {".form_471", h->line.application},
                {".spin", h->line.spin},
                {".provider", h->line.provider}};

    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        char figure[64];
        (void)snprintf(figure, sizeof(figure), "held.%zu%s", i + 1, rows[k].name);
        if (rows[k].text[0]) {
            bw_pack_word(m, figure, rows[k].text);
        }
    }
}

static const char *name_of(const struct bw_claimline *c)
{
    return c->provider[0] ? c->provider : c->spin[0] ? c->spin : "nobody";
}

int bw_pack_one_letter(const struct bw_pack_made *m, struct bw_err *reterr)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);

    for (size_t i = 1; i < f->n_held; i++) {
        const struct bw_filed_held *b = &f->held[i];
        for (size_t k = 0; k < i; k++) {
            const struct bw_filed_held *a = &f->held[k];
            if (!bw_filed_same_provider(&a->line, &b->line) &&
                (strcmp(a->first_day, b->first_day) != 0 ||
                 strcmp(a->last_day, b->last_day) != 0)) {
                return bw_err_set(
                    reterr, -EINVAL,
                    "--letter: within the period the provider on file is "
                    "%.60s from %s to %s and %.60s from %s to %s: ask for the "
                    "parts by themselves (--from, --to)",
                    name_of(&a->line), a->first_day, a->last_day, name_of(&b->line),
                    b->first_day, b->last_day);
            }
        }
    }
    return 0;
}

void bw_pack_letter_to(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    size_t n = 0;

    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_text(m->doc, "To: ");
    for (size_t i = 0; i < f->n_held; i++) {
        const struct bw_claimline *c = &f->held[i].line;
        bool again = !c->provider[0];
        for (size_t k = 0; k < i && !again; k++) {
            again =
                bw_filed_same_provider(&f->held[k].line, c) && f->held[k].line.provider[0];
        }
        if (!again) {
            bw_doc_printf(m->doc, BW_SPAN_PLAIN, "%s%s", n > 0 ? "; " : "", c->provider);
            n++;
        }
    }
    if (n == 0) {
        bw_doc_text(m->doc, "the provider of this circuit");
    }
}

/* Where no claim holds on some days of the period, nobody is named for them. */
void bw_pack_letter_days(struct bw_pack_made *m)
{
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    int64_t next = 0;
    int64_t end = 0;
    char day[BW_DATE_LEN + 1];
    char days[160];

    local_day(m->r, m->r->from_unix_s, day);
    (void)bw_civil_date_parse(day, &next);
    local_day(m->r, m->r->until_unix_s - 1, day);
    (void)bw_civil_date_parse(day, &end);
    for (size_t i = 0; i < f->n_held; i++) {
        int64_t first = 0;
        int64_t last = 0;
        (void)bw_civil_date_parse(f->held[i].first_day, &first);
        (void)bw_civil_date_parse(f->held[i].last_day, &last);
        if (first <= next && last >= next) {
            next = last + 1;
        }
    }
    if (f->n_held == 0 || next > end) {
        return;
    }
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_text(m->doc, "A claim of this circuit is on file for these days of it alone: ");
    for (size_t i = 0; i < f->n_held; i++) {
        bw_pack_held_days(&f->held[i], days);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "%s%s", i > 0 ? "; " : "", days);
    }
    bw_doc_text(m->doc, ".");
}
