/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_chosen.c - from what was typed to circuits.
 *
 * Invariant: nothing of the source is open when this returns, so that workers may be
 * forked. */
#include "report_chosen.h"

#include "campaign_days.h"
#include "period.h"
#include "report_work.h"
#include "tz.h"

#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct bw_select_name *names;
    size_t n;
    size_t cap;
};

static int add(void *owner, const struct bw_origin_circuit *c)
{
    struct listing *l = owner;
    struct bw_select_name *grown = bw_grow(l->names, l->n, &l->cap, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    l->names = grown;
    grown += l->n++;
    memset(grown, 0, sizeof(*grown));
    (void)snprintf(grown->site, sizeof(grown->site), "%s", c->site);
    (void)snprintf(grown->circuit, sizeof(grown->circuit), "%s", c->circuit);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct bw_select_name *x = a;
    const struct bw_select_name *y = b;
    int r = strcmp(x->site, y->site);

    return r ? r : strcmp(x->circuit, y->circuit);
}

static int64_t day_number(const struct bw_tz *tz, int64_t unix_s)
{
    struct bw_civil c;

    bw_tz_local(tz, unix_s, &c);
    return bw_civil_days(c.year, c.month, c.day);
}

static void day_text(int64_t day, char out[BW_DATE_LEN + 1])
{
    char text[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, text);
    (void)snprintf(out, BW_DATE_LEN + 1, "%.*s", BW_DATE_LEN, text);
}

/* The same day a year or a month before; the last of a month that is shorter. */
static int64_t back(int64_t day, int years, int months)
{
    int64_t first;
    int64_t end;
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    y -= years;
    m -= months;
    if (m < 1) {
        m += 12;
        y--;
    }
    first = bw_civil_days(y, m, 1);
    end = m == 12 ? bw_civil_days(y + 1, 1, 1) : bw_civil_days(y, m + 1, 1);
    return first + d - 1 < end ? first + d - 1 : end - 1;
}

/* A year is held against the year before, a month against the month before, other days
 * against as many days before them; of what is not over the days that have passed. */
static void find_before(const struct bw_report_asked *a,
                        int64_t first,
                        int64_t end,
                        int64_t today,
                        struct bw_report_span *s)
{
    int64_t from;
    int64_t to;

    s->running = today < end;
    end = s->running ? today : end;
    if (end <= first) {
        return;
    }
    from = a->year    ? back(first, 1, 0)
           : a->month ? back(first, 0, 1)
                      : first - (end - first);
    to = (a->year || a->month) && !s->running ? first : from + (end - first);
    to = to > first ? first : to;
    day_text(from, s->before_first);
    day_text(to - 1, s->before_last);
    day_text(to, s->before_end);
}

/* In which all days of a campaign lie. */
static int campaign_days(const char *name,
                         const struct bw_tz *tz,
                         int64_t *ret_from_unix_s,
                         int64_t *ret_to_unix_s,
                         struct bw_err *reterr)
{
    int64_t day;
    int y;
    int m;
    int d;

    if (!bw_campaign_first_day(name, &day)) {
        return bw_err_set(reterr, -EINVAL, "'%.60s' is no campaign's name: RULE-YYYYMMDD",
                          name);
    }
    bw_civil_from_days(day, &y, &m, &d);
    *ret_from_unix_s = bw_tz_day_start(tz, y, m, d);
    *ret_to_unix_s = bw_tz_day_start(tz, y, m, d + BW_CAMPAIGN_DAYS_MAX);
    return 0;
}

/* First and last local day; a district's zone is not known here, --tz or this machine's
 * stands for it. Free *ret_tz in any case. */
static int days(const struct bw_verb *v,
                const struct bw_report_asked *a,
                struct bw_report_span *ret,
                struct bw_tz **ret_tz)
{
    struct bw_err err = {""};
    struct bw_tz *tz = NULL;
    char zone[64];
    int64_t from = 0;
    int64_t to = 0;
    int r;

    memset(ret, 0, sizeof(*ret));
    bw_tz_host_name(zone, sizeof(zone));
    r = bw_tz_load(a->tz ? a->tz : zone, &tz, &err);
    if (r == 0 && a->year) {
        r = bw_period_year(tz, a->year, &from, &to, &err);
    } else if (r == 0 && a->month) {
        r = bw_period_month(tz, a->month, &from, &to, &err);
    } else if (r == 0 && a->campaign) {
        r = campaign_days(a->campaign, tz, &from, &to, &err);
    } else if (r == 0) {
        r = bw_period_instant(tz, a->from, &from, &err);
        r = r < 0 ? r : bw_period_instant(tz, a->to, &to, &err);
    }
    if (r == 0 && to <= from) {
        r = bw_err_set(&err, -EINVAL, "the period ends before it begins");
    }
    if (r == 0) {
        int64_t first = day_number(tz, from);
        int64_t last = day_number(tz, to - 1);
        day_text(first, ret->first);
        day_text(last, ret->last);
        day_text(day_number(tz, a->made_unix_s), ret->today);
        if (!a->campaign) { /* each circuit has its own days of it */
            find_before(a, first, last + 1, day_number(tz, a->made_unix_s), ret);
        }
    }
    *ret_tz = tz;
    return r < 0 ? bw_cli_usage(v, "%s", err.text) : BW_EXIT_OK;
}

int bw_report_choose(const struct bw_verb *v,
                     const struct bw_report_asked *a,
                     struct bw_selection *ret,
                     struct bw_report_span *ret_span)
{
    struct bw_select_asked asked = {.by = a->number ? a->by : BW_SELECT_ALL,
                                    .number = a->number ? a->number : ""};
    struct bw_report_work w = {.verb = v};
    struct listing l = {.n = 0};
    struct bw_err err = {""};
    struct bw_tz *tz = NULL;
    int status = days(v, a, ret_span, &tz);
    int r = 0;

    memcpy(asked.first, ret_span->first, sizeof(asked.first));
    memcpy(asked.last, ret_span->last, sizeof(asked.last));
    *ret = (struct bw_selection){.n = 0};
    status = status ? status : bw_report_work_open(&w, a);
    if (status) {
        goto out;
    }
    r = bw_origin_circuits(w.origin, a->site ? a->site : "", add, &l, &err);
    if (r == -ENOMEM) {
        (void)bw_err_set(&err, r, "out of memory");
    }
    if (l.n > 1) {
        qsort(l.names, l.n, sizeof(*l.names), by_name);
    }
    asked.tz = tz;
    asked.recorded = l.names;
    asked.n_recorded = l.n;
    /* Of one site there is nothing to look up on file. */
    r = r < 0
            ? r
            : bw_select(a->site ? NULL : bw_origin_catalogue(w.origin), &asked, ret, &err);
    if (r == 0 && ret->n == 0) {
        r = bw_err_set(&err, -ENODATA, "no circuit has records there");
    }
    if (r == 0 && ret->n > BW_PACK_REPORTS_MAX) {
        r = bw_err_set(&err, -E2BIG,
                       "more than %d circuits: narrow it down with --district or --site",
                       BW_PACK_REPORTS_MAX);
    }
    status = r < 0 ? bw_cli_failed(v, "%s", err.text) : BW_EXIT_OK;
out:
    free(l.names);
    bw_tz_free(tz);
    bw_report_work_done(&w);
    return status;
}

void bw_report_chosen_words(const struct bw_report_asked *a,
                            const struct bw_selection *s,
                            char out[240])
{
    if (a->number) {
        (void)snprintf(out, 240, "%s %.30s%s%.160s", bw_select_word(a->by), a->number,
                       s->name[0] ? ", " : "", s->name);
    } else if (a->site) {
        (void)snprintf(out, 240, "site %.40s", a->site);
    } else {
        (void)snprintf(out, 240, "every circuit");
    }
}
