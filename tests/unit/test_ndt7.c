/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ndt7.c - ndt7's measurements, metadata and Locate answers: what is written comes
 * back, what others write is taken, what lies is named. */
#include "bw_test.h"

#include "ndt7.h"
#include "ndt7_locate.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>

static int read_text(const char *text, struct bw_ndt7_measurement *ret, struct bw_err *err)
{
    size_t n = strlen(text);
    char *copy = malloc(n ? n : 1); /* no NUL behind it */
    int r;
    assert_non_null(copy);
    (void)memcpy(copy, text, n);
    r = bw_ndt7_measurement_read(copy, n, ret, err);
    free(copy);
    return r;
}

static void a_server_s(void **state)
{
    static const char text[] =
        "{\"ConnectionInfo\":{\"Client\":\"[2001:db8::2]:40000\",\"Server\":\"[2001:db8::1]"
        ":443\","
        "\"UUID\":\"ndt-x7k2q_1790000000_00000000000A1B2C\",\"StartTime\":\"2026-11-22T07:"
        "00:00Z\"},"
        "\"BBRInfo\":{\"BW\":11750000,\"MinRTT\":20100,\"PacingGain\":739,\"CwndGain\":739,"
        "\"ElapsedTime\":250123},"
        "\"TCPInfo\":{\"State\":1,\"RTT\":21000,\"MinRTT\":20000,\"BytesAcked\":3000000,"
        "\"BytesReceived\":521,\"BytesSent\":3100000,\"BytesRetrans\":15500,"
        "\"MaxPacingRate\":-1,"
        "\"SndSsThresh\":2147483647,\"Extra\":{\"a\":[1]},\"ElapsedTime\":250150},"
        "\"Origin\":\"server\",\"Test\":\"download\",\"More\":null}";
    struct bw_ndt7_measurement m;
    (void)state;
    assert_int_equal(read_text(text, &m, NULL), 0);
    assert_int_equal(m.origin, BW_NDT7_FROM_SERVER);
    assert_true(m.has_test && m.test == BW_DOWN && m.has_bbr && m.has_tcp && !m.has_app);
    assert_string_equal(m.client, "[2001:db8::2]:40000");
    assert_string_equal(m.server, "[2001:db8::1]:443");
    assert_string_equal(m.uuid, "ndt-x7k2q_1790000000_00000000000A1B2C");
    assert_int_equal(m.bbr.bw, 11750000);
    assert_int_equal(m.bbr.min_rtt_us, 20100);
    assert_int_equal(m.tcp.rtt_us, 21000);
    assert_int_equal(m.tcp.bytes_retrans, 15500);
    assert_int_equal(m.tcp.snd_ssthresh, 2147483647);
    assert_true(m.tcp.max_pacing_rate == BW_UNKNOWN); /* -1: no limit */
    assert_true(m.tcp.pacing_rate == BW_UNKNOWN);
    assert_int_equal(m.tcp.elapsed_us, 250150);
    assert_string_equal(m.receipt, "");
}

