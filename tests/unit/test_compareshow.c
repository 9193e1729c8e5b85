/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_compareshow.c - what of others is shown: at its borders, by hand; and an adversary
 * who puts all cohorts together that two viewers are shown, in states made by chance, and
 * tries each few districts: is there a sum or difference of cohorts about them alone? */
#include "compare.h"

#include "bw_test.h"
#include "peers.h"

#include <string.h>

static struct bw_compare_set
class_of(struct peers *x, enum bw_compare_by by, const char *key)
{
    struct bw_compare_set s = {.by = by, .with = BW_COMPARE_ALL};

    assert_true(bw_compare_class_find(&x->c, by, key, &s.class));
    return s;
}

static void six_districts_are_shown_and_five_are_not(void **state)
{
    struct peers *x = *state;
    struct bw_compare_spread s;

    peers_build(x, 6, 1);
    x->seen_to = 1;
    peers_make(x, true, true);
    s = peers_told(x, peers_everybody(), BW_COMPARE_STUDENTS);
    assert_false(s.hidden);
    assert_true(s.rounded);
    assert_int_equal(s.known, 6);
    assert_int_equal(s.median, 1000000);
    assert_int_equal(s.low, BW_UNKNOWN); /* an end is one district's */
    assert_int_equal(s.high, BW_UNKNOWN);
    /* one of them does not tell the price: five are left */
    peers_of(x, 5, 0)->claim.monthly_cents = peers_of(x, 5, 1)->claim.monthly_cents =
        BW_UNKNOWN;
    peers_make(x, true, true);
    s = peers_told(x, peers_everybody(), BW_COMPARE_PRICE);
    assert_true(s.hidden);
    assert_int_equal(s.members, 6);
    assert_int_equal(s.known, BW_UNKNOWN);
    assert_int_equal(s.median, BW_UNKNOWN);
    assert_false(peers_told(x, peers_everybody(), BW_COMPARE_STUDENTS).hidden);
    peers_build(x, 5, 1);
    x->seen_to = 1;
    peers_make(x, true, true);
    struct bw_compare_set all = peers_everybody();
    assert_false(bw_compare_shows(&x->c, &all));
    assert_int_equal(peers_told(x, all, BW_COMPARE_STUDENTS).members, BW_UNKNOWN);
    /* whoever sees all five is told */
    x->seen_to = 5;
    peers_make(x, true, true);
    assert_true(bw_compare_shows(&x->c, &all));
    assert_false(peers_told(x, all, BW_COMPARE_STUDENTS).rounded);
}

static void the_rest_is_not_left_alone(void **state)
{
    struct peers *x = *state;
    struct bw_compare_set small;
    struct bw_compare_set large;

    /* 7 small ones and 5 large ones: the small ones would leave five behind */
    peers_build(x, 12, 1);
    x->seen_to = 1;
    for (size_t d = 7; d < 12; d++) {
        x->entities[x->district[d]].students = 20000;
    }
    peers_make(x, true, true);
    small = class_of(x, BW_COMPARE_SIZE, "under-600");
    large = class_of(x, BW_COMPARE_SIZE, "10000-up");
    assert_true(peers_told(x, small, BW_COMPARE_OUTAGE).hidden);
    assert_true(peers_told(x, large, BW_COMPARE_OUTAGE).hidden);
    assert_false(bw_compare_shows(&x->c, &small));
    assert_false(peers_told(x, peers_everybody(), BW_COMPARE_OUTAGE).hidden);
    /* six and six: both */
    x->entities[x->district[6]].students = 20000;
    peers_make(x, true, true);
    small = class_of(x, BW_COMPARE_SIZE, "under-600");
    large = class_of(x, BW_COMPARE_SIZE, "10000-up");
    assert_false(peers_told(x, small, BW_COMPARE_OUTAGE).hidden);
    assert_false(peers_told(x, large, BW_COMPARE_OUTAGE).hidden);
    /* seven of the small have a provider of their own: it would single out none, … */
    for (size_t d = 0; d < 6; d++) {
        peers_of(x, d, 0)->claim.provider = peers_of(x, d, 1)->claim.provider = "Teal";
    }
    peers_make(x, true, true);
    assert_false(
        peers_told(x, class_of(x, BW_COMPARE_PROVIDER, "Teal"), BW_COMPARE_OUTAGE).hidden);
    /* … and with a seventh it would: the large one among them */
    peers_of(x, 6, 0)->claim.provider = peers_of(x, 6, 1)->claim.provider = "Teal";
    peers_make(x, true, true);
    assert_true(
        peers_told(x, class_of(x, BW_COMPARE_PROVIDER, "Teal"), BW_COMPARE_OUTAGE).hidden);
    assert_true(
        peers_told(x, class_of(x, BW_COMPARE_PROVIDER, "Heron Fiber"), BW_COMPARE_OUTAGE)
            .hidden);
    /* an agency that sees three of the six small ones would know the other three */
    x->seen_to = 3;
    peers_make(x, true, true);
    assert_true(
        peers_told(x, class_of(x, BW_COMPARE_SIZE, "under-600"), BW_COMPARE_OUTAGE).hidden);
    assert_false(peers_told(x, peers_everybody(), BW_COMPARE_OUTAGE).hidden);
}

