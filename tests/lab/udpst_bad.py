# SPDX-License-Identifier: GPL-3.0-or-later
"""udpst_bad - UDPST servers that do wrong, one way each. `Server` does right, as briefly as
possible, in the layouts of version 20 and 11; the others change one thing."""
import os
import socket
import struct
import threading
import time

SETUP, NULL, ACTIVATE, LOAD, STATUS = 0xACE1, 0xDEAD, 0xACE2, 0xBEEF, 0xFEED
ROW = struct.Struct("!7I")
MODEST = (1000, 1222, 1, 0, 0, 0, 0)  # one datagram a millisecond: 10 Mbit/s
NO_AUTH = struct.pack("!BI32sBBH", 0, 0, bytes(32), 0, 0, 0)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def wrong_sum(pdu, at, over=None):
    """Never the right one by accident, and never none."""
    right = checksum(put(pdu, at, "H", 0)[:over])
    return put(pdu, at, "H", right ^ (1 if right != 1 else 2))


def put(pdu, at, fmt, *values):
    out = bytearray(pdu)
    struct.pack_into("!" + fmt, out, at, *values)
    return bytes(out)


def setup_response(request, port, response=1):
    """What was asked for, answered."""
    return put(put(request[:15] + NO_AUTH, 8, "BB", 2, response), 12, "H", port)


def activation_response(request, response=1, row=None):
    out = put(request, 5, "B", response)
    if row:
        out = put(out, 28, "7I", *row)
    return out[:63] + NO_AUTH if len(out) == 104 else put(out, 58, "H", 0)


def load(seq, size=1222, action=0, stamp=None, says=None):
    now = time.time()
    head = struct.pack("!HBBIHHIIIIHH", LOAD, action, 0, seq, size if says is None else says, 0,
                       *(stamp or (0, 0)), int(now), int(now % 1 * 1e9), 0, 0)
    return head + bytes(size - 32)


def status(seq, row, sub=0, saved=(0,) * 13, action=0, trial=(50000, 0, 0), old=False):
    now = time.time()
    figures = struct.pack("!IQ11I", *saved)
    if old:  # as a machine of 64 bits lays it out
        figures = figures[:4] + bytes(4) + figures[4:] + bytes(4)
    out = struct.pack("!HBBI", STATUS, action, 0, seq) + ROW.pack(*row)
    out += struct.pack("!I", sub) + figures
    out += struct.pack("!3Ii6IBBH", 0, 0, 0, 0, 0, 1, 5, 100, 12, 3, 0, 0, 0)
    out += struct.pack("!3I2I", *trial, int(now), int(now % 1 * 1e9))
    return out if old else out + bytes(3) + NO_AUTH


