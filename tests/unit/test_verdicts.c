/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_verdicts.c - what runs and days say of a circuit, worked by hand. */
#include "verdicts.h"

#include "bw_test.h"

#include <bw/summary.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOUR = 3600
};

static const int64_t noon = 1793620800; /* 2026-11-02T12:00:00Z */

/* A good download of so many percent of a claim of 100 Mbit/s. */
static struct bw_kept_run
run(int64_t at_unix_s, uint16_t server, int64_t percent, bool retest)
{
    return (struct bw_kept_run){.at_unix_ms = at_unix_s * 1000,
                                .compared_bps = percent * 1000000,
                                .claim_bps = 100000000,
                                .server = server,
                                .direction = BW_DOWN,
                                .state = BW_TEST_OK,
                                .egress = BW_EGRESS_MATCH,
                                .retest = retest};
}

static struct bw_below below(const struct bw_kept_run *runs, size_t n)
{
    return bw_verdict_below(runs, n, BW_DOWN, NULL, 1);
}

static void one_slip_is_none(void **state)
{
    struct bw_kept_run r[5] = {run(noon, 0, 95, false), run(noon + HOUR, 0, 79, false)};
    (void)state;

    assert_true(bw_run_below(&r[1]));
    r[1].compared_bps = 80000000; /* 80 % of it is not below it */
    assert_false(bw_run_below(&r[1]));
    r[1].compared_bps = 79000000;
    assert_int_equal(below(r, 2).verdict, BW_VERDICT_OFF);
    assert_int_equal(below(r, 2).at_unix_s, noon);
    /* nor two at the same server, none of which was asked for by the other */
    r[2] = run(noon + 2 * HOUR, 0, 50, false);
    assert_int_equal(below(r, 3).verdict, BW_VERDICT_OFF);
    /* alone it tells nothing of what was before */
    assert_int_equal(below(r + 1, 1).verdict, BW_VERDICT_NOT_TOLD);
    assert_int_equal(below(r, 0).verdict, BW_VERDICT_NOT_TOLD);
}

static void a_second_one_confirms(void **state)
{
    struct bw_kept_run r[5] = {run(noon, 0, 95, false), run(noon + HOUR, 0, 60, false)};
    struct bw_below b;
    (void)state;

    r[2] = run(noon + HOUR + 300, 0, 61, true); /* its retest */
    b = below(r, 3);
    assert_int_equal(b.verdict, BW_VERDICT_ON);
    assert_int_equal(b.at_unix_s, noon + HOUR);
    assert_int_equal(b.run, 2);
    assert_false(b.other_server);
    assert_false(b.server_known);
    r[2] = run(noon + 10 * HOUR, 1, 61, false); /* another server */
    b = below(r, 3);
    assert_int_equal(b.verdict, BW_VERDICT_ON);
    assert_true(b.other_server);
    /* a day and a second later it is a thing of its own */
    r[2] = run(noon + 25 * HOUR + 1, 1, 61, false);
    assert_int_equal(below(r, 3).verdict, BW_VERDICT_OFF);
    r[2] = run(noon + 25 * HOUR, 1, 61, false);
    assert_int_equal(below(r, 3).verdict, BW_VERDICT_ON);
    /* of the other direction, set apart, failed, or without a figure: none of it */
    r[2].direction = BW_UP;
    assert_int_equal(below(r, 3).verdict, BW_VERDICT_OFF);
    r[2] = run(noon + 10 * HOUR, 1, 61, false);
    r[2].apart = BW_APART_SERVER;
    assert_int_equal(below(r, 3).verdict, BW_VERDICT_OFF);
    r[2].apart = BW_APART_NOT;
    r[2].compared_bps = BW_UNKNOWN;
    assert_int_equal(below(r, 3).verdict, BW_VERDICT_OFF);
    /* one that reaches it ends it, and what follows begins anew */
    r[2] = run(noon + 2 * HOUR, 1, 61, false);
    r[3] = run(noon + 3 * HOUR, 1, 90, false);
    assert_int_equal(below(r, 4).verdict, BW_VERDICT_OFF);
    assert_int_equal(below(r, 4).at_unix_s, noon + 3 * HOUR);
    r[4] = run(noon + 4 * HOUR, 0, 61, false);
    assert_int_equal(below(r, 5).verdict, BW_VERDICT_OFF);
    assert_int_equal(below(r, 5).at_unix_s, noon + 3 * HOUR);
}

