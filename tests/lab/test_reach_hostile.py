# SPDX-License-Identifier: GPL-3.0-or-later
"""dns and http_get against servers that break every promise. Each must become a loss of its
own name within its deadline; and what is not named is silence."""
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import lab
from bwtest import program, self_signed

TIMEOUT_S = 2


def probe(ns, kind, targets, *args):
    """{target: result} of one round; exit status 3, since all are lost."""
    words = [w for a in (f"timeout={TIMEOUT_S}s", "interval=1s", *args) for w in ("--opt", a)]
    begun = time.monotonic()
    done = subprocess.run(
        ns.argv([program("bandwitness"), "probe", kind, "--json", "--seconds", "1", *words,
                 *targets]), pass_fds=ns.fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, timeout=60)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    # the round and the last deadline; what a sanitizer says at the end would be a status
    assert time.monotonic() - begun < 1 + TIMEOUT_S + 10, done.stdout
    return {r["target"]: r for r in json.loads(done.stdout)["results"]}


def judge(found, cases):
    faults = []
    for target, name, code in cases:
        r = found[target]
        print(f"  {name}: {r.get('codes', 'silence')}")
        good = r["sent"] == r["lost"] == 1 and "rtt_p50_ns" not in r
        if not good or r.get("codes") != ({code: 1} if code else None):
            faults.append((name, code, r))
    assert not faults, faults


# ---- resolvers

def answer(query, flags=0x8180):
    """An answer without records to this query; EDNS left away."""
    question = query[12:query.index(b"\0", 12) + 5]
    return query[:2] + struct.pack(">HHHHH", flags, 1, 0, 0, 0) + question


def datagrams(ns, talk):
    with ns.inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    other.bind(("127.0.0.2", sock.getsockname()[1]))

    def serve():
        while True:
            data, peer = sock.recvfrom(4096)
            talk(data, lambda reply: sock.sendto(reply, peer), lambda reply: other.sendto(reply, peer))
    threading.Thread(target=serve, daemon=True).start()
    return sock.getsockname()[1]


def streams(ns, talk, port=0):
    with ns.inside():
        listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(16)

    def one(peer):
        try:
            talk(peer)
        except (OSError, ValueError):
            pass
        finally:
            peer.close()

    def serve():
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=one, args=(peer,), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def wrong_id(q, say, _other):
    say(bytes([q[0] ^ 255]) + answer(q)[1:])


def wrong_question(q, say, _other):
    say(answer(q).replace(b"maple", b"birch"))


def another_address(q, _say, other):
    other(answer(q))


