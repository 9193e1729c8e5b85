#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_report.py BANDWITNESS GEN_YEAR - `bandwitness report` on generated records.

Each case makes signed records, a report in every format, and holds it against: the
independent recomputation (recompute.py), the JSON schema, the other sources of the
same records, its own second making (same bytes), and what a page must be (well-formed, no
request to anybody, a table behind every chart, every figure of the JSON on it).
"""
import base64
import csv
import html
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import jsonschema
import bare
import detailed

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BANDWITNESS, GEN = sys.argv[1:3]
SVG = "{http://www.w3.org/2000/svg}"
CLAIM = ["--claim-down", "100M", "--claim-up", "20M", "--claim-layer"]

# name, arguments of the generator, of the report
CASES = [
    # a week over the end of summer time, with an outage, a gap, a lossy day, a bad clock
    ("week", ["--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000"],
     ["--tz", "America/Chicago", *CLAIM, "ip"]),
    # begins and ends within a day, in the middle of things
    ("within", ["--from", "2026-10-28T05:00:00Z", "--days", "8", "--seed", "7"],
     ["--tz", "America/Chicago", "--from", "2026-10-30T11:40", "--to", "2026-11-02T19:30",
      *CLAIM, "ethernet"]),
    # a claim of goodput: use cannot be said at that layer, tests can
    ("goodput", ["--from", "2026-03-06T06:00:00Z", "--days", "5", "--seed", "3"],
     ["--tz", "America/Chicago", *CLAIM, "goodput"]),
    # a box that counts nothing
    ("uncounted", ["--from", "2026-11-02T06:00:00Z", "--days", "4", "--no-counters"],
     ["--tz", "America/Denver", *CLAIM, "ip"]),
    # no claim; half-hour zone; ten-second intervals
    ("short", ["--from", "2026-11-03T13:00:00Z", "--days", "1", "--interval", "10", "--steady"],
     ["--tz", "Asia/Kolkata", "--from", "2026-11-03T14:00:00Z", "--to",
      "2026-11-03T20:00:00Z"]),
    # zones at :30 and :45, class hours at :30: hours of UTC that lie in both
    ("kolkata", ["--from", "2026-11-01T18:30:00Z", "--days", "6", "--offset", "19800"],
     ["--tz", "Asia/Kolkata", "--from", "2026-11-02", "--to", "2026-11-07", *CLAIM, "ip"]),
    ("kathmandu", ["--from", "2026-11-01T18:00:00Z", "--days", "3", "--offset", "20700"],
     ["--tz", "Asia/Kathmandu", "--from", "2026-11-02", "--to", "2026-11-04", "--class-hours",
      "07:50-15:05"]),
    # ten-second intervals; class hours and period begin and end within five minutes
    ("tens", ["--from", "2026-11-03T03:00:00Z", "--days", "1", "--interval", "10", "--offset",
              "19800"],
     ["--tz", "Asia/Kolkata", "--from", "2026-11-03T03:11:20Z", "--to", "2026-11-03T09:03:50Z",
      "--class-hours", "09:02-11:03", *CLAIM, "ip"]),
    # class hours at :30 over the end of summer time; records too long for their histograms
    ("half", ["--from", "2026-10-29T04:00:00Z", "--days", "5", "--offset", "-14400",
              "--drop-hist", "7"],
     ["--tz", "America/New_York", "--class-hours", "07:30-15:30", *CLAIM, "ip"]),
    # a box that was moved at 00:00 UTC, back at 12:00 a day later, and both on one day
    ("moved", ["--from", "2026-11-02T06:00:00Z", "--days", "5", "--moved",
               "2026-11-04T00:00:00Z"], ["--tz", "America/Chicago", *CLAIM, "ethernet"]),
    # a school's calendar, which ends before the records do; summer time ends meanwhile
    ("calendar", ["--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000"],
     ["--calendar", os.path.join(HERE, "heron.csv"), *CLAIM, "ip"]),
    # a month of which only a part has passed
    ("month", ["--from", "2026-11-01T05:00:00Z", "--days", "12", "--offset", "-18000"],
     ["--tz", "America/New_York", "--month", "2026-11", *CLAIM, "ip"]),
]

failures = []


def wrong(text):
    failures.append(text)
    print(f"WRONG: {text}")


def run(*argv, status=0, **env):
    r = subprocess.run(argv, capture_output=True, text=True, check=False,
                       env={**os.environ, "SOURCE_DATE_EPOCH": "1794500000", **env})
    if r.returncode != status:
        wrong(f"{' '.join(argv)}: exit status {r.returncode}, not {status}: {r.stderr.strip()}")
    return r


def check_html(name, path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    body = re.sub(r"^<!DOCTYPE html>\n", "", text)
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as e:
        wrong(f"{name}: the page is not well-formed: {e}")
        return
    if root.get("lang") != "en":
        wrong(f"{name}: the page names no language")
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    if len(ids) != len(set(ids)):
        wrong(f"{name}: an id stands there twice")
    for e in root.iter():
        tag = e.tag.split("}")[-1]
        if tag in ("script", "link", "img", "iframe", "object", "embed", "form", "input"):
            wrong(f"{name}: the page has a <{tag}>")
        for key, value in e.attrib.items():
            inside = tag == "a" and key == "href" and value[:1] == "#" and value[1:] in ids
            if not inside and (key.split("}")[-1] in ("href", "src", "action", "srcset") or
                               key.startswith("on")):
                wrong(f"{name}: <{tag} {key}={value}>")
            for ref in value.split() if key in ("aria-labelledby",) else []:
                if ref not in ids:
                    wrong(f"{name}: aria-labelledby names {ref}, which is not there")
        if tag == "figure" and e.find(f".//{SVG}svg") is not None and not any(
                t.get("id") == e.find(".//a").get("href")[1:] for t in root.iter("table")):
            wrong(f"{name}: a chart without a table behind it")
        if tag == "svg" and e.get("role") == "img":
            if e.find(f"{SVG}title") is None or e.find(f"{SVG}desc") is None:
                wrong(f"{name}: a chart without title or description")
    if re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", text):
        wrong(f"{name}: the page asks somebody else for something")
    headings = [int(e.tag[-1]) for e in root.iter() if re.fullmatch(r"h[1-6]", e.tag)]
    if headings[:1] != [1] or headings.count(1) != 1 or \
            any(b > a + 1 for a, b in zip(headings, headings[1:])):
        wrong(f"{name}: headings do not follow each other: {headings}")
    for table in root.iter("table"):
        widths = set()
        for row in table.iter("tr"):
            if not any(c.get("rowspan") for r in table.iter("tr") for c in r):
                widths.add(len(row))
        if len(widths) > 1:
            wrong(f"{name}: a table's rows differ in length: {widths}")


def words_of(key, value):
    """A figure of the JSON as the page says it, by the unit in its name; None: never said."""
    if key.endswith("_bps"):
        if value >= 10**9:
            return rounded(value, 10**9, 2), "Gbit/s"
        if value >= 10**6:
            return rounded(value, 10**6, 1 if value >= 10**7 else 2), "Mbit/s"
        if value >= 1000:
            digits = 0 if value >= 10**5 else 1 if value >= 10**4 else 2
            return rounded(value, 1000, digits), "kbit/s"
        return str(value), "bit/s"
    if key.endswith("_us"):
        if value >= 10**6:
            return rounded(value, 10**6, 2), "s"
        return rounded(value, 1000, 0 if value >= 10**5 else 1 if value >= 10**4 else 2), "ms"
    if key.endswith("_ppm"):
        return rounded(value, 10000, 2), "%"
    return None


def rounded(value, unit, digits):
    """Half up, in integers."""
    scaled = (value * 10**digits * 2 + unit) // (2 * unit)
    whole, rest = divmod(scaled, 10**digits)
    return f"{whole}.{rest:0{digits}}" if digits else str(whole)


def check_figures(name, path, report):
    """Every rate, delay and share of the JSON stands on the page."""
    with open(path, encoding="utf-8") as f:
        text = html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", f.read())))
    n = 0

    def walk(value, key, where):
        nonlocal n
        if isinstance(value, dict):
            for k, v in value.items():
                walk(v, k, f"{where}.{k}")
        elif isinstance(value, list):
            for v in value:
                walk(v, key, where)
        elif isinstance(value, int) and words_of(key, value):
            n += 1
            if " ".join(words_of(key, value)) not in text:
                wrong(f"{name}: {where} = {value} ({' '.join(words_of(key, value))}) does not"
                      " stand on the page")
    for part, value in report.items():
        walk(value, part, part)
    if n < 20:
        wrong(f"{name}: only {n} figures were looked for on the page")


def check_csv(name, path, report):
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    if text.count("\n") != text.count("\r\n"):
        wrong(f"{name}: a line of the CSV does not end with CRLF")
    rows = list(csv.DictReader(io.StringIO(text)))
    if any(None in r or None in r.values() for r in rows):
        wrong(f"{name}: a row of the CSV has another number of fields")

    def value(section, figure, statistic):
        found = [r["value"] for r in rows if r["section"] == section and r["figure"] == figure
                 and r["statistic"] == statistic]
        return found[0] if found else None
    for u in report["used"][:1]:
        for hours in ("all_hours", "class_hours"):
            for d in ("down", "up"):
                want = u[hours][d].get("p95_bps")
                got = value("used", f"{hours}.{d}", "P95")
                if got != ("" if want is None else str(want)):
                    wrong(f"{name}: used {hours}.{d} is {got} in the CSV, {want} in the JSON")
    want = str(report["outages"].get("total_ms", ""))
    if value("outages", "total", "sum") != want:
        wrong(f"{name}: outages' total differs between CSV and JSON")


def check_methods(name, folder):
    """Every method of the figures is named on the page; those of page one on page one."""
    with open(f"{folder}/report.csv", encoding="utf-8", newline="") as f:
        used = {r["method"] for r in csv.DictReader(f) if r["method"]}
    with open(f"{folder}/report.html", encoding="utf-8") as f:
        text = f.read()
    first = text[text.index('id="first"'):text.index('id="coverage"')]
    for method in used:
        if method not in text:
            wrong(f"{name}: the page does not name {method}")
    for method in ("tested-dist/2", "util-p95/2", "carried-max/2", "bytes-sum/1",
                   "coverage/1", "outage-union/1", "loss-wilson95/1"):
        if method in used and method not in first and name != "uncounted":
            wrong(f"{name}: page one does not name {method}")


def two_claims(data, arguments):
    """A claim that changed within the period: all of them on the page, with their dates."""
    run(BANDWITNESS, "site", "add", "Heron", "--data", data)
    with sqlite3.connect(f"{data}/catalogue.db") as db:
        db.execute("UPDATE sites SET id = 's-heron'")
    db.close()
    for words in (["--from", "2026-07-01", "--down", "100M", "--up", "20M", "--layer", "ip",
                   "--provider", "River <Telecom>", "--frn-line", "1699048824.003"],
                  ["--from", "2026-11-01", "--down", "250M"]):
        run(BANDWITNESS, "site", "claim", "s-heron", "--data", data, *words)
    r = run(BANDWITNESS, "report", "--ledger", data, *arguments)
    for words in ("Claims of the period", "Sat 31 Oct 2026, 19:00", "River &lt;Telecom&gt;",
                  "1699048824.003", "250.0 Mbit/s", "further notice", "of the newest claim",
                  "IP (the claim names none)"):
        if words not in r.stdout:
            wrong(f"two claims: the page does not say '{words}'")


def damaged(data, arguments):
    """One byte of a sealed file, or the file itself, is not what was written: no report,
    and the sentence names the file and the mend. Mended again, the same report."""
    command = ["report", "--ledger", data, *arguments, "--format", "json"]
    good = json.loads(run(BANDWITNESS, *command).stdout)
    with sqlite3.connect(f"{data}/ledger/ledger.db") as db:
        name, day = db.execute("SELECT s.file, d.offset + d.length / 2 FROM days d JOIN"
                               " segments s ON s.id = d.segment ORDER BY d.day").fetchall()[2]
    db.close()
    path = f"{data}/ledger/segments/{name}"
    os.chmod(path, 0o600)
    with open(path, "rb") as f:
        content = f.read()
    for broken in (content[:day] + bytes([content[day] ^ 1]) + content[day + 1:], None):
        if broken is None:
            os.unlink(path)
        else:
            with open(path, "wb") as f:
                f.write(broken)
        r = run(BANDWITNESS, *command, status=1)
        if r.stdout or name not in r.stderr or "restore it" not in r.stderr:
            wrong(f"a damaged sealed file does not show: {r.stderr}")
    with open(path, "wb") as f:
        f.write(content)
    if strip(json.loads(run(BANDWITNESS, *command).stdout)) != strip(good):
        wrong("a restored file gives another report")


def strip(report, of_source=True):
    """What may differ between sources: where the records were, when they came."""
    r = json.loads(json.dumps(report))
    del r["records"]
    r["coverage"].pop("received", None)
    for name in ("first_position", "last_position"):
        r["counts"].pop(name, None)
    for k in r["counts"]["keys"]:
        k.pop("first_position", None)
        k.pop("last_position", None)
    return r


def one_case(name, generate, arguments, schema, folder):
    jose, key = f"{folder}/r.jose", f"{folder}/r.jwk"
    data = f"{folder}/data"
    os.makedirs(data)
    sealed = ["--seal"] if name in ("week", "within", "kolkata", "tens", "moved") else []
    run(GEN, *generate, "--jose", jose, "--key", key, "--ledger", f"{data}/ledger", *sealed)
    out = f"{folder}/out"
    run(BANDWITNESS, "report", "--file", jose, "--key", key, *arguments, "--place",
        "Heron <Middle> & High", "--format", "html,csv,json", "--intervals", "-o", out)
    again = f"{folder}/again"
    run(BANDWITNESS, "report", "--file", jose, "--key", key, *arguments, "--place",
        "Heron <Middle> & High", "--format", "html,csv,json", "--intervals", "-o", again,
        TZ="Asia/Tokyo", LC_ALL="C")
    for f in ("report.html", "report.csv", "report.json", "intervals.csv"):
        with open(f"{out}/{f}", "rb") as a, open(f"{again}/{f}", "rb") as b:
            if a.read() != b.read():
                wrong(f"{name}: {f} differs when it is made again")
    with open(f"{out}/report.json", encoding="utf-8") as f:
        report = json.load(f)
    for e in list(schema.iter_errors(report))[:5]:
        wrong(f"{name}: the schema refuses {list(e.path)}: {e.message}")
    if report["records"]["signatures"] != "checked, good":
        wrong(f"{name}: signatures are '{report['records']['signatures']}'")
    fewer = sum(x["answered"] < x["counted"] for x in report["latency"])
    with open(f"{out}/report.html", encoding="utf-8") as f:
        if f.read().count("too long for their") != fewer or (fewer > 0) != (name == "half"):
            wrong(f"{name}: {fewer} rows rest on fewer answers, and the page does not say so")
    if not any(x["hours"] == "class" for x in report["latency"]) and name != "short":
        wrong(f"{name}: no delay of class hours")
    check_html(name, f"{out}/report.html")
    check_figures(name, f"{out}/report.html", report)
    check_csv(name, f"{out}/report.csv", report)
    check_methods(name, out)
    check = run(sys.executable, f"{HERE}/recompute.py", f"{out}/report.json", jose, key)
    print(f"{name}: {check.stdout.strip()}")
    r = run(BANDWITNESS, "report", "--ledger", data, *arguments, "--place",
            "Heron <Middle> & High", "--format", "json")
    if r.returncode == 0 and strip(json.loads(r.stdout)) != strip(report):
        wrong(f"{name}: ledger and file give different reports")
    if report["identity"]["vantage_changes"] != (4 if name == "moved" else 0):
        wrong(f"{name}: {report['identity']['vantage_changes']} changes of the vantage")
    if name == "week":
        cut(jose, key, data, folder)
        damaged(data, arguments)
        two_claims(data, ["--tz", "America/Chicago"])
    return jose, key, report


def tampered(jose, key, folder):
    """One figure changed in one record: the report is made and says that it does not hold."""
    with open(jose, encoding="ascii") as f:
        lines = f.read().splitlines()
    head, payload, sign = lines[100].split(".")
    bad = payload[:400] + ("A" if payload[400] != "A" else "B") + payload[401:]
    broken = f"{folder}/tampered.jose"
    with open(broken, "w", encoding="ascii") as f:
        f.write("\n".join(lines[:100] + lines[101:]) + "\n")
    r = run(BANDWITNESS, "report", "--file", broken, "--key", key, "--tz", "UTC",
            "--format", "json", status=1)
    if not r.stdout or json.loads(r.stdout)["records"]["signatures"] != "checked, bad":
        wrong("a missing record does not show")
    with open(broken, "w", encoding="ascii") as f:
        f.write("\n".join(lines[:100] + [f"{head}.{bad}.{sign}"] + lines[101:]) + "\n")
    r = run(BANDWITNESS, "report", "--file", broken, "--key", key, "--tz", "UTC", status=1)
    if "NOT hold" not in r.stdout and not r.stderr:
        wrong("a changed record does not show")


def twice(jose, key, arguments, report, folder):
    """Two exports that overlap, one behind the other: each record counts once."""
    path = f"{folder}/twice.jose"
    with open(jose, encoding="ascii") as f:
        lines = f.readlines()
    with open(path, "w", encoding="ascii") as f:
        f.writelines(lines[:len(lines) * 2 // 3] + lines[len(lines) // 3:])
    r = run(BANDWITNESS, "report", "--file", path, *arguments, "--place",
            "Heron <Middle> & High", "--format", "json")
    if r.returncode == 0 and strip(json.loads(r.stdout)) != strip(report):
        wrong("records that stand in a file twice count twice")
    with open(f"{folder}/twice.json", "w", encoding="utf-8") as f:
        f.write(r.stdout)
    check = run(sys.executable, f"{HERE}/recompute.py", f"{folder}/twice.json", path, key)
    print(f"twice: {check.stdout.strip()}")


def cut(jose, key, data, folder):
    """An outage and a gap that lie over the end of the period: how and why they ended is
    the same from a file and from days that were packed away whole."""
    with open(jose, encoding="ascii") as f:
        records = [json.loads(base64.urlsafe_b64decode(line.split(".")[1] + "==")) for line in f]
    out = next(o["from_ms"] // 300000 * 300 + 600 for r in records for o in r.get("outages", []))
    off = next(g["from"] // 86400 * 86400 + 90000 for r in records for g in r.get("gaps", [])
               if g["why"] == "daemon stopped")
    for what, end in (("outage", out), ("gap", off)):
        period = ["--from", "2026-10-29", "--to",
                  time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)),
                  "--tz", "America/Chicago", "--format", "json"]
        r = run(BANDWITNESS, "report", "--file", jose, *period)
        report = json.loads(r.stdout)
        with open(f"{folder}/cut.json", "w", encoding="utf-8") as f:
            f.write(r.stdout)
        if report["outages"]["n_without_end"] != 0 or \
                report["outages"]["n"] != (1 if what == "outage" else 2):
            wrong(f"cut {what}: outages {report['outages']}")
        last = report["coverage"]["gaps"][-1]
        if what == "gap" and last["why"] != "daemon stopped":
            wrong(f"cut gap: {last}")
        r = run(BANDWITNESS, "report", "--ledger", data, *period)
        if strip(json.loads(r.stdout)) != strip(report):
            wrong(f"cut {what}: ledger and file give different reports")
        check = run(sys.executable, f"{HERE}/recompute.py", f"{folder}/cut.json", jose, key)
        print(f"cut {what}: {check.stdout.strip()}")


def beside(jose, key, data, folder):
    """The period ends as a test begins: its last interval is not the users' alone."""
    with open(jose, encoding="ascii") as f:
        records = [json.loads(base64.urlsafe_b64decode(line.split(".")[1] + "==")) for line in f]
    start = next(r["start"] for r in records[400:] if any(
        t["state"] == "ok" for t in r.get("throughput", [])))
    utc = "%Y-%m-%dT%H:%M:%SZ"
    period = ["--from", time.strftime(utc, time.gmtime(start - 1800)),
              "--to", time.strftime(utc, time.gmtime(start)), "--tz", "UTC", "--format", "json"]
    r = run(BANDWITNESS, "report", "--file", jose, *period)
    with open(f"{folder}/beside.json", "w", encoding="utf-8") as f:
        f.write(r.stdout)
    report = json.loads(r.stdout)
    if report["used"][0]["intervals_with_own_test"] != 1 or \
            report["delivered"]["tested"]["down"]["runs"]["wanted"] != 0:
        wrong("a test right behind the period is not seen, or counted")
    r = run(BANDWITNESS, "report", "--ledger", data, *period)
    if strip(json.loads(r.stdout)) != strip(report):
        wrong("beside: ledger and file give different reports")
    check = run(sys.executable, f"{HERE}/recompute.py", f"{folder}/beside.json", jose, key)
    print(f"beside: {check.stdout.strip()}")