static void what_others_write(void **state)
{
    struct bw_ndt7_measurement m;
    (void)state;
    /* a script's clock counts in fractions; a member misspelt; null for what is not there
     */
    assert_int_equal(
        read_text("{\"AppInfo\":{\"ElapsedTime\":1234567.891,\"NumByes\":77},"
                  "\"Origin\":\"client\",\"Test\":\"upload\",\"TCPInfo\":null}",
                  &m, NULL),
        0);
    assert_true(m.has_app && !m.has_tcp && m.has_test && m.test == BW_UP);
    assert_int_equal(m.app.elapsed_us, 1234567);
    assert_int_equal(m.app.num_bytes, 77);
    assert_int_equal(m.origin, BW_NDT7_FROM_CLIENT);
    assert_int_equal(read_text("{\"AppInfo\":{\"NumBytes\":78,\"NumByes\":77}}", &m, NULL),
                     0);
    assert_int_equal(m.app.num_bytes, 78);
    assert_int_equal(read_text("{\"AppInfo\":{\"NumBytes\":1e30}}", &m, NULL), 0);
    assert_true(m.app.num_bytes == BW_UNKNOWN && m.has_app);
    assert_int_equal(
        read_text("{\"AppInfo\":{\"NumBytes\":-0.5,\"ElapsedTime\":null}}", &m, NULL), 0);
    assert_true(m.app.num_bytes == BW_UNKNOWN && m.app.elapsed_us == BW_UNKNOWN);
    assert_int_equal(read_text("{}", &m, NULL), 0);
    assert_true(!m.has_app && !m.has_bbr && !m.has_tcp && !m.has_test);
    /* a text that must not get into a record is left out; the figures stay */
    assert_int_equal(
        read_text("{\"ConnectionInfo\":{\"UUID\":\"a b\"},\"TCPInfo\":{\"RTT\":1}}", &m,
                  NULL),
        0);
    assert_string_equal(m.uuid, "");
    assert_int_equal(m.tcp.rtt_us, 1);
}

static void lies_are_named(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"", "JSON"},
        {"[]", "no object"},
        {"{\"TCPInfo\":", "JSON"},
        {"{\"TCPInfo\":7}", "'TCPInfo' is not an object"},
        {"{\"TCPInfo\":{\"RTT\":\"fast\"}}", "'RTT' is not a number"},
        {"{\"TCPInfo\":{\"RTT\":99999999999999999999}}", "JSON"},
        {"{\"AppInfo\":{\"NumBytes\":true}}", "'NumBytes' is not a number"},
        {"{\"AppInfo\":{\"NumByes\":[]}}", "'NumByes' is not a number"},
        {"{\"ConnectionInfo\":\"x\"}", "'ConnectionInfo' is not an object"},
        {"{\"ConnectionInfo\":{\"UUID\":7}}", "'UUID' is not a text"},
        {"{\"Origin\":7}", "'Origin' is not a text"},
        {"{\"Receipt\":{}}", "'Receipt' is not a text"},
        {"{\"a\":1,\"a\":2}", "JSON"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}", "deeper"},
        {"{\"a\":\"\xff\"}", "JSON"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_ndt7_measurement m;
        struct bw_err err = {""};
        assert_int_equal(read_text(rows[i].text, &m, &err), -BW_EMALFORMED);
        if (!strstr(err.text, rows[i].says)) {
            fail_msg("row %zu: '%s' does not say '%s'", i, err.text, rows[i].says);
        }
    }
}

static void too_long(void **state)
{
    static char text[BW_NDT7_TEXT_MAX + 2];
    struct bw_ndt7_measurement m;
    (void)state;
    (void)memset(text, ' ', sizeof(text));
    text[0] = '{';
    text[BW_NDT7_TEXT_MAX - 1] = '}';
    assert_int_equal(bw_ndt7_measurement_read(text, BW_NDT7_TEXT_MAX, &m, NULL), 0);
    assert_int_equal(bw_ndt7_measurement_read(text, BW_NDT7_TEXT_MAX + 1, &m, NULL),
                     -E2BIG);
}