class Server:
    """Answers one client after the other; what it saw is kept for the test to look at."""

    row = MODEST

    def __init__(self, ns):
        with ns.inside():
            self.control, self.data, self.other, self.elsewhere = (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4))
        for s in (self.control, self.data, self.other):
            s.bind(("127.0.0.1", 0))
            s.settimeout(0.05)
        self.port = self.control.getsockname()[1]
        self.elsewhere.bind(("127.0.0.2", self.port))
        self.test_port = self.data.getsockname()[1]
        self.open = True
        self.stops = 0  # PDUs of the client that say stop
        self.loads = self.load_bytes = 0
        self.lengths = set()  # of Status PDUs
        self.request = None
        self.worker = None
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self):
        self.open = False

    def _listen(self):
        while self.open:
            try:
                request, peer = self.control.recvfrom(4096)
            except OSError:
                continue
            self.request = request
            self.on_setup(request, peer)
            if not self.worker:
                self.worker = threading.Thread(target=self._test, daemon=True)
                self.worker.start()

    def _test(self):
        while self.open:
            try:
                request, peer = self.data.recvfrom(4096)
            except OSError:
                continue
            if struct.unpack_from("!H", request)[0] == ACTIVATE:
                self.old = len(request) == 60
                self.on_activation(request, peer)
                try:
                    if request[4] == 2:
                        self.down(peer, struct.unpack_from("!H", request, 12)[0])
                    else:
                        self.up(peer, struct.unpack_from("!H", request, 12)[0])
                except OSError:
                    pass

    def hear(self):
        """One PDU of the client, or None."""
        try:
            pdu = self.data.recv(65536)
        except OSError:
            return None
        kind, action = struct.unpack_from("!HB", pdu)
        self.stops += kind in (LOAD, STATUS) and action != 0
        if kind == STATUS:
            self.lengths.add(len(pdu))
        elif kind == LOAD:
            self.loads += 1
            self.load_bytes += len(pdu)
        return pdu

    # ---- what is changed

    def on_setup(self, request, peer):
        self.control.sendto(setup_response(request, self.test_port), peer)
        self.data.sendto(put(put(bytes(48), 0, "HHBB", NULL, 20, 1, 0), 7, "B", 0), peer)

    def on_activation(self, request, peer):
        self.data.sendto(activation_response(request, row=self.row), peer)

    def down(self, peer, seconds):
        """A burst every 10 ms, and what comes back is read."""
        begun, seq, stamp = time.monotonic(), 0, (0, 0)
        self.data.settimeout(0.001)
        while self.open and self.stops == 0:
            over = time.monotonic() - begun > seconds
            for _ in range(10):
                seq += 1
                self.data.sendto(self.one_load(seq, 1 if over else 0, stamp), peer)
            until = time.monotonic() + 0.01
            while time.monotonic() < until:
                pdu = self.hear()
                if pdu and len(pdu) == 204:
                    stamp = struct.unpack_from("!II", pdu, 152)
                elif pdu and len(pdu) == 168:
                    stamp = struct.unpack_from("!II", pdu, 160)

    def one_load(self, seq, action, stamp):
        return load(seq, action=action, stamp=stamp)

    def up(self, peer, seconds):
        """Count, and tell it every 50 ms."""
        begun = last = time.monotonic()
        seq = sub = 0
        saved = (0,) * 13
        at_last = told = 0
        self.data.settimeout(0.005)
        while self.open and self.stops == 0:
            self.hear()
            now = time.monotonic()
            if now - begun >= (seq + 1) * 0.05:
                seq += 1
                over = now - begun > seconds
                if now - last >= 1:
                    n, size = self.loads - told, self.load_bytes - at_last
                    saved = self.figures(n, size, int((now - last) * 1e6))
                    sub += 1
                    last, told, at_last = now, self.loads, self.load_bytes
                self.data.sendto(self.one_status(seq, sub, saved, 1 if over else 0), peer)

    def figures(self, n, size, delta_us):
        return (n, size, delta_us, 0, 0, 0, 0, 3, 10, n, 0, 2, 0)

    def one_status(self, seq, sub, saved, action):
        return status(seq, self.row, sub, saved, action, old=self.old)


# ---- while the test is arranged

class NeverAnswers(Server):
    def on_setup(self, request, peer):
        pass


class OtherPort(Server):
    def on_setup(self, request, peer):
        self.other.sendto(setup_response(request, self.test_port), peer)


class OtherAddress(Server):
    def on_setup(self, request, peer):
        self.elsewhere.sendto(setup_response(request, self.test_port), peer)


class OtherProtocol(Server):
    def on_setup(self, request, peer):
        self.control.sendto(b"\x17\x03\x03\x00\x20" + os.urandom(51), peer)


class WrongVersion(Server):
    def on_setup(self, request, peer):
        self.control.sendto(put(setup_response(request, self.test_port), 2, "H", 31), peer)


class WrongChecksum(Server):
    def on_setup(self, request, peer):
        self.control.sendto(wrong_sum(setup_response(request, self.test_port), 54), peer)


