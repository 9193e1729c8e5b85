#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_claimed.py BANDWITNESS - `claim district`: the claimed bandwidth of generated districts,
reckoned here from the districts themselves."""
import json
import sys
import unittest

import gen_usac
import test_import
from test_import import BPS, Import


def bps(line):
    whole, _, part = line["down"].partition(".")
    tenths = int(whole) * 10 + int(part or "0")
    return tenths * BPS[line["unit"]] // 10 * line["quantity"]


class Claimed(Import):
    def district(self, ben, *args, status=0):
        out, err = self.run_it("claim", "district", "--ledger", self.ledger, *args, ben, status=status)
        return out or err

    def claimed(self, ben, *args):
        return json.loads(self.district(ben, "--json", *args))

    def test_generated(self):
        districts = gen_usac.world(7, 12)
        self.usac(*gen_usac.write(districts, self.dir))
        kinds = set()
        for d in districts:
            sums = {}
            for f in d["frns"]:
                for line in f["lines"]:
                    if line["kind"] in gen_usac.PURPOSES:
                        sums[line["kind"]] = sums.get(line["kind"], 0) + bps(line)
            kinds |= set(sums)
            want = sums.get("internet")
            if "isp-only" in sums:
                want = (want or 0) + min(sums["isp-only"], sums["transport"])
            told = self.claimed(d["ben"], "--year", "FY2026")
            self.assertEqual(told["down"]["claimed_bps"], want)
            self.assertEqual(told["up"]["claimed_bps"], want)
            self.assertFalse(told["down"]["at_least"])
            self.assertEqual(told["students"], sum(s["students"] for s in d["schools"]))
            self.assertEqual(told["schools"], len(d["schools"]))
            self.assertEqual(sum(row["counts_as"] == "not counted" for row in told["lines"]),
                             sum(line["kind"] == "wan" for f in d["frns"] for line in f["lines"]))
        self.assertLessEqual({"internet", "isp-only", "transport", "wan"}, kinds)

    def test_text(self):
        self.usac(*gen_usac.write(gen_usac.world(1, 1), self.dir))
        d = gen_usac.world(1, 1)[0]
        self.assertEqual(["2.5", "10.0", "2.5"],
                         [f["lines"][0]["down"] for f in d["frns"]])  # Gbps: ISP, transport, WAN
        out = self.district(d["ben"], "--year", "2026", "--on", "2026-11-23")
        for text in (f"{d['ben']} {d['name']}, FY2026, on 2026-11-23 (claimed-district/3)",
                     "1 x 2500 Mbit/s = 2500 Mbit/s down",
                     "of Internet and circuits billed apart the lesser: 2500 Mbit/s down",
                     "between sites, not to the Internet",
                     "Claimed: 2500 Mbit/s down, 2500 Mbit/s up"):
            self.assertIn(text, out)

    def test_a_line_of_unknown_speed(self):
        """Filed as 0 or not at all: a line nevertheless, and the sum is not the whole."""
        for speed in ("0.0", ""):
            d = gen_usac.world(1, 1)[0]
            line = dict(d["frns"][0]["lines"][0], kind="internet", down="500.0", up="500.0",
                        unit="Mbps", quantity=1)
            d["frns"] = d["frns"][:1]
            d["frns"][0]["lines"] = [line, dict(line, line="002", down=speed, up=speed)]
            self.usac(*gen_usac.write([d], self.dir))
            told = self.claimed(d["ben"], "--year", "2026")
            self.assertEqual([row.get("each_down_bps") for row in told["lines"]],
                             [500 * 10 ** 6, None])
            self.assertEqual(told["down"]["claimed_bps"], 500 * 10 ** 6)
            self.assertTrue(told["down"]["at_least"])

    def test_paid_by_a_consortium(self):
        districts = gen_usac.world(5, 2)
        one, other = districts
        for f in one["frns"]:
            for line in f["lines"]:
                line["recipients"].append(other["schools"][0]["number"])
        one["schools"].append(dict(other["schools"][0]))  # so that its row can be written
        self.usac(*gen_usac.write(districts, self.dir)[:3])
        told = self.claimed(other["schools"][0]["number"], "--year", "2026")
        self.assertNotIn("claimed_bps", told["down"])
        self.assertTrue(told["down"]["at_least"])
        self.assertTrue(all("share here is not stated" in row["why"] for row in told["lines"]
                            if row["counts_as"] == "open"))

    def test_nothing_and_usage(self):
        self.usac(*gen_usac.write(gen_usac.world(1, 1), self.dir))
        self.assertIn("no claim of FY2026 has to do with 42",
                      self.district("42", "--year", "2026", status=1))
        for args in (("--year", "26", "42"), ("--on", "2026-13-01", "42"), ("x",), (),
                     ("--year", "2026", "--on", "2027-07-01", "42")):
            self.run_it("claim", "district", "--ledger", self.ledger, *args, status=2)


if __name__ == "__main__":
    test_import.PROGRAM = sys.argv.pop(1)
    unittest.main()
