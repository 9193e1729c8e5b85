#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_packs.py BANDWITNESS GEN_YEAR - `bandwitness report --for NAME` on generated records.

Each figure of a pack is worked out again from the intervals of the same records, in plain
Python; the page is held against what a page must be, JSON against its schema, and a second
making against the first, byte by byte.
"""
import csv
import datetime
import html
import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import zoneinfo
from fractions import Fraction

import jsonschema
import gen_usac

from recompute_growth import a_year, growth

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BANDWITNESS, GEN = sys.argv[1:3]
CLAIM_BPS = {"down": 100_000_000, "up": 20_000_000}
EPOCH = datetime.date(1970, 1, 1)

TERMS = """speed_part = 90%
speed_share = 80%
round_trip = 35ms
round_trip_share = 99%
available = 99.95%
monthly_cost = "1250.00"
normal_down = 90M
minimum_down = 50M
credit "a" { below = 99.95% credit = 5% }
credit "b" { below = 99% credit = 25% }
"""

failures = []


def wrong(text):
    failures.append(text)
    print(f"WRONG: {text}")


def run(*argv, status=0, **env):
    r = subprocess.run(argv, capture_output=True, text=True, check=False,
                       env={**os.environ, "SOURCE_DATE_EPOCH": "1830000000", **env})
    if r.returncode != status:
        wrong(f"{' '.join(argv)}: exit status {r.returncode}, not {status}: {r.stderr.strip()}")
    return r


def text_of(path):
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"<style>.*?</style>", " ", f.read(), flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", text)))


class Pack:
    """One pack in all its forms, made twice, checked against the schema."""

    def __init__(self, name, source, folder, schema, *more, made="1830000000"):
        self.name = name
        self.folder = f"{folder}/{name}"
        words = ["report", *source, "--for", name, *more, "--format", "html,csv,json"]
        run(BANDWITNESS, *words, "-o", self.folder, SOURCE_DATE_EPOCH=made)
        run(BANDWITNESS, *words, "-o", f"{self.folder}-again", SOURCE_DATE_EPOCH=made,
            TZ="Asia/Tokyo", LC_ALL="C")
        for form in ("html", "csv", "json"):
            with open(f"{self.folder}/{name}.{form}", "rb") as a, \
                    open(f"{self.folder}-again/{name}.{form}", "rb") as b:
                if a.read() != b.read():
                    wrong(f"{name}.{form} differs when it is made again")
        with open(f"{self.folder}/{name}.json", encoding="utf-8") as f:
            self.json = json.load(f)
        for e in list(schema.iter_errors(self.json))[:5]:
            wrong(f"{name}: the schema refuses {list(e.path)}: {e.message}")
        self.page = text_of(f"{self.folder}/{name}.html")
        self.check_csv()
        self.check_frame()

    def check_csv(self):
        with open(f"{self.folder}/{self.name}.csv", encoding="utf-8", newline="") as f:
            rows = [r for r in csv.DictReader(f) if r["section"] != "absent"]
        figures = self.json["figures"]
        if len(rows) != len(figures):
            wrong(f"{self.name}: {len(rows)} figures in the CSV, {len(figures)} in the JSON")
        for r, f in zip(rows, figures):
            if (r["section"], r["figure"]) != (f["section"], f["figure"]) or \
                    r["value"].lstrip("'") != str(f.get("text", f.get("value", ""))).lstrip("'"):
                wrong(f"{self.name}: the CSV says {r}, the JSON {f}")

    def check_frame(self):
        for words in ("What this page does not show", "Other packs for the same period"):
            if words not in self.page:
                wrong(f"{self.name}: the page does not say '{words}'")
        for absent in self.json["absent"]:
            if self.page.count(absent["why"]) < 1:
                wrong(f"{self.name}: the page does not say why there is no {absent['what']}")
        if self.json["provisional"] != ("Provisional." in self.page):
            wrong(f"{self.name}: provisional in one form alone")

    def value(self, figure):
        for f in self.json["figures"]:
            if f["figure"] == figure:
                return f.get("text", f.get("value"))
        wrong(f"{self.name}: there is no figure {figure}")
        return None

    def expect(self, figure, want):
        if self.value(figure) != want:
            wrong(f"{self.name}: {figure} is {self.value(figure)}, not {want}")


# ---- worked out again ---------------------------------------------------------------


def p95(values):
    return sorted(values)[math.ceil(Fraction(95, 100) * len(values)) - 1] if values else None


def intervals(source, folder, zone):
    """Class hours without tests, by local day, with rates at IP."""
    run(BANDWITNESS, "report", *source, "--format", "csv", "--intervals", "-o", f"{folder}/iv")
    days = {}
    with open(f"{folder}/iv/intervals.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    lengths = [(seconds(r["end_utc"]) - seconds(r["start_utc"])) for r in rows]
    usual = max(lengths, key=lambda x: (lengths.count(x), x)) if len(lengths) < 20000 else 300
    for r in rows:
        if r["class_hours"] != "1" or r["own_test"] == "1" or r["at_least"] == "1" or \
                not r["covered_s"] or int(r["covered_s"]) * 2 < usual:
            continue
        local = datetime.datetime.fromtimestamp(seconds(r["start_utc"]), zone)
        day = days.setdefault(local.date(), {"down": [], "up": []})
        for way in day:
            if r[f"{way}_bytes"]:
                size = int(r[f"{way}_bytes"]) - 14 * int(r[f"{way}_packets"])
                day[way].append((size * 8 // int(r["covered_s"]), int(r["covered_s"])))
    return days


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def check_sizing(pack, days, end):
    """The busiest day, full time, growth, the range."""
    most = max(len(v) for d in days.values() for v in d.values())
    for way in ("down", "up"):
        usable = {d: p95([r for r, _ in v[way]]) for d, v in days.items()
                  if v[way] and len(v[way]) * 2 >= most}
        peak = max(usable.values())
        pack.expect(f"peak_day.{way}", peak)
        pack.expect(f"peak_day_on.{way}",
                    min(d for d, v in usable.items() if v == peak).isoformat())
        pack.expect(f"full_time.{way}", sum(s for v in days.values() for r, s in v[way]
                                            if r >= CLAIM_BPS[way] * 9 // 10))
        g = growth({(d - EPOCH).days: v for d, v in usable.items()})
        added = {"low": 0, "high": 0}
        for i, line in enumerate(("low", "middle", "high")):
            year = a_year(g["slopes"][i]) if g else None
            pack.expect(f"growth_a_year.{way}.{line}", year)
            if g and line != "middle" and (end - EPOCH).days <= g["ahead"]:
                ends = sorted(g["at"](k, (end - EPOCH).days) for k in (0, 2))
                now = sorted(g["at"](k, g["last"]) for k in (0, 2))
                k = 0 if line == "low" else 1
                added[line] = max(0, ends[k] - now[k])
        pack.expect(f"speed.{way}.low", (peak + added["low"]) * 130 // 100)
        pack.expect(f"speed.{way}.high", (peak + added["high"]) * 140 // 100)
    pack.expect("until", end.isoformat())


PEOPLE = ["--students", "412", "--users", "460", "--users-are", "students and staff",
          "--monthly-cost", "1250.50"]


def rows_of(source, folder):
    """The figures of the report itself."""
    run(BANDWITNESS, "report", *source, "--format", "csv,json", "-o", f"{folder}/plain")
    with open(f"{folder}/plain/report.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    with open(f"{folder}/plain/report.json", encoding="utf-8") as f:
        return rows, json.load(f)


def check_taken(pack, rows, sections):
    """What a pack takes from the report is the report's, figure by figure."""
    mine = [(f["section"], f["figure"], f.get("statistic", ""),
             str(f.get("text", f.get("value", "")))) for f in pack.json["figures"]
            if f["section"].startswith(sections)]
    want = [(r["section"], r["figure"], r["statistic"], r["value"]) for r in rows
            if r["section"].startswith(sections)]
    if [m[:3] for m in mine] != [w[:3] for w in want]:
        wrong(f"{pack.name}: figures of the report are missing or too many")
    for m, w in zip(mine, want):
        if m[3].lstrip("'") != w[3].lstrip("'"):
            wrong(f"{pack.name}: {w[:3]} is {m[3]}, in the report {w[3]}")


