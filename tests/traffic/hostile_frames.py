#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hostile_frames.py KIND [N] - write a capture file to standard output that is meant to break who
reads it. KINDS below; the same kind gives the same bytes.

Frames are put together byte by byte, so that every field can lie."""
import itertools
import random
import socket
import struct
import sys

START = 1_789_000_200
DEVICE, ROUTER = bytes.fromhex("020000000002"), bytes.fromhex("020000000001")
IPV4, IPV6, VLAN, QINQ, PPPOE = 0x0800, 0x86DD, 0x8100, 0x88A8, 0x8864
TCP, UDP, ESP, AH, GRE = 6, 17, 50, 51, 47
HOP, ROUTING, FRAGMENT, ICMP6, NONE, OPTIONS = 0, 43, 44, 58, 59, 60


def eth(kind, body, tags=(), source=DEVICE, to=ROUTER):
    vlans = b"".join(struct.pack(">HH", tpid, number) for tpid, number in tags)
    return to + source + vlans + struct.pack(">H", kind) + body


def ip4(protocol, body, source="10.1.2.3", to="198.51.100.7", ihl=None, total=None, fragment=0,
        options=b""):
    head = 20 + len(options)
    return struct.pack(">BBHHHBBH4s4s", 0x40 | (head // 4 if ihl is None else ihl), 0,
                       (head + len(body) if total is None else total) & 0xFFFF, 7, fragment, 64,
                       protocol, 0, socket.inet_aton(source), socket.inet_aton(to)) + options + body


def ip6(following, body, source="2001:db8:7::33", to="2001:db8:ffff::5", length=None):
    return struct.pack(">IHBB", 6 << 28, (len(body) if length is None else length) & 0xFFFF,
                       following, 64) + socket.inet_pton(socket.AF_INET6, source) \
        + socket.inet_pton(socket.AF_INET6, to) + body


def tcp(sport=51001, dport=443, seq=1, ack=0, flags=2, options=b"", offset=None, body=b""):
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4
    return struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (words if offset is None else offset) << 4 & 0xF0, flags, 64240, 0, 0) \
        + options + body


def udp(sport=51002, dport=53, body=b"x" * 20, length=None):
    return struct.pack(">HHHH", sport, dport, 8 + len(body) if length is None else length, 0) + body


def extension(following, length=0, body=b"\1\4\0\0\0\0"):
    """length: what it says, in units of eight bytes after the first eight."""
    return struct.pack("BB", following, length) + body


def stamp(value, echo):
    return b"\1\1" + struct.pack(">BBII", 8, 10, value, echo)


def honest():
    """One of each that the reader knows."""
    four = (tcp(), tcp(flags=16, options=stamp(7, 6), body=b"y" * 40),
            tcp(options=b"\2\4\5\xb4\4\2\3\3\7" + stamp(1, 0)), tcp(flags=16, options=b"\5\x0a" + b"s" * 8))
    for body in four:
        yield eth(IPV4, ip4(TCP, body))
        yield eth(IPV6, ip6(TCP, body))
    yield eth(IPV4, ip4(UDP, udp()))
    yield eth(IPV6, ip6(UDP, udp()))
    yield eth(IPV4, ip4(1, b"\x08\0" + b"p" * 30))
    yield eth(IPV4, ip4(ESP, b"e" * 40))
    yield eth(IPV4, ip4(GRE, b"\0\0\x08\0" + ip4(TCP, tcp())))
    yield eth(IPV4, ip4(UDP, udp(), fragment=0x2000))
    yield eth(IPV4, ip4(UDP, b"z" * 64, fragment=100))
    yield eth(IPV4, ip4(TCP, tcp(), options=b"\x94\4\0\0"))
    yield eth(IPV4, ip4(TCP, tcp()), tags=((VLAN, 5),))
    yield eth(IPV6, ip6(TCP, tcp()), tags=((QINQ, 5), (VLAN, 6)))
    yield eth(PPPOE, b"\x11\0\0\x05" + struct.pack(">HH", 62, 0x21) + ip4(TCP, tcp(body=b"q" * 20)))
    yield eth(PPPOE, b"\x11\0\0\x05" + struct.pack(">HH", 62, 0x57) + ip6(UDP, udp()))
    chain = extension(ROUTING) + extension(OPTIONS) + extension(FRAGMENT, body=b"\0" * 6) \
        + extension(TCP, body=b"\0\1\0\0\0\0") + tcp()
    yield eth(IPV6, ip6(HOP, chain))
    yield eth(IPV6, ip6(AH, extension(TCP, 4, b"a" * 22) + tcp()))
    yield eth(0x0806, b"\0\1\x08\0\6\4\0\1" + b"r" * 20)
    yield eth(40, b"\xaa\xaa\3" + b"l" * 37)


def truncated(_n):
    """Each of them cut at every byte, by the capture and by the wire."""
    for frame in honest():
        for n in range(len(frame) + 1):
            yield frame[:n], len(frame)
            yield frame[:n], n


def lies(_n):
    """Every field that says how long something is, with every value that has a meaning."""
    some = (*range(70), 127, 128, 255, 256, 1499, 1500, 1501, 32767, 32768, 65534, 65535)
    for total in some:
        yield whole(eth(IPV4, ip4(TCP, tcp(body=b"b" * 9), total=total)))
        yield whole(eth(IPV6, ip6(TCP, tcp(body=b"b" * 9), length=total)))
        yield whole(eth(IPV4, ip4(UDP, udp(length=total))))
        yield whole(eth(PPPOE, b"\x11\0\0\x05" + struct.pack(">HH", total, 0x21) + ip4(TCP, tcp())))
        yield eth(IPV4, ip4(TCP, tcp(), total=total)), 65535
    for words in range(16):
        for fragment in (0, 0x2000, 1, 0x1FFF, 0x3FFF):
            yield whole(eth(IPV4, ip4(TCP, tcp(), ihl=words, fragment=fragment)))
        yield whole(eth(IPV4, ip4(TCP, tcp(offset=words, options=b"\1" * 12))))
        yield whole(eth(IPV6, ip6(TCP, tcp(offset=words))))
    for version in range(16):
        packet = bytearray(ip4(TCP, tcp()))
        packet[0] = version << 4 | 5
        yield whole(eth(IPV4, bytes(packet)))
        yield whole(eth(IPV6, bytes(packet)))


def chains(_n):
    """IPv6 extension headers without end, that say nothing, that lie, in each other's clothes."""
    kinds = (HOP, ROUTING, FRAGMENT, OPTIONS, AH, 135, 139, 140, 253, NONE, ICMP6, TCP)
    for depth in range(200):
        yield whole(eth(IPV6, ip6(HOP, extension(HOP) * depth + extension(TCP) + tcp())))
    for pair in itertools.product(kinds, repeat=3):
        for length in (0, 1, 2, 31, 255):
            body = b"".join(extension(k, length, b"\0" * min(6 + 8 * length, 30)) for k in pair[1:])
            yield whole(eth(IPV6, ip6(pair[0], body + tcp())))


