# SPDX-License-Identifier: GPL-2.0-only
"""Programs for a host, with a script in the place of the compiler; the user's own."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import struct
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core.errors import LabError
from lab.machine import programs
from lab.tests import support


class Compiled(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.code = self.tmp / "x/init.c"
        self.code.parent.mkdir()
        self.code.write_text("code\n")
        self.enterContext(mock.patch.object(data, "LAB", self.tmp))
        self.enterContext(mock.patch.object(programs.install, "ensure"))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def compiled(
        self, kind: list[str] = programs.PROGRAM, name: str = "a", fails: str = "", to: str = "one", version: int = 1
    ) -> str:
        """What the compiler of that name makes: its own words. Or it fails with a line."""
        told = f'[ "$1" != --version ] || {{ echo {version}; exit; }}\n'
        script = f"echo '{fails}'; exit 1" if fails else 'for a; do [ "$o" = -o ] && echo "$*" > "$a"; o=$a; done'
        (self.tmp / f"{name}-gcc").write_text(f"#!/bin/sh\n{told}echo >> {self.tmp}/calls\n{script}\n")
        (self.tmp / f"{name}-gcc").chmod(0o755)
        build = dataclasses.replace(data.build("mac99-g4"), name=to, cross=f"{self.tmp}/{name}-")
        return programs.compile_for(build, "x/init.c", kind).decode()

    def calls(self) -> int:
        return len((self.tmp / "calls").read_text().splitlines())

    def test_flags(self) -> None:
        """Static; no warning is let through."""
        words = self.compiled().split()
        self.assertLessEqual({"-static", "-Wall", "-Wextra", "-Werror"}, set(words))
        self.assertEqual(words[-1], str(self.code))
        self.assertIn("-shared", self.compiled(programs.PRELOAD).split())

    def test_once_for_the_same_code_compiler_flags_and_build(self) -> None:
        ways: list[Callable[[], str]] = [
            self.compiled,
            lambda: self.compiled(programs.DEBUGGED),
            lambda: self.compiled(name="b"),
            lambda: self.compiled(to="two"),
            lambda: self.compiled(version=2),
        ]
        for number, way in enumerate(ways, 1):
            self.assertEqual(way(), way())
            self.assertEqual(self.calls(), number)
        self.code.write_text("other\n")
        self.compiled()
        self.assertEqual(self.calls(), len(ways) + 1)

    def test_builds_of_one_kind_share_programs(self) -> None:
        """Of a kernel build that inherits another, the programs are the other's."""
        made = self.compiled()
        build = dataclasses.replace(data.build("mac99-g4"), name="debug", inherits="one", cross=f"{self.tmp}/a-")
        self.assertEqual(programs.compile_for(build, "x/init.c").decode(), made)
        self.assertEqual(self.calls(), 1)

    def test_code_that_does_not_compile(self) -> None:
        """The error has the compiler's line and names the log; the next call tries again."""
        wanted = r"^building x/init.c failed: init.c:1: error: no \(log: .*init.log\)$"
        for _ in range(2):
            with self.assertRaisesRegex(LabError, wanted):
                self.compiled(fails="init.c:1: error: no")
        self.assertEqual(self.calls(), 2)
        self.assertTrue(self.compiled())


class Own(support.InCache):
    """PAYLOAD=."""

    def program(self, target: data.Target, interp: bool = False, machine: int | None = None) -> Path:
        wide, order = target.build.bits == 64, "<" if target.build.endian == "little" else ">"
        head = bytes([0x7F, *b"ELF", 2 if wide else 1, 1 if order == "<" else 2, 1]).ljust(16, b"\0")
        head += struct.pack(order + "HHI", 2, machine or (21 if wide else 20), 1)
        size = 64 if wide else 52
        head += struct.pack(order + ("QQQIHHHHHH" if wide else "IIIIHHHHHH"), 0, size, 0, 0, size, 56, 1, 0, 0, 0)
        path = self.tmp / "program"
        path.write_bytes(head + struct.pack(order + "I", 3 if interp else 1).ljust(56, b"\0"))
        return path

    def test_elf(self) -> None:
        for name in data.names("targets"):
            target = data.target(name)
            self.assertEqual(programs.check(self.program(target), target)[:4], b"\x7fELF")
            with self.assertRaisesRegex(LabError, "needs shared libraries"):
                programs.check(self.program(target, interp=True), target)
            with self.assertRaisesRegex(LabError, f"is not for {name}"):
                programs.check(self.program(target, machine=62), target)

    def test_no_elf(self) -> None:
        target, path = data.target("mac99-g4"), self.tmp / "program"
        with self.assertRaisesRegex(LabError, "No such file or directory: name a static program for mac99-g4"):
            programs.check(path, target)
        path.write_text("#!/bin/sh\n")
        with self.assertRaisesRegex(LabError, "is no ELF program: build it with powerpc-linux-gnu-gcc -static"):
            programs.check(path, target)


if __name__ == "__main__":
    unittest.main()
