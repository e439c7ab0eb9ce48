# SPDX-License-Identifier: GPL-2.0-only
"""What must fail with Debian's QEMU in gdb's default flow, and how the lab judges it."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError
from lab.gdb import unhelped
from lab.results.ktap import Result, Status
from lab.runner import report, suite

TEXT = """
[stale]
why = "it is stale"
instead = "type it again"
fails = ["t.a", "t.b*"]
follows = ["t.c"]
sometimes = ["t.s"]
"""


class Unhelped(unittest.TestCase):
    def setUp(self) -> None:
        self.path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "x.toml"
        self.path.write_text(TEXT)

    def test_verdicts(self) -> None:
        rows = [("t.a", Status.FAIL, False), ("t.a", Status.PASS, True), ("t.b1", Status.TIMEOUT, False)]
        rows += [("t.c", Status.FAIL, False), ("t.d", Status.PASS, False), ("t.d", Status.FAIL, True)]
        rows += [("t.s", Status.PASS, False), ("t.s", Status.FAIL, False)]
        rows += [("t.a", Status.SKIP, False), ("(t)", Status.CRASH, True)]
        for test, status, wrong in rows:
            with self.subTest(test=test, status=status):
                job = suite.Job(data.base("mainline"), data.target("pseries-p8"), [data.Test("t", 1)])
                job.expected = unhelped.expected(self.path)
                job.results = [Result(test, status)]
                self.assertEqual(report.deviation(job, job.results[0]), wrong)
                self.assertIn("unhelped.toml" if wrong and test != "(t)" else "", "".join(report.corrections([job])))

    def test_unknown_key(self) -> None:
        self.path.write_text(TEXT + 'because = "x"\n')
        with self.assertRaisesRegex(LabError, "because"):
            unhelped.expected(self.path)

    def test_the_list_has_reasons(self) -> None:
        for name, one in unhelped.reasons().items():
            self.assertTrue(one.why and one.instead and (one.fails or one.sometimes), name)


if __name__ == "__main__":
    unittest.main()
