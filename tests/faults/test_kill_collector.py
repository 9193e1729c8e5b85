# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the collector at random moments under load loses no acknowledged record and
doubles none; receipts verify; positions have no holes; a restart needs nobody.

BW_FAULT_ROUNDS kills (6). On loopback, plain HTTP, no rights needed.
"""
import base64
import hashlib
import http.client
import json
import random
import sys
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pybox import Load, PyBox, b64
from scene import ROUNDS, Scene

BOXES = 6


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_receipts(box, log_key):
    """Each is signed by the log's key and speaks of our record."""
    key = Ed25519PublicKey.from_public_bytes(unb64(log_key["x"]))
    for through, receipt in box.receipts.items():
        head, payload, signature = receipt.split(".")
        key.verify(unb64(signature), f"{head}.{payload}".encode("ascii"))
        said = json.loads(unb64(payload))
        assert (said["kid"], said["seq"]) == (box.kid, through), said
        ours = b64(hashlib.sha256(box.lines[through - 1].encode("ascii")).digest())
        assert said["sha256"] == ours, said


def main():
    with Scene() as s:
        return run(s.collector, s.port)


def run(collector, port):
    def connect():
        return http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    boxes = [PyBox(connect) for _ in range(BOXES)]
    for b in boxes:
        b.enrol(json.loads(collector.admin("token", "create", "--json"))["token"])
    log_key = enrol_again(boxes[0], collector)
    with Load(boxes) as load:
        for n in range(ROUNDS):
            time.sleep(random.uniform(0.2, 2.0))
            before = sum(b.acked for b in boxes)
            collector.kill()
            collector.start_ready()
            print(f"kill {n + 1}: {before} acknowledged so far", flush=True)
        time.sleep(1)
    assert load.settle(), [b.problems[:1] for b in boxes] or "not everything was acknowledged after the last restart"
    total = 0
    for b in boxes:
        assert not b.problems, b.problems[:3]
        held = collector.get(f"/api/v1/circuits/{b.site}.wan/summaries?from={b.start - 1}"
                             f"&to={b.start + 300 * len(b.lines) + 1}&format=jose").split()
        assert held == b.lines, (b.site, len(held), len(b.lines), b.acked)
        check_receipts(b, log_key)
        total += len(held)
    print(f"{ROUNDS} kills, {total} records of {BOXES} boxes, none lost, none doubled, "
          f"{sum(b.failures for b in boxes)} posts had to be repeated")
    assert sum(b.failures for b in boxes) > 0, "no post met a kill: this run proves nothing"
    positions = []
    for b in boxes:
        text = collector.get(f"/api/v1/circuits/{b.site}.wan/summaries?from={b.start - 1}"
                             f"&to={b.start + 300 * len(b.lines) + 1}&format=json")
        positions += [json.loads(l)["position"] for l in text.splitlines()]
    assert sorted(positions) == list(range(total)), "positions have holes"
    assert collector.stop() == 0
    return 0


def enrol_again(box, collector):
    """The answer to a repeated enrolment brings the log's key; it must be the same site."""
    token = json.loads(collector.admin("token", "create", "--json"))["token"]
    probe = PyBox(box.connect)
    body = probe.jws("bandwitness-enrol+jws", json.dumps(
        {"v": 1, "token": token, "jwk": probe.jwk}, separators=(",", ":")).encode())
    first, second = probe.post("/api/v1/enroll", body), probe.post("/api/v1/enroll", body)
    assert first[0] == second[0] == 200 and first[1] == second[1], (first, second)
    return first[1]["log_key"]


if __name__ == "__main__":
    sys.exit(main())
