# SPDX-License-Identifier: GPL-2.0-only
"""The series as others take it: quilt, mbox, Debian's patches, mail."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import cache, data, debian, export, proc, source, ui
from .errors import LabError

BELOW = "bugfix/powerpc/kvm-pr"  # in debian/patches
WRITER = """#!/bin/sh
# Called by git send-email in the place of sendmail: keeps the mail, sends nothing.
set -eu
n=$(find "$1" -name '*.eml' | wc -l)
cat > "$1/$(printf '%04d' "$n").eml"
"""


@dataclass(frozen=True)
class Parcel:
    """The commits that are wanted, in a scratch repository, as mails."""

    base: data.Base
    found: source.Source
    where: Path
    mails: list[Path]


def parts() -> dict[str, str]:
    table = data.load(data.LAB / "parts.toml")
    return {name: row["before"] for name, row in table.items()}


def parcel(base: data.Base, where: Path, out: Path) -> Parcel:
    """The series, or the part that PART= names, numbered anew."""
    if base.series_dir is None:
        raise LabError(f"K={base.name} has no series; use K=mainline, or a backport")
    found = source.find(base)
    export.scratch(where, found, base.series_dir)
    part = os.environ.get("PART") or ""
    if part and part not in parts():
        raise LabError(f"unknown PART={part}; known: {', '.join(parts())}")
    if part:
        rows = export.git(where, "log", "--reverse", "--format=%H %s", "base..HEAD").splitlines()
        commits = [row.partition(" ")[::2] for row in rows]
        at = next((n for n, (_, subject) in enumerate(commits) if subject == parts()[part]), 0)
        if not at:
            raise LabError(f"lab/parts.toml: {part}: no patch of {base.name} is called '{parts()[part]}'")
        export.git(where, "reset", "-q", "--hard", commits[at - 1][0])
    prefix = "PATCH" if base.name == "mainline" else f"PATCH {base.name}"
    args = [a for a in export.FORMAT if not a.startswith("--subject-prefix=")]
    export.git(where, *args, f"--subject-prefix={prefix}", "-o", out, "base..HEAD")
    return Parcel(base, found, where, sorted(out.glob("*.patch")))


def quilt(box: Parcel, out: Path) -> list[Path]:
    made = []
    for mail in box.mails:
        made.append(out / "patches" / mail.name)
        cache.write(made[-1], mail.read_bytes())
    cache.write(out / "patches/series", "".join(f"{p.name}\n" for p in made).encode())
    return made


def mbox(box: Parcel, out: Path) -> list[Path]:
    path = out / f"kvm-pr-debug-{box.base.name}.mbox"
    cache.write(path, b"".join(mail.read_bytes() for mail in box.mails))
    return [path]


def dep3(text: str) -> str:
    """DEP-3's fields in the head of a mail: From and Subject are its Author and Description."""
    head, _, body = text.partition("\n\n")
    date = re.search(r"^Date: (.*)$", head, re.MULTILINE)
    day = proc.output(["date", "-u", "-d", date[1] if date else "", "+%Y-%m-%d"]).decode().strip()
    fields = ["Origin: other, not yet sent to the kernel's mailing lists", "Forwarded: no"]
    if bug := re.search(r"^Link: (https?:\S+)$", body, re.MULTILINE):
        fields.append(f"Bug: {bug[1]}")
    return "\n".join([head, *fields, f"Last-Update: {day}"]) + f"\n\n{body}"


def for_debian(box: Parcel, out: Path) -> list[Path]:
    made = []
    for mail in box.mails:
        made.append(out / "debian/patches" / BELOW / mail.name)
        cache.write(made[-1], dep3(mail.read_text()).encode())
    cache.write(out / "series", "".join(f"{BELOW}/{p.name}\n" for p in made).encode())
    return made


FORMATS: dict[str, tuple[Callable[[Parcel, Path], list[Path]], str]] = {
    "quilt": (quilt, "copy 'patches' into the kernel's tree: quilt push -a"),
    "mbox": (mbox, "git am"),
    "debian": (for_debian, "copy 'debian/patches', append 'series' to debian/patches/series"),
}


def proved(box: Parcel, made: list[Path]) -> None:
    """git am of what was made, on the named tree, gives the same files."""
    with tempfile.TemporaryDirectory(prefix=".proof.", dir=cache.folder()) as name:
        where = Path(name)
        export.restrict(where, box.found, box.mails)
        export.am(where, made)
        one, two = (export.git(w, "diff", "base", "HEAD") for w in (where, box.where))
        if one != two:
            raise LabError(f"{made[0].parent}: git am makes other changes of it than of the series")


