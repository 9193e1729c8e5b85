# SPDX-License-Identifier: GPL-3.0-or-later
"""The ndt7 probe against servers that fail or lie at every stage: each is a failure with its
own words within its time, and nothing leaks. And what only looks like a failure counts."""
import os
import signal
import sys
import threading
import time

from bwtest import Box, scratch, self_signed
from bwtest.child import ChildRun, mbps
from hostile import (BINARY, CLOSE, PING, TEXT, Server, close, frame, head, reset, text, upgrade)

CONNECT_S = 4  # TLS under a sanitizer on a busy machine
# connect_timeout, the hard end at 15 s, what it takes to begin and end under sanitizers
DEADLINE_S = CONNECT_S + 15 + 6
LOAD = frame(BINARY, bytes(65536))


def sends(*parts, then=None):
    """After the upgrade."""
    def talks(peer):
        upgrade(peer)
        for part in parts:
            peer.sendall(part)
        (then or drains)(peer)
    return talks


def drains(peer):
    while peer.recv(1 << 20):
        pass


def loads(peer, seconds, part=LOAD):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        peer.sendall(part)


def answers(data):
    def talks(peer):
        head(peer)
        peer.sendall(data)
        drains(peer)
    return talks


# ---- before the upgrade

def closes_at_once(_peer):
    pass


def resets_at_once(peer):
    reset(peer)


def closes_after_the_request(peer):
    head(peer)


