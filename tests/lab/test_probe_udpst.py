# SPDX-License-Identifier: GPL-3.0-or-later
"""The udpst probe: on a shaped line against a server that was written from the RFC by
somebody who did not see the probe, and against servers that are odd but good. Those that do
wrong: test_udpst_hostile.py."""
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time

import lab
import udpst_bad as bad
from bwtest import program
from school import NET4, NET6, School

SUPPORT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support")
DOWN, UP = 100, 20
SHARE = 1250 / 1264  # of an Ethernet frame without FCS: IP packets of 1250 bytes
KEY = "birch-and-alder"


def start(ns, *args):
    return ns.popen([program("bandwitness"), "probe", "udpst", "--json", *args],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def probe(ns, *args, status=(0,)):
    running = start(ns, *args)
    out, err = running.communicate(timeout=60)
    assert running.returncode in status, (args, running.returncode, out, err)
    return {r["direction"]: r for r in json.loads(out)["results"]}


def opts(*pairs):
    return [x for p in pairs for x in ("--opt", p)]


def write_key(the_lab):
    key_file = the_lab.path("udpst", "key")
    with open(key_file, "w", encoding="ascii") as f:
        f.write(KEY + "\n")
    os.chmod(key_file, 0o600)
    return key_file


class Program:
    """tests/support/udpst_server.py in a namespace, until the block ends."""

    def __init__(self, ns, *args):
        self.p = ns.popen([sys.executable, os.path.join(SUPPORT, "udpst_server.py"), *args],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
        self.said = []
        self.port = self.next("listening")["port"]

    def next(self, event):
        while True:
            line = self.p.stdout.readline()
            assert line, f"the server ended before it said {event}: {self.said}"
            said = json.loads(line)
            self.said.append(said)
            if said["event"] == event:
                return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.stdin.close()
        self.p.wait(10)
        self.p.stdout.close()


# ---- a shaped line

class Watch:
    """The most that the line itself carried in about a second while the block ran, in Mbit/s of
    Ethernet: did both ends together fill it at all?"""

    def __init__(self, s, way):
        self.s, self.way, self.mbps, self.open = s, way, 0.0, True
        self.thread = threading.Thread(target=self._look)

    def _look(self):
        seen = []
        while self.open:
            seen.append((time.monotonic(), self.s.line_bytes()[self.way]))
            for at, count in seen:
                if seen[-1][0] - at >= 0.9:
                    self.mbps = max(self.mbps,
                                    (seen[-1][1] - count) * 8e-6 / (seen[-1][0] - at))
            time.sleep(0.2)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.open = False
        self.thread.join()


def a_run(s, way, rate, bind, args, server_args):
    """One that filled the line: a server in Python on a busy machine may not get there, which
    says nothing about the probe."""
    for _ in range(3):
        with Program(s.net, "--bind", bind, "--port", "0", "--max-mbps", "200",
                     *server_args) as server, Watch(s, way) as watch:
            before, drops = s.line_bytes()[way], s.queue_drops()[way]
            r = probe(s.box, f"{f'[{bind}]' if ':' in bind else bind}:{server.port}",
                      *opts(f"direction={way}", "duration=3s", "max_rate=300M"), *args)[way]
            line, drops = s.line_bytes()[way] - before, s.queue_drops()[way] - drops
            done = server.next("done")
        if watch.mbps >= 0.98 * rate:
            break
        print(f"{way}: the line carried {watch.mbps:.1f} Mbit/s at most: again")
    return r, line, drops, done


def a_shaped_line(s, key_file):
    # by IPv4 with a key, by IPv6 without
    for bind, more, server_more in (
            (NET4, opts(f"key_file={key_file}", "key_id=7"), ("--key", f"7:{KEY}")),
            (NET6, [], ())):
        for way, rate in (("down", DOWN), ("up", UP)):
            r, line, drops, done = a_run(s, way, rate, bind, more, server_more)
            best, possible = r["goodput_bps"] / 1e6, rate * SHARE
            print(f"{way} by {bind}: {best:.2f} Mbit/s at IP in the best second, of "
                  f"{possible:.2f} possible; loss {r['loss_ppm']} ppm, delay "
                  f"{r['delay_min_us']}..{r['delay_max_us']} us, round trip "
                  f"{r.get('tcp_rtt_us')} us; the queue dropped {drops}, the line saw {line}")
            assert r["state"] == "ok" and r["method"] == "udpst/20/max-1s", r
            assert abs(best / possible - 1) <= 0.02, (best, possible)
            assert abs(r["duration_ms"] - 1000) <= 100, r
            assert done["why"] == "stopped", done
            # the queue is full at the line's end: over the smallest, and no more than it holds
            # (upwards the server says so, which takes its stamps when it gets to reading)
            assert r["delay_max_us"] >= 0.8 * s.queue_ms * 1000, r
            assert way == "up" or r["delay_max_us"] <= s.queue_ms * 1000 + 15_000, r
            assert r["tcp_rtt_us"] >= s.delay_ms * 1000 - 2000, r
            # what was counted at our end is what passed there, less Ethernet's headers
            assert abs(r["total_bytes"] / SHARE / line - 1) <= 0.02, (r["total_bytes"], line)
            # a busy machine may make the tester late; max_rate is far, and nobody refused
            assert not {"max-rate", "server-busy"} & set(r.get("flags", ())), r
            if way == "up":  # as the server says it, and as the queue knows it
                sent = r["total_bytes"] / 1250
                lost = done["received"]["lost"]
                assert abs(lost - drops) <= max(20, 0.02 * sent), (lost, drops)


def ends_when_asked(s):
    with Program(s.net, "--bind", NET4, "--port", "0", "--max-mbps", "20") as server:
        running = start(s.box, f"{NET4}:{server.port}", *opts("duration=30s"))
        server.next("activated")
        time.sleep(2.5)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
        (r,) = json.loads(out)["results"]
        assert running.returncode == 130 and r["state"] == "cancelled", (out, err)
        assert r["bytes"] > 0, r
        done = server.next("done")  # by our stop or our closed port, not half a minute later
        assert done["why"] in ("stopped", "peer's port closed") and done["seconds"] < 10, done


# ---- servers that do what they may, or what harms only themselves

def short(way, more, key_file):
    pairs = [f"direction={way}", "connect_timeout=1s", "duration=2s"]
    for m in more:
        pairs = [p for p in pairs if p.split("=")[0] != m.split("=")[0]]
        pairs.append(f"key_file={key_file}" if m == "key" else m)
    return opts(*pairs)


def in_parallel(works, n):
    """Most of them only wait. Each gives back what is to be printed; all faults at once."""
    lines, faults, todo = [], [], list(works)

    def one():
        while todo:
            work = todo.pop()
            try:
                lines.append(work())
            except BaseException as e:  # noqa: told below
                faults.append(repr(e))

    threads = [threading.Thread(target=one) for _ in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("\n".join(sorted(lines)))
    assert not faults, "\n".join(faults)


def good(ns, way, kind, key_file, *more):
    server = kind(ns)
    try:
        r = probe(ns, f"127.0.0.1:{server.port}", *short(way, more, key_file))[way]
    finally:
        server.close()
    assert r["state"] == "ok", r
    return r, server


def asks_for_all(ns, key_file):
    r, _ = good(ns, "up", bad.AsksForAll, key_file, "max_rate=20M")
    assert "max-rate" in r["flags"], r
    # 2 s of it, and up to 100 ms until the stop is told
    assert r["total_bytes"] <= 20e6 / 8 * 2.1, r
    # the bound is what is asked here; how near it comes is the machine's affair
    assert 10e6 <= r["goodput_bps"] <= 20e6 * 1.02, r
    return (f"  a row of 144 Gbit/s, max_rate 20 Mbit/s: {r['goodput_bps'] / 1e6:.2f} Mbit/s, "
            f"{r['total_bytes']} bytes sent")


def never_stops(ns, key_file):
    _, server = good(ns, "down", bad.NeverStops, key_file)
    assert server.stops > 0, "it was not told to stop"
    return "  a server that never stops is told to"


def loses_the_stop(ns, key_file):
    good(ns, "down", bad.LosesTheStop, key_file)
    return "  a stop that is lost at the very end is no failure"


def loses_the_activation(ns, key_file):
    good(ns, "down", bad.LosesTheActivation, key_file, "connect_timeout=4s")
    return "  an answer to the activation that is lost is no failure"


def wild_numbers(ns, key_file):
    r, _ = good(ns, "down", bad.WildNumbers, key_file)
    assert r["loss_ppm"] > 900_000, r
    return f"  numbers and times out of measure: loss {r['loss_ppm']} ppm"


def a_deep_queue(ns, key_file):
    r, _ = good(ns, "up", bad.DeepQueue, key_file, "duration=4s", "max_rate=100M")
    assert 9e6 <= r["goodput_bps"] <= 10.1e6, r
    return f"  seconds of queue: {r['goodput_bps'] / 1e6:.2f} Mbit/s"


def overtaken(ns, key_file):
    r, server = good(ns, "up", bad.Overtaken, key_file, "duration=3s")
    assert server.told >= 2, server.told
    return f"  Status out of order: {r['goodput_bps'] / 1e6:.2f} Mbit/s"


def an_old_server(ns, key_file, way):
    r, server = good(ns, way, bad.OldServer, key_file, "key", "unsigned_answers=yes")
    assert r["method"] == "udpst/11/max-1s", r
    assert way == "up" or server.lengths == {168}, server.lengths
    # before version 20 the shared key itself signs
    asked = server.request
    want = hmac.new(KEY.encode(), asked[:20] + bytes(32) + asked[52:54] + bytes(2),
                    hashlib.sha256).digest()
    assert asked[15] == 1 and asked[20:52] == want, asked.hex()
    assert bad.checksum(asked) == 0, asked.hex()
    return f"  version 11 {way}: {r['goodput_bps'] / 1e6:.2f} Mbit/s"


def odd_but_good(ns, key_file):
    in_parallel([lambda f=f: f(ns, key_file) for f in
                 (asks_for_all, never_stops, loses_the_stop, loses_the_activation, wild_numbers,
                  a_deep_queue, overtaken)] +
                [lambda w=w: an_old_server(ns, key_file, w) for w in ("down", "up")], 9)


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, loss_per_mille=0)
    key_file = write_key(the_lab)
    a_shaped_line(s, key_file)
    ends_when_asked(s)
    odd_but_good(s.lan, key_file)
    return 0


if __name__ == "__main__":
    lab.main(work)
