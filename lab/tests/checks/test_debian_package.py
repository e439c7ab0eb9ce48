# SPDX-License-Identifier: GPL-2.0-only
"""Debian's own tools apply the exported patches, and say so."""

from __future__ import annotations

import contextlib
import io
import unittest
from pathlib import Path

from lab.checks import debian_package
from lab.core.errors import LabError
from lab.tests import support

PATCH = "Subject: x\n\n--- a/file\n+++ b/file\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"


class Patched(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.stock, self.exported, self.work = (self.tmp / n for n in ("stock", "exported", "work"))
        self.write(self.stock / "file", "one\ntwo\nthree\n")
        self.write(self.stock / "out-old/file", "x")
        self.write(self.stock / "debian/source/format", "3.0 (quilt)\n")
        self.write(self.stock / "debian/patches/series", "own.patch\n")
        self.write(self.stock / "debian/patches/own.patch", PATCH.replace("/file", "/own"))
        self.write(self.stock / "own", "one\ntwo\nthree\n")
        signed = " -- A <a@b>  Thu, 01 Jan 1970 00:00:00 +0000\n"
        self.write(self.stock / "debian/changelog", f"linux (1-1) x; urgency=low\n\n  * x\n\n{signed}")
        package = "Package: x\nArchitecture: all\n"
        self.write(self.stock / "debian/control", f"Source: linux\nMaintainer: A <a@b>\n\n{package}")
        (self.stock / ".pc").mkdir()
        self.write(self.exported / "series", "below/0001-x.patch\n")
        self.write(self.exported / "debian/patches/below/0001-x.patch", PATCH)
        self.work.mkdir()

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_applied(self) -> None:
        """After Debian's own patches, and only in the copy."""
        self.assertEqual(debian_package.patched(self.stock, self.exported, self.work), 1)
        self.assertEqual((self.work / "file").read_text(), "one\n2\nthree\n")
        self.assertEqual((self.work / "own").read_text(), "one\n2\nthree\n")
        self.assertEqual((self.stock / "file").read_text(), "one\ntwo\nthree\n")
        self.assertEqual((self.stock / "debian/patches/series").read_text(), "own.patch\n")
        self.assertFalse((self.work / "out-old").exists())

    def test_fuzz(self) -> None:
        self.write(self.stock / "file", "ONE\ntwo\nthree\n")
        with self.assertRaisesRegex(LabError, "dpkg-source failed: .*0001-x.patch"):
            debian_package.patched(self.stock, self.exported, self.work)


if __name__ == "__main__":
    unittest.main()
