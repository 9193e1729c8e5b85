# SPDX-License-Identifier: GPL-3.0-or-later
"""gigabit - the line that throughput probes are measured on: two veth pairs joined by a router
that shapes both ways to 1 Gbit/s (tbf, which counts whole Ethernet frames: 1,448 bytes of
payload of 1,514, so 956 Mbit/s is all there is). Segmentation offload stays on, as with any
network card of that speed."""
import re

from bwtest import SceneError
from lab import Netns

RATE_BPS = 1_000_000_000
SHARE = 1448 / 1514
NET4 = "198.51.100.2"


def join(a, a_if, b, b_if):
    a.run(["ip", "link", "add", "name", a_if, "type", "veth", "peer", "name", b_if, "netns",
           f"/proc/self/fd/{b.fd}"], fds=(b.fd,))
    a.sh(f"ip link set {a_if} up")
    b.sh(f"ip link set {b_if} up")


def gigabit_line(the_lab, rate_bps=RATE_BPS):
    """(box, isp, net): who measures, who shapes, where servers are (NET4)."""
    box, isp, net = (Netns(the_lab, n) for n in ("box", "isp", "net"))
    join(box, "wan", isp, "line")
    join(isp, "core", net, "isp")
    for ns, dev, address in ((box, "wan", "192.0.2.1/30"), (isp, "line", "192.0.2.2/30"),
                             (isp, "core", "198.51.100.1/30"), (net, "isp", NET4 + "/30")):
        ns.sh(f"ip addr add {address} dev {dev}")
    box.sh("ip route add default via 192.0.2.2")
    net.sh("ip route add default via 198.51.100.1")
    isp.sysctl("net/ipv4/ip_forward", "1")
    for dev in ("line", "core"):
        isp.sh(f"tc qdisc add dev {dev} root tbf rate {rate_bps}bit burst 256kb latency 20ms")
    return box, isp, net


def shaped_bytes(isp, way):
    """What the shaper let through so far, towards the box ("down") or from it."""
    said = isp.sh(f"tc -s qdisc show dev {'line' if way == 'down' else 'core'}")
    return int(re.search(r"Sent (\d+) bytes", said).group(1))


def honest(isp, way, before, payload):
    """What a program says it moved is what the line carried, less headers and the rest."""
    line = shaped_bytes(isp, way) - before
    if not 0.95 * line * SHARE <= payload <= line:
        raise SceneError(f"{way}: {payload} bytes of payload, but the line carried {line}")
