/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_outage.c - when a circuit was out, and when it only looked like it. Times are in
 * milliseconds of a made-up monotonic clock; losses are told 2 s late, as a probe does. */
#include "bw_test.h"

#include "outage.h"

#include <string.h>

static const int64_t MS = 1000000;
enum {
    TIMEOUT_MS = 2000,
    TOLD_MAX = 4096
};

/* A scene: samples by the time they are told, then played in that order. */
struct scene {
    struct {
        int64_t told_ms;
        uint32_t target;
        struct bw_latency_sample s;
    } list[TOLD_MAX];
    size_t n;
};

static struct scene scene;

static void
say(uint32_t target, int64_t sent_ms, enum bw_sample_state state, int64_t rtt_ms)
{
    int64_t told_ms = state == BW_LOST ? sent_ms + TIMEOUT_MS : sent_ms + rtt_ms;
    scene.list[scene.n].told_ms = told_ms;
    scene.list[scene.n].target = target;
    scene.list[scene.n].s = (struct bw_latency_sample){
        .target = target,
        .family = 4,
        .state = state,
        .sent_mono_ns = sent_ms * MS,
        .rtt_ns = state == BW_OK || state == BW_LATE ? rtt_ms * MS : BW_UNKNOWN};
    scene.n++;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void play(struct bw_outage_watch *w)
{
    qsort(scene.list, scene.n, sizeof(scene.list[0]), by_time);
    for (size_t i = 0; i < scene.n; i++) {
        bw_outage_sample(w, scene.list[i].target, &scene.list[i].s);
    }
    scene.n = 0;
}

/* Two targets, one packet a second each, the second half a second after the first; those
 * sent within [from, to) are lost. */
static void two_targets(int64_t begin_ms, int64_t end_ms, int64_t from_ms, int64_t to_ms)
{
    for (int64_t t = begin_ms; t < end_ms; t += 500) {
        uint32_t target = t / 500 % 2 == 0 ? 0 : 1;
        bool lost = t >= from_ms && t < to_ms;
        say(target, t, lost ? BW_LOST : BW_OK, 20);
    }
}

static int new_watch(void **state)
{
    scene.n = 0;
    *state = bw_outage_new(2, BW_OUTAGE_MIN_MS);
    return *state ? 0 : -1;
}

static int free_watch(void **state)
{
    bw_outage_free(*state);
    return 0;
}

static void twenty_seconds(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    two_targets(0, 60000, 20000, 40000);
    play(w);
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns / MS, 20000);
    assert_int_equal(s.to_mono_ns / MS, 40020); /* the first answer's arrival */
    assert_int_equal(s.why, BW_OUTAGE_SILENT);
    assert_false(bw_outage_take(w, &s));
    assert_false(bw_outage_now(w, 60000 * MS, NULL));
}

static void less_than_ten_is_none(void **state)
{
    struct bw_outage_watch *w = *state;
    two_targets(0, 60000, 20000, 29500);
    play(w);
    assert_false(bw_outage_take(w, &(struct bw_outage_span){.from_mono_ns = 0}));
}

static void ten_is_one(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    two_targets(0, 60000, 20000, 30000);
    play(w);
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.to_mono_ns / MS, 30020);
}

static void one_target_silent_is_none(void **state)
{
    struct bw_outage_watch *w = *state;
    for (int64_t t = 0; t < 120000; t += 1000) {
        say(0, t, BW_OK, 20);
        say(1, t + 500, t < 20000 ? BW_OK : BW_LOST, 20);
    }
    play(w);
    assert_false(bw_outage_take(w, &(struct bw_outage_span){.from_mono_ns = 0}));
    assert_false(bw_outage_now(w, 120000 * MS, NULL));
}

static void random_loss_before_is_not_its_start(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    for (int64_t t = 0; t < 60000; t += 500) {
        bool lost = (t >= 20000 && t < 40000) || t == 19000 || t == 30;
        say(t / 500 % 2 == 0 ? 0 : 1, t, lost ? BW_LOST : BW_OK, 20);
    }
    play(w);
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns / MS, 20000); /* 19500 was answered */
}

static void late_answers_are_answers(void **state)
{
    struct bw_outage_watch *w = *state;
    for (int64_t t = 0; t < 60000; t += 500) { /* a line with 3 s of queue */
        say(t / 500 % 2 == 0 ? 0 : 1, t, BW_LOST, 0);
        say(t / 500 % 2 == 0 ? 0 : 1, t, BW_LATE, 3000);
    }
    play(w);
    assert_false(bw_outage_take(w, &(struct bw_outage_span){.from_mono_ns = 0}));
    assert_false(bw_outage_now(w, 60000 * MS, NULL));
}

