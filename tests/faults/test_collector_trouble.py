# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong around the collector while boxes deliver: its disk fills or is taken away,
its clock is set, its drawing processes die, another one is started on its folder, its files
rot. No acknowledged record is lost, none is there twice, positions have no holes, and it
says what is the matter."""
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from bwtest import Collector, SceneError, wait_for
from bwtest.jose import receipt, sha
from bwtest.load import Courier, Load
from bwtest.scenes import Skipped, in_mounts, run_scenes, scene
from bwtest.wallclock import WallClock

DAY_S = 86400


def couriers(collector, n):
    return [Courier(collector, collector.box(f"Site {i}")) for i in range(n)]


def all_there(collector, load):
    """Everything signed is acknowledged, held once, in order, without a hole."""
    assert load.settle(60), [(c.problems[:2], c.acked, len(c.box.lines)) for c in load.couriers]
    leaves = []
    for c in load.couriers:
        assert not c.problems, c.problems[:3]
        assert collector.held(c.box.site) == c.box.lines, c.box.site
        for through, text in c.receipts.items():
            said = receipt(text, c.box.log_key)
            assert (said["seq"], said["sha256"]) == (through, sha(c.box.lines[through - 1])), said
        rows = collector.export(f"{c.box.site}.wan", from_=0, to=4102444800, format="json").text
        leaves += [json.loads(line)["position"] for line in rows.splitlines()]
    assert sorted(leaves) == list(range(len(leaves))), "positions have holes"


def refused(collector, line):
    """A post that is not taken: 503 or 507, with a reason and a time to come again."""
    a = collector.post([line])
    assert a.status in (503, 507), (a.status, a.body)
    assert a.headers["Content-Type"] == "application/problem+json", a.headers
    assert a.json["type"] == "/problems/busy" and "detail" in a.json, a.body
    assert int(a.headers["Retry-After"]) > 0
    return a


def fill(path):
    """To the last byte."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(fd, b"x" * size)
            except OSError:
                pass
    finally:
        os.close(fd)


# --- disks

@scene
@in_mounts
def full_disk():
    with Collector() as c:
        c.stop()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0750", "none", c.data],
                       check=True)
        try:
            c.start()
            full_disk_scene(c)
            c.stop()
        finally:
            if c.running():
                c.kill()
            subprocess.run(["umount", "-l", c.data], check=True)


def full_disk_scene(c):
    boxes = couriers(c, 4)
    extra = c.box("Elm School")
    line = extra.summary()
    with Load(boxes) as load:
        for kill in (False, True):
            wait_for("deliveries", lambda: min(b.acked for b in boxes) > 5)
            fill(c.data + "/fill")
            # what is open may take a little more; then nothing does
            wait_for("the disk to be full for the ledger",
                     lambda: c.get("/healthz").status == 503)
            if c.post([line]).status == 200:
                line = extra.summary()
            refused(c, line)
            assert "full" in c.get("/healthz").text, c.get("/healthz").text
            acked = [b.acked for b in boxes]
            time.sleep(1)
            assert [b.acked for b in boxes] == acked, "acknowledged without a disk"
            assert c.get("/sites").status == 200, "pages are shown meanwhile"
            if kill:
                c.kill()
            os.unlink(c.data + "/fill")
            if kill:
                c.start()
            wait_for("deliveries to go on by themselves",
                     lambda: all(b.acked > n for b, n in zip(boxes, acked)), 60)
            assert c.get("/healthz").text == "ok\n"
    assert c.post([line]).status == 200
    text = c.text()
    assert "disk is full" in text and "the boxes keep their records" in text, text
    assert "the ledger takes records again" in text, text
    # the extra box is one of those whose positions are counted
    boxes.append(Courier(c, extra))
    boxes[-1].acked = len(extra.lines)
    all_there(c, load)


