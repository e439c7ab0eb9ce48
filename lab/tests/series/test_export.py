# SPDX-License-Identifier: GPL-2.0-only
"""What is made for others: exports, and mails of a series."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import patchmail
from lab.series import export, send
from lab.tests.series import support


class Delivered(support.Folder):
    def export(self, series: str = "", part: str = "", form: str = "") -> Path:
        out = self.tmp / "out"
        told = Options(series=series, part=part, format=form, out=str(out))
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(export.export_command(told), 0)
        return out

    def test_one_series(self) -> None:
        """With what it needs, and nothing else."""
        out = self.export(series="03-three")
        listed = (out / "patches/series").read_text().split()
        self.assertEqual(listed, ["02-two/0001-Two-Third.patch", "03-three/0001-Three-Fourth.patch"])

    def test_stable_for_debian(self) -> None:
        out = self.export(part="stable", form="debian")
        listed = (out / "series").read_text().split()
        self.assertEqual(len(listed), 2)
        self.assertIn("Forwarded: no", (out / "debian/patches" / listed[0]).read_text())

    def test_all(self) -> None:
        (mbox,) = self.export(form="mbox").iterdir()
        self.assertEqual(mbox.read_text().count("\nSubject: [PATCH "), 4)

    def written(self, who: str) -> tuple[str, str, str]:
        """Sender, cover letter and patch of 03-three as they would be sent."""
        mails, where = self.tmp / "mails", self.tmp / "where"
        mails.mkdir()
        where.mkdir()
        series = send.one_series(self.base, "03-three")
        sender, (one,) = send.write(self.base, series, where, mails, patchmail.person(who) if who else None)
        return sender, (one.parent / "0000-cover-letter.patch").read_text(), one.read_text()

    def test_signed(self) -> None:
        sender, letter, patch = self.written("Ann B <ann@b.example>")
        self.assertEqual(sender, "Ann B <ann@b.example>")
        self.assertIn("From: Ann B <ann@b.example>\n", letter)
        self.assertRegex(letter, r"prerequisite-patch-id: [0-9a-f]{40}\n$")
        self.assertIn("From: Ann B <ann@b.example>\n", patch)
        self.assertIn("Because.\n\nSigned-off-by: Ann B <ann@b.example>\n---\n", patch)
        self.assertNotIn("noreply", patch)

    def test_unsigned(self) -> None:
        sender, letter, patch = self.written("")
        self.assertEqual(sender, "Project maintainers <m@users.noreply.example>")
        self.assertIn(patchmail.UNSIGNED, letter)
        self.assertIn(f"Because.\n---\n{patchmail.UNSIGNED}\n", patch)
        self.assertNotIn("Signed-off-by", patch)

    def test_one_series_is_sent(self) -> None:
        for name in ("", "01-one,02-two"):
            with self.assertRaisesRegex(LabError, "name one series; known: 01-one, 02-two"):
                send.one_series(self.base, name)
