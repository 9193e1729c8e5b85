# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic of known addresses passes a box (real, and generated of some hundred devices); none of
them may be in any file that it writes. Then one is planted in each sort of place, and each must be found.

The truth is what tcpdump saw on both sides of the box. BW_PRIVACY_SECONDS (3) is how long
traffic runs; from a minute on, intervals are of 10 s."""
import base64
import http.server
import json
import os
import random
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time

import lab
from bwtest import Box, program

SECONDS = float(os.environ.get("BW_PRIVACY_SECONDS", "3"))
PUPILS = range(11, 19)
ROUTER4, ROUTER6 = "10.77.13.1", "2001:db8:7713:5::1"
WEB4, WEB6 = "203.0.113.21", "2001:db8:abcd:7::21"
TARGETS = ("203.0.113.1", "203.0.113.2")
BODY = os.urandom(1 << 16) * 4


def pupil4(n):
    return f"10.77.13.{n}"


def pupil6(n):
    return f"2001:db8:7713:5:a:b:c:{n}"


def name_of(n):
    return f"pad-{n}.alder.example"


CONF = """
circuit "wan" {
    vantage = router
    source = kernel
    interface = "line"
    claim { down = 100M up = 100M layer = ip }
%s
}
icmp "edges" {
    circuit = "wan"
    target "left" { address = "203.0.113.1" }
    target "right" { address = "203.0.113.2" }
}
"""
CAPTURE = """    capture = flows
    capture_interface = "lan"
    capture_side = school
    flows_one_in = 1
    inside = "10.77.0.0/16 2001:db8:7713::/48 10.20.0.0/16 2001:db8:20::/48"
    devices = yes
