# SPDX-License-Identifier: GPL-3.0-or-later
"""said_case - days of made records in a collector's folder, and the command run on them: what
tests of things that people say share. Takes BANDWITNESS and GEN_YEAR out of the words."""
import os
import subprocess
import sys
import tempfile
import unittest

BANDWITNESS, GEN = sys.argv.pop(1), sys.argv.pop(1)
ENV = {**os.environ, "SOURCE_DATE_EPOCH": "1794500000", "TZ": "UTC"}


class SaidCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def make(cls, begin, days):
        """`folder` with the ledger in `data`, its records in `jose`, their key in `key`."""
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="bw-test-said-"))
        cls.data, cls.jose, cls.key = (os.path.join(cls.folder, n) for n in ("data", "r.jose", "r.jwk"))
        os.mkdir(cls.data)
        subprocess.run([GEN, "--from", begin, "--days", str(days), "--offset", "-18000", "--jose", cls.jose,
                        "--key", cls.key, "--ledger", cls.data + "/ledger"],
                       check=True, stdout=subprocess.DEVNULL)

    def run_it(self, *words, status=0):
        done = subprocess.run([BANDWITNESS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=120, check=False, env=ENV)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout
