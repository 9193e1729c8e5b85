# SPDX-License-Identifier: GPL-3.0-or-later
"""What the box's own counters tell, against what was really sent."""
import contextlib
import ctypes
import fcntl
import os
import re
import socket
import struct
import subprocess
import time

from bwtest import Box, scratch, wait_for
from bwtest import edge as e
from bwtest.picture import says
from bwtest.scenes import Skipped, in_netns, run_scenes, scene

ETHTOOL_STSO, ETHTOOL_SGRO = 0x1f, 0x2c


def set_feature(interface, command, on):
    """As `ethtool -K` does."""
    value = ctypes.create_string_buffer(struct.pack("=II", command, on), 8)
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", interface.encode(), ctypes.addressof(value)))


def frame(size):
    return b"\xff" * 6 + b"\2" + b"\0" * 5 + b"\x88\xb6" + b"x" * (size - 14)


def burst(send, n=400, size=1000):
    """Two halves around a border of whole seconds; how many bytes."""
    time.sleep(1 - time.time() % 1 + 0.98)
    for i in range(n):
        send(size)
        if i == n // 2:
            time.sleep(1 - time.time() % 1 + 0.02)
    return n * size


@scene
@in_netns
def counts():
    """veth that polls leaves out headers of what it receives: found out, told, and made up
    for. A burst half in one second and half in the next is in one window of a second."""
    subprocess.run("ip link add p0 type veth peer name p1 && ip link set p0 addrgenmode none"
                   " up && ip link set p1 addrgenmode none up", shell=True, check=True)
    set_feature("p1", ETHTOOL_STSO, 0)
    set_feature("p0", ETHTOOL_SGRO, 1)
    with Box('circuit "wan" { vantage = router source = kernel interface = "p0" }\n') as box, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        box.start()

        def told():
            for _ in range(20):
                s.sendto(frame(400), ("p0", 0))
                s.sendto(frame(400), ("p1", 0))
                time.sleep(0.01)
            link = box.status()["circuits"][0].get("link", {})
            known = {"down_offset_bytes", "up_offset_bytes"} <= set(link)
            return link if link.get("frames") == "measured" and known else None
        link = wait_for("what the counter counts", told, 30)
        assert (link["down_offset_bytes"], link["up_offset_bytes"]) == (-14, 0), link
        page = box.command("status", "--socket", box.socket)
        assert "-14 bytes down, +0 up (measured); made up for" in page, page
        sent = burst(lambda size: s.sendto(frame(size), ("p1", 0)))

        def recorded():
            found = [r["circuits"][0] for r in box.records()]
            if [c for c in found
                    if c["down"].get("peak_sliding_1s_bps", 0) * 1.1 / 8 >= sent]:
                return found
            return None
        records = wait_for("a window of a second with all of the burst", recorded, 20)
        downs = [c["down"] for c in records if c["down"].get("packets")]
        last = downs[-2:]
        assert sum(d["bytes"] for d in last) == sent, (last, sent)
        assert all(d["frame_offset_bytes"] == -14 for d in last), last
        assert records[-1]["up"]["frame_offset_bytes"] == 0, records[-1]
        assert records[-1]["layer"] == "ethernet", records[-1]
        most = max(d.get("peak_sliding_1s_bps", 0) for d in downs)
        assert most > max(d.get("peak_1s_bps", 0) for d in downs), downs
        for d in downs:
            assert d.get("peak_sliding_1s_bps", d["peak_1s_bps"]) >= d["peak_1s_bps"], d
        assert "peak_sliding_1s_bps" in box.status()["last"]["circuits"][0]["down"]
        box.verify()


@scene
@in_netns
def whole_seconds_only():
    """With peaks = seconds no record says what any second had, and fewer readings are made."""
    subprocess.run("ip link set lo up", shell=True, check=True)
    text = 'circuit "%s" { vantage = router source = kernel interface = "lo" %s }\n'
    with Box(text=text % ("wan", "peaks = seconds"), interval="4s") as box:
        box.start()
        found = wait_for("two records", lambda: box.records()[1:])
        downs = [r["circuits"][0]["down"] for r in found]
        box.stop()
    assert all("peak_1s_bps" in d and "peak_sliding_1s_bps" not in d for d in downs), downs


