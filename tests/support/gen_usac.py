#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gen_usac.py [--seed N] [--districts N] [--lines N] [--state XX] [--year N] [--names STYLE] DIR

Writes the four open-data files of a state that never was into DIR: lines.csv (hbj5-2bpj),
status.csv (qdmp-ygft), recipients.csv (avi8-svp9), entities.csv (7i5i-83qf), with all columns
that USAC's have, contact columns too. The same seed gives the same bytes. STYLE spells the
headings: api (snake_case), display, camel. --lines N writes that many rows of line items
(other states and years among them) instead of what the districts make.

As a module: world(seed, districts, state, year) gives the districts as plain data, write()
the files; tests reckon from the first what must come of the second.
"""
import argparse
import csv
import os
import random
import sys

PURPOSES = {
    "internet": "Internet access service that includes a connection from any applicant site "
                "directly to the Internet Service Provider",
    "isp-only": "Internet access service with no circuit (data circuit to ISP state/regional "
                "network is billed separately)",
    "transport": "Data connection(s) for an applicant\u2019s hub site to an Internet Service "
                 "Provider or state/regional network where Internet access service is billed "
                 "separately",
    "wan": "Data Connection between two or more sites entirely within the applicant\u2019s network",
}
NAMES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Heron", "Ibis", "Juniper", "Kite",
         "Larch", "Maple", "Nuthatch", "Oak", "Pine", "Quail", "Rowan", "Spruce", "Tern", "Willow",
         "Yew", "Wren", "Osprey", "Plover", "Linden", "Hazel", "Egret", "Finch", "Grebe", "Swift"]
WATERS = ["Creek", "River", "Lake", "Falls", "Bay", "Springs", "Fork", "Point"]
PROVIDERS = [("143000555", "Heron Fiber, LLC"), ("143001192", "Osprey \"Net\" Cooperative"),
             ("143026296", "Tern Telephone Co."), ("143047100", "Plover Cable & Data")]

LINES = """application_number form_version is_certified_in_window organization_name ben state
applicant_type cnct_email crn_data funding_year funding_request_number form_471_line_item_number
form_471_function_name form_471_product_name form_471_manufacturer_name other_manufacturer_desc
model_of_equipment lease form_471_unit_name form_471_purpose_name connection_used_by
connection_directly_school connection_supports_service firewall_indicator upload_speed
form_471_upload_speed_unit_name download_speed form_471_download_speed_unit_name burstable_speed
burstable_speed_units price monthly_quantity monthly_recurring_unit_eligible_costs
monthly_recur_ineligible_cost total_monthly_cost total_monthly_eligible_recurring_costs
months_of_service total_eligible_recurring_costs one_time_quantity one_time_eligible_costs
one_time_ineligible_cost total_one_time_cost total_eligible_one_time_costs
pre_discount_extended_eligible_line_item_costs""".split()
STATUS = """application_number funding_year state form_version is_certified_in_window ben
organization_name cnct_email crn_data funding_request_number form_471_frn_status_name nickname
form_471_service_type_name contract_number contract_type_name bid_count establishing_form_470
award_date service_delivery_deadline account_number spin_name service_start_date
contract_expiration_date narrative total_monthly_recurring_cost months_of_service dis_pct
funding_commitment_request pending_reason organization_entity_type_name fcdl_letter_date
invoicing_mode total_authorized_disbursement""".split()
RECIPIENTS = """ros_entity_number ros_entity_name ros_entity_type ros_physical_state
ros_number_of_full_time_students billed_entity_number organization_name org_state funding_year
application_number funding_request_number form_471_line_item_number form_471_frn_status_name
spin_name spin_number chosen_category_of_service form_471_service_type_name dis_pct
post_discount_extended_eligible_line_item_costs cnct_name cnct_email cnct_phone""".split()
ENTITIES = """entity_number entity_name entity_type status parent_entity_number
parent_entity_name physical_address physical_city physical_state physical_zipcode physical_county
phone_number website_url number_of_full_time_students number_of_nslp_students
nces_public_state_code nces_public_district_code nces_public_building_code""".split()


def spell(name, style):
    words = name.split("_")
    if style == "camel":
        return words[0] + "".join(w.capitalize() for w in words[1:])
    if style == "display":
        return " ".join(w.upper() if w in ("frn", "spin", "nces", "ben") else w.capitalize()
                        for w in words)
    return name


def money(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def world(seed=1, districts=5, state="OR", year=2026):
    """Districts with schools and line items: lists of dicts, nothing derived in them."""
    rng = random.Random(seed)
    result = []
    base = 1000000 * (1 + (ord(state[0]) - 65) * 26 + ord(state[1]) - 65)
    for d in range(districts):
        name = f"{rng.choice(NAMES)} {rng.choice(WATERS)}"
        ben = str(base + 1000 * d)
        schools = [{"number": str(base + 1000 * d + s + 1),
                    "name": f"{rng.choice(NAMES)} {rng.choice(['Elementary', 'Middle', 'High'])} School",
                    "students": rng.randrange(80, 1500)} for s in range(rng.randrange(1, 6))]
        district = {"ben": ben, "name": f"{name} School District", "state": state, "year": year,
                    "schools": schools, "frns": []}
        kinds = rng.choice([["internet"], ["internet", "wan"], ["isp-only", "transport"],
                            ["isp-only", "transport", "wan"]])
        for f, kind in enumerate(kinds):
            spin, provider = rng.choice(PROVIDERS)
            number, unit = rng.choice([("100.0", "Mbps"), ("500.0", "Mbps"), ("1.0", "Gbps"),
                                       ("2.5", "Gbps"), ("10.0", "Gbps")])
            lines = [{"line": "001", "kind": kind, "down": number, "up": number, "unit": unit,
                      "quantity": rng.randrange(1, 4) if kind == "wan" else 1,
                      "unit_cents": rng.randrange(20000, 900000),
                      "recipients": [s["number"] for s in schools]}]
            if rng.random() < 0.5:
                lines.append({"line": "002", "kind": "tax", "down": "1.0", "up": "1.0",
                              "unit": "Mbps", "quantity": 1, "unit_cents": rng.randrange(100, 5000),
                              "recipients": []})
            if rng.random() < 0.3:
                lines.append({"line": "003", "kind": "switch", "down": "", "up": "", "unit": "",
                              "quantity": 0, "unit_cents": 0, "recipients": []})
            district["frns"].append({
                "frn": f"{year % 100}99{d:04d}{f:02d}", "application": f"{year % 100}1{d:06d}",
                "status": "Funded" if rng.random() < 0.9 else "Pending", "spin": spin,
                "provider": provider, "discount": rng.choice(["0.9", "0.8", "0.6"]),
                "lines": lines})
        result.append(district)
    return result


def line_row(d, f, line, version):
    cents, q = line["unit_cents"], line["quantity"]
    function, product, purpose = {
        "tax": ("Miscellaneous", "Taxes", ""),
        "switch": ("Switches", "Switch", ""),
    }.get(line["kind"], ("Fiber", "Ethernet", PURPOSES.get(line["kind"], "")))
    return {
        "application_number": f["application"], "form_version": version,
        "is_certified_in_window": "In Window", "organization_name": d["name"], "ben": d["ben"],
        "state": d["state"], "applicant_type": "School District",
        "cnct_email": "contact@example.org", "crn_data": "17000001, Consultants of Nowhere",
        "funding_year": str(d["year"]), "funding_request_number": f["frn"],
        "form_471_line_item_number": f"{f['frn']}.{line['line']}",
        "form_471_function_name": function, "form_471_product_name": product,
        "form_471_purpose_name": purpose, "connection_used_by": "All sites",
        "connection_directly_school": "Yes", "connection_supports_service": "Yes",
        "upload_speed": line["up"], "form_471_upload_speed_unit_name": line["unit"],
        "download_speed": line["down"], "form_471_download_speed_unit_name": line["unit"],
        "monthly_quantity": str(q), "months_of_service": "12",
        "monthly_recurring_unit_eligible_costs": money(cents), "monthly_recur_ineligible_cost": "0.0",
        "total_monthly_cost": money(cents), "total_monthly_eligible_recurring_costs": money(cents * q),
        "total_eligible_recurring_costs": money(cents * q * 12),
        "pre_discount_extended_eligible_line_item_costs": money(cents * q * 12),
    }


def line_rows(districts):
    for d in districts:
        for f in d["frns"]:
            for line in f["lines"]:
                for version in ("Original", "Current"):
                    yield line_row(d, f, line, version)


def status_rows(districts):
    for d in districts:
        for f in d["frns"]:
            for version in ("Original", "Current"):
                yield {"application_number": f["application"], "funding_year": str(d["year"]),
                       "state": d["state"], "form_version": version, "ben": d["ben"],
                       "organization_name": d["name"], "cnct_email": "contact@example.org",
                       "funding_request_number": f["frn"],
                       "form_471_frn_status_name": f["status"] if version == "Current" else "Pending",
                       "form_471_service_type_name": "Data Transmission and/or Internet Access",
                       "contract_number": f"C-{f['frn'][-4:]}", "spin_name": f["provider"],
                       "service_delivery_deadline": f"{d['year'] + 1}-06-30T00:00:00.000",
                       "service_start_date": f"{d['year']}-07-01T00:00:00.000",
                       "contract_expiration_date": f"{d['year'] + 3}-06-30T00:00:00.000",
                       "narrative": "Two lines,\nwith a \"quote\".", "dis_pct": f["discount"],
                       "fcdl_letter_date": f"{d['year']}-05-14T00:00:00.000"}


def recipient_rows(districts):
    for d in districts:
        schools = {s["number"]: s for s in d["schools"]}
        for f in d["frns"]:
            for line in f["lines"]:
                for number in line["recipients"]:
                    yield {"ros_entity_number": number, "ros_entity_name": schools[number]["name"],
                           "ros_entity_type": "School", "ros_physical_state": d["state"],
                           "ros_number_of_full_time_students": str(schools[number]["students"]),
                           "billed_entity_number": d["ben"], "organization_name": d["name"],
                           "org_state": d["state"], "funding_year": str(d["year"]),
                           "application_number": f["application"],
                           "funding_request_number": f["frn"],
                           "form_471_line_item_number": f"{f['frn']}.{line['line']}",
                           "form_471_frn_status_name": f["status"], "spin_name": f["provider"],
                           "spin_number": f["spin"], "chosen_category_of_service": "Category1",
                           "dis_pct": f["discount"], "cnct_name": "No Such Person",
                           "cnct_email": "contact@example.org", "cnct_phone": "555-0100"}


def entity_rows(districts):
    for i, d in enumerate(districts):
        total = sum(s["students"] for s in d["schools"])
        common = {"status": "Active", "physical_state": d["state"], "physical_county": "Lane",
                  "phone_number": "555-0100", "nces_public_state_code": "41",
                  "nces_public_district_code": f"{i:05d}"}
        yield dict(common, entity_number=d["ben"], entity_name=d["name"],
                   entity_type="School District", number_of_full_time_students=str(total))
        for k, s in enumerate(d["schools"]):
            yield dict(common, entity_number=s["number"], entity_name=s["name"],
                       entity_type="School", parent_entity_number=d["ben"],
                       parent_entity_name=d["name"],
                       number_of_full_time_students=str(s["students"]),
                       nces_public_building_code=f"{k + 1:05d}")


def write_csv(path, columns, rows, style="api"):
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow([spell(c, style) for c in columns])
        for row in rows:
            w.writerow([row.get(c, "") for c in columns])


def write(districts, folder, style="api"):
    """The four files; gives their paths: lines, status, recipients, entities."""
    paths = [os.path.join(folder, n + ".csv") for n in ("lines", "status", "recipients", "entities")]
    for path, columns, rows in zip(paths, (LINES, STATUS, RECIPIENTS, ENTITIES),
                                   (line_rows, status_rows, recipient_rows, entity_rows)):
        write_csv(path, columns, rows(districts), style)
    return paths


def write_many_lines(path, n, seed=1, states=50, years=9):
    """n rows of line items as a whole country's are: the same rows under other states, years and
    numbers. Fast: rows are text with places to fill in."""
    districts = world(seed, 200)
    places = []
    for row in line_rows(districts):
        row = dict(row, ben="@B", state="@S", funding_year="@Y", application_number="@A",
                   funding_request_number="@F",
                   form_471_line_item_number="@F." + row["form_471_line_item_number"][-3:])
        out = []
        for c in LINES:
            v = row.get(c, "")
            out.append('"' + v.replace('"', '""') + '"' if any(x in v for x in ',"\n') else v)
        text = ",".join(out) + "\n"
        places.append(text)
    codes = [chr(65 + i // 26) + chr(65 + i % 26) for i in range(states)]
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(",".join(LINES) + "\n")
        done, turn = 0, 0
        while done < n:
            state, year = codes[turn % states], 2016 + turn // states % years
            for i, text in enumerate(places[:n - done]):
                frn = f"{year % 100:02d}{turn % states:02d}{turn // (states * years) % 100:02d}{i // 2:04d}"
                f.write(text.replace("@F", frn).replace("@S", state).replace("@Y", str(year))
                        .replace("@A", f"{year % 100}1{i // 4:06d}")
                        .replace("@B", f"{100000 + 1000 * (turn % states) + i // 12}"))
            done += len(places)
            turn += 1


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--districts", type=int, default=5)
    p.add_argument("--lines", type=int)
    p.add_argument("--state", default="OR")
    p.add_argument("--year", type=int, default=2026)
    p.add_argument("--names", choices=("api", "display", "camel"), default="api")
    p.add_argument("folder")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    write(world(a.seed, a.districts, a.state, a.year), a.folder, a.names)
    if a.lines:
        write_many_lines(os.path.join(a.folder, "lines.csv"), a.lines, a.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
