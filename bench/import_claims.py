# SPDX-License-Identifier: GPL-3.0-or-later
"""import_claims - a country's line items, of which one state's year becomes claims."""
import os
import subprocess
import sys
import time

import gen_usac
from benchlib import Bar, Row, bench, interleave
from bwtest import program, scratch

ROWS = 5_000_000  # 1.7 GB; USAC's own file had 4,575,123 rows
STATE, YEAR = "AC", 2022

# What a script of twenty lines would do: the same rows kept, nothing checked or joined.
PEER = """
import csv, sys
kept = {}
with open(sys.argv[1], newline="", encoding="utf-8") as f:
    rows = csv.reader(f)
    head = next(rows)
    at = [head.index(c) for c in ("funding_year", "state", "form_version",
                                  "form_471_line_item_number", "download_speed")]
    for r in rows:
        if r[at[0]] == sys.argv[3] and r[at[1]] == sys.argv[2] and r[at[2]] == "Current":
            kept[r[at[3]]] = r[at[4]]
print(len(kept))
"""


def peak_mib(pid):
    """Of the process's present image (the kernel's ru_maxrss counts the one that forked it too)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0  # it has ended


def measured(argv):
    """Wall seconds, CPU seconds, peak MiB."""
    begin = time.monotonic()
    proc = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    peak, pid = 0, 0
    while pid == 0:
        time.sleep(0.02)
        peak = max(peak, peak_mib(proc.pid))
        pid, status, used = os.wait4(proc.pid, os.WNOHANG)
    proc.returncode = os.waitstatus_to_exitcode(status)
    if proc.returncode != 0:
        raise subprocess.CalledProcessError(proc.returncode, argv)
    return time.monotonic() - begin, used.ru_utime + used.ru_stime, peak


def forget(path):
    os.sync()
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


@bench("import", "five million line items, one state's year of them into claims", groups=("main",))
def import_claims(say):
    with scratch() as folder:
        lines = os.path.join(folder, "lines.csv")
        others = os.path.join(folder, "others")
        os.mkdir(others)
        say(f"writing {ROWS:,} rows")
        gen_usac.write_many_lines(lines, ROWS)
        gen_usac.write(gen_usac.world(1, 3000, STATE, YEAR), others)
        say(f"{os.path.getsize(lines) / 1e9:.2f} GB")
        command = [program("bandwitness"), "import", "usac", "--state", STATE, "--year", str(YEAR)]

        def ours():
            forget(lines)
            return measured([*command, "--dry-run", lines])

        def peer():
            forget(lines)
            return measured([sys.executable, "-c", PEER, lines, STATE, str(YEAR)])

        mine, theirs = interleave(3, ours, peer)
        rows = [Row(f"{name}, one state's year of 5 million rows", [m[i] for m in mine], unit,
                    "python csv", [t[i] for t in theirs] or None, bar)
                for i, name, unit, bar in ((0, "import, wall time cold", "s", Bar(at_most=120)),
                                           (1, "import, CPU", "s", Bar(at_most_times_peer=1)),
                                           (2, "import, peak memory", "MiB", Bar(at_most=100)))]
        # all four files of a state of 3,000 districts, joined and written
        ledger = os.path.join(folder, "ledger")
        os.mkdir(ledger)
        files = [os.path.join(others, n) for n in sorted(os.listdir(others))]
        written = measured([*command, "--ledger", ledger, "--by", "bench", *files])
        again = measured([*command, "--ledger", ledger, "--by", "bench", *files])
        rows += [Row("3,000 districts, four files joined and written", written[0], "s", bar=Bar(at_most=120)),
                 Row("the same, peak memory", written[2], "MiB", bar=Bar(at_most=100)),
                 Row("the same again, nothing to write", again[0], "s", bar=Bar(at_most=120))]
        return rows
