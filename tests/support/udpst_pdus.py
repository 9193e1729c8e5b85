# SPDX-License-Identifier: GPL-3.0-or-later
"""udpst_pdus - the PDUs of the UDP Speed Test Protocol, for the test server beside it, whose
head says where each fact comes from."""
import hashlib
import hmac
import struct

CONTROL_PORT = 24601
VERSION, VERSION_MIN = 20, 11
SETUP, NULL, ACTIVATION, LOAD, STATUS = 0xACE1, 0xDEAD, 0xACE2, 0xBEEF, 0xFEED

UPSTREAM_BIT = 0x8000
JUMBO, TRADITIONAL = 0x01, 0x02
UP, DOWN = 1, 2
INDEX_SEARCH, INDEX_IS_START, RANDOM_PAYLOAD = 0xFFFF, 0x01, 0x02
RUNNING, STOPPING = 0, 2
NO_DELAY = 0xFFFFFFFF
AUTH_WINDOW_S = 150
WATCHDOG_S = 5.0
RX_STOPPED_S = 1.0

REFUSALS = {  # Setup Response
    "ok": 1, "bad-version": 2, "jumbo-mismatch": 3, "auth-unexpected": 4, "auth-required": 5,
    "auth-mode-invalid": 6, "auth-failure": 7, "auth-time": 8, "bandwidth-required": 9,
    "capacity-exceeded": 10, "mtu-mismatch": 11, "multi-invalid": 12, "no-connection": 13,
}
ACTIVATION_OK, ACTIVATION_BAD = 1, 2

# Name, format. The last four of an authenticated PDU are the same in each.
AUTH = [("auth_mode", "B"), ("auth_time", "I"), ("digest", "32s"), ("key_id", "B"),
        ("auth_reserved", "B"), ("checksum", "H")]
RATE = [("interval1_us", "I"), ("payload1", "I"), ("burst1", "I"), ("interval2_us", "I"),
        ("payload2", "I"), ("burst2", "I"), ("addon2", "I")]
SUB = [("sub_datagrams", "I"), ("sub_bytes", "Q"), ("sub_us", "I"), ("sub_lost", "I"),
       ("sub_disordered", "I"), ("sub_doubled", "I"), ("sub_delay_min_ms", "I"),
       ("sub_delay_max_ms", "I"), ("sub_delay_sum_ms", "I"), ("sub_delay_count", "I"),
       ("sub_rtt_min_ms", "I"), ("sub_rtt_max_ms", "I"), ("sub_elapsed_ms", "I")]
FIELDS = {
    SETUP: [("id", "H"), ("version", "H"), ("multi_index", "B"), ("multi_count", "B"),
            ("multi_ident", "H"), ("request", "B"), ("response", "B"), ("bandwidth", "H"),
            ("test_port", "H"), ("modifier", "B")] + AUTH,
    NULL: [("id", "H"), ("version", "H"), ("request", "B"), ("response", "B"),
           ("reserved1", "B")] + AUTH,
    ACTIVATION: [("id", "H"), ("version", "H"), ("request", "B"), ("response", "B"),
                 ("low_ms", "H"), ("upper_ms", "H"), ("trial_ms", "H"), ("test_s", "H"),
                 ("reserved1", "B"), ("dscp_ecn", "B"), ("index", "H"), ("one_way", "B"),
                 ("high_delta", "B"), ("slow_threshold", "H"), ("error_threshold", "H"),
                 ("ignore_disorder", "B"), ("modifier", "B"), ("algorithm", "B"),
                 ("reserved2", "B")] + RATE + [("sub_ms", "H"), ("reserved3", "H"),
                                               ("reserved4", "H"), ("reserved5", "B")] + AUTH,
    LOAD: [("id", "H"), ("action", "B"), ("rx_stopped", "B"), ("seq", "I"), ("payload", "H"),
           ("status_errors", "H"), ("status_s", "I"), ("status_ns", "I"), ("sent_s", "I"),
           ("sent_ns", "I"), ("response_ms", "H"), ("checksum", "H")],
    STATUS: [("id", "H"), ("action", "B"), ("rx_stopped", "B"), ("seq", "I")] + RATE
            + [("sub_seq", "I")] + SUB
            + [("lost", "I"), ("disordered", "I"), ("doubled", "I"), ("clock_delta_min_ms", "I"),
               ("delay_min_ms", "I"), ("delay_max_ms", "I"), ("delay_sum_ms", "I"),
               ("delay_count", "I"), ("rtt_min_ms", "I"), ("rtt_var_ms", "I"),
               ("minimum_updated", "B"), ("reserved1", "B"), ("reserved2", "H"),
               ("trial_us", "I"), ("trial_datagrams", "I"), ("trial_bytes", "I"),
               ("sent_s", "I"), ("sent_ns", "I"), ("reserved3", "H"), ("reserved4", "B")] + AUTH,
}
LAYOUT = {kind: struct.Struct("!" + "".join(f for _, f in fields))
          for kind, fields in FIELDS.items()}
