/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_schoolcal_ical.c - events of an iCalendar file as days of a school's calendar. Dates
 * worked by hand. */
#include "schoolcal.h"
#include "schoolcal_ical.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USUAL                                                                              \
    {                                                                                      \
        BW_SCHOOLCAL_AS_USUAL, BW_SCHOOLCAL_AS_USUAL                                       \
    }
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:u1\r\n" lines "END:VEVENT\r\n"

static const struct bw_ical_word words[] = {
    {"No School", BW_SCHOOLDAY_HOLIDAY, USUAL},
    {"break", BW_SCHOOLDAY_HOLIDAY, USUAL},
    {"Early Dismissal", BW_SCHOOLDAY_EARLY, {BW_SCHOOLCAL_AS_USUAL, 720}},
    {"Teachers", BW_SCHOOLDAY_CLOSED, USUAL},
    {"exams", BW_SCHOOLDAY_TESTING, USUAL}};

struct left {
    int n;
    int line;
    char text[64];
};

static void take_left(void *owner, int line, const char *date, const char *summary)
{
    struct left *l = owner;
    l->n++;
    l->line = line;
    (void)snprintf(l->text, sizeof(l->text), "%s %s", date, summary);
}

static int read_events(const char *events,
                       struct left *left,
                       struct bw_schoolcal **ret,
                       struct bw_err *err)
{
    struct bw_ical_asked a = {.base = {.name = "Heron", .zone = "America/Chicago"},
                              .words = words,
                              .n_words = sizeof(words) / sizeof(words[0]),
                              .left = take_left,
                              .owner = left};
    char text[8192];
    int n = snprintf(text, sizeof(text),
                     "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n%s"
                     "END:VCALENDAR\r\n",
                     events);

    assert_int_equal(bw_civil_date_parse("2026-07-01", &a.base.from_day), 0);
    assert_int_equal(bw_civil_date_parse("2027-06-30", &a.base.to_day), 0);
    memcpy(a.base.week, bw_schoolcal_week_default, sizeof(a.base.week));
    memset(left, 0, sizeof(*left));
    return bw_schoolcal_read_ical("cal.ics", text, (size_t)n, &a, ret, err);
}

/* The days of these events as canonical JSON. */
static void gives(const char *events, const char *days)
{
    struct bw_schoolcal *c = NULL;
    struct bw_err err = {""};
    struct left left;
    struct bw_buf body;
    const char *at;

    if (read_events(events, &left, &c, &err) < 0) {
        fail_msg("%s", err.text);
    }
    bw_buf_init(&body, BW_SCHOOLCAL_BODY_MAX);
    bw_schoolcal_encode(c, &body);
    at = strstr(body.data, "\"days\":");
    assert_non_null(at);
    assert_string_equal(at + 7, days);
    bw_buf_done(&body);
    bw_schoolcal_free(c);
}

static void all_day_events(void **state)
{
    (void)state;
    gives(EVENT("DTSTART;VALUE=DATE:20261126\r\nSUMMARY:NO SCHOOL - Thanks\r\n giving\r\n"),
          "[{\"kind\":\"holiday\",\"from\":\"2026-11-26\",\"name\":\"NO SCHOOL - "
          "Thanksgiving\"}]}");
    /* DTEND is the first day that does not belong to it */
    gives(EVENT("DTSTART;VALUE=DATE:20261126\r\nDTEND;VALUE=DATE:20261128\r\n"
                "SUMMARY:Fall break\r\n"),
          "[{\"kind\":\"holiday\",\"from\":\"2026-11-26\",\"to\":\"2026-11-27\",\"name\":"
          "\"Fall break\"}]}");
    gives(EVENT("DTSTART;VALUE=DATE:20261221\r\nDURATION:P2W\r\nSUMMARY:Winter "
                "Break\\, whole\r\n"),
          "[{\"kind\":\"holiday\",\"from\":\"2026-12-21\",\"to\":\"2027-01-03\",\"name\":"
          "\"Winter Break, whole\"}]}");
    /* by category, and one that begins in the year before */
    gives(EVENT("DTSTART;VALUE=DATE:20260625\r\nDTEND;VALUE=DATE:20260705\r\n"
                "CATEGORIES:Fun,Break\r\nSUMMARY:Summer\r\n"),
          "[{\"kind\":\"holiday\",\"from\":\"2026-07-01\",\"to\":\"2026-07-04\",\"name\":"
          "\"Summer\"}]}");
}

