#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""courier_server - a collector that behaves as told, for the courier's test.

courier_server.py [--tls] BEHAVIOUR...

Request n gets behaviour n, the last one for good. Only requests of the agent "courier-test"
count: another program may still be looking for whoever had this port before. Prints its port, then one line a
request: path, number of lines, encoding, behaviour. Lines of a post are "KID SEQ ANYTHING".
Ends when its standard input ends.
"""
import ctypes
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading


def inflate(data):
    lib = ctypes.CDLL("libzstd.so.1")
    lib.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    size = lib.ZSTD_getFrameContentSize(data, ctypes.c_size_t(len(data)))
    out = ctypes.create_string_buffer(size)
    n = lib.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    return out.raw[:n]


def answer(status, body, headers=(), kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(data)}",
             *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


def acks(rows, through=None, refused=(), receipt="receipt"):
    last = {}
    for kid, seq in rows:
        last[kid] = seq
    chains = []
    for kid, seq in last.items():
        chain = {"kid": kid, "status": 200, "acked_through": seq if through is None else through}
        if receipt:
            chain["receipt"] = receipt
        chains.append(chain)
    return {"chains": chains, "refused": list(refused), "checkpoint": None, "policy": None}


def refuse(rows, line, word):
    kid, seq = rows[line]
    return {"line": line + 1, "kid": kid, "seq": seq, "type": word, "detail": f"it is {word}"}


def respond(behaviour, path, rows):
    """Bytes to send, and whether the connection is cut after them."""
    word, _, arg = behaviour.partition(":")
    if word == "ok":
        return answer(200, {} if path.endswith("/keys") else acks(rows)), False
    if word == "half":
        return answer(200, acks(rows, through=rows[len(rows) // 2 - 1][1])), False
    if word == "ahead":
        return answer(200, acks(rows, through=rows[-1][1] + 5)), False
    if word == "nothing":
        return answer(200, acks(rows, through=0, receipt=None)), False
    if word == "back":  # restored from a backup: what came later is held
        return answer(200, acks(rows, through=int(arg))), False
    if word == "noreceipt":
        return answer(200, acks(rows, receipt=None)), False
    if word == "refuse":
        line = len(rows) // 2
        return answer(200, acks(rows, refused=[refuse(rows, line, arg)])), False
    if word in ("refuselast", "hide"):  # the acknowledgement covers the refused one
        return answer(200, acks(rows, refused=[refuse(rows, len(rows) - 1, arg)],
                                receipt=None if word == "hide" else "receipt")), False
    if word == "wait":
        return answer(422, {"type": "/problems/all-refused", "title": "", "status": 422,
                            **acks(rows, through=0, receipt=None,
                                   refused=[refuse(rows, i, arg) for i in range(len(rows))])},
                      kind="application/problem+json"), False
    if word == "waitat":  # it went past this one, which it cannot read
        late = [refuse(rows, i, "not-yet-readable") for i, row in enumerate(rows)
                if row[1] == int(arg)]
        return answer(200 if len(rows) > len(late) else 422, acks(rows, refused=late)), False
    if word == "unknown":  # these keys, while it takes what others signed
        known = [row for row in rows if row[0][0] not in arg.split("+")]
        bad = [refuse(rows, i, "unknown-key") for i, row in enumerate(rows) if row not in known]
        return answer(200 if known else 422, acks(known, refused=bad)), False
    if word == "fork":
        return answer(409, {"type": "/problems/fork", "title": "", "status": 409,
                            **acks(rows, through=rows[0][1] - 1, receipt=None,
                                   refused=[refuse(rows, 0, "fork")])},
                      kind="application/problem+json"), False
    if word == "forkall":  # a box that was set back by as many records as it sends
        return answer(409, {"type": "/problems/fork", "title": "", "status": 409,
                            **acks(rows, through=rows[0][1] - 1, receipt=None,
                                   refused=[refuse(rows, i, "fork") for i in range(len(rows))])},
                      kind="application/problem+json"), False
    if word == "forkhead":  # a copy has delivered other records from this one on, and no more
        late = [refuse(rows, i, "fork") for i, row in enumerate(rows) if row[1] >= int(arg)]
        return answer(200 if len(rows) > len(late) else 409, acks(rows, refused=late)), False
    if word == "forkold":  # until the box goes on under a new key
        new = path.endswith("/keys") or rows[0][0][0] != arg
        return respond("ok" if new else "fork", path, rows)
    if word == "status":
        return answer(int(arg), {"type": "/problems/busy", "title": "", "status": int(arg),
                                 "detail": "too much\nat once"}, ["Retry-After: 1"],
                      "application/problem+json"), False
    if word == "garbage":
        return answer(200, b"<html>It works!</html>", kind="text/html"), False
    if word == "types":
        return answer(200, {"chains": [{"kid": 7, "acked_through": "all"}], "refused": []}), False
    if word == "others":
        return answer(200, {"chains": [{"kid": "x" * 43, "acked_through": 5,
                                        "receipt": "r"}], "refused": []}), False
    if word == "beyond":
        return answer(200, {"chains": [], "refused": [{"line": len(rows) + 1,
                                                       "type": "malformed",
                                                       "detail": ""}]}), False
    if word == "cut":
        whole = answer(200, acks(rows))
        return whole[:len(whole) - 20], True
    if word == "shut":
        return b"", True
    if word == "endless":
        return answer(200, b"[" * (5 * 1024 * 1024)), True
    if word == "forks":  # again and again, whatever is sent
        return respond("ok" if path.endswith("/keys") else "fork", path, rows)
    if word == "headers":
        return b"HTTP/1.1 200 X\r\n" + b"X-More: and more\r\n" * 100000, True
    if word == "continue":
        return b"HTTP/1.1 100 Continue\r\n\r\n" * 100000, True
    if word == "deep":
        return answer(200, b"[" * 100000), False
    if word == "negative":
        return answer(200, acks(rows, through=-5)), False
    if word == "number":
        return answer(200, b'{"chains":[{"kid":"' + rows[0][0].encode() + b'","acked_through":'
                      + b"9" * 400 + b',"receipt":"r"}],"refused":[]}'), False
    if word == "line":
        return answer(200, acks(rows, refused=[{"line": arg and int(arg), "type": "malformed",
                                                "detail": ""}])), False
    if word == "twice":
        return answer(200, acks(rows, refused=[refuse(rows, 3, "malformed")] * 2)), False
    if word == "chains":
        both = acks(rows)
        return answer(200, {**both, "chains": both["chains"] * 2}), False
    if word == "keys":
        return answer(200, b'{"chains":[],"chains":[],"refused":[]}'), False
    if word == "escape":
        bad = {**refuse(rows, 0, "malformed"), "detail": "it is \x1b[2J\nnot \x9b so at 192.0.2.77"}
        return answer(200, acks(rows, refused=[bad])), False
    if word == "long":
        rest = [{**refuse(rows, i, "wait"), "detail": "x" * 390} for i in range(len(rows))]
        pad = " " * (100000 * len(rows))
        body = json.dumps(acks(rows, through=0, receipt=None, refused=rest)) + pad
        return (answer(200, body.encode()) if len(rows) > 6 else answer(200, acks(rows))), False
    if word == "moved":
        return answer(302, b"", ["Location: http://127.0.0.1:1/"]), False
    raise SystemExit(f"what is {behaviour}?")


class Server:
    def __init__(self, behaviours, tls):
        self.behaviours, self.n = behaviours, 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.context = None
        if tls:
            folder = tempfile.mkdtemp(prefix="bw-courier-")
            cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                            "/CN=alder", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                            key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
            print(cert, flush=True)
        print(self.listener.getsockname()[1], flush=True)

    def next(self):
        with self.lock:
            b = self.behaviours[min(self.n, len(self.behaviours) - 1)]
            self.n += 1
            return b

    def serve(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            stream = sock.makefile("rb")
            while self.one(sock, stream):
                pass
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            sock.close()

    def one(self, sock, stream):
        first = stream.readline().decode().split()
        if len(first) < 2:
            return False
        headers = {}
        while True:
            line = stream.readline().decode().strip()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
        encoding = headers.get("content-encoding", "-")
        if encoding == "zstd":
            body = inflate(body)
        if headers.get("user-agent") != "courier-test":
            sock.sendall(answer(404, b""))
            return True
        rows = []
        if first[1].endswith("/summaries"):
            for text in body.decode().splitlines():
                kid, seq = text.split()[:2]
                rows.append((kid, int(seq)))
        behaviour = self.next()
        word, _, most = behaviour.partition(":")
        if word == "slow":  # more lines than this line carries in time
            if len(rows) > int(most):
                while sock.recv(1000):
                    pass
                return False
            behaviour = "ok"
        print(first[1], len(rows), encoding, behaviour, flush=True)
        data, cut = respond(behaviour, first[1], rows)
        sock.sendall(data)
        return not cut

    def run(self):
        while True:
            sock, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()


def main():
    words = sys.argv[1:]
    tls = words[:1] == ["--tls"]
    server = Server(words[1:] if tls else words, tls)
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdin.read()


main()
