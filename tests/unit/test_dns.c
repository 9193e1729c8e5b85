/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_dns.c - the DNS codec on messages written out by hand: what we ask, what is an
 * answer to it, what is not, and that every name ends. */
#include "bw_test.h"

#include "dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* www.example.org, A */
#define QUESTION                                                                           \
    3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 0, 1, 0, 1
#define HEAD(flags_high, flags_low, qd, an, ns, ar)                                        \
    0xab, 0xcd, (flags_high), (flags_low), 0, (qd), 0, (an), 0, (ns), 0, (ar)

static struct bw_dns_question question_of(const char *name, uint16_t type)
{
    struct bw_dns_question q = {.type = type, .klass = BW_DNS_IN};
    assert_int_equal(bw_dns_name_parse(name, &q.name), 0);
    return q;
}

static void names_as_written(void **state)
{
    static const struct {
        const char *in;
        const char *out; /* NULL: refused */
        int len;
    } cases[] = {
        {".", ".", 1},
        {"org", "org", 5},
        {"www.Example.org", "www.Example.org", 17},
        {"www.example.org.", "www.example.org", 17},
        {"a\\.b.c", "a\\.b.c", 7},
        {"a\\\\b.c", "a\\\\b.c", 7},
        {"\\000\\032\\255.x", "\\000\\032\\255.x", 7},
        {"\\097.x", "a.x", 5},
        {"_dns.resolver.arpa", "_dns.resolver.arpa", 20},
        {"", NULL, 0},
        {"..", NULL, 0},
        {".org", NULL, 0},
        {"a..b", NULL, 0},
        {"a b", NULL, 0},
        {"a\tb", NULL, 0},
        {"m\xc3\xbcnchen.de", NULL, 0},
        {"a\\", NULL, 0},
        {"a\\25", NULL, 0},
        {"a\\256", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_dns_name name;
        char text[BW_DNS_TEXT_MAX];
        int r = bw_dns_name_parse(cases[i].in, &name);
        if (!cases[i].out) {
            assert_int_equal(r, -EINVAL);
            continue;
        }
        assert_int_equal(r, 0);
        assert_int_equal(name.len, cases[i].len);
        assert_int_equal(name.bytes[name.len - 1], 0);
        bw_dns_name_format(&name, text);
        assert_string_equal(text, cases[i].out);
    }
}

/* n bytes in labels of 63 */
static void long_name(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        text[i] = i % 64 == 63 ? '.' : 'a';
    }
    text[n] = '\0';
}

static void names_at_their_limit(void **state)
{
    struct bw_dns_name name;
    char text[BW_DNS_TEXT_MAX];
    char label[70];
    char escaped[4 * 253 + 1] = "";
    (void)state;
    long_name(label, 63);
    assert_int_equal(bw_dns_name_parse(label, &name), 0);
    (void)memset(label, 'a', 64);
    label[64] = '\0';
    assert_int_equal(bw_dns_name_parse(label, &name), -EINVAL);
    long_name(text, 253); /* 253 characters and no more */
    assert_int_equal(bw_dns_name_parse(text, &name), 0);
    assert_int_equal(name.len, 255);
    long_name(text, 254);
    assert_int_equal(bw_dns_name_parse(text, &name), -EINVAL);
    for (size_t i = 0, at = 0; i < 253; i++) { /* the longest text there is */
        at += (size_t)snprintf(escaped + at, sizeof(escaped) - at, "%s",
                               i % 64 == 63 ? "." : "\\007");
    }
    assert_int_equal(bw_dns_name_parse(escaped, &name), 0);
    bw_dns_name_format(&name, text);
    assert_string_equal(text, escaped);
}

static void a_query_as_bytes(void **state)
{
    static const uint8_t plain[] = {HEAD(1, 0, 1, 0, 0, 0), QUESTION};
    static const uint8_t edns[] = {
        HEAD(1, 0, 1, 0, 0, 1), QUESTION, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
    struct bw_dns_question q = question_of("www.example.org", BW_DNS_A);
    struct bw_dns_msg m;
    uint8_t buf[BW_DNS_QUERY_MAX];
    (void)state;
    assert_int_equal(bw_dns_build(buf, sizeof(buf), 0xabcd, &q, 0), sizeof(plain));
    assert_memory_equal(buf, plain, sizeof(plain));
    assert_int_equal(bw_dns_build(buf, sizeof(buf), 0xabcd, &q, BW_DNS_UDP_BYTES),
                     sizeof(edns));
    assert_memory_equal(buf, edns, sizeof(edns));
    assert_int_equal(bw_dns_build(buf, sizeof(edns) - 1, 0xabcd, &q, BW_DNS_UDP_BYTES), 0);
    assert_int_equal(bw_dns_parse(edns, sizeof(edns), &m), 0);
    assert_false(m.response);
    assert_true(m.edns);
    assert_int_equal(m.edns_udp_bytes, 1232);
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_NO_RESPONSE);
}

