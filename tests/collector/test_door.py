# SPDX-License-Identifier: GPL-3.0-or-later
"""An attacker's hour at the door: every address that the program has (door_routes.py), signing in, people who
come and go. docs/security.md tells what came of it."""
import base64
import csv
import hashlib
import http.client
import json
import os
import re
import socket
import sqlite3
import subprocess
import threading
import time
import unittest
import urllib.parse

from bwtest import Collector, SceneError, program, scratch, wait_for
from bwtest.collector import dial_unix
from bwtest.jose import PyBox
from bwtest.people import FORM, Person, first
from door_routes import SECRET, Routes, token_of

SCOPED = {"wren": ("district", 4, "alder-valley"), "finch": ("district", 4, "birch-creek"),
          "crane": ("coordinator", 5, "alder-valley"), "osprey": ("agency", 3, "river-agency"),
          "owl": ("viewer", 2, None), "stilt": ("district", 4, "birch-creek")}
ALDER, BIRCH = "Alder Elementary", "Birch <b>High</b> School"

OUTSIDE = """accounts { proxy_user = "X-Remote-User" proxy_groups = "X-Groups" }
group "alder" { name = "alder staff" role = district entities = "alder-valley" }
group "birch" { role = district entities = "birch-creek" }
group "packs" { role = coordinator entities = "birch-creek" }
group "it" { role = admin }
"""


