# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness probe` as a person meets it: the live line on a terminal, the result block,
JSON, exit statuses, Ctrl-C; and the round trip that a run adds, by ICMP and by STAMP, on a
line whose queue is known."""
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import lab
from bwtest import program, wait_for
from school import NET4, NET6, School

DOWN, UP = 20, 10
QUEUE_MS = 100
MOST_MS = QUEUE_MS + 14 + 5  # tbf's queue holds its burst on top: 13.1 ms at these rates
RUN = ("--opt", "duration=4s", "--opt", "warmup=2s", "--opt", "streams=2", "--opt",
       "upload=/upload")
SHORT = ("--opt", "duration=1s", "--opt", "warmup=0s")
LIVE = ("--opt", "duration=3s", "--opt", "warmup=1s", "--opt", "upload=/upload")


def command(*args):
    return [program("bandwitness"), "probe", *args]


def probe(ns, *args, status=0):
    p = ns.popen(command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                 universal_newlines=True)
    out, err = p.communicate(timeout=60)
    assert p.returncode == status, (args, p.returncode, out, err)
    return out, err


class Terminal:
    """The program with a terminal of its own as standard error, as a shell would start it."""

    def __init__(self, ns, *args):
        self.near, far = pty.openpty()
        self.p = ns.popen(command(*args), stdin=far, stdout=subprocess.PIPE, stderr=far,
                          env={**{k: v for k, v in os.environ.items() if k != "CI"},
                               "TERM": "xterm"}, start_new_session=True)
        os.close(far)
        self.seen = b""

    def read(self, until_s, stop=lambda: False):
        end = time.monotonic() + until_s
        while time.monotonic() < end and not stop():
            if select.select([self.near], [], [], 0.1)[0]:
                try:
                    part = os.read(self.near, 65536)
                except OSError:
                    return
                if not part:
                    return
                self.seen += part
            elif self.p.poll() is not None:
                return

    def end(self):
        self.read(60)
        out = self.p.stdout.read().decode()
        self.p.wait(10)
        os.close(self.near)
        return self.p.returncode, out


def reflect(ns, address, port=862, answers=None):
    """A stateless STAMP reflector (RFC 8762 section 4.3), as small as can be; it falls silent
    after so many answers."""
    with ns.inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))

    def stamp():
        now = time.time()
        return struct.pack("!II", int(now) + 2208988800, int(now % 1 * 2**32))

    def loop():
        left = answers
        while True:
            data, peer = sock.recvfrom(2048)
            got = stamp()
            if len(data) >= 44 and left != 0:
                left = left and left - 1
                sock.sendto(data[:4] + stamp() + struct.pack("!HH", 0x0001, 0) + got
                            + data[:4] + data[4:12] + data[12:14] + b"\0\0" + b"\xff"
                            + b"\0" * 3, peer)

    threading.Thread(target=loop, daemon=True).start()


def what_the_load_adds(s):
    """The queue holds QUEUE_MS: TCP fills it, and no more than it is added."""
    out, _ = probe(s.box, "http", f"http://{NET4}/big", "--json", "--opt", "direction=both", *RUN)
    results = {r["direction"]: r for r in json.loads(out)["results"]}
    assert set(results) == {"down", "up"}, results
    for way, r in results.items():
        print(f"  {way}: idle {r['rtt_idle_us']}, loaded p50 {r['rtt_loaded_p50_us']} p95 "
              f"{r['rtt_loaded_p95_us']}, adds {r['rtt_added_us']} us; answered "
              f"{r['rtt_idle_answers']} idle, {r['rtt_loaded_answers']} loaded, "
              f"{r['rtt_loaded_lost']} lost")
        assert r["rtt_by"] == "icmp" and "rtt_unknown" not in r, r
        assert abs(r["rtt_idle_us"] / 1000 - s.delay_ms) <= 2, r
        assert not {"loss_ppm", "delay_min_us", "near", "far"} & set(r) or way == "up", r
        assert r["rtt_added_us"] == r["rtt_loaded_p95_us"] - r["rtt_idle_us"], r
        assert QUEUE_MS * 0.4 <= r["rtt_added_us"] / 1000 <= MOST_MS, r
        assert r["rtt_idle_answers"] >= 15 and r["rtt_idle_lost"] == 0, r
        sent = r["rtt_loaded_answers"] + r["rtt_loaded_lost"]
        assert 35 <= sent <= 41, r


def by_stamp_and_in_words(s):
    reflect(s.net, NET4)
    out, _ = probe(s.box, "http", f"http://{NET4}/big", "--stamp", NET4, *RUN)
    print(out)
    words = re.search(r"round trip   the load adds ([\d.]+) ms: p50 ([\d.]+) ms idle, p95 "
                      r"([\d.]+) ms under load", out)
    assert words, out
    added, idle, loaded = (float(w) for w in words.groups())
    assert abs(idle - s.delay_ms) <= 2 and abs(loaded - idle - added) < 0.11, out
    assert QUEUE_MS * 0.4 <= added <= MOST_MS, out
    assert f"STAMP to {NET4}: " in out, out
    assert re.search(r"goodput      [\d.]+ Mbit/s   payload above TCP, mean of the window", out)
    assert re.search(r"at IP        [\d.]+ Mbit/s   estimated", out), out


def nobody_answers(s):
    """Said, and the rate is there all the same."""
    out, _ = probe(s.box, "http", f"http://{NET4}/big", "--echo", "198.51.100.99",
                   *SHORT)
    assert re.search(r"round trip   unknown: .*198\.51\.100\.99", out), out
    assert "goodput" in out and "adds" not in out, out


def what_is_lost_is_counted(s):
    """Ten answers and silence: all other packets are lost, those of the last two seconds too."""
    reflect(s.net, NET4, 863, answers=10)
    out, _ = probe(s.box, "http", f"http://{NET4}/big", "--json", "--stamp", f"{NET4}:863", *SHORT)
    r = json.loads(out)["results"][0]
    assert r["rtt_idle_answers"] == 10 and 5 <= r["rtt_idle_lost"] <= 15, r
    assert r["rtt_loaded_answers"] == 0 and 5 <= r["rtt_loaded_lost"] <= 11, r
    assert "does not answer stamp under load" in r["rtt_unknown"], r


def the_live_line(s):
    t = Terminal(s.box, "http", f"http://[{NET6}]/big", "--opt", "direction=both", *LIVE)
    status, out = t.end()
    frames = t.seen.decode().split("\r\x1b[K")
    assert status == 0, (status, out, frames[-3:])
    assert "\n" not in t.seen.decode(), frames  # one line that overwrites itself
    assert frames[-1] == "", frames[-1]  # and is gone at the end
    assert any(re.search(r"\[-+\] idle  round trip [\d.]+ ms", f) for f in frames), frames[:9]
    for way in ("down", "up"):
        moving = [f for f in frames
                  if re.search(rf"\[#+-*\] {way} [\d.]+ Mbit/s \(goodput\)  round trip", f)]
        assert len(moving) >= 8, (way, frames)
        assert any(f.split("] ")[1].startswith(f"{way} warming up") for f in frames if "] " in f)
    shown = [f.count("#") for f in frames if f]
    assert shown == sorted(shown) and shown[-1] >= 20, shown  # it goes on, to about its end
    assert out.count("goodput ") == 2 and "\x1b" not in out, out
    # no terminal, no line; and a dumb one
    _, err = probe(s.box, "icmp", NET4, "--seconds", "1")
    assert err == "", err
    t = Terminal(s.box, "icmp", NET4, "--seconds", "2", "--json")
    status, out = t.end()
    assert status == 0 and b"lost 0 of 1" in t.seen, t.seen
    assert json.loads(out)["results"][0]["sent"] == 2, out


def ctrl_c(s):
    t = Terminal(s.box, "http", f"http://{NET4}/big", "--opt", "duration=60s", "--opt",
                 "warmup=1s")
    t.read(20, lambda: b"Mbit/s" in t.seen)
    t.read(2)
    os.killpg(t.p.pid, signal.SIGINT)  # the whole group, as the terminal does
    begun = time.monotonic()
    status, out = t.end()
    assert time.monotonic() - begun < 20, out  # by itself it would take a minute
    assert status == 130 and "interrupted  partial result, not a measurement" in out, out
    assert re.search(r"goodput      [\d.]+ Mbit/s", out), out
    # before anything was measured, and by SIGTERM
    for number in (signal.SIGINT, signal.SIGTERM):
        p = s.box.popen(command("http", f"http://{NET4}/big", "--json"),
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lab.until_caught(p, number)  # two seconds of echoes on the idle line begin
        p.send_signal(number)
        out, err = p.communicate(timeout=20)
        assert p.returncode == 130 and json.loads(out)["interrupted"], (out, err)
        assert json.loads(out)["results"] == [], out
    before = s.line_bytes()["up"]
    p = s.box.popen(command("tcp", f"{NET4}:80", "--json", "--seconds", "60"),
                    stdout=subprocess.PIPE)
    # three frames of headers: a connection was made and is closed again
    wait_for("a connection", lambda: s.line_bytes()["up"] - before >= 3 * 66)
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=20)
    assert p.returncode == 130 and 1 <= json.loads(out)["results"][0]["sent"] < 60, out


def exit_statuses(s):
    quick = ("--seconds", "1")
    big = f"http://{NET4}/big"
    cases = (
        (0, "icmp", NET4, *quick), (0, "tcp", f"{NET4}:80", *quick),
        (3, "icmp", "198.51.100.99", *quick),
        (3, "tcp", "198.51.100.99:80", *quick),
        (4, "http", f"http://{NET4}:81/big"), (4, "iperf3", NET4),
        (1, "http", f"http://{NET4}/no-such-file"),
        (2, "icmp"), (2, "nonsense", NET4), (2, "icmp", NET4, "--opt", "intervall=1s"),
        (2, "http", big, "http://other.example/"), (2, "http", "no-url"),
        (2, "icmp", NET4, "--stamp", NET4), (2, "http", big, "--stamp", "a", "--echo", "b"),
        (2, "iperf3", NET4, "--opt", "protocol=udp"),
    )
    faults = []

    def one(status, *args):
        try:
            out, err = probe(s.box, *args, status=status)
            if status == 2:
                assert out == "" and err.startswith("bandwitness probe:"), (args, out, err)
            else:
                assert out, (args, err)
        except AssertionError as e:
            faults.append(e.args)

    jobs = [threading.Thread(target=one, args=case) for case in cases]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert not faults, faults


def line(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, loss_per_mille=0, queue_ms=QUEUE_MS)
    s.start_nginx()
    return s


def work(the_lab):
    s = line(the_lab)
    what_the_load_adds(s)
    by_stamp_and_in_words(s)
    # no figures from here on: each on a line of its own, and they mostly wait
    lines = [s, *(line(the_lab) for _ in range(3))]
    lab.at_once(*(lambda parts=parts, s=s: [part(s) for part in parts] for s, parts in zip(lines, (
        (exit_statuses, nobody_answers), (what_is_lost_is_counted,), (the_live_line,), (ctrl_c,)))))
    return 0


if __name__ == "__main__":
    lab.main(work)