LEAST = {SETUP: 56, NULL: 48, ACTIVATION: 60, LOAD: 32, STATUS: 168}
LOAD_HEADER = LAYOUT[LOAD]
CONTROL = (SETUP, NULL, ACTIVATION)


def checksum(data):
    """RFC 1071 over all of `data`; an odd last byte counts as the high one."""
    if len(data) % 2:
        data = bytes(data) + b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def derive_keys(shared, unix_time, context="text"):
    """SP 800-108 counter mode: (client's key, server's key)."""
    info = str(unix_time).encode() if context == "text" else struct.pack("!I", unix_time)
    fixed = b"UDPSTP" + b"\0" + info + struct.pack("!I", 512)
    first, second = (hmac.new(shared, struct.pack("!I", i) + fixed, hashlib.sha256).digest()
                     for i in (1, 2))
    return first, second


def encode(kind, values, key=None, summed=True):
    """A PDU. `key` signs it (control PDUs), then the checksum is put in."""
    blank = {name: (b"" if f.endswith("s") else 0) for name, f in FIELDS[kind]}
    pdu = bytearray(LAYOUT[kind].pack(*({**blank, **values, "id": kind, "checksum": 0}[name]
                                        for name, _ in FIELDS[kind])))
    if key is not None and kind in CONTROL:
        at = len(pdu) - 36
        pdu[at:at + 32] = bytes(32)
        pdu[at:at + 32] = hmac.new(key, pdu, hashlib.sha256).digest()
    if summed:
        struct.pack_into("!H", pdu, len(pdu) - 2, checksum(pdu))
    return bytes(pdu)


def decode(data):
    """A PDU's fields, or None when it is none. A short one of an older version is filled up
    with zeroes; `size` says how long it was."""
    if len(data) < 2:
        return None
    kind = struct.unpack_from("!H", data)[0]
    if kind not in LAYOUT or len(data) < LEAST[kind]:
        return None
    whole = LAYOUT[kind].size
    if kind != LOAD and len(data) > whole:
        return None
    head = bytes(data[:whole])
    if kind == ACTIVATION and len(head) < whole:
        sum_at = 58 if len(head) == 60 else len(head) - 2
    elif kind == STATUS and len(head) < whole:
        sum_at = 146
    else:
        sum_at = len(head) - 2
    if struct.unpack_from("!H", head, sum_at)[0] != 0 and checksum(head) != 0:
        return None
    values = dict(zip((name for name, _ in FIELDS[kind]),
                      LAYOUT[kind].unpack(head.ljust(whole, b"\0"))))
    values["size"] = len(data)
    return values


def signed_by(data, key):
    """Is the digest of this control PDU the one `key` makes?"""
    pdu = bytearray(data)
    at = len(pdu) - 36
    said = bytes(pdu[at:at + 32])
    pdu[at:at + 32] = bytes(32)
    pdu[-2:] = b"\0\0"
    return hmac.compare_digest(said, hmac.new(key, pdu, hashlib.sha256).digest())
