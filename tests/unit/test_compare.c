/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_compare.c - districts by hand: measures, classes, quartiles, who is alike. */
#include "compare.h"

#include "bw_test.h"
#include "peers.h"

#include <queue.h>
#include <stdio.h>
#include <string.h>

static void measures_of_a_district(void **state)
{
    struct peers *x = *state;

    peers_build(x, 1, 1);
    /* a gigabit for 500 that reaches 900 Mbit/s for $1,000; 100 Mbit/s for 100, $206 */
    peers_line(x, 0, 1000000000, 500);
    peers_line(x, 1, 100000000, 100);
    x->circuits[1].claim.monthly_cents = 20600;
    x->circuits[1].merged.way[BW_DOWN].median_bps = 50000000;
    x->circuits[1].merged.way[BW_UP].median_bps = 40000000;
    x->circuits[1].merged.way[BW_UP].class_share_ppm = 950000;
    x->circuits[1].merged.outage_class_ms = 3600000;
    peers_make(x, true, false);
    assert_int_equal(x->c.n, 1);
    const struct bw_compare_value *m = x->c.rows[0].m;
    /* 1,100 Mbit/s of 600 students */
    assert_int_equal(m[BW_COMPARE_STUDENTS].value, 1833333);
    /* 90 % and 40 %: their mean */
    assert_int_equal(m[BW_COMPARE_TESTED].value, 650000);
    assert_int_equal(m[BW_COMPARE_USED].value, 725000);
    assert_int_equal(m[BW_COMPARE_FULL].value, 100000);
    assert_int_equal(m[BW_COMPARE_LATENCY].value, 80000);
    assert_int_equal(m[BW_COMPARE_OUTAGE].value, 1830);
    /* $1,206 for 1,100 Mbit/s is 109.636 cents, for 950 tested 126.947 */
    assert_int_equal(m[BW_COMPARE_PRICE].num, 120600);
    assert_int_equal(m[BW_COMPARE_PRICE].den, 1100000000);
    assert_int_equal(m[BW_COMPARE_PRICE].value, 110);
    assert_int_equal(m[BW_COMPARE_PRICE_TESTED].value, 127);
    /* the same numbers as in the queue */
    struct bw_queue q;
    const struct bw_queue_ask ask = {.districts = true, .below = BW_ROOM_NONE};
    assert_int_equal(bw_queue_make(&x->room, &x->w, &ask, &q), 0);
    assert_int_equal(q.rows[0].part[BW_QUEUE_STUDENTS].value, m[BW_COMPARE_STUDENTS].value);
    assert_int_equal(q.rows[0].part[BW_QUEUE_FULL].value, m[BW_COMPARE_FULL].value);
    assert_int_equal(q.rows[0].part[BW_QUEUE_LATENCY].value, m[BW_COMPARE_LATENCY].value);
    assert_int_equal(q.rows[0].part[BW_QUEUE_OUTAGE].value, m[BW_COMPARE_OUTAGE].value);
    bw_queue_done(&q);
}

