# SPDX-License-Identifier: GPL-3.0-or-later
"""programs - the real box and the real collector, started in a place of the lab.

A place is a Netns, or Host for the machine itself on loopback.
"""
import glob
import json
import os
import signal
import socket
import subprocess

from lab import LabError, wait_for


class Host:
    """The machine itself, with the few methods of a Netns that programs need."""

    name, fd = "host", -1

    @staticmethod
    def argv(command):
        return list(command)

    def sh(self, line, **kw):
        return self.run(line.split(), **kw)

    @staticmethod
    def run(command, fds=(), ok=(0,), timeout=60, **kw):
        done = subprocess.run(command, pass_fds=fds, timeout=timeout, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, **kw)
        if ok is not None and done.returncode not in ok:
            raise LabError(f"{' '.join(command)}: status {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
        return done.stdout

    @staticmethod
    def popen(command, fds=(), **kw):
        # ends with us, also when we are killed
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], pass_fds=fds, **kw)


def program(name):
    """The installed program: BW_PREFIX, else what the shell finds."""
    prefix = os.environ.get("BW_PREFIX")
    for folder in ("bin", "sbin"):
        path = os.path.join(prefix or "/usr/local", folder, name)
        if os.path.exists(path):
            return path
    if prefix:
        raise LabError(f"{name} is not installed under {prefix}")
    return name


class Program:
    """A long-running program whose messages go to a file."""

    def __init__(self, place, name, log, env=None):
        self.place, self.name, self.log = place, name, log
        self.env = {**os.environ, **(env or {})}
        self.proc = None
        self.starts = 0

    def start(self, argv):
        with open(self.log, "ab") as out:
            out.write(b"-- start\n" if self.starts else b"")
            out.flush()
            self.proc = self.place.popen([program(self.name), *argv], stdin=subprocess.DEVNULL,
                                         stdout=out, stderr=out, env=self.env)
        self.starts += 1

    def alive(self):
        return self.proc is not None and self.proc.poll() is None

    def kill(self):
        """kill -9: no goodbye."""
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()

    def stop(self, seconds=20):
        """An orderly end; its exit status."""
        self.proc.send_signal(signal.SIGTERM)
        try:
            return self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LabError(f"{self.name} did not end within {seconds} s of SIGTERM\n"
                           + self.tail()) from None

    def tail(self, lines=25):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])

    def wait_ready(self, what, test, seconds):
        def check():
            if not self.alive():
                raise LabError(f"{self.name} ended with {self.proc.poll()} before {what}\n"
                               + self.tail())
            return test()
        try:
            return wait_for(what, check, seconds)
        except LabError as e:
            raise LabError(f"{e}\n{self.tail()}") from None


def self_signed(folder, name, addresses):
    """A certificate for these addresses, its own authority; (certificate, key) files."""
    cert, key = os.path.join(folder, "tls.crt"), os.path.join(folder, "tls.key")
    names = ",".join([f"DNS:{name}"] + [f"IP:{a}" for a in addresses])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName={names}", "-keyout", key,
                    "-out", cert], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return cert, key


class Collector(Program):
    def __init__(self, place, folder, address, port=8443, tls=True, extra=""):
        super().__init__(place, "bandwitness-collector", os.path.join(folder, "collector.log"))
        os.makedirs(os.path.join(folder, "data"), exist_ok=True)
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.conf = os.path.join(folder, "collector.conf")
        shown = f"[{address}]" if ":" in address else address
        self.url = f"{'https' if tls else 'http'}://{shown}:{port}"
        self.address, self.port, self.ca = address, port, None
        tls_lines = ""
        if tls:
            self.ca, key = self_signed(folder, "collector", {address, "127.0.0.1"})
            tls_lines = f'    tls_certificate = "{self.ca}"\n    tls_key = "{key}"\n'
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f'title = "Alder State"\ndata_dir = "{self.data}"\n'
                    f'listen "main" {{\n    address = "{address}"\n    port = {port}\n'
                    f"{tls_lines}}}\n{extra}")

    def start_ready(self):
        self.start(["-c", self.conf])
        self.wait_ready("the collector's /healthz", lambda: self.get("/healthz") is not None, 20)

    def get(self, path, binary=False):
        """The body of a 200 answer as seen from the collector's own place, else None."""
        argv = ["curl", "-sf", "--max-time", "60", self.url + path]
        if self.ca:
            argv[1:1] = ["--cacert", self.ca]
        done = subprocess.run(self.place.argv(argv), stdout=subprocess.PIPE,
                              pass_fds=(self.place.fd,) if self.place.fd >= 0 else ())
        if done.returncode != 0:
            return None
        return done.stdout if binary else done.stdout.decode("utf-8")

    def admin(self, *words, **kw):
        """A verb of the command that works on the collector's folder."""
        return self.place.run([program("bandwitness"), *words, "--config", self.conf], **kw)


class Box(Program):
    def __init__(self, place, folder, conf_text, env=None):
        super().__init__(place, "bandwitnessd", os.path.join(folder, "daemon.log"), env)
        self.folder, self.state = folder, os.path.join(folder, "state")
        self.socket = os.path.join(folder, "control.sock")
        self.conf = os.path.join(folder, "bandwitness.conf")
        os.makedirs(self.state, exist_ok=True)
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(conf_text)

    def command(self, *words, **kw):
        return self.place.run([program("bandwitness"), *words], env=self.env, **kw)

    def enroll(self, collector, token):
        words = ["enroll", "--config", self.conf, "--url", collector.url, "--token", token]
        if collector.ca:
            words += ["--ca-file", collector.ca]
        return self.command(*words)

    def start_ready(self):
        self.start(["-c", self.conf])
        self.wait_ready("the daemon's control socket", self.status, 30)

    def ask(self, seconds=10, **request):
        """One request to the control socket; the last answer, or None without one."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(seconds)
            try:
                s.connect(self.socket)
                s.sendall(json.dumps(request).encode("ascii") + b"\n")
                for line in s.makefile("rb"):
                    answer = json.loads(line)
                    if "ok" in answer:
                        return answer
            except (OSError, ValueError):
                pass
        return None

    def status(self):
        """The daemon's own account, or None while it does not answer."""
        return self.ask(verb="status")

    def public_keys(self):
        """The public halves of the box's keys as a JWK set."""
        keys = []
        for path in sorted(glob.glob(f"{self.state}/keys/*.jwk")):
            with open(path, encoding="ascii") as f:
                jwk = json.load(f)
            jwk.pop("d", None)
            keys.append(jwk)
        return {"keys": keys}

    def journal(self):
        """Every signed line in the journal."""
        out = self.command("journal", "export", "--journal", f"{self.state}/journal.db")
        return out.split()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
