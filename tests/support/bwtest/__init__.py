# SPDX-License-Identifier: GPL-3.0-or-later
"""bwtest - what all tests, the demo and the benches start the real programs with.

place      where a program runs: this machine (HOST) or a namespace of the lab
edge       an edge device: snmpd, an interface it counts, traffic over it
folder     temporary folders that go away, also those of a run that was killed
program    a running program: its messages, its end
box        bandwitnessd        collector  bandwitness-collector
jose       boxes and receipts by an independent JOSE library (wants python3-jwcrypto)
load       many such boxes that deliver at once
refusing   this machine with a kernel that refuses a program an option of sockets
people     somebody with cookies, forms and an authenticator (wants nothing of ours)
browser    Chromium, for what a page shows     tables, picture  what stands in pages and graphs

PYTHONPATH leads here: CMake, script/demo and bench/run set it.
"""
from .box import Box, payload
from .collector import Answer, Collector, CollectorCase
from .folder import new_folder, scratch
from .place import HOST, SceneError, free_port, program, self_signed, wait_for
from .program import Program

__all__ = ["HOST", "Answer", "Box", "Collector", "CollectorCase", "Program", "SceneError",
           "free_port", "new_folder", "payload", "program", "scratch", "self_signed", "wait_for"]
