# SPDX-License-Identifier: GPL-2.0-only
"""Results of check-upstream that another machine has made."""

from __future__ import annotations

import dataclasses
import json
from unittest import mock

from lab.checks import matrix, upstream_ledger
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.tests.checks import support


class Ledger(support.Builds):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(cache, "ROOT", self.tmp))
        self.enterContext(mock.patch.object(proc, "output", return_value=b"gcc 12\n"))
        self.path = upstream_ledger.ledger(self.made)
        first, second, third = (dataclasses.replace(c, number=n) for n, c in enumerate(support.COMMITS))
        last = dataclasses.replace(third, number=3, key="c")
        self.made.commits = [first, second, last]

    def keep(self, number: int, result: matrix.Result) -> str:
        cell = self.made.cells()[number]
        cache.write(cell.path, json.dumps(dataclasses.asdict(result)).encode())
        return cell.path.stem

    def test_what_is_good(self) -> None:
        """Not BASE, not the last commit, and no build with a new message or a failure."""
        old = matrix.Result(messages={"a.c: warning: old": 1})
        for number in (0, 1, 2):
            key = self.keep(number, old)
            if number == 1:
                good = key
        self.assertEqual(upstream_ledger.built(self.made), {("build", good)})
        for bad in (matrix.Result("fails"), matrix.Result(messages={"a.c: warning: new": 1})):
            self.keep(1, bad)
            self.assertEqual(upstream_ledger.built(self.made), set())

    def test_a_build_that_is_the_last_one_too(self) -> None:
        """It is compared with BASE's, so its result must be whole."""
        first, second, last = self.made.commits
        self.made.commits = [first, second, dataclasses.replace(last, keys={"mac99-g4": second.key})]
        self.keep(0, matrix.Result())
        self.assertEqual(self.keep(1, matrix.Result()), self.made.cells()[2].path.stem)
        self.assertEqual(upstream_ledger.built(self.made), set())

    def test_there_and_back(self) -> None:
        self.keep(0, matrix.Result())
        key = self.keep(1, matrix.Result())
        self.made.good = {("boot", "0123")}
        upstream_ledger.save(self.made, whole=True)
        self.assertEqual(self.path.read_text(), f"boot 0123\nbuild {key}\n")
        for path in self.made.store.glob("*"):
            path.unlink()
        upstream_ledger.load(self.made)
        self.assertEqual({p.name for p in self.made.store.glob("*")}, {"boot-0123.json", f"{key}.json"})
        self.assertEqual(json.loads((self.made.store / "boot-0123.json").read_text()), "")
        self.assertTrue(self.made.known(self.made.cells()[1], None))

    def test_only_a_whole_run_drops_results(self) -> None:
        self.path.parent.mkdir()
        self.path.write_text("boot old\n")
        self.made.good = {("boot", "new")}
        upstream_ledger.save(self.made, whole=False)
        self.assertEqual(self.path.read_text(), "boot new\nboot old\n")
        upstream_ledger.save(self.made, whole=True)
        self.assertEqual(self.path.read_text(), "boot new\n")

    def test_what_is_here_stays(self) -> None:
        cache.write(self.made.store / "boot-1.json", b'"does not boot"')
        self.path.parent.mkdir()
        self.path.write_text("boot 1\n")
        upstream_ledger.load(self.made)
        self.assertEqual(json.loads((self.made.store / "boot-1.json").read_text()), "does not boot")

    def test_a_line_that_is_no_result(self) -> None:
        self.path.parent.mkdir()
        for line in ("boot", "boot 1 2"):
            self.path.write_text(f"{line}\n")
            with self.assertRaisesRegex(LabError, "git checkout"):
                upstream_ledger.load(self.made)
