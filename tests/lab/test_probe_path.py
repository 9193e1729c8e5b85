# SPDX-License-Identifier: GPL-3.0-or-later
"""The path probe in a chain of routers whose routes are known, beside Debian's traceroute and
tracepath.

    box ══ r1 ── r2 ─┬─ r3 ─┬─ r4 ── far
                     └─ s3 ─┘
"""
import ipaddress
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import lab
from bwtest import program, wait_for
from bwtest.box import Box

ROUTERS = 4
FAR4, FAR6 = "198.51.100.7", "2001:db8:ff::7"
QUICK = ("--opt", "wait=300ms", "--opt", "names=no")


def start(ns, *args, env=None):
    return ns.popen([program("bandwitness"), "probe", "path", "--json", *args],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                    **({"env": {**os.environ, **env}} if env else {}))


FAILED = (1, 3)  # it could not be traced, or nothing answered


def finish(running, status=(0,), timeout=120):
    out, err = running.communicate(timeout=timeout)
    assert running.returncode in status, (running.args, running.returncode, out, err)
    return json.loads(out)["results"] if out else err


def probe(ns, *args, status=(0,), **kw):
    return finish(start(ns, *args, **kw), status)


def addresses(r):
    return [h.get("address") for h in r["hops"]]


class Chain:
    """Link i joins node i and node i + 1: 10.0.i.0/24 and 2001:db8:i::/64. Number 8 is a
    second link of box and r1; 9 and 7 lead over the spare router s3."""

    def __init__(self, the_lab):
        names = ["box"] + [f"r{i}" for i in range(1, ROUTERS + 1)] + ["far"]
        self.nodes = [lab.Netns(the_lab, n) for n in names]
        self.box, self.far = self.nodes[0], self.nodes[-1]
        for i, (a, b) in enumerate(zip(self.nodes, self.nodes[1:])):
            self._join(the_lab, a, b, i)
        self.s3 = lab.Netns(the_lab, "s3")
        self._join(the_lab, self.nodes[0], self.nodes[1], 8)
        self._join(the_lab, self.nodes[2], self.s3, 9)
        self._join(the_lab, self.s3, self.nodes[4], 7)
        last = len(self.nodes) - 1
        for i, ns in [*enumerate(self.nodes), (None, self.s3)]:
            ns.sysctl("net/ipv4/ip_forward", "1")
            ns.sysctl("net/ipv6/conf/all/forwarding", "1")
            ns.sysctl("net/ipv4/icmp_ratelimit", "0")
            ns.sysctl("net/ipv6/icmp/ratelimit", "0")
            if ns == self.s3:
                self._route(ns, FAR4, FAR6, 7, 2)
                self._route(ns, "10.0.0.0/24", "2001:db8::/64", 9, 1)
                self._route(ns, "10.0.1.0/24", "2001:db8:1::/64", 9, 1)
                self._route(ns, "10.0.8.0/24", "2001:db8:8::/64", 9, 1)
                continue
            if i < last:
                self._route(ns, FAR4, FAR6, i, 2)
            for k in [*range(i - 1), *([8] if i > 1 else [])]:
                self._route(ns, f"10.0.{k}.0/24", f"2001:db8:{k}::/64", i - 1, 1)
        self.far.sh(f"ip addr add {FAR4}/32 dev lo")
        self.far.sh(f"ip addr add {FAR6}/128 dev lo nodad")
        self.box.sysctl("net/ipv4/ping_group_range", "0 2147483647")

    @staticmethod
    def _route(ns, to4, to6, link, end):
        ns.sh(f"ip route add {to4} via 10.0.{link}.{end}")
        ns.sh(f"ip -6 route add {to6} via 2001:db8:{link}::{end}")

    @staticmethod
    def _join(the_lab, a, b, number):
        the_lab.link(a, f"to{number}", b, f"from{number}")
        for ns, dev, end in ((a, f"to{number}", 1), (b, f"from{number}", 2)):
            ns.sh(f"ip addr add 10.0.{number}.{end}/24 dev {dev}")
            ns.sh(f"ip -6 addr add 2001:db8:{number}::{end}/64 dev {dev} nodad")

    def truth(self, family, spare=False):
        """Who answers with each hop limit: the side of a router that faces the box."""
        links = [0, 1, 9 if spare else 2, 3]
        if family == 4:
            return [f"10.0.{i}.2" for i in links] + [FAR4]
        return [str(ipaddress.ip_address(f"2001:db8:{i}::2")) for i in links] + [FAR6]

    def spare(self, on):
        """The way from r2 to r4 goes over the spare router."""
        link = 9 if on else 2
        self.nodes[2].sh(f"ip route replace {FAR4} via 10.0.{link}.2")
        self.nodes[2].sh(f"ip -6 route replace {FAR6} via 2001:db8:{link}::2")


