# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule files and terms (docs/rules.md, bandwitness-rules(5)) as plain data with exact fractions. Part of
the independent recomputation."""
import os
import re
from fractions import Fraction

DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
TIME = {"ms": 1, "s": 1000, "min": 60000, "h": 3600000, "d": 86400000}
RATE = {"": 1, "k": 1000, "M": 10**6, "G": 10**9}


def conf(path):
    """[(keyword, title, {option: word})…] of a file; sections within sections under "in"."""
    with open(path, encoding="utf-8") as f:
        words = [w for w in re.findall(r'"[^"]*"|#[^\n]*|[{}=]|[^\s{}="#]+', f.read()) if w[0] != "#"]
    at = 0

    def block():
        nonlocal at
        options, inner = {}, []
        while at < len(words) and words[at] != "}":
            if words[at + 1] == "=":
                options[words[at]] = words[at + 2].strip('"')
                at += 3
                continue
            keyword, title = words[at], words[at + 1].strip('"') if words[at + 1] != "{" else ""
            at += 2 if words[at + 1] == "{" else 3
            inner.append((keyword, title, *block()))
            at += 1
        return options, inner
    return block()


def share(word):
    return Fraction(word.rstrip("%")) / 100


def span(word):
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", word).groups()
    return Fraction(number) * TIME[unit]


def rate(word):
    number, unit = re.fullmatch(r"([0-9.]+)([kMG]?)", word).groups()
    return int(Fraction(number) * RATE[unit])


def minute(word):
    return int(word[:2]) * 60 + int(word[3:])


def weekdays(word):
    out = set()
    for part in word.split(","):
        a, b = (part.split("-") + [part])[:2]
        a, b = DAYS.index(a), DAYS.index(b)
        out |= {(a + i) % 7 for i in range((b - a) % 7 + 1)}
    return out


def up(value):
    """The smallest whole number that is not less."""
    return -(-value.numerator // value.denominator)


def ppm(value):
    return int(value * 10**6)


def part_of(ppm_, of):
    return up(Fraction(ppm_) * of)


def read_rule(path):
    options, inner = conf(path)
    forms = ("tests", "bins", "delay", "ratio", "outages")
    rule = {"name": os.path.basename(path)[:-5], "place": options["place"], "clauses": [],
            "version": int(options["version"]),
            "days": next((o for k, _, o, _ in inner if k == "days"), None)}
    for form in forms:
        for keyword, title, o, sections in inner:
            if keyword == form:
                rule["clauses"].append({"name": title, "form": form, "options": o, "inner": sections,
                                        "ways": o.get("direction", "down,up").split(",")})
    return rule
