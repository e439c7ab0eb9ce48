# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that boot, and selftests that build, after each commit."""

from __future__ import annotations

import shutil
import threading
import unittest
from unittest import mock

from lab.checks import matrix, upstream_hosts
from lab.core import proc
from lab.core.errors import FullDisk, LabError
from lab.kernel import kbuild, selftests
from lab.machine import boot, verdict
from lab.results import ktap
from lab.runner import suite
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

    def after_each(self, outcomes: list[ktap.Result], built: str = "debug_test") -> tuple[list[str], int]:
        """What is said of the tests after two series, and how many hosts were booted; 'built' is the only program."""
        names = ("", "01-one", "01-one", "02-two")
        self.made.commits = [matrix.Commit(n, f"patch {n}", {}, str(n), s) for n, s in enumerate(names)]
        program = self.tmp / f"tree-mac99-g4/out-selftests-mac99-g4/kselftest/kvm/powerpc/{built}"

        def make(*_: object, **__: object) -> tuple[int, str]:
            program.parent.mkdir(parents=True)
            program.touch(mode=0o755)
            return 0, ""

        with (
            mock.patch.object(selftests, "prepare", return_value=([], {})),
            mock.patch.object(selftests, "strip", lambda a, b, _: shutil.copy(a, b)),
            mock.patch.object(proc, "captured", make),
            mock.patch.object(kbuild, "make", return_value=self.tmp),
            mock.patch.object(boot, "run") as run,
            mock.patch.object(verdict, "judge"),
            mock.patch.object(suite, "collect", side_effect=[[r] for r in outcomes]),
        ):
            found = upstream_hosts.tests(self.made)["mac99-g4"]
        programs = [command.name for call in run.call_args_list for command in call.args[0].commands]
        self.assertEqual(programs, ["debug_test"] * run.call_count)
        return found, run.call_count

    def test_tests_after_each_series(self) -> None:
        """The last series is the first one. Its kernel runs those programs of the suite that there are."""
        good = ktap.Result("debug_test.a", ktap.Status.PASS)
        bad = ktap.Result("debug_test.b", ktap.Status.FAIL, "", ("b.c:1: one", "two"))
        self.assertEqual(self.after_each([good, bad]), (["2 patch 2: 1 fail: debug_test.b /  / b.c:1: one / two"], 2))

    def test_no_tests_yet(self) -> None:
        self.assertEqual(self.after_each([], "other"), ([], 0))

    def test_tests_that_do_not_build(self) -> None:
        """They are not taken for tests that are not there yet."""
        with (
            mock.patch.object(selftests, "prepare", return_value=([], {})),
            mock.patch.object(proc, "captured", return_value=(2, "x\nmake: stopped\n")),
            self.assertRaisesRegex(LabError, "the selftests of 2 patch 2 do not build: make: stopped"),
        ):
            upstream_hosts.tests(self.made)
        self.assertEqual([*self.made.store.glob("*")], [])

    def test_a_make_without_words(self) -> None:
        with (
            mock.patch.object(selftests, "prepare", return_value=([], {})),
            mock.patch.object(proc, "captured", return_value=(2, "\n")),
        ):
            found = upstream_hosts.programs(self.made)
        self.assertEqual(found["mac99-g4"][0], "0 patch 0: no reason given")


if __name__ == "__main__":
    unittest.main()
