/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_many.c - reports of many circuits, and packs of all of them together.
 *
 * Invariant: a circuit's report is made by the same steps as one that was asked for alone,
 * in some worker, with one report in memory at a time; what is printed and listed is in the
 * circuits' order. A circuit that fails stops no other. */
#include "report_many.h"

#include "buf.h"
#include "civil.h"
#include "clock.h"
#include "crew.h"
#include "file.h"
#include "made_index.h"
#include "packs.h"
#include "progress.h"
#include "report_chosen.h"
#include "report_forms.h"
#include "report_lines.h"
#include "report_work.h"
#include "report_write.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a worker tells of its circuit: plain bytes between processes of one program. */
struct outcome {
    enum bw_made made;
    struct bw_pack_line line;
};

struct many {
    const struct bw_verb *verb;
    const struct bw_report_asked *asked;
    struct bw_selection chosen;
    struct bw_report_span span;
    struct bw_made_row *rows;
    struct bw_progress progress;
    struct bw_origin *origin;   /* of a worker: open from its first circuit on */
    struct bw_issuing *issuing; /* of all lines, filled by workers */
    bool write;                 /* a pack of each, not lines alone */
};

/* ---- in a worker ---------------------------------------------------------------- */

static void name_line(const struct bw_selected *s, struct bw_pack_line *x)
{
    *x = (struct bw_pack_line){.n_judged = 0};
    (void)snprintf(x->site, sizeof(x->site), "%s", s->name.site);
    (void)snprintf(x->circuit, sizeof(x->circuit), "%s", s->name.circuit);
    (void)snprintf(x->district, sizeof(x->district), "%s", s->district);
}

/* A work for one circuit, with this worker's origin. */
static struct bw_report_work *begin(struct many *m, int *ret_status)
{
    struct bw_report_work *w = calloc(1, sizeof(*w));

    if (!w) {
        *ret_status = bw_cli_failed(m->verb, "out of memory");
        return NULL;
    }
    w->verb = m->verb;
    if (!m->origin) {
        *ret_status = bw_report_work_open(w, m->asked);
        m->origin = w->origin;
    }
    w->origin = m->origin;
    w->lent = true;
    return w;
}

static int finish(struct many *m,
                  const struct bw_report_asked *mine,
                  struct bw_report_work *w,
                  const char *name,
                  struct outcome *o)
{
    struct bw_err err = {""};
    int r = bw_report_forms_make(mine, w, &err);

    if (r == -ENODATA || r == -EKEYREJECTED) {
        (void)snprintf(o->line.place, sizeof(o->line.place), "%s", w->place);
        o->line.now.set_apart = r == -EKEYREJECTED;
        o->made = o->line.now.set_apart ? BW_SET_APART : BW_NO_RECORD;
        return BW_EXIT_OK;
    }
    r = r < 0 ? r : bw_pack_line_of(w->report, &o->line);
    if (r < 0) {
        return bw_cli_failed(m->verb, "%s: %s", name,
                             err.text[0] ? err.text : bw_strerror(-r));
    }
    o->made = w->query.check == BW_CHECK_BAD ? BW_MADE_BAD : BW_MADE_IT;
    if (m->write) {
        return bw_report_forms_write(mine, w);
    }
    bw_report_issuing_add(m->issuing, w, w->report, bw_pack_name(m->asked->pack));
    return BW_EXIT_OK;
}

/* The same figures of the period before; none of it is judged. */
static int look_before(struct many *m,
                       const struct bw_report_asked *a,
                       const char *name,
                       struct bw_pack_seen *ret)
{
    struct bw_report_asked mine = *a;
    struct bw_err err = {""};
    int status = BW_EXIT_OK;
    struct bw_report_work *w = begin(m, &status);
    int r = 0;

    mine.year = NULL;
    mine.month = NULL;
    mine.from = m->span.before_first;
    mine.to = m->span.before_end;
    status = w && status == BW_EXIT_OK ? bw_report_work_find(w, &mine) : status;
    if (w && status == BW_EXIT_OK) {
        w->query.progress = NULL;
        r = bw_report_make(&w->query, &w->report, &err);
        r = r < 0 ? r : bw_pack_seen_of(w->report, ret);
        if (r == 0 && !m->span.running) { /* its figures are on the page as well */
            bw_report_issuing_add(m->issuing, w, w->report, bw_pack_name(m->asked->pack));
        }
        ret->set_apart = r == -EKEYREJECTED;
        if (r < 0 && r != -ENODATA && !ret->set_apart) {
            status = bw_cli_failed(m->verb, "%s: %s", name,
                                   err.text[0] ? err.text : bw_strerror(-r));
        }
    }
    if (w) {
        bw_report_work_done(w);
    }
    free(w);
    return status;
}

