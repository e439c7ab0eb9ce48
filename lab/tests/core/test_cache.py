# SPDX-License-Identifier: GPL-2.0-only
"""A stage is whole, or it is not there."""

from __future__ import annotations

import errno
from unittest import mock

from lab.core import cache
from lab.core.errors import LabError
from lab.debian import apt
from lab.kernel import kbuild
from lab.tests import support


class Stages(support.InCache):
    def test_interrupted_stage_leaves_nothing(self) -> None:
        final = self.tmp / "stage"
        with self.assertRaises(KeyboardInterrupt), cache.building(final) as work:
            (work / "half").write_text("x")
            raise KeyboardInterrupt
        self.assertEqual(list(self.tmp.glob("*stage*")), [])

    def test_full_disk_while_writing(self) -> None:
        (self.tmp / "file").write_text("old")
        with mock.patch("os.fdopen", side_effect=OSError(errno.ENOSPC, "full")), self.assertRaises(OSError):
            cache.write(self.tmp / "file", b"new")
        self.assertEqual((self.tmp / "file").read_text(), "old")
        self.assertEqual([p.name for p in self.tmp.iterdir() if "file" in p.name], ["file"])

    def test_lost_symbols(self) -> None:
        wanted = "CONFIG_A=y\nCONFIG_B=n\n# CONFIG_C is not set\nCONFIG_D=4\nCONFIG_A=y\n"
        self.assertEqual(kbuild.lost(wanted, "CONFIG_A=y\nCONFIG_D=4\n# CONFIG_B is not set\n"), [])
        self.assertEqual(kbuild.lost(wanted, "CONFIG_C=y\nCONFIG_D=8\n"), ["CONFIG_A=y", "CONFIG_C=n", "CONFIG_D=4"])

    def test_mirror(self) -> None:
        said = "http://x/s/|Debian-Security|main|$(SIGNED_BY)\nhttp://x/d/|Debian|main|/k.gpg\n"
        self.assertEqual(apt.mirror(said), ("http://x/d", "/k.gpg"))
        fresh = "http://x/debian-security/|$(LABEL)|main|\nhttp://x/debian/|$(LABEL)|main|\n"
        self.assertEqual(apt.mirror(fresh), ("http://x/debian", apt.KEYRING))
        with self.assertRaisesRegex(LabError, "no Debian archive"):
            apt.mirror("")
