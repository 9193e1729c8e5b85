# SPDX-License-Identifier: GPL-3.0-or-later
"""growth-theilsen/1 of docs/report.md, in exact fractions. Part of the independent recomputation."""
import math
from fractions import Fraction


def towards_zero(x):
    return int(Fraction(x))


def counting_weeks(days):
    """{day number since 1970: value} -> [(week, median)…] of weeks with three values or more."""
    weeks = {}
    for d, v in days.items():
        weeks.setdefault((d + 3) // 7, []).append(v)
    return [(w, sorted(v)[(len(v) + 1) // 2 - 1]) for w, v in sorted(weeks.items()) if len(v) >= 3]


def growth(days):
    """None where too little is known; else slopes (low, middle, high; thousandths of a bit/s a week),
    the lines' values on a day, the last week's Monday and the last day of which something is said."""
    weeks = counting_weeks(days)
    n = len(weeks)
    if n < 16 or weeks[-1][0] - weeks[0][0] + 1 < 26:
        return None
    slopes = sorted(towards_zero(Fraction((b[1] - a[1]) * 1000, b[0] - a[0]))
                    for i, a in enumerate(weeks) for b in weeks[i + 1:])
    square = -(-38416 * (n * (n - 1) * (2 * n + 5) // 18) // 10000)
    c = math.isqrt(square - 1) + 1
    picks = [slopes[max(1, (len(slopes) - c) // 2) - 1], slopes[(len(slopes) + 1) // 2 - 1],
             slopes[min(len(slopes), (len(slopes) + c + 1) // 2 + 1) - 1]]
    first, last = weeks[0][0] * 7 - 3, weeks[-1][0] * 7 - 3
    bases = [sorted(y * 1000 - s * (x - weeks[0][0]) for x, y in weeks)[(n + 1) // 2 - 1]
             for s in picks]

    def at(line, day):
        rise = towards_zero(Fraction(picks[line] * (day - first), 7))
        return max(0, towards_zero(Fraction(bases[line] + rise, 1000)))
    ahead = last + 7 * min(156, 2 * (weeks[-1][0] - weeks[0][0] + 1))

    def reaches(line, bps):
        """full-soon/1: the first day, not before the last week, on which a line is at a rate."""
        return next((d for d in range(last, ahead + 1) if at(line, d) >= bps), None)
    return {"slopes": picks, "at": at, "reaches": reaches, "last": last, "ahead": ahead}


def a_year(slope):
    """A slope as bit/s in 365.25 days."""
    return towards_zero(Fraction(towards_zero(Fraction(slope * 1461, 28)), 1000))
