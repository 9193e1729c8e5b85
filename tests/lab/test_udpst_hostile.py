# SPDX-License-Identifier: GPL-3.0-or-later
"""The udpst probe against servers that do wrong at every stage: each fault has its name, and no
rate is compared."""
import json
import os
import subprocess
import time

import lab
import udpst_bad as bad
from bwtest import program, wait_for
from test_probe_udpst import KEY, in_parallel, probe, short, start, write_key

# 5 s for names, the time to connect, the test and 2.2 s, 2 s of idle echoes, and a spare for a
# busy machine; the run's own hard deadline is below it
DEADLINE_S = 22
BAD_ENDS = (1, 3, 4)  # failed, unreachable, refused


def word(code):
    return {2: "another version", 3: "jumbo", 4: "has no key", 5: "wants a key",
            6: "way of authentication", 7: "wrong key", 8: "clocks", 9: "max_rate",
            10: "capacity", 11: "full_mtu", 12: "parameters", 13: "connection"}.get(
                code, "does not know")


# way, server, words of the reason, further options
BAD = [
    ("down", bad.NeverAnswers, "no answer to the request for a test within 1000 ms", ()),
    ("down", bad.OtherPort, "came from another address or port", ()),
    ("down", bad.OtherAddress, "came from another address or port", ()),
    ("down", bad.OtherProtocol, "not of this protocol", ()),
    ("down", bad.WrongVersion, "of version 31", ()),
    ("down", bad.WrongChecksum, "wrong checksum", ()),
    ("down", bad.WrongLength, "a length or field that cannot be", ()),
    ("down", bad.AnotherTest, "not to us", ()),
    ("down", bad.NoTestPort, "a length or field that cannot be", ()),
    ("down", bad.Unsigned, "not signed", ("key",)),
    ("up", bad.WrongDigest, "signed with another key", ("key",)),
    ("down", bad.OldServer, "speaks version 11 and not 20, and the key cannot", ("key",)),
    ("down", bad.ClosedTestPort, "nothing listens at the server's test port", ()),
    ("up", bad.ActivatesNever, "no answer to the activation", ()),
    ("down", bad.RefusesParameters, "does not take these parameters", ()),
    ("down", bad.ActivatesForLonger, "makes 3600 s of the 2 s", ()),
    ("up", bad.NoFeedbackWanted, "feedback every 0 ms", ()),
    ("up", bad.OtherSeconds, "counts by 100 ms", ()),
    ("down", bad.NoLoad, "no load came", ()),
    ("down", bad.GoesSilent, "went silent in the test: no load for", ()),
    ("down", bad.EndsEarly, "ended the test after", ("duration=3s",)),
    ("down", bad.LoadOfWrongLength, "a length or field that cannot be", ()),
    ("down", bad.LoadOfWrongSum, "wrong checksum", ()),
    ("down", bad.LoadOfNoNumber, "a length or field that cannot be", ()),
    ("down", bad.Shreds, "a length or field that cannot be", ()),
    ("down", bad.Floods, "sends more than max_rate (1 Mbit/s)", ("max_rate=1M",)),
    ("up", bad.asks_for(1000, 1222, 101, 0, 0, 0, 0), "more than 100 datagrams", ()),
    ("up", bad.asks_for(0, 1222, 1, 0, 0, 0, 0), "an interval that is not", ()),
    ("up", bad.asks_for(1000, 20, 1, 0, 0, 0, 0), "shorter than their header", ()),
    ("up", bad.asks_for(0, 0, 0, 1000, 8972, 1, 0), "longer than was agreed", ()),
    ("up", bad.asks_for(0, 0, 0, 1000, 1222, 0, 0xffffffff), "longer than was agreed", ()),
    ("up", bad.NoFeedback, "no feedback came", ()),
    ("up", bad.GoesSilent, "went silent in the test: no feedback for", ()),
    ("up", bad.EndsEarly, "ended the test after", ("duration=3s",)),
    ("up", bad.FeedbackOfWrongLength, "a length or field that cannot be", ()),
    ("up", bad.FeedbackOfWrongSum, "wrong checksum", ()),
    ("up", bad.Boasts, "received more than was sent", ()),
    ("up", bad.BoastsOfDatagrams, "received more than was sent", ()),
    ("up", bad.SavesUp, "more in a second than was sent in two", ("duration=5s",)),
    ("up", bad.SavesUpTwo, "more in a second than max_rate", ("duration=3s", "max_rate=12M")),
    ("up", bad.SaysLate, "more in a second than was sent in two", ("duration=5s",)),
    ("up", bad.NoSeconds, "no full second", ()),
] + [("down", bad.refuses(code), f"(response {code})", word(code)) for code in (*range(2, 14), 99)]


def fails_by_name(ns, case, key_file):
    way, kind, words, more = case
    server = kind(ns)
    begun = time.monotonic()
    try:
        r = probe(ns, f"127.0.0.1:{server.port}",
                  *short(way, () if isinstance(more, str) else more, key_file),
                  status=BAD_ENDS)[way]
    finally:
        server.close()
    took = time.monotonic() - begun
    assert r["state"] == "failed" and words in r["reason"], (case, r)
    assert not isinstance(more, str) or more in r["reason"], (case, r)
    assert KEY not in json.dumps(r), r
    busy = "(response 10)" in r["reason"] or "(response 13)" in r["reason"]
    assert ("server-busy" in r.get("flags", ())) == busy, r
    assert took < DEADLINE_S, (took, r)
    if issubclass(kind, (bad.Boasts, bad.SavesUp, bad.Floods)) or "asks_for" in kind.__qualname__:
        assert server.stops > 0, kind  # an honest one would be told that it is over
    return f"  {way} {kind.__name__}: {r['reason']} ({took:.1f} s)"


def nothing_listens(ns, key_file):
    r = probe(ns, "127.0.0.1:9", *short("down", (), key_file), status=(4,))["down"]
    assert "nothing listens at the server's control port" in r["reason"], r
    return f"  no server: {r['reason']}"


def no_such_name(ns, key_file):
    r = probe(ns, "no-such.invalid", *short("down", (), key_file), status=(1,))["down"]
    assert "name has no address" in r["reason"], r
    return f"  no address: {r['reason']}"


def bad_servers(ns, key_file):
    in_parallel([lambda case=case: fails_by_name(ns, case, key_file) for case in BAD] +
                [lambda f=f: f(ns, key_file) for f in (nothing_listens, no_such_name)], 8)


def no_key_is_shown(ns, key_file):
    """Neither to ps nor to anybody who reads what the program says."""
    server = bad.NeverAnswers(ns)
    running = start(ns, f"127.0.0.1:{server.port}", *short("down", ("key",), key_file))
    wait_for("the request", lambda: server.request)
    seen = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f, open(f"/proc/{name}/environ", "rb") as g:
                seen.append(f.read() + g.read())
        except OSError:
            continue
    out, err = running.communicate(timeout=30)
    server.close()
    assert any(b"udpst" in s for s in seen)
    assert not any(KEY.encode() in s for s in seen)
    assert KEY not in out + err, (out, err)
    r = subprocess.run(ns.argv([program("bandwitness"), "probe", "udpst", "127.0.0.1",
                                "--opt", "key_file=/nowhere"]), pass_fds=ns.fds,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    assert r.returncode != 0 and "'/nowhere'" in r.stdout, r.stdout


def work(the_lab):
    ns = lab.Netns(the_lab, "one")
    key_file = write_key(the_lab)
    bad_servers(ns, key_file)
    no_key_is_shown(ns, key_file)
    return 0


if __name__ == "__main__":
    lab.main(work)
