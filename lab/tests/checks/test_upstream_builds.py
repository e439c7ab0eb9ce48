# SPDX-License-Identifier: GPL-2.0-only
"""What has been built is not built again."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from lab.checks import matrix, upstream_builds
from lab.config import data
from lab.core import proc
from lab.core.errors import LabError
from lab.kernel import kbuild
from lab.tests.checks import support


class Kept(support.Builds):
    def test_each_key_once(self) -> None:
        judge = mock.Mock(side_effect=["", "does not boot"])
        for _ in range(2):
            found = self.made.on_each_host("boot", "booting it on", self.made.commits, lambda c, _: c.key, judge)
            self.assertEqual(found, {"mac99-g4": ["1 patch 1: does not boot"]})
        self.assertEqual([call.args[0].number for call in judge.call_args_list], [0, 1])

    def test_a_folder_is_kept_for_a_later_commit_only(self) -> None:
        build = data.build("mac99-g4")
        out = self.tmp / "tree/out-mac99-g4"
        earlier = {"first.json"}
        for stamp, stays in ((None, False), ("first.json", True), ("other.json", False)):
            out.mkdir(exist_ok=True)
            (out / "a.o").touch()
            if stamp:
                (out / upstream_builds.STAMP).write_text(stamp)
            self.assertEqual(self.made.folder(build, earlier), out)
            self.assertEqual((out / "a.o").exists(), stays, stamp)
            self.assertFalse((out / upstream_builds.STAMP).exists())

    def run_builds(self, said: str, code: int = 0) -> list[tuple[matrix.Cell, matrix.Result]]:
        def captured(argv: list[Any], *_: object, **__: object) -> tuple[int, str]:
            self.assertIn("W=1", argv)
            return code, said

        with (
            mock.patch.object(kbuild, "configure", return_value=self.tmp / "tree/out"),
            mock.patch.object(proc, "captured", side_effect=captured),
            mock.patch.object(proc, "output", return_value=b"gcc 12\n"),
        ):
            return self.made.run()

    def test_builds(self) -> None:
        """Two commits that make the same kernel are one build; what was said is read again."""
        for _ in range(2):
            found = self.run_builds("../arch/a.c:3:4: warning: unused\n")
            self.assertEqual([r.messages for _, r in found], [{"arch/a.c: warning: unused": 1}] * 3)
            self.assertEqual(self.made.ran, 2)

    def test_a_build_that_fails(self) -> None:
        found = self.run_builds("arch/a.c:3:4: error: bad\nmake: stopped\n", 2)
        self.assertEqual(found[0][1].failed, "arch/a.c: error: bad")
        self.assertEqual([r.failed for _, r in found], ["arch/a.c: error: bad"] * 3)
        self.assertEqual(self.made.ran, 1)  # what BASE does not build is not tried again

    def test_a_build_that_reads_what_it_should_not(self) -> None:
        (self.tmp / ".a.o.cmd").write_text("deps := ../arch/a.c ../include/b.h\n")
        self.assertEqual(self.made.read(self.tmp, "mac99-g4"), ["arch/a.c"])
        self.made.unread = {"mac99-g4": ["arch/*"], "mac99-g5": ["virt/*"]}
        self.assertEqual(self.made.read(self.tmp, "mac99-g5"), ["arch/a.c"])
        with self.assertRaisesRegex(LabError, r"mac99-g4 reads arch/a.c: correct \[unread\]"):
            self.made.read(self.tmp, "mac99-g4")

    def test_a_build_that_was_killed_is_not_kept(self) -> None:
        for said in ("", "Makefile:9: C=1 specified, but sparse is not available\n"):
            with self.assertRaisesRegex(LabError, "run it again"):
                self.run_builds(said, 2)
        self.assertFalse(list(self.made.store.glob("*")) if self.made.store.exists() else [])


class Reads(unittest.TestCase):
    def test_what_a_build_read(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            out = Path(name) / "arch"
            out.mkdir()
            (out / ".a.o.cmd").write_text(
                "deps := \\\n  ../arch/a.c \\\n  ../include/linux/b.h \\\n  ./include/generated/c.h\n"
            )
            self.assertEqual(upstream_builds.reads(Path(name)), {"arch/a.c", "include/linux/b.h"})

    def test_a_commit_is_built_again_only_if_it_changes_what_was_read(self) -> None:
        def commit(**files: str) -> matrix.Commit:
            return matrix.Commit(1, "one", {k.replace("_", "/"): (v.encode(), 0o644) for k, v in files.items()})

        before, read = commit(arch_a="1", arch_b="1"), {"arch/a"}
        for after, again in (
            (commit(arch_a="2", arch_b="1"), True),
            (commit(arch_a="1", arch_b="2"), False),
            (commit(arch_b="1"), True),
            (commit(arch_a="1", arch_b="1", arch_c="1"), False),
            (commit(arch_a="1", arch_b="1", arch_Makefile="1"), True),
            (commit(arch_a="1", arch_b="1", Documentation_a="1"), False),
        ):
            self.assertEqual(upstream_builds.reread(before, after, read), again, after.files)


if __name__ == "__main__":
    unittest.main()
