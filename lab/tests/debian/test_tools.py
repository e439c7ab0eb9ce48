# SPDX-License-Identifier: GPL-2.0-only
"""Programs of another Debian that are run from the cache."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import unittest
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from lab.core.errors import LabError
from lab.debian import apt, tools
from lab.tests import support


class Roots(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def root(self, *files: str) -> Path:
        for name in files:
            path = self.tmp / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return self.tmp / "root"

    def test_command(self) -> None:
        """The loader and the libraries are the root's own, those in folders of their own too."""
        names = ("usr/lib/x/ld-linux-x.so.2", "usr/lib/x/libc.so.6", "usr/lib/x/pulse/libp.so.1", "usr/bin/qemu")
        root = self.root(*names, "usr/lib/x/gconv/none")
        libraries = f"{root}/usr/lib/x:{root}/usr/lib/x/pulse"
        want = [f"{root}/{names[0]}", "--library-path", libraries, f"{root}/usr/bin/qemu"]
        self.assertEqual(tools.command(root, "usr/bin/qemu"), want)

    def test_a_root_that_is_not_whole(self) -> None:
        for root in (self.root("usr/bin/qemu"), self.root("lib/ld-linux.so.2")):
            with self.assertRaisesRegex(LabError, "is not whole: remove it"):
                tools.command(root, "usr/bin/gdb")

    def test_it_runs(self) -> None:
        """This machine's own /bin/echo, by its loader."""
        echo = Path("/usr/bin/echo")
        said = subprocess.run(["ldd", echo], capture_output=True, text=True, check=False).stdout
        found = [Path(w).resolve() for w in said.split() if w.startswith("/")]
        loader = next(p for p in found if p.name.startswith("ld-linux"))
        for path in (*found, echo.resolve()):
            at = self.tmp / "root" / (f"usr/lib/any/{path.name}" if path != echo else "usr/bin/echo")
            at.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, at)
        shutil.copy2(loader, self.tmp / "root/usr/lib/any/ld-linux-any.so.2")
        argv = tools.command(self.tmp / "root", "usr/bin/echo")
        self.assertEqual(subprocess.run([*argv, "hello"], capture_output=True, check=True).stdout, b"hello\n")

    def test_bootable(self) -> None:
        root = tools.bootable(self.root("usr/bin/qemu", "usr/lib/x/libc.so.6"))
        self.assertEqual(sorted(p.name for p in root.iterdir()), ["bin", "dev", "lib", "proc", "sys", "tmp", "usr"])
        self.assertTrue((root / "bin/qemu").exists())
        self.assertEqual(tools.bootable(root), root)

    def fetched(self, torn: Sequence[str]) -> list[str]:
        """The suites that were tried, where the mirror is torn in some of them."""
        tried = []

        def closure(one: apt.Apt, packages: Sequence[str], where: Path) -> None:
            tried.append(one.suites[-1])
            if one.suites[-1] in torn:
                raise apt.Torn(f"{one.suites[-1]} is torn")
            (where / "done").write_text(" ".join(packages))

        tool = tools.Tool([["old"], ["new", "newer"]], ["qemu"])
        with (
            mock.patch.object(tools, "tools", return_value={"x": tool}),
            mock.patch.object(apt.Apt, "update"),
            mock.patch.object(apt.Apt, "closure", closure),
        ):
            for _ in range(2):
                self.assertEqual((tools.tool_root("x", "any") / "done").read_text(), "qemu")
        return tried

    def test_fetched_once(self) -> None:
        self.assertEqual(self.fetched([]), ["old"])

    def test_the_next_suites(self) -> None:
        self.assertEqual(self.fetched(["old"]), ["old", "newer"])

    def test_no_suites_left(self) -> None:
        with self.assertRaisesRegex(apt.Torn, "newer is torn"):
            self.fetched(["old", "newer"])
        self.assertEqual([*(self.tmp / "cache/tools").iterdir()], [])

    def test_unknown(self) -> None:
        with self.assertRaisesRegex(LabError, "does not describe 'y'"):
            tools.tool_root("y")


if __name__ == "__main__":
    unittest.main()
