# SPDX-License-Identifier: GPL-3.0-or-later
"""A real box and a real collector: killed, copied, enrolled, deceived."""
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import threading
import time

from bwtest.jose import sha
from bwtest import HOST, Box, Collector, SceneError, payload, wait_for
from bwtest.scenes import run_scenes, scene


@scene
def killed():
    """kill -9 of the box at random moments, under load, with a real collector: nothing
    acknowledged or journalled is lost, nothing is there twice."""
    times = int(os.environ.get("BW_KILLS", "6"))
    seed = int(os.environ.get("BW_SEED", str(time.time_ns())))
    rng = random.Random(seed)
    print(f"seed {seed}, {times} kills")
    with Collector() as collector:
        with Box(more=collector.as_conf()) as box:
            token = collector.token("--site", "Alder Elementary")
            box.enroll(collector, token["token"])
            load = HOST.popen(["ping", "-q", "-f", "-s", "1000", "-i", "0.002", "127.0.0.1"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            held = {}
            try:
                for _ in range(times):
                    box.start(wait=False)
                    time.sleep(rng.uniform(0.05, 6.0))
                    box.kill()
                    try:
                        rows = box.rows()
                    except sqlite3.OperationalError as e:
                        if "no such table" not in str(e):
                            raise
                        rows = [] # killed while the journal was made
                    for kid, seq, jws in rows:
                        assert held.setdefault((kid, seq), jws) == jws, (kid, seq)
                    assert set(held) == {(k, s) for k, s, _ in rows}, "a record is gone"
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
            wait_for("everything is acknowledged",
                     lambda: box.status()["journal"]["pending"] == 0, 60)
            box.stop()
            acked = box.db().execute("SELECT acked_through FROM chains").fetchall()
            assert len(acked) == 1, acked
            got = collector.held(token["site"])
            mine = [jws for _, seq, jws in box.rows() if seq <= acked[0][0]]
            assert sorted(got) == sorted(mine), (len(got), len(mine))
            assert len(set(got)) == len(got)
            assert [payload(j)["seq"] for j in mine] == list(range(1, len(mine) + 1))
            gaps = [g for j in mine for g in payload(j).get("gaps", [])]
            if held:
                assert any(g["why"] == "daemon stopped" for g in gaps)
            receipts = box.db().execute("SELECT count(*) FROM receipts").fetchone()[0]
            assert receipts > 0


@scene
def collector_killed():
    """The collector is killed again and again; the box delivers everything in the end."""
    rng = random.Random(7)
    with Collector() as collector:
        with Box(more=collector.as_conf()) as box:
            token = collector.token("--site", "Willow Middle")
            box.enroll(collector, token["token"])
            box.start()
            for _ in range(int(os.environ.get("BW_KILLS", "3"))):
                time.sleep(rng.uniform(0.3, 3.0))
                collector.kill()
                time.sleep(rng.uniform(0.1, 1.0))
                collector.start()
            n = len(box.rows())
            wait_for("everything is acknowledged",
                     lambda: box.acked() >= n, 90)
            box.stop()
            rows = box.rows()
            got = collector.held(token["site"])
            assert set(got) <= {j for _, _, j in rows} and len(got) == len(set(got)) >= n


@scene
def replaced():
    """Another box takes the first one's place: its chain cites where that one's ended at the
    collector, and the first, should it come back, delivers nothing that it measures since."""
    with Collector() as collector:
        with Box(more=collector.as_conf()) as old, Box(more=collector.as_conf()) as new:
            token = collector.token("--site", "Egret Elementary")
            old.enroll(collector, token["token"])
            old.start()
            wait_for("the old box delivers", lambda: old.acked() >= 1)
            old.stop()
            held = collector.held(token["site"])
            last = max(held, key=lambda jws: payload(jws)["seq"])
            kid, seq = next((k, s) for k, s, jws in old.rows() if jws == last)
            new.enroll(collector, collector.token("--replaces", token["site"])["token"])
            new.start()
            wait_for("the new box delivers", lambda: new.acked() >= 1)
            new.stop()
            first = payload(new.rows()[0][2])
            assert first["site"] == token["site"], first
            assert first["chain"] == {"why": "replaced", "prev_kid": kid, "prev_seq": seq,
                                      "prev_hash": sha(last)}, first["chain"]
            held += [jws for _, _, jws in new.rows()]
            old.start()
            wait_for("the old box is told", lambda: "key-replaced" in json.dumps(old.status()))
            old.stop()
            for jws in set(collector.held(token["site"])) - set(held):
                assert payload(jws)["start"] <= first["start"], "measured after it was replaced"


@scene
def collector_restored():
    """The collector is put back to a copy of its folder: what boxes had delivered since is
    sent again, and there is no hole."""
    with Collector() as collector:
        with Box(more=collector.as_conf()) as box:
            token = collector.token("--site", "Plover Primary")
            box.enroll(collector, token["token"])
            box.start()
            wait_for("some are acknowledged", lambda: box.acked() >= 2)
            collector.stop()
            subprocess.run(["cp", "-a", collector.data, collector.data + ".copy"], check=True)
            collector.start()
            n = len(box.rows()) + 3
            wait_for("more are acknowledged", lambda: box.acked() >= n, 60)
            collector.stop()
            subprocess.run(["rm", "-r", collector.data], check=True)
            os.rename(collector.data + ".copy", collector.data)
            collector.start()
            wait_for("all is acknowledged anew",
                     lambda: len(set(collector.held(token["site"]))) > n, 60)
            box.stop()
            assert "restored from a backup" in box.text()
            mine = [jws for _, _, jws in box.rows()]
            got = collector.held(token["site"])
            assert set(mine[:len(got)]) == set(got) and len(got) == len(set(got)), (
                len(mine), len(got))


@scene
def unknown_key():
    """The collector has forgotten the box's key. Enrolled anew, the box is not held up by
    what it signed before."""
    with Collector() as collector:
        with Box(more=collector.as_conf()) as box:
            token = collector.token("--site", "Kestrel Primary")
            box.enroll(collector, token["token"])
            box.start()
            wait_for("some are acknowledged", lambda: box.acked() >= 2)
            collector.stop()
            box.wait_records(len(box.rows()) + 3)
            db = sqlite3.connect(collector.data + "/catalogue.db")
            db.execute("DELETE FROM keys")
            db.commit()
            db.close()
            collector.start()
            wait_for("it is told", lambda: "unknown-key" in
                     (box.status()["collector"].get("last_error") or ""), 60)
            kid = box.status()["journal"]["kid"]
            box.enroll(collector, collector.token("--site", token["site"])["token"])
            wait_for("the next key has records", lambda: box.status()["journal"]["kid"] != kid)
            wait_for("they are acknowledged", lambda: box.acked() >= 4, 60)
            status = box.status()
            assert status["collector"]["failures_in_a_row"] == 0, status
            assert "unknown-key" in status["collector"]["last_error"], status
            assert status["journal"]["pending"] >= 3, status
            box.stop()


@scene
def copied():
    """Three boxes with one disk part by themselves, and the collector keeps all."""
    with Collector() as collector:
        with (Box(more=collector.as_conf()) as one, Box(more=collector.as_conf()) as two,
              Box(more=collector.as_conf()) as three):
            token = collector.token("--site", "Heron High")
            one.enroll(collector, token["token"])
            one.start()
            wait_for("some are acknowledged",
                     lambda: one.acked() >= 2)
            one.stop()
            for copy in (two, three):
                subprocess.run(["cp", "-a", one.state, copy.state], check=True)
            one.start()
            n = len(one.rows())
            wait_for("the first goes on",
                     lambda: one.acked() >= n + 1)
            kid = one.status()["journal"]["kid"]
            one.stop()  # the copies meet the end of its chain, not its middle
            for copy in (two, three):
                copy.start()
                wait_for("the copy has a key of its own",
                         lambda: copy.status()["journal"]["kid"] != kid, 60)
                wait_for("and is acknowledged under it",
                         lambda: copy.acked() >= 2, 60)
                copy.stop()
            for copy in (two, three):
                copy.verify()
                first = [payload(j) for k, s, j in copy.rows() if k != kid][0]
                assert first["chain"]["why"] == "fork", first
                assert first["chain"]["prev_kid"] == kid, first
                assert first["seq"] == 1
                refused = [g for r in copy.records() for g in r.get("gaps", [])
                           if g["why"] == "refused"]
                assert refused, "the forked records are told of as gaps"


@scene
def enrols_while_running():
    """Records from before stay here; from then on they go under the enrolled key."""
    with Collector() as collector:
        with Box(more=collector.as_conf()) as box:
            box.start()
            box.wait_records(2)
            token = collector.token("--site", "Rowan Primary")
            out = box.enroll(collector, token["token"])
            assert "running daemon" in out, out
            wait_for("acknowledged", lambda: box.acked() >= 2)
            assert box.status()["site"] == token["site"]
            try:
                again = box.enroll(collector, token["token"])
            except SceneError as e:
                again = str(e)
            assert "status 1\n" in again and "token-used" in again, again
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


class LosesOne:
    """Stands before a collector; the first answer is lost on its way back."""

    ca = None

    def __init__(self, collector):
        self.to, self.passed = (collector.address, collector.port), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            near, _ = self.listener.accept()
            with near, socket.create_connection(self.to) as far:
                far.sendall(self.message(near))
                answer = self.message(far)
                if self.passed:
                    near.sendall(answer)
                self.passed += 1

    @staticmethod
    def message(sock):
        data = b""
        while True:
            head, end, body = data.partition(b"\r\n\r\n")
            if end and len(body) >= int(re.search(rb"content-length: (\d+)", head.lower())[1]):
                return data
            part = sock.recv(65536)
            assert part, data
            data += part


@scene
def brought_in_anew_after_a_lost_answer():
    """The same command goes on under the same key, also where the box was enrolled before."""
    with Collector() as collector, Box() as box:
        first, second, third = (collector.token("--site", f"Plover {n}") for n in "ABC")

        def site():
            with open(box.state + "/enrolment.json", encoding="utf-8") as f:
                return json.load(f)["site"]

        def keys():
            return set(os.listdir(box.state + "/keys"))

        box.enroll(collector, first["token"])
        front = LosesOne(collector)
        try:
            lost = box.enroll(front, second["token"])
        except SceneError as e:
            lost = str(e)
        assert "status 1\n" in lost and front.url in lost, lost
        tried = keys()
        assert site() == first["site"] and len(tried) == 2, tried
        box.enroll(front, second["token"])
        assert front.passed == 2 and site() == second["site"]
        assert keys() == tried, "the second try made a key of its own"
        box.enroll(front, third["token"])
        assert site() == third["site"] and len(keys()) == 3, keys()
        assert not os.path.exists(box.state + "/enrolment.pending.json")


@scene
def wrong_log_key():
    """A receipt that the log key did not sign acknowledges nothing."""
    with Collector() as collector:
        with Box(more=collector.as_conf()) as box:
            token = collector.token("--site", "Osprey Academy")
            box.enroll(collector, token["token"])
            path = box.state + "/enrolment.json"
            with open(path, encoding="utf-8") as f:
                enrolment = json.load(f)
            right = enrolment["log_key"]
            own = box.public_keys()["keys"][0]
            enrolment["log_key"] = {name: own[name] for name in ("crv", "kty", "x")}
            with open(path, "w", encoding="utf-8") as f:
                json.dump(enrolment, f)
            box.start()
            wait_for("it is told", lambda: "receipt" in
                     (box.status()["collector"].get("last_error") or ""))
            assert box.acked() == 0
            assert "in the journal, next try in" in box.text()
            enrolment["log_key"] = right
            with open(path, "w", encoding="utf-8") as f:
                json.dump(enrolment, f)
            box.reload()
            wait_for("acknowledged", lambda: box.acked() > 0)


if __name__ == "__main__":
    run_scenes()