def before_move(jose, key, data, folder):
    """The period ends on the day of a move, before it: what the packed day says of its last
    interval is not what the period's last one says."""
    period = ["--from", "2026-11-03", "--to", "2026-11-05T06:00:00Z", "--tz", "America/Chicago",
              *CLAIM, "ethernet", "--format", "json"]
    r = run(BANDWITNESS, "report", "--file", jose, *period)
    with open(f"{folder}/before.json", "w", encoding="utf-8") as f:
        f.write(r.stdout)
    report = json.loads(r.stdout)
    if [f["source"] for f in report["identity"]["facts"]] != ["kernel", "snmp"]:
        wrong(f"before the move: {report['identity']['facts']}")
    r = run(BANDWITNESS, "report", "--ledger", data, *period)
    if strip(json.loads(r.stdout)) != strip(report):
        wrong("before the move: ledger and file give different reports")
    check = run(sys.executable, f"{HERE}/recompute.py", f"{folder}/before.json", jose, key)
    print(f"before the move: {check.stdout.strip()}")


def details(schema, folder):
    """What probes tell beside the round trip, in records of an independent signer: every
    figure worked out again, in all formats, for the whole time and for a part in which the
    hops of the first ways are not told."""
    os.makedirs(folder)
    jose, key, out = f"{folder}/d.jose", f"{folder}/d.jwk", f"{folder}/out"
    start = detailed.write(jose, key)
    utc = "%Y-%m-%dT%H:%M:%SZ"
    for n, period in enumerate([[], ["--from", time.strftime(utc, time.gmtime(start + 40 * 300)),
                                     "--to", time.strftime(utc, time.gmtime(start + 140 * 300))]]):
        run(BANDWITNESS, "report", "--file", jose, "--key", key, "--tz", "America/Chicago", *period,
            "--format", "html,csv,json", "-o", f"{out}{n}")
        with open(f"{out}{n}/report.json", encoding="utf-8") as f:
            report = json.load(f)
        for e in list(schema.iter_errors(report))[:5]:
            wrong(f"details {n}: the schema refuses {list(e.path)}: {e.message}")
        check = run(sys.executable, f"{HERE}/recompute.py", f"{out}{n}/report.json", jose, key)
        print(f"details {n}: {check.stdout.strip()}")
        if (len(report["targets"]), len(report["paths"])) != (5, 2):
            wrong(f"details {n}: {len(report['targets'])} targets, {len(report['paths'])} paths")
        if "traffic" not in report or "devices" in json.dumps(report):
            wrong(f"details {n}: nothing of what the line was full of, or too much")
        check_html(f"details {n}", f"{out}{n}/report.html")
        check_figures(f"details {n}", f"{out}{n}/report.html", report)
        check_csv(f"details {n}", f"{out}{n}/report.csv", report)
        check_methods(f"details {n}", f"{out}{n}")
    with open(f"{out}0/report.html", encoding="utf-8") as f:
        text = re.sub("<[^>]*>", " ", f.read())
    for words in ("Certificate of page: ended 1 day before it was read on", ": 89 days left.",
                  "tls-expired", "servfail", "name service", "from hop 7 on", "mtu-black-hole",
                  "target did not answer", "edge.river.example", "too long for the times"):
        if words not in re.sub(r"\s+", " ", text):
            wrong(f"details: the page does not say '{words}'")
    with open(f"{out}0/report.csv", encoding="utf-8", newline="") as f:
        rows = {(r["figure"], r["statistic"]): r for r in csv.DictReader(f)
                if r["section"] in ("targets", "paths")}
    page = next(t for t in report_of(f"{out}0")["targets"] if t["kind"] == "http_get")
    for figure, statistic, value in (
            ("page (http_get, IPv4).answer.200", "count", page["answers"]["codes"][0]["n"]),
            ("page (http_get, IPv4).certificate", "min", page["certificate"]["lowest_days"]),
            ("page (http_get, IPv4).phase.tls", "P50",
             page["phases"]["list"][2]["times"]["p50_us"]),
            ("hub (udp, IPv4).changes", "count", 2), ("hub (udp, IPv4).last_change_hop",
                                                      "first that differs", 7),
            ("hub (icmp, IPv6).changes", "count", "")):
        if rows.get((figure, statistic), {}).get("value") != str(value):
            wrong(f"details: {figure} is {rows.get((figure, statistic))} in the CSV, not {value}")


