#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_findings.py BANDWITNESS GEN_YEAR - findings in a report: what governs, what is for comparison,
in every format; every outcome and row worked out again by recompute_findings.py; what cannot be
used is refused with its mend."""
import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RULES = os.path.join(TOP, "etc", "rules")
BANDWITNESS, GEN = sys.argv.pop(1), sys.argv.pop(1)

TERMS = """speed_part = 90%
speed_share = 80%
round_trip = 35ms
round_trip_share = 99%
round_trip_target = "provider-edge"
available = 99.95%
monthly_cost = "1250.00"
normal_down = 90M
minimum_down = 50M
credit "a" { below = 99.95% credit = 5% }
credit "b" { below = 99% credit = 25% }
"""
HEAD = """version = 1
title = "Of our own"
says = "So it is."
whom = "nobody"
place = comparison
citation "us" { source = "ourselves" url = "https://example.org/" read = "2026-11-21" }
"""
# Each form with numbers that generated records fall on either side of.
OWN = {
    "share": """tests "a" { kind = capacity shows = "a" lessons = out part = 95% share = 97% least = 10 }
tests "b" { kind = service shows = "b" part = 99.5% share = 50% least = 10 direction = up }
tests "c" { kind = service shows = "c" part = 90% share = 100% least = 1000 decides = no }
""",
    "days": """days { count = 3 within = 7 gap = 1 }
tests "a" { kind = capacity shows = "a" lessons = out part = 97% count = days-below days = 2 per_day = 1 }
tests "b" { kind = capacity shows = "b" lessons = out part = 100% count = days-reached days = 3 per_day = 1 spacing = 1h }
delay "c" { kind = capacity shows = "c" lessons = out bound = 20ms share = 50% lost = left-out least = 1 from = "17:00" to = "23:00" }
""",
    "weeks": """days { count = 2 within = 2 each = month }
tests "a" { kind = capacity shows = "a" lessons = out share = 50% per_day = 2 weekdays = "sat,sun" }
""",
    "bins": """bins "a" { kind = use shows = "a" percentile = 50% }
bins "b" { kind = use shows = "b" percentile = 99% each = day over = max in = month at_most = 90% lessons = days }
bins "c" { kind = use shows = "c" percentile = 95% lessons = in each = month over = mean at_most = 50% direction = up }
bins "e" { kind = use shows = "e" percentile = 95% lessons = out from = "06:00" to = "20:00" each = day over = mean at_most = 50% }
bins "d" { kind = use shows = "d" percentile = 95% from = "20:30" to = "22:00" weekdays = "fri-mon" least = 100% least_days = 3 at_most = 60% }
""",
    "delay": """delay "a" { kind = service shows = "a" bound = 13ms share = 90% lost = over least = 100 }
delay "b" { kind = service shows = "b" bound = 12ms share = 60% lost = over least = 100 from = "02:00" to = "04:00" }
delay "c" { kind = experience shows = "c" lessons = in bound = 10ms share = 99% lost = left-out least = 100000000 }
""",
    "outages": """outages "a" { kind = service shows = "a" each = month at_most = 10min }
outages "b" { kind = service shows = "b" each = quarter available = 99.9% excused = "planned,power" }
outages "c" { kind = service shows = "c" each = day at_most = 1h }
""",
    "ratio": """ratio "a" { kind = size shows = "a" per = student direction = up size "x" { to = 499 each = 1k } size "y" { from = 500 each = 40k least = 21M } }
