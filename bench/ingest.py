# SPDX-License-Identifier: GPL-3.0-or-later
"""ingest - many boxes deliver one summary a POST on keep-alive connections without TLS:
the collector's CPU for 1,000 records, and its memory with 10,000 connections."""
import json
import os
import shutil
import subprocess

from benchlib import Bar, Row, bench, in_a_lab, program
from bwtest import Collector, SceneError
from lab import Netns

RUNS, ROUNDS = 5, 20


class OneDoor(Collector):
    """With one listener: each has room for all connections, and where the limit of open
    files is low two would share it."""

    def __init__(self, **kw):
        super().__init__(**kw)
        with open(self.conf, encoding="utf-8") as f:
            lines = [l for l in f if 'listen "unix"' not in l]
        with open(self.conf, "w", encoding="utf-8") as f:
            f.writelines(lines)

    def answers(self):
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False


def one(the_lab, place, name, sites, rounds):
    """One load on a fresh collector; the JSON that bench_ingest prints."""
    folder = os.path.dirname(the_lab.path(name, "x"))
    collector = OneDoor(folder=folder, place=place, port=18497)
    place.run([program("bench_ingest"), "prepare", collector.data, str(sites)], timeout=300)
    collector.start()
    pid = the_lab.outer_pid(collector.proc.pid)
    done = subprocess.run(place.argv([program("bench_ingest"), "load", "18497", str(pid),
                                      str(sites), str(rounds)]),
                          pass_fds=(place.fd,), stdout=subprocess.PIPE, timeout=600)
    if done.returncode != 0:
        raise SceneError(f"bench_ingest: {done.stdout.decode()}\n{collector.tail()}")
    collector.stop()
    shutil.rmtree(folder)
    return json.loads(done.stdout)


def work(the_lab):
    """In a lab, so that nothing outlives this program."""
    place = Netns(the_lab, "state")
    runs = []
    for n in range(RUNS):
        runs.append(one(the_lab, place, f"run{n}", 1000, ROUNDS))
        print(f"   run {n + 1}: {runs[-1]['cpu_s_per_1000']} s of CPU for 1,000 records, "
              f"{runs[-1]['verify_s_per_1000']} of it signature checks", flush=True)
    wide = one(the_lab, place, "wide", 10000, 1)
    print(f"   10,000 connections: {wide['peak_rss_mib']} MiB", flush=True)
    return runs, wide


@bench("ingest", "1,000 sites, one summary a POST; 10,000 connections", groups=("main",))
def ingest(say):
    say(f"{RUNS} runs of 1,000 sites, {ROUNDS} records each, then 10,000 sites")
    runs, wide = in_a_lab(work)
    return [
        Row("CPU for 1,000 records", [r["cpu_s_per_1000"] for r in runs], "s",
            bar=Bar(at_most=0.25)),
        Row("CPU besides signature checks", [r["other_s_per_1000"] for r in runs], "s",
            bar=Bar(at_most=0.15)),
        Row("RSS with 10,000 connections", wide["peak_rss_mib"], "MiB", bar=Bar(at_most=128)),
    ]
