# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tried on every address that the program has, by the table it prints itself (--routes) and the
names of questions and fields that its sources ask for: what is added later is tried without a word
here. The cases run in test_door.py; with BW_DOOR_TABLE=FILE they write docs/security.md's table."""
import base64
import collections
import glob
import os
import re
import socket
import sqlite3
import subprocess
import time
import urllib.parse

from bwtest import program
from bwtest.people import FORM, masked, unmasked

SECRET = "Birch"  # stands in everything of the other district
COLLECTOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../collector")
FUNNY = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-User": "heron", "X-Remote-User": "heron",
         "Forwarded": "for=127.0.0.1;proto=https", "X-Original-URL": "/healthz",
         "X-Rewrite-URL": "/healthz", "X-HTTP-Method-Override": "GET", "Host": "localhost",
         "X-Forwarded-Host": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Real-IP": "127.0.0.1"}
# Ways to write an address that another program might read as another one.
TRICKS = (lambda p: "/" + p, lambda p: p + "/", lambda p: p + "/.", lambda p: p + "%00",
          lambda p: "/." + p, lambda p: "/healthz/.." + p, lambda p: "/static/..%2f" + p[1:],
          lambda p: p.replace("/", "%2f"), lambda p: "/%2e" + p, lambda p: p + ";x",
          lambda p: p + "%20", lambda p: p.upper(), lambda p: "/s/x/.." + p,
          lambda p: p[:1] + "".join(f"%{ord(c):02x}" for c in p[1:3]) + p[3:],
          lambda p: p + "?to=/healthz", lambda p: p + "%3f", lambda p: p + "/../../healthz")
# Names of questions that cannot name a place: how an answer looks, and signing in.
LOOKS = {"again", "certificate", "code", "error", "format", "iss", "paper", "page", "theme", "to", "tz"}
# Those that some page names a site or circuit by; all others are tried with an entity.
PLACES = {"circuit", "like", "open", "pick", "q", "site"}
COLUMNS = ("no session", "another's session", "a key", "forged or stale token", "ids of others", "tricks")
# Public by design: a decision, made here once more.
OPEN = {"/log/checkpoint", "/log/key", "/log/inclusion", "/log/growth", "/log/tile/{*}", "/log/epoch",
        "/log/stamp/{}/{}", "/log/witness/key", "/healthz", "/s/{}", "/s/{}/comment", "/s/{}/{}",
        "/problems/{}", "/static/{}", "/sign-in", "/set-up/{}", "/oidc/start", "/oidc/back", "/open-data",
        "/open-data/{}"}
SIGNED = {"/api/v1/summaries", "/api/v1/enroll", "/api/v1/keys", "/api/v1/tickets", "/api/v1/bags",
          "/log/witness/add-checkpoint", "/oidc/logout"}


def token_of(name):
    return (name * 43)[:43]


def csrf_of(name):
    """As the store has it for the session that a test gave somebody."""
    return base64.urlsafe_b64encode(name.encode().ljust(24)).decode()


def routes():
    told = subprocess.run([program("bandwitness-collector"), "--routes"], check=True,
                          stdout=subprocess.PIPE, timeout=60).stdout.decode()
    return [tuple(line.split()) for line in told.splitlines()]


def asked_for():
    """Every name of a question, and every name of a form's field, in the collector's sources."""
    questions, fields = set(), set()
    for path in glob.glob(os.path.join(COLLECTOR, "**", "*.c"), recursive=True):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        questions |= set(re.findall(r'\breq,\s*"([a-z_]+)"', text))
        fields |= set(re.findall(r'\.name = "([a-z_]+)",\s*\.out', text))
    return sorted(questions), sorted(fields)


