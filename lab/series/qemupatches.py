# SPDX-License-Identifier: GPL-2.0-only
"""patches/qemu as mails, as commits, and back; what make check looks at."""

from __future__ import annotations

import re
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import patched_qemu, patchset, source
from lab.series import cover, repository

# Its advice for changes of linux-headers is for those that Linux has already.
ACCEPTED = "scripts/update-linux-headers.sh"
TAGS = ("Signed-off-by:", "Link:")  # lines that may be longer than a message's


def listing(folder: Path) -> list[str]:
    """What is wrong with a folder's list, BASE and cover letter."""
    named, there = [p.name for p in patchset.mails(folder)], sorted(p.name for p in folder.glob("*.patch"))
    bad = [f"{folder / 'series'} and the folder differ by {n}" for n in sorted(set(named) ^ set(there))]
    if not bad and named != there:
        bad = [f"{folder / 'series'}: not in the order of the numbers"]
    if patchset.read_base(folder / "BASE") is None:
        bad.append(f"{folder / 'BASE'} is missing")
    letter = folder / cover.LETTER
    if not letter.exists():
        return [*bad, f"{letter} is missing"]
    count = re.search(r"^Subject: \[PATCH 0+/(\d+)\]", letter.read_text(), re.MULTILINE)
    if count is None or int(count[1]) != len(there):
        bad.append(f"{letter}: its Subject must say [PATCH 00/{len(there)}]: there are so many patches")
    return bad


def check() -> list[str]:
    """The patches apply to BASE without fuzz, and are what git format-patch makes of their commits."""
    if bad := listing(patched_qemu.PATCHES):
        return bad
    found = patched_qemu.stock()
    with cache.scratch("qemu") as where, cache.scratch("check") as out:
        repository.scratch(where, found, patched_qemu.PATCHES)
        repository.format_list(where, out)
        bad = repository.differing(patched_qemu.PATCHES, repository.files_of(out), "make qemu-refresh")
    return bad + checkpatch(found)


def checkpatch(found: source.Source) -> list[str]:
    """QEMU's own, which does not look at the length of a message's lines."""
    bad = []
    for mail in patchset.mails(patched_qemu.PATCHES):
        flags = [*data.options_of("checkpatch of QEMU"), f"--root={found.tree}"]
        argv: list[str | Path] = ["perl", found.tree / "scripts/checkpatch.pl", *flags, mail]
        said = proc.output(argv, cwd=found.tree, ok=(0, 1)).decode(errors="replace").splitlines()
        bad += [f"{mail.name}: {x.partition('.patch:')[2]}" for x in said if x.strip() and ACCEPTED not in x]
        message = mail.read_text().partition("\n\n")[2].partition("\n---\n")[0]
        long = [x for x in message.splitlines() if len(x) > 75 and not x.startswith(TAGS)]
        bad += [f"{mail.name}: longer than 75 columns: {x}" for x in long]
    return bad


def tree(options: Options) -> int:
    """make qemu-tree: a git work tree of QEMU with the patches as commits after the tag 'base'."""
    found, where = patched_qemu.stock(), repository.tree_path(options.tree, "qemu")
    with repository.making_tree(where, found, patchset.mails(patched_qemu.PATCHES), "qemu-refresh") as work:
        repository.set_made_of(work, patched_qemu.digest())
    print(where)
    return 0


def refresh(options: Options) -> int:
    """make qemu-refresh: the commits of that tree as patches/qemu."""
    where = repository.tree_path(options.tree, "qemu")
    if repository.made_of(where, "qemu-tree", "-uno") != patched_qemu.digest():
        raise LabError(f"patches/qemu changed after {where} was made: move the tree away and run 'make qemu-tree'")
    with cache.scratch("mails") as out:
        made = repository.format_list(where, out)
        changed = repository.install(repository.files_of(out), patched_qemu.PATCHES)
    repository.set_made_of(where, patched_qemu.digest())
    ui.say(f"{len(made)} patches, {len(changed)} files changed")
    return 0