@scene
@in_mounts
def disk_taken_away():
    """The file system turns read-only under it, as after an error of the disk."""
    with Collector() as c:
        c.stop()
        image = c.folder + "/image"
        with open(image, "wb") as f:
            f.truncate(64 * 1024 * 1024)
        def mount(*words):
            return subprocess.run(["mount", *words], stderr=subprocess.PIPE).returncode == 0
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^metadata_csum", image], check=True)
        if not mount("-o", "loop", image, c.data):
            raise Skipped("no loop devices here")
        try:
            c.start()
            boxes = couriers(c, 3)
            with Load(boxes) as load:
                wait_for("deliveries", lambda: min(b.acked for b in boxes) > 5)
                if not mount("-o", "remount,abort", c.data):
                    raise Skipped("ext4 cannot be aborted here")
                wait_for("trouble", lambda: not c.running()
                         or c.get("/healthz").status == 503)
                acked = [b.acked for b in boxes]
                time.sleep(1)
                assert [b.acked for b in boxes] == acked, "acknowledged without a disk"
                if c.running():
                    c.kill()
                c.proc = None
                assert any(w in c.text() for w in ("ead-only", "I/O error")), c.text()
                subprocess.run(["umount", c.data], check=True)
                subprocess.run(["e2fsck", "-p", image], stdout=subprocess.DEVNULL)
                assert mount("-o", "loop", image, c.data)
                c.start()
                wait_for("deliveries to go on by themselves",
                         lambda: all(b.acked > n for b, n in zip(boxes, acked)), 60)
            all_there(c, load)
            c.stop()
        finally:
            if c.running():
                c.kill()
            subprocess.run(["umount", "-l", c.data], stderr=subprocess.DEVNULL)


# --- the clock

@scene
def clock_is_set():
    """A day and a week forward and back while records come: what is held for a missing one
    goes on being held, days are not sealed before their time, nothing is lost."""
    with Collector("ledger { hold = 60s seal_every = 1s }") as c:
        c.stop()
        clock = WallClock(c)
        c.start()
        boxes = couriers(c, 2)
        late = c.box("Late Box")
        missing, *after = (late.summary() for _ in range(4))
        assert c.post(after).json["chains"][0]["acked_through"] == 0
        early = couriers(c, 1)[0].box
        times = []
        with Load(boxes) as load:
            for ahead in (DAY_S, 7 * DAY_S, -DAY_S, 0):
                clock.set(ahead)
                n = [b.acked for b in boxes]
                wait_for("deliveries", lambda: all(b.acked > i + 3 for b, i in zip(boxes, n)))
                wait_for("a look at what is overdue", passes(c))
                a = c.post([early.summary()])
                said = receipt(a.json["chains"][0]["receipt"], early.log_key)
                times.append(said["received_ms"] / 1000 - time.time() - ahead)
        assert "behind a hole" not in c.text(), c.text()
        assert all(abs(t) < 60 for t in times), times
        a = c.post([missing])
        assert a.json["chains"][0]["acked_through"] == 4, a.body
        boxes += [Courier(c, late), Courier(c, early)]
        for b in boxes[-2:]:
            b.acked = len(b.box.lines)
        all_there(c, load)
        assert c.get("/sites").status == 200 and c.get(f"/sites/{late.site}").status == 200


def passes(c):
    """True after the housekeeping had time for two turns."""
    until = time.monotonic() + 2.5
    return lambda: time.monotonic() > until


# --- drawing processes

