# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector's measurement server by real sockets: tickets, both kinds of test both ways,
receipts, those who misbehave, and its process killed in the middle."""
import http.client
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import unittest

from bwtest import scratch
from bwtest.collector import Collector
from bwtest.jose import Key
from bwtest.measure import (BINARY, CLOSE, PING, PONG, TEXT, WebSocket, ask, dial, frame,
                            head_of, measure_conf, measure_port, parts, payload_of,
                            ticket_request, urls)
from bwtest.place import self_signed

LOAD = os.urandom(1 << 20)
MIB = 1 << 20


def until(what, timeout=30):
    """Wait for a fact; the state itself is asked, not a time."""
    end = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


class Case(unittest.TestCase):
    EXTRA = dict(tests=40, rate="100G", unclaimed="1G", test_bytes="40MB", site_tests=1000)

    @classmethod
    def setUpClass(cls):
        cls.c = cls.enterClassContext(Collector(extra=measure_conf(**cls.EXTRA)))
        cls.port = measure_port(cls.c)
        until(lambda: cls.c.metric("bandwitness_measure_up") == 1)

    @classmethod
    def tearDownClass(cls):
        """In order, without a leak where sanitizers look: its process says so by its end."""
        if cls.c.running():
            cls.c.stop()
        text = cls.c.text(last=True)
        assert "ended with status" not in text.replace("status 0, signal 9", ""), text

    def urls(self, box=None, **words):
        return urls(self.c, box or self.c.box(), **words)

    def refused(self, answer, status, word):
        self.assertEqual((answer.status, answer.json["type"]),
                         (status, "/problems/" + word), answer.body)

    def get(self, url, method="GET", body=None, headers=None):
        _, host, port, target = parts(url)
        c = http.client.HTTPConnection(host, port, timeout=20)
        try:
            c.request(method, target, body=body, headers=headers or {})
            r = c.getresponse()
            return r.status, r.read(), r.headers
        finally:
            c.close()

    def nothing_left(self):
        """Every place is free again, and no connection stays."""
        until(lambda: self.c.metric("bandwitness_measure_tests") == 0 and
              self.c.metric("bandwitness_measure_connections") == 0)


class Tickets(Case):
    def test_the_answer_has_locates_shape(self):
        box = self.c.box()
        a = ask(self.c, box, direction="both")
        self.assertEqual(a.status, 200, a.body)
        self.assertEqual(a.headers["Cache-Control"], "no-store")
        result, = a.json["results"]
        self.assertEqual((result["machine"], result["hostname"]), ("state-1", "127.0.0.1"))
        self.assertEqual(set(result["urls"]), {"ws:///ndt/v7/download", "ws:///ndt/v7/upload"})
        for name, url in result["urls"].items():
            token = url.split("access_token=")[1]
            t = payload_of(token, box.log_key, "bandwitness-ticket+jws")
            self.assertEqual((t["site"], t["kid"], t["circuit"], t["kind"], t["max_bytes"]),
                             (box.site, box.key.kid, "wan", "ndt7", 40_000_000))
            self.assertEqual(t["direction"], "up" if "upload" in name else "down")
            self.assertEqual(t["nonce"], a.json["nonce"])
            self.assertLess(t["expires_ms"] - time.time() * 1000, 130_000)
        self.assertEqual(set(self.urls(kind="http", direction="up")),
                         {"http:///up", "http:///up/receipt"})
        longest = ask(self.c, self.c.box(), kind="http", direction="both")
        self.assertLessEqual(len(longest.body), 4096)

    def test_who_gets_none(self):
        box, stranger = self.c.box(), Key()
        now = int(time.time() * 1000)
        self.refused(ask(self.c, box, key=stranger), 401, "unknown-key")
        good = ticket_request(box)
        body, signature = good.rsplit(".", 1)
        wrong = body + "." + ("A" if signature[0] != "A" else "B") + signature[1:]
        jose = {"Content-Type": "application/jose"}
        self.refused(self.c.request("POST", "/api/v1/tickets", wrong.encode(), jose),
                     401, "bad-signature")
        self.refused(self.c.request("POST", "/api/v1/tickets", good.encode(),
                                    {"Content-Type": "text/plain"}), 415, "wrong-content-type")
        self.refused(ask(self.c, box, aud=stranger.kid), 403, "ticket-refused")
        self.refused(ask(self.c, box, at_ms=now - 400_000), 403, "ticket-refused")
        self.refused(ask(self.c, box, at_ms=now + 400_000), 403, "ticket-refused")
        for wrong in ({"circuit": ""}, {"circuit": "a b"}, {"kind": "icmp"}, {"extra": 1},
                      {"direction": "left"}, {"nonce": "short"}, {"v": 2}, {"at_ms": "x"}):
            self.refused(ask(self.c, box, **wrong), 400, "malformed")
        self.assertEqual(self.c.request("POST", "/api/v1/tickets", good.encode(), jose).status,
                         200)
        self.refused(self.c.request("POST", "/api/v1/tickets", good.encode(), jose),
                     409, "nonce-used")

    def test_no_ticket_no_test(self):
        base = f"ws://127.0.0.1:{self.port}/ndt/v7/download"
        for query, status in (("", 401), ("?access_token=", 400), ("?access_token=x", 401),
                              ("?access_token=a.b.c", 401), ("?access_token=%41", 400),
                              ("?access_token=" + "a" * 2000, 400),
                              ("?access_token=a&access_token=b", 400), ("?" + "x" * 5000, 400)):
            w = WebSocket(base + query)
            self.assertEqual(w.status, status, query)
            w.close()
        web = f"http://127.0.0.1:{self.port}"
        for path, status in (("/", 404), ("/down", 401), ("/up", 405), ("/down?bytes=-1", 400),
                             ("/down?bytes=0", 400), ("/ndt/v7/download", 401),
                             ("/garbage?ckSize=4", 401), ("/down/receipt", 401),
                             ("/down/receipt?access_token=a.b.c", 404)):
            self.assertEqual(self.get(web + path)[0], status, path)
        self.nothing_left()

    def test_one_ticket_one_test(self):
        box, other = self.c.box(), self.c.box()
        u = self.urls(box, direction="both")
        down, up = u["ws:///ndt/v7/download"], u["ws:///ndt/v7/upload"]
        w = WebSocket(down.replace("download", "upload"))
        self.assertEqual(w.status, 403)  # the ticket names its direction
        self.assertEqual(self.get(down.replace("ws:", "http:").replace("ndt/v7/download",
                                                                       "down"))[0], 403)
        w = WebSocket(down)
        self.assertEqual(w.status, 101)
        self.assertEqual(WebSocket(down).status, 409)  # while it runs
        w.until_close()
        self.assertEqual(WebSocket(down).status, 409)  # and after
        old = urls(self.c, other)["ws:///ndt/v7/download"]
        new = urls(self.c, other)["ws:///ndt/v7/download"]
        self.assertEqual(WebSocket(old).status, 409)  # asking again voids it
        w = WebSocket(new)
        self.assertEqual(w.status, 101)
        w.close()
        w = WebSocket(up)
        self.assertEqual(w.status, 101)
        w.close()
        self.nothing_left()

    def test_wrong_subprotocol_spends_nothing(self):
        url = self.urls()["ws:///ndt/v7/download"]
        self.assertEqual(WebSocket(url, protocol="chat").status, 400)
        self.assertIn(self.get(url.replace("ws:", "http:"))[0], (400, 426))
        w = WebSocket(url)
        self.assertEqual(w.status, 101)
        w.close()
        self.nothing_left()


class Ndt7(Case):
    def test_download(self):
        box = self.c.box()
        w = WebSocket(self.urls(box)["ws:///ndt/v7/download"])
        texts = w.until_close()
        self.assertEqual(w.code, 1000)
        r = payload_of(w.receipt(), box.log_key)
        self.assertEqual((r["site"], r["kid"], r["circuit"], r["kind"], r["method"],
                          r["direction"], r["streams"], r["server"], r["egress"], r["end"]),
                         (box.site, box.key.kid, "wan", "ndt7", "ndt7/ws", "down", 1, "state-1",
                          "unknown", "bytes"))
        self.assertEqual(r["bytes"], w.load)
        self.assertEqual(sum(r["per_s"]), w.load)
        self.assertGreaterEqual(r["tcp"]["acked_bytes"], w.load * 0.5)
        self.assertLessEqual(len(w.receipt()), 2048)
        first, last = texts[0], texts[-1]
        for t in (first, last):
            self.assertEqual((t["Origin"], t["Test"]), ("server", "download"))
            self.assertEqual(t["ConnectionInfo"]["Server"], f"127.0.0.1:{self.port}")
            self.assertGreater(t["TCPInfo"]["MinRTT"], 0)
        self.assertEqual(first["ConnectionInfo"], last["ConnectionInfo"])
        self.assertGreaterEqual(last["TCPInfo"]["BytesSent"], w.load)
        w.close()
        self.nothing_left()

    def test_upload(self):
        box = self.c.box()
        w = WebSocket(self.urls(box, direction="up")["ws:///ndt/v7/upload"])
        sizes = [1 << 13, 1 << 16, MIB, MIB, 4 * MIB]
        for n in sizes:
            w.send(BINARY, (LOAD * 4)[:n])
        # one message in three frames, with a control frame within
        w.send(BINARY, LOAD[:1000], fin=False)
        w.send(PING, b"between")
        w.send(0, LOAD[:2000], fin=False)
        w.send(0, LOAD[:3000])
        w.send(TEXT, b'{"AppInfo":{"NumBytes":1,"ElapsedTime":2},"Origin":"client"}')
        w.send(CLOSE, struct.pack(">H", 1000))
        pongs = []
        while not w.closed:
            opcode, payload = w.next()
            if opcode == PONG:
                pongs.append(payload)
        r = payload_of(w.receipt(), box.log_key)
        self.assertEqual(pongs, [b"between"])
        self.assertEqual((r["bytes"], r["end"], r["direction"]), (sum(sizes) + 6000, "done", "up"))
        self.assertGreater(r["tcp"]["received_bytes"], r["bytes"])
        self.assertEqual(w.texts[-1]["Test"], "upload")
        w.close()
        self.nothing_left()

    def test_the_most_bytes_end_an_upload(self):
        box = self.c.box()
        w = WebSocket(self.urls(box, direction="up")["ws:///ndt/v7/upload"])
        sender = threading.Thread(target=self.send_for_ever, args=(w,))
        sender.start()
        w.until_close()
        r = payload_of(w.receipt(), box.log_key)
        self.assertEqual(r["end"], "bytes")
        self.assertGreaterEqual(r["bytes"], 40_000_000)
        self.assertLess(r["bytes"], 50_000_000)
        w.close()
        sender.join(20)
        self.assertFalse(sender.is_alive())
        self.nothing_left()

    @staticmethod
    def send_for_ever(w):
        try:
            while True:
                w.sock.sendall(frame(BINARY, LOAD))
        except OSError:
            pass

    def test_a_connection_that_is_cut_frees_its_place(self):
        box = self.c.box()
        before = self.c.metric("bandwitness_test_receipts_total")
        w = WebSocket(self.urls(box)["ws:///ndt/v7/download"])
        w.next()
        w.close()
        self.nothing_left()
        # a free place and a signed receipt are counted one after the other
        until(lambda: self.c.metric("bandwitness_test_receipts_total") > before)
        self.assertEqual(self.c.metric("bandwitness_test_receipts_total"), before + 1)
        self.assertEqual(ask(self.c, box).status, 200)


class Http(Case):
    def fetch(self, url, c, n):
        c.request("GET", parts(url)[3] + f"&bytes={n}")
        r = c.getresponse()
        return r.status, len(r.read())

    def test_download(self):
        box = self.c.box()
        u = self.urls(box, kind="http")
        a, b = (http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                for _ in range(2))
        for c, n in ((a, 1), (a, 3 * MIB + 17), (b, 4 * MIB), (a, 100)):
            self.assertEqual(self.fetch(u["http:///down"], c, n), (200, n))
        status, body, head = self.get(u["http:///down/receipt"])
        self.assertEqual((status, head["Content-Type"]), (200, "application/jose"))
        r = payload_of(body.decode(), box.log_key)
        self.assertEqual((r["bytes"], r["streams"], r["method"], r["kind"], r["end"]),
                         (7 * MIB + 118, 2, "http/1", "http", "done"))
        again = self.get(u["http:///down/receipt"])
        self.assertEqual(again[:2], (status, body))  # an answer may be lost
        self.assertEqual(self.get(u["http:///down"])[0], 409)
        a.close(), b.close()

    def test_upload(self):
        box = self.c.box()
        u = self.urls(box, kind="http", direction="up")
        for n in (0, 1, 2 * MIB + 5):
            self.assertEqual(self.get(u["http:///up"], "POST", (LOAD * 3)[:n])[0], 200)
        # a body in one record with its head, and one behind "Expect"
        sock, target = dial(u["http:///up"])
        sock.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n"
                     f"Expect: 100-continue\r\n\r\n".encode())
        self.assertEqual(head_of(sock)[0], 100)
        sock.sendall(b"1234567")
        self.assertEqual(head_of(sock)[0], 200)
        sock.close()
        status, body, _ = self.get(u["http:///up/receipt"])
        r = payload_of(body.decode(), box.log_key)
        self.assertEqual((status, r["bytes"], r["direction"]), (200, 2 * MIB + 13, "up"))

    def test_streams_are_those_that_moved_payload(self):
        box = self.c.box()
        u = self.urls(box, kind="http")
        conns = [http.client.HTTPConnection("127.0.0.1", self.port, timeout=20) for _ in range(3)]
        self.assertEqual(self.fetch(u["http:///down"], conns[0], MIB), (200, MIB))
        for c in conns[1:]:  # they time round trips, and load nothing
            c.request("GET", parts(u["http:///down"])[3].replace("/down?", "/empty?"))
            self.assertEqual((r := c.getresponse()).status, 200)
            r.read()
        r = payload_of(self.get(u["http:///down/receipt"])[1].decode(), box.log_key)
        self.assertEqual((r["bytes"], r["streams"]), (MIB, 1))
        for c in conns:
            c.close()

    def test_a_connection_is_of_one_test(self):
        """What the kernel counts of a connection cannot be told apart by test."""
        box = self.c.box()
        u = self.urls(box, kind="http", direction="both")
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.assertEqual(self.fetch(u["http:///down"], c, MIB), (200, MIB))
        c.request("POST", parts(u["http:///up"])[3], body=b"x" * 1000)
        r = c.getresponse()
        self.assertEqual(r.status, 409)
        self.assertIn("another test's", json.loads(r.read())["detail"])
        c.close()
        # its ticket is not spent by that
        self.assertEqual(self.get(u["http:///up"], "POST", b"x" * 1000)[0], 200)
        for way, n in (("up", 1000), ("down", MIB)):
            body = self.get(u[f"http:///{way}/receipt"])[1].decode()
            self.assertEqual(payload_of(body, box.log_key)["bytes"], n)

    def test_no_more_connections_than_a_receipt_counts(self):
        box = self.c.box()
        u = self.urls(box, kind="http")
        for _ in range(1024):
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.assertEqual(self.fetch(u["http:///down"], c, 1), (200, 1))
            c.close()
        self.assertEqual(self.get(u["http:///down"] + "&bytes=1")[0], 429)
        r = payload_of(self.get(u["http:///down/receipt"])[1].decode(), box.log_key)
        self.assertEqual((r["streams"], r["bytes"]), (1024, 1024))

    def test_requests_one_behind_the_other(self):
        """The answer to the last one comes, though it is a refusal."""
        sock, target = dial(self.urls(kind="http")["http:///down"])
        sock.sendall((f"GET {target}&bytes=5 HTTP/1.1\r\nHost: x\r\n\r\n"
                      "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n").encode())
        status, rest = head_of(sock)
        while b'"detail"' not in rest or not rest.endswith(b"}"):
            more = sock.recv(4096)
            self.assertTrue(more, rest)
            rest += more
        self.assertEqual(status, 200)
        self.assertIn(b"404", rest)
        sock.close()

    def test_librespeed_pair(self):
        u = self.urls(kind="http")
        garbage = u["http:///down"].replace("/down?", "/garbage?ckSize=2&")
        self.assertEqual(len(self.get(garbage)[1]), 2 * MIB)
        self.assertEqual(self.get(u["http:///down"].replace("/down?", "/empty?"))[:2],
                         (200, b""))
        up = self.urls(kind="http", direction="up")["http:///up"].replace("/up?", "/empty?")
        self.assertEqual(self.get(up, "POST", b"x" * 70000)[0], 200)

    def test_the_most_bytes_cut(self):
        box = self.c.box()
        u = self.urls(box, kind="http")
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            self.get(u["http:///down"] + "&bytes=1000000000")
        r = payload_of(self.get(u["http:///down/receipt"])[1].decode(), box.log_key)
        self.assertEqual(r["end"], "bytes")
        self.assertGreaterEqual(r["bytes"], 40_000_000)

    def test_wrong_requests(self):
        u = self.urls(kind="http", direction="up")
        for head, status in (("Transfer-Encoding: chunked\r\n", 411), ("", 411),
                             ("Content-Length: x\r\n", 400),
                             ("Content-Length: 99999999999999999999\r\n", 400),
                             ("Content-Length: 1\r\nContent-Length: 1\r\n", 400)):
            sock, target = dial(u["http:///up"])
            sock.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
            self.assertEqual(head_of(sock)[0], status, head)
            sock.close()
        conns = []
        down = self.urls(kind="http")["http:///down"]
        for _ in range(64):
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.assertEqual(self.fetch(down, c, 1), (200, 1))
            conns.append(c)
        self.assertEqual(self.get(down + "&bytes=1")[0], 429)
        for c in conns:
            c.close()


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(scratch())
        cls.ca, key = self_signed(cls.folder, "measure", {"127.0.0.1"})
        cls.EXTRA = {**Case.EXTRA, "tls_certificate": f'"{cls.ca}"', "tls_key": f'"{key}"'}
        super().setUpClass()

    def test_both_ways(self):
        box = self.c.box()
        u = self.urls(box, direction="both")
        w = WebSocket(u["wss:///ndt/v7/download"], ca=self.ca)
        w.until_close()
        r = payload_of(w.receipt(), box.log_key)
        self.assertEqual((r["bytes"], r["method"]), (w.load, "ndt7/wss"))
        w.close()
        w = WebSocket(u["wss:///ndt/v7/upload"], ca=self.ca)
        for _ in range(5):
            w.send(BINARY, LOAD)
        w.send(CLOSE, struct.pack(">H", 1000))
        w.until_close()
        self.assertEqual(payload_of(w.receipt(), box.log_key)["bytes"], 5 * MIB)
        w.close()

    def test_a_body_in_the_heads_record(self):
        box = self.c.box()
        u = self.urls(box, kind="http", direction="up")
        sock, target = dial(u["https:///up"], ca=self.ca)
        body = LOAD[:9000]
        sock.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"
                     .encode() + body)
        self.assertEqual(head_of(sock)[0], 200)
        sock.close()
        sock, target = dial(u["https:///up/receipt"], ca=self.ca)
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, rest = head_of(sock)
        while True:
            more = sock.recv(4096)
            if not more:
                break
            rest += more
        self.assertEqual((status, payload_of(rest.decode(), box.log_key)["bytes"]), (200, 9000))
        sock.close()

    def test_no_tls_at_all(self):
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(600), b"\x16\x03\x01"):
            sock = socket.create_connection(("127.0.0.1", self.port), 20)
            try:  # it may be reset at any moment from here
                sock.sendall(garbage)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
            except OSError as e:
                self.assertNotIsInstance(e, TimeoutError)
            sock.close()
        self.nothing_left()


class Limits(unittest.TestCase):
    def test_busy_and_not_testable(self):
        conf = measure_conf(tests=2, rate="1G", unclaimed="400M", test_bytes="10MB",
                            site_tests=1)
        with Collector(extra=conf) as c:
            boxes = [c.box(f"School {i}") for i in range(4)]
            until(lambda: c.metric("bandwitness_measure_up") == 1)
            c.admin("site", "claim", "--circuit", "wan", "--down", "2G", "--up", "2G",
                    "--from", "2026-07-01", boxes[3].site)
            held = [urls(c, b)["ws:///ndt/v7/download"] for b in boxes[:2]]
            a = ask(c, boxes[2])
            self.assertEqual((a.status, a.json["type"]), (503, "/problems/server-busy"))
            self.assertGreater(int(a.headers["Retry-After"]), 0)
            a = ask(c, boxes[3])
            self.assertEqual((a.status, a.json["type"]), (403, "/problems/not-testable"))
            w = WebSocket(held[0])
            w.until_close()
            w.close()
            a = ask(c, boxes[0])
            self.assertEqual((a.status, a.json["type"]), (429, "/problems/day-used-up"))
            self.assertEqual(ask(c, boxes[2]).status, 200)
            self.assertEqual(c.metric("bandwitness_measure_places_taken"), 2)

    def test_off_by_default(self):
        with Collector() as c:
            a = ask(c, c.box())
            self.assertEqual((a.status, a.json["type"]),
                             (404, "/problems/no-measurement-server"))
            self.assertNotIn("measure", c.get("/metrics").text)

    def test_egress(self):
        with Collector(extra=measure_conf(test_bytes="1MB")) as c:
            until(lambda: c.metric("bandwitness_measure_up") == 1)
            for prefix, egress in (("127.0.0.0/8", "match"), ("192.0.2.0/24", "other"),
                                   ("2001:db8::/32", "unknown")):
                box = c.box(f"School {egress}")
                c.admin("site", "add", "--circuit", "wan", "--prefix", prefix, box.site)
                w = WebSocket(urls(c, box)["ws:///ndt/v7/download"])
                w.until_close()
                self.assertEqual(payload_of(w.receipt(), box.log_key)["egress"], egress)
                w.close()
            # one connection by another line is enough
            box = c.box("Two Lines School")
            c.admin("site", "add", "--circuit", "wan", "--prefix", "127.0.0.1", box.site)
            u = urls(c, box, kind="http")
            for source, n in (("127.0.0.1", 1000), ("127.0.0.2", 2000), ("127.0.0.1", 3000)):
                h = http.client.HTTPConnection("127.0.0.1", measure_port(c), timeout=20,
                                               source_address=(source, 0))
                h.request("GET", parts(u["http:///down"])[3] + f"&bytes={n}")
                self.assertEqual(len(h.getresponse().read()), n)
                h.close()
            _, host, port, target = parts(u["http:///down/receipt"])
            h = http.client.HTTPConnection(host, port, timeout=20)
            h.request("GET", target)
            r = payload_of(h.getresponse().read().decode(), box.log_key)
            self.assertEqual((r["egress"], r["bytes"], r["streams"]), ("other", 6000, 3))
            h.close()
            # ended: from then on nothing is registered
            box = c.box("Moved School")
            c.admin("site", "prefix", "--add", "192.0.2.7/24", "--at", "2026-07-01", box.site)
            c.admin("site", "prefix", "--end", "192.0.2.0/24", "--at", "2026-08-01", box.site)
            shown = c.admin("site", "prefix", box.site)
            self.assertEqual(shown.strip(), f"{box.site}.wan 192.0.2.0/24 from "
                             "2026-07-01T00:00:00Z to 2026-08-01T00:00:00Z")
            c.admin("site", "prefix", "--end", "192.0.2.0/24", box.site, ok=(1,))
            c.admin("site", "prefix", "--end", "192.0.2.0/99", box.site, ok=(2,))
            w = WebSocket(urls(c, box)["ws:///ndt/v7/download"])
            w.until_close()
            self.assertEqual(payload_of(w.receipt(), box.log_key)["egress"], "unknown")
            w.close()


class Hostile(Case):
    """Whatever they do, others are served and nothing is left of them."""
    EXTRA = {**Case.EXTRA, "connections": 200, "test_bytes": "1GB"}

    def tearDown(self):
        self.assertEqual(self.c.metric("bandwitness_measure_starts_total"), 1)
        self.assertEqual(self.c.metric("bandwitness_measure_up"), 1)

    def start(self, direction="up"):
        name = "ws:///ndt/v7/" + ("upload" if direction == "up" else "download")
        w = WebSocket(self.urls(direction=direction)[name])
        self.assertEqual(w.status, 101)
        return w

    def code_after(self, data, direction="up"):
        w = self.start(direction)
        w.sock.sendall(data)
        try:
            while not w.closed:
                w.next()
        except (EOFError, ConnectionError):
            pass
        w.close()
        return w.code

    def test_wrong_frames(self):
        for data, code in ((frame(BINARY, b"x", mask=None), 1002),
                           (frame(3, b"x"), 1002), (b"\xff" * 64, 1002),
                           (frame(0, b"x"), 1002),
                           (frame(BINARY, b"x", fin=False) + frame(BINARY, b"y"), 1002),
                           (frame(PING, b"x" * 126), 1002),
                           (frame(PING, b"x", fin=False), 1002),
                           (frame(BINARY, b"", length=(1 << 63) + 1), 1002),
                           (frame(BINARY, b"", length=(1 << 63) - 1), 1009),
                           (frame(BINARY, b"", length=(1 << 24) + 1), 1009),
                           (frame(TEXT, b"x" * 60000), 1009),
                           (frame(TEXT, b"no json"), 1007), (frame(TEXT, b"[1]"), 1007)):
            self.assertEqual(self.code_after(data), code, data[:20])
        self.assertEqual(self.code_after(frame(BINARY, b"x"), "down"), 1008)
        self.nothing_left()

    def test_garbage_for_a_head(self):
        for garbage in (os.urandom(3000), b"\0" * 100, b"GET / HTTP/1.1\r\nA: " + b"x" * 40000,
                        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000, b"GET /\r\n\r\n",
                        b"GET / HTTP/1.1\n\n", b"\r\n" * 50000):
            sock = socket.create_connection(("127.0.0.1", self.port), 20)
            try:
                sock.sendall(garbage)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
            except OSError:
                pass
            sock.close()
        self.nothing_left()

    def test_thousands_half_open(self):
        socks = []
        for _ in range(1500):
            s = socket.create_connection(("127.0.0.1", self.port), 20)
            s.sendall(b"GET /ndt/v7/down")
            socks.append(s)
        self.assertLessEqual(self.c.metric("bandwitness_measure_connections"), 200)
        w = self.start("down")  # newcomers are served: the oldest gave way
        w.next()
        for s in socks:
            s.close()
        w.close()
        self.nothing_left()

    def test_slow_heads_time_out_and_readers_that_read_nothing(self):
        """All at once, since each waits for a deadline of its own."""
        slow = socket.create_connection(("127.0.0.1", self.port), 30)
        deaf = self.start("down")
        endless = self.start("up")
        idle = self.start("up")
        sender = threading.Thread(target=Ndt7.send_for_ever, args=(endless,))
        sender.start()
        def cut():
            """A byte of a head at a time, until nobody wants another."""
            try:
                slow.sendall(b"E")
                slow.settimeout(0.2)
                return slow.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        slow.sendall(b"G")
        until(cut)
        idle.until_close()  # the server ends it by itself, with a receipt
        self.assertIn("Receipt", idle.texts[-1])
        self.assertEqual(idle.code, 1000)
        sender.join(30)
        self.assertFalse(sender.is_alive())
        until(lambda: self.c.metric("bandwitness_measure_connections") == 0)
        for w in (deaf, endless, idle):
            w.close()
        slow.close()
        self.nothing_left()


class Killed(Case):
    EXTRA = {**Case.EXTRA, "test_bytes": "100GB"}

    def worker(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
                with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                    parent = int(f.read().rsplit(") ", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if b"--measure" in words and parent == self.c.proc.pid:
                return int(pid)
        return 0

    def test_killed_in_the_middle(self):
        box = self.c.box()
        w = WebSocket(self.urls(box)["ws:///ndt/v7/download"])
        w.next()
        pid = self.worker()
        self.assertGreater(pid, 0)
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            status = dict(line.split(":", 1) for line in f if ":" in line)
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        os.kill(pid, signal.SIGKILL)
        with self.assertRaises((EOFError, ConnectionError)):
            w.until_close()
        # ingest never noticed
        self.assertEqual(self.c.post([box.summary()]).json["refused"], [])
        until(lambda: self.c.metric("bandwitness_measure_up") == 1 and self.worker() != pid)
        self.assertEqual(self.c.metric("bandwitness_measure_starts_total"), 2)
        self.assertEqual(self.c.metric("bandwitness_measure_places_taken"), 0)
        self.assertEqual(measure_port(self.c), self.port)
        w = WebSocket(self.urls(box)["ws:///ndt/v7/download"])
        self.assertEqual(w.status, 101)
        w.close()

    def test_the_end_of_both(self):
        pid = self.worker()
        self.assertGreater(pid, 0)
        w = WebSocket(self.urls()["ws:///ndt/v7/download"])
        w.next()
        self.c.stop()
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertNotIn("measurement process ended with status", self.c.text())
        w.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
