# SPDX-License-Identifier: GPL-3.0-or-later
"""sharks - a capture file as tshark reads it: one Frame a packet, and TCP as it judges it."""
import subprocess
from collections import namedtuple

FIELDS = """frame.time_epoch frame.len eth.src eth.dst eth.type ip.src ip.dst ipv6.src ipv6.dst
ip.len ipv6.plen ip.frag_offset ip.flags.mf ipv6.fraghdr.offset ipv6.fraghdr.more
tcp.srcport tcp.dstport udp.srcport udp.dstport esp.spi icmp.type icmpv6.type
tcp.stream tcp.len tcp.flags tcp.seq_raw tcp.ack_raw
tcp.options.timestamp.tsval tcp.options.timestamp.tsecr
tcp.analysis.retransmission tcp.analysis.fast_retransmission
tcp.analysis.spurious_retransmission tcp.analysis.out_of_order tcp.analysis.keep_alive
tcp.analysis.ack_rtt ip.checksum.status tcp.checksum.status udp.checksum.status
icmp.checksum.status icmpv6.checksum.status""".split()
OPTIONS = ("ip.defragment:FALSE", "ipv6.defragment:FALSE", "ip.check_checksum:TRUE",
           "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE",
           "tcp.desegment_tcp_streams:FALSE", "tcp.relative_sequence_numbers:FALSE")
CHECKSUM_BAD = "0"

Frame = namedtuple("Frame", [f.replace(".", "_") for f in FIELDS])


def frames(path):
    """Every packet of the file, in its order; fields are text, "" where there is none."""
    argv = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=/t",
            "-E", "occurrence=a", "-E", "aggregator=,"]
    for option in OPTIONS:
        argv += ["-o", option]
    for field in FIELDS:
        argv += ["-e", field]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240,
                          universal_newlines=True)
    if done.returncode != 0:
        raise RuntimeError(f"tshark: status {done.returncode}\n{done.stderr}")
    return [Frame(*line.split("\t")) for line in done.stdout.split("\n")[:-1]]


def reassembled(path):
    """[whether its UDP checksum is right] of every datagram that tshark puts together."""
    argv = ["tshark", "-n", "-r", path, "-o", "udp.check_checksum:TRUE", "-T", "fields", "-e",
            "udp.checksum.status", "-Y", "ip.reassembled.length or ipv6.reassembled.length"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=240,
                          universal_newlines=True, check=True)
    return [line == "1" for line in done.stdout.split("\n")[:-1]]


def unix_ns(frame):
    whole, part = frame.frame_time_epoch.split(".")
    return int(whole) * 10**9 + int(part.ljust(9, "0"))


def family(frame):
    return 4 if frame.ip_src else 6 if frame.ipv6_src else 0


def ip_bytes(frame):
    if frame.ip_len:
        return int(frame.ip_len)
    return int(frame.ipv6_plen) + 40 if frame.ipv6_plen else 0


TCP = {443: "tls", 80: "http", 993: "mail", 587: "mail", 22: "ssh"}
UDP = {443: "quic", 53: "dns", 123: "ntp", 51820: "vpn"}


def class_of(frame):
    """By protocol and port, as the frame alone shows them."""
    if frame.tcp_srcport:
        return TCP.get(int(frame.tcp_srcport)) or TCP.get(int(frame.tcp_dstport), "other")
    if frame.udp_srcport:
        return UDP.get(int(frame.udp_srcport)) or UDP.get(int(frame.udp_dstport), "other")
    if frame.esp_spi:
        return "vpn"
    return "icmp" if frame.icmp_type or frame.icmpv6_type else "other"


def way_of(frame, router_mac):
    if frame.eth_src == router_mac:
        return "down"
    return "up" if frame.eth_dst == router_mac else "local"
