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

void bw_report_issued(const struct bw_report_asked *a,
                      const struct bw_report_work *w,
                      const struct bw_report *report,
                      const char *what)
{
    const struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    bool written = a->output && strcmp(a->output, "-") != 0;
    int r;

    if (a->draft || !written || q->to_unix_s > q->made_unix_s || a->file) {
        return;
    }
    r = bw_issued_register(w->origin, q, report, what, bw_clock_unix_ms() / 1000, &err);
    if (r < 0) { /* what was asked for is there all the same */
        (void)fprintf(stderr,
                      "bandwitness %s: the register of issued reports does not have it, so "
                      "'errata affected' will not name it: %s\n",
                      w->verb->name, err.text);
    }
}

int bw_report_forms_write(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    int status = write_all(a, w);

    if (status == BW_EXIT_OK) {
        bw_report_issued(a, w, w->report, a->purpose ? bw_pack_name(a->pack) : "report");
    }
    if (status == BW_EXIT_OK && w->query.check == BW_CHECK_BAD) {
        return bw_cli_failed(w->verb,
                             "the report is made, but signatures or chain do not hold: %s",
                             w->check_text);
    }
    return status;
}
