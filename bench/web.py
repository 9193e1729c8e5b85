# SPDX-License-Identifier: GPL-3.0-or-later
"""web - a state of 10,000 schools with a year of days, their boxes delivering, and 64 people
looking at pages: server time and size of every page, pictures, ingest beside them, memory.

BW_WEB_SITES, _DAYS, _RECENT (days of which every site has records), _A_DAY (so many each),
_FULL (sites with every record), _LOOKED_AT (sites whose pages are asked for: they have every record of
eight days), _SECONDS (of one round), _ROUNDS, _VIEWERS, _PAUSE_MS, _SETTLE_S
set what is generated and looked at; BW_WEB_KEEP names a folder in which the generated state is
kept and found again."""
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time

from benchlib import Bar, Row, bench, program
from bwtest import Collector, SceneError
from bwtest import program as installed
from bwtest.folder import scratch
from bwtest.people import first
from bwtest.place import HOST, free_port, wait_for

KB = 1000


def number(name, default):
    return int(os.environ.get("BW_WEB_" + name, default))


class Plan:
    def __init__(self):
        self.sites, self.days = number("SITES", 10000), number("DAYS", 365)
        self.recent, self.a_day = number("RECENT", self.days), number("A_DAY", 1)
        self.full = number("FULL", 4)
        self.looked_at = number("LOOKED_AT", 100)
        self.every = max(1, self.sites // self.looked_at)
        self.seconds, self.rounds = number("SECONDS", 60), number("ROUNDS", 3)
        self.viewers, self.pause_ms = number("VIEWERS", 64), number("PAUSE_MS", 2000)
        self.settle_s = number("SETTLE_S", 60)
        self.rate = 33
        self.made = f"{self.sites} {self.days} {self.recent} {self.a_day} {self.full} {self.every} 2"


def said(argv, **kw):
    done = subprocess.run(HOST.argv(argv), stdout=subprocess.PIPE, encoding="utf-8", check=False,
                          **kw)
    if done.returncode != 0:
        raise SceneError(f"{' '.join(argv[:3])}: status {done.returncode}")
    return json.loads(done.stdout)


# --- what is there


def generate(plan, folder, say):
    """The data folder; what was kept of an earlier run is taken as it is."""
    data, mark = os.path.join(folder, "data"), os.path.join(folder, "made")
    step, sites, days = program("gen_folder"), str(plan.sites), str(plan.days)
    told = None
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as f:
            told = json.load(f)
        if told["made"] != plan.made:
            raise SceneError(f"{folder} has another state: {told['made']}, not {plan.made}")
        for name in ("people.db", "people.db-wal", "people.db-shm"):
            if os.path.exists(os.path.join(data, name)):
                os.unlink(os.path.join(data, name))
    else:
        os.makedirs(data, exist_ok=True)
        quick = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        # each of its rows is a commit
        with tempfile.TemporaryDirectory(dir=quick, prefix="bw-web-") as near:
            cat = said([step, "catalogue", near, sites, days])
            for name in os.listdir(near):
                if name.startswith("catalogue.db"):
                    shutil.move(os.path.join(near, name), data)
        say(f"{cat['entities']} entities, {cat['sites']} sites; now their records")
        book = said([step, "ledger", data, sites, days, str(plan.recent), str(plan.a_day),
                     str(plan.full), str(plan.every)])
        room = said([step, "room", data, sites, days])
        told = {"made": plan.made, **cat, **book, "rows": room["rows"]}
        with open(mark, "w", encoding="utf-8") as f:
            json.dump(told, f)
    said([step, "fresh", data, sites])
    return told


def tell(plan, told, say):
    five = plan.sites * plan.days * 288
    say(f"generated: {told['records']:,} signed five-minute records in the ledger "
        f"({told['sealed_days']} sealed days, {told['sealed_bytes'] / 1e6:,.0f} MB): {plan.a_day} a day "
        f"of each site for {plan.recent} days, 24 on the last whole day and today, and of "
        f"{plan.full} sites all 288 a day for {plan.days} days, of one site in {plan.every} all of eight days")
    say(f"           {told['rows']:,} day rows in room.db, drawn by the generator, not folded from records")
    say(f"           five-minute records of all {plan.sites:,} sites for {plan.days} days would be {five:,}: "
        f"this ledger has {100 * told['records'] / five:.2f} % of them")


# --- pages


def fill(plan):
    """Some ids of each kind, spread over the state; the sites with every record come first."""
    with open(os.path.join(plan.folder, "ids"), encoding="utf-8") as f:
        sites = f.read().split()
    spread = range(0, plan.sites, plan.every)
    return {"sites": [sites[i] for i in spread],
            "circuits": [sites[i] + ".wan" for i in spread],
            "schools": [f"school-{i}" for i in spread],
            "districts": [f"district-{i}" for i in range(0, (plan.sites + 9) // 10,
                                                         max(1, plan.sites // 1000))],
            "regions": [f"region-{i}" for i in range(20)],
            "full": sites[:plan.full] or sites[:1]}


WEIGHT = {"/": 25, "/sites": 8, "/sites/{}": 20, "/districts": 8, "/districts/{}": 12,
          "/schools/{}": 8}
MORE = {"/": [("/?only=silent", 3), ("/?only=at-risk", 2)],
        "/sites": [("/sites?page=9", 2), ("/sites?q=alder", 2), ("/sites?state=silent", 2)]}
NOT_LOOKED_AT = ("/api/", "/log/", "/metrics", "/healthz", "/static/", "/s/", "/sign-in", "/set-up/",
                 "/problems/", "/oidc/")


def routes():
    """(pattern) of each page of this collector, as it prints them."""
    text = subprocess.run([installed("bandwitness-collector"), "--routes"], stdout=subprocess.PIPE,
                          encoding="utf-8", check=True).stdout
    found = re.findall(r"^GET\s+(/\S*)", text, re.M)
    return [p for p in found if not p.startswith(NOT_LOOKED_AT) and p != "/account"]


def paths_of(pattern, ids):
    """Addresses of a page; none where nobody knows what to put in."""
    if "{" not in pattern:
        return [pattern]
    kind = pattern.split("/")[1]
    return [pattern.replace("{}", i) for i in ids.get(kind, [])] if pattern.count("{") == 1 else []


def pictures(site, last, full):
    base = f"/api/v1/circuits/{site}.wan/graph"
    names = ("link", "latency-provider-edge", "latency-state-hub", "throughput")
    kind = "all" if full else "few"
    return " ".join(f"graph.{last[0]}.{kind}={base}/{n}.svg?last={last[1]}" for n in names)


SPANS = {"day": 86400, "week": 7 * 86400, "month": 31 * 86400, "year": 366 * 86400}


def views(plan, ids, patterns):
    """Lines for bench_viewers, and the pages that nobody looks at."""
    lines, left_out, sample = [], [], {}
    for pattern in patterns:
        paths = paths_of(pattern, ids)
        if not paths:
            left_out.append(pattern)
            continue
        for name, weight, some in [(pattern, WEIGHT.get(pattern, 4), paths),
                                   *((p, w, [p]) for p, w in MORE.get(pattern, []))]:
            name = name.replace("=", ":")
            sample[name] = some[0]
            for path in some:
                line = f"{weight / len(some):.6f} {name}={path}"
                if pattern == "/sites/{}":
                    line += " " + pictures(path.split("/")[2], ("day", SPANS["day"]), False)
                lines.append(line)
    for span in ("week", "month", "year"):  # of lines that somebody works on
        for site in ids["full"]:
            lines.append(f"{2 / len(ids['full']):.6f} "
                         + pictures(site, (span, SPANS[span]), True))
    return lines, left_out, sample


def sizes(person, sample, say):
    """{name: (bytes of HTML, CSS and JS; the same as sent; how the page was packed)}"""
    found, parts = {}, {}
    for name, path in sorted(sample.items()):
        a = person.get(path, Accept_Encoding="gzip")  # as it is sent, beside what it holds
        if a.status != 200:
            say(f"{path}: status {a.status}")
            continue
        html = gzip.decompress(a.body) if a.headers.get("Content-Encoding") == "gzip" else a.body
        linked = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', html.decode("utf-8"))
        for link in linked:
            if link not in parts:
                parts[link] = [person.get(link, Accept_Encoding=e).body for e in ("identity", "gzip")]
        whole = [html, *(parts[x][0] for x in linked)]
        found[name] = (sum(map(len, whole)), len(a.body) + sum(len(parts[x][1]) for x in linked),
                       a.headers.get("Content-Encoding") or "none")
    return found


# --- processes


def cpu_s(pid):
    """Of all threads, ended ones included."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(x) for x in f.read().split()]


def children_cpu_s(pid):
    """By the scheduler's own count of ns: these have one thread each."""
    total = 0
    for child in children(pid):
        with open(f"/proc/{child}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def rss_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return {k: int(v) / 1024 for k, v in re.findall(r"(VmRSS|RssAnon|VmHWM):\s+(\d+)", f.read())}


class Run:
    """A collector that stands, and who asks it."""

    def __init__(self, plan, c, say):
        self.plan, self.c, self.say, self.next = plan, c, say, 0

    def feed(self):
        p = self.plan
        return subprocess.Popen(
            HOST.argv([program("bench_feed"), self.c.data, str(self.c.port), str(p.sites),
                       str(self.next), str(p.rate), str(p.seconds)]), stdout=subprocess.PIPE)

    def fed(self, proc):
        out, _ = proc.communicate(timeout=self.plan.seconds + 300)
        told = json.loads(out) if out else {}
        if not told or told["faults"]:
            self.say(f"the boxes met faults: {told}")
        self.next = told.get("next", self.next)
        return told

    def look(self, lines, port=None, viewers=None, pause_ms=None, seconds=None, cookie=""):
        p = self.plan
        return said([program("bench_viewers"), str(port or self.c.port), str(viewers or p.viewers),
                     str(seconds or p.seconds), str(p.pause_ms if pause_ms is None else pause_ms),
                     *([cookie] if cookie else [])], input="\n".join(lines) + "\n")


def settle(person, plan, say):
    began = time.monotonic()
    while time.monotonic() - began < plan.settle_s:
        time.sleep(2)
    m = metrics(person)
    say("after {:.0f} s: {:,.0f} days folded, {:,.0f} circuits wait, {:,.0f} days of the past left to fill"
        .format(plan.settle_s, m["room_days_folded_total"], m["room_circuits_waiting"],
                m["room_days_left_to_fill"]))


def metrics(person):
    return {k: float(v) for k, v in re.findall(r"^bandwitness_(\w+) ([0-9.eE+-]+)$",
                                               person.get("/metrics").text, re.M)}


def fresh_years(run, person, ids, n=24):
    """CPU of the drawing processes for one year's picture (gzip with it), files up to date, none of
    the cache; first how long the first picture of all takes, with the files' making."""
    base = "/api/v1/circuits/{}.wan/graph/{}.svg?last=31622400&width={}"
    site, pid = ids["full"][-1], run.c.proc.pid
    began, cpu = time.monotonic(), cpu_s(pid)
    answer = person.get(base.format(site, "link", 611))
    made_s, made_cpu_s = time.monotonic() - began, cpu_s(pid) - cpu
    if answer.status != 200:
        raise SceneError(f"no picture: {answer.status}")
    out, packed = {}, {}
    for series in ("link", "latency-state-hub", "throughput"):
        person.get(base.format(site, series, 612))
        costs = []
        for i in range(n):
            before = children_cpu_s(pid)
            a = person.get(base.format(site, series, 620 + i), Accept_Encoding="gzip")
            costs.append((children_cpu_s(pid) - before) * 1000)
            if a.headers.get("Content-Encoding") == "gzip":
                packed[series] = max(packed.get(series, 0), len(a.body))
        out[series] = costs
    return made_s, made_cpu_s, out, packed, a.headers.get("Content-Encoding") or "none"


def start_nginx(folder, page):
    port = free_port()
    os.makedirs(folder + "/www", exist_ok=True)
    with open(folder + "/www/page.html", "wb") as f:
        f.write(page)
    with open(folder + "/nginx.conf", "w", encoding="ascii") as f:
        f.write(f"""{"user root;" if os.geteuid() == 0 else ""}
daemon off; pid {folder}/pid; worker_processes 1; error_log {folder}/error.log;
events {{ }}
http {{ access_log off; default_type text/html; keepalive_requests 1000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
""")
    proc = HOST.popen(["nginx", "-e", folder + "/error.log", "-c", folder + "/nginx.conf"])
    return port, proc


# --- all of it


def measure(plan, folder, say):
    told = generate(plan, folder, say)
    tell(plan, told, say)
    plan.folder = folder
    with open(os.path.join(folder, "ids"), "w", encoding="ascii") as f:
        f.write(subprocess.run([program("gen_folder"), "ids", folder, str(plan.sites)], check=True,
                               stdout=subprocess.PIPE, encoding="ascii").stdout)
    ids = fill(plan)
    rows = []
    began = time.monotonic()
    with Collector(folder=folder, access="accounts") as c:
        pid, run = c.proc.pid, Run(plan, c, say)
        person = first(c)
        wait_for("a first room", lambda: person.get("/").status == 200, 600)
        say(f"a room was there at most {time.monotonic() - began:.1f} s after the start, with "
            "somebody's set-up and sign-in")
        settle(person, plan, say)
        patterns = routes()
        lines, left_out, sample = views(plan, ids, patterns)
        if left_out:
            say(f"pages that this bench does not know how to ask for: {' '.join(left_out)}")
        rows += page_sizes(person, sample, say)
        made_s, made_cpu_s, costs, packed, encoding = fresh_years(run, person, ids)
        say(f"pictures are served with {encoding} compression")
        rows.append(Row(f"the first picture of a line, its files made of {plan.days} days", made_s, "s"))
        rows.append(Row("the collector's CPU meanwhile", made_cpu_s, "s"))
        cookie = "; ".join(f"{k}={v}" for k, v in person.cookies.items())
        rows += graph_rows(run, ids, cookie, costs, packed)
        page = person.get("/").body
        port, nginx = start_nginx(folder + "/nginx", page)
        try:
            rows += together(run, person, lines, cookie, port, say, pid)
        finally:
            nginx.terminate()
            nginx.wait()
    return rows


def page_sizes(person, sample, say):
    rows = []
    for name, (plain, packed, encoding) in sizes(person, sample, say).items():
        rows.append(Row(f"{name}  HTML + CSS + JS", plain / KB, "KB", bar=Bar(at_most=100)))
        say(f"{name:24} {plain / KB:7.1f} KB, {packed / KB:6.1f} KB as sent (page: {encoding})")
    return rows


def graph_rows(run, ids, cookie, costs, packed):
    path = f"/api/v1/circuits/{ids['full'][0]}.wan/graph/link.svg?last=31622400&width=640"
    cached = run.look([f"1 graph={path}"], viewers=1, pause_ms=1, seconds=5, cookie=cookie)
    rows = [Row(f"a fresh year SVG, {s}, CPU of who draws", v, "ms", bar=Bar(at_most=40))
            for s, v in costs.items()]
    rows += [Row(f"the same, as it is sent, {s}", v / KB, "KB", bar=Bar(at_most=40))
             for s, v in packed.items()]
    alone = cached["names"]["graph"]
    rows.append(Row("a cached graph, P50 of asking alone", alone["p50_ms"], "ms", bar=Bar(at_most=1)))
    rows.append(Row("the same, P95", alone["p95_ms"], "ms"))
    return rows


def together(run, person, lines, cookie, port, say, pid):
    """Rounds in turn: boxes alone, boxes and viewers; nginx with as many viewers."""
    plan = run.plan
    alone, beside, looked, peer, shares = [], [], [], [], []
    for n in range(plan.rounds):
        alone.append(run.fed(run.feed()))
        proc, before, at = run.feed(), metrics(person), time.monotonic()
        cpu = cpu_s(pid)
        looked.append(run.look(lines, cookie=cookie))
        beside.append(run.fed(proc))
        wall, after = time.monotonic() - at, metrics(person)
        shares.append({"collector": 100 * (cpu_s(pid) - cpu) / wall,
                       "keeper": 100 * (after["room_cpu_seconds_total"]
                                        - before["room_cpu_seconds_total"]) / wall,
                       "folded": after["room_days_folded_total"] - before["room_days_folded_total"],
                       "fold_s": after["room_cpu_seconds_total"] - before["room_cpu_seconds_total"]})
        proc = run.feed()
        peer.append(run.look(["1 page=/page.html"], port=port))
        run.fed(proc)
        say(f"round {n + 1}: {looked[-1]['views'] / looked[-1]['seconds']:.1f} views a second "
            f"({looked[-1]['requests'] / looked[-1]['seconds']:.0f} requests, "
            f"{looked[-1]['faults']} faults); ingest P95 {alone[-1]['p95_ms']} ms alone, "
            f"{beside[-1]['p95_ms']} ms beside them")
    end, mem = metrics(person), rss_mib(pid)
    rows = page_rows(looked, peer, say)
    for what in ("p50_ms", "p95_ms"):
        rows.append(Row(f"ingest of {plan.rate} a second, {what[:3].upper()}, with {plan.viewers} viewers",
                        [b[what] for b in beside], "ms", "without them", [a[what] for a in alone],
                        Bar(at_most_times_peer=1.2)))
    rows += [
        Row("resident memory of the collector", mem["VmRSS"], "MiB"),
        Row("of it anonymous", mem["RssAnon"], "MiB"),
        Row("the room in memory", end["room_bytes"] / 2**20, "MiB"),
        Row("making a room", end["room_make_microseconds"] / 1000, "ms"),
        Row("the collector's CPU meanwhile, of one core", [s["collector"] for s in shares], "%"),
        Row("of it the room's keeper", [s["keeper"] for s in shares], "%"),
        Row("age of the oldest today that waits", end["room_lag_seconds"], "s"),
    ]
    folded = [1000 * s["fold_s"] / s["folded"] for s in shares if s["folded"]]
    if folded:
        rows.append(Row("the keeper's CPU for one day folded, all it did", folded, "ms"))
    else:
        say("the keeper folded no day in these rounds")
    return rows


def page_rows(looked, peer, say):
    rows = []
    names = sorted({n for r in looked for n in r["names"]})
    nginx = [r["names"]["page"]["p95_ms"] for r in peer]
    for name in names:
        got = [r["names"][name] for r in looked if name in r["names"] and r["names"][name]["n"]]
        if not got:
            say(f"{name}: nobody looked at it")
            continue
        bad = sum(g["not_ok"] for g in got)
        mid = {k: statistics.median(g[k] for g in got) for k in ("p50_ms", "p95_ms", "p99_ms", "max_ms")}
        say(f"{name:24} n {sum(g['n'] for g in got):6}  P50 {mid['p50_ms']:8.2f}  P95 {mid['p95_ms']:8.2f}  "
            f"P99 {mid['p99_ms']:8.2f}  longest {mid['max_ms']:8.2f} ms"
            + (f"; {bad} not 200 (as {max(g['status'] for g in got)})" if bad else ""))
        if name.startswith("graph."):
            rows.append(Row(f"{name}  P95", [g["p95_ms"] for g in got], "ms"))
            rows.append(Row(f"{name}  as it is sent, the largest", max(g["bytes"] for g in got) / KB, "KB",
                            bar=Bar(at_most=40)))
            rows[-1].ok = rows[-1].ok and not bad
            continue
        row = Row(f"{name}  P95", [g["p95_ms"] for g in got], "ms",
                  *(("nginx, a file", nginx) if name == "/" else ()),
                  bar=Bar(at_most=50 if name == "/" else 150))
        row.ok = row.ok and not bad
        rows.append(row)
    return rows


@bench("web", "a state's room: 10,000 sites, a year of days, 64 viewers beside ingest")
def web(say):
    plan = Plan()
    say(f"load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    keep = os.environ.get("BW_WEB_KEEP")
    if keep:
        os.makedirs(keep, exist_ok=True)
        rows = measure(plan, os.path.abspath(keep), say)
    else:
        with scratch() as folder:
            rows = measure(plan, folder, say)
    say(f"load of this machine at the end: {os.getloadavg()[0]:.1f}; figures of a busy machine are too bad")
    return rows
