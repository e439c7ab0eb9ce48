# SPDX-License-Identifier: GPL-2.0-only
"""The result channel, in both directions."""

from __future__ import annotations

import unittest

from lab.tests.machine import recorded


class Stream(unittest.TestCase):
    def test_pieces_do_not_matter(self) -> None:
        for piece in (1, 2, 1000000):
            self.assertEqual(bytes(recorded.record("pass", piece).channel.outcomes[0].output),
                             bytes(recorded.record("pass").channel.outcomes[0].output))  # fmt: skip


if __name__ == "__main__":
    unittest.main()
