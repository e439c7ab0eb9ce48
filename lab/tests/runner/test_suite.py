# SPDX-License-Identifier: GPL-2.0-only
"""Which tests run where."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.config import data
from lab.core import errors, options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.guest import guest
from lab.results import ktap
from lab.results.ktap import Result, Status
from lab.results.tally import Judged
from lab.runner import suite
from lab.tests.booted import Booted


class Also(unittest.TestCase):
    def jobs(self, target: str) -> dict[str, list[str]]:
        found = suite.jobs(Options(target=target))
        return {j.target.name: [t.id for t in j.tests] for j in found if j.base.name == "mainline"}

    def test_only_what_names_it_without_a_target(self) -> None:
        self.assertEqual(self.jobs("")["pseries-p8-threads"], ["pr_run_test", "debug_watch_test"])

    def test_all_with_the_target(self) -> None:
        found = self.jobs("pseries-p8-threads")
        self.assertEqual(list(found), ["pseries-p8-threads"])
        self.assertIn("debug_test", found["pseries-p8-threads"])


class Sessions(unittest.TestCase):
    def test_the_patched_kernel_only_without_a_kernel(self) -> None:
        """Which cases must fail with an unpatched one is recorded nowhere."""
        self.assertEqual({j.base.name for j in suite.jobs(Options(suite="gdb"))}, {"mainline"})
        self.assertTrue(suite.jobs(Options(suite="gdb", kernel="stock-mainline")))

    def test_what_gdb_says_is_not_told(self) -> None:
        result = ktap.Result("x", ktap.Status.FAIL, "", ("Breakpoint 1 at 0x0", "# the pc is 1, not 2"))
        self.assertEqual(suite.without_gdb(result).notes, ("# the pc is 1, not 2",))

    def test_debian_s_qemu_on_a_mac_is_a_skip(self) -> None:
        with mock.patch.object(options, "everywhere", Options()), mock.patch.object(suite.install, "ensure"):
            job = next(j for j in suite.jobs(Options(target="mac99-g4", suite="gdb")) if j.base.name == "mainline")
            suite.prepare(job)
        self.assertTrue(job.results)
        self.assertEqual({(r.status, r.why) for r in job.results}, {(ktap.Status.SKIP, "needs CLIENT=patched")})

    def test_without_tests_of_a_suite(self) -> None:
        """make kselftest counts by a job that has none."""
        self.assertFalse(suite.Job(data.base("mainline"), data.target("mac99-g4"), []).sessions)


class Run(Booted):
    """The commands of a job are pp's, whatever the suite names."""

    def setUp(self) -> None:
        super().setUp()
        tests = [data.Test("pp", 3)]
        self.enterContext(mock.patch.object(data, "suite", return_value=tests))

    def run_suite(self, kernel: str = "", test: str = "") -> int:
        return suite.run(Options(target="mac99-g4", kernel=kernel, test=test))

    def test_patched(self) -> None:
        self.assertEqual(self.run_suite(kernel="mainline"), errors.PASSED)
        self.assertEqual(self.out.getvalue().splitlines()[-1], "1 passed, 0 failed, 1 skipped")
        (record,) = self.left
        self.assertEqual((record.kind, record.counts["passed"]), ("test", 1))

    def test_a_crash_is_the_exit_status(self) -> None:
        self.boot = "oops"
        self.assertEqual(self.run_suite(kernel="mainline"), errors.CRASHED)
        self.assertIn("(kernel): CRASHED", self.out.getvalue())

    def test_unpatched_beside_patched(self) -> None:
        """pp.one passes on both: on the unpatched kernel that is a failure."""
        self.assertEqual(self.run_suite(), errors.FAILED)
        self.assertIn("stock-mainline mac99-g4: pp.one: PASSED: passes, but must fail", self.out.getvalue())

    def test_a_part_leaves_no_record(self) -> None:
        self.assertEqual(self.run_suite(kernel="mainline", test="pp.one"), errors.PASSED)
        self.assertEqual(self.left, [])

    def test_everything_skipped(self) -> None:
        self.with_output("pp", b"TAP version 13\n1..1\nok 1 one # SKIP no\n")
        self.assertEqual(self.run_suite(kernel="mainline"), errors.FAILED)
        self.assertIn("(all): FAILED: every test was skipped", self.out.getvalue())

    def test_a_run_that_tests_nothing_leaves_no_record(self) -> None:
        def skip(job: suite.Job) -> None:
            job.results = [Result("pp", Status.SKIP, "no")]

        with (
            mock.patch.object(suite, "execute", skip),
            self.assertRaisesRegex(LabError, "every test was skipped: nothing was tested"),
        ):
            self.run_suite(kernel="mainline")
        self.assertEqual(self.left, [])

    def test_sessions(self) -> None:
        """With a guest: the kind of a test chooses who judges it."""
        job = suite.Job(data.base("mainline"), data.target("pseries-p8"), [data.Test("guestboot", 5, guest="slof")])
        judge = mock.Mock(return_value=Judged([Result("guestboot", Status.PASS)], 9.0, 2.0))
        with mock.patch.dict(suite.JUDGES, {"guestboot": judge}):
            suite.execute(job)
        judge.assert_called_once()
        self.assertEqual(([r.id for r in job.results], job.seconds, job.first), (["guestboot"], 9.0, 2.0))

    def test_guests_are_made_before_the_hosts_boot(self) -> None:
        """Two hosts side by side would make the same guest's kernel."""
        test = data.Test("guestboot", 5, guest="linux-g4")
        job = suite.Job(data.base("mainline"), data.target("pseries-p8"), [test, test])
        with (
            mock.patch.object(suite.install, "ensure"),
            mock.patch.object(suite, "client_missing", return_value=""),
            mock.patch.object(guest, "files") as files,
        ):
            suite.prepare(job)
        files.assert_called_once_with(guest.find("linux-g4"))

    def test_a_host_that_does_not_come_up(self) -> None:
        """It fails its test, and the others run; a wrong set-up ends the run."""
        job = suite.Job(data.base("mainline"), data.target("pseries-p8"), [data.Test("guestboot", 5, guest="slof")])
        for code, status, exits in (
            (errors.FAILED, Status.FAIL, errors.PASSED),
            (errors.CRASHED, Status.CRASH, errors.CRASHED),
            (errors.TIMEOUT, Status.TIMEOUT, errors.TIMEOUT),
        ):
            with mock.patch.dict(suite.JUDGES, {"guestboot": mock.Mock(side_effect=LabError("no guest", code))}):
                found = suite.judge(job, job.tests[0])
            self.assertEqual((found.results, found.code), ([Result("guestboot", status, "no guest")], exits))
        with (
            mock.patch.dict(suite.JUDGES, {"guestboot": mock.Mock(side_effect=LabError("no space"))}),
            self.assertRaisesRegex(LabError, "no space"),
        ):
            suite.execute(job)


if __name__ == "__main__":
    unittest.main()
