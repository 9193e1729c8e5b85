#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_vectors.py TEST_VECTORS - docs/vectors/ seen by others' libraries.

Every JWS is verified by python3-jwcrypto, which knows nothing of ours; kid is recomputed as
RFC 7638 says; payloads, and a thousand random ones printed by TEST_VECTORS --random, are
held against the JSON schema by python3-jsonschema; the chain is walked again.
"""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys

import jsonschema
from jwcrypto import jwk, jws

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VECTORS = os.path.join(TOP, "docs", "vectors")
TYP = "bandwitness-summary+jws"


def read(name, folder=VECTORS):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return f.read()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def verify(compact, key, typ=TYP):
    """The payload's bytes; raises when anything does not hold."""
    token = jws.JWS()
    token.allowed_algs = ["EdDSA", "ES256"]
    token.deserialize(compact, key)
    header = json.loads(token.objects["protected"])
    assert list(header) == ["alg", "kid", "typ"], header
    assert header["kid"] == key.thumbprint(), header
    assert header["typ"] == typ, header
    return token.payload


def neg_ln_ppm(u):
    """-ln(u / 2^32) in millionths, as docs/summary-v1.md section 7 says, in integers."""
    whole = u.bit_length() - 1
    x = u << (31 - whole)
    log = whole
    for _ in range(30):
        x *= x
        log *= 2
        if x >> 63:
            log += 1
            x >>= 32
        else:
            x >>= 31
    return (((32 << 30) - log) * 69314718 // (1 << 30) + 50) // 100


def starts(secret, name, day, mean_ms, minutes):
    """The start times of a day, from nothing but what records tell."""
    ranges = [tuple(int(m) * 60000 for m in r.split("-")) for r in minutes.split("+")]
    found, target = [], 0
    for k in range(16384):
        text = f"bandwitness-start/1 {name} {day} {k}".encode()
        u = int.from_bytes(hmac.new(secret, text, "sha256").digest()[:4], "big")
        ppm = min(max(neg_ln_ppm(max(u, 1)), 100000), 2500000)
        target += mean_ms // 1000 * ppm // 1000 + mean_ms % 1000 * ppm // 1000000
        left = target
        for begin, end in ranges:
            if left < end - begin:
                found.append(begin + left)
                break
            left -= end - begin
        else:
            break
    return found


def mac_of(secret, text):
    return hmac.new(secret, text.encode(), "sha256").digest()


def outside(secret, name, day, k, servers):
    """Which server outside the list the k-th start of a day goes to; "": a usual one."""
    mac = mac_of(secret, f"bandwitness-outside/1 {name} {day} {k}")
    v, w = int.from_bytes(mac[:4], "big"), int.from_bytes(mac[4:8], "big")
    return servers[w % len(servers)] if v < 2 ** 29 else ""


def slots(secrets, name, p):
    """The starts of a campaign, one in each slot, by the secret of the slot's day."""
    found = []
    for k in range(p["slots"]):
        begin = p["from"] + k * p["slot_ms"] // 1000
        text = f"bandwitness-slot/1 {p['campaign']} {name} {p['from']} {k}"
        u = int.from_bytes(mac_of(secrets[begin - begin % 86400], text)[:4], "big")
        found.append(p["from"] * 1000 + k * p["slot_ms"]
                     + ((p["slot_ms"] - p["spacing_ms"]) * u >> 32))
    return found


def check_draws():
    """docs/vectors/draws.vector, drawn again from nothing but what `campaign` tells and the
    secrets whose hashes it holds."""
    v = json.loads(read("draws.vector"))
    told = json.loads(read("campaign.json"))["schedule"]
    name = f"{v['kind']}/{v['probe']}"
    secrets = {s["day"]: base64.urlsafe_b64decode(s["secret"] + "=") for s in v["secrets"]}
    assert told["commits"] == [{"day": d, "sha256": b64(hashlib.sha256(s).digest())}
                               for d, s in secrets.items()]
    of_campaign, own = told["starts"][:2]
    for p in (of_campaign, own):
        assert (p["kind"], p["probe"]) == (v["kind"], v["probe"])
    assert own["outside"] == v["outside"]
    drawn = [outside(secrets[v["day"]], name, v["day"], k, v["outside"].split("+"))
             for k in range(len(v["servers"]))]
    assert drawn == v["servers"], drawn
    assert set(drawn) == {"", *v["outside"].split("+")}, drawn  # each is there
    for k in ("campaign", "from", "slots", "slot_ms", "spacing_ms"):
        assert of_campaign[k] == v[k], k
    assert slots(secrets, name, of_campaign) == v["starts_ms"]
    days = {(v["from"] + k * v["slot_ms"] // 1000) // 86400 for k in range(v["slots"])}
    assert len(days) == 2  # one slot is the next day's


def check_receipts(keys):
    """docs/vectors/receipt/: signed, by its schema, in the order of docs/receipt-v1.md."""
    schema = json.loads(read("receipt-v1.schema.json", os.path.join(TOP, "docs")))
    jsonschema.Draft202012Validator.check_schema(schema)
    payload = read("receipt/full.json").rstrip("\n")
    receipt = json.loads(payload)
    jsonschema.Draft202012Validator(schema).validate(receipt)
    assert list(receipt) == list(schema["properties"])
    assert list(receipt["tcp"]) == list(schema["properties"]["tcp"]["properties"])
    compact = read("receipt/full.jose").rstrip("\n")
    assert verify(compact, keys["eddsa-2"], "bandwitness-test+jws").decode() == payload
    assert len(compact) <= 2048


def main():
    schema = json.loads(read("summary-v1.schema.json", os.path.join(TOP, "docs")))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    keys = {n: jwk.JWK.from_json(read(n + ".jwk")) for n in ("eddsa-1", "eddsa-2", "es256")}
    count = 0

    for name in sorted(n[:-5] for n in os.listdir(VECTORS) if n.endswith(".json")):
        payload = read(name + ".json").rstrip("\n")
        validator.validate(json.loads(payload))
        for alg, key in (("eddsa", "eddsa-1"), ("es256", "es256")):
            compact = read(f"{name}.{alg}.jose").rstrip("\n")
            assert verify(compact, keys[key]).decode() == payload, name
            broken = compact[:-2] + ("A" if compact[-2] != "A" else "B") + compact[-1]
            try:
                verify(broken, keys[key])
            except jws.InvalidJWSSignature:
                pass
            else:
                raise AssertionError(f"{name}.{alg}: a changed signature was accepted")
            count += 1
    assert count == 16, count
    assert not [k for k in ("sum_us", "rtt_hist", "p50_us", "p95_us", "pdv_p95_us")
                if k in read("all-lost.json")]

    public = {k["kid"] if "kid" in k else jwk.JWK(**k).thumbprint(): jwk.JWK(**k)
              for k in json.loads(read("chain.jwks"))["keys"]}
    prev, prev_kid, prev_seq = None, None, 0
    for line in read("chain.jose").splitlines():
        kid = json.loads(base64.urlsafe_b64decode(line.split(".")[0] + "=="))["kid"]
        summary = json.loads(verify(line, public[kid]))
        validator.validate(summary)
        if kid == prev_kid:
            assert summary["prev"] == prev and summary["seq"] == prev_seq + 1
        elif prev_kid:
            assert summary["chain"] == {"why": "rotated", "prev_kid": prev_kid,
                                        "prev_seq": prev_seq, "prev_hash": prev}
        else:
            assert summary["chain"] == {"why": "new"}
        prev = b64(hashlib.sha256(line.encode("ascii")).digest())
        prev_kid, prev_seq = kid, summary["seq"]

    v = json.loads(read("starts.vector"))
    secret = base64.urlsafe_b64decode(v["secret"] + "=")
    told = json.loads(read("schedule.json"))["schedule"]
    assert {"day": v["day"], "sha256": b64(hashlib.sha256(secret).digest())} in told["commits"]
    assert starts(secret, f"{v['kind']}/{v['probe']}", v["day"], v["mean_ms"],
                  v["minutes"]) == v["starts_ms"]

    check_draws()

    for line in read("refused.jsonl").splitlines():
        row = json.loads(line)
        try:
            refused = not validator.is_valid(json.loads(row["payload"]))
        except ValueError:
            refused = True
        assert refused == row["schema_refuses"], row

    check_receipts(keys)

    lines = subprocess.run([sys.argv[1], "--random", "1000"], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    assert len(lines) > 950, len(lines)
    for line in lines:
        errors = list(validator.iter_errors(json.loads(line)))
        assert not errors, f"{errors[0].message}: {line}"
    print(f"{count} signatures, 6 links and {len(lines)} random payloads hold")


if __name__ == "__main__":
    main()
