# SPDX-License-Identifier: GPL-3.0-or-later
"""packs_filed - packs of circuits whose claims were imported and bound by a person: numbers of the
filing, claims that begin and end, bills apart, prices."""
import csv
import json
import os
import sqlite3

import gen_usac
from pack_figures import seconds
from pack_made import BANDWITNESS, GEN, PEOPLE, Pack, TOP, run, wrong

DATED = """year,own,down,up,layer,from,to,spin,provider
2026,slow,50 Mbps,50 Mbps,ip,2026-10-01,2026-10-31,143000551,Oak Fibre LLC
2026,fast,10 Gbps,10 Gbps,ip,2026-11-01,2026-12-31,143000552,River Telecom
2026,ended,100 Mbps,100 Mbps,ip,2026-07-01,2026-10-31,143000551,Oak Fibre LLC
"""


def check_two_providers(top, schema, source):
    """A provider that another one followed: both stand on the page, and no letter goes to the wrong one."""
    heron = [*source, "--circuit", "s-heron.wan"]
    invoice = Pack("invoice", heron, f"{top}/held", schema)
    for figure, want in (("held.1", "slow"), ("held.1.from", "2026-10-29"), ("held.1.to", "2026-10-31"),
                         ("held.1.spin", "143000551"), ("held.2", "fast"), ("held.2.from", "2026-11-01"),
                         ("held.2.to", "2026-11-03"), ("held.2.provider", "River Telecom"), ("own", "fast"),
                         ("keep_until", "2037-06-30"), ("keep_until.before.1", "2037-06-30")):
        invoice.expect(figure, want)
    for words in ("SPIN 143000551; Oak Fibre LLC", "Bound from 29 Oct 2026 to 31 Oct 2026"):
        if words not in invoice.page:
            wrong(f"invoice: '{words}' does not stand on the page")
    error = run(BANDWITNESS, "report", *heron, "--for", "delivery", "--letter", "-o", f"{top}/held/letter.html",
                status=1).stderr
    for words in ("Oak Fibre LLC from 2026-10-29 to 2026-10-31", "River Telecom from 2026-11-01 to 2026-11-03",
                  "ask for the parts"):
        if words not in error:
            wrong(f"a letter about two providers is not refused with '{words}': {error}")
    ended = Pack("delivery", [*source, "--circuit", "s-heronc.wan"], f"{top}/ended", schema, "--letter")
    ended.expect("held.1", "ended")
    for words in ("To: Oak Fibre LLC", "No claim is bound to this circuit on the period's last day",
                  "for these days of it alone: from 29 Oct 2026 to 31 Oct 2026."):
        if words not in ended.page:
            wrong(f"delivery: '{words}' does not stand on the page")
    if "in this period" in ended.page:
        wrong("delivery: a claim that ended is denied")


def check_dated(top, schema):
    """A claim speaks of its own days: what is in use by it, and nothing after its end."""
    data = f"{top}/data"
    os.makedirs(data)
    with open(f"{top}/claims.csv", "w", encoding="utf-8") as f:
        f.write(DATED)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000", "--sites",
        "3", "--ledger", f"{data}/ledger")
    run(BANDWITNESS, "import", "claims", f"{top}/claims.csv", "--by", "heron", "--ledger", data)
    for name, site in (("slow", "s-heron"), ("fast", "s-heron"), ("slow", "s-heronb"),
                       ("fast", "s-heronb"), ("ended", "s-heronc")):
        run(BANDWITNESS, "claim", "confirm", f"own:{name}", f"{site}.wan", "--by", "grey",
            "--ledger", data)
    source = ["--ledger", data, "--tz", "America/Chicago", "--from", "2026-10-29", "--to",
              "2026-11-04"]
    rates = []
    for name in ("s-heron.wan", "s-heronb.wan"):
        run(BANDWITNESS, "report", *source, "--circuit", name, "--format", "csv",
            "--intervals", "-o", f"{top}/iv-{name}")
        with open(f"{top}/iv-{name}/intervals.csv", encoding="utf-8", newline="") as f:
            rates.append({r["start_utc"]: int(r["down_bps"]) for r in csv.DictReader(f)
                          if r["down_bps"] and r["own_test"] == "0" and r["class_hours"] == "1"})
    new = seconds("2026-11-01T05:00:00Z")
    both = [tuple(x[t] >= (5 * 10**5 if seconds(t) < new else 10**8) for x in rates)
            for t in rates[0] if t in rates[1]]
    pia = Pack("pia", [*source, "--circuit", "s-heron.wan"], f"{top}/dated", schema, "--with",
               "s-heronb.wan")
    for figure, want in (("both", (True, True)), ("first_alone", (True, False)),
                         ("second_alone", (False, True)), ("neither", (False, False))):
        pia.expect(figure, both.count(want))
    audit = Pack("audit", [*source, "--circuit", "s-heronc.wan"], f"{top}/ended", schema,
                 *PEOPLE, "--rules", f"{TOP}/etc/rules")
    audit.expect("cost_claimed.down", None)
    audit.expect("claimed_per_student.down", None)
    if not any("EPC" in a["what"] for a in audit.json["absent"]):
        wrong("audit: answers of a claim that has ended")
    if "Used, busiest school day at " not in audit.page:
        wrong("audit: a rate for each student names no layer")
    if "its last day was 31 Oct 2026" not in audit.page:
        wrong("audit: the page does not say when the claim ended")
    check_two_providers(top, schema, source)
    report = json.loads(run(BANDWITNESS, "report", *source, "--circuit", "s-heronc.wan", "--rules",
                            f"{TOP}/etc/rules", *PEOPLE[:-2], "--format", "json").stdout)
    got = [(f["outcome"], f.get("why")) for f in report["findings"]
           if f["rule"] == "fcc-1mbps-per-student"]
    if not got or any(g[0] != "not-enough" for g in got):
        wrong(f"a claim that has ended is judged: {got}")


