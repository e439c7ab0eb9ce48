# SPDX-License-Identifier: GPL-2.0-only
"""The counts that a command ends with."""

from __future__ import annotations

from dataclasses import dataclass

from lab.core import errors
from lab.results.ktap import Result


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    xfailed: int = 0

    def line(self) -> str:
        """The last line of a run."""
        more = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{more}"


@dataclass
class Judged:
    """What became of a test with a guest, in a host of its own: each kind of them has a judge() that returns this."""

    results: list[Result]
    seconds: float = 0.0  # from the host's power on to its end
    first: float | None = None  # seconds until the host's init spoke
    code: int = errors.PASSED
