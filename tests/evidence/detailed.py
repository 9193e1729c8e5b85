# SPDX-License-Identifier: GPL-3.0-or-later
"""detailed - signed records with all that probes tell beside the round trip.

Two days of a box that asks resolvers, a page, a mail server that never answers and a hub,
and traces its paths, signed by an independent library: a resolver that fails now and then,
a certificate that runs out and is renewed, lost packets whose side is known or not, clocks
that are synchronised on the first day only, a way that changes twice.
"""
import bisect
import json
import random

from bwtest.jose import PyBox, b64, sha, varint
from recompute import EDGES

DAYS_S = 2 * 86400
STEP_S = 300
BEYOND = [high for _, high in EDGES]


def hist(values):
    """The text of a histogram of these microseconds."""
    counts = {}
    for v in values:
        bucket = bisect.bisect_right(BEYOND, v)
        counts[bucket] = counts.get(bucket, 0) + 1
    out, before = b"", 0
    for bucket in sorted(counts):
        out += varint(bucket - before) + varint(counts[bucket])
        before = bucket
    return b64(out)


def exchange(probe, kind, sent, rtts, family=4):
    """The members of a latency entry up to those that only some probes tell."""
    out = {"circuit": "wan", "probe": probe, "kind": kind, "family": family, "sent": sent,
           "lost": sent - len(rtts), "late": 0}
    if rtts:
        out.update(sum_us=sum(rtts), rtt_hist=hist(rtts))
    return out


def codes(words):
    return [{"code": w, "n": words.count(w)} for w in sorted(set(words))]


def names(r, i, family):
    asked = 5
    rtts = [] if i % 97 == 5 else [r.randint(900, 9000) for _ in range(asked - (r.random() < .1))]
    out = exchange("names", "dns", asked, rtts, family)
    if rtts:
        out["codes"] = codes(["servfail" if r.random() < .05 else "noerror" for _ in rtts])
    return out


def page(r, i):
    """Fails by its certificate while that has ended; too long for one histogram at times."""
    days = 14 - i // 20 if i < 320 else 89
    good = [r.randint(20_000, 90_000) for _ in range(3)] if days >= 0 else []
    out = exchange("page", "http_get", 3, good)
    out["codes"] = codes(["200"] * 3 if days >= 0 else ["tls-expired"] * 3)
    phases = ["dns", "connect", "tls"] + (["first-byte", "transfer"] if good else [])
    out["phases"] = []
    for name in phases:
        values = [r.randint(500, 30_000) for _ in range(3)]
        phase = {"phase": name, "sum_us": sum(values)}
        if i % 50 != 7 or name != "tls":
            phase["time_hist"] = hist(values)
        out["phases"].append(phase)
    out["cert_days"] = days
    return out


def hub(r, i):
    sent, lost = 60, r.choice((0, 0, 0, 1, 4))
    out = exchange("hub", "stamp", sent, [r.randint(9000, 30_000) for _ in range(sent - lost)])
    if lost == 4:
        out.update(lost_out=3, lost_back=r.choice((0, 1)))
    if i < 288:
        there = [r.randint(4000, 9000) for _ in range(sent - lost)]
        out.update(out_hist=hist(there), back_hist=hist(v + 2000 for v in there),
                   one_way_error_us=r.randint(400, 2500))
    return out


WAYS = ("abcdef", "abxyef", "abxyefg")


def trace(i, at):
    """A trace every second interval; the way changes at 100 and at 350."""
    way = 0 if i < 100 else 1 if i < 350 else 2
    out = {"circuit": "wan", "probe": "hub", "method": "udp", "family": 4,
           "at_ms": at * 1000 + 137, "reached": 1, "mtu": 1500 if way < 2 else 1492,
           "hash": sha(WAYS[way])}
    if i > 0:
        out["changed"] = int(i in (100, 350))
    if i in (0, 100, 350) or at % 86400 < 2 * STEP_S:
        out["hops"] = [{"ttl": n, "hash": "h" + c, "sent": 3, "lost": 0, "rtt_us": 900 * n}
                       if n != 2 else {"ttl": n, "sent": 3, "lost": 3}
                       for n, c in enumerate(WAYS[way], 1)]
        out["hops"][0] = {"ttl": 1, "hash": "ha", "name": "edge.river.example", "sent": 3,
                          "lost": 1, "rtt_us": 412}
    return out


def unreached(at):
    return {"circuit": "wan", "probe": "hub", "method": "icmp", "family": 6,
            "at_ms": at * 1000 + 900, "reached": 0, "flag": "mtu-black-hole"}


def write(jose, key):
    """Both files; gives the first record's start."""
    r = random.Random(20261122)
    box = PyBox("s-heron", step=STEP_S)
    start = box.at
    for i in range(DAYS_S // STEP_S):
        latency = [exchange("edge", "icmp", 30, [r.randint(4000, 9000) for _ in range(30)]),
                   hub(r, i), names(r, i, 4), names(r, i, 6), page(r, i)]
        if i % 2:  # a mail server that never answers
            latency.append(exchange("mail", "tcp", 5, []))
        paths = {"paths": [trace(i, box.at), unreached(box.at)]} if i % 2 == 0 else {}
        box.summary(latency=latency, **paths)
    with open(jose, "w", encoding="ascii") as f:
        f.write("\n".join(box.lines) + "\n")
    with open(key, "w", encoding="ascii") as f:
        json.dump(box.key.jwk, f)
    return start