def as_the_routes_are(c):
    """Both families and methods, at once."""
    running = {}
    for family, far in ((4, FAR4), (6, FAR6)):
        for method in ("icmp", "udp"):
            running[family, method] = start(c.box, far, "--opt", f"method={method}", *QUICK)
    for (family, method), r in running.items():
        (r,) = finish(r)
        print(f"IPv{family} {method}: {addresses(r)} mtu {r.get('mtu')}")
        assert addresses(r) == c.truth(family), r
        assert r["reached"] and r["family"] == family and r["method"] == method, r
        assert r["mtu"] == 1500 and "flag" not in r, r
        assert all(h["sent"] == 3 and h["lost"] == 0 for h in r["hops"]), r


def as_traceroute_sees_it(c):
    for family, far in ((4, FAR4), (6, FAR6)):
        said = c.box.sh(f"traceroute -{family} -n -q 1 -w 2 {far}", timeout=60)
        theirs = re.findall(r"^ *\d+ +(\S+)", said, re.M)
        (r,) = probe(c.box, far, *QUICK, "--opt", "mtu=no")
        print(f"traceroute: {theirs}")
        assert theirs == addresses(r), (theirs, r)
        (said,) = re.findall(r"pmtu (\d+)", c.box.sh(f"tracepath -{family} -n {far}", timeout=90)
                             .splitlines()[-1])
        assert int(said) == 1500, said


def two_ways(c):
    """r2 sends flows over two routers, by addresses and ports. All of one of our traces goes
    over one of them, and nft there saw it; a trace that changes its ports is torn apart."""
    r2, r3 = c.nodes[2], c.nodes[3]
    r2.sysctl("net/ipv4/fib_multipath_hash_policy", "1")
    r2.sysctl("net/ipv6/fib_multipath_hash_policy", "1")
    r2.sh(f"ip route replace {FAR4} nexthop via 10.0.2.2 nexthop via 10.0.9.2")
    r2.sh(f"ip -6 route replace {FAR6} nexthop via 2001:db8:2::2 nexthop via 2001:db8:9::2")
    for ns in (r3, c.s3):
        ns.nft(f"""table inet t {{
  counter through {{ }}
  chain early {{
    type filter hook prerouting priority 0;
    ip daddr {FAR4} counter name through
    ip6 daddr {FAR6} counter name through
  }}
}}
""")

    def seen(do):
        before = [ns.counters()["through"][0] for ns in (r3, c.s3)]
        do()
        return [ns.counters()["through"][0] - n for ns, n in zip((r3, c.s3), before)]

    used = set()
    for n in range(4):
        for family, far in ((4, FAR4), (6, FAR6)):
            method = ("udp", "icmp")[n % 2]
            by = seen(lambda: probe(c.box, far, "--opt", f"method={method}", "--opt",
                                    "probes=5", *QUICK))
            assert min(by) == 0 and max(by) >= 5 * 3, (far, method, by)
            used.add((method, by[0] == 0))
    torn = seen(lambda: c.box.sh(f"traceroute -n -q 5 -w 1 {FAR4}"))
    print(f"two ways: ours over one of them each time ({sorted(used)}); "
          f"traceroute's packets by router: {torn}")
    assert min(torn) > 0, torn  # else there was nothing to be torn apart by
    for ns in (r3, c.s3):
        ns.sh("nft flush ruleset")


