# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness calendar show` of iCalendar files that python3-icalendar writes, with the days
that dateutil finds; and what the command line must say of such a file."""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

import icalendar
from dateutil import rrule

PROGRAM = sys.argv.pop(1)
DAY = datetime.date.fromisoformat
FIRST, LAST = DAY("2026-07-01"), DAY("2027-06-30")
SAYS = ["--tz", "America/Denver", "--from", "2026-07-01", "--to", "2027-06-30", "--name", "Finch"]


def event(summary, start, end=None, **more):
    e = icalendar.Event()
    e.add("uid", f"{summary}@finch.example")
    e.add("summary", summary)
    e.add("dtstart", start)
    e.add("dtstamp", datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc))
    if end:
        e.add("dtend", end)
    for name, value in more.items():
        for one in value if isinstance(value, list) else [value]:
            e.add(name, one)
    return e


class ICal(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bw-test-ics-"))

    def write(self, *events):
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//finch//example//")
        calendar.add("version", "2.0")
        for e in events:
            calendar.add_component(e)
        path = os.path.join(self.folder, "finch.ics")
        with open(path, "wb") as f:
            f.write(calendar.to_ical())
        return path

    def run_it(self, *words, status=0):
        done = subprocess.run([PROGRAM, "calendar", "show", "--json", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                              timeout=60, check=False)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout[-500:]}{done.stderr}")
        return done.stdout, done.stderr

    def kinds(self, *words):
        shown, = json.loads(self.run_it(*words)[0])
        return {DAY(d["date"]): d["kind"] for d in shown["days"]
                if d["kind"] not in ("instruction", "weekend")}

    def test_rules_as_dateutil_finds_them(self):
        rules = ["FREQ=WEEKLY;BYDAY=WE;UNTIL=20270528", "FREQ=MONTHLY;BYDAY=2TU;COUNT=9",
                 "FREQ=MONTHLY;BYDAY=-1FR;COUNT=20", "FREQ=DAILY;INTERVAL=9;COUNT=30",
                 "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", "FREQ=MONTHLY;BYMONTHDAY=15,-1;COUNT=12",
                 "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=25",
                 "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=8"]
        for text in rules:
            start = DAY("2026-09-02")
            found = [d.date() for d in rrule.rrulestr(
                text, dtstart=datetime.datetime(2026, 9, 2)).between(
                    datetime.datetime(2026, 7, 1), datetime.datetime(2027, 6, 30), inc=True)]
            # a DTSTART that its own rule does not name is undefined (RFC 5545, 3.8.5.3)
            out = found[len(found) // 2] if len(found) > 2 else DAY("2026-09-03")
            path = self.write(event("Half day", start,
                                    rrule=icalendar.vRecur.from_ical(text), exdate=out))
            want = {d for d in found if d != out and d.weekday() < 5}
            got = set(self.kinds(*SAYS, "--no-school", "half day", path)) - {start}
            self.assertEqual(got, want - {start}, text)

    def test_days_and_times(self):
        utc = datetime.timezone.utc
        path = self.write(
            event("Thanksgiving – No School", DAY("2026-11-25"), DAY("2026-11-28")),
            event("Winter Break", DAY("2026-12-21"), DAY("2027-01-02"), categories=[["Closings"]]),
            event("Snow: closed", datetime.datetime(2027, 1, 20, 13, tzinfo=utc)),
            event("Band concert", DAY("2026-10-09")),
            event("Delay", DAY("2027-01-21")),
            event("Make-up Saturday", DAY("2027-02-06")))
        out, err = self.run_it(*SAYS, "--no-school", "no school, closings", "--snow-day", "snow",
                               "--late-start", "Delay=10:00", "--hours",
                               "Mon-Fri 07:45-15:15, Sat 08:00-12:00", "--terms",
                               "2026-08-17..2026-12-18,2027-01-04..2027-05-28", path)
        shown, = json.loads(out)
        got = {d["date"]: d for d in shown["days"]}
        self.assertEqual([got[f"2026-11-{d}"]["kind"] for d in (24, 25, 26, 27, 30)],
                         ["instruction", "holiday", "holiday", "holiday", "instruction"])
        self.assertEqual(got["2026-11-26"]["name"], "Thanksgiving – No School")
        self.assertEqual(got["2026-12-21"]["kind"], "outside-of-term")
        self.assertEqual(got["2027-01-20"]["kind"], "snow")
        self.assertEqual((got["2027-01-21"]["begin_min"], got["2027-01-21"]["end_min"]), (600, 915))
        self.assertIn("left aside: 2026-10-09 Band concert", err)
        self.assertIn("left aside: 2027-02-06 Make-up Saturday", err)
        self.assertEqual(err.count("left aside"), 2)

    def test_what_the_command_line_must_say(self):
        path = self.write(event("Break", DAY("2026-11-25")))
        for words, status, says in (
                ((path,), 1, "say --tz, --from, --to"),
                ((*SAYS, path), 1, "--no-school or the like"),
                ((*SAYS, "--early-release", "Break", path), 2, "wants the time"),
                ((*SAYS, "--no-school", "Break", "--hours", "Mon 8-9", path), 2, "--hours is"),
                ((*SAYS, "--no-school", "Break", "--terms", "2026-08-17", path), 2, "--terms is"),
                ((*SAYS, "--no-school", "Holiday", path), 1, "none of its 1 events"),
                (("--from", "26-7-1", path), 2, "--from wants a day")):
            self.assertIn(says, self.run_it(*words, status=status)[1], words)
        table = os.path.join(self.folder, "t.csv")
        with open(table, "w", encoding="utf-8") as f:
            f.write("what\n")
        self.assertIn("is a table", self.run_it("--no-school", "x", table, status=2)[1])


if __name__ == "__main__":
    unittest.main()
