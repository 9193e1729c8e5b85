#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_capture.py BANDWITNESS - `capture` on files whose truth is known by hand: figures,
direction, errors that name file and packet, and that nothing of whom was seen comes out."""
import json
import logging
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
# pylint: disable=wrong-import-position
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import ARP, Dot1Q, Ether  # noqa: E402
from scapy.utils import wrpcap  # noqa: E402

PROGRAM = ""
ROUTER = "02:00:00:00:00:01"
INNER = "02:00:00:00:00:02"
WORLD = "198.51.100.7"
PUPIL = "10.1.2.3"
SCHOOL6 = "2001:db8:7::33"
WORLD6 = "2001:db8:ffff::5"


def run(*args, **more):
    env = dict(os.environ, TERM="dumb")
    return subprocess.run([PROGRAM, "capture", *args], capture_output=True, env=env, timeout=60,
                          check=False, **more)


def up(layer, payload=0, source=PUPIL, dest=WORLD):
    ip = IPv6 if ":" in source else IP
    return Ether(src=INNER, dst=ROUTER) / ip(src=source, dst=dest) / layer / (b"x" * payload)


def down(layer, payload=0, source=WORLD, dest=PUPIL):
    ip = IPv6 if ":" in source else IP
    return Ether(src=ROUTER, dst=INNER) / ip(src=source, dst=dest) / layer / (b"x" * payload)


def stamps(val, ecr):
    return [("NOP", None), ("NOP", None), ("Timestamp", (val, ecr))]


def school():
    """(seconds, packet)…: one connection 20 ms from the world and 2 ms from the pupil, with
    one segment sent again and two that changed places; QUIC, DNS over IPv6, ARP, ICMP."""
    client = {"sport": 51001, "dport": 443}
    server = {"sport": 443, "dport": 51001}
    return [
        (0.000, up(TCP(**client, flags="S", seq=100, options=stamps(1, 0)))),
        (0.020, down(TCP(**server, flags="SA", seq=900, ack=101, options=stamps(7000, 1)))),
        (0.022, up(TCP(**client, flags="A", seq=101, ack=901, options=stamps(23, 7000)))),
        (0.023, up(TCP(**client, flags="PA", seq=101, ack=901, options=stamps(24, 7000)), 200)),
        (0.043, down(TCP(**server, flags="A", seq=901, ack=301, options=stamps(7023, 24)), 1000)),
        (0.044, down(TCP(**server, flags="A", seq=2901, ack=301, options=stamps(7024, 24)), 1000)),
        (0.045, down(TCP(**server, flags="A", seq=1901, ack=301, options=stamps(7023, 24)), 1000)),
        (0.046, up(TCP(**client, flags="A", seq=301, ack=3901, options=stamps(46, 7024)))),
        (0.100, down(TCP(**server, flags="A", seq=2901, ack=301, options=stamps(7080, 24)), 1000)),
        (0.200, up(UDP(sport=51002, dport=443), 1200)),
        (0.300, up(UDP(sport=51003, dport=53), 30, SCHOOL6, WORLD6)),
        (0.320, down(UDP(sport=53, dport=51003), 90, WORLD6, SCHOOL6)),
        (0.400, Ether(src=INNER, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=PUPIL, pdst="10.1.2.1")),
        (0.500, up(ICMP(), 56)),
        (0.600, Ether(src=ROUTER, dst=INNER) / Dot1Q(vlan=7) / IP(src=WORLD, dst=PUPIL) /
         UDP(sport=123, dport=123) / (b"x" * 48)),
    ]


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bw-test-capture-")
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "school.pcap")
        self.packets = []
        for at, p in school():
            p.time = 1_789_000_200 + at
            self.packets.append(p)
        wrpcap(self.path, self.packets, nano=True)

    def figures(self, *args):
        r = run("--json", *args, self.path)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        return json.loads(r.stdout)

    def ways(self, *args):
        return {w["way"]: w for w in self.figures(*args)["ways"]}


class Figures(Files):
    def test_packets_and_bytes(self):
        got = self.figures()
        self.assertTrue(got["complete"])
        self.assertEqual(got["packets"], len(self.packets))
        self.assertEqual(got["bytes"], sum(len(p) for p in self.packets))
        self.assertEqual(got["direction"], {"by": "private"})
        self.assertEqual(got["start"], "2026-09-10T00:30:00.000Z")
        self.assertAlmostEqual(got["duration_us"], 600000, delta=1)  # written from floats
        self.assertEqual(got["not_read"], [])
        self.assertEqual(got["no_ip_packets"], 1)
        self.assertNotIn("devices", got)

    def test_two_routers(self):
        """One of a pair sends from its own MAC, and is sent to under the virtual one."""
        for p in self.packets:
            if p.src == ROUTER:
                p.src = "02:00:00:00:00:99"
        wrpcap(self.path, self.packets, nano=True)
        # With the virtual one alone nothing comes down, but a connection stays one.
        got = self.figures("--router", ROUTER)
        self.assertEqual([w["packets"] for w in got["ways"]], [0, 7, 8])
        self.assertEqual([got["flows"]["n"], got["tcp"]["rtt_wan"]["n"]], [4, 2])
        self.assertEqual([d["bytes"] for d in got["tcp"]["data"]], [4000, 200, 0])
        both = self.figures("--router", ROUTER, "--router", "02:00:00:00:00:99")
        self.assertEqual([w["packets"] for w in both["ways"]], [7, 7, 1])

    def test_idle_flows_are_over(self):
        """As in a live capture: what is quiet for a minute is another flow."""
        for n, p in enumerate(self.packets):
            p.time += 61 if n > 9 else 0
            p[Ether].dst = p.dst
        self.packets.append(self.packets[9].copy())
        self.packets[-1].time += 62
        wrpcap(self.path, self.packets, nano=True)
        self.assertEqual(self.figures()["flows"]["n"], 5)

    def test_direction(self):
        # The IPv6 addresses are public, so by default their packets go neither way.
        self.assertEqual([self.ways()[w]["packets"] for w in ("down", "up", "neither")], [6, 6, 3])
        given = self.ways("--inside", "10.0.0.0/8", "--inside", "2001:db8:7::/48")
        self.assertEqual([given[w]["packets"] for w in ("down", "up", "neither")], [7, 7, 1])
        by_mac = self.ways("--router", ROUTER)
        self.assertEqual([by_mac[w]["packets"] for w in ("down", "up", "neither")], [7, 7, 1])

    def test_classes(self):
        got = self.ways("--router", ROUTER)
        want = {"down": {}, "up": {}, "neither": {}}
        for p in self.packets:
            ports = {p[layer].sport for layer in (TCP, UDP) if layer in p} | \
                    {p[layer].dport for layer in (TCP, UDP) if layer in p}
            name = "icmp" if ICMP in p else "other" if ARP in p else "dns" if 53 in ports else \
                "ntp" if 123 in ports else "quic" if UDP in p else "tls"
            way = "neither" if ARP in p else "down" if p.src == ROUTER else "up"
            want[way][name] = want[way].get(name, 0) + len(p)
        for way, classes in want.items():
            self.assertEqual({c["class"]: c["bytes"] for c in got[way]["classes"]}, classes)
            total = sum(classes.values())
            for c in got[way]["classes"]:
                self.assertEqual(c["share_ppm"], round(c["bytes"] / total * 1e6))
        self.assertEqual({f["family"] for f in got["down"]["families"]}, {"ipv4", "ipv6"})
        self.assertEqual(sum(s["packets"] for s in got["up"]["sizes"]), 7)

    def test_round_trips_and_what_was_sent_again(self):
        tcp = self.figures("--router", ROUTER)["tcp"]
        self.assertEqual(tcp["rtt_wan"]["n"], 2)
        self.assertAlmostEqual(tcp["rtt_wan"]["p50_us"], 20000, delta=700)
        self.assertEqual(tcp["rtt_lan"]["n"], 2)
        self.assertAlmostEqual(tcp["rtt_lan"]["p50_us"], 2000, delta=70)
        self.assertEqual(tcp["rtt_wan_least_of_flows"]["n"], 1)
        data = {d["way"]: d for d in tcp["data"]}
        self.assertEqual([data["down"][k] for k in ("segments", "resent_segments",
                                                    "reordered_segments")], [4, 1, 1])
        self.assertEqual([data["down"][k] for k in ("bytes", "resent_bytes", "reordered_bytes")],
                         [4000, 1000, 1000])
        self.assertEqual(data["down"]["resent_ppm"], 250000)
        self.assertEqual([data["up"][k] for k in ("bytes", "resent_bytes", "reordered_bytes")],
                         [200, 0, 0])
        self.assertNotIn("resent_ppm", data["neither"])  # nothing there: unknown, not 0

    def test_devices_only_when_asked(self):
        want = {"at_least": 1, "ipv4_addresses": 1, "ipv6_addresses": 0, "macs": 1,
                "table_full": False}
        self.assertEqual(self.figures("--devices", "--router", ROUTER)["devices"], want)
        # Beside a router, prefixes say which addresses are the school's.
        got = self.figures("--devices", "--router", ROUTER, "--inside", "2001:db8:7::/48")
        self.assertEqual(got["devices"], dict(want, ipv4_addresses=0, ipv6_addresses=1))
        self.assertEqual(got["direction"], {"by": "router", "inside": ["2001:db8:7::/48"]})

    def test_text_says_the_same(self):
        r = run("--devices", self.path)
        text = r.stdout.decode()
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        self.assertRegex(text, r"(?m)^file +\S+school\.pcap: Ethernet, 15 packets, \d+ bytes$")
        self.assertRegex(text, r"(?m)^direction +private and link-local addresses are taken")
        self.assertRegex(text, r"(?m)^tls +\d+\.\d+ % +\d+\.\d+ % +-$")
        self.assertRegex(text, r"(?m)^to the world +2 ")
        self.assertRegex(text, r"(?m)^down +4000 +1000 +25\.0000 % +1000 +25\.0000 %$")
        self.assertRegex(text, r"(?m)^devices +at least 1 active")
        self.assertRegex(text, r"(?m)^no IP +1 packet: ")
        self.assertLess(max(map(len, text.split("\n"))), 110)

    def test_few_devices_are_not_told_of_where_asked(self):
        """One device alone is nobody's business; among others what it alone did is `other`."""
        got = self.figures("--group", "2")
        self.assertEqual(got["group"], 2)
        for way in got["ways"]:
            self.assertEqual((way["classes"], way["families"], way["sizes"]), ([], [], []))
        self.assertNotIn("tcp", got)
        self.assertNotIn("flows", got)
        self.assertIn(b"What fewer than 2 devices did is within other, or not told.",
                      run("--group", "2", self.path).stdout)
        self.assertIn("ntp", {c["class"] for c in self.ways("--group", "1")["down"]["classes"]})
        for n in range(10, 30):
            self.packets += [up(TCP(sport=40000 + n, dport=port), 500, f"10.1.2.{n}")
                             for port in (443, 993)]
        self.packets.append(up(TCP(sport=40000, dport=22), 700, "10.1.2.10"))
        wrpcap(self.path, self.packets, nano=True)
        wide = self.ways()
        told = self.ways("--group", "5")
        self.assertEqual({c["class"] for c in wide["up"]["classes"]}, {"tls", "mail", "quic", "icmp",
                                                                       "ssh"})
        self.assertEqual([c["class"] for c in told["up"]["classes"]], ["tls", "other"])
        self.assertEqual(told["up"]["bytes"], sum(c["bytes"] for c in told["up"]["classes"]))
        self.assertEqual(told["down"]["classes"], [])
        tcp = self.figures("--group", "5")["tcp"]  # round trips are of one, data up of many
        self.assertEqual([d["way"] for d in tcp["data"]], ["up"])
        self.assertEqual(set(tcp), {"data"})
        text = run("--group", "5", self.path).stdout.decode()
        self.assertNotIn("to the world", text)
        self.assertIn("\nWhat fewer than 5 devices did is not told.\n", text)

    def test_drawn(self):
        many = [p.copy() for p in self.packets for _ in range(40)]
        wrpcap(self.path, many, nano=True)
        got = self.figures("--sample", "4", "--flows", "2", "--seed", "3")
        self.assertEqual([got[k] for k in ("sampled_1_in", "flows_1_in", "seed", "packets")],
                         [4, 2, 3, len(many)])
        down = got["ways"][0]
        self.assertGreater(down["bytes_error"], 0)
        self.assertLess(down["drawn"], 240 / 2)
        for row in down["classes"]:
            self.assertLess(row["low_ppm"], row["share_ppm"])
            self.assertGreater(row["high_ppm"], row["share_ppm"])
        self.assertEqual(got, self.figures("--sample", "4", "--flows", "2", "--seed", "3"))
        self.assertNotEqual(got["ways"], self.figures("--sample", "4", "--seed", "4")["ways"])
        whole = self.figures()
        self.assertEqual(self.figures("--sample", "1", "--flows", "1"), whole)
        self.assertNotIn("low_ppm", whole["ways"][0]["classes"][0])
        text = run("--sample", "4", "--flows", "2", "--seed", "3", self.path).stdout.decode()
        self.assertRegex(text, r"(?m)^drawn +one packet in 4; one flow in 2; seed 3; ")
        self.assertRegex(text, r"(?m)^tls +\d+\.\d+ \[\d+\.\d+, \d+\.\d+\] % ")
        self.assertLess(max(map(len, text.split("\n"))), 110)
        # Without a seed it is told which chance it was.
        got = self.figures("--sample", "4")
        self.assertEqual(self.figures("--sample", "4", "--seed", str(got["seed"]))["ways"],
                         got["ways"])

    def test_a_pipe(self):
        with open(self.path, "rb") as f:
            r = run("--json", "-", stdin=f)
        self.assertEqual(r.returncode, 0)
        self.assertEqual(json.loads(r.stdout)["packets"], len(self.packets))

    def test_nobody_is_named(self):
        for args in ((), ("--devices",), ("--router", ROUTER), ("--json", "--devices")):
            r = run(*args, self.path)
            text = (r.stdout + r.stderr).decode().replace(self.path, "")
            for seen in (PUPIL, WORLD, SCHOOL6, WORLD6, ROUTER, INNER, "51001", "51002", "51003"):
                self.assertNotIn(seen, text)
            self.assertIsNone(re.search(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]{2}(:[0-9a-f]{2}){5}", text))


class Errors(Files):
    def test_a_file_that_ends_within_a_packet(self):
        with open(self.path, "rb") as f:
            whole = f.read()
        cut = os.path.join(self.folder.name, "cut.pcap")
        with open(cut, "wb") as f:
            f.write(whole[:-10])
        r = run("--json", cut)
        self.assertEqual(r.returncode, 1)
        self.assertIn(f"{cut}: packet 15: ".encode(), r.stderr)
        got = json.loads(r.stdout)
        self.assertFalse(got["complete"])
        self.assertIn("packet 15", got["error"])
        self.assertEqual(got["packets"], 14)

    def test_packets_cut_short_are_named(self):
        wrpcap(self.path, [p for p in self.packets if TCP in p], nano=True, snaplen=64)
        with open(self.path, "rb") as f:
            data = bytearray(f.read())
        kept, at = data[:24], 24
        while at < len(data):  # scapy's snap length does not cut
            s, ns, n, wire = struct.unpack_from("<4I", data, at)
            kept += struct.pack("<4I", s, ns, min(n, 64), wire) + data[at + 16:at + 16 + min(n, 64)]
            at += 16 + n
        with open(self.path, "wb") as f:
            f.write(kept)
        got = self.figures()
        self.assertEqual(got["captured_short"], 9)
        self.assertEqual(got["not_read"], [{"why": "cut-options", "packets": 9}])
        self.assertIn(b"not read    9 packets: captured too short: ends in the TCP options",
                      run(self.path).stdout)

    def test_a_router_in_a_file_that_shows_no_destinations(self):
        cooked = os.path.join(self.folder.name, "any.pcap")
        with open(cooked, "wb") as f:
            f.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 113))
        self.assertEqual(run(cooked).returncode, 0)
        r = run("--router", ROUTER, cooked)
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"any.pcap: its packets do not say which MAC they go to", r.stderr)

    def test_what_is_no_capture(self):
        for name, data, says in (("empty", b"", "no capture file"),
                                 ("text", b"x" * 100, "no capture file"),
                                 ("usb", struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 189),
                                  "link type 189")):
            path = os.path.join(self.folder.name, name)
            with open(path, "wb") as f:
                f.write(data)
            r = run(path)
            self.assertEqual((r.returncode, r.stdout), (1, b""), name)
            self.assertIn(path, r.stderr.decode())
            self.assertIn(says, r.stderr.decode())
        r = run(os.path.join(self.folder.name, "none"))
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"none: ", r.stderr)

    def test_wrong_command_lines(self):
        for args, says in (((), "which file?"), (("a", "b"), "one file at a time"),
                           (("--inside", "10.0.0.1/8", "f"), "bits behind its /8"),
                           (("--inside", "school", "f"), "is no prefix"),
                           (("--router", "10.0.0.1", "f"), "is no MAC address"),
                           (("--group", "65", "f"), "from 1 to 64"),
                           (("--sample", "0", "f"), "from 1 to 4096"),
                           (("--flows", "x", "f"), "from 1 to 4096"),
                           (("--seed", "-1", "f"), "from 0 to"),
                           (("--router", ROUTER) * 9 + ("f",), "--router: more than 8"),
                           (("--device", "f", "g"), "one file at a time"),
                           (("--devcies", "f"), "did you mean '--devices'?")):
            r = run(*args)
            self.assertEqual((r.returncode, r.stdout), (2, b""), args)
            self.assertIn(says, r.stderr.decode(), args)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
