# SPDX-License-Identifier: GPL-2.0-only
"""Guests of a QEMU: their symbols, files and command lines."""

from __future__ import annotations

import unittest

from lab.guest import guest


class Places(unittest.TestCase):
    def test_symbol(self) -> None:
        table = """
   100: c0000000007b494c  2636 FUNC    GLOBAL DEFAULT [<localentry>: 8]    19 start_kernel
   101: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND elsewhere
   102: c03dfa58  2096 FUNC    GLOBAL DEFAULT   10 start_kernel_32
"""
        found = [guest.symbol(table, name) for name in ("start_kernel", "start_kernel_32", "elsewhere", "kernel")]
        self.assertEqual(found, [0xC0000000007B4954, 0xC03DFA58, None, None])


if __name__ == "__main__":
    unittest.main()
