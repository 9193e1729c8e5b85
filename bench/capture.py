# SPDX-License-Identifier: GPL-3.0-or-later
"""capture - what it costs to watch a full line: a school's generated traffic (bench/traffic) at
100,000 packets a second over a veth, past one program after the other, ours with its capture off,
drawing packets, drawing packets and flows.

The replay keeps one core, the program that is measured the other. CPU is the kernel's account
of all its processes and threads from before the first packet until a second and a half after the
last, over the packets offered; wake-ups are its voluntary context switches in that time. A second
of calm and three of the same go before."""
import json
import os
import socket
import statistics
import subprocess
import time

from benchlib import Bar, Row, bench, in_a_lab
from bwtest import SceneError
from capture_ours import FLOWS, MIX, MIX_1S, REST, REST_1S, forced_drop
from capture_peers import PEERS, Bare
from lab import Netns

PPS, SECONDS, ROUNDS = 100_000, 10, 3
WARM_S, TAIL_S, STOPPED_S, CALM_S, CALM_PPS = 3, 1.5, 6, 1, 500
OURS = (REST, MIX, FLOWS, REST_1S, MIX_1S, Bare)
JUDGED = (REST, MIX, MIX_1S, FLOWS, Bare, *PEERS[:2])  # in every round, the others in all but the last


class Tree:
    """A program's process and its children: their CPU, memory, wake-ups by the kernel."""

    def __init__(self, the_lab, proc):
        top = the_lab.outer_pid(proc.pid)
        self.pids, found = [], [top]
        while found:
            pid = found.pop()
            self.pids.append((self._field(pid, "NSpid").split()[-1], pid))
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                    found += map(int, f.read().split())

    @staticmethod
    def _field(pid, name):
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            return next(l for l in f if l.startswith(name + ":")).split(":", 1)[1]

    def cpu_s(self):
        """By the clocks of the processes, as clock_getcpuclockid() makes them (man7)."""
        return sum(time.clock_gettime_ns((~int(inner) << 3) | 2) for inner, _ in self.pids) / 1e9

    def wakes(self):
        return sum(int(self._field(f"{pid}/task/{task}", "voluntary_ctxt_switches"))
                   for _, pid in self.pids for task in os.listdir(f"/proc/{pid}/task"))

    def peak_mib(self):
        return sum(int(self._field(pid, "VmHWM").split()[0]) for _, pid in self.pids) / 1024


def scene(the_lab):
    """A veth pair without a word of the kernel's own; the address is for programs that ask."""
    ns = Netns(the_lab, "tap")
    for part in ("all", "default"):
        ns.sysctl(f"net/ipv6/conf/{part}/disable_ipv6", "1")
    the_lab.link(ns, "near", ns, "far", mtu=65535)
    ns.sh("ip addr add 192.0.2.1/30 dev far")
    ns.sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:09 dev far")
    ns.sh("ip link set dev near arp off")
    return ns


def traffic(the_lab, name, seed, seconds, pps=PPS):
    """(file, its truth): as many packets as go in so many seconds."""
    pcap, truth = the_lab.path(name + ".pcap"), the_lab.path(name + ".json")
    subprocess.run([generator("gen_traffic"), "--seed", str(seed), "--devices", "600", "--pps",
                    str(pps), "--duration-ms", str(1000 * seconds), "--truth", truth, pcap],
                   check=True)
    with open(truth, encoding="ascii") as f:
        return pcap, json.load(f)


def generator(name):
    return os.path.join(os.environ["BW_BUILD"], "bench", "traffic", name)


def received(ns):
    stats = json.loads(ns.sh("ip -j -s link show dev far"))[0]["stats64"]["rx"]
    return stats["packets"]


def replay(pcap, pps=PPS):
    """The command that offers the file once."""
    return ["taskset", "-c", "0", generator("replay_traffic"), "--pps", str(pps), "near", pcap]


def calm(ns, pcap, running):
    """Some packets a second, both ways, at least once and until the program is ready; what was
    replayed of them."""
    sent = []
    with ns.inside():
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with out:
        while not sent or not running.ready() and len(sent) < 10 / CALM_S:
            going = ns.popen(replay(pcap, CALM_PPS), stdout=subprocess.PIPE)
            while going.poll() is None:
                out.sendto(b"x" * 60, ("192.0.2.2", 9))
                time.sleep(0.01)
            with going.stdout:
                sent.append(json.load(going.stdout))
    return sent


def once(the_lab, ns, what, files, lan, folder):
    """One program, one replay: what it took and what it saw. A calm one and a shorter one go before
    it, in which ours finds out what the port counts of a frame, and how many packets to draw."""
    before = received(ns)
    running = what.start(ns, folder, lan)
    try:
        warm = calm(ns, files[0], running)
        warm.append(json.loads(ns.run(replay(files[1]))))
        tree = Tree(the_lab, running.proc)
        running.begin()
        cpu, wakes, t = tree.cpu_s(), tree.wakes(), time.monotonic()
        sent = json.loads(ns.run(replay(files[2])))
        time.sleep(TAIL_S)
        took = time.monotonic() - t
        got = {"cpu": (tree.cpu_s() - cpu) * 1e6 / sent["packets"],
               "wakes": (tree.wakes() - wakes) / took, "peak": tree.peak_mib(),
               "kpps": sent["pps"] / 1e3}
        both = {key: sum(part[key] for part in (*warm, sent)) for key in ("packets", "bytes")}
        came = received(ns) - before
        if came < both["packets"]:
            raise SceneError(f"of {both['packets']} packets {came} came over the veth")
        got.update(running.account(both))
        return got
    finally:
        running.end()


