# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's make is told."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.config import data
from lab.kernel import kbuild


class Variables(unittest.TestCase):
    def compilers(self, ccache: str | None, cc: str = "") -> list[str]:
        with mock.patch("shutil.which", return_value=ccache):
            args, _ = kbuild.make_variables(data.build("mac99-g4"), "out-x", cc)
        return [a for a in args if a.startswith("CC=")]

    def test_compiler(self) -> None:
        """One CC=, and ccache only where there is one, whatever the compiler."""
        self.assertEqual(self.compilers("/usr/bin/ccache"), ["CC=ccache powerpc-linux-gnu-gcc"])
        self.assertEqual(self.compilers(None), ["CC=powerpc-linux-gnu-gcc"])
        self.assertEqual(self.compilers("/usr/bin/ccache", "clang-19"), ["CC=ccache clang-19"])
        self.assertEqual(self.compilers(None, "clang-19"), ["CC=clang-19"])


if __name__ == "__main__":
    unittest.main()
