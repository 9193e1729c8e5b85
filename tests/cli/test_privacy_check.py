# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness privacy-check` on folders made by hand: what it excepts, what it says of what it
cannot search, where it looks."""
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
OWN_MOUNTS = ("unshare", "-m", "--propagation", "private")
CONF = """state_dir = "%(folder)s/state"
control = "%(folder)s/run/control.sock"
circuit "wan" { vantage = lan-side source = none source_address = "10.77.13.5" }
icmp "edges" {
    target "left" { address = "192.0.2.44" }
    target "elm.example" { address = "gate.river.example" }
}
"""


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bw-test-privacy-"))
        for name in ("state/rrd", "run"):
            os.makedirs(os.path.join(self.folder, name))
        self.write("box.conf", CONF % {"folder": self.folder})

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def check(self, *words, status=0, prefix=(), **kw):
        done = subprocess.run([*prefix, PROGRAM, "privacy-check", "--config", self.path("box.conf"),
                               *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=60, **kw)
        self.assertEqual(done.returncode, status, done.stdout[-2000:] + done.stderr)
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def test_what_the_configuration_names_is_excepted(self):
        self.write("state/notes", "10.77.13.5 192.0.2.44 gate.river.example and 192.000.002.044")
        out = self.check()
        self.assertIn("No finding", out)
        for text, line in (("10.77.13.5", 3), ("192.0.2.44", 5), ("gate.river.example", 6),
                           ("elm.example", 6)):
            self.assertRegex(out, rf"\n  {text} .*\({self.path('box.conf')}:{line}\)\n")
        self.write("seen", "192.0.2.44, 10.1.2.77")
        self.check("--seen", self.path("seen"))
        self.write("state/notes", "192.0.2.45")
        out = self.check(status=1)
        self.assertIn("FOUND " + self.path("state/notes") + ", byte 0: IPv4 address 192.0.2.45", out)
        self.assertIn("1 FINDING.", out)

    def test_earlier_configurations_are_excepted_and_told(self):
        self.write("state/notes", "203.0.113.80")
        self.check(status=1)
        db = sqlite3.connect(self.path("state/journal.db"))
        db.execute("CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        db.execute("INSERT INTO meta VALUES ('config.abc', ?)", (b'address = "203.0.113.80"\n',))
        db.commit()
        out = self.check()
        self.assertRegex(out, r"203.0.113.80 .*a configuration that was in force \(journal.db, meta config.abc")
        db.execute("INSERT INTO meta VALUES ('other', ?)", (b'address = "203.0.113.81"\n',))
        db.commit()
        db.close()
        found = self.check("--json", status=1)["findings"]
        self.assertEqual({f["text"] for f in found}, {"203.0.113.81"})
        self.assertEqual(found[-1]["where"], "meta row 2 (other) value")

    def test_what_cannot_be_searched_is_said(self):
        os.symlink("/nowhere", self.path("state/away"))
        found = self.check("--json", status=2)
        self.assertEqual(len(found["not_searched"]), 1)
        self.assertIn("is a link", found["not_searched"][0])
        os.remove(self.path("state/away"))
        self.check("--also", self.path("none"), status=2)
        self.write("state/journal.db", "SQLite format 3\0 and no more")
        self.assertIn("NOT SEARCHED", self.check(status=2))
        os.remove(self.path("state/journal.db"))
        os.rename(self.path("state"), self.path("elsewhere"))
        self.assertIn("state: no such", self.check(status=2).lower())

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_what_may_not_be_read_is_said(self):
        self.write("state/secret", "nothing")
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("state/secret"), 0o600)
        out = self.check(status=2, prefix=("setpriv", "--reuid=65534", "--regid=65534",
                                           "--clear-groups"))
        self.assertIn("NOT SEARCHED " + self.path("state/secret"), out)
        self.assertIn("run it as root", out)

    def test_it_looks_where_it_says(self):
        self.write("run/left", "10.9.8.7")
        self.assertEqual(self.check("--json", status=1)["findings"][0]["file"], self.path("run/left"))
        os.chmod(self.path("run"), 0o1777)  # anybody's: not searched
        self.check()
        out = self.check("--also", self.path("run"), "--json", status=1)
        self.assertEqual(len(out["findings"]), 1)
        out = self.check("--also", "/dev/stdin", "--json", status=1, input="peer 10.9.8.7 went")
        self.assertEqual((out["findings"][0]["file"], out["findings"][0]["offset"]), ("/dev/stdin", 5))

    @unittest.skipUnless(subprocess.run([*OWN_MOUNTS, "true"], stderr=subprocess.DEVNULL).returncode
                         == 0, "needs mounts that nobody else sees")
    def test_core_files_are_findings_wherever_they_are_put(self):
        head = b"\x7fELF\2\1\1\0" + bytes(8) + b"\4\0\x3e\0"
        for name, data in (("core.77", head + b"bandwitnessd"), ("core.78", head + b"otherd"),
                           ("core.otherd.0.zst", b"packed"), ("notes", b"bandwitness"),
                           ("core.bandwitnessd.0.zst", b"packed")):
            with open(self.path("run/" + name), "wb") as f:
                f.write(data)
        os.chmod(self.path("run"), 0o1777)  # searched for cores only
        put = ("mount -t tmpfs none /var/lib && mkdir -p /var/lib/systemd/coredump &&"
               ' cp "$0"/core* "$0"/notes /var/lib/systemd/coredump && exec "$@"')
        found = self.check("--json", status=1, prefix=(*OWN_MOUNTS, "sh", "-c", put, self.path("run")))
        self.assertEqual(sorted((f["why"], os.path.basename(f["file"])) for f in found["findings"]),
                         [("core", "core.77"), ("core", "core.bandwitnessd.0.zst")])

    @unittest.skipUnless(os.geteuid() == 0 and subprocess.run(
        [*OWN_MOUNTS, "true"], stderr=subprocess.DEVNULL).returncode == 0,
        "needs mounts that nobody else sees, and another user")
    def test_a_folder_for_cores_that_may_not_be_read_is_said(self):
        os.chmod(self.folder, 0o755)
        put = ("mount -t tmpfs none /var/lib && mkdir -p /var/lib/systemd && mkdir -m %s "
               '/var/lib/systemd/coredump && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"')
        self.check(prefix=(*OWN_MOUNTS, "sh", "-c", put % "755", "sh"))
        prefix = (*OWN_MOUNTS, "sh", "-c", put % "700", "sh")
        self.assertIn("NOT SEARCHED /var/lib/systemd/coredump: Permission denied, and core files may "
                      "be there: run as root\n", self.check(status=2, prefix=prefix))
        (said,) = self.check("--json", status=2, prefix=prefix)["not_searched"]
        self.assertIn("/var/lib/systemd/coredump: ", said)

    def test_large_files_are_searched_to_their_end(self):
        text = "x" * ((4 << 20) - 5) + " 10.9.8.7 " + "x" * (4 << 20) + " 10.9.8.6"
        self.write("state/big", text)
        found = self.check("--json", status=1)
        self.assertEqual([(f["text"], f["offset"]) for f in found["findings"]],
                         [("10.9.8.7", text.index("10.9.8.7")), ("10.9.8.6", text.index("10.9.8.6"))])
        self.assertIn(len(text), [f["bytes"] for f in found["files"]])

    def test_what_chance_makes_is_not_judged(self):
        """Two thousand addresses in 4 MB: some four bytes are equal, and nothing can be said."""
        r = random.Random(7)
        self.write("seen", "\n".join(f"10.{r.randrange(1, 250)}.{r.randrange(250)}.{r.randrange(250)}"
                                     for _ in range(2000)))
        with open(self.path("state/noise"), "wb") as f:
            f.write(r.randbytes(4 << 20))
        out = self.check("--seen", self.path("seen"), status=2)
        self.assertRegex(out, r"4 bytes in files without structure .*NOT JUDGED\n")
        self.assertIn("give fewer addresses with --seen", out[-200:])
        self.assertNotIn("No finding", out)
        found = self.check("--seen", self.path("seen"), "--json", status=2)["bare_bytes"]
        alone = [b for b in found if "without structure" in b["of"]][0]
        self.assertFalse(alone["judged"])
        self.assertGreater(alone["by_chance"], 1)

    def test_wrong_words(self):
        self.check("--fields", "--seen", "x", status=2)
        self.check("--seen", self.path("none"), status=2)
        self.write("empty", "nobody at 127.0.0.1")
        self.check("--seen", self.path("empty"), status=2)


if __name__ == "__main__":
    unittest.main()
