#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_bag.py BANDWITNESS GEN_YEAR - `bandwitness bundle` and `bandwitness verify BAG`.

A bag is packed from each source, held against RFC 8493 and python3-jwcrypto (by the very lines
that its README gives to strangers), and against `bandwitness report` on the same source. Then
one bit is changed in every file of it, some of the archive's own, and files are changed by
somebody who makes the manifests anew: each is to be found and named.
"""
import base64
import glob
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import bagit
import gen_usac
from bwtest.jose import Key, PyBox, circuit, latency

BANDWITNESS, GEN = sys.argv[1:3]
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FAULTS = []
ENV = {**os.environ, "SOURCE_DATE_EPOCH": "1800000000"}
GENERATE = ["--from", "2026-10-30T05:00:00Z", "--days", "4", "--offset", "-18000"]
ASK = ["--tz", "America/Chicago", "--from", "2026-10-31", "--to", "2026-11-02T12:00",
       "--class-hours", "08:00-15:30", "--claim-down", "100M", "--claim-up", "20M",
       "--place", "Alder ISD"]


def wrong(text):
    FAULTS.append(text)
    print("WRONG", text)


def run(*command, env=None, cwd=None):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, env=env or ENV, cwd=cwd, check=False)


def bandwitness(*arguments, **more):
    return run(BANDWITNESS, *arguments, **more)


def must(r, status, *words):
    for word in words:
        if word not in r.stdout + r.stderr:
            wrong(f"{r.args[1:4]}: '{word}' is not said: {r.stdout}{r.stderr}")
    if r.returncode != status:
        wrong(f"{r.args[1:]}: status {r.returncode}, not {status}: {r.stderr}")
    return r


def unpack(archive, where):
    subprocess.run(["tar", "--zstd", "--warning=no-timestamp", "-xf", archive, "-C", where],
                   check=True)
    (top,) = os.listdir(where)
    return os.path.join(where, top)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def without_check(text):
    report = json.loads(text)
    report["records"].pop("signatures")
    report["records"].pop("signatures_text", None)
    return report


def from_source(name, source, keys, place, ask=None):
    """A bag from one source; its folder."""
    ask = ask or [*ASK, "--rules", "none"]
    pdf = [] if name == "journal" else ["--no-pdf"] # they take the most time
    bag = f"{place}/{name}.tar.zst"
    r = must(bandwitness("bundle", *source, *keys, *ask, *pdf, "-o", bag, "--json"), 0)
    told = json.loads(r.stdout)
    if told["bytes"] != os.path.getsize(bag) or not told["signatures_hold"]:
        wrong(f"{name}: {told}")
    if name in ("file", "ledger"):
        again = f"{place}/again.tar.zst"
        must(bandwitness("bundle", *source, *keys, *ask, *pdf, "-o", again), 0)
        if read(bag) != read(again):
            wrong(f"{name}: packing it again gives other bytes")
    v = json.loads(must(bandwitness("verify", "--json", bag), 0).stdout)
    if not v["ok"] or v["records"] != told["records"] or v["verified"] != told["records"]:
        wrong(f"{name}: {v}")
    # four of the report, five packs in three forms, the README; six PDFs
    if v["compared"] != (20 if pdf else 26):
        wrong(f"{name}: {v['compared']} files were made again")
    os.mkdir(f"{place}/{name}")
    folder = unpack(bag, f"{place}/{name}")
    for fault in bagit.faults(folder):
        wrong(f"{name}: no bag by RFC 8493: {fault}")
    report = bandwitness("report", *source, *ask, "--format", "json")
    if without_check(report.stdout) != without_check(read(f"{folder}/data/report/report.json")):
        wrong(f"{name}: the report in the bag is not the one of its source")
    return bag, folder


def strangers_lines(folder):
    """What the README tells others to do, done."""
    text = read(f"{folder}/data/README.txt").decode()
    script = "\n".join(line[5:] for line in text.split("\n") if line.startswith("     "))
    script = script[script.index("import base64"):]
    r = run("/usr/bin/python3", "-c", script, cwd=folder)
    n = len(read(f"{folder}/../summaries.jose").splitlines())
    if r.returncode or f"{n} records, every signature and every link holds" not in r.stdout:
        wrong(f"the README's lines: {r.stdout}{r.stderr}")
    for line in re.findall(r"(?m)^ {5}(sha\d+sum .*)$", text):
        r = run(*line.split(), cwd=folder)
        if r.returncode:
            wrong(f"{line}: {r.stdout}{r.stderr}")
    if not {"Alder ISD", "America/Chicago"} <= set(re.findall(r"Alder ISD|America/Chicago", text)):
        wrong("the README does not name place and zone")


def one_bit_everywhere(folder):
    """One bit of every file: somewhere; of some, at their ends too."""
    rng = random.Random(7)
    for name in sorted(bagit.files(folder)):
        path = f"{folder}/{name}"
        good = read(path)
        places = {rng.randrange(len(good))}
        if name in ("bagit.txt", "manifest-sha256.txt", "data/query.json"):
            places |= {0, len(good) - 1}
        for at in sorted(places):
            bad = bytearray(good)
            bad[at] ^= 1 << rng.randrange(8)
            write(path, bytes(bad))
            r = bandwitness("verify", folder)
            if r.returncode != 1 or not re.search(rf"(?m)verify: {re.escape(name)}: ", r.stderr):
                wrong(f"a bit of {name}, byte {at}: status {r.returncode}, {r.stderr[:300]}")
        write(path, good)
    must(bandwitness("verify", folder), 0)


def bits_of_the_archive(bag, place):
    rng = random.Random(11)
    good = read(bag)
    path = f"{place}/flipped.tar.zst"
    places = [0, 1, 4, 5, 6, len(good) - 1, len(good) - 5]
    for at in places + [rng.randrange(len(good)) for _ in range(12)]:
        bad = bytearray(good)
        bad[at] ^= 1 << rng.randrange(8)
        write(path, bytes(bad))
        r = bandwitness("verify", path)
        if r.returncode != 1 or path not in r.stderr:
            wrong(f"a bit of byte {at} of the archive: status {r.returncode}: {r.stderr[:300]}")
    for bad, what in ((good[:-1], "cut"), (good + b"\0", "longer"), (good + good, "twice")):
        write(path, bad)
        r = bandwitness("verify", path)
        if r.returncode != 1:
            wrong(f"the archive {what}: status {r.returncode}: {r.stderr[:300]}")


def swap(old, new):
    def change(data):
        if data.count(old) < 1:
            raise ValueError(f"{old} is not there")
        return data.replace(old, new, 1)
    return change


def signed_otherwise(data):
    lines = data.split(b"\n")
    head, payload, signature = lines[40].split(b".")
    lines[40] = b".".join((head, payload[:-9] + b"A" + payload[-8:], signature))
    return b"\n".join(lines)


def swapped(data):
    lines = data.split(b"\n")
    lines[50], lines[51] = lines[51], lines[50]
    return b"\n".join(lines)


def later(data):
    rows = data.split(b"\r\n")
    rows[600] = rows[600].replace(b",match", b"0,match")
    return b"\r\n".join(rows)


def as_lines(folder):
    """The records as lines, which bags had before: still read. By the README's own lines."""
    (part,) = glob.glob(f"{folder}/data/records/summaries-*.txt")
    write(f"{folder}/data/records/summaries.jose", read(f"{folder}/../summaries.jose"))
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 1, "the records are in data/records/summaries.jose too")
    os.remove(part)
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 0, "everything holds")