static void still_out(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    two_targets(0, 40000, 20000, 40000);
    play(w);
    assert_false(bw_outage_take(w, &s));
    assert_false(bw_outage_now(w, 29999 * MS, NULL));
    assert_true(bw_outage_now(w, 41500 * MS, &s));
    assert_int_equal(s.from_mono_ns / MS, 20000);
    assert_int_equal(s.to_mono_ns, BW_UNKNOWN);
}

static void out_from_the_beginning(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    two_targets(0, 30000, 0, 15000); /* the daemon starts into an outage */
    play(w);
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns, 0);
    assert_int_equal(s.to_mono_ns / MS, 15020);
}

static void a_hole_in_the_packets_ends_what_is_known(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    two_targets(0, 32000, 20000, 32000);
    two_targets(3600000, 3601000, 3600000, 3601000); /* asleep for an hour, still silent */
    play(w);
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns / MS, 20000);
    assert_int_equal(s.to_mono_ns / MS, 31500); /* the last that was tried */
    assert_false(bw_outage_now(w, 3602000 * MS, NULL));
}

/* All targets are asked in the same turn of the loop, five seconds apart by a timer. */
static void five_seconds_by_a_timer_are_no_hole(void **state)
{
    static const int64_t round_us[] = {0, 5000200, 10000100, 15000400, 20000200};
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    for (size_t i = 0; i < sizeof(round_us) / sizeof(round_us[0]); i++) {
        for (uint32_t target = 0; target < 2; target++) {
            bw_outage_sample(
                w, target,
                &(struct bw_latency_sample){.state = BW_LOST,
                                            .sent_mono_ns =
                                                (round_us[i] + INT64_C(50) * target) * 1000,
                                            .rtt_ns = BW_UNKNOWN});
        }
    }
    assert_true(bw_outage_now(w, 24000 * MS, NULL));
    say(0, 25000, BW_OK, 20);
    play(w);
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns, 0);
    assert_int_equal(s.to_mono_ns / MS, 25020);
    assert_false(bw_outage_take(w, &s));
}

static void packets_not_sent_say_nothing(void **state)
{
    struct bw_outage_watch *w = *state;
    for (int64_t t = 0; t < 60000; t += 500) {
        say(t / 500 % 2 == 0 ? 0 : 1, t, BW_FAILED, 0);
    }
    play(w);
    assert_false(bw_outage_now(w, 60000 * MS, NULL));
    assert_false(bw_outage_take(w, &(struct bw_outage_span){.from_mono_ns = 0}));
}

static void carrier_alone(void **state)
{
    struct bw_outage_watch *w = bw_outage_new(0, BW_OUTAGE_MIN_MS);
    struct bw_outage_span s;
    (void)state;
    for (int64_t t = 0; t < 60; t++) {
        bw_outage_carrier(w, t * 1000 * MS, t < 20 || t >= 32);
    }
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns / MS, 20000);
    assert_int_equal(s.to_mono_ns / MS, 32000);
    assert_int_equal(s.why, BW_OUTAGE_CARRIER);
    bw_outage_free(w);
}

static void carrier_with_targets_ends_with_an_answer(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_outage_span s;
    for (int64_t t = 0; t < 60000; t += 500) {
        enum bw_sample_state st = t < 20000 || t >= 35000 ? BW_OK
                                  : t < 32000             ? BW_FAILED
                                                          : BW_LOST;
        struct bw_latency_sample x = {.family = 4,
                                      .state = st,
                                      .sent_mono_ns = t * MS,
                                      .rtt_ns = st == BW_OK ? 20 * MS : BW_UNKNOWN};
        if (t % 1000 == 0) {
            bw_outage_carrier(w, t * MS, t < 20000 || t >= 32000);
        }
        bw_outage_sample(w, t / 500 % 2 == 0 ? 0 : 1, &x);
    }
    assert_true(bw_outage_take(w, &s));
    assert_int_equal(s.from_mono_ns / MS, 20000);
    assert_int_equal(s.to_mono_ns / MS, 35020);
    assert_int_equal(s.why, BW_OUTAGE_CARRIER);
    assert_false(bw_outage_take(w, &s));
}

