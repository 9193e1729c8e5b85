/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_schedule.c - were tests run when the secrets of the days said, and not otherwise?
 *
 * Invariant: a day is judged once, when its secret is known and records have gone on long
 * enough that every run of it has been told. What cannot be known is left out of the
 * counts: times without a record or with an unsure clock, and the minutes around a change
 * of the plan, which takes hold within an interval. */
#include "check_schedule.h"
#include "hash.h"
#include "names.h"
#include "starts.h"

#include <bw/summary.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAYS_KEPT = 16,
    COMMITS_MAX = 8,
    PLANS_MAX = 16,          /* of a day; a plan that changes more often binds nothing */
    SLACK_MS = 180 * 1000,   /* from a start to the measured window of its run */
    EARLY_MS = 2000,         /* at_ms and the drawn start are read from two clocks */
    CHANGE_MS = 1200 * 1000, /* around a change of the plan */
    SETTLED_S = 2 * 3600,    /* after a day its last runs have been told */
    NAME_MAX_BYTES = BW_NAME_MAX + 17
};

#define DAY_S INT64_C(86400)

struct commit {
    char kid[BW_KID_LEN + 1];
    char sha256[BW_HASH_LEN + 1];
    bool ahead; /* signed before the day began, by a clock that was right */
};

struct test {
    char name[NAME_MAX_BYTES]; /* "http/state" */
    int64_t mean_ms;
    int64_t give_up_ms;
    char minutes[BW_STARTS_MINUTES_MAX + 1];
};

/* What was planned from a moment on; no tests: nothing. */
struct plan {
    int64_t from_unix_ms;
    struct test *tests;
    size_t n;
};

struct span {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

struct run {
    char name[NAME_MAX_BYTES];
    int64_t at_unix_ms;
};

struct day {
    int64_t day_s;
    struct commit commits[COMMITS_MAX];
    size_t n_commits;
    char secret[BW_HASH_LEN + 1]; /* "": not revealed */
    bool bound;
    bool judged;
    struct plan *plans;
    size_t n_plans;
    struct span *spans;
    size_t n_spans;
    struct run *runs;
    size_t n_runs;
};

struct site {
    struct day *days[DAYS_KEPT]; /* ascending */
    size_t n;
    int64_t last_s;
};

struct bw_check_schedule {
    struct bw_names names;
    struct site *sites;
    size_t cap;
    struct bw_schedule_counts counts;
};

struct bw_check_schedule *bw_check_schedule_new(void)
{
    return calloc(1, sizeof(struct bw_check_schedule));
}

/* All but what tells the same secret from another. */
static void lighten(struct day *d)
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

void bw_check_schedule_free(struct bw_check_schedule *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; c->sites && i < c->names.n; i++) {
        for (size_t k = 0; k < c->sites[i].n; k++) {
            lighten(c->sites[i].days[k]);
            free(c->sites[i].days[k]);
        }
    }
    free(c->sites);
    bw_names_done(&c->names);
    free(c);
}

/* Room for one more behind n, which doubles at powers of two. */
static void *one_more(void *items, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0) {
        return items;
    }
    return reallocarray(items, n ? n * 2 : 1, size);
}

/* ---- judging a day ------------------------------------------------------------------- */

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

/* A start that falls into an earlier one's run or waiting is that one's. */
static bool told(const struct day *d, const struct test *t, int64_t start_ms)
{
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *r = &d->runs[i];
        if (r->at_unix_ms >= start_ms - SLACK_MS &&
            r->at_unix_ms <= start_ms + t->give_up_ms + SLACK_MS &&
            strcmp(r->name, t->name) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_test(struct bw_check_schedule *c,
                       const struct day *d,
                       const struct plan *p,
                       const struct test *t,
                       int64_t *starts_ms)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    uint8_t allowed[BW_STARTS_DAY_MIN];
    int64_t day_ms = d->day_s * 1000;
    (void)bw_b64_decode(d->secret, strlen(d->secret), secret, sizeof(secret));
    (void)bw_starts_minutes_parse(t->minutes, allowed);
    size_t n = bw_starts_day(secret, t->name, d->day_s, t->mean_ms, allowed, starts_ms,
                             BW_STARTS_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = day_ms + starts_ms[i];
        if (plan_at(d, at_ms) == p && covered(d, at_ms, at_ms + SLACK_MS)) {
            c->counts.n_starts++;
            c->counts.n_starts_silent += !told(d, t, at_ms);
        }
    }
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct run *r = &d->runs[i];
        bool planned = false;
        if (strcmp(r->name, t->name) != 0 || plan_at(d, r->at_unix_ms) != p ||
            r->at_unix_ms < day_ms + SLACK_MS) { /* else perhaps the day's before */
            continue;
        }
        for (size_t k = 0; k < n && !planned; k++) {
            int64_t late_ms = r->at_unix_ms - day_ms - starts_ms[k];
            planned = late_ms >= -EARLY_MS && late_ms <= t->give_up_ms + SLACK_MS;
        }
        c->counts.n_runs++;
        c->counts.n_runs_unplanned += !planned;
    }
}

