# SPDX-License-Identifier: GPL-3.0-or-later
"""jose - a box written a second time, from the contract alone, on python3-jwcrypto: keys,
signed and chained summaries, receipts. Nothing of ours signs or checks here, so the two
sides are independent."""
import base64
import hashlib
import json

from jwcrypto import jwk, jws

INTERVAL_S = 300
START = 1_789_000_200


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha(text):
    return b64(hashlib.sha256(text.encode()).digest())


def compact(payload):
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)


class Key:
    def __init__(self, alg="EdDSA", key=None):
        self.alg = alg
        self.key = key or (jwk.JWK.generate(kty="OKP", crv="Ed25519") if alg == "EdDSA"
                           else jwk.JWK.generate(kty="EC", crv="P-256"))
        self.kid = self.key.thumbprint()
        public = json.loads(self.key.export_public())
        self.jwk = {k: public[k] for k in ("crv", "kty", "x", "y") if k in public}

    def sign(self, payload, typ, header=None):
        text = payload if isinstance(payload, str) else compact(payload)
        token = jws.JWS(text.encode())
        head = header or {"alg": self.alg, "kid": self.kid, "typ": typ}
        token.add_signature(self.key, None, json.dumps(head, separators=(",", ":")), None)
        return token.serialize(compact=True)


class PyBox:
    """One site's chain. summary() makes and signs the next record; a keyword replaces or adds
    a member."""

    def __init__(self, site, key=None, alg="EdDSA", start=START, step=INTERVAL_S):
        self.site, self.key = site, key or Key(alg)
        self.seq, self.prev, self.at, self.step = 0, "", start, step
        self.lines = []

    def payload(self, **over):
        seq = over.pop("seq", self.seq + 1)
        start = over.pop("start", self.at)
        end = over.pop("end", start + self.step)
        p = {"v": 1, "site": self.site, "seq": seq}
        if self.prev and seq > 1:
            p["prev"] = self.prev
        if seq == 1:
            p["chain"] = {"why": "new"}
        p.update({"agent": "bandwitnessd/0.1.0", "config": sha("config"),
                  "boot": "6f1e4c5e-0000-4000-8000-000000000001",
                  "mono_ms": 1000 * seq, "start": start, "end": end,
                  "clock": {"synced": True, "max_error_us": 1800, "step_us": 0},
                  "circuits": [circuit(seq, end - start)],
                  "latency": [latency(seq)]})
        p.update(over)
        return p

    def summary(self, **over):
        p = self.payload(**over)
        line = self.key.sign(p, "bandwitness-summary+jws")
        self.seq, self.prev, self.at = p["seq"], sha(line), p["end"]
        self.lines.append(line)
        return line


def circuit(n, covered_s, saturated_s=None):
    mbit = 1_000_000
    down, up = (20 + n * 7 % 60) * mbit, (3 + n * 3 % 12) * mbit
    def flow(bps):
        return {"bytes": bps * covered_s // 8, "packets": bps * covered_s // 8 // 900,
                "p95_1s_bps": bps * 14 // 10, "peak_1s_bps": bps * 17 // 10, "drops": 0,
                "errors": 0}
    saturated = {} if saturated_s is None else {"saturated_s": saturated_s}
    return {"id": "wan", "vantage": "router", "source": "kernel",
            "resolution_ms": 1000, "layer": "ethernet", "covered_s": covered_s,
            "link_bps": 1_000_000_000, "mtu": 1500, **saturated, "down": flow(down),
            "up": flow(up)}


def varint(n):
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return out


def latency(n, probe="provider-edge", lost=0, sent=300):
    low = 20_000 + n * 37 % 900
    return {"circuit": "wan", "probe": probe, "kind": "icmp", "family": 4, "sent": sent,
            "lost": lost, "late": 0, "sum_us": low * (sent - lost),
            "p50_us": low, "p95_us": low + 2_500, "pdv_p95_us": 2_600}


def bucket(us):
    """16 linear steps an octave from 1 us, 100,000 us forced as an edge."""
    octave = us.bit_length() - 1
    plain = 16 * octave + ((us << 4 >> octave) & 15)
    return plain + (1 if us > 100_000 else 0)


def hist(values):
    """A histogram's text of a list of times in us."""
    counts = {}
    for v in values:
        counts[bucket(v)] = counts.get(bucket(v), 0) + 1
    out, before = b"", 0
    for i in sorted(counts):
        out += varint(i - before) + varint(counts[i])
        before = i
    return b64(out)


def share(name, down, up, error):
    return {"class": name, "down_ppm": down, "down_low_ppm": max(down - error, 0),
            "down_high_ppm": min(down + error, 1_000_000), "up_ppm": up,
            "up_low_ppm": max(up - error, 0), "up_high_ppm": min(up + error, 1_000_000)}


def traffic(mix, wan, saturated=(), covered_s=300, error=20_000, **more):
    """What a line was full of: mix as {class: (down_ppm, up_ppm)}, times in us."""
    t = {"circuit": "wan", "covered_s": covered_s, "sampled_1_in": 100, "captured": 3000,
         "capture_drops": 0, "flows_1_in": 16,
         "mix": [share(k, *v, error) for k, v in mix.items()], "tcp_rtt_hist": hist(wan),
         "saturated_rtt_hist": hist(saturated), "wan_min_hist": hist([min(wan)]),
         "lan_rtt_hist": hist([900, 1000, 1100]), "flows": 40,
         "tcp_down": {"bytes": 5_000_000, "resent_bytes": 50_000, "resent_ppm": 10_000,
                      "resent_low_ppm": 7_000, "resent_high_ppm": 14_000},
         "tcp_up": {"bytes": 400_000, "resent_bytes": 0, "resent_ppm": 0,
                    "resent_low_ppm": 0, "resent_high_ppm": 3_000}}
    if not saturated:
        del t["saturated_rtt_hist"]
    t.update(more)
    order = ("circuit", "state", "covered_s", "sampled_1_in", "captured", "capture_drops",
             "flows_1_in", "mix", "families", "sizes", "tcp_rtt_hist", "saturated_rtt_hist",
             "wan_min_hist", "lan_rtt_hist", "flow_size_hist", *t)
    return {k: t[k] for k in dict.fromkeys(order) if k in t}


def receipt(text, log_key):
    """The payload of a receipt whose signature holds, by jwcrypto."""
    token = jws.JWS()
    token.deserialize(text)
    token.verify(jwk.JWK(**log_key))
    head = json.loads(token.objects["protected"])
    assert head["typ"] == "bandwitness-receipt+jws", head
    return json.loads(token.payload)
