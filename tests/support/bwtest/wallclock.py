# SPDX-License-Identifier: GPL-3.0-or-later
"""wallclock - a program whose wall clock is set from outside, under it."""
import os
import subprocess

from .place import program


class WallClock:
    """Give it a program that has not started yet."""

    def __init__(self, what):
        self.path = os.path.join(what.folder, "offset")
        self.set(0)
        preload = [os.environ["BW_SETCLOCK"]]
        ldd = subprocess.run(["ldd", program(what.name)], stdout=subprocess.PIPE,
                             universal_newlines=True, check=True).stdout
        preload[:0] = [l.split()[2] for l in ldd.splitlines() if "libasan" in l]  # must be first
        what.env.update(LD_PRELOAD=":".join(preload), BW_CLOCK_OFFSET=self.path)

    def set(self, ahead_s):
        """So far ahead of the real one."""
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(f"{ahead_s}\n")
        os.rename(self.path + ".new", self.path)
