# SPDX-License-Identifier: GPL-3.0-or-later
"""probe_http - the http probe on a line shaped to 1 Gbit/s, beside curl on the same line in
the same minutes: as many streams to the same nginx for as long. The CPU is that of the whole
process from start to end, by the kernel's account, over the payload it moved.

The line is two veth pairs joined by a router that shapes both ways (tbf, which counts whole
Ethernet frames: 1,448 bytes of payload of 1,514, so 956 Mbit/s is all there is). Segmentation
offload stays on, as with any network card of that speed."""
import json
import re

from benchlib import Bar, Row, bench, cost_of, in_a_lab, interleave, program
from bwtest import SceneError
from lab import Netns
from school import start_nginx

RATE_BPS, STREAMS, WARM_UP_S, WINDOW_S, RUNS = 1_000_000_000, 4, 1, 4, 5
SHARE = 1448 / 1514
URL = "http://198.51.100.2"


def join(a, a_if, b, b_if):
    a.run(["ip", "link", "add", "name", a_if, "type", "veth", "peer", "name", b_if, "netns",
           f"/proc/self/fd/{b.fd}"], fds=(b.fd,))
    a.sh(f"ip link set {a_if} up")
    b.sh(f"ip link set {b_if} up")


def scene(the_lab):
    box, isp, net = (Netns(the_lab, n) for n in ("box", "isp", "net"))
    join(box, "wan", isp, "line")
    join(isp, "core", net, "isp")
    for ns, dev, address in ((box, "wan", "192.0.2.1/30"), (isp, "line", "192.0.2.2/30"),
                             (isp, "core", "198.51.100.1/30"), (net, "isp", "198.51.100.2/30")):
        ns.sh(f"ip addr add {address} dev {dev}")
    box.sh("ip route add default via 192.0.2.2")
    net.sh("ip route add default via 198.51.100.1")
    isp.sysctl("net/ipv4/ip_forward", "1")
    for dev in ("line", "core"):
        isp.sh(f"tc qdisc add dev {dev} root tbf rate {RATE_BPS}bit burst 256kb latency 20ms")
    start_nginx(net, the_lab.path("nginx", "x")[:-2], "198.51.100.2", "::1", 80)
    return box, isp


def shaped_bytes(isp, way):
    said = isp.sh(f"tc -s qdisc show dev {'line' if way == 'down' else 'core'}")
    return int(re.search(r"Sent (\d+) bytes", said).group(1))


def honest(isp, way, before, payload):
    """What a program says it moved is what the line carried, less headers and the rest."""
    line = shaped_bytes(isp, way) - before
    if not 0.95 * line * SHARE <= payload <= line:
        raise SceneError(f"{way}: {payload} bytes of payload, but the line carried {line}")


def work(the_lab):
    box, isp = scene(the_lab)
    big = the_lab.path("nginx", "www", "big")
    rows = {}
    for way in ("down", "up"):
        url = URL + ("/big" if way == "down" else "/upload")

        def ours():
            before = shaped_bytes(isp, way)
            status, said, cpu = cost_of(box, [
                program("bench_http"), url, way, f"streams={STREAMS}",
                f"warmup={WARM_UP_S}s", f"duration={WINDOW_S}s"])
            if status != 0:
                raise SceneError(f"bench_http ended with {status}: {said}")
            r = json.loads(said)
            honest(isp, way, before, r["total_bytes"])
            return r["goodput_bps"] / 1e6, cpu * 1e9 / r["total_bytes"]

        def curl():
            before = shaped_bytes(isp, way)
            argv = ["curl", "--parallel", "--parallel-immediate"]
            for n in range(STREAMS):
                argv += ["--next"] if n else []
                argv += ["--http1.1", "--silent", "--no-progress-meter", "--max-time",
                         str(WARM_UP_S + WINDOW_S), "-o", "/dev/null", "-w",
                         f"moved %{{size_{way}load}} %{{time_total}}\\n"]
                argv += ["-T", big, url] if way == "up" else [url]
            _, said, cpu = cost_of(box, argv)  # ends by its time limit: status 28
            found = re.findall(r"moved (\d+) ([\d.]+)", said)
            moved = sum(int(f[0]) for f in found)
            if len(found) != STREAMS or moved == 0:
                raise ValueError(f"curl said: {said[:300]}")
            honest(isp, way, before, moved)
            return (moved * 8 / max(float(f[1]) for f in found) / 1e6, cpu * 1e9 / moved)

        rows[way] = interleave(RUNS, ours, curl)
    return rows


@bench("probe_http", "the http probe at 1 Gbit/s beside curl", groups=("main",))
def probe_http(say):
    say(f"{RUNS} runs of {WARM_UP_S + WINDOW_S} s each, in turn, both ways")
    rows = []
    for way, (ours, curl) in in_a_lab(work).items():
        rate, cost = zip(*ours)
        peer_rate, peer_cost = zip(*curl) if curl else ((), ())
        rows += [Row(f"HTTP {way} at 1 Gbit/s, goodput", rate, "Mbit/s", "curl", peer_rate,
                     Bar(at_least=930)),
                 Row(f"HTTP {way} at 1 Gbit/s, CPU per GB", cost, "s", "curl", peer_cost,
                     Bar(at_most_times_peer=1.2))]
    return rows
