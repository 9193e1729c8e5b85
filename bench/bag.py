# SPDX-License-Identifier: GPL-3.0-or-later
"""bag - a year of one circuit as a bag: its size, and how long verify takes."""
import os
import time

from benchlib import Bar, Row, bench
from bwtest import HOST, program, scratch

DAYS = 365


def year(folder, more, say):
    jose, key, bag = (os.path.join(folder, n) for n in ("r.jose", "r.jwk", "year.tar.zst"))
    HOST.run([os.path.join(os.environ["BW_BUILD"], "evidence", "gen_year"), "--from",
              "2026-07-01T05:00:00Z", "--days", str(DAYS), "--offset", "-18000", "--jose", jose,
              "--key", key, *more], timeout=None)
    begin = time.monotonic()
    HOST.run([program("bandwitness"), "bundle", "--file", jose, "--key", key, "--tz",
              "America/Chicago", "--claim-down", "100M", "--claim-up", "20M", "--year", "FY2026",
              "-o", bag], timeout=None)
    say(f"packed in {time.monotonic() - begin:.1f} s")
    os.remove(jose)
    seconds = []
    for _ in range(3):
        begin = time.monotonic()
        HOST.run([program("bandwitness"), "verify", bag], timeout=None)
        seconds.append(time.monotonic() - begin)
    return os.path.getsize(bag) / 1e6, seconds


@bench("bag", "a year of one circuit: bytes of the bag, seconds of verify", groups=("main",))
def bag(say):
    rows = []
    with scratch() as folder:
        for name, more in (("two targets", []), ("every kind of probe", ["--rich"])):
            size, seconds = year(folder, more, say)
            rows += [Row(f"{name}: a year's bag", size, "MB", bar=Bar(at_most=60)),
                     Row(f"{name}: verify of it", seconds, "s", bar=Bar(at_most=20))]
    return rows
