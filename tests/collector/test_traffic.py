# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line is full of, from records to graphs, pages and reports."""
import csv
import json
import math
import os
import re
import time
import unittest

import jsonschema
from bwtest import CollectorCase
from bwtest.jose import circuit, hist, share, traffic
from bwtest.picture import says
from bwtest.tables import tables
from test_serve import Page

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

MIX = {"tls": (600_000, 500_000), "quic": (300_000, 200_000), "dns": (10_000, 60_000)}
SERIES = ("traffic", "rtt", "resent", "saturated")


def fill(case, box, n):
    for i in range(n):
        full = 60 if i % 3 == 2 else 0
        wan = [30_000] * 40 + [400_000] * (20 if full else 0)
        told = traffic(MIX, wan, wan[40:], devices_min=57)
        line = box.summary(circuits=[circuit(box.seq + 1, 300, full)],
                           **({"traffic": [told]} if i % 4 else {}))
        case.assertEqual(case.c.post([line]).json["refused"], [])


def added_up(told, member, name, way):
    """Of (circuit, traffic) pairs: a share in ppm, and how far off below and above."""
    told = [(c[way]["bytes"], t[member]) for c, t in told if member in t]
    total = sum(b for b, _ in told)
    parts = [(b, m) for b, rows in told for m in rows if m["class"] == name]
    mean = sum(b * m[f"{way}_ppm"] for b, m in parts) / total
    off = [math.sqrt(sum((b * (m[f"{way}_{edge}_ppm"] - m[f"{way}_ppm"])) ** 2
                         for b, m in parts)) / total for edge in ("low", "high")]
    return (mean, *off)


