# SPDX-License-Identifier: GPL-3.0-or-later
"""While a throughput run saturates the line, the round trips that the icmp probe gives are
those that tcpdump saw at the box's own port: every echo, IPv4 and IPv6, is paired by the
number in its payload. The run is a child process beside the probe's loop, as in the daemon; and a daemon
that measures at the same time has in its records what tcpdump saw, too."""
import json
import os
import struct
import subprocess

import lab
from bwtest import Box, program, wait_for
from school import NET4, NET6, School

DOWN, UP = 100, 20
SECONDS = 15  # 2 s idle, a run of a warm-up and 5 s each way, and the rest
MEDIAN_US, P99_US = 20, 500
LEAST = 200
ECHO_BYTES, BOX_BYTES = 56, 80  # of payload: who sent it
LINK_HEADER, PCAP_NANO = 14, 0xa1b23c4d


def packets(path):
    """(stamp in ns, frame) of a capture with nanoseconds."""
    with open(path, "rb") as f:
        data = f.read()
    magic, = struct.unpack_from("<I", data)
    assert magic == PCAP_NANO, hex(magic)
    at = 24
    while at + 16 <= len(data):
        s, ns, kept, _ = struct.unpack_from("<IIII", data, at)
        yield s * 10**9 + ns, data[at + 16:at + 16 + kept]
        at += 16 + kept


def seen(path, size):
    """(request's stamp, reply's or None) by number, of the instance whose payloads have this
    size."""
    asked, answered = {}, {}
    for stamp, frame in packets(path):
        six = frame[12:14] == b"\x86\xdd"
        head = LINK_HEADER + (40 if six else (frame[LINK_HEADER] & 15) * 4)
        kind, payload = frame[head], frame[head + 8:]
        if len(payload) == size and kind in ((128, 129) if six else (8, 0)):
            number, = struct.unpack_from(">I", payload, 8)
            (asked if kind in (8, 128) else answered).setdefault(number, stamp)
    return [(asked[n], answered.get(n)) for n in sorted(asked)]


def percentile(values, share):
    values = sorted(values)
    return values[max(0, -(-len(values) * share // 100) - 1)]


def capture(ns, path):
    proc = ns.popen(["tcpdump", "-i", "wan", "-j", "host", "--time-stamp-precision=nano", "-n",
                     "-U", "-B", "8192", "-s", "256", "-w", path, "icmp or icmp6"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True)
    wait_for("tcpdump", lambda: os.path.exists(path) and os.path.getsize(path) >= 24)
    return proc


def as_recorded(box, truth):
    """The mean error of each record: its sum of round trips beside that of its packets."""
    found = []
    for r in box.records():
        mine = [(a, b) for a, b in truth if r["start"] <= a / 1e9 < r["end"]]
        (x,) = r.get("latency") or [{"sent": 0}]
        if len(mine) != x["sent"] or x["sent"] < 15 or not all(b for _, b in mine):
            continue  # the first, the last, or a packet on the edge
        found.append(abs(x["sum_us"] - sum(b - a for a, b in mine) / 1000) / len(mine))
    print("mean error of each of the daemon's records:", [round(x, 2) for x in found], "us")
    assert len(found) >= 4, [(r["start"], r["end"], r["latency"]) for r in box.records()]
    assert max(found) <= MEDIAN_US, found


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, loss_per_mille=0)
    s.start_nginx()
    path = the_lab.path("echoes.pcap")
    tcpdump = capture(s.box, path)
    box = Box(text=Box.CIRCUIT % "wan" + f'''icmp "net" {{
    circuit = wan
    interval = 100ms
    size = {BOX_BYTES}
    target "net" {{ address = "{NET4}" }}
}}''', interval="2s", place=s.box, folder=the_lab.path("box", "x")[:-2])
    box.start()
    done = subprocess.run(
        s.box.argv([os.environ["BW_ECHOES"], f"{NET4},{NET6}", str(SECONDS), program("bandwitness"),
                    f"http://{NET4}/big", "direction=both", "upload=/upload", "duration=5s",
                    "warmup=1s", "streams=4"]),
        pass_fds=s.box.fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, timeout=90)
    box.stop()
    tcpdump.terminate()
    said = tcpdump.communicate(timeout=10)[1]
    assert done.returncode == 0, (done.returncode, done.stdout[-500:], done.stderr)
    assert "0 packets dropped by kernel" in said, said
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    runs = [x for x in lines if "run" in x]
    for x in runs:
        rate = x["bytes"] * 8e3 / (x["to_mono_ns"] - x["from_mono_ns"])
        print(f"{x['run']}: {rate:.1f} Mbit/s of payload")
        assert x["ok"] and rate > 0.85 * (DOWN if x["run"] == "down" else UP), x
    assert {x["run"] for x in runs} == {"down", "up"}, runs
    echoes = sorted((x for x in lines if x.get("state") in ("ok", "lost")),
                    key=lambda x: x["sent_mono_ns"])
    truth = seen(path, ECHO_BYTES)
    assert len(echoes) == len(truth), (len(echoes), len(truth))
    offsets = [asked - e["sent_mono_ns"] for e, (asked, _) in zip(echoes, truth)]
    assert max(offsets) - min(offsets) < 90_000_000, "the pairs do not belong together"
    errors, loaded, trips = [], [], []
    for e, (asked, answered) in zip(echoes, truth):
        if e["state"] != "ok":
            assert answered is None or answered - asked > 1_900_000_000, e
            continue
        error = abs(e["rtt_ns"] - (answered - asked)) / 1000
        errors.append(error)
        if any(x["from_mono_ns"] <= e["sent_mono_ns"] < x["to_mono_ns"] for x in runs):
            loaded.append(error)
            trips.append((answered - asked) / 1e6)
    for name, values in (("all", errors), ("under load", loaded)):
        print(f"{name}: {len(values)} echoes, error median {percentile(values, 50):.2f} us, "
              f"P90 {percentile(values, 90):.2f}, P99 {percentile(values, 99):.2f}, "
              f"largest {max(values):.2f}")
    print(f"round trip under load by tcpdump: median {percentile(trips, 50):.1f} ms, "
          f"P99 {percentile(trips, 99):.1f}; idle it is {s.delay_ms} ms")
    assert len(errors) >= LEAST and len(loaded) >= LEAST * 3 // 4, (len(errors), len(loaded))
    assert percentile(trips, 50) > s.delay_ms + 5  # the line was full
    for values in (errors, loaded):
        assert percentile(values, 50) <= MEDIAN_US and percentile(values, 99) <= P99_US
    as_recorded(box, seen(path, BOX_BYTES))
    return 0


if __name__ == "__main__":
    lab.main(work)
