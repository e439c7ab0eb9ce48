# SPDX-License-Identifier: GPL-2.0-only
"""Cover letters: a person's text, and what is made of it."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.core.errors import LabError
from lab.kernel.division import Series
from lab.kernel.patchset import Base
from lab.series import cover

ONE = Series("01-one", "One: Start", "some/tree", ["a"])
TWO = Series("02-two", "Two", "other/tree", ["b"], after=["01-one"])


class Text(unittest.TestCase):
    def prose(self, text: str | None) -> str:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "01-one").mkdir()
        if text is not None:
            (folder / "01-one" / cover.TEXT).write_text(text)
        return cover.prose(folder, ONE)

    def test_length(self) -> None:
        """Blank lines around it do not count."""
        self.assertEqual(self.prose("\n" + "x\n" * 60 + "\n"), "x\n" * 59 + "x")
        with self.assertRaisesRegex(LabError, "01-one/cover.txt: 61 lines, more than 60$"):
            self.prose("x\n" * 61)

    def test_missing(self) -> None:
        with self.assertRaisesRegex(LabError, "01-one/cover.txt is missing: write what the series is for, at most 60"):
            self.prose(None)

    def test_empty(self) -> None:
        for text in ("", "\n \n"):
            with self.assertRaisesRegex(LabError, "01-one/cover.txt is empty: write what the series is for"):
                self.prose(text)


class Letter(unittest.TestCase):
    def test_what_it_applies_to(self) -> None:
        base = Base("p", "1", "7.3", "ab")
        said = "For: other/tree\nApplies to: v7.3 (p 1 of Debian)\n"
        self.assertEqual(cover.applies_to(TWO, base, [TWO]) + "\n", said)
        self.assertEqual(cover.applies_to(TWO, base, [ONE, TWO]), f"{said}After: One: Start")
        exact = Base("p", "1", "7.3", "ab", "c" * 40)
        ends = cover.applies_to(TWO, exact, [], ["1", "2"]).splitlines()[2:]
        self.assertEqual(ends, [f"base-commit: {'c' * 40}", "prerequisite-patch-id: 1", "prerequisite-patch-id: 2"])

    def test_numbers_have_as_many_digits_as_git_s(self) -> None:
        for count, want in ((1, "[PATCH 0/1] One: Start"), (9, "[PATCH 0/9]"), (10, "[PATCH 00/10]")):
            letter = cover.compose(ONE, count, "A <a@b>", "What.", ("\n  list\n\n", "\n stat\n"), "For: x")
            self.assertTrue(letter.startswith(f"From: A <a@b>\nSubject: {want}"), letter)
        self.assertTrue(letter.endswith("One: Start\n\nWhat.\n\n  list\n\n stat\n\nFor: x\n"), letter)


if __name__ == "__main__":
    unittest.main()
