# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk, a read-only disk, a locked journal, a corrupt picture: nothing measured is
lost, the box says what it does, and everything is written once the disk takes it again.

The full and the read-only disk are small tmpfs of a mount namespace of our own (root).
"""
import ctypes
import glob
import os
import sqlite3
import subprocess
import sys
import time

from figures import payload
from lab import wait_for
from scene import Scene

CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x4000 | 0x40000


def mounts_of_our_own():
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
        return False
    # in a chroot "/" is no mount point: then the caller's mounts are already its own
    libc.mount(None, b"/", None, MS_REC_PRIVATE, None)
    return True


def tmpfs(path, options):
    os.makedirs(path, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path])
    return done.returncode == 0


def journal(box):
    return (box.status() or {}).get("journal", {})


def whole(lines, what):
    """The chain has every second: nothing was lost while the disk refused it."""
    records = [payload(l) for l in lines]
    for a, b in zip(records, records[1:]):
        assert a["end"] == b["start"] and b["seq"] == a["seq"] + 1, (what, a["end"], b["start"])


def full_disk(s):
    disk = f"{s.folder}/disk"
    if not tmpfs(disk, "size=24m"):
        return print("no tmpfs here: the full disk is not tested")
    try:
        box = s.box("full", state=disk)
        wait_for("records", lambda: journal(box).get("rows", 0) > 2, 30)
        with open(f"{disk}/filler", "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass
        status = wait_for("the box to notice the full disk",
                          lambda: journal(box).get("trouble") and journal(box), 60, 0.2)
        print("full disk:", status["trouble"])
        time.sleep(5)
        assert box.alive() and journal(box)["held"] > 0, journal(box)
        os.unlink(f"{disk}/filler")
        wait_for("what was held to be written",
                 lambda: journal(box).get("held") == 0 and not journal(box).get("trouble"),
                 60, 0.2)
        assert journal(box)["dropped"] == 0
        lines = box.journal()
        whole(lines, "full disk")
        assert box.starts == 1 and box.stop() == 0
        print(f"full disk: {len(lines)} records, no second missing")
    finally:
        subprocess.run(["umount", "-l", disk])
    return None


def read_only_disk(s):
    disk = f"{s.folder}/frozen-disk"
    if not tmpfs(disk, "size=1m,ro"):
        return print("no tmpfs here: the read-only disk is not tested")
    try:
        box = s.box("frozen", enrol=False, state=disk, start=False)
        box.start(["-c", box.conf])
        code = box.proc.wait(20)
        assert code == 1, code
        assert disk in box.tail() and "ead-only" in box.tail(), box.tail()
        print("read-only disk:", box.tail(1).strip())
    finally:
        subprocess.run(["umount", "-l", disk])
    return None


def locked_journal(s):
    box = s.box("locked")
    wait_for("records", lambda: journal(box).get("rows", 0) > 2, 30)
    path = next(p for p in glob.glob(f"{box.state}/*") if "journal" in p and p.endswith(
        (".db", ".sqlite", ".sqlite3")))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    status = wait_for("the box to notice the lock",
                      lambda: journal(box).get("trouble") and journal(box), 30, 0.2)
    print("locked journal:", status["trouble"])
    assert box.alive()
    other.execute("ROLLBACK")
    other.close()
    wait_for("what was held to be written",
             lambda: journal(box).get("held") == 0 and not journal(box).get("trouble"), 60, 0.2)
    whole(box.journal(), "locked journal")
    return box


def corrupt_picture(box):
    """A picture may be thrown away and made again; records go on."""
    rrds = glob.glob(f"{box.state}/**/*.rrd", recursive=True)
    assert rrds, os.listdir(box.state)
    box.kill()
    for path in rrds:
        with open(path, "r+b") as f:
            f.write(os.urandom(512))
    box.start_ready()
    rows = journal(box)["rows"]
    wait_for("records to go on", lambda: journal(box).get("rows", 0) > rows + 2, 30)

    def readable():
        return all(subprocess.run(["rrdtool", "info", p], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0 for p in rrds)
    wait_for("the pictures to be made again", readable, 30, 0.5)
    print(f"{len(rrds)} corrupt pictures were made again")
    assert box.stop() == 0


def main():
    own = mounts_of_our_own()
    with Scene() as s:
        if own:
            full_disk(s)
            read_only_disk(s)
        else:
            print("the full and the read-only disk need root")
        corrupt_picture(locked_journal(s))
        assert s.collector.stop() == 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
