# SPDX-License-Identifier: GPL-3.0-or-later
"""year - a year of one circuit, from the collector's ledger to the full report."""
import os
import time

from benchlib import Bar, Row, bench
from bwtest import HOST, program, scratch

DAYS = 365
SUMMARIES = DAYS * 288


def forget(folder):
    """Out of the page cache: by the kernel's switch where we may, else file by file."""
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
            f.write("3\n")
        return "all caches dropped"
    except OSError:
        pass
    for at, _, names in os.walk(folder):
        for name in names:
            fd = os.open(os.path.join(at, name), os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
    return "the ledger's files dropped from the cache"


@bench("year", "105,120 summaries of one circuit to a full report from the ledger",
       groups=("main",))
def year(say):
    with scratch() as folder:
        ledger = os.path.join(folder, "ledger")
        say(f"writing {SUMMARIES} signed summaries into a ledger")
        HOST.run([os.path.join(os.environ["BW_BUILD"], "evidence", "gen_year"),
                  "--from", "2026-07-01T05:00:00Z", "--days", str(DAYS),
                  "--offset", "-18000", "--no-gaps", "--ledger", ledger, "--seal"], timeout=None)
        seconds = []
        for _ in range(5):
            how = forget(folder)
            begin = time.monotonic()
            HOST.run([program("bandwitness"), "report", "--ledger", folder, "--year", "FY2026",
                      "--tz", "America/Chicago", "--claim-down", "100M", "--claim-up", "20M",
                      "--format", "html,csv,json", "-o", os.path.join(folder, "out")],
                     timeout=None)
            seconds.append(time.monotonic() - begin)
        say(f"cold: {how}")
        return [Row("a year's report (HTML, CSV, JSON), cold", seconds, "s", bar=Bar(at_most=3))]
