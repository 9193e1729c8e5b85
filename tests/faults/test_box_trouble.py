# SPDX-License-Identifier: GPL-3.0-or-later
"""What rots around the box: pages of its journal are overwritten, a second one is started on
its folder. It says what is the matter and what to do, and makes nothing worse."""
import shutil
import sqlite3

from bwtest import Box
from bwtest.scenes import run_scenes, scene


def spoil(path, table):
    """Overwrite the first page of a table; the file as it is then."""
    db = sqlite3.connect(path)
    page = db.execute("PRAGMA page_size").fetchone()[0]
    root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    db.close()
    with open(path, "r+b") as f:
        f.seek((root - 1) * page)
        f.write(b"\xa5" * page)
    with open(path, "rb") as f:
        return f.read()


@scene
def corrupt_journal():
    with Box() as box:
        box.start()
        box.wait_records(3)
        box.stop()
        lines = box.journal()
        path = box.state + "/journal.db"
        for table in ("chains", "records"):
            shutil.copy(path, box.folder + "/copy")
            rotten = spoil(path, table)
            box.start(wait=False)
            box.ends(1, 60)
            text = box.text(last=True)
            assert "journal.db is damaged" in text and "keep it" in text, text
            with open(path, "rb") as f:
                assert f.read() == rotten, f"{table}: it wrote into a file it cannot read"
            shutil.copy(box.folder + "/copy", path)
        box.start()
        box.wait_records(len(lines) + 2)
        box.stop()
        assert box.journal()[:len(lines)] == lines
        box.verify()


@scene
def one_only():
    """A second box on the same folder says why it does not start; the first goes on."""
    with Box() as box:
        box.start()
        n = len(box.wait_records(2))
        second = Box(folder=box.folder)
        second.conf += "2"
        second.log += "2"
        with open(second.conf, "w", encoding="utf-8") as f:
            f.write((second.head + Box.CIRCUIT % "lo" + Box.ICMP).replace(
                second.socket, second.socket + "2"))
        second.start(wait=False)
        second.ends(1)
        assert "another process" in second.text() and "journal.db" in second.text(), second.text()
        box.wait_records(n + 3)
        assert box.status()["journal"]["held"] == 0
        box.stop()
        box.verify()


if __name__ == "__main__":
    run_scenes()
