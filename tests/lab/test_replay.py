# SPDX-License-Identifier: GPL-3.0-or-later
"""What the replay sends is what its file says: the far end's counters and tcpdump, paced and
unpaced, both ways; and it sends out of nothing but a veth."""
import json
import os
import subprocess

import lab
from bwtest import wait_for

GENERATOR, REPLAY = os.environ["BW_GEN_TRAFFIC"], os.environ["BW_REPLAY_TRAFFIC"]


def counters(ns, name):
    stats = json.loads(ns.sh(f"ip -j -s link show dev {name}"))[0]["stats64"]
    return {way: (stats[way]["packets"], stats[way]["bytes"]) for way in ("rx", "tx")}


def gained(before, after, way):
    return tuple(b - a for a, b in zip(before[way], after[way]))


def replay(ns, *argv):
    return json.loads(ns.run([REPLAY, *argv]))


def work(the_lab):
    pcap, truth_path = the_lab.path("a.pcap"), the_lab.path("a.json")
    subprocess.run([GENERATOR, "--seed", "11", "--duration-ms", "1000", "--pps", "10000",
                    "--truth", truth_path, pcap], check=True)
    with open(truth_path, encoding="ascii") as f:
        truth = json.load(f)
    ns = lab.Netns(the_lab, "replay")
    for part in ("all", "default"):
        ns.sysctl(f"net/ipv6/conf/{part}/disable_ipv6", "1")  # the kernel has nothing to say
    the_lab.link(ns, "near", ns, "far", mtu=65535)

    # as fast as it goes: the far end counts the same, nothing is lost
    before = counters(ns, "far")
    said = replay(ns, "--unpaced", "--loops", "5", "near", pcap)
    got = gained(before, counters(ns, "far"), "rx")
    print(f"unpaced: {said}, counted {got}")
    assert (said["packets"], said["bytes"]) == got == (5 * truth["packets"], 5 * truth["bytes"])

    # at a rate
    said = replay(ns, "--pps", "20000", "near", pcap)
    print(f"20,000 a second: {said}")
    assert said["packets"] == truth["packets"]
    assert said["pps"] <= 20000 * 1.02, said  # never faster; how much slower it says itself

    # as the file's times say; and frame by frame what stands in it
    seen = the_lab.path("seen.pcap")
    dump = ns.popen(["tcpdump", "-i", "far", "-Z", "root", "-B", "65536", "-s", "128", "-U", "-w", seen],
                    stderr=subprocess.PIPE, universal_newlines=True)
    assert "listening" in dump.stderr.readline()
    said = replay(ns, "near", pcap)
    print(f"as it was: {said}")
    span_us = (truth["last_ns"] - truth["first_ns"]) // 1000
    assert said["took_us"] > span_us - 1000, (said, span_us)  # a batch leaves together
    wait_for("the last frame", lambda: frames(seen) == frames(pcap), seconds=20)
    dump.terminate()
    dump.communicate()

    # both ways at once: what comes from the LAN leaves by the other end
    before = counters(ns, "far")
    said = replay(ns, "--unpaced", "--up", "far", "--router", truth["router_mac"], "near", pcap)
    after = counters(ns, "far")
    ways = {w: [0, 0] for w in ("down", "up", "local")}
    for row in truth["mix"]:
        ways[row["way"]][0] += row["packets"]
        ways[row["way"]][1] += row["bytes"]
    assert gained(before, after, "rx") == tuple(ways["down"]), (said, ways)
    assert gained(before, after, "tx") == tuple(map(sum, zip(ways["up"], ways["local"])))

    # nothing but a veth, no frame longer than it takes, no broken file
    assert "lo: not a veth" in refusal(ns, "lo", pcap)
    ns.sh("ip link set dev near mtu 1500")
    assert "mtu" in refusal(ns, "near", pcap)
    with open(pcap, "rb") as f:
        head = f.read(24 + 16 + 20)
    cut = the_lab.path("cut.pcap")
    with open(cut, "wb") as f:
        f.write(head)
    assert "packet 1 is cut off" in refusal(ns, "near", cut)
    return 0


def refusal(ns, *argv):
    done = subprocess.run(ns.argv([REPLAY, "--unpaced", *argv]), pass_fds=ns.fds,
                          stderr=subprocess.PIPE, universal_newlines=True)
    assert done.returncode == 1, (argv, done)
    return done.stderr


def frames(path):
    """[(length on the wire, first 60 bytes)] of a pcap file of this machine's byte order."""
    with open(path, "rb") as f:
        data = f.read()
    found, at = [], 24
    while at + 16 <= len(data):
        kept, wire = (int.from_bytes(data[at + i:at + i + 4], "little") for i in (8, 12))
        found.append((wire, data[at + 16:at + 16 + min(kept, 60)]))
        at += 16 + kept
    return found


if __name__ == "__main__":
    lab.main(work)
