# SPDX-License-Identifier: GPL-2.0-only
"""The bounds of what a debugger costs."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

from lab.checks import bench
from lab.core import errors
from lab.core.errors import LabError
from lab.machine import boot
from lab.tests.booted import MAC, Booted
from lab.tests.machine import recorded

FIRST = dict.fromkeys((*bench.FREE, *bench.STEPS, *bench.HITS, "osi_exit"), 100.0)
WATCHED = {"watch_none": 7.0, "watch_elsewhere": 10.0, "watch_load": 10.0, "watch_store": 6000.0}
UNPATCHED = FIRST | WATCHED | {"watch_reserve": 6000.0, "break_loop": 5400.0}


class Table(unittest.TestCase):
    def broken(self, **patched: float) -> list[str]:
        """The lines of the bounds that do not hold if the patched kernel has these counts."""
        lines, good = bench.table(UNPATCHED, UNPATCHED | patched)
        found = [line for line in lines if "BROKEN" in line]
        self.assertEqual(good, not found)
        return found

    def test_at_the_bounds(self) -> None:
        self.assertEqual(self.broken(), [])
        self.assertEqual(self.broken(step_native=110, watch_hit=115, hypercall=100.1), [])

    def test_each_bound(self) -> None:
        for name, value in (
            ("emulated", 100.2),
            ("hypercall", 100.2),
            ("pagefault", 100.2),
            ("step_native", 110.1),
            ("step_emulated", 110.1),
            ("watch_load", 10.1),
            ("watch_store", 6000.1),
            ("watch_reserve", 6000.1),
            ("watch_hit", 115.1),
            ("watch_hit_again", 115.1),
        ):
            (line,) = self.broken(**{name: value})
            self.assertIn(f"{value:.1f}", line)

    def test_an_event_of_several_instructions(self) -> None:
        self.assertEqual(len(self.broken(break_loop=3 * 1800 + 3)), 1)

    def test_another_page_costs_what_no_watchpoint_costs(self) -> None:
        self.assertEqual(len(self.broken(watch_elsewhere=10.1)), 1)
        self.assertEqual(self.broken(watch_elsewhere=10.1, watch_none=8), [])

    def test_a_750_has_no_bound(self) -> None:
        """Its rows are there if both kernels counted them."""
        self.assertNotIn("750", "".join(bench.table(UNPATCHED, UNPATCHED)[0]))
        more = {"750_exit": 1.0, "750_store": 2.0}
        lines, good = bench.table(UNPATCHED | more, UNPATCHED | {"750_exit": 1e6, "750_store": 1e6})
        self.assertTrue(good)
        self.assertRegex(lines[-1], r"^its store to a page that ran +2\.0 1000000\.0$")


class Bench(Booted):
    def test_exit_status(self) -> None:
        watches = ("watch_none", *bench.HITS, *(row[0] for row in bench.WATCHES))
        text = "".join(f"{name} {8 if name in watches else 100}\n" for name in (*bench.FREE, *bench.STEPS, *watches))
        for osi, want in ((200, errors.PASSED), (10, errors.FAILED)):
            said = f"{text}osi_exit {osi}\n".encode()

            def run(spec: boot.Spec, on_output: Any = None, said: bytes = said) -> boot.Record:
                on_output(said)
                return recorded.record("pass")

            with mock.patch.object(boot, "run", run):
                self.assertEqual(bench.main(MAC), want)
        self.assertIn("BROKEN", self.out.getvalue())

    def test_a_program_that_fails(self) -> None:
        """What it says is in the error, and nothing is counted."""

        def run(spec: boot.Spec, on_output: Any = None) -> boot.Record:
            on_output(b"bench: KVM_CREATE_VM: EPERM\n")
            return recorded.record("fail")

        with mock.patch.object(boot, "run", run), self.assertRaisesRegex(LabError, "failed on 7.3.4.*: bench: KVM_CRE"):
            bench.main(MAC)
        self.assertEqual(self.left, [])


if __name__ == "__main__":
    unittest.main()
