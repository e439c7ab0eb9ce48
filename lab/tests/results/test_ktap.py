# SPDX-License-Identifier: GPL-2.0-only
"""What programs print, and what it means."""

from __future__ import annotations

import unittest

from lab.machine import protocol
from lab.results import ktap
from lab.results.ktap import Status


class Tap(unittest.TestCase):
    def parse(self, text: str, how: str = "exit", value: int = 0) -> list[tuple[str, Status]]:
        return [(r.id, r.status) for r in ktap.parse(protocol.Outcome("t", bytearray(text.encode()), how, value))]

    def test_harness_names_and_directives(self) -> None:
        text = "1..4\nok 1 global.a\nok 2 global.b # SKIP no vsx\nok 3 f.c # XFAIL C3\nok 4 f.d # XPASS unknown\n"
        self.assertEqual(self.parse(text), [("t.global.a", Status.PASS), ("t.global.b", Status.SKIP),
                                            ("t.f.c", Status.XFAIL), ("t.f.d", Status.FAIL)])  # fmt: skip

    def test_all_skipped_program(self) -> None:
        self.assertEqual(self.parse("1..0 # SKIP no /dev/kvm\n", value=4), [("t", Status.SKIP)])
        self.assertEqual(self.parse("no kvm\n", value=4), [("t", Status.SKIP)])

    def test_no_plan(self) -> None:
        self.assertEqual(self.parse("ok 1 a\n"), [("t.a", Status.PASS), ("t", Status.CRASH)])

    def test_too_many_wrong_order_twice_the_same(self) -> None:
        for text in (
            "1..1\nok 1 a\nok 2 b\n",
            "1..2\nok 2 a\nok 1 b\n",
            "1..2\nok 1 a\nok 2 a\n",
            "1..1\n1..1\nok 1 a\n",
        ):
            self.assertEqual(self.parse(text)[-1], ("t", Status.CRASH), text)

    def test_exit_status_must_agree(self) -> None:
        self.assertEqual(self.parse("1..1\nok 1 a\n", value=1)[-1], ("t", Status.FAIL))
        self.assertEqual(self.parse("1..1\nok 1 a\n", "signal", 11)[-1], ("t", Status.CRASH))

    def test_by_status(self) -> None:
        def read(text: str, how: str = "exit", value: int = 0) -> tuple[Status, str]:
            (found,) = ktap.by_status(protocol.Outcome("t", bytearray(text.encode()), how, value))
            return found.status, found.why

        self.assertEqual(read("ok 1 this is not looked at\n"), (Status.PASS, ""))
        self.assertEqual(read("seed\n1..0 # SKIP - no irqchip\n", value=4), (Status.SKIP, "no irqchip"))
        self.assertEqual(read("x\nval < 3\n", value=254), (Status.FAIL, "exit status 254; val < 3"))
        self.assertEqual(read("", "signal", 14)[0], Status.CRASH)
        self.assertEqual(read("", "timeout", 9)[0], Status.TIMEOUT)
        self.assertEqual(read("", "")[0], Status.CRASH)

    def test_notes(self) -> None:
        text = (
            "TAP version 13\n1..2\n#  RUN  a ...\nok 1 a\n# RUN  b ...\n==== x.c:9: c == d\n# b: aborted\nnot ok 2 b\n"
        )
        found = ktap.parse(protocol.Outcome("t", bytearray(text.encode()), "exit", 1))
        self.assertEqual([r.notes for r in found], [(), ("==== x.c:9: c == d", "# b: aborted")])

    def test_failed_subtest(self) -> None:
        """Under a result that says 'ok' it must not be lost, in either form that there is."""
        for inside in ("    not ok 2 y", "# not ok 2 y", "# # not ok 2 y", "  # Subtest: s\n  ok 1 x\n  not ok 2 y"):
            for outer in ("ok 1 a", "ok 1 a # SKIP no"):
                found = ktap.parse(protocol.Outcome("t", bytearray(f"1..1\n{inside}\n{outer}\n".encode()), "exit", 0))
                self.assertEqual([(r.id, r.status) for r in found], [("t.a", Status.FAIL)], inside)
                self.assertIn("subtest that says 'not ok 2 y'", found[0].why)
            self.assertEqual(self.parse(f"1..1\n{inside}\nnot ok 1 a\n", value=1), [("t.a", Status.FAIL)])
            self.assertEqual(self.parse(f"1..1\nok 1 a\n{inside}\n")[-1], ("t", Status.FAIL))

    def test_good_subtests(self) -> None:
        inside = "  1..3\n  ok 1 x\n  not ok 2 y # XFAIL C3\n# ok 3 z # SKIP no\n# it is not ok 1 time in 2\n"
        self.assertEqual(self.parse(f"1..1\n{inside}ok 1 a\n"), [("t.a", Status.PASS)])

    def test_bail_out(self) -> None:
        for text in ("1..2\nok 1 a\nBail out! no memory\n# Totals: 1\n", "ok 1 a\n# Bail out!  no memory\n"):
            (_, end) = ktap.parse(protocol.Outcome("t", bytearray(text.encode()), "exit", 1))
            self.assertEqual((end.id, end.status), ("t", Status.CRASH))
            self.assertEqual(end.why, "bails out after 1 results: no memory")

    def test_empty(self) -> None:
        self.assertEqual(self.parse(""), [("t", Status.CRASH)])
        self.assertEqual(self.parse("1..0\n"), [("t", Status.CRASH)])


if __name__ == "__main__":
    unittest.main()
