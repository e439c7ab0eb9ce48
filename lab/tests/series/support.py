# SPDX-License-Identifier: GPL-2.0-only
"""Four patches in three series, to change and to export."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import options
from lab.kernel import division, patchset, source
from lab.series import cover, repository, worktree

VARIABLES = [*options.variables(), options.ELSEWHERE]


AUTHOR = {
    "GIT_AUTHOR_NAME": "Project maintainers",
    "GIT_AUTHOR_EMAIL": "m@users.noreply.example",
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
}


SIGNED = "Signed-off-by: Project maintainers <m@users.noreply.example>"


DIVISION = """# head
[[series]]
name = "01-one"
title = "One: Start"
tree = "some/tree"
stable = true
safety = ["One: First"]
patches = [
\t"One: First",
\t"One: \\"Second\\"",
]

[[series]]
name = "02-two"
title = "Two"
tree = "some/tree"
cc = ["C <c@example.org>"]
patches = [
\t"Two: Third",
]

[[series]]
name = "03-three"
title = "Three"
tree = "other/tree"
after = ["02-two"]
patches = [
\t"Three: Fourth",
]
"""


LINES = [f"{n}\n" for n in range(40)]


def text(*numbers: int) -> str:
    return "".join(f"new {n}\n" if n in numbers else line for n, line in enumerate(LINES))


class Folder(unittest.TestCase):
    """A tree with one file, and four patches in three series; the last is after the third, not after the others."""

    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        clean = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        self.enterContext(mock.patch.dict(os.environ, clean | {"LAB_CACHE": str(self.tmp / "cache")}, clear=True))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.folder, self.stock, self.work = (self.tmp / n for n in ("patches", "stock", "work"))
        for path in (self.folder, self.stock / "virt", self.work / "virt"):
            path.mkdir(parents=True)
        (self.stock / "virt/old.c").write_text(text())
        (self.work / "virt/old.c").write_text(text())
        repository.commit_base(self.work, "base")
        (self.folder / "BASE").write_text('package = "p"\nversion = "1"\nkernel = "7"\nsha256 = "ab"\n')
        (self.folder / division.FILE).write_text(DIVISION)
        for one in division.parse(self.folder / division.FILE):
            (self.folder / one.name).mkdir()
            (self.folder / one.name / cover.TEXT).write_text(f"What {one.name} is for.\n")
        base = data.base("mainline")
        self.base = dataclasses.replace(base, series=str(self.folder), base=str(self.folder / "BASE"))
        self.enterContext(mock.patch.object(data, "base", return_value=self.base))
        found = source.Source("linux 7", "7", "k", self.stock)
        self.enterContext(mock.patch.object(source, "find", return_value=found))
        self.enterContext(mock.patch.object(patchset, "checkout_files", return_value={}))
        changed: list[int] = []
        for subject, number in (
            ("One: First", 5),
            ('One: "Second"', 7),
            ("Two: Third", 20),
            ("Three: Fourth", 22),
        ):
            changed.append(number)
            self.commit(subject, *changed)
        self.write()

    def commit(self, subject: str, *numbers: int) -> None:
        (self.work / "virt/old.c").write_text(text(*numbers))
        repository.git(self.work, "commit", "-qam", f"{subject}\n\nBecause.\n\n{SIGNED}", env=AUTHOR)

    def write(self) -> list[str]:
        with tempfile.TemporaryDirectory() as name:
            worktree.export(self.work, self.base, Path(name))
            return repository.install(repository.files_of(Path(name)), self.folder)

    def change(self, old: str, new: str) -> None:
        path = self.folder / division.FILE
        self.assertIn(old, path.read_text())
        path.write_text(path.read_text().replace(old, new))
