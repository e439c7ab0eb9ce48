# SPDX-License-Identifier: GPL-2.0-only
"""Which tests run where."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.core import options
from lab.core.options import Options
from lab.results import ktap
from lab.runner import suite


class Also(unittest.TestCase):
    def jobs(self, target: str) -> dict[str, list[str]]:
        found = suite.jobs(Options(target=target))
        return {j.target.name: [t.id for t in j.tests] for j in found if j.base.name == "mainline"}

    def test_only_what_names_it_without_a_target(self) -> None:
        self.assertEqual(self.jobs("")["pseries-p8-threads"], ["pr_run_test", "debug_watch_test"])

    def test_all_with_the_target(self) -> None:
        found = self.jobs("pseries-p8-threads")
        self.assertEqual(list(found), ["pseries-p8-threads"])
        self.assertIn("debug_test", found["pseries-p8-threads"])


class Sessions(unittest.TestCase):
    def test_what_gdb_says_is_not_told(self) -> None:
        result = ktap.Result("x", ktap.Status.FAIL, "", ("Breakpoint 1 at 0x0", "# the pc is 1, not 2"))
        self.assertEqual(suite.without_gdb(result).notes, ("# the pc is 1, not 2",))

    def test_debian_s_qemu_on_a_mac_is_a_skip(self) -> None:
        with mock.patch.object(options, "everywhere", Options()), mock.patch.object(suite.install, "ensure"):
            job = next(j for j in suite.jobs(Options(target="mac99-g4", suite="gdb")) if j.base.name == "mainline")
            suite.prepare(job)
        self.assertTrue(job.results)
        self.assertEqual({(r.status, r.why) for r in job.results}, {(ktap.Status.SKIP, "needs CLIENT=patched")})