def hidden_in_columns(folder):
    """The same as below, in the form that bags have."""
    (path,) = glob.glob(f"{folder}/data/records/summaries-*.txt")
    good = read(path)
    lines = good.split(b"\n")
    number = next(i for i, x in enumerate(lines) if re.match(rb"\d,\d,0,0 ", x) and i > 3)
    cases = [(b"\n".join([*lines[:2], lines[2].replace(b" ", b" A", 1), *lines[3:]]),
              "data/records/summaries"),
             (b"\n".join([*lines[:number], lines[number] + b" 1", *lines[number + 1:]]),
              "summaries-0001.txt: the columns give no records"),
             (b"\n".join([*lines[:number], re.sub(rb"(\d)$", lambda m: b"7" if m[1] != b"7" else b"6",
                                                 lines[number]), *lines[number + 1:]]),
              "data/records/summaries"),
             (good[:-1], "summaries-0001.txt: the columns give no records")]
    for bad, words in cases:
        write(path, bad)
        bagit.write_manifests(folder)
        must(bandwitness("verify", folder), 1, words)
    write(path, good)
    bagit.write_manifests(folder)


def hidden_changes(folder):
    """Somebody changes one file and makes every manifest anew."""
    taken = os.path.exists(f"{folder}/data/records/taken.csv")
    cases = [
        ("data/records/summaries.jose", signed_otherwise, ["summaries.jose:41: "]),
        ("data/records/summaries.jose", lambda d: d.split(b"\n", 1)[1],
         ["1151 records, but 1152 lines" if taken else "report.html: line "]),
        ("data/records/summaries.jose", lambda d: b"\n".join(d.split(b"\n")[:30] + d.split(b"\n")[31:]),
         ["1151 records, but 1152 lines" if taken else "summaries.jose: line 31: "]),
        ("data/records/summaries.jose", swapped, ["summaries.jose: line "]),
        ("data/report/report.csv", swap(b"sum,", b"sum,1"), ["report.csv: line ", "the bag says"]),
        ("data/report/report.html", swap(b"<h1", b"<h1 "), ["report.html: line "]),
        ("data/report/report.json", swap(b'"n_', b'"m_') , ["report.json: line "]),
        ("data/report/intervals.csv", swap(b"\r\n", b"\n"), ["intervals.csv"]),
        ("data/packs/audit.csv", swap(b"sum,", b"sum,1"), ["audit.csv: line ", "the bag says"]),
        ("data/packs/sizing.html", swap(b"<h1", b"<h1 "), ["sizing.html: line "]),
        ("data/query.json", swap(b'"from_min":480', b'"from_min":481'), ["report.csv: line "]),
        ("data/query.json", swap(b'"down_bps":100000000', b'"down_bps":100000001'), ["report.csv: line "]),
        ("data/query.json", swap(b'"v":1', b'"v":2'), ["data/query.json", "newer reader"]),
        ("data/zone/America_Chicago.tzif", lambda d: read("/usr/share/zoneinfo/America/Denver"),
         ["report.csv: line ", "gives other local times"]),
        ("data/zone/America_Chicago.tzif", lambda d: d[:10], ["America_Chicago.tzif", "TZif"]),
        ("data/keys/keys.jwks", swap(b'"x":"', b'"x":"A'), ["keys.jwks"]),
        ("data/README.txt", swap(b"ALONE", b"A1ONE"), ["README.txt: line "]),
    ]
    if taken: # the rest is as of a file
        cases = cases[:3]
        cases.append(("data/records/taken.csv", lambda d: d.rsplit(b"\r\n", 2)[0] + b"\r\n",
                      ["lines tell when they were taken in"]))
        cases.append(("data/records/taken.csv", later, ["report.csv: line "]))
    saved = {n: read(f"{folder}/{n}") for n in bagit.files(folder)}
    for name, change, words in cases:
        try:
            write(f"{folder}/{name}", change(saved[name]))
        except ValueError as e:
            wrong(f"{name}: {e}")
            continue
        bagit.write_manifests(folder)
        if bagit.faults(folder):
            wrong(f"{name}: the manifests made anew do not hold")
        r = bandwitness("verify", folder)
        for word in words:
            if word not in r.stdout + r.stderr:
                wrong(f"{name} changed and hidden: '{word}' is not said: {r.stderr[:600]}")
        if r.returncode != 1:
            wrong(f"{name} changed and hidden: status {r.returncode}")
        for n, data in saved.items():
            write(f"{folder}/{n}", data)
    # what this version does not know is told, and no fault
    write(f"{folder}/data/later.json", b"{}\n")
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 0, "data/later.json: is not known to this version")
    os.remove(f"{folder}/data/later.json")
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 0)


