# SPDX-License-Identifier: GPL-2.0-only
"""The division into series, their mails and cover letters, and who signs them."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.checks import checkout
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import division, patchset
from lab.series import cover, worktree
from lab.tests.series import support


class Mails(support.Folder):
    def names(self) -> list[str]:
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.glob("*/*") if p.name != cover.TEXT)

    def test_layout(self) -> None:
        """git am patches/mainline/*/*.patch takes the mails in posting order, and no cover letter."""
        patches = sorted(self.folder.glob("*/*.patch"))
        self.assertEqual([p.name[:4] for p in patches], ["0001", "0002", "0001", "0001"])
        self.assertEqual(patches, patchset.mails(self.folder))
        self.assertIn("Subject: [PATCH 1/2] One: First", patches[0].read_text())
        self.assertIn("02-two/cover-letter", self.names())

    def test_some(self) -> None:
        self.assertEqual([p.parent.name for p in patchset.mails(self.folder, {"02-two"})], ["02-two"])

    def test_cover_letter(self) -> None:
        letter = (self.folder / "03-three" / cover.LETTER).read_text()
        self.assertIn("Subject: [PATCH 0/1] Three\n\nWhat 03-three is for.\n", letter)
        self.assertIn("  Three: Fourth\n", letter)
        self.assertIn("1 file changed, 1 insertion(+), 1 deletion(-)", letter)
        self.assertIn("For: other/tree\nApplies to: v7 (p 1 of Debian)\nAfter: Two\n", letter)

    def test_moved_to_another_series(self) -> None:
        """make series after a change of series.toml moves the mails."""
        self.change('\t"Two: Third",\n', "")
        self.change('\t"Three: Fourth",\n', '\t"Two: Third",\n\t"Three: Fourth",\n')
        self.change('after = ["02-two"]\n', "")
        self.assertEqual(worktree.series_command(Options()), 0)
        self.assertIn("03-three/0001-Two-Third.patch", self.names())
        self.assertNotIn("02-two/0001-Two-Third.patch", self.names())
        self.assertEqual(checkout.round_trip(), [])

    def test_new_commit(self) -> None:
        """make refresh writes a new commit's subject into the series of the commit before it."""
        self.commit("Three: Fifth", 5, 7, 20, 22, 35)
        self.assertIn(division.FILE, self.write())
        self.assertEqual(division.parse(self.folder / division.FILE)[2].patches, ["Three: Fourth", "Three: Fifth"])
        self.assertIn("03-three/0002-Three-Fifth.patch", self.names())

    def test_round_trip(self) -> None:
        self.assertEqual(checkout.round_trip(), [])
        (self.folder / "02-two" / cover.LETTER).write_text("other")
        self.assertEqual(len(checkout.round_trip()), 1)

    def test_listing(self) -> None:
        self.assertEqual(checkout.listing(), [])
        (self.folder / "02-two/0009-x.patch").write_text("Subject: [PATCH 9/9] x\n\n")
        (self.folder / "01-one" / cover.TEXT).unlink()
        with mock.patch.object(division, "MOST", 1):
            bad = " / ".join(checkout.listing())
        self.assertIn("0009-x.patch: no series", bad)
        self.assertIn("01-one: 2 patches, more than the 1", bad)
        self.assertIn("cover.txt is missing", bad)

    def test_no_mail_of_a_patch(self) -> None:
        self.change("Two: Third", "Two: Fifth")
        with self.assertRaisesRegex(LabError, "02-two: no patch has the subject 'Two: Fifth'"):
            patchset.mails(self.folder)

    def test_alone(self) -> None:
        self.assertEqual(checkout.alone(), [])
        self.change('after = ["02-two"]\n', "")
        (bad,) = checkout.alone()
        self.assertRegex(bad, "^03-three, alone: 0001-Three-Fourth.patch does not apply .* after another series, too")


if __name__ == "__main__":
    unittest.main()