def little(schema, folder):
    """A box that can show little: what nobody saw or checked is not said."""
    os.makedirs(folder)
    jose, key, out = f"{folder}/b.jose", f"{folder}/b.jwk", f"{folder}/out"
    bare.write(jose, key)
    r = run(BANDWITNESS, "report", "--file", jose, "--key", key, "--tz", "America/Chicago",
            "--format", "html,csv,json", "-o", out, status=1)
    if "receipt-malformed" not in r.stderr:
        wrong(f"little: a grade without a receipt does not show: {r.stderr.strip()}")
    report = report_of(out)
    for e in list(schema.iter_errors(report))[:5]:
        wrong(f"little: the schema refuses {list(e.path)}: {e.message}")
    check = run(sys.executable, f"{HERE}/recompute.py", f"{out}/report.json", jose, key)
    print(f"little: {check.stdout.strip()}")
    check_html("little", f"{out}/report.html")
    check_csv("little", f"{out}/report.csv", report)
    tested = report["delivered"]["tested"]
    if (tested["down"]["grades"]["receipt"], tested["up"]["grades"]["receipt"]) != (0, 1):
        wrong(f"little: grades are {tested['down']['grades']}, {tested['up']['grades']}")
    with open(f"{out}/report.html", encoding="utf-8") as f:
        text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", f.read()))
    for words, there in LITTLE:
        if (words in text) != there:
            wrong(f"little: the page {'does not say' if there else 'says'} '{words}'")


