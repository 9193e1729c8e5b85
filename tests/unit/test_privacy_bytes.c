/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_privacy_bytes.c - what is found in bytes, where, and what chance is told apart. */
#include "bw_test.h"
#include "bytes.h"
#include "record.h"

#include <arpa/inet.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <hash.h>
#include <jws.h>
#include <stdio.h>
#include <string.h>

static struct bw_seen *seen;
static struct bw_excepted excepted;
static struct bw_privacy_report report;

static const uint8_t pupil4[4] = {10, 7, 13, 9};
static const uint8_t web4[4] = {198, 51, 100, 7};
static const uint8_t pupil6[16] = {0x20, 1, 0xd,  0xb8, 0,    7, 0, 0,
                                   2,    0, 0x5e, 0xff, 0xfe, 1, 2, 3};
static const uint8_t mac[6] = {2, 0, 0x5e, 0x10, 0xaa, 0x0b};

static int set_up(void **state)
{
    (void)state;
    memset(&report, 0, sizeof(report));
    seen = bw_seen_new();
    return !seen || bw_seen_add(seen, BW_SHAPE_V4, pupil4) < 0 ||
           bw_seen_add(seen, BW_SHAPE_V4, web4) < 0 ||
           bw_seen_add(seen, BW_SHAPE_V6, pupil6) < 0 ||
           bw_seen_add(seen, BW_SHAPE_MAC, mac) < 0 ||
           bw_seen_add_name(seen, "pupil.example", 13) < 0 ||
           bw_excepted_add(&excepted, "https://collector.example:8443/ and 192.0.2.1", 45,
                           "collector url", "box.conf:3") < 0;
}

static int tear_down(void **state)
{
    (void)state;
    bw_seen_free(seen);
    bw_excepted_done(&excepted);
    bw_report_done(&report);
    return 0;
}

static struct bw_search search(void)
{
    return (struct bw_search){.seen = seen,
                              .excepted = &excepted,
                              .report = &report,
                              .where = "",
                              .n_told = SIZE_MAX};
}

static void look(const void *bytes, size_t n, enum bw_bytes_kind kind)
{
    struct bw_search s = search();
    bw_report_done(&report);
    bw_search_bytes(&s, bytes, n, kind);
    bw_search_judge(seen, &report);
}

static void expect(size_t n, enum bw_found_why why, const char *text, int64_t offset)
{
    assert_int_equal(report.n_found, n);
    assert_int_equal(report.found[0].why, why);
    assert_string_equal(report.found[0].text, text);
    assert_int_equal(report.found[0].offset, offset);
}

static void text_among_bytes_is_found(void **state)
{
    static const char spoilt[] = "\1\2\0\377 up 10.7.13.9 \0\3";
    (void)state;
    look(spoilt, sizeof(spoilt), BW_BYTES_TABLE);
    expect(1, BW_FOUND_SEEN, "10.7.13.9", 8);
    look("to 192.0.2.1 or 203.0.113.77", 28, BW_BYTES_TABLE); /* the first is configured */
    expect(1, BW_FOUND_SHAPE, "203.0.113.77", 16);
    look("asked for PUPIL.example.", 24, BW_BYTES_TABLE);
    expect(1, BW_FOUND_SEEN, "PUPIL.example", 10);
}

static void text_within_base64_is_found_wherever_it_begins(void **state)
{
    static const char inner[] = "{\"reason\":\"no way to 10.7.13.9\"}";
    (void)state;
    for (size_t cut = 0; cut < 4; cut++) {
        char text[200] = "";
        size_t n = bw_b64_encode(inner, sizeof(inner) - 1, text);
        look(text + cut, n - cut, BW_BYTES_TABLE);
        assert_int_equal(report.n_found, 1);
        assert_string_equal(report.found[0].text, "10.7.13.9");
        assert_in_range(report.found[0].offset, 24, 28);
    }
}

static void bare_bytes_alone_count_where_nothing_has_structure(void **state)
{
    uint8_t b[64];
    (void)state;
    memset(b, 0xee, sizeof(b));
    memcpy(b + 20, pupil4, 4);
    look(b, sizeof(b), BW_BYTES_LOOSE);
    expect(1, BW_FOUND_BYTES, "10.7.13.9", 20);
    look(b, sizeof(b), BW_BYTES_TABLE);
    assert_int_equal(report.n_found, 0);
    assert_int_equal(report.chance[BW_CHANCE_IN_TABLES].hits, 1);
    for (size_t i = 0; i < 4; i++) { /* by an integer of the machine */
        b[20 + i] = pupil4[3 - i];
    }
    look(b, sizeof(b), BW_BYTES_LOOSE);
    expect(1, BW_FOUND_BYTES, "10.7.13.9", 20);
}

