# SPDX-License-Identifier: GPL-2.0-only
"""What the builds makes of what compilers say."""

from __future__ import annotations

import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from lab.checks import matrix, upstream, upstream_builds
from lab.config import data

OLD = "../arch/powerpc/kvm/a.c:10:5: warning: unused variable 'x' [-Wunused-variable]"
NEW = "arch/powerpc/kvm/b.c:7:1: warning: symbol 'y' was not declared. Should it be static?"


class Builds(unittest.TestCase):
    def table(self, said: list[str], failed: str = "", base_failed: str = "") -> tuple[list[str], list[str]]:
        config, compiler = data.build("mac99-g4"), matrix.Compiler("gcc", ())
        commits = [matrix.Commit(n, s, {}, s) for n, s in enumerate(("BASE", "one", "a document"))]
        texts = ["\n".join([OLD]), *["\n".join(said)] * 2]
        results = []
        for commit, text in zip(commits, texts, strict=True):
            why = failed if commit.number else base_failed
            cell = matrix.Cell(commit, config, compiler, Path("none"))
            results.append((cell, matrix.Result(why, dict(upstream_builds.messages(text)), 1.0, {"kvm-pr": 100})))
        made = cast(upstream_builds.Builds, SimpleNamespace(configs=[config], compilers=[compiler], commits=commits))
        self.growth = upstream.growth(results)
        rows, self.builds = upstream.judged(made, results)
        return rows, [line for lines in self.builds for line in lines]

    def test_moved_warning_is_not_new(self) -> None:
        rows, bad = self.table([OLD.replace(":10:", ":20:")])
        self.assertEqual(bad, [])
        self.assertRegex(rows[2], r"1 one +0$")
        self.assertEqual(self.growth, ["kvm-pr, mac99-g4 gcc: 100 -> 100 bytes of code (+0)"])

    def test_second_warning_of_the_same_text_is_new(self) -> None:
        self.assertEqual(len(self.table([OLD, OLD])[1]), 2)

    def test_new_warning(self) -> None:
        rows, bad = self.table([OLD, NEW])
        self.assertRegex(rows[2], r"1 one +1$")
        self.assertIn("1 one: mac99-g4 gcc: new: arch/powerpc/kvm/b.c: warning: symbol 'y'", bad[0])

    def test_failed(self) -> None:
        rows, bad = self.table([], failed="a.c: error: no")
        self.assertRegex(rows[2], r"1 one +FAIL$")
        self.assertTrue(bad)

    def test_impossible_on_base(self) -> None:
        rows, bad = self.table([], failed="no", base_failed="no")
        self.assertRegex(rows[1], r"BASE +-$")
        self.assertEqual(bad, [])

    def test_count(self) -> None:
        """A build with two new warnings is one that fails, whichever files they are in; a boot is one of its own."""
        boots: dict[str, list[str]] = {"a": ["1 one: dies", "3 three: dies"], "b": []}
        other = OLD.replace("a.c", "c.c")
        for said in ([OLD], [OLD, NEW], [OLD, NEW, other], [OLD, NEW.replace("'y'", "'z'"), NEW]):
            self.table(said)
            # 3 builds, of which BASE's is good. 4 states on 2 machines: 8 boots. 3 checks, 1 of them bad.
            failed = 2 * (len(said) > 1) + 2 + 1
            self.assertEqual(upstream.count(self.builds, boots, 4, 1, 3), (3 + 8 + 3 - failed, failed), said)


if __name__ == "__main__":
    unittest.main()