/* 24 districts, 12 of them small; Teal serves 9 of these and 3 others. What the one cohort
 * has and the other has not is six districts. */
static void what_two_cohorts_do_not_share_is_six(void **state)
{
    struct peers *x = *state;
    struct bw_compare_set teal;

    peers_build(x, 24, 1);
    for (size_t d = 0; d < 24; d++) {
        x->entities[x->district[d]].students = d < 12 ? 300 : 1000;
        for (size_t k = 0; k < PEERS_EACH; k++) {
            peers_of(x, d, k)->claim.provider =
                d < 9 || (d >= 12 && d < 15) ? "Teal" : "Heron";
        }
    }
    x->seen_to = 2; /* none of the six */
    peers_make(x, true, true);
    teal = class_of(x, BW_COMPARE_PROVIDER, "Teal");
    assert_false(peers_told(x, teal, BW_COMPARE_PRICE).hidden);
    /* two of the six do not tell the price: it would be about four */
    for (size_t d = 9; d < 11; d++) {
        peers_of(x, d, 0)->claim.monthly_cents = BW_UNKNOWN;
        peers_of(x, d, 1)->claim.monthly_cents = BW_UNKNOWN;
    }
    peers_make(x, true, true);
    assert_true(peers_told(x, teal, BW_COMPARE_PRICE).hidden);
    assert_int_equal(peers_told(x, teal, BW_COMPARE_PRICE).members, 12);
    assert_false(peers_told(x, teal, BW_COMPARE_FULL).hidden);
    /* who sees two of the six would learn of the other four */
    x->seen_from = 11;
    x->seen_to = 13;
    peers_make(x, true, true);
    assert_true(peers_told(x, teal, BW_COMPARE_FULL).hidden);
    assert_int_equal(peers_told(x, teal, BW_COMPARE_FULL).members, BW_UNKNOWN);
    /* were it five, nobody is shown it */
    peers_of(x, 9, 0)->claim.provider = peers_of(x, 9, 1)->claim.provider = "Teal";
    x->seen_from = 0;
    x->seen_to = 2;
    peers_make(x, true, true);
    assert_true(peers_told(x, teal, BW_COMPARE_FULL).hidden);
}

static void who_meets_the_target_is_not_told_of_each(void **state)
{
    struct peers *x = *state;
    struct bw_compare_set meeting = peers_everybody();

    meeting.meeting = true;
    peers_build(x, 14, 1); /* all meet it */
    x->seen_to = 1;
    peers_make(x, true, true);
    assert_false(bw_compare_shows(&x->c, &meeting));
    for (size_t d = 0; d < 6; d++) { /* six do not */
        peers_of(x, d, 0)->students = peers_of(x, d, 1)->students = 101;
    }
    peers_make(x, true, true);
    assert_true(bw_compare_shows(&x->c, &meeting));
    assert_int_equal(peers_told(x, meeting, BW_COMPARE_PRICE).known, 8);
    for (size_t d = 1; d < 14; d++) { /* only what the viewer sees meets it */
        peers_of(x, d, 0)->students = peers_of(x, d, 1)->students = 101;
    }
    peers_of(x, 0, 0)->students = peers_of(x, 0, 1)->students = 100;
    peers_make(x, true, true);
    assert_false(bw_compare_shows(&x->c, &meeting));
    assert_int_equal(peers_told(x, meeting, BW_COMPARE_PRICE).members, BW_UNKNOWN);
}

