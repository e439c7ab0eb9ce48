# SPDX-License-Identifier: GPL-2.0-only
"""A tool that has judged nothing has not passed; and each base's mails are judged by that base's kernel."""

from __future__ import annotations

import re
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest import mock

from lab.checks import checkout, checkpatch, upstream_builds, upstream_once
from lab.config import data
from lab.core import proc
from lab.core.errors import LabError
from lab.kernel import patchset


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

    def test_of_check_upstream(self) -> None:
        def said(script: str, counts: bool = False) -> Counter[str]:
            return upstream_once.said_of(["sh", "-c", script], "tool", ["a.c"], Path(), counts)

        self.assertEqual(said("echo a.c:1: warning: x"), Counter({"a.c: warning: x": 1}))
        self.assertEqual(said("echo a.c:1: warning: x; exit 3", counts=True), Counter({"a.c: warning: x": 1}))
        self.assertEqual(said("echo b.c:1: warning: x"), Counter())
        for counts in (False, True):
            with self.assertRaisesRegex(LabError, "tool fails with status 127: .*no-tool: not found"):
                said("no-tool", counts)
        with self.assertRaisesRegex(LabError, "tool fails with status 2: stopped"):
            said("echo a.c:1: warning: x; echo stopped; exit 2")

    def test_coccicheck_names_files_from_its_folder(self) -> None:
        """What it says of the series' files is found, and not taken for what it says of others."""
        said = "./old.c:1:0-1: preceding lock on line 4\n./xnew.c:2:0-1: WARNING: x\n"
        new = f"{said}./new.c:7:8-9: WARNING: y\n".replace("line 4", "line 5")  # no other complaint
        once = upstream_once.Once.__new__(upstream_once.Once)
        once.builds = cast(upstream_builds.Builds, SimpleNamespace(build="arch/powerpc/kvm/"))
        once.files = ["arch/powerpc/kvm/new.c", "arch/powerpc/kvm/old.c", "arch/powerpc/kernel/new.c"]
        once.stock, once.tree = Path("stock"), Path("tree")

        def captured(argv: list[str], what: str, cwd: Path) -> tuple[int, str]:
            return 0, new if cwd == once.tree else said

        with (
            mock.patch.object(upstream_once.install, "ensure"),
            mock.patch.object(upstream_once.proc, "captured", side_effect=captured),
        ):
            self.assertEqual(once.coccicheck().bad, ["./new.c: WARNING: y"])


class Checkpatch(unittest.TestCase):
    def test_of_the_base_that_is_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            script = Path(name) / "scripts/checkpatch.pl"
            script.parent.mkdir()
            script.write_text('print "$ARGV[-1]\\n"; exit 1;\n')
            asked = []

            def find(base: data.Base) -> SimpleNamespace:
                asked.append(base.name)
                return SimpleNamespace(tree=Path(name))

            with mock.patch.object(checkpatch.source, "find", side_effect=find):
                found = checkpatch.complaints("6.12")
        folder = data.base("6.12").patches
        self.assertEqual(asked, ["6.12"])
        self.assertEqual([Path(f).name for f in found], [p.name for p in patchset.mails(folder)])

    def test_once_checks_its_own_base(self) -> None:
        once = upstream_once.Once.__new__(upstream_once.Once)
        once.builds = cast(upstream_builds.Builds, SimpleNamespace(base=data.base("6.12"), commits=[1, 2]))
        with mock.patch.object(checkpatch, "complaints", return_value=["bad"]) as judged:
            self.assertEqual(once.checkpatch().bad, ["bad"])
        judged.assert_called_once_with("6.12")


if __name__ == "__main__":
    unittest.main()