def unchecked(folder, *words):
    r = must(bandwitness("verify", folder), 1, "not everything could be", *words)
    if "everything holds" in r.stdout or "does not hold" in r.stderr:
        wrong(f"what was not checked is judged: {r.stdout}{r.stderr}")
    v = json.loads(must(bandwitness("verify", "--json", folder), 1).stdout)
    if v["ok"] or v["n_faults"] or not v["n_unchecked"]:
        wrong(f"what was not checked is not counted: {v}")


def other_forms(folder):
    """What a program of other forms packed, as it says: figures count, its pages prove nothing."""
    saved = {n: read(f"{folder}/{n}") for n in bagit.files(folder)}

    def put(name, data):
        write(f"{folder}/{name}", data)
        bagit.write_manifests(folder)

    query = saved["data/query.json"]
    if query.count(b'"software":"bandwitness/0.1.0 forms/1"') != 1:
        wrong(f"the query does not name the program's forms: {query[:200]}")
    write(f"{folder}/data/query.json", query.replace(b" forms/1", b" forms/99"))
    # only the form differs: told apart from figures that differ, and not passed over
    write(f"{folder}/data/report/report.html", b"<html></html>\n")
    pack = json.loads(saved["data/packs/invoice.json"])
    pack["title"] = "An invoice, in other words"
    pack["figures"].reverse()
    put("data/packs/invoice.json", json.dumps(pack).encode() + b"\n")
    r = must(bandwitness("verify", folder), 3, "made by bandwitness/0.1.0 forms/99 with forms 99; "
             "this is bandwitness/0.1.0 forms/1", "report.html: has another form",
             "invoice.json: has another form", "figures are the same when made again",
             "hashes, signatures and chains hold")
    if "does not hold" in r.stderr or "everything holds" in r.stdout:
        wrong(f"another form is judged: {r.stdout}{r.stderr}")
    v = json.loads(must(bandwitness("verify", "--json", folder), 3).stdout)
    rows = saved["data/report/report.csv"].split(b"\r\n")
    if v["ok"] or v["n_faults"] or not v["other_forms"] or v["figures_same"] < len(rows) / 2 or \
            not v["n_unchecked"] == v["n_form"] >= 3:  # two pages and the README, which names it
        wrong(f"another form is not counted: {v}")
    # one figure in JSON alone, and a figure that only one program has
    for x in pack["figures"]:
        if x.get("method") == "coverage/1" and "value" in x:
            x["value"] += 1
            put("data/packs/invoice.json", json.dumps(pack).encode() + b"\n")
            must(bandwitness("verify", folder), 1, f"invoice.json: figures.{x['figure']}.value: the "
                 f"bag says {x['value']}, its records give {x['value'] - 1}", "not hold")
            break
    else:
        wrong("no figure of coverage in the pack")
    put("data/packs/invoice.json", saved["data/packs/invoice.json"])
    # one five-minute figure
    table = saved["data/report/intervals.csv"].split(b"\r\n")
    cells = table[1].split(b",")
    cells[5] = b"%d" % (int(cells[5]) + 1)  # down_bytes
    put("data/report/intervals.csv", b"\r\n".join([table[0], b",".join(cells)] + table[2:]))
    must(bandwitness("verify", folder), 1, "intervals.csv: down_bytes of 20", "not hold")
    write(f"{folder}/data/report/intervals.csv", saved["data/report/intervals.csv"])
    put("data/report/report.csv",
        b"\r\n".join(rows[:-1] + [b"later,figure,1,1,,count,1,later/1", b""]))
    unchecked(folder, "only the bag has 'later,figure,1", "1 figures or texts are only")
    row = next(i for i, x in enumerate(rows) if b"bytes-sum/1" in x)
    for field, word in ((2, b"0"), (1, b"-more")):  # value, name
        cells = rows[row].split(b",")
        cells[field] += word
        put("data/report/report.csv",
            b"\r\n".join(rows[:row] + [b",".join(cells)] + rows[row + 1:]))
        must(bandwitness("verify", folder), 1, "report.csv: the bag says '", "not hold")
    write(f"{folder}/data/report/report.csv", saved["data/report/report.csv"])
    os.remove(f"{folder}/data/report/report.html")
    bagit.write_manifests(folder)
    unchecked(folder, "report.html: is missing")
    # of before there were numbers
    write(f"{folder}/data/query.json", query.replace(b" forms/1", b""))
    put("data/report/report.html", saved["data/report/report.html"])
    must(bandwitness("verify", folder), 3, "with forms without a number", "README.txt: has another")
    for n, data in saved.items():
        write(f"{folder}/{n}", data)


