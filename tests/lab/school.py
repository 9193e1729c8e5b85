# SPDX-License-Identifier: GPL-3.0-or-later
"""school - the lab's standing scene: a school, its line, the Internet and the state.

    lan ── box ── isp ══ mid ══ edge ─┬─ net      a web server, two targets
   users  gateway  │      │   provider └─ state    the collector
                   │   the line: delay, and where it is cut
            the provider's box at the school: a bridge, as an optical terminal is

What is set, and where its truth is read:
  rate    tbf where a provider shapes: up in its box at the school, down in its edge. tbf
          counts whole Ethernet frames without FCS, preamble and gap: exactly what the box's
          counter counts. An echo to the edge passes both queues.
  delay   the bridge in mid, half of it each way.
  loss    nft in net: a random share of the echo requests to the target, both families,
          and of nothing else; counted there.
  bytes   nft in isp, at the port towards the school: before the up queue, behind the down
          queue and on the school's side of the cut. So it sees the very frames that the
          box's interface sees, always: also what the queue drops and what a cut line
          swallows. nft counts IP bytes on the way in; an Ethernet header is 14 bytes a packet.
  echoes  nft at the same port: requests of the box to the targets, and their answers.
"""
import json
import os
import re
import signal
import subprocess

from bwtest import SceneError, wait_for
from lab import Lab, Netns

ETHERNET = 14
BOX4, BOX6 = "192.0.2.2", "2001:db8:0:1::2"
EDGE4, EDGE6 = "192.0.2.1", "2001:db8:0:1::1"
NET4, NET6 = "198.51.100.10", "2001:db8:100::10"
STATE4, STATE6 = "203.0.113.10", "2001:db8:200::10"
LAN4, LAN6 = "10.83.0.10", "2001:db8:83::10"


# The queue of an access line, both ways: 2.5 times the set round trip, so that TCP fills
# the line whatever it does in between, and not so deep that a page stalls behind an
# upload. How much of what the box sends is thrown away in it, behind the box's own
# counter, depends on TCP's congestion control (measured here, 8 connections up): cubic
# 0.7 %, bbr 11 %, and a counter before the queue then reads 12 % more than the line carries.
QUEUE_MS = 50


