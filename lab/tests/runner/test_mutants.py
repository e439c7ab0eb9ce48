# SPDX-License-Identifier: GPL-2.0-only
"""What the list of mutants may say, and how a run of one is judged."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError
from lab.core.options import Options
from lab.results.ktap import Result, Status
from lab.runner import mutants

ONE = mutants.Mutant("one", "a.c", "x = 1;", "x = 2;", {"pseries-p8": ["debug_test.step_*", "trace_test.off"]})


class Mutants(unittest.TestCase):
    def results(self, *bad: str) -> list[Result]:
        return [Result("debug_test.good", Status.PASS), *(Result(i, Status.FAIL) for i in bad)]

    def test_every_pattern_must_find_a_failure(self) -> None:
        target = data.target("pseries-p8")
        self.assertEqual(mutants.judge(ONE, target, self.results("debug_test.step_rfi", "trace_test.off")), [])
        self.assertEqual(
            mutants.judge(ONE, target, self.results("debug_test.step_rfi")), ["trace_test.off does not fail"]
        )

    def test_no_other_test_may_fail(self) -> None:
        said = mutants.judge(
            ONE, data.target("pseries-p8"), self.results("debug_test.step_rfi", "trace_test.off", "regs_test.a")
        )
        self.assertEqual(said, ["regs_test.a fails, and is not in the list"])

    def test_a_race_runs_its_tests_only_and_says_how_often_they_fail(self) -> None:
        target = data.target("pseries-p8")
        race = mutants.Mutant(
            "race", "a.c", "x", "y", {"pseries-p8": ["pr_run_test.pr_run.migrated", "debug_test.*.b"]}, runs=2
        )
        tests = mutants.programs(race, target)
        self.assertEqual([t.id for t in tests], ["pr_run_test", "pr_run_test", "debug_test", "debug_test"])
        self.assertEqual([t.args for t in tests[::2]], [["-r", "pr_run.migrated"], ["-t", "b"]])
        results = [Result("pr_run_test.pr_run.migrated", s) for s in (Status.FAIL, Status.PASS)]
        self.assertEqual(
            mutants.shares(race, target, results),
            ["pr_run_test.pr_run.migrated in 1 of 2 runs", "debug_test.*.b in 0 of 0 runs"],
        )

    def test_old_must_be_there_once(self) -> None:
        self.assertEqual(ONE.apply("y; x = 1;"), "y; x = 2;")
        for text in ("", "x = 1; x = 1;"):
            with self.assertRaises(LabError):
                ONE.apply(text)

    def test_list(self) -> None:
        self.assertTrue(mutants.load())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mutants.toml"
            path.write_text('[[mutant]]\nname = "n"\nfile = "f"\nold = "o"\nnew = ""\n[mutant.fail]\n')
            with self.assertRaisesRegex(LabError, "names no test"):
                mutants.load(path)

    def test_what_chooses_another_run_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "^MUTANTS=1 runs the suite .*: leave out K=6.1, CLIENT=patched$"):
            mutants.main(Options(mutants=True, kernel="6.1", client="patched"))


if __name__ == "__main__":
    unittest.main()
