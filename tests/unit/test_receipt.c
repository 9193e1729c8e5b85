/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_receipt.c - receipts and tickets: the golden vector, what is refused, and what a
 * record is held against. */
#include "buf.h"
#include "bw_test.h"
#include "file.h"
#include "hash.h"
#include "jws.h"
#include "receipt.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VECTORS BW_SOURCE_DIR "/docs/vectors/"

static void read_text(const char *path, struct bw_buf *out)
{
    struct bw_err err = {.text = ""};
    bw_buf_init(out, 65536);
    if (bw_file_read(path, 65536, out, &err) < 0) {
        fail_msg("%s", err.text);
    }
    while (out->len > 0 && out->data[out->len - 1] == '\n') {
        out->data[--out->len] = '\0';
    }
}

static void golden(struct bw_receipt *r)
{
    bw_receipt_init(r);
    (void)snprintf(r->nonce, sizeof(r->nonce), "AAECAwQFBgcICQoLDA0ODw");
    (void)snprintf(r->kid, sizeof(r->kid), "RNhcNWuH2bE2YFI4fEB2jAMtUDbnIqgFvL1IjkOEaEY");
    (void)snprintf(r->site, sizeof(r->site), "s-4f9k2");
    (void)snprintf(r->circuit, sizeof(r->circuit), "wan");
    r->kind = BW_TEST_KIND_NDT7;
    (void)snprintf(r->method, sizeof(r->method), "ndt7/wss");
    (void)snprintf(r->server, sizeof(r->server), "state-1");
    r->direction = BW_DOWN;
    r->at_unix_ms = 1789000312000;
    r->elapsed_us = 10000312;
    r->bytes = 1170000000;
    for (int i = 0; i < 10; i++) {
        r->per_s[r->n_per_s++] = 117000000;
    }
    r->end = BW_RECEIPT_DONE;
    r->streams = 1;
    (void)snprintf(r->tcp.cc, sizeof(r->tcp.cc), "bbr");
    r->tcp.mss = 1448;
    r->tcp.rtt_us = 21034;
    r->tcp.min_rtt_us = 20007;
    r->tcp.sent_bytes = 1183000000;
    r->tcp.acked_bytes = 1179000000;
    r->tcp.received_bytes = 4211;
    r->tcp.retransmit_ppm = 120;
    r->tcp.rwnd_limited_ppm = 0;
    r->tcp.sndbuf_limited_ppm = 310;
    r->tcp.app_limited_ppm = 0;
    r->cpu_ppm = 214000;
    r->concurrent = 1;
    r->egress = BW_EGRESS_MATCH;
}

/* ---- bytes */

static void test_vector(void **state)
{
    (void)state;
    struct bw_buf json;
    struct bw_buf jose;
    struct bw_buf out;
    struct bw_receipt r;
    struct bw_receipt back;
    struct bw_key *key = NULL;
    struct bw_jws j;
    struct bw_buf scratch;
    struct bw_err err = {.text = ""};
    struct bw_buf jwk;
    read_text(VECTORS "eddsa-2.jwk", &jwk);
    assert_int_equal(bw_key_parse(jwk.data, jwk.len, &key, &err), 0);
    golden(&r);
    bw_buf_init(&out, 4096);
    assert_int_equal(bw_receipt_encode(&r, &out, &err), 0);
    read_text(VECTORS "receipt/full.json", &json);
    assert_string_equal(out.data, json.data);
    assert_int_equal(bw_receipt_decode(json.data, json.len, &back, &err), 0);
    bw_buf_clear(&out);
    assert_int_equal(bw_jws_sign(key, BW_TYP_TEST, json.data, json.len, &out, &err), 0);
    read_text(VECTORS "receipt/full.jose", &jose);
    assert_string_equal(out.data, jose.data);
    assert_true(out.len <= BW_RECEIPT_JWS_MAX);
    assert_int_equal(bw_receipt_read(jose.data, jose.len, &back, &err), 0);
    assert_int_equal(back.egress, BW_EGRESS_MATCH);
    assert_int_equal(back.n_per_s, 10);
    assert_int_equal(back.tcp.min_rtt_us, 20007);
    bw_buf_init(&scratch, 4096);
    assert_int_equal(bw_jws_parse(jose.data, jose.len, &scratch, &j, &err), 0);
    assert_int_equal(bw_jws_verify(&j, bw_key_public(key)), 0);
    bw_buf_done(&scratch);
    bw_buf_done(&jwk);
    bw_buf_done(&json);
    bw_buf_done(&jose);
    bw_buf_done(&out);
    bw_key_free(key);
}

