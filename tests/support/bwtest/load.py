# SPDX-License-Identifier: GPL-3.0-or-later
"""load - many boxes (.jose) that sign and deliver all the time, and believe only receipts."""
import http.client
import random
import threading
import time


class Courier:
    """Delivers what one box signed until it is acknowledged, through whatever happens."""

    def __init__(self, collector, box):
        self.collector, self.box = collector, box
        self.connection = None
        self.acked = 0
        self.receipts = {}  # acknowledged through -> receipt
        self.failures = 0   # posts that had to be repeated
        self.problems = []  # answers that should never be

    def deliver(self, most=50):
        """One post of what is not acknowledged yet. True when it was answered well."""
        todo = self.box.lines[self.acked:self.acked + most]
        if not todo:
            return True
        self.connection = self.connection or self.collector.connect(10)
        try:
            answer = self.collector.post(todo, self.connection)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            self.failures += 1
            return False
        if answer.status in (429, 503):
            self.failures += 1
            return False
        if answer.status != 200 or answer.json["refused"]:
            self.problems.append((answer.status, answer.body))
            return False
        (chain,) = answer.json["chains"]
        through = chain["acked_through"]
        if not self.acked <= through <= len(self.box.lines):
            self.problems.append(("acknowledged", through, "after", self.acked, "of",
                                  len(self.box.lines)))
        self.acked = max(self.acked, through)
        if "receipt" in chain:
            self.receipts[through] = chain["receipt"]
        return True


class Load:
    """with Load(couriers): each signs and posts in a thread of its own."""

    def __init__(self, couriers, pause_s=0.02):
        self.couriers, self.pause_s = couriers, pause_s
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(c,), daemon=True)
                        for c in couriers]

    def _run(self, courier):
        rng = random.Random(courier.box.site)
        while not self.ending.is_set():
            for _ in range(rng.randint(1, 4)):
                courier.box.summary()
            if not courier.deliver():
                self.ending.wait(0.1)
            self.ending.wait(self.pause_s)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for t in self.threads:
            t.join()

    def settle(self, seconds=30):
        """After the end: deliver the rest. True when everything is acknowledged."""
        end = time.monotonic() + seconds
        for c in self.couriers:
            while c.acked < len(c.box.lines):
                if c.problems or time.monotonic() > end:
                    return False
                if not c.deliver():
                    time.sleep(0.1)
        return True
