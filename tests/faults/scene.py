# SPDX-License-Identifier: GPL-3.0-or-later
"""scene - a collector and boxes on loopback for the fault tests; no rights needed."""
import contextlib
import json
import os
import random
import shutil
import tempfile

from programs import Box, Collector, Host, free_port

ROUNDS = int(os.environ.get("BW_FAULT_ROUNDS", "6"))

CONF = """
interval = 1s
state_dir = "%(state)s"
control = "%(folder)s/control.sock"
collector {
%(collector)s    every = 1s
}
circuit "wan" {
    vantage = router
    source = kernel
    interface = "lo"
}
icmp "line" {
    circuit = "wan"
    target "one" { address = "127.0.0.1" }
    target "two" { address = "127.0.0.2" }
}
"""


class Scene:
    """with Scene() as s: s.collector, s.box(...); everything ends and is removed."""

    def __init__(self, tls=False, extra=""):
        random.seed(os.environ.get("BW_FAULT_SEED"))
        self.folder = tempfile.mkdtemp(prefix="bw-faults-")
        os.makedirs(f"{self.folder}/state")
        self.port = free_port()
        self.collector = Collector(Host(), f"{self.folder}/state", "127.0.0.1", self.port,
                                   tls=tls, extra=extra)
        self.programs = [self.collector]

    def __enter__(self):
        self.collector.start_ready()
        return self

    def __exit__(self, kind, _value, _trace):
        for p in self.programs:
            if p.alive():
                p.kill()
            if kind is not None:
                print(f"-- {p.name}, {p.log}\n{p.tail(40)}", flush=True)
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)

    def token(self):
        return json.loads(self.collector.admin("token", "create", "--json"))["token"]

    def box(self, name, enrol=True, state=None, start=True):
        """An enrolled, running box with interval 1 s."""
        folder = f"{self.folder}/{name}"
        os.makedirs(folder)
        lines = f'    url = "{self.collector.url}"\n'
        if self.collector.ca:
            lines += f'    ca_file = "{self.collector.ca}"\n'
        box = Box(Host(), folder, CONF % {"folder": folder, "collector": lines,
                                          "state": state or f"{folder}/state"})
        box.state = state or box.state
        self.programs.append(box)
        if enrol:
            box.enroll(self.collector, self.token())
        if start:
            box.start_ready()
        box.site = self.site_of(box)
        return box

    @staticmethod
    def site_of(box):
        status = box.status() or {}
        return status.get("site")

    def held(self, site):
        """The lines of one site as the collector gives them back."""
        return (self.collector.get(f"/api/v1/circuits/{site}.wan/summaries?from=0"
                                   "&to=4102444800&format=jose") or "").split()
