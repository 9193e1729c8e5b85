#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_udpst_server.py - the UDPST test server's codec and behaviour.

The vectors are written out byte by byte here; the client below packs its fields at numbers
(offsets of RFC 9946) and shares no code with the server. `openssl kdf` derives the keys again.
"""
import hashlib
import hmac
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(os.path.dirname(HERE), "support", "udpst_server.py")
sys.path.insert(0, os.path.dirname(SERVER))
import udpst_pdus as pdu  # noqa: E402
import udpst_server as u  # noqa: E402

KEY = b"birch-and-alder"
SO_MEMINFO = 55  # of Linux; the ninth number is what the socket dropped


class Program:
    def __init__(self, *args):
        self.p = subprocess.Popen([sys.executable, SERVER, *args], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.port = self.next("listening")["port"]

    def next(self, event):
        while True:
            line = self.p.stdout.readline()
            if not line:
                raise AssertionError(f"server ended before it said {event}")
            said = json.loads(line)
            if said["event"] == event:
                return said

    def stall(self, seconds):
        """The process of the test does not run for so long."""
        with open(f"/proc/{self.p.pid}/task/{self.p.pid}/children", encoding="ascii") as f:
            child = int(f.read())
        os.kill(child, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(child, signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.stdin.close()
        self.p.wait(10)
        self.p.stdout.close()


def sign(pdu, key):
    digest = hmac.new(key, bytes(pdu[:-36]) + bytes(32) + bytes(pdu[-4:-2]) + b"\0\0",
                      hashlib.sha256).digest()
    pdu[-36:-4] = digest
    return pdu


def setup_request(version=20, modifier=0, bandwidth=0, auth=0, unix_time=0, key=None, count=1):
    pdu = bytearray(56)
    struct.pack_into("!HHBBH", pdu, 0, 0xACE1, version, 0, count, 0x1234)
    struct.pack_into("!BBHHBBI", pdu, 8, 1, 0, bandwidth, 0, modifier, auth, unix_time)
    return sign(pdu, key) if key else pdu


def activation(direction, index=0xFFFF, seconds=1, auth=0, unix_time=0, key=None, trial=50):
    pdu = bytearray(104)
    struct.pack_into("!HHBBHHHHBB", pdu, 0, 0xACE2, 20, direction, 0, 30, 90, trial, seconds,
                     0, 0)
    struct.pack_into("!HBBHHBBBB", pdu, 16, index, 0, 10, 3, 10, 1, 0, 0, 0)
    struct.pack_into("!H", pdu, 56, 1000)
    struct.pack_into("!BI", pdu, 63, auth, unix_time)
    return sign(pdu, key) if key else pdu


def status(seq, action, rtt_var=0, lost=0):
    pdu = bytearray(204)
    struct.pack_into("!HBBI", pdu, 0, 0xFEED, action, 0, seq)
    struct.pack_into("!I", pdu, 96, lost)
    struct.pack_into("!II", pdu, 128, 0, rtt_var)
    now = time.time_ns()
    struct.pack_into("!II", pdu, 152, now // 10 ** 9, now % 10 ** 9)
    return pdu


class Vectors(unittest.TestCase):
    def test_sizes(self):
        self.assertEqual({k: v.size for k, v in pdu.LAYOUT.items()},
                         {0xACE1: 56, 0xDEAD: 48, 0xACE2: 104, 0xBEEF: 32, 0xFEED: 204})

    def test_null(self):
        # DEAD + 0014 + 0100 = DFC1; its complement is 203E.
        want = bytes.fromhex("dead 0014 01 00 00 00 00000000" + "00" * 32 + "00 00 203e")
        self.assertEqual(u.encode(u.NULL, {"version": 20, "request": 1}), want)
        self.assertEqual(u.decode(want)["request"], 1)
        self.assertIsNone(u.decode(want[:-1] + b"\x3f"), "a wrong checksum passed")

    def test_setup(self):
        want = bytes.fromhex("ace1 0014 00 01 0bb8 02 01 8064 6011 02 00 00000000" + "00" * 32
                             + "00 00 0000")
        got = u.encode(u.SETUP, {"version": 20, "multi_count": 1, "multi_ident": 0x0bb8,
                                 "request": 2, "response": 1, "bandwidth": 0x8064,
                                 "test_port": 0x6011, "modifier": 2}, summed=False)
        self.assertEqual(got, want)
        # ACE1+0014=ACF5, +0001=ACF6, +0BB8=B8AE, +0201=BAAF, +8064=13B13, +6011=19B24,
        # +0200=19D24; folded 9D25; complement 62DA.
        self.assertEqual(u.checksum(want), 0x62DA)

    def test_load(self):
        want = bytes.fromhex("beef 02 01 00000007 04c6 0003 00000011 00000012 00000021 00000022"
                             "0009 0000")
        self.assertEqual(u.LOAD_HEADER.pack(0xBEEF, 2, 1, 7, 1222, 3, 0x11, 0x12, 0x21, 0x22, 9,
                                            0), want)

    def test_status_places(self):
        pdu = u.encode(u.STATUS, {"action": 2, "interval1_us": 0x11111111, "addon2": 0x22222222,
                                  "sub_seq": 5, "sub_datagrams": 6, "sub_bytes": 1 << 32,
                                  "sub_elapsed_ms": 0x33333333, "lost": 8, "rtt_min_ms": 9,
                                  "trial_us": 50000, "sent_s": 10}, summed=False)
        def at(offset, form="!I"):
            return struct.unpack_from(form, pdu, offset)[0]
        self.assertEqual((pdu[2], at(8), at(32), at(36), at(40), at(44, "!Q"), at(92)),
                         (2, 0x11111111, 0x22222222, 5, 6, 1 << 32, 0x33333333))
        self.assertEqual((at(96), at(128), at(140), at(152)), (8, 9, 50000, 10))

    def test_keys(self):
        # SP 800-108: HMAC(key, [i]32 || label || 00 || context || [L]32), i = 1 and 2.
        client, server = u.derive_keys(KEY, 1789000200)
        self.assertEqual(client, hmac.new(KEY, b"\0\0\0\1UDPSTP\0" b"1789000200" b"\0\0\2\0",
                                          hashlib.sha256).digest())
        out = subprocess.run(["openssl", "kdf", "-keylen", "64", "-kdfopt", "mac:HMAC", "-kdfopt",
                              "digest:SHA256", "-kdfopt", "mode:COUNTER", "-kdfopt",
                              "hexkey:" + KEY.hex(), "-kdfopt", "salt:UDPSTP", "-kdfopt",
                              "info:1789000200", "KBKDF"],
                             capture_output=True, text=True, check=True).stdout
        self.assertEqual(out.strip().replace(":", "").lower(), (client + server).hex())

    def test_rows_say_their_rate(self):
        for addon in (False, True):
            for traditional in (False, True):
                for family, header in ((4, 28), (6, 48)):
                    for mbps in (1, 7, 10, 37, 100, 250, 940, 1000):
                        row = u.rate_row(mbps, family, traditional, addon)
                        bits = 0.0
                        if row["interval1_us"]:
                            bits += row["burst1"] * (row["payload1"] + header) * 8 \
                                    / row["interval1_us"]
                        if row["interval2_us"]:
                            bits += row["burst2"] * (row["payload2"] + header) * 8 \
                                    / row["interval2_us"]
                            bits += (row["addon2"] + header) * 8 / row["interval2_us"] \
                                if row["addon2"] else 0
                        self.assertAlmostEqual(bits, mbps, places=6)
                        self.assertTrue(row["addon2"] == 0 or row["addon2"] >= 32, row)

    def test_rate_algorithm(self):
        # RFC 9097 appendix A, by hand: 10 a step; one impaired interval takes 1, the third
        # in all takes 30; then single steps.
        r = u.RateB({"index": 0xFFFF, "modifier": 0, "low_ms": 30, "upper_ms": 90,
                     "high_delta": 10, "slow_threshold": 3, "error_threshold": 10}, 1000)
        seen = []
        for errors, delay in [(0, 5)] * 6 + [(0, 60), (11, 5), (0, 91), (99, 200), (0, 5)]:
            r.step(errors, delay)
            seen.append(r.rx)
        # The counter starts again with each fast step, not with a held interval.
        self.assertEqual(seen, [10, 20, 30, 40, 50, 60, 60, 59, 58, 28, 29])

    def test_no_reflector_of_rubbish(self):
        for data in (b"", b"\xac", b"\xac\xe1" + bytes(20), os.urandom(300), b"\xac\xe1" * 40):
            self.assertIsNone(u.decode(data), data)


class Exchange(unittest.TestCase):
    def set_up_test(self, server, request, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.settimeout(5)
        sock.sendto(request, (host, server.port))
        answer = null = None
        while answer is None or (answer[9] == 1 and null is None):
            data, peer = sock.recvfrom(2048)
            if data[:2] == b"\xac\xe1":
                answer = data
                self.assertEqual(peer[1], server.port)
            elif data[:2] == b"\xde\xad":
                null = data, peer[1]
        port = struct.unpack_from("!H", answer, 12)[0]
        if null:
            self.assertEqual(null[1], port, "the Null is from the test port")
        return sock, answer, (host, port), null

    def activate(self, sock, to, request):
        sock.sendto(request, to)
        while True:
            data = sock.recv(2048)
            if data[:2] == b"\xac\xe2":
                return data

    def down(self, server, host, key=None, stall=0.0):
        now = int(time.time())
        keys = u.derive_keys(key, now) if key else (None, None)
        auth = 1 if key else 0
        sock, answer, to, null = self.set_up_test(
            server, setup_request(auth=auth, unix_time=now if key else 0, key=keys[0]), host)
        self.assertEqual(answer[9], 1)
        if key:
            for pdu in (answer, null[0]):
                again = sign(bytearray(pdu), keys[1])
                self.assertEqual(again[-36:-4], pdu[-36:-4], "not signed with the server's key")
        ta = self.activate(sock, to, activation(2, index=20, auth=auth,
                                                unix_time=now if key else 0, key=keys[0]))
        if key:
            self.assertEqual(sign(bytearray(ta), keys[1])[-36:-4], ta[-36:-4])
        self.assertEqual(ta[5], 1)
        got = lost = 0
        expect, seq, stop = 1, 0, False
        due = began = time.monotonic()
        sock.settimeout(0.01)
        while not stop:
            self.assertLess(time.monotonic() - began, 8)
            if stall and time.monotonic() - began > 0.4:
                server.stall(stall)
                stall = 0
            try:
                data = sock.recv(65536)
                if data[:2] == b"\xbe\xef":
                    at, size = struct.unpack_from("!IH", data, 4)
                    self.assertEqual(size, len(data))
                    lost += max(0, at - expect)
                    expect = at + 1
                    got += len(data) + (28 if ":" not in host else 48)
                    stop = data[2] == 2
            except socket.timeout:
                pass
            if stop or time.monotonic() >= due:
                seq += 1
                due += 0.05
                sock.sendto(status(seq, 2 if stop else 0), to)
        dropped = struct.unpack_from("9I", sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[8]
        done = server.next("done")
        self.assertEqual((done["why"], done["direction"]), ("stopped", "down"))
        # on a busy machine our own buffer may drop some, and the server may be too late to
        # send some, which it says itself
        self.assertLessEqual(lost, dropped)
        self.assertGreater(got * 8 / 1e6, 10)
        self.assertAlmostEqual((got + lost * 1250 + done["left_out_bytes"]) * 8 / 1e6, 20,
                               delta=1.0)
        return done

    def test_down(self):
        with Program() as server:
            self.down(server, "127.0.0.1")

    def test_down_ipv6(self):
        with Program("--bind", "::1", "--addon") as server:
            self.down(server, "::1")

    def test_down_stalled(self):
        with Program() as server:
            done = self.down(server, "127.0.0.1", stall=0.3)
            # 0.3 s of 20 Mbit/s, less what it catches up
            self.assertGreaterEqual(done["left_out_bytes"], 0.24 * 2.5e6)

    def test_down_signed(self):
        with Program("--key", "7:other", "--key", KEY.decode()) as server:
            self.down(server, "127.0.0.1", KEY)

    def test_up(self):
        with Program() as server:
            sock, _, to, _ = self.set_up_test(server, setup_request())
            ta = self.activate(sock, to, activation(1, index=1, seconds=2))
            row = struct.unpack_from("!7I", ta, 28)
            self.assertEqual(row, (10000, 1222, 1, 0, 0, 0, 0))
            sock.settimeout(0.01)
            seq, sent, spdu, sub_bytes, losses, stop = 0, 0, (0, 0), {}, 0, False
            while not stop:
                seq += 1
                if seq % 20 == 0:  # one in twenty is not sent: 5 % loss
                    seq += 1
                wall = time.time_ns()
                pdu = struct.pack("!HBBIHHIIIIHH", 0xBEEF, 0, 0, seq, 200, 0, *spdu,
                                  wall // 10 ** 9, wall % 10 ** 9, 0, 0) + bytes(168)
                sock.sendto(pdu, to)
                sent += 1
                try:
                    data = sock.recv(2048)
                except socket.timeout:
                    continue
                if data[:2] != b"\xfe\xed":
                    continue
                self.assertEqual(len(data), 204)
                self.assertEqual(u.checksum(data), 0)
                spdu = struct.unpack_from("!II", data, 152)
                number = struct.unpack_from("!I", data, 36)[0]
                sub_bytes[number] = struct.unpack_from("!Q", data, 44)[0]
                losses += struct.unpack_from("!I", data, 96)[0]
                stop = data[2] == 2
            pdu = struct.pack("!HBBIHH", 0xBEEF, 2, 0, seq + 1, 200, 0) + bytes(188)
            sock.sendto(pdu, to)
            done = server.next("done")
            self.assertEqual(done["why"], "stopped")
            self.assertEqual(done["received"]["datagrams"], sent)
            self.assertEqual(done["received"]["bytes"], 200 * sent)
            self.assertGreater(losses, sent // 40)
            self.assertLessEqual(losses, done["received"]["lost"])
            self.assertIn(1, sub_bytes)
            self.assertGreater(sub_bytes[1], 0)

    def test_refusals(self):
        now = int(time.time())
        key = u.derive_keys(KEY, now)[0]
        old = u.derive_keys(KEY, now - 4000)[0]
        cases = [((), dict(version=9), 2), ((), dict(modifier=1), 3),
                 ((), dict(auth=1, unix_time=now, key=key), 4),
                 (("--key", KEY.decode()), {}, 5),
                 (("--key", KEY.decode()), dict(auth=2, unix_time=now, key=key), 6),
                 (("--key", KEY.decode()), dict(auth=1, unix_time=now, key=bytes(32)), 7),
                 (("--key", KEY.decode()), dict(auth=1, unix_time=now - 4000, key=old), 8),
                 (("--capacity", "100"), {}, 9), (("--capacity", "100"), dict(bandwidth=101), 10),
                 (("--traditional", "yes"), {}, 11), ((), dict(count=0), 12)]
        for args, request, code in cases:
            with self.subTest(code=code), Program(*args) as server:
                _, answer, _, _ = self.set_up_test(server, setup_request(**request))
                self.assertEqual((answer[8], answer[9]), (2, code))
                self.assertEqual(u.REFUSALS[server.next("refused")["why"]], code)

    def test_bad_activation(self):
        with Program() as server:
            sock, _, to, _ = self.set_up_test(server, setup_request())
            ta = self.activate(sock, to, activation(2, trial=1))
            self.assertEqual(ta[5], 2)

    def test_forged_activation_gets_no_answer(self):
        with Program("--key", KEY.decode()) as server:
            now = int(time.time())
            key = u.derive_keys(KEY, now)[0]
            sock, _, to, _ = self.set_up_test(
                server, setup_request(auth=1, unix_time=now, key=key))
            sock.sendto(activation(2, auth=1, unix_time=now, key=bytes(32)), to)
            self.assertEqual(server.next("refused")["why"], "auth-failure")
            sock.settimeout(0.3)
            with self.assertRaises(socket.timeout):
                sock.recv(2048)


if __name__ == "__main__":
    unittest.main(verbosity=1)