static int judge(struct bw_check_schedule *c, struct day *d)
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
            judge_test(c, d, &d->plans[i], &d->plans[i].tests[k], starts_ms);
        }
    }
    free(starts_ms);
    c->counts.n_days_bound += d->bound;
    c->counts.n_days_loose += !d->bound;
    d->judged = true;
    lighten(d);
    return 0;
}

/* ---- hearing records ----------------------------------------------------------------- */

/* The day, made where it is new; NULL: out of memory, or older than what is kept. */
static struct day *
day_of(struct bw_check_schedule *c, struct site *t, int64_t day_s, int *reterr)
{
    size_t at = t->n;
    struct day *d;
    *reterr = 0;
    while (at > 0 && t->days[at - 1]->day_s >= day_s) {
        at--;
    }
    if (at < t->n && t->days[at]->day_s == day_s) {
        return t->days[at];
    }
    if (t->n == DAYS_KEPT && at == 0) {
        return NULL;
    }
    d = calloc(1, sizeof(*d));
    if (!d) {
        *reterr = -ENOMEM;
        return NULL;
    }
    d->day_s = day_s;
    if (t->n == DAYS_KEPT) {
        struct day *old = t->days[0];
        *reterr = judge(c, old);
        c->counts.n_days_open += old->n_commits > 0 && !old->secret[0];
        lighten(old);
        free(old);
        t->n--;
        at--;
        memmove(&t->days[0], &t->days[1], t->n * sizeof(struct day *));
    }
    memmove(&t->days[at + 1], &t->days[at], (t->n - at) * sizeof(struct day *));
    t->days[at] = d;
    t->n++;
    return d;
}

static struct site *site_of(struct bw_check_schedule *c, const char *name)
{
    size_t before = c->names.n;
    if (before == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct site *sites = reallocarray(c->sites, cap, sizeof(*sites));
        if (!sites) {
            return NULL;
        }
        c->sites = sites;
        c->cap = cap;
    }
    long n = bw_names_add(&c->names, name);
    if (n < 0) {
        return NULL;
    }
    if (c->names.n > before) {
        memset(&c->sites[n], 0, sizeof(c->sites[n]));
        c->sites[n].last_s = BW_UNKNOWN;
    }
    return &c->sites[n];
}

static bool clock_is_right(const struct bw_summary *s)
{
    return s->clock.known && s->clock.synced &&
           (s->clock.step_us == BW_UNKNOWN || s->clock.step_us == 0);
}

static enum bw_schedule_fault hear_commit(struct day *d,
                                          const struct bw_schedule_commit *k,
                                          const char *kid,
                                          const struct bw_summary *s)
{
    for (size_t i = 0; i < d->n_commits; i++) {
        if (strcmp(d->commits[i].kid, kid) == 0) {
            return strcmp(d->commits[i].sha256, k->sha256) == 0 ? BW_SCHEDULE_FINE
                                                                : BW_SCHEDULE_COMMIT;
        }
    }
    if (d->n_commits < COMMITS_MAX) {
        struct commit *n = &d->commits[d->n_commits++];
        (void)snprintf(n->kid, sizeof(n->kid), "%s", kid);
        (void)snprintf(n->sha256, sizeof(n->sha256), "%s", k->sha256);
        n->ahead = clock_is_right(s) && s->end_unix_s <= d->day_s;
    }
    return BW_SCHEDULE_FINE;
}

