#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_cli.py BANDWITNESS - the command as people meet it: help, exit status, errors that
name the mend, `verify` and `journal export` on the golden vectors."""
import contextlib
import csv
import io
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VECTORS = os.path.join(TOP, "docs", "vectors")
CHAIN = os.path.join(VECTORS, "chain.jose")
KEYS = os.path.join(VECTORS, "chain.jwks")
PROGRAM = ""


def run(*args, **more):
    env = dict(os.environ, TERM="dumb")
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, env=env,
                          timeout=60, check=False, **more)


class Frame(unittest.TestCase):
    def test_help_and_version(self):
        r = run("--help")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        verbs = re.findall(r"^  (\S+(?: \S+)?)  +\S", r.stdout, re.M)
        self.assertIn("verify", verbs)
        self.assertIn("journal export", verbs)
        for verb in verbs:
            for args in ((*verb.split(), "--help"), ("help", *verb.split())):
                r = run(*args)
                self.assertEqual((r.returncode, r.stderr), (0, ""), verb)
                self.assertTrue(r.stdout.startswith(f"Usage: bandwitness {verb} "), verb)
                self.assertTrue(r.stdout.endswith("\n"), verb)
                self.assertLess(max(map(len, r.stdout.split("\n"))), 101, verb)
        self.assertRegex(run("--version").stdout, r"^bandwitness \d+\.\d+\.\d+\n$")

    def test_help_tells_every_option_and_the_exit_status(self):
        cli = os.path.join(TOP, "cli")
        sources = {}
        for name in os.listdir(cli):
            if name.endswith(".c"):
                with open(os.path.join(cli, name), encoding="utf-8") as f:
                    sources[name] = f.read()
        shared = {"bw_cli_rename(": "rename.c", "report_asked.h": "report_asked.c"}
        seen = 0
        for name, text in sources.items():
            verb = re.search(r'\.name = "([a-z -]+)"', text)
            if not name.startswith("verb_") or not verb or verb[1].startswith("-") \
                    or name in ("verb_probe.c", "verb_run_child.c"):
                continue
            text += "".join(sources[file] for sign, file in shared.items() if sign in text)
            options = re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', text)
            shown = run(*verb[1].split(), "--help").stdout
            for option in options:
                self.assertIn(f"--{option}", shown, verb[1])
                seen += 1
            self.assertIn("Exit status: 0 ", shown, verb[1])
            self.assertIn("Example:", shown, verb[1])
        self.assertGreater(seen, 60)

    def test_the_page_of_probe(self):
        """Every kind, option and JSON member that there is, is in bandwitness-probe(1)."""
        with open(os.path.join(TOP, "man", "bandwitness-probe.1.scd"), encoding="utf-8") as f:
            page = f.read()
        with open(os.path.join(TOP, "probes", "CMakeLists.txt"), encoding="utf-8") as f:
            kinds = re.findall(r"^bw_add_probe\((\w+)", f.read(), re.M)
        shown = run("probe", "--help").stdout
        self.assertGreaterEqual(len(kinds), 8)
        for kind in kinds:
            self.assertIn(f"*{kind}*", page)
            self.assertRegex(shown, rf"(?m)^  {kind} ")
        seen = 0
        for name in ("verb_probe", "probe_view", "probe_run_view", "probe_beside",
                     "probe_latency", "path_view"):
            with open(os.path.join(TOP, "cli", name + ".c"), encoding="utf-8") as f:
                text = f.read()
            for option in re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', text):
                self.assertIn(f"*--{option}*", page)
                self.assertIn(f"--{option} ", shown)
            for member in re.findall(r'bw_jw_k\w+\(&?w, "(\w+)"|json_end\(w, "(\w+)"', text):
                self.assertIn(f"_{''.join(member)}_", page, name)
                seen += 1
        self.assertGreater(seen, 50)

    def test_wrong_command_lines(self):
        for args, says in (((), "Verbs:"),
                           (("verfy",), "did you mean 'verify'?"),
                           (("zzzzzzzz",), "unknown verb 'zzzzzzzz'"),
                           (("journal",), "wants one of its verbs"),
                           (("journal", "exprot"), "has no verb 'exprot'"),
                           (("verify",), "which file?"),
                           (("verify", "a", "b"), "one file at a time"),
                           (("verify", "--kye", "x", "f"), "did you mean '--key'?"),
                           (("verify", "-x", "f"), "unknown option '-x'"),
                           (("verify", "f", "--key"), "option '--key' needs a value"),
                           (("verify", "--json=yes", "f"), "takes no value"),
                           (("journal", "export", "--format", "xml"), "jose, json or csv"),
                           (("journal", "export", "--from", "soon"), "wants a day"),
                           (("journal", "export", "--from", "2026-02-01", "--to",
                             "2026-01-01"), "--from must be before --to")):
            r = run(*args)
            self.assertEqual(r.returncode, 2, args)
            self.assertIn(says, r.stderr, args)
            self.assertEqual(r.stdout, "", args)

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for args in (("--help",), ("verify", "--key", KEYS, CHAIN),
                         ("journal", "export", "--file", CHAIN)):
                r = subprocess.run([PROGRAM, *args], stdout=full, stderr=subprocess.PIPE,
                                   text=True, check=False)
                self.assertEqual(r.returncode, 1, args)
                self.assertIn("cannot write the result", r.stderr)


class Wording(unittest.TestCase):
    def test_counts_agree_with_their_nouns(self):
        circuit = 'circuit "%s" { vantage = lan-side source = none }\n'
        probe = 'icmp "%s" { circuit = "wan" target "%s" { address = "127.0.0.1" } }\n'
        with tempfile.TemporaryDirectory(prefix="bw-test-cli-") as folder:
            for n, says in ((1, "fine (1 circuit, 1 probe, "), (2, "fine (2 circuits, 2 probes, ")):
                path = os.path.join(folder, "c.conf")
                with open(path, "w", encoding="utf-8") as f:
                    for name in ("wan", "lte")[:n]:  # its probe is of "wan"
                        f.write(circuit % name + probe % (name, name))
                r = run("check-config", path)
                self.assertEqual((r.returncode, r.stderr), (0, ""))
                self.assertIn(says, r.stdout)

    def test_a_configuration_is_forecast(self):
        """What it will move, and what it cannot do; a warning is no refusal."""
        text = ('circuit "wan" { vantage = lan-side source = none claim { down = 100M up = 2G } }\n'
                'tests { day_bytes = 5GB month_bytes = 1TB }\n'
                'icmp "e" { interval = 1s target "a" { address = "127.0.0.1" } }\n'
                'http "h" { every = 6h direction = down server_rate = 1G duration = 8s'
                ' warmup = 2s target "s" { address = "http://127.0.0.1/f" } }\n')
        with tempfile.TemporaryDirectory(prefix="bw-test-cli-") as folder:
            path = os.path.join(folder, "c.conf")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            r = run("check-config", path)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        # 86,400 packets of 84 bytes there and back; 24 h / 6 h / 0.9228 = 4.3 runs of 10 s
        # (and what a tick may last longer) at 2 Gbit/s, the larger claim
        self.assertRegex(r.stdout, r"will move about 11 GB a day, 32[0-9] GB a month")
        self.assertRegex(r.stdout, r"icmp +e +86400 packets a day +15 MB a day, 435 MB a month")
        self.assertRegex(r.stdout, r"http +h +4\.3 runs a day, at most 2\.5 GB each")
        self.assertIn("day_bytes = 5.0 GB } is less", r.stdout)
        self.assertNotIn("month_bytes", r.stdout)
        self.assertIn("2000 Mbit/s up is not testable", r.stdout)
        self.assertNotIn("100 Mbit/s down", r.stdout)

    def test_what_never_runs_is_said(self):
        """Two hours a day and a mean gap of a day: no secret draws a start into them."""
        text = ('timezone = UTC\n'
                'circuit "wan" { vantage = lan-side source = none }\n'
                'window "night" { from = "20:00" to = "22:00" }\n'
                'http "h" { every = %s target "s" { address = "http://127.0.0.1/f" } }\n')
        with tempfile.TemporaryDirectory(prefix="bw-test-cli-") as folder:
            never = self.taken(folder, text % "1d", "once a day")
            self.assertRegex(never, r'http +h +0\.0 runs a day')
            self.assertIn('http "h" will never run', never)
            self.assertNotIn("never", self.taken(folder, text % "12h", "twice a day"))

    def taken(self, folder, text, what):
        path = os.path.join(folder, "c.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        r = run("check-config", path)
        self.assertEqual((r.returncode, r.stderr), (0, ""), what)
        return r.stdout

    def test_every_sample_is_taken(self):
        """What we show as an example is right: as it stands, and with all that waits in comments."""
        def read(*path):
            with open(os.path.join(TOP, *path), encoding="utf-8") as f:
                return f.read()
        sample, page = read("etc", "bandwitness.conf"), read("man", "bandwitness.conf.5.scd")
        probes = {kind: read("probes", kind, kind + ".conf")
                  for kind in sorted(os.listdir(os.path.join(TOP, "probes")))
                  if os.path.isdir(os.path.join(TOP, "probes", kind))}
        circuit = 'circuit "wan" { vantage = router source = kernel interface = "eth0" }\n'
        blocks = re.findall(r"^```\n(.*?)^```", page, re.M | re.S)
        with tempfile.TemporaryDirectory(prefix="bw-test-cli-") as folder:
            days = os.path.join(folder, "days-off.txt")
            with open(days, "w", encoding="utf-8") as f:
                f.write(next(b for b in blocks if b.startswith("# ")))
            self.taken(folder, sample, "the sample")
            # a section or option in comments: # right before it, or with four blanks or more
            whole = re.sub(r"(?m)^( *)#(?=\S| {4})", r"\1", sample).replace(
                "/etc/bandwitness/days-off.txt", days)
            for word in ("collector {", "claim {", "http ", "outside ", "reflector {",
                         "source_address", "month_bytes", "instruction_calendar"):
                self.assertRegex(whole, rf"(?m)^ *{word}")
            self.assertRegex(self.taken(folder, whole, "the whole sample"), r"http +state ")
            self.assertGreaterEqual(len(probes), 10)
            for kind, text in probes.items():
                self.assertRegex(self.taken(folder, circuit + text, kind), rf"(?m)^  {kind} ")
            self.taken(folder, circuit + "".join(probes.values()), "all probes in one file")
            (first,) = [b for b in blocks if b.startswith("interval")]
            (hub,) = [b for b in blocks if b.startswith("reflector")]
            self.taken(folder, first + hub, "the manual's examples")

    def test_no_source_prints_a_plural_of_its_own(self):
        """One helper makes the forms (lib/base/plural.h)."""
        found = []
        for folder in ("cli", "daemon", "collector", "lib", "evidence", "measure", "probes"):
            for top, _, names in os.walk(os.path.join(TOP, folder)):
                for name in names:
                    if name.endswith((".c", ".h")):
                        with open(os.path.join(top, name), encoding="utf-8") as f:
                            text = f.read()
                        if re.search(r'\? "" : "s"', text):
                            found.append(os.path.join(top, name))
        self.assertEqual(found, [])


class Verify(unittest.TestCase):
    def setUp(self):
        with open(CHAIN, encoding="ascii") as f:
            self.lines = f.read().splitlines()
        self.folder = tempfile.TemporaryDirectory(prefix="bw-test-cli-")

    def tearDown(self):
        self.folder.cleanup()

    def file(self, lines):
        path = os.path.join(self.folder.name, "f.jose")
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        return path

    def verify(self, lines, *args, key=KEYS):
        r = run("verify", "--json", "--key", key, *args, self.file(lines))
        result = json.loads(r.stdout)
        self.assertEqual(result["ok"], r.returncode == 0)
        self.assertEqual("first_fault" in result, r.returncode == 1)
        return result, r.stderr

    def test_whole(self):
        r = run("verify", "--key", KEYS, CHAIN)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertIn("everything holds", r.stdout)
        self.assertIn("6 of 1 site, 6 with a signature that fits", r.stdout)
        result, _ = self.verify(self.lines)
        self.assertEqual([c["records"] for c in result["chains"]], [4, 2])
        self.assertEqual(result["chains"][1]["prev_kid"], result["chains"][0]["kid"])
        self.assertEqual((result["missing"], result["duplicates"]), (0, 0))

    def test_packed(self):
        path = self.file(self.lines)
        subprocess.run(["zstd", "-q", path], check=True)
        self.assertEqual(run("verify", "--key", KEYS, path + ".zst").returncode, 0)

    def test_private_key_counts_as_its_public_half(self):
        one = os.path.join(VECTORS, "eddsa-1.jwk")
        two = os.path.join(VECTORS, "eddsa-2.jwk")
        self.assertEqual(run("verify", "--key", one, "--key", two, CHAIN).returncode, 0)

    def test_faults(self):
        lines = self.lines
        changed = lines[1][:-3] + ("A" if lines[1][-3] != "A" else "B") + lines[1][-2:]
        for name, line, given in (
                ("wrong-signature", 2, [lines[0], changed, *lines[2:]]),
                ("out-of-order", 2, [lines[0], lines[2], lines[1], *lines[3:]]),
                ("hole", 2, [lines[0], *lines[2:]]),
                ("begins-later", 1, lines[1:]),
                ("duplicate", 3, [*lines[:2], lines[1], *lines[2:]]),
                ("not-a-record", 2, [lines[0], "x", *lines[1:]]),
                ("wrong-chain", 1, lines[4:])):
            result, err = self.verify(given)
            fault = result["first_fault"]
            self.assertEqual((fault["fault"], fault["line"]), (name, line), fault)
            self.assertIn(f"f.jose:{line}: {name}: ", err)
            self.assertIn(fault["text"], err)
        result, _ = self.verify(lines, key=os.path.join(VECTORS, "es256.jwk"))
        self.assertEqual(result["first_fault"]["fault"], "unknown-key")
        self.verify(lines[4:], "--partial")
        self.assertEqual(run("verify", "--key", KEYS, "--partial",
                             self.file(lines[2:])).returncode, 0)

    def test_without_keys_is_not_enough(self):
        r = run("verify", CHAIN)
        self.assertEqual(r.returncode, 1)
        self.assertIn("no signature was checked", r.stderr)
        r = run("verify", "--key", KEYS, self.file([]))
        self.assertEqual(r.returncode, 1)
        self.assertIn("holds no record", r.stderr)

    def test_what_cannot_be_read(self):
        for path in ("/nonexistent", self.folder.name):
            r = run("verify", "--key", KEYS, path)
            self.assertEqual(r.returncode, 1)
            self.assertIn(path, r.stderr)
        r = run("verify", "--key", CHAIN, CHAIN)
        self.assertEqual(r.returncode, 1)
        self.assertIn("chain.jose", r.stderr)


class Hostile(unittest.TestCase):
    """Whatever file is named: an end, exit status 1, and a sentence with file, line, mend."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bw-test-cli-")
        with open(CHAIN, "rb") as f:
            self.chain = f.read()

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name, data=None):
        path = os.path.join(self.folder.name, name)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data)
        return path

    def refused(self, path, *says, **more):
        for words in (("verify", "--key", KEYS), ("journal", "export", "--file"),
                      ("report", "--tz", "UTC", "--file")):
            r = run(*words, path, **more)
            self.assertEqual((r.returncode, r.stdout if words[0] != "verify" else ""), (1, ""),
                             (words, path, r.stderr))
            for text in (path, *says):
                self.assertIn(text, r.stderr, words)
            self.assertTrue(r.stderr.startswith("bandwitness " + " ".join(
                w for w in words if w in ("verify", "journal", "export", "report")) + ": "))
            self.assertTrue(all(c == "\n" or c.isprintable() for c in r.stderr), r.stderr)

    def test_lines_that_are_no_records(self):
        chain = self.chain
        for name, data, says in (
                ("nul", chain + b"x\0y", (":7: ", "bytes that no record has")),
                ("binary", b"\x80\x81\x1b[2J\n", (":1: ", "bytes that no record has")),
                ("long", b"a" * 40_000_000 + b"\n" + chain, (":1: ", "longer than any record")),
                ("blank", chain + b"\n", (":7: ", "the line is empty")),
                ("crlf", chain.replace(b"\n", b"\r\n"), (":1: ", "CR and LF", "tr -d")),
                ("mark", b"\xef\xbb\xbf" + chain, (":1: ", "byte order mark")),
                ("utf16", chain.decode().encode("utf-16"), (":1: ", "UTF-16")),
                ("json", b'{"records":[]}\n', (":1: ", "--format jose")),
                ("csv", b"start,end\n1,2\n", (":1: ", "--format jose")),
                ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\n", (":1: ", "gunzip")),
                ("cut", chain[:len(chain) - 100], (":6: ",))):
            self.refused(self.path(name, data), *says)

    def test_what_is_no_file(self):
        os.mkfifo(self.path("fifo"))
        os.mkdir(self.path("folder"))
        os.symlink("loop", self.path("loop"))
        self.refused(self.path("fifo"), "not a plain file")
        self.refused(self.path("folder"), "a folder")
        self.refused(self.path("loop"), "symbolic links")
        self.refused(self.path("nothing"), "No such file")
        self.refused("/dev/zero", "not a plain file")
        for words in (("verify", "--key", KEYS), ("report", "--tz", "UTC", "--file")):
            r = run(*words, self.path("empty", b""))
            self.assertEqual((r.returncode, r.stdout if words[0] == "report" else ""), (1, ""))
            self.assertRegex(r.stderr, "empty: (holds no record|there are no records)")
        if os.geteuid() == 0:
            os.chmod(self.folder.name, 0o755)
            os.chmod(self.path("closed", self.chain), 0)
            self.refused(self.path("closed"), "Permission denied", user=65534, group=65534,
                         extra_groups=[])

    def test_zstd_that_is_cut_damaged_or_a_bomb(self):
        packed = subprocess.run(["zstd", "-q", "-c", CHAIN], capture_output=True,
                                check=True).stdout
        self.refused(self.path("cut.zst", packed[:-20]), "ends too early")
        self.refused(self.path("head.zst", packed[:4]), "ends too early")
        self.refused(self.path("damaged.zst", packed[:40] + b"\xff" * 8 + packed[48:]), "zstd")

        def small_files():
            limit = 80 * 1024 * 1024  # what is inflated before the bomb is known as one
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for name, what in (("zeros", b"\0"), ("lines", b"\n"), ("records", self.chain)):
            with subprocess.Popen(["zstd", "-q", "-c", "--long=24"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE) as make:
                feed = threading.Thread(target=self.feed, args=(make.stdin, what, 96))
                feed.start()
                data = make.stdout.read()
                feed.join()
            self.assertLess(len(data), 1_000_000)
            self.refused(self.path(name + ".zst", data), "inflate", "no records",
                         preexec_fn=small_files)

    @staticmethod
    def feed(pipe, what, megabytes):
        block = what * (1024 * 1024 // len(what))
        for _ in range(megabytes):
            pipe.write(block)
        pipe.close()

    def test_names_that_no_page_could_show(self):
        data = self.path("data")
        os.mkdir(data)
        for words, says in (
                ((b"site", b"add", b"a\x01b"), "control"),
                ((b"site", b"add", b"a\xffb"), "UTF-8"),
                ((b"site", b"add", b""), "empty"),
                ((b"site", b"add", b"x" * 128), "127"),
                ((b"site", b"add", b"Oak", b"--entity", b"\x1b[31mred"), "control"),
                ((b"site", b"add", b"Oak", b"--entity", b""), "empty"),
                ((b"site", b"add", b"Oak", b"--provider", b"\xff", b"--down", b"1M"), "UTF-8"),
                ((b"site", b"add", b"Oak", b"--provider", b"x" * 128, b"--down", b"1M"), "127"),
                ((b"site", b"add", b"Oak", b"--circuit", b"w\nn", b"--down", b"1M"), "circuit"),
                ((b"site", b"add", b"Oak", b"--circuit", b"../x", b"--down", b"1M"), "circuit"),
                ((b"token", b"create", b"--site", b"\xff"), "UTF-8"),
                ((b"token", b"create", b"--entity", b"\x7f"), "control")):
            r = run(*words, "--data", data)
            self.assertEqual((r.returncode, r.stdout), (2, ""), words)
            self.assertIn(says, r.stderr, words)
        self.assertEqual(json.loads(run("site", "list", "--json", "--data", data).stdout), [])


class Catalogue(unittest.TestCase):
    """What the state writes down: dated, corrected, ended; and nothing is ever lost."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bw-test-cli-")
        self.site = self.ok("site", "add", "Alder Elementary", "--entity", "Alder Valley").strip()

    def tearDown(self):
        self.folder.cleanup()

    def ok(self, *words):
        r = run(*words, "--data", self.folder.name)
        self.assertEqual((r.returncode, r.stderr), (0, ""), words)
        return r.stdout

    def no(self, status, says, *words):
        r = run(*words, "--data", self.folder.name)
        self.assertEqual((r.returncode, r.stdout), (status, ""), words)
        self.assertIn(says, r.stderr, words)

    def shown(self):
        return json.loads(self.ok("site", "show", "--json", self.site))

    def test_rename(self):
        self.ok("site", "rename", self.site, "Alder Midle", "--from", "2025-07-01")
        out = self.ok("site", "rename", self.site, "Alder Middle", "--from", "2025-07-01")
        self.assertIn('is "Alder Middle" from 2025-07-01T00:00:00Z on; before that '
                      '"Alder Elementary"', out)
        s, = json.loads(self.ok("site", "list", "--json"))
        self.assertEqual((s["name"], s["entity"]), ("Alder Middle", "alder-valley"))
        names = self.shown()["names"]
        self.assertEqual([n["name"] for n in names],
                         ["Alder Elementary", "Alder Midle", "Alder Middle"])
        self.assertNotIn("from_s", names[0])
        self.assertEqual(names[1]["from_s"], 1751328000)
        text = self.ok("site", "show", self.site)
        self.assertRegex(text, r'name +from the beginning +"Alder Elementary", written down 20')
        self.no(1, "no site s-zzzzz", "site", "rename", "s-zzzzz", "x")
        self.no(1, "still to come", "site", "rename", self.site, "x", "--from", "2990-01-01")
        self.no(2, "is empty", "site", "rename", self.site, "")
        self.no(2, "control", "site", "rename", self.site, "a\nb")
        self.no(2, "which one", "site", "rename", self.site)
        self.ok("entity", "rename", "Alder Valley", "Alder Valley Unified")
        self.ok("entity", "rename", "alder-valley", "Alder Unified")
        self.no(1, "no entity", "entity", "rename", "Alder Valley", "x")
        self.assertEqual(self.ok("site", "add", "Birch", "--entity", "Alder Unified")[:2], "s-")
        self.assertEqual({s["entity"] for s in json.loads(self.ok("site", "list", "--json"))},
                         {"alder-valley"})

    def claims(self, state="good"):
        return [(c["from_s"], c.get("to_s"), c["down_bps"]) for c in self.shown()["claims"]
                if c["state"] == state]

    def test_claims(self):
        july, january, june = 1751328000, 1767225600, 1780272000
        claim = ("site", "claim", self.site)
        self.ok(*claim, "--from", "2025-07-01", "--down", "100M", "--up", "20M", "--layer", "ip",
                "--provider", "River Telecom", "--frn-line", "1699048824.003", "--spin",
                "143000555", "--monthly-cost", "450.05")
        out = self.ok(*claim, "--from", "2026-01-01", "--down", "25M")
        self.assertEqual(out.splitlines(), [
            f"{self.site}.wan from 2025-07-01T00:00:00Z to 2026-01-01T00:00:00Z: 100 Mbit/s down "
            "20 Mbit/s up, ip, River Telecom",
            f"{self.site}.wan from 2026-01-01T00:00:00Z on: 25 Mbit/s down, layer not stated"])
        self.ok(*claim, "--from", "2026-01-01", "--down", "250M")
        self.assertEqual(self.claims("replaced"), [(january, None, 25_000_000)])
        self.ok(*claim, "--end", "2026-06-01")
        self.assertEqual(self.claims(), [(july, None, 100_000_000), (january, june, 250_000_000)])
        first = self.shown()["claims"][0]
        self.assertEqual((first["frn_line"], first["spin"], first["monthly_cost_cents"],
                          first["provider"], first["layer"], first["up_bps"]),
                         ("1699048824.003", "143000555", 45005, "River Telecom", "ip", 20_000_000))
        self.no(1, "no claim", *claim, "--end", "2026-07-01")
        out = self.ok(*claim, "--withdraw", "--from", "2026-01-01")
        self.assertIn("from 2025-07-01T00:00:00Z on: 100", out)
        self.assertEqual(len(self.shown()["claims"]), 5)
        self.no(1, "no claim", *claim, "--withdraw", "--from", "2026-01-01")
        self.no(1, "no site", "site", "claim", "s-zzzzz", "--from", "2026-01-01", "--down", "1M")
        self.assertIn("withdrawn", self.ok("site", "show", self.site))
        for says, words in (("since when", ("--down", "1M")),
                            ("what is claimed", ("--from", "2026-01-01")),
                            ("stands alone", ("--end", "2026-01-01", "--withdraw")),
                            ("no other value", ("--end", "2026-01-01", "--down", "1M")),
                            ("no other value", ("--withdraw", "--from", "2026-01-01", "--to",
                                                "2026-02-01")),
                            ("--frn-line is like", ("--frn-line", "1699048824")),
                            ("nine digits", ("--spin", "14300055x")),
                            ("dollars a month", ("--monthly-cost", "4.5")),
                            ("dollars a month", ("--monthly-cost", "-4")),
                            ("circuit's name", ("--circuit", "../wan"))):
            self.no(2, says, *claim, *words)
        self.no(1, "must end after", *claim, "--from", "2026-03-01", "--to", "2026-02-01",
                "--down", "1M")

    def test_a_catalogue_of_the_version_before(self):
        db_path = os.path.join(self.folder.name, "catalogue.db")
        db = sqlite3.connect(db_path)
        db.executescript(f"""
            DROP TABLE names;
            DROP TABLE statements;
            DROP TABLE ends;
            ALTER TABLE keys DROP COLUMN prev_kid;
            INSERT INTO keys VALUES('one', 1, x'00', '{self.site}', 5, NULL, 'two'),
                                   ('two', 1, x'00', '{self.site}', 6, NULL, NULL);
            PRAGMA user_version=1;""")
        db.close()
        s, = json.loads(self.ok("site", "list", "--json"))
        self.assertEqual(s["name"], "Alder Elementary")
        self.ok("site", "rename", self.site, "Alder Middle")
        self.assertEqual(len(self.shown()["names"]), 2)
        with contextlib.closing(sqlite3.connect(db_path)) as db:
            self.assertEqual(db.execute("SELECT kid, prev_kid FROM keys ORDER BY kid").fetchall(),
                             [("one", None), ("two", "one")])


class Export(unittest.TestCase):
    full = os.path.join(VECTORS, "full.eddsa.jose")
    none = os.path.join(VECTORS, "source-none.eddsa.jose")

    def export(self, path, *args):
        r = run("journal", "export", "--file", path, *args)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        return r.stdout

    def test_jose_is_what_came_in(self):
        with open(CHAIN, encoding="ascii") as f:
            self.assertEqual(self.export(CHAIN), f.read())

    def test_json(self):
        records = json.loads(self.export(self.full, "--format", "json"))["records"]
        with open(os.path.join(VECTORS, "full.json"), encoding="utf-8") as f:
            self.assertEqual(records[0]["summary"], json.load(f))
        self.assertEqual(records[0]["seq"], 42)
        self.assertEqual(json.loads(self.export(self.full, "--format", "json", "--from",
                                                "2099-01-01")), {"records": []})
        self.assertEqual(json.loads(self.export(self.full, "--format", "json", "--circuit",
                                                "none"))["records"], [])

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.export(self.full, "--format", "csv"))))
        self.assertEqual([r["circuit"] for r in rows], ["wan", "lte"])
        self.assertEqual({len(r) for r in rows}, {50})
        wan, lte = rows
        self.assertEqual((wan["start"], wan["end"]),
                         ("2026-09-10T03:55:00Z", "2026-09-10T04:00:00Z"))
        self.assertEqual((wan["down_bytes"], wan["up_bytes"], wan["down_errors"]),
                         ("2250000000", "150000000", "0"))
        self.assertEqual((wan["up_drops"], wan["received"]), ("", ""))  # unknown, not 0
        self.assertEqual((wan["packets_sent"], wan["packets_lost"]), ("600", "2"))
        self.assertEqual((wan["tests_ok"], wan["tests_not_ok"], wan["down_line_bps"]),
                         ("1", "2", "99100000"))
        self.assertEqual((wan["outages"], wan["out_at_end"]), ("1", "no"))
        self.assertEqual((lte["outages"], lte["out_at_end"]), ("1", "yes"))
        self.assertEqual((lte["covered_s"], lte["down_bytes"], lte["behind"]),
                         ("0", "", "nat+filter+proxy"))
        self.assertEqual((lte["latency_targets"], lte["packets_sent"]), ("0", ""))
        row = next(csv.DictReader(io.StringIO(self.export(self.none, "--format", "csv"))))
        for name in row:
            if re.match("down_|link|covered|saturated|layer|up_(?!goodput)", name):
                self.assertEqual(row[name], "", name)
        self.assertEqual(row["up_goodput_bps"], "19600000")
        # one target and no counters: nobody could have seen an outage
        self.assertEqual((row["outages"], row["out_at_end"]), ("", ""))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