def box_on(c, **options):
    lines = "\n".join(f"    {k} = {v}" for k, v in options.items())
    return Box(text=Box.CIRCUIT % "to0" + f"""
path "way4" {{
    circuit = wan
    target "far4" {{ address = "{FAR4}" }}
{lines}
}}
path "way6" {{
    circuit = wan
    target "far6" {{ address = "{FAR6}" }}
{lines}
}}
""", place=c.box, folder=c.box.lab.path("box", "x")[:-2])


def change_and_no_change(c):
    """A daemon traces every second, first over two ways at once, then over the one, then the
    other. Its records say when the way changed, and otherwise that it did not."""
    box = box_on(c, interval="1s", method="udp", mtu="no", names="no", wait="500ms")
    box.start()

    def traces(seconds=0):
        """All of them, once each family has three that began so much later than now."""
        after = time.time() * 1000 + seconds * 1000

        def enough():
            found = [p for r in box.records() for p in r.get("paths", [])]
            each = [sum(p["probe"] == n and p["at_ms"] > after for p in found)
                    for n in ("far4", "far6")]
            return found if min(each) >= 3 else None
        return box.wait("three traces each", enough, 60)

    steady = traces(2)
    print(f"two ways: {len(steady)} traces of the daemon, "
          f"{sum(p.get('changed', 0) for p in steady)} changed")
    assert len(steady) >= 8 and not [p for p in steady if p.get("changed")], steady
    assert all(p["reached"] == 1 for p in steady), steady
    # By which of the two each family goes is the kernel's choice: make both go by one, and
    # then by the other.
    c.spare(False)
    settled = traces(1)
    c.spare(True)
    moved = traces(1)[len(settled):]
    for name in ("far4", "far6"):
        mine = [p for p in moved if p["probe"] == name]
        print(f"{name}: the way moved; changed is {[p['changed'] for p in mine]}")
        assert sum(p["changed"] for p in mine) == 1, mine
        assert [p["changed"] for p in mine[-3:]] == [0, 0, 0], mine
        (at,) = [p for p in mine if p["changed"]]
        before = [p for p in settled if p["probe"] == name][-1]
        assert at["hash"] != before["hash"], (at, before)
        assert [h["ttl"] for h in at["hops"]] == [1, 2, 3, 4, 5], at
        assert len({h["hash"] for h in at["hops"]}) == 5, at
    text = json.dumps(box.records())
    for address in [*c.truth(4), *c.truth(6), *c.truth(4, True)[2:3], *c.truth(6, True)[2:3]]:
        assert address not in text, address  # names and hashes, no addresses
    assert not [r for r in box.records() if r.get("outages")]
    rows = {t["target"]: t for t in box.status()["circuits"][0]["latency"]}
    assert set(rows) == {"far4", "far6"}, rows
    assert all(t["kind"] == "path" and t["hops"] == 5 and t["reached"] for t in rows.values()), rows
    assert "5 hops, reached" in box.command("status", "--socket", box.socket)
    box.stop()
    c.spare(False)


DROP_WORDS = """table inet t {
  chain out {
    type filter hook output priority 0;
    %s
  }
}
"""


