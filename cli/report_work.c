/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_work.c - from what was typed to what a report is made from: records, circuit,
 * period, time zone and claims. */
#include "report_work.h"

#include "calendar_file.h"
#include "campaign_days.h"
#include "clock.h"
#include "period.h"
#include "tz.h"
#include "until.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOW_AFTER_MS = 700,
    SHOW_EVERY_MS = 200
};

static const char journal_default[] = BW_CLI_JOURNAL;

static int failed(const struct bw_report_work *w, const char *text)
{
    return bw_cli_failed(w->verb, "%s", text);
}

/* ---- progress ------------------------------------------------------------------ */

void bw_report_work_show(struct bw_report_work *w,
                         const char *what,
                         int64_t done,
                         int64_t total)
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
    bw_report_work_show(owner, what, done, total);
}

void bw_report_work_show_check(void *owner, int per_mille)
{
    bw_report_work_show(owner, "signatures, parts of a thousand", per_mille, 1000);
}

void bw_report_work_show_end(struct bw_report_work *w)
{
    if (w->shown) {
        (void)fprintf(stderr, "\r%60s\r", "");
        w->shown = false;
    }
}

/* ---- which circuit -------------------------------------------------------------- */

static int tell_circuits(const struct bw_report_work *w,
                         const struct bw_origin_found *l,
                         const char *why)
{
    (void)bw_cli_failed(w->verb, "%s%s", why, l->n ? "; there are:" : "");
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
int bw_report_work_tell_span(const struct bw_report_work *w, const char *why)
{
    const struct bw_origin_found *l = &w->found;
    char from[32];
    char to[32];

    if (l->n_match == 0) {
        return tell_circuits(w, l, why);
    }
    if (l->from_unix_s == BW_UNKNOWN || l->to_unix_s == BW_UNKNOWN) {
        return failed(w, why);
    }
    bw_time_format_s(l->from_unix_s, from);
    bw_time_format_s(l->to_unix_s, to);
    return bw_cli_failed(w->verb, "%s; there are some from %s to %s", why, from, to);
}

/* Find the one circuit that is meant, and the span of its records. */
static int find_circuit(const struct bw_report_asked *a, struct bw_report_work *w)
{
    struct bw_origin_found *l = &w->found;
    struct bw_err err = {""};
    char typed[160];
    char why[320];

    if (bw_origin_find(w->origin, a->site, a->circuit, l, &err) < 0) {
        return failed(w, err.text);
    }
    if (l->n == 0) {
        return bw_cli_failed(w->verb, "%s: there are no records in it",
                             a->file      ? a->file
                             : a->ledger  ? a->ledger
                             : a->journal ? a->journal
                                          : journal_default);
    }
    memcpy(w->site, l->site, sizeof(w->site));
    memcpy(w->circuit, l->circuit, sizeof(w->circuit));
    /* A journal lists the circuits of its last day: an older one may still be in it. */
    bool older = l->n_match == 0 && w->circuit[0] && !a->ledger && !a->file &&
                 (a->from || a->year || a->month || a->campaign);
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
    return tell_circuits(w, l, why);
}

/* ---- which period --------------------------------------------------------------- */

static int find_period(const struct bw_report_asked *a, struct bw_report_work *w)
{
    const struct bw_origin_found *l = &w->found;
    struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    int r = 0;

    if (a->year) {
        r = bw_period_year(w->tz, a->year, &q->from_unix_s, &q->to_unix_s, &err);
    } else if (a->month) {
        r = bw_period_month(w->tz, a->month, &q->from_unix_s, &q->to_unix_s, &err);
    } else if (a->campaign) {
        r = bw_campaign_days(bw_origin_records(w->origin), w->site, w->circuit, a->campaign,
                             w->tz, &q->from_unix_s, &q->to_unix_s, &err);
        if (r == -ENOENT && bw_report_asked_many(a)) {
            w->no_run = true;
            return BW_EXIT_FAILED;
        }
        if (r < 0 && r != -EINVAL) {
            return failed(w, err.text);
        }
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
            return bw_cli_usage(w->verb,
                                "say which period: --from and --to, --month or --year");
        }
    }
    if (r == 0 && q->to_unix_s <= q->from_unix_s) {
        return bw_cli_usage(w->verb, "the period ends before it begins");
    }
    return r < 0 ? bw_cli_usage(w->verb, "%s", err.text) : BW_EXIT_OK;
}

