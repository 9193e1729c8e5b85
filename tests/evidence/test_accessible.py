#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_accessible.py BANDWITNESS GEN_YEAR - report and packs in a real browser (tests/browser):
axe-core finds nothing to object to (WCAG 2.1 A and AA, and its own best practices) on a screen and
on a telephone, no page asks anybody for anything, none is wider than a telephone, and all that can
be used is reached by keyboard."""
import json
import os
import subprocess
import sys
import tempfile

import detailed
from bwtest.node import NoNode, browser_modules

BANDWITNESS, GEN = sys.argv[1:3]
PACKS = ("sizing", "pia", "invoice", "delivery", "audit")
PEOPLE = ("--students", "412", "--users", "460", "--users-are", "students and staff",
          "--monthly-cost", "1250.50")
RULES = ("--rules", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "etc", "rules"))
BROWSER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "browser", "browser.js")


def run(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "SOURCE_DATE_EPOCH": "1794500000"})


def pages(folder):
    """Every kind of page, of records with and without detail."""
    jose, key = f"{folder}/week.jose", f"{folder}/week.jwk"
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000", "--jose", jose,
        "--key", key)
    detailed.write(f"{folder}/detailed.jose", f"{folder}/detailed.jwk")
    week = ("--file", jose, "--tz", "America/Chicago", "--place", "Hazel <Middle> & High",
            "--claim-down", "100M", "--claim-up", "20M", *RULES)
    run(BANDWITNESS, "report", *week, *PEOPLE[:6], "-o", f"{folder}/report.html")
    yield f"{folder}/report.html"
    run(BANDWITNESS, "report", "--file", f"{folder}/detailed.jose", "--tz", "America/Chicago", "-o",
        f"{folder}/detailed.html")
    yield f"{folder}/detailed.html"
    for name in PACKS:
        more = ("--letter",) if name == "delivery" else ()
        run(BANDWITNESS, "report", *week, *PEOPLE, "--for", name, *more, "-o",
            f"{folder}/{name}.html")
        yield f"{folder}/{name}.html"
    os.mkdir(f"{folder}/data")
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "3", "--sites", "3", "--ledger",
        f"{folder}/data/ledger")
    run(BANDWITNESS, "report", "--ledger", f"{folder}/data", "--for", "legislature", "--from",
        "2026-10-29", "--to", "2026-10-31", "-o", f"{folder}/legislature.html")
    yield f"{folder}/legislature.html"


def main():
    try:
        browser_modules()
    except NoNode as e:
        print(f"not here: {e}")
        return 77
    with tempfile.TemporaryDirectory(prefix="bw-accessible-") as folder:
        rows = [{"name": os.path.basename(path), "at": f"file://{path}", "kb": 10000, "light": True} for path in pages(folder)]
        world = f"{folder}/world.json"
        with open(world, "w", encoding="utf-8") as f:
            json.dump({"pages": rows}, f)
        return subprocess.run(["node", BROWSER, world], check=False).returncode


sys.exit(main())
