/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_servers.c - hours at fault become stretches, worked by hand. */
#include "servers.h"

#include "bw_test.h"

#include <bw/summary.h>
#include <stdlib.h>
#include <string.h>
#include <verdicts.h>

enum {
    HOUR = 3600
};

static const int64_t noon = 1793620800; /* 2026-11-02T12:00:00Z */

static struct bw_room_server_hour
hour(int at, int direction, int word, int64_t percent, int32_t n_good)
{
    return (struct bw_room_server_hour){.from_unix_s = noon + (int64_t)at * HOUR,
                                        .direction = (uint8_t)direction,
                                        .word = (uint8_t)word,
                                        .median_ppm = percent * 10000,
                                        .n_sites = 5,
                                        .n_good = n_good};
}

static void hours_become_stretches(void **state)
{
    struct bw_room_server_hour hours[] = {
        hour(-9, BW_DOWN, BW_SERVER_FAULT, 1, 999), /* another server's */
        hour(0, BW_DOWN, BW_SERVER_FAULT, 60, 7),
        hour(1, BW_DOWN, BW_SERVER_HEALTHY, 95, 5),
        hour(2, BW_DOWN, BW_SERVER_FAULT, 70, 3),
        hour(5, BW_DOWN, BW_SERVER_ALONE, 50, 9),
        hour(0, BW_UP, BW_SERVER_HEALTHY, 99, 4),
        hour(1, BW_UP, BW_SERVER_FAULT, 55, 2),
        hour(9, BW_UP, BW_SERVER_FAULT, 80, 1),
    };
    struct bw_room_server servers[] = {
        {.name = "edge", .first_hour = 0, .end_hour = 1},
        {.name = "state-1", .first_hour = 1, .end_hour = 8},
    };
    struct bw_room r = {
        .servers = servers, .n_servers = 2, .server_hours = hours, .n_server_hours = 8};
    struct bw_server_fault *list = NULL;
    size_t n = 0;
    (void)state;

    hours[1].n_erratum = 2;
    assert_ptr_equal(bw_server_find(&r, "state-1"), &servers[1]);
    assert_null(bw_server_find(&r, "state"));
    assert_int_equal(bw_server_faults(&r, &servers[1], &list, &n), 0);
    assert_int_equal(n, 2);
    /* 12 h down, 13 h up, 14 h down: three hours without a gap */
    assert_int_equal(list[0].from_unix_s, noon);
    assert_int_equal(list[0].to_unix_s, noon + 3 * HOUR);
    assert_int_equal(list[0].directions, 1U << BW_DOWN | 1U << BW_UP);
    assert_int_equal(list[0].lowest_ppm, 550000);
    assert_int_equal(list[0].n_good, 7 + 5 + 3 + 4 + 2);
    assert_int_equal(list[0].n_erratum, 2);
    assert_int_equal(list[1].from_unix_s, noon + 9 * HOUR);
    assert_int_equal(list[1].to_unix_s, noon + 10 * HOUR);
    assert_int_equal(list[1].directions, 1U << BW_UP);
    assert_int_equal(list[1].n_good, 1);
    free(list);
}

static void levels_of_hours(void **state)
{
    struct bw_room_server_hour h = hour(0, BW_DOWN, BW_SERVER_HEALTHY, 95, 3);
    (void)state;

    assert_int_equal(bw_server_level(&h), BW_SERVER_USUAL);
    h.median_ppm = 949999;
    assert_int_equal(bw_server_level(&h), BW_SERVER_LESS);
    h.median_ppm = 899999;
    h.word = BW_SERVER_ALL;
    assert_int_equal(bw_server_level(&h), BW_SERVER_FELL);
    h.word = BW_SERVER_FAULT;
    assert_int_equal(bw_server_level(&h), BW_SERVER_AT_FAULT);
    h = hour(0, BW_DOWN, BW_SERVER_UNKNOWN, 50, 3);
    h.n_sites = 2;
    assert_int_equal(bw_server_level(&h), BW_SERVER_FEW);
    h.n_good = 0;
    h.n_failed = 4;
    assert_int_equal(bw_server_level(&h), BW_SERVER_BROKEN);
    h.n_failed = 0;
    assert_int_equal(bw_server_level(&h), BW_SERVER_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_become_stretches),
        cmocka_unit_test(levels_of_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
