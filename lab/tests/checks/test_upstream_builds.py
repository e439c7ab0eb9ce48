# SPDX-License-Identifier: GPL-2.0-only
"""What has been built or booted is not built or booted again."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import unittest
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

from lab.checks import matrix, upstream_builds, upstream_hosts
from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import kbuild, selftests, source
from lab.machine import boot, verdict

COMMITS = [matrix.Commit(n, f"patch {n}", {"arch/a.c": (b"%d" % n, 0o644)}, key) for n, key in enumerate("abb")]


class Kept(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {"LAB_CACHE": str(self.tmp / "cache")}))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        used: list[tuple[Any, str]] = [(source, "sync"), (install, "ensure"), (cache, "need_space")]
        for module, name in used:
            self.enterContext(mock.patch.object(module, name))
        (self.tmp / "cache/log").mkdir(parents=True)
        self.enterContext(mock.patch.object(kbuild, "compiler", return_value="gcc 12"))
        self.made = upstream_builds.Builds.__new__(upstream_builds.Builds)
        self.made.base, self.made.commits, self.made.ran = data.base("mainline"), COMMITS, 0
        self.made.configs, self.made.boots = [data.build("mac99-g4")], [data.target("mac99-g4")]
        self.made.compilers, self.made.build = [matrix.Compiler("gcc", ("W=1",))], "arch/powerpc/kvm/"
        self.made.made = {"mac99-g4": ["arch/powerpc/kvm/"]}
        self.made.touched = {name for commit in COMMITS for name in commit.files}
        self.made.earlier = defaultdict(set)
        self.made.store = self.tmp / "store"
        self.made.tree = source.Tree(self.tmp / "tree", "7.3", "", "key")
        self.made.source = source.Source("linux 7.3", "7.3", "key", self.tmp / "stock")
        (self.tmp / "tree").mkdir()

    def test_each_key_once(self) -> None:
        judge = mock.Mock(side_effect=["", "does not boot"])
        for _ in range(2):
            found = self.made.on_each_host("boot", "booting it on", lambda c, _: c.key, judge)
            self.assertEqual(found, {"mac99-g4": ["1 patch 1: does not boot"]})
        self.assertEqual([call.args[0].number for call in judge.call_args_list], [0, 1])

    def test_boots(self) -> None:
        """A kernel that crashes is told with the end of its excerpt."""
        crash = verdict.Verdict(1, "died", ["one", "two", "three", "four"])
        with (
            mock.patch.object(kbuild, "make", return_value=self.tmp),
            mock.patch.object(boot, "run"),
            mock.patch.object(verdict, "judge", side_effect=[verdict.Verdict(0), crash]),
        ):
            found = upstream_hosts.boots(self.made)
        self.assertEqual(found, {"mac99-g4": ["1 patch 1: died / two / three / four"]})

    def test_selftests(self) -> None:
        commits = [matrix.Commit(n, f"patch {n}", {"tools/t.c": (b"%d" % n, 0o644)}) for n in range(3)]
        self.made.commits = commits
        texts = [(0, ""), (0, "t.c:1: warning: x\n"), (2, "make: stopped\n")]
        with (
            mock.patch.object(selftests, "prepare", return_value=([], {})),
            mock.patch.object(proc, "captured", side_effect=texts),
        ):
            found = upstream_hosts.programs(self.made)
        self.assertEqual(found, {"mac99-g4": ["1 patch 1: t.c:1: warning: x", "2 patch 2: make: stopped"]})

    def test_a_folder_is_kept_for_a_later_commit_only(self) -> None:
        build = data.build("mac99-g4")
        out = self.tmp / "tree/out-mac99-g4"
        cases = ((None, {"first.json"}, False), ("first.json", {"first.json"}, True), ("other.json", {"first.json"}, False))
        for stamp, earlier, stays in cases:
            out.mkdir(exist_ok=True)
            (out / "a.o").touch()
            if stamp:
                (out / upstream_builds.STAMP).write_text(stamp)
            self.assertEqual(self.made.folder(build, earlier), out)
            self.assertEqual((out / "a.o").exists(), stays, stamp)
            self.assertFalse((out / upstream_builds.STAMP).exists())

    def run_builds(self, said: str, code: int = 0) -> list[tuple[matrix.Cell, matrix.Result]]:
        def captured(argv: list[Any], *_: object, **__: object) -> tuple[int, str]:
            self.assertIn("W=1", argv)
            return code, said

        with (
            mock.patch.object(kbuild, "configure", return_value=self.tmp / "tree/out"),
            mock.patch.object(proc, "captured", side_effect=captured),
            mock.patch.object(proc, "output", return_value=b"gcc 12\n"),
        ):
            return self.made.run()

    def test_builds(self) -> None:
        """Two commits that make the same kernel are one build; what was said is read again."""
        for _ in range(2):
            found = self.run_builds("../arch/a.c:3:4: warning: unused\n")
            self.assertEqual([r.messages for _, r in found], [{"arch/a.c: warning: unused": 1}] * 3)
            self.assertEqual(self.made.ran, 2)

    def test_a_build_that_fails(self) -> None:
        found = self.run_builds("arch/a.c:3:4: error: bad\nmake: stopped\n", 2)
        self.assertEqual(found[0][1].failed, "arch/a.c: error: bad")

    def test_a_build_that_was_killed_is_not_kept(self) -> None:
        for said in ("", "Makefile:9: C=1 specified, but sparse is not available\n"):
            with self.assertRaisesRegex(LabError, "run it again"):
                self.run_builds(said, 2)
        self.assertFalse(list(self.made.store.glob("*")) if self.made.store.exists() else [])


if __name__ == "__main__":
    unittest.main()
