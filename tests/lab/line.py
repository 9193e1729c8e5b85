# SPDX-License-Identifier: GPL-3.0-or-later
"""line - one line whose rate, delay and loss are set, for comparing what tools say of it.

    box ══ isp ══ [mid] ══ edge ══ net
   tester     the line      router   the far end

What is set, and where its truth is read:
  rate   tbf at both ends of the line: up in isp, down in edge. tbf counts whole Ethernet
         frames without FCS, preamble and gap.
  delay  the bridge in mid, half of it each way; without delay there is no mid.
  loss   nft before the down shaper (as frames come from net into edge) and behind the up
         shaper (as they come into net): a random share of all frames, counted there. So
         what is lost on the way down never took the line's time.
Both ends have TCP buffers for the line's bandwidth-delay product, as a tuned far end and
current kernels' limits would.
"""
import os
import re
import subprocess

from bwtest import SceneError, wait_for
from lab import Netns
from school import answers, start_nginx

BOX4, BOX6 = "192.0.2.2", "2001:db8:0:1::2"
EDGE4, EDGE6 = "192.0.2.1", "2001:db8:0:1::1"
NET4, NET6 = "198.51.100.10", "2001:db8:100::10"
ETHERNET = 14
MTU = 1500
BUFFERS = "4096 131072 67108864"
OFFLOADS_FROM_BPS = 300_000_000  # beyond it the veth keep theirs, as a card of that speed


