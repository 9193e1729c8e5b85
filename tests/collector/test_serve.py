# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side as strangers, browsers and proxies see it."""
import csv
import gzip
import http.client
import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest
from html.parser import HTMLParser

from bwtest import HOST, Collector, CollectorCase, free_port, scratch, self_signed, wait_for
from bwtest.jose import START, PyBox, latency, sha
from test_http import AMBIGUOUS, SECOND

HOSTILE = "<script>alert(1)</script>\"'&"


class Page(HTMLParser):
    """Whether tags close in order, and which addresses and tags a page has."""

    VOID = {"meta", "link", "input", "img", "source", "br"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.tags, self.text = [], [], [], ""
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [v for k, v in attrs if k in ("href", "src", "srcset", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text += data


class Serve(CollectorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_for("a first room", lambda: cls.c.get("/sites").status == 200)

    def page(self, path, status=200):
        a = self.c.get(path)
        self.assertEqual(a.status, status, a.body)
        self.assertEqual(a.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", a.headers["Content-Security-Policy"])
        self.assertEqual(a.headers["X-Content-Type-Options"], "nosniff")
        self.assertIsNone(a.headers["Server"])
        p = Page(a.body.decode())
        for link in p.links:
            self.assertTrue(link.startswith(("/", "#", "?")), f"{link} leaves this server")
        self.assertNotIn("script", [t for t, _ in p.tags])
        self.assertTrue(all("style" not in a and not any(k.startswith("on") for k in a)
                            for _, a in p.tags))
        return p

    def test_an_open_door(self):
        """access = open: all can be read, nothing be changed, and nobody signs in."""
        self.assertIn("access is open", self.c.text())
        for method, path, status in (("GET", "/sign-in", 404), ("POST", "/sign-in", 404), ("GET", "/account", 404),
                                     ("POST", "/sign-out", 404), ("GET", "/set-up/x", 404), ("GET", "/metrics", 200)):
            self.assertEqual(self.c.request(method, path, b"").status, status, path)
        self.assertNotIn("Sign out", self.page("/").text)
        self.assertFalse(os.path.exists(os.path.join(self.c.data, "people.db")))

    # --- pages -------------------------------------------------------------------------------

    def test_0_empty_state_tells_how_to_begin(self):
        p = self.page("/sites")
        self.assertIn("bandwitness token create", p.text)
        self.assertIn("bandwitness enroll", p.text)

    def test_foreign_text_is_escaped_everywhere(self):
        token = self.c.token("--site", "x" + HOSTILE, "--entity", "e" + HOSTILE)
        wait_for("a room with it", lambda: token["site"] in self.c.get("/sites").text)
        for path in ("/sites", f"/sites/{token['site']}", "/sites?q=" + "%3Cscript%3E%22'&sort=name",
                     "/sites?state=%22%3E%3Cscript%3E"):
            p = self.page(path)
        self.assertIn("x" + HOSTILE, self.page("/sites").text)
        self.assertIn("x" + HOSTILE, self.page(f"/sites/{token['site']}").text)

    def test_a_test_on_the_site_page(self):
        box = self.c.box("Sequoia School", start=int(time.time()) // 300 * 300 - 300)
        run = {"circuit": "wan", "probe": "state", "kind": "http", "direction": "down",
               "at_ms": box.at * 1000, "duration_ms": 5000, "state": "ok", "grade": "self",
               "egress": "unknown", "bytes": 55_000_000, "goodput_bps": 88_000_000,
               "line_bps": 100_000_000}
        apart = {"circuit": "wan", "probe": "state", "kind": "http", "direction": "down",
                 "at_ms": box.at * 1000 + 20_000, "duration_ms": 5000, "state": "ok",
                 "retest_of": "down:1", "grade": "self", "egress": "other", "bytes": 44_000_000,
                 "goodput_bps": 44_000_000, "line_bps": 50_000_000, "flags": ["tester-busy"]}
        line = box.key.sign(box.payload(throughput=[run, apart]), "bandwitness-summary+jws")
        self.assertEqual(self.c.post([line]).json["refused"], [])
        p = self.page(f"/sites/{box.site}")
        for words in ("100\u00a0Mbit/s", "test and users together, ethernet layer",
                      "payload of the test down 88\u00a0Mbit/s", "not known",
                      "retest, left by another line, tester-busy"):
            self.assertIn(words, p.text)
        self.assertNotIn("payload of the test down 44", p.text)  # newer, and counts for nobody
        for word, seconds in (("", 86400), ("?range=hour", 3600), ("?range=year", 366 * 86400)):
            graphs = [x for x in self.page(f"/sites/{box.site}{word}").links if "/link.png" in x]
            self.assertIn(f"last={seconds}&", graphs[0])

    def test_targets_on_the_site_page(self):
        box = self.c.box("Alder School", start=int(time.time()) // 300 * 300 - 900)
        def asked(probe, kind, sent, lost, **more):
            return {"circuit": "wan", "probe": probe, "kind": kind, "family": 4, "sent": sent,
                    "lost": lost, **more}
        def way(n, **more):
            return {"circuit": "wan", "probe": "hub", "method": "udp", "family": 4,
                    "at_ms": box.at * 1000, "reached": 1, "mtu": 1492, "hash": sha(f"way {n}"),
                    **more, "hops": [{"ttl": 1, "hash": "h1", "name": "edge.river.example"},
                                     {"ttl": 2, "hash": f"h{n}"}]}
        self.assertEqual(self.c.post([box.summary()]).json["refused"], [])
        self.assertNotIn("Targets, last", self.page(f"/sites/{box.site}").text)
        for n in (3, 4):
            changed = {"changed": 1} if n == 4 else {}
            line = box.summary(latency=[
                latency(n),
                asked("hub", "stamp", 60, 4, lost_out=3, lost_back=0),
                asked("mail", "tcp", 5, 5),
                asked("page", "http_get", 4, 4, codes=[{"code": "tls-expired", "n": 3}],
                      phases=[{"phase": "connect", "sum_us": 36_000, "time_hist": "1wED"}],
                      cert_days=12 - n * 5)], paths=[way(n, **changed)])
            self.assertEqual(self.c.post([line]).json["refused"], [])
        text = re.sub(r"\s+", " ", self.page(f"/sites/{box.site}").text)
        for words in ("Targets, last 7 days", "Certificate of page: ended 8 days before it was read",
                      "tls-expired 6", "connection6", "hub stamp IPv4602", "2 traces, target reached in 2;"
                      " 1 change in 1 compared, the last", "from hop 2 on", "MTU 1492",
                      "edge.river.example", "h4", "mail tcp IPv410–10–"):
            self.assertIn(words, text)
        report = json.loads(self.c.command(
            "report", "--ledger", self.c.data, "--circuit", f"{box.site}.wan", "--tz", "UTC",
            "--format", "json"))
        found = {t["probe"]: t for t in report["targets"]}
        self.assertEqual(sorted(found), ["hub", "mail", "page"])
        self.assertEqual(found["page"]["certificate"]["lowest_days"], -8)
        self.assertEqual(found["hub"]["loss_side"]["lost_not_known_where"], 2)
        self.assertEqual(report["paths"][0]["last_change_ttl"], 2)

    def test_site_page_states_and_figures(self):
        box = self.c.box("Rowan School", start=int(time.time()) // 300 * 300 - 3600)
        self.assertIn("never seen", self.page(f"/sites/{box.site}").text)
        for i in range(12):
            out = {"outages": [{"circuit": "wan", "from_ms": box.at * 1000 + 5000,
                                "to_ms": box.at * 1000 + 65000, "why": "targets silent"}]}
            p = box.payload(**(out if i == 5 else {}))
            order = list(p)
            if i == 5:
                order.remove("outages")
                order.insert(order.index("latency"), "outages")
            line = box.key.sign({k: p[k] for k in order}, "bandwitness-summary+jws")
            box.seq, box.prev, box.at = p["seq"], sha(line), p["end"]
            self.assertEqual(self.c.post([line]).json["refused"], [])
        p = self.page(f"/sites/{box.site}?range=week")
        for words in ("Rowan School", "fresh", "router", "kernel", "no claim on file",
                      "no test yet", "ethernet layer", "targets silent", "60\u00a0s"):
            self.assertIn(words, p.text)
        self.c.admin("site", "add", box.site, "--down", "100M", "--up",
                       "20M", "--layer", "ip", "--provider", "River " + HOSTILE)
        p = self.page(f"/sites/{box.site}")
        self.assertIn("100\u00a0Mbit/s", p.text)
        self.assertIn("River " + HOSTILE, p.text)
        graphs = [x for x in p.links if "/graph/" in x]
        self.assertTrue(any("/graph/link.svg" in x for x in graphs))
        self.assertTrue(any("/graph/latency-provider-edge.svg" in x for x in graphs))
        for g in graphs:
            a = self.c.get(g)
            self.assertEqual(a.status, 200, a.body[:300])
            self.assertIn(a.headers["Content-Type"], ("image/svg+xml", "image/png"))
            self.assertTrue(a.body.startswith((b"<?xml", b"<svg", b"\x89PNG")))
        a = self.c.get(f"/api/v1/circuits?site={box.site}").json["circuits"][0]
        self.assertEqual((a["claim_down_bps"], a["claim_layer"]), (100_000_000, "ip"))

    def test_a_cut_interval_makes_no_box_late(self):
        end = int(time.time()) - 100
        end -= end % 300 == 0  # an interval that ends there may be one of five minutes
        older = "delivers older records it kept"
        for step, late in ((300, False), (20, True)):
            box = self.c.box(f"Kestrel School {step}", start=end - 20 - 3 * step, step=step)
            lines = [box.summary() for _ in range(3)]
            box.step = 20  # as a reload cuts it
            lines.append(box.summary())
            self.assertEqual(self.c.post(lines).json["refused"], [])
            text = self.page(f"/sites/{box.site}").text
            self.assertIn("fresh", text)
            self.assertEqual(older in text, late)

    def test_days_that_are_past_and_outages_nobody_could_see(self):
        now = int(time.time()) // 300 * 300 - 600
        none = {"circuits": [{"id": "wan", "vantage": "lan-side", "source": "none"}]}
        two = [latency(1), latency(2, probe="other-edge")]
        week = "last 7 days"
        seen = "None in 2 intervals (10\u00a0min watched)"
        unseen = "Not known: an outage shows by two targets"
        told = {"Tern School": (START, {"latency": two}, "7 days to ", seen),
                "Dipper School": (now, {"latency": two}, week, seen),
                "Wren School": (now, {}, week, "None of the port's carrier in 2 intervals"),
                "Pine School": (now, none, week, unseen),
                "Fir School": (now, {**none, "latency": [latency(1), latency(2, "page", sent=5)]},
                               week, unseen)}
        for name, (start, more, days, words) in told.items():
            with self.subTest(name):
                box = self.c.box(name, start=start)
                lines = [box.summary(**more) for _ in range(2)]
                self.assertEqual(self.c.post(lines).json["refused"], [])
                text = self.page(f"/sites/{box.site}").text
                self.assertIn("Outages, " + days, text)
                self.assertIn(words, text)
                self.assertEqual(week in text, days == week)

    def test_no_outage_only_while_two_targets_were_asked(self):
        """A second target that came late; one asked once a minute, in a cut interval."""
        now = int(time.time()) // 300 * 300 - 3000
        none = {"circuits": [{"id": "wan", "vantage": "lan-side", "source": "none"}]}
        unseen = "Not known: an outage shows by two targets"
        def two(sent):
            return {**none, "latency": [latency(1), latency(2, "zz-page", sent=sent)]}
        for name, sent, step, words in (
                ("Rowan School", 60, 300, "None in 4 intervals (5\u00a0min watched)"),
                ("Sallow School", 30, 300, unseen), ("Thrush School", 1, 10, unseen)):
            with self.subTest(name):
                box = self.c.box(name, start=now)
                lines = [box.summary(**two(5)) for _ in range(3)]
                box.step = step
                lines.append(box.summary(**two(sent)))
                self.assertEqual(self.c.post(lines).json["refused"], [])
                self.assertIn(words, self.page(f"/sites/{box.site}").text)

    def test_a_claim_as_the_page_says_it(self):
        box = self.c.box("Cedar School", start=int(time.time()) // 300 * 300 - 300)
        fiber = {"id": "fiber", "vantage": "lan-side", "source": "none"}
        wan = box.payload()["circuits"][0]
        line = box.summary(circuits=[fiber, wan])
        self.assertEqual(self.c.post([line]).json["refused"], [])
        said = re.findall(r"bandwitness (site claim [^<]*)</code>",
                          self.c.get(f"/sites/{box.site}").text)
        words = said[0].replace("RATE", "80M").replace("DAY", "2026-07-01")
        self.c.admin(*words.split())
        claims = {c["id"]: c.get("claim_down_bps")
                  for c in self.c.get(f"/api/v1/circuits?site={box.site}").json["circuits"]}
        self.assertEqual(claims, {f"{box.site}.fiber": 80_000_000, f"{box.site}.wan": None})

    def test_a_renamed_site_keeps_its_name_in_old_reports(self):
        box = self.c.box("Plover School")
        self.assertEqual(self.c.post([box.summary() for _ in range(3)]).json["refused"], [])
        self.c.command("site", "rename", "--data", self.c.data, "--from", str(START + 600),
                       box.site, "Dunlin School", ok=(2,))
        from_ = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + 600))
        self.c.command("site", "rename", "--data", self.c.data, "--from", from_, box.site,
                       "Dunlin School")
        self.assertIn("Dunlin School", self.page(f"/sites/{box.site}").text)
        for to, name in ((START + 600, "Plover School"), (START + 900, "Dunlin School")):
            report = json.loads(self.c.command(
                "report", "--ledger", self.c.data, "--circuit", f"{box.site}.wan", "--tz", "UTC",
                "--from", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START)), "--to",
                time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(to)), "--format", "json"))
            self.assertEqual(report["identity"]["place"], name)

    def test_source_none_shows_no_use(self):
        box = self.c.box("Linden School", start=int(time.time()) // 300 * 300 - 300)
        line = box.summary(circuits=[{"id": "wan", "vantage": "lan-side", "behind": ["nat"],
                                      "source": "none"}])
        self.assertEqual(self.c.post([line]).json["refused"], [])
        p = self.page(f"/sites/{box.site}")
        self.assertIn("Nobody counts this line's traffic", p.text)
        self.assertNotIn("Carried", p.text)
        self.assertEqual(self.c.get(f"/api/v1/circuits/{box.site}.wan/graph/link.svg").status, 404)

    def test_lists_are_searched_and_sorted(self):
        for name in ("Zelkova School", "Acacia School"):
            self.c.token("--site", name)
        wait_for("a room with both", lambda: "Acacia" in self.c.get("/sites?sort=name&q=acacia").text)
        p = self.page("/sites?q=zelkova+SCHOOL")
        self.assertIn("Zelkova", p.text)
        self.assertNotIn("Acacia", p.text)
        text = self.page("/sites?sort=name").text
        self.assertLess(text.index("Acacia"), text.index("Zelkova"))
        self.assertIn("No site fits", self.page("/sites?q=nowhere").text)
        a = self.c.get("/api/v1/sites?q=acacia&state=never").json["sites"]
        self.assertEqual([s["name"] for s in a], ["Acacia School"])
        self.assertEqual(self.c.get("/api/v1/sites?state=odd").status, 400)

    def test_style_and_problem_pages(self):
        p = self.page("/problems/fork")
        css = [x for x in p.links if x.endswith(".css")][0]
        a = self.c.get(css)
        self.assertEqual((a.status, a.headers["Content-Type"]), (200, "text/css; charset=utf-8"))
        self.assertIn("immutable", a.headers["Cache-Control"])
        self.page("/problems/nothing", 404)
        self.page("/sites/s-nowhere", 404)
        self.assertEqual(self.c.get("/static/../../etc/passwd").status, 404)
        self.assertEqual(self.c.get("/" + "a" * 3000).status, 404)

    # --- reading -----------------------------------------------------------------------------

    def test_exports(self):
        box = self.c.box()
        lines = [box.summary() for _ in range(30)]
        lost_all = latency(31, lost=300)
        for k in ("sum_us", "p50_us", "p95_us", "pdv_p95_us"):
            del lost_all[k]
        lines.append(box.summary(latency=[lost_all]))
        self.c.post(lines)
        where = dict(from_=START, to=START + 86400)
        a = self.c.export(f"{box.site}.wan", format="jose", **where)
        self.assertEqual(a.body.decode().split(), lines)
        self.assertEqual(a.headers["Content-Type"], "application/jose")
        rows = self.c.export(f"{box.site}.wan", format="csv", **where).body.decode().split("\r\n")
        self.assertEqual(len(rows), 31 + 2)
        head = rows[0].split(",")
        last = dict(zip(head, rows[31].split(",")))
        self.assertEqual((last["seq"], last["packets_sent"], last["packets_lost"]),
                         ("31", "300", "300"))
        # the same table as the command makes of the same records, which knows less of them
        path = os.path.join(self.c.folder, "exported.jose")
        with open(path, "w", encoding="ascii") as f:
            f.writelines(line + "\n" for line in lines)
        out = self.c.command("journal", "export", "--file", path, "--format", "csv",
                             "--circuit", "wan")
        theirs = list(csv.DictReader(io.StringIO(out)))
        ours = list(csv.DictReader(io.StringIO("\r\n".join(rows))))
        for row in ours:
            self.assertTrue(row["received"] and row["position"])
            row.update(received="", egress="", position="")
        self.assertEqual(ours, theirs)
        objects = self.c.export(f"{box.site}.wan", **where).body.decode().splitlines()
        self.assertEqual([json.loads(o)["payload"]["seq"] for o in objects], list(range(1, 32)))
        some = self.c.export(f"{box.site}.wan", format="csv", from_=START + 300, to=START + 900)
        self.assertEqual(len(some.body.decode().strip().split("\r\n")), 3)
        for bad in ("format=xml", "from=yesterday", f"from={START + 1}&to={START}"):
            self.assertEqual(self.c.get(f"/api/v1/circuits/{box.site}.wan/summaries?{bad}").status,
                             400)
        self.assertEqual(self.c.export(f"{box.site}.dsl").status, 404)
        self.assertEqual(self.c.export("nonsense").status, 404)

    def known(self, box, series="link", step=300, start=START, seconds=9000):
        """The times of the steps, or of the hours, of which a series knows anything."""
        path = os.path.join(self.c.data, "series", f"{box.site}.wan", series + ".rrd")
        out = subprocess.run(["rrdtool", "fetch", path, "AVERAGE", "-r", str(step), "-s",
                              str(start), "-e", str(start + seconds)],
                             stdout=subprocess.PIPE, check=True).stdout.decode()
        return [int(t) for t, v in re.findall(r"^(\d+): (\S+)", out, re.M) if "nan" not in v]

    def test_no_length_of_intervals_blanks_the_pictures(self):
        """A first interval that was cut, and an `interval` that was changed."""
        hour = START // 3600 * 3600 + 3600
        for first, n, then, more, step in ((100, 1, 300, 24, 300), (227, 1, 300, 24, 300),
                                           (60, 30, 300, 80, 300), (300, 12, 900, 4, 300)):
            with self.subTest(first=first, then=then):
                box = self.c.box(f"Heron School {first}", start=hour, step=first)
                url = (f"/api/v1/circuits/{box.site}.wan/graph/link.svg"
                       f"?from={hour}&to={hour + 7200}")
                for length, count in ((first, n), (then, more)):
                    box.step = length
                    lines = [box.summary() for _ in range(count)]
                    self.assertEqual(self.c.post(lines).json["refused"], [])
                    a = self.c.get(url)
                    self.assertEqual(a.status, 200, a.body)
                self.assertEqual(self.known(box, step=3600, start=hour, seconds=7200)[:2],
                                 [hour + 3600, hour + 7200])
                with open(os.path.join(self.c.data, "series", f"{box.site}.wan", "state"),
                          encoding="ascii") as f:
                    self.assertEqual(int(f.read().split()[0]), step)

    def test_late_record_remakes_the_series(self):
        box = self.c.box()
        early = [box.summary() for _ in range(3)]
        rest = [box.summary() for _ in range(20)]
        url = (f"/api/v1/circuits/{box.site}.wan/graph/link.svg"
               f"?from={START - 2400}&to={START + 7200}")
        self.c.post(early)
        first = self.c.get(url).body
        self.c.post(rest)
        second = self.c.get(url).body
        self.assertNotEqual(first, second)
        rrd = os.path.join(self.c.data, "series", f"{box.site}.wan", "link.rrd")
        def known():
            return self.known(box, start=START - 2400, seconds=11400)
        self.assertEqual(len(known()), 23)
        # The other key of the site brings what it kept from before.
        old = PyBox(box.site, start=START - 1500)
        request = {"v": 1, "jwk": old.key.jwk, "why": "replaced"}
        a = self.c.request("POST", "/api/v1/keys",
                           box.key.sign(request, "bandwitness-key+jws").encode(),
                           {"Content-Type": "application/jose"})
        self.assertEqual(a.status, 200, a.body)
        self.assertEqual(self.c.post([old.summary() for _ in range(5)]).json["refused"], [])
        self.assertNotEqual(self.c.get(url).body, second)
        self.assertEqual(len(known()), 28)
        # A corrupt file is made again.
        with open(rrd, "wb") as f:
            f.write(b"garbage")
        self.c.post([box.summary()])
        self.assertEqual(self.c.get(url).status, 200)
        self.assertEqual(len(known()), 29)

    def test_series_may_be_deleted_at_any_time(self):
        box = self.c.box("Willow School")
        url = f"/api/v1/circuits/{box.site}.wan/graph/link.svg?from={START}&to={START + 7200}"
        folder = os.path.join(self.c.data, "series", f"{box.site}.wan")
        n = 6
        self.c.post([box.summary() for _ in range(n)])
        self.assertEqual(self.c.get(url).status, 200)
        for remove, path in ((shutil.rmtree, folder), (os.remove, folder + "/link.rrd")):
            for more in (0, 1):
                with self.subTest(path=path, more=more):
                    remove(path)
                    if more:
                        self.c.post([box.summary()])
                        n += 1
                    a = self.c.get(url)
                    self.assertEqual(a.status, 200, a.body)
                    self.assertEqual(len(self.known(box)), n)

    def test_series_outlive_a_state_that_could_not_be_written(self):
        """As on a full disk: the series have their place, the new state file has none."""
        box = self.c.box("Hazel School")
        url = f"/api/v1/circuits/{box.site}.wan/graph/link.svg?from={START}&to={START + 7200}"
        folder = os.path.join(self.c.data, "series", f"{box.site}.wan")
        kept = os.path.join(self.c.folder, "kept.rrd")  # holds on to the file's number
        self.c.post([box.summary() for _ in range(6)])
        self.assertEqual(self.c.get(url).status, 200)
        os.link(folder + "/link.rrd", kept)
        with open(folder + "/state", encoding="ascii") as f:
            before = f.read()
        for n in (7, 8):
            self.c.post([box.summary()])
            self.assertEqual(self.c.get(url).status, 200)
            self.assertTrue(os.path.samefile(folder + "/link.rrd", kept))
            self.assertEqual(len(self.known(box)), n)
            with open(folder + "/state", "w", encoding="ascii") as f:
                f.write(before)

    # --- the shell ---------------------------------------------------------------------------

    def test_head_methods_and_keep_alive(self):
        c = self.c.connect()
        for method, path, status in (("HEAD", "/sites", 200), ("GET", "/healthz", 200),
                                     ("HEAD", "/metrics", 200), ("GET", "/healthz", 200)):
            c.request(method, path)
            r = c.getresponse()
            body = r.read()
            self.assertEqual((r.status, body == b""), (status, method == "HEAD"))
        sock = c.sock
        c.request("GET", "/healthz")
        c.getresponse().read()
        self.assertIs(sock, c.sock)
        c.close()
        a = self.c.request("DELETE", "/healthz")
        self.assertEqual((a.status, a.headers["Allow"]), (405, "GET"))

    # --- packed answers ----------------------------------------------------------------------

    def coded(self, path, takes="gzip", method="GET", **more):
        """Its coding ("" none), its bytes undone, its headers."""
        headers = {"Accept-Encoding": takes, **{k.replace("_", "-"): v for k, v in more.items()}}
        a = self.c.request(method, path, headers=headers)
        self.assertEqual(a.status, 200, path)
        coding = a.headers["Content-Encoding"] or ""
        if a.headers["Content-Length"] and method == "GET":
            self.assertEqual(int(a.headers["Content-Length"]), len(a.body))
        return coding, gzip.decompress(a.body) if coding and a.body else a.body, a.headers

    def test_answers_are_packed(self):
        box = self.c.box("Poplar School")
        many = [box.summary(circuits=[{"id": f"wan{i}-{n}" if i else "wan", "vantage": "lan-side", "behind": ["nat"],
                                                   "source": "none"} for i in range(8)]) for n in range(60)]
        self.assertEqual(self.c.post(many + [box.summary() for _ in range(12)]).json["refused"], [])
        css = [x for x in self.page("/problems/fork").links if x.endswith(".css")][0]
        graph = f"/api/v1/circuits/{box.site}.wan/graph/link"
        records = f"/api/v1/circuits/{box.site}.wan/summaries?from=0&to=4102444800&format="
        large = f"/api/v1/circuits?site={box.site}"
        for path in (css, graph + f".svg?from={START}&to={START + 7200}", records + "csv", records + "json", large):
            with self.subTest(path=path):
                plain, packed = self.coded(path, "identity"), self.coded(path)
                if plain[1] != packed[1]:  # the state's room came between, with the zone of a picture
                    plain, packed = self.coded(path, "identity"), self.coded(path)
                self.assertEqual((plain[0], packed[0]), ("", "gzip"))
                self.assertEqual(plain[1], packed[1])
                for _, _, headers in (plain, packed):
                    self.assertEqual(headers["Vary"], "Accept-Encoding")
                head = self.coded(path, method="HEAD")[2]
                for name in ("Content-Encoding", "Content-Length", "Content-Type"):
                    self.assertEqual(head[name], packed[2][name], name)
        self.assertGreater(len(self.coded(large)[1]), 65536)  # packed while it is sent
        out = subprocess.run(["curl", "-sS", "--compressed", self.c.url + css], check=True, stdout=subprocess.PIPE)
        self.assertEqual(out.stdout, self.c.get(css).body)
        # what is small, packed already or signed is left alone
        for path in ("/healthz", graph + f".png?from={START}&to={START + 7200}", records + "jose"):
            coding, _, headers = self.coded(path)
            self.assertEqual((coding, headers["Vary"]), ("", None), path)
        self.assertEqual(self.coded("/healthz", "gzip, identity;q=0")[:2], ("gzip", b"ok\n"))
        self.assertEqual(self.coded(css, "gzip;q=0.4, identity;q=0.5")[0], "")
        self.assertEqual(self.c.request("GET", css, headers={"Accept-Encoding": "br, *;q=0"}).status, 406)
        # nor what another site asks for: lengths of what it chose words for tell of the others
        for site, coding in (("cross-site", ""), ("same-site", ""), ("same-origin", "gzip"), ("none", "gzip")):
            self.assertEqual(self.coded("/problems/fork", Sec_Fetch_Site=site)[0], coding, site)

    def test_metrics_are_openmetrics(self):
        text = self.c.get("/metrics").body.decode()
        self.assertTrue(text.endswith("# EOF\n"))
        seen = set()
        for line in text.splitlines()[:-1]:
            if line.startswith("# TYPE"):
                name = line.split()[2]
                self.assertNotIn(name, seen)
                seen.add(name)
            elif not line.startswith("#"):
                self.assertRegex(line, r"^bandwitness_[a-z_]+(\{[^}]*\})? -?[0-9.]+$")

    def test_closing_in_the_middle_and_slow_ones(self):
        box = self.c.box()
        line = box.summary().encode()
        head = (b"POST /api/v1/summaries HTTP/1.1\r\nHost: x\r\n"
                b"Content-Type: application/jose\r\nContent-Length: %d\r\n\r\n" % len(line))
        socks = []
        for part in (b"", b"P", head[:40], head, head + line[:100], head + line[:-1]):
            s = socket.create_connection(("127.0.0.1", self.c.port))
            s.sendall(part)
            socks.append(s)
        for s in socks:
            s.close()
        slow = [socket.create_connection(("127.0.0.1", self.c.port)) for _ in range(200)]
        for s in slow:
            s.sendall(head[:30])
        self.assertEqual(self.c.get("/healthz").status, 200)
        for s in slow:  # they are all still waited for: it did not have to wait for them
            s.setblocking(False)
            self.assertRaises(BlockingIOError, s.recv, 1)
            s.close()
        self.assertEqual(self.c.export(f"{box.site}.wan").status, 404)
        self.assertEqual(self.c.post(line + b"\n").json["chains"][0]["acked_through"], 1)

    def test_broken_http_is_answered_or_cut(self):
        for junk in (b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 20000 + b"\r\n\r\n",
                     b"POST /api/v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                     b"POST /api/v1/summaries HTTP/1.1\r\nHost: x\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
            s = socket.create_connection(("127.0.0.1", self.c.port))
            s.settimeout(45) # longer than the headers may take
            try:
                s.sendall(junk)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except socket.timeout:
                self.fail(f"neither answered nor cut: {junk[:60]}")
            except OSError:
                pass # cut before everything was sent
            s.close()
        self.assertEqual(self.c.get("/healthz").status, 200)


class Fronts(unittest.TestCase):
    def test_tls_listener(self):
        with Collector(tls=True) as c:
            tls = c.connect()
            box = c.box()
            for n in (1, 2, 3):
                a = c.post([box.summary()], connection=tls)
                self.assertEqual(a.json["chains"][0]["acked_through"], n)
            tls.close()
            old = ssl.create_default_context(cafile=c.ca)
            old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with self.assertRaises((ssl.SSLError, OSError)):
                h = http.client.HTTPSConnection("127.0.0.1", c.port, context=old, timeout=10)
                h.request("GET", "/healthz")
            s = socket.create_connection(("127.0.0.1", c.port))
            s.sendall(b"GET / HTTP/1.1\r\n\r\n")
            s.settimeout(10)
            try:
                self.assertFalse(s.recv(100).startswith(b"HTTP/1.1 200"))
            except OSError:
                pass
            s.close()
            self.assertEqual(c.get("/healthz").status, 200)

    def test_unix_socket_is_not_taken_twice(self):
        with Collector() as c:
            other = Collector()
            self.addCleanup(other.discard)
            with open(other.conf, encoding="utf-8") as f:
                text = f.read().replace(other.socket, c.socket)
            with open(other.conf, "w", encoding="utf-8") as f:
                f.write(text)
            with self.assertRaises(AssertionError) as e:
                other.start()
            self.assertIn("another program answers there", str(e.exception))
            self.assertEqual(c.get("/healthz").status, 200)

    @unittest.skipUnless(shutil.which("nginx", path="/usr/sbin:/usr/bin"), "nginx is missing")
    def test_nginx_in_front(self):
        folder = self.enterContext(scratch())
        crt, _key = self_signed(folder)
        sock = os.path.join(folder, "proxied.sock")
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "../../etc/nginx-bandwitness.conf"), encoding="utf-8") as f:
            site = f.read()
        port = free_port()
        site = site.replace("/run/bandwitness-collector/http.sock", sock)
        site = site.replace("/etc/bandwitness/tls", folder + "/tls")
        site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        site = re.sub(r"listen \[::\]:443 ssl;", "", site)
        site = site.replace("#allow 192.0.2.0/24;", "allow 127.0.0.1;")
        site = site.replace("#deny all;", "deny all;")
        self.assertIn(" deny all;", site)
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as f:
            user = "user root;\n" if os.geteuid() == 0 else ""
            f.write(f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
                    f"events {{}}\nhttp {{ log_format seen '$upstream_status $request';\n"
                    f"access_log {folder}/seen.log seen;\n"
                    + "".join(f"{k}_temp_path {folder}/{k};\n" for k in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                    + site + "}\n")
        with Collector(listen=f'listen "proxied" {{ address = "{sock}" proxied = yes }}') as c:
            nginx = HOST.popen([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-c", conf,
                                "-p", folder, "-e", f"{folder}/error.log"])
            try:
                context = ssl.create_default_context(cafile=crt)
                front = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
                def up():
                    try:
                        front.request("GET", "/healthz")
                        return front.getresponse().read() == b"ok\n"
                    except OSError:
                        front.close()
                        return False
                c.wait("nginx", up)
                box = c.box()
                c.admin("site", "add", box.site, "--prefix", "127.0.0.0/8")
                self.assertEqual(c.post([box.summary()], connection=front,
                                        X_Forwarded_For="192.0.2.9").json["refused"], [])
                row = c.export(f"{box.site}.wan", from_=START, to=START + 300).json
                self.assertEqual(row["egress"], "match")
                other = c.box("Other")
                c.admin("site", "add", other.site, "--prefix", "192.0.2.0/24")
                c.post([other.summary()], connection=front)
                row = c.export(f"{other.site}.wan", from_=START, to=START + 300).json
                self.assertEqual(row["egress"], "other")
                front.close()
                self.nothing_is_smuggled(c, port, context, folder + "/seen.log")
            finally:
                nginx.terminate()
                nginx.wait(20)

    def nothing_is_smuggled(self, c, port, context, log):
        """The collector never sees a request that nginx does not know of."""
        def passed_on():
            with open(log, encoding="utf-8", errors="replace") as f:
                return sum(not line.startswith("- ") for line in f)
        nginx, ours = passed_on(), c.metric("bandwitness_http_requests_total")
        for request in AMBIGUOUS.values():
            with socket.create_connection(("127.0.0.1", port), 10) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as s:
                try:
                    s.sendall(request + SECOND.replace(b"\r\n\r\n",
                                                       b"\r\nConnection: close\r\n\r\n"))
                    while s.recv(65536):
                        pass
                except OSError:
                    pass
        ours = c.metric("bandwitness_http_requests_total") - ours - 1
        self.assertGreater(ours, 5)
        wait_for("nginx to tell", lambda: passed_on() - nginx >= ours)


if __name__ == "__main__":
    unittest.main()
