/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tickets.c - who gets a ticket, what it is good for, and what its receipt says; and
 * the words between the collector and its measurement process. */
#include "buf.h"
#include "bw_test.h"
#include "catalogue.h"
#include "clock.h"
#include "hash.h"
#include "jws.h"
#include "measure_words.h"
#include "tickets.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct scene {
    struct bw_clock_fake clock;
    struct bw_key *log_key;
    struct bw_tickets *t;
    char down[BW_TICKET_JWS_MAX + 1]; /* tokens of the last booking */
    char up[BW_TICKET_JWS_MAX + 1];
    char nonce[BW_NONCE_LEN + 1];
    int64_t wait_s;
    struct bw_err err;
};

static const char kid[] = "RNhcNWuH2bE2YFI4fEB2jAMtUDbnIqgFvL1IjkOEaEY";

static void later(struct scene *s, int64_t ms)
{
    s->clock.mono_ns += ms * 1000000;
    s->clock.unix_ns += ms * 1000000;
    bw_clock_fake(&s->clock);
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct bw_err err;
    s->clock.mono_ns = INT64_C(1000000000000);
    s->clock.unix_ns = INT64_C(1789000000) * 1000000000; /* 00:26:40 UTC */
    bw_clock_fake(&s->clock);
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &s->log_key, &err), 0);
    const struct bw_tickets_opts o = {.log_key = s->log_key,
                                      .server = "state-1",
                                      .host = "speed.example.org:8443",
                                      .tls = true,
                                      .tests = 3,
                                      .rate_bps = 1000000000,
                                      .unclaimed_bps = 100000000,
                                      .test_bytes = 5000000,
                                      .site_bytes = 8000000,
                                      .site_tests = 5};
    assert_int_equal(bw_tickets_new(&o, &s->t), 0);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    bw_tickets_free(s->t);
    bw_key_free(s->log_key);
    bw_clock_fake(NULL);
    free(s);
    return 0;
}

static void request_of(struct scene *s, struct bw_ticket_request *q)
{
    uint8_t raw[BW_NONCE_BYTES];
    memset(q, 0, sizeof(*q));
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), q->nonce);
    (void)snprintf(q->aud, sizeof(q->aud), "%s", bw_key_public(s->log_key)->kid);
    (void)snprintf(q->circuit, sizeof(q->circuit), "wan");
    q->at_unix_ms = bw_clock_unix_ms();
    q->kind = BW_TEST_KIND_NDT7;
    q->directions = 3;
}

static void take_token(const json_t *urls, const char *key, char *to)
{
    const char *url = json_string_value(json_object_get(urls, key));
    const char *at = url ? strstr(url, "?access_token=") : NULL;
    (void)snprintf(to, BW_TICKET_JWS_MAX + 1, "%s", at ? at + 14 : "");
}

static int book_as(struct scene *s, const struct bw_tickets_asker *a)
{
    struct bw_buf out;
    bw_buf_init(&out, 8192);
    s->wait_s = 0;
    int r = bw_tickets_book(s->t, a, &out, &s->wait_s, &s->err);
    if (r == 0) {
        json_t *o = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
        json_t *result = json_array_get(json_object_get(o, "results"), 0);
        json_t *urls = json_object_get(result, "urls");
        assert_string_equal(json_string_value(json_object_get(result, "hostname")),
                            "speed.example.org");
        assert_string_equal(json_string_value(json_object_get(o, "nonce")),
                            a->request->nonce);
        take_token(urls, "wss:///ndt/v7/download", s->down);
        take_token(urls, "wss:///ndt/v7/upload", s->up);
        memcpy(s->nonce, a->request->nonce, sizeof(s->nonce));
        json_decref(o);
    }
    bw_buf_done(&out);
    return r;
}

static int book(struct scene *s, const char *site, int64_t claim_bps)
{
    struct bw_ticket_request q;
    request_of(s, &q);
    const struct bw_tickets_asker a = {
        .kid = kid, .site = site, .request = &q, .claim_bps = {claim_bps, BW_UNKNOWN}};
    return book_as(s, &a);
}

static int show(struct scene *s, const char *token, enum bw_direction d, uint64_t number)
{
    int64_t most = 0;
    int status = bw_tickets_begin(s->t, token, "192.0.2.7", BW_TEST_KIND_NDT7, d, number,
                                  &most, &s->err);
    assert_true(status != 200 || most == 5000000);
    return status;
}

