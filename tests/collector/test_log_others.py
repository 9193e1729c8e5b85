# SPDX-License-Identifier: GPL-3.0-or-later
"""Others who speak of a log: a collector that witnesses another's, asked as C2SP tlog-witness
has it by the other and by hand, and a time stamper of OpenSSL's own behind a few lines of
HTTP, whose stamps `openssl ts -verify` checks."""
import base64
import json
import os
import shutil
import time
import unittest

from bwtest import Collector, tlog
from bwtest.stamper import Stamper

FAST = "transparency { checkpoint_every = 1s }\n"


class Others(unittest.TestCase):
    def wait(self, what, test, seconds=40):
        for _ in range(seconds * 5):
            found = test()
            if found:
                return found
            time.sleep(0.2)
        self.fail(what)

    def checkpoint(self, c, at_least=1):
        def look():
            a = c.get("/log/checkpoint")
            if a.status != 200:
                return None
            text = a.body.rpartition(b"\n\n")[0] + b"\n"
            return a.body if tlog.read_checkpoint(text)[1] >= at_least else None
        return self.wait(f"a checkpoint of {at_least} leaves", look)

    def log_key(self, c):
        return tlog.Key.parse(c.get("/log/key").text.strip())

    # --- a witness

    def witness_of(self, key_text):
        return self.enterContext(Collector(f'witnessed "log" {{ key = "{key_text}" }}\n'))

    def test_one_collector_witnesses_another(self):
        c = self.enterContext(Collector(FAST))
        w = self.witness_of(self.log_key(c).text())
        wkey = w.get("/log/witness/key").text.strip()
        c.stop()
        with open(c.conf, "a", encoding="utf-8") as f:
            f.write(f'witness "wren" {{ url = "{w.url}/log/witness" key = "{wkey}" }}\n')
        c.start()
        box = c.box()
        seen = 0
        for _ in range(3):
            c.post([box.summary() for _ in range(40)])
            note = self.wait("a cosignature", lambda: (
                lambda b: b if b.count(b"\xe2\x80\x94") == 2 and tlog.read_checkpoint(
                    b.rpartition(b"\n\n")[0] + b"\n")[1] > seen + 39 else None)(
                        self.checkpoint(c)))
            text, unix_s = tlog.Key.parse(wkey).check(note)
            self.log_key(c).check(note)
            self.assertLess(abs(unix_s - time.time()), 120)
            seen = tlog.read_checkpoint(text)[1]
        status = json.loads(c.admin("log", "status", "--json"))
        self.assertEqual([x["by"] for x in status["checkpoint"]["witnesses"]],
                         [wkey.split("+")[0]])
        # Boxes get it with their answers.
        told = self.wait("it in an answer", lambda: (lambda t: t if t.count("\u2014") == 2 else None)(
            c.post([box.summary()]).json["checkpoint"]))
        tlog.Key.parse(wkey).check(told.encode())
        # A log that lost what was witnessed gets no more signatures, and says why.
        c.stop()
        for name in ("ledger", "log"):
            shutil.rmtree(os.path.join(c.data, name))
        with open(c.conf, encoding="utf-8") as f:
            conf = f.read()
        with open(c.conf, "w", encoding="utf-8") as f:
            f.write(conf)
        c.start()
        self.wait("word of it", lambda: "restored from an older copy" in c.text(last=True))
        self.assertEqual(self.checkpoint(c).count(b"\xe2\x80\x94"), 1)

    def test_the_rules_of_a_witness(self):
        log = tlog.Key("log.example.org/wren", tlog.LOG, os.urandom(32))
        other = tlog.Key("log.example.org/wren", tlog.LOG, os.urandom(32))
        stranger = tlog.Key("log.example.org/owl", tlog.LOG, os.urandom(32))
        w = self.witness_of(log.text())
        wkey = tlog.Key.parse(w.get("/log/witness/key").text.strip())
        hashes = [tlog.leaf_hash(b"%d" % i) for i in range(50)]

        def ask(old, size, key=log, proof=None, root=None):
            text = tlog.checkpoint_text(key.name, size, root or tlog.head(hashes[:size]))
            lines = proof if proof is not None else tlog.growth(old, hashes[:size])
            body = b"old %d\n" % old + b"".join(base64.b64encode(h) + b"\n" for h in lines)
            note = tlog.signed(text, key.sign(text))
            a = w.request("POST", "/log/witness/add-checkpoint", body + b"\n" + note)
            if a.status == 200:
                wkey.check(tlog.signed(text, a.body))
            return a

        def conflict(a, size):
            self.assertEqual((a.status, a.headers["Content-Type"], a.body),
                             (409, "text/x.tlog.size", b"%d\n" % size))

        self.assertEqual(ask(0, 5, key=stranger).status, 404)
        self.assertEqual(ask(0, 5, key=other).status, 403)
        conflict(ask(3, 5), 0)
        self.assertEqual(ask(0, 5, proof=[b"x" * 32]).status, 422)
        self.assertEqual(ask(0, 5).status, 200)
        conflict(ask(0, 7), 5)
        self.assertEqual(ask(7, 5).status, 400)
        self.assertEqual(ask(5, 9, proof=[]).status, 422)
        self.assertEqual(ask(5, 9, root=b"y" * 32).status, 422)
        self.assertEqual(ask(5, 5).status, 200)      # once more, with a newer time
        conflict(ask(5, 5, root=b"y" * 32), 5)
        self.assertEqual(ask(5, 9).status, 200)
        conflict(ask(5, 7), 9)
        w.kill()                                     # what was signed is remembered
        w.start()
        conflict(ask(5, 12), 9)
        self.assertEqual(ask(9, 50).status, 200)
        for body in (b"", b"old 50\n", b"old 50\n\n", b"old 50\n\nx\n", b"old x\n\ny\n"):
            self.assertEqual(w.request("POST", "/log/witness/add-checkpoint", body).status, 400)

    def test_no_witness_without_a_log_to_witness(self):
        c = self.enterContext(Collector(FAST))
        self.assertEqual(c.get("/log/witness/key").status, 404)
        self.assertEqual(c.request("POST", "/log/witness/add-checkpoint", b"old 0\n\nx\n").status,
                         404)

    # --- time stamps

    def test_stamps_of_a_time_stamper(self):
        folder = self.enterContext(__import__("tempfile").TemporaryDirectory())
        with Stamper(folder) as s:
            stamp = f'time_stamp "wren" {{ url = "http://127.0.0.1:{s.port}/" }}\n'
            c = self.enterContext(Collector(FAST + stamp))
            box = c.box()
            c.post([box.summary() for _ in range(3)])
            status = self.wait("a stamp", lambda: (
                lambda x: x if x.get("checkpoint", {}).get("stamps") else None)(
                    json.loads(c.admin("log", "status", "--json"))))
            size = status["checkpoint"]["size"]
            note = c.admin("log", "checkpoint", "--size", str(size)).encode()
            reply = c.get(f"/log/stamp/{size}/0")
            self.assertEqual((reply.status, reply.headers["Content-Type"]),
                             (200, "application/timestamp-reply"))
            self.assertTrue(s.verify(note, reply.body))
            self.assertFalse(s.verify(note + b" ", reply.body))
            self.assertLess(abs(status["checkpoint"]["stamps"][0]["at_s"] - time.time()), 120)
            self.assertEqual(c.get(f"/log/stamp/{size}/1").status, 404)
            # An answer to another question is no stamp.
            s.wrong = True
            asked = s.asked
            c.post([box.summary() for _ in range(3)])
            self.wait("another question", lambda: s.asked > asked)
            self.wait("word of it", lambda: "a stamp on something else" in c.text())
            # Nor is one whose signature is not its certificate's.
            s.wrong, s.spoiled = False, True
            c.stop()
            c.start()
            self.wait("word of that", lambda: "signature does not fit its" in c.text(last=True))
            self.assertEqual(
                json.loads(c.admin("log", "status", "--json"))["checkpoint"]["stamps"], [])


if __name__ == "__main__":
    unittest.main()
