# SPDX-License-Identifier: GPL-3.0-or-later
"""The state's room: what the first page says of boxes whose records tell it, and that its figures
are a report's."""
import json
import os
import sqlite3
import time
import unittest

from bwtest import Collector, SceneError, compare, queue, readiness, wait_for
from test_serve import HOSTILE, Page

PREFIX = "bandwitness_room_"


def run(box, n, server, mbit, **more):
    """One of a box's downloads, n minutes after the beginning."""
    return {"circuit": "wan", "probe": "state", "kind": "http", "server": server, "direction": "down",
            "at_ms": (box.begun + n * 60) * 1000, "duration_ms": 10000, "state": "ok", "grade": "self",
            "egress": "match", "bytes": mbit * 1_000_000, "goodput_bps": mbit * 900_000,
            "line_bps": mbit * 1_000_000, **more}


def put_off(box, n):
    return {"circuit": "wan", "probe": "state", "kind": "http", "server": "state-1", "direction": "down",
            "at_ms": (box.begun + n * 60) * 1000, "state": "deferred", "reason": "busy", "grade": "self",
            "egress": "unknown"}


class Room(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["TZ"] = "UTC"
        cls.addClassCleanup(os.environ.pop, "TZ")
        cls.c = cls.enterClassContext(Collector())
        # An hour that ends now, so that it lies in one day or two, as the clock wants.
        cls.begun = int(time.time()) // 300 * 300 - 3600
        cls.planned, cls.sent = (cls.c.admin("site", "add", name).split()[0] for name in ("Rowan", "Sorrel"))
        cls.c.admin("site", "ship", "--by", "heron", "--from", "2026-11-01", cls.sent)
        cls.alder = cls.fill("Alder " + HOSTILE, lambda b: [run(b, 3, "state-1", 60), run(b, 33, "state-2", 61)])
        cls.birch = cls.fill("Birch School", lambda b: [run(b, 3, "state-1", 95, egress="other")],
                             clock={"synced": False, "max_error_us": 9, "step_us": 0})
        cls.elm = cls.fill("Elm School", lambda b: [put_off(b, 3)])
        cls.c.admin("site", "claim", "--circuit", "wan", "--down", "100M", "--up", "20M", "--layer", "ethernet", "--monthly-cost", "312.34",
                    "--from", "2026-01-01", cls.alder.site)
        with sqlite3.connect(os.path.join(cls.c.data, "ledger", "ledger.db"), timeout=10) as db:
            db.execute("UPDATE sites SET received = received - 7200000 WHERE site = ?", (cls.elm.site,))
        wait_for("all days", lambda: cls.room("passes_total") and cls.room("days_left_to_fill") == 0 and
                 cls.room("circuits_waiting") == 0 and "#below" in cls.c.get("/").text, 120)

    @classmethod
    def fill(cls, name, runs=lambda box: [], **more):
        box = cls.c.box(name, start=cls.begun)
        box.begun = cls.begun
        tests = runs(box)
        lines = []
        for _ in range(12):
            mine = [t for t in tests if box.at <= t["at_ms"] // 1000 < box.at + 300]
            lines.append(box.summary(**({"throughput": mine} if mine else {}), **more))
        answer = cls.c.post(lines)
        assert answer.json["refused"] == [], answer.body
        return box

    @classmethod
    def room(cls, name):
        try:
            return cls.c.metric(PREFIX + name)
        except AssertionError:
            return None

    def page(self, path="/", status=200):
        answer = self.c.get(path)
        self.assertEqual(answer.status, status)
        return Page(answer.body.decode())

    def section(self, name):
        """The text of one section of the first page."""
        html = self.c.get("/").body.decode()
        self.assertIn(f'<h2 id="{name}">', html)
        return html.split(f'<h2 id="{name}">')[1].split("<h2")[0]

    def test_what_the_records_tell_is_said_of_the_right_box(self):
        for name, box, words in (
                ("silent", self.elm, "1 circuit"), ("clock", self.birch, "bandwitnessd/0.1.0"),
                ("egress", self.birch, "today"), ("deferred", self.elm, "put off"),
                ("below", self.alder, "download 61&nbsp;Mbit/s of 100&nbsp;Mbit/s, both at ethernet; a second server")):
            text = self.section(name)
            self.assertIn(box.site, text, name)
            self.assertIn(words, text)
            self.assertEqual(text.count("<tr>") - 1, 1, f"{name}: nobody else")
            only = self.page(f"/?only={name}")
            self.assertIn(box.site, only.text)
        self.assertIn(f"/circuits/{self.alder.site}.wan", self.page().links)
        self.assertIn('id="c-wan"', self.c.get(f"/sites/{self.alder.site}").text)
        self.assertIn("Alder " + HOSTILE, self.page().text)
        self.page("/?only=nothing", 404)

    def test_the_collector_tells_of_itself(self):
        text = self.page().text
        for words in ("not known: nobody says that one was verified", "not witnessed: no witness is asked",
                      "none of its own", "all of the past year", "Watched since"):
            self.assertIn(words, text)

    def test_figures_are_those_of_the_report(self):
        day = time.strftime("%Y-%m-%d", time.gmtime(self.begun))
        report = json.loads(self.c.command(
            "report", "--ledger", self.c.data, "--circuit", f"{self.alder.site}.wan", "--from", day, "--to",
            time.strftime("%Y-%m-%d", time.gmtime(self.begun + 86400)), "--format", "json", "-o", "-"))
        with sqlite3.connect(os.path.join(self.c.data, "room.db")) as db:
            db.row_factory = sqlite3.Row
            number = db.execute("SELECT id FROM circuits WHERE site = ?", (self.alder.site,)).fetchone()[0]
            row = db.execute("SELECT * FROM days WHERE key = ?",
                             ((number * 2) << 20 | self.begun // 86400,)).fetchone()
        used, hours = report["used"][0], report["used"][0]["class_hours"]["down"]
        tested = report["delivered"]["tested"]["down"]["runs"]
        for got, want in ((row["down_bytes"], used["down_bytes"]), (row["down_class_p95_bps"], hours.get("p95_bps")),
                          (row["down_p95_bps"], used["all_hours"]["down"]["p95_bps"]),
                          (row["down_class_share_ppm"], hours.get("p95_of_claim_ppm")),
                          (row["down_n_ok"], tested["ok"]), (row["recorded_s"], report["coverage"]["recorded_s"]),
                          (row["lost"], sum(x["lost"] for x in report["latency"] if x["hours"] == "all"))):
            self.assertEqual(got, want)
        self.assertGreater(row["down_bytes"], 0)

    def test_what_was_reached_at_servers(self):
        servers = {s["server"]: s for s in self.c.get("/api/v1/servers").json["servers"]}
        self.assertEqual({n: (s["sites"], s["good"]) for n, s in servers.items()}, {"state-1": (2, 1), "state-2": (1, 1)})
        self.assertEqual(servers["state-1"]["reasons"], [{"what": "apart", "why": "left by another line", "runs": 1}])
        self.assertEqual((servers["state-2"]["reasons"], servers["state-2"]["faults"]), ([], []))
        hours = servers["state-1"]["hours"]
        self.assertEqual((sum(h["good"] for h in hours), sum(h["apart"] for h in hours)), (1, 1))
        self.assertEqual({(h["direction"], h["says"], h["from_s"] % 3600, "of_usual_ppm" in h) for h in hours},
                         {("down", "unknown", 0, False)})
        self.assertIn("/servers/state-1", self.page("/servers").links)
        self.assertIn("left by another line", self.page("/servers/state-1").text)
        self.page("/servers/nobody", 404)

    def test_where_each_box_stands(self):
        def row(site):
            return {r["site"]: r for r in self.c.get("/api/v1/fleet").json["sites"]}[site]
        planned, sent = self.planned, self.sent
        self.assertEqual((row(planned)["stage"], row(planned)["why"], row(planned)["who"]), ("planned", "not-sent", "state"))
        self.assertEqual((row(sent)["why"], row(sent)["since_s"]), ("no-token", 1793491200))
        self.assertEqual((row(self.alder.site)["stage"], row(self.alder.site)["why"]), ("tested", "not-judged"))
        self.assertEqual((row(self.birch.site)["stage"], row(self.birch.site)["why"]), ("claimed", "no-claim"))
        fleet = self.c.get("/api/v1/fleet").json
        self.assertEqual([s["reached"] for s in fleet["stages"]], [5, 4, 3, 3, 1, 1, 1, 0])
        self.assertEqual(sum(s["here"] for s in fleet["stages"]), 5)
        self.assertEqual(fleet["versions"], [{"agent": "bandwitnessd/0.1.0", "sites": 3, "silent": 1}])
        self.assertRaises(SceneError, self.c.admin, "site", "ship", "--by", "heron", planned, "s-nobody")
        self.assertNotIn(planned, self.c.command("statement", "list", "--ledger", self.c.data, "--json"))
        page = self.page("/fleet")
        self.assertIn("no circuit of it is matched with a claim", page.text)
        self.assertIn("/fleet?stage=claimed&why=no-claim", page.links)
        self.assertIn(self.birch.site, self.page("/fleet?stage=claimed&why=no-claim").text)
        self.assertNotIn(self.alder.site, self.page("/fleet?stage=claimed").text)
        lines = self.c.get("/api/v1/fleet?format=csv&stage=claimed").text.split("\r\n")
        self.assertEqual(len(lines), 1 + 2 + 1)
        self.assertEqual(self.c.get("/api/v1/fleet?stage=lost").status, 400)
        self.page("/fleet?below=nowhere", 404)

    def test_the_queue_is_weighed_as_said(self):
        def weights(*words):
            return self.c.command("queue", "weights", *words, "--ledger", self.c.data)
        self.assertTrue(json.loads(weights("show", "--json"))["usual"])
        self.assertIn("nobody said others", self.page("/queue").text)
        answer = self.c.get("/api/v1/queue").json
        self.assertEqual(queue.check(answer), sum("value" in p for r in answer["queue"] + answer["too_little"]
                                                  for p in r["parts"]))
        self.assertEqual({r["site"] for r in answer["queue"] + answer["too_little"]},
                         {self.alder.site, self.birch.site, self.elm.site, self.planned, self.sent})
        for words in (("--weight", "full=36"), ("--weight", "ful=35"), ("--points", "full=25:25"),
                      ("--points", "full=-1:5"), ("--enough", "x"), ("--enough", "101"), ()):
            self.assertRaises(SceneError, weights, "set", "--by", "heron", *words)
        for text in ("first", "<i>second</i>"):
            weights("set", "--by", "heron", "--weight", "full=25", "--weight", "latency=25", "--points",
                    "students=2000:500", "--text", text)
        answer = self.c.get("/api/v1/queue?of=districts&sort=name").json
        queue.check(answer)
        said = answer["weights"]
        self.assertEqual((said["usual"], said["by"], said["text"]), (False, "heron", "<i>second</i>"))
        self.assertEqual([(p["weight"], p["target"], p["limit"]) for p in said["parts"]], [
            (25, 0, 250000), (30, 2000000, 500000), (20, 0, 14400), (25, 100000, 500000)])
        page = self.page("/queue")
        self.assertIn("Said by heron", page.text)
        self.assertIn("<i>second</i>", page.text)
        lines = self.c.get("/api/v1/queue?format=csv").text.split("\r\n")
        self.assertEqual(len(lines), 1 + 5 + 1)
        self.assertEqual({line.count(",") for line in lines[:1] + lines[1:-1] if HOSTILE not in line}, {lines[0].count(",")})
        self.assertEqual(self.c.get("/api/v1/queue?sort=wealth").status, 400)
        self.page("/queue?of=schools&below=nowhere", 404)
        self.page("/queue?open=nobody", 404)
        weights("set", "--by", "heron", "--usual")

    def test_who_can_test_at_once(self):
        answer = self.c.get("/api/v1/readiness?rate=1000").json
        self.assertEqual(readiness.check(answer), 0)  # an hour is too little
        self.assertEqual({r["unknown"] for r in answer["readiness"]}, {"no-record"})
        day = time.strftime("%Y-%m-%d", time.gmtime(self.begun - 86400))
        for path, status in (("?rate=0", 400), ("?rate=45k", 400), ("?weeks=2026-02-30/2026-03-01", 400),
                             ("?weeks=2026-03-02/2026-03-01", 400), ("?weeks=2026-01-01/2026-03-02", 400),
                             ("?below=nowhere", 404), ("?delivered=hoped", 400), ("", 200),
                             (f"?weeks={day}/{day}", 200), ("?from=2026-03-02&to=", 200)):
            self.assertEqual(self.c.get("/readiness" + path).status, status, path)
        self.assertIn("45&nbsp;kbit/s each", self.c.get("/readiness").text)
        self.assertEqual(len(self.c.get("/api/v1/readiness?format=csv").text.split("\r\n")), 1 + 5 + 1)

    def test_compared_with_others_by_the_same_numbers(self):
        answer = self.c.get("/api/v1/compare?of=schools&by=all&cohort=all").json
        self.assertEqual(compare.check(answer), 1)
        self.assertEqual([c.get("median") for c in answer["cohorts"][0]["measures"]][6], 312)  # $312.34 for 100 Mbit/s
        rows = self.c.get("/api/v1/queue").json
        rows = {r["id"]: {p["part"]: p for p in r["parts"]} for r in rows["queue"] + rows["too_little"]}
        self.assertEqual({m["id"] for m in answer["members"]}, set(rows))
        for member in answer["members"]:
            for m in member["measures"]:
                part = rows[member["id"]].get(m["measure"], m)
                self.assertEqual((m.get("value"), m.get("unknown")), (part.get("value"), part.get("unknown")))
        ids = [m["id"] for m in answer["members"]]
        for path in ("", "?of=schools&by=technology&measure=tested", "?of=schools&by=provider&cohort=-",
                     f"?of=schools&like={ids[0]}", f"?of=schools&measure=price&pick={ids[0]}&p1={ids[1]}&p7={ids[0]}"):
            self.page("/compare" + path)
        lines = self.c.get("/api/v1/compare?of=schools&format=csv").text.split("\r\n")
        self.assertEqual(len(lines), 1 + 2 * 8 + 1)  # all of them, and those whose students nobody tells
        picked = self.c.get(f"/api/v1/compare?of=schools&pick={ids[0]},{ids[1]}").json
        self.assertEqual([m["id"] for m in picked["members"]], ids[:2])
        for words, status in (("by=wealth", 400), ("of=towns", 400), ("measure=joy", 400), ("cohort=giants", 404),
                              ("like=nobody", 404), (f"of=schools&pick={ids[0]},nobody", 404), ("within=nowhere", 404)):
            self.page("/compare?" + words, status)
        self.assertEqual(self.c.get("/api/v1/compare?format=xml").status, 400)

    def test_a_goal_that_cannot_be_is_not_said(self):
        def goal(*words):
            return self.c.command("goal", *words, "--ledger", self.c.data)
        self.assertIn("There is no goal", goal("list"))
        for words in (("--for", "nowhere", "--title", "x", "--until", "2027-09", "--per-place", "50M", "a"),
                      ("--for", "x", "--title", "x", "--until", "2027-9", "--per-place", "50M", "a"),
                      ("--for", "x", "--title", "x", "--until", "2027-09", "--per-place", "1M", "--per-student", "1M", "a"),
                      ("--for", "x", "--title", "x", "--until", "2027-09", "--per-place", "1M", "--share", "0", "a"),
                      ("--for", "x", "--title", "x", "--until", "2027-09", "--per-place", "1M", "--students", "5", "a"),
                      ("--title", "x", "--until", "2027-09", "--per-place", "1M", "a")):
            self.assertRaises(SceneError, goal, "set", "--by", "heron", *words)
        self.assertRaises(SceneError, goal, "withdraw", "--by", "heron", "a")


if __name__ == "__main__":
    unittest.main()