def a_router_that_does_not_answer(c):
    c.nodes[3].nft(DROP_WORDS % "icmp type time-exceeded drop\n icmpv6 type time-exceeded drop")
    running = [(f, start(c.box, far, *QUICK)) for f, far in ((4, FAR4), (6, FAR6))]
    for family, r in running:
        (r,) = finish(r)
        truth = c.truth(family)
        assert addresses(r) == truth[:2] + [None] + truth[3:], r
        assert r["hops"][2]["lost"] == 3 and "rtt_ns" not in r["hops"][2], r
        assert r["reached"] and r["mtu"] == 1500, r
    # three silent ones: the trace ends there, and claims no more
    for ns in c.nodes[3:]:
        ns.nft("flush ruleset\n" + DROP_WORDS % "meta l4proto { icmp, ipv6-icmp } drop")
    (r,) = probe(c.box, FAR4, *QUICK, "--opt", "silent=2")
    assert addresses(r) == c.truth(4)[:2] and not r["reached"] and r["mtu"] == 1500, r
    for ns in c.nodes[3:]:
        ns.sh("nft flush ruleset")


def no_way_on(c):
    c.nodes[3].nft(f"""table inet t {{
  chain forward {{
    type filter hook forward priority 0;
    ip daddr {FAR4} reject with icmp type net-unreachable
  }}
}}
""")
    (r,) = probe(c.box, FAR4, *QUICK)
    assert addresses(r) == c.truth(4)[:3] + c.truth(4)[2:3] and not r["reached"], r
    assert r.get("mtu") in (1500, None) and "flag" not in r, r
    c.nodes[3].sh("nft flush ruleset")
    (r,) = probe(c.box, "203.0.113.1", *QUICK, status=FAILED)
    assert r["state"] == "failed" and "unreachable" in r["reason"], r
    (r,) = probe(c.box, "no-such.invalid", *QUICK, status=FAILED,
                 env={"RES_OPTIONS": "timeout:1 attempts:1"})
    assert r["state"] == "failed" and r["reason"] == "the name could not be looked up", r
    # a neighbour that is not there: this machine says so itself, and is no hop
    (r,) = probe(c.box, "10.0.0.77", *QUICK, "--opt", "silent=2", status=FAILED)
    assert r["hops"] == [] and not r["reached"], r


def an_answer_of_another(c):
    """The far end's answers come from an address that nobody asked."""
    c.far.nft("""flush ruleset
table inet t {
  chain out {
    type route hook output priority 0;
    icmp type echo-reply ip saddr set 198.51.100.9
    icmpv6 type echo-reply ip6 saddr set 2001:db8:ff::9
  }
}
""")
    for family, far in ((4, FAR4), (6, FAR6)):
        (r,) = probe(c.box, far, "--opt", "method=icmp", *QUICK)
        assert not r["reached"] and r["flag"] == "other-address", r
        assert addresses(r)[:-1] == c.truth(family)[:-1], r
    c.far.sh("nft flush ruleset")


def narrow(c, mtu):
    for ns, dev in ((c.nodes[1], "to1"), (c.nodes[2], "from1")):
        ns.sh(f"ip link set {dev} mtu {mtu}")


def a_smaller_mtu(c):
    narrow(c, 1400)
    running = [start(c.box, far, "--opt", f"method={m}", *QUICK)
               for far in (FAR4, FAR6) for m in ("icmp", "udp")]
    for r in running:
        (r,) = finish(r)
        assert r["mtu"] == 1400 and "flag" not in r and r["reached"], r
    said = c.box.sh(f"tracepath -4 -n {FAR4}", timeout=90)
    assert "pmtu 1400" in said, said


def a_black_hole(c):
    """IPv4: the line is smaller than the router in front of it says; larger packets vanish
    behind hop 1. IPv6: the router tells, but the target does not answer to large packets."""
    c.nodes[1].nft(DROP_WORDS % "icmp type destination-unreachable drop")
    c.far.nft("""table inet t {
  chain in {
    type filter hook input priority 0;
    meta nfproto ipv6 meta length > 1000 drop
  }
}
""")
    running = [start(c.box, far, "--opt", f"method={m}", *QUICK)
               for far, m in ((FAR4, "icmp"), (FAR4, "udp"), (FAR6, "icmp"))]
    found = [finish(r)[0] for r in running]
    for r in found:
        print(f"black hole: IPv{r['family']} {r['method']} {r['mtu']} {r.get('flag')}")
        assert r["mtu"] == 1400 and r["reached"], r
        assert r.get("flag") == ("mtu-black-hole-after-1" if r["family"] == 4 else None), r
    c.nodes[1].sh("nft flush ruleset")
    c.far.sh("nft flush ruleset")
    narrow(c, 1500)


