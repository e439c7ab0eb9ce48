# SPDX-License-Identifier: GPL-2.0-only
"""The list and the local mails of a backport."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import cache
from lab.core.errors import LabError
from lab.kernel import patchmail
from lab.series import backport, backport_notes, repository

AUTHOR = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z"}
LINES = [f"{n}\n" for n in range(40)]


def text(changes: dict[int, str]) -> str:
    return "".join(changes.get(n, line) for n, line in enumerate(LINES))


class Backport(unittest.TestCase):
    """A series of three mails: one applies, one merges, one is left out."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tmp = Path(folder.name)
        self.enterContext(mock.patch.dict(os.environ, {"LAB_CACHE": str(self.tmp / "cache")}))
        ours, self.theirs, self.folder = (self.tmp / n for n in ("ours", "patches/mainline", "patches/old"))
        for path in (ours, self.theirs, self.folder):
            path.mkdir(parents=True)
        self.repository(ours, {10: "new\n"})
        for subject, changes in (
            ("Applies", {10: "new\n", 30: "a\n"}),
            ("Merges", {10: "new\n", 12: "b\n", 30: "a\n"}),
            ("Left out", {10: "new\n", 12: "b\n", 30: "a\n", 38: "c\n"}),
        ):
            (ours / "file").write_text(text(changes))
            repository.git(ours, "commit", "-qam", f"{subject}\n\nBecause.\n\nSigned-off-by: A <a@b>", env=AUTHOR)
        names = dict.fromkeys(("Applies", "Merges", "Left out"), "01-one")
        repository.format_parts(ours, self.theirs, repository.parts(ours, names))
        commits = repository.git(ours, "rev-list", "--reverse", "base..HEAD").split()
        self.mails = [
            backport.Mail(path, commit, patchmail.subject(path), repository.patch_id(ours, commit)[:12])
            for path, commit in zip(sorted(self.theirs.glob("*/*.patch")), commits, strict=True)
        ]
        where = self.tmp / "where"
        where.mkdir()
        self.repository(where, {10: "old\n"})
        repository.git(where, "fetch", "-q", ours, "series")
        self.where = where

    def repository(self, where: Path, changes: dict[int, str]) -> None:
        (where / "file").write_text(text(changes))
        repository.commit_base(where, "base")

    def make(self, notes: str, hand: dict[str, str] | None = None, own_trees: Sequence[Path] = ()) -> backport.Maker:
        (self.folder / backport_notes.NOTES).write_text(notes)
        made = data.base("6.12")
        base = mock.MagicMock(wraps=made, patches=self.folder, of="mainline")
        base.name = "6.12"
        of = dataclasses.replace(data.base("mainline"), series="patches/mainline")
        with mock.patch.object(data, "base", return_value=of):
            maker = backport.Maker(base, self.where, own_trees)
        for mail in self.mails:
            maker.add(mail, hand or {})
        return maker

    def test_list(self) -> None:
        rows = '[[omit]]\nsubject = "Left.*"\nwhy = "w"\n[[differs]]\nsubject = "Merges"\nwhy = "10 is\\nold."\n'
        maker = self.make(rows)
        self.assertEqual(maker.listing[0], "../mainline/01-one/0001-Applies.patch")
        self.assertRegex(maker.listing[1], r"^01-one/0002-Merges\.patch  # from [0-9a-f]{12}$")
        self.assertEqual(len(maker.listing), 2)
        mail = maker.local["01-one/0002-Merges.patch"].decode()
        self.assertIn("Subject: [PATCH 6.12] Merges", mail)
        self.assertIn('[ Backport to 6.12 of mainline\'s "Merges": 10 is old. ]\n\nSigned-off-by: A', mail)
        self.assertIn("\n old\n", mail)
        self.assertEqual(maker.notes.unused(), [])

    def test_difference_wants_a_note(self) -> None:
        with mock.patch.object(backport.ui, "say") as say:
            self.assertEqual(self.make("").unexplained, ["Merges"])
        said = [call.args[0] for call in say.call_args_list]
        self.assertIn("'Merges' does not apply to 6.12 as it is:", said)
        self.assertIn("  + old", said)

    def test_corrected(self) -> None:
        """A mail that applies is replaced by a person's commit, and stays so without the person's tree."""
        rows = '[[omit]]\nsubject = "Left.*|Merges"\nwhy = "w"\n[[differs]]\nsubject = "Applies"\nwhy = "w"\n'
        (self.where / "file").write_text(text({10: "old\n", 30: "other\n"}))
        repository.git(self.where, "commit", "-qam", "Applies", env=AUTHOR)
        hand = {"Applies": repository.git(self.where, "rev-parse", "HEAD").strip()}
        repository.git(self.where, "reset", "-q", "--hard", "base")
        maker = self.make(rows, hand)
        self.assertRegex(maker.listing[0], r"^01-one/0001-Applies\.patch  # from [0-9a-f]{12}$")
        self.assertIn("\n+other\n", maker.local["01-one/0001-Applies.patch"].decode())
        for name, mail in maker.local.items():
            cache.write(self.folder / name, mail)
        (self.folder / "series").write_text(f"{maker.listing[0]}\n")
        repository.git(self.where, "reset", "-q", "--hard", "base")
        again = self.make(rows)
        self.assertEqual((again.listing, again.local), (maker.listing, maker.local))
        repository.git(self.where, "reset", "-q", "--hard", "base")
        self.assertEqual(self.make(rows.partition("[[differs]]")[0]).local, {})
        # The correction of another patch is not dropped without a word.
        (self.folder / "series").write_text(f"{maker.listing[0].partition('#')[0]}# from {'0' * 12}\n")
        repository.git(self.where, "reset", "-q", "--hard", "base")
        with self.assertRaisesRegex(LabError, "'Applies' has changed, and applies to 6.12 without its correction: "):
            self.make(rows)

    def test_conflict(self) -> None:
        (self.where / "file").write_text(text({10: "old\n", 12: "other\n"}))
        repository.git(self.where, "commit", "-qam", "other", env=AUTHOR)
        with (
            mock.patch.object(backport.ui, "say"),
            self.assertRaisesRegex(LabError, "does not merge into 6.12: resolve it in "),
        ):
            self.make("")
        # A person's work on it is not replaced by the next run, unless it is finished and named.
        left = cache.folder() / "tree/6.12-conflict"
        for trees in (list[Path](), [left]):
            repository.git(self.where, "cherry-pick", "--abort")
            with mock.patch.object(backport.ui, "say"), self.assertRaisesRegex(LabError, "move it away"):
                self.make("", own_trees=trees)
        (left / "file").write_text(text({10: "old\n", 12: "merged\n", 30: "a\n"}))
        repository.git(left, "commit", "-qam", "Another")
        repository.git(self.where, "cherry-pick", "--abort")
        with mock.patch.object(backport.ui, "say"), self.assertRaisesRegex(LabError, "resolve it in"):
            self.make("", own_trees=[left])


if __name__ == "__main__":
    unittest.main()