static void written_is_read(void **state)
{
    struct bw_ndt7_measurement m;
    struct bw_ndt7_measurement got;
    struct bw_buf out;
    int64_t *figures = (int64_t *)(void *)&m.tcp;
    (void)state;
    bw_ndt7_measurement_init(&m);
    m.origin = BW_NDT7_FROM_SERVER;
    m.has_test = true;
    m.test = BW_UP;
    (void)snprintf(m.client, sizeof(m.client), "192.0.2.2:40000");
    (void)snprintf(m.server, sizeof(m.server), "192.0.2.1:443");
    (void)snprintf(m.uuid, sizeof(m.uuid), "oak_1_2");
    m.has_app = m.has_bbr = m.has_tcp = true;
    m.app = (struct bw_ndt7_app){.num_bytes = 1, .elapsed_us = 2};
    m.bbr.bw = 3;
    for (size_t i = 0; i < sizeof(m.tcp) / sizeof(int64_t); i++) { /* all int64_t */
        figures[i] = (int64_t)i + 100;
    }
    (void)memset(m.receipt, 'r', BW_NDT7_RECEIPT_MAX);
    bw_buf_init(&out, BW_NDT7_TEXT_MAX);
    bw_ndt7_measurement_write(&m, &out);
    assert_int_equal(bw_buf_error(&out), 0);
    assert_int_equal(bw_ndt7_measurement_read(out.data, out.len, &got, NULL), 0);
    assert_memory_equal(&got.tcp, &m.tcp, sizeof(m.tcp));
    assert_memory_equal(&got.bbr, &m.bbr, sizeof(m.bbr));
    assert_memory_equal(&got.app, &m.app, sizeof(m.app));
    assert_string_equal(got.client, m.client);
    assert_string_equal(got.server, m.server);
    assert_string_equal(got.uuid, m.uuid);
    assert_string_equal(got.receipt, m.receipt);
    assert_true(got.origin == m.origin && got.test == m.test && got.has_bbr);
    bw_buf_done(&out);
}

static void client_s_message(void **state)
{
    struct bw_ndt7_measurement m;
    struct bw_buf out;
    (void)state;
    bw_ndt7_measurement_init(&m);
    m.origin = BW_NDT7_FROM_CLIENT;
    m.has_test = true;
    m.test = BW_DOWN;
    m.has_app = true;
    m.app = (struct bw_ndt7_app){.num_bytes = 65536, .elapsed_us = 1500};
    bw_buf_init(&out, 1000);
    bw_ndt7_measurement_write(&m, &out);
    assert_string_equal(out.data, "{\"AppInfo\":{\"NumBytes\":65536,\"ElapsedTime\":1500},"
                                  "\"Origin\":\"client\",\"Test\":\"download\"}");
    bw_buf_done(&out);
}

static void the_kernel_s(void **state)
{
    struct tcp_info k;
    struct bw_ndt7_tcp t;
    (void)state;
    (void)memset(&k, 0, sizeof(k));
    k.tcpi_state = 1;
    k.tcpi_snd_wscale = 7;
    k.tcpi_rcv_wscale = 9;
    k.tcpi_delivery_rate_app_limited = 1;
    k.tcpi_rtt = 4000000000U;
    k.tcpi_max_pacing_rate = UINT64_MAX;
    k.tcpi_bytes_retrans = 5000000000ULL;
    k.tcpi_snd_wnd = 65535;
    bw_ndt7_tcp_of_kernel(&k, sizeof(k), 123, &t);
    assert_int_equal(t.state, 1);
    assert_int_equal(t.wscale, 7 | 9 << 4);
    assert_int_equal(t.app_limited, 1);
    assert_int_equal(t.rtt_us, 4000000000);
    assert_true(t.max_pacing_rate == BW_UNKNOWN);
    assert_int_equal(t.bytes_retrans, 5000000000);
    assert_int_equal(t.snd_wnd, 65535);
    assert_int_equal(t.elapsed_us, 123);
    /* an older kernel gives less */
    bw_ndt7_tcp_of_kernel(&k, offsetof(struct tcp_info, tcpi_bytes_sent), 123, &t);
    assert_int_equal(t.rtt_us, 4000000000);
    assert_true(t.bytes_retrans == BW_UNKNOWN && t.snd_wnd == BW_UNKNOWN);
    bw_ndt7_tcp_of_kernel(&k, 0, 0, &t);
    assert_true(t.state == BW_UNKNOWN && t.wscale == BW_UNKNOWN);
}