static void nothing_known_is_no_zero(void **state)
{
    struct peers *x = *state;
    struct bw_compare_value *m;

    peers_build(x, 1, 1);
    x->circuits[0].claim.monthly_cents = BW_UNKNOWN;
    x->circuits[0].merged.way[BW_DOWN].n_compared = 2;
    x->circuits[0].merged.way[BW_UP].n_compared = 0;
    x->circuits[0].merged.way[BW_DOWN].full_of_s = 35999;
    x->circuits[0].merged.way[BW_UP].full_of_s = 35999;
    x->circuits[1].claim.role = BW_ROOM_ROLE_OTHER;
    x->sites[1].freshness = BW_NEVER;
    peers_make(x, false, false);
    assert_int_equal(x->c.n, 2);
    m = x->c.rows[0].m;
    assert_int_equal(m[BW_COMPARE_TESTED].why, BW_COMPARE_NO_TEST);
    assert_int_equal(m[BW_COMPARE_TESTED].value, BW_UNKNOWN);
    assert_int_equal(m[BW_COMPARE_USED].why, BW_QUEUE_TOO_SHORT);
    assert_int_equal(m[BW_COMPARE_PRICE].why, BW_COMPARE_NO_PRICE);
    assert_int_equal(m[BW_COMPARE_PRICE].value, BW_UNKNOWN);
    m = x->c.rows[1].m;
    assert_int_equal(m[BW_COMPARE_TESTED].value, 900000);
    assert_int_equal(m[BW_COMPARE_PRICE].why, BW_COMPARE_NO_INTERNET);
    /* of two, one knows: half is enough for the district; of none nothing is */
    peers_make(x, true, false);
    m = x->c.rows[0].m;
    assert_int_equal(m[BW_COMPARE_TESTED].value, 900000);
    assert_int_equal(m[BW_COMPARE_TESTED].n_known, 1);
    assert_int_equal(m[BW_COMPARE_TESTED].n_places, 2);
    assert_int_equal(m[BW_COMPARE_PRICE].why, BW_QUEUE_FEW_PLACES);
    assert_int_equal(m[BW_COMPARE_PRICE].num, BW_UNKNOWN);
    struct bw_compare_spread s = peers_told(x, peers_everybody(), BW_COMPARE_PRICE);
    assert_int_equal(s.members, 1);
    assert_int_equal(s.known, 0);
    assert_int_equal(s.median, BW_UNKNOWN);
    assert_false(s.hidden);
}

static void quartiles_by_rank(void **state)
{
    struct peers *x = *state;
    struct bw_compare_spread s;

    peers_build(x, 7, 1);
    for (size_t d = 0; d < 7; d++) { /* 10, 20 … 60 s; the last does not tell */
        for (size_t k = 0; k < PEERS_EACH; k++) {
            peers_of(x, d, k)->merged.outage_class_ms = (int64_t)(d + 1) * 10000;
            peers_of(x, d, k)->merged.watched_s = d == 6 ? 0 : PEERS_SPAN_S;
        }
    }
    peers_make(x, true, false);
    s = peers_told(x, peers_everybody(), BW_COMPARE_OUTAGE);
    assert_int_equal(s.members, 7);
    assert_int_equal(s.known, 6);
    assert_int_equal(s.low, 10);
    assert_int_equal(s.q1, 20);     /* ceil(1.5) = 2 */
    assert_int_equal(s.median, 30); /* ceil(3) = 3 */
    assert_int_equal(s.q3, 50);     /* ceil(4.5) = 5 */
    assert_int_equal(s.high, 60);
    assert_false(s.rounded);
    /* of three by hand: a median alone */
    const struct bw_compare_row *three[] = {&x->c.rows[0], &x->c.rows[1], &x->c.rows[2]};
    assert_int_equal(bw_compare_spread_of(&x->c, three, 3, BW_COMPARE_OUTAGE, &s), 0);
    assert_int_equal(s.known, 3);
    assert_int_equal(s.median, 20);
    assert_int_equal(s.q1, BW_UNKNOWN);
    assert_int_equal(s.low, BW_UNKNOWN);
}

static void two_digits(void **state)
{
    (void)state;
    assert_int_equal(bw_compare_round(0), 0);
    assert_int_equal(bw_compare_round(99), 99);
    assert_int_equal(bw_compare_round(104), 100);
    assert_int_equal(bw_compare_round(105), 110);
    assert_int_equal(bw_compare_round(1249), 1200);
    assert_int_equal(bw_compare_round(1250), 1300);
    assert_int_equal(bw_compare_round(99999), 100000);
    assert_int_equal(bw_compare_round(BW_UNKNOWN), BW_UNKNOWN);
}

