# SPDX-License-Identifier: GPL-3.0-or-later
"""A flood of SYNs from addresses of chance past a box that follows flows: its table is full, and it
says so; it answers, its memory stays, each packet is counted; and what is made to break readers of
packets passes by it without harm."""
import json
import os
import sys
import time

import lab
from bwtest import Box, wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "traffic"))
import hostile_frames  # noqa: E402

REPLAY = os.environ["BW_REPLAY_TRAFFIC"]
FLOOD, PPS = 40000, 30000
CIRCUIT = """
circuit "wan" {
    vantage = router  source = kernel  interface = "far"  side = school
    capture = flows  flows_one_in = 1  devices = yes  inside = "0.0.0.0/1"
}
"""


def peak_kib(the_lab, box):
    with open(f"/proc/{the_lab.outer_pid(box.proc.pid)}/status", encoding="ascii") as f:
        return int(next(l for l in f if l.startswith("VmHWM")).split()[1])


def capture(box):
    return (box.status() or {"circuits": [{}]})["circuits"][0].get("capture", {})


def frames(the_lab, kind, n=0):
    """A file of them that a veth takes: no frame too short for its own header."""
    path = the_lab.path(kind + ".pcap")
    with open(path, "wb") as f:
        return path, hostile_frames.write(f, ((kept, len(kept)) for kept, _ in
                                              hostile_frames.KINDS[kind](n) if len(kept) >= 14))[0]


def work(the_lab):
    ns = lab.Netns(the_lab, "flood")
    for part in ("all", "default"):
        ns.sysctl(f"net/ipv6/conf/{part}/disable_ipv6", "1")
    the_lab.link(ns, "near", ns, "far", mtu=65535)
    with Box(CIRCUIT, interval="300s", place=ns) as box:
        box.start()
        wait_for("the capture", lambda: capture(box).get("state") == "running", 40)
        rest, sent = peak_kib(the_lab, box), 0
        for kind, n in (("lies", 0), ("chains", 0), ("vlans", 0), ("noise", 2000),
                        ("flood", FLOOD)):
            path, packets = frames(the_lab, kind, n)
            said = json.loads(ns.run([REPLAY, "--pps", str(PPS), "near", path]))
            assert said["packets"] == packets, (kind, said)
            sent += packets
            assert capture(box).get("state") == "running", (kind, box.status())
        time.sleep(1.5)  # a block of the ring that is not full is read after one
        grown = peak_kib(the_lab, box) - rest
        box.stop()
        records = box.records()  # one, or more where a border of the interval was in the run
        traffic = [t for r in records for t in r.get("traffic", [])]
        captured, lost = (sum(t.get(n, 0) for t in traffic) for n in ("captured", "capture_drops"))
        flags = sorted({f for t in traffic for f in t.get("flags", [])})
        counted = sum(r["circuits"][0].get("up", {}).get("packets", 0) for r in records)
        print(f"{sent} packets, {counted} counted, {captured} captured, {lost} lost, "
              f"{grown} KiB more than at rest, {flags}, {len(records)} records")
        assert "flows-full" in flags, traffic
        assert captured > 1000, traffic
        assert counted <= sent
        assert counted > 0.9 * sent
        assert grown < 48 * 1024  # the sanitizer's share is in it; its tables are 4 MiB
    return 0


if __name__ == "__main__":
    lab.main(work)