class Liar:
    """A raw socket in r1 that hears what the box sends and says things of it."""

    def __init__(self, ns, back_to, say):
        with ns.inside():
            self.hear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            self.hear.bind(("from0", 0x0800))
            self.tell = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.hear.settimeout(0.2)
        self.back_to, self.say, self.on, self.told = back_to, say, True, 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.on:
            try:
                packet, where = self.hear.recvfrom(65535)
            except OSError:
                continue
            if where[2] == socket.PACKET_OUTGOING or packet[12:16] != ip4(self.back_to):
                continue
            for source, kind, code, rest, quote in self.say(packet):
                self._icmp(source, kind, code, rest, quote)

    def _icmp(self, source, kind, code, rest, body):
        message = bytes([kind, code, 0, 0]) + rest + body
        message = message[:2] + checksum(message) + message[4:]
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0, 64, 1, 0)
        try:
            self.tell.sendto(head + ip4(source) + ip4(self.back_to) + message, (self.back_to, 0))
            self.told += 1
        except OSError:
            pass

    def end(self):
        self.on = False
        self.thread.join()
        return self.told


def ip4(text):
    return socket.inet_aton(text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack(">H", ~total & 0xffff)


def bent(data, at):
    return data[:at] + bytes([data[at] ^ 0xff]) + data[at + 1:]


LIAR = "10.66.66.66"
NONE = b"\0\0\0\0"


def lies(packet):
    """Of each packet: errors about packets that were not sent, and answers to none."""
    udp = packet[9] == 17
    ports = bent(packet, 21)        # another source port, or another checksum
    cookie = bent(packet, 20 + 8)   # of another instance
    number = bent(packet, 20 + 8 + 10)  # its stamp names one that never left
    length = bent(packet, 20 + 5)[:28] if udp else bent(packet, 20 + 6)[:28]
    other = packet[:16] + ip4("198.51.100.99") + packet[20:]
    for quote in (cookie, number, length):
        yield LIAR, 11, 0, NONE, quote
        yield LIAR, 3, 3, NONE, quote
        yield LIAR, 3, 1, NONE, quote
        yield LIAR, 3, 4, b"\0\0\2\0", quote
    if udp:
        yield LIAR, 11, 0, NONE, ports
        yield LIAR, 11, 0, NONE, other[:28]
    else:
        yield LIAR, 0, 0, packet[24:28], bent(packet[28:], 0)  # a reply without the cookie
    yield LIAR, 11, 0, NONE, packet[:24]                 # cut short
    yield LIAR, 5, 1, ip4("10.0.0.2"), packet            # a redirect
    yield LIAR, 11, 1, NONE, packet                      # about fragments
    yield LIAR, 11, 0, b"\0\xff\0\0", cookie


def forged_errors(c):
    """r3 and the target are silent, so that nothing true comes before the lies about them."""
    c.nodes[3].nft(DROP_WORDS % "icmp type time-exceeded drop")
    c.far.nft(DROP_WORDS.replace("hook output", "hook input") % "ip saddr 10.0.0.1 drop")
    for method in ("icmp", "udp"):
        liar = Liar(c.nodes[1], "10.0.0.1", lies)
        (r,) = probe(c.box, FAR4, "--opt", f"method={method}", "--opt", "silent=2", *QUICK)
        told = liar.end()
        print(f"{method}: {told} lies told")
        assert told > 100, told
        truth = c.truth(4)
        assert addresses(r) == truth[:2] + [None] + truth[3:4], r
        assert not r["reached"] and r["mtu"] == 1500 and "flag" not in r, r
        assert [h["lost"] for h in r["hops"]] == [0, 0, 3, 0], r
    c.nodes[3].sh("nft flush ruleset")
    c.far.sh("nft flush ruleset")


NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
          "--bounding-set", "-all", "--no-new-privs")