static void two_side_by_side_count_everywhere(void **state)
{
    uint8_t b[64];
    (void)state;
    for (size_t gap = 0; gap < 20; gap++) {
        memset(b, 0xee, sizeof(b));
        memcpy(b + 20, pupil4, 4);
        memcpy(b + 24 + gap, web4, 4);
        look(b, sizeof(b), BW_BYTES_TABLE);
        assert_int_equal(report.n_found, gap <= 12 ? 2 : 0);
    }
    memset(b, 0xee, sizeof(b)); /* the same one twice is what a table's marks look like */
    memcpy(b + 20, pupil4, 4);
    memcpy(b + 28, pupil4, 4);
    look(b, sizeof(b), BW_BYTES_TABLE);
    assert_int_equal(report.n_found, 0);
}

static void long_addresses_count_everywhere(void **state)
{
    uint8_t b[64];
    (void)state;
    memset(b, 0xee, sizeof(b));
    memcpy(b + 3, mac, 6);
    memcpy(b + 40, pupil6, 16);
    look(b, sizeof(b), BW_BYTES_TABLE);
    assert_int_equal(report.n_found, 2);
    assert_string_equal(report.found[0].text, "02:00:5e:10:aa:0b");
    assert_string_equal(report.found[1].text, "2001:db8:7:0:200:5eff:fe01:203");
    assert_int_equal(report.found[1].offset, 40);
}

/* The same random bytes every time (splitmix64). */
static void fill(uint64_t seed, void *out, size_t n)
{
    uint8_t *b = out;
    for (size_t i = 0; i < n; i++) {
        uint64_t z = seed + (i / 8 + 1) * 0x9e3779b97f4a7c15U;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
        z = (z ^ z >> 27) * 0x94d049bb133111ebU;
        b[i] = (uint8_t)((z ^ z >> 31) >> i % 8 * 8);
    }
}

static size_t found_as_bytes(void)
{
    size_t n = 0;
    for (size_t i = 0; i < report.n_found; i++) {
        n += report.found[i].why == BW_FOUND_BYTES;
    }
    return n;
}

enum {
    NOISE = 8 * 1024 * 1024
};

/* 3,000 addresses that nobody wrote into 8 MB: some are hit, and none is a finding. */
static void chance_is_no_finding(void **state)
{
    uint8_t *b = malloc(NOISE);
    uint8_t addresses[3000][4];
    (void)state;
    assert_non_null(b);
    fill(1, b, NOISE);
    fill(2, addresses, sizeof(addresses));
    for (size_t i = 0; i < 3000; i++) {
        (void)bw_seen_add(seen, BW_SHAPE_V4, addresses[i]);
    }
    look(b, NOISE, BW_BYTES_LOOSE);
    assert_int_equal(found_as_bytes(), 0);
    assert_int_equal(report.found_beyond, 0);
    assert_true(report.chance[BW_CHANCE_ALONE].hits > 0);
    assert_true(report.chance[BW_CHANCE_ALONE].expected > 5);
    assert_int_equal(bw_report_not_judged(&report), report.chance[BW_CHANCE_ALONE].hits);
    free(b);
}

/* 300 that somebody did: chance makes one or two. */
static void more_than_chance_makes_is_a_finding(void **state)
{
    uint8_t *b = malloc(NOISE);
    (void)state;
    assert_non_null(b);
    fill(3, b, NOISE);
    for (size_t i = 0; i < 300; i++) {
        (void)bw_seen_add(seen, BW_SHAPE_V4, b + 40000 + 20000 * i);
    }
    look(b, NOISE, BW_BYTES_LOOSE);
    assert_true(report.chance[BW_CHANCE_ALONE].expected > 0.5);
    assert_true(found_as_bytes() >= 200);
    assert_int_equal(bw_report_not_judged(&report), 0);
    free(b);
}

static void told(enum bw_found_why why, enum bw_chance_of chance, size_t times)
{
    const struct bw_found f = {.why = why, .text = "10.7.13.9", .chance = chance};
    for (size_t i = 0; i < times; i++) {
        bw_report_found(&report, &f);
    }
}