static void repeated_events(void **state)
{
    (void)state;
    /* the first Wednesday of a month, without December's and with one more */
    gives(EVENT("DTSTART;VALUE=DATE:20261007\r\nRRULE:FREQ=MONTHLY;BYDAY=1WE;COUNT=4\r\n"
                "EXDATE;VALUE=DATE:20261202\r\nSUMMARY:Early dismissal\r\n"),
          "[{\"kind\":\"early-release\",\"from\":\"2026-10-07\",\"end_min\":720,\"name\":"
          "\"Early dismissal\"},{\"kind\":\"early-release\",\"from\":\"2026-11-04\",\"end_"
          "min\":720,\"name\":\"Early dismissal\"},{\"kind\":\"early-release\",\"from\":"
          "\"2027-01-06\",\"end_min\":720,\"name\":\"Early dismissal\"}]}");
    /* every year since long ago: this year's alone */
    gives(EVENT("DTSTART;VALUE=DATE:19990215\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=3MO\r\n"
                "SUMMARY:No school: Presidents\r\n"),
          "[{\"kind\":\"holiday\",\"from\":\"2027-02-15\",\"name\":\"No school: "
          "Presidents\"}]}");
    /* one of them is moved, another is cancelled */
    gives(
        EVENT("DTSTART;VALUE=DATE:20261007\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"
              "SUMMARY:Early dismissal\r\n")
            EVENT("RECURRENCE-ID;VALUE=DATE:20261014\r\nDTSTART;VALUE=DATE:20261015\r\n"
                  "SUMMARY:Early dismissal\r\n")
                EVENT("RECURRENCE-ID;VALUE=DATE:20261021\r\nDTSTART;VALUE=DATE:20261021\r\n"
                      "STATUS:CANCELLED\r\nSUMMARY:Early dismissal\r\n"),
        "[{\"kind\":\"early-release\",\"from\":\"2026-10-07\",\"end_min\":720,\"name\":"
        "\"Early dismissal\"},{\"kind\":\"early-release\",\"from\":\"2026-10-15\",\"end_"
        "min\":720,\"name\":\"Early dismissal\"}]}");
}

