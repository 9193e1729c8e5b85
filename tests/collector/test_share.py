# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves a collector for people: packs over HTTP, links that show one pack, yearly bags."""
import base64
import calendar
import concurrent.futures
import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import time
import unittest
import urllib.parse

from bwtest import Collector, scratch, wait_for
from bwtest.collector import dial_unix
from bwtest.jose import START, Key, PyBox
from jwcrypto import jwk
from test_serve import Page

MADE = START + 40 * 86400  # what every pack is made at


def year_over():
    """A funding year whose bag is due by the clock, whenever that is, and its last month."""
    now = time.gmtime(time.time() - 15 * 86400)
    year = now.tm_year - (1 if now.tm_mon >= 7 else 2)
    return year, calendar.timegm((year + 1, 6, 2, 0, 30, 0))


OVER, OLD = year_over()


class Packs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["SOURCE_DATE_EPOCH"] = str(MADE)
        cls.addClassCleanup(os.environ.pop, "SOURCE_DATE_EPOCH")
        cls.hooked = os.path.join(cls.enterClassContext(scratch()), "hooked")
        hook = cls.hooked + ".sh"
        with open(hook, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\necho "$1" >>{cls.hooked}\n')
        os.chmod(hook, stat.S_IRWXU)
        cls.c = cls.enterClassContext(Collector(
            f'bags {{ quiet_from = "00:00" quiet_to = "00:00" every = 1s hook = "{hook}" }}'))
        # of the funding year that is over: its bag is made while other tests run
        cls.old = cls.enrolled_box("Alder Elementary")
        assert cls.c.post([cls.old.summary() for _ in range(12)]).status == 200
        cls.box = cls.c.box("Heron Lake School")
        cls.circuit = f"{cls.box.site}.wan"
        answer = cls.c.post([cls.box.summary() for _ in range(24)])
        assert answer.status == 200, answer.body

    @classmethod
    def enrolled_box(cls, name):
        """A box with a state folder of its own, brought in by the real command."""
        folder = cls.enterClassContext(scratch())
        cls.state, cls.conf = os.path.join(folder, "state"), os.path.join(folder, "box.conf")
        with open(cls.conf, "w", encoding="utf-8") as f:
            f.write(f'state_dir = "{cls.state}"\ncontrol = "{folder}/control.sock"\n'
                    f'circuit "wan" {{ vantage = router source = none }}\n{cls.c.as_conf()}')
        token = cls.c.token("--site", name)
        cls.c.command("enroll", "--config", cls.conf, "--url", cls.c.url, "--token", token["token"])
        with open(os.path.join(cls.state, "enrolment.json"), encoding="utf-8") as f:
            told = json.load(f)
        key = Key.__new__(Key)
        with open(os.path.join(cls.state, "keys", told["kid"] + ".jwk"), encoding="utf-8") as f:
            key.key = jwk.JWK.from_json(f.read())
        key.alg, key.kid = "EdDSA", told["kid"]
        box = PyBox(token["site"], key=key, start=OLD)
        box.log_key = told["log_key"]
        return box

    def pack(self, status=200, circuit=None, **query):
        words = "&".join(f"{k.rstrip('_')}={v}" for k, v in query.items())
        a = self.c.get(f"/api/v1/circuits/{circuit or self.circuit}/pack?{words}")
        self.assertEqual(a.status, status, a.body)
        return a

    def problem(self, status, word, **query):
        a = self.pack(status, **query)
        self.assertEqual(a.headers["Content-Type"], "application/problem+json")
        self.assertEqual(a.json["type"], f"/problems/{word}")
        self.assertEqual(self.c.get(a.json["type"]).status, 200)
        return a.json["detail"]

    def test_a_pack_is_the_commands_own(self):
        made = self.c.metric("bandwitness_packs_made_total")
        folder = self.enterContext(scratch())
        self.c.command("report", "--ledger", self.c.data, "--circuit", self.circuit, "--for", "pia",
                       "--year", "FY2026", "--paper", "letter", "--format", "html,pdf,csv,json",
                       "-o", folder)
        for form, kind in (("html", "text/html"), ("pdf", "application/pdf"),
                           ("csv", "text/csv"), ("json", "application/json")):
            a = self.pack(for_="pia", year="FY2026", format=form)
            self.assertTrue(a.headers["Content-Type"].startswith(kind))
            with open(os.path.join(folder, f"pia.{form}"), "rb") as f:
                self.assertEqual(a.body, f.read(), form)
            self.assertIn(f'filename="{self.circuit}-pia-FY2026.{form}"',
                          a.headers["Content-Disposition"])
        self.assertEqual(self.c.metric("bandwitness_packs_made_total"), made + 1)
        page = self.pack(for_="pia", year="FY2026")  # html where nobody says
        self.assertIn("sandbox", page.headers["Content-Security-Policy"])
        # a newer record of this site makes it anew
        self.assertEqual(self.c.post([self.box.summary()]).status, 200)
        other = self.pack(for_="pia", year="FY2026")
        self.assertNotEqual(other.headers["ETag"], page.headers["ETag"])
        self.assertEqual(self.c.metric("bandwitness_packs_made_total"), made + 2)

    def test_what_cannot_be_made_says_so(self):
        self.assertIn("legislature", self.problem(400, "bad-query", for_="legislature", year="2026"))
        self.assertIn("one period", self.problem(400, "bad-query", for_="pia"))
        self.assertIn("ends before", self.problem(400, "bad-query", for_="pia", from_="2026-09-10",
                                                  to="2026-09-09"))
        self.assertIn("Nowhere", self.problem(400, "bad-query", for_="pia", year="2026",
                                              tz="Nowhere/At_All"))
        self.assertIn(self.circuit, self.problem(404, "no-records", for_="pia", year="FY2020"))
        self.assertIn("no record ever", self.problem(404, "not-found", for_="pia", year="2026",
                                                     circuit="s-zzzzz.wan"))
        self.problem(404, "not-found", for_="pia", year="2026", circuit="..%2f..%2fetc")
        elm = self.c.box("Elm School")
        self.assertEqual(self.c.post([elm.summary()]).status, 200)
        self.c.command("errata", "add", "--ledger", self.c.data, "--by", "heron", "--exclude", "--reason", "x",
                       "--site", elm.site, "--from", "2026-09-01", "--to", "2026-10-01", "--fields", "records")
        self.assertIn("every record", self.problem(404, "set-apart", for_="pia", year="FY2026",
                                                   circuit=f"{elm.site}.wan"))

    # --- links to one pack

    def share(self, *words):
        return json.loads(self.c.command("share", *words, "--ledger", self.c.data, "--json"))

    def create(self, *words):
        return self.share("create", "--by", "heron", "--for", "pia", "--year", "FY2026", *words,
                          self.circuit)

    def comment(self, token, key, text, status, name="", **headers):
        body = urllib.parse.urlencode({"text": text, "name": name, "key": key})
        a = self.c.request("POST", f"/s/{token}/comment", body.encode(),
                           {"Content-Type": "application/x-www-form-urlencoded", **headers})
        self.assertEqual(a.status, status, a.body)
        return a

    def alike(self, path, method="GET"):
        """What every bad link gets, byte for byte."""
        a = self.c.get(path) if method == "GET" else self.c.request(
            "POST", path, b"text=x", {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(a.status, 404, (path, a.body))
        return a.body, sorted((k, v) for k, v in a.headers.items() if k != "Date")

    def expired(self, token):
        """The statement of a link as it would have been a day after its end."""
        about = "share:" + base64.urlsafe_b64encode(
            hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        db = sqlite3.connect(os.path.join(self.c.data, "catalogue.db"), timeout=20)
        (text,), = db.execute("SELECT bytes FROM statements WHERE kind = 'share'").fetchmany(1)
        said = json.loads(text)
        said["about"], said["body"]["id"] = about, "aaaaaaaa"
        said["body"]["expires_s"] = said["said_s"] - 1
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
        (n,), = db.execute("SELECT count(*) FROM statements").fetchall()
        db.execute("INSERT INTO statements VALUES(?, ?, 'share', ?, 0, ?)",
                   (n, base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode(),
                    about, text))
        db.commit()
        db.close()

    def test_a_link_shows_one_pack_and_nothing_else(self):
        made = self.create("--note", "the <auditor>", "--days", "30", "--url", "https://x.example/")
        token, path = made["token"], f"/s/{made['token']}"
        self.assertEqual(made["url"], f"https://x.example{path}")
        self.assertGreaterEqual(len(base64.urlsafe_b64decode(token[4:] + "=")) * 8, 128)
        a = self.c.get(path)
        self.assertEqual(a.status, 200, a.body)
        for name, value in (("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
                            ("X-Robots-Tag", "noindex, nofollow, noarchive"),
                            ("X-Content-Type-Options", "nosniff")):
            self.assertEqual(a.headers.get_all(name), [value])
        self.assertIn("frame-ancestors 'none'", a.headers["Content-Security-Policy"])
        page = Page(a.text)
        self.assertTrue(all(link.startswith(path) for link in page.links), page.links)
        self.assertNotIn("script", [t for t, _ in page.tags])
        self.assertFalse("auditor>" in page.text)  # the note is ours
        self.assertIn("is frozen", page.text)
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(made["expires_s"]))
        self.assertIn(f"until {until}", page.text)
        for form in ("html", "pdf", "csv", "json"):
            a = self.c.get(f"{path}/pack.{form}")
            self.assertEqual((a.status, a.headers["Referrer-Policy"]), (200, "no-referrer"))
            self.assertIn("sandbox", a.headers["Content-Security-Policy"])
            with open(f"{self.c.data}/shares/{made['id']}/pia.{form}", "rb") as f:
                self.assertEqual(a.body, f.read())
            self.assertIn(hashlib.sha256(a.body).hexdigest(), page.text)
        kept = a.body
        self.assertEqual(self.c.post([self.box.summary()]).status, 200)
        self.assertEqual(self.c.get(f"{path}/pack.json").body, kept)  # frozen

        # comments
        key = re.search(r'name="key" value="([^"]+)"', page_text := self.c.get(path).text)[1]
        self.assertIn("None yet", page_text)
        words = "<b>Not so</b> & more:\r\nH\u00e9ron; 100 % at \"noon\""
        bad = self.comment(token, "A" * 22, words, 400)
        self.assertIn("&lt;b&gt;Not so&lt;/b&gt; &amp; more:", bad.text)  # to be sent again
        self.comment(token, key, words, 403, **{"Sec-Fetch-Site": "cross-site"})
        self.comment(token, key, "", 400)
        self.comment(token, key, "a\x00b", 400)
        self.comment(token, key, "x" * 6001, 400)
        self.comment(token, key, "x" * 40000, 413)
        self.assertEqual(self.c.request("POST", path + "/comment", b"{}",
                                        {"Content-Type": "application/json"}).status, 400)
        self.assertIn("None yet", self.c.get(path).text)
        a = self.comment(token, key, words, 303, name="Larch <Fibre>",
                         **{"Sec-Fetch-Site": "same-origin"})
        self.assertEqual(a.headers["Location"], f"{path}#comments")
        page = self.c.get(path).text
        self.assertIn("&lt;b&gt;Not so&lt;/b&gt; &amp; more:\nH\u00e9ron", page)
        self.assertIn("Said by whoever had this link", page)
        self.assertIn("Larch &lt;Fibre&gt;", page)
        Page(page)
        kept, = json.loads(self.c.command("reply", "list", "--ledger", self.c.data, "--json"))
        self.assertEqual(kept["statement"]["by"], f"link-{made['id']}")
        self.assertEqual(kept["statement"]["body"]["text"], words.replace("\r\n", "\n"))
        self.assertEqual((kept["statement"]["body"]["from"], kept["statement"]["body"]["to"]),
                         ("link", "pia"))
        for i in range(9):
            self.comment(token, key, f"again {i}", 303)
        self.assertEqual(self.comment(token, key, "once more", 429).headers["Retry-After"], "3600")
        self.assertIn("whoever had a link", self.pack(for_="delivery", year="FY2026").text)

        # no good links are all alike
        other, old = self.create(), "bws_" + "A" * 27
        self.expired(old)
        self.assertEqual(self.c.get(f"/s/{other['token']}").status, 200)
        self.c.command("share", "revoke", "--ledger", self.c.data, "--by", "egret", other["id"])
        none = self.alike("/s/bws_" + "B" * 26 + "A")
        for bad in (old, other["token"], "x", "bws_" + "!" * 27,
                    token[:-1], token + "A"):
            for path, method in ((f"/s/{bad}", "GET"), (f"/s/{bad}/pack.pdf", "GET"),
                                 (f"/s/{bad}/comment", "POST")):
                self.assertEqual(self.alike(path, method), none, path)
        self.assertEqual(self.alike(f"/s/{token}/catalogue.db"), none)
        for bad in ("..%2f..%2fcatalogue.db", "%00", f"{token}/..%2fpia.html"):
            self.assertIn(self.c.get(f"/s/{bad}").status, (400, 404), bad)
        self.assertEqual({x["id"]: x["state"] for x in self.share("list")},
                         {made["id"]: "good", other["id"]: "revoked", "aaaaaaaa": "expired"})
        self.c.command("share", "revoke", "--ledger", self.c.data, "--by", "egret", other["id"],
                       ok=(1,))
        found = subprocess.run(["grep", "-rlF", "-e", token, "-e", other["token"], self.c.folder],
                               stdout=subprocess.PIPE, check=False).stdout
        self.assertEqual(found, b"")  # neither on disk nor in the log

    def shared_file(self, form, data):
        """A link whose file of this form is other bytes, as if they had been shared."""
        made = self.create()
        with open(f"{self.c.data}/shares/{made['id']}/pia.{form}", "wb") as f:
            f.write(data)
        db = sqlite3.connect(os.path.join(self.c.data, "catalogue.db"), timeout=20)
        (n, text), = db.execute("SELECT position, bytes FROM statements WHERE kind = 'share' "
                                "ORDER BY position DESC LIMIT 1").fetchall()
        said = json.loads(text)
        said["body"][form + "_sha256"] = base64.urlsafe_b64encode(
            hashlib.sha256(data).digest()).rstrip(b"=").decode()
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
        db.execute("UPDATE statements SET bytes = ?, id = ? WHERE position = ?", (
            text, base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode(), n))
        db.commit()
        db.close()
        return made["token"]

    def memory(self):
        with open(f"/proc/{self.c.proc.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1]) * 1024

    def test_readers_that_do_not_read_fill_no_memory(self):
        data = os.urandom(1 << 20) * 6
        token, other = self.shared_file("json", data), self.create()
        path = f"/s/{token}/pack.json"
        self.assertEqual(self.c.get(path).body, data)
        before = self.memory()
        with contextlib.ExitStack() as open_ones:
            heads = []
            for _ in range(24):
                s = open_ones.enter_context(dial_unix(self.c.socket)(20))
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                heads.append(s.recv(12).decode())
            self.assertEqual([heads.count(f"HTTP/1.1 {x}") for x in (200, 503)], [8, 16])
            self.assertLess(self.memory() - before, 24 << 20)
            self.assertEqual(self.c.get(f"/s/{other['token']}").status, 200)
        wait_for("a free place", lambda: self.c.get(path).status == 200, 20)
        self.assertEqual(self.c.get(path).body, data)
        with open(f"{self.c.data}/shares/{other['id']}/pia.json", "ab") as f:
            f.write(b" ")
        self.assertEqual(self.c.get(f"/s/{other['token']}/pack.json").status, 503)

    def test_packs_of_a_funding_request_are_a_list(self):
        claims = os.path.join(self.enterContext(scratch()), "claims.csv")
        with open(claims, "w", encoding="utf-8") as f:
            f.write("year,frn,line,payer,provider,role,down,up\n"
                    "2026,2699000001,1,123456,Larch Fibre,internet,100 Mbps,20 Mbps\n"
                    "2026,2699000002,1,123456,Birch Cable,internet,100 Mbps,20 Mbps\n")
        self.c.command("import", "claims", "--ledger", self.c.data, "--by", "heron", claims)
        for line, *days in (("2699000001.001", "--from", "2026-07-01", "--to", "2026-07-31"),
                            ("2699000002.001", "--from", "2026-08-01")):
            self.c.command("claim", "confirm", "--ledger", self.c.data, "--by", "heron", line, self.circuit, *days)
        # no letter has two addressees, and who asks for one is told what to ask for
        self.assertIn("within the period", self.problem(400, "bad-query", for_="delivery", year="FY2026",
                                                        letter="yes"))
        a = self.c.get("/api/v1/frns/2699000001/pack?for=pia&year=FY2026&format=json")
        self.assertEqual(a.status, 200, a.body)
        one, = a.json["circuits"]
        self.assertEqual((one["id"], one["recorded"]), (self.circuit, True))
        self.assertEqual(one["pack"], f"/api/v1/circuits/{self.circuit}/pack?for=pia&format=json"
                                      "&year=FY2026")
        page = Page(self.c.get("/api/v1/frns/2699000001/pack?for=pia&year=FY2026").text)
        self.assertTrue([l for l in page.links if self.circuit in l])
        for path, status in (("frns/2699999999/pack?for=pia&year=FY2026", 404),
                             ("entities/999999/pack?for=pia&year=FY2026", 404),
                             ("frns/2699000001/pack?for=pia&year=FY2026&format=pdf", 400),
                             ("frns/2699000001/pack?for=pia", 400)):
            self.assertEqual(self.c.get("/api/v1/" + path).status, status, path)

    def test_the_sites_page_leads_there(self):
        p = Page(self.c.get(f"/sites/{self.box.site}").text)
        links = [l for l in p.links if "/pack?" in l]
        self.assertIn(f"/api/v1/circuits/{self.circuit}/pack?for=delivery&year=FY2026&format=pdf",
                      links)
        self.assertEqual(len(links) % 20, 0)

    # --- yearly bags

    def put(self, path, data):
        with open(path + ".beside", "wb") as f:
            f.write(data)
        os.replace(path + ".beside", path)  # never a moment without it: it would be made again

    def ask_bags(self, box, status=200, **more):
        payload = {"v": 1, "aud": jwk.JWK(**box.log_key).thumbprint(), "at_s": int(time.time()), **more}
        a = self.c.request("POST", "/api/v1/bags", box.key.sign(payload, "bandwitness-bags+jws"),
                           {"Content-Type": "application/jose"})
        self.assertEqual(a.status, status, a.body)
        return a

    def test_y_the_bag_of_a_year_is_made_once_and_given_to_its_box(self):
        name = f"{self.old.site}.wan-FY{OVER}.tar.zst"
        def listed():
            return self.c.get(f"/api/v1/sites/{self.old.site}/bags").json["bags"]
        wait_for("the bag of the year that is over", listed, 60)
        bag, = listed()
        self.assertEqual((bag["name"], bag["circuit"], bag["funding_year"]), (name, "wan", OVER))
        a = self.c.get(f"/api/v1/sites/{self.old.site}/bags/{name}")
        self.assertEqual((a.status, len(a.body), hashlib.sha256(a.body).hexdigest()),
                         (200, bag["bytes"], bag["sha256"]))
        path = f"{self.c.data}/bags/{self.old.site}/FY{OVER}/{name}"
        subprocess.run(["sha256sum", "-c", "--status", name + ".sha256"], check=True,
                       cwd=os.path.dirname(path))
        self.assertIn("everything holds", self.c.command("verify", path))
        def hooked():
            with open(self.hooked, encoding="utf-8") as f:
                return [line for line in f.read().split() if self.old.site in line]
        wait_for("the hook", lambda: os.path.exists(self.hooked) and hooked(), 30)
        # the other box's year is over one day too, by the clock: its bags are none of ours
        self.assertIn(name, self.c.get(f"/sites/{self.old.site}").text)
        # the box's own way
        self.assertEqual(self.ask_bags(self.old).json["bags"], [bag])
        self.assertEqual(self.ask_bags(self.old, want=name).body, a.body)
        self.assertNotIn(name, [b["name"] for b in self.ask_bags(self.box).json["bags"]])
        self.ask_bags(self.box, 404, want=name)  # another site's
        self.ask_bags(self.old, 404, want="../../catalogue.db")
        self.ask_bags(self.old, 403, at_s=int(time.time()) - 4000)
        self.ask_bags(self.old, 403, aud=self.old.key.kid)
        self.ask_bags(self.old, 400, more=1)
        stranger = PyBox(self.old.site)
        stranger.log_key = self.old.log_key
        self.ask_bags(stranger, 401)
        for bad in (f"{self.box.site}/bags/{name}", f"{self.old.site}/bags/{name}.sha256",
                    "..%2f..", f"{self.old.site}/bags/..%2f..%2fcatalogue.db"):
            self.assertIn(self.c.get(f"/api/v1/sites/{bad}").status, (400, 404), bad)
        # its own command: checked whole, kept once, refused when it is not what it was
        home = os.path.join(self.state, "bags", name)
        fetch = ("bag", "fetch", "--config", self.conf)
        whole = a.body
        for bad in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-1]):
            self.put(path, bad)
            self.c.command(*fetch, ok=(1,))
            with open(os.path.join(self.state, "bags", "trouble"), encoding="utf-8") as f:
                self.assertIn("another hash", f.read())
        def trouble():
            with open(os.path.join(self.state, "bags", "trouble"), encoding="utf-8") as f:
                return f.read()
        # one whose hash fits and that does not hold: not fetched again
        spoiled = whole[:-1]
        self.put(path, spoiled)
        self.put(path + ".sha256", f"{hashlib.sha256(spoiled).hexdigest()}  {name}\n".encode())
        self.c.command(*fetch, ok=(1,))
        refused = trouble()
        self.assertEqual(sorted(os.listdir(os.path.dirname(home))), [f".{name}.refused", "trouble"])
        self.put(path, whole)  # it would come with another hash than it has
        self.c.command(*fetch, ok=(1,))
        self.assertEqual(trouble(), refused)
        os.utime(os.path.join(os.path.dirname(home), f".{name}.refused"), (1, 1))
        self.c.command(*fetch, ok=(1,))
        self.assertIn("another hash", trouble())
        # a true one under another year's name
        other = name.replace(f"FY{OVER}", f"FY{OVER - 1}")
        wrong = os.path.join(self.c.data, "bags", self.old.site, f"FY{OVER - 1}", other)
        os.makedirs(os.path.dirname(wrong), exist_ok=True)
        shutil.copy(path, wrong)
        self.put(path + ".sha256", f"{bag['sha256']}  {name}\n".encode())
        with open(wrong + ".sha256", "w", encoding="utf-8") as f:
            f.write(f"{bag['sha256']}  {other}\n")
        self.assertIn("checked whole", self.c.command(*fetch, ok=(1,)))
        self.assertIn("another circuit or year", trouble())
        self.assertEqual(sorted(os.listdir(os.path.dirname(home))),
                         [f".{other}.refused", name, "trouble"])
        shutil.rmtree(os.path.dirname(wrong))
        os.remove(home)
        os.remove(os.path.join(os.path.dirname(home), f".{other}.refused"))
        self.put(path, whole)
        self.put(path + ".sha256", f"{bag['sha256']}  {name}\n".encode())
        self.assertIn("checked whole", self.c.command(*fetch))
        self.assertEqual(os.listdir(os.path.dirname(home)), [name])
        with open(home, "rb") as f:
            self.assertEqual(f.read(), whole)
        inode = os.stat(home).st_ino
        self.assertEqual(self.c.command(*fetch), "")
        self.assertEqual(os.stat(home).st_ino, inode)
        self.assertEqual(hooked(), [path])  # made once
        self.assertEqual(self.c.metric("bandwitness_bags_failed_total"), 0)
        self.assertEqual(sorted(os.listdir(os.path.dirname(path))), [name, name + ".sha256"])

    def test_a_bag_that_fails_keeps_none_of_the_others_back(self):
        folder = self.enterContext(scratch())
        command, log = os.path.join(folder, "command"), os.path.join(folder, "started")
        with Collector('bags { quiet_from = "00:00" quiet_to = "00:00" every = 2s }\n'
                       f'packs {{ command = "{command}" }}') as c:
            boxes = sorted((c.box(n, start=OLD) for n in
                            ("Alder", "Birch", "Cedar", "Elm", "Fir")), key=lambda b: b.site)
            full, killed, empty, hole, good = (b.site for b in boxes)

            def place(site, ending=""):
                return f"{c.data}/bags/{site}/FY{OVER}/{site}.wan-FY{OVER}.tar.zst{ending}"

            def there():
                return sorted(os.listdir(os.path.dirname(place(killed))))
            # where no note can be written: a folder that is not empty has its name
            os.makedirs(place(full, ".not-made/x"))
            os.utime(place(full, ".not-made"), (1, 1))
            with open(command, "w", encoding="utf-8") as f:  # words: bundle --ledger L --circuit ID …
                f.write(f"""#!/bin/sh
echo "$5" >>{log}
for out; do :; done
echo half >"$out.a1B2c3"
case $5 in
    {full}.*) echo "disk full" >&2; rm "$out.a1B2c3"; exit 1 ;;
    {killed}.*) kill -9 $$ ;;
    {empty}.*) rm "$out.a1B2c3"; echo "wan: no record of the year" >&2; exit 1 ;;
    {hole}.*) mv "$out.a1B2c3" "$out"; echo "the bag is made and says so itself" >&2; exit 1 ;;
esac
mv "$out.a1B2c3" "$out"
""")
            os.chmod(command, stat.S_IRWXU)
            for b in boxes:
                self.assertEqual(c.post([b.summary() for _ in range(12)]).status, 200)
            wait_for("the last one's", lambda: os.path.exists(place(good)), 60)
            with open(place(killed, ".not-made"), encoding="utf-8") as f:
                self.assertIn("was killed", f.read())
            self.assertEqual(there(), [os.path.basename(place(killed, ".not-made"))])
            self.assertFalse(os.path.exists(place(empty)))
            # one that tells faults of the chain is a bag
            self.assertEqual([b["name"] for b in c.get(f"/api/v1/sites/{hole}/bags").json["bags"]],
                             [os.path.basename(place(hole))])
            wait_for("word of it", lambda: f"{OVER}: the bag is made and says so" in c.text(), 10)
            time.sleep(3)
            with open(log, encoding="utf-8") as f:
                asked = f.read().split()
            self.assertEqual([asked.count(s + ".wan") for s in (killed, empty, hole, good)],
                             [1, 1, 1, 1])
            self.assertLess(asked.count(full + ".wan"), 12)  # once in two looks, not at once
            self.assertEqual(c.metric("bandwitness_bags_made_total"), 2)

    def test_who_waits_is_bounded_and_a_slow_one_ended(self):
        folder = self.enterContext(scratch())
        slow = os.path.join(folder, "slow")
        with open(slow, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho $$ >>" + folder + "/started\nsleep 600\n")
        os.chmod(slow, stat.S_IRWXU)
        data = os.path.join(folder, "c")
        shutil.copytree(self.c.data, os.path.join(data, "data"))
        with Collector(f'packs {{ command = "{slow}" time = 4s }}', folder=data) as c:
            with concurrent.futures.ThreadPoolExecutor(14) as pool:
                asked = [pool.submit(c.get, f"/api/v1/circuits/{self.circuit}/pack?for=pia"
                                            f"&year=FY20{10 + i}") for i in range(12)]
                same = pool.submit(c.get, f"/api/v1/circuits/{self.circuit}/pack?for=pia&year=FY2010")
                # one runs and eight wait; the rest is told to come again at once
                done, _ = concurrent.futures.wait(asked + [same], 30,
                                                  concurrent.futures.FIRST_COMPLETED)
                a = done.pop().result()
                self.assertEqual((a.status, a.headers["Retry-After"]), (503, "30"))
                self.assertIn("too many packs", a.json["detail"])
                wait_for("the first to be ended",
                         lambda: sum(f.done() for f in asked) >= 4, 30)
                told = [f.result().json["detail"] for f in asked if f.done()]
                self.assertTrue(any("too long" in t for t in told), told)
                c.stop()  # with seven that wait: in order, and all are told
                self.assertTrue(all(f.result().status == 503 for f in asked + [same]))
            with open(os.path.join(folder, "started"), encoding="utf-8") as f:
                for pid in f.read().split():
                    self.assertFalse(os.path.exists(f"/proc/{pid}"), "it is still running")


if __name__ == "__main__":
    unittest.main()