/* A table of connections among 2,000 given addresses; as many hits as chance makes. */
static void each_sort_is_judged_by_itself(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint8_t v4[4] = {10, 7, (uint8_t)(20 + i % 200), (uint8_t)(1 + i / 200)};
        const uint8_t hw[6] = {2, 0, 0x5e, 0x11, (uint8_t)(i / 200), (uint8_t)(i % 200)};
        assert_int_equal(bw_seen_add(seen, BW_SHAPE_V4, v4), 0);
        assert_int_equal(bw_seen_add(seen, BW_SHAPE_MAC, hw), 0);
    }
    report.chance[BW_CHANCE_BESIDE].places = 2000000000;
    report.chance[BW_CHANCE_BESIDE].hits = 50000;
    report.chance[BW_CHANCE_MAC].places = 2000000000;
    report.chance[BW_CHANCE_MAC].hits = 2;
    report.chance[BW_CHANCE_V6].places = 2000000000;
    report.chance[BW_CHANCE_V6].hits = 1;
    report.chance[BW_CHANCE_NUMBER].places = 100000;
    report.chance[BW_CHANCE_NUMBER].hits = 50;
    told(BW_FOUND_BYTES, BW_CHANCE_BESIDE, 1);
    told(BW_FOUND_BYTES, BW_CHANCE_MAC, 2);
    told(BW_FOUND_BYTES, BW_CHANCE_V6, 1);
    told(BW_FOUND_BYTES, BW_CHANCE_NUMBER, 50);
    bw_search_judge(seen, &report);
    assert_true(report.chance[BW_CHANCE_BESIDE].expected > BW_CHANCE_MAX);
    assert_true(report.chance[BW_CHANCE_MAC].expected > BW_CHANCE_MAX);
    assert_true(report.chance[BW_CHANCE_NUMBER].expected > BW_CHANCE_MAX);
    assert_int_equal(report.n_found, 2);
    assert_int_equal(report.found[0].chance, BW_CHANCE_BESIDE);
    assert_int_equal(report.found[1].chance, BW_CHANCE_V6);
    assert_int_equal(bw_report_not_judged(&report), 52);
}

/* However many hits chance makes, what stands there as text is listed. */
static void what_chance_makes_hides_nothing(void **state)
{
    (void)state;
    report.chance[BW_CHANCE_ALONE].places = 400000000000; /* some 370 by chance */
    report.chance[BW_CHANCE_ALONE].hits = 1500;
    told(BW_FOUND_BYTES, BW_CHANCE_ALONE, 1500);
    told(BW_FOUND_BYTES, BW_CHANCE_V6, 1);
    told(BW_FOUND_SEEN, BW_CHANCES, 1);
    bw_search_judge(seen, &report);
    assert_int_equal(report.n_found, 2);
    assert_int_equal(report.found[0].chance, BW_CHANCE_V6);
    assert_int_equal(report.found[1].why, BW_FOUND_SEEN);
    assert_int_equal(report.found_beyond, 0);

    bw_report_done(&report); /* the same ones where chance makes none */
    told(BW_FOUND_BYTES, BW_CHANCE_ALONE, 1500);
    told(BW_FOUND_SEEN, BW_CHANCES, 1200);
    bw_search_judge(seen, &report);
    assert_int_equal(report.n_found, 2000);
    assert_int_equal(report.found_beyond, 700);
}

static void pieces_share_no_finding(void **state)
{
    static const char text[] = "xx 10.7.13.9 yy 10.7.13.9 zz";
    struct bw_search s = search();
    (void)state;
    s.n_told = 10; /* the second begins in the next piece */
    bw_search_bytes(&s, (const uint8_t *)text, sizeof(text) - 1, BW_BYTES_TABLE);
    s.base = 10;
    s.n_told = SIZE_MAX;
    bw_search_bytes(&s, (const uint8_t *)text + 10, sizeof(text) - 11, BW_BYTES_TABLE);
    assert_int_equal(report.n_found, 2);
    assert_int_equal(report.found[0].offset, 3);
    assert_int_equal(report.found[1].offset, 16);
}

static void sign(struct bw_buf *out, const char *typ, const char *payload)
{
    struct bw_key *key = NULL;
    struct bw_err err = {.text = ""};
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &key, &err), 0);
    assert_int_equal(bw_jws_sign(key, typ, payload, strlen(payload), out, &err), 0);
    bw_key_free(key);
}

