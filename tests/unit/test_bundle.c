/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_bundle.c - what a bag says was asked, and when records came, is read as it was
 * written; texts that differ are told in words. */
#include "../../evidence/bundle/bundle_private.h"

#include "buf.h"
#include "tz.h"

#include <bw/err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bw_report_claim claims[] = {
    {.from_unix_s = BW_UNKNOWN,
     .to_unix_s = 1790000000,
     .bps = {100000000, BW_UNKNOWN},
     .layer = BW_LAYER_UNKNOWN,
     .origin = "the box's own \"configuration\""},
    {.from_unix_s = 1790000000,
     .to_unix_s = BW_UNKNOWN,
     .bps = {500000000, 0},
     .layer = BW_LAYER_ETHERNET,
     .origin = "x"},
};

static struct bw_report_query asked(void)
{
    return (struct bw_report_query){
        .site = "s-heron",
        .circuit = "wan",
        .from_unix_s = 1782882000,
        .to_unix_s = 1814418000,
        .tz_origin = "",
        .class_hours = {.weekdays = 0x3e, .from_min = 420, .to_min = 1020},
        .claims = claims,
        .n_claims = 2,
        .place = "Alder ISD",
        .origin = "journal",
        .origin_text = "the box's own journal",
        .made_unix_s = 1815000000};
}

static const char want[] =
    "{\"v\":1,\"software\":\"" BW_BUNDLE_AGENT "\",\"made_unix_s\":1815000000,"
    "\"site\":\"s-heron\",\"circuit\":\"wan\",\"place\":\"Alder ISD\","
    "\"from_unix_s\":1782882000,\"to_unix_s\":1814418000,"
    "\"time_zone\":{\"name\":\"America/Chicago\",\"file\":\"data/zone/"
    "America_Chicago.tzif\"},"
    "\"class_hours\":{\"weekdays\":[1,2,3,4,5],\"from_min\":420,\"to_min\":1020},"
    "\"records\":{\"origin\":\"journal\",\"text\":\"the box's own journal\"},"
    "\"claims\":[{\"to_unix_s\":1790000000,\"down_bps\":100000000,"
    "\"origin\":\"the box's own \\\"configuration\\\"\"},"
    "{\"from_unix_s\":1790000000,\"down_bps\":500000000,\"up_bps\":0,"
    "\"layer\":\"ethernet\",\"origin\":\"x\"}]}\n";

static void what_was_asked_is_read_as_written(void **state)
{
    struct bw_report_query q = asked();
    struct bw_bundle_query *got = calloc(1, sizeof(*got));
    struct bw_err err = {""};
    struct bw_buf text;
    (void)state;
    bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
    assert_int_equal(bw_bundle_query_write(&q, "America/Chicago", false, NULL, &text), 0);
    assert_string_equal(text.data, want);
    assert_int_equal(bw_bundle_query_read(text.data, text.len, got, &err), 0);
    assert_string_equal(got->site, "s-heron");
    assert_string_equal(got->place, "Alder ISD");
    assert_string_equal(got->tz_name, "America/Chicago");
    assert_int_equal(got->class_hours.weekdays, 0x3e);
    assert_int_equal(got->class_hours.to_min, 1020);
    assert_int_equal(got->from_unix_s, 1782882000);
    assert_int_equal(got->n_claims, 2);
    assert_true(got->claims[0].from_unix_s == BW_UNKNOWN);
    assert_true(got->claims[0].bps[BW_UP] == BW_UNKNOWN);
    assert_int_equal(got->claims[0].layer, BW_LAYER_UNKNOWN);
    assert_int_equal(got->claims[1].bps[BW_UP], 0); /* a claim of nothing is one */
    assert_int_equal(got->claims[1].layer, BW_LAYER_ETHERNET);
    bw_buf_done(&text);
    free(got);
}

