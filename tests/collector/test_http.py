# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers can do with HTTP itself: requests that two programs would read in two
ways, crowds that send half of something, and the deadlines that end all of them."""
import os
import socket
import subprocess
import threading
import time
import unittest

from bwtest import Collector, program, wait_for
from bwtest.collector import CollectorCase

HEAD = b"POST /api/v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\n"
SECOND = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
# What a front and we could end at different places. Each is followed by a request that
# nobody may take for one.
AMBIGUOUS = {
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\naaaaa",
    "the same length twice": HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\naaaaa",
    "a list of lengths": HEAD + b"Content-Length: 5, 5\r\n\r\naaaaa",
    "a length with a sign": HEAD + b"Content-Length: +5\r\n\r\naaaaa",
    "a length in hex": HEAD + b"Content-Length: 0x5\r\n\r\naaaaa",
    "no number as length": HEAD + b"Content-Length: five\r\n\r\naaaaa",
    "a length below nothing": HEAD + b"Content-Length: -5\r\n\r\naaaaa",
    "a length beyond 64 bits": HEAD + b"Content-Length: 18446744073709551621\r\n\r\naaaaa",
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "another coding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "no coding": HEAD + b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\naaaaa",
    "blank before the colon": HEAD + b"Content-Length : 5\r\n\r\naaaaa",
    "a folded line": HEAD + b"Content-Length: 5\r\nX-Fold: a\r\n b\r\n\r\naaaaa",
    "a folded name": HEAD + b"Content-Le: 5\r\n ngth\r\n\r\naaaaa",
    "folded at once": b"POST /api/v1/summaries HTTP/1.1\r\n Content-Length: 5\r\nHost: x\r\n\r\naaaaa",
    "a bare CR": HEAD + b"X: a\rContent-Length: 5\r\n\r\naaaaa",
    "a bare LF": HEAD + b"X: a\nContent-Length: 5\r\n\r\naaaaa",
    "a NUL": HEAD + b"Content-Length: 5\x00\r\n\r\naaaaa",
    "a control character": HEAD + b"X: a\x0bb\r\nContent-Length: 5\r\n\r\naaaaa",
    "no name": HEAD + b": y\r\nContent-Length: 5\r\n\r\naaaaa",
    "a name of two words": HEAD + b"Content-Length: 5\r\nX Y: z\r\n\r\naaaaa",
    "two hosts": HEAD + b"Host: y\r\nContent-Length: 5\r\n\r\naaaaa",
    "no host": b"POST /api/v1/summaries HTTP/1.1\r\nContent-Length: 5\r\n\r\naaaaa",
    "an absolute address": b"GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "an authority": b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a chunk of no size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a chunk of great size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff5\r\naaaaa",
}


def talk(port, data, seconds=45):
    """Everything that comes back until the other side closes; None where it does not."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(seconds)
        got = b""
        try:
            s.sendall(data)
            while True:
                piece = s.recv(65536)
                if not piece:
                    return got
                got += piece
        except socket.timeout:
            return None
        except OSError:
            return got


