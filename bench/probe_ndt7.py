# SPDX-License-Identifier: GPL-3.0-or-later
"""probe_ndt7 - the ndt7 probe over TLS on a line of 1 Gbit/s (gigabit.py), beside a client on
the package ws in the same minutes, against the same stand-in server. The CPU is that of
the whole program from start to end, its child's included, by the kernel's account."""
import json
import os
import subprocess

from benchlib import Bar, Row, bench, cost_of, in_a_lab, interleave
from bwtest import SceneError, node, program, self_signed, wait_for
from gigabit import NET4, gigabit_line, honest, shaped_bytes

RUNS = 3
STANDIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support",
                       "ndt7_standin.js")
# Counts what comes for ten seconds; or sends as the protocol says, and what the server says
# of it last is the figure.
PEER = """
const WebSocket = require('ws');
const [url, way] = process.argv.slice(1);
const ws = new WebSocket(url, 'net.measurementlab.ndt.v7', {perMessageDeflate: false,
  rejectUnauthorized: false, headers: {'User-Agent': 'bench'}, maxPayload: 1 << 24});
let bytes = 0, begun, far, sent = 0, size = 1 << 13;
const load = require('crypto').randomBytes(1 << 20);
const send = () => {
  if (process.hrtime.bigint() - begun >= 10_000_000_000n) return ws.close(1000);
  if (size < load.length && size <= sent / 16) size *= 2;
  sent += size;
  ws.send(load.subarray(0, size), {binary: true}, send);
};
ws.on('open', () => { begun = process.hrtime.bigint(); if (way === 'up') { send(); send(); } });
ws.on('message', (data, binary) => {
  bytes += data.length;
  if (!binary) { const m = JSON.parse(String(data)); far = m.TCPInfo || far; }
});
ws.on('close', () => {
  const us = Number((process.hrtime.bigint() - begun) / 1000n);
  console.log(JSON.stringify(way === 'up' ?
    {bytes: sent, bps: far.BytesReceived * 8e6 / far.ElapsedTime} : {bytes, bps: bytes * 8e6 / us}));
});
"""


def start_standin(ns, folder, cert, key, port):
    log = os.path.join(folder, f"standin-{port}.log")
    with open(log, "wb") as out:
        server = ns.popen(["node", STANDIN, str(port), cert, key], stdin=subprocess.DEVNULL,
                          stdout=out, stderr=out)
    wait_for("the stand-in", lambda: b"ready" in open(log, "rb").read(), 20)
    return server


def work(the_lab):
    node.modules("ws@8")
    box, isp, net = gigabit_line(the_lab)
    folder = os.path.dirname(the_lab.path("ndt7", "x"))
    cert, key = self_signed(folder, "speed", (NET4,))
    start_standin(net, folder, cert, key, 443)
    rows = {}
    for way in ("down", "up"):
        def ours():
            before = shaped_bytes(isp, way)
            status, said, cpu = cost_of(box, [
                program("bandwitness"), "probe", "ndt7", f"wss://{NET4}", "--json", "--opt",
                f"direction={way}", "--opt", f"ca_file={cert}"])
            if status != 0:
                raise SceneError(f"bandwitness ended with {status}: {said}")
            (r,) = json.loads(said)["results"]
            honest(isp, way, before, r["total_bytes"])
            return r["goodput_bps"] / 1e6, cpu * 1e9 / r["total_bytes"]

        def peer():
            status, said, cpu = cost_of(box, ["node", "-e", PEER, f"wss://{NET4}/ndt/v7/{way}load",
                                              way])
            if status != 0:
                raise ValueError(f"the peer ended with {status}: {said[:300]}")
            r = json.loads(said)
            return r["bps"] / 1e6, cpu * 1e9 / r["bytes"]

        rows[way] = interleave(RUNS, ours, peer)
    return rows


@bench("probe_ndt7", "the ndt7 probe at 1 Gbit/s over TLS", groups=("probes",))
def probe_ndt7(say):
    say(f"{RUNS} runs of 10 s each, in turn, both ways")
    rows = []
    for way, (ours, peer) in in_a_lab(work).items():
        rate, cost = zip(*ours)
        peer_rate, peer_cost = zip(*peer) if peer else ((), ())
        rows += [Row(f"ndt7 wss {way} at 1 Gbit/s, whole-run mean", rate, "Mbit/s", "ws (Node)",
                     peer_rate, Bar(at_least=940)),
                 Row(f"ndt7 wss {way} at 1 Gbit/s, CPU per GB", cost, "s", "ws (Node)",
                     peer_cost, Bar(at_most=1.6))]
    return rows