/* As many claims as a report holds are in a bag, each with the longest origin. */
static void every_claim_is_in_the_bag(void **state)
{
    struct bw_report_claim *many = calloc(BW_REPORT_CLAIMS_MAX + 1, sizeof(*many));
    struct bw_report_query q = asked();
    struct bw_bundle_query *got = calloc(1, sizeof(*got));
    struct bw_err err = {""};
    struct bw_buf text;
    (void)state;
    for (int i = 0; i <= BW_REPORT_CLAIMS_MAX; i++) {
        many[i] = (struct bw_report_claim){.from_unix_s = 1782882000 + i,
                                           .to_unix_s = 1782882001 + i,
                                           .bps = {1000000 + i, 100000000000},
                                           .layer = BW_LAYER_ETHERNET};
        memset(many[i].origin, '"', sizeof(many[i].origin) - 1); /* two bytes each */
    }
    q.claims = many;
    q.n_claims = BW_REPORT_CLAIMS_MAX;
    bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
    assert_int_equal(bw_bundle_query_write(&q, "America/Chicago", false, NULL, &text), 0);
    assert_int_equal(bw_bundle_query_read(text.data, text.len, got, &err), 0);
    assert_int_equal(got->n_claims, 1024);
    assert_int_equal(got->claims[1023].bps[BW_DOWN], 1001023);
    q.n_claims++;
    bw_buf_clear(&text);
    assert_int_equal(bw_bundle_query_write(&q, "America/Chicago", false, NULL, &text), 0);
    assert_int_equal(bw_bundle_query_read(text.data, text.len, got, &err), -BW_EMALFORMED);
    bw_buf_done(&text);
    free(got);
    free(many);
}

/* What this version does not know could change a figure. */
/* A district's calendars of eight school years and the state's, for two schools at which a
 * box stood in the period, for five, and for nine; as many as there may be, and one more.
 */
static void calendars_of_every_stay(void **state)
{
    static const size_t n[] = {17, 41, 73, 512, 513};
    struct bw_report_calendar *list = calloc(513, sizeof(*list));
    struct bw_report_query q = asked();
    struct bw_bundle_query *got = calloc(1, sizeof(*got));
    struct bw_err err = {""};
    struct bw_buf text;
    (void)state;

    assert_true(list && got);
    for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
        (void)snprintf(list[n[i] - 1].last_day, sizeof(list->last_day), "2026-10-01");
        q.calendars = list;
        q.n_calendars = n[i];
        bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
        assert_int_equal(bw_bundle_query_write(&q, "America/Chicago", false, NULL, &text),
                         0);
        memset(got, 0, sizeof(*got));
        if (n[i] > BW_BUNDLE_CALENDARS_MAX) {
            assert_int_equal(bw_bundle_query_read(text.data, text.len, got, &err),
                             -BW_EMALFORMED);
            assert_non_null(strstr(err.text, "calendars"));
        } else {
            assert_int_equal(bw_bundle_query_read(text.data, text.len, got, &err), 0);
            assert_int_equal(got->n_calendars, n[i]);
            assert_string_equal(got->calendars[n[i] - 1].last_day, "2026-10-01");
        }
        bw_buf_done(&text);
    }
    free(list);
    free(got);
}

static void refuses_what_it_does_not_know(void **state)
{
    static const struct {
        const char *was;
        const char *is;
        const char *why;
    } cases[] = {
        {"\"v\":1", "\"v\":2", "newer"},
        {"\"place\"", "\"plaza\"", "plaza"},
        {"\"from_min\":420", "\"from_min\":1441", "from_min"},
        {"[1,2,3,4,5]", "[1,2,3,4,7]", "weekdays"},
        {"America_Chicago.tzif", "America_Denver.tzif", "file"},
        {"\"ethernet\"", "\"aether\"", "aether"},
        {"1782882000", "-1", "from_unix_s"},
        {"\"up_bps\":0", "\"up_bps\":0.5", "up_bps"},
    };
    struct bw_bundle_query *got = calloc(1, sizeof(*got));
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_err err = {""};
        struct bw_buf text;
        const char *at = strstr(want, cases[i].was);
        assert_non_null(at);
        bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
        bw_buf_add(&text, want, (size_t)(at - want));
        bw_buf_puts(&text, cases[i].is);
        bw_buf_puts(&text, at + strlen(cases[i].was));
        if (bw_bundle_query_read(text.data, text.len, got, &err) == 0 ||
            !strstr(err.text, cases[i].why)) {
            fail_msg("%s for %s: '%s'", cases[i].is, cases[i].was, err.text);
        }
        bw_buf_done(&text);
    }
    free(got);
}

