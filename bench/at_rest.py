# SPDX-License-Identifier: GPL-3.0-or-later
"""at_rest - the box with one icmp target a second and 10 s intervals, beside collectd with
its ping, interface and rrdtool plugins at the same pace, in one lab at the same time."""
import os
import subprocess
import time

from benchlib import Bar, Row, bench, in_a_lab
from bwtest import Box, Collector, SceneError, wait_for
from lab import Netns

WARM_UP_S = 45  # several intervals: every file is open, every cache filled
WINDOWS, WINDOW_S = 5, 20


def sample(inner, outer):
    """(anonymous bytes, resident bytes, CPU ns) of a process: of all its threads, those that
    ended too, and of children that ended. It has two numbers, the lab's and /proc's."""
    memory = {}
    with open(f"/proc/{outer}/smaps_rollup", encoding="ascii") as f:
        for line in f:
            part = line.split()
            if part[0] in ("Rss:", "Anonymous:"):
                memory[part[0]] = int(part[1]) * 1024
    with open(f"/proc/{outer}/stat", encoding="ascii") as f:
        part = f.read().rpartition(")")[2].split()
    children = (int(part[13]) + int(part[14])) * 10**9 // os.sysconf("SC_CLK_TCK")
    # the clock of another process, as clock_getcpuclockid() makes it (man7)
    return (memory["Anonymous:"], memory["Rss:"],
            time.clock_gettime_ns((~inner << 3) | 2) + children)


COLLECTD = """
BaseDir "%(d)s"
PIDFile "%(d)s/pid"
TypesDB "/usr/share/collectd/types.db"
Interval 10
LoadPlugin ping
LoadPlugin interface
LoadPlugin rrdtool
<Plugin ping>
  Host "192.0.2.2"
  Interval 1.0
  Timeout 0.9
</Plugin>
<Plugin interface>
  Interface "wan"
</Plugin>
<Plugin rrdtool>
  DataDir "%(d)s/rrd"
</Plugin>
"""

BOX = """
circuit "wan" { vantage = router  source = kernel  interface = "wan"  side = line }
icmp "line" { circuit = "wan"  target "edge" { address = "192.0.2.2" } }
"""


def work(the_lab):
    box, far = Netns(the_lab, "box"), Netns(the_lab, "far")
    the_lab.link(box, "wan", far, "line")
    box.sh("ip addr add 192.0.2.1/30 dev wan")
    far.sh("ip addr add 192.0.2.2/30 dev line")
    box.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    base = the_lab.path("rest", "x")[:-2]
    for name in ("state", "box", "peer"):
        os.makedirs(f"{base}/{name}")
    collector = Collector(folder=f"{base}/state", place=far, address="192.0.2.2", tls=True)
    collector.start()
    ours = Box(collector.as_conf(every="10s") + BOX, interval="10s", folder=f"{base}/box",
               place=box)
    ours.enroll(collector, collector.token()["token"])
    ours.start()
    procs = {"ours": ours.proc}
    with open(f"{base}/peer/collectd.conf", "w", encoding="ascii") as f:
        f.write(COLLECTD % {"d": f"{base}/peer"})
    try:
        procs["peer"] = box.popen(["collectd", "-f", "-C", f"{base}/peer/collectd.conf"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("collectd's first file",
                 lambda: any(n.endswith(".rrd") for _, _, names in os.walk(f"{base}/peer")
                             for n in names), 40)
    except (OSError, SceneError) as e:
        print(f"   collectd could not run: {e}", flush=True)
        procs.pop("peer", None)
    pids = {name: (p.pid, the_lab.outer_pid(p.pid)) for name, p in procs.items()}
    time.sleep(WARM_UP_S)
    records = len(ours.journal())
    found = {name: [] for name in pids}
    for _ in range(WINDOWS):
        before = {name: (sample(*pid)[2], time.monotonic()) for name, pid in pids.items()}
        time.sleep(WINDOW_S)
        for name, pid in pids.items():
            anonymous, resident, cpu = sample(*pid)
            cpu0, then = before[name]
            found[name].append((anonymous / 2**20, resident / 2**20,
                                100 * (cpu - cpu0) / 1e9 / (time.monotonic() - then)))
    records = len(ours.journal()) - records
    if records < WINDOWS * WINDOW_S // 10 - 1:
        raise SceneError(f"only {records} records were made in {WINDOWS * WINDOW_S} s")
    return found


@bench("at_rest", "the box at rest: memory and CPU beside collectd", groups=("main",))
def at_rest(say):
    say(f"{WARM_UP_S} s to settle, then {WINDOWS} windows of {WINDOW_S} s")
    found = in_a_lab(work)
    peer = "collectd"
    rows = (("box at rest, anonymous memory", 0, "MiB", Bar(at_most=9)),
            ("box at rest, resident memory", 1, "MiB", Bar(at_most=30)),
            ("box at rest, CPU of one core", 2, "%", Bar(at_most=0.5)))
    return [Row(case, [v[i] for v in found["ours"]], unit, peer,
                [v[i] for v in found.get("peer", [])], bar) for case, i, unit, bar in rows]
