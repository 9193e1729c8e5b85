# SPDX-License-Identifier: GPL-3.0-or-later
"""A box and its collector's transparency log: what it saw stands in its records, its receipts
are looked up in the tree, and a log that was set back or went another way is refused, on
record, while delivery goes on."""
import base64
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from bwtest import Box, Collector, program, tlog

FAST = "transparency { checkpoint_every = 1s }\n"


class Log(unittest.TestCase):
    def setUp(self):
        self.c = self.enterContext(Collector(FAST))
        self.box = self.enterContext(Box(more=self.c.as_conf(every="1s")))
        self.box.enroll(self.c, self.c.token("--site", "Alder Elementary")["token"])
        self.box.start()

    def log(self):
        return (self.box.status() or {}).get("collector", {}).get("log", {})

    def problems(self):
        return json.dumps(self.box.status()["problems"])

    def kept(self, name):
        db = self.box.db()
        try:
            row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
            return row and (row[0].decode() if isinstance(row[0], bytes) else row[0])
        finally:
            db.close()

    def grown(self, beyond):
        self.box.wait(f"a log of more than {beyond}", lambda: self.log().get("size", 0) > beyond)
        return self.log()["size"]

    def save(self):
        """Both books of the collector as they are, which is stopped for it."""
        self.c.stop()
        for name in ("ledger", "log"):
            to = os.path.join(self.c.folder, "old", name)
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(os.path.join(self.c.data, name), to)
        self.c.start()

    def restore(self):
        self.c.stop()
        for name in ("ledger", "log"):
            to = os.path.join(self.c.data, name)
            shutil.rmtree(to)
            shutil.copytree(os.path.join(self.c.folder, "old", name), to)

    def killed_at_every_change(self, before):
        """The command that begins an epoch is killed where it changes files: `log` is never a
        folder that a collector would take for its first day's."""
        log = os.path.join(self.c.data, "log")
        old = os.path.join(self.c.folder, "restored")
        shutil.copytree(self.c.data, old)
        killed = {}
        for call in ("rename", "renameat2", "mkdir", "fsync", "fdatasync"):
            for n in range(1, 60):
                r = subprocess.run(
                    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                     f"inject={call}:signal=KILL:when={n}", program("bandwitness"), "log",
                     "epoch", "--before", before, "--config", self.c.conf],
                    env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True,
                    check=False)
                self.assertTrue(os.path.exists(os.path.join(log, "log.db")),
                                f"{call} {n}: {os.listdir(self.c.data)}")
                db = sqlite3.connect(os.path.join(log, "log.db"))
                names = db.execute("SELECT value FROM meta WHERE name = 'origin'").fetchall()
                db.close()
                self.assertEqual(len(names), 1, f"killed at {call} {n}")
                shutil.rmtree(self.c.data)
                shutil.copytree(old, self.c.data)
                if r.returncode == 0:
                    break
                killed[call] = n
            self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual((killed["rename"], killed["renameat2"]), (1, 1))

    def test_what_it_saw_is_in_its_records(self):
        size = self.grown(0)
        for _ in range(3):
            size = self.grown(size)
        self.box.wait("a record looked up", lambda: self.log().get("records_checked", 0) >= 1)
        self.assertNotIn("refused", self.log())
        self.box.wait("three records that tell of it",
                      lambda: sum("seen" in r for r in self.box.records()) >= 3)
        seen = [r["seen"] for r in self.box.records() if "seen" in r]
        sizes = [s["size"] for s in seen]
        self.assertEqual(sizes, sorted(set(sizes))) # each once
        # The heads are those of the collector's own leaves, by the twin.
        top = max(sizes)
        leaves = []
        for n in range((top + 255) // 256):
            width = min(256, top - 256 * n)
            a = self.c.get("/log/" + tlog.tile_path("entries", n, width))
            leaves += tlog.unbundle(a.body)
        hashes = [tlog.leaf_hash(x) for x in leaves]
        for s in seen:
            root = base64.urlsafe_b64decode(s["root"] + "=")
            self.assertEqual(tlog.head(hashes[:s["size"]]), root)
        # It goes on with what it knew after a start.
        self.box.stop()
        self.box.start()
        self.assertGreaterEqual(self.log()["size"], size)
        self.assertNotIn("log of", self.problems())

    def test_a_log_that_shrank_or_forked_is_refused(self):
        self.grown(1)
        self.save()
        self.grown(self.log()["size"] + 3)
        self.restore()
        size = self.log()["size"] # while nobody answers it learns nothing
        acked = self.box.acked()
        self.c.start()
        self.box.wait("a refusal", lambda: "refused" in self.log())
        self.assertIn("log of", self.problems())
        self.assertIn("is refused", self.problems())
        note = self.kept("log.refused")
        self.assertIn("known:\n", note)
        self.assertIn("\u2014 bandwitness-log/", note.split("refused:\n")[1])
        # Delivery goes on, and what is not its continuation never becomes the one it knows.
        self.box.wait("delivery", lambda: self.box.acked() > acked + 3)
        self.assertEqual(self.log()["size"], size)
        self.box.wait("a log as long", lambda: "leaves do not continue" in self.log()["refused"],
                      90)
        self.assertEqual(self.log()["size"], size)
        self.assertIn("the collector's log is refused", self.box.text())
        # It is still on record after a start.
        self.box.stop()
        self.box.start()
        self.assertIn("is refused", self.problems())

    def test_a_restored_collector_goes_on_in_an_epoch(self):
        self.grown(1)
        self.save()
        size = self.grown(self.log()["size"] + 3)
        self.c.stop()
        note = self.c.admin("log", "checkpoint")
        before = os.path.join(self.c.folder, "before.txt")
        with open(before, "w", encoding="utf-8") as f:
            f.write(note)
        with self.assertRaisesRegex(Exception, "nothing was lost"):
            self.c.admin("log", "epoch", "--before", before)
        self.restore()
        self.killed_at_every_change(before)
        made = json.loads(self.c.admin("log", "epoch", "--before", before, "--json"))
        self.assertTrue(made["name"].endswith("/epoch-2"), made)
        self.assertGreaterEqual(made["before"]["size"], size)
        self.c.start()
        self.box.wait("the new name", lambda: self.log().get("name") == made["name"])
        self.assertIn("began anew", self.problems())
        self.assertEqual(self.log()["before"], made["before"]["name"])
        self.assertEqual(self.c.get("/log/epoch").text, note)
        size = self.grown(self.log()["size"]) # and it grows under its new name
        top = tlog.read_checkpoint(self.c.get("/log/checkpoint").body)[1]
        leaves = []
        for n in range((top + 255) // 256):
            width = min(256, top - 256 * n)
            leaves += tlog.unbundle(
                self.c.get("/log/" + tlog.tile_path("entries", n, width)).body)
        self.assertIn((63, tlog.sha(note.encode())), {(x[0], x[9:]) for x in leaves})
        self.assertEqual(json.loads(self.c.admin("log", "verify", "--json"))["faults"], [])
        with self.assertRaisesRegex(Exception, "the collector is running"):
            self.c.admin("log", "epoch", "--before", before)


if __name__ == "__main__":
    unittest.main()
