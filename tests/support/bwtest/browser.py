# SPDX-License-Identifier: GPL-3.0-or-later
"""browser - a real Chromium without a screen, spoken to over its debugging pipe: what a page shows,
what it asks for, and what it complains of. NoBrowser where none is installed."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

from .folder import scratch
from .place import HOST, SceneError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Its two ends of the pipe are 3 and 4, whatever ours are.
START = 'exec "$@" 3<&"$BW_PIPE_IN" 4>&"$BW_PIPE_OUT"'


class NoBrowser(Exception):
    """Not possible on this machine; a test then exits with 77."""


class Browser:
    """One page of it. `requests` are all addresses that it asked for, `complaints` what stood in
    its console or failed to load."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if not program:
            raise NoBrowser("chromium is not installed")
        self.folder = scratch()
        self.buffer, self.answers, self.last, self.session = b"", {}, 0, None
        self.requests, self.complaints = [], []
        ours_in, its_out = os.pipe()
        its_in, ours_out = os.pipe()
        self.read_fd, self.write_fd = ours_in, ours_out
        home = self.folder.__enter__()
        self.proc = HOST.popen(
            ["/bin/bash", "-c", START, "bash", program, "--headless", "--remote-debugging-pipe",
             "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-breakpad", "--disable-crash-reporter",
             "--hide-scrollbars", f"--user-data-dir={home}/profile", "about:blank"],
            fds=(its_in, its_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": home, "TMPDIR": home, "BW_PIPE_IN": str(its_in),
                 "BW_PIPE_OUT": str(its_out)})
        os.close(its_in)
        os.close(its_out)

    def __enter__(self):
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.call("Target.attachToTarget", targetId=target,
                                     flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.killpg(self.proc.pid, signal.SIGKILL)  # a session of its own
        self.proc.wait()
        os.close(self.read_fd)
        os.close(self.write_fd)
        self.folder.__exit__(None, None, None)

    # --- its protocol

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_fd, data):]
        mine, end = self.last, time.monotonic() + 60
        while mine not in self.answers:
            self.hear(end)
        answer = self.answers.pop(mine)
        if "error" in answer:
            raise SceneError(f"{method}: {answer['error']}")
        return answer["result"]

    def hear(self, end):
        """Whatever comes next; SceneError when nothing does."""
        if not select.select([self.read_fd], [], [], max(0, end - time.monotonic()))[0]:
            raise SceneError("the browser says nothing")
        data = os.read(self.read_fd, 1 << 20)
        if not data:
            raise SceneError(f"the browser ended: {self.proc.wait()}")
        self.buffer += data
        *whole, self.buffer = self.buffer.split(b"\0")
        for text in whole:
            self.take(json.loads(text))

    def take(self, message):
        what, params = message.get("method"), message.get("params", {})
        if "id" in message:
            self.answers[message["id"]] = message
        elif what == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif what == "Network.loadingFailed" and not params.get("canceled"):
            self.complaints.append(params["errorText"])
        elif what == "Network.responseReceived" and params["response"]["status"] >= 400:
            self.complaints.append(f"{params['response']['status']} {params['response']['url']}")
        elif what == "Runtime.consoleAPICalled":
            self.complaints.append(f"console: {params['args']}")
        elif what == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {params['exceptionDetails']['text']}")
        elif what == "Log.entryAdded":
            self.complaints.append(f"log: {params['entry']['text']}")

    # --- what tests ask

    def open(self, url, width=1280, height=900):
        """Load a page, with all its pictures."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        went = self.call("Page.navigate", url=url)  # answers when the page has begun
        if "errorText" in went:
            raise SceneError(f"{url}: {went['errorText']}")
        self.run("""(async () => {
            if (document.readyState !== 'complete') {
                await new Promise(done => addEventListener('load', done));
            }
            for (const i of document.images) {
                i.loading = 'eager';
                await i.decode();
            }
        })()""")
        if self.run("location.href") != url:
            raise SceneError(f"asked for {url}, at {self.run('location.href')}")

    def run(self, script):
        """The value of an expression in the page, once its promise is kept."""
        got = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                        awaitPromise=True)
        if "exceptionDetails" in got:
            raise SceneError(f"{script[:80]}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def picture(self, path):
        """The whole page as PNG."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
