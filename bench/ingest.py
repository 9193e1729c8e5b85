# SPDX-License-Identifier: GPL-3.0-or-later
"""ingest - many boxes deliver one summary a POST on keep-alive connections without TLS:
the collector's CPU for 1,000 records, and its memory with 10,000 connections."""
import json
import os
import shutil
import subprocess
import tempfile

from benchlib import Bar, Row, bench
from lab import LabError
from programs import Collector, Host

RUNS = 5


def one(sites, rounds):
    """One load on a fresh collector; the JSON that bench_ingest prints."""
    program = os.path.join(os.environ["BW_BUILD"], "bench", "bench_ingest")
    folder = tempfile.mkdtemp(prefix="bw-ingest-")
    collector = Collector(Host(), folder, "127.0.0.1", port=18497, tls=False)
    try:
        subprocess.run([program, "prepare", collector.data, str(sites)], check=True)
        collector.start_ready()
        done = subprocess.run([program, "load", "18497", str(collector.proc.pid), str(sites),
                               str(rounds)], stdout=subprocess.PIPE)
        if done.returncode != 0:
            raise LabError(f"bench_ingest: {done.stdout.decode()}\n{collector.tail()}")
        return json.loads(done.stdout)
    finally:
        if collector.alive():
            collector.stop()
        shutil.rmtree(folder, ignore_errors=True)


@bench("ingest", "1,000 sites, one summary a POST; 10,000 connections", groups=("main",))
def ingest(say):
    runs = []
    for n in range(RUNS):
        runs.append(one(1000, 20))
        say(f"run {n + 1}: {runs[-1]['cpu_s_per_1000']} s of CPU for 1,000 records, "
            f"{runs[-1]['verify_s_per_1000']} of it signature checks")
    wide = one(10000, 1)
    say(f"10,000 connections: {wide['peak_rss_mib']} MiB")
    return [
        Row("CPU for 1,000 records", [r["cpu_s_per_1000"] for r in runs], "s",
            bar=Bar(at_most=0.25)),
        Row("CPU besides signature checks", [r["other_s_per_1000"] for r in runs], "s",
            bar=Bar(at_most=0.15)),
        Row("RSS with 10,000 connections", wide["peak_rss_mib"], "MiB", bar=Bar(at_most=128)),
    ]
