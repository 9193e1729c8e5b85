/* SPDX-License-Identifier: GPL-3.0-or-later
 * figures_findings.c - findings as flat figures: their sentences, then each row of their
 * arithmetic. */
#include "figures.h"

#include <model.h>
#include <stdio.h>
#include <words.h>

struct walk {
    bw_figure_cb cb;
    void *owner;
    int rc;
};

static void put(struct walk *w,
                const char *figure,
                const char *text,
                int64_t value,
                const char *unit,
                const char *sum)
{
    const struct bw_figure f = {.section = "findings",
                                .figure = figure,
                                .value = value,
                                .text = text,
                                .unit = unit,
                                .layer = "",
                                .statistic = sum,
                                .n = BW_UNKNOWN,
                                .method = BW_METHOD_FINDING};

    w->rc = w->rc ? w->rc : w->cb(w->owner, &f);
}

static void
put_part(struct walk *w, const struct bw_finding *f, const struct bw_finding_part *p)
{
    char whose[320];
    char name[512];

    (void)snprintf(whose, sizeof(whose), "%s %s%s%s", f->id, p->clause->name,
                   p->direction >= 0 || p->target[0] ? " " : "",
                   p->direction >= 0 ? bw_words_direction(p->direction) : p->target);
    put(w, whose, p->sentence, BW_UNKNOWN, "", "");
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct bw_finding_row *row = &p->rows[i];
        (void)snprintf(name, sizeof(name), "%s: %s", whose, row->words);
        put(w, name, row->value == BW_UNKNOWN ? "" : NULL, row->value,
            row->value == BW_UNKNOWN ? "" : bw_row_unit_name(row->unit), row->sum);
    }
}

int bw_findings_figures(const struct bw_report *r, bw_figure_cb cb, void *owner)
{
    struct walk w = {.cb = cb, .owner = owner};
    char name[160];

    for (size_t i = 0; i < r->findings.n && w.rc == 0; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        (void)snprintf(name, sizeof(name), "%s version %lld%s", f->id,
                       (long long)f->rule->version, f->governs ? "" : " (for comparison)");
        put(&w, name, f->sentence, BW_UNKNOWN, "", "");
        for (size_t k = 0; k < f->n_parts; k++) {
            put_part(&w, f, &f->parts[k]);
        }
    }
    return w.rc;
}
