# SPDX-License-Identifier: GPL-3.0-or-later
"""sealed - how many bytes a signed summary takes once it is sealed, and what that costs."""
import json
import os

from benchlib import Bar, Row, bench, program
from bwtest import HOST, scratch

DAYS = 28
KINDS = (("two targets", []), ("every kind of probe, flows and shares", ["--rich"]))


@bench("sealed", "bytes of a sealed summary: plain and rich records, day and month blocks",
       groups=("main",))
def sealed(say):
    rows = []
    with scratch() as folder:
        jose, key = (os.path.join(folder, n) for n in ("r.jose", "r.jwk"))
        for name, more in KINDS:
            HOST.run([os.path.join(os.environ["BW_BUILD"], "evidence", "gen_year"), "--from",
                      "2026-11-02T06:00:00Z", "--days", str(DAYS), "--jose", jose, "--key", key,
                      *more], timeout=None)
            for what, days, bar in (("sealed by day", 1, Bar(at_most=300)),
                                    ("blocks of 500", 31, Bar(at_most=230))):
                got = json.loads(HOST.run([program("bench_blocks"), jose, str(days)],
                                          timeout=None))
                rows.append(Row(f"{name}: {what}", got["bytes"], "B a record", bar=bar))
                if days == 1:
                    say(f"{name}: {got['jws_bytes']:.0f} B as JWS, written in "
                        f"{got['encode_us']:.0f} us, read in {got['decode_us']:.0f} us of CPU")
    return rows
