# SPDX-License-Identifier: GPL-2.0-only
"""busybox's configuration, and tests that run on more than the default targets."""

from __future__ import annotations

import os
import unittest
from unittest import mock

from lab.kernel import busybox
from lab.runner import suite


class Configuration(unittest.TestCase):
    def test_wanted_wins(self) -> None:
        defaults = "#\n# Settings\n#\n# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=10\n"
        made = busybox.merged(defaults, "# why\nCONFIG_A=y\n# CONFIG_B is not set\n")
        self.assertEqual(busybox.symbols(made), {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "10"})


class Also(unittest.TestCase):
    def jobs(self, **env: str) -> dict[str, list[str]]:
        with mock.patch.dict(os.environ, env):
            return {j.target.name: [t.id for t in j.tests] for j in suite.jobs() if j.base.name == "mainline"}

    def test_only_what_names_it_without_a_target(self) -> None:
        self.assertEqual(self.jobs(T="", TEST="", K="", SUITE="")["pseries-p8-threads"], ["pr_run_test"])

    def test_all_with_the_target(self) -> None:
        found = self.jobs(T="pseries-p8-threads", TEST="", K="", SUITE="")
        self.assertEqual(list(found), ["pseries-p8-threads"])
        self.assertIn("debug_test", found["pseries-p8-threads"])


if __name__ == "__main__":
    unittest.main()
