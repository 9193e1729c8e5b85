/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_schoolcal.c - a school's calendar: which days have lessons, which instants are class
 * time where clocks change, what cannot be, and the canonical text. Instants by Python's
 * zoneinfo, counts by hand. */
#include "schoolcal.h"
#include "tz.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <errno.h>
#include <file.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED BW_SOURCE_DIR "/tests/fuzz/corpus/fuzz_schoolcal/year"
#define AS_USUAL                                                                           \
    {                                                                                      \
        BW_SCHOOLCAL_AS_USUAL, BW_SCHOOLCAL_AS_USUAL                                       \
    }

static int64_t date(const char *text)
{
    int64_t day = 0;
    assert_int_equal(bw_civil_date_parse(text, &day), 0);
    return day;
}

static struct bw_tz *zone(const char *name)
{
    struct bw_tz *tz = NULL;
    struct bw_err err;
    assert_int_equal(bw_tz_load(name, &tz, &err), 0);
    return tz;
}

static struct bw_schoolcal_span
span(const char *from, const char *to, enum bw_schoolday kind, const char *name, int line)
{
    return (struct bw_schoolcal_span){.from_day = date(from),
                                      .to_day = date(to),
                                      .kind = kind,
                                      .hours = AS_USUAL,
                                      .name = name,
                                      .line = line};
}

/* Hazel River's year, as in the fuzzer's seed. */
static struct bw_schoolcal *hazel(void)
{
    struct bw_schoolcal_span terms[] = {
        span("2027-01-04", "2027-05-28", BW_SCHOOLDAY_UNKNOWN, NULL, 0),
        span("2026-08-17", "2026-12-18", BW_SCHOOLDAY_UNKNOWN, "Fall", 0)};
    struct bw_schoolcal_span spans[] = {
        span("2027-04-05", "2027-04-16", BW_SCHOOLDAY_TESTING, NULL, 0),
        span("2026-11-26", "2026-11-27", BW_SCHOOLDAY_HOLIDAY, "Thanksgiving", 0),
        span("2026-11-25", "2026-11-25", BW_SCHOOLDAY_EARLY, "Thanksgiving eve", 0),
        span("2027-01-20", "2027-01-20", BW_SCHOOLDAY_SNOW, NULL, 0),
        span("2027-01-20", "2027-01-20", BW_SCHOOLDAY_SNOW, NULL, 0), /* said twice */
        span("2027-01-21", "2027-01-21", BW_SCHOOLDAY_LATE, NULL, 0),
        span("2027-02-06", "2027-02-06", BW_SCHOOLDAY_CLASS, NULL, 0)};
    struct bw_schoolcal_spec spec = {.name = "Hazel River",
                                     .zone = "America/Chicago",
                                     .from_day = date("2026-07-01"),
                                     .to_day = date("2027-06-30"),
                                     .terms = terms,
                                     .n_terms = 2,
                                     .spans = spans,
                                     .n_spans = 7};
    struct bw_schoolcal *c = NULL;
    struct bw_err err = {0};

    memcpy(spec.week, bw_schoolcal_week_default, sizeof(spec.week));
    spans[2].hours.to_min = 720;
    spans[5].hours.from_min = 600;
    spans[6].hours = (struct bw_schoolcal_hours){480, 720};
    assert_int_equal(bw_schoolcal_make(&spec, &c, NULL, &err), 0);
    return c;
}

/* One weekday's hours, every week, without dates. */
static struct bw_schoolcal *weekly(int weekday, int from_min, int to_min)
{
    struct bw_schoolcal_spec spec = {
        .name = "weekly", .zone = "UTC", .from_day = BW_UNKNOWN, .to_day = BW_UNKNOWN};
    struct bw_schoolcal *c = NULL;
    struct bw_err err = {0};

    spec.week[weekday] = (struct bw_schoolcal_hours){from_min, to_min};
    assert_int_equal(bw_schoolcal_make(&spec, &c, NULL, &err), 0);
    return c;
}

