# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of a circuit, captured live: what records say of them, and what becomes of a capture
whose interface goes, comes back, is called something else, or may not be opened."""
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys

from bwtest import HOST, Box, wait_for
from bwtest.place import Host
from bwtest.refusing import NoPromiscuousHost
from bwtest.scenes import Skipped, in_netns, run_scenes, scene
from speed import HTTP, SpeedServer

CLIENTS = [f"10.0.0.{i}" for i in range(1, 10)]
FAR = "203.0.113.2"
CIRCUIT = """
circuit "wan" {
    vantage = router
    source = kernel
    interface = "wan0"
    claim { down = 100M up = 20M }
    capture = flows
    flows_one_in = 1
    devices = yes
}
"""

# The far end: TCP 443 gives each caller 20 kB, UDP is sent back to whoever sent it, shorter.
SERVER = """
import select, socket
tcp = socket.create_server(("", 443), backlog=64)
udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for s, port in zip(udp, (443, 53)):
    s.bind(("203.0.113.2", port))
print("ready", flush=True)
while True:
    for s in select.select([tcp, *udp], [], [])[0]:
        if s is tcp:
            c = s.accept()[0]
            c.recv(100)
            c.sendall(b"x" * 20000)
            c.close()
        else:
            data, who = s.recvfrom(2000)
            s.sendto(data[:len(data) // 2], who)
"""


def ip(words, where=()):
    subprocess.run([*where, "ip", *words.split()], check=True)


class Line:
    """A veth pair whose far end is in another namespace; the school is on our side."""

    def __init__(self):
        self.far = HOST.popen(["unshare", "-n", "sleep", "600"])
        self.there = ("nsenter", "-t", str(self.far.pid), "-n")
        wait_for("a namespace of its own", lambda: os.readlink(f"/proc/{self.far.pid}/ns/net")
                 != os.readlink("/proc/self/ns/net"))
        ip("link set lo up", self.there)
        for client in CLIENTS:
            ip(f"addr add {client}/32 dev lo")

    def make(self):
        ip("link add wan0 type veth peer name far0")
        ip("link set dev wan0 addrgenmode none")
        ip("link set dev far0 addrgenmode none")
        ip(f"link set far0 netns {self.far.pid}")
        ip("addr add 203.0.113.1/24 dev wan0")
        ip("link set wan0 up")
        ip(f"addr add {FAR}/24 dev far0", self.there)
        ip("link set far0 up", self.there)
        ip("route add 10.0.0.0/24 via 203.0.113.1", self.there)

    def serve(self):
        server = HOST.popen([*self.there, sys.executable, "-c", SERVER],
                            stdout=subprocess.PIPE)
        assert server.stdout.readline() == b"ready\n"
        return server

    def end(self):
        self.far.kill()
        self.far.wait()


def on_line(body):
    @in_netns
    @functools.wraps(body)
    def inside():
        line = Line()
        try:
            body(line)
        finally:
            line.end()
    return inside


def capture(box):
    return box.status()["circuits"][0]["capture"]


def traffic(box):
    return [r["traffic"][0] for r in box.records() if r.get("traffic")]


def exchange():
    """Every client: one TCP call of 20 kB, QUIC of 9 x 1,000 B there and 500 B back, DNS of
    100 and 50."""
    for client in CLIENTS:
        with socket.create_connection((FAR, 443), source_address=(client, 0)) as c:
            c.sendall(b"give")
            while c.recv(65536):
                pass
        for port, size, times in ((443, 1000, 9), (53, 100, 9)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((client, 0))
                s.connect((FAR, port))
                for _ in range(times):
                    s.send(b"q" * size)
                    s.recv(2000)


@scene
@on_line
def captures(line):
    line.make()
    server = line.serve()
    with Box(text=CIRCUIT, interval="1s") as box:
        box.start()
        wait_for("it counts every packet", lambda: capture(box)["sampled_1_in"] == 1)
        assert capture(box)["state"] == "running"
        assert no_dump_holds_rings(box.proc.pid) == 2
        assert "headers on wan0, one packet in 1 and one flow in 1\n" in \
            box.command("status", "--config", box.conf)

        def whole_ones():  # an exchange that a border cuts in half is none
            rows = [t for t in traffic(box) if t.get("captured", 0) > 300]
            if not rows:
                exchange()
            return rows

        whole = wait_for("a record of it", whole_ones, every=1)
        lose_some(box)
        box.stop()
        box.verify()
        shown(box)
        text = b"".join(open(os.path.join(folder, name), "rb").read()
                        for folder, _, names in os.walk(box.folder) for name in names)
    server.kill()
    server.wait()
    for t in whole:
        check_shares({m["class"]: m for m in t["mix"]}, t)
        assert 5 <= t["devices_min"] <= len(CLIENTS), t
        assert t["capture_drops"] == 0 and "state" not in t, t
    assert any("tcp_rtt_hist" in t and "lan_rtt_hist" in t for t in whole), whole
    for client in CLIENTS[1:]:
        assert client.encode() not in text and socket.inet_aton(client) not in text, client


def shown(box):
    """The box's pictures of it, and its report."""
    for topic in ("traffic", "rtt", "resent", "saturated"):
        picture = os.path.join(box.folder, f"{topic}.svg")
        box.command("graph", "wan", topic, "--config", box.conf, "-o", picture,
                    env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # librrd's own
        with open(picture, "rb") as f:
            assert f.read().startswith((b"<?xml", b"<svg")), topic
        os.unlink(picture)
    report = json.loads(box.command("report", "--journal", box.state + "/journal.db", "--tz", "UTC",
                                    "--format", "json"))
    mix = report["traffic"]["mix"]
    assert {"tls", "quic", "dns"} <= {c["class"] for c in mix["up"]["classes"]}, mix
    for c in mix["down"]["classes"]:
        assert c["share_low_ppm"] <= c["share_ppm"] <= c["share_high_ppm"], c
    assert report["traffic"]["capture_drops"] > 1000, report["traffic"]
    assert report["traffic"]["round_trips"]["wan"]["n"] > 0, report["traffic"]


def no_dump_holds_rings(pid):
    """How many rings are mapped, all of them left out of core dumps (flag dd)."""
    with open(f"/proc/{pid}/smaps", encoding="ascii") as f:
        maps = f.read().split("VmFlags:")
    rings = [flags for before, flags in zip(maps, maps[1:]) if "socket:[" in before]
    assert all("dd" in flags.split("\n")[0].split() for flags in rings), rings
    return len(rings)


def lose_some(box):
    """More packets than the rings hold while nobody reads them."""
    box.proc.send_signal(signal.SIGSTOP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((FAR, 9))
        for _ in range(20000):
            with contextlib.suppress(ConnectionRefusedError):
                s.send(b"q")
    box.proc.send_signal(signal.SIGCONT)
    wait_for("drops are shown", lambda: capture(box)["drops"] > 1000)
    assert "lost to a full ring" in box.command("status", "--config", box.conf)
    wait_for("a record says it", lambda: sum(t.get("capture_drops", 0) for t in traffic(box)) > 1000)


def check_shares(mix, t):
    """Of an exchange cut at any point: what is sent for a class is in the same proportion."""
    assert set(mix) <= {"tls", "quic", "dns", "other"}, t
    up, down = ({k: m.get(f"{way}_ppm", 0) for k, m in mix.items()} for way in ("up", "down"))
    quic, dns = 9 * (1000 + 42), 9 * (100 + 42)
    assert abs(up["quic"] / up["dns"] / (quic / dns) - 1) < 0.25, t
    assert 0.6 < down["tls"] / 1e6 < 0.95, t
    assert up.get("tls", 0) < 0.35e6 and abs(sum(down.values()) - 1e6) < 10, t


@scene
@on_line
def capture_follows_its_interface(line):
    """Late, down, renamed, another one of that name: all without rights."""
    with Box(text=CIRCUIT, interval="1s") as box:
        def comes_to(state):
            wait_for(state, lambda: capture(box)["state"] == state, every=0.1)

        box.start()
        comes_to("interface-gone")
        line.make()
        comes_to("running")
        ip("link set wan0 down")
        comes_to("interface-down")
        ip("link set wan0 up")
        comes_to("running")
        ip("link set wan0 down")
        ip("link set wan0 name other0")
        comes_to("interface-gone")
        assert "other0" in capture(box)["detail"], capture(box)
        assert any("other0" in p["what"] and "ip link" in p["mend"]
                   for p in box.status()["problems"]), box.status()["problems"]
        ip("link set other0 name wan0")
        ip("link set wan0 up")
        comes_to("running")
        ip("link del wan0")
        comes_to("interface-gone")
        line.make()
        comes_to("running")
        wait_for("it counts every packet", lambda: capture(box)["sampled_1_in"] == 1)
        before = capture(box)["captured"]
        server = line.serve()
        exchange()
        wait_for("packets of the new one", lambda: capture(box)["captured"] > before + 200)
        wait_for("a second of nothing else", lambda: "state" not in traffic(box)[-1])
        server.kill()
        server.wait()
        wait_for("a record of a whole second", lambda: "state" not in traffic(box)[-1])
        box.stop()
        box.verify()
        states = [t.get("state") for t in traffic(box)]
        assert {"interface-gone", "interface-down", None} <= set(states), states
        for t in traffic(box):
            assert t["covered_s"] <= 1 and (t["covered_s"] == 1 or "state" in t
                                            or not t.get("captured")), t
        text = box.text()
        assert text.count("nothing is told of its packets until") >= 3, text
        assert text.count("captured again") >= 3, text


class NoRawHost(Host):
    def argv(self, command):
        return ["setpriv", "--pdeathsig", "KILL", "--bounding-set", "-net_raw", *command]


@scene
@on_line
def capture_without_rights(line):
    """Everything else goes on, and it is said."""
    line.make()
    with Box(text=CIRCUIT, interval="1s", place=NoRawHost()) as box:
        box.start()
        assert capture(box)["state"] == "no-rights", capture(box)
        wait_for("it says so", lambda: any("CAP_NET_RAW" in p["what"]
                                           for p in box.status()["problems"]))
        records = box.wait_records(2)
        assert records[-1]["traffic"][0]["state"] == "no-rights", records[-1]
        assert records[-1]["traffic"][0]["covered_s"] == 0
        assert "captured" not in records[-1]["traffic"][0]
        assert records[-1]["circuits"][0]["covered_s"] == 1, records[-1]
        # to switch off and on again needs none, for none was ever had
        box.write(CIRCUIT.replace("capture = flows", "capture = off"))
        box.reload()
        wait_for("it is off", lambda: "capture" not in box.status()["circuits"][0])
        box.stop()


MIRROR = """
circuit "wan" {
    vantage = mirror
    source = mirror
    interface = "wan0"
    capture = mix
    router = "02:00:00:00:00:01"
}
circuit "other" { vantage = router source = kernel interface = "lo" }
icmp "edges" { circuit = "other" target "left" { address = "127.0.0.1" } }
"""


@scene
@on_line
def mirror_refused(line):
    """An interface that may not listen to what passes by: told, no figure made of what little
    came, and everything else goes on; where it may again, the same configuration runs."""
    refusing = NoPromiscuousHost()
    if why := refusing.why_not():
        raise Skipped(f"no filter of system calls: {why}")
    said = "wan0: the interface refuses to listen to all that passes: Operation not permitted"
    line.make()
    with Box(text=MIRROR, interval="1s", place=refusing) as box:
        box.start()
        wait_for("it is refused", lambda: capture(box)["state"] == "refused")
        assert capture(box)["detail"] == said, capture(box)
        subprocess.run([*line.there, "ping", "-c", "5", "-i", "0.2", "-q", "203.0.113.1"],
                       check=True, stdout=subprocess.DEVNULL)
        records = box.wait_records(3)
        (problem,) = [p for p in box.status()["problems"] if "refuses to listen" in p["what"]]
        assert said in problem["what"] and "must allow its port" in problem["mend"], problem
        page = box.command("status", "--config", box.conf, ok=(0, 1))
        assert "refuses to listen to all that passes" in " ".join(page.split()), page
        for r in records:
            (t,) = r["traffic"]
            assert (t["circuit"], t["state"], t["covered_s"]) == ("wan", "refused", 0), t
            assert not {"captured", "mix"} & set(t), t
            wan, other = r["circuits"]
            assert wan["covered_s"] == 0 and "down" not in wan, wan
            assert other["covered_s"] == 1 or r is records[0], other
        echoes = [x for r in records for x in r.get("latency", [])]
        assert sum(x["sent"] - x["lost"] for x in echoes) > 0, records
        assert box.text().count("refuses to listen") == 1, box.text()
        box.stop()
        box.place = HOST
        box.start()
        wait_for("it is not refused", lambda: capture(box)["state"] == "running")
        box.stop()
        box.verify()


@scene
@on_line
def capture_leaves_out_own_tests(line):
    """While a test of the box runs nothing is captured; another configuration needs no rights."""
    line.make()
    with SpeedServer() as url, Box(text=CIRCUIT + HTTP % ("", url), interval="1s") as box:
        box.start()
        wait_for("it captures", lambda: capture(box)["state"] == "running")
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(box.socket)
            asker.sendall(b'{"verb":"probe","probe":"state"}\n')
            asker.recv(1)
            assert capture(box)["state"] == "paused", capture(box)
            wait_for("the run is over",
                     lambda: not box.status()["tests"]["probes"][0]["running"])
        wait_for("it captures again", lambda: capture(box)["state"] == "running")
        box.write(CIRCUIT.replace("flows_one_in = 1", "flows_one_in = 2") + HTTP % ("", url))
        box.reload()
        wait_for("the new one holds", lambda: capture(box)["flows_1_in"] == 2)
        wait_for("it captures by it", lambda: traffic(box)[-1].get("flows_1_in") == 2)
        box.stop()
        rows = traffic(box)
        tested = [t for t in rows if "own-test" in t.get("flags", [])]
        assert tested and all(t["covered_s"] == 0 for t in tested), tested
        assert all("state" not in t for t in tested), tested
        assert rows[-1]["covered_s"] == 1 and "flags" not in rows[-1], rows[-1]


@scene
@on_line
def capture_side_changes_in_a_test(line):
    """Whether a test is left out is decided by the configuration in force, not by the one that
    it began under."""
    line.make()
    with SpeedServer() as url:
        tests = (HTTP % ("", url)).replace("duration = 1s", "duration = 2s")
        school = CIRCUIT.replace("capture = ", "capture_side = school\n    capture = ")
        with Box(text=CIRCUIT + tests, interval="1s") as box:
            def now(text, state, asker):
                box.write(text + tests)
                box.reload()
                wait_for(state, lambda: capture(box)["state"] == state, every=0.05)
                assert b'"ok":' not in asker.recv(100000), "the test should be running"

            box.start()
            wait_for("it captures", lambda: capture(box)["state"] == "running")
            with socket.socket(socket.AF_UNIX) as asker:
                asker.settimeout(60)
                asker.connect(box.socket)
                asker.sendall(b'{"verb":"probe","probe":"state"}\n')
                asker.recv(1)
                assert capture(box)["state"] == "paused", capture(box)
                now(school, "running", asker)
                now(CIRCUIT, "paused", asker)
                now(school, "running", asker)
                last = next(line for line in asker.makefile() if '"ok":' in line)
                assert json.loads(last)["ok"], last
            assert capture(box)["state"] == "running", capture(box)
            before = len(traffic(box))
            wait_for("seconds are covered", lambda: any(
                t["covered_s"] == 1 for t in traffic(box)[before:]))
            box.stop()


if __name__ == "__main__":
    run_scenes()
