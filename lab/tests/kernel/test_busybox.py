# SPDX-License-Identifier: GPL-2.0-only
"""busybox's configuration, and tests that run on more than the default targets."""

from __future__ import annotations

import unittest

from lab.kernel import busybox


class Configuration(unittest.TestCase):
    def test_wanted_wins(self) -> None:
        defaults = "#\n# Settings\n#\n# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=10\n"
        made = busybox.merged(defaults, "# why\nCONFIG_A=y\n# CONFIG_B is not set\n")
        self.assertEqual(busybox.kbuild.symbols(made), {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "10"})


if __name__ == "__main__":
    unittest.main()
