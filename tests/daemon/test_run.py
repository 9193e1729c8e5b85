# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's own life: what it signs, starts, stops, rights, readiness."""
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import time

from bwtest import Box, program, wait_for
from bwtest.scenes import Skipped, run_scenes, scene


@scene
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
    sent = {name: [t["sent"] for r in whole[1:] for t in r.get("latency", [])
                   if t["probe"] == name] for name in ("left", "right")}
    for n in sent.values():  # once a second, but not by the clock: a second may have none, or two
        assert abs(sum(n) - len(whole[1:])) <= 1, (sent, records)
    assert records[0]["seq"] == 1 and records[0]["chain"] == {"why": "new"}
    assert records[0]["site"] == "s-local" and "gaps" not in records[0]
    assert status["circuits"][0]["now"]["layer"] == "ethernet", status
    assert status["collector"]["enrolled"] is False
    assert sum(t["sent"] for r in whole for t in r.get("latency", [])) >= len(whole)


@scene
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
            done = subprocess.run([program("bandwitness"), "key", "--json", "--state-dir",
                                   box.state], user=65534, group=0, extra_groups=[], stdout=subprocess.PIPE,
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
        wait_for("it is written again",
                 lambda: os.path.exists(f"{box.state}/public/{kid}.jwk"))
        box.stop()
        with open(f"{box.state}/public/{kid}.jwk", "w", encoding="ascii") as f:
            f.write(public.replace(k["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
        assert key("--json", ok=(1,)) == ""


@scene
def knows_nothing_without_counters():
    text = 'circuit "lan" { vantage = lan-side behind = "nat" source = none }\n' + \
        Box.ICMP.replace('"wan"', '"lan"')
    with Box(text=text) as box:
        box.start()
        records = box.wait_records(3)
        status = box.status()
        for r in records:
            c = r["circuits"][0]
            assert not {"down", "up", "layer", "resolution_ms", "link_bps",
                        "saturated_s"} & set(c), c
            assert c.get("covered_s", 0) == 0 and c["behind"] == ["nat"], c
        assert "now" not in status["circuits"][0], status["circuits"]
        assert not os.path.exists(box.state + "/rrd/lan/link.rrd")
        assert "not measured" in box.command("status", "--socket", box.socket)


@scene
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


@scene
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
        box.ends(0)


@scene
def one_only():
    with Box() as box:
        box.start()
        second = subprocess.run([program("bandwitnessd"), "-c", box.conf], stderr=subprocess.PIPE,
                                timeout=30, universal_newlines=True)
        assert second.returncode == 1 and "journal" in second.stderr, second


@scene
def drops_rights():
    with Box() as box:
        box.start()
        with open(f"/proc/{box.proc.pid}/status", encoding="ascii") as f:
            caps = dict(l.split(":\t") for l in f.read().splitlines() if l.startswith("Cap"))
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            assert int(caps[name], 16) == 0, caps


def cores(folder):
    return [n for n in os.listdir(folder) if "core" in n]


@scene
def leaves_no_core():
    """Its memory reaches no file, also where a limit would let it."""
    sanitizers = os.environ.get("ASAN_OPTIONS", "") + ":disable_coredump=0:handle_abort=0"
    with Box(env={"ASAN_OPTIONS": sanitizers}) as box:
        os.chdir(box.folder)
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
        with subprocess.Popen(["sleep", "60"]) as other:
            other.send_signal(signal.SIGQUIT)
        if not cores(box.folder):
            raise Skipped("cores of this machine go elsewhere: /proc/sys/kernel/core_pattern")
        for name in cores(box.folder):
            os.remove(name)
        for number in (signal.SIGQUIT, signal.SIGABRT):
            box.start()
            limit = resource.prlimit(box.proc.pid, resource.RLIMIT_CORE)
            assert limit == (0, 0), limit
            box.proc.send_signal(number)
            box.ends(-number)
            assert not cores(box.folder), cores(box.folder)


@scene
def terminates_at_once():
    """A second TERM does not wait."""
    with Box() as box:
        box.start()
        box.wait_records(2)
        # hold the write lock, so that the last records have to wait
        db = sqlite3.connect(box.state + "/journal.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        box.proc.send_signal(signal.SIGTERM)
        wait_for("it is ending", lambda: "ending" in box.text())
        box.proc.send_signal(signal.SIGTERM)
        box.ends(1)
        db.execute("ROLLBACK")
        db.close()


if __name__ == "__main__":
    run_scenes()
