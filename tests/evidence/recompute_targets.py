# SPDX-License-Identifier: GPL-3.0-or-later
"""recompute_targets - the report's "targets" and "paths", worked out again from payloads.

Part of recompute.py, which gives its reading of histograms; lists of everything, sorted by
time, no running sums.
"""
from collections import Counter
from datetime import datetime, timezone

EXCHANGES = ("tcp", "dns", "http_get")


def utc(ms, with_ms):
    text = datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}Z" if with_ms else f"{text}Z"


class Targets:
    def __init__(self, check, read_hist, hist_rank, edges):
        self.check, self.read_hist, self.hist_rank, self.edges = check, read_hist, hist_rank, edges
        self.rows = {}
        self.traces = {}
        for p in sorted(check.records, key=lambda p: p["start"]):
            for x in p.get("latency", []):
                if x["circuit"] == check.circuit and x["kind"] != "icmp":
                    key = (x["probe"], x["kind"], x.get("family"))
                    self.rows.setdefault(key, []).append((p, x))
            for x in p.get("paths", []):
                if x["circuit"] == check.circuit:
                    key = (x["probe"], x["method"], x["family"])
                    self.traces.setdefault(key, []).append(x)

    def times(self, texts):
        hist = Counter()
        for text in texts:
            hist.update(self.read_hist(text))
        out = {"n": sum(hist.values())}
        if hist:
            out.update(min_us=self.edges[min(hist)][0], p50_us=self.hist_rank(hist, 500000),
                       p95_us=self.hist_rank(hist, 950000))
        return out

    def target(self, key, rows):
        sent, lost = (sum(x[name] for _, x in rows) for name in ("sent", "lost"))
        mine = {"probe": key[0], "kind": key[1], "intervals": len(rows), "sent": sent,
                "lost": lost}
        if key[2]:
            mine["family"] = key[2]
        codes = Counter()
        for _, x in rows:
            codes.update({c["code"]: c["n"] for c in x.get("codes", [])})
        if codes or key[1] in EXCHANGES:
            mine["answers"] = {
                "method": "answers-sum/1", "n": sum(codes.values()),
                "without_answer": sent - sum(codes.values()),
                "codes": [{"code": c, "n": n}
                          for c, n in sorted(codes.items(), key=lambda x: (-x[1], x[0]))]}
        parts = []
        for phase in ("dns", "connect", "tls", "first-byte", "transfer"):
            told = [f for _, x in rows for f in x.get("phases", []) if f["phase"] == phase]
            if told:
                parts.append({"phase": phase, "intervals": len(told),
                              "intervals_without_times": sum("time_hist" not in f for f in told),
                              "times": self.times(f["time_hist"] for f in told
                                                  if "time_hist" in f)})
        if parts:
            mine["phases"] = {"method": "phase-merged/1", "list": parts}
        read = [(x["cert_days"], p["start"]) for p, x in rows if "cert_days" in x]
        if read:
            days, at = min(read)
            mine["certificate"] = {
                "method": "certificate-days/1", "intervals": len(read), "lowest_days": days,
                "lowest_at": utc(at * 1000, False), "newest_days": read[-1][0],
                "newest_at": utc(read[-1][1] * 1000, False)}
        told = [x for _, x in rows if "lost_out" in x]
        if told:
            out, back = (sum(x[name] for x in told) for name in ("lost_out", "lost_back"))
            mine["loss_side"] = {"method": "loss-side/1", "lost_out": out, "lost_back": back,
                                 "lost_not_known_where": lost - out - back}
        told = [x for _, x in rows if "out_hist" in x]
        if told:
            mine["one_way"] = {"method": "one-way-merged/1",
                               "error_us": max(x["one_way_error_us"] for x in told),
                               "out": self.times(x["out_hist"] for x in told),
                               "back": self.times(x["back_hist"] for x in told)}
        return mine

    @staticmethod
    def place(before, after):
        """The first hop at which both tell who answered and it was not the same."""
        if before is None or after is None:
            return None
        a, b = ({h["ttl"]: h["hash"] for h in hops if "hash" in h} for hops in (before, after))
        other = [ttl for ttl in sorted(set(a) & set(b)) if a[ttl] != b[ttl]]
        if other:
            return other[0]
        if not a or not b or max(a) == max(b):
            return None
        return min(max(a), max(b)) + 1

    def path(self, key, traces):
        traces = sorted(traces, key=lambda x: x["at_ms"])
        hops = {}
        for x in traces:
            if "hops" in x:
                hops[x["hash"]] = (x["hops"], x["at_ms"])
        compared = [x for x in traces if "changed" in x]
        mine = {"method": "path-change/1", "probe": key[0], "packets": key[1], "family": key[2],
                "traces": len(traces), "reached": sum(x["reached"] for x in traces),
                "compared": len(compared)}
        if compared:
            mine["changes"] = sum(x["changed"] for x in compared)
        for before, x in reversed(list(zip([None] + traces, traces))):
            if x.get("changed") == 1:
                mine["last_change_at"] = utc(x["at_ms"], True)
                known = [hops.get(t.get("hash"), (None,))[0] if t else None for t in (before, x)]
                ttl = self.place(*known)
                if ttl is not None:
                    mine["last_change_ttl"] = ttl
                break
        last = traces[-1]
        newest = {"at": utc(last["at_ms"], True), "reached": last["reached"] == 1}
        newest.update({name: last[name] for name in ("mtu", "flag") if name in last})
        if last.get("hash") in hops:
            told, at = hops[last["hash"]]
            newest["hops_at"] = utc(at, True)
            newest["hops"] = [{("min_us" if k == "rtt_us" else k): v for k, v in h.items()}
                              for h in told]
        mine["newest"] = newest
        return mine

    def compare(self):
        c = self.check
        if "targets" not in c.r:  # a report from before it had them
            return
        c.same("targets", sorted(self.rows, key=str),
               sorted(((t["probe"], t["kind"], t.get("family")) for t in c.r["targets"]), key=str))
        for theirs in c.r["targets"]:
            key = (theirs["probe"], theirs["kind"], theirs.get("family"))
            c.same_members(f"targets.{key}", self.target(key, self.rows.get(key, [])), theirs)
        c.same("paths", sorted(self.traces),
               sorted((p["probe"], p["packets"], p["family"]) for p in c.r["paths"]))
        for theirs in c.r["paths"]:
            key = (theirs["probe"], theirs["packets"], theirs["family"])
            c.same_members(f"paths.{key}", self.path(key, self.traces[key]), theirs)
