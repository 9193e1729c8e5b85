#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_deb.py CPACK SOURCE BUILD - what CPack packs of a finished build, as dpkg-deb sees it."""
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from bwtest.scenes import SKIP

NAME = "bandwitness-snmp"
DOC = f"./usr/share/doc/{NAME}/"
FILES = {f"./usr/sbin/{NAME}": "-rwxr-xr-x", f"./usr/share/man/man8/{NAME}.8.gz": "-rw-r--r--",
         DOC + "copyright": "-rw-r--r--", DOC + "changelog.gz": "-rw-r--r--"}


def said(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC"))
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}")
    return done.stdout


class Deb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="bw-deb-")
        cls.addClassCleanup(folder.cleanup)
        os.umask(0o077)  # what is packed must not depend on who packs
        said(CPACK, "-G", "DEB", "--config", f"{BUILD}/CPackConfig.cmake", "-B", folder.name)
        cls.packed = [n for n in os.listdir(folder.name) if n.endswith(".deb")]
        cls.deb = os.path.join(folder.name, cls.packed[0])
        fields = ("Package", "Version", "Architecture", "Maintainer", "Section", "Depends", "Description")
        cls.field = {f: said("dpkg-deb", "--field", cls.deb, f).strip() for f in fields}
        cls.root, cls.control = f"{folder.name}/root", f"{folder.name}/control"
        said("dpkg-deb", "--extract", cls.deb, cls.root)
        said("dpkg-deb", "--control", cls.deb, cls.control)

    def test_says_what_it_is(self):
        version, arch = self.field["Version"], said("dpkg", "--print-architecture").strip()
        self.assertEqual(self.packed, [f"{NAME}_{version}_{arch}.deb"])
        self.assertEqual(self.field["Package"], NAME)
        self.assertEqual(self.field["Architecture"], arch)
        self.assertEqual(self.field["Section"], "net")
        self.assertTrue(self.field["Maintainer"].startswith("Bandwitness <"), self.field)
        first, *rest = self.field["Description"].split("\n")
        self.assertIn("counters", first)
        self.assertIn(" .", rest)

    def test_depends_on_the_library(self):
        names = [d.split("(")[0].strip() for d in self.field["Depends"].split(",")]
        self.assertTrue([n for n in names if n.startswith("libsnmp")], names)
        self.assertIn("libc6", names)

    def test_holds_these_files_only(self):
        found = {}
        for line in said("dpkg-deb", "--contents", self.deb).splitlines():
            mode, owner, *_, path = line.split()
            self.assertEqual(owner, "root/root", line)
            if path.endswith("/"):
                self.assertEqual(mode, "drwxr-xr-x", line)
            else:
                found[path] = mode
        self.assertEqual(found, FILES)

    def test_knows_nothing_of_where_it_was_built(self):
        for top in (self.root, self.control):
            for where, _, names in os.walk(top):
                for name in names:
                    with open(os.path.join(where, name), "rb") as f:
                        data = f.read()
                    data = gzip.decompress(data) if name.endswith(".gz") else data
                    if b"__asan_init" in data or b"__tsan_init" in data:
                        continue  # sanitizers keep the names of sources, for their reports
                    for path in (SOURCE, BUILD, os.path.dirname(self.deb)):
                        self.assertNotIn(path.encode(), data, name)

    def test_its_program_starts(self):
        done = subprocess.run([f"{self.root}/usr/sbin/{NAME}"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout)  # no job


CPACK, SOURCE, BUILD = sys.argv[1:]
for tool in (CPACK, "dpkg-deb", "dpkg-shlibdeps", "file"):
    if not shutil.which(tool):
        print(f"skipped: {tool} is missing here")
        sys.exit(SKIP)
unittest.main(argv=sys.argv[:1], verbosity=2)
