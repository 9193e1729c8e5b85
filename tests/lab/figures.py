# SPDX-License-Identifier: GPL-3.0-or-later
"""figures - what the signed records say, beside what was set or counted elsewhere.

Every figure here is computed from the records alone (never from a picture or a status
page); every truth from the lab alone.
"""
import hashlib

from bwtest import payload
from truth import wilson

# A full IPv4 TCP segment with time stamps: 1448 bytes of payload in a frame of 1514,
# which is what tbf and the kernel's counters count.
PAYLOAD_SHARE = 1448 / 1514


def digest(line):
    return hashlib.sha256(line.encode("ascii")).hexdigest()


class Row:
    def __init__(self, name, measured, truth, unit, band, ok, note=""):
        self.name, self.measured, self.truth = name, measured, truth
        self.unit, self.band, self.ok, self.note = unit, band, ok, note

    def as_json(self):
        return {"figure": self.name, "measured": self.measured, "truth": self.truth,
                "unit": self.unit, "band": self.band, "ok": self.ok, "note": self.note}


def show(value):
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(rows):
    head = ("figure", "measured", "set or counted", "unit", "band", "")
    body = [(r.name, show(r.measured), "-" if r.ok is None else show(r.truth), r.unit, r.band,
             "ok" if r.ok else ("-" if r.ok is None else "OUTSIDE")) for r in rows]
    width = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    out = []
    for line in [head, *body]:
        cells = [c.rjust(width[i]) if i in (1, 2) else c.ljust(width[i])
                 for i, c in enumerate(line)]
        out.append("  ".join(cells).rstrip())
    out.insert(1, "  ".join("-" * w for w in width))
    return "\n".join(out)


def near(measured, truth, share):
    return measured is not None and truth is not None and abs(measured - truth) <= share * truth