static int find_zone(const struct bw_report_asked *a, struct bw_report_work *w)
{
    struct bw_err err = {""};
    char name[64];

    bw_tz_host_name(name, sizeof(name));
    w->query.tz_origin = a->tz ? "" : "this machine's; --tz names the school's";
    if (bw_tz_load(a->tz ? a->tz : name, &w->tz, &err) < 0) {
        return bw_cli_usage(w->verb, "%s", err.text);
    }
    w->query.tz = w->tz;
    w->query.class_hours = bw_report_class_hours_default;
    if (a->hours && bw_period_hours(a->hours, &w->query.class_hours, &err) < 0) {
        return bw_cli_usage(w->verb, "%s", err.text);
    }
    return BW_EXIT_OK;
}

/* ---- calendars ------------------------------------------------------------------ */

/* The zone is the school's where --tz names none. */
static int zone_of_calendar(const struct bw_report_asked *a,
                            struct bw_report_work *w,
                            const struct bw_schoolcal *c)
{
    struct bw_err err = {""};
    struct bw_tz *tz = NULL;

    if (a->tz) {
        return BW_EXIT_OK;
    }
    if (bw_tz_load(bw_schoolcal_spec(c)->zone, &tz, &err) < 0) {
        return failed(w, err.text);
    }
    bw_tz_free(w->tz);
    w->tz = tz;
    w->query.tz = tz;
    w->query.tz_origin = "the school calendar's";
    return BW_EXIT_OK;
}

/* The days of a stay: a site stands at its new place from the day of the move on. */
static void take_stay(const struct bw_report_work *w,
                      const struct bw_calendar_kept *kept,
                      struct bw_report_calendar *x)
{
    struct bw_civil c;

    if (kept->from_unix_s != BW_UNKNOWN) {
        bw_tz_local(w->tz, kept->from_unix_s, &c);
        bw_civil_date(bw_civil_days(c.year, c.month, c.day), x->first_day);
    }
    if (kept->to_unix_s != BW_UNKNOWN) {
        bw_tz_local(w->tz, kept->to_unix_s, &c);
        bw_civil_date(bw_civil_days(c.year, c.month, c.day) - 1, x->last_day);
    }
}

/* Only calendars in the report's own zone can be asked. */
static void take_calendar(struct bw_report_work *w,
                          const struct bw_schoolcal *c,
                          const struct bw_calendar_kept *kept,
                          const char *file)
{
    struct bw_report_calendar *x = &w->calendars[w->query.n_calendars];
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);

    if (strcmp(s->zone, bw_tz_name(w->tz)) != 0) {
        (void)fprintf(stderr,
                      "bandwitness %s: the calendar \"%s\" is in %s, the report in %s; it "
                      "is left aside\n",
                      w->verb->name, s->name, s->zone, bw_tz_name(w->tz));
        return;
    }
    x->cal = c;
    if (kept) {
        char said[32];
        bw_time_format_s(kept->said_unix_s, said);
        (void)snprintf(x->about, sizeof(x->about), "%s", kept->about);
        (void)snprintf(x->id, sizeof(x->id), "%s", kept->id);
        (void)snprintf(x->origin, sizeof(x->origin), "on record (%.8s), said %s by %s",
                       kept->id, said, kept->by);
        take_stay(w, kept, x);
    } else {
        (void)snprintf(x->origin, sizeof(x->origin),
                       "given with this report's command, not on record (%.100s)", file);
    }
    w->query.n_calendars++;
}

/* Does it hold at a place where the box stood in the period, by days in w->tz? */
static bool stood_there(const struct bw_report_work *w, const struct bw_calendar_kept *kept)
{
    struct bw_report_calendar x = {.cal = kept->cal};

    take_stay(w, kept, &x);
    return bw_report_calendar_stands(&x, w->tz, w->query.from_unix_s, w->query.to_unix_s);
}

/* The zone is that of the nearest calendar that is asked, with the period in that zone. */
static int zone_of_kept(const struct bw_report_asked *a, struct bw_report_work *w)
{
    int status = BW_EXIT_OK;

    for (size_t i = 0; status == BW_EXIT_OK && i < w->kept.n; i++) {
        status = zone_of_calendar(a, w, w->kept.list[i].cal);
        status = status ? status : find_period(a, w);
        if (status == BW_EXIT_OK && stood_there(w, &w->kept.list[i])) {
            return BW_EXIT_OK;
        }
    }
    if (status == BW_EXIT_OK) {
        bw_tz_free(w->tz);
        w->tz = NULL;
        status = find_zone(a, w);
    }
    return status ? status : find_period(a, w);
}

