#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_import.py BANDWITNESS - `import usac` through the real command: what must come of a
generated state, reckoned here from the state itself; bad files, with file and line; nothing
half-imported."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal
from fractions import Fraction

import gen_usac
import jsonschema

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = ""
BPS = {"Kbps": 10 ** 3, "Mbps": 10 ** 6, "Gbps": 10 ** 9}


def plain(text):
    """A decimal in its one form."""
    d = Decimal(text).normalize()
    return f"{d:f}"


def speed(number, unit, asked=False):
    s = {"bps": int(Decimal(number) * BPS[unit]), "filed": plain(number), "unit": unit}
    return dict(s, unit_asked=True) if asked else s


def claim_of(d, f, line):
    """The body of one line's claim, in the order of docs/claim-v1.md."""
    dollars = plain(gen_usac.money(line["unit_cents"]))
    q = line["quantity"]
    return {
        "v": 1, "year": d["year"], "frn": f["frn"], "line": line["line"], "payer": d["ben"],
        "payer_name": d["name"], "state": d["state"], "application": f["application"],
        "version": "Current", "function": "Fiber", "product": "Ethernet",
        "purpose": gen_usac.PURPOSES[line["kind"]], "role": line["kind"], "used_by": "All sites",
        "direct": True, "supports": True, "down": speed(line["down"], line["unit"]),
        "up": speed(line["up"], line["unit"]), "quantity": str(q), "months": "12",
        "unit_monthly": dollars, "unit_eligible": dollars, "unit_ineligible": "0",
        "monthly": plain(gen_usac.money(line["unit_cents"] * q)),
        "recurring": plain(gen_usac.money(line["unit_cents"] * q * 12)),
        "pre_discount": plain(gen_usac.money(line["unit_cents"] * q * 12)),
        "status": f["status"], "service": "Data Transmission and/or Internet Access",
        "category": "Category1", "spin": f["spin"], "provider": f["provider"],
        "contract": f"C-{f['frn'][-4:]}", "discount": f["discount"],
        "service_start": f"{d['year']}-07-01", "contract_end": f"{d['year'] + 3}-06-30",
        "delivery_deadline": f"{d['year'] + 1}-06-30", "commitment": f"{d['year']}-05-14",
        "recipients": sorted(line["recipients"]), "n_recipients": len(line["recipients"]),
    }


def wanted(districts):
    return {f"frn:{f['frn']}.{line['line']}": claim_of(d, f, line)
            for d in districts for f in d["frns"] for line in f["lines"]
            if line["kind"] in gen_usac.PURPOSES}


class Import(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = self.folder.name
        self.ledger = os.path.join(self.dir, "ledger")
        os.mkdir(self.ledger)

    def run_it(self, *args, status=0):
        done = subprocess.run([PROGRAM, *args], capture_output=True, timeout=120, check=False,
                              env=dict(os.environ, TERM="dumb"))
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, out + err)
        return out, err

    def usac(self, *args, status=0):
        return self.run_it("import", "usac", "--ledger", self.ledger, "--by", "heron", *args,
                           status=status)

    def told(self, *args, status=0):
        return json.loads(self.usac("--json", *args, status=status)[0])

    def statements(self, kind, *args):
        if not os.path.exists(os.path.join(self.ledger, "catalogue.db")):
            return []
        return json.loads(self.run_it("statement", "list", "--ledger", self.ledger, "--json",
                                      "--kind", kind, *args)[0])

    def bodies(self, kind):
        found = {}
        for s in self.statements(kind):
            s = s.get("statement", s)
            found[s["about"]] = s["body"]
        return found

    def path(self, name):
        return os.path.join(self.dir, name)

    def lines_file(self, change=None, name="lines.csv", **kw):
        """The line items of one small world, their text changed."""
        districts = gen_usac.world(kw.pop("seed", 3), 3, **kw)
        gen_usac.write(districts, self.dir)
        path = self.path(name)
        with open(self.path("lines.csv"), encoding="utf-8") as f:
            text = f.read()
        text = change(text) if change else text
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path


