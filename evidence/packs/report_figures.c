/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_figures.c - the report's own figures among those of a pack.
 *
 * Invariant: they keep the names that the report has for them. */
#include "packs_private.h"

#include <figures.h>
#include <string.h>

struct wanted {
    struct bw_pack_made *m;
    const char *const *sections; /* beginnings of names; NULL ends them */
};

static int take(void *owner, const struct bw_figure *f)
{
    struct wanted *w = owner;
    size_t i = 0;

    while (w->sections[i] &&
           strncmp(f->section, w->sections[i], strlen(w->sections[i])) != 0) {
        i++;
    }
    if (w->sections[i]) {
        bw_pack_keep(w->m, &(struct bw_pack_figure){.section = f->section,
                                                    .figure = f->figure,
                                                    .value = f->value,
                                                    .text = f->text,
                                                    .unit = f->unit,
                                                    .layer = f->layer,
                                                    .statistic = f->statistic,
                                                    .n = f->n,
                                                    .method = f->method});
    }
    return 0;
}

void bw_pack_report_figures(struct bw_pack_made *m, const char *const *sections)
{
    (void)bw_report_figures(m->r, take, &(struct wanted){m, sections});
}
