# SPDX-License-Identifier: GPL-2.0-only
"""What make lockstep is told."""

from __future__ import annotations

import unittest

from lab.core.errors import LabError
from lab.lockstep import lockstep


class Options(unittest.TestCase):
    def test_watch(self) -> None:
        self.assertEqual((lockstep.watched(""), lockstep.watched("c000000000ff8")), (None, 0xC000000000FF8))
        with self.assertRaisesRegex(LabError, "WATCH=r1: give a hexadecimal address"):
            lockstep.watched("r1")


if __name__ == "__main__":
    unittest.main()
