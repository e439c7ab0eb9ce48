# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's make is told, what it does with it, and how far it is."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.kernel import kbuild, source
from lab.tests import support

SAID = b"  CC      init/main.o\n  AS      a.o\n  AR      built-in.a\nmake: CC x\n  CC      b.o\n"


class Variables(unittest.TestCase):
    def compilers(self, ccache: str | None, cc: str = "") -> list[str]:
        with mock.patch("shutil.which", return_value=ccache):
            args, _ = kbuild.make_variables(data.build("mac99-g4"), "out-x", cc)
        return [a for a in args if a.startswith("CC=")]

    def test_compiler(self) -> None:
        """One CC=, and ccache only where there is one, whatever the compiler."""
        self.assertEqual(self.compilers("/usr/bin/ccache"), ["CC=ccache powerpc-linux-gnu-gcc"])
        self.assertEqual(self.compilers(None), ["CC=powerpc-linux-gnu-gcc"])
        self.assertEqual(self.compilers("/usr/bin/ccache", "clang-19"), ["CC=ccache clang-19"])
        self.assertEqual(self.compilers(None, "clang-19"), ["CC=clang-19"])

    def test_lost_symbols(self) -> None:
        wanted = "CONFIG_A=y\nCONFIG_B=n\n# CONFIG_C is not set\nCONFIG_D=4\nCONFIG_A=y\n"
        self.assertEqual(kbuild.lost(wanted, "CONFIG_A=y\nCONFIG_D=4\n# CONFIG_B is not set\n"), [])
        self.assertEqual(kbuild.lost(wanted, "CONFIG_C=y\nCONFIG_D=8\n"), ["CONFIG_A=y", "CONFIG_C=n", "CONFIG_D=4"])


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


class Kept(support.InCache):
    def test_one_of_two_builds(self) -> None:
        """The second one waits for the first one's kernel, and takes it."""
        final = self.tmp / "kernels/one"
        tree = source.Tree(self.tmp / "tree", "7", "-x", "k")
        syncs: list[int] = []

        def fill(work: Path) -> None:
            time.sleep(0.1)
            (work / "vmlinux").touch()

        def kept() -> None:
            kbuild.kept(tree, final, lambda: syncs.append(1), fill, "building", self.tmp / "log")

        with contextlib.redirect_stderr(io.StringIO()), ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(kept) for _ in "12"]:
                done.result()
        self.assertEqual(len(syncs), 1)
        self.assertTrue((final / "vmlinux").exists())


if __name__ == "__main__":
    unittest.main()
