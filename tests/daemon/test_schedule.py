# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs next: the agenda, servers outside the list, retests, campaigns, budgets.

Draws are made again here from docs/summary-v1.md, section 7, and the secret in the journal."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

from bwtest import HOST, Box, wait_for
from bwtest.scenes import in_netns, run_scenes, scene
from speed import HTTP, SpeedServer
from bwtest.wallclock import WallClock

DAY = 86400


def runs(box, *states):
    return [t for r in box.records() for t in r.get("throughput", [])
            if not states or t["state"] in states]


def secret(box, day):
    db = box.db()
    try:
        rows = db.execute("SELECT value FROM meta WHERE name = ?",
                          (f"sched.secret.{day}",)).fetchall()
    finally:
        db.close()
    return base64.urlsafe_b64decode(bytes(rows[0][0]).rstrip(b"\0") + b"=")


def drawn(key, text):
    mac = hmac.new(key, text.encode("ascii"), hashlib.sha256).digest()
    return int.from_bytes(mac[:4], "big"), int.from_bytes(mac[4:8], "big")


def section(url, more, *outside):
    text = HTTP % (more, url)
    servers = "".join(f'    outside "{o}" {{ address = "{url}" }}\n' for o in outside)
    return text.rstrip().removesuffix("}") + servers + "}\n"


def reloaded(box, every_ms):
    """The one test of the agenda, once the new file is in force."""
    def told():
        (t,) = box.ask(verb="schedule")[-1]["tests"]
        return t if t["every_ms"] == every_ms else None
    box.reload()
    return wait_for("the new file", told)


@scene
def agenda():
    """Hours, counts and reasons are shown; drawn times only to who has the day marked."""
    hours = 'class_hours "all" { days = "mon-sun" from = "00:00" to = "23:00" }\n'
    with SpeedServer() as url, Box(more="tests { gate = off retry = 1s give_up = 2s "
                                   "month_bytes = 900GB }\n" + hours
                                   + section(url, "every = 20min", "far-1")) as box:
        WallClock(box).set(DAY - int(time.time()) % DAY + 20 * 3600)  # 20:00, in class
        box.env.update(TZ="UTC")
        box.start()
        box.wait_records(1)
        a = box.ask(verb="schedule")[-1]
        assert a["ok"] and not a["foreseen"] and a["open_s"] == 3600, a
        (span,) = a["open"]
        assert span["from"] % DAY == 23 * 3600 and span["to"] - span["from"] == 3600, a
        (t,) = a["tests"]
        assert t["outside"] == ["far-1"] and t["servers"] == ["state-1"], t
        assert 3200 <= t["expected_milli"] <= 3300, t  # 3 an hour, by a mean gap of 0.9228
        assert "class hours" in t["now"] and not t["never"], t
        # No drawn time anywhere, neither here nor in the status.
        shown = json.dumps(a) + json.dumps(box.status()["tests"])
        assert "starts_ms" not in shown and "due" not in shown, shown
        page = box.command("schedule", "--config", box.conf, "--socket", box.socket)
        assert "23:00" in page and "one in eight" in page and "nobody is told" in page, page
        tests = box.status()["tests"]
        assert tests["month_bytes"] == 900_000_000_000
        # No test ran yet: it is the echoes that are counted.
        assert 0 < tests["moved_today_bytes"] < 1_000_000, tests
        assert box.command("schedule", "--config", box.conf, "--explain").startswith("# Circuit wan")
        # An hour of the day is too short for a mean gap of ten.
        box.write(Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off retry = 1s }\n" + hours
                  + section(url, "every = 10h", "far-1"))
        t = reloaded(box, 36_000_000)
        assert t["never"] and t["expected_milli"] == 0, t
        page = box.command("schedule", "--config", box.conf, "--socket", box.socket)
        assert "never in these hours" in page, page
        assert any("never runs today" in json.dumps(p) for p in box.status()["problems"])
        # Who asks for them has every later run of the day marked, a restart or not.
        box.write(Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off retry = 1s }\n"
                  + section(url, "every = 10s", "far-1"))
        reloaded(box, 10_000)
        a = json.loads(box.command("schedule", "--starts", "--json", "--config", box.conf,
                                   "--socket", box.socket))
        starts = a["tests"][0]["starts_ms"]
        assert a["foreseen"] and 100 < len(starts) <= 512 and starts == sorted(starts), len(starts)
        box.stop()
        box.start()
        done = wait_for("a run", lambda: len(runs(box, "ok")) >= 2 and runs(box), 60)
        assert all("foreseen" in t["flags"] for t in done), done
        assert "marked" in box.command("schedule", "--config", box.conf, "--socket", box.socket)
        box.stop()
        box.verify()


