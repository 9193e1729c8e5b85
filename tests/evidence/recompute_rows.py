# SPDX-License-Identifier: GPL-3.0-or-later
"""The flat list of a report's figures (its CSV, and pack audit), made from what was worked out again:
from Check.known, the statements and the records. Part of the independent recomputation.

A row is (section, figure, value or text, unit, layer, statistic, n); n is None where it is not
compared. What cannot be worked out from records and statements is in NOT_RECOMPUTED, with the reason."""
from datetime import datetime, timezone

import recompute_calendar as calendars
from recompute_base import APART, apart_of, rank

NOT_RECOMPUTED = {
    ("identity", "made_at"): "when the report was made",
    ("identity", "records_from"): "where its maker read",
    ("identity", "signatures"): "what its maker did with keys",
}
STATISTICS = (("min_bps", "min"), ("p5_bps", "P5"), ("median_bps", "median"), ("p95_bps", "P95"), ("max_bps", "max"))


def utc(seconds, ms=None):
    text = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{ms:03d}Z" if ms else "Z")


def utc_ms(ms):
    return utc(ms // 1000, ms % 1000)


class Rows:
    def __init__(self, check, said, times):
        """times: (unix ms when it came, ledger position) of each record by hash."""
        self.c, self.said, self.times = check, said, times
        self.rows, self.section = [], ""
        self.circuit = f"{check.site}.{check.circuit}"

    def put(self, figure, value, unit="", layer="", statistic="", n=None):
        self.rows.append((self.section, figure, value, unit, layer, statistic, n))

    def known(self, path):
        """A figure that was worked out; one that was not must not be here."""
        if path not in self.c.known:
            raise KeyError(f"{path} was not worked out")
        return self.c.known[path]

    # ---- sections

    def identity(self):
        self.section = "identity"
        c = self.c
        last = c.intervals[-1][1]
        self.put("site", c.site)
        self.put("circuit", c.circuit)
        self.put("place", self.said.site_name[c.site])
        for name, at in (("period_from", c.begin), ("period_to", c.end), ("period_until", c.until)):
            self.put(name, utc(at))
        for name in ("made_at", "records_from", "signatures"):
            self.put(name, None)
        self.put("time_zone", c.zone.key)
        self.put("vantage", last["vantage"])
        self.put("behind", ", ".join(last.get("behind", [])))
        self.put("source", last["source"])
        self.put("layer", last["layer"])
        self.put("resolution", last["resolution_ms"], "ms")
        self.put("link", last["link_bps"], "bit/s")
        self.put("mtu", last["mtu"], "bytes")
        self.put("vantage_changes", self.known("identity.vantage_changes"), "1")

    def claimed(self):
        self.section = "claimed"
        claims = [x for x in self.said.claimed(self.circuit, self.c.zone)
                  if x[0] < self.c.end and x[1] > self.c.begin]
        self.put("claims", len(claims), "1")
        for i, (a, b, down, up, layer, keys) in enumerate(claims, 1):
            self.put(f"claim.{i}.down", down, "bit/s", layer or "")
            self.put(f"claim.{i}.up", up, "bit/s", layer or "")
            self.put(f"claim.{i}.origin", keys)
            self.put(f"claim.{i}.from", utc(a))
            self.put(f"claim.{i}.to", utc(b))

    def coverage(self):
        self.section = "coverage"
        c, n = self.c, len(self.c.intervals)
        for name in ("period", "elapsed"):
            self.put(name, self.known(f"coverage.{name}_s"), "s")
        self.put("recorded", self.known("coverage.recorded_s"), "s", "", "sum", n)
        self.put("missing", self.known("coverage.missing_s"), "s")
        self.put("recorded_twice", self.known("coverage.recorded_twice_s"), "s")
        self.put("counted", self.known("coverage.counted_s"), "s", "", "sum", n)
        for probe, kind, family in self.targets():
            self.put(f"{probe} ({kind}, IPv{family})", self.known(f"latency.{probe}.{kind}.{family}.all.covered_s")[0],
                     "s", "", "sum")
        # how long after its interval's end a record came, by the collector's clock
        late = [self.times[p["_hash"]][0] - p["end"] * 1000 for p in c.records]
        hour = 3600000
        for name, of in (("received_within_1h", lambda x: x <= hour),
                         ("received_within_24h", lambda x: hour < x <= 24 * hour),
                         ("received_later", lambda x: x > 24 * hour)):
            self.put(name, sum(of(x) for x in late), "1", "", "count", len(late))

    def targets(self):
        seen = []
        for p in self.c.records:
            for x in p.get("latency", []):
                key = (x["probe"], x["kind"], x.get("family"))
                if x["circuit"] == self.c.circuit and key not in seen:
                    seen.append(key)
        return sorted(seen)

    def dist(self, figure, path, layer):
        n = self.known(f"{path}.n")
        for member, statistic in STATISTICS:
            if n:
                self.put(figure, self.known(f"{path}.{member}"), "bit/s", layer, statistic, n)
            else:
                self.put(figure, None, "bit/s", layer, statistic, 0)

    def tested(self, way):
        self.section = f"delivered.tested.{way}"
        at = self.section
        runs = [t for t in self.c.runs if t["direction"] == way]
        ok = self.known(f"{at}.runs.ok")
        wanted, made = self.known(f"{at}.runs.wanted"), self.known(f"{at}.runs.made")
        for name in ("wanted", "made", "ok", "failed", "deferred", "cancelled"):
            self.put(f"runs_{name}", self.known(f"{at}.runs.{name}"), "1", "", "count", wanted)
        self.put("retests", self.known(f"{at}.runs.retests"), "1", "", "count", made)
        for what, names in (("grade", ("self", "receipt", "archive")), ("egress", ("match", "other", "unknown")),
                            ("apart", APART)):
            for name in names:
                value = sum(t.get("egress", "unknown") == name for t in runs if t["state"] == "ok") \
                    if what == "egress" else self.known(f"{at}.{what}s.{name}" if what == "grade" else f"{at}.apart.{name}")
                self.put(f"{what}_{name}", value, "1", "", "count", ok)
        good = [t for t in runs if t["state"] == "ok" and apart_of(t) is None]
        for kind in sorted({t["kind"] for t in good}):
            self.dist(f"goodput_{kind}", f"{at}.goodput.{kind}", "goodput")
        for layer in sorted({t["_circuit"].get("layer") for t in good if "line_bps" in t}):
            self.dist("line_rate", f"{at}.line.{layer}", layer)
        layer = self.c.known.get(f"{at}.line_at_claim_layer.layer") or ""
        self.dist("line_rate_at_claim_layer", f"{at}.line_at_claim_layer", layer)
        mtu = {t.get("mtu", t["_circuit"].get("mtu")) for t in good}
        self.put("conversion", [str(x) for m in mtu for x in (m, m + 14)])
        loaded = [(t["rtt_idle_us"], t["rtt_loaded_p95_us"]) for t in good
                  if "rtt_idle_us" in t and "rtt_loaded_p95_us" in t]
        for name, values, parts in (("rtt_idle", [a for a, _ in loaded], ("median", "P95")),
                                    ("rtt_loaded", [b for _, b in loaded], ("median of P95", "P95 of P95")),
                                    ("rtt_added", [b - a for a, b in loaded], ("median",))):
            for part, ppm in zip(parts, (500000, 950000)):
                self.put(name, rank(values, ppm), "us", "ip", part, len(loaded))
        compared = self.known(f"{at}.against_claim.n")
        self.put("runs_compared", compared, "1", layer, "count", ok)
        for percent in (80, 90):
            self.put(f"at_least_{percent}_percent_of_claim",
                     self.c.known.get(f"{at}.against_claim.at_least_{percent}_percent_ppm"), "ppm", layer, "share",
                     compared)

    def carried(self):
        self.section = "delivered.carried"
        for layer in self.layers():
            for way in ("down", "up"):
                at = f"used.{layer}.all_hours.{way}"
                self.put(way, self.known(f"carried.{way}.max_bps"), "bit/s", layer, "max", self.known(f"{at}.n"))
                self.put(f"{way}.at", self.c.known.get(f"{at}.peak_at"))

    def layers(self):
        return self.known("used, layers")

    def used(self):
        self.section = "used"
        for layer in self.layers():
            for hours in ("all_hours", "class_hours"):
                for way in ("down", "up"):
                    at, name = f"used.{layer}.{hours}.{way}", f"{hours}.{way}"
                    n, claim = self.known(f"{at}.n"), self.c.last_claim()
                    self.put(name, self.c.known.get(f"{at}.p95_bps"), "bit/s", layer, "P95", n)
                    self.put(name, self.c.known.get(f"{at}.peak_bps"), "bit/s", layer, "max", n)
                    to = claim.get("layer", "ip") if claim else None
                    if to and self.c.known.get(f"{at}.p95_at_claim_layer_bps") is not None:
                        converted = self.known(f"{at}.n_converted")
                        if to != layer:
                            self.put(name, self.known(f"{at}.p95_at_claim_layer_bps"), "bit/s", to, "P95", converted)
                        self.put(f"{name}.of_claim", self.c.known.get(f"{at}.p95_of_claim_ppm"), "ppm", to, "P95",
                                 converted)
            at = f"used.{layer}"
            n = self.known(f"{at}.intervals")
            for way in ("down", "up"):
                self.put(f"bytes.{way}", self.known(f"{at}.{way}_bytes"), "bytes", layer, "sum", n)
            self.put("saturated", self.known(f"{at}.saturated_s"), "s", layer, "sum",
                     n - self.known(f"{at}.with_own_test"))
            for name, of in (("intervals", "intervals"), ("intervals_with_own_test", "with_own_test"),
                             ("intervals_too_short", "too_short"), ("intervals_at_least", "at_least")):
                self.put(name, self.known(f"{at}.{of}"), "1", layer, "count", n)

    def class_time(self):
        self.section = "class_time"
        n = len(self.c.r["days"])
        days = self.known("class_time.days")
        for kind in calendars.KINDS:
            self.put(f"days.{kind}", days[kind], "1", "", "count", n)
        self.put("days_with_lessons", self.known("class_time.with_lessons"), "1", "", "count", n)
        self.put("days_of_testing", self.known("class_time.testing"), "1", "", "count", n)
        for name in ("class", "outside", "unknown"):
            self.put(name, self.known(f"class_time.{name}_s"), "s", "", "sum", n)
        self.put("intervals_unknown", self.known("class_time.intervals_unknown"), "1", "", "count",
                 len(self.c.intervals))

    def latency(self):
        self.section = "latency"
        for probe, kind, family in self.targets():
            for hours in ("all", "class"):
                at = f"latency.{probe}.{kind}.{family}.{hours}"
                if f"{at}.sent" not in self.c.known:
                    continue
                name = f"{probe} ({kind}, IPv{family}).{hours}_hours"
                sent, answered = self.known(f"{at}.sent"), self.known(f"{at}.answered")
                get = self.c.known.get
                for member, unit, statistic, n in (
                        ("sent", "1", "sent", sent), ("lost", "1", "lost", sent), ("late", "1", "late", sent),
                        ("loss_ppm", "ppm", "loss", sent), ("loss_low_ppm", "ppm", "loss 95 % low", sent),
                        ("loss_high_ppm", "ppm", "loss 95 % high", sent), ("min_us", "us", "min", answered),
                        ("p50_us", "us", "P50", answered), ("p95_us", "us", "P95", answered),
                        ("p99_us", "us", "P99", answered), ("mean_us", "us", "mean", get(f"{at}.counted")),
                        ("n_at_most_100ms", "1", "at most 100 ms", answered),
                        ("answered", "1", "answers in histograms", get(f"{at}.counted")),
                        ("pdv_p95_us", "us", "PDV P95", answered)):
                    self.put(name, get(f"{at}.{member}"), unit, "ip", statistic, n)

    def outages(self):
        self.section = "outages"
        n = self.known("outages.n")
        for name, of, unit, statistic in (("outages", "n", "1", "count"), ("total", "total_ms", "ms", "sum"),
                                          ("longest", "longest_ms", "ms", "max"),
                                          ("without_end", "n_without_end", "1", "count")):
            self.put(name, self.known(f"outages.{of}"), unit, "", statistic, n)
        self.put("observed", self.known("outages.observed_s"), "s")
        self.put("witnesses", self.known("outages.witnesses"), "1")
        why = {}
        for p in self.c.heard:
            for o in p.get("outages", []):
                why.setdefault(o["from_ms"], o["why"])
        for a, b, *_ in self.c.outage_list():
            self.put(f"{utc_ms(a)}/{utc_ms(b)} {why[a]}", b - a, "ms", "", "length", 1)

    def gaps(self):
        """Missing, counters that cover less, and what records state without time missing."""
        self.section = "gaps"
        c, out = self.c, []
        for a, b in c.covered(c.begin, c.until)[1]:
            stated = sorted({s["why"] for p in c.heard for s in p.get("gaps", [])
                             if s["from"] < b and s["to"] > a and s["why"] not in ("deferred", "counter")})
            out.append((a, b, ", ".join(stated) or "not stated", b - a, "missing", 1))
        lacking = None
        for p, k in c.intervals:
            if "covered_s" not in k or k["covered_s"] >= p["end"] - p["start"]:
                continue
            short = p["end"] - p["start"] - k["covered_s"]
            if lacking and lacking[1] == p["start"]:
                lacking = (lacking[0], p["end"], lacking[2], lacking[3] + short, "counter", 1)
                out[-1] = lacking
            else:
                lacking = (p["start"], p["end"], "counters cover part of the interval", short, "counter", 1)
                out.append(lacking)
        deferred = [(s["from"], s["to"]) for p in c.heard for s in p.get("gaps", []) if s["why"] == "deferred"
                    and s["from"] < c.until and (s["to"] > c.begin or s["from"] >= c.begin)]
        for a, b in sorted(set(deferred)):
            out.append((a, b, "deferred", 0, "stated", deferred.count((a, b))))
        for a, b, why, missing, kind, n in out:
            self.put(f"{utc(a)}/{utc(b)} {why}", missing, "s", "", kind, n)

    def clock(self):
        self.section = "clock"
        n = len(self.c.intervals)
        self.put("unsynchronised", self.known("clock.unsynchronised_s"), "s", "", "sum", n)
        self.put("stepped", self.known("clock.stepped_intervals"), "1", "", "count", n)
        self.put("worst_error", self.known("clock.worst_error_us"), "us", "", "max", n)

    def counts(self):
        self.section = "counts"
        c, n = self.c, len(self.c.records)
        self.put("records", n, "1", "", "count", n)
        self.put("intervals", len(c.intervals), "1", "", "count", n)
        self.put("interval_length", c.usual_length(), "s")
        positions = [self.times[p["_hash"]][1] for p in c.records]
        self.put("first_position", min(positions), "1")
        self.put("last_position", max(positions), "1")
        for kid in {p["_kid"] for p in c.records}:
            seqs = [p["seq"] for p in c.records if p["_kid"] == kid]
            self.put(f"key {kid} seq {min(seqs)}…{max(seqs)}", len(seqs), "1", "", "count", n)
        for word, member in (("agent", "agent"), ("configuration", "config")):
            for text in {p[member] for p in c.records}:
                self.put(f"{word} {text}", sum(p[member] == text for p in c.records), "1", "", "count", n)

    def bindings(self):
        self.section = "bindings"
        for b in self.said.bound(self.circuit):
            first, last = b["first"], b["last"]
            a = int(datetime.fromisoformat(first).replace(tzinfo=self.c.zone).timestamp())
            if a >= self.c.end or last < str(self.c.local(self.c.begin).date()):
                continue
            self.put(f"{b['key']} {first}/{last}", b["body"]["down"]["bps"], "bit/s")
            self.put(f"{b['key']} {first}/{last} as said by {b['claim']['by']} at", utc(b["claim"]["said_s"]))
            self.put(f"{b['key']} said by", b["said"]["by"])
            self.put(f"{b['key']} said at", utc(b["said"]["said_s"]))

    def annotations(self):
        self.section = "annotations"
        notes = self.said.notes(self.circuit, self.c.begin, self.c.end)
        if not notes:
            return
        out = {s for x in notes if x["body"].get("exclude")
               for s in range(max(x["body"]["from_s"], self.c.begin), min(x["body"]["to_s"], self.c.until))}
        inside = sum(max(0, min(b, s * 1000 + 1000) - max(a, s * 1000)) for a, b, *_ in self.c.outage_list()
                     for s in range(a // 1000, b // 1000 + 1) if s in out)
        total = self.known("outages.total_ms")
        self.put("annotations", len(notes), "1")
        self.put("annotations_not_readable", 0, "1")
        self.put("excluded_time", len(out), "s")
        self.put("outage_in_excluded_time", inside, "ms")
        self.put("outage_without_excluded_time", total - inside, "ms")
        for x in notes:
            b = x["body"]
            self.put(f"{utc(b['from_s'])}/{utc(b['to_s'])} {b['cause']}{' (excluded)' if b.get('exclude') else ''}, "
                     f"by {x['by']}", b["text"])

    def traffic(self):
        """No box of the state looks at packets."""
        self.section = "traffic"
        assert not any(p.get("traffic") for p in self.c.records)
        self.put("looked_at", None, "s", "", "sum", 0)

    def report(self):
        for section in (self.identity, self.claimed, self.coverage, lambda: self.tested("down"),
                        lambda: self.tested("up"), self.carried, self.used, self.class_time, self.latency,
                        self.traffic, self.outages, self.gaps, self.clock, self.counts, self.bindings,
                        self.annotations):
            section()
        return self.rows
