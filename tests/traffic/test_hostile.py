# SPDX-License-Identifier: GPL-3.0-or-later
"""`bandwitness capture` on files that are meant to break it: every packet is counted, none is the
end of the program, memory stays that of its tables, and a table that was full is told."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

import hostile_frames
from bwtest import scratch

PROGRAM = sys.argv.pop(1)
MIB = 1024


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(scratch("bw-test-hostile-"))

    def file(self, name, frames):
        path = os.path.join(self.folder, name + ".pcap")
        with open(path, "wb") as f:
            return path, hostile_frames.write(f, frames)

    def read(self, path, *options, status=0):
        """(what it says, peak memory in KiB)."""
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as error:
            proc = subprocess.Popen([PROGRAM, "capture", "--json", "--devices", "--router",
                                     "02:00:00:00:00:01", *options, path], stdout=said,
                                    stderr=error)
            _, code, usage = os.wait4(proc.pid, 0)
            proc.returncode = os.waitstatus_to_exitcode(code)
            said.seek(0)
            error.seek(0)
            text = error.read().decode()
            self.assertEqual(proc.returncode, status, text[-2000:])
            got = said.read()
        return json.loads(got) if got else None, usage.ru_maxrss, text

    def all_counted(self, name):
        path, (packets, size) = self.file(name, hostile_frames.KINDS[name](0))
        got, _, _ = self.read(path)
        self.assertEqual((got["packets"], got["bytes"]), (packets, size), name)
        self.assertTrue(got["complete"])
        self.assertEqual(sum(w["packets"] for w in got["ways"]), packets)
        self.assertEqual(sum(w["bytes"] for w in got["ways"]), size)
        for way in got["ways"]:
            for of in ("classes", "families", "sizes"):
                self.assertEqual(sum(row["bytes"] for row in way[of]), way["bytes"], (name, of))
        return got

    def test_every_truncation(self):
        got = self.all_counted("truncated")
        why = {row["why"]: row["packets"] for row in got["not_read"]}
        for part in ("link", "ip", "transport", "options"):
            self.assertGreater(why["cut-" + part], 50, why)
        self.assertGreater(sum(n for name, n in why.items() if name.startswith("cut-")), 1000, why)

    def test_lying_lengths(self):
        self.assertGreater(self.all_counted("lies")["length_lies"], 50)

    def test_extension_chains(self):
        self.all_counted("chains")

    def test_option_bombs(self):
        self.all_counted("options")

    def test_vlan_stacks(self):
        self.all_counted("vlans")

    def test_noise(self):
        self.all_counted("noise")

    def test_lying_file(self):
        """Records that say more than there is: what came before is told, and where it ends."""
        path, (packets, _) = self.file("file", (hostile_frames.whole(f)
                                                for f in hostile_frames.honest()))
        with open(path, "ab") as f:
            end = f.tell()
        for head in (struct.pack("=IIII", 1, 1, 0xFFFFFFFF, 60), struct.pack("=IIII", 1, 1, 61, 61),
                     struct.pack("=IIII", 1, 1, 0x7FFFFFFF, 0x7FFFFFFF), b"\1\2\3"):
            os.truncate(path, end)
            with open(path, "ab") as f:
                f.write(head + b"x" * 60 if len(head) > 3 else head)
            got, _, text = self.read(path, status=1)
            self.assertEqual(got["packets"], packets)
            self.assertFalse(got["complete"])
            self.assertIn(f"packet {packets + 1}", text)

    def test_floods(self):
        """Ten times as many flows as fit take no more memory than one packet, but for pages
        touched; all told as full. What is thrown out is not taken for anything else."""
        path, _ = self.file("one", [hostile_frames.whole(next(hostile_frames.honest()))])
        _, rest, _ = self.read(path)
        path, (packets, _) = self.file("flood", hostile_frames.flood(300000))
        got, peak, _ = self.read(path)
        print(f"{packets} SYNs of chance: {got['flows']}, {peak / MIB:.1f} MiB, one packet "
              f"{rest / MIB:.1f} MiB")
        self.assertTrue(got["flows"]["table_full"])
        self.assertGreater(got["flows"]["put_out"], 10000)
        self.assertEqual(got["tcp"]["rtt_wan"]["n"], 0)
        self.assertLess(peak - rest, 96 * MIB)
        path, (packets, _) = self.file("devices", hostile_frames.devices(120000))
        got, peak, _ = self.read(path)
        print(f"{packets} devices: {got['devices']}, {peak / MIB:.1f} MiB")
        self.assertTrue(got["devices"]["table_full"])
        self.assertLessEqual(got["devices"]["at_least"], packets)
        self.assertLess(peak - rest, 96 * MIB)

    def test_collisions(self):
        """Flows that a hash without a secret would put into one place find room like others."""
        path, (packets, _) = self.file("collide", hostile_frames.collide(30000))
        got, _, _ = self.read(path)
        self.assertFalse(got["flows"]["table_full"])
        self.assertEqual(got["flows"]["n"], packets // 2)
        self.assertEqual(got["tcp"]["rtt_wan"]["n"], packets // 2)


if __name__ == "__main__":
    unittest.main()