static int over(struct scene *s,
                uint64_t number,
                enum bw_direction d,
                int64_t bytes,
                struct bw_receipt *ret)
{
    struct bw_receipt m;
    struct bw_buf jws;
    bw_receipt_init(&m);
    m.kind = BW_TEST_KIND_NDT7;
    (void)snprintf(m.method, sizeof(m.method), "ndt7/wss");
    m.direction = d;
    m.at_unix_ms = bw_clock_unix_ms();
    m.elapsed_us = 10000000;
    m.bytes = bytes;
    m.end = BW_RECEIPT_DONE;
    m.streams = 1;
    m.concurrent = 1;
    bw_buf_init(&jws, 4096);
    int r = bw_tickets_end(s->t, number, &m, &jws, &s->err);
    if (r == 0 && ret) {
        struct bw_jws j;
        struct bw_buf scratch;
        bw_buf_init(&scratch, 4096);
        assert_int_equal(bw_jws_parse(jws.data, jws.len, &scratch, &j, NULL), 0);
        assert_int_equal(bw_jws_verify(&j, bw_key_public(s->log_key)), 0);
        assert_int_equal(bw_receipt_read(jws.data, jws.len, ret, NULL), 0);
        bw_buf_done(&scratch);
    }
    bw_buf_done(&jws);
    return r;
}

/* ---- */

static void test_once(void **state)
{
    struct scene *s = *state;
    struct bw_receipt r;
    assert_int_equal(book(s, "s-aaaaa", 100000000), 0);
    assert_int_equal(show(s, s->up, BW_DOWN, 1), 403); /* for the other direction */
    assert_int_equal(show(s, s->down, BW_DOWN, 1), 200);
    assert_int_equal(show(s, s->down, BW_DOWN, 2), 409);
    assert_int_equal(over(s, 7, BW_DOWN, 1, NULL), -ENOENT);
    assert_int_equal(over(s, 1, BW_UP, 1, NULL), -ENOENT);
    assert_int_equal(over(s, 1, BW_DOWN, 1000, &r), 0);
    assert_string_equal(r.nonce, s->nonce);
    assert_string_equal(r.site, "s-aaaaa");
    assert_string_equal(r.circuit, "wan");
    assert_string_equal(r.kid, kid);
    assert_string_equal(r.server, "state-1");
    assert_int_equal(r.bytes, 1000);
    assert_int_equal(r.egress, BW_EGRESS_UNKNOWN);
    assert_int_equal(over(s, 1, BW_DOWN, 1000, NULL), -ENOENT);
    assert_int_equal(show(s, s->down, BW_DOWN, 3), 409);
    later(s, 60000);
    assert_int_equal(show(s, s->up, BW_UP, 4), 200); /* both: two minutes */
    assert_int_equal(over(s, 4, BW_UP, 1000, NULL), 0);
}

static void test_forged(void **state)
{
    struct scene *s = *state;
    struct bw_key *other = NULL;
    struct bw_buf jws;
    struct bw_jws j;
    struct bw_buf scratch;
    assert_int_equal(book(s, "s-aaaaa", BW_UNKNOWN), 0);
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &other, NULL), 0);
    bw_buf_init(&jws, 4096);
    bw_buf_init(&scratch, 4096);
    assert_int_equal(bw_jws_parse(s->down, strlen(s->down), &scratch, &j, NULL), 0);
    /* the right words under another's key, and the right key under other words */
    assert_int_equal(
        bw_jws_sign(other, BW_TYP_TICKET, j.payload, j.payload_len, &jws, NULL), 0);
    assert_int_equal(show(s, jws.data, BW_DOWN, 1), 401);
    bw_buf_clear(&jws);
    assert_int_equal(
        bw_jws_sign(s->log_key, BW_TYP_TEST, j.payload, j.payload_len, &jws, NULL), 0);
    assert_int_equal(show(s, jws.data, BW_DOWN, 1), 401);
    s->down[strlen(s->down) - 3] ^= 1;
    assert_int_equal(show(s, s->down, BW_DOWN, 1), 401);
    assert_int_equal(show(s, "", BW_DOWN, 1), 401);
    assert_int_equal(show(s, "a.b.c", BW_DOWN, 1), 401);
    bw_buf_done(&jws);
    bw_buf_done(&scratch);
    bw_key_free(other);
}

