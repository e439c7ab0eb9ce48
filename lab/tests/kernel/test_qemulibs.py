# SPDX-License-Identifier: GPL-2.0-only
"""The libraries of the patched QEMU."""

from __future__ import annotations

import ast
import configparser
import contextlib
import io
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core.errors import LabError
from lab.kernel import kbuild, qemulibs
from lab.tests import support


class Libraries(support.InCache):
    def test_pkg_config_files_may_be_moved(self) -> None:
        text = qemulibs.describe("zlib", "-lz")
        self.assertIn("Libs: -L${pcfiledir}/.. -lz\n", text)
        self.assertNotIn(" /", text)

    def test_how_far_ninja_is(self) -> None:
        self.assertEqual(qemulibs.share(b"[1/5] a\nx\n[2/5] b\nwarning: [9/9]\n"), "2 of 5 steps")
        self.assertEqual(qemulibs.share(b""), "")

    def toolchain(self, target: str, ccache: str | None = "/usr/bin/ccache") -> qemulibs.Toolchain:
        with (
            mock.patch.object(qemulibs, "tools", return_value={"PYTHONPATH": "/meson"}),
            mock.patch("shutil.which", return_value=ccache),
        ):
            return qemulibs.Toolchain(data.target(target))

    def test_cross_file(self) -> None:
        """Meson reads it: the target's compilers, width and byte order."""
        for target, cpu, endian in (
            ("mac99-g4", "ppc", "big"),
            ("mac99-g5", "ppc64", "big"),
            ("pseries-p8", "ppc64", "little"),
        ):
            tools = self.toolchain(target)
            file = configparser.ConfigParser()
            file.read_string(qemulibs.cross_file(tools, Path("/root")))
            host = file["host_machine"]
            self.assertEqual((host["cpu_family"], host["endian"]), (f"'{cpu}'", f"'{endian}'"))
            binaries = {name: ast.literal_eval(value) for name, value in file["binaries"].items()}
            self.assertEqual(binaries["c"], ["ccache", f"{tools.cross}gcc"])
            self.assertEqual(binaries["cpp"], ["ccache", f"{tools.cross}g++"])
            self.assertEqual(file["built-in options"]["c_args"], "['-I/root/include']")
        self.assertEqual(self.toolchain("mac99-g4", None).cc, ["powerpc-linux-gnu-gcc"])

    def test_libfdt(self) -> None:
        """Its own sources, and not those of its tests; no object is left beside the archive."""
        root, tree = self.tmp / "root", self.tmp / "libfdt"
        for folder in (root / "lib", tree):
            folder.mkdir(parents=True)
        for name in ("fdt.c", "fdt_ro.c", "other.c", "fdt.h", "libfdt.h"):
            (tree / name).touch()
        tools = self.toolchain("mac99-g4", None)

        def run(argv: list[str | Path], *_: object) -> None:
            Path(argv[argv.index("-o") + 1] if "-o" in argv else argv[2]).write_text(" ".join(map(str, argv)))

        with mock.patch.object(tools, "run", side_effect=run):
            qemulibs._fdt(tools, tree, root)
        self.assertEqual([p.name for p in (root / "lib").iterdir()], ["libfdt.a"])
        archived = (root / "lib/libfdt.a").read_text().split()
        self.assertEqual([Path(p).name for p in archived[3:]], ["fdt.o", "fdt_ro.o"])
        self.assertEqual({p.name for p in (root / "include").iterdir()}, {"fdt.h", "libfdt.h"})

    def test_installed(self) -> None:
        """Headers below include, archives in lib; the first description names what it needs."""
        root, tree = self.tmp / "root", self.tmp / "tree"
        (root / "lib/pkgconfig").mkdir(parents=True)
        tree.mkdir()
        for name in ("a.h", "liba.a"):
            (tree / name).write_text(name)
        qemulibs._install(root, [tree / "a.h"], [tree / "liba.a"], below="a/deep")
        qemulibs._describe(root, "a", "-la", "b", "2")
        found = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
        self.assertEqual(found, {"include/a/deep/a.h", "lib/liba.a", "lib/pkgconfig/a.pc"})
        self.assertIn("Version: 2\nRequires: b\n", (root / "lib/pkgconfig/a.pc").read_text())

    def test_a_build_that_fails_leaves_no_libraries(self) -> None:
        """The next one begins from nothing; one that went well is used again."""
        tools = self.toolchain("mac99-g4")
        fails = mock.Mock(side_effect=[LabError("building zlib fails"), None])
        with (
            mock.patch.object(qemulibs.apt, "source_tree", return_value=self.tmp / "source"),
            mock.patch.object(kbuild, "compiler", return_value="gcc 12"),
            mock.patch.multiple(qemulibs, _fdt=mock.DEFAULT, _zlib=fails, _pcre2=mock.DEFAULT, _glib=mock.DEFAULT),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            (self.tmp / "source").mkdir()
            with self.assertRaisesRegex(LabError, "building zlib fails"):
                qemulibs.libraries(tools, self.tmp)
            self.assertEqual(list((self.tmp / "cache/qemu").iterdir()), [])
            made = qemulibs.libraries(tools, self.tmp)
            self.assertEqual(qemulibs.libraries(tools, self.tmp), made)
        self.assertEqual(fails.call_count, 2)
        self.assertTrue((made / "lib/pkgconfig").is_dir())

    def test_debian_without_meson(self) -> None:
        """Nothing is left that would be taken for Meson."""
        with (
            mock.patch.object(qemulibs.apt.Apt, "update"),
            mock.patch.object(qemulibs.apt.Apt, "find", return_value=[]),
            contextlib.redirect_stderr(io.StringIO()),
            self.assertRaisesRegex(LabError, "Debian's trixie has no package meson: correct lab/kernel/qemulibs.py"),
        ):
            qemulibs.tools()
        self.assertEqual(list((self.tmp / "cache/tools").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
