# SPDX-License-Identifier: GPL-3.0-or-later
"""child - a throughput run's child process, asked as the daemon asks it, with everything it
says (measure/child.h)."""
import json
import os
import subprocess
import time

from .place import HOST, program

DIRECTIONS = ("down", "up")
STATES = ("ok", "lost", "late", "failed", "skipped")


def job(kind, address, *options, ticket=None, budget_s=90):
    """What such a child reads; its parent is this process."""
    words = {"v": 1, "parent": os.getpid(), "kind": kind, "name": "speed", "circuit": "wan",
             "device": "", "target": "state", "address": address, "budget_ms": budget_s * 1000,
             "options": list(options)}
    return json.dumps({**words, "ticket": ticket} if ticket else words).encode()


def samples(out):
    """All samples of what it wrote, to its end."""
    lines = [json.loads(line) for line in out.splitlines()]
    assert "done" in lines[-1], lines[-1]
    said = [line["sample"] for line in lines if "sample" in line]
    for s in said:
        s["direction"] = DIRECTIONS[s["direction"]]
        s["state"] = STATES[s["state"]]
    return said


def results(said):
    """{direction: final sample}, exactly one each."""
    finals = [s for s in said if s["final"]]
    assert len({s["direction"] for s in finals}) == len(finals), finals
    return {s["direction"]: s for s in finals}


class ChildRun:
    """`finish` gives results by direction; `samples` are all, `seconds` what it took."""

    def __init__(self, kind, address, *options, place=HOST, **words):
        self.begun = time.monotonic()
        self.proc = place.popen([program("bandwitness"), "--run-child"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.proc.stdin.write(job(kind, address, *options, **words))
        self.proc.stdin.close()
        self.proc.stdin = None

    def finish(self, seconds=90):
        """Its end must be an orderly one, sanitizers included."""
        out, err = self.proc.communicate(timeout=seconds)
        self.seconds = time.monotonic() - self.begun
        assert self.proc.returncode == 0, (self.proc.returncode, out[-500:], err[-3000:])
        self.samples = samples(out)
        return results(self.samples)


def mbps(sample):
    return sample["bytes"] * 8e3 / (sample["t1_mono_ns"] - sample["t0_mono_ns"])