def compression_loop(q, say, _other):
    say(q[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + b"\xc0\x0c\0\1\0\1")


def pointers_in_a_ring(q, say, _other):
    a = answer(q)
    n = len(a)
    say(a[:6] + b"\0\1" + a[8:] + b"\1x" + struct.pack(">H", 0xc000 | n) + b"\0\1\0\1\0\0\0\1\0\4abcd")


def lying_count(q, say, _other):
    say(answer(q)[:6] + b"\xff\xff" + answer(q)[8:])


def giant(q, say, _other):
    say(answer(q) + b"\0" * 50000)


def echo(q, say, _other):
    say(q)


def never(_q, _say, _other):
    pass


def babble(_q, say, _other):
    for n in range(200):
        say(os.urandom(n))


def truncated(q, say, _other):
    say(answer(q, 0x8380))


def read_query(peer):
    data = b""
    while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
        part = peer.recv(4096)
        if not part:
            raise OSError("closed")
        data += part
    return data[2:]


def closes_at_once(peer):
    peer.recv(1)


def lying_length(peer):
    peer.sendall(b"\xff\xff" + answer(read_query(peer)))


def no_length(peer):
    read_query(peer)
    peer.sendall(b"\0\0")
    time.sleep(10)


def slowly(peer):
    reply = answer(read_query(peer))
    for c in struct.pack(">H", len(reply)) + reply:
        peer.sendall(bytes([c]))
        time.sleep(0.3)


def silent(peer):
    read_query(peer)
    time.sleep(20)


def garbage(peer):
    read_query(peer)
    peer.sendall(struct.pack(">H", 300) + os.urandom(300))


def truncated_again(peer):
    reply = answer(read_query(peer), 0x8380)
    peer.sendall(struct.pack(">H", len(reply)) + reply)


def half(peer):
    reply = answer(read_query(peer))
    peer.sendall(struct.pack(">H", len(reply)) + reply[:9])


def resolvers(ns):
    cases = []
    for talk, code in ((wrong_id, "wrong-id"), (wrong_question, "wrong-question"),
                       (another_address, None), (compression_loop, "malformed"),
                       (pointers_in_a_ring, "malformed"), (lying_count, "malformed"),
                       (giant, "malformed"), (echo, "no-response"), (never, None),
                       (truncated, "tcp-refused")):
        cases.append((f"127.0.0.1:{datagrams(ns, talk)}", talk.__name__, code))
    port = datagrams(ns, babble)
    for talk, code in ((closes_at_once, "tcp-closed"), (lying_length, "tcp-closed"),
                       (half, "tcp-closed"), (no_length, "malformed"), (slowly, "truncated"),
                       (silent, "truncated"), (truncated_again, "truncated")):
        first = datagrams(ns, truncated)
        streams(ns, talk, first)
        cases.append((f"127.0.0.1:{first}", f"truncated, then TCP {talk.__name__}", code))
    found = {}
    for i in range(0, len(cases), 9):
        found.update(probe(ns, "dns", [c[0] for c in cases[i:i + 9]], "name=www.maple.example"))
    judge(found, cases)
    # noise of any kind is one of these, and never an answer
    (r,) = probe(ns, "dns", [f"127.0.0.1:{port}"], "name=www.maple.example").values()
    print(f"  babble: {r['codes']}")
    assert r["lost"] == 1 and set(r["codes"]) <= {"malformed", "wrong-id", "no-response"}, r
    # over TCP from the start
    cases = [(f"127.0.0.1:{streams(ns, talk)}", f"TCP {talk.__name__}", code) for talk, code in (
        (closes_at_once, "tcp-closed"), (lying_length, "tcp-closed"), (no_length, "malformed"),
        (silent, None), (half, "tcp-closed"))]
    judge(probe(ns, "dns", [c[0] for c in cases], "name=www.maple.example", "transport=tcp"), cases)


# ---- web servers

def head(peer):
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(65536)
        if not part:
            raise OSError("closed")
        data += part


def says(text, name):
    def talk(peer):
        head(peer)
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)
    talk.__name__ = name
    return talk


def accepts_and_closes(_peer):
    pass


def reads_and_closes(peer):
    head(peer)


