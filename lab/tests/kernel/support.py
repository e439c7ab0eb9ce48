# SPDX-License-Identifier: GPL-2.0-only
"""A very small kernel, and a series of one patch."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.kernel import patchset, source
from lab.tests import support

MAKEFILE = "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\nNAME = x\nVERSION = $(x)\n"
MAIL = "Subject: x\n\n---\ndiff --git a/old.c b/old.c\n--- a/old.c\n+++ b/old.c\n@@ -1 +1 @@\n-one\n+two\n--\n"


def kernel(folder: Path) -> Path:
    """A very small kernel tree."""
    (folder / "virt").mkdir(parents=True)
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "old.c").write_text("one\n")
    return folder


class Small(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.stock = kernel(self.tmp / "stock")
        self.source = source.Source("linux 7", "7.3.4-rc1", "k", self.stock)
        (self.tmp / "patches").mkdir()
        (self.tmp / "patches/0001-x.patch").write_text(MAIL)
        (self.tmp / "patches/series").write_text("0001-x.patch\n")
        mainline = data.base("mainline")
        self.base = dataclasses.replace(mainline, series=str(self.tmp / "patches"), base=str(self.tmp / "none/BASE"))
        self.enterContext(mock.patch.object(source, "find", return_value=self.source))
        self.files: dict[str, Path] = {}
        self.enterContext(mock.patch.object(patchset, "checkout_files", return_value=self.files))
        source.overlay.cache_clear()
