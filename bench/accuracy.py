# SPDX-License-Identifier: GPL-3.0-or-later
"""accuracy - what the probes say of lines whose rate, delay and loss are set.

24 cells (docs/accuracy.md says why these), every throughput tool both ways and echoes in
each; one run a cell and tool, five on four cells. A figure is judged against what the
layer allows of the set rate; `not claimed` where one TCP stream meets loss and delay: shown,
and judged by nobody."""
import concurrent.futures
import json
import math
import os
import subprocess
import sys
import threading

import benchlib
from benchlib import Bar, Row, bench, in_a_lab
from bwtest import SceneError, program, wait_for
from bwtest.collector import Collector
from bwtest.measure import ask, measure_conf
from line import Line, far, host, ramp_s, tcp_share

TABLE = os.environ.get("BW_TABLE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "accuracy.md")
RUNS = 5
ECHO_S, ECHO_LOSSY_S = 5, 20
NDT7_S = 10
UDPST_PYTHON_MBPS = 250  # what the server in Python keeps up with
MANY_STREAMS = 64
LONG_MS = 600            # a satellite's
ONE_STREAM_MOST = 200    # per mille times ms: beyond it one stream is not claimed
BAND = 0.02
FAST_MBPS = 100

class Cell:
    """Mbit/s (Ethernet), round trip in ms, loss in per mille, IP version."""

    def __init__(self, rate, rtt, loss, family, runs=1):
        self.rate, self.rtt, self.loss, self.family, self.runs = rate, rtt, loss, family, runs
        self.name = f"{rate} Mbit/s, {rtt} ms, {loss / 10:g} %, IPv{family}"

    def line(self, lab):
        return Line(lab, self.rate * 1_000_000, self.rtt, self.loss)

    def is_light(self):
        """It waits more than it works: measured beside the others."""
        return self.rate < FAST_MBPS or self.rtt >= LONG_MS

    def streams(self, fewest):
        """cubic gives way to random loss, as it must: many streams give way one by one. And
        what waits behind one lost segment is one stream's share of a round trip."""
        return MANY_STREAMS if self.loss or self.rtt >= LONG_MS else fewest


CELLS = (
    Cell(10, 0, 0, 4), Cell(10, 20, 0, 6, RUNS), Cell(10, 80, 0, 4), Cell(10, 600, 0, 4),
    Cell(37, 0, 0, 6), Cell(37, 20, 0, 4), Cell(37, 80, 0, 6),
    Cell(100, 0, 0, 4), Cell(100, 20, 0, 4, RUNS), Cell(100, 80, 0, 6), Cell(100, 600, 0, 6),
    Cell(250, 0, 0, 6), Cell(250, 20, 0, 4), Cell(250, 80, 0, 4, RUNS),
    Cell(940, 0, 0, 4), Cell(940, 0, 0, 6, RUNS),
    Cell(10, 20, 5, 4), Cell(37, 20, 30, 6), Cell(100, 20, 5, 6), Cell(100, 20, 30, 4),
    Cell(100, 80, 5, 4), Cell(250, 20, 5, 6), Cell(37, 80, 30, 4), Cell(10, 600, 5, 6),
)


class Tool:
    """One way of measuring throughput.

    server(line, cell) starts the far end and gives what ends it; measure(line, cell, way,
    far_end) gives Mbit/s; allowed(line, cell, way) what the set rate allows of it at that
    tool's layer; claimed(cell) whether the tool claims to measure such a line at all.
    lossy_cc is both ends' congestion control where frames are lost."""

    def __init__(self, name, server, measure, allowed, claimed=lambda cell: True,
                 lossy_cc="cubic"):
        self.name, self.server = name, server
        self.measure, self.allowed, self.claimed = measure, allowed, claimed
        self.lossy_cc = lossy_cc


def probe(line, *args, seconds=240):
    done = subprocess.run(line.box.argv([program("bandwitness"), "probe", *args, "--json"]),
                          pass_fds=line.box.fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=seconds)
    if not done.stdout:
        raise SceneError(f"probe {args[0]}: {done.stderr.strip()}")
    return json.loads(done.stdout)["results"]


def throughput(line, kind, way, url, *options):
    (r,) = probe(line, kind, url, "--opt", f"direction={way}",
                 *[word for o in options for word in ("--opt", o)])
    if r["state"] != "ok":
        raise SceneError(f"{kind} {way}: {r.get('reason')}")
    return r["goodput_bps"] / 1e6


def ends(process):
    def end():
        process.terminate()
        process.wait()
    return end


def kept(cell, way):
    """What is lost behind the up shaper has taken the line's time; before the down one, not."""
    return 1 - cell.loss / 1000 if way == "up" else 1


def tcp(line, cell, way):
    return cell.rate * tcp_share(cell.family) * kept(cell, way)


def one_stream_can(cell):
    """Nor where the ramp is a quarter of the run and more: a round trip is 6 % of it then."""
    return cell.loss * cell.rtt < ONE_STREAM_MOST and cell.rtt < LONG_MS


def window_s(cell):
    """What TCP holds back behind one loss comes a round trip later, all at once."""
    return 4 + (6 if cell.loss or cell.rtt >= 80 else 0) + (30 if cell.rtt >= LONG_MS else 0)


def warm_up_s(cell):
    """Streams that start at once overshoot together, and mend that for many round trips."""
    return 2 + 40 * cell.rtt // 1000


def http(line, cell, way, _far_end):
    path = "big" if way == "down" else "upload"
    return throughput(line, "http", way, f"http://{host(cell.family)}/{path}", f"streams={cell.streams(8)}",
                      f"warmup={warm_up_s(cell)}s", f"duration={window_s(cell)}s")


def start_iperf3(line, cell):
    server = line.net.popen(["iperf3", "-s", "-B", far(cell.family)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    wait_for("iperf3", lambda: ":5201" in line.net.sh("ss -ltn"))
    return ends(server)


def iperf3(line, cell, way, _far_end):
    return throughput(line, "iperf3", way, host(cell.family), f"streams={cell.streams(1)}",
                      f"warmup={warm_up_s(cell)}s", f"duration={window_s(cell)}s")


class OurServer:
    """The collector's own measurement server, in the far end's namespace."""

    def __init__(self, line, cell):
        self.collector = Collector(place=line.net, extra=measure_conf(
            host=f'"{far(cell.family)}"', address=f'"{far(cell.family)}"', tests=8, rate="100G",
            unclaimed="1G", test_bytes="40GB", site_bytes="4TB", site_tests=1000))
        self.collector.__enter__()
        wait_for("the measurement server",
                 lambda: self.collector.metric("bandwitness_measure_up") == 1)
        self.box = self.collector.box()

    def ticket(self, way):
        a = ask(self.collector, self.box, kind="ndt7", direction=way)
        if a.status != 200:
            raise SceneError(f"no ticket: {a.status} {a.body}")
        return a.body.decode()

    def __call__(self):
        self.collector.stop()
        self.collector.discard()


def ndt7(line, cell, way, far_end):
    done = subprocess.run(
        line.box.argv([benchlib.program("bench_run"), "ndt7", f"ws://{host(cell.family)}", way]),
        env={**os.environ, "BW_TICKET": far_end.ticket(way)}, pass_fds=line.box.fds,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
    if done.returncode != 0:
        raise SceneError(f"ndt7 {way}: {done.stderr.strip()}")
    return json.loads(done.stdout)["goodput_bps"] / 1e6


def ndt7_allowed(line, cell, way):
    """The mean of the whole run, its ramp-up included. Upwards by the server's clock: it runs
    from its answer, a round trip before the first of the load."""
    lacks_s = ramp_s(line, cell.family) + (cell.rtt / 1000 if way == "up" else 0)
    return tcp(line, cell, way) * (1 - lacks_s / NDT7_S)


def start_udpst(line, cell):
    address = far(cell.family)
    if cell.rate > UDPST_PYTHON_MBPS:  # a far end that sends 1 Gbit/s, whatever comes back
        argv = [benchlib.program("bench_udpst_server"), address, "24601", "1000"]
    else:
        argv = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                                             "tests", "support", "udpst_server.py"),
                "--bind", address, "--port", "24601"]
    server = line.net.popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            universal_newlines=True)
    if not server.stdout.readline():
        raise SceneError("the UDPST server did not start")
    return ends(server)


def udpst(line, cell, way, _far_end):
    seconds = 5 + min(5, cell.rate // 50) + cell.rtt // 100  # the search climbs for longer
    return throughput(line, "udpst", way, host(cell.family), f"duration={seconds}s")


def udpst_allowed(line, cell, way):
    """Whole IP packets of 1250 bytes, which are Ethernet frames of 1264."""
    return cell.rate * 1250 / 1264 * kept(cell, way)


def udpst_can(cell):
    """Its search gives up where a trial interval of 50 ms loses ten datagrams whatever the
    rate (RFC 9097, appendix A); and its feedback is a round trip old."""
    return cell.rate * 1e6 / 8 / 1264 * 0.05 * cell.loss / 1000 < 4 and cell.rtt < LONG_MS


TOOLS = [
    Tool("http", lambda line, cell: ends(line.start_nginx()), http, tcp),
    Tool("iperf3", start_iperf3, iperf3, tcp),
    Tool("ndt7", OurServer, ndt7, ndt7_allowed, one_stream_can, lossy_cc="bbr"),
    Tool("udpst", start_udpst, udpst, udpst_allowed, udpst_can),
]


def echoes(line, cell):
    """Rows of round trip and loss: the set delay, and what nft dropped."""
    seconds = ECHO_LOSSY_S if cell.loss else ECHO_S
    before = line.echoes(cell.family)
    (r,) = probe(line, "icmp", far(cell.family), "--seconds", str(seconds), "--opt",
                 "interval=100ms")
    asked, lost = (b - a for a, b in zip(before, line.echoes(cell.family)))
    rows = [{"case": f"{cell.name}: icmp round trip", "unit": "ms",
             "figure": [r["rtt_p50_ns"] / 1e6], "set": cell.rtt,
             "low": cell.rtt - 0.2 - cell.rtt / 100, "high": cell.rtt + 0.2 + cell.rtt / 100}]
    share = 100 * r["lost"] / r["sent"]
    low, high = interval(lost, r["sent"])
    rows.append({"case": f"{cell.name}: icmp loss, of {r['sent']}", "unit": "%",
                 "figure": [share], "set": 100 * lost / r["sent"], "low": 100 * low,
                 "high": 100 * high, "asked": asked})
    return rows


def interval(k, n, z=1.959964):
    """Wilson's 95 % interval of a share."""
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def measure_cell(lab, cell, say):
    only = os.environ.get("BW_TOOLS", "").split()
    line = cell.line(lab)
    rows = echoes(line, cell)
    for tool in TOOLS:
        if only and tool.name not in only:
            continue
        line.congestion_control(tool.lossy_cc if cell.loss else "cubic")
        far_end = tool.server(line, cell)
        for way in ("down", "up"):
            values, allowed = [], tool.allowed(line, cell, way)
            try:
                for _ in range(cell.runs):
                    values.append(tool.measure(line, cell, way, far_end))
            except SceneError as e:
                say(f"{cell.name}: {e}")
            rows.append({"case": f"{cell.name}: {tool.name} {way}", "unit": "Mbit/s",
                         "figure": values, "set": allowed,
                         "low": allowed * (1 - BAND) if tool.claimed(cell) else None,
                         "high": allowed * (1 + BAND)})
        far_end()
    return rows


def row(r):
    if r["low"] is None:
        return Row(r["case"] + " (not claimed)", r["figure"], r["unit"], "set", r["set"], Bar())
    return Row(r["case"], r["figure"], r["unit"], "set", r["set"],
               Bar(at_least=round(r["low"], 4), at_most=round(r["high"], 4)))


def markdown(rows):
    """The table of docs/accuracy.md: a line a figure, as measured."""
    lines = ["| line | what | set | measured (lowest–highest) | off | |", "|---|---|---|---|---|---|"]
    for r, judged in rows:
        line, what = r["case"].split(": ", 1)
        values = sorted(r["figure"])
        if not values:
            lines.append(f"| {line} | {what} | {r['set']:.3f} {r['unit']} | – | – | NOT OK |")
            continue
        spread = f" ({values[0]:.3f}–{values[-1]:.3f})" if len(values) > 1 else ""
        off = judged.figure - r["set"]
        share = f", {100 * off / r['set']:+.2f} %" if r["set"] and r["unit"] != "%" else ""
        verdict = "not claimed" if r["low"] is None else "ok" if judged.ok else "NOT OK"
        lines.append(f"| {line} | {what} | {r['set']:.3f} {r['unit']} | "
                     f"{judged.figure:.3f}{spread} | {off:+.3f}{share} | {verdict} |")
    return "\n".join(lines) + "\n"


class Table:
    """build/accuracy.md, written anew whenever a cell is measured."""

    def __init__(self, say):
        self.say, self.lock, self.of_cell = say, threading.Lock(), {}

    def add(self, number, measured):
        with self.lock:
            self.of_cell[number] = [(r, row(r)) for r in measured]
            for r, judged in self.of_cell[number]:
                self.say(f"{r['case']}: {', '.join(f'{v:.3f}' for v in r['figure'])} "
                         f"{r['unit']}, set {r['set']:.3f}: {'ok' if judged.ok else 'NOT OK'}")
            with open(TABLE, "w", encoding="utf-8") as f:
                f.write(markdown(self.rows()))

    def rows(self):
        return [pair for number in sorted(self.of_cell) for pair in self.of_cell[number]]


@bench("accuracy", "set against measured on 24 lines", groups=("accuracy",))
def accuracy(say):
    """BW_CELLS=4,9-11 measures only those (1-24), BW_TOOLS="http ndt7" only with these. Every
    figure is added to build/accuracy.md as it comes. Lines that cost the
    machine little are measured beside the others."""
    wanted = []
    for part in os.environ.get("BW_CELLS", f"1-{len(CELLS)}").split(","):
        first, _, last = part.partition("-")
        wanted += list(enumerate(CELLS, 1))[int(first) - 1:int(last or first)]
    table = Table(say)

    def lane(cells):
        for number, cell in cells:
            say(cell.name)
            try:
                table.add(number, in_a_lab(lambda lab, c=cell: measure_cell(lab, c, say)))
            except SceneError as e:  # the other lines are still worth measuring
                table.add(number, [{"case": f"{cell.name}: the line ({e})", "unit": "",
                                    "figure": [], "set": 0, "low": 0, "high": 0}])

    with concurrent.futures.ThreadPoolExecutor() as pool:
        lanes = [pool.submit(lane, [(n, c) for n, c in wanted if c.is_light() == slow])
                 for slow in (False, True)]
    for one in lanes:
        one.result()
    return [judged for _, judged in table.rows()]
