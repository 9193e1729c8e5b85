# SPDX-License-Identifier: GPL-3.0-or-later
"""year, pdf - a year of one circuit, from the collector's ledger to the full report."""
import os
import subprocess
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


def year_ledger(folder, say):
    """A sealed ledger of one circuit's year below the folder."""
    say(f"writing {SUMMARIES} signed summaries into a ledger")
    HOST.run([os.path.join(os.environ["BW_BUILD"], "evidence", "gen_year"),
              "--from", "2026-07-01T05:00:00Z", "--days", str(DAYS), "--offset", "-18000",
              "--no-gaps", "--ledger", os.path.join(folder, "ledger"), "--seal"], timeout=None)


def report(folder, formats):
    """Seconds that making the year's report in these formats takes, and MiB at most."""
    begin = time.monotonic()
    p = subprocess.Popen(
        [program("bandwitness"), "report", "--ledger", folder, "--year", "FY2026",
         "--tz", "America/Chicago", "--claim-down", "100M", "--claim-up", "20M",
         "--format", formats, "-o", os.path.join(folder, "out") + "/"],
        stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        raise RuntimeError(f"bandwitness report ended with {p.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


@bench("year", "105,120 summaries of one circuit to a full report from the ledger",
       groups=("main",))
def year(say):
    with scratch() as folder:
        year_ledger(folder, say)
        seconds = []
        for _ in range(5):
            how = forget(folder)
            seconds.append(report(folder, "html,csv,json")[0])
        say(f"cold: {how}")
        return [Row("a year's report (HTML, CSV, JSON), cold", seconds, "s", bar=Bar(at_most=3))]


@bench("pdf", "the year's report of one circuit as a PDF: time, memory, size", groups=("main",))
def pdf(say):
    with scratch() as folder:
        year_ledger(folder, say)
        runs = []
        for _ in range(5):
            how = forget(folder)
            runs.append(report(folder, "pdf"))
        say(f"cold: {how}")
        size = os.path.getsize(os.path.join(folder, "out", "report.pdf"))
        return [Row("a year's report as PDF, cold", [r[0] for r in runs], "s",
                    bar=Bar(at_most=3)),
                Row("its size", [size / 1e6], "MB", bar=Bar(at_most=1.5)),
                Row("memory of the program that makes it, at most", [r[1] for r in runs], "MiB",
                    bar=Bar(at_most=120))]
