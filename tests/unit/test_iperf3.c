/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_iperf3.c - the report of iperf3. The files are the fuzzer's seeds: what Debian's
 * iperf3 3.12 printed, and the same bent. */
#include "bw_test.h"

#include "iperf3.h"

#include <bw/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_seed(const char *name, struct bw_iperf3_report *r)
{
    static char buf[65536];
    char path[512];
    FILE *f;
    size_t n;
    (void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/fuzz_iperf3/%s", BW_SOURCE_DIR,
                   name);
    f = fopen(path, "rbe");
    assert_non_null(f);
    n = fread(buf, 1, sizeof(buf), f);
    (void)fclose(f);
    return bw_iperf3_read(buf, n, r, NULL);
}

static void tcp_up(void **state)
{
    struct bw_iperf3_report r;
    (void)state;
    assert_int_equal(read_seed("tcp_up", &r), 0);
    assert_string_equal(r.error, "");
    assert_true(r.measured && !r.udp && !r.reverse && !r.busy);
    assert_int_equal(r.family, 4);
    assert_int_equal(r.streams, 2);
    assert_int_equal(r.bytes, 99796092); /* the receiver's count, not the sender's */
    assert_int_equal(r.sent_bytes, 99614720);
    assert_int_equal(r.window_us, 2000171);
    /* both intervals and the omitted one, as the sender saw them */
    assert_int_equal(r.total_bytes, 57671680 + 99614720);
    assert_int_equal(r.omitted_bytes, 57671680);
    assert_int_equal(r.sent_us, 2000042);
    assert_int_equal(r.cwnd_bytes, 2 * 720313);
    assert_int_equal(r.retransmits, 0);
    assert_int_equal(r.rtt_us, (67 + 69) / 2);
    assert_int_equal(r.min_rtt_us, 59);
    assert_int_equal(r.mss, 32768);
    assert_int_equal(r.pmtu, 65535);
    assert_int_equal(r.here_busy_ppm, 4603); /* 0.46 % */
    assert_int_equal(r.there_busy_ppm, 10176);
    assert_string_equal(r.cc, "cubic");
}

/* What a server may say of an upload: no warm-up in it, no shorter window. */
static void an_uploads_bound(void **state)
{
    struct bw_iperf3_report r = {.udp = true,
                                 .window_us = 10000000,
                                 .bytes = 12500000,
                                 .total_bytes = 15000000,
                                 .omitted_bytes = 2500000,
                                 .sent_bytes = 12500000,
                                 .sent_us = 10000000,
                                 .cwnd_bytes = BW_UNKNOWN};
    (void)state;
    assert_int_equal(bw_iperf3_received_most(&r), 12750000 + 125000);
    r.window_us = 5000000; /* half the time, half the bytes */
    assert_int_equal(bw_iperf3_received_most(&r), 6375000 + 125000);
    r.window_us = 10600000; /* a satellite's round trip longer: the same rate */
    assert_int_equal(bw_iperf3_received_most(&r), 13515000 + 125000);
    r.window_us = 10000000;
    r.udp = false;
    assert_int_equal(bw_iperf3_received_most(&r), 12750000 + 2500000); /* no cwnd known */
    r.cwnd_bytes = 100000;
    assert_int_equal(bw_iperf3_received_most(&r), 12750000 + 125000 + 200000);
    r.omitted_bytes = 50000; /* no more than there was */
    assert_int_equal(bw_iperf3_received_most(&r), 12750000 + 50000);
    r.omitted_bytes = BW_UNKNOWN; /* a warm-up of one second that no interval tells of */
    assert_int_equal(bw_iperf3_received_most(&r), 12750000 + 125000 + 200000);
    r.sent_us = BW_UNKNOWN;
    assert_int_equal(bw_iperf3_received_most(&r), 15300000);
    r.total_bytes = BW_UNKNOWN;
    assert_int_equal(bw_iperf3_received_most(&r), BW_UNKNOWN);
    /* what real ones said is within it */
    assert_int_equal(read_seed("tcp_up", &r), 0);
    assert_true(r.bytes <= bw_iperf3_received_most(&r));
    assert_true(r.bytes + r.omitted_bytes > bw_iperf3_received_most(&r));
    assert_int_equal(read_seed("tcp_up_lost_second", &r), 0);
    assert_int_equal(r.bytes, 48494968);
    assert_true(r.bytes <= bw_iperf3_received_most(&r));
    assert_true(r.bytes + r.omitted_bytes > bw_iperf3_received_most(&r));
    assert_int_equal(read_seed("udp_up", &r), 0);
    assert_true(r.bytes <= bw_iperf3_received_most(&r));
    assert_true(r.bytes + r.omitted_bytes > bw_iperf3_received_most(&r));
}