def options(_n):
    """TCP options: bombs, empty ones, that reach beyond the header, truncated stamps."""
    for kind in range(256):
        for length in (0, 1, 2, 3, 9, 10, 11, 18, 40, 255):
            yield whole(eth(IPV4, ip4(TCP, tcp(flags=16, options=bytes((kind, length)) + b"o" * 10))))
    for n in range(41):
        yield whole(eth(IPV4, ip4(TCP, tcp(options=b"\1" * n))))
        yield whole(eth(IPV4, ip4(TCP, tcp(options=b"\1" * n + b"\x08\x0a"))))
        yield whole(eth(IPV4, ip4(TCP, tcp(options=(b"\x08\x0a" + b"t" * 8) * (n // 10)))))
        yield whole(eth(IPV6, ip6(TCP, tcp(options=b"\5" + bytes((n,)) + b"s" * 34))))


def vlans(_n):
    """Tags upon tags."""
    for depth in range(64):
        for kinds in ((VLAN,), (QINQ,), (QINQ, VLAN), (0x9100, VLAN)):
            tags = [(kinds[i % len(kinds)], i) for i in range(depth)]
            yield whole(eth(IPV4, ip4(TCP, tcp()), tags=tags))
            yield whole(eth(VLAN, b"", tags=tags))


def noise(n):
    """Honest frames with some bytes changed, and no frames at all."""
    r, known = random.Random(7), [bytearray(f) for f in honest()]
    for _ in range(n or 20000):
        frame = bytearray(r.choice(known))
        for _ in range(r.randint(1, 6)):
            frame[r.randrange(len(frame))] = r.randrange(256)
        yield whole(bytes(frame))
        yield whole(r.randbytes(r.randrange(128)))


def flood(n):
    """SYNs from and to addresses of chance: each a flow of its own that nobody answers."""
    r = random.Random(11)
    for _ in range(n or 400000):
        a = r.randbytes(10)
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 7, 0, 64, TCP, 0, a[:4], a[4:8])
        yield whole(eth(IPV4, head + tcp(sport=int.from_bytes(a[8:], "big"), seq=1)))


def collide(n):
    """Flows that are one to whoever adds or xors both ends: what one address has more the other
    has less, ports likewise; with every packet both ways."""
    for i in range(n or 60000):
        a, b = (0x0A000000 + (i ^ 0x5A5A5A)) & 0xFFFFFFFF, 0xC6330000 ^ i
        one, other = (socket.inet_ntoa(struct.pack(">I", x)) for x in (a, b))
        yield whole(eth(IPV4, ip4(TCP, tcp(flags=2), one, other)))
        yield whole(eth(IPV4, ip4(TCP, tcp(443, 51001, 5, 2, 18), other, one), source=ROUTER,
                        to=DEVICE))


def devices(n):
    """Every frame by another device, and another address."""
    for i in range(n or 200000):
        mac = b"\x06\0" + struct.pack(">I", i)
        address = socket.inet_ntoa(struct.pack(">I", 0x0A000000 + i))
        yield whole(eth(IPV4, ip4(UDP, udp(), address), source=mac))


def whole(frame):
    return frame, len(frame)


KINDS = {f.__name__: f for f in (truncated, lies, chains, options, vlans, noise, flood, collide,
                                 devices)}


def write(out, frames):
    """As a pcap file; gives how many there were and their bytes on the wire."""
    out.write(struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
    packets = size = 0
    for kept, wire in frames:
        wire = max(wire, len(kept))
        out.write(struct.pack("=IIII", START + packets // 100000, packets % 100000 * 10000,
                              len(kept), wire) + kept)
        packets, size = packets + 1, size + wire
    return packets, size


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in KINDS:
        sys.exit(__doc__ + "\nKINDS: " + " ".join(KINDS))
    write(sys.stdout.buffer, KINDS[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 0))
