# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong around the daemon: its disk, its journal, its interface, its clock."""
import functools
import os
import sqlite3
import subprocess
import time

from bwtest import HOST, Box, wait_for
from bwtest.scenes import in_mounts, in_netns, run_scenes, scene
from bwtest.wallclock import WallClock


def on_small_disk(body):
    """body(box): its state folder is a file system of 24 MiB."""
    @in_mounts
    @functools.wraps(body)
    def inside():
        with Box() as box:
            os.makedirs(box.state)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0750", "none", box.state],
                           check=True)
            try:
                body(box)
            finally:
                if box.running():
                    box.kill()
                subprocess.run(["umount", "-l", box.state], check=True)
    return inside


def whole_chain(box):
    box.stop()
    box.verify()
    records = box.records()
    for a, b in zip(records, records[1:]):
        assert b["seq"] == a["seq"] + 1 and b["start"] == a["end"], (a, b)


@scene
def locked():
    """A locked journal: records wait in memory, in order, and none is lost."""
    with Box() as box:
        box.start()
        box.wait_records(2)
        db = sqlite3.connect(box.state + "/journal.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        wait_for("records are held", lambda: box.status()["journal"]["held"] >= 3)
        assert box.status()["journal"]["trouble"]
        n = len(box.rows())
        db.execute("ROLLBACK")
        db.close()
        box.wait_records(n + 4)
        wait_for("nothing is held", lambda: box.status()["journal"]["held"] == 0)
        assert "trouble" not in box.status()["journal"]
        assert box.text().count("keeping") == 1, "one complaint"
        box.stop()
        box.verify()
        records = box.records()
        for a, b in zip(records, records[1:]):
            assert b["seq"] == a["seq"] + 1 and b["start"] == a["end"], (a, b)


@scene
@on_small_disk
def full_disk(box):
    box.start()
    box.wait_records(2)
    fill = box.state + "/fill"
    fd = os.open(fill, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, b"x" * 4096)
    except OSError:
        os.close(fd)
    wait_for("records are held", lambda: box.status()["journal"]["held"] >= 3, 60)
    trouble = box.status()["journal"]["trouble"]
    os.unlink(fill)
    wait_for("nothing is held", lambda: box.status()["journal"]["held"] == 0, 90)
    assert trouble
    assert box.text().count("keeping") == 1, "one complaint"
    whole_chain(box)


@scene
@on_small_disk
def read_only_disk(box):
    box.start()
    box.wait_records(2)
    # a busy file system cannot be remounted: forbid through the mount, not the super block
    subprocess.run(["mount", "--bind", box.state, box.state], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", box.state], check=True)
    n = len(box.rows())
    box.wait_records(n + 2)  # files that are open stay writable: nothing to notice
    box.kill()
    box.start(wait=False)
    box.ends(1)
    assert "ead-only" in box.text(), box.text()
    subprocess.run(["umount", box.state], check=True)
    box.start()
    box.wait_records(n + 4)
    box.stop()
    box.verify()


@scene
def corrupt_pictures():
    with Box() as box:
        box.start()
        box.wait_records(4)
        box.stop()
        link = box.state + "/rrd/wan/link.rrd"
        latency = box.state + "/rrd/wan/latency-left.rrd"
        with open(link, "r+b") as f:
            f.write(b"not a picture at all" * 10)
        os.unlink(latency)
        first = box.records()[0]["start"]
        n = len(box.rows())
        box.start()
        box.wait_records(n + 3)
        # and once more under its feet
        with open(link, "r+b") as f:
            f.write(b"again" * 50)
        n = len(box.rows())
        box.wait_records(n + 3)
        box.stop()
        assert os.path.exists(link + ".corrupt")
        for path, ds in ((link, "down"), (latency, "p50")):
            out = subprocess.run(["rrdtool", "fetch", path, "AVERAGE", "-s", str(first), "-e",
                                  str(first + 3)], stdout=subprocess.PIPE, check=True,
                                 universal_newlines=True).stdout
            assert ds in out.splitlines()[0], out
            known = [l for l in out.splitlines()[2:] if "nan" not in l.split()[1]]
            assert known, f"{path}: nothing from before the damage\n{out}"


@scene
@in_netns
def interface_goes_and_comes():
    def ip(words, where=()):
        subprocess.run([*where, "ip", *words.split()], check=True)

    far = HOST.popen(["unshare", "-n", "sleep", "600"])
    inside = ("nsenter", "-t", str(far.pid), "-n")

    def make():
        ip("link add bwt0 type veth peer name bwt1")
        ip(f"link set bwt1 netns {far.pid}")
        ip("addr add 192.0.2.2/24 dev bwt0")
        ip("link set bwt0 up")
        ip("addr add 192.0.2.1/24 dev bwt1", inside)
        ip("addr add 192.0.2.9/24 dev bwt1", inside)
        ip("link set bwt1 up", inside)

    try:
        wait_for("a namespace of its own", lambda: os.readlink(f"/proc/{far.pid}/ns/net")
                   != os.readlink("/proc/self/ns/net"))
        make()
        interface_scene(ip, make)
    finally:
        far.kill()
        far.wait()


def interface_scene(ip, make):
    text = Box.CIRCUIT % "bwt0" + Box.ICMP.replace("127.0.0.1", "192.0.2.1").replace(
        "127.0.0.2", "192.0.2.9")
    with Box(interval="5s", text=text) as box:
        box.start()
        box.wait_records(2)
        ip("link del bwt0")
        gone = time.time()
        wait_for("the circuit is out", lambda: box.status()["circuits"][0]["out"], 40)
        assert "now" not in box.status()["circuits"][0] or \
            "down_bps" not in box.status()["circuits"][0]["now"]
        make()
        back = time.time()
        n = len(box.rows())
        wait_for("it is counted again", lambda: "counted again" in box.text())
        records = box.wait_records(n + 4, 60)
        box.stop()
        gaps = [g for r in records for g in r.get("gaps", []) if g["why"] == "counter"]
        assert gaps, "no gap"
        assert abs(min(g["from"] for g in gaps) - gone) < 3, (gaps, gone)
        assert abs(max(g["to"] for g in gaps) - back) < 3, (gaps, back)
        outages = [o for r in records for o in r.get("outages", [])]
        ended = [o for o in outages if "to_ms" in o]
        assert ended and ended[-1]["why"] == "carrier down", outages
        assert abs(ended[-1]["from_ms"] / 1000 - gone) < 3, (ended, gone)
        assert abs(ended[-1]["to_ms"] / 1000 - back) < 3, (ended, back)
        assert records[-1]["circuits"][0]["covered_s"] == 5, records[-1]


@scene
def clock_is_set():
    """A day forward, a day back: every interval is signed, and says what happened."""
    with Box() as box:
        clock = WallClock(box)
        box.start()
        box.wait_records(3)
        n = len(box.rows())
        clock.set(86400)
        box.wait_records(n + 4)
        n = len(box.rows())
        clock.set(0)
        box.wait_records(n + 4)
        box.stop()
        box.verify()
        records = box.records()
        steps = [r for r in records if abs(r.get("clock", {}).get("step_us", 0)) > 86000 * 10**6]
        assert [1 if r["clock"]["step_us"] > 0 else -1 for r in steps] == [1, -1], \
            [r.get("clock") for r in records]
        gaps = [g for r in records for g in r.get("gaps", []) if g["why"] == "clock"]
        assert len(gaps) == 1 and 86390 < gaps[0]["to"] - gaps[0]["from"] < 86410, gaps
        for a, b in zip(records, records[1:]):
            assert b["seq"] == a["seq"] + 1, (a, b)
            assert b["mono_ms"] > a["mono_ms"], (a, b)


if __name__ == "__main__":
    run_scenes()
