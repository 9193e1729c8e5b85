# SPDX-License-Identifier: GPL-3.0-or-later
"""A real bandwitnessd on loopback, in a folder of its own, for tests."""
import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "collector"))

from harness import program  # noqa: E402


def payload(jws):
    """The payload of a compact JWS, unchecked."""
    part = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def eventually(what, test, seconds=40, step=0.05):
    end = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(step)


class Box:
    CIRCUIT = """
circuit "wan" {
    vantage = router
    source = kernel
    interface = "%s"
    claim { down = 100M up = 20M layer = ip }
}
"""
    ICMP = """
icmp "edges" {
    circuit = "wan"
    target "left" { address = "127.0.0.1" }
    target "right" { address = "127.0.0.2" }
}
"""

    def __init__(self, interval="1s", interface="lo", more="", text=None, folder=None, env=None,
                 wrap=()):
        self.folder = folder or tempfile.mkdtemp(prefix="bw-box-")
        self.own = folder is None
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "control.sock")
        self.conf = os.path.join(self.folder, "bandwitness.conf")
        self.log = os.path.join(self.folder, "log")
        self.env, self.wrap = {**os.environ, **(env or {})}, list(wrap)
        self.proc = None
        self.head = f'interval = {interval}\nstate_dir = "{self.state}"\n' \
                    f'control = "{self.socket}"\n'
        self.write(text if text is not None else self.CIRCUIT % interface + self.ICMP + more)

    def write(self, text):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(self.head + text)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.running():
                if kind:
                    self.kill()
                else:
                    self.stop()
        finally:
            if self.running():
                self.kill()
            if kind:
                sys.stderr.write(f"--- the daemon's log\n{self.text()}")
            if self.own:
                shutil.rmtree(self.folder, ignore_errors=True)

    def running(self):
        return self.proc is not None and self.proc.poll() is None

    def start(self, wait=True):
        with open(self.log, "ab") as out:
            self.proc = subprocess.Popen([*self.wrap, program("bandwitnessd"), "-c", self.conf],
                                         stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                         env=self.env)
        if wait:
            eventually("the daemon answers", self.answers)

    def answers(self):
        if not self.running():
            raise AssertionError(f"the daemon ended with {self.proc.returncode}\n{self.text()}")
        return self.status()

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self):
        self.proc.kill()
        self.proc.wait()

    def stop(self):
        """An orderly end; it must be one, sanitizers included."""
        self.proc.send_signal(signal.SIGTERM)
        status = self.proc.wait(60)
        assert status == 0, f"status {status}\n{self.text()}"

    def command(self, *words, ok=(0,)):
        done = subprocess.run([*self.wrap, program("bandwitness"), *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        assert ok is None or done.returncode in ok, (words, done.returncode, done.stdout,
                                                     done.stderr)
        return done.stdout

    def status(self):
        out = self.command("status", "--json", "--socket", self.socket, ok=(0, 1))
        return json.loads(out) if out else None

    def reload(self):
        self.proc.send_signal(signal.SIGHUP)

    def db(self):
        return sqlite3.connect(f"file:{self.state}/journal.db?mode=ro", uri=True, timeout=10)

    def rows(self):
        """(kid, seq, jws) in the order they were written."""
        if not os.path.exists(self.state + "/journal.db"):
            return []
        db = self.db()
        try:
            return db.execute("SELECT c.kid, r.seq, r.jws FROM records r JOIN chains c"
                              " ON c.id = r.chain ORDER BY r.id").fetchall()
        finally:
            db.close()

    def records(self):
        return [payload(jws) for _, _, jws in self.rows()]

    def wait_records(self, n, seconds=40):
        eventually(f"{n} records", lambda: len(self.rows()) >= n, seconds)
        return self.records()

    def public_keys(self):
        """A file with every public key this box ever had."""
        path = os.path.join(self.folder, "keys.jwk")
        with open(path, "w", encoding="utf-8") as out:
            out.write(self.command("key", "--json", "--state-dir", self.state))
        return path

    def verify(self):
        """Every signature and link of the journal, by the command."""
        path = os.path.join(self.folder, "journal.jose")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(jws + "\n" for _, _, jws in self.rows())
        self.command("verify", "--key", self.public_keys(), path)


def run_tests(tests):
    """`test.py NAME`: one of them; without a name all."""
    names = sys.argv[1:] or list(tests)
    for name in names:
        print(f"-- {name}", flush=True)
        tests[name]()