static int take_kept(const struct bw_report_asked *a, struct bw_report_work *w)
{
    int status = zone_of_kept(a, w);
    bool aside = false;

    for (size_t i = 0; i < w->kept.n && status == BW_EXIT_OK; i++) {
        if (stood_there(w, &w->kept.list[i])) {
            size_t n = w->query.n_calendars;
            take_calendar(w, w->kept.list[i].cal, &w->kept.list[i], NULL);
            aside = aside || w->query.n_calendars == n;
        }
    }
    return status == BW_EXIT_OK && w->query.n_calendars == 0 && aside
               ? bw_cli_usage(w->verb, "leave out --tz, or say --class-hours: no calendar "
                                       "is left")
               : status;
}

static int find_calendars(const struct bw_report_asked *a, struct bw_report_work *w)
{
    const struct calendar_file_asked file = {.path = a->calendar, .zone = a->tz};
    const char *name = "";
    struct bw_err err = {""};
    char sha256[BW_HASH_LEN + 1];
    int status = BW_EXIT_OK;

    if (a->hours) {
        return BW_EXIT_OK;
    }
    if (a->calendar) {
        status = calendar_file_read(w->verb, &file, &w->typed, sha256, &name);
    } else if (bw_calendars_add_site(bw_origin_catalogue(w->origin), w->site, &w->kept,
                                     &err) < 0) {
        return failed(w, err.text);
    }
    if (status != BW_EXIT_OK || (!w->typed && w->kept.n == 0)) {
        return status;
    }
    w->calendars = calloc(w->kept.n + 1, sizeof(*w->calendars));
    if (!w->calendars) {
        return failed(w, "out of memory");
    }
    w->query.calendars = w->calendars;
    if (!w->typed) {
        return take_kept(a, w);
    }
    status = zone_of_calendar(a, w, w->typed);
    if (status == BW_EXIT_OK) {
        take_calendar(w, w->typed, NULL, name);
    }
    return status == BW_EXIT_OK && w->query.n_calendars == 0
               ? bw_cli_usage(w->verb, "leave out --tz, or say --class-hours: no calendar "
                                       "is left")
               : status;
}

/* ---- claims --------------------------------------------------------------------- */

static int typed_claim(const struct bw_report_asked *a, struct bw_report_work *w)
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
        if (a->claim[d] && bw_cli_rate(w->verb, options[d], a->claim[d], &c->bps[d]) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (a->claim_layer && bw_layer_parse(a->claim_layer, &c->layer) < 0) {
        return bw_cli_usage(w->verb, "--claim-layer is ethernet, ip or goodput, not '%s'",
                            a->claim_layer);
    }
    w->query.n_claims = 1;
    return BW_EXIT_OK;
}

static int find_claims(const struct bw_report_asked *a, struct bw_report_work *w)
{
    struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    int r = bw_origin_dated_claims(w->origin, w->site, w->circuit, w->tz, q->from_unix_s,
                                   q->to_unix_s, w->claims, BW_REPORT_CLAIMS_MAX,
                                   &q->n_claims, w->place, &err);
    if (r < 0) {
        return failed(w, err.text);
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
        (void)fprintf(stderr,
                      "bandwitness %s: a claim is on file; --claim-down and --claim-up are "
                      "left aside\n",
                      w->verb->name);
        return BW_EXIT_OK;
    }
    return typed_claim(a, w);
}

static int take_cost(void *owner, const struct bw_claim *c)
{
    struct bw_report_query *q = owner;

    q->monthly_cents = c->monthly_cost_cents > 0 ? c->monthly_cost_cents : q->monthly_cents;
    return 0;
}

/* What was written down for the circuit itself, on the last day of which there is
 * something to tell. */
static int find_cost(struct bw_report_work *w)
{
    struct bw_report_query *q = &w->query;
    struct bw_catalogue *c = bw_origin_catalogue(w->origin);
    int64_t until;
    struct bw_err err = {""};

    if (bw_until_find(q->records, q->site, q->circuit, q->from_unix_s, q->to_unix_s,
                      q->made_unix_s, &w->until_unix_s, &err) < 0) {
        return failed(w, err.text);
    }
    until = w->until_unix_s;
    return c && c->ops->claims(c, w->site, w->circuit, until - 1, until, take_cost, q,
                               &err) < 0
               ? failed(w, err.text)
               : BW_EXIT_OK;
}

