# SPDX-License-Identifier: GPL-3.0-or-later
"""bare - signed records of a box that can show little: one target, no counters, a test that
waits for a quiet line, and runs whose grade is more than the record shows."""
import json

from bwtest.jose import PyBox
from detailed import exchange

WAITS = (3, 4, 5)  # intervals in which the test was looked at and put off
INTERVALS = 24


def run(at, direction, state, **more):
    """The members of a run in the contract's order; those that are None are not told."""
    out = {"circuit": "wan", "probe": "state", "kind": "http", "server": "state-1",
           "direction": direction, "at_ms": at * 1000 + 120,
           "duration_ms": more.get("duration_ms"), "state": state, "reason": more.get("reason"),
           "grade": more.get("grade", "self"), "receipt": more.get("receipt"),
           "egress": "unknown", "bytes": more.get("bytes"),
           "goodput_bps": more.get("goodput_bps")}
    return {name: value for name, value in out.items() if value is not None}


def write(jose, key, first=300, second=(), off_s=0):
    """Both files of one box. Its target is asked `first` times an interval; a second one in
    the intervals `second`, as often. off_s: without a record in the middle."""
    box = PyBox("s-siskin")
    good = {"duration_ms": 10000, "bytes": 110_000_000, "goodput_bps": 88_000_000}
    for i in range(INTERVALS):
        runs = []
        box.at += off_s if i == INTERVALS // 2 else 0
        if i in WAITS:
            runs = [run(box.at, "down", "deferred", reason="users are busy")]
        elif i == 6:  # it says that it has a receipt
            runs = [run(box.at, "down", "ok", grade="receipt", **good)]
        elif i == 7:  # and here is something
            runs = [run(box.at, "up", "ok", grade="receipt", receipt="eyJ.e30.AAAA", **good)]
        more = {"throughput": runs} if runs else {}
        targets = ["edge", "hub"] if i in second else ["edge"]
        box.summary(circuits=[{"id": "wan", "vantage": "lan-side", "source": "none"}],
                    latency=[exchange(name, "icmp", first, [5000 + i] * (first - 1))
                             for name in targets], **more)
    with open(jose, "w", encoding="ascii") as f:
        f.write("\n".join(box.lines) + "\n")
    with open(key, "w", encoding="ascii") as f:
        json.dump(box.key.jwk, f)
