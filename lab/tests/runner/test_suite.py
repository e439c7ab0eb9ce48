# SPDX-License-Identifier: GPL-2.0-only
"""Which tests run where."""

from __future__ import annotations

import unittest

from lab.core.options import Options
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
