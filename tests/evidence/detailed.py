# SPDX-License-Identifier: GPL-3.0-or-later
"""detailed - signed records with all that probes tell beside the round trip.

Two days of a box that asks resolvers, a page, a mail server that never answers and a hub,
and traces its paths, signed by an independent library: a resolver that fails now and then,
a certificate that runs out and is renewed, lost packets whose side is known or not, clocks
that are synchronised on the first day only, a way that changes twice; and what its line is full of.
"""
import bisect
import json
import random

from bwtest.jose import PyBox, b64, circuit, sha, varint
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


CLASSES = {"tls": .5, "quic": .3, "http": .05, "dns": .01, "vpn": .04}


def line(r, i):
    """A circuit and what it was full of: saturated now and then, looked at not always, another
    layer at the end, a run of ours, classes that come and go, a histogram that was too long,
    fewer flows drawn later, an edge device that counts, slowly at first."""
    full = r.choice((0, 0, 0, 20, 150)) if i % 40 else None
    c = circuit(i, STEP_S, full)
    c["layer"] = "ip" if i >= 570 else "ethernet"
    if i >= 282:  # from the second day on
        c.update(source="snmp", resolution_ms=30_000 if i < 570 else 3000)
        for way in ("down", "up"):
            del c[way]["p95_1s_bps"], c[way]["peak_1s_bps"]
    if i % 61 == 3:
        return c, {"circuit": "wan", "state": "no-rights", "covered_s": 0}
    covered = r.choice((STEP_S, STEP_S, STEP_S, 140))
    t = {"circuit": "wan", **({} if covered == STEP_S else {"state": "interface-down"}),
         "covered_s": covered, "sampled_1_in": r.choice((10, 100)),
         "captured": r.randint(1000, 300_000), "capture_drops": r.choice((0, 0, 12)),
         "flows_1_in": 16 if i < 250 else 4, "mix": []}
    left = {"down": 1_000_000, "up": 1_000_000}
    for name, part in CLASSES.items():
        if i % 17 == 5 and name == "vpn":
            continue
        m = {"class": name}
        for way in ("down", "up"):
            v = min(left[way], int(part * r.uniform(.5, 1.1) * 1e6))
            left[way] -= v
            e = r.randint(100, 20_000)
            m[f"{way}_ppm"] = v
            if i % 23:  # else exact
                m[f"{way}_low_ppm"], m[f"{way}_high_ppm"] = max(0, v - e), min(10 ** 6, v + 2 * e)
        t["mix"].append(m)
    t["mix"].append({"class": "other", "down_ppm": left["down"]})
    wan = [r.randint(9000, 60_000) for _ in range(200)]
    late = [r.randint(100_000, 900_000) for _ in range(full // 5 if full else 0)]
    t["tcp_rtt_hist"] = hist(wan + late)
    if late and i % 9:
        t["saturated_rtt_hist"] = hist(late)
    t["wan_min_hist"] = hist(wan[:9])
    if i % 5:
        t["lan_rtt_hist"] = hist([r.randint(200, 4000) for _ in range(50)])
    t["flows"] = 9
    resent = r.randint(0, 90_000)
    ppm = resent * 10 ** 6 // 5_000_000
    t["tcp_down"] = {"bytes": 5_000_000, "resent_bytes": resent, "resent_ppm": ppm,
                     "resent_low_ppm": ppm // 2, "resent_high_ppm": ppm * 2 + 50}
    t["devices_min"] = r.randint(40, 90)
    if i % 17 == 5:
        t["flags"] = ["merged-small"]
    if i == 76:  # the run that the next record tells of began in this one
        t["flags"] = ["own-test"]
    return c, t


def own_run(at):
    return [{"circuit": "wan", "probe": "state", "kind": "http", "server": "state-1",
             "direction": "down", "at_ms": at * 1000 + 5000, "duration_ms": 10_000,
             "state": "ok", "grade": "self", "egress": "unknown", "bytes": 100_000_000, "goodput_bps": 80_000_000}]


def write(jose, key):
    """Both files; gives the first record's start."""
    r, lines = random.Random(20261122), random.Random(20261123)
    box = PyBox("s-heron", step=STEP_S)
    start = box.at
    for i in range(DAYS_S // STEP_S):
        latency = [exchange("edge", "icmp", 30, [r.randint(4000, 9000) for _ in range(30)]),
                   hub(r, i), names(r, i, 4), names(r, i, 6), page(r, i)]
        if i % 2:  # a mail server that never answers
            latency.append(exchange("mail", "tcp", 5, []))
        paths = {"paths": [trace(i, box.at), unreached(box.at)]} if i % 2 == 0 else {}
        c, t = line(lines, i)
        run = {"throughput": own_run(box.at)} if i in (77, 200) else {}
        box.summary(circuits=[c], latency=latency, **paths, **run,
                    **({"traffic": [t]} if i % 10 != 9 else {}))
    with open(jose, "w", encoding="ascii") as f:
        f.write("\n".join(box.lines) + "\n")
    with open(key, "w", encoding="ascii") as f:
        json.dump(box.key.jwk, f)
    return start
