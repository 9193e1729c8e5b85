# SPDX-License-Identifier: GPL-3.0-or-later
"""hostile - servers on loopback that answer every connection with one function, and the
little WebSocket that bad ones need: frames as they must not be, too."""
import base64
import hashlib
import json
import socket
import ssl
import struct
import threading

PROTOCOL = "net.measurementlab.ndt.v7"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
RESET = b"\1\0\0\0\0\0\0\0"


class Server:
    """Each connection in a thread of its own; `tls` is (certificate, key)."""

    def __init__(self, talk, tls=None):
        self.talk, self.tls = talk, tls
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self):
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer):
        try:
            peer.settimeout(40)
            if self.tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.tls)
                peer = context.wrap_socket(peer, server_side=True)
            self.talk(peer)
        except (OSError, ValueError):
            pass
        finally:
            peer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def head(peer):
    """A request's head; what follows it was read too far and is lost."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(65536)
        if not part:
            raise OSError("closed")
        data += part
    return data.decode("latin-1")


def accept_of(request):
    key = [line.split(":", 1)[1].strip() for line in request.split("\r\n")
           if line.lower().startswith("sec-websocket-key:")][0]
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def upgrade(peer, accept=None, protocol=PROTOCOL, more=""):
    """The server's part of the handshake, with one thing another if asked."""
    request = head(peer)
    chosen = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    peer.sendall((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept or accept_of(request)}\r\n"
                  f"{chosen}{more}\r\n").encode())
    return request


def frame(opcode, payload=b"", fin=True, masked=False, length=None):
    """`length` may lie."""
    n = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    out = bytes([(0x80 if fin else 0) | opcode])
    if n < 126:
        out += bytes([bit | n])
    elif n < 65536:
        out += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        out += bytes([bit | 127]) + struct.pack(">Q", n)
    return out + (b"\0\0\0\0" if masked else b"") + payload


def text(**members):
    return frame(TEXT, json.dumps(members).encode())


def close(code=1000, reason=""):
    return frame(CLOSE, struct.pack(">H", code) + reason.encode())


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
