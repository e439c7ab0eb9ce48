# SPDX-License-Identifier: GPL-2.0-only
"""What the stages of a build print: scripts read it."""

from __future__ import annotations

import contextlib
import io
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import kbuild, source, stages
from lab.tests.booted import MAC, Booted
from lab.tests.kernel.support import Small


class Stages(Booted):
    def test_builds(self) -> None:
        stages.kernel(MAC)
        stages.programs(MAC)
        self.assertEqual(self.out.getvalue().splitlines(), ["vmlinux", str(self.tmp)])


class Patched(Small):
    """Of a very small kernel."""

    def setUp(self) -> None:
        super().setUp()
        self.out = self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.enterContext(mock.patch.object(data, "base", return_value=self.base))

    def printed(self) -> Path:
        (line,) = self.out.getvalue().splitlines()
        return Path(line)

    def test_fetch(self) -> None:
        with mock.patch.object(stages.tools, "tool_root", return_value="/emulator"):
            self.assertEqual(stages.fetch(Options()), 0)
        self.assertEqual(self.out.getvalue(), f"{self.stock}\n/emulator\n")

    def test_patch(self) -> None:
        self.assertEqual(stages.patch(Options()), 0)
        self.assertEqual((self.printed() / "old.c").read_text(), "two\n")
        self.assertEqual((self.stock / "old.c").read_text(), "one\n")

    def test_configure(self) -> None:
        """The patched tree is configured, with the fragments of the base on top."""
        fragments = []

        def configure(tree: source.Tree, build: data.KernelBuild, _: Path) -> Path:
            fragments.append((build.fragments, (tree.path / "old.c").read_text()))
            return tree.path / "out"

        with (
            mock.patch.object(stages.install, "ensure"),
            mock.patch.object(data.Base, "configured", lambda _, build: data.build("pseries-p8")),
            mock.patch.object(kbuild, "configure", configure),
        ):
            self.assertEqual(stages.configure(Options(target="mac99-g4")), 0)
        self.assertEqual(fragments, [(data.build("pseries-p8").fragments, "two\n")])
        self.assertEqual(self.printed().parts[-2:], ("out", ".config"))

    def test_no_source(self) -> None:
        with mock.patch.object(source, "find", side_effect=LabError("KERNEL_SRC=/x does not exist")):
            for stage in (stages.fetch, stages.patch):
                with self.assertRaisesRegex(LabError, "does not exist"):
                    stage(Options())
        self.assertEqual(self.out.getvalue(), "")


if __name__ == "__main__":
    unittest.main()
