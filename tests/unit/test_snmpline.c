/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_snmpline.c - the words between the daemon and the reader of an edge device: both
 * ways, and what is no such word. */
#include "bw_test.h"

#include "snmpline.h"

#include <buf.h>
#include <bw/err.h>
#include <string.h>

static struct bw_snmp_job a_job(void)
{
    struct bw_snmp_job j = {.port = 161,
                            .version = BW_SNMP_V3,
                            .auth = BW_SNMP_SHA256,
                            .privacy = BW_SNMP_AES256,
                            .by_alias = true,
                            .every_ms = 1000};
    (void)strcpy(j.address, "edge.example.org");
    (void)strcpy(j.user, "bandwitness");
    (void)strcpy(j.secrets, "/etc/bandwitness/edge.secret");
    (void)strcpy(j.name, "WAN \"fibre\"");
    return j;
}

static void a_job_goes_through(void **state)
{
    struct bw_snmp_job in = a_job();
    struct bw_snmp_job out;
    struct bw_buf b;
    struct bw_err err = {""};
    int64_t parent = 0;
    (void)state;
    (void)memset(&out, 0, sizeof(out));
    bw_buf_init(&b, BW_SNMP_LINE_MAX);
    assert_int_equal(bw_snmp_job_encode(&in, 4711, &b), 0);
    assert_int_equal(b.data[b.len - 1], '\n');
    assert_int_equal(bw_snmp_job_decode(b.data, b.len - 1, &out, &parent, &err), 0);
    assert_int_equal(parent, 4711);
    assert_memory_equal(&in, &out, sizeof(in));
    /* A name too long, a word nobody knows. */
    bw_buf_clear(&b);
    bw_buf_puts(&b,
                "{\"v\":1,\"parent\":1,\"address\":\"a\",\"port\":161,\"version\":\"v1\"}");
    assert_true(bw_snmp_job_decode(b.data, b.len, &out, &parent, &err) < 0);
    assert_non_null(strstr(err.text, "version"));
    bw_buf_done(&b);
}

static void a_request_goes_through(void **state)
{
    static const char *const wrong[] = {"{\"fast_ms\":-1}",
                                        "{\"fast_ms\":300001}",
                                        "{\"fast_ms\":\"1\"}",
                                        "{}",
                                        "[]",
                                        "",
                                        "{"};
    struct bw_buf b;
    struct bw_err err = {""};
    int64_t ms = 0;
    (void)state;
    bw_buf_init(&b, BW_SNMP_LINE_MAX);
    assert_int_equal(bw_snmp_fast_encode(15000, &b), 0);
    assert_int_equal(bw_snmp_fast_decode(b.data, b.len - 1, &ms, &err), 0);
    assert_int_equal(ms, 15000);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_true(bw_snmp_fast_decode(wrong[i], strlen(wrong[i]), &ms, &err) < 0);
        assert_int_equal(ms, 15000);
    }
    bw_buf_done(&b);
}

static void through(const struct bw_snmp_line *in, struct bw_snmp_line *out)
{
    struct bw_buf b;
    struct bw_err err = {""};
    bw_buf_init(&b, BW_SNMP_LINE_MAX);
    assert_int_equal(bw_snmp_line_encode(in, &b), 0);
    assert_int_equal(bw_snmp_line_decode(b.data, b.len - 1, out, &err), 0);
    assert_int_equal(in->what, out->what);
    bw_buf_done(&b);
}

static void lines_go_through(void **state)
{
    struct bw_snmp_line in = {.what = BW_SNMP_LINE_READING};
    struct bw_snmp_line out;
    (void)state;
    in.reading = (struct bw_snmp_reading){.mono_ns = 5000000000,
                                          .slack_ns = 1000,
                                          .epoch = 3,
                                          .in_bytes = INT64_MAX,
                                          .out_bytes = 0};
    through(&in, &out);
    assert_memory_equal(&in.reading, &out.reading, sizeof(in.reading));
    in.what = BW_SNMP_LINE_PORT;
    in.port = (struct bw_snmp_port){
        .mono_ns = 1, .up = true, .link_bps = BW_UNKNOWN, .layer = BW_LAYER_IP};
    through(&in, &out);
    assert_int_equal(out.port.layer, BW_LAYER_IP);
    in.port.layer = BW_LAYER_UNKNOWN;
    through(&in, &out);
    assert_int_equal(out.port.layer, BW_LAYER_UNKNOWN);
    assert_int_equal(out.port.mono_ns, 1);
    assert_true(out.port.up);
    assert_int_equal(out.port.link_bps, BW_UNKNOWN);
    in.what = BW_SNMP_LINE_STATUS;
    for (int s = 0; s < BW_SNMP_STATES; s++) {
        in.status = (struct bw_snmp_status){.state = (enum bw_snmp_state)s,
                                            .text = "why",
                                            .refresh_ms = s % 2 ? 3000 : BW_UNKNOWN,
                                            .bits = 64,
                                            .ifindex = 4};
        through(&in, &out);
        assert_int_equal(out.status.state, s);
        assert_string_equal(out.status.text, "why");
        assert_int_equal(out.status.refresh_ms, in.status.refresh_ms);
        assert_int_equal(out.status.ifindex, 4);
    }
    assert_string_equal(bw_snmp_state_word(BW_SNMP_STATES), "unknown");
}

static void what_is_no_line(void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "[]",
        "{\"reading\":{}}",
        "{\"reading\":[]}",
        "{\"reading\":{\"mono_ns\":5,\"slack_ns\":6,\"epoch\":1,\"in_bytes\":1,"
        "\"out_bytes\":1}}", /* older than time */
        "{\"reading\":{\"mono_ns\":5,\"slack_ns\":1,\"epoch\":1,\"in_bytes\":-1,"
        "\"out_bytes\":1}}",
        "{\"reading\":{\"mono_ns\":5,\"slack_ns\":1,\"epoch\":1,\"in_bytes\":1}}",
        "{\"port\":{\"mono_ns\":1}}",
        "{\"port\":{\"mono_ns\":1,\"up\":1}}",
        "{\"port\":{\"mono_ns\":1,\"up\":true,\"link_bps\":0}}",
        "{\"port\":{\"mono_ns\":1,\"up\":true,\"layer\":\"goodput\"}}",
        "{\"port\":{\"mono_ns\":1,\"up\":true,\"layer\":2}}",
        "{\"status\":{\"state\":\"happy\",\"text\":\"\"}}",
        "{\"status\":{\"state\":\"counting\"}}",
        "{\"status\":{\"state\":\"counting\",\"text\":\"\",\"refresh_ms\":0}}",
        "{\"status\":{\"state\":\"counting\",\"text\":\"\",\"bits\":65}}",
    };
    struct bw_snmp_line l;
    struct bw_err err;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_true(bw_snmp_line_decode(wrong[i], strlen(wrong[i]), &l, &err) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_goes_through),
        cmocka_unit_test(a_request_goes_through),
        cmocka_unit_test(lines_go_through),
        cmocka_unit_test(what_is_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