/* Sites 1, 2, 3 at server 0: usually 90, 80 and 70 % of what each claims. Site 4 at server
 * 1: usually 80 %, now so much (0: nobody is there). */
static struct bw_server_hours *hours(int second, int third, int elsewhere)
{
    struct bw_server_sample s[20];
    size_t n = 0;
    const int usual[] = {90, 80, 70};
    const int now[] = {50, second, third};

    for (uint32_t site = 1; site <= 3; site++) {
        for (int i = 1; i <= 3; i++) {
            struct bw_kept_run r = run(noon - i * 2 * HOUR, 0, usual[site - 1], false);
            assert_true(bw_server_sample(&r, site, &s[n++]));
        }
        if (now[site - 1] > 0) {
            struct bw_kept_run r = run(noon + 60, 0, now[site - 1], false);
            assert_true(bw_server_sample(&r, site, &s[n++]));
        }
    }
    for (int i = 1; i <= 3; i++) {
        struct bw_kept_run r = run(noon - i * 3 * HOUR, 1, 80, false);
        assert_true(bw_server_sample(&r, 4, &s[n++]));
    }
    if (elsewhere > 0) {
        struct bw_kept_run r = run(noon + 70, 1, elsewhere, false);
        assert_true(bw_server_sample(&r, 4, &s[n++]));
    }
    return bw_server_hours_new(s, n);
}

static void a_server_s_fault_is_no_circuit_s(void **state)
{
    struct bw_kept_run r[3] = {run(noon - HOUR, 0, 90, false), run(noon + 10, 0, 50, false),
                               run(noon + 60, 0, 50, true)};
    struct bw_server_hours *h = hours(80, 70, 0);
    (void)state;

    /* the others are what they always are */
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_HEALTHY);
    assert_int_equal(bw_verdict_below(r, 3, BW_DOWN, h, 1).verdict, BW_VERDICT_ON);
    assert_true(bw_verdict_below(r, 3, BW_DOWN, h, 1).server_known);
    bw_server_hours_free(h);
    /* one of two fell: the lower of the two is the median, 40 of 80 */
    h = hours(40, 70, 80);
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_FAULT);
    assert_int_equal(bw_verdict_below(r, 3, BW_DOWN, h, 1).verdict, BW_VERDICT_OFF);
    bw_server_hours_free(h);
    /* 63 of 70 is 90 %: not fallen; 62 is */
    h = hours(0, 63, 80);
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_HEALTHY);
    bw_server_hours_free(h);
    h = hours(0, 62, 80);
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_FAULT);
    bw_server_hours_free(h);
    /* nobody tested at another server: nobody can tell, and it is held against nobody */
    h = hours(40, 70, 0);
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_ALONE);
    assert_int_equal(bw_verdict_below(r, 3, BW_DOWN, h, 1).verdict, BW_VERDICT_OFF);
    bw_server_hours_free(h);
    /* the other one fell as well, 71 of 80: it is not the server */
    h = hours(40, 70, 71);
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_ALL);
    assert_int_equal(bw_verdict_below(r, 3, BW_DOWN, h, 1).verdict, BW_VERDICT_ON);
    assert_false(bw_verdict_below(r, 3, BW_DOWN, h, 1).server_known);
    bw_server_hours_free(h);
    h = hours(40, 70, 72); /* 90 % */
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_FAULT);
    bw_server_hours_free(h);
    /* nobody else was there: not known, which is not a fault */
    h = hours(0, 0, 80);
    assert_int_equal(bw_server_hours_word(h, &r[1], 1), BW_SERVER_UNKNOWN);
    assert_int_equal(bw_verdict_below(r, 3, BW_DOWN, h, 1).verdict, BW_VERDICT_ON);
    assert_false(bw_verdict_below(r, 3, BW_DOWN, h, 1).server_known);
    bw_server_hours_free(h);
}

