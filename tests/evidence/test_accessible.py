#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_accessible.py BANDWITNESS GEN_YEAR - report and packs in a real browser: axe-core finds nothing
to object to (WCAG 2.1 A and AA, and its own best practices) on a screen and on a telephone, no page
asks anybody for anything, and none is wider than a telephone."""
import os
import subprocess
import sys
import tempfile

import detailed
from bwtest.browser import Browser, NoBrowser
from bwtest.node import NoNode, modules

BANDWITNESS, GEN = sys.argv[1:3]
PACKS = ("sizing", "pia", "invoice", "delivery", "audit")
PEOPLE = ("--students", "412", "--users", "460", "--users-are", "students and staff",
          "--monthly-cost", "1250.50")
RULES = ("--rules", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "etc", "rules"))
RUN = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})
    .then(r => r.violations.map(v => v.id + ': ' + v.help + ' at ' +
        v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')))"""
WIDTH = "document.documentElement.scrollWidth"

failures = []


def wrong(text):
    failures.append(text)
    print(f"WRONG: {text}")


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
        modules("axe-core@4.10.3")
        found = subprocess.run(["node", "-p", "require.resolve('axe-core/axe.min.js')"],
                               stdout=subprocess.PIPE, check=True, encoding="ascii").stdout.strip()
        with open(found, encoding="utf-8") as f:
            axe = f.read()
        with tempfile.TemporaryDirectory(prefix="bw-accessible-") as folder, Browser() as browser:
            n = 0
            for path in pages(folder):
                for width in (1280, 390):
                    n += 1
                    browser.open(f"file://{path}", width=width)
                    name = f"{os.path.basename(path)} at {width}"
                    if browser.run(WIDTH) > width:
                        wrong(f"{name}: the page is {browser.run(WIDTH)} wide")
                    browser.run(axe + "; 0")
                    for violation in browser.run(RUN):
                        wrong(f"{name}: {violation}")
            asked = [u for u in browser.requests if not u.startswith("file://")]
            if asked:
                wrong(f"pages ask for {asked[:3]}")
    except (NoNode, NoBrowser) as e:
        print(f"not here: {e}")
        return 77
    print(f"{n} pages, {len(failures)} wrong")
    return 1 if failures or n == 0 else 0


sys.exit(main())
