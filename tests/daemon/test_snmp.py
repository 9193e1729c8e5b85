# SPDX-License-Identifier: GPL-3.0-or-later
"""A line that an edge device counts: net-snmp's own agent with its cache, a restart, another
ifIndex, short counters, a wrong key, silence. What the records say is compared with the
kernel's counters of the interface that the agent reads."""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

from bwtest import Box, scratch
from bwtest import edge as e
from bwtest.scenes import in_netns, run_scenes, scene
from speed import HTTP, SpeedServer

RATE = 200_000  # bytes a second


def wan(record):
    return record["circuits"][0]


def snmp(box):
    status = box.status() or {}
    return (status.get("circuits") or [{}])[0].get("snmp", {})


def wait_state(box, state, seconds=60):
    box.wait(f"state {state}", lambda: snmp(box).get("state") == state, seconds)
    return snmp(box)


def bound_s(record, every_s):
    """How far from a border the bytes may lie that stand on its wrong side: docs/summary-v1.md."""
    return wan(record)["resolution_ms"] / 1000 + 2 * every_s + 0.5


def hold_the_bound(truth, records, every_s):
    """Each record that is covered whole, and all of them together."""
    whole = [r for r in records if wan(r)["covered_s"] == r["end"] - r["start"]
             and "resolution_ms" in wan(r)]
    assert len(whole) >= 3, [wan(r) for r in records]
    for many in [[r] for r in whole] + [whole]:
        r = max(bound_s(one, every_s) for one in many)
        start, end = many[0]["start"], many[-1]["end"]
        assert end - start == sum(wan(one)["covered_s"] for one in many), "a hole between them"
        said = sum(wan(one)["down"]["bytes"] for one in many)
        least, most = truth.least(start + r, end - r), truth.most(start - r, end + r)
        print(f"{end - start} s: {least} <= {said} <= {most}, kernel {truth.most(start, end)}")
        assert least <= said <= most, (start, end, r)


@contextlib.contextmanager
def counted(more="", hidden=(), secret=None, agent="", interval="5s", claim="", start=True,
            rate=RATE, tests="", cache_s=3, waves=False):
    """An edge, a box that reads it, traffic; (edge, box)."""
    e.link()
    with scratch() as folder, e.Edge(folder, agent, hidden, cache_s) as edge, \
            e.Traffic(rate, waves):
        path = e.secrets(folder, secret) if secret else e.secrets(folder)
        text = e.circuit(edge, path, more, claim) + Box.ICMP + tests
        with Box(text, interval=interval) as box:
            if start:
                box.start()
            yield edge, box


def throughput(box):
    return [t for r in box.records() for t in r.get("throughput", ())]


CLAIM = "claim { down = %s up = %s }"


def due_tests(url):
    """A test each ten seconds, put off for one at a time."""
    return "tests { retry = 1s }\n" + HTTP % ("every = 10s", url)


def rates(records):
    """Bytes a covered second of each record that covers something."""
    return [wan(r)["down"]["bytes"] / wan(r)["covered_s"] for r in records
            if wan(r)["covered_s"] > 0]


@scene
@in_netns
def edge_counts():
    """Bytes are the kernel's within the stated bound; nothing is said of seconds; the refresh
    is measured."""
    with e.Truth() as truth, counted("every = 500ms", cache_s=1, interval="10s",
                                     waves=True) as (_, box):
        wait_state(box, "counting")
        box.wait("a refresh", lambda: "refresh_ms" in snmp(box), 90)
        known = snmp(box)
        assert known["bits"] == 64 and known["ifindex"] > 1, known
        n = len(box.rows())
        records = box.wait_records(n + 5, 90)[n + 1:]
        text = box.command("status", "--config", box.conf)
        assert "new every" in text and "counted by: snmp" in text, text
        box.stop()
    hold_the_bound(truth, records, 0.5)
    for r in records:
        c = wan(r)
        assert c["source"] == "snmp" and c["layer"] == "ethernet", c
        assert 900 <= c["resolution_ms"] <= 2000, c
        assert "p95_1s_bps" not in c["down"] and "peak_1s_bps" not in c["down"], c
        assert "packets" not in c["down"] and "saturated_s" not in c, c