@scene
def outside():
    """Which test goes to which server outside the list is what the day's secret draws."""
    with SpeedServer() as url, Box(more="tests { gate = off retry = 1s retest_below = 0 }\n"
                                   + section(url, "every = 10s", "far-1", "far-2")) as box:
        day = int(time.time()) // DAY * DAY + DAY
        WallClock(box).set(day + 12 * 3600 - int(time.time()))  # far from any midnight
        box.start()
        box.wait_records(2)
        told = wait_for("a plan", lambda: [r for r in box.records() if "starts" in r.get("schedule", {})])
        plan = told[-1]["schedule"]["starts"][0]
        assert plan["outside"] == "far-1+far-2" and plan["gate"] == "off", plan
        key = secret(box, day)
        a = box.ask(verb="schedule", starts=True)[-1]["tests"][0]["starts_ms"]
        # The very numbers of the starts: how many lie before the first that is shown.
        gaps, at, k = [], 0, 0
        while day * 1000 + at < a[0] and k < 20000:
            at += gap_ms(key, day, k, 10_000)
            gaps.append(at)
            k += 1
        first = k - 1
        assert day * 1000 + gaps[first] == a[0], (gaps[first], a[0])
        wait_for("two runs", lambda: len(runs(box, "ok")) >= 4, 90)
        box.stop()
        at = gaps[first]
        starts = [at]
        for n in range(first + 1, first + 30):
            at += gap_ms(key, day, n, 10_000)
            starts.append(at)
        for t in runs(box, "ok"):
            if t["direction"] != "down":
                continue
            # the latest start before it, or one that it had to wait for
            mine = [n for n, s in enumerate(starts) if 0 <= t["at_ms"] - day * 1000 - s < 12_000]
            servers = set()
            for n in mine:
                v, w = drawn(key, f"bandwitness-outside/1 http/state {day} {first + n}")
                servers.add(["far-1", "far-2"][w % 2] if v < 2 ** 29 else "state-1")
            assert not mine or t["server"] in servers, (t, servers)
        box.verify()


def gap_ms(key, day, k, mean_ms):
    """Step 1 to 4 of section 7."""
    u = drawn(key, f"bandwitness-start/1 http/state {day} {k}")[0] or 1
    w = u.bit_length() - 1
    x, log = u << (31 - w), w
    for _ in range(30):
        x, log = x * x, 2 * log
        if x >= 2 ** 63:
            log, x = log + 1, x >> 32
        else:
            x >>= 31
    p = (((32 * 2 ** 30 - log) * 69314718 >> 30) + 50) // 100
    p = min(max(p, 100_000), 2_500_000)
    return mean_ms // 1000 * p // 1000 + mean_ms % 1000 * p // 1_000_000


@scene
@in_netns
def retests():
    """Below the claim: once more at the second server, and both stand on record. What cannot
    be tested says so, and is not tested again. On a loopback of its own: what other tests move
    counts for the line, too."""
    circuit = (Box.CIRCUIT % "lo").replace("down = 100M up = 20M", "down = 900M up = 900M")
    with SpeedServer() as url:
        more = HTTP % ("every = 12s", url)
        more = more.rstrip().removesuffix("}") + f'    target "state-2" {{ address = "{url}" }}\n}}\n'
        more += more.replace('"state', '"slow').replace("every", "server_rate = 500M every")
        with Box(text=circuit + Box.ICMP + "tests { gate = off retry = 1s }\n" + more) as box:
            def of(probe):
                return [t for t in runs(box, "ok") if t["probe"] == probe]
            box.start()
            wait_for("a retest", lambda: [t for t in of("state") if "retest_of" in t][1:], 150)
            wait_for("what cannot be tested", lambda: of("slow")[3:], 150)
            found = of("state")
            again = [t for t in found if "retest_of" in t]
            for t in again:
                d, at = t["retest_of"].split(":")
                (first,) = [f for f in found if f["at_ms"] == int(at) and f["direction"] == d]
                assert first["direction"] == t["direction"] and "retest_of" not in first, first
                assert {first["server"], t["server"]} == {"state-1", "state-2"}, (first, t)
                assert 0 < t["at_ms"] - first["at_ms"] <= 3600_000, (first, t)
            assert not any("server-below-claim" in t.get("flags", ()) for t in found), found
            assert len({t["retest_of"] for t in again}) == len(again), again
            slow = of("slow")
            assert all("server-below-claim" in t["flags"] for t in slow), slow
            assert not any("retest_of" in t for t in slow), slow
            status = box.status()
            assert [p for p in status["problems"] if "not testable" in p["what"]], status["problems"]
            box.stop()
            box.verify()