static void test_expired(void **state)
{
    struct scene *s = *state;
    assert_int_equal(book(s, "s-aaaaa", BW_UNKNOWN), 0);
    later(s, BW_TICKETS_BOTH_MS - 1);
    struct bw_tickets_stats st;
    bw_tickets_stats(s->t, &st);
    assert_int_equal(st.taken, 1);
    later(s, 1);
    bw_tickets_stats(s->t, &st);
    assert_int_equal(st.taken, 0);
    assert_int_equal(show(s, s->down, BW_DOWN, 1), 403);
    assert_non_null(strstr(s->err.text, "expired"));
    /* Its place is free again, and a wall clock that is set back gives it no other life. */
    assert_int_equal(book(s, "s-bbbbb", BW_UNKNOWN), 0);
    later(s, BW_TICKETS_BOTH_MS);
    s->clock.unix_ns -= INT64_C(3600) * 1000000000;
    bw_clock_fake(&s->clock);
    assert_int_equal(show(s, s->down, BW_DOWN, 2), 403);
    assert_non_null(strstr(s->err.text, "expired"));
}

static void test_request(void **state)
{
    struct scene *s = *state;
    struct bw_ticket_request q;
    request_of(s, &q);
    struct bw_tickets_asker a = {.kid = kid,
                                 .site = "s-aaaaa",
                                 .request = &q,
                                 .claim_bps = {BW_UNKNOWN, BW_UNKNOWN}};
    q.at_unix_ms -= BW_TICKETS_SKEW_MS + 1;
    assert_int_equal(book_as(s, &a), -EPERM);
    q.at_unix_ms += 2 * (BW_TICKETS_SKEW_MS + 1);
    assert_int_equal(book_as(s, &a), -EPERM);
    request_of(s, &q);
    q.aud[0] = q.aud[0] == 'A' ? 'B' : 'A';
    assert_int_equal(book_as(s, &a), -EPERM);
    request_of(s, &q);
    assert_int_equal(book_as(s, &a), 0);
    /* The same again, as long as its time would be taken. */
    for (int i = 0; i < 9; i++) {
        int r = book_as(s, &a);
        assert_true(r == -EALREADY || r == -EPERM);
        later(s, 100000);
    }
}

static void test_places(void **state)
{
    struct scene *s = *state;
    char first[BW_TICKET_JWS_MAX + 1];
    assert_int_equal(book(s, "s-aaaaa", 400000000), 0);
    memcpy(first, s->down, sizeof(first));
    assert_int_equal(book(s, "s-bbbbb", 600000001), -EBUSY); /* the rate */
    assert_in_range(s->wait_s, 1, 120);
    assert_int_equal(book(s, "s-bbbbb", 1000000001), -EFBIG);
    assert_int_equal(book(s, "s-bbbbb", 500000000), 0);
    assert_int_equal(book(s, "s-ccccc", BW_UNKNOWN), 0);
    assert_int_equal(book(s, "s-ddddd", BW_UNKNOWN), -EBUSY); /* three */
    /* Who asks again gives back what it has not begun. */
    assert_int_equal(book(s, "s-aaaaa", 400000000), 0);
    assert_int_equal(show(s, first, BW_DOWN, 1), 409);
    assert_int_equal(show(s, s->down, BW_DOWN, 1), 200);
    assert_int_equal(book(s, "s-aaaaa", BW_UNKNOWN), -EBUSY); /* its own test runs */
    later(s, BW_TICKETS_BOTH_MS); /* … longer than its ticket */
    assert_int_equal(book(s, "s-ddddd", 600000000), 0);
    assert_int_equal(book(s, "s-ccccc", BW_UNKNOWN), -EBUSY);
    bw_tickets_lost(s->t);
    assert_int_equal(over(s, 1, BW_DOWN, 1, NULL), -ENOENT);
    assert_int_equal(book(s, "s-ccccc", BW_UNKNOWN), 0);
}

static void test_day(void **state)
{
    struct scene *s = *state;
    for (uint64_t i = 1; i <= 2; i++) {
        assert_int_equal(book(s, "s-aaaaa", BW_UNKNOWN), 0);
        assert_int_equal(show(s, s->down, BW_DOWN, i), 200);
        assert_int_equal(over(s, i, BW_DOWN, 4000000, NULL), 0);
    }
    assert_int_equal(book(s, "s-aaaaa", BW_UNKNOWN), -EDQUOT);
    assert_int_equal(s->wait_s, 86400 - 1600);
    assert_int_equal(book(s, "s-bbbbb", BW_UNKNOWN), 0);
    for (uint64_t i = 10; i < 15; i++) {
        assert_int_equal(book(s, "s-ccccc", BW_UNKNOWN), 0);
        assert_int_equal(show(s, s->down, BW_DOWN, i), 200);
        assert_int_equal(over(s, i, BW_DOWN, 1, NULL), 0);
    }
    assert_int_equal(book(s, "s-ccccc", BW_UNKNOWN), -EDQUOT);
    later(s, s->wait_s * 1000);
    assert_int_equal(book(s, "s-ccccc", BW_UNKNOWN), 0);
    assert_int_equal(book(s, "s-aaaaa", BW_UNKNOWN), 0);
}

