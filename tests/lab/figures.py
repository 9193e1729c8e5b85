# SPDX-License-Identifier: GPL-3.0-or-later
"""figures - what the signed records say, beside what was set or counted elsewhere.

Every figure is computed from the records alone (never from a picture or a status page),
every truth from the lab alone. Nothing that the records hold is left out of a comparison
but for a reason on the wire, which stands at the rule; what is left out is counted.
"""
import hashlib
import time

from bwtest import payload
from truth import wilson

# A full IPv4 TCP segment with time stamps: 1448 bytes of payload in a frame of 1514,
# which is what tbf and the kernel's counters count.
PAYLOAD_SHARE = 1448 / 1514


def digest(line):
    return hashlib.sha256(line.encode("ascii")).hexdigest()


class Row:
    """ident names the figure for programs, group and name for people. ok None: shown, not
    judged. more: further members for demo.json."""

    def __init__(self, ident, group, name, measured, truth, unit, band, ok, source="", **more):
        self.ident, self.group, self.name = ident, group, name
        self.measured, self.truth = measured, truth
        self.unit, self.band, self.ok, self.source, self.more = unit, band, ok, source, more

    def as_json(self):
        return {"id": self.ident, "group": self.group, "figure": self.name,
                "measured": self.measured, "truth": self.truth, "unit": self.unit,
                "band": self.band, "ok": self.ok,
                "source": self.source, **self.more}


def show(value, unit):
    if value is None:
        return "unknown"
    if unit == "UTC":
        whole, hundredths = divmod(round(value * 100), 100)
        return time.strftime("%H:%M:%S", time.gmtime(whole)) + f".{hundredths:02d}"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def table(rows):
    """One block of lines a group."""
    head = ("", "measured", "truth", "", "band", "", "truth is")
    body = [("  " + r.name, show(r.measured, r.unit),
             "-" if r.truth is None and r.ok is None else show(r.truth, r.unit), r.unit, r.band,
             "ok" if r.ok else ("" if r.ok is None else "OUTSIDE"), r.source) for r in rows]
    width = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]

    def text(line):
        return "  ".join(c.rjust(width[i]) if i in (1, 2) else c.ljust(width[i])
                         for i, c in enumerate(line)).rstrip()
    out, group = [text(head)], None
    for r, line in zip(rows, body):
        if r.group != group:
            group = r.group
            out += ["", group]
        out.append(text(line))
    return "\n".join(out)


def near(measured, truth, share):
    return measured is not None and truth is not None and abs(measured - truth) <= share * truth


