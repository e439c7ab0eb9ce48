# SPDX-License-Identifier: GPL-2.0-only
"""The table of commands, the made parts of documents, and what hand-written ones must not hold."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.checks import documents
from lab.config import commands
from lab.core import markdown
from lab.core.errors import LabError
from lab.runner import fuzz
from lab.series import catalog

MAIL = """\
From 0000 Mon Sep 17 00:00:00 2001
From: me <me@example>
Subject: [PATCH 01/20] KVM: PPC: Book3S PR: Do
 something
Date: Sat, 28 Nov 2026 03:19:14 +0000

Cause.

Fixes: 0123456789ab ("x")
Cc: stable@vger.kernel.org # 4.9+
Signed-off-by: me <me@example>
---
 arch/powerpc/kvm/book3s_32_mmu_host.c | 2 +-

diff --git a/arch/powerpc/kvm/book3s_32_mmu_host.c b/arch/powerpc/kvm/book3s_32_mmu_host.c
--- a/arch/powerpc/kvm/book3s_32_mmu_host.c
+++ b/arch/powerpc/kvm/book3s_32_mmu_host.c
@@ -1 +1,2 @@
-old
+new
+newer
"""


def printed(*argv: str, **env: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch.dict(os.environ, env):
        return front.main(list(argv)), out.getvalue()


class Commands(unittest.TestCase):
    def test_front_and_table_agree(self) -> None:
        self.assertEqual(documents.front(), [])

    def test_a_missing_command_is_told(self) -> None:
        made = commands.table()
        names = {c.name for c in made.commands}
        bad = commands.problems(made, names - {"demo"} | {"dance"}, front.cache.ROOT / "Makefile")
        self.assertEqual(len(bad), 2)

    def test_help_has_every_command_in_its_group(self) -> None:
        clean = {k: v for k, v in os.environ.items() if k not in {v.name for v in commands.table().variables}}
        with mock.patch.dict(os.environ, clean, clear=True):
            code, said = printed("help")
        self.assertEqual(code, 0)
        for command in commands.table().commands:
            self.assertIn(f" {command.name}", said)
        self.assertLess(said.index("See what it does"), said.index("Deliver it"))
        self.assertLessEqual(max(map(len, said.splitlines()[:-1])), commands.WIDTH)

    def test_help_of_a_variable(self) -> None:
        code, said = printed("help", T="")
        self.assertEqual(code, 0)
        self.assertIn("mac99-g4 ", said)
        self.assertNotIn("usage", said)

    def test_unknown_variable_of_a_command(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "commands.toml"
            path.write_text('variable = []\n[groups]\na = "A"\n[[command]]\nname = "x"\ngroup = "a"\nuses = ["Q"]\n')
            with mock.patch.object(commands, "FILE", path), self.assertRaisesRegex(LabError, "uses Q"):
                commands.table()


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


class Catalog(unittest.TestCase):
    def test_read(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            mail = Path(name) / "01-entry" / "0001.patch"
            mail.parent.mkdir()
            mail.write_text(MAIL)
            made = catalog.read(mail)
        self.assertEqual((made.subject, made.series), ("KVM: PPC: Book3S PR: Do something", "01-entry"))
        self.assertEqual((made.lines, made.fixes, made.stable, made.since), ((2, 1), ["0123456789ab"], True, "4.9+"))
        self.assertTrue(made.kernel)
        self.assertEqual(catalog.who(made), "32-bit hosts (G3, G4)")

    def test_everybody_is_somebody(self) -> None:
        for patch in catalog.patches():
            self.assertTrue(catalog.who(patch))


class Fuzz(unittest.TestCase):
    def test_seed(self) -> None:
        with mock.patch.dict(os.environ, {"SEED": "0x12"}):
            self.assertEqual(fuzz.seed(), 18)
        with mock.patch.dict(os.environ, {"SEED": "x"}), self.assertRaises(LabError):
            fuzz.seed()

    def test_arguments(self) -> None:
        found = fuzz.tests(fuzz.data.target("mac99-g4"), 10, 255)
        self.assertIn(["-t", "10", "-s", "0xff"], [t.args for t in found])


if __name__ == "__main__":
    unittest.main()