""",
}
PEOPLE = ("--students", "500", "--users", "560", "--users-are", "students and staff")


class Findings(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="bw-test-findings-"))
        cls.jose, cls.key, cls.terms = (os.path.join(cls.folder, n) for n in ("r.jose", "r.jwk", "terms.conf"))
        subprocess.run([GEN, "--from", "2026-10-01T05:00:00Z", "--days", "31", "--offset", "-18000",
                        "--jose", cls.jose, "--key", cls.key], check=True, stdout=subprocess.DEVNULL)
        with open(cls.terms, "w", encoding="utf-8") as f:
            f.write(TERMS)
        with open(os.path.join(TOP, "docs", "report-v1.schema.json"), encoding="utf-8") as f:
            cls.schema = jsonschema.Draft202012Validator(json.load(f))

    def run_it(self, *words, status=0):
        done = subprocess.run([BANDWITNESS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=120, check=False,
                              env={**os.environ, "SOURCE_DATE_EPOCH": "1794500000", "TZ": "UTC"})
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def asked(self, *words, rules=RULES):
        return ("--file", self.jose, "--tz", "America/Chicago", "--month", "2026-10", "--claim-down", "100M",
                "--claim-up", "20M", "--rules", rules, *words)

    def report(self, *words, form="json", status=0, rules=RULES):
        text = self.run_it("report", *self.asked(*words, rules=rules), "--format", form, status=status)
        return json.loads(text) if form == "json" and status == 0 else text

    def by_id(self, *words):
        return {f["finding"]: f for f in self.report(*words)["findings"]}

    def test_schema_and_formats(self):
        r = self.report("--terms", self.terms, "--adopt", "esh-headroom", *PEOPLE)
        for e in list(self.schema.iter_errors(r))[:5]:
            self.fail(f"the schema refuses {list(e.path)}: {e.message}")
        rows = list(csv.DictReader(io.StringIO(self.report("--terms", self.terms, form="csv"))))
        said = [x for x in rows if x["section"] == "findings"]
        self.assertTrue(any(x["figure"] == "contract-sla/capacity version 1" for x in said))
        self.assertTrue(any(x["figure"] == "fcc-caf/capacity version 1 (for comparison)" for x in said))
        page = self.report("--terms", self.terms, "--adopt", "esh-headroom", form="html")
        first, rest = page.split('id="comparison"')
        self.assertIn("Findings by the rules that govern this service", first)
        self.assertIn("(esh-headroom/use)", first)
        self.assertIn("(contract-sla/capacity)", first)
        self.assertNotIn("(fcc-caf/capacity)", first)
        self.assertNotIn("(ncren-utilisation/use)", first)
        self.assertIn("these rules do not govern this service", rest)
        self.assertIn("(fcc-caf/capacity)", rest)
        self.assertEqual(page, self.report("--terms", self.terms, "--adopt", "esh-headroom", form="html"))
        files = re.findall("SHA-256 of the rule[^ ]+ file: <code>([^<]+)</code>", page)
        self.assertEqual(len(files), len(set(files)), "a rule's sources stand twice")
        hashes = set()
        for name in os.listdir(RULES):
            with open(f"{RULES}/{name}", "rb") as f:
                hashes.add(base64.urlsafe_b64encode(hashlib.sha256(f.read()).digest()).decode().rstrip("="))
        self.assertEqual(set(files), hashes)
        self.assertNotIn("findings", self.report(rules="none"))
        self.assertIn("no rules were given to this report", self.report(rules="none", form="html"))
        self.assertNotIn("no rules were given", page)

    def test_who_governs(self):
        bare = self.by_id()
        self.assertEqual({f["governs"] for f in bare.values()}, {False})
        self.assertEqual(bare["contract-sla/capacity"]["reason"], "no-terms")
        more = self.by_id("--terms", self.terms, "--adopt", "ncren-utilisation", "--adopt", "setda-iii")
        self.assertEqual({n for n, f in more.items() if f["governs"]},
                         {"contract-sla/capacity", "contract-sla/service", "ncren-utilisation/use",
                          "setda-iii/size"})
        for f in more.values():
            if not f["governs"]:
                self.assertIn("does not govern this service", f["governs_why"])
        self.assertIn("is not for adoption", self.report("--adopt", "fcc-caf", status=1))
        self.assertIn("did you mean bead?", self.report("--adopt", "bed", status=1))

    def recompute(self, folder, *words):
        report = os.path.join(self.folder, "again.json")
        with open(report, "w", encoding="utf-8") as f:
            f.write(json.dumps(self.report(*words, rules=folder)))
        done = subprocess.run([sys.executable, os.path.join(HERE, "recompute_findings.py"), report, self.jose,
                               self.key, folder, "--terms", self.terms, "--students", "500", "--users", "560"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=300,
                              check=False)
        return done.returncode, done.stdout, report

    def test_worked_out_again(self):
        own = os.path.join(self.folder, "own")
        os.makedirs(own)
        for name, text in OWN.items():
            with open(os.path.join(own, name + ".conf"), "w", encoding="utf-8") as f:
                f.write(HEAD + text)
        outcomes = set()
        for folder in (RULES, own):
            status, said, report = self.recompute(folder, "--terms", self.terms, *PEOPLE)
            self.assertEqual(status, 0, said)
            with open(report, encoding="utf-8") as f:
                r = json.load(f)
            outcomes |= {(p["outcome"], p.get("reason")) for f in r["findings"] for p in f["parts"]}
        self.assertLessEqual({("show", None), ("do-not-show", None), ("not-enough", "too-few"),
                              ("not-enough", "unproven"), ("not-enough", "running")}, outcomes)
        # it sees a figure that is another
        for f in r["findings"]:
            for p in f["parts"]:
                for row in p["rows"]:
                    if row["words"].startswith("tests that count"):
                        row["value"] += 1
        with open(report, "w", encoding="utf-8") as f:
            json.dump(r, f)
        done = subprocess.run([sys.executable, os.path.join(HERE, "recompute_findings.py"), report, self.jose,
                               self.key, own, "--terms", self.terms, "--students", "500", "--users", "560"],
                              stdout=subprocess.PIPE, encoding="utf-8", timeout=300, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("row 'tests that count'", done.stdout)

    def test_explain(self):
        asked = self.asked("--terms", self.terms, *PEOPLE)
        text = self.run_it("explain", "contract-sla", *asked)
        self.assertIn("contract-sla/capacity (version 1, finding/2)", text)
        self.assertIn("contract-sla/service (version 1, finding/2)", text)
        self.assertIn("× 1,000,000 ≥ 800,000 ×", text)
        self.assertIn("https://asc.edu/", text)
        one = self.run_it("explain", *asked, "fcc-8080-any-hours/experience")
        self.assertIn("in class hours", one)
        self.assertNotIn("fcc-8080-any-hours/capacity", one)
        said = json.loads(self.run_it("explain", "setda-iii", "--json", *asked))
        self.assertEqual(said, [self.by_id("--terms", self.terms, *PEOPLE)["setda-iii/size"]])
        self.assertIn("did you mean fcc-caf?", self.run_it("explain", "fcc-cat", *asked, status=1))
        self.assertIn("no finding", self.run_it("explain", "fcc-caf/use", *asked, status=1))
        self.assertIn("which finding?", self.run_it("explain", *asked, status=2))

    def test_adopted_on_record(self):
        data = os.path.join(self.folder, "data")
        os.mkdir(data)
        subprocess.run([GEN, "--from", "2026-10-28T05:00:00Z", "--days", "4", "--offset", "-18000",
                        "--ledger", data + "/ledger"], check=True, stdout=subprocess.DEVNULL)

        def governs(*words, rules=RULES):
            text = self.run_it("report", "--ledger", data, "--tz", "America/Chicago", "--rules", rules,
                               "--format", "json", *words)
            return {f["finding"]: f["governs_why"] for f in json.loads(text)["findings"] if f["governs"]}

        def adopt(*words, status=0):
            return self.run_it("rules", "adopt", "--rules", RULES, "--ledger", data, "--by", "heron", *words,
                               status=status)
        self.assertEqual(governs(), {})
        self.assertIn("esh-headroom is adopted", adopt("--from", "2026-10-01", "--text", "network act, section 4",
                                                       "esh-headroom"))
        adopt("--from", "2026-12-01", "ncren-utilisation")  # after the period
        said = governs()
        self.assertEqual(list(said), ["esh-headroom/use"])
        self.assertRegex(said["esh-headroom/use"], "said by heron on .*: network act, section 4")
        self.assertIn("not for adoption", adopt("--from", "2026-10-01", "bead", status=1))
        self.assertIn("did you mean setda-iii?", adopt("--from", "2026-10-01", "setda-ii", status=1))
        self.assertIn("since when", adopt("setda-iii", status=2))
        self.assertEqual(list(governs("--adopt", "setda-iii")), ["esh-headroom/use", "setda-iii/size"])
        # a changed rule is another one
        own = os.path.join(self.folder, "changed")
        os.mkdir(own)
        with open(os.path.join(RULES, "esh-headroom.conf"), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(own, "esh-headroom.conf"), "w", encoding="utf-8") as f:
            f.write(text.replace("version = 1", "version = 2"))
        self.assertEqual(governs(rules=own), {})
        # it still governs what it did govern: withdrawn from a day on that is after the period, within
        # it, and from its own first day on
        self.assertIn("adopted no longer", adopt("--withdraw", "--from", "2026-12-24", "esh-headroom"))
        self.assertRegex(governs()["esh-headroom/use"], "until 2026-12-24 UTC, as heron said")
        adopt("--from", "2026-10-01", "esh-headroom")
        adopt("--withdraw", "--from", "2026-10-01", "esh-headroom")
        self.assertEqual(list(governs()), ["esh-headroom/use"])  # by the first
        adopt("--from", "2026-09-01", "setda-iii")
        adopt("--withdraw", "--from", "2026-10-01", "setda-iii")  # before the period
        self.assertEqual(list(governs()), ["esh-headroom/use"])
        self.assertIn("is not adopted", adopt("--withdraw", "esh-headroom", status=1))

    def test_refused(self):
        for text, says in (("available = 99%\nspeed_part = 90%\n", ":2: 'speed_part' and 'speed_share'"),
                           ("round_trip = 35\nround_trip_share = 9%\n", ":1: 'round_trip' is '35'"),
                           ("monthly_cost = \"12,50\"\navailable = 99%\n", ":1: 'monthly_cost'"),
                           ("credit \"a\" { below = 99% credit = 5% }\nspeed_part = 9%\nspeed_share = 9%\n",
                            ":1: credits are for"),
                           ("available = 99%\ncredit \"a\" { below = 99% credit = 5% }\n"
                            "credit \"b\" { below = 99.5% credit = 9% }\n", ":3: each step"),
                           ("excused = power\n", "promises nothing")):
            path = os.path.join(self.folder, "bad.conf")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            self.assertRegex(self.report("--terms", path, status=1), "bad.conf.*" + re.escape(says))
        own = os.path.join(self.folder, "rules")
        os.makedirs(own, exist_ok=True)
        with open(os.path.join(own, "hole.conf"), "w", encoding="utf-8") as f:
            f.write("version = 1\n")
        self.assertIn("hole.conf:", self.report(rules=own, status=1))
        self.assertIn("No such file", self.report(rules=own + "/nowhere", status=1))


if __name__ == "__main__":
    unittest.main()