def alone(bag):
    """Without a network, without this machine's time zones, without an environment."""
    script = ("mount -t tmpfs none /usr/share/zoneinfo && mount -t tmpfs none /var/lib && "
              f"exec {BANDWITNESS} verify {bag}")
    probe = run("unshare", "-rmn", "true")
    if probe.returncode:
        print("not run alone: no namespaces here")
        return
    keep = {k: v for k, v in os.environ.items() if "SAN" in k or k == "PATH"}
    must(run("unshare", "-rmn", "sh", "-c", script, env=keep), 0, "everything holds")


def receipts(place):
    """A test's receipt is worth what its signature is: the collector's key is given, or the
    bag does not hold whole."""
    name = "the-line-in-the-attic-of-the-old-house-with-the-longest-name-ok"
    box, log, other = PyBox("s-siskinofthefarthestforest2345"), Key(), Key()
    for i in range(12):
        said = {"circuit": name, "kind": "ndt7", "direction": "down", "at_ms": box.at * 1000 + 5000,
                "bytes": 100_000_000, "egress": "match"}
        signed = log.sign({"v": 1, "nonce": "AAECAwQFBgcICQoLDA0ODw", "kid": box.key.kid,
                           "site": box.site, "circuit": name, "kind": "ndt7", "method": "ndt7/wss",
                           "server": "state-1", "direction": "down", "at_ms": said["at_ms"],
                           "elapsed_us": 10_000_000, "bytes": said["bytes"], "end": "done",
                           "streams": 1, "concurrent": 1, "egress": "match"},
                          "bandwitness-test+jws")
        run_ = {"circuit": name, "probe": "state", "kind": "ndt7", "server": "state-1",
                "direction": "down", "at_ms": said["at_ms"] + 100, "duration_ms": 9900,
                "state": "ok", "grade": "receipt", "receipt": signed, "egress": "match",
                "bytes": said["bytes"], "goodput_bps": 80808080}
        line = {**circuit(i, 300), "id": name}
        box.summary(circuits=[line], latency=[{**latency(i), "circuit": name}], **({"throughput": [run_]} if i == 6 else {}))
    many = [PyBox(box.site, start=box.at + 60 * i, step=60) for i in range(300)] # a chain each
    for b in many:
        b.summary(circuits=[{**circuit(1, 60), "id": name}], latency=[{**latency(1), "circuit": name}])
    write(f"{place}/tests.jose", "\n".join(box.lines + [b.lines[0] for b in many]).encode() + b"\n")
    for name, keys in (("tests", [b.key for b in [box, *many]]), ("log", [log]), ("other", [other])):
        write(f"{place}/{name}.jwk", json.dumps({"keys": [k.jwk for k in keys]}).encode())
    bag = f"{place}/tests.tar.zst"
    must(bandwitness("bundle", "--file", f"{place}/tests.jose", "--key", f"{place}/tests.jwk",
                     "--tz", "UTC", "--no-pdf", "-o", bag), 0)
    unchecked(bag, "1 tests have a receipt whose signature is NOT checked", "--log-key")
    must(bandwitness("verify", "--log-key", f"{place}/log.jwk", bag), 0, "everything holds",
         "receipts    1 of tests, 1 signed by a given log key")
    must(bandwitness("verify", "--log-key", f"{place}/other.jwk", bag), 1, "none of the log keys")
    # records that are missing are all that is told, and counted
    write(f"{place}/hole.jose", "\n".join(box.lines[:2] + box.lines[4:6] + box.lines[8:]).encode() + b"\n")
    must(bandwitness("bundle", "--file", f"{place}/hole.jose", "--key", f"{place}/tests.jwk", "--tz", "UTC",
                     "--no-pdf", "-o", f"{place}/hole.tar.zst"), 1, "do not hold")
    v = json.loads(must(bandwitness("verify", "--json", f"{place}/hole.tar.zst"), 1, "hole").stdout)
    if (v["n_faults"], v["holes"], v["missing"]) != (2, 2, 4):
        wrong(f"two holes of two: {v['n_faults']} faults, {v['holes']} holes, {v['missing']} missing")


