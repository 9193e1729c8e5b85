/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_finding_use.c - findings about use, size and the contract: each shipped rule worked
 * by hand from its source, with the borders on both sides. */
#include "finding_world.h"

#define SHOW BW_OUTCOME_SHOW, BW_UNSURE_NOT
#define SHORT BW_OUTCOME_DO_NOT_SHOW, BW_UNSURE_NOT
#define UNSURE(u) BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_##u

/* 07:00 to 17:00 is 120 intervals: n of them, at top, top - 1, … bit/s times `step`. */
static void school_day(struct world *w, size_t day, int n, int64_t top, int64_t step)
{
    for (int i = 0; i < n; i++) {
        add_bin(w, day, 420 + i * 5, (top - i) * step);
    }
}

/* ---- NCREN: of 120 values in ascending order the 114th, ceil(0.95 · 120) */

static void ncren(void **state)
{
    (void)state;
    struct world *w = world(2026, 10, 1, 31);
    w->in.students = 500;
    w->in.bins_layer = "IP";
    school_day(w, 4, 120, 120, MBPS);  /* Monday 5th: 1 … 120, P95 114 */
    school_day(w, 5, 120, 130, MBPS);  /* 11 … 130, P95 124 */
    school_day(w, 6, 107, 1000, MBPS); /* 107 of 120 is under 90 % */
    school_day(w, 7, 108, 108, MBPS);  /* 108 is 90 %: 1 … 108, rank 103 */
    add_bin(w, 8, 419, 5000 * MBPS);   /* 06:59 and 17:00 are outside */
    add_bin(w, 8, 1020, 5000 * MBPS);
    school_day(w, 9, 120, 9000, MBPS); /* a Saturday */
    expect(w, "ncren-utilisation", BW_EVRULE_USE, SHOW);
    const struct bw_finding *f = &w->found.list[0];
    assert_int_equal(f->n_parts, 4);
    assert_int_equal(row_of(&f->parts[0], "2026-10: days with enough"), 3);
    /* (114 + 124 + 103) / 3 = 113.666… */
    assert_int_equal(row_of(&f->parts[0], "the mean of the percentiles, at IP"), 113666666);
    assert_int_equal(row_of(&f->parts[0], "for each of 500 students"), 227333);
    assert_int_equal(row_of(&f->parts[2], "the highest of the percentiles"), 124 * MBPS);
    assert_int_equal(row_of(&f->parts[2], "for each of 500 students"), 248000);
    assert_non_null(strstr(f->sentence, "show how much was drawn"));
    world_free(w);
    w = world(2026, 10, 5, 5);
    expect(w, "ncren-utilisation", BW_EVRULE_USE, UNSURE(TOO_FEW));
    w->in.can_count = false;
    expect(w, "ncren-utilisation", BW_EVRULE_USE, UNSURE(UNTESTABLE));
    world_free(w);
}

/* ---- EducationSuperHighway: 100 Mbit/s is 30 % above 76.923 and 40 % above 71.4285 */

static struct world *esh(int64_t peak_bps, size_t n_days)
{
    struct world *w = world(2026, 10, 5, 12);

    for (size_t day = 0, n = 0; n < n_days; day++) {
        if (w->days[day].has_lessons == BW_FINDING_IN) {
            for (int i = 0; i < 120; i++) { /* seven of 120 are at the peak: P95 is one */
                add_bin(w, day, 420 + i * 5, i >= 113 ? peak_bps : MBPS);
            }
            n++;
        }
    }
    return w;
}