def check_price(pack, report, peak):
    """US cents a month for each Mbit/s, rounded half up."""
    tested = report["delivered"]["tested"]["down"]["against_claim"]["line_at_claim_layer"]
    tested = tested["median_bps"]
    for figure, bps in (("claimed", CLAIM_BPS["down"]), ("delivered", tested), ("used", peak)):
        want = (125050 * 10**6 * 2 + bps) // (2 * bps)
        pack.expect(f"cost_{figure}.down", want)
        if f"${want / 100:.2f}" not in pack.page:
            wrong(f"{pack.name}: ${want / 100:.2f} does not stand on the page")
    for figure, bps in (("claimed", CLAIM_BPS["down"]), ("tested", tested), ("peak_day", peak)):
        pack.expect(f"{figure}_per_student.down", bps // 412)
        pack.expect(f"{figure}_per_user.down", bps // 460)


def check_months(pack, report, folder, zone):
    """Each month from the intervals and runs themselves."""
    with open(f"{folder}/iv/intervals.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    months = {}
    for r in rows:
        at = datetime.datetime.fromtimestamp(seconds(r["start_utc"]), zone)
        month = months.setdefault(f"{at.year:04}-{at.month:02}", {"down": [], "up": []})
        for way in ("down", "up"):
            if r[f"{way}_bps"] and r["own_test"] == "0":
                month[way].append((int(r[f"{way}_bps"]), r["class_hours"] == "1"))
    for name, month in months.items():
        for way in ("down", "up"):
            pack.expect(f"{name}.carried.{way}", max(v for v, _ in month[way]))
            pack.expect(f"{name}.used.{way}", p95([v for v, in_class in month[way] if in_class]))
            runs = sorted(r["line_at_claim_layer_bps"] for r in report["delivered"]["tested"]["runs"]
                          if r["direction"] == way and r["state"] == "ok" and
                          "line_at_claim_layer_bps" in r and "apart" not in r and
                          datetime.datetime.fromtimestamp(seconds(r["at"]), zone)
                          .strftime("%Y-%m") == name)
            pack.expect(f"{name}.tested.{way}", runs[(len(runs) + 1) // 2 - 1] if runs else None)
    out = sum(pack.value(f"{m}.outage") or 0 for m in months)
    if out != report["outages"]["total_ms"]:
        wrong(f"{pack.name}: months were out for {out} ms, the period for "
              f"{report['outages']['total_ms']}")
    pack.expect("first_service", min(
        datetime.datetime.fromtimestamp(seconds(r["start_utc"]), zone).date().isoformat()
        for r in rows if r["down_bytes"] not in ("", "0")))


def check_many(top, schema, zone):
    """Three sites in one ledger: the page of all, and two of them together."""
    data = f"{top}/data"
    os.makedirs(data)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000", "--sites",
        "3", "--ledger", f"{data}/ledger")
    source = ["--ledger", data, "--tz", "America/Chicago", "--from", "2026-10-29", "--to",
              "2026-11-04", "--claim-down", "100M", "--claim-up", "20M", "--claim-layer", "ip"]
    many = Pack("legislature", source, f"{top}/many", schema)
    names = [f"{c['site']}.{c['circuit']}" for c in many.json["circuits"]]
    if names != ["s-heron.wan", "s-heronb.wan", "s-heronc.wan"]:
        wrong(f"legislature: the circuits are {names}")
    busy = 0
    for name in names:
        one = Pack("sizing", [*source, "--circuit", name], f"{top}/{name}", schema)
        for figure, of in (("peak_day", "peak_day.down"), ("full_time", "full_time.down"),
                           ("recorded", "recorded"), ("elapsed", "elapsed")):
            many.expect(f"{name}.{figure}", one.value(of))
        busy += one.value("peak_day.down") * 100 >= CLAIM_BPS["down"] * 75
    many.expect("lines_on_record", 3)
    many.expect("lines_busy", busy)
    run(BANDWITNESS, "report", "--ledger", data, "--for", "legislature", status=2)
    run(BANDWITNESS, "report", *source, "--for", "sizing", "--all", "--format", "json,html",
        "-o", f"{top}/all")
    for name in names:
        with open(f"{top}/all/{name}/sizing.json", "rb") as a, \
                open(f"{top}/{name}/sizing/sizing.json", "rb") as b:
            if a.read() != b.read():
                wrong(f"--all: another pack of {name}")
    pia = Pack("pia", [*source, "--circuit", "s-heron.wan"], f"{top}/two", schema, *PEOPLE,
               "--with", "s-heronb.wan")
    rates = []
    for name in ("s-heron.wan", "s-heronb.wan"):
        run(BANDWITNESS, "report", *source, "--circuit", name, "--format", "csv",
            "--intervals", "-o", f"{top}/iv-{name}")
        with open(f"{top}/iv-{name}/intervals.csv", encoding="utf-8", newline="") as f:
            rates.append({r["start_utc"]: int(r["down_bps"]) for r in csv.DictReader(f)
                          if r["down_bps"] and r["own_test"] == "0" and r["class_hours"] == "1"})
    both = [(rates[0][t] >= 10**6, rates[1][t] >= 10**6) for t in rates[0] if t in rates[1]]
    for figure, want in (("both", (True, True)), ("first_alone", (True, False)),
                         ("second_alone", (False, True)), ("neither", (False, False))):
        pia.expect(figure, both.count(want))
    pia.expect("one_counted", len(rates[0].keys() ^ rates[1].keys()))


DATED = """year,own,down,up,layer,from,to
2026,slow,50 Mbps,50 Mbps,ip,2026-10-01,2026-10-31
2026,fast,10 Gbps,10 Gbps,ip,2026-11-01,2026-12-31
2026,ended,100 Mbps,100 Mbps,ip,2026-07-01,2026-10-31
"""


def check_dated(top, schema):
    """A claim speaks of its own days: what is in use by it, and nothing after its end."""
    data = f"{top}/data"
    os.makedirs(data)
    with open(f"{top}/claims.csv", "w", encoding="utf-8") as f:
        f.write(DATED)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000", "--sites",
        "3", "--ledger", f"{data}/ledger")
    run(BANDWITNESS, "import", "claims", f"{top}/claims.csv", "--by", "heron", "--ledger", data)
    for name, site in (("slow", "s-heron"), ("fast", "s-heron"), ("slow", "s-heronb"),
                       ("fast", "s-heronb"), ("ended", "s-heronc")):
        run(BANDWITNESS, "claim", "confirm", f"own:{name}", f"{site}.wan", "--by", "grey",
            "--ledger", data)
    source = ["--ledger", data, "--tz", "America/Chicago", "--from", "2026-10-29", "--to",
              "2026-11-04"]
    rates = []
    for name in ("s-heron.wan", "s-heronb.wan"):
        run(BANDWITNESS, "report", *source, "--circuit", name, "--format", "csv",
            "--intervals", "-o", f"{top}/iv-{name}")
        with open(f"{top}/iv-{name}/intervals.csv", encoding="utf-8", newline="") as f:
            rates.append({r["start_utc"]: int(r["down_bps"]) for r in csv.DictReader(f)
                          if r["down_bps"] and r["own_test"] == "0" and r["class_hours"] == "1"})
    new = seconds("2026-11-01T05:00:00Z")
    both = [tuple(x[t] >= (5 * 10**5 if seconds(t) < new else 10**8) for x in rates)
            for t in rates[0] if t in rates[1]]
    pia = Pack("pia", [*source, "--circuit", "s-heron.wan"], f"{top}/dated", schema, "--with",
               "s-heronb.wan")
    for figure, want in (("both", (True, True)), ("first_alone", (True, False)),
                         ("second_alone", (False, True)), ("neither", (False, False))):
        pia.expect(figure, both.count(want))
    audit = Pack("audit", [*source, "--circuit", "s-heronc.wan"], f"{top}/ended", schema,
                 *PEOPLE, "--rules", f"{TOP}/etc/rules")
    audit.expect("cost_claimed.down", None)
    audit.expect("claimed_per_student.down", None)
    if not any("EPC" in a["what"] for a in audit.json["absent"]):
        wrong("audit: answers of a claim that has ended")
    if "its last day was 31 Oct 2026" not in audit.page:
        wrong("audit: the page does not say when the claim ended")
    report = json.loads(run(BANDWITNESS, "report", *source, "--circuit", "s-heronc.wan", "--rules",
                            f"{TOP}/etc/rules", *PEOPLE[:-2], "--format", "json").stdout)
    got = [(f["outcome"], f.get("why")) for f in report["findings"]
           if f["rule"] == "fcc-1mbps-per-student"]
    if not got or any(g[0] != "not-enough" for g in got):
        wrong(f"a claim that has ended is judged: {got}")


def check_filed(top, schema):
    """A claim that was imported and bound by a person gives the numbers of the filing."""
    data, files = f"{top}/data", f"{top}/usac"
    os.makedirs(data)
    os.makedirs(files)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000", "--ledger",
        f"{data}/ledger")
    line = {"line": "001", "kind": "internet", "down": "100.0", "up": "100.0", "unit": "Mbps",
            "quantity": 3, "unit_cents": 45000, "recipients": ["123456"]}
    district = {"ben": "123450", "name": "Willow Valley School District", "state": "OR",
                "year": 2026, "schools": [{"number": "123456", "name": "Heron Elementary School",
                                           "students": 400},
                                          {"number": "123457", "name": "Egret High School",
                                           "students": 900}],
                "frns": [{"frn": "2699000001", "application": "261000001", "status": "Funded",
                          "spin": "143000555", "provider": "Oak Fibre LLC", "discount": "0.8",
                          "lines": [line]}]}
    run(BANDWITNESS, "import", "usac", "--by", "heron", *gen_usac.write([district], files),
        "--ledger", data)
    source = ["--ledger", data, "--tz", "America/Chicago", "--from", "2026-10-29", "--to",
              "2026-11-04"]
    before = Pack("audit", source, f"{top}/before", schema)
    if not any("FRN" in a["what"] for a in before.json["absent"]):
        wrong("audit: numbers of a filing that nobody bound")
    run(BANDWITNESS, "claim", "confirm", "2699000001.001", "s-heron.wan", "--by", "grey",
        "--ledger", data)
    rules = ("--rules", f"{TOP}/etc/rules", "--adopt", "fcc-1mbps-per-student")
    audit = Pack("audit", [*source, *rules], f"{top}/filed", schema)
    # 100 Mbit/s for the 400 of the line's school, not for the payer's 1300
    audit.expect("claimed_per_student.down", 250000)
    delivery = Pack("delivery", [*source, *rules], f"{top}/filed", schema)
    found = [f["text"] for f in delivery.json["figures"]
             if f["figure"].startswith("finding.fcc-1mbps-per-student")]
    if set(found) != {"do-not-show"}:
        wrong(f"delivery: for each student is judged {found}")
    for figure, want in (("frn", "2699000001.001"), ("form_471", "261000001"),
                         ("spin", "143000555"), ("provider", "Oak Fibre LLC"),
                         ("ben", "123450"), ("keep_until", "2037-06-30"),
                         ("monthly_cost", 45000), ("cost_claimed.down", 450),
                         ("epc_download", "100")):
        audit.expect(figure, want)
        if isinstance(want, str) and figure != "keep_until" and want not in audit.page:
            wrong(f"audit: {figure} {want} does not stand on the page")
    for words in ("bound to this circuit by grey",
                  "a month for one line, the eligible part of it, one of 3 lines ("):
        if words not in audit.page:
            wrong(f"audit: '{words}' does not stand on the page")


def check_billed_apart(top, schema):
    """A circuit and Internet access on bills of their own: both are named, neither bill is the
    price, whichever of the bindings has the lesser hash."""
    data, files = f"{top}/data", f"{top}/usac"
    os.makedirs(data)
    os.makedirs(files)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "2", "--offset", "-18000", "--ledger",
        f"{data}/ledger")
    frns = [{"frn": f"269900000{n}", "application": f"26100000{n}", "status": "Funded",
             "spin": f"14300055{n}", "provider": provider, "discount": "0.8",
             "lines": [{"line": "001", "kind": kind, "down": speed, "up": speed, "unit": "Mbps",
                        "quantity": 1, "unit_cents": cents, "recipients": ["123456"]}]}
            for n, provider, kind, speed, cents in (
                (1, "Oak Fibre LLC", "isp-only", "500.0", 60000),
                (2, "River Telecom", "transport", "100.0", 90000))]
    district = {"ben": "123450", "name": "Willow Valley School District", "state": "OR",
                "year": 2026, "schools": [{"number": "123456", "name": "Heron Elementary School",
                                           "students": 400}], "frns": frns}
    run(BANDWITNESS, "import", "usac", "--by", "heron", *gen_usac.write([district], files),
        "--ledger", data)
    source = ["--ledger", data, "--tz", "America/Chicago"]
    pages = set()
    for text in ("as the bill says", "as the contract says", "as the provider says"):
        ids = [json.loads(run(BANDWITNESS, "claim", "confirm", f"{f['frn']}.001", "s-heron.wan",
                              "--by", "grey", "--text", text, "--json", "--ledger",
                              data).stdout)["id"] for f in frns]
        audit = Pack("audit", source, f"{top}/{text[7]}", schema)
        for figure, want in (("frn", "2699000001.001"), ("spin", "143000551"),
                             ("also_bound.1", "2699000002.001"), ("keep_until", "2037-06-30"),
                             ("keep_until.also.1", "2037-06-30")):
            audit.expect(figure, want)
        pages.add(json.dumps([f for f in audit.json["figures"] if f["section"] in
                              ("identity", "price", "retention")]))
        for words in ("FRN 2699000001", "FRN 2699000002", "SPIN 143000552; River Telecom",
                      "$600.00", "$900.00", "the sum of the bills below"):
            if words not in audit.page:
                wrong(f"audit: '{words}' does not stand on the page")
        # 600 and 900 dollars a month; 100 Mbit/s claimed, the lesser of the two
        for figure, want in (("bill.1", 60000), ("bill.2", 90000), ("monthly_cost", 150000),
                             ("cost_claimed.down", 1500)):
            audit.expect(figure, want)
        for i in ids:
            run(BANDWITNESS, "claim", "confirm", "--withdraw", i, "--by", "grey", "--ledger", data)
    if len(pages) != 1:
        wrong("audit: the order of the bindings' hashes shows")
    # a second circuit of another kind: no sum may be told, each bill is
    with open(f"{files}/wan.csv", "w", encoding="utf-8") as f:
        f.write("year,own,role,down,up,unit_monthly\n2026,elm,internet,1 Gbps,1 Gbps,70\n")
    run(BANDWITNESS, "import", "claims", "--by", "heron", f"{files}/wan.csv", "--ledger", data)
    for key in ("2699000001.001", "own:elm"):
        run(BANDWITNESS, "claim", "confirm", key, "s-heron.wan", "--by", "grey", "--ledger", data)
    pia = Pack("pia", source, f"{top}/apart", schema)
    if any(f["figure"].startswith(("monthly_cost", "cost_")) for f in pia.json["figures"]):
        wrong("pia: a sum of bills that are not a circuit and Internet access over it")
    pia.expect("bill.1", 7000)
    pia.expect("bill.2", 60000)
    pia = Pack("pia", source, f"{top}/typed", schema, "--monthly-cost", "1500")
    pia.expect("monthly_cost", 150000)
    # nothing bound: what was written down for the circuit itself
    for x in json.loads(run(BANDWITNESS, "statement", "list", "--kind", "binding", "--json", "--ledger", data).stdout):
        run(BANDWITNESS, "claim", "confirm", "--withdraw", x["id"], "--by", "grey", "--ledger", data)
    with sqlite3.connect(f"{data}/catalogue.db") as db:
        db.execute("INSERT OR REPLACE INTO sites VALUES('s-heron', '', 'Heron', 1, 500)")
    run(BANDWITNESS, "site", "claim", "s-heron", "--from", "2026-09-01", "--down", "50M", "--up", "50M",
        "--monthly-cost", "450.00", "--data", data)
    pia = Pack("pia", source, f"{top}/itself", schema)
    pia.expect("monthly_cost", 45000)
    pia.expect("cost_claimed.down", 900)


PRICES = """year,own,down,up,quantity,unit_monthly,monthly
2026,all-of-it,1 Gbps,1 Gbps,,2450.50,
2026,by-lines,1 Gbps,1 Gbps,3,999.99,1350.50
2026,how-many,1 Gbps,1 Gbps,,,1350.50
"""


def check_prices(top, schema):
    """The price of one line, whatever part of the bill is on file."""
    data = f"{top}/data"
    os.makedirs(data)
    with open(f"{top}/claims.csv", "w", encoding="utf-8") as f:
        f.write(PRICES)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "2", "--offset", "-18000", "--sites",
        "3", "--ledger", f"{data}/ledger")
    run(BANDWITNESS, "import", "claims", f"{top}/claims.csv", "--by", "heron", "--ledger", data)
    for name, site, cents, words in (
            ("all-of-it", "s-heron", 245050, "$2,450.50 a month for one line, all of it ("),
            ("by-lines", "s-heronb", 45017,  # 450.1666…
             "$450.17 a month for one line, the eligible part of it, one of 3 lines ("),
            ("how-many", "s-heronc", None, "how many they are is not on file")):
        run(BANDWITNESS, "claim", "confirm", f"own:{name}", f"{site}.wan", "--by", "grey", "--ledger",
            data)
        source = ["--ledger", data, "--tz", "America/Chicago", "--circuit", f"{site}.wan"]
        pia = Pack("pia", source, f"{top}/{name}", schema)
        if words not in pia.page:
            wrong(f"pia: '{words}' does not stand on the page")
        if cents is not None:
            pia.expect("monthly_cost", cents)
            pia.expect("cost_claimed.down", (cents + 500) // 1000)
        elif any(f["figure"].startswith(("monthly_cost", "cost_")) for f in pia.json["figures"]):
            wrong("pia: a price of nobody knows how many lines")


def check_clauses(week, top, schema):
    """A contract's terms are judged by the rule that governs, and by it alone."""
    os.makedirs(top)
    with open(f"{top}/terms.conf", "w", encoding="utf-8") as f:
        f.write(TERMS)
    words = [*week, "--rules", f"{TOP}/etc/rules", "--terms", f"{top}/terms.conf"]
    pack = Pack("delivery", words, top, schema)
    report = json.loads(run(BANDWITNESS, "report", *words, "--format", "json").stdout)
    want = {f"finding.{f['finding']}": f["outcome"] for f in report["findings"] if f["governs"]}
    got = {f["figure"]: f["text"] for f in pack.json["figures"]
           if f["figure"].startswith("finding.")}
    if not want or got != want:
        wrong(f"delivery: the findings are {got}, not {want}")
    if any("Clauses" in a["what"] for a in pack.json["absent"]):
        wrong("delivery: clauses are there and said to be absent")


def source_of(folder, name, *generate):
    jose, key = f"{folder}/{name}.jose", f"{folder}/{name}.jwk"
    run(GEN, *generate, "--jose", jose, "--key", key)
    return ["--file", jose, "--key", key, "--tz", "America/Chicago", "--place",
            "Hazel <Middle> & High", "--claim-down", "100M", "--claim-up", "20M",
            "--claim-layer", "ip"]


def main():
    with open(f"{TOP}/docs/pack-v1.schema.json", encoding="utf-8") as f:
        schema = jsonschema.Draft202012Validator(json.load(f))
    zone = zoneinfo.ZoneInfo("America/Chicago")
    with tempfile.TemporaryDirectory(prefix="bw-packs-") as top:
        week = source_of(top, "week", "--from", "2026-10-28T05:00:00Z", "--days", "8",
                         "--offset", "-18000")
        half = source_of(top, "half", "--from", "2026-08-03T05:00:00Z", "--days", "238",
                         "--interval", "1800", "--offset", "-18000")
        for name, source, end in (("week", week, datetime.date(2028, 6, 30)),
                                  ("half", half, datetime.date(2028, 6, 30))):
            folder = f"{top}/{name}"
            os.makedirs(folder)
            days = intervals(source, folder, zone)
            sizing = Pack("sizing", source, folder, schema, "--students", "412")
            check_sizing(sizing, days, end)
            if (sizing.value("growth_a_year.down.middle") is None) != (name == "week"):
                wrong(f"{name}: growth is told of a week, or not of half a year")
        rows, report = rows_of(week, f"{top}/week")
        peak = Pack("sizing", week, f"{top}/week/more", schema).value("peak_day.down")
        pia = Pack("pia", week, f"{top}/week", schema, *PEOPLE)
        check_taken(pia, rows, ("claimed", "delivered", "used"))
        check_price(pia, report, peak)
        check_months(Pack("invoice", week, f"{top}/week", schema), report, f"{top}/week", zone)
        long = Pack("invoice", [*week, "--from", "2023-07-01", "--to", "2027-07-01"],
                    f"{top}/long", schema)
        n = sum(bool(re.fullmatch(r"\d{4}-\d\d\.recorded", f["figure"]))
                for f in long.json["figures"])
        if n != 48:
            wrong(f"invoice: four years have {n} months")
        delivery = Pack("delivery", week, f"{top}/week", schema, "--letter")
        delivery.expect("outage_total", report["outages"]["total_ms"])
        if "Letter to the provider" not in delivery.page or "Room for your reply" not in \
                delivery.page:
            wrong("delivery: there is no letter")
        audit = Pack("audit", week, f"{top}/week", schema, *PEOPLE, "--certificate")
        for words in ("Certificate to be filled in",
                      "the SHA-256 of the file that holds them stands in the manifest"):
            if words not in audit.page:
                wrong(f"audit: the certificate does not say '{words}'")
        check_taken(audit, rows, tuple({r["section"] for r in rows} - {"identity"}))
        audit.expect("keep_until.2026", "2037-06-30")
        check_many(top, schema, zone)
        check_dated(f"{top}/dated", schema)
        check_filed(f"{top}/filing", schema)
        check_prices(f"{top}/prices", schema)
        check_billed_apart(f"{top}/apart", schema)
        check_clauses(week, f"{top}/clauses", schema)
        for argv, words in ((["--for", "cake"], "there is no pack 'cake'"),
                            (["--monthly-cost", "3"], "goes with --for"),
                            (["--for", "pia", "--letter"], "--letter goes with"),
                            (["--for", "pia", "--certificate"], "goes with --for audit"),
                            (["--for", "sizing", "--all"], "-o DIR"),
                            (["--for", "sizing", "--with", "lan"], "--with goes with"),
                            (["--for", "pia", "--monthly-cost", "12e3"], "US dollars"),
                            (["--for", "sizing", "--students", "0"], "--students is a number"),
                            (["--for", "sizing", "--users", "3"], "--users-are")):
            if words not in run(BANDWITNESS, "report", *week, *argv, status=2).stderr:
                wrong(f"{argv} is not refused with '{words}'")
        soon = Pack("sizing", week, f"{top}/soon", schema, "--year", "FY2026",
                    made="1794500000")
        if not soon.json["provisional"]:
            wrong("a year that is not over is not provisional")
    print(f"{len(failures)} wrong")
    return 1 if failures else 0


sys.exit(main())