def say(data, *words):
    r = must(bandwitness("annotate", "--ledger", data, "--by", "heron", *words, "s-heron.wan"), 0)
    return r.stdout.split()[0]


def what_people_said(place, key):
    """Statements go with the records; those that were withdrawn too, and the withdrawal."""
    data = f"{place}/data"
    time = ["--from", "2026-10-31T20:00:00Z", "--to", "2026-10-31T21:00:00Z"]
    say(data, *time, "--cause", "power", "--text", "power cut on Alder Road", "--exclude")
    wrong_one = say(data, *time, "--cause", "school", "--text", "said in error")
    must(bandwitness("annotate", "--ledger", data, "--by", "heron", "--withdraw", wrong_one), 0)
    _, folder = from_source("said", ["--ledger", data], ["--key", key], place)
    lines = read(f"{folder}/data/statements.jsonl").splitlines()
    if [json.loads(x)["kind"] for x in lines] != ["annotation", "annotation", "withdrawal"]:
        wrong(f"statements.jsonl: {lines}")
    saved = {n: read(f"{folder}/{n}") for n in bagit.files(folder)}
    for change, words in ((lambda d: d.replace(b"Alder Road", b"Aldern Rd."), "report.json: line "),
                          (lambda d: b"\n".join(d.split(b"\n")[:2]) + b"\n", "report.json: line "),
                          (lambda d: d.replace(b'"power"', b'"tower"'), "report.json: line "),
                          (lambda d: d[:-1], "statements.jsonl"),
                          (lambda d: d.replace(b"{", b"{ ", 1), "statements.jsonl: line 1")):
        write(f"{folder}/data/statements.jsonl", change(saved["data/statements.jsonl"]))
        bagit.write_manifests(folder)
        must(bandwitness("verify", folder), 1, words)
        for n, content in saved.items():
            write(f"{folder}/{n}", content)


def last(old, new):
    """In the newest statement alone that has it: the id of no other one that is named changes."""
    def change(data):
        lines = data.split(b"\n")
        at = max(i for i, line in enumerate(lines) if old in line)
        lines[at] = lines[at].replace(old, new)
        return b"\n".join(lines)
    return change


