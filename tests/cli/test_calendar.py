# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness calendar show` and `import calendar`: a year as a picture, counted again here
from the dates themselves; and what becomes of one that is imported again, changed, or wrong."""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
YEAR = """what,from,to,begin,end,name
calendar,2026-07-01,2027-06-30,,,Alder County 2026/27
zone,,,,,America/Chicago
hours,Mon,Thu,07:45,15:15,
hours,Fri,,07:45,14:00,
term,2026-08-17,2026-12-18,,,Fall
term,2027-01-04,2027-05-28,,,Spring
holiday,2026-11-26,2026-11-27,,,Thanksgiving
early-release,2026-11-25,,,12:00,
snow,2027-01-20,,,,
instruction,2027-02-06,,08:00,12:00,Made up
testing,2027-04-05,2027-04-16,,,State tests
"""


def truth():
    """Kind and minutes of class of each day, by the plainest reading of the table above."""
    day = datetime.date(2026, 7, 1)
    while day <= datetime.date(2027, 6, 30):
        text = day.isoformat()
        weekday = day.weekday()
        term = "2026-08-17" <= text <= "2026-12-18" or "2027-01-04" <= text <= "2027-05-28"
        kind, hours = "instruction", (465, 840 if weekday == 4 else 915)
        if not term:
            kind = "outside-of-term"
        elif weekday > 4:
            kind = "weekend"
        elif text in ("2026-11-26", "2026-11-27"):
            kind = "holiday"
        elif text == "2026-11-25":
            kind, hours = "early-release", (465, 720)
        elif text == "2027-01-20":
            kind = "snow"
        if text == "2027-02-06":
            kind, hours = "instruction", (480, 720)
        yield text, kind, hours if kind in ("instruction", "early-release") else None
        day += datetime.timedelta(days=1)


class Calendar(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bw-test-cal-"))
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state)
        self.file = self.write("alder.csv", YEAR)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run_it(self, *words, status=0):
        done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=60, check=False,
                              env={**os.environ, "TZ": "UTC", "SUDO_USER": "", "USER": "heron"})
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout[-2000:]}{done.stderr}")
        return done.stdout if status == 0 else done.stderr

    def bring(self, file, *words, status=0):
        return self.run_it("import", "calendar", file, "--entity", "alder", "--state", self.state,
                           *words, status=status)

    def test_every_day(self):
        shown = json.loads(self.run_it("calendar", "show", "--json", self.file))
        self.assertEqual(len(shown), 1)
        days = [(d["date"], d["kind"],
                 (d["begin_min"], d["end_min"]) if "begin_min" in d else None)
                for d in shown[0]["days"]]
        want = list(truth())
        self.assertEqual(days, want)
        counts = shown[0]["counts"]
        for kind in ("instruction", "early-release", "holiday", "snow", "weekend",
                     "outside-of-term"):
            self.assertEqual(counts[kind], sum(1 for d in want if d[1] == kind), kind)
        self.assertEqual(counts["with_lessons"], sum(1 for d in want if d[2]))
        self.assertEqual(counts["testing"], 10)
        # no hour of class is skipped or shown twice by the clocks
        self.assertEqual(shown[0]["class_s"], sum((d[2][1] - d[2][0]) * 60 for d in want if d[2]))

    def test_the_picture(self):
        shown = self.run_it("calendar", "show", self.file)
        self.assertIn("2026 Nov  -CCCCC--CCCCC--CCCCC--CCEHH--C     19\n", shown)
        self.assertIn("2027 Apr  CC--TTTTT--TTTTT--CCCCC--CCCCC     22\n", shown)
        self.assertIn("Class hours: Mon-Thu 07:45-15:15, Fri 07:45-14:00\n", shown)
        self.assertIn("2026-11-25 Wed      early-release   07:45-12:00\n", shown)
        for line in shown.splitlines():
            self.assertEqual(line, line.rstrip())
        box = self.run_it("calendar", "show", "--box", self.file)
        self.assertIn("2026-11-25 until 12:00\n2026-11-26 - 2026-11-27  # Thanksgiving\n", box)
        self.assertIn("2026-12-19 - 2027-01-03  # outside-of-term\n", box)

    def test_the_box_reads_what_is_written_for_it(self):
        box = self.write("calendar", self.run_it("calendar", "show", "--box", self.file))
        conf = self.write("box.conf", f'instruction_calendar = "{box}"\ncircuit "wan" {{\n'
                          '  vantage = router\n  source = kernel\n  interface = "lo"\n}\n')

        def said():
            return subprocess.run([PROGRAM, "check-config", conf], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, encoding="utf-8", timeout=60,
                                  check=False).stdout

        self.assertNotIn("calendar:", said())  # whatever else this machine lacks
        self.write("calendar", "2026-02-31\n")
        self.assertIn("calendar:1: ", said())

    def test_kept_once_and_replaced(self):
        self.assertIn("would be put on record", self.bring(self.file, "--dry-run"))
        self.assertEqual(os.listdir(self.state), [])
        first = json.loads(self.bring(self.file, "--json"))
        self.assertEqual((first["new"], first["kept"], first["replaces"]), (True, True, []))
        again = json.loads(self.bring(self.file, "--json"))
        self.assertEqual((again["new"], again["id"]), (False, first["id"]))
        # a snow day more: the calendar of the same days takes its place
        more = self.write("more.csv", YEAR + "snow,2027-02-17,,,,\n")
        second = json.loads(self.bring(more, "--json"))
        self.assertEqual(second["replaces"], [first["id"]])
        shown = json.loads(self.run_it("calendar", "show", "--entity", "alder", "--json", "--state",
                                       self.state))
        self.assertEqual([(c["id"], c["by"], c["counts"]["snow"]) for c in shown],
                         [(second["id"], "heron", 2)])
        said = json.loads(self.run_it("statement", "list", "--json", "--history", "--state",
                                      self.state))
        self.assertEqual(len(said), 2)
        self.assertEqual({s["statement"]["about"] for s in said}, {"entity:alder"})
        self.assertEqual({s["statement"]["source"]["file"] for s in said}, {"alder.csv", "more.csv"})
        # next year's stands beside it
        after = self.write("after.csv", "what,from,to,name\ncalendar,2027-07-01,2028-06-30,After\n"
                           "zone,,,America/Chicago\n")
        self.assertEqual(json.loads(self.bring(after, "--json"))["replaces"], [])
        # one of fewer days would take days away
        less = self.write("less.csv", "what,from,to,name\ncalendar,2027-01-01,2027-06-30,Less\n"
                          "zone,,,America/Chicago\n")
        self.assertIn("speaks of 2026-07-01 to 2027-06-30", self.bring(less, status=1))
        self.assertEqual(json.loads(self.bring(less, "--replace", "--json"))["replaces"],
                         [second["id"]])

    def test_refused_whole(self):
        bad = self.write("bad.csv", YEAR + "holiday,2027-02-31,,,,\n")
        self.assertIn(f'{bad}:13: "2027-02-31" is no date', self.bring(bad, status=1))
        self.assertEqual(os.listdir(self.state), [])
        self.assertIn("say whose calendar", self.run_it("import", "calendar", bad, status=2))
        self.assertIn("give a file", self.run_it("calendar", "show", status=2))
        self.assertIn("No such file", self.bring(self.folder + "/none", status=1))

    def test_at_a_collector_the_entity_is_known(self):
        ledger = os.path.join(self.folder, "collector")
        os.mkdir(ledger)
        err = self.run_it("import", "calendar", self.file, "--entity", "nowhere", "--ledger", ledger,
                          status=1)
        self.assertIn("nowhere", err)
        self.run_it("import", "calendar", self.file, "--whole-state", "--ledger", ledger)
        self.assertIn("no site s-abcde; `bandwitness site list`", self.run_it(
            "calendar", "show", "--site", "s-abcde", "--ledger", ledger, status=1))
        site = self.run_it("site", "add", "Alder Elementary", "--data", ledger).split()[0]
        shown = json.loads(self.run_it("calendar", "show", "--site", site, "--json", "--ledger", ledger))
        self.assertEqual([c["about"] for c in shown], ["state"])


if __name__ == "__main__":
    unittest.main()
