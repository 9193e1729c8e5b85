# SPDX-License-Identifier: GPL-3.0-or-later
"""scenes - test programs of several scenes, each a ctest entry: `test_x.py SCENE`.

    @scene
    @in_netns
    def name(): ...

    run_scenes()

Where they wait more than they work `test_x.py together` runs all of them at once, each in a
process of its own.
"""
import contextlib
import functools
import os
import subprocess
import sys
import tempfile

from .place import HOST

SKIP = 77  # ctest's SKIP_RETURN_CODE
SCENES = {}


class Skipped(Exception):
    """Not possible here; says why."""


def scene(body):
    SCENES[body.__name__] = body
    return body


def _run_together():
    """All at once; what they print, one after the other."""
    failed = []
    with contextlib.ExitStack() as files:
        started = []
        for name in SCENES:
            said = files.enter_context(tempfile.TemporaryFile("w+", errors="replace"))
            started.append((name, said, HOST.popen(
                [sys.executable, os.path.abspath(sys.argv[0]), name], stdout=said,
                stderr=subprocess.STDOUT)))
        for name, said, proc in started:
            status = proc.wait()
            if status not in (0, SKIP):
                failed.append(name)
            said.seek(0)
            print(f"{said.read()}-- {name}: exit status {status}", flush=True)
    print("failed:", " ".join(failed) or "none", flush=True)
    skipped = all(proc.returncode == SKIP for _, _, proc in started)
    sys.exit(1 if failed else SKIP if skipped else 0)


def run_scenes():
    """Those named in the arguments, or all."""
    if sys.argv[1:] == ["together"]:
        _run_together()
    names = sys.argv[1:] or list(SCENES)
    skipped = 0
    for name in names:
        print(f"-- {name}", flush=True)
        try:
            SCENES[name]()
        except Skipped as e:
            print(f"skipped: {e}", flush=True)
            skipped += 1
    sys.exit(SKIP if skipped == len(names) else 0)


def _entered():
    return os.environ.get("BW_IN_NS") == "1"


def _enter(name, *options):
    """The scene once more, in a process with namespaces of its own."""
    if os.geteuid() != 0:
        raise Skipped("namespaces need root")
    done = subprocess.run(HOST.argv(["unshare", *options, sys.executable,
                                     os.path.abspath(sys.argv[0]), name]),
                          env={**os.environ, "BW_IN_NS": "1"})
    if done.returncode == SKIP:
        raise Skipped("as it said itself")
    assert done.returncode == 0, done


def in_netns(body):
    """With a loopback of its own and nothing else."""
    @functools.wraps(body)
    def inside():
        if not _entered():
            _enter(body.__name__, "-n")
            return
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        body()
    return inside


def in_netns_and_mounts(body):
    """With a loopback of its own and nothing else, and mounts of its own."""
    @functools.wraps(body)
    def inside():
        if not _entered():
            _enter(body.__name__, "-n", "-m", "--propagation", propagation())
            return
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        body()
    return inside


def in_mounts(body):
    """With mounts of its own."""
    @functools.wraps(body)
    def inside():
        if not _entered():
            _enter(body.__name__, "-m", "--propagation", propagation())
            return
        body()
    return inside


def propagation():
    """Private mounts; in a chroot "/" is no mount point, and what encloses it is left as it is."""
    done = subprocess.run(["unshare", "-m", "--propagation", "private", "true"],
                          stderr=subprocess.DEVNULL)
    return "private" if done.returncode == 0 else "unchanged"
