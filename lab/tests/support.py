# SPDX-License-Identifier: GPL-2.0-only
"""What tests of several modules need."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.core import options

VARIABLES = [*options.variables(), options.ELSEWHERE]


class InCache(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        clean = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        self.enterContext(mock.patch.dict(os.environ, clean | {"LAB_CACHE": str(self.tmp / "cache")}, clear=True))

    def main(self, *words: str) -> tuple[int, str]:
        """Exit status and the one line of a command."""
        with mock.patch.dict(os.environ), contextlib.redirect_stderr(io.StringIO()) as said:
            code = front.main(list(words))
        lines = said.getvalue().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return code, lines[0]
