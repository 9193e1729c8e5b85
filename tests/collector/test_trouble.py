# SPDX-License-Identifier: GPL-3.0-or-later
"""When something is wrong on the collector's side: too much at once, a locked ledger, a
missing record that never comes, a lost key, a bad configuration."""
import concurrent.futures
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import unittest

from bwtest import Collector, program, scratch
from bwtest.jose import START, sha


class Trouble(unittest.TestCase):
    def test_too_much_at_once_is_told_when_to_come_again(self):
        with Collector("limits { queue_posts = 1 }\nledger { commit_delay = 1s }") as c:
            boxes = [c.box(f"Site {n}") for n in range(8)]
            lines = [b.summary() for b in boxes]
            answers = [None] * len(boxes)
            def post(n):
                answers[n] = c.post([lines[n]])
            threads = [threading.Thread(target=post, args=(n,)) for n in range(len(boxes))]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            busy = [a for a in answers if a.status == 429]
            good = [a for a in answers if a.status == 200]
            self.assertEqual(len(busy) + len(good), len(boxes))
            self.assertTrue(busy and good)
            for a in busy:
                self.assertEqual(a.json["type"], "/problems/busy")
                self.assertGreater(int(a.headers["Retry-After"]), 0)
            for n, a in enumerate(answers):
                if a.status == 429:
                    self.assertEqual(c.post([lines[n]]).json["chains"][0]["acked_through"], 1)

    def test_posts_that_wait_inflated_are_bounded(self):
        """While the writer waits for company, posts of a kilobyte come that are 8 MiB each."""
        body = subprocess.run(["zstd", "-q", "-c"], input=b"x" * (8 * 1024 * 1024 - 1),
                              stdout=subprocess.PIPE, check=True).stdout
        self.assertLess(len(body), 4096)
        with Collector("ledger { commit_delay = 1s }") as c:
            with concurrent.futures.ThreadPoolExecutor(150) as pool:
                asked = [pool.submit(c.post, body, Content_Encoding="zstd") for _ in range(150)]
            self.assertEqual({(a.result().status, a.result().json["refused"][0]["type"])
                              for a in asked}, {(422, "too-long")})
            with open(f"/proc/{c.proc.pid}/status", encoding="ascii") as f:
                most_kb = int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1])
            with open(f"/proc/{c.proc.pid}/maps", encoding="ascii") as f:
                has_shadow = "libtsan" in f.read()
            print(f"  {most_kb // 1024} MiB at most")
            # 128 MiB of posts, and what a sanitizer keeps of freed memory (256 MiB); that of
            # threads keeps a shadow of four times all: its figure says nothing of ours.
            if not has_shadow:
                self.assertLess(most_kb, 640 * 1024)
            box = c.box()
            self.assertEqual(c.post([box.summary()]).json["chains"][0]["acked_through"], 1)

    def test_a_locked_ledger_loses_nothing(self):
        with Collector() as c:
            box = c.box()
            lines = [box.summary() for _ in range(2)]
            self.assertEqual(c.post(lines[:1]).status, 200)
            lock = sqlite3.connect(os.path.join(c.data, "ledger", "ledger.db"))
            lock.execute("BEGIN IMMEDIATE")
            a = c.post(lines[1:])
            self.assertEqual(a.status, 503, a.body)
            self.assertIn("Retry-After", a.headers)
            self.assertEqual(c.get("/healthz").status, 503)
            self.assertIn(b"lock", c.get("/healthz").body)
            lock.rollback()
            lock.close()
            self.assertEqual(c.post(lines[1:]).json["chains"][0]["acked_through"], 2)
            self.assertEqual(c.get("/healthz").body, b"ok\n")
            self.assertIn("the ledger takes records again", c.text())

    def test_a_record_that_never_comes_becomes_a_hole(self):
        with Collector("ledger { hold = 1s }") as c:
            box = c.box()
            lines = [box.summary() for _ in range(5)]
            self.assertEqual(c.post(lines[:1] + lines[3:]).json["chains"][0]["acked_through"], 1)
            c.wait("the hole", lambda: "behind a hole" in c.text())
            a = c.post([lines[4]])
            self.assertEqual(a.json["chains"][0]["acked_through"], 5)
            got = c.export(f"{box.site}.wan", from_=START, to=START + 86400, format="jose")
            self.assertEqual(got.body.decode().split(), lines[:1] + lines[3:])
            self.assertIn("Missing", c.get(f"/sites/{box.site}").body.decode())

    def test_held_records_survive_a_kill(self):
        with Collector() as c:
            box = c.box()
            lines = [box.summary() for _ in range(3)]
            self.assertEqual(c.post(lines[1:]).json["chains"][0]["acked_through"], 0)
            c.kill()
            c.start()
            self.assertEqual(c.post(lines[:1]).json["chains"][0]["acked_through"], 3)

    def test_why_series_are_made_again_is_told_truly(self):
        version = "graph files are of another version, or lack their state: series of 1 circuit"
        with Collector() as c:
            box = c.box()
            c.post([box.summary() for _ in range(3)])
            url = f"/api/v1/circuits/{box.site}.wan/graph/link.svg?from={START}&to={START + 900}"
            state = os.path.join(c.data, "series", f"{box.site}.wan", "state")
            for orderly in (True, False):
                with self.subTest(orderly=orderly):
                    self.assertEqual(c.get(url).status, 200)
                    if orderly:
                        c.stop()
                        with open(state, "w", encoding="ascii") as f:
                            f.write("300 1790000000\n")  # as written before there were counts
                    else:
                        c.kill()
                    c.start()
                    told = c.text(last=True)
                    self.assertEqual(version in told, orderly)
                    self.assertEqual("the last end was not orderly" in told, not orderly)
                    self.assertFalse(os.path.exists(state))

    def test_a_lost_log_key_is_not_replaced(self):
        c = Collector()
        self.addCleanup(c.end)
        c.start()
        c.stop()
        key = os.path.join(c.data, "log-key.jwk")
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o400)
        os.rename(key, key + ".away")
        with self.assertRaises(AssertionError) as e:
            c.start()
        self.assertIn("bring the file back", str(e.exception))
        os.rename(key + ".away", key)
        c.start()

    def test_reload_keeps_what_is_good(self):
        with Collector() as c:
            with open(c.conf, encoding="utf-8") as f:
                good = f.read()
            def reload(text, words):
                with open(c.conf, "w", encoding="utf-8") as f:
                    f.write(text)
                c.reload()
                c.wait(words, lambda: words in c.text())
            reload(good + "\nqueue_post = 5\n", "the old configuration stays in force")
            self.assertIn("queue_post", c.text())
            c.wait("a room", lambda: b"Alder State" in c.get("/sites").body)
            reload(good.replace("Alder State", "Birch State"), "configuration read again")
            self.assertIn(b"Birch State", c.get("/sites").body)  # at once
            reload(good + "\nlimits { connections = 77 }\n", "limits changed: restart needed")

    def test_bad_configurations_name_the_line(self):
        GOOD_URL = 'accounts { url = "https://collector.example" }\n'
        IT = 'group "it" { role = admin }\n'
        folder = self.enterContext(scratch())
        path = os.path.join(folder, "c.conf")
        for text, words in (
                ("", "listen"),
                ('listen "a" { port = 1 port = 2 }', "c.conf:1"),
                ('listen "a" {\n adress = "::" }', "address"),
                ('listen "a" { address = "localhost" }', "neither"),
                ('listen "a" { mode = "999" }', "0660"),
                ('listen "a" { tls_key = "/k" }', "together"),
                ('listen "a" { }\nledger { hold = 5 }', "c.conf:2"),
                ('data_dir = "here"\nlisten "a" { }', "must begin with /"),
                ('access = shut\nlisten "a" { }', "access"),
                ('listen "a" { }\naccounts { url = "ftp://x" }', "https://HOST"),
                *((f'listen "a" {{ }}\n{GOOD_URL}oidc {{ issuer = "{issuer}" client_id = "x" {more} }}\n{group}', said)
                  for issuer, more, group, said in (
                      ("http://x.example", 'secret_file = "/s"', IT, "no issuer"),
                      ("https://x.example/?a", 'secret_file = "/s"', IT, "no issuer"),
                      ("https://x.example", "", IT, "one of secret_file and key_file"),
                      ("https://x.example", 'secret_file = "/s" key_file = "/k"', IT, "one of secret_file"),
                      ("https://x.example", 'secret_file = "s"', IT, "must begin with /"),
                      ("https://x.example", 'secret_file = "/s" scopes = "profile"', IT, "openid among them"),
                      ("https://x.example", 'secret_file = "/s"', "", "section group"))),
                (f'listen "a" {{ }}\noidc {{ issuer = "https://x.example" client_id = "x" secret_file = "/s" }}\n{IT}',
                 "url in section accounts"),
                (f'listen "a" {{ address = "/x" proxied = yes mode = "0666" }}\n{IT}'
                 'accounts { proxy_user = "X-U" proxy_groups = "X-G" }', "mode 0660"),
                ('listen "a" { }\naccounts { proxy_user = "X-U" proxy_groups = "X-G" }\n'
                 'group "a" { name = "a,b" role = admin }', "no comma"),
                ('listen "a" { ', "c.conf:")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            done = subprocess.run([program("bandwitness-collector"), "-t", "-c", path],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1, text)
            self.assertIn(words, done.stderr.decode())

    def test_the_sample_is_taken(self):
        """As it stands, and with every section that waits in comments."""
        folder = self.enterContext(scratch())
        path = os.path.join(folder, "c.conf")
        with open(os.path.join(os.path.dirname(__file__), "../../etc/collector.conf"),
                  encoding="utf-8") as f:
            sample = f.read()
        whole, n = re.subn(r"(?ms)^# \w+(?: \"\w+\")? \{\n.*?^# \}\n",
                           lambda m: re.sub(r"(?m)^# ", "", m[0]), sample)
        self.assertEqual(n, 12, "accounts, oidc, two groups, audit, measure, open_data, reflector, witness, witnessed, "
                                "alerts, a listener without a proxy")
        # Keys have a gap in the sample, so that nobody takes them for somebody's.
        top = os.path.join(os.path.dirname(__file__), "../..")
        with open(os.path.join(top, "docs/vectors/log/note.json"), encoding="utf-8") as f:
            keys = json.load(f)
        whole, n = re.subn(r'"bandwitness-(log|witness)/\u2026[^"]*"',
                           lambda m: '"' + keys[m[1]]["key"] + '"', whole)
        self.assertEqual(n, 2, "a witness's key and a witnessed log's")
        for text in (sample, whole):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            done = subprocess.run([program("bandwitness-collector"), "-t", "-c", path],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(b": good", done.stdout)

    def test_an_orderly_end_answers_what_waits(self):
        with Collector("ledger { commit_delay = 1s }") as c:
            box = c.box()
            line = box.summary()
            got = []
            t = threading.Thread(target=lambda: got.append(c.post([line])))
            t.start()
            c.wait("a post that waits", lambda: c.metric("bandwitness_posts_waiting") == 1)
            c.proc.send_signal(signal.SIGTERM)
            t.join()
            c.ends(0)
            self.assertEqual(got[0].json["chains"][0]["acked_through"], 1)
            self.assertEqual(sha(line), sha(box.lines[0]))


if __name__ == "__main__":
    unittest.main()
