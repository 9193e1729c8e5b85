# SPDX-License-Identifier: GPL-3.0-or-later
"""strike - kill -9 at a moment that is known: every other one while a thread is writing to
disk or waits for it, the rest at random. What was hit is counted, so that a run shows
whether it covered the windows in which a commit can be torn."""
import collections
import os
import random
import time

CALLS = {
    "x86_64": {74: "syncing", 75: "syncing", 1: "writing", 18: "writing", 17: "reading",
               0: "reading", 72: "locking"},
    "aarch64": {82: "syncing", 83: "syncing", 64: "writing", 68: "writing", 67: "reading",
                63: "reading", 25: "locking"},
}.get(os.uname().machine, {})
COMMIT = ("syncing", "writing")
ORDER = (*COMMIT, "locking", "reading", "computing")
AIM_S = 5  # then whatever comes


def phase(pid):
    """What the threads of a process do just now: the first of ORDER that fits, or waiting."""
    seen = set()
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/syscall", encoding="ascii") as f:
                words = f.read().split()
            if words and words[0] == "running":
                seen.add("computing")
            elif words:
                seen.add(CALLS.get(int(words[0]), "waiting"))
    except OSError:
        pass
    return next((p for p in ORDER if p in seen), "waiting")


class Strikes:
    def __init__(self):
        self.hit, self.n = collections.Counter(), 0

    def kill(self, program, longest_s):
        """After a random time; every other one at the first commit after that."""
        time.sleep(random.uniform(0, longest_s))
        now = phase(program.proc.pid)
        if self.n % 2:
            end = time.monotonic() + AIM_S
            while now not in COMMIT and time.monotonic() < end:
                now = phase(program.proc.pid)
        program.kill()
        self.n += 1
        self.hit[now] += 1

    def report(self):
        print(f"{self.n} kills met it " + ", ".join(f"{p} {n}" for p, n in
                                                    self.hit.most_common()), flush=True)
        if CALLS and os.geteuid() == 0:
            aimed = sum(self.hit[p] for p in COMMIT)
            assert aimed > 0, "no kill met a commit: this run proves little"