def what_people_bound(place, key):
    """Claims that people bound to the circuit go with the binding, as filed and as corrected; the
    claim that the report was asked with must be what they come to."""
    data = f"{place}/data"
    world = [{"ben": "123450", "name": "Willow Valley School District", "state": "OR", "year": 2026,
              "schools": [{"number": "123456", "name": "Heron School", "students": 400}],
              "frns": [{"frn": "2699000001", "application": "261000001", "status": "Funded",
                        "spin": "143000555", "provider": "Oak Fibre", "discount": "0.8",
                        "lines": [{"line": "001", "kind": "internet", "down": "100.0", "up": "100.0",
                                   "unit": "Mbps", "quantity": 1, "unit_cents": 45000,
                                   "recipients": ["123456"]}]}]}]
    for speed in ("100.0", "500.0"):
        world[0]["frns"][0]["lines"][0].update(down=speed, up=speed)
        must(bandwitness("import", "usac", "--ledger", data, "--by", "heron",
                         *gen_usac.write(world, place)), 0)
    # said today, so 500 holds from today on, unless it names its first day
    corrected = f"{place}/corrected.csv"
    write(corrected, b"year,frn,line,down,up,recipients,from,quantity,unit_monthly\n"
          b"2026,2699000001,001,500 Mbps,500 Mbps,123456,2026-07-01,1,450\n")
    must(bandwitness("import", "claims", "--ledger", data, "--by", "heron", corrected), 0)
    write(f"{place}/terms.conf", b"speed_part = 95%\nspeed_share = 90%\navailable = 99.9%\n")
    must(bandwitness("claim", "terms", "2699000001.001", f"{place}/terms.conf", "--ledger", data, "--by",
                     "egret"), 0)
    must(bandwitness("claim", "confirm", "2699000001.001", "s-heron.wan", "--ledger", data, "--by",
                     "egret"), 0)
    # another district's circuit has the same bill; what else is said of that is not this bag's
    must(bandwitness("claim", "confirm", "2699000001.001", "s-dunlin.wan", "--unseen", "--ledger", data, "--by",
                     "egret"), 0)
    write(f"{place}/other.csv", b"year,own,down,up\n2026,fir,1 Mbps,1 Mbps\n")
    must(bandwitness("import", "claims", "--ledger", data, "--by", "heron", f"{place}/other.csv"), 0)
    must(bandwitness("claim", "confirm", "own:fir", "s-dunlin.wan", "--unseen", "--ledger", data, "--by", "egret"), 0)
    made = ENV["SOURCE_DATE_EPOCH"]
    ENV["SOURCE_DATE_EPOCH"] = "1793520000"  # set by hand, a day before the last record
    _, folder = from_source("bound", ["--ledger", data], ["--key", key], place,
                            ASK + ["--rules", f"{TOP}/etc/rules"])
    ENV["SOURCE_DATE_EPOCH"] = made
    if b"held.1" in read(f"{folder}/data/packs/audit.csv"):
        wrong("a claim is told to end on the bag's own date")
    saved = read(f"{folder}/data/statements.jsonl")
    kinds = [json.loads(x)["kind"] for x in saved.splitlines()]
    if sorted(set(kinds)) != ["annotation", "binding", "claim", "entity", "terms", "withdrawal"] \
            or (kinds.count("claim"), kinds.count("binding")) != (3, 2):
        wrong(f"statements.jsonl: {kinds}")
    price = read(f"{folder}/data/packs/pia.html").decode()
    if "2 circuits are bound to that claim of one line" not in price or "monthly_cost" in \
            read(f"{folder}/data/packs/pia.csv").decode():
        wrong("a bill of two circuits is the price of one")
    for name in bagit.files(folder):
        if name != "data/statements.jsonl" and b"dunlin" in read(f"{folder}/{name}"):
            wrong(f"{name} names a circuit of others")
    for change, words in ((last(b'"bps":500000000,"filed":"500"', b'"bps":600000000,"filed":"600"'),
                           "claims something else"),
                          (lambda d: b"".join(x for x in d.splitlines(True) if b"dunlin" not in x), "packs/audit.csv: line "),
                          (lambda d: d.replace(b'"by":"egret"', b'"by":"nobody"'), "report.json: line "),
                          (lambda d: d.replace(b"available = 99.9%", b"available = 9.9%"), "report.json: line "),
                          (lambda d: d.replace(b'"students":400', b'"students":40'), "report.json: line ")):
        write(f"{folder}/data/statements.jsonl", change(saved))
        bagit.write_manifests(folder)
        must(bandwitness("verify", folder), 1, words)
    write(f"{folder}/data/statements.jsonl", saved)
    asked = read(f"{folder}/data/query.json")
    if b"students" in asked or b"terms" in asked:
        wrong("what statements say was packed as if somebody had typed it")
    # a claim laid over the bound one
    claims = json.loads(asked)["claims"]
    more = dict(claims[0], down_bps=10**9, from_unix_s=claims[0]["from_unix_s"] + 86400)
    write(f"{folder}/data/query.json", json.dumps({**json.loads(asked), "claims": claims + [more]},
                                                  separators=(",", ":")).encode() + b"\n")
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 1, "claims something else at that time")
    # another funding request's number in the words of the claim
    write(f"{folder}/data/query.json", swap(b"2699000001", b"2699999999")(asked))
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 1, "statements.jsonl: it binds ", "claims something else")
    at_no_time = dict(claims[0], from_unix_s=1, to_unix_s=2, origin="frn:2699999999.001, bound to it by a person")
    write(f"{folder}/data/query.json", json.dumps({**json.loads(asked), "claims": [at_no_time] + claims},
                                                  separators=(",", ":")).encode() + b"\n")
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 1, "it does not bind what data/query.json says was bound")