@scene
@in_netns
def edge_starts_again():
    """An agent that starts anew: a gap, never a leap. With the longest keys there are."""
    with counted('user = "longest" auth = sha512 privacy = aes256') as (edge, box):
        wait_state(box, "counting")
        box.wait("readings", lambda: any(rates(box.records())), 60)
        edge.stop()
        wait_state(box, "silent")
        edge.start()
        wait_state(box, "counting")
        n = len(box.rows())
        records = box.wait_records(n + 4, 60)
        assert any(rates(records[n + 1:])), records[-1]
        gaps = [g["why"] for r in records for g in r.get("gaps", ())]
        assert "counter" in gaps, gaps
        assert all(r < 4 * RATE for r in rates(records)), rates(records)
        assert not [o for r in records for o in r.get("outages", ())], "a silent box is no outage"
        box.stop()


@scene
@in_netns
def edge_pauses():
    """Silent from just before a border until just after the next one, and the same as before:
    the bytes of that time are all of it, in no burst and no hole."""
    with counted(cache_s=1, interval="10s") as (edge, box):
        box.wait("a refresh", lambda: "refresh_ms" in snmp(box), 90)
        time.sleep(10 - (time.time() + 1) % 10)
        border = round(time.time()) + 1
        edge.proc.send_signal(signal.SIGSTOP)
        time.sleep(border + 13 - time.time())
        silent = snmp(box)["state"]
        edge.proc.send_signal(signal.SIGCONT)
        wait_state(box, "counting")
        box.wait("what came after it", lambda: box.records()[-1]["start"] > border + 10, 60)
        records = [r for r in box.records() if border <= r["start"] <= border + 10]
        box.stop()
    assert silent == "silent", silent
    assert len(records) == 2, records
    for r in records:
        assert wan(r)["covered_s"] == 10, [wan(r) for r in records]
        assert 0.85 * RATE < wan(r)["down"]["bytes"] / 10 < 1.15 * RATE, [wan(r) for r in records]
    assert "counter" in [g["why"] for r in records for g in r.get("gaps", ())], records


@scene
@in_netns
def edge_renumbers():
    """The interface is made anew, under another number and with other counts."""
    with counted() as (edge, box):
        first = wait_state(box, "counting")["ifindex"]
        box.wait("readings", lambda: any(rates(box.records())), 60)
        e.link()
        with e.Traffic(RATE):
            box.wait("another number", lambda: snmp(box).get("state") == "counting"
                     and snmp(box).get("ifindex") != first, 90)
            n = len(box.rows())
            box.wait("counts again", lambda: any(rates(box.records()[n:])), 60)
            assert all(r < 4 * RATE for r in rates(box.records())), rates(box.records())
        box.stop()


@scene
@in_netns
def edge_refuses():
    """A wrong passphrase says so, counts nothing, and is mended by a reload."""
    with counted(secret=f"auth {e.AUTH}\nprivacy of the wrong tree\n") as (edge, box):
        said = wait_state(box, "wrong-key")
        assert "privacy passphrase" in said["text"], said
        records = box.wait_records(2)
        for r in records:
            assert wan(r)["covered_s"] == 0 and "down" not in wan(r), wan(r)
        text = box.command("status", "--config", box.conf)
        assert "passphrases" in text and "TROUBLE" in text, text
        e.secrets(edge.folder, f"auth not of any tree\nprivacy {e.PRIVACY}\n")
        box.reload()
        box.wait("another refusal", lambda: "uthentication" in snmp(box).get("text", ""))
        e.secrets(edge.folder)
        box.reload()
        wait_state(box, "counting")
        log = box.text()
        for word in (e.AUTH, e.PRIVACY, "wrong tree", "not of any tree"):
            assert word not in log, "a secret in the log"
        box.stop()


