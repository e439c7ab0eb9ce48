# SPDX-License-Identifier: GPL-2.0-only
"""A stage is whole, or it is not there."""

from __future__ import annotations

import contextlib
import errno
import io
import unittest
from pathlib import Path
from unittest import mock

from lab.core import cache
from lab.core.errors import LabError
from lab.core.options import Options
from lab.tests import support


class Stages(support.InCache):
    def test_interrupted_stage_leaves_nothing(self) -> None:
        final = self.tmp / "stage"
        with self.assertRaises(KeyboardInterrupt), cache.building(final) as work:
            (work / "half").write_text("x")
            raise KeyboardInterrupt
        self.assertEqual(list(self.tmp.glob("*stage*")), [])

    def test_a_stage_replaces_an_older_one(self) -> None:
        """Another user, as apt's, can enter it while it is made; nothing else is left."""
        final = self.tmp / "stage"
        for text in ("old", "new"):
            with cache.building(final) as work:
                (work / text).write_text(text)
                self.assertTrue(all(p.stat().st_mode & 0o005 == 0o005 for p in (work, work.parent)))
        self.assertEqual([p.name for p in final.iterdir()], ["new"])
        self.assertEqual([p.name for p in self.tmp.iterdir() if "stage" in p.name], ["stage"])

    def test_full_disk_while_writing(self) -> None:
        (self.tmp / "file").write_text("old")
        full = OSError(errno.ENOSPC, "full")
        with mock.patch.object(Path, "write_bytes", side_effect=full), self.assertRaises(OSError):
            cache.write(self.tmp / "file", b"new")
        self.assertEqual((self.tmp / "file").read_text(), "old")
        self.assertEqual([p.name for p in self.tmp.iterdir() if "file" in p.name], ["file"])

    def test_space(self) -> None:
        usage = mock.Mock(free=2**20)
        with (
            mock.patch("shutil.disk_usage", return_value=usage),
            self.assertRaisesRegex(LabError, "0.0 GB free in .*, 3 GB"),
        ):
            cache.need_space(3)

    def test_clean(self) -> None:
        """What the lab has made goes, also that of a killed run; what is of others stays."""
        here = cache.folder()
        for name in (".lab-apply.x", "kernels", "tree", "mine"):
            (here / name).mkdir()
        with cache.scratch("x") as path, contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(path.parent, here)
            cache.clean(Options())
            self.assertEqual(sorted(p.name for p in here.iterdir()), ["mine", "tree"])
            path.mkdir()


if __name__ == "__main__":
    unittest.main()
