# SPDX-License-Identifier: GPL-2.0-only
"""The patches as mails, as commits, and back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from lab.config import data
from lab.core import cache, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import division, patchset, source
from lab.series import cover, repository

# Debian's own .gitignore hides everything; this one hides what a build leaves.
IGNORE = "/out-*/\n*.o\n*.a\n*.ko\n*.cmd\n*.mod\n*.mod.c\n/.config*\n/vmlinux*\n/System.map\n*.orig\n*.rej\n"


def letter(where: Path, base: data.Base, part: repository.Part, sender: str = "", ids: Collection[str] = ()) -> str:
    """The cover letter of a series as its commits in a repository are now."""
    exact = patchset.read_base(base.base_file)
    if exact is None:
        raise LabError(f"{base.base_file} is missing: 'make refresh' writes it")
    rows = division.parse(base.patches / division.FILE)
    one = next(s for s in rows if s.name == part.name)
    made = (
        repository.git(where, "shortlog", "-w72,2,4", part.range),
        repository.git(where, "diff", "--stat=72", "--summary", part.first, part.last),
    )
    end = cover.applies_to(one, exact, division.needed(rows, [one.name]), ids)
    sender = sender or repository.git(where, "log", "-1", "--format=%an <%ae>", part.last).strip()
    count = int(repository.git(where, "rev-list", "--count", part.range))
    return cover.compose(one, count, sender, cover.prose(base.patches, one), made, end)


def export(where: Path, base: data.Base, out: Path) -> list[Path]:
    """base..HEAD as mails in an empty folder, with cover letters and with what changes in series.toml."""
    path = base.patches / division.FILE
    lists = division.follow(division.parse(path), [subject for _, subject in repository.subjects(where)])
    (out / division.FILE).write_text(division.rewrite(path.read_text(), lists))
    division.parse(out / division.FILE)  # before anything in the checkout changes
    found = repository.parts(where, {subject: name for name, some in lists.items() for subject in some})
    made = repository.format_parts(where, out, found)
    for part in found:
        (out / part.name / cover.LETTER).write_text(letter(where, base, part))
    return made


def fold(where: Path, base: source.Source) -> list[str]:
    """Fold the checkout's new files into the last commit that touches each."""
    known = repository.names(where, "ls-files")
    files = patchset.checkout_files()
    for path in sorted(files):
        if (base.tree / path).exists():
            raise LabError(
                f"{path} exists in {base.name}: change it by 'make tree' and 'make refresh', not in the checkout"
            )
        if path not in known:
            raise LabError(
                f"{path} is in no patch of the series: add it to a commit by 'make tree', then 'make refresh'"
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
        last = repository.git(where, "log", "-1", "--format=%H", "base..HEAD", "--", path).strip()
        repository.git(where, "add", "-f", path)
        repository.git(where, "commit", "-q", "--no-verify", f"--fixup={last}", env=repository.BASE_AUTHOR)
    if differ:
        repository.git(where, "rebase", "-q", "-i", "--autosquash", "--committer-date-is-author-date", "base")
    return differ


def _own(options: Options) -> data.Base:
    """K=, whose patches are not made of another one's."""
    base = data.chosen(options)[0]
    if base.of:
        raise LabError(f"K={base.name} is a backport of {base.of}: change that, and 'make backport K={base.name}'")
    return base


def remake(base: data.Base, out: Path) -> list[Path]:
    """The mails as they must be: BASE, the mails, the checkout's files."""
    found = source.find(base)
    with cache.scratch("series") as where:
        repository.scratch(where, found, base.patches)
        for path in fold(where, found):
            ui.say(f"{path}: taken from the checkout")
        return export(where, base, out)


def series_command(options: Options) -> int:
    """make series: bring the checkout's new files and series.toml into the mails."""
    base = _own(options)
    with cache.lock("series"), cache.scratch("mails") as out:
        made = remake(base, out)
        changed = repository.install(repository.files_of(out), base.patches)
    for path in changed:
        ui.say(f"wrote {base.patches / path}")
    for one in division.parse(base.patches / division.FILE):
        ui.say(f"{one.name}: {len(one.patches)} patches{''.join(f', {m}' for m in one.marks)}: {one.title}")
    ui.say(f"{len(made)} patches, {len(changed)} files changed")
    return 0


def tree_path(base: data.Base, options: Options) -> Path:
    """The work tree of K= and SERIES=, or TREE=."""
    return repository.tree_path(options.tree, "-".join(x for x in (base.name, options.series) if x))


def chosen(base: data.Base, options: Options) -> list[division.Series]:
    """The series that SERIES= or PART= names, with what they are after; all of them without either."""
    of = data.base(base.of or base.name)
    return division.choose(division.parse(of.patches / division.FILE), options.series, options.part)


def _state(folder: Path) -> str:
    """What a work tree is made of: another value means that it is out of date."""
    mails = [path.read_bytes() for path in patchset.mails(folder)]
    return cache.digest(*mails, *(x for n, p in sorted(patchset.checkout_files().items()) for x in (n, p.read_bytes())))


def tree(options: Options) -> int:
    """A git work tree of the whole kernel with the patches as commits, or with those of SERIES=, to read and build."""
    base = data.chosen(options)[0]
    found, folder = source.find(base), base.patches
    where, some = tree_path(base, options), {one.name for one in chosen(base, options)}
    with repository.making_tree(where, found, patchset.mails(folder, some), "refresh", IGNORE) as work:
        if not base.of and not options.series:
            for path in fold(work, found):
                ui.say(f"{path}: taken from the checkout")
            repository.set_made_of(work, _state(folder))
    print(where)
    return 0


def refresh(options: Options) -> int:
    """Bring the commits of the work tree back: mails, list, new files."""
    base = _own(options)
    found, folder = source.find(base), base.patches
    where = tree_path(base, options)
    state = repository.made_of(where, "tree", "--no-renames")
    if not state:
        raise LabError(
            f"{where} has some of the series only: change them in a tree that 'make tree' makes without SERIES="
        )
    if state != _state(folder):
        raise LabError(
            f"{folder} or the checkout's kernel files changed after {where} was made, and 'make refresh' would undo "
            "that: move the tree away, 'make tree', and put your commits on the new one (git fetch, cherry-pick)"
        )
    with cache.lock("series"), cache.scratch("mails") as out:
        if not base.base_file.exists() and (exact := source.record(found)):
            patchset.write_base(base.base_file, exact)  # the cover letters say what it names
            ui.say("wrote BASE")
        made = export(where, base, out)
        changed = repository.install(repository.files_of(out), folder)
    added = repository.names(where, "diff", "--no-renames", "--diff-filter=A", "--name-only", "base", "HEAD")
    for path in sorted(added):
        new = (where / path).read_bytes()
        here = cache.ROOT / path
        if not here.exists() or here.read_bytes() != new:
            cache.write(here, new)
            here.chmod((where / path).stat().st_mode & 0o777)
            changed.append(path)
    for path in sorted(set(patchset.checkout_files()) - added):
        if not (found.tree / path).exists():
            (cache.ROOT / path).unlink()
            changed.append(path)
    repository.set_made_of(where, _state(folder))
    for path in changed:
        ui.say(f"changed {path}")
    ui.say(f"{len(made)} patches, {len(changed)} files changed")
    return 0
