# SPDX-License-Identifier: GPL-3.0-or-later
"""scene - a collector and boxes on loopback for the fault tests; no rights needed."""
import contextlib
import os
import random

from bwtest import Box, Collector

ROUNDS = int(os.environ.get("BW_FAULT_ROUNDS", "6"))


class Scene(contextlib.ExitStack):
    """with Scene() as s: s.collector, s.box(); everything ends in good order and is removed."""

    def __init__(self, **kw):
        super().__init__()
        random.seed(os.environ.get("BW_FAULT_SEED"))
        self.collector = Collector(**kw)

    def __enter__(self):
        super().__enter__()
        self.enter_context(self.collector)
        return self

    def box(self):
        """An enrolled, running box with an interval of 1 s."""
        box = self.enter_context(Box(more=self.collector.as_conf()))
        box.enroll(self.collector, self.collector.token()["token"])
        box.start()
        box.site = box.status()["site"]
        return box
