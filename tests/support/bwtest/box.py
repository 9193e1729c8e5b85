# SPDX-License-Identifier: GPL-3.0-or-later
"""box - a real bandwitnessd, its configuration, its socket and its journal."""
import base64
import json
import os
import socket
import sqlite3

from .place import HOST
from .program import Program


def payload(jws):
    """The payload of a compact JWS, unchecked."""
    part = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Box(Program):
    """Its configuration is text; without one, one circuit at `interface` with echoes to
    loopback, and `more`."""

    name = "bandwitnessd"

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

    def __init__(self, text=None, more="", interval="1s", interface="lo", folder=None,
                 place=HOST, env=None):
        super().__init__(place, folder, env)
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "control.sock")
        self.conf = os.path.join(self.folder, "bandwitness.conf")
        self.head = f'interval = {interval}\nstate_dir = "{self.state}"\n' \
                    f'control = "{self.socket}"\n'
        self.write(text if text is not None else self.CIRCUIT % interface + self.ICMP + more)

    def write(self, text):
        """A new configuration; in force at the next start or reload()."""
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(self.head + text)

    def enroll(self, collector, token, **kw):
        words = ["enroll", "--config", self.conf, "--url", collector.url, "--token", token]
        if collector.ca:
            words += ["--ca-file", collector.ca]
        return self.command(*words, **kw)

    # --- what it says of itself

    def answers(self):
        return self.status()

    def ask(self, seconds=10, **request):
        """Every line of the answer to one request at the control socket; [] without one."""
        lines = []
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(seconds)
            try:
                s.connect(self.socket)
                s.sendall(json.dumps(request).encode("ascii") + b"\n")
                for line in s.makefile("rb"):
                    lines.append(json.loads(line))
                    if "ok" in lines[-1]:
                        return lines
            except (OSError, ValueError):
                pass
        return []

    def status(self):
        """Its own account, or None while it does not answer."""
        lines = self.ask(verb="status")
        return lines[-1] if lines else None

    def acked(self):
        """The last record the collector has acknowledged."""
        return (self.status() or {}).get("journal", {}).get("acked_seq", 0)

    # --- its journal

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
        self.wait(f"{n} records", lambda: len(self.rows()) >= n, seconds)
        return self.records()

    def journal(self):
        """Every signed line, by the command."""
        return self.command("journal", "export", "--journal", self.state + "/journal.db").split()

    # --- its keys

    def public_keys(self):
        """The public halves of all it ever had, as a JWK set, by the command."""
        return json.loads(self.command("key", "--json", "--state-dir", self.state))

    def verify(self, *words):
        """Every signature and link of the journal, by the command; what it found."""
        path, keys = (os.path.join(self.folder, n) for n in ("journal.jose", "keys.jwks"))
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(jws + "\n" for _, _, jws in self.rows())
        with open(keys, "w", encoding="utf-8") as f:
            json.dump(self.public_keys(), f)
        found = json.loads(self.command("verify", "--json", "--key", keys, *words, path, ok=(0, 1)))
        assert found["ok"], found
        return found
