# SPDX-License-Identifier: GPL-2.0-only
"""A tool that has judged nothing has not passed; the counts of the unit tests, and the lines that they reach."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.checks import checkout
from lab.config import data
from lab.core import proc
from lab.core.errors import LabError
from lab.runner import suite


class Tools(unittest.TestCase):
    def complaints(self, script: str) -> list[str]:
        return proc.complaints(["sh", "-c", script], checkout.POSITION)

    def test_complaints(self) -> None:
        self.assertEqual(self.complaints("true"), [])
        self.assertEqual(self.complaints("echo Found 1 error.; echo a.py:1:2: E1 x; exit 1"), ["a.py:1:2: E1 x"])

    def test_failure_without_a_complaint(self) -> None:
        for script in ("echo 'E1 x in a.py'; exit 1", "echo a.py:1:2: E1 x; echo no config >&2; exit 2", "exit 1"):
            with self.assertRaisesRegex(LabError, "^sh -c fails with status [12]: (E1 x in a.py|no config|no output)$"):
                self.complaints(script)

    def test_each_check_is_asked(self) -> None:
        """ruff and shellcheck that fail in words of their own."""
        with tempfile.TemporaryDirectory() as name:
            tool = Path(name) / "tool"
            tool.write_text("#!/bin/sh\necho unknown option; exit 1\n")
            tool.chmod(0o755)
            with (
                mock.patch.object(checkout.tools, "tool_root"),
                mock.patch.object(checkout.tools, "command", return_value=[str(tool)]),
                self.assertRaisesRegex(LabError, "tool check fails with status 1: unknown option"),
            ):
                checkout.ruff()
            (Path(name) / "shellcheck").symlink_to(tool)
            with mock.patch.dict("os.environ", {"PATH": f"{name}:/bin"}), self.assertRaises(LabError):
                checkout.scripts()

    def test_types(self) -> None:
        """mypy's lines are seen, whatever else it prints; a mypy that cannot read its configuration is no pass."""
        with tempfile.TemporaryDirectory() as name:
            tool = Path(name) / "mypy"
            for script, want in (("echo lab/a.py:1: error: x; echo lab/a.py:1: note: y; exit 1", 1), ("exit 0", 0)):
                tool.write_text(f"#!/bin/sh\n{script}\n")
                tool.chmod(0o755)
                with mock.patch.dict("os.environ", {"PATH": f"{name}:/bin"}):
                    self.assertEqual(len(checkout.mypy()), want)
            tool.write_text("#!/bin/sh\necho bad pyproject.toml >&2; exit 2\n")
            with mock.patch.dict("os.environ", {"PATH": f"{name}:/bin"}), self.assertRaisesRegex(LabError, "bad pypr"):
                checkout.mypy()

    def test_no_exceptions(self) -> None:
        """What mypy does not understand is written in another way."""
        ignored = [p.name for p in data.LAB.rglob("*.py") if re.search(r"#\s*type:\s*ignore", p.read_text())]
        self.assertEqual(ignored, [])


class UnitTests(unittest.TestCase):
    def test_coverage(self) -> None:
        table = "Name Stmts Miss Cover\nlab/a.py 4 2 50%\nTOTAL 4 2 50%\n"
        for code, more, line in ((0, "", "1 passed, 0 failed"), (2, "Coverage failure\n", "0 passed, 1 failed")):
            total = suite.Count()
            with contextlib.redirect_stderr(io.StringIO()) as said:
                checkout.add_coverage(code, table + more, total)
            self.assertIn("reach 50% of", said.getvalue())
            self.assertEqual(total.line(), line)
        for code, text in ((1, "No data to report.\n"), (0, "")):
            with self.assertRaisesRegex(LabError, "does not report"):
                checkout.add_coverage(code, text, suite.Count())

    def test_unit_test_summary(self) -> None:
        total = suite.Count()
        checkout.add_unit_tests("Ran 10 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n", total)
        self.assertEqual(total.line(), "4 passed, 3 failed, 3 skipped")
        with self.assertRaisesRegex(LabError, "did not run"):
            checkout.add_unit_tests("Ran 0 tests", suite.Count())


if __name__ == "__main__":
    unittest.main()
