/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_finding.c - findings by tests and round trips: each shipped rule worked by hand from
 * its source, with the borders on both sides. */
#include "finding_world.h"

#define SHOW BW_OUTCOME_SHOW, BW_UNSURE_NOT
#define SHORT BW_OUTCOME_DO_NOT_SHOW, BW_UNSURE_NOT
#define UNSURE(u) BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_##u

/* ---- FCC: a week from Monday 5 October 2026, 18:00 to 24:00, one test each way each hour
 */

/* Of 42 tests each way the first `n_full` at 80,000,000 bit/s, the rest one bit less. */
static struct world *fcc_week(int n_full, enum bw_grade grade)
{
    struct world *w = world(2026, 10, 5, 7);
    int n = 0;

    w->targets[0] = "exchange";
    w->in.n_targets = 1;
    for (size_t day = 0; day < 7; day++) {
        for (int hour = 18; hour < 24; hour++, n++) {
            int64_t bps = 80 * MBPS - (n >= n_full);
            add_test(w, day, hour * 60 + 5, BW_DOWN, bps)->grade = grade;
            add_test(w, day, hour * 60 + 6, BW_UP, bps)->grade = grade;
            add_hour(w, 0, day, hour, 60, 20000, 0, 0, 0);
        }
    }
    return w;
}

static void fcc_speed(void **state)
{
    (void)state;
    struct world *w = fcc_week(34, BW_GRADE_RECEIPT); /* 80 % of 42 is 33.6 */
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHOW);
    const struct bw_finding_part *p = &w->found.list[0].parts[0];
    assert_int_equal(w->found.n, 1);
    assert_int_equal(w->found.list[0].n_parts, 3);
    assert_int_equal(p->counts.wanted, 42);
    assert_int_equal(p->counts.counted, 42);
    assert_int_equal(p->counts.grade[BW_GRADE_RECEIPT], 42);
    assert_int_equal(row_of(p, "of them, that reached"), 34);
    assert_int_equal(row_of(p, "share of the tests"), 809523);
    assert_int_equal(row_of(p, "reaches it with"), 80 * MBPS);
    assert_false(w->found.list[0].governs);
    assert_non_null(strstr(w->found.list[0].governs_why, "does not govern"));
    world_free(w);
    w = fcc_week(33, BW_GRADE_RECEIPT);
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHORT);
    world_free(w);
    w = fcc_week(33, BW_GRADE_ARCHIVE);
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHORT);
    world_free(w);
    w = fcc_week(33,
                 BW_GRADE_SELF); /* the box's word does not stand against the provider */
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(UNPROVEN));
    world_free(w);
    w = fcc_week(34, BW_GRADE_SELF);
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
}

/* One way that falls short is enough, whichever; an hour without a test is too few. */
static void fcc_each_way(void **state)
{
    (void)state;
    struct world *w = fcc_week(42, BW_GRADE_RECEIPT);
    for (size_t i = 0, n = 0; i < w->in.n_tests; i++) {
        if (w->tests[i].direction == BW_UP && n++ < 9) {
            w->tests[i].rate_bps = MBPS;
        }
    }
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHORT); /* 33 of 42 up */
    assert_non_null(strstr(w->found.list[0].sentence, "(upload)"));
    world_free(w);
    w = fcc_week(42, BW_GRADE_RECEIPT);
    w->tests[40].state = BW_TEST_FAILED;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    assert_int_equal(w->found.list[0].parts[0].counts.lost, 1);
    assert_int_equal(row_of(&w->found.list[0].parts[0], "measuring days found"), 6);
    world_free(w);
    w = fcc_week(42, BW_GRADE_RECEIPT);
    w->tests[40].state = BW_TEST_DEFERRED;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    assert_int_equal(w->found.list[0].parts[0].counts.deferred, 1);
    assert_int_equal(w->found.list[0].parts[0].counts.made, 41);
    world_free(w);
}

