# SPDX-License-Identifier: GPL-2.0-only
"""The counts of the unit tests, and the lines that they reach."""

from __future__ import annotations

import contextlib
import io
import unittest

from lab.checks import unit_tests
from lab.core.errors import LabError
from lab.runner import suite


class UnitTests(unittest.TestCase):
    def test_coverage(self) -> None:
        table = "Name Stmts Miss Cover\nlab/a.py 4 2 50%\nTOTAL 4 2 50%\n"
        for code, more, line in ((0, "", "1 passed, 0 failed"), (2, "Coverage failure\n", "0 passed, 1 failed")):
            total = suite.Count()
            with contextlib.redirect_stderr(io.StringIO()) as said:
                unit_tests.add_coverage(code, table + more, total)
            self.assertIn("reach 50% of", said.getvalue())
            self.assertEqual(total.line(), line)
        for code, text in ((1, "No data to report.\n"), (0, "")):
            with self.assertRaisesRegex(LabError, "does not report"):
                unit_tests.add_coverage(code, text, suite.Count())

    def test_unit_test_summary(self) -> None:
        total = suite.Count()
        unit_tests.add_unit_tests("Ran 10 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n", total)
        self.assertEqual(total.line(), "4 passed, 3 failed, 3 skipped")
        with self.assertRaisesRegex(LabError, "did not run"):
            unit_tests.add_unit_tests("Ran 0 tests", suite.Count())


if __name__ == "__main__":
    unittest.main()
