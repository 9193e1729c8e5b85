# SPDX-License-Identifier: GPL-3.0-or-later
"""folder - temporary folders that do not stay, whatever happens to who made them.

Each is locked while in use; the next one of its kind removes those that nobody locks."""
import contextlib
import fcntl
import os
import shutil
import tempfile
import time


def new_folder(prefix="bw-scene-"):
    """(path, lock): a folder that is removed, at the latest, by the next one after the lock,
    an open file, is closed."""
    _remove_stale(prefix)
    while True:
        folder = tempfile.mkdtemp(prefix=prefix)
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "lock")
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(path):  # another one may have come between the file and its lock
            return folder, lock
        os.close(lock)


@contextlib.contextmanager
def scratch(prefix="bw-scene-"):
    """A folder that goes with this block."""
    folder, lock = new_folder(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_stale(prefix):
    base = tempfile.gettempdir()
    for name in os.listdir(base):
        path = os.path.join(base, name)
        if name.startswith(prefix) and os.path.isdir(path):
            _remove_unlocked(path)


def _remove_unlocked(path):
    try:
        fd = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        try:
            old = time.time() - os.stat(path).st_mtime > 60  # not one being made just now
        except OSError:
            return  # its owner removed it
        if old:
            shutil.rmtree(path, ignore_errors=True)
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass  # in use
    finally:
        os.close(fd)
