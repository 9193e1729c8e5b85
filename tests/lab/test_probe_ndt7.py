# SPDX-License-Identifier: GPL-3.0-or-later
"""The ndt7 probe on a shaped line beside a server of another make (ndt7_standin.js, on the
package ws): its rate against what the layer carries, both ends' counts against each other, both families, over TLS, and found by a Locate service under M-Lab's own name."""
import json
import os
import subprocess
import sys

import lab
from bwtest import Collector, node, self_signed, wait_for
from bwtest.child import ChildRun, mbps
from bwtest.measure import ask, measure_conf, payload_of
from school import NET4, NET6, STATE4, School

DOWN, UP, DELAY_MS = 100, 20, 20
STANDIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support",
                       "ndt7_standin.js")
GRADE_RECEIPT, ARCHIVE = 1, 2
LOCATE = """
import http.server, json, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"results": [{"machine": "mlab1-elm01", "hostname": "elm", "urls": {
            f"wss:///ndt/v7/{w}": sys.argv[1] + f"/ndt/v7/{w}?access_token=t"
            for w in ("download", "upload")}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("", 8080), H).serve_forever()
"""


class Standin:
    """Its lines, one a test, as they come."""

    def __init__(self, s, port, *args):
        self.log = s.lab.path("standin", f"{port}.log")
        with open(self.log, "wb") as out:
            s.net.popen(["node", STANDIN, str(port), *args], stdin=subprocess.DEVNULL,
                        stdout=out, stderr=out)
        wait_for("the stand-in", lambda: self.lines(), 30)

    def lines(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read().splitlines()

    def last(self, n):
        return json.loads(wait_for("its account", lambda: self.lines()[n:], 10)[0])


def limit_mbps(rate, family, tls):
    """TCP payload of full frames on this line; TLS records take 22 bytes of 16,406."""
    mss = 1448 if family == 4 else 1428
    return rate * mss / 1514 * (16384 / 16406 if tls else 1)


def one(s, standin, n, url, way, family, tls, *options):
    rate = DOWN if way == "down" else UP
    before = s.line_bytes()[way]
    run = ChildRun("ndt7", url, f"direction={way}", *options, place=s.box)
    r = run.finish()[way]
    line = s.line_bytes()[way] - before
    assert r["state"] == "ok" and r["flags"] == [], r
    theirs = standin.last(n)
    # upwards TCP's bytes are counted, TLS included, as the protocol has it
    limit = limit_mbps(rate, family, tls and way == "down")
    print(f"{way} {url}: {mbps(r):.2f} Mbit/s of {limit:.2f}; line {line}, run {r['total_bytes']}, "
          f"wire {r['wire_bytes']}; near {r['near']}, far {r['far']}")
    # a whole-run mean: slow start costs some round trips of ten seconds
    assert 0.95 * limit <= mbps(r) <= 1.005 * limit, (mbps(r), limit)
    assert r["family"] == family and r["mtu"] == 1500 and r["streams"] == 1, r
    assert r["method"] == ("ndt7/wss" if tls else "ndt7/ws"), r
    # the line's own counter: at Ethernet, with acknowledgements, and with what came after the
    # run's window
    at_ethernet = r["wire_bytes"] * 1514 / 1500 * r["total_bytes"] / r["bytes"]
    assert abs(at_ethernet / line - 1) < 0.03, (at_ethernet, line)
    moved = theirs["sent"] if way == "down" else theirs["received"]
    assert abs(r["total_bytes"] / moved - 1) < 0.01, (r, theirs)
    if way == "up":
        # rates: the server's last word is of the end of what drained, some tenths after the
        # run's end, and these are no part of the run
        whole = theirs["tcp"]["BytesReceived"] * 8 / theirs["tcp"]["ElapsedTime"]
        assert mbps(r) >= whole * 0.95, (r, theirs)
        assert theirs["largest"] == 1 << 20 and r["cc"] == "reno", (r, theirs)
    end = r["far"] if way == "down" else r["near"]
    assert r["rtt_us"] == end["rtt_us"] and DELAY_MS <= end["min_rtt_us"] / 1000 <= DELAY_MS + 3, r
    # Every ping was answered with its own payload, in turn. Downwards the server's Close comes
    # behind them all; upwards ours waits in the queue, and what came after it gets no answer.
    assert theirs["skipped"] == 0 and theirs["pongs"] > 10, theirs
    after_ms = (theirs["seconds"] - 10) * 1000 + DELAY_MS if way == "up" else -1
    assert all(age <= after_ms for age in theirs["unanswered_ms"]), theirs
    assert theirs["words"] > 20 and theirs["app"]["NumBytes"] > 0.9 * r["bytes"] * 0.9, theirs
    assert theirs["code"] == 1000 and theirs["agent"].startswith("bandwitness/"), theirs
    assert theirs["query"]["client_name"] == "bandwitness", theirs
    return r, theirs


def found_by_locate(s, url):
    """By M-Lab's name in this lab's own list of hosts. None: such a list cannot be made."""
    hosts = s.lab.path("hosts")
    with open(hosts, "w", encoding="ascii") as f:
        f.write(f"127.0.0.1 localhost\n{NET4} locate.measurementlab.net\n")
    os.chmod(hosts, 0o644)
    done = subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], stderr=subprocess.PIPE)
    if done.returncode != 0:
        print("not here: no list of hosts of our own:", done.stderr.decode().strip())
        return None
    s.net.popen([sys.executable, "-c", LOCATE, url], stderr=subprocess.DEVNULL)
    wait_for("Locate", lambda: ":8080" in s.net.sh("ss -ltn"))
    return "consent=yes", "locate_url=http://locate.measurementlab.net:8080/v2/nearest/ndt/ndt7"


