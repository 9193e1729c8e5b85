/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_upgrade.c - before and after a line's upgrade, by hand: which days, which figures,
 * and why sides are not comparable. */
#include "upgrade.h"

#include "bw_test.h"

#include <string.h>

enum {
    DAY = 20000, /* of the upgrade */
    M = 1000000,
    N = 40
};

struct world {
    struct bw_room_day days[N];
    struct bw_upgrade u;
};

/* Forty days in a row, the upgrade on the twentieth: from 100 to 500 Mbit/s; each fifth day
 * is no school day. */
static int begin(void **state)
{
    struct world *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    for (int i = 0; i < N; i++) {
        struct bw_room_day *d = &x->days[i];
        struct bw_room_way *w = &d->way[BW_DOWN];
        bool after = i >= 20;
        bw_room_day_init(d);
        d->day = DAY - 20 + i;
        d->from_unix_s = d->day * 86400;
        d->to_unix_s = d->from_unix_s + 86400;
        d->n_records = 288;
        d->recorded_s = 86400;
        d->watched_s = 86400;
        d->class_s = i % 5 == 0 ? 0 : 36000;
        d->claim_layer = BW_LAYER_IP;
        d->outage_class_ms = after ? 0 : 60000;
        w->claim_bps = (after ? 500 : 100) * INT64_C(1000000);
        w->median_bps = (after ? 450 + i % 5 : 90 + i % 5) * INT64_C(1000000);
        w->n_compared = 2;
        w->n_at_80 = after ? 2 : 1;
        w->claimed_p95_bps = (after ? 200 : 95) * INT64_C(1000000);
        w->loaded_p50_us = after ? 30000 : 200000;
        w->full_s = after ? 0 : 600;
        w->full_of_s = 36000;
        w->class_known = 60;
        w->class_expected = 120;
    }
    *state = x;
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void the_same_figures_of_both_sides(void **state)
{
    struct world *x = *state;

    x->days[18].way[BW_DOWN].claimed_p95_bps = 99 * M;
    bw_upgrade_make(x->days, N, DAY, 10, &x->u);
    const struct bw_upgrade_side *a = &x->u.before;
    const struct bw_upgrade_side *b = &x->u.after;
    /* 10 school days before: 8, 9, 11-14, 16-19; from it on: 21-24, 26-29, 31, 32 */
    assert_int_equal(a->n_days, 10);
    assert_int_equal(a->first_day, DAY - 12);
    assert_int_equal(a->last_day, DAY - 1);
    assert_int_equal(b->first_day, DAY + 1);
    assert_int_equal(b->last_day, DAY + 12);
    assert_int_equal(a->n_absent, 0);
    assert_int_equal(a->way[BW_DOWN].claim_bps, 100 * M);
    /* 3 4 1 2 3 4 1 2 3 4: the fifth of 1 1 2 2 3 3 3 4 4 4 */
    assert_int_equal(a->way[BW_DOWN].tested_bps, 93 * M);
    assert_int_equal(b->way[BW_DOWN].tested_bps, 452 * M); /* 1 2 3 4 1 2 3 4 1 2 */
    assert_int_equal(a->way[BW_DOWN].n_compared, 20);
    assert_int_equal(a->way[BW_DOWN].n_at_80, 10);
    assert_int_equal(a->way[BW_DOWN].class_p95_bps, 95 * M);
    assert_int_equal(a->way[BW_DOWN].busiest_bps, 99 * M);
    assert_int_equal(b->way[BW_DOWN].busiest_bps, 200 * M);
    assert_int_equal(a->way[BW_DOWN].loaded_p50_us, 200000);
    assert_int_equal(a->way[BW_DOWN].full_s, 6000);
    assert_int_equal(a->way[BW_DOWN].full_of_s, 360000);
    assert_int_equal(b->way[BW_DOWN].full_s, 0);
    assert_int_equal(a->way[BW_DOWN].class_known, 600);
    assert_int_equal(a->way[BW_DOWN].class_expected, 1200);
    assert_int_equal(a->way[BW_UP].tested_bps, BW_UNKNOWN);
    assert_int_equal(a->outage_class_ms, 600000);
    assert_int_equal(b->outage_class_ms, 0);
    assert_int_equal(x->u.doubts, 0);
}

static void sides_are_of_one_length(void **state)
{
    struct world *x = *state;

    bw_upgrade_make(x->days, 28, DAY, 20, &x->u); /* six school days after: 21-24, 26, 27 */
    assert_int_equal(x->u.after.n_days, 6);
    assert_int_equal(x->u.before.n_days, 6);
    assert_int_equal(x->u.before.first_day, DAY - 7); /* the nearest */
    x->days[27].flags = BW_ROOM_DAY_RUNNING;
    x->days[26].n_records = 0;
    bw_upgrade_make(x->days, 28, DAY, 20, &x->u);
    assert_int_equal(x->u.after.n_days, 4);
    assert_int_equal(x->u.doubts, BW_UPGRADE_FEW);
    bw_upgrade_make(x->days, 0, DAY, 20, &x->u);
    assert_int_equal(x->u.before.n_days, 0);
    assert_int_equal(x->u.before.first_day, BW_UNKNOWN);
    assert_int_equal(x->u.before.way[BW_DOWN].full_s, BW_UNKNOWN);
    /* a day without a row lacks, whatever it was */
    memmove(&x->days[22], &x->days[24], sizeof(x->days[0]) * (N - 24));
    bw_upgrade_make(x->days, N - 2, DAY, 8, &x->u);
    assert_int_equal(x->u.after.n_absent, 2);
}

static void why_they_are_not_comparable(void **state)
{
    struct world *x = *state;

    for (int i = 0; i < 20; i++) {
        x->days[i].day -= 60;
        x->days[i].claim_layer = BW_LAYER_ETHERNET;
        x->days[i].watched_s = 43199;
        x->days[i].way[BW_DOWN].class_known = 59;
        x->days[i].way[BW_DOWN].median_bps = BW_UNKNOWN;
    }
    bw_upgrade_make(x->days, N, DAY, 10, &x->u);
    assert_int_equal(x->u.doubts, BW_UPGRADE_LITTLE | BW_UPGRADE_LAYERS | BW_UPGRADE_FAR |
                                      BW_UPGRADE_UNTESTED | BW_UPGRADE_UNWATCHED);
    assert_int_equal(x->u.before.way[BW_DOWN].tested_bps, BW_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_figures_of_both_sides, begin, end),
        cmocka_unit_test_setup_teardown(sides_are_of_one_length, begin, end),
        cmocka_unit_test_setup_teardown(why_they_are_not_comparable, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