def median(values):
    values = sorted(v for v in values if v is not None)
    return values[(len(values) - 1) // 2] if values else None


class Figures:
    """The rows of one run. cut: (from, to) unix seconds of the line's cut, or None."""

    def __init__(self, records, circuit, school=None, sampler=None, cut=None):
        self.records = sorted(records, key=lambda r: (r["start"], r["seq"]))
        self.circuit, self.school, self.sampler, self.cut = circuit, school, sampler, cut
        self.rows = []

    def runs(self, direction):
        return [t for r in self.records for t in r.get("throughput", [])
                if t["circuit"] == self.circuit and t["direction"] == direction]

    def good_runs(self, direction):
        """Whole runs on an uncut line. A run that met the cut says something true about
        the cut, not about the rate that was set."""
        found = []
        for t in self.runs(direction):
            begin = t["at_ms"] / 1000
            if t["state"] != "ok" or "duration_ms" not in t:
                continue
            end = begin + t["duration_ms"] / 1000
            if self.cut and begin < self.cut[1] + 3 and end > self.cut[0] - 1:
                continue
            found.append((t, begin, end))
        return found

    def rates(self):
        for way, set_bps in (("down", self.school.down_bps), ("up", self.school.up_bps)):
            runs = self.good_runs(way)
            line = median(t.get("line_bps") for t, _, _ in runs)
            self.rows.append(Row(
                f"{way}, line (Ethernet)", line and line / 1e6, set_bps / 1e6, "Mbit/s",
                "±5 %", near(line, set_bps, 0.05),
                f"{len(runs)} runs; tbf counts Ethernet frames, as the circuit's counter does"))
            pairs = []
            for t, begin, end in runs:
                users = self.sampler.between("lan_" + way, begin, end)
                if users is not None and "goodput_bps" in t:
                    rest = set_bps - users * 8 / (end - begin)
                    pairs.append((t["goodput_bps"], rest * PAYLOAD_SHARE))
            pairs.sort(key=lambda p: p[0] / p[1])
            good, truth = pairs[(len(pairs) - 1) // 2] if pairs else (None, None)
            self.rows.append(Row(
                f"{way}, goodput (TCP payload)", good and good / 1e6, truth and truth / 1e6,
                "Mbit/s", "±5 %", near(good, truth, 0.05),
                "the set rate less the users' share counted by nft, times 1448/1514"))

    def unset(self, targets):
        """Where nothing was set and nobody else counted: the measured figures alone."""
        for way in ("down", "up"):
            runs = self.good_runs(way)
            got = median(t.get("goodput_bps") for t, _, _ in runs)
            self.rows.append(Row(f"{way}, goodput (TCP payload)", got and got / 1e6, None,
                                 "Mbit/s", "not compared", None, f"{len(runs)} runs"))
        for probe in targets:
            entries = self._latency(probe, False)
            got = median(e["p50_us"] for _, e in entries if "p50_us" in e)
            self.rows.append(Row(f"round trip to {probe}", got and got / 1000, None, "ms",
                                 "not compared", None))

    def _latency(self, probe, quiet):
        """Entries of one target; quiet: only of intervals without a run or the cut."""
        found = []
        for r in self.records:
            if quiet and self._busy(r["start"], r["end"]):
                continue
            found += [(r, e) for e in r.get("latency", [])
                      if e["circuit"] == self.circuit and e["probe"] == probe]
        return found

    def _busy(self, start, end):
        if self.cut and start < self.cut[1] + 3 and end > self.cut[0] - 3:
            return True
        for way in ("down", "up"):
            for t in self.runs(way):
                # the warm-up before and the emptying of queues after belong to it
                begin = t["at_ms"] / 1000
                if start < begin + t.get("duration_ms", 0) / 1000 + 2 and end > begin - 3:
                    return True
        return False

    def round_trip(self, probe, set_ms):
        values = [e["p50_us"] for _, e in self._latency(probe, True) if "p50_us" in e]
        got = median(values)
        self.rows.append(Row(
            f"round trip to {probe}, outside load", got and got / 1000, float(set_ms), "ms",
            "±2 ms", got is not None and abs(got / 1000 - set_ms) <= 2,
            f"median of {len(values)} intervals without a test or the cut"))

    def loss(self, probe, counted, set_ppm):
        """counted: (asked, dropped) by nft at the target, of packets that reached it."""
        sent = lost = 0
        for r, e in self._latency(probe, False):
            if self.cut and r["start"] < self.cut[1] + 3 and r["end"] > self.cut[0] - 3:
                continue
            sent, lost = sent + e["sent"], lost + e["lost"]
        interval = wilson(lost, sent)
        truth = counted[1] / counted[0] if counted[0] else None
        inside = bool(interval and truth is not None and interval[0] <= truth <= interval[1])
        self.rows.append(Row(
            f"loss to {probe}", 100 * lost / sent if sent else None,
            None if truth is None else 100 * truth, "%",
            "95 %% interval %.2f to %.2f" % tuple(100 * x for x in interval) if interval else "-",
            inside, f"{lost} of {sent} outside the cut; nft dropped {counted[1]} of "
            f"{counted[0]}; set {set_ppm / 10000} %"))

    def segments(self):
        """Spans without a gap: [[records]]."""
        found = []
        for r in self.records:
            if found and found[-1][-1]["end"] == r["start"]:
                found[-1].append(r)
            else:
                found.append([r])
        return found

    def _cut_within(self, r):
        return self.cut and r["start"] < self.cut[1] + 1 and r["end"] > self.cut[0] - 1

    def _quiet_at(self, unix_s):
        """No test of ours moves bytes then: both sides read their counters some
        milliseconds apart, which at the full rate would be the largest error here."""
        for way in ("down", "up"):
            for t in self.runs(way):
                begin = t["at_ms"] / 1000
                if begin - 3.5 < unix_s < begin + t.get("duration_ms", 0) / 1000 + 1.5:
                    return False
        return True

    def _add_span(self, total, spans, covered):
        while covered and not self._quiet_at(covered[0][0]):
            covered = covered[1:]
        while covered and not self._quiet_at(covered[-1][1]):
            covered = covered[:-1]
        if not covered:
            return
        begin, end = covered[0][0], covered[-1][1]
        # what the box sends passes the ISP half a round trip later, and the other way round
        late = self.school.delay_ms / 2000
        truth = {"down": self.sampler.between("down", begin - late, end - late),
                 "up": self.sampler.between("up", begin + late, end + late)}
        if None in truth.values():
            return
        spans.append(f"{end - begin} s")
        for way, pair in total.items():
            pair[0] += sum(c[way]["bytes"] for _, _, c in covered)
            pair[1] += round(truth[way])

    def bytes(self):
        total = {"down": [0, 0], "up": [0, 0]}
        spans = []
        for segment in self.segments():
            covered = []
            for r in segment:
                if self._cut_within(r):
                    self._add_span(total, spans, covered)
                    covered = []
                    continue
                c = next((c for c in r.get("circuits", []) if c["id"] == self.circuit), None)
                if c and c.get("covered_s", 0) == r["end"] - r["start"]:
                    covered.append((r["start"], r["end"], c))
                elif c and c.get("covered_s", 0) > 0 and not covered:
                    # the first one: counted from its first reading on
                    covered.append((r["end"] - c["covered_s"], r["end"], c))
            self._add_span(total, spans, covered)
        for way, (got, truth) in total.items():
            self.rows.append(Row(
                f"bytes {way}", got, truth, "bytes (Ethernet)", "±0.1 %",
                truth > 0 and near(got, truth, 0.001),
                "nft at the ISP, headers of 14 bytes a packet added where it counts IP; "
                "whole spans of " + " + ".join(spans) + "; not those of the cut, in which the "
                "box sends what never arrives"))

    def outage(self):
        found = [o for r in self.records for o in r.get("outages", [])
                 if o["circuit"] == self.circuit]
        found.sort(key=lambda o: o["from_ms"])
        begin = found[0]["from_ms"] / 1000 if found else None
        end = max((o["to_ms"] for o in found if "to_ms" in o), default=None)
        end = end and end / 1000
        for name, got, truth in (("outage begins", begin, self.cut[0]),
                                 ("outage ends", end, self.cut[1])):
            self.rows.append(Row(
                name, None if got is None else round(got - self.cut[0], 3),
                round(truth - self.cut[0], 3), "s after the cut", "±1 s",
                got is not None and abs(got - truth) <= 1,
                f"{len({o['from_ms'] for o in found})} outage(s) in the records"))

    def delivery(self, signed, held):
        """signed: lines of the box's journal; held: lines of the collector's ledger."""
        ours, theirs = [digest(l) for l in signed], [digest(l) for l in held]
        lost = len(set(ours) - set(theirs))
        self.rows.append(Row("summaries signed", len(set(ours)), None, "", "", None))
        self.rows.append(Row("summaries acknowledged and held", len(set(ours) & set(theirs)),
                             len(set(ours)), "", "all", lost == 0))
        self.rows.append(Row("summaries lost", lost, 0, "", "0", lost == 0 and bool(ours)))
        doubled = len(theirs) - len(set(theirs))
        strange = len(set(theirs) - set(ours))
        self.rows.append(Row("summaries doubled", doubled, 0, "", "0", doubled == 0))
        self.rows.append(Row("held, but not in the journal", strange, 0, "", "0", strange == 0))