/* Runs that are not the line's figure; what no box can test is no failure. */
static void fcc_untestable(void **state)
{
    (void)state;
    struct world *w = fcc_week(0, BW_GRADE_RECEIPT);
    for (size_t i = 0; i < w->in.n_tests; i++) {
        w->tests[i].apart = BW_APART_UNTESTABLE;
    }
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(UNTESTABLE));
    assert_non_null(strstr(w->found.list[0].sentence, "not testable by this box"));
    assert_null(strstr(w->found.list[0].sentence, "do not show"));
    assert_int_equal(w->found.list[0].parts[0].counts.excluded, 42);
    for (size_t i = 0; i < w->in.n_tests; i++) {
        w->tests[i].apart = BW_APART_NOT;
        w->tests[i].rate_bps = BW_UNKNOWN;
    }
    w->in.can_count = false;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(UNTESTABLE));
    for (size_t i = 0; i < w->in.n_tests; i++) {
        w->tests[i].rate_bps = MBPS;
        w->tests[i].want_bps[0] = BW_UNKNOWN;
    }
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(NO_CLAIM));
    world_free(w);
}

/* A contract that names its target: the others are told beside, whatever they are like. */
static void named_target(void **state)
{
    (void)state;
    struct world *w = fcc_week(42, BW_GRADE_RECEIPT);
    w->targets[0] = "edge (icmp, IPv4)";
    w->targets[1] = "edge-2 (icmp, IPv4)";
    w->in.n_targets = 2;
    w->in.n_hours = 0;
    for (size_t day = 0; day < 7; day++) {
        for (int hour = 18; hour < 24; hour++) {
            add_hour(w, 0, day, hour, 60, 20000, 0, 0, 0);
            add_hour(w, 1, day, hour, 0, 0, 60, 200000, 0);
        }
    }
    w->in.terms.known = true;
    w->in.terms.bound_us = 35000;
    w->in.terms.within_ppm = 990000;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(DIFFER));
    (void)snprintf(w->in.terms.target, sizeof(w->in.terms.target), "edge");
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHOW);
    const struct bw_finding *f = &w->found.list[w->found.n - 1];
    assert_string_equal(f->id, "contract-sla/service");
    assert_true(f->parts[0].decides);
    assert_false(f->parts[1].decides);
    (void)snprintf(w->in.terms.target, sizeof(w->in.terms.target), "edge-2");
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    /* nobody asks the one that it names: no other takes its place */
    (void)snprintf(w->in.terms.target, sizeof(w->in.terms.target), "ed");
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(UNTESTABLE));
    assert_string_equal(w->found.list[w->found.n - 1].parts[2].target, "ed");
    world_free(w);
}

/* 95 % of 2,520 is 2,394; 100,000 us is within, 100,001 is not; lost is over. */
static void fcc_round_trips(void **state)
{
    static const struct {
        int64_t over;
        int64_t lost;
        enum bw_outcome outcome;
    } cases[] = {{126, 0, BW_OUTCOME_SHOW}, {127, 0, BW_OUTCOME_DO_NOT_SHOW},
                 {0, 126, BW_OUTCOME_SHOW}, {0, 127, BW_OUTCOME_DO_NOT_SHOW},
                 {63, 63, BW_OUTCOME_SHOW}, {63, 64, BW_OUTCOME_DO_NOT_SHOW}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = fcc_week(42, BW_GRADE_RECEIPT);
        int64_t over = cases[i].over;
        int64_t lost = cases[i].lost;
        w->in.n_hours = 0;
        for (size_t day = 0; day < 7; day++) {
            for (int hour = 18; hour < 24; hour++) {
                int64_t o = over > 20 ? 20 : over;
                int64_t l = lost > 20 ? 20 : lost;
                add_hour(w, 0, day, hour, 60 - o - l, 100000, o, 100001, l);
                over -= o;
                lost -= l;
            }
        }
        expect(w, "fcc-caf", BW_EVRULE_CAPACITY, cases[i].outcome, BW_UNSURE_NOT);
        assert_int_equal(row_of(&w->found.list[0].parts[2], "packets sent"), 2520);
        world_free(w);
    }
    struct world *w = fcc_week(42, BW_GRADE_RECEIPT);
    w->hours[41].sent--; /* 2,519: fewer than one a minute */
    w->in.n_hours = 41;
    add_hour(w, 0, 6, 23, 59, 20000, 0, 0, 0);
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    world_free(w);
    w = fcc_week(42, BW_GRADE_RECEIPT); /* two targets that say different things */
    w->targets[1] = "far";
    w->in.n_targets = 2;
    for (size_t day = 0; day < 7; day++) {
        for (int hour = 18; hour < 24; hour++) {
            add_hour(w, 1, day, hour, 0, 0, 60, 200000, 0);
        }
    }
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(DIFFER));
    world_free(w);
    /* answers that records were too long to keep: either way, then not told */
    w = fcc_week(42, BW_GRADE_RECEIPT);
    w->hours[0].hist = NULL;
    w->hours[1].hist = NULL;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHOW); /* 2,400 of 2,520 are enough */
    w->hours[2].hist = NULL;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(BORDER));
    world_free(w);
}

