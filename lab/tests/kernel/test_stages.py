# SPDX-License-Identifier: GPL-2.0-only
"""What the stages of a build print: scripts read it."""

from __future__ import annotations

import unittest

from lab.kernel import stages
from lab.tests.booted import MAC, Booted


class Stages(Booted):
    def test_builds(self) -> None:
        stages.kernel(MAC)
        stages.programs(MAC)
        self.assertEqual(self.out.getvalue().splitlines(), ["vmlinux", str(self.tmp)])


if __name__ == "__main__":
    unittest.main()
