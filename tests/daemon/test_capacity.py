# SPDX-License-Identifier: GPL-3.0-or-later
"""A box that measures capacity with datagrams: what of it reaches the signed record."""
import json
import os
import subprocess
import sys

from bwtest import Box, wait_for
from bwtest.scenes import run_scenes, scene

SERVER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support",
                      "udpst_server.py")
RATE_MBPS, KEY = 30, "rowan-and-hazel"
UDPST = """
udpst "capacity" {
    circuit = "wan"
    every = 12s
    direction = both
    duration = 3s
    max_rate = 100M
    key_file = "%s"
    key_id = 3
    target "state-1" { address = "127.0.0.1:%d" }
}
"""


@scene
def capacity():
    """Drawn runs of both directions with a key that only the daemon may read."""
    with Box() as box, subprocess.Popen(
            [sys.executable, SERVER, "--port", "0", "--max-mbps", str(RATE_MBPS), "--key",
             f"3:{KEY}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        port = json.loads(server.stdout.readline())["port"]
        key_file = os.path.join(box.folder, "key")
        with open(os.open(key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(KEY + "\n")
        box.write(Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off retry = 1s }\n"
                  + UDPST % (key_file, port))
        box.start()

        def tests():
            return [t for r in box.records() for t in r.get("throughput", [])]
        wait_for("a run", lambda: {t["direction"] for t in tests() if t["state"] == "ok"}
                 == {"down", "up"}, 90)
        box.stop()
        box.verify()
        server.stdin.close()
        errors = []
        for t in tests():
            print({k: v for k, v in t.items() if k != "rtt_hist"})
            assert t["kind"] == "udpst" and t["probe"] == "capacity", t
            if t["state"] != "ok":
                continue
            assert t["method"] == "udpst/20/max-1s" and t["server"] == "state-1", t
            assert 900 <= t["duration_ms"] <= 1200 and t["streams"] == 1, t
            assert t["loss_ppm"] <= 1_000_000 and t["delay_min_us"] <= t["delay_max_us"], t
            # the server's rows are what limits a loopback; the bytes are those of IP packets
            assert 1e6 < t["goodput_bps"] <= RATE_MBPS * 1.03e6, t
            # the window is the best second, and the circuit's counter is read at its ends
            assert t["line_bps"] >= t["goodput_bps"] * (0.98 - t["line_error_ppm"] / 1e6), t
            errors.append(t["line_error_ppm"])
        # a machine that has more to do reads late, and says so in the record
        assert min(errors) <= 150_000, errors
        with open(box.conf, encoding="utf-8") as f:
            assert KEY not in f.read()
        assert KEY not in json.dumps(box.records()) + box.tail(1000), "the key was shown"


if __name__ == "__main__":
    run_scenes()