class WrongLength(Server):
    def on_setup(self, request, peer):
        right = setup_response(request, self.test_port)
        for wrong in (right[:-1], right + b"\0", right[:20], right[:2], b"", right * 20):
            self.control.sendto(wrong, peer)


class AnotherTest(Server):
    def on_setup(self, request, peer):
        self.control.sendto(put(setup_response(request, self.test_port), 6, "H",
                                struct.unpack_from("!H", request, 6)[0] ^ 1), peer)


class NoTestPort(Server):
    def on_setup(self, request, peer):
        self.control.sendto(setup_response(request, 0), peer)


class Unsigned(Server):
    pass  # although the client wants answers signed


class WrongDigest(Server):
    def on_setup(self, request, peer):
        right = setup_response(request, self.test_port)
        self.control.sendto(right[:15] + struct.pack("!BI32sBBH", 1, int(time.time()),
                                                     os.urandom(32), 0, 0, 0), peer)


def refuses(code):
    class Refuses(Server):
        def on_setup(self, request, peer):
            self.control.sendto(setup_response(request, 0, code), peer)
    return Refuses


class ClosedTestPort(Server):
    def on_setup(self, request, peer):
        self.other.close()
        self.control.sendto(setup_response(request, 9), peer)  # discard: nobody is there


class ActivatesNever(Server):
    def on_activation(self, request, peer):
        pass

    def down(self, peer, seconds):
        pass

    up = down


class RefusesParameters(ActivatesNever):
    def on_activation(self, request, peer):
        self.data.sendto(activation_response(request, 2), peer)


class ActivatesForLonger(ActivatesNever):
    def on_activation(self, request, peer):
        self.data.sendto(put(activation_response(request), 12, "H", 3600), peer)


class NoFeedbackWanted(ActivatesNever):
    def on_activation(self, request, peer):
        self.data.sendto(put(activation_response(request), 10, "H", 0), peer)


class OtherSeconds(Server):
    def on_activation(self, request, peer):
        self.data.sendto(put(activation_response(request, row=MODEST), 56, "H", 100), peer)

    def up(self, peer, seconds):
        pass


class LosesTheActivation(Server):
    """The answer is lost, and the load comes."""

    def on_activation(self, request, peer):
        time.sleep(0.7)


# ---- while it runs, downwards

class NoLoad(Server):
    def down(self, peer, seconds):
        pass


class GoesSilent(Server):
    def down(self, peer, seconds):
        super().down(peer, 60) if self.cut() else None

    def up(self, peer, seconds):
        super().up(peer, 60) if self.cut() else None

    def cut(self):
        timer = threading.Timer(1.2, self.close)
        timer.daemon = True
        timer.start()
        return True


class EndsEarly(Server):
    def down(self, peer, seconds):
        super().down(peer, 1)

    def up(self, peer, seconds):
        super().up(peer, 1)


class NeverStops(Server):
    def down(self, peer, seconds):
        super().down(peer, 3600)


class LosesTheStop(Server):
    """Ends in time, and no word of it arrives."""

    def one_load(self, seq, action, stamp):
        if action:
            raise OSError("over")
        return super().one_load(seq, action, stamp)


class LoadOfWrongLength(Server):
    def one_load(self, seq, action, stamp):
        return load(seq, action=action, says=1221)


class LoadOfWrongSum(Server):
    def one_load(self, seq, action, stamp):
        return wrong_sum(load(seq, action=action), 30, 32)


class LoadOfNoNumber(Server):
    def one_load(self, seq, action, stamp):
        return load(0, action=action)


class Shreds(Server):
    def one_load(self, seq, action, stamp):
        return os.urandom(seq % 64)


class Floods(Server):
    def down(self, peer, seconds):
        seq = 0
        self.data.settimeout(0)
        begun = time.monotonic()
        while self.open and self.stops == 0 and time.monotonic() - begun < 10:
            for _ in range(50):
                seq += 1
                self.data.sendto(load(seq), peer)
            self.hear()
            time.sleep(0.001)


