/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_snmp_doubt.c - what a device says and must not be believed: that it did not start
 * again, that one description is one port, what speed its port has; and at which layer it
 * counts. */
#include "snmp_device.h"

/* Up for 20 s, 25 s without power, and 22 s later an uptime that did not fall. */
static void a_start_that_uptime_hides(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.born_ns = -15 * S;
    questions(&r, &d, 1, 5, &h); /* uptime 20 s at the last */
    assert_int_equal(h.n, 4);
    d.born_ns = 30 * S;
    d.base = 900000000;
    questions(&r, &d, 52, 5, &h); /* uptime 22 s at the first */
    assert_int_equal(h.readings[h.n - 1].epoch, h.readings[0].epoch + 1);
    for (size_t i = 4; i < h.n; i++) {
        assert_true(h.readings[i].in_bytes < 10 * d.rate);
    }
    assert_true_of(&d, &h);
}

/* Silence alone is none, however long; nor is a clock that is a little off. */
static void silence_is_no_start(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    questions(&r, &d, 1, 5, &h);
    d.born_ns = 9 * S;
    questions(&r, &d, 20000, 5, &h);
    assert_int_equal(h.readings[h.n - 1].epoch, h.readings[0].epoch);
}

/* Nor is an uptime that comes in steps of a minute. */
static void an_uptime_in_steps(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.uptime_step_cs = 6000;
    questions(&r, &d, 1, 200, &h);
    assert_int_equal(h.n, 199);
    assert_int_equal(h.readings[h.n - 1].epoch, h.readings[0].epoch);
}

static struct bw_snmp_reader by_alias(void)
{
    struct bw_snmp_reader r;
    bw_snmp_reader_init(&r, "alder0", true, 1000);
    return r;
}

static void look_at_two(struct bw_snmp_reader *r, struct device *d, int64_t now_ns)
{
    struct bw_snmp_said said = {0};
    struct bw_snmp_answer a = ask(d, now_ns);
    bw_snmp_reader_look(r);
    bw_snmp_reader_row(r, 4, "alder0", 6);
    bw_snmp_reader_row(r, 7, "alder0", 6);
    a.oper_status = 2;
    bw_snmp_reader_is(r, 0, &a);
    a.oper_status = 1;
    bw_snmp_reader_is(r, 1, &a);
    bw_snmp_reader_looked(r, now_ns, true, &said);
}

/* Two members of one line, of which one is down today: half a line is not a line. */
static void one_description_of_two_ports(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = by_alias();
    (void)state;
    look_at_two(&r, &d, 0);
    assert_int_equal(r.ifindex, BW_UNKNOWN);
    assert_int_equal(r.status.state, BW_SNMP_AMBIGUOUS);
}

/* The second gets its description later: after an hour it is known. */
static void a_second_port_of_that_description(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = by_alias();
    struct heard h = {0};
    (void)state;
    find(&r, 4, 0);
    questions(&r, &d, 1, 3600, &h);
    assert_int_equal(r.ifindex, 4);
    assert_false(bw_snmp_reader_may_look(&r, 3600 * S));
    assert_true(bw_snmp_reader_may_look(&r, 3602 * S));
    find(&r, 4, 3602 * S);
    questions(&r, &d, 3603, 1, &h);
    assert_int_equal(h.readings[(h.n - 1) % 512].epoch, h.readings[0].epoch);
    assert_false(bw_snmp_reader_may_look(&r, 7000 * S));
    assert_true(bw_snmp_reader_may_look(&r, 7204 * S));
    look_at_two(&r, &d, 7204 * S);
    assert_int_equal(r.ifindex, BW_UNKNOWN);
    assert_int_equal(r.status.state, BW_SNMP_AMBIGUOUS);
}

static void the_layer_is_that_of_the_port(void **state)
{
    static const struct {
        int64_t type;
        enum bw_layer layer;
    } rows[] = {
        {6, BW_LAYER_ETHERNET},   {117, BW_LAYER_ETHERNET}, {161, BW_LAYER_ETHERNET},
        {135, BW_LAYER_ETHERNET}, {23, BW_LAYER_IP},        {131, BW_LAYER_IP},
        {24, BW_LAYER_IP},        {53, BW_LAYER_UNKNOWN},   {BW_UNKNOWN, BW_LAYER_UNKNOWN}};
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        d.if_type = rows[i].type;
        questions(&r, &d, 1 + (int64_t)i, 1, &h);
        assert_int_equal(h.port.layer, rows[i].layer);
    }
}

/* An administrator's "bandwidth" of 4 Mbit/s on a port that carries 8. */
static void a_speed_that_cannot_be(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.high_speed_mbps = 4;
    d.refresh_ns = 3 * S;
    questions(&r, &d, 1, 60, &h);
    assert_int_equal(h.status.state, BW_SNMP_COUNTING);
    assert_non_null(strstr(h.status.text, "4 Mbit/s"));
    assert_int_equal(h.port.link_bps, BW_UNKNOWN);
    assert_int_equal(h.readings[h.n - 1].epoch, h.readings[0].epoch);
    assert_true_of(&d, &h);
    d.high_speed_mbps = 1000; /* mended */
    questions(&r, &d, 61, 10, &h);
    assert_string_equal(h.status.text, "");
    assert_int_equal(h.port.link_bps, 1000000000);
}

/* A burst out of a cache, and a line that is just full, are not beyond it. */
static void a_full_line_is_believed(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.high_speed_mbps = 8;
    d.refresh_ns = 15 * S;
    questions(&r, &d, 1, 300, &h);
    assert_string_equal(h.status.text, "");
    assert_int_equal(h.port.link_bps, 8000000);
}

static void short_counters_need_a_true_speed(void **state)
{
    struct device d = a_device();
    struct bw_snmp_reader r = a_reader();
    struct heard h = {0};
    (void)state;
    d.only32 = true;
    d.speed_bps = 2000000;
    questions(&r, &d, 1, 30, &h);
    assert_int_equal(h.status.state, BW_SNMP_TOO_FAST);
}

static void an_error_is_no_silence(void **state)
{
    struct bw_snmp_reader r = a_reader();
    struct bw_snmp_said said = {0};
    (void)state;
    for (int i = 0; i < BW_SNMP_SILENT_AFTER; i++) {
        bw_snmp_reader_missed(&r, BW_SNMP_ERROR, "(genError) it failed", &said);
    }
    assert_int_equal(r.status.state, BW_SNMP_FAULTY);
    assert_non_null(strstr(r.status.text, "genError"));
    bw_snmp_reader_missed(&r, BW_SNMP_TIMEOUT, "", &said);
    assert_int_equal(r.status.state, BW_SNMP_SILENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_uptime_hides),
        cmocka_unit_test(silence_is_no_start),
        cmocka_unit_test(an_uptime_in_steps),
        cmocka_unit_test(one_description_of_two_ports),
        cmocka_unit_test(a_second_port_of_that_description),
        cmocka_unit_test(the_layer_is_that_of_the_port),
        cmocka_unit_test(a_speed_that_cannot_be),
        cmocka_unit_test(a_full_line_is_believed),
        cmocka_unit_test(short_counters_need_a_true_speed),
        cmocka_unit_test(an_error_is_no_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
