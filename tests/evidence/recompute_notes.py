# SPDX-License-Identifier: GPL-3.0-or-later
"""What people exclude of a period's outages, worked out second by second from what the report
says that they said."""


class Notes:
    def __init__(self, check, unix):
        self.check, self.unix = check, unix

    def compare(self, mine):
        """What is excluded of the outages, second by second of what people said."""
        said = self.check.r.get("annotations", {"list": [], "excluded_s": 0})
        out = set()
        for a in said["list"]:
            if a["exclude"]:
                out |= set(range(max(self.unix(a["from"]) // 1000, self.check.begin),
                                 min(self.unix(a["to"]) // 1000, self.check.until)))
        self.check.same("annotations.excluded_s", len(out), said["excluded_s"])
        each = [sum(max(0, min(b, s * 1000 + 1000) - max(a, s * 1000)) for s in out) for a, b in mine]
        theirs = self.check.r["outages"]
        self.check.same("outages.excluded_ms", sum(each) if out else None, theirs.get("excluded_ms"))
        self.check.same("outages.without_excluded_ms", sum(b - a for a, b in mine) - sum(each) if out else None,
                  theirs.get("without_excluded_ms"))
        for o, (a, b), ms in zip(theirs["list"], mine, each):
            self.check.same("outages.list.excluded_ms", ms or None, o.get("excluded_ms"))
            self.check.same("outages.list.annotations", [
                x["id"] for x in said["list"]
                if self.unix(x["from"]) < b and self.unix(x["to"]) > a] or None, o.get("annotations"))
