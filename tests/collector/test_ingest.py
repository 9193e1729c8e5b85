# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery as the boxes see it: what is accepted, what is refused and by which name, and
that nothing is lost, doubled or believed without a signature."""
import json
import random
import subprocess
import unittest

from bwtest import Answer, CollectorCase
from bwtest.jose import START, Key, PyBox, receipt, sha


def zstd(data, *words):
    return subprocess.run(["zstd", "-q", "-c", *words], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


class Ingest(CollectorCase):
    def one(self, answer, status=200):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(len(answer.json["chains"]), 1, answer.body)
        return answer.json["chains"][0]

    def refused(self, answer, status, word, line=1):
        self.assertEqual(answer.status, status, answer.body)
        r = answer.json["refused"]
        self.assertEqual([(x["line"], x["type"]) for x in r], [(line, word)], answer.body)
        self.assertTrue(r[0]["detail"])
        return r[0]

    def problem(self, answer, status, word):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json["type"], f"/problems/{word}")
        self.assertEqual(answer.json["status"], status)

    def exported(self, box):
        a = self.c.export(f"{box.site}.wan", from_=START - 1000, to=START + 10**7, format="jose")
        self.assertEqual(a.status, 200, a.body)
        return a.body.decode().split()

    def announced(self, n):
        """The answer to a post that says how long it is and sends nothing of it."""
        c = self.c.connect()
        try:
            c.putrequest("POST", "/api/v1/summaries")
            c.putheader("Content-Type", "application/jose")
            c.putheader("Content-Length", str(n))
            c.endheaders()
            return Answer(c.getresponse())
        finally:
            c.close()

    # --- what is accepted -----------------------------------------------------------------

    def test_good_post_is_kept_and_receipted(self):
        for alg in ("EdDSA", "ES256"):
            box = self.c.box(alg=alg)
            lines = [box.summary() for _ in range(3)]
            chain = self.one(self.c.post(lines))
            self.assertEqual((chain["kid"], chain["status"], chain["acked_through"]),
                             (box.key.kid, 200, 3))
            r = receipt(chain["receipt"], box.log_key)
            self.assertEqual((r["kid"], r["seq"], r["sha256"]), (box.key.kid, 3, sha(lines[2])))
            self.assertEqual(self.exported(box), lines)

    def test_positions_have_no_holes(self):
        box = self.c.box()
        positions = []
        for _ in range(4):
            chain = self.one(self.c.post([box.summary()]))
            positions.append(receipt(chain["receipt"], box.log_key)["position"])
        self.assertEqual(positions, list(range(positions[0], positions[0] + 4)))

    def test_duplicates_are_answered_alike(self):
        box = self.c.box()
        lines = [box.summary() for _ in range(2)]
        first = self.one(self.c.post(lines))
        again = self.one(self.c.post(lines + lines))
        self.assertEqual(again["acked_through"], 2)
        self.assertEqual(receipt(first["receipt"], box.log_key),
                         receipt(again["receipt"], box.log_key))
        self.assertEqual(self.exported(box), lines)

    def test_zstd(self):
        box = self.c.box()
        lines = [box.summary() for _ in range(20)]
        chain = self.one(self.c.post(zstd("\n".join(lines).encode()), Content_Encoding="zstd"))
        self.assertEqual(chain["acked_through"], 20)
        self.assertEqual(self.exported(box), lines)

    def test_out_of_order_waits_for_the_missing_one(self):
        box = self.c.box()
        a, b, c, d = (box.summary() for _ in range(4))
        chain = self.one(self.c.post([d, b, c]))
        self.assertEqual(chain["acked_through"], 0)
        self.assertNotIn("receipt", chain)
        self.assertEqual(self.c.export(f"{box.site}.wan").status, 404)
        chain = self.one(self.c.post([a]))
        self.assertEqual(chain["acked_through"], 4)
        self.assertEqual(receipt(chain["receipt"], box.log_key)["sha256"], sha(d))
        self.assertEqual(self.exported(box), [a, b, c, d])

    def test_a_chain_that_begins_late_waits_for_its_beginning(self):
        box = self.c.box()
        first = [box.summary() for _ in range(4)]
        a = self.c.post([box.summary()])
        chain = self.one(a)
        self.assertEqual((chain["acked_through"], a.json["refused"]), (0, []))
        self.assertNotIn("receipt", chain)
        self.assertEqual(self.one(self.c.post(first))["acked_through"], 5)

    def test_two_chains_in_one_post(self):
        x, y = self.c.box(), self.c.box()
        lines = [x.summary(), y.summary(), x.summary()]
        a = self.c.post(lines)
        self.assertEqual({c["kid"]: c["acked_through"] for c in a.json["chains"]},
                         {x.key.kid: 2, y.key.kid: 1})

    def test_a_new_key_signed_by_the_old_one(self):
        box = self.c.box()
        box.summary()
        self.one(self.c.post(box.lines))
        new = PyBox(box.site, start=box.at)
        request = {"v": 1, "jwk": new.key.jwk, "why": "rotated"}
        def bring(key):
            return self.c.request("POST", "/api/v1/keys",
                                  key.sign(request, "bandwitness-key+jws").encode(),
                                  {"Content-Type": "application/jose"})
        self.problem(bring(Key()), 401, "unknown-key")
        for _ in range(2):
            a = bring(box.key)
            self.assertEqual((a.status, a.json["kid"]), (200, new.key.kid), a.body)
        line = new.summary(chain={"why": "rotated", "prev_kid": box.key.kid, "prev_seq": 1,
                                  "prev_hash": box.prev})
        self.assertEqual(self.one(self.c.post([line]))["acked_through"], 1)

    # --- forks and refusals ----------------------------------------------------------------

    def test_fork_keeps_both_and_spares_the_others(self):
        box, other = self.c.box(), self.c.box()
        box.summary()
        before = (box.seq, box.prev, box.at)
        kept = box.summary()
        self.one(self.c.post(box.lines))
        box.seq, box.prev, box.at = before
        clone = box.summary(mono_ms=99)
        a = self.c.post([clone])
        self.refused(a, 409, "fork")
        self.assertEqual(a.json["type"], "/problems/fork")
        self.assertEqual(self.one(a, 409)["status"], 409)
        a = self.c.post([clone, other.summary()])
        self.refused(a, 200, "fork")
        self.assertEqual({c["kid"]: c["status"] for c in a.json["chains"]},
                         {box.key.kid: 409, other.key.kid: 200})
        self.assertEqual(self.exported(box)[1], kept)
        self.assertGreaterEqual(self.c.metric('bandwitness_records_total{verdict="fork"}'), 2)

    def test_wrong_link_is_refused(self):
        box = self.c.box()
        box.summary()
        self.one(self.c.post(box.lines))
        self.refused(self.c.post([box.summary(prev=sha("something else"))]), 409, "fork")

    def test_unknown_key(self):
        stranger = PyBox("s-zzzzz")
        r = self.refused(self.c.post([stranger.summary()]), 422, "unknown-key")
        self.assertEqual(r["kid"], stranger.key.kid)

    def test_wrong_signature(self):
        box = self.c.box()
        head, payload, signature = box.summary().split(".")
        bad = ("A" if signature[5] != "A" else "B")
        line = ".".join((head, payload, signature[:5] + bad + signature[6:]))
        self.refused(self.c.post([line]), 422, "bad-signature")
        imposter = Key()
        line = imposter.sign(box.payload(), "", {"alg": "EdDSA", "kid": box.key.kid,
                                                 "typ": "bandwitness-summary+jws"})
        self.refused(self.c.post([line]), 422, "bad-signature")
        self.assertEqual(self.c.export(f"{box.site}.wan").status, 404)

    def test_wrong_site_is_refused_but_links(self):
        box, other = self.c.box(), self.c.box()
        foreign = box.summary(site=other.site)
        a = self.c.post([foreign])
        self.refused(a, 422, "wrong-site")
        self.assertEqual(self.one(a, 422)["acked_through"], 1)
        self.assertNotIn("receipt", a.json["chains"][0])
        self.assertEqual(self.one(self.c.post([box.summary()]))["acked_through"], 2)

    def test_broken_payload_is_refused_but_links(self):
        box = self.c.box()
        line = box.key.sign(json.dumps(box.payload(surprise=1)), "bandwitness-summary+jws")
        a = self.c.post([line])
        self.refused(a, 422, "malformed")
        box.seq, box.prev = 1, sha(line)
        chain = self.one(self.c.post([box.summary()]))
        self.assertEqual(chain["acked_through"], 2)
        self.assertEqual(len(self.exported(box)), 1)

    def test_receipt_where_the_newest_is_refused(self):
        box = self.c.box()
        lines = [box.summary(), box.summary()]
        lines.append(box.summary(site="s-aaaaa"))
        a = self.c.post(lines)
        self.refused(a, 200, "wrong-site", 3)
        chain = self.one(a)
        self.assertEqual(chain["acked_through"], 3)
        r = receipt(chain["receipt"], box.log_key)
        self.assertEqual((r["seq"], r["sha256"]), (2, sha(lines[1])))

    def test_newer_version_may_come_again(self):
        box = self.c.box()
        line = box.key.sign(box.payload(v=2), "bandwitness-summary+jws")
        self.refused(self.c.post([line]), 422, "not-yet-readable")

    def test_bad_lines_do_not_harm_good_ones(self):
        box = self.c.box()
        good = box.summary()
        a = self.c.post(["not.a.jws", "", good, "x" * 25000, "a.b.c.d.e"])
        self.assertEqual(a.status, 200)
        self.assertEqual([(r["line"], r["type"]) for r in a.json["refused"]],
                         [(1, "malformed"), (2, "malformed"), (4, "too-long"), (5, "malformed")])
        self.assertEqual(a.json["chains"][0]["acked_through"], 1)

    def test_deep_json(self):
        box = self.c.box()
        deep = '{"v":1,"seq":1,"x":' + "[" * 5000 + "]" * 5000 + "}"
        self.refused(self.c.post([box.key.sign(deep, "bandwitness-summary+jws")]), 422, "malformed")

    def test_other_types_are_not_summaries(self):
        box = self.c.box()
        line = box.key.sign(box.payload(), "JWT")
        self.refused(self.c.post([line]), 422, "malformed")

    # --- whole posts -----------------------------------------------------------------------

    def test_whole_posts_that_are_refused(self):
        box = self.c.box()
        line = box.summary()
        self.problem(self.c.post([line], Content_Type="text/plain"), 415, "wrong-content-type")
        self.problem(self.c.post([line], Content_Encoding="gzip"), 415, "wrong-content-type")
        self.problem(self.c.post(b""), 400, "malformed")
        self.problem(self.c.post(b"a.b.c\0\n"), 400, "malformed")
        self.problem(self.c.post(["x"] * 2001), 400, "too-many-lines")
        self.problem(self.announced(8 * 1024 * 1024 + 1), 413, "too-large")
        self.problem(self.c.post(b"\x28\xb5\x2f\xfd", Content_Encoding="zstd"), 400, "malformed")
        self.problem(self.c.post(b"nonsense", Content_Encoding="zstd"), 400, "malformed")
        whole = zstd((line + "\n").encode() * 50)
        for n in (1, 5, len(whole) // 2, len(whole) - 1):
            self.problem(self.c.post(whole[:n], Content_Encoding="zstd"), 400, "malformed")
        self.problem(self.c.request("PUT", "/api/v1/summaries", b"x"), 405, "method")
        self.assertEqual(self.c.export(f"{box.site}.wan").status, 404)

    def test_zstd_bombs(self):
        bomb = zstd(b"\0" * (64 * 1024 * 1024), "--no-check")
        self.assertLess(len(bomb), 16384)
        self.problem(self.c.post(bomb, Content_Encoding="zstd"), 413, "too-large")
        lines = zstd(b"x\n" * (4 * 1024 * 1024), "--no-check")
        self.problem(self.c.post(lines, Content_Encoding="zstd"), 400, "too-many-lines")
        wide = zstd(random.Random(1).randbytes(1000), "--ultra", "--long=27", "-22")
        self.assertIn(self.c.post(wide, Content_Encoding="zstd").status, (400, 413))
        with open(f"/proc/{self.c.proc.pid}/statm", encoding="ascii") as f:
            rss = int(f.read().split()[1]) * 4096
        self.assertLess(rss, 600 * 1024 * 1024)

    def test_2000_lines_are_taken(self):
        box = self.c.box()
        lines = [box.summary() for _ in range(2000)]
        chain = self.one(self.c.post(zstd("\n".join(lines).encode()), Content_Encoding="zstd"))
        self.assertEqual(chain["acked_through"], 2000)

    def test_garbage_of_every_size(self):
        rng = random.Random(7)
        for n in (1, 2, 100, 5000, 200_000):
            a = self.c.post(rng.randbytes(n))
            self.assertIn(a.status, (400, 422), a.body)

    # --- enrolment ---------------------------------------------------------------------------

    def test_enrolment_and_its_refusals(self):
        token = self.c.token("--site", "Birch Library", "--entity", "Birch Falls")
        key, other = Key(), Key("ES256")
        self.problem(self.c.enroll(key, "bwt_" + "A" * 27), 403, "token-unknown")
        a = self.c.enroll(key, token["token"])
        self.assertEqual((a.status, a.json["site"], a.json["name"], a.json["entity"]),
                         (200, token["site"], "Birch Library", "Birch Falls"))
        self.assertEqual(self.c.enroll(key, token["token"]).json, a.json)
        self.problem(self.c.enroll(other, token["token"]), 403, "token-used")
        second = self.c.token()
        self.problem(self.c.enroll(key, second["token"]), 409, "key-in-use")
        a = self.c.enroll(other, second["token"], name="Maple <Middle>", entity="Maple")
        self.assertEqual((a.status, a.json["name"]), (200, "Maple <Middle>"))
        self.problem(self.c.enroll(key, token["token"], extra=1), 400, "malformed")
        for name in ("x\r\nSet-Cookie: a=b", "a\x1b[31mred", "a\x9b31m", "a\u202egnp"):
            a = self.c.enroll(Key(), self.c.token()["token"], name=name)
            self.problem(a, 400, "malformed")
            self.assertIn("'name' holds a control character", a.json["detail"])
        a = self.c.enroll(Key(), self.c.token()["token"], name="x" + "\u00e9" * 63)
        self.assertEqual((a.status, len(a.json["name"])), (200, 64))
        self.problem(self.c.enroll(Key(), self.c.token()["token"], name="\u00e9" * 64), 400,
                     "malformed")
        forged = other.sign({"v": 1, "token": token["token"], "jwk": key.jwk}, "",
                            {"alg": "EdDSA" if False else "ES256", "kid": key.kid,
                             "typ": "bandwitness-enrol+jws"})
        self.problem(self.c.request("POST", "/api/v1/enroll", forged.encode(),
                                    {"Content-Type": "application/jose"}), 401, "bad-signature")

    def test_the_token_is_not_kept_in_clear(self):
        token = self.c.token()["token"]
        done = subprocess.run(["grep", "-rqaF", token, self.c.data])
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
