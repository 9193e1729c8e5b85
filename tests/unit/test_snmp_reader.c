/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_snmp_reader.c - what a device's answers mean: which interface, how old, how much,
 * and when nothing may be said. The device is played here, with its cache. */
#include "snmp_device.h"

static void a_device_without_a_cache(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    questions(&r, &d, 1, 60, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_int_equal(h.status.refresh_ms, 1000);
    assert_int_equal(h.status.bits, 64);
    assert_int_equal(h.status.ifindex, 4);
    assert_int_equal(h.n, 59); /* the first answer's age is not known */
    assert_int_equal(h.readings[0].in_bytes, 0);
    assert_int_equal(h.readings[58].in_bytes, 58 * 1000000);
    assert_int_equal(h.readings[58].out_bytes, 29 * 1000000);
    assert_int_equal(h.ports, 1);
    assert_true(h.port.up);
    assert_int_equal(h.port.link_bps, INT64_C(1000000000));
    assert_true_of(&d, &h);
}

static void the_refresh_is_measured(void **state)
{
    static const int64_t caches_ms[] = {1500, 2000, 3000, 5000, 7300, 15000, 30000};
    (void)state;
    for (size_t i = 0; i < sizeof(caches_ms) / sizeof(caches_ms[0]); i++) {
        struct device d = a_device();
        struct bw_snmp_reader r = a_reader();
        struct heard h = {0};
        /* Filled when asked for: the true distance is a whole number of questions. */
        int64_t truth = (caches_ms[i] + 999) / 1000 * 1000;
        d.refresh_ns = caches_ms[i] * MS;
        questions(&r, &d, 1, (int)(truth / 1000 * 14), &h);
        assert_in_range(h.status.refresh_ms, truth - truth / 20, truth + truth / 20);
        assert_true_of(&d, &h);
    }
}

/* A line on which nothing moves now and then: refreshes without a change are not one
 * long refresh. */
static void pauses_do_not_make_it_slower(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.refresh_ns = 3 * S;
    for (int64_t s = 1; s < 400; s++) {
        if (s % 20 == 0) { /* seven quiet seconds in twenty */
            d.base = carried(&d, s * S);
            d.born_ns = s * S;
            d.idle_from_ns = s * S;
            d.idle_to_ns = (s + 7) * S;
        }
        struct bw_snmp_answer a = ask(&d, s * S);
        struct bw_snmp_said said = {0};
        a.uptime_cs = s * 100;
        bw_snmp_reader_answer(&r, &a, &said);
        h.n += said.has_reading ? 1 : 0;
    }
    assert_in_range(r.status.refresh_ms, 2900, 3300);
    assert_true(h.n > 60);
}

static void nothing_is_said_of_a_silent_cache(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.rate = 0; /* no change ever: zero, or a cache that is never renewed */
    questions(&r, &d, 1, 300, &h);
    assert_int_equal(h.n, 0);
    assert_int_equal(h.status.refresh_ms, BW_UNKNOWN);
}

/* Zero is said only after many refreshes, and then of an instant that is surely over. */
static void an_idle_line_is_zero_in_the_end(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    size_t before;
    (void)state;
    d.refresh_ns = 2 * S;
    questions(&r, &d, 1, 60, &h);
    d.idle_from_ns = 61 * S;
    questions(&r, &d, 61, 20, &h);
    before = h.n;
    assert_in_range(before, 29, 32);
    questions(&r, &d, 81, 100, &h);
    assert_true(h.n > before + 80);
    for (size_t i = before + 1; i < h.n; i++) {
        assert_int_equal(h.readings[i].in_bytes, h.readings[before - 1].in_bytes);
        assert_int_equal(h.readings[i].slack_ns, 0);
    }
    assert_true(h.readings[h.n - 1].mono_ns <= 180 * S - 4 * S);
    assert_true_of(&d, &h);
    /* … and what it carries after that is nobody's but its own. */
    d.idle_to_ns = 181 * S;
    questions(&r, &d, 181, 30, &h);
    assert_true_of(&d, &h);
    assert_int_equal(r.status.refresh_ms, 2000);
}

/* A cache that hangs: the bytes of that time come late, in one piece, never as zero and a
 * burst. */
static void a_hanging_cache_is_not_idle(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    size_t before;
    (void)state;
    d.refresh_ns = 2 * S;
    questions(&r, &d, 1, 60, &h);
    before = h.n;
    d.refresh_ns = 25 * S;
    questions(&r, &d, 61, 22, &h);
    assert_in_range(h.n, before, before + 1);
    d.refresh_ns = 2 * S;
    questions(&r, &d, 83, 10, &h);
    assert_true_of(&d, &h);
}

static void a_device_that_started_again(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    int64_t epoch;
    (void)state;
    questions(&r, &d, 1, 30, &h);
    epoch = h.readings[h.n - 1].epoch;
    /* Its counts are higher than before all the same. */
    d.born_ns = 30 * S;
    d.base = 900000000;
    questions(&r, &d, 31, 30, &h);
    assert_int_equal(h.readings[29].epoch, epoch + 1);
    assert_int_equal(h.readings[29].in_bytes, 0);
    assert_int_equal(h.n, 29 + 29);
    assert_true_of(&d, &h);
}

static void uptime_that_wraps_is_no_start(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.born_ns = -(WRAP - 1000) * 10 * MS; /* 10 s before 2^32 hundredths */
    d.rate = 1000;
    questions(&r, &d, 1, 30, &h);
    assert_int_equal(h.n, 29);
    assert_int_equal(h.readings[28].epoch, h.readings[0].epoch);
}

static void discontinuity_is_believed(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    questions(&r, &d, 1, 10, &h);
    d.discontinuity = 1000;
    questions(&r, &d, 11, 10, &h);
    assert_int_equal(h.readings[h.n - 1].epoch, h.readings[0].epoch + 1);
    assert_int_equal(h.n, 9 + 9);
}

static void another_interface_at_the_index(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    int64_t wait_ms = 0;
    (void)state;
    questions(&r, &d, 1, 10, &h);
    assert_false(bw_snmp_reader_must_look(&r, 10 * S, &wait_ms));
    d.name = "birch0";
    d.base = 7000000000;
    questions(&r, &d, 11, 1, &h);
    assert_int_equal(h.n, 9); /* the other one's counts are nobody's business */
    assert_int_equal(h.status.state, BW_SNMP_NO_INTERFACE);
    assert_true(bw_snmp_reader_must_look(&r, 11 * S, &wait_ms));
    assert_int_equal(wait_ms, 0); /* at once */
    find(&r, 9, 11 * S);
    d.name = "alder0";
    questions(&r, &d, 12, 10, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_int_equal(h.status.ifindex, 9);
    assert_true(h.readings[h.n - 1].epoch > h.readings[0].epoch);
    assert_int_equal(h.readings[9].in_bytes, 0);
    assert_int_equal(h.ports, 2); /* told again: who counts it had forgotten it */
    assert_int_equal(h.port.mono_ns, 12 * S + 2 * MS);
    /* Gone altogether: the index answers nothing. */
    d.name = NULL;
    questions(&r, &d, 22, 1, &h);
    assert_int_equal(h.status.state, BW_SNMP_NO_INTERFACE);
}

static void none_or_two_of_that_name(void **state)
{
    struct bw_snmp_reader r;
    struct bw_snmp_said said = {0};
    int64_t wait_ms = 0;
    (void)state;
    bw_snmp_reader_init(&r, "Uplink", true, 1000);
    assert_true(bw_snmp_reader_must_look(&r, 0, &wait_ms));
    assert_int_equal(wait_ms, 0);
    bw_snmp_reader_look(&r);
    bw_snmp_reader_row(&r, 1, "uplink", 6);
    bw_snmp_reader_looked(&r, S, true, &said);
    assert_int_equal(said.status.state, BW_SNMP_NO_INTERFACE);
    assert_non_null(strstr(said.status.text, "ifAlias 'Uplink'"));
    assert_true(bw_snmp_reader_must_look(&r, S, &wait_ms));
    assert_int_equal(wait_ms, BW_SNMP_LOOK_MIN_MS);
    bw_snmp_reader_look(&r);
    bw_snmp_reader_row(&r, 1, "Uplink", 6);
    bw_snmp_reader_row(&r, 7, "Uplink", 6);
    bw_snmp_reader_looked(&r, 4 * S, true, &said);
    assert_int_equal(said.status.state, BW_SNMP_AMBIGUOUS);
    assert_true(bw_snmp_reader_must_look(&r, 4 * S, &wait_ms));
    assert_int_equal(wait_ms, 2 * BW_SNMP_LOOK_MIN_MS);
    /* Found once, but not all were seen. */
    bw_snmp_reader_look(&r);
    bw_snmp_reader_row(&r, 1, "Uplink", 6);
    bw_snmp_reader_looked(&r, 10 * S, false, &said);
    assert_int_equal(said.status.state, BW_SNMP_NO_INTERFACE);
    for (int i = 0; i < 20; i++) {
        bw_snmp_reader_look(&r);
        bw_snmp_reader_looked(&r, 10 * S, true, &said);
    }
    assert_true(bw_snmp_reader_must_look(&r, 10 * S, &wait_ms));
    assert_int_equal(wait_ms, BW_SNMP_LOOK_MAX_MS);
    bw_snmp_reader_look(&r);
    bw_snmp_reader_row(&r, 3, "Uplink", 6);
    bw_snmp_reader_looked(&r, 90 * S, true, &said);
    assert_false(bw_snmp_reader_must_look(&r, 90 * S, &wait_ms));
    assert_int_equal(r.ifindex, 3);
}

/* net-snmp shows an interface that is gone for five minutes more, as down. */
static void one_made_anew_beside_its_shadow(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct bw_snmp_said said = {0};
    struct bw_snmp_answer a;
    struct heard h = {0};
    (void)state;
    questions(&r, &d, 1, 10, &h);
    assert_false(bw_snmp_reader_may_look(&r, 11 * S));
    d.oper = 2;
    d.idle_from_ns = 11 * S;
    questions(&r, &d, 11, 3, &h);
    assert_true(bw_snmp_reader_may_look(&r, 13 * S));
    /* Nothing but itself: it stays what it is, and is looked for later and later. */
    find(&r, 4, 13 * S);
    assert_int_equal(r.ifindex, 4);
    assert_false(bw_snmp_reader_may_look(&r, 14 * S));
    assert_true(bw_snmp_reader_may_look(&r, 15 * S));
    bw_snmp_reader_look(&r);
    bw_snmp_reader_row(&r, 4, "alder0", 6);
    bw_snmp_reader_row(&r, 7, "alder0", 6);
    assert_int_equal(bw_snmp_reader_candidate(&r, 0), 4);
    assert_int_equal(bw_snmp_reader_candidate(&r, 1), 7);
    assert_int_equal(bw_snmp_reader_candidate(&r, 2), BW_UNKNOWN);
    a = ask(&d, 15 * S);
    bw_snmp_reader_is(&r, 0, &a);
    a.oper_status = 1;
    bw_snmp_reader_is(&r, 1, &a);
    bw_snmp_reader_looked(&r, 15 * S, true, &said);
    assert_int_equal(r.ifindex, 7);
    assert_true(said.has_status);
    d = a_device();
    questions(&r, &d, 16, 5, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_true(h.readings[h.n - 1].epoch > h.readings[0].epoch);
    /* Two that are up cannot be told apart; one that counts already goes on. */
    bw_snmp_reader_look(&r);
    bw_snmp_reader_row(&r, 4, "alder0", 6);
    bw_snmp_reader_row(&r, 7, "alder0", 6);
    bw_snmp_reader_is(&r, 0, &a);
    bw_snmp_reader_is(&r, 1, &a);
    bw_snmp_reader_looked(&r, 21 * S, true, &said);
    assert_int_equal(r.ifindex, 7);
    assert_int_equal(r.status.state, BW_SNMP_COUNTING);
}

static void counters_of_32_bits_wrap(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.only32 = true;
    d.rate = 100000000; /* 0.8 of 1 Gbit/s: a wrap every 43 s */
    d.base = WRAP - 50000000;
    questions(&r, &d, 1, 200, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_int_equal(h.status.bits, 32);
    assert_int_equal(h.n, 199);
    assert_int_equal(h.readings[198].in_bytes, INT64_C(198) * 100000000);
    assert_int_equal(h.readings[198].epoch, h.readings[0].epoch);
    assert_int_equal(h.port.link_bps, INT64_C(1000000000));
}

/* 40 s without an answer at 1 Gbit/s: a wrap more or less cannot be told. */
static void a_wrap_that_may_have_been_missed(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    int64_t epoch;
    (void)state;
    d.only32 = true;
    d.rate = 100000000;
    questions(&r, &d, 1, 20, &h);
    epoch = h.readings[h.n - 1].epoch;
    questions(&r, &d, 50, 20, &h); /* 30 s: still fine */
    assert_int_equal(h.readings[h.n - 1].epoch, epoch);
    assert_int_equal(h.readings[h.n - 1].in_bytes, INT64_C(67) * 100000000);
    questions(&r, &d, 110, 20, &h);
    assert_int_equal(h.readings[h.n - 1].epoch, epoch + 1);
    assert_true_of(&d, &h);
}

static void too_fast_for_32_bits(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.only32 = true;
    d.speed_bps = WRAP - 1; /* "more than I can say" */
    questions(&r, &d, 1, 20, &h);
    assert_int_equal(h.status.state, BW_SNMP_TOO_FAST);
    assert_int_equal(h.n, 0);
    /* At 1 Gbit/s a refresh of 40 s is too slow. */
    d = a_device();
    r = a_reader();
    d.only32 = true;
    d.refresh_ns = 40 * S;
    (void)memset(&h, 0, sizeof(h));
    questions(&r, &d, 1, 600, &h);
    assert_int_equal(h.status.state, BW_SNMP_TOO_FAST);
    assert_non_null(strstr(h.status.text, "1000 Mbit/s"));
    /* At 100 Mbit/s it is not. */
    d = a_device();
    r = a_reader();
    d.only32 = true;
    d.speed_bps = 100000000;
    d.refresh_ns = 40 * S;
    (void)memset(&h, 0, sizeof(h));
    questions(&r, &d, 1, 600, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_true(h.n > 10);
    assert_true_of(&d, &h);
}

static void a_device_that_does_not_count(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct bw_snmp_said said = {0};
    struct bw_snmp_answer a = ask(&d, S);
    (void)state;
    a.has64 = false;
    a.in32 = BW_UNKNOWN;
    a.out32 = BW_UNKNOWN;
    bw_snmp_reader_answer(&r, &a, &said);
    assert_false(said.has_reading);
    assert_int_equal(said.status.state, BW_SNMP_NO_COUNTERS);
    assert_int_equal(said.status.bits, BW_UNKNOWN);
}

static void silence_is_unknown(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    struct bw_snmp_said said = {0};
    (void)state;
    questions(&r, &d, 1, 20, &h);
    for (int i = 0; i < BW_SNMP_SILENT_AFTER - 1; i++) {
        bw_snmp_reader_missed(&r, BW_SNMP_TIMEOUT, "", &said);
        assert_int_equal(said.status.state, BW_SNMP_COUNTING);
    }
    bw_snmp_reader_missed(&r, BW_SNMP_TIMEOUT, "", &said);
    assert_true(said.has_status);
    assert_int_equal(said.status.state, BW_SNMP_SILENT);
    assert_false(said.has_reading);
    /* 64 bits: what was counted meanwhile is known when it is back, and how old it may be.
     */
    questions(&r, &d, 50, 10, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_int_equal(h.readings[19].epoch, h.readings[18].epoch);
    assert_int_equal(h.readings[19].slack_ns, 30 * S + 2 * MS);
    assert_int_equal(h.ports, 2); /* told again */
    assert_true_of(&d, &h);
    assert_int_equal(h.status.refresh_ms, 1000);
}

static void a_refusal_says_so_at_once(void **state)
{
    struct bw_snmp_reader r = a_reader();
    struct bw_snmp_said said = {0};
    (void)state;
    bw_snmp_reader_missed(&r, BW_SNMP_REFUSED, "Unknown user name", &said);
    assert_int_equal(said.status.state, BW_SNMP_WRONG_KEY);
    assert_non_null(strstr(said.status.text, "Unknown user name"));
}

static void a_port_that_goes_down(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    questions(&r, &d, 1, 10, &h);
    d.oper = 2;
    questions(&r, &d, 11, 5, &h);
    assert_int_equal(h.ports, 2);
    assert_false(h.port.up);
    assert_int_equal(h.port.mono_ns, 11 * S + 2 * MS);
    d.oper = 4; /* unknown: no sign that it is down */
    questions(&r, &d, 16, 5, &h);
    assert_true(h.port.up);
}

/* While a test runs questions are closer together; that is not the device's doing. */
static void fast_questions_do_not_change_the_refresh(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.refresh_ns = 1500 * MS; /* seen every second second */
    questions(&r, &d, 1, 60, &h);
    assert_int_equal(h.status.refresh_ms, 2000);
    bw_snmp_reader_fast(&r, true);
    for (int i = 0; i < 240; i++) {
        question(&r, &d, 61 * S + i * 250 * MS, &h);
    }
    assert_true(h.readings[h.n - 1].slack_ns <= 252 * MS);
    assert_int_equal(h.status.refresh_ms, 2000);
    bw_snmp_reader_fast(&r, false);
    questions(&r, &d, 121, 60, &h);
    assert_int_equal(h.status.refresh_ms, 2000);
    assert_true_of(&d, &h);
}

static void missed_answers_do_not_change_the_refresh(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct bw_snmp_said said = {0};
    struct heard h = {0};
    (void)state;
    questions(&r, &d, 1, 20, &h);
    for (int64_t s = 21; s < 121; s += 2) {
        bw_snmp_reader_missed(&r, BW_SNMP_TIMEOUT, "", &said);
        question(&r, &d, (s + 1) * S, &h);
    }
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_int_equal(h.status.refresh_ms, 1000);
    assert_true_of(&d, &h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_without_a_cache),
        cmocka_unit_test(the_refresh_is_measured),
        cmocka_unit_test(pauses_do_not_make_it_slower),
        cmocka_unit_test(nothing_is_said_of_a_silent_cache),
        cmocka_unit_test(an_idle_line_is_zero_in_the_end),
        cmocka_unit_test(a_hanging_cache_is_not_idle),
        cmocka_unit_test(a_device_that_started_again),
        cmocka_unit_test(uptime_that_wraps_is_no_start),
        cmocka_unit_test(discontinuity_is_believed),
        cmocka_unit_test(another_interface_at_the_index),
        cmocka_unit_test(none_or_two_of_that_name),
        cmocka_unit_test(one_made_anew_beside_its_shadow),
        cmocka_unit_test(counters_of_32_bits_wrap),
        cmocka_unit_test(a_wrap_that_may_have_been_missed),
        cmocka_unit_test(too_fast_for_32_bits),
        cmocka_unit_test(a_device_that_does_not_count),
        cmocka_unit_test(silence_is_unknown),
        cmocka_unit_test(a_refusal_says_so_at_once),
        cmocka_unit_test(a_port_that_goes_down),
        cmocka_unit_test(fast_questions_do_not_change_the_refresh),
        cmocka_unit_test(missed_answers_do_not_change_the_refresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
