# SPDX-License-Identifier: GPL-3.0-or-later
"""collector - a real bandwitness-collector and what one asks it over HTTP."""
import http.client
import json
import os
import socket
import ssl
import unittest

from .place import HOST, free_port, self_signed
from .program import Program


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)


class Connection(http.client.HTTPConnection):
    """Over whatever dial() gives."""

    def __init__(self, dial, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.dial = dial

    def connect(self):
        self.sock = self.dial(self.timeout)


def dial_unix(path):
    def dial(timeout):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect(path)
        except OSError:
            sock.close()
            raise
        return sock
    return dial


class Collector(Program):
    """Listens at one address, by default a free port of loopback, and at a Unix socket."""

    name = "bandwitness-collector"

    def __init__(self, extra="", listen="", folder=None, place=HOST, address="127.0.0.1",
                 port=None, tls=False, title="Alder State", access="open"):
        super().__init__(place, folder, None)
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.data, exist_ok=True)
        self.conf = os.path.join(self.folder, "collector.conf")
        self.socket = os.path.join(self.folder, "http.sock")
        self.address, self.port, self.ca = address, port or free_port(), None
        shown = f"[{address}]" if ":" in address else address
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"
        tls_lines = ""
        if tls:
            self.ca, key = self_signed(self.folder, "collector", {address, "127.0.0.1"})
            tls_lines = f'    tls_certificate = "{self.ca}"\n    tls_key = "{key}"\n'
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f'title = "{title}"\ndata_dir = "{self.data}"\naccess = {access}\n'
                    f'listen "main" {{\n    address = "{address}"\n    port = {self.port}\n'
                    f"{tls_lines}}}\n"
                    f'listen "unix" {{ address = "{self.socket}" mode = "0600" }}\n'
                    f"{listen}\n{extra}\n")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.discard()
            raise
        return self

    def answers(self):
        c = Connection(dial_unix(self.socket), 10)
        try:
            c.request("GET", "/healthz")
            return c.getresponse().read() == b"ok\n"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            c.close()

    def ports(self):
        """Of all listeners, in their order, as it told at its last start."""
        return [int(line.split(" port ")[1].split()[0])
                for line in self.text(last=True).splitlines()
                if "listening at" in line and " port " in line]

    def as_conf(self, every="1s"):
        """The section of a box's configuration that leads here."""
        ca = f'ca_file = "{self.ca}" ' if self.ca else ""
        return f'collector {{ url = "{self.url}" {ca}every = {every} }}\n'

    # --- by HTTP

    def dial(self, timeout):
        with self.place.inside():
            sock = socket.create_connection((self.address, self.port), timeout)
        if not self.ca:
            return sock
        context = ssl.create_default_context(cafile=self.ca)
        return context.wrap_socket(sock, server_hostname=self.address)

    def connect(self, timeout=60):
        """A new connection, made with its first request."""
        return Connection(self.dial, timeout)

    def request(self, method, path, body=None, headers=None, connection=None):
        c = connection or self.connect()
        try:
            c.request(method, path, body=body, headers=headers or {})
            return Answer(c.getresponse())
        finally:
            if not connection:
                c.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, lines, connection=None, **headers):
        """Deliver records: JWS, or bytes as they are."""
        body = lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode()
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers.setdefault("Content-Type", "application/jose")
        return self.request("POST", "/api/v1/summaries", body, headers, connection)

    def export(self, circuit, **query):
        words = "&".join(f"{k.rstrip('_')}={v}" for k, v in query.items())
        return self.get(f"/api/v1/circuits/{circuit}/summaries?{words}")

    def held(self, site, circuit="wan", from_=0, to=4102444800):
        """Every record of a circuit's site, as it was signed."""
        answer = self.export(f"{site}.{circuit}", from_=from_, to=to, format="jose")
        return answer.text.split() if answer.status == 200 else []

    def metric(self, name):
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    # --- by the command, on its folder

    def admin(self, *words, **kw):
        return self.command(*words, "--config", self.conf, **kw)

    def token(self, *words):
        """{"token", and "site" where one is named or made}"""
        return json.loads(self.admin("token", "create", "--json", *words))

    # --- boxes that are not ours (.jose)

    def enroll(self, key, token, **more):
        payload = {"v": 1, "token": token, "jwk": key.jwk, **more}
        return self.request("POST", "/api/v1/enroll",
                            key.sign(payload, "bandwitness-enrol+jws").encode(),
                            {"Content-Type": "application/jose"})

    def box(self, name="Alder Elementary", **kw):
        """A PyBox of a new site, enrolled; box.log_key is the collector's."""
        from .jose import PyBox
        token = self.token("--site", name)
        box = PyBox(token["site"], **kw)
        answer = self.enroll(box.key, token["token"])
        assert answer.status == 200, answer.body
        box.log_key = answer.json["log_key"]
        return box


class CollectorCase(unittest.TestCase):
    """Tests that share one collector, self.c."""

    @classmethod
    def setUpClass(cls):
        cls.c = cls.enterClassContext(Collector())
