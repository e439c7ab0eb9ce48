# SPDX-License-Identifier: GPL-2.0-only
"""The patches as others take them: quilt, mbox, Debian's patches."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import division, patchmail, source
from lab.series import repository, worktree

BELOW = "bugfix/powerpc/kvm-pr"  # in debian/patches


@dataclass(frozen=True)
class Parcel:
    """The commits that are wanted, in a scratch repository, as mails."""

    base: data.Base
    found: source.Source
    where: Path
    mails: list[Path]


def parcel(base: data.Base, where: Path, out: Path, options: Options) -> Parcel:
    """The patches, or those that SERIES= or PART= names with what they need, each series with its own numbers."""
    found, rows = source.find(base), worktree.chosen(base, options)
    mails = repository.scratch(where, found, base.patches, {one.name for one in rows})
    if not mails:
        raise LabError(f"K={base.name} needs no patch of {', '.join(one.name for one in rows)}; name another SERIES=")
    prefix = "PATCH" if base.name == "mainline" else f"PATCH {base.name}"
    parts = repository.parts(where, division.of_subject(rows))
    return Parcel(base, found, where, repository.format_parts(where, out, parts, prefix))


def listed(box: Parcel, folder: Path, series: Path, place: str, form: Callable[[bytes], bytes] = bytes) -> list[Path]:
    """The patches in a folder, and the file 'series' with their names below 'place'."""
    made = [folder / place / mail.parent.name / mail.name for mail in box.mails]
    for path, mail in zip(made, box.mails, strict=True):
        cache.write(path, form(mail.read_bytes()))
    cache.write(series, "".join(f"{path.relative_to(folder)}\n" for path in made).encode())
    return made


def quilt(box: Parcel, out: Path) -> list[Path]:
    """A quilt folder: patches/series, and the patches."""
    return listed(box, out / "patches", out / "patches/series", "")


def mbox(box: Parcel, out: Path) -> list[Path]:
    """One mbox with all mails."""
    path = out / f"kvm-pr-debug-{box.base.name}.mbox"
    cache.write(path, b"".join(mail.read_bytes() for mail in box.mails))
    return [path]


def dep3(mail: bytes) -> bytes:
    """DEP-3's fields in the head of a mail: From and Subject are its Author and Description."""
    head, _, body = mail.decode().partition("\n\n")
    date: datetime.datetime = patchmail.headers(mail)["Date"].datetime
    fields = ["Origin: other, not yet sent to the kernel's mailing lists", "Forwarded: no"]
    if bug := re.search(r"^Link: (https?:\S+)$", body, re.MULTILINE):
        fields.append(f"Bug: {bug[1]}")
    return "\n".join([head, *fields, f"Last-Update: {date.astimezone(datetime.UTC):%Y-%m-%d}", "", body]).encode()


def for_debian(box: Parcel, out: Path) -> list[Path]:
    """debian/patches with DEP-3 headers, and a part of its series file."""
    return listed(box, out / "debian/patches", out / "series", BELOW, dep3)


FORMATS: dict[str, tuple[Callable[[Parcel, Path], list[Path]], str]] = {
    "quilt": (quilt, "copy 'patches' into the kernel's tree: quilt push -a"),
    "mbox": (mbox, "git am"),
    "debian": (for_debian, "copy 'debian/patches', append 'series' to debian/patches/series"),
}


def proved(box: Parcel, made: list[Path]) -> None:
    """git am of what was made, on the named tree, gives the same files."""
    with cache.scratch("proof") as where:
        repository.restrict(where, box.found, box.mails)
        repository.am(where, made)
        one, two = (repository.git(w, "diff", "base", "HEAD") for w in (where, box.where))
        if one != two:
            raise LabError(f"{made[0].parent}: git am makes other changes of it than of the series")


def folder(own: str, default: str) -> Path:
    """OUT= or a folder of the cache. LabError if OUT= is not empty."""
    out = Path(own).expanduser().absolute() if own else cache.folder() / "export" / default
    if own and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise LabError(f"OUT={out} exists and is not empty: name a new folder")
    return out


def export_command(options: Options) -> int:
    """make export: write the patches to OUT=, and check that they apply."""
    base = data.chosen(options)[0]
    name = options.format or "quilt"
    form, how = FORMATS[name]
    some = options.series or options.part
    final = folder(options.out, "-".join(x for x in (base.name, some, name) if x))
    with cache.scratch("export") as temporary:
        where, mails = temporary / "tree", temporary / "mails"
        where.mkdir()
        box = parcel(base, where, mails, options)
        with cache.building(final) as work:
            proved(box, form(box, work))
        names = dict.fromkeys(mail.parent.name for mail in box.mails)
        ui.say(f"series: {', '.join(names)}")
        ui.say(f"{len(box.mails)} patches for {box.found.name}; git am takes them there; to use them: {how}")
    print(final)
    return 0
