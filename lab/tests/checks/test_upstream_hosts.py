# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that boot, and selftests that build, after each commit."""

from __future__ import annotations

import threading
import unittest
from unittest import mock

from lab.checks import matrix, upstream_hosts
from lab.core import proc
from lab.core.errors import FullDisk, LabError
from lab.kernel import kbuild, selftests
from lab.machine import boot, verdict
from lab.tests.checks import support


class Hosts(support.Builds):
    kill_all = staticmethod(proc.kill_all)

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

    def test_a_kernel_that_does_not_build(self) -> None:
        """The reason is kept: it is not built again for the commit with the same key."""
        failed = LabError("building failed: a.c:1: error: x")
        with mock.patch.object(kbuild, "make", side_effect=failed) as make:
            found = upstream_hosts.boots(self.made)
            self.assertEqual(upstream_hosts.boots(self.made), found)
        self.assertEqual(make.call_count, 2)
        self.assertEqual(found["mac99-g4"], [f"{n} patch {n}: {failed}" for n in (0, 1)])

    def test_a_full_disk_is_no_result(self) -> None:
        with mock.patch.object(kbuild, "make", side_effect=FullDisk("building")), self.assertRaises(FullDisk):
            upstream_hosts.boots(self.made)
        self.assertEqual([*self.made.store.glob("*")], [])

    def test_an_interrupted_build_is_no_result(self) -> None:
        """Neither that of the commit which was being built, nor those of the commits after it."""
        self.addCleanup(proc._ending.clear)

        def make(*_: object) -> None:
            threading.Timer(0.2, self.kill_all).start()
            proc.logged(["sleep", "60"], self.tmp / "log", "building")

        with mock.patch.object(kbuild, "make", make), self.assertRaises(KeyboardInterrupt):
            upstream_hosts.boots(self.made)
        self.assertEqual([*self.made.store.glob("*")], [])

    def test_selftests_of_commits_that_change_none(self) -> None:
        """They are built once for all commits whose tools and headers are the same, from an empty folder."""
        files = ("arch/powerpc/kvm/a.c", "include/uapi/b.h", "Documentation/c.rst", "tools/d.c")
        self.made.commits = [matrix.Commit(n, f"patch {n}", dict.fromkeys(files[:n], (b"x", 420))) for n in range(5)]
        old = self.tmp / "tree-mac99-g4/out-selftests-mac99-g4/kselftest/old.o"
        old.parent.mkdir(parents=True)
        old.touch()
        with (
            mock.patch.object(selftests, "prepare", return_value=(["make"], {"A": "b"})),
            mock.patch.object(proc, "captured", return_value=(0, "")) as captured,
        ):
            self.assertEqual(upstream_hosts.programs(self.made), {"mac99-g4": []})
        self.assertEqual(captured.call_count, 3)
        self.assertEqual(captured.call_args.kwargs["env"], {"A": "b", "CFLAGS": "-Wall"})
        self.assertFalse(old.exists())

    def test_a_make_without_words(self) -> None:
        with (
            mock.patch.object(selftests, "prepare", return_value=([], {})),
            mock.patch.object(proc, "captured", return_value=(2, "\n")),
        ):
            found = upstream_hosts.programs(self.made)
        self.assertEqual(found["mac99-g4"][0], "0 patch 0: no reason given")


if __name__ == "__main__":
    unittest.main()
