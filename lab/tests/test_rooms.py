# SPDX-License-Identifier: GPL-2.0-only
"""The packages are as lab/data/rooms.toml says; no import goes up or round; each module has a file of tests."""

from __future__ import annotations

import ast
import graphlib
import unittest
from pathlib import Path

from lab.config import data

ROOMS = list(data.load(data.DATA / "rooms.toml"))
MOST = 300  # lines of a module
# gdb's own Python runs these.
ELSEWHERE = (data.LAB / "gdb/scripts", data.LAB / "demo/steps.py")


def modules() -> dict[str, Path]:
    """The lab's modules by their dotted names, without the tests and what gdb runs."""
    found = [
        p for p in data.LAB.rglob("*.py") if not any(p.is_relative_to(x) for x in (*ELSEWHERE, data.LAB / "tests"))
    ]
    return {".".join(p.relative_to(data.ROOT).with_suffix("").parts): p for p in found if p.name != "__init__.py"}


def imports(path: Path) -> set[str]:
    """The lab's modules that one imports, in functions and for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lab"):
            assert node.module is not None
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return found & modules().keys()


def room(module: str) -> str:
    return module.split(".")[1] if module.count(".") > 1 else ""


class Rooms(unittest.TestCase):
    def test_each_is_described(self) -> None:
        have = {p.parent.name for p in data.LAB.glob("*/__init__.py")} - {"tests"}
        self.assertEqual(have, set(ROOMS))

    def test_no_import_goes_up(self) -> None:
        bad = [
            f"{module} imports {other}"
            for module, path in modules().items()
            for other in imports(path)
            if room(module) and (not room(other) or ROOMS.index(room(other)) > ROOMS.index(room(module)))
        ]
        self.assertEqual(bad, [])

    def test_no_circle(self) -> None:
        graph = {module: imports(path) for module, path in modules().items()}
        list(graphlib.TopologicalSorter(graph).static_order())  # CycleError names the circle

    def test_each_module_has_its_tests(self) -> None:
        tests = data.LAB / "tests"
        missing = [
            str(path.relative_to(data.LAB))
            for path in modules().values()
            if not (tests / path.relative_to(data.LAB).with_name(f"test_{path.stem.strip('_')}.py")).exists()
        ]
        self.assertEqual(missing, [])

    def test_no_module_is_long(self) -> None:
        paths = [*data.LAB.rglob("*.py")]
        long = {str(p.relative_to(data.LAB)): n for p in paths if (n := len(p.read_text().splitlines())) > MOST}
        self.assertEqual(long, {})


if __name__ == "__main__":
    unittest.main()
