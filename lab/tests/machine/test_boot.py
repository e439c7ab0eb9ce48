# SPDX-License-Identifier: GPL-2.0-only
"""What a boot leaves behind, whichever way it ends; with a program in the place of QEMU."""

from __future__ import annotations

import os
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from lab.config import data
from lab.core.errors import LabError
from lab.kernel.kbuild import Kernel
from lab.machine import boot, programs, protocol, qemu

QEMU = 'for a; do case $a in file,id=*) echo "$a" > "${a##*path=}";; esac; done; echo words >&2'


class Leaks(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {"LAB_CACHE": str(self.tmp)}))
        self.enterContext(mock.patch.object(programs, "compile_for", return_value=b"init"))
        self.spec = boot.Spec(data.target("mac99-g4"), Kernel(Path("vmlinux"), "7"), [protocol.Command("t", ["/t"], 1)])

    def boot(self, emulator: Callable[[data.Target], list[str]], **patches: Any) -> boot.Record:
        """Boot, and whatever happens nothing may be left open or in the folder of runs."""
        before = len(list(Path("/proc/self/fd").iterdir()))
        try:
            with mock.patch.object(qemu, "emulator", emulator), mock.patch.multiple(boot, GRACE=5, **patches):
                return boot.run(self.spec)
        finally:
            self.assertEqual(len(list(Path("/proc/self/fd").iterdir())), before)
            self.assertEqual(list((self.tmp / "run").iterdir()), [])

    def test_to_the_end(self) -> None:
        record = self.boot(lambda _: ["sh", "-c", QEMU, "qemu"])
        self.assertIn(b"id=console", record.console)
        self.assertEqual((record.qemu_says, record.qemu_status, record.timed_out), ("words", 0, ""))

    def test_no_emulator(self) -> None:
        with self.assertRaisesRegex(LabError, "the mirror"):
            self.boot(mock.Mock(side_effect=LabError("the mirror does not answer")))

    def test_no_program(self) -> None:
        with self.assertRaisesRegex(LabError, "no-qemu: command not found"):
            self.boot(lambda _: ["/none/no-qemu"])

    def test_no_initramfs(self) -> None:
        with self.assertRaisesRegex(OSError, "full"):
            self.boot(lambda _: ["true"], initramfs=mock.Mock(side_effect=OSError(28, "full")))

    def test_interrupted(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            self.boot(lambda _: ["sleep", "60"], _Watch=mock.Mock(side_effect=KeyboardInterrupt))


if __name__ == "__main__":
    unittest.main()
