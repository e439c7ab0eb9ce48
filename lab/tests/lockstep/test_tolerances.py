# SPDX-License-Identifier: GPL-2.0-only
"""The rules of what may differ."""

from __future__ import annotations

import unittest

from lab.config import data
from lab.guest import guest
from lab.lockstep import tolerances


class Table(unittest.TestCase):
    def test_rules_have_reasons_and_guests(self) -> None:
        for name in data.names("guests"):
            for rule in tolerances.table(guest.find(name)).rule:
                self.assertIn(rule.goes_on_with, ("kvm", "tcg"))
                self.assertTrue(rule.reason and rule.mask and rule.value & ~rule.mask == 0, rule.name)
                self.assertLessEqual(set(rule.guests), set(data.names("guests")), rule.name)


if __name__ == "__main__":
    unittest.main()
