/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_many.c - a pack of many circuits.
 *
 * Invariant: one report is in memory at a time beside the first, which tells the period; a
 * circuit without records of the period is a line that says so. */
#include "report_many.h"

#include "file.h"
#include "packs.h"
#include "report_pack.h"
#include "report_work.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct many {
    const struct bw_verb *verb;
    struct bw_pack_line *lines;
    size_t n;
    struct bw_report_work *first; /* the first with a report */
    size_t n_made;
};

static int add_circuit(void *owner, const struct bw_origin_circuit *c)
{
    struct many *m = owner;
    struct bw_pack_line *x = &m->lines[m->n];

    if (m->n == BW_PACK_REPORTS_MAX) {
        return -E2BIG;
    }
    *x = (struct bw_pack_line){.outage_ms = BW_UNKNOWN};
    (void)snprintf(x->site, sizeof(x->site), "%s", c->site);
    (void)snprintf(x->circuit, sizeof(x->circuit), "%s", c->circuit);
    m->n++;
    return 0;
}

static int list(struct many *m, const struct bw_report_asked *a)
{
    struct bw_report_work w = {.verb = m->verb};
    struct bw_err err = {""};
    int status = bw_report_work_open(&w, a);
    int r;

    if (status == BW_EXIT_OK) {
        r = bw_origin_circuits(w.origin, a->site ? a->site : "", add_circuit, m, &err);
        if (r == -E2BIG) {
            status =
                bw_cli_failed(m->verb, "more than %d circuits: narrow it down with --site",
                              BW_PACK_REPORTS_MAX);
        } else if (r < 0) {
            status = bw_cli_failed(m->verb, "%s", err.text);
        } else if (m->n == 0) {
            status = bw_cli_failed(m->verb, "no circuit has records there");
        }
    }
    bw_report_work_done(&w);
    return status;
}

/* One circuit's line; its report goes, unless it is the first. */
static int one(struct many *m, const struct bw_report_asked *a, struct bw_pack_line *x)
{
    struct bw_report_asked mine = *a;
    struct bw_report_work *w = calloc(1, sizeof(*w));
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    struct bw_err err = {""};
    int status;
    int r;

    if (!w) {
        return bw_cli_failed(m->verb, "out of memory");
    }
    (void)snprintf(name, sizeof(name), "%s.%s", x->site, x->circuit);
    w->verb = m->verb;
    mine.circuit = name;
    mine.site = NULL;
    status = bw_report_work_find(w, &mine);
    if (status == BW_EXIT_OK) {
        w->query.progress = NULL;
        r = bw_report_make(&w->query, &w->report, &err);
        r = r < 0 ? r : bw_pack_line_of(w->report, x);
        if (r == -ENODATA) {
            (void)snprintf(x->place, sizeof(x->place), "%s", w->place);
        } else if (r < 0) {
            status = bw_cli_failed(m->verb, "%s: %s", name,
                                   err.text[0] ? err.text : bw_strerror(-r));
        } else if (!m->first) {
            m->first = w;
            return status;
        }
    }
    bw_report_work_done(w);
    free(w);
    return status;
}

/* One circuit's pack into a folder of its own. */
static int
each(struct many *m, const struct bw_report_asked *a, const struct bw_pack_line *x)
{
    struct bw_report_asked mine = *a;
    struct bw_report_work *w = calloc(1, sizeof(*w));
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    char folder[PATH_MAX];
    struct bw_err err = {""};
    int status;
    int r;

    if (!w) {
        return bw_cli_failed(m->verb, "out of memory");
    }
    (void)snprintf(name, sizeof(name), "%s.%s", x->site, x->circuit);
    (void)snprintf(folder, sizeof(folder), "%s/%s/", a->output, name);
    w->verb = m->verb;
    mine.circuit = name;
    mine.site = NULL;
    mine.output = folder;
    status = bw_report_work_find(w, &mine);
    if (status == BW_EXIT_OK) {
        w->query.progress = NULL;
        r = bw_report_make(&w->query, &w->report, &err);
        if (r == -ENODATA) {
            (void)fprintf(stderr, "bandwitness %s: %s: no record of that period, no pack\n",
                          m->verb->name, name);
        } else if (r < 0) {
            status = bw_cli_failed(m->verb, "%s: %s", name, err.text);
        } else {
            m->n_made++;
            status = bw_report_pack_write(&mine, w);
        }
    }
    bw_report_work_done(w);
    free(w);
    return status;
}

int bw_report_each_write(const struct bw_verb *v, const struct bw_report_asked *a)
{
    struct many m = {.verb = v};
    struct bw_report_work shown = {.verb = v};
    struct bw_err err = {""};
    int status;

    if (!a->year && !a->month && !(a->from && a->to)) {
        return bw_cli_usage(v, "say which period: --from and --to, --month or --year");
    }
    m.lines = calloc(BW_PACK_REPORTS_MAX, sizeof(*m.lines));
    status = m.lines ? list(&m, a) : bw_cli_failed(v, "out of memory");
    if (status == BW_EXIT_OK && bw_dir_make(a->output, 0755, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    for (size_t i = 0; i < m.n && status == BW_EXIT_OK; i++) {
        bw_report_work_show(&shown, "circuits", (int64_t)i, (int64_t)m.n);
        status = each(&m, a, &m.lines[i]);
    }
    bw_report_work_show_end(&shown);
    if (status == BW_EXIT_OK && m.n_made == 0) {
        status =
            bw_cli_failed(v, "none of the %zu circuits has a record of that period", m.n);
    }
    free(m.lines);
    return status;
}

int bw_report_many_write(const struct bw_verb *v, const struct bw_report_asked *a)
{
    struct many m = {.verb = v};
    struct bw_report_work shown = {.verb = v};
    int status;

    if (!a->year && !a->month && !(a->from && a->to)) {
        return bw_cli_usage(v, "say which period: --from and --to, --month or --year");
    }
    m.lines = calloc(BW_PACK_REPORTS_MAX, sizeof(*m.lines));
    status = m.lines ? list(&m, a) : bw_cli_failed(v, "out of memory");
    for (size_t i = 0; i < m.n && status == BW_EXIT_OK; i++) {
        bw_report_work_show(&shown, "circuits", (int64_t)i, (int64_t)m.n);
        status = one(&m, a, &m.lines[i]);
    }
    bw_report_work_show_end(&shown);
    if (status == BW_EXIT_OK && !m.first) {
        status =
            bw_cli_failed(v, "none of the %zu circuits has a record of that period", m.n);
    }
    if (status == BW_EXIT_OK) {
        status = bw_report_pack_write_lines(a, m.first, m.lines, m.n);
    }
    if (m.first) {
        bw_report_work_done(m.first);
        free(m.first);
    }
    free(m.lines);
    return status;
}
