# SPDX-License-Identifier: GPL-2.0-only
"""Terminals with and without colours."""

from __future__ import annotations

import io
import os
import unittest
from unittest import mock

from lab.core import ui


class Colours(unittest.TestCase):
    def painted(self, terminal: bool = True, **env: str) -> bool:
        stream = io.StringIO()
        with mock.patch.object(stream, "isatty", return_value=terminal), mock.patch.dict(os.environ, env):
            return ui.paint("x", "FAILED", stream) != "x"

    def test_where(self) -> None:
        self.assertTrue(self.painted(NO_COLOR="", TERM="xterm"))
        self.assertFalse(self.painted(NO_COLOR="1", TERM="xterm"))
        self.assertFalse(self.painted(NO_COLOR="", TERM="dumb"))
        self.assertFalse(self.painted(terminal=False, NO_COLOR="", TERM="xterm"))


if __name__ == "__main__":
    unittest.main()
