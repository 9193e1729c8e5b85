# SPDX-License-Identifier: GPL-3.0-or-later
"""The ndt7 probe and who names its servers: a Locate service that has nothing, lies, or names
servers of which one works; a ticket; and the proof of a run, a receipt, kept as it came."""
import base64
import errno
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bwtest.child import ChildRun
from bwtest.place import program
from hostile import BINARY, Server, close, frame, head, text, upgrade
from test_ndt7_hostile import all_of, drains

RECEIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "vectors",
                       "receipt", "full.jose")
SELF, GRADE_RECEIPT = 0, 1


class Locate:
    """Answers every GET with the same, and remembers who asked."""

    def __init__(self, status, body, wait=0):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802
                asked.append((urlsplit(self.path), self.headers["User-Agent"]))
                time.sleep(wait)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who hangs up is part of the test
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v2/nearest/ndt/ndt7"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def results(*servers):
    """Locate's answer: (machine, address) in order."""
    return json.dumps({"results": [
        {"machine": machine, "hostname": machine,
         "location": {"city": "Elmstad", "country": "US"},
         "urls": {f"ws:///ndt/v7/{way}": f"{url}/ndt/v7/{way}?access_token=t.{machine}"
                  for way in ("download", "upload")}}
        for machine, url in servers]}).encode()


def by_locate(url, *options):
    return ChildRun("ndt7", "locate", f"locate_url={url}", "connect_timeout=2s", *options)


ERROR = json.dumps({"error": {"type": "x", "title": "none", "status": 429,
                              "detail": "come back later"}}).encode()
LONG = json.dumps({"error": {"type": "x", "title": "none", "status": 429,
                             "detail": "é" * 125}}).encode()
NOTHING = (
    # status, body, seconds, errno, words
    (204, b"", 0, errno.EBUSY, "no capacity for a test now (HTTP status 204)"),
    (429, ERROR, 0, errno.EBUSY, "HTTP status 429: come back later"),
    (500, b"oops", 0, errno.EBUSY, "no capacity for a test now (HTTP status 500)"),
    (200, b'{"results":[]}', 0, errno.EBUSY, "no capacity"),
    (403, b"", 0, errno.EBADMSG, "HTTP status 403"),
    (302, b"", 0, errno.EBADMSG, "HTTP status 302"),
    (200, b"", 0, errno.EBADMSG, "it is empty"),
    (200, b"<html>", 0, errno.EBADMSG, "cannot be used: JSON"),
    (200, b'{"results":[{"machine":"a b","urls":{}}]}', 0, errno.EBADMSG, "'machine'"),
    (200, b" " * 200000, 0, errno.E2BIG, "longer than 131072 bytes"),
    (200, b"", 20, errno.ETIMEDOUT, "cannot be asked"),
)


def nothing(status, body, wait, error, words):
    with Locate(status, body, wait) as locate:
        run = by_locate(locate.url, "direction=both")
        finals = run.finish()
    assert set(finals) == {"down", "up"}, finals
    for r in finals.values():
        assert r["state"] == "failed" and r["error"] == -error, r
        assert words in r["reason"] and "127.0.0.1" not in r["reason"], r
        assert r["flags"] == (["server-busy"] if error == errno.EBUSY else []), r
    assert len(locate.asked) == 1, locate.asked
    assert run.seconds < 15, run.seconds
    return f"  Locate {status}: {r['reason']} ({run.seconds:.1f} s)"


def a_long_story():
    """More words than a result has room for cost neither the reason nor the flag."""
    with Locate(429, LONG) as locate:
        done = subprocess.run(
            [program("bandwitness"), "probe", "ndt7", "locate", "--opt", "direction=both",
             "--opt", f"locate_url={locate.url}", "--json"], capture_output=True, timeout=60)
    assert done.returncode == 4, done
    down, up = json.loads(done.stdout)["results"]
    for r in (down, up):
        assert r["state"] == "failed" and r["flags"] == ["server-busy"], r
        assert "no capacity for a test now (HTTP status 429: éé" in r["reason"], r
        assert 250 < len(r["reason"].encode()) <= 255, r
    return f"  a long story: {down['reason']}"


def nobody():
    r = by_locate("http://127.0.0.1:9/v2", "direction=up").finish()["up"]
    assert r["state"] == "failed" and "cannot be asked" in r["reason"], r
    return f"  Locate refused: {r['reason']}"


# ---- servers

