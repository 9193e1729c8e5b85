# SPDX-License-Identifier: GPL-3.0-or-later
"""capture_peers - Debian's programs that watch an interface, as bench/capture.py runs them: each
in the foreground on the interface `far`, and what it says itself of packets seen and lost."""
import csv
import glob
import json
import os
import re
import signal
import subprocess
import time

from bwtest import SceneError, wait_for


class Running:
    """A peer that runs. account(sent) gives {"seen_pct", "drops"} as far as it tells."""

    def __init__(self, ns, folder, argv, **kw):
        self.ns, self.folder = ns, folder
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as out:
            self.proc = ns.popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **kw)

    @staticmethod
    def ready():
        return True

    def begin(self):
        """The replay that is measured comes now."""

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self, number=signal.SIGINT, seconds=20):
        """An orderly end, for those that tell their sums then."""
        if self.proc.poll() is None:
            self.proc.send_signal(number)
            self.proc.wait(seconds)

    def end(self):
        """Whatever state it is in; children of it end with it or by their own."""
        try:
            self.stop(signal.SIGTERM, 5)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()

    def said(self, pattern, text=None, what="its sums"):
        found = re.search(pattern, self.text() if text is None else text)
        if not found:
            raise SceneError(f"no word of {what}: {(self.text() if text is None else text)[-300:]}")
        return [int(x) for x in found.groups()]


def share(seen, sent):
    return 100 * seen / sent


class Tcpdump:
    name = "tcpdump"

    @staticmethod
    def start(ns, folder, _lan):
        run = Running(ns, folder, ["tcpdump", "-Z", "root", "-n", "-i", "far", "-s", "96", "-w",
                                   "/dev/null"])
        wait_for("tcpdump", lambda: "listening on" in run.text(), 10)

        def account(sent):
            run.stop()
            seen, drops = run.said(r"(\d+) packets captured[^$]*?(\d+) packets dropped by kernel")
            return {"seen_pct": share(seen, sent["packets"]), "drops": drops}
        run.account = account
        return run


class Softflowd:
    name = "softflowd"

    @staticmethod
    def start(ns, folder, _lan):
        control = os.path.join(folder, "c")
        run = Running(ns, folder, ["softflowd", "-i", "far", "-d", "-6", "-n", "127.0.0.1:9995",
                                   "-v", "9", "-p", os.path.join(folder, "pid"), "-c", control])
        wait_for("softflowd", lambda: os.path.exists(control), 10)

        def account(sent):
            text = ns.run(["softflowctl", "-c", control, "statistics"])
            seen, = run.said(r"Packets processed: (\d+)", text)
            drops, = run.said(r"Packets dropped by libpcap: (\d+)", text)
            return {"seen_pct": share(seen, sent["packets"]), "drops": drops}
        run.account = account
        return run