static void one_large_district_is_not_its_cohort(void **state)
{
    struct peers *x = *state;

    /* schools: 12 of six districts; then all but five belong to one */
    peers_build(x, 6, 1);
    x->seen_from = 5;
    x->seen_to = 6;
    peers_make(x, false, true);
    assert_false(peers_told(x, peers_everybody(), BW_COMPARE_FULL).hidden);
    for (size_t d = 1; d < 6; d++) {
        x->entities[x->sites[x->school[d * PEERS_EACH]].entity].parent = x->district[0];
    }
    peers_make(x, false, true);
    assert_true(peers_told(x, peers_everybody(), BW_COMPARE_FULL).hidden);
}

static void a_list_by_hand_has_nobody_unseen(void **state)
{
    struct peers *x = *state;
    struct bw_compare_spread s;

    peers_build(x, 14, 1);
    x->seen_to = 2;
    peers_make(x, true, true);
    const struct bw_compare_row *list[] = {&x->c.rows[0], &x->c.rows[1], &x->c.rows[2]};
    assert_true(list[0]->seen && list[1]->seen && !list[2]->seen);
    assert_int_equal(bw_compare_spread_of(&x->c, list, 3, BW_COMPARE_FULL, &s), 0);
    assert_true(s.hidden);
    assert_int_equal(s.median, BW_UNKNOWN);
    assert_int_equal(bw_compare_spread_of(&x->c, list, 2, BW_COMPARE_FULL, &s), 0);
    assert_int_equal(s.known, 2);
    struct bw_compare_alike a[8];
    size_t alike = 0;
    assert_int_equal(bw_compare_like(&x->c, list[0], a, 8, &alike), 1);
    assert_int_equal(alike, 1); /* the other one that is seen */
}

/* ---- an adversary -------------------------------------------------------------------- */

static uint32_t draw(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % n;
}

static void by_chance(struct peers *x, uint32_t *seed, size_t n)
{
    static const char *const providers[] = {"Heron", "Teal", "Wren", ""};
    static const char *const ways[] = {"Fiber", "Copper", "Wireless"};
    static const int64_t sizes[] = {300, 1000, 5000, 20000};

    peers_build(x, n, 1 + draw(seed, 5));
    for (size_t d = 0; d < x->n_districts; d++) {
        struct bw_room_entity *e = &x->entities[x->district[d]];
        e->students = sizes[draw(seed, 1 + draw(seed, 4))];
        e->n_students_unknown = draw(seed, 9) == 0;
        for (size_t k = 0; k < PEERS_EACH; k++) {
            struct bw_room_circuit *c = peers_of(x, d, k);
            c->claim.provider = providers[draw(seed, 1 + draw(seed, 4))];
            c->claim.technology = ways[draw(seed, 1 + draw(seed, 3))];
            c->claim.monthly_cents =
                draw(seed, 4) == 0 ? BW_UNKNOWN : (int64_t)(1000 + draw(seed, 90000));
            c->students = draw(seed, 2) ? 100 : 101;
            c->merged.way[BW_DOWN].n_compared = draw(seed, 3) == 0 ? 0 : 3;
            c->merged.way[BW_UP].n_compared = 0;
        }
    }
}

/* Every cohort that can be asked for. */
static size_t all_sets(const struct peers *x, struct bw_compare_set *list, size_t cap)
{
    size_t n = 0;

    for (int by = 0; by <= BW_COMPARE_ALL; by++) {
        size_t classes = by == BW_COMPARE_ALL ? 1 : x->c.n_classes[by];
        for (size_t k = 0; k < classes; k++) {
            for (int meeting = 0; meeting < 2; meeting++) {
                for (int with = 0; with <= BW_COMPARE_ALL; with++) {
                    size_t more = with == BW_COMPARE_ALL ? 1 : x->c.n_classes[with];
                    for (size_t w = 0; w < more; w++) {
                        assert_true(n < cap);
                        list[n++] =
                            (struct bw_compare_set){.by = (enum bw_compare_by)by,
                                                    .class = (uint32_t)k,
                                                    .meeting = meeting != 0,
                                                    .with = (enum bw_compare_by)with,
                                                    .with_class = (uint32_t)w};
                    }
                }
            }
        }
    }
    return n;
}

