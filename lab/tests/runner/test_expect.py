# SPDX-License-Identifier: GPL-2.0-only
"""make expect keeps reasons, narrows patterns that are too wide, and writes what it can read."""

from __future__ import annotations

import contextlib
import io
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data, loader
from lab.core import errors
from lab.core.errors import LabError
from lab.core.options import Options
from lab.results.ktap import Result, Status
from lab.runner import expect, suite

OLD = data.Expected(
    [data.Known("t.*.a", "why a"), data.Known("t.gone", "old"), data.Known("u.x", "elsewhere")],
    [data.Known("t.f", "chance", "1 of 9")],
)


def results(**statuses: Status) -> list[Result]:
    return [Result(f"t.{name.replace('_', '.')}", status) for name, status in statuses.items()]


class Revised(unittest.TestCase):
    def rows(self, **statuses: Status) -> list[tuple[str, str]]:
        return [(k.test, k.why) for k in expect.revised(OLD, results(**statuses), {"t"}).passes]

    def test_what_still_holds(self) -> None:
        self.assertEqual(self.rows(x_a=Status.PASS, b=Status.FAIL), [("t.*.a", "why a"), ("u.x", "elsewhere")])

    def test_too_wide(self) -> None:
        self.assertEqual(self.rows(x_a=Status.PASS, y_a=Status.CRASH), [("t.x.a", "why a"), ("u.x", "elsewhere")])

    def test_new(self) -> None:
        found = self.rows(x_a=Status.PASS, n=Status.PASS, f=Status.PASS, s=Status.SKIP)
        self.assertEqual(found[-1], ("t.n", ""))
        self.assertEqual(len(found), 3)

    def test_text(self) -> None:
        made = expect.text("stock-x", {"pseries-p8": OLD, "mac99-g4": data.Expected()})
        read = loader.convert(tomllib.loads(made), dict[str, data.Expected], "expect", Path("x"))
        self.assertEqual(read, {"mac99-g4": data.Expected(), "pseries-p8": OLD})


class Command(unittest.TestCase):
    def setUp(self) -> None:
        self.place = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.place / "expect").mkdir()
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.said = self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.job = suite.Job(data.base("stock-mainline"), data.target("mac99-g4"), [data.Test("t", 1)])

    def main(self, result: Result) -> int:
        self.job.results = [result]
        with (
            mock.patch.object(suite, "jobs", return_value=[self.job]),
            mock.patch.object(suite, "run_jobs"),
            mock.patch.object(data, "expected", return_value={"mac99-g4": data.Expected()}),
            mock.patch.object(data, "DATA", self.place),
        ):
            return expect.main(Options(target="mac99-g4", kernel=self.job.base.name))

    def test_written(self) -> None:
        with mock.patch.object(data, "base", return_value=self.job.base):
            self.assertEqual(self.main(Result("t.a", Status.PASS)), errors.PASSED)
        self.assertIn('test = "t.a", why = ""', (self.place / "expect/stock-mainline.toml").read_text())
        self.assertIn("say why t.a passes", self.said.getvalue())

    def test_a_run_that_ended_early(self) -> None:
        """A test with a guest whose host crashed has no other result than its own."""
        for self.job.code, name in ((errors.PASSED, "(kernel)"), (errors.CRASHED, "t")):
            with (
                mock.patch.object(data, "base", return_value=self.job.base),
                self.assertRaisesRegex(LabError, "nothing is written"),
            ):
                self.main(Result(name, Status.CRASH))

    def test_a_kernel_without_hosts(self) -> None:
        with (
            mock.patch.object(suite, "jobs", return_value=[self.job]),
            mock.patch.object(data, "expected", return_value=None),
            self.assertRaisesRegex(LabError, "has no host for K=stock-mainline"),
        ):
            expect.main(Options(kernel="stock-mainline"))

    def test_patched(self) -> None:
        with self.assertRaisesRegex(LabError, "K=mainline is patched"):
            expect.main(Options(kernel="mainline"))


if __name__ == "__main__":
    unittest.main()