class Framing(CollectorCase):
    def test_nothing_can_be_read_in_two_ways(self):
        for name, request in AMBIGUOUS.items():
            with self.subTest(name):
                got = talk(self.c.port, request + SECOND)
                self.assertIsNotNone(got, "the connection is kept")
                # libmicrohttpd's own refusals come with their head doubled, then it closes
                words = {x[:3] for x in got.split(b"HTTP/1.1 ")[1:]}
                self.assertTrue(words and words <= {b"400", b"411", b"413"}, got)
        self.assertEqual(self.c.get("/healthz").status, 200)

    def test_the_reason_is_told(self):
        for name, words in (("two lengths", "stands twice"), ("a folded name", "next line"),
                            ("a bare LF", "CR LF"), ("no name", "CR LF"), ("an absolute address", "begins with /"),
                            ("length and chunks", "do not go together")):
            got = talk(self.c.port, AMBIGUOUS[name] + SECOND).decode()
            self.assertIn("application/problem+json", got)
            self.assertIn('"type":"/problems/malformed"', got, name)
            self.assertIn(words, got)
        got = talk(self.c.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND)
        self.assertIn(b"411 Length Required", got)
        self.assertIn(b"/problems/length-required", got)
        self.assertEqual(self.c.get("/problems/length-required").status, 200)

    def test_what_is_refused_early_swallows_its_body(self):
        """The body of a refused post is not the next request."""
        for line in (b"POST /nothing", b"PUT /healthz", b"POST /healthz"):
            got = talk(self.c.port, line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                       % len(SECOND) + SECOND)
            self.assertIsNotNone(got)
            self.assertEqual(got.count(b"HTTP/1.1 "), 1, got)

    def test_proper_requests_in_a_row(self):
        box = self.c.box()
        line = box.summary().encode()
        post = HEAD + b"X-Odd:\tv \t\r\nX-Empty:\r\nContent-Length: %d\r\n\r\n" % len(line) + line
        got = talk(self.c.port, SECOND + post + SECOND.replace(b"\r\n\r\n",
                                                               b"\r\nConnection: close\r\n\r\n"))
        self.assertEqual([x[:3] for x in got.split(b"HTTP/1.1 ")[1:]], [b"200"] * 3, got)
        self.assertIn(b'"acked_through":1', got)

    def test_a_length_line_without_end_starves_nobody(self):
        """libmicrohttpd wants to run at once, again and again, for a chunk whose length fills
        its buffer; others are answered and the end is an orderly one."""
        with Collector() as c:
            box = c.box()
            held = [socket.create_connection(("127.0.0.1", c.port)) for _ in range(3)]
            for s, what in zip(held, (b"0" * 20000, b"5;" + b"a" * 20000, b"00000000")):
                try:
                    s.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + what)
                except OSError:
                    pass # refused and closed meanwhile
            self.assertEqual(c.post([box.summary()],
                                    connection=c.connect(10)).json["chains"][0]["acked_through"], 1)
            c.stop()
            for s in held:
                s.close()


class Half(threading.Thread):
    """Opens connections as fast as it can, each with something that is never finished, and
    opens another for every one that is cut."""

    def __init__(self, port, data, n):
        super().__init__(daemon=True)
        self.port, self.data, self.n = port, data, n
        self.socks, self.opened, self.full, self.ending = [], 0, threading.Event(), False

    def run(self):
        at = 0
        while not self.ending:
            try:
                s = socket.create_connection(("127.0.0.1", self.port), 5)
                s.setblocking(False)
                s.send(self.data)
                self.opened += 1
            except OSError:
                time.sleep(0.01)
                continue
            if len(self.socks) < self.n:
                self.socks.append(s)
            else:
                self.full.set()
                self.socks[at % self.n].close()
                self.socks[at % self.n] = s
                at += 1
                time.sleep(0.002)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.join()
        for s in self.socks:
            s.close()


class Crowd(unittest.TestCase):
    def test_an_honest_box_gets_through_a_crowd(self):
        """All places are taken by those who half-send, idle, or never send, and more of them
        come all the time: whoever has something to say is heard at once."""
        with Collector("limits { connections = 64 }") as c:
            old, new = c.box("Old Box"), c.box("New Box")
            kept = c.connect(20)
            self.assertEqual(c.post([old.summary()], connection=kept).status, 200)
            sock = kept.sock
            for data in (b"", HEAD[:40], HEAD + b"Content-Length: 100\r\n\r\nabc", SECOND):
                with Half(c.port, data, 300) as crowd:
                    self.assertTrue(crowd.full.wait(30))
                    for _ in range(3):
                        a = c.post([new.summary()], connection=c.connect(20))
                        self.assertEqual((a.status, a.json["refused"]), (200, []))
                    a = c.post([old.summary()], connection=kept)
                    self.assertEqual((a.status, a.json["refused"]), (200, []))
                    self.assertIs(kept.sock, sock, "a box that delivered lost its connection")
            self.assertGreater(c.metric("bandwitness_http_crowded_total"), 300)
            self.assertEqual(c.text().count("connections are taken"), 1)
            kept.close()
            wait_for("there is room", lambda: "there is room for connections again" in c.text())

    def test_slow_large_bodies_give_way(self):
        """Bodies that fill the space for bodies are cut for one that comes quickly."""
        with Collector("limits { body_time = 6s }") as c:
            box = c.box()
            n = 8 * 1024 * 1024
            slow = []
            for _ in range(14):
                s = socket.create_connection(("127.0.0.1", c.port))
                s.settimeout(30)
                try:
                    s.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % n + b"x" * (n - 4096))
                except OSError:
                    pass # gave way already
                slow.append(s)
            wait_for("bodies in memory", lambda: c.metric("bandwitness_http_body_bytes") > 70e6)
            for s in slow: # a byte a second is no progress
                try:
                    s.send(b"x")
                except OSError:
                    pass
            lines = [box.summary() for _ in range(600)]
            a = c.post(lines)
            self.assertEqual(a.status, 200, a.body[:300])
            self.assertEqual(a.json["chains"][0]["acked_through"], 600)
            self.assertGreater(c.metric("bandwitness_http_crowded_total"), 0)
            for s in slow:
                s.close()
            wait_for("the space is free again",
                     lambda: c.metric("bandwitness_http_body_bytes") == 0)


