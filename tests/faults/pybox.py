# SPDX-License-Identifier: GPL-3.0-or-later
"""pybox - a box written a second time, from the contract alone and in another language:
enrols, signs chained summaries, posts them, and believes only receipts. It makes load, and
it is what a collector is compared with."""
import base64
import hashlib
import http.client
import json
import threading
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode("utf-8")


class PyBox:
    def __init__(self, connect):
        """connect() gives a new http.client connection to the collector."""
        self.key = Ed25519PrivateKey.generate()
        x = b64(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
        self.kid = b64(hashlib.sha256(compact(self.jwk)).digest())
        self.connect = connect
        self.conn = None
        self.site = None
        self.lines = []  # signed, in order; seq = index + 1
        self.acked = 0
        self.receipts = {}
        self.failures = 0
        self.problems = []
        self.start = int(time.time()) // 300 * 300 - 30 * 86400

    def jws(self, typ, payload):
        head = b64(compact({"alg": "EdDSA", "kid": self.kid, "typ": typ}))
        signed = f"{head}.{b64(payload)}"
        return f"{signed}.{b64(self.key.sign(signed.encode('ascii')))}"

    def post(self, path, body):
        """(status, answer as JSON); a broken connection is an OSError."""
        if self.conn is None:
            self.conn = self.connect()
        try:
            self.conn.request("POST", path, body, {"Content-Type": "application/jose"})
            answer = self.conn.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as e:
            self.conn.close()
            self.conn = None
            raise OSError(str(e)) from e

    def enrol(self, token):
        body = self.jws("bandwitness-enrol+jws", compact({"v": 1, "token": token,
                                                          "jwk": self.jwk}))
        status, answer = self.post("/api/v1/enroll", body)
        assert status == 200, (status, answer)
        self.site = answer["site"]

    def sign(self, **more):
        """The next record of the chain; a keyword replaces or adds a member."""
        seq = len(self.lines) + 1
        begin = self.start + 300 * (seq - 1)
        record = {"v": 1, "site": self.site, "seq": seq}
        if seq == 1:
            record["chain"] = {"why": "new"}
        else:
            record["prev"] = b64(hashlib.sha256(self.lines[-1].encode("ascii")).digest())
        record.update({
            "agent": "pybox/1", "config": b64(hashlib.sha256(b"pybox").digest()),
            "mono_ms": seq * 300000, "start": begin, "end": begin + 300,
            "clock": {"synced": True, "max_error_us": 1000, "step_us": 0},
            "circuits": [{"id": "wan", "vantage": "router", "source": "kernel",
                          "resolution_ms": 1000, "layer": "ethernet", "covered_s": 300,
                          "link_bps": 1000000000, "mtu": 1500,
                          "down": {"bytes": seq * 1000, "packets": seq},
                          "up": {"bytes": seq * 100, "packets": seq}}]})
        record.update(more)
        line = self.jws("bandwitness-summary+jws", compact(record))
        self.lines.append(line)
        return line

    def deliver(self, most=50):
        """One post of what is not acknowledged yet. True when it was answered."""
        todo = self.lines[self.acked:self.acked + most]
        if not todo:
            return True
        try:
            status, answer = self.post("/api/v1/summaries", "\n".join(todo) + "\n")
        except OSError:
            self.failures += 1
            return False
        if status in (429, 503):
            self.failures += 1
            return False
        if status != 200 or answer["refused"]:
            self.problems.append((status, answer))
            return False
        for chain in answer["chains"]:
            through = chain["acked_through"]
            if through < self.acked:
                self.problems.append(("acknowledged less than before", through, self.acked))
            if through > len(self.lines):
                self.problems.append(("acknowledged what was never signed", through))
            self.acked = max(self.acked, through)
            if "receipt" in chain:
                self.receipts[through] = chain["receipt"]
        return True


class Load:
    """Some pyboxes that sign and post all the time, each in a thread of its own."""

    def __init__(self, boxes, pause_s=0.02):
        self.boxes, self.pause_s = boxes, pause_s
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(b,), daemon=True)
                        for b in boxes]

    def _run(self, box):
        while not self.ending.is_set():
            box.sign()
            if not box.deliver():
                self.ending.wait(0.1)
            self.ending.wait(self.pause_s)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for t in self.threads:
            t.join()

    def settle(self, seconds=30):
        """After the end: deliver the rest. True when everything is acknowledged."""
        end = time.monotonic() + seconds
        for box in self.boxes:
            while box.acked < len(box.lines):
                if time.monotonic() > end:
                    return False
                if not box.deliver():
                    time.sleep(0.1)
        return True
