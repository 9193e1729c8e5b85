# SPDX-License-Identifier: GPL-3.0-or-later
"""stamper - a time stamper of OpenSSL's own behind a few lines of HTTP."""
import http.server
import os
import subprocess
import threading

from .place import free_port


def openssl(*words, **kw):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **kw).stdout


class Stamper:
    """`openssl ts -reply` behind HTTP; wrong: it stamps another request than it got;
    spoiled: its signature is not one."""

    CONF = """
[tsa]
default_tsa = one
[one]
serial = %(d)s/serial
crypto_device = builtin
signer_cert = %(d)s/tsa.pem
signer_key = %(d)s/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = CA:FALSE
[req]
distinguished_name = dn
[dn]
"""

    def __init__(self, folder):
        self.d = os.path.join(folder, "tsa")
        os.makedirs(self.d)
        self.conf = self.d + "/tsa.conf"
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(self.CONF % {"d": self.d})
        with open(self.d + "/serial", "w", encoding="utf-8") as f:
            f.write("01\n")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                "/CN=Stamps of Wren", "-config", self.conf, "-extensions", "ext",
                "-keyout", self.d + "/tsa.key", "-out", self.d + "/tsa.pem")
        self.wrong, self.spoiled, self.asked = False, False, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                reply = outer.reply(body)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass
        self.port = free_port()
        self.server = http.server.HTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def reply(self, query):
        self.asked += 1
        path = self.d + "/query"
        if self.wrong:
            query = openssl("ts", "-query", "-data", self.conf, "-sha256", "-cert")
        with open(path, "wb") as f:
            f.write(query)
        answer = openssl("ts", "-reply", "-config", self.conf, "-section", "one",
                         "-queryfile", path)
        # the signature is the last of it (RFC 5652, 5.3)
        return answer[:-1] + bytes([answer[-1] ^ 1]) if self.spoiled else answer

    def verify(self, data, reply):
        for name, text in (("data", data), ("reply", reply)):
            with open(f"{self.d}/{name}", "wb") as f:
                f.write(text)
        out = subprocess.run(["openssl", "ts", "-verify", "-data", self.d + "/data", "-in",
                              self.d + "/reply", "-CAfile", self.d + "/tsa.pem"],
                             capture_output=True, text=True)
        return out.returncode == 0 and "Verification: OK" in out.stdout
