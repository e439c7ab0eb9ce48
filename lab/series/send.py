# SPDX-License-Identifier: GPL-2.0-only
"""make send-dry-run: one series as the mails that git send-email would send."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from email.headerregistry import Address
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install
from lab.kernel import division, patched_qemu, patchmail, source
from lab.series import cover, export, repository, worktree

QEMU = "qemu"  # SERIES= of patches/qemu
WRITER = data.LAB / "series/keep-mail.sh"


def one_series(base: data.Base, name: str) -> division.Series:
    """The one that SERIES= names."""
    rows = division.parse(base.patches / division.FILE)
    found = next((s for s in rows if s.name == name), None)
    if found is None:
        known = ", ".join([*(s.name for s in rows), QEMU])
        raise LabError(f"SERIES={name}: name one series; known: {known}")
    return found


def taken_over(where: Path, part: repository.Part, who: Address | None) -> repository.Part:
    """The series again, by a person and signed off by that person; or by nobody and signed off by nobody."""
    parent = part.first
    for commit in repository.git(where, "rev-list", "--reverse", part.range).split():
        tree, name, address, date, message = repository.git(
            where, "log", "-1", "--format=%T%n%an%n%ae%n%aD%n%B", commit
        ).split("\n", 4)
        if who:
            name, address = who.display_name, who.addr_spec
        author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address, "GIT_AUTHOR_DATE": date}
        words = ("commit-tree", tree, "-p", parent, "-m", patchmail.signed(message, who))
        parent = repository.git(where, *words, env=author | {"GIT_COMMITTER_DATE": date}).strip()
    return repository.Part(part.name, part.first, parent)


def recipients(
    tree: Path, mails: list[Path], to: Iterable[str] = (), cc: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """To and Cc of all mails of a series: whom the project's own script names, and these."""
    common = ["perl", "scripts/get_maintainer.pl", *data.options_of("get_maintainer")]

    def ask(*options: str) -> list[str]:
        said = proc.output([*common, *options, *mails], cwd=tree).decode().splitlines()
        return [line.strip() for line in said if line.strip()]

    first = list(dict.fromkeys([*ask("--m", "--no-r", "--no-l"), *to]))
    return first, [x for x in dict.fromkeys([*ask("--no-m", "--r", "--l"), *cc]) if x not in first]


def patches_of(
    where: Path, part: repository.Part, mails: Path, who: Address | None
) -> tuple[repository.Part, str, list[Path]]:
    """The commits of a series as mails of a person, or as unsigned ones: the commits anew, the sender, the mails."""
    part = taken_over(where, part, who)
    sender = repository.git(where, "log", "-1", "--format=%an <%ae>", part.last).strip()
    made = repository.format_parts(where, mails, [part])
    if not who:
        for path in made:
            path.write_text(patchmail.unsigned(path.read_text()))
    return part, sender, made


def write(
    base: data.Base, one: division.Series, where: Path, mails: Path, who: Address | None
) -> tuple[str, list[Path]]:
    """The cover letter and the mails of a series in a folder; the sender, and the patches."""
    found = source.find(base)
    rows = division.needed(division.parse(base.patches / division.FILE), [one.name])
    repository.scratch(where, found, base.patches, {s.name for s in rows})
    parts = repository.parts(where, division.of_subject(rows))
    part, sender, made = patches_of(where, parts[-1], mails, who)
    before = repository.git(where, "rev-list", "--reverse", f"base..{part.first}").split()
    text = worktree.letter(where, base, part, sender, [repository.patch_id(where, c) for c in before])
    if not who:
        text = text.replace("\n\n", f"\n\n{patchmail.UNSIGNED}\n\n", 1)
    cache.write(mails / part.name / "0000-cover-letter.patch", text.encode())
    return sender, made


def write_qemu(where: Path, mails: Path, who: Address | None) -> tuple[str, list[Path]]:
    """The same for patches/qemu."""
    repository.scratch(where, patched_qemu.stock(), patched_qemu.PATCHES)
    _, sender, made = patches_of(where, repository.Part(QEMU, "base", "HEAD"), mails, who)
    head, _, body = (patched_qemu.PATCHES / cover.LETTER).read_text().partition("\n\n")
    subject = next(line for line in head.splitlines() if line.startswith("Subject: "))
    if not who:
        body = f"{patchmail.UNSIGNED}\n\n{body}"
    cache.write(mails / QEMU / "0000-cover-letter.patch", f"From: {sender}\n{subject}\n\n{body}".encode())
    return sender, made


def command(options: Options) -> int:
    """git send-email with a program in sendmail's place that keeps the mails."""
    base = data.base("mainline")
    who = patchmail.person(options.sender) if options.sender else None
    one = None if options.series == QEMU else one_series(base, options.series)
    install.ensure(data.packages()["send"])
    final = export.folder(options.out, f"{one.name if one else QEMU}-mails")
    with cache.scratch("send") as temporary:
        where, mails = temporary / "tree", temporary / "mails"
        where.mkdir()
        if one:
            sender, patches = write(base, one, where, mails, who)
            to, cc = recipients(source.find(base).tree, patches, one.to, one.cc)
        else:
            sender, patches = write_qemu(where, mails, who)
            to, cc = recipients(patched_qemu.stock().tree, patches)
        name, _, address = sender.rstrip(">").partition(" <")
        me = {f"GIT_{x}_{key}": v for x in ("AUTHOR", "COMMITTER") for key, v in (("NAME", name), ("EMAIL", address))}
        with cache.building(final) as work:
            how = [*data.options_of("git send-email"), f"--from={sender}"]
            how += [f"--sendmail-cmd={shlex.join([str(WRITER), str(work)])}"]
            how += [*(f"--to={x}" for x in to), *(f"--cc={x}" for x in cc)]
            repository.git(where, "send-email", *how, *sorted(mails.glob("*/*.patch")), env=me)
            made = sorted(work.glob("*.eml"))
            if len(made) != len(patches) + 1:
                raise LabError(f"git send-email made {len(made)} mails of {len(patches) + 1}")
    for line in (f"From: {sender}", *(f"To: {x}" for x in to), *(f"Cc: {x}" for x in cc)):
        ui.say(line)
    if not who:
        ui.say("not signed off: a person who takes the patches over gives FROM='Name <address>'")
    ui.say(f"{len(made)} mails, not sent")
    print(final)
    return 0
