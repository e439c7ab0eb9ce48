# SPDX-License-Identifier: GPL-2.0-only
"""The table of commands, the made parts of documents, and what hand-written ones must not hold."""

from __future__ import annotations

import unittest

from lab.checks import documents


class Prose(unittest.TestCase):
    def test_forbidden(self) -> None:
        for bad in ("87 passed", "2,987 passed", "3 failed", "run on 2026-11-28", "mail 32", "patches 7-42", "Patch 1"):
            with self.subTest(bad):
                self.assertTrue(documents.forbidden(f"so {bad} there"))

    def test_allowed(self) -> None:
        for good in (
            "In May 2019 a developer",
            "20231120122920.293076-1-npiggin@gmail.com",
            "commit 3bda7f0ae0f7",
            "each patch is one change",
            "7.3.4",
        ):
            with self.subTest(good):
                self.assertEqual(documents.forbidden(good), [])

    def test_documents_of_the_checkout(self) -> None:
        self.assertEqual(documents.results_in_prose() + documents.make_commands(), [])


if __name__ == "__main__":
    unittest.main()
