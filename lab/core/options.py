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


def seconds(name: str, default: int) -> int:
    """The whole number of NAME=, 1 or more; 'default' if it is absent or empty. LabError for anything else."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise LabError(f"{name}={text}: give a whole number, 1 or more")
    return int(text)
