# SPDX-License-Identifier: GPL-3.0-or-later
"""edge - an edge device: net-snmp's own agent in this network namespace, an interface that it
counts, and traffic over it whose bytes the kernel knows."""
import os
import re
import socket
import subprocess
import threading
import time

from .place import HOST, free_port, program, tool, wait_for

AUTH, PRIVACY = "long alder leaves", "birch bark, white"
NAME = "alder0"


def link(name=NAME):
    """Make the interface, or make it anew: then under another number."""
    subprocess.run(["ip", "link", "del", name], stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", "far0"], check=True)
    for one in (name, "far0"):
        with open(f"/proc/sys/net/ipv6/conf/{one}/disable_ipv6", "w", encoding="ascii") as f:
            f.write("1")
        subprocess.run(["ip", "link", "set", one, "up"], check=True)


def received(name=NAME):
    """Bytes the kernel has counted in."""
    with open("/proc/self/net/dev", encoding="ascii") as f:
        for line in f:
            if line.strip().startswith(name + ":"):
                return int(line.split(":")[1].split()[0])
    return None


class Truth:
    """What the kernel has counted in, moment by moment, until the end of `with`."""

    def __init__(self, name=NAME):
        self.name, self.seen, self.over = name, [], threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self):
        while not self.over.wait(0.05):
            before, n = time.time(), received(self.name)
            if n is not None:
                self.seen.append((before, n, time.time()))

    def at_least(self, unix_s):
        """Surely counted by then …"""
        return max((n for before, n, after in self.seen if after <= unix_s), default=0)

    def at_most(self, unix_s):
        """… and surely not more."""
        return min(n for before, n, after in self.seen if before >= unix_s)

    def least(self, from_s, to_s):
        return max(0, self.at_least(to_s) - self.at_most(from_s))

    def most(self, from_s, to_s):
        return self.at_most(to_s) - self.at_least(from_s)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Traffic:
    """`rate` bytes a second into the interface, from its far end, until the end of `with`; in
    waves: six seconds nearly twice as many, six seconds hardly any."""

    FRAME = bytes.fromhex("ffffffffffff0200000000fe88b5") + b"\0" * 986

    def __init__(self, rate, waves=False):
        self.rate, self.waves, self.over = rate, waves, threading.Event()
        self.thread = threading.Thread(target=self._send, daemon=True)

    def _send(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind(("far0", 0))
            begun = last = time.monotonic()
            due = 0
            while not self.over.wait(0.02):
                now = time.monotonic()
                ebb = (now - begun) // 6 % 2
                due += (now - last) * self.rate * (1 if not self.waves else 0.1 if ebb else 1.9)
                last = now
                while due > 0:
                    try:
                        due -= s.send(self.FRAME)
                    except OSError:  # made anew meanwhile
                        return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Edge:
    """snmpd with a user of v3, one of the longest keys, and a community; `more` lines of configuration; the view hides
    what is in `hidden`; counts are new every `cache_s`."""

    def __init__(self, folder, more="", hidden=(), cache_s=3):
        self.folder, self.proc, self.port = folder, None, free_port()
        self.cache_s = cache_s
        os.makedirs(os.path.join(folder, "agent"))  # where it keeps how often it began
        self.conf = os.path.join(folder, "snmpd.conf")
        self.log = os.path.join(folder, "snmpd.log")
        excluded = "".join(f"view seen excluded {oid}\n" for oid in hidden)
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(f'createUser bandwitness SHA-256 "{AUTH}" AES "{PRIVACY}"\n'
                    f'createUser longest SHA-512 "{AUTH}" AES-256 "{PRIVACY}"\n'
                    "rouser longest authPriv -V seen\n"
                    f"view seen included .1.3.6.1.2.1\n{excluded}"
                    "rouser bandwitness authPriv -V seen\n"
                    "rocommunity heron 127.0.0.1 -V seen\n"
                    "rwcommunity owl 127.0.0.1\n" + more)

    def start(self):
        with open(self.log, "ab") as out:
            self.proc = HOST.popen(
                [tool("snmpd"), "-f", "-Lo", "-C", "-c", self.conf, "-I", "-smux",
                 f"udp:127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, "SNMP_PERSISTENT_DIR": self.folder + "/agent", "MIBS": ""})
        wait_for("an answer of snmpd", self.answers)
        # NET-SNMP-AGENT-MIB, nsCacheTimeout of ifTable
        assert self.asked("snmpset", "owl", ".1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2", "i",
                          str(self.cache_s)), self.said()
        return self

    def describe(self, name, text):
        """Give an interface its ifAlias, as an administrator does."""
        index = socket.if_nametoindex(name)
        wait_for("a description", lambda: self.asked(
            "snmpset", "owl", f".1.3.6.1.2.1.31.1.1.1.18.{index}", "s", text))

    def asked(self, tool, community, *what):
        return subprocess.run(
            [tool, "-v2c", "-c", community, "-t1", "-r0", f"127.0.0.1:{self.port}", *what],
            env={**os.environ, "MIBS": ""}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0

    def answers(self):
        assert self.proc.poll() is None, self.said()
        return self.asked("snmpget", "heron", ".1.3.6.1.2.1.1.3.0")

    def said(self):
        with open(self.log, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.proc.terminate()
            self.proc.wait(20)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.stop()
        if kind:
            print(re.sub(r"(?m)^", "snmpd: ", self.said()[-2000:]))


class FaultyAgent:
    """Answers every question of v2c with itself and genErr (RFC 3416), never with a value."""

    ASKED, ANSWERED = b"\2\1\0\2\1", b"\2\1\5\2\1"  # error-status of a GetRequest; of the answer

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(65535)
            except OSError:  # closed
                return
            community = question.index(b"heron") + 5
            pdu = b"\xa2" + question[community + 1:].replace(self.ASKED, self.ANSWERED, 1)
            self.socket.sendto(question[:community] + pdu, peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def secrets(folder, text=f"auth {AUTH}\nprivacy {PRIVACY}\n"):
    path = os.path.join(folder, "edge.secret")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


def circuit(edge, secret, more="", claim="", name=NAME, by="interface"):
    """A circuit that this edge counts, as configuration."""
    user = "" if "v2c" in more or "user" in more else 'user = "bandwitness"'
    return f"""
circuit "wan" {{
    vantage = lan-side
    source = snmp
    snmp {{
        address = "127.0.0.1"
        port = {edge.port}
        {by} = "{name}"
        {user}
        secrets = "{secret}"
        program = "{program('bandwitness-snmp')}"
        {more}
    }}
    {claim}
}}
"""
