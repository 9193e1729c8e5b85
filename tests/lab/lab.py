# SPDX-License-Identifier: GPL-3.0-or-later
"""lab - network namespaces in which the real programs meet a line whose truth is known.

Everything a lab starts lives in a process-id namespace of its own whose first process
dies with the program that asked for it, and its network namespaces are held by open
files only. So nothing can be left behind, also after kill -9: the kernel ends the
processes, and with them go namespaces, links, qdiscs and counters. The only thing on
disk is one folder, locked while in use; the next lab removes folders that nobody locks.
"""
import concurrent.futures
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback

from bwtest import SceneError, new_folder, wait_for
from bwtest.place import Place

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
SKIP = 77  # ctest's SKIP_RETURN_CODE
FAILED = 2  # the lab or a program in it could not run
PREFIX = "bw-lab-"

_libc = ctypes.CDLL(None, use_errno=True)


class NotPossible(SceneError):
    """This machine does not allow the lab; says why."""


def _check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise NotPossible(f"{what}: {os.strerror(code)}")


def _missing_tools():
    tools = ("ip", "tc", "nft", "ethtool", "nsenter", "nginx", "ping", "curl")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [t for t in tools if not shutil.which(t, path=path)]


def die_with(parent, number=signal.SIGTERM):
    """In a fresh child: a lab's front ends with the program that asked for it."""
    _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + number)


def _probe_rights():
    """In a child: may we make a network namespace with a veth pair?"""
    pid = os.fork()
    if pid == 0:
        ok = _libc.unshare(CLONE_NEWNET) == 0
        if ok:
            ok = subprocess.run(["ip", "link", "add", "name", "one", "type", "veth",
                                 "peer", "name", "two"],
                                stderr=subprocess.DEVNULL).returncode == 0
        os._exit(0 if ok else 1)
    return os.waitpid(pid, 0)[1] == 0


def why_not():
    """None when a lab can be built here, else the reason in one sentence."""
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    missing = _missing_tools()
    if missing:
        return "missing: " + " ".join(missing) + " (script/deps demo installs them)"
    if os.geteuid() != 0:
        return "network namespaces need root (try sudo)"
    if not _probe_rights():
        return "this machine does not permit network namespaces with veth pairs"
    return None


def run(work, keep_note=None):
    """Run work(lab) in a fresh lab; gives its exit status back.

    work may call lab.keep(status): then the lab stays when this returns, and
    keep_note(pid, folder) is called with what to kill and what to remove.
    """
    reason = why_not()
    if reason:
        raise NotPossible(reason)
    folder, _lock = new_folder(PREFIX)  # held until this process ends
    sys.stdout.flush()
    sys.stderr.flush()
    front_end, init_end = os.pipe2(os.O_CLOEXEC)
    _check(_libc.unshare(CLONE_NEWPID), "a process-id namespace")
    pid = os.fork()
    if pid == 0:
        os.close(front_end)
        _first_process(work, folder, init_end)
    os.close(init_end)

    def end(number, _frame):
        os.kill(pid, signal.SIGKILL)  # the kernel ends all others with it
        os.waitpid(pid, 0)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end)
    kept = os.read(front_end, 1)
    if kept:
        if keep_note:
            keep_note(pid, folder)
        return kept[0]
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if os.environ.get("BW_LAB_KEEP_FILES"):
        print(f"files of the lab: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status if status >= 0 else 128 - status


def _own_proc():
    """A /proc of the lab's own processes: the leak check looks itself up there by its number."""
    _check(_libc.unshare(CLONE_NEWNS), "a mount namespace")
    if _libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        # in a chroot "/" is no mount point, but /proc is one: what lies on it stays ours
        _check(_libc.mount(None, b"/proc", None, MS_PRIVATE, None), "mounts of our own")
    _check(_libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None),
           "a /proc of our own")


