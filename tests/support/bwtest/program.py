# SPDX-License-Identifier: GPL-3.0-or-later
"""program - a long-running program of ours in a folder of its own."""
import os
import shutil
import signal
import subprocess
import sys

from .folder import new_folder
from .place import SceneError, program, wait_for


class Program:
    """`with` ends it in good order, and what it made goes away unless the folder was given."""

    name = None  # of the program
    start_s = 60  # until it must answer; a machine under load and sanitizers are slow

    def __init__(self, place, folder, env):
        self.place, self.proc, self.starts = place, None, 0
        self.own, self.lock = folder is None, None
        if self.own:
            folder, self.lock = new_folder()
        self.folder = folder
        self.log = os.path.join(folder, self.name + ".log")
        self.begun = 0  # where in the log the last start begins
        self.env = {**os.environ, **(env or {})}

    # --- its life

    def answers(self):
        """Whether it serves; looked at until it does."""
        raise NotImplementedError

    def start(self, wait=True):
        """A start that fails leaves nothing running."""
        with open(self.log, "ab") as out:
            self.begun = out.tell()
            self.proc = self.place.popen([program(self.name), "-c", self.conf],
                                         stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                         env=self.env)
        self.starts += 1
        if not wait:
            return
        try:
            self.wait(f"an answer of {self.name}", self.answers, self.start_s)
        except BaseException:
            if self.running():
                self.kill()
            self.proc = None
            raise

    def running(self):
        return self.proc is not None and self.proc.poll() is None

    def kill(self):
        """kill -9: no goodbye."""
        self.proc.kill()
        self.proc.wait()

    def stop(self, seconds=60):
        """An orderly end; it must be one, sanitizers included."""
        self.proc.send_signal(signal.SIGTERM)
        try:
            status = self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise SceneError(f"{self.name} did not end within {seconds} s of SIGTERM\n"
                             + self.tail()) from None
        assert status == 0, f"{self.name}: status {status}\n{self.text()}"

    def ends(self, status, seconds=30):
        """It must end by itself, with this status."""
        got = self.proc.wait(seconds)
        self.proc = None
        assert got == status, f"{self.name}: status {got}\n{self.text()}"

    def reload(self):
        self.proc.send_signal(signal.SIGHUP)

    def end(self):
        """Stop it if it runs, and remove what is ours. An end by itself is a fault."""
        try:
            if self.running():
                self.stop()
            elif self.proc and self.proc.returncode not in (0, -signal.SIGKILL):
                raise AssertionError(f"{self.name} ended with {self.proc.returncode}\n"
                                     + self.text())
        finally:
            self.discard()

    def discard(self):
        """No questions asked."""
        if self.running():
            self.kill()
        if self.own and self.lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self.lock)
            self.lock = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not kind:
            self.end()
            return
        sys.stderr.write(f"--- {self.name}\n{self.tail(60)}")
        self.discard()

    # --- what it says

    def text(self, last=False):
        """Its messages, or those since the last start; none before the first."""
        if not self.starts:
            return ""
        with open(self.log, "rb") as f:
            f.seek(self.begun if last else 0)
            return f.read().decode("utf-8", "replace")

    def tail(self, lines=25):
        return "\n".join(self.text().splitlines()[-lines:]) + "\n"

    def wait(self, what, test, seconds=40):
        """wait_for() that knows when the program has ended, and shows its messages."""
        def check():
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.proc.returncode}\n"
                                     + self.tail())
            return test()
        try:
            return wait_for(what, check, seconds)
        except SceneError as e:
            raise SceneError(f"{e}\n{self.tail()}") from None

    def command(self, *words, **kw):
        """A verb of the command, run where the program runs; its output."""
        return self.place.run([program("bandwitness"), *words], **kw)