/* Each quarter has its week; a week over the border of two is none; class hours and other
 * hours take no part. */
static void fcc_weeks(void **state)
{
    (void)state;
    struct world *w = fcc_week(42, BW_GRADE_RECEIPT);
    size_t n = w->in.n_tests;
    for (size_t i = 0; i < 20; i++) { /* at noon and in the morning */
        add_test(w, 6, 600 + (int)i, BW_DOWN, MBPS);
    }
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHOW);
    w->in.n_tests = n;
    world_free(w);
    struct world *late = world(2026, 9, 28, 7); /* 28 September to 4 October */
    late->targets[0] = "exchange";
    late->in.n_targets = 1;
    for (size_t day = 0; day < 7; day++) {
        for (int hour = 18; hour < 24; hour++) {
            add_test(late, day, hour * 60, BW_DOWN, 100 * MBPS);
            add_test(late, day, hour * 60 + 1, BW_UP, 100 * MBPS);
            add_hour(late, 0, day, hour, 60, 20000, 0, 0, 0);
        }
    }
    expect(late, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    world_free(late);
}

/* ---- at any hour: capacity and experience are two findings */

static void any_hours(void **state)
{
    (void)state;
    struct world *w = world(2026, 10, 5, 5);
    w->targets[0] = "exchange";
    w->in.n_targets = 1;
    for (size_t day = 0; day < 5; day++) {
        for (int i = 0; i < 9; i++) { /* 45 in class: 9 of them short is 80 % exactly */
            bool poor = day == 0;
            add_test(w, day, 480 + i * 30, BW_DOWN, poor ? 79 * MBPS : 80 * MBPS);
            add_test(w, day, 481 + i * 30, BW_UP, 80 * MBPS);
        }
        for (int i = 0; i < 9; i++) { /* 45 in the evening, 10 of them short */
            bool poor = day == 1 || (day == 2 && i == 0);
            add_test(w, day, 1080 + i * 30, BW_DOWN, poor ? 79 * MBPS : 80 * MBPS);
            add_test(w, day, 1081 + i * 30, BW_UP, 80 * MBPS);
        }
        add_hour(w, 0, day, 9, 600, 20000, 0, 0, 0);
        add_hour(w, 0, day, 20, 600, 20000, 0, 0, 0);
    }
    expect(w, "fcc-8080-any-hours", BW_EVRULE_EXPERIENCE, SHOW);
    expect(w, "fcc-8080-any-hours", BW_EVRULE_CAPACITY, SHORT);
    assert_int_equal(w->found.n, 2);
    assert_int_equal(w->found.list[0].parts[0].counts.counted, 45);
    for (size_t i = 0; i < w->in.n_tests; i++) { /* nobody knows when there was class */
        w->tests[i].when.lessons = BW_FINDING_UNKNOWN;
    }
    expect(w, "fcc-8080-any-hours", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    assert_int_equal(w->found.list[0].parts[0].counts.excluded, 90);
    world_free(w);
    w = world(2026, 10, 3, 2); /* a weekend: 41 are too few, 42 are enough */
    for (int i = 0; i < 41; i++) {
        add_test(w, 0, i * 30, BW_DOWN, 80 * MBPS);
        add_test(w, 0, i * 30 + 1, BW_UP, 80 * MBPS);
    }
    w->targets[0] = "exchange";
    w->in.n_targets = 1;
    add_hour(w, 0, 0, 12, 2520, 20000, 0, 0, 0);
    expect(w, "fcc-8080-any-hours", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    add_test(w, 1, 0, BW_DOWN, 80 * MBPS);
    add_test(w, 1, 1, BW_UP, 80 * MBPS);
    expect(w, "fcc-8080-any-hours", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
}

/* ---- BEAD: tests of 15 s; 48 hours a year */

static void bead(void **state)
{
    (void)state;
    struct world *w = fcc_week(34, BW_GRADE_RECEIPT);
    expect(w, "bead", BW_EVRULE_CAPACITY, SHOW);
    w->tests[0].duration_ms = 14999;
    expect(w, "bead", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    assert_int_equal(w->found.list[0].parts[0].counts.excluded, 1);
    world_free(w);
    w = world(2026, 1, 1, 365);
    w->outages[0] =
        (struct bw_finding_outage){w->days[10].from_unix_ms, w->days[12].from_unix_ms, 0};
    w->in.n_outages = 1;
    expect(w, "bead", BW_EVRULE_SERVICE, SHOW); /* two days are 48 h */
    w->outages[0].to_unix_ms++;
    expect(w, "bead", BW_EVRULE_SERVICE, SHORT);
    w->outages[0].excused = BW_EVRULE_DISASTER;
    expect(w, "bead", BW_EVRULE_SERVICE, SHOW);
    w->outages[0].excused = BW_EVRULE_POWER; /* is no excuse by this rule */
    expect(w, "bead", BW_EVRULE_SERVICE, SHORT);
    w->in.n_outages = 0;
    for (size_t i = 0; i < 37; i++) { /* 328 of 365 days watched: under 90 % */
        w->days[i].watched_ms = 0;
    }
    expect(w, "bead", BW_EVRULE_SERVICE, UNSURE(TOO_FEW));
    w->days[36].watched_ms = DAY_MS; /* 329: 90.1 % */
    expect(w, "bead", BW_EVRULE_SERVICE, SHOW);
    w->in.n_days = 364;
    expect(w, "bead", BW_EVRULE_SERVICE, UNSURE(RUNNING));
    w->in.can_outages = false;
    expect(w, "bead", BW_EVRULE_SERVICE, UNSURE(UNTESTABLE));
    world_free(w);
}

/* ---- Bundesnetzagentur: ten tests on each of three days, a day between */

/* On the days `days[3]`, each way; of a day's ten tests the first `top` reach 90 Mbit/s
 * (90 % of the maximum), `normal` 60 Mbit/s, the rest 40; normal is 60, minimum 40. */
static struct world *bnetza(const size_t days[3], const int top[3], const int below[3])
{
    struct world *w = world(2026, 10, 3, 20);

    for (size_t k = 0; k < 3; k++) {
        for (int i = 0; i < 10; i++) {
            int64_t bps = i < top[k] ? 90 * MBPS : 60 * MBPS;
            for (int way = 0; way < BW_DIRECTIONS; way++) {
                struct bw_finding_test *t =
                    add_test(w, days[k], 1080 + i * 6 + way, (enum bw_direction)way,
                             i >= 10 - below[k] ? 40 * MBPS - 1 : bps);
                t->want_bps[BW_EVRULE_NORMAL] = 60 * MBPS;
                t->want_bps[BW_EVRULE_MINIMUM] = 40 * MBPS;
            }
        }
    }
    return w;
}

static void bundesnetzagentur(void **state)
{
    static const size_t apart[3] = {0, 2, 4};
    static const size_t wide[3] = {0, 2, 13};
    static const size_t too_wide[3] = {0, 2, 14};
    static const size_t close[3] = {0, 1, 4};
    static const int none[3] = {0, 0, 0};
    static const int two_days[3] = {1, 1, 0};
    static const int one_day[3] = {10, 0, 0};

    (void)state;
    struct world *w = bnetza(apart, two_days, none);
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    assert_int_equal(row_of(&w->found.list[0].parts[0], "with one that reached it"), 2);
    world_free(w);
    w = bnetza(apart, one_day, none); /* the maximum on one day only */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHORT);
    world_free(w);
    w = bnetza(wide, two_days, none); /* the first and the last of 14 days */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
    w = bnetza(too_wide, two_days, none);
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    assert_int_equal(row_of(&w->found.list[0].parts[0], "measuring days found"), 2);
    world_free(w);
    w = bnetza(close, two_days, none); /* no day between */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    world_free(w);
    static const int three[3] = {3, 0, 0};
    static const int four[3] = {4, 0, 0};
    w = bnetza(apart, two_days, three); /* 27 of 30 reach the normal speed; one day below */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
    w = bnetza(apart, two_days, four); /* 26 of 30 */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHORT);
    assert_non_null(strstr(w->found.list[0].sentence, "normally"));
    world_free(w);
    static const int on_two[3] = {1, 0, 1};
    w = bnetza(apart, two_days, on_two); /* the minimum undercut on two days, 28 of 30 */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHORT);
    assert_non_null(strstr(w->found.list[0].sentence, "minimum"));
    for (size_t i = 0; i < w->in.n_tests; i++) {
        w->tests[i].want_bps[BW_EVRULE_NORMAL] = BW_UNKNOWN;
        w->tests[i].want_bps[BW_EVRULE_MINIMUM] = BW_UNKNOWN;
    }
    w->tests[0].apart = BW_APART_UNTESTABLE; /* is not why nothing can be told */
    w->in.tests = w->tests;
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    w->tests[0].apart = BW_APART_NOT;
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, UNSURE(NO_TERMS));
    world_free(w);
    w = bnetza(apart, two_days, none); /* 4 min 59 s after the one before */
    w->tests[2].at_unix_ms = w->tests[0].at_unix_ms + 299999;
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    w->tests[2].at_unix_ms++;
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
}

