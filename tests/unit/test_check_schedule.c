/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_check_schedule.c - a verifier that knows only records finds out whether tests ran
 * when the day's secret said: kept promises, broken ones, and what cannot be known. */
#include "bw_test.h"
#include "check_schedule.h"

#include <bw/summary.h>
#include <hash.h>
#include <starts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define DAY (INT64_C(20779) * 86400)
#define MEAN_MS INT64_C(3600000)
#define GIVE_UP_MS INT64_C(3600000)
#define KID "k1DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

/* What the box does in one run of this test. */
struct box {
    struct bw_check_schedule *c;
    int64_t starts_ms[BW_STARTS_MAX];
    size_t n_starts;
    int64_t runs_ms[64]; /* of DAY; what the records tell */
    size_t n_runs;
    const char *flag;   /* of every run */
    int64_t off_from_s; /* no records in [from, to) of DAY */
    int64_t off_to_s;
    int secret; /* which one is revealed */
    bool late_commit;
    bool unsure;
    enum bw_schedule_fault fault;
    struct bw_schedule_counts counts;
};

static void secret_of(int k, uint8_t ret[BW_STARTS_SECRET_LEN])
{
    memset(ret, k, BW_STARTS_SECRET_LEN);
}

static struct box box(void)
{
    struct box b = {.secret = 7};
    uint8_t secret[BW_STARTS_SECRET_LEN];
    uint8_t always[BW_STARTS_DAY_MIN];
    memset(always, 1, sizeof(always));
    secret_of(7, secret);
    b.n_starts = bw_starts_day(secret, "http/state", DAY, MEAN_MS, always, b.starts_ms,
                               BW_STARTS_MAX);
    assert_true(b.n_starts > 8 && b.n_starts < 60);
    for (size_t i = 0; i < b.n_starts; i++) {
        b.runs_ms[b.n_runs++] = b.starts_ms[i] + 12000;
    }
    return b;
}

static void begin(struct bw_summary *s, const struct box *b, int64_t start_s)
{
    bw_summary_init(s);
    (void)snprintf(s->site, sizeof(s->site), "s-4f9k2");
    s->start_unix_s = start_s;
    s->end_unix_s = start_s + 300;
    s->clock.known = true;
    s->clock.synced = !b->unsure;
}

static void hear(struct box *b, struct bw_summary *s)
{
    enum bw_schedule_fault f = BW_SCHEDULE_FINE;
    int64_t day_s = 0;
    assert_int_equal(bw_check_schedule_add(b->c, s, KID, &f, &day_s), 0);
    if (f != BW_SCHEDULE_FINE && b->fault == BW_SCHEDULE_FINE) {
        b->fault = f;
        assert_int_equal(day_s, DAY);
    }
    bw_summary_done(s);
}

static void commit(struct bw_summary *s, int k)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    secret_of(k, secret);
    s->schedule.n_commits = 1;
    s->schedule.commits = bw_summary_alloc(s, sizeof(*s->schedule.commits));
    s->schedule.commits[0].day_unix_s = DAY;
    bw_sha256_text(secret, sizeof(secret), s->schedule.commits[0].sha256);
}

static void plan(struct bw_summary *s)
{
    struct bw_schedule_starts *p = bw_summary_alloc(s, sizeof(*p));
    memset(p, 0, sizeof(*p));
    (void)snprintf(p->probe, sizeof(p->probe), "state");
    (void)snprintf(p->kind, sizeof(p->kind), "http");
    p->mean_ms = MEAN_MS;
    p->give_up_ms = GIVE_UP_MS;
    p->minutes = "0-1440";
    s->schedule.starts = p;
    s->schedule.n_starts = 1;
}

static void runs(struct bw_summary *s, const struct box *b)
{
    s->throughput = bw_summary_alloc(s, 64 * sizeof(*s->throughput));
    for (size_t i = 0; i < b->n_runs; i++) {
        int64_t at_ms = DAY * 1000 + b->runs_ms[i];
        if (at_ms >= s->start_unix_s * 1000 && at_ms < s->end_unix_s * 1000) {
            struct bw_throughput *t = &s->throughput[s->n_throughput++];
            bw_throughput_init(t);
            (void)snprintf(t->probe, sizeof(t->probe), "state");
            (void)snprintf(t->kind, sizeof(t->kind), "http");
            t->at_unix_ms = at_ms;
            t->flags[0] = b->flag;
        }
    }
}

static void live(struct box *b)
{
    struct bw_summary s;
    b->c = bw_check_schedule_new();
    assert_non_null(b->c);
    if (!b->late_commit) {
        begin(&s, b, DAY - 300);
        commit(&s, 7);
        hear(b, &s);
    }
    for (int64_t at = DAY; at < DAY + DAY_S; at += 300) {
        if (at - DAY >= b->off_from_s && at - DAY < b->off_to_s) {
            continue;
        }
        begin(&s, b, at);
        if (at == DAY) {
            commit(&s, 7);
            plan(&s);
        }
        runs(&s, b);
        hear(b, &s);
    }
    begin(&s, b, DAY + DAY_S);
    uint8_t secret[BW_STARTS_SECRET_LEN];
    secret_of(b->secret, secret);
    s.schedule.n_secrets = 1;
    s.schedule.secrets = bw_summary_alloc(&s, sizeof(*s.schedule.secrets));
    s.schedule.secrets[0].day_unix_s = DAY;
    (void)bw_b64_encode(secret, sizeof(secret), s.schedule.secrets[0].secret);
    hear(b, &s);
    for (int i = 1; i < 30; i++) {
        begin(&s, b, DAY + DAY_S + i * 300);
        hear(b, &s);
    }
    bw_check_schedule_finish(b->c, &b->counts);
    bw_check_schedule_free(b->c);
}

