/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_schedule_judge.c - a day's starts drawn again from its secret, and held against
 * what the records tell of it.
 *
 * Every run and every start is counted once, and only where it can be known. */
#include "check_schedule_private.h"
#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *check_schedule_one_more(void *items, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0) {
        return items;
    }
    return reallocarray(items, n ? n * 2 : 1, size);
}

struct day *check_schedule_day_new(int64_t day_s)
{
    struct day *d = calloc(1, sizeof(*d));
    if (d) {
        d->day_s = day_s;
    }
    return d;
}

void check_schedule_lighten(struct day *d)
{
    for (size_t i = 0; i < d->n_plans; i++) {
        free(d->plans[i].tests);
    }
    free(d->plans);
    free(d->spans);
    free(d->runs);
    d->plans = NULL;
    d->spans = NULL;
    d->runs = NULL;
    d->n_plans = 0;
    d->n_spans = 0;
    d->n_runs = 0;
}

static bool near_a_change(const struct day *d, int64_t at_ms)
{
    for (size_t i = 1; i < d->n_plans; i++) { /* the first is the day's own */
        int64_t off_ms = at_ms - d->plans[i].from_unix_ms;
        if (off_ms > -CHANGE_MS && off_ms < CHANGE_MS) {
            return true;
        }
    }
    return false;
}

static const struct plan *plan_at(const struct day *d, int64_t at_ms)
{
    const struct plan *p = NULL;
    for (size_t i = 0; i < d->n_plans && d->plans[i].from_unix_ms <= at_ms; i++) {
        p = &d->plans[i];
    }
    return p && !near_a_change(d, at_ms) ? p : NULL;
}

static bool covered(const struct day *d, int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < d->n_spans; i++) {
        if (d->spans[i].from_unix_ms <= from_ms && d->spans[i].to_unix_ms >= to_ms) {
            return true;
        }
    }
    return false;
}

/* The latest that a run may begin which was drawn for start_ms. */
static int64_t latest_ms(const struct test *t, int64_t start_ms)
{
    int64_t at_ms = start_ms + t->give_up_ms;
    if (t->give_up_at_hour) {
        int64_t hour_ms = start_ms - start_ms % HOUR_MS + HOUR_MS;
        at_ms = hour_ms < at_ms ? hour_ms : at_ms;
    }
    return at_ms + SLACK_MS;
}

static bool is_of(const struct run *r, const struct test *t)
{
    return strcmp(r->name, t->name) == 0 && strcmp(r->campaign, t->campaign) == 0;
}

/* A start that falls into an earlier one's run or waiting is that one's. */
static bool
told(const struct day *d, const struct test *t, int64_t start_ms, int64_t until_ms)
{
    for (size_t i = 0; d && i < d->n_runs; i++) {
        const struct run *r = &d->runs[i];
        if (r->at_unix_ms >= start_ms - SLACK_MS && r->at_unix_ms <= until_ms &&
            is_of(r, t)) {
            return true;
        }
    }
    return false;
}

static void read_secret(const struct day *d, uint8_t ret[BW_STARTS_SECRET_LEN])
{
    (void)bw_b64_decode(d->secret, strlen(d->secret), ret, BW_STARTS_SECRET_LEN);
}

/* One start in eight goes to a server outside the usual list, and the secret says which:
 * did this run go where its start was drawn to? */
static bool went_right(const struct test *t,
                       const uint8_t secret[BW_STARTS_SECRET_LEN],
                       int64_t day_s,
                       size_t k,
                       const char *server)
{
    int n = bw_starts_names_count(t->outside);
    int drawn = bw_starts_outside(secret, t->name, day_s, k, n > 0 ? (size_t)n : 0);
    int is = bw_starts_names_find(t->outside, server);
    return drawn < 0 ? is < 0 : is == drawn;
}

/* The run before this one in the same direction, when it began (the day's start: none),
 * and whether it had been put off. */
struct before {
    int64_t at_ms;
    bool waited;
};

