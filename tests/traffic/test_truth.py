# SPDX-License-Identifier: GPL-3.0-or-later
"""The traffic generator's truth against tshark, which reads the file and nothing else:
packets, bytes, classes, devices, connections, segments sent again or overtaken, round trips."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest
from collections import Counter, defaultdict

import sharks
from bwtest import scratch

GENERATOR = sys.argv.pop(1)
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Capture:
    """One generated file, its truth, and what tshark saw."""

    def __init__(self, folder, *options):
        self.path = os.path.join(folder, "capture.pcap")
        generate(self.path, os.path.join(folder, "truth.json"),
                 os.path.join(folder, "flows.jsonl"), *options)
        with open(os.path.join(folder, "truth.json"), encoding="ascii") as f:
            self.truth = json.load(f)
        with open(os.path.join(folder, "flows.jsonl"), encoding="ascii") as f:
            self.flows = [json.loads(line) for line in f]
        self.frames = sharks.frames(self.path)
        self.router = self.truth["router_mac"]
        self.start = self.truth["start_unix_ns"]

    def ns(self, frame):
        return sharks.unix_ns(frame) - self.start

    def way(self, frame):
        return sharks.way_of(frame, self.router)

    def connections(self):
        """{(device, port, server, port): its frames}."""
        found = defaultdict(list)
        for f in self.frames:
            if not f.tcp_stream:
                continue
            source = (f.ip_src or f.ipv6_src, int(f.tcp_srcport))
            sink = (f.ip_dst or f.ipv6_dst, int(f.tcp_dstport))
            found[(*source, *sink) if self.way(f) == "up" else (*sink, *source)].append(f)
        return found


def generate(path, truth, flows, *options):
    subprocess.run([GENERATOR, "--truth", truth, "--flows", flows, *options, path], check=True,
                   timeout=120)


def mix(frames, way):
    """As the truth has it: sums by class, way and family."""
    sums = defaultdict(lambda: [0, 0, 0])
    for f in frames:
        row = sums[(sharks.class_of(f), way(f), sharks.family(f))]
        row[0] += 1
        row[1] += int(f.frame_len)
        row[2] += sharks.ip_bytes(f)
    return {key: tuple(row) for key, row in sums.items()}


def true_mix(window):
    return {(r["class"], r["way"], r["family"]): (r["packets"], r["bytes"], r["ip_bytes"])
            for r in window["mix"]}


def devices(frames, way):
    sent, seen, macs = {4: set(), 6: set()}, {4: set(), 6: set()}, set()
    for f in frames:
        family, to_us = sharks.family(f), way(f) == "down"
        if not to_us:
            macs.add(f.eth_src)
        if family:
            source, sink = f.ip_src or f.ipv6_src, f.ip_dst or f.ipv6_dst
            seen[family].add(sink if to_us else source)
            if not to_us:
                sent[family].add(source)
    return {"macs": len(macs), "v4_sent": len(sent[4]), "v6_sent": len(sent[6]),
            "v4_seen": len(seen[4]), "v6_seen": len(seen[6])}


def came_late(f):
    """tshark: this data begins before the end of what it has seen."""
    return bool(f.tcp_analysis_retransmission or f.tcp_analysis_fast_retransmission or
                f.tcp_analysis_spurious_retransmission or f.tcp_analysis_out_of_order)


def truly_late(both):
    """The same of a direction's truth: whatever fills a hole or was there before."""
    return sum(both[sort][seen] for sort in ("original", "retransmission")
               for seen in ("fill", "again"))


def judge(frames):
    """What the file itself shows of one direction's data: Counter of (sort, seen), and how
    many bytes passed. What fills a hole or repeats within 3 ms of what overtook it was
    overtaken; no answer comes back in less than 5 ms, so the rest was sent again."""
    begun, top, passed, held, found = None, 0, [], [], Counter()
    for f in frames:
        begun = int(f.tcp_seq_raw) if begun is None else begun
        at, n, t = (int(f.tcp_seq_raw) - begun) % 2**32, int(f.tcp_len), sharks.unix_ns(f)
        if int(f.tcp_flags, 16) & SYN:
            at += 1
        if n and at < top:
            seen = "again" if any(a <= at and at + n <= b for a, b in held) else "fill"
            first = min(then for then, end in passed if end > at)
            found["original" if t - first < 3_000_000 else "retransmission", seen] += 1
        elif n:
            found["any", "new"] += 1
        if n:
            held = merged(held, at, at + n)
        top = max(top, at + n)
        passed.append((t, at + n))
    return found, sum(b - a for a, b in held)


def merged(spans, a, b):
    apart = [s for s in spans if s[1] < a or s[0] > b]
    touching = [s for s in spans if s not in apart] + [(a, b)]
    return apart + [(min(s[0] for s in touching), max(s[1] for s in touching))]


