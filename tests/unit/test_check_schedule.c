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
#define FROM_S INT64_C(64800) /* six slots of an hour from 18:00 on */
#define SLOTS INT64_C(6)
#define SLOT_MS INT64_C(3600000)
#define SPACING_MS INT64_C(120000)
#define KID "k1DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

/* What the box does in one run of this test. */
struct box {
    struct bw_check_schedule *c;
    int64_t starts_ms[BW_STARTS_MAX];
    size_t n_starts;
    int64_t runs_ms[64]; /* of DAY; what the records tell */
    size_t n_runs;
    const char *flag;    /* of every run */
    const char *outside; /* of the plan; runs go where they are drawn to … */
    const char *always;  /* … or all to this server */
    const char *campaign;
    const char *retest_of[64];
    bool put_off[64];
    bool at_hour;
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

static void plan(struct bw_summary *s, const struct box *b)
{
    struct bw_schedule_starts *p = bw_summary_alloc(s, sizeof(*p));
    bw_schedule_starts_init(p);
    (void)snprintf(p->probe, sizeof(p->probe), "state");
    (void)snprintf(p->kind, sizeof(p->kind), "http");
    p->give_up_ms = GIVE_UP_MS;
    if (b->campaign) {
        (void)snprintf(p->campaign, sizeof(p->campaign), "%s", b->campaign);
        p->from_unix_s = DAY + FROM_S;
        p->slots = SLOTS;
        p->slot_ms = SLOT_MS;
        p->spacing_ms = SPACING_MS;
    } else {
        p->mean_ms = MEAN_MS;
        p->minutes = "0-1440";
        p->outside = b->outside;
        p->give_up_at = b->at_hour ? "hour" : NULL;
    }
    s->schedule.starts = p;
    s->schedule.n_starts = 1;
}

/* Where the k-th start is drawn to: "near", or one of the outside ones. */
static void server_of(const struct box *b, size_t k, char ret[BW_NAME_MAX + 1])
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    int at;
    secret_of(7, secret);
    at = bw_starts_outside(secret, "http/state", DAY, k, b->outside ? 2 : 0);
    (void)snprintf(ret, BW_NAME_MAX + 1, "%s",
                   b->always ? b->always
                   : at < 0  ? "near"
                   : at == 0 ? "far-1"
                             : "far-2");
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
            t->retest_of = b->retest_of[i];
            t->state = b->put_off[i] ? BW_TEST_DEFERRED : t->state;
            server_of(b, i, t->server);
            if (b->campaign && !t->retest_of) {
                (void)snprintf(t->campaign, sizeof(t->campaign), "%s", b->campaign);
            }
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
            plan(&s, b);
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

/* One start in eight has to go outside, to the server that was drawn. */
static void servers_are_drawn_too(void **state)
{
    struct box b = box();
    int64_t n_outside = 0;
    (void)state;
    b.outside = "far-1+far-2";
    for (size_t k = 0; k < b.n_starts; k++) {
        char server[BW_NAME_MAX + 1];
        server_of(&b, k, server);
        n_outside += strcmp(server, "near") != 0;
    }
    assert_true(n_outside > 0);
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    assert_int_equal(b.counts.n_runs_elsewhere, 0);

    /* Always near: seen where no other start explains it. */
    b = box();
    b.outside = "far-1+far-2";
    b.always = "near";
    live(&b);
    assert_true(b.counts.n_runs_elsewhere > 0 && b.counts.n_runs_elsewhere <= n_outside);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    b.always = "far-1";
    live(&b);
    assert_true(b.counts.n_runs_elsewhere > (int64_t)b.n_starts / 2);
}

/* Given up when the hour is over: a run that begins later is at no drawn time. */
static void the_hour_is_the_end(void **state)
{
    struct box b = box();
    (void)state;
    for (size_t i = 0; i < b.n_starts; i++) {
        b.runs_ms[i] = (b.starts_ms[i] / 3600000 + 1) * 3600000 - 1000;
    }
    b.at_hour = true;
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    assert_int_equal(b.counts.n_starts_silent, 0);
    size_t late = 0;
    b = box();
    b.at_hour = true;
    for (size_t i = 0; i + 1 < b.n_starts; i++) {
        int64_t hour_ms = (b.starts_ms[i] / 3600000 + 1) * 3600000;
        if (b.starts_ms[i] + GIVE_UP_MS > hour_ms + 400000 &&
            b.starts_ms[i + 1] > hour_ms + 400000) {
            b.runs_ms[i] = hour_ms + 200000;
            late++;
        }
    }
    assert_true(late > 0);
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, late);
}

