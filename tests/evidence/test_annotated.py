#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_annotated.py BANDWITNESS GEN_YEAR - what people know of a line's time, in its report: said by
`bandwitness annotate`, listed in every format, excluded as worked out here, and nothing else
changed by it."""
import base64
import calendar
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import unittest

import jsonschema
from bwtest import Box
from said_case import BANDWITNESS, SaidCase

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FORM = "%Y-%m-%dT%H:%M:%S"


def unix_ms(text):
    rest = text[19:].rstrip("Z")
    return calendar.timegm(time.strptime(text[:19], FORM)) * 1000 + (int(rest[1:4]) if rest else 0)


def utc(unix_s):
    return time.strftime(FORM + "Z", time.gmtime(unix_s))


class Annotated(SaidCase):
    @classmethod
    def setUpClass(cls):
        cls.make("2026-10-28T05:00:00Z", 8)
        with open(os.path.join(TOP, "docs", "report-v1.schema.json"), encoding="utf-8") as f:
            cls.schema = jsonschema.Draft202012Validator(json.load(f))

    def report(self, form="json", *words):
        text = self.run_it("report", "--ledger", self.data, "--tz", "America/Chicago", "--claim-down",
                           "100M", "--claim-up", "20M", "--format", form, *words)
        return json.loads(text) if form == "json" else text

    def say(self, circuit, from_s, to_s, cause, text, *more):
        return self.run_it("annotate", "--ledger", self.data, "--by", "heron", "--from", utc(from_s),
                           "--to", utc(to_s), "--cause", cause, "--text", text, *more, circuit).split()[0]

    def test_all(self):
        bare = self.report()
        self.assertNotIn("annotations", bare)
        self.assertNotIn("excluded_ms", bare["outages"])
        self.assertFalse("note-list" in self.report("html"))
        self.assertNotIn("annotations", self.report("csv"))
        name = bare["identity"]["site"] + "." + bare["identity"]["circuit"]
        outage = bare["outages"]["list"][0]
        begin, end = unix_ms(outage["counted_from"]), unix_ms(outage["counted_to"])
        first, last = begin // 1000, -(-end // 1000)
        self.assertGreater(last - first, 60)

        # Two that exclude, and overlap; one that explains; one elsewhere; one out of the period.
        a = self.say(name, first - 600, first + 20, "planned", "a switch <new> & old", "--exclude")
        b = self.say(name, first + 10, first + 40, "power", "power cut on Alder Road", "--exclude")
        c = self.say(name, first + 50, last + 3600, "weather", "a storm")
        d = self.say(name, last + 7200, last + 7200 + 90, "school", "the rack was moved", "--exclude")
        self.say(name, first - 86400 * 365, first - 86400 * 364, "other", "last year", "--exclude")
        self.say(bare["identity"]["site"] + ".lan2", first, last, "other", "another line", "--exclude",
                 "--unseen")
        gone = self.say(name, first, last, "other", "a mistake", "--exclude")
        self.run_it("annotate", "--ledger", self.data, "--by", "egret", "--withdraw", gone)

        r = self.report()
        for e in list(self.schema.iter_errors(r))[:5]:
            self.fail(f"the schema refuses {list(e.path)}: {e.message}")
        notes = r.pop("annotations")
        self.assertEqual([x["id"] for x in notes["list"]], [a, b, c, d])
        self.assertEqual(notes["excluded_s"], (600 + 40) + 90)  # to first + 40 in one piece; d
        inside = (first + 40) * 1000 - begin
        self.assertEqual(r["outages"].pop("excluded_ms"), inside)
        self.assertEqual(r["outages"].pop("without_excluded_ms"), r["outages"]["total_ms"] - inside)
        self.assertEqual(r["outages"]["list"][0].pop("annotations"), [a, b, c])
        self.assertEqual(r["outages"]["list"][0].pop("excluded_ms"), inside)
        self.assertEqual(r, bare)  # nothing else changed
        self.assertEqual({k: notes["list"][0][k] for k in ("cause", "text", "exclude", "by", "from")},
                         {"cause": "planned", "text": "a switch <new> & old", "exclude": True,
                          "by": "heron", "from": utc(first - 600)})

        path = os.path.join(self.folder, "report.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(json.dumps(self.report()))
        subprocess.run([sys.executable, os.path.join(HERE, "recompute.py"), path, self.jose, self.key],
                       check=True)

        page = self.report("html")
        for text in ("planned (note 1), power (note 2), weather (note 3)", "a switch &lt;new&gt; &amp; old",
                     "People exclude 12 min 10 s of this period", "outage-excluded/1", "heron, "):
            self.assertTrue(text in page, text)
        self.assertFalse("a mistake" in page)
        self.assertFalse("another line" in page)
        rows = [x for x in csv.DictReader(io.StringIO(self.report("csv"))) if x["section"] == "annotations"]
        figures = {x["figure"]: x["value"] for x in rows}
        self.assertEqual(figures["annotations"], "4")
        self.assertEqual(figures["excluded_time"], "730")
        self.assertEqual(figures["outage_in_excluded_time"], str(inside))
        self.assertEqual(figures["outage_without_excluded_time"],
                         str(r["outages"]["total_ms"] - inside))
        self.assertIn(f"{utc(first + 10)}/{utc(first + 40)} power (excluded), by heron", figures)

        # A period that ends within what is excluded: only what lies in it counts.
        short = self.report("json", "--from", utc(first - 300), "--to", utc(first + 15))
        self.assertEqual(short["annotations"]["excluded_s"], 315)
        self.assertEqual(short["outages"].get("excluded_ms"), (first + 15) * 1000 - begin)
        # An exported file knows nothing of what people say.
        filed = json.loads(self.run_it("report", "--file", self.jose, "--format", "json"))
        self.assertNotIn("annotations", filed)

    def test_replies(self):
        """What was answered stands in the report, the packs and the bag of its period, nowhere else."""
        bare = self.report()
        name = bare["identity"]["site"] + "." + bare["identity"]["circuit"]
        day = ("--from", "2026-11-02", "--to", "2026-11-03", "--tz", "America/Chicago")
        letter = os.path.join(self.folder, "letter.txt")
        with open(letter, "wb") as f:
            f.write("The cut was a <digger> & is credited.\r\nH\u00e9ron Fibre\r\n".encode())
        keep = ("reply", "add", "--ledger", self.data, "--by", "heron", "--answers", "letter", "--who",
                "provider", name)
        one = json.loads(self.run_it(*keep, *day, "--file", letter, "--name", "Heron Fibre", "--exhibit",
                                     letter, "--json"))["id"]
        two = self.run_it(*keep, "--year", "2026", "--text", "Nothing to add.").split()[0]
        self.run_it(*keep, "--year", "FY2020", "--text", "Another year.")
        gone = self.run_it(*keep, *day, "--text", "A mistake.").split()[0]
        self.run_it("statement", "withdraw", "--ledger", self.data, "--by", "egret", "--text",
                    "by mistake", "--", gone)
        for bad in (("--file", letter, "--text", "x" * 6001), ("--text", " "), ("--text", "a\x1b[2Jb")):
            self.run_it(*keep, *day, *bad, status=2)
        with open(letter + ".pdf", "wb") as f:
            f.write(b"%PDF-1.4 \xff\xfe")
        self.run_it(*keep, *day, "--file", letter + ".pdf", status=1)

        r = self.report("json", *day)
        for e in list(self.schema.iter_errors(r))[:5]:
            self.fail(f"the schema refuses {list(e.path)}: {e.message}")
        replies = r.pop("replies")
        words = "The cut was a <digger> & is credited.\nH\u00e9ron Fibre"
        with open(letter, "rb") as f:
            sha = base64.urlsafe_b64encode(hashlib.sha256(f.read()).digest()).rstrip(b"=").decode()
        self.assertEqual(replies["list"][0],
                         {"id": one, "to": "letter", "period_from": "2026-11-02T06:00:00Z",
                          "period_to": "2026-11-03T06:00:00Z", "answered": sha, "from": "provider",
                          "name": "Heron Fibre", "text": words, "file": "letter.txt", "sha256": sha,
                          "by": "heron", "said_at": replies["list"][0]["said_at"]})
        self.assertEqual([x["id"] for x in replies["list"]], [one, two])
        for form in ("--for=delivery", "--for=audit"):
            page = self.report("html", *day, form)
            self.assertIn("The cut was a &lt;digger&gt; &amp; is credited.", page)
            self.assertIn("By the provider", page)
            self.assertFalse("Another year." in page or "A mistake." in page)
        rows = [x for x in csv.DictReader(io.StringIO(self.report("csv", *day, "--for=delivery")))
                if x["section"] == "replies"]
        self.assertEqual([x["value"] for x in rows if x["figure"].startswith("provider to")],
                         [words, "Nothing to add."])
        self.assertIn("A mistake.", self.run_it("reply", "list", "--ledger", self.data, "--history", name))
        self.assertIn(words, self.run_it("reply", "show", "--ledger", self.data, one[:20] if
                                         one[0] != "-" else one))
        # in the bag, and made again from it
        bag = os.path.join(self.folder, "day.tar.zst")
        self.run_it("bundle", "--ledger", self.data, "--circuit", name, *day, "--key", self.key, "--no-pdf", "-o", bag)
        self.run_it("verify", bag)
        inside = subprocess.run(["tar", "--zstd", "-xOf", bag, "--wildcards", "*/data/report/report.json"],
                                check=True, stdout=subprocess.PIPE).stdout
        self.assertEqual(json.loads(inside)["replies"], replies)
        for x in (one, two, gone):  # later tests of this ledger know nothing of them
            if x != gone:
                self.run_it("statement", "withdraw", "--ledger", self.data, "--by", "egret", "--text",
                            "the test is over", "--", x)

    def test_at_a_box(self):
        """What is said lies beside the journal, belongs to the box's own site, and is in the report."""
        with Box() as box:
            box.start()
            record = box.wait_records(3)[0]
            begin = time.strftime(FORM + "Z", time.gmtime(record["start"] - 600))
            end = time.strftime(FORM + "Z", time.gmtime(record["start"] + 600))
            told = box.command("annotate", "wan", "--config", box.conf, "--by", "heron", "--from", begin,
                               "--to", end, "--cause", "other", "--text", "moved to 192.0.2.77")
            report = json.loads(box.command("report", "--journal", box.state + "/journal.db", "--format",
                                            "json", "--tz", "UTC"))
            note, = report["annotations"]["list"]
            self.assertEqual((note["id"], note["text"]), (told.split()[0], "moved to 192.0.2.77"))
            self.assertEqual(json.loads(box.command("statement", "list", "--json", "--config", box.conf))[0]
                             ["statement"]["about"], "circuit:" + record["site"] + ".wan")
            # The privacy check looks into it like into any file of the box.
            done = subprocess.run([BANDWITNESS, "privacy-check", "--config", box.conf],
                                  stdout=subprocess.PIPE, encoding="utf-8", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("catalogue.db", done.stdout)
            self.assertIn("192.0.2.77", done.stdout)


if __name__ == "__main__":
    unittest.main()
