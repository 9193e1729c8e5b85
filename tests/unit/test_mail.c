/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_mail.c - mails byte by byte, names that try to become headers, and addresses that
 * are no other machine's. */
#include "bw_test.h"

#include "mail.h"
#include "post.h"

#include <arpa/inet.h>
#include <buf.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static struct bw_mail usual(void)
{
    struct bw_mail m = {.from = "bandwitness@alder.example",
                        .from_name = "Alder State",
                        .to = "noc@alder.example",
                        .subject = "Oak School is silent",
                        .text = "Since 10:05.\nGraph: https://alder.example/x\n",
                        .html = "<p>Since 10:05.</p>\n",
                        .message_id = "<one@alder.example>",
                        .references = "",
                        .list_id = "alerts.alder.example",
                        .list_name = "Alder State",
                        .date_unix_s = 1790000000};
    return m;
}

static char *made(const struct bw_mail *m)
{
    struct bw_buf b;

    bw_buf_init(&b, 262144);
    assert_int_equal(bw_mail_write(m, &b, NULL), 0);
    return bw_buf_take(&b, NULL);
}

static void by_hand(void **state)
{
    struct bw_mail m = usual();
    char *text = made(&m);

    (void)state;
    assert_non_null(text);
    /* 1790000000 is 2026-09-21 14:13:20 UTC, a Monday. */
    assert_memory_equal(text,
                        "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
                        "From: Alder State\r\n <bandwitness@alder.example>\r\n"
                        "To: <noc@alder.example>\r\n"
                        "Subject: Oak School is silent\r\n"
                        "Message-ID: <one@alder.example>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "X-Auto-Response-Suppress: All\r\n"
                        "List-Id: Alder State\r\n <alerts.alder.example>\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: multipart/alternative;\r\n boundary=\"=_",
                        357);
    /* "Since 10:05.\r\nGraph: https://alder.example/x\r\n" */
    assert_non_null(strstr(
        text, "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: base64\r\n\r\n"
              "U2luY2UgMTA6MDUuDQpHcmFwaDogaHR0cHM6Ly9hbGRlci5leGFtcGxlL3gNCg==\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nPHA+U2luY2UgMTA6MDUuPC9wPg0K\r\n--=_"));
    free(text);
    m.references = "<zero@alder.example>";
    text = made(&m);
    assert_non_null(strstr(text, "\r\nIn-Reply-To: <zero@alder.example>\r\n"
                                 "References: <zero@alder.example>\r\n"));
    free(text);
}

/* Nothing that people write begins a line of its own, and lines are short. */
static void check_form(const char *text)
{
    size_t line = 0;

    for (const char *p = text; *p; p++) {
        if (*p == '\n') {
            assert_true(p > text && p[-1] == '\r');
            assert_true(line <= 79); /* with its CR */
            line = 0;
        } else {
            assert_true(*p != '\r' || p[1] == '\n');
            assert_true((*p >= ' ' && *p <= '~') || *p == '\r');
            line++;
        }
    }
}

static void hostile(void **state)
{
    static const char *const names[] = {
        "Oak\r\nBcc: all@heron.example",
        "Oak\nBcc: all@heron.example",
        "Oak\rBcc: all@heron.example",
        "\xe2\x80\xae"
        "live\"<evil@heron.example>, Oak",
        "=?UTF-8?B?QmNjOg==?=",
        "\xff\xfe broken \xc3",
        "Ecole \xc3\x89rable \xf0\x9f\x8c\xb3 \xe2\x80\x93 a name that is much longer than "
        "a line of a "
        "header may be, and goes on, \xd7\xa2\xd7\xa5 and on and on and on and on and on "
        "and on",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct bw_mail m = usual();
        m.subject = names[i];
        m.from_name = names[i];
        m.list_name = names[i];
        m.text = names[i];
        m.html = names[i];
        char *text = made(&m);
        assert_non_null(text);
        assert_null(strstr(text, "\nBcc:"));
        assert_null(strstr(text, "evil@"));
        assert_null(strstr(text, "QmNjOg==?=\r\nMessage"));
        check_form(text);
        free(text);
    }
    struct bw_mail m = usual();
    m.subject = "B\xc3\xb6schung";
    char *text = made(&m);
    assert_non_null(strstr(text, "\r\nSubject: =?UTF-8?B?QsO2c2NodW5n?=\r\n"));
    free(text);
}

