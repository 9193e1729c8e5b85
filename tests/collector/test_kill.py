# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 under load, again and again: what was acknowledged is there, once, unbroken."""
import os
import random
import shutil
import tempfile
import threading
import time
import unittest

from harness import Collector
from jose import START, receipt, sha

ROUNDS = int(os.environ.get("BW_KILL_ROUNDS", "6"))
BOXES = 6


class Poster(threading.Thread):
    """A courier in small: sends what is not acknowledged until it is."""

    def __init__(self, c, box):
        super().__init__()
        self.c, self.box, self.acked, self.done = c, box, 0, False
        self.receipts, self.faults = [], []

    def run(self):
        rng = random.Random(self.box.site)
        while not self.done:
            for _ in range(rng.randint(1, 4)):
                self.box.summary()
            self.deliver()

    def deliver(self):
        while self.acked < len(self.box.lines):
            lines = self.box.lines[self.acked:self.acked + 50]
            try:
                a = self.c.post(lines)
            except OSError:
                if self.done:
                    return
                time.sleep(0.05)
                continue
            if a.status in (429, 503):
                time.sleep(0.05)
                continue
            if a.status != 200 or a.json["refused"]:
                self.faults.append(a.body)
                return
            chain = a.json["chains"][0]
            if chain["acked_through"] < self.acked:
                self.faults.append((self.acked, a.body))
                return
            self.acked = chain["acked_through"]
            self.receipts.append(chain["receipt"])


class Kill(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_and_nothing_doubled(self):
        folder = tempfile.mkdtemp(prefix="bw-collector-")
        self.addCleanup(shutil.rmtree, folder, True)
        c = Collector(folder=folder)
        rng = random.Random(11)
        posters = []
        try:
            c.start()
            # Every start takes another free port; the boxes ask the object for it.
            posters = [Poster(c, c.box(f"Site {n}")) for n in range(BOXES)]
            for p in posters:
                p.start()
            for _ in range(ROUNDS):
                time.sleep(rng.uniform(0.05, 0.6))
                c.kill()
                c.start()
            time.sleep(0.3)
            for p in posters:
                p.done = True
            for p in posters:
                p.join(60)
                p.deliver()
                self.assertEqual(p.faults, [])
            self.assertGreater(sum(p.acked for p in posters), 10 * BOXES)
            leaves = set()
            for p in posters:
                self.assertEqual(p.acked, len(p.box.lines))
                got = c.export(f"{p.box.site}.wan", from_=START, to=START + 10**8,
                               format="jose").body.decode().split()
                self.assertEqual(got, p.box.lines)
                for text in set(p.receipts):
                    r = receipt(text, p.box.log_key)
                    self.assertEqual(r["sha256"], sha(p.box.lines[r["seq"] - 1]))
                rows = c.export(f"{p.box.site}.wan", from_=START, to=START + 10**8).body
                import json
                positions = [json.loads(x)["position"] for x in rows.decode().splitlines()]
                self.assertEqual(positions, sorted(positions))
                leaves.update(positions)
            total = sum(len(p.box.lines) for p in posters)
            self.assertEqual(leaves, set(range(total)))
        finally:
            for p in posters:
                p.done = True
            c.end()


if __name__ == "__main__":
    unittest.main()
