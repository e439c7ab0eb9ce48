# SPDX-License-Identifier: GPL-2.0-only
"""The table of commands, the Makefile and the help."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.config import commands
from lab.core import cache
from lab.core.errors import LabError
from lab.core.options import Options


def printed(*argv: str, **env: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch.dict(os.environ, env):
        return front.main(list(argv)), out.getvalue()


class Commands(unittest.TestCase):
    def test_front_and_table_agree(self) -> None:
        self.assertEqual(commands.problems(commands.table(), cache.ROOT / "Makefile"), [])

    def test_a_missing_command_is_told(self) -> None:
        made = commands.table()
        dance = dataclasses.replace(made.command[0], name="dance", run="demo.demo:dance")
        rows = dataclasses.replace(made, command=[*made.command, dance], variable=[commands.Variable("Q", "q")])
        bad = commands.problems(rows, cache.ROOT / "Makefile")
        self.assertRegex("\n".join(bad), r"Q is no field[^\n]*\n.*dance runs demo.demo:dance, which is not there")

    def test_help_has_every_command_in_its_group(self) -> None:
        clean = {k: v for k, v in os.environ.items() if k not in {v.name for v in commands.table().variable}}
        with mock.patch.dict(os.environ, clean, clear=True):
            code, said = printed("help")
        self.assertEqual(code, 0)
        for command in commands.table().command:
            self.assertIn(f" {command.name}", said)
        self.assertLess(said.index("See what it does"), said.index("Deliver it"))
        self.assertLessEqual(max(map(len, said.splitlines()[:-1])), commands.WIDTH)

    def test_a_value_that_a_variable_does_not_take(self) -> None:
        with self.assertRaisesRegex(LabError, "^unknown CLIENT=mine; known: debian, patched$"):
            commands.check_values(Options(client="mine"))

    def test_lines_end_between_words(self) -> None:
        self.assertEqual(commands._lines("x", f"{'a' * 75} send-dry-run")[1].strip(), "send-dry-run")

    def test_help_of_a_variable(self) -> None:
        code, said = printed("help", T="")
        self.assertEqual(code, 0)
        self.assertIn("mac99-g4 ", said)
        self.assertNotIn("usage", said)

    def test_unknown_variable_of_a_command(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "commands.toml"
            row = 'name = "x"\nrun = "m:f"\ngroup = "a"\nuses = ["Q"]\n'
            path.write_text(f'variable = []\n[groups]\na = "A"\n[[command]]\n{row}')
            with mock.patch.object(commands, "FILE", path), self.assertRaisesRegex(LabError, "uses Q"):
                commands.table()
