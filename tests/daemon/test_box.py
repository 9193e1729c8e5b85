#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_box - the daemon against everything that goes wrong around it."""
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from box import Box, eventually, payload, run_tests  # noqa: E402
from harness import Collector, program  # noqa: E402
from pledged import pledged  # noqa: E402
from throughput import asked, budget, defers, throughput  # noqa: E402


def measures():
    with Box() as box:
        box.start()
        records = box.wait_records(4)
        status = box.status()
        box.stop()
        box.verify()
    whole = [r for r in records if r["end"] - r["start"] == 1]
    assert len(whole) >= 3, records
    for r in whole[1:]:
        circuit = r["circuits"][0]
        assert circuit["source"] == "kernel" and circuit["covered_s"] == 1, circuit
        assert circuit["down"]["bytes"] > 0 and circuit["up"]["bytes"] > 0, circuit
        assert {t["probe"] for t in r["latency"]} == {"left", "right"}, r["latency"]
    assert records[0]["seq"] == 1 and records[0]["chain"] == {"why": "new"}
    assert records[0]["site"] == "s-local" and "gaps" not in records[0]
    assert status["circuits"][0]["now"]["layer"] == "ethernet", status
    assert status["collector"]["enrolled"] is False
    assert sum(t["sent"] for r in whole for t in r["latency"]) >= len(whole)


def knows_nothing_without_counters():
    text = 'circuit "lan" { vantage = lan-side behind = "nat" source = none }\n' + \
        Box.ICMP.replace('"wan"', '"lan"')
    with Box(text=text) as box:
        box.start()
        records = box.wait_records(3)
        status = box.status()
        for r in records:
            c = r["circuits"][0]
            assert not {"down", "up", "layer", "resolution_ms", "link_bps", "saturated_s"} & set(c), c
            assert c.get("covered_s", 0) == 0 and c["behind"] == ["nat"], c
        assert "now" not in status["circuits"][0], status["circuits"]
        assert not os.path.exists(box.state + "/rrd/lan/link.rrd")
        assert "not measured" in box.command("status", "--socket", box.socket)