@scene
@in_netns
def edge_silent():
    """Nobody there; a file that others may read; no such interface: told, and null."""
    with SpeedServer() as url, counted(
            start=False, claim=CLAIM % ("40M", "40M"), tests=due_tests(url)) as (edge, box):
        edge.stop()
        box.start()
        wait_state(box, "silent")
        due = box.wait("a test that was due", lambda: throughput(box), 60)
        assert all(t["state"] == "deferred" and "no counter" in t["reason"] for t in due), due
        records = box.wait_records(3)
        assert all(wan(r)["covered_s"] == 0 for r in records), records
        assert all("down" not in wan(r) for r in records), records
        os.chmod(os.path.join(edge.folder, "edge.secret"), 0o644)
        box.reload()
        box.wait("a word on the file", lambda: "chmod 600" in snmp(box).get("text", ""))
        assert snmp(box)["state"] == "not-running", snmp(box)
        e.secrets(edge.folder)
        edge.start()
        box.write(e.circuit(edge, os.path.join(edge.folder, "edge.secret"), name="birch0")
                  + Box.ICMP)
        box.reload()
        said = wait_state(box, "no-interface")
        assert "birch0" in said["text"], said
        box.stop()


@scene
@in_netns
def edge_described():
    """Found by its description; of two ports that have it none is, although one is down."""
    subprocess.run(["ip", "link", "add", "oak0", "type", "veth", "peer", "name", "oak1"],
                   check=True)
    with counted(start=False) as (edge, box):
        edge.describe(e.NAME, "ISP uplink")
        box.write(e.circuit(edge, os.path.join(edge.folder, "edge.secret"), name="ISP uplink",
                            by="alias") + Box.ICMP)
        box.start()
        known = wait_state(box, "counting")
        assert known["ifindex"] == socket.if_nametoindex(e.NAME), known
        box.stop()
        edge.describe("oak0", "ISP uplink")
        box.start()
        said = wait_state(box, "ambiguous")
        assert "2 interfaces" in said["text"], said
        box.wait("the mend", lambda: "give the interface a description of its own" in " ".join(
            box.command("status", "--config", box.conf).split()))
        box.stop()


HC = (".1.3.6.1.2.1.31.1.1.1.6", ".1.3.6.1.2.1.31.1.1.1.10")


@scene
@in_netns
def edge_short_counters():
    """A device with 32-bit counters only, at a speed they can bear."""
    with e.Truth() as truth, counted(
            "every = 500ms", HC + (".1.3.6.1.2.1.31.1.1.1.15",), cache_s=1, interval="8s", waves=True,
            agent=f"interface {e.NAME} 6 100000000\n") as (_, box):
        known = wait_state(box, "counting")
        assert known["bits"] == 32, known
        box.wait("a refresh", lambda: "refresh_ms" in snmp(box), 90)
        n = len(box.rows())
        records = box.wait_records(n + 4, 90)[n + 1:]
        box.stop()
    hold_the_bound(truth, records, 0.5)


@scene
@in_netns
def edge_too_fast():
    """… and at one at which they could wrap unseen: refused."""
    with counted(hidden=HC) as (_, box):
        said = wait_state(box, "too-fast")
        assert "32-bit" in said["text"], said
        records = box.wait_records(3)
        assert all(wan(r)["covered_s"] == 0 for r in records), records
        box.stop()


@scene
@in_netns
def edge_community():
    """v2c, because the configuration says so; a wrong community is silence. Its port states
    less speed than it carries: counted all the same, and told."""
    with counted(more="version = v2c", secret="community heron\n", rate=600_000,
                 agent=f"interface {e.NAME} 6 1000000\n") as (edge, box):
        wait_state(box, "counting")
        box.wait("a word on the speed", lambda: "ifHighSpeed" in snmp(box).get("text", ""), 60)
        assert snmp(box)["state"] == "counting", snmp(box)
        n = len(box.rows())
        said = rates(box.wait_records(n + 3)[n + 1:])
        assert any(400_000 < r < 800_000 for r in said), said
        e.secrets(edge.folder, "community egret\n")
        edge.stop()
        wait_state(box, "silent")
        box.reload()
        edge.start()
        time.sleep(8)
        assert snmp(box)["state"] in ("silent", "starting"), snmp(box)
        box.stop()


