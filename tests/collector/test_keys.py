# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stranger needs to check evidence: a site's public keys, read and used by an
independent JOSE library and by `bandwitness verify`; and that nothing private leaves."""
import base64
import glob
import hashlib
import json
import os
import sqlite3
import subprocess
import time
import unittest

from jwcrypto import jwk, jws

from bwtest import CollectorCase
from bwtest.jose import START, Key, PyBox
from bwtest.place import program, wait_for


class Keys(CollectorCase):
    def keys(self, site):
        a = self.c.get(f"/api/v1/sites/{site}/keys")
        self.assertEqual((a.status, a.headers["Content-Type"]),
                         (200, "application/jwk-set+json"), a.body)
        for private in (b'"d"', b'"p"', b'"q"', b'"k"'):
            self.assertNotIn(private, a.body)
        return a

    def rotate(self, box, why="rotated"):
        """The box's next key, handed over by the one before; the chain goes on under it."""
        new, old = Key(box.key.alg), box.key
        a = self.c.request("POST", "/api/v1/keys",
                           old.sign({"v": 1, "jwk": new.jwk, "why": why},
                                    "bandwitness-key+jws").encode(),
                           {"Content-Type": "application/jose"})
        self.assertEqual(a.status, 200, a.body)
        chain = {"why": why, "prev_kid": old.kid, "prev_seq": box.seq, "prev_hash": box.prev}
        box.key, box.seq, box.prev = new, 0, ""
        return box.summary(chain=chain)

    def export(self, box):
        a = self.c.export(f"{box.site}.wan", from_=START - 1000, to=START + 10**7, format="jose")
        self.assertEqual(a.status, 200, a.body)
        return a.body

    def write(self, name, data):
        path = os.path.join(self.c.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def test_one_key_and_what_it_is_for(self):
        before = int(time.time())
        for alg, kty in (("EdDSA", "OKP"), ("ES256", "EC")):
            box = self.c.box(alg=alg)
            got = self.keys(box.site).json
            self.assertEqual(got["site"], box.site)
            self.assertEqual(len(got["keys"]), 1)
            k = got["keys"][0]
            self.assertEqual((k["kid"], k["alg"], k["use"], k["kty"], k["enrolled_by"]),
                             (box.key.kid, alg, "sig", kty, "token"))
            self.assertLessEqual(before, k["enrolled_s"])
            self.assertLessEqual(k["enrolled_s"], int(time.time()))
            self.assertLessEqual(set(box.key.jwk.items()), set(k.items()))
            self.assertFalse({"prev_kid", "replaced_by", "replaced_s", "revoked_s"} & set(k))

    def test_a_stranger_checks_every_record_with_another_library(self):
        for alg in ("EdDSA", "ES256"):
            box = self.c.box(alg=alg)
            lines = [box.summary() for _ in range(3)]
            lines += [self.rotate(box), box.summary(), self.rotate(box, "replaced")]
            self.assertEqual(self.c.post(lines).json["refused"], [])
            text = self.keys(box.site).body.decode()
            theirs = jwk.JWKSet.from_json(text)
            self.assertEqual(len(theirs["keys"]), 3)
            for key in theirs["keys"]:
                self.assertFalse(key.has_private)
            for line in self.export(box).decode().split():
                token = jws.JWS()
                token.allowed_algs = [alg]
                token.deserialize(line)
                key = theirs.get_key(token.jose_header["kid"])
                self.assertEqual(key.thumbprint(), token.jose_header["kid"])
                token.verify(key)
            by_kid = {k["kid"]: k for k in json.loads(text)["keys"]}
            old = next(k for k in by_kid.values() if k["enrolled_by"] == "token")
            middle, last = by_kid[old["replaced_by"]], by_kid[box.key.kid]
            self.assertEqual(old["replaced_s"], middle["enrolled_s"])
            self.assertEqual((middle["enrolled_by"], middle["prev_kid"], middle["replaced_by"]),
                             ("key", old["kid"], last["kid"]))
            self.assertEqual((last["enrolled_by"], last["prev_kid"]), ("key", middle["kid"]))
            self.assertNotIn("replaced_by", last)

    def test_every_copy_of_a_disk_brings_a_key_of_its_own(self):
        box = self.c.box()
        self.assertEqual(self.c.post([box.summary()]).json["refused"], [])
        first, seq, prev, at = box.key, box.seq, box.prev, box.at
        copies = []
        for _ in range(3):
            box.key, box.seq, box.prev, box.at = first, seq, prev, at
            a = self.c.post([self.rotate(box, "fork")])
            self.assertEqual((a.json["refused"], a.json["chains"][0]["acked_through"]), ([], 1))
            copies.append(box.key.kid)
        keys = {k["kid"]: k for k in self.keys(box.site).json["keys"]}
        self.assertEqual(set(keys), {first.kid, *copies})
        self.assertEqual(keys[first.kid]["replaced_by"], copies[0])
        for kid in copies:
            self.assertEqual((keys[kid]["enrolled_by"], keys[kid]["prev_kid"]),
                             ("key", first.kid))

    def test_verify_reads_the_answer_as_it_is(self):
        box, other = self.c.box(), self.c.box(alg="ES256")
        box.summary()
        lines = box.lines + [self.rotate(box), other.summary()]
        self.assertEqual(self.c.post(lines).json["refused"], [])
        keys = self.write("box.jwks", self.keys(box.site).body)
        more = self.write("other.jwks", self.keys(other.site).body)
        records = self.write("box.jose", self.export(box))
        out = json.loads(self.c.command("verify", "--json", "--key", keys, records))
        self.assertEqual((out["ok"], out["records"], out["verified"]), (True, 2, 2))
        both = self.write("both.jose", self.export(box) + self.export(other))
        self.c.command("verify", "--key", keys, both, ok=(1,))
        self.c.command("verify", "--key", more, "--key", keys, both)
        one = self.write("one.jwk", json.dumps(self.keys(other.site).json["keys"][0]).encode())
        self.c.command("verify", "--key", one, "--key", keys, both)

    def test_a_revoked_key_says_so_and_still_checks(self):
        box = self.c.box()
        self.assertEqual(self.c.post([box.summary()]).json["refused"], [])
        with sqlite3.connect(os.path.join(self.c.data, "catalogue.db"), timeout=10) as db:
            db.execute("UPDATE keys SET revoked = ? WHERE kid = ?", (START + 5, box.key.kid))
        db.close()
        k, = self.keys(box.site).json["keys"]
        self.assertEqual((k["kid"], k["revoked_s"]), (box.key.kid, START + 5))

    def report(self, box, status=0):
        done = subprocess.run([program("bandwitness"), "report", "--ledger", self.c.data, "--site", box.site, "--tz",
                               "UTC", "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status == 0 else done.stderr.decode()

    def test_what_came_by_a_key_in_other_hands_counts_nowhere(self):
        box = self.c.box()
        self.assertEqual(self.c.post([box.summary() for _ in range(3)]).json["refused"], [])
        handed = self.rotate(box)
        self.assertEqual(self.c.post([handed, box.summary()]).json["refused"], [])
        time.sleep(1.1)
        since = int(time.time())
        # Forged later, whatever time it claims: it goes on where the box was.
        self.assertEqual(self.c.post([box.summary(), box.summary()]).json["refused"], [])
        before = self.report(box)
        self.assertEqual(before["counts"]["records"], 7)
        new = {k["kid"]: k for k in before["counts"]["keys"]}[box.key.kid]
        self.assertEqual((new["chain_why"], new["prev_seq"], new["n"]), ("rotated", 3, 4))
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
        words = ("key", "revoke", "--compromised-at", when, "--reason", "the box was stolen", "--by", "heron", "--json",
                 "--data", self.c.data, "--")
        said = json.loads(self.c.command(*words, box.key.kid[:12]))
        self.assertEqual((said["kid"], said["records"], said["set_apart"], said["revoked_s"]),
                         (box.key.kid, 4, 2, since))
        self.c.command(*words, box.key.kid, ok=(1,))  # nothing more was said
        refused, = self.c.post([box.summary()]).json["refused"]
        self.assertTrue(refused["type"].endswith("key-revoked"), refused)
        report = self.report(box)
        self.assertEqual((report["counts"]["records"], report["counts"]["intervals"]), (5, 5))
        keys = {k["kid"]: k for k in report["counts"]["keys"]}
        bad = keys[box.key.kid]
        self.assertEqual((bad["n"], bad["set_apart"], bad["in_other_hands_since"], bad["revoked_why"],
                          bad["revoked_by"], bad["prev_kid"]),
                         (2, 2, when, "the box was stolen", "heron", new["prev_kid"]))
        gap = report["coverage"]["gaps"][-1]
        self.assertEqual((gap["kind"], gap["missing_s"], gap["why"]),
                         ("missing", 600, "set apart: key in other hands"))
        # A report that was given out, and then the key was in other hands even earlier: from that one to this.
        out = os.path.join(self.c.folder, "given.csv")
        self.c.command("report", "--ledger", self.c.data, "--site", box.site, "--tz", "UTC", "--from", "2026-09-09",
                       "--to", "2026-09-12", "--format", "csv", "-o", out)
        early = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since - 3600))
        self.c.command("key", "revoke", "--compromised-at", early, *words[4:], box.key.kid)
        given, = json.loads(self.c.command("errata", "affected", "--json", "--ledger", self.c.data))
        self.assertEqual([f for f in given["figures"] if f.get("old") == f.get("new")], [])
        self.assertIn(("recorded", "1500", "900"),
                      [(f["figure"], f.get("old"), f.get("new")) for f in given["figures"]])
        # An entry that says nothing of keys: it was given out when both were said. One that says "none": it was not.
        entry = max(glob.glob(self.c.data + "/issued/*"), key=os.path.getmtime)
        plain = os.path.join(self.c.folder, "entry")
        head, rest = subprocess.run(["zstd", "-qdc", entry], stdout=subprocess.PIPE, check=True).stdout.split(b"\n", 1)
        head = json.loads(head)
        self.assertEqual(head.pop("revoked"), [{"kid": box.key.kid, "as_of_s": since}])
        head["issued_s"] = int(time.time()) + 9
        for more, n in (({}, 0), ({"revoked": []}, 1)):
            with open(plain, "wb") as f:
                f.write(json.dumps({**head, **more}).encode() + b"\n" + rest)
            subprocess.run(["zstd", "-qf", plain, "-o", entry], check=True)
            self.assertEqual(len(json.loads(self.c.command("errata", "affected", "--json", "--ledger", self.c.data))), n)
        # The bag tells it, and comes to the same; so does the log.
        bag = os.path.join(self.c.folder, "bag.tar.zst")
        self.c.command("bundle", "--ledger", self.c.data, "--site", box.site, "--tz", "UTC", "--no-pdf", "-o", bag)
        told = json.loads(self.c.command("verify", "--json", bag, ok=(0, 1)))
        self.assertEqual(told.get("faults", []), [], told)
        with sqlite3.connect(f"file:{self.c.data}/ledger/ledger.db?mode=ro", uri=True) as db:
            kinds = set()
            for _ in range(100):
                kinds = {x for x, in db.execute("SELECT DISTINCT type FROM log_leaves")}
                if {10, 33} <= kinds:
                    break
                time.sleep(0.1)
        db.close()
        self.assertLessEqual({10, 33}, kinds)  # the statement, and the key's end

    def test_a_box_takes_anothers_place(self):
        old = self.c.box()
        self.assertEqual(self.c.post([old.summary() for _ in range(3)]).json["refused"], [])
        late = old.summary()  # still on the old box
        words = ("token", "create", "--config", self.c.conf)
        self.c.command(*words, "--replaces", old.site, "--site", "Alder", ok=(2,))
        self.c.command(*words, "--because", "why not", ok=(2,))
        empty = self.c.token("--site", "Rush School")["site"]
        self.c.command(*words, "--replaces", empty, ok=(1,))  # it never had one
        token = json.loads(self.c.command(*words, "--replaces", old.site, "--because", "its disk died", "--by", "heron",
                                          "--json"))
        self.assertEqual((token["site"], token["replaces"]), (old.site, True))
        # The command of a real box keeps what the collector named.
        state = os.path.join(self.c.folder, "state")
        os.mkdir(state)
        enrol = ("enroll", "--config", os.path.join(state, "none"), "--state-dir", state, "--url", self.c.url, "--token",
                 token["token"])
        self.assertIn("takes the place", self.c.command(*enrol))
        with open(os.path.join(state, "enrolment.json"), encoding="utf-8") as f:
            kept = json.load(f)
        last = hashlib.sha256(old.lines[2].encode()).digest()
        cites = {"kid": old.key.kid, "seq": 3, "hash": base64.urlsafe_b64encode(last).decode().rstrip("=")}
        self.assertEqual((kept["site"], kept["replaces"]), (old.site, cites))
        # Late ones of the old box are taken, what it measures from now on is not.
        self.assertEqual(self.c.post([late]).json["refused"], [])
        old.at = int(time.time()) + 5
        refused, = self.c.post([old.summary()]).json["refused"]
        self.assertEqual((refused["type"], refused["seq"]), ("key-replaced", 5))
        self.assertIn("took this one's place", refused["detail"])
        with open(os.path.join(state, "keys", kept["kid"] + ".jwk"), encoding="utf-8") as f:
            key = Key("EdDSA", jwk.JWK.from_json(f.read()))
        new = PyBox(old.site, key, start=START + 4 * 300)
        chain = {"why": "replaced", **{"prev_" + k: v for k, v in cites.items()}}
        self.assertEqual(self.c.post([new.summary(chain=chain), new.summary()]).json["refused"], [])
        keys = {k["kid"]: k for k in self.keys(old.site).json["keys"]}
        self.assertEqual((keys[old.key.kid]["replaced_by"], keys[kept["kid"]]["enrolled_by"]), (kept["kid"], "token"))
        records, jwks = self.write("replaced.jose", self.export(old)), self.write("replaced.jwks", self.keys(old.site).body)
        checked = self.c.command("verify", "--key", jwks, records)
        self.assertIn(f"replaced after {old.key.kid}", checked)
        told = {k["kid"]: k for k in self.report(old)["counts"]["keys"]}
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(keys[kept["kid"]]["enrolled_s"]))
        before, after = told[old.key.kid], told[kept["kid"]]
        self.assertEqual((before["n"], before["box_replaced"], before["box_replaced_by"], before["box_replaced_why"],
                          before["box_replaced_said_by"]), (4, when, kept["kid"], "its disk died", "heron"))
        self.assertEqual((after["n"], after["chain_why"], after["prev_kid"], after["prev_seq"]),
                         (2, "replaced", old.key.kid, 3))
        bag = os.path.join(self.c.folder, "replaced.tar.zst")
        self.c.command("bundle", "--ledger", self.c.data, "--site", old.site, "--tz", "UTC", "--no-pdf", "-o", bag)
        self.assertEqual(json.loads(self.c.command("verify", "--json", bag, ok=(0, 1))).get("faults", []), [])

    def test_a_site_moves_and_is_retired(self):
        site = self.c.token("--site", "Rush School", "--entity", "Alder Valley")["site"]
        self.c.token("--site", "Reed School", "--entity", "Willow Valley")
        words = ("--data", self.c.data, "--by", "heron", "--reason", "districts merged", "--json")
        self.c.command("site", "move", *words, site, "Sedge Valley", ok=(1,))  # there is none
        moved = json.loads(self.c.command("site", "move", *words, site, "Willow Valley"))["id"]
        self.c.command("site", "move", *words, site, "Willow Valley", ok=(1,))  # it is there
        self.c.command("site", "retire", *words, "s-zzzzz", ok=(1,))
        left = self.c.token("--site", site)
        retired = json.loads(self.c.command("site", "retire", *words, site))["id"]
        self.c.command("site", "retire", *words, site, ok=(1,))
        self.assertEqual(self.c.enroll(Key("EdDSA"), left["token"]).status, 403)
        listed, = (json.dumps(x) for x in json.loads(self.c.admin("site", "list", "--json")) if site in json.dumps(x))
        self.assertIn('"retired"', listed)
        self.assertIn("willow-valley", listed)
        said = json.loads(self.c.command("statement", "list", "--ledger", self.c.data, "--about", "site:" + site,
                                         "--json"))
        self.assertEqual([(x["id"], x["statement"]["body"]["act"]) for x in said],
                         [(moved, "moved"), (retired, "retired")])
        self.assertEqual(said[0]["statement"]["body"]["old_entity"], "alder-valley")

    def test_a_retired_site_with_records_is_not_among_the_silent(self):
        box = self.c.box("Teal School")
        self.assertEqual(self.c.post([box.summary() for _ in range(3)]).status, 200)
        self.assertIn((box.site, "fresh"), self.listed())
        self.c.command("site", "retire", "--data", self.c.data, "--by", "heron", "--reason", "closed", box.site)
        self.assertNotIn(box.site, [x for x, _ in self.listed()])
        wait_for("a room without it", lambda: box.site not in self.c.get("/sites").text)
        self.assertIn((box.site, "retired"), self.listed("?state=retired"))
        self.assertIn("Teal School", self.c.get("/sites?state=retired").text)
        page = self.c.get(f"/sites/{box.site}").text
        self.assertIn("<h1><bdi>Teal School</bdi></h1>", page)
        self.assertIn("retired", page)
        self.assertNotIn("class=\"state silent\"", page)

    def listed(self, words=""):
        return [(x["id"], x["state"]) for x in self.c.get("/api/v1/sites" + words).json["sites"]]

    def test_site_without_a_box_and_no_site(self):
        token = self.c.token("--site", "Birch School")
        self.assertEqual(self.keys(token["site"]).json, {"site": token["site"], "keys": []})
        for site in ("s-zzzzz", "x", "s-" + "a" * 200, "%00", "%22%27"):
            a = self.c.get(f"/api/v1/sites/{site}/keys")
            self.assertEqual((a.status, a.json["type"]), (404, "/problems/not-found"), site)

    def test_the_site_page_links_to_it(self):
        box = self.c.box()
        self.assertIn(f'href="/api/v1/sites/{box.site}/keys"',
                      self.c.get(f"/sites/{box.site}").body.decode())


if __name__ == "__main__":
    unittest.main()