def down_by_ipv6(s, standin, cert):
    url = f"wss://[{NET6}]:4443"
    by = found_by_locate(s, url)
    r, theirs = one(s, standin, 1, "locate" if by else url, "down", 6, True, f"ca_file={cert}",
                    *(by or ()))
    if by:
        assert r["grade"] == ARCHIVE and r["receipt"] == theirs["uuid"], (r, theirs)
        assert r["machine"] == "mlab1-elm01" and theirs["query"]["access_token"] == "t", (r, theirs)


def the_state_s(s, folder):
    """Ticket, both ways over TLS, and a receipt for each that an independent library checks."""
    cert, key = self_signed(folder, "state", (STATE4,))
    os.chmod(cert, 0o644)
    conf = measure_conf(host=f'"{STATE4}"', address=f'"{STATE4}"', port=8443,
                        tls_certificate=f'"{cert}"', tls_key=f'"{key}"')
    with Collector(place=s.state, address=STATE4, extra=conf) as collector:
        wait_for("its server", lambda: collector.metric("bandwitness_measure_up") == 1)
        box = collector.box()
        ticket = wait_for("a ticket", lambda: [
            a.body.decode() for a in [ask(collector, box, direction="both")] if a.status == 200])[0]
        finals = ChildRun("ndt7", f"wss://{STATE4}:8443", "direction=both", f"ca_file={cert}",
                          ticket=ticket, place=s.box).finish()
        for way, r in finals.items():
            assert r["state"] == "ok" and r["flags"] == [], r
            assert r["grade"] == GRADE_RECEIPT and r["machine"] == "state-1", r
            told = payload_of(r["receipt"], box.log_key)
            limit = limit_mbps(DOWN if way == "down" else UP, 4, way == "down")
            print(f"{way} by our own server: {mbps(r):.2f} Mbit/s of {limit:.2f}; receipt {told}")
            assert 0.95 * limit <= mbps(r) <= 1.005 * limit, (mbps(r), limit)
            assert told["direction"] == way and told["site"] == box.site, told
            assert told["end"] == "done" and told["method"] == "ndt7/wss", told
            assert abs(r["total_bytes"] / told["bytes"] - 1) < 0.01, (r, told)
            # the run counts the load's ten seconds, the receipt its own seconds to the last byte
            whole, part = divmod((r["t1_mono_ns"] - r["t0_mono_ns"]) / 1e9, 1)
            assert whole in (9, 10), r
            counted = sum(told["per_s"][:int(whole)]) + part * told["per_s"][int(whole)]
            assert abs(r["bytes"] / counted - 1) < 0.02, (r, told, counted)
        # a ticket is good for one test
        again = ChildRun("ndt7", f"wss://{STATE4}:8443", "direction=down", f"ca_file={cert}",
                         ticket=ticket, place=s.box).finish()["down"]
        assert again["state"] == "failed" and "HTTP status 4" in again["reason"], again
        none = ChildRun("ndt7", f"wss://{STATE4}:8443", "direction=down", f"ca_file={cert}",
                        place=s.box).finish()["down"]
        assert none["state"] == "failed" and "HTTP status 401" in none["reason"], none
        print(f"  used: {again['reason']}; none: {none['reason']}")


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, delay_ms=DELAY_MS, loss_per_mille=0)
    folder = os.path.dirname(the_lab.path("tls", "x"))
    cert, key = self_signed(folder, "speed", (NET4, NET6))
    os.chmod(cert, 0o644)
    down_by_ipv6(s, Standin(s, 4443, cert, key), cert)
    one(s, Standin(s, 8000), 1, f"ws://{NET4}:8000", "up", 4, False, "cc=reno")
    the_state_s(s, os.path.dirname(the_lab.path("state", "x")))
    return 0


if __name__ == "__main__":
    try:
        node.modules("ws@8")
    except node.NoNode as e:
        print(f"skipped: {e}")
        sys.exit(lab.SKIP)
    lab.main(work)
