# SPDX-License-Identifier: GPL-2.0-only
"""The series as mails, as commits, and back."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from . import cache, data, proc, series, source, ui
from .errors import LabError

FORMAT = [
    "format-patch",
    "-q",
    "-n",
    "--full-index",
    "--zero-commit",
    "--no-signature",
    "--no-renames",
    "--subject-prefix=PATCH",
    "--no-thread",
    "--no-attach",
    "--no-base",
    "--no-notes",
    "--no-ext-diff",
    "--diff-algorithm=myers",
    "--stat-width=72",
    "--no-cover-letter",
    "--encode-email-headers",
]
COVER = "cover-letter"
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
# Debian's own .gitignore hides everything; this one hides what a build leaves.
IGNORE = "/out-*/\n*.o\n*.a\n*.ko\n*.cmd\n*.mod\n*.mod.c\n/.config*\n/vmlinux*\n/System.map\n*.orig\n*.rej\n"


def git(where: Path, *args: str | Path, env: dict[str, str] | None = None) -> str:
    return proc.output(["git", "-c", "gc.auto=0", *args], cwd=where, env=GIT | (env or {})).decode(errors="replace")


def commit_base(where: Path, message: str) -> None:
    git(where, "init", "-q", "-b", "series")
    git(where, "add", "-Af", ".")
    git(where, "commit", "-q", "--allow-empty", "--no-verify", "-m", message, env=BASE_AUTHOR)
    git(where, "tag", "base")


def am(where: Path, found: list[Path]) -> None:
    """The mails as commits: exact context, no 3-way merge."""
    for mail in found:
        try:
            git(where, "am", "-q", "--no-3way", "--keep-cr", "--no-scissors", "--committer-date-is-author-date", mail)
        except LabError:
            with contextlib.suppress(LabError):
                git(where, "am", "--abort")
            why = series.why(mail, where, GIT)
            raise LabError(f"git am refuses {mail.name}: {why}") from None


def restrict(where: Path, base: source.Source, found: list[Path]) -> None:
    """A small repository: only the files of BASE that the mails touch."""
    # The kernel's attributes choose what git prints after a hunk's @@.
    for name in [".gitattributes", *series.touched(found)]:
        if (base.tree / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(base.tree / name, where / name)
    commit_base(where, f"{base.name}: the files that the series touches")


def scratch(where: Path, base: source.Source, folder: Path) -> list[Path]:
    """A small repository with the series as its commits."""
    found = series.mails(folder)
    restrict(where, base, found)
    am(where, found)
    return found


def export(where: Path, out: Path) -> list[Path]:
    """base..HEAD as mails in an empty folder, with their list."""
    if git(where, "rev-list", "--merges", "base..HEAD").strip():
        raise LabError(f"{where} has a merge after 'base': make it a straight line (git rebase base)")
    git(where, *FORMAT, "-o", out, "base..HEAD")
    made = sorted(out.glob("*.patch"))
    (out / "series").write_text("".join(f"{p.name}\n" for p in made))
    return made


def install(out: Path, folder: Path) -> list[str]:
    """Replace the mails and their list, leave the rest; the names that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    new = {p.name: p.read_bytes() for p in out.iterdir()}
    old = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".patch" or p.name == "series"}
    changed = sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
    for name in changed:
        if name in new:
            cache.write(folder / name, new[name])
        else:
            (folder / name).unlink()
    return changed


def fold(where: Path, base: source.Source) -> list[str]:
    """Fold the checkout's new files into the last commit that touches each."""
    known = set(git(where, "ls-files", "-z").split("\0")) - {""}
    files = series.checkout_files()
    for path in sorted(files):
        if (base.tree / path).exists():
            raise LabError(
                f"{path} exists in {base.name}: change it by 'make tree' and 'make refresh', not in the checkout"
            )
        if path not in known:
            raise LabError(
                f"{path} is in no mail of the series: add it to a commit by 'make tree', then 'make refresh'"
            )
    for path in sorted(known):
        if not (base.tree / path).exists() and path not in files:
            raise LabError(
                f"{path} is added by the series but missing in the checkout: restore it, or remove it by "
                "'make tree' and 'make refresh'"
            )
    differ = [p for p in sorted(files) if (where / p).read_bytes() != files[p].read_bytes()]
    for path in differ:
        (where / path).write_bytes(files[path].read_bytes())
        last = git(where, "log", "-1", "--format=%H", "base..HEAD", "--", path).strip()
        git(where, "add", "-f", path)
        git(where, "commit", "-q", "--no-verify", f"--fixup={last}", env=BASE_AUTHOR)
    if differ:
        git(where, "rebase", "-q", "-i", "--autosquash", "--committer-date-is-author-date", "base")
    return differ


