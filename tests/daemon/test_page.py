# SPDX-License-Identifier: GPL-3.0-or-later
"""From packets on a line to what a browser shows: generated traffic passes a real box, its records
reach a real collector, and Chromium opens the site's page."""
import json
import math
import os
import subprocess

from bwtest import Box, Collector, scratch, wait_for
from bwtest.browser import Browser, NoBrowser
from bwtest.scenes import Skipped, in_netns, run_scenes, scene

GENERATOR, REPLAY = os.environ.get("BW_GEN_TRAFFIC"), os.environ.get("BW_REPLAY_TRAFFIC")
NAMES = {"mix": "By kind of traffic", "families": "By IP version", "sizes": "By length of packet"}
CIRCUIT = """
circuit "wan" {
    vantage = bridge
    source = kernel
    interface = "line"
    claim { down = 20M up = 20M }
    capture = flows
    flows_one_in = 1
    router = "%s"
    inside = "10.20.0.0/16 2001:db8:20::/48"
}
"""
# {label of a table: [[cell, …] of each row]}, {caption of a picture: [its width as made and as shown]}
TABLES = """Object.fromEntries([...document.querySelectorAll('[role=region]')].map(r => [
    r.getAttribute('aria-label'), [...r.querySelectorAll('tbody tr')].map(t =>
        [...t.children].map(c => c.innerText.replace(/\\s+/g, ' ').trim()))]))"""
PICTURES = "[...document.images].map(i => [i.currentSrc, i.naturalWidth, i.clientWidth])"
# Elements that stick out on the right, unless within a region that scrolls by itself.
OVERFLOW = """[document.documentElement.scrollWidth - document.documentElement.clientWidth,
    [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll table') &&
        !e.closest('pre') && !e.closest('picture') && !e.classList.contains('skip') &&
        e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
        .map(e => e.tagName + '.' + e.className + ': ' + e.innerText.slice(0, 40))]"""


def generated(folder):
    """(file, truth) of six seconds of a school."""
    pcap, path = os.path.join(folder, "school.pcap"), os.path.join(folder, "truth.json")
    subprocess.run([GENERATOR, "--seed", "17", "--duration-ms", "6000", "--pps", "5000",
                    "--truth", path, pcap], check=True)
    with open(path, encoding="ascii") as f:
        return pcap, json.load(f)


def bridge():
    """far ─ line ═ school ─ near: a box that is a bridge, and watches its port to the router."""
    for name in ("all", "default"):
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as f:
            f.write("1")  # the kernel has nothing to say
    for words in ("add line mtu 65535 type veth peer name far mtu 65535",
                  "add school mtu 65535 type veth peer name near mtu 65535",
                  "add box mtu 65535 type bridge mcast_snooping 0",
                  "set line master box", "set school master box",
                  *(f"set {name} up" for name in ("box", "line", "school", "far", "near"))):
        subprocess.run(["ip", "link", *words.split()], check=True)


def told(records, member, way):
    """(bytes, {row: its shares}) of the intervals that count: looked at for half of it or more."""
    return [(c[way]["bytes"], {m["class"]: m for m in t[member] if f"{way}_ppm" in m})
            for r in records for c in r["circuits"] for t in r.get("traffic", [])
            if any(f"{way}_ppm" in m for m in t.get(member, [])) and "bytes" in c.get(way, {})
            and 2 * t["covered_s"] >= r["end"] - r["start"]]


def worked_out(records, member):
    """{row: [(share, low, high) or None of down, up]}, in ppm, from the journal alone."""
    found = {}
    for d, way in enumerate(("down", "up")):
        rows = told(records, member, way)
        total = sum(b for b, _ in rows)
        for name in {k for _, m in rows for k in m} if total else ():
            parts = [(b, m[name][f"{way}_ppm"], m[name].get(f"{way}_low_ppm"),
                      m[name].get(f"{way}_high_ppm")) for b, m in rows if name in m]
            mean = sum(b * v for b, v, _, _ in parts) / total
            low, high = (math.sqrt(sum((b * ((p[e] if p[e] is not None else p[1]) - p[1])) ** 2
                                       for p in parts for b in (p[0],))) / total for e in (2, 3))
            found.setdefault(name, [None, None])[d] = (
                mean, max(0, mean - low), min(1e6, mean + high))
    return found


