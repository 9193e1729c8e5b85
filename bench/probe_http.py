# SPDX-License-Identifier: GPL-3.0-or-later
"""probe_http - the http probe on a line shaped to 1 Gbit/s, beside curl on the same line in
the same minutes: as many streams to the same nginx for as long. The CPU is that of the whole
process from start to end, by the kernel's account, over the payload it moved.

The line is gigabit.py's."""
import json
import re

from benchlib import Bar, Row, bench, cost_of, in_a_lab, interleave, program
from bwtest import SceneError
from gigabit import NET4, gigabit_line, honest, shaped_bytes
from school import start_nginx

STREAMS, WARM_UP_S, WINDOW_S, RUNS = 4, 1, 4, 5
URL = f"http://{NET4}"


def work(the_lab):
    box, isp, net = gigabit_line(the_lab)
    start_nginx(net, the_lab.path("nginx", "x")[:-2], NET4, "::1", 80)
    big = the_lab.path("nginx", "www", "big")
    rows = {}
    for way in ("down", "up"):
        url = URL + ("/big" if way == "down" else "/upload")

        def ours():
            before = shaped_bytes(isp, way)
            status, said, cpu = cost_of(box, [
                program("bench_run"), "http", url, way, f"streams={STREAMS}",
                f"warmup={WARM_UP_S}s", f"duration={WINDOW_S}s"])
            if status != 0:
                raise SceneError(f"bench_run ended with {status}: {said}")
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


@bench("probe_http", "the http probe at 1 Gbit/s beside curl", groups=("main", "probes"))
def probe_http(say):
    say(f"{RUNS} runs of {WARM_UP_S + WINDOW_S} s each, in turn, both ways")
    rows = []
    for way, (ours, curl) in in_a_lab(work).items():
        rate, cost = zip(*ours)
        peer_rate, peer_cost = zip(*curl) if curl else ((), ())
        rows += [Row(f"HTTP {way} at 1 Gbit/s, goodput", rate, "Mbit/s", "curl", peer_rate,
                     Bar(at_least=930)),
                 Row(f"HTTP {way} at 1 Gbit/s, CPU per GB", cost, "s", "curl", peer_cost,
                     Bar(at_most_times_peer=1.1))]
    return rows
