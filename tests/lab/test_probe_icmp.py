# SPDX-License-Identifier: GPL-3.0-or-later
"""The icmp probe beside what nftables counted, what the line was set to, and fping."""
import json
import os
import subprocess
import time

import lab
from bwtest import program, wait_for

A4, B4, C4 = "192.0.2.1", "192.0.2.2", "192.0.2.66"
A6, B6 = "2001:db8::1", "2001:db8::2"
FAR4 = "192.0.2.130"
DELAY_MS = 20


def probe(ns, *args, status=0, prefix=(), timeout=60):
    done = subprocess.run(ns.argv([*prefix, program("bandwitness"), "probe", "icmp", "--json",
                                   *args]), pass_fds=ns.fds, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=timeout)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)["results"] if done.stdout else done.stderr


def pair(the_lab):
    """a == b over two links."""
    a, b = (lab.Netns(the_lab, n) for n in ("a", "b"))
    the_lab.link(a, "if0", b, "peer0")
    the_lab.link(a, "if1", b, "peer1")
    for ns, dev, *addresses in ((a, "if0", A4 + "/26", A6 + "/64"),
                                (b, "peer0", B4 + "/26", B6 + "/64"),
                                (a, "if1", "192.0.2.65/26"), (b, "peer1", C4 + "/26")):
        for address in addresses:
            ns.sh(f"ip addr add {address} dev {dev}")
    a.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    b.sysctl("net/ipv4/icmp_ratelimit", "0")
    return a, b


def far_away(the_lab):
    """a == delay bridge == far."""
    a, mid, far = (lab.Netns(the_lab, n) for n in ("a", "mid", "far"))
    the_lab.link(a, "if2", mid, "near")
    the_lab.link(mid, "off", far, "if0")
    a.sh("ip addr add 192.0.2.129/26 dev if2")
    far.sh(f"ip addr add {FAR4}/26 dev if0")
    a.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    far.sysctl("net/ipv4/icmp_ratelimit", "0")
    bridge = mid.popen([os.environ["BW_DELAYBRIDGE"], "near", "off", str(DELAY_MS * 500)],
                       stdout=subprocess.PIPE, universal_newlines=True)
    assert bridge.stdout.readline() == "ready\n"
    return a


def loss_is_what_was_dropped(a, b):
    b.nft("""table inet t {
  counter asked4 { }
  counter lost4 { }
  counter asked6 { }
  counter lost6 { }
  chain input {
    type filter hook input priority 0;
    icmp type echo-request counter name asked4
    icmp type echo-request numgen random mod 1000 < 100 counter name lost4 drop
    icmpv6 type echo-request counter name asked6
    icmpv6 type echo-request numgen random mod 1000 < 100 counter name lost6 drop
  }
}
""")
    found = probe(a, B4, B6, "--seconds", "20", "--opt", "interval=100ms", "--opt", "timeout=500ms")
    truth = b.counters()
    b.sh("nft flush ruleset")
    for r, family in zip(found, ("4", "6")):
        print(f"IPv{family}: {r['sent']} sent, {r['lost']} lost; nft saw "
              f"{truth['asked' + family][0]} and dropped {truth['lost' + family][0]}")
        assert r["family"] == int(family)
        assert r["sent"] == truth["asked" + family][0], (r, truth)
        assert r["sent"] + r["not_sent"] == 200 and r["sent"] >= 150, r  # a stalled machine skips
        assert r["lost"] == truth["lost" + family][0], (r, truth)
        assert r["late"] == 0, r
        # of 200 at 10 %: beyond 2 … 50 lies less than one in 10^6, and then nft is broken
        assert 2 <= r["lost"] <= 50, r


def on_echo(verdict):
    return f"""flush ruleset
table inet t {{
  chain input {{
    type filter hook input priority 0;
    icmp type echo-request {verdict}
  }}
}}
"""


def nothing_back(a, b):
    b.nft(on_echo("drop"))
    (r,) = probe(a, B4, "--seconds", "2", "--opt", "interval=200ms", "--opt", "timeout=300ms",
                 status=3)
    assert r["sent"] == r["lost"] == 10 - r["not_sent"], r
    assert not [k for k in r if k.startswith("rtt")], r
    # a router that says why: lost at once, with the reason, and not late
    b.nft(on_echo("reject with icmp type host-prohibited"))
    b.sysctl("net/ipv4/icmp_msgs_per_sec", "10000")
    (r,) = probe(a, B4, "--seconds", "2", "--opt", "interval=200ms", status=3)
    assert r["sent"] == r["lost"] == 10 - r["not_sent"] and r["late"] == 0, r
    assert r["told"], r
    b.sh("nft flush ruleset")


