/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ws_head.c - the opening handshake: the example of RFC 6455 section 1.3 from both
 * ends, and one change at a time that must be refused. */
#include "bw_test.h"

#include "ws_head.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* RFC 6455 section 1.3, with the protocol that is asked for alone. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define REQUEST_LINE "GET /chat HTTP/1.1\r\n"
#define REQUEST_HOST "Host: server.example.com\r\n"
#define REQUEST_UPGRADE "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define REQUEST_KEY "Sec-WebSocket-Key: " KEY "\r\n"
#define REQUEST_REST "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Version: 13\r\n"
#define STATUS "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPTED "Sec-WebSocket-Accept: " ACCEPT "\r\n"
#define CHAT "Sec-WebSocket-Protocol: chat\r\n"
#define END "\r\n"

static void key_and_accept(void **state)
{
    const uint8_t nonce[BW_WS_NONCE_LEN] = "the sample nonce"; /* fills it, no NUL */
    char key[BW_WS_KEY_LEN + 1];
    char accept[BW_WS_ACCEPT_LEN + 1];
    (void)state;
    bw_ws_key(nonce, key);
    assert_string_equal(key, KEY);
    assert_int_equal(bw_ws_accept((struct bw_ws_text){key, 24}, accept), 0);
    assert_string_equal(accept, ACCEPT);
    assert_int_equal(bw_ws_accept((struct bw_ws_text){KEY, 23}, accept), -BW_EMALFORMED);
    assert_int_equal(
        bw_ws_accept((struct bw_ws_text){"dGhlIHNhbXBsZSBub25jZR==", 24}, accept),
        -BW_EMALFORMED); /* bits that are in no byte */
    assert_int_equal(
        bw_ws_accept((struct bw_ws_text){"dGhlIHNhbXBsZSBub25j-Q==", 24}, accept),
        -BW_EMALFORMED);
}

static void an_answer(void **state)
{
    static const char text[] = STATUS UPGRADE ACCEPTED CHAT END "\x81\x05Hello";
    size_t whole = sizeof(text) - 1 - 7;
    struct bw_ws_head h;
    size_t n;
    (void)state;
    for (size_t cut = 0; cut < whole; cut++) {
        assert_int_equal(bw_ws_answer_read(text, cut, &h, NULL), 0);
    }
    assert_int_equal(bw_ws_answer_read(text, sizeof(text) - 1, &h, NULL), whole);
    assert_int_equal(h.status, 101);
    assert_int_equal(h.n_fields, 4);
    assert_true(bw_ws_text_is(h.reason, "Switching Protocols"));
    assert_true(bw_ws_text_is(bw_ws_field(&h, "SEC-websocket-PROTOCOL", &n), "chat"));
    assert_int_equal(n, 1);
    assert_int_equal(bw_ws_answer_check(&h, KEY, "chat", NULL), 0);
}

