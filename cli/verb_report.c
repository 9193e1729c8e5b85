/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_report.c - `bandwitness report`: claimed, delivered and used for one circuit and
 * one period, from the box's journal, the collector's ledger or an exported file.
 *
 * A figure that was not measured stays "not measured"; a file whose signatures do not
 * hold still gives a report, which says so, and exit status 1. */
#include "buf.h"
#include "cli.h"
#include "clock.h"
#include "file.h"
#include "model.h"
#include "origin.h"
#include "period.h"
#include "render.h"
#include "report_asked.h"
#include "tz.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern const struct bw_verb bw_verb_report;

enum {
    SHOW_AFTER_MS = 700,
    SHOW_EVERY_MS = 200,
    MODE = 0644
};

static const char journal_default[] = "/var/lib/bandwitness/journal.db";

/* What is needed to make it; freed as one. */
struct work {
    struct bw_origin *origin;
    struct bw_tz *tz;
    struct bw_report *report;
    struct bw_report_query query;
    struct bw_report_claim claims[BW_REPORT_CLAIMS_MAX];
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char place[128];
    char check_text[480];
    int64_t next_show_mono_ms;
    bool shown;
};

static int failed(const char *text)
{
    return bw_cli_failed(&bw_verb_report, "%s", text);
}

/* ---- progress ------------------------------------------------------------------ */

static void show(struct work *w, const char *what, int64_t done, int64_t total)
{
    int64_t now = bw_clock_mono_ms();

    if (!bw_cli_progress_wanted() || now < w->next_show_mono_ms) {
        return;
    }
    w->next_show_mono_ms = now + SHOW_EVERY_MS;
    w->shown = true;
    (void)fprintf(stderr, "\rreading %s: %lld of %lld ", what, (long long)done,
                  (long long)total);
    (void)fflush(stderr);
}

static void show_progress(void *owner, const char *what, int64_t done, int64_t total)
{
    show(owner, what, done, total);
}

static void show_check(void *owner, int per_mille)
{
    show(owner, "signatures, parts of a thousand", per_mille, 1000);
}

static void show_end(struct work *w)
{
    if (w->shown) {
        (void)fprintf(stderr, "\r%60s\r", "");
        w->shown = false;
    }
}

/* ---- which circuit -------------------------------------------------------------- */

static int tell_circuits(const struct bw_origin_found *l, const char *why)
{
    (void)bw_cli_failed(&bw_verb_report, "%s%s", why, l->n ? "; there are:" : "");
    for (size_t i = 0; i < l->n && i < BW_ORIGIN_LISTED_MAX; i++) {
        (void)fprintf(stderr, "  %s\n", l->names[i]);
    }
    if (l->n > BW_ORIGIN_LISTED_MAX) {
        (void)fprintf(stderr, "  and %zu more; narrow it down with --site\n",
                      l->n - BW_ORIGIN_LISTED_MAX);
    }
    return BW_EXIT_FAILED;
}

/* No record in the period: when there are some, or which circuits there are. */
static int tell_span(const struct bw_origin_found *l, const char *why)
{
    char from[32];
    char to[32];

    if (l->n_match == 0) {
        return tell_circuits(l, why);
    }
    if (l->from_unix_s == BW_UNKNOWN || l->to_unix_s == BW_UNKNOWN) {
        return failed(why);
    }
    bw_time_format_s(l->from_unix_s, from);
    bw_time_format_s(l->to_unix_s, to);
    return bw_cli_failed(&bw_verb_report, "%s; there are some from %s to %s", why, from,
                         to);
}

/* Find the one circuit that is meant, and the span of its records. */
static int
find_circuit(const struct bw_report_asked *a, struct work *w, struct bw_origin_found *l)
{
    struct bw_err err = {""};
    char typed[160];
    char why[320];

    if (bw_origin_find(w->origin, a->site, a->circuit, l, &err) < 0) {
        return failed(err.text);
    }
    if (l->n == 0) {
        return bw_cli_failed(&bw_verb_report, "%s: there are no records in it",
                             a->file      ? a->file
                             : a->ledger  ? a->ledger
                             : a->journal ? a->journal
                                          : journal_default);
    }
    memcpy(w->site, l->site, sizeof(w->site));
    memcpy(w->circuit, l->circuit, sizeof(w->circuit));
    /* A journal lists the circuits of its last day: an older one may still be in it. */
    bool older = l->n_match == 0 && w->circuit[0] && !a->ledger && !a->file &&
                 (a->from || a->year || a->month);
    if (l->n_match == 1 || older) {
        return BW_EXIT_OK;
    }
    (void)snprintf(typed, sizeof(typed), "%s%s%s", a->site ? a->site : "",
                   a->site && a->circuit ? "." : "", a->circuit ? a->circuit : "");
    if (l->n_match > 1) {
        (void)snprintf(why, sizeof(why), "%s%s could be several; say --circuit SITE.NAME",
                       typed[0] ? "circuit " : "the circuit", typed);
    } else {
        (void)snprintf(why, sizeof(why), "no circuit %s has records here", typed);
    }
    return tell_circuits(l, why);
}

