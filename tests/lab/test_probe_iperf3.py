# SPDX-License-Identifier: GPL-3.0-or-later
"""The iperf3 probe: on a shaped line against Debian's iperf3 server, against a server that is
busy, dies or is cut off, and with programs in iperf3's place that lie, hang or babble."""
import json
import math
import os
import signal
import socket
import subprocess
import threading
import time

import lab
from bwtest import program, wait_for
from school import NET4, NET6, School

DOWN, UP = 50, 20
SHORT = ("--opt", "duration=2s", "--opt", "warmup=1s")
BUSY = 4  # exit status of `bandwitness probe` for a server that is busy or refuses


def start(ns, target, *args):
    return ns.popen([program("bandwitness"), "probe", "iperf3", "--json", target, *args],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def finish(running):
    out, err = running.communicate(timeout=90)
    assert out, (running.returncode, err)
    return running.returncode, {r["direction"]: r for r in json.loads(out)["results"]}


def probe(ns, target, *args):
    return finish(start(ns, target, *args))


class Server:
    def __init__(self, ns, *args):
        self.ns = ns
        self.p = ns.popen(["iperf3", "--server", *args], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
        wait_for("the iperf3 server", lambda: ":5201" in ns.sh("ss -ltn"))

    def close(self):
        self.p.kill()
        self.p.wait()


# ---- a shaped line

def tcp(s):
    ways = {"down": DOWN, "up": UP}
    for address, headers, asked in ((NET4, 52, "both"), (f"[{NET6}]", 72, "down")):
        status, both = probe(s.box, f"{address}:5201", "--opt", f"direction={asked}", "--opt",
                             "duration=4s", "--opt", "warmup=1s")
        assert status == 0 and set(both) == (set(ways) if asked == "both" else {asked}), both
        for way, rate in ((w, ways[w]) for w in both):
            r = both[way]
            goodput, possible = r["goodput_bps"] / 1e6, rate * (1500 - headers) / 1514
            print(f"{way} by {address}: {goodput:.2f} of {possible:.2f} Mbit/s, at IP "
                  f"{r['ip_estimate_bps'] / 1e6:.2f} of {rate * 1500 / 1514:.2f}, "
                  f"{r.get('retransmit_ppm')} ppm sent again")
            assert abs(goodput / possible - 1) <= 0.02, (goodput, possible)
            assert abs(r["ip_estimate_bps"] / 1e6 / (rate * 1500 / 1514) - 1) <= 0.02, r
            assert r["method"] == "iperf3/tcp" and r["cc"] == "cubic", r
            assert r["family"] == (6 if "[" in address else 4), r
            assert r["total_bytes"] > r["bytes"] > 0, r
            assert "retransmit_ppm" in r and "tester_busy_ppm" in r, r
            assert ("mtu" in r) == (way == "up"), r  # downwards only the server knows


def udp(s):
    s.edge.nft("""
table inet bend {
  counter seen { }
  counter gone { }
  chain on { type filter hook forward priority 0; policy accept;
    # not the few bytes by which the ends find each other
    udp sport 5201 meta length > 500 counter name seen
    udp sport 5201 meta length > 500 numgen random mod 1000 < 30 counter name gone drop
  }
}""")
    # 20 Mbit/s of payload on 50: what nft drops is all that is lost
    status, r = probe(s.box, NET4, "--opt", "protocol=udp", "--opt", "rate=20M", "--opt",
                      "duration=4s", "--opt", "warmup=1s", "--opt", "streams=1")
    r = r["down"]
    seen = json.loads(s.edge.sh("nft -j list counters"))
    seen = {c["counter"]["name"]: c["counter"]["packets"] for c in seen["nftables"]
            if c.get("counter", {}).get("table") == "bend"}
    assert status == 0, (status, r)
    print(f"udp: {r['goodput_bps'] / 1e6:.2f} Mbit/s, lost {r['loss_ppm'] / 1e4:.2f} %, nft "
          f"dropped {seen['gone']} of {seen['seen']}")
    assert status == 0 and r["method"] == "iperf3/udp", (status, r)
    # those packets but for the warm-up's, four fifths of them: how far the share in so large a
    # sample is from that of all, but for one run in a million
    share = seen["gone"] / seen["seen"]
    band = 5 * math.sqrt(share * (1 - share) * (5 / 4 - 1) / seen["seen"])
    assert abs(r["loss_ppm"] / 1e6 - share) <= band, (r, share, band)
    assert abs(r["goodput_bps"] / 20e6 / (1 - r["loss_ppm"] / 1e6) - 1) < 0.01, r
    s.edge.sh("nft delete table inet bend")
    # half as much again as the line: the rest is lost, and the rate is the line's
    status, r = probe(s.box, NET4, "--opt", "protocol=udp", "--opt", "rate=30M", "--opt",
                      "direction=up", "--opt", "warmup=1s", "--opt", "duration=3s", "--opt", "streams=1")
    r = r["up"]
    print(f"udp up at 30 on {UP}: {r['goodput_bps'] / 1e6:.2f} Mbit/s, lost "
          f"{r['loss_ppm'] / 1e4:.1f} %")
    assert status == 0 and abs(r["goodput_bps"] / (UP * 1e6 * 1448 / 1490) - 1) < 0.03, r
    assert 300_000 < r["loss_ppm"] < 400_000, r


def a_busy_server(s):
    other = s.box.popen(["iperf3", "--client", NET4, "--time", "5", "--bitrate", "1M"],
                        stdout=subprocess.DEVNULL)
    wait_for("the other's test", lambda: s.net.sh("ss -Htn state established").count(":5201") > 1)
    status, r = probe(s.box, NET4, *SHORT, "--opt", "busy_wait=1s")
    r = r["down"]
    assert status == BUSY and r["state"] == "failed", (status, r)
    assert "server busy" in r["reason"] and r["flags"] == ["server-busy"], r
    assert "goodput_bps" not in r and "bytes" not in r, r
    status, r = probe(s.box, NET4, *SHORT, "--opt", "busy_wait=30s")
    assert status == 0 and r["down"]["state"] == "ok", (status, r)
    assert other.wait(20) == 0  # and the other's test was not disturbed
    print("busy: named, and waited for")


def iperf3_of(ns):
    """Outer pids of iperf3 clients in this namespace."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            if (b"--client" in words and name.isdigit() and
                    os.stat(f"/proc/{name}/ns/net").st_ino == os.fstat(ns.fd).st_ino):
                found.append(int(name))
        except (OSError, ValueError):
            continue
    return found


def dies_with_the_run(s):
    # by itself it would go on for longer than is waited for
    running = start(s.box, NET4, "--opt", "duration=60s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    running.kill()
    running.communicate()
    wait_for("iperf3's end", lambda: not iperf3_of(s.box))
    time.sleep(0.5)  # the server notices
    running = start(s.box, NET4, "--opt", "duration=30s", "--opt", "warmup=0s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    time.sleep(5)
    running.send_signal(signal.SIGINT)
    begun = time.monotonic()
    status, r = finish(running)
    assert time.monotonic() - begun < 5, r
    assert status == 130 and r["down"]["state"] == "cancelled", (status, r)
    assert r["down"]["bytes"] > 0, r
    assert not iperf3_of(s.box)
    print("killed with its run; Ctrl-C keeps", r["down"]["bytes"], "bytes")


def a_server_that_dies(s, server):
    running = start(s.box, NET4, "--opt", "duration=10s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    time.sleep(4)
    server.close()
    status, r = finish(running)
    assert status == 3 and r["down"]["state"] == "failed", (status, r)
    assert "closed" in r["down"]["reason"] or "reset" in r["down"]["reason"], r
    print("server killed:", r["down"]["reason"])
    Server(s.net)
    running = start(s.box, NET4, "--opt", "duration=20s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    time.sleep(4)
    s.mid.sh("ip link set dev edge down")
    status, r = finish(running)
    assert r["down"]["state"] == "failed" and "nothing moved" in r["down"]["reason"], r
    print("line cut:", r["down"]["reason"])
    s.mid.sh("ip link set dev edge up")


# ---- instead of iperf3

def report(**more):
    whole = {"start": {"connected": [{"remote_host": "127.0.0.1"}],
                       "test_start": {"protocol": "TCP", "num_streams": 4, "reverse": 1}},
             "intervals": [], "end": {"sum_received": {"seconds": 2, "bytes": 10_000_000},
                                      "sum_sent": {"seconds": 2, "bytes": 10_000_000}}}
    return json.dumps({**whole, **more})


FAKES = (
    # shell, words of the reason
    ("echo nonsense", ("no report",)),
    ("exit 3", ("nothing",)),
    ("exec true", ("nothing",)),
    ("kill -SEGV $$", ("signal 11", "nothing")),
    ("echo 'iperf3: parameter error' >&2; exit 1", ("parameter error",)),
    (f"echo '{report()[:200]}'", ("no report",)),
    (f"echo '{report().replace('10000000', 'NaN')}'", ("no report",)),
    (f"echo '{report(end={})}'", ("without a rate",)),
    (f"echo '{report(error='the server has no mind')}'", ("no mind",)),
    (f"echo '{report().replace('TCP', 'UDP')}'", ("another test",)),
    (f"echo '{report().replace('10000000', '100')}'", ("too few",)),
    (f"echo '{report().replace(': 2,', ': 0.01,')}'", ("were asked for",)),
    ("yes '{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}'", ("more than 4 MB",)),
    ("head -c 6000000 /dev/zero", ("more than 4 MB",)),
    ("trap '' TERM; sleep 60 & wait; sleep 60", ("no test began", "did not end")),
    ("sleep 60 & exit 0", ("nothing",)),  # somebody else holds the output
    ("cat /dev/zero >&2", ("no test began", "did not end", "said")),
)


def warmup_counted(the_lab, ns):
    """A server's count of an upload that takes in what came before the window."""
    seconds = [{"sum": {"seconds": 1, "bytes": 5_000_000, "omitted": i == 0},
                "streams": [{"snd_cwnd": 50_000}] * 4} for i in range(3)]
    path = the_lab.path("fake-up")
    for received, statuses in ((10_100_000, (0,)), (15_000_000, (1, 3))):
        up = report(intervals=seconds, end={"sum_received": {"seconds": 2, "bytes": received},
                                            "sum_sent": {"seconds": 2, "bytes": 10_000_000}})
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/bash\necho '" + up.replace('"reverse": 1', '"reverse": 0') + "'\n")
        os.chmod(path, 0o755)
        said, r = probe(ns, "127.0.0.1", *SHORT, "--opt", f"program={path}", "--opt",
                        "direction=up")
        assert said in statuses, (said, r)
    assert "received 15000000 bytes in 2.0 s" in r["up"]["reason"], r


def fakes(the_lab, ns):
    lines, faults = [], []

    def one(i, text, words):
        path = the_lab.path(f"fake-{i}")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/bash\n" + text + "\n")
        os.chmod(path, 0o755)
        begun = time.monotonic()
        try:
            status, r = probe(ns, "127.0.0.1", *SHORT, "--opt", f"program={path}", "--opt",
                              "connect_timeout=500ms")
            r = r["down"]
            took = time.monotonic() - begun
            assert status in (1, 3) and r["state"] == "failed", (status, r)
            assert any(w in r["reason"] for w in words), (r["reason"], words)
            assert "goodput_bps" not in r, r
            assert took < 40, took
            lines.append(f"  {text[:40]}: {r['reason'][:90]} ({took:.1f} s)")
        except BaseException as e:  # noqa: told below
            faults.append((text[:60], words, repr(e)))

    jobs = [threading.Thread(target=one, args=(i, *case)) for i, case in enumerate(FAKES)]
    for i in range(0, len(jobs), 9):
        for job in jobs[i:i + 9]:
            job.start()
        for job in jobs[i:i + 9]:
            job.join()
    print("\n".join(sorted(lines)))
    assert not faults, faults
    warmup_counted(the_lab, ns)
    status, r = probe(ns, "127.0.0.1", "--opt", "program=/no/such/iperf3")
    assert status == 1 and "install the package iperf3" in r["down"]["reason"], (status, r)


# ---- servers that are none

def hostile(ns):
    def serve(talk):
        with ns.inside():
            listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)

        def loop():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(peer,), daemon=True).start()

        def one(peer):
            try:
                talk(peer)
            except OSError:
                pass
            peer.close()

        threading.Thread(target=loop, daemon=True).start()
        return listener

    def silent(peer):
        time.sleep(60)

    def closes(_peer):
        pass

    def babbles(peer):
        while True:
            peer.sendall(os.urandom(4096))

    def long_parameters(peer):
        peer.recv(37)
        peer.sendall(b"\x09\x7f\xff\xff\xff" + b"{" * 100000)
        time.sleep(60)

    faults = []

    def against(talk):
        listener = serve(talk)
        begun = time.monotonic()
        try:
            status, r = probe(ns, f"127.0.0.1:{listener.getsockname()[1]}", *SHORT, "--opt",
                              "connect_timeout=500ms")
            took = time.monotonic() - begun
            assert status in (1, 3) and r["down"]["state"] == "failed", (status, r)
            assert r["down"]["reason"] and "goodput_bps" not in r["down"], r
            assert took < 30, took
            print(f"  {talk.__name__}: {r['down']['reason'][:100]} ({took:.1f} s)")
        except BaseException as e:  # noqa: told below
            faults.append((talk.__name__, repr(e)))
        listener.close()

    jobs = [threading.Thread(target=against, args=(talk,))
            for talk in (silent, closes, babbles, long_parameters)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert not faults, faults
    status, r = probe(ns, "127.0.0.1:9", *SHORT)
    assert status == BUSY and "refused" in r["down"]["reason"], (status, r)


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, loss_per_mille=0)
    fakes(the_lab, s.lan)
    hostile(s.lan)
    server = Server(s.net)
    tcp(s)
    udp(s)
    a_busy_server(s)
    dies_with_the_run(s)
    a_server_that_dies(s, server)
    return 0


if __name__ == "__main__":
    lab.main(work)
