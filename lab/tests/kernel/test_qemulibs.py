# SPDX-License-Identifier: GPL-2.0-only
"""The libraries of the patched QEMU."""

from __future__ import annotations

import unittest

from lab.kernel import qemulibs


class Building(unittest.TestCase):
    def test_pkg_config_files_may_be_moved(self) -> None:
        text = qemulibs.describe("zlib", "-lz")
        self.assertIn("Libs: -L${pcfiledir}/.. -lz\n", text)
        self.assertNotIn(" /", text)

    def test_how_far_ninja_is(self) -> None:
        self.assertEqual(qemulibs.share(b"[1/5] a\nx\n[2/5] b\nwarning: [9/9]\n"), "2 of 5 steps")
        self.assertEqual(qemulibs.share(b""), "")


if __name__ == "__main__":
    unittest.main()
