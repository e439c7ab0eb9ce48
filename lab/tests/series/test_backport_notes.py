# SPDX-License-Identifier: GPL-2.0-only
"""Notes of a backport: which mails they are about."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.core.errors import LabError
from lab.series.backport_notes import NOTES, Notes


class Rows(unittest.TestCase):
    def notes(self, text: str) -> Notes:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / NOTES).write_text(text)
        return Notes(folder)

    def test_subjects(self) -> None:
        """As they are, or by a regular expression that matches the whole."""
        notes = self.notes("""
[[omit]]
subject = "KVM: Fix f() (again)"
why = "as it is"
[[omit]]
subject = "selftests: .*"
why = "all of them"
""")
        for subject, want in (
            ("KVM: Fix f() (again)", "as it is"),
            ("KVM: Fix f() again", None),
            ("KVM: Fix f again and more", None),
            ("selftests: Add one", "all of them"),
            ("Revert selftests: Add one", None),
        ):
            row = notes.find(notes.omit, subject)
            self.assertEqual(row.why if row else None, want, subject)

    def test_no_regular_expression(self) -> None:
        """A subject that cannot be one is told with its file, and not when the first other subject is compared."""
        with self.assertRaisesRegex(
            LabError, r"backport.toml: subject 'f\(\(x' is no regular expression .*: escape it"
        ):
            self.notes("[[omit]]\nsubject = 'f((x'\nwhy = 'w'\n")
        notes = self.notes(r"""
[[omit]]
subject = 'f\(\(x'
why = 'w'
""")
        self.assertIsNotNone(notes.find(notes.omit, "f((x"))

    def test_unused(self) -> None:
        """A note that no mail needs is found, in both lists."""
        notes = self.notes("""
[[omit]]
subject = "one"
why = "w"
[[differs]]
subject = "two"
why = "w"
""")
        self.assertEqual([r.subject for r in notes.unused()], ["one", "two"])
        notes.find(notes.differs, "one")
        self.assertEqual([r.subject for r in notes.unused()], ["one", "two"])
        notes.find(notes.differs, "two")
        self.assertEqual([r.subject for r in notes.unused()], ["one"])

    def test_a_note_without_a_reason(self) -> None:
        with self.assertRaisesRegex(LabError, "backport.toml.*why"):
            self.notes('[[omit]]\nsubject = "one"\n')


if __name__ == "__main__":
    unittest.main()
