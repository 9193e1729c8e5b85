# SPDX-License-Identifier: GPL-3.0-or-later
"""capture_ours - bandwitnessd as bench/capture.py runs it: its capture off, of packets drawn at
random (L1), of these and of whole flows (L2). Each counts the interface itself (L0)."""
import os
import signal
import time

from bwtest import Box

CIRCUIT = """
circuit "wan" {
    vantage = router  source = kernel  interface = "far"  side = school
    capture = %s  inside = "%s"  peaks = %s
}
"""


class Running:
    """Its interval is that of every day, 5 minutes: a record is written when it ends."""

    def __init__(self, ns, folder, capture, lan, peaks="sliding"):
        self.box = Box(CIRCUIT % (capture, " ".join(lan), peaks), interval="300s", folder=folder,
                       place=ns)
        self.box.start()
        time.sleep(1.1 - time.time() % 1)  # it counts from a whole second on
        self.proc = self.box.proc
        if capture != "off":
            self.box.wait("its capture", lambda: self.capture().get("state") == "running", 20)

    def capture(self):
        """What `status` says of it."""
        circuits = (self.box.status() or {}).get("circuits", [])
        return circuits[0].get("capture", {}) if circuits else {}

    def ready(self):
        """It knows what the port counts of a frame, both ways."""
        text = self.box.text()
        return all(f": {way} frames are counted" in text for way in ("received", "sent"))

    def begin(self):
        """From here on it counts: a line that is full from one moment to the next may cost packets
        until the first second is over."""
        self.before = self.capture().get("drops")

    def traffic(self):
        """Ends it; what its records say of the traffic, and how many packets it counted."""
        self.box.stop()
        records = self.box.records()
        seen = sum(c["up"].get("packets", 0)  # it is the school's side that they come in at
                   for r in records for c in r.get("circuits", []))
        return [t for r in records for t in r.get("traffic", [])], seen

    def account(self, sent):
        traffic, seen = self.traffic()
        got = {"seen_pct": 100 * seen / sent["packets"], "drops": None}
        if traffic:
            drops = sum(t["capture_drops"] for t in traffic)
            got.update({"drops": drops - self.before, "drops before": self.before},
                       captured=sum(t["captured"] for t in traffic),
                       one_in=traffic[-1]["sampled_1_in"],
                       flows=sum(t.get("flows", 0) for t in traffic),
                       flags=sorted({f for t in traffic for f in t.get("flags", [])}))
        return got

    def end(self):
        self.box.discard()


class Daemon:
    def __init__(self, name, capture, peaks="sliding"):
        self.name, self.capture, self.peaks = name, capture, peaks

    def start(self, ns, folder, lan):
        return Running(ns, folder, self.capture, lan, self.peaks)


REST, MIX, FLOWS = (Daemon("bandwitnessd, at rest", "off"), Daemon("bandwitnessd, L0+L1", "mix"),
                    Daemon("bandwitnessd, L0+L1+L2", "flows"))
# The counters read once a second: no sliding peak, three wake-ups fewer.
REST_1S, MIX_1S = (Daemon("at rest, peaks = seconds", "off", "seconds"),
                   Daemon("L0+L1, peaks = seconds", "mix", "seconds"))


def forced_drop(ns, folder, lan, replay, stop_s):
    """The daemon stands still for longer than its ring has room, in the middle of a replay, and
    goes on: {"status", "summary": packets it says it lost; "shown": whether `bandwitness status`
    has that number}."""
    running = FLOWS.start(ns, folder, lan)
    try:
        going = replay()
        time.sleep(1.5)
        running.proc.send_signal(signal.SIGSTOP)
        time.sleep(stop_s)
        running.proc.send_signal(signal.SIGCONT)
        going.wait(60)
        time.sleep(2.5)
        drops = running.capture().get("drops", 0)
        text = running.box.command("status", "--socket", running.box.socket, ok=(0, 1))
        traffic, _ = running.traffic()
        return {"status": drops, "shown": bool(drops) and str(drops) in text.replace(",", ""),
                "summary": sum(t["capture_drops"] for t in traffic)}
    finally:
        if running.box.running():
            os.kill(running.proc.pid, signal.SIGCONT)
        running.end()
