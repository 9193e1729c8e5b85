# SPDX-License-Identifier: GPL-3.0-or-later
"""Every figure of every pack of docs/packs.md, worked out again: rows as recompute_rows has them, from
the records, the statements, and the report's figures that were worked out before. compare() holds a
pack against them: a figure that only one side has, or that nobody worked out, is a difference."""
import datetime
from fractions import Fraction

import recompute_bins
import recompute_calendar as calendars
from recompute_base import apart_of, convert_bytes, convert_rate, rank
from recompute_growth import a_year, counting_weeks, growth
from recompute_rows import NOT_RECOMPUTED, Rows

EPOCH = datetime.date(1970, 1, 1)


def half_up(x):
    return int(Fraction(x) + Fraction(1, 2))


class Packs:
    """One circuit's."""

    def __init__(self, check, said, times, findings):
        self.c, self.said, self.times = check, said, times
        self.findings = findings  # recompute_findings, done
        self.name = f"{check.site}.{check.circuit}"
        self.last_day = str(check.local(check.until - 1).date())
        self.filed = said.filed(self.name, self.last_day)
        self.first_day = str(check.local(check.begin).date())
        self.held = said.held(self.name, self.first_day, self.last_day)
        self.students = said.students(self.name, self.last_day)
        self.cents = said.price(self.name, self.last_day)
        self.claim = check.claim_at(check.until - 1)
        self.layer, self.at_claim = recompute_bins.layer(check, convert_bytes)
        self.use = self.use_days()
        self.rows, self.section = [], ""

    def put(self, figure, value, unit="", layer="", statistic="", n=None):
        self.rows.append((self.section, figure, value, unit, layer, statistic, n))

    def taken(self, *sections):
        """What a pack has of the report."""
        rows = Rows(self.c, self.said, self.times)
        rows.report()
        self.rows += [r for r in rows.rows if not sections or r[0].startswith(sections)]

    # ---- use in class hours, day by day

    def use_days(self):
        """{day: {way: [(rate, covered seconds, at 90 % of the claim or None)…]}}"""
        table, out = calendars.of_report(self.c.r), {}
        for way, rows in recompute_bins.counted(self.c).items():
            for p, k in rows:
                at = self.c.local(p["start"])
                if not calendars.in_class(table, at):
                    continue
                size = convert_bytes(k[way]["bytes"], k[way].get("packets"), k["layer"], self.layer)
                rate = size * 8 // k["covered_s"]
                claim = self.c.claim_at(p["start"]) if self.at_claim else None
                wanted = claim and claim.get("layer", "ip") == self.layer and claim.get(f"{way}_bps")
                full = rate * 10 >= wanted * 9 if wanted else None
                out.setdefault(at.date(), {"down": [], "up": []})[way].append((rate, k["covered_s"], full))
        return out

    def usable(self, way):
        """P95 of the days that are nobody's accident."""
        most = max((len(v) for d in self.use.values() for v in d.values()), default=0)
        return {d: rank([r for r, *_ in v[way]], 950000) for d, v in sorted(self.use.items())
                if v[way] and len(v[way]) * 2 >= most}

    def peak(self, way):
        """(bit/s, day, intervals)"""
        days = self.usable(way)
        if not days:
            return None, None, None
        bps = max(days.values())
        day = min(d for d, v in days.items() if v == bps)
        return bps, day, len(self.use[day][way])

    def full(self, way, day=None):
        """(seconds, intervals that could be compared)"""
        told = [(s, full) for d, v in self.use.items() if day in (None, d) for _, s, full in v[way] if full is not None]
        return (sum(s for s, full in told if full) if told else None), len(told)

    def compared(self, way, begin=None, end=None):
        """Line rates at the claim's layer of the runs that count."""
        out = []
        for t in self.c.runs:
            at = t["at_ms"] // 1000
            claim = self.c.claim_at(at)
            if t["direction"] != way or t["state"] != "ok" or apart_of(t) or not claim or f"{way}_bps" not in claim \
                    or (begin is not None and not
                        (begin <= at < end and claim.get("layer", "ip") == self.claim_layer())):
                continue
            rate = convert_rate(t.get("line_bps"), t["_circuit"].get("layer"), claim.get("layer", "ip"),
                                t.get("mtu", t["_circuit"].get("mtu")))
            if rate is not None:
                out.append(rate)
        return out

    def claim_layer(self):
        last = self.c.last_claim()
        return last.get("layer", "ip") if last else self.layer

    # ---- contents

    def who(self, short=False):
        self.section = "identity"
        self.put("circuit", self.name)
        self.put("place", self.said.site_name[self.c.site])
        if any((b["first"], b["last"]) != (self.first_day, self.last_day) for b in self.held):
            for i, b in enumerate(self.held, 1):
                for figure, text in (("", b["key"].split(":")[1]), (".from", b["first"]), (".to", b["last"]),
                                     (".form_471", b["body"].get("application")), (".spin", b["body"].get("spin")),
                                     (".provider", b["body"].get("provider"))):
                    if text:
                        self.put(f"held.{i}{figure}", text)
        if not self.filed:
            return
        body = self.filed[0]["body"]
        words = [("frn", ".".join(x for x in (body.get("frn"), body.get("line")) if x)),
                 ("own", body.get("own")), ("form_471", body.get("application")), ("spin", body.get("spin")), ("ben", body.get("payer"))]
        if not short:
            words += [("provider", body.get("provider")), ("contract", body.get("contract")),
                      ("billed_entity", body.get("payer_name")), ("purpose", body.get("purpose")),
                      ("service_start", body.get("service_start"))]
        for figure, text in words:
            if text:
                self.put(figure, text)
        for i, other in enumerate(self.filed[1:], 1):
            self.put(f"also_bound.{i}", other["key"].split(":")[1])

    def covered(self):
        self.section = "coverage"
        n, gaps = len(self.c.intervals), len(self.c.known["coverage.gaps missing"])
        self.put("elapsed", self.c.known["coverage.elapsed_s"], "s")
        self.put("recorded", self.c.known["coverage.recorded_s"], "s", "", "sum", n)
        self.put("missing", self.c.known["coverage.missing_s"], "s", "", "sum", gaps)
        self.put("counted", self.c.known["coverage.counted_s"], "s", "", "sum", n)
        self.put("class_hours", [f"{self.c.known['class_time.with_lessons']} day"] if "calendars" in self.c.r["class_time"]
                 else ["07:00 to 17:00"])

    def need(self):
        self.section = "sizing"
        at = self.c.local(self.c.until - 1)
        year = at.year + (2 if at.month >= 7 else 1)
        end = (datetime.date(year, 6, 30) - EPOCH).days
        n_usable = len(set(self.usable("down")) | set(self.usable("up")))
        for way in ("down", "up"):
            bps, day, n = self.peak(way)
            self.put(f"peak_day.{way}", bps, "bit/s", self.layer, "P95", n)
            self.put(f"peak_day_on.{way}", str(day))
            full, told = self.full(way)
            self.put(f"full_time.{way}", full, "s", self.layer, "sum", told)
            days = {(d - EPOCH).days: v for d, v in self.usable(way).items()}
            g, weeks = growth(days), len(counting_weeks(days))
            added = {"low": 0, "high": 0}
            for i, line in enumerate(("low", "middle", "high")):
                year_bps = a_year(g["slopes"][i]) if g else None
                level = g["at"](1, g["last"]) if g else None
                self.put(f"growth_a_year.{way}.{line}", year_bps, "bit/s", self.layer, "slope", weeks)
                self.put(f"growth_a_year_share.{way}.{line}", int(Fraction(year_bps * 10**6, level)) if level else None,
                         "ppm", self.layer, "slope", weeks)
                if g and line != "middle" and end <= g["ahead"]:
                    then = sorted(g["at"](k, end) for k in (0, 1, 2))
                    now = sorted(g["at"](k, g["last"]) for k in (0, 1, 2))
                    added[line] = max(0, then[i] - now[i])
            for line, percent in (("low", 130), ("high", 140)):
                self.put(f"speed.{way}.{line}", (bps + added[line]) * percent // 100, "bit/s", self.layer, line, n_usable)
            if way == "down" and g and self.at_claim and self.claim:
                self.reaches(g, self.claim["down_bps"] * 75 // 100)
        self.put("until", str(EPOCH + datetime.timedelta(days=end)))
        if self.students:
            self.put("peak_day_per_student.down", self.peak("down")[0] // self.students, "bit/s", self.layer, "P95",
                     self.students)

    def reaches(self, g, bps):
        """The day on which the trend comes to three quarters of the claim."""
        if g["at"](1, g["last"]) >= bps:
            self.put("at_75_percent_of_claim.down", "already")
            return
        for line, end in ((1, ""), (2, ".early"), (0, ".late")):
            day = g["reaches"](line, bps)
            if day is not None:
                self.put(f"at_75_percent_of_claim.down{end}", str(EPOCH + datetime.timedelta(days=day)))

    def ahead(self):
        """Growth and what follows from it, for a page that has all."""
        self.section = "ahead"
        days = {(d - EPOCH).days: v for d, v in self.usable("down").items()}
        g, weeks = growth(days), len(counting_weeks(days))
        level = g["at"](1, g["last"]) if g else None
        if not level:
            return
        for i, line in enumerate(("low", "middle", "high")):
            self.put(f"growth_a_year_share.down.{line}", int(Fraction(a_year(g["slopes"][i]) * 10**6, level)), "ppm",
                     self.layer, "slope", weeks)
        if self.at_claim and self.claim:
            self.reaches(g, self.claim["down_bps"] * 75 // 100)

    def days(self):
        self.section = "use"
        for day, use in sorted(self.use.items()):
            for way in ("down", "up"):
                self.put(f"day.{day}.p95.{way}", rank([r for r, *_ in use[way]], 950000), "bit/s", self.layer, "P95",
                         len(use[way]))
                self.put(f"day.{day}.full.{way}", self.full(way, day)[0], "s", self.layer, "sum", len(use[way]))

    def price(self):
        self.section = "price"
        bills = self.said.bills(self.name, self.last_day)
        for n, (cents, _) in enumerate(bills if len(bills) > 1 else (), 1):
            self.put(f"bill.{n}", cents, "cents")
        if self.cents is None:
            return
        tested = self.compared("down")
        self.put("monthly_cost", self.cents, "cents")
        for figure, bps, n in (("claimed", self.claim and self.claim.get("down_bps"), None),
                               ("delivered", rank(tested, 500000), len(tested)),
                               ("used", self.peak("down")[0] if self.layer == self.claim_layer() else None,
                                self.peak("down")[2])):
            self.put(f"cost_{figure}.down", half_up(Fraction(self.cents * 10**6, bps)) if bps else None, "cents",
                     self.claim_layer(), "a month and Mbit/s", n)

    def people(self):
        self.section = "people"
        if not self.students:
            return
        for figure, bps, layer in (("claimed", self.claim and self.claim.get("down_bps"), self.claim_layer()),
                                   ("tested", rank(self.compared("down"), 500000), self.claim_layer()),
                                   ("peak_day", self.peak("down")[0], self.layer)):
            self.put(f"{figure}_per_student.down", bps // self.students if bps else None, "bit/s", layer, "",
                     self.students)

    def coincident(self, other):
        """Class-hour intervals that both lines counted without a test (coincident-use/1)."""
        def uses(packs):
            check, out = packs.c, {}
            table = calendars.of_report(check.r)
            for p, k in recompute_bins.counted(check)["down"]:
                if calendars.in_class(table, check.local(p["start"])):
                    claim = check.claim_at(p["start"])
                    of = claim["down_bps"] if claim and "down_bps" in claim else k["link_bps"]
                    to = claim.get("layer", "ip") if claim else k["layer"]
                    size = convert_bytes(k["down"]["bytes"], k["down"].get("packets"), k["layer"], to)
                    out[p["start"]] = size * 8 // k["covered_s"] * 100 >= of
            return out
        self.section = "together"
        a, b = uses(self), uses(other)
        both = [(a[t], b[t]) for t in a if t in b]
        self.put("one_counted", len(set(a) ^ set(b)), "1", "", "count")
        for figure, what in (("both", (True, True)), ("first_alone", (True, False)), ("second_alone", (False, True)),
                             ("neither", (False, False))):
            self.put(figure, both.count(what), "1", "", "count", len(both))

    def months(self):
        self.section = "months"
        c = self.c
        own = c.r["used"][0]["layer"]
        counted = recompute_bins.counted(c)
        seen = [p["start"] for p, k in c.intervals if k.get("down", {}).get("bytes", 0) > 0]
        seen += [t["at_ms"] // 1000 for t in c.runs
                 if t["state"] == "ok" and apart_of(t) not in ("egress", "implausible", "erratum")]
        self.put("first_service", str(c.local(min(seen)).date()))
        outages = c.outage_list()
        at = c.begin
        while at < c.until:
            first = c.local(at)
            after = (first.year + first.month // 12, first.month % 12 + 1)
            end = min(c.until, int(datetime.datetime(*after, 1, tzinfo=c.zone).timestamp()))
            name = f"{first.year:04}-{first.month:02}"
            rows = [(p, k) for p, k in c.intervals if at <= p["start"] < end]
            # the days of the month are whole: no interval reaches over a day's end here
            self.put(f"{name}.recorded", c.once(rows, at, end), "s", "", "sum")
            days = [d for d in c.r["days"] if d["date"].startswith(name)]
            told = [c.known[f"days.{d['date']}.outage_ms"] for d in days]
            told = [x for x in told if x is not None]
            out = sum(max(0, min(b, end * 1000) - max(a, at * 1000)) for a, b, *_ in outages)
            self.put(f"{name}.outage", out if told else None, "ms", "", "sum")
            for way in ("down", "up"):
                tests = self.compared(way, at, end)
                rates = [(k[way]["bytes"] * 8 // k["covered_s"], c.in_class(p["start"]))
                         for p, k in counted[way] if at <= p["start"] < end]
                lessons = [r for r, in_class in rates if in_class]
                self.put(f"{name}.tested.{way}", rank(tests, 500000), "bit/s", self.claim_layer(), "median", len(tests))
                self.put(f"{name}.carried.{way}", max((r for r, _ in rates), default=None), "bit/s", own, "max")
                self.put(f"{name}.used.{way}", rank(lessons, 950000), "bit/s", own, "P95", len(lessons))
            at = end

    def outages(self):
        self.section = "outages"
        why, n = {}, len(self.c.outage_list())
        for p in self.c.heard:
            for o in p.get("outages", []):
                why.setdefault(o["from_ms"], o["why"])
        self.put("outage_total", self.c.known["outages.total_ms"], "ms", "", "sum", n)
        self.put("outage_excluded", self.c.known["outages.excluded_ms"] or 0, "ms", "", "sum", n)
        self.put("outage_watched", self.c.known["outages.observed_s"], "s", "", "sum")
        causes = {}
        for a, b, *_ in self.c.outage_list():
            causes.setdefault(why[max(t for t in why if t <= a)], []).append(b - a)
        targets = {e["probe"] for p in self.c.records for e in p.get("latency", [])
                   if e["circuit"] == self.c.circuit}
        for cause, lengths in causes.items():
            self.put(f"outage.{cause}", sum(lengths), "ms", "", "sum", len(lengths))
            self.put(f"outage.{cause}.place", sorted(targets) if cause == "targets silent" else ["the box's own port"])
        months = {}
        for a, b, *_ in self.c.outage_list():
            first = max(t for t in why if t <= a)  # as recorded
            cause, began = why[first], int(first >= self.c.begin * 1000)
            while a < b:
                at = self.c.local(a // 1000)
                after = (at.year + at.month // 12, at.month % 12 + 1)
                end = min(b, int(datetime.datetime(*after, 1, tzinfo=self.c.zone).timestamp()) * 1000)
                row = months.setdefault(f"{at.year:04}-{at.month:02}.outage.{cause}", [0, 0])
                row[0] += end - a
                row[1] += began
                a, began = end, 0
        for figure, (total, n) in months.items():
            self.put(figure, total, "ms", "", "sum", n)

    def clauses(self):
        self.section = "clauses"
        for name, outcome in self.governing():
            self.put(f"finding.{name}", outcome)

    def governing(self):
        return [(name, outcome) for name, outcome, rule in self.findings.told if self.governs(rule)]

    def governs(self, rule):
        """Adopted by the state, in this version, before the period ended."""
        return any(a["body"]["version"] == rule["version"] and a["body"]["from_s"] < self.c.end
                   for a in self.said.about("adoption", f"rule:{rule['name']}"))

    def judged(self, figures):
        """The rows of findings are those of the report that were worked out, each once."""
        left = list(self.findings.rows)
        wrong = []
        for f in figures:
            if "text" in f and f["text"] in self.findings.sentences:
                continue
            row = next((r for r in left if f["figure"].endswith(f": {r[0]}") and r[1] == f.get("value")), None)
            if row:
                left.remove(row)
            else:
                wrong.append(f"findings: {f['figure']} = {f.get('text', f.get('value'))}: nobody worked it out")
        return wrong + [f"findings: {w} = {v}: worked out, not in the pack" for w, v in left]

    def keep_until(self):
        """Ten years after the later of the year's end and the delivery deadline."""
        self.section = "retention"
        for i, b in enumerate(self.filed):
            last = max(f"{b['body']['year'] + 1}-06-30", b["body"].get("delivery_deadline", ""))
            self.put("keep_until" if i == 0 else f"keep_until.also.{i}", f"{int(last[:4]) + 10}{last[4:]}")
        told = {(b["key"], b["body"]["year"]) for b in self.filed}  # one's own goes on under its name
        gone = {(b["key"], b["body"]["year"]): b for b in self.held if (b["key"], b["body"]["year"]) not in told}
        for i, b in enumerate(gone.values(), 1):
            last = max(f"{b['body']['year'] + 1}-06-30", b["body"].get("delivery_deadline", ""))
            self.put(f"keep_until.before.{i}", f"{int(last[:4]) + 10}{last[4:]}")
        years = [self.c.local(t) for t in (self.c.begin, self.c.end - 1)]
        for year in range(years[0].year - (years[0].month < 7), years[1].year - (years[1].month < 7) + 1):
            if year not in {b["body"]["year"] for b in self.held}:
                self.put(f"keep_until.{year}", f"{year + 11}-06-30")

    def epc(self):
        self.section = "epc"
        if not self.claim:
            return
        for figure, way in (("epc_download", "down"), ("epc_upload", "up")):
            mbps = Fraction(self.claim[f"{way}_bps"], 10**6)
            assert mbps.denominator == 1
            self.put(figure, str(mbps))
        self.put("epc_unit", "Mbps")
        self.put("epc_aggregated", "to be answered by the district")

    def proof(self):
        self.section = "proof"
        self.put("first_record_sha256", self.c.records[0]["_hash"])
        self.put("last_record_sha256", self.c.records[-1]["_hash"])

    # ---- packs

    def pack(self, name, other=None):
        self.rows = []
        if name == "sizing":
            self.need()
            self.days()
            self.covered()
            self.who(short=True)
        elif name == "pia":
            self.who()
            self.taken("claimed", "delivered", "used")
            self.price()
            self.people()
            if other:
                self.coincident(other)
            self.covered()
        elif name == "invoice":
            self.who()
            self.months()
            self.outages()
            self.covered()
            self.keep_until()
        elif name == "delivery":
            self.who()
            self.taken("claimed", "delivered", "used")
            self.clauses()
            self.outages()
            self.covered()
        elif name == "audit":
            self.who()
            self.taken()
            # the report calls "circuit" what packs call "SITE.CIRCUIT"
            for content in (self.ahead, self.price, self.people, self.keep_until, self.epc, self.proof):
                content()
        return self.rows

    def peak_claim(self):
        """What was claimed, down, in all counted class hours of the busiest day; None: it changed, or its layer."""
        day, told = self.peak("down")[1], set()
        for p, _ in recompute_bins.counted(self.c)["down"]:
            at = self.c.local(p["start"])
            if at.date() == day and calendars.in_class(calendars.of_report(self.c.r), at):
                claim = self.c.claim_at(p["start"]) if self.at_claim else None
                told.add(claim.get("down_bps") if claim and claim.get("layer", "ip") == self.layer else None)
        return told.pop() if len(told) == 1 else None

    def line(self):
        """Its row in pack legislature."""
        tested, outages = self.compared("down"), self.c.outage_list()
        bps = self.peak("down")[0]
        claim = self.claim and self.claim.get("down_bps")
        rows = [("lines", f"{self.name}.{figure}", value, unit, layer, statistic, n)
                for figure, value, unit, layer, statistic, n in (
                    ("claimed", claim, "bit/s", self.layer, "", None),
                    ("recorded", self.c.known["coverage.recorded_s"], "s", "", "sum", len(self.c.records)),
                    ("elapsed", self.c.known["coverage.elapsed_s"], "s", "", "", None),
                    ("peak_day", bps, "bit/s", self.layer, "P95", None),
                    ("full_time", self.full("down")[0], "s", self.layer, "sum", None),
                    ("tested", rank(tested, 500000), "bit/s", self.claim_layer(), "median", len(tested)),
                    ("outage", self.c.known["outages.total_ms"], "ms", "", "sum", len(outages)))]
        rows += [("lines", f"{self.name}.finding.{name}", outcome, "", "", "", None)
                 for name, outcome in self.governing()]
        full = self.full("down")[0]
        then = self.peak_claim()
        return rows, {"busy": bps * 100 >= then * 75 if bps and then else None, "peak": bps, "layer": self.layer,
                      "full": None if full is None else full > 0, "out": bool(outages), "judged": self.governing(),
                      "half": self.c.known["coverage.recorded_s"] * 2 >= self.c.known["coverage.elapsed_s"]}


def same(mine, theirs):
    """Words that have to stand in a sentence, a text, or a number."""
    if isinstance(mine, list):
        return isinstance(theirs, str) and all(word in theirs for word in mine)
    return mine == theirs


def compare(figures, rows, methods, judged=None):
    """Differences of a pack's figures from the rows; and how many were compared."""
    mine, seen, of_rules = {}, set(), [f for f in figures if f["section"] == "findings"]
    wrong = judged(of_rules) if judged and of_rules else []
    for r in rows:
        mine.setdefault((r[0], r[1], r[4], r[5]), []).append(r)
    for f in figures:
        key = (f["section"], f["figure"], f.get("layer", ""), f.get("statistic", ""))
        seen.add(key)
        theirs = f.get("text", f.get("value"))
        if f.get("method") and f["method"] not in methods:
            wrong.append(f"{key}: no document tells the method {f['method']}")
        if key[:2] in NOT_RECOMPUTED or (f["section"] == "findings" and judged):
            continue
        if key not in mine:
            wrong.append(f"{key} = {theirs}: a figure that nobody worked out")
        elif not any(same(r[2], theirs) for r in mine[key]):
            wrong.append(f"{key}: worked out {[r[2] for r in mine[key]]}, the pack has {theirs!r}")
        elif not any(r[3] == f.get("unit", "") and r[6] in (None, f.get("n")) for r in mine[key]):
            wrong.append(f"{key}: worked out of {mine[key][0][6]} in {mine[key][0][3]!r}, the pack has {f.get('n')}, "
                         f"{f.get('unit')!r}")
    wrong += [f"{key} = {r[0][2]}: worked out, not in the pack" for key, r in mine.items() if key not in seen]
    return wrong, len(figures)
