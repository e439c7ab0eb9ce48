# SPDX-License-Identifier: GPL-2.0-only
"""Seeds and arguments of the random tests."""

from __future__ import annotations

import unittest

from lab.config import data
from lab.core import errors
from lab.core.errors import LabError
from lab.core.options import Options
from lab.runner import fuzz
from lab.tests.booted import Booted


class Fuzz(unittest.TestCase):
    def test_seed(self) -> None:
        self.assertEqual(fuzz.seed("0x12"), 18)
        with self.assertRaises(LabError):
            fuzz.seed("x")

    def test_arguments(self) -> None:
        found = fuzz.tests(fuzz.data.target("mac99-g4"), 10, 255)
        self.assertIn(["-t", "10", "-s", "0xff"], [t.args for t in found])

    def test_unknown(self) -> None:
        with self.assertRaisesRegex(LabError, "no random test for T=mac99-g4 TEST=x; known: .*debug_fuzz_test"):
            fuzz.tests(data.target("mac99-g4"), 10, 255, "x")


class Booting(Booted):
    def test_everything_skipped(self) -> None:
        self.with_output("debug_fuzz_test", b"TAP version 13\n1..1\nok 1 one # SKIP no\n")
        self.assertEqual(fuzz.main(Options(target="mac99-g4", test="debug_fuzz_test", seconds=1)), errors.FAILED)
        self.assertIn("(all): every test was skipped", self.out.getvalue() + self.said.getvalue())

    def test_record(self) -> None:
        names = [
            p.binary
            for p in fuzz.file().program
            if p.binary in {t.binary for t in data.programs(data.target("mac99-g4"))}
        ]
        self.with_output(names[0], b"TAP version 13\n# seed 0x12\n1..1\nok 1 one\n")
        fuzz.main(Options(target="mac99-g4", test=names[0], seconds=1, seed="0x12"))
        (record,) = self.left
        self.assertEqual((record.facts["seed"], record.facts["said"]), ("0x12", ["seed 0x12"]))


if __name__ == "__main__":
    unittest.main()
