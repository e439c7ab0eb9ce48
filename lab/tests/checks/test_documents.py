# SPDX-License-Identifier: GPL-2.0-only
"""The table of commands, the made parts of documents, and what hand-written ones must not hold."""

from __future__ import annotations

import unittest
from pathlib import Path

from lab.checks import documents
from lab.core import markdown
from lab.core.errors import LabError


class Parts(unittest.TestCase):
    TEXT = "a\n<!-- begin one: by make -->\nold\n<!-- end one -->\nb 3 passed\n"

    def test_fill(self) -> None:
        said = markdown.fill(self.TEXT, {"one": lambda: ["x", "y"]}, Path("f"))
        self.assertIn("-->\nx\ny\n<!-- end one", said)

    def test_unknown_part(self) -> None:
        with self.assertRaisesRegex(LabError, "no part is called 'one'"):
            markdown.fill(self.TEXT, {}, Path("f"))

    def test_part_without_end(self) -> None:
        with self.assertRaisesRegex(LabError, "has no '<!-- end two"):
            markdown.fill("<!-- begin two -->\nx\n", {"two": list}, Path("f"))

    def test_by_hand_keeps_line_numbers(self) -> None:
        said = markdown.by_hand(self.TEXT)
        self.assertNotIn("old", said)
        self.assertEqual([n for n, _, _ in documents.forbidden(said)], [5])

    def test_table(self) -> None:
        self.assertEqual(markdown.table(["a"], [["x|y"]]), ["| a |", "|---|", "| x\\|y |"])


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