static void an_answer_through_aliases(void **state)
{
    static const uint8_t answer[] = {
        HEAD(0x81, 0x80, 1, 4, 0, 1), QUESTION,
        /* www.example.org CNAME cdn.example.org, both compressed */
        0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 0x2c, 0, 6, 3, 'c', 'd', 'n', 0xc0, 16,
        /* cdn.example.org A twice, the name by a pointer into the alias's data */
        0xc0, 45, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1, 0xc0, 45, 0, 1, 0, 1, 0, 0,
        0, 60, 0, 4, 192, 0, 2, 2,
        /* another name's address */
        1, 'x', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 9,
        /* EDNS: BADVERS' upper bits would be 1; here 0, version 0, 4096 bytes */
        0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0};
    struct bw_dns_question q = question_of("WWW.example.ORG", BW_DNS_A);
    struct bw_dns_question other = question_of("www.example.net", BW_DNS_A);
    struct bw_dns_address found[4];
    struct bw_dns_walk w;
    struct bw_dns_record rr;
    struct bw_dns_msg m;
    char text[BW_DNS_TEXT_MAX];
    int n = 0;
    (void)state;
    assert_int_equal(bw_dns_parse(answer, sizeof(answer), &m), 0);
    assert_true(m.response && m.recursion_available && !m.truncated && m.edns);
    assert_int_equal(m.rcode, BW_DNS_NOERROR);
    assert_int_equal(m.edns_udp_bytes, 4096);
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_MATCH);
    assert_int_equal(bw_dns_match(&m, 0xabce, &q), BW_DNS_OTHER_ID);
    assert_int_equal(bw_dns_match(&m, 0xabcd, &other), BW_DNS_OTHER_QUESTION);
    q.type = BW_DNS_AAAA;
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_OTHER_QUESTION);
    q.type = BW_DNS_A;
    q.klass = 3;
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_OTHER_QUESTION);
    bw_dns_walk_init(&w, &m);
    while (bw_dns_walk_next(&w, &rr) == 1) {
        bw_dns_name_format(&rr.name, text);
        if (n == 1) {
            assert_string_equal(text, "cdn.example.org");
            assert_int_equal(rr.ttl_s, 60);
        }
        assert_int_equal(rr.section, n == 4 ? BW_DNS_ADDITIONAL : BW_DNS_ANSWER);
        n++;
    }
    assert_int_equal(n, 5);
    assert_int_equal(bw_dns_addresses(&m, 4, found, 4), 2);
    assert_memory_equal(found[0].bytes, ((const uint8_t[]){192, 0, 2, 1}), 4);
    assert_memory_equal(found[1].bytes, ((const uint8_t[]){192, 0, 2, 2}), 4);
    assert_int_equal(bw_dns_addresses(&m, 4, found, 1), 1);
    assert_int_equal(bw_dns_addresses(&m, 6, found, 4), 0);
    for (size_t cut = 0; cut < sizeof(answer); cut++) {
        assert_int_equal(bw_dns_parse(answer, cut, &m), -EBADMSG);
    }
}

