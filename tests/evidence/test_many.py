#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_many.py BANDWITNESS GEN_YEAR - reports of many circuits: which belong to an FRN, a school, a
district by what is on file; each the same as by itself, whatever the number of processes; what
fails or is not there is named."""
import contextlib
import csv
import glob
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

import gen_usac
import recompute_said

BANDWITNESS, GEN = sys.argv.pop(1), sys.argv.pop(1)
DISTRICT, HERON, EGRET = "123450", "123456", "123457"
ENV = {**os.environ, "SOURCE_DATE_EPOCH": "1794500000", "TZ": "UTC"}
RULES = ("--rules", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../etc/rules"),
         "--adopt", "esh-headroom")
PERIOD = ("--from", "2026-10-29", "--to", "2026-10-31", "--tz", "America/Chicago")


def frn(number, kind, recipients, quantity=1):
    return {"frn": number, "application": "261000001", "status": "Funded", "spin": "143000555",
            "provider": "Oak Fibre LLC", "discount": "0.8",
            "lines": [{"line": "001", "kind": kind, "down": "100.0", "up": "100.0", "unit": "Mbps",
                       "quantity": quantity, "unit_cents": 45000, "recipients": recipients}]}


def run(*words, status=0):
    done = subprocess.run([BANDWITNESS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", timeout=300, check=False, env=ENV)
    if done.returncode != status:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def tree(folder):
    """Every file below the folder with its bytes."""
    out = {}
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as f:
                out[os.path.relpath(os.path.join(at, name), folder)] = f.read()
    return out


MOVED = 1793372400  # 30 October 2026, 10:00 in Chicago


class Many(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.top = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="bw-test-many-"))
        cls.data = f"{cls.top}/data"
        os.mkdir(cls.data)
        subprocess.run([GEN, "--from", "2026-10-27T05:00:00Z", "--days", "4", "--offset", "-18000",
                        "--sites", "3", "--ledger", f"{cls.data}/ledger", "--key", f"{cls.top}/keys"], check=True,
                       stdout=subprocess.DEVNULL)
        files = gen_usac.write([{
            "ben": DISTRICT, "name": "Willow Valley School District", "state": "OR", "year": 2026,
            "schools": [{"number": HERON, "name": "Heron Elementary School", "students": 400},
                        {"number": EGRET, "name": "Egret High School", "students": 900}],
            "frns": [frn("2699000001", "internet", [HERON]),
                     frn("2699000002", "internet", [EGRET], 2),
                     frn("2699000003", "wan", [HERON, EGRET], 3)]}], cls.top)
        run("import", "usac", "--by", "grey", "--ledger", cls.data, *files)
        for claim, circuit in (("2699000001", "s-heron.wan"), ("2699000002", "s-heronb.wan")):
            run("claim", "confirm", f"frn:{claim}.001", circuit, "--by", "grey", "--ledger", cls.data)
        with contextlib.closing(sqlite3.connect(f"{cls.data}/catalogue.db")) as db, db:
            db.execute("INSERT INTO entities VALUES('egret-123457', 'Egret High', 1)")
            for site in ("heron", "heronb", "heronc"):
                db.execute("INSERT INTO sites VALUES(?, ?, ?, 1, 500)", (
                    f"s-{site}", "egret-123457" if site == "heronc" else "", f"Box {site}"))

    def report(self, *words, status=0):
        return run("report", "--ledger", self.data, *PERIOD, *words, status=status)

    def rows(self, folder):
        with open(f"{folder}/index.csv", encoding="utf-8", newline="") as f:
            return list(csv.DictReader(f))

    def test_a_district_with_what_nobody_measures(self):
        out = f"{self.top}/district"
        self.report("--district", DISTRICT, "--for", "delivery", "--format", "html,csv,json",
                    *RULES, "-o", out)
        rows = self.rows(out)
        self.assertEqual([(r["what"], r["name"], r["district"], r["state"], r["unmeasured_lines"])
                          for r in rows], [
            ("circuit", "s-heron.wan", DISTRICT, "made", ""),
            ("circuit", "s-heronb.wan", DISTRICT, "made", ""),
            ("circuit", "s-heronc.wan", DISTRICT, "made", ""),
            ("claim", "frn:2699000001.001", DISTRICT, "measured", "0"),
            ("claim", "frn:2699000002.001", DISTRICT, "measured in part", "1"),
            ("claim", "frn:2699000003.001", DISTRICT, "not measured", "3")])
        self.assertEqual(rows[0]["claims"], "frn:2699000001.001")
        self.assertIn("Egret High", rows[2]["why"])
        self.assertEqual(rows[0]["recorded_s"] != "", True)
        with open(f"{out}/index.html", encoding="utf-8") as f:
            page = f.read()
        self.assertIn("Willow Valley School District", page)
        self.assertIn("3 of 3 measured by nobody", page)
        links = re.findall(r'href="([^"#][^"]*)"', page)
        self.assertEqual(len(links), 9)
        for link in links:
            self.assertTrue(os.path.isfile(f"{out}/{link}"), link)
        # Each is judged, and the same as if it had been asked for alone.
        for n, name in enumerate(("s-heron.wan", "s-heronb.wan", "s-heronc.wan")):
            alone = f"{self.top}/alone/{name}"
            self.report("--circuit", name, "--for", "delivery", "--format", "html,csv,json",
                        *RULES, "-o", alone)
            self.assertEqual(tree(alone), tree(f"{out}/{name}"), name)
            found = re.findall(r"finding\.\S+?,(\S+?),",
                               tree(alone)["delivery.csv"].decode("utf-8"))
            self.assertGreater(len(found), 0)
            self.assertEqual([int(rows[n][k]) for k in ("show", "do_not_show", "not_enough")],
                             [found.count(k) for k in ("show", "do-not-show", "not-enough")])

    def test_the_same_bytes_by_any_number_of_processes(self):
        trees = []
        for jobs in ("1", "3"):
            out = f"{self.top}/jobs"
            said = self.report("--all", "--jobs", jobs, "--quiet", "--format", "csv,json", "-o", out)
            trees.append((tree(out), said.stdout, said.stderr))
            for path in trees[-1][0]:
                os.remove(f"{out}/{path}")
        self.assertEqual(trees[0], trees[1])
        self.assertEqual(trees[0][2], "")
        self.assertEqual(sorted(trees[0][0]), ["index.csv", "index.html"] + sorted(
            f"s-{n}.wan/report.{e}" for n in ("heron", "heronb", "heronc") for e in ("csv", "json")))

    def test_whose_circuits(self):
        for words, names in ((("--frn", "2699000002"), ["s-heronb.wan"]),
                             (("--school", EGRET), ["s-heronb.wan", "s-heronc.wan"]),
                             (("--school", HERON), ["s-heron.wan"])):
            out = f"{self.top}/whose{words[1]}"
            self.report(*words, "--format", "csv", "-o", out)
            self.assertEqual([r["name"] for r in self.rows(out) if r["what"] == "circuit"], names)
        for words, status, say in (
                (("--district", "424242"), 1, "bandwitness import usac"),
                (("--frn", "2699000003"), 1, "bandwitness claim confirm"),
                (("--school", DISTRICT), 1, "--district 123450"),
                (("--frn", "2699000001", "--district", DISTRICT), 2, "--district beside --frn: one of them"),
                (("--frn", "2699000001", "--circuit", "wan"), 2, "whose circuits"),
                (("--all", "--students", "3"), 2, "of one circuit"),
                (("--circuit", "s-heron.wan", "--jobs", "2"), 2, "go with many")):
            self.assertIn(say, self.report(*words, "-o", f"{self.top}/none/", status=status).stderr)
        self.assertFalse(os.path.exists(f"{self.top}/none"))

    def figures(self, name):
        with open(name, encoding="utf-8", newline="") as f:
            return {r["figure"].lstrip("'"): r for r in csv.DictReader(f) if r["section"] != "absent"}

    def test_a_page_of_all(self):
        """Needs, progress and districts, from each circuit's own packs of the two periods."""
        out, claim = f"{self.top}/lines.csv", ("--claim-down", "120M", "--claim-up", "120M")
        self.report("--for", "legislature", "--district", DISTRICT, *claim, *RULES, "--format", "csv",
                    "-o", out)
        page = self.figures(out)
        data = f"{self.top}/nobodys"  # where one line is of no district
        shutil.copytree(self.data, data, ignore=shutil.ignore_patterns("issued"))
        with contextlib.closing(sqlite3.connect(f"{data}/catalogue.db")) as db, db:
            (said,), = db.execute("SELECT id FROM statements WHERE kind = 'binding' AND about = 'circuit:s-heronb.wan'")
        run("statement", "withdraw", "--text", "no", "--by", "grey", "--ledger", data, "--", said)
        run("report", "--ledger", data, *PERIOD, "--for", "legislature", "--all", *claim, *RULES, "-o",
            f"{self.top}/lines.html")
        with open(f"{self.top}/lines.html", encoding="utf-8") as f:
            lines = f.read().split('id="line-list"')[1].split("</table>")[0]
        told = re.findall(r"<small>(s-[a-z]+\.wan)</small>(?:<small>([^<]*)</small>)?", lines)
        # each line names its district, those of one stand together, those of nobody last
        willow = "Willow Valley School District"
        self.assertEqual(told, [("s-heron.wan", willow), ("s-heronc.wan", willow), ("s-heronb.wan", "")])
        own = {}
        for n, (first, end) in enumerate((("2026-10-27", "2026-10-29"), ("2026-10-29", "2026-10-31"))):
            at = f"{self.top}/own{n}"
            run("report", "--ledger", self.data, "--all", "--for", "delivery", "--from", first, "--to", end,
                "--tz", "America/Chicago", *claim, *RULES, "--quiet", "--format", "csv", "-o", at)
            run("report", "--ledger", self.data, "--all", "--for", "sizing", "--from", first, "--to", end,
                "--tz", "America/Chicago", *claim, "--quiet", "--format", "csv", "-o", at)
            for name in ("s-heron.wan", "s-heronb.wan", "s-heronc.wan"):
                own[n, name] = (self.figures(f"{at}/{name}/sizing.csv"),
                                self.figures(f"{at}/{name}/delivery.csv"))
        peaks, rows = {}, ("s-heron.wan", "s-heronb.wan", "s-heronc.wan")
        for name in rows:
            claimed = 120_000_000 if name == "s-heronc.wan" else 100_000_000
            self.assertEqual(page[f"{name}.claimed"]["value"], str(claimed))
            for n in (0, 1):
                peaks[n, name] = (int(own[n, name][0]["peak_day.down"]["value"]), claimed)
            self.assertEqual(page[f"{name}.peak_day"]["value"], str(peaks[1, name][0]))
            self.assertEqual([page[f"{name}.{k}"]["layer"] for k in ("claimed", "tested", "peak_day")],
                             ["ip"] * 3)
            for figure, row in own[1, name][1].items():
                if figure.startswith("finding."):
                    self.assertEqual(page[f"{name}.{figure}"]["value"], row["value"])
        busy = [sum(p * 100 >= c * 75 for p, c in (peaks[n, r] for r in rows)) for n in (0, 1)]
        self.assertEqual((page["busy.before"]["value"], page["busy.now"]["value"], page["busy.now"]["n"]),
                         (str(busy[0]), str(busy[1]), "3"))
        # The middle of three is the second; a share is rounded down to a millionth.
        change = sorted(peaks[1, r][0] * 10**6 // peaks[0, r][0] - 10**6 for r in rows)[1]
        self.assertEqual((page["peak_change"]["value"], page["peak_change"]["n"]), (str(change), "3"))
        self.assertEqual((page["before.from"]["value"], page["before.to"]["value"]),
                         ("2026-10-27", "2026-10-28"))
        self.assertEqual(page["lines_busy"]["value"], str(busy[1]))
        judged = [f for f in page if f.startswith("judged.esh-headroom/")]
        self.assertEqual(len(judged), 3)
        for figure in judged:
            rule, outcome = figure[len("judged."):].rsplit(".", 1)
            n = sum(own[1, r][1][f"finding.{rule}"]["value"] == outcome for r in rows)
            self.assertEqual((page[figure]["value"], page[figure]["n"]), (str(n), "3"))
        # 1 x 100 + 2 x 100 Mbit/s of Internet, the wan lines between sites count nothing; 1,300 students.
        self.assertEqual(page[f"{DISTRICT}.claimed.now"]["value"], "300000000")
        self.assertEqual(page[f"{DISTRICT}.students"]["value"], "1300")
        self.assertEqual(page[f"{DISTRICT}.claimed_each"]["value"], "230769")
        self.assertEqual((page[f"{DISTRICT}.on_record"]["value"], page[f"{DISTRICT}.on_record"]["n"]),
                         ("3", "3"))
        self.assertEqual((page["claims"]["value"], page["frn:2699000003.001.lines"]["value"]), ("2", "3"))
        # Nothing is on record before: that is said, and nothing is compared.
        run("report", "--ledger", self.data, "--for", "legislature", "--from", "2026-10-27", "--to",
            "2026-10-29", "--tz", "America/Chicago", "--format", "csv", "-o", out)
        page = self.figures(out)
        self.assertEqual(page["left_out.no_record_before"]["value"], "3")
        self.assertEqual((page["busy.now"]["value"], page["peak_change"]["value"]), ("", ""))

    def test_errata(self):
        """A circuit whose records are all set apart has records: that is said, on both kinds of page."""
        data, out = f"{self.top}/errata", f"{self.top}/apart"
        shutil.copytree(self.data, data, ignore=shutil.ignore_patterns("issued"))
        many = ("report", "--ledger", data, *PERIOD, "--quiet", "--format", "csv", "-o")
        run(*many, f"{out}.csv", "--all", "--for", "legislature")
        run("errata", "add", "--ledger", data, "--by", "grey", "--site", "s-heronb", "--from", "2026-10-27",
            "--to", "2026-11-02", "--fields", "records", "--exclude", "--reason", "it stood elsewhere")
        apart = "every record is set apart, by an erratum or for its key"
        told = run(*many, out, "--all").stderr
        self.assertEqual(told, f"bandwitness report: s-heronb.wan: of that period {apart}\n")
        self.assertEqual([r["state"] for r in self.rows(out) if r["what"] == "circuit"], ["made", apart, "made"])
        with open(f"{out}/index.html", encoding="utf-8") as f:
            self.assertIn(f"0 without a record of the period, 0 failed. Of 1 {apart}", f.read())
        told = run(*many, f"{out}.csv", "--all", "--for", "legislature").stderr
        self.assertIn(f"s-heronb.wan: of that period {apart}", told)
        page = self.figures(f"{out}.csv")
        self.assertEqual(page["s-heronb.wan.state"]["value"], apart)
        self.assertEqual([page[f"left_out.{k}"]["value"] for k in ("no_record_now", "set_apart")], ["0", "1"])
        # Both periods of the page that was given out before have no figure of it any more.
        given = json.loads(run("errata", "affected", "--ledger", data, "--json").stdout)
        self.assertEqual(sorted((g["what"], g["circuit"], g["from_s"]) for g in given),
                         [("legislature", "s-heronb.wan", 1793077200 + n * 172800) for n in (0, 1)])
        # Of the others a part is: a server's runs of two circuits, in both periods, told once for all.
        said = json.loads(run("errata", "add", "--ledger", data, "--by", "grey", "--server", "state-1", "--from", "2026-10-28",
                              "--to", "2026-10-30T09:00:00Z", "--fields", "throughput", "--exclude", "--reason", "x",
                              "--json").stdout)
        run(*many, f"{out}/", "--all", "--for", "legislature", "--format", "csv,html")
        page, name = self.figures(f"{out}/legislature.csv"), f"{said['id'][:8]} server:state-1 excluded"
        told = [[int(page[f"{p}{name} {k}"]["value"]) for k in ("circuits", "records", "runs", "intervals")]
                for p in ("", "before.")]
        run(*many, out, "--all", "--format", "html,json")
        own = []
        for circuit in ("heron", "heronc"):
            with open(f"{out}/s-{circuit}.wan/report.json", encoding="utf-8") as f:
                own += [e for e in json.load(f)["errata"]["list"] if e["id"] == said["id"]]
        self.assertEqual(told[0], [2, *(sum(e[k] for e in own) for k in ("records", "runs", "intervals"))])
        self.assertGreater(min(told[0][2], told[1][2]), 0)
        words = f"Of 2 circuits {told[0][2]} test runs of {told[0][1]} records count nowhere here: server:state-1 ({said['id'][:8]})"
        for path, more in (("index", ""), ("legislature", f"Of 1 circuit {apart}")):
            with open(f"{out}/{path}.html", encoding="utf-8") as f:
                text = re.sub(r"<[^>]*>", "", f.read())
            self.assertIn(words, text)
            self.assertIn(more, text)
        self.assertIn("In the period before: Of 2 circuits", text)
        self.assertIn("has a record of that period that counts", run(
            *many, f"{out}2", "--frn", "2699000002", status=1).stderr)

    def test_what_was_given_out(self):
        """In the register is what was given out, however the page ended: a disk that is full (told, or the
        program ended by it) before the page is there and after its first file is, a signal, a folder that is none."""
        data = f"{self.top}/given"
        shutil.copytree(self.data, data, ignore=shutil.ignore_patterns("issued"))
        page = [BANDWITNESS, "report", "--ledger", data, *PERIOD, "--for", "legislature", "--rules", "none"]

        def kept():
            found = [f"{data}/issued/{p}*.issued.zst" for p in ("", "writing-*/")]
            return [len(glob.glob(p)) for p in found]

        csv_there = ["legislature.csv"]

        def limited(handler, *words):
            """With both data bases open, so that no -shm file is made again."""
            def before():
                signal.signal(signal.SIGXFSZ, handler)
                resource.setrlimit(resource.RLIMIT_FSIZE, (3500, 3500))  # an entry fits and the CSV, no other form
            shutil.rmtree(f"{data}/issued", ignore_errors=True)
            out = tempfile.mkdtemp(dir=self.top)
            with contextlib.ExitStack() as held:
                for name in ("ledger/ledger.db", "catalogue.db"):
                    db = held.enter_context(contextlib.closing(sqlite3.connect(f"{data}/{name}")))
                    db.execute("SELECT count(*) FROM sqlite_master").fetchall()
                done = subprocess.run([*page, "--frn", "2699000002", "--format", *words, "-o", out + "/x" * (words[0] == "html")],
                                      env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                      preexec_fn=before)
            self.assertNotIn(b"register of issued", done.stderr)
            return done.returncode, sorted(n for n in os.listdir(out) if n in ("x", *csv_there)), kept()
        self.assertEqual(limited(signal.SIG_IGN, "html"), (1, [], [0, 0]))
        self.assertEqual(limited(signal.SIG_IGN, "csv,json"), (1, csv_there, [2, 0]))
        self.assertEqual(limited(signal.SIG_DFL, "csv,json"), (-signal.SIGXFSZ, csv_there, [0, 2]))
        # What nobody knows of is told as such, until the same page was given out.
        run("errata", "add", "--ledger", data, "--by", "grey", "--site", "s-heronb", "--from", "2026-10-29T12:00:00Z",
            "--to", "2026-10-30", "--fields", "records", "--exclude", "--reason", "x")
        ask = ("errata", "affected", "--ledger", data)
        self.assertEqual([g.get("being_written") for g in json.loads(run(*ask, "--json").stdout)], [True])
        old, = glob.glob(f"{data}/issued/writing-*")
        for path in glob.glob(f"{old}/*.zst"):  # given out at another time: named once
            shutil.copy(path, f"{data}/issued/")
        self.assertIn("1 of 2 issued", run(*ask).stdout)
        shutil.rmtree(f"{data}/issued")
        self.assertEqual(subprocess.run([*page, "--frn", "2699000002", "-o", f"{self.top}/keys/page.html"], env=ENV, check=False,
                                        stderr=subprocess.DEVNULL).returncode, 1)
        self.assertEqual(kept(), [0, 0])
        out = f"{self.top}/given.html"
        with subprocess.Popen([*page, "--all", "--jobs", "1", "-o", out], env=ENV, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as p:
            until = time.monotonic() + 60
            while kept() == [0, 0] and p.poll() is None and time.monotonic() < until:
                time.sleep(0.002)
            p.send_signal(signal.SIGINT)
        if p.returncode == -signal.SIGINT:  # the circuits were done: what is not known of is kept as that
            self.assertEqual(kept()[0], 0)
        elif not os.path.exists(out):  # else it was too late
            self.assertEqual((p.returncode, kept(), os.listdir(f"{data}/issued")), (1, [0, 0], []))

    def test_what_fails_stops_no_other(self):
        out = f"{self.top}/broken"
        os.mkdir(out)
        with open(f"{out}/s-heronb.wan", "w", encoding="utf-8") as f:
            f.write("in the way")
        told = self.report("--all", "--format", "csv", "-o", out, status=1).stderr
        self.assertIn("of 3 circuits 1 failed", told)
        self.assertIn("  s-heronb.wan: ", told)
        self.assertEqual([r["state"] for r in self.rows(out) if r["what"] == "circuit"],
                         ["made", "failed", "made"])
        # A period of which there is nothing is no failure of one, and one of all.
        none = run("report", "--ledger", self.data, "--all", "--month", "2025-01", "-o",
                   f"{self.top}/empty", status=1).stderr
        self.assertIn("none of the 3 circuits", none)

    def test_a_campaign(self):
        """A circuit on which it did not run has no record of it, which is no failure."""
        told = run("report", "--ledger", self.data, "--all", "--campaign", "fcc-20261029", "-o",
                   f"{self.top}/campaign", status=1).stderr
        self.assertIn("none of the 3 circuits has a record", told)
        with open(f"{self.top}/campaign/index.html", encoding="utf-8") as f:
            self.assertIn("3 without a record of the period, 0 failed", f.read())
        self.assertIn("own days on each circuit", run(
            "report", "--ledger", self.data, "--for", "legislature", "--campaign", "fcc-20261029",
            status=2).stderr)

    @unittest.skipIf(time.time() < MOVED, "the day of the move is to come")
    def test_a_site_that_moved(self):
        """Until the day of its move it is at the old school, with that one's calendar."""
        data = f"{self.top}/moved"
        shutil.copytree(self.data, data)
        with contextlib.closing(sqlite3.connect(f"{data}/catalogue.db")) as db, db:
            db.execute("INSERT INTO entities VALUES('heron-123456', 'Heron Elementary', 1)")
        for entity, hours in (("egret-123457", "07:00,15:00"), ("heron-123456", "09:00,12:00")):
            path = f"{self.top}/{entity}.csv"
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"what,from,to,begin,end,name\ncalendar,2026-07-01,2027-06-30,,,{entity}\n"
                        f"zone,,,,,America/Chicago\nhours,Mon,Fri,{hours},\n")
            run("import", "calendar", path, "--entity", entity, "--ledger", data, "--by", "grey")
        run("site", "move", "s-heronc", "heron-123456", "--from", "2026-10-30T15:00:00Z", "--reason", "rebuilt",
            "--data", data, "--by", "grey")

        def chosen(school, first, end):
            out = f"{self.top}/at-{school}-{first}-{end}"
            run("report", "--ledger", data, "--school", school, "--from", first, "--to", end, "--tz",
                "America/Chicago", "--format", "json", "-o", out)
            return [r["name"] for r in self.rows(out) if r["what"] == "circuit"]
        self.assertEqual(chosen(EGRET, "2026-10-30", "2026-10-31"), ["s-heronb.wan"])
        self.assertEqual(chosen(HERON, "2026-10-29", "2026-10-31"), ["s-heron.wan", "s-heronc.wan"])
        with open(f"{self.top}/at-{HERON}-2026-10-29-2026-10-31/s-heronc.wan/report.json", encoding="utf-8") as f:
            said = json.load(f)["class_time"]
        self.assertEqual([(c["about"], c.get("first_day"), c.get("last_day")) for c in said["calendars"]],
                         [("entity:heron-123456", "2026-10-30", None), ("entity:egret-123457", None, "2026-10-29")])
        worked_out = recompute_said.Said(f"{data}/catalogue.db").calendars("s-heronc", "2026-10-29", "2026-10-30")
        self.assertEqual([{k: v for k, v in c.items() if k != "said"} for c in worked_out],
                         [{k: c[k] for k in ("calendar", "first_day", "last_day") if k in c} for c in said["calendars"]])
        self.assertEqual(said["class_s"], (8 + 3) * 3600)  # Thursday at Egret High, Friday at Heron
        bag, key = f"{self.top}/moved.tar.zst", f"{self.top}/heronc.jwk"
        with open(f"{self.top}/keys", encoding="utf-8") as f, open(key, "w", encoding="utf-8") as out:
            out.write(f.readlines()[2])
        run("site", "claim", "s-heronc", "--from", "2026-09-01", "--down", "100M", "--up", "100M", "--monthly-cost", "450",
            "--data", data)
        run("bundle", "--ledger", data, "--circuit", "s-heronc.wan", *PERIOD[:4], "--no-pdf", "--key", key, "-o", bag)
        run("verify", bag)
        subprocess.run(["tar", "--zstd", "--warning=no-timestamp", "-xf", bag, "-C", self.top], check=True)
        pack, = glob.glob(f"{self.top}/*/data/packs/pia.csv")
        self.assertEqual(self.figures(pack)["monthly_cost"]["value"], "45000")
        # before it moved neither the calendar nor the zone of its new place is asked
        with open(f"{self.top}/east.csv", "w", encoding="utf-8") as f:
            f.write("what,from,to,begin,end,name\ncalendar,2025-07-01,2026-06-30,,,east\nzone,,,,,America/New_York\n")
        run("import", "calendar", f"{self.top}/east.csv", "--entity", "heron-123456", "--ledger", data, "--by", "grey")
        said = json.loads(run("report", "--ledger", data, "--circuit", "s-heronc.wan", "--from", "2026-10-29", "--to",
                              "2026-10-30", "--format", "json", "-o", "-").stdout)
        self.assertEqual(said["period"]["time_zone"], "America/Chicago")
        worked_out = recompute_said.Said(f"{data}/catalogue.db").calendars("s-heronc", "2026-10-29", "2026-10-29")
        self.assertEqual([c["about"] for c in said["class_time"]["calendars"]], ["entity:egret-123457"])
        self.assertEqual([c["calendar"] for c in said["class_time"]["calendars"]], [c["calendar"] for c in worked_out])
        self.assertEqual(said["class_time"]["class_s"], 8 * 3600)

    def test_a_signal_leaves_nothing_half_written(self):
        out = f"{self.top}/stopped"
        with subprocess.Popen([BANDWITNESS, "report", "--ledger", self.data, *PERIOD, "--all",
                               "--jobs", "1", "--format", "html,csv,json", "-o", out], env=ENV,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as p:
            until = time.monotonic() + 60
            while not glob.glob(f"{out}/*/report.html") and time.monotonic() < until:
                time.sleep(0.005)
            p.send_signal(signal.SIGINT)
            told = p.communicate(timeout=60)[1].decode()
        self.assertEqual(p.returncode, 1)
        self.assertIn("stopped", told)
        names = sorted({os.path.basename(n) for n in tree(out)})
        self.assertLessEqual(set(names), {"report.html", "report.csv", "report.json"})
        for path, data in tree(out).items():
            self.assertTrue(data.endswith((b"</html>\n", b"\r\n", b"}\n")), path)


if __name__ == "__main__":
    unittest.main(verbosity=1)
