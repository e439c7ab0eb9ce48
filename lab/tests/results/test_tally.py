# SPDX-License-Identifier: GPL-2.0-only
"""The line that a command ends with."""

from __future__ import annotations

import unittest

from lab.core import errors
from lab.results.tally import Count, Judged


class Counts(unittest.TestCase):
    def test_line(self) -> None:
        """Scripts read it: passed and failed are there if they are 0, skipped if there is one."""
        self.assertEqual(Count().line(), "0 passed, 0 failed")
        self.assertEqual(Count(3, 1, 2, 9).line(), "3 passed, 1 failed, 2 skipped")

    def test_a_machine_that_nobody_complains_of(self) -> None:
        self.assertEqual((Judged([]).code, Judged([]).first), (errors.PASSED, None))


if __name__ == "__main__":
    unittest.main()
