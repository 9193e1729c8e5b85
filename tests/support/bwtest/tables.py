# SPDX-License-Identifier: GPL-3.0-or-later
"""tables - the tables of a page, by the label of the region that each stands in."""
from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.label, self.found, self.cell = None, {}, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "div" and attrs.get("role") == "region":
            self.label = attrs["aria-label"]
            self.found[self.label] = []
        elif tag == "tr" and self.label:
            self.found[self.label].append([])
        elif tag in ("th", "td") and self.label:
            self.cell = ""

    def handle_endtag(self, tag):
        if tag == "table":
            self.label = None
        elif tag in ("th", "td") and self.cell is not None:
            self.found[self.label][-1].append(" ".join(self.cell.split()))
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def tables(html):
    """{label: [[cell, …] of each row, its heads first]}"""
    reader = _Reader()
    reader.feed(html)
    return reader.found
