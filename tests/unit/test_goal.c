/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_goal.c - goals as people say them: said, said anew, withdrawn; and the log's leaf.
 */
#include "goal.h"

#include "bw_test.h"
#include "said_fixture.h"

#include <catalogue.h>
#include <errno.h>
#include <leaf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bw_goal sample(void)
{
    struct bw_goal g;

    bw_goal_init(&g);
    (void)snprintf(g.title, sizeof(g.title), "1 Mbit/s for every student");
    (void)snprintf(g.entity, sizeof(g.entity), "heron");
    g.of = BW_GOAL_TESTED;
    g.per = BW_GOAL_STUDENT;
    g.target_bps = 1000000;
    g.share_ppm = 900000;
    (void)snprintf(g.by, sizeof(g.by), "2027-09-01");
    return g;
}

/* The goals on file; the first of them into *ret. */
static size_t
read_all(struct fixture *f, bool ended, struct bw_goal_said *ret, int64_t *unread)
{
    struct bw_goal_said *list = NULL;
    size_t n = 0;

    assert_int_equal(bw_goals_read(f->c, ended, &list, &n, unread, &f->err), 0);
    if (n > 0) {
        *ret = list[0];
    }
    free(list);
    return n;
}

static void said_anew_and_withdrawn(void **state)
{
    struct fixture *f = *state;
    struct bw_goal g = sample();
    struct bw_goal_said got;
    char first[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    char end[BW_HASH_LEN + 1];

    assert_int_equal(read_all(f, true, &got, NULL), 0);
    assert_int_equal(
        bw_goal_say(f->c, "each-1m", &g, "grey", "web", 1789000000000, first, &f->err), 0);
    assert_int_equal(
        bw_goal_say(f->c, "other", &g, "grey", "web", 1789000000000, end, &f->err), 0);
    assert_int_equal(read_all(f, false, &got, NULL), 2);
    assert_string_equal(got.name, "each-1m");
    assert_string_equal(got.id, first);
    assert_int_equal(got.goal.target_bps, 1000000);
    assert_int_equal(got.goal.students_min, BW_UNKNOWN);
    assert_int_equal(got.n_versions, 1);
    g.target_bps = 2000000;
    assert_int_equal(bw_goal_say(f->c, "each-1m", &g, "wren", "goal set", 1789000060000,
                                 second, &f->err),
                     0);
    assert_int_equal(read_all(f, false, &got, NULL), 2);
    assert_string_equal(got.id, second);
    assert_string_equal(got.by, "wren");
    assert_int_equal(got.goal.target_bps, 2000000);
    assert_int_equal(got.n_versions, 2);
    assert_int_equal(got.said_unix_s, 1789000060);
    assert_int_equal(got.first_said_unix_s, 1789000000);
    assert_int_equal(got.ended_unix_s, BW_UNKNOWN);
    assert_int_equal(bw_goal_withdraw(f->c, "each-1m", "not ours", "heron", "web",
                                      1789000120000, end, &f->err),
                     0);
    assert_int_equal(read_all(f, false, &got, NULL), 1);
    assert_string_equal(got.name, "other");
    assert_int_equal(read_all(f, true, &got, NULL), 2);
    assert_true(got.ended);
    assert_string_equal(got.ended_by, "heron");
    assert_int_equal(got.ended_unix_s, 1789000120);
    assert_int_equal(
        bw_goal_withdraw(f->c, "each-1m", "", "heron", "web", 1789000180000, end, &f->err),
        -ENOENT);
    /* said once more: it holds again, and counts on */
    assert_int_equal(
        bw_goal_say(f->c, "each-1m", &g, "grey", "web", 1789000240000, second, &f->err), 0);
    assert_int_equal(read_all(f, false, &got, NULL), 2);
    assert_int_equal(got.n_versions, 3);
    assert_false(got.ended);
}

static void what_cannot_be_is_refused(void **state)
{
    struct fixture *f = *state;
    struct bw_goal g = sample();
    struct bw_goal_said got;
    char id[BW_HASH_LEN + 1];
    int64_t unread = 0;
    static const char *const names[] = {
        "", "-a", "A", "a b", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(
            bw_goal_say(f->c, names[i], &g, "grey", "web", 1789000000000, id, &f->err),
            -EINVAL);
    }
    g.share_ppm = 1000001;
    assert_int_equal(bw_goal_say(f->c, "a", &g, "grey", "web", 1789000000000, id, &f->err),
                     -EINVAL);
    g = sample();
    g.students_min = 11;
    g.students_max = 10;
    assert_int_equal(bw_goal_say(f->c, "a", &g, "grey", "web", 1789000000000, id, &f->err),
                     -EINVAL);
    g = sample();
    (void)snprintf(g.by, sizeof(g.by), "2027-02-30");
    assert_int_equal(bw_goal_say(f->c, "a", &g, "grey", "web", 1789000000000, id, &f->err),
                     -EINVAL);
    assert_int_equal(read_all(f, true, &got, &unread), 0);
    assert_int_equal(unread, 0);
}

static void a_goal_has_a_leaf_of_its_own(void **state)
{
    char name[16];

    (void)state;
    assert_int_equal(bw_leaf_type_of("goal"), 13);
    bw_leaf_type_name(13, name);
    assert_string_equal(name, "goal");
    assert_int_equal(bw_leaf_type_of("terms"), 12);
    assert_int_equal(bw_leaf_type_of("queue"), -ENOENT);
    assert_int_equal(bw_goal_of_parse("tested"), BW_GOAL_TESTED);
    assert_int_equal(bw_goal_of_parse(""), 0);
    assert_string_equal(bw_goal_per_name(BW_GOAL_PLACE), "place");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(said_anew_and_withdrawn, said_setup, said_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, said_setup,
                                        said_teardown),
        cmocka_unit_test(a_goal_has_a_leaf_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