@scene
@in_netns
def tells_of_bridges():
    """A bridge that stands in the line counts nothing that passes; its port does."""
    subprocess.run("ip link add br0 type bridge && ip link add p0 type veth peer name p1 &&"
                   " ip link set p0 master br0 up && ip link set p1 up && ip link set br0 up",
                   shell=True, check=True)
    circuit = 'circuit "wan" { vantage = bridge source = kernel interface = "%s" }\n'
    with Box(circuit % "br0") as box:
        box.start()

        def told():
            status = box.status() or {"problems": []}
            return [p for p in status["problems"] if "br0" in p["what"]], status
        problems, status = wait_for("the problem", lambda: told() if told()[0] else None)
        assert "port towards the line" in problems[0]["mend"], problems
        assert status["circuits"][0]["link"]["kind"] == "bridge", status["circuits"]
        box.write(circuit % "p0")
        box.reload()
        _, status = wait_for("no problem", lambda: told() if not told()[0] else None)
        link = status["circuits"][0]["link"]
        assert (link["kind"], link["leg_of"], link["leg_of_kind"]) == ("veth", "br0", "bridge")


TUNSETIFF, TUNSETLINK, IP6GRE = 0x400454ca, 0x400454cd, 823


@scene
@in_netns
def layer_is_told_or_unknown():
    """Of a kind of interface nobody knows, the record names no layer; of another it does."""
    try:
        tun = open("/dev/net/tun", "r+b", buffering=0)
    except OSError as why:
        raise Skipped(f"no tun here: {why}") from None
    with tun, Box('circuit "wan" { vantage = router source = kernel interface = "t0" }\n') as box:
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"t0", 0x1001))
        fcntl.ioctl(tun, TUNSETLINK, IP6GRE)
        subprocess.run("ip link set t0 up", shell=True, check=True)
        box.start()

        def recorded():
            found = [r["circuits"][0] for r in box.records()]
            return [c for c in found if c["covered_s"]]
        counted = wait_for("a record with counts", recorded)
        assert all("layer" not in c for c in counted), counted
        assert "layer" not in box.status()["circuits"][0]["now"], box.status()
        assert "layer not known" in box.command("status", "--socket", box.socket)
        box.verify()


ROUTER = b"\2\0\0\0\0\1"
LAN = b"\2\0\0\0\0\2"


def udp(down, size=1250):
    """A whole frame of IPv4 and UDP, from the router (down) or to it."""
    ends = (b"\xcb\0\x71\1", b"\x0a\0\0\5")
    ip = struct.pack("!BBHHHBBH", 0x45, 0, size - 14, 0, 0, 64, 17, 0) + b"".join(
        ends if down else ends[::-1])
    eth = (LAN + ROUTER if down else ROUTER + LAN) + b"\x08\0"
    return eth + ip + struct.pack("!HHHH", 443, 5000, size - 34, 0) + b"x" * (size - 42)


@scene
@in_netns
def mirror():
    """A mirror's port is fed twice what it carries: it shows what came, says that it was full,
    and is the source of no percentile and no peak."""
    subprocess.run("ip link add p0 type veth peer name p1 && ip link set p0 up &&"
                   " ip link set p1 up", shell=True, check=True)
    if subprocess.run("tc qdisc add dev p1 root tbf rate 10mbit burst 16kb latency 20ms",
                      shell=True).returncode != 0:
        raise Skipped("this kernel has no tbf")
    with Box('circuit "wan" { vantage = mirror source = mirror interface = "p0"\n'
             'capture = mix router = "02:00:00:00:00:01" port_speed = 10M }\n') as box, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        box.start()
        frames = [udp(i % 5 != 0) for i in range(20)]  # four of five come down
        due = time.monotonic()

        def told():
            nonlocal due
            until = time.monotonic() + 0.4
            while time.monotonic() < until:  # 20 Mbit/s
                for f in frames:
                    with contextlib.suppress(OSError):  # the port has no room for half
                        s.sendto(f, ("p1", 0))
                due += 0.01
                time.sleep(max(0, due - time.monotonic()))
            found = [r["circuits"][0] for r in box.records()]
            found = [c for c in found if c.get("port_full_s") == 1 and c.get("covered_s") == 1]
            return found if len(found) > 2 else None
        c = wait_for("a record that tells of a full port", told, 40)[-1]
        assert (c["source"], c["vantage"], c["layer"]) == ("mirror", "mirror", "ethernet"), c
        both = c["down"]["bytes"] + c["up"]["bytes"]
        # tbf lets 10 Mbit/s of frames through, both directions together.
        assert 0.8 * 1250000 < both < 1.2 * 1250000, c
        assert 0.6 < c["down"]["bytes"] / both < 0.95, c
        for d in (c["down"], c["up"]):
            assert not {"p95_1s_bps", "peak_1s_bps", "peak_sliding_1s_bps"} & set(d), c
        assert "link_bps" not in c, c
        status = box.status()
        assert status["circuits"][0]["mirror"]["port_full_s"] >= 1, status["circuits"]
        assert [p for p in status["problems"] if "nearly full" in p["what"]], status["problems"]
        said = box.command("status", "--socket", box.socket)
        assert "its port was nearly full in 1 s" in said
        lower_bounds_are_said(box, said)
        box.verify()