/* ---- the other borders, each on both sides */

/* 18:00 is in the window, 17:59 is not; seven days are a week, six are none. */
static void fcc_window(void **state)
{
    (void)state;
    struct world *w = fcc_week(42, BW_GRADE_RECEIPT);
    w->tests[0].when.minute = 1080;
    w->tests[82].when.minute = 1439;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, SHOW);
    w->tests[0].when.minute = 1079;
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    assert_int_equal(row_of(&w->found.list[0].parts[0], "measuring days found"), 6);
    world_free(w);
    w = fcc_week(42, BW_GRADE_RECEIPT);
    w->in.n_tests = 72; /* of six days */
    expect(w, "fcc-caf", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    world_free(w);
}

/* The same statistics by BEAD's rule: 34 of 42, 2,394 of 2,520, a minute without a packet.
 */
static void bead_statistics(void **state)
{
    static const struct {
        int full;
        int64_t lost;
        int64_t missing;
        enum bw_outcome outcome;
        enum bw_unsure unsure;
    } cases[] = {{33, 0, 0, SHORT},
                 {34, 126, 0, SHOW},
                 {34, 127, 0, SHORT},
                 {34, 0, 1, UNSURE(TOO_FEW)}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = fcc_week(cases[i].full, BW_GRADE_RECEIPT);
        int64_t lost = cases[i].lost;
        int64_t missing = cases[i].missing;
        w->in.n_hours = 0;
        for (size_t day = 0; day < 7; day++) {
            for (int hour = 18; hour < 24; hour++) {
                int64_t l = lost > 20 ? 20 : lost;
                add_hour(w, 0, day, hour, 60 - l - missing, 100000, 0, 0, l);
                lost -= l;
                missing = 0;
            }
        }
        expect(w, "bead", BW_EVRULE_CAPACITY, cases[i].outcome, cases[i].unsure);
        world_free(w);
    }
    struct world *w = world(2026, 1, 1, 365); /* planned work is excused as well */
    w->outages[0] = (struct bw_finding_outage){
        w->days[10].from_unix_ms, w->days[12].from_unix_ms + 1, BW_EVRULE_PLANNED};
    w->in.n_outages = 1;
    expect(w, "bead", BW_EVRULE_SERVICE, SHOW);
    world_free(w);
}