def check_filed(top, schema):
    """A claim that was imported and bound by a person gives the numbers of the filing."""
    data, files = f"{top}/data", f"{top}/usac"
    os.makedirs(data)
    os.makedirs(files)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "8", "--offset", "-18000", "--ledger",
        f"{data}/ledger")
    line = {"line": "001", "kind": "internet", "down": "100.0", "up": "100.0", "unit": "Mbps",
            "quantity": 1, "unit_cents": 45000, "recipients": ["123456"]}
    district = {"ben": "123450", "name": "Willow Valley School District", "state": "OR",
                "year": 2026, "schools": [{"number": "123456", "name": "Heron Elementary School",
                                           "students": 400},
                                          {"number": "123457", "name": "Egret High School",
                                           "students": 900}],
                "frns": [{"frn": "2699000001", "application": "261000001", "status": "Funded",
                          "spin": "143000555", "provider": "Oak Fibre LLC", "discount": "0.8",
                          "lines": [line, {**line, "line": "002", "quantity": 3}]}]}
    run(BANDWITNESS, "import", "usac", "--by", "heron", *gen_usac.write([district], files),
        "--ledger", data)
    source = ["--ledger", data, "--tz", "America/Chicago", "--from", "2026-10-29", "--to",
              "2026-11-04"]
    before = Pack("audit", source, f"{top}/before", schema)
    if not any("FRN" in a["what"] for a in before.json["absent"]):
        wrong("audit: numbers of a filing that nobody bound")
    bound = json.loads(run(BANDWITNESS, "claim", "confirm", "2699000001.001", "s-heron.wan", "--by", "grey",
                           "--json", "--ledger", data).stdout)["id"]
    rules = ("--rules", f"{TOP}/etc/rules", "--adopt", "fcc-1mbps-per-student")
    audit = Pack("audit", [*source, *rules], f"{top}/filed", schema)
    # 100 Mbit/s for the 400 of the line's school, not for the payer's 1300
    audit.expect("claimed_per_student.down", 250000)
    with open(f"{files}/epc.csv", "w", encoding="utf-8") as f:
        f.write('question,answer\n"How fast, down?",download\nWho delivers?,provider\nHow many learn?,students\n')
    asked = Pack("audit", source, f"{top}/epc", schema, "--epc", f"{files}/epc.csv")
    got = [(f["figure"], f["text"]) for f in asked.json["figures"] if f["section"] == "epc"]
    if got != [("epc_download", "100"), ("epc_provider", "Oak Fibre LLC"), ("epc_students", "400")] or \
            "Who delivers?" not in asked.page:
        wrong(f"audit: the questions of a file are answered {got}")
    for n, (text, why) in enumerate((("question\n", ":1: the first line"),
                                     ("question,answer\nHow?,cake\n", ":2: answer is"),
                                     ("question,answer\nA?,unit\nB?,unit\n", ":3: an answer stands"),
                                     ("question,answer\n", "there is no question"))):
        with open(f"{files}/bad{n}.csv", "w", encoding="utf-8") as f:
            f.write(text)
        if why not in run(BANDWITNESS, "report", *source, "--for", "audit", "--epc", f"{files}/bad{n}.csv",
                          "-o", f"{top}/bad.html", status=1).stderr:
            wrong(f"--epc: {text!r} is not refused with {why!r}")
    delivery = Pack("delivery", [*source, *rules], f"{top}/filed", schema)
    found = [f["text"] for f in delivery.json["figures"]
             if f["figure"].startswith("finding.fcc-1mbps-per-student")]
    if set(found) != {"do-not-show"}:
        wrong(f"delivery: for each student is judged {found}")
    for figure, want in (("frn", "2699000001.001"), ("form_471", "261000001"),
                         ("spin", "143000555"), ("provider", "Oak Fibre LLC"),
                         ("ben", "123450"), ("keep_until", "2037-06-30"),
                         ("monthly_cost", 45000), ("cost_claimed.down", 450),
                         ("epc_download", "100")):
        audit.expect(figure, want)
        if isinstance(want, str) and figure != "keep_until" and want not in audit.page:
            wrong(f"audit: {figure} {want} does not stand on the page")
    for words in ("bound to this circuit by grey",
                  "a month for one line, the eligible part of it ("):
        if words not in audit.page:
            wrong(f"audit: '{words}' does not stand on the page")
    # Three lines for the same school: each of them is no third of it and not all of it.
    run(BANDWITNESS, "claim", "confirm", "--withdraw", bound, "--by", "grey", "--ledger", data)
    run(BANDWITNESS, "claim", "confirm", "2699000001.002", "s-heron.wan", "--by", "grey", "--ledger", data)
    audit = Pack("audit", [*source, *rules], f"{top}/three", schema)
    delivery = Pack("delivery", [*source, *rules], f"{top}/three", schema)
    found = {f["text"] for f in delivery.json["figures"] if f["figure"].startswith("finding.fcc-1mbps-per-student")}
    if found != {"not-enough"}:
        wrong(f"delivery: the people of three lines are held against one: {found}")
    for words in ("one of 3 lines (", "the claim is of more than one line"):
        if words not in audit.page:
            wrong(f"audit: '{words}' does not stand on the page")