class Door(Routes, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(scratch())
        cls.proxy = os.path.join(folder, "proxy.sock")
        cls.trail, cls.packets = os.path.join(folder, "trail"), []
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # as /dev/log is one
        log.bind(os.path.join(folder, "log"))
        cls.addClassCleanup(log.close)
        def listen():
            while packet := log.recv(65536):
                cls.packets.append(packet)
        threading.Thread(target=listen, daemon=True).start()
        cls.c = cls.enterClassContext(Collector(
            access="accounts",
            extra=f'audit {{ file = "{cls.trail}" socket = "{folder}/log" }}\n' + OUTSIDE,
            listen=f'listen "proxied" {{ address = "{cls.proxy}" proxied = yes }}\n'
                   'listen "tcp" { address = "127.0.0.1" port = 0 proxied = yes }'))
        cls.heron = first(cls.c)
        cls.alder, cls.birch = cls.boxes(ALDER, "Alder Valley"), cls.boxes(BIRCH, "Birch Creek")
        with sqlite3.connect(os.path.join(cls.c.data, "catalogue.db")) as db:
            db.execute("INSERT INTO entities VALUES('river-agency', 'River Agency', 4)")
            db.execute("INSERT INTO parents VALUES('alder-valley', 0, 'river-agency')")
        cls.addClassCleanup(cls.write_table)
        cls.seed()
        cls.alerts()
        cls.own = cls.session("wren")
        wait_for("the door to know them", lambda: cls.own.get("/account").status == 200
                 and cls.alder in cls.session("osprey").get("/api/v1/sites").text)

    @classmethod
    def boxes(cls, name, entity):
        told = cls.c.token("--site", name, "--entity", entity)
        box = PyBox(told["site"])
        assert cls.c.enroll(box.key, told["token"]).status == 200
        assert cls.c.post([box.summary(), box.summary()]).status == 200
        return box.site

    @classmethod
    def seed(cls):
        """Persons, their sessions and keys as the store has them."""
        now = int(time.time())
        with sqlite3.connect(os.path.join(cls.c.data, "people.db")) as db:
            for name, (_, role, entity) in SCOPED.items():
                db.execute("INSERT INTO persons VALUES(?,?,?,'$argon2id$x',zeroblob(20),NULL,0,"
                           "NULL,?,NULL,NULL)", (name, name.title() + " & Co <i>", role, now))
                if entity:
                    db.execute("INSERT INTO scopes VALUES(?,?)", (name, entity))
                db.execute("INSERT INTO sessions VALUES(?,?,?,?,?,?)", (
                    hashlib.sha256(token_of(name).encode()).digest(), name,
                    name.encode().ljust(24), now, now, now + 3600))
            for mark, seen, end in (("idle", now - 3700, now + 3600), ("over", now, now - 1)):
                db.execute("INSERT INTO sessions VALUES(?,'owl',zeroblob(24),?,?,?)", (
                    hashlib.sha256(token_of(mark).encode()).digest(), now - 7200, seen, end))
            db.execute("INSERT INTO sessions VALUES(?,'wren',?,?,?,?)", (
                hashlib.sha256(token_of("past").encode()).digest(), b"past".ljust(24), now - 7200, now, now - 1))
            for mark, (role, entity, end) in {"state": (2, None, now + 3600),
                                              "part": (4, "alder-valley", now + 3600),
                                              "old": (2, None, now - 1)}.items():
                key = "bwk_" + mark
                k = db.execute("INSERT INTO keys(sha256, name, role, created, expires) VALUES"
                               "(?,?,?,?,?)", (hashlib.sha256(key.encode()).digest(), mark, role,
                                               now, end)).lastrowid
                if entity:
                    db.execute("INSERT INTO key_scopes VALUES(?,?)", (k, entity))
        db.close()

    @classmethod
    def alerts(cls):
        """One that is open of each district, as the collector keeps them."""
        path = os.path.join(cls.c.data, "alerts.db")
        cls.c.wait("alerts.db", lambda: os.path.exists(path) and cls.c.admin("alert", "list", "--json") is not None)
        at = int(time.time()) - 7200
        with sqlite3.connect(path, timeout=10) as db:
            for n, site, name in ((900, cls.birch, BIRCH), (901, cls.alder, ALDER)):
                db.execute("INSERT INTO alerts VALUES(?,'loss',?,?,?,?,?,?,NULL,NULL,?,'',0,25000,25000,'','','',NULL,"
                           "NULL,NULL)", (n, f"{site}.wan", site, name, "2.5 % of the packets " + name, at, at, at))
        db.close()

    @classmethod
    def session(cls, name, **kw):
        p = Person(cls.c, name, **kw)
        p.cookies["bw-local"] = token_of(name)
        return p

    def key(self, text, path):
        return self.c.request("GET", path, headers={"Authorization": f"Bearer {text}"})

    # --- what each sees

    def sees(self, ask):
        """The sites in a list."""
        a = ask("/api/v1/sites")
        self.assertEqual(a.status, 200)
        return {s["id"] for s in a.json["sites"]}

    def test_others_are_not_there(self):
        both = {self.alder, self.birch}
        for name, sites in (("wren", {self.alder}), ("finch", {self.birch}),
                            ("crane", {self.alder}), ("osprey", {self.alder}), ("owl", both)):
            p = self.session(name)
            self.assertEqual(self.sees(p.get), sites, name)
            self.assertEqual({c["site"] for c in p.get("/api/v1/circuits").json["circuits"]}, sites)
            self.assertEqual(p.get(f"/api/v1/circuits?site={self.birch}").text.count(self.birch) > 0,
                             self.birch in sites)
            page = p.get("/sites")
            self.assertEqual(page.status, 200)
            queue = p.get("/api/v1/queue").json
            rows = queue["queue"] + queue["too_little"]
            self.assertEqual({r["site"] for r in rows if "site" in r}, sites)
            districts = p.get("/api/v1/queue?of=districts").json["too_little"]
            self.assertEqual(len(districts), len(sites))
            for path in ("/queue", "/queue?of=districts", "/api/v1/queue?format=csv"):
                a = p.get(path)
                self.assertEqual(a.status, 200)
                self.assertTrue(SECRET not in a.text or self.birch in sites)
            for path in ("/queue?below=birch-creek", "/api/v1/queue?below=birch-creek",
                         f"/queue?open={self.birch}"):
                self.assertEqual(p.get(path).status, 200 if self.birch in sites else 404, path)
            ready = p.get("/api/v1/readiness").json
            self.assertEqual((ready["places"], "Birch" in json.dumps(ready)), (len(sites), self.birch in sites))
            for path in ("/readiness?below=birch-creek", "/api/v1/readiness?below=birch-creek&format=csv"):
                self.assertEqual(p.get(path).status, 200 if self.birch in sites else 404, path)
            compared = p.get("/api/v1/compare").json
            self.assertEqual((compared["all_seen"], [c["members"] for c in compared["cohorts"]]),
                             (True, [2, 2]) if name == "owl" else (False, []))
            for path in ("/compare", "/compare?of=schools&by=provider", "/api/v1/compare?of=schools&format=csv"):
                a = p.get(path)
                self.assertEqual(a.status, 200)
                self.assertTrue(SECRET not in a.text and "birch-creek" not in a.text or self.birch in sites)
            nobody = p.get("/api/v1/compare?like=nowhere").text
            for words in ("like=birch-creek", "pick=birch-creek", "of=schools&within=birch-creek",
                          "pick=alder-valley,birch-creek", "cohort=-", "by=all&cohort=all"):
                whole = name == "owl" or (self.birch in sites and "," not in words and "cohort" not in words)
                for path in ("/compare?", "/api/v1/compare?", "/api/v1/compare?format=csv&"):
                    a = p.get(path + words)
                    self.assertEqual(a.status, 200 if whole else 404, (name, path, words))
                    self.assertTrue(whole or path == "/compare?" or a.text == nobody, (path, words))
            changed = p.get("/")
            self.assertEqual(changed.status, 200)
            self.assertEqual("The collector itself" in changed.text, name == "owl")
            self.assertTrue(SECRET not in changed.text or self.birch in sites)
            self.assertEqual("Birch &lt;b&gt;" in page.text, self.birch in sites)
            self.assertEqual("The ledger holds" in page.text, name == "owl")
            self.assertIn(f"{name.title()} &amp; Co &lt;i&gt;", page.text)
            self.assertEqual(p.get("/metrics").status, 200 if name == "owl" else 404)
            packs = p.get("/api/v1/entities/birch-creek/pack?for=pia&year=FY2026&format=json")
            self.assertEqual(packs.status, 200 if self.birch in sites else 404)
        self.assertEqual(self.sees(lambda p: self.key("bwk_state", p)), both)
        self.assertEqual(self.sees(lambda p: self.key("bwk_part", p)), {self.alder})
        for bad in ("bwk_old", "bwk_", "", "bwk_state x"):
            self.assertEqual(self.key(bad, "/api/v1/sites").status, 401)

    def test_pages_at_the_door_are_not_framed_or_kept(self):
        for path in ("/", "/account", f"/sites/{self.alder}", "/sign-in"):
            a = self.own.get(path)
            self.assertEqual(a.status, 200)
            self.assertEqual(a.headers["Cache-Control"], "no-store")
            self.assertIn("frame-ancestors 'none'", a.headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", a.headers["Content-Security-Policy"])
            self.assertEqual(a.headers["X-Content-Type-Options"], "nosniff")

    def test_people_of_another_directory(self):
        """By a proxy's word, at its Unix socket and nowhere else."""
        def by(user, groups, path="/api/v1/sites", dial=dial_unix(self.proxy), **more):
            return Person(self.c, dial=dial, headers={"X-Remote-User": user, "X-Groups": groups, **more}).get(path)
        def sees(*words, **more):
            return self.sees(lambda path: by(*words, path=path, **more))
        self.assertEqual(sees("wren@alder.example", "x, alder staff"), {self.alder})
        self.assertEqual(sees("wren", "alder staff,birch,packs"), {self.alder, self.birch})
        self.assertEqual(sees("wren", "packs"), {self.birch})
        self.assertEqual(by("wren", "packs", f"/sites/{self.alder}").status, 404)
        page = by("W <b>", "it", "/people")
        self.assertEqual(page.status, 200)
        self.assertIn("W &lt;b&gt;", page.text)
        self.assertNotIn("/sign-out", page.text)
        self.assertEqual(by("wren", "it", "/account").status, 404)  # an account is none of theirs
        for user, groups in (("wren", ""), ("wren", "alder"), ("wren", "alder staff x"), ("", "it"), ("wren", "IT")):
            self.assertEqual(by(user, groups).status, 401, groups)
        def tcp(timeout):
            return socket.create_connection(("127.0.0.1", self.c.ports()[-1]), timeout)
        for dial in (None, tcp, dial_unix(self.c.socket)):  # elsewhere the header is a stranger's
            self.assertEqual(by("wren", "it", dial=dial).status, 401)
        with dial_unix(self.proxy)(20) as s:  # one came along with the client
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Remote-User: a\r\nX-Remote-User: b\r\n"
                      b"X-Groups: it\r\nConnection: close\r\n\r\n")
            self.assertIn(b" 401 ", s.recv(65536).split(b"\r\n")[0])
        # a form needs its token here too, which is one's own
        other = Person(self.c, dial=dial_unix(self.proxy), headers={"X-Remote-User": "W@b", "X-Groups": "it", "Host": "a"})
        token = re.search('name="csrf" value="([^"]+)"', page.text)[1]
        form = {"do": "revoke", "name": "no-such"}
        self.assertEqual(other.send("/people", {**form, "csrf": token}).status, 403)
        own = other.hidden(other.get("/people").text)
        self.assertEqual(other.send("/people", {**form, "csrf": own}, Origin="https://evil.example").status, 403)
        self.assertEqual(other.send("/people", {**form, "csrf": own}).status, 400)  # done, and there is none

    def test_goals_are_seen_by_whose_they_are(self):
        wren, finch, osprey, owl = (self.session(n) for n in ("wren", "finch", "osprey", "owl"))
        def form(p, **more):
            return {"csrf": p.csrf(), "title": "<b>1</b> Mbit/s each", "entity": "alder-valley", "of": "tested",
                    "per": "student", "kbps": "1000", "share": "90", "by": "2027-09", "students_min": "",
                    "students_max": "", "text": "", "name": "", **more}
        for wrong in ({"entity": "birch-creek"}, {"entity": "nowhere"}, {"kbps": "0"}, {"kbps": "1e3"}, {"share": "101"},
                      {"by": "2027-13"}, {"title": ""}, {"title": "x" * 121}, {"name": "A b"}, {"of": "hoped"},
                      {"students_min": "9", "students_max": "8"}, {"title": "\u202eturned"}):
            a = wren.send("/progress", form(wren, **wrong))
            self.assertEqual(a.status, 400, wrong)
            self.assertIn("Not said: ", a.text)
        self.assertEqual(owl.send("/progress", form(owl)).status, 404)  # sees all and says nothing
        a = wren.send("/progress", form(wren))
        self.assertEqual((a.status, a.headers["Location"]), (303, "/progress/alder-valley-b-1-b-mbit-s-each"))
        name, at = a.headers["Location"].rsplit("/", 1)[1], a.headers["Location"]
        for p, sees in ((wren, True), (osprey, True), (owl, True), (self.heron, True), (finch, False)):
            page = p.get(at)
            self.assertEqual(page.status, 200 if sees else 404)
            self.assertNotIn("<b>1", page.text)
            goals = p.get("/api/v1/goals").json["goals"]
            self.assertEqual([g["goal"] for g in goals], [name] * sees)
            self.assertEqual(name in p.get("/progress").text, sees)
            self.assertEqual(p.get(f"/api/v1/goals?goal={name}&format=csv").status, 200 if sees else 404)
        goal = wren.get(f"/api/v1/goals?goal={name}").json["goals"][0]
        self.assertEqual((goal["said_by"], goal["target_bps"], goal["share_ppm"], goal["by"], goal["members"]),
                         ("wren", 1000000, 900000, "2027-09-01", 1))
        self.assertEqual((goal["state"], len(goal["months"])), ("not-told", 12))
        self.assertEqual([p["unknown"] for p in goal["places"]], ["no-record"])
        # another may not say it anew, nor end it; who sees no such goal is told nothing
        self.assertEqual(osprey.send("/progress", form(osprey, name=name, kbps="1")).status, 400)
        self.assertEqual(osprey.send(at + "/withdraw", {"csrf": osprey.csrf(), "text": ""}).status, 403)
        self.assertEqual(finch.send(at + "/withdraw", {"csrf": finch.csrf(), "text": ""}).status, 404)
        self.assertNotIn("Withdraw", osprey.get(at).text)
        self.assertIn("Withdraw", wren.get(at).text)
        self.assertEqual(self.heron.send(at + "/withdraw", {"csrf": self.heron.csrf(), "text": "no"}).status, 303)
        self.assertIn("withdrawn by <bdi>heron", wren.get(at).text)
        self.assertEqual(wren.send(at + "/withdraw", {"csrf": wren.csrf(), "text": ""}).status, 404)
        said = json.loads(self.c.command("goal", "list", "--history", "--json", "--ledger", self.c.data))
        self.assertEqual([(g["goal"], g["withdrawn_by"]) for g in said], [(name, "heron")])

    # --- forms

    def test_only_what_comes_from_its_own_pages_signs_in(self):
        p = Person(self.c, "heron")
        page = p.get("/sign-in").text
        fields = {"csrf": p.hidden(page), "name": "heron", "password": "x", "code": "000000"}
        pre = dict(p.cookies)
        for form, cookies, more in (
                ({**fields, "csrf": ""}, pre, {}), ({**fields, "csrf": "x" * 24}, pre, {}), (fields, {}, {}),
                (fields, {"bw-local-in": "x" * 24}, {}), (fields, pre, {"Origin": "http://evil.example"}),
                (fields, pre, {"Sec-Fetch-Site": "cross-site"})):
            p.cookies = dict(cookies)
            a = p.send("/sign-in", form, **more)
            self.assertEqual(a.status, 403)
            self.assertIn("too old, or not from here", a.text)
        for body, kind in ((b"name=heron", FORM), (b"%", FORM), (b"name=a%00b&password=x&code=1", FORM),
                           (b"{}", {"Content-Type": "application/json"}), (b"a=1&" * 20, FORM)):
            self.assertIn(p.ask("POST", "/sign-in", body, **kind).status, (400, 403))
        self.assertEqual(p.ask("POST", "/sign-in", b"x" * 9000, **FORM).status, 413)

    def test_an_administrator_in_a_browser(self):
        p = self.heron
        def do(what, status=200, **fields):
            a = p.send("/people", {"csrf": p.csrf(), "do": what, **fields})
            self.assertEqual(a.status, status, a.text)
            return a.text
        page = do("add", name="plover", shown="Plover <b>", role="district", entities="Alder Valley, birch-creek")
        link = re.search(r'class="key">http://localhost(/set-up/[\w-]{32})<', page)[1]
        self.assertIn("Plover &lt;b&gt;", page)
        self.assertIn("alder-valley, birch-creek", page)
        self.assertNotIn(link, p.get("/people").text)
        self.assertEqual(Person(self.c).get(link).status, 200)
        self.assertNotIn(link, do("link", name="plover"))
        self.assertEqual(Person(self.c).get(link).status, 404)  # there is another
        for what, fields in (("add", {"name": "plover", "role": "viewer"}), ("add", {"name": "Plover"}),
                             ("add", {"name": "x", "role": "district"}), ("remove", {"name": "no-such"}),
                             ("add", {"name": "x", "role": "district", "entities": "Nowhere <i>"}),
                             ("add", {"name": "x", "role": "king"}), ("key", {"name": "k", "days": "0"}),
                             ("remove", {"name": "heron"}), ("nothing", {"name": "x"})):
            self.assertNotIn("<i>", do(what, 400, **fields))
        key = re.search(r'class="key">(bwk_[\w-]{43})<', do("key", name="by-web", days="9", entities="alder-valley"))[1]
        self.assertEqual(self.sees(lambda p: self.key(key, p)), {self.alder})
        do("revoke", name="by-web")
        self.assertEqual(self.key(key, "/api/v1/sites").status, 401)
        do("reset", name="plover")
        do("remove", name="plover")
        with sqlite3.connect(os.path.join(self.c.data, "people.db")) as db:
            acts = [json.loads(t) for t, in db.execute("SELECT text FROM acts")]
        db.close()
        self.assertEqual([(a["act"], a.get("detail")) for a in acts if a["via"] == "web" and a["by"] == "heron"
                          and a["about"] in ("plover", "by-web")],
                         [("account-add", "district alder-valley birch-creek"), ("account-link", None),
                          ("key-add", "alder-valley"), ("key-revoke", None), ("account-reset", None),
                          ("account-remove", None)])

    def test_with_a_table_of_sites(self):
        """Tokens for many boxes: once, for administrators, all or none; a used or expired one is noted."""
        p = self.heron
        def send(table, status, **more):
            a = p.send("/fleet/tokens", {"csrf": p.csrf(), "table": table, "days": "14", **more})
            self.assertEqual(a.status, status, a.text)
            return a
        def sites():
            with sqlite3.connect(os.path.join(self.c.data, "catalogue.db")) as db:
                return db.execute("SELECT count(*) FROM sites").fetchone()[0]
        before = sites()
        a = send("id,name,entity\r\n,Ash,\r\n,<b>Elm,nowhere\r\n", 400)
        self.assertIn("line:3: no entity is &quot;nowhere&quot;", a.text)
        self.assertIn(",&lt;b&gt;Elm,nowhere\n</textarea>", a.text)
        for table, more in (("", {}), ("name\nAsh\n", {"days": "91"}), ("name\nAsh\n", {"days": "x"}),
                            ("x\n" * 100000, {}), ("name\n\"Ash\n", {})):
            send(table, 400, **more)
        self.assertEqual(p.send("/fleet/tokens", {"table": "name\nAsh\n", "days": "1"}).status, 403)
        self.assertEqual(self.own.get("/fleet/tokens").status, 404)
        self.assertEqual(self.own.send("/fleet/tokens", {"csrf": self.own.csrf(), "table": "name\nAsh\n",
                                                         "days": "1"}).status, 404)
        self.assertEqual(sites(), before)
        a = send("name\tentity\r\nAsh, Upper\t\r\nOak\t\r\n", 200)
        self.assertEqual(a.headers["Cache-Control"], "no-store")
        rows = list(csv.DictReader(a.text.splitlines()))
        self.assertEqual([r["name"] for r in rows], ["Ash, Upper", "Oak"])
        self.assertEqual(sites(), before + 2)
        again = list(csv.DictReader(send(a.text, 200, days="3").text.splitlines()))
        self.assertEqual([r["id"] for r in again], [r["id"] for r in rows])
        self.assertEqual(sites(), before + 2)
        mine, other = PyBox(rows[0]["id"]), PyBox(rows[0]["id"])
        self.assertEqual(self.c.enroll(mine.key, rows[0]["token"]).status, 200)
        self.assertEqual(self.c.enroll(other.key, rows[0]["token"]).status, 403)
        with sqlite3.connect(os.path.join(self.c.data, "catalogue.db")) as db:
            db.execute("UPDATE tokens SET expires = 1000 WHERE site = ?", (rows[1]["id"],))
        db.close()
        self.assertEqual(self.c.enroll(other.key, rows[1]["token"]).status, 403)
        with sqlite3.connect(os.path.join(self.c.data, "catalogue.db")) as db:
            noted = dict(db.execute("SELECT name, value FROM meta WHERE name LIKE 'token-refused:%'"))
            self.assertEqual({k[14:]: v.split()[1] for k, v in noted.items()},
                             {rows[0]["id"]: b"spent", rows[1]["id"]: b"late"})
        db.close()
        with sqlite3.connect(os.path.join(self.c.data, "people.db")) as db:
            acts = [json.loads(t) for t, in db.execute("SELECT text FROM acts")]
        db.close()
        self.assertEqual([(x["by"], x["detail"]) for x in acts if x["act"] == "tokens-create"],
                         [("heron", "2 sites, 2 of them new, 14 days"), ("heron", "2 sites, 0 of them new, 3 days")])
        kid, at = mine.key.kid, f"/fleet/keys/{rows[0]['id']}"  # its key was in other hands
        self.assertIn(kid, p.get(at).text)
        self.assertEqual(self.own.get(at).status, 404)
        good = {"csrf": p.csrf(), "kid": kid, "typed": kid[:6], "since": "2026-01-02", "reason": "stolen <i>"}
        for bad in ({"typed": kid[:5]}, {"typed": "xxxxxx"}, {"since": "2999-01-01"}, {"since": "soon"}, {"reason": ""},
                    {"kid": other.key.kid, "typed": other.key.kid}):
            a = p.send(at, {**good, **bad})
            self.assertEqual(a.status, 400, a.text)
            self.assertIn("Nothing was revoked", a.text)
        self.assertEqual(self.c.post([mine.summary()]).json["refused"], [])
        self.assertEqual(p.send(at, {**good, "csrf": "x"}).status, 403)
        a = p.send(at, good)
        self.assertEqual(a.status, 200, a.text)
        self.assertIn("stolen &lt;i&gt;", a.text)
        self.assertEqual(p.send(at, good).status, 400)  # it is final
        wait_for("the key to be known as revoked", lambda: self.c.post([mine.summary()]).json["refused"], 20)
        path = os.path.join(self.c.data, "sites.csv")  # the same on the machine
        with open(path, "w", encoding="utf-8") as out:
            out.write(f"id,name\n{rows[1]['id']},\n,Rowan\n")
        self.assertEqual(len(self.c.admin("token", "create", "--csv", path).splitlines()), 3)
        self.assertRaises(SceneError, self.c.admin, "token", "create", "--csv", path)  # Rowan is there
        os.remove(path)

    # --- signing in

    def strip(self, a):
        """A page without what is new each time."""
        text = re.sub(r'value="[^"]*"|<time.*?</time>', "", a.text)
        return a.status, re.sub(r"\d+ seconds", "", text)

    def test_who_is_not_let_in_learns_nothing(self):
        heron, nobody = Person(self.c, "heron"), Person(self.c, "nobody")
        heron.key = self.heron.key
        answers, times = [], {"heron": [], "nobody": []}
        for p in (nobody, heron):
            for _ in range(5):
                begun = time.monotonic()
                answers.append(self.strip(p.sign_in(password="not this one", code="000000")))
                times[p.name].append(time.monotonic() - begun)
            a = p.sign_in(code="000000")  # both have to wait
            self.assertEqual((a.status, int(a.headers["Retry-After"]) <= 30), (429, True))
        a = heron.sign_in(code=self.heron.recovery[9])  # also with what is right
        self.assertEqual(a.status, 429)
        self.assertEqual(len(set(answers)), 1, answers)
        self.assertEqual(answers[0][0], 403)
        self.assertGreater(min(times["nobody"]), min(times["heron"]) / 3)  # both cost as much
        def kept():  # once it was answered
            with sqlite3.connect(os.path.join(self.c.data, "people.db")) as db:
                got = db.execute("SELECT failures, locked > signed_in FROM persons WHERE name = 'heron'").fetchone()
            db.close()
            return got == (5, 1)
        wait_for("five tries, kept", kept)
        # whoever is in stays in
        self.assertEqual(self.heron.get("/account").status, 200)

    def test_a_person_comes_and_goes(self):
        """By the command, through a proxy that speaks TLS, as a browser would."""
        told = json.loads(self.c.admin("account", "add", "--by", "heron", "--role", "district",
                                       "--entity", "Birch Creek", "--shown", "Swift of Birch",
                                       "--json", "swift"))
        p = Person(self.c, "swift", dial=dial_unix(self.proxy),
                   headers={"X-Forwarded-For": "192.0.2.7", "Host": "localhost"})
        link = urllib.parse.urlsplit(told["url"]).path
        self.assertEqual(p.get(link).status, 200)
        none = p.get("/set-up/" + "x" * 32)
        # wrong at first: nothing is spent
        p.key = "A" * 32
        for wrong in ({"password": "short"}, {"again": "another one here"}, {"code": "000000"},
                      {"password": "swift and then", "again": "swift and then"}):
            form = {"password": p.password, "again": p.password, "code": "000000", **wrong}
            self.assertEqual(p.send(link, form).status, 400)
        self.assertEqual(p.send(link, {}, Origin="https://evil.example").status, 403)
        self.assertEqual(p.set_up(told["url"]).status, 200)
        self.assertEqual(len(set(p.recovery)), 10)
        self.assertEqual(self.strip(p.get(link)), self.strip(none))  # used, or never there
        self.assertEqual(none.status, 404)
        # a session that somebody planted is not taken over
        p.cookies["__Host-bw"] = token_of("planted")
        a = p.sign_in(to=f"/sites/{self.birch}?range=day", Origin="https://localhost",
                      **{"Sec-Fetch-Site": "same-origin"})
        self.assertEqual((a.status, a.headers["Location"]), (303, f"/sites/{self.birch}?range=day"))
        cookie = next(x for x in a.headers.get_all("Set-Cookie") if x.startswith("__Host-bw="))
        self.assertRegex(cookie, r"^__Host-bw=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure$")
        self.assertNotIn("planted", cookie)
        self.assertIn("Swift of Birch", p.get(a.headers["Location"]).text)
        # the same code again, and a recovery code twice
        used, one = p.cookies["__Host-bw"], Person(self.c, "swift", dial=p.dial, headers=p.headers)
        one.key, one.step = p.key, p.step
        code = p.recovery[0]
        self.assertEqual(one.sign_in(code=self.code_of(p)).status, 403)
        self.assertEqual(one.sign_in(code=code.upper().replace("-", " ")).status, 303)
        self.assertEqual(one.sign_in(code=code).status, 403)
        before = one.cookies["__Host-bw"]  # ends where the same browser signs in again
        self.assertEqual(one.sign_in(code=p.recovery[1]).status, 303)
        one.cookies, now = {"__Host-bw": before}, one.cookies
        self.assertEqual(one.get("/account").status, 303)
        one.cookies = now
        # elsewhere than on this collector nobody is sent; each time the session is another
        for to in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "x"):
            page = one.get("/sign-in?to=" + urllib.parse.quote(to)).text
            self.assertEqual(one.hidden(page, "to"), "/")
        self.assertNotEqual(one.cookies["__Host-bw"], used)
        # the cookie is no good in the clear, nor the other way round
        clear = Person(self.c)
        clear.cookies = {"__Host-bw": used, "bw-local": used}
        self.assertEqual(clear.get("/account").status, 200)  # this machine: the name decides
        clear.cookies = {"__Host-bw": used}
        self.assertEqual(clear.get("/account").status, 303)
        one.cookies = {"bw-local": used}
        self.assertEqual(one.get("/account").status, 303)
        # a proxy that the configuration does not know of
        for header in ("X-Forwarded-For", "Forwarded", "Via"):
            clear = Person(self.c, headers={header: "192.0.2.7"})
            clear.cookies = {"bw-local": used}
            self.assertEqual(clear.get("/account").status, 303)
            a = clear.get("/sign-in")
            self.assertEqual((a.status, "proxied = yes" in a.text), (403, True))
        # all others end; then the account does
        self.assertEqual(p.send("/account/others", {"csrf": p.csrf()}).status, 303)
        self.assertEqual(p.get("/account").status, 200)
        self.c.admin("account", "remove", "--by", "heron", "swift")
        wait_for("the session to end", lambda: p.get("/account").status == 303)
        self.what_was_told(told["name"])

    def code_of(self, p):
        from bwtest.people import totp
        return totp(p.key, p.step)

    def what_was_told(self, name):
        """The trail, and the log's leaves."""
        acts = json.loads(self.c.admin("account", "acts", "--json"))
        mine = [json.loads(a["text"]) for a in acts if f'"about":"{name}"' in a["text"]]
        self.assertEqual([(a["act"], a["by"], a["via"]) for a in mine],
                         [("account-add", "heron", "command"), ("account-ready", name, "web"),
                          ("account-remove", "heron", "command")])
        for a in acts:
            raw = base64.urlsafe_b64decode(a["salt"] + "==") + a["text"].encode()
            self.assertEqual(base64.urlsafe_b64decode(a["sha256"] + "=="),
                             hashlib.sha256(raw).digest())
        def leaves():
            with sqlite3.connect(f"file:{self.c.data}/ledger/ledger.db?mode=ro", uri=True) as db:
                got = {r[0] for r in db.execute("SELECT sha256 FROM log_leaves WHERE type = 35")}
            db.close()
            return {base64.urlsafe_b64decode(a["sha256"] + "==") for a in acts} <= got
        wait_for("leaves of the acts", leaves)
        def told():
            with open(self.trail, encoding="utf-8") as f:
                lines = [json.loads(line) for line in f]
            return [(x["event"], x["outcome"], x.get("from")) for x in lines
                    if name in (x.get("who"), x.get("about"))]
        wait_for("the trail", lambda: ("account-remove", "ok", None) in told())
        # the same at the socket, each as RFC 5424 has it
        form = re.compile(r'<(84|85)>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ bandwitness-collector \d+ ([a-z-]+) '
                          r'\[bandwitness@32473((?: [a-z]+="(?:[^"\\\]]|\\.)*")*)\]$')
        def sent():
            rows = [form.match(p.decode()) for p in list(self.packets)]
            self.assertNotIn(None, rows)
            return [(r[2], r[1], dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', r[3]))) for r in rows]
        def both():
            packets = [(e, d["outcome"], d.get("from")) for e, _, d in sent() if name in (d.get("who"), d.get("about"))]
            return sorted(packets, key=str) == sorted(told(), key=str)
        wait_for("the same in both", both)
        for event, priority, words in sent():
            self.assertEqual(priority, "84" if words.get("outcome") == "refused" else "85")
        for event in (("set-up", "ok", "192.0.2.7"), ("sign-in", "ok", "192.0.2.7"),
                      ("sign-in", "refused", "192.0.2.7"), ("sign-out", "ok", "192.0.2.7")):
            self.assertIn(event, told())


if __name__ == "__main__":
    unittest.main(verbosity=2)