static void answers_that_are_refused(void **state)
{
    static const struct {
        const char *text;
        int error;
        const char *says;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n" END, -BW_EREFUSED, "HTTP status 400"},
        {"HTTP/1.1 200\r\n" UPGRADE ACCEPTED CHAT END, -BW_EREFUSED, "HTTP status 200"},
        {STATUS "Connection: Upgrade\r\n" ACCEPTED CHAT END, -BW_EMALFORMED, "upgrades"},
        {STATUS "Upgrade: websocket\r\n" ACCEPTED CHAT END, -BW_EMALFORMED, "upgrades"},
        {STATUS UPGRADE CHAT END, -BW_EMALFORMED, "accept value"},
        {STATUS UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n" CHAT END,
         -BW_EMALFORMED, "accept value"},
        {STATUS UPGRADE ACCEPTED ACCEPTED CHAT END, -BW_EMALFORMED, "accept value"},
        {STATUS UPGRADE ACCEPTED END, -BW_EMALFORMED, "no subprotocol"},
        {STATUS UPGRADE ACCEPTED "Sec-WebSocket-Protocol: Chat\r\n" END, -BW_EMALFORMED,
         "another subprotocol: Chat"},
        {STATUS UPGRADE ACCEPTED CHAT CHAT END, -BW_EMALFORMED, "another subprotocol"},
        {STATUS UPGRADE ACCEPTED CHAT "Sec-WebSocket-Extensions: x\r\n" END, -BW_EMALFORMED,
         "extension"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_ws_head h;
        struct bw_err err = {""};
        size_t n = strlen(rows[i].text);
        assert_int_equal(bw_ws_answer_read(rows[i].text, n, &h, &err), n);
        assert_int_equal(bw_ws_answer_check(&h, KEY, "chat", &err), rows[i].error);
        if (!strstr(err.text, rows[i].says)) {
            fail_msg("row %zu: '%s' does not say '%s'", i, err.text, rows[i].says);
        }
    }
}

static void heads_that_are_broken(void **state)
{
    static const char *const rows[] = {
        "220 mail.example ESMTP\r\n",
        "HTTP/1.0 101 Switching\r\n\r\n",
        "HTTP/1.1\r\n",
        "HTTP/1.1 1x1 X\r\n",
        "HTTP/1.1 099 X\r\n",
        "HTTP/1.1 600 X\r\n",
        "HTTP/1.1 1010 X\r\n",
        "HTTP/1.1 101\tX\r\n",
        "HTTP/1.1 101 X\n",
        "\r\n",
        STATUS "A: b\n\r\n",
        STATUS "A: b\r\n c\r\n",
        STATUS "A : b\r\n",
        STATUS ": b\r\n",
        STATUS "A b\r\n",
        STATUS "A: b\001\r\n",
        STATUS "A: b\rc\r\n",
        STATUS "\xc3\xa9: b\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_ws_head h;
        if (bw_ws_answer_read(rows[i], strlen(rows[i]), &h, NULL) != -BW_EMALFORMED) {
            fail_msg("row %zu was not refused", i);
        }
    }
}

static void heads_have_limits(void **state)
{
    static char text[BW_WS_HEAD_MAX + 1];
    struct bw_ws_head h;
    size_t n = (size_t)snprintf(text, sizeof(text), STATUS);
    (void)state;
    for (int i = 0; i < BW_WS_FIELDS_MAX; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "A%d: b\r\n", i);
    }
    assert_int_equal(bw_ws_answer_read(text, n, &h, NULL), 0);
    n += (size_t)snprintf(text + n, sizeof(text) - n, "B: c\r\n");
    assert_int_equal(bw_ws_answer_read(text, n, &h, NULL), -E2BIG);
    (void)memset(text, 'a', sizeof(text));
    (void)memcpy(text, STATUS "A: ", sizeof(STATUS "A: ") - 1);
    assert_int_equal(bw_ws_answer_read(text, BW_WS_HEAD_MAX - 1, &h, NULL), 0);
    assert_int_equal(bw_ws_answer_read(text, BW_WS_HEAD_MAX, &h, NULL), -E2BIG);
    /* one that ends within the limit is fine, one byte more is not */
    (void)memcpy(text + BW_WS_HEAD_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(bw_ws_answer_read(text, BW_WS_HEAD_MAX, &h, NULL), BW_WS_HEAD_MAX);
    text[BW_WS_HEAD_MAX - 4] = 'a';
    (void)memcpy(text + BW_WS_HEAD_MAX - 3, "\r\n\r\n", 4);
    assert_int_equal(bw_ws_answer_read(text, BW_WS_HEAD_MAX + 1, &h, NULL), -E2BIG);
}

static void a_request(void **state)
{
    static const char text[] =
        REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY REQUEST_REST END;
    char accept[BW_WS_ACCEPT_LEN + 1];
    struct bw_ws_head h;
    int status = 0;
    (void)state;
    assert_int_equal(bw_ws_request_read(text, sizeof(text) - 1, &h, NULL),
                     sizeof(text) - 1);
    assert_true(bw_ws_text_is(h.method, "GET") && bw_ws_text_is(h.target, "/chat"));
    assert_int_equal(bw_ws_request_check(&h, "chat", accept, &status, NULL), 0);
    assert_string_equal(accept, ACCEPT);
}

static void requests_that_are_refused(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"POST /chat HTTP/1.1\r\n" REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY REQUEST_REST
             END,
         405},
        {REQUEST_LINE REQUEST_UPGRADE REQUEST_KEY REQUEST_REST END, 400},
        {REQUEST_LINE REQUEST_HOST REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY REQUEST_REST
             END,
         400},
        {REQUEST_LINE REQUEST_HOST REQUEST_KEY REQUEST_REST END, 400},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_REST END, 400},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY REQUEST_KEY REQUEST_REST END,
         400},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY REQUEST_REST
         "Content-Length: 5\r\n" END,
         400},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY REQUEST_REST
         "Transfer-Encoding: chunked\r\n" END,
         400},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY
         "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Version: 8\r\n" END,
         426},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY
         "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n" END,
         400},
        {REQUEST_LINE REQUEST_HOST REQUEST_UPGRADE REQUEST_KEY
         "Sec-WebSocket-Version: 13\r\n" END,
         400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char accept[BW_WS_ACCEPT_LEN + 1];
        struct bw_ws_head h;
        int status = 0;
        size_t n = strlen(rows[i].text);
        assert_int_equal(bw_ws_request_read(rows[i].text, n, &h, NULL), n);
        assert_int_equal(bw_ws_request_check(&h, "chat", accept, &status, NULL),
                         -BW_EREFUSED);
        assert_int_equal(status, rows[i].status);
    }
}