@scene
@in_netns
def retest_after_reload():
    """A figure whose record is still to come, and its retest, outlive a reload."""
    with SpeedServer() as url:
        more = HTTP % ("every = 20s", url)
        more = more.rstrip().removesuffix("}") + f'    target "state-2" {{ address = "{url}" }}\n}}\n'
        with Box(more="tests { gate = off retry = 1s }\n" + more) as box:
            box.start()
            reloads = []

            def running():
                return box.status()["tests"]["probes"][0]["running"]

            def told():
                return {f"{t['direction']}:{t['at_ms']}": t for t in runs(box, "ok")}

            def again():
                """Retests of runs that were over at a reload, and in no record yet."""
                now = told()
                return [(now[t["retest_of"]], t) for t in now.values() if "retest_of" in t
                        and any(t["retest_of"] not in before and now[t["retest_of"]]["at_ms"]
                                + now[t["retest_of"]]["duration_ms"] < ms
                                for ms, before in reloads)]

            # Only the newest run is judged: where the next one began before its record was
            # made, it is the turn of that one.
            end = time.monotonic() + 150
            while not again():
                assert time.monotonic() < end, (reloads, runs(box))
                wait_for("a run, or its retest", lambda: running() or again(), 90)
                wait_for("its end", lambda: not running(), 30)
                ms = time.time() * 1000
                box.reload()
                reloads.append((ms, told().keys()))
            for first, second in again():
                assert "retest_of" not in first and first["direction"] == second["direction"]
                assert {first["server"], second["server"]} == {"state-1", "state-2"}, (first, second)
            box.stop()
            box.verify()


@scene
def circuits():
    """Each circuit's probes leave by its own address; one test at a time across them all."""
    lines = "".join(f'circuit "{c}" {{ vantage = lan-side source = none'
                    f' source_address = "127.0.0.{n}" }}\n' for c, n in (("fibre", 5), ("lte", 6)))
    with SpeedServer() as url:
        server = url.split("/")[2]
        tests = "".join(HTTP.replace('"state"', f'"{c}"').replace('"wan"', f'"{c}"')
                        % ("every = 10s", f"{url}?{c}") for c in ("fibre", "lte"))
        with Box(text=lines + "tests { gate = off retry = 1s month_bytes = 20GB }\n" + tests) as box:
            box.start()
            seen = {}

            def both():
                for s in open("/proc/net/tcp", encoding="ascii").readlines()[1:]:
                    local, remote = s.split()[1:3]
                    if int(remote.split(":")[1], 16) == int(server.split(":")[1]):
                        seen.setdefault(int(local[:2], 16), time.time())
                return {5, 6} <= set(seen)
            wait_for("both lines", both, 90)
            wait_for("runs of both", lambda: {t["probe"] for t in runs(box, "ok")} == {"fibre", "lte"}, 40)
            box.stop()
            assert set(seen) == {5, 6}, seen
            at = sorted((t["at_ms"], t["at_ms"] + t["duration_ms"]) for t in runs(box, "ok"))
            assert all(a[1] <= b[0] for a, b in zip(at, at[1:])), at
            assert {t["circuit"] for t in runs(box, "ok") if t["probe"] == "lte"} == {"lte"}
            box.verify()


RULE = """
title = "four short ones"
source = "nobody"
days = 1
gate = off
in_class = yes
session "now" { from = "%s" to = "%s" tests = 4 spacing = 6s }
"""