static void a_year_by_its_days(void **state)
{
    struct bw_schoolcal *c = hazel();
    struct bw_schoolcal_count n;
    struct bw_schoolcal_day d;
    (void)state;

    bw_schoolcal_count(c, date("2026-07-01"), date("2027-07-01"), &n);
    assert_int_equal(n.n[BW_SCHOOLDAY_UNKNOWN], 0);
    assert_int_equal(n.n[BW_SCHOOLDAY_BREAK], 96);
    assert_int_equal(n.n[BW_SCHOOLDAY_WEEKEND], 73);
    assert_int_equal(n.n[BW_SCHOOLDAY_CLASS], 191); /* the Saturday made up is one */
    assert_int_equal(n.n[BW_SCHOOLDAY_EARLY], 1);
    assert_int_equal(n.n[BW_SCHOOLDAY_LATE], 1);
    assert_int_equal(n.n[BW_SCHOOLDAY_HOLIDAY], 2);
    assert_int_equal(n.n[BW_SCHOOLDAY_SNOW], 1);
    assert_int_equal(n.instructional, 193);
    assert_int_equal(n.testing, 10);
    bw_schoolcal_count(c, date("2026-06-29"), date("2026-07-02"), &n);
    assert_int_equal(n.n[BW_SCHOOLDAY_UNKNOWN], 2); /* not a day without lessons */
    assert_int_equal(n.n[BW_SCHOOLDAY_BREAK], 1);

    bw_schoolcal_day(c, date("2026-11-26"), &d);
    assert_int_equal(d.kind, BW_SCHOOLDAY_HOLIDAY);
    assert_string_equal(d.name, "Thanksgiving");
    assert_int_equal(d.hours.to_min, 0);
    bw_schoolcal_day(c, date("2026-11-25"), &d);
    assert_int_equal(d.kind, BW_SCHOOLDAY_EARLY);
    assert_int_equal(d.hours.from_min, 420); /* as usual */
    assert_int_equal(d.hours.to_min, 720);
    bw_schoolcal_day(c, date("2027-04-12"), &d);
    assert_true(d.testing);
    bw_schoolcal_day(c, date("2027-04-11"), &d); /* a Sunday between */
    assert_false(d.testing);
    assert_int_equal(d.kind, BW_SCHOOLDAY_WEEKEND);
    bw_schoolcal_free(c);
}

static void the_shorter_of_two_names_the_day(void **state)
{
    struct bw_schoolcal_span spans[] = {
        span("2026-12-21", "2027-01-01", BW_SCHOOLDAY_HOLIDAY, "Winter break", 3),
        span("2026-12-25", "2026-12-25", BW_SCHOOLDAY_HOLIDAY, "Christmas", 4)};
    struct bw_schoolcal_spec spec = {.name = "Heron",
                                     .zone = "UTC",
                                     .from_day = date("2026-12-01"),
                                     .to_day = date("2027-01-31"),
                                     .spans = spans,
                                     .n_spans = 2};
    struct bw_schoolcal *c = NULL;
    struct bw_schoolcal_day d;
    struct bw_err err = {0};
    (void)state;

    memcpy(spec.week, bw_schoolcal_week_default, sizeof(spec.week));
    assert_int_equal(bw_schoolcal_make(&spec, &c, NULL, &err), 0);
    bw_schoolcal_day(c, date("2026-12-24"), &d);
    assert_string_equal(d.name, "Winter break");
    bw_schoolcal_day(c, date("2026-12-25"), &d);
    assert_string_equal(d.name, "Christmas");
    bw_schoolcal_day(c, date("2026-12-26"), &d); /* a Saturday is none */
    assert_int_equal(d.kind, BW_SCHOOLDAY_WEEKEND);
    bw_schoolcal_free(c);
}

static void instants_on_both_sides_of_each_border(void **state)
{
    struct bw_schoolcal *c = hazel();
    struct bw_tz *tz = zone("America/Chicago");
    (void)state;
    static const struct {
        int64_t unix_s;
        enum bw_class before;
        enum bw_class after;
    } rows[] = {{1782882000, BW_CLASS_UNKNOWN, BW_CLASS_NO}, /* 2026-07-01 00:00 */
                {1786968000, BW_CLASS_NO, BW_CLASS_YES},     /* 2026-08-17 07:00 */
                {1793624400, BW_CLASS_NO, BW_CLASS_YES},     /* 2026-11-02 07:00, now CST */
                {1793660400, BW_CLASS_YES, BW_CLASS_NO},     /* 17:00 */
                {1795629600, BW_CLASS_YES, BW_CLASS_NO},     /* 2026-11-25 12:00, early */
                {1804856400, BW_CLASS_NO, BW_CLASS_YES},     /* 2027-03-12 07:00 CST */
                {1805112000, BW_CLASS_NO, BW_CLASS_YES},     /* 2027-03-15 07:00 CDT */
                {1814418000, BW_CLASS_NO, BW_CLASS_UNKNOWN}}; /* 2027-07-01 00:00 */

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(bw_schoolcal_at(c, tz, rows[i].unix_s - 1), rows[i].before);
        assert_int_equal(bw_schoolcal_at(c, tz, rows[i].unix_s), rows[i].after);
        assert_int_equal(bw_schoolcal_border(c, tz, rows[i].unix_s - 1), rows[i].unix_s);
    }
    /* from noon before the holiday to the Monday after it */
    assert_int_equal(bw_schoolcal_border(c, tz, 1795629600), 1796043600);
    /* long before: when it begins to speak; behind it: never */
    assert_int_equal(bw_schoolcal_border(c, tz, 0), 1782882000);
    assert_int_equal(bw_schoolcal_border(c, tz, 1814418000), INT64_MAX);
    bw_tz_free(tz);
    bw_schoolcal_free(c);
}

