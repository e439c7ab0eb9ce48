# SPDX-License-Identifier: GPL-2.0-only
"""How far a long command says it is."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import proc, ui
from lab.kernel import kbuild

SAID = b"  CC      init/main.o\n  AS      a.o\n  AR      built-in.a\nmake: CC x\n  CC      b.o\n"


class Share(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)
        total = data.load(data.DATA / "files.toml")["pseries-p8"]
        self.whole = f"3 of about {total:,} files"

    def words(self, said: bytes = SAID, target: str = "pseries-p8") -> str:
        return kbuild.share(self.out, data.build(target))(said)

    def test_from_nothing(self) -> None:
        self.assertEqual(self.words(), self.whole)

    def test_more_than_expected(self) -> None:
        self.assertEqual(self.words(b"  CC      x.o\n" * 2000), "2,000 files")

    def test_target_that_nobody_counted(self) -> None:
        self.assertEqual(self.words(target="mac99-g4-kgdb"), "3 files")

    def test_what_is_built_again_has_no_total(self) -> None:
        for number, name in enumerate(("lab.config", "vmlinux")):
            (self.out / name).touch()
            os.utime(self.out / name, (number, number))
        self.assertEqual(self.words(), "3 files")
        os.utime(self.out / "lab.config", (5, 5))
        self.assertEqual(self.words(), self.whole)


class Told(unittest.TestCase):
    def test_share_of_a_logged_command(self) -> None:
        told: list[str] = []
        with (
            tempfile.TemporaryDirectory() as name,
            mock.patch.object(ui, "say", told.append),
            mock.patch.object(ui.Heartbeat.__init__, "__defaults__", (0.0,)),
        ):
            log = Path(name) / "log"
            log.write_text("before\n")
            argv = ["sh", "-c", "echo one; echo two; sleep 1.5"]
            proc.logged(argv, log, "building", share=lambda said: f"{len(said.split())} words")
        self.assertTrue(told)
        self.assertIn("building ... 2 words, 0:0", told[0])


if __name__ == "__main__":
    unittest.main()
