# SPDX-License-Identifier: GPL-2.0-only
"""The bounds of what a debugger costs."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

from lab.checks import bench
from lab.core import errors
from lab.machine import boot
from lab.tests.booted import MAC, Booted
from lab.tests.machine import recorded


class Bench(Booted):
    def test_exit_status(self) -> None:
        watches = ("watch_none", *bench.HITS, *(row[0] for row in bench.WATCHES))
        text = "".join(f"{name} {8 if name in watches else 100}\n" for name in (*bench.FREE, *bench.STEPS, *watches))
        for osi, want in ((200, errors.PASSED), (10, errors.FAILED)):
            said = f"{text}osi_exit {osi}\n".encode()

            def run(spec: boot.Spec, on_output: Any = None, said: bytes = said) -> boot.Record:
                on_output(said)
                return recorded.record("pass")

            with mock.patch.object(boot, "run", run):
                self.assertEqual(bench.main(MAC), want)
        self.assertIn("BROKEN", self.out.getvalue())


if __name__ == "__main__":
    unittest.main()
