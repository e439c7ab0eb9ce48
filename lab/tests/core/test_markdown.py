# SPDX-License-Identifier: GPL-2.0-only
"""Parts of documents that a command writes, and tables."""

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


if __name__ == "__main__":
    unittest.main()