/* The largest there can be still fits a record's member. */
static void test_largest(void **state)
{
    (void)state;
    struct bw_receipt r;
    struct bw_buf out;
    struct bw_buf jws;
    struct bw_key *key = NULL;
    struct bw_err err = {.text = ""};
    golden(&r);
    memset(r.site + 2, 'z', BW_SITE_MAX - 2);
    memset(r.circuit, 'c', BW_NAME_MAX);
    memset(r.server, 's', BW_NAME_MAX);
    (void)snprintf(r.tcp.cc, sizeof(r.tcp.cc), "%s", "a-long-name.yes");
    r.at_unix_ms = INT64_C(253402300799999);
    r.elapsed_us = INT64_C(3600000000);
    r.bytes = INT64_C(99999999999999);
    r.n_per_s = BW_RECEIPT_SECONDS_MAX;
    for (size_t i = 0; i < BW_RECEIPT_SECONDS_MAX; i++) {
        r.per_s[i] = INT64_C(12500000000); /* 100 Gbit/s */
    }
    r.streams = BW_RECEIPT_STREAMS_MAX;
    r.tcp.mss = 65535;
    r.tcp.rtt_us = r.tcp.min_rtt_us = INT64_C(3600000000);
    r.tcp.sent_bytes = r.tcp.acked_bytes = r.tcp.received_bytes = r.bytes;
    r.tcp.retransmit_ppm = r.tcp.rwnd_limited_ppm = r.tcp.sndbuf_limited_ppm = 1000000;
    r.tcp.app_limited_ppm = 1000000;
    r.cpu_ppm = 64000000;
    r.concurrent = 99999;
    r.egress = BW_EGRESS_UNKNOWN;
    bw_buf_init(&out, 4096);
    bw_buf_init(&jws, 4096);
    assert_int_equal(bw_receipt_encode(&r, &out, &err), 0);
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &key, &err), 0);
    assert_int_equal(bw_jws_sign(key, BW_TYP_TEST, out.data, out.len, &jws, &err), 0);
    assert_true(jws.len <= BW_RECEIPT_JWS_MAX);
    assert_int_equal(bw_receipt_read(jws.data, jws.len, &r, &err), 0);
    bw_key_free(key);
    bw_buf_done(&out);
    bw_buf_done(&jws);
}

static int decode_changed(const char *from, const char *to, struct bw_err *err)
{
    struct bw_receipt r;
    struct bw_buf out;
    char changed[4096];
    golden(&r);
    bw_buf_init(&out, 4096);
    assert_int_equal(bw_receipt_encode(&r, &out, err), 0);
    char *at = strstr(out.data, from);
    assert_non_null(at);
    (void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - out.data), out.data, to,
                   at + strlen(from));
    int e = bw_receipt_decode(changed, strlen(changed), &r, err);
    bw_buf_done(&out);
    return e;
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"\"v\":1", "\"v\":2", "v"},
        {"\"nonce\":\"AAECAwQFBgcICQoLDA0ODw\"", "\"nonce\":\"AAECAwQFBgcICQoLDA0ODx\"",
         "nonce"},
        {"\"site\":\"s-4f9k2\"", "\"site\":\"s-0\"", "site"},
        {"\"kind\":\"ndt7\"", "\"kind\":\"icmp\"", "kind"},
        {"\"method\":\"ndt7/wss\"", "\"method\":\"ndt7\"", "method"},
        {"\"bytes\":1170000000", "\"bytes\":-1", "bytes"},
        {"\"bytes\":1170000000,", "", "bytes"},
        {"\"elapsed_us\":10000312", "\"elapsed_us\":0", "elapsed_us"},
        {"\"per_s\":[117000000,", "\"per_s\":[1.5,", "per_s"},
        {"\"end\":\"done\"", "\"end\":\"well\"", "end"},
        {"\"streams\":1", "\"streams\":1025", "streams"},
        {"\"cc\":\"bbr\"", "\"cc\":\"B R\"", "cc"},
        {"\"rtt_us\":21034", "\"rtt_us\":\"x\"", "rtt_us"},
        {"\"egress\":\"match\"", "\"egress\":\"192.0.2.1\"", "egress"},
        {"\"egress\":\"match\"}", "\"egress\":\"match\",\"x\":1}", "canonical"},
        {"{\"v\":1", "{ \"v\":1", "canonical"},
        {"\"streams\":1,\"tcp\"", "\"streams\":1,\"streams\":1,\"tcp\"", "streams"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_err err = {.text = ""};
        assert_int_equal(decode_changed(rows[i][0], rows[i][1], &err), -BW_EMALFORMED);
        if (!strstr(err.text, rows[i][2])) {
            fail_msg("%s: %s", rows[i][1], err.text);
        }
    }
}

