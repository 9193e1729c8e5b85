# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the collector in the middle of commits and at random moments under load loses
no acknowledged record and doubles none; receipts verify; positions have no holes; a restart
needs nobody.

BW_FAULT_ROUNDS kills (6). On loopback, plain HTTP, no rights needed.
"""
import json
import sys

from bwtest import wait_for
from bwtest.jose import receipt, sha
from bwtest.load import Courier, Load
from scene import ROUNDS, Scene
from strike import Strikes

BOXES = 6


def check_receipts(courier):
    """Each is signed by the log's key and speaks of our record."""
    box = courier.box
    for through, text in courier.receipts.items():
        said = receipt(text, box.log_key)
        assert (said["kid"], said["seq"]) == (box.key.kid, through), said
        assert said["sha256"] == sha(box.lines[through - 1]), said


def positions(collector, box):
    """In the log, of every record of the box."""
    text = collector.export(f"{box.site}.wan", from_=0, to=4102444800, format="json").text
    found = [json.loads(line)["position"] for line in text.splitlines()]
    assert found == sorted(found), box.site
    return found


def main():
    with Scene() as s:
        couriers = [Courier(s.collector, s.collector.box(f"Site {n}")) for n in range(BOXES)]
        strikes = Strikes()
        with Load(couriers) as load:
            for n in range(ROUNDS):
                before = sum(c.acked for c in couriers)
                strikes.kill(s.collector, 2.0)
                s.collector.start()
                print(f"kill {n + 1}: {before} acknowledged so far", flush=True)
            wait_for("deliveries after the last start",
                     lambda: sum(c.acked for c in couriers) > before)
        strikes.report()
        settled = load.settle()
        for c in couriers:
            assert not c.problems, c.problems[:3]
        assert settled, "not everything was acknowledged after the last restart"
        for c in couriers:
            held = s.collector.held(c.box.site)
            assert held == c.box.lines, (c.box.site, len(held), len(c.box.lines), c.acked)
            check_receipts(c)
        total, repeated = (sum(f(c) for c in couriers)
                           for f in (lambda c: len(c.box.lines), lambda c: c.failures))
        print(f"{ROUNDS} kills, {total} records of {BOXES} boxes, none lost, none doubled, "
              f"{repeated} posts had to be repeated")
        assert repeated > 0, "no post met a kill: this run proves nothing"
        leaves = [p for c in couriers for p in positions(s.collector, c.box)]
        assert sorted(leaves) == list(range(total)), "positions have holes"
    return 0


if __name__ == "__main__":
    sys.exit(main())
