# SPDX-License-Identifier: GPL-3.0-or-later
"""measure - the collector's measurement server, asked from outside: tickets by an independent
JOSE library, and WebSocket frames written by hand, so that wrong ones can be written too."""
import base64
import json
import os
import socket
import ssl
import struct
import time

from jwcrypto import jwk, jws

from .jose import b64

PROTOCOL = "net.measurementlab.ndt.v7"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def measure_conf(**more):
    """The section of a collector's configuration, on a free port of loopback."""
    words = {"name": '"state-1"', "host": '"127.0.0.1"', "address": '"127.0.0.1"', "port": 0,
             **more}
    return "measure {\n" + "".join(f"    {k} = {v}\n" for k, v in words.items()) + "}\n"


def measure_port(collector):
    line = [s for s in collector.text(last=True).splitlines() if "measurement server" in s
            and " port " in s][-1]
    return int(line.split(" port ")[1].split()[0])


def ticket_request(box, kind="ndt7", direction="down", circuit="wan", key=None, **over):
    payload = {"v": 1, "aud": jwk.JWK(**box.log_key).thumbprint(),
               "at_ms": int(time.time() * 1000), "nonce": b64(os.urandom(16)),
               "circuit": circuit, "kind": kind, "direction": direction}
    payload.update(over)
    return (key or box.key).sign(payload, "bandwitness-ticket-request+jws")


def ask(collector, box, **words):
    return collector.request("POST", "/api/v1/tickets", ticket_request(box, **words).encode(),
                             {"Content-Type": "application/jose"})


def urls(collector, box, **words):
    a = ask(collector, box, **words)
    assert a.status == 200, (a.status, a.body)
    return a.json["results"][0]["urls"]


def payload_of(compact, log_key, typ="bandwitness-test+jws"):
    """What the log key signed; raises when it did not."""
    token = jws.JWS()
    token.allowed_algs = ["EdDSA"]
    token.deserialize(compact, jwk.JWK(**log_key))
    assert json.loads(token.objects["protected"])["typ"] == typ
    return json.loads(token.payload)


def parts(url):
    """(tls, host, port, target)"""
    scheme, rest = url.split("://", 1)
    host, target = rest.split("/", 1)
    name, port = host.rsplit(":", 1)
    return scheme in ("wss", "https"), name.strip("[]"), int(port), "/" + target


def dial(url, timeout=20, ca=None):
    tls, host, port, target = parts(url)
    sock = socket.create_connection((host, port), timeout)
    if tls:
        sock = ssl.create_default_context(cafile=ca).wrap_socket(sock, server_hostname=host)
    return sock, target


def head_of(sock):
    """(status, what came behind the head); status 0 when it was closed first."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = sock.recv(4096)
        except ConnectionError:
            piece = b""
        if not piece:
            return 0, data
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    return int(head.split()[1]), rest


def frame(opcode, payload=b"", mask=b"\1\2\3\4", fin=True, length=None):
    n = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | opcode])
    bit = 0x80 if mask else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    if mask:
        head += mask
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) \
            if len(payload) < 70000 else payload
    return head + payload


class WebSocket:
    """One ndt7 connection; frames() gives what the server says."""

    def __init__(self, url, timeout=20, ca=None, protocol=PROTOCOL):
        self.sock, target = dial(url, timeout, ca)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {target} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                           f"Sec-WebSocket-Version: 13\r\n"
                           f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n").encode())
        self.status, self.data = head_of(self.sock)
        self.load, self.texts, self.closed, self.code = 0, [], False, None

    def need(self, n):
        while len(self.data) < n:
            piece = self.sock.recv(1 << 20)
            if not piece:
                raise EOFError
            self.data += piece

    def next(self):
        """(opcode, payload); binary payload is counted, not kept."""
        self.need(2)
        opcode, n, at = self.data[0] & 15, self.data[1] & 127, 2
        if n == 126:
            self.need(4)
            n, at = struct.unpack(">H", self.data[2:4])[0], 4
        elif n == 127:
            self.need(10)
            n, at = struct.unpack(">Q", self.data[2:10])[0], 10
        if opcode == BINARY:
            self.load += n
            left = n - (len(self.data) - at)
            if left < 0:
                self.data = self.data[at + n:]
                return opcode, b""
            self.data = b""
            buffer = bytearray(1 << 20)
            while left > 0:
                got = self.sock.recv_into(buffer, min(left, len(buffer)))
                if not got:
                    raise EOFError
                left -= got
            return opcode, b""
        self.need(at + n)
        payload, self.data = self.data[at:at + n], self.data[at + n:]
        if opcode == TEXT:
            self.texts.append(json.loads(payload))
        elif opcode == CLOSE:
            self.closed = True
            self.code = struct.unpack(">H", payload[:2])[0] if payload else None
        return opcode, payload

    def send(self, *words, **kw):
        self.sock.sendall(frame(*words, **kw))

    def until_close(self):
        """Read to the server's Close and answer it; the texts that came."""
        while not self.closed:
            opcode, payload = self.next()
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                try:
                    self.send(CLOSE, payload[:2])
                except OSError:
                    pass
        return self.texts

    def receipt(self):
        found = [t["Receipt"] for t in self.texts if "Receipt" in t]
        assert len(found) == 1 and "Receipt" in self.texts[-1], len(found)
        return found[0]

    def close(self):
        self.sock.close()
