# SPDX-License-Identifier: GPL-3.0-or-later
"""evidence - the bars of packs, bags and sealed records, on a generated state (tests/data): a year
of one circuit to a pack, four weeks of 300 circuits to 300 packs, verify of a year's bag."""
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import sealed as sealed_bench
import year as year_bench
from benchlib import Bar, Row, bench
from bwtest import HOST, program, scratch

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACK = "audit"  # the longest: every other pack is a part of it
TIMES = 3


class Cost:
    """What a program and its processes took: wall and CPU seconds, MiB of memory.

    Memory is VmHWM, the most that a process ever had; of several processes that were seen at
    the same time the sum, looked at twenty times a second."""

    def __init__(self, argv, limit_s=None, **kw):
        self.peak, over = 0, threading.Event()
        begin = time.monotonic()
        proc = subprocess.Popen(argv, stdout=subprocess.DEVNULL, **kw)
        watch = threading.Thread(target=self.watch, args=(proc.pid, over))
        watch.start()
        timer = threading.Timer(limit_s or 86400, proc.kill)
        timer.start()
        _, status, usage = os.wait4(proc.pid, 0)
        self.wall = time.monotonic() - begin
        over.set()
        timer.cancel()
        watch.join()
        proc.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime  # children that were waited for are in it
        self.mib = max(self.peak, usage.ru_maxrss) / 1024
        if proc.returncode != 0:
            raise RuntimeError(f"{argv[0]} ended with {proc.returncode}")

    def watch(self, root, over):
        while not over.wait(0.05):
            total = 0
            for pid in [root, *children(root)]:
                total += high_water(pid)
            self.peak = max(self.peak, total)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(x) for x in f.read().split()]
    except OSError:
        return []