static void files(void **state)
{
    static const char *const bad[] = {"",          "a b.pdf",      "a/b.pdf", "a\"b.pdf",
                                      "a\r\nX: y", "\xc3\xa9.pdf", "a;b"};
    static const unsigned char bytes[] = {0, 255, 10, 13, 0};
    struct bw_mail_file one = {.name = "s-4f9k2.wan-pia.pdf",
                               .type = "application/pdf",
                               .data = bytes,
                               .n = sizeof(bytes)};
    struct bw_mail m = usual();
    struct bw_buf b;
    char *text;
    const char *at;

    (void)state;
    m.files = &one;
    m.n_files = 1;
    text = made(&m);
    assert_non_null(text);
    check_form(text);
    /* RFC 2046 section 5.1: the outer kind first, within it the two texts, then the file */
    at = strstr(text, "Content-Type: multipart/mixed;\r\n boundary=\"=-");
    assert_non_null(at);
    at = strstr(at, "\r\n\r\n--=-");
    assert_non_null(at);
    at = strstr(at, "Content-Type: multipart/alternative;\r\n boundary=\"=_");
    assert_non_null(at);
    at = strstr(at, "--\r\n--=-");
    assert_non_null(at);
    assert_non_null(strstr(at,
                           "Content-Type: application/pdf\r\n"
                           "Content-Disposition: attachment;\r\n"
                           " filename=\"s-4f9k2.wan-pia.pdf\"\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\nAP8KDQA=\r\n--=-"));
    free(text);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        one.name = bad[i];
        bw_buf_init(&b, 262144);
        assert_int_equal(bw_mail_write(&m, &b, NULL), -EINVAL);
        bw_buf_done(&b);
    }
}

static void addresses(void **state)
{
    static const char *const good[] = {"a@b", "noc+e.rate@alder.example",
                                       "x'y@a-b.example"};
    static const char *const bad[] = {"",          "@b",
                                      "a@",        "a",
                                      "a b@c",     "a@b c",
                                      ".a@b",      "a.@b",
                                      "a..b@c",    "a@b..c",
                                      "a@-b",      "a@b>",
                                      "<a@b",      "a@b\r\nRCPT TO:<c@d>",
                                      "a,b@c",     "\"a b\"@c",
                                      "a@b@c",     "\xc3\xb6@b",
                                      "a@\xc3\xb6"};
    struct bw_mail m = usual();
    struct bw_buf b;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(bw_mail_address_fits(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(bw_mail_address_fits(bad[i]));
    }
    bw_buf_init(&b, 4096);
    m.to = "a@b\r\nBcc: c@d";
    assert_int_equal(bw_mail_write(&m, &b, NULL), -EINVAL);
    m = usual();
    m.message_id = "<a\r\nb@c>";
    assert_int_equal(bw_mail_write(&m, &b, NULL), -EINVAL);
    m = usual();
    m.list_id = "a\r\nb";
    assert_int_equal(bw_mail_write(&m, &b, NULL), -EINVAL);
    bw_buf_done(&b);
}

static void ids(void **state)
{
    char id[BW_MAIL_ID_MAX + 1];

    (void)state;
    bw_mail_id("7/opened/noc@alder.example", "alder.example", id);
    assert_string_equal(id, "<XephJ2nRYih1aBpzOZJfLXBaBA-kuFFNm8P-T3y1DOg@alder.example>");
}

static bool fits(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        return bw_post_address_fits((const struct sockaddr *)&in);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return bw_post_address_fits((const struct sockaddr *)&in6);
}

static void other_machines(void **state)
{
    static const char *const yes[] = {
        "192.0.2.1",   "10.1.2.3",       "172.16.0.1",       "192.168.7.7",
        "2001:db8::1", "fd00::1",        "::ffff:192.0.2.1", "64:ff9b::192.0.2.1",
        "169.253.0.1", "223.255.255.254"};
    static const char *const no[] = {"127.0.0.1",
                                     "127.255.255.255",
                                     "0.0.0.0",
                                     "0.1.2.3",
                                     "169.254.169.254",
                                     "224.0.0.1",
                                     "255.255.255.255",
                                     "::1",
                                     "::",
                                     "::7f00:1",
                                     "fe80::1",
                                     "febf::1",
                                     "fec0::1",
                                     "ff02::1",
                                     "::ffff:127.0.0.1",
                                     "::ffff:169.254.169.254",
                                     "64:ff9b::127.0.0.1",
                                     "2002:7f00:1::1",
                                     "2002:a9fe:a9fe::"};
    struct sockaddr other = {.sa_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_true(fits(yes[i]));
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        assert_false(fits(no[i]));
    }
    assert_false(bw_post_address_fits(&other));
}

static void signatures(void **state)
{
    char text[96];

    (void)state;
    /* Python: hmac.new(b"lantern", b'1790000000.{"a":1}', "sha256").hexdigest() */
    bw_post_signature("lantern", 1790000000, "{\"a\":1}", 7, text);
    assert_string_equal(
        text,
        "t=1790000000,v1=fe634433dffed4c4bd7bd4ab90c976fa6f43a5c7bc9e193994a2ee192def4157");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),    cmocka_unit_test(hostile),
        cmocka_unit_test(files),      cmocka_unit_test(addresses),
        cmocka_unit_test(ids),        cmocka_unit_test(other_machines),
        cmocka_unit_test(signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
