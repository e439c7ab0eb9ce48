# SPDX-License-Identifier: GPL-2.0-only
"""A backport: mainline's mails where they apply as they are, local ones where not."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import cache, data, export, proc, series, source, ui
from .errors import LabError

NOTES = "backport.toml"
TRAILER = re.compile(r"^[A-Z][A-Za-z-]*: \S")


@dataclass(frozen=True)
class Row:
    """Subjects by regular expression, and what is to be known about them."""

    subject: str
    why: str

    def fits(self, subject: str) -> bool:
        return re.fullmatch(self.subject, subject) is not None


@dataclass
class Notes:
    """What patches/<base>/backport.toml says: mails left out, mails that differ."""

    path: Path
    omit: list[Row] = field(default_factory=list)
    differs: list[Row] = field(default_factory=list)
    used: set[Row] = field(default_factory=set)

    @staticmethod
    def read(folder: Path) -> Notes:
        path = folder / NOTES
        table = data.load(path)
        for key in table.keys() - {"omit", "differs"}:
            raise LabError(f"{path}: unknown key '{key}'; known: differs, omit")
        try:
            rows = {key: [Row(**row) for row in table.get(key, [])] for key in ("omit", "differs")}
        except TypeError:
            raise LabError(f"{path}: each row wants 'subject' and 'why', and nothing else") from None
        return Notes(path, rows["omit"], rows["differs"])

    def find(self, rows: list[Row], subject: str) -> Row | None:
        row = next((r for r in rows if r.fits(subject)), None)
        if row:
            self.used.add(row)
        return row

    def unused(self) -> list[Row]:
        return [r for r in [*self.omit, *self.differs] if r not in self.used]


@dataclass(frozen=True)
class Mail:
    """One of mainline's mails, and its commit in the scratch repository."""

    path: Path
    commit: str
    subject: str
    patch_id: str


def patch_id(where: Path, commit: str) -> str:
    """What identifies a change whatever lines it is at."""
    text = export.git(where, "show", commit).encode()
    return proc.output(["git", "patch-id", "--stable"], cwd=where, data=text).decode()[:12]


def mainline(base: data.Base, where: Path) -> list[Mail]:
    """The series that is backported, as commits in a small repository."""
    of = data.base(base.of)
    assert of.series_dir is not None
    found = export.scratch(where, source.find(of), of.series_dir)
    commits = export.git(where, "rev-list", "--reverse", "base..HEAD").split()
    return [
        Mail(path, commit, export.git(where, "log", "-1", "--format=%s", commit).strip(), patch_id(where, commit))
        for path, commit in zip(found, commits, strict=True)
    ]


