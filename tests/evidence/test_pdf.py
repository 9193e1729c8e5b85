#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_pdf.py BANDWITNESS GEN_YEAR - the PDF of reports and packs, held against the page of the
same report by programs that are not ours (poppler, qpdf): every word of the page is in the PDF,
nothing overlaps or leaves the page, fonts are embedded, the structure is whole, charts have an
Alt, headers of tables a scope, the same records give the same bytes.
"""
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

BANDWITNESS, GEN = sys.argv[1:3]
CLAIM = ["--claim-down", "100M", "--claim-up", "20M", "--tz", "America/Chicago"]
BREAK = re.compile(r"\s+")

# name, of the generator, of the report, paper in points, most pages
CASES = [
    ("month", ["--from", "2026-10-01T05:00:00Z", "--days", "31", "--offset", "-18000"],
     [*CLAIM, "--place", "Alder Creek Élémentaire", "--month", "2026-10"], (612, 792), 60),
    ("uncounted", ["--from", "2026-11-02T06:00:00Z", "--days", "4", "--no-counters"],
     [*CLAIM, "--paper", "a4"], (595, 842), 30),
    ("hours", ["--from", "2026-11-03T13:00:00Z", "--days", "1", "--steady"],
     ["--tz", "Asia/Kolkata", "--from", "2026-11-03T14:00:00Z", "--to", "2026-11-03T20:00:00Z"],
     (612, 792), 30),
    ("sizing", ["--from", "2026-10-01T05:00:00Z", "--days", "31", "--offset", "-18000"],
     [*CLAIM, "--month", "2026-10", "--for", "sizing", "--students", "412"], (612, 792), 1),
]

failures = []


def wrong(text):
    failures.append(text)
    print(f"WRONG: {text}")


def run(*argv, status=0, text=True):
    r = subprocess.run(argv, capture_output=True, text=text, check=False,
                       env={**os.environ, "SOURCE_DATE_EPOCH": "1794500000"})
    if r.returncode != status:
        wrong(f"{' '.join(argv)}: exit status {r.returncode}, not {status}: {r.stderr}")
    return r.stdout


class Words(html.parser.HTMLParser):
    """The words of a page that are for people, in their order."""

    def __init__(self, folded=None):
        super().__init__()
        self.words, self.silent, self.links = [], 0, 0
        self.folded = folded

    def handle_starttag(self, tag, attrs):
        self.silent += tag in ("style", "head", "title", "desc", self.folded)
        if tag == "a" and dict(attrs).get("href", "").startswith("#"):
            self.links += 1

    def handle_endtag(self, tag):
        self.silent -= tag in ("style", "head", "title", "desc", self.folded)
        self.links -= tag == "a" and self.links > 0

    def handle_data(self, data):
        if not self.silent and not (self.links and data == "in a table"):
            self.words += data.split()


def check_words(name, page, pdf, folded):
    w = Words(folded)
    with open(page, encoding="utf-8") as f:
        w.feed(f.read())
    # a long word may be broken over lines, a cell's lines lie between others': raw order
    # keeps them together
    text = BREAK.sub("", run("pdftotext", "-raw", pdf, "-"))
    missing = sorted({x for x in w.words if x not in text})
    if missing:
        wrong(f"{name}: {len(missing)} words of the page are not in the PDF: {missing[:12]}")
    if len(w.words) < 100:
        wrong(f"{name}: the page has only {len(w.words)} words")


def check_identifiers(name, report, pdf):
    with open(report, encoding="utf-8") as f:
        text = f.read()
    found = BREAK.sub("", run("pdftotext", "-raw", pdf, "-"))
    for x in set(re.findall(r'"(?:site|kid|sha256|circuit)":"([^"]+)"', text)):
        if x not in found:
            wrong(f"{name}: {x} is not in the PDF")


class Boxes(html.parser.HTMLParser):
    """Where each word of each page lies, as pdftotext -bbox says it."""

    def __init__(self):
        super().__init__()
        self.pages, self.box = [], None

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "page":
            self.pages.append((float(a["width"]), float(a["height"]), []))
        elif tag == "word":
            self.box = [float(a[k]) for k in ("xmin", "ymin", "xmax", "ymax")]

    def handle_data(self, data):
        if self.box:
            self.pages[-1][2].append((*self.box, data))
            self.box = None


def check_boxes(name, pdf, paper):
    b = Boxes()
    b.feed(run("pdftotext", "-bbox", pdf, "-"))
    for number, (width, height, words) in enumerate(b.pages, 1):
        if (round(width), round(height)) != paper:
            wrong(f"{name}: page {number} is {width} x {height}")
        if not words:
            wrong(f"{name}: page {number} is empty")
        # boxes hold the font's ascent and descent: the letters are the middle of them
        letters = [(x0 + .4, y0 + (y1 - y0) * .25, x1 - .4, y1 - (y1 - y0) * .25, t)
                   for x0, y0, x1, y1, t in words]
        letters.sort(key=lambda w: w[1])
        for i, p in enumerate(letters):
            if p[0] < 40 or p[2] > width - 40 or p[1] < 36 or p[3] > height - 16:
                wrong(f"{name}: '{p[4]}' lies outside of page {number}'s text")
            for q in letters[i + 1:]:
                if q[1] >= p[3]:
                    break
                if p[0] < q[2] and q[0] < p[2]:
                    wrong(f"{name}: '{p[4]}' and '{q[4]}' overlap on page {number}")
    return len(b.pages)


def check_pages(name, pdf, n, footer):
    for i in range(1, n + 1):
        text = run("pdftotext", "-f", str(i), "-l", str(i), pdf, "-")
        if f"page {i} of {n}" not in text or footer not in text:
            wrong(f"{name}: page {i} does not say that it is page {i} of {n} of {footer}")
        if i == n and len(text.split("\n")) < 8:
            wrong(f"{name}: the last page has a few lines alone")


def check_first(name, pdf):
    """What is claimed and delivered, and the row of figures that it rests on, stand on one page."""
    text = BREAK.sub(" ", run("pdftotext", "-l", "1", pdf, "-"))
    for want in ("Delivered, carried", "is on record", "is where the box stands"):
        if want not in text:
            wrong(f"{name}: '{want}' is not on page 1")


def objects(pdf):
    return json.loads(run("qpdf", "--json", pdf))["qpdf"][1]


def check_structure(name, pdf, charts):
    o = objects(pdf)
    values = [v.get("value") for v in o.values() if isinstance(v, dict)]
    dicts = [v for v in values if isinstance(v, dict)]
    elements = [v for v in dicts if v.get("/Type") == "/StructElem"]
    catalog = next(v for v in dicts if v.get("/Type") == "/Catalog")
    if catalog.get("/Lang") != "u:en" or \
            not catalog.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        wrong(f"{name}: no language, or the title is not shown")
    kinds = [e["/S"] for e in elements]
    if "/Private" in kinds:
        wrong(f"{name}: an artifact is in the structure")
    for want in ("/Document", "/Sect", "/H1", "/H2", "/Table", "/TR", "/TH", "/TD", "/P"):
        if want not in kinds:
            wrong(f"{name}: no {want} in the structure")
    figures = [e for e in elements if e["/S"] == "/Figure"]
    if len(figures) != charts:
        wrong(f"{name}: {len(figures)} figures for {charts} charts")
    for e in figures:
        if len(e.get("/Alt", "")) < 60:
            wrong(f"{name}: a chart has no Alt that describes it: {e.get('/Alt')}")
    for e in elements:
        scope = e.get("/A", {}).get("/Scope")
        if (e["/S"] == "/TH") != (scope in ("/Row", "/Column")):
            wrong(f"{name}: {e['/S']} with scope {scope}")
    levels = [int(k[2]) for k in kinds if re.fullmatch(r"/H[1-6]", k)]
    if levels.count(1) != 1:
        wrong(f"{name}: {levels.count(1)} headings of level 1")
    # what a page marks is what the structure holds, and nothing is marked twice
    marks = sum(len(re.findall(r"/MCID \d+", run("qpdf", f"--show-object={p}",
                                                  "--filtered-stream-data", pdf, text=False)
                               .decode("latin-1")))
                for p in (v["/Contents"].split()[0] for v in dicts if v.get("/Type") == "/Page"))
    held = sum(isinstance(k, int) for e in elements
               for k in (e["/K"] if isinstance(e.get("/K"), list) else [e.get("/K")]))
    if marks != held or marks == 0:
        wrong(f"{name}: {marks} marks on pages, {held} in the structure")


def check_links(name, pdf, args):
    """Links lead to a page of this file, say where to, and stand in the structure."""
    o = objects(pdf)
    dicts = [v["value"] for v in o.values() if isinstance(v, dict) and
             isinstance(v.get("value"), dict)]
    links = {k[4:]: v["value"] for k, v in o.items() if isinstance(v, dict) and
             isinstance(v.get("value"), dict) and v["value"].get("/Subtype") == "/Link"}
    pages = {k[4:] for k, v in o.items() if isinstance(v, dict) and
             isinstance(v.get("value"), dict) and v["value"].get("/Type") == "/Page"}
    # a place that comes later is known by its name: cairo's list of names has its page
    places = set(re.findall(r'"(.+)"$', run("pdfinfo", "-dests", pdf), re.M))
    held = [k["/Obj"] for e in dicts if e.get("/S") == "/Link"
            for k in (e["/K"] if isinstance(e["/K"], list) else [e["/K"]])
            if isinstance(k, dict) and k.get("/Type") == "/OBJR"]
    if sorted(held) != sorted(links):
        wrong(f"{name}: {len(links)} links, {len(held)} in the structure")
    for link in links.values():
        to = link["/Dest"]
        if (to[2:] not in places if isinstance(to, str) else to[0] not in pages) or len(link.get("/Contents", "")) < 4:
            wrong(f"{name}: a link that leads nowhere or has no words: {link}")
    want = 0 if "sizing" in args else 12
    if len(links) < want or (want == 0 and links):
        wrong(f"{name}: {len(links)} links")
    if want and "/TOCI" not in [e.get("/S") for e in dicts]:
        wrong(f"{name}: a long report has no contents")


def check_fonts(name, pdf):
    rows = run("pdffonts", pdf).splitlines()[2:]
    for row in rows:
        if re.search(r" (yes|no) +(yes|no) +(yes|no) ", row).group(1, 2, 3) != \
                ("yes", "yes", "yes"):
            wrong(f"{name}: a font is not embedded or cannot be read as text: {row}")
    names = {row.split()[0].split("+")[-1] for row in rows}
    if not {"OpenSans", "OpenSans-Bold"} <= names:
        wrong(f"{name}: fonts are {names}")


def case(name, gen, args, paper, most, folder):
    out, again = os.path.join(folder, name), os.path.join(folder, name + "-again")
    jose = out + ".jose"
    run(GEN, *gen, "--jose", jose, "--key", out + ".jwk")
    stem = args[args.index("--for") + 1] if "--for" in args else "report"
    for at in (out, again):
        run(BANDWITNESS, "report", "--file", jose, "--circuit", "wan", *args, "--format",
            "html,pdf,json", "-o", at)
    pdf = os.path.join(out, stem + ".pdf")
    with open(pdf, "rb") as a, open(os.path.join(again, stem + ".pdf"), "rb") as b:
        if a.read() != b.read():
            wrong(f"{name}: the same records gave other bytes")
    if "No syntax or stream encoding errors" not in run("qpdf", "--check", pdf):
        wrong(f"{name}: qpdf finds faults")
    info = run("pdfinfo", pdf)
    for want in (r"Tagged: +yes", r"Title: +Bandwidth evidence", r"Creator: +Bandwitness",
                 r"CreationDate: +Thu Nov 12 16:13:20 2026 UTC", r"JavaScript: +no"):
        if not re.search(want, info):
            wrong(f"{name}: pdfinfo does not say '{want}'")
    page = os.path.join(out, stem + ".html")
    # a page of its own does without what a screen folds
    check_words(name, page, pdf, "details" if most == 1 else None)
    check_identifiers(name, os.path.join(out, stem + ".json"), pdf)
    n = check_boxes(name, pdf, paper)
    if n > most:
        wrong(f"{name}: {n} pages, not {most} at most")
    check_pages(name, pdf, n, "s-heron.wan")
    with open(page, encoding="utf-8") as f:
        check_structure(name, pdf, f.read().count('class="fig"'))
    check_links(name, pdf, args)
    check_fonts(name, pdf)
    if stem == "report":
        check_first(name, pdf)
    print(f"{name}: {n} pages, {os.path.getsize(pdf)} bytes")


def check_refusals(folder):
    jose = os.path.join(folder, "month.jose")
    for args in (["--format", "pdf", "--paper", "b5"], ["--paper", "a4"], ["--format", "ps"]):
        run(BANDWITNESS, "report", "--file", jose, "--circuit", "wan", *args, status=2)


def main():
    with tempfile.TemporaryDirectory(prefix="bw-pdf-") as folder:
        for c in CASES:
            case(*c, folder)
        check_refusals(folder)
    print(f"{len(failures)} failures" if failures else "all good")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
