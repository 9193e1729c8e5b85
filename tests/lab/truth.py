# SPDX-License-Identifier: GPL-3.0-or-later
"""truth - what the lab knows by other means than ours, over time.

A thread reads the nft counters of the line at every whole second, the moments at which
the box reads its own counter, so that any span can be compared afterwards. Between two
readings the count is taken to rise evenly.
"""
import bisect
import threading
import time

from bwtest import SceneError


class Sampler:
    def __init__(self, school):
        self.school = school
        self.times = []  # unix seconds, middle of the reading
        self.values = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self):
        while not self._stop.is_set():
            now = time.time()
            self._stop.wait(1 - now % 1)
            begun = time.time()
            try:
                value = self.school.line_bytes()
            except SceneError:
                continue  # the span across it is still right: the counters go on
            # nsenter and nft start for most of that time and read at its end
            self.times.append(begun + 0.8 * (time.time() - begun))
            self.values.append(value)

    def stop(self):
        self._stop.set()
        self._thread.join()

    def at(self, name, unix_s):
        """The counter at this instant, or None outside what was read."""
        i = bisect.bisect_left(self.times, unix_s)
        n = min(len(self.times), len(self.values))
        if i == 0 or i >= n:
            return None
        t0, t1 = self.times[i - 1], self.times[i]
        v0, v1 = self.values[i - 1][name], self.values[i][name]
        return v0 + (v1 - v0) * (unix_s - t0) / (t1 - t0)

    def between(self, name, from_s, to_s):
        a, b = self.at(name, from_s), self.at(name, to_s)
        return None if a is None or b is None else b - a


def wilson(lost, sent, z=1.959964):
    """The 95 % interval of a share (Wilson 1927)."""
    if sent == 0:
        return None
    p = lost / sent
    centre = p + z * z / (2 * sent)
    half = z * ((p * (1 - p) + z * z / (4 * sent)) / sent) ** 0.5
    below = 1 + z * z / sent
    return (centre - half) / below, (centre + half) / below
