# SPDX-License-Identifier: GPL-3.0-or-later
"""The iperf3 probe on a shaped line against Debian's iperf3 server: rates and losses. A server
that is busy or dies: test_iperf3_ends.py. Programs in its place that lie:
test_iperf3_hostile.py."""
import json
import math
import subprocess

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


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, loss_per_mille=0)
    Server(s.net)
    tcp(s)
    udp(s)
    return 0


if __name__ == "__main__":
    lab.main(work)
