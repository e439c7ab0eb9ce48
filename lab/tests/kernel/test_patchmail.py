# SPDX-License-Identifier: GPL-2.0-only
"""Mails of patches: who signs them, and their subjects."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.core.errors import LabError
from lab.kernel import patchmail
from lab.tests.series import support


class PatchMail(unittest.TestCase):
    def test_person(self) -> None:
        found = patchmail.person("Ann B <a@b.example>")
        self.assertEqual((found.display_name, found.addr_spec), ("Ann B", "a@b.example"))
        for bad in ("", "Ann", "a@b.example", "Ann <a@b>", "Ann <a b>", "Ann <a@users.noreply.example>"):
            with self.assertRaisesRegex(LabError, "FROM="):
                patchmail.person(bad)

    def test_signed(self) -> None:
        ann = patchmail.person("Ann <a@b.example>")
        other = "Signed-off-by: O <o@o.example>"
        self.assertEqual(
            patchmail.signed(f"s\n\nb\n\n{other}\n{support.SIGNED}\nCc: x\n", ann).splitlines()[4:],
            [other, "Signed-off-by: Ann <a@b.example>", "Cc: x"],
        )
        self.assertEqual(patchmail.signed(f"s\n\nb\n\n{support.SIGNED}\n", None), "s\n\nb\n")

    def test_subject(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".patch") as file:
            file.write(
                "From 0000 Mon Sep 17 00:00:00 2001\nFrom: =?UTF-8?q?J=C3=B6?= <j@j.example>\n"
                "Subject: [PATCH 01/10] KVM: a long\n subject\n\nSubject: no\n"
            )
            file.flush()
            self.assertEqual(patchmail.subject(Path(file.name)), "KVM: a long subject")