/* ---- which period --------------------------------------------------------------- */

static int find_period(const struct bw_report_asked *a,
                       struct work *w,
                       const struct bw_origin_found *l)
{
    struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    int r = 0;

    if (a->year) {
        r = bw_period_year(w->tz, a->year, &q->from_unix_s, &q->to_unix_s, &err);
    } else if (a->month) {
        r = bw_period_month(w->tz, a->month, &q->from_unix_s, &q->to_unix_s, &err);
    } else {
        q->from_unix_s = l->from_unix_s;
        q->to_unix_s = l->to_unix_s;
        if (a->from) {
            r = bw_period_instant(w->tz, a->from, &q->from_unix_s, &err);
        }
        if (r == 0 && a->to) {
            r = bw_period_instant(w->tz, a->to, &q->to_unix_s, &err);
        }
        if (r == 0 && (q->from_unix_s == BW_UNKNOWN || q->to_unix_s == BW_UNKNOWN)) {
            return bw_cli_usage(&bw_verb_report,
                                "say which period: --from and --to, --month or --year");
        }
    }
    if (r == 0 && q->to_unix_s <= q->from_unix_s) {
        return bw_cli_usage(&bw_verb_report, "the period ends before it begins");
    }
    return r < 0 ? bw_cli_usage(&bw_verb_report, "%s", err.text) : BW_EXIT_OK;
}

static int find_zone(const struct bw_report_asked *a, struct work *w)
{
    struct bw_err err = {""};
    char name[64];

    bw_tz_host_name(name, sizeof(name));
    w->query.tz_origin = a->tz ? "" : "this machine's; --tz names the school's";
    if (bw_tz_load(a->tz ? a->tz : name, &w->tz, &err) < 0) {
        return bw_cli_usage(&bw_verb_report, "%s", err.text);
    }
    w->query.tz = w->tz;
    w->query.class_hours = bw_report_class_hours_default;
    if (a->hours && bw_period_hours(a->hours, &w->query.class_hours, &err) < 0) {
        return bw_cli_usage(&bw_verb_report, "%s", err.text);
    }
    return BW_EXIT_OK;
}

/* ---- claims --------------------------------------------------------------------- */

