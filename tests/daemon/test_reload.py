# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration read again: what changed takes hold, the rest goes on."""
import base64
import hashlib
import subprocess

from bwtest import Box, wait_for
from bwtest.scenes import in_netns, run_scenes, scene


def allow_ping(groups):
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write(groups)


def in_force(box, sha):
    """The configuration that records name, from the journal; it has that hash."""
    def look():
        db = box.db()
        try:
            row = db.execute("SELECT value FROM meta WHERE name = ?", ("config." + sha,)).fetchone()
        finally:
            db.close()
        return row and bytes(row[0] if isinstance(row[0], bytes) else row[0].encode())
    data = wait_for("the configuration is kept", look)
    assert base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode() == sha
    return data.decode()


def nft(text):
    subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


@scene
@in_netns
def reload_without_rights():
    """Sockets that may not be opened any more: the old part goes on and says so."""
    allow_ping("1 0")
    with Box() as box:
        box.start()
        box.wait_records(2)
        with open(box.conf, encoding="utf-8") as f:
            text = f.read()
        with open(box.conf, "w", encoding="utf-8") as f:
            f.write(text.replace("127.0.0.2", "127.0.0.3") + "tests { share = 20 }\n")
        sha = box.status()["config_sha256"]
        box.reload()
        wait_for("read again", lambda: box.status()["config_sha256"] != sha)
        assert box.status()["restart_needed"] == "circuits and probes"
        n = len(box.rows())
        last = box.wait_records(n + 3)[-1]
        assert {t["probe"] for t in last["latency"]} == {"left", "right"}, last
        # what is in force is neither file: the old targets under the new gate
        text = in_force(box, last["config"])
        assert "127.0.0.2" in text and "127.0.0.3" not in text and "share = 20" in text, text
        # and again, on top of that
        with open(box.conf, "a", encoding="utf-8") as f:
            f.write('collector { url = "https://127.0.0.1:9" every = 7min }\n')
        box.reload()
        wait_for("read again", lambda: box.status()["config_sha256"] != last["config"])
        n = len(box.rows())
        last = box.wait_records(n + 3)[-1]
        text = in_force(box, last["config"])
        assert "127.0.0.2" in text and "127.0.0.3" not in text and "7min" in text, text
        assert box.command("check-config", box.conf)
        box.stop()
        box.verify()


@scene
@in_netns
def reloads():
    allow_ping("0 2147483647")
    with Box() as box:
        box.start()
        box.wait_records(2)
        good = open(box.conf, encoding="utf-8").read()
        with open(box.conf, "a", encoding="utf-8") as f:
            f.write("cirucit x\n")
        box.reload()
        wait_for("the fault is told", lambda: "configuration in force stays" in box.text())
        assert "bandwitness.conf:" in box.text()
        n = len(box.rows())
        box.wait_records(n + 2)
        # one more target, and something that cannot change now
        with open(box.conf, "w", encoding="utf-8") as f:
            f.write(good.replace("interval = 1s", "interval = 2s").replace(
                'target "right"', 'target "third" { address = "127.0.0.3" }\n    target "right"'))
        sha = box.status()["config_sha256"]
        box.reload()
        wait_for("read again", lambda: box.status()["config_sha256"] != sha)
        assert box.status()["restart_needed"] == "interval"
        wait_for("the third target is measured", lambda: any(
            t["probe"] == "third" and t["sent"] > 0
            for r in box.records()[-3:] for t in r.get("latency", [])))
        records = box.records()
        assert records[-1]["end"] - records[-1]["start"] == 1
        assert records[-1]["config"] == box.status()["config_sha256"] != records[0]["config"]
        text = in_force(box, records[-1]["config"])
        assert "interval = 1s" in text and "third" in text, text
        box.stop()
        box.verify()


@scene
@in_netns
def reload_keeps():
    """Circuits and probes that stay are measured on without a seam, also while they are out."""
    allow_ping("0 2147483647")
    with Box() as box:
        box.start()
        box.wait_records(2)
        nft("table inet silence {\nchain input {\ntype filter hook input priority 0\n"
            "icmp type echo-request ip daddr { 127.0.0.1, 127.0.0.2 } drop\n}\n}\n")
        out = wait_for("out", lambda: box.status()["circuits"][0]["out"] and box.status(), 60)
        since = out["circuits"][0]["out_since_ms"]
        with open(box.conf, encoding="utf-8") as f:
            text = f.read()
        for k in range(3):  # the last is what it was before
            with open(box.conf, "w", encoding="utf-8") as f:
                f.write((text + 'circuit "lte" { vantage = lan-side source = none }\nicmp "far" { circuit = "lte"\n'
                         f'target "third" {{ address = "127.0.0.{k + 3}" }} }}\n') if k < 2 else
                        text + "tests { share = 20 }\n")
            sha = box.status()["config_sha256"]
            n = len(box.rows())
            box.reload()
            wait_for("read again", lambda: box.status()["config_sha256"] != sha)
            box.wait_records(n + 3)
            circuit = box.status()["circuits"][0]
            assert circuit["out"] and abs(circuit["out_since_ms"] - since) <= 1, (circuit, since)
        nft("delete table inet silence\n")
        wait_for("the end is told", lambda: any("to_ms" in o for r in box.records()
                                                  for o in r.get("outages", [])))
        n = len(box.rows())
        box.wait_records(n + 2)
        box.stop()
        box.verify()
        records = box.records()
        for a, b in zip(records, records[1:]):
            assert b["start"] == a["end"] and "gaps" not in b, (a, b)
            if b is not records[-1]:
                assert b["circuits"][0]["covered_s"] == b["end"] - b["start"], b
        assert len({o["from_ms"] for r in records for o in r.get("outages", [])}) == 1
        sent = sum(t["sent"] for r in records for t in r.get("latency", []) if t["probe"] == "left")
        length = records[-1]["end"] - records[0]["start"]
        assert length - 12 <= sent <= length + 1, (sent, length)  # the fate of the last is open
        assert any(t["probe"] == "third" and t["circuit"] == "lte" and t["sent"] > 0
                   for r in records for t in r.get("latency", []))


if __name__ == "__main__":
    run_scenes()