static void a_kept_promise(void **state)
{
    struct box b = box();
    (void)state;
    live(&b);
    assert_int_equal(b.fault, BW_SCHEDULE_FINE);
    assert_int_equal(b.counts.n_days_bound, 1);
    assert_int_equal(b.counts.n_days_loose, 0);
    assert_int_equal(b.counts.n_days_open, 0);
    assert_true(b.counts.n_starts >= (int64_t)b.n_starts - 1);
    assert_int_equal(b.counts.n_starts_silent, 0);
    assert_true(b.counts.n_runs >= (int64_t)b.n_starts - 1);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
}

static void another_secret_is_a_fault(void **state)
{
    struct box b = box();
    (void)state;
    b.secret = 8;
    live(&b);
    assert_int_equal(b.fault, BW_SCHEDULE_SECRET);
    assert_int_equal(b.counts.n_days_bound, 0);
    assert_int_equal(b.counts.n_days_open, 1);
}

static void a_second_commitment_is_a_fault(void **state)
{
    struct box b = box();
    struct bw_summary s;
    (void)state;
    b.c = bw_check_schedule_new();
    begin(&s, &b, DAY - 600);
    commit(&s, 7);
    hear(&b, &s);
    begin(&s, &b, DAY - 300);
    commit(&s, 7); /* the same again says nothing new */
    hear(&b, &s);
    assert_int_equal(b.fault, BW_SCHEDULE_FINE);
    begin(&s, &b, DAY);
    commit(&s, 8);
    hear(&b, &s);
    assert_int_equal(b.fault, BW_SCHEDULE_COMMIT);
    bw_check_schedule_free(b.c);
}

static void too_late_binds_nothing(void **state)
{
    struct box b = box();
    (void)state;
    b.late_commit = true;
    live(&b);
    assert_int_equal(b.fault, BW_SCHEDULE_FINE);
    assert_int_equal(b.counts.n_days_bound, 0);
    assert_int_equal(b.counts.n_days_loose, 1);
}

/* Runs at times somebody chose, and starts of which nothing is told. */
static void chosen_times_show(void **state)
{
    struct box b = box();
    (void)state;
    size_t left_out = 0;
    b.n_runs = 0;
    for (size_t i = 0; i < b.n_starts; i++) {
        bool alone = (i == 0 || b.starts_ms[i] - b.starts_ms[i - 1] > 2 * GIVE_UP_MS) &&
                     (i + 1 == b.n_starts ||
                      b.starts_ms[i + 1] - b.starts_ms[i] > GIVE_UP_MS + 400000);
        if (alone && b.starts_ms[i] < 80000000) {
            left_out++;
        } else {
            b.runs_ms[b.n_runs++] = b.starts_ms[i] + 12000;
        }
    }
    assert_true(left_out > 0);
    live(&b);
    assert_int_equal(b.counts.n_starts_silent, left_out);
    assert_int_equal(b.counts.n_runs_unplanned, 0);

    b = box();
    for (size_t i = 1; i < b.n_starts;
         i++) { /* half an hour before a start, after a pause */
        if (b.starts_ms[i] - b.starts_ms[i - 1] > 2 * GIVE_UP_MS) {
            b.runs_ms[b.n_runs++] = b.starts_ms[i] - 1800000;
            break;
        }
    }
    assert_true(b.n_runs == b.n_starts + 1);
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
    b.flag = "asked"; /* a person may run one whenever they like, and it is said */
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    assert_int_equal(b.counts.n_runs, 0);
}

static void what_cannot_be_known_is_not_counted(void **state)
{
    struct box b = box();
    (void)state;
    b.n_runs = 0;
    b.off_from_s = 0;
    b.off_to_s = DAY_S; /* off all day: nothing is missing */
    live(&b);
    assert_int_equal(b.counts.n_starts, 0);
    assert_int_equal(b.counts.n_starts_silent, 0);
    b = box();
    b.n_runs = 0;
    b.unsure = true;
    live(&b);
    assert_int_equal(b.counts.n_days_bound, 0);
    assert_int_equal(b.counts.n_days_loose, 1);
    assert_int_equal(b.counts.n_starts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_promise),
        cmocka_unit_test(another_secret_is_a_fault),
        cmocka_unit_test(a_second_commitment_is_a_fault),
        cmocka_unit_test(too_late_binds_nothing),
        cmocka_unit_test(chosen_times_show),
        cmocka_unit_test(what_cannot_be_known_is_not_counted),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
