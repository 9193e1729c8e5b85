# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recomputation stands on: records with their signatures checked by jwcrypto, histograms,
percentiles, layers, as docs/report.md and docs/summary-v1.md have them. Nothing of the C code."""
import base64
import calendar
import functools
import hashlib
import json
import math
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from jwcrypto import jwk, jws

EDGE_US = 100000


def b64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@functools.lru_cache(maxsize=None)
def unix(text):
    """RFC 3339 in UTC to milliseconds."""
    whole = calendar.timegm(datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").timetuple())
    rest = text[19:].rstrip("Z")
    return whole * 1000 + (int(rest[1:4]) if rest else 0)


def rank(values, ppm):
    """The value at rank ceil(p n), counted from 1."""
    if not values:
        return None
    values = sorted(values)
    return values[max(1, -(-len(values) * ppm // 1000000)) - 1]


# ---- histograms: 16 linear steps an octave from 1 us, one more edge at 100 ms ------------

def edges():
    """Every bucket as (lowest, first beyond), in whole microseconds."""
    out = []
    for octave in range(28):
        for step in range(16):
            low = -(-((16 + step) << octave) // 16)
            high = -(-((17 + step) << octave) // 16)
            if low < EDGE_US < high:
                out += [(low, EDGE_US), (EDGE_US, high)]
            else:
                out.append((low, high))
    return out


EDGES = edges()


def read_hist(text):
    data = b64(text)
    at = bucket = 0
    out = {}

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80:
                return value
    while at < len(data):
        bucket += varint()
        out[bucket] = out.get(bucket, 0) + varint()
    return out


def hist_rank(hist, ppm):
    n = sum(hist.values())
    want = max(1, -(-n * ppm // 1000000))
    for bucket in sorted(hist):
        want -= hist[bucket]
        if want <= 0:
            low, high = EDGES[bucket]
            return (low + high) // 2
    return None


def wilson(k, n):
    z = 1.959963984540054
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (0 if k == 0 else max(0, math.floor((middle - half) * 1e6)),
            1000000 if k == n else min(1000000, math.ceil((middle + half) * 1e6)))


# ---- layers ------------------------------------------------------------------------------

APART = {"erratum": ("!erratum",), "egress": (), "tester": ("tester-busy", "tester-late", "receive-drops", "max-rate"), "server": ("server-busy",),
         "untestable": ("port-below-claim", "server-below-claim"),
         "implausible": ("above-link", "up-equals-down")}


def apart_of(run):
    """Why a good run counts for nobody; None: it counts."""
    if "!erratum" in run.get("flags", []):
        return "erratum"
    if run.get("egress") == "other":
        return "egress"
    for why, flags in APART.items():
        if set(flags) & set(run.get("flags", [])):
            return why
    return None


SIZE = {"ethernet": lambda mtu: mtu + 14, "ip": lambda mtu: mtu, "goodput": lambda mtu: mtu - 52}


def convert_rate(bps, layer, to, mtu):
    if bps is None or layer is None:
        return None
    if layer == to:
        return bps
    return None if mtu is None else bps * SIZE[to](mtu) // SIZE[layer](mtu)


def convert_bytes(count, packets, layer, to):
    if layer == to:
        return count
    if packets is None or {layer, to} != {"ethernet", "ip"}:
        return None
    return count - 14 * packets if to == "ip" else count + 14 * packets


# ---- the records -------------------------------------------------------------------------

def read_signed(text, keys):
    """The key and the payload of a compact JWS whose signature holds."""
    parts = text.split(".")
    header = json.loads(b64(parts[0]))
    if header["alg"] == "EdDSA":  # what jwcrypto does of it, without its copies
        try:
            keys[header["kid"]].get_op_key("verify").verify(b64(parts[2]), f"{parts[0]}.{parts[1]}".encode())
        except InvalidSignature as e:
            raise jws.InvalidJWSSignature("the signature does not hold") from e
        return header["kid"], json.loads(b64(parts[1]))
    token = jws.JWS()
    token.allowed_algs = ["ES256"]
    token.deserialize(text)
    token.verify(keys[header["kid"]])
    return header["kid"], json.loads(token.payload)


def read_records(path, key_path):
    keys = {}
    with open(key_path, encoding="ascii") as f:
        for line in f:
            member = json.loads(line)
            for one in member.get("keys", [member]):
                key = jwk.JWK(**one)
                keys[key.thumbprint()] = key
    out = []
    last = {}
    seen = set()
    with open(path, encoding="ascii") as f:
        for line in f:
            text = line.rstrip("\n")
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            if digest in seen:  # the same record twice is one
                continue
            seen.add(digest)
            kid, payload = read_signed(text, keys)
            if payload["seq"] > 1 and last.get(kid) != payload["prev"]:
                raise ValueError(f"seq {payload['seq']}: prev is not the hash before it")
            last[kid] = digest.decode().rstrip("=")
            payload["_kid"], payload["_hash"] = kid, last[kid]
            out.append(payload)
    return out
