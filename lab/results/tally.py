# SPDX-License-Identifier: GPL-2.0-only
"""The counts that a command ends with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    xfailed: int = 0

    def line(self) -> str:
        more = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{more}"