enum {
    SETS_MAX = 2000,
    SHOWN_MAX = 64 /* cohorts that one adversary puts together */
};

/* Cohorts as rows of noughts and ones, a column for each school or district. */
struct matrix {
    uint8_t is[SHOWN_MAX][PEERS_SITES];
    size_t n;
};

/* What the viewer is shown of measure m (-1: numbers of members), put to what is there. */
static void put_together(
    struct peers *x, const struct bw_compare_set *sets, size_t n, int m, struct matrix *to)
{
    for (size_t i = 0; i < n; i++) {
        enum bw_compare_measure any =
            m < 0 ? BW_COMPARE_STUDENTS : (enum bw_compare_measure)m;
        struct bw_compare_spread s = peers_told(x, sets[i], any);
        struct bw_compare_set asked = sets[i];
        bool unseen = false;
        asked.meeting = false;
        if (m < 0 ? !bw_compare_shows(&x->c, &sets[i]) : s.hidden) {
            assert_int_equal(s.median, BW_UNKNOWN);
            assert_int_equal(s.known, BW_UNKNOWN);
            continue;
        }
        for (size_t k = 0; k < x->c.n; k++) {
            unseen |= !x->c.rows[k].seen && bw_compare_in(&x->c, &asked, &x->c.rows[k]);
        }
        if (!unseen) {
            continue; /* of the viewer's own: tells nothing of others */
        }
        assert_int_equal(s.low, BW_UNKNOWN);
        assert_int_equal(s.high, BW_UNKNOWN);
        assert_true(to->n < SHOWN_MAX);
        for (size_t k = 0; k < x->c.n; k++) {
            const struct bw_compare_row *row = &x->c.rows[k];
            to->is[to->n][k] = bw_compare_in(&x->c, &sets[i], row) &&
                               (m < 0 || row->m[m].why == BW_COMPARE_KNOWN);
        }
        to->n++;
    }
}

/* How many of the columns that are not left out are independent, modulo another prime. */
static size_t rank_of(const struct matrix *a, const bool *out, size_t n)
{
    static int64_t v[SHOWN_MAX][PEERS_SITES];
    const int64_t prime = 998244353;
    size_t rank = 0;
    size_t columns = 0;

    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < a->n && !out[k]; i++) {
            v[i][columns] = a->is[i][k];
        }
        columns += !out[k];
    }
    for (size_t c = 0; c < columns && rank < a->n; c++) {
        size_t at = rank;
        while (at < a->n && v[at][c] == 0) {
            at++;
        }
        if (at == a->n) {
            continue;
        }
        for (size_t k = c; k < columns; k++) {
            int64_t swap = v[at][k];
            v[at][k] = v[rank][k];
            v[rank][k] = swap;
        }
        for (size_t i = rank + 1; i < a->n; i++) {
            if (v[i][c] == 0) {
                continue;
            }
            int64_t p = v[rank][c];
            int64_t q = v[i][c];
            for (size_t k = c; k < columns; k++) {
                v[i][k] = ((v[i][k] * p - v[rank][k] * q) % prime + prime) % prime;
            }
        }
        rank++;
    }
    return rank;
}

/* Some figure made of the cohorts is about these districts alone if, without them, fewer
 * are independent. Each few of them are tried, or so many by chance. */