CALENDAR = """what,from,to,begin,end,name
calendar,2026-10-01,2026-12-31,,,Alder ISD
zone,,,,,America/Chicago
hours,Mon,Fri,08:00,15:30,
instruction,2026-10-31,,08:00,12:00,Made up
holiday,2026-11-02,,,,A day off
"""


def judged(place, jose, key):
    """Calendar, rules and adoptions go with the bag, and findings follow from them."""
    write(f"{place}/cal.csv", CALENDAR.encode())
    own = "data/rules/willow-valley.conf"  # beside the ones that are shipped
    rules = shutil.copytree(f"{TOP}/etc/rules", f"{place}/rules")
    shutil.copy(f"{rules}/ncren-utilisation.conf", f"{rules}/willow-valley.conf")
    more = ["--rules", rules, "--adopt", "fcc-1gbps-per-1000", "--students", "900",
            "--users", "950", "--users-are", "students and staff", "--calendar", f"{place}/cal.csv"]
    at = ASK.index("--class-hours")
    ask = ASK[:at] + ASK[at + 2:] + more
    _, folder = from_source("judged", ["--file", jose], ["--key", key], place, ask)
    report = json.loads(read(f"{folder}/data/report/report.json"))
    if not report.get("findings") or "Made up" not in json.dumps(report):
        wrong(f"no findings or no calendar in the bag's report: {sorted(report)}")
    saved = {n: read(f"{folder}/{n}") for n in bagit.files(folder)}
    rule = "data/rules/fcc-1gbps-per-1000.conf"
    for name, change, words in (
            ("data/calendars/1.json", swap(b"Made up", b"Made it"), "report.json: line "),
            ("data/query.json", swap(b'"students":900', b'"students":90'), "report.json: line "),
            ("data/query.json", swap(b'"rule":"fcc-1g', b'"rule":"fcc-2g'), "report.json: line "),
            (rule, lambda d: d + b"# with other bytes\n", rule + ": is NOT version 1"),
            (own, lambda d: d, own + ": is a rule of somebody's own"),
            (rule, lambda d: d[:40], rule)):
        write(f"{folder}/{name}", change(saved[name]))
        bagit.write_manifests(folder)
        must(bandwitness("verify", folder), 0 if name == own else 1, words)
        for n, content in saved.items():
            write(f"{folder}/{n}", content)


def keys_of_the_state(place, key):
    """Keys come from the catalogue, with since when and until when they were good."""
    data = f"{place}/data"
    jwk = json.loads(read(key))
    raw = base64.urlsafe_b64decode(jwk["x"] + "=")
    kid = base64.urlsafe_b64encode(hashlib.sha256(json.dumps(
        {n: jwk[n] for n in ("crv", "kty", "x")}, separators=(",", ":")).encode()).digest())
    kid = kid.rstrip(b"=").decode()
    with sqlite3.connect(f"{data}/catalogue.db") as db:
        db.execute("INSERT INTO keys(kid,alg,raw,site,from_s,revoked) VALUES(?,1,?,'s-heron',1790000000,"
                   "1799000000)", (kid, raw))
    db.close()
    _, folder = from_source("state", ["--ledger", data], [], place)
    history = json.loads(read(f"{folder}/data/keys/history.json"))
    if history["keys"] != [{"kid": kid, "alg": "EdDSA", "from_unix_s": 1790000000,
                            "revoked_unix_s": 1799000000}]:
        wrong(f"history.json: {history}")


