# SPDX-License-Identifier: GPL-3.0-or-later
"""probe_icmp - 500 targets, one packet a second each, beside fping over one veth pair. The
CPU is that of the whole process from start to end, by the kernel's account, over the
packets sent; round trips are the medians of all answers of a run. Then one target ten times a
second beside irtt, whose packets are UDP to its own server and whose stamps are its own."""
import json
import subprocess
import time

from benchlib import Bar, Row, bench, cost_of, in_a_lab, interleave, program
from bwtest import SceneError
from lab import Netns

TARGETS, RUN_S, RUNS = 500, 12, 5
ALONE_S = 4
FIRST = "198.18.0.1"


def scene(the_lab):
    box, far = Netns(the_lab, "box"), Netns(the_lab, "far")
    the_lab.link(box, "wan", far, "line")
    box.sh("ip addr add 192.0.2.1/30 dev wan")
    far.sh("ip addr add 192.0.2.2/30 dev line")
    box.sh("ip route add 198.18.0.0/15 via 192.0.2.2")
    far.sh("ip route add local 198.18.0.0/15 dev lo")
    box.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    box.sh("ping -c 1 198.18.0.1")
    return box, far


def targets():
    return [f"198.18.{i // 256}.{i % 256}" for i in range(1, TARGETS + 1)]


def work(the_lab):
    box, far = scene(the_lab)
    far.popen(["irtt", "server", "-b", "192.0.2.2", "-i", "0", "-d", "0"],
              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)

    def ours():
        status, said, cpu = cost_of(box, [program("bench_icmp"), FIRST, str(TARGETS),
                                          str(RUN_S)])
        if status != 0:
            raise SceneError(f"bench_icmp ended with {status}: {said}")
        r = json.loads(said)
        if r["sent"] < TARGETS * RUN_S * 0.98 or r["lost"]:
            raise SceneError(f"the machine did not keep up: {said}")
        return cpu * 1e6 / r["sent"], r["rtt_p50_ns"] / 1000

    def fping():
        # One packet every 2 ms: each of the 500 once a second, spread as evenly as it can.
        _, said, cpu = cost_of(box, ["fping", "-q", "-C", str(RUN_S), "-p", "1000", "-i",
                                     str(1000 // TARGETS), "-t", "900", *targets()])
        times = [float(t) * 1000 for line in said.splitlines() if " : " in line
                 for t in line.split(" : ")[1].split() if t != "-"]
        if len(times) < TARGETS * RUN_S * 0.98:
            raise ValueError(f"fping had {len(times)} answers: {said[:200]}")
        times.sort()
        return cpu * 1e6 / (TARGETS * RUN_S), times[len(times) // 2]

    def alone():
        _, said, _ = cost_of(box, [program("bench_icmp"), "192.0.2.2", "1", str(ALONE_S),
                                   "interval=100ms"])
        return json.loads(said)["rtt_p50_ns"] / 1000

    def irtt():
        _, said, _ = cost_of(box, ["irtt", "client", "-i", "100ms", "-d", f"{ALONE_S}s", "-Q",
                                   "-o", "-", "192.0.2.2"])
        return json.loads(said[said.index("{"):])["stats"]["rtt"]["median"] / 1000

    return interleave(RUNS, ours, fping), interleave(RUNS, alone, irtt)


@bench("probe_icmp", f"{TARGETS} targets once a second beside fping and irtt", groups=("main", "probes"))
def probe_icmp(say):
    say(f"{RUNS} runs of {RUN_S} s each, in turn")
    (ours, fping), (alone, irtt) = in_a_lab(work)
    cpu, rtt = zip(*ours)
    peer_cpu, peer_rtt = zip(*fping) if fping else ((), ())
    return [Row("ICMP 500 targets, CPU per 1,000 packets", cpu, "ms", "fping", peer_cpu,
                Bar(at_most=20, at_most_times_peer=1)),
            Row("ICMP median round trip over veth", rtt, "us", "fping", peer_rtt,
                Bar(at_most_over_peer=2)),
            Row("ICMP one target, median round trip over veth", alone, "us", "irtt", irtt,
                Bar(at_most_times_peer=1))]