def answers_of_another_count_for_nothing(a, b):
    """Answers whose source was changed on the way: lost, and named."""
    b.nft("""flush ruleset
table inet t {
  chain out {
    type route hook output priority 0;
    icmp type echo-reply ip saddr set 192.0.2.9
    icmpv6 type echo-reply ip6 saddr set 2001:db8::9
  }
}
""")
    for ping_sockets in ("0 2147483647", "1 0"):
        a.sysctl("net/ipv4/ping_group_range", ping_sockets)
        for r in probe(a, B4, B6, "--seconds", "2", "--opt", "interval=200ms", "--opt",
                       "timeout=300ms", status=3):
            assert r["sent"] == r["lost"] == 10 - r["not_sent"], r
            assert r["codes"] == {"other-address": r["lost"]} and r["late"] == 0, r
    a.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    b.sh("nft flush ruleset")


def a_delay_as_set(a):
    (r,) = probe(a, FAR4, "--seconds", "5", "--opt", "interval=100ms")
    fping = subprocess.run(a.argv(["fping", "-C", "50", "-p", "100", "-q", FAR4]),
                           pass_fds=(a.fd,), stderr=subprocess.PIPE, universal_newlines=True)
    times = sorted(float(t) for t in fping.stderr.split(":")[1].split() if t != "-")
    ours, theirs = r["rtt_p50_ns"] / 1e6, times[len(times) // 2]
    print(f"set {DELAY_MS} ms; median {ours:.3f} ms, fping {theirs:.3f} ms")
    assert r["lost"] == 0 and r["sent"] == 50 - r["not_sent"], r
    assert abs(ours - DELAY_MS) <= 2, ours
    assert ours <= theirs + 1, (ours, theirs)


def late_is_not_lost_twice(a):
    (r,) = probe(a, FAR4, "--seconds", "3", "--opt", "interval=250ms", "--opt", "timeout=100ms")
    assert r["lost"] == 0, r
    a.sh("tc qdisc add dev if2 root tbf rate 8kbit burst 1600 limit 100000")
    (r,) = probe(a, FAR4, "--seconds", "3", "--opt", "interval=250ms", "--opt", "timeout=100ms",
                 "--opt", "size=400")
    a.sh("tc qdisc del dev if2 root")
    print(f"400 bytes at 8 kbit/s: {r['sent']} sent, {r['lost']} lost, {r['late']} of them late")
    assert r["lost"] >= 4 and 1 <= r["late"] <= r["lost"], r


def by_the_interface_that_was_asked_for(a, b):
    def asked(dev):
        return json.loads(b.sh(f"ip -s -j link show dev {dev}"))[0]["stats64"]["rx"]["packets"]
    b.sh("ip addr add 198.51.100.1/32 dev lo")
    a.sh(f"ip route add 198.51.100.1 via {B4} metric 10")
    a.sh(f"ip route add 198.51.100.1 via {C4} metric 20")
    before = asked("peer0"), asked("peer1")
    probe(a, "198.51.100.1", "--seconds", "2", "--opt", "interval=100ms", "--device", "if1")
    after = asked("peer0"), asked("peer1")
    print("packets seen at the two links:", after[0] - before[0], after[1] - before[1])
    assert after[1] - before[1] >= 20 and after[0] - before[0] <= 5


def an_interface_that_goes_and_comes(the_lab, a, b):
    running = a.popen([program("bandwitness"), "probe", "icmp", "--json", C4, "--seconds", "9",
                       "--device", "if1", "--opt", "interval=100ms", "--opt", "timeout=200ms"],
                      stdout=subprocess.PIPE, universal_newlines=True)
    time.sleep(2)
    a.sh("ip link del if1")
    time.sleep(2)
    the_lab.link(a, "if1", b, "peer1")
    a.sh("ip addr add 192.0.2.65/26 dev if1")
    b.sh(f"ip addr add {C4}/26 dev peer1")
    out, _ = running.communicate(timeout=30)
    (r,) = json.loads(out)["results"]
    print("gone for 2 s of 9:", r)
    assert r["not_sent"] >= 10 and r["not_sent_reason"], r
    answers = r["sent"] - r["lost"]
    assert 30 <= answers <= 75, r  # more than before it went: it came back by itself


def rights(a):
    a.sysctl("net/ipv4/ping_group_range", "1 0")
    (r,) = probe(a, B4, "--seconds", "1", "--opt", "interval=200ms")  # by a raw socket
    assert r["sent"] == 5 - r["not_sent"] and r["lost"] == 0, r
    (r,) = probe(a, B6, "--seconds", "1", "--opt", "interval=200ms")
    assert r["sent"] == 5 - r["not_sent"] and r["lost"] == 0, r
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
              "--bounding-set", "-all", "--no-new-privs")
    said = probe(a, B4, "--seconds", "1", status=1, prefix=nobody)
    assert "ping_group_range" in said and "CAP_NET_RAW" in said, said
    a.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    (r,) = probe(a, B4, "--seconds", "1", "--opt", "interval=200ms", prefix=nobody)
    assert r["sent"] == 5 - r["not_sent"] and r["lost"] == 0, r