static void classes_have_keys(void **state)
{
    struct peers *x = *state;
    uint32_t k = 0;

    peers_build(x, 6, 2);
    x->entities[x->district[0]].students = 599;
    x->entities[x->district[1]].students = 600;
    x->entities[x->district[2]].students = 10000;
    x->entities[x->district[3]].n_students_unknown = 1;
    x->entities[x->district[4]].locale = 43;
    x->entities[x->district[5]].locale = 11;
    peers_of(x, 0, 1)->claim.bps[BW_DOWN] = 200000000; /* the larger line */
    peers_of(x, 0, 1)->claim.provider = "Teal \"Net\"";
    peers_of(x, 1, 0)->claim.technology = "";
    peers_of(x, 1, 1)->claim.technology = "";
    peers_make(x, true, false);
    assert_int_equal(x->c.n_classes[BW_COMPARE_SIZE], 4);
    assert_string_equal(x->c.classes[BW_COMPARE_SIZE][0].key, "under-600");
    assert_int_equal(x->c.classes[BW_COMPARE_SIZE][0].n, 3);
    assert_string_equal(x->c.classes[BW_COMPARE_SIZE][1].key, "600-2499");
    assert_string_equal(x->c.classes[BW_COMPARE_SIZE][2].key, "10000-up");
    assert_string_equal(x->c.classes[BW_COMPARE_SIZE][3].key, "-"); /* last */
    assert_int_equal(x->c.n_classes[BW_COMPARE_LOCALE], 3);
    assert_string_equal(x->c.classes[BW_COMPARE_LOCALE][0].key, "city");
    assert_string_equal(x->c.classes[BW_COMPARE_LOCALE][1].key, "rural");
    assert_int_equal(x->c.classes[BW_COMPARE_LOCALE][2].n, 4);
    assert_int_equal(x->c.n_classes[BW_COMPARE_REGION], 2);
    assert_string_equal(x->c.classes[BW_COMPARE_PROVIDER][0].key, "Heron Fiber");
    assert_true(bw_compare_class_find(&x->c, BW_COMPARE_PROVIDER, "Teal \"Net\"", &k));
    assert_int_equal(x->c.classes[BW_COMPARE_PROVIDER][k].n, 1);
    assert_false(bw_compare_class_find(&x->c, BW_COMPARE_PROVIDER, "teal", &k));
    assert_true(bw_compare_class_find(&x->c, BW_COMPARE_TECHNOLOGY, "-", &k));
    assert_int_equal(x->c.classes[BW_COMPARE_TECHNOLOGY][k].n, 1);
}

static void who_is_alike(void **state)
{
    static const int64_t students[] = {400, 200, 199, 800, 801, 500, 390, 410};
    struct peers *x = *state;
    struct bw_compare_alike a[3];
    size_t alike = 0;

    peers_build(x, 8, 1);
    for (size_t d = 0; d < 8; d++) {
        x->entities[x->district[d]].students = students[d];
        peers_of(x, d, 0)->students = peers_of(x, d, 1)->students =
            100; /* 1 Mbit/s: at the target */
    }
    peers_of(x, 6, 0)->students = 101; /* 200 Mbit/s for 201: below it */
    x->entities[x->district[0]].locale = 41;
    x->entities[x->district[7]].locale = 21; /* another */
    x->entities[x->district[5]].locale = 42;
    peers_make(x, true, false);
    const struct bw_compare_row *me = bw_compare_find(&x->c, x->names[x->district[0]]);
    assert_non_null(me);
    assert_int_equal(bw_compare_meets(&x->c, me), 1);
    assert_int_equal(bw_compare_like(&x->c, me, a, 3, &alike), 3);
    assert_int_equal(alike, 4); /* 200, 800, 500, 390; not 199, 801, nor a suburb's */
    assert_int_equal(a[0].row->students, 500);
    assert_int_equal(a[0].times_milli, 1250);
    assert_true(a[0].locale_same);
    assert_int_equal(a[1].row->students, 200); /* 2.0 times as 800; by name */
    assert_int_equal(a[2].row->students, 800);
    assert_false(a[2].locale_same);
    assert_int_equal(bw_compare_like(&x->c, me, a, 1, &alike), 1);
    assert_int_equal(a[0].row->students, 500);
    x->entities[x->district[0]].n_students_unknown = 1;
    peers_make(x, true, false);
    me = bw_compare_find(&x->c, x->names[x->district[0]]);
    assert_int_equal(bw_compare_like(&x->c, me, a, 3, &alike), 0);
    assert_int_equal(alike, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measures_of_a_district, peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(nothing_known_is_no_zero, peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(quartiles_by_rank, peers_begin, peers_end),
        cmocka_unit_test(two_digits),
        cmocka_unit_test_setup_teardown(classes_have_keys, peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(who_is_alike, peers_begin, peers_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