static void headroom(void **state)
{
    (void)state;
    struct world *w = esh(76923000, 5);
    expect(w, "esh-headroom", BW_EVRULE_USE, SHOW);
    world_free(w);
    w = esh(76923001, 5);
    expect(w, "esh-headroom", BW_EVRULE_USE, SHORT);
    world_free(w);
    w = esh(71428500, 5); /* 40 % are told beside, and decide nothing */
    expect(w, "esh-headroom", BW_EVRULE_USE, SHOW);
    assert_int_equal(w->found.list[0].parts[2].outcome, BW_OUTCOME_SHOW);
    world_free(w);
    w = esh(71428501, 5);
    expect(w, "esh-headroom", BW_EVRULE_USE, SHOW);
    assert_int_equal(w->found.list[0].parts[2].outcome, BW_OUTCOME_DO_NOT_SHOW);
    world_free(w);
    w = esh(99 * MBPS, 4);
    expect(w, "esh-headroom", BW_EVRULE_USE, UNSURE(TOO_FEW));
    world_free(w);
    w = esh(80 * MBPS, 5);
    for (size_t i = 0; i < w->in.n_bins; i++) { /* six are at the peak: the 114th is not */
        w->bins[i].rate_bps[BW_DOWN] = i % 120 == 113 ? MBPS : w->bins[i].rate_bps[BW_DOWN];
        w->bins[i].rate_bps[BW_UP] = w->bins[i].rate_bps[BW_DOWN];
    }
    expect(w, "esh-headroom", BW_EVRULE_USE, SHOW);
    /* an upgrade: a day's peak is held against the speed of that day */
    for (size_t i = 0; i < w->in.n_bins; i++) {
        bool after = w->bins[i].when.day >= w->days[3].day;
        int64_t bps = after ? 150 * MBPS : 75 * MBPS;
        w->bins[i].rate_bps[BW_DOWN] = bps;
        w->bins[i].rate_bps[BW_UP] = bps;
        w->bins[i].claim_bps[BW_DOWN] = after ? 200 * MBPS : 100 * MBPS;
        w->bins[i].claim_bps[BW_UP] = w->bins[i].claim_bps[BW_DOWN];
    }
    expect(w, "esh-headroom", BW_EVRULE_USE, SHOW);
    w->bins[0].claim_bps[BW_DOWN] = BW_UNKNOWN;
    expect(w, "esh-headroom", BW_EVRULE_USE, UNSURE(NO_CLAIM));
    w->in.claims_apart = true; /* there is one, but of another layer */
    expect(w, "esh-headroom", BW_EVRULE_USE, UNSURE(UNTESTABLE));
    world_free(w);
}

/* A state's own rule: each clause of a shipped one changed, and judged once more. */
static const struct bw_finding *changed(struct world *w)
{
    struct bw_err err = {""};

    bw_findings_done(&w->found);
    assert_int_equal(bw_findings_make(&w->rule, &w->in, NULL, &w->found, &err), 0);
    return &w->found.list[0];
}

/* A bound on the mean of days is for the mean: no day decides it alone. */
static void mean(void **state)
{
    (void)state;
    struct world *w = world(2026, 10, 5, 5);

    for (size_t day = 0; day < 5; day++) { /* 40, 40, 40, 40 and 90 Mbit/s: mean 50 */
        for (int i = 0; i < 120; i++) {
            add_bin(w, day, 420 + i * 5, day < 4 ? 40 * MBPS : 90 * MBPS);
        }
    }
    (void)judged(w, "ncren-utilisation", BW_EVRULE_USE);
    w->rule.n_clauses = 1;
    w->rule.clauses[0].part_ppm = 500000;
    assert_int_equal(changed(w)->outcome, BW_OUTCOME_SHOW);
    assert_int_equal(row_of(&w->found.list[0].parts[0], "the mean of"), 50 * MBPS);
    for (size_t i = 480; i < 600; i++) { /* one bit/s more in the mean */
        w->bins[i].rate_bps[BW_DOWN] += 5;
    }
    assert_int_equal(changed(w)->outcome, BW_OUTCOME_DO_NOT_SHOW);
    assert_int_equal(w->found.list[0].parts[1].outcome, BW_OUTCOME_SHOW); /* upload */
    for (size_t i = 480; i < 600; i++) { /* a mean over two claims is held against none */
        w->bins[i].claim_bps[BW_DOWN] *= 2;
    }
    assert_int_equal(changed(w)->unsure, BW_UNSURE_DIFFER);
    world_free(w);
}

