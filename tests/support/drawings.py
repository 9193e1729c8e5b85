# SPDX-License-Identifier: GPL-3.0-or-later
"""drawings - generated traffic, drawn from many times by draw_traffic, and how often the
intervals that are printed hold the generator's truth. For the tests and for bench/shares.py."""
import json
import os
import subprocess
from collections import defaultdict

WAYS = ("down", "up")


class School:
    """One generated file and its truth."""

    def __init__(self, generator, folder, name, *options):
        self.pcap = os.path.join(folder, name + ".pcap")
        truth, flows = (os.path.join(folder, name + end) for end in (".json", ".jsonl"))
        subprocess.run([generator, "--snap", "96", "--truth", truth, "--flows", flows, *options,
                        self.pcap], check=True, timeout=300)
        with open(truth, encoding="ascii") as f:
            self.truth = json.load(f)
        with open(flows, encoding="ascii") as f:
            self.flows = [json.loads(line) for line in f]

    def draw(self, drawer, *options):
        done = subprocess.run([drawer, "--router", self.truth["router_mac"], *options, self.pcap],
                              stdout=subprocess.PIPE, check=True, timeout=600)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def shares(self, at_once=1):
        """[{way: {class: share of its bytes in ppm}}] of the windows, so many taken together."""
        found, windows = [], self.truth["windows"]
        for first in range(0, len(windows), at_once):
            of = {way: defaultdict(int) for way in WAYS}
            for window in windows[first:first + at_once]:
                for row in window["mix"]:
                    if row["way"] in of:
                        of[row["way"]][row["class"]] += row["bytes"]
            found.append({way: {c: 1e6 * n / sum(rows.values()) for c, n in rows.items()}
                          for way, rows in of.items()})
        return found


class Coverage:
    """How many printed intervals there were, and how many of them held the truth."""

    def __init__(self):
        self.windows, self.rows = defaultdict(int), defaultdict(lambda: [0, 0])

    def add(self, shares, drawing):
        one_in = drawing["one_in"]
        self.windows[one_in] += 1
        for way in WAYS:
            for name, (_, ppm, low, high) in drawing[way].items():
                true = shares[drawing["window"]][way][name]
                if one_in == 1:  # exact, but for the millionth it is printed in
                    held = low == ppm == high and abs(ppm - true) <= 0.5 + 1e-6
                else:
                    held = low <= true <= high
                row = self.rows[one_in, way, name]
                row[0] += held
                row[1] += 1

    def percent(self, one_in):
        """Of all rows together."""
        held, all_rows = map(sum, zip(*(v for k, v in self.rows.items() if k[0] == one_in)))
        return 100 * held / all_rows

    def each(self, one_in, rows_least):
        """[(%, rows, "way class")] of those with so many rows, the worst first."""
        return sorted((100 * held / n, n, f"{way} {name}")
                      for (at, way, name), (held, n) in self.rows.items()
                      if at == one_in and n >= rows_least)


def flows_held(drawings):
    """{figure: [drawings whose interval held what all flows give, drawings]}; the first of the
    drawings is that of all flows."""
    exact, held = drawings[0], defaultdict(lambda: [0, 0])
    assert exact["flows_in"] == 1 and not exact["full"]
    for d in drawings[1:]:
        for name, interval in d.items():
            if isinstance(interval, list):
                held[name][0] += interval[1] <= exact[name][0] <= interval[2]
                held[name][1] += 1
    return dict(held)
