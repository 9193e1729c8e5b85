#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our STAMP packets read by scapy's codec, and scapy's by ours.

usage: test_stamp.py STAMP_TOOL      (python3-scapy is a Debian package: their python3)

scapy names a TLV's flags from the other end of the octet than RFC 8972 figure 6 draws them, so
flags are held against the RFC's numbers here; it reads TLVs of a packet only by its TLV class."""
import subprocess
import sys
from decimal import Decimal

from scapy.contrib.stamp import (ErrorEstimate, STAMPSessionReflectorTestUnauthenticated,
                                 STAMPSessionSenderTestUnauthenticated, STAMPTestTLV)
from scapy.layers.inet import UDP

TOOL = sys.argv[1]
NTP = 2208988800
T1 = 1795305600_123456789


def tool(*args):
    done = subprocess.run([TOOL, *map(str, args)], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def said(*args):
    return {k: int(v) for k, v in (line.split() for line in tool(*args).splitlines())}


def near(ntp, unix_ns):
    """scapy's instant (seconds since 1900, exact) is ours to 2^-32 s."""
    return abs((Decimal(ntp) - NTP) * 10**9 - unix_ns) < 1


def as_datagram(packet, kind, **ports):
    found = UDP(bytes(UDP(**ports) / packet))
    assert found.haslayer(kind), found
    return found[kind]


def theirs_reads_ours():
    asked = bytes.fromhex(tool("asked", 77, T1, 1, 0, 1800000, 0xbeef, 44))
    p = as_datagram(asked, STAMPSessionSenderTestUnauthenticated, sport=5000, dport=862)
    assert p.seq == 77 and p.ssid == 0xbeef and p.mbz == 0, p
    assert near(p.ts, T1), p.ts
    assert (p.err_estimate.S, p.err_estimate.Z) == (1, 0)
    error_ns = p.err_estimate.multiplier * 2.0**-32 * 2**p.err_estimate.scale * 1e9
    assert 1800000 <= error_ns <= 1800000 * 1.01, error_ns
    answer = bytes.fromhex(tool("answer", asked.hex(), 9, T1 + 10000000, T1 + 10020000, 61))
    assert len(answer) == len(asked)
    r = as_datagram(answer, STAMPSessionReflectorTestUnauthenticated, sport=862, dport=5000)
    assert (r.seq, r.seq_sender, r.ssid, r.ttl_sender) == (9, 77, 0xbeef, 61), r
    assert r.mbz1 == 0 and r.mbz2 == 0
    assert near(r.ts_sender, T1) and near(r.ts_rx, T1 + 10000000) and near(r.ts, T1 + 10020000)
    assert bytes(r.err_estimate_sender) == bytes(p.err_estimate)
    padded = bytes.fromhex(tool("asked", 78, T1, 0, 0, 1000, 1, 60))
    t = STAMPTestTLV(padded[44:])
    assert (t.type, t.len, len(t.value), padded[44]) == (1, 12, 12, 0x80), t


def ours_reads_theirs():
    asked = bytes(STAMPSessionSenderTestUnauthenticated(
        seq=4000000000, ts=Decimal(T1) / 10**9 + NTP, ssid=0x1234,
        err_estimate=ErrorEstimate(S=1, scale=25, multiplier=128),
        tlv_objects=[STAMPTestTLV(flags=0x80, type=1, len=4, value=b"pad."),
                     STAMPTestTLV(flags=0x80, type=240, len=2, value=b"??")]))
    got = said("read-asked", asked.hex())
    assert (got["seq"], got["ssid"], got["twamp"]) == (4000000000, 0x1234, 0), got
    assert abs(got["t1_ns"] - T1) <= 1 and got["t1_synced"] == 1, got
    assert got["t1_error_ns"] == 10**9 and got["t1_ptp"] == 0, got
    answer = bytes.fromhex(tool("answer", asked.hex(), 1, T1, T1, 64))
    padding = STAMPTestTLV(answer[44:52])
    unknown = STAMPTestTLV(answer[52:])
    assert (padding.type, padding.value, answer[44]) == (1, b"pad.", 0), padding
    assert (unknown.type, unknown.value, answer[52]) == (240, b"??", 0x80), unknown
    ptp = STAMPSessionSenderTestUnauthenticated(seq=1, ssid=0, err_estimate=ErrorEstimate(
        Z=1, multiplier=1))
    raw = bytearray(bytes(ptp))
    raw[4:12] = (T1 // 10**9).to_bytes(4, "big") + (T1 % 10**9).to_bytes(4, "big")
    got = said("read-asked", raw.hex())
    assert got["t1_ptp"] == 1 and got["t1_ns"] == T1 and got["t1_synced"] == 0, got
    theirs = bytes(STAMPSessionReflectorTestUnauthenticated(
        seq=5, ts=Decimal(T1 + 500) / 10**9 + NTP, ssid=0x1234,
        err_estimate=ErrorEstimate(S=1, scale=0, multiplier=43),
        ts_rx=Decimal(T1 + 400) / 10**9 + NTP, seq_sender=6,
        ts_sender=Decimal(T1) / 10**9 + NTP,
        err_estimate_sender=ErrorEstimate(S=0, scale=0, multiplier=1), ttl_sender=250))
    got = said("read-answer", theirs.hex())
    assert (got["seq"], got["asked_seq"], got["ssid"], got["ttl"]) == (5, 6, 0x1234, 250), got
    assert abs(got["t3_ns"] - T1 - 500) <= 1 and abs(got["t2_ns"] - T1 - 400) <= 1, got
    assert abs(got["t1_ns"] - T1) <= 1 and got["t1_synced"] == 0, got
    assert got["t3_synced"] == 1 and got["t3_error_ns"] == 11, got  # 43 * 2^-32 s, rounded up


theirs_reads_ours()
ours_reads_theirs()
print("scapy reads ours, and we read scapy's")