/* Class hours cut the window: what they leave of it is what has to be there. */
static void class_hours(void **state)
{
    (void)state;
    struct world *w = world(2026, 10, 5, 7);

    for (size_t day = 0; day < 5; day++) {
        w->days[day].class_from_min = 465; /* 07:45 to 15:15: 90 intervals of 120 */
        w->days[day].class_to_min = 915;
    }
    w->days[4].class_to_min = 735;         /* released at 12:15: 54 */
    for (size_t day = 0; day < 5; day++) { /* the last of class are missing: */
        int n = day == 3 ? 80 : day == 4 ? 49 : 81;
        for (int i = 0; i < n; i++) { /* 81 of 90 are 90 %, 49 of 54 are more */
            add_bin(w, day, 465 + i * 5, MBPS);
        }
    }
    (void)judged(w, "ncren-utilisation", BW_EVRULE_USE);
    w->rule.n_clauses = 1;
    w->rule.clauses[0].window.lessons = BW_EVRULE_IN_CLASS;
    assert_int_equal(changed(w)->outcome, BW_OUTCOME_SHOW);
    assert_int_equal(row_of(&w->found.list[0].parts[0], "days with enough"), 4);
    w->in.n_bins = 0;
    for (size_t day = 0; day < 5; day++) { /* 07:00 to 07:45 and 15:15 to 17:00: 9 + 21 */
        for (int i = 0; i < (day == 3 ? 5 : 6); i++) {
            add_bin(w, day, 420 + i * 5, MBPS);
        }
        for (int i = 0; i < 21; i++) { /* 27 of 30; of the early day 27 of 66 */
            add_bin(w, day, 915 + i * 5, MBPS);
        }
    }
    w->rule.clauses[0].window.lessons = BW_EVRULE_OUT_OF_CLASS;
    assert_int_equal(changed(w)->outcome, BW_OUTCOME_SHOW);
    assert_int_equal(row_of(&w->found.list[0].parts[0], "days with enough"), 3);
    world_free(w);
}

/* ---- targets by people */

static void per_people(void **state)
{
    (void)state;
    struct world *w = world(2026, 10, 5, 7);
    w->in.claim_bps[BW_DOWN] = 1000 * MBPS;
    expect(w, "fcc-1gbps-per-1000", BW_EVRULE_SIZE, UNSURE(NO_PEOPLE));
    w->in.users = 1000;
    expect(w, "fcc-1gbps-per-1000", BW_EVRULE_SIZE, SHOW);
    w->in.users = 1001;
    expect(w, "fcc-1gbps-per-1000", BW_EVRULE_SIZE, SHORT);
    expect(w, "fcc-1mbps-per-student", BW_EVRULE_SIZE, UNSURE(NO_PEOPLE));
    w->in.students = 1000;
    expect(w, "fcc-1mbps-per-student", BW_EVRULE_SIZE, SHOW);
    w->in.claim_bps[BW_DOWN]--;
    expect(w, "fcc-1mbps-per-student", BW_EVRULE_SIZE, SHORT);
    w->in.claim_bps[BW_DOWN] = BW_UNKNOWN;
    expect(w, "fcc-1mbps-per-student", BW_EVRULE_SIZE, UNSURE(NO_CLAIM));
    world_free(w);
}

static void setda(void **state)
{
    static const struct {
        int64_t students;
        int64_t users;
        int64_t target;
    } cases[] = {{999, 1100, INT64_C(3080000000)}, /* 2.8 Mbit/s × 1,100 */
                 {90, 107, 300 * MBPS},            /* 299.6: the least is 300 */
                 {90, 108, INT64_C(302400000)},    /* 2.8 × 108 */
                 {1000, 1100, BW_UNKNOWN},         /* between small and medium */
                 {2999, 3300, BW_UNKNOWN},
                 {3000, 3300, INT64_C(6600000000)},
                 {3001, 3300, BW_UNKNOWN},
                 {10000, 11000, BW_UNKNOWN},
                 {10001, 11000, INT64_C(15400000000)}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = world(2026, 10, 5, 7);
        w->in.students = cases[i].students;
        w->in.users = cases[i].users;
        w->in.claim_bps[BW_DOWN] = cases[i].target;
        if (cases[i].target == BW_UNKNOWN) {
            w->in.claim_bps[BW_DOWN] = 100000 * MBPS;
            expect(w, "setda-iii", BW_EVRULE_SIZE, UNSURE(NO_SIZE));
        } else {
            expect(w, "setda-iii", BW_EVRULE_SIZE, SHOW);
            w->in.claim_bps[BW_DOWN]--;
            expect(w, "setda-iii", BW_EVRULE_SIZE, SHORT);
        }
        world_free(w);
    }
}

/* ---- the contract: October has 31 days; 0.05 % of 2,678,400,000 ms are 1,339,200 */

static struct world *contract(void)
{
    struct world *w = world(2026, 10, 1, 31);

    w->in.terms.known = true;
    w->in.terms.there_ppm = 999500;
    w->in.terms.monthly_cents = 125000;
    w->in.terms.n_credits = 2;
    w->in.terms.credits[0].below_ppm = 999500;
    w->in.terms.credits[0].credit_ppm = 50000;
    w->in.terms.credits[1].below_ppm = 990000;
    w->in.terms.credits[1].credit_ppm = 250000;
    w->outages[0].from_unix_ms = w->days[3].from_unix_ms;
    w->outages[0].to_unix_ms = w->outages[0].from_unix_ms + 1339200;
    w->in.n_outages = 1;
    return w;
}

