# SPDX-License-Identifier: GPL-2.0-only
"""The lab's files say the truth of each other."""

from __future__ import annotations

import re
import unittest

from lab.config import data
from lab.core.cache import ROOT

PATH = re.compile(r"(?<![\w/.-])lab/[\w/.-]+\.(?:py|c|h|S|toml|config)\b")


class Names(unittest.TestCase):
    def test_files_that_are_named_are_there(self) -> None:
        """In comments, in messages, in documents; tests make up files of their own."""
        named = [p for p in data.LAB.rglob("*") if p.suffix in (".py", ".c", ".S", ".toml", ".config")]
        for path in [*named, *ROOT.glob("*.md"), ROOT / "Makefile"]:
            if "tests" in path.parts:
                continue
            for name in PATH.findall(path.read_text()):
                self.assertTrue("NAME" in name or (ROOT / name).exists(), f"{path.relative_to(ROOT)} names {name}")


if __name__ == "__main__":
    unittest.main()
