#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_state.py BANDWITNESS GEN_STATE [N] - a generated state (tests/data/state.py): every figure of
every report and pack of every circuit is worked out again from records, statements and rules, and a
figure that nobody worked out is a fault; the reports tell what befell the lines.

The small state has all scenes of the large one: outages of all causes, a line upgraded in mid-year
and one bound anew, both changes of the clock, snow, dead weeks, clocks that are wrong, a server that
was wrong for a day, another key. With N the whole state is generated, 300 circuits for four weeks and
three for a year, and N of the former and one of the latter are worked out again."""
import csv
import datetime
import hashlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "data"), os.path.join(TOP, "tests", "support")]

import recompute  # noqa: E402
import recompute_findings  # noqa: E402
import recompute_many  # noqa: E402
import recompute_packs  # noqa: E402
import recompute_said  # noqa: E402
import state  # noqa: E402

BANDWITNESS, GEN_STATE = sys.argv[1:3]
WHOLE = int(sys.argv[3]) if sys.argv[3:] else 0
ZONE = zoneinfo.ZoneInfo("America/Chicago")
RULES = f"{TOP}/etc/rules"
PACKS = ("sizing", "pia", "invoice", "delivery", "audit")
WEEKS = ("--from", "2026-10-26", "--to", "2026-11-09")  # of all circuits, for pack legislature
BEFORE = ("--from", "2026-10-12", "--to", "2026-10-26")  # what it is held against


def run(*words):
    done = subprocess.run([BANDWITNESS, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1830000000", "TZ": "UTC"})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


class Scenes:
    """What was put in must be told by the report of the circuit."""

    def __init__(self, truth, of_state, report):
        self.t, self.all, self.r, self.wrong = truth, of_state, report, []
        self.days = {d["date"]: d for d in report["days"]}

    def say(self, holds, words):
        if not holds:
            self.wrong.append(f"{self.t['circuit']}: {words}")

    def on(self, day):
        return int(datetime.datetime.fromisoformat(day).replace(tzinfo=ZONE).timestamp())

    def calendar(self):
        for what in ("snow", "holiday"):
            for day in self.t["snow" if what == "snow" else "holidays"]:
                d = self.days[day]
                self.say(d["kind"] == what and d["class_s"] == 0, f"{day}, {what}: {d['kind']}, {d['class_s']} s of class")
                self.say(d["bins"]["class_hours"]["down"]["expected"] == 0, f"{day}, {what}: counts as class hours")
        for day, hours in (("2026-11-01", 25), ("2027-03-14", 23), ("2026-10-31", 24)):
            if day in self.days:
                n = self.days[day]["bins"]["all_hours"]["down"]["expected"]
                self.say(self.days[day]["length_s"] == hours * 3600, f"{day} is not of {hours} hours")
                self.say(n == hours * 3600 // self.t["interval_s"], f"{day}: {n} intervals in {hours} hours")

    def outages(self):
        told = {recompute.unix(o["from"]): o for o in self.r["outages"]["list"]}
        self.say(sorted(told) == sorted(o["from_ms"] for o in self.t["outages"]), "other outages than were made")
        for o in self.t["outages"]:
            mine = told.get(o["from_ms"], {})
            self.say("to" in mine and recompute.unix(mine["to"]) == o["to_ms"], f"an outage ends at {mine.get('to')}")
            self.say(mine.get("excluded_ms", 0) == (o["to_ms"] - o["from_ms"] if o["excluded"] else 0),
                     f"{mine.get('excluded_ms')} ms of an outage are excluded")
            self.say(("annotations" in mine) == bool(o["cause"]), "an outage without its note")
        causes = sorted(o["cause"] for o in self.t["outages"] if o["cause"])
        self.say(causes == sorted(a["cause"] for a in self.r.get("annotations", {"list": []})["list"]),
                 "other causes than were noted")

    def gaps(self):
        missing = [(recompute.unix(g["from"]) // 1000, recompute.unix(g["to"]) // 1000, g["why"])
                   for g in self.r["coverage"]["gaps"] if g["kind"] == "missing"]
        for d in self.t.get("dead", []):
            self.say((d["from_s"], d["to_s"], "daemon stopped") in missing, f"a dead week is not told: {missing}")
        behind = self.t.get("behind")
        if behind:
            self.say(self.r["coverage"]["recorded_twice_s"] == behind["by_s"], "time that is there twice is not told")
            self.say(any(b - a == behind["by_s"] for a, b, _ in missing), "time that the clock jumped over is not told")
            self.say(self.r["clock"]["stepped_intervals"] == 2, "the clock's steps are not told")
        elif not self.t.get("dead"):
            self.say(not missing, f"gaps that nobody made: {missing}")

    def clock(self):
        wrong = sum(c["to_ms"] - c["from_ms"] for c in self.t.get("clock", [])) // 1000
        self.say(self.r["clock"]["unsynchronised_s"] == wrong, f"clock: {self.r['clock']}, not {wrong} s")
        if wrong:
            self.say(self.r["clock"]["stepped_intervals"] == len(self.t["clock"]), "the clock's step is not told")
            self.say(self.r["clock"]["worst_error_us"] > 400000, "the clock's error is not told")

    def claims(self):
        """Bound, upgraded, bound anew: on the first day's midnight, not before."""
        told = self.r["claimed"]
        for day, before, after in ((self.t.get("upgrade"), 1, 2), (self.t.get("bound_anew"), 2, 1)):
            if day:
                at = recompute.unix(told[1]["from"]) // 1000
                self.say(len(told) == 2 and at == self.on(day), f"the claim changes at {told[1]['from']}, not on {day}")
                self.say(told[0]["down_bps"] * after == told[1]["down_bps"] * before, "claims: other speeds")
        if not self.t.get("upgrade") and not self.t.get("bound_anew"):
            self.say(len(told) == 1 and told[0]["down_bps"] == min(c["mbps"] for c in self.t["claims"]) * 10**6,
                     f"claims: {told}")

    def keys(self):
        told = {k["kid"]: k["n"] for k in self.r["counts"]["keys"]}
        self.say(told == {k["kid"]: k["records"] for k in self.t["keys"]}, f"keys: {told}")
        self.say(len(told) == 1 + ("new_key_s" in self.t), f"{len(told)} keys")

    def server(self):
        """Runs of the wrong server's day are far below all others of the line."""
        wrong = self.all["wrong_server"]
        runs = [x for x in self.r["delivered"]["tested"]["runs"] if x["state"] == "ok"]
        bad = [x for x in runs if x["server"] == wrong["server"] and
               wrong["from_s"] <= recompute.unix(x["at"]) // 1000 < wrong["to_s"]]
        rates = [(x, x["line_bps"] / self.carries(recompute.unix(x["at"]) // 1000)) for x in runs]
        for x, share in rates:
            self.say((share < 0.4) == (x in bad), f"the run at {x['at']} by {x['server']}: {share:.2f} of the line")
        return len(bad)

    def carries(self, at):
        bps = self.t["claims"][0]["mbps"] * 10**6 * self.t.get("carries", 1)
        return 2 * bps if self.t.get("upgrade") and at >= self.on(self.t["upgrade"]) else bps

    def all_of_them(self):
        for scene in (self.calendar, self.outages, self.gaps, self.clock, self.claims, self.keys):
            scene()
        return self.server()


def documented():
    """The methods that the documents tell."""
    text = ""
    for name in ("report", "packs", "rules", "annotation-v1", "claim-v1"):
        with open(f"{TOP}/docs/{name}.md", encoding="utf-8") as f:
            text += f.read()
    return set(re.findall(r"`([a-z0-9.-]+/\d+)`", text))


class Line:
    """One circuit: what it signed and what is said of it."""

    def __init__(self, folder, truth):
        self.folder, self.t = folder, truth
        self.said = recompute_said.Said(f"{folder}/catalogue.db")
        path = f"{folder}/records/{truth['site']}"
        self.records = recompute.read_records(f"{path}.jose", f"{folder}/keys/{truth['site']}.jwk")
        with open(f"{path}.times", encoding="ascii") as f:
            self.times = {p["_hash"]: tuple(map(int, line.split())) for p, line in zip(self.records, f)}
        self.ask = ["--ledger", folder, "--circuit", truth["circuit"], "--rules", RULES, "--tz", truth["zone"]]

    def recomputed(self, *more):
        """The report, worked out again, and what packs of the same have to say."""
        name = self.t["circuit"]
        report = json.loads(run("report", *self.ask, *more, "--format", "json"))
        check = recompute.Check(report, self.records)
        check.all()
        days = (str(check.local(t).date()) for t in (check.begin, check.end - 1))
        check.same("calendars", [x["calendar"] for x in self.said.calendars(self.t["site"], *days)],
                   [x["calendar"] for x in report["class_time"]["calendars"]])
        last = str(check.local(check.until - 1).date())
        check.same("students", self.t["students"], self.said.students(name, last))
        findings = recompute_findings.Findings(check, RULES, students=self.said.students(name, last))
        findings.compare()
        return recompute_packs.Packs(check, self.said, self.times, findings)

    def pack(self, name, packs, methods, other=None):
        """Differences of a pack, in JSON and in CSV."""
        at = f"{self.folder}/packs/{self.t['site']}"
        more = ["--with", f"{other.name}"] if other else []
        run("report", *self.ask, "--for", name, *more, "--format", "csv,json", "-o", at)
        with open(f"{at}/{name}.json", encoding="utf-8") as f:
            figures = json.load(f)["figures"]
        with open(f"{at}/{name}.csv", encoding="utf-8", newline="") as f:
            rows = [r for r in csv.DictReader(f) if r["section"] != "absent"]
        flat = [[str(f.get(k, "")) for k in ("section", "figure", "unit", "layer", "statistic", "n", "method")] +
                [str(f.get("text", f.get("value", "")))] for f in figures]
        wrong = [] if [[v.lstrip("'") for v in f] for f in flat] == \
            [[r[k].lstrip("'") for k in ("section", "figure", "unit", "layer", "statistic", "n", "method", "value")]
             for r in rows] else ["the CSV says other things than the JSON"]
        found, n = recompute_packs.compare(figures, packs.pack(name, other), methods, packs.judged)
        return [f"pack {name}: {w}" for w in wrong + found], n


def circuit(task):
    """What came out of one circuit."""
    folder, of_state, truth, partner = task
    line, methods = Line(folder, truth), documented()
    packs = line.recomputed()
    check = packs.c
    wrong, compared = [], 0
    other = Line(folder, partner).recomputed() if partner else None
    for name in PACKS:
        found, n = line.pack(name, packs, methods, other if name == "pia" else None)
        wrong += found
        compared += n
    scenes = Scenes(truth, of_state, check.r)
    hits = scenes.all_of_them()
    weeks, before = packs, None
    if not WHOLE and check.begin < int(datetime.datetime(2026, 10, 26, tzinfo=ZONE).timestamp()):
        weeks, before = line.recomputed(*WEEKS), line.recomputed(*BEFORE)
        wrong += weeks.c.differences + before.c.differences
    rows, now = weeks.line()
    return {"circuit": truth["circuit"], "wrong": check.differences + wrong + scenes.wrong,
            "compared": check.compared + compared, "hits": hits,
            "line": {"circuit": truth["circuit"], "rows": rows, "now": now, "before": before and before.line()[1],
                     "district": truth["district"]}}


def legislature(folder, lines):
    """The pack of all circuits from what was worked out of each."""
    pack = json.loads(run("report", "--ledger", folder, "--tz", "America/Chicago", *WEEKS, "--for", "legislature",
                          "--rules", RULES, "--format", "json"))
    many = recompute_many.Many(lines, recompute_said.Said(f"{folder}/catalogue.db"), 2026, "2026-11-08",
                               ("2026-10-12", "2026-10-25"))
    return recompute_packs.compare(pack["figures"], many.all(), documented())


def erratum(folder, truth, hits):
    """Said of the wrong server's day, an erratum sets apart its runs and no others."""
    wrong, name = truth["wrong_server"], max(hits, key=hits.get)
    begin, end = (datetime.datetime.fromtimestamp(wrong[x], datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                  for x in ("from_s", "to_s"))
    said = json.loads(run("errata", "add", "--ledger", folder, "--by", "heron", "--server", wrong["server"], "--from",
                          begin, "--to", end, "--fields", "throughput", "--exclude", "--reason", "it sent too little",
                          "--json"))
    counted = {c["circuit"]: c["runs"] for c in said["circuits"]}
    out = [f"erratum: {c} has {counted.get(c, 0)} of {n} runs" for c, n in hits.items() if counted.get(c, 0) < n]
    report = json.loads(run("report", "--ledger", folder, "--circuit", name, "--from", begin, "--to", end, "--tz",
                            "America/Chicago", "--format", "json"))
    tested = report["delivered"]["tested"]
    apart = sum(tested[d]["apart"]["erratum"] for d in ("down", "up"))
    left = [t for t in tested["runs"] if t["server"] == wrong["server"] and t.get("apart") != "erratum"]
    return out + ([] if apart == hits[name] and not left else [f"erratum: {name} has {apart} of {hits[name]} apart"])


def same_bytes(top):
    """The same seed again."""
    seen = []
    for name in ("one", "two"):
        options = state.small(BANDWITNESS, GEN_STATE)
        options.circuits = options.districts = 1
        options.years = 0
        state.generate(options, f"{top}/{name}")
        files = {}
        for folder, _, names in os.walk(f"{top}/{name}"):
            for n in names:
                if n.endswith((".csv", ".txt", ".json", ".jwk", ".jose")):
                    with open(os.path.join(folder, n), "rb") as f:
                        files[os.path.relpath(os.path.join(folder, n), f"{top}/{name}")] = \
                            hashlib.sha256(f.read()).hexdigest()
        files["statements"] = [s["id"] for s in json.loads(
            run("statement", "list", "--history", "--json", "--ledger", f"{top}/{name}"))]
        seen.append(files)
    return [] if seen[0] == seen[1] else [f"the same seed, other bytes: {[k for k in seen[0] if seen[0][k] != seen[1].get(k)]}"]


def main():
    wrong, lines, hits, compared, begun = [], [], {}, 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bw-state-") as top:
        folder = f"{top}/state"
        options = state.small(BANDWITNESS, GEN_STATE) if not WHOLE else state.parser().parse_args(
            ["--seal", "--sample", str(WHOLE), "--bandwitness", BANDWITNESS, "--gen-state", GEN_STATE])
        truth = state.generate(options, folder)
        circuits = [c for c in truth["circuits"] if c["site"] in truth["sample"]]
        print(f"{len(truth['circuits'])} circuits after {time.monotonic() - begun:.0f} s", flush=True)
        with multiprocessing.Pool(2) as pool:
            rest = pool.apply_async(same_bytes, (top,))
            # the longest first; the first and the fourth are at one place, for what they do together
            tasks = [(folder, truth, c, circuits[3] if c is circuits[0] else None) for c in reversed(circuits)]
            for done in pool.imap(circuit, tasks):
                print(f"{done['circuit']}: {done['compared']} figures worked out again, {len(done['wrong'])} wrong",
                      flush=True)
                wrong += [f"{done['circuit']}: {d}" for d in done["wrong"][:20]]
                lines.append(done["line"])
                hits[done["circuit"]] = done["hits"]
                compared += done["compared"]
            wrong += rest.get()
        found, n = ([], 0) if WHOLE else legislature(folder, lines)
        wrong += [f"pack legislature: {w}" for w in found]
        if not any(hits.values()):
            wrong.append("no test met the server that was wrong")
        else:
            wrong += erratum(folder, truth, hits)
    print(f"{compared + n} figures worked out again, {len(wrong)} wrong")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
