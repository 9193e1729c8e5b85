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


class ChildRun:
    """`start`, then `finish`: results by direction, and all samples."""

    def __init__(self, kind, address, *options, place=HOST, ticket=None, budget_s=90):
        self.begun = time.monotonic()
        job = {"v": 1, "parent": os.getpid(), "kind": kind, "name": "speed", "circuit": "wan",
               "device": "", "target": "state", "address": address, "budget_ms": budget_s * 1000,
               "options": list(options)}
        if ticket:
            job["ticket"] = ticket
        self.proc = place.popen([program("bandwitness"), "--run-child"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.proc.stdin.write(json.dumps(job).encode())
        self.proc.stdin.close()
        self.proc.stdin = None

    def finish(self, seconds=90):
        """{direction: final sample}; its end must be an orderly one, sanitizers included."""
        out, err = self.proc.communicate(timeout=seconds)
        self.seconds = time.monotonic() - self.begun
        assert self.proc.returncode == 0, (self.proc.returncode, out[-500:], err[-3000:])
        lines = [json.loads(line) for line in out.splitlines()]
        assert "done" in lines[-1], lines[-1]
        self.samples = [line["sample"] for line in lines if "sample" in line]
        finals = {}
        for s in self.samples:
            s["direction"] = DIRECTIONS[s["direction"]]
            s["state"] = STATES[s["state"]]
            if s["final"]:
                assert s["direction"] not in finals, lines
                finals[s["direction"]] = s
        return finals


def mbps(sample):
    return sample["bytes"] * 8e3 / (sample["t1_mono_ns"] - sample["t0_mono_ns"])