def pages(folder):
    """PDFs are made again too, where fonts and libraries make the same bytes."""
    name = "data/packs/invoice.pdf"
    saved = {n: read(f"{folder}/{n}") for n in bagit.files(folder)}
    if not saved[name].startswith(b"%PDF-"):
        wrong(f"{name} is none")
    write(f"{folder}/{name}", saved[name][:-20] + b"%" + saved[name][-19:])
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 1, f"verify: {name}: ", "does not hold")
    write(f"{folder}/{name}", saved[name])
    query = json.loads(saved["data/query.json"])
    write(f"{folder}/data/query.json", saved["data/query.json"].replace(
        query["pages"].encode(), b"A" * 43))
    bagit.write_manifests(folder)
    unchecked(folder, f"{name}: was made with other fonts or libraries")
    # nothing says that there are any, so none is made again
    write(f"{folder}/{name}", b"%PDF-1.7 other figures\n")
    del query["pages"]
    write(f"{folder}/data/query.json", json.dumps(query, separators=(",", ":")).encode() + b"\n")
    bagit.write_manifests(folder)
    must(bandwitness("verify", folder), 1, f"verify: {name}: no PDF belongs here", "do not hold")


def usage(place, jose, key):
    must(bandwitness("bundle", "--file", jose, "--key", key), 2, "-o FILE.tar.zst")
    must(bandwitness("bundle", "--file", jose, "-o", f"{place}/x.tar.zst", "--tz", "UTC"), 1,
         "is not known here", "--key")
    must(bandwitness("bundle", "--file", jose, "--key", key, "--tz", "UTC", "--from", "2020-01-01",
                     "--to", "2020-01-02", "-o", f"{place}/x.tar.zst"), 1, "there are some from")
    must(bandwitness("bundle", "--file", jose, "--key", key, "--tz", "UTC", "-o",
                     "/nowhere/x.tar.zst"), 1, "/nowhere/x.tar.zst")
    must(bandwitness("verify", "--key", key, f"{place}/file.tar.zst"), 2, "has its keys in it")
    if os.path.exists(f"{place}/x.tar.zst"):
        wrong("a file was left behind by what failed")
    # a record that was changed still gives a bag, which says so
    lines = read(jose).split(b"\n")
    lines[700] = lines[700].replace(lines[700][-8:], b"AAAAAAAA")
    write(f"{place}/bad.jose", b"\n".join(lines))
    must(bandwitness("bundle", "--file", f"{place}/bad.jose", "--key", key, "--tz", "UTC", "--no-pdf", "-o",
                     f"{place}/bad.tar.zst"), 1, "signatures or chain do not hold")
    must(bandwitness("verify", f"{place}/bad.tar.zst"), 1, "data/records/summaries: line ")
    os.mkdir(f"{place}/bad")
    folder = unpack(f"{place}/bad.tar.zst", f"{place}/bad")
    if b"NOT EVERYTHING HOLDS" not in read(f"{folder}/data/README.txt"):
        wrong("the README does not say that a signature does not hold")


def main():
    with tempfile.TemporaryDirectory(prefix="bw-bag-") as place:
        jose, key = f"{place}/r.jose", f"{place}/k.jwk"
        r = run(GEN, *GENERATE, "--jose", jose, "--key", key, "--ledger", f"{place}/data/ledger",
                "--journal", f"{place}/journal.db")
        if r.returncode:
            print(r.stderr)
            return 1
        bag, folder = from_source("file", ["--file", jose], ["--key", key], place)
        strangers_lines(folder)
        one_bit_everywhere(folder)
        bits_of_the_archive(bag, place)
        hidden_in_columns(folder)
        as_lines(folder)
        hidden_changes(folder)
        other_forms(folder)
        alone(bag)
        judged(place, jose, key)
        usage(place, jose, key)
        receipts(place)
        _, folder = from_source("ledger", ["--ledger", f"{place}/data"], ["--key", key], place)
        if not os.path.exists(f"{folder}/data/records/taken.csv"):
            wrong("a ledger's bag does not tell when records were taken in")
        strangers_lines(folder)
        as_lines(folder)
        hidden_changes(folder)
        what_people_said(place, key)
        what_people_bound(place, key)
        keys_of_the_state(place, key)
        # the box's own keys lie beside its journal
        os.mkdir(f"{place}/public")
        kid = json.loads(read(f"{folder}/data/keys/keys.jwks"))["keys"][0]["kid"]
        shutil.copy(key, f"{place}/public/{kid}.jwk")
        _, folder = from_source("journal", ["--journal", f"{place}/journal.db"], [], place)
        pages(folder)
    return 1 if FAULTS else 0


sys.exit(main())