def busy(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 503 Busy\r\n\r\n")
    drains(peer)


class Works:
    """A server of both directions; `receipt` stands in its last words."""

    def __init__(self, receipt=None):
        self.receipt, self.requests = receipt, []

    def __call__(self, peer):
        request = upgrade(peer)
        self.requests.append(request)
        way = "upload" if "/ndt/v7/upload?" in request else "download"
        begun, moved = time.monotonic(), 0
        last = text(Origin="server", Test=way, ConnectionInfo={"UUID": "elm_1_2"})
        if way == "download":
            while time.monotonic() - begun < 6:
                peer.sendall(frame(BINARY, bytes(65536)))
                moved += 65536
            said = {"BytesAcked": moved, "BytesSent": moved, "BytesRetrans": moved // 100}
        else:
            peer.settimeout(1)  # the client has said its Close when it is silent
            try:
                while True:
                    moved += len(peer.recv(1 << 20))
            except TimeoutError:
                said = {"BytesReceived": moved}
        us = int((time.monotonic() - begun) * 1e6)
        more = {"Receipt": self.receipt} if self.receipt else {}
        peer.sendall(last + text(Origin="server", Test=way, **more, TCPInfo={
            **said, "ElapsedTime": us, "RTT": 20500, "MinRTT": 20000, "RWndLimited": us // 2}))
        peer.sendall(close())
        drains(peer)


def the_next_one():
    """Of three servers the first is gone, the second busy."""
    works = Works()
    with Server(busy) as full, Server(works) as good, \
            Locate(200, results(("oak", "ws://127.0.0.1:9"), ("ash", full.url()),
                                ("elm", good.url()))) as locate:
        r = by_locate(locate.url, "direction=down").finish()["down"]
        assert r["state"] == "ok" and r["machine"] == "elm", r
        assert r["grade"] == SELF and "receipt" not in r, r  # this Locate is not M-Lab's
        far = r["far"]
        assert far["rtt_us"] == 20500 and far["min_rtt_us"] == 20000, r
        assert abs(far["retransmit_ppm"] - 10000) < 10, r
        assert abs(far["rwnd_limited_ppm"] - 500000) < 10, r
        assert r["rtt_us"] == 20500 and r["retransmit_ppm"] == far["retransmit_ppm"], r
        # asked anew for every run
        r = by_locate(locate.url, "direction=down").finish()["down"]
        assert r["state"] == "ok" and len(locate.asked) == 2, (r, locate.asked)
    query = parse_qs(locate.asked[0][0].query)
    assert query["client_name"] == ["bandwitness"] and query["client_version"], query
    assert locate.asked[0][1].startswith("bandwitness/"), locate.asked
    line = works.requests[0].split("\r\n")[0]
    query = parse_qs(urlsplit(line.split(" ")[1]).query)
    assert query["access_token"] == ["t.elm"] and query["client_name"] == ["bandwitness"], line
    assert "User-Agent: bandwitness/" in works.requests[0], works.requests[0]
    assert "Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n" in works.requests[0]
    return "  the third of three servers, twice"


def none_of_them():
    with Server(busy) as full, Locate(200, results(("oak", "ws://127.0.0.1:9"),
                                                   ("ash", full.url()))) as locate:
        finals = by_locate(locate.url, "direction=both").finish()
    for r in finals.values():
        assert r["state"] == "failed" and r["error"] == -errno.EBUSY, r
        assert r["flags"] == ["server-busy"] and r["machine"] == "ash", r
    return f"  none of two: {r['reason']}"


# ---- proof

def golden():
    """The vector's receipt, and the nonce in it."""
    with open(RECEIPT, encoding="ascii") as f:
        receipt = f.read().strip()
    payload = receipt.split(".")[1]
    return receipt, json.loads(base64.urlsafe_b64decode(payload + "=="))["nonce"]


def ticket_for(machine, server, nonce):
    return json.dumps({**json.loads(results((machine, server.url()))), "nonce": nonce}).encode()


def no_proof(r):
    return (r["grade"], r["egress"]) == (SELF, 0) and "receipt" not in r


def a_ticket_and_its_receipt():
    """A receipt is one for the direction and the nonce that it names, and for no other."""
    receipt, nonce = golden()
    works = Works(receipt)
    with Server(works) as server:
        run = ChildRun("ndt7", "ws://127.0.0.1:9", "direction=both",
                       ticket=ticket_for("birch", server, nonce).decode())
        finals = run.finish()
        other = ChildRun("ndt7", "ws://127.0.0.1:9", "direction=down", ticket=ticket_for(
            "birch", server, "AQECAwQFBgcICQoLDA0ODw").decode()).finish()["down"]
    for r in finals.values():
        assert r["state"] == "ok" and r["machine"] == "birch", r
    down, up = finals["down"], finals["up"]
    assert down["grade"] == GRADE_RECEIPT and down["receipt"] == receipt, down
    assert down["egress"] == 1, down  # as the receipt says: match
    assert no_proof(up), up
    assert other["state"] == "ok" and no_proof(other), other
    assert abs((up["t1_mono_ns"] - up["t0_mono_ns"]) / 1e9 - 11) < 1.5, up  # by its clock
    assert [("access_token=t.birch" in q) for q in works.requests] == [True] * 3
    return "  a ticket for both directions, one receipt"


def a_receipt_without_a_ticket():
    """Anybody may send what was signed once: to who showed no ticket it proves nothing."""
    with Server(Works(golden()[0])) as server:
        r = ChildRun("ndt7", server.url(), "direction=down").finish()["down"]
    assert r["state"] == "ok" and no_proof(r), r
    return "  a receipt that nobody had a right to"


def a_token_as_ticket():
    works = Works("eyJub3QiOiJhIn0.receipt")
    with Server(works) as server:
        r = ChildRun("ndt7", server.url(), "direction=down", ticket="a.b.c").finish()["down"]
    assert r["state"] == "ok" and r["grade"] == SELF and "receipt" not in r, r
    assert "access_token=a.b.c " in works.requests[0], works.requests
    for ticket in ("{", '{"results":[]}'):
        r = ChildRun("ndt7", server.url(), "direction=down", ticket=ticket).finish()["down"]
        assert r["state"] == "failed" and "the ticket cannot be used" in r["reason"], r
    return "  a token, and a receipt that is none"


def main():
    all_of([(nothing, *case) for case in NOTHING]
           + [(f,) for f in (nobody, a_long_story, the_next_one, none_of_them, a_ticket_and_its_receipt,
                             a_receipt_without_a_ticket, a_token_as_ticket)], 10)


if __name__ == "__main__":
    sys.exit(main())
