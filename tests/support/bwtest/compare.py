# SPDX-License-Identifier: GPL-3.0-or-later
"""compare - the medians of /api/v1/compare worked again from the members that stand in its JSON, and their values from
numerator and denominator, by docs/compare.md alone."""

MILLION = 1_000_000


def value(measure, num, den):
    if measure.startswith("price"):
        return (num * MILLION + den // 2) // den
    return num * (MILLION if measure == "full" else 1) // den


def rank(values, quarters):
    return values[-(-quarters * len(values) // 4) - 1]


def check(answer):
    """Every number of a cohort with its members; how many values were known. AssertionError tells which is wrong."""
    assert answer["method"] == "compare/1" and answer["all_seen"]
    names = [m["measure"] for m in answer["measures"]]
    assert names == ["students", "tested", "used", "full", "latency", "outage", "price", "price-tested"]
    told = {name: [] for name in names}
    for member in answer["members"]:
        assert [m["measure"] for m in member["measures"]] == names
        for m in member["measures"]:
            assert ("value" in m) != ("unknown" in m), m
            if "value" in m:
                assert m["value"] == value(m["measure"], m["num"], m["den"]), m
                assert 2 * m["places_known"] >= m["places"] > 0, m
                told[m["measure"]].append(m["value"])
    cohort = answer["cohorts"][0]
    assert cohort["members"] == len(answer["members"]) and "meeting" not in cohort
    for m in cohort["measures"]:
        v = sorted(told[m["measure"]])
        want = {"measure": m["measure"], "known": len(v), "unknown": cohort["members"] - len(v), "rounded": False}
        want |= {"median": rank(v, 2)} if v else {}
        want |= {"q1": rank(v, 1), "q3": rank(v, 3)} if len(v) >= 4 else {}
        want |= {"low": v[0], "high": v[-1]} if len(v) >= 6 else {}
        assert m == want, (m, want)
    return sum(map(len, told.values()))