class Maker:
    """Makes the list and the local mails of one backport in a scratch repository."""

    def __init__(self, base: data.Base, where: Path) -> None:
        assert base.series_dir is not None
        self.base, self.where, self.folder = base, where, base.series_dir
        self.notes = Notes.read(self.folder)
        of = data.base(base.of).series_dir
        assert of is not None
        self.of = f"../{of.name}"
        self.listing: list[str] = []
        self.local: dict[str, bytes] = {}
        self.unexplained: list[str] = []
        self.old = self._old()

    def _old(self) -> dict[str, tuple[Path, str]]:
        """Local mails made before: by subject, with the mainline patch they are made from."""
        listing = self.folder / "series"
        rows = listing.read_text().splitlines() if listing.exists() else []
        found = {}
        for line in rows:
            if m := re.fullmatch(r"(\S+\.patch)\s+# from ([0-9a-f]{12})", line):
                path = self.folder / m[1]
                if path.exists():
                    found[subject_of(path)] = (path, m[2])
        return found

    def git(self, *args: str | Path) -> str:
        return export.git(self.where, *args)

    def am(self, mail: Path) -> bool:
        try:
            export.am(self.where, [mail])
        except LabError:
            return False
        return True

    def pick(self, commit: str) -> bool:
        """Merge a commit's change; keeps its author and message."""
        try:
            self.git("cherry-pick", "--allow-empty", commit)
        except LabError:
            return False
        return True

    def abort(self) -> None:
        with contextlib.suppress(LabError):
            self.git("cherry-pick", "--abort")

    def made(self, mail: Mail, hand: dict[str, str]) -> bool:
        """Take what a person has made of the mail: in TREE=, or the local mail of the same patch."""
        if mail.subject in hand:
            if self.pick(hand[mail.subject]):
                return True
            self.abort()
        old, made_from = self.old.get(mail.subject, (None, ""))
        if old and made_from != mail.patch_id:
            ui.say(f"'{mail.subject}' has changed: {old.name} was made from another patch")
        return old is not None and made_from == mail.patch_id and self.am(old)

    def corrected(self, mail: Mail, hand: dict[str, str], start: str) -> bool:
        """A mail that applies can still be wrong here: replace it by what a person has made and noted."""
        if not any(row.fits(mail.subject) for row in self.notes.differs):
            return False
        plain = self.git("rev-parse", "HEAD").strip()
        self.git("reset", "-q", "--hard", start)
        if self.made(mail, hand) and self.git("diff", plain, "HEAD"):
            return True
        self.git("reset", "-q", "--hard", plain)
        return False

    def add(self, mail: Mail, hand: dict[str, str]) -> None:
        if self.notes.find(self.notes.omit, mail.subject):
            return
        start = self.git("rev-parse", "HEAD").strip()
        if self.am(mail.path):
            if not self.corrected(mail, hand, start):
                self.listing.append(f"{self.of}/{mail.path.name}")
                return
        elif not self.made(mail, hand) and not self.pick(mail.commit):
            raise Conflict(mail)
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
        self.local[mail.path.name] = self.mail()
        self.listing.append(f"{mail.path.name}  # from {mail.patch_id}")

    def differences(self, mail: Mail) -> list[str]:
        """Where the patch is another one than mainline's, the context included."""
        theirs, ours = (
            [x for x in self.git("diff", f"{c}~", c).splitlines() if not x.startswith(("index ", "@@ "))]
            for c in (mail.commit, "HEAD")
        )
        return list(difflib.unified_diff(theirs, ours, n=1, lineterm=""))[2:]

    def reword(self, mail: Mail, why: str) -> None:
        """Mainline's message, and the note before its trailers."""
        text = self.where / ".git/BACKPORT"
        body = export.git(self.where, "log", "-1", "--format=%B", mail.commit).rstrip("\n").split("\n")
        at = len(body)
        while at > 0 and TRAILER.match(body[at - 1]):
            at -= 1
        note = f'[ Backport to {self.base.name} of mainline\'s "{mail.subject}": {" ".join(why.split())} ]'
        text.write_text("\n".join([*body[:at], *wrap(note), "", *body[at:], ""]))
        author, date = self.git("log", "-1", "--format=%an <%ae>%n%aD", mail.commit).splitlines()
        more = (f"--author={author}", f"--date={date}", "-F", text)
        self.git("commit", "-q", "--amend", "--no-verify", "--allow-empty", *more)

    def mail(self) -> bytes:
        args = [a for a in export.FORMAT if a not in ("-n", "--subject-prefix=PATCH")]
        return self.git(*args, "-N", f"--subject-prefix=PATCH {self.base.name}", "--stdout", "-1").encode()


class Conflict(Exception):
    def __init__(self, mail: Mail) -> None:
        super().__init__(mail.subject)
        self.mail = mail


def wrap(text: str, width: int = 72) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def subject_of(mail: Path) -> str:
    """A mail's subject without its prefix, unfolded."""
    head = mail.read_text(errors="replace").partition("\n\n")[0]
    found = re.search(r"^Subject: (.*(?:\n[ \t].*)*)", head, re.MULTILINE)
    text = re.sub(r"\n[ \t]", " ", found[1]) if found else ""
    return re.sub(r"^\[PATCH[^]]*\] *", "", text)