/* One site at a server, usually `usual` percent of its claim on ten days, `now` at noon. */
static size_t days_of(struct bw_server_sample *s,
                      size_t n,
                      uint16_t server,
                      uint32_t site,
                      int usual,
                      int now)
{
    for (int day = 1; day <= 10; day++) {
        struct bw_kept_run r = run(noon - day * 24 * HOUR, server, usual, false);
        assert_true(bw_server_sample(&r, site, &s[n++]));
    }
    struct bw_kept_run r = run(noon + 5, server, now, false);
    assert_true(bw_server_sample(&r, site, &s[n++]));
    return n;
}

static void the_fleet_s_view(void **state)
{
    struct bw_server_sample s[80];
    struct bw_server_hour *list = NULL;
    struct bw_server_hours *h;
    size_t n = 0;
    size_t n_list = 0;
    (void)state;

    /* three sites reach 40, 45 and 88 of 50, 50 and 80 at the first: quotients 0.8, 0.9,
     * 1.1, the middle one is 0.9; at the second 0.5, 1, 1 */
    n = days_of(s, n, 0, 1, 50, 40);
    n = days_of(s, n, 0, 2, 50, 45);
    n = days_of(s, n, 0, 3, 80, 88);
    n = days_of(s, n, 1, 4, 80, 40);
    n = days_of(s, n, 1, 5, 80, 80);
    n = days_of(s, n, 1, 6, 80, 80);
    h = bw_server_hours_new(s, n);
    assert_int_equal(bw_server_hours_all(h, &list, &n_list), 0);
    assert_int_equal(n_list, 22); /* two servers, eleven hours */
    struct bw_server_hour *first = &list[20];
    assert_int_equal(first->hour, noon / HOUR);
    assert_int_equal(first->server, 0);
    assert_int_equal(first->n_sites, 3);
    assert_int_equal(first->median_ppm, 900000);
    assert_int_equal(first->word, BW_SERVER_HEALTHY);
    assert_int_equal(list[21].median_ppm, 1000000);
    assert_int_equal(list[0].median_ppm, 1000000); /* other days are what they are */
    free(list);
    bw_server_hours_free(h);
    /* 44 of 50 is 0.88: it fell, and the second did not */
    n = days_of(s, 0, 0, 1, 50, 40);
    n = days_of(s, n, 0, 2, 50, 44);
    n = days_of(s, n, 0, 3, 80, 88);
    n = days_of(s, n, 1, 4, 80, 40);
    n = days_of(s, n, 1, 5, 80, 80);
    n = days_of(s, n, 1, 6, 80, 80);
    h = bw_server_hours_new(s, n);
    assert_int_equal(bw_server_hours_all(h, &list, &n_list), 0);
    assert_int_equal(list[20].median_ppm, 880000);
    assert_int_equal(list[20].word, BW_SERVER_FAULT);
    assert_int_equal(list[21].word, BW_SERVER_HEALTHY);
    free(list);
    bw_server_hours_free(h);
    /* two sites at the second are too few to say that it did not fall */
    n -= 11;
    h = bw_server_hours_new(s, n);
    assert_int_equal(bw_server_hours_all(h, &list, &n_list), 0);
    assert_int_equal(list[20].word, BW_SERVER_ALONE);
    assert_int_equal(list[21].n_sites, 2);
    assert_int_equal(list[21].word, BW_SERVER_UNKNOWN);
    free(list);
    bw_server_hours_free(h);
}

