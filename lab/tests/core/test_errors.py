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

    def test_each_has_one_meaning(self) -> None:
        """A crash says more than a limit that passed, and that more than a set-up that failed."""
        every = [errors.PASSED, errors.FAILED, errors.SETUP, errors.TIMEOUT, errors.CRASHED]
        self.assertEqual(sorted(every), list(range(5)))
        for number, code in enumerate(every):
            self.assertEqual(errors.worst(reversed(every[: number + 1])), code)
        with self.assertRaises(ValueError):
            errors.worst([1, 77])


class Lines(unittest.TestCase):
    def test_status(self) -> None:
        self.assertEqual(errors.LabError("x").code, errors.SETUP)
        self.assertEqual(errors.LabError("x", errors.TIMEOUT).code, errors.TIMEOUT)

    def test_full_disk(self) -> None:
        said = errors.FullDisk("/x")
        self.assertEqual(said.code, errors.SETUP)
        self.assertRegex(str(said), "^no space left for /x: free some, run 'make clean', or set LAB_CACHE")


if __name__ == "__main__":
    unittest.main()
