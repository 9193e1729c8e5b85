#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_browser.py BANDWITNESS GEN_STATE [--plain] [--shots DIR] [--only WORD] - every page of a collector in a
real browser (browser.js, by the table pages.js): wide and narrow, light and dark, without scripts,
by keyboard alone, looked through by axe-core, and with names that were made to break pages.

The collector is the installed one, over a small generated state (tests/data) whose clock stands
where its records end. --shots keeps pictures of pages, --plain gives its schools names as schools have."""
import json
import os
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "data")]

import state  # noqa: E402
from bwtest import Collector, program, queue, readiness  # noqa: E402
from bwtest.jose import PyBox, circuit, hist, latency, sha, traffic  # noqa: E402
from bwtest.node import NoNode, browser_modules  # noqa: E402
from bwtest.people import ROLES, seated  # noqa: E402
from bwtest.wallclock import WallClock  # noqa: E402

BANDWITNESS, GEN_STATE = sys.argv[1:3]
MARKUP = "\"Elm\" & 'Ash' <b data-ran onclick=alert(1)><img src=x onerror=\"ran=1\"></b>"
TURNED = "مدرسة النهر ‮loohcs‬ (ثانوية)"
LONG = "🏫🦉" + "W" * 119  # 127 bytes without a place to break
assert len(LONG.encode()) == 127 and len(MARKUP.encode()) <= 127
TITLE = "Rivers <b data-ran>& Lakes</b>"
PLAIN = "--plain" in sys.argv
if PLAIN:
    sys.argv.remove("--plain")
    MARKUP, TURNED, LONG, TITLE = "Alder Elementary School", "Birch Valley", "Cedar Lake", "State of Rivers"


def world():
    """The state's options: two districts, three lines, two weeks of a record each 15 minutes."""
    return state.parser().parse_args([
        "--districts", "2", "--circuits", "3", "--weeks", "2", "--years", "0", "--interval", "900",
        "--bandwitness", BANDWITNESS, "--gen-state", GEN_STATE])


def named(write):
    """The same schools, with names that nobody gives, for catalogue and boxes. What is imported keeps
    its own: an import refuses some of these."""
    def written(path, districts, circuits):
        districts[0]["name"], districts[1]["name"] = TURNED, LONG
        for c, name in zip(circuits, (MARKUP, TURNED, LONG)):
            c.school["name"] = name
        write(path, districts, circuits)
    return written