static void messages_grow(void **state)
{
    int64_t size = BW_NDT7_MESSAGE_FIRST;
    int64_t sent = 0;
    (void)state;
    assert_int_equal(bw_ndt7_next_size(size, 16 * size - 1), size);
    assert_int_equal(bw_ndt7_next_size(size, 16 * size), 2 * size);
    for (int i = 0; i < 1000; i++) {
        sent += size;
        size = bw_ndt7_next_size(size, sent);
        assert_true(size <= BW_NDT7_MESSAGE_SCALED_MAX);
    }
    assert_int_equal(size, BW_NDT7_MESSAGE_SCALED_MAX);
}

/* Metadata ------------------------------------------------------------------------ */

static int
take_apart(const char *text, struct bw_ndt7_parameter *ret, size_t *ret_n, char *buf)
{
    (void)snprintf(buf, BW_NDT7_QUERY_MAX + 2, "%s", text);
    return bw_ndt7_query_read(buf, strlen(buf), ret, ret_n, NULL);
}

static void metadata(void **state)
{
    static char buf[BW_NDT7_QUERY_MAX + 2];
    static const char *const bad[] = {"a",       "a=",    "=b",       "a=b&&c=d", "a=b&",
                                      "a=b&a=c", "a=%4",  "a=%",      "a=%zz",    "a=%ff",
                                      "a=%00",   "%01=b", "a=b&%61=c"};
    struct bw_ndt7_parameter p[BW_NDT7_PARAMETERS_MAX];
    struct bw_buf out;
    size_t n = 0;
    (void)state;
    bw_buf_init(&out, 1000);
    bw_buf_puts(&out, "wss://oak.example/ndt/v7/download");
    bw_ndt7_query_add(&out, "client_name", "bandwitness");
    bw_ndt7_query_add(&out, "note", "a&b=c %\xc3\xa9+");
    assert_string_equal(out.data,
                        "wss://oak.example/ndt/v7/download?client_name=bandwitness"
                        "&note=a%26b%3Dc%20%25%C3%A9%2B");
    assert_int_equal(take_apart(strchr(out.data, '?') + 1, p, &n, buf), 0);
    assert_int_equal(n, 2);
    assert_string_equal(p[0].name, "client_name");
    assert_string_equal(p[0].value, "bandwitness");
    assert_string_equal(p[1].name, "note");
    assert_string_equal(p[1].value, "a&b=c %\xc3\xa9+");
    bw_buf_done(&out);
    assert_int_equal(take_apart("a=b=c", p, &n, buf), 0);
    assert_string_equal(p[0].value, "b=c");
    assert_int_equal(take_apart("", p, &n, buf), 0);
    assert_int_equal(n, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (take_apart(bad[i], p, &n, buf) != -BW_EMALFORMED) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
    (void)memset(buf, 'a', sizeof(buf));
    buf[1] = '=';
    buf[BW_NDT7_QUERY_MAX] = '\0';
    assert_int_equal(bw_ndt7_query_read(buf, BW_NDT7_QUERY_MAX, p, &n, NULL), 0);
    buf[BW_NDT7_QUERY_MAX] = 'a';
    buf[BW_NDT7_QUERY_MAX + 1] = '\0';
    assert_int_equal(bw_ndt7_query_read(buf, BW_NDT7_QUERY_MAX + 1, p, &n, NULL), -E2BIG);
    n = 0;
    for (int i = 0; i < BW_NDT7_PARAMETERS_MAX + 1; i++) {
        n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%sp%d=1", i ? "&" : "", i);
    }
    assert_int_equal(bw_ndt7_query_read(buf, n, p, &n, NULL), -E2BIG);
}

/* Locate -------------------------------------------------------------------------- */

#define SERVER(name)                                                                       \
    "{\"machine\":\"" name "\",\"hostname\":\"ndt-" name                                   \
    "\",\"location\":{\"city\":\"Elmstad\","                                               \
    "\"country\":\"US\"},\"urls\":{\"ws:///ndt/v7/download\":\"ws://" name "/d?t=1\","     \
    "\"wss:///ndt/v7/download\":\"wss://" name                                             \
    "/d?t=1\",\"ws:///ndt/v7/upload\":\"ws://" name "/u?t=1\"}}"

static int locate(const char *text, struct bw_ndt7_located *ret, struct bw_err *err)
{
    return bw_ndt7_locate_read(text, strlen(text), ret, err);
}

static void located(void **state)
{
    static struct bw_ndt7_located l;
    (void)state;
    assert_int_equal(
        locate(
            "{\"results\":[" SERVER("mlab1-elm01.example") "," SERVER("b") "," SERVER(
                "c") "," SERVER("d") "," SERVER("e") "],\"next_request\":{\"nbf\":\"x\"}}",
            &l, NULL),
        0);
    assert_int_equal(l.n, 4);
    assert_string_equal(l.servers[0].machine, "mlab1-elm01.example");
    assert_string_equal(l.servers[0].city, "Elmstad");
    assert_string_equal(l.servers[0].country, "US");
    assert_string_equal(l.servers[0].url[BW_DOWN], "wss://mlab1-elm01.example/d?t=1");
    assert_string_equal(l.servers[0].url[BW_UP], "ws://mlab1-elm01.example/u?t=1");
    assert_string_equal(l.servers[3].machine, "d");
    assert_true(l.status == BW_UNKNOWN);
    assert_int_equal(locate("{\"error\":{\"type\":\"x\",\"title\":\"busy\",\"status\":429,"
                            "\"detail\":\"come back later\"}}",
                            &l, NULL),
                     0);
    assert_int_equal(l.n, 0);
    assert_int_equal(l.status, 429);
    assert_string_equal(l.problem, "come back later");
    assert_int_equal(locate("{\"results\":null,\"error\":{\"title\":\"none\"}}", &l, NULL),
                     0);
    assert_string_equal(l.problem, "none");
    assert_int_equal(locate("{\"results\":[]}", &l, NULL), 0);
    assert_int_equal(l.n, 0);
    /* a server of another service only */
    assert_int_equal(
        locate("{\"results\":[{\"machine\":\"a\",\"urls\":{\"https:///x\":\"y\"}}," SERVER(
                   "b") "]}",
               &l, NULL),
        0);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.servers[0].machine, "b");
}

