# SPDX-License-Identifier: GPL-3.0-or-later
"""A real collector on loopback in a folder of its own, for tests by real HTTP."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest


def program(name):
    for folder in (os.environ.get("BW_SBIN"), os.environ.get("BW_BIN")):
        if folder and os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    found = shutil.which(name)
    if not found:
        raise SystemExit(f"{name}: not found; set BW_BIN and BW_SBIN")
    return found


def self_signed(folder):
    """A certificate for localhost that is its own authority: its files (certificate, key)."""
    crt, key = os.path.join(folder, "tls.crt"), os.path.join(folder, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", crt],
                   check=True, stderr=subprocess.DEVNULL)
    return crt, key


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Collector:
    def __init__(self, extra="", listen="", folder=None):
        self.own = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="bw-collector-")
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.data, exist_ok=True)
        self.log = os.path.join(self.folder, "log")
        self.conf = os.path.join(self.folder, "collector.conf")
        self.socket = os.path.join(self.folder, "http.sock")
        self.port, self.proc = None, None
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f'title = "Alder State"\ndata_dir = "{self.data}"\n'
                    'listen "main" { address = "127.0.0.1" port = 0 }\n'
                    f'listen "unix" {{ address = "{self.socket}" mode = "0600" }}\n'
                    f"{listen}\n{extra}\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end()

    def start(self, wait_s=60):
        try:
            self.run(wait_s)
        except BaseException: # nothing is left behind by a start that failed either
            if self.proc and self.proc.poll() is None:
                self.kill()
            if self.own:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def run(self, wait_s):
        with open(self.log, "wb") as out:
            self.proc = subprocess.Popen([program("bandwitness-collector"), "-c", self.conf],
                                         stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        ports = self.wait(lambda: self.ports() if self.healthy() else None, wait_s)
        self.port = ports[0]

    def ports(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [int(line.split(" port ")[1].split()[0]) for line in f
                    if "listening at" in line and " port " in line]

    def healthy(self):
        c = UnixConnection(self.socket)
        try:
            c.request("GET", "/healthz")
            return c.getresponse().read() == b"ok\n"
        except OSError:
            return False
        finally:
            c.close()

    def wait(self, test, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.proc.poll() is not None:
                raise AssertionError(f"the collector ended: {self.proc.returncode}\n{self.text()}")
            got = test()
            if got:
                return got
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s\n{self.text()}")

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self):
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()

    def stop(self):
        """An orderly end; it must be one, sanitizers included."""
        self.proc.send_signal(signal.SIGTERM)
        status = self.proc.wait(60)
        assert status == 0, f"status {status}\n{self.text()}"

    def end(self):
        try:
            if self.proc and self.proc.poll() is None:
                self.stop()
            elif self.proc and self.proc.returncode not in (0, -9):
                raise AssertionError(f"the collector ended: {self.proc.returncode}\n{self.text()}")
        finally:
            if self.proc and self.proc.poll() is None:
                self.kill()
            if self.own:
                shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, connection=None):
        c = connection or self.connect()
        try:
            c.request(method, path, body=body, headers=headers or {})
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            if not connection:
                c.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, lines, connection=None, **headers):
        body = lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode()
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers.setdefault("Content-Type", "application/jose")
        return self.request("POST", "/api/v1/summaries", body, headers, connection)

    def command(self, *words, ok=0):
        done = subprocess.run([program("bandwitness"), *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        assert done.returncode == ok, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def token(self, *words):
        return json.loads(self.command("token", "create", "--data", self.data, "--json", *words))

    def enroll(self, key, token, **more):
        payload = {"v": 1, "token": token, "jwk": key.jwk, **more}
        return self.request("POST", "/api/v1/enroll",
                            key.sign(payload, "bandwitness-enrol+jws").encode(),
                            {"Content-Type": "application/jose"})

    def box(self, name="Alder Elementary", **kw):
        """A box of a new site, enrolled; box.log_key is the collector's."""
        from jose import Box
        token = self.token("--site", name)
        box = Box(token["site"], **kw)
        answer = self.enroll(box.key, token["token"])
        assert answer.status == 200, answer.body
        box.log_key = answer.json["log_key"]
        return box

    def export(self, circuit, **query):
        words = "&".join(f"{k.rstrip('_')}={v}" for k, v in query.items())
        return self.get(f"/api/v1/circuits/{circuit}/summaries?{words}")

    def metric(self, name):
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")


class CollectorCase(unittest.TestCase):
    """Tests that share one collector, self.c."""

    @classmethod
    def setUpClass(cls):
        cls.c = Collector()
        cls.c.start()

    @classmethod
    def tearDownClass(cls):
        cls.c.end()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(10)
            sock.connect(self.path)
        except OSError:
            sock.close()
            raise
        self.sock = sock
