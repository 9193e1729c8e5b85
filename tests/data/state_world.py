# SPDX-License-Identifier: GPL-3.0-or-later
"""A state that never was: its districts, schools, lines and calendars, and what befalls each of
its circuits. Plain data, drawn from a seed; state.py makes files and signed records of it."""
import datetime
import random
import zoneinfo

import gen_usac

STATE, ZONE = "IA", zoneinfo.ZoneInfo("America/Chicago")
DAY = datetime.timedelta(days=1)
BEGIN = datetime.date(2026, 10, 26)  # a Monday; on 1 November clocks go back
YEAR = datetime.date(2026, 7, 1)  # of funding year 2026, in which they go forward on 14 March
UPGRADE = datetime.date(2027, 1, 15)
SERVER_DAY = datetime.date(2026, 11, 4)  # on which state-2 tells a third of the truth
MOVED = 0 * DAY
SERVER_PPM = 300000
SPEEDS = {"elementary": 500, "middle": 1000, "high": 2000, "hub": 5000}
MINUTE_MS, HOUR_MS = 60000, 3600000
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
BREAKS = [("2026-09-07", "2026-09-07", "Labor Day"), ("2026-11-11", "2026-11-11", "Veterans Day"),
          ("2026-11-26", "2026-11-27", "Thanksgiving"), ("2026-12-21", "2027-01-01", "Winter break"),
          ("2027-01-18", "2027-01-18", "Martin Luther King Day"),
          ("2027-03-15", "2027-03-19", "Spring break"), ("2027-05-31", "2027-05-31", "Memorial Day")]


def move(weeks):
    """From here on all dates are so many weeks later, and the funding year is that in which they are."""
    global BEGIN, YEAR, UPGRADE, SERVER_DAY, MOVED  # pylint: disable=global-statement
    by = datetime.timedelta(weeks=weeks)
    BEGIN, UPGRADE, SERVER_DAY, MOVED = BEGIN + by, UPGRADE + by, SERVER_DAY + by, MOVED + by
    YEAR = datetime.date(BEGIN.year - (BEGIN.month < 7), 7, 1)


def on(text):
    """A date as it is written here, moved."""
    return str(datetime.date.fromisoformat(text) + MOVED)


def midnight(day):
    """The instant at which a local day begins."""
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def wall(day, minute):
    """The instant at which the wall clock shows that minute of the day; an hour that it skips
    is the one after."""
    at = datetime.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZONE)
    return int(at.timestamp())


def days(first, n):
    return [first + DAY * i for i in range(n)]


def utc(ms):
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Calendar:
    """Of a district, or (None) of the state: days with lessons and their hours."""

    def __init__(self, rng, entity, name):
        self.entity, self.name = entity, name
        begin = 60 * 7 + rng.choice([30, 45]) if entity else 60 * 8
        end = 60 * 15 + rng.choice([0, 15, 30]) if entity else 60 * 15
        self.hours = {w: (begin, end if w < 4 else end - 75) for w in range(5)}
        self.rows = [("holiday", on(a), on(b), None, name_) for a, b, name_ in BREAKS]
        # a snow day before a week of tests, others in deep winter
        self.rows += [("snow", str(d), "", None, "Snow") for d in sorted(
            {BEGIN + DAY * rng.choice([7, 8, 10]), datetime.date(2027, 1, 20) + MOVED + DAY * rng.randrange(3),
             datetime.date(2027, 2, 8) + MOVED + DAY * rng.randrange(4)})] if entity else []
        if entity:
            self.rows += [("late-start", on("2027-02-15"), "", 60 * 10, "Ice"),
                          ("early-release", on("2026-11-25"), "", 60 * 12, "Thanksgiving eve"),
                          ("early-release", on("2026-11-06"), "", 60 * 12, "Teachers meet"),
                          ("testing", on("2026-11-09"), on("2026-11-13"), None, "Fall tests"),
                          ("testing", on("2027-04-05"), on("2027-04-16"), None, "State assessments")]
        self.terms = [(on("2026-08-19"), on("2026-12-18"), "Fall"), (on("2027-01-04"), on("2027-05-28"), "Spring")]

    def kind(self, day):
        """What a day is, and its hours in minutes."""
        hours = self.hours.get(day.weekday())
        if not any(a <= str(day) <= b for a, b, _ in self.terms):
            return "outside-of-term", None
        if not hours:
            return "weekend", None
        for what, a, b, minute, _ in self.rows:
            if what == "testing" or not a <= str(day) <= (b or a):
                continue
            if what == "late-start":
                return what, (minute, hours[1])
            if what == "early-release":
                return what, (hours[0], minute)
            return what, None
        return "instruction", hours

    def table(self):
        def clock(minute):
            return f"{minute // 60:02d}:{minute % 60:02d}"
        lines = ["what,from,to,begin,end,name", f"calendar,{on('2026-07-01')},{on('2027-06-30')},,,{self.name} {YEAR.year}/{(YEAR.year + 1) % 100}",
                 "zone,,,,,America/Chicago"]
        lines += [f"hours,{WEEKDAYS[w]},,{clock(a)},{clock(b)}," for w, (a, b) in self.hours.items()]
        lines += [f"term,{a},{b},,,{n}" for a, b, n in self.terms]
        for what, a, b, minute, name in self.rows:
            begin = clock(minute) if what == "late-start" else ""
            end = clock(minute) if what == "early-release" else ""
            lines.append(f"{what},{a},{'' if b == a else b},{begin},{end},{name}")
        return "\n".join(lines) + "\n"


