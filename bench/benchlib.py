# SPDX-License-Identifier: GPL-3.0-or-later
"""benchlib - the one shape of every bench: rows with a figure, a peer's, and a bar.

    from benchlib import bench, Bar, Row, interleave

    @bench("icmp", "500 targets beside fping", groups=("main",))
    def icmp(say):
        ours, peers = interleave(5, run_ours, run_fping)
        return [Row("CPU per 1,000 packets", ours, "ms", "fping", peers, Bar(at_most=20)),
                Row("CPU against fping", ours, "ms", "fping", peers, Bar(at_most_times_peer=1))]

A figure is a list of values (or one value, or None when it could not be measured); the
median is shown with its spread. Within one bench ours and the peer's runs alternate, so
that a machine that slows down slows both.
"""
import json
import os
import statistics
import subprocess
import tempfile
import threading
import traceback

import lab
from bwtest import SceneError

BENCHES = []


class Bar:
    """What a figure must keep. Members may be combined; all must hold."""

    def __init__(self, at_most=None, at_least=None, at_most_times_peer=None,
                 at_most_over_peer=None, at_least_times_peer=None):
        self.rules = []
        if at_most is not None:
            self.rules.append((f"<= {at_most:g}", lambda x, p: x <= at_most, False))
        if at_least is not None:
            self.rules.append((f">= {at_least:g}", lambda x, p: x >= at_least, False))
        if at_most_times_peer is not None:
            self.rules.append((f"<= peer x {at_most_times_peer:g}",
                               lambda x, p: x <= p * at_most_times_peer, True))
        if at_least_times_peer is not None:
            self.rules.append((f">= peer x {at_least_times_peer:g}",
                               lambda x, p: x >= p * at_least_times_peer, True))
        if at_most_over_peer is not None:
            self.rules.append((f"<= peer + {at_most_over_peer:g}",
                               lambda x, p: x <= p + at_most_over_peer, True))

    def __str__(self):
        return " and ".join(text for text, _, _ in self.rules) or "none"

    def holds(self, figure, peer):
        if figure is None or not self.rules:
            return figure is not None
        return all((peer is not None or not needs) and test(figure, peer)
                   for _, test, needs in self.rules)


def program(name):
    """A program of bench/ in the release build."""
    return os.path.join(os.environ["BW_BUILD"], "bench", name)


def _values(v):
    if v is None:
        return []
    return [x for x in (v if isinstance(v, (list, tuple)) else [v]) if x is not None]


def _median(values):
    return statistics.median(values) if values else None


class Row:
    """One line. peer None: there is no peer for this figure, only a bar."""

    def __init__(self, case, figure, unit, peer=None, peer_figure=None, bar=None):
        self.case, self.unit, self.peer, self.bar = case, unit, peer, bar or Bar()
        self.values, self.peer_values = _values(figure), _values(peer_figure)
        self.figure, self.peer_figure = _median(self.values), _median(self.peer_values)
        self.n = len(self.values)
        peer_ran = peer is None or self.peer_figure is not None
        self.ok = bool(peer_ran and self.bar.holds(self.figure, self.peer_figure))

    def ratio(self):
        if self.figure is None or not self.peer_figure:
            return None
        return round(self.figure / self.peer_figure, 4)

    def as_json(self):
        return {"case": self.case, "figure": self.figure, "unit": self.unit, "peer": self.peer,
                "peer_figure": self.peer_figure, "ratio": self.ratio(), "bar": str(self.bar),
                "n": self.n, "ok": self.ok}


class Bench:
    def __init__(self, name, summary, groups, function):
        self.name, self.summary, self.groups, self.function = name, summary, groups, function

    def measure(self):
        try:
            return list(self.function(lambda text: print(f"   {text}", flush=True)))
        except Exception as e:  # a bench that fails is a row that is not ok, not silence
            traceback.print_exc()
            row = Row(f"{self.name}: could not be measured ({e})", None, "", None, None, Bar())
            row.ok = False
            return [row]


def bench(name, summary, groups=()):
    def register(function):
        BENCHES.append(Bench(name, summary, tuple(groups), function))
        return function
    return register


def interleave(n, ours, peer=None):
    """n values each, in turn; a peer that fails gives no values."""
    mine, theirs = [], []
    for _ in range(n):
        mine.append(ours())
        if peer is not None:
            try:
                theirs.append(peer())
            except (OSError, subprocess.SubprocessError, ValueError) as e:
                print(f"   the peer could not run: {e}", flush=True)
                theirs, peer = [], None
    return mine, theirs


def _show(value):
    if value is None:
        return "-"
    return f"{value:,.3g}" if abs(value) < 10 else f"{value:,.1f}"


def _spread(values):
    return f"{_show(min(values))}..{_show(max(values))}" if len(values) > 1 else ""


def table(rows):
    head = ("case", "figure", "spread", "unit", "peer", "its figure", "its spread", "ratio",
            "bar", "n", "")
    body = [(r.case, _show(r.figure), _spread(r.values), r.unit, r.peer or "-",
             _show(r.peer_figure), _spread(r.peer_values),
             "-" if r.ratio() is None else f"{r.ratio():.2f}", str(r.bar), str(r.n),
             "ok" if r.ok else "NOT OK") for r in rows]
    width = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, width)).rstrip()
             for line in [head, *body]]
    return "\n".join([lines[0], "  ".join("-" * w for w in width), *lines[1:]])


def in_a_lab(work):
    """What work(lab) gives back (anything JSON can say); the lab ends with this call, and
    with this program, also when that is killed."""
    pipe_out, pipe_in = os.pipe2(os.O_CLOEXEC)
    front = os.getpid()
    pid = os.fork()  # a lab takes its process over for good
    if pid == 0:
        os.close(pipe_out)
        lab.die_with(front)
        status = 1
        try:
            status = lab.run(lambda the_lab: _tell(pipe_in, work(the_lab)))
        except SceneError as e:
            print(f"   no lab: {e}", flush=True)
        os._exit(status)
    os.close(pipe_in)
    with open(pipe_out, encoding="utf-8") as f:
        said = f.read()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise SceneError("the lab of this bench failed")
    return json.loads(said)


def _tell(fd, result):
    with open(fd, "w", encoding="utf-8") as f:
        json.dump(result, f)
    return 0


def cost_of(ns, argv, seconds=60, given=b"", **kw):
    """Run a program in a place of a lab, with something to read: (exit status, what it
    printed, CPU seconds of its own from start to end)."""
    with tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as read:
        read.write(given)
        read.seek(0)
        proc = ns.popen(argv, stdin=read, stdout=subprocess.PIPE, stderr=err, **kw)
        timer = threading.Timer(seconds, proc.kill)
        timer.start()
        try:
            said = proc.stdout.read()  # a pipe: some programs may write no file
            _, status, usage = os.wait4(proc.pid, 0)
        finally:
            timer.cancel()
            proc.stdout.close()
        proc.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        said = said.decode() + err.read().decode()
    return proc.returncode, said, usage.ru_utime + usage.ru_stime