def shows_its_keys():
    """Public halves for anybody of the group, private ones for nobody."""
    with Box() as box:
        def key(*words, ok=(0,)):
            return box.command("key", "--state-dir", box.state, *words, ok=ok)
        assert key(ok=(1,)) == ""
        box.start()
        box.wait_records(2)
        kid = box.status()["journal"]["kid"]
        line, = key().splitlines()
        assert line.startswith(f"{kid}  EdDSA  in use "), line
        with open(f"{box.state}/keys/{kid}.jwk", encoding="ascii") as f:
            private = json.load(f)
        out = key("--json")
        k, = json.loads(out)["keys"]
        assert (k["kid"], k["alg"], k["use"], k["kty"], k["crv"], k["current"]) == \
            (kid, "EdDSA", "sig", "OKP", "Ed25519", True), k
        assert k["x"] == private["x"] and k["last_seq"] >= 2 and "d" not in k
        with open(f"{box.state}/public/{kid}.jwk", encoding="ascii") as f:
            public = f.read()
        assert private["d"] not in out + public + key()
        by_config = json.loads(box.command("key", "--json", "--config", box.conf))
        assert by_config["keys"][0]["kid"] == kid
        box.stop()
        if os.geteuid() == 0:  # one of the group, who may not read the private half
            os.chmod(box.folder, 0o755)
            done = subprocess.run([program("bandwitness"), "key", "--json", "--state-dir", box.state],
                                  user=65534, group=0, extra_groups=[], stdout=subprocess.PIPE,
                                  check=True)
            assert json.loads(done.stdout)["keys"][0]["kid"] == kid
            done = subprocess.run([program("bandwitness"), "key", "--state-dir", box.state],
                                  user=65534, group=65534, extra_groups=[],
                                  stderr=subprocess.PIPE, universal_newlines=True)
            assert done.returncode == 1 and "join its group" in done.stderr, done
        # What is lost is shown from the private half, and written again at the next start.
        os.unlink(f"{box.state}/public/{kid}.jwk")
        assert json.loads(key("--json"))["keys"][0]["kid"] == kid
        box.start()
        eventually("it is written again",
                   lambda: os.path.exists(f"{box.state}/public/{kid}.jwk"))
        box.stop()
        with open(f"{box.state}/public/{kid}.jwk", "w", encoding="ascii") as f:
            f.write(public.replace(k["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
        assert key("--json", ok=(1,)) == ""


def restarts():
    """A stop shows as a gap; the chain goes on."""
    with Box() as box:
        box.start()
        before = box.wait_records(2)
        box.stop()
        time.sleep(2)
        n = len(box.rows())
        last = box.records()[-1]
        box.start()
        first = box.wait_records(n + 1)[n]
        assert first["seq"] == last["seq"] + 1 and "chain" not in first
        assert first["gaps"] == [{"from": last["end"], "to": first["start"],
                                  "why": "daemon stopped"}], first["gaps"]
        assert first["start"] - last["end"] >= 2
        box.stop()
        box.verify()
        assert before[0]["boot"] == first["boot"]


def notifies():
    with Box() as box:
        path = os.path.join(box.folder, "notify")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(path)
        sock.settimeout(30)
        box.env.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="400000")
        box.start()
        assert sock.recv(100) == b"READY=1"
        assert sock.recv(100) == b"WATCHDOG=1"
        box.reload()
        seen = []
        while b"RELOADING=1" not in seen or seen[-1] != b"READY=1":
            seen.append(sock.recv(100))
        box.proc.send_signal(signal.SIGTERM)
        while sock.recv(100) != b"STOPPING=1":
            pass
        assert box.proc.wait(30) == 0


def one_only():
    with Box() as box:
        box.start()
        second = subprocess.run([program("bandwitnessd"), "-c", box.conf], stderr=subprocess.PIPE,
                                timeout=30, universal_newlines=True)
        assert second.returncode == 1 and "journal" in second.stderr, second


def drops_rights():
    with Box() as box:
        box.start()
        with open(f"/proc/{box.proc.pid}/status", encoding="ascii") as f:
            caps = dict(l.split(":\t") for l in f.read().splitlines() if l.startswith("Cap"))
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            assert int(caps[name], 16) == 0, caps


def alone(name):
    """Run this scene again in a network namespace of its own; False: we are in it."""
    if os.environ.get("BW_IN_NS") == "1":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return False
    done = subprocess.run(["unshare", "-n", sys.executable, os.path.abspath(__file__), name],
                          env={**os.environ, "BW_IN_NS": "1"})
    if done.returncode == 1 and os.geteuid() != 0:
        print("skipped: network namespaces need root")
    else:
        assert done.returncode == 0, done
    return True


def allow_ping(groups):
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write(groups)


def reload_without_rights():
    """Sockets that may not be opened any more: the old part goes on and says so."""
    if alone("reload_without_rights"):
        return
    allow_ping("1 0")
    with Box() as box:
        box.start()
        box.wait_records(2)
        with open(box.conf, encoding="utf-8") as f:
            text = f.read()
        with open(box.conf, "w", encoding="utf-8") as f:
            f.write(text.replace("127.0.0.2", "127.0.0.3") + "tests { share = 20 }\n")
        sha = box.status()["config_sha256"]
        box.reload()
        eventually("read again", lambda: box.status()["config_sha256"] != sha)
        assert box.status()["restart_needed"] == "circuits and probes"
        n = len(box.rows())
        last = box.wait_records(n + 3)[-1]
        assert {t["probe"] for t in last["latency"]} == {"left", "right"}, last
        assert box.command("check-config", box.conf)
        box.stop()
        box.verify()


def reloads():
    if alone("reloads"):
        return
    allow_ping("0 2147483647")
    with Box() as box:
        box.start()
        box.wait_records(2)
        good = open(box.conf, encoding="utf-8").read()
        with open(box.conf, "a", encoding="utf-8") as f:
            f.write("cirucit x\n")
        box.reload()
        eventually("the fault is told", lambda: "configuration in force stays" in box.text())
        assert "bandwitness.conf:" in box.text()
        n = len(box.rows())
        box.wait_records(n + 2)
        # one more target, and something that cannot change now
        with open(box.conf, "w", encoding="utf-8") as f:
            f.write(good.replace("interval = 1s", "interval = 2s").replace(
                'target "right"', 'target "third" { address = "127.0.0.3" }\n    target "right"'))
        sha = box.status()["config_sha256"]
        box.reload()
        eventually("read again", lambda: box.status()["config_sha256"] != sha)
        assert box.status()["restart_needed"] == "interval"
        eventually("the third target is measured", lambda: any(
            t["probe"] == "third" and t["sent"] > 0
            for r in box.records()[-3:] for t in r.get("latency", [])))
        records = box.records()
        assert records[-1]["end"] - records[-1]["start"] == 1
        assert records[-1]["config"] != records[0]["config"]
        box.stop()
        box.verify()


def terminates_at_once():
    """A second TERM does not wait."""
    with Box() as box:
        box.start()
        box.wait_records(2)
        # hold the write lock, so that the last records have to wait
        db = sqlite3.connect(box.state + "/journal.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        box.proc.send_signal(signal.SIGTERM)
        eventually("it is ending", lambda: "ending" in box.text())
        box.proc.send_signal(signal.SIGTERM)
        assert box.proc.wait(30) == 1
        db.execute("ROLLBACK")
        db.close()


def locked():
    """A locked journal: records wait in memory, in order, and none is lost."""
    with Box() as box:
        box.start()
        box.wait_records(2)
        db = sqlite3.connect(box.state + "/journal.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        eventually("records are held", lambda: box.status()["journal"]["held"] >= 3)
        assert box.status()["journal"]["trouble"]
        n = len(box.rows())
        db.execute("ROLLBACK")
        db.close()
        box.wait_records(n + 4)
        eventually("nothing is held", lambda: box.status()["journal"]["held"] == 0)
        assert "trouble" not in box.status()["journal"]
        assert box.text().count("keeping") == 1, "one complaint"
        box.stop()
        box.verify()
        records = box.records()
        for a, b in zip(records, records[1:]):
            assert b["seq"] == a["seq"] + 1 and b["start"] == a["end"], (a, b)


def propagation():
    """Private mounts; in a chroot "/" is no mount point, and what encloses it is left as it is."""
    done = subprocess.run(["unshare", "-m", "--propagation", "private", "true"],
                          stderr=subprocess.DEVNULL)
    return "private" if done.returncode == 0 else "unchanged"


def mounted(what):
    """Run `what`(box, mount point) in a mount namespace of its own with a small tmpfs."""
    if os.environ.get("BW_IN_NS") != "1":
        done = subprocess.run(["unshare", "-m", "--propagation", propagation(), sys.executable,
                               os.path.abspath(__file__), what.__name__],
                              env={**os.environ, "BW_IN_NS": "1"})
        if done.returncode == 1 and os.geteuid() != 0:
            print("skipped: mount namespaces need root")
            return
        assert done.returncode == 0, done
        return
    with Box() as box:
        os.makedirs(box.state)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0750", "none", box.state],
                       check=True)
        try:
            what.body(box)
        finally:
            if box.running():
                box.kill()
            subprocess.run(["umount", "-l", box.state], check=True)


def in_mount(body):
    def test():
        mounted(test)
    test.__name__, test.body = body.__name__, body
    return test


def whole_chain(box):
    box.stop()
    box.verify()
    records = box.records()
    for a, b in zip(records, records[1:]):
        assert b["seq"] == a["seq"] + 1 and b["start"] == a["end"], (a, b)


@in_mount
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
    eventually("records are held", lambda: box.status()["journal"]["held"] >= 3, 60)
    trouble = box.status()["journal"]["trouble"]
    os.unlink(fill)
    eventually("nothing is held", lambda: box.status()["journal"]["held"] == 0, 90)
    assert trouble
    assert box.text().count("keeping") == 1, "one complaint"
    whole_chain(box)


@in_mount
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
    assert box.proc.wait(30) == 1
    assert "ead-only" in box.text(), box.text()
    subprocess.run(["umount", box.state], check=True)
    box.start()
    box.wait_records(n + 4)
    box.stop()
    box.verify()


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


def interface_goes_and_comes():
    if alone("interface_goes_and_comes"):
        return

    def ip(words, where=()):
        subprocess.run([*where, "ip", *words.split()], check=True)

    far = subprocess.Popen(["unshare", "-n", "sleep", "600"])
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
        eventually("a namespace of its own", lambda: os.readlink(f"/proc/{far.pid}/ns/net")
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
        eventually("the circuit is out", lambda: box.status()["circuits"][0]["out"], 40)
        assert "now" not in box.status()["circuits"][0] or \
            "down_bps" not in box.status()["circuits"][0]["now"]
        make()
        back = time.time()
        n = len(box.rows())
        eventually("it is counted again", lambda: "counted again" in box.text())
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


def clock_is_set():
    """A day forward, a day back: every interval is signed, and says what happened."""
    with Box() as box:
        offset = os.path.join(box.folder, "offset")

        def set_clock(seconds):
            with open(offset + ".new", "w", encoding="ascii") as f:
                f.write(f"{seconds}\n")
            os.rename(offset + ".new", offset)

        set_clock(0)
        preload = [os.environ["BW_SETCLOCK"]]
        ldd = subprocess.run(["ldd", program("bandwitnessd")], stdout=subprocess.PIPE,
                             universal_newlines=True, check=True).stdout
        preload[:0] = [l.split()[2] for l in ldd.splitlines() if "libasan" in l]
        box.env.update(LD_PRELOAD=":".join(preload), BW_CLOCK_OFFSET=offset)
        box.start()
        box.wait_records(3)
        n = len(box.rows())
        set_clock(86400)
        box.wait_records(n + 4)
        n = len(box.rows())
        set_clock(0)
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


def killed():
    """kill -9 of the box at random moments, under load, with a real collector: nothing
    acknowledged or journalled is lost, nothing is there twice."""
    times = int(os.environ.get("BW_KILLS", "6"))
    seed = int(os.environ.get("BW_SEED", str(time.time_ns())))
    rng = random.Random(seed)
    print(f"seed {seed}, {times} kills")
    with Collector() as collector:
        url = f"http://127.0.0.1:{collector.port}"
        more = f'collector {{ url = "{url}" every = 1s }}\n'
        with Box(more=more) as box:
            token = collector.token("--site", "Alder Elementary")
            box.command("enroll", "--config", box.conf, "--url", url, "--token", token["token"])
            load = subprocess.Popen(["ping", "-q", "-f", "-s", "1000", "-i", "0.002", "127.0.0.1"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            held = {}
            try:
                for _ in range(times):
                    box.start(wait=False)
                    time.sleep(rng.uniform(0.05, 6.0))
                    box.kill()
                    for kid, seq, jws in box.rows():
                        assert held.setdefault((kid, seq), jws) == jws, (kid, seq)
                    assert set(held) == {(k, s) for k, s, _ in box.rows()}, "a record is gone"
                box.start()
                n = len(box.rows())
                box.wait_records(n + 2)
                box.stop()
            finally:
                load.kill()
                load.wait()
            assert set(held) <= {(k, s) for k, s, _ in box.rows()}
            box.verify()
            # what waits is delivered by the next run
            box.start()
            eventually("everything is acknowledged",
                       lambda: box.status()["journal"]["pending"] == 0, 60)
            box.stop()
            acked = box.db().execute("SELECT acked_through FROM chains").fetchall()
            assert len(acked) == 1, acked
            got = collector.export(f"{token['site']}.wan" if "site" in token and token["site"]
                                   else "?", format="jose", from_="2000-01-01",
                                   to="2100-01-01").body.decode().split()
            mine = [jws for _, seq, jws in box.rows() if seq <= acked[0][0]]
            assert sorted(got) == sorted(mine), (len(got), len(mine))
            assert len(set(got)) == len(got)
            assert [payload(j)["seq"] for j in mine] == list(range(1, len(mine) + 1))
            gaps = [g for j in mine for g in payload(j).get("gaps", [])]
            if held:
                assert any(g["why"] == "daemon stopped" for g in gaps)
            receipts = box.db().execute("SELECT count(*) FROM receipts").fetchone()[0]
            assert receipts > 0


def collector_killed():
    """The collector is killed again and again; the box delivers everything in the end."""
    rng = random.Random(7)
    with Collector() as collector:
        with Box() as box:
            token = collector.token("--site", "Willow Middle")
            # the port stays the same when it is started again
            port = collector.port
            with open(collector.conf, encoding="utf-8") as f:
                text = f.read().replace("port = 0", f"port = {port}")
            with open(collector.conf, "w", encoding="utf-8") as f:
                f.write(text)
            url = f"http://127.0.0.1:{port}"
            box.write(f'collector {{ url = "{url}" every = 1s }}\n' + Box.CIRCUIT % "lo" + Box.ICMP)
            box.command("enroll", "--config", box.conf, "--url", url, "--token", token["token"])
            box.start()
            for _ in range(int(os.environ.get("BW_KILLS", "3"))):
                time.sleep(rng.uniform(0.3, 3.0))
                collector.kill()
                time.sleep(rng.uniform(0.1, 1.0))
                collector.start()
            n = len(box.rows())
            eventually("everything is acknowledged",
                       lambda: box.status()["journal"]["acked_seq"] >= n, 90)
            box.stop()
            rows = box.rows()
            got = collector.export(f"{token['site']}.wan", format="jose", from_="2000-01-01",
                                   to="2100-01-01").body.decode().split()
            assert set(got) <= {j for _, _, j in rows} and len(got) == len(set(got)) >= n


def copied():
    """Two boxes with one disk part by themselves, and the collector keeps both."""
    with Collector() as collector:
        url = f"http://127.0.0.1:{collector.port}"
        text = f'collector {{ url = "{url}" every = 1s }}\n' + Box.CIRCUIT % "lo" + Box.ICMP
        with Box(text=text) as one, Box(text=text) as two:
            token = collector.token("--site", "Heron High")
            one.command("enroll", "--config", one.conf, "--url", url, "--token", token["token"])
            one.start()
            eventually("some are acknowledged",
                       lambda: one.status()["journal"]["acked_seq"] >= 2)
            one.stop()
            subprocess.run(["cp", "-a", one.state, two.state], check=True)
            one.start()
            n = len(one.rows())
            eventually("the first goes on",
                       lambda: one.status()["journal"]["acked_seq"] >= n + 1)
            kid = one.status()["journal"]["kid"]
            two.start()
            eventually("the second has a key of its own",
                       lambda: two.status()["journal"]["kid"] != kid, 60)
            eventually("and is acknowledged under it",
                       lambda: two.status()["journal"]["acked_seq"] >= 2, 60)
            two.stop()
            one.stop()
            two.verify()
            first = [payload(j) for k, s, j in two.rows() if k != kid][0]
            assert first["chain"]["why"] == "fork" and first["chain"]["prev_kid"] == kid, first
            assert first["seq"] == 1
            refused = [g for r in two.records() for g in r.get("gaps", [])
                       if g["why"] == "refused"]
            assert refused, "the forked records are told of as gaps"


def enrols_while_running():
    """Records from before stay here; from then on they go under the enrolled key."""
    with Collector() as collector:
        url = f"http://127.0.0.1:{collector.port}"
        text = f'collector {{ url = "{url}" every = 1s }}\n' + Box.CIRCUIT % "lo" + Box.ICMP
        with Box(text=text) as box:
            box.start()
            box.wait_records(2)
            token = collector.token("--site", "Rowan Primary")
            out = box.command("enroll", "--config", box.conf, "--url", url, "--token",
                              token["token"])
            assert "running daemon" in out, out
            eventually("acknowledged", lambda: box.status()["journal"]["acked_seq"] >= 2)
            assert box.status()["site"] == token["site"] or token["site"] is None
            again = subprocess.run([program("bandwitness"), "enroll", "--config", box.conf, "--url",
                                    url, "--token", token["token"]], stderr=subprocess.PIPE,
                                   universal_newlines=True)
            assert again.returncode == 1 and "token-used" in again.stderr, again
            site = box.status()["site"]
            n = len(box.rows())
            box.wait_records(n + 2)
            assert box.status()["site"] == site, "a failed enrolment changes nothing"
            box.stop()
            box.verify()
            kids = [k for k, _, _ in box.rows()]
            assert len(set(kids)) == 2
            first = [payload(j) for k, _, j in box.rows() if k == kids[-1]][0]
            assert first["chain"] == {"why": "new"} and first["seq"] == 1, first
            sites = {payload(j)["site"] for k, _, j in box.rows() if k == kids[-1]}
            assert sites == {site} and site != "s-local"


def wrong_log_key():
    """A receipt that the log key did not sign acknowledges nothing."""
    with Collector() as collector:
        url = f"http://127.0.0.1:{collector.port}"
        text = f'collector {{ url = "{url}" every = 1s }}\n' + Box.CIRCUIT % "lo" + Box.ICMP
        with Box(text=text) as box:
            token = collector.token("--site", "Osprey Academy")
            box.command("enroll", "--config", box.conf, "--url", url, "--token", token["token"])
            path = box.state + "/enrolment.json"
            with open(path, encoding="utf-8") as f:
                enrolment = json.load(f)
            right = enrolment["log_key"]
            with open(box.public_keys(), encoding="utf-8") as f:
                enrolment["log_key"] = json.loads(f.readline())
            with open(path, "w", encoding="utf-8") as f:
                json.dump(enrolment, f)
            box.start()
            eventually("it is told", lambda: "receipt" in
                       (box.status()["collector"].get("last_error") or ""))
            assert box.status()["journal"]["acked_seq"] == 0
            assert "records stay in the journal" in box.text()
            enrolment["log_key"] = right
            with open(path, "w", encoding="utf-8") as f:
                json.dump(enrolment, f)
            box.reload()
            eventually("acknowledged", lambda: box.status()["journal"]["acked_seq"] > 0)


TESTS = {f.__name__: f for f in (
    measures, shows_its_keys, knows_nothing_without_counters, restarts, notifies, one_only, drops_rights, reloads,
    reload_without_rights,
    terminates_at_once, locked, full_disk, read_only_disk, corrupt_pictures,
    interface_goes_and_comes, clock_is_set, killed, collector_killed, copied,
    enrols_while_running, wrong_log_key, throughput, defers, budget, asked, pledged)}

if __name__ == "__main__":
    run_tests(TESTS)