def watched(schema, folder):
    """Nothing is counted: an outage could be seen only while two targets were asked."""
    half = bare.INTERVALS * 300 // 2
    for name, more, observed, witnesses, days in [
            ("late", {"second": (22, 23)}, 600, 2, [0]),
            ("slow", {"first": 30, "second": range(24)}, 0, 0, [None]),
            # off for two days and more: whole days of which there is no record
            ("off", {"second": range(24), "off_s": 3 * 86400}, 2 * half, 2, [0, None, None, 0]),
            ("half", {"second": range(12), "off_s": 86400}, half, 2, [0, None])]:
        where = f"{folder}/{name}"
        os.makedirs(where)
        jose, key = f"{where}/r.jose", f"{where}/r.jwk"
        bare.write(jose, key, **more)
        run(BANDWITNESS, "report", "--file", jose, "--key", key, "--tz", "America/Chicago",
            "--format", "html,csv,json", "-o", f"{where}/out", status=1)
        report = report_of(f"{where}/out")
        for e in list(schema.iter_errors(report))[:5]:
            wrong(f"watched, {name}: the schema refuses {list(e.path)}: {e.message}")
        check = run(sys.executable, f"{HERE}/recompute.py", f"{where}/out/report.json", jose, key)
        print(f"watched, {name}: {check.stdout.strip()}")
        outages = report["outages"]
        if (outages["observed_s"], outages["witnesses"]) != (observed, witnesses) or \
                outages.get("n") != (0 if observed else None):
            wrong(f"watched, {name}: outages are {outages}")
        on_record = [i for i, d in enumerate(report["days"]) if d["recorded_s"]]
        told = [d.get("outage_ms") for d in report["days"]]
        if told[on_record[0]:on_record[-1] + 1] != days:
            wrong(f"watched, {name}: outages of days are {told}")