static void hours_that_clocks_show_twice_or_skip(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int weekday;
        int from_min;
        int to_min;
        int64_t from_unix_s; /* three days around the change */
        int64_t class_s;
    } rows[] = {
        /* Sunday 00:00-06:00 when 02:00 becomes 03:00, and the other way */
        {"America/Chicago", 0, 0, 360, 1805004000 - 86400, 5 * 3600},
        {"America/Chicago", 0, 0, 360, 1793509200 - 86400, 7 * 3600},
        /* 00:30-01:30, of which half an hour comes twice: the clock on the wall counts */
        {"America/Chicago", 0, 30, 90, 1793509200 - 86400, 5400},
        /* midnight goes back to 23:00: Saturday 22:00-24:00 */
        {"America/Sao_Paulo", 6, 1320, 1440, 1518912000 - 86400, 3 * 3600},
        /* Sunday begins at 01:00: 00:00-02:00, and Saturday before it is whole */
        {"America/Sao_Paulo", 0, 0, 120, 1541296800 - 86400, 3600},
        {"America/Sao_Paulo", 6, 1320, 1440, 1541296800 - 86400, 2 * 3600},
        /* half an hour, southern summer: 02:00 to 01:30 in April, to 02:30 in October */
        {"Australia/Lord_Howe", 0, 60, 180, 1775311200 - 86400, 9000},
        {"Australia/Lord_Howe", 0, 60, 180, 1791037800 - 86400, 5400}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_schoolcal *c = weekly(rows[i].weekday, rows[i].from_min, rows[i].to_min);
        struct bw_tz *tz = zone(rows[i].zone);
        int64_t to = rows[i].from_unix_s + INT64_C(3) * 86400;
        int64_t got[BW_CLASSES];
        int64_t walked = 0;
        bw_schoolcal_seconds(c, tz, rows[i].from_unix_s, to, got);
        for (int64_t t = rows[i].from_unix_s; t < to; t++) {
            walked += bw_schoolcal_at(c, tz, t) == BW_CLASS_YES;
        }
        assert_int_equal(got[BW_CLASS_YES], rows[i].class_s);
        assert_int_equal(walked, rows[i].class_s);
        assert_int_equal(got[BW_CLASS_YES] + got[BW_CLASS_NO], INT64_C(3) * 86400);
        bw_tz_free(tz);
        bw_schoolcal_free(c);
    }
}

static void a_southern_school_over_the_end_of_summer(void **state)
{
    struct bw_schoolcal *c = weekly(5, 480, 900);
    struct bw_schoolcal *monday = weekly(1, 480, 900);
    struct bw_tz *tz = zone("Pacific/Auckland");
    int64_t got[BW_CLASSES];
    (void)state;

    assert_int_equal(bw_schoolcal_border(c, tz, 1775156399), 1775156400);
    assert_int_equal(bw_schoolcal_border(c, tz, 1775156400), 1775156400 + 7 * 3600);
    assert_int_equal(bw_schoolcal_border(monday, tz, 1775156400), 1775419200);
    bw_schoolcal_seconds(monday, tz, 1775156400, 1775419200, got);
    assert_int_equal(got[BW_CLASS_NO], 73 * 3600); /* Friday to Monday with one more hour */
    assert_int_equal(got[BW_CLASS_YES], 0);
    bw_tz_free(tz);
    bw_schoolcal_free(monday);
    bw_schoolcal_free(c);
}

static void zones_change_when_they_change(void **state)
{
    static const char *const zones[] = {"America/Chicago",     "America/Sao_Paulo",
                                        "Australia/Lord_Howe", "Africa/Cairo",
                                        "Europe/Dublin",       "Pacific/Apia"};
    (void)state;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct bw_tz *tz = zone(zones[i]);
        int64_t next = bw_tz_next_change(tz, 1199999700);
        struct bw_civil before;
        struct bw_civil now;
        bw_tz_local(tz, 1199999700, &before);
        for (int64_t t = 1199999700; t < 2500000000; t += 900) {
            bw_tz_local(tz, t, &now);
            if ((now.offset_s != before.offset_s) != (t == next)) {
                fail_msg("%s at %lld", zones[i], (long long)t);
            }
            next = t == next ? bw_tz_next_change(tz, t) : next;
            before = now;
        }
        bw_tz_free(tz);
    }
    struct bw_tz *utc = zone("UTC");
    assert_int_equal(bw_tz_next_change(utc, 0), INT64_MAX);
    bw_tz_free(utc);
}

