# SPDX-License-Identifier: GPL-2.0-only
"""Data files: types are checked on load, and each key is explained where it is declared."""

from __future__ import annotations

import inspect
import re
import tempfile
import tomllib
import unittest
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal
from unittest import mock

from lab.checks import checkpatch, matrix
from lab.config import data, loader
from lab.core.errors import LabError
from lab.debian import tools
from lab.demo import demo
from lab.guest import guest
from lab.lockstep import tolerances
from lab.runner import mutants

KINDS: list[type] = [
    *(data.Package, data.Qemu, data.Boot, data.Must, data.Target, data.Base, data.Test, data.Suite, data.Expected),
    *(guest.Guest, tolerances.Rule, tolerances.Registers, tolerances.File),
    *(matrix.Compiler, matrix.Config, matrix.File),
    *(mutants.Mutant, mutants.File, checkpatch.Accept, checkpatch.Accepted, tools.Tool, demo.Expected),
]


@dataclass(frozen=True)
class Row:
    name: str
    at: int = 0


@dataclass(frozen=True)
class All:
    text: str
    number: int = 1
    on: bool = False
    words: list[str] = field(default_factory=list)
    pair: tuple[int, ...] = ()
    values: dict[str, list[int]] = field(default_factory=dict)
    row: Row = Row("")
    end: Literal["big", "little"] = "big"
    rows: list[Row] = field(default_factory=list)


class Types(unittest.TestCase):
    def read(self, text: str) -> All:
        return loader.make(All, tomllib.loads(text), Path("x.toml"))

    def test_all(self) -> None:
        made = self.read(
            "text = 'a'\nnumber = 2\non = true\nwords = ['b']\npair = [1, 2]\n"
            "values.d = [3]\nend = 'little'\nrow = { name = 'e' }\n[[rows]]\nname = 'f'\nat = 4\n"
        )
        wanted = All("a", 2, True, ["b"], (1, 2), {"d": [3]}, Row("e"), "little", [Row("f", 4)])
        self.assertEqual(made, wanted)
        self.assertEqual(self.read("text = 'a'"), All("a"))

    def test_wrong(self) -> None:
        for more, said in (
            ("number = '60'", "number = '60': it wants a whole number"),
            ("number = true", "number = True: it wants a whole number"),
            ("number = 1.5", "number = 1.5: it wants a whole number"),
            ("on = 1", "on = 1: it wants true or false"),
            ("on = 'no'", "on = 'no': it wants true or false"),
            ("words = 'abc'", "words = 'abc': it wants an array"),
            ("words = ['a', 2]", "words[1] = 2: it wants a string"),
            ("values.d = [1, 'x']", "values.d[1] = 'x': it wants a whole number"),
            ("end = 'middle'", "end = 'middle': it wants 'big' or 'little'"),
            ("end = ['big']", "end = ['big']: it wants 'big' or 'little'"),
            ("row = 'e'", "row = 'e': it wants a table"),
            ("row = { name = 1 }", "row.name = 1: it wants a string"),
            ("rows = [{ name = 'a' }, { at = 1 }]", "the key 'rows[1].name' is missing"),
            ("rows = [{ name = 'a', an = 1 }]", "unknown key 'rows[0].an'; known: at, name"),
            ("txet = 'a'", "unknown key 'txet'; known: "),
        ):
            with self.assertRaisesRegex(LabError, re.escape(f"x.toml: {said}")):
                self.read(f"text = 'a'\n{more}\n")
        with self.assertRaisesRegex(LabError, "the key 'text' is missing"):
            self.read("")


class Files(unittest.TestCase):
    def test_limit_in_quotes(self) -> None:
        """In a suite and in a target: one line that names file and key, before anything runs."""
        with tempfile.TemporaryDirectory() as name:
            for kind in ("suites", "targets"):
                (Path(name) / kind).mkdir()
            (Path(name) / "suites/s.toml").write_text("[[test]]\nbinary = 'a'\nlimit = '60'\n")
            text = (data.DATA / "targets/mac99-g4.toml").read_text()
            (Path(name) / "targets/t.toml").write_text(text.replace("limit = 60", "limit = '60'"))
            (Path(name) / "builds").mkdir()
            (Path(name) / "builds/t.toml").write_text((data.DATA / "builds/mac99-g4.toml").read_text())
            with mock.patch.object(data, "DATA", Path(name)):
                with self.assertRaisesRegex(LabError, r"s.toml: test\[0\].limit = '60': it wants a whole number"):
                    data.suite("s")
                with self.assertRaisesRegex(LabError, r"t.toml: boot.limit = '60': it wants a whole number"):
                    data.target("t")

    def test_mistyped_table(self) -> None:
        """[[tset]] is no suite without tests."""
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "suites").mkdir()
            (Path(name) / "suites/s.toml").write_text("[[tset]]\nbinary = 'a'\nlimit = 60\n")
            with mock.patch.object(data, "DATA", Path(name)), self.assertRaisesRegex(LabError, "unknown key 'tset'"):
                data.suite("s")

    def test_every_file_loads(self) -> None:
        self.assertTrue(data.packages()["kernel"])
        self.assertEqual(tools.tools()["emulator"].packages, ["qemu-system-ppc"])
        self.assertTrue(mutants.load())
        self.assertEqual(demo.expected().stops[0], "reported")
        self.assertTrue(all(row.reason for row in data.read(checkpatch.Accepted, data.DATA / "checkpatch.toml").accept))

    def test_every_key_is_explained(self) -> None:
        for kind in KINDS:
            source = inspect.getsource(kind)
            for one in fields(kind):
                self.assertRegex(source, rf"\n    {one.name}: .*  # \S", f"{kind.__qualname__}.{one.name}")
            self.assertTrue(inspect.getdoc(kind), kind)


if __name__ == "__main__":
    unittest.main()