static void when_records_came(void **state)
{
    static const char text[] = "position,received_unix_ms,egress\r\n"
                               "0,1800000000123,match\r\n"
                               ",,unknown\r\n"
                               "17,,other\r\n";
    static const char *const bad[] = {"position,received_unix_ms,egress\n",
                                      "position,received_unix_ms,egress\r\n1,2,match\n",
                                      "position,received_unix_ms,egress\r\n01,2,match\r\n",
                                      "position,received_unix_ms,egress\r\n-1,2,match\r\n",
                                      "position,received_unix_ms,egress\r\n1,2,mat\r\n",
                                      "position,received_unix_ms,egress\r\n1,2\r\n",
                                      ""};
    struct bw_josefile_taken *list = NULL;
    struct bw_err err = {""};
    struct bw_buf again;
    size_t n = 0;
    (void)state;
    assert_int_equal(bw_bundle_taken_read(text, strlen(text), 3, &list, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(list[0].position, 0);
    assert_int_equal(list[0].received_unix_ms, 1800000000123);
    assert_int_equal(list[0].egress, BW_EGRESS_MATCH);
    assert_true(list[1].position == BW_UNKNOWN && list[1].received_unix_ms == BW_UNKNOWN);
    assert_int_equal(list[2].egress, BW_EGRESS_OTHER);
    bw_buf_init(&again, 1000);
    bw_bundle_taken_head(&again);
    for (size_t i = 0; i < n; i++) {
        bw_bundle_taken_add(&again, &list[i]);
    }
    assert_string_equal(again.data, text);
    bw_buf_done(&again);
    free(list);
    assert_int_equal(bw_bundle_taken_read(text, strlen(text), 2, &list, &n, &err), -E2BIG);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_bundle_taken_read(bad[i], strlen(bad[i]), 9, &list, &n, &err) == 0) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

struct told {
    int n;
    char text[30][400];
};

static void note(void *owner, const char *member, const char *text)
{
    struct told *t = owner;
    if (t->n < 30) {
        (void)snprintf(t->text[t->n], sizeof(t->text[0]), "%s: %.300s", member, text);
    }
    t->n++;
}

static void texts_that_differ_are_told(void **state)
{
    static const char a[] = "one\ntwo\nthree\n";
    static const char b[] = "one\n2\nthree\nfour\n";
    struct told t = {0};
    (void)state;
    assert_int_equal(bw_bundle_differences("m", a, strlen(a), a, strlen(a), note, &t), 0);
    assert_int_equal(bw_bundle_differences("m", a, strlen(a), b, strlen(b), note, &t), 2);
    assert_string_equal(t.text[0], "m: line 2: the bag says 'two', its records give '2'");
    assert_string_equal(t.text[1], "m: line 4: the bag says '', its records give 'four'");
    t.n = 0;
    assert_int_equal(bw_bundle_differences("m", "x\r\n", 3, "x\n", 2, note, &t), 1);
    assert_int_equal(t.n, 1);
}

/* ---- bags of other forms ----------------------------------------------------------- */

static void number_of_forms(void **state)
{
    (void)state;
    assert_int_equal(bw_bundle_forms_of(BW_BUNDLE_AGENT), BW_BUNDLE_FORMS);
    assert_int_equal(bw_bundle_forms_of("bandwitness/0.1.0 forms/17"), 17);
    assert_int_equal(bw_bundle_forms_of("bandwitness/0.1.0"), BW_UNKNOWN);
    assert_int_equal(bw_bundle_forms_of("bandwitness/0.1.0 forms/"), BW_UNKNOWN);
    assert_int_equal(bw_bundle_forms_of("bandwitness/0.1.0 forms/-1"), BW_UNKNOWN);
    assert_int_equal(bw_bundle_forms_of("bandwitness/0.1.0 forms/1x"), BW_UNKNOWN);
    assert_int_equal(bw_bundle_forms_of("x forms/99999999999999999999"), BW_UNKNOWN);
}

struct parts {
    struct bw_bag_member m;
    size_t asked;
};

static const struct bw_bag_member *find_part(void *owner, const char *name)
{
    struct parts *p = owner;

    if (strncmp(name, BW_IN_RECORD_PARTS "-0", sizeof(BW_IN_RECORD_PARTS) + 1) != 0) {
        return NULL;
    }
    p->asked++;
    return &p->m;
}

/* A small part that gives many lines, again and again: 24 times its size and no more. */
static void records_without_end(void **state)
{
    struct parts parts = {.asked = 0};
    struct bw_bundle_view v = {.find = find_part, .owner = &parts};
    struct bw_bundle_lines lines;
    struct bw_err err = {""};
    struct bw_buf text;
    (void)state;
    bw_buf_init(&text, (size_t)1 << 24);
    bw_buf_puts(&text, "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"");
    for (int i = 0; i < 12000; i++) {
        bw_buf_putc(&text, 'y');
    }
    bw_buf_puts(&text, "\"]]}\n0");
    for (int i = 1; i < 1000; i++) {
        bw_buf_puts(&text, " 0");
    }
    bw_buf_puts(&text, "\nc2ln");
    for (int i = 1; i < 1000; i++) {
        bw_buf_puts(&text, " c2ln");
    }
    bw_buf_putc(&text, '\n');
    parts.m = (struct bw_bag_member){.data = text.data, .n = text.len};
    assert_int_equal(bw_bundle_records_read(&v, &lines, &err), -E2BIG);
    assert_non_null(strstr(err.text, "more than 24 times its own size"));
    assert_int_equal(parts.asked, 2); /* 16 MB each, of 19 KB */
    bw_bundle_room_done(&lines.room);
    bw_buf_done(&text);
}

/* date -d 'TZ="America/Denver" 2026-03-08 03:00' +%s. */
static void zones_that_differ(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        int64_t from;
        int64_t to;
        int64_t at;
    } cases[] = {
        {"America/Denver", "America/Phoenix", 1772323200, 1775001600, 1772960400},
        {"America/Phoenix", "America/Denver", 1772323200, 1775001600, 1772960400},
        {"America/Denver", "America/Phoenix", 1772323200, 1772960400, BW_UNKNOWN},
        {"America/Chicago", "America/Denver", 1772323200, 1775001600, 1772323200},
        {"America/Chicago", "America/Winnipeg", 1772323200, 1803859200, BW_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_tz *a = NULL;
        struct bw_tz *b = NULL;
        assert_int_equal(bw_tz_load(cases[i].a, &a, NULL), 0);
        assert_int_equal(bw_tz_load(cases[i].b, &b, NULL), 0);
        assert_int_equal(bw_bundle_tz_differs(a, b, cases[i].from, cases[i].to),
                         cases[i].at);
        bw_tz_free(a);
        bw_tz_free(b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_is_read_as_written),
        cmocka_unit_test(every_claim_is_in_the_bag),
        cmocka_unit_test(calendars_of_every_stay),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(when_records_came),
        cmocka_unit_test(texts_that_differ_are_told),
        cmocka_unit_test(number_of_forms),
        cmocka_unit_test(zones_that_differ),
        cmocka_unit_test(records_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
