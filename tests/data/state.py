#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""state.py [--districts 40] [--circuits 300] [--weeks 4] [--years 3] [--seed N] [--seal] [--jose] DIR

Writes a state that never was into DIR, as the state's collector has it after four weeks of 300
lines and a funding year of three more:

  usac/*.csv       the four open-data files of its districts and schools
  calendars/*.csv  the state's school calendar, and those of districts
  claims.csv       what was contracted without E-rate: lines upgraded in mid-year
  ledger/, catalogue.db   signed records, entities, sites, enrolled keys; and what people and
                   imports said: claims, calendars, bindings, annotations, adoptions, by the real
                   verbs of `bandwitness`
  scene.txt        what befalls each circuit, as gen_state reads it
  truth.json       the same in words: what a report has to find
  keys/*.jwk       the public keys of each site; with --jose records/*.jose, what they signed

The same options give the same bytes of all but the two data bases, whose statements are the same
too where $BW_SETCLOCK names the library that holds the clock still."""
import argparse
import datetime
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "support")]

import gen_usac  # noqa: E402
import state_world as world  # noqa: E402

ADOPTED = ("esh-headroom", "fcc-1mbps-per-student", "ncren-utilisation")
WORDS = {"power": "power cut on the school's road", "planned": "work that the provider announced",
         "provider": "the provider says a fibre was cut", "weather": "ice on the line",
         "school": "the caretaker pulled the plug"}


class Verbs:
    """`bandwitness` beside the state's data, at a time that stands still."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.preload = os.environ.get("BW_SETCLOCK")
        if self.preload:  # a sanitizer's library has to be the first
            ldd = subprocess.run(["ldd", program], stdout=subprocess.PIPE, encoding="ascii", check=True).stdout
            self.preload = ":".join([x.split()[2] for x in ldd.splitlines() if "libasan" in x] + [self.preload])

    def __call__(self, at, *words):
        env = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        if self.preload:
            env.update(LD_PRELOAD=self.preload, BW_CLOCK_AT=str(at))
        done = subprocess.run([self.program, *words, "--ledger", self.folder], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", env=env, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout}")
        return done.stdout


def entity_of(school):
    return f"school-{school['number']}"


def write_scene(path, districts, circuits):
    start = world.midnight(world.YEAR) - 30 * 86400
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"entity state state - {start} State of Rivers\n")
        for d in districts:
            f.write(f"entity district-{d['ben']} district state {start} {d['name']}\n")
            for s in d["schools"]:
                f.write(f"entity {entity_of(s)} school district-{d['ben']} {start} {s['name']}\n")
        for c in circuits:
            f.write(f"site {c.site} {c.index} {entity_of(c.school)} {c.from_s} {c.to_s} {c.interval} "
                    f"-18000 {int(c.archive)} {c.school['name']}\n")
            for s in c.stretches:
                f.write(" ".join(str(x) for x in s) + "\n")


def write_claims(path, circuits):
    rows = ["year,own,role,down,up,layer,provider,quantity,unit_eligible,from,to,recipients,students"]
    for c in circuits:
        for x in c.claims:
            if x["key"].startswith("own:"):
                rows.append(f"{world.YEAR.year},{x['key'][4:]},internet,{x['mbps']} Mbps,{x['mbps']} Mbps,ip,Osprey Cooperative,1,"
                            f"{gen_usac.money(c.cents)},{x['first']},{x['last'] or ''},{c.school['number']},"
                            f"{c.school['students']}")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(rows) + "\n")
    return len(rows) > 1


def sample(circuits, options):
    """Sites that tell enough of all: those with a scene of their own, some others, the first year."""
    weeks, years = circuits[:options.circuits], circuits[options.circuits:]
    step = max(1, len(weeks) // options.sample)
    return [c.site for c in weeks[:5] + weeks[5::step][:max(0, options.sample - 5)] + years[:1]]


def sign(options, folder, circuits):
    """The records; a line for each key."""
    words = [options.gen_state, "--scene", f"{folder}/scene.txt", "--seed", str(options.seed), "--data", folder]
    if options.jose or options.sample:
        os.makedirs(f"{folder}/records")
        words += ["--jose", f"{folder}/records"]
        if options.sample:
            words += ["--of", ",".join(sample(circuits, options))]
    if options.seal:
        words.append("--seal")
    if options.until:
        words += ["--until", str(options.until)]
    done = subprocess.run(words, stdout=subprocess.PIPE, encoding="ascii", check=True)
    keys = [json.loads(line) for line in done.stdout.splitlines()]
    os.makedirs(f"{folder}/keys")
    for site in {k["site"] for k in keys}:
        with open(f"{folder}/keys/{site}.jwk", "w", encoding="ascii") as f:
            for k in keys:
                if k["site"] == site:
                    f.write(json.dumps(k["jwk"], separators=(",", ":")) + "\n")
    return keys


def say(verbs, options, folder, calendars, circuits, with_claims):
    """All that people and imports say, in the order in which they would."""
    summer = world.midnight(world.YEAR) - 20 * 86400
    verbs(summer, "import", "usac", "--by", "grey", *[f"{folder}/usac/{n}.csv" for n in
                                                    ("lines", "status", "recipients", "entities")])
    if with_claims:
        verbs(summer + 60, "import", "claims", "--by", "grey", f"{folder}/claims.csv")
    for n, c in enumerate(calendars):
        whose = ["--entity", c.entity] if c.entity else ["--whole-state"]
        verbs(summer + 600 + n, "import", "calendar", "--by", "heron", f"{folder}/calendars/{c.entity or 'state'}.csv",
              *whose)
    for rule in ADOPTED:
        verbs(summer + 900, "rules", "adopt", "--by", "grey", "--from", str(world.YEAR), "--tz", "America/Chicago",
              "--rules", f"{TOP}/etc/rules", "--text", "network act, section 4", rule)
    for n, c in enumerate(circuits):
        name = f"{c.site}.wan"
        for i, x in enumerate(c.claims):
            more = ["--to", x["last"]] if x["last"] and x["by_binding"] else []
            more += ["--from", x["first"]] if x["first"] and x["by_binding"] else []
            # what holds from a day on is said then
            at = world.midnight(world.datetime.date.fromisoformat(x["first"])) if more and x["first"] \
                else summer + 1000 + 10 * n + i
            verbs(at, "claim", "confirm", "--by", "grey", x["key"], name, "--unseen", *more)
            if c.shared and i == 0:
                verbs(at + 1, "claim", "confirm", "--by", "grey", x["key"], "s-lapwing.wan", "--unseen", *more)
        for o in c.outages:
            if o["cause"] and o["to_ms"] // 1000 + 90000 < (options.until or float("inf")):
                verbs(o["to_ms"] // 1000 + 90000, "annotate", name, "--by", "heron", "--unseen", "--from",
                      world.utc(o["from_ms"]), "--to", world.utc(o["to_ms"] + 1000), "--cause", o["cause"],
                      "--text", WORDS[o["cause"]], *(["--exclude"] if o["excluded"] else []))


def truth_of(c, keys):
    kinds = {str(d): c.calendar.kind(d)[0] for d in world.days(c.first, c.n_days)}
    return {"circuit": f"{c.site}.wan", "site": c.site, "entity": entity_of(c.school), "index": c.index,
            "district": c.district["ben"], "school": c.school["number"], "place": c.school["name"],
            "students": c.school["students"], "zone": "America/Chicago",
            "from_s": c.from_s, "to_s": c.to_s, "interval_s": c.interval,
            "claims": c.claims, "cents": c.cents, "outages": c.outages, "calendar": c.calendar.entity or "state",
            "snow": [d for d, k in kinds.items() if k == "snow"],
            "holidays": [d for d, k in kinds.items() if k == "holiday"],
            "keys": [{k: v for k, v in x.items() if k not in ("site", "jwk")} for x in keys
                     if x["site"] == c.site], **c.truth}


def generate(options, folder, touch=None):
    """All of it; gives the truth. touch(districts, circuits) may change what befalls them first."""
    os.makedirs(folder, exist_ok=True)
    districts, calendars, circuits = world.make(
        options.seed, options.districts, options.circuits, options.weeks, options.years,
        options.year_from, options.year_days, options.interval, options.year_interval)
    if touch:
        touch(districts, circuits)
    for name in ("usac", "calendars"):
        os.makedirs(f"{folder}/{name}")
    gen_usac.write(districts, f"{folder}/usac")
    for c in calendars:
        with open(f"{folder}/calendars/{c.entity or 'state'}.csv", "w", encoding="utf-8") as f:
            f.write(c.table())
    with_claims = write_claims(f"{folder}/claims.csv", circuits)
    write_scene(f"{folder}/scene.txt", districts, circuits)
    keys = sign(options, folder, circuits)
    say(Verbs(options.bandwitness, folder), options, folder, calendars, circuits, with_claims)
    truth = {"seed": options.seed, "state": world.STATE, "adopted": ADOPTED,
             "wrong_server": {"server": "state-2", "from_s": world.midnight(world.SERVER_DAY),
                              "to_s": world.midnight(world.SERVER_DAY + world.DAY), "told_ppm": world.SERVER_PPM},
             "sample": sample(circuits, options) if options.sample else [c.site for c in circuits],
             "circuits": [truth_of(c, keys) for c in circuits]}
    with open(f"{folder}/truth.json", "w", encoding="utf-8") as f:
        json.dump(truth, f, indent=1)
        f.write("\n")
    return truth


def parser():
    build = os.environ.get("BW_BUILD", "")
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("--districts", type=int, default=40)
    p.add_argument("--circuits", type=int, default=300, help="measured for --weeks")
    p.add_argument("--weeks", type=int, default=4)
    p.add_argument("--years", type=int, default=3, help="more circuits, measured for a funding year")
    p.add_argument("--year-from", type=datetime.date.fromisoformat, default=world.YEAR)
    p.add_argument("--year-days", type=int, default=365)
    p.add_argument("--interval", type=int, default=300, help="of a record, seconds")
    p.add_argument("--year-interval", type=int, default=300)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seal", action="store_true", help="seal days as a collector does")
    p.add_argument("--jose", action="store_true", help="write records/SITE.jose too")
    p.add_argument("--until", type=int, help="what is received after this instant (unix s) is in records/ alone")
    p.add_argument("--sample", type=int, help="write them for so many circuits and the first year alone")
    p.add_argument("--bandwitness", default=os.path.join(build, "cli", "bandwitness"))
    p.add_argument("--gen-state", default=os.path.join(build, "evidence", "gen_state"))
    return p


def small(bandwitness, gen_state):
    """The options of a small state that has all that the large one has, for tests."""
    return parser().parse_args([
        "--districts", "3", "--circuits", "5", "--weeks", "2", "--years", "1", "--year-from",
        "2026-09-07", "--year-days", "190", "--interval", "900", "--year-interval", "3600", "--jose", "--bandwitness", bandwitness, "--gen-state", gen_state])


def main():
    p = parser()
    p.add_argument("folder")
    options = p.parse_args()
    generate(options, options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