static void ipv6_and_lengths_that_lie(void **state)
{
    static const uint8_t six[] = {HEAD(0x81, 0x80, 1, 2, 0, 0), QUESTION,
                                  /* an AAAA of 4 bytes is none */
                                  0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1,
                                  0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1, 0x0d,
                                  0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    struct bw_dns_address found[4];
    struct bw_dns_msg m;
    (void)state;
    assert_int_equal(bw_dns_parse(six, sizeof(six), &m), 0);
    assert_int_equal(bw_dns_addresses(&m, 6, found, 4), 1);
    assert_int_equal(found[0].bytes[15], 1);
}

static void aliases_in_a_circle(void **state)
{
    static const uint8_t circle[] = {HEAD(0x81, 0x80, 1, 2, 0, 0),
                                     QUESTION,
                                     0xc0,
                                     12,
                                     0,
                                     5,
                                     0,
                                     1,
                                     0,
                                     0,
                                     0,
                                     60,
                                     0,
                                     4,
                                     1,
                                     'x',
                                     0xc0,
                                     16,
                                     0xc0,
                                     45,
                                     0,
                                     5,
                                     0,
                                     1,
                                     0,
                                     0,
                                     0,
                                     60,
                                     0,
                                     2,
                                     0xc0,
                                     12};
    struct bw_dns_address found[4];
    struct bw_dns_msg m;
    (void)state;
    assert_int_equal(bw_dns_parse(circle, sizeof(circle), &m), 0);
    assert_int_equal(bw_dns_addresses(&m, 4, found, 4), 0);
}

static void compression_that_never_ends(void **state)
{
    static const uint8_t itself[] = {HEAD(0x81, 0x80, 1, 0, 0, 0), 0xc0, 12, 0, 1, 0, 1};
    static const uint8_t forward[] = {
        HEAD(0x81, 0x80, 1, 0, 0, 0), 0xc0, 18, 0, 1, 0, 1, 1, 'x', 0};
    static const uint8_t circle[] = {
        HEAD(0x81, 0x80, 1, 0, 0, 0), 1, 'a', 0xc0, 12, 0, 1, 0, 1};
    static const uint8_t reserved[] = {
        HEAD(0x81, 0x80, 1, 0, 0, 0), 0x41, 'a', 0, 0, 1, 0, 1};
    static const uint8_t half[] = {HEAD(0x81, 0x80, 1, 0, 0, 0), 0xc0};
    static const struct {
        const uint8_t *p;
        size_t n;
    } cases[] = {{itself, sizeof(itself)},
                 {forward, sizeof(forward)},
                 {circle, sizeof(circle)},
                 {reserved, sizeof(reserved)},
                 {half, sizeof(half)}};
    struct bw_dns_msg m;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(bw_dns_parse(cases[i].p, cases[i].n, &m), -EBADMSG);
    }
}

/* Five labels of 63 bytes, each going on at the one before it by a pointer: the third has
 * a name of 3 * 64 + 1 bytes, the fifth one that is too long. */
static void a_name_longer_than_any(void **state)
{
    uint8_t p[BW_DNS_HEADER + 5 * 66] = {0};
    struct bw_dns_msg m = {.bytes = p, .len = sizeof(p), .n_answers = 1};
    struct bw_dns_walk w;
    struct bw_dns_record rr;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        uint8_t *at = p + BW_DNS_HEADER + i * 66;
        at[0] = 63;
        (void)memset(at + 1, 'a', 63);
        if (i > 0) {
            at[64] = (uint8_t)(0xc0 | (BW_DNS_HEADER + (i - 1) * 66) >> 8);
            at[65] = (uint8_t)(BW_DNS_HEADER + (i - 1) * 66);
        }
    }
    m.records_at = BW_DNS_HEADER + 2 * 66;
    bw_dns_walk_init(&w, &m);
    assert_int_equal(bw_dns_walk_next(&w, &rr),
                     -EBADMSG);                /* a record's rest is garbage … */
    assert_int_equal(rr.name.len, 3 * 64 + 1); /* … but its name is good */
    m.records_at = BW_DNS_HEADER + 3 * 66;
    rr.name.len = 0;
    bw_dns_walk_init(&w, &m);
    assert_int_equal(bw_dns_walk_next(&w, &rr), -EBADMSG);
    assert_int_equal(rr.name.len, 0);
}

/* Pointers that lead to nothing but the pointer before them: a message of 64 KiB could have
 * thousands of names of thousands each. */
static void pointers_to_pointers(void **state)
{
    uint8_t p[BW_DNS_HEADER + 1 + 2 * 200] = {0};
    struct bw_dns_msg m = {.bytes = p, .len = sizeof(p), .n_answers = 1};
    struct bw_dns_walk w;
    struct bw_dns_record rr;
    (void)state;
    for (size_t i = 0; i < 200; i++) { /* the first one to the root's empty label */
        size_t at = BW_DNS_HEADER + 1 + 2 * i;
        size_t to = i == 0 ? BW_DNS_HEADER : at - 2;
        p[at] = (uint8_t)(0xc0 | to >> 8);
        p[at + 1] = (uint8_t)to;
    }
    m.records_at = BW_DNS_HEADER + 1 + 2 * 126; /* the 127th */
    bw_dns_walk_init(&w, &m);
    rr.name.len = 0;
    (void)bw_dns_walk_next(&w, &rr);
    assert_int_equal(rr.name.len, 1);
    m.records_at += 2;
    bw_dns_walk_init(&w, &m);
    rr.name.len = 0;
    assert_int_equal(bw_dns_walk_next(&w, &rr), -EBADMSG);
    assert_int_equal(rr.name.len, 0);
}