/* 42 tests each way and 2,520 packets on a Monday, in class or out of it. */
static void any_hours_borders(void **state)
{
    static const struct {
        int full;
        int64_t within;
        int64_t over;
        int64_t lost;
        enum bw_outcome outcome;
        enum bw_unsure unsure;
    } cases[] = {{34, 2520, 0, 0, SHOW},           {33, 2520, 0, 0, SHORT},
                 {34, 2394, 126, 0, SHOW},         {34, 2393, 127, 0, SHORT},
                 {34, 2394, 0, 126, SHOW},         {34, 2393, 0, 127, SHORT},
                 {34, 2519, 0, 0, UNSURE(TOO_FEW)}};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        size_t k = i / 2;
        int hour = i % 2 ? 17 : 7; /* class is from 07:00 to 17:00 */
        struct world *w = world(2026, 10, 5, 1);
        w->targets[0] = "exchange";
        w->in.n_targets = 1;
        for (int n = 0; n < 42; n++) {
            int64_t bps = 80 * MBPS - (n >= cases[k].full);
            add_test(w, 0, hour * 60 + n, BW_DOWN, bps);
            add_test(w, 0, hour * 60 + n, BW_UP, bps);
        }
        add_hour(w, 0, 0, hour, cases[k].within, 100000, cases[k].over, 100001,
                 cases[k].lost);
        expect(w, "fcc-8080-any-hours", i % 2 ? BW_EVRULE_CAPACITY : BW_EVRULE_EXPERIENCE,
               cases[k].outcome, cases[k].unsure);
        world_free(w);
    }
}