def _series_base(base: data.Base) -> tuple[source.Source, Path]:
    if base.series_dir is None:
        raise LabError(f"K={base.name} has no series; use K=mainline")
    return source.find(base), base.series_dir


def remake(base: data.Base, out: Path) -> list[Path]:
    """The mails as they must be: BASE, the mails, the checkout's files."""
    found, folder = _series_base(base)
    with tempfile.TemporaryDirectory(prefix=".series.", dir=cache.folder()) as name:
        where = Path(name)
        scratch(where, found, folder)
        for path in fold(where, found):
            ui.say(f"{path}: taken from the checkout")
        return export(where, out)


def series_command(base: data.Base) -> int:
    _, folder = _series_base(base)
    with cache.lock("series"), tempfile.TemporaryDirectory(prefix=".mails.", dir=cache.folder()) as name:
        made = remake(base, Path(name))
        changed = install(Path(name), folder)
    for path in changed:
        ui.say(f"wrote {folder / path}")
    ui.say(f"{len(made)} mails, {len(changed)} files changed")
    return 0


def tree_path(base: data.Base) -> Path:
    own = os.environ.get("TREE")
    return Path(own).expanduser().absolute() if own else cache.folder() / "tree" / base.name


def _state(folder: Path) -> str:
    """What a work tree is made of: another value means that it is out of date."""
    mails = [mail.read_bytes() for mail in series.mails(folder)]
    return cache.digest(*mails, *(x for n, p in sorted(series.checkout_files().items()) for x in (n, p.read_bytes())))


def tree(base: data.Base) -> int:
    """A git work tree of the whole kernel with the series as commits."""
    found, folder = _series_base(base)
    where = tree_path(base)
    if where.exists():
        raise LabError(f"{where} exists: bring its commits back with 'make refresh', or remove it to start anew")
    cache.need_space(4)
    ui.say(f"making a work tree of {found.name} in {where}")
    log = cache.log("tree")
    with cache.building(where) as work:
        parts = [p for p in sorted(found.tree.iterdir()) if not p.name.startswith("out-")]
        proc.logged(["cp", "-a", *parts, work], log, "copying the tree")
        (work / ".gitignore").unlink(missing_ok=True)
        git(work, "init", "-q", "-b", "series")
        proc.logged(["git", "-c", "gc.auto=0", "add", "-A", "."], log, "git add", cwd=work, env=GIT)
        cache.write(work / ".gitignore", IGNORE.encode())
        git(work, "add", "-f", ".gitignore")
        git(work, "commit", "-q", "--no-verify", "-m", f"{found.name}, as Debian ships it", env=BASE_AUTHOR)
        git(work, "tag", "base")
        am(work, series.mails(folder))
        for path in fold(work, found):
            ui.say(f"{path}: taken from the checkout")
        git(work, "config", "lab.state", _state(folder))
    print(where)
    return 0


def refresh(base: data.Base) -> int:
    """Bring the commits of the work tree back: mails, list, new files."""
    found, folder = _series_base(base)
    where = tree_path(base)
    if not (where / ".git").exists():
        raise LabError(f"{where} is no work tree: make it with 'make tree'")
    dirty = git(where, "status", "--porcelain", "--no-renames").splitlines()
    if dirty:
        raise LabError(f"{where} has changes that are not committed ({dirty[0].strip()}): commit or stash them")
    if git(where, "config", "--default", "", "lab.state").strip() != _state(folder):
        raise LabError(
            f"{folder} or the checkout's kernel files changed after {where} was made, and 'make refresh' would undo "
            "that: move the tree away, 'make tree', and put your commits on the new one (git fetch, cherry-pick)"
        )
    with cache.lock("series"), tempfile.TemporaryDirectory(prefix=".mails.", dir=cache.folder()) as name:
        made = export(where, Path(name))
        changed = install(Path(name), folder)
    if not base.base_file.exists() and (exact := source.record(found)):
        series.write_base(base.base_file, exact)
        changed.append("BASE")
    added = set(
        git(where, "diff", "--no-renames", "--diff-filter=A", "--name-only", "-z", "base", "HEAD").split("\0")
    ) - {""}
    for path in sorted(added):
        new = (where / path).read_bytes()
        here = cache.ROOT / path
        if not here.exists() or here.read_bytes() != new:
            cache.write(here, new)
            here.chmod((where / path).stat().st_mode & 0o777)
            changed.append(path)
    for path in sorted(set(series.checkout_files()) - added):
        if not (found.tree / path).exists():
            (cache.ROOT / path).unlink()
            changed.append(path)
    git(where, "config", "lab.state", _state(folder))
    for path in changed:
        ui.say(f"changed {path}")
    ui.say(f"{len(made)} mails, {len(changed)} files changed")
    return 0
