# SPDX-License-Identifier: GPL-3.0-or-later
"""The official ndt7 client, @m-lab/ndt7, against the collector's measurement server: both
ways, with its own figures, and a receipt that it passes over."""
import json
import os
import subprocess
import sys

from bwtest import Collector, wait_for
from bwtest.measure import measure_conf, payload_of, urls
from bwtest.node import NoNode, modules

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ndt7_official.js")


def main():
    try:
        modules("@m-lab/ndt7@0.1", "ws")
    except NoNode as e:
        print(f"skipped: {e}")
        return 77
    with Collector(extra=measure_conf(test_bytes="100GB", rate="100G")) as c:
        wait_for("the measurement server", lambda: c.metric("bandwitness_measure_up") == 1)
        box = c.box()
        u = urls(c, box, direction="both")
        out = subprocess.run(["node", SCRIPT, u["ws:///ndt/v7/download"],
                              u["ws:///ndt/v7/upload"]], stdout=subprocess.PIPE,
                             timeout=60, check=True, universal_newlines=True).stdout
        r = json.loads(out)
        assert r["errors"] == [] and (r["down_status"], r["up_status"]) == (0, 0), r
        assert r["down_complete"] and r["up_complete"], r
        # What it shows as the results: its own count down, the server's TCPInfo up.
        down, info = r["down_client"], r["up_server"]["TCPInfo"]
        assert down["NumBytes"] > 1_000_000 and 9 < down["ElapsedTime"] < 12, down
        assert info["BytesReceived"] > 1_000_000 and info["ElapsedTime"] > 9_000_000, info
        for d in ("down", "up"):
            receipt = payload_of(r[f"{d}_server"]["Receipt"], box.log_key)
            assert (receipt["direction"], receipt["end"]) == (d, "done"), receipt
            # Its last look at a download is up to a quarter of a second old.
            moved = down["NumBytes"] if d == "down" else info["BytesReceived"]
            assert 0.9 * receipt["bytes"] < moved < 1.01 * receipt["bytes"] + (4 << 20), (
                receipt, moved)
        print(f"down {down['MeanClientMbps']:.0f} Mbit/s, up "
              f"{info['BytesReceived'] * 8 / info['ElapsedTime']:.0f} Mbit/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