def _first_process(work, folder, front):
    """Process 1 of the lab: reaps, and ends when the worker or the front ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        _own_proc()
    except SceneError as e:  # no such right here: /proc stays the outer one
        print(f"lab: {e}; leak checks inside may fail", file=sys.stderr)
    tell_end, hear_end = os.pipe2(os.O_CLOEXEC)[::-1]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda n, f: os._exit(128 + n))

    def keep(_number, _frame):
        _libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
        os.setsid() if os.getpgid(0) != os.getpid() else None
        _quiet()
        os.write(front, os.read(hear_end, 1))
        os.close(front)

    signal.signal(signal.SIGUSR1, keep)
    worker = os.fork()
    if worker == 0:
        os.close(front)
        os.close(hear_end)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        status = 1
        try:
            status = work(Lab(folder, tell_end))
        except NotPossible as e:
            print(f"skipped: {e}", file=sys.stderr)
            status = SKIP
        except (SceneError, subprocess.SubprocessError) as e:
            traceback.print_exc()
            print(f"the lab failed: {e}", file=sys.stderr)
            status = FAILED
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)
    os.close(tell_end)
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            os._exit(1)
        if pid == worker:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _quiet():
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


class Netns(Place):
    """One network namespace, held by an open file."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _check(_libc.unshare(CLONE_NEWNET), "a network namespace")
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.fds = (self.fd,)
        try:
            for path, value in (("net/ipv6/conf/default/accept_dad", "0"),
                                ("net/ipv6/conf/all/accept_dad", "0"),
                                ("net/ipv6/conf/default/accept_ra", "0"),
                                ("net/ipv6/conf/default/router_solicitations", "0")):
                _sysctl(path, value)
        finally:
            _check(_libc.setns(home, CLONE_NEWNET), "the way back from a namespace")
            os.close(home)
        self.sh("ip link set lo up")

    def inside(self):
        """with ns.inside(): sockets made here belong to the namespace."""
        return _Inside(self)

    def enter(self):
        """The calling thread, and threads it starts, live here from now on."""
        _check(_libc.setns(self.fd, CLONE_NEWNET), f"namespace {self.name}")

    def sysctl(self, path, value):
        with self.inside():
            _sysctl(path, value)

    def argv(self, command):
        return ["nsenter", f"--net=/proc/self/fd/{self.fd}", "--", *command]

    def nft(self, text):
        self.run(["nft", "-f", "-"], input=text)

    def counters(self):
        """{name: (packets, bytes)} of every named nft counter here."""
        data = json.loads(self.run(["nft", "-j", "list", "counters"]))
        return {c["counter"]["name"]: (c["counter"]["packets"], c["counter"]["bytes"])
                for c in data["nftables"] if "counter" in c}


class _Inside:
    def __init__(self, ns):
        self.ns = ns
        self.home = -1

    def __enter__(self):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _check(_libc.setns(self.ns.fd, CLONE_NEWNET), f"namespace {self.ns.name}")

    def __exit__(self, *_):
        _check(_libc.setns(self.home, CLONE_NEWNET), "the way back from a namespace")
        os.close(self.home)


def _sysctl(path, value):
    with open("/proc/sys/" + path, "w", encoding="ascii") as f:
        f.write(value)


class Lab:
    """Namespaces and processes of one run; all end with it."""

    def __init__(self, folder, tell):
        self.folder = folder
        self._tell = tell

    def path(self, *parts):
        path = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def keep(self, status):
        """Let the front go with this exit status; the lab stays until process 1 is killed."""
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(self._tell, bytes([status]))
        os.kill(1, signal.SIGUSR1)
        _quiet()

    @staticmethod
    def outer_pid(pid):
        """The number under which our /proc, the lab's or the outer one, knows a process of ours."""
        here = os.stat("/proc/thread-self/ns/pid_for_children").st_ino
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                if os.stat(f"/proc/{name}/ns/pid").st_ino != here:
                    continue
                with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as f:
                    inner = next(l for l in f if l.startswith("NSpid:")).split()[-1]
                if int(inner) == pid:
                    return int(name)
            except (OSError, StopIteration):
                continue
        return None

    @staticmethod
    def link(a, a_if, b, b_if, mtu=1500):
        """A veth pair whose packets are what a wire would carry: no offloads."""
        a.run(["ip", "link", "add", "name", a_if, "mtu", str(mtu), "type", "veth", "peer", "name",
               b_if, "mtu", str(mtu), "netns", f"/proc/self/fd/{b.fd}"], fds=(b.fd,))
        for ns, name in ((a, a_if), (b, b_if)):
            ns.run(["ethtool", "-K", name, "tx", "off", "rx", "off", "tso", "off", "gso",
                    "off", "gro", "off", "sg", "off"], ok=None)
            features = ns.run(["ethtool", "-k", name])
            for feature in ("tcp-segmentation-offload", "generic-segmentation-offload",
                            "generic-receive-offload", "tx-checksumming"):
                if f"{feature}: on" in features:
                    raise SceneError(f"{ns.name}/{name}: {feature} cannot be switched off")
            ns.run(["ip", "link", "set", "dev", name, "up"])


def until_caught(proc, number):
    """Until the program has a handler of this signal: one that comes before only kills it."""
    def caught():
        with open(f"/proc/{Lab.outer_pid(proc.pid)}/status", encoding="ascii") as f:
            return int(next(l for l in f if l.startswith("SigCgt:")).split()[1], 16) >> number - 1 & 1
    wait_for("its handler of the signal", caught)


def at_once(*parts, most=None):
    """All of these functions, each in a thread, so many at a time at most; raises the first
    fault when all are over. For what waits more than it works and compares no rate."""
    with concurrent.futures.ThreadPoolExecutor(most or len(parts)) as pool:
        running = [pool.submit(part) for part in parts]
    for done in running:
        done.result()


def main(work):
    """For a test: run work(lab) and exit with its status, 77 where not possible."""
    try:
        sys.exit(run(work))
    except NotPossible as e:
        print(f"skipped: {e}")
        sys.exit(SKIP)