def work(the_lab):
    os.sched_setaffinity(0, {1})  # and with it all that is started here; the replay goes to 0
    ns = scene(the_lab)
    calm, _ = traffic(the_lab, "calm", 3, CALM_S, CALM_PPS)
    warm, _ = traffic(the_lab, "warm", 2, WARM_S)
    pcap, truth = traffic(the_lab, "school", 1, SECONDS)
    files, lan = (calm, warm, pcap), truth["lan"]
    print(f"   {truth['packets']} packets of {truth['bytes'] // truth['packets']} bytes, "
          f"{truth['connections']} TCP connections\n   {HEAD}", flush=True)
    found = {}
    for n in range(ROUNDS):
        for k, what in enumerate((*OURS, *PEERS)):
            if n > 0 and n == ROUNDS - 1 and what not in JUDGED:
                continue
            try:
                got = once(the_lab, ns, what, files, lan, the_lab.path(f"{n}-{k}", "x")[:-2])
            except Exception as e:  # the next one can run all the same
                print(f"   {what.name} could not run: {e}", flush=True)
                continue
            found.setdefault(what.name, []).append(got)
            print("   " + line(what.name, [got]), flush=True)
    try:
        forced = forced_drop(ns, the_lab.path("forced", "x")[:-2], lan,
                             lambda: ns.popen(replay(pcap), stdout=subprocess.DEVNULL),
                             STOPPED_S)
    except Exception as e:
        print(f"   the forced drop could not be tried: {e}", flush=True)
        forced = {}
    return {"runs": found, "forced": forced}


HEAD = f"{'':26} {'seen %':>8} {'s/Mpkt':>9} {'peak MiB':>8} {'wakes/s':>8} {'drops':>9} {'kpps':>7}"


def values(runs, key):
    return [r[key] for r in runs if r.get(key) is not None]


def line(name, runs):
    def show(key, form, width):
        of = values(runs, key)
        return (format(statistics.median(of), form) if of else "-").rjust(width)
    more = "".join(f"  {key} {show(key, '.0f', 1)}" for key in ("drops before", "one_in", "captured", "flows")
                   if values(runs, key))
    flags = sorted({flag for r in runs for flag in r.get("flags", [])})
    return (f"{name:26} {show('seen_pct', '.2f', 8)} {show('cpu', '.5f', 9)} "
            f"{show('peak', '.1f', 8)} {show('wakes', '.1f', 8)} {show('drops', '.0f', 9)} "
            f"{show('kpps', '.1f', 7)}{more}{'  ' + ' '.join(flags) if flags else ''}")


@bench("capture", "watching 100,000 packets a second, beside six programs", groups=("traffic",))
def capture(say):
    say(f"{ROUNDS} rounds of {SECONDS} s each")
    got = in_a_lab(work)
    runs, forced = got["runs"], got["forced"]
    say("medians of the rounds:")
    say(HEAD)
    for what in (*OURS, *PEERS):
        say(line(what.name, runs.get(what.name, [])))

    def of(name, key):
        return values(runs.get(name, []), key)

    rows = []
    for what, short, peer, most, part in ((MIX, "L0+L1", "tcpdump", 0.003, 30),
                                          (FLOWS, "L0+L1+L2", "softflowd", 0.04, 20)):
        name = what.name
        growth = [a - b for a, b in zip(of(name, "peak"), of(REST.name, "peak"))]
        more = [a - b for a, b in zip(of(name, "cpu"), of(REST.name, "cpu"))]
        rows += [
            Row(f"{short}, CPU per million packets offered", of(name, "cpu"), "s", peer,
                of(peer, "cpu"), Bar(at_most=most, at_most_times_peer=1 / part)),
            Row(f"{short}, of it more than at rest", more, "s"),
            Row(f"{short}, peak resident memory more than at rest", growth, "MiB",
                bar=Bar(at_most=6)),
            Row(f"{short}, wake-ups a second", of(name, "wakes"), "", peer, of(peer, "wakes"),
                Bar(at_most=10)),
            Row(f"{short}, drops, most of a round", max(of(name, "drops"), default=None),
                "packets", peer, max(of(peer, "drops"), default=None), Bar(at_most=0)),
            Row(f"{short}, packets counted, least of a round",
                min(of(name, "seen_pct"), default=None), "%", peer, of(peer, "seen_pct"),
                Bar(at_least=100))]
    rows += [Row("L0+L1 read once a second, CPU per million packets", of(MIX_1S.name, "cpu"), "s",
                 "tcpdump", of("tcpdump", "cpu"), Bar(at_most=0.003, at_most_times_peer=1 / 30)),
             Row("four bare readings a second, CPU per million packets", of(Bare.name, "cpu"), "s"),
             Row("at rest, CPU per million packets offered", of(REST.name, "cpu"), "s", "collectd",
                 of("collectd", "cpu")),
             Row("at rest, read once a second", of(REST_1S.name, "cpu"), "s", "vnstatd",
                 of("vnstatd", "cpu"))]
    kept = [v for name in runs for v in of(name, "kpps")]
    rows += [Row("rate kept, least of all runs", min(kept, default=None), "kpps",
                 bar=Bar(at_least=0.99 * PPS / 1e3)),
             Row(f"stopped for {STOPPED_S} s: drops told by the record", forced.get("summary"),
                 "packets", bar=Bar(at_least=1)),
             Row(f"stopped for {STOPPED_S} s: drops shown by bandwitness status",
                 forced.get("status") if forced.get("shown") else None, "packets",
                 bar=Bar(at_least=1))]
    return rows
