# SPDX-License-Identifier: GPL-3.0-or-later
"""Records bind the start times of a day before it and reveal them after it."""
import base64
import hashlib
import json
import time

from bwtest import Box, wait_for
from bwtest.scenes import run_scenes, scene
from speed import HTTP, SpeedServer
from bwtest.wallclock import WallClock

DAY = 86400


def sha256(text):
    data = base64.urlsafe_b64decode(text + "=")
    assert len(data) == 32, text
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@scene
def pledged():
    """Over a midnight: committed, revealed, planned, and told again after a restart."""
    with SpeedServer() as url, Box(more="tests { gate = off retry = 1s }\n"
                                   'class_hours "lessons" { days = "mon-sun" from = "09:00"'
                                   ' to = "15:00" }\n'
                                   + HTTP % ("every = 10min", url)) as box:
        now = int(time.time())
        midnight = now - now % DAY + DAY
        WallClock(box).set(midnight - now - 14)
        box.env.update(TZ="UTC")
        box.start()
        box.wait_records(1)

        def asked():  # a start that was drawn may run in this very second: then later
            answer = box.ask(verb="probe")[-1]
            return None if "another test is running" in json.dumps(answer) else answer
        answer = wait_for("an answer", asked)
        assert answer["ok"], answer

        def told():
            return [r for r in box.records() if "schedule" in r]
        before, after = wait_for("a midnight", lambda: len(told()) > 1 and told())
        days = {c["day"]: c["sha256"] for c in before["schedule"]["commits"]}
        assert list(days) == [midnight - DAY, midnight], days
        assert "secrets" not in before["schedule"], before
        assert after["start"] == midnight, after
        (secret,) = after["schedule"]["secrets"]
        assert secret["day"] == midnight - DAY and sha256(secret["secret"]) == days[midnight - DAY]
        assert after["schedule"]["commits"][0] == {"day": midnight, "sha256": days[midnight]}
        assert after["schedule"]["starts"] == [
            {"probe": "state", "kind": "http", "mean_ms": 600000, "give_up_ms": 3600000,
             "minutes": "0-540+900-1440", "gate": "off"}], after
        tests = box.status()["tests"]
        assert tests["past_secret"] == secret["secret"], tests
        assert tests["tomorrow_commit"] == after["schedule"]["commits"][1]["sha256"], tests
        n = len(told())
        box.stop()
        box.start()
        again = wait_for("told again", lambda: len(told()) > n and told()[-1])
        assert again["schedule"] == after["schedule"], again
        # a reload may change the plan, and says so
        with open(box.conf, encoding="utf-8") as f:
            text = f.read()
        with open(box.conf, "w", encoding="utf-8") as f:
            f.write(text.replace("10min", "20min"))
        box.reload()
        wait_for("the new plan", lambda: told()[-1]["schedule"]["starts"][0]["mean_ms"] == 1200000)
        # a start that was drawn may fall into these seconds too: its run has no such word
        runs = [t for r in box.records() for t in r.get("throughput", []) if t["state"] == "ok"]
        assert [t for t in runs if t.get("flags") == ["asked"]], runs
        assert all(t.get("flags", ["asked"]) == ["asked"] for t in runs), runs
        box.stop()
        s = box.verify()["schedule"]
        assert s["days_bound"] + s["days_not_bound"] == 1 and s["days_not_revealed"] == 0, s


if __name__ == "__main__":
    run_scenes()