class Pmacctd:
    """Five-tuples into memory. Its own pipe's size is what one must raise for this rate."""
    name = "pmacctd"
    CONF = ("daemonize: false\npcap_interface: far\nplugins: memory\nimt_path: %(d)s/pipe\n"
            "aggregate: src_host,dst_host,src_port,dst_port,proto\nimt_mem_pools_number: 0\n"
            "plugin_buffer_size: 65536\nplugin_pipe_size: 33554432\n")

    @staticmethod
    def start(ns, folder, _lan):
        conf = os.path.join(folder, "conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(Pmacctd.CONF % {"d": folder})
        run = Running(ns, folder, ["pmacctd", "-f", conf])
        wait_for("pmacctd", lambda: os.path.exists(os.path.join(folder, "pipe")), 10)

        def account(sent):
            run.proc.send_signal(signal.SIGUSR1)
            wait_for("its sums", lambda: "received_packets=" in run.text(), 10)
            seen, drops = run.said(r"received_packets=(\d+) dropped_packets=(\d+)")
            if "Missing data detected" in run.text():
                drops = None  # between its own processes; it does not say how many
            return {"seen_pct": share(seen, sent["packets"]), "drops": drops}
        run.account = account
        return run


class Darkstat:
    name = "darkstat"

    @staticmethod
    def start(ns, folder, _lan):
        run = Running(ns, folder, ["darkstat", "-i", "far", "--no-daemon", "--no-dns", "-b",
                                   "127.0.0.1", "-p", "6667", "--chroot", folder, "--user", "root",
                                   "-l", "10.0.0.0/255.0.0.0"])

        def page():
            return re.sub("<[^>]*>", "", ns.run(["curl", "-s", "http://127.0.0.1:6667/"], ok=None))
        wait_for("darkstat", lambda: "packets" in page(), 10)

        def account(sent):
            text = page().replace(",", "")
            seen, = run.said(r"in (\d+) packets", text)
            drops, = run.said(r"(\d+) dropped", text)
            return {"seen_pct": share(seen, sent["packets"]), "drops": drops}
        run.account = account
        return run


class Vnstatd:
    name = "vnstatd"
    CONF = ('DatabaseDir "%(d)s"\nUpdateInterval 5\nPollInterval 2\nSaveInterval 1\nDaemonUser ""\n'
            'DaemonGroup ""\nBandwidthDetection 0\nMaxBandwidth 0\nUseLogging 0\n')

    @staticmethod
    def start(ns, folder, _lan):
        conf = os.path.join(folder, "conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(Vnstatd.CONF % {"d": folder})
        begun = time.time()
        run = Running(ns, folder, ["vnstatd", "-n", "--config", conf, "--alwaysadd"])
        wait_for("vnstatd", lambda: os.path.exists(os.path.join(folder, "vnstat.db")), 10)

        def account(sent):
            """It tells bytes only, and writes them down when it ends."""
            time.sleep(max(0, begun + 20 - time.time()))  # until it looked once more
            run.stop(signal.SIGTERM)
            said = json.loads(ns.run(["vnstat", "--config", conf, "--json", "-i", "far"]))
            seen = said["interfaces"][0]["traffic"]["total"]["rx"]
            return {"seen_pct": share(seen, sent["bytes"]), "drops": None}
        run.account = account
        return run


class Collectd:
    name = "collectd"
    CONF = ('BaseDir "%(d)s"\nPIDFile "%(d)s/pid"\nTypesDB "/usr/share/collectd/types.db"\n'
            'Interval 1\nLoadPlugin interface\nLoadPlugin csv\n<Plugin interface>\n  Interface '
            '"far"\n</Plugin>\n<Plugin csv>\n  DataDir "%(d)s/csv"\n  StoreRates false\n</Plugin>\n')

    @staticmethod
    def start(ns, folder, _lan):
        conf = os.path.join(folder, "conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(Collectd.CONF % {"d": folder})
        run = Running(ns, folder, ["collectd", "-f", "-C", conf])

        def rows():
            found = []
            for path in glob.glob(f"{folder}/csv/*/interface-far/if_packets*"):
                with open(path, encoding="ascii") as f:
                    found += [int(r["rx"]) for r in csv.DictReader(f)]
            return found
        wait_for("collectd", rows, 10)
        run.begun = rows()[-1]

        def account(sent):
            return {"seen_pct": share(rows()[-1] - run.begun, sent["packets"]), "drops": None}
        run.account = account
        return run


class Bare:
    """A process that sleeps and reads the counter as ours does, four times a second, and nothing
    more: what its peaks would cost at the very least."""
    name = "four bare readings a second"

    @staticmethod
    def start(ns, folder, _lan):
        run = Running(ns, folder, [os.path.join(os.environ["BW_BUILD"], "bench", "bench_readings"),
                                   "far", "250"])
        time.sleep(0.5)

        def account(sent):
            run.stop(signal.SIGTERM)
            return {"seen_pct": share(json.loads(run.text())["packets"], sent["packets"]),
                    "drops": None}
        run.account = account
        return run


PEERS = (Tcpdump, Softflowd, Pmacctd, Darkstat, Vnstatd, Collectd)
