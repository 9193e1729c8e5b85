# SPDX-License-Identifier: GPL-3.0-or-later
"""traces - one capture file read by `bandwitness capture`, tshark and tcptrace, side by side and
beside the generator's truth: packets, bytes, connections, data sent again and overtaken, round
trips. Two files: frames as the wire carries them, and with frames merged by the port. Not a
matter of the machine: seeds are fixed."""
import csv
import io
import json
import os
import statistics
import subprocess
from collections import defaultdict

from benchlib import Bar, Row, bench
from bwtest import program, scratch
from drawings import School

FILES = (("as on the wire", ("--gro-ppm", "0")), ("30 % of fast connections merged", ()))
OPTIONS = ("--seed", "31", "--duration-ms", "15000", "--pps", "10000", "--no-vlan")
HALVES = ("wan", "lan")
WAYS = ("down", "up")


def median_ms(values):
    return statistics.median(values) if values else None


def by_truth(school):
    t, found = school.truth, {}
    found.update(packets=t["packets"], bytes=t["bytes"], connections=t["connections"])
    for way in WAYS:
        tcp = t["tcp"][way]
        found[way, "segments"] = tcp["data_segments"]
        late = tcp["retransmission"]  # a lost tail comes again as something new: not to be seen
        found[way, "again"] = late["fill"] + late["again"] + tcp["original"]["again"]
        found[way, "reordered"] = tcp["reordered"]
        late = tcp["retransmission_bytes"]
        late = late["fill"] + late["again"] + tcp["original_bytes"]["again"]
        found[way, "again_ppm"] = 1e6 * late / tcp["data_bytes"]
    for half in HALVES:
        found[half] = median_ms([min(f[k] for k in (half + "_min_ns", half + "_handshake_ns")
                                     if f.get(k)) / 1e6 for f in school.flows
                                 if f.get(half + "_min_ns") or f.get(half + "_handshake_ns")])
    return found


def by_us(school):
    said = json.loads(subprocess.run(
        [program("bandwitness"), "capture", "--json", "--router", school.truth["router_mac"],
         school.pcap], stdout=subprocess.PIPE, check=True, timeout=120).stdout)
    found = {"packets": said["packets"], "bytes": said["bytes"], "connections": None}
    for data in said["tcp"]["data"]:
        if data["way"] in WAYS:
            way = data["way"]
            found[way, "segments"], found[way, "again"] = data["segments"], data["resent_segments"]
            found[way, "reordered"] = data["reordered_segments"]
            found[way, "again_ppm"] = data["resent_ppm"]
    for half in HALVES:
        found[half] = said["tcp"][f"rtt_{half}_least_of_flows"]["p50_us"] / 1000
    return found


def by_tshark(school):
    fields = ("frame.len", "eth.src", "tcp.stream", "tcp.len", "tcp.analysis.retransmission",
              "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission",
              "tcp.analysis.out_of_order", "tcp.analysis.ack_rtt")
    argv = ["tshark", "-n", "-r", school.pcap, "-o", "tcp.desegment_tcp_streams:FALSE", "-T",
            "fields", "-E", "separator=/t"]
    for field in fields:
        argv += ["-e", field]
    text = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                          timeout=300, universal_newlines=True).stdout
    found = defaultdict(int)
    streams, least, again = set(), {half: {} for half in HALVES}, defaultdict(int)
    for row in text.splitlines():
        length, source, stream, n, *resent, overtaken, rtt = row.split("\t")
        way = "down" if source == school.truth["router_mac"] else "up"
        found["packets"] += 1
        found["bytes"] += int(length)
        if stream:
            streams.add(stream)
        if n not in ("", "0"):
            found[way, "segments"] += 1
            found[way, "bytes"] += int(n)
            found[way, "again"] += any(resent)
            again[way] += int(n) if any(resent) else 0
            found[way, "reordered"] += bool(overtaken)
        if rtt:
            half = least["wan" if way == "down" else "lan"]
            half[stream] = min(half.get(stream, 1e9), 1000 * float(rtt))
    for way in WAYS:
        found[way, "again_ppm"] = 1e6 * again[way] / found[way, "bytes"]
    found.update({half: median_ms(least[half].values()) for half in HALVES},
                 connections=len(streams))
    return found