class WildNumbers(Server):
    """Loss and times out of all measure; the bytes are right."""

    def one_load(self, seq, action, stamp):
        wild = put(load(seq * 40_000_000 & 0xffffffff or 1, action=action, stamp=stamp), 20,
                   "II", 0xffffffff if seq % 2 else 0, 0xffffffff)
        return put(wild, 28, "H", 0xffff if seq % 3 else 0)


# ---- upwards

class Overtaken(Server):
    """The last Status of each second comes once more, after the first of the next."""
    before, told = None, 0

    def on_activation(self, request, peer):
        self.peer = peer
        super().on_activation(request, peer)

    def one_status(self, seq, sub, saved, action):
        now = super().one_status(seq, sub, saved, action)
        late, self.before = self.before, now
        if sub == self.told:
            return now
        self.told = sub
        self.data.sendto(now, self.peer)
        return late


def asks_for(*row):
    class AsksFor(Server):
        def one_status(self, seq, sub, saved, action):
            return status(seq, row if seq > 4 else MODEST, sub, saved, action)
    return AsksFor


class AsksForAll(Server):
    """The most the protocol can say: 144 Gbit/s, in datagrams that fit."""
    row = (100, 1222, 100, 100, 1222, 100, 1222)


class NoFeedback(Server):
    def up(self, peer, seconds):
        while self.open and self.stops == 0:
            self.hear()


class FeedbackOfWrongLength(Server):
    def one_status(self, seq, sub, saved, action):
        return status(seq, self.row, sub, saved, action) + b"\0"


class FeedbackOfWrongSum(Server):
    def one_status(self, seq, sub, saved, action):
        return wrong_sum(status(seq, self.row, sub, saved, action), 202)


class Boasts(Server):
    def figures(self, n, size, delta_us):
        return (n * 100, size * 100, delta_us, 0, 0, 0, 0, 3, 10, n, 0, 2, 0)


class BoastsOfDatagrams(Server):
    """The bytes are right; each datagram more would bring its headers."""

    def figures(self, n, size, delta_us):
        return (n * 20, size, delta_us, 0, 0, 0, 0, 3, 10, n, 0, 2, 0)


class SavesUp(Server):
    """Nothing came for seconds, and then all of it in one."""
    at_last = 4

    def __init__(self, ns):
        super().__init__(ns)
        self.saved_up = (0, 0)
        self.seconds = 0

    def figures(self, n, size, delta_us):
        self.seconds += 1
        n, size = self.saved_up[0] + n, self.saved_up[1] + size
        self.saved_up = (n, size) if self.seconds < self.at_last else (0, 0)
        return super().figures(*((n, size) if self.seconds >= self.at_last else (0, 0)), delta_us)


class SavesUpTwo(SavesUp):
    at_last = 2


class SaysLate(SavesUp):
    """The same, and no word of the seconds before."""

    def one_status(self, seq, sub, saved, action):
        return super().one_status(seq, 0 if sub < 4 else sub, saved, action)


class DeepQueue(Server):
    """A line of 10 Mbit/s with seconds of queue: what was sent at first comes much later."""

    def figures(self, n, size, delta_us):
        return super().figures(1000, 1222 * 1000, delta_us)

    def one_status(self, seq, sub, saved, action):
        row = (1000, 1222, 6 if seq < 19 else 0, 20000, 1222, 1, 0)
        return status(seq, row, sub, saved, action)


class NoSeconds(Server):
    def figures(self, n, size, delta_us):
        return (n, size, 1, 0, 0, 0, 0, 3, 10, n, 0, 2, 0)


class OldServer(Server):
    """Version 11: refuses 20 and names its own; its PDUs are shorter."""

    def on_setup(self, request, peer):
        if struct.unpack_from("!H", request, 2)[0] != 11:
            self.control.sendto(put(setup_response(request, 0, 2), 2, "H", 11), peer)
        else:
            super().on_setup(request, peer)
