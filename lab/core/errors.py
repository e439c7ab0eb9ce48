# SPDX-License-Identifier: GPL-2.0-only
"""Exit codes and the one exception that becomes one clear line."""

from __future__ import annotations

from collections.abc import Iterable

# Each exit status of the lab has one meaning, whichever command exits with it.
PASSED, FAILED, SETUP, CRASHED, TIMEOUT = 0, 1, 2, 3, 4


def worst(codes: Iterable[int]) -> int:
    """The exit status of several parts together: that a kernel crashed says more than that a test failed."""
    return max(codes, key=(PASSED, FAILED, SETUP, TIMEOUT, CRASHED).index, default=PASSED)


class LabError(Exception):
    """A problem the user can act on: one line that says what and what to do."""

    def __init__(self, text: str, code: int = SETUP) -> None:
        super().__init__(text)
        self.code = code


class FullDisk(LabError):
    """A disk is full; where: what was written to, or done."""

    def __init__(self, where: object) -> None:
        super().__init__(f"no space left for {where}: free some, run 'make clean', or set LAB_CACHE to another disk")