def by_tcptrace(school):
    text = subprocess.run(["tcptrace", "-n", "-l", "-r", "--csv", school.pcap],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                          timeout=300, universal_newlines=True).stdout
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found, again, whole = defaultdict(int), defaultdict(int), defaultdict(int)
    least = {half: [] for half in HALVES}
    for row in csv.DictReader(io.StringIO("\n".join(lines))):
        found["connections"] += 1
        for way, end in (("up", "a2b"), ("down", "b2a")):  # a asked first: a device of the school
            found[way, "segments"] += int(row["actual_data_pkts_" + end])
            found[way, "again"] += int(row["rexmt_data_pkts_" + end])
            found[way, "reordered"] += int(row["outoforder_pkts_" + end])
            again[way] += int(row["rexmt_data_bytes_" + end])
            whole[way] += int(row["actual_data_bytes_" + end])
        for half, end in (("wan", "a2b"), ("lan", "b2a")):  # what a sent, the far end answers
            if int(row["RTT_samples_" + end]) > 0:
                least[half].append(float(row["RTT_min_" + end]))
    for way in WAYS:
        found[way, "again_ppm"] = 1e6 * again[way] / whole[way]
    found.update({half: median_ms(least[half]) for half in HALVES}, packets=None, bytes=None)
    return found


LINES = (("packets", "packets", "d"), ("bytes", "bytes on the wire", "d"),
         ("connections", "TCP connections", "d"),
         *((key, f"{text}, {way}", form) for way in WAYS for key, text, form in (
             ((way, "segments"), "frames with TCP payload", "d"),
             ((way, "again"), "of them sent again", "d"),
             ((way, "reordered"), "of them overtaken", "d"),
             ((way, "again_ppm"), "bytes sent again, of a million", ".0f"))),
         ("wan", "WAN round trip, ms: median of each connection's smallest", ".2f"),
         ("lan", "LAN round trip, ms: the same", ".2f"))
TOOLS = (("truth", by_truth), ("bandwitness", by_us), ("tshark", by_tshark),
         ("tcptrace", by_tcptrace))


def cell(value, form):
    return "-" if value is None else format(value, "," + form)


def off(a, b):
    return None if not a or b is None else 100 * abs(b / a - 1)


@bench("traces", "one file read by bandwitness capture, tshark and tcptrace")
def traces(say):
    rows = []
    for name, options in FILES:
        with scratch("bw-traces-") as folder:
            school = School(os.path.join(os.environ["BW_BUILD"], "bench", "traffic", "gen_traffic"),
                            folder, "school", *OPTIONS, *options)
            found = {tool: read(school) for tool, read in TOOLS}
        say(f"{name}: gen_traffic {' '.join((*OPTIONS, *options))}")
        say("| | " + " | ".join(tool for tool, _ in TOOLS) + " |")
        say("|---|" + "---:|" * len(TOOLS))
        for key, text, form in LINES:
            say(f"| {text} | " + " | ".join(cell(found[tool][key], form) for tool, _ in TOOLS)
                + " |")
        true, ours, shark = (found[k] for k in ("truth", "bandwitness", "tshark"))
        for key in ("packets", "bytes"):
            rows.append(Row(f"{name}: {key} off the truth", off(true[key], ours[key]), "%",
                            "tshark", off(true[key], shark[key]), Bar(at_most=0)))
        rows.append(Row(f"{name}: bytes sent again down, off the truth",
                        off(true["down", "again_ppm"], ours["down", "again_ppm"]), "%", "tshark",
                        off(true["down", "again_ppm"], shark["down", "again_ppm"]),
                        Bar(at_most=0.1)))
        rows += [Row(f"{name}: {half.upper()} round trip off the truth", off(true[half], ours[half]),
                     "%", "tcptrace", off(true[half], found["tcptrace"][half]), Bar(at_most=5))
                 for half in HALVES]
    return rows
