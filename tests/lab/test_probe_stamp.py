# SPDX-License-Identifier: GPL-3.0-or-later
"""The stamp probe against a box's reflector, over a line with a set delay: beside fping and irtt
on the same path; and against a reflector made with scapy's codec. Losses: test_stamp_loss.py."""
import json
import os
import statistics
import subprocess

import lab
from bwtest import Box, program, wait_for

A4, FAR4 = "192.0.2.129", "192.0.2.130"
A6, FAR6 = "2001:db8::1", "2001:db8::2"
DELAY_MS = 20
BAND_MS = 0.2 + 0.01 * DELAY_MS
SCAPY_PORT = 8629

REFLECTOR = """
reflector {
    rate = 1000
    source "near4" { prefix = "192.0.2.0/24" }
    source "near6" { prefix = "2001:db8::/32" }
}
"""

# A reflector of somebody else's making: TWAMP Light's habit, a count of its own.
OTHERS = """
import socket, sys, time
from scapy.contrib.stamp import (ErrorEstimate, STAMPSessionReflectorTestUnauthenticated as Answer,
                                 STAMPSessionSenderTestUnauthenticated as Asked)
from scapy.layers.inet import UDP
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("%s", %d))
NTP = 2208988800
print("ready", flush=True)
for n in range(10**6):
    data, peer = s.recvfrom(2048)
    t2 = time.time() + NTP
    q = UDP(bytes(UDP(sport=peer[1], dport=862) / data[:44]))[Asked]
    e = ErrorEstimate(S=0, scale=20, multiplier=1)
    answer = bytes(Answer(seq=n, ts=time.time() + NTP, err_estimate=e, ssid=q.ssid, ts_rx=t2,
                          seq_sender=q.seq, err_estimate_sender=q.err_estimate, ttl_sender=64))
    s.sendto(answer[:28] + data[4:12] + answer[36:], peer)  # its own T1 would be rounded
"""


def probe(ns, *args, status=0, timeout=90):
    done = subprocess.run(ns.argv([program("bandwitness"), "probe", "stamp", "--json", *args]),
                          pass_fds=ns.fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=timeout)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)["results"]


def scene(the_lab):
    """near == delay bridge == far, where a box reflects."""
    near, mid, far = (lab.Netns(the_lab, n) for n in ("near", "mid", "far"))
    the_lab.link(near, "if0", mid, "near")
    the_lab.link(mid, "off", far, "if0")
    for ns, four, six in ((near, A4, A6), (far, FAR4, FAR6)):
        ns.sh(f"ip addr add {four}/26 dev if0")
        ns.sh(f"ip addr add {six}/64 dev if0 nodad")
    bridge = mid.popen([os.environ["BW_DELAYBRIDGE"], "near", "off", str(DELAY_MS * 500)],
                       stdout=subprocess.PIPE, universal_newlines=True)
    assert bridge.stdout.readline() == "ready\n"
    hub = Box(Box.CIRCUIT % "if0" + REFLECTOR, place=far, folder=the_lab.path("hub", "x")[:-2])
    hub.start()
    probe(near, FAR4, FAR6, "--seconds", "1", "--opt", "interval=100ms")  # neighbours are known
    return near, far, hub


def by_fping(ns, to):
    done = subprocess.run(ns.argv(["fping", "-C", "30", "-p", "100", "-q", to]),
                          pass_fds=ns.fds, stderr=subprocess.PIPE, universal_newlines=True)
    return statistics.median(float(t) for t in done.stderr.split(" : ")[1].split() if t != "-")


def by_irtt(near, far, to):
    host = f"[{to}]" if ":" in to else to
    server = far.popen(["irtt", "server", "-b", f"{host}:2112"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    try:
        text = wait_for("irtt's server", lambda: near.run(
            ["irtt", "client", "-Q", "-i", "100ms", "-d", "3s", "-l", "44", "-o", "-", host],
            ok=None).strip(), 30)
    finally:
        server.terminate()
        server.wait()
    return json.loads(text)["stats"]["rtt"]["median"] / 1e6


def a_delay_as_set(near, far):
    """Each alone on the path; the three differ by where their clocks look."""
    found = probe(near, FAR4, FAR6, "--seconds", "3", "--opt", "interval=100ms")
    assert [r["family"] for r in found] == [4, 6], found
    for r, to in zip(found, (FAR4, FAR6)):
        ours, fping, irtt = r["rtt_p50_ns"] / 1e6, by_fping(near, to), by_irtt(near, far, to)
        print(f"IPv{r['family']}: set {DELAY_MS} ms; median ours {ours:.3f} ms (least "
              f"{r['rtt_min_ns'] / 1e6:.3f}), fping {fping:.3f} ms, irtt {irtt:.3f} ms")
        assert r["lost"] == 0 and r["sent"] == 30 - r["not_sent"], r
        assert abs(ours - DELAY_MS) <= BAND_MS, (ours, BAND_MS)
        assert ours <= fping + BAND_MS and ours <= irtt + BAND_MS, (ours, fping, irtt)
        if "one_way_error_ns" in r:  # this machine's clock is set from outside
            there, back, within = (r[k] / 1e6 for k in ("out_p50_ns", "back_p50_ns",
                                                        "one_way_error_ns"))
            print(f"  one way: {there:.3f} ms there, {back:.3f} ms back, within {within:.3f} ms")
            assert abs(there - DELAY_MS / 2) <= within + BAND_MS, r
            assert abs(back - DELAY_MS / 2) <= within + BAND_MS, r


def by_anothers_codec(near, far):
    """What scapy answers we read, and its numbers tell that it counts."""
    other = far.popen(["/usr/bin/python3", "-c", OTHERS % (FAR4, SCAPY_PORT)],
                      stdout=subprocess.PIPE, universal_newlines=True)
    try:
        assert other.stdout.readline() == "ready\n"
        (r,) = probe(near, f"{FAR4}:{SCAPY_PORT}", "--seconds", "3", "--opt", "interval=100ms")
        (small,) = probe(near, FAR4, "--seconds", "1", "--opt", "interval=100ms", "--opt",
                         "size=1000")
    finally:
        other.terminate()
        other.wait()
    print("by scapy:", r)
    assert r["lost"] == 0 and r["sent"] == 30 - r["not_sent"], r
    # its T2 and T3 are taken in user space: what lies between T2 and the kernel's receipt counts
    assert DELAY_MS - BAND_MS <= r["rtt_p50_ns"] / 1e6 <= DELAY_MS + 5, r
    assert small["lost"] == 0, small


def nothing_odd(hub, least):
    """What the reflector counted: at least so many answers, and nothing else."""
    said = hub.status()["reflector"]
    print("the reflector:", said)
    assert said["answered"] > least and said["foreign"] == said["malformed"] == 0, said
    assert said["limited"] == said["failed"] == said["uncounted"] == 0, said


def work(the_lab):
    near, far, hub = scene(the_lab)
    a_delay_as_set(near, far)
    by_anothers_codec(near, far)
    nothing_odd(hub, 70)
    hub.stop()
    return 0


if __name__ == "__main__":
    lab.main(work)
