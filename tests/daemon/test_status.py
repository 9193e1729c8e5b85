# SPDX-License-Identifier: GPL-3.0-or-later
"""What `bandwitness status` says is wrong, and the mend, in each state a box gets into."""
import os
import sqlite3
import subprocess

from bwtest import HOST, Box, wait_for
from bwtest.scenes import Skipped, in_netns, in_netns_and_mounts, run_scenes, scene
from speed import HTTP


def allow_ping():
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write("0 2147483647")


def told(box, *words, seconds=40):
    """The problem that has all these words in what it says; the page says the same."""
    def look():
        for p in box.status()["problems"]:
            if all(w in p["what"] for w in words):
                return p
        return None
    found = wait_for(f"a problem that says {words}: {box.status()['problems']}", look, seconds)
    page = box.command("status", "--socket", box.socket)
    assert found["what"] in page and f"Mend: {found['mend']}" in page, page
    assert "Everything works" not in page
    return found


def not_told(box, *words):
    assert not [p for p in box.status()["problems"] if all(w in p["what"] for w in words)]


@scene
@in_netns
def tells_of_the_line():
    """Silent targets, one target, an interface that is not there."""
    allow_ping()
    with Box(more='circuit "lte" { vantage = router source = kernel interface = "nope0" }\n'
                  'icmp "far" { circuit = "lte" target "third" { address = "127.0.0.3" } }\n') as box:
        box.start()
        box.wait_records(2)
        found = told(box, '"lte"', "nope0", "cannot be read")
        assert "ip link" in found["mend"], found
        found = told(box, '"lte"', "one target only")
        not_told(box, "wan")
        subprocess.run(["nft", "-f", "-"], check=True, input=b"table inet silence {\n"
                       b"chain input {\ntype filter hook input priority 0\n"
                       b"icmp type echo-request ip daddr 127.0.0.2 drop\n}\n}\n")
        found = told(box, '"wan"', "did not answer", "right")
        assert "another address" in found["mend"] and "left" not in found["what"], found
        subprocess.run(["nft", "add", "rule", "inet", "silence", "input",
                        "icmp type echo-request ip daddr 127.0.0.1 drop"], check=True)
        told(box, '"wan"', "out since", seconds=60)
        subprocess.run(["nft", "delete table inet silence"], check=True)
        # a firewall of the box itself, and a way that is gone
        subprocess.run(["nft", "-f", "-"], check=True, input=b"table inet own {\n"
                       b"chain output {\ntype filter hook output priority 0\n"
                       b"icmp type echo-request ip daddr 127.0.0.3 drop\n}\n}\n")
        found = told(box, "Nothing can be sent", "third", "not permitted")
        assert "nft list ruleset" in found["mend"], found
        last = box.wait_records(len(box.rows()) + 4)[-1]
        assert "third" not in {t["probe"] for t in last["latency"]}, "it was not sent"
        wait_for("it is over", lambda: not box.status()["circuits"][0]["out"])
        wait_for("and forgotten", lambda: not [
            p for p in box.status()["problems"] if '"wan"' in p["what"]])


def rows(box, target):
    return [t for t in box.status()["circuits"][0]["latency"] if t["target"] == target]


