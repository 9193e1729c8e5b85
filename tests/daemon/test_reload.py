# SPDX-License-Identifier: GPL-3.0-or-later
"""A new configuration under a running daemon."""
from bwtest import Box, wait_for
from bwtest.scenes import in_netns, run_scenes, scene


def allow_ping(groups):
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write(groups)


@scene
@in_netns
def reloads():
    allow_ping("0 2147483647")
    with Box() as box:
        box.start()
        box.wait_records(2)
        with open(box.conf, encoding="utf-8") as f:
            good = f.read()
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
        assert records[-1]["config"] != records[0]["config"]
        box.stop()
        box.verify()


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
        assert box.command("check-config", box.conf)
        box.stop()
        box.verify()


if __name__ == "__main__":
    run_scenes()
