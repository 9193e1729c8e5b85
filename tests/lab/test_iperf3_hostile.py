# SPDX-License-Identifier: GPL-3.0-or-later
"""The iperf3 probe with programs in iperf3's place that lie, hang or babble, and against servers
that are none."""
import json
import os
import socket
import threading
import time

import lab
from test_probe_iperf3 import BUSY, SHORT, probe

# ---- instead of iperf3

def report(**more):
    whole = {"start": {"connected": [{"remote_host": "127.0.0.1"}],
                       "test_start": {"protocol": "TCP", "num_streams": 4, "reverse": 1}},
             "intervals": [], "end": {"sum_received": {"seconds": 2, "bytes": 10_000_000},
                                      "sum_sent": {"seconds": 2, "bytes": 10_000_000}}}
    return json.dumps({**whole, **more})


FAKES = (
    # shell, words of the reason
    ("echo nonsense", ("no report",)),
    ("exit 3", ("nothing",)),
    ("exec true", ("nothing",)),
    ("kill -SEGV $$", ("signal 11", "nothing")),
    ("echo 'iperf3: parameter error' >&2; exit 1", ("parameter error",)),
    (f"echo '{report()[:200]}'", ("no report",)),
    (f"echo '{report().replace('10000000', 'NaN')}'", ("no report",)),
    (f"echo '{report(end={})}'", ("without a rate",)),
    (f"echo '{report(error='the server has no mind')}'", ("no mind",)),
    (f"echo '{report().replace('TCP', 'UDP')}'", ("another test",)),
    (f"echo '{report().replace('10000000', '100')}'", ("too few",)),
    (f"echo '{report().replace(': 2,', ': 0.01,')}'", ("were asked for",)),
    ("yes '{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}'", ("more than 4 MB",)),
    ("head -c 6000000 /dev/zero", ("more than 4 MB",)),
    ("trap '' TERM; sleep 60 & wait; sleep 60", ("no test began", "did not end")),
    ("sleep 60 & exit 0", ("nothing",)),  # somebody else holds the output
    ("cat /dev/zero >&2", ("no test began", "did not end", "said")),
)


def warmup_counted(the_lab, ns):
    """A server's count of an upload that takes in what came before the window."""
    seconds = [{"sum": {"seconds": 1, "bytes": 5_000_000, "omitted": i == 0},
                "streams": [{"snd_cwnd": 50_000}] * 4} for i in range(3)]
    path = the_lab.path("fake-up")
    for received, statuses in ((10_100_000, (0,)), (15_000_000, (1, 3))):
        up = report(intervals=seconds, end={"sum_received": {"seconds": 2, "bytes": received},
                                            "sum_sent": {"seconds": 2, "bytes": 10_000_000}})
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/bash\necho '" + up.replace('"reverse": 1', '"reverse": 0') + "'\n")
        os.chmod(path, 0o755)
        said, r = probe(ns, "127.0.0.1", *SHORT, "--opt", f"program={path}", "--opt",
                        "direction=up")
        assert said in statuses, (said, r)
    assert "received 15000000 bytes in 2.0 s" in r["up"]["reason"], r


def fakes(the_lab, ns):
    lines, faults = [], []

    def one(i, text, words):
        path = the_lab.path(f"fake-{i}")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/bash\n" + text + "\n")
        os.chmod(path, 0o755)
        begun = time.monotonic()
        try:
            status, r = probe(ns, "127.0.0.1", *SHORT, "--opt", f"program={path}", "--opt",
                              "connect_timeout=500ms")
            r = r["down"]
            took = time.monotonic() - begun
            assert status in (1, 3) and r["state"] == "failed", (status, r)
            assert any(w in r["reason"] for w in words), (r["reason"], words)
            assert "goodput_bps" not in r, r
            assert took < 40, took
            lines.append(f"  {text[:40]}: {r['reason'][:90]} ({took:.1f} s)")
        except BaseException as e:  # noqa: told below
            faults.append((text[:60], words, repr(e)))

    lab.at_once(*(lambda i=i, case=case: one(i, *case) for i, case in enumerate(FAKES)), most=9)
    print("\n".join(sorted(lines)))
    assert not faults, faults
    status, r = probe(ns, "127.0.0.1", "--opt", "program=/no/such/iperf3")
    assert status == 1 and "install the package iperf3" in r["down"]["reason"], (status, r)


# ---- servers that are none

def hostile(ns):
    def serve(talk):
        with ns.inside():
            listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)

        def loop():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(peer,), daemon=True).start()

        def one(peer):
            try:
                talk(peer)
            except OSError:
                pass
            peer.close()

        threading.Thread(target=loop, daemon=True).start()
        return listener

    def silent(peer):
        time.sleep(60)

    def closes(_peer):
        pass

    def babbles(peer):
        while True:
            peer.sendall(os.urandom(4096))

    def long_parameters(peer):
        peer.recv(37)
        peer.sendall(b"\x09\x7f\xff\xff\xff" + b"{" * 100000)
        time.sleep(60)

    faults = []

    def against(talk):
        listener = serve(talk)
        begun = time.monotonic()
        try:
            status, r = probe(ns, f"127.0.0.1:{listener.getsockname()[1]}", *SHORT, "--opt",
                              "connect_timeout=500ms")
            took = time.monotonic() - begun
            assert status in (1, 3) and r["down"]["state"] == "failed", (status, r)
            assert r["down"]["reason"] and "goodput_bps" not in r["down"], r
            assert took < 30, took
            print(f"  {talk.__name__}: {r['down']['reason'][:100]} ({took:.1f} s)")
        except BaseException as e:  # noqa: told below
            faults.append((talk.__name__, repr(e)))
        listener.close()

    jobs = [threading.Thread(target=against, args=(talk,))
            for talk in (silent, closes, babbles, long_parameters)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert not faults, faults
    status, r = probe(ns, "127.0.0.1:9", *SHORT)
    assert status == BUSY and "refused" in r["down"]["reason"], (status, r)


def work(the_lab):
    one, two, three = (lab.Netns(the_lab, n) for n in ("one", "two", "three"))
    lab.at_once(lambda: fakes(the_lab, one), lambda: warmup_counted(the_lab, two),
                lambda: hostile(three))
    return 0


if __name__ == "__main__":
    lab.main(work)