@scene
def campaign():
    """By a rule: one start in each slot, drawn; it goes on after a restart, and stops."""
    with SpeedServer() as url, Box(more="tests { gate = off }\n" + HTTP % ("", url)) as box:
        rules = os.path.join(box.folder, "campaigns")
        os.mkdir(rules)
        box.head += f'campaigns = "{rules}"\n'
        box.write(Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off }\n" + HTTP % ("", url))
        with open(os.path.join(rules, "short.conf"), "w", encoding="utf-8") as f:
            f.write(RULE % ("12:00", "12:01"))
        begin = int(time.time()) // DAY * DAY + DAY + 12 * 3600  # noon tomorrow
        WallClock(box).set(begin - 15 - int(time.time()))
        box.env.update(TZ="UTC")
        box.start()
        box.wait_records(1)
        where = ("--config", box.conf, "--socket", box.socket)
        assert "short" in box.command("campaign", "list", *where)
        assert "only when asked" in box.command("schedule", *where)  # nothing is planned
        box.command("campaign", "start", "shrot", *where, ok=(1,))
        today = time.strftime("%Y-%m-%d", time.gmtime(begin))
        said = box.command("campaign", "start", "short", "--from", today, *where)
        name = "short-" + today.replace("-", "")
        assert name in said and "4 tests" in said, said
        box.command("campaign", "start", "short", "--from", today, *where, ok=(1,))
        of = wait_for("two of its runs",
                      lambda: [t for t in runs(box, "ok") if t.get("campaign") == name][3:], 90)
        box.stop()
        box.start()
        box.wait_records(1)
        state = json.loads(box.command("campaign", "status", "--json", *where))["campaigns"][0]
        assert state["name"] == name and state["done"] >= 2 and state["tests"] == 4, state
        assert name in box.command("campaign", "status", name, *where)
        if state["state"] == "on":
            assert "stopped" in box.command("campaign", "stop", name, *where)
        box.command("campaign", "stop", name, *where, ok=(1,))
        box.stop()
        told = [s for r in box.records() for s in r.get("schedule", {}).get("starts", [])]
        plan = [s for s in told if s.get("campaign") == name][0]
        assert plan == {"probe": "state", "kind": "http", "give_up_ms": 15000, "gate": "off",
                        "campaign": name, "from": begin, "slots": 4, "slot_ms": 15000,
                        "spacing_ms": 6000}, plan
        key = secret(box, begin // DAY * DAY)
        slots = [begin * 1000 + k * 15000
                 + (9000 * drawn(key, f"bandwitness-slot/1 {name} http/state {begin} {k}")[0] >> 32)
                 for k in range(4)]
        of = [t for t in runs(box, "ok") if t.get("campaign") == name and t["direction"] == "down"]
        for t in of:
            slot = (t["at_ms"] - begin * 1000) // 15000
            assert slots[slot] - 2 <= t["at_ms"] <= slots[slot] + 5000, (t, slots)
        assert len({(t["at_ms"] - begin * 1000) // 15000 for t in of}) == len(of), of
        box.verify()


@scene
@in_netns
def waits_over_a_reload():
    """A campaign's test that waits for a quiet line runs in its slot, reloads or not. On a
    loopback of its own: the gate counts what other tests move."""
    text = Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off }\n"
    with SpeedServer() as url, Box(text=text + HTTP % ("", url)) as box:
        rules = os.path.join(box.folder, "campaigns")
        os.mkdir(rules)
        box.head += f'campaigns = "{rules}"\n'
        box.write(text + HTTP % ("", url))
        with open(os.path.join(rules, "one.conf"), "w", encoding="utf-8") as f:
            f.write('title = "one a day"\nsource = "nobody"\ndays = 1\ngate = fcc\nretry = 1s\n'
                    'in_class = yes\n'
                    'session "day" { from = "01:00" to = "23:30" tests = 1 spacing = 1min }\n')
        day = int(time.time()) // DAY * DAY + DAY
        clock = WallClock(box)
        clock.set(day + 600 - int(time.time()))
        box.env.update(TZ="UTC")
        box.start()
        box.wait_records(1)
        today = time.strftime("%Y-%m-%d", time.gmtime(day))
        box.command("campaign", "start", "one", "--from", today, "--config", box.conf, "--socket",
                    box.socket)
        name = "one-" + today.replace("-", "")
        slot = (22 * 60 + 30) * 60_000
        u = drawn(secret(box, day), f"bandwitness-slot/1 {name} http/state {day + 3600} 0")[0]
        start = day + 3600 + ((slot - 60_000) * u >> 32) // 1000

        def waiting():
            return [t["waits"] for t in box.ask(verb="schedule")[-1]["tests"] if t.get("waits")]
        load = HOST.popen(["ping", "-q", "-f", "-s", "2000", "-i", "0.002", "127.0.0.1"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(4)  # what the gate looks back on
            clock.set(start - 3 - int(time.time()))
            wait_for("it waits", waiting, 30)
            box.reload()
            assert waiting()[0].startswith("busy"), waiting()
            # … and with another section: the rule says when
            box.write(text + HTTP % ("connect_timeout = 4s", url))
            box.reload()
            assert waiting()[0].startswith("busy"), waiting()
        finally:
            load.kill()
            load.wait()
        wait_for("its run", lambda: runs(box, "ok")[1:], 60)
        box.stop()
        assert {t.get("campaign") for t in runs(box)} == {name}, runs(box)
        assert all(t["at_ms"] >= start * 1000 for t in runs(box)), (start, runs(box))
        box.verify()


@scene
def foreseen_over_midnight():
    """Who is shown the drawn times has each of them marked, also what begins after midnight."""
    text = Box.CIRCUIT % "lo" + Box.ICMP + "tests { gate = off }\n"
    with SpeedServer() as url, Box(text=text + HTTP % ("", url)) as box:
        rules = os.path.join(box.folder, "campaigns")
        os.mkdir(rules)
        box.head += f'campaigns = "{rules}"\n'
        box.write(text + HTTP % ("", url))
        # In a zone an hour ahead: a slot from 23:59 to 22:59 UTC of the next day.
        with open(os.path.join(rules, "one.conf"), "w", encoding="utf-8") as f:
            f.write('title = "one a day"\nsource = "nobody"\ndays = 1\ngate = off\nin_class = yes\n'
                    'session "day" { from = "00:59" to = "23:59" tests = 1 spacing = 1min }\n')
        day = int(time.time()) // DAY * DAY + 2 * DAY
        clock = WallClock(box)
        clock.set(day - 300 - int(time.time()))
        box.env.update(TZ="XXX-1")
        box.start()
        box.wait_records(1)
        where = ("--config", box.conf, "--socket", box.socket)
        box.command("campaign", "start", "one", "--from",
                    time.strftime("%Y-%m-%d", time.gmtime(day)), *where)
        (test,) = [t for t in box.ask(verb="schedule", starts=True)[-1]["tests"]
                   if "starts_ms" in t and t["starts_ms"]]
        start = test["starts_ms"][0] // 1000
        assert day - 60 <= start < day + DAY, (start, day)
        clock.set(start - 4 - int(time.time()))
        wait_for("its run", lambda: runs(box, "ok")[1:], 60)
        box.stop()
        assert all("foreseen" in t.get("flags", ()) for t in runs(box)), runs(box)
        box.verify()


@scene
def foreseen_by_a_clock_ahead():
    """A clock that was a day ahead has told the secret of the day to which it comes back."""
    with SpeedServer() as url, Box(more="tests { gate = off retry = 1s retest_below = 0 }\n"
                                   + HTTP % ("every = 10s", url)) as box:
        noon = DAY + DAY // 2 - int(time.time()) % DAY
        clock = WallClock(box)
        clock.set(noon)
        box.start()
        box.wait_records(2)
        assert not box.ask(verb="schedule")[-1]["foreseen"]
        clock.set(noon + DAY)
        wait_for("the secret", lambda: [r for r in box.records()
                                        if r.get("schedule", {}).get("secrets")], 30)
        assert not box.ask(verb="schedule")[-1]["foreseen"]
        clock.set(noon)
        wait_for("the day before", lambda: box.ask(verb="schedule")[-1]["foreseen"], 10)
        back = (int(time.time()) + noon) * 1000

        def later():
            return [t for t in runs(box, "ok") if back <= t["at_ms"] < back + DAY * 500]
        wait_for("a run", lambda: later()[1:], 60)
        assert all("foreseen" in t.get("flags", ()) for t in later()), later()
        box.stop()
        box.start()
        assert box.ask(verb="schedule")[-1]["foreseen"]
        box.stop()
        box.verify()


if __name__ == "__main__":
    run_scenes()
