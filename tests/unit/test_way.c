/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_way.c - which leg of the way is told to have the trouble, and why; and what is not
 * known stays so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <way.h>

#include <cmocka.h>

static struct bw_way_target target(const char *name, int64_t sent, int64_t lost, int64_t ms)
{
    struct bw_way_target t = {.sent = sent,
                              .lost = lost,
                              .rtt_us = ms < 0 ? BW_UNKNOWN : ms * 1000,
                              .before_sent = 8000,
                              .before_lost = 3,
                              .before_rtt_us = 10000};
    (void)snprintf(t.name, sizeof(t.name), "%s", name);
    t.place = bw_way_place_of(name);
    return t;
}

static struct bw_way find(const struct bw_way_target *t, size_t n, enum bw_way_hub hub)
{
    struct bw_way w;
    struct bw_way_facts f = {.targets = t, .n_targets = n, .hub = hub};
    (void)snprintf(f.hub_name, sizeof(f.hub_name), "Alder Hub");
    bw_way_find(&f, &w);
    return w;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) {
        fail_msg("\"%s\" is not in: %s", words, text);
    }
}

static void test_places_by_name(void **state)
{
    (void)state;
    assert_int_equal(bw_way_place_of("gateway"), BW_WAY_EDGE);
    assert_int_equal(bw_way_place_of("lan-2"), BW_WAY_EDGE);
    assert_int_equal(bw_way_place_of("lantern"), BW_WAY_INTERNET);
    assert_int_equal(bw_way_place_of("provider-edge"), BW_WAY_HUB);
    assert_int_equal(bw_way_place_of("state1"), BW_WAY_STATE);
    assert_int_equal(bw_way_place_of("upstate"), BW_WAY_INTERNET);
    assert_int_equal(bw_way_place_of(""), BW_WAY_INTERNET);
}

static void test_unknown_stays_unknown(void **state)
{
    (void)state;
    struct bw_way w = find(NULL, 0, BW_WAY_HUB_FINE);
    assert_int_equal(w.worst, -1);
    assert_false(w.any);
    assert_says(w.words, "it is not known");
    /* a box that is silent tells nothing, whatever its last record held */
    struct bw_way_target t = target("state", 90, 90, -1);
    struct bw_way_facts f = {
        .silent = true, .targets = &t, .n_targets = 1, .hub = BW_WAY_HUB_OUT};
    (void)snprintf(f.hub_name, sizeof(f.hub_name), "Alder Hub");
    bw_way_find(&f, &w);
    assert_int_equal(w.worst, -1);
    assert_says(w.words, "says nothing of its line. Its hub, Alder Hub, tells that");
    /* one that never answered is no trouble of today */
    t.before_lost = t.before_sent;
    w = find(&t, 1, BW_WAY_HUB_NONE);
    assert_int_equal(w.legs[BW_WAY_STATE].state, BW_WAY_UNKNOWN);
    assert_int_equal(w.worst, -1);
    t.before_sent = t.before_lost = 0; /* nor one that nobody asked then */
    w = find(&t, 1, BW_WAY_HUB_NONE);
    assert_int_equal(w.legs[BW_WAY_STATE].state, BW_WAY_UNKNOWN);
    assert_int_equal(w.worst, -1);
}

static void test_good_way(void **state)
{
    (void)state;
    const struct bw_way_target t[] = {target("page", 90, 0, 10),
                                      target("state", 90, 1, 11)};
    struct bw_way w = find(t, 2, BW_WAY_HUB_NONE);
    assert_int_equal(w.worst, -1);
    assert_says(w.words, "No trouble is seen");
    assert_int_equal(w.legs[BW_WAY_HUB].state, BW_WAY_GOOD); /* all pass it */
    assert_int_equal(w.legs[BW_WAY_STATE].state, BW_WAY_GOOD);
}

static void test_only_the_far_end_is_silent(void **state)
{
    (void)state;
    const struct bw_way_target t[] = {target("provider", 90, 0, 5),
                                      target("page", 90, 0, 10),
                                      target("state", 90, 90, -1)};
    struct bw_way w = find(t, 3, BW_WAY_HUB_NONE);
    assert_int_equal(w.worst, BW_WAY_STATE);
    assert_int_equal(w.legs[BW_WAY_STATE].state, BW_WAY_OUT);
    assert_int_equal(w.legs[BW_WAY_INTERNET].state, BW_WAY_GOOD);
    assert_says(w.words, "state fell silent; nearer, page answers");
}

static void test_a_target_that_others_pass(void **state)
{
    (void)state;
    const struct bw_way_target t[] = {target("hub", 90, 90, -1), target("page", 90, 0, 10)};
    struct bw_way w = find(t, 2, BW_WAY_HUB_FINE);
    assert_int_equal(w.worst, -1);
    assert_says(w.legs[BW_WAY_HUB].words, "only the target hub does not");
    const struct bw_way_target two[] = {target("page", 90, 90, -1),
                                        target("other", 90, 0, 10)};
    w = find(two, 2, BW_WAY_HUB_NONE);
    assert_int_equal(w.legs[BW_WAY_INTERNET].state, BW_WAY_PART);
}

