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
    fails: list[str] = field(default_factory=list)  # PROGRAM.CASE; * and ? stand for anything
    sometimes: list[str] = field(default_factory=list)  # the same, of cases that need the moment; they are not judged
    follows: list[str] = field(default_factory=list)  # the same, of cases that start from where one of these ends


def reasons(path: Path = LIST) -> dict[str, Reason]:
    """The reasons of the list, by name."""
    return data.named(Reason, path)


def expected(path: Path = LIST) -> data.Expected:
    """What has to fail, or fails at times, with Debian's QEMU in gdb's default flow."""
    found = reasons(path).values()
    return data.Expected(
        flakes=[data.Known(t, r.why) for r in found for t in r.sometimes],
        fails=[data.Known(t, r.why) for r in found for t in (*r.fails, *r.follows)],
    )


def table() -> list[str]:
    """For docs/: the cases of each session by name, reason and work-around."""
    rows = []
    for one in reasons().values():
        for program in dict.fromkeys(t.partition(".")[0] for t in (*one.fails, *one.sometimes)):
            cells = [always] if (always := _cases(program, one.fails)) else []
            if some := _cases(program, one.sometimes):
                cells.append(f"not each time: {some}")
            if then := _cases(program, one.follows):
                cells.append(f"then, from where these leave the guest: {then}")
            rows.append([f"`{program}`", "; ".join(cells), one.why, one.instead])
    return markdown.table(["session", "cases", "why they fail", "what to do"], rows)


def _cases(program: str, tests: list[str]) -> str:
    return ", ".join(f"`{case}`" for name, _, case in (t.partition(".") for t in tests) if name == program)
