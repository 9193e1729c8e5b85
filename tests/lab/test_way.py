# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way in short: box, line, collector, with tests, a cut, and both programs
killed; every figure is compared with the lab's truth. Then the records are falsified, one
member at a time, and each comparison must notice. script/demo is the long form."""
import lab
from bwtest import scratch
from demo import TARGETS, Demo

NAMES = [name for name, _ in TARGETS]
LOSSY = NAMES[1:]


def change(part, member, by):
    """A change of one member wherever a record has it: by(old) is the new."""
    def falsify(record):
        for entry in record.get(part, []):
            for holder in (entry, entry.get("down", {}), entry.get("up", {})):
                if member in holder:
                    holder[member] = by(holder[member])
    return falsify


# What is falsified, by little more than the band, and which figures must notice. Bytes: by
# more than the band's whole width, since the true ones may lie at its other end.
FALSE = (
    (change("throughput", "line_bps", lambda n: n * 1.06), ["line.down", "line.up"]),
    (change("throughput", "goodput_bps", lambda n: n * 0.94), ["payload.down", "payload.up"]),
    (change("throughput", "rtt_loaded_p95_us", lambda n: n * 2), ["loaded.down", "loaded.up"]),
    (change("latency", "p50_us", lambda n: n + 2100), [f"round-trip.{n}" for n in NAMES]),
    (change("latency", "sent", lambda n: n + 1), [f"echoes-sent.{n}" for n in LOSSY]),
    (change("latency", "lost", lambda n: n + 1), [f"echoes-lost.{n}" for n in LOSSY]),
    (change("latency", "lost", lambda n: n + 2), [f"loss.{n}" for n in LOSSY]),
    (change("circuits", "bytes", lambda n: n * 1.0022), ["bytes.down", "bytes.up"]),
    (change("outages", "from_ms", lambda n: n - 1200), ["outage.begins"]),
    (change("outages", "to_ms", lambda n: n + 1200), ["outage.ends"]),
    (lambda record: record.pop("gaps", None), ["unexplained"]))


class Way(Demo):
    def doubt(self, compare):
        for falsify, idents in FALSE:
            noticed = [r.ident for r in compare(falsify).rows if r.ok is False]
            missed = set(idents) - set(noticed)
            if missed:
                self.notes.append(f"falsified, and not noticed: {sorted(missed)} ({noticed})")


class Options:
    seconds, keep = 70, False

    def __init__(self, out):
        self.out = out


def main():
    with scratch("bw-way-") as out:
        demo = Way(Options(out))
        demo.interval_s, demo.cut_s, demo.post_s = 2, 14, 1
        demo.test_every, demo.test_s = "1h", 3
        lab.main(demo.in_lab)


if __name__ == "__main__":
    main()
