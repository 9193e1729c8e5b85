# SPDX-License-Identifier: GPL-3.0-or-later
"""truth - what the lab knows by other means than ours, over time.

A thread reads the lab's nft counters fifty times a second, each reading with its instant, so
that any span can be compared afterwards; between two readings a count is taken to rise
evenly. ping runs on a host of the school's LAN, all the time.
"""
import bisect
import re
import signal
import socket
import struct
import subprocess
import threading
import time

from bwtest import SceneError
from school import EDGE4, ethernet_bytes

EVERY_S = 0.02
SLOW_S = 0.005  # a reading that took longer was interrupted: nobody knows when it was made
PING_EVERY_S = 0.05


class NftCounters:
    """The named nft counters of a namespace, asked of the kernel by netlink as nft itself
    does: 0.1 ms a reading, where starting nft takes 10 ms in which a full line moves 100 kB.
    """

    # linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
    NETLINK_NETFILTER, DUMP, DONE, ERROR = 12, 0x301, 3, 2
    GETOBJ = 10 << 8 | 19
    NAME, TYPE, DATA = 2, 3, 4
    COUNTER, BYTES, PACKETS = 1, 1, 2

    def __init__(self, ns):
        with ns.inside():
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, self.NETLINK_NETFILTER)
        self.socket.bind((0, 0))
        self.socket.settimeout(2)
        self.seq = 0

    @staticmethod
    def _attributes(data):
        at = 0
        while at + 4 <= len(data):
            length, kind = struct.unpack_from("=HH", data, at)
            if length < 4:
                return
            yield kind & 0x3FFF, data[at + 4:at + length]
            at += (length + 3) & ~3

    def read(self):
        """{name: (packets, bytes)}"""
        self.seq += 1
        self.socket.send(struct.pack("=IHHIIBBH", 20, self.GETOBJ, self.DUMP, self.seq, 0, 0, 0, 0))
        found = {}
        while True:
            data = self.socket.recv(65536)
            at = 0
            while at + 16 <= len(data):
                length, kind, _, seq, _ = struct.unpack_from("=IHHII", data, at)
                body = data[at + 20:at + length]
                at += (length + 3) & ~3
                if seq != self.seq:
                    continue
                if kind == self.DONE:
                    return found
                if kind == self.ERROR:
                    raise OSError("nft counters cannot be read")
                part = dict(self._attributes(body))
                if part.get(self.TYPE) != struct.pack(">I", self.COUNTER):
                    continue
                count = dict(self._attributes(part[self.DATA]))
                found[part[self.NAME].rstrip(b"\0").decode("ascii")] = tuple(
                    struct.unpack(">Q", count[k])[0] for k in (self.PACKETS, self.BYTES))


class Sampler:
    """Counts over time: Ethernet bytes down, up, lan_down, lan_up at the school's port; packets
    echo4, echo6 (requests), back4, back6 (answers) there; asked4, asked6, lost4, lost6 at the
    target."""

    def __init__(self, school):
        self.school = school
        self.port, self.target = NftCounters(school.isp), NftCounters(school.net)
        self.check()
        self.times = []  # unix seconds, middle of the reading
        self.values = []
        self.unclear = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _read(self):
        port, target = self.port.read(), self.target.read()
        value = {name: count[0] for name, count in {**port, **target}.items()}
        value.update(ethernet_bytes(port))
        return value

    def _loop(self):
        while not self._stop.is_set():
            now = time.time()
            self._stop.wait(EVERY_S - now % EVERY_S)
            begun = time.time()
            value = self._read()
            ended = time.time()
            if ended - begun > SLOW_S:
                self.unclear += 1  # the readings around it still hold: the counters go on
                continue
            self.times.append((begun + ended) / 2)
            self.values.append(value)

    def check(self):
        """Our readings agree with those of nft itself."""
        for ns, ours in ((self.school.isp, self.port), (self.school.net, self.target)):
            before, nft, after = ours.read(), ns.counters(), ours.read()
            for name in nft.keys() | before.keys():
                three = [r.get(name, (-1, -1)) for r in (before, nft, after)]
                if not all(b <= n <= a for b, n, a in zip(*three)):
                    raise SceneError(f"nft counter {name}: read {three}, the middle one by nft")

    def stop(self):
        self._stop.set()
        self._thread.join()
        self.check()

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


class Ping:
    """ping from a host of the LAN to the provider's edge, through box and line."""

    def __init__(self, school):
        self.path = school.lab.path("ping.txt")
        with open(self.path, "w", encoding="ascii") as out:
            self.proc = school.lan.popen(
                ["ping", "-n", "-D", "-i", str(PING_EVERY_S), EDGE4], stdout=out,
                stderr=subprocess.DEVNULL)
        self.answers = []  # (unix seconds of sending, milliseconds)

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait()
        with open(self.path, encoding="ascii") as f:
            for stamp, ms in re.findall(r"^\[([\d.]+)\].* time=([\d.]+) ms", f.read(), re.M):
                self.answers.append((float(stamp) - float(ms) / 1000, float(ms)))

    def percentile(self, share, from_s, to_s):
        """Of the answers to what was sent in this time; None with fewer than 20."""
        ms = sorted(m for t, m in self.answers if from_s <= t < to_s)
        return ms[max(0, -(-int(share * 100) * len(ms) // 100) - 1)] if len(ms) >= 20 else None


def wilson(lost, sent, z=1.959964):
    """The 95 % interval of a share (Wilson 1927)."""
    if sent == 0:
        return None
    p = lost / sent
    centre = p + z * z / (2 * sent)
    half = z * ((p * (1 - p) + z * z / (4 * sent)) / sent) ** 0.5
    below = 1 + z * z / sent
    return (centre - half) / below, (centre + half) / below