def probe_as(c, prefix, *args, status=(0,)):
    running = c.box.popen([*prefix, program("bandwitness"), "probe", "path", "--json", *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return finish(running, status)


def rights(c):
    for method in ("icmp", "udp"):
        for family, far in ((4, FAR4), (6, FAR6)):
            (r,) = probe_as(c, NOBODY, far, "--opt", f"method={method}", *QUICK)
            assert addresses(r) == c.truth(family) and r["mtu"] == 1500, r
    c.box.sysctl("net/ipv4/ping_group_range", "1 0")
    for family, far in ((4, FAR4), (6, FAR6)):
        (r,) = probe(c.box, far, *QUICK)  # by a raw socket
        assert addresses(r) == c.truth(family) and r["mtu"] == 1500, r
    said = probe_as(c, NOBODY, FAR4, *QUICK, status=FAILED)
    assert "ping_group_range" in said and "CAP_NET_RAW" in said and "udp" in said, said
    c.box.sysctl("net/ipv4/ping_group_range", "0 2147483647")


def routers_that_quote_little(c):
    """r1 says nothing itself; a process there answers in its name, with 8 bytes quoted."""
    c.nodes[1].nft(DROP_WORDS % "meta mark != 7 icmp type time-exceeded drop")

    def shortly(packet):
        if packet[8] == 1:
            yield "10.0.0.2", 11, 0, NONE, packet[:28]

    for method, prefix in (("icmp", ()), ("udp", ()), ("icmp", NOBODY), ("udp", NOBODY)):
        router = Liar(c.nodes[1], "10.0.0.1", shortly)
        router.tell.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 7)
        (r,) = probe_as(c, prefix, FAR4, "--opt", f"method={method}", *QUICK)
        assert router.end() >= 3
        assert addresses(r) == c.truth(4), (method, prefix, r)
        assert r["hops"][0]["lost"] == 0, r
    c.nodes[1].sh("nft flush ruleset")


def by_the_interface_that_was_asked_for(c):
    """The box has two links to r1; the route takes the first."""
    asked = [json.loads(c.nodes[1].sh("ip -s -j link show dev from8"))[0]["stats64"]["rx"]
             ["packets"]]
    c.box.sh(f"ip route add {FAR4} via 10.0.8.2 metric 50")
    (r,) = probe(c.box, FAR4, *QUICK, "--device", "to8")
    assert addresses(r) == ["10.0.8.2"] + c.truth(4)[1:], r
    asked.append(json.loads(c.nodes[1].sh("ip -s -j link show dev from8"))[0]["stats64"]["rx"]
                 ["packets"])
    assert asked[1] - asked[0] >= 15, asked
    (r,) = probe(c.box, FAR4, *QUICK, "--device", "none0", status=FAILED)
    assert r["state"] == "failed" and "evice" in r["reason"], r


def ends_when_asked(c):
    for ns in c.nodes[2:]:
        ns.nft(DROP_WORDS % "meta l4proto { icmp, ipv6-icmp } drop")
    def heard():
        return int(json.loads(c.box.sh("ip -s -j link show dev to0"))[0]["stats64"]["rx"]["packets"])

    before = heard()
    running = start(c.box, FAR4, "--opt", "wait=3s", "--opt", "names=no")
    wait_for("the first hop's answers to all three packets", lambda: heard() >= before + 3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    whole = json.loads(out)
    (r,) = whole["results"]
    assert running.returncode == 130 and whole["interrupted"], (out, err)
    assert r["state"] == "cancelled" and addresses(r) == c.truth(4)[:1], r
    for ns in c.nodes[2:]:
        ns.sh("nft flush ruleset")


def sockets(pid):
    """The numbers of a process's sockets; it may close a file while we look."""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            m = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
        if m:
            yield m[1]


def queued(ns, pid):
    """What waits in a process's raw sockets, in bytes of the kernel's memory, by address family."""
    mine = set(sockets(pid))
    found = {}
    for family, name in ((4, "raw"), (6, "raw6")):
        rows = [line.split() for line in ns.sh(f"cat /proc/net/{name}").splitlines()[1:]]
        sizes = [int(r[4].split(":")[1], 16) for r in rows if r[9] in mine]
        if sizes:
            found[family] = sum(sizes)
    return found


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def errors_about_others(c):
    """Routers answer pings of this box, too, while a trace over UDP waits for its own answers
    from a target that is silent."""
    c.far.nft(DROP_WORDS.replace("hook output", "hook input") % "meta l4proto udp drop")
    used = {}
    for pinged in (False, True):
        running = {f: start(c.box, far, "--opt", "method=udp", "--opt", "wait=2s", "--opt",
                            "silent=3", "--opt", "names=no", "--opt", "mtu=no")
                   for f, far in ((4, FAR4), (6, FAR6))}
        for f, r in running.items():
            wait_for("the trace's ear", lambda f=f, r=r: f in queued(c.box, r.pid))
            if pinged:
                far = FAR4 if f == 4 else FAR6
                assert "exceeded" in c.box.sh(f"ping -{f} -n -c 3 -i 0.2 -t 1 {far}", ok=None)
                wait_for(f"IPv{f}: nothing left in the ear",
                         lambda f=f, r=r: queued(c.box, r.pid).get(f) == 0)
        before = {f: ticks(r.pid) for f, r in running.items()}
        time.sleep(1)
        for f, r in running.items():
            used[f, pinged] = ticks(r.pid) - before[f]
        for f, r in running.items():
            (r,) = finish(r)
            assert addresses(r) == c.truth(f)[:-1] and not r["reached"], r
    print(f"clock ticks in a second of waiting, by family and pinged: {used}")
    c.far.sh("nft flush ruleset")
    for f in (4, 6):  # as a share of what a process can use
        assert used[f, True] <= used[f, False] + os.sysconf("SC_CLK_TCK") // 10, used


def names_that_nobody_knows(c):
    """Without a resolver the trace is told all the same, and in time."""
    begun = time.monotonic()
    (r,) = probe(c.box, FAR4, "--opt", "wait=300ms")
    assert addresses(r) == c.truth(4) and not [h for h in r["hops"] if "name" in h], r
    assert time.monotonic() - begun < 30
    (r,) = probe(c.box, "127.0.0.1")  # /etc/hosts knows this one
    assert [h["name"] for h in r["hops"]] == ["localhost"] and r["reached"], r


def work(the_lab):
    def do(c, *parts):
        for part in parts:
            begun = time.monotonic()
            part(c)
            print(f"-- {part.__name__}: {time.monotonic() - begun:.1f} s", flush=True)

    one, two = Chain(the_lab), Chain(the_lab)

    def on_one():
        do(one, as_the_routes_are, as_traceroute_sees_it, two_ways)
        lab.at_once(lambda: do(one, change_and_no_change), lambda: do(one, a_smaller_mtu, a_black_hole))

    # all mostly wait
    lab.at_once(on_one, lambda: do(
        two, a_router_that_does_not_answer, no_way_on, an_answer_of_another, forged_errors, rights,
        routers_that_quote_little, errors_about_others, by_the_interface_that_was_asked_for,
        names_that_nobody_knows, ends_when_asked))
    return 0


if __name__ == "__main__":
    lab.main(work)
