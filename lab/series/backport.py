# SPDX-License-Identifier: GPL-2.0-only
"""A backport: mainline's mails where they apply as they are, local ones where not."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import patchmail, patchset, source
from lab.series import repository
from lab.series.backport_notes import Notes

OWN = re.compile(r"^(\S+\.patch)[ \t]+# from ([0-9a-f]{12})$", re.MULTILINE)  # a local mail in a list
TRAILER = re.compile(r"^[A-Z][A-Za-z-]*: \S")


@dataclass(frozen=True)
class Mail:
    """One of mainline's mails, and its commit in the scratch repository."""

    path: Path
    commit: str
    subject: str
    patch_id: str

    @property
    def name(self) -> str:
        """With the folder of its series, which a local mail is in as well."""
        return f"{self.path.parent.name}/{self.path.name}"


def mainline(base: data.Base, where: Path) -> list[Mail]:
    """The series that is backported, as commits in a small repository."""
    of = data.base(base.of)
    found = repository.scratch(where, source.find(of), of.patches)
    return [
        Mail(path, commit, subject, repository.patch_id(where, commit)[:12])
        for path, (commit, subject) in zip(found, repository.subjects(where), strict=True)
    ]


def done(command: Callable[..., object], *args: object) -> bool:
    """Call what raises LabError if git refuses; whether git did it."""
    try:
        command(*args)
    except LabError:
        return False
    return True