static int typed_claim(const struct bw_report_asked *a, struct work *w)
{
    static const char *const options[] = {"--claim-down", "--claim-up"};
    struct bw_report_claim *c = &w->claims[0];

    *c =
        (struct bw_report_claim){.from_unix_s = BW_UNKNOWN,
                                 .to_unix_s = BW_UNKNOWN,
                                 .bps = {BW_UNKNOWN, BW_UNKNOWN},
                                 .layer = BW_LAYER_UNKNOWN,
                                 .origin = "given with this report's command, not on file"};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (a->claim[d] &&
            bw_cli_rate(&bw_verb_report, options[d], a->claim[d], &c->bps[d]) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (a->claim_layer && bw_layer_parse(a->claim_layer, &c->layer) < 0) {
        return bw_cli_usage(&bw_verb_report,
                            "--claim-layer is ethernet, ip or goodput, not '%s'",
                            a->claim_layer);
    }
    w->query.n_claims = 1;
    return BW_EXIT_OK;
}

static int find_claims(const struct bw_report_asked *a, struct work *w)
{
    struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    int r = bw_origin_claims(w->origin, w->site, w->circuit, q->from_unix_s, q->to_unix_s,
                             w->claims, BW_REPORT_CLAIMS_MAX, &q->n_claims, w->place, &err);
    if (r < 0) {
        return failed(err.text);
    }
    q->claims = w->claims;
    if (a->place) {
        (void)snprintf(w->place, sizeof(w->place), "%s", a->place);
    }
    q->place = w->place;
    if (!a->claim[BW_DOWN] && !a->claim[BW_UP]) {
        return BW_EXIT_OK;
    }
    if (q->n_claims > 0) {
        (void)fprintf(
            stderr,
            "bandwitness report: a claim is on file; --claim-down and --claim-up are "
            "left aside\n");
        return BW_EXIT_OK;
    }
    return typed_claim(a, w);
}

static int config_claim(void *owner, const char *config_sha256, struct bw_report_claim *ret)
{
    struct work *w = owner;

    return bw_origin_config_claim(w->origin, w->circuit, config_sha256, ret);
}

/* ---- writing -------------------------------------------------------------------- */

typedef int (*render_fn)(const struct bw_report *r,
                         struct bw_buf *out,
                         struct bw_err *reterr);

static int write_one(const struct work *w, render_fn render, const char *path)
{
    struct bw_err err = {""};
    struct bw_buf out;
    int r;

    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    r = render(w->report, &out, &err);
    if (r == 0 && path) {
        r = bw_file_write(path, out.data, out.len, MODE, &err);
        if (r == 0) {
            (void)printf("%s\n", path);
        }
    } else if (r == 0 && fwrite(out.data, 1, out.len, stdout) != out.len) {
        r = bw_err_set(&err, -EIO, "cannot write the result: %s", bw_strerror(-errno));
    }
    bw_buf_done(&out);
    return r < 0 ? failed(err.text) : BW_EXIT_OK;
}

static bool is_folder(const char *path)
{
    struct stat st;
    size_t n = strlen(path);

    return (n > 0 && path[n - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static int write_all(const struct bw_report_asked *a, const struct work *w)
{
    static const struct {
        unsigned format;
        render_fn render;
        const char *name;
    } outputs[] = {{BW_REPORT_HTML, bw_render_html, "report.html"},
                   {BW_REPORT_CSV, bw_render_csv, "report.csv"},
                   {BW_REPORT_JSON, bw_render_json, "report.json"}};
    bool several = bw_report_asked_several(a);
    bool to_stdout = !a->output || strcmp(a->output, "-") == 0;
    struct bw_err err = {""};
    char path[PATH_MAX];
    int status = BW_EXIT_OK;

    if (!to_stdout && (several || is_folder(a->output)) &&
        bw_dir_make(a->output, 0755, &err) < 0) {
        return failed(err.text);
    }
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]) && status == BW_EXIT_OK;
         i++) {
        if (!(a->formats & outputs[i].format)) {
            continue;
        }
        if (!to_stdout && (several || is_folder(a->output))) {
            (void)snprintf(path, sizeof(path), "%s/%s", a->output, outputs[i].name);
        } else if (!to_stdout) {
            (void)snprintf(path, sizeof(path), "%s", a->output);
        }
        status = write_one(w, outputs[i].render, to_stdout ? NULL : path);
    }
    if (status == BW_EXIT_OK && a->intervals) {
        (void)snprintf(path, sizeof(path), "%s/intervals.csv", a->output);
        status = write_one(w, bw_render_csv_intervals, path);
    }
    return status;
}

/* ---- the verb ------------------------------------------------------------------- */

static int open_origin(const struct bw_report_asked *a, struct work *w)
{
    struct bw_err err = {""};
    int r;

    if (a->ledger) {
        r = bw_origin_open(BW_FROM_LEDGER, a->ledger, &w->origin, &err);
    } else if (a->file) {
        r = bw_origin_open(BW_FROM_FILE, a->file, &w->origin, &err);
    } else {
        r = bw_origin_open(BW_FROM_JOURNAL, a->journal ? a->journal : journal_default,
                           &w->origin, &err);
    }
    return r < 0 ? failed(err.text) : BW_EXIT_OK;
}

static int64_t made_at_unix_s(void)
{
    const char *fixed =
        getenv("SOURCE_DATE_EPOCH"); /* NOLINT(concurrency-mt-unsafe): never set */
    char *end = NULL;
    long long v;

    if (fixed && fixed[0]) {
        errno = 0;
        v = strtoll(fixed, &end, 10);
        if (errno == 0 && *end == '\0' && v >= 0) {
            return v;
        }
    }
    return bw_clock_unix_ms() / 1000;
}

static int make(const struct bw_report_asked *a, struct work *w)
{
    struct bw_origin_found l;
    struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    int status = find_zone(a, w);
    int r;

    status = status ? status : open_origin(a, w);
    status = status ? status : find_circuit(a, w, &l);
    status = status ? status : find_period(a, w, &l);
    status = status ? status : find_claims(a, w);
    if (status) {
        return status;
    }
    if (bw_origin_check(w->origin, a->key, show_check, w, &q->check, w->check_text, &err) <
        0) {
        show_end(w);
        return failed(err.text);
    }
    q->records = bw_origin_records(w->origin);
    q->origin = bw_origin_word(w->origin);
    q->origin_text = bw_origin_text(w->origin);
    q->check_text = w->check_text;
    q->site = w->site;
    q->circuit = w->circuit;
    q->made_unix_s = made_at_unix_s();
    q->progress = show_progress;
    q->config_claim = config_claim;
    q->owner = w;
    r = bw_report_make(q, &w->report, &err);
    show_end(w);
    if (r == -ENODATA) {
        return tell_span(&l, err.text);
    }
    if (r < 0) {
        return failed(err.text);
    }
    status = write_all(a, w);
    if (status == BW_EXIT_OK && q->check == BW_CHECK_BAD) {
        return bw_cli_failed(&bw_verb_report,
                             "the report is made, but signatures or chain do not hold: %s",
                             w->check_text);
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct bw_report_asked a;
    struct work *w;
    int status = bw_report_asked_read(&bw_verb_report, argc, argv, &a);

    if (status) {
        return status;
    }
    w = calloc(1, sizeof(*w));
    if (!w) {
        return failed("out of memory");
    }
    w->next_show_mono_ms = bw_clock_mono_ms() + SHOW_AFTER_MS;
    status = make(&a, w);
    bw_report_free(w->report);
    bw_tz_free(w->tz);
    bw_origin_close(w->origin);
    free(w);
    return bw_cli_flush(&bw_verb_report, status);
}

const struct bw_verb bw_verb_report = {
    .name = "report",
    .summary = "make the evidence report of one circuit and period",
    .help =
        "[--circuit [SITE.]NAME] [PERIOD] [SOURCE] [OPTIONS]\n"
        "\n"
        "Claimed, delivered (tested and carried, apart) and used for one circuit and one\n"
        "period, with coverage, gaps, outages, latency and counts; computed from signed\n"
        "records alone. What was not measured says so.\n"
        "\n"
        "Period (local days; the end is exclusive; without one: all there is):\n"
        "  --from DAY --to DAY    2026-11-02, 2026-11-02T08:00, 2026-11-02T14:00:00Z\n"
        "  --month 2026-11        one month\n"
        "  --year FY2026          a funding year, 1 July to 30 June; 2026: calendar year\n"
        "  --tz ZONE              the school's time zone (default: this machine's)\n"
        "  --class-hours HH:MM-HH:MM   Monday to Friday (default 07:00-17:00)\n"
        "\n"
        "Source (default: this box's journal):\n"
        "  --journal FILE         a box's journal (/var/lib/bandwitness/journal.db)\n"
        "  --ledger DIR           a collector's data folder; claims come from its "
        "catalogue\n"
        "  --file FILE [--key KEY]  exported records, one JWS a line; with the public key\n"
        "                         (JWK) signatures and chain are checked and the page says "
        "so\n"
        "  --circuit [SITE.]NAME  which circuit; --site SITE its site\n"
        "\n"
        "Claim, where none is on file:\n"
        "  --claim-down RATE --claim-up RATE   as in 100M or 1G, bits a second\n"
        "  --claim-layer ethernet|ip|goodput   what the claim means (default ip)\n"
        "\n"
        "Result:\n"
        "  --format html,csv,json one or several (default html)\n"
        "  --intervals            also intervals.csv, one row an interval\n"
        "  -o, --output DIR|FILE  where to (default: standard output for one format)\n"
        "  --place NAME           the school's name for the heading\n"
        "\n"
        "The time of making is SOURCE_DATE_EPOCH where that is set: then the same records\n"
        "give the same bytes.\n"
        "\n"
        "Exit status: 0 made, 1 no records of it, signatures or chain do not hold (the "
        "report\n"
        "is made all the same), or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness report --circuit wan --year FY2026 --tz America/Chicago \\\n"
        "    --claim-down 100M --claim-up 20M --format html,csv,json -o report/\n",
    .run = run,
};
