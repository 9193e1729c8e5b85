# SPDX-License-Identifier: GPL-3.0-or-later
"""The http probe: on a shaped line beside the line's own counters, and against servers
that fail at every stage of an exchange."""
import gzip
import json
import os
import signal
import socket
import subprocess
import threading
import time

import lab
from bwtest import program, self_signed, wait_for
from school import NET4, NET6, School

DOWN, UP = 100, 20
SHORT = ("--opt", "duration=2s", "--opt", "warmup=0s", "--opt", "connect_timeout=1s",
         "--opt", "streams=2")
# connect_timeout + 5 s without data + warm-up + window + 2 s of idle echoes, and a spare
# for a busy machine; the run's own hard deadline is below it
DEADLINE_S = 25


def start(ns, *args):
    return ns.popen([program("bandwitness"), "probe", "http", "--json", *args],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


FAILED = (1, 3, 4)  # failed, unreachable or lost, refused or busy


def probe(ns, *args, status=(0,)):
    running = start(ns, *args)
    out, err = running.communicate(timeout=60)
    assert running.returncode in status, (args, running.returncode, out, err)
    return {r["direction"]: r for r in json.loads(out)["results"]}


# ---- a shaped line

def a_shaped_line(s):
    for address in (NET4, f"[{NET6}]"):
        for way, rate in (("down", DOWN), ("up", UP)):
            before = s.line_bytes()[way]
            r = probe(s.box, f"http://{address}/big", "--opt", f"direction={way}", "--opt",
                      "upload=/upload", "--opt", "duration=5s", "--opt", "warmup=2s",
                      "--opt", "streams=4")[way]
            line = s.line_bytes()[way] - before
            # Ethernet payload share of a full packet: 1500 less IP, TCP and its time stamps
            share = (1448 if "[" not in address else 1428) / 1514
            goodput = r["goodput_bps"] / 1e6
            at_ip = r["ip_estimate_bps"] / 1e6
            print(f"{way} by {address}: {goodput:.2f} Mbit/s of {rate * share:.2f} possible, "
                  f"at IP {at_ip:.2f} of {rate * 1500 / 1514:.2f}, line saw {line} bytes, "
                  f"run moved {r['total_bytes']}, "
                  f"round trip {r.get('rtt_idle_us')} -> {r.get('rtt_loaded_p95_us')} us")
            assert r["state"] == "ok", r
            assert abs(goodput / (rate * share) - 1) <= 0.05, (goodput, rate * share)
            assert abs(at_ip / (rate * 1500 / 1514) - 1) <= 0.05, at_ip
            # what the run says it moved and what passed the line differ by headers, by
            # what was under way at the end, and by echoes
            assert 0.93 * line * share <= r["total_bytes"] <= line, (r, line)
            assert abs(r["rtt_idle_us"] / 1000 - s.delay_ms) <= 2, r
            assert r["rtt_loaded_p95_us"] > r["rtt_idle_us"], r
            assert r["mtu"] == 1500 and r["streams"] == 4, r
            assert ("cc" in r) == (way == "up"), r  # downwards it is the server's business


def a_child_that_is_killed(s):
    running = start(s.box, f"http://{NET4}/big", "--opt", "duration=20s")

    def child():
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as f:
                    if f.read().split(b"\0")[1:2] == [b"--run-child"] and (
                            os.stat(f"/proc/{name}/ns/net").st_ino == os.fstat(s.box.fd).st_ino):
                        return int(name)
            except (OSError, ValueError):
                continue
        return None

    outer = wait_for("the child", child)
    with open(f"/proc/{outer}/status", encoding="ascii") as f:
        inner = int(next(l for l in f if l.startswith("NSpid:")).split()[-1])
    time.sleep(1)
    os.kill(inner, signal.SIGKILL)
    out, err = running.communicate(timeout=10)
    (r,) = json.loads(out)["results"]
    assert running.returncode == 1 and r["state"] == "failed", (out, err)
    assert "signal 9" in r["reason"], r
    # and a parent that is killed takes its child with it
    running = start(s.box, f"http://{NET4}/big", "--opt", "duration=20s")
    wait_for("the child", child)
    running.kill()
    running.communicate()
    wait_for("the child's end", lambda: child() is None)


def ends_when_asked(s):
    before = s.line_bytes()["down"]
    running = start(s.box, f"http://{NET4}/big", "--opt", "duration=30s", "--opt", "warmup=0s")
    wait_for("load", lambda: s.line_bytes()["down"] - before > 20_000_000)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    whole = json.loads(out)
    r = whole["results"][0]
    assert running.returncode == 130 and whole["interrupted"], (out, err)
    assert r["state"] == "cancelled" and r["bytes"] > 0, r


# ---- bad servers

class Server:
    """Answers every connection with one function, each in a thread of its own."""

    def __init__(self, ns, talk):
        with ns.inside():
            self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.talk = talk
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer):
        try:
            self.talk(peer)
        except OSError:
            pass
        finally:
            peer.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def head(peer):
    """One request's head; what follows it was read too far."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(65536)
        if not part:
            raise OSError("closed")
        data += part
    return data


def answer(text):
    def answers(peer):
        while True:
            head(peer)
            peer.sendall(text)
    return answers


def closes_at_once(_peer):
    pass


def closes_after_the_request(peer):
    head(peer)


def half_a_head(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def never_answers(peer):
    head(peer)
    time.sleep(60)


def slow_head(peer):
    head(peer)
    for c in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100:
        peer.sendall(bytes([c]))
        time.sleep(0.2)


def closes_in_the_body(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500000)


def closes_in_a_chunk(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" + b"x" * 5000)


def resets_in_the_body(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500000)
    time.sleep(0.3)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def drips(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
    while True:
        peer.sendall(b"x")
        time.sleep(0.1)


def stops_in_the_body(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500000)
    time.sleep(60)


def never_reads(peer):
    time.sleep(60)


def reads_some_and_closes(peer):
    for _ in range(50):
        peer.recv(65536)


def too_large(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    peer.settimeout(1)
    while peer.recv(1 << 20):
        pass


def status(code, more=""):
    return answer(f"HTTP/1.1 {code} X\r\nContent-Length: 3\r\n{more}\r\nno\n".encode())


BAD = (
    # way, server, words of the reason
    ("down", closes_at_once, ("Empty reply", "reset", "closed")),
    ("down", closes_after_the_request, ("Empty reply", "closed")),
    ("down", half_a_head, ("closed", "no body")),
    ("down", never_answers, ("no data came",)),
    ("down", slow_head, ("no data came",)),
    ("down", closes_in_the_body, ("before the end",)),
    ("down", closes_in_a_chunk, ("before the end", "chunk", "closed")),
    ("down", resets_in_the_body, ("reset", "before the end")),
    ("down", drips, ("too few",)),
    ("down", stops_in_the_body, ("nothing moved", "too few")),
    ("down", answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ("no body",)),
    ("down", answer(b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + b"x" * 30000),
     ("30000 bytes long",)),
    ("down", answer(b"220 mail.example ESMTP\r\n"), ("HTTP/0.9",)),
    ("down", status(404), ("HTTP status 404",)),
    ("down", status(500), ("HTTP status 500",)),
    ("down", status(302, "Location: https://127.0.0.1:1/\r\n"), ("https",)),
    ("down", status(302, "Location: ftp://127.0.0.1:1/\r\n"), ("ftp",)),
    ("down", status(302, "Location: /again\r\n"), ("redirects",)),
    ("up", closes_at_once, ("Empty reply", "reset", "closed", "ipe")),
    ("up", never_reads, ("nothing moved", "no data", "too few")),
    ("up", reads_some_and_closes, ("reset", "closed", "Empty reply", "ipe")),
    ("up", too_large, ("HTTP status 413",)),
    ("up", status(302, "Location: /again\r\n"), ("HTTP status 302", "reset", "ipe")),
    ("up", status(405, "Connection: close\r\n"), ("HTTP status 405",)),
)


def fails_by_name(ns, scheme, port, way, words):
    begun = time.monotonic()
    r = probe(ns, f"{scheme}://127.0.0.1:{port}/x", "--opt", f"direction={way}", *SHORT,
              status=FAILED)[way]
    took = time.monotonic() - begun
    assert r["state"] == "failed", r
    assert any(w in r["reason"] for w in words), (r["reason"], words)
    assert took < DEADLINE_S, (took, r)
    return f"{r['reason']} ({took:.1f} s)"


def bad_servers(ns):
    """Six at a time: most of them only wait."""
    lines, faults = [], []

    def one(way, talk, words):
        server = Server(ns, talk)
        try:
            lines.append(f"  {way} {talk.__name__}: {fails_by_name(ns, 'http', server.port, way, words)}")
        except BaseException as e:  # noqa: told below
            faults.append((way, words, repr(e)))
        server.close()

    lab.at_once(*(lambda case=case: one(*case) for case in BAD), most=6)
    print("\n".join(sorted(lines)))
    assert not faults, faults


def plain_and_none(ns):
    plain = Server(ns, answer(b"HTTP/1.1 400 Bad\r\n\r\n"))
    print("  TLS to a plain server:",
          fails_by_name(ns, "https", plain.port, "down", ("SSL", "TLS", "wrong version")))
    plain.close()
    print("  refused:", fails_by_name(ns, "http", plain.port, "down", ("refused", "connect")))


def a_certificate_of_nobody(the_lab, ns):
    www = the_lab.path("tls", "big")
    cert, key = self_signed(os.path.dirname(www), "127.0.0.1")
    with open(www, "wb") as f:
        f.truncate(50_000_000)
    server = ns.popen(["openssl", "s_server", "-accept", "127.0.0.1:4433", "-key", key, "-cert",
                       cert, "-WWW", "-quiet"], cwd=os.path.dirname(www),
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("s_server", lambda: ":4433" in ns.sh("ss -ltn"))
    print("  unknown certificate:",
          fails_by_name(ns, "https", 4433, "down", ("certificate",)))
    # with the certificate named it works: one stream, since s_server serves one at a time
    r = probe(ns, "https://127.0.0.1:4433/big", "--opt", f"ca_file={cert}", "--opt", "streams=1",
              "--opt", "duration=1s", "--opt", "warmup=0s")["down"]
    assert r["state"] == "ok" and r["method"] == "https/1", r
    server.kill()
    server.wait()


# ---- names and codings

def compressed(peer):
    """A body in a coding that nobody asked for, without end; the bytes count as they come."""
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    squeezed = gzip.compress(b"0" * 1_000_000)  # 1 kB: what would be told were it inflated
    try:
        while True:
            chunk = squeezed * 10
            peer.sendall(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
            time.sleep(0.01)
    except OSError:
        pass


def names_and_codings(ns):
    server = Server(ns, compressed)
    # a name of both families, of which only one answers
    r = probe(ns, f"http://localhost:{server.port}/x", "--opt", "direction=down", *SHORT)["down"]
    server.close()
    print(f"  gzip by localhost: {r['goodput_bps'] / 1e6:.1f} Mbit/s")
    assert r["state"] == "ok" and r["family"] == 4, r
    # two streams of 10 kB at most a hundredth: inflated it would be a thousand times that
    assert r["goodput_bps"] < 2 * 11_000 * 8 * 100 * 1.2, r


def a_name_of_nobody(ns):
    r = probe(ns, "http://no-such.invalid/x", "--opt", "direction=down", *SHORT, status=FAILED)["down"]
    assert r["state"] == "failed" and "esolv" in r["reason"], r
    assert not [k for k in r if k.endswith("_bps")], r


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, loss_per_mille=0)
    s.start_nginx()
    a_shaped_line(s)
    a_child_that_is_killed(s)
    ends_when_asked(s)
    lab.at_once(*(lambda part=part: part(lab.Netns(the_lab, "one")) for part in (
        bad_servers, plain_and_none, names_and_codings, a_name_of_nobody,
        lambda ns: a_certificate_of_nobody(the_lab, ns))))
    return 0


if __name__ == "__main__":
    lab.main(work)
