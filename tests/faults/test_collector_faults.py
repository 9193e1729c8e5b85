# SPDX-License-Identifier: GPL-3.0-or-later
"""A collector that is not there, answers 500, answers garbage, closes mid-body, says 429,
gives a false receipt, or shows a wrong certificate: the records stay, the box says what it
does next, and delivery resumes by itself when the real collector is back."""
import http.server
import json
import shutil
import ssl
import sys
import threading

from bwtest import scratch, self_signed, wait_for
from scene import Scene


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers every post in the way that the server's `lie` says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.server.posts += 1
        lie = self.server.lie
        length = int(self.headers.get("Content-Length") or 0)
        if lie == "close-early":
            self.rfile.read(min(length, 10))
            self.close_connection = True
            return
        self.rfile.read(length)
        if lie == "close-answer":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"chains\":")
            self.close_connection = True
        elif lie == "500":
            self.answer(500, b"oops", "text/plain")
        elif lie == "html":
            self.answer(200, b"<html>Please log in to this network</html>", "text/html")
        elif lie == "garbage":
            self.answer(200, b"{\"chains\":[{\"kid\":7}]}\xff\x00", "application/json")
        elif lie == "429":
            self.answer(429, b"{}", "application/problem+json", [("Retry-After", "2")])
        elif lie == "redirect":
            self.answer(302, b"", "text/html", [("Location", "http://127.0.0.1:1/")])
        elif lie == "false-receipt":
            head = "eyJhbGciOiJFZERTQSIsImtpZCI6IkEiLCJ0eXAiOiJiYW5kd2l0bmVzcy1yZWNlaXB0K2p3cyJ9"
            body = {"chains": [{"kid": self.server.kid, "status": 200, "acked_through": 1000000,
                                "receipt": head + ".e30.AAAA"}],
                    "refused": [], "checkpoint": None, "policy": None}
            self.answer(200, json.dumps(body).encode(), "application/json")

    def answer(self, status, body, kind, more=()):
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


LIES = ("500", "html", "garbage", "429", "redirect", "close-early", "close-answer",
        "false-receipt")


def main():
    with Scene(tls=True) as s:
        box = s.box()
        wait_for("the first receipt", lambda: box.acked() > 0, 30)
        s.collector.stop()
        trouble(box, "nobody listens", lambda: True)
        for lie in LIES:
            with_liar(s, box, lie, s.collector.folder)
        wrong = s.enter_context(scratch())
        self_signed(wrong)
        with_liar(s, box, "500", wrong)  # right address, a certificate nobody vouches for
        s.collector.start()
        lines = box.journal()
        wait_for("delivery to resume by itself",
                 lambda: set(lines) <= set(s.collector.held(box.site)), 90, 0.5)
        held = s.collector.held(box.site)
        assert len(held) == len(set(held)) and held[:len(lines)] == lines
        assert box.starts == 1
        print(f"{len(lines)} records, all held once; the box was never restarted")
        return 0


def with_liar(s, box, lie, certificates):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", s.collector.port), Liar)
    server.lie, server.posts = lie, 0
    server.kid = box.status()["journal"]["kid"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates + "/tls.crt", certificates + "/tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        box.reload()  # resets the pause between tries
        wrong_certificate = certificates != s.collector.folder
        trouble(box, lie, lambda: wrong_certificate or server.posts > 0)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trouble(box, what, met):
    """The box meets it, keeps every record, says so, and goes on measuring."""
    before = box.acked()
    rows = box.status()["journal"]["rows"]

    def told():
        status = box.status()
        collector = status["collector"]
        return (met() and collector["failures_in_a_row"] > 0 and collector.get("last_error")
                and status["journal"]["rows"] > rows and status)
    status = wait_for(f"the box to meet '{what}'", told, 90, 0.2)
    assert box.acked() == before, f"{what}: something counts as acknowledged"
    print(f"{what}: {status['collector']['last_error']}", flush=True)
    assert box.running()


if __name__ == "__main__":
    shutil.which("openssl") or sys.exit(77)
    sys.exit(main())
