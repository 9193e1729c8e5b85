# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness statement`, `annotate`: what people say is kept under their names, in the folder
that was meant, and shown with what became of it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)


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
        self.assertIn("give one id", self.run_it("statement", "show", "--state", self.state, status=2))


if __name__ == "__main__":
    unittest.main()
