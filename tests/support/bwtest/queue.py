# SPDX-License-Identifier: GPL-3.0-or-later
"""queue - the support queue's scores worked again from the parts that stand in its JSON, by
docs/queue.md alone."""

SCALE = {"full": 1_000_000}


def points(value, target, limit):
    way, gone = limit - target, value - target
    if way < 0:
        way, gone = -way, -gone
    return 0 if gone <= 0 else 100 if gone >= way else 100 * gone // way


def check(answer):
    """Every number of /api/v1/queue; how many parts were known. AssertionError tells which is wrong."""
    assert answer["method"] == "queue/1"
    rules = {p["part"]: p for p in answer["weights"]["parts"]}
    assert list(rules) == ["full", "students", "outage", "latency"]
    assert sum(p["weight"] for p in rules.values()) == 100
    n = 0
    for name in ("queue", "too_little"):
        for row in answer[name]:
            score = known = 0
            assert [p["part"] for p in row["parts"]] == list(rules)
            for p in row["parts"]:
                rule = rules[p["part"]]
                told = "value" in p
                assert told != ("unknown" in p), p
                if told:
                    assert p["value"] == p["num"] * SCALE.get(p["part"], 1) // p["den"], p
                    assert 2 * p["places_known"] >= p["places"] > 0, p
                got = points(p["value"], rule["target"], rule["limit"]) if told else 0
                assert (p["points"], p["weighted"]) == (got, got * rule["weight"]), p
                score += p["weighted"]
                known += rule["weight"] if told else 0
                n += told
            assert (row["score"], row["known_weight"]) == (score, known), row
            assert row["score_most"] == score + 100 * (100 - known), row
            assert (known >= answer["weights"]["enough"] and known > 0) == (name == "queue"), row
            if "students" in row:
                least = answer["weights"]["small_school" if answer["of"] == "schools" else "small_district"]
                assert row["small"] == (row["students"] < least), row
    if answer["sort"] == "score":
        order = [(-row["score"], row["name"].encode(), row["id"]) for row in answer["queue"]]
        assert order == sorted(order)
    return n
