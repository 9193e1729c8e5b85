# SPDX-License-Identifier: GPL-3.0-or-later
"""picture - whether a line of text stands in an SVG of librrd's, which draws letters as shapes.

Nobody says which shape is which letter. But the same letter is the same shape, and another one
another shape; in a text of some twenty letters that is no chance."""
import xml.etree.ElementTree

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


def lines(svg):
    """The shapes of each line of text, in their order."""
    root = xml.etree.ElementTree.fromstring(svg)
    found = []
    for group in root.iter(SVG + "g"):
        shapes = [u.get(LINK) for u in group.findall(SVG + "use")]
        found += [shapes] if shapes else []
    return found


def same(shapes, words):
    return len(shapes) == len(words) and (
        len(set(zip(shapes, words))) == len(set(shapes)) == len(set(words)))


def says(svg, words):
    """Whether the words (16 letters at least, none twice the same pattern) are drawn."""
    assert len(words) >= 16, f"{words}: too few letters to be sure"
    n = len(words)
    return any(same(line[i:i + n], words) for line in lines(svg)
               for i in range(len(line) - n + 1))
