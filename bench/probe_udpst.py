# SPDX-License-Identifier: GPL-3.0-or-later
"""probe_udpst - can one core keep up with 1 Gbit/s of a UDP Speed Test? Both ends on one veth
pair that shapes nothing; the far end sends, or asks for, 1 Gbit/s of whole IP packets of 1250
bytes from the first moment. The client is kept on one core. Down it must have received all in
its best second; up the far end counts what came. Beside it iperf3 -u on the same cores, with
as many packets of the same size a second. CPU as in probe_ndt7."""
import json
import subprocess

from benchlib import Bar, Row, bench, cost_of, in_a_lab, interleave, program
from bwtest import SceneError, wait_for
from lab import Netns

RATE_MBPS, SECONDS, RUNS, PORT = 1000, 5, 3, 24601
PAYLOAD, PACKET = 1222, 1250
ADDRESS = "192.0.2.2"


def scene(the_lab):
    box, far = Netns(the_lab, "box"), Netns(the_lab, "far")
    box.run(["ip", "link", "add", "name", "wan", "type", "veth", "peer", "name", "line", "netns",
             f"/proc/self/fd/{far.fd}"], fds=(far.fd,))
    for ns, dev, address in ((box, "wan", "192.0.2.1/30"), (far, "line", ADDRESS + "/30")):
        ns.sh(f"ip link set {dev} up")
        ns.sh(f"ip addr add {address} dev {dev}")
    server = far.popen(["taskset", "-c", "0", program("bench_udpst_server"), ADDRESS, str(PORT),
                        str(RATE_MBPS)], stdout=subprocess.PIPE, universal_newlines=True)
    if server.stdout.readline() != "ready\n":
        raise SceneError("the far end did not start")
    far.popen(["taskset", "-c", "0", "iperf3", "-s", "-B", ADDRESS], stdout=subprocess.DEVNULL)
    wait_for("iperf3", lambda: ":5201" in far.sh("ss -ltn"))
    return box, server


def work(the_lab):
    box, server = scene(the_lab)
    rows = {}
    for way in ("down", "up"):
        def ours():
            status, said, cpu = cost_of(box, ["taskset", "-c", "1", program("bench_run"), "udpst",
                                              f"{ADDRESS}:{PORT}", way, f"duration={SECONDS}s",
                                              "max_rate=1.2G"])
            if status != 0:
                raise SceneError(f"bench_run ended with {status}: {said}")
            r, there = json.loads(said), json.loads(server.stdout.readline())
            if way == "up":
                arrived = there["received"] / max(1, there["seq_most"])
                if arrived < 0.999:
                    raise SceneError(f"the far end lost packets itself: {there}")
            return (r["goodput_bps"] / 1e6, r.get("loss_ppm", 0) / 1e4,
                    cpu * 1e9 / r["total_bytes"], 100 * cpu / there["seconds"])

        def iperf3():
            _, said, cpu = cost_of(box, [
                "taskset", "-c", "1", "iperf3", "-J", "-u", "-c", ADDRESS, "-l", str(PAYLOAD),
                "-b", f"{RATE_MBPS * PAYLOAD // PACKET}M", "-t", str(SECONDS),
                *(["-R"] if way == "down" else [])])
            r = json.loads(said)
            if "error" in r:
                raise ValueError(r["error"])
            best = max(i["sum"]["bits_per_second"] for i in r["intervals"])
            moved = r["end"]["sum"]["bytes"] * PACKET / PAYLOAD
            return (best * PACKET / PAYLOAD / 1e6, r["end"]["sum"]["lost_percent"],
                    cpu * 1e9 / moved, 100 * cpu / r["end"]["sum"]["seconds"])

        rows[way] = interleave(RUNS, ours, iperf3)
    return rows


@bench("probe_udpst", "the udpst probe at 1 Gbit/s on one core beside iperf3 -u",
       groups=("probes",))
def probe_udpst(say):
    say(f"{RUNS} runs of {SECONDS} s each, in turn, both ways")
    rows = []
    for way, (ours, peer) in in_a_lab(work).items():
        rate, loss, cost, busy = zip(*ours)
        peer_rate, peer_loss, peer_cost, peer_busy = zip(*peer) if peer else ((),) * 4
        rows += [Row(f"UDPST {way} at 1 Gbit/s, best second at IP", rate, "Mbit/s", "iperf3 -u",
                     peer_rate, Bar(at_least=RATE_MBPS * 0.99)),
                 Row(f"UDPST {way}, loss in that second", loss, "%", "iperf3 -u", peer_loss,
                     Bar(at_most=0.1)),
                 Row(f"UDPST {way}, CPU per GB", cost, "s", "iperf3 -u", peer_cost,
                     Bar(at_most_times_peer=1.1)),
                 Row(f"UDPST {way}, CPU of one core", busy, "%", "iperf3 -u", peer_busy,
                     Bar(at_most=90))]
    return rows
