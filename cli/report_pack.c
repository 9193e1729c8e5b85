/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_pack.c - a pack from what was typed and one report. */
#include "report_pack.h"

#include "buf.h"
#include "packs.h"
#include "report_write.h"

#include <bw/err.h>

static const char typed[] = "given with this report's command, not on file";

static int write_html(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_pack_html(of, out, reterr);
}

static int write_csv(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_pack_csv(of, out, reterr);
}

static int write_json(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    return bw_pack_json(of, out, reterr);
}

int bw_report_pack_write(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    static const struct bw_report_output outputs[] = {
        {BW_REPORT_HTML, ".html", write_html},
        {BW_REPORT_CSV, ".csv", write_csv},
        {BW_REPORT_JSON, ".json", write_json}};
    const struct bw_report *reports[] = {w->report};
    struct bw_pack_filed filed = {
        .origin = "", .monthly = a->monthly, .monthly_origin = typed};
    struct bw_pack_asked asked = {.pack = a->pack,
                                  .reports = reports,
                                  .filed = &filed,
                                  .n_reports = 1,
                                  .students = a->students,
                                  .users = a->users,
                                  .users_are = a->users_are ? a->users_are : "",
                                  .people_origin = typed};
    struct bw_pack_made *made = NULL;
    struct bw_err err = {""};
    int status;

    if (bw_pack_make(&asked, &made, &err) < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    status = bw_report_write(w->verb, a, bw_pack_name(a->pack), outputs,
                             sizeof(outputs) / sizeof(outputs[0]), made);
    bw_pack_free(made);
    return status;
}
