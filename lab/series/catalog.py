# SPDX-License-Identifier: GPL-2.0-only
"""What the patches say about themselves: for the tables of docs/."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import markdown
from lab.core.errors import LabError
from lab.kernel import division, patchmail, patchset

WHO = data.DATA / "who.toml"
# Where the design asks for changes, and README's layout says which series makes them.
PLACES = (
    "arch/powerpc/kvm/emulate.c",
    "arch/powerpc/kvm/book3s_pr.c",
    "arch/powerpc/kvm/book3s_emulate.c",
    "tools/testing/selftests/kvm/powerpc/",
    "Documentation/virt/kvm/",
    "MAINTAINERS",
)


@dataclass(frozen=True)
class Patch:
    subject: str
    series: str
    files: list[str]
    lines: tuple[int, int]  # added, removed
    fixes: list[str]  # the commits, 12 digits
    stable: bool
    since: str  # the first release that has the bug, as Cc: stable names it

    @property
    def kernel(self) -> bool:
        """Of the kernel itself, not of tests or documents."""
        return any(not f.startswith(("tools/", "Documentation/")) and f != "MAINTAINERS" for f in self.files)


def folder() -> Path:
    """Where mainline's patches and their series.toml are."""
    return data.base("mainline").patches


@functools.cache
def all_series() -> list[division.Series]:
    """Those of patches/mainline/series.toml, in posting order."""
    return division.parse(folder() / division.FILE)


def read(path: Path) -> Patch:
    """What a mail says of its patch."""
    text = path.read_text(errors="replace")
    body = text.partition("\n\n")[2].partition("\n---\n")[0]
    diff = text.partition("\ndiff --git ")[2]
    subject = patchmail.subject(path)
    stable = re.search(r"^Cc: <?stable@\S+ *(?:# *(.*))?$", body, re.MULTILINE)
    return Patch(
        subject,
        division.of_subject(all_series()).get(subject, path.parent.name),
        patchset.touched([path]),
        (len(re.findall(r"^\+(?!\+\+ )", diff, re.MULTILINE)), len(re.findall(r"^-(?!-- )", diff, re.MULTILINE))),
        re.findall(r"^Fixes: ([0-9a-f]{12})", body, re.MULTILINE),
        stable is not None,
        (stable[1] or "").strip() if stable else "",
    )


@functools.cache
def patches() -> list[Patch]:
    """All patches, in posting order."""
    return [read(p) for p in patchset.mails(folder())]


@dataclass(frozen=True)
class Who:
    """Who is hit by the bug that a patch fixes: [[who]]. The first row that fits is taken."""

    who: str  # in the words of docs/packaging.md
    subject: str = ""  # a regular expression, searched in the patch's subject; all fit if it is empty
    files: str = ""  # one that all of the patch's source files match, not headers, tests or documents; the same

    def fits(self, patch: Patch) -> bool:
        """Whether the row is about a patch."""
        sources = [f for f in patch.files if f.endswith((".c", ".S")) and f.startswith("arch/")]
        if self.files and not (sources and all(re.fullmatch(self.files, f) for f in sources)):
            return False
        return not self.subject or re.search(self.subject, patch.subject) is not None


@dataclass(frozen=True)
class File:
    """lab/data/who.toml."""

    who: list[Who]  # the first that fits is taken
    since: dict[str, str]  # by subject: the oldest release that was seen to have the bug, with '+', or "no bug"


@functools.cache
def _file() -> File:
    return data.read(File, WHO)


def who(patch: Patch) -> str:
    """Who is hit, by the first row of lab/data/who.toml that fits."""
    found = next((row.who for row in _file().who if row.fits(patch)), None)
    if found is None:
        raise LabError(f"{WHO}: no row fits '{patch.subject}': add a [[who]] row")
    return found


def since(patch: Patch) -> str:
    """Since when the bug is there: by Cc: stable, by Fixes:, or by lab/data/who.toml."""
    commits = ", ".join(f"`{commit}`" for commit in patch.fixes)
    return patch.since.lstrip("# ") or commits or _file().since.get(patch.subject) or "not known"