def check_billed_apart(top, schema):
    """A circuit and Internet access on bills of their own: both are named, neither bill is the
    price, whichever of the bindings has the lesser hash."""
    data, files = f"{top}/data", f"{top}/usac"
    os.makedirs(data)
    os.makedirs(files)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "2", "--offset", "-18000", "--ledger",
        f"{data}/ledger")
    frns = [{"frn": f"269900000{n}", "application": f"26100000{n}", "status": "Funded",
             "spin": f"14300055{n}", "provider": provider, "discount": "0.8",
             "lines": [{"line": "001", "kind": kind, "down": speed, "up": speed, "unit": "Mbps",
                        "quantity": 1, "unit_cents": cents, "recipients": ["123456"]}]}
            for n, provider, kind, speed, cents in (
                (1, "Oak Fibre LLC", "isp-only", "500.0", 60000),
                (2, "River Telecom", "transport", "100.0", 90000))]
    district = {"ben": "123450", "name": "Willow Valley School District", "state": "OR",
                "year": 2026, "schools": [{"number": "123456", "name": "Heron Elementary School",
                                           "students": 400}], "frns": frns}
    run(BANDWITNESS, "import", "usac", "--by", "heron", *gen_usac.write([district], files),
        "--ledger", data)
    source = ["--ledger", data, "--tz", "America/Chicago"]
    pages = set()
    for text in ("as the bill says", "as the contract says", "as the provider says"):
        ids = [json.loads(run(BANDWITNESS, "claim", "confirm", f"{f['frn']}.001", "s-heron.wan",
                              "--by", "grey", "--text", text, "--json", "--ledger",
                              data).stdout)["id"] for f in frns]
        audit = Pack("audit", source, f"{top}/{text[7]}", schema)
        for figure, want in (("frn", "2699000001.001"), ("spin", "143000551"),
                             ("also_bound.1", "2699000002.001"), ("keep_until", "2037-06-30"),
                             ("keep_until.also.1", "2037-06-30")):
            audit.expect(figure, want)
        pages.add(json.dumps([f for f in audit.json["figures"] if f["section"] in
                              ("identity", "price", "retention")]))
        for words in ("FRN 2699000001", "FRN 2699000002", "SPIN 143000552; River Telecom",
                      "$600.00", "$900.00", "the sum of the bills below"):
            if words not in audit.page:
                wrong(f"audit: '{words}' does not stand on the page")
        # 600 and 900 dollars a month; 100 Mbit/s claimed, the lesser of the two
        for figure, want in (("bill.1", 60000), ("bill.2", 90000), ("monthly_cost", 150000),
                             ("cost_claimed.down", 1500)):
            audit.expect(figure, want)
        for i in ids:
            run(BANDWITNESS, "claim", "confirm", "--withdraw", i, "--by", "grey", "--ledger", data)
    if len(pages) != 1:
        wrong("audit: the order of the bindings' hashes shows")
    # Internet access is two circuits': how much of it is whose is stated nowhere
    ids = [json.loads(run(BANDWITNESS, "claim", "confirm", key, circuit, "--unseen", "--by", "grey", "--json", "--ledger",
                          data).stdout)["id"] for key, circuit in (("2699000001.001", "s-heron.wan"), (
                              "2699000002.001", "s-heron.wan"), ("2699000001.001", "s-dunlin.wan"))]
    pia = Pack("pia", [*source, "--circuit", "s-heron.wan"], f"{top}/shared", schema)
    pia.expect("bill.1", None)
    pia.expect("bill.2", 90000)
    if any(f["figure"].startswith(("monthly_cost", "cost_")) for f in pia.json["figures"]):
        wrong("pia: a bill that two circuits share is the price of one")
    for words in ("2 circuits are bound to that claim of one line", "is the price of no one circuit"):
        if words not in pia.page:
            wrong(f"pia: '{words}' does not stand on the page")
    if "$600" in pia.page or "dunlin" in pia.page:
        wrong("pia: the price of a bill that others share, or who they are")
    for i in ids:
        run(BANDWITNESS, "claim", "confirm", "--withdraw", i, "--by", "grey", "--ledger", data)
    # a second circuit of another kind: no sum may be told, each bill is
    with open(f"{files}/wan.csv", "w", encoding="utf-8") as f:
        f.write("year,own,role,down,up,unit_monthly\n2026,elm,internet,1 Gbps,1 Gbps,70\n")
    run(BANDWITNESS, "import", "claims", "--by", "heron", f"{files}/wan.csv", "--ledger", data)
    for key in ("2699000001.001", "own:elm"):  # in other words than before, which may be this very second
        run(BANDWITNESS, "claim", "confirm", key, "s-heron.wan", "--by", "grey", "--text", "apart", "--ledger", data)
    pia = Pack("pia", source, f"{top}/apart", schema)
    if any(f["figure"].startswith(("monthly_cost", "cost_")) for f in pia.json["figures"]):
        wrong("pia: a sum of bills that are not a circuit and Internet access over it")
    pia.expect("bill.1", 7000)
    pia.expect("bill.2", 60000)
    pia = Pack("pia", source, f"{top}/typed", schema, "--monthly-cost", "1500")
    pia.expect("monthly_cost", 150000)
    # nothing bound: what was written down for the circuit itself
    for x in json.loads(run(BANDWITNESS, "statement", "list", "--kind", "binding", "--json", "--ledger", data).stdout):
        run(BANDWITNESS, "claim", "confirm", "--withdraw", x["id"], "--by", "grey", "--ledger", data)
    with sqlite3.connect(f"{data}/catalogue.db") as db:
        db.execute("INSERT OR REPLACE INTO sites VALUES('s-heron', '', 'Heron', 1, 500)")
    run(BANDWITNESS, "site", "claim", "s-heron", "--from", "2026-09-01", "--down", "50M", "--up", "50M",
        "--monthly-cost", "450.00", "--data", data)
    pia = Pack("pia", source, f"{top}/itself", schema)
    pia.expect("monthly_cost", 45000)
    pia.expect("cost_claimed.down", 900)