static void service(void **state)
{
    (void)state;
    struct world *w = contract();
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHOW);
    const struct bw_finding *f = &w->found.list[1];
    assert_true(f->governs);
    assert_int_equal(f->parts[0].unsure, BW_UNSURE_NO_TERMS); /* no bound of round trips: */
    assert_false(f->parts[0].decides);                        /* not judged */
    assert_int_equal(row_of(&f->parts[1], "there, of the time"), 999500);
    assert_int_equal(row_of(&f->parts[1], "2026-10: credit by"), 0);
    w->outages[0].to_unix_ms++;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    f = &w->found.list[1];
    assert_int_equal(row_of(&f->parts[1], "2026-10: credit by"), 50000);
    assert_int_equal(row_of(&f->parts[1], "2026-10: credit"), 50000);
    assert_int_equal(f->parts[1].rows[f->parts[1].n_rows - 1].value, 6250); /* 62.50 */
    assert_int_equal(f->parts[1].rows[f->parts[1].n_rows - 1].unit, BW_ROW_CENTS);
    w->outages[0].to_unix_ms = w->outages[0].from_unix_ms + 26784001; /* over 1 % */
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    assert_int_equal(row_of(&w->found.list[1].parts[1], "2026-10: credit by"), 250000);
    w->outages[0].excused =
        BW_EVRULE_POWER; /* the school's power is no fault of the line */
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHOW);
    w->in.terms.has_excused = true; /* but this contract excuses maintenance alone */
    w->in.terms.excused = BW_EVRULE_PLANNED;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    world_free(w);
    w = contract(); /* nobody watched for two days: what was seen may be all there was */
    w->days[20].watched_ms = 0;
    w->days[21].watched_ms = 0;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(TOO_FEW));
    w->outages[0].to_unix_ms++; /* now broken even if these days were fine */
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    world_free(w);
    w = contract(); /* the month is not over: broken all the same, or not known */
    w->in.n_days = 10;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(RUNNING));
    w->outages[0].to_unix_ms++;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    world_free(w);
    w = contract();
    w->in.terms = bw_finding_terms_none;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(NO_TERMS));
    assert_false(w->found.list[0].governs);
    world_free(w);
}

/* A credit is what is owed even if all that nobody watched had been fine. */
static void credit(void **state)
{
    (void)state;
    struct world *w = contract();
    const struct bw_finding_part *p;

    for (size_t i = 20; i < 27; i++) {
        w->days[i].watched_ms = 0;
    }
    w->outages[0].to_unix_ms =
        w->outages[0].from_unix_ms + 1200000; /* of 24 days 0.058 % */
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(TOO_FEW));
    p = &w->found.list[1].parts[1];
    assert_int_equal(row_of(p, "2026-10: credit"), BW_UNKNOWN);
    assert_int_equal(p->rows[p->n_rows - 1].unit, BW_ROW_PPM); /* and no dollars */
    for (size_t i = 4; i < 20; i++) {
        w->days[i].watched_ms = 0;
    }
    /* four hours: 1.85 % of the nine days that were watched, 0.54 % of the month */
    w->outages[0].to_unix_ms = w->outages[0].from_unix_ms + 14400000;
    expect(w, "contract-sla", BW_EVRULE_SERVICE, SHORT);
    p = &w->found.list[1].parts[1];
    assert_int_equal(row_of(p, "of the month's cost, at least"), 50000);
    assert_int_equal(row_of(p, "credit, at least"), 6250);
    world_free(w);
}

static void contract_speed(void **state)
{
    (void)state;
    struct world *w = contract();
    w->in.terms.part_ppm = 950000;
    w->in.terms.share_ppm = 900000;
    for (int i = 0; i < 20; i++) { /* 18 of 20 is 90 % */
        add_test(w, 2, i * 60, BW_DOWN, i < 18 ? 95 * MBPS : 95 * MBPS - 1);
        add_test(w, 2, i * 60 + 1, BW_UP, 100 * MBPS);
    }
    expect(w, "contract-sla", BW_EVRULE_CAPACITY, SHOW);
    w->tests[0].rate_bps--; /* 17 */
    expect(w, "contract-sla", BW_EVRULE_CAPACITY, SHORT);
    w->tests[0].grade = BW_GRADE_SELF; /* 19 of others' word are too few */
    expect(w, "contract-sla", BW_EVRULE_CAPACITY, UNSURE(UNPROVEN));
    w->in.terms.share_ppm = BW_UNKNOWN;
    expect(w, "contract-sla", BW_EVRULE_CAPACITY, UNSURE(NO_TERMS));
    world_free(w);
}