static enum bw_egress
egress_from(struct scene *s, const struct bw_prefix *p, size_t n, const char *peer)
{
    struct bw_ticket_request q;
    struct bw_receipt r;
    int64_t most = 0;
    static uint64_t number = 100;
    request_of(s, &q);
    q.directions = 1U << BW_DOWN;
    char site[BW_SITE_MAX + 1];
    (void)snprintf(site, sizeof(site), "s-%c%c%c%c%c", (int)('a' + number % 20), 'e', 'e',
                   'e', 'e');
    const struct bw_tickets_asker a = {.kid = kid,
                                       .site = site,
                                       .request = &q,
                                       .claim_bps = {BW_UNKNOWN, BW_UNKNOWN},
                                       .prefixes = p,
                                       .n_prefixes = n};
    number++;
    assert_int_equal(book_as(s, &a), 0);
    assert_int_equal(bw_tickets_begin(s->t, s->down, peer, BW_TEST_KIND_NDT7, BW_DOWN,
                                      number, &most, &s->err),
                     200);
    assert_int_equal(over(s, number, BW_DOWN, 1, &r), 0);
    return r.egress;
}

static void test_egress(void **state)
{
    struct scene *s = *state;
    struct bw_prefix p[2] = {{.family = 4, .bits = 20}, {.family = 6, .bits = 33}};
    assert_int_equal(inet_pton(AF_INET, "198.51.96.0", p[0].addr), 1);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::", p[1].addr), 1);
    assert_int_equal(egress_from(s, p, 0, "198.51.100.1"), BW_EGRESS_UNKNOWN);
    assert_int_equal(egress_from(s, p, 2, "198.51.100.1"), BW_EGRESS_MATCH);
    assert_int_equal(egress_from(s, p, 2, "198.51.111.255"), BW_EGRESS_MATCH);
    assert_int_equal(egress_from(s, p, 2, "198.51.112.0"), BW_EGRESS_OTHER);
    assert_int_equal(egress_from(s, p, 2, "2001:db8:7fff::1"), BW_EGRESS_MATCH);
    assert_int_equal(egress_from(s, p, 2, "2001:db8:8000::1"), BW_EGRESS_OTHER);
    assert_int_equal(egress_from(s, p, 1, "2001:db8::1"), BW_EGRESS_UNKNOWN);
    assert_int_equal(egress_from(s, p, 2, "nonsense"), BW_EGRESS_UNKNOWN);
    p[0].bits = 0;
    assert_int_equal(egress_from(s, p, 1, "203.0.113.9"), BW_EGRESS_MATCH);
}

/* A circuit with more prefixes than are looked at: who is in none of these may be in one
 * of the others, and nobody says that it left by another line. */
static void test_many_prefixes(void **state)
{
    struct scene *s = *state;
    struct bw_prefix p[BW_TICKETS_PREFIXES_MAX + 1];
    memset(p, 0, sizeof(p));
    for (size_t i = 0; i < BW_TICKETS_PREFIXES_MAX + 1; i++) {
        char text[32];
        p[i].family = 4;
        p[i].bits = 24;
        (void)snprintf(text, sizeof(text), "198.51.%zu.0", i);
        assert_int_equal(inet_pton(AF_INET, text, p[i].addr), 1);
    }
    assert_int_equal(egress_from(s, p, BW_TICKETS_PREFIXES_MAX, "198.51.16.1"),
                     BW_EGRESS_OTHER);
    assert_int_equal(egress_from(s, p, BW_TICKETS_PREFIXES_MAX + 1, "198.51.16.1"),
                     BW_EGRESS_UNKNOWN);
    assert_int_equal(egress_from(s, p, BW_TICKETS_PREFIXES_MAX + 1, "198.51.15.1"),
                     BW_EGRESS_MATCH);
}