PRICES = """year,own,down,up,quantity,unit_monthly,monthly
2026,all-of-it,1 Gbps,1 Gbps,,2450.50,
2026,by-lines,1 Gbps,1 Gbps,3,999.99,1350.50
2026,how-many,1 Gbps,1 Gbps,,,1350.50
"""


def check_prices(top, schema):
    """The price of one line, whatever part of the bill is on file."""
    data = f"{top}/data"
    os.makedirs(data)
    with open(f"{top}/claims.csv", "w", encoding="utf-8") as f:
        f.write(PRICES)
    run(GEN, "--from", "2026-10-28T05:00:00Z", "--days", "2", "--offset", "-18000", "--sites",
        "3", "--ledger", f"{data}/ledger")
    run(BANDWITNESS, "import", "claims", f"{top}/claims.csv", "--by", "heron", "--ledger", data)
    for name, site, cents, words in (
            ("all-of-it", "s-heron", 245050, "$2,450.50 a month for one line, all of it ("),
            ("by-lines", "s-heronb", 45017,  # 450.1666…
             "$450.17 a month for one line, the eligible part of it, one of 3 lines ("),
            ("how-many", "s-heronc", None, "how many they are is not on file")):
        run(BANDWITNESS, "claim", "confirm", f"own:{name}", f"{site}.wan", "--by", "grey", "--ledger",
            data)
        source = ["--ledger", data, "--tz", "America/Chicago", "--circuit", f"{site}.wan"]
        pia = Pack("pia", source, f"{top}/{name}", schema)
        if words not in pia.page:
            wrong(f"pia: '{words}' does not stand on the page")
        if cents is not None:
            pia.expect("monthly_cost", cents)
            pia.expect("cost_claimed.down", (cents + 500) // 1000)
        elif any(f["figure"].startswith(("monthly_cost", "cost_")) for f in pia.json["figures"]):
            wrong("pia: a price of nobody knows how many lines")
