# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the box in the middle of commits and at random moments loses no journalled
summary and doubles none: what was in the journal before a kill is in it after, byte for
byte, in an unbroken chain, and the collector ends up with exactly that.

BW_FAULT_ROUNDS kills (6), spread over three boxes with an interval of one second.
"""
import sys

from bwtest import wait_for
from scene import ROUNDS, Scene
from strike import Strikes

BOXES = 3


def main():
    with Scene() as s:
        boxes = [s.box() for _ in range(BOXES)]
        seen = {b: [] for b in boxes}
        strikes = Strikes()
        for n in range(ROUNDS):
            box = boxes[n % BOXES]
            if n // 2 % 2:
                seen[box] = box.journal()  # what certainly was on disk before this kill
            strikes.kill(box, 4.0)
            box.start()
            after = box.journal()
            assert after[:len(seen[box])] == seen[box], f"kill {n + 1}: the journal changed"
            print(f"kill {n + 1}: {len(after)} records in the journal", flush=True)
        strikes.report()
        for box in boxes:
            wait_for("its posts to be answered again", lambda b=box: b.acked() >= len(seen[b]), 60)
            box.stop()
            lines = box.journal()
            found = box.verify()
            assert found["missing"] == 0 and found["duplicates"] == 0, found
            assert found["records"] == len(lines) > 0, found
            box.start()  # the last interval of the stop is delivered after a start
            wait_for("the collector to hold the whole journal",
                     lambda b=box, l=lines: set(l) <= set(s.collector.held(b.site)), 30, 0.5)
            held = s.collector.held(box.site)
            assert held[:len(lines)] == lines, (len(held), len(lines))
            assert len(set(held)) == len(held)
            print(f"{box.site}: {len(lines)} records in the journal, all held once")
        return 0


if __name__ == "__main__":
    sys.exit(main())