static void test_ticket(void **state)
{
    (void)state;
    struct bw_ticket_request q = {
        .at_unix_ms = 1789000312000, .kind = BW_TEST_KIND_HTTP, .directions = 3};
    struct bw_ticket_request q2;
    struct bw_ticket t = {.kind = BW_TEST_KIND_NDT7,
                          .direction = BW_UP,
                          .max_bytes = 1000,
                          .expires_unix_ms = 1789000312000};
    struct bw_ticket t2;
    struct bw_receipt r;
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    golden(&r);
    memcpy(q.aud, r.kid, sizeof(q.aud));
    memcpy(q.nonce, r.nonce, sizeof(q.nonce));
    memcpy(q.circuit, r.circuit, sizeof(q.circuit));
    bw_buf_init(&out, 2048);
    assert_int_equal(bw_ticket_request_encode(&q, &out, &err), 0);
    assert_int_equal(bw_ticket_request_decode(out.data, out.len, &q2, &err), 0);
    assert_memory_equal(&q, &q2, sizeof(q));
    assert_int_equal(bw_ticket_request_decode(out.data, out.len - 1, &q2, &err),
                     -BW_EMALFORMED);
    q.directions = 0;
    bw_buf_clear(&out);
    assert_int_equal(bw_ticket_request_encode(&q, &out, &err), -EINVAL);

    memcpy(t.kid, r.kid, sizeof(t.kid));
    memcpy(t.nonce, r.nonce, sizeof(t.nonce));
    memcpy(t.site, r.site, sizeof(t.site));
    memcpy(t.circuit, r.circuit, sizeof(t.circuit));
    memcpy(t.server, r.server, sizeof(t.server));
    bw_buf_clear(&out);
    assert_int_equal(bw_ticket_encode(&t, &out, &err), 0);
    assert_int_equal(bw_ticket_decode(out.data, out.len, &t2, &err), 0);
    assert_string_equal(t.site, t2.site);
    assert_int_equal(t2.direction, BW_UP);
    /* a request is no ticket, and the other way round */
    assert_int_equal(bw_ticket_request_decode(out.data, out.len, &q2, &err),
                     -BW_EMALFORMED);
    bw_buf_done(&out);
}

static int read_for(const struct bw_buf *jws,
                    const char *ticket,
                    enum bw_test_kind kind,
                    enum bw_direction direction)
{
    struct bw_receipt r;
    return bw_receipt_read_for(jws->data, jws->len, ticket, kind, direction, &r, NULL);
}

/* A receipt counts for the test that had the right to it. */
static void test_of_a_ticket(void **state)
{
    (void)state;
    static const char ticket[] = "{\"results\":[],\"nonce\":\"AAECAwQFBgcICQoLDA0ODw\"}";
    static const char *const others[] = {
        NULL,
        "",
        "a.b.c",
        "[]",
        "{\"results\":[]}",
        "{\"nonce\":1}",
        "{\"nonce\":\"\"}",
        "{\"nonce\":\"AQECAwQFBgcICQoLDA0ODw\"}",
    };
    struct bw_buf jws;
    read_text(VECTORS "receipt/full.jose", &jws);
    assert_int_equal(read_for(&jws, ticket, BW_TEST_KIND_NDT7, BW_DOWN), 0);
    assert_int_equal(read_for(&jws, ticket, BW_TEST_KIND_NDT7, BW_UP), -BW_EREFUSED);
    assert_int_equal(read_for(&jws, ticket, BW_TEST_KIND_HTTP, BW_DOWN), -BW_EREFUSED);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(read_for(&jws, others[i], BW_TEST_KIND_NDT7, BW_DOWN),
                         -BW_EREFUSED);
    }
    jws.len--;
    assert_int_equal(read_for(&jws, ticket, BW_TEST_KIND_NDT7, BW_DOWN), -BW_EMALFORMED);
    bw_buf_done(&jws);
}

/* ---- against a record */

static void
run_of(const struct bw_receipt *r, struct bw_summary *s, struct bw_throughput *t)
{
    memset(s, 0, sizeof(*s));
    memset(t, 0, sizeof(*t));
    memcpy(s->site, r->site, sizeof(s->site));
    s->clock.known = true;
    s->clock.synced = true;
    s->clock.step_us = BW_UNKNOWN;
    memcpy(t->circuit, r->circuit, sizeof(t->circuit));
    (void)snprintf(t->kind, sizeof(t->kind), "ndt7");
    t->direction = r->direction;
    t->egress = r->egress;
    t->state = BW_TEST_OK;
    t->at_unix_ms = r->at_unix_ms + 20;
    t->duration_ms = 10000;
    t->bytes = r->bytes;
    t->goodput_bps = BW_UNKNOWN;
}