class School:
    def __init__(self, lab: Lab, down_mbps=100, up_mbps=20, delay_ms=20, loss_per_mille=10,
                 queue_ms=QUEUE_MS):
        self.lab = lab
        self.down_bps, self.up_bps = down_mbps * 1_000_000, up_mbps * 1_000_000
        self.delay_ms, self.loss_per_mille = delay_ms, loss_per_mille
        self.queue_ms = queue_ms
        for name in ("lan", "box", "isp", "mid", "edge", "net", "state"):
            setattr(self, name, Netns(lab, name))
        self._wire()
        self._shape()
        self._count()
        self.bridge = None
        self._start_bridge()

    def _wire(self):
        lab = self.lab
        lab.link(self.lan, "eth0", self.box, "lan")
        lab.link(self.box, "wan", self.isp, "port")
        lab.link(self.isp, "line", self.mid, "isp")
        lab.link(self.mid, "edge", self.edge, "line")
        lab.link(self.edge, "net", self.net, "eth0")
        lab.link(self.edge, "state", self.state, "eth0")
        addresses = (
            (self.lan, "eth0", LAN4 + "/24", LAN6 + "/64"),
            (self.box, "lan", "10.83.0.1/24", "2001:db8:83::1/64"),
            (self.box, "wan", BOX4 + "/30", BOX6 + "/64"),
            (self.edge, "line", EDGE4 + "/30", EDGE6 + "/64"),
            (self.edge, "net", "198.51.100.1/24", "2001:db8:100::1/64"),
            (self.edge, "state", "203.0.113.1/24", "2001:db8:200::1/64"),
            (self.net, "eth0", NET4 + "/24", NET6 + "/64"),
            (self.state, "eth0", STATE4 + "/24", STATE6 + "/64"),
        )
        for ns, dev, v4, v6 in addresses:
            ns.sh(f"ip addr add {v4} dev {dev}")
            ns.sh(f"ip addr add {v6} dev {dev} nodad")
        for ns in (self.box, self.edge):
            ns.sysctl("net/ipv4/ip_forward", "1")
            ns.sysctl("net/ipv6/conf/all/forwarding", "1")
        self.isp.sysctl("net/ipv6/conf/all/disable_ipv6", "1")  # a bridge says nothing itself
        self.isp.sh("ip link add br0 type bridge mcast_snooping 0")
        for dev in ("port", "line"):
            self.isp.sh(f"ip link set dev {dev} master br0")
        self.isp.sh("ip link set dev br0 up")
        self.box.sysctl("net/ipv4/ping_group_range", "0 2147483647")
        self._neighbours((self.box, "wan", BOX4, BOX6), (self.edge, "line", EDGE4, EDGE6))
        self._route(self.lan, "10.83.0.1", "2001:db8:83::1")
        self._route(self.box, EDGE4, EDGE6)
        self._route(self.edge, BOX4, BOX6, "10.83.0.0/24", "2001:db8:83::/64")
        self._route(self.net, "198.51.100.1", "2001:db8:100::1")
        self._route(self.state, "203.0.113.1", "2001:db8:200::1")

    @staticmethod
    def _neighbours(*ends):
        """Who is at the line's other end stands written, as behind a provider that fixes it.
        Otherwise a cut makes each end search the other, and what waits for an answer meanwhile
        becomes frames up to three seconds after it was sent, or never."""
        for (ns, dev, _, _), (peer, peer_dev, *addresses) in (ends, ends[::-1]):
            mac = re.search(r"link/ether (\S+)", peer.sh(f"ip -o link show dev {peer_dev}"))[1]
            for address in addresses:
                ns.sh(f"ip neigh replace {address} lladdr {mac} dev {dev} nud permanent")

    @staticmethod
    def _route(ns, via4, via6, to4="default", to6="default"):
        # what Debian ships, whatever this machine uses: see QUEUE_MS
        ns.sh(f"ip route add {to4} via {via4} congctl cubic")
        ns.sh(f"ip -6 route add {to6} via {via6} congctl cubic")

    def _shape(self):
        for ns, rate, burst in ((self.edge, self.down_bps, "32kb"),
                                (self.isp, self.up_bps, "16kb")):
            ns.sh(f"tc qdisc add dev line root tbf rate {rate}bit burst {burst} "
                  f"latency {self.queue_ms}ms")

    def queue_drops(self):
        """{"down": packets that the full queue threw away so far, "up": …}."""
        found = {}
        for way, ns in (("down", self.edge), ("up", self.isp)):
            text = ns.sh("tc -s qdisc show dev line root")
            found[way] = int(re.search(r"dropped (\d+)", text).group(1))
        return found

    def _count(self):
        """Named counters; lan_* are the users' share of the line."""
        self.isp.nft(f"""
table netdev port {{
  counter up {{ }}
  counter down {{ }}
  counter lan_up {{ }}
  counter lan_down {{ }}
  counter echo4 {{ }}
  counter echo6 {{ }}
  counter back4 {{ }}
  counter back6 {{ }}
  chain from_box {{
    type filter hook ingress device port priority 0;
    counter name up
    ip saddr 10.83.0.0/24 counter name lan_up
    ip6 saddr 2001:db8:83::/64 counter name lan_up
    ip saddr {BOX4} ip daddr {NET4} icmp type echo-request counter name echo4
    ip6 saddr {BOX6} ip6 daddr {NET6} icmpv6 type echo-request counter name echo6
  }}
  chain to_box {{
    type filter hook egress device port priority 0;
    counter name down
    ip daddr 10.83.0.0/24 counter name lan_down
    ip6 daddr 2001:db8:83::/64 counter name lan_down
    ip saddr {NET4} ip daddr {BOX4} icmp type echo-reply counter name back4
    ip6 saddr {NET6} ip6 daddr {BOX6} icmpv6 type echo-reply counter name back6
  }}
}}
""")
        drop = f"numgen random mod 1000 < {self.loss_per_mille}"
        self.net.nft(f"""
table inet target {{
  counter asked4 {{ }}
  counter lost4 {{ }}
  counter asked6 {{ }}
  counter lost6 {{ }}
  chain input {{
    type filter hook input priority 0;
    icmp type echo-request counter name asked4
    icmp type echo-request {drop} counter name lost4 drop
    icmpv6 type echo-request counter name asked6
    icmpv6 type echo-request {drop} counter name lost6 drop
  }}
}}
""")

    def _start_bridge(self):
        program = os.environ.get("BW_DELAYBRIDGE", "delaybridge")
        self.bridge = self.mid.popen(
            [program, "isp", "edge", str(self.delay_ms * 1000 // 2)],
            stdout=subprocess.PIPE, universal_newlines=True)
        if self.bridge.stdout.readline() != "ready\n":
            raise SceneError("the delay bridge did not start")

    def cut(self):
        """Every frame on the line is dropped from now on. The box's port stays up, as behind
        an optical terminal whose fibre is cut."""
        self.bridge.send_signal(signal.SIGUSR1)

    def mend(self):
        self.bridge.send_signal(signal.SIGUSR2)

    def line_bytes(self):
        """{"down": Ethernet bytes, "up": …, "lan_down": …, "lan_up": …} at the port."""
        return ethernet_bytes(self.isp.counters())

    def start_nginx(self, ns=None, address=NET4, address6=NET6, port=80):
        """A real web server: /big (sparse file), /upload (swallows), /small, /discard."""
        ns = ns or self.net
        base = self.lab.path(f"nginx-{ns.name}-{ns.fd}", "x")[:-2]
        return start_nginx(ns, base, address, address6, port)

    def verify(self, seconds=5):
        """The truth of the lab with standard tools only, before anything of ours runs.

        Returns {"rtt_ms", "down_bps", "up_bps"}: ping's median, and iperf3's rates as
        Ethernet bits on the line. SceneError when any is off by more than 2 % or 1 ms: what
        waits for a retransmission when iperf3 ends is not counted, up to 1 % of 5 s.
        """
        out = self.box.sh(f"ping -n -c 21 -i 0.05 {EDGE4}")
        times = sorted(map(float, re.findall(r"time=([\d.]+)", out)))
        rtt = times[len(times) // 2]
        if abs(rtt - self.delay_ms) > 1:
            raise SceneError(f"round trip {rtt} ms, set {self.delay_ms} ms")
        found = {"rtt_ms": rtt}
        for name, flag, rate in (("down_bps", ["-R"], self.down_bps),
                                 ("up_bps", [], self.up_bps)):
            found[name] = self._iperf(flag, seconds)
            if abs(found[name] / rate - 1) > 0.02:
                raise SceneError(f"{name} {found[name]:.0f}, set {rate} (Ethernet bit/s)")
        return found

    def _iperf(self, flag, seconds):
        # one server a run: it closes its door for a moment after each
        server = self.net.popen(["iperf3", "-s", "-1", "-B", NET4], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        try:
            wait_for("iperf3", lambda: ":5201" in self.net.sh("ss -ltn"))
            out = json.loads(self.box.run(
                ["iperf3", "-J", "-c", NET4, "-P", "4", "-O", "1", "-t", str(seconds), *flag],
                ok=None, timeout=seconds + 20))
        finally:
            server.terminate()
            server.wait()
        if "error" in out:
            raise SceneError(f"iperf3: {out['error']}")
        # full segments: 1448 payload bytes in a frame of 1514
        return out["end"]["sum_received"]["bits_per_second"] * 1514 / 1448


def ethernet_bytes(counters):
    """{name: (packets, bytes)} as nft counts at the port -> Ethernet bytes."""
    out = {}
    for name in ("down", "lan_down"):  # on the way out nft sees the whole frame
        out[name] = counters[name][1]
    for name in ("up", "lan_up"):  # on the way in the header is off already
        out[name] = counters[name][1] + counters[name][0] * ETHERNET
    return out


NGINX = """
daemon off;
%(user)s
worker_processes 1;
pid %(base)s/pid;
error_log %(base)s/error.log warn;
events { worker_connections 512; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 300;
  keepalive_requests 100000;
  client_max_body_size 0;
  client_body_timeout 300;
  client_body_temp_path %(base)s/body;
  proxy_temp_path %(base)s/proxy;
  fastcgi_temp_path %(base)s/f;
  uwsgi_temp_path %(base)s/u;
  scgi_temp_path %(base)s/s;
  default_type application/octet-stream;
  server {
    listen %(v4)s:%(port)d backlog=512;
    listen [%(v6)s]:%(port)d backlog=512;
    root %(base)s/www;
    location = /upload {
      proxy_pass http://unix:%(base)s/swallow.sock;
      proxy_set_header Content-Length "";
      proxy_pass_request_body off;
    }
  }
  server {
    listen unix:%(base)s/swallow.sock;
    location / { return 204; }
  }
}
"""


def start_nginx(place, base, address, address6, port):
    os.makedirs(base + "/www", exist_ok=True)
    for name, size in (("big", 8 << 30), ("small", 20_000)):
        with open(f"{base}/www/{name}", "wb") as f:
            f.truncate(size)
    user = "user root;" if os.geteuid() == 0 else ""
    with open(f"{base}/nginx.conf", "w", encoding="ascii") as f:
        f.write(NGINX % {"base": base, "v4": address, "v6": address6, "port": port,
                         "user": user})
    proc = place.popen(["nginx", "-p", base, "-e", f"{base}/error.log", "-c",
                        f"{base}/nginx.conf"], stdin=subprocess.DEVNULL)
    wait_for("nginx", lambda: answers(place, f"http://{address}:{port}/small"))
    return proc


def answers(ns, url, seconds=2):
    return subprocess.run(ns.argv(["curl", "-sfko", "/dev/null", "--max-time", str(seconds), url]),
                          pass_fds=ns.fds).returncode == 0