class State:
    """A collector that runs over it; where() is what pages.js asks for."""

    def __init__(self):
        self.c = Collector(title=TITLE, access="accounts", extra=(
            'open_data { license = "CC-BY-4.0" license_title = "Attribution" license_url = "https://license.example/" }\n'))
        secret = os.path.join(self.c.folder, "secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
            f.write("x\n")
        with open(self.c.conf, "a", encoding="utf-8") as f:  # a directory that never answers
            f.write(f'accounts {{ url = "{self.c.url}" }}\ngroup "it" {{ role = admin }}\n'
                    f'oidc {{ issuer = "http://127.0.0.1:1" client_id = "x" secret_file = "{secret}" '
                    f'name = {json.dumps(MARKUP[:50])} }}\n')
        state.write_scene = named(state.write_scene)
        self.truth = state.generate(world(), self.c.data)
        self.now = max(c["to_s"] for c in self.truth["circuits"]) + 200
        clock = WallClock(self.c)
        clock.set(self.now - int(time.time()))

    def admin(self, *words):
        return json.loads(self.c.command(*words, "--json", env=self.c.env, timeout=300))

    def rich(self):
        """A box with every kind of figure, in its newest two records."""
        token = self.admin("token", "create", "--site", "Heron \"Lake\" School", "--config", self.c.conf)
        box = PyBox(token["site"], start=self.now // 300 * 300 - 600)
        answer = self.c.enroll(box.key, token["token"])
        assert answer.status == 200, answer.body
        hops = [{"ttl": 1, "hash": "h1", "name": "edge.river.example"}, {"ttl": 2, "hash": "h2"}]
        for n in (1, 2):
            circuits = [circuit(n, 300, 60)]
            line = box.summary(
                circuits=circuits, latency=[latency(n), {
                    "circuit": "wan", "probe": "page", "kind": "http_get", "family": 4, "sent": 4, "lost": 4,
                    "codes": [{"code": "tls-expired", "n": 3}],
                    "phases": [{"phase": "connect", "sum_us": 36_000, "time_hist": hist([9000] * 4)}],
                    "cert_days": 2}],
                paths=[{"circuit": "wan", "probe": "hub", "method": "udp", "family": 4, "at_ms": box.at * 1000,
                        "reached": 1, "mtu": 1492, "hash": sha(f"way {n}"), "hops": hops}],
                traffic=[traffic({"tls": (600_000, 300_000), "quic": (300_000, 200_000)},
                                 [20_000, 30_000, 45_000] * 20, [90_000] * 30)])
            refused = self.c.post([line]).json["refused"]
            assert refused == [], refused
        return box.site

    def seats(self):
        """Somebody of each role; the address of a link that gives a password, for two more."""
        own = [f"district-{self.truth['circuits'][0]['district']}"]
        self.tokens = seated(self.c, {role: (role, [] if role in ("admin", "viewer") else own) for role in ROLES},
                             self.now)
        return [self.admin("account", "add", "--by", "heron", "--role", "viewer", "--config", self.c.conf, name)["url"]
                for name in ("wren", "finch")]

    def alerts(self, site):
        """One that is open, and one that is over; as the collector keeps them."""
        path = os.path.join(self.c.data, "alerts.db")
        self.c.wait("alerts.db", lambda: os.path.exists(path) and self.admin(
            "alert", "list", "--config", self.c.conf) is not None)
        since = self.now - 7200
        rows = [(900, "loss", f"{site}.wan", MARKUP, None, None, "", ""),
                (901, "silent", site, TURNED, self.now - 600, self.now - 900, "line",
                 "Its own records: its line was out for 60 of these 90 minutes")]
        with sqlite3.connect(path, timeout=10) as db:
            for n, kind, scope, name, closed, over, cause, why in rows:
                db.execute("INSERT INTO alerts VALUES(?,?,?,?,?,?,?,?,?,?,?,'',0,25000,25000,?,?,'',NULL,NULL,NULL)",
                           (n, kind, scope, site, name, "2.5 % of the packets " + name, since, since + 900, closed,
                            over, since + 900, cause, why))
                db.execute("INSERT INTO acts(alert, at_s, what, words) VALUES(?,?,'opened',?)", (n, since + 900, name))

    def goals(self, entity):
        """One for whom the roles see, said at the machine."""
        self.admin("goal", "set", "--by", "heron", "--for", entity, "--title", "1 Mbit/s for every student " + MARKUP[:40],
                   "--per-student", "1M", "--share", "90", "--until", "2027-09", "--ledger", self.c.data, "each-1m")

    def ready(self):
        """The state's room has all days, and the door knows everybody."""
        cookie = {"Cookie": f"bw-local={self.tokens['admin']}"}
        self.c.wait("the state's room", lambda: self.c.request(
            "GET", "/districts/state", headers=cookie).text.count("28 days from") > 2, 120)
        for of, known in (("schools", 6), ("districts", 4)):  # scores, worked again
            n = queue.check(self.c.request("GET", f"/api/v1/queue?of={of}", headers=cookie).json)
            assert n >= known, n
        days = [time.strftime("%Y-%m-%d", time.gmtime(self.now - ago * 86400)) for ago in (8, 3)]
        self.month()
        for ask, known in (("", 0), (f"&carried=peak&delivered=claimed&rate=4000&weeks={days[0]}/{days[1]}", 2)):
            self.c.wait("days of the past", lambda ask=ask, known=known: readiness.check(self.c.request(
                "GET", f"/api/v1/readiness?{ask}", headers=cookie).json) >= known, 120)
        self.c.command("opendata", "standing", "--by", "heron", "--from", "2026-01-01", "--reason", MARKUP, "--entity",
                       f"district-{self.truth['circuits'][0]['district']}", "--ledger", self.c.data, env=self.c.env)

    def month(self):
        """A whole month in the room is the report of that month."""
        first = self.truth["circuits"][0]
        end = time.strftime("%Y-%m-01", time.gmtime(self.now))
        begin = time.strftime("%Y-%m-01", time.gmtime(time.mktime(time.strptime(end, "%Y-%m-%d")) - 20 * 86400))
        report = json.loads(self.c.command("report", "--ledger", self.c.data, "--circuit", f"{first['site']}.wan", "--from",
                                           begin, "--to", end, "--format", "json", "-o", "-", env=self.c.env, timeout=300))
        tested, used = report["delivered"]["tested"]["down"], report["used"][0]["class_hours"]["down"]
        want = (tested["against_claim"]["line_at_claim_layer"]["median_bps"], used["p95_at_claim_layer_bps"])
        def kept():
            with sqlite3.connect(os.path.join(self.c.data, "room.db"), timeout=10) as db:
                return db.execute("SELECT median_bps, claimed_p95_bps FROM months JOIN circuits ON circuit = id WHERE site = ?"
                                  " AND month = ?", (first["site"], int(begin[:4]) * 12 + int(begin[5:7]) - 1)).fetchone()
        got = self.c.wait("the month in the room", kept, 120)
        assert got == want, (begin, got, want)
        with sqlite3.connect(os.path.join(self.c.data, "room.db"), timeout=10) as db:  # two weeks more, for before and after
            number = db.execute("SELECT id FROM circuits WHERE site = ?", (first["site"],)).fetchone()[0] * 2 << 20
            rows = db.execute("SELECT * FROM days WHERE key >= ? AND key < ?", (number, number + (1 << 20))).fetchall()
            db.executemany(f"INSERT OR IGNORE INTO days VALUES({','.join('?' * len(rows[0]))})",
                           [(r[0] - 14, *r[1:]) for r in rows])

    @staticmethod
    def addresses():
        """Of all pages that the collector has, as its table of routes has them."""
        told = subprocess.run([program("bandwitness-collector"), "--routes"], check=True, stdout=subprocess.PIPE,
                              encoding="utf-8").stdout
        rows = [line.split() for line in told.splitlines()]
        return [row[1] for row in rows if row[0] == "GET" and not row[1].endswith(".csv") and not row[1].startswith(
            ("/api/", "/log/", "/healthz", "/metrics", "/static/"))]

    def where(self):
        first, other = self.truth["circuits"][:2]
        assert first["district"] != other["district"]
        links = self.seats()
        self.alerts(first["site"])
        self.goals(f"district-{first['district']}")
        never = self.admin("token", "create", "--site", MARKUP, "--entity", LONG, "--config", self.c.conf)
        link = self.admin("share", "create", "--by", "heron", "--for", "delivery", "--from", "2026-11-01",
                          "--to", "2026-11-08", "--ledger", self.c.data, first["circuit"])
        week = "/".join(time.strftime("%Y-%m-%d", time.gmtime(self.now - ago * 86400)) for ago in (8, 3))
        middle = time.strftime("%Y-%m-%d", time.gmtime(self.now - 12 * 86400))
        return {"middle": middle, "week": week, "base": self.c.url, "table": "pages.js", "addresses": self.addresses(), "names": [MARKUP, TURNED, LONG],
                "district": f"district-{first['district']}", "school": first["entity"], "districtNames": [TURNED, LONG],
                "otherDistrict": f"district-{other['district']}", "otherSite": other["site"],
                "links": links, "sessions": self.tokens, "ahead": self.now - int(time.time()),
                "site": first["site"], "siteName": first["place"], "rich": self.rich(),
                "never": never["site"], "link": link["token"]}


def main():
    try:
        browser_modules()
    except NoNode as e:
        print(f"not here: {e}")
        return 77
    s = State()
    with s.c:
        path = os.path.join(s.c.folder, "world.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(s.where(), f)
        s.ready()
        return subprocess.run(["node", os.path.join(HERE, "browser.js"), path, *sys.argv[3:]],
                              check=False).returncode


sys.exit(main())
