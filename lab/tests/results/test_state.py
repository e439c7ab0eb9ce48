# SPDX-License-Identifier: GPL-2.0-only
"""Where the checkout is, against the commits that records are of."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.config import data
from lab.core import cache
from lab.core.errors import LabError
from lab.results import records, state
from lab.series import repository
from lab.tests import support
from lab.tests.series.support import AUTHOR


class Behind(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.root = self.tmp / "checkout"
        self.root.mkdir()
        self.enterContext(mock.patch.object(cache, "ROOT", self.root))
        self.enterContext(mock.patch.object(records, "FOLDER", self.root / "records"))
        repository.commit_base(self.root, "base")
        self.commits = [self.commit(name) for name in "ab"]

    def commit(self, name: str) -> str:
        repository.git(self.root, "commit", "-q", "--allow-empty", "-m", name, env=AUTHOR)
        return repository.git(self.root, "rev-parse", "HEAD").strip()

    def test_behind(self) -> None:
        first, last = self.commits
        self.assertEqual([state.behind(past, last) for past in (last, first)], [0, 1])
        repository.git(self.root, "checkout", "-q", "base")
        self.assertIsNone(state.behind(self.commit("c"), last))
        self.assertIsNone(state.behind("0" * 40, last))

    def test_look(self) -> None:
        """What the bases and targets of the records are now."""
        now = records.Tested("c", False, "linux 7", "p", "kernel", "tests")
        cache.write(records.kept() / "patches/p.txt", b"0123456789abcdef subject\n")
        old = records.Record("test", "mainline", "mac99-g4", tested=records.Tested(self.commits[0], False, "linux 6"))
        with mock.patch.object(records, "tested", return_value=now):
            found = state.look([old, records.Record("test", "mainline", "no-such-target")])
        self.assertEqual((found.commit, found.behind), (self.commits[1], {self.commits[0]: 1}))
        now_is = {"kernel": "kernel", "tests": "tests", "ids": "0123456789ab"}
        self.assertEqual(found.now["mainline"], now_is)
        key = records.config(data.base("mainline"), data.target("mac99-g4"))
        self.assertEqual(found.configs, {"mainline mac99-g4": key})
        self.assertNotEqual(records.config(data.base("6.1"), data.target("mac99-g4")), key)
        state.write(found)
        self.assertEqual(state.read(), found)

    def test_a_file_of_somebody_else(self) -> None:
        self.assertEqual(state.read(), state.State())
        for text in ("{", '{"x": 1}', "[]"):
            cache.write(records.FOLDER / state.STATE, text.encode())
            with self.assertRaisesRegex(LabError, "is not what 'make results' writes"):
                state.read()


if __name__ == "__main__":
    unittest.main()
