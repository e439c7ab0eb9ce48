# SPDX-License-Identifier: GPL-2.0-only
"""Guests of a QEMU: their symbols, files and command lines."""

from __future__ import annotations

import stat
import unittest
from pathlib import Path
from unittest import mock

from lab.core.errors import LabError
from lab.core.options import Options
from lab.guest import guest
from lab.tests import support
from lab.tests.machine.test_cpio import read

FIRMWARE, LINUX = guest.find("openbios-g4"), guest.find("linux-g4")


class Places(unittest.TestCase):
    def test_symbol(self) -> None:
        table = """
   100: c0000000007b494c  2636 FUNC    GLOBAL DEFAULT [<localentry>: 8]    19 start_kernel
   101: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND elsewhere
   102: c03dfa58  2096 FUNC    GLOBAL DEFAULT   10 start_kernel_32
"""
        found = [guest.symbol(table, name) for name in ("start_kernel", "start_kernel_32", "elsewhere", "kernel")]
        self.assertEqual(found, [0xC0000000007B4954, 0xC03DFA58, None, None])

    def test_address(self) -> None:
        """As it is written, or of a symbol; a guest of firmware has none."""
        self.assertEqual(guest.address(FIRMWARE, "0x110"), 0x110)
        self.assertEqual(guest.address(FIRMWARE, "272"), 0x110)
        with self.assertRaisesRegex(LabError, "^openbios-g4 has no symbols: give START= as an address, not 'main'$"):
            guest.address(FIRMWARE, "main")

    def test_symbols_of_the_kernel_and_of_the_first_process(self) -> None:
        row = " 1: {} 8 FUNC GLOBAL DEFAULT 1 {}\n".format
        tables = {"vmlinux": row("c0000100", "start_kernel").encode(), "init": row("10", "main").encode()}
        with (
            mock.patch.object(guest, "symbols", return_value=Path("vmlinux")),
            mock.patch.object(guest, "program", return_value=Path("init")),
            mock.patch.object(guest.proc, "output", side_effect=lambda argv: tables[argv[-1].name]),
        ):
            found = [guest.address(LINUX, name) for name in ("start_kernel", "main")]
            self.assertEqual(found, [0xC0000100, 0x10])
            with self.assertRaisesRegex(LabError, "^linux-g4 has no symbol 'none': give START= as an address, or one"):
                guest.address(LINUX, "none")

    def test_unknown(self) -> None:
        self.assertEqual(guest.chosen(Options()).name, guest.GUEST)
        with self.assertRaisesRegex(LabError, "^unknown GUEST=none; known: linux-g4, "):
            guest.chosen(Options(guest="none"))


class Files(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        compiled = mock.patch.object(guest.programs, "compile_for", return_value=b"elf")
        self.compiled = self.enterContext(compiled)

    def test_initrd(self) -> None:
        """The first process can be executed, and has a console."""
        found = read(guest.initrd(LINUX))
        self.assertEqual(set(found), {"dev", "proc", "sys", "tmp", "dev/console", "dev/null", "init"})
        self.assertEqual((found["init"].content, found["init"].head["mode"]), (b"elf", stat.S_IFREG | 0o755))
        head = found["dev/console"].head
        self.assertEqual((head["rmajor"], head["rminor"]), (5, 1))

    def test_the_program_s_file_has_its_content(self) -> None:
        self.assertIsNone(guest.program(FIRMWARE))
        one = guest.program(LINUX)
        self.assertEqual(one, guest.program(LINUX))
        self.compiled.return_value = b"other"
        two = guest.program(LINUX)
        assert one is not None
        assert two is not None
        self.assertEqual((one.read_bytes(), two.read_bytes()), (b"elf", b"other"))

    def test_of_qemu(self) -> None:
        """The lab's own firmware, whichever QEMU runs the guest; a kernel if there is one, without symbols."""
        rom = self.tmp / "usr/share/qemu/openbios-ppc"
        rom.parent.mkdir(parents=True)
        rom.write_bytes(b"rom")
        (self.tmp / "kernel").mkdir()

        def strip(argv: list[Path]) -> bytes:
            argv[-1].write_bytes(b"stripped")
            return b""

        with (
            mock.patch.object(guest.tools, "tool_root", return_value=self.tmp),
            mock.patch.object(guest, "symbols", return_value=self.tmp / "kernel/vmlinux"),
            mock.patch.object(guest.proc, "output", side_effect=strip),
        ):
            self.assertEqual(guest.files(FIRMWARE), {"openbios-ppc": b"rom"})
            found = guest.files(LINUX)
        self.assertEqual((list(found), found["vmlinux"]), (["openbios-ppc", "vmlinux", "initrd"], b"stripped"))

    def test_command(self) -> None:
        words = guest.command(LINUX, ["qemu"], "/x", ["more"])
        self.assertEqual(words[words.index("-kernel") :][:4], ["-kernel", "/x/vmlinux", "-initrd", "/x/initrd"])
        self.assertEqual((words[:3], words[-1]), (["qemu", "-L", "/x"], "more"))
        self.assertNotIn("-kernel", guest.command(FIRMWARE, ["qemu"], "/x", []))


if __name__ == "__main__":
    unittest.main()