def resets(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
    time.sleep(0.2)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def never_answers(peer):
    head(peer)
    time.sleep(20)


def never_reads(_peer):
    time.sleep(20)


def many_headers(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        peer.sendall(b"X-More: of the same\r\n" * 100)


def one_endless_header(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        peer.sendall(b"y" * 4096)


def continues_for_ever(peer):
    head(peer)
    while True:
        peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)


def slow_loris(peer):
    head(peer)
    for c in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1000:
        peer.sendall(bytes([c]))
        time.sleep(0.1)


def slow_body(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        peer.sendall(b"x")
        time.sleep(0.1)


def noise(peer):
    head(peer)
    peer.sendall(bytes(range(1, 256)) * 20)


def noise_for_tls(peer):
    peer.recv(4096)
    peer.sendall(b"\x16\x03\x03\x40\x00" + os.urandom(16384))


def plain_text(peer):
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")


def closes_in_the_handshake(peer):
    peer.recv(4096)
    peer.sendall(b"\x16\x03\x03\x00\x40\x02\x00")


def silent_in_the_handshake(peer):
    peer.recv(4096)
    time.sleep(20)


WEB = (
    ("http", accepts_and_closes, "http-closed"),
    ("http", reads_and_closes, "http-closed"),
    ("http", resets, "http-closed"),
    ("http", never_answers, "http-timeout"),
    ("http", never_reads, "http-timeout"),
    ("http", many_headers, "http-headers"),
    ("http", one_endless_header, "http-headers"),
    ("http", continues_for_ever, "http-headers"),
    ("http", slow_loris, "http-timeout"),
    ("http", slow_body, "http-timeout"),
    ("http", noise, "http-garbage"),
    ("http", says(b"SSH-2.0-elm\r\n", "another_protocol"), "http-garbage"),
    ("http", says(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort", "lying_length"),
     "http-short"),
    ("http", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx", "bad_chunk"),
     "http-garbage"),
    ("http", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx", "half_a_chunk"),
     "http-short"),
    ("http", says(b"HTTP/1.1 302 X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "a_circle"),
     "http-redirects"),
    ("http", says(b"HTTP/1.1 302 X\r\nLocation: gopher://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
                  "to_another_protocol"), "http-redirect"),
    ("https", accepts_and_closes, "tls-failed"),
    ("https", noise_for_tls, "tls-failed"),
    ("https", closes_in_the_handshake, "tls-failed"),
    ("https", silent_in_the_handshake, "tls-timeout"),
    ("https", plain_text, "tls-failed"),
)


def web_servers(ns):
    cases = []
    for scheme, talk, code in WEB:
        port = streams(ns, talk)
        cases.append((f"{scheme}://127.0.0.1:{port}/x", f"{scheme} {talk.__name__}", code))
    found = {}
    for i in range(0, len(cases), 11):
        found.update(probe(ns, "http_get", [c[0] for c in cases[i:i + 11]], "follow=yes"))
    judge(found, cases)


def after_the_handshake(the_lab, ns):
    """TLS stands, and then the server goes without a word."""
    folder = os.path.dirname(the_lab.path("tls", "x"))
    cert, key = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def wrapped(talk):
        def serve(peer):
            with context.wrap_socket(peer, server_side=True) as tls:
                talk(tls)
        serve.__name__ = talk.__name__
        return serve

    def never_answers_in_tls(tls):
        head(tls)
        time.sleep(20)

    def closes_in_tls(tls):
        head(tls)
        tls.unwrap().close()

    def cut_in_tls(tls):
        head(tls)
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
        socket.socket(fileno=os.dup(tls.fileno())).shutdown(socket.SHUT_RDWR)

    cases = [(f"https://127.0.0.1:{streams(ns, wrapped(talk))}/", talk.__name__, code)
             for talk, code in ((never_answers_in_tls, "http-timeout"),
                                (closes_in_tls, "http-closed"), (cut_in_tls, "http-short"))]
    found = probe(ns, "http_get", [c[0] for c in cases], f"ca_file={cert}")
    judge(found, cases)
    for r in found.values():
        assert r["cert_days"] in (29, 30) and "tls_p50_ns" in r, r


def name_service(ns):
    """What a resolver does is named after it; its silence is silence."""
    for talk, code in ((never, None), (another_address, None), (wrong_id, "dns-wrong-id"),
                       (compression_loop, "dns-malformed"),
                       (lambda q, say, _: say(answer(q, 0x8182)), "dns-servfail"),
                       (lambda q, say, _: say(answer(q, 0x8183)), "dns-nxdomain")):
        (r,) = probe(ns, "http_get", ["http://www.maple.example/"], "family=4",
                     f"resolver=127.0.0.1:{datagrams(ns, talk)}").values()
        print(f"  resolver: {r.get('codes', 'silence')}")
        assert r["lost"] == 1 and r.get("codes") == ({code: 1} if code else None), (code, r)


def work(the_lab):
    one, two = lab.Netns(the_lab, "one"), lab.Netns(the_lab, "two")
    lab.at_once(lambda: resolvers(one), lambda: name_service(two))
    web_servers(one)
    after_the_handshake(the_lab, one)
    return 0


if __name__ == "__main__":
    lab.main(work)
