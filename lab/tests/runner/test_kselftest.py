# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own runner in a booted target."""

from __future__ import annotations

import unittest

from lab.core import errors
from lab.core.errors import LabError
from lab.core.options import Options
from lab.machine import boot, protocol
from lab.runner import kselftest
from lab.tests.booted import Booted


class Runner(Booted):
    def test_results(self) -> None:
        (self.tmp / "kselftest-list.txt").write_text("kvm:pp\nkvm:other\n")
        self.with_output("pp", b"TAP version 13\n1..1\nok 1 one\n")
        assert isinstance(self.boot, boot.Record)
        self.boot.channel.outcomes.insert(0, protocol.Outcome("busybox", bytearray(), "exit", 0))
        self.assertEqual(kselftest.main(Options(target="mac99-g4", test="pp")), errors.PASSED)
        self.assertIn("1 passed, 0 failed", self.out.getvalue())
        with self.assertRaisesRegex(LabError, "TEST=none: the installed list has no such test: other, pp"):
            kselftest.main(Options(target="mac99-g4", test="none"))


if __name__ == "__main__":
    unittest.main()
