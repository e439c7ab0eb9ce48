# SPDX-License-Identifier: GPL-2.0-only
"""The series that the patches are posted in: patches/mainline/series.toml."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError

FILE = "series.toml"
MOST = 15  # patches in one posting


@dataclass(frozen=True)
class Series:
    """One posting; its mails are in the folder of its name."""

    name: str  # of its folder: two digits, '-', and small letters; in posting order
    title: str  # subject of the cover letter
    tree: str  # the maintainers' tree that it is for
    patches: list[str]  # subjects, in their order
    to: list[str] = field(default_factory=list)  # recipients beside those that get_maintainer.pl names
    cc: list[str] = field(default_factory=list)  # the same
    after: list[str] = field(default_factory=list)  # series without which it does not apply or not work
    stable: bool = False  # for stable kernels, together with what it is after
    safety: list[str] = field(default_factory=list)  # those of its patches without which a guest can harm its host
    doubtful: bool = False  # nobody could test it, or nobody may want it
    state: str = "not posted"  # or 'posted' with a link, or 'applied' with the commit

    @property
    def marks(self) -> list[str]:
        """What a list of series says of this one."""
        rows = (("stable", self.stable), ("host safety", bool(self.safety)), ("doubtful", self.doubtful))
        return [word for word, on in rows if on]


@dataclass(frozen=True)
class File:
    """patches/mainline/series.toml."""

    series: list[Series] = field(default_factory=list)  # in posting order


def parse(path: Path) -> list[Series]:
    """The series of a file, in posting order. LabError if they do not fit together."""
    found = data.read(File, path).series
    seen: dict[str, str] = {}
    doubtful = {one.name for one in found if one.doubtful}
    for n, one in enumerate(found):
        if not re.fullmatch(r"\d\d-[a-z0-9-]+", one.name):
            raise LabError(f"{path}: '{one.name}': a name is two digits, '-', and small letters")
        if n and one.name <= found[n - 1].name:
            raise LabError(f"{path}: {one.name} stands behind {found[n - 1].name}: names are in posting order")
        for other in one.after:
            if other not in [s.name for s in found[:n]]:
                raise LabError(f"{path}: {one.name}: after = '{other}' is no series before it")
        if not one.doubtful and (waits := doubtful & set(one.after)):
            raise LabError(f"{path}: {one.name} is after {min(waits)}, which is doubtful: nothing may wait for that")
        for subject in one.patches:
            if subject in seen:
                raise LabError(f"{path}: '{subject}' is in {seen[subject]} and in {one.name}")
            seen[subject] = one.name
        if wrong := set(one.safety) - set(one.patches):
            raise LabError(f"{path}: {one.name}: safety = '{min(wrong)}' is none of its patches: correct that list")
    return found


def needed(all_of_them: list[Series], wanted: Iterable[str]) -> list[Series]:
    """The series that are named, and those that they are after, in posting order."""
    names = set(wanted)
    for one in reversed(all_of_them):  # parse() allows only those before it in 'after'
        if one.name in names:
            names |= set(one.after)
    return [s for s in all_of_them if s.name in names]


def of_subject(all_of_them: Iterable[Series]) -> dict[str, str]:
    """The series' name for each patch's subject."""
    return {subject: one.name for one in all_of_them for subject in one.patches}


def choose(all_of_them: list[Series], series: str, part: str) -> list[Series]:
    """What SERIES= or PART= names, with what that is after; everything if both are empty.

    PART= is 'stable', or 'safety': of those for stable kernels, the ones with patches for the host's safety.
    """
    if series and part:
        raise LabError("give SERIES= or PART=, not both")
    if part:
        return needed(all_of_them, [s.name for s in all_of_them if s.stable and (part == "stable" or s.safety)])
    names = [s.name for s in all_of_them]
    wanted = series.split(",") if series else names
    for name in wanted:
        if name not in names:
            raise LabError(f"unknown SERIES={name}; known: {', '.join(names)}")
    return needed(all_of_them, wanted)


def _names(rows: list[tuple[str, str]], new: list[str], before: str) -> list[str]:
    """The series of new subjects that stand where the file has other ones, or none; before: of the commit before."""
    old = [name for name, _ in rows]
    if len(old) == len(new):
        return old  # renamed
    if len(set(old)) > 1:
        raise LabError(f"'{new[0]}' can be of {old[0]} or of {old[-1]}: name the new commits from there on in {FILE}")
    return [old[0] if old else before] * len(new)


def follow(all_of_them: list[Series], subjects: list[str]) -> dict[str, list[str]]:
    """The subjects of each series after commits were added, renamed or removed.

    A new commit belongs to the series of the commit before it.
    """
    if not all_of_them:
        raise LabError(f"{FILE} has no series: write the first one")
    rows = [(one.name, subject) for one in all_of_them for subject in one.patches]
    match = difflib.SequenceMatcher(None, [subject for _, subject in rows], subjects, autojunk=False)
    known = {subject: name for name, subject in rows}
    found: dict[str, list[str]] = {one.name: [] for one in all_of_them}
    last = all_of_them[0].name
    for kind, a, b, c, d in match.get_opcodes():
        some = subjects[c:d]
        if kind in ("equal", "delete") or any(s in known for s in some):
            names = [known.get(s, "") for s in some]
        else:
            names = _names(rows[a:b], some, last)
        for subject, name in zip(some, names, strict=True):
            if name and name < last:
                raise LabError(f"'{subject}' is of {name}, but stands behind a patch of {last}: move one of them")
            last = name or last
            found[last].append(subject)
    return found


def _quoted(subject: str) -> str:
    """A subject as the data file has it."""
    return json.dumps(subject, ensure_ascii=False)


def _renamed(row: str, new: list[str]) -> list[tuple[str, str]]:
    """The subjects of a [[series]] in the data file that its new list has other ones in the place of."""
    old = tomllib.loads(row)["series"][0]["patches"]
    pairs = zip(old, new, strict=True) if len(old) == len(new) else ()
    return [(a, b) for a, b in pairs if a not in new and b not in old]


def rewrite(text: str, lists: dict[str, list[str]]) -> str:
    """The data file with other lists of patches; 'safety' follows a new subject, and nothing else in it changes."""
    head, *rows = re.split(r"^(?=\[\[series\]\]$)", text, flags=re.MULTILINE)
    made = []
    for row in rows:
        name = re.search(r'^name = "(.*)"$', row, re.MULTILINE)
        if name is None or name[1] not in lists:
            raise LabError(f"{FILE}: a series has no line 'name = \"...\"'")
        new, named = lists[name[1]], row
        for old, subject in _renamed(row, new):
            named = named.replace(_quoted(old), _quoted(subject))
        block = "patches = [\n" + "".join(f"\t{_quoted(s)},\n" for s in new) + "]\n"
        more, count = re.subn(r"^patches = \[\n.*?^\]\n", lambda _, b=block: b, named, flags=re.MULTILINE | re.DOTALL)
        if count != 1:
            raise LabError(f"{FILE}: {name[1]}: 'patches' must be a list with one subject a line")
        made.append(more)
    return head + "".join(made)
