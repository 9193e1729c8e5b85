# SPDX-License-Identifier: GPL-3.0-or-later
"""The log in a bag: a collector with a witness and a time stamper takes records in, its log is
begun anew after a restore, and `bandwitness bundle` and `verify` are held against a stranger's
reading of the same files (strangers.py) and `openssl ts -verify`. Then each file below
data/log/ is changed, one bit of it and by somebody who makes the manifests anew."""
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

import bagit
import jsonschema
import strangers
from bwtest import Collector, tlog
from bwtest.jose import Key
from bwtest.stamper import Stamper
from jwcrypto import jwk

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FAST = "transparency { checkpoint_every = 1s }\n"


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


class BagOfALog(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="bw-bag-log-"))
        cls.stamper = cls.enterClassContext(Stamper(cls.place))
        cls.c = cls.enterClassContext(Collector(
            FAST + f'time_stamp "wren" {{ url = "http://127.0.0.1:{cls.stamper.port}/" }}\n'))
        key = cls.c.get("/log/key").text.strip()
        w = cls.enterClassContext(Collector(f'witnessed "log" {{ key = "{key}" }}\n'))
        cls.witness = w.get("/log/witness/key").text.strip()
        cls.c.stop()
        with open(cls.c.conf, "a", encoding="utf-8") as f:
            f.write(f'witness "wren" {{ url = "{w.url}/log/witness" key = "{cls.witness}" }}\n')
        cls.c.start()
        # Two sites, so that the log has leaves of others between those of the bag.
        cls.box, cls.other = cls.c.box(), cls.c.box("Birch Middle")
        cls.deliver(8)
        cls.signed_by_all(16)
        shutil.copytree(f"{cls.c.data}/ledger", f"{cls.place}/older")
        cls.said = cls.c.command(
            "annotate", "--ledger", cls.c.data, "--by", "heron", "--from",
            "2026-09-10T00:30:00Z", "--to", "2026-09-10T01:00:00Z", "--cause", "other",
            "--text", "power cut", "--unseen", f"{cls.box.site}.wan").split()[0]
        cls.run_with_receipt()
        cls.replaced()
        cls.ruled()
        cls.deliver(11) # what the old box still had
        cls.signed_by_all(48) # 40 records, three keys and an end of one, four that were said
        cls.bag, cls.folder = cls.bundle("log")

    @classmethod
    def deliver(cls, n):
        for _ in range(n):
            cls.c.post([cls.other.summary()])
            cls.c.post([cls.box.summary()])

    @classmethod
    def replaced(cls):
        """Another box comes in the place of the first one's."""
        token = json.loads(cls.c.admin("token", "create", "--replaces", cls.box.site, "--because",
                                       "lightning", "--by", "heron", "--json"))
        answer = cls.c.enroll(Key("EdDSA"), token["token"])
        assert answer.status == 200, answer.body

    @classmethod
    def ruled(cls):
        """The state's calendar, and a rule that it adopts."""
        cls.rules = f"{cls.place}/rules"
        os.mkdir(cls.rules)
        shutil.copy(f"{TOP}/etc/rules/esh-headroom.conf", cls.rules)
        write(f"{cls.place}/year.csv", b"what,from,to,begin,end,name\n"
              b"calendar,2026-08-01,2026-12-31,,,Alder State\nzone,,,,,UTC\nhours,Mon,Fri,08:00,15:30,\n")
        cls.c.command("import", "calendar", f"{cls.place}/year.csv", "--whole-state", "--by", "heron",
                      "--ledger", cls.c.data)
        cls.c.command("rules", "adopt", "--rules", cls.rules, "--ledger", cls.c.data, "--by", "heron",
                      "--from", "2026-09-01", "--tz", "UTC", "--text", "network act", "esh-headroom")

    @classmethod
    def run_with_receipt(cls):
        """A test against the state's server, whose receipt the collector's log key signed."""
        log = Key.__new__(Key)
        log.alg, log.key = "EdDSA", jwk.JWK(**json.loads(strangers.read(
            f"{cls.c.data}/log-key.jwk")))
        log.kid = log.key.thumbprint()
        at_ms = cls.box.at * 1000 + 5000
        signed = log.sign({"v": 1, "nonce": "AAECAwQFBgcICQoLDA0ODw", "kid": cls.box.key.kid,
                           "site": cls.box.site, "circuit": "wan", "kind": "ndt7",
                           "method": "ndt7/wss", "server": "state-1", "direction": "down",
                           "at_ms": at_ms, "elapsed_us": 10_000_000, "bytes": 100_000_000,
                           "end": "done", "streams": 1, "concurrent": 1, "egress": "unknown"},
                          "bandwitness-test+jws")
        run = {"circuit": "wan", "probe": "state", "kind": "ndt7", "server": "state-1",
               "direction": "down", "at_ms": at_ms + 100, "duration_ms": 9900, "state": "ok",
               "grade": "receipt", "receipt": signed, "egress": "unknown",
               "bytes": 100_000_000, "goodput_bps": 80808080}
        cls.c.post([cls.other.summary()])
        cls.c.post([cls.box.summary(throughput=[run])])

    @classmethod
    def status(cls):
        return json.loads(cls.c.admin("log", "status", "--json"))

    @classmethod
    def signed_by_all(cls, at_least):
        for _ in range(200):
            p = cls.status().get("checkpoint", {})
            if p.get("size", 0) >= at_least and p["witnesses"] and p["stamps"]:
                return
            time.sleep(0.1)
        raise AssertionError(f"not all signed: {cls.status()} {cls.c.text()[-1500:]}")

    @classmethod
    def run_command(cls, *words, ok=None):
        from bwtest.place import program
        return subprocess.run([program("bandwitness"), *words], capture_output=True, text=True,
                              env={**os.environ, "SOURCE_DATE_EPOCH": "1800000000"})

    @classmethod
    def bundle(cls, name, data=None):
        bag = f"{cls.place}/{name}.tar.zst"
        r = cls.run_command("bundle", "--ledger", data or cls.c.data, "--circuit",
                            f"{cls.box.site}.wan", "--tz", "UTC", "--claim-down", "100M",
                            "--rules", cls.rules, "--no-pdf", "-o", bag)
        assert r.returncode == 0, r.stderr
        os.mkdir(f"{cls.place}/{name}")
        subprocess.run(["tar", "--zstd", "--warning=no-timestamp", "-xf", bag, "-C",
                        f"{cls.place}/{name}"], check=True)
        (top,) = os.listdir(f"{cls.place}/{name}")
        return bag, f"{cls.place}/{name}/{top}"

    def verify(self, *words, status=0, says=()):
        r = self.run_command("verify", *words)
        for word in says:
            self.assertIn(word, r.stdout + r.stderr)
        self.assertEqual(r.returncode, status, r.stdout + r.stderr)
        return r

    def trust(self, data, stamp):
        out = subprocess.run(["openssl", "ts", "-verify", "-data", data, "-in", stamp, "-CAfile",
                              self.stamper.d + "/tsa.pem"], capture_output=True, text=True)
        self.assertIn("Verification: OK", out.stdout, out.stderr)

    def test_a_stranger_comes_to_the_same(self):
        found = strangers.check(self.folder, self.trust)
        self.assertEqual((found["in"], found["out"]), (20, 0))
        self.assertEqual(found["kinds"], [0, 4, 5, 6, 11, 32, 36])
        self.assertGreaterEqual(found["witnesses"], 1)
        self.assertGreaterEqual(found["stamps"], 1)
        self.verify(self.bag, says=["everything holds", "20 of 20 records", "4 of 4 statements",
                                    "3 of 3 events of keys", "the bag's own word",
                                    "signed as CN=Stamps of Wren", self.witness,
                                    "1 of tests, 1 signed by the log key in the bag"])
        log = json.loads(self.verify("--json", self.bag).stdout)["log"]
        self.assertEqual(log["key"], self.c.get("/log/key").text.strip())
        self.assertEqual((log["records_in"], log["records_not_in"], log["key_given"]),
                         (20, 0, False))

    def test_the_lines_of_the_readme(self):
        text = strangers.read(f"{self.folder}/data/README.txt").decode()
        lines = [x[5:] for x in text.split("\n") if x.startswith("     ")]
        script = "\n".join(lines[lines.index("import base64, glob, hashlib, json"):])
        script, _, openssl = script.partition("openssl ts")
        r = subprocess.run(["/usr/bin/python3", "-c", script], cwd=self.folder,
                           capture_output=True, text=True)
        self.assertIn("27 leaves are in the log of", r.stdout, r.stderr)
        self.assertIn("20 records, every signature", r.stdout)
        size = max(p["size"] for p in json.loads(
            strangers.read(f"{self.folder}/data/log/log.json"))["checkpoints"] if p["stamps"])
        command = ("openssl ts" + openssl).replace("SIZE", str(size)).replace(
            "STAMPER.pem", self.stamper.d + "/tsa.pem").replace("\\\n", "")
        r = subprocess.run(command.split(), cwd=self.folder, capture_output=True, text=True)
        self.assertIn("Verification: OK", r.stdout, r.stderr)

    def test_the_report_names_the_log(self):
        r = self.run_command("report", "--ledger", self.c.data, "--circuit", f"{self.box.site}.wan",
                             "--tz", "UTC", "--claim-down", "100M", "--rules", self.rules,
                             "--format", "json")
        self.assertEqual(r.returncode, 0, r.stderr)
        ours, packed = json.loads(r.stdout), json.loads(
            strangers.read(f"{self.folder}/data/report/report.json"))
        with open(f"{TOP}/docs/report-v1.schema.json", encoding="utf-8") as f:
            jsonschema.validate(packed, json.load(f))
        for report in (ours, packed):
            report["records"].pop("signatures")
            report["records"].pop("signatures_text", None)
        self.assertEqual(ours, packed)
        log = packed["log"]
        self.assertEqual((log["witnessed"], log["before"]), (True, []))
        self.assertEqual(log["witnesses"][0]["by"], self.witness.split("+")[0])
        self.assertEqual(log["stamps"][0]["signer"], "CN=Stamps of Wren")
        self.assertEqual(log["size"], max(p["size"] for p in json.loads(
            strangers.read(f"{self.folder}/data/log/log.json"))["checkpoints"]))
        html = strangers.read(f"{self.folder}/data/packs/audit.html").decode()
        self.assertIn("were witnessed by", html)

    def test_keys_from_outside(self):
        write(f"{self.place}/log.jwk", json.dumps(self.box.log_key).encode())
        write(f"{self.place}/other.jwk", json.dumps(self.other.key.jwk).encode())
        self.verify("--log-key", f"{self.place}/log.jwk", "--witness-key", self.witness, self.bag,
                    says=["as given", "everything holds"])
        self.verify("--log-key", f"{self.place}/other.jwk", self.bag, status=1,
                    says=["the log's key is none of those that were given"])
        stranger = tlog.Key("w.example.org/owl", tlog.WITNESS, os.urandom(32)).text()
        self.verify("--witness-key", stranger, self.bag, status=1, says=["did not sign"])
        self.verify("--witness-key", "owl", self.bag, status=1, says=["--witness-key"])

    def test_one_bit_of_each_file(self):
        rng = random.Random(5)
        folder = f"{self.place}/bits"
        shutil.copytree(self.folder, folder)
        names = sorted(n for n in bagit.files(folder) if "/log/" in n)
        self.assertGreaterEqual(len(names), 8)
        for name in names:
            good = strangers.read(f"{folder}/{name}")
            bad = bytearray(good)
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
            write(f"{folder}/{name}", bytes(bad))
            r = self.verify(folder, status=1)
            self.assertIn(f"verify: {name}: ", r.stderr)
            write(f"{folder}/{name}", good)

    def test_changes_that_are_hidden(self):
        folder = f"{self.place}/hidden"
        shutil.copytree(self.folder, folder)
        log = json.loads(strangers.read(f"{folder}/data/log/log.json"))
        last = log["checkpoints"][-1]["size"]
        stamped = [p["size"] for p in log["checkpoints"] if p["stamps"]]
        later = lambda d: d.replace(b"\r\n", b"1\r\n", 2)
        digit = lambda d: d[:-3] + bytes([d[-3] ^ 1]) + d[-2:]
        cases = [
            ("data/log/hashes.bin", lambda d: bytes([d[0] ^ 1]) + d[1:], "do not lead to the head"),
            ("data/log/hashes.bin", lambda d: d[:-32], "do not lead to the head"),
            ("data/log/order.csv", digit, "do not lead to the head"),
            ("data/log/order.csv", later, "order.csv: "),
            ("data/log/others.csv", lambda d: d.replace(b",32,", b",33,"), "do not lead"),
            ("data/records/taken.csv", lambda d: d.replace(b",1", b",2", 1), "do not lead"),
            ("data/statements.jsonl", lambda d: d.replace(b"power cut", b"power out"), "do not lead"),
            ("data/keys/history.json", lambda d: d.replace(b'"from_unix_s":1', b'"from_unix_s":2'),
             "do not lead"),
            ("data/calendars/1.json", lambda d: d.replace(b"Alder", b"Maple"), "was not said so"),
            ("data/query.json", lambda d: d.replace(b"network act", b"Network Act"),
             "it adopts the rule esh-headroom"),
            (f"data/log/checkpoint-{last}.txt", lambda d: d.replace(b"%d\n" % last, b"%d\n" % (last + 1), 1),
             "is not signed by the log's key"),
            (f"data/log/stamp-{stamped[0]}-1.tsr", lambda d: d[:-9] + bytes([d[-9] ^ 1]) + d[-8:],
             "signature does not fit"),
            (f"data/log/witnesses-{stamped[0]}.txt", lambda d: d[:-9] + b"AAAA" + d[-5:], "lines are not"),
            ("data/log/log.json", lambda d: d.replace(b'"v":1', b'"v":2'), "newer reader"),
            ("data/log/log.json", lambda d: d.replace(b'"witnesses":["', b'"witnesses":["x'), "log.json"),
        ]
        if len(log["checkpoints"]) > 1:
            first = log["checkpoints"][0]["size"]
            cases.append((f"data/log/growth-{first}.txt", lambda d: b"A" + d[1:] if d[:1] != b"A"
                          else b"B" + d[1:], "does not show that the log"))
        for name, change, words in cases:
            good = strangers.read(f"{folder}/{name}")
            bad = change(good)
            self.assertNotEqual(bad, good, name)
            write(f"{folder}/{name}", bad)
            bagit.write_manifests(folder)
            self.verify(folder, status=1, says=[words])
            write(f"{folder}/{name}", good)
        os.unlink(f"{folder}/data/log/hashes.bin")
        bagit.write_manifests(folder)
        self.verify(folder, status=1, says=["hashes.bin: is missing"])

    def test_a_witness_with_a_new_key(self):
        """The first of its lines is made one by an older key of the same name."""
        data = f"{self.place}/newkey"
        shutil.copytree(self.c.data, data, ignore=shutil.ignore_patterns("*.lock"))
        log = json.loads(strangers.read(f"{self.folder}/data/log/log.json"))
        first, last = (f([p["size"] for p in log["checkpoints"] if p["witnessed"]]) for f in (min, max))
        self.assertLess(first, last)
        old = tlog.Key(self.witness.split("+")[0], tlog.WITNESS, os.urandom(32))
        note = strangers.read(f"{self.folder}/data/log/checkpoint-{first}.txt")
        with contextlib.closing(sqlite3.connect(f"{data}/log/log.db")) as db, db:
            at_s, = db.execute("SELECT unix_s FROM cosignatures WHERE size = ?", (first,)).fetchone()
            line = old.sign(note.rpartition(b"\n\n")[0] + b"\n", at_s).decode()
            db.execute("UPDATE cosignatures SET line = ? WHERE size = ?", (line, first))
            db.execute("INSERT INTO meta VALUES(?, ?)",
                       (f"witness-key.{old.name}+{old.id.hex()}", old.text()))
        bag, folder = self.bundle("twokeys", data)
        self.verify(bag, says=["everything holds"])
        self.assertEqual(set(json.loads(strangers.read(f"{folder}/data/log/log.json"))["witnesses"]),
                         {self.witness, old.text()})
        strangers.check(folder)

    def test_another_key_signs_the_newest(self):
        """Who takes an old checkpoint of the log and lets the log grow under a key of his own has a
        log of two keys; one log has one."""
        folder = f"{self.place}/forged"
        shutil.copytree(self.folder, folder)
        log = json.loads(strangers.read(f"{folder}/data/log/log.json"))
        self.assertGreater(len(log["checkpoints"]), 1)
        last = log["checkpoints"][-1]["size"]
        owl = Key()
        seed = strangers.raw(json.loads(owl.key.export())["d"])
        text = strangers.read(f"{folder}/data/log/checkpoint-{last}.txt").partition(b"\n\n")[0] + b"\n"
        forged = tlog.Key(log["name"], tlog.LOG, seed)
        write(f"{folder}/data/log/checkpoint-{last}.txt", tlog.signed(text, forged.sign(text)))
        keys = json.loads(strangers.read(f"{folder}/data/log/log-key.jwks"))["keys"]
        for both in ([owl.jwk, *keys], [*keys, owl.jwk]):
            write(f"{folder}/data/log/log-key.jwks", json.dumps({"keys": both}).encode())
            bagit.write_manifests(folder)
            write(f"{self.place}/log.jwk", json.dumps(self.box.log_key).encode())
            r = self.verify("--log-key", f"{self.place}/log.jwk", folder, status=1, says=[
                "that signed the newest checkpoint",
                "the log's key is none of those that were given"])
            self.assertNotIn("as given", r.stdout)

    def test_a_witness_that_signed_an_older_one(self):
        folder = f"{self.place}/older-witness"
        shutil.copytree(self.folder, folder)
        log = json.loads(strangers.read(f"{folder}/data/log/log.json"))
        first = next(p["size"] for p in log["checkpoints"] if p["witnessed"])
        owl = tlog.Key("w.example.org/owl", tlog.WITNESS, os.urandom(32))
        text = strangers.read(f"{folder}/data/log/checkpoint-{first}.txt").partition(b"\n\n")[0] + b"\n"
        with open(f"{folder}/data/log/witnesses-{first}.txt", "ab") as f:
            f.write(owl.sign(text, 1789000000))
        write(f"{folder}/data/log/log.json", strangers.read(f"{folder}/data/log/log.json").replace(
            b'"witnesses":[', b'"witnesses":["' + owl.text().encode() + b'",'))
        bagit.write_manifests(folder)
        self.verify("--witness-key", owl.text(), folder,
                    says=["everything holds", f"{owl.text()} signed up to {first} leaves only"])

    def test_what_is_left_out_or_put_beside(self):
        write(f"{self.place}/log.jwk", json.dumps(self.box.log_key).encode())
        folder = f"{self.place}/beside"
        shutil.copytree(self.folder, folder)
        saved = {n: strangers.read(f"{folder}/{n}") for n in bagit.files(folder)}
        text = saved["data/log/order.csv"].decode().split("\r\n")
        cases = [({"report.html": b"<html></html>"}, 1, "report.html: no such file belongs"),
                 ({"tagmanifest-x.html": b"<html></html>"}, 1, "tagmanifest-x.html: no such file"),
                 ({"bag-info.txt": saved["bag-info.txt"].replace(b".wan\n", b".lan\n", 1)}, 1,
                  "External-Identifier is not what"),
                 ({"bag-info.txt": saved["bag-info.txt"].replace(b"Signed", b"Resigned", 1)}, 1,
                  "External-Description is not what"),
                 ({"data/log/stamp-audit.html": b"x"}, 0, "stamp-audit.html: is not known"),
                 ({"data/log/checkpoint-99999.txt": b"x"}, 0, "checkpoint-99999.txt: is not known"),
                 ({"data/configurations/report.html": b"x"}, 1, "report.html: is no configuration"),
                 ({"data/configurations/" + "A" * 43 + ".conf": b"x"}, 1, "is no configuration")]
        self.assertGreater(len(text), 2)
        for changed, status, words in cases:
            for n, data in changed.items():
                os.makedirs(os.path.dirname(f"{folder}/{n}"), exist_ok=True)
                write(f"{folder}/{n}", data)
            bagit.write_manifests(folder)
            self.verify(folder, status=status, says=[words])
            for n in changed:
                os.unlink(f"{folder}/{n}")
            for n, data in saved.items():
                write(f"{folder}/{n}", data)
        shutil.rmtree(f"{folder}/data/configurations", ignore_errors=True)
        for n in saved:
            if n.startswith("data/log/") and not n.endswith("log-key.jwks"):
                os.unlink(f"{folder}/{n}")
        bagit.write_manifests(folder)
        self.verify("--log-key", f"{self.place}/log.jwk", folder, status=1, says=[
            "a log key was given, and this bag is in no log"])

    def test_a_record_that_the_log_has_otherwise(self):
        """The ledger was changed after the log had taken it in."""
        data = f"{self.place}/changed"
        shutil.copytree(self.c.data, data, ignore=shutil.ignore_patterns("*.lock"))
        # The last ones, which the log is then said not to have yet.
        with sqlite3.connect(f"{data}/ledger/ledger.db") as db:
            mine = [p for p, in db.execute("SELECT position FROM records WHERE site = ? ORDER BY "
                                           "position", (self.box.site,))]
            db.execute("UPDATE records SET received = received - 400000000 WHERE position >= ?",
                       (mine[7],))
        db.close()
        bag, _ = self.bundle("earlier-bag", data)
        self.verify(bag, status=1, says=["13 records are not in the checkpoint, which others signed"])
        with sqlite3.connect(f"{data}/ledger/ledger.db") as db:
            db.execute("UPDATE records SET received = received + 3600000 WHERE position = ?",
                       (mine[0],))
        db.close()
        bag, folder = self.bundle("changed-bag", data)
        self.verify(bag, status=1, says=[f"the record at position {mine[0]} is not what the log has"])
        with self.assertRaises(AssertionError):
            strangers.check(folder)
        with sqlite3.connect(f"{data}/ledger/ledger.db") as db:
            db.execute("UPDATE records SET received = received + 1")
        db.close()
        bag, _ = self.bundle("none-bag", data)
        self.verify(bag, status=1, says=["none of the records is in the checkpoint"])

    def test_what_the_log_does_not_have(self):
        """Records that came after the checkpoint are counted, and no fault. A log that was begun
        anew says so."""
        data = f"{self.place}/data"
        shutil.copytree(self.c.data, data, ignore=shutil.ignore_patterns("*.lock"))
        with sqlite3.connect(f"{data}/log/log.db") as db:
            size = db.execute("SELECT size FROM checkpoints ORDER BY size LIMIT 1").fetchone()
            db.execute("DELETE FROM checkpoints WHERE size > ?", size)
            for table in ("cosignatures", "stamps"): # else they say that the rest is late
                db.execute(f"DELETE FROM {table}")
        db.close()
        bag, folder = self.bundle("later", data)
        found = strangers.check(folder)
        self.assertGreater(found["out"], 0)
        self.verify(bag, says=[f"{found['out']} of 20 records are NOT in the checkpoint",
                               "everything holds"])
        shutil.rmtree(f"{data}/log")
        # A late record that filled a declared hole lies where it came, not where it belongs.
        with sqlite3.connect(f"{data}/ledger/ledger.db") as db:
            mine = [p for p, in db.execute("SELECT position FROM records WHERE site = ? ORDER BY "
                                           "position", (self.box.site,))]
            for old, new in ((mine[5], -1), (mine[9], mine[5]), (-1, mine[9])):
                db.execute("UPDATE records SET position = ? WHERE position = ?", (new, old))
        db.close()
        bag, folder = self.bundle("none", data)
        self.assertEqual(os.listdir(f"{folder}/data/log"), ["log-key.jwks"])
        self.verify(bag, says=["not in a log", "everything holds"])
        rows = strangers.rows(f"{folder}/data/records/taken.csv")
        self.assertEqual([int(r["position"]) for r in rows][5:10],
                         [mine[9], *mine[6:9], mine[5]])

        # A ledger from before the last records, with the log of now: a seam.
        data = f"{self.place}/restored"
        shutil.copytree(self.c.data, data, ignore=shutil.ignore_patterns("*.lock", "ledger"))
        shutil.copytree(f"{self.place}/older", f"{data}/ledger",
                        ignore=shutil.ignore_patterns("*.lock"))
        write(f"{self.place}/last.txt", self.c.admin("log", "checkpoint").encode())
        r = self.run_command("log", "epoch", "--before", f"{self.place}/last.txt", "--data", data)
        self.assertEqual(r.returncode, 0, r.stderr)
        os.mkdir(f"{self.place}/again")
        os.rename(data, f"{self.place}/again/data")
        with Collector(FAST, folder=f"{self.place}/again") as c:
            c.wait("a checkpoint", lambda: c.get("/log/checkpoint").status == 200)
        bag, folder = self.bundle("seam", f"{self.place}/again/data")
        found = strangers.check(folder)
        self.assertIn(63, found["kinds"])
        self.verify(bag, says=["seam        the log goes on from", "not witnessed"])
        html = strangers.read(f"{folder}/data/report/report.html").decode()
        self.assertIn("Not witnessed", html)
        self.assertIn("began its log anew", html)


if __name__ == "__main__":
    unittest.main()