def half_a_head(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 101 Switching Proto")


def never_answers(peer):
    head(peer)
    drains(peer)


def slow_head(peer):
    head(peer)
    for c in b"HTTP/1.1 101 Switching Protocols\r\nX-Long: " + b"y" * 200:
        peer.sendall(bytes([c]))
        time.sleep(0.1)


def endless_headers(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
    while True:
        peer.sendall(b"X-More: of the same\r\n" * 100)


def endless_header(peer):
    head(peer)
    peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX-Long: ")
    while True:
        peer.sendall(b"y" * 10000)


def wrong_accept(peer):
    upgrade(peer, accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


def no_protocol(peer):
    upgrade(peer, protocol=None)


def other_protocol(peer):
    upgrade(peer, protocol="chat")


def an_extension(peer):
    upgrade(peer, more="Sec-WebSocket-Extensions: permessage-deflate\r\n")


# ---- after it

def closes_in_a_frame(peer):
    upgrade(peer)
    loads(peer, 1)
    peer.sendall(LOAD[:30000])


def resets_in_a_frame(peer):
    upgrade(peer)
    loads(peer, 1)
    peer.sendall(LOAD[:30000])
    reset(peer)


def stops_in_a_frame(peer):
    upgrade(peer)
    peer.sendall(LOAD[:30000])
    drains(peer)


def drips(peer):
    upgrade(peer)
    while True:
        peer.sendall(frame(BINARY, b"x"))
        time.sleep(0.1)


def floods_with_pings(peer):
    upgrade(peer)
    peer.setblocking(False)
    flood = frame(PING, b"x" * 125) * 100
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:  # in whole frames: what does not fit now goes later
            flood = flood[peer.send(flood):] or frame(PING, b"x" * 125) * 100
        except BlockingIOError:
            time.sleep(0.001)


def floods_with_texts(peer):
    upgrade(peer)
    while True:
        peer.sendall(text(Origin="server", Test="download") * 50)


def takes(peer, seconds, tcp=None):
    """An upload's server: reads, and says this of it four times a second."""
    upgrade(peer)
    begun = time.monotonic()
    moved, told = 0, 0
    peer.settimeout(0.2)
    while time.monotonic() - begun < seconds:
        try:
            part = peer.recv(1 << 20)
        except TimeoutError:
            continue
        if not part:
            return
        moved += len(part)
        us = int((time.monotonic() - begun) * 1e6)
        if tcp and us - told > 250000:
            told = us
            said = tcp(moved, us)
            if said:
                peer.sendall(text(Origin="server", Test="upload", TCPInfo=said))


def takes_without_a_word(peer):
    takes(peer, 12)


def takes_and_exaggerates(peer):
    takes(peer, 12, lambda moved, us: {"BytesReceived": moved * 1000, "ElapsedTime": us})


def takes_and_is_soon_silent(peer):
    takes(peer, 12, lambda moved, us: {"BytesReceived": moved, "ElapsedTime": us}
          if us < 1_000_000 else None)


def takes_by_a_fast_clock(peer):
    takes(peer, 12, lambda moved, us: {"BytesReceived": moved, "ElapsedTime": us // 100})


def drains_for_long(peer):
    """Three seconds in which next to nothing arrives after the ten of load: they are no load."""
    last = {}

    def tcp(moved, us):
        last.update(BytesReceived=moved, ElapsedTime=us)
        return last
    takes(peer, 10, tcp)
    for _ in range(10):
        time.sleep(0.25)
        last["ElapsedTime"] += 250000
        peer.sendall(text(Origin="server", Test="upload", TCPInfo=last))
    drains(peer)


def tls_that_closes(peer):
    peer.recv(10)


def tls_that_is_none(peer):
    peer.recv(65536)
    peer.sendall(b"220 mail.example ESMTP\r\n")
    drains(peer)


def tls_that_waits(peer):
    drains(peer)


BAD = (
    # way, server, words of the reason
    ("down", closes_at_once, ("before its answer's end",)),
    ("down", resets_at_once, ("before its answer's end", "connection reset")),
    ("down", closes_after_the_request, ("before its answer's end",)),
    ("down", half_a_head, ("before its answer's end",)),
    ("down", never_answers, ("no complete answer to the upgrade",)),
    ("down", slow_head, ("no complete answer to the upgrade",)),
    ("down", endless_headers, ("more than 64 headers",)),
    ("down", endless_header, ("more than 16384 bytes",)),
    ("down", answers(b"220 mail.example ESMTP\r\n"), ("not HTTP/1.1",)),
    ("down", answers(b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"), ("goes on",)),
    ("down", answers(b"HTTP/1.1 400 Bad\r\n\r\n"), ("HTTP status 400",)),
    ("down", answers(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"), ("HTTP status 302",)),
    ("down", answers(b"HTTP/1.1 503 Busy\r\n\r\n"), ("no capacity",)),
    ("down", wrong_accept, ("does not belong to our key",)),
    ("down", no_protocol, ("chose no subprotocol",)),
    ("down", other_protocol, ("another subprotocol: chat",)),
    ("down", an_extension, ("extension",)),
    ("down", sends(then=closes_at_once), ("connection after ", "broke after ")),
    # with words of ours unread a close is a reset
    ("down", closes_in_a_frame, ("connection after ", "broke after ")),
    ("down", resets_in_a_frame, ("connection after ", "broke after ")),
    ("down", stops_in_a_frame, ("nothing moved for 5 s",)),
    ("down", sends(), ("nothing moved for 5 s",)),
    ("up", lambda peer: (upgrade(peer), time.sleep(20)), ("nothing moved for 5 s",)),
    ("down", drips, ("too few to call it a rate",)),
    ("down", floods_with_pings, ("nothing moved for 5 s",)),
    ("down", floods_with_texts, ("nothing but words",)),
    ("down", sends(b"\xff" * 1000), ("reserved bit",)),
    ("down", sends(b"\x83\x00"), ("unknown opcode 3",)),
    ("down", sends(frame(BINARY, b"x" * 100, masked=True)), ("masked frame from the server",)),
    ("down", sends(frame(BINARY, length=(1 << 24) + 1)), ("more than 16777216 bytes",)),
    ("down", sends(frame(BINARY, length=1 << 63)), ("2^63",)),
    ("down", sends(frame(BINARY, length=(1 << 64) - 1)), ("2^63",)),
    ("down", sends(frame(TEXT, length=1 << 24)), ("more than 65536 bytes",)),
    ("down", sends(frame(BINARY, b"x" * 10, fin=False), frame(BINARY, b"x")), ("new message",)),
    ("down", sends(frame(0, b"x")), ("continuation of no message",)),
    ("down", sends(frame(PING, b"x", fin=False)), ("control frame in fragments",)),
    ("down", sends(frame(TEXT, b"{\"TCPInfo\": ")), ("cannot be used: JSON",)),
    ("down", sends(frame(TEXT, b"\xff\xfe")), ("cannot be used: JSON",)),
    ("down", sends(text(TCPInfo={"RTT": "fast"})), ("'RTT' is not a number",)),
    ("down", sends(text(TCPInfo={"ElapsedTime": 10**15})), ("1000000000.0 s have passed",)),
    ("down", sends(frame(TEXT, b"[" * 60000)), ("deeper than",)),
    ("down", sends(frame(CLOSE, b"\3")), ("Close frame is broken",)),
    ("down", sends(close(1005)), ("Close frame is broken",)),
    ("down", sends(close(1008, "no ticket")), ("code 1008: no ticket",)),
    ("down", sends(close()), ("code 1000 after 0.",)),
    ("up", sends(close(1013, "busy\x1b[2J")), ("code 1013",)),
    ("up", sends(LOAD), ("sends load in an upload",)),
    ("up", takes_without_a_word, ("sent no TCPInfo",)),
    ("up", takes_and_exaggerates, ("were sent",)),
    ("up", takes_and_is_soon_silent, ("last TCPInfo is of",)),
    ("up", takes_by_a_fast_clock, ("last TCPInfo is of",)),
    ("tls", tls_that_closes, ("in the TLS handshake",)),
    ("tls", tls_that_is_none, ("TLS:",)),
    ("tls", tls_that_waits, ("no connection within",)),
)


def fails_by_name(way, talk, words):
    with Server(talk) as server:
        url = server.url().replace("ws:", "wss:") if way == "tls" else server.url()
        run = ChildRun("ndt7", url, f"direction={'up' if way == 'up' else 'down'}",
                       f"connect_timeout={CONNECT_S}s")
        finals = run.finish()
    (r,) = finals.values()
    assert r["state"] == "failed" and r["error"] < 0, r
    assert any(w in r["reason"] for w in words), (r["reason"], words)
    assert r["reason"].isprintable(), r
    assert run.seconds < DEADLINE_S, (run.seconds, r)
    assert "receipt" not in r and r["grade"] == 0, r
    return f"  {way} {getattr(talk, '__name__', '')}: {r['reason']} ({run.seconds:.1f} s)"


# ---- what looks bad and is not

def huge_frames(peer):
    """The largest message, whole and in fragments, empty ones among them; then gone."""
    upgrade(peer)
    body = bytes(1 << 24)
    whole = frame(BINARY, body)
    parts = (frame(BINARY, body[:1], fin=False) + frame(0, b"", fin=False)
             + frame(PING, b"1790000000000000000") + frame(0, body[1:], fin=True))
    end = time.monotonic() + 6.5
    while time.monotonic() < end:
        peer.sendall(whole)
        peer.sendall(parts)
        peer.sendall(text(ConnectionInfo={"UUID": "oak_1"}, TCPInfo=None, Odd={"a": [1]}))


def resets_late(peer):
    upgrade(peer)
    loads(peer, 6.5)
    reset(peer)


def never_closes(peer):
    upgrade(peer)
    loads(peer, 30)


def stands_still_around_the_end(peer):
    """What comes after the ten seconds counts for nothing, and neither does a pause there."""
    upgrade(peer)
    begun = time.monotonic()
    loads(peer, 7.5)
    time.sleep(max(0, begun + 10.2 - time.monotonic()))
    while time.monotonic() - begun < 12.8:
        peer.sendall(frame(BINARY, bytes(1000)))
        time.sleep(0.1)
    peer.sendall(close())
    drains(peer)


def huge_frames_over_tls(peer):
    huge_frames(peer)


def window_s(r):
    return (r["t1_mono_ns"] - r["t0_mono_ns"]) / 1e9


def counts(run, r, cut, seconds):
    assert r["state"] == "ok", r
    assert ("cut-short" in r["flags"]) == cut, r
    assert seconds - 0.5 <= window_s(r) <= seconds + 2.5, r
    assert r["bytes"] > 10_000_000, r
    if cut:
        assert r["bytes"] == r["total_bytes"], r
    else:  # what came after the ten seconds moved, and is in no rate
        assert window_s(r) < 11 and r["bytes"] < r["total_bytes"], r
    assert len(run.samples) >= 8, len(run.samples)  # its state was told as it ran
    assert r["grade"] == 0 and "receipt" not in r, r  # a UUID is no proof but M-Lab's


GOOD = ((huge_frames, None, True, 6.5), (resets_late, None, True, 6.5),
        (never_closes, None, False, 10),
        (stands_still_around_the_end, None, False, 10), (huge_frames_over_tls, "tls", True, 6.5))


def goes_well(tls, talk, how, cut, seconds):
    with Server(talk, tls if how else None) as server:
        run = ChildRun("ndt7", server.url(), "direction=down", f"connect_timeout={CONNECT_S}s",
                       f"ca_file={tls[0]}")
        r = run.finish()["down"]
    counts(run, r, cut, seconds)
    return f"  {talk.__name__}: {mbps(r):.0f} Mbit/s {r['flags']} ({run.seconds:.1f} s)"


def a_tester_that_was_stopped():
    """It sleeps over the end of the load and of the test; its window ends when it wakes."""
    begun = threading.Event()

    def talks(peer):
        upgrade(peer)
        begun.set()
        loads(peer, 30)

    with Server(talks) as server:
        run = ChildRun("ndt7", server.url(), "direction=down")
        assert begun.wait(20)
        time.sleep(9)
        run.proc.send_signal(signal.SIGSTOP)
        time.sleep(4.2)
        run.proc.send_signal(signal.SIGCONT)
        r = run.finish()["down"]
    assert r["state"] == "ok" and 12 <= window_s(r) < 14.5, r
    return f"  a tester that was stopped: {mbps(r):.0f} Mbit/s of {window_s(r):.1f} s"


def an_upload_that_drains():
    with Server(drains_for_long) as server:
        r = ChildRun("ndt7", server.url(), "direction=up").finish()["up"]
    assert r["state"] == "ok" and 9 <= window_s(r) <= 10, r
    return f"  an upload that drains: {mbps(r):.0f} Mbit/s of {window_s(r):.1f} s"


def a_certificate_of_nobody(tls):
    with Server(sends(), tls) as server:
        r = ChildRun("ndt7", server.url(), "direction=down").finish()["down"]
        assert r["state"] == "failed" and "certificate: self-signed" in r["reason"], r
        r = ChildRun("ndt7", server.url().replace("127.0.0.1", "localhost"), "direction=down",
                     f"ca_file={tls[0]}").finish()["down"]
        assert r["state"] == "failed" and "ostname mismatch" in r["reason"], r
        return f"  a certificate for another: {r['reason']}"


def an_odd_congestion_control():
    r = ChildRun("ndt7", "ws://127.0.0.1:9", "cc=nosuch").finish()["up"]
    assert r["state"] == "failed" and "cc = nosuch is not known" in r["reason"], r
    return f"  {r['reason']}"


def lies_then_breaks(peer):
    """Figures no record has room for, in a test of a moment."""
    upgrade(peer)
    peer.sendall(text(TCPInfo={"RTT": 1 << 62, "MinRTT": 1 << 62, "BytesSent": 1,
                               "BytesRetrans": 1 << 62, "ElapsedTime": 1})
                 + frame(BINARY, length=1 << 63))
    drains(peer)


def a_box_that_was_lied_to():
    """The daemon asks twice, hears why not, and goes on; the record says so."""
    with Server(lies_then_breaks) as bad, Box(more=f"""
tests {{ gate = off }}
ndt7 "speed" {{
    circuit = "wan"
    direction = down
    target "bad" {{ address = "{bad.url()}" }}
}}
""") as box:
        box.start()
        box.wait_records(1)
        for _ in range(2):
            said = box.ask(30, verb="probe", probe="speed")
            assert said and "results" in said[-1], said
            (r,) = said[-1]["results"]
            assert r["state"] == "failed" and "2^63" in r["reason"], r
            box.wait("the run's end", lambda: not box.status()["tests"]["probes"][0]["running"])

        def failed():
            return [t for r in box.records() for t in r.get("throughput", [])]
        box.wait("both in records", lambda: len(failed()) == 2)
        box.stop()
        box.verify()
        found = failed()
        assert "could not be written" not in box.text(), box.text()
    for t in found:
        assert t["state"] == "failed" and t["kind"] == "ndt7" and "2^63" in t["reason"], t
        assert "goodput_bps" not in t and t["method"] == "ndt7/ws", t
        assert "rtt_us" not in t.get("far", {}), t
    return f"  a box: {t['reason']}"


def all_of(jobs, at_once):
    """Most of them only wait."""
    lines, faults, gate = [], [], threading.Semaphore(at_once)

    def one(job):
        with gate:
            try:
                lines.append(job[0](*job[1:]))
            except BaseException as e:  # noqa: told below
                faults.append((*(getattr(part, "__name__", part) for part in job), repr(e)))

    threads = [threading.Thread(target=one, args=(job,)) for job in jobs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("\n".join(sorted(lines)))
    assert not faults, "\n".join(map(str, faults))


def main():
    with scratch() as folder:
        tls = self_signed(folder, "speed", ("127.0.0.1",))
        os.chmod(tls[0], 0o644)
        all_of([(fails_by_name, *case) for case in BAD]
               + [(goes_well, tls, *case) for case in GOOD]
               + [(a_certificate_of_nobody, tls), (an_odd_congestion_control,),
                  (an_upload_that_drains,), (a_tester_that_was_stopped,),
                  (a_box_that_was_lied_to,)], 14)


if __name__ == "__main__":
    sys.exit(main())
