# SPDX-License-Identifier: GPL-3.0-or-later
"""The box's own throughput tests: drawn, put off, refused, asked for."""
import json
import os
import signal
import socket
import subprocess
import time

from bwtest import HOST, Box, wait_for
from bwtest.scenes import run_scenes, scene
from bwtest.wallclock import WallClock
from speed import HTTP, SpeedServer


@scene
def throughput():
    """Drawn starts run by themselves; results carry the circuit's own rate."""
    with SpeedServer() as url, Box(more="tests { gate = off retry = 1s }\n"
                                   + HTTP % ("every = 10s", url)) as box:
        box.start()

        def tests():
            return [t for r in box.records() for t in r.get("throughput", [])]
        wait_for("two runs", lambda: sum(t["state"] == "ok" for t in tests()) >= 4, 90)
        measured = sum(t["bytes"] for t in tests() if t["state"] == "ok")
        moved = wait_for("counted", lambda: box.status()["tests"]["moved_today_bytes"], 20)
        status = box.status()
        box.stop()
        box.verify()
        for t in tests():
            if t["state"] != "ok":
                continue
            assert t["probe"] == "state" and t["server"] == "state-1" and t["kind"] == "http", t
            assert t["grade"] == "self" and t["streams"] == 1, t
            # the record says itself how far its line rate may be off
            assert t["line_bps"] >= t["goodput_bps"] * (0.98 - t["line_error_ppm"] / 1e6), t
            assert 800 <= t["duration_ms"] <= 1500, t
        assert {t["direction"] for t in tests()} == {"down", "up"}
        assert moved > measured  # warm-up and headers, too
        assert status["tests"]["moved_month_bytes"] >= status["tests"]["moved_today_bytes"]
        # what is counted survives
        box.start()
        assert box.status()["tests"]["moved_today_bytes"] >= moved