static int one(void *owner, size_t i, struct bw_buf *out)
{
    struct many *m = owner;
    const struct bw_selected *s = &m->chosen.circuits[i];
    struct bw_report_asked mine = *m->asked;
    struct outcome o = {.made = BW_NO_RECORD};
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    char folder[PATH_MAX];
    struct bw_report_work *w;
    int status = BW_EXIT_OK;

    name_line(s, &o.line);
    if (s->recorded) {
        (void)snprintf(name, sizeof(name), "%s.%s", s->name.site, s->name.circuit);
        if (m->write) {
            const char *to = m->asked->output;
            bool slash = to[0] && to[strlen(to) - 1] == '/';
            (void)snprintf(folder, sizeof(folder), "%s%s%s/", to, slash ? "" : "/", name);
            mine.output = folder;
        }
        mine.circuit = name;
        mine.site = NULL;
        w = begin(m, &status);
        if (w && status == BW_EXIT_OK) {
            status = bw_report_forms_find(&mine, w);
            w->query.progress = NULL;
        }
        if (w && status == BW_EXIT_OK) {
            status = finish(m, &mine, w, name, &o);
        }
        if (w && w->no_run) {
            status = BW_EXIT_OK; /* the campaign ran on others: no record, and no failure */
        }
        if (w) {
            bw_report_work_done(w);
        }
        free(w);
    }
    if (status == BW_EXIT_OK && s->recorded && !m->write && m->span.before_first[0]) {
        status = look_before(m, &mine, name, &o.line.before);
    }
    if (status != BW_EXIT_OK && o.made != BW_MADE_BAD) {
        o.made = BW_NOT_MADE;
    }
    bw_buf_add(out, &o, sizeof(o));
    return status;
}

/* ---- in the program that was started -------------------------------------------- */

/* The first line of what a circuit's worker had to say, without the program's name. */
static void keep_why(const struct bw_crew_done *d, const char *verb, char out[240])
{
    const char *end = memchr(d->told, '\n', d->n_told);
    size_t n = end ? (size_t)(end - d->told) : d->n_told;
    char before[64];

    (void)snprintf(out, 240, "%.*s", (int)(n > 230 ? 230 : n), d->told);
    (void)snprintf(before, sizeof(before), "bandwitness %s: ", verb);
    n = strlen(before);
    if (strncmp(out, before, n) == 0) {
        memmove(out, out + n, strlen(out + n) + 1);
    }
    if (d->status < 0 && d->signal != 0) {
        (void)snprintf(out, 240, "its process was ended by signal %d", d->signal);
    } else if (!out[0] && d->status != BW_EXIT_OK) {
        (void)snprintf(out, 240, "its process ended");
    }
}

static void done(void *owner, const struct bw_crew_done *d)
{
    struct many *m = owner;
    struct bw_made_row *row = &m->rows[d->job];
    struct outcome o;

    row->of = &m->chosen.circuits[d->job];
    row->made = BW_NOT_MADE;
    name_line(row->of, &row->line);
    if (d->n_result == sizeof(o)) {
        memcpy(&o, d->result, sizeof(o));
        row->made = o.made;
        row->line = o.line;
    }
    if (d->status != BW_EXIT_OK) {
        keep_why(d, m->verb->name, row->why);
    }
    if (d->n_said + d->n_told > 0) {
        bw_progress_hide(&m->progress);
        (void)fwrite(d->said, 1, d->n_said, stdout);
        (void)fflush(stdout);
        (void)fwrite(d->told, 1, d->n_told, stderr);
    }
}

static void progress(void *owner, size_t n)
{
    struct many *m = owner;

    bw_progress_show(&m->progress, n, bw_clock_mono_ms());
}