/* A test of several connections came by this line only when all of them did. */
static void test_every_connection_counts(void **state)
{
    static const struct {
        const char *peers[3];
        enum bw_egress egress;
    } rows[] = {{{"198.51.100.1", "198.51.100.2", "198.51.100.1"}, BW_EGRESS_MATCH},
                {{"198.51.100.1", "203.0.113.9", "198.51.100.1"}, BW_EGRESS_OTHER},
                {{"203.0.113.9", "198.51.100.1", "2001:db8::1"}, BW_EGRESS_OTHER},
                {{"198.51.100.1", "2001:db8::1", "198.51.100.1"}, BW_EGRESS_UNKNOWN}};
    struct scene *s = *state;
    struct bw_prefix p = {.family = 4, .bits = 24};
    assert_int_equal(inet_pton(AF_INET, "198.51.100.0", p.addr), 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_ticket_request q;
        struct bw_receipt r;
        int64_t most = 0;
        char site[BW_SITE_MAX + 1];
        (void)snprintf(site, sizeof(site), "s-%caaaa", (int)('a' + i));
        request_of(s, &q);
        q.directions = 1U << BW_DOWN;
        const struct bw_tickets_asker a = {.kid = kid,
                                           .site = site,
                                           .request = &q,
                                           .claim_bps = {BW_UNKNOWN, BW_UNKNOWN},
                                           .prefixes = &p,
                                           .n_prefixes = 1};
        assert_int_equal(book_as(s, &a), 0);
        assert_int_equal(bw_tickets_begin(s->t, s->down, rows[i].peers[0],
                                          BW_TEST_KIND_NDT7, BW_DOWN, 50 + i, &most,
                                          &s->err),
                         200);
        bw_tickets_joined(s->t, 49, "203.0.113.9"); /* of another test */
        bw_tickets_joined(s->t, 50 + i, rows[i].peers[1]);
        bw_tickets_joined(s->t, 50 + i, rows[i].peers[2]);
        assert_int_equal(over(s, 50 + i, BW_DOWN, 1, &r), 0);
        assert_int_equal(r.egress, rows[i].egress);
    }
}

static void test_words(void **state)
{
    struct scene *s = *state;
    struct bw_measure_line l = {.what = BW_MEASURE_ASK,
                                .test = 9,
                                .kind = BW_TEST_KIND_HTTP,
                                .direction = BW_UP,
                                .token = "a.b.c",
                                .peer = "2001:db8::1"};
    struct bw_measure_line back;
    struct bw_buf out;
    bw_buf_init(&out, BW_MEASURE_LINE_MAX);
    assert_int_equal(bw_measure_write(&l, &out), 0);
    assert_int_equal(bw_measure_read(out.data, out.len - 1, &back, &s->err), 0);
    assert_int_equal(back.what, BW_MEASURE_ASK);
    assert_int_equal(back.test, 9);
    assert_int_equal(back.direction, BW_UP);
    assert_string_equal(back.peer, "2001:db8::1");
    l.what = BW_MEASURE_JOINED;
    bw_buf_clear(&out);
    assert_int_equal(bw_measure_write(&l, &out), 0);
    assert_int_equal(bw_measure_read(out.data, out.len - 1, &back, &s->err), 0);
    assert_int_equal(back.what, BW_MEASURE_JOINED);
    assert_int_equal(back.test, 9);
    assert_string_equal(back.peer, "2001:db8::1");
    assert_string_equal(back.token, "");
    l = (struct bw_measure_line){.what = BW_MEASURE_JOB,
                                 .server = "state-1",
                                 .n_fds = 1,
                                 .connections = 10,
                                 .cert_pem = (char[]){"CERT\n"},
                                 .key_pem = (char[]){"KEY\n"}};
    bw_buf_clear(&out);
    assert_int_equal(bw_measure_write(&l, &out), 0);
    assert_int_equal(bw_measure_read(out.data, out.len - 1, &back, &s->err), 0);
    assert_string_equal(back.key_pem, "KEY\n");
    bw_measure_line_done(&back);
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"what\":\"x\",\"test\":1}",
        "{\"what\":\"ask\",\"test\":1}",
        "{\"what\":\"joined\",\"test\":1}",
        "{\"what\":\"grant\",\"test\":1,\"status\":20,\"reason\":\"\",\"max_bytes\":0}",
        "{\"what\":\"ended\",\"test\":1,\"measured\":{}}",
        "{\"what\":\"ready\",\"test\":-1}",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(bw_measure_read(wrong[i], strlen(wrong[i]), &back, &s->err),
                         -EBADMSG);
    }
    bw_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expired, setup, teardown),
        cmocka_unit_test_setup_teardown(test_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_day, setup, teardown),
        cmocka_unit_test_setup_teardown(test_egress, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_prefixes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_connection_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words, setup, teardown),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