def high_water(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return next((int(x.split()[1]) for x in f if x.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def load():
    with open("/proc/loadavg", encoding="ascii") as f:
        return f.read().split()[0]


def state(folder, say, circuits, years):
    """The generated state as its collector has it: what befell which circuit."""
    say(f"writing {circuits} circuits of four weeks and {years} of a year, signed")
    begin = time.monotonic()
    build = os.environ["BW_BUILD"]
    HOST.run([sys.executable, os.path.join(TOP, "tests", "data", "state.py"), "--circuits",
              str(circuits), "--years", str(years), "--seal", "--seed", "1", "--gen-state",
              os.path.join(build, "evidence", "gen_state"), "--bandwitness",
              program("bandwitness"), folder], timeout=None)
    say(f"written in {time.monotonic() - begin:.0f} s")
    with open(os.path.join(folder, "truth.json"), encoding="utf-8") as f:
        return json.load(f)


def one_year(data, circuit, out, formats):
    how = year_bench.forget(data)
    cost = Cost([program("bandwitness"), "report", "--ledger", data, "--circuit", circuit, "--year",
                 "FY2026", "--for", PACK, "--rules", os.path.join(TOP, "etc", "rules"), "--format",
                 formats, "-o", out + "/"], stderr=subprocess.DEVNULL)
    return cost, how


def year_pack(data, circuit, folder, say):
    out = os.path.join(folder, "year")
    plain = [one_year(data, circuit, out, "html,csv,json") for _ in range(TIMES)]
    paper = [one_year(data, circuit, out, "html,pdf,csv,json") for _ in range(TIMES)]
    say(f"cold: {plain[0][1]}; load {load()}")
    size = os.path.getsize(os.path.join(out, f"{PACK}.pdf")) / 1e6
    peers, peer_size = [], None
    if shutil.which("weasyprint"):
        theirs = os.path.join(folder, "theirs.pdf")
        try:
            peers = [Cost(["weasyprint", os.path.join(out, f"{PACK}.html"), theirs], limit_s=600,
                          stderr=subprocess.DEVNULL)]
            peer_size = os.path.getsize(theirs) / 1e6
        except RuntimeError as e:
            say(f"the peer could not run within ten minutes: {e}")
    name = "a year of one circuit, pack of everything"
    return [
        Row(f"{name} (HTML, CSV, JSON), cold", [c.wall for c, _ in plain], "s", bar=Bar(at_most=3)),
        Row("CPU of it", [c.cpu for c, _ in plain], "s"),
        Row("memory of it", [c.mib for c, _ in plain], "MiB", bar=Bar(at_most=120)),
        Row(f"{name} with PDF, cold", [c.wall for c, _ in paper], "s", "weasyprint, PDF alone",
            [c.wall for c in peers], bar=Bar(at_most=3)),
        Row("CPU of it", [c.cpu for c, _ in paper], "s", "weasyprint, PDF alone",
            [c.cpu for c in peers]),
        Row("memory of it", [c.mib for c, _ in paper], "MiB", "weasyprint, PDF alone",
            [c.mib for c in peers], bar=Bar(at_most=120)),
        Row("size of the PDF", size, "MB", "weasyprint", peer_size, bar=Bar(at_most=1.5))]


def many(data, circuits, weeks, folder, say):
    period = [str(int(weeks[k])) for k in ("from_s", "to_s")]
    costs = []
    for _ in range(TIMES):
        how = year_bench.forget(data)
        out = os.path.join(folder, "many")
        shutil.rmtree(out, ignore_errors=True)
        costs.append(Cost(
            [program("bandwitness"), "report", "--ledger", data, "--all", "--for", "delivery",
             "--from", period[0], "--to", period[1], "--tz", "America/Chicago", "--rules",
             os.path.join(TOP, "etc", "rules"), "--format", "html,pdf,csv,json", "--jobs", "2",
             "--quiet", "-o", out], stderr=subprocess.DEVNULL))
    say(f"cold: {how}; load {load()}")
    made = sum(os.path.isdir(os.path.join(out, name)) for name in os.listdir(out))
    name = f"{made} circuits × 4 weeks to packs (HTML, PDF, CSV, JSON)"
    if made < circuits:
        raise RuntimeError(f"{made} packs of {circuits} circuits")
    return [Row(name + ", two processes", [c.wall for c in costs], "s", bar=Bar(at_most=120)),
            Row("CPU of it", [c.cpu for c in costs], "s"),
            Row("memory of all its processes", [c.mib for c in costs], "MiB")]


def hashes_alone(bag, folder):
    """The manifests of a bag by others' tools: no signature, no figure."""
    at = os.path.join(folder, "peer")
    os.makedirs(at)
    script = ('tar --zstd -xf "$1" -C "$2" && cd "$2"/* && sha256sum --quiet -c manifest-sha256.txt '
              "tagmanifest-sha256.txt && sha512sum --quiet -c manifest-sha512.txt tagmanifest-sha512.txt")
    cost = Cost(["sh", "-c", script, "sh", bag, at])
    shutil.rmtree(at)
    return cost


def bag(data, circuit, folder, say):
    path = os.path.join(folder, "year.tar.zst")
    packed = Cost([program("bandwitness"), "bundle", "--ledger", data, "--circuit", circuit, "--year",
                   "FY2026", "--rules", os.path.join(TOP, "etc", "rules"), "-o", path],
                  stderr=subprocess.DEVNULL)
    say(f"packed in {packed.wall:.1f} s, {packed.cpu:.1f} s of CPU; load {load()}")
    ours, theirs = [], []
    for _ in range(TIMES):
        ours.append(Cost([program("bandwitness"), "verify", path]))
        theirs.append(hashes_alone(path, folder))
    return [
        Row("a year's bag", os.path.getsize(path) / 1e6, "MB", bar=Bar(at_most=60)),
        Row("verify of it", [c.wall for c in ours], "s", "tar, sha256sum, sha512sum: hashes alone",
            [c.wall for c in theirs], bar=Bar(at_most=20)),
        Row("CPU of it", [c.cpu for c in ours], "s", "the same", [c.cpu for c in theirs]),
        Row("memory of it", [c.mib for c in ours], "MiB", "the same", [c.mib for c in theirs])]


@bench("evidence", "packs of a year and of 300 circuits, a year's bag, sealed records",
       groups=("main",))
def evidence(say):
    say(f"load before anything was started: {load()} on {os.cpu_count()} processors")
    rows = []
    with scratch() as folder:
        data = os.path.join(folder, "state")
        circuits = int(os.environ.get("BW_BENCH_CIRCUITS", "300"))
        truth = state(data, say, circuits, 1)
        length = {c["circuit"]: c["to_s"] - c["from_s"] for c in truth["circuits"]}
        of_a_year = max(length, key=length.get)
        weeks = next(c for c in truth["circuits"] if c["circuit"] == min(length, key=length.get))
        rows += year_pack(data, of_a_year, folder, say)
        rows += many(data, circuits, weeks, folder, say)
        rows += bag(data, of_a_year, folder, say)
    return rows + sealed_bench.sealed(say)