static enum bw_schedule_fault hear_secret(struct day *d,
                                          const struct bw_schedule_secret *k,
                                          const char *kid,
                                          const struct bw_summary *s)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    char hash[BW_HASH_LEN + 1];
    const struct commit *own = NULL;
    const struct commit *fits = NULL;
    (void)bw_b64_decode(k->secret, strlen(k->secret), secret, sizeof(secret));
    bw_sha256_text(secret, sizeof(secret), hash);
    for (size_t i = 0; i < d->n_commits; i++) {
        const struct commit *m = &d->commits[i];
        own = strcmp(m->kid, kid) == 0 ? m : own;
        if (strcmp(m->sha256, hash) == 0 && (!fits || !fits->ahead)) {
            fits = m;
        }
    }
    if (own) {
        fits = strcmp(own->sha256, hash) == 0 ? own : NULL;
    }
    if ((d->n_commits > 0 && !fits) ||
        (!fits && d->secret[0] && strcmp(d->secret, k->secret) != 0)) {
        return BW_SCHEDULE_SECRET;
    }
    if (!d->secret[0]) {
        (void)snprintf(d->secret, sizeof(d->secret), "%s", k->secret);
        d->bound =
            fits && fits->ahead && clock_is_right(s) && s->start_unix_s >= d->day_s + DAY_S;
    }
    return BW_SCHEDULE_FINE;
}

static bool same_plan(const struct plan *p, const struct bw_summary *s)
{
    if (p->n != s->schedule.n_starts) {
        return false;
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct bw_schedule_starts *t = &s->schedule.starts[i];
        char name[NAME_MAX_BYTES];
        (void)snprintf(name, sizeof(name), "%s/%s", t->kind, t->probe);
        if (strcmp(p->tests[i].name, name) != 0 || p->tests[i].mean_ms != t->mean_ms ||
            p->tests[i].give_up_ms != t->give_up_ms ||
            strcmp(p->tests[i].minutes, t->minutes) != 0) {
            return false;
        }
    }
    return true;
}

static int hear_plan(struct day *d, const struct bw_summary *s)
{
    struct plan *plans;
    struct plan p = {.from_unix_ms = s->start_unix_s * 1000, .n = s->schedule.n_starts};
    if (d->n_plans > 0 && (same_plan(&d->plans[d->n_plans - 1], s) ||
                           d->plans[d->n_plans - 1].from_unix_ms >= p.from_unix_ms)) {
        return 0;
    }
    if (d->n_plans == PLANS_MAX) {
        return 0;
    }
    p.tests = calloc(p.n + 1, sizeof(*p.tests));
    if (!p.tests) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p.n; i++) {
        const struct bw_schedule_starts *t = &s->schedule.starts[i];
        (void)snprintf(p.tests[i].name, sizeof(p.tests[i].name), "%s/%s", t->kind,
                       t->probe);
        (void)snprintf(p.tests[i].minutes, sizeof(p.tests[i].minutes), "%s", t->minutes);
        p.tests[i].mean_ms = t->mean_ms;
        p.tests[i].give_up_ms = t->give_up_ms;
    }
    plans = one_more(d->plans, d->n_plans, sizeof(*plans));
    if (!plans) {
        free(p.tests);
        return -ENOMEM;
    }
    d->plans = plans;
    d->plans[d->n_plans++] = p;
    return 0;
}

static int hear_schedule(struct bw_check_schedule *c,
                         struct site *t,
                         const struct bw_summary *s,
                         const char *kid,
                         enum bw_schedule_fault *ret_fault,
                         int64_t *ret_day_unix_s)
{
    int r = 0;
    for (size_t i = 0; i < s->schedule.n_commits + s->schedule.n_secrets && r == 0; i++) {
        bool is_commit = i < s->schedule.n_commits;
        size_t k = is_commit ? i : i - s->schedule.n_commits;
        int64_t day_s = is_commit ? s->schedule.commits[k].day_unix_s
                                  : s->schedule.secrets[k].day_unix_s;
        enum bw_schedule_fault f;
        struct day *d = day_of(c, t, day_s, &r);
        if (!d) {
            continue;
        }
        f = is_commit ? hear_commit(d, &s->schedule.commits[k], kid, s)
                      : hear_secret(d, &s->schedule.secrets[k], kid, s);
        if (f != BW_SCHEDULE_FINE && *ret_fault == BW_SCHEDULE_FINE) {
            *ret_fault = f;
            *ret_day_unix_s = day_s;
        }
    }
    if (r == 0) {
        struct day *d = day_of(c, t, s->start_unix_s - s->start_unix_s % DAY_S, &r);
        r = d && !d->judged ? hear_plan(d, s) : r;
    }
    return r;
}