static void request_lines_that_are_broken(void **state)
{
    static const char *const rows[] = {
        "\x16\x03\x01\x02", /* a TLS greeting */
        "GET  HTTP/1.1\r\n",      "GET /a b HTTP/1.1\r\n", "GET /\r\n",
        "GET / HTTP/1.0\r\n",     "GET / HTTP/1.1 \r\n",   "G(T / HTTP/1.1\r\n",
        "GET /\x7f HTTP/1.1\r\n", " GET / HTTP/1.1\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_ws_head h;
        if (bw_ws_request_read(rows[i], strlen(rows[i]), &h, NULL) != -BW_EMALFORMED) {
            fail_msg("row %zu was not refused", i);
        }
    }
}

static void lists(void **state)
{
    static const char text[] =
        STATUS "L: one,TWO\t, three\r\nl: ,four\r\nM:\r\nLL: five\r\n" END;
    struct bw_ws_head h;
    size_t n;
    (void)state;
    assert_true(bw_ws_answer_read(text, sizeof(text) - 1, &h, NULL) > 0);
    assert_true(bw_ws_field_has(&h, "L", "one") && bw_ws_field_has(&h, "L", "two"));
    assert_true(bw_ws_field_has(&h, "l", "three") && bw_ws_field_has(&h, "L", "FOUR"));
    assert_false(bw_ws_field_has(&h, "L", "five") || bw_ws_field_has(&h, "L", "thr"));
    assert_false(bw_ws_field_has(&h, "M", "one"));
    assert_true(bw_ws_text_is(bw_ws_field(&h, "l", &n), "one,TWO\t, three"));
    assert_int_equal(n, 2);
    assert_int_equal(bw_ws_field(&h, "absent", &n).n, 0);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_and_accept),
        cmocka_unit_test(an_answer),
        cmocka_unit_test(answers_that_are_refused),
        cmocka_unit_test(heads_that_are_broken),
        cmocka_unit_test(heads_have_limits),
        cmocka_unit_test(a_request),
        cmocka_unit_test(requests_that_are_refused),
        cmocka_unit_test(request_lines_that_are_broken),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