def folder(default: str) -> Path:
    own = os.environ.get("OUT")
    out = Path(own).expanduser().absolute() if own else cache.folder() / "export" / default
    if own and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise LabError(f"OUT={out} exists and is not empty: name a new folder")
    return out


def export_command(base: data.Base) -> int:
    name = os.environ.get("FORMAT") or "quilt"
    if name not in FORMATS:
        raise LabError(f"unknown FORMAT={name}; known: {', '.join(FORMATS)}")
    form, how = FORMATS[name]
    part = os.environ.get("PART")
    final = folder("-".join(x for x in (base.name, part, name) if x))
    with tempfile.TemporaryDirectory(prefix=".export.", dir=cache.folder()) as temporary:
        where, mails = Path(temporary) / "tree", Path(temporary) / "mails"
        where.mkdir()
        box = parcel(base, where, mails)
        with cache.building(final) as work:
            proved(box, form(box, work))
        ui.say(f"{len(box.mails)} patches for {box.found.name}; git am takes them there; to use them: {how}")
    print(final)
    return 0


def recipients(tree: Path, mails: list[Path]) -> tuple[list[str], list[str]]:
    """To (maintainers) and Cc (reviewers, lists) of all mails, by the kernel's own script."""
    common = ["perl", "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-rolestats"]

    def ask(*options: str) -> list[str]:
        said = proc.output([*common, *options, *mails], cwd=tree).decode().splitlines()
        return [line.strip() for line in said if line.strip()]

    to = ask("--m", "--no-r", "--no-l")
    return to, [x for x in ask("--no-m", "--r", "--l") if x not in to]


def cover(base: data.Base, box: Parcel) -> bytes:
    """The cover letter, with the list of patches and the diffstat as they are now."""
    assert base.series_dir is not None
    path = base.series_dir / export.COVER
    if not path.exists():
        raise LabError(f"{path} is missing: only a series with a cover letter can be sent")
    text = path.read_text()
    count = re.search(r"^Subject: \[PATCH[^]]* 0+/(\d+)\]", text, re.MULTILINE)
    if count is None or int(count[1]) != len(box.mails):
        raise LabError(f"{path}: its Subject must say [PATCH 00/{len(box.mails)}]: there are so many patches")
    log = export.git(box.where, "shortlog", "-w72,2,4", "base..HEAD")
    stat_ = export.git(box.where, "diff", "--stat=72", "--summary", "base", "HEAD")
    return f"{text.rstrip()}\n\nMade for {box.found.name}.\n\n{log.rstrip()}\n\n{stat_.rstrip()}\n".encode()


def send_dry_run(base: data.Base) -> int:
    """git send-email with a program in sendmail's place that keeps the mails."""
    debian.ensure(data.packages()["send"])
    final = folder(f"{base.name}-mails")
    with tempfile.TemporaryDirectory(prefix=".send.", dir=cache.folder()) as temporary:
        where, mails = Path(temporary) / "tree", Path(temporary) / "mails"
        where.mkdir()
        box = parcel(base, where, mails)
        cache.write(mails / f"{0:04d}-cover-letter.patch", cover(base, box))
        to, cc = recipients(box.found.tree, box.mails)
        writer = Path(temporary) / "writer"
        writer.write_text(WRITER)
        writer.chmod(writer.stat().st_mode | stat.S_IXUSR)
        name, email = export.git(where, "log", "-1", "--format=%an%n%ae").splitlines()
        me = {f"GIT_{who}_{key}": x for who in ("AUTHOR", "COMMITTER") for key, x in (("NAME", name), ("EMAIL", email))}
        with cache.building(final) as work:
            options = [
                f"--from={name} <{email}>",
                f"--sendmail-cmd={writer} {work}",
                "--confirm=never",
                "--no-validate",
                "--thread",
                "--no-chain-reply-to",
                "--suppress-cc=self",
                "--quiet",
                *(f"--to={x}" for x in to),
                *(f"--cc={x}" for x in cc),
            ]
            export.git(where, "send-email", *options, *sorted(mails.glob("*.patch")), env=me)
            made = sorted(work.glob("*.eml"))
            if len(made) != len(box.mails) + 1:
                raise LabError(f"git send-email made {len(made)} mails of {len(box.mails) + 1}")
    for line in (*(f"To: {x}" for x in to), *(f"Cc: {x}" for x in cc)):
        ui.say(line)
    ui.say(f"{len(made)} mails, not sent")
    print(final)
    return 0