static void truncated_is_told_not_used(void **state)
{
    static const uint8_t cut[] = {HEAD(0x83, 0x80, 1, 2, 0, 0),
                                  QUESTION,
                                  0xc0,
                                  12,
                                  0,
                                  1,
                                  0,
                                  1,
                                  0,
                                  0,
                                  0,
                                  60,
                                  0,
                                  4,
                                  192,
                                  0,
                                  2,
                                  1,
                                  0xc0,
                                  12,
                                  0,
                                  1};
    struct bw_dns_question q = question_of("www.example.org", BW_DNS_A);
    struct bw_dns_address found[4];
    struct bw_dns_msg m;
    (void)state;
    assert_int_equal(bw_dns_parse(cut, sizeof(cut), &m), 0);
    assert_true(m.truncated);
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_MATCH);
    assert_int_equal(bw_dns_addresses(&m, 4, found, 4), 0);
}

static void response_codes(void **state)
{
    static const uint8_t extended[] = {
        HEAD(0x81, 0x80, 1, 0, 0, 1), QUESTION, 0, 0, 41, 4, 0xd0, 1, 0, 0, 0, 0, 0};
    static const uint8_t bare[] = {HEAD(0x80, 0x81, 0, 0, 0, 0)};
    static const uint8_t bare_servfail[] = {HEAD(0x80, 0x82, 0, 0, 0, 0)};
    struct bw_dns_question q = question_of("www.example.org", BW_DNS_A);
    struct bw_dns_msg m;
    char word[BW_DNS_WORD_MAX];
    (void)state;
    assert_int_equal(bw_dns_parse(extended, sizeof(extended), &m), 0);
    assert_int_equal(m.rcode, 16);
    assert_string_equal(bw_dns_rcode_word(m.rcode, word), "badvers");
    assert_string_equal(bw_dns_rcode_word(0, word), "noerror");
    assert_string_equal(bw_dns_rcode_word(3, word), "nxdomain");
    assert_string_equal(bw_dns_rcode_word(11, word), "rcode-11");
    assert_string_equal(bw_dns_rcode_word(4095, word), "rcode-4095");
    assert_int_equal(bw_dns_parse(bare, sizeof(bare), &m), 0);
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_MATCH); /* formerr, no question */
    assert_int_equal(bw_dns_parse(bare_servfail, sizeof(bare_servfail), &m), 0);
    assert_int_equal(bw_dns_match(&m, 0xabcd, &q), BW_DNS_OTHER_QUESTION);
}

static void edns_once_and_in_its_place(void **state)
{
    static const uint8_t twice[] = {HEAD(0x81, 0x80, 1, 0, 0, 2),
                                    QUESTION,
                                    0,
                                    0,
                                    41,
                                    4,
                                    0xd0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    41,
                                    4,
                                    0xd0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0};
    static const uint8_t answer[] = {
        HEAD(0x81, 0x80, 1, 1, 0, 0), QUESTION, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0};
    static const uint8_t named[] = {
        HEAD(0x81, 0x80, 1, 0, 0, 1), QUESTION, 0xc0, 12, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0};
    struct bw_dns_msg m;
    (void)state;
    assert_int_equal(bw_dns_parse(twice, sizeof(twice), &m), -EBADMSG);
    assert_int_equal(bw_dns_parse(answer, sizeof(answer), &m), -EBADMSG);
    assert_int_equal(bw_dns_parse(named, sizeof(named), &m), -EBADMSG);
}

static void types_by_word(void **state)
{
    (void)state;
    assert_int_equal(bw_dns_type_of("A"), BW_DNS_A);
    assert_int_equal(bw_dns_type_of("AAAA"), BW_DNS_AAAA);
    assert_int_equal(bw_dns_type_of("CAA"), 257);
    assert_int_equal(bw_dns_type_of("HTTPS"), 65);
    assert_int_equal(bw_dns_type_of("a"), 0);
    for (size_t i = 0; bw_dns_type_words[i]; i++) {
        assert_int_not_equal(bw_dns_type_of(bw_dns_type_words[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_as_written),
        cmocka_unit_test(names_at_their_limit),
        cmocka_unit_test(a_query_as_bytes),
        cmocka_unit_test(an_answer_through_aliases),
        cmocka_unit_test(ipv6_and_lengths_that_lie),
        cmocka_unit_test(aliases_in_a_circle),
        cmocka_unit_test(compression_that_never_ends),
        cmocka_unit_test(a_name_longer_than_any),
        cmocka_unit_test(pointers_to_pointers),
        cmocka_unit_test(truncated_is_told_not_used),
        cmocka_unit_test(response_codes),
        cmocka_unit_test(edns_once_and_in_its_place),
        cmocka_unit_test(types_by_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
