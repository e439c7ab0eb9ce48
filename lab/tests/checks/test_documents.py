# SPDX-License-Identifier: GPL-2.0-only
"""The table of commands, the made parts of documents, and what hand-written ones must not hold."""

from __future__ import annotations

import re
import unittest

from lab.checks import documents
from lab.config import data


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
        self.assertEqual(documents.results_in_prose() + documents.missing(), [])


class Map(unittest.TestCase):
    """lab/README.md says where things are: they are there."""

    def test_each_place_is_there(self) -> None:
        text = (data.LAB / "README.md").read_text()
        places = [name for name in re.findall(r"`([\w.*/-]+)`", text) if "/" in name and "NEW" not in name]
        self.assertGreater(len(places), 20)
        self.assertEqual([name for name in places if not [*data.LAB.glob(name), *data.ROOT.glob(name)]], [])

    def test_each_function_is_in_its_file(self) -> None:
        text = (data.LAB / "README.md").read_text()
        named = re.findall(r"`([\w/]+\.py)`, `(\w+)(?:\(\))?`", text) + [
            (file, name) for name, file in re.findall(r"`(\w+)(?:\(\))?` in `([\w/]+\.py)`", text)
        ]
        self.assertGreater(len(named), 8)
        for file, name in named:
            self.assertRegex((data.LAB / file).read_text(), rf"(?m)^(?:def |class )?{name}\b", f"{file} has no {name}")


if __name__ == "__main__":
    unittest.main()