static void test_the_line_or_behind_it(void **state)
{
    (void)state;
    const struct bw_way_target t[] = {target("gateway", 90, 0, 1),
                                      target("page", 90, 90, -1),
                                      target("state", 90, 90, -1)};
    struct bw_way w = find(t, 3, BW_WAY_HUB_NONE);
    assert_int_equal(w.legs[BW_WAY_EDGE].state, BW_WAY_GOOD);
    assert_int_equal(w.legs[BW_WAY_HUB].state, BW_WAY_OUT);
    assert_says(w.legs[BW_WAY_HUB].words, "no target stands between");
    assert_int_equal(w.legs[BW_WAY_INTERNET].state, BW_WAY_OUT);
    assert_int_equal(w.legs[BW_WAY_STATE].state, BW_WAY_UNKNOWN);
    assert_says(w.legs[BW_WAY_STATE].words, "Nothing comes as far");
    /* the hub's own box parts the two */
    w = find(t, 3, BW_WAY_HUB_FINE);
    assert_int_equal(w.worst, BW_WAY_HUB);
    assert_int_equal(w.legs[BW_WAY_INTERNET].state, BW_WAY_UNKNOWN);
    assert_says(w.words, "the hub, Alder Hub, tells of no outage");
    w = find(t, 3, BW_WAY_HUB_OUT);
    assert_int_equal(w.worst, BW_WAY_INTERNET);
    assert_int_equal(w.legs[BW_WAY_HUB].state, BW_WAY_UNKNOWN);
    w = find(t, 3, BW_WAY_HUB_SILENT);
    assert_says(w.legs[BW_WAY_HUB].words, "is silent too");
}

static void test_no_carrier(void **state)
{
    (void)state;
    const struct bw_way_facts f = {.carrier = true};
    struct bw_way w;
    bw_way_find(&f, &w);
    assert_int_equal(w.worst, BW_WAY_EDGE);
    assert_says(w.words, "no carrier");
}

/* 2 % begins, and what a nearer leg lost is not told twice. */
static void test_loss_and_delay(void **state)
{
    (void)state;
    struct bw_way_target t[] = {target("provider", 1000, 9, 5),
                                target("page", 1000, 20, 10),
                                target("state", 1000, 30, 11)};
    struct bw_way w = find(t, 3, BW_WAY_HUB_NONE);
    assert_int_equal(w.worst, BW_WAY_INTERNET);
    assert_int_equal(w.legs[BW_WAY_INTERNET].state, BW_WAY_LOSS);
    assert_says(w.legs[BW_WAY_INTERNET].words, "2.0 % of the packets");
    assert_int_equal(w.legs[BW_WAY_STATE].state, BW_WAY_GOOD);
    assert_says(w.legs[BW_WAY_STATE].words, "to page already (2.0 %)");
    t[1].lost = 19;
    t[2].lost = 0;
    w = find(t, 3, BW_WAY_HUB_NONE);
    assert_int_equal(w.worst, -1);
    /* the day before: 10 ms */
    t[1].rtt_us = 29999;
    w = find(t, 3, BW_WAY_HUB_NONE);
    assert_int_equal(w.worst, -1);
    t[1].rtt_us = 30000;
    t[2].rtt_us = 31000;
    w = find(t, 3, BW_WAY_HUB_NONE);
    assert_int_equal(w.worst, BW_WAY_INTERNET);
    assert_says(w.words,
                "page rose from 10.0 to 30.0 ms, that to the place before did not");
    assert_says(w.legs[BW_WAY_STATE].words, "rose on the way to page already");
}

static void test_hops(void **state)
{
    (void)state;
    struct bw_way_hop h[] = {{1, 1000, 900},
                             {2, BW_UNKNOWN, 4000},
                             {3, 25000, 5000},
                             {4, 26000, BW_UNKNOWN},
                             {5, 27000, 8000}};
    assert_int_equal(bw_way_rise(h, 5), 3);
    h[4].rtt_us = 9000; /* a router that is slow to answer is no slow way */
    assert_int_equal(bw_way_rise(h, 5), BW_UNKNOWN);
    assert_int_equal(bw_way_rise(h, 0), BW_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_by_name),
        cmocka_unit_test(test_unknown_stays_unknown),
        cmocka_unit_test(test_good_way),
        cmocka_unit_test(test_only_the_far_end_is_silent),
        cmocka_unit_test(test_a_target_that_others_pass),
        cmocka_unit_test(test_the_line_or_behind_it),
        cmocka_unit_test(test_no_carrier),
        cmocka_unit_test(test_loss_and_delay),
        cmocka_unit_test(test_hops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