static int64_t slot_ms(int64_t k)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    secret_of(7, secret);
    return FROM_S * 1000 + bw_starts_slot(secret, "fcc-1", "http/state", DAY + FROM_S,
                                          (size_t)k, SLOT_MS, SPACING_MS);
}

static void a_campaign(void **state)
{
    struct box b = {.secret = 7, .campaign = "fcc-1"};
    (void)state;
    for (int64_t k = 0; k < SLOTS; k++) {
        b.runs_ms[b.n_runs++] = slot_ms(k) + 9000;
    }
    live(&b);
    assert_int_equal(b.fault, BW_SCHEDULE_FINE);
    assert_int_equal(b.counts.n_starts, SLOTS);
    assert_int_equal(b.counts.n_starts_silent, 0);
    assert_int_equal(b.counts.n_runs, SLOTS);
    assert_int_equal(b.counts.n_runs_unplanned, 0);

    b.runs_ms[2] = slot_ms(2) - 60000; /* before it was drawn for */
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
    b.runs_ms[2] = (FROM_S + 3 * 3600) * 1000 - 500; /* put off to the slot's end */
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    assert_int_equal(b.counts.n_starts_silent, 0);

    b.runs_ms[2] = b.runs_ms[--b.n_runs]; /* two of its slots say nothing */
    b.runs_ms[2] = b.runs_ms[--b.n_runs];
    live(&b);
    assert_int_equal(b.counts.n_starts_silent, 3 - 1);

    b.runs_ms[0] = 3600000; /* a run of the campaign in the morning */
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
}

/* A retest has to be one: of a run within the hour before, and the only one. */
static void retests(void **state)
{
    struct box b = box();
    char first[64];
    (void)state;
    size_t i = b.n_starts / 2;
    (void)snprintf(first, sizeof(first), "down:%lld",
                   (long long)(DAY * 1000 + b.runs_ms[i]));
    b.retest_of[b.n_runs] = first;
    b.runs_ms[b.n_runs++] = b.runs_ms[i] + 1500000;
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    b.retest_of[b.n_runs] = first; /* a second one of the same */
    b.runs_ms[b.n_runs++] = b.runs_ms[i] + 2500000;
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
    b.n_runs--;
    b.runs_ms[b.n_runs - 1] = b.runs_ms[i] + 3600000 + 200000; /* too late */
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
    b.runs_ms[b.n_runs - 1] = b.runs_ms[i] + 1500000;
    (void)snprintf(first, sizeof(first), "up:%lld", (long long)(DAY * 1000 + b.runs_ms[i]));
    live(&b); /* of a run that nobody knows */
    assert_int_equal(b.counts.n_runs_unplanned, 1);
    (void)snprintf(first, sizeof(first), "yesterday");
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
}

/* One that had to wait says so each time, and is one all the same; two that ran are not. */
static void a_retest_that_waited(void **state)
{
    struct box b = box();
    char first[64];
    (void)state;
    size_t i = b.n_starts / 2;
    (void)snprintf(first, sizeof(first), "down:%lld",
                   (long long)(DAY * 1000 + b.runs_ms[i]));
    for (int64_t k = 1; k <= 3; k++) {
        b.put_off[b.n_runs] = k < 3;
        b.retest_of[b.n_runs] = first;
        b.runs_ms[b.n_runs++] = b.runs_ms[i] + k * 600000;
    }
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    b.retest_of[b.n_runs] = first;
    b.runs_ms[b.n_runs++] = b.runs_ms[i] + 2400000;
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 1);
}

static void what_was_foreseen_is_counted(void **state)
{
    struct box b = box();
    (void)state;
    b.flag = "foreseen";
    live(&b);
    assert_int_equal(b.counts.n_runs_unplanned, 0);
    assert_int_equal(b.counts.n_runs_foreseen, b.n_runs);
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
        cmocka_unit_test(servers_are_drawn_too),
        cmocka_unit_test(the_hour_is_the_end),
        cmocka_unit_test(a_campaign),
        cmocka_unit_test(retests),
        cmocka_unit_test(a_retest_that_waited),
        cmocka_unit_test(what_was_foreseen_is_counted),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