static void tcp_down(void **state)
{
    struct bw_iperf3_report r;
    (void)state;
    assert_int_equal(read_seed("tcp_down", &r), 0);
    assert_true(r.measured && r.reverse);
    assert_int_equal(r.bytes, 12084051968);
    assert_int_equal(r.rtt_us, BW_UNKNOWN); /* 0 in the report: not measured here */
    assert_int_equal(r.retransmits, 0);
    assert_string_equal(r.cc, "cubic"); /* the server's, it sent */
}

static void udp(void **state)
{
    struct bw_iperf3_report r;
    (void)state;
    assert_int_equal(read_seed("udp_lossy", &r), 0);
    assert_true(r.measured && r.udp && r.reverse);
    assert_int_equal(r.packets, 152);
    assert_int_equal(r.lost, 38);
    assert_int_equal(r.bytes, (152 - 38) * 32768); /* what arrived */
    assert_int_equal(r.retransmits, BW_UNKNOWN);
    /* without sum_received, as before 3.10 */
    assert_int_equal(read_seed("udp_old", &r), 0);
    assert_int_equal(r.lost, 38);
    assert_int_equal(r.bytes, (152 - 38) * 32768);
    /* a server that counts the warm-up's losses in: 9898528 bytes are 6836 datagrams */
    assert_int_equal(read_seed("udp_omitted", &r), 0);
    assert_int_equal(r.bytes, 9898528);
    assert_int_equal(r.lost, 10356 - 6836);
    assert_int_equal(read_seed("udp_up", &r), 0);
    assert_true(r.udp && !r.reverse);
    assert_int_equal(r.lost, 0);
    assert_int_equal(r.bytes, 4980736);
}

static void errors_in_the_report(void **state)
{
    struct bw_iperf3_report r;
    (void)state;
    assert_int_equal(read_seed("busy", &r), 0);
    assert_true(r.busy && !r.measured);
    assert_int_equal(read_seed("refused", &r), 0);
    assert_false(r.busy);
    assert_string_equal(r.error, "unable to connect to server: Connection refused");
    assert_int_equal(read_seed("error_with_figures", &r), 0);
    assert_string_equal(r.error, "control socket has closed unexpectedly");
    assert_true(r.measured);
    assert_int_equal(read_seed("words", &r), 0);
    assert_int_equal(strlen(r.error), sizeof(r.error) - 1);
    assert_null(strchr(r.error, '\x1b'));
    assert_int_equal(bw_iperf3_read("{\"error\":7}", 11, &r, NULL), 0);
    assert_string_equal(r.error, "an error without words");
}

static void no_report(void **state)
{
    static const char *const bad[] = {"truncated", "nan", "null_figures"};
    struct bw_iperf3_report r;
    struct bw_err err = {""};
    char *large;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(read_seed(bad[i], &r), -BW_EMALFORMED);
    }
    assert_int_equal(bw_iperf3_read("", 0, &r, &err), -BW_EMALFORMED);
    assert_int_equal(bw_iperf3_read("{}", 2, &r, &err), -BW_EMALFORMED);
    assert_string_equal(err.text, "a report without a rate");
    assert_int_equal(bw_iperf3_read("[]", 2, &r, &err), -BW_EMALFORMED);
    large = malloc(BW_IPERF3_REPORT_MAX + 1);
    assert_non_null(large);
    (void)memset(large, ' ', BW_IPERF3_REPORT_MAX + 1);
    assert_int_equal(bw_iperf3_read(large, BW_IPERF3_REPORT_MAX + 1, &r, &err),
                     -BW_EMALFORMED);
    free(large);
}

/* An error of null, a negative count, an endless window: no rate comes of them. */
static void wrong_figures(void **state)
{
    struct bw_iperf3_report r;
    (void)state;
    assert_int_equal(read_seed("wrong_figures", &r), 0);
    assert_string_equal(r.error, "an error without words");
    assert_false(r.measured);
    assert_int_equal(r.bytes, BW_UNKNOWN);
    assert_int_equal(r.window_us, BW_UNKNOWN);
    assert_int_equal(r.retransmits, BW_UNKNOWN);
    assert_int_equal(r.here_busy_ppm, BW_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_up),
        cmocka_unit_test(tcp_down),
        cmocka_unit_test(udp),
        cmocka_unit_test(errors_in_the_report),
        cmocka_unit_test(no_report),
        cmocka_unit_test(wrong_figures),
        cmocka_unit_test(an_uploads_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
