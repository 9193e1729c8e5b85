# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves a collector for people: packs over HTTP."""
import concurrent.futures
import json
import os
import shutil
import stat
import time
import unittest

from bwtest import HOST, Collector, scratch, wait_for
from bwtest.jose import START
from test_serve import Page

MADE = START + 40 * 86400  # what every pack is made at


class Packs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["SOURCE_DATE_EPOCH"] = str(MADE)
        cls.addClassCleanup(os.environ.pop, "SOURCE_DATE_EPOCH")
        cls.c = cls.enterClassContext(Collector())
        cls.box = cls.c.box("Heron Lake School")
        cls.circuit = f"{cls.box.site}.wan"
        answer = cls.c.post([cls.box.summary() for _ in range(24)])
        assert answer.status == 200, answer.body

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

    def test_the_sites_page_leads_there(self):
        p = Page(self.c.get(f"/sites/{self.box.site}").text)
        links = [l for l in p.links if "/pack?" in l]
        self.assertIn(f"/api/v1/circuits/{self.circuit}/pack?for=delivery&year=FY2026&format=pdf",
                      links)
        self.assertEqual(len(links) % 20, 0)

    def test_who_waits_is_bounded_and_a_slow_one_ended(self):
        folder = self.enterContext(scratch())
        slow = os.path.join(folder, "slow")
        with open(slow, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho $$ >>" + folder + "/started\nsleep 600\n")
        os.chmod(slow, stat.S_IRWXU)
        data = os.path.join(folder, "c")
        shutil.copytree(self.c.data, os.path.join(data, "data"))
        with Collector(f'packs {{ command = "{slow}" time = 2s }}', folder=data) as c:
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
