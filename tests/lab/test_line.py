# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's line is what it says: rates, delay, loss, counters, the cut."""
import re

import lab
from bwtest import wait_for
from school import BOX4, EDGE4, NET4, NET6, School
from truth import NftCounters


def work(the_lab):
    s = School(the_lab, loss_per_mille=50)
    s.start_nginx()
    print("with standard tools:", s.verify())

    # loss: only echo requests to the target, and what nft counts is what ping misses
    out = s.box.sh(f"ping -n -q -W 1 -c 400 -i 0.002 {NET4}", ok=None)
    sent, got = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", out).groups())
    lost = s.net.counters()["lost4"][0]
    print(f"ping to the target: {sent} sent, {got} came back, nft dropped {lost}")
    assert sent - got == lost, (sent, got, lost)
    assert 0 < lost < 60, lost  # 20 expected; beyond 1e-8 either way is a broken lab
    out = s.box.sh(f"ping -n -q -W 1 -c 100 -i 0.002 {EDGE4}")
    assert " 0% packet loss" in out, out
    assert " 0% packet loss" not in s.box.sh(f"ping -6 -n -q -W 1 -c 400 -i 0.002 {NET6}", ok=None)

    # the counters of the ISP and of the box's interface agree to the byte
    before, box = s.line_bytes(), interface(s.box)
    for args in ("-r 0-29999999 http://%s/big" % NET4, "-X POST -T - http://%s/upload" % NET4):
        done = s.box.run(["curl", "-sfgo", "/dev/null", *args.split()], timeout=60,
                         input="u" * 4_000_000)
        assert done == "", done
    wait_for("quiet", lambda: interface(s.box) == interface(s.box))
    after, box2 = s.line_bytes(), interface(s.box)
    for way in ("down", "up"):
        isp, ours = after[way] - before[way], box2[way] - box[way]
        print(f"{way}: nft at the ISP {isp} bytes, the box's interface {ours}")
        assert isp > 4_000_000
        assert abs(isp - ours) <= 2000, (way, isp, ours)  # a neighbour probe in between

    # also while the line is cut: what the box sends into it has passed the port
    s.cut()
    before, box = s.line_bytes(), interface(s.box)
    assert "100% packet loss" in s.box.sh(f"ping -n -q -c 3 -i 0.1 -W 1 {EDGE4}", ok=None)
    after, box2 = s.line_bytes(), interface(s.box)
    assert after["up"] - before["up"] == box2["up"] - box["up"] > 0, (before, after, box, box2)
    assert after["down"] == before["down"], (before, after)
    assert NftCounters(s.isp).read() == s.isp.counters()
    s.mend()
    assert " 0% packet loss" in s.box.sh(f"ping -n -q -c 3 -i 0.1 -W 1 {EDGE4}")
    assert " 0% packet loss" in s.lan.sh(f"ping -n -q -c 3 -i 0.1 -W 1 {BOX4}")
    return 0


def interface(ns):
    text = ns.sh("ip -s link show dev wan").split("\n")
    rx = int(text[text.index(next(l for l in text if "RX:" in l)) + 1].split()[0])
    tx = int(text[text.index(next(l for l in text if "TX:" in l)) + 1].split()[0])
    return {"down": rx, "up": tx}


if __name__ == "__main__":
    lab.main(work)
