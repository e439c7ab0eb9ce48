# SPDX-License-Identifier: GPL-2.0-only
"""The list, BASE and cover letter of patches/qemu."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.series import qemupatches


class Patches(unittest.TestCase):
    def folder(self, count: int, listed: str) -> list[str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for mail in ("0001-a.patch", "0002-b.patch"):
                (folder / mail).write_text("")
            (folder / "series").write_text(listed)
            (folder / "BASE").write_text('package = "qemu"\nversion = "1"\nkernel = "1"\nsha256 = "1"\n')
            (folder / "cover-letter").write_text(f"Subject: [PATCH 00/{count:02d}] x\n")
            return [line.replace(name, "") for line in qemupatches.listing(folder)]

    def test_listing(self) -> None:
        self.assertEqual(self.folder(2, "0001-a.patch\n0002-b.patch\n"), [])
        self.assertEqual(self.folder(2, "0002-b.patch\n0001-a.patch\n"), ["/series: not in the order of the numbers"])
        self.assertEqual(self.folder(2, "0001-a.patch\n"), ["/series and the folder differ by 0002-b.patch"])
        self.assertIn("its Subject must say [PATCH 00/2]", self.folder(3, "0001-a.patch\n0002-b.patch\n")[0])


if __name__ == "__main__":
    unittest.main()