class Maker:
    """Makes the list and the local mails of one backport in a scratch repository; own_trees: those of TREE=."""

    def __init__(self, base: data.Base, where: Path, own_trees: Sequence[Path] = ()) -> None:
        self.base, self.where, self.folder, self.own_trees = base, where, base.patches, own_trees
        self.notes = Notes(self.folder)
        self.of = f"../{data.base(base.of).patches.name}"
        self.listing: list[str] = []
        self.local: dict[str, bytes] = {}
        self.unexplained: list[str] = []
        self.old: dict[str, tuple[Path, str]] = {}  # local mails made before, with the patch they are made from
        listing = self.folder / "series"
        for name, made_from in OWN.findall(listing.read_text() if listing.exists() else ""):
            if (path := self.folder / name).exists():
                self.old[patchmail.subject(path)] = (path, made_from)

    def git(self, *args: str | Path) -> str:
        """The output of git in the repository of the backport."""
        return repository.git(self.where, *args)

    def am(self, mail: Path) -> bool:
        """Apply a mail. False, and nothing changed, if it does not apply."""
        return done(repository.am, self.where, [mail])

    def pick(self, commit: str) -> bool:
        """Merge a commit's change; keeps its author and message."""
        return done(self.git, "cherry-pick", "--allow-empty", commit)

    def made(self, mail: Mail, hand: dict[str, str]) -> bool:
        """Take what a person has made of the mail: in TREE=, or the local mail of the same patch."""
        if mail.subject in hand:
            if self.pick(hand[mail.subject]):
                return True
            done(self.git, "cherry-pick", "--abort")
        old, made_from = self.old.get(mail.subject, (None, ""))
        if old and made_from != mail.patch_id:
            ui.say(f"'{mail.subject}' has changed: {old.name} was made from another patch")
        return old is not None and made_from == mail.patch_id and self.am(old)

    def corrected(self, mail: Mail, hand: dict[str, str], start: str) -> bool:
        """A mail that applies can still be wrong here: replace it by what a person has made and noted.

        LabError if that was made of another patch: the mail alone would be without the correction.
        """
        if not any(row.fits(mail.subject) for row in self.notes.differs):
            return False
        if mail.subject not in hand and self.old.get(mail.subject, ("", mail.patch_id))[1] != mail.patch_id:
            raise LabError(
                f"'{mail.subject}' has changed, and applies to {self.base.name} without its correction: correct the "
                f"commit in a tree ('make tree K={self.base.name} TREE=' of the checkout before the change), and name "
                f"that as TREE=; or remove its row of {self.notes.path}"
            )
        plain = self.git("rev-parse", "HEAD").strip()
        self.git("reset", "-q", "--hard", start)
        if self.made(mail, hand) and self.git("diff", plain, "HEAD"):
            return True
        self.git("reset", "-q", "--hard", plain)
        return False

    def leave(self, mail: Mail) -> NoReturn:
        """For a person: the repository with its conflict, which needs no other one."""
        left = cache.folder() / "tree" / f"{self.base.name}-conflict"
        if left.exists() and (left not in self.own_trees or (left / ".git/CHERRY_PICK_HEAD").exists()):
            raise LabError(
                f"'{mail.subject}' does not merge into {self.base.name}, and {left} has work on a conflict: "
                "move it away, or finish it (git cherry-pick --continue) "
                f"and run make backport K={self.base.name} TREE={left}"
            )
        with cache.building(left) as work:
            proc.output(["cp", "-a", f"{self.where}/.", work])
        raise LabError(
            f"'{mail.subject}' does not merge into {self.base.name}: resolve it in {left} "
            f"(git status, git cherry-pick --continue), then make backport K={self.base.name} TREE={left}"
        )

    def add(self, mail: Mail, hand: dict[str, str]) -> None:
        """Make the next commit and its line of the list.

        LabError for a conflict, which leaves a repository in the cache's 'tree', and if nothing of the patch is left.
        """
        if self.notes.find(self.notes.omit, mail.subject):
            return
        start = self.git("rev-parse", "HEAD").strip()
        if self.am(mail.path):
            if not self.corrected(mail, hand, start):
                self.listing.append(f"{self.of}/{mail.name}")
                return
        elif not self.made(mail, hand) and not self.pick(mail.commit):
            self.leave(mail)
        if not self.git("diff", "--name-only", "HEAD~", "HEAD").strip():
            raise LabError(
                f"nothing of '{mail.subject}' is left on {self.base.name}: name it as [[omit]] in {self.notes.path}"
            )
        row = self.notes.find(self.notes.differs, mail.subject)
        if row is None:
            self.unexplained.append(mail.subject)
            ui.say(f"'{mail.subject}' does not apply to {self.base.name} as it is:")
            for line in self.differences(mail):
                ui.say(f"  {line}")
            return
        self.reword(mail, row.why)
        prefix = f"--subject-prefix=PATCH {self.base.name}"  # the last of -n and -N counts
        self.local[mail.name] = repository.format_patch(self.where, "-N", prefix, "--stdout", "-1").encode()
        self.listing.append(f"{mail.name}  # from {mail.patch_id}")

    def differences(self, mail: Mail) -> list[str]:
        """Where the patch is another one than mainline's, the context included."""
        theirs, ours = (
            [x for x in self.git("diff", f"{c}~", c).splitlines() if not x.startswith(("index ", "@@ "))]
            for c in (mail.commit, "HEAD")
        )
        return list(difflib.unified_diff(theirs, ours, n=1, lineterm=""))[2:]

    def reword(self, mail: Mail, why: str) -> None:
        """Mainline's message, and the note before its trailers."""
        body = self.git("log", "-1", "--format=%B", mail.commit).rstrip("\n").split("\n")
        at = len(body)
        while at > 0 and TRAILER.match(body[at - 1]):
            at -= 1
        note = f'[ Backport to {self.base.name} of mainline\'s "{mail.subject}": {" ".join(why.split())} ]'
        lines = textwrap.wrap(note, 72, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        author, date = self.git("log", "-1", "--format=%an <%ae>%n%aD", mail.commit).splitlines()
        more = (f"--author={author}", f"--date={date}", "-m", "\n".join([*body[:at], *lines, "", *body[at:], ""]))
        self.git("commit", "-q", "--amend", "--no-verify", "--allow-empty", *more)

    def files(self) -> dict[str, bytes]:
        """The local mails, and the list of all."""
        return self.local | {"series": "".join(f"{line}\n" for line in self.listing).encode()}


def trees(named: str) -> list[Path]:
    """The repositories that TREE= names, with ':' between them."""
    found = [Path(name).expanduser().absolute() for name in named.split(":") if name]
    for where in found:
        if not (where / ".git").exists():
            raise LabError(f"TREE={where} is no work tree: name the one that 'make backport' left")
    return found


def make(base: data.Base, where: Path, own_trees: Sequence[Path] = ()) -> Maker:
    """Everything of the backport in an empty folder; own_trees: repositories of TREE=, the newest first."""
    found = source.find(base)
    maker = Maker(base, where, own_trees)
    with cache.scratch("mainline") as name:
        theirs = mainline(base, name)
        wanted = [m for m in theirs if not maker.notes.find(maker.notes.omit, m.subject)]
        repository.restrict(where, found, [m.path for m in wanted])
        repository.git(where, "fetch", "-q", name, "series")
        hand: dict[str, str] = {}  # commits of these repositories by their subject
        for own in reversed(own_trees):
            repository.git(where, "fetch", "-q", own, "HEAD")
            hand |= {subject: commit for commit, subject in repository.subjects(own)}
        for mail in wanted:
            maker.add(mail, hand)
    if maker.unexplained:
        raise LabError(
            f"say in {maker.notes.path}, as [[differs]], what differs and because of which upstream change: "
            f"{', '.join(repr(s) for s in maker.unexplained)}"
        )
    if rows := maker.notes.unused():
        raise LabError(f"{maker.notes.path}: '{rows[0].subject}' is not needed: no mail is left out or differs by it")
    return maker


def command(options: Options) -> int:
    """make backport: write the patches of K= from mainline's. LabError at a conflict, whose tree stays."""
    base = data.chosen(options)[0]
    if not base.of:
        known = [n for n in data.names("bases") if data.base(n).of]
        raise LabError(f"K={base.name} is no backport; known: {', '.join(known)}")
    with cache.lock("series"), cache.scratch("backport") as where:
        maker = make(base, where, trees(options.tree))
        changed = repository.install(maker.files(), maker.folder)
        if not base.base_file.exists() and (exact := source.record(source.find(base))):
            patchset.write_base(base.base_file, exact)
            changed.append("BASE")
    for path in changed:
        ui.say(f"changed {maker.folder / path}")
    ui.say(f"{len(maker.listing)} patches, {len(maker.local)} of them local; {len(changed)} files changed")
    return 0


def check(base: data.Base) -> list[str]:
    """The list and the local mails are what 'make backport' makes of mainline's."""
    with cache.scratch("backport") as where:
        maker = make(base, where)
    return repository.differing(maker.folder, maker.files(), f"make backport K={base.name}")
