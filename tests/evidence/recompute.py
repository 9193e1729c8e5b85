#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""recompute.py REPORT.json RECORDS.jose KEYS.jwk - is every figure of the report what
the signed records say?

An independent reading: signatures by jwcrypto, everything else worked out again here from
the payloads with the standard library alone, in the plainest way there is (whole lists,
no merging by hour or day). Nothing of the C code is used. The period, the zone, the class
hours and the claims are taken from the report; each of its figures is compared, and a
figure that only one side has is a difference too. Exit status 0: all the same; 1: the
differences, one a line; 2: it could not be checked.
"""
import argparse
import json
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

from jwcrypto import jws

import recompute_bins
import recompute_calendar as calendars
import watching
from recompute_base import (APART, EDGES, EDGE_US, apart_of, convert_bytes, convert_rate, hist_rank,
                            rank, read_hist, read_records, unix, wilson)
from recompute_errata import Errata
from recompute_notes import Notes
from recompute_targets import Targets
from recompute_traffic import Traffic


class Check:
    def __init__(self, report, records):
        self.r = report
        self.site = report["identity"]["site"]
        self.circuit = report["identity"]["circuit"]
        self.begin = unix(report["period"]["from"]) // 1000
        self.end = unix(report["period"]["to"]) // 1000
        self.until = unix(report["period"]["until"]) // 1000
        self.zone = zoneinfo.ZoneInfo(report["period"]["time_zone"])
        self.differences = []
        self.compared = 0
        self.known = {}  # every figure that was worked out, under the name it was compared by
        self.errata = Errata(report, unix)
        self.apart = {k["kid"]: [] for k in report["counts"]["keys"] if "in_other_hands_since" in k}
        mine = self.errata.leave([p for p in records if p["site"] == self.site and self.in_good_hands(p)])
        self.records = [p for p in mine if self.begin <= p["start"] < self.end]
        self.everything = mine
        # outages and gaps of the period are heard to the end of the UTC day in which it ends
        self.heard = [p for p in mine if self.begin <= p["start"] < -(-self.end // 86400) * 86400]
        self.intervals = []
        for p in sorted(self.records, key=lambda p: (p["start"], p["seq"])):
            for c in p["circuits"]:
                if c["id"] == self.circuit:
                    self.intervals.append((p, c))
        self.all_runs = [t for p in mine for t in p.get("throughput", [])
                         if t["circuit"] == self.circuit]
        self.runs = sorted(
            (t for t in self.all_runs if self.begin * 1000 <= t["at_ms"] < self.end * 1000),
            key=lambda t: (t["at_ms"], t["direction"] == "up"))
        for p in mine:  # a run's line is at the layer of the record that tells it
            for t in p.get("throughput", []):
                t["_circuit"] = next((c for c in p["circuits"] if c["id"] == t["circuit"]), {})

    def in_good_hands(self, p):
        """No: it came when its key was in other hands, whatever time it claims (key-apart/1)."""
        since = next((k["in_other_hands_since"] for k in self.r["counts"]["keys"]
                      if k["kid"] == p["_kid"] and "in_other_hands_since" in k), None)
        if since is None or "_received_ms" not in p or p["_received_ms"] < unix(since):
            return True
        self.apart[p["_kid"]].append(p)
        return False

    def has_run(self, p):
        return any(t["circuit"] == self.circuit and self.begin <= self.errata.instant(p, t) < self.end
                   for t in p.get("throughput", []))

    def same(self, where, mine, theirs):
        self.compared += 1
        self.known[where] = mine
        if mine != theirs:
            self.differences.append(f"{where}: worked out {mine!r}, the report has {theirs!r}")

    def same_members(self, where, mine, theirs):
        """All members of both, absent = None."""
        for name in sorted(set(mine) | set(theirs)):
            self.same(f"{where}.{name}", mine.get(name), theirs.get(name))

    # ---- time

    def local(self, t):
        return datetime.fromtimestamp(t, self.zone)

    def in_class(self, t):
        return calendars.in_class(calendars.of_report(self.r), self.local(t))

    def claim_at(self, t):
        found = None
        for c in self.r["claimed"]:
            if ("from" not in c or unix(c["from"]) // 1000 <= t) and \
                    ("to" not in c or t < unix(c["to"]) // 1000):
                found = c
        return found

    def last_claim(self):
        return self.claim_at(self.until - 1) or (self.r["claimed"] or [None])[-1]

    # ---- coverage

    def covered(self, begin, end):
        """Seconds of [begin, end) in some interval, and the stretches without."""
        holes, at, total = [], begin, 0
        for p, _ in self.intervals:
            a, b = max(p["start"], at), min(p["end"], end)
            if p["start"] > at and at < end:
                holes.append((at, min(p["start"], end)))
            if b > a:
                total += b - a
            at = max(at, min(p["end"], end))
        if at < end:
            holes.append((at, end))
        return total, [h for h in holes if h[1] > h[0]]

    def coverage(self):
        c = self.r["coverage"]
        total, holes = self.covered(self.begin, self.until)
        counted = [k["covered_s"] for _, k in self.intervals if "covered_s" in k]
        self.same("coverage.period_s", self.end - self.begin, c["period_s"])
        self.same("coverage.elapsed_s", self.until - self.begin, c["elapsed_s"])
        self.same("coverage.recorded_s", total, c["recorded_s"])
        self.same("coverage.missing_s", self.until - self.begin - total, c["missing_s"])
        self.same("coverage.counted_s", sum(counted) if counted else None, c.get("counted_s"))
        self.same("coverage.gaps missing", holes,
                  [(unix(g["from"]) // 1000, unix(g["to"]) // 1000)
                   for g in c["gaps"] if g["kind"] == "missing"])
        for g in c["gaps"]:
            if g["kind"] != "missing":
                continue
            a, b = unix(g["from"]) // 1000, unix(g["to"]) // 1000
            stated = {s["why"] for p in self.heard for s in p.get("gaps", [])
                      if s["from"] < b and s["to"] > a and s["why"] not in ("deferred", "counter")}
            for why in stated:
                self.same(f"gap at {g['from']} states {why}", True, why in g["why"])
            if any(x < b and y > a for x, y in self.errata.left_out):
                self.same(f"gap at {g['from']} is set apart", True, "set apart: erratum" in g["why"])
            elif any(p["start"] < b and p["end"] > a for left in self.apart.values() for p in left):
                self.same(f"gap at {g['from']} is set apart", True, "set apart: key in other hands" in g["why"])
            elif not stated:
                self.same(f"gap at {g['from']} is not stated", True, "not stated" in g["why"])
        lacking = sum(p["end"] - p["start"] - k["covered_s"] for p, k in self.intervals
                      if "covered_s" in k)
        self.same("coverage.gaps counter, seconds", lacking,
                  sum(g["missing_s"] for g in c["gaps"] if g["kind"] == "counter"))
        self.same("coverage.gaps deferred",
                  sorted({(s["from"], s["to"]) for p in self.heard
                          for s in p.get("gaps", []) if s["why"] == "deferred"
                          and s["from"] < self.until
                          and (s["to"] > self.begin or s["from"] >= self.begin)}),
                  sorted((unix(g["from"]) // 1000, unix(g["to"]) // 1000)
                         for g in c["gaps"] if g["why"] == "deferred"))

    # ---- delivered

    def dist(self, where, values, theirs, layer):
        mine = {"n": len(values)}
        if layer:
            mine["layer"] = layer
        if values:
            mine.update(min_bps=min(values), p5_bps=rank(values, 50000),
                        median_bps=rank(values, 500000), p95_bps=rank(values, 950000),
                        max_bps=max(values))
        self.same_members(where, mine, theirs)

    def tested(self, direction):
        theirs = self.r["delivered"]["tested"][direction]
        where = f"delivered.tested.{direction}"
        runs = [t for t in self.runs if t["direction"] == direction]
        by_state = {s: [t for t in runs if t["state"] == s]
                    for s in ("ok", "failed", "deferred", "cancelled")}
        good = by_state["ok"]
        self.same_members(f"{where}.runs", {
            "wanted": len(runs), "made": len(runs) - len(by_state["deferred"]),
            "ok": len(good), "failed": len(by_state["failed"]),
            "deferred": len(by_state["deferred"]), "cancelled": len(by_state["cancelled"]),
            "retests": sum(bool(t.get("retest_of")) and t["state"] != "deferred"
                           for t in runs)}, theirs["runs"])
        self.same_members(f"{where}.grades", {
            g: sum((t["grade"] if t.get("receipt") else "self") == g for t in good)
            for g in ("self", "receipt", "archive")}, theirs["grades"])
        apart = [apart_of(t) for t in good]
        self.same_members(f"{where}.apart", {why: apart.count(why) for why in APART},
                          theirs["apart"])
        good = [t for t, why in zip(good, apart) if why is None]
        kinds = sorted({t["kind"] for t in good})
        self.same(f"{where}.goodput", kinds, sorted(theirs["goodput"]))
        for kind in kinds:
            self.dist(f"{where}.goodput.{kind}",
                      [t["goodput_bps"] for t in good if t["kind"] == kind],
                      theirs["goodput"][kind], "goodput")
        lines, compared, at_80, at_90 = {}, [], 0, 0
        layers = set()
        for t in good:
            if "line_bps" not in t:
                continue
            c = t["_circuit"]
            lines.setdefault(c.get("layer"), []).append(t["line_bps"])
            claim = self.claim_at(t["at_ms"] // 1000)
            if not claim or f"{direction}_bps" not in claim:
                continue
            to = claim.get("layer", "ip")
            rate = convert_rate(t["line_bps"], c.get("layer"), to, t.get("mtu", c.get("mtu")))
            if rate is None:
                continue
            compared.append(rate)
            layers.add(to)
            at_80 += rate * 5 >= claim[f"{direction}_bps"] * 4
            at_90 += rate * 10 >= claim[f"{direction}_bps"] * 9
        self.same(f"{where}.line", len(lines), len(theirs["line"]))
        for line in theirs["line"]:
            self.dist(f"{where}.line.{line.get('layer')}", lines.get(line.get("layer"), []), line,
                      line.get("layer"))
        against = dict(theirs["against_claim"])
        if len(layers) < 2:
            self.dist(f"{where}.line_at_claim_layer", compared, against["line_at_claim_layer"],
                      next(iter(layers), None))
        for name in ("method", "conversion", "line_at_claim_layer"):
            against.pop(name, None)
        mine = {"n": len(compared), "n_at_least_80_percent": at_80,
                "n_at_least_90_percent": at_90}
        if compared:
            mine["at_least_80_percent_ppm"] = at_80 * 1000000 // len(compared)
            mine["at_least_90_percent_ppm"] = at_90 * 1000000 // len(compared)
        self.same_members(f"{where}.against_claim", mine, against)
        both = [(t["rtt_idle_us"], t["rtt_loaded_p95_us"]) for t in good
                if "rtt_idle_us" in t and "rtt_loaded_p95_us" in t]
        mine = {"method": "loaded-rtt/1", "n": len(both)}
        if both:
            idle, loaded = [b[0] for b in both], [b[1] for b in both]
            mine.update(idle_p50_us=rank(idle, 500000), idle_p95_us=rank(idle, 950000),
                        loaded_p50_us=rank(loaded, 500000), loaded_p95_us=rank(loaded, 950000),
                        added_p50_us=rank([b - a for a, b in both], 500000))
        self.same_members(f"{where}.round_trip", mine, theirs["round_trip"])

    # ---- used and carried

    def with_test(self, p):
        return any(t["state"] != "deferred"
                   and t["at_ms"] - 10000 < p["end"] * 1000
                   and t["at_ms"] + t.get("duration_ms", 60000) + 2000 > p["start"] * 1000
                   for t in self.near(p))

    def near(self, p):
        """Runs within two hours: all that could touch the interval, found quickly."""
        if not hasattr(self, "_by_hour"):
            self._by_hour = {}
            for t in self.all_runs:  # those outside the period too: their bytes may lie inside
                self._by_hour.setdefault(t["at_ms"] // 3600000, []).append(t)
        hour = p["start"] // 3600
        return [t for h in range(hour - 2, hour + 3) for t in self._by_hour.get(h, [])]

    def usual_length(self):
        lengths = [p["end"] - p["start"] for p, _ in self.intervals]
        return max(set(lengths), key=lambda x: (lengths.count(x), x)) if lengths else None

    def window(self, where, theirs, rows, direction, to):
        rates = [c[direction]["bytes"] * 8 // c["covered_s"] for _, c in rows]
        mine = {"n": len(rates), "n_converted": 0}
        if rates:
            mine["p95_bps"] = rank(rates, 950000)
            mine["peak_bps"] = max(rates)
            first = next(p for (p, _), v in zip(rows, rates) if v == max(rates))
            mine["peak_at"] = datetime.fromtimestamp(
                first["start"], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        converted = []
        if to:
            for _, c in rows:
                f = c[direction]
                v = convert_bytes(f["bytes"], f.get("packets"), c["layer"], to)
                if v is not None:
                    converted.append(v * 8 // c["covered_s"])
            mine["n_converted"] = len(converted)
        if rates and len(converted) == len(rates):
            mine["p95_at_claim_layer_bps"] = rank(converted, 950000)
            claimed = self.last_claim().get(f"{direction}_bps")
            if claimed:
                mine["p95_of_claim_ppm"] = rank(converted, 950000) * 1000000 // claimed
        self.same_members(where, mine, theirs)
        return max(rates) if rates else None, max(converted) if converted else None

    def used(self):
        layers = {c["layer"] for _, c in self.intervals if "layer" in c and c["covered_s"] > 0}
        self.same("used, layers", sorted(layers), sorted(u["layer"] for u in self.r["used"]))
        claim = self.last_claim()
        to = claim.get("layer", "ip") if claim else None
        usual = self.usual_length()
        for u, carried in zip(self.r["used"], self.r["delivered"]["carried"]):
            rows = [(p, c) for p, c in self.intervals
                    if c.get("layer") == u["layer"] and c["covered_s"] > 0
                    and ("bytes" in c.get("down", {}) or "bytes" in c.get("up", {}))]
            where = f"used.{u['layer']}"
            tests = [self.with_test(p) for p, _ in rows]
            short = [c["covered_s"] * 2 < usual for _, c in rows]
            self.same(f"{where}.intervals", len(rows), u["intervals"])
            self.same(f"{where}.with_own_test", sum(tests), u["intervals_with_own_test"])
            self.same(f"{where}.too_short", sum(s and not t for s, t in zip(short, tests)),
                      u["intervals_too_short"])
            self.same(f"{where}.at_least", sum(c["source"] == "mirror" for _, c in rows),
                      u["intervals_at_least"])
            kept = [row for row, t, s in zip(rows, tests, short) if not t and not s]
            for d in ("down", "up"):
                mine = [row for row in kept if "bytes" in row[1].get(d, {})]
                peak, converted = self.window(f"{where}.all_hours.{d}", u["all_hours"][d], mine,
                                              d, to)
                self.same(f"carried.{d}.max_bps", peak, carried[d].get("max_bps"))
                self.same(f"carried.{d}.at_claim_layer_bps", converted,
                          carried[d].get("at_claim_layer_bps"))
                self.window(f"{where}.class_hours.{d}", u["class_hours"][d],
                            [row for row in mine if self.in_class(row[0]["start"])], d, to)
                for what in ("bytes", "packets"):
                    known = [c[d][what] for _, c in rows if what in c.get(d, {})]
                    self.same(f"{where}.{d}_{what}", sum(known) if known else None,
                              u.get(f"{d}_{what}"))
            told = [c["saturated_s"] for (_, c), t in zip(rows, tests)
                    if not t and "saturated_s" in c]
            self.same(f"{where}.saturated_s", sum(told) if told else None, u.get("saturated_s"))

    # ---- latency

    def latency(self):
        seen = set()
        for l in self.r["latency"]:
            key = (l["probe"], l["kind"], l.get("family"), l["hours"])
            seen.add(key[:3])
            where = f"latency.{'.'.join(map(str, key))}"
            hist, sent, lost, late, total, seconds = {}, 0, 0, 0, 0, 0
            for p in self.records:
                if l["hours"] == "class" and not self.in_class(p["start"]):
                    continue
                for x in p.get("latency", []):
                    if x["circuit"] != self.circuit or \
                            (x["probe"], x["kind"], x.get("family")) != key[:3]:
                        continue
                    sent += x["sent"]
                    lost += x["lost"]
                    late += x["late"]
                    total += x.get("sum_us", 0)
                    seconds += p["end"] - p["start"] if x["sent"] else 0
                    for bucket, n in read_hist(x.get("rtt_hist", "")).items():
                        hist[bucket] = hist.get(bucket, 0) + n
            n = sum(hist.values())
            mine = {"probe": key[0], "kind": key[1], "family": key[2], "hours": key[3],
                    "sent": sent, "lost": lost, "late": late, "counted": sent - lost,
                    "answered": n}
            if sent:
                mine["loss_ppm"] = (lost * 2000000 + sent) // (2 * sent)
                mine["loss_low_ppm"], mine["loss_high_ppm"] = wilson(lost, sent)
            if n:
                low = EDGES[min(hist)][0]
                p95 = hist_rank(hist, 950000)
                mine.update(min_us=low, p50_us=hist_rank(hist, 500000), p95_us=p95,
                            p99_us=hist_rank(hist, 990000), pdv_p95_us=p95 - low,
                            n_at_most_100ms=sum(v for k, v in hist.items()
                                                if EDGES[k][1] <= EDGE_US))
            if sent > lost:
                mine["mean_us"] = total // (sent - lost)
            self.same_members(where, mine, l)
            if l["hours"] == "all":
                cover = [t for t in self.r["coverage"]["targets"]
                         if (t["probe"], t["kind"], t.get("family")) == key[:3]]
                self.same(f"{where}.covered_s", [seconds], [t["covered_s"] for t in cover])
        classes = {(x["probe"], x["kind"], x.get("family")) for p in self.records
                   if self.in_class(p["start"]) for x in p.get("latency", [])
                   if x["circuit"] == self.circuit}
        self.same("latency, targets in class hours", sorted(classes),
                  sorted((x["probe"], x["kind"], x.get("family")) for x in self.r["latency"]
                         if x["hours"] == "class"))
        named = {(x["probe"], x["kind"], x.get("family")) for p in self.records
                 for x in p.get("latency", []) if x["circuit"] == self.circuit}
        self.same("latency, targets", sorted(named), sorted(seen))

    # ---- outages, clock, counts, days

    def outage_list(self):
        """Begin and end as counted, and the end on record."""
        found = {}
        for p in self.heard:
            for o in p.get("outages", []):
                if o["circuit"] != self.circuit:
                    continue
                end = o.get("to_ms", p["end"] * 1000)
                known = found.get(o["from_ms"], (0, None))
                found[o["from_ms"]] = (max(known[0], end), o.get("to_ms", known[1]))
        out = []
        for begin, (end, told) in sorted(found.items()):
            a, b = max(begin, self.begin * 1000), min(end, self.until * 1000)
            if out and a < out[-1][1]:
                out[-1] = (out[-1][0], max(b, out[-1][1]), told if end > out[-1][1] else out[-1][2])
            elif b > a:
                out.append((a, b, told))
        return out

    def outages(self):
        mine = self.outage_list()
        theirs = self.r["outages"]
        witnesses, watched = watching.witnesses(self.records, self.circuit)
        observed = self.covered(self.begin, self.until)[0]
        watched = {cell: s for cell, s in watched.items() if not any(
            a < (cell + 1) * 300 and b > cell * 300 for a, b in self.errata.deaf)}
        if any("covered_s" in c for _, c in self.intervals):
            observed -= self.errata.deaf_s(self.begin, self.until)
        else:
            observed = min(observed, sum(watched.values()))
        self.same("outages.witnesses", len(witnesses) if watched else min(len(witnesses), 1),
                  theirs["witnesses"])
        self.same("outages.observed_s", observed, theirs["observed_s"])
        if not mine and not observed:
            for name in ("n", "total_ms", "longest_ms", "n_without_end"):
                self.same(f"outages.{name}", None, theirs.get(name))
            return
        self.same("outages.list", mine, [
            (unix(o["counted_from"]), unix(o["counted_to"]), unix(o["to"]) if "to" in o else None)
            for o in theirs["list"]])
        self.same("outages.n_without_end", sum(o[2] is None for o in mine),
                  theirs["n_without_end"])
        mine = [o[:2] for o in mine]
        self.same("outages.n", len(mine), theirs["n"])
        self.same("outages.total_ms", sum(b - a for a, b in mine), theirs["total_ms"])
        self.same("outages.longest_ms", max((b - a for a, b in mine), default=None),
                  theirs.get("longest_ms"))
        Notes(self, unix).compare(mine)

    def counts(self):
        c = self.r["counts"]
        clock = self.r["clock"]
        self.same("counts.records", len(self.records), c["records"])
        self.same("counts.intervals", len(self.intervals), c["intervals"])
        self.same("counts.interval_s", self.usual_length(), c["interval_s"])
        for k in c["keys"]:
            seqs = [p["seq"] for p in self.records if p["_kid"] == k["kid"]]
            self.same(f"counts.keys.{k['kid']}", (len(seqs), min(seqs, default=None), max(seqs, default=None)),
                      (k["n"], k.get("first_seq"), k.get("last_seq")))
            apart = sum(self.begin <= p["start"] < self.end or
                        self.end <= p["start"] < self.end + 900 and self.has_run(p)
                        for p in self.apart.get(k["kid"], []))
            self.same(f"counts.keys.{k['kid']}.set_apart", apart or None, k.get("set_apart") or None)
        self.same("counts.keys", {p["_kid"] for p in self.records} | {k for k, left in self.apart.items() if left},
                  {k["kid"] for k in c["keys"]})
        for name, member in (("agents", "agent"), ("configurations", "config")):
            for word in c[name]:
                self.same(f"counts.{name}.{word['text']}",
                          sum(p[member] == word["text"] for p in self.records), word["n"])
            self.same(f"counts.{name}", len({p[member] for p in self.records}), len(c[name]))
        self.same("counts.first_sha256", self.records[0]["_hash"], c["first_sha256"])
        self.same("counts.last_sha256", self.records[-1]["_hash"], c["last_sha256"])
        rows = [p for p, _ in self.intervals]
        unsure = [p for p in rows if not p.get("clock", {}).get("synced", False)]
        self.same("clock.unsynchronised_s", sum(p["end"] - p["start"] for p in unsure),
                  clock["unsynchronised_s"])
        self.same("clock.stepped_intervals",
                  sum(p.get("clock", {}).get("step_us", 0) != 0 for p in rows),
                  clock["stepped_intervals"])
        errors = [p["clock"]["max_error_us"] for p in rows
                  if "max_error_us" in p.get("clock", {})]
        self.same("clock.worst_error_us", max(errors) if errors else None,
                  clock.get("worst_error_us"))

    def days(self):
        layer = self.r["used"][0]["layer"] if self.r["used"] else None
        usual = self.usual_length()
        outages, watched = self.outage_list(), watching.witnesses(self.records, self.circuit)[1]
        rows = {}
        for p, c in self.intervals:
            rows.setdefault(self.local(p["start"]).date().isoformat(), []).append((p, c))
        day = self.local(self.begin).date()
        for theirs in self.r["days"]:
            begin = int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())
            after = day + timedelta(days=1)
            end = int(datetime(after.year, after.month, after.day,
                               tzinfo=self.zone).timestamp())
            begin, end = max(begin, self.begin), min(end, self.until)
            mine = rows.get(day.isoformat(), [])
            where = f"days.{day}"
            self.same(f"{where}.date", day.isoformat(), theirs["date"])
            self.same(f"{where}.length_s", end - begin, theirs["length_s"])
            self.same(f"{where}.recorded_s", self.once(mine, begin, end), theirs["recorded_s"])
            out = sum(max(0, min(b, end * 1000) - max(a, begin * 1000)) for a, b, _ in outages)
            seen = any("covered_s" in c for _, c in mine) or \
                any(begin // 300 <= cell <= (end - 1) // 300 for cell in watched)
            self.same(f"{where}.outage_ms", out if out or seen else None, theirs.get("outage_ms"))
            for d in ("down", "up"):
                flow = [(p, c) for p, c in mine if layer and c.get("layer") == layer
                        and "bytes" in c.get(d, {})]
                kept = [(p, c[d]["bytes"] * 8 // c["covered_s"]) for p, c in flow
                        if c["covered_s"] > 0 and c["covered_s"] * 2 >= usual
                        and not self.with_test(p)]
                self.same_members(f"{where}.{d}", {
                    "bytes": sum(c[d]["bytes"] for _, c in flow) if flow else None,
                    "p95_bps": rank([v for _, v in kept], 950000),
                    "class_p95_bps": rank([v for p, v in kept if self.in_class(p["start"])],
                                          950000),
                    "peak_bps": max((v for _, v in kept), default=None)}, theirs[d])
            day = after

    # ---- what stands around the figures

    def identity(self):
        r = self.r
        changes = sum((a["vantage"], a["source"]) != (b["vantage"], b["source"])
                      for (_, a), (_, b) in zip(self.intervals, self.intervals[1:]))
        self.same("identity.vantage_changes", changes, r["identity"]["vantage_changes"])
        facts = r["identity"]["facts"]
        for name in ("vantage", "source", "layer", "link_bps", "mtu"):
            self.same(f"identity.facts.{name}", {c.get(name) for _, c in self.intervals},
                      {f.get(name) for f in facts})
        named = {" ".join(c["behind"]) if c.get("behind") else None for _, c in self.intervals}
        self.same("identity.facts.behind", named, {f.get("behind") for f in facts})

    @staticmethod
    def once(rows, begin, end):
        """Seconds of [begin, end) that some interval covers."""
        total, at = 0, begin
        for p, _ in rows:
            total += max(0, min(p["end"], end) - max(p["start"], at))
            at = max(at, min(p["end"], end))
        return total

    def twice(self):
        """Seconds that two intervals cover count once, and are told."""
        total, at = 0, None
        for p, _ in self.intervals:
            a, b = max(p["start"], self.begin), min(p["end"], self.until)
            if at is not None and a < at:
                total += min(at, b) - a
            at = b if at is None else max(at, b)
        self.same("coverage.recorded_twice_s", total, self.r["coverage"]["recorded_twice_s"])

    def runs_of_the_period(self):
        """The figures of both directions against the plain list of runs."""
        tested = self.r["delivered"]["tested"]
        self.same("delivered.tested, runs wanted", len(self.runs),
                  sum(tested[d]["runs"]["wanted"] for d in ("down", "up")))
        for d in ("down", "up"):
            good = [t for t in self.runs if t["direction"] == d and t["state"] == "ok"]
            egress = tested[d].get("egress")
            if egress is not None:
                self.same_members(f"delivered.tested.{d}.egress", {
                    k: sum(t.get("egress", "unknown") == k for t in good)
                    for k in ("match", "other", "unknown")}, egress)

    def all(self):
        self.identity()
        self.twice()
        self.runs_of_the_period()
        self.coverage()
        self.tested("down")
        self.tested("up")
        self.used()
        self.latency()
        Targets(self, read_hist, hist_rank, EDGES).compare()
        Traffic(self, read_hist, hist_rank, EDGES).compare()
        self.outages()
        self.counts()
        self.days()
        calendars.ClassTime(self).compare()
        recompute_bins.compare(self, convert_bytes)
        self.errata.compare(self)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("report")
    p.add_argument("records")
    p.add_argument("keys")
    p.add_argument("--received", help="a line a record: its hash, when the collector had it (ms), a comma between")
    options = p.parse_args()
    try:
        with open(options.report, encoding="utf-8") as f:
            report = json.load(f)
        records = read_records(options.records, options.keys)
        if options.received:
            with open(options.received, encoding="ascii") as f:
                received = dict(line.split(",") for line in f)
            for p in records:
                p["_received_ms"] = int(received[p["_hash"]])
    except (OSError, ValueError, KeyError, jws.InvalidJWSSignature) as e:
        print(f"recompute: {e}", file=sys.stderr)
        return 2
    check = Check(report, records)
    check.all()
    for line in check.differences[:50]:
        print(line)
    if len(check.differences) > 50:
        print(f"… and {len(check.differences) - 50} more")
    print(f"{check.compared} figures compared with {len(records)} records, "
          f"{len(check.differences)} different")
    return 1 if check.differences else 0


if __name__ == "__main__":
    sys.exit(main())
