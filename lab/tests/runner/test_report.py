# SPDX-License-Identifier: GPL-2.0-only
"""What the results mean together: counts, exit status, corrections."""

from __future__ import annotations

import contextlib
import io
import unittest

from lab.checks import unit_tests
from lab.config import data
from lab.core import errors
from lab.core.errors import LabError
from lab.results.ktap import Result, Status
from lab.runner import report, suite


class Expectations(unittest.TestCase):
    def job(self, *results: Result, expected: set[str] | None) -> suite.Job:
        return suite.Job(
            data.base("mainline"), data.target("mac99-g4"), [data.Test("t", 1)], expected, results=[*results]
        )

    def count(self, job: suite.Job) -> str:
        total = suite.Count()
        suite.count([job], total)
        return total.line()

    def test_counts(self) -> None:
        good, bad, skip = Result("t.a", Status.PASS), Result("t.b", Status.FAIL), Result("t.c", Status.SKIP)
        self.assertEqual(self.count(self.job(good, bad, expected=None)), "1 passed, 1 failed")
        self.assertEqual(self.count(self.job(good, skip, expected=None)), "1 passed, 0 failed, 1 skipped")
        self.assertEqual(self.count(self.job(good, bad, expected={"t.b"})), "2 passed, 0 failed")
        self.assertEqual(self.count(self.job(good, bad, expected=set())), "1 passed, 1 failed")
        self.assertEqual(self.count(self.job(good, bad, expected={"t.a", "t.b", "t.gone"})), "1 passed, 2 failed")
        self.assertEqual(self.count(self.job(Result("t.x", Status.XFAIL), expected=None)), "0 passed, 0 failed")

    def test_the_worst_job_is_the_exit_status(self) -> None:
        late, crashed = self.job(expected=None), self.job(expected=None)
        late.code, crashed.code = errors.TIMEOUT, errors.CRASHED
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(suite.report([late, crashed], suite.Count(failed=2)), errors.CRASHED)

    def test_corrections_do_not_depend_on_what_else_ran(self) -> None:
        """They are changes: of a target's other job, and of tests that TEST= leaves out, they say nothing."""
        jobs = [
            self.job(Result("t.a", Status.FAIL), Result("t.b", Status.PASS), expected={"t.b", "t.gone"}),
            self.job(Result("u.a", Status.FAIL), Result("(kernel)", Status.CRASH), expected={"u.a"}),
            self.job(Result("v.a", Status.FAIL), expected=None),
        ]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            suite.report(jobs, suite.Count())
        (line,) = (x for x in said.getvalue().splitlines() if x.startswith("lab/data/expect"))
        self.assertIn("[mac99-g4]", line)
        self.assertTrue(line.endswith(": add t.a; remove t.b, t.gone"), line)

    def test_one_column_for_a_target(self) -> None:
        """Its programs and its guests of QEMU are two jobs."""
        jobs = [self.job(Result(f"t.{n}", Status.PASS), expected={f"t.{n}"}) for n in "ab"]
        (column,) = report.columns_of(jobs, "mainline")
        self.assertEqual([r.id for r in column.results], ["t.a", "t.b"])
        self.assertEqual(column.expected, {"t.a", "t.b"})
        self.assertEqual([len(job.results) for job in jobs], [1, 1])

    def test_coverage(self) -> None:
        table = "Name Stmts Miss Cover\nlab/a.py 4 2 50%\nTOTAL 4 2 50%\n"
        for code, more, line in ((0, "", "1 passed, 0 failed"), (2, "Coverage failure\n", "0 passed, 1 failed")):
            total = suite.Count()
            with contextlib.redirect_stderr(io.StringIO()) as said:
                unit_tests.add_coverage(code, table + more, total)
            self.assertIn("reach 50% of", said.getvalue())
            self.assertEqual(total.line(), line)
        for code, text in ((1, "No data to report.\n"), (0, "")):
            with self.assertRaisesRegex(LabError, "does not report"):
                unit_tests.add_coverage(code, text, suite.Count())

    def test_unit_test_summary(self) -> None:
        total = suite.Count()
        unit_tests.add_unit_tests("Ran 10 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n", total)
        self.assertEqual(total.line(), "4 passed, 3 failed, 3 skipped")
        with self.assertRaisesRegex(LabError, "did not run"):
            unit_tests.add_unit_tests("Ran 0 tests", suite.Count())
