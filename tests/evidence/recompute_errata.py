# SPDX-License-Identifier: GPL-3.0-or-later
"""What errata leave of records, in the plainest way: a copy of each payload without what the
report says that its errata exclude, and how many records, intervals and runs that is."""
import copy
import re

TAIL_S = 900  # a run's instant further before its record is taken for the record's start
RUNS = re.compile(r"^throughput(:(.*))?$")
TARGETS = re.compile(r"^latency(:(.*))?$")


def numbers(version):
    """0.1.10-rc2 is [0, 1, 10]; zeros at the end are none."""
    found = re.match(r"\d*(\.\d+)*", version).group(0)
    out = [int(x or 0) for x in found.split(".")]
    while out and out[-1] == 0:
        out.pop()
    return out


def of_agent(e, agent):
    name, _, version = agent.partition("/")
    return name == e["about"].split(":", 1)[1] and \
        ("from_version" not in e or numbers(version) >= numbers(e["from_version"])) and \
        ("before_version" not in e or numbers(version) < numbers(e["before_version"]))


def kind_of(pattern, fields, kind):
    return any(m and m.group(2) in (None, kind) for m in map(pattern.match, fields))


class Errata:
    def __init__(self, report, unix):
        self.r, self.unix = report, unix
        self.list = report.get("errata", {}).get("list", [])
        self.circuit = report["identity"]["circuit"]
        self.begin, self.end = (unix(report["period"][x]) // 1000 for x in ("from", "to"))
        self.counts = [{"records": 0, "intervals": 0, "runs": 0} for _ in self.list]
        self.left_out = []
        self.deaf = set()  # intervals without what they said of outages

    def during(self, e, s):
        return ("from" not in e or s >= self.unix(e["from"]) // 1000) and \
            ("to" not in e or s < self.unix(e["to"]) // 1000)

    def instant(self, p, t):
        at = t["at_ms"] // 1000
        return p["start"] if at < p["start"] - TAIL_S or at >= p["end"] else at

    def runs(self, p, e):
        """Those that it concerns."""
        server = e["about"].startswith("server:") and e["about"].split(":", 1)[1]
        return [t for t in p.get("throughput", []) if t["circuit"] == self.circuit
                and kind_of(RUNS, e["fields"], t["kind"]) and self.during(e, self.instant(p, t))
                and (not server or t.get("server") == server)]

    def one(self, p, e, count):
        """None: the whole record is left out."""
        if e["about"].startswith("software:") and not of_agent(e, p["agent"]):
            return p
        out, now = e["action"] == "exclude", self.during(e, p["start"])
        here = any(c["id"] == self.circuit for c in p["circuits"])
        inside, touched = self.begin <= p["start"] < self.end, False
        whole = "records" in e["fields"] and now
        runs = [t for t in p.get("throughput", []) if t["circuit"] == self.circuit] if whole and out \
            else self.runs(p, e)
        n = sum(self.begin <= self.instant(p, t) < self.end for t in runs)
        if whole:
            touched = here
        else:
            if out:
                for t in runs:
                    t.setdefault("flags", []).append("!erratum")
        if now and not (whole and out):
            for member, field in (("latency", None), ("paths", "paths"), ("traffic", "traffic"),
                                  ("outages", "outages")):
                gone = [x for x in p.get(member, []) if x["circuit"] == self.circuit and
                        (kind_of(TARGETS, e["fields"], x["kind"]) if field is None
                         else field in e["fields"])]
                touched |= bool(gone) or (member == "outages" and field in e["fields"] and here)
                if out and member == "outages" and field in e["fields"] and here and inside:
                    self.deaf.add((p["start"], p["end"]))
                if out and gone:
                    p[member] = [x for x in p[member] if x not in gone]
            if "counters" in e["fields"]:
                for c in p["circuits"]:
                    if c["id"] == self.circuit and c["source"] != "none":
                        touched = True
                        if out:
                            for name in ("down", "up", "saturated_s", "port_full_s"):
                                c.pop(name, None)
                            c["covered_s"] = 0
                for t in p.get("throughput", []) if out else []:
                    if t["circuit"] == self.circuit:
                        for name in ("line_bps", "line_error_ppm", "concurrent_bps"):
                            t.pop(name, None)
        counted = (inside and (touched or whole)) or n > 0
        if self.begin <= p["start"] < self.end + TAIL_S and counted:
            count["records"] += 1
            count["intervals"] += bool(inside and touched)
            count["runs"] += n
        return None if whole and out else p

    def leave(self, records):
        """What is left of these records of the site."""
        if not self.list:
            return records
        left = []
        for before in records:
            p = copy.deepcopy(before)
            deaf = set(self.deaf)
            for e, count in zip(self.list, self.counts):
                self.one(copy.deepcopy(before), e, count)  # what two touch counts in both
            for e in self.list:
                p = p and self.one(p, e, {"records": 0, "intervals": 0, "runs": 0})
            if p is not None:
                left.append(p)
            else:
                self.left_out.append((before["start"], before["end"]))
                self.deaf = deaf
        return left

    def deaf_s(self, begin, until):
        """How much of that time no outage could be told of."""
        total, at = 0, begin
        for a, b in sorted(self.deaf):
            total += max(0, min(b, until) - max(a, at))
            at = max(at, b)
        return total

    def compare(self, check):
        for e, count in zip(self.list, self.counts):
            for name, n in count.items():
                check.same(f"errata.{e['about']}.{name}", n, e[name])
