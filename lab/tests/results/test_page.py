# SPDX-License-Identifier: GPL-2.0-only
"""RESULTS.md: what a record says there, and how old it is."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.results import page, records, state
from lab.tests.results.samples import record, tested

NOW = {"kernel": "k1", "tests": "t1", "ids": "aaaaaaaaaaaa bbbbbbbbbbbb"}


class Age(unittest.TestCase):
    STATE = state.State("c9", {"c1": 4, "c2": None}, {"mainline": NOW}, {"mac99-g4": "x1"})

    def age(self, **changes: object) -> str:
        with tempfile.TemporaryDirectory() as name, mock.patch.object(records, "FOLDER", Path(name)):
            (Path(name) / records.PATCHES).mkdir()
            (Path(name) / records.PATCHES / "p0.txt").write_text("aaaaaaaaaaaa one\n")
            return page.age(record(tested=tested(**changes)), self.STATE)

    def test_the_same_content_is_current_whatever_the_commit(self) -> None:
        self.assertEqual(self.age(), "current")

    def test_another_configuration(self) -> None:
        """Of the base's kernel on the target; an older state.json has the target only."""
        self.assertIn("another configuration", self.age(config="x2"))
        with mock.patch.dict(self.STATE.configs, {"mainline mac99-g4": "x2"}):
            self.assertEqual(self.age(config="x2"), "current")

    def test_other_tests(self) -> None:
        self.assertEqual(self.age(tests="t0", patches="p0"), "4 behind, 1 of 2 patches differ, same kernel")

    def test_other_kernel_of_another_history(self) -> None:
        self.assertEqual(self.age(kernel="k0", commit="c2", patches=""), "of another history")

    def test_other_configuration(self) -> None:
        self.assertEqual(self.age(config="x0"), "current, another configuration")

    def test_local_changes(self) -> None:
        self.assertEqual(self.age(changed=True), "current, local changes")


class Page(unittest.TestCase):
    def page(self, *found: records.Record) -> str:
        return page.Page(list(found), Age.STATE).text()

    def test_unpatched_beside_patched(self) -> None:
        old = record(base="stock-mainline", counts={"failed": 4}, facts={"bad": ["one_test.x"]})
        rows = [line for line in self.page(old, record()).splitlines() if line.startswith("| mainline | kvm-powerpc")]
        self.assertEqual(len(rows), 1)
        self.assertIn("| mac99-g4 | 4 failed | 3 passed, 1 skipped |", rows[0])
        self.assertIn("2026-01-02, `c1`, current, 1:01", rows[0])

    def test_failures_of_unpatched_kernels_are_no_failures(self) -> None:
        bad = {"programs": {}, "bad": ["one_test.x"], "skipped": {}}
        self.assertIn("## Failures with the series\n\nNone.", self.page(record(base="stock-mainline", facts=bad)))
        self.assertIn("- test kvm-powerpc mainline mac99-g4: one_test.x", self.page(record(facts=bad)))

    def test_no_records(self) -> None:
        self.assertIn("## Tests\n\nNone.", self.page())

    def test_each_kind(self) -> None:
        walk = {"guest": "openbios-g4", "start": "", "steps": 20000, "rate": 300, "different": False}
        some = [
            record(kind="lockstep", name="openbios-g4-reset-20000", facts=walk),
            record(kind="lockstep", name="openbios-g4-reset-20000-watched", facts=walk | {"watch": "0x3df7000"}),
            record(kind="lockstep", name="openbios-g4-reset-20000-patched", facts=walk | {"client": "patched"}),
            record(kind="replay", name="openbios-g4-20000", facts=walk | {"different": True}),
            record(kind="fuzz", name="debug_fuzz_test", facts={"said": ["seed 0x1, 600 seconds"], "bad": []}),
            record(kind="bench", name="", facts={"lines": ["E1 emulated 1 1"]}),
            record(kind="demo", name="", facts={"notes": ["unpatched: stop 3"]}),
        ]
        page = self.page(*some)
        self.assertIn("| lockstep | mainline | mac99-g4 | openbios-g4 | reset | 20000 | none | 300 |", page)
        self.assertIn("| openbios-g4 | reset, 0x3df7000 watched | 20000 |", page)
        self.assertIn("| openbios-g4, CLIENT=patched | reset | 20000 |", page)
        self.assertIn("| 20000 | a difference |", page)
        self.assertIn("- replay openbios-g4-20000 mainline mac99-g4: a difference", page)
        self.assertIn("seed 0x1, 600 seconds", page)
        self.assertIn("```\nE1 emulated 1 1\n```", page)
        self.assertIn("| `make demo` | mainline | mac99-g4 |", page)


if __name__ == "__main__":
    unittest.main()