@scene
@in_netns_and_mounts
def tells_of_a_family():
    """A name over both families, one of which goes and comes; a name of a family that was
    never there."""
    allow_ping()
    subprocess.run("ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set"
                   " d1 up && ip addr add 192.0.2.1/24 dev d0 && ip addr add fd00:5::1/64"
                   " dev d0 nodad", shell=True, check=True)
    with Box(more='icmp "names" { family = both\n'
                  ' target "elm" { address = "elm.example" }\n'
                  ' target "oak" { address = "oak.example" } }\n') as box:
        hosts = os.path.join(box.folder, "hosts")
        with open(hosts, "w", encoding="ascii") as f:
            f.write("192.0.2.1 elm.example oak.example\nfd00:5::1 elm.example\n"
                    "fd00:6::1 oak.example\n")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        box.start()
        wait_for("both are answered", lambda: {
            t["probe"] + str(t["family"]) for r in box.records()[-1:]
            for t in r.get("latency", []) if t["sent"] > t["lost"]} >= {"elm4", "elm6", "oak4"})
        not_told(box, "Nothing can be sent")
        subprocess.run("ip addr del fd00:5::1/64 dev d0", shell=True, check=True)
        found = told(box, "Nothing can be sent any more over IPv6", '"elm"', "unreachable")
        assert "ip route" in found["mend"], found
        not_told(box, "oak")
        six = [t for t in rows(box, "elm") if t.get("family") == 6]
        assert len(six) == 1 and "unreachable" in six[0]["not_sent"], rows(box, "elm")
        assert not [t for t in rows(box, "elm") + rows(box, "oak")
                    if t.get("family") != 6 and "not_sent" in t], box.status()
        assert "elm                  icmp over IPv6  cannot be sent to: " in box.command(
            "status", "--socket", box.socket)
        subprocess.run("ip addr add fd00:5::1/64 dev d0 nodad", shell=True, check=True)
        wait_for("it is back", lambda: not [
            p for p in box.status()["problems"] if "elm" in p["what"]])


@scene
def tells_of_delivery():
    """Not enrolled; storage that is locked; a part that waits for a restart; the clock."""
    with Box(more='collector { url = "http://127.0.0.1:9" }\n') as box:
        box.start()
        box.wait_records(2)
        found = told(box, "not enrolled", "http://127.0.0.1:9")
        assert "bandwitness enroll" in found["mend"], found
        synced = box.status()["clock"]["synced"]
        assert synced == (not [p for p in box.status()["problems"] if "clock" in p["what"]])
        db = sqlite3.connect(box.state + "/journal.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        found = told(box, "cannot be written", "in memory")
        assert "locked" in found["mend"], found
        db.execute("ROLLBACK")
        db.close()
        wait_for("written again", lambda: not [
            p for p in box.status()["problems"] if "cannot be written" in p["what"]])
        with open(box.conf, encoding="utf-8") as f:
            text = f.read()
        with open(box.conf, "w", encoding="utf-8") as f:
            f.write(text.replace("interval = 1s", "interval = 2s"))
        box.reload()
        found = told(box, "waits for a restart", "interval")
        assert "systemctl restart" in found["mend"], found


@scene
def tells_of_tests():
    """Left out again and again; never allowed; failing."""
    gate = "tests { gate = fcc retry = 1s give_up = 1s }\n"
    with Box(more=gate + HTTP % ("every = 10s", "http://127.0.0.1:9/file")) as box:
        box.start()
        load = HOST.popen(["ping", "-q", "-i", "0.002", "-s", "1000", "127.0.0.1"],
                          stdout=subprocess.DEVNULL)
        try:
            found = told(box, '"state"', "left out", "busy", seconds=150)
            assert "share" in found["mend"], found
        finally:
            load.kill()
            load.wait()
        box.write(Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off }\n"
                  'class_hours "all" { days = "mon-sun" from = "00:00" to = "24:00" }\n'
                  + HTTP % ("every = 10s", "http://127.0.0.1:9/file"))
        box.reload()
        found = told(box, '"state"', "never runs today")
        assert "in_class" in found["mend"], found
        results = box.ask(30, verb="probe", probe="state")[-1]["results"]
        assert [r["state"] for r in results] == ["failed", "failed"], results
        found = told(box, '"state"', "failed")
        assert "server" in found["mend"], found
        failed = wait_for("it is on record", lambda: [
            t for r in box.records() for t in r.get("throughput", []) if t["state"] == "failed"])
        assert all("(address)" in t["reason"] and "127.0" not in t["reason"] for t in failed), failed


@scene
def tells_that_all_is_well():
    if os.geteuid() != 0:
        raise Skipped("echoes may need root here, and without them not all is well")
    with Box() as box:
        box.start()
        box.wait_records(2)
        problems = [p for p in box.status()["problems"] if "clock" not in p["what"]]
        assert not problems, problems
        page = box.command("status", "--socket", box.socket)
        assert ("Everything works." in page) == box.status()["clock"]["synced"], page


if __name__ == "__main__":
    run_scenes()
