# SPDX-License-Identifier: GPL-2.0-only
"""Cover letters: a person's text (NN-name/cover.txt), and what git says of the series."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lab.core.errors import LabError
from lab.kernel import patchset
from lab.kernel.division import Series

TEXT = "cover.txt"  # by hand
LETTER = "cover-letter"  # made of it; not called .patch, as git am takes all of these
MOST_LINES = 60


def prose(folder: Path, one: Series) -> str:
    """The text that a person has written."""
    path = folder / one.name / TEXT
    text = path.read_text().strip() if path.exists() else ""
    if not text:
        state = "empty" if path.exists() else "missing"
        raise LabError(f"{path} is {state}: write what the series is for, at most {MOST_LINES} lines")
    if (lines := text.count("\n") + 1) > MOST_LINES:
        raise LabError(f"{path}: {lines} lines, more than {MOST_LINES}")
    return text


def applies_to(one: Series, base: patchset.Base, before: Iterable[Series], ids: Iterable[str] = ()) -> str:
    """What the series is made for; with patch-ids as git format-patch --base writes them."""
    lines = [f"For: {one.tree}", f"Applies to: v{base.kernel} ({base.package} {base.version} of Debian)"]
    lines += [f"After: {other.title}" for other in before if other is not one]
    if base.commit:
        lines.append(f"base-commit: {base.commit}")
    return "\n".join([*lines, *(f"prerequisite-patch-id: {x}" for x in ids)])


def compose(one: Series, count: int, sender: str, text: str, made: tuple[str, str], end: str) -> str:
    """The whole letter; made: git's list of the patches and diffstat."""
    number = f"[PATCH {0:0{len(str(count))}d}/{count}]"
    parts = [text, *(x.strip("\n") for x in made), end]
    return f"From: {sender}\nSubject: {number} {one.title}\n\n" + "\n\n".join(parts) + "\n"