def districts(seed, n, circuits):
    """The districts of gen_usac with as many schools as there are circuits, one line for each."""
    rng = random.Random(seed)
    out = gen_usac.world(seed, n, STATE, YEAR.year)
    names = [(a, b) for a in gen_usac.NAMES for b in gen_usac.WATERS]
    rng.shuffle(names)
    for d, district in enumerate(out):
        district["name"] = " ".join(names[d]) + " School District"
        share = circuits // n + (d < circuits % n)
        base = int(district["ben"])
        kinds = ["elementary", "middle", "high", "elementary", "hub"]
        district["schools"] = [{
            "number": str(base + s + 1), "kind": kinds[s % len(kinds)], "students": rng.randrange(150, 1500),
            "name": f"{rng.choice(gen_usac.NAMES)} {kinds[s % len(kinds)].capitalize()} School"}
            for s in range(share)]
        district["frns"] = []
    return out


def add_line(district, frn, kind, mbps, cents, recipients, spin=None):
    """A line item on the district's frn-th request; gives its key."""
    while len(district["frns"]) <= frn:
        f = len(district["frns"])
        number, provider = gen_usac.PROVIDERS[(int(district["ben"]) // 1000 + f) % 4]
        district["frns"].append({
            "frn": f"{YEAR.year % 100}99{int(district['ben']) // 1000 % 10000:04d}{f:02d}",
            "application": f"{YEAR.year % 100}10{int(district['ben']) // 1000 % 100000:05d}", "status": "Funded",
            "spin": spin or number, "provider": provider, "discount": "0.8", "lines": []})
    request = district["frns"][frn]
    line = f"{len(request['lines']) + 1:03d}"
    speed, unit = (f"{mbps}.0", "Mbps") if mbps < 1000 else (f"{mbps / 1000:.1f}", "Gbps")
    request["lines"].append({"line": line, "kind": kind, "down": speed, "up": speed, "unit": unit,
                             "quantity": 1, "unit_cents": cents, "recipients": recipients})
    return f"{request['frn']}.{line}"


class Circuit:
    """One line, and the truth of it."""

    def __init__(self, rng, index, district, school, calendar, first, n_days, interval):
        tree = gen_usac.NAMES[index % len(gen_usac.NAMES)].lower()
        letters = "abcdefghijkmnpqrstuvwxyz"
        self.site = f"s-{tree}{letters[index // 24 % 24]}{letters[index % 24]}"
        self.index, self.district, self.school, self.calendar = index, district, school, calendar
        self.first, self.n_days, self.interval = first, n_days, interval
        self.archive = rng.random() < 0.5
        self.mbps = SPEEDS[school["kind"]]
        self.stretches, self.outages, self.claims, self.truth = [], [], [], {}
        self.shared = False  # its first bill, with a line that nobody measures
        self.busy = rng.uniform(0.35, 0.85)
        self.cents = rng.randrange(60000, 400000)
        self.from_s, self.to_s = midnight(first), midnight(first + DAY * n_days)

    def stretch(self, kind, from_ms, to_ms, a=0, b=0):
        self.stretches.append((kind, from_ms, to_ms, a, b))

    def lessons(self, rng, busy_of):
        for n, day in enumerate(days(self.first, self.n_days)):
            _, hours = self.calendar.kind(day)
            if hours:
                ppm = int(busy_of(n, day) * rng.uniform(0.9, 1.1) * 1e6)
                self.stretch("lesson", (wall(day, hours[0]) - 1800) * 1000,
                             (wall(day, hours[1]) + 3600) * 1000, ppm)

    def line(self, from_s, to_s, bps):
        self.stretch("line", from_s * 1000, to_s * 1000, bps, bps)

    def outage(self, rng, day, minute, minutes, cause, excluded, carrier=False):
        begin = wall(day, minute) * 1000 + rng.randrange(100, 59000)
        end = begin + minutes * MINUTE_MS + rng.randrange(0, 20000)
        self.stretch("outage", begin, end, 1 if carrier else 0)
        self.outages.append({"from_ms": begin, "to_ms": end, "cause": cause, "excluded": excluded,
                             "why": "carrier down" if carrier else "targets silent"})

    def day(self, n):
        return self.first + DAY * n

    # ---- what befalls it

    def outages_of_all_kinds(self, rng):
        self.outage(rng, self.day(2), 9 * 60 + 40, 47, "power", True, carrier=True)
        self.outage(rng, self.day(4), 13 * 60 + 5, 22, "planned", True)
        self.outage(rng, self.day(8), 10 * 60 + 12, 95, "provider", False)
        self.outage(rng, self.day(9), 18 * 60, 1, None, False)
        self.outage(rng, self.day(10), 23 * 60 + 40, 35, "school", True)

    def one_outage(self, rng, day):
        cause = rng.choice(["power", "planned", "provider", "weather", "school", None, None])
        self.outage(rng, day, rng.randrange(6 * 60, 20 * 60),
                    rng.choice([1, 4, 12, 40, 150]), cause, cause in ("power", "planned", "school"),
                    rng.random() < 0.3)

    def clock_fault(self, rng):
        begin = wall(self.day(3), 3 * 60) * 1000
        self.stretch("clock", begin, begin + 6 * HOUR_MS, rng.choice([-1, 1]) * rng.randrange(1, 9) * 500000)
        self.truth["clock"] = [{"from_ms": begin, "to_ms": begin + 6 * HOUR_MS}]

    def clock_behind(self):
        """It runs two intervals behind for some hours: their time is there twice, what follows
        is missing."""
        begin, back = wall(self.day(5), 12 * 60), 2 * self.interval
        begin -= begin % self.interval
        self.stretch("behind", begin * 1000, (begin + 4 * 3600) * 1000, back)
        self.truth["behind"] = {"from_s": begin, "to_s": begin + 4 * 3600, "by_s": back}

    def dead(self, n, length):
        a, b = midnight(self.day(n)), midnight(self.day(n + length))
        self.stretch("dead", a * 1000, b * 1000)
        self.truth.setdefault("dead", []).append({"from_s": a, "to_s": b})

    def late(self, n, seconds):
        a = midnight(self.day(n))
        self.stretch("late", a * 1000, (a + 86400) * 1000, seconds)

    def new_key(self, n):
        at = wall(self.day(n), 11 * 60)
        at -= at % self.interval
        self.stretch("key", at * 1000, at * 1000 + 1)
        self.truth["new_key_s"] = at

    def wrong_server(self):
        a = midnight(SERVER_DAY)
        if self.from_s <= a < self.to_s:
            self.stretch("server", a * 1000, (a + 86400) * 1000, SERVER_PPM)

    # ---- what is claimed

    def claim(self, key, mbps, first=None, last=None, by_binding=True):
        self.claims.append({"key": key, "mbps": mbps, "first": first and str(first),
                            "last": last and str(last), "by_binding": by_binding})

    def claim_one(self):
        self.claim(add_line(self.district, 0, "internet", self.mbps, self.cents, [self.school["number"]]),
                   self.mbps)

    def claim_apart(self):
        """The way and what it leads to are billed apart: the lesser counts."""
        who = [self.school["number"]]
        self.claim(add_line(self.district, 1, "transport", self.mbps, self.cents, who), self.mbps)
        self.claim(add_line(self.district, 2, "isp-only", self.mbps // 2, self.cents // 2, who), self.mbps // 2)

    def claim_bound_anew(self, n):
        """From a day on another line item is about it, of half the speed; the line is the same."""
        who, day = [self.school["number"]], self.day(n)
        self.claim(add_line(self.district, 0, "internet", self.mbps, self.cents, who), self.mbps, None, day - DAY)
        self.claim(add_line(self.district, 3, "internet", self.mbps // 2, self.cents // 2, who),
                   self.mbps // 2, day, None)
        self.truth["bound_anew"] = str(day)

    def claim_upgraded(self):
        self.claim(f"own:{self.site[2:]}-before", self.mbps, YEAR, UPGRADE - DAY, False)
        self.claim(f"own:{self.site[2:]}-after", 2 * self.mbps, UPGRADE, None, False)
        self.truth["upgrade"] = str(UPGRADE)


def weeks_of(rng, c, n):
    """Four weeks (or fewer) of a circuit: the first five have what must be told, the others what
    comes by chance."""
    week = min(7, c.n_days - 8)
    share = 1.0
    draws = [rng.random() for _ in range(8)]
    if n == 3 or (n > 4 and draws[0] < 0.03):
        c.claim_bound_anew(min(10, c.n_days - 3))
        share = 0.6 if n == 3 else 1.0
    elif n > 4 and draws[1] < 0.08:
        c.claim_apart()
        share = 0.5
    else:
        c.claim_one()
        share = 0.6 if n > 4 and draws[2] < 0.06 else 1.0
    c.truth["carries"] = share
    c.line(c.from_s - 86400, c.to_s + 86400, int(c.mbps * share * 1000000))
    c.lessons(rng, lambda i, day: c.busy)
    if n == 0:
        c.outages_of_all_kinds(rng)
    elif n > 4:
        for k in rng.sample([d for d in range(6, c.n_days - 1)], rng.choice([0, 0, 1, 1, 2])):
            if draws[3] >= 0.05:
                c.one_outage(rng, c.day(k))
    if n == 1 or (n > 4 and draws[4] < 0.08):
        c.clock_fault(rng)
        c.late(2, 30 * 3600)
    if n == 2 or (n > 4 and draws[3] < 0.05):
        c.dead(min(c.n_days - week - 1, 6), week)
    if n == 2 or (n > 4 and draws[5] < 0.05):
        c.new_key(4)
    if n == 4 or (n > 4 and draws[6] < 0.03):
        c.clock_behind()
        c.shared = True
    if n == 4 or (n > 4 and draws[7] < 0.05):
        a = midnight(c.day(7))
        c.stretch("lossy", a * 1000, (a + 86400) * 1000, 30000)
        c.stretch("counter", wall(c.day(1), 9 * 60) * 1000, wall(c.day(1), 10 * 60) * 1000, 400000)
        c.late(6, 2 * 3600)
    c.wrong_server()


def year_of(rng, c):
    """A funding year, or its beginning: use grows, the line is upgraded, summer is dead."""
    c.claim_upgraded()
    upgrade = midnight(UPGRADE)
    c.line(c.from_s - 86400, upgrade, c.mbps * 1000000)
    c.line(upgrade, c.to_s + 86400, 2 * c.mbps * 1000000)
    c.lessons(rng, lambda i, day: c.busy * 0.7 * (1 + 0.012 * (i / 7)) * (0.5 if day >= UPGRADE else 1))
    c.dead(14, 14)
    for month in range(1, c.n_days // 30):
        c.outage(rng, c.day(30 * month + rng.randrange(20)), rng.randrange(7 * 60, 19 * 60),
                 rng.choice([2, 9, 30, 120]), rng.choice(["power", "provider", "planned", None]), False,
                 rng.random() < 0.3)
    for o in c.outages:
        o["excluded"] = o["cause"] in ("power", "planned")
    c.new_key(60)
    c.clock_fault(rng)
    c.wrong_server()


def make(seed, n_districts, n_circuits, n_weeks, n_years, year_from, year_days=365, interval=300,
         year_interval=300):
    """(districts, calendars, circuits)"""
    rng = random.Random(seed * 7919)
    all_districts = districts(seed, n_districts, n_circuits + n_years)
    calendars = [Calendar(rng, None, "State")]
    circuits = []
    for d, district in enumerate(all_districts):
        calendar = calendars[0]
        if d % 4 != 3:  # a quarter has none of its own
            calendar = Calendar(rng, f"district-{district['ben']}", district["name"])
            calendars.append(calendar)
        district["calendar"] = calendar
    turns = [(d, s) for i in range(max(len(d["schools"]) for d in all_districts))
             for d in all_districts for s in d["schools"][i:i + 1]]
    for n, (district, school) in enumerate(turns):
        own = random.Random(f"{seed} {n}")
        if n < n_circuits:
            c = Circuit(own, n, district, school, district["calendar"], BEGIN, 7 * n_weeks, interval)
            weeks_of(own, c, n)
        else:
            c = Circuit(own, n, district, school, district["calendar"], year_from, year_days,
                        year_interval)
            year_of(own, c)
        circuits.append(c)
    return all_districts, calendars, circuits
