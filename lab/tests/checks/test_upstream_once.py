# SPDX-License-Identifier: GPL-2.0-only
"""What is said of the series' end, and not of BASE."""

from __future__ import annotations

import unittest
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest import mock

from lab.checks import checkpatch, upstream_builds, upstream_once
from lab.config import data
from lab.core.errors import LabError


class Once(unittest.TestCase):
    def test_complaints(self) -> None:
        def said(script: str, counts: bool = False) -> Counter[str]:
            return upstream_once.said_of(["sh", "-c", script], "tool", ["a.c"], Path(), counts)

        self.assertEqual(said("echo a.c:1: warning: x"), Counter({"a.c: warning: x": 1}))
        self.assertEqual(said("echo a.c:1: warning: x; exit 3", counts=True), Counter({"a.c: warning: x": 1}))
        self.assertEqual(said("echo b.c:1: warning: x"), Counter())
        for counts in (False, True):
            with self.assertRaisesRegex(LabError, "tool fails with status 127: .*no-tool: not found"):
                said("no-tool", counts)
        with self.assertRaisesRegex(LabError, "tool fails with status 2: stopped"):
            said("echo a.c:1: warning: x; echo stopped; exit 2")

    def test_coccicheck_names_files_from_its_folder(self) -> None:
        """What it says of the series' files is found, and not taken for what it says of others."""
        said = "./old.c:1:0-1: preceding lock on line 4\n./xnew.c:2:0-1: WARNING: x\n"
        new = f"{said}./new.c:7:8-9: WARNING: y\n".replace("line 4", "line 5")  # no other complaint
        once = upstream_once.Once.__new__(upstream_once.Once)
        once.builds = cast(upstream_builds.Builds, SimpleNamespace(build="arch/powerpc/kvm/"))
        once.files = ["arch/powerpc/kvm/new.c", "arch/powerpc/kvm/old.c", "arch/powerpc/kernel/new.c"]
        once.stock, once.tree = Path("stock"), Path("tree")

        def captured(argv: list[str], what: str, cwd: Path) -> tuple[int, str]:
            return 0, new if cwd == once.tree else said

        with (
            mock.patch.object(upstream_once.install, "ensure"),
            mock.patch.object(upstream_once.proc, "captured", side_effect=captured),
        ):
            self.assertEqual(once.coccicheck().bad, ["./new.c: WARNING: y"])

    def test_once_checks_its_own_base(self) -> None:
        once = upstream_once.Once.__new__(upstream_once.Once)
        once.builds = cast(upstream_builds.Builds, SimpleNamespace(base=data.base("6.12"), commits=[1, 2]))
        with mock.patch.object(checkpatch, "complaints", return_value=["bad"]) as judged:
            self.assertEqual(once.checkpatch().bad, ["bad"])
        judged.assert_called_once_with("6.12")


if __name__ == "__main__":
    unittest.main()