static void records_are_searched_by_field(void **state)
{
    struct bw_buf receipt;
    struct bw_buf record;
    char payload[2000];
    struct bw_search s = search();
    (void)state;
    bw_buf_init(&receipt, 10000);
    bw_buf_init(&record, 10000);
    sign(&receipt, "bandwitness-test+jws",
         "{\"server\":\"speed.example\",\"far\":\"10.7.13.9\"}");
    (void)snprintf(
        payload, sizeof(payload),
        "{\"paths\":[{\"probe\":\"collector.example\",\"hops\":[{\"name\":"
        "\"edge.river.example\"}]}],\"throughput\":[{\"reason\":\"no way to "
        "www.school.example\",\"machine\":\"mlab1.example\",\"receipt\":\"%s\"}],"
        "\"n\":168234249}",
        receipt.data);
    sign(&record, BW_TYP_SUMMARY, payload);
    s.where = "records row 1 jws";
    s.base = BW_UNKNOWN;
    assert_true(bw_search_signed(&s, record.data, record.len));
    bw_search_judge(seen, &report);
    assert_int_equal(report.n_found, 3);
    assert_string_equal(report.found[0].text, "www.school.example");
    assert_string_equal(report.found[0].where, "records row 1 jws, throughput[0].reason");
    assert_string_equal(report.found[1].text, "10.7.13.9");
    assert_string_equal(report.found[1].where,
                        "records row 1 jws, throughput[0].receipt, far");
    assert_string_equal(report.found[2].where,
                        "records row 1 jws, n"); /* 10.7.13.9 as a number */
    assert_int_equal(report.n_answers, 3);
    assert_string_equal(report.answers[0], "edge.river.example");
    assert_false(bw_search_signed(&s, "eyJhbGciOiJub25lIn0", 19));
    bw_buf_done(&receipt);
    bw_buf_done(&record);
}

/* A field's own base64, that of the record taken off: text, 16 bare bytes, and a name that
 * only looks like one. */
static void base64_within_a_field_is_searched(void **state)
{
    static const char *const inner[] = {"to 10.7.13.9 !", "seen pupil.example today",
                                        "at www.school.example"};
    struct bw_buf record;
    char payload[1000];
    char b64[4][64] = {{0}};
    struct bw_search s = search();
    (void)state;
    bw_buf_init(&record, 10000);
    for (size_t i = 0; i < 3; i++) {
        (void)bw_b64_encode(inner[i], strlen(inner[i]), b64[i]);
    }
    (void)bw_b64_encode(pupil6, sizeof(pupil6), b64[3]);
    (void)snprintf(payload, sizeof(payload),
                   "{\"a\":\"%s\",\"hops\":[{\"hash\":\"%s\"}],\"b\":\"%s\",\"c\":\"%s\"}",
                   b64[0], b64[3], b64[1], b64[2]);
    sign(&record, BW_TYP_SUMMARY, payload);
    s.where = "";
    s.base = BW_UNKNOWN;
    assert_true(bw_search_signed(&s, record.data, record.len));
    bw_search_judge(seen, &report);
    expect(3, BW_FOUND_SEEN, "10.7.13.9", BW_UNKNOWN);
    assert_string_equal(report.found[0].where, "a");
    assert_int_equal(report.found[1].why, BW_FOUND_BYTES);
    assert_string_equal(report.found[1].text, "2001:db8:7:0:200:5eff:fe01:203");
    assert_int_equal(report.found[1].offset, BW_UNKNOWN);
    assert_string_equal(report.found[1].where, "hops[0].hash");
    assert_string_equal(report.found[2].text, "pupil.example");
    assert_string_equal(report.found[2].where, "b");
    assert_int_equal(report.n_answers, 0);
    bw_buf_done(&record);
}

static void a_configuration_names_its_exceptions(void **state)
{
    static const char conf[] =
        "state_dir = \"/var/a.conf\"\n"
        "icmp \"edges\" { target \"river.example\" { address = \"10.1.1.9\" } }\n";
    (void)state;
    bw_excepted_done(&excepted);
    assert_int_equal(bw_excepted_add_config(&excepted, conf, sizeof(conf) - 1, "w", "f"),
                     0);
    assert_int_equal(excepted.n, 2);
    assert_string_equal(excepted.list[0].text, "river.example");
    assert_string_equal(excepted.list[1].text, "10.1.1.9");
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(text_among_bytes_is_found),
        EACH(text_within_base64_is_found_wherever_it_begins),
        EACH(bare_bytes_alone_count_where_nothing_has_structure),
        EACH(two_side_by_side_count_everywhere),
        EACH(long_addresses_count_everywhere),
        EACH(chance_is_no_finding),
        EACH(more_than_chance_makes_is_a_finding),
        EACH(each_sort_is_judged_by_itself),
        EACH(what_chance_makes_hides_nothing),
        EACH(pieces_share_no_finding),
        EACH(records_are_searched_by_field),
        EACH(base64_within_a_field_is_searched),
        EACH(a_configuration_names_its_exceptions),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
