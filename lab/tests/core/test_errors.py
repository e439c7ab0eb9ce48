# SPDX-License-Identifier: GPL-2.0-only
"""Exit statuses, and the line for a full disk."""

from __future__ import annotations

import unittest

from lab.core import errors


class ExitStatus(unittest.TestCase):
    def test_worst(self) -> None:
        self.assertEqual(errors.worst([]), errors.PASSED)
        self.assertEqual(errors.worst([errors.PASSED, errors.FAILED]), errors.FAILED)
        self.assertEqual(errors.worst([errors.TIMEOUT, errors.CRASHED, errors.FAILED]), errors.CRASHED)


if __name__ == "__main__":
    unittest.main()
