# SPDX-License-Identifier: GPL-3.0-or-later
"""pack_figures - figures of packs worked out again from intervals, runs and outages, in plain Python."""
import csv
import datetime
import json
import math
from fractions import Fraction

from pack_made import BANDWITNESS, CLAIM_BPS, run, wrong
from recompute_growth import a_year, growth

EPOCH = datetime.date(1970, 1, 1)

def p95(values):
    return sorted(values)[math.ceil(Fraction(95, 100) * len(values)) - 1] if values else None


def intervals(source, folder, zone):
    """Class hours without tests, by local day, with rates at IP."""
    run(BANDWITNESS, "report", *source, "--format", "csv", "--intervals", "-o", f"{folder}/iv")
    days = {}
    with open(f"{folder}/iv/intervals.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    lengths = [(seconds(r["end_utc"]) - seconds(r["start_utc"])) for r in rows]
    usual = max(lengths, key=lambda x: (lengths.count(x), x)) if len(lengths) < 20000 else 300
    for r in rows:
        if r["class_hours"] != "1" or r["own_test"] == "1" or r["at_least"] == "1" or \
                not r["covered_s"] or int(r["covered_s"]) * 2 < usual:
            continue
        local = datetime.datetime.fromtimestamp(seconds(r["start_utc"]), zone)
        day = days.setdefault(local.date(), {"down": [], "up": []})
        for way in day:
            if r[f"{way}_bytes"]:
                size = int(r[f"{way}_bytes"]) - 14 * int(r[f"{way}_packets"])
                day[way].append((size * 8 // int(r["covered_s"]), int(r["covered_s"])))
    return days


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def check_sizing(pack, days, end):
    """The busiest day, full time, growth, the range."""
    most = max(len(v) for d in days.values() for v in d.values())
    for way in ("down", "up"):
        usable = {d: p95([r for r, _ in v[way]]) for d, v in days.items()
                  if v[way] and len(v[way]) * 2 >= most}
        peak = max(usable.values())
        pack.expect(f"peak_day.{way}", peak)
        pack.expect(f"peak_day_on.{way}",
                    min(d for d, v in usable.items() if v == peak).isoformat())
        pack.expect(f"full_time.{way}", sum(s for v in days.values() for r, s in v[way]
                                            if r >= CLAIM_BPS[way] * 9 // 10))
        g = growth({(d - EPOCH).days: v for d, v in usable.items()})
        added = {"low": 0, "high": 0}
        for i, line in enumerate(("low", "middle", "high")):
            year = a_year(g["slopes"][i]) if g else None
            pack.expect(f"growth_a_year.{way}.{line}", year)
            if g and line != "middle" and (end - EPOCH).days <= g["ahead"]:
                ends = sorted(g["at"](k, (end - EPOCH).days) for k in (0, 2))
                now = sorted(g["at"](k, g["last"]) for k in (0, 2))
                k = 0 if line == "low" else 1
                added[line] = max(0, ends[k] - now[k])
        pack.expect(f"speed.{way}.low", (peak + added["low"]) * 130 // 100)
        pack.expect(f"speed.{way}.high", (peak + added["high"]) * 140 // 100)
        if g and way == "down":
            check_soon(pack, g)
    pack.expect("until", end.isoformat())


def check_soon(pack, g):
    """full-soon/1: when the lines of growth come to three quarters of the claim."""
    want = CLAIM_BPS["down"] * 75 // 100
    figures = {f["figure"]: f["text"] for f in pack.json["figures"]
               if f["figure"].startswith("at_75_percent_of_claim")}
    days = [g["reaches"](line, want) for line in range(3)]
    if g["at"](1, g["last"]) >= want:
        mine = {"at_75_percent_of_claim.down": "already"}
    else:
        mine = {f"at_75_percent_of_claim.down{end}": (EPOCH + datetime.timedelta(days[i])).isoformat()
                for i, end in ((0, ".late"), (1, ""), (2, ".early")) if days[i] is not None}
    if figures != mine:
        wrong(f"{pack.name}: 75 % of the claim is reached {figures}, not {mine}")


def rows_of(source, folder):
    """The figures of the report itself."""
    run(BANDWITNESS, "report", *source, "--format", "csv,json", "-o", f"{folder}/plain")
    with open(f"{folder}/plain/report.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    with open(f"{folder}/plain/report.json", encoding="utf-8") as f:
        return rows, json.load(f)


def check_taken(pack, rows, sections):
    """What a pack takes from the report is the report's, figure by figure."""
    mine = [(f["section"], f["figure"], f.get("statistic", ""),
             str(f.get("text", f.get("value", "")))) for f in pack.json["figures"]
            if f["section"].startswith(sections)]
    want = [(r["section"], r["figure"], r["statistic"], r["value"]) for r in rows
            if r["section"].startswith(sections)]
    if [m[:3] for m in mine] != [w[:3] for w in want]:
        wrong(f"{pack.name}: figures of the report are missing or too many")
    for m, w in zip(mine, want):
        if m[3].lstrip("'") != w[3].lstrip("'"):
            wrong(f"{pack.name}: {w[:3]} is {m[3]}, in the report {w[3]}")


def check_price(pack, report, peak):
    """US cents a month for each Mbit/s, rounded half up."""
    tested = report["delivered"]["tested"]["down"]["against_claim"]["line_at_claim_layer"]
    tested = tested["median_bps"]
    for figure, bps in (("claimed", CLAIM_BPS["down"]), ("delivered", tested), ("used", peak)):
        want = (125050 * 10**6 * 2 + bps) // (2 * bps)
        pack.expect(f"cost_{figure}.down", want)
        if f"${want / 100:.2f}" not in pack.page:
            wrong(f"{pack.name}: ${want / 100:.2f} does not stand on the page")
    for figure, bps in (("claimed", CLAIM_BPS["down"]), ("tested", tested), ("peak_day", peak)):
        pack.expect(f"{figure}_per_student.down", bps // 412)
        pack.expect(f"{figure}_per_user.down", bps // 460)


def check_causes(pack, report, zone):
    """outage-months/1: each outage's time in the months in which it lies."""
    def local(ms):
        return datetime.datetime.fromtimestamp(ms / 1000, zone)

    want = {}
    for o in report["outages"]["list"]:
        a, b = (int(seconds_ms(o[k])) for k in ("from", "to"))
        began = f"{local(a):%Y-%m}.outage.{o['why']}"
        while a < b:
            name = f"{local(a):%Y-%m}.outage.{o['why']}"
            x = local(a)
            next_month = datetime.datetime(x.year + x.month // 12, x.month % 12 + 1, 1, tzinfo=zone)
            end = min(b, int(next_month.timestamp() * 1000))
            total, n = want.get(name, (0, 0))
            want[name] = (total + end - a, n + (name == began))
            a, began = end, None
    got = {f["figure"]: (f["value"], f["n"]) for f in pack.json["figures"]
           if f.get("method") == "outage-months/1"}
    if not want or got != want:
        wrong(f"{pack.name}: outages of months are {got}, not {want}")


def seconds_ms(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def check_months(pack, report, folder, zone):
    """Each month from the intervals and runs themselves."""
    with open(f"{folder}/iv/intervals.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    months = {}
    for r in rows:
        at = datetime.datetime.fromtimestamp(seconds(r["start_utc"]), zone)
        month = months.setdefault(f"{at.year:04}-{at.month:02}", {"down": [], "up": []})
        for way in ("down", "up"):
            if r[f"{way}_bps"] and r["own_test"] == "0":
                month[way].append((int(r[f"{way}_bps"]), r["class_hours"] == "1"))
    for name, month in months.items():
        for way in ("down", "up"):
            pack.expect(f"{name}.carried.{way}", max(v for v, _ in month[way]))
            pack.expect(f"{name}.used.{way}", p95([v for v, in_class in month[way] if in_class]))
            runs = sorted(r["line_at_claim_layer_bps"] for r in report["delivered"]["tested"]["runs"]
                          if r["direction"] == way and r["state"] == "ok" and
                          "line_at_claim_layer_bps" in r and "apart" not in r and
                          datetime.datetime.fromtimestamp(seconds(r["at"]), zone)
                          .strftime("%Y-%m") == name)
            pack.expect(f"{name}.tested.{way}", runs[(len(runs) + 1) // 2 - 1] if runs else None)
    check_causes(pack, report, zone)
    out = sum(pack.value(f"{m}.outage") or 0 for m in months)
    if out != report["outages"]["total_ms"]:
        wrong(f"{pack.name}: months were out for {out} ms, the period for "
              f"{report['outages']['total_ms']}")
    pack.expect("first_service", min(
        datetime.datetime.fromtimestamp(seconds(r["start_utc"]), zone).date().isoformat()
        for r in rows if r["down_bytes"] not in ("", "0")))
