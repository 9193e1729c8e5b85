# SPDX-License-Identifier: GPL-3.0-or-later
"""pack_made - one pack in all its forms, made twice, and what tests of packs share."""
import csv
import html
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BANDWITNESS, GEN = sys.argv[1:3]
CLAIM_BPS = {"down": 100_000_000, "up": 20_000_000}

PEOPLE = ["--students", "412", "--users", "460", "--users-are", "students and staff",
          "--monthly-cost", "1250.50"]

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
