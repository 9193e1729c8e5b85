# SPDX-License-Identifier: GPL-3.0-or-later
"""A box that tests against its collector's own server: a ticket before every run, a receipt
of every result in its record; put off while the server has no place."""
import json
import os
import signal

from bwtest import Box, Collector, wait_for
from bwtest.measure import WebSocket, ask, measure_conf, payload_of, urls
from bwtest.scenes import run_scenes, scene

NDT7 = """
ndt7 "state" {
    circuit = wan
    direction = %s
    ticket = collector
    %s
    target "state-1" { address = "ws://127.0.0.1:1" }
}
"""


HTTP = """
http "web" {
    circuit = wan
    direction = both
    ticket = collector
    streams = 4
    warmup = 500ms
    duration = 2s
    target "state-1" { address = "http://127.0.0.1:1/" }
}
"""


def tests_of(box):
    return [t for r in box.records() for t in r.get("throughput", [])]


def ready(c):
    wait_for("the measurement server", lambda: c.metric("bandwitness_measure_up") == 1)


def enrolled(c, box):
    token = c.token("--site", "Alder Elementary")
    box.enroll(c, token["token"])
    return token["site"]


def log_key_of(c):
    return c.box("Birch Elementary").log_key


@scene
def tests_with_ticket():
    with Collector(extra=measure_conf(test_bytes="100GB", rate="100G")) as c, \
            Box(more="tests { gate = off }\n" + NDT7 % ("down", "") + c.as_conf()) as box:
        ready(c)
        site = enrolled(c, box)
        c.admin("site", "add", "--circuit", "wan", "--prefix", "127.0.0.0/8", site)
        box.start()
        box.wait_records(1)
        answer = box.ask(verb="probe", probe="state")[-1]
        assert answer["ok"], answer
        wait_for("it in the record", lambda: len(tests_of(box)) == 1, 30)
        key = log_key_of(c)
        for t in tests_of(box):
            assert (t["state"], t["grade"], t["egress"]) == ("ok", "receipt", "match"), t
            assert t["server"] == "state-1" and t["probe"] == "state", t
            r = payload_of(t["receipt"], key)
            assert (r["site"], r["circuit"], r["direction"], r["kind"]) == \
                (site, "wan", t["direction"], "ndt7"), r
            assert abs(t["bytes"] - r["bytes"]) <= r["bytes"] * 0.02 + (4 << 20), (t, r)
        log_key = os.path.join(box.folder, "log-key.jwk")
        with open(log_key, "w", encoding="utf-8") as f:
            json.dump(key, f)
        found = box.verify("--log-key", log_key)["receipts"]
        assert found == {"runs": 1, "verified": 1, "key_not_given": 0}, found
        assert box.verify()["receipts"]["key_not_given"] == 1
        assert c.metric("bandwitness_tickets_total") == 1
        assert c.metric("bandwitness_measure_places_taken") == 0


@scene
def http_with_ticket():
    with Collector(extra=measure_conf(test_bytes="100GB", rate="100G")) as c, \
            Box(more="tests { gate = off }\n" + HTTP + c.as_conf()) as box:
        ready(c)
        site = enrolled(c, box)
        box.start()
        box.wait_records(1)
        answer = box.ask(verb="probe", probe="web")[-1]
        assert answer["ok"], answer
        wait_for("both in the record", lambda: len(tests_of(box)) == 2, 30)
        key = log_key_of(c)
        for t in tests_of(box):
            assert (t["state"], t["grade"], t["egress"]) == ("ok", "receipt", "unknown"), t
            assert t["machine"] == "state-1", t
            r = payload_of(t["receipt"], key)
            assert (r["site"], r["direction"], r["kind"], r["streams"], r["end"]) == \
                (site, t["direction"], "http", 4, "done"), r
            # the window is a part of the test, in time and in bytes
            assert t["duration_ms"] * 1000 < r["elapsed_us"], (t, r)
            assert t["bytes"] < r["bytes"], (t, r)
        log_key = os.path.join(box.folder, "log-key.jwk")
        with open(log_key, "w", encoding="utf-8") as f:
            json.dump(key, f)
        assert box.verify("--log-key", log_key)["receipts"]["verified"] == 2
        assert len({payload_of(t["receipt"], key)["nonce"] for t in tests_of(box)}) == 1
        assert c.metric("bandwitness_measure_places_taken") == 0
        box.stop()