def drawing(c):
    """The pids of its drawing processes, and of those that nobody waited for."""
    alive, dead = [], []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                state, parent = f.read().rsplit(") ", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == c.proc.pid:
            (dead if state == "Z" else alive).append(int(pid))
    return alive, dead


@scene
def drawing_killed():
    """Whoever asked gets the picture, or a reason; the next one is drawn; no zombie stays."""
    with Collector() as c:
        box = c.box("Rowan School", start=int(time.time()) // 300 * 300 - 6000)
        assert c.post([box.summary() for _ in range(20)]).status == 200
        url = f"/api/v1/circuits/{box.site}.wan/graph/link.svg?width="
        assert c.get(url + "700").status == 200
        # killed in the middle, for certain: stopped before the job comes
        for n in range(3):
            for pid in drawing(c)[0]:
                os.kill(pid, signal.SIGSTOP)
            answers = []
            asking = threading.Thread(target=lambda i=n: answers.append(c.get(f"{url}{710 + i}")))
            asking.start()
            time.sleep(0.5)  # it waits for the process that does not run
            assert not answers
            for pid in drawing(c)[0]:
                os.kill(pid, signal.SIGKILL)
            asking.join(60)
            assert answers and answers[0].status == 200, answers and answers[0].body
        # at random moments
        stop = threading.Event()
        def kill():
            while not stop.is_set():
                for pid in drawing(c)[0]:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                time.sleep(0.15)
        killer = threading.Thread(target=kill)
        killer.start()
        got = []
        try:
            for n in range(25):
                a = c.get(f"{url}{800 + n}")
                got.append(a.status)
                if a.status != 200:
                    assert a.status == 503 and "drawing process" in a.json["detail"], a.body
        finally:
            stop.set()
            killer.join()
        print({s: got.count(s) for s in set(got)})
        assert c.get(url + "999").status == 200
        wait_for("no zombie", lambda: not drawing(c)[1])
        # both at once, then the end
        assert len(drawing(c)[0]) <= 2


# --- two of them, and rotten files

@scene
def one_only():
    """A second collector on the same folder says why it does not start; the first goes on."""
    with Collector() as c:
        box = c.box()
        assert c.post([box.summary()]).status == 200
        second = Collector(folder=c.folder)
        with open(second.conf, encoding="utf-8") as f:
            text = f.read().replace(second.socket, second.socket + "2")
        second.conf += "2"
        with open(second.conf, "w", encoding="utf-8") as f:
            f.write(text)
        second.log += "2"
        second.start(wait=False)
        second.ends(1)
        assert "another process" in second.text() and c.data in second.text(), second.text()
        assert c.post([box.summary()]).json["chains"][0]["acked_through"] == 2
        assert c.get("/healthz").text == "ok\n"


@scene
def corrupt_ledger():
    """Pages of the ledger's file are overwritten: it says so and what to do, acknowledges
    nothing more, and leaves the file as it is; with the copy back all goes on."""
    with Collector() as c:
        box = c.box()
        lines = [box.summary() for _ in range(400)]
        assert c.post(lines).json["chains"][0]["acked_through"] == 400
        c.stop()
        path = c.data + "/ledger/ledger.db"
        db = sqlite3.connect(path)
        page = db.execute("PRAGMA page_size").fetchone()[0]
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'chains'").fetchone()[0]
        db.close()
        shutil.copy(path, c.folder + "/copy")
        with open(path, "r+b") as f:
            f.seek((root - 1) * page)
            f.write(b"\xa5" * page)
        with open(path, "rb") as f:
            rotten = f.read()
        c.start(wait=False)
        line = box.summary()
        try:
            wait_for("the end or an answer", lambda: c.proc.poll() is not None or c.answers(), 20)
        except SceneError:
            pass
        for _ in range(8):
            if c.proc.poll() is None:
                try:
                    a = c.post([line])
                    assert a.status == 503, a.body
                except OSError:
                    pass
        c.ends(1, 60)
        text = c.text(last=True)
        assert "ledger.db is damaged" in text and "keep it" in text, text
        with open(path, "rb") as f:
            assert f.read() == rotten, "it wrote into a file it cannot read"
        shutil.copy(c.folder + "/copy", path)
        c.start()
        assert c.post([line]).json["chains"][0]["acked_through"] == 401
        assert c.held(box.site) == box.lines


@scene
def rotten_page():
    """One page of one site's records is overwritten: an export never looks whole without
    them, others are served, and new records are taken."""
    with Collector() as c:
        other, box = c.box("Other School"), c.box("Rotten School")
        assert c.post([other.summary()]).status == 200
        assert c.post([box.summary() for _ in range(900)]).status == 200
        c.stop()
        path = c.data + "/ledger/ledger.db"
        db = sqlite3.connect(path)
        size = db.execute("PRAGMA page_size").fetchone()[0]
        pages = [n for n, in db.execute("SELECT pageno FROM dbstat WHERE name = 'records'"
                                        " AND pagetype = 'leaf' ORDER BY path")]
        db.close()
        with open(path, "r+b") as f:
            f.seek((pages[len(pages) // 2] - 1) * size)
            f.write(b"\xa5" * size)
        c.start()
        whole = False
        try:
            a = c.export(f"{box.site}.wan", from_=0, to=4102444800, format="jose")
            whole = a.status == 200
        except http.client.IncompleteRead as e:
            assert set(e.partial.decode().split()[:-1]) <= set(box.lines)
        assert not whole, "an export without its middle looks whole"
        assert c.held(other.site) == other.lines
        wait_for("the state's room", lambda: c.get("/sites").status == 200)
        for b in (other, box):
            a = c.post([b.summary()])
            assert a.json["chains"][0]["acked_through"] == len(b.lines), a.body


if __name__ == "__main__":
    run_scenes()
