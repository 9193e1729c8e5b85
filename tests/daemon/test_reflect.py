# SPDX-License-Identifier: GPL-3.0-or-later
"""One box answers another's latency probes: only as its file says, and it can be changed."""
import os
import socket
import subprocess

from bwtest import Box, Collector, program, wait_for
from bwtest.scenes import in_netns, run_scenes, scene

HUB = """
reflector {
    address = "127.0.0.1"
    port = %d
    key_file = "%s"
    source "school" { prefix = "%s" }
}
"""

SCHOOL = """
stamp "hub" {
    interval = 100ms
    timeout = 300ms
    key_file = "%s"
    target "hub-1" { address = "127.0.0.1:%d" }
}
"""


def secret(folder):
    path = os.path.join(folder, "stamp.key")
    with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o640)) as f:
        f.write(os.urandom(32).hex() + "\n")
    return path


def udp_ports():
    """Local ports of all UDP sockets here."""
    ports = set()
    for name in ("udp", "udp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as f:
            ports |= {int(line.split()[1].split(":")[1], 16) for line in list(f)[1:]}
    return ports


def stamp_lines(box, seq):
    """The probe's lines of the records after `seq`."""
    return [t for r in box.records()[seq:] for t in r.get("latency", []) if t["kind"] == "stamp"]


def all_answered(box):
    """The next record with a whole second of probes, all of them answered."""
    n = len(box.rows())
    return wait_for("answers", lambda: [t for t in stamp_lines(box, n)
                                        if t["sent"] >= 5 and t["lost"] == 0])[0]


def all_lost(box):
    n = len(box.rows())
    return wait_for("losses", lambda: [t for t in stamp_lines(box, n)
                                       if t["sent"] >= 5 and t["lost"] == t["sent"]])[0]


def rewrite(box, old, new, done=None):
    """Another configuration; done() or its hash tells that it was read."""
    with open(box.conf, encoding="utf-8") as f:
        text = f.read()
    assert old in text
    with open(box.conf, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    sha = box.status()["config_sha256"]
    box.reload()
    wait_for("read again", done or (lambda: box.status()["config_sha256"] != sha))


@scene
@in_netns
def reflects():
    """The hub's box answers the school's, in authenticated mode; a plain box answers nobody."""
    with Box(Box.CIRCUIT % "lo") as hub, Box(Box.CIRCUIT % "lo") as school:
        key = secret(hub.folder)
        school.write(Box.CIRCUIT % "lo" + SCHOOL % (key, 862))
        hub.start()
        assert 862 not in udp_ports() and "reflector" not in hub.status()  # off by default
        hub.stop()
        hub.write(Box.CIRCUIT % "lo" + HUB % (862, key, "127.0.0.0/8"))
        hub.start()
        assert udp_ports() == {862}
        school.start()
        line = all_answered(school)
        print("a second of it:", line)
        assert line["probe"] == "hub-1" and line["family"] == 4 and line["p50_us"] < 100000, line
        said = hub.status()["reflector"]
        assert said["answered"] > 5 and said["sessions"] == 1 and said["foreign"] == 0, said
        shown = hub.command("status", "--socket", hub.socket)
        assert "reflector  UDP port 862" in shown, shown
        # a third of what comes there is lost: so it stands on record, and on no other way
        subprocess.run(["nft", "-f", "-"], check=True, input=b"""table inet t {
            counter dropped { }
            chain input {
                type filter hook input priority 0
                udp dport 862 numgen random mod 3 < 1 counter name dropped drop
            }
        }""")
        n = len(school.rows())
        lines = wait_for("losses with a direction", lambda: [
            t for t in stamp_lines(school, n) if t.get("lost_out", 0) > 0])
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        print("a third is lost there:", lines[0])
        assert all(t["lost_back"] == 0 and 0 < t["lost_out"] <= t["lost"] for t in lines), lines
        # nobody is named any more, then the school again: without a restart
        rewrite(hub, "127.0.0.0/8", "192.0.2.0/24")
        assert all_lost(school)["lost"] > 0
        assert hub.status()["reflector"]["foreign"] > 0
        rewrite(hub, "192.0.2.0/24", "127.0.0.1")
        all_answered(school)
        # another place needs one; until then the old one holds, also by its own account
        sha = hub.status()["config_sha256"]
        rewrite(hub, "port = 862", "port = 8620",
                lambda: hub.status().get("restart_needed") == "reflector")
        assert hub.status()["config_sha256"] == sha  # what is in force
        assert udp_ports() >= {862} and 8620 not in udp_ports()
        all_answered(school)
        hub.stop()
        hub.start()
        assert 8620 in udp_ports() and 862 not in udp_ports()
        refused = all_lost(school)
        print("nobody listens there:", refused)
        assert refused["codes"] == [{"code": "refused", "n": refused["lost"]}], refused
        school.stop()
        hub.stop()
        school.verify()


@scene
@in_netns
def reflects_nothing_wrong():
    """What cannot be is told before it runs, with the mend."""
    with Box(Box.CIRCUIT % "lo") as hub:
        for text, words in (('source "a" { prefix = "10.0.0.0/99" }', "no prefix"),
                            ('address = "elm" source "a" { prefix = "10.0.0.0/8" }', "address"),
                            ("rate = 0", "rate"), ("sorce \"a\" { }", "source")):
            hub.write(Box.CIRCUIT % "lo" + "reflector {\n" + text + "\n}\n")
            done = subprocess.run([program("bandwitnessd"), "-t", "-c", hub.conf],
                                  stderr=subprocess.PIPE, universal_newlines=True)
            assert done.returncode == 1 and words in done.stderr, (text, done)
            assert "bandwitness.conf:" in done.stderr, done
        readable = os.path.join(hub.folder, "stamp.key")
        with open(readable, "w", encoding="ascii") as f:
            f.write("00" * 32)
        os.chmod(readable, 0o644)
        nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        nobody.bind(("127.0.0.1", 8621))
        for port, key, words in ((8620, readable, "chmod o="), (8620, "/nowhere", "/nowhere"),
                                 (8621, "", "8621")):
            hub.write(Box.CIRCUIT % "lo" + HUB % (port, key, "127.0.0.1"))
            done = subprocess.run([program("bandwitnessd"), "-c", hub.conf], timeout=30,
                                  stderr=subprocess.PIPE, universal_newlines=True)
            assert done.returncode == 1 and words in done.stderr, (port, key, done)
        nobody.close()


@scene
@in_netns
def collector_reflects():
    """The collector answers those that are named or registered, and counts both."""
    extra = "reflector {\n port = 8620\n registered = yes\n}\n"
    with Collector(extra) as collector, Box(Box.CIRCUIT % "lo") as school:
        school.write(Box.CIRCUIT % "lo" + SCHOOL % ("", 8620))
        school.start()
        all_lost(school)
        wait_for("strangers are counted", lambda: collector.metric(
            'bandwitness_reflector_packets_total{verdict="foreign"}'))
        assert collector.metric('bandwitness_reflector_packets_total{verdict="answered"}') == 0
        collector.admin("site", "add", "Alder Elementary", "--prefix", "127.0.0.0/8",
                        "--circuit", "wan")
        collector.reload()  # now, not within five minutes
        all_answered(school)
        assert collector.metric('bandwitness_reflector_packets_total{verdict="answered"}') > 0
        assert collector.metric("bandwitness_reflector_sessions") >= 1
        school.stop()
        collector.stop()


run_scenes()