def same(rows, records, member):
    """Each figure of a table, shown to a hundredth of a percent."""
    want = worked_out(records, member)
    assert len(rows) == len(want) > 1, (rows, want)
    for row in rows:
        name = row[0].replace("IPv", "ipv")
        if member == "sizes":
            name = name.replace(" to ", "-").replace(" and more", "-")
        for cell, figures in zip(row[1:], want[name]):
            if figures is None:
                assert cell == "–", row
                continue
            shown = [float(x) * 10_000 for x in cell.replace("%", " ").replace(" to ", " ").split()]
            assert len(shown) == 3, row
            assert all(abs(a - b) < 103 for a, b in zip(shown, figures)), (row, figures)


def watched(box, pcap, router):
    """Traffic passes once, both ways. A flow is over five seconds behind its end, and its size is
    told by the interval of its packets: one of less than that would tell none."""
    said = json.loads(subprocess.run(
        [REPLAY, "--up", "near", "--router", router, "far", pcap], check=True,
        stdout=subprocess.PIPE, universal_newlines=True).stdout)
    assert said["packets"] > 10_000, said
    wait_for("sizes of its flows", lambda: any(
        "flow_size_hist" in t for r in box.records() for t in r.get("traffic", [])))
    for member in NAMES:
        assert told(box.records(), member, "down"), box.records()


@scene
@in_netns
def traffic_on_a_page():
    try:
        browser = Browser()
    except NoBrowser as e:
        raise Skipped(e) from None
    with browser, scratch() as folder, Collector() as collector:
        pcap, truth = generated(folder)
        bridge()
        with Box(CIRCUIT % truth["router_mac"] + collector.as_conf(), interval="8s") as box:
            token = collector.token("--site", "Hornbeam School")
            box.enroll(collector, token["token"])
            box.start()
            wait_for("the capture", lambda: box.status()["circuits"][0]["capture"]["state"] == "running")
            watched(box, pcap, truth["router_mac"])
            last = box.records()[-1]["seq"]
            wait_for("all is delivered", lambda: box.acked() >= last, 30)
            box.stop()
            records = [r for r in box.records()
                       if r["seq"] <= box.db().execute("SELECT acked_through FROM chains").fetchone()[0]]
            seen(browser, f"{collector.url}/sites/{token['site']}?range=hour", collector.url, records)


def seen(browser, url, base, records):
    for width in (1280, 360):
        browser.open(url, width)
        found = browser.run(TABLES)
        assert set(NAMES.values()) <= set(found), (set(found), records)
        for member, label in NAMES.items():
            same(found[label], records, member)
        flows = int(found["Sizes of flows"][0][1].replace(" ", ""))
        assert flows > 10, found["Sizes of flows"]
        pictures = browser.run(PICTURES)
        assert {"link", "traffic", "rtt", "resent", "saturated"} <= {
            src.split("/graph/")[1].split(".")[0] for src, _, _ in pictures}, pictures
        assert all(made > 300 and shown > 0 for _, made, shown in pictures), pictures
        wider, elements = browser.run(OVERFLOW)
        assert wider == 0 and elements == [], (width, wider, elements)
        shots = os.environ.get("BW_SCREENSHOTS")
        if shots:
            browser.picture(os.path.join(shots, f"traffic-{width}.png"))
    foreign = [r for r in browser.requests if not r.startswith(base + "/") and r != "about:blank"]
    assert foreign == [], foreign
    assert browser.complaints == [], browser.complaints


if __name__ == "__main__":
    run_scenes()
