# SPDX-License-Identifier: GPL-3.0-or-later
"""The stamp probe against a box's reflector on a line that loses in one direction only, beside
what nftables counted; and where nobody reflects."""
import json
import subprocess
import time

import lab
from bwtest import program, wait_for
from test_probe_stamp import FAR4, FAR6, nothing_odd, probe, scene


def loss_has_a_direction(near, far, hub):
    """Over IPv4 only what goes there is lost, over IPv6 only what comes back; both at once."""
    before = hub.status()["reflector"]["answered"]
    running = near.popen([program("bandwitness"), "probe", "stamp", "--json", FAR4, FAR6,
                          "--seconds", "13", "--opt", "interval=100ms", "--opt", "timeout=500ms"],
                         stdout=subprocess.PIPE, universal_newlines=True)
    # what is lost before the first answer has no direction
    wait_for("answers over both", lambda: hub.status()["reflector"]["answered"] >= before + 10)
    far.nft("""table inet t {
  counter there { }
  chain input {
    type filter hook input priority 0;
    meta nfproto ipv4 udp dport 862 numgen random mod 1000 < 200 counter name there drop
  }
}
""")
    near.nft("""table inet t {
  counter back { }
  chain input {
    type filter hook input priority 0;
    meta nfproto ipv6 udp sport 862 numgen random mod 1000 < 200 counter name back drop
  }
}
""")
    time.sleep(8)  # a packet's direction is told once nothing of it can come any more
    far.sh("nft flush chain inet t input")
    near.sh("nft flush chain inet t input")
    out, _ = running.communicate(timeout=60)
    there, back = far.counters()["there"][0], near.counters()["back"][0]
    far.sh("nft flush ruleset")
    near.sh("nft flush ruleset")
    four, six = json.loads(out)["results"]
    print(f"dropped there over IPv4: {there}; told: {four}")
    print(f"dropped back over IPv6: {back}; told: {six}")
    # of 80 at 20 %: beyond 2 and 50 lies less than one in 10^6, and then nft is broken
    for r, truth, mine, other in ((four, there, "lost_out", "lost_back"),
                                  (six, back, "lost_back", "lost_out")):
        assert 2 <= truth <= 50, truth
        assert r["sent"] + r["not_sent"] == 130, r
        assert r["lost"] - r["late"] == truth, (r, truth)
        assert r[mine] == truth and r[other] == 0, (r, truth)


def nobody_there(near, far):
    """A port without a reflector is refused by its machine; a silent line is only silent."""
    far.nft("""table inet t {
  chain input {
    type filter hook input priority 0;
    udp dport 862 drop
  }
}
""")
    found = probe(near, FAR4, f"{FAR4}:8620", "--seconds", "1", "--opt", "interval=200ms",
                  "--opt", "timeout=300ms", status=3)
    far.sh("nft flush ruleset")
    silent, refused = found
    print("silent:", silent, "\nrefused:", refused)
    assert silent["lost"] == silent["sent"] > 0 and "codes" not in silent, silent
    assert refused["lost"] == refused["sent"] > 0, refused
    assert refused["codes"] == {"refused": refused["lost"]}, refused


def work(the_lab):
    near, far, hub = scene(the_lab)
    loss_has_a_direction(near, far, hub)
    nobody_there(near, far)
    nothing_odd(hub, 200)
    hub.stop()
    return 0


if __name__ == "__main__":
    lab.main(work)