static struct before
find_before(const struct day *d, const struct test *t, const struct run *r)
{
    struct before b = {.at_ms = d->day_s * 1000};
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *q = &d->runs[i];
        if (q->ran && !q->is_retest && q->direction == r->direction && is_of(q, t) &&
            q->at_unix_ms < r->at_unix_ms && q->at_unix_ms > b.at_ms) {
            b.at_ms = q->at_unix_ms;
        }
    }
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *q = &d->runs[i];
        b.waited = b.waited || (!q->ran && is_of(q, t) && q->at_unix_ms <= b.at_ms &&
                                q->at_unix_ms >= b.at_ms - t->give_up_ms - SLACK_MS);
    }
    return b;
}

/* A box serves the first start after it began its last run, and the others pass by until it
 * runs or gives up. Of the starts just before that last run the first is its own, unless
 * it had waited for longer; any other may be this one's. */
static void judge_run(struct bw_check_schedule *c,
                      const struct day *d,
                      const struct test *t,
                      const struct run *r,
                      const int64_t *starts_ms,
                      size_t n)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    struct before b = find_before(d, t, r);
    bool own_known = b.waited || b.at_ms == d->day_s * 1000;
    bool planned = false;
    bool looked = false;
    bool right = false;
    bool sure = false;
    read_secret(d, secret);
    for (size_t k = 0; k < n && !sure; k++) {
        int64_t at_ms = d->day_s * 1000 + starts_ms[k];
        if (r->at_unix_ms < at_ms - EARLY_MS || r->at_unix_ms > latest_ms(t, at_ms)) {
            continue;
        }
        planned = true;
        if (at_ms < b.at_ms - SLACK_MS) {
            continue;
        }
        if (at_ms <= b.at_ms && !own_known) {
            own_known = true;
            continue;
        }
        looked = true;
        right = right || went_right(t, secret, d->day_s, k, r->server);
        sure = at_ms > b.at_ms && covered(d, at_ms, r->at_unix_ms);
    }
    c->counts.n_runs++;
    c->counts.n_runs_unplanned += !planned;
    c->counts.n_runs_elsewhere += looked && !right && r->server[0] && t->outside[0];
}

static void judge_drawn(struct bw_check_schedule *c,
                        const struct day *d,
                        const struct plan *p,
                        const struct test *t,
                        int64_t *starts_ms)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    uint8_t allowed[BW_STARTS_DAY_MIN];
    int64_t day_ms = d->day_s * 1000;
    read_secret(d, secret);
    (void)bw_starts_minutes_parse(t->minutes, allowed);
    size_t n = bw_starts_day(secret, t->name, d->day_s, t->mean_ms, allowed, starts_ms,
                             BW_STARTS_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = day_ms + starts_ms[i];
        if (plan_at(d, at_ms) == p && covered(d, at_ms, at_ms + SLACK_MS)) {
            c->counts.n_starts++;
            c->counts.n_starts_silent += !told(d, t, at_ms, latest_ms(t, at_ms));
        }
    }
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *r = &d->runs[i];
        if (!r->is_retest && is_of(r, t) && plan_at(d, r->at_unix_ms) == p &&
            r->at_unix_ms >= day_ms + SLACK_MS) { /* else perhaps the day's before */
            judge_run(c, d, t, r, starts_ms, n);
        }
    }
}

static const struct day *find_day(const struct site *t, int64_t day_s)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->days[i]->day_s == day_s) {
            return t->days[i];
        }
    }
    return NULL;
}

/* The start of a campaign's k-th slot; unknown while the secret of its day is. */
static int64_t slot_start_ms(const struct site *site, const struct test *t, int64_t k)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    int64_t slot_s = t->from_unix_s + k * t->slot_ms / 1000;
    const struct day *d = find_day(site, slot_s - slot_s % DAY_S);
    if (!d || !d->secret[0]) {
        return BW_UNKNOWN;
    }
    read_secret(d, secret);
    return t->from_unix_s * 1000 + bw_starts_slot(secret, t->campaign, t->name,
                                                  t->from_unix_s, (size_t)k, t->slot_ms,
                                                  t->spacing_ms);
}