/* What cannot be, with the line at fault and a word of the sentence. */
static void impossible_calendars(void **state)
{
    struct bw_schoolcal_span holiday =
        span("2026-11-26", "2026-11-27", BW_SCHOOLDAY_HOLIDAY, "Thanksgiving", 9);
    struct {
        struct bw_schoolcal_span span;
        const char *word;
    } rows[] = {
        {span("2026-11-20", "2026-11-19", BW_SCHOOLDAY_HOLIDAY, "", 4), "before the first"},
        {span("2026-06-30", "2026-07-02", BW_SCHOOLDAY_HOLIDAY, "", 5),
         "2026-06-30 lies before the calendar, which begins 2026-07-01"},
        {span("2027-06-30", "2027-07-01", BW_SCHOOLDAY_HOLIDAY, "", 6),
         "2027-07-01 lies behind the calendar, which ends 2027-06-30"},
        {span("2026-11-27", "2026-11-27", BW_SCHOOLDAY_SNOW, "Blizzard", 12),
         "2026-11-27 is holiday (Thanksgiving) in line 9, and snow (Blizzard) here"},
        {span("2026-11-28", "2026-11-29", BW_SCHOOLDAY_SNOW, "", 7), "no lessons anyway"},
        {span("2026-11-28", "2026-11-28", BW_SCHOOLDAY_CLASS, "", 8),
         "2026-11-28 is on a weekday without class hours"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_EARLY, "", 8), "the time it ends"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_EARLY, "", 8), "usual 17:00"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_EARLY, "", 8), "before the begin"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_LATE, "", 8), "usual 07:00"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_HOLIDAY, "", 8), "no hours"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_WEEKEND, "", 8), "no span says"},
        {span("2026-11-26", "2026-11-29", BW_SCHOOLDAY_TESTING, "", 8), "testing"},
        {span("2026-11-20", "2026-11-20", BW_SCHOOLDAY_SNOW, "a\x1b[2J", 8), "control"}};
    (void)state;

    rows[7].span.hours.to_min = 17 * 60;
    rows[8].span.hours.to_min = 2 * 60; /* 02:00 where 14:00 was meant */
    rows[9].span.hours.from_min = 7 * 60;
    rows[10].span.hours.from_min = 7 * 60;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_schoolcal_span spans[] = {rows[i].span, holiday};
        struct bw_schoolcal_spec spec = {.name = "Heron",
                                         .zone = "UTC",
                                         .from_day = date("2026-07-01"),
                                         .to_day = date("2027-06-30"),
                                         .spans = spans,
                                         .n_spans = 2};
        struct bw_schoolcal *c = NULL;
        struct bw_err err = {0};
        int line = -1;
        memcpy(spec.week, bw_schoolcal_week_default, sizeof(spec.week));
        assert_int_equal(bw_schoolcal_make(&spec, &c, &line, &err), -EINVAL);
        assert_int_equal(line, rows[i].span.line);
        if (!strstr(err.text, rows[i].word)) {
            fail_msg("row %zu: %s", i, err.text);
        }
        spec.spans = &holiday;
        spec.n_spans = 1;
        assert_int_equal(bw_schoolcal_make(&spec, &c, &line, &err), 0);
        bw_schoolcal_free(c);
    }
}

static void the_text_is_canonical(void **state)
{
    struct bw_schoolcal *c = hazel();
    struct bw_schoolcal *d = NULL;
    struct bw_buf file;
    struct bw_buf text;
    struct bw_err err = {0};
    (void)state;

    bw_buf_init(&file, 65536);
    bw_buf_init(&text, BW_SCHOOLCAL_BODY_MAX);
    assert_int_equal(bw_file_read(SEED, 65536, &file, &err), 0);
    bw_schoolcal_encode(c, &text);
    assert_int_equal(bw_buf_error(&text), 0);
    assert_string_equal(text.data, file.data);
    assert_int_equal(bw_schoolcal_decode(file.data, file.len, &d, &err), 0);
    bw_buf_clear(&text);
    bw_schoolcal_encode(d, &text);
    assert_string_equal(text.data, file.data);
    bw_schoolcal_free(d);
    /* the same said in another way is refused */
    bw_buf_putc(&file, ' ');
    assert_int_equal(bw_schoolcal_decode(file.data, file.len, &d, &err), -BW_EMALFORMED);
    assert_string_equal(err.text, "the calendar is not written canonically");
    bw_buf_done(&text);
    bw_buf_done(&file);
    bw_schoolcal_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_by_its_days),
        cmocka_unit_test(the_shorter_of_two_names_the_day),
        cmocka_unit_test(instants_on_both_sides_of_each_border),
        cmocka_unit_test(hours_that_clocks_show_twice_or_skip),
        cmocka_unit_test(a_southern_school_over_the_end_of_summer),
        cmocka_unit_test(zones_change_when_they_change),
        cmocka_unit_test(impossible_calendars),
        cmocka_unit_test(the_text_is_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