class Routes:
    """Mixed into a case that has a collector c, sites alder and birch, sessions of SCOPED."""
    saw = collections.defaultdict(lambda: collections.defaultdict(set))

    @classmethod
    def note(cls, row, column, answer):
        cls.saw[row][column].add(answer if isinstance(answer, (int, str)) else answer.status)

    def path(self, pattern, site, entity="birch-creek", alert="900"):
        """An address of this pattern that would be good."""
        words = {"sites": site, "circuits": f"{site}.wan", "entities": entity, "districts": entity,
                 "schools": entity, "frns": "1699048824.003", "graph": "link.svg", "bags": "x", "s": "x",
                 "problems": "busy", "static": "icon.svg", "tile": "0/000", "set-up": "x", "stamp": "x",
                 "alerts": alert, "upgrades": f"{site}.wan", "x": "y"}
        parts = pattern.split("/")
        for i, part in enumerate(parts):
            if part in ("{}", "{*}"):
                parts[i] = words[parts[i - 1] if parts[i - 1] in words else "x"]
        path = "/".join(parts)
        return path + "?for=pia&year=FY2026" if path.endswith("/pack") else path

    def ids(self, site, entity, alert):
        """Whatever an address, question or field may name something by."""
        return (site, f"{site}.wan", entity, alert, f"entity:{entity}", f"circuit:{site}.wan")

    def bare(self, answer):
        """What is not the same at each answer is left out."""
        return answer.status, re.sub(r"<time.*?</time>|value=\"[^\"]*\"", "", answer.text)

    def unseen(self, a, asked):
        """Nothing of the other district; nothing that broke."""
        self.assertNotEqual(a.status, 500, asked)
        self.assertNotIn(SECRET, a.text.replace(urllib.parse.quote(SECRET), ""), asked)

    # --- without a session

    def test_every_route_without_a_session(self):
        table = routes()
        self.assertGreater(len(table), 40)
        self.assertEqual(len(set(table)), len(table))
        self.assertNotIn("?", {level for _, _, level, _ in table})
        self.assertEqual({p for _, p, level, _ in table if level == "nobody"}, OPEN)
        self.assertEqual({p for _, p, level, _ in table if level == "box"}, SIGNED)
        line = self.c.connect()
        for row in table:
            method, pattern, level, of = row
            path = self.path(pattern, self.birch)
            if "/sites/{}" in pattern or "/circuits/{}" in pattern:
                self.assertNotEqual(of, "-", pattern)  # whose it is, is looked at
            for other in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "GET" if method == "POST" else "POST"):
                a = self.c.request(other, path, b"" if other == "POST" else None, {}, line)
                if not any(m == other and p == pattern for m, p, _, _ in table):
                    self.assertIn(a.status, (400, 401, 403, 404, 405, 501), (other, path))
                self.unseen(a, (other, path))
            if level in ("nobody", "box"):
                continue
            page = not path.startswith(("/api/", "/metrics"))
            for headers in ({}, FUNNY, {"Cookie": "bw-local=" + "x" * 43},
                            {"Cookie": "__Host-bw=" + token_of("wren")},
                            {"Authorization": "Bearer bwk_x", "Cookie": "bw-local=" + token_of("owl")},
                            {"Authorization": "Basic aGVyb246eA=="}):
                a = self.c.request(method, path, b"" if method == "POST" else None, dict(headers),
                                   line)
                self.note(row, "no session", a)
                self.assertEqual(a.status, 303 if page and method == "GET" else 401,
                                 (method, path, headers))
                self.assertNotIn(SECRET, a.text)
                if page and method == "GET":
                    self.assertTrue(a.headers["Location"].startswith("/sign-in"))
                elif not page:
                    self.assertIn("Bearer", a.headers["WWW-Authenticate"])
                self.assertEqual(a.headers["Cache-Control"], "no-store")
            if method == "GET":
                a = self.c.request("HEAD", path, None, {}, line)
                self.assertEqual((a.status, a.body), (303 if page else 401, b""))
        line.close()

    def test_tricks_of_the_path(self):
        line, wren = self.c.connect(), {"Cookie": "bw-local=" + token_of("wren")}
        rows = [r for r in routes() if r[0] == "GET" and r[2] not in ("nobody", "box")]
        self.assertGreater(len(rows), 20)
        for row in rows:
            path = self.path(row[1], self.birch).split("?")[0]
            if path == "/":
                continue
            about = row[3] != "-" or path == "/metrics"  # nothing of it is hers to see
            for way in TRICKS:
                for cookie in ({}, wren) if about else ({},):
                    a = self.c.request("GET", way(path), headers=cookie, connection=line)
                    self.note(row, "tricks", a)
                    self.assertIn(a.status, (303, 400, 401, 404), way(path))
                    self.unseen(a, way(path))
        line.close()
        # in full, by a proxy's form, and with a header twice
        site = f"/sites/{self.birch}"
        for head in (f"GET http://localhost{site} HTTP/1.1\r\nHost: localhost\r\n",
                     f"GET {site} HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
                     f"GET {site} HTTP/1.1\r\nHost: a\r\nCookie: bw-local={token_of('wren')}\r\n"
                     f"Cookie: bw-local={token_of('owl')}\r\n",
                     f"GET {site} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n"
                     f"Authorization: Bearer bwk_state\r\n"):
            with self.c.dial(20) as s:
                s.sendall((head + "Connection: close\r\n\r\n").encode())
                answer = b""
                while more := s.recv(65536):
                    answer += more
            self.assertIn(b" 400 ", answer.split(b"\r\n")[0])
        # one that is over, or was left alone for an hour, is none; nor is one of two in a header
        for mark in ("idle", "over"):
            self.assertEqual(self.session(mark).get(site).status, 303)
        a = self.c.request("GET", site, headers={
            "Cookie": f"bw-local={token_of('wren')}; bw-local={token_of('owl')}"})
        self.assertEqual(a.status, 303)

    # --- with another district's session, and with ids of others

    def test_every_address_of_others(self):
        wren = {"Cookie": "bw-local=" + token_of("wren")}
        crane = {"Cookie": "bw-local=" + token_of("crane")}
        key = {"Authorization": "Bearer bwk_part"}
        line = self.c.connect()
        def get(path, who):
            return self.c.request("GET", path, headers=who, connection=line)
        questions, _ = asked_for()
        self.assertIn("below", questions)
        for row in routes():
            method, pattern, level, of = row
            if method != "GET" or level in ("nobody", "box"):
                continue
            theirs, mine = self.path(pattern, self.birch), self.path(pattern, self.alder, "alder-valley", "901")
            none = self.path(pattern, "s-zzzzz", "no-such", "99999")
            for who, column in ((wren, "another's session"), (key, "a key")):
                a = get(theirs, who)
                self.note(row, column, a)
                self.unseen(a, theirs)
                if theirs != none:  # like none at all
                    self.assertEqual(self.bare(a), self.bare(get(none, who)), theirs)
                    self.assertEqual(a.status, 404, theirs)
                elif "{" not in pattern:
                    self.assertIn(a.status, (200, 303, 400, 404, 503), theirs)
            # a page that answers is asked for others by every name that any page knows
            if "{" in pattern and theirs == none:
                for word in self.ids(self.birch, "birch-creek", "900"):
                    self.unseen(get(re.sub(r"\{\*?\}", word, pattern), wren), (pattern, word))
            elif get(mine.split("?")[0], wren).status == 200:
                for name in set(questions) - LOOKS:
                    for word in self.ids(self.birch, "birch-creek", "900")[:3] if name in PLACES else ("birch-creek",):
                        sign = "&" if "?" in mine else "?"
                        a = get(f"{mine}{sign}{name}={word}", wren)
                        self.note(row, "ids of others", a)
                        self.unseen(a, (mine, name, word))
            if of in ("site", "circuit") and pattern.split("/")[-1] not in ("{}", "pack"):
                self.assertEqual(get(mine, wren).status, 200, mine)
                self.assertEqual(get(mine, crane).status, 404 if level == "records" else 200, mine)
        line.close()

    def mentions(self):
        """How many rows of which tables, in every store, have the other district in them."""
        found = {}
        for path in sorted(glob.glob(os.path.join(self.c.data, "**", "*.db"), recursive=True)):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20) as db:
                for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    rows = db.execute(f'SELECT * FROM "{table}"').fetchall()
                    found[path, table] = sum(any(isinstance(v, (str, bytes)) and (
                        (self.birch.encode() in v or b"birch" in v) if isinstance(v, bytes) else
                        (self.birch in v or "birch" in v.lower())) for v in row) for row in rows)
            db.close()
        return {k: n for k, n in found.items() if n and "room" not in k[0] and "log_leaves" not in k[1]}

    def test_forms_about_others(self):
        """With one's own good token, about what is another district's: nothing of it changes."""
        before, own = self.mentions(), self.session("wren")
        token, (_, fields) = own.csrf(), asked_for()
        self.assertIn("entities", fields)
        self.assertTrue(before)
        for row in routes():
            method, pattern, level, _ = row
            if method != "POST" or level in ("nobody", "box", "session", "person"):
                continue
            for word in self.ids(self.birch, "birch-creek", "900"):
                form = {**{name: word for name in fields}, "csrf": token, "text": "x"}
                a = own.send(self.path(pattern, self.birch), form)
                self.note(row, "ids of others", a)
                self.unseen(a, (pattern, word))
                if "{" in pattern:
                    self.assertEqual(a.status, 404, pattern)
        self.assertEqual(self.mentions(), before)

    # --- forms

    def test_forged_forms(self):
        other, own = self.session("stilt"), self.session("wren")
        good, theirs = own.csrf(), other.csrf()
        self.assertNotEqual(good, own.csrf())  # other characters in each page
        self.assertEqual([unmasked(t).decode() for t in (good, theirs)], [csrf_of("wren"), csrf_of("stilt")])
        posts = [r for r in routes() if r[0] == "POST" and r[2] not in ("nobody", "box")]
        self.assertIn(("/sign-out", "session"), [r[1:3] for r in posts])
        for row in posts:
            path, level = self.path(row[1], self.alder, "alder-valley", "901"), row[2]
            own = self.heron if level in ("admin", "state") else self.session("wren")
            good = own.csrf()
            if level == "admin":
                a = self.own.send(path, {"csrf": self.own.csrf()})
                self.note(row, "another's session", a)
                self.assertEqual(a.status, 404)
            for fields, more in (({}, {}), ({"csrf": theirs}, {}), ({"csrf": good[:-1]}, {}),
                                 ({"csrf": csrf_of("wren")}, {}),  # bare, as no page has it
                                 ({"csrf": masked(csrf_of("past").encode())}, {}),  # of her own session that is over
                                 ({"csrf": ""}, {}), ({"csrf": good}, {"Origin": "null"}),
                                 ({"csrf": good}, {"Origin": "https://evil.example"}),
                                 ({"csrf": good}, {"Origin": f"http://127.0.0.1:{self.c.port + 1}"}),
                                 ({"csrf": good}, {"Sec-Fetch-Site": "cross-site"}),
                                 ({"csrf": good}, {"Sec-Fetch-Site": "same-site"}),
                                 ({"csrf": good}, {"Content-Type": "text/plain"}),
                                 ({}, {"X-CSRF-Token": theirs}), ({}, {"X-CSRF-Token": masked(csrf_of("past").encode())})):
                a = own.send(path, fields, **more)
                self.note(row, "forged or stale token", a)
                self.assertEqual(a.status, 403, (path, fields, more))
            twice = f"csrf={theirs}&csrf={good}".encode()
            self.assertEqual(own.ask("POST", path, twice, **FORM).status, 403)
            if not any(r[0] == "GET" and r[1] == row[1] for r in routes()):
                self.assertIn(own.get(path + f"?csrf={good}").status, (404, 405))
            for form in ({"csrf": good}, {}):
                a = self.c.request("POST", path, urllib.parse.urlencode(form).encode(), {
                    **FORM, "Authorization": "Bearer bwk_state"})
                self.note(row, "a key", a)
                self.assertIn(a.status, (403, 404))  # a key is no person
        own, good = self.session("wren"), self.own.csrf()
        self.assertEqual(own.get("/account").status, 200)  # nothing of all was done
        self.assertEqual(own.ask("POST", "/account/others", b"", X_CSRF_Token=good).status, 303)
        # a token of a session that is over is none of the next one
        self.assertEqual(other.send("/sign-out", {"csrf": theirs},
                                    Origin="http://localhost:80", Host="localhost:80").status, 303)
        self.assertEqual(other.get("/").status, 303)
        other.cookies["bw-local"] = token_of("stilt")
        self.assertEqual(other.get("/").status, 303)

    # --- what came of it

    @classmethod
    def write_table(cls):
        """For docs/security.md: a row an address, in each column the statuses that were seen."""
        where = os.environ.get("BW_DOOR_TABLE")
        if not where:
            return
        with open(where, "w", encoding="utf-8") as f:
            f.write(f"| address | takes | {' | '.join(COLUMNS)} |\n|---|---|{'---|' * len(COLUMNS)}\n")
            for row in routes():
                if row[2] not in ("nobody", "box"):
                    cells = [" ".join(str(s) for s in sorted(cls.saw[row][c])) for c in COLUMNS]
                    f.write(f"| {row[0]} `{row[1]}` | {row[2]}{'' if row[3] == '-' else ' of ' + row[3]} | "
                            f"{' | '.join(cells)} |\n")