# What the page says, and what it must not say, of bare.py's records.
LITTLE = [
    ("not measured outage: it takes two targets", True),
    ("Not measured. An outage is told by at least two targets", True),
    ("outage seen", False),
    ("None was seen", False),
    ("signed receipt", False),
    ("runs were due", False),
    ("Down 1 good of 1 begun, up 1 of 1", True),
    ("1 run was begun: 1 good, 0 failed, 0 cancelled; 0 of them retests. Put off 3 times", True),
    ("1 with a receipt of the server in the record", True),
]


def report_of(folder):
    with open(f"{folder}/report.json", encoding="utf-8") as f:
        return json.load(f)


def errors(jose):
    """Each mistake of a command line is told, with the mend."""
    for arguments, status, words in [
            (["--circuit", "lan"], 1, ["no circuit lan", "s-heron.wan"]),
            (["--from", "2031-01-01", "--to", "2031-02-01"], 1, ["no record of this period"]),
            (["--from", "2026-11-02", "--to", "2026-11-01"], 2, ["ends before it begins"]),
            (["--from", "yesterday"], 2, ["2026-11-02"]),
            (["--year", "26"], 2, ["FY2026"]),
            (["--month", "2026-13"], 2, ["2026-11"]),
            (["--year", "FY2026", "--month", "2026-11"], 2, ["one of"]),
            (["--tz", "Chicago"], 2, ["America/Chicago"]),
            (["--claim-down", "100"], 2, ["100M"]),
            (["--claim-down", "100M", "--claim-layer", "tcp"], 2, ["ethernet, ip or goodput"]),
            (["--class-hours", "7-17"], 2, ["07:00-17:00"]),
            (["--format", "html,odt", "-o", "x/"], 2, ["'odt'"]),
            (["--format", "html,csv"], 2, ["-o DIR"]),
            (["--format", "html", "-o", "/nowhere/x.pdf"], 2, ["/nowhere/x.pdf", "--format"]),
            (["--circit", "wan"], 2, ["--circuit"]),
            (["--ledger", "x"], 2, ["one of"]),
            (["wan"], 2, ["unexpected 'wan'"])]:
        r = run(BANDWITNESS, "report", "--file", jose, *arguments, status=status)
        for word in words:
            if word not in r.stderr:
                wrong(f"report {' '.join(arguments)} does not say '{word}': {r.stderr.strip()}")
    named = os.path.join(os.path.dirname(jose), "named.json")
    run(BANDWITNESS, "report", "--file", jose, "-o", named)
    try:  # the name of the file says in which form
        with open(named, encoding="utf-8") as f:
            json.load(f)
    except ValueError:
        wrong("report -o named.json is no JSON")
    for source in (["--ledger", "/nowhere"], ["--journal", "/nowhere.db"],
                   ["--file", "/nowhere.jose"]):
        r = run(BANDWITNESS, "report", *source, status=1)
        if "/nowhere" not in r.stderr:
            wrong(f"report {' '.join(source)} does not name the file: {r.stderr.strip()}")


def main():
    with open(f"{TOP}/docs/report-v1.schema.json", encoding="utf-8") as f:
        schema = jsonschema.Draft202012Validator(json.load(f))
    jose = None
    with tempfile.TemporaryDirectory(prefix="bw-evidence-") as top:
        for name, generate, arguments in CASES:
            folder = f"{top}/{name}"
            os.makedirs(folder)
            jose, key, report = one_case(name, generate, arguments, schema, folder)
            if name == "within":
                twice(jose, key, arguments, report, folder)
            if name == "tens":
                beside(jose, key, f"{folder}/data", folder)
            if name == "moved":
                before_move(jose, key, f"{folder}/data", folder)
            if name == "week":
                tampered(jose, key, folder)
                errors(jose)
        details(schema, f"{top}/details")
        little(schema, f"{top}/little")
        watched(schema, f"{top}/watched")
    print(f"{len(CASES) + 3} cases, {len(failures)} wrong")
    return 1 if failures else 0


sys.exit(main())
