# SPDX-License-Identifier: GPL-2.0-only
"""What fails with Debian's QEMU in gdb's default flow, why, and what a user types instead (lab/data/unhelped.toml)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import markdown

LIST = data.DATA / "unhelped.toml"


@dataclass(frozen=True)
class Reason:
    """A bug of QEMU, and the tests of the suite gdb that meet it."""

    why: str  # the tests fail
    instead: str  # what a user types
    fails: list[str]  # PROGRAM.CASE; * and ? stand for anything
    follows: list[str] = field(default_factory=list)  # the same, of cases that start from where one of these ends


@dataclass(frozen=True)
class Expected(data.Expected):
    """What must fail is listed; all else must pass."""

    fails: list[data.Known] = field(default_factory=list)

    def must_fail(self, test: str) -> bool:
        return data.named(self.fails, test)


def reasons(path: Path = LIST) -> dict[str, Reason]:
    return data.convert(data.load(path), dict[str, Reason], "unhelped", path)


def expected(path: Path = LIST) -> Expected:
    return Expected(
        fails=[data.Known(t, r.why) for r in reasons(path).values() for t in (*r.fails, *r.follows)],
    )


def table() -> list[str]:
    """For docs/: the sessions' cases by name, reason and work-around."""
    rows = []
    for one in reasons().values():
        cases = ", ".join(f"`{t}`" for t in one.fails)
        more = ", ".join(f"`{t}`" for t in one.follows)
        rows.append([cases + (f"; from where these leave the guest: {more}" if more else ""), one.why, one.instead])
    return markdown.table(["case", "why it fails", "what to do"], rows)
