#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_errata.py BANDWITNESS GEN_YEAR - where our own software or a server was wrong: said by
`bandwitness errata add`, left out of every figure and told in every form, worked out again in
Python, carried in the bag, ended by a withdrawal."""
import base64
import csv
import glob
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

import jsonschema
from said_case import BANDWITNESS, ENV, SaidCase

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PERIOD = ("--from", "2026-10-30T05:00:00Z", "--to", "2026-11-01T05:00:00Z")
WHERE = ("--tz", "America/Chicago", "--claim-down", "100M", "--claim-up", "20M")


class Errata(SaidCase):
    @classmethod
    def setUpClass(cls):
        cls.make("2026-10-29T05:00:00Z", 4)

    def report(self, form="json", *words):
        text = self.run_it("report", "--ledger", self.data, *WHERE, *PERIOD, "--format", form, *words)
        return json.loads(text) if form == "json" else text

    def add(self, *words, status=0):
        text = self.run_it("errata", "add", "--ledger", self.data, "--by", "heron", "--json", *words,
                           status=status)
        return json.loads(text) if status == 0 else text

    def test_all(self):
        bare = self.report()
        self.assertNotIn("errata", bare)
        runs = [t for t in bare["delivered"]["tested"]["runs"] if t["state"] == "ok"]
        day = [t for t in runs if t["at"] < "2026-10-31"]
        self.assertEqual(len(day), 2)
        self.assertGreater(len(runs), len(day))

        # Looked at first: nothing is said. Then said: the server's runs of that day.
        server = ("--server", "state-1", "--from", "2026-10-30T05:00:00Z", "--to", "2026-10-31", "--fields",
                  "throughput", "--exclude", "--reason", "its disk was full <half>")
        self.assertNotIn("id", self.add(*server, "--dry-run"))
        self.assertIn("No record here is concerned", self.run_it(
            "errata", "add", "--server", "nobody", *server[2:], "--dry-run", "--ledger", self.data, "--by", "heron"))
        self.assertEqual(json.loads(self.run_it("errata", "list", "--ledger", self.data, "--json")), [])
        said = self.add(*server)
        self.assertEqual((said["runs"], said["intervals"]), (2, 0))
        self.assertEqual([c["circuit"] for c in said["circuits"]], ["s-heron.wan"])
        one = self.report()
        entry, = one["errata"]["list"]
        self.assertEqual((entry["id"], entry["runs"], entry["records"], entry["action"], entry["by"]),
                         (said["id"], 2, said["records"], "exclude", "heron"))
        for way in ("down", "up"):
            was, now = (r["delivered"]["tested"][way] for r in (bare, one))
            self.assertEqual(now["apart"]["erratum"], 1)
            self.assertEqual(now["runs"], was["runs"])  # they were made, and are shown
            self.assertEqual(now["goodput"]["http"]["n"], was["goodput"]["http"]["n"] - 1)
        self.assertEqual(sum(t.get("apart") == "erratum" for t in one["delivered"]["tested"]["runs"]), 2)
        for part in ("used", "latency", "outages", "coverage", "counts", "days"):
            self.assertEqual(one[part], bare[part], part)

        # A program's versions, a box's fields, what is only said, what concerns nothing here.
        self.add("--software", "bandwitnessd", "--before-version", "0.2", "--from", "2026-10-31T02:00:00Z",
                 "--to", "2026-10-31T05:00:00Z", "--fields", "records", "--exclude", "--reason", "bad clock")
        self.add("--site", "s-heron", "--from", "2026-10-31T12:30:00Z", "--to", "2026-10-31T22:00:00Z",
                 "--fields", "latency:icmp,counters", "--exclude", "--reason", "a cable tester")
        self.add("--circuit", "s-heron.wan", "--from", "2026-10-30T12:00:00Z", "--to", "2026-10-30T13:00:00Z",
                 "--fields", "latency,traffic", "--annotate", "--reason", "noted", "--reference", "CHANGELOG")
        self.add("--software", "bandwitnessd", "--from-version", "0.2", "--fields", "records", "--exclude",
                 "--reason", "later versions")
        all_of = self.report()
        with open(os.path.join(TOP, "docs", "report-v1.schema.json"), encoding="utf-8") as f:
            for e in list(jsonschema.Draft202012Validator(json.load(f)).iter_errors(all_of))[:5]:
                self.fail(f"the schema refuses {list(e.path)}: {e.message}")
        self.assertEqual([(e["about"], e["action"], e["records"], e["intervals"])
                          for e in all_of["errata"]["list"]],
                         [("circuit:s-heron.wan", "annotate", 12, 12), ("server:state-1", "exclude", 1, 0),
                          ("site:s-heron", "exclude", 114, 114),
                          ("software:bandwitnessd", "exclude", 36, 36)])
        self.assertEqual(all_of["coverage"]["missing_s"], bare["coverage"]["missing_s"] + 3 * 3600)
        self.assertEqual([(g["from"], g["missing_s"]) for g in all_of["coverage"]["gaps"]
                          if g["why"] == "set apart: erratum"],
                         [("2026-10-31T02:00:00Z", 10800), ("2026-10-31T12:30:00Z", 34200)])
        self.assertEqual(all_of["counts"]["records"], bare["counts"]["records"] - 36)
        path = os.path.join(self.folder, "report.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(all_of, f)
        subprocess.run([sys.executable, os.path.join(HERE, "recompute.py"), path, self.jose, self.key],
                       check=True, stdout=subprocess.DEVNULL)

        page = self.report("html")
        for text in ("Set apart: erratum.", "its disk was full &lt;half&gt;", "that an erratum excludes",
                     "are concerned and still count: noted", "erratum-apart/1"):
            self.assertIn(text, page)
        rows = {r["figure"]: r["value"] for r in csv.DictReader(io.StringIO(self.report("csv")))
                if r["section"] == "errata"}
        self.assertEqual(rows["errata"], "4")
        self.assertEqual(rows[f"{said['id'][:8]} server:state-1 excluded runs"], "2")
        pack = self.report("json", "--for", "sizing")
        self.assertIn("erratum-apart/1", json.dumps(pack))
        self.assertIn("Set apart: erratum.", self.report("html", "--for", "invoice"))

        # The bag has them, also those that ended, and its reports are made with them.
        bag = os.path.join(self.folder, "bag.tar.zst")
        self.run_it("statement", "withdraw", said["id"], "--text", "it was another day", "--by", "egret",
                    "--ledger", self.data)
        self.run_it("bundle", "--ledger", self.data, "--key", self.key, *WHERE, *PERIOD, "--no-pdf", "-o", bag)
        self.assertEqual(len(os.listdir(self.data + "/issued")), 1)
        told = self.run_it("verify", bag, "--json")
        self.assertTrue(json.loads(told)["ok"], told)
        without = self.report()
        self.assertEqual(len(without["errata"]["list"]), 3)
        self.assertEqual(without["delivered"]["tested"]["down"]["apart"]["erratum"], 0)
        out = subprocess.run(["tar", "--zstd", "-xOf", bag, "--wildcards", "*/data/statements.jsonl"],
                             stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout
        kinds = [json.loads(line)["kind"] for line in out.splitlines()]
        self.assertEqual((kinds.count("erratum"), kinds.count("withdrawal")), (5, 1))
        shown = self.run_it("errata", "list", "--history", "--ledger", self.data)
        self.assertIn("good no longer", shown)
        self.assertIn("from version 0.2", shown)
        self.assertIn("114 intervals", self.run_it("errata", "show", "--ledger", self.data, "--",
                                                   all_of["errata"]["list"][2]["id"]))

        # All of a period: said, and no report.
        self.add("--site", "s-heron", "--from", "2026-10-29", "--to", "2026-11-02", "--fields", "records",
                 "--exclude", "--reason", "the box stood elsewhere")
        done = subprocess.run([BANDWITNESS, "report", "--ledger", self.data, *WHERE, *PERIOD],
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is set apart, by an erratum", done.stderr)
        self.assertIn("'bandwitness site show s-heron'", done.stderr)

    def test_what_two_touch_and_where_the_period_begins(self):
        """The period begins within a UTC day; errata begin before it and lie over each other."""
        self.data = os.path.join(self.folder, "two")
        shutil.copytree(os.path.join(self.folder, "data", "ledger"), self.data + "/ledger")
        bare = self.report()["outages"]["observed_s"]
        told = ("--exclude", "--reason", "x")
        self.add("--site", "s-heron", "--from", "2026-10-29", "--to", "2026-10-30T12:00:00Z",
                 "--fields", "outages", *told)
        self.add("--circuit", "s-heron.wan", "--from", "2026-10-31T20:00:00Z", "--to", "2026-11-01T02:00:00Z",
                 "--fields", "outages", *told)
        same = ("--from", "2026-10-31T12:30:00Z", "--to", "2026-10-31T22:00:00Z")
        self.add("--site", "s-heron", *same, "--fields", "latency:icmp", *told)
        self.add("--software", "bandwitnessd", "--before-version", "0.2", *same, "--fields", "latency", *told)
        first = ("--from", "2026-10-29", "--to", "2026-10-31T05:00:00Z", "--fields", "throughput,counters")
        self.add("--circuit", "s-heron.wan", *first, *told)
        made = self.report()
        self.assertEqual(made["outages"]["observed_s"], bare - 7 * 3600 - 6 * 3600)
        self.assertEqual([e["records"] for e in made["errata"]["list"] if e["fields"][0].startswith("latency")],
                         [114, 114])
        rows = csv.DictReader(io.StringIO(self.report("csv", "--for", "invoice")))
        self.assertEqual([r["value"] for r in rows if r["figure"] == "first_service"], ["2026-10-31"])
        # The same with a key in other hands since half of the records came.
        path, times = (os.path.join(self.folder, n) for n in ("two.json", "times.csv"))
        with open(self.key, encoding="ascii") as f:
            key = json.load(f)
        with sqlite3.connect(f"file:{self.data}/ledger/ledger.db?mode=ro", uri=True) as db:
            (kid,), = db.execute("SELECT kid FROM chains")
            came = db.execute("SELECT sha256, received FROM records").fetchall()
        db.close()
        with open(times, "w", encoding="ascii") as f:
            f.writelines(f"{sha256},{ms}\n" for sha256, ms in came)
        since = sorted(ms for _, ms in came)[len(came) // 2] // 1000
        with sqlite3.connect(f"{self.data}/catalogue.db") as db:
            db.execute("INSERT INTO keys(kid, alg, raw, site, from_s) VALUES(?, 1, ?, 's-heron', 1)",
                       (kid, base64.urlsafe_b64decode(key["x"] + "=")))
        db.close()
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
        self.run_it("key", "revoke", "--compromised-at", when, "--reason", "stolen", "--by", "heron",
                    "--data", self.data, "--", kid)
        theirs = self.report()
        self.assertGreater(theirs["counts"]["keys"][0]["set_apart"], 100)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(theirs, f)
        subprocess.run([sys.executable, os.path.join(HERE, "recompute.py"), path, self.jose, self.key,
                        "--received", times], check=True, stdout=subprocess.DEVNULL)

    def affected(self, *words, status=0, rules=os.path.join(TOP, "etc", "rules")):
        return json.loads(self.run_it("errata", "affected", "--ledger", self.issued, "--json", "--rules", rules, *words,
                                      status=status))

    @staticmethod
    def findings(report):
        """Outcomes, and the numbers these were worked out of, by their names in the register."""
        out = {}
        for f in report["findings"]:
            name = f["finding"] + f" version {f['version']}" + ("" if f["governs"] else " (for comparison)")
            out["findings", name, "", "outcome"] = f["outcome"]
            for p in f["parts"]:
                whose = " ".join(x for x in (f["finding"], p["clause"], p.get("direction", p.get("target"))) if x)
                out["findings", whose, "", "outcome"] = p["outcome"]
                for r in p["rows"]:
                    if r.get("value") is not None:
                        assert ("findings", f"{whose}: {r['words']}", "", "") not in out, r
                        out["findings", f"{whose}: {r['words']}", "", ""] = str(r["value"])
        return out

    def test_issued(self):
        """Reports that were given out, and which of their figures an erratum changes since."""
        self.issued = os.path.join(self.folder, "issued")
        os.mkdir(self.issued)
        shutil.copytree(self.data + "/ledger", self.issued + "/ledger")
        ask = ("report", "--ledger", self.issued, *WHERE, "--rules", os.path.join(TOP, "etc", "rules"))
        out = os.path.join(self.folder, "out", "")
        early = ("--from", "2026-10-29T05:00:00Z", "--to", "2026-10-30T05:00:00Z")
        if os.geteuid() == 0:
            os.chown(self.issued, 65534, 65534)
        self.run_it(*ask, *PERIOD, "--format", "csv,json", "-o", out)
        self.run_it(*ask, *PERIOD, "--format", "csv", "-o", out)  # the same, once
        self.run_it(*ask, *early, "--for", "invoice", "--format", "csv", "-o", out)
        self.run_it(*ask, *PERIOD, "--format", "csv", "-o", out + "draft/", "--draft", "--class-hours", "08:00-15:00")
        self.run_it(*ask, *PERIOD, "--format", "csv")  # to standard output: nobody was given it
        kept = [self.issued + "/issued", *glob.glob(self.issued + "/issued/*")]
        self.assertEqual(len(kept), 3)
        self.assertEqual({os.stat(x).st_uid for x in kept}, {os.stat(self.issued).st_uid})
        os.chown(self.issued, os.geteuid(), os.getegid())
        self.assertEqual(self.affected(), [])

        add = ("errata", "add", "--ledger", self.issued, "--by", "heron", "--exclude", "--reason", "x", "--json")
        with open(out + "report.csv", encoding="utf-8") as f:
            old = {(r["section"], r["figure"], r["layer"], r["statistic"]): r["value"] for r in csv.DictReader(f)}
        with open(out + "report.json", encoding="utf-8") as f:
            found = [self.findings(json.load(f))]
        first = json.loads(self.run_it(*add, "--site", "s-heron", "--from", "2026-10-30T05:00:00Z", "--to",
                                       "2026-10-31T12:00:00Z", "--fields", "throughput,counters"))["id"]
        new = {(r["section"], r["figure"], r["layer"], r["statistic"]): r["value"]
               for r in csv.DictReader(io.StringIO(self.run_it(*ask, *PERIOD, "--format", "csv")))}
        want = {(k, old.get(k) or None, new.get(k) or None) for k in set(old) | set(new)
                if (old.get(k) or None) != (new.get(k) or None)
                and not k[0].startswith(("errata", "made", "finding"))}
        self.assertGreater(len(want), 3)
        found.append(self.findings(json.loads(self.run_it(*ask, *PERIOD, "--format", "json"))))
        judged = {(k, *(x.get(k) for x in found)) for x in found for k in x if found[0].get(k) != found[1].get(k)}
        self.assertGreater(sum(k[3] == "outcome" for k, _, _ in judged), 0)
        self.assertGreater(sum(k[3] == "" for k, _, _ in judged), 2)
        want |= judged
        told, = self.affected()
        self.assertEqual({((f["section"], f["figure"], f.get("layer", ""), f.get("statistic", "")),
                           f.get("old"), f.get("new")) for f in told["figures"]}, want)
        # Another that concerns the early one alone; each can be asked for by itself.
        second = json.loads(self.run_it(*add, "--site", "s-heron", "--from", "2026-10-29T06:00:00Z", "--to",
                                        "2026-10-29T08:00:00Z", "--fields", "records"))["id"]
        self.assertEqual([r["what"] for r in self.affected("--", second)], ["invoice"])
        # By a rule that is not as it was then nothing is asked, and that is told.
        rules = shutil.copytree(os.path.join(TOP, "etc", "rules"), os.path.join(self.folder, "rules"))
        changed = {k[1].split("/")[0] for k, _, _ in judged if k[3] == "outcome"}
        for name in changed:
            with open(f"{rules}/{name}.conf", "a", encoding="utf-8") as f:
                f.write("# another\n")
        told, = self.affected("--", first, status=1, rules=rules)
        self.assertEqual(told["what"], "report")
        self.assertEqual({f["figure"].split("/")[0] for f in told["figures"] if f["section"] == "findings"} & changed, set())
        text = self.run_it("errata", "affected", "--ledger", self.issued, "--rules", os.path.join(TOP, "etc", "rules"))
        self.assertIn("2 of 2 issued reports change", text)
        self.assertIn("coverage, recorded, sum: 86400 -> 79200 s", text)
        # Given out once more, with the errata: that one does not change; nor does what was withdrawn again.
        self.run_it(*ask, *PERIOD, "--format", "csv", "-o", out)
        self.assertEqual(len(self.affected()), 2)
        for x in (first, second):
            self.run_it("statement", "withdraw", "--text", "no", "--by", "egret", "--ledger", self.issued, "--", x)
        self.assertEqual([r["what"] for r in self.affected()], ["report"])  # the newest one, back again
        # Where nothing can be kept the report is made all the same.
        os.rename(self.issued + "/issued", self.issued + "/kept")
        with open(self.issued + "/issued", "w", encoding="ascii"):
            pass
        done = subprocess.run([BANDWITNESS, *ask, *early, "--format", "csv", "-o", out], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, encoding="utf-8", check=False, env=ENV)
        self.assertEqual(done.returncode, 0)
        self.assertIn("the register of issued reports does not have it", done.stderr)

    def test_from_a_file(self):
        """Whole statements, one a line: the same everywhere, taken once."""
        state, path = (os.path.join(self.folder, n) for n in ("state", "errata.jsonl"))
        os.mkdir(state)
        line = ('{"v":1,"kind":"erratum","about":"software:bandwitnessd","said_s":1790000000,"by":"bandwitness",'
                '"body":{"v":1,"before_version":"0.1","fields":["latency:dns"],"action":"exclude","reason":"a %s"}}\n')
        with open(path, "w", encoding="utf-8") as f:
            f.write("# ours\n\n" + line % "slip")
        words = ("import", "errata", "--state", state, path)
        self.assertIn("1 errata in it, nothing kept", self.run_it(*words, "--dry-run"))
        self.assertEqual(self.run_it(*words), "1 errata in it, 1 new\n")
        with open(path, "a", encoding="utf-8") as f:
            f.write(line % "second slip")
        self.assertEqual(self.run_it(*words), "2 errata in it, 1 new\n")
        self.assertEqual(len(json.loads(self.run_it("errata", "list", "--state", state, "--json"))), 2)
        with open(path, "a", encoding="utf-8") as f:
            f.write(line % "third" + line.replace("latency:dns", "moon") % "fourth")
        done = subprocess.run([BANDWITNESS, *words], stderr=subprocess.PIPE, encoding="utf-8", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path}:6: ", done.stderr)
        self.assertEqual(len(json.loads(self.run_it("errata", "list", "--state", state, "--json"))), 2)
        shipped = os.path.join(TOP, "etc", "errata", "bandwitness.jsonl")
        self.assertIn("errata in it", self.run_it("import", "errata", "--dry-run", "--state", state, shipped))

    def test_refused(self):
        for words in (("--server", "state-1", "--from", "2026-10-30", "--fields", "throughput"),
                      ("--server", "state-1", "--from", "2026-10-30", "--to", "2026-10-31", "--fields", "latency"),
                      ("--site", "s-heron", "--from-version", "1", "--fields", "latency"),
                      ("--site", "s-heron", "--from", "2026-10-31", "--to", "2026-10-30", "--fields", "latency"),
                      ("--software", "bandwitnessd", "--fields", "records"),
                      ("--site", "s-heron", "--from", "2026-10-30", "--to", "2026-10-31", "--fields", "moon")):
            self.add(*words, "--exclude", "--reason", "x", status=2)


if __name__ == "__main__":
    unittest.main()