def backports() -> dict[str, dict[str, str]]:
    """How each older kernel takes the patches that it needs, by their subjects."""
    found = {}
    for name in sorted(data.names("bases"), key=lambda n: [int(x) for x in re.findall(r"\d+", n)], reverse=True):
        base = data.base(name)
        if base.of:
            mails = patchset.mails(base.patches)
            own = [base.patches in mail.resolve().parents for mail in mails]
            found[name] = {patchmail.subject(m): "own version" if o else "yes" for m, o in zip(mails, own, strict=True)}
    return found


def size(some: Iterable[Patch]) -> tuple[int, int]:
    """Lines added and removed."""
    rows = [p.lines for p in some]
    return sum(a for a, _ in rows), sum(r for _, r in rows)


def series_table() -> list[str]:
    """Every series in posting order."""
    rows: list[list[str]] = []
    for one in all_series():
        mine = [p for p in patches() if p.series == one.name]
        plus, minus = size(mine)
        lines = f"+{plus} -{minus}"
        before = "all before" if len(one.after) > 1 and len(one.after) == len(rows) else ", ".join(one.after)
        rows.append([f"`{one.name}`", one.title, str(len(mine)), lines, before, ", ".join(one.marks)])
    return markdown.table(["series", "title", "patches", "lines", "after", "notes"], rows)


def series_short() -> list[str]:
    """All series in a paragraph, for README: name, and number of patches."""
    names = [f"`{s.name}` ({sum(p.series == s.name for p in patches())})" for s in all_series()]
    kernel, all_of_it = size(p for p in patches() if p.kernel), size(patches())
    exact = patchset.read_base(data.base("mainline").base_file)
    for_what = f" for v{exact.kernel} of the stable tree" if exact else ""
    said = f"{len(patches())} patches{for_what}, in posting order: {', '.join(names)}. They add {all_of_it[0]} lines"
    said += f", {kernel[0]} of them in the kernel itself, the others in tests and documents."
    return textwrap.wrap(said, 110, break_on_hyphens=False)


def series_tree_table() -> list[str]:
    """The table of trees and states."""
    rows = [[f"`{s.name}`", s.tree or "-", s.state] for s in all_series()]
    return markdown.table(["series", "for the tree", "state"], rows)


def safety() -> list[str]:
    """The patches that are about the safety of the host, by series; which series PART=safety has."""
    lines = []
    for one in all_series():
        if one.safety:
            lines += [f"- `{one.name}`" + ("" if one.stable else ", not in `PART=safety`")]
            lines += [f"  - {subject}" for subject in one.patches if subject in one.safety]
    return lines or ["- No patch is in a list `safety` of series.toml."]


def places() -> list[str]:
    """For each place that the design names, the series that change it."""
    rows: list[str] = []
    for place in PLACES:
        names = dict.fromkeys(p.series for p in patches() if any(f.startswith(place) for f in p.files))
        rows.append(f"- `{place}`: {', '.join(names) or 'no patch changes it'}")
    return rows


def bugs() -> list[str]:
    """Every kernel patch: who is hit, since when, whether it is for stable, and what takes it."""
    old = backports()
    rows = []
    if unknown := _file().since.keys() - {p.subject for p in patches()}:
        raise LabError(f"{WHO}: [since]: no patch has the subject '{min(unknown)}': correct the line, or remove it")
    for p in patches():
        if not p.kernel:
            continue
        cells = [p.subject, who(p), since(p), "yes" if p.stable else "", p.series]
        rows.append([*cells, *(takes.get(p.subject, "not needed") for takes in old.values())])
    return markdown.table(["patch", "who is hit", "since", "stable", "series", *old], rows)


def sizes() -> list[str]:
    """How much of it is kernel, and how much tests and documents."""
    parts = {
        "the kernel itself": [p for p in patches() if p.kernel],
        "selftests": [p for p in patches() if not p.kernel and any(f.startswith("tools/") for f in p.files)],
        "documents": [p for p in patches() if not p.kernel and not any(f.startswith("tools/") for f in p.files)],
    }
    rows = [[name, len(some), "+{} -{}".format(*size(some))] for name, some in parts.items()]
    return markdown.table(["", "patches", "lines"], rows)
