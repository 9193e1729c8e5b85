# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements seen by what knows nothing of ours: the example of docs/statement-v1.md has the id
that stands beside it, its Python line prints that id, and the schema takes what our reader takes
of version 1 and refuses what it refuses for its shape."""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS = os.path.join(TOP, "tests", "fuzz", "corpus", "fuzz_statement")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def main():
    page = read("docs", "statement-v1.md")
    schema = json.loads(read("docs", "statement-v1.schema.json"))
    example = re.search(r'^ {4}(\{"v":1.*\})$', page, re.M).group(1)
    told, = re.findall(r"id `([A-Za-z0-9_-]{43})`", page)
    found = base64.urlsafe_b64encode(hashlib.sha256(example.encode()).digest()).decode().rstrip("=")
    assert found == told, (found, told)
    assert f"{len(example.encode())} bytes" in page
    # As the page says it: order of members as in its table, no white space.
    assert json.dumps(json.loads(example), separators=(",", ":")) == example
    members = re.findall(r"^\| `(\w+)` \| [●○]", page, re.M)
    assert members == list(schema["properties"]), members
    assert [m for m in json.loads(example)] == [m for m in members if m in json.loads(example)]

    line = re.search(r"^ {4}python3 -c '(.*)' FILE$", page, re.M).group(1)
    with tempfile.NamedTemporaryFile() as f:
        f.write(example.encode())
        f.flush()
        printed = subprocess.run([sys.executable, "-c", line, f.name], stdout=subprocess.PIPE,
                                 check=True, universal_newlines=True).stdout
    assert printed == told + "\n", printed

    check = jsonschema.Draft202012Validator(schema)
    for name in sorted(os.listdir(SEEDS)):
        with open(os.path.join(SEEDS, name), encoding="utf-8") as f:
            valid = check.is_valid(json.load(f))
        # Order and white space are not a schema's to see.
        wanted = name not in ("newer", "fraction")
        assert valid == wanted, name
    for bad in ({"said_s": -1}, {"by": "Heron"}, {"about": ""}, {"more": 1}, {"replaces": [told, told]},
                {"source": {"file": "a/b", "sha256": told}}, {"body": {"a": None}}, {"kind": "withdrawal"}):
        assert not check.is_valid({**json.loads(example), **bad}), bad
    print("statements: as their page says")


main()
