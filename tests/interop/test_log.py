#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_log.py [--write] - the vectors of docs/log-v1.md are what RFC 6962 and C2SP's texts
say, by the twin in bwtest.tlog. With --write they are made again; the unit test
test_log_vectors holds our own code against them."""
import base64
import json
import os
import sys

from bwtest import tlog

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "docs", "vectors", "log")

# Of the authors of RFC 6962, published with their own programs: eight leaves, and the heads
# of the trees of the first 1, 2 … 8 of them.
RFC_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]
RFC_HEADS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()

# A note of the documentation of Go's golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = ("If you think cryptography is the answer to your problem,\n"
           "then you don't know what your problem is.\n\n"
           "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
           "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n")

SIZES = [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 1000]
GROWTH = [(0, 5), (1, 1), (1, 2), (3, 7), (4, 7), (6, 8), (7, 8), (255, 256), (256, 257),
          (256, 512), (257, 1000), (512, 1000), (999, 1000), (1000, 1000)]


def leaves_of(n):
    """Leaf i: type i mod 4, one second after the one before, SHA-256 of "leaf i"."""
    return [tlog.leaf_bytes(i % 4, 1789000000000 + 1000 * i, tlog.sha(b"leaf %d" % i))
            for i in range(n)]


def tree():
    leaves = leaves_of(1000)
    hashes = [tlog.leaf_hash(x) for x in leaves]
    proofs = [(i, n) for n in (1, 2, 3, 7, 8, 257, 1000) for i in sorted({0, n // 2, n - 1})]
    tiles = [(0, 0, 256), (0, 3, 232), (1, 0, 3)]
    return {
        "rfc6962": {"leaves": RFC_LEAVES, "heads": RFC_HEADS},
        "leaves": [x.hex() for x in leaves[:4]],
        "heads": [{"size": n, "head": tlog.head(hashes[:n]).hex()} for n in SIZES],
        "inclusion": [{"index": i, "size": n,
                       "proof": [h.hex() for h in tlog.path(i, hashes[:n])]}
                      for i, n in proofs],
        "growth": [{"from": m, "to": n,
                    "proof": [h.hex() for h in tlog.growth(m, hashes[:n])]}
                   for m, n in GROWTH],
        "tiles": [{"path": tlog.tile_path(level, n, width),
                   "sha256": tlog.sha(tlog.tile(level, n, hashes)).hex()}
                  for level, n, width in tiles] +
                 [{"path": tlog.tile_path("entries", n, width),
                   "sha256": tlog.sha(tlog.bundle(n, leaves)).hex()}
                  for n, width in ((0, 256), (3, 232))],
        "paths": [{"level": level, "n": n, "width": width,
                   "path": tlog.tile_path(level, n, width)}
                  for level, n, width in ((0, 999, 256), (1, 1000, 1), (2, 1234067, 255))],
    }


def notes():
    log = tlog.Key("log.example.org/spruce", tlog.LOG, bytes(range(32)))
    witness = tlog.Key("witness.example.org/w1", tlog.WITNESS, bytes(range(32, 64)))
    root = tlog.head([tlog.leaf_hash(x) for x in leaves_of(1000)])
    text = tlog.checkpoint_text(log.name, 1000, root)
    line, cosigned = log.sign(text), witness.sign(text, 1789003600)
    grown = tlog.growth(257, [tlog.leaf_hash(x) for x in leaves_of(1000)])
    ask = b"old 257\n" + b"".join(base64.b64encode(h) + b"\n" for h in grown) + b"\n"
    return {
        "go": {"key": GO_KEY, "note": GO_NOTE},
        "log": {"seed": bytes(range(32)).hex(), "key": log.text()},
        "witness": {"seed": bytes(range(32, 64)).hex(), "key": witness.text(),
                    "unix_s": 1789003600},
        "size": 1000, "root": root.hex(),
        "checkpoint": tlog.signed(text, line).decode(),
        "cosigned": tlog.signed(text, line, cosigned).decode(),
        "add_checkpoint": (ask + tlog.signed(text, line)).decode(),
    }


def check_twin():
    """What the twin says is what others published, and its two ways agree."""
    hashes = [tlog.leaf_hash(bytes.fromhex(x)) for x in RFC_LEAVES]
    for n, said in enumerate(RFC_HEADS, 1):
        assert tlog.head(hashes[:n]).hex() == said, n
    text, _ = tlog.Key.parse(GO_KEY).check(GO_NOTE.encode())
    assert text.endswith(b"is.\n"), text
    hashes = [tlog.leaf_hash(x) for x in leaves_of(40)]
    for n in range(1, 41):
        for i in range(n):
            got = tlog.root_by_path(i, n, hashes[i], tlog.path(i, hashes[:n]))
            assert got == tlog.head(hashes[:n]), (i, n)
            if i > 0:
                old = tlog.head(hashes[:i])
                got = tlog.roots_by_growth(i, n, old, tlog.growth(i, hashes[:n]))
                assert got == (old, tlog.head(hashes[:n])), (i, n)
    assert tlog.unbundle(tlog.bundle(0, leaves_of(3))) == leaves_of(3)


def main():
    check_twin()
    for name, made in (("tree.json", tree()), ("note.json", notes())):
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        path = os.path.join(FOLDER, name)
        if "--write" in sys.argv[1:]:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        with open(path, encoding="utf-8") as f:
            assert f.read() == text, name + " is not what the twin says"
    print("log vectors: RFC 6962's heads, Go's note, and ours agree")


if __name__ == "__main__":
    main()
