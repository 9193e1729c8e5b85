#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""udpst_server - a UDP Speed Test Protocol server (RFC 9946, RFC 9097), for tests.

It was written without a look at our client, so that the two check each other. One process
answers Setup Requests on the control port; each accepted test is a child with a port of its
own. Everything that happens is one JSON object a line on standard output: `listening`,
`setup`, `refused`, `activated`, `done`. It ends when its standard input ends.

Where the facts come from:
- The exchange (Setup, Null, Test Activation, Load and Status, the stop), PDU identifiers,
  sizes, versions 11 to 20, the meaning of authentication mode 1 ("HMAC-SHA-256 over the PDU
  with digest and checksum zeroed") and that the server runs the rate algorithm in both
  directions: RFC 9946 as summed up in our own notes on the protocol; the registry
  iana.org/assignments/udpstp for the identifiers.
- The order and width of the fields, response codes, the modifier bits and the values of the
  test action: the structure comments of the official tool's udpst_protocol.h (version 20).
  What the exchange means step by step: that project's published README and protocol.md.
- The sending rate algorithm, type B: RFC 9097, appendix A, with its names.
- The internet checksum: RFC 1071. A checksum of 0 means "none" and is not verified.
- The key derivation: NIST SP 800-108r1 section 4.1, counter mode, PRF HMAC-SHA-256, 32-bit
  counter before the fixed input, label "UDPSTP", context authUnixTime of the Setup Request,
  512 bits; the first half is the client's key, the second the server's. NOT confirmed against
  the text of RFC 9946 (it could not be had): the writing of the context, taken as decimal
  ASCII. `--kdf-context be32` takes it as four bytes instead.
- NOT confirmed likewise: where a version below 20 keeps its checksum in the 60-byte Test
  Activation (taken as the last two bytes); such versions use the shared key as it is.
- Ours alone: the rows of the table of sending rates. Row n is n Mbit/s at the IP layer (row
  0: 0.5), made of equal IP packets of 1250 bytes (1500 with the traditional-MTU bit), one
  timer for the units and one for the tens; `--addon` makes the same rates of one timer and
  a shorter last datagram.
- Statistics of a Status PDU outside the sub-interval block are of one trial interval;
  rxBytes is UDP payload.
"""
import argparse
import json
import os
import random
import select
import socket
import struct
import sys
import time

from udpst_pdus import (ACTIVATION, ACTIVATION_BAD, ACTIVATION_OK, AUTH_WINDOW_S, CONTROL_PORT,
                        DOWN, INDEX_IS_START, INDEX_SEARCH, JUMBO, LOAD, LOAD_HEADER, NO_DELAY,
                        NULL, RATE, REFUSALS, RUNNING, RX_STOPPED_S, SETUP, STATUS, STOPPING,
                        TRADITIONAL, UP, UPSTREAM_BIT, VERSION, VERSION_MIN, WATCHDOG_S, checksum,
                        decode, derive_keys, encode, signed_by)

LATE_S = 0.1  # an interval is not held open for longer by what waits to be read


def rate_row(index, family=4, traditional=False, addon=False):
    """Row `index` of the table of sending rates, as fields of the rate structure."""
    header = 28 if family == 4 else 48
    packet = 1500 if traditional else 1250
    full = packet - header
    one_mbps_us = packet * 8  # one packet an interval of this length is 1 Mbit/s
    row = {name: 0 for name, _ in RATE}
    if index == 0:
        row.update(interval2_us=one_mbps_us, addon2=packet // 2 - header)
    elif addon:
        interval = one_mbps_us // 10 if index >= 10 else one_mbps_us
        size = index * interval // 8  # IP bytes an interval
        rest = size % packet
        row.update(interval2_us=interval, payload2=full, burst2=size // packet,
                   addon2=rest - header if rest else 0)
    else:
        if index % 10:
            row.update(interval1_us=one_mbps_us, payload1=full, burst1=index % 10)
        if index >= 10:
            row.update(interval2_us=one_mbps_us // 10, payload2=full, burst2=index // 10)
    return row


class RateB:
    """RFC 9097 appendix A: Rx, seqErr, delay and the counts it keeps between intervals."""

    def __init__(self, asked, top):
        self.fixed = asked["index"] != INDEX_SEARCH and not asked["modifier"] & INDEX_IS_START
        self.rx = 0 if asked["index"] == INDEX_SEARCH else min(asked["index"], top)
        self.low, self.upper = asked["low_ms"], asked["upper_ms"]
        self.delta = asked["high_delta"]
        self.slow_threshold = asked["slow_threshold"]
        self.error_threshold = asked["error_threshold"]
        self.slow = 0
        self.top = top
        self.high_speed = 1000  # rows below are steps of 1 Mbit/s

    def step(self, errors, delay_ms):
        if self.fixed:
            return
        if errors <= self.error_threshold and delay_ms < self.low:
            if self.rx < self.high_speed and self.slow < self.slow_threshold:
                self.rx = min(self.rx + self.delta, self.top)
                self.slow = 0
            else:
                self.rx = min(self.rx + 1, self.top)
        elif errors > self.error_threshold or delay_ms > self.upper:
            self.slow += 1
            if self.rx < self.high_speed and self.slow == self.slow_threshold:
                self.rx = max(self.rx - 3 * self.delta, 0)
            else:
                self.rx = max(self.rx - 1, 0)


def say(event, **more):
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


class Received:
    """What the receiver of Load PDUs counts: over a trial interval, a sub-interval, in all."""

    def __init__(self):
        self.expected = 1
        self.missing = {}
        self.trial, self.sub, self.all = ({} for _ in range(3))
        for bin_ in (self.trial, self.sub, self.all):
            self.clear(bin_)
        self.clock_min = None  # ms; our clock minus the sender's
        self.rtt_min = None
        self.rtt_var = NO_DELAY
        self.minimum_updated = 0
        self.echoed = None

    @staticmethod
    def clear(bin_):
        bin_.update(datagrams=0, bytes=0, lost=0, disordered=0, doubled=0, delay_min=NO_DELAY,
                    delay_max=0, delay_sum=0, delay_count=0, rtt_min=NO_DELAY, rtt_max=0)

    def count(self, name, by=1):
        for bin_ in (self.trial, self.sub, self.all):
            bin_[name] = max(0, bin_[name] + by)

    def take(self, pdu, size, now_ns):
        for bin_ in (self.trial, self.sub, self.all):
            bin_["datagrams"] += 1
            bin_["bytes"] += size
        seq = pdu[3]
        if seq == self.expected:
            self.expected += 1
        elif seq > self.expected:
            gap = seq - self.expected
            self.count("lost", gap)
            for at in range(max(self.expected, seq - 4096), seq):
                self.missing[at] = None
            while len(self.missing) > 8192:
                self.missing.pop(next(iter(self.missing)))
            self.expected = seq + 1
        elif seq in self.missing:
            del self.missing[seq]
            self.count("disordered")
            self.count("lost", -1)
        else:
            self.count("doubled")
        self.delay(pdu, now_ns)

    def delay(self, pdu, now_ns):
        clock = (now_ns - (pdu[8] * 10 ** 9 + pdu[9])) // 10 ** 6
        if self.clock_min is None or clock < self.clock_min:
            self.clock_min, self.minimum_updated = clock, 1
        variation = clock - self.clock_min
        for bin_ in (self.trial, self.sub, self.all):
            bin_["delay_min"] = min(bin_["delay_min"], variation)
            bin_["delay_max"] = max(bin_["delay_max"], variation)
            bin_["delay_sum"] += variation
            bin_["delay_count"] += 1
        ours = (pdu[6], pdu[7])
        if ours == (0, 0) or ours == self.echoed:
            return
        self.echoed = ours  # each Status gives one sample of the round trip
        rtt = (now_ns - (ours[0] * 10 ** 9 + ours[1])) // 10 ** 6 - pdu[10]
        rtt = max(rtt, 0)
        if self.rtt_min is None or rtt < self.rtt_min:
            self.rtt_min, self.minimum_updated = rtt, 1
        self.rtt_var = rtt - self.rtt_min
        for bin_ in (self.trial, self.sub, self.all):
            bin_["rtt_min"] = min(bin_["rtt_min"], self.rtt_var)
            bin_["rtt_max"] = max(bin_["rtt_max"], self.rtt_var)


class Test:
    """One test on its own port, from Activation to stop, in its own process."""

    def __init__(self, options, sock, peer, keys, setup):
        self.options, self.sock, self.peer, self.keys = options, sock, peer, keys
        self.family = 6 if sock.family == socket.AF_INET6 and "." not in peer[0] else 4
        self.traditional = bool(setup["modifier"] & TRADITIONAL)
        self.setup = setup
        self.version = setup["version"]
        self.action = RUNNING
        self.sent = self.sent_bytes = self.statuses = self.foreign = self.rows_most = 0
        self.heard = time.monotonic()
        self.last_status = (0, 0, 0)  # s, ns, when it came
        self.status_errors = 0
        self.left_out = 0.0  # bytes of IP that were due and that we were too late to send
        self.buffer = bytearray(65536)
        self.lane = bytearray(os.urandom(9000)) if options.random else bytearray(9000)

    def sign(self, values):
        if not self.setup["auth_mode"]:
            return values, None
        return {**values, "auth_mode": 1, "auth_time": int(time.time()),
                "key_id": self.setup["key_id"]}, self.keys[1]

    def send_null(self):
        values, key = self.sign({"version": self.version, "request": 1})
        self.sock.send(encode(NULL, values, key, self.options.checksum != "none"))

    def run(self):
        self.sock.setblocking(False)
        asked = self.await_activation()
        if asked is None:
            say("done", why="no activation")
            return
        self.asked = asked
        self.rate = RateB(asked, self.options.max_mbps)
        self.started = time.monotonic()
        self.mute_at = self.started + self.options.mute_after if self.options.mute_after else None
        try:
            why = self.send_loads() if asked["request"] == DOWN else self.receive_loads()
        except ConnectionRefusedError:
            why = "peer's port closed"
        say("done", why=why, direction="up" if asked["request"] == UP else "down",
            seconds=round(time.monotonic() - self.started, 3), sent=self.sent,
            sent_bytes=self.sent_bytes, statuses=self.statuses, foreign=self.foreign,
            rate=self.rate.rx, rate_most=self.rows_most, left_out_bytes=int(self.left_out),
            **({"received": self.got.all} if asked["request"] == UP else {}))

    def read(self):
        """The next datagram's size, 0 when there is none; counts strangers' packets."""
        try:
            return self.sock.recv_into(self.buffer)
        except (BlockingIOError, InterruptedError):
            return 0

    def await_activation(self):
        until = time.monotonic() + WATCHDOG_S
        while time.monotonic() < until:
            select.select([self.sock], [], [], max(0, until - time.monotonic()))
            size = self.read()
            if not size:
                continue
            data = bytes(self.buffer[:size])
            pdu = decode(data)
            if pdu is None or pdu["id"] != ACTIVATION or pdu["response"]:
                self.foreign += 1
                continue
            if self.setup["auth_mode"] and (pdu["auth_mode"] != 1 or
                                            not signed_by(data, self.keys[0])):
                say("refused", what="activation", why="auth-failure")
                continue  # a forged packet gets no answer
            if self.options.fault == "no-activation":
                continue
            asked, why = self.judge(pdu)
            self.reply_data = self.reply(asked, why)
            self.sock.send(self.reply_data)
            if why:
                say("refused", what="activation", why=why)
                return None
            say("activated", **{k: v for k, v in asked.items() if isinstance(v, int)})
            return asked
        return None

    def judge(self, pdu):
        """The parameters we go by, and why not if we do not."""
        asked = {k: v for k, v in pdu.items() if k != "size"}
        if self.options.fault == "refuse-activation":
            return asked, "told to"
        if asked["request"] not in (UP, DOWN):
            return asked, "no such direction"
        if not 5 <= asked["trial_ms"] <= 250 or not 1 <= asked["test_s"] <= 3600:
            return asked, "trial interval or duration out of range"
        if asked["low_ms"] > asked["upper_ms"] or asked["algorithm"] > 1:
            return asked, "thresholds or algorithm invalid"
        if asked["sub_ms"] == 0:
            asked["sub_ms"] = 1000
        asked["algorithm"] = 0  # B is what we run
        asked["test_s"] = min(asked["test_s"], self.options.max_seconds)
        if asked["index"] != INDEX_SEARCH:
            asked["index"] = min(asked["index"], self.options.max_mbps)
        return asked, None

    def row(self):
        self.rows_most = max(self.rows_most, self.rate.rx)
        return rate_row(self.rate.rx, self.family, self.traditional, self.options.addon)

    def reply(self, asked, why):
        values = {**asked, "response": ACTIVATION_BAD if why else ACTIVATION_OK}
        if not why and asked["request"] == UP:
            self.rate = RateB(asked, self.options.max_mbps)
            values.update(self.row())
        values, key = self.sign(values)
        if self.options.fault == "bad-digest" and key:
            key = bytes(32)
        pdu = encode(ACTIVATION, values, key, self.options.checksum != "none")
        if self.version < VERSION:
            pdu = pdu[:58] + b"\0\0"
        return pdu

    def over(self, now):
        """Why the test ends now; None while it goes on."""
        if now - self.started >= self.asked["test_s"] and self.options.fault != "no-stop":
            self.action = STOPPING
        if now - self.heard > WATCHDOG_S:
            return "peer silent"
        if now - self.started > self.asked["test_s"] + 3:
            return "stop not confirmed"
        return None

    def muted(self, now):
        return self.mute_at is not None and now > self.mute_at

    # --- downstream: we send load -------------------------------------------------------
    def send_loads(self):
        row = self.row()
        due1 = due2 = self.started
        while True:
            now, running = time.monotonic(), self.action == RUNNING
            why = self.over(now)
            if why:
                return why
            # Late timers catch up, but never by more than a trial interval's worth; nor is
            # anything made up for once it is over.
            spare = 0.05 if self.action == RUNNING else 0
            if row["interval1_us"] and now >= due1:
                if running and due1 < now - spare:
                    self.leave_out(now - spare - due1, row, 1)
                due1 = max(due1, now - spare) + row["interval1_us"] / 1e6
                self.burst(row["payload1"], row["burst1"], now)
            if row["interval2_us"] and now >= due2:
                if running and due2 < now - spare:
                    self.leave_out(now - spare - due2, row, 2)
                due2 = max(due2, now - spare) + row["interval2_us"] / 1e6
                self.burst(row["payload2"], row["burst2"], now)
                if row["addon2"]:
                    self.burst(row["addon2"], 1, now)
            due = min(due1 if row["interval1_us"] else due2,
                      due2 if row["interval2_us"] else due1)
            wait = due - time.monotonic()
            if wait > 0:
                select.select([self.sock], [], [], wait)
            size = self.read()
            while size:
                if self.take_status(size):
                    return "stopped"
                row = self.row()
                size = self.read()

    def leave_out(self, seconds, row, timer):
        header = 28 if self.family == 4 else 48
        one = row[f"burst{timer}"] * (row[f"payload{timer}"] + header)
        if timer == 2 and row["addon2"]:
            one += row["addon2"] + header
        self.left_out += one * seconds / (row[f"interval{timer}_us"] / 1e6)

    def burst(self, payload, count, now):
        if self.muted(now):
            return
        lane, pack, send = memoryview(self.lane)[:payload], LOAD_HEADER.pack_into, self.sock.send
        s, ns, came = self.last_status
        held = min(int((now - came) * 1000), 65535) if s else 0
        silent = 1 if now - self.heard > RX_STOPPED_S else 0
        summed = self.options.checksum == "all"
        for _ in range(count):
            self.sent += 1
            wall = time.time_ns()
            pack(lane, 0, LOAD, self.action, silent, self.sent, payload, self.status_errors, s,
                 ns, wall // 10 ** 9, wall % 10 ** 9, held, 0)
            if summed:
                struct.pack_into("!H", lane, 30, checksum(bytes(lane[:32])))
            try:
                send(lane)
                self.sent_bytes += payload
            except (BlockingIOError, InterruptedError):
                self.sent -= 1  # not taken by the stack: no loss of the path
                return

    def take_status(self, size):
        """One datagram of the client. True: it confirms the stop."""
        pdu = decode(bytes(self.buffer[:size]))
        if pdu is not None and pdu["id"] == ACTIVATION:
            self.sock.send(self.reply_data)  # our answer was lost
            return False
        if pdu is None or pdu["id"] != STATUS:
            self.foreign += 1
            return False
        self.heard = time.monotonic()
        self.statuses += 1
        self.status_errors = max(0, pdu["seq"] - self.statuses) & 0xFFFF
        self.last_status = (pdu["sent_s"], pdu["sent_ns"], self.heard)
        if pdu["action"] == STOPPING and self.action == STOPPING:
            return True
        errors = pdu["lost"] + (0 if self.asked["ignore_disorder"]
                                else pdu["disordered"] + pdu["doubled"])
        if self.asked["one_way"]:
            delay = pdu["delay_sum_ms"] // pdu["delay_count"] if pdu["delay_count"] else 0
        else:
            delay = 0 if pdu["rtt_var_ms"] == NO_DELAY else pdu["rtt_var_ms"]
        self.rate.step(errors, delay)
        return False

    # --- upstream: we receive load and say how fast to send ------------------------------
    def receive_loads(self):
        self.got = got = Received()
        now = time.monotonic()
        trial, sub = self.asked["trial_ms"] / 1000, self.asked["sub_ms"] / 1000
        trial_from, sub_from, trial_due, sub_due = now, now, now + trial, now + sub
        saved, sub_seq, waits = {}, 0, False
        unpack = LOAD_HEADER.unpack_from
        while True:
            now = time.monotonic()
            why = self.over(now)
            if why:
                return why
            # What came before an interval's end, and was not read yet, belongs into it.
            if now >= sub_due and (not waits or now >= sub_due + LATE_S):
                sub_seq += 1
                saved = self.save(got.sub, now - sub_from)
                Received.clear(got.sub)
                sub_from, sub_due = now, max(sub_due + sub, now)
            if now >= trial_due:
                self.rate.step(*self.seen(got))
                self.send_status(got, now - trial_from, sub_seq, saved)
                Received.clear(got.trial)
                got.rtt_var, got.minimum_updated = NO_DELAY, 0
                trial_from, trial_due = now, max(trial_due + trial, now)
            select.select([self.sock], [], [], max(0, min(trial_due, sub_due) - now))
            waits = True
            for _ in range(256):
                size = self.read()
                if not size:
                    waits = False
                    break
                if size < 32 or self.buffer[0] != 0xBE or self.buffer[1] != 0xEF:
                    self.stray(size)
                    continue
                if (self.buffer[30] or self.buffer[31]) and checksum(self.buffer[:32]):
                    self.foreign += 1
                    continue
                pdu = unpack(self.buffer)
                if pdu[4] != size:
                    self.foreign += 1
                    continue
                self.heard = now
                if pdu[1] == STOPPING and self.action == STOPPING:
                    return "stopped"
                got.take(pdu, size, time.time_ns())

    def stray(self, size):
        pdu = decode(bytes(self.buffer[:size]))
        if pdu is not None and pdu["id"] == ACTIVATION:
            self.sock.send(self.reply_data)
        else:
            self.foreign += 1

    def seen(self, got):
        """seqErr and delay of the trial interval just over."""
        one = got.trial
        errors = one["lost"] + (0 if self.asked["ignore_disorder"]
                                else one["disordered"] + one["doubled"])
        if self.asked["one_way"]:
            return errors, one["delay_sum"] // one["delay_count"] if one["delay_count"] else 0
        return errors, 0 if got.rtt_var == NO_DELAY else got.rtt_var

    def save(self, bin_, seconds):
        return {"sub_datagrams": bin_["datagrams"], "sub_bytes": bin_["bytes"],
                "sub_us": int(seconds * 1e6), "sub_lost": bin_["lost"],
                "sub_disordered": bin_["disordered"], "sub_doubled": bin_["doubled"],
                "sub_delay_min_ms": bin_["delay_min"], "sub_delay_max_ms": bin_["delay_max"],
                "sub_delay_sum_ms": bin_["delay_sum"], "sub_delay_count": bin_["delay_count"],
                "sub_rtt_min_ms": bin_["rtt_min"], "sub_rtt_max_ms": bin_["rtt_max"],
                "sub_elapsed_ms": int((time.monotonic() - self.started) * 1000)}

    def send_status(self, got, seconds, sub_seq, saved):
        now = time.monotonic()
        if self.muted(now):
            return
        self.statuses += 1
        wall, one = time.time_ns(), got.trial
        values = {
            "action": self.action, "rx_stopped": int(now - self.heard > RX_STOPPED_S),
            "seq": self.statuses, **self.row(), "sub_seq": sub_seq, **saved,
            "lost": one["lost"], "disordered": one["disordered"], "doubled": one["doubled"],
            "clock_delta_min_ms": (got.clock_min or 0) & 0xFFFFFFFF,
            "delay_min_ms": one["delay_min"], "delay_max_ms": one["delay_max"],
            "delay_sum_ms": one["delay_sum"], "delay_count": one["delay_count"],
            "rtt_min_ms": NO_DELAY if got.rtt_min is None else got.rtt_min,
            "rtt_var_ms": got.rtt_var, "minimum_updated": got.minimum_updated,
            "trial_us": int(seconds * 1e6), "trial_datagrams": one["datagrams"],
            "trial_bytes": one["bytes"], "sent_s": wall // 10 ** 9, "sent_ns": wall % 10 ** 9}
        pdu = encode(STATUS, values, summed=self.options.checksum != "none")
        if self.options.fault == "garbage":
            pdu = os.urandom(random.randrange(1, 1400))
        elif self.options.fault == "bad-checksum":
            pdu = pdu[:-2] + bytes([pdu[-2] ^ 0x55, pdu[-1] or 1])
        try:
            self.sock.send(pdu)
        except (BlockingIOError, InterruptedError):
            pass


class Server:
    def __init__(self, options):
        self.options = options
        self.children = {}  # pid: Mbit/s promised
        family = socket.AF_INET6 if ":" in options.bind else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(options.bind != "::"))
        self.sock.bind((options.bind, options.port))

    def judge(self, data, pdu):
        """(word of REFUSALS, the two keys)."""
        o = self.options
        if o.refuse:
            return o.refuse, None
        if not VERSION_MIN <= pdu["version"] <= VERSION:
            return "bad-version", None
        if bool(pdu["modifier"] & JUMBO) != o.jumbo:
            return "jumbo-mismatch", None
        if o.traditional is not None and bool(pdu["modifier"] & TRADITIONAL) != o.traditional:
            return "mtu-mismatch", None
        keys = None
        if pdu["auth_mode"] and not o.key:
            return "auth-unexpected", None
        if o.key:
            if pdu["auth_mode"] == 0:
                return "auth-required", None
            if pdu["auth_mode"] != 1:
                return "auth-mode-invalid", None
            shared = o.key.get(pdu["key_id"])
            if shared is None:
                return "auth-failure", None
            keys = ((shared, shared) if pdu["version"] < VERSION
                    else derive_keys(shared, pdu["auth_time"], o.kdf_context))
            if not signed_by(data, keys[0]):
                return "auth-failure", None
            if abs(pdu["auth_time"] - time.time()) > AUTH_WINDOW_S:
                return "auth-time", keys
        if pdu["multi_count"] == 0 or pdu["multi_index"] >= pdu["multi_count"]:
            return "multi-invalid", keys
        if o.capacity:
            wanted = pdu["bandwidth"] & ~UPSTREAM_BIT
            if wanted == 0:
                return "bandwidth-required", keys
            if wanted + sum(self.children.values()) > o.capacity:
                return "capacity-exceeded", keys
        if o.most_tests and len(self.children) >= o.most_tests:
            return "no-connection", keys
        return "ok", keys

    def take(self):
        data, peer = self.sock.recvfrom(2048)
        pdu = decode(data)
        if pdu is None or pdu["id"] != SETUP or pdu["request"] != 1 or pdu["response"]:
            return  # silence for what is no request: no reflector
        if self.options.fault == "no-setup":
            say("setup", ignored=True)
            return
        word, keys = self.judge(data, pdu)
        pdu.pop("size")
        test = test_sock = None
        if word == "ok":
            test_sock = socket.socket(self.sock.family, socket.SOCK_DGRAM)
            test_sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            test_sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            test_sock.bind((self.options.bind, 0))
            test_sock.connect(peer[:2])
            test = Test(self.options, test_sock, peer, keys, pdu)
        answer = {**pdu, "request": 2, "response": REFUSALS[word],
                  "test_port": test_sock.getsockname()[1] if test_sock else 0}
        if keys:
            answer["auth_time"] = int(time.time())
        key = keys[1] if keys else None
        if self.options.fault == "bad-digest" and key:
            key = bytes(32)
        self.sock.sendto(encode(SETUP, answer, key, self.options.checksum != "none"), peer)
        if test is None:
            say("refused", what="setup", why=word)
            return
        if self.options.fault != "no-null":
            test.send_null()
        say("setup", port=answer["test_port"], version=pdu["version"], auth=pdu["auth_mode"],
            bandwidth=pdu["bandwidth"] & ~UPSTREAM_BIT, modifier=pdu["modifier"],
            family=test.family)
        pid = os.fork()
        if pid == 0:
            self.sock.close()
            try:
                test.run()
            finally:
                os._exit(0)
        test_sock.close()
        self.children[pid] = pdu["bandwidth"] & ~UPSTREAM_BIT

    def serve(self):
        say("listening", port=self.sock.getsockname()[1])
        while True:
            ready, _, _ = select.select([self.sock, sys.stdin], [], [], 0.5)
            while self.children:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                self.children.pop(pid, None)
            if sys.stdin in ready and not os.read(0, 4096):
                break
            if self.sock in ready:
                self.take()
        for pid in self.children:
            os.kill(pid, 15)


def read_key(text):
    """ID:KEY or KEY (for ID 0); the key is its characters."""
    ident, colon, key = text.partition(":")
    return (int(ident), key.encode()) if colon else (0, text.encode())


def main():
    p = argparse.ArgumentParser(description="UDP Speed Test Protocol server for tests")
    p.add_argument("--bind", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0, help=f"0: any free one; the protocol's is "
                   f"{CONTROL_PORT}")
    p.add_argument("--key", type=read_key, action="append", help="ID:KEY; mode 1 is required then")
    p.add_argument("--kdf-context", choices=("text", "be32"), default="text")
    p.add_argument("--jumbo", action="store_true", help="the client must have set the jumbo bit")
    p.add_argument("--traditional", type=lambda v: v == "yes", default=None,
                   help="yes or no: the client's bit must say the same")
    p.add_argument("--capacity", type=int, default=0, help="Mbit/s for all tests together")
    p.add_argument("--most-tests", type=int, default=0)
    p.add_argument("--max-mbps", type=int, default=1000, help="top row of the rate table")
    p.add_argument("--max-seconds", type=int, default=60)
    p.add_argument("--addon", action="store_true")
    p.add_argument("--random", action="store_true", help="random payload")
    p.add_argument("--checksum", choices=("none", "control", "all"), default="control",
                   help="which PDUs we sum: all but Load, or Load as well")
    p.add_argument("--refuse", choices=sorted(set(REFUSALS) - {"ok"}))
    p.add_argument("--mute-after", type=float, default=0.0, help="say no more after SECONDS")
    p.add_argument("--fault", choices=("no-setup", "no-null", "no-activation",
                                       "refuse-activation", "bad-digest", "bad-checksum",
                                       "garbage", "no-stop"))
    options = p.parse_args()
    options.key = dict(options.key) if options.key else None
    Server(options).serve()


if __name__ == "__main__":
    main()