def by_hand() -> dict[str, str]:
    """Commits of TREE= by their subject."""
    own = os.environ.get("TREE")
    if not own:
        return {}
    where = Path(own).expanduser().absolute()
    if not (where / ".git").exists():
        raise LabError(f"TREE={own} is no work tree: name the one that 'make backport' left")
    lines = export.git(where, "log", "--format=%H %s", "base..HEAD").splitlines()
    return {subject: commit for commit, _, subject in (line.partition(" ") for line in lines)}


def make(base: data.Base, where: Path) -> Maker:
    """Everything of the backport in an empty folder."""
    found = source.find(base)
    maker = Maker(base, where)
    with tempfile.TemporaryDirectory(prefix=".mainline.", dir=cache.folder()) as name:
        theirs = mainline(base, Path(name))
        wanted = [m for m in theirs if not maker.notes.find(maker.notes.omit, m.subject)]
        export.restrict(where, found, [m.path for m in wanted])
        export.git(where, "fetch", "-q", name, "series")
        hand = by_hand()
        if hand:
            export.git(where, "fetch", "-q", Path(os.environ["TREE"]).expanduser().absolute(), "HEAD")
        for mail in wanted:
            try:
                maker.add(mail, hand)
            except Conflict:
                left = keep(base, where)
                raise LabError(
                    f"'{mail.subject}' does not merge into {base.name}: resolve it in {left} "
                    f"(git status, git cherry-pick --continue), then make backport K={base.name} TREE={left}"
                ) from None
    if maker.unexplained:
        raise LabError(
            f"say in {maker.notes.path}, as [[differs]], what differs and because of which upstream change: "
            f"{', '.join(repr(s) for s in maker.unexplained)}"
        )
    if rows := maker.notes.unused():
        raise LabError(f"{maker.notes.path}: '{rows[0].subject}' is not needed: no mail is left out or differs by it")
    return maker


def keep(base: data.Base, where: Path) -> Path:
    """The scratch repository with its conflict, for a person; it needs no other repository."""
    left = cache.folder() / "tree" / f"{base.name}-conflict"
    with cache.building(left) as work:
        proc.output(["cp", "-a", f"{where}/.", work])
    return left


def install(maker: Maker) -> list[str]:
    with tempfile.TemporaryDirectory(prefix=".mails.", dir=cache.folder()) as name:
        out = Path(name)
        for file, text in maker.local.items():
            (out / file).write_bytes(text)
        (out / "series").write_text("".join(f"{line}\n" for line in maker.listing))
        return export.install(out, maker.folder)


def command(base: data.Base) -> int:
    if not base.of:
        known = [n for n in data.names("bases") if data.base(n).of]
        raise LabError(f"K={base.name} is no backport; known: {', '.join(known)}")
    with cache.lock("series"), tempfile.TemporaryDirectory(prefix=".backport.", dir=cache.folder()) as name:
        maker = make(base, Path(name))
        changed = install(maker)
        if not base.base_file.exists() and (exact := source.record(source.find(base))):
            series.write_base(base.base_file, exact)
            changed.append("BASE")
    for path in changed:
        ui.say(f"changed {maker.folder / path}")
    ui.say(f"{len(maker.listing)} mails, {len(maker.local)} of them local; {len(changed)} files changed")
    return 0


def check(base: data.Base) -> list[str]:
    """The list and the local mails are what 'make backport' makes of mainline's."""
    with tempfile.TemporaryDirectory(prefix=".backport.", dir=cache.folder()) as name:
        maker = make(base, Path(name))
    want = maker.local | {"series": "".join(f"{line}\n" for line in maker.listing).encode()}
    have = {p.name: p.read_bytes() for p in maker.folder.iterdir() if p.suffix == ".patch" or p.name == "series"}
    return [
        f"{maker.folder / n} is not what 'make backport K={base.name}' writes: run it and look at git diff"
        for n in sorted(want.keys() | have.keys())
        if want.get(n) != have.get(n)
    ]