/* The median of all others is found without sorting them for each hour. */
static void medians_without_an_hour(void **state)
{
    struct bw_server_sample s[8];
    struct bw_server_hour *list = NULL;
    struct bw_server_hours *h;
    size_t n_list = 0;
    static const int percent[] = {30, 10, 50, 20, 40};
    (void)state;

    /* hours 0, 0, 1, 2, 3: 30 10 | 50 | 20 | 40 */
    for (int i = 0; i < 5; i++) {
        struct bw_kept_run r =
            run(noon + (i < 2 ? 0 : i - 1) * HOUR + i, 0, percent[i], false);
        assert_true(bw_server_sample(&r, 1, &s[i]));
    }
    h = bw_server_hours_new(s, 5);
    assert_int_equal(bw_server_hours_all(h, &list, &n_list), 0);
    assert_int_equal(n_list, 4);
    assert_int_equal(list[0].median_ppm, 10 * 1000000 / 40); /* of 20 40 50 */
    assert_int_equal(list[1].median_ppm, 50 * 1000000 / 20); /* of 10 20 30 40 */
    assert_int_equal(list[2].median_ppm, 20 * 1000000 / 30); /* of 10 30 40 50 */
    assert_int_equal(list[3].median_ppm, 40 * 1000000 / 20); /* of 10 20 30 50 */
    free(list);
    bw_server_hours_free(h);
}

static void where_runs_left(void **state)
{
    struct bw_kept_run r[4] = {run(noon, 0, 90, false), run(noon + 1, 0, 90, false),
                               run(noon + 2, 0, 90, false), run(noon + 3, 0, 90, false)};
    (void)state;

    assert_int_equal(bw_verdict_egress(r, 4).verdict, BW_VERDICT_OFF);
    r[1].egress = BW_EGRESS_OTHER;
    r[2].egress = BW_EGRESS_OTHER;
    r[3].egress = BW_EGRESS_UNKNOWN;
    assert_int_equal(bw_verdict_egress(r, 4).verdict, BW_VERDICT_ON);
    assert_int_equal(bw_verdict_egress(r, 4).at_unix_s, noon + 1);
    assert_int_equal(bw_verdict_egress(r + 3, 1).verdict, BW_VERDICT_NOT_TOLD);
}

static void what_was_put_off(void **state)
{
    struct bw_kept_run r[3] = {run(noon - 30 * HOUR, 0, 90, false),
                               run(noon - 26 * HOUR, 0, 90, false),
                               run(noon - 3 * HOUR, 0, 90, false)};
    (void)state;

    r[1].state = BW_TEST_DEFERRED;
    r[2].state = BW_TEST_DEFERRED;
    assert_int_equal(bw_verdict_deferred(r, 3, noon).verdict, BW_VERDICT_ON);
    assert_int_equal(bw_verdict_deferred(r, 3, noon).at_unix_s, noon - 26 * HOUR);
    r[2].state = BW_TEST_OK;
    assert_int_equal(bw_verdict_deferred(r, 3, noon).verdict, BW_VERDICT_OFF);
    /* nothing within the last day tells nothing */
    assert_int_equal(bw_verdict_deferred(r, 2, noon).verdict, BW_VERDICT_NOT_TOLD);
}

static void a_full_day(void **state)
{
    struct bw_room_day d;
    (void)state;

    bw_room_day_init(&d);
    d.from_unix_s = noon;
    assert_int_equal(bw_verdict_full(&d).verdict, BW_VERDICT_NOT_TOLD);
    d.way[BW_UP].class_known = 12;
    d.way[BW_UP].class_share_ppm = 900000;
    assert_int_equal(bw_verdict_full(&d).verdict, BW_VERDICT_ON);
    assert_int_equal(bw_verdict_full(&d).at_unix_s, noon);
    d.way[BW_DOWN] = d.way[BW_UP];
    d.way[BW_UP].class_share_ppm = 899999;
    assert_int_equal(bw_verdict_full(&d).verdict, BW_VERDICT_ON);
    d.way[BW_DOWN].class_share_ppm = 1;
    assert_int_equal(bw_verdict_full(&d).verdict, BW_VERDICT_OFF);
    d.way[BW_DOWN].class_known = 11; /* less than an hour tells nothing */
    d.way[BW_UP].class_known = 11;
    assert_int_equal(bw_verdict_full(&d).verdict, BW_VERDICT_NOT_TOLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_is_none),
        cmocka_unit_test(a_second_one_confirms),
        cmocka_unit_test(a_server_s_fault_is_no_circuit_s),
        cmocka_unit_test(the_fleet_s_view),
        cmocka_unit_test(medians_without_an_hour),
        cmocka_unit_test(where_runs_left),
        cmocka_unit_test(what_was_put_off),
        cmocka_unit_test(a_full_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
