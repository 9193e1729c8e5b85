#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""recompute_findings.py REPORT.json RECORDS.jose KEYS.jwk RULES_FOLDER [--terms FILE] [--students N]
[--users N] - is every finding of the report what its rule says of the signed records?

An independent reading of the rule files and of docs/rules.md: exact fractions, plain lists, nothing
of the C code. Outcomes, reasons, counts of tests and the figures of the arithmetic are worked out
again for every rule of the folder, and each difference is told. Exit status as recompute.py."""
import argparse
import json
import os
import sys
from datetime import date, datetime, timedelta
from fractions import Fraction

import recompute
import recompute_bins
import recompute_calendar as calendars
import watching
from recompute_conf import conf, minute, part_of, ppm, rate, read_rule, share, span, up, weekdays

EXCUSE = {"power": "power", "planned": "planned", "school": "school", "weather": "disaster"}
NOT_COUNTED = {"apart": "the figure is not the line's", "untestable": "the claim is more than box or server can carry",
               "no counter": "the line's own rate was not measured",
               "no want": "no speed in force to hold them against", "short": "shorter than the rule asks for",
               "close": "sooner after another", "class": "not known whether there was class"}
SENTENCE = {"show": "The measurements show ", "do-not-show": "The measurements do not show ",
            "not-enough": "The measurements are not enough to tell "}
KINDS = ["capacity", "experience", "use", "size", "service"]


def combine(parts):
    """Parts of a finding by clause: what decides it, in this order of weight."""
    by_clause = {}
    for p in parts:
        by_clause.setdefault(p["clause"], []).append(p)
    said = []
    for group in by_clause.values():
        group = [p for p in group if p["decides"]]
        if not group:
            continue
        outcomes = [p["outcome"] for p in group]
        if group[0]["form"] == "delay":
            told = {o for o in outcomes if o != "not-enough"}
            outcome = "not-enough" if len(told) != 1 else told.pop()
            reason = "differ" if len({o for o in outcomes if o != "not-enough"}) == 2 else group[0].get("reason")
        else:
            outcome = ("do-not-show" if "do-not-show" in outcomes else
                       "not-enough" if "not-enough" in outcomes else "show")
            reason = next((p.get("reason") for p in group if p["outcome"] == outcome), None)
        said.append((outcome, reason if outcome == "not-enough" else None))
    for outcome in ("do-not-show", "not-enough", "show"):
        for s in said:
            if s[0] == outcome:
                return s
    return "show", None


# ---- the records, as rules see them ----------------------------------------------------------

class World:
    def __init__(self, check, terms, students, users):
        self.c = check
        self.terms, self.credits = {}, []
        self.has_terms = terms is not None
        if terms:
            self.terms, inner = conf(terms)
            self.credits = [(share(o["below"]), share(o["credit"])) for _, _, o, _ in inner]
        self.people = {"student": students, "user": users}
        self.table, self.hours, self.days = calendars.of_report(check.r), {}, []
        day = check.local(check.begin).date()
        _, watched = watching.witnesses(check.records, check.circuit)
        recorded = {d["date"]: d["recorded_s"] for d in check.r["days"]}
        while self.midnight(day) < check.until:
            a, b = self.midnight(day), self.midnight(day + timedelta(days=1))
            seen = sum(s for cell, s in watched.items()
                       if max(a, check.begin) // 300 <= cell <= (min(b, check.until) - 1) // 300)
            self.days.append({"date": day, "from": max(a, check.begin) * 1000, "to": min(b, check.until) * 1000,
                              "whole": a >= check.begin and b <= check.until,
                              "watched": min(seen, recorded[day.isoformat()]) * 1000})
            day += timedelta(days=1)
        self.witnesses = len(watching.witnesses(check.records, check.circuit)[0]) if watched else 0

    def midnight(self, day):
        return int(datetime(day.year, day.month, day.day, tzinfo=self.c.zone).timestamp())

    def lessons_on(self, day):
        """True, False, or None: no calendar speaks of the day."""
        kind = calendars.lookup(self.table, day.isoformat())[0]
        return None if kind == "unknown" else kind in calendars.LESSONS

    def in_class(self, t):
        at = self.c.local(t)
        return None if self.lessons_on(at.date()) is None else calendars.in_class(self.table, at)

    def class_of_hour(self, first):
        if first not in self.hours:
            now = {self.in_class(t) for t in range(first, first + 3600, 60)}
            self.hours[first] = now.pop() if len(now) == 1 else None
        return self.hours[first]

    def inside(self, clause, unix_s, whole_hour=False):
        """True, False, or None: class hours decide, and cut this hour."""
        at = self.c.local(unix_s)
        o = clause["options"]
        if (at.weekday() + 1) % 7 not in weekdays(o.get("weekdays", "mon-sun")):
            return False
        if not minute(o.get("from", "00:00")) <= at.hour * 60 + at.minute < minute(o.get("to", "24:00")):
            return False
        lessons = o.get("lessons", "any")
        if lessons == "any":
            return True
        if lessons == "days":
            return self.lessons_on(at.date())
        now = self.class_of_hour(unix_s - at.minute * 60 - at.second) if whole_hour else self.in_class(unix_s)
        return None if now is None else now == (lessons == "in")

    def units(self, each):
        """[(name, days, all its days are there)…]"""
        def key(d):
            return {"period": "the period", "day": d.isoformat(), "month": f"{d.year:04}-{d.month:02}",
                    "quarter": f"{d.year:04}-Q{(d.month + 2) // 3}", "year": f"{d.year:04}"}[each]
        out = {}
        for d in self.days:
            out.setdefault(key(d["date"]), []).append(d)
        whole = []
        for name, days in out.items():
            a, b = days[0]["date"], days[-1]["date"]
            all_there = all(d["whole"] for d in days) and (
                each in ("period", "day") or
                (key(a - timedelta(days=1)) != name and key(b + timedelta(days=1)) != name))
            whole.append((name, days, all_there))
        return whole

    def claim(self, unix_s, direction):
        c = self.c.claim_at(unix_s)
        return c and c.get(f"{direction}_bps")

    # ---- throughput runs

    def uses(self, clause, direction, want):
        """[(run, what it is to the clause, line rate, speed it is held against)…] by time."""
        o, last, out = clause["options"], None, []
        for t in self.c.runs:
            s = t["at_ms"] // 1000
            inside = self.inside(clause, s) if t["direction"] == direction else False
            claim = self.claim(s, direction)
            line = t.get("line_bps")
            if claim is not None and line is not None:
                circuit = t["_circuit"]
                line = recompute.convert_rate(line, circuit.get("layer"), self.c.claim_at(s).get("layer", "ip"),
                                              t.get("mtu", circuit.get("mtu")))
            of = o.get("of", "claim")
            speed = claim if of == "claim" else self.terms.get(f"{of}_{direction}") and \
                rate(self.terms[f"{of}_{direction}"])
            apart = recompute.apart_of(t) if t["state"] == "ok" else None
            if inside is False:
                use = "outside"
            elif inside is None:
                use = "class"
            elif t["state"] == "deferred":
                use = "deferred"
            elif recompute.apart_of(t) == "erratum":
                use = "erratum"
            elif t["state"] != "ok":
                use = "lost"
            elif apart:
                use = "untestable" if apart == "untestable" else "apart"
            elif line is None:
                use = "no counter"
            elif want and speed is None:
                use = "no want"
            elif "duration" in o and t.get("duration_ms", -1) < span(o["duration"]):
                use = "short"
            elif "spacing" in o and last is not None and t["at_ms"] - last < span(o["spacing"]):
                use = "close"
            else:
                use, last = "counts", t["at_ms"]
            out.append((t, use, line, speed))
        return out

    def full(self, clause, uses, day, graded=False):
        o = clause["options"]
        mine = [self.c.local(t["at_ms"] // 1000) for t, use, _, _ in uses
                if use == "counts" and (not graded or self.graded(t))]
        mine = [at for at in mine if at.date() == day["date"]]
        hours = range(minute(o.get("from", "00:00")) // 60, minute(o.get("to", "24:00")) // 60)
        return (all(sum(at.hour == h for at in mine) >= int(o.get("per_hour", 0)) for h in hours)
                and len(mine) >= int(o.get("per_day", 0)))

    @staticmethod
    def graded(t):
        return bool(t.get("receipt")) and t["grade"] != "self"

    def measuring(self, rule, days):
        """(its measuring days in these, whether all were found, how many at best)"""
        d = rule["days"]
        if not d:
            return days, True, None
        asking = [(c, w) for c in rule["clauses"] if c["form"] == "tests" and
                  {"per_hour", "per_day"} & set(c["options"]) for w in c["ways"]]
        uses = [(c, self.uses(c, w, False)) for c, w in asking]
        full = [x for x in days if all(self.full(c, u, x) for c, u in uses)]
        best = []
        for first in full:
            found, free = [], first["date"]
            for x in full:
                if free <= x["date"] < first["date"] + timedelta(days=int(d["within"])) and \
                        len(found) < int(d["count"]):
                    found.append(x)
                    free = x["date"] + timedelta(days=1 + int(d.get("gap", 0)))
            if len(found) > len(best):
                best = found
        return best, len(best) == int(d["count"]), len(best)

    # ---- forms: outcome, reason, counts, figures that must stand among the rows

    def tests(self, rule, clause, direction):
        o = clause["options"]
        contract = {"part": "speed_part", "share": "speed_share"}
        word = {k: self.terms.get(contract[k]) if o.get(k) == "contract" else o.get(k) for k in contract}
        part = share(word["part"]) if word["part"] else Fraction(1) if "part" not in o else None
        wanted_share = share(word["share"]) if word["share"] else None
        counting = o.get("count", "share")
        if part is None or (counting == "share" and wanted_share is None):
            return "not-enough", "no-terms", None, []
        uses = self.uses(clause, direction, True)
        n = {}
        for _, use, _, _ in uses:
            n[use] = n.get(use, 0) + 1
        excluded = sum(n.get(k, 0) for k in
                       ("apart", "erratum", "untestable", "no counter", "no want", "short", "close", "class"))
        units = self.units(rule["days"].get("each", "period") if rule["days"] else "period")
        days = int(rule["days"]["count"]) * len(units) if rule["days"] else len(self.days)
        hours = (minute(o.get("to", "24:00")) - minute(o.get("from", "00:00"))) // 60
        counted = [u for u in uses if u[1] == "counts"]
        grades = [t["grade"] if t.get("receipt") else "self" for t, *_ in counted]
        tests = {"wanted": max(days * (int(o.get("per_day", 0)) or int(o.get("per_hour", 0)) * hours),
                               int(o.get("least", 0))),
                 "made": len(counted) + n.get("lost", 0) + excluded, "deferred": n.get("deferred", 0),
                 "lost": n.get("lost", 0), "excluded": excluded, "counted": len(counted),
                 **{g: grades.count(g) for g in ("self", "receipt", "archive")}}
        rows = [(f"the contract promises {words}", ppm(x)) for k, words, x in
                (("part", "this part of the claimed speed", part), ("share", "it in this share of the tests", wanted_share))
                if o.get(k) == "contract"]
        told = []
        rows += [(NOT_COUNTED[k], n[k]) for k in NOT_COUNTED if n.get(k)]
        for speed in dict.fromkeys(u[3] for u in counted):
            rows += [("speed", speed), ("a test reaches it with this rate", up(part * speed))]
        for _, unit, _ in units:
            chosen, found, best = self.measuring(rule, unit)
            if best is not None:
                rows.append(("measuring days found", best))
            dates = {d["date"] for d in chosen}
            here = [u for u in counted if self.c.local(u[0]["at_ms"] // 1000).date() in dates]

            def judge(some, graded):
                reached = [u[2] >= part * u[3] for u in some]
                by_day = {}
                for u, r in zip(some, reached):
                    by_day.setdefault(self.c.local(u[0]["at_ms"] // 1000).date(), []).append(r)
                enough = found and bool(some) and len(some) >= int(o.get("least", 1)) and \
                    all(self.full(clause, uses, d, graded) for d in chosen)
                if counting == "share":
                    rows.append(("of them, that reached it", sum(reached)))
                    rows.append(("share of the tests", ppm(Fraction(sum(reached), len(some))) if some else None))
                    return enough, bool(some) and Fraction(sum(reached), len(some)) >= wanted_share
                good = sum(any(v) for v in by_day.values())
                poor = sum(not all(v) for v in by_day.values())
                rows.append(("days with a test that counts", len(by_day)))
                rows.append(("of them, with one that", poor if counting == "days-below" else good))
                return enough, (poor < int(o["days"]) if counting == "days-below" else good >= int(o["days"]))
            if not here:
                told.append("few")
                continue
            rows.append(("tests that count", len(here)))
            enough, holds = judge(here, False)
            if not enough:
                told.append("few")
            elif holds:
                told.append("holds")
            else:
                vouched = [u for u in here if self.graded(u[0])]
                rows.append(("tests that count, grade", len(vouched)))
                enough, holds = judge(vouched, True)
                told.append("short" if enough and not holds else "unproven")
        if not counted:
            nothing = tests["made"] == 0 and not self.c.r["used"]
            return "not-enough", (
                ("no-claim" if o.get("of", "claim") == "claim" else "no-terms") if n.get("no want") else
                "untestable" if n.get("untestable") or n.get("no counter") or nothing else "too-few"), tests, rows
        if "short" in told:
            return "do-not-show", None, tests, rows
        if "unproven" in told:
            return "not-enough", "unproven", tests, rows
        if "few" in told or "holds" not in told:
            return "not-enough", "too-few", tests, rows
        return "show", None, tests, rows

    def expected(self, o, day, usual):
        """Whole intervals of a day's window, minute by minute in or out of class hours."""
        first, last = minute(o.get("from", "00:00")), minute(o.get("to", "24:00"))
        hours = calendars.lookup(self.table, day.isoformat())[3] or (0, 0)
        lessons = o.get("lessons", "any")
        runs, before = [], None
        for m in range(first, last):
            inside = hours[0] <= m < hours[1]
            if lessons in ("any", "days") or inside == (lessons == "in"):
                runs = runs[:-1] + [runs[-1] + 1] if before == m - 1 else runs + [1]
                before = m
        return sum(n * 60 // usual for n in runs)

    def bin_claim(self, p, direction, layer, at_claim):
        """The speed claimed then, where it is of the layer of the rates."""
        c = self.c.claim_at(p["start"]) if at_claim else None
        return (c.get(f"{direction}_bps") or None) if c and c.get("layer", "ip") == layer else None

    def bins(self, _rule, clause, direction):
        o = clause["options"]
        usual = self.c.usual_length()
        if not self.c.r["used"]:
            return "not-enough", "untestable", None, []
        by_day, (layer, at_claim), apart = {}, recompute_bins.layer(self.c, recompute.convert_bytes), False
        for p, c in self.c.intervals:
            for d in ("down", "up"):  # of another layer
                if (self.claim(p["start"], d) or 0) > 0 and not self.bin_claim(p, d, layer, at_claim):
                    apart = True
            f = c.get(direction, {})
            if c.get("layer") != self.c.r["used"][0]["layer"] or "bytes" not in f or not c.get("covered_s") or c["covered_s"] * 2 < usual or \
                    c["source"] == "mirror" or self.c.with_test(p) or not self.inside(clause, p["start"]):
                continue
            count = recompute.convert_bytes(f["bytes"], f.get("packets"), c["layer"], layer)
            if count is not None:
                by_day.setdefault(self.c.local(p["start"]).date(), []).append(
                    (count * 8 // c["covered_s"], self.bin_claim(p, direction, layer, at_claim)))
        least = share(o.get("least", "90%"))
        rows, told = [], []
        each, figure = o.get("each", "period"), "at_most" not in o
        for _, unit, _ in self.units(o.get("in", "period")):
            good = [d["date"] for d in unit if by_day.get(d["date"]) and
                    len(by_day[d["date"]]) >= least * self.expected(o, d["date"], usual)]
            rows.append(("days with enough intervals", len(good)))
            groups = {}
            for day in good:
                name = {"period": 0, "day": day, "month": (day.year, day.month), "year": day.year,
                        "quarter": (day.year, (day.month + 2) // 3)}[each]
                groups.setdefault(name, []).extend(by_day[day])
            if not groups:
                told.append(("few", "too-few"))
                continue
            values = [recompute.rank([v for v, _ in g], ppm(share(o["percentile"]))) for g in groups.values()]
            claims = [None if any(c is None for _, c in g) else min(c for _, c in g) for g in groups.values()]
            mean = each != "period" and o.get("over") == "mean"
            value = sum(values) // len(values) if mean else max(values)
            rows.append(("percentile", value))
            if o.get("by_students") == "yes" and self.people["student"]:
                rows.append(("for each of", value // self.people["student"]))
            lowest = None if None in claims else min(claims)
            if not figure and lowest is not None:
                rows += [("speed", lowest), ("the most that the rule allows", int(share(o["at_most"]) * lowest))]
            if len(good) < int(o.get("least_days", 1)):
                told.append(("few", "too-few"))
            elif not figure and None in claims:
                told.append(("few", "untestable" if apart else "no-claim"))
            elif not figure and mean and len(set(claims)) > 1:
                told.append(("few", "differ"))
            else:
                held = [(value, claims[0])] if mean else zip(values, claims)
                above = not figure and any(v > share(o["at_most"]) * c for v, c in held)
                told.append(("above" if above else "told", None))
        words = [t[0] for t in told]
        if "above" in words:
            return "do-not-show", None, None, rows
        if "told" not in words or ("few" in words and not figure):
            return "not-enough", next((t[1] for t in reversed(told) if t[0] == "few"), "too-few"), None, rows
        return "show", None, None, rows

    def delay(self, rule, clause, target):
        o = clause["options"]
        bound = self.terms.get("round_trip") if o["bound"] == "contract" else o["bound"]
        wanted = self.terms.get("round_trip_share") if o["share"] == "contract" else o["share"]
        if bound is None or wanted is None:
            return "not-enough", "no-terms", None, []
        bound, wanted = int(span(bound) * 1000), share(wanted)
        rows, told = [], []
        if o["bound"] == "contract":
            rows.append(("the contract promises round trips no longer than this", bound))
        if o["share"] == "contract":
            rows.append(("the contract promises it for this share of them", ppm(wanted)))
        each = rule["days"].get("each", "period") if rule["days"] else "period"
        for _, unit, _ in self.units(each):
            chosen, found, best = self.measuring(rule, unit)
            if best is not None:
                rows.append(("measuring days found", best))
            dates = {d["date"] for d in chosen}
            sent = lost = answered = within = maybe = 0
            for p in self.c.records:
                if self.c.local(p["start"]).date() not in dates:
                    continue
                for x in p.get("latency", []):
                    if x["circuit"] != self.c.circuit or (x["probe"], x["kind"], x.get("family")) != target or \
                            not self.inside(clause, p["start"], True):
                        continue
                    sent += x["sent"]
                    lost += x["lost"]
                    for bucket, n in recompute.read_hist(x.get("rtt_hist", "")).items():
                        low, high = recompute.EDGES[bucket]
                        answered += n
                        # 100 ms itself lies below its edge
                        last = high if high == recompute.EDGE_US else high - 1
                        low = low + 1 if low == recompute.EDGE_US else low
                        if last <= bound:
                            within += n
                        elif low <= bound:
                            maybe += n
            rows += [("packets sent", sent), ("of them lost", lost), ("the bound", bound),
                     ("answered within it", within)]
            of = sent if o["lost"] == "over" else sent - lost
            most = within + maybe + max(0, sent - lost - answered)
            if most > within:
                rows.append(("not known on which side of it", most - within))
            if sent < int(o["least"]) or of <= 0 or not found:
                told.append("too-few")
            elif within >= wanted * of:
                told.append("show")
            else:
                told.append("do-not-show" if most < wanted * of else "border")
        if "do-not-show" in told:
            return "do-not-show", None, None, rows
        if told and all(t == "show" for t in told):
            return "show", None, None, rows
        return "not-enough", [t for t in told if t != "show"][-1], None, rows

    def ratio(self, _rule, clause, direction):
        o = clause["options"]
        people, students = self.people[o["per"]], self.people["student"]
        sizes = [x[2] for x in clause["inner"]]
        one = len(sizes) == 1 and "to" not in sizes[0] and int(sizes[0].get("from", 0)) == 0
        if not people or (students is None and not one):
            return "not-enough", "no-people", None, []
        fits = [s for s in sizes if one or (int(s.get("from", 0)) <= students <= int(s.get("to", 10**9)))]
        if not fits:
            return "not-enough", "no-size", None, []
        target = rate(fits[0]["each"]) * people
        rows = [("students", students)] if students is not None else []
        rows += [("users", people)] if o["per"] == "user" else []
        rows += [("speed for so many", target)]
        if "least" in fits[0] and rate(fits[0]["least"]) > target:
            target = rate(fits[0]["least"])
            rows.append(("the least for any number of them", target))
        claim = self.c.claim_at(self.c.until - 1)
        claim = claim and claim.get(f"{direction}_bps")
        if claim is None:
            return "not-enough", "no-claim", None, rows
        return "show" if claim >= target else "do-not-show", None, None, rows + [
            ("the claimed speed at the end", claim), ("for each", claim // people)]

    def pieces(self):
        """Outages cut at excluded time: (from, to, causes that excuse it)."""
        notes = [(recompute.unix(a["from"]), recompute.unix(a["to"]), EXCUSE.get(a["cause"]))
                 for a in self.c.r.get("annotations", {}).get("list", []) if a.get("exclude")]
        out = []
        for a, b, *_ in self.c.outage_list():
            cuts = sorted({a, b} | {t for n in notes for t in n[:2] if a < t < b})
            for x, y in zip(cuts, cuts[1:]):
                out.append((x, y, {n[2] for n in notes if n[0] <= x and y <= n[1]}))
        return out

    def outages(self, _rule, clause, _target):
        o = clause["options"]
        contract = o.get("available") == "contract"
        there = self.terms.get("available") if contract else o.get("available")
        excuses = self.terms["excused"] if contract and "excused" in self.terms else o.get("excused", "none")
        if there is None and "at_most" not in o:
            return "not-enough", "no-terms", None, []
        pieces, told = self.pieces(), []
        rows = [("the contract promises that the service is there", ppm(share(there)))] if contract else []
        if self.witnesses < 2 and not pieces:
            return "not-enough", "untestable", None, rows
        for _, unit, whole in self.units(o.get("each", "month")):
            elapsed = sum(d["to"] - d["from"] for d in unit)
            clip = [(sum(max(0, min(b, d["to"]) - max(a, d["from"])) for d in unit), why) for a, b, why in pieces]
            out = sum(ms for ms, _ in clip)
            excused = sum(ms for ms, why in clip if why & set(excuses.split(",")))
            watched = max(out, sum(d["watched"] for d in unit))
            rows += [("could have been seen", watched), ("time in which none could", elapsed - watched),
                     ("without service", out), ("of it excused", excused)]
            down, of, rest = out - excused, watched - excused, elapsed - excused
            seen = watched >= Fraction(9, 10) * elapsed
            if there is None:
                limit = span(o["at_most"])
                rows.append(("the most that the rule allows", int(limit)))
                told.append("do-not-show" if down > limit else
                            "show" if whole and seen else "too-few" if whole else "running")
                continue
            if of <= 0:
                told.append("too-few" if whole else "running")
                continue
            rows.append(("there, of the time watched", ppm(Fraction(of - down, of))))
            first = unit[0]["date"]
            length = {"month": (date(first.year + first.month // 12, first.month % 12 + 1, 1)
                                - date(first.year, first.month, 1)).days}.get(o.get("each", "month"), len(unit))
            if not whole:
                rest = length * 86400000 - excused
                told.append("running" if rest - down >= share(there) * rest else "do-not-show")
            elif of - down >= share(there) * of:
                told.append("show" if seen else "too-few")
            else:
                told.append("too-few" if rest - down >= share(there) * rest else "do-not-show")
            if whole and contract and self.credits and told[-1] == "too-few":
                rows.append(("credit by the contract: not enough to tell", None))
            elif whole and contract and self.credits:  # what is owed if all that nobody saw was fine
                credit = [c for below, c in self.credits if ppm(Fraction(rest - down, rest)) < ppm(below)] or [0]
                rows.append(("credit by the contract, of", ppm(credit[-1])))
                if "monthly_cost" in self.terms:
                    rows.append((": credit", int(Fraction(self.terms["monthly_cost"]) * 100 * credit[-1])))
        if "do-not-show" in told:
            return "do-not-show", None, None, rows
        if told and all(t == "show" for t in told):
            return "show", None, None, rows
        return "not-enough", "running" if "running" in told else "too-few", None, rows


# ---- findings ------------------------------------------------------------------------------

class Findings:
    def __init__(self, check, folder, terms=None, students=None, users=None):
        self.c, self.folder = check, folder
        self.world = World(check, terms, students, users)
        self.told = []  # (finding, outcome, its rule) as worked out
        self.rows, self.sentences = [], set()  # of the report, held against what was worked out

    def parts(self, rule, kind):
        w = self.world
        for clause in rule["clauses"]:
            if clause["options"]["kind"] != kind:
                continue
            form = getattr(w, clause["form"])
            if clause["form"] == "delay":
                seen = sorted({(x["probe"], x["kind"], x.get("family")) for p in self.c.records
                               for x in p.get("latency", []) if x["circuit"] == self.c.circuit
                               and x["kind"] in ("icmp", "stamp", "tcp")})
                each = [({"target": f"{n} ({k}, IPv{f})"}, (n, k, f)) for n, k, f in seen]
            elif clause["form"] == "outages":
                each = [({}, None)]
            else:
                each = [({"direction": d}, d) for d in ("down", "up") if d in clause["ways"]]
            for who, what in each:
                outcome, reason, tests, rows = form(rule, clause, what)
                yield {"clause": clause["name"], "form": clause["form"], **who, "outcome": outcome,
                       "reason": reason, "tests": tests, "rows": rows,
                       "decides": clause["options"].get("decides", "yes") == "yes" and
                       self.is_meant(clause, who)}

    def is_meant(self, clause, who):
        """A contract may name the target that its round trips are to."""
        named = self.world.terms.get("round_trip_target")
        return (clause["form"] != "delay" or clause["options"]["bound"] != "contract" or not named or
                who["target"].split(" ")[0] == named)

    def compare_part(self, where, mine, theirs):
        c = self.c
        for name in ("clause", "direction", "target", "outcome", "decides"):
            c.same(f"{where}.{name}", mine.get(name), theirs.get(name))
        c.same(f"{where}.reason", mine["reason"] if mine["outcome"] == "not-enough" else None,
               theirs.get("reason"))
        c.same(f"{where}.tests", mine["tests"], theirs.get("tests"))
        c.same(f"{where}.sentence", SENTENCE[mine["outcome"]], theirs["sentence"][:len(SENTENCE[mine["outcome"]])])
        # every row of the arithmetic, in its order; a class of size is a word
        rows = [r for r in theirs["rows"] if not r["words"].startswith("class of size")]
        c.same(f"{where}, rows", [w for w, _ in mine["rows"]],
               [next((w for w, _ in mine["rows"][i:i + 1] if w in r["words"]), r["words"]) for i, r in enumerate(rows)])
        for (words, value), row in zip(mine["rows"], rows):
            c.same(f"{where}, row '{words}'", value, row.get("value"))
        self.rows += [(r["words"], r.get("value")) for r in theirs["rows"]]

    def compare(self):
        c = self.c
        theirs = {f["finding"]: f for f in c.r["findings"]}
        mine = set()
        for name in sorted(os.listdir(self.folder)):
            rule = read_rule(os.path.join(self.folder, name))
            for kind in KINDS:
                parts = list(self.parts(rule, kind))
                if not parts:
                    continue
                where = f"{rule['name']}/{kind}"
                mine.add(where)
                if rule["place"] == "contract" and any(p["reason"] != "no-terms" for p in parts if p["decides"]):
                    for p in parts:  # what the contract leaves out is not judged
                        p["decides"] = p["decides"] and p["reason"] != "no-terms"
                f = theirs.get(where, {"parts": []})
                # the order of targets is the report's own
                order = {(p["clause"], p.get("target")): i for i, p in enumerate(f["parts"]) if "target" in p}
                parts.sort(key=lambda p: ([x["name"] for x in rule["clauses"]].index(p["clause"]),
                                          order.get((p["clause"], p.get("target")), 0)))
                c.same(f"{where}, parts", len(parts), len(f["parts"]))
                for a, b in zip(parts, f["parts"]):
                    self.compare_part(where, a, b)
                outcome, reason = combine(parts)
                self.told.append((where, outcome, rule))
                c.same(f"{where}.outcome", outcome, f.get("outcome"))
                c.same(f"{where}.reason", reason, f.get("reason"))
                c.same(f"{where}.sentence", SENTENCE[outcome], f.get("sentence", "")[:len(SENTENCE[outcome])])
                self.sentences |= {f.get("sentence"), *(p["sentence"] for p in f["parts"])}
        c.same("findings", sorted(mine), sorted(theirs))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    for name in ("report", "records", "keys", "rules"):
        p.add_argument(name)
    p.add_argument("--terms")
    p.add_argument("--students", type=int)
    p.add_argument("--users", type=int)
    o = p.parse_args()
    with open(o.report, encoding="utf-8") as f:
        check = recompute.Check(json.load(f), recompute.read_records(o.records, o.keys))
    Findings(check, o.rules, o.terms, o.students, o.users).compare()
    for line in check.differences[:50]:
        print(line)
    print(f"{check.compared} of findings compared, {len(check.differences)} different")
    return 1 if check.differences else 0


if __name__ == "__main__":
    sys.exit(main())
