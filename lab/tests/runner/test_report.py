# SPDX-License-Identifier: GPL-2.0-only
"""What the results mean together: counts, exit status, corrections."""

from __future__ import annotations

import contextlib
import io
import unittest

from lab.config import data
from lab.core import errors
from lab.results.ktap import Result, Status
from lab.runner import report, suite


def known(*tests: str) -> list[data.Known]:
    return [data.Known(test, "because") for test in tests]


class Expectations(unittest.TestCase):
    def job(self, *results: Result, passes: list[str] | None = None, base: str = "mainline") -> suite.Job:
        """passes: of an unpatched kernel; None: nothing may fail."""
        job = suite.Job(data.base(base), data.target("mac99-g4"), [data.Test("t", 1)], results=[*results])
        job.expected = None if passes is None else data.Expected(known(*passes))
        return job

    def count(self, *jobs: suite.Job) -> str:
        total = suite.Count()
        suite.count([*jobs], total)
        return total.line()

    def test_counts(self) -> None:
        good, bad, skip = Result("t.a", Status.PASS), Result("t.b", Status.FAIL), Result("t.c", Status.SKIP)
        rows: list[tuple[tuple[Result, ...], list[str] | None, str]] = [
            ((good, bad), None, "1 passed, 1 failed"),
            ((good, skip), None, "1 passed, 0 failed, 1 skipped"),
            ((good, bad), ["t.a"], "2 passed, 0 failed"),
            ((good, bad, skip), ["t.?"], "1 passed, 1 failed, 1 skipped"),  # what must pass fails
            ((good, bad), [], "1 passed, 1 failed"),  # what must fail passes
            ((bad,), [], "1 passed, 0 failed"),
            ((bad,), ["t.a"], "1 passed, 1 failed"),  # no result of what must pass
            ((bad,), ["u.a"], "1 passed, 0 failed"),  # another program's
            ((Result("t.x", Status.XFAIL),), None, "0 passed, 0 failed"),
            ((Result("(kernel)", Status.CRASH),), [], "0 passed, 1 failed"),
        ]
        for results, passes, want in rows:
            with self.subTest(results=[r.id for r in results], passes=passes):
                self.assertEqual(self.count(self.job(*results, passes=passes)), want)

    def test_what_fails_on_a_patched_kernel(self) -> None:
        """A listed test fails and is not counted; it may not pass, and no other test may fail."""
        for status, other, want in (
            (Status.FAIL, Status.PASS, "1 passed, 0 failed"),
            (Status.PASS, Status.PASS, "1 passed, 1 failed"),
            (Status.SKIP, Status.FAIL, "0 passed, 1 failed, 1 skipped"),
        ):
            with self.subTest(status=status, other=other):
                job = self.job(Result("t.a", status), Result("t.b", other), base="6.12")
                job.expected = data.Expected(fails=known("t.a"))
                self.assertEqual(self.count(job), want)

    def test_columns_are_in_line(self) -> None:
        jobs = [self.job(Result("t.a", Status.PASS)) for _ in "12"]
        jobs[0].target = data.target("pseries-p8-threads")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            report.table(jobs)
        head, row, end = said.getvalue().splitlines()[1:4]
        at = head.index("mac99-g4")
        self.assertEqual((row.rindex("PASSED"), end.rindex("0.0, 0.0")), (at, at))

    def test_a_result_that_is_gone(self) -> None:
        """What the patched kernel of the same run has, the unpatched one has too, or its program died."""
        patched = self.job(Result("t.a", Status.PASS), Result("t.b", Status.PASS))
        lost = self.job(Result("t.a", Status.FAIL), passes=[])
        died = self.job(Result("t.a", Status.FAIL), Result("t", Status.CRASH), passes=[])
        self.assertEqual(report.missing(lost, [patched, lost]), ["t.b"])
        self.assertEqual(self.count(patched, lost), "3 passed, 1 failed")
        self.assertEqual(report.missing(died, [patched, died]), [])
        lost.expected = data.Expected([], known("t.*"))
        self.assertEqual(report.missing(lost, [patched, lost]), [])

    def test_the_worst_job_is_the_exit_status(self) -> None:
        late, crashed = self.job(), self.job()
        late.code, crashed.code = errors.TIMEOUT, errors.CRASHED
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(suite.report([late, crashed], suite.Count(failed=2)), errors.CRASHED)

    def test_what_to_do_is_said_once(self) -> None:
        jobs = [self.job(Result("t.a", Status.PASS), passes=[], base="stock-mainline") for _ in range(2)]
        jobs.append(self.job(Result("v.a", Status.FAIL)))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            suite.report(jobs, suite.Count())
        lines = [x for x in said.getvalue().splitlines() if "make expect" in x]
        self.assertEqual(lines, ["if that is as it should be: make expect K=stock-mainline"])
        self.assertIn("t.a: PASSED: passes, but must fail here", said.getvalue())

    def test_one_column_for_a_target(self) -> None:
        """Its programs and its guests of QEMU are two jobs."""
        jobs = [self.job(Result(f"t.{n}", Status.PASS), passes=["t.a", "t.b"]) for n in "ab"]
        (column,) = report.columns_of(jobs, "mainline")
        self.assertEqual([r.id for r in column.results], ["t.a", "t.b"])
        self.assertEqual([len(job.results) for job in jobs], [1, 1])

    def test_rules_are_told_where_some_are_tested(self) -> None:
        """Not behind sessions of gdb, which have no rules."""
        for test, told in (("debug_watch_test.debug.real64.store_between", True), ("gdb_linux.step", False)):
            with contextlib.redirect_stdout(io.StringIO()) as said:
                report.rule_table([self.job(Result(test, Status.PASS))])
            self.assertEqual(": rule" in said.getvalue(), told, test)
