# SPDX-License-Identifier: GPL-3.0-or-later
"""The ndt7 probe on a shaped line beside a server of another make (ndt7_standin.js, on the
package ws): its rate against what the layer carries, both ends' counts against each other, by
both families, over TLS, and found by a Locate service under M-Lab's own name."""
import json
import os
import subprocess
import sys

import lab
from bwtest import node, self_signed, wait_for
from bwtest.child import ChildRun, mbps
from school import NET4, NET6, School

DOWN, UP, DELAY_MS = 100, 20, 20
STANDIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support",
                       "ndt7_standin.js")
ARCHIVE = 2
LOCATE = """
import http.server, json, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"results": [{"machine": "mlab1-elm01", "hostname": "elm", "urls": {
            f"{s}:///ndt/v7/{w}": f"{s}://" + sys.argv[1] + f"/ndt/v7/{w}?access_token=t"
            for s in ("ws",) for w in ("download", "upload")}}]}).encode()
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
    # the line's own counter: at Ethernet, with acknowledgements, and upwards with what came
    # after the server's last look
    at_ethernet = r["wire_bytes"] * 1514 / 1500 * r["total_bytes"] / r["bytes"]
    assert abs(at_ethernet / line - 1) < 0.03, (at_ethernet, line)
    moved = theirs["sent"] if way == "down" else theirs["received"]
    assert abs(r["total_bytes"] / moved - 1) < 0.01, (r, theirs)
    if way == "up":
        assert r["bytes"] >= theirs["tcp"]["BytesReceived"] * 0.95, (r, theirs)
        assert theirs["largest"] == 1 << 20 and r["cc"] == "reno", (r, theirs)
    end = r["far"] if way == "down" else r["near"]
    assert r["rtt_us"] == end["rtt_us"] and DELAY_MS <= end["min_rtt_us"] / 1000 <= DELAY_MS + 3, r
    # every ping was answered with its own payload; one may be under way at the end
    assert theirs["pings"] - 2 <= theirs["pongs"] and theirs["pings"] > 10, theirs
    assert theirs["words"] > 20 and theirs["app"]["NumBytes"] > 0.9 * r["bytes"] * 0.9, theirs
    assert theirs["code"] == 1000 and theirs["agent"].startswith("bandwitness/"), theirs
    assert theirs["query"]["client_name"] == "bandwitness", theirs
    return r, theirs


def found_by_locate(s, standin, n):
    """By M-Lab's name in this lab's own list of hosts."""
    hosts = s.lab.path("hosts")
    with open(hosts, "w", encoding="ascii") as f:
        f.write(f"127.0.0.1 localhost\n{NET4} locate.measurementlab.net\n")
    os.chmod(hosts, 0o644)
    done = subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], stderr=subprocess.PIPE)
    if done.returncode != 0:
        print("not here: no list of hosts of our own:", done.stderr.decode().strip())
        return
    s.net.popen([sys.executable, "-c", LOCATE, f"{NET4}:8000"], stderr=subprocess.DEVNULL)
    wait_for("Locate", lambda: ":8080" in s.net.sh("ss -ltn"))
    r, theirs = one(s, standin, n, "locate", "down", 4, False, "consent=yes",
                    "locate_url=http://locate.measurementlab.net:8080/v2/nearest/ndt/ndt7")
    assert r["grade"] == ARCHIVE and r["receipt"] == theirs["uuid"], (r, theirs)
    assert r["machine"] == "mlab1-elm01" and theirs["query"]["access_token"] == "t", (r, theirs)


def work(the_lab):
    s = School(the_lab, down_mbps=DOWN, up_mbps=UP, delay_ms=DELAY_MS, loss_per_mille=0)
    plain = Standin(s, 8000)
    cert, key = self_signed(os.path.dirname(the_lab.path("tls", "x")), "speed", (NET4, NET6))
    os.chmod(cert, 0o644)
    secure = Standin(s, 4443, cert, key)
    one(s, secure, 1, f"wss://[{NET6}]:4443", "down", 6, True, f"ca_file={cert}")
    one(s, secure, 2, f"wss://{NET4}:4443", "up", 4, True, f"ca_file={cert}", "cc=reno")
    found_by_locate(s, plain, 1)
    return 0


if __name__ == "__main__":
    try:
        node.modules("ws@8")
    except node.NoNode as e:
        print(f"skipped: {e}")
        sys.exit(lab.SKIP)
    lab.main(work)
