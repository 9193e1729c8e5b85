# SPDX-License-Identifier: GPL-3.0-or-later
"""watching - who could have seen an outage, and when, recomputed from the records."""


def witnesses(records, circuit):
    """The targets that were asked every six seconds in some five minutes; and, by five
    minutes, for how long two of them were."""
    asked, names = {}, {}
    for p in records:
        for x in p.get("latency", []):
            if x["circuit"] == circuit and x["sent"] > 0:
                n = asked.setdefault((p["start"] // 300, x["probe"], x["kind"],
                                      x.get("family")), [0, 0])
                n[0] += x["sent"]
                n[1] += p["end"] - p["start"]
    for (cell, probe, *_), (sent, seconds) in asked.items():
        if sent * 6 >= seconds:
            here = names.setdefault(cell, {})
            here[probe] = max(here.get(probe, 0), seconds)
    return {probe for here in names.values() for probe in here}, {
        cell: sorted(here.values())[-2] for cell, here in names.items() if len(here) > 1}
