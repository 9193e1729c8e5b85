/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_calibration.c - what a counter counts of a frame, of windows that agree. */
#include "bw_test.h"

#include "calibration.h"

static const int64_t MS = 1000000;

static struct bw_calibration k;
static struct bw_calibration_sums sums;
static int64_t now_ms;

static void begin(void)
{
    k = (struct bw_calibration){0};
    sums = (struct bw_calibration_sums){
        .counted_bytes = 90000, .counted_packets = 700, .seen_bytes = 7, .seen_frames = 1};
    now_ms = 100;
    assert_false(bw_calibration_add(&k, now_ms * MS, &sums));
}

static bool tick(int64_t counted, int64_t offset, int64_t seen, int64_t size)
{
    now_ms += 2;
    sums.counted_packets += counted;
    sums.counted_bytes += counted * (size + offset);
    sums.seen_frames += seen;
    sums.seen_bytes += seen * size;
    return bw_calibration_add(&k, now_ms * MS, &sums);
}

static void windows_that_agree(void **state)
{
    static const int64_t offsets[] = {-14, 0, 4, 18};
    (void)state;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        begin();
        assert_false(tick(10, offsets[i], 10, 60));
        assert_false(tick(0, offsets[i], 0, 0));
        assert_false(tick(7, offsets[i], 7, 1514));
        assert_false(tick(1, offsets[i], 1, 98));
        assert_true(tick(3, offsets[i], 3, 590));
        assert_true(k.known);
        assert_int_equal(k.offset, offsets[i]);
        assert_false(tick(3, -14, 3, 590)); /* told once */
    }
}

/* Few frames are enough when there are many windows, and not before. */
static void an_idle_line(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < BW_CALIBRATION_FRAMES - 1; i++) {
        assert_false(tick(1, -14, 1, 98));
    }
    assert_true(tick(1, -14, 1, 98));
}

/* One on its way is counted and not yet seen: the window waits for it. */
static void frames_under_way(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 3; i++) {
        assert_false(tick(6, 0, 5, 1514));
        assert_false(tick(0, 0, 1, 1514));
    }
    assert_int_equal(k.windows, 3);
    assert_false(tick(5, 0, 6, 1514));
    assert_true(tick(1, 0, 0, 1514));
    assert_int_equal(k.offset, 0);
}

/* On a busy line a lost frame must not cost the whole attempt. */
static void a_loss_at_speed(void **state)
{
    (void)state;
    begin();
    assert_false(tick(100, 0, 99, 860));
    for (int i = 0; i < 4; i++) { /* 8 ms */
        assert_false(tick(100, 0, 100, 860));
    }
    for (int i = 0; i < BW_CALIBRATION_WINDOWS - 2; i++) {
        assert_false(tick(100, 0, 100, 860));
    }
    assert_true(tick(100, 0, 100, 860));
}

/* One a second, as on an idle line: a window lasts as long as nothing is missing. */
static void frames_far_apart(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < BW_CALIBRATION_FRAMES; i++) {
        now_ms += 1000;
        assert_int_equal(k.frames, i);
        assert_false(tick(0, -14, 1, 98)); /* seen first, counted a moment later */
        (void)tick(1, -14, 0, 98);
    }
    assert_true(k.known);
    assert_int_equal(k.offset, -14);
}

/* Merged by the card, or lost to a full socket: never as many, so never anything. */
static void merged_or_lost(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 5000; i++) {
        assert_false(tick(10, 0, 3, 1514));
    }
    assert_int_equal(k.windows, 0);
    begin();
    for (int i = 0; i < 200; i++) { /* now and then one is: those windows count */
        if (tick(10, 4, i % 4 == 0 ? 9 : 10, 1514)) {
            break;
        }
    }
    assert_true(k.known);
    assert_int_equal(k.offset, 4);
}

/* Tagged and untagged frames, of which only the tag is counted differently. */
static void frames_of_two_kinds(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 100; i++) {
        assert_false(tick(5, i % 2 ? 4 : 0, 5, 600));
    }
    begin();
    for (int i = 0; i < 100; i++) {
        sums.counted_bytes += 6; /* of ten frames: no frame is off by a part of a byte */
        assert_false(tick(10, 0, 10, 600));
    }
}

/* Bare acknowledgements leave the card longer than they were seen, all by as much: their
 * windows agree, and mean nothing. */
static void frames_that_are_padded(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 10; i++) {
        sums.short_frames += 3;
        assert_false(tick(3, 10, 3, 54));
        assert_int_equal(k.windows, 0);
    }
    assert_false(tick(1, 4, 1, 1000));
    sums.short_frames++; /* one among others, and seen before it is counted */
    sums.counted_bytes -= 54 + 10;
    assert_false(tick(2, 4, 3, 1000));
    sums.counted_bytes += 54 + 10;
    assert_false(tick(1, 4, 0, 1000));
    assert_int_equal(k.windows, 1);
    for (int i = 0; i < 2; i++) {
        assert_false(tick(4, 4, 4, 1000));
    }
    assert_true(tick(4, 4, 4, 1000));
    assert_int_equal(k.offset, 4);
}

/* The same number, and not the same frames. */
static void other_frames(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 20; i++) {
        now_ms += 2;
        sums.counted_packets += 1;
        sums.counted_bytes += 1514;
        sums.seen_frames += 1;
        sums.seen_bytes += 60;
        assert_false(bw_calibration_add(&k, now_ms * MS, &sums));
    }
    assert_int_equal(k.windows, 0);
}

static void over_a_pause(void **state)
{
    (void)state;
    begin();
    assert_false(tick(10, -14, 10, 60));
    assert_false(tick(10, -14, 10, 60));
    bw_calibration_pause(&k);
    assert_false(tick(1000, -14, 2, 600)); /* nothing was heard: a new beginning */
    assert_false(tick(10, -14, 10, 60));
    assert_true(tick(10, -14, 10, 60));
    begin();
    sums.counted_packets -= 50; /* made anew: counts begin at nothing */
    sums.counted_bytes = 10;
    assert_false(tick(0, 0, 0, 0));
    for (int i = 0; i < 3; i++) {
        assert_false(tick(10, 0, 10, 60));
    }
    assert_true(tick(10, 0, 10, 60));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_that_agree),  cmocka_unit_test(an_idle_line),
        cmocka_unit_test(frames_under_way),    cmocka_unit_test(merged_or_lost),
        cmocka_unit_test(frames_of_two_kinds), cmocka_unit_test(other_frames),
        cmocka_unit_test(frames_far_apart),    cmocka_unit_test(a_loss_at_speed),
        cmocka_unit_test(over_a_pause),        cmocka_unit_test(frames_that_are_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
