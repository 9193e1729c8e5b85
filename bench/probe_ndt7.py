# SPDX-License-Identifier: GPL-3.0-or-later
"""probe_ndt7 - the ndt7 probe over TLS on a line of 1 Gbit/s (gigabit.py), beside a client on
the package ws in the same minutes, against the same server: the collector's own. The CPU is
that of a run's whole process from start to end, by the kernel's account."""
import json

from benchlib import Bar, Row, bench, cost_of, in_a_lab, interleave
from bwtest import Collector, SceneError, node, program, self_signed, wait_for
from bwtest.child import job, mbps, results, samples
from bwtest.measure import ask, measure_conf, urls
from gigabit import NET4, gigabit_line, honest, shaped_bytes

RUNS, RECEIPT = 3, 1
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


def work(the_lab):
    node.modules("ws@8")
    box, isp, net = gigabit_line(the_lab)
    folder = the_lab.path("speed", "x")[:-2]
    cert, key = self_signed(folder, "speed", (NET4,))
    conf = measure_conf(host=f'"{NET4}"', address=f'"{NET4}"', port=8443, rate="10G",
                        tls_certificate=f'"{cert}"', tls_key=f'"{key}"')
    with Collector(place=net, address=NET4, extra=conf) as collector:
        wait_for("its server", lambda: collector.metric("bandwitness_measure_up") == 1)
        return measure(box, isp, cert, collector, collector.box())


def measure(box, isp, cert, collector, site):
    rows = {}
    for way in ("down", "up"):
        def ours():
            ticket = ask(collector, site, direction=way).body.decode()
            given = job("ndt7", "wss://unused.example", f"direction={way}", f"ca_file={cert}",
                        ticket=ticket)
            before = shaped_bytes(isp, way)
            status, said, cpu = cost_of(box, [program("bandwitness"), "--run-child"], given=given)
            if status != 0:
                raise SceneError(f"the run ended with {status}: {said}")
            r = results(samples(said))[way]
            if r["state"] != "ok" or r["grade"] != RECEIPT:
                raise SceneError(f"the run failed: {r}")
            honest(isp, way, before, r["total_bytes"])
            return mbps(r), cpu * 1e9 / r["total_bytes"]

        def peer():
            url = urls(collector, site, direction=way)[f"wss:///ndt/v7/{way}load"]
            status, said, cpu = cost_of(box, ["node", "-e", PEER, url, way])
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