class Traffic(CollectorCase):
    def test_graphs_of_what_the_line_is_full_of(self):
        box = self.c.box("Cedar School", start=int(time.time()) // 300 * 300 - 3600)
        url = f"/api/v1/circuits/{box.site}.wan/graph/"
        quiet = self.c.box("Linden School", start=box.at)
        quiet.summary()
        self.assertEqual(self.c.post(quiet.lines).json["refused"], [])
        for series in SERIES:  # nobody looked at packets: no picture, and no word of one
            a = self.c.get(f"/api/v1/circuits/{quiet.site}.wan/graph/{series}.svg")
            self.assertEqual(a.status, 404)
        self.assertNotIn("/graph/traffic", self.c.get(f"/sites/{quiet.site}").text)
        fill(self, box, 12)
        page = self.c.get(f"/sites/{box.site}").text
        said = {"traffic": ("Down above 0, up below", "Shares of drawn packets"),
                "rtt": ("TCP, far side, all", "Probe to provider-edge"),
                "resent": ("Down, of TCP payload", "95 % interval of each"),
                "saturated": ("Far side, saturated seconds", "Saturated up to 10 %")}
        for series in SERIES:
            a = self.c.get(f"{url}{series}.svg?last=7200")
            self.assertEqual(a.status, 200, a.body[:300])
            self.assertTrue(a.body.startswith((b"<?xml", b"<svg")))
            self.assertNotIn("nan", a.text.lower())
            self.assertIn(f"/graph/{series}.png", page)
            self.assertTrue(self.c.get(f"{url}{series}.png").body.startswith(b"\x89PNG"))
            for words in said[series]:
                self.assertTrue(says(a.text, words), f"{series}: {words}")
            self.assertFalse(says(a.text, "Counted at a mirror port"))
        self.assertEqual(page.count('alt="What the line is full of'), 1)

    def test_what_a_mirror_port_counts_is_a_lower_bound(self):
        """Said on the page, in pictures of a time with such intervals, and in the report."""
        box = self.c.box("Willow School", start=int(time.time()) // 300 * 300 - 3600)
        graph = f"/api/v1/circuits/{box.site}.wan/graph/"
        mirrored = box.at + 1800

        def interval(**over):
            c = {**circuit(box.seq + 1, 300, 60), **over}
            t = traffic(MIX, [30_000] * 40, [400_000] * 20)
            line = box.summary(circuits=[c], traffic=[t])
            self.assertEqual(self.c.post([line]).json["refused"], [])

        def text():
            return " ".join(Page(self.c.get(f"/sites/{box.site}").text).text.split())

        for _ in range(6):
            interval()
        self.assertNotIn("at least", text())
        self.assertFalse("mirror port" in self.report(box, "html"))
        for _ in range(6):
            c = circuit(1, 300)
            interval(vantage="mirror", source="mirror", **{
                d: {k: v for k, v in c[d].items() if "1s" not in k} for d in ("down", "up")})
        for words in ("Carried at least, newest interval",
                      "at a mirror port: the line carried this much or more",
                      "all that it counts is a lower bound", "What users moved at least",
                      "the bytes that a mirror port counted: at least these",
                      "at least these, for a mirror port counts",
                      "in 6 intervals a mirror port counted: the line carried at least those bytes",
                      "of the claim or moreat least 12 min", "other secondsat most 48 min"):
            self.assertIn(words, text())
        alts = [a.get("alt", "") for t, a in Page(self.c.get(f"/sites/{box.site}").text).tags
                if t == "img"]
        self.assertTrue([a for a in alts if a.startswith("Use of the line at least")], alts)

        def pictures():
            for series, words in (("link", "Down, at least, mean of interval"),
                                  ("traffic", "the line carried this much or more."),
                                  ("saturated", "the line was full this long or longer.")):
                for span, told in ((f"from={mirrored - 600}&to={mirrored + 600}", True),
                                   (f"from={mirrored - 1800}&to={mirrored}", False)):
                    svg = self.c.get(f"{graph}{series}.svg?{span}").text
                    self.assertEqual((says(svg, words), says(svg, "Counted at a mirror port")),
                                     (told, told), f"{series} {span}")
        pictures()
        self.c.stop()
        self.c.start()  # what was found once is kept beside the files
        pictures()
        html, out = self.report(box, "html"), self.report(box, "json")
        self.assertEqual((out["traffic"]["intervals"], out["traffic"]["intervals_at_least"]),
                         (12, 6))
        for words in ("Down, at least", "In 6 intervals a mirror port counted",
                      "for at least <strong>12 min", "at most 48 min"):
            self.assertTrue(words in html, words)

    def test_families_lengths_and_sizes_of_flows(self):
        """Each table with its own basis: one interval tells all, one no lengths (an older box),
        one nothing but a state; and there is a gap."""
        box = self.c.box("Hazel School", start=int(time.time()) // 300 * 300 - 3600)
        begun, told = box.at, []

        def post(i, after=0, **more):
            box.at += after
            c, t = circuit(i, 300), traffic(MIX, [30_000] * 20, **more)
            told.append((c, t))
            line = box.summary(circuits=[c], traffic=[t])
            self.assertEqual(self.c.post([line]).json["refused"], [])

        families = [share("ipv4", 700_000, 650_000, 9_000), share("ipv6", 300_000, 350_000, 9_000)]
        sizes = [share("1519-", 950_000, 400_000, 4_000), share("1024-1518", 50_000, 600_000, 4_000)]
        post(1, families=families, sizes=sizes, flow_size_hist=hist([900] * 50 + [80_000] * 50))
        post(4, 600, captured=1234, families=[share("ipv4", 400_000, 300_000, 20_000),
                                              share("ipv6", 600_000, 700_000, 20_000)])
        line = box.summary(circuits=[circuit(2, 300)], traffic=[{
            "circuit": "wan", "state": "interface-gone", "covered_s": 0, "sampled_1_in": 100}])
        self.assertEqual(self.c.post([line]).json["refused"], [])
        html = self.c.get(f"/sites/{box.site}").text
        found, text = tables(html), " ".join(Page(html).text.split())

        def shown(member, name):
            cells = []
            for way in ("down", "up"):
                mean, below, above = added_up(told, member, name, way)
                cells.append([mean, max(0, mean - below), min(1e6, mean + above)])
            return cells

        def close(row, cells):
            for cell, want in zip(row[1:], cells):
                got = [float(x) * 10_000 for x in re.findall(r"\d+\.\d\d", cell)]
                self.assertEqual(len(got), 3, row)
                for a, b in zip(got, want):
                    self.assertLess(abs(a - b), 102, row)  # shown to a hundredth

        for label, member, names in (
                ("By IP version", "families", {"IPv4": "ipv4", "IPv6": "ipv6"}),
                ("By length of packet", "sizes", {"1024 to 1518": "1024-1518",
                                                  "1519 and more": "1519-"})):
            self.assertEqual([r[0] for r in found[label][1:]], list(names))
            for row in found[label][1:]:
                close(row, shown(member, names[row[0]]))
        self.assertEqual(found["Sizes of flows"][1],
                         ["Bytes, both ways", "100", "912 bytes", "912 bytes", "79.9 kB", "79.9 kB"])

        def at(unix_s):
            return time.strftime("%Y-%m-%d %H:%M", time.gmtime(unix_s))
        for words in (f"Both ways: 2 intervals from {at(begun)} to {at(begun + 1200)}, 4 234 packets"
                      " drawn, with gaps of 10 min; left out: 1 without a share or a count.",
                      f"Both ways: 1 interval from {at(begun)} to {at(begun + 300)}, 3 000 packets"
                      " drawn, without a gap; left out: 2 without a share or a count."):
            self.assertIn(words, text)
        out = self.report(box, "json")
        with open(f"{TOP}/docs/report-v1.schema.json", encoding="utf-8") as f:
            jsonschema.validate(out, json.load(f))
        got = out["traffic"]
        self.assertEqual((got["families"]["up"]["captured"], got["families"]["up"]["gaps_s"]),
                         (4234, 600))
        self.assertEqual([x["class"] for x in got["sizes"]["down"]["classes"]], ["1024-1518", "1519-"])
        self.assertEqual(got["sizes"]["down"]["left_out"]["untold"], 2)
        self.assertEqual(got["flow_sizes"]["n"], 100)
        report = self.report(box, "html")
        for words in ("By IP version, ethernet layer", "By length of packet, ethernet layer",
                      "1519 and more", "Sizes of flows", "gaps between them 10 min"):
            self.assertTrue(words in report, words)
        rows = {r["figure"] for r in csv.DictReader(self.report(box, "csv").splitlines())}
        self.assertLessEqual({"down.family.ipv6", "up.size.1519-", "flow_size"}, rows)
        # a box that tells neither: no table, and no zero
        older = self.c.box("Larch School", start=int(time.time()) // 300 * 300 - 900)
        fill(self, older, 2)
        html = self.c.get(f"/sites/{older.site}").text
        self.assertFalse({"By IP version", "By length of packet", "Sizes of flows"}
                         & set(tables(html)))
        self.assertIn("Not known: no interval tells it.", html)

    def test_page_and_report_of_two_rates_of_drawing(self):
        """One interval drawn finely and one coarsely, of different bytes; one more that
        tells less. The sums are worked out here again."""
        box = self.c.box("Maple School", start=int(time.time()) // 300 * 300 - 3600)
        told = []

        def post(i, mix, error, **more):
            full = more.pop("full", 0)
            c = circuit(i, 300, full)
            wan = [30_000] * 20 + [600_000] * (5 if full else 0)
            t = traffic(mix, wan, wan[20:], error=error, **more)
            told.append((c, t))
            line = box.summary(circuits=[c], traffic=[t])
            self.assertEqual(self.c.post([line]).json["refused"], [])

        post(1, {"tls": (700_000, 600_000), "other": (300_000, 400_000)}, 5_000,
             sampled_1_in=10, devices_min=61)
        post(5, {"tls": (500_000, 400_000), "quic": (490_000, 600_000)}, 60_000,
             sampled_1_in=1000, capture_drops=7, full=90)
        post(6, MIX, 20_000, covered_s=100, state="interface-gone")  # too little of it
        out = self.report(box, "json")
        with open(f"{TOP}/docs/report-v1.schema.json", encoding="utf-8") as f:
            jsonschema.validate(out, json.load(f))
        self.assertNotIn("devices", json.dumps(out))
        got = out["traffic"]
        self.assertEqual((got["intervals"], got["intervals_interrupted"], got["covered_s"],
                          got["captured"], got["capture_drops"]), (3, 1, 700, 9000, 7))
        for way in ("down", "up"):
            total = sum(c[way]["bytes"] for c, _ in told[:2])
            basis = got["mix"][way]
            self.assertEqual((basis["intervals"], basis["bytes"]), (2, total))
            self.assertEqual(basis["left_out"]["too_short"], 1)
            self.assertEqual([x["class"] for x in basis["classes"]], ["tls", "quic", "other"])
            for x in basis["classes"]:
                mean, below, above = added_up(told[:2], "mix", x["class"], way)
                self.assertLessEqual(abs(x["share_ppm"] - mean), 1)
                self.assertLessEqual(abs(x["share_low_ppm"] - mean + below), 2)
                self.assertLessEqual(abs(x["share_high_ppm"] - mean - above), 2)
                self.assertLessEqual(abs(x["bytes"] - total * mean / 1e6), total / 1e6)
        full, others = got["saturation"]["saturated"], got["saturation"]["others"]
        self.assertEqual((full["intervals"], full["seconds"], full["times"]["n"]), (1, 90, 5))
        self.assertEqual((others["seconds"], others["times"]["n"]), (300 + 210 + 300, 60))
        self.assertAlmostEqual(full["times"]["p50_us"] / 600_000, 1, delta=.04)
        self.assertAlmostEqual(others["times"]["p95_us"] / 30_000, 1, delta=.04)
        self.assertEqual(out["used"][0]["saturated_s"], 90)
        self.assertEqual(out["used"][0]["saturated_intervals"], 3)
        rows = [r for r in csv.DictReader(self.report(box, "csv").splitlines())
                if r["section"] == "traffic"]
        shares = {r["figure"] for r in rows if r["statistic"] == "share" and ".class." in r["figure"]}
        lows = {r["figure"] for r in rows if r["statistic"] == "share 95 % low"}
        self.assertTrue(shares and shares <= lows)
        html = self.report(box, "html")
        page = self.c.get(f"/sites/{box.site}").text
        for words in ("What the line is full of", "While the line was saturated",
                      "<strong>1 min 30 s</strong> of the 15 min in which 3 intervals"):
            self.assertIn(words, html)
        self.assertNotIn("devices:", html)
        for words in ("Active devices: at least <b>61</b>", "quic", "7 lost to a full ring",
                      "Far side, line at 90 % of the claim or more", "95 % interval"):
            self.assertIn(words, page)
        self.assertNotIn("users", page[page.index("Active devices"):][:200])
        lists = self.c.get("/sites").text + self.c.get("/api/v1/circuits").text
        self.assertNotIn("Active devices", lists)

    def report(self, box, kind):
        out = self.c.command("report", "--ledger", self.c.data, "--circuit",
                             f"{box.site}.wan", "--tz", "UTC", "--format", kind)
        return json.loads(out) if kind == "json" else out


if __name__ == "__main__":
    unittest.main()