@scene
@in_netns
def mirror_without_link():
    """The mirror's cable is out, or the switch has shut its port: that is unknown, and no line
    that carries nothing; it is told, and over when the port is back."""
    subprocess.run("ip link add p0 type veth peer name p1 && ip link set p0 up &&"
                   " ip link set p1 up", shell=True, check=True)
    with Box('circuit "wan" { vantage = mirror source = mirror interface = "p0"\n'
             'capture = mix router = "02:00:00:00:00:01" port_speed = 10M }\n') as box, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        box.start()
        page = box.command("status", "--socket", box.socket)  # before the first record
        assert "does not tell its speed" not in page and "is not known (yet)" in page, page

        def fed(what, holds):
            def told():
                for i in range(10):
                    with contextlib.suppress(OSError):  # p1 is down
                        s.sendto(udp(i % 2 == 0), ("p1", 0))
                return holds([r for r in box.records() if r["start"] >= since])
            return wait_for(what, told, 40)

        def counted(records):
            return [r for r in records if r["circuits"][0].get("down", {}).get("bytes")]
        since = 0
        fed("a record with bytes", counted)
        subprocess.run("ip link set p1 down", shell=True, check=True)
        since = int(time.time()) + 2  # what was parted before is told until then
        dark = fed("two records without link", lambda records: records[1:])
        for r in dark:
            c = r["circuits"][0]
            assert c["covered_s"] == 0 and not {"down", "up", "port_full_s"} & set(c), c
            assert "counter" in [g["why"] for g in r["gaps"]], r
            assert not r.get("outages"), r
        status = box.status()
        assert status["circuits"][0]["mirror"]["link"] is False, status["circuits"]
        assert [p for p in status["problems"] if "has no link" in p["what"]], status["problems"]
        assert "p0: the port has no link" in box.text(), box.text()
        page = box.command("status", "--socket", box.socket)
        assert "mirror: its port has no link" in page, page
        subprocess.run("ip link set p1 up", shell=True, check=True)
        since = int(time.time())
        fed("bytes again", counted)
        status = box.status()
        assert status["circuits"][0]["mirror"]["link"] is True, status["circuits"]
        assert not [p for p in status["problems"] if "has no link" in p["what"]], status
        box.verify()


def lower_bounds_are_said(box, said):
    """In the status table, and in the box's picture of what the mirror counted."""
    rate, size = r"at least \d+\.\d (M|k)bit/s", r"at least \d+\.\d [MG]B"
    assert re.search(f"  now +{rate} down, {rate} up ", said), said
    assert re.search(f"  wan +down {size}; up {size} .*mirror port", said), said
    path = os.path.join(box.folder, "link.svg")
    box.command("graph", "wan", "link", "--config", box.conf, "-o", path,
                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # librrd's own
    with open(path, encoding="utf-8") as f:
        picture = f.read()
    for words in ("Counted at a mirror port", "Down, at least, mean of interval"):
        assert says(picture, words), words


@scene
@in_netns
def mirror_beside_edge():
    """An edge device counts, and a mirror of the same line is held against it."""
    e.link()
    with scratch() as folder, e.Edge(folder, cache_s=1) as edge, e.Traffic(2_000_000):
        text = e.circuit(edge, e.secrets(folder)).replace("lan-side", "mirror").replace(
            "source = snmp", 'source = snmp\ncapture = mix capture_interface = "alder0"'
            '\nrouter = "02:00:00:00:00:%s"')
        with Box(text % "fe") as box:
            box.start()

            def compared(word):
                def told():
                    status = box.status() or {}
                    m = (status.get("circuits") or [{}])[0].get("mirror", {})
                    return (m, status) if m.get("compared") == word else None
                return wait_for(f"that it {word}", told, 60)
            m, status = compared("agrees")
            assert m["down_bytes"] > 10 * m.get("up_bytes", 0), m
            assert not [p for p in status["problems"] if "mirror" in p["what"]], status
            box.write(text % "99")  # of no frame's router: nothing goes down or up
            box.reload()
            box.wait("that no way is told", lambda: [
                p for p in box.status()["problems"] if "which way" in p["what"]], 30)
            assert {r["circuits"][0]["source"] for r in box.records()} == {"snmp"}


run_scenes()
