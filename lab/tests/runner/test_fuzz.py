# SPDX-License-Identifier: GPL-2.0-only
"""Seeds and arguments of the random tests."""

from __future__ import annotations

import unittest

from lab.core.errors import LabError
from lab.runner import fuzz


class Fuzz(unittest.TestCase):
    def test_seed(self) -> None:
        self.assertEqual(fuzz.seed("0x12"), 18)
        with self.assertRaises(LabError):
            fuzz.seed("x")

    def test_arguments(self) -> None:
        found = fuzz.tests(fuzz.data.target("mac99-g4"), 10, 255)
        self.assertIn(["-t", "10", "-s", "0xff"], [t.args for t in found])
