# SPDX-License-Identifier: GPL-3.0-or-later
"""School calendars as docs/calendar-csv.md has them, read in the plainest way: every question
walks all of a calendar's rows. Part of the independent recomputation."""
import datetime

KINDS = ("unknown", "instruction", "early-release", "late-start", "holiday", "snow", "closed",
         "weekend", "outside-of-term")
LESSONS = ("instruction", "early-release", "late-start")
WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def of_hours(hours):
    """Weekdays and hours of the clock as a calendar that has no holidays."""
    week = [[hours["from_min"], hours["to_min"]] if d in hours["weekdays"] else []
            for d in WEEKDAYS]
    return [{"calendar": {"week": week}}]


def of_report(report):
    """What the report says class time goes by."""
    if "calendars" not in report["class_time"]:
        report["class_time"]["_weekly"] = report["class_time"].get("_weekly") or \
            of_hours(report["period"]["class_hours"])
        return report["class_time"]["_weekly"]
    return report["class_time"]["calendars"]


def covers(row, date):
    return row["from"] <= date <= row.get("to", row["from"])


def length(row):
    day = datetime.date.fromisoformat
    return day(row.get("to", row["from"])) - day(row["from"])


_KNOWN = {}  # what was asked before, by table


def lookup(table, date):
    """Kind, name, testing, [from, to) in minutes or None."""
    known = _KNOWN.setdefault(id(table), (table, {}))[1]
    if date not in known:
        known[date] = _look(table, date)
    return known[date]


def _look(table, date):
    for entry in table:
        c = entry["calendar"]
        stood = entry.get("first_day", "") <= date <= entry.get("last_day", "9999")
        if stood and ("from" not in c or c["from"] <= date <= c["to"]):
            break
    else:
        return "unknown", None, False, None
    weekday = (datetime.date.fromisoformat(date).weekday() + 1) % 7
    hours = c["week"][weekday] or None
    rows = [r for r in c.get("days", []) if covers(r, date)]
    marks = [r for r in rows if r["kind"] == "testing"]
    rows = sorted((r for r in rows if r["kind"] != "testing"), key=length)
    if "terms" in c and not any(covers(t, date) for t in c["terms"]):
        kind = "outside-of-term"
    else:
        kind = "instruction" if hours else "weekend"
    name = None
    if rows:
        name = rows[0].get("name")
        if rows[0]["kind"] == "instruction" or kind == "instruction":
            kind = rows[0]["kind"]
    if kind not in LESSONS:
        return kind, name, False, None
    usual = hours or [None, None]
    row = rows[0] if rows else {}
    return kind, name, bool(marks), (row.get("begin_min", usual[0]), row.get("end_min", usual[1]))


def day(table, date):
    return lookup(table, date)[:3]


def in_class(table, at):
    """Does a local datetime lie in class hours?"""
    hours = lookup(table, at.date().isoformat())[3]
    return hours is not None and hours[0] <= at.hour * 60 + at.minute < hours[1]


def class_seconds(table, zone, begin, end):
    """Seconds of class in [begin, end), minute by minute of UTC (all zones of these reports
    change on whole minutes)."""
    total, at = 0, begin
    while at < end:
        after = min(end, at - at % 60 + 60)
        if in_class(table, datetime.datetime.fromtimestamp(at, zone)):
            total += after - at
        at = after
    return total


class ClassTime:
    """What each day was, and the seconds of class, by walking the local clock."""

    def __init__(self, check):
        self.c = check

    def compare(self):
        c = self.c
        theirs = c.r["class_time"]
        table = of_report(c.r)
        c.same("class_time.method", "class-calendar/1" if "calendars" in theirs
               else "class-hours/1", theirs["method"])
        mine = {"days": dict.fromkeys(KINDS, 0), "testing": 0, "with_lessons": 0,
                "class_s": 0, "outside_s": 0, "unknown_s": 0}
        begin = c.begin
        for row in c.r["days"]:
            kind, name, testing = day(table, row["date"])
            class_s = class_seconds(table, c.zone, begin, begin + row["length_s"])
            c.same_members(f"days.{row['date']}", {
                "kind": kind, "name": name, "testing": testing or None,
                "class_s": None if kind == "unknown" else class_s},
                {k: row[k] for k in ("kind", "name", "testing", "class_s") if k in row})
            mine["days"][kind] += 1
            mine["testing"] += testing
            mine["with_lessons"] += kind in LESSONS
            mine["class_s"] += class_s
            mine["unknown_s" if kind == "unknown" else "outside_s"] += row["length_s"] - class_s
            begin += row["length_s"]
        mine["intervals_unknown"] = sum(
            day(table, c.local(p["start"]).date().isoformat())[0] == "unknown"
            for p, _ in c.intervals)
        c.same_members("class_time", mine,
                       {k: v for k, v in theirs.items() if k not in ("method", "calendars", "_weekly")})
