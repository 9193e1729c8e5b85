/* SPDX-License-Identifier: GPL-3.0-or-later
 * campaign_days.c - the days of a campaign, from signed records.
 *
 * Invariant: a day is one of it by what was signed: a bound start of its own, or a run that
 * names it; a campaign without a run of this circuit has no days of it. */
#include "campaign_days.h"

#include "payload.h"
#include "tz.h"

#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <civil.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    DATE_DIGITS = 8
};

struct looking {
    const char *circuit;
    const char *name;
    int64_t first_unix_s; /* of what belongs to it; unknown: nothing yet */
    int64_t last_unix_s;
    bool run; /* one of this circuit */
    struct bw_payload payload;
};

bool bw_campaign_first_day(const char *name, int64_t *ret_day)
{
    const char *digits = strrchr(name, '-');
    char date[DATE_DIGITS + 1];
    long n;
    int y;
    int m;
    int d;

    if (!digits || strlen(digits + 1) != DATE_DIGITS ||
        strspn(digits + 1, "0123456789") != DATE_DIGITS) {
        return false;
    }
    memcpy(date, digits + 1, sizeof(date));
    n = strtol(date, NULL, 10);
    *ret_day = bw_civil_days((int)(n / 10000), (int)(n / 100 % 100), (int)(n % 100));
    bw_civil_from_days(*ret_day, &y, &m, &d);
    return y == n / 10000 && m == n / 100 % 100 && d == n % 100;
}

static void widen(struct looking *l, int64_t from_unix_s, int64_t to_unix_s)
{
    if (l->first_unix_s == BW_UNKNOWN || from_unix_s < l->first_unix_s) {
        l->first_unix_s = from_unix_s;
    }
    if (l->last_unix_s == BW_UNKNOWN || to_unix_s > l->last_unix_s) {
        l->last_unix_s = to_unix_s;
    }
}

static void look_at(struct looking *l, const struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        if (strcmp(t->campaign, l->name) == 0 && strcmp(t->circuit, l->circuit) == 0) {
            int64_t at =
                t->at_unix_ms == BW_UNKNOWN ? s->start_unix_s : t->at_unix_ms / 1000;
            widen(l, at, at);
            l->run = true;
        }
    }
    for (size_t i = 0; i < s->schedule.n_starts; i++) {
        const struct bw_schedule_starts *x = &s->schedule.starts[i];
        if (strcmp(x->campaign, l->name) == 0 && x->slots > 0) {
            widen(l, x->from_unix_s, x->from_unix_s + x->slots * x->slot_ms / 1000 - 1);
        }
    }
}

static int on_record(void *owner, const struct bw_record *rec)
{
    struct looking *l = owner;
    struct bw_summary s;

    if (bw_payload_take(&l->payload, rec, NULL) < 0 || !strstr(l->payload.json, l->name) ||
        bw_summary_decode(l->payload.json, l->payload.len, &s, NULL) < 0) {
        return 0; /* what it says cannot be read here: the report counts such records */
    }
    look_at(l, &s);
    bw_summary_done(&s);
    return 0;
}

int bw_campaign_days(struct bw_records *records,
                     const char *site,
                     const char *circuit,
                     const char *name,
                     const struct bw_tz *tz,
                     int64_t *ret_from_unix_s,
                     int64_t *ret_to_unix_s,
                     struct bw_err *reterr)
{
    struct looking *l;
    struct bw_civil c;
    int64_t day;
    int r;

    if (!bw_campaign_first_day(name, &day)) {
        return bw_err_set(reterr, -EINVAL,
                          "'%.60s' is no campaign's name: RULE-YYYYMMDD, as `bandwitness "
                          "campaign list` has it",
                          name);
    }
    l = calloc(1, sizeof(*l));
    if (!l) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    l->circuit = circuit;
    l->name = name;
    l->first_unix_s = BW_UNKNOWN;
    l->last_unix_s = BW_UNKNOWN;
    /* Its days are local, and a day is bound the day before. */
    r = bw_records_each(records, site, (day - 2) * DAY_S,
                        (day + BW_CAMPAIGN_DAYS_MAX) * DAY_S, on_record, l, reterr);
    if (r == 0 && !l->run) {
        r = bw_err_set(reterr, -ENOENT,
                       "no run of campaign %.60s is in the records of %s.%s: it ran on "
                       "another circuit, or has made none yet",
                       name, site, circuit);
    }
    if (r == 0) {
        bw_tz_local(tz, l->first_unix_s, &c);
        *ret_from_unix_s = bw_tz_day_start(tz, c.year, c.month, c.day);
        bw_tz_local(tz, l->last_unix_s, &c);
        *ret_to_unix_s = bw_tz_day_start(tz, c.year, c.month, c.day + 1);
    }
    free(l);
    return r;
}
