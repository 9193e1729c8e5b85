/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_pack.c - a pack from what was typed and one report. */
#include "report_pack.h"

#include "buf.h"
#include "catalogue.h"
#include "epc.h"
#include "filed.h"
#include "packs.h"
#include "report_pdf.h"
#include "report_write.h"

#include <bw/err.h>
#include <stdlib.h>
#include <string.h>

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

static int write_pack(const struct bw_report_work *w,
                      const struct bw_report_asked *a,
                      const struct bw_pack_asked *asked)
{
    static const struct bw_report_output outputs[] = {
        {BW_REPORT_HTML, ".html", write_html},
        {BW_REPORT_CSV, ".csv", write_csv},
        {BW_REPORT_JSON, ".json", write_json}};
    struct bw_pack_made *made = NULL;
    struct bw_pack_asked whole = *asked;
    struct bw_err err = {""};
    struct bw_epc epc;
    int status;

    if (a->epc && bw_epc_read(a->epc, &epc, &err) < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    whole.epc = a->epc ? &epc : NULL;
    if (bw_pack_make(&whole, &made, &err) < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    status = bw_report_write(w->verb, a, bw_pack_name(a->pack), outputs,
                             sizeof(outputs) / sizeof(outputs[0]), made);
    if (status == BW_EXIT_OK) {
        status = bw_report_pdf_write(a, w, bw_pack_name(a->pack), asked->many != NULL,
                                     bw_pack_doc(made));
    }
    bw_pack_free(made);
    return status;
}

static struct bw_pack_asked asked_of(const struct bw_report_asked *a)
{
    return (struct bw_pack_asked){.pack = a->pack,
                                  .students = a->students,
                                  .users = a->users,
                                  .users_are = a->users_are ? a->users_are : "",
                                  .people_origin = typed,
                                  .letter = a->letter,
                                  .certificate = a->certificate};
}

/* The report of another circuit over the same period. */
static int other(const struct bw_report_asked *a,
                 const struct bw_report_work *w,
                 struct bw_report_work *ret)
{
    struct bw_report_asked mine = *a;
    struct bw_err err = {""};
    int status;

    mine.circuit = a->with;
    ret->verb = w->verb;
    status = bw_report_work_find(ret, &mine);
    if (status != BW_EXIT_OK) {
        return status;
    }
    if (strcmp(ret->site, w->site) == 0 && strcmp(ret->circuit, w->circuit) == 0) {
        return bw_cli_usage(w->verb, "--with names the same circuit as --circuit");
    }
    ret->query.from_unix_s = w->query.from_unix_s;
    ret->query.to_unix_s = w->query.to_unix_s;
    if (bw_report_make(&ret->query, &ret->report, &err) < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    bw_report_work_show_end(ret);
    return BW_EXIT_OK;
}

/* What was written down for the circuit itself. */
static int take_cost(void *owner, const struct bw_claim *c)
{
    struct bw_pack_filed *ret = owner;

    if (c->monthly_cost_cents != BW_UNKNOWN && c->monthly_cost_cents > 0) {
        ret->monthly = (struct bw_decimal){.n = c->monthly_cost_cents, .scale = 2};
        ret->monthly_origin = BW_PACK_MONTHLY_WRITTEN;
    }
    return 0;
}

/* What was filed for a circuit, on the days of which the report tells. */
static int find_filed(const struct bw_report_work *w,
                      struct bw_filed *found,
                      struct bw_pack_filed *ret)
{
    int64_t until_unix_s = w->report->until_unix_s;
    struct bw_err err = {""};

    if (bw_filed_find(bw_origin_catalogue(w->origin), w->site, w->circuit, w->tz,
                      w->report->from_unix_s, until_unix_s, found, &err) < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    if (ret->monthly.n == BW_UNKNOWN && bw_origin_catalogue(w->origin)) {
        struct bw_catalogue *k = bw_origin_catalogue(w->origin);
        if (k->ops->claims(k, w->site, w->circuit, until_unix_s - 1, until_unix_s,
                           take_cost, ret, &err) < 0) {
            return bw_cli_failed(w->verb, "%s", err.text);
        }
    }
    ret->held = found->held;
    ret->n_held = found->n_held;
    if (found->has) {
        ret->line = &found->line;
        ret->origin = found->origin;
        ret->others = found->others;
        ret->n_others = found->n_others;
        ret->circuits = found->circuits;
    }
    return BW_EXIT_OK;
}

int bw_report_pack_write(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    struct bw_pack_asked asked = asked_of(a);
    struct bw_report_work *second = calloc(1, sizeof(*second));
    struct bw_pack_filed filed[2];
    struct bw_filed found[2] = {{.has = false}, {.has = false}};
    const struct bw_report *reports[2] = {w->report, NULL};
    int status = BW_EXIT_OK;

    if (!second) {
        return bw_cli_failed(w->verb, "out of memory");
    }
    for (int i = 0; i < 2; i++) {
        filed[i] = (struct bw_pack_filed){
            .origin = "", .monthly = BW_DECIMAL_NOT_STATED, .monthly_origin = typed};
    }
    filed[0].monthly = a->monthly;
    asked.reports = reports;
    asked.filed = filed;
    asked.n_reports = 1;
    status = find_filed(w, &found[0], &filed[0]);
    asked.people_open = found[0].people_open;
    if (status == BW_EXIT_OK && asked.students == BW_UNKNOWN &&
        found[0].students != BW_UNKNOWN && found[0].has) {
        asked.students = found[0].students;
        asked.people_origin = found[0].people_origin;
    }
    if (status == BW_EXIT_OK && asked.users == BW_UNKNOWN && found[0].has &&
        found[0].users != BW_UNKNOWN) {
        asked.users = found[0].users;
        asked.users_are = found[0].line.users_are;
    }
    if (status == BW_EXIT_OK && a->with) {
        status = other(a, w, second);
        reports[1] = second->report;
        asked.n_reports = 2;
        status = status ? status : find_filed(second, &found[1], &filed[1]);
    }
    if (status == BW_EXIT_OK) {
        status = write_pack(w, a, &asked);
    }
    for (int i = 0; i < 2; i++) {
        bw_filed_done(&found[i]);
    }
    bw_report_work_done(second);
    free(second);
    return status;
}

int bw_report_pack_write_many(const struct bw_report_asked *a,
                              const struct bw_report_work *first,
                              const struct bw_pack_many *many)
{
    struct bw_pack_asked asked = asked_of(a);
    const struct bw_report *reports[] = {first->report};

    asked.reports = reports;
    asked.n_reports = 1;
    asked.many = many;
    return write_pack(first, a, &asked);
}
