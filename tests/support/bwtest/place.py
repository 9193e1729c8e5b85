# SPDX-License-Identifier: GPL-3.0-or-later
"""place - where programs run, and the little that every test needs around them.

A place is HOST, this machine, or a namespace of the lab."""
import contextlib
import os
import random
import shutil
import socket
import subprocess
import time


class SceneError(Exception):
    """What a test stands on is not as it should be; nothing seen on it counts."""


class Place:
    name, fds = "", ()  # files that must stay open in whatever runs here

    def argv(self, command):
        raise NotImplementedError

    def inside(self):
        """with place.inside(): sockets made here belong to the place."""
        raise NotImplementedError

    def sh(self, line, **kw):
        """run() of a command given as a line."""
        return self.run(line.split(), **kw)

    def run(self, command, fds=(), ok=(0,), timeout=60, **kw):
        """Run a command to its end; its output. SceneError when its status is not in ok."""
        done = subprocess.run(self.argv(command), pass_fds=(*self.fds, *fds), timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, **kw)
        if ok is not None and done.returncode not in ok:
            raise SceneError(f"{self.name}: {' '.join(command)}: status {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
        return done.stdout

    def popen(self, command, fds=(), **kw):
        return subprocess.Popen(self.argv(command), pass_fds=(*self.fds, *fds), **kw)


class Host(Place):
    """This machine, on loopback. What is started here ends with the thread that started it,
    also when that is killed."""

    name = "host"

    def argv(self, command):
        return ["setpriv", "--pdeathsig", "KILL", *command]

    def inside(self):
        return contextlib.nullcontext()


HOST = Host()


def program(name):
    """The installed program (BW_PREFIX), else the built one (BW_PROGRAMS, folders as in
    PATH), else what the shell finds."""
    prefix = os.environ.get("BW_PREFIX")
    if prefix:
        folders = [os.path.join(prefix, "bin"), os.path.join(prefix, "sbin")]
    else:
        folders = [*os.environ.get("BW_PROGRAMS", "").split(":"),
                   *os.environ.get("PATH", "").split(":"), "/usr/local/sbin", "/usr/sbin"]
    found = shutil.which(name, path=":".join(f for f in folders if f))
    if not found:
        raise SceneError(f"{name}: not found in {' '.join(folders)}; script/test installs it")
    return found


def tool(name):
    """A program of the system's own, wherever ours are installed."""
    folders = [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/sbin"]
    found = shutil.which(name, path=":".join(f for f in folders if f))
    if not found:
        raise SceneError(f"{name}: not found in {' '.join(folders)}; script/test installs it")
    return found


def wait_for(what, test, seconds=40, every=0.05):
    """What test() gives, once it is true; SceneError naming what after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise SceneError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every)


def free_port():
    """One that nobody listens at, below those that connections of other tests leave from: it stays
    free until its program binds it, and while that one is started again."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        below = int(f.read().split()[0])
    ports = range(max(1024, below // 2), below)
    for port in random.SystemRandom().sample(ports, 100) if len(ports) > 100 else [0]:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                continue
    raise SceneError("no free port")


def self_signed(folder, name="localhost", addresses=("127.0.0.1",)):
    """A certificate for these that is its own authority; (certificate, key) files."""
    cert, key = os.path.join(folder, "tls.crt"), os.path.join(folder, "tls.key")
    names = ",".join([f"DNS:{name}"] + [f"IP:{a}" for a in addresses])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName={names}", "-keyout", key,
                    "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key
