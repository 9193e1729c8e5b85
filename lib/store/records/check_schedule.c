/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_schedule.c - were tests run when the secrets of the days said, and not otherwise?
 *
 * Invariant: a day is judged once, when its secret is known and records have gone on long
 * enough that every run of it has been told. What cannot be known is left out of the
 * counts: times without a record or with an unsure clock, and the minutes around a change
 * of the plan, which takes hold within an interval. */
#include "check_schedule_private.h"
#include "hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bw_check_schedule *bw_check_schedule_new(void)
{
    return calloc(1, sizeof(struct bw_check_schedule));
}

void bw_check_schedule_free(struct bw_check_schedule *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; c->sites && i < c->names.n; i++) {
        for (size_t k = 0; k < c->sites[i].n; k++) {
            check_schedule_lighten(c->sites[i].days[k]);
            free(c->sites[i].days[k]);
        }
    }
    free(c->sites);
    bw_names_done(&c->names);
    free(c);
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
    d = check_schedule_day_new(day_s);
    if (!d) {
        *reterr = -ENOMEM;
        return NULL;
    }
    if (t->n == DAYS_KEPT) {
        struct day *old = t->days[0];
        *reterr = check_schedule_judge(c, t, old);
        c->counts.n_days_open += old->n_commits > 0 && !old->secret[0];
        check_schedule_lighten(old);
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

static void read_test(struct test *t, const struct bw_schedule_starts *p)
{
    memset(t, 0, sizeof(*t));
    (void)snprintf(t->name, sizeof(t->name), "%s/%s", p->kind, p->probe);
    t->mean_ms = p->mean_ms;
    t->give_up_ms = p->give_up_ms;
    (void)snprintf(t->minutes, sizeof(t->minutes), "%s", p->minutes ? p->minutes : "");
    (void)snprintf(t->gate, sizeof(t->gate), "%s", p->gate);
    (void)snprintf(t->outside, sizeof(t->outside), "%s", p->outside ? p->outside : "");
    t->give_up_at_hour = p->give_up_at != NULL;
    (void)snprintf(t->campaign, sizeof(t->campaign), "%s", p->campaign);
    t->from_unix_s = p->from_unix_s;
    t->slots = p->slots;
    t->slot_ms = p->slot_ms;
    t->spacing_ms = p->spacing_ms;
}

static bool same_plan(const struct plan *p, const struct plan *q)
{
    return p->n == q->n && memcmp(p->tests, q->tests, p->n * sizeof(*p->tests)) == 0;
}

static int hear_plan(struct day *d, const struct bw_summary *s)
{
    struct plan *plans;
    struct plan p = {.from_unix_ms = s->start_unix_s * 1000, .n = s->schedule.n_starts};
    if (d->n_plans == PLANS_MAX ||
        (d->n_plans > 0 && d->plans[d->n_plans - 1].from_unix_ms >= p.from_unix_ms)) {
        return 0;
    }
    p.tests = calloc(p.n + 1, sizeof(*p.tests));
    if (!p.tests) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p.n; i++) {
        read_test(&p.tests[i], &s->schedule.starts[i]);
    }
    if (d->n_plans > 0 && same_plan(&d->plans[d->n_plans - 1], &p)) {
        free(p.tests);
        return 0;
    }
    plans = check_schedule_one_more(d->plans, d->n_plans, sizeof(*plans));
    if (!plans) {
        free(p.tests);
        return -ENOMEM;
    }
    plans[d->n_plans++] = p;
    d->plans = plans;
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
    spans = check_schedule_one_more(d->spans, d->n_spans, sizeof(*spans));
    if (!spans) {
        return -ENOMEM;
    }
    d->spans = spans;
    d->spans[d->n_spans++] = (struct span){.from_unix_ms = from_ms, .to_unix_ms = to_ms};
    return 0;
}

static bool has_flag(const struct bw_throughput *t, const char *word)
{
    for (size_t i = 0; i < sizeof(t->flags) / sizeof(t->flags[0]) && t->flags[i]; i++) {
        if (strcmp(t->flags[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* "down:1789000312000" names a run of the same probe and kind. */
static bool
read_retest(const char *text, enum bw_direction *ret_direction, int64_t *ret_at_ms)
{
    static const char *const words[BW_DIRECTIONS] = {[BW_DOWN] = "down:", [BW_UP] = "up:"};
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        size_t n = strlen(words[i]);
        char *end = NULL;
        if (strncmp(text, words[i], n) == 0 && text[n] >= '0' && text[n] <= '9') {
            *ret_direction = (enum bw_direction)i;
            *ret_at_ms = strtoll(text + n, &end, 10);
            return *end == '\0';
        }
    }
    return false;
}

/* The run that a retest is of must be on record, be no retest itself, and have no other. A
 * retest that was put off measured nothing: it says so as often as it waits. */
static bool explain_retest(struct site *t, const struct run *r, const char *of)
{
    enum bw_direction direction = BW_DOWN;
    int64_t at_ms = 0;
    if (!read_retest(of, &direction, &at_ms) || direction != r->direction ||
        r->at_unix_ms <= at_ms || r->at_unix_ms > at_ms + RETEST_MS + SLACK_MS) {
        return false;
    }
    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = 0; k < t->days[i]->n_runs; k++) {
            struct run *q = &t->days[i]->runs[k];
            if (q->at_unix_ms == at_ms && q->direction == direction && !q->is_retest &&
                !(r->ran && q->retested) && strcmp(q->name, r->name) == 0) {
                q->retested = q->retested || r->ran;
                return true;
            }
        }
    }
    return false;
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
        struct run run = {.at_unix_ms = t->at_unix_ms, .direction = t->direction};
        if (has_flag(t, "asked")) {
            continue; /* by a person */
        }
        if (at_s < s->start_unix_s - SETTLED_S || at_s > s->end_unix_s + SETTLED_S) {
            continue; /* no time of this record's */
        }
        d = day_of(c, site, at_s - at_s % DAY_S, &r);
        if (!d || d->judged) {
            continue;
        }
        (void)snprintf(run.name, sizeof(run.name), "%s/%s", t->kind, t->probe);
        (void)snprintf(run.campaign, sizeof(run.campaign), "%s", t->campaign);
        (void)snprintf(run.server, sizeof(run.server), "%s", t->server);
        run.ran = t->state != BW_TEST_DEFERRED;
        run.foreseen = has_flag(t, "foreseen");
        run.is_retest = t->retest_of != NULL;
        run.explained = t->retest_of && explain_retest(site, &run, t->retest_of);
        runs = check_schedule_one_more(d->runs, d->n_runs, sizeof(*runs));
        if (!runs) {
            return -ENOMEM;
        }
        runs[d->n_runs++] = run;
        d->runs = runs;
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
            r = check_schedule_judge(c, t, t->days[i]);
        }
    }
    return r;
}

void bw_check_schedule_finish(struct bw_check_schedule *c, struct bw_schedule_counts *ret)
{
    for (size_t i = 0; i < c->names.n; i++) {
        for (size_t k = 0; k < c->sites[i].n; k++) {
            struct day *d = c->sites[i].days[k];
            (void)check_schedule_judge(c, &c->sites[i], d);
            c->counts.n_days_open +=
                d->n_commits > 0 && !d->secret[0] && c->sites[i].last_s >= d->day_s + DAY_S;
        }
    }
    *ret = c->counts;
}
