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
#include <errno.h>
#include <stdlib.h>

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

int bw_report_forms_write(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    int status = write_all(a, w);

    if (status == BW_EXIT_OK && w->query.check == BW_CHECK_BAD) {
        return bw_cli_failed(w->verb,
                             "the report is made, but signatures or chain do not hold: %s",
                             w->check_text);
    }
    return status;
}
