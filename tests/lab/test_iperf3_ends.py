# SPDX-License-Identifier: GPL-3.0-or-later
"""The iperf3 probe against Debian's iperf3 server that is busy, dies or is cut off, and a run
that is ended. Each on a line of its own and all at once: they wait, and compare no rate."""
import os
import signal
import subprocess
import time

import lab
from bwtest import wait_for
from school import NET4, School
from test_probe_iperf3 import BUSY, SHORT, Server, finish, probe, start


def a_busy_server(s):
    Server(s.net)
    other = s.box.popen(["iperf3", "--client", NET4, "--time", "5", "--bitrate", "1M"],
                        stdout=subprocess.DEVNULL)
    wait_for("the other's test", lambda: s.net.sh("ss -Htn state established").count(":5201") > 1)
    status, r = probe(s.box, NET4, *SHORT, "--opt", "busy_wait=1s")
    r = r["down"]
    assert status == BUSY and r["state"] == "failed", (status, r)
    assert "server busy" in r["reason"] and r["flags"] == ["server-busy"], r
    assert "goodput_bps" not in r and "bytes" not in r, r
    status, r = probe(s.box, NET4, *SHORT, "--opt", "busy_wait=30s")
    assert status == 0 and r["down"]["state"] == "ok", (status, r)
    assert other.wait(20) == 0  # and the other's test was not disturbed
    print("busy: named, and waited for")


def iperf3_of(ns):
    """Outer pids of iperf3 clients in this namespace."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            if (b"--client" in words and name.isdigit() and
                    os.stat(f"/proc/{name}/ns/net").st_ino == os.fstat(ns.fd).st_ino):
                found.append(int(name))
        except (OSError, ValueError):
            continue
    return found


def dies_with_the_run(s):
    Server(s.net)
    # by itself it would go on for longer than is waited for
    running = start(s.box, NET4, "--opt", "duration=60s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    running.kill()
    running.communicate()
    wait_for("iperf3's end", lambda: not iperf3_of(s.box))
    time.sleep(0.5)  # the server notices
    running = start(s.box, NET4, "--opt", "duration=30s", "--opt", "warmup=0s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    time.sleep(5)
    running.send_signal(signal.SIGINT)
    begun = time.monotonic()
    status, r = finish(running)
    assert time.monotonic() - begun < 5, r
    assert status == 130 and r["down"]["state"] == "cancelled", (status, r)
    assert r["down"]["bytes"] > 0, r
    assert not iperf3_of(s.box)
    print("killed with its run; Ctrl-C keeps", r["down"]["bytes"], "bytes")


def a_server_that_dies(s):
    server = Server(s.net)
    running = start(s.box, NET4, "--opt", "duration=10s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    time.sleep(4)
    server.close()
    status, r = finish(running)
    assert status == 3 and r["down"]["state"] == "failed", (status, r)
    assert "closed" in r["down"]["reason"] or "reset" in r["down"]["reason"], r
    print("server killed:", r["down"]["reason"])


def a_line_that_is_cut(s):
    Server(s.net)
    running = start(s.box, NET4, "--opt", "duration=20s")
    wait_for("iperf3", lambda: iperf3_of(s.box))
    time.sleep(4)
    s.mid.sh("ip link set dev edge down")
    status, r = finish(running)
    assert r["down"]["state"] == "failed" and "nothing moved" in r["down"]["reason"], r
    print("line cut:", r["down"]["reason"])


def work(the_lab):
    lab.at_once(*(lambda part=part: part(School(the_lab, down_mbps=10, up_mbps=5, loss_per_mille=0))
                  for part in (a_busy_server, dies_with_the_run, a_server_that_dies,
                               a_line_that_is_cut)))
    return 0


if __name__ == "__main__":
    lab.main(work)