"""


def scene(the_lab):
    """pupils == box == web"""
    pupils, box, web = (lab.Netns(the_lab, n) for n in ("pupils", "box", "web"))
    the_lab.link(pupils, "if0", box, "lan", mtu=1508)  # VLAN tags are generated, too
    the_lab.link(box, "line", web, "if0")
    for n in PUPILS:
        pupils.sh(f"ip addr add {pupil4(n)}/24 dev if0")
        pupils.sh(f"ip addr add {pupil6(n)}/64 dev if0")
    for ns, dev, *addresses in ((box, "lan", ROUTER4 + "/24", ROUTER6 + "/64"),
                                (box, "line", "203.0.113.254/24", "2001:db8:abcd:7::fe/64"),
                                (web, "if0", WEB4 + "/24", WEB6 + "/64", *(
                                    t + "/24" for t in TARGETS))):
        for address in addresses:
            ns.sh(f"ip addr add {address} dev {dev}")
    box.sysctl("net/ipv4/ip_forward", "1")
    box.sysctl("net/ipv6/conf/all/forwarding", "1")
    box.sysctl("net/ipv4/ping_group_range", "0 2147483647")
    pupils.sh(f"ip route add default via {ROUTER4}")
    pupils.sh(f"ip -6 route add default via {ROUTER6}")
    web.sh("ip route add default via 203.0.113.254")
    web.sh("ip -6 route add default via 2001:db8:abcd:7::fe")
    return pupils, box, web


# --- traffic

class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


class Pages6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def question(n):
    name = b"".join(bytes([len(p)]) + p.encode() for p in name_of(n).split("."))
    return struct.pack("!6H", n, 0x100, 1, 0, 0, 0) + name + b"\0\0\1\0\1"


def serve(web):
    with web.inside():
        for kind, address in ((http.server.ThreadingHTTPServer, ("", 80)), (Pages6, ("::", 81))):
            server = kind(address, Pages)
            threading.Thread(target=server.serve_forever, daemon=True).start()
    return web.popen(["iperf3", "-s", "-p", "5201"], stdout=subprocess.DEVNULL)


def generate(path):
    """Of hundreds of devices and servers, both versions of IP, VLANs, fragments."""
    subprocess.run([os.environ["BW_GEN_TRAFFIC"], "--seed", "24", "--duration-ms", "1000", "--pps",
                    "6000", "--devices", "250", "--gro-ppm", "0", path], check=True)


def one_round(pupils, generated):
    """Every pupil asks for a name, loads a page over each family, and is heard by ping."""
    jobs = []
    for n in PUPILS:
        with pupils.inside():
            for family, own, far in ((socket.AF_INET, pupil4(n), WEB4),
                                     (socket.AF_INET6, pupil6(n), WEB6)):
                with socket.socket(family, socket.SOCK_DGRAM) as s:
                    s.bind((own, 0))
                    s.sendto(question(n), (far, 53))
        for own, url in ((pupil4(n), f"http://{WEB4}/"), (pupil6(n), f"http://[{WEB6}]:81/")):
            jobs.append(["curl", "-sS", "--max-time", "20", "--interface", own, "-o", "/dev/null", url])
        jobs.append(["ping", "-q", "-c", "3", "-i", "0.2", "-I", pupil4(n), WEB4])
    jobs.append([os.environ["BW_REPLAY_TRAFFIC"], "if0", generated])
    jobs.append(["iperf3", "-c", WEB4, "-p", "5201", "-B", pupil4(12), "-t", "1", "-b", "20M"])
    running = [pupils.popen(j, stdout=subprocess.DEVNULL) for j in jobs]
    for job, p in zip(jobs, running):
        assert p.wait(60) == 0, job


# --- the check

def check(box, *words, status=0, seen=()):
    command = [program("bandwitness"), "privacy-check", "--json", "--config", box.conf,
               "--also", box.log, *words]
    for path in seen:
        command += ["--seen", path]
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=120)
    assert done.returncode == status, (done.returncode, done.stdout[-3000:], done.stderr)
    found = json.loads(done.stdout)
    print(f"{len(found['files'])} files, {sum(f['bytes'] for f in found['files'])} bytes, "
          f"{found['records']} records: {len(found['findings'])} findings, "
          f"{time.monotonic() - begun:.1f} s")
    return found


def nothing_is_found(box, seen):
    found = check(box, seen=seen)
    assert found["findings"] == [] and found["not_searched"] == []
    kinds = {f["kind"] for f in found["files"]}
    assert {"SQLite data base", "RRD picture", "socket"} <= kinds or not box.running(), kinds
    assert found["records"] >= 3, found["records"]
    for kind, least in (("ipv4", 150), ("ipv6", 70), ("mac", 80), ("names", len(PUPILS))):
        assert found["seen"][kind] >= least, found["seen"]
    assert {e["text"] for e in found["excepted"]} >= set(TARGETS), found["excepted"]
    assert all(b["judged"] for b in found["bare_bytes"][:1] + found["bare_bytes"][2:]), found
    assert len(found["fields"]) > 100


# --- what is planted, and how it must be found

def spoilt(jws, text):
    """The record with a reason in it; nobody checks its signature here."""
    head, body, tail = jws.split(".")
    record = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    record["throughput"] = [{"reason": f"no way to {text}"}]
    body = base64.urlsafe_b64encode(json.dumps(record).encode()).decode().rstrip("=")
    return ".".join((head, body, tail))


def plant(box, mac):
    """[(why, kind of address, text, end of the file's name, part of where)]"""
    raw4 = [socket.inet_aton(pupil4(n)) for n in PUPILS]
    db = sqlite3.connect(box.state + "/journal.db", isolation_level=None)
    db.execute("PRAGMA secure_delete = OFF")
    row, jws = db.execute("SELECT id, jws FROM records ORDER BY id DESC LIMIT 1").fetchone()
    db.execute("UPDATE records SET jws = ? WHERE id = ?", (spoilt(jws, pupil4(11)), row))
    db.execute("INSERT INTO meta VALUES ('gone', ?)", ("x" * 200 + pupil6(12) + "x" * 200,))
    db.execute("DELETE FROM meta WHERE name = 'gone'")
    db.execute("INSERT INTO meta VALUES ('blob', ?)", (b"\xff\x00\xfe" + raw4[2] + b"\x80",))
    db.execute("INSERT INTO usage VALUES (1, 'wan', ?)", (int.from_bytes(raw4[3], "big"),))
    db.close()

    def write(path, data):
        with open(path, "ab") as f:
            f.write(data)
    write(box.state + "/rrd/wan/notes", b"device " + mac.replace(":", "").upper().encode())
    write(box.state + "/rrd/wan/link.rrd", b"\1" * 9 + raw4[4] + socket.inet_aton(WEB4))
    six = socket.inet_pton(socket.AF_INET6, pupil6(16))
    write(box.log, b"<4>peer " + six.hex(":", 2).upper().encode() + b" is slow\n")
    write(box.state + "/swapped", bytes(random.choices(range(128, 256), k=50)) + raw4[6][::-1])
    write(box.state + "/six", b"\xff" * 9 + six)
    write(box.state + "/name", f"asked for {name_of(13).upper()}".encode())
    write(box.state + "/mail", b"to pupil.one@alder.example, 02:aa:bb:cc:dd:77, 10.9.8.7")
    write(box.state + "/core", b"\x7fELF\2\1\1\0" + bytes(8) + b"\4\0\x3e\0" + b"bandwitnessd")
    return [
        ("seen", "IPv4 address", pupil4(11), "journal.db", "jws, throughput[0].reason"),
        ("seen", "IPv6 address", pupil6(12), "journal.db", None),
        ("seen-bytes", "IPv4 address", pupil4(13), "journal.db", "meta row"),
        ("seen-bytes", "IPv4 address", pupil4(14), "journal.db", "usage row"),
        ("seen", "MAC address", mac, "rrd/wan/notes", None),
        ("seen-bytes", "IPv4 address", pupil4(15), "rrd/wan/link.rrd", None),
        ("seen", "IPv6 address", pupil6(16), "bandwitnessd.log", None),
        ("seen-bytes", "IPv4 address", pupil4(17), "state/swapped", None),
        ("seen-bytes", "IPv6 address", pupil6(16), "state/six", None),
        ("seen", "host name", name_of(13).upper(), "state/name", None),
        ("shape", "e-mail address", "pupil.one@alder.example", "state/mail", None),
        ("shape", "MAC address", "02:aa:bb:cc:dd:77", "state/mail", None),
        ("shape", "IPv4 address", "10.9.8.7", "state/mail", None),
        ("core", None, None, "state/core", None),
    ]


def each_plant_is_found(box, seen, mac):
    planted = plant(box, mac)
    findings = check(box, status=1, seen=seen)["findings"]
    for why, kind, text, file, where in planted:
        match = [f for f in findings if f["why"] == why and f.get("kind") == kind
                 and f.get("text") == text and f["file"].endswith(file)
                 and (where is None or where in f.get("where", ""))]
        assert match, (why, kind, text, file, where, findings)
    named = {(why, text, file) for why, _, text, file, _ in planted}
    for f in findings:  # each is one of these, or the same bytes once more in its file
        assert any(f.get("text") in (text, WEB4) and f["file"].endswith((file, file + "-wal"))
                   for _, text, file in named), f
    os.symlink("/etc", box.state + "/away")
    assert any("away is a link" in t for t in check(box, status=1, seen=seen)["not_searched"])


def takes_capture(box_ns, folder):
    path = os.path.join(folder, "try.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(CONF % CAPTURE)
    try:
        box_ns.run([program("bandwitness"), "check-config", path])
    except lab.SceneError as e:
        assert "capture" in str(e), e
        return False
    return True


def work(the_lab):
    pupils, box_ns, web = scene(the_lab)
    folder = the_lab.path("")
    capture = takes_capture(box_ns, folder)
    print(f"{SECONDS:.0f} s of traffic, capture {'on' if capture else 'not there'}")
    seen = [os.path.join(folder, n) for n in ("lan.pcap", "line.pcap", "generated.pcap")]
    generate(seen[2])
    dumps = [box_ns.popen(["tcpdump", "-q", "-n", "-U", "-Z", "root", "-s", "200", "-i", dev, "-w",
                           path], stderr=subprocess.PIPE)
             for dev, path in zip(("lan", "line"), seen)]
    for d in dumps:
        assert b"listening" in d.stderr.readline()
    iperf = serve(web)
    with Box(CONF % (CAPTURE if capture else ""), place=box_ns,
             interval="1s" if SECONDS < 60 else "10s") as box:
        box.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            one_round(pupils, seen[2])
        for d in dumps:
            d.send_signal(signal.SIGTERM)
            d.wait(20)
        box.wait_records(max(4, len(box.rows()) + 2))
        if capture:
            told = [t for r in box.records() for t in r.get("traffic", [])]
            assert any(t.get("captured", 0) > 0 for t in told), told[-2:]
            print("told last:", json.dumps(told[-1])[:600])
        nothing_is_found(box, seen)
        box.stop()
        nothing_is_found(box, seen)
        mac = json.loads(pupils.run(["ip", "-j", "link", "show", "if0"]))[0]["address"]
        each_plant_is_found(box, seen, mac)
    iperf.kill()


if __name__ == "__main__":
    lab.main(work)
