# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that boot, and selftests that build, after each commit."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.checks import matrix, upstream_hosts
from lab.core import proc
from lab.kernel import kbuild, selftests
from lab.machine import boot, verdict
from lab.tests.checks import support


class Hosts(support.Builds):
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


if __name__ == "__main__":
    unittest.main()
