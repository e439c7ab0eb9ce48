# SPDX-License-Identifier: GPL-2.0-only
"""Every data file is read, and the meaning of each of its keys stands where the key is declared."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import typing
import unittest
from pathlib import Path
from unittest import mock

from lab.checks import datafiles
from lab.config import data, loader
from lab.core import cache
from lab.core.errors import LabError
from lab.kernel import patchset


def inside(kind: typing.Any) -> set[type]:
    """The dataclasses that a type is made of."""
    found = {kind} if dataclasses.is_dataclass(kind) else set()
    hints = [*typing.get_type_hints(kind).values()] if found else [*typing.get_args(kind)]
    return found.union(*map(inside, hints))


def undocumented(kind: type) -> list[str]:
    """Fields of a dataclass without a comment in their lines."""
    lines, start = inspect.getsourcelines(kind)
    (tree,) = ast.parse("".join(lines)).body
    assert isinstance(tree, ast.ClassDef)
    fields = [node for node in tree.body if isinstance(node, ast.AnnAssign)]
    return [
        f"{inspect.getsourcefile(kind)}:{start + node.lineno - 1}: {kind.__name__}.{ast.unparse(node.target)}"
        for node in fields
        if not any("# " in line for line in lines[node.lineno - 1 : node.end_lineno])
    ]


class DataFiles(unittest.TestCase):
    def test_each_pattern_has_files(self) -> None:
        for form in datafiles.FILES:
            self.assertTrue([*cache.ROOT.glob(form)], form)

    def test_each_key_is_documented(self) -> None:
        kinds = set().union(*(inside(kind) for kind, _ in datafiles.FILES.values()))
        self.assertIn(data.Known, kinds)
        self.assertEqual([line for kind in kinds for line in undocumented(kind)], [])

    def test_undocumented(self) -> None:
        self.assertEqual([x.split(": ")[1] for x in undocumented(Bare)], ["Bare.two"])

    def test_those_of_the_checkout_are_good(self) -> None:
        self.assertEqual(datafiles.problems(patchset.tracked()), [])

    def test_only_patched_kernels_have_known_failures(self) -> None:
        row = [data.Known("pr_run_test", "because")]
        for base, must in (("6.12", data.Expected()), ("stock-6.12", data.Expected(fails=row))):
            with (
                self.subTest(base=base),
                mock.patch.object(data, "names", side_effect=lambda kind, base=base, real=data.names: (
                    [base] if kind == "expect" else real(kind)
                )),
                mock.patch.object(data, "expected", return_value={"pseries-p8": must}),
            ):  # fmt: skip
                (line,) = datafiles.expectations()
                self.assertIn("only a patched kernel has it", line)

    def test_nobody_reads_it(self) -> None:
        (line,) = datafiles.problems(["pyproject.toml", "lab/data/new.toml"])
        self.assertIn("lab/data/new.toml: nothing reads it", line)

    def test_each_reader_refuses_what_no_key_is_for(self) -> None:
        """An unknown key; where the keys are names, one whose value is of no type that a file has."""
        real = loader.load

        def more(path: Path) -> dict[str, typing.Any]:
            return real(path) | {"zzz": 1.5}

        for form, (_, read) in datafiles.FILES.items():
            path = next(cache.ROOT.glob(form))
            with (
                self.subTest(form),
                mock.patch.object(loader, "load", more),
                mock.patch.object(data, "load", more),
                self.assertRaisesRegex(LabError, "zzz"),
            ):
                read(path)


@dataclasses.dataclass
class Bare:
    one: int  # documented
    two: int
    three: list[int] = dataclasses.field(
        default_factory=list,  # documented in one of its lines
    )


if __name__ == "__main__":
    unittest.main()
