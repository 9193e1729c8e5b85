# SPDX-License-Identifier: GPL-3.0-or-later
"""bagit - RFC 8493 read a second time, in a few lines: is this folder a complete and valid bag?"""
import hashlib
import os
import re
import subprocess
import sys


def files(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            yield os.path.relpath(os.path.join(where, name), folder)


def digest(folder, name, algorithm):
    with open(os.path.join(folder, name), "rb") as f:
        return hashlib.new(algorithm, f.read()).hexdigest()


def faults(folder):
    """Everything that RFC 8493 section 3 wants and this folder has not."""
    out = []
    with open(os.path.join(folder, "bagit.txt"), encoding="utf-8") as f:
        if f.read() != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            out.append("bagit.txt")
    there = sorted(files(folder))
    payload = [n for n in there if n.startswith("data/")]
    tags = [n for n in there if not n.startswith(("data/", "tagmanifest-"))]
    for algorithm in ("sha256", "sha512"):
        for manifest, names in ((f"manifest-{algorithm}.txt", payload),
                                (f"tagmanifest-{algorithm}.txt", tags)):
            with open(os.path.join(folder, manifest), encoding="utf-8") as f:
                rows = dict(reversed(re.fullmatch(r"([0-9a-f]+)  (.+)", line).groups())
                            for line in f.read().splitlines())
            if sorted(rows) != names:
                out.append(f"{manifest}: lists other files than there are")
            out += [f"{manifest}: {n}" for n in rows if digest(folder, n, algorithm) != rows[n]]
    with open(os.path.join(folder, "bag-info.txt"), encoding="utf-8") as f:
        info = dict(line.split(": ", 1) for line in f.read().splitlines())
    size = sum(os.path.getsize(os.path.join(folder, n)) for n in payload)
    if info.get("Payload-Oxum") != f"{size}.{len(payload)}":
        out.append("Payload-Oxum")
    return out


def write_manifests(folder):
    """Make all manifests anew, as somebody would who changed a file and wants it hidden."""
    there = sorted(files(folder))
    payload = [n for n in there if n.startswith("data/")]
    size = sum(os.path.getsize(os.path.join(folder, n)) for n in payload)
    path = os.path.join(folder, "bag-info.txt")
    with open(path, encoding="utf-8") as f:
        info = re.sub(r"(?m)^Payload-Oxum: .*$", f"Payload-Oxum: {size}.{len(payload)}", f.read())
    with open(path, "w", encoding="utf-8") as f:
        f.write(info)
    for prefix in ("", "tag"):
        for algorithm in ("sha256", "sha512"):
            names = payload if not prefix else [
                n for n in sorted(files(folder)) if not n.startswith(("data/", "tagmanifest-"))]
            text = "".join(f"{digest(folder, n, algorithm)}  {n}\n" for n in names)
            with open(os.path.join(folder, f"{prefix}manifest-{algorithm}.txt"), "w",
                      encoding="utf-8") as f:
                f.write(text)


def records(folder):
    """The compact JWS of a bag, one a line: by the lines of Python in its own README."""
    path = os.path.join(folder, "data/records/summaries.jose")
    if not os.path.exists(path):
        path = os.path.join(folder, "../summaries.jose")
        with open(os.path.join(folder, "data/README.txt"), encoding="utf-8") as f:
            lines = [line[5:] for line in f.read().split("\n") if line.startswith("     ")]
        script = lines[lines.index("import base64, glob, hashlib, json"):lines.index("out.close()") + 1]
        subprocess.run([sys.executable, "-c", "\n".join(script)], cwd=folder, check=True)
    with open(path, "rb") as f:
        return f.read()
