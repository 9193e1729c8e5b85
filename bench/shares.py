# SPDX-License-Identifier: GPL-3.0-or-later
"""shares - how often the intervals that are printed of drawn traffic hold the truth: windows of
ten seconds of generated traffic at 100,000 packets a second, each drawn from anew by N = 10, 100
and 1000; and whole flows drawn one in 16. Not a matter of the machine: seeds are fixed."""
import os
import statistics

from benchlib import Bar, Row, bench
from bwtest import scratch
from drawings import Coverage, School, flows_held

SEEDS, DRAWS, FLOW_DRAWS = range(101, 111), 100, 25
WINDOW_MS = 10000


def tool(*parts):
    return os.path.join(os.environ["BW_BUILD"], *parts)


@bench("shares", "the intervals of drawn traffic against the generator's truth")
def shares(say):
    coverage, held, off = Coverage(), {}, []
    for seed in SEEDS:
        with scratch("bw-shares-") as folder:
            school = School(tool("bench", "traffic", "gen_traffic"), folder, "school", "--seed",
                            str(seed), "--duration-ms", str(WINDOW_MS), "--window-ms",
                            str(WINDOW_MS), "--pps", "100000", "--devices", "600")
            drawer = tool("tests", "draw_traffic")
            true = school.shares()
            for drawing in school.draw(drawer, "--window-ms", str(WINDOW_MS), "--one-in",
                                       "10,100,1000", "--draws", str(DRAWS), "--seed", str(seed)):
                coverage.add(true, drawing)
            drawings = school.draw(drawer, "--flows-in", "16", "--draws", str(FLOW_DRAWS),
                                   "--seed", str(seed))
            for name, counts in flows_held(drawings).items():
                sums = held.setdefault(name, [0, 0])
                held[name] = [a + b for a, b in zip(sums, counts)]
            least = [min(f[k] for k in ("wan_min_ns", "wan_handshake_ns") if f.get(k))
                     for f in school.flows if f.get("wan_min_ns") or f.get("wan_handshake_ns")]
            off.append(100 * abs(drawings[0]["wan_min_us"][0] * 1000 / statistics.median(least) - 1))
    rows = []
    for one_in in (10, 100, 1000):
        for percent, n, name in coverage.each(one_in, 1):
            say(f"1 in {one_in}: {name:11} {percent:6.1f} % of {n}")
        rows.append(Row(f"shares 1 in {one_in}, intervals that hold the truth, of "
                        f"{coverage.windows[one_in]} windows", coverage.percent(one_in), "%",
                        bar=Bar(at_least=93, at_most=97)))
    rows += [Row(f"flows 1 in 16, {name}: intervals that hold the truth, of {n} drawings",
                 100 * inside / n, "%", bar=Bar(at_least=93))
             for name, (inside, n) in sorted(held.items())]
    rows.append(Row("WAN round trip p50, smallest of each flow, off the truth", off, "%",
                    bar=Bar(at_most=5)))
    return rows
