# SPDX-License-Identifier: GPL-3.0-or-later
"""Each local day's intervals beside how many there could have been, and the time at 90 % of
the claim (day-bins/1). Part of the independent recomputation."""
import recompute_calendar as calendars


def counted(check):
    """direction -> [(record, circuit)] that count."""
    usual = check.usual_length()
    own = check.r["used"][0]["layer"] if check.r["used"] else None
    return {d: [(p, c) for p, c in check.intervals
                if own and c.get("layer") == own and "bytes" in c.get(d, {})
                and c.get("source") != "mirror" and c.get("covered_s", 0) > 0
                and c["covered_s"] * 2 >= usual and not check.with_test(p)] for d in ("down", "up")}


def layer(check, convert_bytes):
    """The layer of the rates, and whether it is the last claim's."""
    own = check.r["used"][0]["layer"] if check.r["used"] else None
    last, flows = check.last_claim(), counted(check)
    claimed = last.get("layer", "ip") if last else None
    every = [convert_bytes(c[d]["bytes"], c[d].get("packets"), own, claimed)
             for d in flows for _, c in flows[d]] if claimed and own else [None]
    at_claim = claimed == own if claimed and not own else claimed is not None and None not in every
    return (claimed if at_claim else own), at_claim


def compare(check, convert_bytes):
    r, usual = check.r, check.usual_length()
    own = r["used"][0]["layer"] if r["used"] else None
    flows = counted(check)
    layer_of, at_claim = layer(check, convert_bytes)
    table = calendars.of_report(r)
    begin = check.begin
    for day in r["days"]:
        end = begin + day["length_s"]
        for window in ("all_hours", "class_hours"):
            def inside(t):
                return window == "all_hours" or calendars.in_class(table, check.local(t))
            starts = range(-(-begin // usual) * usual, end, usual)
            expected = sum(inside(t) for t in starts)
            if window == "class_hours" and day["kind"] == "unknown":
                expected = None
            for d in ("down", "up"):
                mine = {"expected": expected, "known": 0, "full_s": None, "full_of_s": 0}
                for p, c in flows[d]:
                    if not begin <= p["start"] < end or not inside(p["start"]):
                        continue
                    mine["known"] += 1
                    claim = check.claim_at(p["start"]) if at_claim else None
                    wanted = claim.get(f"{d}_bps") if claim and claim.get("layer", "ip") == layer_of \
                        else None
                    if not wanted:
                        continue
                    size = convert_bytes(c[d]["bytes"], c[d].get("packets"), own, layer_of)
                    full = size * 8 // c["covered_s"] * 10 >= wanted * 9
                    mine["full_of_s"] += c["covered_s"]
                    mine["full_s"] = (mine["full_s"] or 0) + (c["covered_s"] if full else 0)
                check.same_members(f"days.{day['date']}.bins.{window}.{d}", mine,
                                   day["bins"][window][d])
        begin = end