static void events_with_times(void **state)
{
    static const char berlin[] =
        "BEGIN:VTIMEZONE\r\nTZID:W. Europe\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
        "DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";
    char text[2048];
    (void)state;
    /* 03:00 UTC is the evening before in Chicago */
    gives(EVENT("DTSTART:20261013T030000Z\r\nDTEND:20261013T040000Z\r\n"
                "SUMMARY:Teachers\r\n"),
          "[{\"kind\":\"closed\",\"from\":\"2026-10-12\",\"name\":\"Teachers\"}]}");
    /* local whatever the zone; up to midnight is not the next day */
    gives(EVENT("DTSTART:20261013T080000\r\nDTEND:20261015T000000\r\nSUMMARY:Teachers\r\n"),
          "[{\"kind\":\"closed\",\"from\":\"2026-10-13\",\"to\":\"2026-10-14\",\"name\":"
          "\"Teachers\"}]}");
    /* a zone by its name; 22:30 in New York is 21:30 here */
    gives(EVENT("DTSTART;TZID=America/New_York:20261013T003000\r\nSUMMARY:Teachers\r\n"),
          "[{\"kind\":\"closed\",\"from\":\"2026-10-12\",\"name\":\"Teachers\"}]}");
    /* a zone that the file defines: 06:30 in summer is 23:30 here, in winter as well */
    (void)snprintf(text, sizeof(text), "%s%s", berlin,
                   EVENT("DTSTART;TZID=W. Europe:20261013T063000\r\n"
                         "RRULE:FREQ=WEEKLY;COUNT=1\r\nSUMMARY:Teachers\r\n"));
    gives(text, "[{\"kind\":\"closed\",\"from\":\"2026-10-12\",\"name\":\"Teachers\"}]}");
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *events;
        const char *says;
    } rows[] = {
        {"", "none of its 0 events"},
        {EVENT("DTSTART;VALUE=DATE:20261126\r\nSUMMARY:Concert\r\n"),
         "none of its 1 events"},
        {EVENT("DTSTART;VALUE=DATE:20261126\r\nSUMMARY:Teachers' break\r\n"),
         "cal.ics:4: \"Teachers' break\" means two things here"},
        {EVENT("SUMMARY:Break\r\n"), "cal.ics:4: the event has no DTSTART"},
        {EVENT("DTSTART;VALUE=DATE:20261126\r\nDTEND;VALUE=DATE:20261120\r\nSUMMARY:"
               "Break\r\n"),
         "cal.ics:4: the event ends before it begins"},
        {EVENT("DTSTART;VALUE=DATE:20260231\r\nSUMMARY:Break\r\n"),
         "cal.ics:4: the event has a date that does not exist"},
        {EVENT("DTSTART;TZID=Middle Earth:20261126T080000\r\nSUMMARY:Break\r\n"),
         "cal.ics:4: the event's TZID is defined nowhere"},
        {EVENT("DTSTART:20261126T080000\r\nRRULE:FREQ=SECONDLY\r\nSUMMARY:Break\r\n"),
         "cal.ics:4: a rule of repetition by day"},
        {EVENT("DTSTART;VALUE=DATE:20261126\r\nSUMMARY:Break\r\n")
             EVENT("DTSTART;VALUE=DATE:20261126\r\nSUMMARY:Teachers\r\n"),
         "cal.ics:9: 2026-11-26 is holiday (Break) in line 4, and closed (Teachers) here"},
        {EVENT("DTSTART;VALUE=DATE:20261128\r\nSUMMARY:Early dismissal\r\n"),
         "cal.ics:4: 2026-11-28: there are no lessons anyway"},
        {EVENT("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261126\r\n"
               "DTSTART;VALUE=DATE:20261126\r\nSUMMARY:Break\r\n"),
         "cal.ics:4: a RECURRENCE-ID that names no single day"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_schoolcal *c = NULL;
        struct bw_err err = {""};
        struct left left;
        if (read_events(rows[i].events, &left, &c, &err) >= 0) {
            fail_msg("row %zu was taken", i);
        }
        if (!strstr(err.text, rows[i].says)) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

static void what_has_no_word_is_told(void **state)
{
    struct bw_schoolcal *c = NULL;
    struct bw_err err = {""};
    struct left left;
    (void)state;

    /* "outbreak" is another word than "break" */
    assert_int_equal(
        read_events(EVENT("DTSTART;VALUE=DATE:20261126\r\nSUMMARY:Break\r\n")
                        EVENT("DTSTART;VALUE=DATE:20261005\r\nSUMMARY:Outbreak drill\r\n"),
                    &left, &c, &err),
        0);
    assert_int_equal(left.n, 1);
    assert_int_equal(left.line, 9);
    assert_string_equal(left.text, "2026-10-05 Outbreak drill");
    assert_int_equal(bw_schoolcal_spec(c)->n_spans, 1);
    bw_schoolcal_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_day_events),           cmocka_unit_test(repeated_events),
        cmocka_unit_test(events_with_times),        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(what_has_no_word_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
