# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness - who can test at once worked again from what stands in its JSON, by docs/readiness.md
alone."""


def check(answer):
    """Every row of /api/v1/readiness; of how many a result is known. AssertionError tells which is wrong."""
    assert answer["method"] == "readiness/1"
    rate, delivered, carried = answer["rate_bps"], answer["delivered"], answer["carried"]
    known = []
    for row in answer["readiness"]:
        why = row.get("unknown")
        told = why in (None, "no-students")
        for at in ("p95", "peak"):
            free = f"free_{at}_bps"
            assert (free in row) == told == (f"at_once_{at}" in row), row
            if told:
                assert row[free] == max(0, row[f"{delivered}_bps"] - row[f"carried_{at}_bps"]), row
                assert row[f"at_once_{at}"] == row[free] // rate, row
        assert ("students" in row) or why is not None, row
        assert ("shortfall" in row) == ("sittings" in row) == (why is None), row
        if told:
            assert 2 * row["intervals"] >= row["intervals_expected"] > 0, row
            assert row["carried_p95_bps"] <= row["carried_peak_bps"], row
        if why is None:
            once = row[f"at_once_{carried}"]
            assert row["shortfall"] == max(0, row["students"] - once), row
            assert row["sittings"] == (-(-row["students"] // once) if once else 0), row
            known.append(row)
    assert [r["id"] for r in answer["readiness"][:len(known)]] == [r["id"] for r in known], "known ones stand first"
    order = [(-r["shortfall"], r["name"].encode(), r["id"]) for r in known]
    assert order == sorted(order)
    assert answer["places"] == len(answer["readiness"])
    assert answer["places_known"] == len(known)
    assert answer["places_short"] == sum(r["shortfall"] > 0 for r in known)
    return len(known)
