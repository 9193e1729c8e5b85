/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_schoolcal_csv.c - the plain table of a school's calendar: a whole year, and what is
 * refused with its line. */
#include "schoolcal.h"
#include "schoolcal_csv.h"

#include <buf.h>
#include <bw/err.h>
#include <csvrows.h>
#include <errno.h>
#include <file.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED BW_SOURCE_DIR "/tests/fuzz/corpus/fuzz_schoolcal/year"
#define TABLE BW_SOURCE_DIR "/tests/fuzz/corpus/fuzz_schoolcal_csv/year"
#define HEAD "what,from,to,begin,end,name\n"
#define YEAR HEAD "calendar,2026-07-01,2027-06-30,,,Heron\nzone,,,,,America/Chicago\n"

static int
read_text(const char *text, const char *zone, struct bw_schoolcal **ret, struct bw_err *err)
{
    struct bw_csv *csv = NULL;
    int rc = bw_csv_memory("cal.csv", text, strlen(text), &csv, err);
    assert_int_equal(rc, 0);
    rc = bw_schoolcal_read_csv(csv, zone, ret, err);
    bw_csv_close(csv);
    return rc;
}

static void a_whole_year(void **state)
{
    struct bw_schoolcal *c = NULL;
    struct bw_csv *csv = NULL;
    struct bw_buf want;
    struct bw_buf got;
    struct bw_err err = {""};
    uint8_t sha[32];
    (void)state;

    bw_buf_init(&want, 65536);
    bw_buf_init(&got, 65536);
    assert_int_equal(bw_file_read(SEED, 65536, &want, &err), 0);
    assert_int_equal(bw_csv_open(TABLE, &csv, &err), 0);
    assert_int_equal(bw_schoolcal_read_csv(csv, NULL, &c, &err), 0);
    bw_schoolcal_encode(c, &got);
    assert_string_equal(got.data, want.data);
    assert_int_equal(bw_csv_sha256(csv, sha), 0); /* all of the file was read */
    bw_csv_close(csv);
    bw_schoolcal_free(c);
    bw_buf_done(&want);
    bw_buf_done(&got);
}

