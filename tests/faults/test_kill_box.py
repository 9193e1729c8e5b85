# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the box at random moments loses no journalled summary and doubles none: what
was in the journal before a kill is in it after, byte for byte, in an unbroken chain, and
the collector ends up with exactly that.

BW_FAULT_ROUNDS kills (6), spread over three boxes with an interval of one second.
"""
import json
import random
import sys
import time

from lab import wait_for
from scene import ROUNDS, Scene

BOXES = 3


def main():
    with Scene() as s:
        boxes = [s.box(f"box{i}") for i in range(BOXES)]
        seen = {b: [] for b in boxes}
        for n in range(ROUNDS):
            time.sleep(random.uniform(0.5, 4.0))
            box = boxes[n % BOXES]
            if n % 2:
                seen[box] = box.journal()  # what certainly was on disk before this kill
            box.kill()
            box.start_ready()
            after = box.journal()
            assert after[:len(seen[box])] == seen[box], f"kill {n + 1}: the journal changed"
            print(f"kill {n + 1}: {len(after)} records in the journal", flush=True)
        time.sleep(8)  # grace, then posts
        for box in boxes:
            assert box.stop() == 0
            lines = box.journal()
            path = f"{box.folder}/all.jose"
            with open(path, "w", encoding="ascii") as f:
                f.write("".join(l + "\n" for l in lines))
            out = json.loads(box.command("verify", path, "--key", key_file(box),
                                         "--json"))
            assert out["ok"] and out["missing"] == 0 and out["duplicates"] == 0, out
            assert out["records"] == len(lines) > 0, out
            box.start_ready()  # the last interval of the stop is delivered after a start
            wait_for("the collector to hold the whole journal",
                     lambda b=box, l=lines: set(l) <= set(s.held(b.site)), 30, 0.5)
            held = s.held(box.site)
            assert held[:len(lines)] == lines, (len(held), len(lines))
            assert len(set(held)) == len(held)
            print(f"{box.site}: {len(lines)} records in the journal, all held once")
            assert box.stop() == 0
        return 0


def key_file(box):
    path = f"{box.folder}/key.jwk"
    with open(path, "w", encoding="ascii") as f:
        json.dump(box.public_keys(), f)
    return path


if __name__ == "__main__":
    sys.exit(main())
