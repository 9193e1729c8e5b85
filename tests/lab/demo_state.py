# SPDX-License-Identifier: GPL-3.0-or-later
"""demo_state - a small state around the lab's live box: 40 districts with 80 lines that never were,
signed by keys of their own and labelled as generated, with five weeks of records up to now. What the
next day will bring them is signed, too, and delivered when its time comes: nobody falls silent for
want of a maker."""
import datetime
import http.client
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "data")]

import state  # noqa: E402
import state_world as world  # noqa: E402

LABEL = "generated"
DISTRICTS, CIRCUITS, WEEKS, INTERVAL_S = 40, 80, 5, 900
AHEAD_S = 86400
HOUR_MS = 3600000
# So many hours before now, by a circuit's place in the list: (what, from, to, a)
OF_LATE = {
    6: [("dead", 3, None, 0)],
    7: [("outage", 0.9, 0.2, 0)],
    8: [("line", 30, None, 0.55)],
    9: [("lesson", 60, None, 0.98)],
    10: [("lesson", 60, None, 0.96)],
    11: [("clock", 5, None, 2500000)],
    12: [("dead", 40, 2, 0)],
    13: [("line", 52, 20, 0.4)],
    14: [("lossy", 6, None, 40000)],
}


def of_late(circuit, n, now):
    """What of a first page would be empty otherwise: it happens within the last days."""
    for what, begin, end, a in OF_LATE.get(n, ()):
        begin = int((now * 1000) - begin * HOUR_MS)
        end = int(now * 1000 - end * HOUR_MS) if end is not None else circuit.to_s * 1000
        b = 0
        if what == "line":
            a = b = int(circuit.mbps * a * 1e6)
        elif what == "lesson":
            a = int(a * 1e6)
        if what == "outage":
            circuit.outages.append({"from_ms": begin, "to_ms": end, "cause": None, "excluded": False,
                                    "why": "targets silent"})
        circuit.stretches.insert(0, (what, begin, end, a, b))


class Around:
    """The state in a collector's data folder that is not running yet."""

    def __init__(self, folder, bandwitness, gen_state):
        self.folder, self.now = folder, int(time.time())
        today = datetime.datetime.fromtimestamp(self.now, world.ZONE).date()
        world.move((today - datetime.timedelta(weeks=WEEKS - 1) - world.BEGIN).days // 7)
        options = state.parser().parse_args([
            "--districts", str(DISTRICTS), "--circuits", str(CIRCUITS), "--weeks", str(WEEKS), "--years", "0",
            "--interval", str(INTERVAL_S), "--seal", "--jose", "--until", str(self.now),
            "--bandwitness", bandwitness, "--gen-state", gen_state])
        state.generate(options, folder, self.touch)
        self.ahead = self.read_ahead()

    def touch(self, districts, circuits):
        for d in districts:
            d["name"] += f" ({LABEL})"
            for s in d["schools"]:
                s["name"] += f" ({LABEL})"
        last = self.now - self.now % INTERVAL_S + AHEAD_S
        for n, c in enumerate(circuits):
            c.to_s = min(c.to_s, last)
            c.outages = [o for o in c.outages if o["from_ms"] < self.now * 1000]
            of_late(c, n, self.now)

    def read_ahead(self):
        """[(received_s, record)], the earliest first."""
        out = []
        for name in sorted(os.listdir(f"{self.folder}/records")):
            if name.endswith(".jose"):
                path = f"{self.folder}/records/{name}"
                with open(path, encoding="ascii") as lines, \
                        open(path[:-5] + ".times", encoding="ascii") as times:
                    out += [(int(t.split()[0]) / 1000, line.strip()) for line, t in zip(lines, times)]
        return sorted(out)

    def deliver(self, collector):
        """Each when its time comes, in a thread, while this process lives."""
        def post():
            for at, line in self.ahead:
                while at > time.time() or not accepted(collector, line):
                    time.sleep(min(5, max(1, at - time.time())))
        threading.Thread(target=post, daemon=True).start()


def accepted(collector, line):
    """False while it cannot be reached: a demo kills it once, and a box would come again."""
    try:
        return collector.post([line]).status < 500
    except (OSError, http.client.HTTPException):
        return False
