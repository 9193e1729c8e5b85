#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_packs.py BANDWITNESS GEN_YEAR - `bandwitness report --for NAME` on generated records.

Each figure of a pack is worked out again from the intervals of the same records, in plain
Python; the page is held against what a page must be, JSON against its schema, and a second
making against the first, byte by byte.
"""
import csv
import datetime
import json
import os
import re
import sys
import tempfile
import zoneinfo

import jsonschema
from pack_figures import (check_months, check_price, check_sizing, check_taken, intervals, rows_of)
from pack_made import BANDWITNESS, CLAIM_BPS, GEN, PEOPLE, TOP, Pack, failures, run, wrong
from packs_filed import check_billed_apart, check_dated, check_filed, check_prices

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
                            (["--for", "sizing", "--all"], "of many they come from"),
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