static void a_dead_target_does_not_count(void **state)
{
    struct bw_outage_watch *w = bw_outage_new(3, BW_OUTAGE_MIN_MS);
    struct bw_outage_span s;
    int64_t hour_ms = 2 * 3600 * 1000;
    (void)state;
    for (int64_t t = 0; t < hour_ms; t += 60000) { /* target 2 never answers */
        bw_outage_sample(w, 0,
                         &(struct bw_latency_sample){
                             .state = BW_OK, .sent_mono_ns = t * MS, .rtt_ns = MS});
    }
    for (int64_t t = hour_ms; t < hour_ms + 20000; t += 500) {
        bw_outage_sample(w, t / 500 % 2 == 0 ? 0 : 2,
                         &(struct bw_latency_sample){.state = BW_LOST,
                                                     .sent_mono_ns = t * MS,
                                                     .rtt_ns = BW_UNKNOWN});
    }
    assert_false(bw_outage_now(w, (hour_ms + 20000) * MS, &s)); /* one live target only */
    bw_outage_free(w);
}

/* A cache on the box says "servfail" when the line is dead: no answer of the target. A word
 * of the target itself is one. */
static void play_word(struct bw_outage_watch *w, const char *code, bool also_before)
{
    struct bw_latency_detail d;
    bw_latency_detail_init(&d);
    for (int64_t t = 0; t < 60000; t += 500) {
        bool out = t >= 20000 && t < 40000;
        for (uint32_t i = 0; i < 3; i++) {
            struct bw_latency_sample x = {.state = out ? BW_LOST : BW_OK,
                                          .sent_mono_ns = t * MS + i,
                                          .rtt_ns = out ? BW_UNKNOWN : 20 * MS};
            if (i == 2 && (out || also_before)) {
                x.state = BW_LOST;
                x.rtt_ns = BW_UNKNOWN;
                x.detail = &d;
                d.code = code;
            }
            bw_outage_sample(w, i, &x);
        }
    }
}

static void a_resolvers_word_is_no_answer(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        struct bw_outage_watch *w = bw_outage_new(3, BW_OUTAGE_MIN_MS);
        struct bw_outage_span s;
        play_word(w, "dns-servfail", before == 1);
        assert_true(bw_outage_take(w, &s));
        assert_int_equal(s.from_mono_ns / MS, 20000);
        assert_int_equal(s.to_mono_ns / MS, 40020);
        assert_false(bw_outage_take(w, &s));
        bw_outage_free(w);
    }
    struct bw_outage_watch *w = bw_outage_new(3, BW_OUTAGE_MIN_MS);
    play_word(w, "servfail", false);
    assert_false(bw_outage_take(w, &(struct bw_outage_span){.from_mono_ns = 0}));
    bw_outage_free(w);
}

/* A broken cache, and one target that is silent: the line may be well. */
static void a_broken_resolver_is_no_outage(void **state)
{
    struct bw_outage_watch *w = *state;
    struct bw_latency_detail d;
    bw_latency_detail_init(&d);
    d.code = "dns-refused";
    two_targets(0, 20000, 20000, 20000);
    play(w);
    for (int64_t t = 20000; t < 60000; t += 500) {
        bw_outage_sample(
            w, t / 500 % 2 == 0 ? 0 : 1,
            &(struct bw_latency_sample){.state = BW_LOST,
                                        .sent_mono_ns = t * MS,
                                        .rtt_ns = BW_UNKNOWN,
                                        .detail = t / 500 % 2 == 0 ? &d : NULL});
    }
    assert_false(bw_outage_now(w, 60000 * MS, NULL));
    bw_outage_sample(w, 0,
                     &(struct bw_latency_sample){.state = BW_LOST,
                                                 .sent_mono_ns = 60000 * MS,
                                                 .rtt_ns = BW_UNKNOWN});
    assert_true(bw_outage_now(w, 60000 * MS, NULL)); /* asked again, and silent too */
}

int main(void)
{
#define WATCHED(test) cmocka_unit_test_setup_teardown(test, new_watch, free_watch)
    const struct CMUnitTest tests[] = {
        WATCHED(twenty_seconds),
        WATCHED(less_than_ten_is_none),
        WATCHED(ten_is_one),
        WATCHED(one_target_silent_is_none),
        WATCHED(random_loss_before_is_not_its_start),
        WATCHED(late_answers_are_answers),
        WATCHED(still_out),
        WATCHED(out_from_the_beginning),
        WATCHED(a_hole_in_the_packets_ends_what_is_known),
        WATCHED(five_seconds_by_a_timer_are_no_hole),
        WATCHED(packets_not_sent_say_nothing),
        cmocka_unit_test(carrier_alone),
        WATCHED(carrier_with_targets_ends_with_an_answer),
        cmocka_unit_test(a_dead_target_does_not_count),
        cmocka_unit_test(a_resolvers_word_is_no_answer),
        WATCHED(a_broken_resolver_is_no_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