/* After this every row is filled, or the sentence why not is told. */
static int work(struct many *m)
{
    struct bw_crew_plan plan = {.n_jobs = m->chosen.n,
                                .do_job = one,
                                .done = done,
                                .progress = progress,
                                .owner = m};
    struct bw_err err = {""};
    int r;

    plan.n_workers =
        m->asked->jobs == BW_UNKNOWN ? bw_crew_default() : (size_t)m->asked->jobs;
    if (plan.n_workers > plan.n_jobs) {
        plan.n_workers = plan.n_jobs;
    }
    m->rows = calloc(m->chosen.n + 1, sizeof(*m->rows));
    if (!m->rows) {
        return bw_cli_failed(m->verb, "out of memory");
    }
    bw_progress_init(&m->progress, "circuits", m->chosen.n, m->asked->quiet,
                     bw_clock_mono_ms());
    r = bw_crew_run(&plan, &err);
    bw_progress_hide(&m->progress);
    if (r == -EINTR) {
        return bw_cli_failed(m->verb, "stopped; what is there is whole, and not all of it");
    }
    return r < 0 ? bw_cli_failed(m->verb, "%s", err.text) : BW_EXIT_OK;
}

static size_t count(const struct many *m, enum bw_made made)
{
    size_t n = 0;

    for (size_t i = 0; i < m->chosen.n; i++) {
        n += m->rows[i].made == made;
    }
    return n;
}

/* Name every circuit that has no report, at the end where it is seen. */
static int tell(const struct many *m)
{
    size_t n_failed = count(m, BW_NOT_MADE);
    size_t n_bad = count(m, BW_MADE_BAD);

    for (size_t i = 0; i < m->chosen.n; i++) {
        const struct bw_made_row *r = &m->rows[i];
        if ((r->made == BW_NO_RECORD && m->write) || r->made == BW_SET_APART) {
            (void)fprintf(stderr, "bandwitness %s: %s.%s: %s\n", m->verb->name,
                          r->of->name.site, r->of->name.circuit,
                          r->made == BW_SET_APART ? "of that period " BW_PACK_SET_APART
                                                  : "no record of that period, no pack");
        }
    }
    if (n_failed > 0) {
        (void)bw_cli_failed(m->verb, "of %zu circuits %zu failed:", m->chosen.n, n_failed);
    }
    for (size_t i = 0; i < m->chosen.n && n_failed > 0; i++) {
        const struct bw_made_row *r = &m->rows[i];
        if (r->made == BW_NOT_MADE) {
            (void)fprintf(stderr, "  %s.%s: %s\n", r->of->name.site, r->of->name.circuit,
                          r->why);
        }
    }
    if (n_failed == 0 && count(m, BW_NO_RECORD) + count(m, BW_SET_APART) == m->chosen.n) {
        return bw_cli_failed(m->verb,
                             "none of the %zu circuits has a record of that period%s",
                             m->chosen.n, count(m, BW_SET_APART) > 0 ? " that counts" : "");
    }
    return n_failed + n_bad > 0 ? BW_EXIT_FAILED : BW_EXIT_OK;
}

/* ---- each its own --------------------------------------------------------------- */

static int write_html(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_made_index_html(of, out, reterr);
}

static int write_csv(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_made_index_csv(of, out, reterr);
}

static void period_words(const struct bw_report_asked *a, char out[120])
{
    if (a->year || a->month || a->campaign) {
        (void)snprintf(out, 120, "%.100s",
                       a->year    ? a->year
                       : a->month ? a->month
                                  : a->campaign);
    } else {
        char last[BW_CIVIL_DATE_LEN + 1];
        int64_t day;
        /* the end is exclusive; people read the last day */
        bool whole = strlen(a->to) == BW_CIVIL_DATE_LEN &&
                     bw_civil_date_parse(a->to, &day) == 0 && day > 0;
        if (whole) {
            bw_civil_date(day - 1, last);
        }
        (void)snprintf(out, 120, "%.40s to %.40s", a->from, whole ? last : a->to);
    }
}

