# SPDX-License-Identifier: GPL-2.0-only
"""Git repositories with the patches as commits; made of mails, and made into mails."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.kernel import division, patchmail, patchset, source
from lab.series import cover

GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_COMMITTER_NAME": "lab",
    "GIT_COMMITTER_EMAIL": "lab",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "TZ": "UTC",
}
BASE_AUTHOR = {
    "GIT_AUTHOR_NAME": "lab",
    "GIT_AUTHOR_EMAIL": "lab",
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
}


def git(where: Path, *args: str | Path, env: dict[str, str] | None = None) -> str:
    """What a git command in a repository prints, whatever the user's configuration of git. LabError if it fails."""
    return proc.output(["git", "-c", "gc.auto=0", *args], cwd=where, env=GIT | (env or {})).decode(errors="replace")


def commit_base(where: Path, message: str) -> None:
    """Make a repository of a folder, whose only commit has the tag base."""
    git(where, "init", "-q", "-b", "series")
    git(where, "add", "-Af", ".")
    git(where, "commit", "-q", "--allow-empty", "--no-verify", "-m", message, env=BASE_AUTHOR)
    git(where, "tag", "base")


def tree_path(own: str, name: str) -> Path:
    """The work tree that TREE= names, or one of the cache."""
    return Path(own).expanduser().absolute() if own else cache.folder() / "tree" / name


@contextlib.contextmanager
def making_tree(where: Path, found: source.Source, mails: list[Path], back: str, ignore: str = "") -> Iterator[Path]:
    """A work tree of a whole source with patches as commits after the tag 'base'; there as a whole or not at all.

    back: the command that brings its commits back; ignore: in the place of its .gitignore. LabError if it exists.
    """
    if where.exists():
        raise LabError(f"{where} exists: bring its commits back with 'make {back}', or remove it to start anew")
    cache.need_space(4)
    ui.say(f"making a work tree of {found.name} in {where}")
    with cache.building(where) as work:
        proc.logged(["cp", "-a", *found.parts(), work], cache.log("tree"), "copying the tree")
        if ignore:
            cache.write(work / ".gitignore", ignore.encode())
        commit_base(work, f"{found.name}, as Debian ships it")
        am(work, mails)
        yield work


def made_of(where: Path, command: str, *status: str) -> str:
    """What set_made_of() has noted of a work tree. LabError if it is none, or has what is not committed."""
    if not (where / ".git").exists():
        raise LabError(f"{where} is no work tree: make it with 'make {command}'")
    if dirty := git(where, "status", "--porcelain", *status).splitlines():
        raise LabError(f"{where} has changes that are not committed ({dirty[0].strip()}): commit or stash them")
    return git(where, "config", "--default", "", "lab.state").strip()


def set_made_of(where: Path, state: str) -> None:
    """Note in a work tree what it is made of: it is out of date when that is another."""
    git(where, "config", "lab.state", state)


def names(where: Path, *command: str) -> set[str]:
    """The names that a command of git prints with -z."""
    return {*git(where, *command, "-z").split("\0")} - {""}


def am(where: Path, found: list[Path]) -> None:
    """The mails as commits: exact context, no 3-way merge."""
    for mail in found:
        try:
            git(where, "am", "-q", "--no-3way", "--keep-cr", "--no-scissors", "--committer-date-is-author-date", mail)
        except LabError:
            with contextlib.suppress(LabError):
                git(where, "am", "--abort")
            why = patchset.why(mail, where, GIT)
            raise LabError(f"git am refuses {mail.name}: {why}") from None


def restrict(where: Path, base: source.Source, found: list[Path]) -> None:
    """A small repository: only the files of BASE that the mails touch."""
    # The kernel's attributes choose what git prints after a hunk's @@.
    for name in [".gitattributes", *patchset.touched(found)]:
        if (base.tree / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(base.tree / name, where / name)
    commit_base(where, f"{base.name}: the files that the series touches")


def scratch(where: Path, base: source.Source, folder: Path, names: Collection[str] | None = None) -> list[Path]:
    """A small repository with the patches as its commits, or with those of the series 'names'."""
    found = patchset.mails(folder, names)
    restrict(where, base, found)
    am(where, found)
    return found


@dataclass(frozen=True)
class Part:
    """The commits of one series in a repository: those after 'first', up to 'last'."""

    name: str
    first: str
    last: str

    @property
    def range(self) -> str:
        """Its commits, as git log takes them."""
        return f"{self.first}..{self.last}"


def subjects(where: Path) -> list[tuple[str, str]]:
    """Commit and subject of each patch in a repository."""
    if git(where, "rev-list", "--merges", "base..HEAD").strip():
        raise LabError(f"{where} has a merge after 'base': make it a straight line (git rebase base)")
    rows = git(where, "log", "--reverse", "--format=%H %s", "base..HEAD").splitlines()
    return [(commit, subject) for commit, _, subject in (row.partition(" ") for row in rows)]


def parts(where: Path, names: dict[str, str]) -> list[Part]:
    """The series in a repository, by the series' name of each subject."""
    found: list[Part] = []
    before = "base"
    for name, some in itertools.groupby(subjects(where), lambda row: names[row[1]]):
        last, _ = list(some)[-1]
        found.append(Part(name, before, last))
        before = last
    return found


def format_patch(where: Path, *args: str | Path) -> str:
    """Mails of commits, the same bytes on any machine."""
    return git(where, "format-patch", *data.options_of("git format-patch"), *args)


def format_parts(where: Path, out: Path, found: list[Part], prefix: str = "PATCH") -> list[Path]:
    """Each series as mails with their own numbers, in a folder of its name."""
    for part in found:
        format_patch(where, f"--subject-prefix={prefix}", "-o", out / part.name, part.range)
    return sorted(out.glob("*/*.patch"))


def format_list(where: Path, out: Path) -> list[Path]:
    """All commits after 'base' as one series of mails in a folder, with the list 'series' of their names."""
    format_patch(where, "-o", out, "base..HEAD")
    made = sorted(out.glob("*.patch"))
    cache.write(out / "series", "".join(f"{p.name}\n" for p in made).encode())
    return made


def patch_id(where: Path, commit: str) -> str:
    """The id by which git finds the same change again, even if its line numbers are others."""
    return patchmail.patch_id(git(where, "show", commit).encode())


def files_of(folder: Path) -> dict[str, bytes]:
    """What is made in patches/<base>: mails, cover letters, a backport's list."""
    names = [*folder.glob("*/*.patch"), *folder.glob(f"*/{cover.LETTER}"), *folder.glob("*.patch")]
    names += [folder / "series", folder / division.FILE]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in names if p.is_file()}


def _changed(folder: Path, want: dict[str, bytes]) -> list[str]:
    """The names of what is missing in patches/<base>, is other than it is wanted, or is too many."""
    have = files_of(folder)
    return sorted(n for n in have.keys() | want.keys() if have.get(n) != want.get(n))


def differing(folder: Path, want: dict[str, bytes], command: str) -> list[str]:
    """Files of patches/<base> that are not as a command makes them, a line each."""
    said = f"is not what '{command}' writes: run it and look at git diff"
    return [f"{folder / name} {said}" for name in _changed(folder, want)]


def install(new: dict[str, bytes], folder: Path) -> list[str]:
    """Replace the mails and what belongs to them, leave the rest; the names that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = _changed(folder, new)
    for name in changed:
        if name in new:
            cache.write(folder / name, new[name])
        else:
            (folder / name).unlink()
    for below in folder.iterdir():
        if below.is_dir() and not any(below.iterdir()):
            below.rmdir()
    return changed