class Line:
    def __init__(self, lab, rate_bps, rtt_ms=0, loss_per_mille=0, queue_ms=None):
        self.lab, self.rate_bps, self.rtt_ms = lab, rate_bps, rtt_ms
        self.loss_per_mille = loss_per_mille
        self.queue_ms = queue_ms or max(50, int(rtt_ms))
        self.bridge = None
        for name in ("box", "isp", "edge", "net"):
            setattr(self, name, Netns(lab, name))
        self._wire()
        self._shape()
        self._lose()

    def _link(self, a, a_if, b, b_if):
        if self.rate_bps < OFFLOADS_FROM_BPS:
            self.lab.link(a, a_if, b, b_if)
            return
        a.run(["ip", "link", "add", "name", a_if, "type", "veth", "peer", "name", b_if, "netns",
               f"/proc/self/fd/{b.fd}"], fds=(b.fd,))
        a.sh(f"ip link set {a_if} up")
        b.sh(f"ip link set {b_if} up")

    def _wire(self):
        self._link(self.box, "wan", self.isp, "port")
        self._link(self.edge, "net", self.net, "eth0")
        if self.rtt_ms:
            self.mid = Netns(self.lab, "mid")
            self._link(self.isp, "line", self.mid, "isp")
            self._link(self.mid, "edge", self.edge, "line")
        else:
            self._link(self.isp, "line", self.edge, "line")
        self.isp.sysctl("net/ipv6/conf/all/disable_ipv6", "1")  # a bridge says nothing itself
        self.isp.sh("ip link add br0 type bridge mcast_snooping 0")
        for dev in ("port", "line"):
            self.isp.sh(f"ip link set dev {dev} master br0")
        self.isp.sh("ip link set dev br0 up")
        for ns, dev, v4, v6 in ((self.box, "wan", BOX4 + "/30", BOX6 + "/64"),
                                (self.edge, "line", EDGE4 + "/30", EDGE6 + "/64"),
                                (self.edge, "net", "198.51.100.1/24", "2001:db8:100::1/64"),
                                (self.net, "eth0", NET4 + "/24", NET6 + "/64")):
            ns.sh(f"ip addr add {v4} dev {dev}")
            ns.sh(f"ip addr add {v6} dev {dev} nodad")
        self.edge.sysctl("net/ipv4/ip_forward", "1")
        self.edge.sysctl("net/ipv6/conf/all/forwarding", "1")
        for ns, via4, via6 in self._ends():
            ns.sh(f"ip route add default via {via4}")
            ns.sh(f"ip -6 route add default via {via6}")
            ns.sysctl("net/ipv4/tcp_rmem", BUFFERS)
            ns.sysctl("net/ipv4/tcp_wmem", BUFFERS)
            ns.sysctl("net/ipv4/tcp_no_metrics_save", "1")  # a run knows nothing of the last
        self.box.sysctl("net/ipv4/ping_group_range", "0 2147483647")
        self.net.sysctl("net/ipv4/icmp_ratelimit", "0")
        if self.rtt_ms:
            self.bridge = self.mid.popen(
                [os.environ.get("BW_DELAYBRIDGE", "delaybridge"), "isp", "edge",
                 str(int(self.rtt_ms * 500))], stdout=subprocess.PIPE, universal_newlines=True)
            if self.bridge.stdout.readline() != "ready\n":
                raise SceneError("the delay bridge did not start")

    def _ends(self):
        return ((self.box, EDGE4, EDGE6), (self.net, "198.51.100.1", "2001:db8:100::1"))

    def congestion_control(self, name):
        """Of what both ends begin from now on."""
        for ns, via4, via6 in self._ends():
            ns.sh(f"ip route replace default via {via4} congctl {name}")
            ns.sh(f"ip -6 route replace default via {via6} congctl {name}")

    def _shape(self):
        burst = max(16, self.rate_bps // 8 // 250 // 1024)  # 4 ms: a timer tick
        for ns in (self.edge, self.isp):
            ns.sh(f"tc qdisc add dev line root tbf rate {self.rate_bps}bit burst {burst}kb "
                  f"latency {self.queue_ms}ms")

    def _lose(self):
        """Random loss of all frames, echoes counted apart so that their truth is exact."""
        drop = (f"numgen random mod 1000 < {self.loss_per_mille}"
                if float(self.loss_per_mille).is_integer()
                else f"numgen random mod 10000 < {int(self.loss_per_mille * 10)}")
        for ns, dev, kind in ((self.edge, "net", "reply"), (self.net, "eth0", "request")):
            rules = "".join(
                f"    {match} counter name {name}\n" +
                (f"    {match} {drop} counter name {name}_lost drop\n"
                 if self.loss_per_mille else "")
                for match, name in ((f"icmp type echo-{kind}", "echo4"),
                                    (f"icmpv6 type echo-{kind}", "echo6")))
            rest = (f"    meta l4proto {{ tcp, udp }} {drop} counter name lost drop\n"
                    if self.loss_per_mille else "")
            ns.nft(f"""
table netdev way {{
  counter echo4 {{ }}
  counter echo4_lost {{ }}
  counter echo6 {{ }}
  counter echo6_lost {{ }}
  counter seen {{ }}
  counter lost {{ }}
  chain in {{
    type filter hook ingress device {dev} priority 0;
{rules}    meta l4proto {{ tcp, udp }} counter name seen
{rest}  }}
}}
""")

    def echoes(self, family):
        """(requests that reached the far end's port, of them and of their answers lost)."""
        to, back = self.net.counters(), self.edge.counters()
        name = f"echo{family}"
        return to[name][0], to[f"{name}_lost"][0] + back[f"{name}_lost"][0]

    def frames(self):
        """{"up": (frames behind the line, of them lost), "down": (… before it …)}: TCP and UDP."""
        up, down = self.net.counters(), self.edge.counters()
        return {"up": (up["seen"][0], up["lost"][0]), "down": (down["seen"][0], down["lost"][0])}

    def shaped_bytes(self, way):
        ns = self.edge if way == "down" else self.isp
        said = ns.sh("tc -s qdisc show dev line root")
        return int(re.search(r"Sent (\d+) bytes", said).group(1))

    def bdp_bytes(self):
        return self.rate_bps * self.rtt_ms / 8000

    def start_nginx(self):
        base = self.lab.path(f"nginx-{self.net.fd}", "x")[:-2]
        return start_nginx(self.net, base, NET4, NET6, 80)

    def reaches(self, url):
        wait_for(url, lambda: answers(self.box, url, 5))


def far(family):
    return NET6 if family == 6 else NET4


def host(family):
    return f"[{NET6}]" if family == 6 else NET4


def tcp_share(family):
    """Payload of a full segment (with timestamps) over its Ethernet frame."""
    return (MTU - (40 if family == 6 else 20) - 32) / (MTU + ETHERNET)


def ramp_s(line, family, start_segments=10):
    """Seconds a single stream lacks at full rate because it had to grow: it doubles every
    round trip from the initial window (RFC 6928) until it fills the pipe, and what it moved
    meanwhile is about one pipe's worth."""
    segments = line.bdp_bytes() / (MTU + ETHERNET)
    if segments <= start_segments:
        return 0.0
    rounds, window, moved = 0, start_segments, 0.0
    while window < segments:
        moved += window
        window *= 2
        rounds += 1
    return (rounds - moved / segments) * line.rtt_ms / 1000
