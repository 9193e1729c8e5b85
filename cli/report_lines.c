/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_lines.c - one page of many circuits: what their districts claim, and the page.
 *
 * Invariant: a district is on the page where one of its circuits or of its claims is. */
#include "report_lines.h"

#include "report_forms.h"
#include "report_pack.h"
#include "report_work.h"

#include <bw/err.h>
#include <catalogue.h>
#include <district.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
    const struct bw_verb *verb;
    const struct bw_report_asked *asked;
    struct bw_pack_many many;
    struct bw_district *districts[2]; /* now, before */
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Every number once, ascending. */
static int numbers(struct page *p)
{
    const struct bw_selection *s = p->many.chosen;
    struct bw_district *list = calloc(s->n + s->n_lines + 1, sizeof(*list));
    size_t n = 0;
    size_t kept = 0;

    if (!list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->circuits[i].district[0]) {
            memcpy(list[n++].number, s->circuits[i].district, sizeof(list[0].number));
        }
    }
    for (size_t i = 0; i < s->n_lines; i++) {
        if (s->lines[i].payer[0] && !s->lines[i].void_as[0]) {
            memcpy(list[n++].number, s->lines[i].payer, sizeof(list[0].number));
        }
    }
    qsort(list, n, sizeof(*list), by_text);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || strcmp(list[kept - 1].number, list[i].number) != 0) {
            list[kept++] = list[i];
        }
    }
    p->districts[0] = list;
    p->n = kept;
    return 0;
}

/* What they claim on the period's last day, or today where that is not over. */
static int districts(struct page *p,
                     struct bw_catalogue *c,
                     const struct bw_tz *tz,
                     const struct bw_report_span *span,
                     struct bw_err *reterr)
{
    const char *day = p->many.day;
    int r = numbers(p);

    if (r < 0 || p->n == 0) {
        return r;
    }
    r = bw_districts_read(c, p->districts[0], p->n, bw_district_year(day), day, tz, reterr);
    p->many.districts = p->districts[0];
    p->many.n_districts = p->n;
    if (r < 0 || !span->before_last[0]) {
        return r;
    }
    p->districts[1] = calloc(p->n, sizeof(*p->districts[1]));
    if (!p->districts[1]) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p->n; i++) {
        memcpy(p->districts[1][i].number, p->districts[0][i].number,
               sizeof(p->districts[1][i].number));
    }
    day = span->before_last;
    r = bw_districts_read(c, p->districts[1], p->n, bw_district_year(day), day, tz, reterr);
    p->many.districts_before = p->districts[1];
    (void)snprintf(p->many.day_before, sizeof(p->many.day_before), "%s", day);
    return r;
}

static void page_done(struct page *p)
{
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; p->districts[k] && i < p->n; i++) {
            bw_district_done(&p->districts[k][i]);
        }
        free(p->districts[k]);
    }
}

/* The report that tells the page its period and zone. */
static int first_report(const struct page *p, struct bw_report_work *w)
{
    struct bw_report_asked mine = *p->asked;
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    struct bw_err err = {""};
    size_t i = 0;
    int status;

    while (i + 1 < p->many.n_lines && !p->many.lines[i].now.recorded) {
        i++;
    }
    (void)snprintf(name, sizeof(name), "%s.%s", p->many.lines[i].site,
                   p->many.lines[i].circuit);
    mine.circuit = name;
    mine.site = NULL;
    status = bw_report_forms_find(&mine, w);
    if (status == BW_EXIT_OK && bw_report_forms_make(&mine, w, &err) < 0) {
        status = bw_cli_failed(p->verb, "%s: %s", name, err.text);
    }
    return status;
}

int bw_report_lines_write(const struct bw_verb *v,
                          const struct bw_report_asked *a,
                          const struct bw_selection *chosen,
                          const struct bw_report_span *span,
                          const struct bw_pack_line *lines)
{
    struct page p = {.verb = v,
                     .asked = a,
                     .many = {.lines = lines,
                              .n_lines = chosen->n,
                              .chosen = chosen,
                              .running = span->running}};
    struct bw_report_work *w = calloc(1, sizeof(*w));
    struct bw_err err = {"out of memory"};
    int status;

    if (!w) {
        return bw_cli_failed(v, "out of memory");
    }
    w->verb = v;
    (void)snprintf(p.many.before_from, sizeof(p.many.before_from), "%s",
                   span->before_first);
    (void)snprintf(p.many.before_to, sizeof(p.many.before_to), "%s", span->before_last);
    (void)snprintf(p.many.day, sizeof(p.many.day), "%s",
                   span->running ? span->today : span->last);
    status = first_report(&p, w);
    if (status == BW_EXIT_OK && bw_origin_catalogue(w->origin) &&
        districts(&p, bw_origin_catalogue(w->origin), w->tz, span, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == BW_EXIT_OK) {
        status = bw_report_pack_write_many(a, w, &p.many);
    }
    page_done(&p);
    bw_report_work_done(w);
    free(w);
    return status;
}
