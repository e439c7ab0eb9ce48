# SPDX-License-Identifier: GPL-2.0-only
"""One program in one booted target."""

from __future__ import annotations

import io
import unittest
from unittest import mock

from lab.core import errors
from lab.core.errors import LabError
from lab.core.options import Options
from lab.runner import program
from lab.tests.booted import MAC, Booted


class Program(Booted):
    def test_boot(self) -> None:
        self.assertEqual(program.boot_only(MAC), errors.PASSED)
        self.assertRegex(self.said.getvalue(), r"mac99-g4: 7.*KVM PR guests can be created; up after")
        self.boot = "oops"
        self.assertEqual(program.boot_only(MAC), errors.CRASHED)

    def test_run(self) -> None:
        payload = self.tmp / "pp"
        payload.write_bytes(b"elf")
        with mock.patch.object(program.programs, "check", return_value=b"elf"):
            self.assertEqual(program.run(Options(target="mac99-g4", payload=str(payload), args="-a 'b c'")), 0)
            with self.assertRaisesRegex(LabError, "ARGS=.*: No closing quotation: quote it as in a shell"):
                program.run(Options(target="mac99-g4", payload=str(payload), args="'"))
        (command,) = self.specs[0].commands
        self.assertEqual((command.argv, command.limit), (["/bin/pp", "-a", "b c"], program.LIMIT))

    def test_shell_wants_a_terminal(self) -> None:
        with mock.patch("sys.stdin", io.StringIO()), self.assertRaisesRegex(LabError, "needs a terminal"):
            program.interactive(MAC)


if __name__ == "__main__":
    unittest.main()
