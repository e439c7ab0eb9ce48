# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: the selftests: they build after every commit, with the headers of that commit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.config import data
from lab.core import cache, proc, ui
from lab.debian import install
from lab.kernel import kbuild, selftests, source

if TYPE_CHECKING:
    from lab.checks.matrix import Builds, Commit

# What the selftests of KVM include or are built by.
INPUTS = ("tools/", "include/uapi/", "arch/powerpc/include/uapi/")


def build(tree: Path, target: data.Target, cflags: str) -> tuple[bool, str]:
    """Build the kvm selftests of a tree from nothing; whether that went well, and what make said."""
    out = tree / f"out-selftests-{target.name}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command, env = selftests.prepare(tree, target.build, out, cache.log("check-selftests"), "headers")
    done = proc.captured(command, f"selftests for {target.name}", cwd=tree, env=env | {"CFLAGS": cflags})
    return not done.returncode, done.stdout.decode(errors="replace")


def key(builds: Builds, commit: Commit, target: data.Target) -> str:
    """The same for commits after which the selftests are the same."""
    stock = builds.commits[0].files
    changed = sorted(n for n, f in commit.files.items() if n.startswith(INPUTS) and stock.get(n) != f)
    parts = [x for n in changed for x in (n, commit.files[n][0])]
    return cache.digest(builds.source.key, kbuild.compiler(target.build), *parts)[:20]


def run(builds: Builds) -> dict[str, list[str]]:
    """For each target, after which commit the selftests do not build; builds only what has not been built."""
    found: dict[str, list[str]] = {t.name: [] for t in builds.boots}
    for target in builds.boots:
        install.ensure(kbuild.needs(target.build))
        done: set[str] = set()
        for commit in builds.commits:
            name = key(builds, commit, target)
            if name in done:
                continue  # nothing that the selftests are made of
            done.add(name)
            path = builds.store / f"selftests-{name}.json"
            if not path.exists():
                ui.say(f"{commit.number:2} {commit.subject}: its selftests for {target.name}")
                cache.write(path, json.dumps(_build(builds, target, commit)).encode())
            if why := json.loads(path.read_text()):
                found[target.name].append(f"{commit.number} {commit.subject}: {why}")
    return found


def _build(builds: Builds, target: data.Target, commit: Commit) -> str:
    """Why the selftests do not build without a warning; empty if they do."""
    with cache.lock(f"build-{builds.tree.path.name}"):
        source.clone(builds.source, builds.tree.path)
        source.sync(builds.tree.path, builds.source.tree, commit.files)
        cache.need_space(1)
        good, text = build(builds.tree.path, target, "-Wall")
    said = [line for line in text.splitlines() if "warning:" in line or "error:" in line]
    return said[0] if said else "" if good else (text.strip().splitlines() or ["no reason given"])[-1]
