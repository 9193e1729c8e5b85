# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way in short: box, line, collector, with tests, a cut, and both programs
killed; delivery, bytes, round trip and the outage are compared with the lab's truth.
script/demo is the long form with every band."""
import tempfile

import lab
from demo import Demo


class Options:
    seconds, keep = 70, False

    def __init__(self, out):
        self.out = out


def main():
    with tempfile.TemporaryDirectory(prefix="bw-way-") as out:
        demo = Demo(Options(out))
        demo.interval_s, demo.cut_s = 2, 14
        demo.test_every, demo.test_s = "1h", 3
        lab.main(demo.in_lab)


if __name__ == "__main__":
    main()
