# SPDX-License-Identifier: GPL-2.0-only
"""Programs for the host, and the plan that init reads."""

from __future__ import annotations

import struct
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError
from lab.machine import elf, protocol
from lab.tests import support


class Formats(support.InCache):
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
            elf.check(self.program(target), target)
            with self.assertRaisesRegex(LabError, "needs shared libraries"):
                elf.check(self.program(target, interp=True), target)
            with self.assertRaisesRegex(LabError, f"is not for {name}"):
                elf.check(self.program(target, machine=62), target)

    def test_plan(self) -> None:
        words = protocol.plan("n", "hvc1", "poweroff", [protocol.Command("t", ["/bin/t", "a b"], 5)]).split(b"\0")
        self.assertEqual(words[:6], [b"nonce", b"n", b"result", b"hvc1", b"end", b"poweroff"])
        self.assertEqual(words[7:], [b"run", b"t", b"5", b"2", b"/bin/t", b"a b", b"done", b""])

    def test_plan_with_a_vm(self) -> None:
        words = protocol.plan("n", "hvc1", "poweroff", [], hold_vm=True).split(b"\0")
        self.assertEqual(words[6:], [b"hold-vm", b"facts", b"done", b""])
