# SPDX-License-Identifier: GPL-3.0-or-later
"""npm - programs of others' in Node.js, installed by name into the build tree.

BW_NODE names the folder (CMake sets it). NoNode says why it cannot be done here: no node, no
npm, or no way to the registry."""
import fcntl
import os
import shutil
import subprocess


class NoNode(Exception):
    """Not possible on this machine; a test then exits with 77."""


def modules(*packages):
    """A folder whose node_modules holds these packages ("ws@8"); installed once."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise NoNode(f"{tool} is not installed")
    folder = os.environ.get("BW_NODE")
    if not folder:
        raise NoNode("BW_NODE names no folder to install into")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [p for p in packages if not _is_there(folder, p)]
        if missing:
            _install(folder, missing)
    return folder


def _name(package):
    at = package.rfind("@")
    return package[:at] if at > 0 else package


def _is_there(folder, package):
    return os.path.exists(os.path.join(folder, "node_modules", _name(package), "package.json"))


def _install(folder, packages):
    manifest = os.path.join(folder, "package.json")
    if not os.path.exists(manifest):
        with open(manifest, "w", encoding="ascii") as f:
            f.write('{"private": true}\n')
    done = subprocess.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund",
                           "--ignore-scripts", "--silent", *packages], cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=180, universal_newlines=True)
    if done.returncode != 0:
        raise NoNode(f"npm cannot install {' '.join(packages)}: {done.stdout.strip()[-300:]}")
