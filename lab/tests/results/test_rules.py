# SPDX-License-Identifier: GPL-2.0-only
"""Rules are read from comments, and nothing is proved by silence."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError
from lab.results import rules
from lab.results.ktap import Result, Status

SOURCE = """
/*
 * A header explains rules, like A9, it does not prove them.
 */
/* The code, then the case. (A3, B1) */
GUEST_ASM(code, "nop");

TEST_F(debug, one)
{
	/* Inside a function nothing counts. (C4) */
}

TEST_F(debug, two)
{
}

/*
 * A long story
 * (D1, and more). (D1,
 * D2)
 */
TEST_F_TIMEOUT(debug, three, 5)
{
}

/* A helper. */
static int helper(void)
/* Ground work. */
TEST(four)
{
}

int main(int argc, char *argv[])
"""
PASS, FAIL, SKIP = Status.PASS, Status.FAIL, Status.SKIP


class Reading(unittest.TestCase):
    def test_cases(self) -> None:
        self.assertEqual(
            rules.read(SOURCE, "x.c"),
            {"debug.one": ["A3", "B1"], "debug.two": None, "debug.three": ["D1", "D2"], "global.four": [rules.NONE]},
        )

    def test_program_without_harness(self) -> None:
        self.assertEqual(rules.read("/* All of it. (B4) */\nint main(void)\n", "x.c"), {"": ["B4"]})

    def test_unknown_rule(self) -> None:
        with self.assertRaisesRegex(LabError, "A11"):
            rules.read("/* Much. (A11) */\nTEST_F(a, b)", "x.c")


class Table(unittest.TestCase):
    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "x_test.c").write_text(SOURCE)
        (folder / "y_test.c").write_text("/* All of it. (B4) */\nint main(void)\n")
        self.rules = rules.Rules(folder)

    def test_ids(self) -> None:
        for test, want in (
            ("x_test.debug.guest64.one", ["A3", "B1"]),
            ("x_test.debug.three", ["D1", "D2"]),
            ("x_test.global.four", [rules.NONE]),
            ("x_test", ["A3", "B1", "D1", "D2", rules.NONE]),  # it crashed: nothing is proved
            ("y_test.200_programs", ["B4"]),
            ("kvm_page_table_test.x", [rules.NONE]),
        ):
            self.assertEqual(self.rules.of(test), want, test)

    def test_problems(self) -> None:
        found = self.rules.problems(["x_test", "y_test"])
        self.assertIn("debug.two has no comment", found[0])
        self.assertIn(f"no test case names the rule A9: write one, or remove the rule from {rules.RULES}", found)
        self.assertNotIn("no case of the suite proves B4", found)

    def test_rows(self) -> None:
        results = [Result("x_test.debug.v.one", PASS), Result("y_test.1", FAIL)]
        rows = dict(self.rules.rows([(results, None), ([], None)]))
        self.assertEqual((rows["A3"], rows["B4"], rows["C1"]), (["1 passed", "-"], ["1 FAILED", "-"], ["-", "-"]))

    def test_cells(self) -> None:
        good, bad, skip = Result("a", PASS), Result("b", FAIL), Result("c", SKIP)
        cases: list[tuple[list[Result], set[str] | None, str]] = [
            ([], None, "-"),
            ([good, bad, skip], None, "1 passed, 1 FAILED, 1 skipped"),
            ([skip], None, "1 skipped"),
            ([good, bad], {"b"}, "fails 1 of 2 as it must"),
            ([good, bad], {"a", "b"}, "fails 1 of 2, 1 NOT AS IT MUST"),
            ([good, bad], set(), "fails 1 of 2, 1 NOT AS IT MUST"),
            ([good], {"b"}, "passes 1 of 1 as it must"),
            ([skip], {"c"}, "1 skipped"),
        ]
        for results, must_fail, want in cases:
            self.assertEqual(rules.cell(results, must_fail), want)


class Suite(unittest.TestCase):
    def test_sources_of_the_checkout_parse(self) -> None:
        known = rules.Rules()
        for test in data.suite(data.SUITE):
            if test.binary in known.programs:
                self.assertTrue(known.programs[test.binary], test.binary)