static void assert_no_few(const struct peers *x,
                          const struct matrix *a,
                          bool unseen,
                          uint32_t few,
                          uint32_t tries,
                          uint32_t *seed)
{
    bool out[PEERS_SITES];
    uint32_t pick[8];
    uint32_t n = (uint32_t)x->n_districts;
    size_t all;

    for (size_t k = 0; k < x->c.n; k++) {
        out[k] = unseen && x->c.rows[k].seen;
    }
    all = rank_of(a, out, x->c.n);
    for (uint32_t i = 0; i < few; i++) {
        pick[i] = i;
    }
    for (uint32_t t = 0; tries == 0 || t < tries; t++) {
        for (uint32_t i = 0; i < few && tries > 0; i++) {
            pick[i] = draw(seed, n);
        }
        for (size_t k = 0; k < x->c.n; k++) {
            out[k] = unseen && x->c.rows[k].seen;
            for (uint32_t i = 0; i < few; i++) {
                out[k] = out[k] || x->c.rows[k].group == x->district[pick[i]];
            }
        }
        assert_int_equal(rank_of(a, out, x->c.n), all);
        uint32_t at = few; /* the next few, in order */
        while (tries == 0 && at > 0 && pick[at - 1] == n - few + at - 1) {
            at--;
        }
        if (tries == 0 && at == 0) {
            return;
        }
        if (tries == 0) {
            pick[at - 1]++;
            for (; at < few; at++) {
                pick[at] = pick[at - 1] + 1;
            }
        }
    }
}

static void look(struct peers *x, uint32_t *seed, bool districts)
{
    x->seen_from = draw(seed, (uint32_t)x->n_districts - 1);
    x->seen_to = x->seen_from + 1 + (draw(seed, 3) == 0 ? draw(seed, 5) : 0);
    x->seen_to = x->seen_to < x->n_districts ? x->seen_to : (uint32_t)x->n_districts;
    peers_make(x, districts, true);
}

static void nobody_is_singled_out(void **state)
{
    struct peers *x = *state;
    static struct bw_compare_set sets[SETS_MAX];
    static struct matrix shown;
    static struct matrix together; /* what two viewers see */
    uint32_t seed = 20260701;
    size_t n_shown = 0;

    for (int round = 0; round < 8; round++) {
        by_chance(x, &seed, 12 + draw(&seed, 2));
        together.n = 0;
        for (int viewer = 0; viewer < 2; viewer++) {
            look(x, &seed, round % 2 == 0);
            size_t n = all_sets(x, sets, SETS_MAX);
            put_together(x, sets, n, -1, &together);
            shown.n = 0;
            put_together(x, sets, n, round % 4 < 2 ? BW_COMPARE_PRICE : BW_COMPARE_TESTED,
                         &shown);
            n_shown += shown.n;
            assert_no_few(x, &shown, false, 5, 0, &seed);
            assert_no_few(x, &shown, true, 4, 0, &seed);
        }
        assert_no_few(x, &together, false, 5, 0, &seed);
    }
    assert_true(n_shown > 20); /* it is not that nothing is shown */
}

static void a_larger_state_shows_most_of_its_cohorts(void **state)
{
    struct peers *x = *state;
    static struct bw_compare_set sets[SETS_MAX];
    static struct matrix shown;
    uint32_t seed = 11;

    by_chance(x, &seed, PEERS_MAX);
    look(x, &seed, true);
    shown.n = 0;
    put_together(x, sets, all_sets(x, sets, SETS_MAX), BW_COMPARE_OUTAGE, &shown);
    assert_true(shown.n >= 8);
    assert_no_few(x, &shown, false, 5, 400, &seed);
    assert_no_few(x, &shown, true, 4, 400, &seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(six_districts_are_shown_and_five_are_not,
                                        peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(the_rest_is_not_left_alone, peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(what_two_cohorts_do_not_share_is_six, peers_begin,
                                        peers_end),
        cmocka_unit_test_setup_teardown(who_meets_the_target_is_not_told_of_each,
                                        peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(one_large_district_is_not_its_cohort, peers_begin,
                                        peers_end),
        cmocka_unit_test_setup_teardown(a_list_by_hand_has_nobody_unseen, peers_begin,
                                        peers_end),
        cmocka_unit_test_setup_teardown(nobody_is_singled_out, peers_begin, peers_end),
        cmocka_unit_test_setup_teardown(a_larger_state_shows_most_of_its_cohorts,
                                        peers_begin, peers_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
