/* SPDX-License-Identifier: GPL-3.0-or-later
 * figures_private.h - how a figure joins the flat list. Private to this folder. */
#ifndef BW_EVIDENCE_FIGURES_PRIVATE_H
#define BW_EVIDENCE_FIGURES_PRIVATE_H

#include "figures.h"

#include <model.h>
#include <words.h>

struct walk {
    bw_figure_cb cb;
    void *owner;
    int rc;
    const char *section;
    const char *method;
};

static inline void put(struct walk *w,
                       const char *figure,
                       int64_t value,
                       const char *unit,
                       const char *layer,
                       const char *statistic,
                       int64_t n)
{
    struct bw_figure f = {.section = w->section,
                          .figure = figure,
                          .value = value,
                          .unit = unit,
                          .layer = layer,
                          .statistic = statistic,
                          .n = n,
                          .method = w->method};
    if (w->rc == 0) {
        w->rc = w->cb(w->owner, &f);
    }
}

static inline void put_text(struct walk *w, const char *figure, const char *text)
{
    struct bw_figure f = {.section = w->section,
                          .figure = figure,
                          .value = BW_UNKNOWN,
                          .text = text,
                          .unit = "",
                          .layer = "",
                          .statistic = "",
                          .n = BW_UNKNOWN,
                          .method = w->method};
    if (w->rc == 0) {
        w->rc = w->cb(w->owner, &f);
    }
}

static inline void put_time(struct walk *w, const char *figure, int64_t unix_s)
{
    char text[32];

    bw_words_utc_s(unix_s, text);
    put_text(w, figure, text);
}

static inline void
put_plain(struct walk *w, const char *figure, int64_t value, const char *unit)
{
    put(w, figure, value, unit, "", "", BW_UNKNOWN);
}

static inline void
put_dist(struct walk *w, const char *figure, const struct bw_dist *d, const char *layer)
{
    put(w, figure, d->min, "bit/s", layer, "min", d->n);
    put(w, figure, d->p5, "bit/s", layer, "P5", d->n);
    put(w, figure, d->median, "bit/s", layer, "median", d->n);
    put(w, figure, d->p95, "bit/s", layer, "P95", d->n);
    put(w, figure, d->max, "bit/s", layer, "max", d->n);
}

/* Sections "targets", "paths" and "traffic" (figures_details.c). */
void bw_figures_details(struct walk *w, const struct bw_report *r);

#endif
