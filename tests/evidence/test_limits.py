#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_limits.py BANDWITNESS GEN_YEAR - packs that have to do with so many pages: `sizing` with one,
`pia` with three, on Letter and A4, with short names and few gaps and with the longest names, none
of the data people know, two lines. Nothing has to be shortened for that, and every number by which
a line is known is there. Pages are counted and read by poppler.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import gen_usac

BANDWITNESS, GEN = sys.argv[1:3]
PAGES = {"sizing": 1, "pia": 3}
PEOPLE = ["--students", "412", "--users", "460", "--users-are", "students and staff"]
NUMBERS = ("circuit", "frn", "form_471", "spin", "ben")

failures = []


def wrong(text):
    failures.append(text)
    print(f"WRONG: {text}")


def run(*argv):
    r = subprocess.run(argv, capture_output=True, text=True, check=False,
                       env={**os.environ, "SOURCE_DATE_EPOCH": "1830000000"})
    if r.returncode != 0:
        wrong(f"{' '.join(argv)}: exit status {r.returncode}: {r.stderr.strip()}")
    return r.stdout


def long_name(n):
    return ("Upper Wollemi Bristlecone and Neighbouring Cottonwoods " * 5)[:n].strip()


def filings(files):
    """Two lines on file, of a district whose every name is as long as may be."""
    frns = [{"frn": f"269900000{n}", "application": f"26100000{n}", "status": "Funded",
             "spin": f"14300055{n}", "provider": long_name(150), "discount": "0.8",
             "lines": [{"line": "001", "kind": kind, "down": "100.0", "up": "20.0", "unit": "Mbps",
                        "quantity": 1, "unit_cents": 125050, "recipients": ["123456"]}]}
            for n, kind in ((1, "isp-only"), (2, "transport"))]
    return gen_usac.write([{"ben": "123450", "name": long_name(150), "state": "OR", "year": 2026,
                            "schools": [{"number": "123456", "name": long_name(140),
                                         "students": 400}], "frns": frns}], files)


def check(name, pack, folder, args, paper="letter"):
    out = f"{folder}/{name}-{pack}"
    run(BANDWITNESS, "report", *args, "--for", pack, "--format", "pdf,json", "--paper", paper, "-o",
        out)
    with open(f"{out}/{pack}.json", encoding="utf-8") as f:
        made = json.load(f)
    if pack == "sizing" and not any(f["figure"].startswith("day.") for f in made["figures"]):
        wrong(f"{name}: the days of sizing stand in no other form")
    pdf = f"{out}/{pack}.pdf"
    n = int(re.search(r"^Pages: +(\d+)$", run("pdfinfo", pdf), re.M).group(1))
    if n > PAGES[pack]:
        wrong(f"{name}: {pack} has {n} pages, not {PAGES[pack]} at most")
    text = run("pdftotext", "-raw", pdf, "-")
    if "Shortened to fit" in text:
        wrong(f"{name}: {pack} is shortened")
    packed = re.sub(r"\s+", "", text)
    for f in made["figures"]:
        if f["figure"] in NUMBERS and f["text"] not in packed:
            wrong(f"{name}: {f['figure']} {f['text']} is not on the pages of {pack}")


def main():
    with tempfile.TemporaryDirectory(prefix="bw-limits-") as folder:
        data = f"{folder}/data"
        os.makedirs(data)
        os.makedirs(f"{folder}/usac")
        run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "3", "--offset", "-18000", "--sites",
            "3", "--ledger", f"{data}/ledger")
        bare = ["--ledger", data, "--tz", "America/Chicago", "--circuit", "s-heronc.wan"]
        named = ["--ledger", data, "--tz", "America/Chicago", "--circuit", "s-heron.wan"]
        run(BANDWITNESS, "import", "usac", "--by", "heron", *filings(f"{folder}/usac"), "--ledger",
            data)
        run(BANDWITNESS, "claim", "confirm", "2699000001.001", "s-heron.wan", "--by", "heron",
            "--ledger", data)
        ordinary = [*bare, "--claim-down", "100M", "--claim-up", "20M", "--monthly-cost", "1250.50"]
        two = ["--with", "s-heronb.wan"]
        check("ordinary", "sizing", folder, [*ordinary, *PEOPLE[:2]])
        check("ordinary", "pia", folder, [*ordinary, *PEOPLE, *two])
        check("nothing known", "sizing", folder, bare, "a4")
        run(BANDWITNESS, "claim", "confirm", "2699000002.001", "s-heron.wan", "--by", "heron",
            "--ledger", data)
        worst = [*named, "--place", long_name(126)]
        check("longest names", "sizing", folder, worst)
        check("longest names", "pia", folder, [*worst, *PEOPLE, *two])
        check("longest names on A4", "pia", folder, [*worst, *PEOPLE, *two], "a4")
    print(f"{len(failures)} wrong")
    return 1 if failures else 0


sys.exit(main())
