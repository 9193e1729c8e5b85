# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers and boxes that mean harm, or whose clock is far off: what they ask for is
answered soon or refused, and hides nobody else's figures."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import re
import sqlite3
import subprocess
import time
import unittest

from bwtest import CollectorCase
from bwtest.jose import b64, circuit, compact, latency, sha

TYP = "bandwitness-summary+jws"
CENTURY_S = 100 * 366 * 86400


def now():
    return int(time.time()) // 300 * 300


class Hostile(CollectorCase):
    def refusal(self, answer):
        self.assertEqual(answer.status, 422, answer.body)
        return answer.json["refused"][0]["type"]

    # --- signatures --------------------------------------------------------------------------

    def test_the_key_decides_how_it_is_checked(self):
        box = self.c.box()
        good = compact(box.payload())
        x = base64.urlsafe_b64decode(box.key.jwk["x"] + "=")

        def made(head, mac=False):
            text = b64(json.dumps(head, separators=(",", ":")).encode()) + "." + b64(good.encode())
            sig = hmac.new(x, text.encode(), hashlib.sha256).digest() if mac else bytes(64)
            return text + "." + b64(sig)
        kid = box.key.kid
        for head, mac, word in (({"alg": "none", "kid": kid, "typ": TYP}, False, "malformed"),
                                ({"alg": "HS256", "kid": kid, "typ": TYP}, True, "malformed"),
                                ({"alg": "ES256", "kid": kid, "typ": TYP}, False,
                                 "bad-signature")):
            self.assertEqual(self.refusal(self.c.post([made(head, mac)])), word)
        for head in ({"alg": "EdDSA", "kid": kid, "typ": TYP, "x5u": "http://127.0.0.1/"},
                     {"kid": kid, "alg": "EdDSA", "typ": TYP},
                     {"alg": "EdDSA", "kid": kid, "typ": TYP, "jwk": box.key.jwk}):
            line = box.key.sign(good, TYP, header=head)
            self.assertEqual(self.refusal(self.c.post([line])), "malformed")
        self.assertEqual(self.c.post([box.summary()]).json["chains"][0]["acked_through"], 1)

    def test_one_record_has_one_text(self):
        """Rightly signed, but not the canonical bytes: refused, and the chain still links."""
        def swap(old, new):
            return lambda p: compact(p).replace(old, new, 1)
        for spoil in (json.dumps, lambda p: compact(dict(sorted(p.items()))),
                      swap('"mono_ms":1000', '"mono_ms":1000.0'),
                      swap('"mono_ms":1000', '"mono_ms":1e3'),
                      swap('"mono_ms":1000', '"mono_ms":-0'),
                      swap('"mono_ms":1000', '"mono_ms":9223372036854775807'),
                      swap('"wan"', '"<script>"'), swap('"wan"', '"-f"'),
                      swap('"provider-edge"', '"../x"'), swap('"v":1', '"v":1,"w":1')):
            box = self.c.box()
            text = spoil(box.payload())
            self.assertNotEqual(text, compact(box.payload()))
            line = box.key.sign(text, TYP)
            self.assertEqual(self.refusal(self.c.post([line])), "malformed")
            box.seq, box.prev = 1, sha(line)
            self.assertEqual(self.c.post([box.summary()]).json["chains"][0]["acked_through"], 2)

    # --- times -------------------------------------------------------------------------------

    def test_a_boot_in_the_next_century_hides_nothing(self):
        box = self.c.box("Larch School", start=now() + CENTURY_S)
        self.assertEqual(self.c.post([box.summary()]).json["refused"], [])
        url = f"/api/v1/circuits/{box.site}.wan/graph/link.svg"
        self.assertEqual(self.c.get(url).status, 200)
        box.at = now() - 900
        for _ in range(3):
            self.assertEqual(self.c.post([box.summary()]).json["refused"], [])
        site = [s for s in self.c.get("/api/v1/sites").json["sites"] if s["id"] == box.site][0]
        self.assertEqual(site["last_end_s"], box.at)
        page = self.c.get(f"/sites/{box.site}").body.decode()
        self.assertNotIn("in the future", page)
        self.assertEqual(self.c.get(url).status, 200)
        rrd = f"{self.c.data}/series/{box.site}.wan/link.rrd"
        out = subprocess.run(["rrdtool", "fetch", rrd, "AVERAGE", "-r", "300", "-s",
                              str(box.at - 900), "-e", str(box.at)], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
        known = [x for x in re.findall(r"^\d+: (\S+)", out, re.M) if x != "-nan"]
        self.assertEqual(len(known), 3, out)
        every = self.c.export(f"{box.site}.wan", from_=0, to=999999999999, format="jose")
        self.assertEqual(every.body.decode().split(), box.lines[1:] + box.lines[:1])

    def test_any_range_is_answered(self):
        """Ranges of thousands of years, at once, and everybody else is served meanwhile."""
        box = self.c.box("Birch School", start=now() - 3000)
        other = self.c.box("Oak School", start=300)
        self.c.post([box.summary() for _ in range(10)])
        self.c.post([other.summary()])
        paths = [f"/api/v1/circuits/{b.site}.wan/summaries?from={a}&to={z}&format={f}"
                 for b in (box, other) for f in ("jose", "csv")
                 for a, z in ((0, 999999999999), ("0001-01-01", "9999-12-31"))]
        with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:
            asked = [pool.submit(self.c.get, p) for p in paths]
            self.assertEqual(self.c.get(f"/sites/{box.site}").status, 200)
            self.assertEqual({a.result().status for a in asked}, {200})
        for i, a in enumerate(asked):
            n = 10 if i < len(asked) // 2 else 1
            lines = len(a.result().body.decode().split("\n")) - 1
            self.assertEqual(lines, n + (1 if "csv" in paths[i] else 0), paths[i])
        graph = f"/api/v1/circuits/{box.site}.wan/graph/link.svg?"
        for words, status in (("to=400000000&last=300000000", 200), ("to=60", 400), ("from=-1", 400),
                              ("from=0&to=999999999999", 200), ("last=0", 400),
                              ("last=99999999999999999999", 400), ("width=-1", 400)):
            self.assertEqual(self.c.get(graph + words).status, status, words)

    def test_many_records_in_one_window(self):
        """One second each, as many as a day has windows of one piece."""
        box = self.c.box("Hazel School", start=now() - 86400, step=1)
        lines = [box.summary() for _ in range(9000)]
        for i in range(0, len(lines), 2000):
            self.assertEqual(self.c.post(lines[i:i + 2000]).json["refused"], [])
        got = self.c.export(f"{box.site}.wan", from_=0, to=now() + 1, format="jose")
        self.assertEqual(got.body.decode().split(), lines)

    # --- circuits that are another thing each time -------------------------------------------

    def facts(self, box):
        """{circuit: [link_bps by date]}"""
        found = {}
        with sqlite3.connect(f"file:{self.c.data}/catalogue.db?mode=ro", uri=True) as db:
            for name, bps in db.execute("SELECT circuit, link_bps FROM facts WHERE site = ?"
                                        " ORDER BY circuit, from_s", (box.site,)):
                found.setdefault(name, []).append(bps)
        db.close()
        return found

    def test_changes_of_a_circuit_are_noted_by_date(self):
        box = self.c.box("Alder Annex")
        speeds = [10**9, 10**8, 10**8, 10**9, 10**7]
        for of_post in (speeds[:4], speeds[4:]):
            self.c.post([box.summary(circuits=[{**circuit(1, 300), "link_bps": bps}])
                         for bps in of_post])
        self.assertEqual(self.facts(box), {"wan": [10**9, 10**8, 10**9, 10**7]})

    def test_a_circuit_that_changes_with_each_record_costs_little(self):
        """A post is a few rows of the catalogue, whatever it says; the newest are among them."""
        box = self.c.box("Birch Annex")
        for most in (64, 128):
            lines = []
            for n in range(100):
                speed = 10**9 + box.seq
                lines.append(box.summary(
                    circuits=[{**circuit(n, 300), "id": f"line{k}", "link_bps": speed}
                              for k in range(8)],
                    latency=[{**latency(n), "circuit": "line0"}]))
            self.assertEqual(self.c.post(lines).json["refused"], [])
            facts = self.facts(box)
            self.assertEqual([f[-1] for f in facts.values()], [speed] * 8)
            self.assertLessEqual(sum(len(f) for f in facts.values()), most)

    # --- circuits nobody knows ---------------------------------------------------------------

    def test_circuits_that_never_were_are_forgotten(self):
        """Asked for before its first record, a circuit is drawn as soon as there is one."""
        box = self.c.box("Elm School", start=now() - 600)
        url = f"/api/v1/circuits/{box.site}.wan/graph/link.svg"
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(self.c.get, url) for _ in range(40)]
            asked += [pool.submit(self.c.get, url.replace(".wan", f".w{i}")) for i in range(40)]
            self.assertEqual({a.result().status for a in asked}, {404})
        self.c.post([box.summary(), box.summary()])
        self.assertEqual(self.c.get(url).status, 200)


if __name__ == "__main__":
    unittest.main()