@scene
@in_netns
def edge_errors():
    """A device that answers with errors only is not told as a silent one."""
    with scratch() as folder, e.FaultyAgent() as agent:
        path = e.secrets(folder, "community heron\n")
        with Box(e.circuit(agent, path, "version = v2c") + Box.ICMP, interval="5s") as box:
            box.start()
            said = wait_state(box, "faulty")
            assert "genError" in said["text"] and "no answer" not in said["text"], said
            assert all("down" not in wan(r) for r in box.wait_records(1))
            box.stop()


@scene
@in_netns
def edge_gate():
    """Users draw 7 % of the claim: little enough for the gate of 10 %, too much where the
    counts are 3 s old."""
    with SpeedServer() as url, counted(rate=350_000, claim=CLAIM % ("40M", "40M"),
                                       tests=due_tests(url)) as (_, box):
        box.wait("a deferral", lambda: [t for t in throughput(box)
                                        if "the gate is 2000 kbit/s" in t.get("reason", "")], 150)
        assert all(t["state"] == "deferred" for t in throughput(box)), throughput(box)
        box.stop()


@scene
@in_netns
def edge_own_tests():
    """Tests due one after the other: what counts of 5 s hold of one is not "users" to
    the next. The day's bytes leave no room for longer ones."""
    tests = "tests { retry = 1s day_bytes = 300MB }\n" + \
        "".join(HTTP.replace("state", name) % ("every = 10s", "%s") for name in ("oak", "ash"))
    e.link()
    with scratch() as folder, e.Edge(folder, cache_s=5) as edge, SpeedServer() as url:
        text = e.circuit(edge, e.secrets(folder), claim=CLAIM % ("100M", "100M"), name="lo")
        with Box(text + Box.ICMP, interval="5s") as box:
            box.start()
            box.wait("a refresh", lambda: snmp(box).get("refresh_ms", 0) > 4000, 90)
            box.write(text + Box.ICMP + tests % (url, url))
            box.reload()
            # a direction is 1.5 s of 40 Mbit/s: the fourth begins
            box.wait("the second test", lambda: box.status()["tests"]["moved_today_bytes"]
                     > 22_000_000, 120)
            assert "is put off (busy" not in box.text(), box.text()
            box.stop()


@scene
@in_netns
def edge_line():
    """A test on a line whose counts are 3 s old: it lasts 30 s, and its line rate is the
    kernel's within the error that it states."""
    truth, over = [], threading.Event()

    def watch():
        while not over.wait(0.1):
            truth.append((time.time() * 1000, e.received("lo")))

    def at(ms):
        return min(truth, key=lambda t: abs(t[0] - ms))[1]

    test = """
http "state" {
    circuit = "wan"
    direction = down
    duration = 2s
    warmup = 500ms
    streams = 1
    target "state-1" { address = "%s" }
}
"""
    e.link()
    with scratch() as folder, e.Edge(folder) as edge, SpeedServer() as url:
        text = e.circuit(edge, e.secrets(folder), claim=CLAIM % ("100M", "100M"),
                         name="lo") + Box.ICMP + test % url
        with Box(text, interval="5s") as box:
            box.start()
            threading.Thread(target=watch, daemon=True).start()
            box.wait("a refresh", lambda: snmp(box).get("refresh_ms", 0) > 2000, 90)
            answer = box.ask(seconds=90, verb="probe", probe="state")[-1]
            assert answer["ok"], answer
            run = box.wait("the result", lambda: throughput(box), 60)[0]
            over.set()
            box.stop()
    begun, ended = run["at_ms"], run["at_ms"] + run["duration_ms"]
    line = (at(ended) - at(begun)) * 8000 / run["duration_ms"]
    print("kernel", round(line), "run", run)
    assert 29000 <= run["duration_ms"] <= 31000, run
    assert run["line_error_ppm"] <= 50000, run
    # the sampling of the truth itself is good to a hundredth
    assert abs(run["line_bps"] / line - 1) <= run["line_error_ppm"] / 1e6 + 0.01, (run, line)
    assert run["concurrent_bps"] <= line * 0.05, run


if __name__ == "__main__":
    run_scenes()
