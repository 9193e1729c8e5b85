# SPDX-License-Identifier: GPL-3.0-or-later
"""Open data: nothing without a district's word, exactly what it saw with one, gone when it is taken back."""
import csv
import datetime
import hashlib
import io
import json
import re
import time
import unittest

from bwtest import Collector, SceneError, wait_for
from bwtest.jose import PyBox
from bwtest.people import Person, seated

LICENSE = ('open_data { license = "CC-BY-4.0" license_title = "Attribution <b>4.0</b>" '
           'license_url = "https://license.example/by" terms = "Name the <i>state</i>." }\n')
NEVER = re.compile("hour|device|address|version|agent|kind|testing|defer|egress|_at$|since|student")


class OpenData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.c = cls.enterClassContext(Collector(access="accounts", extra=LICENSE))
        # Two hours, twelve days ago, so that they lie in one day or two, as the clock wants.
        cls.begun = int(time.time()) // 300 * 300 - 12 * 86400
        cls.day = datetime.datetime.fromtimestamp(cls.begun).strftime("%Y-%m-%d")
        cls.alder, cls.birch = cls.box("Alder School", "Alder Valley"), cls.box("Birch School", "Birch Creek")
        now = int(time.time())
        seats = seated(cls.c, {"wren": ("district", ["alder-valley"]), "finch": ("district", ["birch-creek"]),
                               "owl": ("viewer", []), "crane": ("coordinator", ["alder-valley"])}, now)
        cls.people = {}
        for name, token in seats.items():
            cls.people[name] = Person(cls.c, name)
            cls.people[name].cookies["bw-local"] = token
        owl = cls.people["owl"]

        def ready():
            told = owl.get("/metrics")
            return told.status == 200 and "room_days_left_to_fill 0\n" in told.text and \
                "room_circuits_waiting 0\n" in told.text and owl.get("/open-data/review").text.count("<tbody") == 1
        wait_for("all days", ready, 120)

    @classmethod
    def box(cls, name, entity):
        told = cls.c.token("--site", name, "--entity", entity)
        box = PyBox(told["site"], start=cls.begun)
        assert cls.c.enroll(box.key, told["token"]).status == 200
        answer = cls.c.post([box.summary() for _ in range(12)])
        assert answer.json["refused"] == [], answer.body
        return box.site

    def review(self, who, day=None, entity="alder-valley"):
        day = day or self.day
        return self.people[who].get(f"/open-data/review?entity={entity}&from={day}&to={day}")

    def say(self, who, act, status=303, entity="alder-valley", page=None, **more):
        p = self.people[who]
        page = page or self.review("wren").text
        seen = re.search('name="seen" value="([^"]*)"', page)
        form = {"csrf": p.csrf(), "entity": entity, "from": self.day, "to": self.day, "act": act,
                "seen": seen[1] if seen else "", **more}
        a = p.send("/open-data/review", form)
        self.assertEqual(a.status, status, a.text)
        return a

    def file(self, name, **headers):
        return self.c.request("GET", f"/open-data/{name}", headers={k.replace("_", "-"): v for k, v in headers.items()})

    def test_published_is_what_was_seen(self):
        name = f"{self.day}.csv"
        # nothing without a word
        page = self.c.get("/open-data")
        self.assertEqual(page.status, 200)
        self.assertIn("Nothing is published yet", page.text)
        self.assertIn("Attribution &lt;b&gt;4.0&lt;/b&gt;", page.text)
        self.assertIn("Name the &lt;i&gt;state&lt;/i&gt;.", page.text)
        self.assertEqual(self.file(name).status, 404)
        # who may look, and say
        self.assertEqual(self.c.get("/open-data/review").status, 303)
        self.assertIn('value="approve"', self.review("wren").text)
        self.assertNotIn('value="approve"', self.review("owl").text)
        self.assertNotIn('value="approve"', self.review("crane").text)
        self.assertEqual(self.review("finch").status, 404)
        self.assertEqual(self.people["finch"].get("/open-data/review/rows.csv?entity=alder-valley").status, 404)
        self.assertIn("Birch", self.people["finch"].get("/open-data/review").text)
        self.say("finch", "approve", 404)
        for who in ("owl", "crane"):
            a = self.people[who].send("/open-data/review", {"csrf": self.people[who].csrf(), "entity": "alder-valley"})
            self.assertEqual(a.status, 404)
        self.say("wren", "hold", 400)  # without a reason
        self.say("wren", "burn", 400)
        self.say("wren", "approve", 409, seen="47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
        self.assertEqual(self.file(name).status, 404)
        # what was seen, to the byte
        rows = self.people["wren"].get(f"/open-data/review/rows.csv?entity=alder-valley&from={self.day}&to={self.day}")
        self.say("wren", "approve")
        a = self.file(name)
        self.assertEqual((a.status, a.body), (200, rows.body))
        self.assertEqual(a.headers["ETag"], '"' + hashlib.sha256(a.body).hexdigest() + '"')
        self.assertIn("public, max-age=", a.headers["Cache-Control"])
        self.assertEqual(self.file(name, If_None_Match=a.headers["ETag"]).status, 304)
        self.assertEqual(self.c.request("HEAD", f"/open-data/{name}").status, 200)
        self.figures(a.text)
        month = self.file(f"{self.day[:7]}.csv").text
        self.assertEqual(month, a.text)
        # no day but this, and none that is young
        for other in (time.strftime("%Y-%m-%d"), time.strftime("%Y-%m-%d", time.gmtime(time.time() - 7 * 86400)),
                      "2020-01-01", "2026-02-30", "1969-01-01", "x"):
            for form in ("csv", "json", "html", ""):
                self.assertEqual(self.file(f"{other}.{form}").status, 404, other)
        self.taken_back(name)

    def figures(self, text):
        schema = self.file("schema.json").json
        fields = [f["name"] for f in schema["fields"]]
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual(list(rows[0]), fields)
        self.assertEqual([f for f in fields if NEVER.search(f)], [])
        self.assertEqual([(r["district"], r["circuit"]) for r in rows], [("alder-valley", f"{self.alder}.wan")])
        told = self.file(f"{self.day}.json").json
        self.assertEqual((told["schema"], told["from"], told["taken_back"]), ("open-data/1", self.day, []))
        kinds = {f["name"]: f["type"] for f in schema["fields"]}
        self.assertEqual(told["rows"], [{k: int(v) if kinds[k] == "integer" else v for k, v in r.items() if v}
                                        for r in rows])
        self.assertEqual((rows[0]["withheld"], rows[0]["down_bytes"]), ("students-unknown", ""))
        self.assertGreater(int(rows[0]["recorded_s"]), 0)
        package = self.file("datapackage.json").json
        self.assertEqual(package["licenses"], [{"name": "CC-BY-4.0", "title": "Attribution <b>4.0</b>",
                                                "path": "https://license.example/by"}])
        self.assertEqual(package["bw:days"], [self.day])
        self.assertEqual([r["path"] for r in package["resources"]], [f"{self.day[:7]}.csv", f"{self.day[:7]}.json"])
        # as the report has it
        report = json.loads(self.c.command(
            "report", "--ledger", self.c.data, "--circuit", f"{self.alder}.wan", "--from", self.day, "--to",
            str(datetime.date.fromisoformat(self.day) + datetime.timedelta(days=1)), "--format", "json", "-o", "-"))
        self.assertEqual(int(rows[0]["recorded_s"]), report["coverage"]["recorded_s"])
        self.assertEqual(int(rows[0]["packets_lost"]), sum(x["lost"] for x in report["latency"] if x["hours"] == "all"))

    def taken_back(self, name):
        page = self.review("wren").text
        said = re.search('name="id" value="([^"]+)"', page)[1]
        self.say("finch", "withdraw", 404, id=said)
        self.say("finch", "withdraw", 400, entity="birch-creek", id=said)
        self.say("wren", "withdraw", id=said)
        self.assertEqual(self.file(name).status, 404)
        self.assertIn("<h2>Taken back</h2>", self.c.get("/open-data").text)
        # the command says the same, and what comes back says what was away
        def opendata(*words):
            return self.c.command("opendata", *words, "--entity", "alder-valley", "--ledger", self.c.data)
        told = json.loads(opendata("review", "--from", self.day, "--to", self.day, "--json"))
        self.assertEqual([(d["rows"], d["published"], "taken_back_s" in d) for d in told["days"]], [(1, False, True)])
        self.assertEqual([(s["act"], s["by"]) for s in told["said"]], [("approve", "wren")])
        self.assertRaises(SceneError, opendata, "approve", "--by", "heron", "--from", time.strftime("%Y-%m-%d"),
                          "--to", time.strftime("%Y-%m-%d"))
        self.assertRaises(SceneError, opendata, "hold", "--by", "heron", "--from", self.day)
        standing = json.loads(opendata("standing", "--by", "heron", "--from", self.day, "--json"))["id"]
        self.assertEqual(self.file(name).status, 200)
        self.say("wren", "hold", reason="the claim is <b>wrong</b>")
        a = self.file(f"{self.day}.json").json
        self.assertEqual((a["rows"], [(t["day"], t["district"]) for t in a["taken_back"]]),
                         ([], [(self.day, "alder-valley")]))
        page = self.review("wren").text
        self.assertIn("the claim is &lt;b&gt;wrong&lt;/b&gt;", page)
        self.assertNotIn("claim is &lt;", self.c.get("/open-data").text)
        self.assertIn(standing, page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
