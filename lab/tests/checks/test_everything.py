# SPDX-License-Identifier: GPL-2.0-only
"""What make test is: of what is named, of defective kernels, or of everything."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.checks import checkout, everything
from lab.config import data
from lab.core.options import Options
from lab.results.tally import Count
from lab.runner import mutants, suite


class Everything(unittest.TestCase):
    def setUp(self) -> None:
        self.suite = self.enterContext(mock.patch.object(suite, "run", return_value=3))
        self.mutants = self.enterContext(mock.patch.object(mutants, "main", return_value=4))

    def test_the_checks_come_first_if_nothing_is_named(self) -> None:
        for options in (Options(), Options(verbose=True)):
            self.assertEqual(everything.main(options), 3)
            self.suite.assert_called_with(options, everything.before)
        kinds = (Options(kernel="mainline"), Options(target="mac99-g4"), Options(test="pr_fp"), Options(suite="gdb"))
        for options in kinds:
            self.assertEqual(everything.main(options), 3)
            self.suite.assert_called_with(options, None)
        self.mutants.assert_not_called()

    def test_mutants(self) -> None:
        self.assertEqual(everything.main(Options(mutants=True, target="mac99-g4")), 4)
        self.suite.assert_not_called()

    def test_before(self) -> None:
        """Packages of all jobs are installed before a unit test or check runs, and both add to one count."""
        jobs = [suite.Job(data.base("mainline"), data.target(t), []) for t in ("mac99-g4", "pseries-p8")]
        order = mock.Mock()
        with (
            mock.patch.object(everything.install, "ensure", order.ensure),
            mock.patch.object(checkout, "unit_tests", order.unit_tests),
            mock.patch.object(checkout, "run", order.checks),
        ):
            total = Count()
            everything.before(jobs, total)
        self.assertEqual([call[0] for call in order.mock_calls], ["ensure", "unit_tests", "checks"])
        names = {p.name for p in order.ensure.call_args.args[0]}
        self.assertLessEqual({p.name for job in jobs for p in job.target.build.packages}, names)


if __name__ == "__main__":
    unittest.main()