def judged(both):
    """The truth in judge()'s words: nobody can tell new data that was sent before from other."""
    found = Counter({("any", "new"): sum(both[sort]["new"] for sort in both)})
    for sort in ("original", "retransmission"):
        for seen in ("fill", "again"):
            found[sort, seen] = both[sort][seen]
    return +found


def percentile(values, share):
    values = sorted(values)
    return values[max(0, -(-len(values) * share // 100) - 1)]


def stamped_rtts(frames, way, wanted, asking):
    """RFC 7323 round trips of one connection in ns: from the first packet of each TSval
    that goes the other way to the first that echoes it this way; asking: only from packets
    that want an answer."""
    first, rtts = {}, []
    for f in frames:
        if not f.tcp_options_timestamp_tsval:
            continue
        t, mine, echo = sharks.unix_ns(f), f.tcp_options_timestamp_tsval, f.tcp_options_timestamp_tsecr
        if way(f) == wanted:
            begun = first.get(echo)
            if begun:
                rtts.append(t - begun)
                first[echo] = 0
        elif not asking or f.tcp_len != "0" or int(f.tcp_flags, 16) & (SYN | FIN):
            first.setdefault(mine, t)
    return rtts


class Truth(unittest.TestCase):
    """A mix with everything in it; whole frames, so that tshark can check the sums."""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(scratch("bw-traffic-"))
        cls.c = Capture(folder, "--seed", "7", "--duration-ms", "6000", "--pps", "8000",
                        "--devices", "120", "--window-ms", "500", "--snap", "65600")

    def test_packets_and_bytes(self):
        t = self.c.truth
        self.assertGreater(t["packets"], 20000)
        self.assertEqual(len(self.c.frames), t["packets"])
        self.assertEqual(sum(int(f.frame_len) for f in self.c.frames), t["bytes"])
        self.assertEqual(self.c.ns(self.c.frames[0]), t["first_ns"])
        self.assertEqual(self.c.ns(self.c.frames[-1]), t["last_ns"])

    def test_classes(self):
        seen = mix(self.c.frames, self.c.way)
        self.assertEqual(seen, true_mix(self.c.truth))
        self.assertEqual({key[0] for key in seen},
                         {"tls", "quic", "http", "dns", "mail", "vpn", "ssh", "ntp", "icmp",
                          "other"})
        self.assertEqual({key[1:] for key in seen} >= {("down", 4), ("up", 4), ("down", 6),
                                                       ("up", 6), ("local", 0), ("local", 4),
                                                       ("local", 6)}, True)

    def test_windows(self):
        by_window = defaultdict(list)
        step = self.c.truth["window_ns"]
        for f in self.c.frames:
            by_window[self.c.ns(f) // step].append(f)
        self.assertEqual(len(self.c.truth["windows"]), 12)
        for i, window in enumerate(self.c.truth["windows"]):
            self.assertEqual(window["from_ns"], i * step)
            self.assertEqual(mix(by_window[i], self.c.way), true_mix(window), i)
            self.assertEqual(devices(by_window[i], self.c.way), window["devices"], i)

    def test_devices(self):
        self.assertEqual(devices(self.c.frames, self.c.way), self.c.truth["devices"])
        self.assertGreater(self.c.truth["devices"]["macs"], 100)

    def test_sizes(self):
        for way in ("down", "up", "local"):
            seen = Counter(sharks.ip_bytes(f) for f in self.c.frames
                           if self.c.way(f) == way and sharks.family(f))
            self.assertEqual(sorted(map(list, seen.items())), self.c.truth["ip_sizes"][way])
            seen = Counter(int(f.frame_len) for f in self.c.frames if self.c.way(f) == way)
            self.assertEqual(sorted(map(list, seen.items())), self.c.truth["frame_sizes"][way])

    def test_oddities(self):
        """VLAN tags, fragments, merged frames."""
        t = self.c.truth
        tags = Counter({"0x8100": 1, "0x88a8": 2}.get(f.eth_type, 0) for f in self.c.frames)
        self.assertEqual((tags[1], tags[2]),
                         (t["vlan"]["one_tag"]["packets"], t["vlan"]["two_tags"]["packets"]))
        later = [f for f in self.c.frames
                 if f.ip_frag_offset not in ("", "0") or f.ipv6_fraghdr_offset not in ("", "0")]
        first = [f for f in self.c.frames if f not in later
                 and (f.ip_flags_mf == "1" or f.ipv6_fraghdr_more == "1")]
        self.assertEqual(len(later), sum(c["packets"] for c in t["fragments"]["later"].values()))
        self.assertEqual(len(first), t["fragments"]["first"]["packets"])
        self.assertGreater(len(later), 5)
        self.assertEqual(sharks.reassembled(self.c.path), [True] * len(first))
        jumbo = [f for f in self.c.frames if sharks.ip_bytes(f) > 1500]
        self.assertGreater(len(jumbo), 20)
        self.assertGreaterEqual(t["merged"]["packets"], len(jumbo))
        self.assertGreater(t["merged"]["wire_packets"], 2 * len(jumbo))
        self.assertTrue(tags[1] and tags[2])

    def test_sums(self):
        """Checksums and lengths, as tshark works them out over whole frames."""
        checked = 0
        for f in self.c.frames:
            status = (f.ip_checksum_status, f.tcp_checksum_status, f.udp_checksum_status,
                      f.icmp_checksum_status, f.icmpv6_checksum_status)
            self.assertNotIn(sharks.CHECKSUM_BAD, status, f)
            checked += "1" in status[1:]
        self.assertGreater(checked, 0.9 * len(self.c.frames))

    def test_segments(self):
        """Data as tshark counts it, and what came late: sent again or overtaken."""
        for way in ("down", "up"):
            data = [f for f in self.c.frames if f.tcp_len not in ("", "0")
                    and self.c.way(f) == way]
            truth = self.c.truth["tcp"][way]
            self.assertEqual(len(data), truth["data_segments"])
            self.assertEqual(sum(int(f.tcp_len) for f in data), truth["data_bytes"])
            self.assertEqual(sum(map(came_late, data)), truly_late(truth))
            self.assertEqual(truth["reordered"], truth["original"]["fill"])
            self.assertEqual(truth["retransmitted"], sum(truth["retransmission"].values()))
        down = self.c.truth["tcp"]["down"]
        self.assertGreater(down["retransmission"]["fill"], 5)
        self.assertGreater(down["retransmission"]["again"], 5)
        self.assertGreater(down["reordered"], 5)

    def test_connections(self):
        found = self.c.connections()
        self.assertEqual(len(found), self.c.truth["connections"])
        self.assertEqual(len(found), len(self.c.flows))
        for flow in self.c.flows:
            key = (flow["device"], flow["device_port"], flow["server"], flow["server_port"])
            frames = found[key]
            with self.subTest(flow=key):
                self.connection(flow, frames)
        self.assertEqual(sum(bool(f["timestamps"]) for f in self.c.flows) in
                         range(1, len(self.c.flows)), True)
        ends = Counter(f["end"] for f in self.c.flows)
        self.assertEqual(set(ends), {"fin", "rst", "none", "cut", "unanswered"})

    def connection(self, flow, frames):
        """One of them, by its frames."""
        self.assertEqual(flow["first_ns"], self.c.ns(frames[0]))
        self.assertEqual(flow["last_ns"], self.c.ns(frames[-1]))
        self.assertEqual(flow["timestamps"], bool(frames[0].tcp_options_timestamp_tsval))
        self.assertEqual(flow["class"], sharks.class_of(frames[0]))
        for way in ("down", "up"):
            mine = [f for f in frames if self.c.way(f) == way]
            data = [f for f in mine if f.tcp_len != "0"]
            self.assertEqual(flow["packets"][way], len(mine))
            self.assertEqual(flow["bytes"][way], sum(int(f.frame_len) for f in mine))
            self.assertEqual(flow["data_segments"][way], len(data))
            self.assertEqual(truly_late(flow[way]), sum(map(came_late, data)))
            found, payload = judge(mine)
            self.assertEqual(found, judged(flow[way]))
            self.assertEqual(flow["payload_bytes"][way], payload)
        syns = [f for f in frames if int(f.tcp_flags, 16) & (SYN | ACK) == SYN]
        self.assertEqual(flow["syns"], len(syns))
        self.handshake(flow, frames)
        if flow["end"] == "rst":
            self.assertTrue(any(int(f.tcp_flags, 16) & RST for f in frames))

    def handshake(self, flow, frames):
        """To the nanosecond, where no SYN was sent twice."""
        by_flags = defaultdict(list)
        for f in frames:
            by_flags[int(f.tcp_flags, 16) & (SYN | ACK), self.c.way(f)].append(f)
        syn, answer = by_flags[SYN, "up"], by_flags[SYN | ACK, "down"]
        if len(syn) == 1 and answer:
            self.assertEqual(flow["wan_handshake_ns"], self.c.ns(answer[0]) - self.c.ns(syn[0]))
        if "lan_handshake_ns" in flow:
            self.assertEqual(len(syn), 1)
            self.assertEqual(flow["lan_handshake_ns"],
                             self.c.ns(by_flags[ACK, "up"][0]) - self.c.ns(answer[0]))

    def test_round_trips(self):
        """The WAN's median against time stamps and their echoes; the shortest of each connection,
        both halves, against the acknowledgements that tshark pairs."""
        found = self.c.connections()
        truth = self.c.truth["rtt"]["wan"]
        for name, asking in (("stamped", False), ("asked", True)):
            seen = [ns / 1000 for frames in found.values()
                    for ns in stamped_rtts(frames, self.c.way, "down", asking)]
            print(f"{name}: {percentile(seen, 50):.0f} us of {len(seen)} samples in the file, "
                  f"{truth[name]}")
        self.assertGreater(len(seen), 1000)
        self.assertLess(abs(len(seen) / truth["asked"]["samples"] - 1), 0.01)
        self.assertLess(abs(percentile(seen, 50) / truth["asked"]["p50_us"] - 1), 0.01)
        for half, way in (("wan", "down"), ("lan", "up")):
            acks = defaultdict(list)
            for key, frames in found.items():
                for f in frames:
                    if f.tcp_analysis_ack_rtt and self.c.way(f) == way:
                        acks[key].append(float(f.tcp_analysis_ack_rtt) * 1e6)
            off = []
            for flow in self.c.flows:
                key = (flow["device"], flow["device_port"], flow["server"], flow["server_port"])
                if acks[key] and flow.get(half + "_min_ns"):
                    off.append(abs(min(acks[key]) * 1000 / flow[half + "_min_ns"] - 1))
            self.assertGreater(len(off), 200)
            print(f"{half}: {len(off)} connections, shortest round trip by tshark and truth "
                  f"differ by {percentile(off, 50):.4f} (median), {percentile(off, 95):.4f} (95 %)")
            self.assertLess(percentile(off, 50), 0.01)
            self.assertLess(percentile(off, 95), 0.05)


class Quiet(unittest.TestCase):
    """Without trouble nothing is sent again, and tshark finds nothing either."""

    def test_nothing_lost(self):
        with scratch("bw-traffic-") as folder:
            c = Capture(folder, "--seed", "3", "--duration-ms", "2000", "--pps", "4000",
                        "--no-trouble", "--no-vlan", "--jitter-ppm", "0", "--gro-ppm", "0")
            for way in ("down", "up"):
                self.assertEqual(c.truth["tcp"][way]["retransmitted"], 0)
                self.assertEqual(c.truth["tcp"][way]["reordered"], 0)
            self.assertFalse([f for f in c.frames if f.tcp_len != "0" and came_late(f)])
            self.assertEqual(len(c.frames), c.truth["packets"])
            self.assertEqual(mix(c.frames, c.way), true_mix(c.truth))
            self.assertLessEqual(max(sharks.ip_bytes(f) for f in c.frames), 1500)
            self.assertFalse(any(f.eth_type in ("0x8100", "0x88a8") for f in c.frames))


class Seed(unittest.TestCase):
    def test_same_bytes(self):
        with scratch("bw-traffic-") as folder:
            def digest(*options):
                names = [os.path.join(folder, n) for n in ("a.pcap", "a.json", "a.jsonl")]
                generate(*names, "--duration-ms", "1500", *options)
                whole = hashlib.sha256()
                for name in names:
                    with open(name, "rb") as f:
                        whole.update(f.read())
                return whole.hexdigest()
            self.assertEqual(digest("--seed", "5"), digest("--seed", "5"))
            self.assertNotEqual(digest("--seed", "5"), digest("--seed", "6"))

    def test_rate(self):
        """About the rate that was asked for, over some seconds."""
        with scratch("bw-traffic-") as folder:
            names = [os.path.join(folder, n) for n in ("a.pcap", "a.json", "a.jsonl")]
            for pps, seconds in ((3000, 8), (20000, 4)):
                generate(*names, "--duration-ms", f"{seconds}000", "--pps", str(pps))
                with open(names[1], encoding="ascii") as f:
                    made = json.load(f)["packets"] / seconds
                print(f"{pps} packets a second asked for, {made:.0f} made")
                self.assertLess(abs(made / pps - 1), 0.25)

    def test_refusals(self):
        for options in (["--pps", "0"], ["--seed", "x"], ["--nothing"], ["a", "b"],
                        ["--duration-ms", "3600000", "--window-ms", "1"]):
            done = subprocess.run([GENERATOR, *options], stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 2, options)
            self.assertTrue(done.stderr)
        done = subprocess.run([GENERATOR, "/nowhere/a.pcap"], stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"/nowhere/a.pcap: ", done.stderr)


if __name__ == "__main__":
    if not shutil.which("tshark"):
        print("skipped: tshark is missing (script/deps test installs it)")
        sys.exit(77)
    unittest.main(verbosity=2)
