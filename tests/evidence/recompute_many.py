# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack legislature of docs/packs.md, from what was worked out of each line in the period and in the one
before. Part of the independent recomputation.

A line is {"circuit", "rows", "now", "before" (or None), "district"}, the facts as recompute_packs.line() has them."""
from fractions import Fraction

FACTS = ("busy", "full", "out")


class Many:
    def __init__(self, lines, said, year, day, before):
        """The last day of the period, and the first and last of the one before it."""
        self.lines, self.said, self.year, self.day, self.before = lines, said, year, day, before
        self.rows, self.section = [], ""
        # {circuit: district} of those that are bound to a claim and have no record
        seen = {x["circuit"] for x in lines}
        payers = {s["about"]: s["body"].get("payer") for s in said.current if s["kind"] == "claim"}
        self.silent = {s["about"].split(":")[1]: payers[s["body"]["claim"]] for s in said.current
                       if s["kind"] == "binding" and s["about"].split(":")[1] not in seen}

    def put(self, figure, value, unit="1", statistic="count", n=None):
        self.rows.append((self.section, figure, value, unit, "", statistic, n))

    def counts(self, name, lines):
        """How many of those of which it is known."""
        known = [x["now"][name] for x in lines if x["now"][name] is not None]
        return sum(known), len(known)

    def needs(self):
        self.section = "needs"
        n = len(self.lines)
        self.put("lines_on_record", n, n=n + len(self.silent))
        for name in FACTS:
            count, known = self.counts(name, self.lines)
            self.put(f"lines_{name}", count, n=known)
        for name in sorted({f for x in self.lines for f, _ in x["now"]["judged"]}):
            told = [o for x in self.lines for f, o in x["now"]["judged"] if f == name]
            for outcome in ("show", "do-not-show", "not-enough"):
                self.put(f"judged.{name}.{outcome}", told.count(outcome), n=len(told))

    def progress(self):
        self.section = "progress"
        self.put("before.from", self.before[0], "", "")
        self.put("before.to", self.before[1], "", "")
        both = [x for x in self.lines if x["before"] and x["now"]["half"] and x["before"]["half"]]
        for name in FACTS:
            known = [x for x in both if x["now"][name] is not None and x["before"][name] is not None]
            for when in ("before", "now"):
                self.put(f"{name}.{when}", sum(x[when][name] for x in known) if known else None, n=len(known))
        change = sorted((Fraction(x["now"]["peak"], x["before"]["peak"]) - 1) * 10**6 // 1 for x in both
                        if x["now"]["peak"] and x["before"]["peak"] and x["now"]["layer"] == x["before"]["layer"])
        if change:
            self.put("peak_change", int(change[(len(change) + 1) // 2 - 1]), "ppm", "median", len(change))
        n = len(self.lines)
        every = n + len(self.silent)
        self.put("left_out.set_apart", 0, n=every)
        gone = sum(x["before"] is None for x in self.lines)
        self.put("left_out.no_record_now", len(self.silent), n=every)
        self.put("left_out.no_record_before", gone, n=every)
        self.put("left_out.too_little", n - gone - len(both), n=every)

    # ---- claims of districts

    def in_force(self, day):
        """Claims of the year whose own days hold that one; no way between schools, no spare."""
        out = []
        for s in self.said.current:
            b = s["body"] if s["kind"] == "claim" else None
            if b and b["year"] == self.year and b.get("from", f"{b['year']}-07-01") <= day <= \
                    b.get("to", f"{b['year'] + 1}-06-30") and b.get("role") not in ("wan", "backbone", "backup"):
                out.append((s["about"], b))
        return out

    def claimed(self, ben, day):
        """(bit/s, is it "at least") by claimed-district/3."""
        total, least, mine = {"internet": None, "isp-only": None, "transport": None}, False, self.schools(ben)
        layers = {"internet": set(), "isp-only": set(), "transport": set()}
        for _, b in self.in_force(day):
            if b.get("payer") == ben:
                layers[b["role"]].add(b.get("layer", "ip"))
                total[b["role"]] = (total[b["role"]] or 0) + int(b["quantity"]) * b["down"]["bps"]
            elif set(b.get("recipients", [])) & (set(mine) | {ben}):
                least = True
        both = layers["isp-only"] and layers["transport"]  # one without the other counts nothing
        assert len(layers["internet"] | (layers["isp-only"] | layers["transport"] if both else set())) < 2
        apart = (total["isp-only"], total["transport"])
        sums = [x for x in (total["internet"], None if None in apart else min(apart)) if x is not None]
        return (sum(sums) if sums else None), least or (None in apart and apart != (None, None))

    def schools(self, ben):
        return {s["body"]["number"]: s["body"].get("students") for s in self.said.current
                if s["kind"] == "entity" and s["body"].get("parent") == ben}

    def districts(self):
        self.section = "districts"
        for ben in sorted({x["district"] for x in self.lines}):
            lines = [x for x in self.lines if x["district"] == ben]
            self.put(f"{ben}.on_record", len(lines), n=len(lines) + list(self.silent.values()).count(ben))
            for name in FACTS:
                count, known = self.counts(name, lines)
                self.put(f"{ben}.{name}", count, n=known)
            students = list(self.schools(ben).values())
            for when, day in (("before", self.before[1]), ("now", self.day)):
                bps, least = self.claimed(ben, day)
                least = ".at_least" if least else ""
                self.put(f"{ben}.claimed.{when}{least}", bps, "bit/s", "sum")
            self.put(f"{ben}.students", sum(students), "1", "sum", len(students))
            self.put(f"{ben}.claimed_each{least}", bps // sum(students), "bit/s", "for each student", sum(students))

    def unmeasured(self):
        """Claims of that day that are bound to no circuit."""
        self.section = "unmeasured"
        bound = {s["body"]["claim"] for s in self.said.current if s["kind"] == "binding"}
        claims = self.in_force(self.day)
        self.put("claims", sum(key not in bound for key, _ in claims), n=len(claims))

    def all(self):
        self.needs()
        self.progress()
        self.districts()
        self.unmeasured()
        for x in self.lines:
            self.rows += x["rows"]
        self.rows += [("lines", f"{name}.state", "no record of the period", "", "", "", None) for name in self.silent]
        return self.rows
