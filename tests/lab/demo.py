# SPDX-License-Identifier: GPL-3.0-or-later
"""demo - the whole way on real input, compared with what was set or counted elsewhere.

script/demo builds, then runs this; see its --help. What happens when: `plan()`.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import lab
from bwtest import HOST, Box, Collector, SceneError, free_port, payload, program, scratch
from demo_state import CIRCUITS, DISTRICTS, LABEL, WEEKS, Around
from figures import Figures, table
from school import EDGE4, NET4, NET6, STATE4, School, start_nginx
from truth import Ping, Sampler

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, "build", "demo")
INTERVAL_S = 10
CUT_S = 20
POST_S = 5
SHORTEST_S = 120
CIRCUIT = "wan"
CLAIM = """    claim {
        down = 100M
        up = 20M
        layer = ethernet
    }
"""
LEFT_BEHIND = (
    ("evidence report", "report.html", "report.csv and report.json say the same"),
    ("graph", "graph.png", "graph.svg is the same"),
    ("signed summaries", "summaries.jose", "what the collector holds, one JWS a line"),
    ("public keys", "key.jwk", "bandwitness verify --key key.jwk summaries.jose"),
    ("all figures", "demo.json", "every run and interval, measured and counted"))
TARGETS = (("provider-edge", EDGE4), ("anchor", NET4), ("anchor-v6", NET6))
LOOPBACK = (("loopback", "127.0.0.1"), ("loopback-v6", "::1"))
LOSSY = (("anchor", 4), ("anchor-v6", 6))  # nft drops a share of their echo requests
PACE_MS = 100  # of echoes: ten times the default, so that 1 % of them is a number
WARMUP_S = 1
# A run loads the line before its measured window too (warm-up, connecting) and until its
# queue is empty.
AROUND_S = (WARMUP_S + 1, 1)


class Demo:
    def __init__(self, options):
        self.options = options
        self.out = os.path.abspath(options.out)
        self.begun = time.monotonic()
        self.interval_s, self.cut_s, self.post_s = INTERVAL_S, CUT_S, POST_S
        self.test_every, self.test_s = "3min", 5
        self.around = None  # the state around the box, where it is kept
        self.notes = []
        self.events = {}
        self.paths = {}

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:5.0f} s] {text}", flush=True)

    # ---- the parts

    def box_conf(self, collector, shaped, interface, server, targets):
        """shaped: a claim is known, since the lab's line keeps it."""
        lines = "".join(f'    target "{n}" {{ address = "{a}" }}\n' for n, a in targets)
        claim = CLAIM if shaped else ""
        icmp = (f'icmp "line" {{\n    circuit = "{CIRCUIT}"\n    interval = {PACE_MS}ms\n'
                f"{lines}}}\n") if targets else ""
        return f"""
{collector.as_conf(every=f"{self.post_s}s")}
circuit "{CIRCUIT}" {{
    vantage = {"router" if shaped else "lan-side"}
    source = kernel
    interface = "{interface}"
    side = line
{claim}}}
{icmp}http "state" {{
    circuit = "{CIRCUIT}"
    every = {self.test_every}
    direction = both
    duration = {self.test_s}s
    warmup = {WARMUP_S}s
    download = "/big"
    upload = "/upload"
    target "state-1" {{ address = "{server}" }}
}}
tests {{
    day_bytes = 500GB
    gate = share
    share = 10
    retry = 5s
    give_up = 1min
}}
"""

    def enrol(self, collector, box, shaped):
        claim = ("--circuit", CIRCUIT, "--down", "100M", "--up", "20M", "--layer", "ethernet",
                 "--from", "2020-01-01") if shaped else ()
        live = " (live)" if self.around else ""
        self.site = collector.admin("site", "add", "--entity", f"Alder Valley School District{live}",
                                    *claim, f"Alder Elementary{live}").strip()
        box.enroll(collector, collector.token("--site", self.site)["token"])
        self.say(f"the box is enrolled as {self.site}")

    # ---- the two scenes

    def in_lab(self, the_lab):
        """In namespaces, with the shaped line."""
        school = School(the_lab)
        self.say("namespaces stand: school LAN, box, provider's port, line, provider's edge, "
                 "Internet, state")
        school.start_nginx()
        truth = school.verify()
        self.say("the line by standard tools: ping %.2f ms, iperf3 %.1f down / %.1f up Mbit/s "
                 "(Ethernet)" % (truth["rtt_ms"], truth["down_bps"] / 1e6,
                                 truth["up_bps"] / 1e6))
        base = the_lab.path("run", "x")[:-2]
        if self.options.keep:
            self.say(f"the state around it: {DISTRICTS} {LABEL} districts with {CIRCUITS} lines, "
                     f"{WEEKS - 1} to {WEEKS} weeks of signed records of each (a minute)")
            self.around = Around(f"{base}/state/data", program("bandwitness"), os.environ["BW_GEN_STATE"])
        collector, box = self.start(school.state, school.box, base, STATE4, True, "wan",
                                    f"http://{NET4}/", TARGETS)
        self.users(school)
        sampler, ping = Sampler(school), Ping(school)
        box.start()
        self.say(f"bandwitnessd runs, interval {self.interval_s} s")
        self.plan(school, box, collector)
        self.settle(box, collector)
        sampler.stop()
        ping.stop()
        signed, held, acked = self.fetch(box, collector)

        def compare(change=lambda record: None):
            records = [payload(l) for l in held]
            for r in records:
                change(r)
            fig = Figures(records, CIRCUIT, school, sampler, ping,
                          (self.events["cut"], self.events["mended"]), AROUND_S, PACE_MS)
            fig.rates()
            fig.round_trip([name for name, _ in TARGETS], school.delay_ms)
            for name, family in LOSSY:
                fig.loss(name, family, set_ppm)
            fig.bytes()
            fig.outage()
            fig.delivery(signed, held, acked)
            return fig

        set_ppm = school.loss_per_mille * 1000
        fig = compare()
        self.doubt(compare)
        self.notes += fig.failures()
        return self.finish(the_lab, fig, box, collector, {
            "line": truth,
            "set": {"down_bps": school.down_bps, "up_bps": school.up_bps, "layer": "ethernet",
                    "queue_ms": school.queue_ms, "round_trip_ms": school.delay_ms,
                    "loss_ppm": set_ppm, "cut_s": self.cut_s},
            "counted": {"readings": len(sampler.times), "unclear_readings": sampler.unclear,
                        "queue_drops": school.queue_drops()}})

    def doubt(self, compare):
        """For a test: compare(change) compares records that change(record) has falsified."""

    def on_loopback(self, folder):
        """Without namespaces: no shaped line, so nothing is set; the way is the same."""
        web = free_port()
        nginx = start_nginx(HOST, folder + "/nginx", "127.0.0.1", "::1", web)
        targets = LOOPBACK if may_ping() else ()
        if not targets:
            print("this user may not send ICMP (net.ipv4.ping_group_range): no round trips here")
        collector, box = self.start(HOST, HOST, folder, "127.0.0.1", False, "lo",
                                    f"http://127.0.0.1:{web}/", targets, free_port())
        try:
            box.start()
            self.say(f"bandwitnessd runs, interval {self.interval_s} s")
            self.plan(None, box, collector)
            self.settle(box, collector)
            signed, held, acked = self.fetch(box, collector)
            fig = Figures([payload(l) for l in held], CIRCUIT)
            fig.unset([name for name, _ in targets])
            fig.delivery(signed, held, acked)
            self.notes += fig.failures()
            return self.finish(None, fig, box, collector, {"set": None})
        finally:
            for p in (box, collector):
                if p.running():
                    p.stop()
            nginx.terminate()
            nginx.wait()

    def start(self, state, box_place, base, address, shaped, interface, server, targets,
              port=8443):
        for name in ("state", "box"):
            os.makedirs(f"{base}/{name}", exist_ok=True)
        title = f"Demonstration: 1 live box, {CIRCUITS} {LABEL}" if self.around else "Alder State"
        collector = Collector(folder=f"{base}/state", place=state, address=address, port=port,
                              tls=True, title=title)
        collector.start()
        if self.around:
            self.around.deliver(collector)
        self.say(f"bandwitness-collector runs at {collector.url}")
        conf = self.box_conf(collector, shaped, interface, server, targets)
        box = Box(conf, interval=f"{self.interval_s}s", folder=f"{base}/box", place=box_place)
        self.enrol(collector, box, shaped)
        return collector, box

    @staticmethod
    def users(school):
        """Pupils: a video lesson (even streams both ways), pages, and every few seconds a
        download of 1 to 4 MB that takes all the line gives it."""
        for port in ("5300", "5301"):
            school.net.popen(["iperf3", "-s", "-B", NET4, "-p", port], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        for script in (
                f"while :; do iperf3 -u -c {NET4} -p 5300 -R -b 1500k -t 86400; sleep 1; done",
                f"while :; do iperf3 -u -c {NET4} -p 5301 -b 500k -t 86400; sleep 1; done",
                f"while :; do curl -sfo /dev/null -m 30 http://{NET4}/small; sleep 0.5; done",
                f"while :; do sleep $(shuf -n 1 -i 4-10); curl -sfo /dev/null -m 30 "
                f"-r 0-$(shuf -n 1 -i 1000000-4000000) http://{NET4}/big; done"):
            school.lan.popen(["sh", "-c", script], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)

    def plan(self, school, box, collector):
        """The run: what happens at which second of it."""
        length = self.options.seconds
        begun = time.monotonic()

        def until(second):
            while True:
                left = begun + second - time.monotonic()
                if left <= 0:
                    return
                time.sleep(min(left, 15))
                if left > 15:
                    self.progress(box, time.monotonic() - begun, length)

        # two tests that a person asks for; the others start at times nobody can foresee
        until(min(12, length / 15))
        self.ask_test(box)
        until(length * 0.38)
        self.say("bandwitnessd is killed with -9")
        box.kill()
        self.events["daemon killed"] = time.time()
        time.sleep(3)
        box.start()
        self.say("bandwitnessd runs again")
        if school:
            until(length * 0.5)
            school.cut()
            self.events["cut"] = time.time()
            self.say(f"the line is cut for {self.cut_s} s")
            time.sleep(self.cut_s * 0.7)
            self.progress(box, time.monotonic() - begun, length)
            time.sleep(self.cut_s * 0.3)
            school.mend()
            self.events["mended"] = time.time()
            self.say("the line is mended")
        until(length * 0.75)
        self.say("bandwitness-collector is killed with -9")
        collector.kill()
        self.events["collector killed"] = time.time()
        time.sleep(5)
        collector.start()
        self.say("bandwitness-collector runs again")
        self.asked.join(60)
        self.ask_test(box)
        until(length)

    def ask_test(self, box):
        """Until it runs: one at a time, and a planned one may be running."""
        def ask():
            end = time.monotonic() + 60
            answer = None
            while time.monotonic() < end:
                answer = box.ask(120, verb="probe", probe="state")[-1:]
                if answer and answer[0]["ok"]:
                    return
                time.sleep(2)
            self.notes.append(f"the test asked for by hand: {answer}")
        self.asked = threading.Thread(target=ask, daemon=True)
        self.asked.start()

    def progress(self, box, at, length):
        status = box.status()
        if not status:
            self.say(f"{at:.0f} of {length} s: the box does not answer")
            return
        journal, circuit = status["journal"], status["circuits"][0]
        words = [f"signed {journal.get('last_seq', 0)}, not yet acknowledged {journal['pending']}"]
        if circuit.get("out"):
            words.append("the box sees an outage since " + time.strftime(
                "%H:%M:%S UTC", time.gmtime(circuit["out_since_ms"] / 1000)))
        elif any(p["running"] for p in status["tests"]["probes"]):
            words.append("a throughput test runs")
        elif "down_bps" in circuit.get("now", {}):
            words.append("the line carried %.1f down / %.1f up Mbit/s of late" % (
                circuit["now"]["down_bps"] / 1e6, circuit["now"]["up_bps"] / 1e6))
        self.say(f"{at:.0f} of {length} s: " + ", ".join(words))

    def settle(self, box, collector):
        """Until everything signed so far is acknowledged (at most 40 s)."""
        self.say("waiting until everything signed is acknowledged")
        self.asked.join(60)
        time.sleep(6)  # the grace period of the last whole interval
        want = set(box.journal())
        end = time.monotonic() + 40
        while time.monotonic() < end:
            if want <= set(self.ledger(collector)):
                return
            time.sleep(1)
        self.notes.append("not everything was acknowledged within 40 s")

    def ledger(self, collector):
        return collector.held(self.site, CIRCUIT)

    def fetch(self, box, collector):
        """The box's journal, what the collector holds of it, read at one moment, and up to
        which record the box holds a receipt."""
        signed = box.journal()
        time.sleep(self.post_s + 1)  # one post
        held = self.ledger(collector)
        known = set(signed)
        newest = max((payload(l)["seq"], payload(l)["start"]) for l in signed)[1]
        # what was signed after the journal was read belongs to the next look
        held = [l for l in held if l in known or payload(l)["start"] <= newest]
        return signed, held, (box.status() or {}).get("journal", {}).get("acked_seq")

    # ---- what is left behind

    def write(self, name, data):
        path = os.path.join(self.out, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode("utf-8"))
        self.paths[name] = path
        return path

    def finish(self, the_lab, fig, box, collector, set_to):
        records = fig.records
        begin, end = records[0]["start"], records[-1]["end"]
        os.makedirs(self.out, exist_ok=True)
        self.write("summaries.jose", "".join(
            l + "\n" for l in self.ledger(collector)))
        self.keys(box, collector)
        for ext in ("svg", "png"):
            image = collector.get(f"/api/v1/circuits/{self.site}.{CIRCUIT}/graph/link.{ext}"
                                  f"?from={begin}&to={end}")
            if image.status != 200:
                self.notes.append(f"no graph.{ext}: {image.text}")
            self.write(f"graph.{ext}", image.body)
        zone = [] if self.around else ["--tz", "UTC"]  # the state's calendar has one
        for kind in ("html", "csv", "json"):
            collector.place.run([program("bandwitness"), "report", "--ledger", collector.data,
                                 "--circuit", f"{self.site}.{CIRCUIT}", *zone,
                                 "--from", moment(begin), "--to", moment(end),
                                 "--format", kind, "--output",
                                 os.path.join(self.out, f"report.{kind}")])
            self.paths[f"report.{kind}"] = os.path.join(self.out, f"report.{kind}")
        self.verify(box)
        if self.options.keep and the_lab:
            self.look_at_first_page(collector)
        ok = not self.notes and all(r.ok is not False for r in fig.rows)
        page = f"{collector.url}/"
        if self.options.keep and the_lab:
            page = f"{'https' if collector.ca else 'http'}://127.0.0.1:{forward(collector)}/"
        for r in fig.runs:
            r["from_s"], r["to_s"] = r.pop("span")
        self.paths["demo.json"] = os.path.join(self.out, "demo.json")
        self.write("demo.json", json.dumps({
            "bench": "demo", "ok": ok, "site": self.site, "circuit": CIRCUIT,
            "from": begin, "to": end, "interval_s": self.interval_s,
            "echo_every_ms": PACE_MS, **set_to,
            "events": self.events, "figures": [r.as_json() for r in fig.rows],
            "runs": fig.runs, "intervals": fig.intervals, "wrong": self.notes,
            "page": page, "paths": self.paths}, indent=1) + "\n")
        self.hand_over()
        print("\nmeasured: computed from the signed summaries that the collector holds\n"
              "truth:    what the lab set, or counted by other means\n")
        print(table(fig.rows) + "\n")
        for note in self.notes:
            print(f"wrong: {note}")
        for what, name, more in LEFT_BEHIND:
            print(f"{what:18}{self.paths[name]}  ({more})")
        print(f"{'the first page':18}{page}  " + (
            "(until script/demo --stop)" if self.options.keep and the_lab else
            "(gone with the lab; --keep leaves it running)" if the_lab else "(gone by now)"))
        judged = [r for r in fig.rows if r.ok is not None]
        outside = sum(1 for r in judged if not r.ok)
        if not ok:
            print(f"NOT all is as it should be: {outside} of {len(judged)} figures outside their "
                  f"bands, {len(self.notes)} other faults")
        elif the_lab:
            print(f"all {len(judged)} figures inside their bands")
        else:
            print("nothing was lost; no figure was compared, for want of a lab")
        status = 0 if ok else 1
        if self.options.keep and the_lab:
            the_lab.keep(status)
            while True:
                signal.pause()
        return status

    def keys(self, box, collector):
        """The public keys as the collector gives them to anybody; the box names the same."""
        answer = collector.get(f"/api/v1/sites/{self.site}/keys")
        self.write("key.jwk", answer.body)
        theirs, ours = ({k["kid"]: k["x"] for k in keys["keys"]}
                        for keys in (answer.json, box.public_keys()))
        if theirs != ours or not ours:
            self.notes.append(f"the collector's keys {theirs} are not the box's {ours}")

    def verify(self, box):
        """The exported file as anybody would check it."""
        out = box.command("verify", "--json", "--key", os.path.join(self.out, "key.jwk"),
                          os.path.join(self.out, "summaries.jose"), ok=None)
        found = json.loads(out)
        self.say("bandwitness verify: {records} records, {verified} with a signature that fits, "
                 "{missing} missing, {faults} faults".format(**found))
        if not found["ok"]:
            self.notes.append(f"verify: {found.get('first_fault')}")

    def look_at_first_page(self, collector):
        """It has the state's room, with the generated lines labelled."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            page = collector.get("/")
            if page.status == 200 and f"({LABEL})" in page.text and "Newly silent" in page.text:
                return
            time.sleep(2)
        self.notes.append(f"the first page has not come within two minutes: {page.status}")

    def hand_over(self):
        """Files of a sudo run belong to who called it."""
        if "SUDO_UID" in os.environ:
            who = int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", "-1"))
            for folder, _, names in os.walk(self.out):
                for path in [folder] + [os.path.join(folder, n) for n in names]:
                    os.chown(path, *who)


def may_ping():
    kinds = [socket.SOCK_DGRAM, socket.SOCK_RAW]
    for kind in kinds:
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
            return True
        except OSError:
            continue
    return False


def moment(unix_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_s))


def forward(collector):
    """A port of the machine's own loopback that leads to the collector in its namespace."""
    door = socket.create_server(("127.0.0.1", 0))
    host, port = collector.address, collector.port

    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        collector.place.enter()  # this thread and those it starts, for good
        while True:
            near_end, _ = door.accept()
            try:
                far_end = socket.create_connection((host, port), 5)
            except OSError:
                near_end.close()
                continue
            for pair in ((near_end, far_end), (far_end, near_end)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return door.getsockname()[1]


def note_kept(out):
    def note(pid, folder):
        with open(os.path.join(out, "demo.pid"), "w", encoding="ascii") as f:
            f.write(f"{pid} {folder}\n")
        where = "" if out == OUT else f" --out {out}"
        print(f"it runs on; end it with: script/demo --stop{where}")
    return note


def stop_kept(out):
    path = os.path.join(out, "demo.pid")
    try:
        with open(path, encoding="ascii") as f:
            pid, folder = f.read().split()
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as f:
            if "demo.py" not in f.read():
                raise OSError("that process is another one now")
        os.kill(int(pid), signal.SIGTERM)
    except (OSError, ValueError) as e:
        gone = isinstance(e, (FileNotFoundError, ProcessLookupError))
        print(f"nothing runs on from {out}" + ("" if gone else f" ({e})"))
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    os.unlink(path)
    print("ended")
    return 0


def main():
    p = argparse.ArgumentParser(prog="script/demo")
    p.add_argument("--seconds", type=int, default=180)
    p.add_argument("--out", default=OUT)
    p.add_argument("--keep", action="store_true")
    p.add_argument("--stop", action="store_true")
    options = p.parse_args()
    out = os.path.abspath(options.out)
    if options.stop:
        return stop_kept(out)
    if options.seconds < SHORTEST_S:
        p.error(f"--seconds must be at least {SHORTEST_S}: kills, cut and tests need that long")
    demo = Demo(options)
    try:
        return lab.run(demo.in_lab, note_kept(out))
    except lab.NotPossible as e:
        print(f"no lab here: {e}")
        print("running on loopback instead, without the shaped line: no figure is compared with "
              "a set one")
    with scratch("bw-loopback-") as folder:
        try:
            return demo.on_loopback(folder)
        except SceneError as e:
            print(f"could not run: {e}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
