/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_forms.c - one circuit's report or pack, made and written in the forms that were
 * asked for. */
#include "report_forms.h"

#include "pages.h"
#include "render.h"
#include "report_pack.h"
#include "report_pdf.h"
#include "report_write.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <issued.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_html(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_render_html(of, out, reterr);
}

static int write_csv(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_render_csv(of, out, reterr);
}

static int write_json(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_render_json(of, out, reterr);
}

static int write_intervals(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_render_csv_intervals(of, out, reterr);
}

static int write_all(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    static const struct bw_report_output outputs[] = {
        {BW_REPORT_HTML, ".html", write_html},
        {BW_REPORT_CSV, ".csv", write_csv},
        {BW_REPORT_JSON, ".json", write_json}};
    static const struct bw_report_output intervals = {0, ".csv", write_intervals};
    int status;

    if (a->purpose) {
        status = bw_report_pack_write(a, w);
    } else {
        status = bw_report_write(w->verb, a, "report", outputs,
                                 sizeof(outputs) / sizeof(outputs[0]), w->report);
    }
    if (status == BW_EXIT_OK && !a->purpose) {
        status = bw_report_pdf_whole(a, w);
    }
    if (status == BW_EXIT_OK && a->intervals) {
        status = bw_report_write(w->verb, a, "intervals", &intervals, 1, w->report);
    }
    return status;
}

int bw_report_forms_find(const struct bw_report_asked *a, struct bw_report_work *w)
{
    int status = bw_report_work_find(w, a);

    return status ? status : bw_report_work_judge(w, a);
}

int bw_report_forms_make(const struct bw_report_asked *a,
                         struct bw_report_work *w,
                         struct bw_err *reterr)
{
    struct bw_report_query *q = &w->query;
    int r = bw_origin_check(w->origin, a->key, bw_report_work_show_check, w, &q->check,
                            w->check_text, reterr);

    r = r < 0 ? r : bw_report_make(q, &w->report, reterr);
    bw_report_work_show_end(w);
    return r;
}

static void not_kept(const struct bw_verb *v, const struct bw_err *err)
{
    /* what was asked for is made all the same */
    (void)fprintf(stderr,
                  "bandwitness %s: the register of issued reports does not have it, so "
                  "'errata affected' will not name it: %s\n",
                  v->name, err->text);
}

struct bw_issuing *bw_report_issuing(const struct bw_verb *v,
                                     const struct bw_report_asked *a,
                                     struct bw_origin *origin)
{
    struct bw_issuing *x = NULL;
    struct bw_err err = {""};
    bool written = a->output && strcmp(a->output, "-") != 0;

    if (!a->draft && written && !a->file && bw_issuing_begin(origin, &x, &err) < 0) {
        not_kept(v, &err);
    }
    return x;
}

void bw_report_issuing_add(const struct bw_issuing *x,
                           const struct bw_report_work *w,
                           const struct bw_report *report,
                           const char *what)
{
    const struct bw_report_query *q = &w->query;
    struct bw_err err = {""};

    if (x && q->to_unix_s <= q->made_unix_s &&
        bw_issuing_add(x, w->origin, q, report, what, bw_clock_unix_ms() / 1000, &err) <
            0) {
        not_kept(w->verb, &err);
    }
}

void bw_report_issuing_end(const struct bw_verb *v, struct bw_issuing *x, bool given_out)
{
    struct bw_err err = {""};

    if (bw_issuing_end(x, given_out, &err) < 0) {
        (void)fprintf(
            stderr,
            "bandwitness %s: the register of issued reports has it as one that is "
            "being written: %s\n",
            v->name, err.text);
    }
}

int bw_report_forms_write(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    const struct bw_report_query *q = &w->query;
    struct bw_report_asked mine = *a;
    bool placed = false;
    struct bw_issuing *x =
        q->to_unix_s <= q->made_unix_s ? bw_report_issuing(w->verb, a, w->origin) : NULL;
    int status;

    mine.placed = &placed;
    bw_report_issuing_add(x, w, w->report, a->purpose ? bw_pack_name(a->pack) : "report");
    status = write_all(&mine, w);
    bw_report_issuing_end(w->verb, x, placed);
    if (status == BW_EXIT_OK && w->query.check == BW_CHECK_BAD) {
        return bw_cli_failed(w->verb,
                             "the report is made, but signatures or chain do not hold: %s",
                             w->check_text);
    }
    return status;
}