class Deadlines(unittest.TestCase):
    def test_slow_ones_are_cut_and_idle_ones_kept(self):
        # idle_time: a busy machine may take long to cut the slow ones
        limits = "limits { header_time = 2s body_time = 3s idle_time = 12s }"
        with Collector(limits) as c:
            kept = c.connect(20)
            kept.request("GET", "/healthz")
            kept.getresponse().read()
            sock, since = kept.sock, time.monotonic()
            loris = {"nothing": b"", "headers": b"GET / HTTP/1.1\r\nX: ",
                     "body": HEAD + b"Content-Length: 5000\r\n\r\n"}
            open_ = {}
            for name, data in loris.items():
                open_[name] = s = socket.create_connection(("127.0.0.1", c.port))
                s.sendall(data)
            def cut():
                for name, s in list(open_.items()):
                    try:
                        if name != "nothing":
                            s.send(b"a") # one byte, again and again
                        s.settimeout(0.2)
                        if s.recv(10) == b"":
                            del open_[name]
                            s.close()
                    except socket.timeout:
                        pass
                    except OSError:
                        del open_[name]
                        s.close()
                return not open_
            wait_for("the slow ones to be cut", cut, 25)
            self.assertGreaterEqual(c.metric("bandwitness_http_timeouts_total"), 3)
            # idle for longer than headers and body may take, and not cut
            time.sleep(max(0, since + 5 - time.monotonic()))
            kept.request("GET", "/healthz")
            self.assertEqual(kept.getresponse().read(), b"ok\n")
            self.assertIs(kept.sock, sock)
            sock.settimeout(30)
            self.assertEqual(sock.recv(10), b"", "idle too long: closed in order")
            kept.close()

    def test_those_who_went_away_are_noticed(self):
        """A close that comes together with the last bytes, long before any deadline."""
        with Collector() as c:
            part = HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 100000
            for data in (part, HEAD[:50], SECOND, part[:-7]) * 25:
                with socket.create_connection(("127.0.0.1", c.port)) as s:
                    s.sendall(data)
            wait_for("all to be gone", lambda: c.metric("bandwitness_http_connections") <= 2)
            self.assertEqual(c.metric("bandwitness_http_body_bytes"), 0)

    def test_boxes_keep_their_connection(self):
        """By default a connection may idle for more than 330 s."""
        with Collector() as c:
            out = subprocess.run([program("bandwitness-collector"), "-T", "-c", c.conf],
                                 check=True, stdout=subprocess.PIPE).stdout.decode()
            words = out.split()
            self.assertIn(words[words.index("idle_time") + 2], ("400s", "400000ms"))
            seconds = int(os.environ.get("BW_IDLE_SECONDS", "0"))
            if seconds: # the long form of script/check
                kept = c.connect(30)
                kept.request("GET", "/healthz")
                kept.getresponse().read()
                sock = kept.sock
                time.sleep(seconds)
                kept.request("GET", "/healthz")
                self.assertEqual(kept.getresponse().read(), b"ok\n")
                self.assertIs(kept.sock, sock)


if __name__ == "__main__":
    unittest.main()
