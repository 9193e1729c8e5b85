# SPDX-License-Identifier: GPL-3.0-or-later
"""measure_server - what the collector's measurement process costs and carries, on loopback,
where its client takes as much of the machine: the bars are for one core of such a pair."""
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time

from benchlib import Bar, Row, bench
from bwtest import Collector, self_signed, wait_for
from bwtest.measure import BINARY, CLOSE, WebSocket, frame, measure_conf, payload_of, urls

GB = 10**9
MANY = 16


def worker_of(collector):
    out = subprocess.run(["pgrep", "-P", str(collector.proc.pid), "-f", "--", "--measure"],
                         stdout=subprocess.PIPE, check=True).stdout
    return int(out.split()[0])


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rsplit(") ", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def one(box, url, way, ca, most):
    """A whole test by a client that throws away what comes; the receipt's bytes and time."""
    w = WebSocket(url, ca=ca)
    if way == "up":
        load, sent = frame(BINARY, os.urandom(1 << 20)), 0
        end = time.monotonic() + 10
        while sent < most and time.monotonic() < end:
            w.sock.sendall(load)
            sent += len(load)
        w.send(CLOSE, b"\x03\xe8")
    try:
        w.until_close()
    except (ConnectionError, ssl.SSLError):
        pass
    r = payload_of(w.receipt(), box.log_key)
    w.close()
    return r


def tests(c, boxes, way, scheme, ca, most):
    """(Mbit/s of all together, CPU seconds a GB)"""
    pid, found = worker_of(c), []
    name = f"{scheme}:///ndt/v7/{way}load"
    asked = [(b, urls(c, b, direction=way)[name]) for b in boxes]
    before, begun = cpu_s(pid), time.monotonic()
    threads = [threading.Thread(target=lambda a=a: found.append(one(*a, way, ca, most)))
               for a in asked]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    wall = time.monotonic() - begun
    moved = sum(r["bytes"] for r in found)
    assert len(found) == len(boxes)
    return moved * 8 / wall / 1e6, (cpu_s(pid) - before) * GB / moved


@bench("measure_server", "the collector's measurement server on loopback", groups=("probes",))
def measure_server(say):
    folder = tempfile.mkdtemp(prefix="bw-bench-")
    rows = []
    try:
        for tls in (False, True):
            ca, key = self_signed(folder, "speed", {"127.0.0.1"})
            more = {"tls_certificate": f'"{ca}"', "tls_key": f'"{key}"'} if tls else {}
            most = (1 if tls else 4) * GB
            conf = measure_conf(tests=MANY, rate="100G", test_bytes=f"{most // GB}GB",
                                site_bytes="1000GB", **more)
            scheme = "wss" if tls else "ws"
            with Collector(extra=conf) as c:
                wait_for("its server", lambda: c.metric("bandwitness_measure_up") == 1)
                boxes = [c.box(f"School {i}") for i in range(MANY)]
                for way in ("down", "up"):
                    say(f"{scheme} {way}")
                    got = [tests(c, boxes[:1], way, scheme, ca if tls else None, most)
                           for _ in range(2)]
                    rate, cost = zip(*got)
                    rows += [Row(f"{scheme} {way}, one test", rate, "Mbit/s", None, None,
                                 Bar(at_least=940)),
                             Row(f"{scheme} {way}, the server's CPU per GB", cost, "s", None, None,
                                 Bar(at_most=1.0))]
                say(f"{scheme} down, {MANY} at once")
                rate, cost = tests(c, boxes, "down", scheme, ca if tls else None, most)
                rows += [Row(f"{scheme} down, {MANY} at once, together", [rate], "Mbit/s", None,
                             None, Bar(at_least=940)),
                         Row(f"{scheme} down, {MANY} at once, CPU per GB", [cost], "s", None,
                             None, Bar(at_most=1.0))]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows
