# SPDX-License-Identifier: GPL-3.0-or-later
"""node - programs of others' in Node.js: Debian's packages where they are installed, else
from npm's registry, by name, into the build tree.

BW_NODE names that folder (CMake sets it). NoNode says why it cannot be done here: no node, and
neither the package nor npm and a way to the registry."""
import fcntl
import os
import shutil
import subprocess

DEBIAN = "/usr/share/nodejs"
BROWSER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "browser")


class NoNode(Exception):
    """Not possible on this machine; a test then exits with 77."""


def modules(*packages):
    """From now on node finds these packages ("ws@8"), in NODE_PATH."""
    if not shutil.which("node"):
        raise NoNode("node is not installed")
    folder = os.environ.get("BW_NODE")
    path = [os.path.join(folder, "node_modules")] if folder else []
    os.environ["NODE_PATH"] = os.pathsep.join([*path, DEBIAN])
    missing = [p for p in packages if not _is_there(p)]
    if not missing:
        return
    if not folder:
        raise NoNode("BW_NODE names no folder to install into")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [p for p in packages if not _is_there(p)]
        if missing:
            _install(folder, missing)


def browser_modules():
    """From now on node finds what tests/browser/package.json names."""
    locked_modules("browser", BROWSER)


def locked_modules(name, source):
    """From now on node finds what package.json in the folder `source` names, as its lock says."""
    if not shutil.which("node"):
        raise NoNode("node is not installed")
    folder = os.environ.get("BW_NODE")
    if not folder:
        raise NoNode("BW_NODE names no folder to install into")
    folder = os.path.join(folder, name)
    done = subprocess.run([os.path.join(BROWSER, "install"), folder, source], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=180, universal_newlines=True)
    if done.returncode != 0:
        raise NoNode(done.stdout.strip()[-300:])
    os.environ["NODE_PATH"] = os.path.join(folder, "node_modules")


def _is_there(package):
    at = package.rfind("@")
    name = package[:at] if at > 0 else package
    return subprocess.run(["node", "-e", f"require.resolve({name!r})"],
                          stderr=subprocess.DEVNULL).returncode == 0


def _install(folder, packages):
    if not shutil.which("npm"):
        raise NoNode(f"{' '.join(packages)} and npm are not installed")
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