static void what_may_be_left_out(void **state)
{
    struct bw_schoolcal *c = NULL;
    struct bw_schoolcal_day d;
    struct bw_err err = {""};
    (void)state;

    /* no hours: those of the default; no columns that no row needs; the zone from outside
     */
    assert_int_equal(read_text("from,to,what,name\n2026-07-01,2027-06-30,calendar,Heron\n",
                               "Pacific/Auckland", &c, &err),
                     0);
    assert_string_equal(bw_schoolcal_spec(c)->zone, "Pacific/Auckland");
    bw_schoolcal_day(c, bw_schoolcal_spec(c)->from_day, &d); /* a Wednesday */
    assert_int_equal(d.hours.from_min, 420);
    assert_int_equal(d.hours.to_min, 1020);
    bw_schoolcal_free(c);
    /* with hours only the weekdays named; over the week's end; spaces, short words */
    assert_int_equal(read_text(YEAR "hours, Fri , mon , 8:05 ,15:15,\n", NULL, &c, &err),
                     0);
    assert_int_equal(bw_schoolcal_spec(c)->week[0].from_min, 485);
    assert_int_equal(bw_schoolcal_spec(c)->week[1].to_min, 915);
    assert_int_equal(bw_schoolcal_spec(c)->week[2].to_min, 0);
    assert_int_equal(bw_schoolcal_spec(c)->week[4].to_min, 0);
    assert_int_equal(bw_schoolcal_spec(c)->week[5].to_min, 915);
    bw_schoolcal_free(c);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"", "cal.csv: no row \"calendar\""},
        {HEAD, "cal.csv: no row \"calendar\""},
        {HEAD "calendar,2026-07-01,2027-06-30,,,Heron\n", "cal.csv: no row \"zone\""},
        {"what,from,until\n", "cal.csv:1: there is no column \"until\""},
        {"what,from,From\n", "cal.csv:1: the column \"from\" is there twice"},
        {"from,to\n", "cal.csv:1: the first line names the columns"},
        {YEAR "holiday,2026-02-31,,,,\n",
         "cal.csv:4: \"2026-02-31\" is no date (column fr"},
        {YEAR "holiday,11/26/2026,,,,\n", "cal.csv:4: \"11/26/2026\" is no date"},
        {YEAR "holiday,2026-11-26x,,,,\n", "is no date"},
        {YEAR "holiday,,,,,\n", "cal.csv:4: the column from wants a date"},
        {YEAR "\nholiday,2026-11-27,2026-11-26,,,\n",
         "cal.csv:5: the last day comes before the first"},
        {YEAR "early-release,2026-11-25,,,25:00,\n", "cal.csv:4: \"25:00\" is no time"},
        {YEAR "early-release,2026-11-25,,,2:30 PM,\n", "is no time of day"},
        {YEAR "early-release,2026-11-25,,,02:30,\n",
         "cal.csv:4: 2026-11-25: the end comes"},
        {YEAR "instruction,2026-11-28,,12:00,08:00,\n", "cal.csv:4: the end comes before"},
        {YEAR "holiday,2027-07-05,,,,\n", "cal.csv:4: 2027-07-05 lies behind the calendar"},
        {YEAR "holiday,2026-11-26,,,,A\nearly-release,2026-11-26,,,12:00,B\n",
         "cal.csv:5: 2026-11-26 is holiday (A) in line 4, and early-release (B) here"},
        {YEAR "early-release,2026-11-26,,,12:00,B\nholiday,2026-11-23,2026-11-27,,,A\n",
         "cal.csv:5: 2026-11-26 is early-release (B) in line 4, and holiday (A) here"},
        {YEAR "term,2026-08-17,2026-12-18,,,\nterm,2026-12-18,2027-05-28,,,\n",
         "cal.csv:5: two terms share days"},
        {YEAR "zone,,,,,Europe/Dublin\n", "cal.csv:4: a second row \"zone\""},
        {YEAR "calendar,2026-07-01,2027-06-30,,,X\n", "cal.csv:4: a second row"},
        {HEAD "zone,,,,,America/Springfield\n",
         "cal.csv:2: there is no time zone \"America/Springfield\""},
        {HEAD "zone,,,,,../../etc/passwd\n", "cal.csv:2: \"../../etc/passwd\" is not"},
        {HEAD "calendar,2027-06-30,2026-07-01,,,Heron\n", "cal.csv:2: the last day comes"},
        {HEAD "calendar,2026-07-01,2027-06-30,,,\n", "cal.csv:2: a calendar's name"},
        {HEAD "calendar,2016-07-01,2027-06-30,,,H\nzone,,,,,UTC\n", "at most 800 days"},
        {YEAR "hours,Mon,Fri,08:00,15:00,\nhours,Fri,,08:00,12:00,\n",
         "cal.csv:5: a weekday that has its hours in line 4"},
        {YEAR "hours,Funday,,08:00,12:00,\n", "cal.csv:4: hours are for weekdays"},
        {YEAR "hours,Mon,Fri,15:00,08:00,\n", "cal.csv:4: the hours end before"},
        {YEAR "hours,Mon,Fri,,08:00,\n", "cal.csv:4: hours have a beginning"},
        {YEAR "term,2026-08-17,2026-12-18,08:00,,\n", "nothing in column begin"},
        {YEAR "snowday,2027-01-20,,,,\n", "cal.csv:4: there is no row \"snowday\""},
        {YEAR "weekend,2027-01-20,,,,\n", "cal.csv:4: there is no row \"weekend\""},
        {YEAR "snow,2027-01-20,,,,a\x01b\n", "cal.csv:4: a name has at most"},
        {YEAR "snow,2027-01-20\n", "cal.csv:4: "}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_schoolcal *c = NULL;
        struct bw_err err = {""};
        assert_true(read_text(rows[i].text, NULL, &c, &err) < 0);
        assert_null(c);
        if (!strstr(err.text, rows[i].says)) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
    struct bw_schoolcal *c = NULL;
    struct bw_err err = {""};
    assert_int_equal(read_text(YEAR, "Europe/Dublin", &c, &err), -EINVAL);
    assert_string_equal(err.text, "cal.csv:3: the file says \"America/Chicago\", the "
                                  "command line \"Europe/Dublin\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_year),
        cmocka_unit_test(what_may_be_left_out),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
