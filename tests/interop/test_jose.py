#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our keys and signatures against python3-jwcrypto, both ways and both algorithms.

usage: test_jose.py JOSE_TOOL      (python3-jwcrypto is a Debian package: their python3)
"""
import json
import os
import subprocess
import sys
import tempfile

from jwcrypto import jwk, jws
from jwcrypto.common import base64url_decode, json_decode

TOOL = sys.argv[1]
TYP = "bandwitness-summary+jws"
# jwcrypto allows only algorithms it is told about.
ALGS = {"EdDSA": {"kty": "OKP", "crv": "Ed25519"}, "ES256": {"kty": "EC", "crv": "P-256"}}
PAYLOADS = [b"", b"{}", b'{"v":1,"n":"\xc3\xa9"}', bytes(range(256)) * 40]


def tool(*args, data=b"", ok=True):
    done = subprocess.run([TOOL, *args], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if (done.returncode == 0) != ok:
        sys.exit(f"{args}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text)
    return path


def theirs_reads_ours(folder, alg):
    text = tool("generate", alg).decode()
    key = jwk.JWK.from_json(text)
    path = write(folder, f"ours-{alg}.jwk", text)
    public = write(folder, f"ours-{alg}-public.jwk", key.export_public())
    # their thumbprint of our key is our kid
    assert tool("kid", public).decode() == key.thumbprint(), "thumbprint"
    for payload in PAYLOADS:
        compact = tool("sign", path, TYP, data=payload).decode()
        header = json_decode(base64url_decode(compact.split(".")[0]))
        assert header == {"alg": alg, "kid": key.thumbprint(), "typ": TYP}, header
        token = jws.JWS()
        token.allowed_algs = [alg]
        token.deserialize(compact, key)  # raises when the signature does not fit
        assert token.payload == payload
        bad = jws.JWS()
        bad.allowed_algs = [alg]
        try:
            bad.deserialize(compact, jwk.JWK.generate(**ALGS[alg]))
        except jws.InvalidJWSSignature:
            pass
        else:
            sys.exit("a strange key verified")


def ours_reads_theirs(folder, alg):
    key = jwk.JWK.generate(**ALGS[alg])
    public = write(folder, f"theirs-{alg}.jwk", key.export_public())
    stranger = write(folder, f"stranger-{alg}.jwk",
                     jwk.JWK.generate(**ALGS[alg]).export_public())
    assert tool("kid", public).decode() == key.thumbprint(), "thumbprint"
    for payload in PAYLOADS:
        token = jws.JWS(payload)
        token.allowed_algs = [alg]
        header = {"alg": alg, "kid": key.thumbprint(), "typ": TYP}
        token.add_signature(key, None, json.dumps(header, separators=(",", ":")), None)
        compact = token.serialize(compact=True).encode()
        assert tool("verify", public, data=compact) == payload
        tool("verify", stranger, data=compact, ok=False)
        head, body, signature = compact.split(b".")
        other = bytearray(base64url_decode(signature.decode()))
        other[10] ^= 4
        token.objects["signature"] = bytes(other)
        tool("verify", public, data=token.serialize(compact=True).encode(), ok=False)


def main():
    with tempfile.TemporaryDirectory(prefix="bw_test_jose.") as folder:
        for alg in ALGS:
            theirs_reads_ours(folder, alg)
            ours_reads_theirs(folder, alg)
    print("both ways, both algorithms,", len(PAYLOADS), "payloads each")


main()