static int write_index(const struct many *m)
{
    static const struct bw_report_output outputs[] = {{0, ".html", write_html},
                                                      {0, ".csv", write_csv}};
    static const char *const endings[] = {"html", "csv", "json", "pdf"};
    const struct bw_report_asked *a = m->asked;
    const char *stem = a->purpose ? bw_pack_name(a->pack) : "report";
    struct bw_report_asked folder = *a;
    char files[5][40];
    const char *names[5];
    char whose[240];
    char period[120];
    struct bw_made_index x = {.whose = whose,
                              .period = period,
                              .pack = stem,
                              .files = names,
                              .rows = m->rows,
                              .n_rows = m->chosen.n,
                              .chosen = &m->chosen,
                              .made_unix_s = a->made_unix_s};

    bw_report_chosen_words(a, &m->chosen, whose);
    period_words(a, period);
    for (unsigned i = 0; i < 4; i++) {
        if (a->formats & (1u << i)) {
            (void)snprintf(files[x.n_files], sizeof(files[0]), "%s.%s", stem, endings[i]);
            names[x.n_files] = files[x.n_files];
            x.n_files++;
        }
    }
    if (a->intervals) {
        names[x.n_files++] = "intervals.csv";
    }
    folder.intervals = true; /* several files: a folder */
    return bw_report_write(m->verb, &folder, "index", outputs, 2, &x);
}

/* An index of before would speak of what is being replaced. */
static void remove_index(const char *folder)
{
    static const char *const names[] = {"index.html", "index.csv"};
    char path[PATH_MAX];

    for (int i = 0; i < 2; i++) {
        int n = snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        if (n > 0 && (size_t)n < sizeof(path)) {
            (void)unlink(path);
        }
    }
}

/* One time of making for all. */
static struct bw_report_asked made_once(const struct bw_report_asked *a)
{
    struct bw_report_asked mine = *a;

    mine.made_unix_s = bw_report_made_unix_s();
    return mine;
}

int bw_report_each_write(const struct bw_verb *v, const struct bw_report_asked *a)
{
    struct bw_report_asked mine = made_once(a);
    struct many m = {.verb = v, .asked = &mine, .write = true};
    struct bw_err err = {""};
    int status = bw_report_choose(v, &mine, &m.chosen, &m.span);
    int told;

    if (status == BW_EXIT_OK && bw_dir_make(a->output, 0755, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == BW_EXIT_OK) {
        remove_index(a->output);
        status = work(&m);
    }
    if (status == BW_EXIT_OK) {
        status = write_index(&m);
        told = tell(&m);
        status = status ? status : told;
    }
    free(m.rows);
    bw_selection_done(&m.chosen);
    return status;
}

/* ---- all on one page ------------------------------------------------------------ */

/* Where nothing of a circuit could be made, or half of it, the page would speak of fewer
 * than were asked for. */
static int write_lines(const struct many *m)
{
    struct bw_pack_line *lines = calloc(m->chosen.n + 1, sizeof(*lines));
    int status;

    if (!lines) {
        return bw_cli_failed(m->verb, "out of memory");
    }
    for (size_t i = 0; i < m->chosen.n; i++) {
        lines[i] = m->rows[i].line;
    }
    status = bw_report_lines_write(m->verb, m->asked, &m->chosen, &m->span, lines);
    free(lines);
    return status;
}

/* Open no longer than to find the register: workers are forked after this. */
static int begin_issuing(struct many *m)
{
    struct bw_report_work w = {.verb = m->verb};
    int status = bw_report_work_open(&w, m->asked);

    if (status == BW_EXIT_OK) {
        m->issuing = bw_report_issuing(m->verb, m->asked, w.origin);
    }
    bw_report_work_done(&w);
    return status;
}

int bw_report_many_write(const struct bw_verb *v, const struct bw_report_asked *a)
{
    struct bw_report_asked mine = made_once(a);
    struct many m = {.verb = v, .asked = &mine};
    bool placed = false;
    int status = bw_report_choose(v, &mine, &m.chosen, &m.span);
    int told;

    mine.placed = &placed;
    status = status ? status : begin_issuing(&m);
    status = status ? status : work(&m);
    if (status == BW_EXIT_OK) {
        status = tell(&m);
        if (count(&m, BW_NOT_MADE) == 0 &&
            count(&m, BW_MADE_IT) + count(&m, BW_MADE_BAD) > 0) {
            told = write_lines(&m);
            status = told ? told : status;
        }
    }
    bw_report_issuing_end(v, m.issuing, placed);
    free(m.rows);
    bw_selection_done(&m.chosen);
    return status;
}
