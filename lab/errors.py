# SPDX-License-Identifier: GPL-2.0-only
"""Exit codes and the one exception that becomes one clear line."""

from __future__ import annotations

import errno

PASSED, FAILED, SETUP, CRASHED, TIMEOUT = 0, 1, 2, 3, 4

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class LabError(Exception):
    """A problem the user can act on: one line that says what and what to do."""

    def __init__(self, text: str, code: int = SETUP) -> None:
        super().__init__(text)
        self.code = code


def full_disk(where: object) -> LabError:
    return LabError(f"no space left for {where}: free some, run 'make clean', or set LAB_CACHE to another disk")
