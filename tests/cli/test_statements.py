# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness statement`, `annotate`: what people say is kept under their names, in the folder
that was meant, and shown with what became of it."""
import base64
import hashlib
import json
import os
import time
import subprocess
import sys
import tempfile
import unittest

PROGRAM, GEN = sys.argv.pop(1), sys.argv.pop(1)
POWER = ("--from", "2026-11-02T08:00:00Z", "--to", "2026-11-02T09:30:00Z", "--cause", "power",
         "--text", "power cut on Alder Road")


def identity(raw):
    """The id of a statement's bytes, as docs/statement-v1.md has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


class Statements(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bw-test-said-"))
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state)

    def run_it(self, *words, status=0, **env):
        done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=60, check=False,
                              env={**os.environ, "TZ": "UTC", "SUDO_USER": "", "USER": "heron", **env})
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout[-2000:]}{done.stderr}")
        return done.stdout if status == 0 else done.stderr

    def listed(self, *words):
        return json.loads(self.run_it("statement", "list", "--json", "--state", self.state, *words))

    def test_nothing_was_said(self):
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.run_it("statement", "list", "--state", self.state), "")
        self.assertIn("nothing was said", self.run_it("statement", "show", "abc", "--state",
                                                      self.state, status=1))
        self.assertEqual(os.listdir(self.state), [])  # looking makes nothing
        self.assertIn("name a box's folder", self.run_it("statement", "list", "--state",
                                                         self.folder + "/none", status=1))
        self.assertIn("one of --state", self.run_it("statement", "list", "--state", "a", "--ledger",
                                                    "b", status=2))
        self.assertIn("did you mean claim?", self.run_it("statement", "list", "--state", self.state,
                                                         "--kind", "claims", status=2))
        self.assertIn("did you mean share?", self.run_it("statement", "list", "--state", self.state,
                                                         "--kind", "sahre", status=2))
        self.assertEqual(self.listed("--kind", "of-a-newer-program"), [])
        self.assertEqual(self.listed("--kind", "share"), [])
        self.assertIn("give one id", self.run_it("statement", "show", "--state", self.state, status=2))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_without_an_option_what_this_machine_is(self):
        """In a place of its own: an installation makes both folders on a box and on a collector."""
        says = f"""mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /etc || exit 77
            mkdir -p /etc/bandwitness /var/lib/bandwitness
            printf 'data_dir = "/var/lib/bandwitness-collector"\\nlisten "a" {{\\n address = "127.0.0.1"\\n port = 8480\\n}}\\n' \
                >/etc/bandwitness/collector.conf
            annotate() {{ {PROGRAM} annotate s-heron.wan --unseen {' '.join(f"'{w}'" for w in POWER)} >/dev/null; }}
            annotate; ls -d /var/lib/*/catalogue.db; rm /var/lib/*/catalogue.db
            mkdir /var/lib/bandwitness-collector; annotate; ls -d /var/lib/*/catalogue.db
            touch /var/lib/bandwitness/journal.db; annotate; ls -d /var/lib/*/catalogue.db"""
        done = subprocess.run(["unshare", "--mount", "sh", "-c", says], capture_output=True, timeout=60,
                              encoding="utf-8", check=False, env={**os.environ, "TZ": "UTC", "USER": "heron"})
        if done.returncode == 77 or "unshare failed" in done.stderr:
            self.skipTest(done.stderr)
        box, collector = (f"/var/lib/{x}/catalogue.db" for x in ("bandwitness", "bandwitness-collector"))
        self.assertEqual(done.stdout.split(), [box, collector, collector, box], done.stderr)

    def test_annotated_corrected_withdrawn(self):
        here = ("--state", self.state)
        before = int(time.time())
        first = self.run_it("annotate", "wan", "--unseen", *here, *POWER, "--exclude").split()[0]
        one, = self.listed("--kind", "annotation")
        said = one["statement"]
        self.assertEqual(one["id"], first)
        self.assertEqual(one["position"], 0)
        self.assertEqual(said["about"], "circuit:s-local.wan")
        self.assertEqual(said["by"], "heron")
        self.assertEqual(said["via"], "annotate")
        self.assertTrue(before <= said["said_s"] <= time.time(), said)
        self.assertEqual(list(said["body"].items()), [
            ("v", 1), ("from_s", 1793606400), ("to_s", 1793611800), ("cause", "power"),
            ("text", "power cut on Alder Road"), ("exclude", True)])
        raw = self.run_it("statement", "show", "--raw", *here, "--", first[:8]).encode()
        self.assertEqual(identity(raw), first)
        self.assertEqual(json.loads(raw), said)

        # By a school's own clock, by another person, in place of the first.
        local = ("--from", "2026-11-02T08:00", "--to", "2026-11-02T10:00", "--tz", "America/Chicago",
                 "--cause", "power", "--text", "power cut on Alder Road, longer")
        second = json.loads(self.run_it("annotate", "s-local.wan", "--unseen", *here, *local,
                                        "--replaces", first[:9], "--by", "grey.egret", "--json"))["id"]
        one, = self.listed("--about", "circuit:s-local.*")
        self.assertEqual(one["id"], second)
        self.assertEqual(one["statement"]["by"], "grey.egret")
        self.assertEqual(one["statement"]["replaces"], [first])
        self.assertEqual(one["statement"]["body"]["from_s"], 1793606400 + 6 * 3600)
        self.assertNotIn("exclude", one["statement"]["body"])
        self.assertIn("good no longer",
                      self.run_it("annotate", "--withdraw", first, *here, status=1))

        gone = self.run_it("annotate", "--withdraw", second[:8], "--text", "the wrong day", *here,
                           SUDO_USER="Grey Heron").split()[0]
        self.assertEqual(self.listed("--kind", "annotation"), [])
        a, b, c = self.listed("--history")
        self.assertEqual([x["id"] for x in (a, b, c)], [first, second, gone])
        self.assertEqual((a["ended_by"], a["ended_position"]), (second, 1))
        self.assertEqual(b["ended_by"], gone)
        self.assertNotIn("ended_by", c)
        self.assertEqual(c["statement"]["about"], second)
        self.assertEqual(c["statement"]["by"], "grey-heron")
        self.assertEqual(c["statement"]["body"], {"v": 1, "text": "the wrong day"})
        self.assertEqual([x["id"] for x in self.listed("--before", "1")], [first])
        self.assertEqual([x["id"] for x in self.listed("--before", "2")], [second])
        text = self.run_it("statement", "list", "--history", *here)
        self.assertEqual(len(text.splitlines()), 3)
        self.assertIn(f"(ended by {gone[:10]})", text)
        whole = self.run_it("statement", "show", second, *here)
        self.assertIn(f"replaces  {first}", whole)
        self.assertIn(f"ended by  {gone}", whole)

    def test_withdrawn_whatever_it_is(self):
        here = ("--state", self.state)
        kept = self.run_it("annotate", "wan", "--unseen", *here, *POWER).split()[0]
        withdraw = ("statement", "withdraw", *here, "--by", "grey")
        self.assertIn("and why", self.run_it(*withdraw, "--", kept, status=2))
        self.assertIn("no statement", self.run_it(*withdraw, "--text", "x", "nothing", status=1))
        told = self.run_it(*withdraw, "--text", "of another school", "--", kept[:12])
        self.assertIn("the annotation about circuit:s-local.wan is withdrawn by grey", told)
        self.assertEqual(self.listed("--kind", "annotation"), [])
        gone, = self.listed("--kind", "withdrawal")
        self.assertEqual((gone["statement"]["about"], gone["statement"]["by"], gone["statement"]["body"]),
                         (kept, "grey", {"v": 1, "text": "of another school"}))
        self.assertIn("good no longer", self.run_it(*withdraw, "--text", "x", "--", kept, status=1))
        self.assertIn("that is final", self.run_it(*withdraw, "--text", "x", "--", gone["id"], status=1))

    def test_an_id_that_begins_like_an_option(self):
        """One in 64 does."""
        here = ("--state", self.state)
        found = ""
        for n in range(2000):
            text = ("--text", f"the {n}th guess")
            found = self.run_it("annotate", "wan", "--unseen", *here, *POWER, *text).split()[0]
            if found.startswith("-"):
                break
        self.assertTrue(found.startswith("-"), found)
        for words in ((found, "--raw", *here), (*here, "--raw", found), (*here, "--raw", "--", found[:9])):
            self.assertEqual(identity(self.run_it("statement", "show", *words).encode()), found)
        self.run_it("annotate", *here, "--withdraw", found)

    def test_what_is_refused(self):
        here = ("--unseen", "--state", self.state)
        kept = self.run_it("annotate", "wan", *here, *POWER).split()[0]
        for words, status, says in (
                (("wan", *POWER[2:]), 2, "from when to when"),
                (("wan", *POWER[:4]), 2, "what is known"),
                (("wan", *POWER, "--cause", "moon"), 2, "--cause is power"),
                (("wan", *POWER, "--to", "2026-11-02T08:00:00Z"), 2, "later than"),
                (("wan", *POWER, "--text", "a\x1bb"), 2, "--text"),
                (("wan", *POWER, "--by", "Heron"), 2, "account's name"),
                (("wan", *POWER, "--replaces", "nothing"), 1, "no statement"),
                (("wan2", *POWER, "--replaces", kept), 1, "is about circuit:s-local.wan"),
                (("a b", *POWER), 2, "is no circuit"),
                (("s-1.wan", *POWER), 2, "is no circuit"),
                (POWER, 2, "which circuit"),
                (("--withdraw", kept, *POWER), 2, "says all there is")):
            self.assertIn(says, self.run_it("annotate", *here, *words, status=status))
        self.assertIn("who says so", self.run_it("annotate", *here, "wan", *POWER, status=2, USER="",
                                                 LOGNAME=""))
        self.assertEqual([x["id"] for x in self.listed("--history")], [kept])

    def test_at_a_collector(self):
        data = os.path.join(self.folder, "collector")
        os.mkdir(data)
        subprocess.run([GEN, "--from", "2026-11-02T06:00:00Z", "--days", "1", "--ledger",
                        data + "/ledger"], check=True, stdout=subprocess.DEVNULL)
        told = self.run_it("annotate", "--ledger", data, "s-nobody.wan", *POWER, status=1)
        self.assertIn("no circuit s-nobody.wan has records here; there are:", told)
        site = told.split()[-1]
        self.assertIn("which site's", self.run_it("annotate", "--ledger", data, "wan", *POWER, status=2))
        self.run_it("annotate", "--ledger", data, site, *POWER)
        one, = json.loads(self.run_it("statement", "list", "--json", "--ledger", data))
        self.assertEqual(one["statement"]["about"], "circuit:" + site)


if __name__ == "__main__":
    unittest.main()