@scene
def left_by_another_line():
    """Three runs in a row, not three directions; one by this line ends it."""
    with Collector(extra=measure_conf(test_bytes="100GB", site_bytes="900GB", rate="100G")) as c, \
            Box(more="tests { gate = off day_bytes = 900GB }\n" + HTTP.replace("= 2s", "= 1s")
                + c.as_conf()) as box:
        ready(c)
        site = enrolled(c, box)
        c.admin("site", "add", "--circuit", "wan", "--prefix", "192.0.2.0/24", site)
        box.start()
        box.wait_records(1)

        def said():
            return [p["what"] for p in box.status()["problems"] if "another line" in p["what"]]
        for n, egress in enumerate(("other", "other", "other", "match"), 1):
            if egress == "match":
                c.admin("site", "prefix", "--add", "127.0.0.0/8", site)
            answer = box.ask(verb="probe", probe="web")[-1]
            assert answer["ok"], answer
            wait_for("both in the record", lambda: len(tests_of(box)) == 2 * n, 30)
            assert {t["egress"] for t in tests_of(box)[-2:]} == {egress}, tests_of(box)[-2:]
            if n == 3:
                (what,) = wait_for("the advice", said, 20)
                assert what.startswith("The last 3 tests "), what
            else:
                wait_for("no advice", lambda: not said(), 20)
        box.stop()


@scene
def put_off_while_busy():
    conf = measure_conf(tests=1, test_bytes="20MB")
    box_conf = "tests { gate = off retry = 1s give_up = 10min }\n" + NDT7 % ("both", "every = 10s")
    with Collector(extra=conf) as c, Box(more=box_conf + c.as_conf()) as box:
        ready(c)
        enrolled(c, box)
        holder = c.box("Birch Elementary")
        held = urls(c, holder)["ws:///ndt/v7/download"]
        box.start()
        deferred = wait_for("a deferral", lambda: [
            t for t in tests_of(box) if t["state"] == "deferred"], 60)
        assert {t["reason"] for t in deferred} == {"server busy"}, deferred
        assert {t["direction"] for t in deferred} <= {"down", "up"}
        state = box.status()["tests"]["probes"][0]
        assert not state["running"], state
        # the holder tests, and its place is free
        w = WebSocket(held)
        w.until_close()
        w.close()
        answer = wait_for("a place", lambda: (lambda a: a if a["ok"] else None)(
            box.ask(verb="probe", probe="state")[-1]), 60)
        # Both were served, up to the few bytes that this server gives.
        assert all(r["bytes"] >= 20_000_000 for r in answer["results"]), answer
        assert c.metric("bandwitness_test_receipts_total") == 3
        box.stop()


@scene
def refused_over_a_reload():
    """A test that gets no ticket is put off, also where the file was read again meanwhile."""
    box_conf = "tests { gate = off retry = 1min give_up = 1h }\n"
    test = NDT7 % ("down", "every = 10s")
    other = (NDT7 % ("down", "")).replace('"state"', '"a-first"').replace("ticket = collector", "")
    with Collector(extra=measure_conf(tests=1, test_bytes="20MB")) as c, \
            Box(more=box_conf + test + c.as_conf()) as box:
        ready(c)
        enrolled(c, box)
        held = ask(c, c.box("Birch Elementary"), direction="both")
        assert held.status == 200, held.body

        def waits():
            return [t.get("waits") for t in box.ask(verb="schedule")[-1]["tests"]
                    if t["probe"] == "state"]
        c.proc.send_signal(signal.SIGSTOP)
        try:
            box.start()
            wait_for("a request for a ticket", lambda: [
                p for p in box.status()["tests"]["probes"] if p["running"]], 60)
            sha = box.status()["config_sha256"]
            box.write(Box.CIRCUIT % "lo" + Box.ICMP + box_conf + other + test + c.as_conf())
            box.reload()
            wait_for("read again", lambda: box.status()["config_sha256"] != sha, 10)
            assert waits() != ["server busy"], waits()
        finally:
            c.proc.send_signal(signal.SIGCONT)
        wait_for("it waits", lambda: waits() == ["server busy"], 8)
        wait_for("the deferral in the record", lambda: [
            t for t in tests_of(box) if t.get("reason") == "server busy"], 20)
        box.stop()


@scene
def no_server_no_test():
    with Collector() as c, Box(more="tests { gate = off }\n" + NDT7 % ("both", "") + c.as_conf()) as box:
        box.start()
        box.wait_records(1)
        answer = box.ask(verb="probe", probe="state")[-1]
        assert not answer["ok"] and "not enrolled" in answer["error"], answer
        enrolled(c, box)
        box.reload()
        wait_for("enrolled", lambda: box.status().get("site", "s-local") != "s-local", 20)
        answer = wait_for("the collector's word", lambda: (
            lambda a: a if "measurement server" in a.get("error", "") else None)(
                box.ask(verb="probe", probe="state")[-1]), 20)
        assert not answer["ok"], answer
        assert "no measurement server" in answer["error"], answer
        wait_for("a deferral in the record", lambda: any(
            t["state"] == "deferred" and "measurement server" in t["reason"]
            for t in tests_of(box)), 20)
        # a person asked: nothing that was drawn was put off
        assert all(t["flags"] == ["asked"] and t["server"] == "state-1"
                   for t in tests_of(box)), tests_of(box)
        c.kill()
        answer = box.ask(verb="probe", probe="state")[-1]
        assert not answer["ok"] and "cannot be asked" in answer["error"], answer
        box.stop()  # in order, though the collector is gone


if __name__ == "__main__":
    run_scenes()
