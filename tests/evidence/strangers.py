# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bag says of a log, checked as a stranger would: by RFC 6962 and the C2SP texts alone
(bwtest.tlog), from the files of the bag."""
import base64
import csv
import hashlib
import json
import os

import bagit
from bwtest import tlog


def read(path):
    with open(path, "rb") as f:
        return f.read()


def rows(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="ascii") as f:
        return list(csv.DictReader(f))


def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_leaves(folder):
    """Enrolments and ends of keys by (type, kid): SHA-256 of what docs/log-v1.md writes."""
    history = json.loads(read(f"{folder}/data/keys/history.json"))
    found = {}
    for k in history["keys"]:
        said = {"v": 1, "kid": k["kid"], "site": history["site"]}
        first = {**said, "enrolled_s": k.get("from_unix_s")}
        if "prev_kid" in k:
            first["prev_kid"] = k["prev_kid"]
        end = {**said, "revoked_s": k.get("revoked_unix_s")}
        place = {**said, "replaced_s": k.get("box_replaced_unix_s")}
        for kind, text in ((32, first), (33, end), (36, place)):
            found[kind, k["kid"]] = tlog.sha(json.dumps(text, separators=(",", ":")).encode())
    return found


def leaves(folder):
    """Index and leaf of everything here that the bag says to be in the log."""
    found = {}
    runs = [{k: int(v) for k, v in r.items()} for r in rows(f"{folder}/data/log/order.csv")]
    lines = bagit.records(folder).splitlines()
    taken = rows(f"{folder}/data/records/taken.csv")
    assert len(lines) == len(taken)
    n_out = 0
    out_at, in_at = [], []
    for line, t in zip(lines, taken):
        run = [r for r in runs if t["position"] and
               r["first_position"] <= int(t["position"]) <= r["last_position"]]
        if not run:
            n_out += 1
            out_at += [int(t["position"])] if t["position"] else []
            continue
        in_at.append(int(t["position"]))
        index = run[0]["leaf"] + int(t["position"]) - run[0]["first_position"]
        found[index] = tlog.leaf_bytes(0, int(t["received_unix_ms"]), tlog.sha(line))
    # the log takes a ledger in its order
    assert not out_at or not in_at or min(out_at) > max(in_at), "a record between is not in the log"
    keys = key_leaves(folder)
    said = set()
    if os.path.exists(f"{folder}/data/statements.jsonl"):
        said = {hashlib.sha256(x).digest()
                for x in read(f"{folder}/data/statements.jsonl").splitlines()}
    for r in rows(f"{folder}/data/log/others.csv"):
        kind = int(r["type"])
        if kind in (32, 33, 36):
            digest = keys[kind, r["of"]]
        elif kind == 63:
            digest = tlog.sha(read(f"{folder}/data/log/{r['of']}"))
        else:
            digest = raw(r["of"])
            assert digest in said, r
        found[int(r["leaf"])] = tlog.leaf_bytes(kind, int(r["received_unix_ms"]), digest)
    return found, n_out


def head(found, size, hashes):
    """The tree's head, of leaves that are known and hashes for all the rest."""
    hashes = [hashes[i:i + 32] for i in range(0, len(hashes), 32)]

    def of(lo, hi):
        if not any(lo <= i < hi for i in found):
            return hashes.pop(0)
        if hi - lo == 1:
            return tlog.leaf_hash(found[lo])
        k = tlog.split(hi - lo)
        left = of(lo, lo + k)
        return tlog.node(left, of(lo + k, hi))
    root = of(0, size)
    assert not hashes, "hashes that nobody needs"
    return root


def check(folder, trust=None):
    """Everything below data/log/; (records in the log, not in it). trust: a certificate file
    for `openssl ts -verify`, asked through openssl(data, stamp, trust)."""
    log = json.loads(read(f"{folder}/data/log/log.json"))
    jwk = json.loads(read(f"{folder}/data/log/log-key.jwks"))["keys"][0]
    key = tlog.Key(log["name"], tlog.LOG, public=raw(jwk["x"]))
    witnesses = [tlog.Key.parse(w) for w in log["witnesses"]]
    assert [jwk] == json.loads(read(f"{folder}/data/log/log-key.jwks"))["keys"]
    points, counts = {}, {"witnesses": 0, "stamps": 0}
    for p in log["checkpoints"]:
        note = read(f"{folder}/data/log/checkpoint-{p['size']}.txt")
        text, _ = key.check(note)
        origin, size, root = tlog.read_checkpoint(text)
        assert (origin, size) == (log["name"], p["size"])
        points[size] = root
        if p["witnessed"]:
            for line in read(f"{folder}/data/log/witnesses-{size}.txt").decode().splitlines():
                _, name, signed = line.split(" ")
                w, = (w for w in witnesses
                      if (w.name, w.id) == (name, base64.b64decode(signed)[:4]))
                w.check(note + (line + "\n").encode())
                counts["witnesses"] += 1
        for n in range(1, len(p["stamps"]) + 1):
            counts["stamps"] += 1
            if trust:
                trust(f"{folder}/data/log/checkpoint-{size}.txt",
                      f"{folder}/data/log/stamp-{size}-{n}.tsr")
    last = max(points)
    for size, root in points.items():
        if size < last:
            proof = [base64.b64decode(x) for x in
                     read(f"{folder}/data/log/growth-{size}.txt").split()]
            assert tlog.roots_by_growth(size, last, root, proof) == (root, points[last])
    found, n_out = leaves(folder)
    assert head(found, last, read(f"{folder}/data/log/hashes.bin")) == points[last]
    for n in range(1, log["before"] + 1):
        note = read(f"{folder}/data/log/before-{n}.txt")
        name = note.split(b"\n")[0].decode()
        tlog.Key(name, tlog.LOG, public=raw(jwk["x"])).check(note)
    kinds = [x[0] for x in found.values()]
    return {"in": kinds.count(0), "out": n_out, "kinds": sorted(set(kinds)),
            "checkpoints": len(points), **counts}