static void judge_slots(struct bw_check_schedule *c,
                        const struct site *site,
                        const struct day *d,
                        const struct plan *p,
                        const struct test *t)
{
    for (int64_t k = 0; k < t->slots; k++) {
        int64_t slot_ms = t->from_unix_s * 1000 + k * t->slot_ms;
        int64_t at_ms = slot_start_ms(site, t, k);
        int64_t until_ms = slot_ms + t->slot_ms + SLACK_MS;
        if (slot_ms < d->day_s * 1000 || slot_ms >= (d->day_s + DAY_S) * 1000 ||
            at_ms == BW_UNKNOWN || plan_at(d, slot_ms) != p ||
            !(covered(d, at_ms, at_ms + SLACK_MS) ||
              at_ms + SLACK_MS >= (d->day_s + DAY_S) * 1000)) {
            continue;
        }
        c->counts.n_starts++;
        c->counts.n_starts_silent +=
            !told(d, t, at_ms, until_ms) &&
            !told(find_day(site, d->day_s + DAY_S), t, at_ms, until_ms);
    }
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *r = &d->runs[i];
        int64_t into_ms = r->at_unix_ms - t->from_unix_s * 1000;
        if (r->is_retest || !is_of(r, t) || plan_at(d, r->at_unix_ms) != p ||
            into_ms < -EARLY_MS || into_ms > t->slots * t->slot_ms + SLACK_MS) {
            continue; /* of another part of the campaign's day */
        }
        /* The slot it lies in, or the one before, whose run began at its very end. */
        int64_t k = into_ms < 0 ? 0 : into_ms / t->slot_ms;
        bool planned = false;
        for (int64_t j = k > 0 ? k - 1 : 0; j <= k && j < t->slots && !planned; j++) {
            int64_t at_ms = slot_start_ms(site, t, j);
            planned = at_ms == BW_UNKNOWN || (r->at_unix_ms >= at_ms - EARLY_MS &&
                                              into_ms <= (j + 1) * t->slot_ms + SLACK_MS);
        }
        c->counts.n_runs++;
        c->counts.n_runs_unplanned += !planned;
    }
}

/* A campaign's runs that lie in no part of what was told of it. */
static void judge_strays(struct bw_check_schedule *c, const struct day *d)
{
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *r = &d->runs[i];
        const struct plan *p = plan_at(d, r->at_unix_ms);
        bool known = false;
        if (r->is_retest || !r->campaign[0] || !p ||
            r->at_unix_ms < d->day_s * 1000 + SLACK_MS) {
            continue;
        }
        for (size_t k = 0; k < p->n && !known; k++) {
            const struct test *t = &p->tests[k];
            int64_t into_ms = r->at_unix_ms - t->from_unix_s * 1000;
            known = is_of(r, t) && into_ms >= -EARLY_MS &&
                    into_ms <= t->slots * t->slot_ms + SLACK_MS;
        }
        c->counts.n_runs += !known;
        c->counts.n_runs_unplanned += !known;
    }
}

int check_schedule_judge(struct bw_check_schedule *c, const struct site *t, struct day *d)
{
    int64_t *starts_ms;
    if (d->judged || !d->secret[0]) {
        return 0;
    }
    starts_ms = malloc(BW_STARTS_MAX * sizeof(*starts_ms));
    if (!starts_ms) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < d->n_plans; i++) {
        for (size_t k = 0; k < d->plans[i].n; k++) {
            const struct test *x = &d->plans[i].tests[k];
            if (x->campaign[0]) {
                judge_slots(c, t, d, &d->plans[i], x);
            } else {
                judge_drawn(c, d, &d->plans[i], x, starts_ms);
            }
        }
    }
    free(starts_ms);
    judge_strays(c, d);
    for (size_t i = 0; i < d->n_runs; i++) {
        c->counts.n_runs += d->runs[i].is_retest;
        c->counts.n_runs_unplanned += d->runs[i].is_retest && !d->runs[i].explained;
        c->counts.n_runs_foreseen += d->runs[i].foreseen;
    }
    c->counts.n_days_bound += d->bound;
    c->counts.n_days_loose += !d->bound;
    d->judged = true;
    check_schedule_lighten(d);
    return 0;
}