class Good(Import):
    def prices(self, want):
        """Prices of each purpose, and medians by rank, reckoned by fractions."""
        for role in ("internet", "wan"):
            told = json.loads(self.run_it("prices", "--ledger", self.ledger, "--role", role, "--lines",
                                          "--format", "json")[0])
            each = {about: Fraction(b["unit_monthly"]) * 10 ** 6 / b["down"]["bps"] * 10 ** 6 // 1
                    for about, b in want.items() if b["role"] == role}
            self.assertEqual({line["claim"]: line["udollars_a_month_and_mbps"] for line in told["lines"]}, each)
            self.assertTrue(all(line["open_data"] for line in told["lines"]))
            classes = {c["id"]: (c["from_bps"], c.get("below_bps", 10 ** 18)) for c in told["classes"]}
            self.assertEqual(sum(g["n"] for g in told["by_class"]), len(each))
            for g in told["by_class"]:
                low, high = classes[g["class"]]
                of = sorted(each[a] for a, b in want.items() if a in each and low <= b["down"]["bps"] < high)
                self.assertEqual((g["n"], g["min_udollars"], g["median_udollars"], g["max_udollars"]),
                                 (len(of), of[0], of[(len(of) + 1) // 2 - 1], of[-1]))

    def test_a_state(self):
        districts = gen_usac.world(7, 12)
        paths = gen_usac.write(districts, self.dir)
        told = self.told("--dry-run", *paths)
        self.assertEqual(self.statements("claim"), [])
        self.assertFalse(told["written"])
        told = self.told(*paths)
        self.assertTrue(told["written"])
        want = wanted(districts)
        self.assertGreater(len(want), 12)
        found = self.bodies("claim")
        self.assertEqual(list(found), sorted(want))
        for about, body in want.items():
            self.assertEqual(json.dumps(found[about]), json.dumps(body), about)
        self.prices(want)
        schools = {f"ben:{s['number']}": s for d in districts for s in d["schools"]}
        entities = self.bodies("entity")
        self.assertEqual(set(entities), set(schools) | {f"ben:{d['ben']}" for d in districts})
        for about, s in schools.items():
            self.assertEqual(entities[about]["students"], s["students"])
            self.assertEqual(entities[about]["name"], s["name"])
        with open(os.path.join(TOP, "docs", "claim-v1.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        for kind, all_of in (("claim", found), ("entity", entities)):
            check = jsonschema.Draft202012Validator(dict(schema, **{"$ref": f"#/$defs/{kind}"}))
            for body in all_of.values():
                check.validate(body)
            self.assertFalse(check.is_valid(dict(body, phone="1")))
            # both know the same members
            with open(os.path.join(TOP, "docs", "claim-v1.md"), encoding="utf-8") as f:
                page = f.read()
            for member in schema["$defs"][kind]["properties"]:
                self.assertIn(f"`{member}`", page)
        # every row is somewhere
        rows = sum(f["rows"] for f in told["files"])
        self.assertEqual(rows, sum(f["kept"] for f in told["files"]) + told["refused"] +
                         sum(told["left_out"].values()))
        self.assertEqual(told["left_out"]["taxes_or_fees"],
                         sum(line["kind"] == "tax" for d in districts for f in d["frns"]
                             for line in f["lines"]))

    def test_source_and_author(self):
        paths = gen_usac.write(gen_usac.world(1, 1), self.dir)
        self.usac(*paths)
        s = self.statements("claim")[0]
        s = s.get("statement", s)
        self.assertEqual(s["by"], "heron")
        self.assertEqual(s["via"], "import usac")
        self.assertEqual(s["source"]["file"], "lines.csv")
        import base64  # pylint: disable=import-outside-toplevel
        import hashlib  # pylint: disable=import-outside-toplevel
        with open(paths[0], "rb") as f:
            digest = hashlib.sha256(f.read()).digest()
        self.assertEqual(s["source"]["sha256"],
                         base64.urlsafe_b64encode(digest).rstrip(b"=").decode())

    def test_headings_in_each_spelling(self):
        districts = gen_usac.world(5, 3)
        found = []
        for style in ("api", "display", "camel"):
            paths = gen_usac.write(districts, self.dir, style)
            told = self.told("--dry-run", *paths)
            found.append([(c["about"], c["body"]) for c in told["changes"]])
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

    def test_no_contact_is_read(self):
        self.usac(*gen_usac.write(gen_usac.world(2, 4), self.dir))
        for name in os.listdir(self.ledger):
            with open(os.path.join(self.ledger, name), "rb") as f:
                data = f.read()
            for word in (b"contact@example", b"555-0100", b"No Such Person", b"Consultants"):
                self.assertNotIn(word, data, name)

    def test_filters(self):
        one, other = gen_usac.world(1, 4, "OR", 2026), gen_usac.world(1, 4, "WA", 2025)
        paths = gen_usac.write(one + other, self.dir)
        self.assertEqual(self.told("--dry-run", *paths)["claims"]["new"],
                         len(wanted(one)) + len(wanted(other)))
        for args in (("--state", "or"), ("--year", "FY2026"), ("--year", "2026")):
            told = self.told("--dry-run", *args, *paths)
            self.assertEqual({c["about"] for c in told["changes"] if c["kind"] == "claim"},
                             set(wanted(one)))
        d = one[2]
        told = self.told("--dry-run", "--state", "OR", "--ben", d["ben"], *paths)
        self.assertEqual({c["about"] for c in told["changes"] if c["kind"] == "claim"},
                         set(wanted([d])))
        # a school of it uses lines that the district pays for
        told = self.told("--dry-run", "--state", "OR", "--ben", d["schools"][0]["number"], *paths)
        self.assertEqual({c["about"] for c in told["changes"] if c["kind"] == "claim"},
                         set(wanted([d])))

    def test_again_and_corrected(self):
        districts = gen_usac.world(4, 3)
        paths = gen_usac.write(districts, self.dir)
        self.usac(*paths)
        first = self.statements("claim")
        told = self.told(*paths)
        self.assertEqual((told["claims"]["new"], told["claims"]["changed"], told["statements"]),
                         (0, 0, 0))
        # line items alone take nothing away
        self.assertEqual(self.told(paths[0])["claims"]["changed"], 0)
        self.assertEqual(self.told(paths[0], paths[1])["claims"]["changed"], 0)
        frn = districts[0]["frns"][0]
        frn["lines"][0].update(down="7.5", up="7.5", unit="Gbps")
        about = f"frn:{frn['frn']}.001"
        told = self.told(*gen_usac.write(districts, self.dir))
        self.assertEqual(told["claims"]["changed"], 1)
        change = told["changes"][0]
        self.assertEqual((change["about"], change["what"]), (about, "changed"))
        self.assertEqual({m["member"] for m in change["members"]}, {"down", "up"})
        self.assertEqual(change["members"][0]["new"], "7.5 Gbps")
        self.assertEqual(self.bodies("claim")[about]["down"]["bps"], 7500000000)
        self.assertEqual(len(self.statements("claim")), len(first))
        self.assertEqual(len(self.statements("claim", "--history")), len(first) + 1)

    def test_no_number_of_another_provider(self):
        """The SPIN is in the file of recipients alone, the provider also in the status."""
        districts = gen_usac.world(4, 1)
        frn = districts[0]["frns"][0]
        about = f"frn:{frn['frn']}.001"
        paths = gen_usac.write(districts, self.dir)
        self.usac(*paths)
        self.assertEqual(self.bodies("claim")[about]["spin"], frn["spin"])
        frn["provider"] = "Tern Telephone Co."
        gen_usac.write(districts, self.dir)
        self.usac(*paths[:2])
        body = self.bodies("claim")[about]
        self.assertEqual(body["provider"], "Tern Telephone Co.")
        self.assertNotIn("spin", body)
        self.usac(*paths)  # all of one day
        self.assertEqual(self.bodies("claim")[about]["spin"], frn["spin"])
        frn["provider"] = "Grebe Networks"
        with open(paths[2], encoding="utf-8") as f:
            old = f.read()
        gen_usac.write(districts, self.dir)
        with open(paths[2], "w", encoding="utf-8") as f:
            f.write(old)
        self.usac(*paths)
        self.assertNotIn("spin", self.bodies("claim")[about])

    def test_gone(self):
        """Told where the payer's other lines of the year are there; never withdrawn."""
        districts = gen_usac.world(4, 3)
        self.assertGreater(len(districts[0]["frns"]), 1)
        self.assertEqual(self.told(*gen_usac.write(districts, self.dir))["gone"], 0)
        lost = districts[0]["frns"].pop()
        paths = gen_usac.write(districts[:1], self.dir)
        told = self.told(*paths)
        self.assertEqual(told["gone_lines"], [f"frn:{lost['frn']}.001"])
        self.assertEqual((told["gone"], told["statements"]), (1, 0))
        self.assertIn("No longer in the files, and left as said: 1\n", self.usac(*paths)[0])
        self.assertIn(f"frn:{lost['frn']}.001", self.bodies("claim"))
        self.assertEqual(self.told("--ben", districts[1]["ben"], *paths)["gone"], 0)

    def test_refused_is_not_gone(self):
        """A row without its unit, one that is there twice: in the files, and not taken."""
        districts = gen_usac.world(4, 3)
        d = districts[0]
        self.assertGreater(len(d["frns"]), 1)
        paths = gen_usac.write(districts, self.dir)
        self.usac(*paths)
        said = self.bodies("claim")
        with open(paths[0], encoding="utf-8") as f:
            text = f.read()
        frn = d["frns"][-1]
        about = f"frn:{frn['frn']}.001"
        row = next(r for r in text.split("\n") if f"{frn['frn']}.001" in r and ",Current," in r)
        unit = f",{frn['lines'][0]['unit']},"
        for other in (row.replace(unit, ",,"), row + "\n" + row.replace("All sites", "One site")):
            self.assertNotEqual(other, row)
            with open(paths[0], "w", encoding="utf-8") as f:
                f.write(text.replace(row, other))
            told = self.told(*paths, status=1)
            self.assertEqual((told["gone"], told["refused_on_file"], told["refused_lines"], told["written"]),
                             (0, 1, [about], False))
            self.assertIn(f"Refused in these files, and left as said: 1\n  {about}\n", self.usac(*paths, status=1)[0])
        # what cannot be told is not told as certain
        with open(paths[0], "w", encoding="utf-8") as f:
            f.write(text.replace(row, row.replace(f"{frn['frn']}.001", "?")))
        told = self.told(*paths, status=1)
        self.assertEqual((told["gone_lines"], told["refused_on_file"], told["refused_unnamed"]), ([about], 0, 1))
        self.assertIn("(or among the 1 refused rows of which nobody can tell", self.usac(*paths, status=1)[0])
        self.assertEqual(self.bodies("claim"), said)

    def test_bom_crlf_and_quotes(self):
        plain_told = self.told("--dry-run", self.lines_file())
        for change in (lambda t: b"\xef\xbb\xbf" + t.encode(),
                       lambda t: t.replace("\n", "\r\n"),
                       lambda t: t.replace(",Fiber,", ',"Fiber",'),
                       lambda t: t.replace("All sites", '"All\nsites"')):
            path = self.lines_file(change, "other.csv")
            told = self.told("--dry-run", path)
            self.assertEqual([c["body"] for c in told["changes"]],
                             [c["body"] for c in plain_told["changes"]])

    def test_typed_wrong(self):
        path = self.lines_file(lambda t: t.replace(",2.5,Gbps,2.5,Gbps", ",250,Gbps,250,Gbps"),
                               seed=1)
        told = self.told(path)
        self.assertEqual(told["doubtful"], len(told["doubts"]))
        self.assertGreater(told["doubtful"], 0)
        self.assertRegex(told["doubts"][0], r"lines\.csv:\d+: frn|lines\.csv:\d+: \d+\.001: more "
                                            r"than 101 Gbps .*Mbps typed wrong\?")
        flagged = [b for b in self.bodies("claim").values() if "flags" in b]
        self.assertEqual(len(flagged), told["doubtful"])
        self.assertEqual(flagged[0]["flags"], ["mbps-typed-wrong"])


class Bad(Import):
    """Each leaves the catalogue as it was: without a statement."""

    def refused(self, path, *want, args=()):
        _, err = self.usac(*args, path, status=1)
        for text in want:
            self.assertIn(text, err)
        self.assertIn("nothing was written", err)
        self.assertEqual(self.statements("claim") + self.statements("entity"), [])

    def test_a_missing_column(self):
        path = self.lines_file(lambda t: t.replace("download_speed,", "dl,", 1))
        self.refused(path, "lines.csv:1: no column download_speed, which hbj5-2bpj")

    def test_a_doubled_column(self):
        path = self.lines_file(lambda t: t.replace(",price,", ",Download Speed,", 1))
        self.refused(path, "lines.csv:1: columns", "both say download_speed")

    def test_another_file(self):
        with open(self.path("x.csv"), "w", encoding="utf-8") as f:
            f.write("name,phone\na,b\n")
        self.refused(self.path("x.csv"), "x.csv:1: not one of USAC's hbj5-2bpj")

    def test_an_empty_and_no_file(self):
        with open(self.path("x.csv"), "w", encoding="utf-8"):
            pass
        self.refused(self.path("x.csv"), "x.csv:1: the file is empty")
        self.refused(self.path("nowhere.csv"), "nowhere.csv: No such file")

    def test_status_alone(self):
        self.lines_file()
        self.refused(self.path("status.csv"), "give the file hbj5-2bpj with it")

    def test_no_utf8(self):
        path = self.lines_file(lambda t: t.encode().replace(b"All sites", b"\xc9cole", 1))
        self.refused(path, "lines.csv:2: text that is not UTF-8", "iconv")

    def test_a_nul(self):
        path = self.lines_file(lambda t: t.replace("All sites", "All\0sites", 1))
        self.refused(path, "lines.csv:2: a NUL byte")

    def test_a_row_of_10_mb(self):
        path = self.lines_file(lambda t: t.replace("All sites", "x" * 10_000_000, 1))
        self.refused(path, "lines.csv:2: a row of more than 1048576 bytes")

    def test_an_open_quote(self):
        path = self.lines_file(lambda t: t + '1,"2\n')
        with open(path, encoding="utf-8") as f:
            last = len(f.read().split("\n")) - 1
        self.refused(path, f"lines.csv:{last}: field 2: a quote that is never closed")

    def test_cut_off(self):
        path = self.lines_file(lambda t: t[:-40])
        with open(path, encoding="utf-8") as f:
            last = len(f.read().split("\n"))
        self.refused(path, f"lines.csv:{last}: ", "fields, but the heading has")

    def test_a_missing_unit(self):
        """Refused by row; said by --unit it is kept with who said it."""
        path = self.lines_file(lambda t: t.replace(",Mbps,", ",,"), seed=2)
        with open(path, encoding="utf-8") as f:
            rows = [n for n, row in enumerate(f, 1)
                    if ",Current," in row and ",Gbps," not in row and ",Taxes," not in row
                    and ",Switch," not in row and n > 1]
        self.assertTrue(rows)
        out, _ = self.usac(path, status=1)
        for n in rows:
            self.assertRegex(out, rf"lines\.csv:{n}: download_speed \S+ has no unit; say what it "
                                  r"is by --unit Mbps .*form_471_download_speed_unit_name")
        self.assertIn(f"Refused: {len(rows)}", out)
        self.assertIn("Nothing was written", out)
        self.assertEqual(self.statements("claim"), [])
        told = self.told("--dry-run", "--unit", "Mbps", path)
        self.assertEqual(told["refused"], 0)
        asked = [c["body"] for c in told["changes"] if "unit_asked" in c["body"]["down"]]
        self.assertEqual(len(asked), len(rows))
        told = self.told("--without-refused", path)
        self.assertTrue(told["written"])
        self.assertEqual(told["refused"], len(rows))
        self.assertTrue(all("unit_asked" not in b["down"] for b in self.bodies("claim").values()))

    def test_a_unit_column_that_is_not_there(self):
        path = self.lines_file(lambda t: t.replace("form_471_download_speed_unit_name", "other", 1))
        out, _ = self.usac(path, status=1)
        self.assertIn("has no unit; say what it is by --unit", out)
        self.assertEqual(self.statements("claim"), [])

    def test_two_current_versions(self):
        """The same row twice is one; two that differ are neither."""
        def twice(t):
            rows = t.split("\n")
            return "\n".join(rows[:-1] + [rows[2], ""])
        told = self.told("--dry-run", self.lines_file(twice))
        self.assertEqual((told["refused"], told["left_out"]["twice"]), (0, 1))
        n = told["claims"]["new"]

        def differ(t):
            rows = t.split("\n")
            return "\n".join(rows[:-1] + [rows[2].replace("All sites", "One site"), ""])
        path = self.lines_file(differ)
        out, _ = self.usac(path, status=1)
        with open(path, encoding="utf-8") as f:
            last = len(f.read().split("\n")) - 1
        self.assertRegex(out, rf"lines\.csv:{last}: 26\d+\.001 is there twice with different values, "
                              r"first in \S+lines\.csv:3; neither is taken")
        self.assertEqual(self.statements("claim"), [])
        self.assertEqual(self.told("--dry-run", path, status=1)["claims"]["new"], n - 1)

    def test_bad_cells(self):
        for old, new, why in ((",12,", ",1e1,", "months '1e1': not a number"),
                              (",Yes,Yes,", ",Maybe,Yes,", "direct 'Maybe': neither yes nor no"),
                              (",Gbps,", ",GB,", "its unit 'GB' is none of bps, Kbps, Mbps, Gbps"),
                              ("2699000000.001", "2699000009.001", "with line item"),
                              ("All sites", "All\u202esites", "used_by")):
            path = self.lines_file(lambda t, o=old, n=new: t.replace(o, n), seed=1)
            out, _ = self.usac(path, status=1)
            self.assertRegex(out, r"lines\.csv:\d+: ")
            self.assertIn(why, out)
        self.assertEqual(self.statements("claim"), [])

    def test_usage(self):
        for args in ((), ("--unit", "MB", "x.csv"), ("--state", "Oregon", "x.csv"),
                     ("--year", "26", "x.csv"), ("--ben", "abc", "x.csv")):
            self.run_it("import", "usac", *args, status=2)


class Plain(Import):
    """`import claims`: one table of one's own."""

    HEAD = "year,own,down,up,unit_monthly,quantity,from,recipients\n"

    def claims(self, text, *args, status=0, json_too=True):
        path = self.path("own.csv")
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        out, err = self.run_it("import", "claims", "--ledger", self.ledger, "--by", "heron",
                               *(("--json",) if json_too else ()), *args, path, status=status)
        return json.loads(out) if json_too and out else err

    def test_rows(self):
        told = self.claims(self.HEAD + 'FY2026,elm-hub,1.5 Gbps,500 Mbps,"$2,450.50",1,2026-07-01,'
                                       "17012400 123456;123456\n2026,elm-wan,500 Mbps,,380.50,3,,\n")
        self.assertTrue(told["written"])
        self.assertEqual((told["rows"], told["kept"], told["refused"]), (2, 2, 0))
        bodies = self.bodies("claim")
        self.assertEqual(json.dumps(bodies["own:elm-hub"]), json.dumps({
            "v": 1, "year": 2026, "own": "elm-hub", "down": speed("1.5", "Gbps"),
            "up": speed("500", "Mbps"), "quantity": "1", "unit_monthly": "2450.5",
            "from": "2026-07-01", "recipients": ["123456", "17012400"], "n_recipients": 2}))
        self.assertEqual(json.dumps(bodies["own:elm-wan"]), json.dumps({
            "v": 1, "year": 2026, "own": "elm-wan", "down": speed("500", "Mbps"), "quantity": "3",
            "unit_monthly": "380.5"}))

    def test_units(self):
        text = "Year,Own,Down,Down unit,Up\n2026,a,100,Kbps,\n2026,b,1,,2 Gbps\n"
        out = self.claims(text, status=1)
        self.assertEqual(out["refused"], 1)
        self.assertRegex(out["refusals"][0], r"own\.csv:3: down 1 has no unit; write \"1 Mbps\"")
        self.assertEqual(self.statements("claim"), [])
        self.claims(text, "--unit", "gbps")
        bodies = self.bodies("claim")
        self.assertEqual(bodies["own:a"]["down"], speed("100", "Kbps"))
        self.assertEqual(bodies["own:b"]["down"], speed("1", "Gbps", asked=True))
        self.assertEqual(bodies["own:b"]["up"], speed("2", "Gbps"))
        with open(self.path("own.csv"), "w", encoding="utf-8") as f:
            f.write("year,own,down,up\n2026,b,1 Gbps,2 Gbps\n")
        out, _ = self.run_it("import", "claims", "--dry-run", "--ledger", self.ledger, self.path("own.csv"))
        self.assertIn("down: 1 Gbps (unit by --unit) -> 1 Gbps\n", out)

    def test_a_correction_of_usacs_data_stays(self):
        districts = gen_usac.world(4, 2)
        paths = gen_usac.write(districts, self.dir)
        self.usac(*paths)
        frn = districts[0]["frns"][0]["frn"]
        told = self.claims(f"year,frn,line,down,up\n2026,{frn},001,41 Mbps,41 Mbps\n")
        self.assertEqual((told["claims"]["new"], told["claims"]["changed"]), (0, 1))
        # 001 of a spreadsheet
        told = self.claims(f"year,frn,line,down,up\n2026,{frn},1,42 Mbps,42 Mbps\n")
        self.assertEqual((told["claims"]["new"], told["claims"]["changed"]), (0, 1))
        told = self.told(*paths)
        self.assertEqual((told["claims"]["held"], told["claims"]["changed"], told["statements"]),
                         (1, 0, 0))
        self.assertEqual(self.bodies("claim")[f"frn:{frn}.001"]["down"]["bps"], 42000000)

    def test_a_change_in_january_replaces_no_autumn(self):
        row = "frn,line,year,down,from,to\n2699000001,001,2026,"
        self.claims(row + "500 Mbps,2026-11-01,2026-12-31\n")
        # later days join what was said before; earlier ones alone would take its days away
        self.assertEqual(self.claims(row + "1 Gbps,2027-01-01,\n")["claims"]["changed"], 1)
        self.assertEqual(self.claims(row + "500 Mbps,2027-01-01,\n")["claims"]["changed"], 1)
        err = self.claims(row + "1 Gbps,2026-07-01,2026-10-31\n", status=1, json_too=False)
        self.assertIn("own.csv:2: frn:2699000001.001 is on record for other days", err)
        self.assertEqual(self.bodies("claim")["frn:2699000001.001"]["down"]["bps"], 500000000)
        # the same days and more: a correction
        self.assertEqual(self.claims(row + "1 Gbps,2026-07-01,\n")["claims"]["changed"], 1)

    def test_again(self):
        text = self.HEAD + "2026,a,1 Gbps,1 Gbps,,,,\n"
        self.assertEqual(self.claims(text)["statements"], 1)
        self.assertEqual(self.claims(text)["statements"], 0)
        told = self.claims(text.replace("1 Gbps,1", "2 Gbps,1"))
        self.assertEqual(told["changes"][0]["members"],
                         [{"member": "down", "old": "1 Gbps", "new": "2 Gbps"}])

    def test_bad_rows(self):
        for row, why in (("2026,a b,1 Gbps,,,,,", "a line's own name"),
                         ("26,a,1 Gbps,,,,,", "year '26': out of range"),
                         (",a,1 Gbps,,,,,", "year: is needed"),
                         ("2026,,1 Gbps,,,,,", "a name of its own is needed"),
                         ("2026,a,,,,,,", "no speed is said"),
                         ("2026,a,fast,,,,,", "not a number"),
                         ("2026,a,-1 Mbps,,,,,", "not a number"),
                         ("2026,a,1 Gbps,,450;50,,,", "unit_monthly '450;50': not a number"),
                         ("2026,a,1 Gbps,,,,7/1/2026,", "days are written 2026-07-01"),
                         ("2026,a,1 Gbps,,,,2026-02-30,", "no day like"),
                         ("2026,a,1 Gbps,,,,,12 x", "recipients: 'x' is no entity number")):
            told = self.claims(self.HEAD + row + "\n", status=1)
            self.assertEqual(told["refused"], 1, row)
            self.assertIn("own.csv:2: ", told["refusals"][0])
            self.assertIn(why, told["refusals"][0])
        told = self.claims(self.HEAD + 2 * "2026,a,1 Gbps,,,,,\n", status=1)
        self.assertIn("own.csv:3: own:a is there twice, first in line 2", told["refusals"][0])
        self.assertEqual(self.statements("claim"), [])
        _, err = self.run_it("import", "claims", "--box", self.path("none"), "--by", "heron",
                             self.path("own.csv"), status=1)
        self.assertIn("a box's folder with --box", err)
        # what a cell says cannot move a terminal's cursor
        with open(self.path("own.csv"), "w", encoding="utf-8") as f:
            f.write(self.HEAD + "2026,a,\x1b[2J\u202e fast,,,,,\n")
        out, err = self.run_it("import", "claims", "--ledger", self.ledger, "--by", "heron",
                               self.path("own.csv"), status=1)
        self.assertIn("\ufffd[2J\ufffd fast", out + err)
        self.assertNotIn("\x1b", out + err)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_reads_what_the_collector_may_not(self):
        """What is kept belongs to the collector's user; the file is one that only root can read."""
        top = self.dir
        os.chmod(top, 0o755)
        os.mkdir(f"{top}/of-root", 0o700)
        os.mkdir(f"{top}/kept", 0o700)
        os.chown(f"{top}/kept", 65534, 65534)
        with open(f"{top}/of-root/own.csv", "w", encoding="utf-8") as f:
            f.write(self.HEAD + "2026,a,1 Gbps,,,,,\n")
        done = subprocess.run([PROGRAM, "import", "claims", "--ledger", f"{top}/kept", "--by", "heron",
                               f"{top}/of-root/own.csv"], capture_output=True, timeout=120, check=False,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # no ptrace of another's
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(os.stat(f"{top}/kept/catalogue.db").st_uid, 65534)

    def test_two_rows_that_contradict_each_other(self):
        told = self.claims(self.HEAD + "2026,a,1 Gbps,,,,,\n2026,b,3 Gbps,,,,,\n"
                           "2026,a,2 Gbps,,,,,\n2026,a,4 Gbps,,,,,\n", "--without-refused")
        self.assertEqual((told["rows"], told["kept"], told["refused"]), (4, 1, 3))
        self.assertIn("own.csv:4: own:a is there twice, first in line 2, with other values; "
                      "neither is taken", told["refusals"][0])
        self.assertEqual(list(self.bodies("claim")), ["own:b"])

    def test_bad_files(self):
        for text, why in (("year,own,downn\n", "own.csv:1: no column is called 'downn'"),
                          ("year,own,down,Down\n", "own.csv:1: two columns 'down'"),
                          ("own,down\n", "own.csv:1: needed are the columns year"),
                          ("year,frn,down\n", "own.csv:1: needed are the columns year"),
                          ("", "own.csv:1: the file is empty"),
                          (b"year,own,down\n2026,\xe9,1\n", "own.csv:2: text that is not UTF-8"),
                          ("year,own,down\n2026,a,1 Gbps\n2026,b\0,1 Gbps\n", "own.csv:3: a NUL byte"),
                          ("year,own,down\n2026,a,1 Gbps\n2026," + "x" * 10_000_000 + ",1 Gbps\n",
                           "own.csv:3: a row of more than 1048576 bytes"),
                          ('year,own,down\n2026,a,1 Gbps\n2026,"b,1 Gbps\n', "own.csv:3: field 2: a quote"),
                          ("year,own,down\n2026,a\n", "own.csv:2: 2 fields, but the heading has 3")):
            self.assertIn(why, self.claims(text, status=1, json_too=False))
        self.assertEqual(self.statements("claim"), [])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