def what_cannot_be_sent(a):
    """No figure of what never left: the reason, and 0 sent; a neighbour is not held up."""
    a.nft("""table inet t {
  chain output {
    type filter hook output priority 0;
    ip daddr 192.0.2.9 drop
  }
}
""")
    cases = (("192.0.2.9", "not permitted"), ("203.0.113.5", "unreachable"),
             ("2001:db8:f::5", "unreachable"), ("no-such.invalid", "could not be looked up"))
    found = probe(a, *[c[0] for c in cases], B4, "--seconds", "2", "--opt", "timeout=500ms",
                  status=1)
    a.sh("nft flush ruleset")
    for r, (target, reason) in zip(found, cases):
        print(f"  {target}: {r.get('not_sent_reason')}")
        assert r["target"] == target and reason in r["not_sent_reason"], r
        assert r["sent"] == r["lost"] == 0 and r["not_sent"] > 0, r
        assert not [k for k in r if k.startswith("rtt")], r
    assert found[-1]["sent"] == 2 and found[-1]["lost"] == 0, found[-1]


def one_family_only(the_lab):
    """IPv6 alone, at the smallest MTU that it allows: large echoes go in fragments."""
    six, peer = lab.Netns(the_lab, "six"), lab.Netns(the_lab, "sixpeer")
    the_lab.link(six, "if0", peer, "if0")
    for ns, address in ((six, "2001:db8:6::1/64"), (peer, "2001:db8:6::2/64")):
        ns.sh(f"ip addr add {address} dev if0 nodad")
        ns.sh("ip link set if0 mtu 1280")
    six.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    for size in ("56", "1400"):
        found = probe(six, "2001:db8:6::2", "--seconds", "2", "--opt", f"size={size}")
        assert found[0]["family"] == 6 and found[0]["sent"] == 2 and found[0]["lost"] == 0, found
    found = probe(six, "192.0.2.1", "--seconds", "2", status=1)
    assert found[0]["sent"] == 0 and "unreachable" in found[0]["not_sent_reason"], found


def ends_when_asked(a, b):
    b.nft("""table inet t {
  counter asked { }
  chain input {
    type filter hook input priority 0;
    icmp type echo-request counter name asked
  }
}
""")
    running = a.popen([program("bandwitness"), "probe", "icmp", "--json", B4, "--seconds", "60"],
                      stdout=subprocess.PIPE, universal_newlines=True)
    wait_for("three echoes", lambda: b.counters()["asked"][0] >= 3)
    running.send_signal(2)
    out, _ = running.communicate(timeout=20)
    asked = b.counters()["asked"][0]
    b.sh("nft flush ruleset")
    whole = json.loads(out)
    assert running.returncode == 130 and whole["interrupted"], whole
    # the last one may have been under way
    assert asked - 1 <= whole["results"][0]["sent"] <= asked < 60, (whole, asked)


def work(the_lab):
    a = far_away(the_lab)
    a_delay_as_set(a)
    late_is_not_lost_twice(a)

    def direct(*parts):
        """In namespaces of their own, one after the other."""
        def do():
            a, b = pair(the_lab)
            for part in parts:
                part(a, b)
        return do

    # no delays from here on: they mostly wait
    lab.at_once(direct(loss_is_what_was_dropped),
                direct(nothing_back, answers_of_another_count_for_nothing,
                       by_the_interface_that_was_asked_for),
                direct(lambda a, b: an_interface_that_goes_and_comes(the_lab, a, b),
                       lambda a, b: rights(a)),
                direct(lambda a, b: what_cannot_be_sent(a), lambda a, b: one_family_only(the_lab),
                       ends_when_asked))
    return 0


if __name__ == "__main__":
    lab.main(work)
