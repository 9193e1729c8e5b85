# SPDX-License-Identifier: GPL-3.0-or-later
"""The 95 % intervals of drawn traffic hold the truth as often as they say: windows drawn from for
N = 10, 100 and 1000, and drawings of whole flows; with nothing left out they are exact. bench/run
shares does the same with more of both."""
import statistics
import sys
import unittest

from bwtest import scratch
from drawings import Coverage, School, flows_held

GENERATOR, DRAWER = sys.argv.pop(1), sys.argv.pop(1)


class Drawings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(scratch("bw-test-drawings-"))
        cls.school = School(GENERATOR, folder, "school", "--seed", "21", "--duration-ms", "4000",
                            "--window-ms", "1000", "--pps", "100000", "--devices", "600")

    def test_shares(self):
        coverage = Coverage()
        for one_in, seconds, draws in ((1, 1, 1), (10, 1, 60), (100, 1, 250), (1000, 4, 1000)):
            shares = self.school.shares(seconds)
            for drawing in self.school.draw(DRAWER, "--one-in", str(one_in), "--draws", str(draws),
                                            "--window-ms", str(1000 * seconds)):
                coverage.add(shares, drawing)
        self.assertEqual(coverage.percent(1), 100)
        for one_in in (10, 100, 1000):
            each = coverage.each(one_in, 200)
            print(f"1 in {one_in}: {coverage.percent(one_in):.1f} % of {coverage.windows[one_in]} "
                  f"windows, each by itself from {each[0]} to {each[-1]}")
            self.assertEqual(coverage.windows[one_in], 240 if one_in == 10 else 1000)
            self.assertGreaterEqual(coverage.percent(one_in), 93)
            self.assertLessEqual(coverage.percent(one_in), 97)

    def test_flows(self):
        drawings = self.school.draw(DRAWER, "--flows-in", "16", "--draws", "30")
        for name, (held, n) in flows_held(drawings).items():
            print(f"{name}: {held} of {n}")
            self.assertEqual(n, 30)
            self.assertGreaterEqual(held, 0.93 * n, name)
        least = [min(f[k] for k in ("wan_min_ns", "wan_handshake_ns") if f.get(k))
                 for f in self.school.flows if f.get("wan_min_ns") or f.get("wan_handshake_ns")]
        true_us = statistics.median(least) / 1000
        self.assertAlmostEqual(drawings[0]["wan_min_us"][0], true_us, delta=true_us * 0.05)


if __name__ == "__main__":
    unittest.main()
