# SPDX-License-Identifier: GPL-3.0-or-later
"""accuracy - what the probes say of lines whose rate, delay and loss are set.

24 cells (docs/accuracy.md says why these), every throughput tool both ways and echoes in
each; one run a cell and tool, five on four cells. A figure is judged against what the
layer allows of the set rate; `not claimed` where one TCP stream meets loss and delay: shown,
and judged by nobody."""
import json
import math
import os
import subprocess

from benchlib import Bar, Row, bench, in_a_lab
from bwtest import SceneError, program
from line import Line, far, host, ramp_s, tcp_share

RUNS = 5
ECHO_S, ECHO_LOSSY_S = 5, 20
HTTP_WARM_UP_S, HTTP_WINDOW_S, HTTP_LONG_S = 2, 4, 10
BAND = 0.02


class Cell:
    """Mbit/s (Ethernet), round trip in ms, loss in per mille, IP version."""

    def __init__(self, rate, rtt, loss, family, runs=1):
        self.rate, self.rtt, self.loss, self.family, self.runs = rate, rtt, loss, family, runs
        self.name = f"{rate} Mbit/s, {rtt} ms, {loss / 10:g} %, IPv{family}"

    def line(self, lab):
        # cubic gives way to random loss, as it must; a far end that measures uses bbr
        return Line(lab, self.rate * 1_000_000, self.rtt, self.loss,
                    congctl="bbr" if self.loss else "cubic")


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
    """One way of measuring: function(line, cell, way) -> measured Mbit/s of its layer;
    allowed(line, cell, way) -> what the set rate allows of it, None where not claimed."""

    def __init__(self, name, layer, server, measure, allowed, claimed=None):
        self.name, self.layer, self.server = name, layer, server
        self.measure, self.allowed = measure, allowed
        self.claimed = claimed or (lambda cell: True)


def probe(line, *args, seconds=90):
    done = subprocess.run(line.box.argv([program("bandwitness"), "probe", *args, "--json"]),
                          pass_fds=line.box.fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=seconds)
    if not done.stdout:
        raise SceneError(f"probe {args}: {done.stderr.strip()}")
    return json.loads(done.stdout)["results"]


def throughput(line, kind, way, url, *options):
    (r,) = probe(line, kind, url, "--opt", f"direction={way}",
                 *[word for o in options for word in ("--opt", o)])
    if r["state"] != "ok":
        raise SceneError(f"{kind} {way}: {r.get('reason')}")
    return r["goodput_bps"] / 1e6


def many_streams(line, cell, way):
    """What is lost behind the up shaper has taken the line's time; before the down one, not."""
    kept = 1 - cell.loss / 1000 if way == "up" else 1
    return cell.rate * tcp_share(cell.family) * kept


def http(line, cell, way):
    # six streams that start at once overshoot together, and mend that for many round trips
    warm_up = HTTP_WARM_UP_S + 40 * cell.rtt // 1000
    # what TCP holds back behind one loss comes a round trip later, all at once
    window = HTTP_LONG_S if cell.loss or cell.rtt >= 80 else HTTP_WINDOW_S
    window += 10 if cell.rtt >= 600 else 0
    path = "big" if way == "down" else "upload"
    return throughput(line, "http", way, f"http://{host(cell.family)}/{path}", "streams=6",
                      f"warmup={warm_up}s", f"duration={window}s")


TOOLS = [Tool("http", "TCP payload", lambda line: line.start_nginx(), http, many_streams)]


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
    line = cell.line(lab)
    rows = echoes(line, cell)
    for tool in TOOLS:
        server = tool.server(line)
        for way in ("down", "up"):
            values, allowed = [], tool.allowed(line, cell, way)
            try:
                for _ in range(cell.runs):
                    values.append(tool.measure(line, cell, way))
            except SceneError as e:
                say(f"{cell.name}: {e}")
            rows.append({"case": f"{cell.name}: {tool.name} {way}", "unit": "Mbit/s",
                         "figure": values, "set": allowed,
                         "low": allowed * (1 - BAND) if tool.claimed(cell) else None,
                         "high": allowed * (1 + BAND)})
        if server:
            server.terminate()
            server.wait()
    return rows


def row(r):
    if r["low"] is None:
        return Row(r["case"] + " (not claimed)", r["figure"], r["unit"], "set", r["set"], Bar())
    return Row(r["case"], r["figure"], r["unit"], "set", r["set"],
               Bar(at_least=round(r["low"], 4), at_most=round(r["high"], 4)))


@bench("accuracy", "set against measured on 24 lines", groups=("accuracy",))
def accuracy(say):
    """BW_CELLS=FIRST-LAST measures only those (1-24)."""
    first, _, last = os.environ.get("BW_CELLS", f"1-{len(CELLS)}").partition("-")
    rows = []
    for cell in CELLS[int(first) - 1:int(last or first)]:
        say(cell.name)
        for r in in_a_lab(lambda lab, c=cell: measure_cell(lab, c, say)):
            rows.append(row(r))
            say(f"  {r['case'].split(': ')[1]}: {', '.join(f'{v:.3f}' for v in r['figure'])} "
                f"{r['unit']}, set {r['set']:.3f}: {'ok' if rows[-1].ok else 'NOT OK'}")
    return rows
