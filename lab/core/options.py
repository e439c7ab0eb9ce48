# SPDX-License-Identifier: GPL-2.0-only
"""Switches of a command (V=1, RESUME=1), read from the environment."""

from __future__ import annotations

import os

from lab.core.errors import LabError


def flag(name: str) -> bool:
    """Is NAME= on? Absent, empty and 0 are off, another number is on, as V= is in kbuild. LabError for other words."""
    text = os.environ.get(name) or "0"
    if not text.isdecimal():
        raise LabError(f"{name}={text}: give 1 (on) or 0 (off)")
    return int(text) != 0