static int hear_span(struct day *d, const struct bw_summary *s)
{
    int64_t from_ms = s->start_unix_s * 1000;
    int64_t to_ms = s->end_unix_s * 1000;
    struct span *spans;
    if (d->n_spans > 0 && d->spans[d->n_spans - 1].to_unix_ms == from_ms) {
        d->spans[d->n_spans - 1].to_unix_ms = to_ms;
        return 0;
    }
    spans = one_more(d->spans, d->n_spans, sizeof(*spans));
    if (!spans) {
        return -ENOMEM;
    }
    d->spans = spans;
    d->spans[d->n_spans++] = (struct span){.from_unix_ms = from_ms, .to_unix_ms = to_ms};
    return 0;
}

static bool by_a_person(const struct bw_throughput *t)
{
    for (size_t i = 0; i < sizeof(t->flags) / sizeof(t->flags[0]) && t->flags[i]; i++) {
        if (strcmp(t->flags[i], "asked") == 0) {
            return true;
        }
    }
    return t->retest_of != NULL;
}

static int
hear_runs(struct bw_check_schedule *c, struct site *site, const struct bw_summary *s)
{
    int r = 0;
    for (size_t i = 0; i < s->n_throughput && r == 0; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        int64_t at_s = t->at_unix_ms / 1000;
        struct day *d;
        struct run *runs;
        if (by_a_person(t)) {
            continue;
        }
        if (at_s < s->start_unix_s - SETTLED_S || at_s > s->end_unix_s + SETTLED_S) {
            continue; /* no time of this record's */
        }
        d = day_of(c, site, at_s - at_s % DAY_S, &r);
        if (!d || d->judged) {
            continue;
        }
        runs = one_more(d->runs, d->n_runs, sizeof(*runs));
        if (!runs) {
            return -ENOMEM;
        }
        d->runs = runs;
        (void)snprintf(runs[d->n_runs].name, sizeof(runs[d->n_runs].name), "%s/%s", t->kind,
                       t->probe);
        runs[d->n_runs++].at_unix_ms = t->at_unix_ms;
    }
    return r;
}

int bw_check_schedule_add(struct bw_check_schedule *c,
                          const struct bw_summary *s,
                          const char *kid,
                          enum bw_schedule_fault *ret_fault,
                          int64_t *ret_day_unix_s)
{
    bool tells = s->schedule.n_commits + s->schedule.n_secrets + s->schedule.n_starts > 0;
    struct day *d;
    struct site *t;
    int r = 0;
    *ret_fault = BW_SCHEDULE_FINE;
    if (!tells && bw_names_find(&c->names, s->site) < 0) {
        return 0; /* a site that never told of a schedule costs nothing */
    }
    t = site_of(c, s->site);
    if (!t) {
        return -ENOMEM;
    }
    if (tells) {
        r = hear_schedule(c, t, s, kid, ret_fault, ret_day_unix_s);
    }
    if (r == 0 && clock_is_right(s)) {
        d = day_of(c, t, s->start_unix_s - s->start_unix_s % DAY_S, &r);
        r = d && !d->judged ? hear_span(d, s) : r;
        r = r < 0 ? r : hear_runs(c, t, s);
    }
    t->last_s = s->end_unix_s > t->last_s ? s->end_unix_s : t->last_s;
    for (size_t i = 0; i < t->n && r == 0; i++) {
        if (s->start_unix_s >= t->days[i]->day_s + DAY_S + SETTLED_S) {
            r = judge(c, t->days[i]);
        }
    }
    return r;
}

void bw_check_schedule_finish(struct bw_check_schedule *c, struct bw_schedule_counts *ret)
{
    for (size_t i = 0; i < c->names.n; i++) {
        for (size_t k = 0; k < c->sites[i].n; k++) {
            struct day *d = c->sites[i].days[k];
            (void)judge(c, d);
            c->counts.n_days_open +=
                d->n_commits > 0 && !d->secret[0] && c->sites[i].last_s >= d->day_s + DAY_S;
        }
    }
    *ret = c->counts;
}
