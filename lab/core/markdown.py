# SPDX-License-Identifier: GPL-2.0-only
"""Tables in Markdown, and the parts of a document that a command writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from lab.core.errors import LabError

_PART = re.compile(r"(<!-- begin (?P<name>[a-z0-9-]+)[^>]*-->\n)(?P<text>.*?)(<!-- end (?P=name) -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a table; '|' in a cell is escaped."""

    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"

    body = [line(row) for row in rows]
    return [line(head), "|" + "---|" * len(head), *body] if body else ["None."]


def by_hand(text: str) -> str:
    """A document without the parts that a command writes; the numbers of the lines stay."""
    return _PART.sub(lambda m: m[1] + "\n" * m["text"].count("\n") + m[4], text)


def fill(text: str, makers: Mapping[str, Callable[[], list[str]]], where: Path) -> str:
    """The document with its parts written anew."""
    begun = re.findall(r"<!-- begin ([a-z0-9-]+)", text)
    whole = [part["name"] for part in _PART.finditer(text)]
    if begun != whole:
        wrong = next(n for n in begun if begun.count(n) != whole.count(n))
        raise LabError(f"{where}: '<!-- begin {wrong}' has no '<!-- end {wrong} -->'")

    def one(found: re.Match[str]) -> str:
        if found["name"] not in makers:
            raise LabError(f"{where}: no part is called '{found['name']}'; known: {', '.join(sorted(makers))}")
        return found[1] + "".join(f"{line}\n" for line in makers[found["name"]]()) + found[4]

    return _PART.sub(one, text)
