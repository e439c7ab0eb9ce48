# SPDX-License-Identifier: GPL-2.0-only
"""Configurations, compilers and commits of make check-upstream."""

from __future__ import annotations

import unittest

from lab.checks import matrix
from lab.core.errors import LabError


class Matrix(unittest.TestCase):
    def test_matrix_loads(self) -> None:
        self.assertEqual({c.name for c in matrix.file().compiler}, {"gcc", "clang"})
        self.assertIn("e500", [c.name for c in matrix.configs()])

    def test_unknown_configuration(self) -> None:
        with self.assertRaisesRegex(LabError, "unknown T=foo; .*pmac32"):
            matrix.chosen("foo", matrix.configs(), matrix.booted())
        builds, hosts = matrix.chosen("e500,mac99-g4", matrix.configs(), matrix.booted())
        self.assertEqual(([b.name for b in builds], [h.name for h in hosts]), (["e500"], ["mac99-g4"]))


if __name__ == "__main__":
    unittest.main()
