# SPDX-License-Identifier: GPL-3.0-or-later
"""What people and imports said, read from the bytes of their statements by docs/statement-v1.md,
binding-v1.md, claim-v1.md, annotation-v1.md and calendar-csv.md: what is claimed of a circuit from day
to day, its filing and price, its students, its calendars. Part of the independent recomputation."""
import base64
import datetime
import hashlib
import json
import sqlite3
import zoneinfo
from decimal import ROUND_HALF_UP, Decimal

DAY = datetime.timedelta(days=1)
date = datetime.date.fromisoformat


class Said:
    def __init__(self, catalogue):
        db = sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)
        self.all, ended = [], set()
        for (text,) in db.execute("SELECT bytes FROM statements ORDER BY position"):
            s = json.loads(text)
            s["id"] = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
            ended.update(s.get("replaces", []))
            if s["kind"] == "withdrawal":
                ended.add(s["about"])
            self.all.append(s)
        self.current = [s for s in self.all if s["id"] not in ended]
        self.entities = {row[0]: row[1] for row in db.execute("SELECT entity, parent FROM parents")} \
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'parents'").fetchone() else {}
        self.site_entity = dict(db.execute("SELECT id, entity FROM sites"))
        self.site_name = dict(db.execute("SELECT id, name FROM sites"))
        db.close()

    def about(self, kind, key):
        return [s for s in self.current if s["kind"] == kind and s["about"] == key]

    # ---- claims

    def bound(self, circuit):
        """Each binding in force with its claim's newest statement, and its first and last day."""
        out = []
        for s in self.about("binding", f"circuit:{circuit}"):
            key = s["body"]["claim"]
            claims = self.about("claim", key)
            if not claims:
                continue
            body = claims[-1]["body"]
            first = max(x for x in (body.get("from", f"{body['year']}-07-01"), s["body"].get("from", "")) if x)
            last = min(x for x in (body.get("to", f"{body['year'] + 1}-06-30"), s["body"].get("to", "")) if x)
            out.append({"key": key, "first": first, "last": last, "body": body, "said": s, "claim": claims[-1]})
        return out

    def claimed(self, circuit, zone):
        """[(from, to, down, up, layer, keys)…] in seconds, the lesser of all that hold."""
        def midnight(day):
            return int(datetime.datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        bound = self.bound(circuit)
        cuts = sorted({date(b["first"]) for b in bound} | {date(b["last"]) + DAY for b in bound})
        out = []
        for a, b in zip(cuts, cuts[1:]):
            holds = [x for x in bound if x["first"] <= str(a) <= x["last"]]
            if not holds:
                continue
            speed = {w: min((x["body"][w]["bps"] for x in holds if w in x["body"]), default=None)
                     for w in ("down", "up")}
            if len({x["body"].get("layer", "ip") for x in holds if "down" in x["body"] or "up" in x["body"]}) > 1:
                speed = {"down": None, "up": None}  # speeds at unlike layers are not likened
            out.append((midnight(a), midnight(b), speed["down"], speed["up"],
                        min(holds, key=lambda x: x["body"]["down"]["bps"])["body"].get("layer"),
                        sorted(x["key"] for x in holds)))
        return out

    def filed(self, circuit, day):
        """The claims that hold on a day, the one for Internet access first."""
        held = {}
        for b in self.bound(circuit):
            if b["first"] <= day <= b["last"]:
                held.setdefault(b["key"], b)
        return sorted(held.values(), key=lambda b: (b["body"].get("role") != "internet", b["key"].split(":")[1]))

    def held(self, circuit, first, last):
        """All that hold on some day of [first, last], with those of their days, by first day and key. Of each
        claim the newest statement alone: none is corrected in mid-year here."""
        out = [{**b, "first": max(b["first"], first), "last": min(b["last"], last)}
               for b in self.bound(circuit) if b["first"] <= min(b["last"], last) and b["last"] >= first]
        return sorted(out, key=lambda b: (b["first"], b["key"]))

    def price(self, circuit, day):
        """Cents a month of this circuit (unit-cost/4); None where it is not known."""
        filed = self.filed(circuit, day)
        bills = self.bills(circuit, day)
        if len(bills) == 1:
            return bills[0][0]
        if {b["body"].get("role") for b in filed} != {"isp-only", "transport"} or \
                any(cents is None for cents, _ in bills) or len({part for _, part in bills}) != 1:
            return None
        users = [b["body"].get("recipients", []) for b in filed if "n_recipients" in b["body"]]
        return sum(cents for cents, _ in bills) if all(u == users[0] for u in users) else None

    def bills(self, circuit, day):
        """Of each claim that holds on a day the cents of one line, and which part of them it is; None of one that
        more circuits share than it has lines."""
        def cents(dollars, n=1):
            return int((Decimal(dollars).scaleb(2) / n).quantize(Decimal(1), ROUND_HALF_UP))
        out = []
        for key, body in ((b["key"], b["body"]) for b in self.filed(circuit, day)):
            lines = Decimal(body.get("quantity", "0"))
            if self.sharing(key, day) > (lines if lines > 0 and lines % 1 == 0 else 1):
                out.append((None, None))
            elif "unit_eligible" in body:
                out.append((cents(body["unit_eligible"]), "eligible"))
            elif "monthly" in body and lines > 0 and lines % 1 == 0:
                out.append((cents(body["monthly"], int(lines)), "eligible"))
            else:
                out.append((cents(body["unit_monthly"]) if "unit_monthly" in body else None, "all"))
        return out

    def sharing(self, key, day):
        """How many circuits are bound to a claim on a day."""
        return len({s["about"] for s in self.current if s["kind"] == "binding" and s["body"]["claim"] == key and
                    s["body"].get("from", day) <= day <= s["body"].get("to", day)})

    def students_of(self, body):
        """Of those who use a claim's lines; None where one of them is not known."""
        if body.get("students"):
            return body["students"]
        total = 0
        for number in body.get("recipients", []):
            entries = self.about("entity", f"ben:{number}")
            if not entries or "students" not in entries[-1]["body"]:
                return None
            total += entries[-1]["body"]["students"]
        return total or None

    def students(self, circuit, day):
        """Of one line; None where a claim is of several, or claims are for other people."""
        bodies = [b["body"] for b in self.filed(circuit, day)]
        if not bodies or any(Decimal(b.get("quantity", "1")) > 1 for b in bodies):
            return None
        first = bodies[0]
        for other in bodies[1:]:
            same = set(other.get("recipients", [])) == set(first.get("recipients", [])) != set()
            if self.students_of(other) != self.students_of(first) and not (same and "students" not in other):
                return None
        return self.students_of(first)

    # ---- calendars and notes

    def stays(self, site):
        """[(since, entity)...], the oldest first: a move that was said later counts from its instant on."""
        out = []
        for s in self.about("site", f"site:{site}"):
            b = s["body"]
            if b["act"] == "moved":
                out = [x for x in out if x[0] < b["from_s"]] or [(0, b.get("old_entity"))]
                out.append((b["from_s"], b["entity"]))
        return out[:-1] + [(out[-1][0] if out else 0, self.site_entity.get(site))]

    def calendars(self, site, first, last):
        """Those that govern a site from one day to another, the nearest first, as the report lists them; of a site
        that moved each with the days of its stay, the day of the move being the new place's. Of a place where it
        stood on none of these days none."""
        out, until = [], None
        for since, entity in reversed(self.stays(site)):
            chain = []
            while entity and entity not in chain:
                chain.append(entity)
                entity = self.entities.get(entity)
            for s in (s for e in chain for s in self.about("calendar", f"entity:{e}")):
                zone = zoneinfo.ZoneInfo(s["body"]["tz"])
                edges = [datetime.datetime.fromtimestamp(x, zone).date() if x else None for x in (since, until)]
                if not any((edges[0] or date(first)) <= day < (edges[1] or date("9999-12-31"))
                           for day in (date(first) + i * DAY for i in range((date(last) - date(first)).days + 1))):
                    continue
                out.append({"calendar": s["body"], "said": s,
                            **({"first_day": str(edges[0])} if edges[0] else {}),
                            **({"last_day": str(edges[1] - DAY)} if edges[1] else {})})
            until = since
        return out + [{"calendar": s["body"], "said": s} for s in self.about("calendar", "state")]

    def notes(self, circuit, begin, end):
        return sorted((s for s in self.about("annotation", f"circuit:{circuit}")
                       if s["body"]["from_s"] < end and s["body"]["to_s"] > begin),
                      key=lambda s: s["body"]["from_s"])