static void locate_lies(void **state)
{
    static struct bw_ndt7_located l;
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"results\":{}}",
        "{\"results\":[7]}",
        "{\"results\":[{\"urls\":{}}]}",
        "{\"results\":[{\"machine\":\"\",\"urls\":{}}]}",
        "{\"results\":[{\"machine\":\"a\\nb\",\"urls\":{}}]}",
        "{\"results\":[{\"machine\":\"a\"}]}",
        "{\"results\":[{\"machine\":\"a\",\"urls\":{\"wss:///ndt/v7/upload\":7}}]}",
        "{\"results\":[{\"machine\":\"a\",\"urls\":{\"wss:///ndt/v7/upload\":\"https://a/"
        "\"}}]}",
        "{\"results\":[{\"machine\":\"a\",\"urls\":{\"wss:///ndt/v7/upload\":\"wss://a/"
        "\\r\\nX: y\"}}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_err err = {""};
        if (locate(rows[i], &l, &err) != -BW_EMALFORMED || err.text[0] == '\0') {
            fail_msg("row %zu was taken", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_s),      cmocka_unit_test(what_others_write),
        cmocka_unit_test(lies_are_named),  cmocka_unit_test(too_long),
        cmocka_unit_test(written_is_read), cmocka_unit_test(client_s_message),
        cmocka_unit_test(the_kernel_s),    cmocka_unit_test(messages_grow),
        cmocka_unit_test(metadata),        cmocka_unit_test(located),
        cmocka_unit_test(locate_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
