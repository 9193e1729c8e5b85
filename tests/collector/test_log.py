# SPDX-License-Identifier: GPL-3.0-or-later
"""The transparency log over HTTP, checked by the twin in bwtest.tlog alone: what stands in a
receipt is in the tree, every checkpoint continues the one before, and none of it is lost by
kill -9, by a lost log.db, or by a stop."""
import base64
import json
import os
import shutil
import sqlite3
import time
import unittest

from bwtest import Collector, tlog
from bwtest.jose import receipt

FAST = 'transparency { checkpoint_every = 1s }\n'


def raw(text):
    return base64.urlsafe_b64decode(text + "=")


class Log(unittest.TestCase):
    def setUp(self):
        self.c = self.enterContext(Collector(FAST))
        self.receipts = []

    # --- what the twin does

    def key(self):
        return tlog.Key.parse(self.c.get("/log/key").text.strip())

    def checkpoint(self, at_least=0):
        """(origin, size, root) of the newest one, its signature checked."""
        for _ in range(150):
            a = self.c.get("/log/checkpoint")
            if a.status == 200:
                self.assertEqual(a.headers["Content-Type"], "text/plain; charset=utf-8")
                text, _ = self.key().check(a.body)
                said = tlog.read_checkpoint(text)
                if said[1] >= at_least:
                    return said
            time.sleep(0.2)
        self.fail(f"no checkpoint of {at_least} leaves; {self.c.text()[-2000:]}")

    def tile(self, level, n, width):
        a = self.c.get("/log/" + tlog.tile_path(level, n, width))
        self.assertEqual(a.status, 200, a.body)
        self.assertIn("immutable", a.headers["Cache-Control"])
        return a.body

    def leaves(self, size):
        found = []
        for n in range((size + 255) // 256):
            found += tlog.unbundle(self.tile("entries", n, min(256, size - 256 * n)))
        self.assertEqual(len(found), size)
        return found

    def proof(self, path):
        a = self.c.get(path)
        self.assertEqual(a.status, 200, a.body)
        return [base64.b64decode(x, validate=True) for x in a.text.split()]

    def deliver(self, box, n):
        lines = [box.summary() for _ in range(n)]
        chain = self.c.post(lines).json["chains"][0]
        self.assertEqual(chain["acked_through"], box.seq)
        self.receipts.append(receipt(chain["receipt"], box.log_key))

    def check_all(self, at_least=0):
        """The whole log, from its leaves; gives (size, root, leaf hashes)."""
        at_least = max([at_least] + [r["leaf"] + 1 for r in self.receipts])
        origin, size, root = self.checkpoint(at_least)
        leaves = self.leaves(size)
        hashes = [tlog.leaf_hash(x) for x in leaves]
        self.assertEqual(tlog.head(hashes), root)
        for level in (0, 1):
            for n in range((size >> 8 * level) // 256 + 1):
                want = tlog.tile(level, n, hashes)
                if want:
                    self.assertEqual(self.tile(level, n, len(want) // 32), want)
        for r in self.receipts:
            leaf = tlog.leaf_bytes(0, r["received_ms"], raw(r["sha256"]))
            self.assertEqual(leaves[r["leaf"]], leaf, r)
            p = self.proof(f"/log/inclusion?leaf={r['leaf']}&size={size}")
            self.assertEqual(tlog.root_by_path(r["leaf"], size, tlog.leaf_hash(leaf), p), root)
        return size, root, leaves

    def check_growth(self, old, new):
        p = self.proof(f"/log/growth?from={old[0]}&to={new[0]}")
        if 0 < old[0] < new[0]:
            self.assertEqual(tlog.roots_by_growth(old[0], new[0], old[1], p), (old[1], new[1]))

    # --- tests

    def test_receipts_are_in_a_log_that_only_grows(self):
        self.assertEqual(self.c.get("/log/checkpoint").status, 404)
        box = self.c.box()
        self.deliver(box, 3)
        self.assertEqual(self.key().public, raw(box.log_key["x"]))
        old = self.check_all()
        seen = [old]
        for n in (1, 250, 8, 300):
            self.deliver(box, n)
            new = self.check_all()
            self.assertEqual(new[2][:old[0]], old[2])
            for before in seen:
                self.check_growth(before, new)
            seen.append(new)
            old = new
        kinds = {x[0] for x in new[2]}
        self.assertEqual(kinds, {0, 32}) # records, and the enrolment
        positions = [r["position"] for r in self.receipts]
        self.assertEqual(positions[-1], 3 + 1 + 250 + 8 + 300 - 1)
        # Each answer to a post carries the newest one.
        for _ in range(50):
            told = self.c.post([box.summary()]).json["checkpoint"]
            if told and tlog.read_checkpoint(told.encode())[1] >= new[0]:
                break
            time.sleep(0.1)
        self.key().check(told.encode())

    def test_keys_and_statements_are_leaves(self):
        box = self.c.box()
        self.deliver(box, 1)
        listed = self.c.get(f"/api/v1/sites/{box.site}/keys").json["keys"][0]
        said = json.dumps({"v": 1, "kid": box.key.kid, "site": box.site,
                           "enrolled_s": listed["enrolled_s"]}, separators=(",", ":"))
        want = (32, tlog.sha(said.encode()))
        for _ in range(60):
            _, _, leaves = self.check_all()
            if want in {(x[0], x[9:]) for x in leaves}:
                return
            time.sleep(0.2)
        self.fail(f"no leaf of the enrolment {said}")

    def say(self, box, text):
        return self.c.command("annotate", "--ledger", self.c.data, "--by", "heron", "--from",
                              "2026-11-02T08:00:00Z", "--to", "2026-11-02T09:00:00Z", "--cause",
                              "other", "--text", text, "--unseen", f"{box.site}.wan").split()[0]

    def statements(self, *ids):
        """Until each is a leaf."""
        for _ in range(60):
            _, _, leaves = self.check_all()
            found = [x[9:] for x in leaves]
            if all(raw(i) in found for i in ids):
                break
            time.sleep(0.2)
        self.assertEqual([found.count(raw(i)) for i in ids], [1] * len(ids))

    def test_what_is_said_after_the_catalogue_was_set_back_is_a_leaf(self):
        box = self.c.box()
        self.deliver(box, 1)
        said = [self.say(box, "the first")]
        self.statements(*said)
        self.c.stop()
        files = [n for n in os.listdir(self.c.data) if n.startswith("catalogue.db")]
        for name in files:
            shutil.copy(os.path.join(self.c.data, name), self.c.folder)
        said += [self.say(box, "the second"), self.say(box, "the third")]
        self.c.start()
        self.statements(*said)
        self.c.stop()
        for name in os.listdir(self.c.data):
            if name.startswith("catalogue.db"):
                os.unlink(os.path.join(self.c.data, name))
        for name in files:
            shutil.copy(os.path.join(self.c.folder, name), self.c.data)
        said += [self.say(box, "what is said instead"), self.say(box, "and more")]
        self.c.start()
        self.statements(*said)

    def test_what_is_no_tile_is_not_found(self):
        self.deliver(self.c.box(), 2)
        size, _, _ = self.check_all()
        for path in ("tile/0/000", f"tile/0/000.p/{size + 1}", "tile/0/001.p/1", "tile/9/000",
                     "tile/0/0", "tile/entries/000", "tile/0/x000/000.p/1", "tile/1/000.p/1",
                     f"inclusion?leaf={size}&size={size}", f"growth?from=0&to={size + 99}",
                     f"inclusion?leaf=0&size={size + 99}"):
            self.assertEqual(self.c.get("/log/" + path).status, 404, path)
        for path in ("growth", "growth?from=1", "growth?from=-1&to=2", "inclusion?leaf=x&size=1"):
            self.assertEqual(self.c.get("/log/" + path).status, 400, path)

    def test_a_lost_log_is_made_again(self):
        box = self.c.box()
        self.deliver(box, 600)
        old = self.check_all()
        self.c.stop()
        for name in os.listdir(os.path.join(self.c.data, "log")):
            os.unlink(os.path.join(self.c.data, "log", name))
        self.c.start()
        self.deliver(box, 5)
        new = self.check_all()
        self.assertEqual(new[2][:old[0]], old[2])
        self.check_growth(old, new)

    def test_an_orderly_stop_signs_what_came_last(self):
        self.c.stop()
        with open(self.c.conf, encoding="utf-8") as f:
            text = f.read().replace("checkpoint_every = 1s", "checkpoint_every = 1h")
        with open(self.c.conf, "w", encoding="utf-8") as f:
            f.write(text)
        self.c.start()
        box = self.c.box()
        self.deliver(box, 4)
        self.c.stop()
        self.c.start()
        self.check_all()

    def test_killed_at_any_moment(self):
        box = self.c.box()
        old = None
        for n in range(8):
            self.deliver(box, 40)
            if n % 3 != 1:
                time.sleep(0.13 * n)
            self.c.kill()
            self.c.start()
            new = self.check_all()
            if old:
                self.assertEqual(new[2][:old[0]], old[2])
                self.check_growth(old, new)
            old = new

    def test_the_command_shows_and_checks(self):
        box = self.c.box()
        self.deliver(box, 300)
        size, root, _ = self.check_all()
        self.deliver(box, 3)
        # Who came in is a leaf too, which enters when the collector looks for it.
        size, root, _ = self.check_all(300 + 3 + 1)
        status = json.loads(self.c.admin("log", "status", "--json"))
        self.assertEqual(status["checkpoint"]["size"], size)
        self.assertEqual(raw(status["checkpoint"]["root"]), root)
        self.assertEqual(status["checkpoint"]["witnesses"], [])
        self.assertIn("not witnessed", self.c.admin("log", "status"))
        note = self.c.admin("log", "checkpoint")
        self.assertEqual(tlog.read_checkpoint(self.key().check(note.encode())[0])[1:],
                         (size, root))
        listed = json.loads(self.c.admin("log", "checkpoint", "--all", "--json"))
        self.assertGreaterEqual(len(listed), 2)
        for one in listed:
            self.key().check(one["note"].encode())
        self.assertEqual(self.c.admin("log", "checkpoint", "--size", str(listed[0]["size"])),
                         listed[0]["note"])
        found = json.loads(self.c.admin("log", "verify", "--json"))
        self.assertEqual((found["faults"], found["ok"]), ([], True))
        self.assertGreaterEqual(found["checkpoints"], len(listed))
        # One bit of one record: every checkpoint from there on tells.
        self.c.stop()
        db = sqlite3.connect(os.path.join(self.c.data, "ledger", "ledger.db"))
        with db:
            db.execute("UPDATE records SET received = received + 1 WHERE position = 301")
        db.close()
        found = json.loads(self.c.admin("log", "verify", "--json", ok=(1,)))
        self.assertFalse(found["ok"])
        bad = [f["size"] for f in found["faults"]]
        self.assertIn(size, bad)
        self.assertNotIn(listed[0]["size"], bad)

    def test_a_ledger_that_was_set_back_is_not_signed(self):
        box = self.c.box()
        self.deliver(box, 3)
        self.check_all()
        self.c.stop()
        kept = os.path.join(self.c.folder, "kept")
        os.system(f"cp -a '{self.c.data}/ledger' '{kept}'")
        self.c.start()
        self.deliver(box, 3)
        size, root, _ = self.check_all()
        self.c.stop()
        os.system(f"rm -r '{self.c.data}/ledger' && mv '{kept}' '{self.c.data}/ledger'")
        self.c.start()
        self.c.wait("word of it", lambda: "restored from an older copy" in self.c.text())
        self.assertEqual(self.c.metric("bandwitness_log_trouble"), 1)
        self.assertEqual(self.checkpoint()[1:], (size, root)) # the old one, and no other


if __name__ == "__main__":
    unittest.main()