/* What is reached exactly is reached; a speed at the minimum is not below it. */
static void bundesnetzagentur_borders(void **state)
{
    static const size_t apart[3] = {0, 2, 4};
    static const int none[3] = {0, 0, 0};
    static const int two_days[3] = {1, 1, 0};
    static const int on_two[3] = {1, 1, 0};

    (void)state;
    struct world *w = bnetza(apart, two_days, none);
    w->tests[21].rate_bps--; /* the upload of the second day, one bit/s under 90 Mbit/s */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHORT);
    w->tests[21].rate_bps++;
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    w->tests[21].state = BW_TEST_FAILED; /* nine uploads on a day */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    world_free(w);
    w = bnetza(apart, two_days, none); /* one bit/s under the normal speed: 3 and 4 of 30 */
    for (size_t i = 4; i < 10; i += 2) {
        w->tests[i].rate_bps = 60 * MBPS - 1;
    }
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    w->tests[10].rate_bps = 60 * MBPS - 1;
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHORT);
    world_free(w);
    w = bnetza(apart, two_days, on_two); /* the last test of the first two days */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHORT);
    w->tests[38].rate_bps++; /* down and … */
    w->tests[39].rate_bps++; /* up at the minimum */
    expect(w, "bnetza-99-2021", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fcc_speed),
        cmocka_unit_test(fcc_each_way),
        cmocka_unit_test(fcc_untestable),
        cmocka_unit_test(fcc_round_trips),
        cmocka_unit_test(named_target),
        cmocka_unit_test(fcc_weeks),
        cmocka_unit_test(any_hours),
        cmocka_unit_test(bead),
        cmocka_unit_test(bundesnetzagentur),
        cmocka_unit_test(fcc_window),
        cmocka_unit_test(bead_statistics),
        cmocka_unit_test(any_hours_borders),
        cmocka_unit_test(bundesnetzagentur_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
