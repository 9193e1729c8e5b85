# SPDX-License-Identifier: GPL-3.0-or-later
"""tcp, dns and http_get against Debian's nginx and dnsmasq behind a router and a
delay that is set; and one daemon that runs all three, its record read back."""
import json
import os
import socket
import subprocess
import threading
import time

import dns.message
import dns.rcode
import lab
from bwtest import Box, program, wait_for
from bwtest.scenes import propagation

BOX4, BOX6 = "192.0.2.2", "2001:db8:1::2"
NEAR4, NEAR6 = "192.0.2.1", "2001:db8:1::1"
SECOND, ANOTHER = "192.0.2.65", "192.0.2.66"  # near's and the box's on their second link
SRV4, SRV6 = "198.51.100.10", "2001:db8:2::10"
DELAY_MS = 20
NAMES = ("good", "expired", "other", "nobody")


def probe(ns, kind, *args, status=0, hosts=None, resolver="127.0.0.1"):
    """Results by (target, family); `hosts` is what /etc/hosts holds, and then the system
    asks this resolver (nobody is there) for the rest."""
    command = [program("bandwitness"), "probe", kind, "--json", *args]
    if hosts:
        command = ["unshare", "-m", "--propagation", propagation(), "sh", "-c",
                   f"mount --bind {hosts} /etc/hosts && echo nameserver {resolver} >"
                   f"{hosts}.resolv && mount --bind {hosts}.resolv /etc/resolv.conf && "
                   "exec \"$@\"", "sh", *command]
    done = subprocess.run(ns.argv(command), pass_fds=ns.fds, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return {(r["target"], r.get("family")): r for r in json.loads(done.stdout)["results"]}


def as_far(ns, trips):
    """Never less than the line's delay so many times; above it is the server's own work on a
    machine that does other things too, but by less than another trip."""
    return trips * DELAY_MS - 0.5 <= ns / 1e6 <= trips * DELAY_MS + DELAY_MS * 0.9


def one(found):
    (r,) = found.values()
    return r


def scene(the_lab):
    """box == near (a router) == delay == srv; box has a second way to near."""
    box, near, mid, srv = (lab.Netns(the_lab, n) for n in ("box", "near", "mid", "srv"))
    the_lab.link(box, "if0", near, "box0")
    the_lab.link(box, "if1", near, "box1")
    the_lab.link(near, "line", mid, "near")
    the_lab.link(mid, "off", srv, "eth0")
    for ns, dev, *addresses in (
            (box, "if0", BOX4 + "/26", BOX6 + "/64"),
            (near, "box0", NEAR4 + "/26", NEAR6 + "/64"),
            (box, "if1", ANOTHER + "/26"), (near, "box1", SECOND + "/26"),
            (near, "line", "198.51.100.1/24", "2001:db8:2::1/64"),
            (srv, "eth0", SRV4 + "/24", SRV6 + "/64")):
        for address in addresses:
            ns.sh(f"ip addr add {address} dev {dev}")
    near.sysctl("net/ipv4/ip_forward", "1")
    near.sysctl("net/ipv6/conf/all/forwarding", "1")
    near.sysctl("net/ipv4/icmp_ratelimit", "0")
    box.sh(f"ip route add default via {NEAR4}")
    box.sh(f"ip route add {SRV4} via {NEAR4} metric 10")
    box.sh(f"ip route add {SRV4} via {SECOND} metric 100")
    box.sh(f"ip -6 route add default via {NEAR6}")
    srv.sh("ip route add default via 198.51.100.1")
    srv.sh("ip -6 route add default via 2001:db8:2::1")
    bridge = mid.popen([os.environ["BW_DELAYBRIDGE"], "near", "off", str(DELAY_MS * 500)],
                       stdout=subprocess.PIPE, universal_newlines=True)
    assert bridge.stdout.readline() == "ready\n"
    return box, near, srv


# ---- servers that we did not write

def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


CA = """[ca]
default_ca = own
[own]
dir = .
new_certs_dir = .
database = index
serial = serial
certificate = ca.crt
private_key = ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def certificates(folder):
    """An authority; good for 40 days, expired 3 days ago, made out to another name; and one
    that is its own authority."""
    with open(f"{folder}/ca.conf", "w", encoding="ascii") as f:
        f.write(CA)
    open(f"{folder}/index", "w", encoding="ascii").close()
    with open(f"{folder}/serial", "w", encoding="ascii") as f:
        f.write("01\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *key, "-days", "400", "-subj", "/CN=Oak Authority",
            "-keyout", "ca.key", "-out", "ca.crt")

    def at(days):
        return subprocess.run(["date", "-u", "-d", f"{days} days", "+%Y%m%d%H%M%SZ"], check=True,
                              stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()

    for name, cn, begin, end in (("good", "good.maple.example", at(-9), at(40)),
                                 ("expired", "expired.maple.example", at(-90), at(-3)),
                                 ("other", "elm.example", at(-9), at(40))):
        openssl(folder, "req", *key, "-subj", f"/CN={cn}", "-addext", f"subjectAltName=DNS:{cn}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(folder, "ca", "-batch", "-config", "ca.conf", "-startdate", begin, "-enddate",
                end, "-in", f"{name}.csr", "-out", f"{name}.crt")
    cn = "nobody.maple.example"
    openssl(folder, "req", "-x509", *key, "-days", "30", "-subj", f"/CN={cn}", "-addext",
            f"subjectAltName=DNS:{cn}", "-keyout", "nobody.key", "-out", "nobody.crt")


def start_nginx(the_lab, srv):
    base = the_lab.path(f"nginx-{srv.fd}", "x")[:-2]
    certificates(base)
    os.makedirs(f"{base}/www")
    with open(f"{base}/www/page", "w", encoding="ascii") as f:
        f.write("maple\n" * 500)
    servers = "".join(f"""
  server {{ listen {SRV4}:443 ssl; listen [{SRV6}]:443 ssl; server_name {name}.maple.example;
    ssl_certificate {base}/{name}.crt; ssl_certificate_key {base}/{name}.key; root {base}/www; }}"""
                      for name in NAMES)
    with open(f"{base}/nginx.conf", "w", encoding="ascii") as f:
        f.write(f"""user root; daemon off; pid {base}/pid; worker_processes 1;
error_log {base}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {base}; proxy_temp_path {base};
  fastcgi_temp_path {base}; uwsgi_temp_path {base}; scgi_temp_path {base};
  server {{ listen {SRV4}:80; listen [{SRV6}]:80; root {base}/www;
    location /moved {{ return 302 https://good.maple.example/page; }}
    location /broken {{ return 503; }} }}{servers}
}}
""")
    srv.popen(["nginx", "-p", base, "-e", f"{base}/error.log", "-c", f"{base}/nginx.conf"],
              stdin=subprocess.DEVNULL)
    wait_for("nginx", lambda: ":443" in srv.sh("ss -ltn"))
    return f"{base}/ca.crt"


def start_resolvers(srv):
    """dnsmasq knows maple.example and a text too long for a datagram, and refuses what is not
    its own; another one is never able to answer."""
    words = ["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
             "--user=root", "--bind-interfaces", f"--listen-address={SRV4}",
             f"--listen-address={SRV6}", "--local=/example/",
             f"--host-record=old.example,{SRV4}", "--txt-record=long.example," + ",".join(["x" * 250] * 12)]
    for name in (*NAMES, "www"):
        words += [f"--host-record={name}.maple.example,{SRV4},{SRV6}"]
    srv.popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with srv.inside():
        unable = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    unable.bind((SRV4, 5353))
    threading.Thread(target=is_unable, args=(unable,), daemon=True).start()
    wait_for("dnsmasq", lambda: f"{SRV4}:53 " in srv.sh("ss -lun"))


def is_unable(sock):
    """A resolver that cannot, in dnspython's packets."""
    while True:
        data, peer = sock.recvfrom(4096)
        answer = dns.message.make_response(dns.message.from_wire(data))
        answer.set_rcode(dns.rcode.SERVFAIL)
        sock.sendto(answer.to_wire(), peer)


# ---- tcp

ONCE = ("--opt", "interval=500ms")


def ports(box):
    found = probe(box, "tcp", f"{SRV4}:80", f"[{SRV6}]:80", f"{SRV4}:81", "--seconds", "3",
                  "--opt", "interval=1s")
    fping = subprocess.run(box.argv(["fping", "-C", "20", "-p", "50", "-q", SRV4]),
                           pass_fds=box.fds, stderr=subprocess.PIPE, universal_newlines=True)
    times = sorted(float(t) for t in fping.stderr.split(":")[1].split() if t != "-")
    theirs = times[len(times) // 2]
    for (target, family), r in found.items():
        ours = r["rtt_p50_ns"] / 1e6
        print(f"  {target}: {r['codes']}, {ours:.3f} ms; fping {theirs:.3f} ms, set {DELAY_MS} ms")
        assert r["lost"] == 0 and r["sent"] == 3 - r["not_sent"], r
        assert r["codes"] == {"refused" if target.endswith("81") else "open": r["sent"]}, r
        assert abs(ours - DELAY_MS) <= 2, r
        assert family == (6 if "[" in target else 4), r


def forbidden(box, near, srv):
    """Who says so makes the difference: a router's word is silence, the target's is none."""
    rule = """table inet t {
  chain %s { type filter hook %s priority 0;
    tcp dport 80 %s
  }
}
"""
    cases = ((near, "forward", "reject with icmp type host-prohibited", None, True),
             (srv, "input", "reject with icmp type admin-prohibited", "unreachable", False),
             (near, "forward", "reject with icmp type port-unreachable", None, True),
             (srv, "input", "drop", None, False))
    for ns, hook, verdict, code, told in cases:
        ns.nft(rule % (hook, hook, verdict))
        r = one(probe(box, "tcp", f"{SRV4}:80", "--seconds", "1", *ONCE, "--opt", "timeout=300ms",
                      status=3))
        ns.sh("nft flush ruleset")
        print(f"  {ns.name}: {verdict}: {r.get('codes')}, {r.get('told')}")
        assert r["sent"] == r["lost"] > 0 and r["late"] == 0, r
        assert r.get("codes") == ({code: r["lost"]} if code else None), r
        assert ("told" in r) == told and "rtt_p50_ns" not in r, r
    # the first packet lost, the second one not: a user waits for a second …
    first = rule % ("input", "input", "tcp flags & (syn | ack) == syn numgen inc mod 2 == 0 drop")
    srv.nft(first)
    r = one(probe(box, "tcp", f"{SRV4}:80", "--seconds", "1", "--opt", "interval=1s"))
    srv.sh("nft flush ruleset")
    print(f"  first SYN lost: {r['rtt_p50_ns'] / 1e6:.1f} ms")
    assert r["codes"] == {"open": 1} and r["rtt_p50_ns"] / 1e6 >= 1000 + DELAY_MS - 2, r
    # … and nobody waits who gave up before it was sent again
    srv.nft(first)
    r = one(probe(box, "tcp", f"{SRV4}:80", "--seconds", "1", "--opt", "interval=1s", "--opt",
                  "timeout=700ms", status=3))
    srv.sh("nft flush ruleset")
    assert r["sent"] == r["lost"] == 1 and r["late"] == 0 and "codes" not in r, r


def a_page_refused(box, near, srv):
    """Refused is the target's own word, be it a reset or ICMP; a router's is silence."""
    reject = "reject with icmpx type port-unreachable"
    rule = """table inet t {
  chain %s { type filter hook %s priority 0; tcp dport 80 %s
  }
}
"""
    for ns, hook, port, code in ((srv, None, 81, "refused"), (srv, "input", 80, "refused"),
                                 (near, "forward", 80, None)):
        if hook:
            ns.nft(rule % (hook, hook, reject))
        for host in (SRV4, f"[{SRV6}]"):
            r = one(probe(box, "http_get", f"http://{host}:{port}/page", "--seconds", "1", "--opt",
                          "interval=1s", status=3))
            print(f"  {host}:{port}, {hook} of {ns.name}: {r.get('codes')}")
            assert r["sent"] == r["lost"] > 0, r
            assert r.get("codes") == ({code: r["lost"]} if code else None), r
        ns.sh("nft flush ruleset")


def one_family_fails_unseen_no_more(box, near, hosts):
    near.nft("""table inet t {
  chain forward { type filter hook forward priority 0; ip6 daddr %s drop
  }
}
""" % SRV6)
    found = probe(box, "tcp", "www.maple.example:80", "--seconds", "1", *ONCE, "--opt",
                  "timeout=300ms", hosts=hosts, status=3)
    near.sh("nft flush ruleset")
    four, six = found["www.maple.example:80", 4], found["www.maple.example:80", 6]
    assert four["codes"] == {"open": four["sent"]} and four["lost"] == 0, found
    assert six["sent"] == six["lost"] > 0 and "codes" not in six, found
    found = probe(box, "icmp", "www.maple.example", "--seconds", "1", "--opt", "family=both",
                  hosts=hosts)
    assert all(found["www.maple.example", f]["lost"] == 0 for f in (4, 6)), found
    found = probe(box, "tcp", "www.maple.example:80", "--seconds", "1", *ONCE, hosts=hosts)
    assert all(r["codes"] == {"open": r["sent"]} for r in found.values()), found
    # "it has none" is a resolver's word; where none answers, nobody knows
    for resolver, why in ((SRV4, "no IPv6 address"), ("127.0.0.1", "could not be looked up")):
        found = probe(box, "tcp", "old.example:80", "--seconds", "1", *ONCE, hosts=hosts,
                      resolver=resolver)
        assert found["old.example:80", 6]["sent"] == 0, found
        assert why in found["old.example:80", 6]["not_sent_reason"], found


def by_the_interface_that_was_asked_for(box, near):
    near.nft("""table inet t {
  counter tcp1 { }
  counter dns1 { }
  chain prerouting { type filter hook prerouting priority 0;
    iifname "box1" tcp flags syn counter name tcp1
    iifname "box1" udp dport 53 counter name dns1
  }
}
""")
    for kind, target, counter in (("tcp", f"{SRV4}:80", "tcp1"), ("dns", SRV4, "dns1"),
                                  ("http_get", f"http://{SRV4}/page", "tcp1")):
        before = near.counters()[counter][0]
        one(probe(box, kind, target, "--seconds", "1", "--opt", "interval=1s"))
        assert near.counters()[counter][0] == before, kind
        r = one(probe(box, kind, target, "--seconds", "1", "--opt", "interval=1s", "--device",
                      "if1"))
        seen = near.counters()[counter][0] - before
        print(f"  {kind} by if1: {seen} packets")
        assert r["lost"] == 0 and seen == r["sent"] > 0, (kind, r, seen)
    near.sh("nft flush ruleset")
    r = one(probe(box, "tcp", f"{SRV4}:80", "--seconds", "1", *ONCE, "--device", "nowhere", status=1))
    assert r["sent"] == 0 and "No such device" in r["not_sent_reason"], r


# ---- dns

def answers_of_resolvers(box):
    def ask(target, *args, **kw):
        return one(probe(box, "dns", target, "--seconds", "1", "--opt", "interval=500ms",
                         *(w for a in args for w in ("--opt", a)), **kw))

    cases = (
        (SRV4, ("name=www.maple.example",), "noerror", False),
        (SRV6, ("name=www.maple.example", "type=AAAA"), "noerror", False),
        (SRV4, ("name=nothing.example",), "nxdomain", False),
        (SRV4, ("name=www.maple.example", "transport=tcp"), "noerror", True),
        (SRV6, ("name=long.example", "type=TXT"), "noerror", True),  # truncated, then TCP
        (f"{SRV4}:5353", ("name=www.maple.example",), "servfail", False),
        (SRV6, ("name=ash.invalid",), "refused", False),
    )
    for target, args, code, tcp in cases:
        r = ask(target, *args)
        print(f"  {target} {args[0]}: {r['codes']}, {r['rtt_p50_ns'] / 1e6:.3f} ms")
        assert r["codes"] == {code: r["sent"]} and r["lost"] == 0, r
        assert ("connect_p50_ns" in r) == tcp, r
        trips = 3 if "long" in args[0] else 2 if tcp else 1
        assert as_far(r["rtt_min_ns"], trips), r
        if trips == 3:
            parts = [r[k] for k in ("dns_p50_ns", "connect_p50_ns", "first_byte_p50_ns")]
            assert all(as_far(p, 1) for p in parts), r
    r = ask(f"{SRV4}:54", "timeout=1s", status=3)
    assert r["codes"] == {"port-closed": r["lost"]}, r


# ---- http_get

def pages(box, ca):
    urls = [f"https://{n}.maple.example/page" for n in NAMES] + [
        f"http://{SRV4}/page", f"http://[{SRV6}]/broken", f"http://{SRV4}/moved",
        "http://nothing.example/", "http://old.example/page"]
    found = probe(box, "http_get", *urls, "--seconds", "1", "--opt", "interval=1s", "--opt",
                  f"resolver={SRV4}", "--opt", f"ca_file={ca}", status=3)
    expect = {"good": ("200", 39), "expired": ("tls-expired", -4), "other": ("tls-name", 39),
              "nobody": ("tls-untrusted", 29)}
    for family in (4, 6):
        for name, (code, days) in expect.items():
            r = found[f"https://{name}.maple.example/page", family]
            print(f"  {name} IPv{family}: {r['codes']} {r['cert_days']} days, " + ", ".join(
                f"{k} {r[k + '_p50_ns'] / 1e6:.1f}" for k in ("dns", "connect", "tls", "first_byte", "transfer")
                if k + "_p50_ns" in r))
            assert r["codes"] == {code: 1}, r
            assert days <= r["cert_days"] <= days + 1, r
            assert r["lost"] == (0 if code == "200" else 1), r
            assert as_far(r["dns_p50_ns"], 1), r
            assert abs(r["connect_p50_ns"] / 1e6 - DELAY_MS) <= 2, r  # of kernels only
            assert ("tls_p50_ns" in r) == (code == "200"), r
        r = found["https://good.maple.example/page", family]
        # of our own clock, which sees this machine's other work too
        assert r["tls_p50_ns"] / 1e6 >= DELAY_MS and r["first_byte_p50_ns"] / 1e6 >= DELAY_MS - 0.5, r
        assert r["rtt_p50_ns"] >= sum(r[k] for k in r if k.endswith("_p50_ns") and k != "rtt_p50_ns"), r
        r = found["http://nothing.example/", family]
        assert r["codes"] == {"dns-nxdomain": 1} and r["lost"] == 1, r
    assert found[f"http://{SRV4}/page", 4]["codes"] == {"200": 1}
    assert "dns_p50_ns" not in found[f"http://{SRV4}/page", 4]
    assert found[f"http://[{SRV6}]/broken", 6]["codes"] == {"503": 1}
    assert found[f"http://{SRV4}/moved", 4]["codes"] == {"302": 1}
    assert found["http://old.example/page", 4]["codes"] == {"200": 1}
    assert found["http://old.example/page", 6]["sent"] == 0
    assert "no IPv6 address" in found["http://old.example/page", 6]["not_sent_reason"]
    r = one(probe(box, "http_get", f"http://{SRV4}/moved", "--seconds", "1", "--opt", "follow=yes",
                  "--opt", f"resolver={SRV4}", "--opt", f"ca_file={ca}"))
    assert r["codes"] == {"200": 1} and "tls_p50_ns" in r and "dns_p50_ns" in r, r
    assert r["connect_p50_ns"] / 1e6 >= 2 * DELAY_MS - 1, r  # of both hops


# ---- the daemon

def in_a_record(the_lab, box, near, ca):
    near.nft("""table inet t {
  counter own { }
  counter asked { }
  chain prerouting { type filter hook prerouting priority 0;
    ip saddr %s meta l4proto { tcp, udp } th dport { 53, 80, 443 } counter name own
    ip saddr %s meta l4proto { tcp, udp } th dport { 53, 80, 443 } counter name asked
  }
}
""" % (BOX4, ANOTHER))
    text = (Box.CIRCUIT % "if0").replace("source = kernel", f"""source = kernel
    source_address = "{ANOTHER}\"""") + f"""
tcp "services" {{ circuit = wan interval = 1s
    target "web" {{ address = "{SRV4}:80" }}
    target "nothing" {{ address = "[{SRV6}]:81" }} }}
dns "resolvers" {{ circuit = wan interval = 1s name = "www.maple.example"
    target "resolver" {{ address = "{SRV4}" }} }}
http_get "pages" {{ circuit = wan interval = 1s resolver = "{SRV4}" ca_file = "{ca}"
    target "page" {{ address = "https://good.maple.example/page" }}
    target "bad" {{ address = "https://expired.maple.example/page" }} }}
"""
    with Box(text=text, interval="3s", place=box, folder=the_lab.path("daemon", "x")[:-2]) as daemon:
        daemon.start()
        daemon.wait_records(2)
        daemon.stop()
        daemon.verify()
        said = daemon.command("journal", "export", "--journal", daemon.state + "/journal.db",
                              "--format", "json")
    counts = near.counters()
    near.sh("nft flush ruleset")
    print(f"  packets from the circuit's address {counts['asked'][0]}, another {counts['own'][0]}")
    assert counts["asked"][0] > 20 and counts["own"][0] == 0, counts
    records = [r["summary"] for r in json.loads(said)["records"]]
    whole = records[1]  # from border to border; the first began with the daemon
    assert whole["end"] - whole["start"] == 3, records
    by = {(x["probe"], x["family"]): x for x in whole["latency"]}
    assert set(by) == {("web", 4), ("nothing", 6), ("resolver", 4), ("page", 4), ("page", 6),
                       ("bad", 4), ("bad", 6)}, by
    for key, kind, code, lost in ((("web", 4), "tcp", "open", False),
                                  (("nothing", 6), "tcp", "refused", False),
                                  (("resolver", 4), "dns", "noerror", False),
                                  (("page", 4), "http_get", "200", False),
                                  (("page", 6), "http_get", "200", False),
                                  (("bad", 6), "http_get", "tls-expired", True)):
        x = by[key]
        print(f"  {key}: {x['kind']} sent {x['sent']} lost {x['lost']} {x['codes']}")
        assert x["kind"] == kind and x["codes"] == [{"code": code, "n": x["sent"]}], x
        assert x["sent"] >= 2 and x["lost"] == (x["sent"] if lost else 0), x
        assert ("rtt_hist" in x) == (not lost), x
    assert by["page", 4]["cert_days"] in (39, 40) and by["bad", 4]["cert_days"] in (-4, -3)
    assert [p["phase"] for p in by["page", 6]["phases"]] == [
        "dns", "connect", "tls", "first-byte", "transfer"], by["page", 6]
    assert "outages" not in whole, whole


def in_turn(*parts):
    began = time.monotonic()
    for part in parts:
        part()
        print(f"{time.monotonic() - began:.1f} s")


def work(the_lab):
    box, near, srv = scene(the_lab)
    ca = start_nginx(the_lab, srv)
    start_resolvers(srv)
    in_turn(lambda: ports(box), lambda: answers_of_resolvers(box), lambda: pages(box, ca))
    hosts = the_lab.path("hosts")
    with open(hosts, "w", encoding="ascii") as f:
        f.write(f"{SRV4} www.maple.example old.example\n{SRV6} www.maple.example\n")
    # no delays from here on
    box2, near2, srv2 = scene(the_lab)
    ca2 = start_nginx(the_lab, srv2)
    start_resolvers(srv2)
    lab.at_once(lambda: in_turn(lambda: forbidden(box, near, srv),
                                lambda: a_page_refused(box, near, srv),
                                lambda: one_family_fails_unseen_no_more(box, near, hosts)),
                lambda: in_turn(lambda: by_the_interface_that_was_asked_for(box2, near2),
                                lambda: in_a_record(the_lab, box2, near2, ca2)))
    return 0


if __name__ == "__main__":
    lab.main(work)