static void test_compare(void **state)
{
    (void)state;
    struct bw_receipt r;
    struct bw_summary s;
    struct bw_throughput t;
    struct bw_err err;
    golden(&r);
    run_of(&r, &s, &t);
#define IS(fault) assert_int_equal(bw_receipt_compare(&r, &s, &t, r.kid, &err), fault)
    IS(BW_RECEIPT_FINE);
    assert_int_equal(
        bw_receipt_compare(&r, &s, &t, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", &err),
        BW_RECEIPT_WRONG_KEY);
    s.site[3]++;
    IS(BW_RECEIPT_WRONG_KEY);
    s.site[3]--;
    t.direction = BW_UP;
    IS(BW_RECEIPT_WRONG_RUN);
    t.direction = BW_DOWN;
    t.egress = BW_EGRESS_UNKNOWN;
    IS(BW_RECEIPT_WRONG_RUN);
    t.egress = BW_EGRESS_MATCH;
    t.circuit[0] = 'x';
    IS(BW_RECEIPT_WRONG_RUN);
    t.circuit[0] = 'w';
    t.at_unix_ms += 9000;
    IS(BW_RECEIPT_FINE);
    t.at_unix_ms += 2000;
    IS(BW_RECEIPT_WRONG_WINDOW);
    s.clock.synced = false;
    IS(BW_RECEIPT_FINE);
    t.at_unix_ms -= 400000;
    IS(BW_RECEIPT_WRONG_WINDOW);
    t.state = BW_TEST_FAILED; /* nothing is claimed of it */
    IS(BW_RECEIPT_FINE);
}

static void test_compare_bytes(void **state)
{
    (void)state;
    struct bw_receipt r;
    struct bw_summary s;
    struct bw_throughput t;
    struct bw_err err;
    golden(&r);
    run_of(&r, &s, &t);
    t.bytes = r.bytes * 104 / 100;
    IS(BW_RECEIPT_WRONG_BYTES);
    t.bytes = r.bytes * 80 / 100 - 20000000; /* under 9 of the 10 seconds, less 2 % */
    IS(BW_RECEIPT_WRONG_BYTES);
    t.bytes = r.bytes * 90 / 100;
    IS(BW_RECEIPT_FINE);
    /* A window of five seconds in it cannot hold the bytes of ten. */
    t.duration_ms = 5000;
    t.bytes = r.bytes;
    IS(BW_RECEIPT_WRONG_BYTES);
    t.bytes = r.bytes / 2;
    IS(BW_RECEIPT_FINE);
    /* A slow second at the beginning is no reason for a fast window to be wrong. */
    r.per_s[0] = 1000;
    r.bytes -= 116999000;
    t.at_unix_ms += 4000;
    IS(BW_RECEIPT_FINE);
    r.n_per_s = 0; /* not told: no more than all */
    t.bytes = r.bytes * 104 / 100;
    IS(BW_RECEIPT_WRONG_BYTES);
    t.bytes = 1;
    IS(BW_RECEIPT_FINE);
}

/* Beside true bytes stands the rate that they make, and no other. */
static void test_compare_rate(void **state)
{
    (void)state;
    struct bw_receipt r;
    struct bw_summary s;
    struct bw_throughput t;
    struct bw_err err;
    golden(&r);
    run_of(&r, &s, &t);
    t.goodput_bps = r.bytes * 8 / 10;
    IS(BW_RECEIPT_FINE);
    t.goodput_bps = (int64_t)((double)r.bytes * 8e9 / 10000999999.0); /* 10,000 ms, cut */
    IS(BW_RECEIPT_FINE);
    t.goodput_bps = r.bytes * 8;
    IS(BW_RECEIPT_WRONG_BYTES);
    assert_non_null(strstr(err.text, "bit/s"));
    t.goodput_bps = r.bytes * 8 / 10 / 1000 * 1002;
    IS(BW_RECEIPT_WRONG_BYTES);
    t.goodput_bps = r.bytes * 8 / 10 / 1000 * 998;
    IS(BW_RECEIPT_WRONG_BYTES);
    t.goodput_bps = 0;
    IS(BW_RECEIPT_WRONG_BYTES);
    t.state = BW_TEST_FAILED; /* nothing is claimed of it */
    IS(BW_RECEIPT_FINE);
    /* Nothing moved, and that is said. */
    run_of(&r, &s, &t);
    r.n_per_s = 0;
    t.bytes = 0;
    t.goodput_bps = 0;
    IS(BW_RECEIPT_FINE);
    t.goodput_bps = 2;
    IS(BW_RECEIPT_WRONG_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),       cmocka_unit_test(test_largest),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_ticket),
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_compare_bytes),
        cmocka_unit_test(test_compare_rate), cmocka_unit_test(test_of_a_ticket),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
