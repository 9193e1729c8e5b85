# SPDX-License-Identifier: GPL-3.0-or-later
"""refusing - a program whose kernel refuses it one option of sockets, by a filter of system calls
(seccomp) that it is started under."""
import ctypes
import errno
import os
import struct
import subprocess
import sys

try:
    from .place import Host
except ImportError:  # run by itself, as the program's starter
    Host = object

SOL_PACKET, PACKET_ADD_MEMBERSHIP = 263, 1
# Architecture as the kernel names it: its number, and that of setsockopt.
KNOWN = {"x86_64": (0xC000003E, 54), "aarch64": (0xC00000B7, 208), "riscv64": (0xC00000F3, 208)}
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # of BPF: a word, a comparison, the answer
NUMBER, ARCH, ARGUMENT = 0, 4, 16  # places in struct seccomp_data; an argument has 8 bytes


class Fprog(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def refuse(level, option):
    """From now on, here and in what this process becomes, setsockopt() of these fails with EPERM.
    OSError where the kernel takes no such filter."""
    if os.uname().machine not in KNOWN:
        raise OSError(errno.ENOSYS, f"numbers of system calls of {os.uname().machine} are not known")
    arch, setsockopt = KNOWN[os.uname().machine]
    low = 4 if sys.byteorder == "big" else 0
    asked = ((ARCH, arch), (NUMBER, setsockopt), (ARGUMENT + 8 + low, level),
             (ARGUMENT + 16 + low, option))
    code = b""
    for i, (at, value) in enumerate(asked):
        to_allow = 2 * (len(asked) - 1 - i) + 1
        code += struct.pack("=HBBI", LOAD, 0, 0, at)
        code += struct.pack("=HBBI", EQUAL, 0, to_allow, value)
    code += struct.pack("=HBBI", RETURN, 0, 0, ERRNO | errno.EPERM)
    code += struct.pack("=HBBI", RETURN, 0, 0, ALLOW)
    text = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    program = Fprog(len(code) // 8, ctypes.cast(text, ctypes.c_void_p))
    zero = ctypes.c_ulong(0)
    if libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program), zero,
                  zero) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class NoPromiscuousHost(Host):
    """This machine, where nothing may listen to what passes by and is not sent to it."""

    def argv(self, command):
        return super().argv([sys.executable, os.path.abspath(__file__), *command])

    def why_not(self):
        """Why there is no such filter here; None: there is."""
        done = subprocess.run(self.argv(["true"]), stderr=subprocess.PIPE, text=True)
        return (done.stderr or "?").strip().splitlines()[-1] if done.returncode else None


if __name__ == "__main__":
    refuse(SOL_PACKET, PACKET_ADD_MEMBERSHIP)
    os.execvp(sys.argv[1], sys.argv[1:])