def median(values):
    values = sorted(v for v in values if v is not None)
    return values[(len(values) - 1) // 2] if values else None


def meets(a, b):
    return a[0] < b[1] and b[0] < a[1]


class Figures:
    """The rows of one run. cut: (from, to) unix seconds of the line's cut; around_s: (before,
    after), how long a run loads the line beyond its measured window; pace_ms: of echoes."""

    def __init__(self, records, circuit, school=None, sampler=None, ping=None, cut=None,
                 around_s=(0, 0), pace_ms=1000):
        self.records = sorted(records, key=lambda r: (r["start"], r["seq"]))
        self.circuit, self.school, self.sampler, self.ping = circuit, school, sampler, ping
        self.cut, self.around_s, self.pace_ms = cut, around_s, pace_ms
        self.rows = []
        self.outages = self._outages()
        self.runs = [self._run(t) for r in self.records for t in r.get("throughput", [])
                     if t["circuit"] == circuit]
        self.intervals = self._intervals()

    def add(self, *args, **more):
        self.rows.append(Row(*args, **more))

    def _outages(self):
        """{from: to or None} in unix seconds, each once, as the records tell them."""
        found = {}
        for r in self.records:
            for o in r.get("outages", []):
                if o["circuit"] == self.circuit:
                    begin, end = o["from_ms"] / 1000, o.get("to_ms")
                    found[begin] = end / 1000 if end else found.get(begin)
        return found

    def _out(self, span):
        """Does an outage of the records meet this span?"""
        return any(meets(span, (a, b or float("inf"))) for a, b in self.outages.items())

    # ---- rates

    def _run(self, t):
        """One run of the records with what the lab knows about its window, and whether it is
        compared. A run in an outage says something true about the outage, and nothing
        about the rate that was set: the records themselves tell which these are."""
        begin = t["at_ms"] / 1000
        end = begin + t.get("duration_ms", 0) / 1000
        run = {k: t[k] for k in ("direction", "at_ms", "duration_ms", "state", "reason", "streams",
                                 "cc", "goodput_bps", "line_bps", "concurrent_bps", "rtt_idle_us",
                                 "rtt_loaded_p95_us", "retransmit_ppm", "tester_busy_ppm", "flags")
               if k in t}
        run["span"] = begin, end
        # one that failed tells when it gave up, 5 s after it last got an answer
        met = (begin - 6, end) if t["state"] == "failed" else (begin, end)
        run["left_out"] = ("in the outage" if self._out(met) and t["state"] != "deferred" else
                           None if t["state"] == "ok" else t["state"])
        if self.sampler and t["state"] == "ok":
            way, seconds = t["direction"], end - begin
            for name, counter in (("users_bps", "lan_" + way), ("counted_bps", way)):
                moved = self.sampler.between(counter, begin, end)
                run[name] = moved and round(moved * 8 / seconds)
            run["ping_loaded_ms"] = self._ping_loaded(begin, end)
        return run

    def good_runs(self, direction):
        return [r for r in self.runs if r["direction"] == direction and not r["left_out"]]

    def _ping_loaded(self, begin, end):
        """[P95, lowest, highest] of ping's answers that the box's P95 may be. Box and ping send
        at different instants into a queue that fills and empties, so each P95 is that of a
        draw: with n echoes it lies, 19 times in 20, between the quantiles 0.95 ± 1.96
        sqrt(0.95 0.05 / n) of all; the two programs' clocks and paths differ by less
        than 1 ms."""
        n = (end - begin) * 1000 / self.pace_ms
        half = 1.96 * (0.95 * 0.05 / n) ** 0.5
        found = [self.ping.percentile(q, begin, end) for q in
                 (0.95, 0.95 - half, min(1, 0.95 + half))] if self.ping else [None]
        return None if None in found else [found[0], found[1] - 1, found[2] + 1]

    def rates(self):
        """Every run must be inside its band; the one that is farthest off is shown."""
        for way, set_bps in (("down", self.school.down_bps), ("up", self.school.up_bps)):
            runs = self.good_runs(way)
            group = f"Throughput {way}, {self._counts(way)}"
            self._rate(f"line.{way}", group, "on the line, Ethernet",
                       [(r.get("line_bps"), set_bps) for r in runs], "set (tbf)")
            self._rate(f"payload.{way}", group, "payload of the test, TCP",
                       [(r["goodput_bps"], (set_bps - r["users_bps"]) * PAYLOAD_SHARE)
                        for r in runs if r.get("users_bps") is not None],
                       "set, less users' (nft)")
            self._loaded(f"loaded.{way}", group, runs)

    def _rate(self, ident, group, name, pairs, source):
        pairs.sort(key=lambda p: abs((p[0] or 0) / p[1] - 1))
        got, truth = pairs[-1] if pairs else (None, None)
        self.add(ident, group, name, got and got / 1e6, truth and truth / 1e6, "Mbit/s", "±5 %",
                 near(got, truth, 0.05), source,
                 each=[{"measured": g and g / 1e6, "truth": t / 1e6} for g, t in pairs])

    def _loaded(self, ident, group, runs):
        pairs = [(r["rtt_loaded_p95_us"] / 1000, r["ping_loaded_ms"]) for r in runs
                 if r.get("rtt_loaded_p95_us") and r.get("ping_loaded_ms")]
        pairs.sort(key=lambda p: max(p[1][1] - p[0], p[0] - p[1][2]))
        got, (truth, low, high) = pairs[-1] if pairs else (None, (None, 0, 0))
        self.add(ident, group, "round trip meanwhile, P95", got, truth, "ms",
                 f"{low:.1f} to {high:.1f}", got is not None and low <= got <= high,
                 "ping from the LAN", each=[{"measured": g, "truth": t[0], "low": t[1],
                                             "high": t[2]} for g, t in pairs])

    def _counts(self, way):
        """"3 runs; put off twice; left out: 1 in the outage"."""
        runs = [r for r in self.runs if r["direction"] == way]
        good, why = len(self.good_runs(way)), {}
        for r in runs:
            if r["left_out"]:
                why[r["left_out"]] = why.get(r["left_out"], 0) + 1
        text = {0: "no run", 1: "1 run"}.get(good, f"the farthest off of {good} runs")
        put_off = why.pop("deferred", 0)
        text += "".join(f"; {n} {w}, left out" for w, n in sorted(why.items()))
        times = {1: "once", 2: "twice"}.get(put_off, f"{put_off} times")
        return text + (f"; put off {times}" if put_off else "")

    def failures(self):
        """Runs that failed on a whole line are a fault, never left out in silence."""
        bad = [f"a run {r['direction']} {r['state']} on a whole line: {r.get('reason', '')}"
               for r in self.runs if r["left_out"] in ("failed", "cancelled")]
        if self.sampler:
            bad += [f"a run {r['direction']} without {name}" for r in self.runs
                    if not r["left_out"] for name in ("line_bps", "users_bps", "rtt_loaded_p95_us",
                                                      "ping_loaded_ms") if r.get(name) is None]
        return bad

    def unset(self, targets):
        """Where nothing was set and nobody else counted: the measured figures alone."""
        for way in ("down", "up"):
            runs = self.good_runs(way)
            got = median(r.get("goodput_bps") for r in runs)
            self.add(f"payload.{way}", "Throughput", f"{way}: payload (TCP), {len(runs)} runs",
                     got and got / 1e6, None, "Mbit/s", "not compared", None)
        for probe in targets:
            got = median(e.get("p50_us") for _, e in self._latency(probe))
            self.add(f"round-trip.{probe}", "Round trip", f"to {probe}", got and got / 1000, None,
                     "ms", "not compared", None)

    # ---- latency

    def _latency(self, probe):
        return [(r, e) for r in self.records for e in r.get("latency", [])
                if e["circuit"] == self.circuit and e["probe"] == probe]

    def _loaded_span(self, span):
        before, after = self.around_s
        return any(r["state"] != "deferred" and
                   meets(span, (r["span"][0] - before, r["span"][1] + after)) for r in self.runs)

    def round_trip(self, targets, set_ms):
        """Outside load: intervals in which no test ran, since a test fills the queue, which is
        the round trip's own row above; and no outage, in which nothing answers. The users'
        own downloads are in: they are the line's every-day state."""
        quiet = [r for r in self.records if not self._loaded_span((r["start"], r["end"])) and
                 not self._out((r["start"], r["end"]))]
        group = (f"Round trip outside load, median of {len(quiet)} of {len(self.records)} "
                 "intervals; tests or the outage met the others")
        ids = {id(r) for r in quiet}
        for probe in targets:
            values = [e["p50_us"] for r, e in self._latency(probe)
                      if id(r) in ids and "p50_us" in e]
            got = median(values)
            self.add(f"round-trip.{probe}", group, f"to {probe}", got and got / 1000,
                     float(set_ms), "ms", "±2 ms", got is not None and abs(got / 1000 - set_ms) <= 2,
                     "set (delay bridge)", intervals=len(values),
                     each=[v / 1000 for v in values])

    def loss(self, probe, family, set_ppm):
        """Of intervals that no outage meets: in it all echoes are lost, and not the share that
        was set.

        The target's nft drops at random: in one run of twenty the set share lies outside a
        95 % interval by definition. So ours must hold the share that nft dropped of the
        very same packets, and what was set is shown beside it. The counts must agree but
        for one echo a span: at either edge one may be under way, since none takes
        longer than the pace, and the two edges err the same way. Lost is more than what
        nft dropped when a full queue dropped one."""
        whole = [(r, e) for r, e in self._latency(probe) if not self._out((r["start"], r["end"]))]
        sent, lost = (sum(e[k] for _, e in whole) for k in ("sent", "lost"))
        spans = []
        for r, _ in whole:
            if spans and spans[-1][1] == r["start"]:
                spans[-1] = spans[-1][0], r["end"]
            else:
                spans.append((r["start"], r["end"]))
        way = {"echo": 0, "asked": 0.5, "lost": 0.5, "back": 1}  # of the round trip
        count = {name: round(self._count(f"{name}{family}", spans,
                                         part * self.school.delay_ms / 1000))
                 for name, part in way.items()}
        group = f"Loss to {probe}, outside the outage"
        for word, got, truth, source in (
                ("sent", sent, count["echo"], "nft at the port"),
                ("lost", lost, count["echo"] - count["back"], "nft, sent less answered")):
            self.add(f"echoes-{word}.{probe}", group, f"echoes {word}", got, truth, "packets",
                     f"±{len(spans)}", abs(got - truth) <= len(spans), source,
                     spans=len(spans), nft=count)
        interval = wilson(lost, sent)
        low, high = (100 * x for x in interval) if interval else (0, 0)
        share = 100 * lost / sent if sent else None
        band = f"{low:.2f} to {high:.2f}"
        truth = 100 * count["lost"] / count["asked"] if count["asked"] else None
        self.add(f"loss.{probe}", group, "share lost, its 95 % interval", share, truth, "%", band,
                 truth is not None and low <= truth <= high,
                 f"nft: dropped {count['lost']} of {count['asked']}")
        inside = interval is not None and low <= set_ppm / 10000 <= high
        self.add(f"loss-set.{probe}", group, "the same, beside what was set", share,
                 set_ppm / 10000, "%", band, None,
                 "set; inside" if inside else "set; outside", inside=inside)

    def _count(self, name, spans, later_s=0):
        return sum(self.sampler.between(name, a + later_s, b + later_s) or 0 for a, b in spans)

    # ---- bytes

    def _intervals(self):
        """[{start, end, from, to, down, up}]: from, to is what the counters cover of it."""
        found = []
        for r in self.records:
            c = next((c for c in r.get("circuits", []) if c["id"] == self.circuit), {})
            covered = c.get("covered_s", 0)
            first = not found or found[-1]["end"] != r["start"]
            # the first of a daemon's life is covered from its first reading on
            begin = r["end"] - covered if first else r["start"]
            found.append({"start": r["start"], "end": r["end"], "from": begin,
                          "to": begin + covered, "down": c.get("down", {}).get("bytes"),
                          "up": c.get("up", {}).get("bytes")})
        return found

    def spans(self):
        """The time that the counters cover, joined: [(from, to)]."""
        found = []
        for i in self.intervals:
            if i["to"] == i["from"]:
                continue
            if found and found[-1][1] == i["from"]:
                found[-1] = found[-1][0], i["to"]
            else:
                found.append((i["from"], i["to"]))
        return found

    def bytes(self):
        """All covered intervals, tests and cut included: nft counts on the school's side of
        queue and cut. What passed while the daemon was dead is in no record, which the
        records say (a gap, covered_s), and nothing of it is counted on either side."""
        spans = self.spans()
        covered = sum(b - a for a, b in spans)
        group = (f"Bytes on the line, all {len(self.intervals)} intervals ({covered} s), tests "
                 "and cut included")
        for way in ("down", "up"):
            for i in self.intervals:
                counted = self.sampler.between(way, i["from"], i["to"])
                i[f"{way}_counted"] = None if counted is None else round(counted)
            got = sum(i[way] for i in self.intervals if i[way] is not None)
            truth = sum(self.sampler.between(way, a, b) or 0 for a, b in spans)
            self.add(f"bytes.{way}", group, way, got, round(truth), "bytes", "±0.1 %",
                     truth > 0 and near(got, truth, 0.001),
                     "nft at the port", off_ppm=truth and 1e6 * (got - truth) / truth)
        gaps = [g for r in self.records for g in r.get("gaps", []) if g["why"] == "daemon stopped"]
        named = sum(g["to"] - g["from"] for g in gaps)
        begin, end = self.records[0]["start"], self.records[-1]["end"]
        recorded = sum(r["end"] - r["start"] for r in self.records)
        self.add("unexplained", group, "seconds that nothing explains",
                 end - begin - recorded - named, 0, "s", "0", end - begin == recorded + named,
                 f"{recorded} s in records, {named} s a named gap", gaps=gaps)

    # ---- outage, delivery

    def outage(self):
        n = len(self.outages)
        self.add("outages", "Outage", "how many", n, 1, "", "exactly", n == 1, "the lab's cut")
        begin = min(self.outages, default=None)
        end = max((t for t in self.outages.values() if t), default=None)
        for name, got, truth in (("begins", begin, self.cut[0]), ("ends", end, self.cut[1])):
            self.add(f"outage.{name}", "Outage", name, got, truth, "UTC", "±1 s",
                     got is not None and abs(got - truth) <= 1, "the lab's clock",
                     off_s=got and got - truth)

    def delivery(self, signed, held, acked_seq):
        """signed: lines of the box's journal; held: lines of the collector's ledger; acked_seq:
        up to which record the box holds the collector's receipt."""
        ours, theirs = [digest(l) for l in signed], [digest(l) for l in held]
        lost = len(set(ours) - set(theirs))
        doubled = len(theirs) - len(set(theirs))
        strange = len(set(theirs) - set(ours))
        acked = sum(1 for l in signed if payload(l)["seq"] <= (acked_seq or 0))
        group = "Summaries, one an interval"
        n = len(set(ours))
        self.add("signed", group, "signed", n, None, "", "", None)
        for ident, name, got, truth in (
                ("acknowledged", "acknowledged by a receipt", acked, n),
                ("held", "held by the collector", len(set(ours) & set(theirs)), n),
                ("lost", "lost", lost, 0), ("doubled", "doubled", doubled, 0),
                ("strange", "held, but never signed", strange, 0)):
            self.add(ident, group, name, got, truth, "", "all" if truth else "0",
                     got == truth and n > 0, "the box's journal")