/* 990 of 1,000 are 99 %; 999 are too few; 19 tests are too few, 20 are not. */
static void contract_borders(void **state)
{
    static const struct {
        int64_t within;
        int64_t over;
        int64_t lost;
        enum bw_outcome outcome;
        enum bw_unsure unsure;
    } cases[] = {{990, 10, 0, SHOW},
                 {989, 11, 0, SHORT},
                 {990, 0, 10, SHOW},
                 {989, 0, 11, SHORT},
                 {999, 0, 0, UNSURE(TOO_FEW)}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = contract();
        w->targets[0] = "egress";
        w->in.n_targets = 1;
        w->in.terms.bound_us = 35000;
        w->in.terms.within_ppm = 990000;
        add_hour(w, 0, 2, 12, cases[i].within, 30000, cases[i].over, 45000, cases[i].lost);
        expect(w, "contract-sla", BW_EVRULE_SERVICE, cases[i].outcome, cases[i].unsure);
        world_free(w);
    }
    struct world *w = contract();
    w->targets[0] = "egress";
    w->in.n_targets = 1;
    w->in.terms.bound_us = 35000;
    w->in.terms.within_ppm = 990000;
    add_hour(w, 0, 2, 12, 989, 30000, 11, 35500, 0); /* nearer than records can tell */
    expect(w, "contract-sla", BW_EVRULE_SERVICE, UNSURE(BORDER));
    world_free(w);
    w = contract();
    w->in.terms.part_ppm = 950000;
    w->in.terms.share_ppm = 900000;
    for (int i = 0; i < 19; i++) {
        add_test(w, 2, i * 60, BW_DOWN, 95 * MBPS);
        add_test(w, 2, i * 60 + 1, BW_UP, 95 * MBPS);
    }
    expect(w, "contract-sla", BW_EVRULE_CAPACITY, UNSURE(TOO_FEW));
    add_test(w, 2, 1140, BW_DOWN, 95 * MBPS);
    add_test(w, 2, 1141, BW_UP, 95 * MBPS);
    expect(w, "contract-sla", BW_EVRULE_CAPACITY, SHOW);
    world_free(w);
}

/* Of a day's 120 intervals 108 are 90 %; with 107 the fifth day is none. */
static void headroom_days(void **state)
{
    (void)state;
    for (int n = 107; n <= 108; n++) {
        struct world *w = world(2026, 10, 5, 5);
        for (size_t day = 0; day < 5; day++) {
            for (int i = 0; i < (day == 4 ? n : 120); i++) {
                add_bin(w, day, 420 + i * 5, MBPS);
            }
        }
        if (n == 107) {
            expect(w, "esh-headroom", BW_EVRULE_USE, UNSURE(TOO_FEW));
        } else {
            expect(w, "esh-headroom", BW_EVRULE_USE, SHOW);
        }
        world_free(w);
    }
}

/* A state's word makes a rule of its kind govern, and no other. */
static void adopted(void **state)
{
    (void)state;
    struct world *w = esh(50 * MBPS, 5);
    struct bw_err err = {""};

    (void)judged(w, "esh-headroom", BW_EVRULE_USE);
    assert_false(w->found.list[0].governs);
    bw_findings_done(&w->found);
    assert_int_equal(
        bw_findings_make(&w->rule, &w->in, "by hazel on 2026-07-01", &w->found, &err), 0);
    assert_true(w->found.list[0].governs);
    assert_string_equal(w->found.list[0].id, "esh-headroom/use");
    w->rule.place = BW_EVRULE_COMPARISON;
    bw_findings_done(&w->found);
    assert_int_equal(
        bw_findings_make(&w->rule, &w->in, "by hazel on 2026-07-01", &w->found, &err), 0);
    assert_false(w->found.list[0].governs);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ncren),         cmocka_unit_test(headroom),
        cmocka_unit_test(per_people),    cmocka_unit_test(setda),
        cmocka_unit_test(service),       cmocka_unit_test(contract_speed),
        cmocka_unit_test(adopted),       cmocka_unit_test(credit),
        cmocka_unit_test(mean),          cmocka_unit_test(class_hours),
        cmocka_unit_test(headroom_days), cmocka_unit_test(contract_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