@scene
def defers():
    """Nothing is run on a busy line or over the budget, and that is recorded."""
    gate = "tests { gate = fcc retry = 1s give_up = 3s }\n"
    with SpeedServer() as url, Box(more=gate + HTTP % ("every = 10s", url)) as box:
        load = HOST.popen(["ping", "-q", "-f", "-s", "2000", "-i", "0.002", "127.0.0.1"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            box.start()

            def deferred():
                return [t for r in box.records() for t in r.get("throughput", [])]
            wait_for("deferrals", lambda: len(deferred()) >= 4, 90)
            for t in deferred():
                assert t["state"] == "deferred" and t["reason"].startswith("busy"), t
                assert "goodput_bps" not in t and "line_bps" not in t, t
        finally:
            load.kill()
            load.wait()
        box.stop()
        box.verify()


@scene
def budget():
    with SpeedServer() as url, Box(more="tests { gate = off day_bytes = 1MB }\n"
                                   + HTTP % ("", url)) as box:
        box.start()
        box.wait_records(1)
        answer = box.ask(verb="probe", probe="state")[-1]
        assert not answer["ok"] and "of the day" in answer["error"], answer
    with SpeedServer() as url, Box(more="tests { gate = off month_bytes = 1MB }\n"
                                   + HTTP % ("", url)) as box:
        box.start()
        box.wait_records(1)
        answer = box.ask(verb="probe", probe="state")[-1]
        assert not answer["ok"] and "of the month" in answer["error"], answer


@scene
def counts_what_a_killed_run_moved():
    """The budget counts bytes that moved, also those of a run without a result."""
    with SpeedServer() as url, Box(more="tests { gate = off }\n" + (HTTP % ("", url)).replace(
            "duration = 1s", "duration = 30s")) as box:
        box.start()
        box.wait_records(1)
        first = socket.socket(socket.AF_UNIX)
        first.connect(box.socket)
        first.sendall(b'{"verb":"probe","probe":"state"}\n')
        stream = first.makefile()
        seen = 0
        while seen < 3_000_000:
            line = json.loads(stream.readline())
            seen = line.get("bytes", 0)
        os.kill(child_of(box.proc.pid), signal.SIGKILL)
        while "ok" not in line:
            line = json.loads(stream.readline())
        assert not line["ok"] and "signal 9" in line["error"], line
        moved = box.status()["tests"]["moved_today_bytes"]
        assert moved >= seen, (moved, seen)
        first.close()
        box.stop()


@scene
def counts_before_the_clock_was_set():
    """A box that starts at an old date knows what day and month have cost once the clock is
    right, and starts no second budget."""
    day = 86400
    noon = day + day // 2 - int(time.time()) % day  # far from any midnight
    with SpeedServer() as url, Box(more="tests { gate = off day_bytes = 1GB month_bytes = 9GB }\n"
                                   + HTTP % ("", url)) as box:
        clock = WallClock(box)
        clock.set(noon)
        box.start()
        box.wait_records(1)
        assert box.ask(verb="probe", probe="state")[-1]["ok"]
        spent = box.status()["tests"]["moved_today_bytes"]
        assert spent > 1_000_000, spent
        box.stop()
        clock.set(noon - 200 * day)
        box.start()
        n = len(box.rows())
        box.wait_records(n + 1)
        tests = box.status()["tests"]
        assert tests["moved_today_bytes"] < 100_000 and tests["moved_month_bytes"] < 100_000, tests
        clock.set(noon)
        wait_for("what the day has cost",
                 lambda: box.status()["tests"]["moved_today_bytes"] >= spent, 30)
        tests = box.status()["tests"]
        assert tests["moved_month_bytes"] >= tests["moved_today_bytes"], tests
        box.stop()


def child_of(parent):
    """The process of the throughput run of that daemon."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                of = int(f.read().rsplit(") ", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if b"--run-child" in words and of == parent:
            return int(pid)
    raise AssertionError("no run")


@scene
def asked():
    """A test by hand through the control socket: progress, then the result; once at a time."""
    with SpeedServer() as url, Box(more=HTTP % ("", url)) as box:
        box.start()
        box.wait_records(1)
        first = socket.socket(socket.AF_UNIX)
        first.connect(box.socket)
        first.sendall(b'{"verb":"probe","probe":"state"}\n')
        stream = first.makefile()
        assert "ok" not in json.loads(stream.readline())
        second = box.ask(verb="probe")[-1]
        assert not second["ok"] and "another test" in second["error"], second
        assert box.status()["tests"]["probes"][0]["running"]
        lines = [json.loads(stream.readline())]
        while "ok" not in lines[-1]:
            lines.append(json.loads(stream.readline()))
        first.close()
        assert lines[-1]["ok"], lines[-1]
        results = lines[-1]["results"]
        assert [r["state"] for r in results] == ["ok", "ok"], results
        assert all(r["goodput_bps"] > 1_000_000 for r in results), results
        # one who hangs up does not matter
        first = socket.socket(socket.AF_UNIX)
        first.connect(box.socket)
        first.sendall(b'{"verb":"probe","probe":"state"}\n')
        assert first.recv(1)
        first.close()
        wait_for("the run is over",
                   lambda: not box.status()["tests"]["probes"][0]["running"])
        assert box.ask(verb="what")[-1]["ok"] is False
        assert box.ask(verb="probe", probe="stat")[-1]["ok"] is False
        # an end in the middle of a run is an orderly one
        first = socket.socket(socket.AF_UNIX)
        first.connect(box.socket)
        first.sendall(b'{"verb":"probe","probe":"state"}\n')
        assert first.recv(1)
        box.stop()
        first.close()
        states = [t["state"] for r in box.records() for t in r.get("throughput", [])]
        assert states.count("ok") >= 4 and "ok" in states, states


@scene
def ends_during_an_asked_test():
    """An end does not wait for a long test: it is cancelled, and who asked for it is told."""
    with SpeedServer() as url, Box(more=(HTTP % ("", url)).replace(
            "duration = 1s", "duration = 30s")) as box:
        box.start()
        box.wait_records(1)
        with socket.socket(socket.AF_UNIX) as asker:
            asker.settimeout(60)
            asker.connect(box.socket)
            asker.sendall(b'{"verb":"probe","probe":"state"}\n')
            stream = asker.makefile()
            assert "ok" not in json.loads(stream.readline())
            asked_s = time.time()
            box.proc.send_signal(signal.SIGTERM)
            last = [json.loads(line) for line in stream][-1]
        box.ends(0)
        assert last.get("ok") is False and last["error"] == "cancelled", last
        end = box.records()[-1]["end"]
        # what systemd would wait for; the test would have gone on for a minute
        assert asked_s - 1 <= end < asked_s + 20, (asked_s, end)


if __name__ == "__main__":
    run_scenes()