static int find_annotations(struct bw_report_work *w)
{
    struct bw_catalogue *c = bw_origin_catalogue(w->origin);
    struct bw_report_query *q = &w->query;
    struct bw_err err = {""};
    int r = bw_annotations_read(c, w->site, w->circuit, q->from_unix_s, q->to_unix_s,
                                &w->annotations, &q->n_annotations,
                                &q->n_unread_annotations, &err);
    q->annotations = w->annotations;
    r = r < 0 ? r
              : bw_origin_bindings(w->origin, w->site, w->circuit, w->tz, q->from_unix_s,
                                   q->to_unix_s, &w->bindings, &q->n_bindings, &err);
    q->bindings = w->bindings;
    r = r < 0 ? r
              : bw_replies_read(c, w->site, w->circuit, q->from_unix_s, q->to_unix_s,
                                &w->replies, &q->n_replies, &q->n_unread_replies, &err);
    q->replies = w->replies;
    r = r < 0 ? r
              : bw_errata_read(c, w->site, w->circuit, q->from_unix_s, q->to_unix_s,
                               BW_UNKNOWN, &w->errata, &q->n_errata, &q->n_unread_errata,
                               &err);
    q->errata = w->errata;
    r = r < 0 ? r : bw_origin_keyfacts(w->origin, w->site, &w->keys, &q->n_keys, &err);
    q->keys = w->keys;
    r = r < 0 ? r : bw_origin_log(w->origin, &w->log, &err);
    q->log = w->log.there ? &w->log : NULL;
    return r < 0 ? failed(w, err.text) : BW_EXIT_OK;
}

static int config_claim(void *owner, const char *config_sha256, struct bw_report_claim *ret)
{
    struct bw_report_work *w = owner;

    return bw_origin_config_claim(w->origin, w->circuit, config_sha256, ret);
}

/* ---- all of it -------------------------------------------------------------------- */

int bw_report_work_open(struct bw_report_work *w, const struct bw_report_asked *a)
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
    if (r == -ENOENT && !a->ledger && !a->file && !a->journal) {
        return bw_cli_failed(w->verb,
                             "%s; --ledger names a collector's data folder, --file "
                             "exported records",
                             err.text);
    }
    return r < 0 ? failed(w, err.text) : BW_EXIT_OK;
}

int64_t bw_report_made_unix_s(void)
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

int bw_report_work_find(struct bw_report_work *w, const struct bw_report_asked *a)
{
    int status = find_zone(a, w);

    w->next_show_mono_ms = bw_clock_mono_ms() + SHOW_AFTER_MS;
    status = status || w->lent ? status : bw_report_work_open(w, a);
    status = status ? status : find_circuit(a, w);
    status = status ? status : find_calendars(a, w);
    status = status ? status : find_period(a, w);
    status = status ? status : find_claims(a, w);
    status = status ? status : find_annotations(w);
    if (status) {
        return status;
    }
    w->query.records = bw_origin_records(w->origin);
    w->query.origin = bw_origin_word(w->origin);
    w->query.origin_text = bw_origin_text(w->origin);
    w->query.check_text = w->check_text;
    w->query.site = w->site;
    w->query.circuit = w->circuit;
    w->query.made_unix_s = a->made_unix_s ? a->made_unix_s : bw_report_made_unix_s();
    w->query.progress = show_progress;
    w->query.config_claim = config_claim;
    w->query.owner = w;
    return find_cost(w);
}

int bw_report_work_judge(struct bw_report_work *w, const struct bw_report_asked *a)
{
    const struct bw_report_query *q = &w->query;
    struct bw_report_judging *j = &w->judging.j;
    struct bw_contract *said = &w->judging.said;
    struct bw_err err = {""};
    int status = bw_judging_find(w->verb, &a->judging, w->origin, &w->judging);

    if (status) {
        return status;
    }
    j->students = a->students;
    j->users = a->users;
    j->users_are = a->users_are;
    w->query.judging = j;
    if (bw_contract_find(bw_origin_catalogue(w->origin), w->site, w->circuit, w->tz,
                         q->from_unix_s, w->until_unix_s, said, &err) < 0) {
        return failed(w, err.text);
    }
    bw_report_judging_said(j, said, a->judging.terms != NULL);
    return BW_EXIT_OK;
}

void bw_report_work_done(struct bw_report_work *w)
{
    bw_report_free(w->report);
    bw_judging_done(&w->judging);
    free(w->annotations);
    free(w->bindings);
    free(w->replies);
    free(w->errata);
    free(w->keys);
    free(w->calendars);
    bw_calendars_done(&w->kept);
    bw_schoolcal_free(w->typed);
    bw_tz_free(w->tz);
    if (!w->lent) {
        bw_origin_close(w->origin);
    }
}
