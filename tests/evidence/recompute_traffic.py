# SPDX-License-Identifier: GPL-3.0-or-later
"""recompute_traffic - the report's "traffic", worked out again from payloads.

Part of recompute.py, which gives its reading of histograms. Fractions, no running sums; a
share's borders may be one part of a million off, where rounding decides.
"""
import math
from collections import Counter
from datetime import datetime, timezone
from fractions import Fraction

ORDER = ["tls", "quic", "http", "dns", "mail", "vpn", "ssh", "ntp", "icmp", "ipv4", "ipv6", "0-63",
         "64-127", "128-255", "256-511", "512-1023", "1024-1518", "1519-", "other"]


def utc(unix_s):
    return datetime.fromtimestamp(unix_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Traffic:
    def __init__(self, check, read_hist, hist_rank, edges):
        self.check, self.read_hist, self.hist_rank, self.edges = check, read_hist, hist_rank, edges
        self.rows = []
        for p in check.records:
            for c in p["circuits"]:
                self.rows += [(p, c, t) for t in p.get("traffic", [])
                              if t["circuit"] == c["id"] == check.circuit]

    def hist(self, text):
        return Counter(self.read_hist(text)) if text else Counter()

    def times(self, hists):
        hist = Counter()
        for h in hists:
            hist.update(h)
        out = {"n": sum(hist.values())}
        if out["n"]:
            out.update(min_us=self.edges[min(hist)][0], p50_us=self.hist_rank(hist, 500000),
                       p95_us=self.hist_rank(hist, 950000))
        return out

    @staticmethod
    def ratio(parts):
        """(weight, ppm, low, high) of intervals into ppm, low, high."""
        weight = sum(w for w, _, _, _ in parts)
        mean = sum(Fraction(w * v) for w, v, _, _ in parts) / weight
        below = math.sqrt(sum((w * (v - low)) ** 2 for w, v, low, _ in parts)) / weight
        above = math.sqrt(sum((w * (high - v)) ** 2 for w, v, _, high in parts)) / weight
        return {"share_ppm": math.floor(mean + Fraction(1, 2)),
                "share_low_ppm": max(0, math.floor(mean - Fraction(below))),
                "share_high_ppm": min(1000000, math.ceil(mean + Fraction(above)))}

    def near(self, where, mine, theirs):
        """As same_members, and a part of a million for rounding."""
        for name, v in mine.items():
            t = theirs.get(name)
            if name.endswith("_ppm") and None not in (v, t) and abs(v - t) <= 1:
                v = t
            self.check.same(f"{where}.{name}", v, t)
        self.check.same(f"{where}, members", sorted(mine), sorted(theirs))

    def mix(self, member, way, layer, theirs):
        kept, left = [], Counter(own_test=0, too_short=0, untold=0, other_layer=0)
        basis = []
        for p, c, t in self.rows:
            told = {m["class"]: m for m in t.get(member, []) if f"{way}_ppm" in m}
            if not told or "bytes" not in c.get(way, {}):
                left["untold"] += 1
            elif "own-test" in t.get("flags", []) or any(
                    x["circuit"] == c["id"] and x["state"] != "deferred"
                    for x in p.get("throughput", [])):
                left["own_test"] += 1
            elif 2 * t.get("covered_s", p["end"]) < p["end"] - p["start"]:
                left["too_short"] += 1
            elif c.get("layer") != layer:
                left["other_layer"] += 1
            else:
                kept.append((c[way]["bytes"], told))
                basis.append((p, t))
        where = f"traffic.{member}.{way}"
        self.stretch(where, [p for p, _ in basis], theirs)
        drawn = [t["captured"] for _, t in basis if "captured" in t]
        self.check.same(f"{where}.captured", sum(drawn) if drawn else None, theirs.get("captured"))
        total = sum(b for b, _ in kept)
        names = sorted({k for _, told in kept for k in told}, key=lambda k: (
            ORDER.index(k) if k in ORDER else len(ORDER), k))
        self.check.same(f"{where}.intervals", len(kept), theirs["intervals"])
        self.check.same(f"{where}.bytes", total if kept else None, theirs.get("bytes"))
        self.check.same_members(f"{where}.left_out", dict(left), theirs["left_out"])
        self.check.same(f"{where}.classes", names, [x["class"] for x in theirs["classes"]])
        for x in theirs["classes"]:
            parts = []
            for b, told in kept:
                m = told.get(x["class"], {f"{way}_ppm": 0})
                v = m[f"{way}_ppm"]
                parts.append((b, v, m.get(f"{way}_low_ppm", v), m.get(f"{way}_high_ppm", v)))
            mine = {"class": x["class"], **self.ratio(parts),
                    "bytes": math.floor(Fraction(sum(b * v for b, v, _, _ in parts), 1000000)
                                        + Fraction(1, 2))}
            self.near(f"{where}.{x['class']}", mine, x)

    def stretch(self, where, records, theirs):
        mine = {}
        if records:
            first, last = min(p["start"] for p in records), max(p["end"] for p in records)
            told = sum(p["end"] - p["start"] for p in records)
            mine = {"from": utc(first), "to": utc(last), "gaps_s": max(0, last - first - told)}
        for name in ("from", "to", "gaps_s"):
            self.check.same(f"{where}.{name}", mine.get(name), theirs.get(name))

    def flow_sizes(self, theirs):
        rows = [(p, t["flow_size_hist"]) for p, _, t in self.rows if "flow_size_hist" in t]
        hist = Counter()
        for _, text in rows:
            hist.update(self.hist(text))
        mine = {"intervals": len(rows), "n": sum(hist.values())}
        if mine["n"]:
            mine.update({f"p{q}_bytes": self.hist_rank(hist, q * 10000) for q in (10, 50, 90, 99)})
        self.check.same_members("traffic.flow_sizes", mine, {
            k: v for k, v in theirs.items() if k == "intervals" or k == "n" or k.startswith("p")})
        self.stretch("traffic.flow_sizes", [p for p, _ in rows], theirs)

    def resent(self, way, theirs):
        rows = [(p["start"] // 3600, t.get("flows_1_in", 1), t[f"tcp_{way}"])
                for p, _, t in self.rows if "resent_ppm" in t.get(f"tcp_{way}", {})]
        mine = {"intervals": len(rows)}
        if rows:
            hours = {}
            for hour, one_in, w in rows:
                hours.setdefault(hour, []).append((w["bytes"] * one_in, w["resent_ppm"], w))
            mine.update(payload_bytes=sum(w["bytes"] for _, _, w in rows),
                        resent_bytes=sum(w["resent_bytes"] for _, _, w in rows),
                        **self.ratio([self.hour(parts) for parts in hours.values()]))
        self.near(f"traffic.resent.{way}", mine, theirs)

    @staticmethod
    def hour(parts):
        """Intervals of one draw of flows into one: their half widths add up."""
        weight = sum(b for b, _, _ in parts)
        return (weight, Fraction(sum(b * v for b, v, _ in parts), weight),
                Fraction(sum(b * w.get("resent_low_ppm", v) for b, v, w in parts), weight),
                Fraction(sum(b * w.get("resent_high_ppm", v) for b, v, w in parts), weight))

    def saturation(self, theirs):
        unsplit, full, other = 0, [], []
        for _, c, t in self.rows:
            if "tcp_rtt_hist" not in t:
                continue
            s = c.get("saturated_s")
            late = c["source"] == "snmp" and c.get("resolution_ms", 10 ** 6) > 5500
            if s is None or (s and (late or "saturated_rtt_hist" not in t)):
                unsplit += 1
                continue
            in_full = self.hist(t.get("saturated_rtt_hist"))
            full.append((s, in_full))
            if c["covered_s"] > s:
                other.append((c["covered_s"] - s, self.hist(t["tcp_rtt_hist"]) - in_full))
        self.check.same("traffic.saturation.intervals_not_split", unsplit,
                        theirs["intervals_not_split"])
        for name, parts in (("saturated", full), ("others", other)):
            self.check.same_members(f"traffic.saturation.{name}", {
                "intervals": sum(s > 0 for s, _ in parts), "seconds": sum(s for s, _ in parts),
                "times": self.times([h for _, h in parts])}, theirs[name])

    def compare(self):
        c, theirs = self.check, self.check.r.get("traffic")
        c.same("traffic, told", bool(self.rows), theirs is not None)
        if not self.rows or theirs is None:
            return
        flags = [t.get("flags", []) for _, _, t in self.rows]
        sums = {name: [t[name] for _, _, t in self.rows if name in t]
                for name in ("captured", "capture_drops", "flows")}
        mine = {"intervals": len(self.rows),
                "intervals_interrupted": sum("state" in t for _, _, t in self.rows),
                "intervals_merged": sum("merged-small" in f for f in flags),
                "intervals_flows_full": sum("flows-full" in f for f in flags),
                "intervals_at_least": sum(x["source"] == "mirror" for _, x, _ in self.rows),
                "length_s": sum(p["end"] - p["start"] for p, _, _ in self.rows),
                "covered_s": sum(t.get("covered_s", 0) for _, _, t in self.rows),
                **{name: sum(v) if v else None for name, v in sums.items()}}
        c.same_members("traffic", mine, {k: v for k, v in theirs.items() if isinstance(v, int)})
        for way in ("down", "up"):
            for member in ("mix", "families", "sizes"):
                self.mix(member, way, theirs[member].get("layer"), theirs[member][way])
            self.resent(way, theirs["resent"][way])
        for name, member in (("wan", "tcp_rtt_hist"), ("wan_smallest_of_flows", "wan_min_hist"),
                             ("lan", "lan_rtt_hist")):
            c.same_members(f"traffic.round_trips.{name}", self.times(
                [self.hist(t.get(member)) for _, _, t in self.rows]), theirs["round_trips"][name])
        self.saturation(theirs["saturation"])
        self.flow_sizes(theirs["flow_sizes"])
